/*
 * apps/service/program.h - what programs of services share: options, their configuration, signals,
 * what systemd is told, statuses.
 *
 * Exit statuses: 0 asked to end, 1 the world did not oblige (socket, disk), 2 usage or
 * configuration, 4 the member has put another process in this one's place, 5 a new era of the
 * ledger undoes what is kept.
 */
#ifndef ASSAY_APPS_SERVICE_PROGRAM_H
#define ASSAY_APPS_SERVICE_PROGRAM_H

#include "apps/config.h"
#include "apps/daemon/notify.h"
#include "apps/service/metrics.h"
#include "base/secret.h"

enum { SERVICE_LINE_MAX = 400 }; /* how a program stands, with its NUL */
enum {
    SERVICE_OK = 0,
    SERVICE_WORLD = 1,
    SERVICE_USAGE = 2,
    SERVICE_SUPERSEDED = 4,
    SERVICE_UNDONE = 5
};

/* Keys that a program has in its file, beside service_version, daemon, listen, host and metrics.
 * Bits. */
enum {
    SERVICE_KEY_GROUP = 1 << 0,   /* group, instances */
    SERVICE_KEY_CLUSTER = 1 << 1, /* cluster, era */
    SERVICE_KEY_DOOR = 1 << 2,    /* door */
    SERVICE_KEY_STORE = 1 << 3,   /* store, key */
    SERVICE_KEY_PROGRAM = 1 << 4, /* code, price, hold, account, evm */
};

struct service_config {
    char daemon[PATH_MAX];          /* its listen.services, or its socket */
    char listen[ASSAY_ADDRESS_MAX]; /* HOST:PORT, for others of the service */
    char host[ASSAY_ADDRESS_MAX];   /* that they dial instead; "": that of listen */
    char door[ASSAY_ADDRESS_MAX];   /* HOST:PORT, for people */
    char store[PATH_MAX];
    struct assay_secret32 key; /* of the store; the caller's to wipe */
    uint32_t group, instances, cluster, era;
    uint8_t code[32], account[32];
    uint32_t price, hold;   /* hold: 0: the lowest for the price */
    char metrics[PATH_MAX]; /* file that is written; "": none */
    char evm[PATH_MAX];     /* anchor.yaml of a chain on which tasks are paid as well; "": none */
};

struct service_program {
    const char *name;
    const char *usage;
    unsigned keys;
    /* What --check-config looks at beside file and key; NULL: nothing. Returns: ASSAY_OK | why not,
     * and message for people */
    enum assay_status (*check)(const struct service_config *config,
                               char message[static ASSAY_CONFIG_MESSAGE_MAX]);
    service_metrics_put *metrics; /* its lines, of the node that service_goes_on is given */
    struct service_config config;
    struct daemon_notify notify;
    uint64_t started_unix_ms, metrics_at_ms; /* monotonic: when the next version is due */
    bool metrics_failed;                     /* and it was said */
    char said[SERVICE_LINE_MAX];             /* how it stands */
};

/* Reads options and configuration; what is wrong is said on stderr. Out: *status, with which to end
 * when it Returns: false (help and version as well) */
bool service_begin(struct service_program *program, int argc, char **argv, int *status);
/* Everything is open. Returns: nothing. */
void service_ready(struct service_program *program);
/* Returns: whether it shall go on: nobody has asked it to end. In: line: how it stands, for people;
 * said when it changed. node: of which metrics are written when they are due, and then */
bool service_goes_on(struct service_program *program, const char *line, const void *node);
/* Why a program's ledger is not followed, as the follower said last (net/services/follower.h).
 * Returns: a few words; never NULL. */
const char *service_ledger_words(enum assay_status status);
/* Says why, if status is none to end with quietly, and removes the file of metrics. Returns: the
 * status to exit with */
int service_end(struct service_program *program, enum assay_status status);
/* One line on stderr. Returns: nothing. */
__attribute__((format(printf, 2, 3))) void service_say(const struct service_program *program,
                                                       const char *format, ...);

#endif
