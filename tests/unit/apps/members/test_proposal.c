/*
 * tests/unit/apps/members/test_proposal.c - tests of proposals that a lying node answers, which no
 * operator may sign (docs/threat-model.md).
 */
#include "apps/assay/members/change_proposal.h"

#include "engine/store/store_memory.h"
#include "tests/unit/engine/ledger/review_bench.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct change_bench *bench;
static struct assay_store *store;
static struct assay_change_basis *basis;
static struct review_change change;
static struct assay_record record;
static uint8_t bytes[ASSAY_CHANGE_RECORD_LEN_MAX];
static char message[ASSAY_CHANGE_MESSAGE], id[65];

/* A network whose genesis has closed: epoch 1 runs. */
static void start(void)
{
    bench = review_make_bench();
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    cr_assert_eq(assay_draft_basis_open(&bench->genesis, store, &basis), ASSAY_OK);
    review_make_change(bench, 1, "stricter", &change);
    assay_hex_encode(change.digest, 32, id, sizeof id);
}

static void stop(void)
{
    assay_draft_basis_close(&basis);
    assay_store_close(&store);
    change_drop(bench);
}

TestSuite(proposal, .init = start, .fini = stop);

static struct assay_review proposal(void)
{
    struct assay_review r = review_of(bench, 0, ASSAY_REVIEW_PROPOSE, &change);
    r.issued = 1;
    return r;
}

static enum assay_status read_bytes(const uint8_t *answer, size_t len, const char *expected)
{
    struct assay_json *data = assay_json_object();
    assay_json_set_hex(data, "review", answer, len);
    const enum assay_status status =
        cli_proposal_read(basis, data, expected, bytes, &record, message);
    assay_json_free(&data);
    return status;
}

/* By the key of `signer`. */
static enum assay_status read_answer(struct assay_review *r, uint32_t signer, const char *expected)
{
    struct review_made *m = review_sign(bench, r, signer);
    const enum assay_status status = read_bytes(m->bytes, m->record.bytes.len, expected);
    free(m);
    return status;
}

Test(proposal, an_id_is_complete_where_nobody_confirms_it)
{
    static const char sixteen[] = "1f0e4c5a99d2b17c";
    cr_assert(cli_proposal_check_id(id, true, message));
    cr_assert(cli_proposal_check_id(id, false, message));
    cr_assert(cli_proposal_check_id(sixteen, false, message));
    cr_assert_not(cli_proposal_check_id(sixteen, true, message));
    cr_assert(strstr(message, "complete id") != NULL, "%s", message);
    cr_assert_not(cli_proposal_check_id("", true, message));
    cr_assert_not(cli_proposal_check_id("", false, message), "the node would choose");
    cr_assert_not(cli_proposal_check_id(sixteen + 1, false, message));
    cr_assert_not(cli_proposal_check_id("1f0e4c5a99d2b17c\nitems", false, message));
    id[63] = 'g';
    cr_assert_not(cli_proposal_check_id(id, true, message));
}

Test(proposal, the_authors_record_says_who_what_and_until_when)
{
    struct assay_review r = proposal();
    cr_assert_eq(read_answer(&r, 0, id), ASSAY_OK, "%s", message);
    cr_assert_eq(record.review.expires, REVIEW_EXPIRES);
    cr_assert_arr_eq(record.review.digest, change.digest, 32);
    cr_assert_arr_eq(record.review.operator_id, bench->genesis.operators[0].operator_id, 32);
    id[20] = '\0';
    cr_assert_eq(read_answer(&r, 0, id), ASSAY_OK);
}

Test(proposal, nobody_but_the_author_makes_the_record)
{
    struct assay_review r = proposal();
    cr_assert_eq(read_answer(&r, 1, id), ASSAY_E_SIGNATURE, "another operator's key");
    struct review_made *m = review_sign(bench, &r, 0);
    m->record.review = r;
    for (size_t i = 0; i + 64 < m->record.bytes.len; i++) /* the signature of the change alone */
        if (assay_bytes_equal(m->bytes + i, r.change_signature, 64)) m->bytes[i + 63] ^= 1;
    cr_assert_eq(read_bytes(m->bytes, m->record.bytes.len, id), ASSAY_E_SIGNATURE);
    free(m);
    r.operator_id[0] ^= 1;
    cr_assert_eq(read_answer(&r, 0, id), ASSAY_E_STRANGER);
}

Test(proposal, another_change_chain_era_or_time_is_refused)
{
    struct assay_review r = proposal();
    id[0] = id[0] == '0' ? '1' : '0';
    cr_assert_eq(read_answer(&r, 0, id), ASSAY_E_INVALID, "another change");
    cr_assert(strstr(message, "another change") != NULL, "%s", message);
    id[0] = '\0';
    r.issued = 2; /* one epoch may have ended since */
    cr_assert_eq(read_answer(&r, 0, id), ASSAY_OK, "%s", message);
    r.issued = 3;
    cr_assert_eq(read_answer(&r, 0, id), ASSAY_E_EARLY);
    r = proposal();
    basis->state.era = 1;
    cr_assert_eq(read_answer(&r, 0, id), ASSAY_E_CHAIN);
    basis->state.era = 0;
    basis->state.chain_id[0] ^= 1;
    cr_assert_eq(read_answer(&r, 0, id), ASSAY_E_CHAIN);
}

Test(proposal, an_answer_without_a_proposal_is_refused)
{
    struct assay_review r = review_of(bench, 1, ASSAY_REVIEW_APPROVE, &change);
    r.issued = 1;
    cr_assert_eq(read_answer(&r, 1, id), ASSAY_E_INVALID, "an approval");
    cr_assert_neq(read_bytes(bytes, 0, id), ASSAY_OK, "nothing");
    cr_assert_neq(read_bytes(change.bytes, change.body.len, id), ASSAY_OK, "a body alone");
}

