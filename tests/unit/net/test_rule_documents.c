/*
 * tests/unit/net/test_rule_documents.c - tests of rule documents.
 *
 * Rules by the digests that a state names: in force, and of the epochs before (docs/protocol.md
 * 9.8).
 */
#include "net/verifier/rule_documents.h"

#include "engine/ledger/records/change.h"
#include "engine/store/store_memory.h"
#include "quote/collateral/endorsements.h"
#include "quote/source/soft/soft.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { LEN = 65536 };

static struct assay_genesis genesis;
static struct assay_store *store;
static struct assay_policy policy;
static uint8_t endorsements[LEN], first[ASSAY_POLICY_LEN_MAX], second[ASSAY_POLICY_LEN_MAX];
static struct assay_slice policies[2]; /* the genesis's, and one that a change brought */
static uint8_t digests[2][32];
static char message[ASSAY_RULES_MESSAGE];

static void make_endorsements(void)
{
    struct assay_soft_ca ca;
    struct assay_soft_terms terms;
    static struct assay_soft_bundle bundle;
    struct assay_endorsement_files files = { .kinds = ASSAY_KIND_BIT(ASSAY_KIND_SOFT) };
    const int64_t now_s = 1800000000;
    cr_assert_eq(assay_soft_ca_create("Vendor", now_s - 86400, now_s + 86400, &ca), ASSAY_OK);
    assay_soft_terms_default(&ca, &terms);
    cr_assert_eq(assay_soft_collateral(&ca, &terms, &bundle), ASSAY_OK);
    files.files = bundle.files;
    files.root = assay_key_p256(ca.root_public);
    struct assay_writer w = assay_writer_over(endorsements, sizeof endorsements);
    cr_assert_eq(assay_endorsements_encode(&files, 1, &w), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&w, &genesis.endorsements), ASSAY_OK);
}

static struct assay_slice encode_policy(uint32_t least, uint8_t *bytes)
{
    struct assay_slice out;
    assay_policy_default(&policy);
    policy.evaluation_number_min = least;
    struct assay_writer w = assay_writer_over(bytes, ASSAY_POLICY_LEN_MAX);
    assay_policy_encode(&policy, &w);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    return out;
}

/* A CHANGE that stands in a block with the second policy. */
static void keep_change(void)
{
    static uint8_t body[ASSAY_POLICY_LEN_MAX + 256], record[ASSAY_POLICY_LEN_MAX + 512];
    const struct assay_change change = { .sequence = 1, .activation = 9 };
    const struct assay_action action = { .kind = ASSAY_ACTION_POLICY, .document = policies[1] };
    struct assay_store_key key = { .epoch = 5, .number = 1 };
    struct assay_slice bytes, all;
    struct assay_writer w = assay_writer_over(body, sizeof body);
    cr_assert_eq(assay_change_encode(&change, &action, 1, &w), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&w, &bytes), ASSAY_OK);
    struct assay_writer r = assay_writer_over(record, sizeof record);
    static const uint8_t ids[1][32] = { { 1 } };
    static const uint8_t signatures[1][64] = { { 2 } };
    cr_assert_eq(assay_record_put_change(&r, bytes, ids, signatures, 1), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&r, &all), ASSAY_OK);
    assay_sha256(all.bytes, all.len, key.id);
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_CHANGE, &key, all), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
}

static void start(void)
{
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    make_endorsements();
    policies[0] = encode_policy(1, first);
    policies[1] = encode_policy(2, second);
    for (size_t i = 0; i < 2; i++)
        assay_sha256(policies[i].bytes, policies[i].len, digests[i]);
    genesis.policy = policies[0];
    assay_bytes_copy(genesis.policy_digest, 32, digests[0], 32);
    assay_sha256(genesis.endorsements.bytes, genesis.endorsements.len, genesis.endorsements_digest);
}

static void stop(void)
{
    assay_store_close(&store);
}

TestSuite(net_rule_documents, .init = start, .fini = stop);

/* After epoch 9: in force is the second policy; epochs 8 and 7 had the first. */
static void fill_state(struct assay_state *state)
{
    *state = (struct assay_state){ .epoch = 9, .past_count = 3 };
    for (uint32_t i = 0; i < 3; i++) {
        state->past[i] = (struct assay_past_epoch){ .epoch = 9 - i, .t0_ms = 5500 - 1000 * i };
        assay_bytes_copy(state->past[i].policy_digest, 32, digests[i == 0], 32);
        assay_bytes_copy(state->past[i].endorsements_digest, 32, genesis.endorsements_digest, 32);
    }
}

