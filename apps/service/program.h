/*
 * apps/service/program.h - common parts of service programs: options, configuration, signals,
 * notification of systemd, statuses.
 *
 * Exit statuses: 0 ended by request, 1 runtime error (socket, disk), 2 usage or configuration, 4
 * the member has replaced this process by another, 5 a new era of the ledger undoes stored state.
 */
#ifndef ASSAY_APPS_SERVICE_PROGRAM_H
#define ASSAY_APPS_SERVICE_PROGRAM_H

#include "apps/config.h"
#include "apps/daemon/notify.h"
#include "apps/service/metrics.h"
#include "base/secret.h"

enum { SERVICE_LINE_MAX = 400 }; /* status line, with its NUL */
enum {
    SERVICE_OK = 0,
    SERVICE_WORLD = 1,
    SERVICE_USAGE = 2,
    SERVICE_SUPERSEDED = 4,
    SERVICE_UNDONE = 5
};

/* Keys of a program's file, in addition to service_version, daemon, listen, host and metrics.
 * Bits. */
enum {
    SERVICE_KEY_GROUP = 1 << 0,         /* group, instances */
    SERVICE_KEY_CLUSTER = 1 << 1,       /* cluster, era */
    SERVICE_KEY_CLIENT_LISTEN = 1 << 2, /* client_listen */
    SERVICE_KEY_STORE = 1 << 3,         /* store, key */
    SERVICE_KEY_PROGRAM = 1 << 4,       /* code, price, hold, account, evm */
    SERVICE_KEY_SIGNER = 1 << 5,        /* enclave, checkpoint, publish, shares_at_rest, era */
};

struct service_config {
    char daemon[PATH_MAX];                 /* its listen.services, or its socket */
    char listen[ASSAY_ADDRESS_MAX];        /* HOST:PORT, for others of the service */
    char host[ASSAY_ADDRESS_MAX];          /* address for others; "": that of listen */
    char client_listen[ASSAY_ADDRESS_MAX]; /* HOST:PORT, for clients */
    char store[PATH_MAX];
    struct assay_secret32 key; /* of the store; the caller's to wipe */
    uint32_t group, instances, cluster, era;
    uint8_t code[32], account[32];
    uint32_t price, hold;      /* hold: 0: the lowest for the price */
    char enclave[PATH_MAX];    /* enclave.service of the member */
    char checkpoint[PATH_MAX]; /* file of one that operators supplied */
    char publish[PATH_MAX];    /* folder of certificates; "": the store */
    bool is_memory_only;       /* shares_at_rest: memory */
    char metrics[PATH_MAX];    /* file that is written; "": none */
    char evm[PATH_MAX]; /* anchor.yaml of a chain on which tasks are paid as well; "": none */
};

struct service_program {
    const char *name;
    const char *usage;
    unsigned keys;
    /* Additional check of --check-config; NULL: none. Returns: ASSAY_OK | an error, and message:
     * its reason */
    enum assay_status (*check)(const struct service_config *config,
                               char message[static ASSAY_CONFIG_MESSAGE_MAX]);
    service_metrics_put *metrics; /* its own lines, for the node passed to service_goes_on */
    struct service_config config;
    struct daemon_notify notify;
    uint64_t started_unix_ms, metrics_at_ms; /* monotonic: when the next version is due */
    bool metrics_failed;                     /* and that was logged */
    char said[SERVICE_LINE_MAX];             /* the last status line */
};

/* Reads options and configuration; errors go to stderr. Out: *status: the exit status when it
 * Returns: false (help and version as well) */
bool service_begin(struct service_program *program, int argc, char **argv, int *status);
/* Everything is open. */
void service_ready(struct service_program *program);
/* Returns: whether to continue: no end was requested. In: line: the status, logged when it changed.
 * node: its metrics are written when due */
bool service_goes_on(struct service_program *program, const char *line, const void *node);
/* The reason why a ledger is not followed, by the follower's last status (net/services/follower.h).
 * Returns: a few words; never NULL. */
const char *service_ledger_words(enum assay_status status);
/* Logs the reason of a failure, and removes the metrics file. Returns: the exit status */
int service_end(struct service_program *program, enum assay_status status);
/* One line on stderr. */
__attribute__((format(printf, 2, 3))) void service_say(const struct service_program *program,
                                                       const char *format, ...);

#endif
