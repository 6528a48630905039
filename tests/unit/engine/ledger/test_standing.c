/*
 * tests/unit/engine/ledger/test_standing.c - the function of libassay for proofs: what it tells,
 * and what it says of hostile bytes. The files are of a real network of four, whose third node was
 * killed.
 */
#include "base/bytes.h"

#include <assay/standing.h>
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
    (void)snprintf(path, sizeof path, ASSAY_TEST_CORPUS "/engine_proof/%s", name);
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

#define MS(seconds) (UINT64_C(1000) * (seconds))

/* When the files' network began: the time of its checkpoint, in front of the period. Their epochs
 * closed minutes later. */
static uint64_t genesis_ms(void)
{
    enum { PERIOD_LEN = 5, TIME_LEN = 8 };
    uint64_t time_ms = 0;
    cr_assert_gt(genesis.len, PERIOD_LEN + TIME_LEN);
    for (size_t i = genesis.len - PERIOD_LEN - TIME_LEN; i < genesis.len - PERIOD_LEN; i++)
        time_ms = time_ms << 8 | genesis.bytes[i];
    return time_ms;
}

/* In memory that is no longer than the bytes. */
static enum assay_status verify_at(const struct file *proof, size_t len, const struct file *from,
                                   uint64_t now_ms, uint32_t max_age_s,
                                   struct assay_standing_report *report)
{
    uint8_t *exact = malloc(len + (len == 0));
    cr_assert_not_null(exact);
    assay_bytes_copy(exact, len, proof->bytes, len);
    const enum assay_status status =
        assay_standing_verify(exact, len, from->bytes, from->len, now_ms, max_age_s, report);
    free(exact);
    return status;
}

static enum assay_status verify(const struct file *proof, size_t len, const struct file *from,
                                struct assay_standing_report *report)
{
    return verify_at(proof, len, from, genesis_ms() + MS(3600), 0, report);
}

Test(standing, tells_what_the_network_says)
{
    struct assay_standing_report r = { .size = sizeof r }, again = { .size = sizeof again };
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
    cr_assert_eq(again.answer, ASSAY_PROOF_OTHER_BLOCK);
}

Test(standing, tells_an_absent_member_as_it_is)
{
    struct assay_standing_report r = { .size = sizeof r };
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

Test(standing, believes_no_other_byte, .timeout = 600)
{
    struct assay_standing_report r = { .size = sizeof r };
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
        enum { TIMES = 9 + 5 }; /* which bound when, not what */
        const bool in_id = i >= genesis.len - 69 - TIMES && i < genesis.len - 34 - TIMES;
        if (i >= genesis.len - TIMES) break;
        genesis.bytes[i] ^= 1;
        const enum assay_status status = verify(&whole, whole.len, &genesis, &r);
        cr_assert(in_id || status != ASSAY_OK || r.answer != ASSAY_PROVEN, "byte %zu of %zu", i,
                  genesis.len);
        genesis.bytes[i] ^= 1;
    }
}

/* What matters: nothing is relied upon that is older than the caller accepts, that the clock has
 * not reached, or that keys could have signed which may be stolen by now. */
