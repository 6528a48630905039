/*
 * engine/engine.h - the consensus state machine: one event in, effects out (protocol.md 2 to
 * 10).
 *
 * Pure: no clock, socket, disk, thread, float, global; nothing is allocated after init. The same
 * events give the same effects on every machine. Control flow is in step.c; rules are leaf files.
 *
 * What the host does with the effects of a step, and in which order, stands in
 * engine/messages/effect.h.
 *
 * Events carry two times that never mix: now_ms (monotonic: time-outs) and at_unix_ms (headers).
 */
#ifndef ASSAY_ENGINE_ENGINE_H
#define ASSAY_ENGINE_ENGINE_H

#include "engine/ledger/proofs/checkpoint.h"
#include "engine/ledger/records/context.h"
#include "engine/ledger/records/finding.h"
#include "engine/ledger/state/genesis.h"
#include "engine/ledger/state/services.h"
#include "engine/messages/effect.h"
#include "scoring/trust.h"

enum {
    ASSAY_RECORD_LEN_MAX = 48 * 1024,
    ASSAY_EVIDENCE_EPOCHS = 8, /* retention of evidence; E5 and FAIL are made within it */
};

/* --------------------------------------------------------------- events */

enum assay_event_kind {
    ASSAY_EVENT_RESTORE,  /* before START: one item, in the order of assay_engine_restore_order */
    ASSAY_EVENT_START,    /* everything stored was restored: resume, then run */
    ASSAY_EVENT_TICK,     /* time passed */
    ASSAY_EVENT_MESSAGE,  /* a message of a peer, or an own one after signing */
    ASSAY_EVENT_VERDICT,  /* answer to FETCH or VERIFY */
    ASSAY_EVENT_EVIDENCE, /* answer to LOAD */
    ASSAY_EVENT_QUOTE,    /* answer to QUOTE */
    ASSAY_EVENT_KEYS, /* the enclave restarted with new keys: request listing of the incarnation */
    /* A program of this node submits a record for its service. Rejected with ASSAY_E_AGAIN (this
     * node may not sign), ASSAY_E_DUPLICATE (submitted in this epoch), ASSAY_E_FULL (limit of this
     * epoch, or of pending records), ASSAY_E_STRANGER (this node is suspended),
     * ASSAY_E_UNSUPPORTED, or the status of the service. A record that is not final when its epoch
     * ends is discarded: submit it again. */
    ASSAY_EVENT_SUBMIT,
    /* The workload keys that this node has (docs/protocol.md 2.16), to be declared in the running
     * epoch: a list of engine/ledger/state/workload_keys.h. Rejected with ASSAY_E_EARLY (the
     * network is below the feature level), ASSAY_E_AGAIN (this node may not sign, or has no room),
     * ASSAY_E_DUPLICATE (declared already, or in this epoch), ASSAY_E_FULL (of pending records),
     * or the status of the list, its proofs included. One that is not final when its epoch ends is
     * discarded: declare it again. */
    ASSAY_EVENT_DECLARE,
};

struct assay_event {
    uint64_t now_ms;
    uint64_t at_unix_ms;
    enum assay_event_kind kind;
    union {
        struct {
            enum assay_store_class class_;
            struct assay_store_key key;
            struct assay_slice value;
        } restore;
        struct {
            uint16_t from; /* roster slot that the transport authenticated, or ASSAY_SLOT_SELF */
            enum assay_message_kind kind;
            struct assay_slice payload;
        } message;
        struct {
            uint8_t digest[32];
            int64_t at_unix_s;                   /* as requested, like `before` */
            bool before;                         /* by the rules before those on trial */
            const struct assay_verdict *verdict; /* NULL: the evidence is unavailable */
            uint32_t asked; /* number of peers queried for unavailable evidence */
        } verdict;
        struct {
            uint8_t digest[32];
            struct assay_slice bytes; /* len 0: no longer stored */
        } evidence;
        struct {
            uint64_t epoch;
            uint32_t incarnation;
            struct assay_slice bytes; /* len 0: the source failed */
        } quote;
        struct {
            uint8_t voting_public[ASSAY_P256_PUBLIC_LEN];
            uint8_t transport_public[32];
        } keys;
        struct {
            uint32_t kind;
            struct assay_slice payload;
        } submit;
        struct {
            struct assay_slice list;
        } declare;
    } as;
};

