/*
 * tests/unit/services/continuity/test_replica.c - tests of a replica.
 *
 * One replica at its listener, and three of them with as many instances as fit, whose view changes
 * in pages (docs/services.md 1.4 to 1.9).
 */
#include "base/crypto/model.h"
#include "services/continuity/records.h"
#include "services/continuity/replica.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { N = 3, GROUP = 2, PEERS = 4, QUEUE = 256 };

struct bench {
    struct assay_cont_home home;
    struct assay_cont_replica *replica[PEERS];
    uint8_t secret[PEERS][32];
    uint8_t key[PEERS][ASSAY_P256_PUBLIC_LEN];
    struct assay_cont_effects effects;
    struct assay_cont_table_record record; /* what was submitted last */
    uint32_t submitted, asked;
    struct {
        uint32_t from, to;
        struct assay_slice frame;
    } queue[QUEUE];
    uint32_t head, tail;
};

static struct bench *begin(void)
{
    struct bench *b = calloc(1, sizeof *b);
    struct assay_cont_fact born = { .kind = ASSAY_CONT_BORN };
    cr_assert_not_null(b);
    b->home.group = GROUP;
    born.roster.count = N;
    for (uint8_t i = 0; i < PEERS; i++) {
        b->secret[i][1] = (uint8_t)(i + 1);
        assay_model_public(b->secret[i], b->key[i]);
        if (i < N) assay_bytes_copy(born.roster.key[i], 64, b->key[i], 64);
    }
    for (uint32_t i = 0; i < PEERS; i++) {
        struct assay_cont_replica_config config = { .home = b->home };
        const size_t len = assay_cont_replica_size(ASSAY_CONT_INSTANCES_MAX);
        config.instances_max = ASSAY_CONT_INSTANCES_MAX;
        assay_bytes_copy(config.key, 64, b->key[i], 64);
        b->replica[i] = assay_cont_replica_init(malloc(len), len, &config);
        assay_cont_replica_fact(b->replica[i], &born, 0, &b->effects);
    }
    return b;
}

static void finish(struct bench *b)
{
    for (uint32_t i = 0; i < PEERS; i++)
        free(b->replica[i]);
    free(b);
}

static void session(struct bench *b, const uint8_t instance[32], uint64_t number)
{
    struct assay_cont_fact fact = { .kind = ASSAY_CONT_SESSION, .session = number };
    assay_bytes_copy(fact.instance, 32, instance, 32);
    for (uint32_t i = 0; i < PEERS; i++)
        assay_cont_replica_fact(b->replica[i], &fact, 0, &b->effects);
}

/* What replica `at` answers an enclave. Returns: the answer's kind; 0 when it says nothing. */
static int ask(struct bench *b, uint32_t at, const struct assay_cont_frame *f,
               struct assay_cont_frame *answer)
{
    uint8_t bytes[1024];
    struct assay_slice out;
    struct assay_cont_from from = { .session = f->session };
    assay_bytes_copy(from.instance, 32, f->instance, 32);
    cr_assert_eq(assay_cont_frame_encode(f, bytes, sizeof bytes, &out), ASSAY_OK);
    if (assay_cont_replica_frame(b->replica[at], &from, out, 0, &b->effects) != ASSAY_OK) return 0;
    /* Of a large table each time would be the square of it. */
    if (b->asked++ % (1 + assay_cont_replica_status(b->replica[at]).instances / 64) == 0)
        assay_cont_replica_check(b->replica[at]);
    cr_assert_eq(b->effects.count, 1);
    cr_assert_eq(
        assay_cont_frame_decode(assay_slice_over(b->effects.bytes, b->effects.send[0].len), answer),
        ASSAY_OK);
    return (int)answer->kind;
}

static struct assay_cont_frame frame(enum assay_cont_kind kind, const uint8_t instance[32],
                                     uint64_t number)
{
    struct assay_cont_frame f = { .kind = kind, .group = GROUP, .session = number };
    assay_bytes_copy(f.instance, 32, instance, 32);
    return f;
}

