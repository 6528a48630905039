/*
 * tests/unit/engine/ledger/test_change_services.c - a CHANGE that adds services: when it is read,
 * what it makes of a state, and what it never does (docs/protocol.md 12.7).
 *
 * A plan is a word here, each letter a document. One that follows it has more letters in front, so
 * that documents move.
 */
#include "base/cbor.h"
#include "engine/ledger/fold/effective_rules.h"
#include "engine/ledger/state/anchor.h"
#include "engine/ledger/state/leaf.h"
#include "tests/unit/engine/change_bench.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { LETTERS_MAX = ASSAY_SERVICE_DOCUMENTS_MAX };

static enum assay_status follow(struct assay_slice before, struct assay_slice after,
                                struct assay_service_places *places, const char **why)
{
    *why = "not a word in front of the one before";
    if (after.len <= before.len || after.len > LETTERS_MAX) return ASSAY_E_INVALID;
    const uint32_t more = (uint32_t)(after.len - before.len);
    if (before.len > 0 && !assay_bytes_equal(after.bytes + more, before.bytes, before.len))
        return ASSAY_E_INVALID;
    places->count = (uint32_t)after.len;
    places->level = after.bytes[0] == 'K' ? ASSAY_LEVEL_GROUP_KEY : ASSAY_LEVEL_SERVICES;
    for (uint32_t i = 0; i < places->count; i++)
        places->before[i] = i < more ? (uint8_t)ASSAY_SERVICE_BEGINS : (uint8_t)(i - more);
    return ASSAY_OK;
}

static struct change_bench *make(uint32_t level)
{
    struct change_bench *b = change_make();
    b->plan_follow = follow;
    b->context.plan_follow = follow;
    b->state.rules.parameters.level = level;
    return b;
}

static struct assay_action plan_of(const char *word)
{
    return (struct assay_action){ .kind = ASSAY_ACTION_SERVICES,
                                  .document = assay_slice_over(word, strlen(word)) };
}

/* What the host does between engines: the effective rules have the plan that the state names. */
static void pass_two(struct change_bench *b, const char *plan)
{
    uint8_t digest[32];
    change_pass_epoch(b);
    change_pass_epoch(b);
    assay_sha256(plan, strlen(plan), digest);
    cr_assert_arr_eq(b->state.services.plan, digest, 32);
    b->genesis.services = assay_slice_over(plan, strlen(plan));
}

static enum assay_status offer(struct change_bench *b, uint64_t sequence, const char *word)
{
    const struct assay_action add = plan_of(word);
    return change_offer_one(b, sequence, b->context.epoch + 2, &add);
}

Test(change_services, no_build_that_cannot_read_it_is_asked_to)
{
    struct change_bench *b = make(0);
    struct assay_unfit unfit;
    cr_assert_eq(offer(b, 1, "ab"), ASSAY_E_EARLY, "before the level it waits");
    /* Nor together with the level: what the record says must be read where the level is not yet. */
    struct assay_action actions[2] = { { .kind = ASSAY_ACTION_PARAMETERS }, plan_of("ab") };
    actions[0].parameters = b->state.rules.parameters;
    actions[0].parameters.level = ASSAY_LEVEL_SERVICES;
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        b->state.members[i].level = ASSAY_LEVEL_SERVICES;
    const struct assay_change head = change_head_of(b, 1, 3);
    struct change_made *m = change_make_change(b, &head, actions, 2, 3);
    struct assay_staging staging = assay_staging_of(&b->context);
    assay_state_copy(&b->stage, &b->state);
    cr_assert_eq(assay_change_apply(&staging, &m->record.change, &unfit), ASSAY_E_INVALID);
    cr_assert_eq(unfit.action, 1);
    cr_assert_eq(change_offer(b, m), ASSAY_E_EARLY);
    free(m);
    b->state.rules.parameters.level = ASSAY_LEVEL_SERVICES;
    cr_assert_eq(offer(b, 1, "ab"), ASSAY_OK);
    change_drop(b);
}

