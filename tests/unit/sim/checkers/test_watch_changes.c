/*
 * tests/unit/sim/checkers/test_watch_changes.c - checker changes: a broken promise of
 * docs/protocol.md 9.5 to 9.9 is seen, and a kept one is not.
 *
 * Three operators of whom two must sign; node k is of operator k mod 3. What the ledger does with a
 * change the test does by hand.
 */
#include "tests/unit/sim/checkers/watch_fixture.h"

#include "engine/ledger/records/record.h"
#include "scoring/tally.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { OPERATORS = 3, STRANGER = OPERATORS };

struct office {
    struct assay_genesis *genesis;
    struct assay_p256_signer *signers[OPERATORS + 1];
    uint8_t ids[OPERATORS + 1][32];
    uint8_t policy[8];
    uint8_t records[4][4096];
};

static void open_office(struct office *o)
{
    *o = (struct office){ .policy = "other" };
    o->genesis = calloc(1, sizeof *o->genesis);
    cr_assert_not_null(o->genesis);
    o->genesis->threshold = 2;
    o->genesis->operator_count = OPERATORS;
    for (uint32_t i = 0; i <= OPERATORS; i++) {
        struct assay_secret32 key = { { 0 } };
        uint8_t public[ASSAY_P256_PUBLIC_LEN];
        key.bytes[31] = (uint8_t)(i + 1);
        cr_assert_eq(assay_p256_signer_load(&key, &o->signers[i]), ASSAY_OK);
        cr_assert_eq(assay_p256_public(&key, public), ASSAY_OK);
        assay_sha256(public, sizeof public, o->ids[i]);
        if (i == STRANGER) continue;
        assay_bytes_copy(o->genesis->operators[i].public_key, 64, public, 64);
        assay_bytes_copy(o->genesis->operators[i].operator_id, 32, o->ids[i], 32);
        o->genesis->operators[i].name = assay_slice_over("op", 2);
    }
}

static void close_office(struct office *o)
{
    for (uint32_t i = 0; i <= OPERATORS; i++)
        assay_p256_signer_free(&o->signers[i]);
    free(o->genesis);
}

static struct fixture *begun(struct office *o)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1000);
    open_office(o);
    f->with_rows = true;
    f->genesis = o->genesis;
    for (uint32_t i = 0; i < FIXTURE_NODES; i++)
        assay_bytes_copy(f->after.members[i].operator_id, 32, o->ids[i % OPERATORS], 32);
    fixture_epoch(f);
    fixture_close(f, NULL);
    cr_assert(fixture_silent(f));
    return f;
}

static void end(struct fixture *f, struct office *o)
{
    fixture_destroy(&f);
    close_office(o);
}

/* A change in a final block of the epoch that runs, signed by these. */
static void decide_by(struct fixture *f, struct office *o, const struct assay_change *change,
                      const struct assay_action *actions, uint32_t count, const uint32_t *by,
                      uint32_t signers)
{
    uint8_t body[4096];
    uint8_t digest[32];
    uint8_t ids[OPERATORS + 1][32];
    uint8_t signatures[OPERATORS + 1][ASSAY_P256_SIGNATURE_LEN];
    struct assay_writer w = assay_writer_over(body, sizeof body);
    cr_assert_eq(assay_change_encode(change, actions, count, &w), ASSAY_OK);
    assay_sha256(body, w.len, digest);
    for (uint32_t i = 0; i < signers; i++) {
        uint32_t at = i; /* ids ascend */
        for (; at > 0 && assay_bytes_compare(ids[at - 1], o->ids[by[i]], 32) > 0; at--) {
            assay_bytes_copy(ids[at], 32, ids[at - 1], 32);
            assay_bytes_copy(signatures[at], 64, signatures[at - 1], 64);
        }
        assay_bytes_copy(ids[at], 32, o->ids[by[i]], 32);
        cr_assert_eq(assay_p256_sign(o->signers[by[i]], digest, signatures[at]), ASSAY_OK);
    }
    uint8_t *record = o->records[f->change_count];
    struct assay_writer out = assay_writer_over(record, sizeof o->records[0]);
    cr_assert_eq(assay_record_put_change(&out, assay_slice_over(body, w.len),
                                         (const uint8_t(*)[32])ids,
                                         (const uint8_t(*)[64])signatures, signers),
                 ASSAY_OK);
    f->changes[f->change_count++] = assay_slice_over(record, out.len);
}

