/*
 * tests/unit/services/continuity/test_group_eras.c - tests of views across a RECOVER.
 *
 * Views that started and that a RECOVER has undone (docs/services.md 1.9.5): what the ledger makes
 * of their TABLE records in the next era, and of replicas that a member listed in what was undone.
 */
#include "services/continuity/document.h"
#include "tests/unit/services/continuity/group_bench.h"

struct undone {
    struct bench *b;
    struct assay_cont_table_record first, second; /* views 1 and 2: both had started */
};

/* Views 1 and 2 started, and a RECOVER has undone both: the ledger shows the view that was born. */
static struct undone undone(void)
{
    struct undone u = { .b = serving() };
    struct bench *b = u.b;
    cr_assert_eq(list(b, 3, 13), ASSAY_CONT_APPLIED);
    cr_assert_eq(list(b, 4, 14), ASSAY_CONT_APPLIED);
    struct bench *past = calloc(1, sizeof *past);
    cr_assert_not_null(past);
    *past = *b;
    cr_assert_eq(list(b, 1, 21), ASSAY_CONT_APPLIED);
    u.first = table(b, 1);
    u.first.entries = 1;
    u.first.root[0] = 1;
    cr_assert_eq(assay_cont_group_apply_table(&b->group, &u.first, &b->facts), ASSAY_CONT_APPLIED);
    b->standing[2] = ASSAY_CONT_STAND_NONE;
    close_epoch(b);
    u.second = table(b, 2);
    u.second.entries = 2;
    u.second.root[0] = 2;
    cr_assert_eq(assay_cont_group_apply_table(&b->group, &u.second, &b->facts), ASSAY_CONT_APPLIED);
    b->group = past->group;
    b->group.era = 1;
    b->standing[2] = ASSAY_CONT_STAND_FULL;
    free(past);
    return u;
}

static enum assay_cont_result submits_table(struct undone *u,
                                            const struct assay_cont_table_record *record)
{
    return assay_cont_group_apply_table(&u->b->group, record, &u->b->facts);
}

/* Closes until something happens. Returns: the fact; NULL after eight closes. */
static const struct assay_cont_fact *closes_until(struct bench *b)
{
    for (uint32_t i = 0; i < 8; i++) {
        close_epoch(b);
        if (b->facts.count > 0) return &b->facts.fact[0];
    }
    return NULL;
}

Test(group_eras, views_that_a_recover_undid_serve_again)
{
    struct undone u = undone();
    cr_expect_eq(submits_table(&u, &u.second), ASSAY_CONT_DEAD, "nobody showed its base");
    cr_expect_eq(submits_table(&u, &u.first), ASSAY_CONT_ATTACHED);
    cr_expect_eq(submits_table(&u, &u.first), ASSAY_CONT_SAME);
    cr_expect_eq(submits_table(&u, &u.second), ASSAY_CONT_ATTACHED);
    cr_expect_eq(submits_table(&u, &u.first), ASSAY_CONT_DEAD, "an older one");
    cr_expect_eq(u.b->facts.count, 0, "not at once: a later one may be shown");
    const struct assay_cont_fact *fact = closes_until(u.b);
    cr_assert_not_null(fact);
    cr_assert_eq(fact->kind, ASSAY_CONT_STARTED);
    cr_expect_eq(fact->roster.view, 2);
    cr_expect_eq(fact->entries, 2);
    cr_expect_eq(fact->root[0], 2);
    cr_expect(assay_bytes_equal(&fact->roster, &u.second.roster, sizeof fact->roster));
    /* Its seat 1 is of a replica that no member lists in this branch. */
    cr_assert_eq(u.b->facts.count, 2);
    cr_expect_eq(u.b->facts.fact[1].kind, ASSAY_CONT_DECIDED);
    cr_expect_eq(u.b->facts.fact[1].base_roster.view, 2);
    assay_cont_group_check(&u.b->group);
    free(u.b);
}

