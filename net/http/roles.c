/*
 * net/http/roles.c - rules of http.roles: parsed, and matched with certificates.
 */
#include "net/http/roles.h"

#include "base/assert.h"

#include <stdio.h>
#include <string.h>

static const char *const role_names[] = { "none", "viewer", "service", "auditor", "operator" };
static const char *const attribute_names[] = { "CN", "O", "OU" };

const char *assay_http_role_name(enum assay_http_role role)
{
    ASSAY_ASSERT(role <= ASSAY_HTTP_ROLE_OPERATOR);
    return role_names[role];
}

/* ------------------------------------------------------------ rules */

/* What stands behind a backslash (RFC 4514 2.4): the character itself, or two hexadecimal digits of
 * a byte, as tools print what is not ASCII. Returns: how many characters were read; 0: neither. */
static size_t read_escaped(const char *text, uint8_t *byte)
{
    *byte = (uint8_t)text[0];
    if (text[0] == '\0') return 0;
    if (strchr("\"+,;<>\\ #=", text[0]) != NULL) return 1;
    return text[1] != '\0' && assay_hex_decode(text, 2, byte, 1) == ASSAY_OK ? 2 : 0;
}

/* The bytes of a value up to a comma, without its backslashes. Returns: how many characters of the
 * text were read; 0: it is empty, too long, has a control character, or one that RFC 4514 2.4
 * escapes without a backslash: of blanks those at its ends, of # the first. */
static size_t read_value(const char *text, struct assay_http_text *out)
{
    size_t at = 0;
    bool ends_in_blank = false;
    *out = (struct assay_http_text){ 0 };
    if (text[0] == ' ' || text[0] == '#') return 0;
    while (text[at] != '\0' && text[at] != ',') {
        uint8_t byte = (uint8_t)text[at];
        const bool is_escaped = byte == '\\';
        const size_t len = is_escaped ? read_escaped(text + at + 1, &byte) : 1;
        if (len == 0 || (!is_escaped && strchr("\"+;<>", byte) != NULL)) return 0;
        if (byte < 0x20 || byte == 0x7f || out->len == ASSAY_HTTP_SUBJECT_MAX) return 0;
        out->bytes[out->len++] = (char)byte;
        at += len + (is_escaped ? 1 : 0);
        ends_in_blank = byte == ' ' && !is_escaped;
    }
    return out->len > 0 && !ends_in_blank ? at : 0;
}

static bool find_attribute(const char *name, size_t len, enum assay_http_attribute *out)
{
    for (enum assay_http_attribute a = 0; a < ASSAY_HTTP_ATTRIBUTES; a++) {
        if (strlen(attribute_names[a]) != len || strncmp(attribute_names[a], name, len) != 0)
            continue;
        *out = a;
        return true;
    }
    return false;
}

static enum assay_status parse_subject(const char *text, struct assay_http_role_rule *rule,
                                       char words[static ASSAY_HTTP_WORDS_MAX])
{
    static const char expected[] = "expected 64 hexadecimal digits, or O=, OU= and CN= with values "
                                   "and commas between; \\ stands before each of \" + , ; < > \\ "
                                   "in a value, and before a blank at its ends";
    for (const char *at = text;;) {
        enum assay_http_attribute which = 0;
        const size_t name = strcspn(at, "=,");
        struct assay_http_text value;
        const bool known = at[name] == '=' && find_attribute(at, name, &which);
        const size_t len = known ? read_value(at + name + 1, &value) : 0;
        if (len == 0) {
            (void)snprintf(words, ASSAY_HTTP_WORDS_MAX, "%s", expected);
            return ASSAY_E_SYNTAX;
        }
        if (rule->subject[which].len != 0) {
            (void)snprintf(words, ASSAY_HTTP_WORDS_MAX, "%s is given twice",
                           attribute_names[which]);
            return ASSAY_E_DUPLICATE;
        }
        rule->subject[which] = value;
        at += name + 1 + len;
        if (*at == '\0') return ASSAY_OK;
        at += 1 + strspn(at + 1, " ");
    }
}

enum assay_status assay_http_role_parse(const char *certificate, const char *role,
                                        struct assay_http_role_rule *rule,
                                        char words[static ASSAY_HTTP_WORDS_MAX])
{
    *rule = (struct assay_http_role_rule){ 0 };
    for (enum assay_http_role r = ASSAY_HTTP_ROLE_VIEWER; r <= ASSAY_HTTP_ROLE_OPERATOR; r++)
        if (strcmp(role, role_names[r]) == 0) rule->role = r;
    if (rule->role == ASSAY_HTTP_ROLE_NONE) {
        (void)snprintf(words, ASSAY_HTTP_WORDS_MAX,
                       "expected viewer, service, auditor or operator, found \"%.40s\"", role);
        return ASSAY_E_SYNTAX;
    }
    rule->by_key = strlen(certificate) == 64 &&
                   assay_hex_decode(certificate, 64, rule->key_sha256, 32) == ASSAY_OK;
    return rule->by_key ? ASSAY_OK : parse_subject(certificate, rule, words);
}

static bool text_equals(const struct assay_http_text *a, const struct assay_http_text *b)
{
    ASSAY_ASSERT(a->len <= ASSAY_HTTP_SUBJECT_MAX && b->len <= ASSAY_HTTP_SUBJECT_MAX);
    return a->len == b->len && assay_bytes_equal(a->bytes, b->bytes, a->len);
}

bool assay_http_role_is_same(const struct assay_http_role_rule *a,
                             const struct assay_http_role_rule *b)
{
    if (a->by_key != b->by_key) return false;
    if (a->by_key) return assay_bytes_equal(a->key_sha256, b->key_sha256, 32);
    for (size_t i = 0; i < ASSAY_HTTP_ATTRIBUTES; i++)
        if (!text_equals(&a->subject[i], &b->subject[i])) return false;
    return true;
}

/* ------------------------------------------------------------ certificates */

static bool matches_rule(const struct assay_http_role_rule *rule,
                         const struct assay_http_identity *identity)
{
    ASSAY_ASSERT(rule->role != ASSAY_HTTP_ROLE_NONE);
    size_t compared = 0;
    if (rule->by_key) return assay_bytes_equal(rule->key_sha256, identity->key_sha256, 32);
    for (size_t i = 0; i < ASSAY_HTTP_ATTRIBUTES; i++) {
        if (rule->subject[i].len == 0) continue;
        if (identity->subject[i].count != 1 ||
            !text_equals(&rule->subject[i], &identity->subject[i].text))
            return false;
        compared++;
    }
    return compared > 0;
}

enum assay_http_role assay_http_role_find(const struct assay_http_role_rule *rules, size_t count,
                                          const struct assay_http_identity *identity)
{
    ASSAY_ASSERT(count <= ASSAY_HTTP_ROLES_MAX);
    if (identity == NULL) return ASSAY_HTTP_ROLE_NONE;
    for (size_t i = 0; i < count; i++)
        if (matches_rule(&rules[i], identity)) return rules[i].role;
    return ASSAY_HTTP_ROLE_VIEWER;
}

bool assay_http_role_may(enum assay_http_role role, enum assay_http_role needed)
{
    ASSAY_ASSERT(role <= ASSAY_HTTP_ROLE_OPERATOR && needed <= ASSAY_HTTP_ROLE_OPERATOR);
    return needed != ASSAY_HTTP_ROLE_NONE && role >= needed;
}
