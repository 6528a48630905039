/*
 * services/registry/kind.h - kinds of service records (docs/services.md 7). Numbers are on the
 * ledger, hence never reused.
 */
#ifndef ASSAY_SERVICES_REGISTRY_KIND_H
#define ASSAY_SERVICES_REGISTRY_KIND_H

enum { ASSAY_SERVICE_PAYLOAD_MAX = 8192 };

/* symbol, number, service, displayed name */
#define ASSAY_SERVICE_KINDS(X)                                                                     \
    X(ASSAY_SERVICE_REPLICA, 1, ASSAY_FAMILY_CONTINUITY, "replica")                                \
    X(ASSAY_SERVICE_SESSION, 2, ASSAY_FAMILY_CONTINUITY, "session")                                \
    X(ASSAY_SERVICE_TABLE, 3, ASSAY_FAMILY_CONTINUITY, "table")                                    \
    X(ASSAY_SERVICE_HOLDER, 4, ASSAY_FAMILY_SHARES, "holder")                                      \
    X(ASSAY_SERVICE_SHARE_PUT, 5, ASSAY_FAMILY_SHARES, "share-put")                                \
    X(ASSAY_SERVICE_SHARE_HAVE, 6, ASSAY_FAMILY_SHARES, "share-have")                              \
    X(ASSAY_SERVICE_SHARE_DEAL, 7, ASSAY_FAMILY_SHARES, "share-deal")                              \
    X(ASSAY_SERVICE_SHARE_READY, 8, ASSAY_FAMILY_SHARES, "share-ready")                            \
    X(ASSAY_SERVICE_SHARE_READ, 9, ASSAY_FAMILY_SHARES, "share-read")                              \
    X(ASSAY_SERVICE_SHARE_LIE, 10, ASSAY_FAMILY_SHARES, "share-lie")                               \
    X(ASSAY_SERVICE_TRANSFER, 11, ASSAY_FAMILY_TASKS, "transfer")                                  \
    X(ASSAY_SERVICE_TASK_OFFER, 12, ASSAY_FAMILY_TASKS, "task-offer")                              \
    X(ASSAY_SERVICE_TASK_OPEN, 13, ASSAY_FAMILY_TASKS, "task-open")                                \
    X(ASSAY_SERVICE_TASK_ACCEPT, 14, ASSAY_FAMILY_TASKS, "task-accept")                            \
    X(ASSAY_SERVICE_TASK_CLAIM, 15, ASSAY_FAMILY_TASKS, "task-claim")                              \
    X(ASSAY_SERVICE_TASK_CLOSE, 16, ASSAY_FAMILY_TASKS, "task-close")                              \
    X(ASSAY_SERVICE_KEEP, 17, ASSAY_FAMILY_CONTINUITY, "keep")                                     \
    X(ASSAY_SERVICE_RETIRE, 18, ASSAY_FAMILY_CONTINUITY, "retire")                                 \
    X(ASSAY_SERVICE_SHARE_SUM, 19, ASSAY_FAMILY_SHARES, "share-sum")                               \
    X(ASSAY_SERVICE_SILENT, 20, ASSAY_FAMILY_CONTINUITY, "silent")                                 \
    X(ASSAY_SERVICE_ALIVE, 21, ASSAY_FAMILY_CONTINUITY, "alive")                                   \
    X(ASSAY_SERVICE_TASK_RELEASE, 22, ASSAY_FAMILY_TASKS, "task-release")                          \
    X(ASSAY_SERVICE_SHARE_DELETE, 23, ASSAY_FAMILY_SHARES, "share-delete")                         \
    X(ASSAY_SERVICE_SHARE_READERS, 24, ASSAY_FAMILY_SHARES, "share-readers")                       \
    X(ASSAY_SERVICE_SHARE_KEY, 25, ASSAY_FAMILY_SHARES, "share-key")                               \
    X(ASSAY_SERVICE_SHARE_DEALING, 26, ASSAY_FAMILY_SHARES, "share-dealing")                       \
    X(ASSAY_SERVICE_SHARE_DISPUTE, 27, ASSAY_FAMILY_SHARES, "share-dispute")                       \
    X(ASSAY_SERVICE_CA_OFFER, 28, ASSAY_FAMILY_IDENTITY, "ca-offer")                               \
    X(ASSAY_SERVICE_CA_DEAL, 29, ASSAY_FAMILY_IDENTITY, "ca-deal")                                 \
    X(ASSAY_SERVICE_CA_DISPUTE, 30, ASSAY_FAMILY_IDENTITY, "ca-dispute")                           \
    X(ASSAY_SERVICE_CA_HAVE, 31, ASSAY_FAMILY_IDENTITY, "ca-have")                                 \
    X(ASSAY_SERVICE_CA_TABLE, 32, ASSAY_FAMILY_IDENTITY, "ca-table")                               \
    X(ASSAY_SERVICE_CA_LIE, 33, ASSAY_FAMILY_IDENTITY, "ca-lie")

#define ASSAY_SERVICE_ENUM(symbol, number, family, word) symbol = number,
enum assay_service_kind { ASSAY_SERVICE_KINDS(ASSAY_SERVICE_ENUM) };
#undef ASSAY_SERVICE_ENUM
#define ASSAY_SERVICE_ONE(symbol, number, family, word) +1
enum { ASSAY_SERVICE_KIND_COUNT = 1 ASSAY_SERVICE_KINDS(ASSAY_SERVICE_ONE) }; /* all are below */
#undef ASSAY_SERVICE_ONE

/* Which service a record is of. */
enum assay_service_family {
    ASSAY_FAMILY_NONE,
    ASSAY_FAMILY_CONTINUITY,
    ASSAY_FAMILY_SHARES,
    ASSAY_FAMILY_TASKS,
    ASSAY_FAMILY_IDENTITY,
};

/* Returns: the service of a kind; ASSAY_FAMILY_NONE outside the list. */
enum assay_service_family assay_registry_kind_family(unsigned kind);
/* Returns: the name of a kind, NULL outside the list. */
const char *assay_registry_kind_name(unsigned kind);

#endif