static void decide(struct fixture *f, struct office *o, uint64_t sequence, uint64_t activation,
                   const struct assay_action *actions, uint32_t count)
{
    static const uint32_t both[] = { 0, 1 };
    const struct assay_change change = { .sequence = sequence, .activation = activation };
    decide_by(f, o, &change, actions, count, both, 2);
}

static struct assay_action about(const struct fixture *f, enum assay_action_kind kind,
                                 uint32_t slot)
{
    struct assay_action a = { .kind = kind };
    assay_bytes_copy(a.node_id, 32, f->after.members[slot].node_id, 32);
    return a;
}

static void set_stage(struct fixture *f, uint32_t slot, enum assay_stage stage)
{
    struct assay_member *m = &f->after.members[slot];
    m->stage = stage;
    m->stage_epoch = f->after.epoch + 1;
    if (stage != ASSAY_STAGE_MEMBER) m->weight = 0;
    if (stage == ASSAY_STAGE_RESTING) m->trust.availability_bp = 0;
}

static uint64_t found(const struct fixture *f)
{
    return fixture_violated(f, ASSAY_SIM_CHECKER_CHANGES);
}

/* A change that takes node 4 out is in the chain, and its epoch is the next. */
static struct fixture *resting_due(struct office *o)
{
    struct fixture *f = begun(o);
    fixture_epoch(f);
    const struct assay_action rest = about(f, ASSAY_ACTION_REST, 4);
    decide(f, o, 1, f->after.epoch + 2, &rest, 1);
    fixture_close(f, NULL);
    cr_assert_eq(found(f), 0);
    fixture_epoch(f);
    return f;
}

/* --- who may decide, and when */

Test(sim_watch_changes, what_threshold_and_order_allow_is_fine)
{
    struct office o;
    struct fixture *f = resting_due(&o);
    set_stage(f, 4, ASSAY_STAGE_RESTING);
    fixture_close(f, NULL);
    fixture_epoch(f);
    fixture_close(f, NULL);
    cr_assert(fixture_silent(f));
    cr_expect_gt(fixture_checked(f, ASSAY_SIM_CHECKER_CHANGES), 3);
    cr_expect_eq(f->outcome.figures[ASSAY_SIM_FIGURE_CHANGES_ACTIVE][0], 1);
    end(f, &o);
}

static void refuse(uint64_t sequence, uint64_t ahead, uint64_t forces, uint32_t first,
                   uint32_t signers)
{
    struct office o;
    struct fixture *f = begun(&o);
    fixture_epoch(f);
    const uint32_t by[] = { first, 1, 2 };
    const struct assay_action rest = about(f, ASSAY_ACTION_REST, 4);
    const struct assay_change change = { .sequence = sequence,
                                         .activation = f->after.epoch + ahead,
                                         .forces = forces };
    decide_by(f, &o, &change, &rest, 1, by, signers);
    fixture_close(f, NULL);
    cr_expect_geq(found(f), 1, "sequence %d, ahead %d, forces %d, signer %d of %d", (int)sequence,
                  (int)ahead, (int)forces, (int)first, (int)signers);
    end(f, &o);
}

Test(sim_watch_changes, sees_one_signature_too_few)
{
    refuse(1, 2, 0, 0, 1);
}

Test(sim_watch_changes, sees_the_signature_of_a_stranger)
{
    refuse(1, 2, 0, STRANGER, 2);
    refuse(1, 2, 0, STRANGER, 3);
}

Test(sim_watch_changes, sees_a_number_that_does_not_follow)
{
    refuse(2, 2, 0, 0, 2);
    refuse(7, 2, 0, 0, 2);
}

Test(sim_watch_changes, sees_an_activation_that_is_too_near)
{
    refuse(1, 1, 0, 0, 2);
    refuse(1, 0, 0, 0, 2);
}

