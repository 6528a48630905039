/*
 * net/services/role.c - table of roles: names, records and places.
 */
#include "net/services/role.h"

#include "base/assert.h"

#include <stdio.h>
#include <string.h>

#define KIND(kind) ((uint64_t)1 << (kind))
_Static_assert((int)ASSAY_SERVICE_KIND_COUNT <= 64, "a bit for each kind");

enum {
    PROGRAMS = 4, /* a serving program and its replacement, of two users */
    PEOPLE = 8,
};

static const struct {
    const char *name;
    enum assay_service service;
    uint32_t places;
    bool of_group, quotes, verifies;
    uint64_t kinds; /* bits */
} rows[ASSAY_SERVICE_ROLE_COUNT] = {
    [ASSAY_SERVICE_ROLE_REPLICA] = { "replica", ASSAY_SERVICE_CONTINUITY, PROGRAMS, true, false,
                                     false,
                                     KIND(ASSAY_SERVICE_REPLICA) | KIND(ASSAY_SERVICE_TABLE) |
                                         KIND(ASSAY_SERVICE_SILENT) | KIND(ASSAY_SERVICE_ALIVE) },
    [ASSAY_SERVICE_ROLE_ENCLAVE] = { "enclave", ASSAY_SERVICE_CONTINUITY, PEOPLE, true, false,
                                     false,
                                     KIND(ASSAY_SERVICE_SESSION) | KIND(ASSAY_SERVICE_KEEP) |
                                         KIND(ASSAY_SERVICE_RETIRE) },
    [ASSAY_SERVICE_ROLE_HOLDER] = { "holder", ASSAY_SERVICE_SHARES, PROGRAMS, false, true, true,
                                    KIND(ASSAY_SERVICE_HOLDER) | KIND(ASSAY_SERVICE_SHARE_HAVE) |
                                        KIND(ASSAY_SERVICE_SHARE_DEAL) |
                                        KIND(ASSAY_SERVICE_SHARE_READY) |
                                        KIND(ASSAY_SERVICE_SHARE_LIE) |
                                        KIND(ASSAY_SERVICE_SHARE_SUM) |
                                        KIND(ASSAY_SERVICE_SHARE_KEY) |
                                        KIND(ASSAY_SERVICE_SHARE_DEALING) |
                                        KIND(ASSAY_SERVICE_SHARE_DISPUTE) },
    /* A reader by measurement presents evidence as well. */
    [ASSAY_SERVICE_ROLE_OWNER] = { "owner", ASSAY_SERVICE_SHARES, PEOPLE, false, true, true,
                                   KIND(ASSAY_SERVICE_SHARE_PUT) | KIND(ASSAY_SERVICE_SHARE_READ) |
                                       KIND(ASSAY_SERVICE_SHARE_DELETE) |
                                       KIND(ASSAY_SERVICE_SHARE_READERS) },
    [ASSAY_SERVICE_ROLE_EXECUTOR] = { "executor", ASSAY_SERVICE_TASKS, PROGRAMS, false, true, false,
                                      KIND(ASSAY_SERVICE_TASK_OFFER) |
                                          KIND(ASSAY_SERVICE_TASK_ACCEPT) |
                                          KIND(ASSAY_SERVICE_TASK_CLAIM) |
                                          KIND(ASSAY_SERVICE_TASK_RELEASE) },
    [ASSAY_SERVICE_ROLE_REQUESTOR] = { "requestor", ASSAY_SERVICE_TASKS, PEOPLE, false, false, true,
                                       KIND(ASSAY_SERVICE_TRANSFER) |
                                           KIND(ASSAY_SERVICE_TASK_OPEN) |
                                           KIND(ASSAY_SERVICE_TASK_CLOSE) |
                                           KIND(ASSAY_SERVICE_TASK_RELEASE) },
    [ASSAY_SERVICE_ROLE_SIGNER] = { "signer", ASSAY_SERVICE_IDENTITY, PROGRAMS, false, false, false,
                                    KIND(ASSAY_SERVICE_CA_OFFER) | KIND(ASSAY_SERVICE_CA_DEAL) |
                                        KIND(ASSAY_SERVICE_CA_DISPUTE) |
                                        KIND(ASSAY_SERVICE_CA_HAVE) | KIND(ASSAY_SERVICE_CA_TABLE) |
                                        KIND(ASSAY_SERVICE_CA_LIE) },
};

