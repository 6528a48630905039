/*
 * tests/unit/engine/ledger/test_checkpoint.c - checkpoints and the digest of who votes
 * (docs/protocol.md 11.3).
 */
#include "engine/ledger/proofs/checkpoint.h"

#include "base/cbor.h"
#include "engine/ledger/proofs/proof.h"
#include "engine/ledger/state/roster_digest.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct assay_checkpoint some(void)
{
    struct assay_checkpoint c = { .era = 3,
                                  .epoch = 1234567,
                                  .time_ms = UINT64_C(1795268000123),
                                  .trusting_period_s = ASSAY_TRUSTING_PERIOD_S };
    for (size_t i = 0; i < 32; i++) {
        c.chain_id[i] = (uint8_t)i;
        c.id[i] = (uint8_t)(i + 40);
        c.roster_digest[i] = (uint8_t)(i + 90);
    }
    return c;
}

static size_t encode(const struct assay_checkpoint *c, uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX])
{
    struct assay_writer w = assay_writer_over(bytes, ASSAY_CHECKPOINT_LEN_MAX);
    cr_assert_eq(assay_checkpoint_encode(c, &w), ASSAY_OK);
    return w.len;
}

/* In a piece of memory that is no longer than the bytes, so that one byte too far is seen. */
static enum assay_status decode(const uint8_t *bytes, size_t len, struct assay_checkpoint *c)
{
    uint8_t *exact = malloc(len + (len == 0));
    cr_assert_not_null(exact);
    assay_bytes_copy(exact, len, bytes, len);
    const enum assay_status status = assay_checkpoint_decode(assay_slice_over(exact, len), c);
    free(exact);
    return status;
}

static bool same(const struct assay_checkpoint *a, const struct assay_checkpoint *b)
{
    uint8_t bytes[2][ASSAY_CHECKPOINT_LEN_MAX];
    const size_t len = encode(a, bytes[0]);
    return encode(b, bytes[1]) == len && assay_bytes_equal(bytes[0], bytes[1], len);
}

Test(checkpoint, gives_back_what_was_written)
{
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX], again[ASSAY_CHECKPOINT_LEN_MAX];
    struct assay_checkpoint c = some(), read;
    c.epoch = INT64_MAX;
    c.era = UINT32_MAX;
    const size_t len = encode(&c, bytes);
    cr_assert_eq(decode(bytes, len, &read), ASSAY_OK);
    cr_assert_eq(encode(&read, again), len);
    cr_assert_arr_eq(bytes, again, len);
    cr_assert_eq(read.epoch, c.epoch);
    cr_assert_eq(read.era, c.era);
    cr_assert_eq(read.time_ms, c.time_ms);
    cr_assert_eq(read.trusting_period_s, c.trusting_period_s);
}

/* 1 to 90 days: a checkpoint that is trusted for ever, or for nothing, is none. */
Test(checkpoint, is_trusted_for_a_bounded_time)
{
    static const struct {
        uint32_t period_s;
        enum assay_status status;
    } table[] = {
        { 86399, ASSAY_E_RANGE },          { 86400, ASSAY_OK },           { 90 * 86400, ASSAY_OK },
        { 90 * 86400 + 1, ASSAY_E_RANGE }, { UINT32_MAX, ASSAY_E_RANGE }, { 0, ASSAY_E_RANGE },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX];
        struct assay_checkpoint c = some(), read;
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        const size_t len = encode(&c, bytes) - 5; /* the period is the last of it */
        w.len = len;
        assay_cbor_put_uint(&w, table[i].period_s);
        cr_expect_eq(decode(bytes, w.len, &read), table[i].status, "%zu", i);
        if (table[i].status == ASSAY_OK)
            cr_expect_eq(assay_checkpoint_expires_ms(&read),
                         c.time_ms + (uint64_t)table[i].period_s * 1000);
    }
    const struct assay_checkpoint last = { .time_ms = UINT64_MAX - 1, .trusting_period_s = 86400 };
    cr_expect_eq(assay_checkpoint_expires_ms(&last), UINT64_MAX);
}