Test(replica, a_session_is_served_from_its_opening_on)
{
    struct bench *b = begin();
    const uint8_t instance[32] = { 5 }, digests[3][32] = { { 1 }, { 2 }, { 3 } };
    struct assay_cont_frame f = frame(ASSAY_CONT_OPEN, instance, 2), answer;
    cr_assert_eq(ask(b, 0, &f, &answer), ASSAY_CONT_REFUSED);
    cr_assert_eq(answer.reason, ASSAY_CONT_UNKNOWN, "the ledger has not numbered it");
    session(b, instance, 2);
    cr_assert_eq(ask(b, 0, &f, &answer), ASSAY_CONT_OPENED);
    struct assay_cont_frame update = frame(ASSAY_CONT_UPDATE, instance, 2);
    update.index = 1;
    update.count = 2;
    update.list = assay_slice_over(digests, 64);
    cr_assert_eq(ask(b, 0, &update, &answer), ASSAY_CONT_REFUSED);
    cr_assert_eq(answer.reason, ASSAY_CONT_GAP, "its start was not written back");
    f.kind = ASSAY_CONT_ADOPT;
    cr_assert_eq(ask(b, 0, &f, &answer), ASSAY_CONT_ACK);
    cr_assert_eq(ask(b, 0, &update, &answer), ASSAY_CONT_ACK);
    cr_assert_eq(answer.index, 2);
    cr_assert_eq(ask(b, 0, &update, &answer), ASSAY_CONT_ACK, "the same again");
    update.index = 2;
    update.list = assay_slice_over(digests[1], 64);
    assay_bytes_copy(update.prev, 32, digests[0], 32);
    cr_assert_eq(ask(b, 0, &update, &answer), ASSAY_CONT_ACK, "what overlaps continues");
    cr_assert_eq(answer.index, 3);
    update.list = assay_slice_over(digests[0], 64);
    update.index = 3;
    cr_assert_eq(ask(b, 0, &update, &answer), 0, "another digest at an index");
    update.index = 7;
    cr_assert_eq(ask(b, 0, &update, &answer), ASSAY_CONT_REFUSED);
    cr_assert_eq(answer.reason, ASSAY_CONT_GAP);
    cr_assert_eq(answer.value, 3);
    update.view = 1;
    cr_assert_eq(ask(b, 0, &update, &answer), ASSAY_CONT_REFUSED);
    cr_assert_eq(answer.reason, ASSAY_CONT_VIEW);
    finish(b);
}

Test(replica, a_newer_session_fences_the_older)
{
    struct bench *b = begin();
    const uint8_t instance[32] = { 5 }, digest[32] = { 1 };
    struct assay_cont_frame old = frame(ASSAY_CONT_OPEN, instance, 1), answer;
    struct assay_cont_frame young = frame(ASSAY_CONT_OPEN, instance, 2);
    session(b, instance, 2);
    cr_assert_eq(ask(b, 0, &old, &answer), ASSAY_CONT_OPENED);
    old.kind = ASSAY_CONT_ADOPT;
    cr_assert_eq(ask(b, 0, &old, &answer), ASSAY_CONT_ACK);
    cr_assert_eq(ask(b, 0, &young, &answer), ASSAY_CONT_OPENED);
    old.kind = ASSAY_CONT_UPDATE;
    old.index = 1;
    old.count = 1;
    old.list = assay_slice_over(digest, 32);
    for (int kind = ASSAY_CONT_OPEN; kind <= ASSAY_CONT_CONFIRM; kind++) {
        if (kind == ASSAY_CONT_OPENED || kind == ASSAY_CONT_ACK) continue;
        old.kind = (enum assay_cont_kind)kind;
        old.index = kind == ASSAY_CONT_UPDATE;
        cr_assert_eq(ask(b, 0, &old, &answer), ASSAY_CONT_REFUSED, "kind %d", kind);
        cr_assert_eq(answer.reason, ASSAY_CONT_FENCED);
        cr_assert_eq(answer.value, 2);
    }
    finish(b);
}

