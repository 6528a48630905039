/*
 * tests/unit/services/continuity/test_document.c - tests of the document of a group.
 *
 * A group as the ledger keeps it (docs/services.md 1.3.1): one that is read from its document goes
 * on as the one that wrote it, whatever comes, and no other bytes are a group.
 */
#include "services/continuity/document.h"
#include "tests/support/depth.h"
#include "tests/support/seed.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { GROUP = 7, MEMBERS = 9, KEYS = 24, ENCLAVES = 6, BYTES_MAX = 256 * 1024, DOCUMENTS = 2 };

static const struct assay_cont_home home = { .group = GROUP };

struct pair {
    struct assay_cont_group *live, *read; /* read: from the document of every step */
    struct assay_cont_facts facts[2];
    enum assay_cont_standing standing[MEMBERS];
    uint16_t score[MEMBERS];
    uint64_t epoch;
    uint8_t bytes[2][DOCUMENTS][BYTES_MAX]; /* the first: of live, if nothing else is said */
};

/* Both documents of a small group. */
struct documents {
    struct assay_slice of[DOCUMENTS];
};

static uint64_t random_below(uint64_t *seed, uint64_t n)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*seed >> 33) % n;
}

static struct assay_slice encoded(const struct assay_cont_group *group, uint32_t document,
                                  uint8_t *bytes)
{
    struct assay_slice out;
    struct assay_writer w = assay_writer_over(bytes, BYTES_MAX);
    cr_assert_eq(assay_cont_group_encode(group, document, &w), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    return out;
}

static struct documents all_of(const struct assay_cont_group *group,
                               uint8_t bytes[DOCUMENTS][BYTES_MAX])
{
    struct documents all;
    for (uint32_t i = 0; i < DOCUMENTS; i++)
        all.of[i] = encoded(group, i, bytes[i]);
    return all;
}

static enum assay_status read_all(const struct documents *all, uint32_t first,
                                  struct assay_cont_group *group)
{
    for (uint32_t i = 0; i < DOCUMENTS; i++) {
        const uint32_t at = (first + i) % DOCUMENTS;
        ASSAY_TRY(assay_cont_group_decode(group, at, all->of[at]));
    }
    return assay_cont_group_join(group);
}

static struct assay_cont_group *fresh(uint32_t size, uint32_t instances_max)
{
    struct assay_cont_group *group = calloc(1, sizeof *group);
    struct assay_cont_instance_row *rows = calloc(instances_max, sizeof *rows);
    cr_assert(group != NULL && rows != NULL);
    assay_cont_group_init(group, &home, size, instances_max, rows);
    return group;
}

static void drop(struct assay_cont_group *group)
{
    if (group != NULL) free(group->instance);
    free(group);
}

/* But for where the rows are. */
static bool is_same(const struct assay_cont_group *one, const struct assay_cont_group *other)
{
    return assay_bytes_equal(one, other, offsetof(struct assay_cont_group, instance)) &&
           assay_bytes_equal(one->instance, other->instance,
                             one->instances_max * sizeof *one->instance);
}

/* Read without the rest: the same as of the complete group. */
static void expect_view(const struct assay_cont_group *group, struct assay_slice head)
{
    struct assay_cont_view view;
    cr_assert_eq(assay_cont_view_read(GROUP, head, &view), ASSAY_OK);
    cr_assert_eq(view.phase, group->phase);
    cr_assert_eq(view.roster.view, group->now.roster.view);
    cr_assert_eq(view.roster.count, group->now.roster.count);
    cr_assert_eq(view.rows.count, group->instance_count);
    for (uint32_t i = 0; i < view.roster.count; i++) {
        const uint32_t slot = group->now.slot[i];
        const struct assay_cont_member *m = &group->member[slot % ASSAY_CONT_SLOTS_MAX];
        const bool is_listed = slot < ASSAY_CONT_SLOTS_MAX && m->listed &&
                               assay_bytes_equal(m->key, group->now.roster.key[i], sizeof m->key);
        cr_assert_arr_eq(view.roster.key[i], group->now.roster.key[i], ASSAY_P256_PUBLIC_LEN);
        cr_assert_eq(view.contact[i].address_len, is_listed ? m->contact.address_len : 0);
        if (is_listed) cr_assert_arr_eq(view.contact[i].curve, m->contact.curve, 32);
    }
}

static void read_again(struct pair *p)
{
    const struct documents all = all_of(p->live, p->bytes[0]);
    expect_view(p->live, all.of[0]);
    struct assay_cont_group *again = fresh(p->live->size, p->live->instances_max);
    cr_assert_eq(read_all(&all, p->live->instance_count % DOCUMENTS, again), ASSAY_OK);
    again->era = p->live->era; /* the ledger's, as standings */
    assay_cont_group_set_standing(again, p->epoch, p->standing, p->score, NULL, MEMBERS);
    drop(p->read);
    p->read = again;
    cr_assert(is_same(p->live, again), "nothing else is kept");
}

static void expect_same(struct pair *p, const char *what)
{
    const struct documents one = all_of(p->live, p->bytes[0]);
    const struct documents other = all_of(p->read, p->bytes[1]);
    for (uint32_t i = 0; i < DOCUMENTS; i++)
        cr_assert(assay_slice_equal(one.of[i], other.of[i]), "%s: %u", what, i);
    cr_assert_eq(p->facts[0].count, p->facts[1].count, "%s", what);
    cr_assert(assay_bytes_equal(&p->facts[0], &p->facts[1], sizeof p->facts[0]), "%s", what);
    assay_cont_group_check(p->live);
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
        assay_cont_group_apply_replica(p->live, slot, &record, &p->facts[0]);
    cr_assert_eq(assay_cont_group_apply_replica(p->read, slot, &record, &p->facts[1]), result);
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
        assay_cont_group_apply_session(p->live, slot, &record, &p->facts[0]);
    cr_assert_eq(assay_cont_group_apply_session(p->read, slot, &record, &p->facts[1]), result);
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
        assay_cont_group_apply_table(p->live, &record, &p->facts[0]);
    cr_assert_eq(assay_cont_group_apply_table(p->read, &record, &p->facts[1]), result);
}

static void keeps(struct pair *p, uint64_t *seed)
{
    struct assay_cont_keep_record record = { .group = GROUP, .roster = p->live->now.roster };
    if (p->live->instance_count == 0) return;
    const struct assay_cont_instance_row *row =
        &p->live->instance[p->live->by_name[random_below(seed, p->live->instance_count)]];
    record.receipt.count = record.roster.count;
    for (uint32_t i = 0; i < record.receipt.count; i++)
        record.receipt.seat[i] = (uint8_t)i;
    record.receipt.entry.index = 1 + random_below(seed, 9);
    assay_bytes_copy(record.receipt.entry.instance, 32, row->instance, 32);
    const enum assay_cont_result result =
        assay_cont_group_apply_keep(p->live, &record, &p->facts[0]);
    cr_assert_eq(assay_cont_group_apply_keep(p->read, &record, &p->facts[1]), result);
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
        .reachable = { (uint8_t)random_below(seed, 256), (uint8_t)random_below(seed, 256) },
    };
    const uint64_t reporter = random_below(seed, now->count);
    assay_bytes_copy(silent.key, 64, now->key[reporter], 64);
    enum assay_cont_result result = assay_cont_group_apply_silent(p->live, &silent, &p->facts[0]);
    cr_assert_eq(assay_cont_group_apply_silent(p->read, &silent, &p->facts[1]), result);
    const uint32_t slot = (uint32_t)random_below(seed, MEMBERS);
    struct assay_cont_alive_record alive = { .group = GROUP, .epoch = p->epoch + 1 };
    assay_bytes_copy(alive.key, 64, p->live->member[slot].key, 64);
    result = assay_cont_group_apply_alive(p->live, slot, &alive, &p->facts[0]);
    cr_assert_eq(assay_cont_group_apply_alive(p->read, slot, &alive, &p->facts[1]), result);
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
    assay_cont_group_close_epoch(p->live, p->epoch, p->standing, p->score, NULL, MEMBERS,
                                 &p->facts[0]);
    assay_cont_group_close_epoch(p->read, p->epoch, p->standing, p->score, NULL, MEMBERS,
                                 &p->facts[1]);
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
    p->live = fresh(size, ENCLAVES - 1);
    return p;
}

