/*
 * net/http/paths.c - the table of paths, and both directions of its templates.
 */
#include "net/http/paths.h"

#include "base/assert.h"

#include <stdio.h>
#include <string.h>

#define VIEWER   ASSAY_HTTP_ROLE_VIEWER
#define SERVICE  ASSAY_HTTP_ROLE_SERVICE
#define AUDITOR  ASSAY_HTTP_ROLE_AUDITOR
#define OPERATOR ASSAY_HTTP_ROLE_OPERATOR

static const struct assay_http_path paths[] = {
    { "/", VIEWER, false, NULL },
    { "/metrics", VIEWER, false, NULL },
    { "/livez", VIEWER, false, NULL },
    { "/readyz", VIEWER, false, NULL },
    { "/openapi.json", VIEWER, false, NULL },
    { "/v1/status", VIEWER, false, "status" },
    { "/v1/nodes", VIEWER, false, "nodes" },
    { "/v1/nodes/*", VIEWER, false, "node *" },
    { "/v1/nodes/*/explain", VIEWER, false, NULL },
    { "/v1/nodes/*/evidence", VIEWER, true, "evidence *" },
    { "/v1/epochs", VIEWER, false, NULL },
    { "/v1/epochs/*", VIEWER, false, NULL },
    { "/v1/matrix", VIEWER, false, NULL },
    { "/v1/policy", VIEWER, false, "policy" },
    { "/v1/timeline", VIEWER, false, "timeline since= node=" },
    { "/v1/events", VIEWER, false, NULL },
    { "/v1/collateral", VIEWER, false, NULL },
    { "/v1/collateral/status", VIEWER, true, "collateral" },
    { "/v1/services", VIEWER, false, "services" },
    { "/v1/counters", VIEWER, false, "counters" },
    { "/v1/client", VIEWER, false, NULL },
    { "/v1/permit", VIEWER, false, NULL },
    { "/v1/authorize", SERVICE, false, NULL },
    { "/v1/ext-authz/**", SERVICE, false, NULL },
    { "/v1/nodes/*/keys", VIEWER, false, "keys *" },
    { "/v1/keys", VIEWER, false, "keys" },
    { "/v1/graph/nodes", VIEWER, false, NULL },
    { "/v1/graph/edges", VIEWER, false, NULL },
    { "/v1/checkpoint", VIEWER, true, "checkpoint" },
    { "/v1/proofs/*", VIEWER, true, "proof * bare!" },
    { "/v1/boundaries", VIEWER, true, "boundaries era: epoch: voters!" },
    { "/v1/anchors", VIEWER, true, "anchor epoch:" },
    { "/v1/accounts/*", VIEWER, true, "account *" },
    { "/v1/tasks", VIEWER, true, "tasks" },
    { "/v1/tasks/*", VIEWER, true, "task *" },
    { "/v1/shares/*", VIEWER, true, "share *" },
    { "/v1/rows/*", VIEWER, true, "row * instance:" },
    { "/v1/export", AUDITOR, true, "export since= until= votes!" },
    { "/v1/items/*", AUDITOR, true, "items * epoch: skip: era:" },
    { "/v1/changes", VIEWER, true, "changes" },
    { "/v1/proposals/*", AUDITOR, true, "proposal *" },
    { "/v1/recover", AUDITOR, true, "recover status" },
    { "/v1/orders", AUDITOR, true, "enforcement" },
    { "/v1/submit", OPERATOR, true, NULL },
    { "/v1/nodes/*/proof", VIEWER, true, "proof * bare!" },
    { "/v1/nodes/*/keys/proof", VIEWER, true, "key-proof *" },
    { "/v1/nodes/*/ear", VIEWER, true, "ear *" },
    { "/v1/ca", VIEWER, true, "authority" },
    { "/v1/ca/proof", VIEWER, true, "ca-proof" },
    { "/v1/bundle", VIEWER, true, "bundle" },
    { "/.well-known/jwks.json", VIEWER, true, "jwks" },
    { "/.well-known/openid-configuration", VIEWER, true, "openid" },
    { "/v1/nodes/*/certificate", SERVICE, true, "certificate * key:" },
    { "/v1/nodes/*/token", SERVICE, true, "token * key: aud:" },
    { "/v1/nodes/*/evidence/bytes", OPERATOR, true, "evidence-bytes *" },
    { "/.well-known/veraison/verification", VIEWER, true, "verifier" },
    { "/challenge-response/v1/newSession", SERVICE, true, NULL },
    { "/challenge-response/v1/session/*", SERVICE, true, NULL },
};

