/*
 * net/runtime/runtime.h - node runtime: one loop that owns the engine, the store and all sockets.
 *
 * Each poll: read -> step -> sign -> persist -> send -> act -> sleep, in the order of
 * engine/engine.h. A failing store stops the node: nothing more is signed or sent, the loop
 * returns the status and assayd exits non-zero. Verification runs in a separate process, or in a
 * pool of threads (net/verifier/verify_pool.h), and returns as events; everything else runs in the
 * thread that calls assay_runtime_run.
 *
 * The enclave (platform and agent, quote/source and enforce/) is behind struct
 * assay_runtime_enclave; apps/daemon fills it in.
 */
#ifndef ASSAY_NET_RUNTIME_RUNTIME_H
#define ASSAY_NET_RUNTIME_RUNTIME_H

#include "engine/engine.h"
#include "host/enforcement.h"
#include "net/http/roles.h"
#include "net/system/log.h"

#include <poll.h>

struct assay_runtime;
struct assay_endorsements;            /* quote/verify.h */
struct assay_fetcher;                 /* net/fetch/fetcher.h */
struct assay_verifier_process_config; /* net/verifier/verifier_supervisor.h */
struct assay_transport_apart;         /* net/transport/transport.h */
struct assay_host_services;           /* host/services.h */
struct assay_policy;                  /* quote/accept/policy.h */

enum {
    ASSAY_RUNTIME_ENCLAVE_FDS_MAX = 16,
    ASSAY_RUNTIME_MESSAGE_LEN = 256, /* a reason for operators */
    ASSAY_RUNTIME_STATUS_LEN = 640,
};

/* --------------------------------------------------------------- the enclave, by callbacks */

enum assay_enclave_event_kind {
    ASSAY_ENCLAVE_QUOTE,   /* reply to request_quote */
    ASSAY_ENCLAVE_REBUILT, /* RESTART executed, correct build runs: new keys are needed */
    ASSAY_ENCLAVE_OUTCOME, /* an order was executed or refused: for log and timeline */
    ASSAY_ENCLAVE_STARTED, /* a process runs: for log and timeline */
    ASSAY_ENCLAVE_EXITED,  /* the process exited unexpectedly; the agent restarts it: for log and
                            * timeline */
};

struct assay_enclave_event {
    enum assay_enclave_event_kind kind;
    union {
        struct {
            uint64_t epoch;
            uint32_t incarnation;
            struct assay_slice bytes; /* declared length, no zero tail; len 0: no quote to be had.
                                         Borrowed until the next call of any callback */
            /* Of a request with `keyed`, and a quote. */
            bool binds_keys; /* the evidence binds keyed->keys_root; else that of no keys */
            /* The keys that are registered with the enclave now, for a KEYS record: a list whose
             * every proof verifies; empty: the enclave has none to declare, as before. Borrowed as
             * bytes are. */
            struct assay_slice keys;
            uint8_t keys_root[32]; /* of keys, where there are any */
        } quote;
        struct {
            /* The incarnation that ended. Reported again after every boot until a higher one is
             * listed, so that a crash between the restart and the new keys loses nothing; the
             * runtime makes keys once per ended incarnation. */
            uint32_t ended_incarnation;
        } rebuilt;
        struct {
            struct assay_order order;
            enum assay_status
                status; /* ASSAY_OK: done; ASSAY_E_STALE: void or done before; else why not */
        } outcome;
        struct {
            int64_t pid;
            uint8_t measurement[32];
        } started;
        struct {
            int64_t pid;
            int wait_status; /* as waitid reports: si_status */
        } exited;
    } as;
};

struct assay_enclave_snapshot {
    int64_t pid; /* 0: not running */
    bool paused; /* service suspended by an order */
    uint32_t starts;
    uint8_t measurement[32];
};

/* All pointers are set, except for the last two. No call blocks: bounded work, then return. The
 * runtime calls from one thread. */