static void pair_free(struct pair *p)
{
    drop(p->live);
    drop(p->read);
    free(p);
}

Test(document, a_group_that_was_read_goes_on_as_the_one_that_wrote_it, .timeout = 600)
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

static void begin_anew(struct pair *p)
{
    drop(p->live);
    drop(p->read);
    p->live = fresh(3, ENCLAVES - 1);
    p->read = fresh(3, ENCLAVES - 1);
    p->epoch = 0;
}

/* A group in the midst of a change, with sessions, and a place that was somebody's. */
static struct documents changing(struct pair *p)
{
    for (uint64_t round = 1;; round++) {
        uint64_t seed = round;
        begin_anew(p);
        for (uint32_t step = 0; step < 600; step++) { /* births end after 64 closes */
            go_on(p, &seed);
            if (p->live->phase == ASSAY_CONT_CHANGING && p->live->instance_count > 1 &&
                p->live->instance_end > p->live->instance_count)
                return all_of(p->live, p->bytes[0]);
        }
    }
}

Test(document, no_other_bytes_are_a_group, .timeout = 600)
{
    struct pair *p = pair_of(3);
    const struct documents good = changing(p);
    struct assay_cont_group *group = fresh(3, ENCLAVES - 1);
    for (uint32_t i = 0; i < DOCUMENTS; i++) {
        uint32_t refused = 0;
        for (size_t len = 0; len < good.of[i].len; len++) {
            uint8_t *exact = malloc(len + 1);
            assay_bytes_copy(exact, len, good.of[i].bytes, len);
            cr_assert_neq(assay_cont_group_decode(group, i, assay_slice_over(exact, len)),
                          ASSAY_OK);
            free(exact);
        }
        for (size_t bit = 0; bit < 8 * good.of[i].len; bit++) {
            p->bytes[0][i][bit / 8] ^= (uint8_t)(1u << bit % 8);
            const enum assay_status status = read_all(&good, i, group);
            /* A key, a name or a number may be another; what is taken is written as it was read. */
            if (status == ASSAY_OK) {
                const struct documents again = all_of(group, p->bytes[1]);
                for (uint32_t k = 0; k < DOCUMENTS; k++)
                    cr_assert(assay_slice_equal(again.of[k], good.of[k]), "bit %zu", bit);
            }
            refused += status != ASSAY_OK;
            p->bytes[0][i][bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        cr_expect_gt(refused, 100);
        p->bytes[0][i][good.of[i].len] = 0;
        cr_expect_eq(assay_cont_group_decode(
                         group, i, assay_slice_over(good.of[i].bytes, good.of[i].len + 1)),
                     ASSAY_E_TRAILING);
        cr_expect_neq(assay_cont_group_decode(group, i, good.of[1 - i]), ASSAY_OK);
        const struct assay_cont_home other = { .group = GROUP + 1 };
        group->home = other;
        cr_expect_eq(assay_cont_group_decode(group, i, good.of[i]), ASSAY_E_CHAIN);
        group->home = home;
    }
    drop(group);
    pair_free(p);
}

/* What encode writes and no fold makes. */
static enum assay_status read_changed(struct pair *p)
{
    const struct documents all = all_of(p->live, p->bytes[0]);
    return read_all(&all, 0, p->read);
}

Test(document, a_key_and_a_curve_key_are_one_process)
{
    struct pair *p = pair_of(3);
    (void)changing(p);
    struct assay_cont_group *g = p->live;
    struct assay_cont_group *good = fresh(3, ENCLAVES - 1);
    assay_cont_group_copy(good, g);
    struct assay_cont_instance_row *const first = &g->instance[g->by_name[0]];
    cr_assert_eq(read_changed(p), ASSAY_OK);
    uint32_t stranger = 0; /* to whom nothing of it belongs */
    while (g->member[stranger].listed || stranger == g->now.slot[0])
        stranger++;
    g->member[stranger] = (struct assay_cont_member){ .listed = true, .contact = first->contact };
    cr_expect_eq(read_changed(p), ASSAY_E_INVALID, "a member and an instance");
    g->member[stranger].contact.curve[31] ^= 1;
    cr_expect_eq(read_changed(p), ASSAY_OK);
    for (uint32_t i = 0; i < MEMBERS; i++) /* or somebody has it already */
        if (i != stranger) g->member[i].listed = false;
    assay_bytes_copy(g->member[stranger].key, 64, g->now.roster.key[0], 64);
    cr_expect_eq(read_changed(p), ASSAY_E_INVALID, "who lists it and who sits");
    assay_cont_group_copy(g, good);
    g->next.slot[1] = stranger;
    assay_bytes_copy(g->next.roster.key[1], 64, g->now.roster.key[0], 64);
    g->next.roster.key[0][60] ^= 1;
    cr_expect_eq(read_changed(p), ASSAY_E_INVALID, "who sat and who shall sit");
    assay_cont_group_copy(g, good);
    struct assay_cont_instance_row *const second = &g->instance[g->by_name[1]];
    const struct assay_cont_instance_row kept = *second;
    second->contact = first->contact;
    cr_expect_eq(read_changed(p), ASSAY_E_INVALID, "two instances with one CURVE key");
    *second = kept;
    assay_bytes_copy(second->instance, 32, first->instance, 32);
    cr_expect_eq(read_changed(p), ASSAY_E_INVALID, "one instance twice");
    /* In either order: the root in the head is that of one of them. */
    const uint16_t before = g->by_name[0];
    g->by_name[0] = g->by_name[1];
    g->by_name[1] = before;
    cr_expect_eq(read_changed(p), ASSAY_E_INVALID, "one instance twice");
    g->by_name[1] = g->by_name[0];
    g->by_name[0] = before;
    *second = kept;
    cr_expect_eq(read_changed(p), ASSAY_OK);
    drop(good);
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

static struct assay_cont_session_record full_session(uint32_t i, uint64_t last)
{
    return (struct assay_cont_session_record){
        .group = GROUP,
        .birth = { .era = ASSAY_CONT_ERA_MAX, .epoch = INT64_MAX },
        .instance_key = { (uint8_t)i, (uint8_t)(i >> 8) },
        .contact = large(i, (uint8_t)(2 + (last > 0))),
        .lease = UINT32_MAX,
        .expected = assay_cont_number_next(ASSAY_CONT_ERA_MAX, last),
    };
}

static void full_keep(struct pair *p, const uint8_t *instance)
{
    struct assay_cont_keep_record keep = { .group = GROUP, .roster = p->live->now.roster };
    keep.receipt.count = 4;
    for (uint8_t i = 0; i < 4; i++)
        keep.receipt.seat[i] = i;
    keep.receipt.entry.index = UINT64_MAX;
    assay_bytes_copy(keep.receipt.entry.instance, 32, instance, 32);
    cr_assert_eq(assay_cont_group_apply_keep(p->live, &keep, &p->facts[0]), ASSAY_CONT_APPLIED);
}

/* With as many instances as there may be, everything as long as it may be. The ninth member bears
 * them, and another has its slot before its quota is full: rows stay, and are nobody's charge. */
static void fill(struct pair *p)
{
    p->live = fresh(7, ASSAY_CONT_INSTANCES_MAX);
    p->read = fresh(7, ASSAY_CONT_INSTANCES_MAX);
    for (uint32_t i = 0; i < MEMBERS; i++)
        p->standing[i] = ASSAY_CONT_STAND_FULL;
    p->live->era = ASSAY_CONT_ERA_MAX;
    p->epoch = INT64_MAX;
    assay_cont_group_close_epoch(p->live, p->epoch, p->standing, p->score, NULL, MEMBERS,
                                 &p->facts[0]);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        const struct assay_cont_replica_record record = { .group = GROUP,
                                                          .key = { (uint8_t)(i + 1) },
                                                          .contact = large(i, 1) };
        cr_assert_eq(assay_cont_group_apply_replica(p->live, i, &record, &p->facts[0]),
                     ASSAY_CONT_APPLIED);
    }
    for (uint32_t i = 0; i < ASSAY_CONT_INSTANCES_MAX; i++) {
        const struct assay_cont_session_record record = full_session(i, 0);
        cr_assert_eq(assay_cont_group_apply_session(p->live, MEMBERS - 1, &record, &p->facts[0]),
                     ASSAY_CONT_APPLIED, "%u", i);
        full_keep(p, p->facts[0].fact[0].instance);
        if (i % 500 != 499) continue;
        assay_cont_group_clear_slot(p->live, MEMBERS - 1);
        assay_cont_group_set_standing(p->live, p->epoch, p->standing, p->score, NULL, MEMBERS);
    }
    const struct assay_cont_session_record more = full_session(ASSAY_CONT_INSTANCES_MAX, 0);
    cr_expect_eq(assay_cont_group_apply_session(p->live, 0, &more, &p->facts[0]),
                 ASSAY_CONT_NO_ROOM);
}

enum { ALL = ASSAY_CONT_DOCUMENTS_MAX };

struct full {
    uint8_t bytes[ALL][ASSAY_CONT_DOCUMENT_LEN_MAX];
    size_t len[ALL];
};

static void write_all(const struct assay_cont_group *group, struct full *full)
{
    for (uint32_t i = 0; i < ALL; i++) {
        struct assay_writer w = assay_writer_over(full->bytes[i], ASSAY_CONT_DOCUMENT_LEN_MAX);
        cr_assert_eq(assay_cont_group_encode(group, i, &w), ASSAY_OK, "document %u has room", i);
        full->len[i] = w.len;
    }
}

Test(document, ten_thousand_instances_have_room_and_are_read_in_any_order, .timeout = 600)
{
    struct pair *p = pair_of(7);
    drop(p->live);
    fill(p);
    struct full *full = calloc(1, sizeof *full), *again = calloc(1, sizeof *again);
    cr_assert(full != NULL && again != NULL);
    cr_assert_eq(assay_cont_documents(ASSAY_CONT_INSTANCES_MAX), ALL);
    assay_cont_group_check(p->live);
    write_all(p->live, full);
    for (uint32_t first = 0; first < ALL; first += 3) {
        for (uint32_t i = 0; i < ALL; i++) { /* 3 has no factor in common with 11 */
            const uint32_t at = (first + 3 * i) % ALL;
            cr_assert_eq(assay_cont_group_decode(p->read, at,
                                                 assay_slice_over(full->bytes[at], full->len[at])),
                         ASSAY_OK);
        }
        cr_assert_eq(assay_cont_group_join(p->read), ASSAY_OK);
    }
    p->read->era = p->live->era;
    assay_cont_group_set_standing(p->read, p->epoch, p->standing, p->score, NULL, MEMBERS);
    cr_expect_eq(p->read->instance_count, ASSAY_CONT_INSTANCES_MAX);
    cr_assert(is_same(p->live, p->read));
    write_all(p->read, again);
    for (uint32_t i = 0; i < ALL; i++)
        cr_expect(full->len[i] == again->len[i] &&
                  assay_bytes_equal(full->bytes[i], again->bytes[i], full->len[i]));
    free(full);
    free(again);
    pair_free(p);
}

/* Which documents differ, as bits. */
static uint32_t changed(const struct full *one, const struct full *other)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < ALL; i++)
        if (one->len[i] != other->len[i] ||
            !assay_bytes_equal(one->bytes[i], other->bytes[i], one->len[i]))
            bits |= UINT32_C(1) << i;
    return bits;
}

