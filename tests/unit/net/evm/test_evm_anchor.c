/*
 * tests/unit/net/evm/test_evm_anchor.c - the anchor's bytes as contracts read them and as the
 * engine makes them are the same (docs/protocol.md 12.5, docs/services.md 8.2).
 */
#include "base/merkle.h"
#include "engine/ledger/state/anchor.h"
#include "engine/ledger/state/leaf.h"
#include "engine/ledger/state/roster_digest.h"
#include "net/evm/anchor.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { MEMBERS_MAX = 40, SCRATCH = 64 * 1024 };

static struct assay_state state;
static struct assay_genesis genesis;
static uint8_t scratch[SCRATCH], hashes[MEMBERS_MAX + 1][32];

static void *make(uint32_t n, bool services)
{
    void *const memory = calloc(1, assay_state_memory_len(n));
    cr_assert_not_null(memory);
    genesis.member_count = n;
    assay_sha256(&n, sizeof n, genesis.chain_id);
    for (uint32_t i = 0; i < n; i++)
        assay_sha256(&i, sizeof i, genesis.members[i].node_id);
    state = (struct assay_state){ 0 };
    assay_state_init(&state, memory, n);
    assay_state_genesis(&state, &genesis);
    state.era = 3;
    state.epoch = 70000 + n;
    for (uint32_t i = 0; i < n; i++) {
        struct assay_member *const m = &state.members[i];
        assay_sha256(&i, 3, m->lives[0].voting_public);
        m->weight = 7000 + i;
        m->seat_weight = i % 3 == 2 ? 0 : 5000 + i;
        m->trust.integrity_bp = (uint16_t)(9000 + i);
        m->trust.availability_bp = 9500;
        m->trust.score.standing = (enum assay_standing)(i % 4);
    }
    if (services) {
        state.services.count = 2;
        assay_anchor_root(&state, state.services.anchor);
    }
    return memory;
}

static struct assay_evm_anchored anchored_of(void)
{
    struct assay_evm_anchored a = { .era = state.era, .epoch = state.epoch };
    struct assay_roster_row rows[MEMBERS_MAX];
    uint8_t bytes[MEMBERS_MAX * ASSAY_EVM_ROW_LEN];
    size_t len = 0;
    for (uint32_t i = 0; i < state.member_count; i++)
        assay_roster_row_of(&state.members[i], &rows[i]);
    assay_bytes_copy(a.chain_id, 32, state.chain_id, 32);
    cr_assert_eq(assay_eth_rows(rows, state.member_count, bytes, sizeof bytes, &len, a.voters),
                 ASSAY_OK);
    assay_anchor_scores(&state, a.scores);
    return a;
}

static void paths_of_leaf_0(uint8_t (*path)[32], size_t *path_len, uint8_t leaf[static 32],
                            uint8_t root[static 32])
{
    const uint32_t n = state.member_count;
    struct assay_writer w = assay_writer_over(scratch, sizeof scratch);
    cr_assert_eq(assay_state_header_encode(&state, &w), ASSAY_OK);
    assay_merkle_leaf_hash(scratch, w.len, leaf);
    assay_state_header_hash(&state, scratch, sizeof scratch, hashes[0]);
    for (uint32_t i = 0; i < n; i++)
        assay_state_leaf_hash(&state, i, scratch, sizeof scratch, hashes[i + 1]);
    cr_assert_eq(assay_merkle_path((const uint8_t(*)[32])hashes, n + 1, 0, path,
                                   ASSAY_MERKLE_LEVELS, path_len),
                 ASSAY_OK);
    assay_state_root(&state, scratch, sizeof scratch, root);
}