/* --------------------------------------------------------------- the machine */

/* Own key set of the current or last incarnation; the private keys stay with the host. */
struct assay_node_keys {
    uint32_t incarnation;
    uint8_t voting_public[ASSAY_P256_PUBLIC_LEN];
    uint8_t transport_public[32];
};

/* State for the next engine of the same process (ASSAY_EFFECT_RENEW). */
struct assay_engine_renewal {
    bool continues;       /* the log is this run's own: no query to peers */
    bool keys_finished;   /* retired: they signed what the log lacks */
    uint64_t final_at_ms; /* monotonic, as in the snapshot */
};

struct assay_engine_config {
    /* The genesis, or the effective rules after changes (engine/ledger/fold/effective_rules.h);
     * outlives the engine. */
    const struct assay_genesis *genesis;
    /* The state from which those rules were made; NULL: the genesis. Copied. */
    const struct assay_state *state;
    const struct assay_engine_renewal *renewal; /* NULL: the process starts */
    assay_document_check *document_check; /* of policies and endorsements in changes; NULL: none */
    /* Functions that check collateral in blocks; outlives the engine. NULL: no block may contain
     * any. */
    const struct assay_updates *updates;
    assay_plan_follow *plan_follow; /* services that changes may add; NULL: none */
    /* Functions that apply records of services, by the plan in genesis->services; outlives the
     * engine. NULL where there is none. */
    const struct assay_services *services;
    uint16_t self; /* own roster slot */
    struct assay_node_keys keys;
    uint8_t verifier_digest[32]; /* version of the verifier, part of every ballot */
    /* The highest feature level that this build implements; lower ones as well (9.10). */
    uint32_t level;
    /* The host asserts that these keys never signed: an empty store lost nothing. */
    bool keys_unused;
    /* The host asserts that these keys started with this very store: it contains all that they
     * signed, even if it is empty (docs/protocol.md 2.7.3). */
    bool log_kept;
    /* The host has neighbours for ASSAY_SLOT_NEAR (host/overlay/overlay.h). */
    bool neighbours;
    /* Drawn at random by the host for this engine: nonces are derived from it. All zero: none, and
     * no RECOVER is ever confirmed to it (docs/protocol.md 9.16.5). */
    uint8_t confirm_secret[32];
    uint32_t member_capacity; /* 0: as many as the genesis has */
    uint32_t blocks_max;      /* blocks held at once; 0: 128 */
    /* Voters whose voting key gets a table of multiples, in the order of the roster: their votes
     * and ballots cost half or less to verify. Memory: ASSAY_P256_TABLE_LEN each, beyond that of
     * assay_engine_size. 0: none. */
    uint32_t key_tables;
    uint32_t history_epochs; /* epochs of blocks kept in the store; 0: 20000 */
    /* An epoch that the operator trusts: a node that is behind starts from its state. NULL:
     * none. */
    const struct assay_checkpoint *checkpoint;
    /* The last member of the genesis is this node, which has not joined yet, or joined in an epoch
     * that is unknown here: it sends nothing, and fast-syncs from the genesis to the first state
     * that contains it (docs/protocol.md 9.6.3). state is NULL then. */
    bool newcomer;
};

struct assay_engine;