/* A plan may need a level above that of the action (docs/protocol.md 12.7.1). */
Test(change_services, a_plan_waits_for_the_level_that_it_needs)
{
    for (uint32_t level = ASSAY_LEVEL_SERVICES; level <= ASSAY_LEVEL_GROUP_KEY; level++) {
        struct change_bench *b = make(level);
        struct assay_unfit unfit = { 0 };
        const struct assay_action add = plan_of("Kab");
        const struct assay_change head = change_head_of(b, 1, b->context.epoch + 2);
        struct change_made *m = change_make_change(b, &head, &add, 1, 3);
        struct assay_staging staging = assay_staging_of(&b->context);
        assay_state_copy(&b->stage, &b->state);
        const enum assay_status status = assay_change_apply(&staging, &m->record.change, &unfit);
        cr_expect_eq(status, level < ASSAY_LEVEL_GROUP_KEY ? ASSAY_E_INVALID : ASSAY_OK, "%u",
                     level);
        if (status != ASSAY_OK)
            cr_expect_str_eq(unfit.why, assay_change_level_needed(ASSAY_LEVEL_GROUP_KEY, level));
        cr_expect_eq(change_offer(b, m) == ASSAY_OK, level == ASSAY_LEVEL_GROUP_KEY);
        free(m);
        change_drop(b);
    }
}

Test(change_services, a_network_without_any_has_them_from_the_activation_on)
{
    struct change_bench *b = make(1);
    uint8_t root[32];
    cr_assert_eq(offer(b, 1, "ab"), ASSAY_OK);
    change_pass_epoch(b);
    cr_assert_eq(b->state.services.count, 0, "not yet");
    cr_assert(assay_bytes_all_zero(b->state.services.plan, 32));
    change_pass_epoch(b);
    cr_assert_eq(b->state.epoch, 2, "the boundary before epoch 3");
    const struct assay_service_state *s = &b->state.services;
    cr_assert_eq(s->count, 2);
    for (uint32_t i = 0; i < 2; i++)
        cr_assert(assay_bytes_all_zero(s->documents[i], 32), "as the plan begins them");
    assay_anchor_root(&b->state, root);
    cr_assert_arr_eq(s->anchor, root, 32, "and an anchor, as every network with services");
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_NONE);
    change_drop(b);
}

/* Never on trial: it is no rule that anybody is judged by. */
Test(change_services, it_is_no_rule_and_comes_while_rules_are_on_trial)
{
    struct change_bench *b = make(1);
    struct assay_action policy = change_policy_of("another policy");
    cr_assert_eq(change_offer_one(b, 1, 3, &policy), ASSAY_OK);
    change_pass_epoch(b);
    cr_assert_eq(change_offer_one(b, 2, 5, &(struct assay_action){ .kind = ASSAY_ACTION_SERVICES,
                                                                   .document = assay_slice_over(
                                                                       "a", 1) }),
                 ASSAY_OK);
    change_pass_epoch(b);
    cr_assert(assay_trial_runs(&b->state.trial));
    change_away(b, 0, 3); /* the trial lasts: many were not judged by the new rules */
    change_close_epoch(b);
    change_away(b, 0, 3);
    change_close_epoch(b);
    cr_assert_eq(b->state.epoch, 4);
    cr_assert(assay_trial_runs(&b->state.trial));
    cr_assert_eq(b->state.services.count, 1, "it did not wait");
    cr_assert_eq(b->state.trial.sequence, 1, "and began no trial");
    change_drop(b);
}

/* docs/protocol.md 9.9: rules go back, roster, operators and services do not. */
Test(change_services, a_change_that_reverts_leaves_them)
{
    struct change_bench *b = make(1);
    const struct assay_action actions[2] = { change_policy_of("a policy too strict"),
                                             plan_of("ab") };
    const struct assay_change head = change_head_of(b, 1, 3);
    struct change_made *m = change_make_change(b, &head, actions, 2, 3);
    cr_assert_eq(change_offer(b, m), ASSAY_OK);
    free(m);
    pass_two(b, "ab");
    cr_assert(assay_trial_runs(&b->state.trial));
    change_fell(b, 0, 4);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    cr_assert_arr_eq(b->state.rules.policy_digest, b->genesis.policy_digest, 32);
    cr_assert_eq(b->state.services.count, 2);
    cr_assert_not(assay_bytes_all_zero(b->state.services.plan, 32));
    change_drop(b);
}

Test(change_services, more_are_added_later_and_documents_move)
{
    struct change_bench *b = make(1);
    uint8_t c[32], d[32];
    memset(c, 3, 32);
    memset(d, 4, 32);
    cr_assert_eq(offer(b, 1, "cd"), ASSAY_OK);
    pass_two(b, "cd");
    assay_bytes_copy(b->state.services.documents[0], 32, c, 32);
    assay_bytes_copy(b->state.services.documents[1], 32, d, 32);
    cr_assert_eq(offer(b, 2, "abcd"), ASSAY_OK);
    pass_two(b, "abcd");
    const struct assay_service_state *s = &b->state.services;
    cr_assert_eq(s->count, 4);
    cr_assert(assay_bytes_all_zero(s->documents[0], 32));
    cr_assert(assay_bytes_all_zero(s->documents[1], 32));
    cr_assert_arr_eq(s->documents[2], c, 32);
    cr_assert_arr_eq(s->documents[3], d, 32);
    change_drop(b);
}

