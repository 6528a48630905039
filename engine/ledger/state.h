/*
 * engine/ledger/state.h - what the ledger knows after an EPOCH block, and the root that commits to
 * it.
 *
 * docs/protocol.md 11.1: an RFC 6962 tree over canonical CBOR; leaf 0 is the header (leader
 * counters, epoch, digests of policy and parameters, the last epochs), leaf i + 1 is roster slot i.
 * A snapshot is the EPOCH block's header with every leaf, so that it proves itself against the
 * block's root.
 */
#ifndef ASSAY_ENGINE_LEDGER_STATE_H
#define ASSAY_ENGINE_LEDGER_STATE_H

#include "engine/consensus/block.h"
#include "engine/ledger/genesis.h"
#include "scoring/tally.h"
#include "scoring/weight.h"

enum {
    ASSAY_LIVES_MAX = 9,   /* the listed incarnation and those that ended within 8 epochs */
    ASSAY_PAST_EPOCHS = 8, /* proofs about an epoch live so long (protocol.md 4.10) */
    ASSAY_LEAF_LEN_MAX = 3072,
};

/* One incarnation: a key set, and the epochs in which it was the listed one. */
struct assay_life {
    uint32_t incarnation;
    uint64_t since_epoch;
    uint64_t until_epoch; /* 0: listed now */
    uint8_t voting_public[ASSAY_P256_PUBLIC_LEN];
    uint8_t transport_public[32];
};

/* What the last closed epoch found for one member, for people and for proofs. */
struct assay_found {
    uint64_t pass_weight, negative_weight, electorate_weight;
    uint16_t lo_bp, hi_bp, ceiling_bp;
    enum assay_outcome level;
    bool certified_pass;
    bool balloted;
    enum assay_availability_rule availability_rule;
    enum assay_integrity_reason integrity_reason;
};

struct assay_member {
    uint8_t node_id[32];
    uint8_t identity_public[ASSAY_P256_PUBLIC_LEN];
    uint8_t door_public[32];
    uint8_t operator_id[32], vendor_root[32], platform_id[32];
    uint32_t evidence_kind;
    uint32_t life_count; /* 1 .. ASSAY_LIVES_MAX; lives[0] is listed, then older ones */
    struct assay_life lives[ASSAY_LIVES_MAX];
    struct assay_trust trust;
    uint32_t weight; /* of the epoch that follows */
    struct assay_found found;
    uint64_t change_epoch;   /* when I or A moved last */
    uint64_t standing_epoch; /* when the standing moved last; 0: never */
    uint64_t failure_epoch;  /* newest integrity failure; 0: never */
    uint32_t
        equivocation_struck; /* newest incarnation that a proof of E1..E4, E8 struck; 0: none */
    uint32_t ballots_struck; /* bit k: its ballot of epoch - k was contradicted (E5) */
    uint64_t pass_epoch;     /* newest certified PASS; 0: never */
};

/* An epoch that closed: enough to judge a proof about it. */
struct assay_past {
    uint64_t epoch;
    uint64_t t0_ms;
    uint8_t base_id[32]; /* the block that closed the epoch before: source of the beacon */
    bool has_roll;
    uint8_t roll_root[32];
};

struct assay_state {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch; /* closed; 0: genesis */
    bool certified;
    uint64_t certified_epoch;
    uint8_t policy_digest[32], endorsements_digest[32], parameters_digest[32];
    uint8_t verifier_digest[32]; /* zero: none is pinned */
    uint32_t past_count;         /* newest first */
    struct assay_past past[ASSAY_PAST_EPOCHS];
    uint32_t member_count;
    struct assay_member *members; /* [member_count] */
    int64_t *counters;            /* [member_count] of the leader sequence */
    /* The block after which this is the state. Not part of the leaves: the root stands in it. */
    uint8_t head_id[32];
    uint64_t head_height, head_view, head_time_ms;
    uint8_t root[32];
};

