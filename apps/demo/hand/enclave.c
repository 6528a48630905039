/*
 * apps/demo/hand/enclave.c - demo enclave whose state is a counter: each state is durable in its
 * folder before it is sent to the group, and counts when the group has certified it.
 *
 * DIR/identity is the instance's identity with what it trusts of the network, DIR/state the last
 * certified state, DIR/next a state not known to be certified: 48 bytes each of the latter, index |
 * digest before | count. A real one seals all three together.
 */
#include "apps/demo/hand/hand.h"

#include "base/cursor.h"
#include "base/file/file.h"
#include "base/system_clock.h"
#include "base/writer.h"
#include "net/services/continuity/sealed.h"

#include <stdio.h>
#include <stdlib.h>

enum { STATE_LEN = 48, WAIT_MS = 1000, READ_MS = 100 };

struct state {
    uint64_t index; /* 0: none yet */
    uint8_t prev[32];
    uint64_t count;
};

struct self {
    const char *dir;
    struct assay_enclave *enclave;
    struct state state; /* certified */
};

static struct assay_slice bytes_of(const struct state *s, uint8_t bytes[static STATE_LEN])
{
    struct assay_writer w = assay_writer_over(bytes, STATE_LEN);
    assay_writer_u64be(&w, s->index);
    assay_writer_put(&w, s->prev, 32);
    assay_writer_u64be(&w, s->count);
    return assay_slice_over(bytes, STATE_LEN);
}

static void hash_of(const struct state *s, uint8_t hash[static 32])
{
    uint8_t bytes[STATE_LEN];
    (void)bytes_of(s, bytes);
    assay_sha256(bytes, sizeof bytes, hash);
}

static bool save_state(const struct self *self, const char *name, const struct state *s)
{
    uint8_t bytes[STATE_LEN];
    return assay_file_replace(hand_in(self->dir, name), ASSAY_FILE_SECRET, bytes_of(s, bytes)) ==
           ASSAY_OK;
}

/* One that is not there is none yet. */
static bool load_state(const struct self *self, const char *name, struct state *s)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    bool good = false;
    *s = (struct state){ 0 };
    const enum assay_status status =
        assay_file_read(hand_in(self->dir, name), STATE_LEN, &bytes, &len);
    if (status == ASSAY_OK && len == STATE_LEN) {
        struct assay_cursor in = assay_cursor_over(bytes, len);
        const uint8_t *prev = NULL;
        good = assay_cursor_u64be(&in, &s->index) == ASSAY_OK &&
               assay_cursor_take(&in, 32, &prev) == ASSAY_OK &&
               assay_cursor_u64be(&in, &s->count) == ASSAY_OK;
        if (good) assay_bytes_copy(s->prev, 32, prev, 32);
    }
    free(bytes);
    return good || status == ASSAY_E_NOT_FOUND;
}

/* --- what it is by its birth */

static bool keep_identity(const struct self *self)
{
    struct assay_enclave_trust trust;
    uint8_t bytes[ASSAY_ENCLAVE_SEALED_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_enclave_get_trust(self->enclave, &trust);
    enum assay_status status =
        assay_enclave_sealed_encode(assay_enclave_identity(self->enclave), &trust, &w);
    if (status == ASSAY_OK)
        status = assay_file_replace(hand_in(self->dir, "identity"), ASSAY_FILE_SECRET,
                                    assay_slice_over(bytes, w.len));
    assay_secret_wipe(bytes, sizeof bytes);
    return status == ASSAY_OK;
}

/* Of a birth: the checkpoint that a real one has measured, or got from its owner. */
static bool load_checkpoint(const char *path, struct assay_checkpoint *checkpoint)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    const bool good = assay_file_read(path, ASSAY_CHECKPOINT_LEN_MAX, &bytes, &len) == ASSAY_OK &&
                      assay_checkpoint_decode(assay_slice_over(bytes, len), checkpoint) == ASSAY_OK;
    free(bytes);
    return good;
}

