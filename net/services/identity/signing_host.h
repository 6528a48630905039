/*
 * net/services/identity/signing_host.h - signing sessions in a holder's process: its side as signer
 * (services/identity/signer.h), its coordinator (coordinator.h) and the certificate of the group
 * keys (docs/identity.md 4.17). While a CA number is the next one, a second signer and coordinator
 * sign its certificate, and nothing else; the active number signs another of the same key.
 *
 * Frames between holders are a byte and what enum assay_signing_frame says. The link proves the
 * sender; everything else is hostile. What must be durable before a message leaves is in the
 * vault by then. Without sockets and clocks of its own: the caller hands both in. Not thread-safe.
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_SIGNING_HOST_H
#define ASSAY_NET_SERVICES_IDENTITY_SIGNING_HOST_H

#include "net/services/identity/derivation.h"
#include "net/services/identity/holder_vault.h"
#include "net/services/wire.h"
#include "services/identity/coordinator.h"

/* First byte of a frame, then: */
enum assay_signing_frame {
    ASSAY_SIGNING_FRAME_MESSAGE = 1,     /* a message of services/identity/signing.h */
    ASSAY_SIGNING_FRAME_CERTIFICATE = 2, /* signature of the newest certificate of the key */
    ASSAY_SIGNING_FRAME_WANT = 3,        /* which certificate of a key (u32) the sender lacks: */
    ASSAY_SIGNING_FRAME_STORED = 4,      /* the same, and ASSAY_SIGNING_RECORD_LEN bytes */
    ASSAY_SIGNING_FRAME_NEXT =
        5, /* a frame (1 or 2) of the next CA number, not of the active one */
    /* of dealing_files.h: */
    ASSAY_SIGNING_FRAME_DEALING_WANT = 6, /* digest of a dealing that the sender lacks */
    ASSAY_SIGNING_FRAME_DEALING = 7,      /* its payload */
};
/* Which certificate of a key: a CA number, signed by itself; with this bit by the number that was
 * active when it was the next one. */
#define ASSAY_SIGNING_CROSS (UINT32_C(1) << 31)
/* What a certificate of the key is derived from: era, epoch and Unix ms of the close that it names
 * (u64 each), and its signature. */
enum { ASSAY_SIGNING_RECORD_LEN = 3 * 8 + 64 };
enum { ASSAY_SIGNING_FRAME_MAX = 2 + ASSAY_SIGNING_MESSAGE_MAX };

struct assay_keyholder_signing_config {
    struct assay_holder_vault *vault; /* borrowed */
    uint8_t node_id[32], link_key[32];
    /* To another holder; lost frames are sent in another session. */
    void (*send)(void *context, const uint8_t node_id[static 32], struct assay_slice frame);
    /* Proof that a holder of this generation signed wrongly, for a CA_LIE. */
    void (*lie)(void *context, uint32_t ca_number, uint64_t generation, struct assay_slice proof);
    /* A certificate of a key, verified. In: which: see ASSAY_SIGNING_CROSS. Returns: ASSAY_OK |
     * ASSAY_E_STORE */
    enum assay_status (*certified)(void *context, uint32_t which, struct assay_slice der);
    /* What the newest of these is derived from, for the next start. NULL: it is not stored. store
     * Returns: ASSAY_OK | ASSAY_E_STORE. load Returns: whether there is one */
    enum assay_status (*store)(void *context, uint32_t which, struct assay_slice record);
    bool (*load)(void *context, uint32_t which, uint8_t record[static ASSAY_SIGNING_RECORD_LEN]);
    /* A certificate of a workload key of this member. Returns: ASSAY_OK | ASSAY_E_STORE */
    enum assay_status (*issued)(void *context, struct assay_slice name, struct assay_slice der);
    /* The answer to assay_keyholder_signing_issue, possibly within the call. In: bytes: the
     * certificate (DER) or token; else a sentence: why there is none */
    void (*answered)(void *context, uint64_t serial, enum assay_service_outcome outcome,
                     struct assay_slice bytes);
    /* Processor time of the thread, which is distributed among other holders. NULL: the clock of
     * the operating system */
    uint64_t (*cpu_us)(void *context);
    void *context;
};

