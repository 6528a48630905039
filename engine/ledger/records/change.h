/*
 * engine/ledger/records/change.h - CHANGE: decisions of the operators about a running network
 * (protocol.md 9.5 to 9.10).
 *
 *   CHANGE  [7, body, signatures]: body is ["assay/change/v1", chain_id, era, sequence, activation,
 *           forces, actions]; signatures are [operator id, signature over SHA-256(body)], ids
 *           ascending
 *
 * An action is an array that begins with its kind. A change applies as a whole or not at all, at
 * the boundary before its activation epoch.
 */
#ifndef ASSAY_ENGINE_LEDGER_RECORDS_CHANGE_H
#define ASSAY_ENGINE_LEDGER_RECORDS_CHANGE_H

#include "base/cursor.h"
#include "engine/ledger/state/declaration.h"
#include "engine/ledger/state/services.h"

/* symbol, number (never reused), name, what follows the kind in the array */
#define ASSAY_ACTION_LIST(X)                                                                       \
    X(ASSAY_ACTION_JOIN, 1, "join")                 /* card: genesis.h */                          \
    X(ASSAY_ACTION_LEAVE, 2, "leave")               /* node id */                                  \
    X(ASSAY_ACTION_REST, 3, "rest")                 /* node id */                                  \
    X(ASSAY_ACTION_WAKE, 4, "wake")                 /* node id */                                  \
    X(ASSAY_ACTION_MAINTENANCE, 5, "maintenance")   /* node id, number of epochs */                \
    X(ASSAY_ACTION_POLICY, 6, "policy")             /* the whole canonical policy */               \
    X(ASSAY_ACTION_PARAMETERS, 7, "parameters")     /* as in genesis */                            \
    X(ASSAY_ACTION_OPERATORS, 8, "operators")       /* the operators' document: genesis.h */       \
    X(ASSAY_ACTION_ENDORSEMENTS, 9, "endorsements") /* the whole canonical set */                  \
    X(ASSAY_ACTION_COLLATERAL, 10, "collateral")    /* digest of the record of an update */        \
    X(ASSAY_ACTION_SERVICES, 11, "services")        /* the whole plan, what is in force in it */   \
    /* the operators' document, old operator id, new key, signature of it: key_change.h */         \
    X(ASSAY_ACTION_OPERATOR_KEY, 12, "operator-key")                                               \
    /* node id, new identity key, signature of it: key_change.h */                                 \
    X(ASSAY_ACTION_IDENTITY, 13, "identity")

#define ASSAY_ACTION_ENUM(symbol, number, name) symbol = number,
enum assay_action_kind { ASSAY_ACTION_LIST(ASSAY_ACTION_ENUM) };
#undef ASSAY_ACTION_ENUM

enum {
    ASSAY_ACTIONS_MAX = 64,
    ASSAY_CHANGE_RECORD_LEN_MAX = 48 * 1024,  /* ASSAY_RECORD_LEN_MAX */
    ASSAY_CHANGE_LEN_MAX = 48 * 1024 - 64,    /* of a record: ASSAY_RECORD_LEN_MAX */
    ASSAY_ACTIVATION_AHEAD_MIN = 2,           /* epochs between inclusion and activation */
    ASSAY_ACTIVATION_AHEAD_MAX = 1024 * 1024, /* a mistyped epoch should not hold the queue */
    ASSAY_ACTIVATION_APART = 2, /* what an activation did is seen before the next one's */
    /* Feature levels in which actions are read (docs/protocol.md 9.10). */
    ASSAY_LEVEL_SERVICES = 1,
    ASSAY_LEVEL_KEYS = 3,    /* OPERATOR_KEY and IDENTITY */
    ASSAY_LEVEL_DEVICES = 4, /* policies that accept devices, and collateral of these */
    ASSAY_LEVEL_PACKED = 5,  /* policies that accept packed devices */
    ASSAY_LEVEL_NEWEST = ASSAY_LEVEL_GROUP_KEY, /* the feature level of this build */
};

/* Decoded; slices borrow. Fields that a kind does not have are zero. */
struct assay_action {
    enum assay_action_kind kind;
    struct assay_genesis_member card;
    uint8_t node_id[32]; /* OPERATOR_KEY: the operator's id */
    uint32_t epochs;
    struct assay_slice document;
    uint8_t digest[32];
    struct assay_genesis_parameters parameters;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];   /* new key of an operator or of a node */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN]; /* by it */
};