/* Out: *known: false at a birth. Returns: false when it cannot be read. */
static bool load_identity(const struct self *self, struct assay_enclave_identity *id,
                          struct assay_enclave_trust *trust, bool *known)
{
    uint8_t bytes[ASSAY_ENCLAVE_SEALED_LEN_MAX];
    size_t len = 0;
    const enum assay_status status =
        assay_file_read_secret(hand_in(self->dir, "identity"), bytes, sizeof bytes, &len);
    *known = status == ASSAY_OK;
    if (status != ASSAY_OK) return status == ASSAY_E_NOT_FOUND;
    const bool good =
        assay_enclave_sealed_decode(assay_slice_over(bytes, len), id, trust) == ASSAY_OK;
    assay_secret_wipe(bytes, sizeof bytes);
    return good;
}

/* --- a session begins */

static int report_end(const struct self *self, enum assay_enclave_result result)
{
    const struct assay_cont_client *c = assay_enclave_client(self->enclave);
    const unsigned long long index = self->state.index, session = c->config.session;
    if (result == ASSAY_ENCLAVE_FENCED)
        hand_say("fenced session %llu at state %llu", session, index);
    else if (result == ASSAY_ENCLAVE_NO_QUORUM)
        hand_say("halted at state %llu: the group's memory is gone; the state is kept", index);
    else if (result == ASSAY_ENCLAVE_CHAIN)
        hand_say("chain: the state is of another chain or group; nothing was sent");
    else
        return hand_fail("result %d at state %llu: %s", (int)result, index,
                         assay_enclave_get_failure(self->enclave));
    return HAND_REFUSED;
}

static int rolled_back(const struct self *self, const struct state *handed,
                       const struct assay_cont_entry *found)
{
    uint8_t hash[32], digest[32] = { 0 };
    char a[65], b[65];
    hash_of(handed, hash);
    if (handed->index > 0)
        assay_cont_state_digest(assay_enclave_client(self->enclave)->config.instance, handed->index,
                                handed->prev, hash, digest);
    assay_hex_encode(digest, 32, a, sizeof a);
    assay_hex_encode(found->digest, 32, b, sizeof b);
    hand_say("rollback handed %llu %s certified %llu %s", (unsigned long long)handed->index, a,
             (unsigned long long)found->index, b);
    return HAND_REFUSED;
}

static enum assay_enclave_result find_entry(struct self *self, struct assay_cont_entry *found)
{
    enum assay_enclave_result result = ASSAY_ENCLAVE_IN_DOUBT;
    for (const uint64_t until = assay_monotonic_ms() + HAND_PATIENCE_MS;
         result == ASSAY_ENCLAVE_IN_DOUBT && assay_monotonic_ms() < until && !service_asked_to_end;)
        result = assay_enclave_start(self->enclave, WAIT_MS, found);
    return result;
}

static enum assay_enclave_result adopt_state(struct self *self, const struct state *state)
{
    enum assay_enclave_result result = ASSAY_ENCLAVE_IN_DOUBT;
    uint8_t hash[32] = { 0 };
    if (state->index > 0) hash_of(state, hash);
    for (const uint64_t until = assay_monotonic_ms() + HAND_PATIENCE_MS;
         result == ASSAY_ENCLAVE_IN_DOUBT && assay_monotonic_ms() < until && !service_asked_to_end;)
        result = assay_enclave_adopt(self->enclave, state->index, state->prev, hash, WAIT_MS);
    return result;
}

/* What the folder has is handed in, or what was next when that was certified before we died. */
static int go_on(struct self *self)
{
    struct assay_cont_entry found;
    struct state state, next;
    char digest[65];
    if (!load_state(self, "state", &state) || !load_state(self, "next", &next))
        return hand_fail("no state in %s", self->dir);
    enum assay_enclave_result result = find_entry(self, &found);
    if (result != ASSAY_ENCLAVE_OK) return report_end(self, result);
    if (!keep_identity(self)) return hand_fail("the disk does not take %s/identity", self->dir);
    assay_hex_encode(found.digest, 32, digest, sizeof digest);
    hand_say("found %llu %s session %llu", (unsigned long long)found.index, digest,
             (unsigned long long)assay_enclave_client(self->enclave)->config.session);
    if (next.index == state.index + 1 && next.index == found.index) state = next;
    result = adopt_state(self, &state);
    if (result == ASSAY_ENCLAVE_ROLLBACK) return rolled_back(self, &state, &found);
    if (result != ASSAY_ENCLAVE_OK) return report_end(self, result);
    self->state = state;
    hand_say("runs %llu", (unsigned long long)state.index);
    return HAND_OK;
}

