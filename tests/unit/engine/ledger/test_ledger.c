/*
 * tests/unit/engine/ledger/test_ledger.c - one branch of an epoch: what fits, counts, what E makes
 * of it.
 *
 * Records are made by hand, as if decoded, checked and judged: their shape is test_record.c's.
 */
#include "engine/ledger/fold/close.h"
#include "engine/ledger/records/ledger.h"
#include "engine/ledger/records/row.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { N = 5, ROW = 3 };

struct bench {
    struct assay_genesis *genesis;
    struct assay_state state, next;
    struct assay_ledger ledger, copy;
    struct assay_context context;
    struct assay_groups groups;
    struct assay_close close;
    struct assay_close_rules rules;
    struct assay_tolerance tolerance;
    void *memory[8];
    struct assay_p256 *keys[N];
    uint8_t rows[N][ROW];
    uint8_t roll_bytes[512];
};

static void *take(struct bench *b, size_t len)
{
    for (size_t i = 0; i < sizeof b->memory / sizeof b->memory[0]; i++) {
        if (b->memory[i] != NULL) continue;
        b->memory[i] = aligned_alloc(64, (len + 63) & ~(size_t)63);
        cr_assert_not_null(b->memory[i]);
        memset(b->memory[i], 0, len);
        return b->memory[i];
    }
    cr_assert(false, "more memory than planned");
    return NULL;
}

static void group(struct bench *b)
{
    struct assay_place places[N] = { 0 };
    for (uint32_t i = 0; i < N; i++) {
        assay_bytes_copy(places[i].node_id, 32, b->state.members[i].node_id, 32);
        places[i].platform_id[0] = places[i].operator_id[0] = (uint8_t)(i + 1);
        places[i].vendor_root[0] = (uint8_t)(i + 1);
    }
    const size_t len = assay_groups_memory_len(N);
    assay_groups_build(places, N, take(b, len), len, &b->groups);
    b->rules = (struct assay_close_rules){ &b->groups, assay_score_rules_default() };
}

static struct bench *make(void)
{
    struct bench *b = calloc(1, sizeof *b);
    b->genesis = calloc(1, sizeof *b->genesis);
    cr_assert(b != NULL && b->genesis != NULL);
    b->genesis->member_count = N;
    b->genesis->time_ms = 1000000;
    b->genesis->parameters =
        (struct assay_genesis_parameters){ 800, 20, 100, 33, 100, 1 << 20, { 0 }, 0, 0, 0, 0, 0 };
    for (uint32_t i = 0; i < N; i++) {
        memset(b->genesis->members[i].node_id, (int)(i + 1), 32);
        b->genesis->members[i].evidence_kind = ASSAY_KIND_SOFT;
    }
    assay_state_init(&b->state, take(b, assay_state_memory_len(N)), N);
    assay_state_init(&b->next, take(b, assay_state_memory_len(N)), N);
    assay_ledger_init(&b->ledger, take(b, assay_ledger_memory_len(N)), N);
    assay_ledger_init(&b->copy, take(b, assay_ledger_memory_len(N)), N);
    assay_close_init(&b->close, take(b, assay_close_memory_len(N)), N);
    assay_state_genesis(&b->state, b->genesis);
    group(b);
    assay_close_genesis_weights(&b->rules, &b->close, &b->state, &b->tolerance);
    b->context = (struct assay_context){
        .state = &b->state, .epoch = 1, .voting = b->keys, .identity = b->keys
    };
    assay_ledger_reset(&b->ledger, &b->state);
    return b;
}

static void drop(struct bench *b)
{
    for (size_t i = 0; i < sizeof b->memory / sizeof b->memory[0]; i++)
        free(b->memory[i]);
    free(b->genesis);
    free(b);
}

static enum assay_status put(struct bench *b, const struct assay_record *r)
{
    const enum assay_status status = assay_ledger_fits(&b->context, &b->ledger, r);
    if (status == ASSAY_OK) assay_ledger_apply(&b->context, &b->ledger, r);
    return status;
}

static struct assay_record roll(struct bench *b)
{
    uint8_t digests[N][32];
    bool present[N];
    struct assay_record r;
    for (uint32_t i = 0; i < N; i++) {
        memset(digests[i], (int)(40 + i), 32);
        present[i] = i != 4;
    }
    struct assay_writer w = assay_writer_over(b->roll_bytes, sizeof b->roll_bytes);
    cr_assert_eq(assay_record_put_roll(&w, (const uint8_t(*)[32])digests, present, N), ASSAY_OK);
    cr_assert_eq(assay_record_decode(assay_slice_over(b->roll_bytes, w.len), &r), ASSAY_OK);
    return r;
}

