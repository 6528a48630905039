/*
 * A group as the ledger keeps it (docs/services.md 1.3.1): one that is read from its document goes
 * on as the one that wrote it, whatever comes, and no other bytes are a group.
 */
#include "services/continuity/document.h"
#include "tests/support/depth.h"
#include "tests/support/seed.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { GROUP = 7, MEMBERS = 9, KEYS = 24, ENCLAVES = 6, BYTES_MAX = 256 * 1024 };

static const struct assay_cont_home home = { .group = GROUP };

struct pair {
    struct assay_cont_group *live, *read; /* read: from the document of every step */
    struct assay_cont_facts facts[2];
    enum assay_cont_standing standing[MEMBERS];
    uint16_t score[MEMBERS];
    uint64_t epoch;
    uint8_t bytes[2][BYTES_MAX];
};

static uint64_t random_below(uint64_t *seed, uint64_t n)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*seed >> 33) % n;
}

static struct assay_slice encoded(const struct assay_cont_group *group, uint8_t *bytes)
{
    struct assay_slice out;
    struct assay_writer w = assay_writer_over(bytes, BYTES_MAX);
    cr_assert_eq(assay_cont_group_encode(group, &w), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    return out;
}

static void read_again(struct pair *p)
{
    const struct assay_slice document = encoded(p->live, p->bytes[0]);
    struct assay_cont_group *again = calloc(1, sizeof *again);
    cr_assert_eq(assay_cont_group_decode(document, &home, again), ASSAY_OK);
    again->era = p->live->era; /* the ledger's, as standings */
    assay_cont_group_stand(again, p->epoch, p->standing, p->score, NULL, MEMBERS);
    free(p->read);
    p->read = again;
    cr_assert(assay_bytes_equal(p->live, again, sizeof *again), "nothing else is kept");
}

static void expect_same(struct pair *p, const char *what)
{
    const struct assay_slice one = encoded(p->live, p->bytes[0]);
    const struct assay_slice other = encoded(p->read, p->bytes[1]);
    cr_assert_eq(one.len, other.len, "%s", what);
    cr_assert(assay_bytes_equal(one.bytes, other.bytes, one.len), "%s", what);
    cr_assert_eq(p->facts[0].count, p->facts[1].count, "%s", what);
    cr_assert(assay_bytes_equal(&p->facts[0], &p->facts[1], sizeof p->facts[0]), "%s", what);
}

/* Few CURVE keys, so that some are taken. */
static struct assay_cont_contact contact_of(uint64_t *seed)
{
    struct assay_cont_contact contact = { .curve = { (uint8_t)(1 + random_below(seed, 200)) },
                                          .address_len = (uint8_t)(6 + random_below(seed, 4)) };
    assay_bytes_copy(contact.address, sizeof contact.address, "host:7100", contact.address_len);
    return contact;
}

static void lists(struct pair *p, uint64_t *seed)
{
    const uint32_t slot = (uint32_t)random_below(seed, MEMBERS);
    struct assay_cont_replica_record record = {
        .group = GROUP, .key = { (uint8_t)(1 + random_below(seed, KEYS)) }
    };
    record.contact = contact_of(seed);
    record.drains = random_below(seed, 4) == 0;
    const enum assay_cont_result result =
        assay_cont_group_replica(p->live, slot, &record, &p->facts[0]);
    cr_assert_eq(assay_cont_group_replica(p->read, slot, &record, &p->facts[1]), result);
}

static void opens(struct pair *p, uint64_t *seed)
{
    const uint32_t slot = (uint32_t)random_below(seed, MEMBERS);
    const struct assay_cont_session_record record = {
        .group = GROUP,
        .instance_key = { (uint8_t)(1 + random_below(seed, ENCLAVES)) },
        .contact = contact_of(seed),
        .lease = (uint32_t)random_below(seed, 3),
        .expected = 1 + random_below(seed, 12),
    };
    const enum assay_cont_result result =
        assay_cont_group_session(p->live, slot, &record, &p->facts[0]);
    cr_assert_eq(assay_cont_group_session(p->read, slot, &record, &p->facts[1]), result);
}

static void starts(struct pair *p, uint64_t *seed)
{
    const struct assay_cont_group *live = p->live;
    const uint32_t quorum = live->size / 2 + 1;
    struct assay_cont_table_record record = { .group = GROUP,
                                              .base = live->now.roster.view,
                                              .roster = live->next.roster,
                                              .last_count = quorum,
                                              .count = quorum };
    /* Now and then another one: that a RECOVER has undone, if there was one. */
    if (random_below(seed, 4) == 0) record.roster.view += random_below(seed, 3);
    record.entries = (uint32_t)random_below(seed, ENCLAVES - 1);
    record.root[0] = (uint8_t)(1 + random_below(seed, 255));
    for (uint32_t i = 0; i < record.count; i++) {
        assay_bytes_copy(record.last[i].key, 64, live->now.roster.key[i], 64);
        assay_bytes_copy(record.key[i], 64, live->next.roster.key[i], 64);
    }
    const enum assay_cont_result result =
        assay_cont_group_table(p->live, &record, &p->facts[0]);
    cr_assert_eq(assay_cont_group_table(p->read, &record, &p->facts[1]), result);
}

static void keeps(struct pair *p, uint64_t *seed)
{
    struct assay_cont_keep_record record = { .group = GROUP, .roster = p->live->now.roster };
    if (p->live->instance_count == 0) return;
    const struct assay_cont_instance_row *row =
        &p->live->instance[random_below(seed, p->live->instance_count)];
    record.receipt.count = record.roster.count;
    for (uint32_t i = 0; i < record.receipt.count; i++)
        record.receipt.seat[i] = (uint8_t)i;
    record.receipt.entry.index = 1 + random_below(seed, 9);
    assay_bytes_copy(record.receipt.entry.instance, 32, row->instance, 32);
    const enum assay_cont_result result = assay_cont_group_keep(p->live, &record, &p->facts[0]);
    cr_assert_eq(assay_cont_group_keep(p->read, &record, &p->facts[1]), result);
}

/* Of any seat by any other, and what those answer. */
static void silences(struct pair *p, uint64_t *seed)
{
    const struct assay_cont_roster *now = &p->live->now.roster;
    if (now->count == 0) return;
    struct assay_cont_silent_record silent = {
        .group = GROUP,
        .view = now->view,
        .seat = (uint32_t)random_below(seed, now->count),
        .epoch = p->epoch + random_below(seed, 2),
    };
    const uint64_t reporter = random_below(seed, now->count);
    assay_bytes_copy(silent.key, 64, now->key[reporter], 64);
    enum assay_cont_result result = assay_cont_group_silent(p->live, &silent, &p->facts[0]);
    cr_assert_eq(assay_cont_group_silent(p->read, &silent, &p->facts[1]), result);
    const uint32_t slot = (uint32_t)random_below(seed, MEMBERS);
    struct assay_cont_alive_record alive = { .group = GROUP, .epoch = p->epoch + 1 };
    assay_bytes_copy(alive.key, 64, p->live->member[slot].key, 64);
    result = assay_cont_group_alive(p->live, slot, &alive, &p->facts[0]);
    cr_assert_eq(assay_cont_group_alive(p->read, slot, &alive, &p->facts[1]), result);
}

static void closes(struct pair *p, uint64_t *seed)
{
    p->epoch++;
    for (uint32_t i = 0; i < MEMBERS; i++) {
        /* Mostly full: else the group is gone at once. */
        p->standing[i] = random_below(seed, 12) > 0
                             ? ASSAY_CONT_STAND_FULL
                             : (enum assay_cont_standing)random_below(seed, 3);
        p->score[i] = (uint16_t)random_below(seed, 100);
    }
    assay_cont_group_close(p->live, p->epoch, p->standing, p->score, NULL, MEMBERS, &p->facts[0]);
    assay_cont_group_close(p->read, p->epoch, p->standing, p->score, NULL, MEMBERS, &p->facts[1]);
}

static void go_on(struct pair *p, uint64_t *seed)
{
    assay_bytes_zero(p->facts, sizeof p->facts);
    if (random_below(seed, 30) == 0) p->read->era = ++p->live->era;
    switch (random_below(seed, 7)) {
    case 5:
    case 6: silences(p, seed); break;
    case 3: keeps(p, seed); break;
    case 0: lists(p, seed); break;
    case 1: opens(p, seed); break;
    case 2: starts(p, seed); break;
    default: closes(p, seed); break;
    }
}

static struct pair *pair_of(uint32_t size)
{
    struct pair *p = calloc(1, sizeof *p);
    cr_assert_not_null(p);
    p->live = calloc(1, sizeof *p->live);
    assay_cont_group_init(p->live, &home, size, ENCLAVES - 1);
    return p;
}

static void pair_free(struct pair *p)
{
    free(p->live);
    free(p->read);
    free(p);
}

Test(document, a_group_that_was_read_goes_on_as_the_one_that_wrote_it, .timeout = 120)
{
    uint32_t phases[ASSAY_CONT_GONE + 1] = { 0 };
    for (uint64_t round = 0; round < 400 / test_every(4); round++) {
        uint64_t seed = round + 1;
        struct pair *p = pair_of(round % 2 == 0 ? 3 : 5);
        for (uint32_t step = 0; step < 60; step++) {
            read_again(p);
            go_on(p, &seed);
            expect_same(p, "a step behind the document");
            phases[p->live->phase]++;
        }
        pair_free(p);
    }
    for (size_t i = 0; i <= ASSAY_CONT_GONE; i++)
        cr_expect_gt(phases[i], 100 / test_every(4), "phase %zu was seen %u times", i, phases[i]);
}

/* A group in the midst of a change, with sessions. */
static struct assay_slice changing(struct pair *p)
{
    for (uint64_t round = 1;; round++) {
        uint64_t seed = round;
        assay_cont_group_init(p->live, &home, 3, ENCLAVES - 1);
        free(p->read);
        p->read = calloc(1, sizeof *p->read);
        assay_cont_group_init(p->read, &home, 3, ENCLAVES - 1);
        p->epoch = 0;
        for (uint32_t step = 0; step < 60; step++) {
            go_on(p, &seed);
            if (p->live->phase == ASSAY_CONT_CHANGING && p->live->instance_count > 2)
                return encoded(p->live, p->bytes[0]);
        }
    }
}

Test(document, no_other_bytes_are_a_group)
{
    struct pair *p = pair_of(3);
    const struct assay_slice good = changing(p);
    struct assay_cont_group *group = malloc(sizeof *group);
    uint32_t refused = 0;
    for (size_t len = 0; len < good.len; len++) {
        uint8_t *exact = malloc(len + 1);
        assay_bytes_copy(exact, len, good.bytes, len);
        cr_assert_neq(assay_cont_group_decode(assay_slice_over(exact, len), &home, group),
                      ASSAY_OK);
        free(exact);
    }
    for (size_t bit = 0; bit < 8 * good.len; bit++) {
        p->bytes[0][bit / 8] ^= (uint8_t)(1u << bit % 8);
        const enum assay_status status = assay_cont_group_decode(good, &home, group);
        /* A key, a name or a number may be another; whatever is taken is written as it was read. */
        if (status == ASSAY_OK) {
            const struct assay_slice again = encoded(group, p->bytes[1]);
            cr_assert_eq(again.len, good.len);
            cr_assert(assay_bytes_equal(again.bytes, good.bytes, good.len), "bit %zu", bit);
        }
        refused += status != ASSAY_OK;
        p->bytes[0][bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    cr_expect_gt(refused, 100);
    p->bytes[0][good.len] = 0;
    cr_expect_eq(assay_cont_group_decode(assay_slice_over(good.bytes, good.len + 1), &home, group),
                 ASSAY_E_TRAILING);
    const struct assay_cont_home other = { .group = GROUP + 1 };
    cr_expect_eq(assay_cont_group_decode(good, &other, group), ASSAY_E_CHAIN);
    free(group);
    pair_free(p);
}

/* What encode writes and no fold makes. */
static enum assay_status read_changed(struct pair *p)
{
    const struct assay_slice bytes = encoded(p->live, p->bytes[0]);
    return assay_cont_group_decode(bytes, &home, p->read);
}

Test(document, a_key_and_a_curve_key_are_one_process)
{
    struct pair *p = pair_of(3);
    (void)changing(p);
    struct assay_cont_group *g = p->live;
    const struct assay_cont_group good = *g;
    cr_assert_eq(read_changed(p), ASSAY_OK);
    uint32_t stranger = 0; /* to whom nothing of it belongs */
    while (g->member[stranger].listed || stranger == g->now.slot[0])
        stranger++;
    g->member[stranger] =
        (struct assay_cont_member){ .listed = true, .contact = g->instance[0].contact };
    cr_expect_eq(read_changed(p), ASSAY_E_INVALID, "a member and an instance");
    g->member[stranger].contact.curve[31] ^= 1;
    cr_expect_eq(read_changed(p), ASSAY_OK);
    for (uint32_t i = 0; i < MEMBERS; i++) /* or somebody has it already */
        if (i != stranger) g->member[i].listed = false;
    assay_bytes_copy(g->member[stranger].key, 64, g->now.roster.key[0], 64);
    cr_expect_eq(read_changed(p), ASSAY_E_INVALID, "who lists it and who sits");
    *g = good;
    g->next.slot[1] = stranger;
    assay_bytes_copy(g->next.roster.key[1], 64, g->now.roster.key[0], 64);
    g->next.roster.key[0][60] ^= 1;
    cr_expect_eq(read_changed(p), ASSAY_E_INVALID, "who sat and who shall sit");
    pair_free(p);
}

static struct assay_cont_contact large(uint32_t i, uint8_t of)
{
    struct assay_cont_contact contact = { .curve = { (uint8_t)i, (uint8_t)(i >> 8), of },
                                          .address_len = ASSAY_CONT_ADDRESS_MAX };
    for (size_t k = 0; k < ASSAY_CONT_ADDRESS_MAX; k++)
        contact.address[k] = 'a';
    return contact;
}

Test(document, a_group_as_large_as_it_may_be_has_room)
{
    struct pair *p = pair_of(7);
    assay_cont_group_init(p->live, &home, 7, ASSAY_CONT_INSTANCES_MAX);
    for (uint32_t i = 0; i < MEMBERS; i++)
        p->standing[i] = ASSAY_CONT_STAND_FULL;
    p->live->era = ASSAY_CONT_ERA_MAX;
    assay_cont_group_close(p->live, INT64_MAX, p->standing, p->score, NULL, MEMBERS, &p->facts[0]);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        const struct assay_cont_replica_record record = { .group = GROUP,
                                                          .key = { (uint8_t)(i + 1) },
                                                          .contact = large(i, 1) };
        cr_assert_eq(assay_cont_group_replica(p->live, i, &record, &p->facts[0]),
                     ASSAY_CONT_APPLIED);
    }
    for (uint32_t i = 0; i < ASSAY_CONT_INSTANCES_MAX; i++) {
        const struct assay_cont_session_record record = {
            .group = GROUP,
            .birth = { .era = ASSAY_CONT_ERA_MAX, .epoch = INT64_MAX },
            .instance_key = { (uint8_t)i, (uint8_t)(i >> 8) },
            .contact = large(i, 2),
            .expected = assay_cont_number_next(ASSAY_CONT_ERA_MAX, 0),
        };
        cr_assert_eq(assay_cont_group_session(p->live, 0, &record, &p->facts[0]),
                     ASSAY_CONT_APPLIED);
        p->live->instance[i].kept = true;
        p->live->instance[i].payer = ASSAY_CONT_SLOTS_MAX; /* whose quota is another test's */
    }
    const struct assay_slice all = encoded(p->live, p->bytes[0]);
    cr_expect_leq(all.len, assay_cont_group_len_max(ASSAY_CONT_INSTANCES_MAX));
    cr_expect_eq(assay_cont_group_decode(all, &home, p->live), ASSAY_OK);
    cr_expect_eq(p->live->instance_count, ASSAY_CONT_INSTANCES_MAX);
    pair_free(p);
}

/* --- seeds of fuzz_document */

static bool is_forming(const struct assay_cont_group *g)
{
    return g->phase == ASSAY_CONT_FORMING && g->member[1].listed;
}

static bool is_changing(const struct assay_cont_group *g)
{
    return g->phase == ASSAY_CONT_CHANGING && g->instance_count > 2 && g->barred != 0;
}

static bool is_gone(const struct assay_cont_group *g)
{
    return g->phase == ASSAY_CONT_GONE && g->instance_count > 0;
}

/* A row with a lease that was renewed, and a member that drains. */
static bool is_leased(const struct assay_cont_group *g)
{
    bool drains = false, leased = false;
    for (uint32_t i = 0; i < MEMBERS; i++)
        drains = drains || g->member[i].drains;
    for (uint32_t i = 0; i < g->instance_count; i++)
        leased = leased || g->instance[i].shown > 0;
    return g->phase == ASSAY_CONT_SERVING && drains && leased;
}

Test(document, seeds_are_of_the_format_of_today)
{
    static const struct {
        const char *name;
        bool (*is)(const struct assay_cont_group *g);
    } seeds[] = { { "forming", is_forming },
                  { "changing", is_changing },
                  { "gone", is_gone },
                  { "leased", is_leased } };
    struct assay_cont_group *read = calloc(1, sizeof *read);
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        struct pair *p = pair_of(3);
        p->read = calloc(1, sizeof *p->read);
        for (uint64_t round = 1, step = 0; !seeds[i].is(p->live); step++) {
            uint64_t seed = round * 1000 + step;
            if (step % 60 == 0) {
                assay_cont_group_init(p->live, &home, 3, ENCLAVES - 1);
                assay_cont_group_init(p->read, &home, 3, ENCLAVES - 1);
                p->epoch = 0;
                round++;
            }
            cr_assert_lt(round, 100000, "%s", seeds[i].name);
            go_on(p, &seed);
        }
        const struct assay_slice seed =
            seed_of("services_document", seeds[i].name, encoded(p->live, p->bytes[0]));
        cr_expect_eq(assay_cont_group_decode(seed, &home, read), ASSAY_OK, "%s", seeds[i].name);
        cr_expect(seeds[i].is(read), "%s", seeds[i].name);
        pair_free(p);
    }
    free(read);
}
