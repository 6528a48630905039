/*
 * services/identity/ceremony_holder.h - one holder's side of the ceremonies that make and reshare a
 * group key, without I/O (docs/identity.md 3).
 *
 * The holder follows the ledger's fold (ceremony.h) and derives from it and from its stored items
 * one action at a time: an item to store, a record to submit, items to erase. A record is stored
 * before it is submitted and its polynomial is wiped before it is stored, so after a crash the same
 * bytes are submitted, or nothing was. Shares of a generation are erased after
 * ASSAY_CEREMONY_HOLDER_ERASE_CLOSES certified closes of the next one, those of a CA number that is
 * GONE at once. There are shares of two numbers while one is NEXT.
 *
 * The host hands in randomness, the dealings of the chain and verified states of the ledger, and
 * executes actions in their order. The object is secret: its memory is locked and in no core dump.
 */
#ifndef ASSAY_SERVICES_IDENTITY_CEREMONY_HOLDER_H
#define ASSAY_SERVICES_IDENTITY_CEREMONY_HOLDER_H

#include "services/identity/ceremony.h"

enum {
    ASSAY_CEREMONY_HOLDER_ERASE_CLOSES = 8, /* certified, of the next generation */
    ASSAY_CEREMONY_HOLDER_SHARINGS_MAX =
        8, /* stored at once: active, next, made, old, undone by an era */
    ASSAY_CEREMONY_HOLDER_ATTEMPTS_MAX =
        4, /* with stored records; all but the running one are erased */
    ASSAY_CEREMONY_ITEM_MAX = 8192,
    ASSAY_CEREMONY_CONTACT_MAX = 1536,
};

/* Of what is stored. Numbers are in names of files, hence never reused. */
enum assay_ceremony_item_kind {
    ASSAY_CEREMONY_SECRET = 1, /* of the encryption key of an attempt; erased at its end */
    ASSAY_CEREMONY_RECORD = 2, /* payload of a record, as it is submitted */
    ASSAY_CEREMONY_SHARES = 3, /* of a generation */
    ASSAY_CEREMONY_AGE = 4,    /* closes of the generation in force; one item, replaced */
};

/* Kinds of records that a holder submits. Stored, hence never reused. */
enum assay_ceremony_record {
    ASSAY_CEREMONY_OFFER = 1,
    ASSAY_CEREMONY_DEAL = 2,
    ASSAY_CEREMONY_DISPUTE = 3,
    ASSAY_CEREMONY_HAVE = 4,
    ASSAY_CEREMONY_TABLE = 5,
};

/* A ceremony, and the generation that it makes. */
struct assay_ceremony_name {
    uint64_t era, generation, attempt;
    uint32_t ca_number;
};

struct assay_ceremony_item {
    enum assay_ceremony_item_kind kind;
    struct assay_ceremony_name name;   /* zeros: AGE */
    enum assay_ceremony_record record; /* of a RECORD, else 0 */
    uint32_t number;                   /* DEAL, DISPUTE: of the dealer, else 0 */
};

/* A generation: an era may have made another of the same number. */
struct assay_ceremony_generation {
    uint64_t era, generation; /* generation 0: none */
    uint32_t ca_number;
    uint8_t table[32];
};

/* Shares of one generation. */
struct assay_ceremony_sharing {
    struct assay_ceremony_name name;
    uint8_t table[32]; /* digest for which HAVE vouches; zeros: free */
    uint32_t count;
    uint8_t index[ASSAY_FROST_INDICES_MAX];
    struct assay_secret32 share[ASSAY_FROST_INDICES_MAX];
};

enum assay_ceremony_dealing_check {
    ASSAY_CEREMONY_UNCHECKED = 0,
    ASSAY_CEREMONY_GOOD,
    ASSAY_CEREMONY_BAD,
};

/* What is stored of one attempt, and what was submitted since the last close. */
struct assay_ceremony_attempt {
    struct assay_ceremony_name name; /* attempt 0: free */
    bool has_secret;
    struct assay_secret32 secret; /* e of E */
    uint8_t encryption[ASSAY_SODIUM_POINT_LEN];
    bool has_offer, has_have, has_table;
    bool has_deal[ASSAY_FROST_INDICES_MAX + 1], has_dispute[ASSAY_FROST_INDICES_MAX + 1];
    /* not stored */
    bool is_unfit; /* the sum does not verify: no HAVE in this attempt */
    bool offered, said, tabled;
    bool dealt[ASSAY_FROST_INDICES_MAX + 1], disputed[ASSAY_FROST_INDICES_MAX + 1];
    uint8_t check[ASSAY_FROST_INDICES_MAX + 1]; /* enum assay_ceremony_dealing_check */
};

/* The holder's own entry of its list of keys, as the ledger declares it. */
struct assay_ceremony_entry {
    uint8_t entry[ASSAY_CA_ENTRY_MAX];
    size_t len; /* 0: it is in no active list */
    uint32_t place, count, path_len;
    uint8_t path[ASSAY_CA_PATH_MAX][32];
};

/* Uniform bytes for one use. Returns: ASSAY_OK | ASSAY_E_CRYPTO */
typedef enum assay_status assay_ceremony_random(void *context, uint8_t *bytes, size_t len);
/* The payload of a CA_DEAL with this SHA-256. Returns: empty: not here yet */
typedef struct assay_slice assay_ceremony_dealing(void *context, uint32_t dealer,
                                                  const uint8_t digest[static 32]);

struct assay_ceremony_holder_config {
    uint8_t chain_id[32], node_id[32];
    struct assay_secret32 seed; /* of the holder key (Ed25519) */
    uint8_t link_key[32];       /* of this process; Ed25519 */
    char address[ASSAY_CA_ADDRESS_MAX + 1];
    uint64_t era; /* that may undo what is stored; 0: none */
    assay_ceremony_random *random;
    assay_ceremony_dealing *dealing;
    void *context;
};

