/*
 * tests/unit/net/test_change.c - tests of the file of a change.
 *
 * A change before a block has it: the file, and why it would not be taken (docs/protocol.md 9.5 to
 * 9.7). What a block takes is tests/unit/engine/ledger/test_change.c.
 */
#include "net/documents/change_review.h"

#include "engine/ledger/records/key_change.h"
#include "engine/store/store_memory.h"
#include "quote/accept/policy.h"
#include "scoring/weight.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 4, OPERATORS = 2 };

static struct assay_genesis genesis;
static struct assay_p256_signer *signers[OPERATORS]; /* as genesis.operators */
static struct assay_store *store;
static struct assay_change_basis *basis;
static char names[N][8];
static char message[ASSAY_CHANGE_MESSAGE];
static uint8_t body[4096], record[8192];

static void secret(uint8_t mark, uint8_t purpose, struct assay_secret32 *key)
{
    const uint8_t seed[2] = { mark, purpose };
    assay_sha256(seed, sizeof seed, key->bytes);
    key->bytes[0] &= 0x7f;
}

static void make_member(uint8_t i)
{
    struct assay_genesis_member *m = &genesis.members[i];
    struct assay_secret32 key;
    secret(i, 1, &key);
    cr_assert_eq(assay_p256_public(&key, m->identity_public), ASSAY_OK);
    secret(i, 2, &key);
    cr_assert_eq(assay_p256_public(&key, m->voting_public), ASSAY_OK);
    memset(m->bootstrap_public, 100 + i, 32);
    memset(m->transport_public, 120 + i, 32);
    memset(m->vendor_root, 1 + i % 2, 32);
    memset(m->platform_id, 1 + i, 32);
    assay_sha256(m->identity_public, 64, m->node_id);
    assay_bytes_copy(m->operator_id, 32, genesis.operators[i % OPERATORS].operator_id, 32);
    m->evidence_kind = ASSAY_KIND_SOFT;
    (void)snprintf(names[i], sizeof names[i], "m%u", i);
    m->name = assay_slice_over(names[i], strlen(names[i]));
}

static void make_operators(void)
{
    struct assay_secret32 keys[OPERATORS];
    genesis.operator_count = genesis.threshold = OPERATORS;
    for (uint8_t i = 0; i < OPERATORS; i++) {
        secret(i, 9, &keys[i]);
        cr_assert_eq(assay_p256_public(&keys[i], genesis.operators[i].public_key), ASSAY_OK);
        genesis.operators[i].name = assay_slice_over("op", 2);
    }
    assay_genesis_sort(&genesis);
    for (uint32_t i = 0; i < OPERATORS; i++)
        for (uint32_t k = 0; k < OPERATORS; k++) {
            uint8_t public_key[64];
            cr_assert_eq(assay_p256_public(&keys[k], public_key), ASSAY_OK);
            if (assay_bytes_equal(public_key, genesis.operators[i].public_key, 64))
                cr_assert_eq(assay_p256_signer_load(&keys[k], &signers[i]), ASSAY_OK);
        }
}

static void start(void)
{
    make_operators();
    genesis.member_count = N;
    genesis.time_ms = 1000000;
    genesis.parameters =
        (struct assay_genesis_parameters){ 1000, 50, 100, 50, 100, 1 << 20, { 0 }, 0, 0, 0, 0, 0 };
    memset(genesis.chain_id, 7, 32);
    for (uint8_t i = 0; i < N; i++)
        make_member(i);
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    cr_assert_eq(assay_draft_basis_open(&genesis, store, &basis), ASSAY_OK);
}

static void stop(void)
{
    assay_draft_basis_close(&basis);
    assay_store_close(&store);
    for (size_t i = 0; i < OPERATORS; i++)
        assay_p256_signer_free(&signers[i]);
}

static struct assay_action stage(enum assay_action_kind kind, uint32_t member)
{
    struct assay_action a = { .kind = kind };
    assay_bytes_copy(a.node_id, 32, genesis.members[member].node_id, 32);
    return a;
}

static struct assay_change plain(uint64_t sequence, uint64_t activation)
{
    struct assay_change c = { .sequence = sequence, .activation = activation };
    memset(c.chain_id, 7, 32);
    return c;
}

/* The file of one action with the signatures of the first so many operators; lies: the last one's
 * is of something else. */