Test(sim_watch_changes, sees_the_force_of_what_was_never_reverted)
{
    refuse(1, 2, 1, 0, 2);
}

Test(sim_watch_changes, sees_a_change_twice)
{
    struct office o;
    struct fixture *f = resting_due(&o);
    set_stage(f, 4, ASSAY_STAGE_RESTING);
    const struct assay_action rest = about(f, ASSAY_ACTION_REST, 3);
    decide(f, &o, 1, f->after.epoch + 2, &rest, 1);
    fixture_close(f, NULL);
    cr_expect_eq(found(f), 1);
    end(f, &o);
}

/* --- as a whole, at its boundary */

Test(sim_watch_changes, sees_what_nobody_decided)
{
    struct office o;
    struct fixture *f = begun(&o);
    fixture_epoch(f);
    set_stage(f, 4, ASSAY_STAGE_RESTING);
    fixture_close(f, NULL);
    cr_expect_eq(found(f), 1);
    end(f, &o);
    f = begun(&o);
    fixture_epoch(f);
    f->after.rules.policy_digest[0] ^= 1;
    fixture_close(f, NULL);
    cr_expect_eq(found(f), 1);
    end(f, &o);
    f = begun(&o);
    fixture_epoch(f);
    f->after.operators_digest[0] ^= 1;
    fixture_close(f, NULL);
    cr_expect_eq(found(f), 1);
    end(f, &o);
}

Test(sim_watch_changes, sees_a_change_that_does_not_come)
{
    struct office o;
    struct fixture *f = resting_due(&o);
    fixture_close(f, NULL);
    cr_expect_eq(found(f), 1);
    end(f, &o);
}

Test(sim_watch_changes, sees_a_change_that_comes_in_part)
{
    for (int whole = 0; whole < 2; whole++) {
        struct office o;
        struct fixture *f = begun(&o);
        fixture_epoch(f);
        const struct assay_action both[] = { about(f, ASSAY_ACTION_REST, 4),
                                             about(f, ASSAY_ACTION_LEAVE, 3) };
        decide(f, &o, 1, f->after.epoch + 2, both, 2);
        fixture_close(f, NULL);
        fixture_epoch(f);
        set_stage(f, 4, ASSAY_STAGE_RESTING);
        if (whole == 1) set_stage(f, 3, ASSAY_STAGE_LEFT);
        fixture_close(f, NULL);
        cr_expect_eq(found(f), (uint64_t)(1 - whole));
        end(f, &o);
    }
}

/* What did not fit changes nothing at all. */
Test(sim_watch_changes, sees_half_of_a_change_that_did_not_fit)
{
    for (int half = 0; half < 2; half++) {
        struct office o;
        struct fixture *f = resting_due(&o);
        f->after.ended = (struct assay_ended){ .end = ASSAY_CHANGE_UNFIT,
                                               .sequence = 1,
                                               .epoch = f->after.epoch };
        if (half == 1) set_stage(f, 4, ASSAY_STAGE_RESTING);
        fixture_close(f, NULL);
        cr_expect_eq(found(f), (uint64_t)half);
        end(f, &o);
    }
}

/* --- who does not serve */

Test(sim_watch_changes, sees_that_who_rests_has_weight_or_is_judged)
{
    for (int fault = 0; fault < 4; fault++) {
        struct office o;
        struct fixture *f = resting_due(&o);
        set_stage(f, 4, ASSAY_STAGE_RESTING);
        fixture_close(f, NULL);
        fixture_epoch(f);
        if (fault == 1) f->after.members[4].weight = 10000;
        if (fault == 2) f->after.members[4].found.certified_pass = true;
        if (fault == 3) f->after.members[4].trust.availability_bp = 500;
        fixture_close(f, NULL);
        cr_expect_eq(found(f), fault > 0, "fault %d", fault);
        end(f, &o);
    }
}