/* Everybody PASS, own slot none. */
static struct assay_record ballot(struct bench *b, uint32_t voter)
{
    struct assay_record r = {
        .kind = ASSAY_RECORD_BALLOT, .epoch = b->context.epoch, .slot = voter, .incarnation = 1
    };
    memset(b->rows[voter], 0, ROW);
    for (uint32_t i = 0; i < N; i++)
        if (i != voter) assay_votes_row_set(b->rows[voter], i, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    r.ballot.epoch = b->context.epoch;
    r.ballot.row = assay_slice_over(b->rows[voter], ROW);
    assay_bytes_copy(r.ballot.roll_root, 32, b->ledger.roll_root, 32);
    assay_bytes_copy(r.ballot.policy_digest, 32, b->state.rules.policy_digest, 32);
    assay_bytes_copy(r.ballot.endorsements_digest, 32, b->state.rules.endorsements_digest, 32);
    return r;
}

static void advance(struct bench *b, enum assay_block_kind kind)
{
    const struct assay_block_header h = { .kind = kind,
                                          .epoch = b->context.epoch,
                                          .height = b->ledger.height + 1,
                                          .view = b->ledger.view + 1,
                                          .time_ms = b->ledger.time_ms + 10 };
    uint8_t id[32];
    memset(id, (int)h.height, 32);
    assay_ledger_advance(&b->ledger, &h, id);
}

static void close_epoch(struct bench *b)
{
    assay_close(&b->context, &b->ledger, &b->rules, 3, &b->close, &b->next, &b->tolerance);
    assay_state_check(&b->next);
}

Test(ledger, the_kind_of_a_block_is_a_function_of_branch_and_time)
{
    struct bench *b = make();
    const uint64_t t0 = b->state.head_time_ms;
    cr_assert_eq(assay_ledger_kind(&b->ledger, t0, 800, t0 + 1), ASSAY_BLOCK_NORMAL);
    cr_assert_eq(assay_ledger_kind(&b->ledger, t0, 800, t0 + 199), ASSAY_BLOCK_NORMAL);
    cr_assert_eq(assay_ledger_kind(&b->ledger, t0, 800, t0 + 200), ASSAY_BLOCK_ROLL);
    cr_assert_eq(assay_ledger_kind(&b->ledger, t0, 800, t0 + 799), ASSAY_BLOCK_ROLL);
    cr_assert_eq(assay_ledger_kind(&b->ledger, t0, 800, t0 + 800), ASSAY_BLOCK_EPOCH);
    const struct assay_record r = roll(b);
    cr_assert_eq(put(b, &r), ASSAY_OK);
    cr_assert_eq(assay_ledger_kind(&b->ledger, t0, 800, t0 + 200), ASSAY_BLOCK_NORMAL);
    cr_assert_eq(assay_ledger_kind(&b->ledger, t0, 800, t0 + 800), ASSAY_BLOCK_EPOCH);
    drop(b);
}

Test(ledger, ballots_come_after_the_roll_and_once)
{
    struct bench *b = make();
    struct assay_record v = ballot(b, 0);
    cr_assert_eq(put(b, &v), ASSAY_E_EARLY);
    const struct assay_record r = roll(b);
    cr_assert_eq(put(b, &r), ASSAY_OK);
    cr_assert_eq(put(b, &r), ASSAY_E_DUPLICATE);
    v = ballot(b, 0);
    cr_assert_eq(put(b, &v), ASSAY_OK);
    cr_assert_eq(put(b, &v), ASSAY_E_DUPLICATE);
    v = ballot(b, 1);
    v.epoch = 0;
    cr_assert_eq(put(b, &v), ASSAY_E_STALE);
    drop(b);
}

Test(ledger, a_ballot_over_other_digests_is_included_but_never_counted)
{
    struct bench *b = make();
    const struct assay_record r = roll(b);
    cr_assert_eq(put(b, &r), ASSAY_OK);
    for (uint32_t k = 0; k < 3; k++) {
        struct assay_record v = ballot(b, k);
        if (k == 0) v.ballot.roll_root[0] ^= 1;
        if (k == 1) v.ballot.policy_digest[0] ^= 1;
        if (k == 2) v.ballot.endorsements_digest[0] ^= 1;
        cr_assert_eq(put(b, &v), ASSAY_OK);
        cr_assert(b->ledger.balloted[k]);
        cr_assert_not(b->ledger.counted[k]);
    }
    struct assay_record v = ballot(b, 3);
    v.ballot.verifier_digest[0] = 9; /* none is pinned */
    cr_assert_eq(put(b, &v), ASSAY_OK);
    cr_assert(b->ledger.counted[3]);
    b->state.rules.parameters.verifier_digest[0] = 8; /* now one is */
    v = ballot(b, 4);
    v.ballot.verifier_digest[0] = 9;
    cr_assert_eq(put(b, &v), ASSAY_OK);
    cr_assert_not(b->ledger.counted[4]);
    drop(b);
}

Test(ledger, one_fail_one_incarnation_and_one_strike_a_member)
{
    struct bench *b = make();
    struct assay_record fail = { .kind = ASSAY_RECORD_FAIL,
                                 .slot = 2,
                                 .outcome = ASSAY_OUTCOME_FAIL_SOFT };
    cr_assert_eq(put(b, &fail), ASSAY_OK);
    fail.outcome = ASSAY_OUTCOME_FAIL_HARD;
    cr_assert_eq(put(b, &fail), ASSAY_E_DUPLICATE);
    struct assay_record inc = { .kind = ASSAY_RECORD_INCARNATE, .slot = 2 };
    cr_assert_eq(put(b, &inc), ASSAY_OK);
    cr_assert_eq(put(b, &inc), ASSAY_E_DUPLICATE);
    struct assay_record strike = { .kind = ASSAY_RECORD_OFFENCE, .slot = 3, .incarnation = 4 };
    b->state.members[3].equivocation_struck = 4;
    cr_assert_eq(put(b, &strike), ASSAY_E_DUPLICATE, "struck in an epoch before");
    strike.incarnation = 5;
    cr_assert_eq(put(b, &strike), ASSAY_OK);
    cr_assert_eq(put(b, &strike), ASSAY_E_DUPLICATE);
    strike.incarnation = 6;
    cr_assert_eq(put(b, &strike), ASSAY_OK, "another life, another strike");
    drop(b);
}

Test(ledger, a_ballot_is_contradicted_once_a_subject_and_never_after_its_epoch_was_closed_on_it)
{
    struct bench *b = make();
    struct assay_record c = { .kind = ASSAY_RECORD_CONTRADICTION,
                              .slot = 1,
                              .subject = 2,
                              .epoch = 1,
                              .falsehood = ASSAY_FALSE_FAIL };
    cr_assert_eq(put(b, &c), ASSAY_E_EARLY, "no roll yet");
    const struct assay_record r = roll(b);
    cr_assert_eq(put(b, &r), ASSAY_OK);
    cr_assert_eq(put(b, &c), ASSAY_E_INVALID, "over another roll");
    assay_bytes_copy(c.ballot.roll_root, 32, b->ledger.roll_root, 32);
    cr_assert_eq(put(b, &c), ASSAY_OK);
    cr_assert_eq(put(b, &c), ASSAY_E_DUPLICATE);
    c.subject = 3;
    cr_assert_eq(put(b, &c), ASSAY_OK);
    cr_assert_eq(b->ledger.false_fails[1], 2);
    close_epoch(b);
    cr_assert_eq(b->next.members[1].ballots_struck, 1);
    assay_state_copy(&b->state, &b->next);
    b->context.epoch = 2;
    assay_ledger_reset(&b->ledger, &b->state);
    cr_assert_eq(put(b, &c), ASSAY_E_DUPLICATE, "that ballot was dealt with");
    c.slot = 4;
    cr_assert_eq(put(b, &c), ASSAY_OK, "somebody else's of the same epoch was not");
    drop(b);
}

Test(ledger, more_contradictions_than_an_epoch_holds_wait)
{
    struct bench *b = make();
    const struct assay_record r = roll(b);
    cr_assert_eq(put(b, &r), ASSAY_OK);
    b->ledger.contradiction_count = ASSAY_CONTRADICTIONS_MAX - 1;
    for (uint32_t i = 0; i < ASSAY_CONTRADICTIONS_MAX - 1; i++)
        b->ledger.contradictions[i] = (struct assay_contradiction){ 0, 1, 99 };
    struct assay_record c = { .kind = ASSAY_RECORD_CONTRADICTION,
                              .slot = 1,
                              .subject = 2,
                              .epoch = 1,
                              .falsehood = ASSAY_FALSE_PASS };
    assay_bytes_copy(c.ballot.roll_root, 32, b->ledger.roll_root, 32);
    cr_assert_eq(put(b, &c), ASSAY_OK);
    c.subject = 3;
    cr_assert_eq(put(b, &c), ASSAY_E_FULL);
    drop(b);
}

/* Rows are not wiped with the rest: nobody may count what the epoch before said. */
Test(ledger, ballots_of_the_epoch_before_are_not_counted_again)
{
    struct bench *b = make();
    struct assay_record r = roll(b);
    cr_assert_eq(put(b, &r), ASSAY_OK);
    for (uint32_t i = 0; i < N; i++) {
        r = ballot(b, i);
        cr_assert_eq(put(b, &r), ASSAY_OK);
    }
    close_epoch(b);
    cr_assert_eq(b->next.members[0].found.pass_weight, 40000);
    assay_ledger_reset(&b->ledger, &b->state);
    assay_ledger_check(&b->ledger);
    cr_expect_not(b->ledger.has_roll);
    r = roll(b);
    cr_assert_eq(put(b, &r), ASSAY_OK);
    r = ballot(b, 1);
    cr_assert_eq(put(b, &r), ASSAY_OK);
    close_epoch(b);
    cr_expect_eq(b->next.members[0].found.pass_weight, 10000);
    cr_expect_eq(b->next.members[1].found.pass_weight, 0);
    cr_expect_not(b->next.certified);
    drop(b);
}

Test(ledger, a_copy_is_another_branch)
{
    struct bench *b = make();
    const struct assay_record r = roll(b);
    cr_assert_eq(put(b, &r), ASSAY_OK);
    assay_ledger_copy(&b->copy, &b->ledger);
    const struct assay_record v = ballot(b, 0);
    cr_assert_eq(put(b, &v), ASSAY_OK);
    cr_assert_not(b->copy.balloted[0]);
    cr_assert(b->copy.has_roll);
    cr_assert_arr_eq(b->copy.roll[1], b->ledger.roll[1], 32);
    assay_ledger_check(&b->copy);
    drop(b);
}

Test(close, full_ballots_certify_and_move_nothing)
{
    struct bench *b = make();
    const struct assay_record r = roll(b);
    cr_assert_eq(put(b, &r), ASSAY_OK);
    advance(b, ASSAY_BLOCK_ROLL);
    for (uint32_t i = 0; i < N; i++) {
        const struct assay_record v = ballot(b, i);
        cr_assert_eq(put(b, &v), ASSAY_OK);
    }
    close_epoch(b);
    cr_assert(b->next.certified);
    cr_assert_eq(b->next.epoch, 1);
    cr_assert_eq(b->next.past[0].epoch, 1);
    cr_assert(b->next.past[0].has_roll);
    for (uint32_t i = 0; i < N; i++) {
        cr_assert_eq(b->next.members[i].trust.integrity_bp, 10000);
        cr_assert_eq(b->next.members[i].pass_epoch, 1);
        cr_assert_eq(b->next.members[i].weight, b->state.members[i].weight);
    }
    drop(b);
}

Test(close, without_a_roll_everything_is_held_but_proofs_strike)
{
    struct bench *b = make();
    struct assay_record fail = { .kind = ASSAY_RECORD_FAIL,
                                 .slot = 2,
                                 .outcome = ASSAY_OUTCOME_FAIL_HARD };
    cr_assert_eq(put(b, &fail), ASSAY_OK);
    close_epoch(b);
    cr_assert_not(b->next.certified);
    cr_assert_eq(b->next.members[2].trust.integrity_bp, 0);
    cr_assert_eq(b->next.members[2].failure_epoch, 1);
    cr_assert_eq(b->next.members[2].weight, 0);
    cr_assert_eq(b->next.members[0].trust.availability_bp, 10000);
    drop(b);
}

Test(close, an_incarnation_is_listed_after_the_tally)
{
    struct bench *b = make();
    struct assay_record fail = { .kind = ASSAY_RECORD_FAIL,
                                 .slot = 2,
                                 .outcome = ASSAY_OUTCOME_FAIL_HARD };
    struct assay_record inc = { .kind = ASSAY_RECORD_INCARNATE, .slot = 2 };
    memset(inc.incarnate.voting_public, 77, 64);
    cr_assert_eq(put(b, &fail), ASSAY_OK);
    cr_assert_eq(put(b, &inc), ASSAY_OK);
    close_epoch(b);
    const struct assay_member *m = &b->next.members[2];
    cr_assert_eq(m->lives[0].incarnation, 2);
    cr_assert_eq(m->lives[0].since_epoch, 2);
    cr_assert_eq(m->lives[0].voting_public[0], 77);
    cr_assert_eq(m->lives[1].until_epoch, 1);
    cr_assert(m->trust.listed_after_failure, "the last failure does not bind the new one");
    cr_assert_eq(m->trust.integrity_bp, 0);
    drop(b);
}

Test(close, the_past_keeps_eight_epochs)
{
    struct bench *b = make();
    for (uint64_t epoch = 1; epoch <= 12; epoch++) {
        close_epoch(b);
        assay_state_copy(&b->state, &b->next);
        b->context.epoch = epoch + 1;
        assay_ledger_reset(&b->ledger, &b->state);
    }
    cr_assert_eq(b->state.past_count, 8);
    cr_assert_not_null(assay_state_past(&b->state, 5));
    cr_assert_null(assay_state_past(&b->state, 4));
    struct assay_moment moment;
    cr_assert_eq(assay_context_moment(&b->context, 4, &moment), ASSAY_E_STALE);
    cr_assert_eq(assay_context_moment(&b->context, 13, &moment), ASSAY_OK);
    cr_assert_eq(assay_context_moment(&b->context, 14, &moment), ASSAY_E_EARLY);
    drop(b);
}

Test(ledger, aborts_when_a_closed_branch_takes_a_record, .signal = SIGABRT)
{
    struct bench *b = make();
    advance(b, ASSAY_BLOCK_EPOCH);
    const struct assay_record r = roll(b);
    (void)put(b, &r);
}

/* --- new keys need evidence that passes (docs/protocol.md 9.4) */

/* What verify() found in evidence of a new life of member 2; wrong is for the test to choose. */
static struct assay_finding_record finding_of(const struct bench *b,
                                              const struct assay_incarnate *i)
{
    struct assay_finding_record f = { .used = true,
                                      .kind = ASSAY_KIND_SOFT,
                                      .outcome = ASSAY_OUTCOME_PASS_UP_TO_DATE,
                                      .has_claims = true,
                                      .has_platform = true };
    struct assay_life life = { .incarnation = i->incarnation };
    struct assay_moment moment;
    assay_bytes_copy(life.voting_public, 64, i->voting_public, 64);
    assay_bytes_copy(life.transport_public, 32, i->transport_public, 32);
    cr_assert_eq(assay_context_moment(&b->context, b->context.epoch, &moment), ASSAY_OK);
    assay_context_expected(&b->context, 2, &life, b->context.epoch, &moment, NULL, f.report_data);
    assay_bytes_copy(f.platform_id, 32, b->state.members[2].platform_id, 32);
    assay_bytes_copy(f.vendor_root, 32, b->state.members[2].vendor_root, 32);
    return f;
}

Test(incarnate, is_valid_with_evidence_that_passes_and_with_no_other)
{
    struct bench *b = make();
    struct assay_record r = { .kind = ASSAY_RECORD_INCARNATE, .slot = 2 };
    r.epoch = b->context.epoch;
    r.incarnate.incarnation = 2;
    memset(r.incarnate.voting_public, 77, 64);
    b->state.members[2].evidence_kind = ASSAY_KIND_SOFT;
    static const struct {
        enum assay_outcome outcome;
        enum assay_status status;
    } cases[] = {
        { ASSAY_OUTCOME_PASS_UP_TO_DATE, ASSAY_OK },
        { ASSAY_OUTCOME_PASS_NEEDS_HARDENING, ASSAY_OK },
        { ASSAY_OUTCOME_PASS_OUT_OF_DATE, ASSAY_OK },
        { ASSAY_OUTCOME_FAIL_SOFT, ASSAY_E_INVALID },
        { ASSAY_OUTCOME_FAIL_HARD, ASSAY_E_INVALID },
        { ASSAY_OUTCOME_NONE, ASSAY_E_INVALID },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct assay_finding_record f = finding_of(b, &r.incarnate);
        f.outcome = cases[i].outcome;
        cr_expect_eq(assay_incarnate_judge(&b->context, &f, &r), cases[i].status, "case %zu", i);
    }
    struct assay_finding_record f = finding_of(b, &r.incarnate);
    f.platform_id[0] ^= 1;
    cr_expect_eq(assay_incarnate_judge(&b->context, &f, &r), ASSAY_E_INVALID, "its platform");
    f = finding_of(b, &r.incarnate);
    r.incarnate.voting_public[5] ^= 1;
    cr_expect_eq(assay_incarnate_judge(&b->context, &f, &r), ASSAY_E_INVALID, "of other keys");
    drop(b);
}