static struct assay_slice file_of(const struct assay_change *change,
                                  const struct assay_action *action, uint32_t signatures, bool lies)
{
    struct assay_writer w = assay_writer_over(body, sizeof body);
    struct assay_slice bytes, all;
    uint8_t ids[OPERATORS][32], made[OPERATORS][ASSAY_P256_SIGNATURE_LEN], digest[32];
    cr_assert_eq(assay_change_encode(change, action, 1, &w), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&w, &bytes), ASSAY_OK);
    assay_sha256(bytes.bytes, bytes.len, digest);
    for (uint32_t i = 0; i < signatures; i++) {
        if (lies && i + 1 == signatures) digest[0] ^= 1;
        assay_bytes_copy(ids[i], 32, genesis.operators[i].operator_id, 32);
        cr_assert_eq(assay_p256_sign(signers[i], digest, made[i]), ASSAY_OK);
    }
    struct assay_writer r = assay_writer_over(record, sizeof record);
    cr_assert_eq(assay_record_put_change(&r, bytes, (const uint8_t(*)[32])ids,
                                         (const uint8_t(*)[64])made, signatures),
                 ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&r, &all), ASSAY_OK);
    return all;
}

static enum assay_status judge(const struct assay_change *change, const struct assay_action *action,
                               uint32_t signatures)
{
    struct assay_change_draft draft;
    cr_assert_eq(assay_draft_decode(file_of(change, action, signatures, false), &draft), ASSAY_OK);
    return assay_draft_review(basis, &draft, true, message);
}

TestSuite(net_change, .init = start, .fini = stop);

Test(net_change, a_file_reads_back_and_no_truncation_of_it_does)
{
    const struct assay_change change = plain(1, 3);
    const struct assay_action rest = stage(ASSAY_ACTION_REST, 2);
    const struct assay_slice file = file_of(&change, &rest, 2, false);
    struct assay_change_draft draft;
    cr_assert_eq(assay_draft_decode(file, &draft), ASSAY_OK);
    cr_assert_eq(draft.signature_count, 2);
    cr_assert_eq(draft.change.activation, 3);
    for (size_t len = 0; len < file.len; len++) {
        uint8_t *exact = malloc(len + 1);
        assay_bytes_copy(exact, len, file.bytes, len);
        cr_assert_neq(assay_draft_decode(assay_slice_over(exact, len), &draft), ASSAY_OK,
                      "%zu of %zu bytes", len, file.len);
        free(exact);
    }
    uint8_t *more = calloc(1, file.len + 1);
    assay_bytes_copy(more, file.len, file.bytes, file.len);
    cr_assert_eq(assay_draft_decode(assay_slice_over(more, file.len + 1), &draft),
                 ASSAY_E_TRAILING);
    free(more);
    cr_assert_eq(assay_draft_decode(file_of(&change, &rest, 0, false), &draft), ASSAY_OK,
                 "a draft that nobody has signed");
}

Test(net_change, what_the_next_blocks_would_take_is_taken)
{
    const struct assay_action rest = stage(ASSAY_ACTION_REST, 2);
    const struct assay_change next = plain(1, 3), later = plain(2, 5);
    cr_assert_eq(judge(&next, &rest, 2), ASSAY_OK, "%s", message);
    cr_assert_eq(basis->stage.members[2].stage, ASSAY_STAGE_RESTING);
    cr_assert_eq(basis->state.members[2].stage, ASSAY_STAGE_MEMBER, "on a copy");
    cr_assert_eq(judge(&later, &rest, 2), ASSAY_E_EARLY);
    cr_assert_not_null(strstr(message, "waits for change 1"));
}

Test(net_change, says_what_of_its_place_is_wrong)
{
    const struct assay_action rest = stage(ASSAY_ACTION_REST, 2);
    struct assay_change c = plain(1, 2);
    cr_assert_eq(judge(&c, &rest, 2), ASSAY_E_STALE);
    cr_assert_not_null(strstr(message, "3 is the first"));
    c = plain(1, 3);
    c.chain_id[0] ^= 1;
    cr_assert_eq(judge(&c, &rest, 2), ASSAY_E_CHAIN);
    c = plain(1, 3);
    c.era = 1;
    cr_assert_eq(judge(&c, &rest, 2), ASSAY_E_CHAIN);
    c = plain(1, 3);
    c.forces = 1;
    cr_assert_eq(judge(&c, &rest, 2), ASSAY_E_INVALID);
    c = plain(1, 3);
    basis->state.change_sequence = 1;
    cr_assert_eq(judge(&c, &rest, 2), ASSAY_E_DUPLICATE);
    cr_assert_not_null(strstr(message, "the next one is 2"));
}

