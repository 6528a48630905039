/*
 * tests/unit/services/continuity/test_receipt_verify.c - receipts as relying parties verify them
 * offline (include/assay/continuity.h; docs/services.md 1.8.1). Goal: what is accepted was
 * certified by a quorum of the view that a trusted checkpoint leads to; everything else is refused
 * by name.
 */
#include "host/row.h"
#include "services/continuity/receipt.h"
#include "tests/support/seed.h"
#include "tests/unit/services/continuity/library_bench.h"

/* What a relying party has. */
static struct party {
    struct assay_checkpoint from;
    uint8_t checkpoint[ASSAY_CHECKPOINT_LEN_MAX], nonce[32];
    uint8_t evidence[ASSAY_ROW_EVIDENCE_LEN_MAX], receipt[ASSAY_CONTINUITY_RECEIPT_MAX + 1];
    struct assay_continuity_receipt_input input;
    struct assay_continuity_receipt_claims claims;
    struct assay_continuity_status status;
} party;

static uint8_t member_proof[LIGHT_LEDGER_PROOF_LEN], head[ASSAY_ROW_HEAD_LEN_MAX];
static struct assay_cont_row_tree tree;

static void trust(const struct assay_checkpoint *checkpoint)
{
    struct assay_writer w = assay_writer_over(party.checkpoint, sizeof party.checkpoint);
    cr_assert_eq(assay_checkpoint_encode(checkpoint, &w), ASSAY_OK);
    party.input.checkpoint = party.checkpoint;
    party.input.checkpoint_len = w.len;
}

/* As a node writes it after the newest close. */
static void fetch_evidence(const uint8_t *instance)
{
    const struct assay_cont_group *group = NULL;
    struct assay_writer w = assay_writer_over(party.evidence, sizeof party.evidence);
    pthread_mutex_lock(&house.lock);
    const struct assay_slice proof = light_ledger_prove(house.light, member_proof, &group);
    const enum assay_status made = assay_row_evidence_make(group, instance, proof, &tree, head, &w);
    pthread_mutex_unlock(&house.lock);
    cr_assert_eq(made, ASSAY_OK);
    party.input.evidence = party.evidence;
    party.input.evidence_len = w.len;
}

static void request_receipt(struct assay_continuity *c)
{
    enum assay_continuity_result result = ASSAY_CONTINUITY_IN_DOUBT;
    for (int i = 0; i < 20 && result == ASSAY_CONTINUITY_IN_DOUBT; i++)
        result =
            assay_continuity_receipt(c, party.nonce, party.receipt, ASSAY_CONTINUITY_RECEIPT_MAX,
                                     &party.input.receipt_len, TRY_MS);
    expect_result(c, result, ASSAY_CONTINUITY_OK);
    party.input.receipt = party.receipt;
}

/* A program with two states, and a party that trusts a checkpoint of before. */
static struct assay_continuity *begin(void)
{
    struct assay_continuity *c = start_folder(in_root("a"), true);
    save_text(c, "one");
    party.input =
        (struct assay_continuity_receipt_input){ .size = sizeof party.input, .nonce = party.nonce };
    party.claims.size = sizeof party.claims;
    party.status.size = sizeof party.status;
    party.nonce[0] = 7;
    pthread_mutex_lock(&house.lock);
    light_ledger_checkpoint(house.light, &party.from);
    pthread_mutex_unlock(&house.lock);
    trust(&party.from);
    save_text(c, "two");
    close_epochs(2);
    request_receipt(c);
    cr_assert_eq(assay_continuity_get_status(c, &party.status), ASSAY_OK);
    fetch_evidence(party.status.instance);
    return c;
}

static void expect_answer(enum assay_continuity_receipt_answer expected)
{
    const enum assay_continuity_receipt_answer answer =
        assay_continuity_receipt_verify(&party.input, &party.claims);
    cr_assert_eq(answer, expected, "expected %s, found %s: %s",
                 assay_continuity_receipt_name(expected), assay_continuity_receipt_name(answer),
                 party.claims.reason);
    const struct assay_continuity_receipt_claims *const k = &party.claims;
    if (answer == ASSAY_CONTINUITY_RECEIPT_VERIFIED) {
        cr_assert_str_empty(k->reason);
        return;
    }
    cr_assert_str_not_empty(k->reason);
    cr_assert(assay_bytes_all_zero(k->instance, 32) && assay_bytes_all_zero(k->digest, 32) &&
              k->index == 0 && k->view == 0 && k->signers == 0);
}

static struct assay_cont_receipt decoded(void)
{
    struct assay_cont_receipt r;
    cr_assert_eq(
        assay_cont_receipt_decode(assay_slice_over(party.receipt, party.input.receipt_len), &r),
        ASSAY_OK);
    return r;
}