/* Whoever follows by digests fetches what changed: of ten thousand one page, and the head, which
 * has the root over all of them. */
Test(document, an_instance_that_changes_changes_one_page, .timeout = 600)
{
    const uint32_t head = 1;
    struct pair *p = pair_of(7);
    drop(p->live);
    fill(p);
    struct full *before = calloc(1, sizeof *before), *after = calloc(1, sizeof *after);
    cr_assert(before != NULL && after != NULL);
    const struct assay_cont_session_record born = full_session(2000, 0);
    uint8_t instance[32];
    assay_cont_instance(&home, &born.birth, born.instance_key, instance);
    const uint32_t place = (uint32_t)(assay_cont_group_row(p->live, instance) - p->live->instance);
    const uint32_t page = UINT32_C(1) << (1 + place / ASSAY_CONT_DOCUMENT_ROWS);
    write_all(p->live, before);
    const struct assay_cont_session_record next =
        full_session(2000, p->live->instance[place].session);
    cr_assert_eq(assay_cont_group_apply_session(p->live, 0, &next, &p->facts[0]),
                 ASSAY_CONT_APPLIED);
    write_all(p->live, after);
    cr_expect_eq(changed(before, after), head | page, "a session");
    /* It ends, and leaves the table: who is behind it stays where it was. */
    const struct assay_cont_retire_record retire = { .group = GROUP,
                                                     .birth = born.birth,
                                                     .instance_key = { 2000 & 255, 2000 >> 8 },
                                                     .session = p->live->instance[place].session };
    cr_assert_eq(assay_cont_group_apply_retire(p->live, &retire, &p->facts[0]), ASSAY_CONT_APPLIED);
    p->live->instance[place].birth.epoch = 0; /* long ago, as nothing else of it */
    write_all(p->live, before);
    assay_cont_group_close_epoch(p->live, p->epoch, p->standing, p->score, NULL, MEMBERS,
                                 &p->facts[0]);
    cr_assert_null(assay_cont_group_row(p->live, instance));
    write_all(p->live, after);
    cr_expect_eq(changed(before, after), head | page, "an end");
    /* And a birth takes its place. */
    const struct assay_cont_session_record other = full_session(20000, 0);
    write_all(p->live, before);
    cr_assert_eq(assay_cont_group_apply_session(p->live, 0, &other, &p->facts[0]),
                 ASSAY_CONT_APPLIED);
    write_all(p->live, after);
    cr_expect_eq(changed(before, after), head | page, "a birth");
    assay_cont_group_check(p->live);
    free(before);
    free(after);
    pair_free(p);
}