/* A store of another party: the digest of a change that waits is that of any bytes. */
Test(net_change, a_waiting_change_that_is_none_is_reported)
{
    static const uint8_t junk[] = { 0xff, 0x01, 0x02 };
    const struct assay_action rest = stage(ASSAY_ACTION_REST, 2);
    const struct assay_change next = plain(2, 5);
    basis->state.change_sequence = basis->state.pending_count = 1;
    basis->state.pending[0] = (struct assay_pending){ .sequence = 1, .activation = 3 };
    cr_assert_eq(judge(&next, &rest, 2), ASSAY_E_NOT_FOUND);
    cr_assert_not_null(strstr(message, "change 1, which waits, is not in the store"));
    basis->pending[0] = assay_slice_over(junk, sizeof junk);
    cr_assert_eq(judge(&next, &rest, 2), ASSAY_E_INVALID);
    cr_assert_not_null(strstr(message, "change 1, which waits, is no CHANGE record"));
}

Test(net_change, says_what_of_its_signatures_is_wrong)
{
    const struct assay_action rest = stage(ASSAY_ACTION_REST, 2);
    const struct assay_change c = plain(1, 3);
    struct assay_change_draft draft;
    cr_assert_eq(judge(&c, &rest, 1), ASSAY_E_SIGNATURE);
    cr_assert_not_null(strstr(message, "1 of 2"));
    cr_assert_eq(assay_draft_decode(file_of(&c, &rest, 1, false), &draft), ASSAY_OK);
    cr_assert_eq(assay_draft_review(basis, &draft, false, message), ASSAY_OK, "so far so good");
    cr_assert_eq(assay_draft_decode(file_of(&c, &rest, 2, true), &draft), ASSAY_OK);
    cr_assert(assay_draft_signature_is_valid(&genesis, &draft, 0));
    cr_assert(!assay_draft_signature_is_valid(&genesis, &draft, 1));
    cr_assert_eq(assay_draft_review(basis, &draft, false, message), ASSAY_E_SIGNATURE);
    draft.signers[0][0] ^= 1;
    cr_assert_eq(assay_draft_review(basis, &draft, false, message), ASSAY_E_STRANGER);
}

Test(net_change, says_what_of_its_actions_is_wrong)
{
    const struct assay_change c = plain(1, 3);
    struct assay_action a = stage(ASSAY_ACTION_WAKE, 1);
    cr_assert_eq(judge(&c, &a, 2), ASSAY_E_INVALID);
    cr_assert_not_null(strstr(message, "it is not drained"));
    a.node_id[5] ^= 1;
    cr_assert_eq(judge(&c, &a, 2), ASSAY_E_INVALID);
    cr_assert_not_null(strstr(message, "no member has this id"));
    a = (struct assay_action){ .kind = ASSAY_ACTION_POLICY,
                               .document = assay_slice_over("junk", 4) };
    cr_assert_neq(judge(&c, &a, 2), ASSAY_OK);
    cr_assert_not_null(strstr(message, "document cannot be used"));
    a.kind = ASSAY_ACTION_ENDORSEMENTS;
    cr_assert_neq(judge(&c, &a, 2), ASSAY_OK);
    a.kind = ASSAY_ACTION_OPERATORS;
    cr_assert_neq(judge(&c, &a, 2), ASSAY_OK);
}