Test(standing, is_believed_for_a_bounded_time)
{
    enum { DAY = 86400, PERIOD = 14 * DAY };
    struct assay_standing_report r = { .size = sizeof r };
    cr_assert_eq(verify(&whole, whole.len, &genesis, &r), ASSAY_OK);
    const uint64_t closed_ms = r.time_ms;
    cr_expect_eq(r.expires_ms, closed_ms + MS(DAY), "24 hours unless the caller says otherwise");
    const struct {
        uint64_t now_ms;
        uint32_t max_age_s;
        enum assay_proof_answer answer;
    } table[] = {
        { closed_ms, 0, ASSAY_PROVEN },
        { closed_ms + MS(DAY) - 1, 0, ASSAY_PROVEN },
        { closed_ms + MS(DAY), 0, ASSAY_PROOF_TOO_OLD },
        { closed_ms + MS(60), 60, ASSAY_PROOF_TOO_OLD },
        { closed_ms + MS(59), 60, ASSAY_PROVEN },
        { closed_ms - MS(600), 0, ASSAY_PROVEN }, /* clocks differ by that much */
        { closed_ms - MS(600) - 1, 0, ASSAY_PROOF_AHEAD },
        { genesis_ms() + MS(PERIOD) - 1, 90 * DAY, ASSAY_PROVEN },
        { genesis_ms() + MS(PERIOD), 90 * DAY, ASSAY_PROOF_EXPIRED },
        { genesis_ms() + MS(PERIOD), UINT32_MAX, ASSAY_PROOF_EXPIRED },
        { UINT64_MAX, UINT32_MAX, ASSAY_PROOF_EXPIRED },
        { 0, 0, ASSAY_PROOF_AGE_UNKNOWN },
        { 1, 0, ASSAY_PROOF_AGE_UNKNOWN }, /* a clock that was never set */
        { genesis_ms() - MS(601), 0, ASSAY_PROOF_AGE_UNKNOWN },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        cr_assert_eq(
            verify_at(&whole, whole.len, &genesis, table[i].now_ms, table[i].max_age_s, &r),
            ASSAY_OK);
        cr_expect_eq(r.answer, table[i].answer, "%zu: %s", i, assay_describe_answer(r.answer));
        const bool is_notified = r.answer == ASSAY_PROVEN || r.answer == ASSAY_PROOF_AGE_UNKNOWN;
        cr_expect_eq(r.expires_ms > 0, is_notified, "%zu", i);
        cr_expect(r.expires_ms <= genesis_ms() + MS(PERIOD), "%zu", i);
        cr_expect_eq(r.checkpoint_len > 0, r.answer == ASSAY_PROVEN, "%zu", i);
        if (r.answer == ASSAY_PROVEN) cr_expect(r.expires_ms > table[i].now_ms, "%zu", i);
    }
    /* The checkpoint that the proof is, is trusted from its own time on, as long as the first. */
    cr_assert_eq(verify(&whole, whole.len, &genesis, &r), ASSAY_OK);
    struct file next = { .len = r.checkpoint_len };
    assay_bytes_copy(next.bytes, sizeof next.bytes, r.checkpoint, r.checkpoint_len);
    cr_assert_eq(verify_at(&bare, bare.len, &next, genesis_ms() + MS(PERIOD), 90 * DAY, &r),
                 ASSAY_OK);
    cr_expect_eq(r.answer, ASSAY_PROVEN, "%s", assay_describe_answer(r.answer));
    cr_assert_eq(verify_at(&bare, bare.len, &next, closed_ms + MS(PERIOD), 90 * DAY, &r), ASSAY_OK);
    cr_expect_eq(r.answer, ASSAY_PROOF_EXPIRED);
}

/* docs/protocol.md 11.3.1: a caller whose clock was reset keeps the checkpoint that it had. */
Test(standing, no_checkpoint_follows_from_a_proof_of_unknown_age)
{
    struct assay_standing_report r = { .size = sizeof r };
    cr_assert_eq(verify_at(&whole, whole.len, &genesis, 0, 0, &r), ASSAY_OK);
    cr_assert_eq(r.answer, ASSAY_PROOF_AGE_UNKNOWN);
    cr_expect_eq(r.checkpoint_len, 0);
    cr_expect(assay_bytes_all_zero(r.checkpoint, sizeof r.checkpoint));
    cr_assert_eq(verify(&whole, whole.len, &genesis, &r), ASSAY_OK);
    cr_assert_eq(r.answer, ASSAY_PROVEN);
    cr_expect_gt(r.checkpoint_len, 0);
}

Test(standing, takes_no_null)
{
    struct assay_standing_report r = { .size = sizeof r };
    cr_assert_eq(assay_standing_verify(NULL, 0, genesis.bytes, genesis.len, 1, 0, &r),
                 ASSAY_E_INVALID);
    cr_assert_eq(assay_standing_verify(whole.bytes, whole.len, NULL, 0, 1, 0, &r), ASSAY_E_INVALID);
    cr_assert_eq(
        assay_standing_verify(whole.bytes, whole.len, genesis.bytes, genesis.len, 1, 0, NULL),
        ASSAY_E_INVALID);
}

Test(standing, has_a_word_for_each_number)
{
    for (int i = 0; i < 4; i++) {
        cr_assert_str_neq(assay_name_of_standing((enum assay_standing)i), "unknown");
        cr_assert_str_neq(assay_name_of_outcome((enum assay_proof_outcome)i), "unknown");
    }
    for (int i = 0; i <= ASSAY_PROOF_OTHER_ERA; i++)
        cr_assert_str_neq(assay_describe_answer((enum assay_proof_answer)i), "unknown");
    cr_assert_str_eq(assay_describe_answer((enum assay_proof_answer)(ASSAY_PROOF_OTHER_ERA + 1)),
                     "unknown");
}