static void encode(const struct assay_cont_receipt *r)
{
    struct assay_slice out;
    cr_assert_eq(assay_cont_receipt_encode(r, party.receipt, sizeof party.receipt, &out), ASSAY_OK);
    party.input.receipt_len = out.len;
}

TestSuite(services_receipt_verify, .init = set_up, .fini = tear_down, .timeout = 600);

Test(services_receipt_verify, a_receipt_is_verified_from_an_older_checkpoint)
{
    struct assay_continuity *c = begin();
    const struct assay_continuity_receipt_claims *const k = &party.claims;
    party.input.instance = party.status.instance;
    expect_answer(ASSAY_CONTINUITY_RECEIPT_VERIFIED);
    cr_expect_eq(k->index, 2);
    cr_expect_arr_eq(k->digest, party.status.certified_digest, 32);
    cr_expect_arr_eq(k->instance, party.status.instance, 32);
    cr_expect_arr_eq(k->chain_id, party.status.chain_id, 32);
    cr_expect_arr_eq(k->nonce, party.nonce, 32);
    cr_expect_eq(k->session, party.status.session);
    cr_expect_eq(k->promised, party.status.session);
    cr_expect_eq(k->view, party.status.view);
    cr_expect_eq(k->group, GROUP);
    cr_expect_gt(k->epoch, party.from.epoch);
    cr_expect_gt(k->time_ms, party.from.time_ms);
    cr_expect(k->signers >= 2 && k->seats == 3);
    cr_expect(k->is_listed && k->is_kept && !k->is_retired && !k->is_halted && !k->age_known);
    party.input.nonce = NULL;
    expect_answer(ASSAY_CONTINUITY_RECEIPT_VERIFIED);
    assay_continuity_close(&c);
}

Test(services_receipt_verify, what_is_about_something_else_is_refused_by_name)
{
    static struct assay_continuity_receipt_input all;
    struct assay_continuity *c = begin();
    uint8_t other[32] = { 1 };
    all = party.input;
    party.input.nonce = other;
    expect_answer(ASSAY_CONTINUITY_RECEIPT_OTHER_NONCE);
    party.input = all;
    party.input.instance = other;
    expect_answer(ASSAY_CONTINUITY_RECEIPT_OTHER_INSTANCE);
    party.input = all;
    fetch_evidence(other); /* it has no row */
    expect_answer(ASSAY_CONTINUITY_RECEIPT_OTHER_INSTANCE);
    fetch_evidence(party.status.instance);
    struct assay_checkpoint checkpoint = party.from;
    checkpoint.chain_id[0] ^= 1;
    trust(&checkpoint);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_OTHER_CHAIN);
    checkpoint = party.from;
    checkpoint.roster_digest[0] ^= 1; /* its voters certify nothing of this */
    trust(&checkpoint);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_NOT_PROVEN);
    checkpoint = party.from;
    checkpoint.epoch += 1000;
    trust(&checkpoint);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_NOT_PROVEN);
    trust(&party.from);
    struct assay_cont_receipt r = decoded();
    r.home.group++;
    encode(&r);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_OTHER_GROUP);
    r.home.group--;
    encode(&r);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_VERIFIED);
    assay_continuity_close(&c);
}

/* Evidence about a state is as old as its close, and what rests on a checkpoint expires. */
Test(services_receipt_verify, old_evidence_is_refused_by_a_clock)
{
    struct assay_continuity *c = begin();
    expect_answer(ASSAY_CONTINUITY_RECEIPT_VERIFIED);
    const uint64_t closed_ms = party.claims.time_ms;
    party.input.max_age_s = 3600;
    party.input.now_ms = closed_ms + 3599000;
    expect_answer(ASSAY_CONTINUITY_RECEIPT_VERIFIED);
    cr_expect(party.claims.age_known);
    party.input.now_ms = closed_ms + 3600000;
    expect_answer(ASSAY_CONTINUITY_RECEIPT_EXPIRED);
    party.input.max_age_s = 0;
    expect_answer(ASSAY_CONTINUITY_RECEIPT_VERIFIED);
    party.input.now_ms = party.from.time_ms + party.from.trusting_period_s * UINT64_C(1000);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_EXPIRED);
    party.input.now_ms = 0;
    expect_answer(ASSAY_CONTINUITY_RECEIPT_VERIFIED);
    cr_expect(!party.claims.age_known);
    struct assay_checkpoint checkpoint = party.from;
    checkpoint.time_ms -= checkpoint.trusting_period_s * UINT64_C(1000);
    trust(&checkpoint);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_EXPIRED); /* without a clock */
    assay_continuity_close(&c);
}

