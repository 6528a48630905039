/*
 * apps/demo/hand/load.c - load of the demo's replica group: so many states a second by one
 * instance, of which the last one is written to its folder (net/services/continuity/enclave.h).
 *
 * What is measured is the group: each state is a number, whose file would cost more than the group.
 */
#include "apps/demo/hand/hand.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/system_clock.h"
#include "net/services/continuity/enclave_files.h"

#include <stdio.h>
#include <stdlib.h>

enum { WAIT_MS = 1000, STATE_MAX = 64 };

struct self {
    struct assay_enclave_files files;
    struct assay_enclave *enclave;
};

static int report_end(const struct self *self, enum assay_enclave_result result)
{
    return hand_fail("result %d: %s", (int)result, assay_enclave_get_failure(self->enclave));
}

static enum assay_enclave_result adopt_state(struct self *self,
                                             const struct assay_cont_entry *found)
{
    struct assay_enclave_state state;
    char unreadable[64];
    if (assay_enclave_files_find(&self->files, found, &state, unreadable) != ASSAY_OK)
        return ASSAY_ENCLAVE_FAILED;
    const enum assay_enclave_result result =
        assay_enclave_adopt(self->enclave, state.index, state.prev, state.hash, HAND_PATIENCE_MS);
    assay_enclave_state_free(&state);
    return result;
}

/* In: argv: SOCKET GROUP DIR; the folder has an instance. */
static int start_session(struct self *self, char **argv)
{
    struct assay_enclave_identity identity;
    struct assay_enclave_trust trust;
    struct assay_cont_entry found;
    char message[ASSAY_ENCLAVE_MESSAGE_LEN];
    self->files.key = hand_sealing_key;
    self->files.state_max = STATE_MAX;
    (void)snprintf(self->files.folder, sizeof self->files.folder, "%s", argv[2]);
    if (assay_enclave_files_load_identity(&self->files, &identity, &trust) != ASSAY_OK)
        return hand_fail("%s has no instance", argv[2]);
    const struct assay_enclave_config config = { .ledger = argv[0],
                                                 .group = (uint32_t)strtoul(argv[1], NULL, 10),
                                                 .identity = &identity,
                                                 .trust = &trust };
    const enum assay_status status = assay_enclave_open(&config, &self->enclave, message);
    assay_secret_wipe(&identity, sizeof identity);
    if (status != ASSAY_OK) return hand_fail("%s", message);
    enum assay_enclave_result result = ASSAY_ENCLAVE_IN_DOUBT;
    for (const uint64_t until = assay_monotonic_ms() + HAND_PATIENCE_MS;
         result == ASSAY_ENCLAVE_IN_DOUBT && assay_monotonic_ms() < until && !service_asked_to_end;)
        result = assay_enclave_start(self->enclave, WAIT_MS, &found);
    if (result == ASSAY_ENCLAVE_OK) result = adopt_state(self, &found);
    return result == ASSAY_ENCLAVE_OK ? HAND_OK : report_end(self, result);
}

/* The last state has a file, as any state of a program has. */
static enum assay_enclave_result save_last(struct self *self)
{
    const struct assay_cont_client *c = assay_enclave_client(self->enclave);
    struct assay_enclave_state last = { .index = c->last + 1, .session = c->config.session };
    const uint64_t count = last.index;
    uint64_t index = 0;
    assay_bytes_copy(last.prev, 32, c->last_digest, 32);
    if (assay_enclave_files_put(&self->files, c->config.instance, &last,
                                assay_slice_over(&count, sizeof count)) != ASSAY_OK)
        return ASSAY_ENCLAVE_FAILED;
    enum assay_enclave_result result = assay_enclave_update(self->enclave, last.hash, &index);
    if (result == ASSAY_ENCLAVE_OK)
        result = assay_enclave_wait(self->enclave, index, HAND_PATIENCE_MS);
    return result;
}

enum { MOST = 4000000, SAY_MS = 500 };

struct flow {
    struct self *self;
    double start_us, each_us;
    uint64_t first, given, certified; /* index of the first; how many */
    uint32_t *us;                     /* of each, until it was certified */
    uint64_t full;
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
        assay_sha256(&f->given, sizeof f->given, hash);
        result = assay_enclave_update(f->self->enclave, hash, &index);
        if (result == ASSAY_ENCLAVE_FULL) f->full++;
        if (result != ASSAY_ENCLAVE_OK) break;
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
    const uint32_t half = f->us[n / 2], most = f->us[(n - 1) * 99 / 100], all = f->us[n - 1];
    hand_say("load %llu rate %.0f p50 %.2f p99 %.2f longest %.0f full %llu", (unsigned long long)n,
             (double)n / seconds, half / 1e3, most / 1e3, all / 1e3, (unsigned long long)f->full);
    const struct assay_cont_client *c = assay_enclave_client(f->self->enclave);
    char digest[65];
    assay_hex_encode(c->certified_digest, 32, digest, sizeof digest);
    hand_say("certified %llu %s", (unsigned long long)c->certified, digest);
    return HAND_OK;
}

static int run_flow(struct self *self, unsigned rate)
{
    struct flow f = { .self = self,
                      .each_us = 1e6 / rate,
                      .first = assay_enclave_client(self->enclave)->certified + 1,
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
    const double seconds = (now_us() - f.start_us) / 1e6;
    int status = HAND_OK;
    if (result == ASSAY_ENCLAVE_OK && f.certified == f.given) result = save_last(self);
    if (result != ASSAY_ENCLAVE_OK) status = report_end(self, result);
    else if (f.certified < f.given)
        status = hand_fail("%llu of %llu states were certified", (unsigned long long)f.certified,
                           (unsigned long long)f.given);
    else status = print_report(&f, seconds);
    free(f.us);
    return status;
}

int hand_load(int argc, char **argv)
{
    struct self self = { .enclave = NULL };
    const unsigned rate = (unsigned)strtoul(argv[3], NULL, 10);
    (void)argc;
    if (rate == 0) return HAND_USAGE;
    int status = start_session(&self, argv);
    if (status == HAND_OK) status = run_flow(&self, rate);
    assay_enclave_close(&self.enclave);
    return status;
}
