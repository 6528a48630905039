/*
 * tests/unit/services/crowd/test_signer_crowd.c - tests of signing with hostile holders of up to a
 * third of the weight that open sessions at every honest holder and leave them, without end, and
 * reply to nothing (docs/identity.md 4.12).
 *
 * Every honest holder runs the signer, and one of them the coordinator; messages take up to 40 ms.
 * Time is simulated, so what is measured are waits and refusals, not the machine.
 */
#include "base/crypto.h"
#include "services/identity/coordinator.h"
#include "tests/unit/services/identity/group.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { JOINS = 8192, ROWS = 8192, FLIGHT = 512, MESSAGE = 16 * 1024, TBS_LEN = 120, STEP_MS = 10 };
enum { NONE = 250 }; /* subject of the certificate of the key */

struct holder {
    struct assay_cosigner signer;
    struct assay_cosigner_slot slot[ASSAY_COSIGNER_SESSIONS_MAX];
    struct assay_cosigner_nonces nonces[ASSAY_COSIGNER_SESSIONS_MAX];
    struct assay_cosigner_row row[ROWS];
    struct assay_cosigner_join join[JOINS];
};

struct flight {
    uint64_t at_ms;
    bool is_for_holder;
    uint32_t place;
    size_t len;
    uint8_t bytes[MESSAGE];
};

static struct {
    struct assay_signing_group group;
    struct group *key;
    struct assay_secret32 seed[ASSAY_FROST_HOLDERS_MAX];
    struct holder *holder[ASSAY_FROST_HOLDERS_MAX]; /* NULL: hostile */
    uint32_t hostile;                               /* the first so many */
    struct assay_cosigner_epoch epoch;
    struct assay_cosigner_time now;
    struct assay_coordinator coordinator; /* of the last holder */
    struct assay_coordinator_slot request[ASSAY_COSIGNER_PLACES];
    struct assay_coordinator_out effect;
    struct assay_cosigner_out out;
    struct flight flight[FLIGHT];
    uint32_t flying, names, refused, opened;
    bool is_ended, floods;
    enum assay_status ended;
    uint8_t signature[64];
} w;

static struct assay_slice text_of(const uint8_t item[static 4], uint8_t tbs[static TBS_LEN])
{
    memset(tbs, item[1], TBS_LEN);
    tbs[0] = 0x30;
    tbs[1] = item[0];
    return assay_slice_over(tbs, TBS_LEN);
}

/* An item: the subject's place or NONE, a number. */
static enum assay_status derive(void *context, struct assay_slice item, uint8_t *tbs,
                                size_t capacity, struct assay_cosigner_item *out)
{
    (void)context;
    if (item.len != 4 || capacity < TBS_LEN) return ASSAY_E_NOT_FOUND;
    out->tbs = text_of(item.bytes, tbs);
    assay_bytes_zero(out->subject, 32);
    if (item.bytes[0] != NONE)
        assay_bytes_copy(out->subject, 32, w.group.holder[item.bytes[0]].node_id, 32);
    return ASSAY_OK;
}

