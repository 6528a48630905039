/*
 * net/runtime/services/runtime_services_none.c - the runtime in a build without services:
 * no programs, and requests about services are refused.
 */
#include "net/runtime/runtime_internal.h"

#include "base/assert.h"

#include <string.h>

const struct assay_services *runtime_services_ledger(const struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->config.services == NULL); /* no network with services was opened */
    return NULL;
}

enum assay_status runtime_services_open(struct assay_runtime *runtime,
                                        char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    (void)message;
    ASSAY_ASSERT(runtime->config.services == NULL && runtime->service_server == NULL);
    return ASSAY_OK;
}

void runtime_services_poll(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->service_server == NULL);
}

bool runtime_services_on_verdict(struct assay_runtime *runtime, const uint8_t name[static 32],
                                 int64_t at_unix_s, const struct assay_verdict *verdict)
{
    (void)runtime;
    (void)name;
    (void)at_unix_s;
    (void)verdict;
    return false;
}

bool runtime_services_is_quote(const struct assay_runtime *runtime, uint64_t epoch)
{
    (void)runtime;
    (void)epoch;
    return false;
}

void runtime_services_on_quote(struct assay_runtime *runtime, struct assay_slice bytes)
{
    (void)runtime;
    (void)bytes;
}

void runtime_services_snapshot(struct assay_runtime *runtime, struct assay_snapshot *snapshot)
{
    ASSAY_ASSERT(runtime->services_summary == NULL);
    snapshot->services = NULL;
}

enum assay_status runtime_services_issue(struct assay_runtime *runtime,
                                         const struct assay_issuance_name *name, bool is_own,
                                         const struct assay_issuance **issue)
{
    (void)runtime;
    (void)name;
    (void)is_own;
    *issue = NULL;
    return ASSAY_E_NOT_FOUND;
}

void runtime_services_close(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->service_server == NULL && runtime->services_summary == NULL);
}

char *document_services(struct assay_runtime *runtime, const char *command, const char *argument)
{
    static const char *const commands[] = { "services", "account", "tasks", "task", "share" };
    (void)argument;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(command, commands[i]) == 0)
            return document_error(runtime, "not_found", "this build has no services");
    return NULL;
}

char *document_authority(struct assay_runtime *runtime, const char *command)
{
    static const char *const commands[] = { "authority", "jwks", "bundle", "openid" };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(command, commands[i]) == 0)
            return document_error(runtime, "not_found", "this build has no services");
    return NULL;
}

char *document_row(struct assay_runtime *runtime, const char *argument)
{
    (void)argument;
    return document_error(runtime, "not_found", "this build has no services");
}

struct assay_slice runtime_authority_cross(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->config.services == NULL);
    return assay_slice_over(NULL, 0);
}