static void absent(struct fixture *f, struct office *o, uint32_t slot, uint64_t from,
                   uint32_t epochs, uint32_t by)
{
    struct assay_action a = about(f, ASSAY_ACTION_MAINTENANCE, slot);
    const struct assay_change change = { .activation = from };
    a.epochs = epochs;
    decide_by(f, o, &change, &a, 1, &by, 1);
}

Test(sim_watch_changes, sees_maintenance_beyond_its_bound_and_by_another_operator)
{
    for (int fault = 0; fault < 3; fault++) {
        struct office o;
        struct fixture *f = begun(&o);
        fixture_epoch(f);
        absent(f, &o, 4, f->after.epoch + 2, 40, fault == 1 ? 2 : 1);
        fixture_close(f, NULL);
        fixture_epoch(f);
        absent(f, &o, 4, f->after.epoch + 60, fault == 2 ? 25 : 24, 1);
        fixture_close(f, NULL);
        cr_expect_eq(found(f), fault > 0, "fault %d", fault);
        end(f, &o);
    }
}

Test(sim_watch_changes, sees_availability_move_in_maintenance)
{
    for (int fault = 0; fault < 2; fault++) {
        struct office o;
        struct fixture *f = begun(&o);
        fixture_epoch(f);
        absent(f, &o, 4, f->after.epoch + 2, 1, 1);
        fixture_close(f, NULL);
        for (int i = 0; i < 2; i++) {
            fixture_epoch(f);
            if (i == 1) f->after.members[4].found.certified_pass = false; /* it is held */
            if (fault == 1 && i == 1) f->after.members[4].trust.availability_bp = 7500;
            fixture_close(f, NULL);
        }
        cr_expect_eq(found(f), (uint64_t)fault);
        end(f, &o);
    }
}

/* --- newcomers: node 6 left long ago */

static struct fixture *newcomer_due(struct office *o)
{
    struct fixture *f = begun(o);
    fixture_epoch(f);
    const struct assay_action leave = about(f, ASSAY_ACTION_LEAVE, 6);
    decide(f, o, 1, f->after.epoch + 2, &leave, 1);
    fixture_close(f, NULL);
    fixture_epoch(f);
    set_stage(f, 6, ASSAY_STAGE_LEFT);
    fixture_close(f, NULL);
    for (int i = 0; i < 8; i++) {
        fixture_epoch(f);
        fixture_close(f, NULL);
    }
    fixture_epoch(f);
    struct assay_action join = { .kind = ASSAY_ACTION_JOIN };
    struct assay_secret32 key = { { 0 } };
    static const uint8_t name[] = "new";
    key.bytes[31] = 99;
    cr_assert_eq(assay_p256_public(&key, join.card.identity_public), ASSAY_OK);
    key.bytes[31] = 98;
    cr_assert_eq(assay_p256_public(&key, join.card.voting_public), ASSAY_OK);
    join.card.evidence_kind = ASSAY_KIND_SOFT;
    join.card.name = assay_slice_over(name, 3);
    decide(f, o, 2, f->after.epoch + 2, &join, 1);
    fixture_close(f, NULL);
    cr_assert_eq(found(f), 0);
    fixture_epoch(f);
    struct assay_member *m = &f->after.members[6];
    assay_bytes_copy(m->identity_public, 64, join.card.identity_public, 64);
    assay_bytes_copy(m->operator_id, 32, join.card.operator_id, 32);
    m->stage = ASSAY_STAGE_MEMBER;
    assay_sha256(join.card.identity_public, 64, m->node_id);
    m->trust = assay_trust_newcomer((struct assay_offences){ 0 });
    m->weight = 0;
    return f;
}

Test(sim_watch_changes, sees_a_newcomer_with_trust_or_weight)
{
    for (int fault = 0; fault < 4; fault++) {
        struct office o;
        struct fixture *f = newcomer_due(&o);
        if (fault == 1) f->after.members[6].trust.integrity_bp = 100;
        if (fault == 2) f->after.members[6].trust.availability_bp = 500;
        if (fault == 3) f->after.members[6].weight = 1;
        fixture_close(f, NULL);
        cr_expect_eq(found(f), fault > 0, "fault %d", fault);
        end(f, &o);
    }
}