/* No operator is asked to sign what waits for a level that nothing has raised yet. */
Test(net_change, a_policy_with_devices_names_the_level_that_it_needs)
{
    static const uint32_t levels[] = { ASSAY_LEVEL_DEVICES, ASSAY_LEVEL_PACKED };
    static uint8_t bytes[ASSAY_POLICY_LEN_MAX];
    static struct assay_policy with_devices;
    const struct assay_change c = plain(1, 3);
    for (uint32_t packed = 0; packed < 2; packed++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        char expected[80];
        assay_policy_default(&with_devices);
        assay_gpu_rules_accept_devices(&with_devices.gpu);
        with_devices.gpu.packed = packed == 1;
        assay_policy_encode(&with_devices, &w);
        struct assay_action a = { .kind = ASSAY_ACTION_POLICY,
                                  .document = assay_slice_over(bytes, w.len) };
        basis->state.rules.parameters.level = levels[packed] - 1;
        cr_expect_eq(judge(&c, &a, 2), ASSAY_E_EARLY);
        (void)snprintf(expected, sizeof expected,
                       "devices of members: needs feature level %u, level %u is in force",
                       levels[packed], levels[packed] - 1);
        cr_expect_not_null(strstr(message, expected), "%s", message);
        basis->state.rules.parameters.level = levels[packed];
        cr_expect_eq(judge(&c, &a, 2), ASSAY_OK, "%s", message);
    }
}

/* No operator is asked to approve what no block takes: also where it is not staged yet. */
Test(net_change, a_change_that_waits_has_the_consent_of_its_new_key)
{
    uint8_t bytes[ASSAY_KEY_STATEMENT_LEN_MAX], digest[32];
    struct assay_secret32 secret;
    struct assay_p256_signer *signer = NULL;
    struct assay_action a = stage(ASSAY_ACTION_IDENTITY, 1);
    basis->state.rules.parameters.level = ASSAY_LEVEL_KEYS;
    cr_assert_eq(assay_p256_generate(&secret, a.public_key), ASSAY_OK);
    cr_assert_eq(assay_p256_signer_load(&secret, &signer), ASSAY_OK);
    for (uint64_t sequence = 1; sequence <= 2; sequence++) {
        const struct assay_change c = plain(sequence, 5), other = plain(3 - sequence, 5);
        const struct assay_slice statement =
            assay_identity_statement(basis->state.chain_id, c.era, sequence, a.node_id,
                                     basis->state.members[1].identity_public, a.public_key, bytes);
        assay_sha256(statement.bytes, statement.len, digest);
        cr_assert_eq(assay_p256_sign(signer, digest, a.signature), ASSAY_OK);
        struct assay_action forged = a;
        forged.signature[5] ^= 1;
        cr_expect_eq(judge(&c, &a, 2), sequence == 1 ? ASSAY_OK : ASSAY_E_EARLY, "%s", message);
        cr_expect_eq(judge(&c, &forged, 2), ASSAY_E_INVALID, "%s", message);
        cr_expect_not_null(strstr(message, "has not signed"), "%s", message);
        cr_expect_eq(judge(&other, &a, 2), ASSAY_E_INVALID, "of change %u", (unsigned)sequence);
        cr_expect_not_null(strstr(message, "by this change"), "%s", message);
    }
    assay_p256_signer_free(&signer);
}

Test(net_change, a_level_that_is_refused_names_the_voters_that_lack_it)
{
    const struct assay_change c = plain(1, 3);
    struct assay_action a = { .kind = ASSAY_ACTION_PARAMETERS, .parameters = genesis.parameters };
    for (uint32_t i = 0; i < N; i++)
        basis->state.members[i].level = 1;
    const uint32_t lacking = 2, drained = 1;
    basis->state.members[lacking].level = 0;
    basis->state.members[drained].level = 0;
    basis->state.members[drained].weight = 0;
    a.parameters.level = 1;
    cr_assert_eq(judge(&c, &a, 2), ASSAY_E_INVALID);
    char expected[128];
    (void)snprintf(expected, sizeof expected, "): missing %s", basis->state.members[lacking].name);
    const char *const found = strstr(message, expected);
    cr_assert_not_null(found, "expected \"%s\", found: %s", expected, message);
    cr_assert_str_eq(found, expected, "a member that does not vote is waited for: %s", message);
    a.parameters.level = 2; /* no build is waited for: levels rise by one */
    cr_assert_eq(judge(&c, &a, 2), ASSAY_E_INVALID);
    cr_assert_null(strstr(message, "missing"), "%s", message);
    basis->state.members[lacking].level = 1;
    a.parameters.level = 1;
    cr_assert_eq(judge(&c, &a, 2), ASSAY_OK, "%s", message);
}