/* Returns: bytes of memory that init needs for this configuration, aligned to 64. */
size_t assay_engine_size(const struct assay_engine_config *config);
/* memory is the caller's, aligned to 64, outlives the engine. Decodes the members' keys.
 * Returns: ASSAY_OK | ASSAY_E_FULL (memory too small) | ASSAY_E_RANGE (limits of configuration) |
 *          ASSAY_E_VERSION (the feature level in force is above config->level)
 *          | ASSAY_E_KEY | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_engine_init(void *memory, size_t memory_len,
                                                  const struct assay_engine_config *config,
                                                  struct assay_engine **out);
/* Frees decoded keys. Accepts a pointer to NULL; nulls it. */
void assay_engine_deinit(struct assay_engine **engine);

/* Called after ASSAY_EFFECT_RENEW was carried out. */
void assay_engine_renewal(const struct assay_engine *engine, struct assay_engine_renewal *renewal);

/*
 * assay_engine_step - take one event.
 * Out:     *effects, overwritten
 * Returns: ASSAY_OK | for MESSAGE and RESTORE the reason of the rejection (the state is then
 * unchanged, apart from counters) | ASSAY_E_AGAIN (for later, and not buffered)
 */
ASSAY_CHECKED enum assay_status assay_engine_step(struct assay_engine *engine,
                                                  const struct assay_event *event,
                                                  struct assay_effects *effects);
/* Checks every invariant; aborts on a broken one. */
void assay_engine_check(const struct assay_engine *engine);

/* --------------------------------------------------------------- snapshots for operators */

/* Workload keys of a member after the last closed epoch (docs/protocol.md 2.16): the list of a root
 * is in the store. */
struct assay_member_keys_snapshot {
    bool is_keyed;        /* evidence binds keys at the feature level in force */
    bool is_declared;     /* declared_root is of a list with keys, */
    uint64_t since_epoch; /* since this epoch */
    uint8_t declared_root[32];
    uint64_t keys_epoch; /* of the certified PASS that binds keys_root; 0: the newest binds none */
    uint8_t keys_root[32];
    enum assay_keys_state state; /* for a standing of WARNING or better */
    uint8_t granted; /* that PASS has these names of the plan: a bit each of the engine's names */
};

/* A name that the plan in force grants (docs/protocol.md 2.17). */
struct assay_granted_name {
    char text[64];
    enum assay_standing min_standing;
};

struct assay_member_snapshot {
    uint8_t node_id[32];
    struct assay_slice name;
    struct assay_slice operator_name; /* empty: no operator of that id is in force */
    uint8_t operator_id[32], vendor_root[32], platform_id[32];
    uint32_t incarnation;
    uint8_t voting_public[ASSAY_P256_PUBLIC_LEN];
    uint8_t transport_public[32];
    uint8_t bootstrap_public[32];
    struct assay_trust_state trust; /* I, A, standing, probation, ... after the last closed epoch */
    uint32_t weight;                /* in the running epoch */
    uint32_t seat_weight;           /* of its votes in it; 0: it has no seat */
    /* It votes without attesting (docs/protocol.md 6.7): its votes do not count, or still count to
     * preserve the floor. */
    bool votes_lost, votes_retained;
    uint64_t positive_bp, negative_bp, electorate_bp; /* P, N, W of the last closed epoch */
    uint64_t unjudged_bp;                             /* U */
    uint16_t lo_bp, hi_bp;
    uint32_t change_reason;     /* enum assay_integrity_reason: what the last close did to I */
    uint32_t availability_rule; /* enum assay_availability_rule: and to A */
    uint64_t change_epoch;
    struct assay_fall fall; /* the last one of its standing (docs/protocol.md 7.16) */
    /* Last outcome of this node's appraisal; for itself, what others proved, until it passes
     * again. */
    enum assay_outcome own_outcome;
    uint64_t last_attempt_epoch; /* evidence was requested */
    uint64_t last_success_epoch; /* PASS in a certified close */
    bool announced;              /* in the running epoch: its envelope is here */
    bool balloted;               /* in the running epoch: its ballot is final */
    /* Of the last negative outcome: rule, expected, observed; "" if none. */
    char last_reason[ASSAY_FINDING_REASON_LEN];
    enum assay_stage stage;
    uint64_t stage_epoch; /* first epoch in this stage; 0: since genesis */
    uint32_t level;       /* the highest feature level that it announced (docs/protocol.md 9.10) */
    struct assay_maintenance maintenance; /* the newest that was announced; until 0: none */
    bool in_maintenance;                  /* in the running epoch */
    bool is_away; /* in maintenance in the running epoch or the one behind it (11.3.4) */
    /* While new rules are on trial (docs/protocol.md 9.9). */
    uint32_t watched_weight;
    bool felled;
    struct assay_member_keys_snapshot keys;
};

