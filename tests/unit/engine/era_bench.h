/*
 * tests/unit/engine/era_bench.h - bench of eras: documents signed by operators that were replaced,
 * and CONFIRMs of members that collude with them, for nodes that are behind.
 */
#ifndef ASSAY_TESTS_UNIT_ENGINE_ERA_BENCH_H
#define ASSAY_TESTS_UNIT_ENGINE_ERA_BENCH_H

#include "engine/parts/engine_internal.h"
#include "engine/parts/era.h"
#include "sim/world/world_internal.h"
#include "tests/unit/engine/decide.h"

enum { EPOCH_MS = 400, NODES = 7, AWAY = 6 };

struct document {
    uint8_t bytes[ASSAY_RECOVER_LEN_MAX];
    size_t len;
    uint8_t digest[32];
};
/* What a CONFIRM says, and who signs and carries it. */
struct confirming {
    uint32_t era, signer; /* signer: node with whose identity key */
    uint16_t from, to;    /* slots of the link */
    uint8_t id[32], nonce[32], asker[32], member[32];
    bool spoilt; /* one bit of the signature is another */
};
enum signs { SIGNS_NOTHING, SIGNS, SIGNS_WITH_NEW_KEYS };

/* A network of NODES that has run so long. */
struct assay_sim_world *start(uint64_t seed, uint64_t epochs);
const struct assay_state *state_of(const struct assay_sim_world *w, uint32_t node);
/* By every operator of the genesis, for the era that runs; added: and the one that was added. */
struct document *make_fence_by(const struct assay_sim_world *w, bool added,
                               const uint8_t operators_digest[static 32]);
/* ... that is taken up to this epoch; the others for long. */
struct document *make_fence_until(const struct assay_sim_world *w, bool added,
                                  const uint8_t operators_digest[static 32], uint64_t last_epoch);
/* ... under the document of the genesis. */
struct document *make_fence(const struct assay_sim_world *w);
/* A RECOVER on the very head of the node that is behind, by every operator of the genesis. */
struct document *forge_at(struct assay_sim_world *w, uint32_t node, uint32_t first, uint32_t liars,
                          uint64_t time_ms);
/* ... a moment after the head. */
struct document *forge(struct assay_sim_world *w, uint32_t node, uint32_t first, uint32_t liars);
/* ... with a signature in its grounds that is none. */
struct document *forge_spoilt(struct assay_sim_world *w, uint32_t node, uint32_t first,
                              uint32_t liars);
/* ... on another block of the head's height. */
struct document *forge_on_another_parent(struct assay_sim_world *w, uint32_t node);
/* ... with another list of operators than that in force. */
struct document *forge_by_others(struct assay_sim_world *w, uint32_t node);
/* A message over the link of that slot. Returns: what the node says. */
enum assay_status hand(struct assay_sim_world *w, uint32_t node, uint16_t from,
                       enum assay_message_kind kind, const struct document *d);
/* As this member says it to this node in the round that runs. */
struct confirming confirming_of(const struct assay_sim_world *w, uint32_t member, uint32_t asker,
                                const struct document *recover);
struct document *make_confirm(const struct assay_sim_world *w, const struct confirming *c);
/* Handed in. Returns: what the node says. */
enum assay_status confirm(struct assay_sim_world *w, const struct confirming *c);
/* So many members sign for AWAY that this RECOVER began their era. */
void say_began(struct assay_sim_world *w, uint32_t first, const struct document *recover,
               uint32_t members);
/* The node's operator fetches an answer to this fence: it signs nothing more in the era. */
void answer_fence(struct assay_sim_world *w, uint32_t node);
/* Node AWAY was down while the operators were replaced, and starts again, behind and alone. */
struct assay_sim_world *behind(uint64_t seed, bool loses_store);
/* It is where the others are, in their era, takes part, and nobody bans anybody. */
void is_one_of_them(struct assay_sim_world *w, enum signs signs);
/* The checkers see the fork, which is what these tests make. */
void run_forked(struct assay_sim_world *w, uint32_t epochs);

#endif
