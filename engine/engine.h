/*
 * engine/engine.h - the consensus state machine: one event in, effects out (protocol.md 2 to 10).
 *
 * Pure: no clock, socket, disk, thread, float, global; nothing is allocated after init. The same
 * events give the same effects on every machine. Control flow is in step.c; rules are leaf files.
 *
 * The host (net/host.c, the test world, later sim/) obeys the effects of one step in this order:
 *   1. SIGN     make the signature, put it into its hole
 *   2. PERSIST  one store batch: the signed bytes of every SIGN with a store class, every PERSIST
 *   3. SEND     and the signed messages of step 1; then each signed message comes back as a MESSAGE
 *               event from ASSAY_SLOT_SELF
 *   4. act      FETCH, VERIFY, LOAD, QUOTE, ORDER, NOTE, CLOSED
 *   5. sleep    until wake_at_ms or the next event
 * If 2 fails nothing of 3 to 5 happens and the node stops: a store that lost writes is not trusted.
 *
 * Events carry two times that never mix: now_ms (monotonic: time-outs) and at_unix_ms (headers).
 */
#ifndef ASSAY_ENGINE_ENGINE_H
#define ASSAY_ENGINE_ENGINE_H

#include "engine/genesis.h"
#include "engine/message.h"
#include "engine/store/store.h"
#include "quote/verdict.h"
#include "scoring/trust.h"

enum {
    ASSAY_SLOT_SELF = 0xfffe,
    ASSAY_SLOT_ALL = 0xffff,
    ASSAY_RECORD_LEN_MAX = 48 * 1024,
    ASSAY_EFFECTS_MAX = 512,
    ASSAY_EVIDENCE_EPOCHS = 8, /* how long everybody keeps evidence; E5 and FAIL live within it */
};

/* --------------------------------------------------------------- events */

enum assay_event_kind {
    ASSAY_EVENT_RESTORE,  /* before START: one item, in the order of assay_engine_restore_order */
    ASSAY_EVENT_START,    /* everything stored was restored: resume, then run */
    ASSAY_EVENT_TICK,     /* time passed */
    ASSAY_EVENT_MESSAGE,  /* a message of a peer, or one's own after signing */
    ASSAY_EVENT_VERDICT,  /* answer to FETCH or VERIFY */
    ASSAY_EVENT_EVIDENCE, /* answer to LOAD */
    ASSAY_EVENT_QUOTE,    /* answer to QUOTE */
    ASSAY_EVENT_KEYS,     /* the enclave restarted with new keys: have the incarnation listed */
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
            int64_t at_unix_s;                   /* as asked */
            const struct assay_verdict *verdict; /* NULL: the evidence could not be had */
            uint32_t asked; /* how many peers were asked when it could not be had */
        } verdict;
        struct {
            uint8_t digest[32];
            struct assay_slice bytes; /* len 0: not there any more */
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
    } as;
};

/* --------------------------------------------------------------- effects */

enum assay_signing_key { ASSAY_KEY_VOTING, ASSAY_KEY_IDENTITY };

enum assay_order_kind {
    ASSAY_ORDER_NOTE,     /* standing WARNING */
    ASSAY_ORDER_RESTRICT, /* standing RESTRICTED: non-critical work only */
    ASSAY_ORDER_SUSPEND,  /* standing SUSPENDED: no work */
    ASSAY_ORDER_RESTART,  /* integrity failure: stop, start the right build with new keys */
    ASSAY_ORDER_RELEASE,  /* back to FULL */
};

/* Re-derived from the head state while its cause stands; the agent executes each (era, epoch, seq)
 * once and at most one RESTART per incarnation (docs/protocol.md 10). */
struct assay_order {
    enum assay_order_kind kind;
    uint32_t era;
    uint64_t epoch; /* of the closed epoch it follows from */
    uint32_t seq;
    uint16_t slot;
    uint32_t incarnation; /* void for any other */
};

