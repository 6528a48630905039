/*
 * net/runtime/document_hold.c - admin requests `hold` and `let-go` (docs/protocol.md 10.8).
 */
#include "net/documents/document.h"
#include "net/runtime/runtime_internal.h"

#include <string.h>

char *document_set_hold(struct assay_runtime *runtime, bool held, const char *reason)
{
    const struct assay_runtime_enclave *const enclave = &runtime->config.enclave;
    if (reason[0] == '\0' || strlen(reason) > ASSAY_ENFORCEMENT_REASON_MAX)
        return document_error(runtime, "usage", "hold REASON, let-go REASON: at most 200 bytes");
    if (enclave->hold == NULL)
        return document_error(runtime, "unsupported", "nothing here obeys orders");
    if (runtime_snapshot(runtime)->enforcement.held == held)
        return document_error(runtime, "conflict", held ? "it is held already" : "it is not held");
    const enum assay_status status = enclave->hold(enclave->context, held, reason);
    if (status != ASSAY_OK && !held)
        return document_error(runtime, "store", "the store could not remember it");
    runtime_publish_snapshot(runtime); /* the next permit over HTTP is denied, or may be given */
    runtime_log_event(runtime, held ? "hold" : "hold_released", runtime->self, 0, 0, "%s: %s",
                      held ? "held manually" : "released manually", reason);
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, held ? "hold" : "hold_released"))
        assay_log_text(&runtime->log, "reason", reason);
    assay_log_end(&runtime->log);
    if (status != ASSAY_OK)
        return document_error(runtime, "store",
                              "held until the daemon ends: neither the store nor node.keys_dir "
                              "could remember it. Repair them, release and hold again");
    return document_finish(runtime, "assay.enforcement",
                           assay_document_enforcement(runtime_snapshot(runtime)));
}
