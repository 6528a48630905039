/*
 * apps/client.h - one request to a running assayd over its admin socket (net/admin.h).
 */
#ifndef ASSAY_APPS_CLIENT_H
#define ASSAY_APPS_CLIENT_H

#include "net/json/json.h"

enum { ASSAY_CLIENT_TIMEOUT_MS = 5000 };

/*
 * assay_client_ask - send one request line, read one JSON document.
 * In:      socket_path of at most 107 bytes; request of less than 100 KiB, without the newline
 * Out:     *document, freed by the caller with assay_json_free; its "data" is what was asked for
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such socket) | ASSAY_E_IO (nobody answers) |
 *          ASSAY_E_TIMEOUT (the whole exchange, connecting included) | ASSAY_E_SYNTAX |
 *          ASSAY_E_RANGE (path, request or answer too long) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_client_ask(const char *socket_path, const char *request,
                                                 unsigned timeout_ms, struct assay_json **document);

#endif