Test(net_rule_documents, past_epochs_have_theirs)
{
    struct assay_state state;
    static struct assay_genesis now;
    struct assay_rules *rules = NULL;
    keep_change();
    fill_state(&state);
    now = genesis;
    now.policy = policies[1];
    assay_bytes_copy(now.policy_digest, 32, digests[1], 32);
    const struct assay_effective_rules effective = { .genesis = &now, .state = &state };
    cr_assert_eq(assay_rules_open(&genesis, &effective, store, &rules, message), ASSAY_OK, "%s",
                 message);
    cr_assert_eq(rules->set_count, 2, "each set is read once");
    cr_assert_eq(rules->sets[0].policy->evaluation_number_min, 2, "in force");
    cr_assert_eq(rules->past_count, 2);
    for (size_t i = 0; i < 2; i++) {
        cr_expect_eq(rules->past[i].epoch, 8 - i);
        cr_expect_eq(rules->past[i].at_unix_s, (int64_t)(4 - i));
        cr_expect_eq(rules->past[i].policy->evaluation_number_min, 1);
        cr_expect_eq(rules->past[i].endorsements->count, 1);
    }
    cr_expect_null(assay_rules_past(rules->past, 2, 9), "the newest had those in force");
    cr_expect_null(assay_rules_past(rules->past, 2, 10));
    cr_expect_eq(assay_rules_past(rules->past, 2, 8), &rules->past[0]);
    cr_expect_eq(assay_rules_past(rules->past, 2, 7), &rules->past[1]);
    cr_expect_eq(assay_rules_past(NULL, 0, 7), NULL);
    cr_expect(!assay_rules_in_force(rules->past, 2, 3));
    cr_expect(!assay_rules_in_force(rules->past, 2, 4), "the second in which epoch 8 began");
    cr_expect(assay_rules_in_force(rules->past, 2, 5));
    cr_expect(assay_rules_in_force(NULL, 0, 0));
    assay_rules_close(&rules);
    cr_assert_null(rules);
}

/* docs/protocol.md 9.9: a trial lasts up to 64 epochs, longer than the past that a state names. */
Test(net_rule_documents, those_before_the_rules_on_trial_are_read)
{
    struct assay_state state = { .epoch = 9 };
    static struct assay_genesis now;
    struct assay_rules *rules = NULL;
    keep_change();
    now = genesis;
    now.policy = policies[1];
    assay_bytes_copy(now.policy_digest, 32, digests[1], 32);
    const struct assay_effective_rules effective = { .genesis = &now, .state = &state };
    cr_assert_eq(assay_rules_open(&genesis, &effective, store, &rules, message), ASSAY_OK);
    cr_assert_not(rules->has_before);
    assay_rules_close(&rules);
    state.trial = (struct assay_trial){ .sequence = 1, .epoch = 5 };
    assay_bytes_copy(state.trial.before.policy_digest, 32, digests[0], 32);
    assay_bytes_copy(state.trial.before.endorsements_digest, 32, genesis.endorsements_digest, 32);
    cr_assert_eq(assay_rules_open(&genesis, &effective, store, &rules, message), ASSAY_OK);
    cr_assert(rules->has_before);
    cr_assert_eq(rules->set_count, 2);
    cr_assert_eq(rules->past_count, 0);
    cr_assert_eq(rules->sets[0].policy->evaluation_number_min, 2, "in force");
    cr_assert_eq(rules->before.policy->evaluation_number_min, 1);
    cr_assert_eq(rules->before.endorsements->count, 1);
    assay_rules_close(&rules);
}

Test(net_rule_documents, a_document_that_nobody_has_is_named)
{
    struct assay_state state;
    struct assay_rules *rules = NULL;
    fill_state(&state); /* its newest epoch had the second policy, which no CHANGE brought here */
    const struct assay_effective_rules effective = { .genesis = &genesis, .state = &state };
    cr_assert_eq(assay_rules_open(&genesis, &effective, store, &rules, message), ASSAY_E_NOT_FOUND);
    cr_assert_null(rules);
    cr_assert_not_null(strstr(message, "in neither the genesis nor the store"), "%s", message);
}

