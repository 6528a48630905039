/*
 * tests/unit/services/identity/test_ledger_proof.c - tests of what a holder of the group key
 * verifies of the ledger: its daemon shows what it likes (docs/identity.md 3.20).
 */
#include "net/services/identity/ledger_proof.h"
#include "tests/support/services/identity_plan.h"
#include "tests/unit/services/identity/boundary_maker.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { EPOCHS = 5 };

static const uint8_t chain[32] = { 7 };
static struct boundary_maker *maker, *forger; /* the forger has keys of no voter */
static struct assay_keyholder_proof *proof;
static struct assay_registry *registry;
static struct assay_fault fault;
static uint64_t unix_ms; /* of the holder's clock */

static struct assay_registry *make_registry(uint64_t epoch)
{
    struct assay_registry_plan *plan = calloc(1, sizeof *plan);
    struct assay_registry *made = NULL;
    struct assay_registry_facts *facts = calloc(1, sizeof *facts);
    struct assay_registry_member member = { .standing = ASSAY_REGISTRY_STAND_FULL,
                                            .certified = true };
    identity_plan_set(plan, 64);
    const size_t len = (assay_registry_size(plan) + 63) / 64 * 64;
    void *memory = aligned_alloc(64, len);
    cr_assert_eq(assay_registry_init(memory, len, plan, chain, &made), ASSAY_OK);
    assay_registry_set_era(made, 1);
    assay_registry_close_epoch(made, epoch, &member, 1, facts, NULL, NULL);
    free(plan);
    free(facts);
    return made;
}

static void set_up(void)
{
    unix_ms = MAKER_TIME_MS;
    struct assay_checkpoint from;
    maker = boundary_maker_new(chain, 1);
    forger = boundary_maker_new(chain, 2);
    registry = make_registry(EPOCHS);
    for (int i = 0; i < EPOCHS; i++) {
        boundary_maker_close(maker, registry, i % 2 == 0, MAKER_VOTERS);
        boundary_maker_close(forger, registry, true, MAKER_VOTERS);
    }
    boundary_maker_checkpoint(maker, &from);
    cr_assert_eq(assay_keyholder_proof_create(&from, &proof), ASSAY_OK);
}

static void tear_down(void)
{
    assay_keyholder_proof_destroy(&proof);
    boundary_maker_free(maker);
    boundary_maker_free(forger);
    free(registry);
}

TestSuite(services_ledger_proof, .init = set_up, .fini = tear_down);

/* Answers of `by` to what is requested next. */
static enum assay_status advance(const struct boundary_maker *by)
{
    struct assay_service_message m, answer = { .verb = ASSAY_SERVICE_PROOF };
    cr_assert(assay_keyholder_proof_next(proof, EPOCHS + 2, &m));
    boundary_maker_answer(by, &m, &answer);
    return assay_keyholder_proof_on_answer(proof, &answer, unix_ms, &fault);
}

static void advance_to(uint64_t epoch)
{
    cr_assert_eq(advance(maker), ASSAY_OK, "the voters of the checkpoint");
    while (assay_keyholder_proof_at(proof)->epoch < epoch)
        cr_assert_eq(advance(maker), ASSAY_OK, "%s", fault.what);
}

static bool has(const struct assay_registry *of)
{
    bool certified = false;
    return assay_keyholder_proof_has(proof, assay_registry_identity(of), &certified);
}

Test(services_ledger_proof, epochs_are_proven_one_after_the_other_and_their_group_key_is)
{
    struct assay_service_message m;
    bool certified = false;
    advance_to(EPOCHS - 1);
    cr_expect_not(has(registry), "of an epoch that is not proven yet");
    advance_to(EPOCHS);
    cr_expect(assay_keyholder_proof_has(proof, assay_registry_identity(registry), &certified));
    cr_expect(certified);
    cr_expect_not(assay_keyholder_proof_next(proof, EPOCHS, &m), "nothing more to request");
}

Test(services_ledger_proof, votes_of_others_than_the_voters_prove_nothing)
{
    cr_expect_eq(advance(forger), ASSAY_E_INVALID, "a table that the checkpoint does not name");
    advance_to(2);
    cr_expect_eq(advance(forger), ASSAY_E_INVALID);
    cr_expect_not_null(fault.what);
    cr_expect_eq(assay_keyholder_proof_at(proof)->epoch, 2, "what was proven remains");
    advance_to(EPOCHS);
    cr_expect(has(registry));
}

Test(services_ledger_proof, a_third_of_the_voters_misses)
{
    boundary_maker_close(maker, registry, true, 2);
    advance_to(EPOCHS);
    struct assay_service_message m, answer = { .verb = ASSAY_SERVICE_PROOF };
    cr_assert(assay_keyholder_proof_next(proof, EPOCHS + 1, &m));
    boundary_maker_answer(maker, &m, &answer);
    cr_expect_eq(assay_keyholder_proof_on_answer(proof, &answer, unix_ms, &fault), ASSAY_E_INVALID);
    cr_expect_eq(assay_keyholder_proof_at(proof)->epoch, EPOCHS);
}

Test(services_ledger_proof, a_group_key_of_other_documents_epoch_or_era_is_not_the_ledgers)
{
    struct assay_ca *ca = calloc(1, sizeof *ca);
    bool certified;
    advance_to(EPOCHS);
    *ca = *assay_registry_identity(registry);
    cr_expect(assay_keyholder_proof_has(proof, ca, &certified));
    ca->attempts++;
    cr_expect_not(assay_keyholder_proof_has(proof, ca, &certified), "another identity/0 or /1");
    *ca = *assay_registry_identity(registry);
    ca->epoch++;
    cr_expect_not(assay_keyholder_proof_has(proof, ca, &certified));
    *ca = *assay_registry_identity(registry);
    ca->era++;
    cr_expect_not(assay_keyholder_proof_has(proof, ca, &certified));
    *ca = *assay_registry_identity(registry);
    ca->chain_id[0] ^= 1;
    cr_expect_not(assay_keyholder_proof_has(proof, ca, &certified));
    free(ca);
}

