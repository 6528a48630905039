/*
 * apps/api/permit.c - permit query of libassay-permit to a daemon on this machine.
 *
 * What does not say that it permits, denies: an answer that cannot be read is a failure, and the
 * answer that the caller holds then says no.
 */
#include "apps/client.h"

#include <assay/permit.h>

#include <stdio.h>
#include <string.h>

enum { TIMEOUT_MS_USUAL = 1000, TIMEOUT_MS_MAX = 60000 };

static enum assay_status read_answer(const struct assay_json *document, const char *class_,
                                     struct assay_permit_answer *answer)
{
    const struct assay_json *const data = assay_json_get(document, "data");
    const struct assay_json *const permitted = assay_json_get(data, "permitted");
    const char *const reason = assay_json_text(data, "reason", "");
    if (strcmp(assay_json_text(document, "schema", ""), "assay.permit") != 0 ||
        strcmp(assay_json_text(data, "class", ""), class_) != 0 ||
        assay_json_kind_of(permitted) != ASSAY_JSON_BOOL)
        return ASSAY_E_SYNTAX;
    answer->permitted = assay_json_bool(data, "permitted", false);
    size_t len = 0;
    for (; reason[len] != '\0' && len + 1 < sizeof answer->reason; len++)
        answer->reason[len] = (char)(reason[len] >= ' ' && reason[len] <= '~' ? reason[len] : '?');
    answer->reason[len] = '\0';
    return ASSAY_OK;
}

enum assay_status assay_permit_ask(const char *socket_path, enum assay_permit_class class_,
                                   uint32_t timeout_ms, struct assay_permit_answer *answer)
{
    struct assay_json *document = NULL;
    if (answer == NULL || answer->size < sizeof *answer) return ASSAY_E_INVALID;
    *answer = (struct assay_permit_answer){ .size = sizeof *answer,
                                            .permitted = false,
                                            .reason = "unreachable" };
    if (socket_path == NULL || timeout_ms > TIMEOUT_MS_MAX ||
        (class_ != ASSAY_PERMIT_NORMAL && class_ != ASSAY_PERMIT_CRITICAL))
        return ASSAY_E_INVALID;
    const char *const name = class_ == ASSAY_PERMIT_CRITICAL ? "critical" : "normal";
    char request[32];
    (void)snprintf(request, sizeof request, "permit %s", name);
    enum assay_status status = assay_client_request(
        socket_path, request, timeout_ms != 0 ? timeout_ms : TIMEOUT_MS_USUAL, &document);
    /* The public list says less. */
    if (status == ASSAY_E_TIMEOUT || status == ASSAY_E_IO) status = ASSAY_E_NOT_FOUND;
    if (status == ASSAY_OK) status = read_answer(document, name, answer);
    assay_json_free(&document);
    return status;
}
