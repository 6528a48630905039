/*
 * engine/messages/effect.h - effects: the requests of an engine step to its host, and its only
 * output.
 *
 * The host (net/runtime/runtime.c, the test world, sim/) carries out the effects of a step in this
 * order:
 *   1. SIGN     make the signature, put it into its hole
 *   2. PERSIST  one store batch: the signed bytes of every SIGN, every PERSIST
 *   3. SEND     and the signed messages of step 1; then each signed message returns as a MESSAGE
 *               event from ASSAY_SLOT_SELF
 *   4. act      FETCH, VERIFY, LOAD, QUOTE, CONFIRM, ORDER, NOTE, CLOSED
 *   5. sleep    until wake_at_ms or the next event
 * If 2 fails, the host skips 3 to 5 and the node stops: a store that lost writes is not trusted.
 */
#ifndef ASSAY_ENGINE_MESSAGES_EFFECT_H
#define ASSAY_ENGINE_MESSAGES_EFFECT_H

#include "engine/messages/message.h"
#include "engine/store/store.h"
#include "quote/verdict.h"

enum {
    ASSAY_EFFECTS_MAX = 512,
};

enum assay_signing_key { ASSAY_KEY_VOTING, ASSAY_KEY_IDENTITY };

enum { ASSAY_EFFECT_CONFIRM_LEN_MAX = 512 }; /* of what a CONFIRM sends */

enum assay_order_kind {
    ASSAY_ORDER_NOTE,     /* standing WARNING */
    ASSAY_ORDER_RESTRICT, /* standing RESTRICTED: non-critical work only */
    ASSAY_ORDER_SUSPEND,  /* standing SUSPENDED: no work */
    ASSAY_ORDER_RESTART,  /* integrity failure: stop, start the right build with new keys */
    ASSAY_ORDER_RELEASE,  /* back to FULL */
};

/* Re-derived from the head state while its cause persists; the agent executes each (era, epoch,
 * seq) once and at most one RESTART per incarnation (docs/protocol.md 10.3). */
struct assay_order {
    enum assay_order_kind kind;
    uint32_t era;
    uint64_t epoch; /* of the closed epoch it follows from */
    uint32_t seq;
    uint16_t slot;
    uint32_t incarnation; /* void for any other */
};

/* What a node that cannot catch up lacks (docs/protocol.md 5.32). */
enum assay_missing {
    ASSAY_MISSING_BLOCKS = 1,
    ASSAY_MISSING_STATE = 3,
    ASSAY_MISSING_MEMBERSHIP = 4,
    ASSAY_MISSING_ANSWERS = 5,
    ASSAY_MISSING_TRUTH = 6,      /* two histories are proven */
    ASSAY_MISSING_ACCEPTANCE = 7, /* of a RECOVER, by this node's operator */
};

