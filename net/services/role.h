/*
 * net/services/role.h - roles of service programs, and the socket of each role (docs/services.md
 * 4.1).
 *
 * Each role, and of continuity each group of it, has a socket in a folder of its own, whose
 * permissions decide who may connect. A connection acts in that role alone: it follows that
 * service, submits that role's records, and requests evidence of that service.
 */
#ifndef ASSAY_NET_SERVICES_ROLE_H
#define ASSAY_NET_SERVICES_ROLE_H

#include "net/services/wire.h"

enum assay_service_role {
    ASSAY_SERVICE_ROLE_REPLICA,   /* of a group */
    ASSAY_SERVICE_ROLE_ENCLAVE,   /* an instance of a group's */
    ASSAY_SERVICE_ROLE_HOLDER,    /* of shares */
    ASSAY_SERVICE_ROLE_OWNER,     /* puts and reads secrets */
    ASSAY_SERVICE_ROLE_EXECUTOR,  /* of tasks */
    ASSAY_SERVICE_ROLE_REQUESTOR, /* opens tasks, pays, transfers */
    ASSAY_SERVICE_ROLE_SIGNER,    /* holder of the group key */
};

enum {
    ASSAY_SERVICE_ROLE_COUNT = ASSAY_SERVICE_ROLE_SIGNER + 1,
    /* Two roles of continuity have one for each group. */
    ASSAY_SERVICE_SOCKETS_MAX = 2 * ASSAY_PLAN_GROUPS_MAX + 5,
    ASSAY_SERVICE_SOCKET_PATH = 108, /* with its NUL, as the kernel has it */
    ASSAY_SERVICE_SOCKET_NAME = 16,  /* "requestor", "replica-7", and its NUL */
    /* Of their common folder: followed by "/requestor" and "/ledger". */
    ASSAY_SERVICE_FOLDER_MAX = ASSAY_SERVICE_SOCKET_PATH - 1 - 10 - 7,
};

struct assay_service_socket {
    enum assay_service_role role;
    uint32_t group; /* below ASSAY_PLAN_GROUPS_MAX; 0 outside of continuity */
};

/* Returns: the socket of a number below ASSAY_SERVICE_SOCKETS_MAX (asserted). */
struct assay_service_socket assay_service_socket_at(uint32_t number);
/* Returns: the service of a role. */
enum assay_service assay_service_of_role(enum assay_service_role role);
/* Returns: the limit of connections: a program and its replacement, or users; of more than one
 * user. */
uint32_t assay_service_places(enum assay_service_role role);
/* Returns: whether it follows the documents and records of its service; an enclave verifies proofs
 * instead. */
bool assay_service_has_documents(enum assay_service_role role);
/* Returns: whether it may submit records of this kind. */
bool assay_service_may_submit(enum assay_service_role role, enum assay_service_kind kind);
/* verb: QUOTE, VERIFY, PROVE, LIST, SHOW or ROW; purpose: of the first two. Returns: whether it may
 * request that. */
bool assay_service_may_request(enum assay_service_role role, enum assay_service_verb verb,
                               enum assay_service_purpose purpose);
/* Out: its folder's name: "holder", "replica-0". */
void assay_service_socket_name(struct assay_service_socket socket,
                               char name[static ASSAY_SERVICE_SOCKET_NAME]);
/* Out: FOLDER/NAME/ledger. Returns: ASSAY_OK | ASSAY_E_RANGE (folder longer than
 * ASSAY_SERVICE_FOLDER_MAX) */
ASSAY_CHECKED enum assay_status assay_service_socket_path(
    const char *folder, struct assay_service_socket socket,
    char path[static ASSAY_SERVICE_SOCKET_PATH]);

#endif