Test(evm_anchor, both_make_the_same_anchor)
{
    _Static_assert((int)ASSAY_EVM_ROW_LEN == (int)ASSAY_ANCHOR_VOTER_LEN, "rows");
    _Static_assert((int)ASSAY_EVM_SCORE_LEN == (int)ASSAY_ANCHOR_LEAF_LEN, "leaves");
    _Static_assert((int)ASSAY_VOTERS_MAX <= (int)ASSAY_EVM_SIGNERS_MAX, "seats");
    for (uint32_t n = 1; n <= MEMBERS_MAX; n++) {
        void *const memory = make(n, true);
        const struct assay_evm_anchored a = anchored_of();
        uint8_t digest[32], row[2][ASSAY_EVM_ROW_LEN];
        assay_anchor_voters(&state, digest);
        cr_assert(assay_bytes_equal(digest, a.voters, 32), "voters of %u", n);
        assay_evm_anchor_root(&a, digest);
        cr_assert(assay_bytes_equal(digest, state.services.anchor, 32), "root of %u", n);
        for (uint32_t i = 0; i < n; i++) {
            assay_anchor_voter(&state.members[i], row[0]);
            assay_evm_anchor_row(state.members[i].lives[0].voting_public,
                                 state.members[i].seat_weight, row[1]);
            cr_assert(assay_bytes_equal(row[0], row[1], sizeof row[0]));
        }
        free(memory);
    }
}

/* The contract's walk, for trees of every shape; and no leaf that it could take for an anchor. */
Test(evm_anchor, leads_to_the_root_of_a_state_with_services_alone)
{
    uint8_t path[ASSAY_MERKLE_LEVELS][32], leaf[32], root[32], found[32];
    size_t path_len = 0;
    for (uint32_t n = 1; n <= MEMBERS_MAX; n++) {
        void *memory = make(n, true);
        uint8_t anchor[32];
        assay_bytes_copy(anchor, 32, state.services.anchor, 32);
        paths_of_leaf_0(path, &path_len, leaf, root);
        assay_evm_anchor_lead(anchor, leaf, (const uint8_t(*)[32])path, path_len, found);
        cr_assert(assay_bytes_equal(found, root, 32), "%u members", n);
        anchor[31] ^= 1;
        assay_evm_anchor_lead(anchor, leaf, (const uint8_t(*)[32])path, path_len, found);
        cr_assert_not(assay_bytes_equal(found, root, 32));
        for (uint32_t i = 0; i < n; i++) {
            struct assay_writer w = assay_writer_over(scratch, sizeof scratch);
            cr_assert_eq(assay_state_leaf_encode(&state, i, &w), ASSAY_OK);
            cr_assert_gt(w.len, 32);
        }
        free(memory);
        memory = make(n, false);
        assay_anchor_root(&state, anchor);
        paths_of_leaf_0(path, &path_len, leaf, root);
        assay_evm_anchor_lead(anchor, leaf, (const uint8_t(*)[32])path, path_len, found);
        cr_assert_not(assay_bytes_equal(found, root, 32));
        free(memory);
    }
}

/* docs/protocol.md 11.3.4: a contract reads neither stage nor maintenance, so what it reads as the
 * standing is what may be relied on. */
static enum assay_standing told(uint32_t slot)
{
    uint8_t leaf[ASSAY_ANCHOR_LEAF_LEN];
    assay_anchor_leaf(&state, slot, leaf);
    return (enum assay_standing)leaf[42];
}

Test(evm_anchor, tells_contracts_no_better_standing_than_may_be_relied_on)
{
    void *const memory = make(8, true);
    for (uint32_t slot = 0; slot < 8; slot++) {
        struct assay_member *const m = &state.members[slot];
        const enum assay_standing score = m->trust.score.standing;
        cr_expect_eq(told(slot), score);
        m->stage = ASSAY_STAGE_LEFT; /* LEAVE and REST lower no score */
        cr_expect_eq(told(slot), ASSAY_STANDING_SUSPENDED, "left, slot %u", slot);
        m->stage = ASSAY_STAGE_RESTING;
        cr_expect_eq(told(slot), ASSAY_STANDING_SUSPENDED, "resting, slot %u", slot);
        m->stage = ASSAY_STAGE_MEMBER;
        m->maintenance_count = 1;
        for (uint64_t from = state.epoch - 1; from <= state.epoch + 2; from++) {
            const bool is_in = from == state.epoch || from == state.epoch + 1;
            m->maintenances[0] = (struct assay_maintenance){ from, from };
            cr_expect_eq(told(slot),
                         is_in && score < ASSAY_STANDING_RESTRICTED ? ASSAY_STANDING_RESTRICTED
                                                                    : score,
                         "maintenance, slot %u", slot);
        }
    }
    free(memory);
}
