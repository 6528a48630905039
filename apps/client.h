/*
 * apps/client.h - client of the admin socket of a running assayd (net/admin/admin.h).
 */
#ifndef ASSAY_APPS_CLIENT_H
#define ASSAY_APPS_CLIENT_H

#include "net/json/json.h"

enum { ASSAY_CLIENT_TIMEOUT_MS = 5000, ASSAY_CLIENT_FAULT_LEN = 320 };

/* What stands in the place of a socket's path for a network that is reached over HTTPS:
 * "context:NAME". */
#define ASSAY_CLIENT_CONTEXT "context:"

/* What --http takes. */
#define ASSAY_CLIENT_HTTP_EXPECTED                                                                 \
    "the path of a UNIX socket, or ADDRESS:PORT such as 127.0.0.1:8080, without http://"

/* Requests to contexts, as the functions below; name: without the prefix. */
struct assay_client_remote {
    enum assay_status (*request)(const char *name, const char *request, unsigned timeout_ms,
                                 struct assay_json **document);
    enum assay_status (*get)(const char *name, const char *target, unsigned timeout_ms,
                             struct assay_json **document);
    void (*fault)(const char *name, char message[static ASSAY_CLIENT_FAULT_LEN]);
};

/* Programs that have contexts set this once, before the first request. */
void assay_client_set_remote(const struct assay_client_remote *remote);
/* Returns: the name of a context, NULL: the path of a socket, or an address. */
const char *assay_client_context(const char *where);
/* Replaces what a terminal would obey in a JSON text. */
void assay_client_sanitize(char *text, size_t len);

/*
 * assay_client_request - send one request line, read one JSON document.
 * In:      socket_path of at most 107 bytes; request of less than 100 KiB, without the newline
 * Out:     *document, freed by the caller with assay_json_free; its "data" is what was asked for
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such socket) | ASSAY_E_IO (nobody answers) |
 *          ASSAY_E_TIMEOUT (the whole exchange, connecting included) | ASSAY_E_SYNTAX |
 *          ASSAY_E_RANGE (path, request or answer too long) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_client_request(const char *socket_path, const char *request,
                                                     unsigned timeout_ms,
                                                     struct assay_json **document);

/*
 * assay_client_fault - why assay_client_request got no answer at this path, and what to do: no
 * socket, no daemon behind it, no permission, an address or another kind of file in place of a
 * socket.
 * In:      status: what assay_client_request returned
 * Out:     message: half a sentence, for "PATH: MESSAGE"
 */
void assay_client_fault(const char *socket_path, enum assay_status status,
                        char message[static ASSAY_CLIENT_FAULT_LEN]);

/*
 * assay_client_get - read one document over HTTP (docs/http.md).
 * In:      where: path of a UNIX socket, or an address of this machine, "127.0.0.1:8080"; target:
 * "/v1/matrix", of at most 400 bytes, plain
 * Out:     *document as above
 * Returns: as above | ASSAY_E_NOT_FOUND (also: the node has no such document) | ASSAY_E_UNSUPPORTED
 *          (an answer of another status)
 */
ASSAY_CHECKED enum assay_status assay_client_get(const char *where, const char *target,
                                                 unsigned timeout_ms, struct assay_json **document);

/* An answer of any status. */
struct assay_client_answer {
    unsigned status;
    struct assay_json *document; /* the caller's */
};
/* As assay_client_get, of a path or address alone, not of a context: a refusal of the node is an
 * answer, too. Returns: as assay_client_get, without ASSAY_E_UNSUPPORTED */
ASSAY_CHECKED enum assay_status assay_client_exchange(const char *where, const char *target,
                                                      unsigned timeout_ms,
                                                      struct assay_client_answer *answer);

/* Returns: whether the text has the form of a path or an address. */
bool assay_client_is_http(const char *where);
/* Why assay_client_exchange got no answer there, and what to do. Out: message: half a sentence, for
 * "WHERE: MESSAGE" */
void assay_client_http_fault(const char *where, enum assay_status status,
                             char message[static ASSAY_CLIENT_FAULT_LEN]);

#endif