static int open_enclave(struct self *self, char **argv)
{
    struct assay_enclave_identity identity;
    struct assay_enclave_trust trust = { .has_view = false };
    char message[ASSAY_ENCLAVE_MESSAGE_LEN];
    bool known = false;
    self->dir = argv[2];
    if (!load_identity(self, &identity, &trust, &known))
        return hand_fail("%s/identity cannot be read", self->dir);
    if (!known && !load_checkpoint(argv[4], &trust.checkpoint))
        return hand_fail("%s is no checkpoint", argv[4]);
    const struct assay_enclave_config config = { .ledger = argv[0],
                                                 .group = (uint32_t)strtoul(argv[1], NULL, 10),
                                                 .identity = known ? &identity : NULL,
                                                 .trust = &trust };
    const enum assay_status status = assay_enclave_open(&config, &self->enclave, message);
    assay_secret_wipe(&identity, sizeof identity);
    if (status != ASSAY_OK) return hand_fail("%s", message);
    return go_on(self);
}

/* --- states, one at a time */

static struct state make_next_state(const struct self *self, const struct state *s)
{
    struct state next = { .index = s->index + 1, .count = s->count + 1 };
    assay_bytes_copy(next.prev, 32, assay_enclave_client(self->enclave)->last_digest, 32);
    return next;
}

static void say_certified(const struct self *self)
{
    char digest[65];
    assay_hex_encode(assay_enclave_client(self->enclave)->certified_digest, 32, digest,
                     sizeof digest);
    hand_say("certified %llu %s", (unsigned long long)self->state.index, digest);
}

static int advance_state(struct self *self)
{
    uint8_t hash[32];
    uint64_t index = 0;
    const struct state next = make_next_state(self, &self->state);
    if (!save_state(self, "next", &next))
        return hand_fail("the disk does not take %s/next", self->dir);
    hash_of(&next, hash);
    enum assay_enclave_result result = assay_enclave_update(self->enclave, hash, &index);
    for (const uint64_t until = assay_monotonic_ms() + HAND_PATIENCE_MS;
         result == ASSAY_ENCLAVE_OK || result == ASSAY_ENCLAVE_IN_DOUBT;) {
        result = assay_enclave_wait(self->enclave, index, WAIT_MS);
        if (result == ASSAY_ENCLAVE_OK) break;
        if (service_asked_to_end || assay_monotonic_ms() >= until) break;
    }
    if (result != ASSAY_ENCLAVE_OK) return report_end(self, result);
    if (!save_state(self, "state", &next) || !keep_identity(self))
        return hand_fail("the disk does not take %s/state", self->dir);
    self->state = next;
    return HAND_OK;
}

/* Somebody reads, again and again: each time the group is asked whether this is the newest one. */
static int be_read(struct self *self)
{
    bool said = false, doubted = false;
    while (!service_asked_to_end) {
        enum assay_enclave_result result = assay_enclave_confirm(self->enclave, WAIT_MS);
        const unsigned long long index = self->state.index;
        if (result == ASSAY_ENCLAVE_OK && !said) hand_say("read %llu", index);
        if (result == ASSAY_ENCLAVE_OK) said = true;
        if (result == ASSAY_ENCLAVE_IN_DOUBT && !doubted) hand_say("doubts %llu", index);
        if (result == ASSAY_ENCLAVE_IN_DOUBT) doubted = true;
        else if (result != ASSAY_ENCLAVE_OK) return report_end(self, result);
        result = assay_enclave_step(self->enclave, READ_MS);
        if (result != ASSAY_ENCLAVE_OK) return report_end(self, result);
    }
    return HAND_OK;
}

int hand_enclave(int argc, char **argv)
{
    static struct self self;
    const uint64_t until = strtoull(argv[3], NULL, 10);
    int status = open_enclave(&self, argv);
    while (status == HAND_OK && self.state.index < until && !service_asked_to_end)
        status = advance_state(&self);
    if (status == HAND_OK) say_certified(&self);
    if (status == HAND_OK && argc > 5) status = be_read(&self);
    assay_enclave_close(&self.enclave);
    return status;
}

/* --- states, so many a second */

enum { MOST = 4000000, SAY_MS = 500 };