Test(group_eras, an_undone_view_is_proven_by_quorums_of_both_rosters)
{
    struct undone u = undone();
    struct assay_cont_table_record record = u.first;
    record.last_count = 1;
    cr_expect_eq(submits_table(&u, &record), ASSAY_CONT_FEW);
    record = u.first;
    record.last[1] = record.last[0];
    cr_expect_eq(submits_table(&u, &record), ASSAY_CONT_FEW, "one that stopped twice");
    record = u.first;
    record.count = 1;
    cr_expect_eq(submits_table(&u, &record), ASSAY_CONT_FEW);
    record = u.first;
    assay_bytes_copy(record.roster.key[2], 64, record.roster.key[0], 64);
    cr_expect_eq(submits_table(&u, &record), ASSAY_CONT_NOT_HERE, "one memory in two seats");
    record = u.first;
    record.roster.view = u.b->group.now.roster.view;
    cr_expect_eq(submits_table(&u, &record), ASSAY_CONT_DEAD, "no later view");
    const struct assay_cont_fact *fact = closes_until(u.b);
    cr_assert_not_null(fact);
    cr_expect_eq(fact->kind, ASSAY_CONT_DECIDED);
    cr_expect_eq(fact->base_roster.view, 0, "the group is as it was");
    free(u.b);
}

/* Nothing is decided on a view that may be older than the one that serves, until there was time to
 * show that one; then the group goes on, also where nobody shows any. */
Test(group_eras, a_new_era_waits_for_views_that_were_undone)
{
    struct undone u = undone();
    struct bench *b = u.b;
    cr_assert_eq(list(b, 1, 31), ASSAY_CONT_APPLIED);
    cr_expect_eq(b->facts.count, 0);
    uint32_t closes = 0;
    while (b->facts.count == 0 && closes < 8) {
        close_epoch(b);
        closes++;
    }
    cr_expect_eq(closes, ASSAY_CONT_ATTACH_CLOSES);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_CONT_DECIDED);
    /* A proof that comes late is better than a view that nobody of its base serves. */
    cr_expect_eq(submits_table(&u, &u.first), ASSAY_CONT_ATTACHED);
    close_epoch(b);
    cr_assert_eq(b->facts.count, 2);
    cr_expect_eq(b->facts.fact[0].kind, ASSAY_CONT_STARTED);
    cr_expect_eq(b->facts.fact[0].roster.view, 1);
    cr_expect_eq(b->facts.fact[1].kind, ASSAY_CONT_DECIDED);
    cr_expect_eq(b->facts.fact[1].base_roster.view, 1);
    const struct assay_cont_table_record next = table(b, b->group.view_last);
    cr_assert_eq(assay_cont_group_apply_table(&b->group, &next, &b->facts), ASSAY_CONT_APPLIED);
    cr_expect_eq(submits_table(&u, &u.second), ASSAY_CONT_DEAD, "too late");
    free(b);
}

/* --- what a RECOVER undoes is not undone in the memories of replicas */

/* Members of the base may have stopped for a view whose decision was undone. Nothing is lost of it,
 * as far as the ledger shows, and nobody serves. */
Test(group_eras, a_decision_that_a_recover_undid_leaves_no_view_that_nobody_serves)
{
    struct bench *b = serving();
    b->group.era = 1;
    const struct assay_cont_fact *fact = closes_until(b);
    cr_assert_not_null(fact, "decided once more");
    cr_assert_eq(fact->kind, ASSAY_CONT_DECIDED);
    cr_expect_eq(fact->base_roster.view, 0);
    cr_expect_eq(assay_cont_number_era(fact->roster.view), 1);
    cr_expect(assay_bytes_equal(fact->roster.key, fact->base_roster.key, sizeof fact->roster.key));
    const struct assay_cont_table_record record = table(b, b->group.view_last);
    cr_assert_eq(assay_cont_group_apply_table(&b->group, &record, &b->facts), ASSAY_CONT_APPLIED);
    cr_expect_null(closes_until(b), "once in an era");
    free(b);
}