Test(change_services, what_does_not_extend_the_plan_is_refused)
{
    struct change_bench *b = make(1);
    const struct assay_action twice[2] = { plan_of("b"), plan_of("ab") };
    const struct assay_change head = change_head_of(b, 1, 3);
    struct change_made *m = change_make_change(b, &head, twice, 2, 3);
    cr_assert_eq(change_offer(b, m), ASSAY_E_DUPLICATE, "one plan in a change");
    free(m);
    cr_assert_eq(offer(b, 1, "b"), ASSAY_OK);
    pass_two(b, "b");
    cr_assert_eq(offer(b, 2, "b"), ASSAY_E_INVALID, "nothing more");
    cr_assert_eq(offer(b, 2, "a"), ASSAY_E_INVALID, "another");
    cr_assert_eq(offer(b, 2, "bc"), ASSAY_E_INVALID, "what there is in another place");
    cr_assert_eq(offer(b, 2, ""), ASSAY_E_INVALID, "nothing");
    cr_assert_eq(offer(b, 2,
                       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefb"),
                 ASSAY_E_INVALID, "too much");
    b->context.plan_follow = NULL;
    cr_assert_eq(offer(b, 2, "ab"), ASSAY_E_UNSUPPORTED, "services are not known here");
    b->context.plan_follow = follow;
    cr_assert_eq(offer(b, 2, "ab"), ASSAY_OK);
    change_drop(b);
}

/* The second was drafted on what the first will have left, or it does not fit. */
Test(change_services, two_that_add_the_same_do_not_both_fit)
{
    struct change_bench *b = make(1);
    cr_assert_eq(offer(b, 1, "ab"), ASSAY_OK);
    change_pass_epoch(b);
    const struct assay_action same = plan_of("ab"), more = plan_of("xab"), other = plan_of("yb");
    cr_assert_eq(change_offer_one(b, 2, 6, &same), ASSAY_E_INVALID);
    cr_assert_eq(change_offer_one(b, 2, 6, &other), ASSAY_E_INVALID);
    cr_assert_eq(change_offer_one(b, 2, 6, &more), ASSAY_OK);
    pass_two(b, "ab");
    change_pass_epoch(b);
    pass_two(b, "xab");
    cr_assert_eq(b->state.services.count, 3);
    change_drop(b);
}

Test(change_services, one_that_fits_no_more_is_void_as_a_whole)
{
    struct change_bench *b = make(1);
    const struct assay_action actions[2] = { plan_of("ab"),
                                             change_about(ASSAY_ACTION_REST, b, 1) };
    const struct assay_change head = change_head_of(b, 1, 3);
    struct change_made *m = change_make_change(b, &head, actions, 2, 3);
    cr_assert_eq(change_offer(b, m), ASSAY_OK);
    free(m);
    change_pass_epoch(b);
    b->state.rules.parameters.level = 0; /* as when the level went back in its trial */
    change_pass_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_UNFIT);
    cr_assert_eq(b->state.services.count, 0);
    cr_assert(assay_bytes_all_zero(b->state.services.plan, 32));
    cr_assert_eq(b->state.members[1].stage, ASSAY_STAGE_MEMBER);
    change_drop(b);
}

Test(change_services, a_member_may_leave_in_the_same_epoch)
{
    struct change_bench *b = make(1);
    const struct assay_action actions[2] = { change_about(ASSAY_ACTION_LEAVE, b, 2),
                                             plan_of("ab") };
    const struct assay_change head = change_head_of(b, 1, 3);
    struct change_made *m = change_make_change(b, &head, actions, 2, 3);
    cr_assert_eq(change_offer(b, m), ASSAY_OK);
    free(m);
    pass_two(b, "ab");
    uint8_t root[32];
    cr_assert_eq(b->state.members[2].stage, ASSAY_STAGE_LEFT);
    cr_assert_eq(b->state.services.count, 2);
    assay_anchor_root(&b->state, root);
    cr_assert_arr_eq(b->state.services.anchor, root, 32, "of the roster that follows");
    change_drop(b);
}

/* --- what a state says of it */

static struct assay_slice leaf_of(const struct assay_state *s, uint8_t *bytes, size_t len)
{
    struct assay_writer w = assay_writer_over(bytes, len);
    cr_assert_eq(assay_state_header_encode(s, &w), ASSAY_OK);
    return assay_slice_over(bytes, w.len);
}