/* The rows are those of the head, whichever of them were read first. */
Test(document, rows_of_another_head_are_no_group)
{
    struct pair *p = pair_of(3);
    uint8_t(*kept)[BYTES_MAX] = malloc(DOCUMENTS * sizeof *kept);
    cr_assert_not_null(kept);
    const struct documents all = changing(p);
    for (uint32_t i = 0; i < DOCUMENTS; i++)
        assay_bytes_copy(kept[i], BYTES_MAX, all.of[i].bytes, all.of[i].len);
    struct assay_cont_instance_row *const row = &p->live->instance[p->live->by_name[0]];
    row->epoch++; /* nothing else follows from it */
    const struct documents other = all_of(p->live, p->bytes[0]);
    struct documents mixed = other;
    for (uint32_t first = 0; first < DOCUMENTS; first++) {
        cr_expect_eq(read_all(&other, first, p->read), ASSAY_OK);
        for (uint32_t old = 0; old < DOCUMENTS; old++) {
            mixed = other;
            mixed.of[old] = assay_slice_over(kept[old], all.of[old].len);
            cr_expect_eq(read_all(&mixed, first, p->read), ASSAY_E_INVALID, "%u", old);
        }
    }
    free(kept);
    pair_free(p);
}

/* A document of places says which, and has them in their order. */
Test(document, rows_are_read_in_their_own_document)
{
    struct pair *p = pair_of(3);
    struct assay_cont_group *group = fresh(3, 3 * ASSAY_CONT_DOCUMENT_ROWS);
    const struct assay_slice empty = encoded(group, 2, p->bytes[0][0]);
    cr_expect_eq(assay_cont_group_decode(group, 2, empty), ASSAY_OK);
    cr_expect_eq(assay_cont_group_decode(group, 1, empty), ASSAY_E_RANGE);
    cr_expect_eq(assay_cont_group_decode(group, 3, empty), ASSAY_E_RANGE);
    drop(group);
    const struct documents all = changing(p);
    /* Where rows begin: an array of 15, a place of one byte, and a name of 32. */
    uint8_t *const bytes = p->bytes[0][1];
    uint32_t at[2] = { 0 }, found = 0;
    for (size_t i = 0; i + 36 < all.of[1].len && found < 2; i++)
        if (bytes[i] == 0x8f && bytes[i + 2] == 0x58 && bytes[i + 3] == 32)
            at[found++] = (uint32_t)i + 1;
    cr_assert_eq(found, 2);
    const uint8_t first = bytes[at[0]], second = bytes[at[1]];
    cr_assert_lt(first, second);
    bytes[at[0]] = second;
    cr_expect_eq(assay_cont_group_decode(p->read, 1, all.of[1]), ASSAY_E_ENCODING, "twice");
    bytes[at[1]] = first;
    cr_expect_eq(assay_cont_group_decode(p->read, 1, all.of[1]), ASSAY_E_ENCODING, "backwards");
    bytes[at[0]] = first;
    bytes[at[1]] = second;
    cr_expect_eq(assay_cont_group_decode(p->read, 1, all.of[1]), ASSAY_OK);
    pair_free(p);
}