struct assay_ceremony_holder {
    struct assay_ceremony_holder_config config;
    uint8_t key[32];
    struct assay_ceremony_entry entry;
    bool is_fenced;
    bool was_listed; /* the ledger showed this process' link key */
    struct assay_ceremony_attempt attempt[ASSAY_CEREMONY_HOLDER_ATTEMPTS_MAX];
    struct assay_ceremony_sharing sharing[ASSAY_CEREMONY_HOLDER_SHARINGS_MAX];
    /* certified closes since a generation is in force */
    struct {
        struct assay_ceremony_generation of;
        struct assay_ceremony_generation before; /* that it followed, as this holder saw */
        uint64_t seen;                           /* era of the ledger that had it in force last */
        uint32_t closes;
        bool is_stored;
    } age;
    /* OFFER for a new link key, list of keys or address, for a holder that is one */
    uint8_t contact[ASSAY_CEREMONY_CONTACT_MAX];
    size_t contact_len;
    struct assay_ceremony_name contact_name;
    bool contact_offered, late_said, next_said;
    /* what on_stored confirms */
    bool is_storing;
    struct assay_ceremony_item storing;
    struct assay_secret32 storing_secret;
    struct assay_ceremony_sharing storing_sharing;
};

enum assay_ceremony_action {
    ASSAY_CEREMONY_NOTHING = 0,
    ASSAY_CEREMONY_STORE,        /* make item durable with bytes, then call _on_stored */
    ASSAY_CEREMONY_SUBMIT,       /* queue the stored item, a RECORD, for the ledger */
    ASSAY_CEREMONY_SUBMIT_BYTES, /* queue bytes, a record of item.record: it is not stored, since it
                             * shows nothing of a dealing */
    ASSAY_CEREMONY_ERASE,        /* destroy SECRET and all RECORDs of the item's name */
    ASSAY_CEREMONY_ERASE_SHARES, /* destroy SHARES of the item's name */
};

/* Secret: to be wiped. */
struct assay_ceremony_effect {
    enum assay_ceremony_action action;
    struct assay_ceremony_item item;
    struct assay_slice bytes; /* of buffer */
    uint8_t buffer[ASSAY_CEREMONY_ITEM_MAX];
};

struct assay_ceremony_status {
    bool is_holder;     /* of the generation in force, by the ledger */
    bool can_sign;      /* and its shares are here */
    bool is_lost;       /* and they are not here: it says so on the ledger */
    bool is_undone;     /* shares of a generation that a newer era of the ledger does not have, or
                         * may not have: the operator names the era to have them erased */
    bool is_unfit;      /* the sum of the running ceremony does not verify here */
    bool is_superseded; /* another process of this member offered since */
    uint32_t missing;   /* dealings that the host has not handed in */
};

/* Nothing stored. */
void assay_ceremony_holder_init(struct assay_ceremony_holder *h,
                                const struct assay_ceremony_holder_config *config);
/* After a start: each stored item, in any order, before the first step. In: bytes: of a vault.
 * Returns: ASSAY_OK | ASSAY_E_RANGE, ASSAY_E_TRUNCATED, ASSAY_E_TRAILING (no such item) |
 * ASSAY_E_FULL | ASSAY_E_DUPLICATE */
ASSAY_CHECKED enum assay_status assay_ceremony_holder_load(struct assay_ceremony_holder *h,
                                                           const struct assay_ceremony_item *item,
                                                           struct assay_slice bytes);
/* The entry as the ledger declares it now; len 0: none. */
void assay_ceremony_holder_set_entry(struct assay_ceremony_holder *h,
                                     const struct assay_ceremony_entry *entry);
/* After each close that the fold made: records that are not on the ledger are submitted again.
 * In: is_fenced: holders stop at once */
void assay_ceremony_holder_on_close(struct assay_ceremony_holder *h, const struct assay_ca *ca,
                                    bool is_certified, bool is_fenced);
/*
 * assay_ceremony_holder_step - the next action; called after each block and close until NOTHING.
 * Out:     *out, complete whatever is returned
 * Returns: ASSAY_OK | ASSAY_E_STALE (the ledger is older than what is stored: nothing is done) |
 *          ASSAY_E_FULL (too many undone generations are stored) | statuses of random
 */
ASSAY_CHECKED enum assay_status assay_ceremony_holder_step(struct assay_ceremony_holder *h,
                                                           const struct assay_ca *ca,
                                                           struct assay_ceremony_effect *out);
/* The item of the last STORE is durable. */
void assay_ceremony_holder_on_stored(struct assay_ceremony_holder *h);
/* The item of the last ERASE or ERASE_SHARES is destroyed. */
void assay_ceremony_holder_on_erased(struct assay_ceremony_holder *h,
                                     const struct assay_ceremony_effect *effect);
struct assay_ceremony_status assay_ceremony_holder_status(const struct assay_ceremony_holder *h,
                                                          const struct assay_ca *ca);
/* Shares of the generation in force of a CA number: no other signs. In: number: the active or the
 * next one. Out: share, by index; those of others are not written. Returns: ASSAY_OK |
 * ASSAY_E_NOT_FOUND (none, or not of this generation, or the number is another) */
ASSAY_CHECKED enum assay_status assay_ceremony_holder_shares(
    const struct assay_ceremony_holder *h, const struct assay_ca *ca, uint32_t number,
    struct assay_secret32 share[static ASSAY_FROST_INDICES_MAX + 1]);
/* Wipes every secret. */
void assay_ceremony_holder_wipe(struct assay_ceremony_holder *h);

#endif