/* Events for logs, counters and the timeline; numbers are stable and printed by name. */
#define ASSAY_NOTE_LIST(X)                                                                         \
    X(ASSAY_NOTE_FINALISED, 1, "block_finalised") /* a: height, b: view */                         \
    /* a: epoch, b: 1 certified 0 held; before the notes of what the close changed */              \
    X(ASSAY_NOTE_EPOCH_CLOSED, 2, "epoch_closed")                                                  \
    X(ASSAY_NOTE_VIEW_NULLIFIED, 3, "view_nullified") /* a: view */                                \
    X(ASSAY_NOTE_STANDING, 4, "standing_changed") /* slot; a: old, b: new; by the last close */    \
    X(ASSAY_NOTE_FAIL_PROVEN, 5, "fail_proven")   /* slot; a: enum assay_outcome */                \
    X(ASSAY_NOTE_OFFENCE_PROVEN, 6, "offence_proven")         /* slot; a: proof number (1 = E1) */ \
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
    X(ASSAY_NOTE_STANDSTILL, 16, "stall_resend")           /* a: view */                           \
    X(ASSAY_NOTE_CLOCK, 17, "chain_ahead_of_clock")        /* alarm; a: by so many ms */           \
    X(ASSAY_NOTE_REFUSED, 18, "message_refused")           /* slot; a: kind, b: status */          \
    X(ASSAY_NOTE_CHANGE_INCLUDED, 19, "change_included") /* a: sequence, b: epoch of activation */ \
    X(ASSAY_NOTE_CHANGE_ACTIVE, 20, "change_active")     /* a: sequence */                         \
    X(ASSAY_NOTE_CHANGE_ENDED, 21, "change_ended") /* alarm; a: sequence, b: assay_change_end */   \
    X(ASSAY_NOTE_CANNOT_CATCH_UP, 22, "cannot_catch_up") /* alarm; a: epoch, b: assay_missing */   \
    X(ASSAY_NOTE_FAST_SYNCED, 23, "fast_synced") /* a: to the end of this epoch, b: from */        \
    X(ASSAY_NOTE_FENCED, 24, "era_fenced")       /* alarm; a: era, b: running epoch */             \
    X(ASSAY_NOTE_RECOVERED, 25, "era_recovered") /* a: era that begins, b: epoch that closed */    \
    X(ASSAY_NOTE_RECOVER_REFUSED, 26, "recover_refused") /* alarm; a: own height, b: the named */  \
    /* a: highest evaluation number in it, b: header time from which it may serve */               \
    X(ASSAY_NOTE_COLLATERAL_INCLUDED, 27, "collateral_included")                                   \
    X(ASSAY_NOTE_COLLATERAL_ACTIVE, 28, "collateral_active")     /* a: number, b: higher */        \
    X(ASSAY_NOTE_COLLATERAL_REVERTED, 29, "collateral_reverted") /* alarm; a: number, b: higher */ \
    /* a: number, b: higher; follows no more */                                                    \
    X(ASSAY_NOTE_COLLATERAL_VOID, 30, "collateral_void")                                           \
    X(ASSAY_NOTE_SERVICES_FETCHED, 31, "services_fetched") /* a: epoch, b: documents */            \
    X(ASSAY_NOTE_RELEASED, 32, "era_released")             /* a: era that goes on, b: epoch */     \
    X(ASSAY_NOTE_ERA_FORKED, 33, "era_forked") /* alarm; slot: of a peer; a: its era, b: height */ \
    X(ASSAY_NOTE_IDENTITY_IN_USE, 34, "identity_in_use") /* alarm; a: epoch, b: incarnation */     \
    X(ASSAY_NOTE_RECOVER_UNCONFIRMED, 35, "recover_unconfirmed") /* alarm; a: era, b: epoch */     \
    X(ASSAY_NOTE_RECOVER_ACCEPTED, 41, "recover_accepted")       /* a: its height, b: its epoch */ \
    X(ASSAY_NOTE_VOTES_LOST, 36, "votes_lost")         /* alarm; slot; a: epoch, b: weight */      \
    X(ASSAY_NOTE_VOTES_RETURNED, 37, "votes_returned") /* slot; a: epoch, b: weight */             \
    X(ASSAY_NOTE_VOTES_RETAINED, 38, "votes_retained") /* alarm; slot; a: epoch, b: floor in % */  \
    X(ASSAY_NOTE_KEYS_ACTIVE, 42, "keys_active") /* slot; a: epoch whose evidence binds them */    \
    X(ASSAY_NOTE_KEYS_ENDED, 43, "keys_ended")   /* slot; a: epoch, b: enum assay_keys_state */

#define ASSAY_NOTE_ENUM(symbol, number, name) symbol = number,
enum assay_note { ASSAY_NOTE_LIST(ASSAY_NOTE_ENUM) };
#undef ASSAY_NOTE_ENUM