Test(checkpoint, refuses_every_truncation_and_a_byte_too_many)
{
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX + 1] = { 0 };
    struct assay_checkpoint c = some(), read;
    const size_t len = encode(&c, bytes);
    for (size_t i = 0; i < len; i++)
        cr_assert_neq(decode(bytes, i, &read), ASSAY_OK, "at %zu", i);
    cr_assert_eq(decode(bytes, len + 1, &read), ASSAY_E_TRAILING);
    for (size_t i = 0; i < len * 8; i++) { /* either refused, or another checkpoint */
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        if (decode(bytes, len, &read) == ASSAY_OK)
            cr_assert(!same(&read, &c), "bit %zu says nothing", i);
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}

Test(checkpoint, the_roster_digest_moves_with_every_voter_key_and_weight)
{
    enum { N = 5 };
    struct assay_genesis *g = calloc(1, sizeof *g);
    struct assay_state state;
    void *memory = calloc(1, assay_state_memory_len(N));
    uint8_t first[32], other[32];
    cr_assert(g != NULL && memory != NULL);
    g->member_count = N;
    g->parameters.epoch_ms = 500;
    for (uint32_t i = 0; i < N; i++)
        memset(g->members[i].node_id, (int)(10 * (i + 1)), 32);
    assay_state_init(&state, memory, N);
    assay_state_genesis(&state, g);
    assay_roster_digest(&state, first);
    for (uint32_t i = 0; i < N; i++) {
        uint8_t *const bytes[] = { &state.members[i].node_id[31],
                                   &state.members[i].lives[0].voting_public[63],
                                   (uint8_t *)&state.members[i].seat_weight };
        for (size_t k = 0; k < 3; k++) {
            *bytes[k] ^= 1;
            assay_roster_digest(&state, other);
            cr_assert(!assay_bytes_equal(first, other, 32), "slot %u, field %zu", i, k);
            *bytes[k] ^= 1;
        }
        state.members[i].trust.integrity_bp ^= 1; /* what does not vote is not in it */
        state.members[i].weight ^= 1;
        assay_roster_digest(&state, other);
        cr_assert(assay_bytes_equal(first, other, 32));
    }
    state.era++;
    assay_roster_digest(&state, other);
    cr_assert(!assay_bytes_equal(first, other, 32), "an era has its own");
    free(memory);
    free(g);
}

/* Whatever is proven and whatever the clock: what is believed is younger than the verifier accepts,
 * not from the future, within the checkpoint's period, and ends by then. */
Test(checkpoint, what_is_believed_offline_is_bounded_in_time)
{
    static struct assay_proven_state p; /* large */
    const uint64_t day = UINT64_C(86400000);
    const uint32_t ages[] = { 1, 60, 86400, 30 * 86400, UINT32_MAX };
    const struct assay_checkpoint c = some();
    const uint64_t until = c.time_ms + c.trusting_period_s * UINT64_C(1000);
    unsigned believed = 0;
    for (uint64_t block = c.time_ms; block <= until + 2 * day; block += day / 2)
        for (uint64_t now = c.time_ms - 2 * day; now <= until + 3 * day; now += day / 3)
            for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
                p.time_ms = block;
                const uint64_t expires = assay_proof_expires_ms(&c, &p, ages[i]);
                cr_assert_leq(expires, until);
                cr_assert_eq(assay_proof_age(&c, &p, 0, ages[i]),
                             block < until ? ASSAY_PROOF_AGE_UNKNOWN : ASSAY_PROOF_EXPIRED,
                             "without a clock nobody knows");
                if (assay_proof_age(&c, &p, now, ages[i]) != ASSAY_PROVEN) continue;
                believed += 1;
                cr_assert_lt(now, until);
                cr_assert_lt(block, until);
                cr_assert_lt(now, expires);
                cr_assert_leq(block, now + 600000);
                cr_assert_leq(c.time_ms, now + 600000);
                cr_assert(now < block || now - block < ages[i] * UINT64_C(1000));
            }
    cr_assert_gt(believed, 100);
}