/* What happened, for logs, counters and the timeline; numbers are stable and printed by name. */
#define ASSAY_NOTE_LIST(X)                                                                         \
    X(ASSAY_NOTE_FINALISED, 1, "block_finalised")     /* a: height, b: view */                     \
    X(ASSAY_NOTE_EPOCH_CLOSED, 2, "epoch_closed")     /* a: epoch, b: 1 certified 0 held */        \
    X(ASSAY_NOTE_VIEW_NULLIFIED, 3, "view_nullified") /* a: view */                                \
    X(ASSAY_NOTE_STANDING, 4, "standing_changed")     /* slot; a: old, b: new */                   \
    X(ASSAY_NOTE_FAIL_PROVEN, 5, "fail_proven")       /* slot; a: enum assay_outcome */            \
    X(ASSAY_NOTE_OFFENCE_PROVEN, 6, "offence_proven") /* slot; a: proof number (1 = E1) */         \
    X(ASSAY_NOTE_INCARNATION_LISTED, 7, "incarnation_listed") /* slot; a: number */                \
    X(ASSAY_NOTE_EVIDENCE_FOREIGN, 8,                                                              \
      "evidence_not_for_this_epoch")                      /* slot; a: epoch: counted as missing */ \
    X(ASSAY_NOTE_EVIDENCE_MISSING, 9, "evidence_missing") /* slot; a: epoch: voted ABSENT */       \
    X(ASSAY_NOTE_BALLOT_CAST, 10, "ballot_cast")          /* a: epoch */                           \
    X(ASSAY_NOTE_RESUMED, 11, "resumed")                  /* a: view above which it votes */       \
    X(ASSAY_NOTE_BEHIND, 12, "behind")                    /* a: own epoch, b: epoch seen */        \
    X(ASSAY_NOTE_CAUGHT_UP, 13, "caught_up")              /* a: epoch */                           \
    X(ASSAY_NOTE_ROOT_MISMATCH, 14, "state_root_mismatch") /* alarm: stopped voting; a: epoch */   \
    X(ASSAY_NOTE_EQUIVOCATION, 15, "equivocation_noticed") /* slot; a: proof number, b: view */    \
    X(ASSAY_NOTE_STANDSTILL, 16, "standstill_resend")      /* a: view */                           \
    X(ASSAY_NOTE_CLOCK, 17, "time_bound_doubled")          /* alarm; a: bound in ms */             \
    X(ASSAY_NOTE_REFUSED, 18, "message_refused")           /* slot; a: kind, b: status */

#define ASSAY_NOTE_ENUM(symbol, number, name) symbol = number,
enum assay_note { ASSAY_NOTE_LIST(ASSAY_NOTE_ENUM) };
#undef ASSAY_NOTE_ENUM

enum assay_effect_kind {
    ASSAY_EFFECT_SIGN,
    ASSAY_EFFECT_PERSIST,
    ASSAY_EFFECT_PRUNE,
    ASSAY_EFFECT_SEND,
    ASSAY_EFFECT_FETCH,  /* have the evidence (pull once, origin first), verify, answer VERDICT */
    ASSAY_EFFECT_VERIFY, /* verify these bytes, keep them as evidence, answer VERDICT */
    ASSAY_EFFECT_LOAD,   /* answer EVIDENCE */
    ASSAY_EFFECT_QUOTE,  /* have the enclave quote report_data, keep it as evidence, answer QUOTE */
    ASSAY_EFFECT_ORDER,
    ASSAY_EFFECT_NOTE,
    ASSAY_EFFECT_CLOSED, /* an epoch closed: publish assay_engine_view */
};

/* Slices point into the engine and hold until the next step. */
struct assay_effect {
    enum assay_effect_kind kind;
    union {
        struct {
            enum assay_signing_key key;
            uint8_t digest[32];
            enum assay_message_kind message;
            struct assay_slice payload; /* complete but for the signature */
            size_t signature_at;        /* offset of the 64-byte hole in payload */
            bool persist;               /* under class_ and store_key, before it is sent */
            enum assay_store_class class_;
            struct assay_store_key store_key;
        } sign; /* sent to ASSAY_SLOT_ALL */
        struct {
            enum assay_store_class class_;
            struct assay_store_key key;
            struct assay_slice value;
        } persist;
        struct {
            enum assay_store_class class_;
            uint32_t era;
            uint64_t epoch; /* everything below goes */
        } prune;
        struct {
            uint16_t to;     /* slot or ASSAY_SLOT_ALL */
            uint16_t except; /* with ALL: not to this slot (ASSAY_SLOT_ALL: nobody is left out) */
            enum assay_message_kind message;
            struct assay_slice payload;
        } send;
        struct {
            uint8_t digest[32];
            uint32_t len;
            uint16_t origin; /* the slot that announced it */
            uint64_t epoch;
            int64_t at_unix_s;
            enum assay_evidence_kind evidence_kind;
        } fetch;
        struct {
            uint8_t digest[32];
            struct assay_slice bytes;
            uint64_t epoch;
            int64_t at_unix_s;
            enum assay_evidence_kind evidence_kind;
        } verify;
        struct {
            uint8_t digest[32];
        } load;
        struct {
            uint64_t epoch;
            uint32_t incarnation;
            uint8_t report_data[64];
        } quote;
        struct assay_order order;
        struct {
            enum assay_note note;
            uint16_t slot; /* ASSAY_SLOT_ALL where a note is about nobody */
            uint64_t a, b;
        } note;
        struct {
            uint64_t epoch;
        } closed;
    } as;
};

struct assay_effects {
    size_t count;
    struct assay_effect items[ASSAY_EFFECTS_MAX];
    uint64_t wake_at_ms; /* monotonic; UINT64_MAX: nothing to wait for */
};

/* --------------------------------------------------------------- the machine */

/* Own key set of the current or last incarnation; the private halves stay with the host. */
struct assay_own_keys {
    uint32_t incarnation;
    uint8_t voting_public[ASSAY_P256_PUBLIC_LEN];
    uint8_t transport_public[32];
};

