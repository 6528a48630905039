/*
 * services/continuity/entry.h - basic types of state continuity (docs/services.md 1): the entry of
 * an instance, the chain of state digests, and the statements that replicas sign.
 *
 * An instance is SHA-256("assay/instance/v2" | chain | group | era and epoch of its birth | key
 * generated at its birth); a session is one process lifetime of its enclave, numbered by the
 * ledger; state i has digest d_i = SHA-256("assay/continuity/state/v1" | instance | i | d_(i-1) |
 * SHA-256(sealed blob)), and d_0 is zero.
 *
 * The number of a session or view starts with its era (docs/services.md 1.3.2): number n of era e
 * is e << 40 | n. A number that a RECOVER undid is never reused.
 */
#ifndef ASSAY_SERVICES_CONTINUITY_ENTRY_H
#define ASSAY_SERVICES_CONTINUITY_ENTRY_H

#include "base/crypto.h"
#include "base/cursor.h"
#include "base/writer.h"

enum {
    ASSAY_CONT_SEATS_MAX = 7,        /* replicas of a group: 3, 5 or 7 */
    ASSAY_CONT_ADDRESS_MAX = 64,
    ASSAY_CONT_INSTANCES_MAX = 10240, /* of a group */
    ASSAY_CONT_BATCH_MAX = 512,      /* digests of one frame: 16 KiB */
    ASSAY_CONT_QUEUE_MAX = 4096,     /* states of a session that are not certified yet */
    ASSAY_CONT_ENTRIES_MAX = 2 * ASSAY_CONT_INSTANCES_MAX, /* of a table: includes rows that have
                                                            * left the ledger */
    ASSAY_CONT_NUMBER_BITS = 40, /* of a session or view within its era */
    ASSAY_CONT_ERA_MAX = (1 << 22) - 1,
    ASSAY_CONT_ENTRY_LEN = 88,
    ASSAY_CONT_TREE_MAX = 128, /* receipts under one signature */
    ASSAY_CONT_TREE_LEVELS = 7,
    ASSAY_CONT_PAGE_ENTRIES = 512, /* 44 KiB: less than a frame of the network */
};

/* One entry of a replica's table. A missing one means zeros. */
struct assay_cont_entry {
    uint8_t instance[32];
    uint64_t promised; /* sessions below it are no longer served */
    uint64_t writer;   /* the session that wrote index and digest; never above promised */
    uint64_t index;
    uint8_t digest[32];
};

/* Address and CURVE key of a process. */
struct assay_cont_contact {
    uint8_t curve[32];                       /* generated at start, never sealed */
    uint8_t address[ASSAY_CONT_ADDRESS_MAX]; /* HOST:PORT, printable, no NUL */
    uint8_t address_len;                     /* 1 .. ASSAY_CONT_ADDRESS_MAX */
};

/* The members of a view, by the keys that replicas generate at start and never store. */
struct assay_cont_roster {
    uint64_t view;
    uint32_t count; /* 3, 5 or 7 */
    uint8_t key[ASSAY_CONT_SEATS_MAX][ASSAY_P256_PUBLIC_LEN];
    uint8_t contact[ASSAY_CONT_SEATS_MAX][32]; /* assay_cont_contact_digest of the key's owner */
};

/* The scope of a signature: signatures of another chain or group are invalid here. */
struct assay_cont_home {
    uint8_t chain_id[32];
    uint32_t group;
};

/* Position of a receipt in the tree whose root a replica has signed (docs/services.md 1.8). */
struct assay_cont_place {
    uint8_t root[32];
    uint32_t leaf, leaves; /* leaf < leaves <= ASSAY_CONT_TREE_MAX */
    uint32_t levels;
    uint8_t path[ASSAY_CONT_TREE_LEVELS][32];
};

/* Time of an instance's birth: an id that has left the ledger can never be registered again
 * (docs/services.md 1.2.1). */
struct assay_cont_birth {
    uint64_t era, epoch;
};

/* The number after `last` in an era, of sessions and of views. Returns: above last, and above every
 * number of an earlier era. */