struct assay_engine_snapshot {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;        /* running */
    uint64_t opened_ms;    /* monotonic: when it opened here; 0: not in this run */
    bool has_roll;         /* its roll is final */
    uint64_t epoch_t0_ms;  /* Unix ms */
    uint64_t view, height; /* of the last final block */
    uint8_t head_id[32], state_root[32];
    uint64_t head_time_ms;
    uint64_t views_nullified; /* in a row, up to now */
    uint32_t name_count; /* names that the plan grants, in its order */
    struct assay_granted_name names[ASSAY_GRANTS_MAX];
    uint64_t clock_lead_ms;   /* lead of the head over this node's date, beyond its slack */
    uint64_t final_at_ms;  /* monotonic: when a block became final here last; 0: not in this run */
    uint8_t closed_id[32]; /* the EPOCH block that closed the last epoch (chain id at first) */
    bool certified;        /* the last closed epoch */
    uint64_t certified_epoch;
    bool voting; /* resumed and not halted */
    bool behind;
    uint64_t total_weight; /* of all members */
    uint64_t seats_weight; /* of seats and rows without a key (docs/protocol.md 5.22, 6.7) */
    uint32_t seats;
    uint32_t member_count;
    bool operator_cap_met, vendor_cap_met;
    uint32_t cuts; /* enum assay_cuts: the cuts of weight in effect */
    uint32_t largest_operator_bp, largest_vendor_bp, largest_platform_bp; /* shares, 10000 = all */
    /* Messages rejected: [0] for limits, [k] for the INPUT status 100 + k, [15] for all above. */
    uint64_t refused[16];
};

/* As assay_simplex_expected_sender (engine/consensus/simplex.h), hostile bytes. Returns: the same.
 */
bool assay_engine_expected_sender(const struct assay_engine *engine, struct assay_slice payload,
                                  uint16_t *slot);
/* Report data that the evidence of a member has to have in the running epoch.
 * Returns: whether these are it; false of any other epoch */
bool assay_engine_is_bound(const struct assay_engine *engine, uint16_t slot, uint64_t epoch,
                           const uint8_t report_data[static 64]);
/* Slices point into the genesis. */
void assay_engine_snapshot(const struct assay_engine *engine,
                           struct assay_engine_snapshot *snapshot);

/* Decisions of the operators up to the last closed epoch (docs/protocol.md 9.5 to 9.9). */
struct assay_changes_snapshot {
    uint64_t sequence; /* of the newest CHANGE in a block; 0: none yet */
    uint32_t pending_count;
    struct assay_pending pending[ASSAY_PENDING_MAX];
    struct assay_trial trial; /* epoch 0: none */
    struct assay_ended ended; /* the newest that was undone */
    uint64_t reverted_sequence;
    uint32_t update_count;
    struct assay_update updates[ASSAY_UPDATES_MAX]; /* collateral: docs/protocol.md 8.9 */
    struct assay_rules_in_force rules;
};
void assay_engine_changes(const struct assay_engine *engine,
                          struct assay_changes_snapshot *changes);
/* slot < member_count (asserted). */
void assay_engine_member_snapshot(const struct assay_engine *engine, uint16_t slot,
                                  struct assay_member_snapshot *snapshot);