static enum assay_status check(uint64_t sequence, uint64_t activation,
                               const struct assay_action *action, uint8_t chain)
{
    struct assay_change head = change_head_of(bench, sequence, activation);
    struct assay_change_draft draft;
    head.chain_id[0] ^= chain;
    struct change_made *m = change_make_change(bench, &head, action, 1, 1);
    cr_assert_eq(assay_draft_decode(m->record.bytes, &draft), ASSAY_OK);
    const enum assay_status status = cli_proposal_check_change(basis, &draft, message);
    free(m);
    return status;
}

Test(proposal, a_proposal_has_no_change_that_one_signature_suffices_for)
{
    struct assay_action drain = change_about(ASSAY_ACTION_REST, bench, 0);
    struct assay_action maintenance = change_about(ASSAY_ACTION_MAINTENANCE, bench, 0);
    maintenance.epochs = 4;
    cr_assert_eq(check(1, 30, &drain, 0), ASSAY_OK, "%s", message);
    cr_assert_eq(check(2, 30, &drain, 0), ASSAY_OK, "it waits for another: %s", message);
    cr_assert_eq(check(0, 30, &maintenance, 0), ASSAY_E_UNSUPPORTED, "%s", message);
    cr_assert_eq(check(1, 30, &drain, 1), ASSAY_E_CHAIN, "%s", message);
    cr_assert_eq(check(1, 1, &drain, 0), ASSAY_E_STALE, "%s", message);
}

/* Eleven signatures leave less than a proposal may have: all operators would approve, and no block
 * could have the change. */
Test(proposal, a_change_that_no_block_takes_with_its_signatures_is_refused)
{
    static uint8_t body[ASSAY_REVIEW_CHANGE_LEN_MAX];
    static struct assay_genesis rules;
    const struct assay_genesis *const in_force = basis->effective.genesis;
    rules = *in_force;
    basis->effective.genesis = &rules;
    struct assay_change_draft draft = { .change = { .sequence = 1 } };
    char limit[32];
    for (uint32_t threshold = 1; threshold <= 40; threshold++) {
        const size_t most = assay_change_body_len_max(threshold);
        rules.threshold = threshold;
        draft.body = assay_slice_over(body, sizeof body);
        cr_assert_neq(cli_proposal_check_change(basis, &draft, message), ASSAY_OK);
        (void)snprintf(limit, sizeof limit, "at most %zu;", most);
        cr_assert_eq(strstr(message, limit) != NULL, most < sizeof body, "%u: %s", threshold,
                     message);
    }
    basis->effective.genesis = in_force;
}

static enum assay_status issue(uint64_t claimed, uint64_t issued, uint64_t number,
                               struct assay_review *r)
{
    struct assay_json *before = assay_json_object();
    assay_json_set_uint(before, "issued", issued);
    assay_json_set_uint(before, "number", number);
    const enum assay_status status = cli_proposal_set_issue(basis, claimed, before, r, message);
    assay_json_free(&before);
    return status;
}

/* What is issued later than now outlives each withdrawal until then. */
Test(proposal, no_statement_is_issued_later_than_the_state_that_is_shown)
{
    struct assay_review r = { 0 };
    cr_assert_eq(cli_proposal_set_issue(basis, 1, NULL, &r, message), ASSAY_OK);
    cr_assert_eq(r.issued, 1);
    cr_assert_eq(r.number, 0);
    cr_assert_eq(issue(1, 1, 4, &r), ASSAY_OK);
    cr_assert_eq(r.number, 5, "after the one before");
    cr_assert_eq(issue(2, 0, 4, &r), ASSAY_OK);
    cr_assert_eq(r.issued, 1, "the state's epoch, not the claimed one");
    cr_assert_eq(r.number, 0);
    cr_assert_eq(issue(1, 2, 0, &r), ASSAY_OK, "%s", message);
    cr_assert_eq(r.issued, 2);
    cr_assert_eq(issue(9000, 0, 0, &r), ASSAY_E_EARLY);
    cr_assert(strstr(message, "epoch 9000") != NULL && strstr(message, "expected 2") != NULL, "%s",
              message);
    cr_assert_eq(issue(1, 9000, 0, &r), ASSAY_E_EARLY);
    cr_assert_eq(issue(1, 1, INT64_MAX, &r), ASSAY_E_RANGE, "nothing could follow it");
}

Test(proposal, no_text_of_a_node_forges_a_line_of_the_screen)
{
    char out[CLI_PROPOSAL_COMMENT_LEN];
    char dots[2 * ASSAY_REVIEW_COMMENT_MAX];
    struct assay_json *object = assay_json_object();
    cr_assert_str_eq(cli_proposal_comment(assay_slice_over("caf\xc3\xa9", 5), out), "caf\xc3\xa9");
    cr_assert_str_eq(cli_proposal_comment(assay_slice_over("a\nb", 3), out), "a\\x0ab");
    cr_assert_str_eq(cli_proposal_comment(assay_slice_over("\xe2\x80\xae", 3), out),
                     "\\xe2\\x80\\xae");
    memset(dots, '\n', sizeof dots);
    cr_assert_eq(strlen(cli_proposal_comment(assay_slice_over(dots, sizeof dots), out)),
                 4 * ASSAY_REVIEW_COMMENT_MAX + 3);
    assay_json_set_text(object, "author_id", "beta\naction         nothing");
    assay_json_set_text(object, "id", id);
    cr_assert_str_eq(cli_proposal_id_of(object, "author_id"), "?");
    cr_assert_str_eq(cli_proposal_id_of(object, "id"), id);
    cr_assert_str_eq(cli_proposal_id_of(object, "none"), "?");
    assay_json_free(&object);
}
