/*
 * engine/ledger/state/state.h - state of the ledger after an EPOCH block, and the root that commits
 * to it.
 *
 * docs/protocol.md 11.1: an RFC 6962 tree over canonical CBOR; leaf 0 is the header (leader
 * counters, epoch, digests of policy, parameters and roster, the last epochs), leaf i + 1 is roster
 * slot i.
 * A snapshot is the EPOCH block's header with every leaf, so that it proves itself against the
 * block's root.
 */
#ifndef ASSAY_ENGINE_LEDGER_STATE_STATE_H
#define ASSAY_ENGINE_LEDGER_STATE_STATE_H

#include "engine/consensus/block.h"
#include "engine/ledger/state/declaration.h"
#include "engine/ledger/state/genesis.h"
#include "scoring/fall.h"
#include "scoring/quiet.h"
#include "scoring/seats.h"
#include "scoring/tally.h"
#include "scoring/weight.h"

enum {
    ASSAY_LIVES_MAX = 9,       /* the listed incarnation and those that ended within 8 epochs */
    ASSAY_RETAINED_EPOCHS = 8, /* proofs about an epoch live so long (protocol.md 4.10) */
    ASSAY_LEAF_LEN_MAX = 4096,
    ASSAY_PENDING_MAX = 4,      /* changes that wait for their epoch */
    ASSAY_JOINS_MAX = 32,       /* slots that one boundary may add */
    ASSAY_MAINTENANCES_MAX = 8, /* announced for one member within ASSAY_MAINTENANCE_SPAN */
    ASSAY_MAINTENANCE_SPAN = 1024,
    ASSAY_MAINTENANCE_EPOCHS = 64,    /* in any so many epochs: 1 in 16 */
    ASSAY_UPDATES_MAX = 16,           /* of collateral that wait, are tried or were reverted */
    ASSAY_SERVICE_DOCUMENTS_MAX = 64, /* a bit each */
};

/* docs/protocol.md 9.6: what operators decided of a slot. Encoded, hence never reused. */
enum assay_stage {
    ASSAY_STAGE_MEMBER = 0,
    ASSAY_STAGE_RESTING = 1, /* weight 0, not judged, keys kept */
    ASSAY_STAGE_LEFT = 2,    /* not a member any more; its slot is free some epochs later */
};

/* Announced absence: epochs from .. until, both included. */
struct assay_maintenance {
    uint64_t from, until;
};

/* One incarnation: a key set, and the epochs in which it was the listed one. */
struct assay_life {
    uint32_t incarnation;
    uint64_t since_epoch;
    uint64_t until_epoch; /* 0: listed now */
    uint8_t voting_public[ASSAY_P256_PUBLIC_LEN];
    uint8_t transport_public[32];
};

/* Findings of the last closed epoch for one member, for operators and for proofs. */
struct assay_found {
    uint64_t pass_weight, negative_weight, unjudged_weight, electorate_weight;
    uint16_t lo_bp, hi_bp, ceiling_bp;
    enum assay_outcome level;
    bool certified_pass;
    bool balloted;
    enum assay_availability_rule availability_rule;
    enum assay_integrity_reason integrity_reason;
};