Test(net_change, maintenance_is_its_own_operators_alone)
{
    const struct assay_change c = plain(0, 3);
    struct assay_action a = stage(ASSAY_ACTION_MAINTENANCE, 0); /* of the first operator */
    a.epochs = 4;
    cr_assert_eq(judge(&c, &a, 1), ASSAY_OK, "%s", message);
    cr_assert_eq(judge(&c, &a, 2), ASSAY_E_SIGNATURE);
    cr_assert_eq(judge(&c, &a, 0), ASSAY_E_SIGNATURE);
    a = stage(ASSAY_ACTION_MAINTENANCE, 1);
    a.epochs = 4;
    cr_assert_eq(judge(&c, &a, 1), ASSAY_E_INVALID);
    cr_assert_not_null(strstr(message, "another operator's"));
    assay_maintenance_add(&basis->state.members[0], 0, 1, 60);
    a = stage(ASSAY_ACTION_MAINTENANCE, 0);
    a.epochs = 5;
    const struct assay_change after = plain(0, 61);
    cr_assert_eq(judge(&after, &a, 1), ASSAY_E_INVALID, "64 in any 1024");
    a.epochs = 4;
    cr_assert_eq(judge(&after, &a, 1), ASSAY_OK, "%s", message);
}

Test(net_change, weights_follow_what_is_staged)
{
    const struct assay_change c = plain(1, 3);
    const struct assay_action rest = stage(ASSAY_ACTION_REST, 2);
    struct assay_tolerance before, after;
    assay_draft_compute_weights(basis, &basis->stage, &before);
    cr_assert_eq(before.voter_count, N);
    cr_assert_eq(judge(&c, &rest, 2), ASSAY_OK);
    assay_draft_compute_weights(basis, &basis->stage, &after);
    cr_assert_eq(after.voter_count, N - 1);
    cr_assert_eq(basis->stage.members[2].weight, 0);
}

/* Two vote and a third returns: what it weighs then is lacking until it votes. */
Test(net_change, members_that_return_may_cost_the_quorum)
{
    const struct assay_change c = plain(1, 3);
    const struct assay_action wake = stage(ASSAY_ACTION_WAKE, 2);
    struct assay_tolerance after;
    struct assay_change_quorum q;
    const bool absent[N] = { [0] = true };
    for (uint32_t i = 2; i < N; i++) {
        basis->state.members[i].stage = ASSAY_STAGE_RESTING;
        basis->state.members[i].weight = 0;
    }
    cr_assert_eq(judge(&c, &wake, 2), ASSAY_OK, "%s", message);
    assay_draft_compute_weights(basis, &basis->stage, &after);
    assay_draft_count_quorum(basis, NULL, &q);
    cr_expect_eq(q.voters, 3);
    cr_expect_eq(q.silent_count, 1);
    cr_expect_eq(3 * q.silent, q.total);
    cr_expect_str_eq(q.names, "m2");
    cr_expect(assay_draft_quorum_is_lost(&q), "more than two thirds are needed");
    assay_draft_count_quorum(basis, absent, &q);
    cr_expect_eq(q.silent_count, 2);
    cr_expect_str_eq(q.names, "m0, m2");
}

Test(net_change, one_of_four_that_returns_costs_no_quorum)
{
    const struct assay_change c = plain(1, 3);
    const struct assay_action wake = stage(ASSAY_ACTION_WAKE, 2);
    struct assay_tolerance after;
    struct assay_change_quorum q;
    basis->state.members[2].stage = ASSAY_STAGE_RESTING;
    basis->state.members[2].weight = 0;
    cr_assert_eq(judge(&c, &wake, 2), ASSAY_OK, "%s", message);
    assay_draft_compute_weights(basis, &basis->stage, &after);
    assay_draft_count_quorum(basis, NULL, &q);
    cr_expect_eq(q.voters, N);
    cr_expect_eq(q.silent_count, 1);
    cr_expect_not(assay_draft_quorum_is_lost(&q));
}

Test(net_change, actions_are_told_by_name)
{
    char words[ASSAY_CHANGE_WORDS];
    struct assay_action a = stage(ASSAY_ACTION_REST, 2);
    assay_draft_format_action(&basis->state, &a, words);
    cr_assert_eq(strncmp(words, "drain m2 (", 10), 0, "%s", words);
    cr_assert_eq(strlen(words), 10 + 64 + 1, "its id is whole: %s", words);
    a = stage(ASSAY_ACTION_WAKE, 2);
    assay_draft_format_action(&basis->state, &a, words);
    cr_assert_eq(strncmp(words, "undrain m2 (", 12), 0, "%s", words);
    a = (struct assay_action){ .kind = ASSAY_ACTION_PARAMETERS, .parameters = { .epoch_ms = 77 } };
    assay_draft_format_action(&basis->state, &a, words);
    cr_assert_not_null(strstr(words, "epoch_ms 77"));
}

