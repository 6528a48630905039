/*
 * net/http/roles.h - roles of HTTP clients: what a client certificate may read or send.
 *
 * Roles are cumulative: a service may do what a viewer may, an auditor what a service may, an
 * operator what an auditor may. The
 * first rule of http.roles that matches a certificate decides; a certificate that no rule matches
 * is a viewer's. Subjects are compared byte by byte, and an attribute that a subject has twice
 * matches no rule: no two readers of the certificate can disagree about it.
 */
#ifndef ASSAY_NET_HTTP_ROLES_H
#define ASSAY_NET_HTTP_ROLES_H

#include "base/bytes.h"

#include <stdbool.h>

enum {
    ASSAY_HTTP_ROLES_MAX = 32,
    ASSAY_HTTP_SUBJECT_MAX = 128, /* bytes of an attribute; RFC 5280 has 64 letters */
    ASSAY_HTTP_WORDS_MAX = 192,   /* of a refusal */
};

/* Ascending. NONE: nothing may be read. */
enum assay_http_role {
    ASSAY_HTTP_ROLE_NONE,
    ASSAY_HTTP_ROLE_VIEWER,
    ASSAY_HTTP_ROLE_SERVICE, /* a program of a relying party */
    ASSAY_HTTP_ROLE_AUDITOR,
    ASSAY_HTTP_ROLE_OPERATOR,
};

enum assay_http_attribute { ASSAY_HTTP_CN, ASSAY_HTTP_O, ASSAY_HTTP_OU, ASSAY_HTTP_ATTRIBUTES };

/* Text of a subject: may contain anything, NUL included. */
struct assay_http_text {
    size_t len;
    char bytes[ASSAY_HTTP_SUBJECT_MAX];
};

/* What a verified client certificate says. count: how many the subject has; text: the only one. */
struct assay_http_identity {
    uint8_t key_sha256[32]; /* of its SubjectPublicKeyInfo */
    struct {
        unsigned count;
        struct assay_http_text text;
    } subject[ASSAY_HTTP_ATTRIBUTES];
};

struct assay_http_role_rule {
    enum assay_http_role role;
    bool by_key; /* else by the subject: each attribute with a length must be equal */
    uint8_t key_sha256[32];
    struct assay_http_text subject[ASSAY_HTTP_ATTRIBUTES];
};

/* Returns: "viewer"; "none" of NONE. */
const char *assay_http_role_name(enum assay_http_role role);
/*
 * assay_http_role_parse - one entry of http.roles.
 * In:      certificate: 64 hexadecimal digits, or "O=Example,OU=Operations,CN=alice" with one
 *          attribute or more, their values with the backslashes of RFC 4514 2.4
 * Out:     *rule | words: what was expected and found, for operators
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_DUPLICATE (an attribute twice)
 */
ASSAY_CHECKED enum assay_status assay_http_role_parse(const char *certificate, const char *role,
                                                      struct assay_http_role_rule *rule,
                                                      char words[static ASSAY_HTTP_WORDS_MAX]);
/* Returns: whether both rules are about the same certificates. */
bool assay_http_role_is_same(const struct assay_http_role_rule *a,
                             const struct assay_http_role_rule *b);
/* Returns: the role of a verified certificate; NULL is none: NONE. */
enum assay_http_role assay_http_role_find(const struct assay_http_role_rule *rules, size_t count,
                                          const struct assay_http_identity *identity);
/* Returns: whether a client with this role may do what needs the other one. What needs NONE is not
 * in the table of paths: no role may. */
bool assay_http_role_may(enum assay_http_role role, enum assay_http_role needed);

#endif