Test(sim_watch_changes, sees_offences_of_a_platform_forgotten)
{
    struct office o;
    struct fixture *f = newcomer_due(&o);
    f->before.members[6].trust.offences.count = 2; /* of who had the slot */
    fixture_close(f, NULL);
    cr_expect_eq(found(f), 1);
    end(f, &o);
}

/* docs/protocol.md 9.6.7, 9.6.8: of the newcomer, or of a member that no change is about. */
Test(sim_watch_changes, sees_a_key_that_no_change_lists)
{
    for (uint32_t slot = 5; slot <= 6; slot++)
        for (int fault = 0; fault < 2; fault++) {
            struct office o;
            struct fixture *f = newcomer_due(&o);
            if (fault == 0) f->after.members[slot].identity_public[0] ^= 1;
            if (fault == 1) f->after.members[slot].operator_id[0] ^= 1;
            fixture_close(f, NULL);
            cr_expect_eq(found(f), 1, "slot %u, fault %d", slot, fault);
            end(f, &o);
        }
}

Test(sim_watch_changes, sees_another_newcomer_than_the_change_names)
{
    struct office o;
    struct fixture *f = newcomer_due(&o);
    f->after.members[6].node_id[0] ^= 1;
    fixture_close(f, NULL);
    cr_expect_eq(found(f), 1);
    end(f, &o);
}

/* Operators of the genesis once more, in a document with this number. */
static void list_operators(struct fixture *f, struct office *o, uint64_t sequence, uint64_t number)
{
    static uint8_t document[ASSAY_OPERATORS_LEN_MAX];
    struct assay_genesis *next = calloc(1, sizeof *next);
    *next = *o->genesis;
    next->operators_number = number;
    assay_genesis_sort(next);
    struct assay_writer w = assay_writer_over(document, sizeof document);
    cr_assert_eq(assay_operators_encode(next, &w), ASSAY_OK);
    const struct assay_action list = { .kind = ASSAY_ACTION_OPERATORS,
                                       .document = assay_slice_over(document, w.len) };
    decide(f, o, sequence, f->after.epoch + 2, &list, 1);
    fixture_close(f, NULL);
    fixture_epoch(f);
    assay_sha256(document, w.len, f->after.operators_digest);
    fixture_close(f, NULL);
    fixture_epoch(f);
    free(next);
}

Test(sim_watch_changes, sees_operators_that_come_back_with_their_old_document)
{
    for (uint64_t again = 0; again < 2; again++) {
        struct office o;
        struct fixture *f = begun(&o);
        fixture_epoch(f);
        list_operators(f, &o, 1, 1);
        list_operators(f, &o, 2, 2);
        cr_assert_eq(found(f), 0);
        list_operators(f, &o, 3, again == 1 ? 1 : 3);
        cr_expect_eq(found(f), again);
        end(f, &o);
    }
}

/* --- new rules that fell many */

static struct fixture *on_trial(struct office *o, uint64_t forces)
{
    struct fixture *f = begun(o);
    fixture_epoch(f);
    const uint32_t both[] = { 0, 1 };
    const struct assay_action policy = { .kind = ASSAY_ACTION_POLICY,
                                         .document = assay_slice_over(o->policy, 5) };
    const struct assay_change change = { .sequence = 1,
                                         .activation = f->after.epoch + 2,
                                         .forces = forces };
    decide_by(f, o, &change, &policy, 1, both, 2);
    fixture_close(f, NULL);
    fixture_epoch(f);
    for (uint32_t i = 0; i < FIXTURE_NODES; i++)
        f->after.members[i].found.certified_pass = true;
    assay_sha256(o->policy, 5, f->after.rules.policy_digest);
    fixture_close(f, NULL);
    fixture_epoch(f);
    return f;
}

/* So many fail by the new policy, and the ledger takes it back, or not. */
static void fell(struct fixture *f, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        f->truth[i].evidence = ASSAY_SIM_EVIDENCE_HARD;
        f->truth[i].by_policy = f->truth[i].felled = true;
        f->fails[i] = ASSAY_OUTCOME_FAIL_HARD;
    }
}