/* ------------------------------------------------------------ what is in force */

static bool supersedes(enum assay_action_kind later, uint32_t of, enum assay_action_kind earlier,
                       uint32_t member)
{
    struct assay_action a = stage(later, of), b = stage(earlier, member);
    assay_bytes_copy(a.card.node_id, 32, a.node_id, 32);
    assay_bytes_copy(b.card.node_id, 32, b.node_id, 32);
    return assay_draft_supersedes(&a, &b);
}

/* An operator who reads a list of changes sees what is in force: rules are replaced as a whole, and
 * a member stands where the last action about it put it. */
Test(net_change, what_supersedes_an_action)
{
    static const struct {
        enum assay_action_kind earlier, later;
    } pairs[] = {
        { ASSAY_ACTION_PARAMETERS, ASSAY_ACTION_PARAMETERS },
        { ASSAY_ACTION_POLICY, ASSAY_ACTION_POLICY },
        { ASSAY_ACTION_ENDORSEMENTS, ASSAY_ACTION_ENDORSEMENTS },
        { ASSAY_ACTION_SERVICES, ASSAY_ACTION_SERVICES },
        { ASSAY_ACTION_OPERATORS, ASSAY_ACTION_OPERATORS },
        { ASSAY_ACTION_OPERATORS, ASSAY_ACTION_OPERATOR_KEY },
        { ASSAY_ACTION_JOIN, ASSAY_ACTION_LEAVE },
        { ASSAY_ACTION_LEAVE, ASSAY_ACTION_JOIN },
        { ASSAY_ACTION_REST, ASSAY_ACTION_REST },
        { ASSAY_ACTION_REST, ASSAY_ACTION_WAKE },
        { ASSAY_ACTION_REST, ASSAY_ACTION_LEAVE },
        { ASSAY_ACTION_WAKE, ASSAY_ACTION_REST },
        { ASSAY_ACTION_WAKE, ASSAY_ACTION_WAKE },
        { ASSAY_ACTION_WAKE, ASSAY_ACTION_LEAVE },
        { ASSAY_ACTION_IDENTITY, ASSAY_ACTION_IDENTITY },
        { ASSAY_ACTION_IDENTITY, ASSAY_ACTION_LEAVE },
    };
    for (int earlier = ASSAY_ACTION_JOIN; earlier <= ASSAY_ACTION_IDENTITY; earlier++)
        for (int later = ASSAY_ACTION_JOIN; later <= ASSAY_ACTION_IDENTITY; later++) {
            const enum assay_action_kind a = (enum assay_action_kind)earlier,
                                         b = (enum assay_action_kind)later;
            const bool is_rule = a == ASSAY_ACTION_POLICY || a == ASSAY_ACTION_PARAMETERS ||
                                 a == ASSAY_ACTION_ENDORSEMENTS || a == ASSAY_ACTION_SERVICES ||
                                 a == ASSAY_ACTION_OPERATORS;
            bool expected = false;
            for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
                expected = expected || (pairs[i].earlier == a && pairs[i].later == b);
            cr_expect_eq(supersedes(b, 1, a, 1), expected, "%s after %s", assay_action_name(b),
                         assay_action_name(a));
            cr_expect_eq(supersedes(b, 1, a, 2), expected && is_rule, "%s of another after %s",
                         assay_action_name(b), assay_action_name(a));
        }
    /* A key of an operator, until that operator has another. */
    struct assay_action first = { .kind = ASSAY_ACTION_OPERATOR_KEY },
                        second = { .kind = ASSAY_ACTION_OPERATOR_KEY };
    assay_bytes_copy(first.public_key, 64, genesis.operators[0].public_key, 64);
    cr_expect_not(assay_draft_supersedes(&second, &first));
    assay_bytes_copy(second.node_id, 32, genesis.operators[0].operator_id, 32);
    cr_expect(assay_draft_supersedes(&second, &first));
}
