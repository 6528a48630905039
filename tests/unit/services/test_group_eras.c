/*
 * Views that started and that a RECOVER has undone (docs/services.md 1.9.5): what the ledger makes
 * of their TABLE records in the next era.
 */
#include "tests/unit/services/group_bench.h"

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
    cr_assert_eq(assay_cont_group_table(&b->group, &u.first, &b->facts), ASSAY_CONT_APPLIED);
    b->standing[2] = ASSAY_CONT_STAND_NONE;
    close_epoch(b);
    u.second = table(b, 2);
    u.second.entries = 2;
    u.second.root[0] = 2;
    cr_assert_eq(assay_cont_group_table(&b->group, &u.second, &b->facts), ASSAY_CONT_APPLIED);
    b->group = past->group;
    b->group.era = 1;
    b->standing[2] = ASSAY_CONT_STAND_FULL;
    free(past);
    return u;
}

static enum assay_cont_result submits_table(struct undone *u,
                                            const struct assay_cont_table_record *record)
{
    return assay_cont_group_table(&u->b->group, record, &u->b->facts);
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
    cr_expect_null(closes_until(u.b), "the group is as it was");
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
    cr_expect_eq(submits_table(&u, &u.first), ASSAY_CONT_DEAD, "too late");
    free(b);
}