static void expect_same_document(const struct bench *b)
{
    static uint8_t bytes[2][16384];
    static struct assay_cont_instance_row rows[ROWS];
    struct assay_cont_group *read = calloc(1, sizeof *read);
    struct assay_cont_group *group = calloc(1, sizeof *group);
    cr_assert(read != NULL && group != NULL);
    *group = b->group;
    for (uint32_t i = 0; i < MEMBERS; i++) {
        group->member[i].contact.address[0] = 'a';
        group->member[i].contact.address_len = 1;
    }
    assay_cont_group_init(read, &group->home, group->size, group->instances_max, rows);
    size_t len[2] = { 0 };
    for (uint32_t i = 0; i < assay_cont_documents(group->instances_max); i++) {
        struct assay_writer w = assay_writer_over(bytes[0], sizeof bytes[0]);
        cr_assert_eq(assay_cont_group_encode(group, i, &w), ASSAY_OK);
        cr_assert_eq(assay_cont_group_decode(read, i, assay_slice_over(bytes[0], w.len)), ASSAY_OK);
        len[i] = w.len;
    }
    cr_assert_eq(assay_cont_group_join(read), ASSAY_OK);
    for (uint32_t i = 0; i < assay_cont_documents(group->instances_max); i++) {
        struct assay_writer w[2] = { assay_writer_over(bytes[0], sizeof bytes[0]),
                                     assay_writer_over(bytes[1], sizeof bytes[1]) };
        cr_assert_eq(assay_cont_group_encode(group, i, &w[0]), ASSAY_OK);
        cr_assert_eq(assay_cont_group_encode(read, i, &w[1]), ASSAY_OK);
        cr_assert_eq(w[0].len, len[i]);
        cr_assert_eq(w[1].len, len[i]);
        cr_assert(assay_bytes_equal(bytes[0], bytes[1], len[i]));
    }
    free(group);
    free(read);
}

static uint32_t seats_of_slot(const struct bench *b, uint32_t slot)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < 3; i++)
        count += b->group.now.slot[i] == slot;
    return count;
}

/* The listing of key 21 is undone, its view is not: its member lists it in time. */
Test(group_eras, who_lists_again_what_was_undone_keeps_its_seat)
{
    struct undone u = undone();
    struct bench *b = u.b;
    cr_assert_eq(submits_table(&u, &u.first), ASSAY_CONT_ATTACHED);
    cr_assert_eq(list(b, 1, 21), ASSAY_CONT_APPLIED);
    cr_expect_eq(b->group.member[1].relists, 0, "no restart: it is listed as it was");
    cr_assert_not_null(closes_until(b));
    cr_expect_eq(b->group.now.roster.view, 1);
    cr_expect_eq(b->group.now.slot[1], 1);
    cr_expect_eq(assay_cont_group_seat(&b->group, 1), ASSAY_CONT_SEAT_SERVES);
    cr_assert_eq(b->facts.count, 2, "the view started, and is decided anew");
    cr_expect_eq(b->facts.fact[1].roster.key[1][0], 21);
    free(b);
}

/* And too late: its seat is nobody's until then, and nobody else's. */
Test(group_eras, a_seat_that_nobody_lists_is_counted_once_and_taken_back)
{
    struct undone u = undone();
    struct bench *b = u.b;
    cr_assert_eq(submits_table(&u, &u.first), ASSAY_CONT_ATTACHED);
    b->standing[3] = b->standing[4] = ASSAY_CONT_STAND_NONE; /* no candidate */
    b->standing[1] = ASSAY_CONT_STAND_WARNING;
    cr_assert_not_null(closes_until(b));
    cr_expect_eq(b->group.now.slot[1], ASSAY_CONT_NO_SLOT);
    cr_expect_eq(assay_cont_group_seat(&b->group, 1), ASSAY_CONT_SEAT_LOST);
    expect_same_document(b);
    cr_expect_eq(list(b, 0, 21), ASSAY_CONT_KEY_TAKEN, "who has a seat gets no second one");
    cr_expect_eq(seats_of_slot(b, 0), 1);
    cr_assert_eq(list(b, 1, 21), ASSAY_CONT_APPLIED);
    cr_expect_eq(b->group.now.slot[1], 1);
    cr_expect_eq(assay_cont_group_seat(&b->group, 1), ASSAY_CONT_SEAT_SERVES);
    cr_expect_eq(b->group.member[1].relists, 0);
    cr_expect_eq(list(b, 3, 21), ASSAY_CONT_KEY_TAKEN);
    expect_same_document(b);
    free(b);
}

/* Memories that may be there are waited for as long as those that are missing. */
Test(group_eras, a_quorum_that_nobody_lists_is_not_gone_at_once)
{
    for (uint32_t comes = 0; comes < 2; comes++) {
        struct undone u = undone();
        struct bench *b = u.b;
        cr_assert_eq(submits_table(&u, &u.first), ASSAY_CONT_ATTACHED);
        assay_cont_group_clear_slot(&b->group, 0);
        assay_cont_group_clear_slot(&b->group, 1);
        for (uint32_t i = 0; i < 8; i++)
            close_epoch(b);
        cr_assert_eq(b->group.phase, ASSAY_CONT_SERVING);
        cr_expect(assay_cont_group_alarms(&b->group) & ASSAY_CONT_ALARM_FEW);
        if (comes) cr_assert_eq(list(b, 0, 10), ASSAY_CONT_APPLIED);
        if (comes) cr_expect_eq(b->facts.fact[0].kind, ASSAY_CONT_DECIDED, "it goes on");
        for (uint32_t i = 0; i < ASSAY_CONT_GONE_CLOSES; i++)
            close_epoch(b);
        cr_expect_eq(b->group.phase == ASSAY_CONT_GONE, !comes);
        free(b);
    }
}

