/*
 * tests/unit/engine/ledger/test_weightless.c - CHANGE where a forced policy felled everybody:
 * operators mend it, and by no change does anybody get the votes of all unasked (docs/protocol.md
 * 9.5.1).
 */
#include "tests/unit/engine/change_bench.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { RESTED = CHANGE_MEMBERS - 1 };

/* Everybody that serves fails in one epoch; with rested the last one was not there to be judged. */
static struct change_bench *felled(bool rested)
{
    struct change_bench *b = change_make();
    const struct assay_action rest = change_about(ASSAY_ACTION_REST, b, RESTED);
    if (rested) {
        cr_assert_eq(change_offer_one(b, 1, b->context.epoch + 2, &rest), ASSAY_OK);
        change_pass_epoch(b);
        change_pass_epoch(b);
        cr_assert_eq(b->state.members[RESTED].stage, ASSAY_STAGE_RESTING);
    }
    change_fell(b, 0, rested ? RESTED : CHANGE_MEMBERS);
    change_close_epoch(b);
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++) {
        const struct assay_member *m = &b->state.members[i];
        const bool away = rested && i == RESTED;
        cr_assert_eq(assay_trust_raw_weight(&m->trust), away ? 10000u : 0u, "slot %u", i);
        cr_assert_eq(m->weight > 0, !away, "slot %u: the table before stays (6.4)", i);
    }
    return b;
}

static enum assay_status offer(struct change_bench *b, const struct assay_action *actions,
                               uint32_t count, unsigned signers)
{
    const struct assay_change head =
        change_head_of(b, b->state.change_sequence + 1, b->context.epoch + 2);
    struct change_made *m = change_make_change(b, &head, actions, count, signers);
    const enum assay_status status = change_offer(b, m);
    free(m);
    return status;
}

/* Of each slot, its weight in thousandths of the table. */
static void shares(const struct assay_state *s, uint64_t share[static CHANGE_MEMBERS])
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        total += s->members[i].weight;
    cr_assert_gt(total, 0);
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        share[i] = 1000 * s->members[i].weight / total;
}

Test(weightless, operators_mend_the_rules_that_felled_everybody)
{
    struct change_bench *b = felled(false);
    const struct assay_action policy = change_policy_of("a policy that holds");
    uint64_t before[CHANGE_MEMBERS], after[CHANGE_MEMBERS];
    uint8_t digest[32];
    shares(&b->state, before);
    cr_expect_eq(offer(b, &policy, 1, 1), ASSAY_E_INVALID, "one signature of two");
    cr_assert_eq(offer(b, &policy, 1, 3), ASSAY_OK);
    change_pass_epoch(b);
    change_pass_epoch(b);
    assay_sha256(policy.document.bytes, policy.document.len, digest);
    cr_expect_arr_eq(b->state.rules.policy_digest, digest, 32);
    cr_expect_eq(b->state.ended.end, 0, "and is not void when its epoch comes");
    shares(&b->state, after);
    cr_expect_arr_eq(before, after, sizeof before, "nobody has more of the table by it");
    change_drop(b);
}

/* What was signed in good times is not void because of what happened meanwhile. */
Test(weightless, what_waits_comes_into_force)
{
    struct change_bench *b = change_make();
    const struct assay_action policy = change_policy_of("a policy that holds");
    uint8_t digest[32];
    cr_assert_eq(offer(b, &policy, 1, 3), ASSAY_OK);
    change_pass_epoch(b);
    change_fell(b, 0, CHANGE_MEMBERS);
    change_close_epoch(b);
    assay_sha256(policy.document.bytes, policy.document.len, digest);
    cr_expect_arr_eq(b->state.rules.policy_digest, digest, 32);
    change_drop(b);
}

Test(weightless, of_the_table_that_stays_somebody_is_left)
{
    struct change_bench *b = felled(false);
    struct assay_action rest[CHANGE_MEMBERS];
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        rest[i] = change_about(i % 2 == 0 ? ASSAY_ACTION_REST : ASSAY_ACTION_LEAVE, b, i);
    cr_expect_eq(offer(b, rest, CHANGE_MEMBERS, 3), ASSAY_E_INVALID);
    cr_assert_eq(offer(b, rest, CHANGE_MEMBERS - 1, 3), ASSAY_OK, "as operators may at any time");
    change_pass_epoch(b);
    change_pass_epoch(b);
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        cr_expect_eq(b->state.members[i].weight > 0, i == RESTED, "slot %u", i);
    change_drop(b);
}

/* One that was not judged has weight of its own when it wakes, and nobody else has. */
Test(weightless, who_wakes_has_the_votes_of_all_only_when_operators_let_all_rest)
{
    struct change_bench *b = felled(true);
    struct assay_action actions[CHANGE_MEMBERS];
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        actions[i] = change_about(i == RESTED ? ASSAY_ACTION_WAKE : ASSAY_ACTION_REST, b, i);
    cr_expect_eq(offer(b, actions + RESTED, 1, 3), ASSAY_E_INVALID, "it would vote alone");
    cr_expect_eq(offer(b, actions + 1, RESTED, 3), ASSAY_E_INVALID, "one of the others is left");
    cr_assert_eq(offer(b, actions, CHANGE_MEMBERS, 3), ASSAY_OK, "people say so");
    change_pass_epoch(b);
    change_pass_epoch(b);
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        cr_expect_eq(b->state.members[i].weight > 0, i == RESTED, "slot %u", i);
    change_drop(b);
}

/* Who fell in the very epoch at whose end all others go is not made the only voter. */
Test(weightless, who_fell_does_not_inherit_the_table)
{
    struct change_bench *b = change_make();
    struct assay_action rest[RESTED];
    for (uint32_t i = 0; i < RESTED; i++)
        rest[i] = change_about(ASSAY_ACTION_REST, b, i);
    cr_assert_eq(offer(b, rest, RESTED, 3), ASSAY_OK, "the last one has weight");
    change_pass_epoch(b);
    change_fell(b, RESTED, CHANGE_MEMBERS);
    change_close_epoch(b);
    cr_expect_eq(b->state.ended.end, ASSAY_CHANGE_UNFIT);
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        cr_expect_eq(b->state.members[i].weight > 0, i != RESTED, "slot %u", i);
    change_drop(b);
}