struct assay_runtime_enclave {
    void *context;
    /* Requests a quote over report_data; an ASSAY_ENCLAVE_QUOTE event answers it, also on failure.
     * keyed, borrowed for the call: the statement with the keys that are declared, to be hashed by
     * the enclave, which binds them when it has them all; report_data is then that of the same
     * statement without keys. NULL: report_data alone. A newer request replaces an unanswered one.
     * Returns: ASSAY_OK (an event follows) | ASSAY_E_AGAIN (no enclave runs: the runtime passes an
     * empty quote to the engine) | an ASSAY_CLASS_HOST status (the node stops) */
    enum assay_status (*request_quote)(void *context, uint64_t epoch, uint32_t incarnation,
                                       const uint8_t report_data[static 64],
                                       const struct assay_binding *keyed);
    /* Persists the order, then executes it; the outcome is an event. The engine derives orders
     * again while their cause persists: the agent executes each once. Returns: ASSAY_OK | an
     * ASSAY_CLASS_HOST status (not persisted: the node stops, what the order forbids is suspended
     * first) */
    enum assay_status (*order)(void *context, const struct assay_order *order);
    /* Descriptors to poll. Returns: how many of fds[capacity] were written (never more). */
    size_t (*poll_set)(void *context, struct pollfd *fds, size_t capacity);
    /* Returns: the monotonic ms at which step must be called at the latest; UINT64_MAX: never.
     */
    uint64_t (*wake_at)(void *context);
    /* Called once per turn with the same fds, revents filled in. */
    void (*step)(void *context, uint64_t now_ms, const struct pollfd *fds, size_t count);
    /* Takes the next event; called after step until false. Returns: true and *event. */
    bool (*next)(void *context, struct assay_enclave_event *event);
    /* Out: *view for the status document. */
    void (*look)(void *context, struct assay_enclave_snapshot *snapshot);
    /* Out: *view. NULL: there is nothing to report. */
    void (*enforcement)(void *context, struct assay_enforcement *view);
    /* Manual hold: no work until released, durable. reason: printable ASCII, at most
     * ASSAY_ENFORCEMENT_REASON_MAX. NULL: not supported. Returns: ASSAY_OK | why it is not durable:
     * a hold is in force all the same, a release is not */
    enum assay_status (*hold)(void *context, bool held, const char *reason);
};

#ifdef ASSAY_TEST_HOOKS
/*
 * Hooks of a Byzantine test build into its own runtime (tests/byzantine). assayd is built without
 * them: the symbols do not exist. Any pointer may be NULL. Replaced slices must outlive the poll.
 */
struct assay_runtime_hooks {
    void *context;
    /* Before an effect is applied; may change it. Returns: false to drop it. */
    bool (*effect)(void *context, struct assay_runtime *runtime, struct assay_effect *effect);
    /* Before an event is stepped; may change it. Returns: false to drop it. */
    bool (*event)(void *context, struct assay_runtime *runtime, struct assay_event *event);
    /* Each received frame, before any check. */
    void (*frame)(void *context, struct assay_slice bytes);
};
#endif

/* --------------------------------------------------------------- runtime */

struct assay_runtime_peer {
    uint8_t node_id[32];
    const char *endpoint; /* "host:port", several between commas (net/zmq/link.h) */
};

struct assay_runtime_past_rules; /* net/verifier/rule_documents.h */

/* Where HTTP listens (net/http/http.h); both NULL: nowhere. */
struct assay_http_role_rule; /* net/http/roles.h */
struct assay_runtime_http {
    const char *socket_path, *address;
    const char *certificate, *key, *clients;  /* NULL: no TLS */
    const struct assay_http_role_rule *roles; /* [role_count], borrowed while the runtime opens */
    size_t role_count;
    enum assay_http_role local_role; /* as in net/http/http.h */
    bool accept_plain;
    const char *state_dir;    /* directory for disk metrics; NULL: none */
    uint32_t metrics_members; /* rows of the metrics by member; 0: none */
};

/* A RECOVER of era - 1, in the form of assay_acceptance_encode. */
struct assay_accepted_recover {
    uint32_t era;
    uint8_t *accepting; /* [accepting_len] */
    size_t accepting_len;
};