Test(change_services, the_state_names_the_plan_and_ends_with_the_anchor)
{
    struct change_bench *b = make(1);
    static uint8_t bytes[64 * 1024], again[64 * 1024];
    static struct assay_leaf_head head;
    const struct assay_slice before = leaf_of(&b->state, bytes, sizeof bytes);
    cr_assert_eq(before.bytes[0], 0x80 | 19, "as it was before there were services to add");
    cr_assert_eq(offer(b, 1, "ab"), ASSAY_OK);
    pass_two(b, "ab");
    const struct assay_slice leaf = leaf_of(&b->state, bytes, sizeof bytes);
    cr_assert_eq(leaf.bytes[0], 0x80 | 22);
    cr_assert_arr_eq(leaf.bytes + leaf.len - 32, b->state.services.anchor, 32);
    cr_assert_eq(assay_leaf_head(leaf, &head), ASSAY_OK);
    bool named = false;
    for (uint32_t i = 0; i < head.document_count; i++)
        named |= assay_bytes_equal(head.documents[i], b->state.services.plan, 32);
    cr_assert(named, "who leaps asks for it");
    assay_state_copy(&b->next, &b->state);
    b->next.services = (struct assay_service_state){ 0 };
    cr_assert_eq(assay_leaf_header_decode(leaf, &b->next), ASSAY_OK);
    cr_assert(assay_slice_equal(leaf, leaf_of(&b->next, again, sizeof again)));
    /* A plan of zeros is left out, or one state would have two encodings. */
    memset(bytes + leaf.len - 34 - 32, 0, 32);
    cr_assert_eq(assay_leaf_header_decode(leaf, &b->next), ASSAY_E_ENCODING);
    change_drop(b);
}

struct books {
    struct assay_slice record;
    uint32_t asked;
};

static bool find_in(void *context, const uint8_t digest[static 32], struct assay_slice *document)
{
    struct books *books = context;
    books->asked++;
    return assay_effective_rules_in_kept(books->record, digest, document);
}

Test(change_services, the_effective_rules_have_the_plan_of_the_change)
{
    struct change_bench *b = make(1);
    struct assay_genesis *effective = calloc(1, sizeof *effective);
    const struct assay_action add = plan_of("ab");
    const struct assay_change head = change_head_of(b, 1, 3);
    struct change_made *m = change_make_change(b, &head, &add, 1, 3);
    struct books books = { .record = m->record.bytes };
    b->genesis.services = assay_slice_over("b", 1);
    cr_assert_eq(assay_effective_rules_of(&b->genesis, &b->state, NULL, NULL, effective), ASSAY_OK);
    cr_assert(assay_slice_equal(effective->services, b->genesis.services), "the genesis's own");
    b->state.services.count = 1;
    cr_assert_eq(change_offer(b, m), ASSAY_OK);
    pass_two(b, "ab");
    b->genesis.services = assay_slice_over("b", 1);
    cr_assert_eq(assay_effective_rules_of(&b->genesis, &b->state, NULL, NULL, effective),
                 ASSAY_E_NOT_FOUND);
    cr_assert_eq(assay_effective_rules_of(&b->genesis, &b->state, find_in, &books, effective),
                 ASSAY_OK);
    cr_assert(assay_slice_equal(effective->services, assay_slice_over("ab", 2)));
    cr_assert_eq(books.asked, 1);
    free(effective);
    free(m);
    change_drop(b);
}

/* --- bytes */

Test(change_services, a_plan_has_a_length)
{
    static uint8_t bytes[ASSAY_CHANGE_LEN_MAX], plan[ASSAY_SERVICES_PLAN_LEN_MAX + 1];
    struct change_bench *b = make(1);
    struct assay_change decoded;
    for (size_t more = 0; more < 2; more++) {
        const struct assay_action add = {
            .kind = ASSAY_ACTION_SERVICES,
            .document = assay_slice_over(plan, ASSAY_SERVICES_PLAN_LEN_MAX + more)
        };
        const struct assay_change head = change_head_of(b, 1, 3);
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        cr_assert_eq(assay_change_encode(&head, &add, 1, &w), ASSAY_OK);
        cr_assert_eq(assay_change_decode(assay_slice_over(bytes, w.len), &decoded),
                     more == 0 ? ASSAY_OK : ASSAY_E_RANGE);
        if (more == 0) cr_assert_eq(assay_change_level(&decoded), ASSAY_LEVEL_SERVICES);
    }
    change_drop(b);
}