/* docs/services.md 1.9.7: by the ledger, and by members of the base that sign for it. */
Test(group_eras, a_view_has_the_contacts_of_its_members)
{
    struct undone u = undone();
    struct bench *b = u.b;
    const struct assay_cont_table_record *both[] = { &u.first, &u.second };
    for (uint32_t i = 0; i < 2; i++)
        for (uint32_t seat = 0; seat < 3; seat++) {
            struct assay_cont_contact contact = { .curve = { both[i]->roster.key[seat][0] } };
            uint8_t digest[32];
            assay_cont_contact_digest(&contact, digest); /* group_bench.h: one number for both */
            cr_expect_arr_eq(both[i]->roster.contact[seat], digest, 32, "%u: seat %u", i, seat);
        }
    cr_assert_eq(submits_table(&u, &u.first), ASSAY_CONT_ATTACHED);
    cr_assert_not_null(closes_until(b));
    cr_expect_arr_eq(b->group.now.roster.contact, u.first.roster.contact,
                     sizeof u.first.roster.contact, "also of a view that a RECOVER undid");
    free(b);
}

/* A document has nothing of whoever lists nothing, so nothing may be remembered of it. */
Test(group_eras, a_stalled_view_marks_nobody_who_lists_nothing)
{
    struct bench *b = serving();
    cr_assert_eq(list(b, 3, 13), ASSAY_CONT_APPLIED);
    cr_assert_eq(list(b, 4, 14), ASSAY_CONT_APPLIED);
    b->standing[1] = ASSAY_CONT_STAND_NONE;
    for (uint32_t i = 0; i < ASSAY_CONT_STALL_CLOSES; i++)
        close_epoch(b);
    cr_assert_eq(b->group.next.slot[1], 3);
    assay_cont_group_clear_slot(&b->group, 3);
    close_epoch(b);
    cr_assert_eq(b->group.next.slot[1], 4, "it stalled, and who was new in it has left");
    cr_expect_not(b->group.member[3].listed);
    cr_expect_eq(b->group.member[3].until, 0);
    free(b);
}

/* An undone view is shown, then a view of the era starts, and a RECOVER ends that very epoch. */
Test(group_eras, a_view_that_starts_leaves_no_older_one_to_serve_again)
{
    struct undone u = undone();
    struct bench *b = u.b;
    cr_assert_not_null(closes_until(b));
    cr_assert_eq(b->group.phase, ASSAY_CONT_CHANGING);
    cr_assert_eq(submits_table(&u, &u.first), ASSAY_CONT_ATTACHED);
    const struct assay_cont_table_record next = table(b, b->group.view_last);
    cr_assert_eq(submits_table(&u, &next), ASSAY_CONT_APPLIED);
    b->group.era = 2;
    close_epoch(b);
    expect_same_document(b);
    free(b);
}

/* --- a member that another seat of the pending view names by its older key */

enum { SIZE = 5, LISTED = 6 };

struct five {
    struct assay_cont_group group;
    struct assay_cont_instance_row rows[ROWS];
    struct assay_cont_facts facts;
    enum assay_cont_standing standing[LISTED];
    uint16_t score[LISTED];
    uint64_t epoch;
};

static void five_closes(struct five *f, uint32_t closes)
{
    for (uint32_t i = 0; i < closes; i++)
        assay_cont_group_close_epoch(&f->group, ++f->epoch, f->standing, f->score, NULL, LISTED,
                                     &f->facts);
    assay_cont_group_check(&f->group);
}

static enum assay_cont_result five_lists(struct five *f, uint32_t slot, uint8_t key)
{
    const struct assay_cont_replica_record record = {
        .group = GROUP,
        .key = { key },
        .contact = { .curve = { key }, .address = { 'a' }, .address_len = 1 },
    };
    return assay_cont_group_apply_replica(&f->group, slot, &record, &f->facts);
}