Test(net_rule_documents, a_document_comes_from_the_genesis_or_a_change)
{
    struct assay_slice document;
    static uint8_t memory[ASSAY_CHANGE_LEN_MAX];
    keep_change();
    cr_assert_eq(assay_host_rules_document(&genesis, store, digests[0], memory, 0, &document),
                 ASSAY_OK);
    cr_assert_eq(document.bytes, genesis.policy.bytes);
    cr_assert_eq(assay_host_rules_document(&genesis, store, digests[1], memory, 8, &document),
                 ASSAY_E_FULL);
    cr_assert_eq(
        assay_host_rules_document(&genesis, store, digests[1], memory, sizeof memory, &document),
        ASSAY_OK);
    cr_assert(assay_slice_equal(document, policies[1]));
    digests[1][0] ^= 1;
    cr_assert_eq(
        assay_host_rules_document(&genesis, store, digests[1], memory, sizeof memory, &document),
        ASSAY_E_NOT_FOUND);
    assay_store_memory_fail(store, ASSAY_STORE_FAULT_READ, 1, true);
    cr_assert_eq(
        assay_host_rules_document(&genesis, store, digests[1], memory, sizeof memory, &document),
        ASSAY_E_STORE);
}

Test(net_rule_documents, only_what_can_be_judged_by_may_be_brought)
{
    cr_assert_eq(assay_rules_check(true, 0, policies[0]), ASSAY_OK);
    cr_assert_eq(assay_rules_check(false, 0, genesis.endorsements), ASSAY_OK);
    cr_assert_neq(assay_rules_check(false, 0, policies[0]), ASSAY_OK);
    cr_assert_neq(assay_rules_check(true, 0, genesis.endorsements), ASSAY_OK);
    cr_assert_neq(assay_rules_check(true, 0, (struct assay_slice){ 0 }), ASSAY_OK);
    cr_assert_neq(assay_rules_check(false, 0, (struct assay_slice){ 0 }), ASSAY_OK);
    for (size_t len = 0; len < policies[0].len; len++)
        cr_assert_neq(assay_rules_check(true, 0, assay_slice_over(first, len)), ASSAY_OK);
    genesis.endorsements.len--;
    cr_assert_neq(assay_rules_check(false, 0, genesis.endorsements), ASSAY_OK);
}

/* Builds below the feature level cannot read such a policy: none of them is to judge by it. */
/* evidence-rules.md 7.5: networks never accept weak banks, by a change or by their genesis. */
Test(net_rule_documents, a_policy_that_accepts_weak_banks_is_none_of_a_network)
{
    static uint8_t bytes[ASSAY_POLICY_LEN_MAX];
    struct assay_ruleset set;
    struct assay_slice weak;
    assay_policy_default(&policy);
    policy.tpm_weak_banks = ASSAY_ACCEPT_WARNING;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_policy_encode(&policy, &w);
    cr_assert_eq(assay_writer_finish(&w, &weak), ASSAY_OK);
    cr_expect_eq(assay_rules_check(true, ASSAY_LEVEL_DEVICES, weak), ASSAY_E_RANGE);
    cr_expect_eq(assay_ruleset_open(weak, genesis.endorsements, &set), ASSAY_E_RANGE);
    assay_ruleset_close(&set);
}

/* evidence-rules.md 5.2: versions that do not know the form find it malformed. */
Test(net_rule_documents, a_policy_of_a_network_refuses_the_form_of_an_svsm)
{
    struct assay_ruleset set;
    cr_assert_eq(assay_ruleset_open(policies[0], genesis.endorsements, &set), ASSAY_OK);
    cr_expect(set.policy->refuses_svsm);
    assay_ruleset_close(&set);
}

Test(net_rule_documents, a_policy_with_devices_waits_for_its_feature_level)
{
    static uint8_t bytes[ASSAY_POLICY_LEN_MAX];
    struct assay_slice encoded;
    assay_policy_default(&policy);
    static const uint32_t needed[] = { 0, ASSAY_LEVEL_DEVICES, ASSAY_LEVEL_PACKED };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (i > 0) assay_gpu_rules_accept_devices(&policy.gpu);
        policy.gpu.packed = i == 2;
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        assay_policy_encode(&policy, &w);
        cr_assert_eq(assay_writer_finish(&w, &encoded), ASSAY_OK);
        cr_expect_eq(assay_rules_level(&policy, NULL), needed[i]);
        for (uint32_t level = 0; level <= ASSAY_LEVEL_NEWEST; level++)
            cr_expect_eq(assay_rules_check(true, level, encoded),
                         level < needed[i] ? ASSAY_E_EARLY : ASSAY_OK);
    }
}