struct assay_member {
    uint8_t node_id[32];                            /* of the identity key that it joined with */
    uint8_t identity_public[ASSAY_P256_PUBLIC_LEN]; /* in force (docs/protocol.md 9.6.8) */
    uint8_t bootstrap_public[32];
    uint8_t operator_id[32], vendor_root[32], platform_id[32];
    uint32_t evidence_kind;
    uint32_t life_count; /* 1 .. ASSAY_LIVES_MAX; lives[0] is listed, then older ones */
    struct assay_life lives[ASSAY_LIVES_MAX];
    struct assay_trust_state trust;
    uint32_t weight;      /* of the epoch that follows: of its ballot, and what seats are made of */
    uint32_t seat_weight; /* of its votes then; 0: it has no seat (docs/protocol.md 5.22) */
    /* Quiet (docs/protocol.md 6.7): its row has its weight and no key, its ballot is missing. */
    bool keyless;
    struct assay_found found;
    uint64_t change_epoch; /* when I or A moved last */
    /* Epoch of the order for its standing (docs/protocol.md 10.2): the standing moved, or is that
     * of a new incarnation or of a newcomer. 0: as the genesis says. */
    uint64_t order_epoch;
    uint64_t failure_epoch; /* newest integrity failure; 0: never */
    uint32_t
        equivocation_struck; /* newest incarnation that a proof of E1..E4, E8 struck; 0: none */
    uint32_t ballots_struck; /* bit k: its ballot of epoch - k was contradicted (E5) */
    uint64_t pass_epoch;     /* newest certified PASS; 0: never */
    struct assay_fall fall;  /* the last one of its standing (docs/protocol.md 7.16) */
    char name[ASSAY_NAME_MAX + 1];
    enum assay_stage stage;
    uint64_t stage_epoch;       /* first epoch in this stage; 0: since genesis */
    uint32_t maintenance_count; /* newest last */
    struct assay_maintenance maintenances[ASSAY_MAINTENANCES_MAX];
    /* While new rules are on trial (docs/protocol.md 9.9): weight of one that was certified PASS
     * under the old ones, 0 for others, and in the end for those certified PASS under the new ones;
     * proven FAIL under the new ones, and what it would be without that. */
    uint32_t watched_weight;
    bool felled;
    struct assay_trust_state spared;
    struct assay_declaration declaration; /* of workload keys (docs/protocol.md 2.16) */
    uint32_t level; /* the highest feature level that its newest ballot in a block announced */
};

/* An epoch that closed: enough to judge a proof about it. */
struct assay_past_epoch {
    uint64_t epoch;
    uint64_t t0_ms;
    uint8_t base_id[32]; /* the block that closed the epoch before: source of the beacon */
    bool has_roll;
    uint8_t roll_root[32];
    /* Rules and roster of that epoch: what its ballots were made under. */
    uint32_t members;
    uint8_t policy_digest[32], endorsements_digest[32], verifier_digest[32];
};

/* A CHANGE that stands in a final block and waits for its epoch. */
struct assay_pending {
    uint64_t sequence, activation;
    uint8_t digest[32]; /* of its record */
};

/* What may be decided, and undone: not the roster. */
struct assay_rules_in_force {
    uint8_t policy_digest[32], endorsements_digest[32];
    struct assay_genesis_parameters parameters;
};

/* What an offer of collateral is about: update.h. */
struct assay_update_facts {
    uint8_t root[32]; /* as verdicts name it */
    uint8_t part[32]; /* which part of the root: a platform family, or all of it */
    uint32_t number;  /* the highest evaluation number in it; 0: has none */
    bool recovery;    /* higher than in force */
};

/* Encoded, hence never reused. */
enum assay_update_phase {
    ASSAY_UPDATE_WAITING = 1,  /* until due_ms, and until nothing else is on trial */
    ASSAY_UPDATE_TRIED = 2,    /* in force, on trial */
    ASSAY_UPDATE_REVERTED = 3, /* not to be offered again; of the same number: until due_ms */
};

/* Collateral that stands in a final block and has not served for long (docs/protocol.md 8.9). */
struct assay_update {
    enum assay_update_phase phase;
    bool forced; /* by operators: it serves without a trial */
    struct assay_update_facts facts;
    uint8_t digest[32]; /* of its record */
    uint64_t epoch;     /* that took it */
    uint64_t due_ms;    /* header time */
};

/* How long rules are on trial, in epochs (docs/protocol.md 9.9): up to the most, while more than a
 * fifth of the weight has not been judged by them. */
enum { ASSAY_TRIAL_EPOCHS_MIN = 2, ASSAY_TRIAL_EPOCHS_MAX = 64 };

/* The newest change of the rules, from the epoch on in which it became active. Made by operators,
 * or by collateral that vendors renewed: the updates that are TRIED. */
struct assay_trial {
    uint64_t sequence;     /* of the CHANGE; 0: of collateral */
    uint64_t epoch;        /* of activation; 0: no trial is on */
    uint64_t total_weight; /* of that epoch's table */
    struct assay_rules_in_force before;
    uint64_t until_ms; /* header time from which the rules before are good for nothing */
};

/* Encoded, hence never reused. */
enum assay_change_end {
    ASSAY_CHANGE_NONE = 0,
    ASSAY_CHANGE_REVERTED = 1, /* it felled more than a fifth */
    ASSAY_CHANGE_UNFIT = 2,    /* when its epoch came, it could not be applied as a whole */
    ASSAY_CHANGE_DROPPED = 3,  /* it was drafted on rules that were reverted */
};

