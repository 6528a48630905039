/*
 * net/services/continuity/enclave.h - state continuity for an application: its session
 * (services/continuity/client.h), its links, and the ledger that it verifies (services.md 4.4).
 *
 * The daemon's socket is a transport, and is trusted with nothing: the enclave follows voters by
 * finality certificates from its checkpoint (host/light/light.h), and reads view and row of its
 * instance from certified states. The number of a session is what a quorum of replicas of a proven
 * view has answered to.
 *
 * The application persists its sealed state before it calls update, and releases no output of a
 * state before wait reports it certified, and no read before confirm succeeds. Not thread-safe; a
 * call blocks up to its timeout, and nothing runs between calls.
 */
#ifndef ASSAY_NET_SERVICES_CONTINUITY_ENCLAVE_H
#define ASSAY_NET_SERVICES_CONTINUITY_ENCLAVE_H

#include "base/secret.h"
#include "host/light/light.h"
#include "services/continuity/client.h"

enum { ASSAY_ENCLAVE_MESSAGE_LEN = 256 };

/* Identity of an instance, sealed with its state: neither is usable without the other, and a key is
 * used for one birth (docs/services.md 1.2). */
struct assay_enclave_identity {
    uint8_t chain_id[32];
    uint32_t group;
    struct assay_cont_birth birth;
    struct assay_secret32 key; /* P-256 */
};

/* What the enclave trusts besides its own key. Sealed with each state; at a birth the checkpoint
 * alone, which is measured or comes from the owner, never from the host. */
struct assay_enclave_trust {
    struct assay_checkpoint checkpoint;
    bool has_view; /* of the last session, by which the next one verifies hand-overs */
    struct assay_cont_roster roster;
    /* By seat; address_len 0: not known. */
    struct assay_cont_contact contact[ASSAY_CONT_SEATS_MAX];
};

struct assay_enclave_config {
    const char *ledger; /* path of its socket */
    uint32_t group;
    const struct assay_enclave_identity *identity; /* unsealed; NULL: a birth, which generates its
                                                    * key */
    const struct assay_enclave_trust *trust;       /* copied; never NULL */
    const uint8_t *owner; /* P-256 key that may sign later checkpoints; NULL: none */
    /* A later checkpoint, signed by the owner (assay_light_owner_digest): over a RECOVER, after the
     * trusting period, or where no hand-over leads from the sealed view. Empty: none. Copied */
    struct assay_slice later;
    const uint8_t *later_signature; /* [ASSAY_P256_SIGNATURE_LEN] */
    uint32_t handover_ms; /* how long a hand-over is looked for before NO_PROOF; 0: a minute */
    uint32_t lease; /* of a birth: epochs that its row stays in the ledger without a session or a
                     * newer state; 0: until it retires. The library renews it with certified
                     * states; an instance whose lease expired is GONE_ROW permanently */
};

enum assay_enclave_result {
    ASSAY_ENCLAVE_OK,
    ASSAY_ENCLAVE_IN_DOUBT,    /* not yet: it may still be certified; call again, release nothing */
    ASSAY_ENCLAVE_FENCED,      /* a newer session runs: wipe and end */
    ASSAY_ENCLAVE_ROLLBACK,    /* the given state is not the last certified one: refused */
    ASSAY_ENCLAVE_NO_QUORUM,   /* the group's memory is lost: serve nothing, retain the blob */
    ASSAY_ENCLAVE_FULL,        /* too many states wait to be certified */
    ASSAY_ENCLAVE_TOO_EARLY,   /* not in this phase */
    ASSAY_ENCLAVE_CHAIN,       /* the identity is of another chain or group: nothing was sent */
    ASSAY_ENCLAVE_NO_ROOM,     /* the group has no room for another instance */
    ASSAY_ENCLAVE_QUOTA,       /* the daemon's member has the maximum number of instances */
    ASSAY_ENCLAVE_CLONES,      /* too many sessions of this instance in this epoch */
    ASSAY_ENCLAVE_NO_STANDING, /* the daemon's member has too low a standing */
    ASSAY_ENCLAVE_GONE_ROW,    /* it has left the ledger: serve nothing, retain the blob */
    ASSAY_ENCLAVE_RETIRED,     /* the instance was retired by its own key */
    ASSAY_ENCLAVE_REFUSED,     /* a record was rejected: assay_enclave_get_failure */
    ASSAY_ENCLAVE_NO_PROOF,    /* no hand-over leads from the sealed view to the one that serves */
    ASSAY_ENCLAVE_OTHER_ERA,   /* the ledger is in an era that the checkpoint is not of */
    ASSAY_ENCLAVE_TRUST_EXPIRED, /* the checkpoint is too old for what the ledger has */
    ASSAY_ENCLAVE_FAILED,        /* no random numbers, no socket */
};

struct assay_enclave;

/* Returns: ASSAY_OK | ASSAY_E_CHAIN (an identity of another group or chain) | ASSAY_E_SIGNATURE (a
 * later checkpoint that the owner has not signed) | as assay_checkpoint_decode,
 * assay_tls_client_open, assay_follower_create; message: the reason of a failure */
