/*
 * tests/unit/engine/test_standing.c - the function of libassay for proofs: what it tells, and what
 * it says of hostile bytes. The files are of a real network of four, whose third node was killed.
 */
#include "base/bytes.h"

#include <assay/assay.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

struct file {
    uint8_t bytes[16384];
    size_t len;
};

static struct file whole, bare, absent, genesis, checkpoint;

static void read_file(const char *name, struct file *into)
{
    char path[512];
    (void)snprintf(path, sizeof path, ASSAY_SOURCE_DIR "/tests/fuzz/corpus/engine_proof/%s", name);
    FILE *f = fopen(path, "rb");
    cr_assert_not_null(f, "%s", path);
    into->len = fread(into->bytes, 1, sizeof into->bytes, f);
    cr_assert_lt(into->len, sizeof into->bytes);
    (void)fclose(f);
}

static void read_files(void)
{
    read_file("whole", &whole);
    read_file("bare", &bare);
    read_file("absent", &absent);
    read_file("genesis", &genesis);
    read_file("checkpoint", &checkpoint);
}

TestSuite(standing, .init = read_files);

/* In memory that is no longer than the bytes. */
static enum assay_status verify(const struct file *proof, size_t len, const struct file *from,
                                struct assay_standing_report *report)
{
    uint8_t *exact = malloc(len + (len == 0));
    cr_assert_not_null(exact);
    assay_bytes_copy(exact, len, proof->bytes, len);
    const enum assay_status status =
        assay_standing_verify(exact, len, from->bytes, from->len, report);
    free(exact);
    return status;
}

Test(standing, tells_what_the_network_says)
{
    struct assay_standing_report r, again;
    cr_assert_eq(verify(&whole, whole.len, &genesis, &r), ASSAY_OK);
    cr_assert_eq(r.answer, ASSAY_PROVEN, "%s", assay_describe_answer(r.answer));
    cr_assert_eq(r.standing, ASSAY_STANDING_FULL);
    cr_assert_eq(r.score_bp, 10000);
    cr_assert_eq(r.outcome, ASSAY_PROOF_OUTCOME_PASS);
    cr_assert_eq(r.pass_weight, r.electorate_weight);
    cr_assert(r.certified);
    cr_assert_eq(r.last_pass_epoch, r.epoch);
    cr_assert_gt(r.time_ms, UINT64_C(1700000000000));
    /* what it says of itself is a checkpoint, from which a proof without votes is believed */
    struct file next = { .len = r.checkpoint_len };
    assay_bytes_copy(next.bytes, sizeof next.bytes, r.checkpoint, r.checkpoint_len);
    cr_assert_eq(verify(&bare, bare.len, &next, &again), ASSAY_OK);
    cr_assert_eq(again.answer, ASSAY_PROVEN, "%s", assay_describe_answer(again.answer));
    cr_assert_arr_eq(again.node_id, r.node_id, 32);
    cr_assert_eq(verify(&bare, bare.len, &genesis, &again), ASSAY_OK);
    cr_assert_eq(again.answer, ASSAY_PROOF_OTHER_VOTERS);
}

Test(standing, tells_an_absent_member_as_it_is)
{
    struct assay_standing_report r;
    cr_assert_eq(verify(&absent, absent.len, &genesis, &r), ASSAY_OK);
    cr_assert_eq(r.answer, ASSAY_PROVEN, "%s", assay_describe_answer(r.answer));
    cr_assert_eq(r.standing, ASSAY_STANDING_SUSPENDED);
    cr_assert_eq(r.outcome, ASSAY_PROOF_OUTCOME_ABSENT);
    cr_assert_eq(r.integrity_bp, 10000);
    cr_assert_lt(r.availability_bp, 5000);
    cr_assert_eq(r.pass_weight, 0);
    cr_assert_eq(r.negative_weight, r.electorate_weight);
    /* and the older one, in which it still passed, is older than what is known by then */
    struct file next = { .len = r.checkpoint_len };
    assay_bytes_copy(next.bytes, sizeof next.bytes, r.checkpoint, r.checkpoint_len);
    cr_assert_eq(verify(&whole, whole.len, &next, &r), ASSAY_OK);
    cr_assert_eq(r.answer, ASSAY_PROOF_OLDER);
    cr_assert(assay_bytes_all_zero(r.node_id, 32));
    cr_assert_eq(r.checkpoint_len, 0);
}

Test(standing, believes_no_other_byte, .timeout = 60)
{
    struct assay_standing_report r;
    for (size_t i = 0; i < whole.len; i++) {
        cr_assert_neq(verify(&whole, i, &genesis, &r), ASSAY_OK, "cut at %zu", i);
        whole.bytes[i] ^= (uint8_t)(1u << i % 8);
        const enum assay_status status = verify(&whole, whole.len, &genesis, &r);
        cr_assert(status != ASSAY_OK || r.answer != ASSAY_PROVEN, "byte %zu", i);
        cr_assert(assay_bytes_all_zero(r.node_id, 32));
        whole.bytes[i] ^= (uint8_t)(1u << i % 8);
    }
    /* But for epoch and id, which the votes of the same voters make up for. */
    for (size_t i = 0; i < genesis.len; i++) {
        genesis.bytes[i] ^= 1;
        const enum assay_status status = verify(&whole, whole.len, &genesis, &r);
        const bool in_id = i >= genesis.len - 69 && i < genesis.len - 34;
        cr_assert(in_id || status != ASSAY_OK || r.answer != ASSAY_PROVEN, "byte %zu of %zu", i,
                  genesis.len);
        genesis.bytes[i] ^= 1;
    }
}

Test(standing, takes_no_null)
{
    struct assay_standing_report r;
    cr_assert_eq(assay_standing_verify(NULL, 0, genesis.bytes, genesis.len, &r), ASSAY_E_INVALID);
    cr_assert_eq(assay_standing_verify(whole.bytes, whole.len, NULL, 0, &r), ASSAY_E_INVALID);
    cr_assert_eq(assay_standing_verify(whole.bytes, whole.len, genesis.bytes, genesis.len, NULL),
                 ASSAY_E_INVALID);
}

Test(standing, has_a_word_for_each_number)
{
    for (int i = 0; i < 4; i++) {
        cr_assert_str_neq(assay_name_of_standing((enum assay_standing)i), "unknown");
        cr_assert_str_neq(assay_name_of_outcome((enum assay_proof_outcome)i), "unknown");
    }
    for (int i = 0; i < 8; i++)
        cr_assert_str_neq(assay_describe_answer((enum assay_proof_answer)i), "unknown");
}