struct assay_keyholder_signing_status {
    bool lacks_plan; /* the plan that the daemon shows is not the ledger's */
    bool is_open;    /* it signs for: */
    uint64_t epoch;
    uint64_t answered;          /* messages of sessions that it replied to */
    uint64_t refused;           /* that it did not */
    enum assay_status last;     /* of the last refused one */
    uint32_t certificates;      /* of keys, since the start */
    bool is_next_open;          /* it also signs the certificate of the next CA number */
    uint64_t journal_bytes;     /* that were written, since the start */
    uint64_t issued;            /* of workload keys of this member, since the start */
    uint64_t issued_for_daemon; /* certificates and tokens that its daemon requested */
};

/* A certificate or token that the daemon requests. All of it is hostile; slices are borrowed for
 * the call. */
struct assay_keyholder_issue {
    uint64_t serial; /* is returned */
    uint64_t epoch;
    enum assay_service_product product;
    uint8_t node_id[32]; /* of the member */
    struct assay_slice name,
        audience; /* audience: of a token. name: AUTHORITY: "ca-" and a number, "-cross" behind it:
                   * by the number before */
    struct assay_slice standing, keys, declared; /* as of assay_keyholder_signing_show */
};

struct assay_keyholder_signing;

/* Returns: ASSAY_OK | ASSAY_E_MEMORY (also: it cannot be locked) | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_keyholder_signing_create(
    const struct assay_keyholder_signing_config *config, struct assay_keyholder_signing **out);
/* Wipes. Accepts a pointer to NULL; sets it to NULL. */
void assay_keyholder_signing_destroy(struct assay_keyholder_signing **host);
/*
 * assay_keyholder_signing_on_epoch - a close that the holder verified and acts on.
 * In:      holder: with the shares of the generation in force; plan: as the daemon shows it; now
 * Returns: ASSAY_OK: it signs for this epoch, or for none (no key, no share, not a holder); an
 *          epoch that is not certified ends what its close has retired | ASSAY_E_STORE |
 *          ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_keyholder_signing_on_epoch(
    struct assay_keyholder_signing *host, const struct assay_keyholder_proof *proof,
    const struct assay_ca *ca, const struct assay_ceremony_holder *holder,
    const struct assay_registry_plan *plan, struct assay_cosigner_time now);
/*
 * assay_keyholder_signing_show - workload keys of this member after the epoch that it signs for.
 *
 * For each key of purpose TLS a certificate is requested of the holders, one after the other, when
 * it has none or half of the validity has passed; again until the epoch ends. All bytes are
 * hostile: holders verify them.
 * In:      standing: bare proof; keys: list that the newest certified PASS bound; declared: the
 *          newest declared one; empty: that one
 */
void assay_keyholder_signing_show(struct assay_keyholder_signing *host, uint64_t epoch,
                                  struct assay_slice standing, struct assay_slice keys,
                                  struct assay_slice declared, struct assay_cosigner_time now);
/*
 * assay_keyholder_signing_issue - a request of the daemon, answered once by config.answered.
 *
 * One is at work at a time, beside renewals of the member's own certificates. Tokens are issued for
 * keys of this member alone (docs/identity.md 4.13).
 */
void assay_keyholder_signing_issue(struct assay_keyholder_signing *host,
                                   const struct assay_keyholder_issue *wanted,
                                   struct assay_cosigner_time now);
/* A fence, a fold that is not the ledger's, an expired checkpoint: signs nothing before the next
 * on_epoch. */
void assay_keyholder_signing_stop(struct assay_keyholder_signing *host);
/* A frame of a holder, which the link proves. Returns: ASSAY_OK, whatever it was | ASSAY_E_STORE |
 * ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_keyholder_signing_on_frame(
    struct assay_keyholder_signing *host, const uint8_t from[static 32], struct assay_slice frame,
    struct assay_cosigner_time now);
/* At least every ASSAY_COSIGNER_TICK_MS. Returns: as on_frame */
ASSAY_CHECKED enum assay_status assay_keyholder_signing_on_tick(
    struct assay_keyholder_signing *host, struct assay_cosigner_time now);
struct assay_keyholder_signing_status assay_keyholder_signing_status(
    const struct assay_keyholder_signing *host);

#endif