/* The newest change that was undone. */
struct assay_ended {
    enum assay_change_end end;
    uint64_t sequence;                       /* 0: of collateral */
    uint64_t epoch;                          /* the closed epoch that ended it */
    uint64_t suspended_weight, total_weight; /* REVERTED */
};

/* What services' records have made (docs/protocol.md 12.4). */
struct assay_service_state {
    uint32_t count; /* 0: the network has no services */
    /* Zeros: of a service that begins with the epoch that follows, as the plan says (12.7.4). */
    uint8_t documents[ASSAY_SERVICE_DOCUMENTS_MAX][32];
    uint8_t plan[32];   /* digest of the plan that a CHANGE brought; zeros: the genesis's */
    uint8_t anchor[32]; /* scores and voters, for contracts: anchor.h */
};

struct assay_state {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch; /* closed; 0: genesis */
    bool certified;
    uint64_t certified_epoch;
    struct assay_rules_in_force rules; /* of the epoch that follows, like the roster */
    uint8_t operators_digest[32];      /* of the operators' document: genesis.h */
    uint8_t roster_digest[32];         /* of who votes next: checkpoint.h */
    uint64_t change_sequence;          /* newest CHANGE in a block; 0: none yet */
    uint32_t pending_count;            /* in the order of their epochs */
    struct assay_pending pending[ASSAY_PENDING_MAX];
    struct assay_trial trial;
    struct assay_ended ended;
    uint64_t reverted_sequence; /* newest CHANGE that was REVERTED: what `forces` may name; 0 */
    uint32_t update_count;      /* in the order in which blocks took them */
    struct assay_update updates[ASSAY_UPDATES_MAX];
    struct assay_service_state services;
    uint32_t past_count; /* newest first */
    struct assay_past_epoch past[ASSAY_RETAINED_EPOCHS];
    uint32_t capacity;            /* slots that there is memory for */
    uint32_t member_count;        /* slots, those of members that left included */
    struct assay_member *members; /* [capacity], in use: member_count */
    int64_t *counters;            /* [capacity] of the leader sequence */
    /* The block after which this is the state. Not part of the leaves: the root stands in it. */
    uint8_t head_id[32];
    uint64_t head_height, head_view, head_time_ms;
    uint8_t root[32];
};

/* Returns: bytes of the two arrays of a state. */
size_t assay_state_memory_len(uint32_t members);
/* memory: assay_state_memory_len(members) bytes, aligned to 16: so many slots, all in use. */
void assay_state_init(struct assay_state *state, void *memory, uint32_t members);
/* Everything but the places of the arrays; there must be room for the roster. */
void assay_state_copy(struct assay_state *to, const struct assay_state *from);

/* Final block 0 (docs/protocol.md 9.3); weights are still zero. */
void assay_state_genesis(struct assay_state *state, const struct assay_genesis *genesis);
/* The same with another roster, members[state->member_count] in ascending order of node id: one
 * that no genesis file could hold (simulated networks). */
void assay_state_genesis_with(struct assay_state *state, const struct assay_genesis *genesis,
                              const struct assay_genesis_member *members);

/* Returns: ASSAY_OK and the leaf in w | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_state_header_encode(const struct assay_state *state,
                                                          struct assay_writer *w);
ASSAY_CHECKED enum assay_status assay_state_leaf_encode(const struct assay_state *state,
                                                        uint32_t slot, struct assay_writer *w);
/*
 * The root over all leaves; scratch is for the largest leaf, header included.
 * A scratch that is too small is a bug: assay_state_scratch_len.
 */
void assay_state_root(const struct assay_state *state, void *scratch, size_t scratch_len,
                      uint8_t root[static 32]);
/* The leaf hash of the header, and that of one slot: the inputs of the root, for callers that hash
 * the leaves on several cores. Scratch as above. */
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
 * In:      *state with its arrays placed and its chain id
 * Out:     *state with the roster of the snapshot; undefined unless ASSAY_OK (decode into a second
 *          one)
 * Returns: ASSAY_OK | ASSAY_E_CHAIN | ASSAY_E_FULL (more slots than there is room for) |
 *          ASSAY_E_INVALID (root differs) | INPUT statuses
 */
ASSAY_CHECKED enum assay_status assay_state_decode(struct assay_slice bytes,
                                                   struct assay_state *state);

