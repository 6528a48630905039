/*
 * net/services/identity/signer_node.h - process of a holder of the group key: its vault
 * (holder_vault.h), the ledger that it follows and verifies (ledger_proof.h), and its side of
 * ceremonies (services/identity/ceremony_holder.h).
 *
 * It acts on closed epochs alone, and on none before it has verified the epoch's boundary from its
 * checkpoint on and found its own fold of the group key to be what the boundary names. So a daemon
 * that shows another ledger has no effect. A fold that is not the ledger's, a fence and an expired
 * checkpoint make it do nothing, and its status names the reason. Records are stored before they
 * are submitted, and submitted again until they are final.
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_SIGNER_NODE_H
#define ASSAY_NET_SERVICES_IDENTITY_SIGNER_NODE_H

#include "engine/ledger/proofs/checkpoint.h"
#include "net/keys/registration/registration_client.h"
#include "net/services/identity/signing_host.h"

enum { ASSAY_KEYHOLDER_NODE_MESSAGE_LEN = ASSAY_HOLDER_VAULT_MESSAGE_LEN };

struct assay_keyholder_node_config {
    const char *ledger;               /* path of the daemon's sockets, or of its socket */
    const char *store;                /* folder of the vault */
    const struct assay_secret32 *key; /* of the vault; copied */
    bool is_memory_only;              /* shares are never on the disk */
    /* HOST:PORT for other holders, port 0 selects a free one; NULL: it makes keys, and signs
     * nothing */
    const char *listen;
    const char *address; /* for other holders, up to ASSAY_CA_ADDRESS_MAX characters; NULL: that of
                          * listen */
    const char *host;    /* without `address`: replaces the host of listen; NULL: it is the same */
    const char *publish; /* folder of certificates of the key; NULL: the vault's */
    uint64_t era;        /* that may undo what is stored, with an operator's consent; 0: none */
    struct assay_checkpoint checkpoint; /* that operators supplied */
    uint64_t again_ms;                  /* interval of resubmission; 0: that of record_queue.h */
    uint64_t (*unix_ms)(void);          /* NULL: the clock of the system */
};

struct assay_keyholder_node_status {
    bool follows;               /* a ledger, now */
    enum assay_status ledger;   /* why it is not followed; ASSAY_OK: it is */
    uint64_t era, proven_epoch; /* the newest that was verified */
    uint64_t acted_epoch;       /* the newest that it acted on */
    uint64_t refused;           /* proofs that did not verify */
    const char *fault;          /* of the last of them: what was expected; NULL: none */
    const char *expired;        /* why no proof is of use: checkpoint or clock; NULL: they are */
    bool is_diverged;           /* the fold that the daemon shows is not the ledger's */
    uint64_t diverged_epoch;    /* where it was found last; 0: never */
    bool is_fenced;             /* as the daemon reports: nothing is signed in this era */
    bool is_listed;             /* its holder key is in an active list of its member */
    bool is_behind;             /* the ledger is older than what is stored */
    size_t pending;             /* records that are not final */
    /* As of the newest epoch that it acted on. */
    uint64_t generation;       /* in force; 0: none */
    uint32_t indices;          /* of this holder in it */
    enum assay_ca_phase phase; /* of the ceremony that runs */
    bool lacks_share;          /* of the generation in force: it signs nothing */
    uint64_t offers_from;      /* epoch from which it may offer again; in the past: it may */
    uint64_t reshare_due;      /* epoch in which the next reshare begins at the latest */
    struct assay_ceremony_status holder;
    struct assay_keyholder_signing_status signing;
};

struct assay_keyholder_node;

/* Returns: ASSAY_OK | as assay_holder_vault_open | ASSAY_E_STALE (the checkpoint has expired, or
 * the clock lies before it) | ASSAY_E_CHAIN (the stored checkpoint is of
 * another network than the given one) | ASSAY_E_RANGE (a path, the address) | ASSAY_E_MEMORY;
 * message: the reason of a failure */
ASSAY_CHECKED enum assay_status assay_keyholder_node_open(
    const struct assay_keyholder_node_config *config, struct assay_keyholder_node **out,
    char message[static ASSAY_KEYHOLDER_NODE_MESSAGE_LEN]);
/* Accepts a pointer to NULL; sets it to NULL. What is stored remains. */
void assay_keyholder_node_close(struct assay_keyholder_node **node);
/* Waits up to the timeout for events, and processes them. Returns: ASSAY_OK | ASSAY_E_STALE
 * (another process of this member offered since: end) | ASSAY_E_STRANGER (the daemon is of another
 * member than before) | ASSAY_E_FULL (too many undone generations are stored) | ASSAY_E_STORE |
 * ASSAY_E_SIGNATURE (the vault was modified, or has items that it did not have at the start) |
 * ASSAY_E_CRYPTO | ASSAY_E_MEMORY. After anything but ASSAY_OK: close */
ASSAY_CHECKED enum assay_status assay_keyholder_node_step(struct assay_keyholder_node *node,
                                                          int timeout_ms);
/* Returns: its state. */
struct assay_keyholder_node_status assay_keyholder_node_status(
    const struct assay_keyholder_node *node);
/* For make of registration_client.h: of the key of its holder. Returns: ASSAY_OK | ASSAY_E_CHAIN
 * (the enclave is of another network than the holder) | ASSAY_E_STRANGER (of another member than
 * the daemon) | ASSAY_E_AGAIN (the member is not known yet), and statuses of
 * assay_registration_statement_make */
ASSAY_CHECKED enum assay_status assay_keyholder_node_make_statement(
    const struct assay_keyholder_node *node, const struct assay_registration_boot *boot,
    struct assay_registration_statement *statement);
/* SubjectPublicKeyInfo of its holder key, for the list of its member's keys. Returns: its length */
size_t assay_keyholder_node_key(const struct assay_keyholder_node *node, uint8_t spki[static 44]);

#endif
