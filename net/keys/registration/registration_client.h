/*
 * net/keys/registration/registration_client.h - client of the key socket of an enclave program: it
 * registers a workload key, and again after each restart of that program (docs/identity.md 6.6,
 * 6.7).
 *
 * The enclave binds registered keys into evidence, and the daemon declares them. A step waits for
 * nothing; assay_registration_client_run waits for the end of one conversation. Not thread-safe.
 */
#ifndef ASSAY_NET_KEYS_REGISTRATION_REGISTRATION_CLIENT_H
#define ASSAY_NET_KEYS_REGISTRATION_REGISTRATION_CLIENT_H

#include "net/keys/registration/registration_statement.h"

enum {
    ASSAY_REGISTRATION_MESSAGE_LEN = 400,
    ASSAY_REGISTRATION_REASON_LEN = 320,
    ASSAY_REGISTRATION_AGAIN_MS = 2000,   /* between two conversations of steps */
    ASSAY_REGISTRATION_TIMEOUT_MS = 5000, /* of a conversation, by default */
};

/* Of the last conversation that ended. */
enum assay_registration_outcome {
    ASSAY_REGISTRATION_NONE,        /* there was none */
    ASSAY_REGISTRATION_DONE,        /* the running enclave has the key, or has withdrawn it */
    ASSAY_REGISTRATION_UNREACHABLE, /* no socket, no answer in time, or no answer of an enclave */
    ASSAY_REGISTRATION_NOT_READY,   /* the enclave has not been given network and member yet */
    ASSAY_REGISTRATION_NOT_MADE,    /* make returned no statement */
    ASSAY_REGISTRATION_REFUSED,     /* the enclave refused the statement */
};

/* What `key boot` answers. */
struct assay_registration_boot {
    uint8_t boot[32], chain_id[32], node_id[32];
};

struct assay_registration_config {
    const char *path;    /* enclave.service, copied */
    unsigned timeout_ms; /* of a conversation; 0: the default */
    /* The statement for this boot of the enclave. Out: reason: in a sentence, of a failure.
     * Returns: ASSAY_OK, or why there is none */
    enum assay_status (*make)(void *context, const struct assay_registration_boot *boot,
                              struct assay_registration_statement *statement,
                              char reason[static ASSAY_REGISTRATION_REASON_LEN]);
    void *context;
    /* NULL, or a purpose and a name ("tls api", borrowed): that key is withdrawn, and make is not
     * called. */
    const char *withdraw;
};

struct assay_registration_client;

/* Returns: ASSAY_OK, nothing is requested yet | ASSAY_E_RANGE (the path is too long for a socket) |
 * ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_registration_client_create(
    const struct assay_registration_config *config, struct assay_registration_client **out);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_registration_client_destroy(struct assay_registration_client **client);
/* Sends and reads what is possible without waiting. now_ms: monotonic */
void assay_registration_client_step(struct assay_registration_client *client, uint64_t now_ms);
/* One conversation, now. Returns: its outcome */
enum assay_registration_outcome assay_registration_client_run(
    struct assay_registration_client *client);
/* Of an enclave that has the key already. In: boot: the one that it had then */
void assay_registration_client_resume(struct assay_registration_client *client,
                                      const uint8_t boot[static 32]);

/* Why a connection to the enclave's socket failed, and what to do. In: error: of connect(2). */
void assay_registration_client_connect_fault(const char *path, int error,
                                             char text[static ASSAY_REGISTRATION_REASON_LEN]);

/* Returns: whether the running enclave has the key, as its last answer said. */
bool assay_registration_client_is_done(const struct assay_registration_client *client);
/* Returns: what make returned in the last conversation. */
enum assay_status assay_registration_client_made(const struct assay_registration_client *client);
/* Returns: what the enclave answered `key boot` last; all zero before. */
const struct assay_registration_boot *assay_registration_client_boot(
    const struct assay_registration_client *client);
/* Returns: how many keys the enclave has, as it answered the last statement. */
unsigned assay_registration_client_count(const struct assay_registration_client *client);
/* Returns: whether the enclave refused the last conversation with this status. */
bool assay_registration_client_is_refused_with(const struct assay_registration_client *client,
                                               enum assay_status status);
/* Returns: why the key is not registered, and what to do, in printable ASCII; borrowed until the
 * next step. */
const char *assay_registration_client_message(const struct assay_registration_client *client);

#endif
