/*
 * services/registry/kind.h - what a service record says (docs/services.md 7). On the ledger, hence
 * never reused.
 */
#ifndef ASSAY_SERVICES_REGISTRY_KIND_H
#define ASSAY_SERVICES_REGISTRY_KIND_H

enum { ASSAY_SERVICE_PAYLOAD_MAX = 8192 };

/* symbol, number, word for people */
#define ASSAY_SERVICE_KINDS(X)                                                                     \
    X(ASSAY_SERVICE_REPLICA, 1, "replica")                                                         \
    X(ASSAY_SERVICE_SESSION, 2, "session")                                                         \
    X(ASSAY_SERVICE_TABLE, 3, "table")                                                             \
    X(ASSAY_SERVICE_HOLDER, 4, "holder")                                                           \
    X(ASSAY_SERVICE_SHARE_PUT, 5, "share-put")                                                     \
    X(ASSAY_SERVICE_SHARE_HAVE, 6, "share-have")                                                   \
    X(ASSAY_SERVICE_SHARE_DEAL, 7, "share-deal")                                                   \
    X(ASSAY_SERVICE_SHARE_READY, 8, "share-ready")                                                 \
    X(ASSAY_SERVICE_SHARE_READ, 9, "share-read")                                                   \
    X(ASSAY_SERVICE_SHARE_LIE, 10, "share-lie")                                                    \
    X(ASSAY_SERVICE_TRANSFER, 11, "transfer")                                                      \
    X(ASSAY_SERVICE_TASK_OFFER, 12, "task-offer")                                                  \
    X(ASSAY_SERVICE_TASK_OPEN, 13, "task-open")                                                    \
    X(ASSAY_SERVICE_TASK_ACCEPT, 14, "task-accept")                                                \
    X(ASSAY_SERVICE_TASK_CLAIM, 15, "task-claim")                                                  \
    X(ASSAY_SERVICE_TASK_CLOSE, 16, "task-close")

#define ASSAY_SERVICE_ENUM(symbol, number, word) symbol = number,
enum assay_service_kind { ASSAY_SERVICE_KINDS(ASSAY_SERVICE_ENUM) };
#undef ASSAY_SERVICE_ENUM
#define ASSAY_SERVICE_ONE(symbol, number, word) +1
enum { ASSAY_SERVICE_KIND_COUNT = 1 ASSAY_SERVICE_KINDS(ASSAY_SERVICE_ONE) }; /* all are below */
#undef ASSAY_SERVICE_ONE

/* Returns: the word of a kind, NULL outside the list. */
const char *assay_service_kind_name(unsigned kind);

#endif
