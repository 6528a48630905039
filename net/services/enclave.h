/*
 * net/services/enclave.h - state continuity for an application: its session
 * (services/continuity/client.h), its links, and the ledger that it follows (docs/services.md 4.4).
 *
 * The application seals its state durably before it calls update, and shows nothing of a state
 * before wait has said that it is certified, nothing that it only read before confirm has. One
 * thread calls; a call waits as long as it is told to, and between calls nothing goes on.
 */
#ifndef ASSAY_NET_SERVICES_ENCLAVE_H
#define ASSAY_NET_SERVICES_ENCLAVE_H

#include "base/secret.h"
#include "services/continuity/client.h"

enum { ASSAY_ENCLAVE_MESSAGE_LEN = 256 };

/* What an enclave is from its birth on, sealed with its state: the one without the other starts
 * nothing, and a key is born once (docs/services.md 1.2). */
struct assay_enclave_identity {
    uint8_t chain_id[32];
    uint32_t group;
    struct assay_cont_birth birth;
    struct assay_secret32 key; /* P-256 */
};

struct assay_enclave_config {
    const char *ledger; /* path of its socket */
    const char *listen; /* HOST:PORT, for answers */
    const char *host;   /* that replicas dial instead; NULL: that of listen */
    uint32_t group;
    const struct assay_enclave_identity *identity; /* unsealed; NULL: a birth, with its own key */
    uint32_t lease; /* of a birth: epochs that its row stays in the ledger without a session or a
                       newer state; 0: until it retires. The library renews it with states that are
                       certified; an instance whose lease is over is GONE_ROW for ever */
};

enum assay_enclave_result {
    ASSAY_ENCLAVE_OK,
    ASSAY_ENCLAVE_IN_DOUBT,   /* not yet: it may still come to be; ask again, release nothing */
    ASSAY_ENCLAVE_FENCED,     /* a newer session lives: wipe and end */
    ASSAY_ENCLAVE_ROLLBACK,   /* the state handed in is not the last certified one: refused */
    ASSAY_ENCLAVE_NO_QUORUM,  /* the group's memory is gone: serve nothing, keep the blob */
    ASSAY_ENCLAVE_FULL,       /* too many states wait to be certified */
    ASSAY_ENCLAVE_TOO_EARLY,  /* not in this phase */
    ASSAY_ENCLAVE_CHAIN,      /* the identity is of another chain or group: nothing was sent */
    ASSAY_ENCLAVE_NO_ROOM,    /* the group has no room for another instance */
    ASSAY_ENCLAVE_QUOTA,      /* the daemon's member has as many instances as one may have */
    ASSAY_ENCLAVE_CLONES,     /* too many sessions of this instance in this epoch */
    ASSAY_ENCLAVE_NO_STANDING, /* the daemon's member stands too low to have one numbered */
    ASSAY_ENCLAVE_GONE_ROW,   /* it has left the ledger: serve nothing, keep the blob */
    ASSAY_ENCLAVE_RETIRED,    /* the instance is over: it has said so itself */
    ASSAY_ENCLAVE_REFUSED,    /* the daemon or the ledger took no record: assay_enclave_why */
    ASSAY_ENCLAVE_FAILED,     /* no random numbers, no socket */
};

struct assay_enclave;

/* Returns: ASSAY_OK | ASSAY_E_CHAIN (an identity of another group) | as assay_peer_links_open,
 * assay_follower_create; message says why, for people */
ASSAY_CHECKED enum assay_status assay_enclave_open(const struct assay_enclave_config *config,
                                                   struct assay_enclave **out,
                                                   char message[static ASSAY_ENCLAVE_MESSAGE_LEN]);
/* Accepts a pointer to NULL; nulls it. Returns: nothing. */
void assay_enclave_close(struct assay_enclave **enclave);

/* Has the ledger number a session, and asks the group what was certified last. Out:     *found on
 * OK: index 0 at the first start of all Returns: OK | IN_DOUBT (not within timeout_ms: call again)
 * | FENCED | NO_QUORUM | CHAIN | GONE_ROW | RETIRED | NO_ROOM, QUOTA, CLONES, NO_STANDING, REFUSED
 * (each once; called again, the ledger is asked again) | FAILED */
enum assay_enclave_result assay_enclave_start(struct assay_enclave *enclave, int timeout_ms,
                                              struct assay_cont_entry *found);
/* The state that was unsealed (index 0: none yet), as assay_cont_client_adopt has it: written back
 * under this session. Returns: OK | IN_DOUBT (call again) | ROLLBACK | FENCED | NO_QUORUM |
 * TOO_EARLY | FAILED */
enum assay_enclave_result assay_enclave_adopt(struct assay_enclave *enclave, uint64_t index,
                                              const uint8_t prev[static 32],
                                              const uint8_t blob_hash[static 32], int timeout_ms);
/* The next state, sealed durably already; never waits. Out: *index. Returns: OK | FULL | FENCED |
 * TOO_EARLY */
enum assay_enclave_result assay_enclave_update(struct assay_enclave *enclave,
                                               const uint8_t blob_hash[static 32],
                                               uint64_t *index);
/* Of a birth it is whole when start has returned OK, and has to be durable before the first update.
 * Returns: the identity, a secret, borrowed from the enclave. */
const struct assay_enclave_identity *assay_enclave_identity(const struct assay_enclave *enclave);
/* Until state `index` is certified and, of an instance that is new, the ledger keeps its row: from
 * then on no state of it is lost by time. Returns: OK | IN_DOUBT | FENCED | NO_QUORUM | GONE_ROW |
 * RETIRED | FAILED */
enum assay_enclave_result assay_enclave_wait(struct assay_enclave *enclave, uint64_t index,
                                             int timeout_ms);
/* Before a read leaves. Returns: OK | IN_DOUBT | FENCED | NO_QUORUM | TOO_EARLY | FAILED */
enum assay_enclave_result assay_enclave_confirm(struct assay_enclave *enclave, int timeout_ms);
/* The instance is over, for ever: its row leaves the ledger. Returns: OK | IN_DOUBT (call again) |
 * TOO_EARLY (no session) | FENCED | NO_QUORUM | FAILED */
enum assay_enclave_result assay_enclave_retire(struct assay_enclave *enclave, int timeout_ms);
/* Returns: the name of the last refusal, as the ledger or the daemon gave it; "" without one. */
const char *assay_enclave_why(const struct assay_enclave *enclave);
/* Does what there is to do, and waits up to so long for it. Returns: as wait, of nothing */
enum assay_enclave_result assay_enclave_turn(struct assay_enclave *enclave, int timeout_ms);
/* Returns: what it knows: certified, session, roster. */
const struct assay_cont_client *assay_enclave_client(const struct assay_enclave *enclave);

#endif