const char *const assay_session_types[] = {
    ASSAY_HTTP_EVIDENCE_TYPE,
    "application/cmw+cbor",
    "application/cmw+json",
    "application/vnd.veraison.cmw+cbor",
    "application/vnd.veraison.cmw+json",
    NULL,
};

const struct assay_http_object assay_http_objects[] = {
    { "change", "submit" },       { "review", "review" },    { "recover", "recover submit" },
    { "fence", "recover fence" }, { "collateral", "offer" }, { NULL, NULL },
};

const struct assay_http_path *assay_http_path_at(size_t index)
{
    return index < sizeof paths / sizeof paths[0] ? &paths[index] : NULL;
}

/* A pattern that ends in two stars: the word behind the prefix, and after it anything. */
static bool matches_prefix(const char *pattern, const char *path, char *word, size_t word_len)
{
    const size_t head = strlen(pattern) - 2;
    if (strncmp(pattern, path, head) != 0) return false;
    const size_t len = strcspn(path + head, "/");
    if (len == 0 || len >= word_len) return false;
    assay_bytes_copy(word, word_len, path + head, len);
    word[len] = '\0';
    return true;
}

bool assay_http_path_matches(const char *pattern, const char *path, char *word, size_t word_len)
{
    ASSAY_ASSERT(word_len > 0);
    const char *star = strchr(pattern, '*');
    word[0] = '\0';
    if (star == NULL) return strcmp(pattern, path) == 0;
    if (star[1] == '*') return matches_prefix(pattern, path, word, word_len);
    const size_t head = (size_t)(star - pattern), tail = strlen(star + 1), len = strlen(path);
    if (len <= head + tail || strncmp(pattern, path, head) != 0 ||
        strcmp(path + len - tail, star + 1) != 0)
        return false;
    const size_t middle = len - head - tail;
    if (middle >= word_len || memchr(path + head, '/', middle) != NULL) return false;
    assay_bytes_copy(word, word_len, path + head, middle);
    word[middle] = '\0';
    return true;
}

static const struct assay_http_path *find_row(const char *path, char *word, size_t word_len)
{
    ASSAY_ASSERT(path != NULL && word_len > 0);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (assay_http_path_matches(paths[i].path, path, word, word_len)) return &paths[i];
    return NULL;
}

const struct assay_http_path *assay_http_path_find(const char *path)
{
    char word[ASSAY_HTTP_LINE_MAX];
    return find_row(path, word, sizeof word);
}

enum assay_http_role assay_http_path_role(const char *path)
{
    const struct assay_http_path *row = assay_http_path_find(path);
    return row != NULL ? row->role : ASSAY_HTTP_ROLE_NONE;
}

/* ------------------------------------------------------------ templates */

/* A word of a template. */
struct piece {
    const char *text;
    size_t len;
    char kind; /* '=', ':', '!', '*', or '\0': itself */
};

static bool next_piece(const char **at, struct piece *piece)
{
    *at += strspn(*at, " ");
    piece->text = *at;
    piece->len = strcspn(*at, " ");
    *at += piece->len;
    if (piece->len == 0) return false;
    const char last = piece->text[piece->len - 1];
    piece->kind = '\0';
    if (strchr("=:!*", last) != NULL) piece->kind = last;
    if (piece->kind != '\0') piece->len--;
    return true;
}

/* Text that grows within bounds. */
struct text {
    char *out;
    size_t len, max; /* max: with the NUL */
    bool cut;
};

static void append_text(struct text *text, const char *bytes, size_t len)
{
    ASSAY_ASSERT(text->len < text->max);
    if (text->cut || len >= text->max - text->len) {
        text->cut = true;
        return;
    }
    assay_bytes_copy(text->out + text->len, text->max - text->len, bytes, len);
    text->len += len;
    text->out[text->len] = '\0';
}

/* One word of a request line: the admin socket separates words by blanks. */
static bool is_word(const char *value)
{
    for (const char *c = value; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~') return false;
    return value[0] != '\0';
}

static const struct assay_http_pair *find_parameter(const struct assay_http_pair *parameters,
                                                    size_t count, const struct piece *piece)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(parameters[i].key) == piece->len &&
            strncmp(parameters[i].key, piece->text, piece->len) == 0)
            return &parameters[i];
    return NULL;
}

/* Returns: false: a value that is no word, or one behind a value that is absent. */
static bool append_piece(struct text *text, const struct piece *piece, const char *word,
                         const struct assay_http_pair *given, bool *absent)
{
    const char *value = piece->kind == '*' ? word : given != NULL ? given->value : NULL;
    if (piece->kind == '\0') {
        append_text(text, " ", text->len > 0);
        append_text(text, piece->text, piece->len);
        return true;
    }
    if (piece->kind != '*' && given == NULL) {
        *absent = *absent || piece->kind == ':';
        return true;
    }
    if (piece->kind == '!') {
        if (value != NULL && strcmp(value, "0") == 0) return true;
        append_text(text, " ", 1);
        append_text(text, piece->text, piece->len);
        return value == NULL || value[0] == '\0' || strcmp(value, "1") == 0;
    }
    if (value == NULL || !is_word(value) || (piece->kind == ':' && *absent)) return false;
    append_text(text, " ", 1);
    if (piece->kind == '=') append_text(text, piece->text, piece->len + 1);
    append_text(text, value, strlen(value));
    return true;
}

