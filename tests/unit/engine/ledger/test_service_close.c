/*
 * tests/unit/engine/ledger/test_service_close.c - tests of an epoch's close with services: facts of
 * members that they are passed, members that they convict (docs/identity.md 3.1.1, 3.17).
 */
#include "tests/support/services/toy_services.h"
#include "tests/unit/engine/change_bench.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* --- what services are passed of a member at a close (docs/identity.md 3) */

static struct assay_service_member passed_of(const struct change_bench *b, uint32_t slot)
{
    static struct assay_service_member all[CHANGE_CAPACITY];
    assay_services_members(NULL, &b->state, all);
    return all[slot];
}

static struct change_bench *with_active_keys(uint32_t slot)
{
    struct change_bench *b = change_make();
    change_pass_epoch(b);
    struct assay_member *m = &b->state.members[slot];
    const uint8_t root[32] = { 7 };
    cr_assert_eq(m->pass_epoch, b->state.epoch);
    assay_declaration_set(&m->declaration, 1, root);
    m->declaration.keys_epoch = m->pass_epoch;
    assay_bytes_copy(m->declaration.keys_root, 32, root, 32);
    return b;
}

Test(service_close, a_member_is_passed_with_its_seat_and_its_keys)
{
    struct change_bench *b = with_active_keys(2);
    struct assay_member *m = &b->state.members[2];
    struct assay_service_member passed = passed_of(b, 2);
    cr_assert(passed.serves && passed.keys_active);
    cr_assert_arr_eq(passed.node_id, m->node_id, 32);
    cr_assert_arr_eq(passed.keys_root, m->declaration.keys_root, 32);
    cr_assert_gt(m->seat_weight, 0);
    cr_assert_eq(passed.seat_weight, m->seat_weight);
    cr_assert_eq(passed.row_weight, m->seat_weight);
    cr_assert_eq(passed.incarnation, 1);
    m->lives[0].incarnation = 3;
    cr_assert_eq(passed_of(b, 2).incarnation, 3, "the one that is listed next");
    m->keyless = true; /* its row keeps its weight, which casts no vote */
    m->seat_weight = 0;
    passed = passed_of(b, 2);
    cr_assert_eq(passed.seat_weight, 0);
    cr_assert_eq(passed.row_weight, m->weight);
    change_drop(b);
}

Test(service_close, keys_of_a_member_are_passed_as_active_while_they_are)
{
    struct change_bench *b = with_active_keys(2);
    struct assay_member *m = &b->state.members[2];
    m->trust.score.standing = ASSAY_STANDING_WARNING;
    cr_assert(passed_of(b, 2).keys_active);
    m->trust.score.standing = ASSAY_STANDING_RESTRICTED;
    cr_assert_not(passed_of(b, 2).keys_active, "the standing is below WARNING");
    m->trust.score.standing = ASSAY_STANDING_FULL;
    m->stage = ASSAY_STAGE_RESTING;
    cr_assert_not(passed_of(b, 2).keys_active || passed_of(b, 2).serves);
    m->stage = ASSAY_STAGE_LEFT;
    cr_assert(passed_of(b, 2).renewed && !passed_of(b, 2).keys_active);
    m->stage = ASSAY_STAGE_MEMBER;
    m->maintenance_count = 1;
    m->maintenances[0] = (struct assay_maintenance){ b->state.epoch + 1, b->state.epoch + 1 };
    cr_assert_not(passed_of(b, 2).keys_active, "it is away in the epoch that follows");
    m->maintenance_count = 0;
    b->state.epoch += ASSAY_KEYS_AGE_MAX;
    cr_assert(passed_of(b, 2).keys_active);
    b->state.epoch++;
    cr_assert_not(passed_of(b, 2).keys_active, "the PASS that bound them is too old");
    b->state.epoch -= ASSAY_KEYS_AGE_MAX + 1;
    m->declaration.keys_epoch = 0;
    assay_bytes_zero(m->declaration.keys_root, 32);
    cr_assert_not(passed_of(b, 2).keys_active, "the newest certified PASS bound none");
    change_drop(b);
}

/* --- convictions */

static const struct assay_member *convicted_of_word; /* by slot */

/* The toy's word is the slot that it convicts, for good: another word convicts another one. */
static bool word_convicts(void *context, const void *before, const void *after,
                          const uint8_t node_id[static 32])
{
    const struct toy_registry *was = before, *is = after;
    (void)context;
    return is->word != was->word &&
           assay_bytes_equal(convicted_of_word[is->word].node_id, node_id, 32);
}

struct court {
    struct change_bench *b;
    struct assay_services services;
    struct assay_service_member members[CHANGE_CAPACITY];
    uint8_t document[4096];
    struct toy_registry registry, made;
    struct assay_service_room room;
    void *log;
};

static struct court *open_court(void)
{
    struct court *c = calloc(1, sizeof *c);
    cr_assert_not_null(c);
    c->b = change_make();
    c->services = toy_services;
    c->services.convicts = word_convicts;
    c->room = (struct assay_service_room){ &c->made, c->members, c->document };
    c->registry.word = CHANGE_MEMBERS - 1;
    c->log = aligned_alloc(
        64, (assay_services_log_memory_len(CHANGE_MEMBERS, false) + 63) & ~(size_t)63);
    cr_assert_not_null(c->log);
    convicted_of_word = c->b->state.members;
    change_pass_epoch(c->b);
    return c;
}

