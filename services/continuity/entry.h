/*
 * services/continuity/entry.h - the words of state continuity (docs/services.md 1): what a replica
 * remembers of one instance, the chain of state digests, and the statements that replicas sign.
 *
 * An instance is SHA-256(group, key made at its birth); a session is one process life of its
 * enclave, numbered by the ledger; state i has digest d_i = SHA-256("assay/state/v1" | instance |
 * i | d_(i-1) | SHA-256(sealed blob)), and d_0 is zero.
 */
#ifndef ASSAY_SERVICES_CONTINUITY_ENTRY_H
#define ASSAY_SERVICES_CONTINUITY_ENTRY_H

#include "base/crypto.h"
#include "base/cursor.h"
#include "base/writer.h"

enum {
    ASSAY_CONT_SEATS_MAX = 7,        /* replicas of a group: 3, 5 or 7 */
    ASSAY_CONT_INSTANCES_MAX = 1024, /* of a group; two pages of a table */
    ASSAY_CONT_BATCH_MAX = 512,      /* digests of one frame: 16 KiB */
    ASSAY_CONT_QUEUE_MAX = 4096,     /* states of a session that are not certified yet */
    ASSAY_CONT_ENTRY_LEN = 88,
    ASSAY_CONT_PAGE_ENTRIES = 512, /* 44 KiB: below a frame of the network */
};

/* One line of a replica's memory. One that is absent means zeros. */
struct assay_cont_entry {
    uint8_t instance[32];
    uint64_t promised; /* no session below it is served any more */
    uint64_t writer;   /* the session that wrote index and digest; never above promised */
    uint64_t index;
    uint8_t digest[32];
};

/* Who serves in a view, by the keys that replicas make at start and never store. */
struct assay_cont_roster {
    uint64_t view;
    uint32_t count; /* 3, 5 or 7 */
    uint8_t key[ASSAY_CONT_SEATS_MAX][ASSAY_P256_PUBLIC_LEN];
};

/* Of whom replicas sign: another chain's or group's signatures mean nothing here. */
struct assay_cont_home {
    uint8_t chain_id[32];
    uint32_t group;
};

/* By count: what is lost is a memory, not a vote. Returns: q = floor(count / 2) + 1. */
static inline uint32_t assay_cont_quorum(uint32_t count)
{
    return count / 2 + 1;
}
/* Returns: true for 3, 5 and 7. */
bool assay_cont_size_is_fit(uint32_t count);
/* Returns: the seat of key; roster->count when it has none. */
uint32_t assay_cont_seat(const struct assay_cont_roster *roster,
                         const uint8_t key[static ASSAY_P256_PUBLIC_LEN]);
/* Returns: true when a was written after b: by a later session, or later in the same one. */
bool assay_cont_newer(const struct assay_cont_entry *a, const struct assay_cont_entry *b);
/* The digest of state `index`. Returns: nothing. */
void assay_cont_state_digest(const uint8_t instance[static 32], uint64_t index,
                             const uint8_t prev[static 32], const uint8_t blob_hash[static 32],
                             uint8_t digest[static 32]);
/* 88 bytes, as tables are hashed and sent. Returns: nothing. */
void assay_cont_entry_put(struct assay_writer *w, const struct assay_cont_entry *entry);
/* Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_INVALID (a writer above the promise, a digest of
 * state 0, a state that nobody wrote) */
ASSAY_CHECKED enum assay_status assay_cont_entry_take(struct assay_cursor *in,
                                                      struct assay_cont_entry *entry);

/* What is signed, canonical CBOR, hashed. FIN: "my last table of this view is root, and I serve in
 * it no more". TABLE: "root is the maximum of q such tables, from which `view` may start". ENTRY:
 * one entry, for a receipt. Each Returns: nothing. */
void assay_cont_fin_statement(const struct assay_cont_home *home, uint64_t view,
                              const uint8_t root[static 32], uint32_t entries,
                              uint8_t digest[static 32]);
void assay_cont_table_statement(const struct assay_cont_home *home, uint64_t view,
                                const uint8_t root[static 32], uint32_t entries,
                                uint8_t digest[static 32]);
void assay_cont_entry_statement(const struct assay_cont_home *home, uint64_t view,
                                const struct assay_cont_entry *entry,
                                const uint8_t nonce[static 32], uint8_t digest[static 32]);
/* Low s alone. Returns: true when key signed the digest. */
bool assay_cont_signed(const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                       const uint8_t digest[static 32],
                       const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);

#endif
