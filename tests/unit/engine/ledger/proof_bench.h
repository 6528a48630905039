/*
 * tests/unit/engine/ledger/proof_bench.h - states of a simulated node, and proofs that it makes of
 * them.
 */
#ifndef ASSAY_TESTS_PROOF_BENCH_H
#define ASSAY_TESTS_PROOF_BENCH_H

#include "engine/ledger/proofs/proof.h"
#include "sim/world/world_internal.h"

enum { PROOF_LEN = 64 * 1024, PROOF_MEMBERS_MAX = 16 };

/* The newest two states of a node's store, and the proof of the newer. */
struct proof_states {
    uint8_t *now, *before;
    size_t now_len, before_len, finality_len;
    uint8_t finality[ASSAY_FINALITY_LEN_MAX];
    struct assay_checkpoint at, from; /* of `now` and of `before` */
};

void proof_collect(struct assay_sim_world *w, uint32_t node, struct proof_states *k);
void proof_drop(struct proof_states *k);
/* Out: bytes[PROOF_LEN]. Returns: their length */
size_t proof_make(const struct proof_states *k, uint32_t slot, bool bare, uint8_t *bytes);

#endif