Test(services_receipt_verify, too_few_signers_forged_ones_and_one_twice_are_refused)
{
    struct assay_continuity *c = begin();
    struct assay_cont_receipt good = decoded(), r = good;
    const uint8_t other = (uint8_t)(3 - good.seat[0] - good.seat[1]);
    r.count = 1;
    encode(&r);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_TOO_FEW);
    r.count = 0;
    encode(&r);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_TOO_FEW);
    r = good;
    r.count = 2;
    r.seat[1] = r.seat[0];
    r.place[1] = r.place[0];
    assay_bytes_copy(r.signature[1], 64, r.signature[0], 64);
    encode(&r);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_NOT_READ);
    cr_expect_not_null(strstr(party.claims.reason, "signed twice"));
    /* The same signature under the name of another seat. */
    r.seat[0] = 0;
    r.seat[1] = 1;
    encode(&r);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_FORGED);
    /* A key that has no seat. */
    r = good;
    struct assay_secret32 secret = { { 5 } };
    struct assay_p256_signer *signer = NULL;
    uint8_t digest[32];
    cr_assert_eq(assay_p256_signer_load(&secret, &signer), ASSAY_OK);
    assay_cont_receipts_statement(&r.home, r.view, r.place[1].root, r.place[1].leaves, digest);
    cr_assert_eq(assay_p256_sign(signer, digest, r.signature[1]), ASSAY_OK);
    assay_p256_signer_free(&signer);
    encode(&r);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_FORGED);
    r = good;
    r.seat[r.count - 1] = 6;
    encode(&r);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_FORGED);
    r = good;
    if (r.count == 2) r.seat[other < r.seat[0] ? 0 : 1] = other;
    if (r.count == 2 && r.seat[0] < r.seat[1]) {
        encode(&r);
        expect_answer(ASSAY_CONTINUITY_RECEIPT_FORGED);
    }
    assay_continuity_close(&c);
}

/* Another state, index, session or nonce under the same signatures. */
Test(services_receipt_verify, no_item_of_a_receipt_can_be_replaced)
{
    struct assay_continuity *c = begin();
    const struct assay_cont_receipt good = decoded();
    party.input.nonce = NULL;
    for (int i = 0; i < 6; i++) {
        struct assay_cont_receipt r = good;
        if (i == 0) r.entry.index++;
        if (i == 1) r.entry.digest[31] ^= 1;
        if (i == 2) r.entry.writer--;
        if (i == 3) r.entry.promised++;
        if (i == 4) r.nonce[0] ^= 1;
        if (i == 5) r.place[0].leaves++;
        encode(&r);
        expect_answer(ASSAY_CONTINUITY_RECEIPT_FORGED);
    }
    encode(&good);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_VERIFIED);
    assay_continuity_close(&c);
}

Test(services_receipt_verify, any_changed_byte_and_any_truncation_is_refused)
{
    struct assay_continuity *c = begin();
    const size_t len = party.input.receipt_len;
    for (size_t at = 0; at < len; at++)
        for (unsigned bit = 0; bit < 8; bit += 3) {
            party.receipt[at] ^= (uint8_t)(1U << bit);
            cr_assert_neq(assay_continuity_receipt_verify(&party.input, &party.claims),
                          ASSAY_CONTINUITY_RECEIPT_VERIFIED, "byte %zu", at);
            party.receipt[at] ^= (uint8_t)(1U << bit);
        }
    for (size_t at = 0; at < len; at++) {
        uint8_t *const exact = malloc(at + (at == 0));
        assay_bytes_copy(exact, at, party.receipt, at);
        party.input.receipt = exact;
        party.input.receipt_len = at;
        expect_answer(ASSAY_CONTINUITY_RECEIPT_NOT_READ);
        free(exact);
    }
    party.input.receipt = party.receipt;
    party.input.receipt_len = len + 1;
    expect_answer(ASSAY_CONTINUITY_RECEIPT_NOT_READ);
    party.input.receipt_len = SIZE_MAX;
    expect_answer(ASSAY_CONTINUITY_RECEIPT_NOT_READ);
    party.input.receipt_len = len;
    const size_t evidence_len = party.input.evidence_len;
    for (size_t at = 0; at < evidence_len; at += TEST_SANITIZED ? 61 : 7) {
        party.evidence[at] ^= 1;
        cr_assert_neq(assay_continuity_receipt_verify(&party.input, &party.claims),
                      ASSAY_CONTINUITY_RECEIPT_VERIFIED, "byte %zu of the evidence", at);
        party.evidence[at] ^= 1;
        party.input.evidence_len = at;
        expect_answer(ASSAY_CONTINUITY_RECEIPT_BAD_EVIDENCE);
        party.input.evidence_len = evidence_len;
    }
    party.input.evidence_len = SIZE_MAX;
    expect_answer(ASSAY_CONTINUITY_RECEIPT_BAD_EVIDENCE);
    party.input.evidence_len = evidence_len;
    expect_answer(ASSAY_CONTINUITY_RECEIPT_VERIFIED);
    assay_continuity_close(&c);
}