/* Pointers are borrowed for the life of the runtime unless noted otherwise. */
struct assay_runtime_config {
    /* The genesis with the changes in force, and their state (host/effective_rules.h). */
    const struct assay_genesis *genesis;
    const struct assay_state *state;      /* NULL: start of the chain */
    const struct assay_genesis *founding; /* as it was signed; NULL: genesis is */
    struct assay_slice genesis_file;      /* its bytes, for display; may be empty */
    struct assay_store *store;            /* open; the caller closes it after the runtime */
    const char *keys_dir;     /* net/keys/keyring.h; its identity must be a member of genesis */
    const char *identity_dir; /* directory of the permanent keys; NULL, "": keys_dir */
    const char *listen;       /* "tcp://127.0.0.1:7100" */
    const char *advertise;    /* "127.0.0.1:7100", sent to members; NULL: not sent */
    const struct assay_runtime_peer *peers; /* copied; members without an address are not dialled */
    size_t peer_count;
    const char *timeline_path; /* net/timeline/timeline_file.h; NULL: lost at exit */
    const char *admin_path;    /* UNIX socket, 0600; NULL: none */
    struct assay_runtime_http http;
    const char *workload_path; /* UNIX socket of the enclave's counter service; NULL: no service */
    const struct assay_endorsements *endorsements; /* in force; net/verifier/rule_documents.h */
    const struct assay_policy *policy;
    const struct assay_runtime_past_rules *past; /* [past_count] */
    size_t past_count;
    const struct assay_runtime_past_rules *before; /* rules before those on trial; NULL: no trial */
    /* Quotes are judged in a process of its own; borrowed while the runtime opens. NULL: in
     * threads. */
    const struct assay_verifier_process_config *judge;
    /* Transport process for sockets; borrowed while the runtime opens. NULL: sockets of this
     * process. */
    const struct assay_transport_apart *transport;
    assay_document_check *document_check;
    /* net/documents/collateral_updates.h; NULL: no collateral in blocks */
    const struct assay_updates *updates;
    assay_plan_follow *plan_follow;             /* as the engine's */
    const struct assay_host_services *services; /* of genesis->services; NULL: it has none */
    const char *services_path;     /* UNIX socket for programs of services; NULL: none */
    struct assay_fetcher *fetcher; /* of newer collateral; NULL: none */
    uint8_t verifier_digest[32];
    uint32_t level; /* the highest feature level that this build supports (docs/protocol.md 9.10) */
    uint32_t verify_threads; /* 0: one per core but one, at least one, at most 8 */
    uint32_t key_tables;     /* as the engine's */
    uint32_t history_epochs; /* 0: as the engine */
    uint32_t history_events; /* 0: ASSAY_TIMELINE_KEPT_USUAL */
    /* docs/protocol.md 4.12.1: the same for all members. 0: 64 and 8; others are for tests. */
    uint32_t overlay_above, overlay_degree;
    const struct assay_checkpoint *checkpoint; /* NULL: none; outlives the opening */
    /* [recover_count] RECOVERs that the operator accepts before any peer message (docs/protocol.md
     * 9.16.9: manual acceptance); they outlive the process's runtimes. */
    const struct assay_accepted_recover *recovers;
    uint32_t recover_count;
    bool newcomer; /* this node is the last member of genesis, without a known state */
    struct assay_runtime_enclave enclave;
    unsigned log_level; /* 0 errors, 1 warnings, 2 events, 3 every block and message */
    /* SIGINT and SIGTERM stop the loop, SIGHUP requests a reload, SIGUSR1 logs a status line
     * (blocked and read by signalfd). */
    bool take_signals;
    uint32_t drain_ms; /* limit for work in progress to delay a requested exit */
    /* Called at the end of every poll, from the same thread; NULL: none. */
    void (*turned)(void *context, uint64_t now_ms);
    void *turned_context;
    const char *const *insecure; /* [insecure_count] names of insecure settings that the operator
                                  * accepted */
    size_t insecure_count;
#ifdef ASSAY_TEST_HOOKS
    struct assay_runtime_hooks hooks;
#endif
};

/* Settings that may change at run time. Pointers as in assay_runtime_config. */
struct assay_runtime_settings {
    unsigned log_level;
    uint32_t verify_threads, drain_ms;
    const struct assay_runtime_peer *peers; /* replaces the previous list */
    size_t peer_count;
    const char *advertise; /* as in assay_runtime_config */
};