enum assay_effect_kind {
    ASSAY_EFFECT_SIGN,
    ASSAY_EFFECT_PERSIST,
    ASSAY_EFFECT_PRUNE,
    ASSAY_EFFECT_SEND,
    ASSAY_EFFECT_FETCH,  /* fetch the evidence (pull once, origin first), verify, answer VERDICT */
    ASSAY_EFFECT_VERIFY, /* verify these bytes, store them where `keep` is set, answer VERDICT */
    ASSAY_EFFECT_LOAD,   /* answer EVIDENCE */
    ASSAY_EFFECT_QUOTE, /* have the enclave quote report_data, store it as evidence, answer QUOTE */
    ASSAY_EFFECT_ORDER,
    ASSAY_EFFECT_NOTE,
    ASSAY_EFFECT_CLOSED,  /* an epoch closed: publish assay_engine_snapshot */
    ASSAY_EFFECT_CONFIRM, /* sign with the identity key and send to one member; not persisted */
    ASSAY_EFFECT_KEYS,    /* another member has our unlisted keys: make others, answer KEYS */
    /* The next epoch has another roster, other rules or operators: once every effect of this step
     * is carried out, the engine accepts no more events; the host makes the next one from the
     * store. */
    ASSAY_EFFECT_RENEW,
};

/* Slices point into the engine and are valid until the next step. */
struct assay_effect {
    enum assay_effect_kind kind;
    union {
        struct {
            enum assay_signing_key key;
            uint8_t digest[32];
            enum assay_message_kind message;
            struct assay_slice payload;    /* complete but for the signature */
            size_t signature_at;           /* offset of the 64-byte hole in payload */
            size_t possession_at;          /* of a second one, for the voting key; 0: none */
            enum assay_store_class class_; /* under this key, before it is sent */
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
            uint64_t epoch; /* everything of the era below goes */
        } prune;
        struct {
            uint16_t to;     /* slot or ASSAY_SLOT_ALL */
            uint16_t except; /* with ALL: excluded slot (ASSAY_SLOT_ALL: none) */
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
            bool keep;   /* announced by an envelope: peers pull it, proofs contain it */
            bool before; /* by the rules before those on trial (docs/protocol.md 9.9) */
        } verify;
        struct {
            uint8_t digest[32];
        } load;
        struct {
            uint64_t epoch;
            uint32_t incarnation;
            uint8_t report_data[64]; /* where keys are bound: of an enclave that has none */
            /* What it is made of, to be hashed by who has the keys (docs/protocol.md 2.16.3). */
            bool binds_keys; /* false: the rest is not set */
            uint32_t era;
            uint8_t chain_id[32], beacon[32], node_id[32];
            uint8_t voting_public[64], transport_public[32];
            uint8_t keys_root[32]; /* declared for this epoch; of an INCARNATE: of no keys */
        } quote;
        struct {
            uint16_t to; /* slot */
            uint8_t digest[32];
            enum assay_message_kind message;
            struct assay_slice payload; /* complete but for the signature */
            size_t signature_at;
        } confirm;
        struct assay_order order;
        struct {
            enum assay_note note;
            uint16_t slot; /* ASSAY_SLOT_ALL where a note concerns no member */
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
    uint64_t wake_at_ms; /* monotonic; UINT64_MAX: nothing scheduled */
    uint64_t paused_ms;  /* delay of this step beyond its due time; 0: in time */
    uint32_t
        unsent; /* messages that did not fit into this step: their recipients request them again */
};

/* A message to be signed, persisted and then sent to all members: two signatures over conflicting
 * messages convict (docs/protocol.md 2.1, 5.15). Borrowed for the call. */
struct assay_signing {
    enum assay_signing_key key;
    const uint8_t *digest; /* [32] */
    enum assay_message_kind message;
    struct assay_slice payload; /* as in the effect */
    size_t signature_at;
    size_t possession_at; /* 0: none */
    enum assay_store_class class_;
    struct assay_store_key store_key;
};
/* Makes a SIGN of a fresh effect. */
void assay_effect_sign(struct assay_effect *effect, const struct assay_signing *signing);

/* Name of a note, "unknown" outside the list. Returns: never NULL. */
const char *assay_note_name(enum assay_note note);
/* "NOTE" .. "RELEASE". Returns: never NULL. */
const char *assay_order_name(enum assay_order_kind kind);

#endif
