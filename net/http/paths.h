/*
 * net/http/paths.h - table of HTTP paths: the role that each needs, and the request line of the
 * admin socket that it stands for.
 *
 * The server renders a line from a path with its parameters, the command line a path from a line:
 * both by the template of one row. A path without row is refused.
 */
#ifndef ASSAY_NET_HTTP_PATHS_H
#define ASSAY_NET_HTTP_PATHS_H

#include "net/http/roles.h"

enum {
    ASSAY_HTTP_LINE_MAX = 320,          /* a request line that a path stands for */
    ASSAY_HTTP_TARGET_MAX = 768,        /* a path with parameters */
    ASSAY_HTTP_SUBMIT_MAX = 320 * 1024, /* bytes of an object: a RECOVER (net/admin/admin.h) */
    ASSAY_HTTP_EVIDENCE_MAX = 32768,    /* of evidence without devices (docs/architecture.md) */
};

/* A template is words with a blank between: "export", itself; "*", the variable part of the path;
 * "since=", a parameter with its name; "epoch:", the value alone; "votes!", a parameter that is
 * there (empty, or 1) or not. Parameters may be absent; what is behind an absent value has none. */
struct assay_http_path {
    const char *path; /* "*": one variable part; "**", at the end: one, and what follows it */
    enum assay_http_role role;
    bool in_core;     /* rendered by the node's loop, in its turn */
    const char *line; /* template; NULL: no request of the admin socket */
};

struct assay_http_pair {
    const char *key, *value; /* value NULL: there is none */
};

/* Returns: the row with this number, NULL after the last. */
const struct assay_http_path *assay_http_path_at(size_t index);
/* Returns: whether path is of the pattern. word: [word_len], gets the variable part. */
bool assay_http_path_matches(const char *pattern, const char *path, char *word, size_t word_len);
/* Returns: the row of a path, NULL: it has none. */
const struct assay_http_path *assay_http_path_find(const char *path);
/* Returns: the role that a path needs; NONE: it has no row, and no role may. */
enum assay_http_role assay_http_path_role(const char *path);
/*
 * assay_http_path_line - the request line of a path with its parameters.
 * Out:     line, of printable ASCII
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no line stands for it) | ASSAY_E_SYNTAX (a value with a
 *          blank or what is no printable ASCII; a value without the one before) | ASSAY_E_RANGE
 */
ASSAY_CHECKED enum assay_status assay_http_path_line(const char *path,
                                                     const struct assay_http_pair *parameters,
                                                     size_t count,
                                                     char line[static ASSAY_HTTP_LINE_MAX]);
/*
 * assay_http_path_target - the path with parameters that stands for a request line.
 * Out:     target, encoded for a URL
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no path stands for this request) | ASSAY_E_RANGE
 */
ASSAY_CHECKED enum assay_status assay_http_path_target(const char *line,
                                                       char target[static ASSAY_HTTP_TARGET_MAX]);

/* Media types of docs/proofs.md (Format) and docs/http.md 6. */
#define ASSAY_HTTP_PROOF_TYPE      "application/vnd.assay.proof+cbor"
#define ASSAY_HTTP_KEY_PROOF_TYPE  "application/vnd.assay.key-proof+cbor"
#define ASSAY_HTTP_CA_PROOF_TYPE   "application/vnd.assay.ca-proof+cbor"
#define ASSAY_HTTP_CHECKPOINT_TYPE "application/vnd.assay.checkpoint+cbor"
#define ASSAY_HTTP_EVIDENCE_TYPE   "application/vnd.assay.evidence"
#define ASSAY_HTTP_CHAIN_TYPE      "application/pem-certificate-chain"
#define ASSAY_HTTP_TOKEN_TYPE      "application/jwt"
#define ASSAY_HTTP_SESSION_TYPE    "application/vnd.veraison.challenge-response-session+json"
#define ASSAY_HTTP_DISCOVERY_TYPE  "application/vnd.veraison.discovery+json"
/* Types of evidence that a challenge-response session accepts; NULL ends the table. */
extern const char *const assay_session_types[];

/* Objects that POST /v1/submit takes: the value of `kind`, and the request of the admin socket
 * that has the object in hexadecimal behind it. */
struct assay_http_object {
    const char *kind, *request; /* kind NULL ends the table */
};
extern const struct assay_http_object assay_http_objects[];

#endif