struct assay_engine_config {
    const struct assay_genesis *genesis; /* outlives the engine */
    uint16_t self;                       /* own roster slot */
    struct assay_own_keys keys;
    uint8_t verifier_digest[32]; /* version of the verifier, part of every ballot */
    /* The host vouches that these keys never signed: an empty store lost nothing. */
    bool keys_unused;
    uint32_t member_capacity; /* 0: as many as the genesis has */
    uint32_t blocks_max;      /* blocks held at once; 0: 128 */
    uint32_t history_epochs;  /* epochs of blocks kept in the store; 0: 100000 */
};

struct assay_engine;

/* Returns: bytes of memory that init needs for this configuration, aligned to 64. */
size_t assay_engine_size(const struct assay_engine_config *config);
/* memory is the caller's, aligned to 64, outlives the engine. Decodes the members' keys.
 * Returns: ASSAY_OK | ASSAY_E_FULL (memory too small) | ASSAY_E_RANGE (limits of configuration)
 *          | ASSAY_E_KEY | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_engine_init(void *memory, size_t memory_len,
                                                  const struct assay_engine_config *config,
                                                  struct assay_engine **out);
/* Frees decoded keys. Accepts a pointer to NULL; nulls it. Returns: nothing. */
void assay_engine_deinit(struct assay_engine **engine);

/*
 * assay_engine_step - take one event.
 * Out:     *effects, overwritten
 * Returns: ASSAY_OK | for MESSAGE and RESTORE the reason why the input was refused (state is then
 *          unchanged, apart from counters) | ASSAY_E_AGAIN (for later, and could not be kept)
 */
ASSAY_CHECKED enum assay_status assay_engine_step(struct assay_engine *engine,
                                                  const struct assay_event *event,
                                                  struct assay_effects *effects);
/* Walks every invariant; aborts on a broken one. Returns: nothing. */
void assay_engine_check(const struct assay_engine *engine);

/* --------------------------------------------------------------- what people see */

struct assay_member_view {
    uint8_t node_id[32];
    struct assay_slice name;
    uint8_t operator_id[32], vendor_root[32], platform_id[32];
    uint32_t incarnation;
    uint8_t voting_public[ASSAY_P256_PUBLIC_LEN];
    uint8_t transport_public[32];
    uint8_t door_public[32];
    struct assay_trust trust; /* I, A, standing, probation, ... after the last closed epoch */
    uint32_t weight_bp;       /* in the running epoch */
    uint64_t positive_bp, negative_bp, electorate_bp; /* P, N, W of the last closed epoch */
    uint16_t lo_bp, hi_bp;
    uint32_t change_reason;     /* enum assay_integrity_reason: what the last close did to I */
    uint32_t availability_rule; /* enum assay_availability_rule: and to A */
    uint64_t change_epoch;
    enum assay_outcome own_outcome; /* what this node judged last */
    uint64_t last_attempt_epoch; /* evidence was asked for */
    uint64_t last_success_epoch; /* judged PASS by a certified close */
    char last_reason[96]; /* of the last negative judgement: rule, expected, observed; "" if none */
};

struct assay_engine_view {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;        /* running */
    uint64_t epoch_t0_ms;  /* Unix ms */
    uint64_t view, height; /* of the last final block */
    uint8_t head_id[32], state_root[32];
    uint64_t head_time_ms;
    uint8_t closed_id[32]; /* the EPOCH block that closed the last epoch (chain id at first) */
    bool certified;        /* the last closed epoch */
    uint64_t certified_epoch;
    bool voting; /* resumed and not halted */
    bool behind;
    uint64_t weight_total_bp;
    uint32_t member_count;
    bool operator_cap_met, vendor_cap_met;
    uint32_t largest_operator_bp, largest_vendor_bp, largest_platform_bp; /* shares, 10000 = all */
    /* Messages refused: [0] for limits, [k] for the INPUT status 100 + k, [15] for all above. */
    uint64_t refused[16];
};

/* Returns: nothing. Slices point into the genesis. */
void assay_engine_view(const struct assay_engine *engine, struct assay_engine_view *view);
/* slot < member_count (asserted). Returns: nothing. */
void assay_engine_member_view(const struct assay_engine *engine, uint16_t slot,
                              struct assay_member_view *view);

/* The classes to restore after a crash and in which order; ends with 0. A host scans each class
 * forwards from the era and epoch that assay_engine_restore_from names for it, asked when its turn
 * comes (what was restored before decides). Returns: a static array. */
const enum assay_store_class *assay_engine_restore_order(void);
/* Out: where the scan of a class starts; it ends at the last key of the class. Returns: nothing. */
void assay_engine_restore_from(const struct assay_engine *engine, enum assay_store_class class_,
                               uint32_t *era, uint64_t *epoch);

/* Name of a note, "unknown" outside the list. Returns: never NULL. */
const char *assay_note_name(enum assay_note note);
/* "NOTE" .. "RELEASE". Returns: never NULL. */
const char *assay_order_name(enum assay_order_kind kind);

#endif