/* Returns: bytes of the two arrays of a state. */
size_t assay_state_memory_len(uint32_t members);
/* memory: assay_state_memory_len(members) bytes, aligned to 16. Returns: nothing. */
void assay_state_place(struct assay_state *state, void *memory, uint32_t members);
/* Everything but the places of the arrays. Returns: nothing. */
void assay_state_copy(struct assay_state *to, const struct assay_state *from);

/* Final block 0 (docs/protocol.md 9.3); weights are still zero. Returns: nothing. */
void assay_state_genesis(struct assay_state *state, const struct assay_genesis *genesis);
/* The same with another roster, members[state->member_count] in ascending order of node id: one
 * that no genesis file could hold (simulated networks). Returns: nothing. */
void assay_state_found(struct assay_state *state, const struct assay_genesis *genesis,
                       const struct assay_genesis_member *members);

/* Returns: ASSAY_OK and the leaf in w | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_state_header_encode(const struct assay_state *state,
                                                          struct assay_writer *w);
ASSAY_CHECKED enum assay_status assay_state_leaf_encode(const struct assay_state *state,
                                                        uint32_t slot, struct assay_writer *w);
/*
 * The root over all leaves; scratch is for the largest leaf, header included.
 * Returns: nothing (a scratch that is too small is a bug: assay_state_scratch_len)
 */
void assay_state_root(const struct assay_state *state, void *scratch, size_t scratch_len,
                      uint8_t root[static 32]);
/* The leaf hash of the header, and that of one slot: what the root is made of, for whoever makes
 * the leaves on several cores. Scratch as above. Returns: nothing. */
void assay_state_header_hash(const struct assay_state *state, void *scratch, size_t scratch_len,
                             uint8_t hash[static 32]);
void assay_state_leaf_hash(const struct assay_state *state, uint32_t slot, void *scratch,
                           size_t scratch_len, uint8_t hash[static 32]);
/* Returns: bytes of scratch for assay_state_root. */
size_t assay_state_scratch_len(uint32_t members);
/* Returns: an upper bound of a snapshot's length. */
size_t assay_state_len_max(uint32_t members);

/* head: the header of the EPOCH block, empty for genesis. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_state_encode(const struct assay_state *state,
                                                   struct assay_slice head, void *scratch,
                                                   size_t scratch_len, struct assay_writer *w);
/*
 * assay_state_decode - a state, checked against the root in its block header.
 *
 * In:      *state with its arrays placed; chain, member count and node ids must be its own already
 *          (a snapshot never changes who is on the roster)
 * Out:     *state; undefined unless ASSAY_OK (decode into a second one)
 * Returns: ASSAY_OK | ASSAY_E_CHAIN | ASSAY_E_INVALID (root differs) | INPUT statuses
 */
ASSAY_CHECKED enum assay_status assay_state_decode(struct assay_slice bytes,
                                                   struct assay_state *state);

/* Returns: the incarnation listed in an epoch (running or past), NULL when it is forgotten. */
const struct assay_life *assay_member_life_at(const struct assay_member *member, uint64_t epoch);
/* A new incarnation is listed from epoch since on; lives that ended too long ago are dropped.
 * Returns: nothing. */
void assay_member_list(struct assay_member *member, uint64_t since, const uint8_t *voting_public,
                       const uint8_t *transport_public);
/* Returns: the slot of a node id, or the member count. */
uint32_t assay_state_slot_of(const struct assay_state *state, const uint8_t node_id[static 32]);
/* t0, base and roll of the running epoch's past. Returns: NULL when it is forgotten. */
const struct assay_past *assay_state_past(const struct assay_state *state, uint64_t epoch);
/* Returns: nothing; digest of ["assay/beacon/v1", chain, era, epoch, id of the block before]. */
void assay_state_beacon(const struct assay_state *state, uint64_t epoch,
                        const uint8_t base_id[static 32], uint8_t beacon[static 32]);
/* What every user of a state relies on, at little cost; a snapshot is read so that it is true of
 * it. Returns: whether it holds. */
bool assay_state_holds(const struct assay_state *state);
/* Aborts on a state that breaks an invariant. Returns: nothing. */
void assay_state_check(const struct assay_state *state);

#endif