static void strike(struct fixture *f, uint32_t slot)
{
    f->after.members[slot].trust.integrity_bp = 0;
    f->after.members[slot].trust.offences.count = 1;
}

static void revert(struct fixture *f, const struct office *o)
{
    f->after.rules = (struct assay_rules_in_force){ .parameters = o->genesis->parameters };
    f->after.ended = (struct assay_ended){ .end = ASSAY_CHANGE_REVERTED,
                                           .sequence = 1,
                                           .epoch = f->after.epoch };
}

Test(sim_watch_changes, sees_a_change_that_felled_many_and_stays)
{
    for (int right = 0; right < 2; right++) {
        struct office o;
        struct fixture *f = on_trial(&o, 0);
        fell(f, 0, 2);
        if (right == 1) revert(f, &o);
        fixture_close(f, NULL);
        cr_expect_eq(found(f) == 0, right == 1);
        cr_expect_eq(f->outcome.figures[ASSAY_SIM_FIGURE_CHANGES_REVERTED][0], 1);
        end(f, &o);
    }
}

Test(sim_watch_changes, sees_a_change_that_felled_few_and_is_reverted)
{
    for (int right = 0; right < 2; right++) {
        struct office o;
        struct fixture *f = on_trial(&o, 0);
        fell(f, 0, 1);
        if (right == 1) strike(f, 0);
        else revert(f, &o);
        fixture_close(f, NULL);
        cr_expect_eq(found(f) == 0, right == 1);
        end(f, &o);
    }
}

/* One in each of the two epochs: together more than a fifth. */
Test(sim_watch_changes, adds_up_both_epochs_and_no_third)
{
    for (int third = 0; third < 2; third++) {
        struct office o;
        struct fixture *f = on_trial(&o, 0);
        fell(f, 0, 1);
        strike(f, 0);
        fixture_close(f, NULL);
        fixture_epoch(f);
        if (third == 1) {
            fixture_close(f, NULL);
            fixture_epoch(f);
        }
        fell(f, 1, 1);
        if (third == 1) strike(f, 1);
        fixture_close(f, NULL);
        cr_expect_eq(found(f) == 0, third == 1);
        end(f, &o);
    }
}

Test(sim_watch_changes, sees_who_is_not_spared)
{
    for (int fault = 0; fault < 4; fault++) {
        struct office o;
        struct fixture *f = on_trial(&o, 0);
        fell(f, 0, 1);
        strike(f, 0);
        fixture_close(f, NULL);
        fixture_epoch(f);
        fell(f, 1, 1);
        f->after.members[0].trust = assay_trust_genesis();
        revert(f, &o);
        if (fault == 1) f->after.members[0].trust.integrity_bp = 0;
        if (fault == 2) f->after.members[0].trust.offences.count = 1;
        if (fault == 3) strike(f, 1);
        fixture_close(f, NULL);
        cr_expect_eq(found(f) > 0, fault > 0, "fault %d", fault);
        end(f, &o);
    }
}

/* --- going on */

Test(sim_watch_changes, sees_that_nothing_closes_behind_a_boundary)
{
    for (int fault = 0; fault < 3; fault++) {
        struct office o;
        struct fixture *f = begun(&o);
        f->scenario.adversary_count = 0; /* nobody is to blame */
        fixture_epoch(f);
        const struct assay_action rest = about(f, ASSAY_ACTION_REST, 4);
        decide(f, &o, 1, f->after.epoch + 2, &rest, 1);
        fixture_close(f, NULL);
        fixture_epoch(f);
        set_stage(f, 4, ASSAY_STAGE_RESTING);
        fixture_close(f, NULL);
        fixture_epoch(f);
        if (fault == 1) f->at_ms += 4 * (uint64_t)f->scenario.epoch_ms;
        if (fault < 2) fixture_close(f, NULL);
        else assay_sim_watch_end(f->watch, f->at_ms + 4 * (uint64_t)f->scenario.epoch_ms);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_LIVENESS), fault > 0, "fault %d", fault);
        end(f, &o);
    }
}