static enum assay_status five_read(const struct five *f)
{
    static uint8_t bytes[16384];
    static struct assay_cont_instance_row rows[ROWS];
    struct assay_cont_group *read = calloc(1, sizeof *read);
    enum assay_status status = ASSAY_OK;
    cr_assert_not_null(read);
    assay_cont_group_init(read, &f->group.home, SIZE, 4, rows);
    for (uint32_t i = 0; i < assay_cont_documents(4) && status == ASSAY_OK; i++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        cr_assert_eq(assay_cont_group_encode(&f->group, i, &w), ASSAY_OK);
        status = assay_cont_group_decode(read, i, assay_slice_over(bytes, w.len));
    }
    if (status == ASSAY_OK) status = assay_cont_group_join(read);
    free(read);
    return status;
}

/* A RECOVER has undone that member 5 listed key 25 in the place of 15, that some member listed key
 * 99, and a view with both. That view serves again, and member 5 is a candidate by its key 15. */
static struct five *five_undone(void)
{
    struct five *f = calloc(1, sizeof *f);
    const struct assay_cont_home home = { .group = GROUP };
    cr_assert_not_null(f);
    assay_cont_group_init(&f->group, &home, SIZE, 4, f->rows);
    for (uint32_t i = 0; i < LISTED; i++)
        f->standing[i] = ASSAY_CONT_STAND_FULL;
    five_closes(f, 1);
    for (uint32_t i = 0; i < LISTED; i++)
        cr_assert_eq(five_lists(f, i, (uint8_t)(10 + i)), ASSAY_CONT_APPLIED);
    f->group.era = 1;
    f->standing[3] = f->standing[4] = ASSAY_CONT_STAND_NONE;
    struct assay_cont_table_record record = { .group = GROUP,
                                              .roster = f->group.now.roster,
                                              .root = { 1 },
                                              .entries = 1,
                                              .last_count = 3,
                                              .count = 3 };
    record.roster.view = 1;
    record.roster.key[3][0] = 99;
    record.roster.key[4][0] = 25;
    for (uint32_t i = 0; i < 3; i++) {
        record.last[i].key[0] = (uint8_t)(10 + i);
        record.key[i][0] = (uint8_t)(10 + i);
    }
    cr_assert_eq(assay_cont_group_apply_table(&f->group, &record, &f->facts), ASSAY_CONT_ATTACHED);
    five_closes(f, ASSAY_CONT_ATTACH_CLOSES);
    cr_assert_eq(f->group.phase, ASSAY_CONT_CHANGING);
    cr_assert_eq(f->group.next.slot[3], 5);
    cr_assert_eq(f->group.next.roster.key[3][0], 15);
    cr_assert_eq(f->group.next.slot[4], ASSAY_CONT_NO_SLOT);
    cr_assert_eq(five_read(f), ASSAY_OK);
    return f;
}

Test(group_eras, a_member_that_takes_its_seat_back_leaves_its_other_one)
{
    struct five *f = five_undone();
    cr_assert_eq(five_lists(f, 5, 25), ASSAY_CONT_APPLIED, "its replica runs with that key");
    cr_expect_eq(f->group.now.slot[4], 5);
    cr_expect_eq(f->group.next.slot[4], 5);
    cr_expect_neq(f->group.next.slot[3], 5);
    cr_expect_not(assay_cont_has_duplicate_key(&f->group.next.roster), "no key has two seats");
    cr_assert_eq(five_read(f), ASSAY_OK, "every node that starts reads it");
    five_closes(f, 1);
    cr_assert_eq(five_read(f), ASSAY_OK);
    struct assay_cont_table_record record = { .group = GROUP,
                                              .base = f->group.now.roster.view,
                                              .roster = f->group.next.roster,
                                              .root = { 2 },
                                              .entries = 1,
                                              .last_count = 3,
                                              .count = 3 };
    for (uint32_t i = 0; i < 3; i++) {
        record.last[i].key[0] = (uint8_t)(10 + i);
        record.key[i][0] = (uint8_t)(10 + i);
    }
    cr_assert_eq(assay_cont_group_apply_table(&f->group, &record, &f->facts), ASSAY_CONT_APPLIED);
    cr_expect_neq(f->group.silence[3].missing, 0, "a memory that no member lists");
    five_closes(f, 1);
    cr_assert_eq(five_read(f), ASSAY_OK);
    free(f);
}