static void close_court(struct court *c)
{
    change_drop(c->b);
    free(c->log);
    free(c);
}

/* An epoch with a record that convicts, and everybody's PASS. */
static void convict(struct court *c, uint8_t slot)
{
    /* The bench begins each epoch with another ledger and context. */
    assay_ledger_serve(&c->b->ledger, c->log, &toy_services);
    c->b->context.services = &c->services;
    c->b->context.registry = &c->registry;
    c->b->context.room = &c->room;
    assay_services_log_add(&c->b->ledger.services, 0, 0, TOY_SET, assay_slice_over(&slot, 1));
    change_pass_epoch(c->b);
    c->registry = c->made;
}

Test(service_close, a_convicted_member_has_no_integrity_and_no_other_is_struck)
{
    struct court *c = open_court();
    const struct assay_member *m = c->b->state.members;
    const uint16_t had = m[3].trust.integrity_bp;
    cr_assert_gt(had, 0);
    convict(c, 2);
    cr_assert_eq(m[2].trust.integrity_bp, 0);
    cr_assert_eq(m[2].trust.score.standing, ASSAY_STANDING_SUSPENDED);
    cr_assert_eq(m[2].found.integrity_reason, ASSAY_INTEGRITY_EQUIVOCATION);
    cr_assert_eq(m[2].failure_epoch, c->b->state.epoch);
    cr_assert(c->members[2].failed && c->members[2].standing == ASSAY_STANDING_SUSPENDED,
              "services are passed it in the same close");
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        if (i != 2) cr_assert(m[i].trust.integrity_bp >= had && m[i].failure_epoch == 0);
    close_court(c);
}

Test(service_close, a_record_that_is_repeated_strikes_nobody)
{
    struct court *c = open_court();
    const struct assay_member *m = c->b->state.members;
    convict(c, 2);
    const uint64_t failed = m[2].failure_epoch;
    const uint32_t offences = m[2].trust.offences.count;
    for (unsigned i = 0; i < 3; i++) {
        convict(c, 2);
        cr_assert_eq(m[2].failure_epoch, failed);
        cr_assert_eq(m[2].trust.offences.count, offences);
        cr_assert_neq(m[2].found.integrity_reason, ASSAY_INTEGRITY_EQUIVOCATION);
    }
    convict(c, 4);
    cr_assert_eq(m[4].trust.integrity_bp, 0);
    close_court(c);
}

Test(service_close, services_that_convict_nobody_strike_nobody)
{
    struct court *c = open_court();
    c->services.convicts = NULL;
    convict(c, 2);
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        cr_assert_eq(c->b->state.members[i].failure_epoch, 0);
    close_court(c);
}

/* --- convictions and a trial of rules (docs/protocol.md 9.9) */

/* The rules are tried from the next epoch on. */
static void try_policy(struct change_bench *b)
{
    struct assay_change head =
        change_head_of(b, b->state.change_sequence + 1, b->context.epoch + 2);
    const struct assay_action policy = change_policy_of("another policy");
    struct change_made *m = change_make_change(b, &head, &policy, 1, 3);
    cr_assert_eq(change_offer(b, m), ASSAY_OK);
    free(m);
    change_pass_epoch(b);
    change_pass_epoch(b);
}

/* The epoch's records convict this slot, or no other than before if NULL. */
static void serve_court(struct court *c, const uint8_t *slot)
{
    assay_ledger_serve(&c->b->ledger, c->log, &toy_services);
    c->b->context.services = &c->services;
    c->b->context.registry = &c->registry;
    c->b->context.room = &c->room;
    if (slot != NULL)
        assay_services_log_add(&c->b->ledger.services, 0, 0, TOY_SET, assay_slice_over(slot, 1));
}

/* Slot 0 is suspended by the rules that are tried, in the epoch whose records convict a member;
 * then the rules suspend three more, and the former ones return. */
static void convict_and_revert(struct court *c, uint8_t slot)
{
    struct change_bench *b = c->b;
    try_policy(b);
    change_fell(b, 0, 1);
    serve_court(c, &slot);
    change_close_epoch(b);
    c->registry = c->made;
    cr_assert(assay_trial_runs(&b->state.trial));
    cr_assert_eq(b->state.members[slot].trust.integrity_bp, 0);
    change_fell(b, 1, 3);
    serve_court(c, NULL);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
}

Test(service_close, a_conviction_stays_when_the_rules_return_that_spared_the_member)
{
    struct court *c = open_court();
    convict_and_revert(c, 0);
    cr_assert_eq(c->b->state.members[0].trust.integrity_bp, 0);
    cr_assert_eq(c->b->state.members[0].trust.offences.count, 1);
    close_court(c);
}

Test(service_close, so_does_that_of_a_member_on_the_same_platform)
{
    struct court *c = open_court();
    struct change_bench *b = c->b;
    assay_bytes_copy(b->state.members[4].platform_id, 32, b->state.members[0].platform_id, 32);
    assay_close_groups(&b->state, b->close.places, b->close.groups_memory, &b->groups);
    convict_and_revert(c, 4);
    cr_assert_eq(b->state.members[4].trust.integrity_bp, 0);
    cr_assert_eq(b->state.members[4].trust.offences.count, 1);
    close_court(c);
}
