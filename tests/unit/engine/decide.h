/*
 * tests/unit/engine/decide.h - operators of a simulated network decide something.
 */
#ifndef ASSAY_TESTS_UNIT_ENGINE_DECIDE_H
#define ASSAY_TESTS_UNIT_ENGINE_DECIDE_H

#include "engine/ledger/records/change.h"
#include "engine/ledger/records/recover.h"
#include "sim/world/world_internal.h"

enum { SIGNERS_MAX = 64 };
struct signers {
    uint32_t count;
    uint8_t ids[SIGNERS_MAX][32], signatures[SIGNERS_MAX][64];
};

/* Every operator of the genesis signs, and with `added` that of set 77 as well. Ids ascend. */
void sign_all(const struct assay_sim_world *w, bool added, const uint8_t digest[static 32],
              struct signers *s);
/* All operators sign one action, to hold from `activation` on, and tell every living node. */
void decide(struct assay_sim_world *w, uint64_t sequence, uint64_t activation,
            const struct assay_action *action);
/* One operator more, with the key of set 77, and all of them must sign: those of the genesis decide
 * nothing any more. */
void decide_operators(struct assay_sim_world *w, uint64_t sequence, uint64_t activation);
/* And back to those of the genesis: signed by them and that one. */
void decide_operators_back(struct assay_sim_world *w, uint64_t sequence, uint64_t activation);

#endif
