/*
 * engine/ledger/state/declaration.h - declaration of workload keys in the state: the root of each
 * epoch, the root that a certified PASS bound, and whether keys are active.
 *
 * docs/protocol.md 2.16. Empty, and not encoded, in a network below the feature level.
 */
#ifndef ASSAY_ENGINE_LEDGER_STATE_DECLARATION_H
#define ASSAY_ENGINE_LEDGER_STATE_DECLARATION_H

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/writer.h"
#include "scoring/trust.h"

enum {
    /* Feature level from which on evidence binds keys (docs/protocol.md 9.10). */
    ASSAY_LEVEL_DECLARED_KEYS = 6,
    /* Feature level from which on a plan of services may have a group key (docs/identity.md 3). No
     * build announces it before a close passes holders' keys and weights to the registry. */
    ASSAY_LEVEL_GROUP_KEY = 7,
    ASSAY_DECLARED_ROOTS_MAX = 9,  /* of the running epoch and the 8 that proofs may be about */
    ASSAY_KEYS_AGE_MAX = 3,        /* epochs since the PASS that bound active keys */
    ASSAY_DECLARED_GRANTS_MAX = 8, /* names of a member, and of a list */
};

/* From an epoch on, until that of the next newer one. */
struct assay_declared_root {
    uint64_t since_epoch;
    bool binds; /* false: evidence binds no keys at all, below the level */
    uint8_t root[32];
};

struct assay_declaration {
    uint32_t count;                                             /* 0: never above the level */
    struct assay_declared_root roots[ASSAY_DECLARED_ROOTS_MAX]; /* newest first */
    uint64_t keys_epoch;   /* newest certified PASS, where it bound keys_root; 0: it did not */
    uint8_t keys_root[32]; /* zeros while keys_epoch is 0 */
    /* Granted names that the same PASS has (docs/protocol.md 2.17), by their digests, which ascend;
     * zeros behind them. */
    uint32_t grant_count;
    uint8_t grants[ASSAY_DECLARED_GRANTS_MAX][32];
};

/* Returns: the root that evidence of an epoch must bind, or that of no keys instead; NULL: it binds
 * none, or the epoch is forgotten. */
const uint8_t *assay_declaration_root_at(const struct assay_declaration *d, uint64_t epoch);
/* From that epoch on (no earlier than what it has): root; NULL: none is bound. Forgets what no
 * proof may be about. */
void assay_declaration_set(struct assay_declaration *d, uint64_t since, const uint8_t *root);

/* What a close knows about the keys of one member. */
struct assay_declaration_close {
    uint64_t epoch;
    bool certified_pass; /* of a certified close */
    bool bound;          /* and enough of it binds the declared root, which has keys */
    bool ended; /* another incarnation, or not a member: its keys end, whatever was voted */
    /* Names of the plan, and of them a bit each for those that enough of the votes have: of keys
     * that are bound. */
    uint32_t name_count;
    const uint8_t *names[ASSAY_DECLARED_GRANTS_MAX]; /* [32] their digests, which differ */
    uint8_t granted;
};
/* docs/protocol.md 2.16.5. In a HELD epoch nothing becomes active. */
void assay_declaration_on_close(struct assay_declaration *d,
                                const struct assay_declaration_close *close);
/* Ends all names. */
void assay_declaration_end_grants(struct assay_declaration *d);
/* Does the PASS that bound the keys have the name? digest: of the name. Returns: whether so. */
bool assay_declaration_has_grant(const struct assay_declaration *d,
                                 const uint8_t digest[static 32]);
/* Enough weight says PASS with the declared root? In: weight of these votes, and of the table. More
 * than a third, of which an attacker has no more: as for a certified PASS (docs/protocol.md 7.2),
 * so that one whose voters all saw the keys never ends them. Returns: whether so. */
bool assay_declaration_is_bound(uint64_t bound_weight, uint64_t table_weight);

/* Why keys of a member are not active. */
enum assay_keys_state {
    ASSAY_KEYS_ACTIVE = 0,
    ASSAY_KEYS_UNBOUND,     /* its newest certified PASS bound none */
    ASSAY_KEYS_OLD,         /* no certified PASS for too long */
    ASSAY_KEYS_STANDING,    /* below the standing that is wanted */
    ASSAY_KEYS_MAINTENANCE, /* announced as absent */
    ASSAY_KEYS_STAGE,       /* it rests, or left */
};
struct assay_keys_facts {
    uint64_t closed, pass_epoch; /* newest closed epoch; newest certified PASS */
    enum assay_standing standing, min_standing;
    bool serves, maintenance;
};
/* Are the keys of keys_root active after a close (docs/protocol.md 2.16.6)? Those of them that the
 * newest declared list lacks are not. Returns: ACTIVE, or the first reason why not. */
enum assay_keys_state assay_declaration_state(const struct assay_declaration *d,
                                              const struct assay_keys_facts *facts);
/* "active", ... Returns: never NULL. */
const char *assay_keys_state_text(enum assay_keys_state state);

/* One item of a leaf: [[since, root or null], ...], keys_epoch, keys_root or null, and where there
 * are any, granted names: [digest, ...]. */
void assay_declaration_put(struct assay_writer *w, const struct assay_declaration *d);
/* Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_declaration_read(struct assay_cursor *c,
                                                       struct assay_declaration *d);

#endif