Test(replica, suspension_and_lost_quorum_are_said)
{
    struct bench *b = begin();
    const uint8_t instance[32] = { 5 };
    struct assay_cont_frame f = frame(ASSAY_CONT_OPEN, instance, 1), answer;
    struct assay_cont_fact fact = { .kind = ASSAY_CONT_STANDING, .suspended = true };
    assay_bytes_copy(fact.instance, 32, instance, 32);
    session(b, instance, 1);
    assay_cont_replica_fact(b->replica[0], &fact, 0, &b->effects);
    cr_assert_eq(ask(b, 0, &f, &answer), ASSAY_CONT_REFUSED);
    cr_assert_eq(answer.reason, ASSAY_CONT_SUSPENDED);
    fact.suspended = false;
    assay_cont_replica_fact(b->replica[0], &fact, 0, &b->effects);
    cr_assert_eq(ask(b, 0, &f, &answer), ASSAY_CONT_OPENED);
    fact.kind = ASSAY_CONT_LOST;
    assay_cont_replica_fact(b->replica[0], &fact, 0, &b->effects);
    cr_assert_eq(ask(b, 0, &f, &answer), ASSAY_CONT_REFUSED);
    cr_assert_eq(answer.reason, ASSAY_CONT_HALTED);
    finish(b);
}