struct assay_service_socket assay_service_socket_at(uint32_t number)
{
    enum { OF_GROUPS = 2 * ASSAY_PLAN_GROUPS_MAX };
    ASSAY_ASSERT(number < ASSAY_SERVICE_SOCKETS_MAX);
    if (number < OF_GROUPS)
        return (struct assay_service_socket){ number % 2 == 0 ? ASSAY_SERVICE_ROLE_REPLICA
                                                              : ASSAY_SERVICE_ROLE_ENCLAVE,
                                              number / 2 };
    return (struct assay_service_socket){
        (enum assay_service_role)(ASSAY_SERVICE_ROLE_HOLDER + (number - OF_GROUPS)), 0
    };
}

enum assay_service assay_service_of_role(enum assay_service_role role)
{
    ASSAY_ASSERT((unsigned)role < ASSAY_SERVICE_ROLE_COUNT);
    return rows[role].service;
}

uint32_t assay_service_places(enum assay_service_role role)
{
    ASSAY_ASSERT((unsigned)role < ASSAY_SERVICE_ROLE_COUNT);
    return rows[role].places;
}

bool assay_service_has_documents(enum assay_service_role role)
{
    ASSAY_ASSERT((unsigned)role < ASSAY_SERVICE_ROLE_COUNT);
    return role != ASSAY_SERVICE_ROLE_ENCLAVE;
}

bool assay_service_may_submit(enum assay_service_role role, enum assay_service_kind kind)
{
    ASSAY_ASSERT((unsigned)role < ASSAY_SERVICE_ROLE_COUNT);
    ASSAY_ASSERT((unsigned)kind < ASSAY_SERVICE_KIND_COUNT);
    return (rows[role].kinds & KIND(kind)) != 0;
}

bool assay_service_may_request(enum assay_service_role role, enum assay_service_verb verb,
                               enum assay_service_purpose purpose)
{
    ASSAY_ASSERT((unsigned)role < ASSAY_SERVICE_ROLE_COUNT);
    const enum assay_service_purpose own = rows[role].service == ASSAY_SERVICE_SHARES
                                               ? ASSAY_SERVICE_FOR_SHARES
                                               : ASSAY_SERVICE_FOR_TASKS;
    if (verb == ASSAY_SERVICE_ROW) return role == ASSAY_SERVICE_ROLE_ENCLAVE;
    if (verb == ASSAY_SERVICE_PROVE && role == ASSAY_SERVICE_ROLE_ENCLAVE) return true;
    if (verb == ASSAY_SERVICE_PROVE || verb == ASSAY_SERVICE_LIST || verb == ASSAY_SERVICE_SHOW ||
        verb == ASSAY_SERVICE_ISSUED)
        return rows[role].service == ASSAY_SERVICE_IDENTITY;
    if (verb == ASSAY_SERVICE_QUOTE) return rows[role].quotes && purpose == own;
    return verb == ASSAY_SERVICE_VERIFY && rows[role].verifies && purpose == own;
}

void assay_service_socket_name(struct assay_service_socket socket,
                               char name[static ASSAY_SERVICE_SOCKET_NAME])
{
    ASSAY_ASSERT((unsigned)socket.role < ASSAY_SERVICE_ROLE_COUNT);
    ASSAY_ASSERT(socket.group < ASSAY_PLAN_GROUPS_MAX);
    if (rows[socket.role].of_group)
        (void)snprintf(name, ASSAY_SERVICE_SOCKET_NAME, "%s-%u", rows[socket.role].name,
                       (unsigned)socket.group);
    else (void)snprintf(name, ASSAY_SERVICE_SOCKET_NAME, "%s", rows[socket.role].name);
}

enum assay_status assay_service_socket_path(const char *folder, struct assay_service_socket socket,
                                            char path[static ASSAY_SERVICE_SOCKET_PATH])
{
    char name[ASSAY_SERVICE_SOCKET_NAME];
    assay_service_socket_name(socket, name);
    if (strlen(folder) > ASSAY_SERVICE_FOLDER_MAX) return ASSAY_E_RANGE;
    (void)snprintf(path, ASSAY_SERVICE_SOCKET_PATH, "%.*s/%.9s/ledger",
                   (int)ASSAY_SERVICE_FOLDER_MAX, folder, name);
    return ASSAY_OK;
}
