/*
 * net/services/shares/share_client.h - client for owners and readers of shares: deals a secret to
 * the holders of a cluster, or collects k shares of one (docs/services.md 5.5, 5.12).
 *
 * It uses the daemon's socket for the ledger, and connects to holders. The daemon verifies a
 * holder's evidence before a share is given to it or accepted from it. One operation at a time; not
 * thread-safe.
 */
#ifndef ASSAY_NET_SERVICES_SHARES_SHARE_CLIENT_H
#define ASSAY_NET_SERVICES_SHARES_SHARE_CLIENT_H

#include "base/secret.h"
#include "net/system/resolver.h"
#include "services/shares/records.h"

enum {
    ASSAY_SHARE_CLIENT_MESSAGE_LEN = 256,
    ASSAY_SHARE_PAYLOAD_MAX = 64 * 1024, /* of a secret */
    ASSAY_SHARE_PAYLOAD_MORE = ASSAY_SODIUM_NONCE_LEN + ASSAY_SODIUM_TAG_LEN, /* when sealed */
};

struct assay_share_client_config {
    const char *ledger; /* path of the daemon's socket */
    const struct assay_secret32 *key; /* P-256, of the account that owns or reads; copied */
    /* A reader by measurement: presents evidence of the daemon's enclave. */
    bool measured;
    uint8_t measurement[32];
    assay_resolve *resolve; /* NULL: getaddrinfo */
    void *resolve_context;
};

enum assay_share_client_state {
    ASSAY_SHARE_CLIENT_IDLE,
    ASSAY_SHARE_CLIENT_WORKS,
    ASSAY_SHARE_CLIENT_DONE,
    ASSAY_SHARE_CLIENT_FAILED,
};

/* For reports. */
struct assay_holder_client_status {
    enum assay_share_client_state state;
    bool follows;      /* a ledger, now */
    bool is_final;     /* the record is */
    uint32_t answered; /* slots that confirmed, or gave */
    uint32_t wanted;   /* number that is sufficient; 0: no holder is needed */
    uint32_t silent;   /* bits of slots that have not confirmed, or given, anything yet */
    const char *why;   /* FAILED: static text */
};

struct assay_share_client;

/* Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_RANGE (path) | ASSAY_E_KEY | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_holder_client_open(
    const struct assay_share_client_config *config, struct assay_share_client **out);
/* Accepts a pointer to NULL; sets it to NULL. Ends the current operation. */
void assay_holder_client_close(struct assay_share_client **client);
/*
 * assay_holder_client_put - stores a secret.
 * In:      payload: 1 to ASSAY_SHARE_PAYLOAD_MAX bytes; readers: 1 to ASSAY_SHARE_READERS_MAX,
 *          ascending
 * Out:     id; sealed[payload.len + ASSAY_SHARE_PAYLOAD_MORE]: to be stored by the caller where its
 *          readers find it: the ledger has its digest
 * Returns: ASSAY_OK, and turn continues | ASSAY_E_AGAIN (no ledger yet, or the id was put or
 *          deleted in the current epoch: turn, then call again) | ASSAY_E_INVALID (not idle) |
 *          ASSAY_E_RANGE (no such cluster, a length) | ASSAY_E_DUPLICATE (the id exists) |
 *          ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_holder_client_put(
    struct assay_share_client *client, uint32_t cluster, const uint8_t name[static 32],
    const struct assay_share_reader *readers, uint32_t reader_count, struct assay_slice payload,
    uint8_t id[static 32], uint8_t *sealed);
/*
 * assay_holder_client_delete - deletes an id of the key from the ledger: holders erase it.
 * Out:     id
 * Returns: ASSAY_OK, and turn continues | ASSAY_E_AGAIN (no ledger yet) | ASSAY_E_INVALID (not
 *          idle) | ASSAY_E_NOT_FOUND (no such id) | ASSAY_E_RANGE (no version is left) |
 *          ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_holder_client_delete(struct assay_share_client *client,
                                                           const uint8_t name[static 32],
                                                           uint8_t id[static 32]);
/*
 * assay_holder_client_readers - replaces the readers of an id of the key.
 * In:      readers: 1 to ASSAY_SHARE_READERS_MAX, ascending
 * Out:     id
 * Returns: as delete; NOT_FOUND also when it is not synced, RANGE also for the number of readers
 */
ASSAY_CHECKED enum assay_status assay_holder_client_readers(
    struct assay_share_client *client, const uint8_t name[static 32],
    const struct assay_share_reader *readers, uint32_t reader_count, uint8_t id[static 32]);
/*
 * assay_holder_client_read - collects shares of a secret.
 * In:      sealed: as returned by put; copied
 * Returns: ASSAY_OK, and turn continues | ASSAY_E_AGAIN (no ledger yet) | ASSAY_E_INVALID (not
 *          idle) | ASSAY_E_NOT_FOUND (no such id, or not synced) | ASSAY_E_RANGE (a length) |
 *          ASSAY_E_CHAIN (not the payload of that id) | ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_holder_client_read(struct assay_share_client *client,
                                                         const uint8_t id[static 32],
                                                         struct assay_slice sealed);
/* The secret's payload after a read that is DONE; borrowed until close. Returns: it; empty before.
 */
struct assay_slice assay_holder_client_payload(const struct assay_share_client *client);
/* Waits up to the timeout for events, and processes them. */
void assay_holder_client_step(struct assay_share_client *client, int timeout_ms);
/* Returns: its state. */
struct assay_holder_client_status assay_holder_client_status(
    const struct assay_share_client *client);
/* Returns: the ledger state of shares, borrowed until the next turn; NULL before the first
 * BEGIN. */
const struct assay_share_registry *assay_holder_client_registry(
    const struct assay_share_client *client);

#endif