struct flow {
    struct self *self;
    double start_us, each_us;
    uint64_t first, given, certified; /* index of the first; how many */
    uint32_t *us;                     /* of each, until it was certified */
    uint64_t full;
    struct state last; /* that was given */
    uint64_t say_at_ms;
};

static double now_us(void)
{
    return (double)assay_monotonic_us();
}

/* States come at their times, whether the ones before are certified or not: late is late. */
static enum assay_enclave_result submit_states(struct flow *f)
{
    const double due = (now_us() - f->start_us) / f->each_us;
    enum assay_enclave_result result = ASSAY_ENCLAVE_OK;
    while (f->given < MOST && (double)f->given <= due && !service_asked_to_end) {
        uint8_t hash[32];
        uint64_t index = 0;
        const struct state next = make_next_state(f->self, &f->last);
        hash_of(&next, hash);
        result = assay_enclave_update(f->self->enclave, hash, &index);
        if (result == ASSAY_ENCLAVE_FULL) f->full++;
        if (result != ASSAY_ENCLAVE_OK) break;
        f->last = next;
        f->given++;
    }
    return result == ASSAY_ENCLAVE_FULL ? ASSAY_ENCLAVE_OK : result;
}

static void receive_results(struct flow *f)
{
    const uint64_t now = assay_enclave_client(f->self->enclave)->certified;
    const double at_us = now_us() - f->start_us;
    for (; f->first + f->certified <= now && f->certified < f->given; f->certified++)
        f->us[f->certified] = (uint32_t)(at_us - (double)f->certified * f->each_us);
    if (assay_monotonic_ms() < f->say_at_ms) return;
    f->say_at_ms = assay_monotonic_ms() + SAY_MS;
    hand_say("at %llu", (unsigned long long)now);
}

static int compare_times(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int print_report(struct flow *f, double seconds)
{
    const uint64_t n = f->certified;
    if (n == 0) return hand_fail("no state");
    qsort(f->us, n, sizeof *f->us, compare_times);
    f->self->state = f->last;
    if (!save_state(f->self, "state", &f->last))
        return hand_fail("the disk does not take the state");
    const uint32_t half = f->us[n / 2], most = f->us[(n - 1) * 99 / 100], all = f->us[n - 1];
    hand_say("load %llu rate %.0f p50 %.2f p99 %.2f longest %.0f full %llu", (unsigned long long)n,
             (double)n / seconds, half / 1e3, most / 1e3, all / 1e3, (unsigned long long)f->full);
    say_certified(f->self);
    return HAND_OK;
}

static int run_flow(struct self *self, unsigned rate)
{
    struct flow f = { .self = self,
                      .each_us = 1e6 / rate,
                      .first = self->state.index + 1,
                      .last = self->state,
                      .us = malloc(MOST * sizeof *f.us) };
    enum assay_enclave_result result = f.us != NULL ? ASSAY_ENCLAVE_OK : ASSAY_ENCLAVE_FAILED;
    uint64_t until_ms = UINT64_MAX;
    f.start_us = now_us();
    while (result == ASSAY_ENCLAVE_OK && assay_monotonic_ms() < until_ms) {
        if (service_asked_to_end && until_ms == UINT64_MAX)
            until_ms = assay_monotonic_ms() + HAND_PATIENCE_MS;
        result = submit_states(&f);
        if (result == ASSAY_ENCLAVE_OK) result = assay_enclave_step(self->enclave, 1);
        receive_results(&f);
        if ((service_asked_to_end || f.given == MOST) && f.certified == f.given) break;
    }
    int status = HAND_OK;
    if (result != ASSAY_ENCLAVE_OK) status = report_end(self, result);
    else if (f.certified < f.given)
        status = hand_fail("%llu of %llu states were certified", (unsigned long long)f.certified,
                           (unsigned long long)f.given);
    else status = print_report(&f, (now_us() - f.start_us) / 1e6);
    free(f.us);
    return status;
}

int hand_load(int argc, char **argv)
{
    static struct self self;
    const unsigned rate = (unsigned)strtoul(argv[3], NULL, 10);
    (void)argc;
    if (rate == 0) return HAND_USAGE;
    int status = open_enclave(&self, argv);
    if (status == HAND_OK) status = run_flow(&self, rate);
    assay_enclave_close(&self.enclave);
    return status;
}