enum assay_status assay_http_path_line(const char *path, const struct assay_http_pair *parameters,
                                       size_t count, char line[static ASSAY_HTTP_LINE_MAX])
{
    char word[ASSAY_HTTP_LINE_MAX];
    const struct assay_http_path *row = find_row(path, word, sizeof word);
    struct text text = { .out = line, .max = ASSAY_HTTP_LINE_MAX };
    struct piece piece;
    bool absent = false;
    line[0] = '\0';
    if (row == NULL || row->line == NULL) return ASSAY_E_NOT_FOUND;
    for (const char *at = row->line; next_piece(&at, &piece);)
        if (!append_piece(&text, &piece, word, find_parameter(parameters, count, &piece), &absent))
            return ASSAY_E_SYNTAX;
    return text.cut ? ASSAY_E_RANGE : ASSAY_OK;
}

/* ------------------------------------------------------------ from a line to a target */

/* Everything but unreserved characters (RFC 3986 2.3). */
static void append_encoded(struct text *text, const char *bytes, size_t len)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (size_t i = 0; i < len; i++) {
        char code[4];
        if (strchr(plain, bytes[i]) != NULL && bytes[i] != '\0') {
            append_text(text, &bytes[i], 1);
            continue;
        }
        (void)snprintf(code, sizeof code, "%%%02X", (unsigned)(unsigned char)bytes[i]);
        append_text(text, code, 3);
    }
}

struct matching {
    struct text query;
    const char *word; /* the variable part */
    size_t word_len;
};

static void append_query(struct matching *m, const struct piece *piece, const char *value,
                         size_t len)
{
    append_text(&m->query, m->query.len > 0 ? "&" : "?", 1);
    append_text(&m->query, piece->text, piece->len);
    append_text(&m->query, "=", 1);
    append_encoded(&m->query, value, len);
}

/* One word of the line against one of the template. Returns: whether the word was consumed. */
static bool match_piece(struct matching *m, const struct piece *piece, const char *word, size_t len)
{
    switch (piece->kind) {
    case '*':
        m->word = word;
        m->word_len = len;
        return len > 0;
    case ':':
        if (len > 0) append_query(m, piece, word, len);
        return len > 0;
    case '=':
        if (len <= piece->len || strncmp(word, piece->text, piece->len + 1) != 0) return false;
        append_query(m, piece, word + piece->len + 1, len - piece->len - 1);
        return true;
    default:
        if (len != piece->len || strncmp(word, piece->text, len) != 0) return false;
        if (piece->kind == '!') append_query(m, piece, "", 0);
        return true;
    }
}

/* Returns: whether the line is one of this template. A value may contain its own name only. */
static bool match_line(struct matching *m, const char *template, const char *line)
{
    ASSAY_ASSERT(m->query.len < m->query.max);
    struct piece piece;
    for (const char *at = template; next_piece(&at, &piece);) {
        line += strspn(line, " ");
        const size_t len = strcspn(line, " ");
        if (match_piece(m, &piece, line, len)) line += len;
        else if (piece.kind == '\0' || piece.kind == '*') return false;
    }
    return line[strspn(line, " ")] == '\0';
}

enum assay_status assay_http_path_target(const char *line,
                                         char target[static ASSAY_HTTP_TARGET_MAX])
{
    char query[ASSAY_HTTP_TARGET_MAX];
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct matching m = { .query = { .out = query, .max = sizeof query } };
        struct text text = { .out = target, .max = ASSAY_HTTP_TARGET_MAX };
        query[0] = '\0';
        if (paths[i].line == NULL || !match_line(&m, paths[i].line, line)) continue;
        const char *star = strchr(paths[i].path, '*');
        append_text(&text, paths[i].path,
                    star != NULL ? (size_t)(star - paths[i].path) : strlen(paths[i].path));
        if (star != NULL) append_encoded(&text, m.word, m.word_len);
        if (star != NULL) append_text(&text, star + 1, strlen(star + 1));
        append_text(&text, query, m.query.len);
        return m.query.cut || text.cut ? ASSAY_E_RANGE : ASSAY_OK;
    }
    return ASSAY_E_NOT_FOUND;
}