/*
 * assay_runtime_open - loads and checks the keys, starts the pool, binds the sockets, restores the
 * engine.
 *
 * Out:     *out on ASSAY_OK; message[ASSAY_RUNTIME_MESSAGE_LEN]: the reason otherwise
 * Returns: ASSAY_OK | ASSAY_E_STRANGER (the identity is not a member) | ASSAY_E_IO (port in use,
 * key
 *          file, socket) | ASSAY_E_STORE | ASSAY_E_MEMORY | ASSAY_E_CRYPTO | statuses of
 *          assay_engine_init and assay_keyring_load
 */
ASSAY_CHECKED enum assay_status assay_runtime_open(const struct assay_runtime_config *config,
                                                   struct assay_runtime **out,
                                                   char message[static ASSAY_RUNTIME_MESSAGE_LEN]);
/* Polls until a signal (config.take_signals), assay_runtime_stop, or a boundary that leaves another
 * roster or other rules (assay_runtime_is_renewing).
 * Returns: ASSAY_OK (exit, reload or renewal requested) | the ASSAY_CLASS_HOST status that stopped
 * the node */
ASSAY_CHECKED enum assay_status assay_runtime_run(struct assay_runtime *runtime);
/* After run returned ASSAY_OK. Returns: whether SIGHUP was received, once for each; run can
 * continue. */
bool assay_runtime_poll_reload(struct assay_runtime *runtime);
/*
 * assay_runtime_reconfigure - applies changed settings, between two polls.
 * Returns: ASSAY_OK | ASSAY_E_IO (a thread, an address) | ASSAY_E_MEMORY: the others are in force
 */
ASSAY_CHECKED enum assay_status assay_runtime_reconfigure(
    struct assay_runtime *runtime, const struct assay_runtime_settings *tuning);
/* Logs event "reload": key (NULL: none) with its value, and a note. */
void assay_runtime_log_reload(struct assay_runtime *runtime, enum assay_severity severity,
                              const char *key, const char *value, const char *note);
/* Returns: whether exit was requested, once nothing is in progress. */
bool assay_runtime_is_draining(const struct assay_runtime *runtime);
/* Counts the result of a reload, for metrics. */
void assay_runtime_on_reload(struct assay_runtime *runtime, bool taken);
/* Formats the status of the node as one sentence. */
void assay_runtime_format_status(struct assay_runtime *runtime,
                                 char text[static ASSAY_RUNTIME_STATUS_LEN]);
/* After run or poll returned ASSAY_OK. Returns: whether the next epoch needs another engine
 * (docs/protocol.md 9.6): call assay_runtime_renew, unless the process exits as well. */
bool assay_runtime_is_renewing(const struct assay_runtime *runtime);
/*
 * assay_runtime_renew - replaces a renewing runtime by one for the next epoch.
 *
 * Timeline, counters and the clients of the admin socket are kept; peer connections are new.
 * In:      config: of the effective rules after the newest state in the store; what the old runtime
 *          borrowed is not used afterwards
 * Out:     *runtime: the new one, NULL unless ASSAY_OK
 * Returns: as assay_runtime_open
 */
ASSAY_CHECKED enum assay_status assay_runtime_renew(struct assay_runtime **runtime,
                                                    const struct assay_runtime_config *config,
                                                    char message[static ASSAY_RUNTIME_MESSAGE_LEN]);
/* One poll that sleeps at most wait_ms_max: for tests that drive several runtimes from one thread.
 * Returns: as assay_runtime_run; ASSAY_E_AGAIN while the node runs */
ASSAY_CHECKED enum assay_status assay_runtime_poll(struct assay_runtime *runtime,
                                                   uint32_t wait_ms_max);
/* From the same thread or a signal handler: stops the loop after this poll. */
void assay_runtime_stop(struct assay_runtime *runtime);
/* Accepts a pointer to NULL; nulls it. Keys are wiped. */
void assay_runtime_close(struct assay_runtime **runtime);

/* Returns: the engine, for reading (assay_engine_snapshot). */
const struct assay_engine *assay_runtime_engine(const struct assay_runtime *runtime);

#endif