Test(services_ledger_proof, answers_that_were_not_requested_and_empty_ones_change_nothing)
{
    struct assay_service_message m, answer = { .verb = ASSAY_SERVICE_PROOF };
    advance_to(1);
    cr_assert(assay_keyholder_proof_next(proof, EPOCHS, &m));
    m.epoch++;
    boundary_maker_answer(maker, &m, &answer);
    cr_expect_eq(assay_keyholder_proof_on_answer(proof, &answer, unix_ms, &fault), ASSAY_E_EARLY);
    answer = (struct assay_service_message){ .verb = ASSAY_SERVICE_PROOF, .epoch = 2 };
    cr_expect_eq(assay_keyholder_proof_on_answer(proof, &answer, unix_ms, &fault),
                 ASSAY_E_NOT_FOUND);
    uint8_t junk[40] = { 0x86 };
    answer.boundary = assay_slice_over(junk, sizeof junk);
    cr_expect_eq(assay_keyholder_proof_on_answer(proof, &answer, unix_ms, &fault), ASSAY_E_INVALID);
    advance_to(EPOCHS);
    cr_expect(has(registry));
}

/* After a restart: from the epoch of the stored checkpoint on, without a boundary more. */
Test(services_ledger_proof, the_checkpoint_s_own_boundary_names_its_documents)
{
    advance_to(EPOCHS);
    const struct assay_checkpoint at = *assay_keyholder_proof_at(proof);
    assay_keyholder_proof_destroy(&proof);
    cr_assert_eq(assay_keyholder_proof_create(&at, &proof), ASSAY_OK);
    cr_expect_not(has(registry));
    cr_assert_eq(advance(maker), ASSAY_OK);
    cr_expect(has(registry));
}

/* --- time: keys of voters that left may be stolen (docs/protocol.md 11.3.1) */

enum { SECOND_MS = 1000, AHEAD_MS = 10 * 60 * SECOND_MS };
static const uint64_t period_ms = UINT64_C(1000) * ASSAY_TRUSTING_PERIOD_S;

Test(services_ledger_proof, an_expired_checkpoint_proves_nothing)
{
    unix_ms = MAKER_TIME_MS + period_ms + 1;
    cr_expect_not_null(assay_keyholder_proof_time_fault(proof, unix_ms));
    cr_expect_eq(advance(maker), ASSAY_E_STALE, "not even its own voters");
    cr_expect_not_null(fault.what);
    unix_ms--;
    cr_expect_null(assay_keyholder_proof_time_fault(proof, unix_ms));
    advance_to(2);
    unix_ms += 2 * SECOND_MS + 1;
    cr_expect_eq(advance(maker), ASSAY_E_STALE, "what was proven from it expires as well");
    cr_expect_eq(assay_keyholder_proof_at(proof)->epoch, 2);
    unix_ms--;
    cr_assert_eq(advance(maker), ASSAY_OK);
    cr_expect_eq(assay_keyholder_proof_at(proof)->epoch, 3, "each epoch has the same period");
}

/* Voters of before did not have to keep their keys from anyone for so long. */
Test(services_ledger_proof, an_epoch_beyond_the_trusting_period_of_the_one_before_is_not_proven)
{
    boundary_maker_pass(maker, period_ms - SECOND_MS);
    boundary_maker_close(maker, registry, true, MAKER_VOTERS);
    unix_ms = MAKER_TIME_MS + period_ms;
    advance_to(EPOCHS);
    cr_expect_eq(advance(maker), ASSAY_OK, "exactly so long: %s", fault.what);
    boundary_maker_pass(maker, period_ms);
    boundary_maker_close(maker, registry, true, MAKER_VOTERS);
    unix_ms += period_ms;
    cr_expect_eq(advance(maker), ASSAY_E_INVALID);
    cr_expect_eq(assay_keyholder_proof_at(proof)->epoch, EPOCHS + 1);
}

Test(services_ledger_proof, a_clock_that_lies_before_what_is_proven_proves_nothing)
{
    unix_ms = MAKER_TIME_MS - AHEAD_MS - 1;
    cr_expect_not_null(assay_keyholder_proof_time_fault(proof, unix_ms));
    cr_expect_eq(advance(maker), ASSAY_E_STALE);
    unix_ms++;
    cr_expect_eq(advance(maker), ASSAY_OK);
    cr_expect_eq(advance(maker), ASSAY_E_INVALID, "an epoch of the future");
    unix_ms += SECOND_MS;
    cr_expect_eq(advance(maker), ASSAY_OK, "its tables are requested again");
    cr_expect_eq(advance(maker), ASSAY_OK);
    cr_expect_eq(assay_keyholder_proof_at(proof)->epoch, 1);
}

/* --- a fold that is not the ledger's */

Test(services_ledger_proof, another_group_key_after_the_proven_epoch_differs_and_nothing_else_does)
{
    struct assay_ca *ca = calloc(1, sizeof *ca);
    advance_to(EPOCHS - 1);
    *ca = *assay_registry_identity(registry);
    ca->attempts++;
    cr_expect_not(assay_keyholder_proof_differs(proof, ca), "that epoch is not proven");
    advance_to(EPOCHS);
    cr_expect(assay_keyholder_proof_differs(proof, ca));
    cr_expect_not(assay_keyholder_proof_differs(proof, assay_registry_identity(registry)));
    ca->epoch++;
    cr_expect_not(assay_keyholder_proof_differs(proof, ca));
    free(ca);
}
