/*
 * net/documents/document_hold.c - the admin socket's `hold` and `let-go` (docs/protocol.md 10.8).
 */
#include "net/documents/document.h"
#include "net/runtime/runtime_internal.h"

#include <string.h>

char *host_document_hold(struct assay_host *host, bool held, const char *reason)
{
    const struct assay_host_enclave *const enclave = &host->config.enclave;
    if (reason[0] == '\0' || strlen(reason) > ASSAY_ENFORCEMENT_REASON_MAX)
        return host_document_refuse(host, "usage", "hold REASON, let-go REASON: at most 200 bytes");
    if (enclave->hold == NULL)
        return host_document_refuse(host, "unsupported", "nothing here obeys orders");
    if (host_snapshot(host)->enforcement.held == held)
        return host_document_refuse(host, "conflict",
                                    held ? "it is held already" : "it is not held");
    if (enclave->hold(enclave->context, held, reason) != ASSAY_OK)
        return host_document_refuse(host, "store", "the store could not remember it");
    host_tell(host, held ? "held" : "let_go", host->self, 0, 0, "%s: %s",
              held ? "held by hand" : "let go by hand", reason);
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_WARNING, held ? "held" : "let_go"))
        assay_log_text(&host->log, "reason", reason);
    assay_log_end(&host->log);
    return host_document_finish(host, "assay.enforcement",
                                assay_document_enforcement(host_snapshot(host)));
}