/* Results of services' records on this node. Borrowed until the next step. */
struct assay_services_snapshot {
    const void *registry; /* after the last closed epoch; NULL: none, or incomplete */
    uint32_t era;
    uint8_t beacon[32];                     /* of the running epoch */
    uint64_t epoch;                         /* running */
    const struct assay_service_log *log;    /* its final records, in their order */
    const struct assay_service_log *closed; /* all of the epoch before; empty after a start */
    uint32_t lacks;                         /* missing documents */
};
void assay_engine_services(const struct assay_engine *engine,
                           struct assay_services_snapshot *snapshot);
/* Members after the last closed epoch as services see them, new ones not marked: into
 * members[member_count]. */
void assay_engine_service_members(const struct assay_engine *engine,
                                  struct assay_service_member *members);

/* --------------------------------------------------------------- end of an era */

struct assay_answer_body; /* engine/ledger/records/recover.h */
struct assay_fault;       /* engine/ledger/records/fault.h */

struct assay_era_snapshot {
    bool fenced;      /* nothing more is signed in this era (docs/protocol.md 9.12) */
    bool answered;    /* and operators have an answer: RECOVER or RELEASE ends it (9.12.2) */
    bool unconfirmed; /* a RECOVER of the next era has waited four epochs in vain (9.16.5) */
    bool began;       /* this node applied the RECOVER that began the era */
    uint8_t began_id[32];
    /* Of a RECOVER that this node's operator accepted, not applied yet (9.16.9); 0: none. */
    uint64_t accepted_height;
    uint8_t accepted_id[32];
    uint8_t operators_digest[32]; /* in force */
    uint64_t next_sequence;       /* number of the change that a RECOVER would bring */
    uint8_t fence_digest[32];
    struct assay_slice fence; /* borrowed until the next step */
};
void assay_engine_era(const struct assay_engine *engine, struct assay_era_snapshot *ending);
/* ANSWER without its signatures (docs/protocol.md 9.13). Slices borrow until the next step.
 * Returns: ASSAY_OK | ASSAY_E_EARLY (no fence is in force, or no answering was submitted: the node
 * may still sign) | ASSAY_E_AGAIN */
ASSAY_CHECKED enum assay_status assay_engine_answer(const struct assay_engine *engine,
                                                    struct assay_answer_body *body);
/* Draft of a RECOVER on this node's final head. */
struct assay_recover_drafted {
    struct assay_block_header header;
    struct assay_slice operators; /* document in force; borrowed until the next step */
    /* Of the new era. */
    uint64_t total_weight;
    uint32_t voters, largest_operator_bp, largest_vendor_bp, largest_platform_bp;
};
/*
 * assay_engine_recover_draft - between steps: the header for a body with its grounds
 * (engine/ledger/records/recover.h).
 * Returns: ASSAY_OK | ASSAY_E_AGAIN | as assay_recover_apply, with *fault
 */
ASSAY_CHECKED enum assay_status assay_engine_recover_draft(
    struct assay_engine *engine, struct assay_slice body, struct assay_slice grounds,
    uint64_t time_ms, struct assay_recover_drafted *out, struct assay_fault *fault);
/* Between steps: checks a RECOVER. Returns: ASSAY_OK | ASSAY_E_EARLY (after fetching what is
 * missing here) | why not, with *fault */
ASSAY_CHECKED enum assay_status assay_engine_recover_try(struct assay_engine *engine,
                                                         struct assay_slice bytes,
                                                         struct assay_fault *fault);

/* The classes to restore after a crash and in which order; ends with 0. A host scans each class
 * forwards from the era and epoch that assay_engine_restore_from names for it, asked when its turn
 * comes (what was restored before decides). Returns: a static array. */
const enum assay_store_class *assay_engine_restore_order(void);
/* Out: where the scan of a class starts; it ends at the last key of the class. */
void assay_engine_restore_from(const struct assay_engine *engine, enum assay_store_class class_,
                               uint32_t *era, uint64_t *epoch);

#endif
