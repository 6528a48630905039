/*
 * services/identity/signer.h - one holder's side of signing sessions, without I/O (docs/identity.md
 * 4).
 *
 * Three rounds: commit, echo, answer. A pair of nonces serves one list of commitments: the session
 * names coordinator and signers, every holder of it echoes one list, and a holder joins a session
 * once and none of an epoch that it may have joined before a restart. So with fewer than t indices
 * of hostile or rolled-back holders no nonce serves two lists.
 *
 * The host verifies links and the ledger, hands in time and randomness, and executes effects in
 * their order: what is to be stored is durable before anything is sent. Memory is the caller's: it
 * is locked, not in core dumps, and not shared with a forked process.
 */
#ifndef ASSAY_SERVICES_IDENTITY_SIGNER_H
#define ASSAY_SERVICES_IDENTITY_SIGNER_H

#include "services/identity/product.h"
#include "services/identity/signing_journal.h"

enum {
    ASSAY_COSIGNER_PLACES = 2, /* sessions at once of each coordinator; one more ends its oldest */
    ASSAY_COSIGNER_SESSIONS_MAX = ASSAY_COSIGNER_PLACES * ASSAY_FROST_HOLDERS_MAX,
    ASSAY_COSIGNER_LIFE_MS = 2000, /* of nonces */
    ASSAY_COSIGNER_LATE_MS = 250,  /* a step or a clock that is so far off wipes all nonces */
    ASSAY_COSIGNER_TICK_MS = 100,  /* the host calls at least so often */
    /* for one TBS and coordinator in an epoch, or h if that is more */
    ASSAY_COSIGNER_ANSWERS_MIN = 4,
};

struct assay_cosigner_time {
    uint64_t monotonic_ms, wall_ms;
};

/* Fresh bytes for each message: of the operating system and, if it has one, of the processor. */
struct assay_cosigner_entropy {
    uint8_t system[32], processor[32];
};

/* The newest closed certified epoch. */
struct assay_cosigner_epoch {
    uint64_t era, epoch, generation; /* the generation in force */
    uint64_t final_ms;               /* monotonic: when it was seen final */
    uint64_t period_ms;              /* T */
    bool fenced;
    uint8_t block_id[32];
    uint8_t link_key[32]; /* of this holder's newest offer */
    bool live[ASSAY_FROST_INDICES_MAX + 1];
};

/* Whether an epoch is one that texts are signed for. Returns: ASSAY_OK | ASSAY_E_EARLY (none yet) |
 * ASSAY_E_CHAIN (a generation of another era, or not the one in force) | ASSAY_E_INVALID (fenced) |
 * ASSAY_E_TIMEOUT (final for 3 T) */
ASSAY_CHECKED enum assay_status assay_cosigner_epoch_check(const struct assay_cosigner_epoch *epoch,
                                                           const struct assay_signing_group *group,
                                                           uint64_t monotonic_ms);

/* What one item of a request is, derived from the ledger. */
struct assay_cosigner_item {
    struct assay_slice tbs;
    uint8_t subject[32], entry_digest[32];
    bool is_bearer; /* a token: only its subject's own daemon may have it */
};
/* Derives an item of a REQUEST, which has verified paths to the certified state, into
 * tbs[capacity]. Returns: ASSAY_OK | why nothing is signed */
typedef enum assay_status assay_cosigner_derive(void *context, struct assay_slice item,
                                                uint8_t *tbs, size_t capacity,
                                                struct assay_cosigner_item *out);

enum assay_cosigner_step {
    ASSAY_COSIGNER_FREE = 0,
    ASSAY_COSIGNER_COMMITTED,
    ASSAY_COSIGNER_ECHOED,
};

/* One session; about 130 KB, of which what is used is touched. Its nonces are apart from it. */
struct assay_cosigner_slot {
    enum assay_cosigner_step step;
    uint64_t started_ms;
    uint32_t own;
    struct assay_signing_session session;
    uint8_t digest[32], list_digest[32], commitments_digest[32];
    uint8_t subject[ASSAY_SIGNING_ITEMS_MAX][32], entry[ASSAY_SIGNING_ITEMS_MAX][32];
    size_t tbs_len[ASSAY_SIGNING_ITEMS_MAX]; /* in tbs_bytes, one after the other */
    uint8_t commitments[ASSAY_SIGNING_OWN_MAX * ASSAY_SIGNING_PAIR_LEN];
    uint8_t tbs_bytes[ASSAY_SIGNING_MESSAGE_MAX];
    uint8_t list[ASSAY_SIGNING_MESSAGE_MAX]; /* the LIST as received */
    size_t list_len;
};

/* Nonces of one session. Secret. */
struct assay_cosigner_nonces {
    struct assay_frost_nonces pair[ASSAY_SIGNING_OWN_MAX];
};

/* Answers for one TBS to one coordinator in an epoch. */
struct assay_cosigner_row {
    uint8_t tbs_digest[32], answers;
};

/* A session that a coordinator requested in the epoch. */
struct assay_cosigner_join {
    uint8_t tag[8]; /* of its name's SHA-256: equal tags refuse a session, no more */
};

/* Each holder of the group has an equal part of all of it as a coordinator, so none takes what is
 * another's (docs/identity.md 4.12). */
struct assay_cosigner_memory {
    struct assay_cosigner_slot *slot;
    struct assay_cosigner_nonces *nonces; /* [slots] */
    uint32_t slots; /* one for each holder at least; ASSAY_COSIGNER_PLACES are used */
    struct assay_cosigner_row *row;
    uint32_t rows;
    struct assay_cosigner_join *join;
    uint32_t joins;
};

