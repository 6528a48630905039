/*
 * net/services/identity/holder_vault_internal.h - the vault of a holder and its journal
 * (holder_vault_journal.c).
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_HOLDER_VAULT_INTERNAL_H
#define ASSAY_NET_SERVICES_IDENTITY_HOLDER_VAULT_INTERNAL_H

#include "net/services/identity/holder_vault.h"

#include <limits.h>

enum {
    HOLDER_VAULT_SEALED_MORE = ASSAY_SODIUM_NONCE_LEN + ASSAY_SODIUM_TAG_LEN,
    HOLDER_VAULT_FLOOR_LEN = 8 + 8, /* before each item: era and epoch of the vault's floor */
    HOLDER_VAULT_PLAIN_MAX = HOLDER_VAULT_FLOOR_LEN + ASSAY_CEREMONY_ITEM_MAX,
};

/* A point of the ledger. */
struct holder_vault_mark {
    uint64_t era, epoch;
};

struct holder_vault_journal {
    struct assay_signing_journal checked;
    uint64_t number;  /* of the file that is written; from 1 */
    uint64_t len;     /* of it */
    uint64_t written; /* bytes, since the start */
    int fd;           /* -1: none */
    char reason[256]; /* of a failed opening */
};

struct assay_holder_vault {
    struct assay_secret32 key, seed;
    uint64_t era, epoch;
    struct holder_vault_mark floor; /* that items are put with; it never goes down */
    struct holder_vault_mark start; /* of this process: newer items are not loaded */
    bool is_used;                   /* it has items, or sessions were joined */
    bool is_memory_only, is_failed;
    int lock;
    struct holder_vault_journal journal;
    char folder[PATH_MAX];
    uint8_t plain[HOLDER_VAULT_PLAIN_MAX];
    uint8_t sealed[HOLDER_VAULT_PLAIN_MAX + HOLDER_VAULT_SEALED_MORE];
};

/* After it every call is rejected. Returns: ASSAY_E_STORE */
enum assay_status holder_vault_fail(struct assay_holder_vault *v);
/* A file of the folder. Returns: ASSAY_OK | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status holder_vault_path(const struct assay_holder_vault *v,
                                                  const char *name, char path[static PATH_MAX]);

/* Opens the newest file of the journal, cuts off an entry that a crash left incomplete, and checks
 * the rest. Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_CHAIN */
ASSAY_CHECKED enum assay_status holder_vault_journal_open(struct assay_holder_vault *v);
void holder_vault_journal_close(struct assay_holder_vault *v);

#endif