struct assay_change {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t sequence;   /* last + 1; 0: of one operator about its own members alone */
    uint64_t activation; /* first epoch in which it holds */
    uint64_t forces;     /* sequence of the reverted change that this one repeats; 0: none */
    uint32_t action_count;
    struct assay_slice actions; /* their encoded items */
};

/* "join" ..; "unknown" outside the list. Returns: never NULL. */
const char *assay_action_name(enum assay_action_kind kind);

/* A body, every action's shape included. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_change_decode(struct assay_slice body,
                                                    struct assay_change *change);
/* The next of change->actions. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_action_next(struct assay_cursor *actions,
                                                  struct assay_action *action);
/* A body from a change and its actions. Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE (none, or
 * too many) */
ASSAY_CHECKED enum assay_status assay_change_encode(const struct assay_change *change,
                                                    const struct assay_action *actions,
                                                    uint32_t count, struct assay_writer *w);
/* The record around a body; ids ascend. Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_record_put_change(
    struct assay_writer *w, struct assay_slice body, const uint8_t (*operator_ids)[32],
    const uint8_t (*signatures)[ASSAY_P256_SIGNATURE_LEN], uint32_t count);
/* Returns: how many bytes the body of a CHANGE record with so many signatures has at most. */
size_t assay_change_body_len_max(uint32_t signatures);
/* A CHANGE record whose signatures nobody asks about, or that has none. Returns: ASSAY_OK | INPUT
 * statuses */
ASSAY_CHECKED enum assay_status assay_change_record_read(struct assay_slice record,
                                                         struct assay_change *change);
/* The body in the bytes of a CHANGE record that was decoded before. It was decoded (asserted). */
void assay_change_of_record(struct assay_slice record, struct assay_change *change);

/* What a change is applied to: a state, and the documents that it names. */
struct assay_staging {
    struct assay_state *state;
    struct assay_slice operators;
    struct assay_slice plan;   /* of services; len 0: the network has none */
    assay_plan_follow *follow; /* NULL: nothing is known of services here, and none is added */
    /* Out: of the last change that was applied; its documents are not moved yet. */
    struct assay_service_places places;
};
struct assay_context; /* context.h */
/* On context->stage, which is the caller's to fill. Returns: what a change is applied to next. */
struct assay_staging assay_staging_of(const struct assay_context *context);
/* Why a change does not fit, for operators. */
struct assay_unfit {
    uint32_t action; /* index */
    const char *why; /* static text */
};
/*
 * assay_change_apply - what a change makes of a state, from its activation epoch on.
 *
 * In:      staging->state with room for ASSAY_JOINS_MAX more slots; maintenances are not in it
 *          (they are taken at once: assay_maintenance_fits)
 * Out:     *staging; undefined unless ASSAY_OK: stage on a copy
 * Returns: ASSAY_OK | ASSAY_E_INVALID, ASSAY_E_FULL or ASSAY_E_DUPLICATE, and *unfit says why
 */
ASSAY_CHECKED enum assay_status assay_change_apply(struct assay_staging *staging,
                                                   const struct assay_change *change,
                                                   struct assay_unfit *unfit);
/* Before the feature level of all its actions is in force, it stands in no block: builds of the
 * levels below cannot read it. Returns: that level; 0: every build reads it. */
uint32_t assay_change_level(const struct assay_change *change);
/* Text of a refusal: the level that is needed, the one in force, which is below it,
 * and the command that raises it by one. In: needed: at most ASSAY_LEVEL_GROUP_KEY */
const char *assay_change_level_needed(uint32_t needed, uint32_t in_force);
/* May its operator announce so many epochs from that one on (docs/protocol.md 9.7)?
 * Returns: whether so. */
bool assay_maintenance_fits(const struct assay_member *member, uint64_t from, uint32_t epochs);
/* Announces it; those that do not count any more make room. */
void assay_maintenance_add(struct assay_member *member, uint64_t closed, uint64_t from,
                           uint64_t until);
/* Does a card or a new identity in it have one of these keys? Returns: whether so. */
bool assay_change_names_key(const struct assay_change *change,
                            const uint8_t p256[static ASSAY_P256_PUBLIC_LEN],
                            const uint8_t curve[static 32]);

#endif
