/*
 * apps/enclave/supervisor.h - the node's enclave as the host sees it: platform, agent and process
 * driver joined, nothing more.
 *
 *     host (net/runtime/runtime.h) -> supervisor -> agent (engine/enforce) -> process driver ->
 *                                                                  platform (quote/source) -> the
 *                                                                  enclave
 *
 * Quotes are made in a thread of the platform's own: a second of hardware holds up nobody.
 *
 * The enclave is started by open's first step and lives as long as the supervisor. docs/protocol.md
 * 10.1 to 10.4 say what it must obey; enforce/agent.h how.
 */
#ifndef ASSAY_APPS_ENCLAVE_SUPERVISOR_H
#define ASSAY_APPS_ENCLAVE_SUPERVISOR_H

#include "apps/config.h"
#include "engine/store/store.h"
#include "net/runtime/runtime.h"

struct assay_soft_node;  /* quote/source/soft/soft.h */
struct assay_source;     /* quote/source/source.h */
struct assay_tpm_source; /* quote/source/tpm/tpm.h */
struct assay_supervisor;

/* Strings are copied; the store and the quote source are borrowed and outlive the supervisor (see
 * close). */
struct assay_supervisor_config {
    const char *path;         /* enclave.path: the executable */
    const char *restore_path; /* enclave.restore_path: a pristine copy; NULL or "": path stays */
    const char *service_path; /* enclave.service: the UNIX socket that the enclave listens on */
    /* enclave.key_users: options of the enclave. */
    const struct assay_config_key_user *key_users;
    uint32_t key_user_count;
    /* The quote source, one of the three: a SOFT platform, a TPM into which the enclave is
     * measured, any other source. Only the supervisor's thread uses its handle meanwhile. */
    const struct assay_soft_node *credential;
    struct assay_tpm_source *tpm;
    struct assay_source *source;
    const char *devices; /* evidence.devices; borrowed as these are; NULL: none */
    const struct assay_config_enforcement *enforcement; /* NULL: no journal, no targets */
    const char *hold_path;     /* copy of a manual hold, next to the keys; NULL: none */
    const uint8_t *node_id;    /* [32], of events; with enforcement */
    struct assay_store *store; /* persists orders, between the batches of the host */
    uint32_t grace_ms;         /* from SIGTERM to SIGKILL; 0: 2000 */
    uint32_t backoff_ms;       /* before the first restart after an exit, doubling; 0: 100 */
    uint32_t backoff_ms_max;   /* 0: 30000 */
    uint32_t quote_ms;         /* from the host's request to the quote; 0: 2000 */
    uint32_t close_ms;         /* how long close waits for a pending quote; 0: 3000 */
    uint32_t suspend_ms;       /* how long close waits at least for each target that an order which
                                  could not be stored suspends; 0: 10000 */
};

/*
 * assay_supervisor_open - read what was ordered before; an order begun and not ended is completed.
 * Nothing is started yet: the first step does. A missing executable is no reason to fail: it is
 * retried with back-off, and an order may restore it.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (a path too long or missing) | ASSAY_E_STORE | ASSAY_E_MEMORY |
 *          as assay_journal_open and assay_targets_open; message: the reason of a failure
 */
ASSAY_CHECKED enum assay_status assay_supervisor_open(
    const struct assay_supervisor_config *config, struct assay_supervisor **out,
    char message[static ASSAY_RUNTIME_MESSAGE_LEN]);
/*
 * assay_supervisor_targets - other targets in the place of those before, with the same journal.
 * Each remembers its orders under its name, so that one which stays goes on where it was. What
 * cannot be opened leaves those before; one of these that cannot be opened again either fails each
 * order, with its reason in the log and in the document, until a call opens it.
 * In:      enforcement outlives the supervisor, or the next call
 * Returns: as assay_targets_open; message: the reason of a failure
 */
ASSAY_CHECKED enum assay_status assay_supervisor_targets(
    struct assay_supervisor *supervisor, const struct assay_config_enforcement *enforcement,
    char message[static ASSAY_RUNTIME_MESSAGE_LEN]);
/* Returns: whether every target of the configuration is open; with enforcement. */
bool assay_supervisor_targets_are_open(const struct assay_supervisor *supervisor);
/* Devices travel packed from the next quote on, or as they are: the policy in force says which
 * (docs/protocol.md 3.24.2). */
void assay_supervisor_pack_devices(struct assay_supervisor *supervisor, bool packs);
/* The callbacks of assay_runtime_config.enclave. */
void assay_supervisor_callbacks(struct assay_supervisor *supervisor,
                                struct assay_runtime_enclave *enclave);
/*
 * assay_supervisor_close - end the enclave at once (SIGKILL to its group, waited for).
 * A quote that is being made is waited for, close_ms at most: a call in the kernel cannot be
 * interrupted.
 * In:      accepts a pointer to NULL, and sets it to NULL
 * Returns: true | false: that call has not come back, and who quotes is still in use: end the
 *          process without closing or freeing it
 */
bool assay_supervisor_close(struct assay_supervisor **supervisor);

#endif