static inline uint64_t assay_cont_number_next(uint64_t era, uint64_t last)
{
    const uint64_t base = era << ASSAY_CONT_NUMBER_BITS;
    return (last > base ? last : base) + 1;
}
/* Returns: the era of a session or a view. */
static inline uint64_t assay_cont_number_era(uint64_t number)
{
    return number >> ASSAY_CONT_NUMBER_BITS;
}
/* Returns: whether this view started empty: the first one of its group. */
static inline bool assay_cont_view_is_first(uint64_t view)
{
    return (view & ((UINT64_C(1) << ASSAY_CONT_NUMBER_BITS) - 1)) == 0;
}

/* By count: a lost replica costs a memory, not a vote. Returns: q = floor(count / 2) + 1. */
static inline uint32_t assay_cont_quorum(uint32_t count)
{
    return count / 2 + 1;
}
/* Returns: true for 3, 5 and 7. */
bool assay_cont_size_is_fit(uint32_t count);
/* Returns: the seat of key; roster->count when it has none. */
uint32_t assay_cont_find_seat(const struct assay_cont_roster *roster,
                              const uint8_t key[static ASSAY_P256_PUBLIC_LEN]);
/* Returns: whether one key has two seats. */
bool assay_cont_has_duplicate_key(const struct assay_cont_roster *roster);
/* Returns: true when a is newer than b: of a later session, or later in the same one. */
bool assay_cont_is_newer(const struct assay_cont_entry *a, const struct assay_cont_entry *b);
/* The digest of state `index`. */
void assay_cont_state_digest(const uint8_t instance[static 32], uint64_t index,
                             const uint8_t prev[static 32], const uint8_t blob_hash[static 32],
                             uint8_t digest[static 32]);
/* 88 bytes, as tables are hashed and sent. */
void assay_cont_entry_encode(struct assay_writer *w, const struct assay_cont_entry *entry);
/* Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_INVALID (a writer above the promise, a digest of
 * state 0, a state without a writer) */
ASSAY_CHECKED enum assay_status assay_cont_entry_decode(struct assay_cursor *in,
                                                        struct assay_cont_entry *entry);

/* Digests of signed statements, canonical CBOR. FIN: "my last table of this view is root, I no
 * longer serve it, and roster next follows it", with its keys and contacts. TABLE: "root is the
 * maximum of q such tables, from which `view` may start". RECEIPTS: the RFC 6962 root over the
 * leaves of all pending receipts. */
void assay_cont_fin_statement(const struct assay_cont_home *home, uint64_t view,
                              const uint8_t root[static 32], uint32_t entries,
                              const struct assay_cont_roster *next, uint8_t digest[static 32]);
void assay_cont_table_statement(const struct assay_cont_home *home, uint64_t view,
                                const uint8_t root[static 32], uint32_t entries,
                                uint8_t digest[static 32]);
void assay_cont_receipts_statement(const struct assay_cont_home *home, uint64_t view,
                                   const uint8_t root[static 32], uint32_t leaves,
                                   uint8_t digest[static 32]);
/* The leaf of one receipt: SHA-256(0x00, entry, nonce). */
void assay_cont_receipt_leaf(const struct assay_cont_entry *entry, const uint8_t nonce[static 32],
                             uint8_t leaf_hash[static 32]);
/* A position: root, u16 leaf, u16 leaves, u8 levels, path. */
void assay_cont_place_encode(struct assay_writer *w, const struct assay_cont_place *place);
/* Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_cont_place_decode(struct assay_cursor *in,
                                                        struct assay_cont_place *place);
/* Returns: true when key signed a tree with this entry for this nonce at this position. */
bool assay_cont_receipt_verify_place(const struct assay_cont_home *home, uint64_t view,
                                     const struct assay_cont_entry *entry,
                                     const uint8_t nonce[static 32],
                                     const struct assay_cont_place *place,
                                     const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                                     const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);
/* Accepts low s only. Returns: true when key signed the digest. */
bool assay_cont_verify_signature(const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                                 const uint8_t digest[static 32],
                                 const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);

#endif