/* --- seeds of fuzz_document */

/* The length of the head, and both documents. */
static struct assay_slice seed_bytes(const struct documents *all, uint8_t *bytes)
{
    struct assay_slice out;
    struct assay_writer w = assay_writer_over(bytes, 2 * BYTES_MAX);
    assay_writer_u16be(&w, (uint16_t)all->of[0].len);
    for (uint32_t i = 0; i < DOCUMENTS; i++)
        assay_writer_put(&w, all->of[i].bytes, all->of[i].len);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    return out;
}

static enum assay_status read_seed(struct assay_slice seed, struct assay_cont_group *group)
{
    struct assay_cursor in = assay_cursor_over(seed.bytes, seed.len);
    struct documents all;
    uint16_t len = 0;
    ASSAY_TRY(assay_cursor_u16be(&in, &len));
    ASSAY_TRY(assay_cursor_slice(&in, len, &all.of[0]));
    ASSAY_TRY(assay_cursor_slice(&in, assay_cursor_left(&in), &all.of[1]));
    return read_all(&all, 0, group);
}

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
    for (uint32_t i = 0; i < g->instance_end; i++)
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
    struct assay_cont_group *read = fresh(3, ENCLAVES - 1);
    uint8_t *bytes = malloc(2 * (size_t)BYTES_MAX);
    cr_assert_not_null(bytes);
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        struct pair *p = pair_of(3);
        begin_anew(p);
        for (uint64_t round = 1, step = 0; !seeds[i].is(p->live); step++) {
            uint64_t seed = round * 1000 + step;
            if (step % 60 == 0) {
                begin_anew(p);
                round++;
            }
            cr_assert_lt(round, 100000, "%s", seeds[i].name);
            go_on(p, &seed);
        }
        const struct documents all = all_of(p->live, p->bytes[0]);
        const struct assay_slice seed =
            seed_of("services_document", seeds[i].name, seed_bytes(&all, bytes));
        cr_expect_eq(read_seed(seed, read), ASSAY_OK, "%s", seeds[i].name);
        cr_expect(seeds[i].is(read), "%s", seeds[i].name);
        pair_free(p);
    }
    free(bytes);
    drop(read);
}