/* What a snapshot is of, before there is room for it. Out: epoch it closed, slots of its roster.
 * Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_state_peek(struct assay_slice bytes, uint64_t *epoch,
                                                 uint32_t *members);

/* A member with incarnation 1, as genesis and JOIN name it. */
void assay_member_born(struct assay_member *member, const struct assay_genesis_member *card);
/* Returns: the incarnation listed in an epoch (running or past), NULL when it is forgotten. */
const struct assay_life *assay_member_life_at(const struct assay_member *member, uint64_t epoch);
/* Keys that stand for this member, in any listed life: another's would be taken for its own, and of
 * its own lives one would be a clone of the other. Returns: whether one of these is among them. */
bool assay_member_has_key(const struct assay_member *member,
                          const uint8_t p256[static ASSAY_P256_PUBLIC_LEN],
                          const uint8_t curve[static 32]);
/* The same of keys on P-256 alone. Returns: whether it is among them. */
bool assay_member_has_p256(const struct assay_member *member,
                           const uint8_t p256[static ASSAY_P256_PUBLIC_LEN]);
/* A new incarnation is listed from epoch since on; lives that ended too long ago are dropped. */
void assay_member_list(struct assay_member *member, uint64_t since, const uint8_t *voting_public,
                       const uint8_t *transport_public);
/* Judged and of weight: neither resting nor gone. Returns: whether so. */
bool assay_member_serves(const struct assay_member *member);
/* "member", "resting", "left". Returns: never NULL. */
const char *assay_member_stage_text(enum assay_stage stage);
/* Quiet, and its row keeps its key for the floor's sake (docs/protocol.md 6.7.2). Returns: whether
 * so. */
bool assay_member_is_spared(const struct assay_member *member);
/* Weight of its row in the table of voters: its seat, or weight that nobody can vote with. */
uint32_t assay_member_row_weight(const struct assay_member *member);
/* Announced as absent in that epoch (docs/protocol.md 9.7). Returns: whether so. */
bool assay_member_in_maintenance(const struct assay_member *member, uint64_t epoch);
/*
 * The standing that relying parties may use when an epoch has closed (docs/protocol.md 11.3.4):
 * SUSPENDED of one that left or rests, whatever its score; at least RESTRICTED of one in
 * maintenance in that epoch or the one behind it; else what its score gives.
 */
enum assay_standing assay_member_standing(const struct assay_member *member, uint64_t closed);
/* Are its certified workload keys active when an epoch has closed? Returns: ACTIVE, or why not. */
enum assay_keys_state assay_member_keys_state(const struct assay_member *member, uint64_t closed,
                                              enum assay_standing min_standing);
/* Returns: the slot of a node id, or the member count; those that left are not found. */
uint32_t assay_state_slot_of(const struct assay_state *state, const uint8_t node_id[static 32]);
/* The same members in the same slots, each in its stage since the same epoch, with the same key of
 * identity? So none of them left and joined again in between, with another operator or machine.
 * Returns: whether so. */
bool assay_state_same_roster(const struct assay_state *a, const struct assay_state *b);
/* t0, base and roll of the running epoch's past. Returns: NULL when it is forgotten. */
const struct assay_past_epoch *assay_state_past(const struct assay_state *state, uint64_t epoch);
/* Digest of ["assay/beacon/v1", chain, era, epoch, id of the block before]. */
void assay_state_beacon(const struct assay_state *state, uint64_t epoch,
                        const uint8_t base_id[static 32], uint8_t beacon[static 32]);
/* Are rules on trial in the running epoch? Returns: whether so. */
static inline bool assay_trial_runs(const struct assay_trial *trial)
{
    return trial->epoch != 0;
}
/* Returns: whether both say the same. */
bool assay_state_rules_equal(const struct assay_rules_in_force *a,
                             const struct assay_rules_in_force *b);
/* What every user of a state relies on, at little cost; a snapshot is read so that it is true of
 * it. Returns: whether it holds. */
bool assay_state_holds(const struct assay_state *state);
/* Aborts on a state that breaks an invariant. */
void assay_state_check(const struct assay_state *state);
/* docs/protocol.md 5.22: at most seats_max seats, or more where each operator has one alone; never
 * more than ASSAY_VOTERS_MAX. Returns: whether the seats of all members are that few. */
bool assay_state_seats_fit(const struct assay_state *state);

#endif