ASSAY_CHECKED enum assay_status assay_enclave_open(const struct assay_enclave_config *config,
                                                   struct assay_enclave **out,
                                                   char message[static ASSAY_ENCLAVE_MESSAGE_LEN]);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_enclave_close(struct assay_enclave **enclave);

/* Has the ledger number a session, and asks the group what was certified last. Out: *found on OK:
 * index 0 at the first start of all. Returns: OK | IN_DOUBT (not within timeout_ms: call again) |
 * FENCED | NO_QUORUM | CHAIN | GONE_ROW | RETIRED | NO_ROOM, QUOTA, CLONES, NO_STANDING, REFUSED,
 * NO_PROOF, OTHER_ERA, TRUST_EXPIRED (each once; called again, the ledger is asked again) |
 * FAILED */
enum assay_enclave_result assay_enclave_start(struct assay_enclave *enclave, int timeout_ms,
                                              struct assay_cont_entry *found);
/* Adopts the unsealed state (index 0: none yet), as assay_cont_client_adopt: it is written under
 * this session. Returns: OK | IN_DOUBT (call again) | ROLLBACK | FENCED | NO_QUORUM | TOO_EARLY |
 * FAILED */
enum assay_enclave_result assay_enclave_adopt(struct assay_enclave *enclave, uint64_t index,
                                              const uint8_t prev[static 32],
                                              const uint8_t blob_hash[static 32], int timeout_ms);
/* The next state, already durable; never blocks. Out: *index. Returns: OK | FULL | FENCED |
 * TOO_EARLY */
enum assay_enclave_result assay_enclave_update(struct assay_enclave *enclave,
                                               const uint8_t blob_hash[static 32], uint64_t *index);
/* Of a birth it is complete when start has returned OK, and must be durable before the first
 * update.
 * Returns: the identity, a secret, borrowed from the enclave. */
const struct assay_enclave_identity *assay_enclave_identity(const struct assay_enclave *enclave);
/* Waits until state `index` is certified and, of a new instance, a closed epoch proves that the
 * ledger retains its row: from then on its states do not expire. Returns: OK | IN_DOUBT | FENCED |
 * NO_QUORUM | GONE_ROW | RETIRED | NO_PROOF | FAILED */
enum assay_enclave_result assay_enclave_wait(struct assay_enclave *enclave, uint64_t index,
                                             int timeout_ms);
/* Out: *trust, to be sealed with the next state. */
void assay_enclave_get_trust(const struct assay_enclave *enclave,
                             struct assay_enclave_trust *trust);
/* Confirms before a read is released. Each call makes a request of its own, so OK holds for what
 * was read before the call and not for later reads; a timeout below a round trip is always
 * IN_DOUBT. Returns: OK | IN_DOUBT | FENCED | NO_QUORUM | TOO_EARLY | FAILED */
enum assay_enclave_result assay_enclave_confirm(struct assay_enclave *enclave, int timeout_ms);
/* Signatures of a quorum over the newest entry, for the nonce of a relying party
 * (docs/services.md 1.8). Out: *receipt on OK. Returns: OK | IN_DOUBT (call again, with the same
 * nonce) | FENCED | NO_QUORUM | TOO_EARLY (nothing is certified yet) | FAILED */
enum assay_enclave_result assay_enclave_receipt(struct assay_enclave *enclave,
                                                const uint8_t nonce[static 32], int timeout_ms,
                                                struct assay_cont_receipt *receipt);
/* Retires the instance permanently: its row leaves the ledger. OK once a closed epoch proves that
 * it is retired, or has no row and can have none again. Returns: OK | IN_DOUBT (call again) |
 * TOO_EARLY (no session) | FENCED | NO_QUORUM | FAILED */
enum assay_enclave_result assay_enclave_retire(struct assay_enclave *enclave, int timeout_ms);
/* Returns: how many replicas of the session's view it is connected to. */
uint32_t assay_enclave_count_connected(const struct assay_enclave *enclave);
/* Returns: why the last record or the last proof was refused, or the daemon cannot be reached; ""
 * without a reason. */
const char *assay_enclave_get_failure(const struct assay_enclave *enclave);
/* Processes events, waiting up to the timeout. Returns: as wait */
enum assay_enclave_result assay_enclave_step(struct assay_enclave *enclave, int timeout_ms);
/* For programs with an event loop: when the descriptor is readable, or after so many milliseconds
 * (at most a minute), assay_enclave_step(enclave, 0) has something to do. It has no thread, unless
 * the address of a replica is a name. Returns: the descriptor; the milliseconds */
int assay_enclave_fd(const struct assay_enclave *enclave);
int assay_enclave_timeout_ms(const struct assay_enclave *enclave);
/* Returns: the client: certified index, session, roster. */
const struct assay_cont_client *assay_enclave_client(const struct assay_enclave *enclave);

#endif