/* A receipt is verified by evidence of the view that signed it, and by no other. */
Test(services_receipt_verify, a_receipt_of_an_older_view_needs_evidence_of_that_view)
{
    static uint8_t old_evidence[ASSAY_ROW_EVIDENCE_LEN_MAX];
    struct assay_continuity *c = begin();
    const size_t old_len = party.input.evidence_len;
    const uint64_t view = party.status.view;
    assay_bytes_copy(old_evidence, sizeof old_evidence, party.evidence, old_len);
    replica_start(3); /* a spare one, to which the seat of one that restarts moves */
    replica_kill(2);
    replica_start(2);
    wait_for_view(0, 1);
    save_text(c, "three");
    cr_assert_eq(assay_continuity_get_status(c, &party.status), ASSAY_OK);
    cr_assert_gt(party.status.view, view);
    close_epochs(1);
    fetch_evidence(party.status.instance);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_OTHER_VIEW);
    party.input.evidence = old_evidence;
    party.input.evidence_len = old_len;
    expect_answer(ASSAY_CONTINUITY_RECEIPT_VERIFIED);
    request_receipt(c);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_OTHER_VIEW);
    fetch_evidence(party.status.instance);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_VERIFIED);
    cr_expect_gt(party.claims.view, view);
    assay_continuity_close(&c);
}

/* The row of the evidence: what has been retired is reported, and remains a receipt. */
Test(services_receipt_verify, a_retired_instance_is_reported)
{
    struct assay_continuity *c = begin();
    enum assay_continuity_result result = ASSAY_CONTINUITY_IN_DOUBT;
    for (int i = 0; i < 40 && result == ASSAY_CONTINUITY_IN_DOUBT; i++) {
        result = assay_continuity_retire(c, TRY_MS);
        close_epochs(1);
    }
    expect_result(c, result, ASSAY_CONTINUITY_OK);
    fetch_evidence(party.status.instance);
    expect_answer(ASSAY_CONTINUITY_RECEIPT_VERIFIED);
    cr_expect(party.claims.is_listed && party.claims.is_retired);
    assay_continuity_close(&c);
}

Test(services_receipt_verify, arguments_that_cannot_be_are_refused)
{
    struct assay_continuity *c = begin();
    const struct assay_continuity_receipt_input all = party.input;
    cr_expect_eq(assay_continuity_receipt_verify(NULL, &party.claims),
                 ASSAY_CONTINUITY_RECEIPT_MISUSE);
    cr_expect_eq(assay_continuity_receipt_verify(&all, NULL), ASSAY_CONTINUITY_RECEIPT_MISUSE);
    party.claims.size--;
    cr_expect_eq(assay_continuity_receipt_verify(&all, &party.claims),
                 ASSAY_CONTINUITY_RECEIPT_MISUSE);
    party.claims.size = sizeof party.claims;
    for (int i = 0; i < 4; i++) {
        party.input = all;
        if (i == 0) party.input.size--;
        if (i == 1) party.input.checkpoint = NULL;
        if (i == 2) party.input.evidence = NULL;
        if (i == 3) party.input.receipt = NULL;
        expect_answer(ASSAY_CONTINUITY_RECEIPT_MISUSE);
    }
    party.input = all;
    party.input.checkpoint_len--;
    expect_answer(ASSAY_CONTINUITY_RECEIPT_BAD_CHECKPOINT);
    struct {
        struct assay_continuity_receipt_input input;
        uint64_t later;
    } longer = { .input = all };
    longer.input.size = sizeof longer;
    cr_expect_eq(assay_continuity_receipt_verify(&longer.input, &party.claims),
                 ASSAY_CONTINUITY_RECEIPT_VERIFIED);
    longer.later = 1;
    cr_expect_eq(assay_continuity_receipt_verify(&longer.input, &party.claims),
                 ASSAY_CONTINUITY_RECEIPT_MISUSE);
    for (int i = 0; i <= ASSAY_CONTINUITY_RECEIPT_SYSTEM; i++) {
        const enum assay_continuity_receipt_answer answer = (enum assay_continuity_receipt_answer)i;
        cr_expect_str_neq(assay_continuity_receipt_name(answer), "UNKNOWN");
        cr_expect_str_not_empty(assay_continuity_receipt_describe(answer));
    }
    assay_continuity_close(&c);
}

Test(services_receipt_verify, seeds_are_of_the_format_of_today)
{
    struct assay_continuity *c = begin();
    struct assay_cont_receipt read;
    const struct assay_slice seed =
        seed_of("services_receipt", "quorum",
                assay_slice_over(party.receipt, party.input.receipt_len));
    cr_expect_eq(assay_cont_receipt_decode(seed, &read), ASSAY_OK);
    cr_expect_geq(read.count, 2);
    assay_continuity_close(&c);
}
