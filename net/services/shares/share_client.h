/*
 * net/services/shares/share_client.h - the owner's and the reader's side of shares: a secret is
 * dealt and handed to the holders of a cluster, or k shares of one are collected (docs/services.md
 * 5.5, 5.12).
 *
 * It speaks through the daemon's socket with the ledger, and with holders at their doors. What
 * holders show is judged by the daemon before a share is given, and before one is believed. One
 * thing at a time; one thread calls.
 */
#ifndef ASSAY_NET_SERVICES_SHARES_SHARE_CLIENT_H
#define ASSAY_NET_SERVICES_SHARES_SHARE_CLIENT_H

#include "base/secret.h"
#include "services/shares/records.h"

enum {
    ASSAY_SHARE_CLIENT_MESSAGE_LEN = 256,
    ASSAY_SHARE_PAYLOAD_MAX = 64 * 1024, /* of a secret */
    ASSAY_SHARE_PAYLOAD_MORE = ASSAY_SODIUM_NONCE_LEN + ASSAY_SODIUM_TAG_LEN, /* when sealed */
};

struct assay_share_client_config {
    const char *ledger; /* path of the daemon's socket */
    const struct assay_secret32 *key; /* P-256, of the account that owns or reads; copied */
    /* A reader by measurement: evidence of the daemon's enclave is shown. */
    bool measured;
    uint8_t measurement[32];
};

enum assay_share_client_state {
    ASSAY_SHARE_CLIENT_IDLE,
    ASSAY_SHARE_CLIENT_WORKS,
    ASSAY_SHARE_CLIENT_DONE,
    ASSAY_SHARE_CLIENT_FAILED,
};

/* For people. */
struct assay_share_client_status {
    enum assay_share_client_state state;
    bool follows;      /* a ledger, now */
    bool is_final;     /* the record is */
    uint32_t answered; /* slots that confirmed, or gave */
    uint32_t wanted;   /* so many are enough; 0: what is done needs no holder */
    uint32_t silent;   /* a bit for each slot that has confirmed, or given, nothing yet */
    const char *why;   /* FAILED: static text */
};

struct assay_share_client;

/* Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_RANGE (path) | ASSAY_E_KEY | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_share_client_open(
    const struct assay_share_client_config *config, struct assay_share_client **out);
/* Accepts a pointer to NULL; nulls it. What it was doing ends. Returns: nothing. */
void assay_share_client_close(struct assay_share_client **client);
/*
 * assay_share_client_put - has a secret kept.
 * In:      payload: 1 to ASSAY_SHARE_PAYLOAD_MAX bytes; readers: 1 to ASSAY_SHARE_READERS_MAX,
 *          ascending
 * Out:     id; sealed[payload.len + ASSAY_SHARE_PAYLOAD_MORE]: the caller's to keep where its
 *          readers find it: the ledger has its digest
 * Returns: ASSAY_OK, and turn does it | ASSAY_E_AGAIN (no ledger yet, or the id was put or deleted
 *          in the epoch that runs: turn, then call again) | ASSAY_E_INVALID (not idle) |
 *          ASSAY_E_RANGE (no such cluster, a length) | ASSAY_E_DUPLICATE (the id is taken) |
 *          ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_share_client_put(
    struct assay_share_client *client, uint32_t cluster, const uint8_t name[static 32],
    const struct assay_share_reader *readers, uint32_t reader_count, struct assay_slice payload,
    uint8_t id[static 32], uint8_t *sealed);
/*
 * assay_share_client_delete - has an id of the key taken from the ledger: holders erase it.
 * Out:     id
 * Returns: ASSAY_OK, and turn does it | ASSAY_E_AGAIN (no ledger yet) |
 *          ASSAY_E_INVALID (not idle) | ASSAY_E_NOT_FOUND (no such id) |
 *          ASSAY_E_RANGE (it was changed as often as it can be) | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_share_client_delete(struct assay_share_client *client,
                                                          const uint8_t name[static 32],
                                                          uint8_t id[static 32]);
/*
 * assay_share_client_readers - names others that may read an id of the key, and nobody else.
 * In:      readers: 1 to ASSAY_SHARE_READERS_MAX, ascending
 * Out:     id
 * Returns: as delete; NOT_FOUND also when it is not synced, RANGE also for the number of readers
 */
ASSAY_CHECKED enum assay_status assay_share_client_readers(
    struct assay_share_client *client, const uint8_t name[static 32],
    const struct assay_share_reader *readers, uint32_t reader_count, uint8_t id[static 32]);
/*
 * assay_share_client_read - has shares collected.
 * In:      sealed: as put gave it; copied
 * Returns: ASSAY_OK, and turn does it | ASSAY_E_AGAIN (no ledger yet) |
 *          ASSAY_E_INVALID (not idle) | ASSAY_E_NOT_FOUND (no such id, or not synced) |
 *          ASSAY_E_RANGE (a length) | ASSAY_E_CHAIN (not the payload of that id) |
 *          ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_share_client_read(struct assay_share_client *client,
                                                        const uint8_t id[static 32],
                                                        struct assay_slice sealed);
/* The secret's payload after a read that is DONE; borrowed until close. Returns: it; empty before.
 */
struct assay_slice assay_share_client_payload(const struct assay_share_client *client);
/* Waits up to so long for something to do, and does it. Returns: nothing. */
void assay_share_client_turn(struct assay_share_client *client, int timeout_ms);
/* Returns: what it is doing. */
struct assay_share_client_status assay_share_client_status(const struct assay_share_client *client);
/* Returns: the ledger's part of shares, borrowed until the next turn; NULL before it has told. */
const struct assay_share_registry *assay_share_client_registry(
    const struct assay_share_client *client);

#endif