struct assay_cosigner {
    const struct assay_signing_group *group;
    uint32_t place;                     /* of this holder */
    const struct assay_secret32 *share; /* by index */
    const struct assay_secret32 *seed;  /* of its holder key */
    assay_cosigner_derive *derive;
    void *derive_context;
    struct assay_cosigner_memory memory;
    uint64_t started_era, started_epoch; /* durable at the start: nothing up to it is joined */
    uint64_t stored_era, stored_epoch;
    struct assay_cosigner_epoch epoch; /* period_ms 0: none yet */
    struct assay_cosigner_time last;
    uint32_t row_count[ASSAY_FROST_HOLDERS_MAX], join_count[ASSAY_FROST_HOLDERS_MAX];
    uint64_t counter;
    uint8_t journal[32];  /* digest of the newest entry */
    uint8_t link_key[32]; /* of this process */
};

enum assay_cosigner_action {
    ASSAY_COSIGNER_NOTHING = 0,
    /* make (era, epoch) durable, call _on_stored, hand the message in again */
    ASSAY_COSIGNER_STORE,
    /* append the journal durably, then send the message to the coordinator */
    ASSAY_COSIGNER_SEND,
};

struct assay_cosigner_out {
    enum assay_cosigner_action action;
    uint64_t era, epoch;
    uint32_t journal_count;
    uint16_t journal_len[ASSAY_SIGNING_ITEMS_MAX];
    uint8_t journal[ASSAY_SIGNING_ITEMS_MAX][ASSAY_SIGNING_ENTRY_MAX];
    struct assay_slice message; /* borrowed from bytes */
    uint8_t bytes[ASSAY_SIGNING_MESSAGE_MAX];
};

/*
 * assay_cosigner_init - a holder after its start: no session, nothing joined.
 * In:      all borrowed; era, epoch: those stored last (0, 0: none); journal: digest of its newest
 *          entry, zeros: none
 */
void assay_cosigner_init(struct assay_cosigner *s, const struct assay_signing_group *group,
                         uint32_t place, const struct assay_secret32 *share,
                         const struct assay_secret32 *seed,
                         const struct assay_cosigner_memory *memory, uint64_t era, uint64_t epoch,
                         const uint8_t journal[static 32]);
void assay_cosigner_set_derive(struct assay_cosigner *s, assay_cosigner_derive *derive,
                               void *context);
/* Another signer of this holder appended to the journal. In: journal: as of init */
void assay_cosigner_set_journal(struct assay_cosigner *s, const uint8_t journal[static 32]);
/* The link key of this process, which its offer on the ledger names. */
void assay_cosigner_set_link(struct assay_cosigner *s, const uint8_t link_key[static 32]);
/* A newer epoch, generation or fence. All sessions end (docs/identity.md 4.6). In: group: of the
 * generation in force, with this holder at the same place of it; share: of it. Returns: ASSAY_OK |
 * ASSAY_E_STALE (an epoch before the newest) */
ASSAY_CHECKED enum assay_status assay_cosigner_on_epoch(struct assay_cosigner *s,
                                                        const struct assay_signing_group *group,
                                                        const struct assay_secret32 *share,
                                                        const struct assay_cosigner_epoch *epoch);
/* (era, epoch) of a STORE is durable. */
void assay_cosigner_on_stored(struct assay_cosigner *s, uint64_t era, uint64_t epoch);
/* At least every ASSAY_COSIGNER_TICK_MS: wipes what has expired; everything after a pause or a jump
 * of the date. */
void assay_cosigner_on_tick(struct assay_cosigner *s, struct assay_cosigner_time now);
/*
 * assay_cosigner_on_message - a REQUEST, LIST or ECHOES of a coordinator.
 * In:      from: node id that the link proves; bytes: hostile
 * Out:     *out, complete whatever is returned
 * Returns: ASSAY_OK | ASSAY_E_AGAIN (out->action is STORE) | ASSAY_E_STRANGER (session of another
 *          coordinator, or of one that is no holder; another process of this holder offered
 *          since) | ASSAY_E_STALE, ASSAY_E_EARLY (epoch) | ASSAY_E_INVALID (fenced, an index
 *          that is not live, not this holder's, a step out of order) | ASSAY_E_TIMEOUT (the epoch
 *          is final for 3 T) | ASSAY_E_DUPLICATE (requested before) | ASSAY_E_RATE, ASSAY_E_FULL
 *          (bounds) | ASSAY_E_LANE (a token for another than its subject) | ASSAY_E_NOT_FOUND (no
 *          such session) | ASSAY_E_SIGNATURE | statuses of decoding and derivation
 */
ASSAY_CHECKED enum assay_status assay_cosigner_on_message(
    struct assay_cosigner *s, struct assay_cosigner_time now,
    const struct assay_cosigner_entropy *entropy, const uint8_t from[static 32],
    struct assay_slice bytes, struct assay_cosigner_out *out);
/* What a message costs: a REQUEST its texts, ECHOES all commitments for each text of their session.
 * Returns: how many; 0: little */
uint32_t assay_cosigner_cost(const struct assay_cosigner *s, const uint8_t from[static 32],
                             const struct assay_signing_message *m);
/* Wipes all nonces. */
void assay_cosigner_wipe(struct assay_cosigner *s);

#endif