/* Without the pages that nothing touches. */
static void start_holder(uint32_t place)
{
    static const uint8_t none[32] = { 0 };
    struct holder *h = mmap(NULL, sizeof *h, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    cr_assert_neq(h, MAP_FAILED);
    w.holder[place] = h;
    const struct assay_cosigner_memory memory = { .slot = h->slot,
                                                  .nonces = h->nonces,
                                                  .slots = ASSAY_COSIGNER_PLACES * w.group.holders,
                                                  .row = h->row,
                                                  .rows = ROWS,
                                                  .join = h->join,
                                                  .joins = JOINS };
    assay_cosigner_init(&h->signer, &w.group, place, w.key->share, &w.seed[place], &memory, 1, 1,
                        none);
    assay_cosigner_set_derive(&h->signer, derive, NULL);
    assay_cosigner_on_tick(&h->signer, w.now);
    cr_assert_eq(assay_cosigner_on_epoch(&h->signer, &w.group, w.key->share, &w.epoch), ASSAY_OK);
}

static void set_up(uint32_t holders)
{
    static struct assay_frost_holder equal[ASSAY_FROST_HOLDERS_MAX];
    struct assay_frost_indices made;
    uint8_t random[32];
    for (uint32_t i = 0; i < holders; i++) {
        equal[i].weight = 1;
        equal[i].order[0] = (uint8_t)i;
    }
    cr_assert_eq(assay_frost_distribute(equal, holders, holders, &made), ASSAY_OK);
    w.key = group_new(made.count, made.threshold);
    w.group = (struct assay_signing_group){ .era = 1,
                                            .generation = 1,
                                            .ca_number = 1,
                                            .threshold = made.threshold,
                                            .indices = made.count,
                                            .holders = holders };
    assay_bytes_copy(w.group.key, 32, w.key->key, 32);
    assay_bytes_copy(w.group.public_share, sizeof w.group.public_share, w.key->public_share,
                     sizeof w.group.public_share);
    w.now = (struct assay_cosigner_time){ .monotonic_ms = 100000, .wall_ms = 1795855000000 };
    w.epoch = (struct assay_cosigner_epoch){
        .era = 1, .epoch = 10, .generation = 1, .final_ms = 99000, .period_ms = 60000
    };
    uint32_t index = 1;
    for (uint32_t i = 0; i < holders; i++) {
        group_draw(w.group.holder[i].node_id, 32);
        group_draw(w.seed[i].bytes, 32);
        assay_sodium_link_pair(&w.seed[i], w.group.holder[i].key);
        for (uint32_t j = 0; j < made.of[i]; j++, index++) {
            w.group.owner[index] = (uint8_t)i;
            w.epoch.live[index] = true;
        }
    }
    w.hostile = (holders - 1) / 3;
    for (uint32_t i = w.hostile; i < holders; i++)
        start_holder(i);
    group_draw(random, sizeof random);
    assay_coordinator_init(&w.coordinator, &w.group, w.group.holder[holders - 1].node_id, w.request,
                           ASSAY_COSIGNER_PLACES, random);
    assay_coordinator_set_derive(&w.coordinator, derive, NULL);
    cr_assert_eq(assay_coordinator_on_epoch(&w.coordinator, &w.group, &w.epoch), ASSAY_OK);
}

static void tear_down(void)
{
    for (uint32_t i = 0; i < ASSAY_FROST_HOLDERS_MAX; i++)
        if (w.holder[i] != NULL) cr_assert_eq(munmap(w.holder[i], sizeof *w.holder[i]), 0);
    group_free(w.key);
}

/* --- messages */

static enum assay_status hand_in(uint32_t place, uint32_t from, struct assay_slice message)
{
    struct assay_cosigner *s = &w.holder[place]->signer;
    struct assay_cosigner_entropy entropy;
    const uint8_t *node_id = w.group.holder[from].node_id;
    group_draw((uint8_t *)&entropy, sizeof entropy);
    enum assay_status status =
        assay_cosigner_on_message(s, w.now, &entropy, node_id, message, &w.out);
    if (status == ASSAY_E_AGAIN && w.out.action == ASSAY_COSIGNER_STORE) {
        assay_cosigner_on_stored(s, w.out.era, w.out.epoch);
        status = assay_cosigner_on_message(s, w.now, &entropy, node_id, message, &w.out);
    }
    return status;
}

static void put_flight(bool is_for_holder, uint32_t place, struct assay_slice bytes)
{
    uint8_t delay = 0;
    group_draw(&delay, 1);
    cr_assert(w.flying < FLIGHT && bytes.len <= MESSAGE);
    struct flight *f = &w.flight[w.flying++];
    f->at_ms = w.now.monotonic_ms + delay % 40;
    f->is_for_holder = is_for_holder;
    f->place = place;
    f->len = bytes.len;
    assay_bytes_copy(f->bytes, MESSAGE, bytes.bytes, bytes.len);
}

static void run_effects(void)
{
    while (assay_coordinator_poll(&w.coordinator, w.now.monotonic_ms, &w.effect)) {
        cr_assert_neq(w.effect.action, ASSAY_COORDINATOR_LIE);
        if (w.effect.action == ASSAY_COORDINATOR_ENDING) {
            w.is_ended = true;
            w.ended = w.effect.status;
            assay_bytes_copy(w.signature, 64, w.effect.signature[0], 64);
        }
        if (w.effect.action != ASSAY_COORDINATOR_SEND) continue;
        for (uint32_t i = w.hostile; i < w.group.holders; i++)
            if (w.effect.to[i]) put_flight(true, i, w.effect.message);
    }
}

static void deliver(const struct flight *f)
{
    const struct assay_slice bytes = assay_slice_over(f->bytes, f->len);
    if (!f->is_for_holder) {
        assay_status_ignore(assay_coordinator_on_message(&w.coordinator, w.now.monotonic_ms,
                                                         w.group.holder[f->place].node_id, bytes),
                            "of a session that another one replaced");
        return;
    }
    const enum assay_status status = hand_in(f->place, w.group.holders - 1, bytes);
    w.refused += status == ASSAY_E_FULL || status == ASSAY_E_RATE;
    if (status == ASSAY_OK) put_flight(false, f->place, w.out.message);
}

/* --- hostile holders */

/* A REQUEST for a text of their own, of another, or of the key: never followed by a LIST. It names
 * the holder, so that it joins. */
static void open_session(uint32_t from, uint32_t to)
{
    static uint8_t bytes[MESSAGE];
    const uint8_t subject[] = { (uint8_t)from, (uint8_t)(w.group.holders - 1), NONE };
    uint8_t epoch[8] = { 0 }, indices[ASSAY_FROST_SIGNERS_MAX];
    uint8_t item[4] = { subject[w.names % 3], (uint8_t)(w.names % 5) };
    struct assay_signing_message m = { .kind = ASSAY_SIGNING_REQUEST, .count = 3 };
    struct assay_slice message;
    uint32_t first = 1, count = 0;
    epoch[7] = (uint8_t)w.epoch.epoch;
    while (w.group.owner[first] != to)
        first++;
    /* ascending, and `first` is among them */
    const uint32_t last = w.group.indices - w.group.threshold + 1;
    for (uint32_t i = first < last ? first : last; count < w.group.threshold; i++)
        indices[count++] = (uint8_t)i;
    assay_bytes_copy(m.name, 32, w.group.holder[from].node_id, 32);
    w.names += 1;
    assay_bytes_copy(m.name + 32, 16, (const uint8_t *)&w.names, sizeof w.names);
    m.part[0] = assay_slice_over(epoch, 8);
    m.part[1] = assay_slice_over(indices, count);
    m.part[2] = assay_slice_over(item, 4);
    cr_assert_eq(assay_signing_encode(&m, bytes, sizeof bytes, &message), ASSAY_OK);
    w.opened += hand_in(to, from, message) == ASSAY_OK;
}

static void flood(void)
{
    for (uint32_t from = 0; from < w.hostile; from++)
        for (uint32_t to = w.hostile; to < w.group.holders; to++)
            open_session(from, to);
}

/* --- */

static void step(void)
{
    w.now.monotonic_ms += STEP_MS;
    w.now.wall_ms += STEP_MS;
    for (uint32_t i = w.hostile; i < w.group.holders; i++)
        assay_cosigner_on_tick(&w.holder[i]->signer, w.now);
    if (w.floods && w.now.monotonic_ms % 500 == 0) flood();
    for (uint32_t i = 0; i < w.flying;) {
        static struct flight f;
        if (w.flight[i].at_ms > w.now.monotonic_ms) {
            i++;
            continue;
        }
        f = w.flight[i];
        w.flight[i] = w.flight[--w.flying];
        deliver(&f);
        run_effects();
    }
    run_effects();
}

/* Returns: milliseconds until it is signed. */
static uint32_t sign(uint8_t subject, uint8_t number, uint32_t limit_ms)
{
    const uint8_t item[4] = { subject, number };
    const struct assay_slice slice = assay_slice_over(item, 4);
    uint8_t tbs[TBS_LEN];
    uint64_t request = 0;
    const uint64_t began_ms = w.now.monotonic_ms;
    w.is_ended = false;
    cr_assert_eq(assay_coordinator_submit(&w.coordinator, began_ms, &slice, 1, &request), ASSAY_OK);
    run_effects();
    while (!w.is_ended && w.now.monotonic_ms - began_ms < limit_ms)
        step();
    cr_assert(w.is_ended && w.ended == ASSAY_OK, "%u holders, subject %u: %s", w.group.holders,
              subject, w.is_ended ? assay_status_symbol(w.ended) : "not yet");
    cr_assert(assay_sodium_edwards_verify(w.group.key, text_of(item, tbs), w.signature));
    return (uint32_t)(w.now.monotonic_ms - began_ms);
}

/* For three texts of its own, three of another member and three times the key's certificate, with
 * a limit for each. */
static void sign_all(uint32_t holders, uint32_t limit_ms)
{
    const uint8_t subject[] = { (uint8_t)(holders - 1), (uint8_t)(holders - 2), NONE };
    uint32_t longest = 0;
    set_up(holders);
    w.floods = true;
    for (uint32_t i = 0; i < 300; i += 1) /* they have opened what they can */
        step();
    for (uint8_t i = 0; i < 9; i++) {
        const uint32_t took = sign(subject[i % 3], i % 3 == 2 ? 0 : 10 + i, limit_ms);
        longest = took > longest ? took : longest;
    }
    cr_log_info("%u holders, %u hostile: %u ms at most", holders, w.hostile, longest);
    cr_expect_eq(w.refused, 0, "no holder refuses a session of the honest coordinator");
    cr_expect_gt(w.opened, w.hostile * (w.group.holders - w.hostile) * ASSAY_COSIGNER_PLACES);
    tear_down();
}

Test(signer_crowd, an_honest_session_of_four_is_signed_beside_hostile_ones, .timeout = 120)
{
    sign_all(4, 700);
}

Test(signer_crowd, an_honest_session_of_seven_is_signed_beside_hostile_ones, .timeout = 120)
{
    sign_all(7, 1000);
}

Test(signer_crowd, an_honest_session_of_sixteen_is_signed_beside_hostile_ones, .timeout = 240)
{
    sign_all(16, 2000);
}

Test(signer_crowd, an_honest_session_of_a_hundred_is_signed_beside_hostile_ones, .timeout = 500)
{
    sign_all(100, 4000);
}