Test(replica, strangers_change_nothing)
{
    struct bench *b = begin();
    uint8_t bytes[256];
    struct assay_slice out;
    const uint8_t instance[32] = { 5 };
    struct assay_cont_from from = { .session = 2, .instance = { 5 } };
    struct assay_cont_frame f = frame(ASSAY_CONT_OPEN, instance, 1);
    session(b, instance, 2);
    cr_assert_eq(assay_cont_frame_encode(&f, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_cont_replica_frame(b->replica[0], &from, out, 0, &b->effects),
                 ASSAY_E_STRANGER, "another session's name");
    from.replica = true;
    cr_assert_eq(assay_cont_replica_frame(b->replica[0], &from, out, 0, &b->effects), ASSAY_E_LANE);
    f.group = GROUP + 1;
    cr_assert_eq(assay_cont_frame_encode(&f, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_cont_replica_frame(b->replica[0], &from, out, 0, &b->effects),
                 ASSAY_E_CHAIN);
    struct assay_cont_frame fin = { .kind = ASSAY_CONT_FIN, .group = GROUP, .view = 1 };
    cr_assert_eq(assay_cont_frame_encode(&fin, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_cont_replica_frame(b->replica[0], &from, out, 0, &b->effects), ASSAY_E_STALE,
                 "no view is pending");
    cr_assert_null(assay_cont_replica_entry(b->replica[0], instance));
    finish(b);
}

/* What it promised to a newer session is forgotten with the entry: an older one makes none. */
Test(replica, a_session_of_an_older_era_revives_no_entry)
{
    struct bench *b = begin();
    const uint8_t instance[32] = { 5 };
    const uint64_t later = (UINT64_C(2) << ASSAY_CONT_NUMBER_BITS) + 1;
    struct assay_cont_frame f = frame(ASSAY_CONT_OPEN, instance, 1), answer;
    struct assay_cont_fact rows = { .kind = ASSAY_CONT_ROWS };
    session(b, instance, 1);
    cr_assert_eq(ask(b, 0, &f, &answer), ASSAY_CONT_OPENED);
    assay_cont_replica_fact(b->replica[0], &rows, 0, &b->effects); /* its row has left the table */
    cr_assert_null(assay_cont_replica_entry(b->replica[0], instance));
    rows.era = 2;
    assay_cont_replica_fact(b->replica[0], &rows, 0, &b->effects);
    session(b, instance, 1); /* and is back */
    cr_expect_eq(ask(b, 0, &f, &answer), 0);
    f.kind = ASSAY_CONT_ADOPT;
    cr_expect_eq(ask(b, 0, &f, &answer), 0);
    cr_expect_null(assay_cont_replica_entry(b->replica[0], instance));
    session(b, instance, later);
    f = frame(ASSAY_CONT_OPEN, instance, later);
    cr_expect_eq(ask(b, 0, &f, &answer), ASSAY_CONT_OPENED);
    cr_expect_eq(answer.writer, 0, "it has nothing of it");
    finish(b);
}

/* --- a view changes */

static void collect(struct bench *b, uint32_t from, uint32_t sender)
{
    for (uint32_t i = 0; i < b->effects.count; i++) {
        const struct assay_cont_send *send = &b->effects.send[i];
        uint8_t *bytes = b->effects.bytes + send->at;
        if (send->to == ASSAY_CONT_TO_LEDGER) {
            cr_assert_eq(
                assay_cont_table_record_decode(assay_slice_over(bytes, send->len), &b->record),
                ASSAY_OK);
            cr_assert(assay_cont_table_record_check(&b->home, &b->record));
            b->submitted++;
            continue;
        }
        if (send->sign) assay_model_sign(b->secret[from], send->statement, bytes + send->len - 64);
        for (uint32_t to = 0; to < PEERS; to++) {
            if (send->to == ASSAY_CONT_TO_SENDER && to != sender) continue;
            if (send->to == ASSAY_CONT_TO_KEY && !assay_bytes_equal(send->key, b->key[to], 64))
                continue;
            uint8_t *copy = malloc(send->len);
            assay_bytes_copy(copy, send->len, bytes, send->len);
            cr_assert_lt(b->tail, b->head + QUEUE);
            b->queue[b->tail % QUEUE].from = from;
            b->queue[b->tail % QUEUE].to = to;
            b->queue[b->tail++ % QUEUE].frame = assay_slice_over(copy, send->len);
        }
    }
}

static void settle(struct bench *b)
{
    while (b->head < b->tail) {
        const uint32_t at = b->head++ % QUEUE, to = b->queue[at].to;
        struct assay_cont_from from = { .replica = true };
        assay_bytes_copy(from.key, 64, b->key[b->queue[at].from], 64);
        if (assay_cont_replica_frame(b->replica[to], &from, b->queue[at].frame, 0, &b->effects) ==
            ASSAY_OK)
            collect(b, to, b->queue[at].from);
        free((void *)(uintptr_t)b->queue[at].frame.bytes);
    }
}

static void tell(struct bench *b, const struct assay_cont_fact *fact)
{
    for (uint32_t i = 0; i < PEERS; i++) {
        assay_cont_replica_fact(b->replica[i], fact, 0, &b->effects);
        collect(b, i, PEERS);
    }
}

Test(replica, every_instance_comes_along_into_the_next_view)
{
    struct bench *b = begin();
    struct assay_cont_frame f, answer;
    for (uint32_t i = 0; i < ASSAY_CONT_INSTANCES_MAX; i++) {
        const uint8_t instance[32] = { (uint8_t)(i >> 8), (uint8_t)(i * 7), (uint8_t)i };
        session(b, instance, 1);
        f = frame(ASSAY_CONT_ADOPT, instance, 1);
        f.index = i + 1;
        f.digest[0] = (uint8_t)(i + 1);
        f.digest[1] = 1;
        /* Each at two of three, and never at the same two. */
        cr_assert_eq(ask(b, i % N, &f, &answer), ASSAY_CONT_ACK);
        cr_assert_eq(ask(b, (i + 1) % N, &f, &answer), ASSAY_CONT_ACK);
    }
    const uint8_t more[32] = { 255, 255, 255 };
    session(b, more, 1);
    f = frame(ASSAY_CONT_OPEN, more, 1);
    cr_assert_eq(ask(b, 0, &f, &answer), ASSAY_CONT_REFUSED, "one past the limit");
    /* Replica 2 leaves, 3 comes. */
    struct assay_cont_fact fact = { .kind = ASSAY_CONT_DECIDED };
    fact.base_roster.count = fact.roster.count = N;
    fact.roster.view = 1;
    for (uint32_t i = 0; i < N; i++) {
        assay_bytes_copy(fact.base_roster.key[i], 64, b->key[i], 64);
        assay_bytes_copy(fact.roster.key[i], 64, b->key[i == 2 ? 3 : i], 64);
    }
    tell(b, &fact);
    cr_assert_eq(ask(b, 0, &f, &answer), ASSAY_CONT_REFUSED, "it has stopped before it signed");
    settle(b);
    cr_assert_gt(b->submitted, 0);
    cr_assert_eq(b->record.entries, ASSAY_CONT_INSTANCES_MAX);
    /* What was signed is of this base, this roster and this table. */
    struct assay_cont_table_record other = b->record;
    other.roster.key[1][0] ^= 1;
    cr_expect_not(assay_cont_table_record_check(&b->home, &other), "for another roster");
    other = b->record;
    other.base = 0;
    other.roster.view++;
    cr_expect_not(assay_cont_table_record_check(&b->home, &other), "for another view");
    other = b->record;
    other.last[1].entries++;
    cr_expect_not(assay_cont_table_record_check(&b->home, &other), "another last table");
    fact.kind = ASSAY_CONT_STARTED;
    fact.entries = b->record.entries;
    assay_bytes_copy(fact.root, 32, b->record.root, 32);
    tell(b, &fact);
    settle(b);
    for (uint32_t at = 0; at < PEERS; at++) {
        const struct assay_cont_status status = assay_cont_replica_status(b->replica[at]);
        assay_cont_replica_check(b->replica[at]);
        cr_assert_eq(status.serves, at != 2, "replica %u", at);
        if (at == 2) continue;
        cr_assert_eq(status.view, 1);
        for (uint32_t i = 0; i < ASSAY_CONT_INSTANCES_MAX; i++) {
            const uint8_t instance[32] = { (uint8_t)(i >> 8), (uint8_t)(i * 7), (uint8_t)i };
            const struct assay_cont_entry *entry =
                assay_cont_replica_entry(b->replica[at], instance);
            cr_assert_not_null(entry);
            cr_assert_eq(entry->index, i + 1);
            cr_assert_eq(entry->promised, 1);
        }
    }
    finish(b);
}

/* --- a RECOVER (docs/services.md 1.3.2, 1.9.5) */

static void tell_all(struct bench *b, const struct assay_cont_fact *fact)
{
    for (uint32_t i = 0; i < PEERS; i++) {
        assay_cont_replica_fact(b->replica[i], fact, 0, &b->effects);
        assay_cont_replica_check(b->replica[i]);
    }
}

/* A view or a session of an era shows that it runs: what was numbered before it makes no entry,
 * since it may be one that was forgotten. */
Test(replica, an_older_session_opens_nothing_once_a_later_era_was_seen)
{
    const uint64_t later = (UINT64_C(1) << ASSAY_CONT_NUMBER_BITS) + 1;
    const uint8_t forgotten[32] = { 5 }, other[32] = { 6 };
    for (uint32_t by_session = 0; by_session < 2; by_session++) {
        struct bench *b = begin();
        struct assay_cont_frame f = frame(ASSAY_CONT_OPEN, forgotten, 2), answer;
        session(b, forgotten, 2);
        if (by_session) {
            session(b, other, later);
            cr_expect_eq(ask(b, 0, &f, &answer), 0);
        } else {
            struct assay_cont_fact fact = { .kind = ASSAY_CONT_STARTED };
            fact.roster.view = later;
            fact.roster.count = N;
            for (uint32_t i = 0; i < N; i++)
                assay_bytes_copy(fact.roster.key[i], 64, b->key[i], 64);
            struct assay_cont_table none = { 0 };
            assay_cont_table_root(&none, fact.root);
            tell_all(b, &fact);
            cr_expect(assay_cont_replica_status(b->replica[0]).serves);
            f.view = later;
            cr_expect_eq(ask(b, 0, &f, &answer), 0);
        }
        cr_expect_null(assay_cont_replica_entry(b->replica[0], forgotten));
        finish(b);
    }
}

/* The group's first view is undone with all that came after it: it begins once more, and what was
 * remembered before serves nobody. */
Test(replica, a_group_whose_birth_was_undone_begins_once_more)
{
    struct bench *b = begin();
    const uint8_t instance[32] = { 5 };
    struct assay_cont_frame f = frame(ASSAY_CONT_OPEN, instance, 2), answer;
    struct assay_cont_fact born = { .kind = ASSAY_CONT_BORN };
    born.roster.count = N;
    for (uint32_t i = 0; i < N; i++)
        assay_bytes_copy(born.roster.key[i], 64, b->key[i], 64);
    session(b, instance, 2);
    cr_assert_eq(ask(b, 0, &f, &answer), ASSAY_CONT_OPENED);
    tell_all(b, &born);
    cr_assert_not_null(assay_cont_replica_entry(b->replica[0], instance), "told once more");
    born.roster.view = UINT64_C(1) << ASSAY_CONT_NUMBER_BITS;
    tell_all(b, &born);
    const struct assay_cont_status status = assay_cont_replica_status(b->replica[0]);
    cr_expect(status.serves);
    cr_expect_eq(status.view, born.roster.view);
    cr_expect_null(assay_cont_replica_entry(b->replica[0], instance));
    f.view = born.roster.view;
    cr_expect_eq(ask(b, 0, &f, &answer), 0, "it would start from nothing");
    finish(b);
}
