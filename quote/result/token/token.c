/*
 * quote/result/token/token.c - tokens of other verifiers: claims of every token, and NVIDIA's list.
 */
#include "quote/result/token/token.h"

#include "base/assert.h"
#include "quote/result/token/tree.h"

/* Where the tokens of a service echo the nonce of the relying party. */
enum { NONCES_MAX = 4 };
static const char *const nonces[][NONCES_MAX] = {
    [ASSAY_RESULT_AZURE] = { "nonce", "eat_nonce", "x-ms-runtime/client-payload/nonce" },
    [ASSAY_RESULT_GOOGLE] = { "eat_nonce" },
    [ASSAY_RESULT_INTEL] = { "verifier_nonce/val", "eat_nonce" },
    [ASSAY_RESULT_NVIDIA] = { "eat_nonce" },
};

const char *assay_token_answer_text(enum assay_result_answer answer)
{
    switch (answer) {
    case ASSAY_RESULT_NOT_READ: return "not-read";
    case ASSAY_RESULT_VALID: return "valid";
    case ASSAY_RESULT_MALFORMED: return "malformed";
    case ASSAY_RESULT_UNSUPPORTED: return "unsupported";
    case ASSAY_RESULT_NO_KEY: return "no-key";
    case ASSAY_RESULT_BAD_CHAIN: return "bad-chain";
    case ASSAY_RESULT_FORGED: return "forged";
    case ASSAY_RESULT_OTHER_ISSUER: return "other-issuer";
    case ASSAY_RESULT_OTHER_AUDIENCE: return "other-audience";
    case ASSAY_RESULT_NOT_NOW: return "not-now";
    case ASSAY_RESULT_OTHER_NONCE: return "other-nonce";
    case ASSAY_RESULT_NOT_BOUND: return "not-bound";
    }
    return "unknown";
}

const char *assay_token_statement_text(enum assay_result_statement statement)
{
    switch (statement) {
    case ASSAY_STATED_NOTHING: return "nothing";
    case ASSAY_STATED_AFFIRMING: return "affirming";
    case ASSAY_STATED_WARNING: return "warning";
    case ASSAY_STATED_CONTRAINDICATED: return "contraindicated";
    }
    return "unknown";
}

/* --- reasons */
void assay_token_copy_text(char *out, size_t capacity, const char *text)
{
    assay_text_copy(out, capacity, text);
    for (size_t i = 0; out[i] != '\0'; i++)
        if (out[i] < ' ' || out[i] > '~') out[i] = '?';
}

enum assay_result_answer assay_token_refuse(struct assay_token *token,
                                            enum assay_result_answer answer, const char *why,
                                            const char *quoted)
{
    enum { QUOTED_MAX = 61 };
    char text[QUOTED_MAX];
    ASSAY_ASSERT(answer != ASSAY_RESULT_VALID);
    assay_text_copy(token->why, sizeof token->why, why);
    const size_t len = assay_text_len(token->why, sizeof token->why);
    assay_token_copy_text(text, sizeof text, quoted);
    if (quoted != NULL) assay_text_copy(token->why + len, sizeof token->why - len, text);
    return answer;
}

/* --- claims of every token */
static enum assay_result_answer check_issuer(const struct assay_token_terms *terms,
                                             const struct assay_doc_tree *claims,
                                             struct assay_token *token)
{
    const struct assay_tree_node *const issuer = assay_tree_find(claims, "iss");
    if (assay_tree_text(issuer) == NULL)
        return assay_token_refuse(token, ASSAY_RESULT_MALFORMED, "iss is missing or no text", NULL);
    if (assay_tree_is(issuer, terms->issuer)) return ASSAY_RESULT_VALID;
    return assay_token_refuse(token, ASSAY_RESULT_OTHER_ISSUER,
                              "iss is another one: ", assay_tree_text(issuer));
}

/* RFC 7519 4.1.3: a party that the audience does not name must reject the token. */
static enum assay_result_answer check_audience(const struct assay_token_terms *terms,
                                               const struct assay_doc_tree *claims,
                                               struct assay_token *token)
{
    const struct assay_tree_node *const audience = assay_tree_find(claims, "aud");
    if (audience == NULL && terms->audience == NULL) return ASSAY_RESULT_VALID;
    if (audience == NULL)
        return assay_token_refuse(token, ASSAY_RESULT_OTHER_AUDIENCE, "the token has no aud", NULL);
    if (terms->audience != NULL && assay_tree_contains(claims, audience, terms->audience))
        return ASSAY_RESULT_VALID;
    const struct assay_tree_node *const first = assay_tree_member(claims, audience, 0);
    return assay_token_refuse(token, ASSAY_RESULT_OTHER_AUDIENCE,
                              terms->audience == NULL ? "no audience was expected; aud is "
                                                      : "aud is another one: ",
                              assay_tree_text(first == NULL ? audience : first));
}

/* Absent, or an integer of this century or a later one. Returns: false for anything else. */
static bool read_time(const struct assay_doc_tree *claims, const char *name, bool *has,
                      int64_t *unix_s)
{
    static const int64_t last = INT64_C(253402300799); /* 9999: RFC 3339 */
    const struct assay_tree_node *const node = assay_tree_find(claims, name);
    *has = node != NULL;
    if (node == NULL) return true;
    if (node->type != ASSAY_TREE_INT || node->number < 0 || node->number > last) return false;
    *unix_s = node->number;
    return true;
}

struct times {
    bool has_issued, has_start, has_end;
    int64_t issued, start, end;
};

static enum assay_result_answer check_time(const struct assay_token_terms *terms,
                                           const struct assay_doc_tree *claims,
                                           struct assay_token *token, struct times *t)
{
    *t = (struct times){ 0 };
    if (!read_time(claims, "iat", &t->has_issued, &t->issued) ||
        !read_time(claims, "nbf", &t->has_start, &t->start) ||
        !read_time(claims, "exp", &t->has_end, &t->end))
        return assay_token_refuse(token, ASSAY_RESULT_MALFORMED,
                                  "iat, nbf or exp is no whole number of seconds", NULL);
    if (!t->has_end) /* every service sets it: without an end a leaked token is valid forever */
        return assay_token_refuse(token, ASSAY_RESULT_MALFORMED, "exp is missing", NULL);
    /* No sum: the time is the caller's and may be any. */
    if ((t->has_issued && t->issued - ASSAY_RESULT_SKEW_S > terms->at_unix_s) ||
        (t->has_start && t->start - ASSAY_RESULT_SKEW_S > terms->at_unix_s))
        return assay_token_refuse(token, ASSAY_RESULT_NOT_NOW,
                                  "issued or valid only after the time of the verification", NULL);
    if (terms->has_age && !t->has_issued)
        return assay_token_refuse(token, ASSAY_RESULT_NOT_NOW,
                                  "iat is missing, and only tokens up to some age are accepted",
                                  NULL);
    if (terms->has_age && t->issued < terms->at_unix_s &&
        (uint64_t)terms->at_unix_s - (uint64_t)t->issued > terms->age_max_s)
        return assay_token_refuse(token, ASSAY_RESULT_NOT_NOW,
                                  "issued longer ago than tokens are accepted", NULL);
    if (t->end <= terms->at_unix_s)
        return assay_token_refuse(token, ASSAY_RESULT_NOT_NOW,
                                  "expired at the time of the verification", NULL);
    return ASSAY_RESULT_VALID;
}

static enum assay_result_answer check_nonce(const struct assay_token_terms *terms,
                                            const struct assay_doc_tree *claims,
                                            struct assay_token *token)
{
    const char *const *const names = nonces[terms->service];
    bool has_any = false;
    if (terms->nonce == NULL) return ASSAY_RESULT_VALID;
    for (size_t i = 0; i < NONCES_MAX && names[i] != NULL; i++) {
        const struct assay_tree_node *const node = assay_tree_find(claims, names[i]);
        if (assay_tree_contains(claims, node, terms->nonce)) return ASSAY_RESULT_VALID;
        has_any = has_any || node != NULL;
    }
    return assay_token_refuse(token, ASSAY_RESULT_OTHER_NONCE,
                              has_any ? "the nonce is another one" : "the token has no nonce",
                              NULL);
}

static enum assay_result_answer check_claims(const struct assay_token_terms *terms,
                                             const struct assay_doc_tree *claims,
                                             struct assay_token *token, struct times *t)
{
    enum assay_result_answer answer = check_issuer(terms, claims, token);
    if (answer != ASSAY_RESULT_VALID) return answer;
    token->passed += 1;
    answer = check_audience(terms, claims, token);
    if (answer != ASSAY_RESULT_VALID) return answer;
    token->passed += 1;
    answer = check_time(terms, claims, token, t);
    if (answer != ASSAY_RESULT_VALID) return answer;
    token->passed += 1;
    answer = check_nonce(terms, claims, token);
    if (answer == ASSAY_RESULT_VALID) token->passed += 1;
    return answer;
}

/* --- the overall token, or the only one */
static enum assay_status read_overall(const struct assay_token_terms *terms,
                                      struct assay_slice text, struct assay_token *token)
{
    struct times t;
    ASSAY_TRY(assay_token_open(terms, text, token, &token->claims, &token->answer));
    if (token->answer == ASSAY_RESULT_VALID)
        token->answer = check_claims(terms, &token->claims, token, &t);
    if (token->answer != ASSAY_RESULT_VALID) return ASSAY_OK;
    token->has_issued = t.has_issued;
    token->issued_unix_s = t.issued;
    token->has_start = t.has_start;
    token->start_unix_s = t.start;
    token->expires_unix_s = t.end;
    token->issuer = assay_tree_text(assay_tree_find(&token->claims, "iss"));
    token->subject = assay_tree_text(assay_tree_find(&token->claims, "sub"));
    token->audience = terms->audience;
    token->nonce = terms->nonce;
    if (terms->service != ASSAY_RESULT_NVIDIA) return ASSAY_OK;
    const struct assay_tree_node *const submods = assay_tree_find(&token->claims, "submods");
    token->devices_named = submods == NULL ? 0 : (size_t)submods->number;
    return ASSAY_OK;
}

/* --- NVIDIA's list: a detached EAT bundle (RFC 9711 4.2.18.2) */
/* ["DIGEST", ["SHA-256", "<hex>"]] over the text of the device's token, in either case. */
static bool is_digest_of(const struct assay_doc_tree *claims, const struct assay_tree_node *entry,
                         struct assay_slice text)
{
    uint8_t digest[ASSAY_SHA256_LEN];
    char hex[2 * ASSAY_SHA256_LEN + 1], found[2 * ASSAY_SHA256_LEN + 1];
    const struct assay_tree_node *const pair = assay_tree_member(claims, entry, 1);
    const struct assay_tree_node *const name = assay_tree_member(claims, pair, 0);
    const struct assay_tree_node *const value = assay_tree_member(claims, pair, 1);
    if (!assay_tree_is(assay_tree_member(claims, entry, 0), "DIGEST")) return false;
    if (!assay_tree_is(name, "SHA-256") && !assay_tree_is(name, "SHA256")) return false;
    if (assay_tree_text(value) == NULL || value->text.len != sizeof hex - 1) return false;
    assay_sha256(text.bytes, text.len, digest);
    assay_hex_encode(digest, sizeof digest, hex, sizeof hex);
    for (size_t i = 0; i < sizeof found; i++) {
        const char c = (char)value->text.bytes[i];
        found[i] = (char)(c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c);
    }
    return assay_bytes_equal(found, hex, sizeof hex - 1);
}

/* The entry of a label among the submodules of the overall token. */
static const struct assay_tree_node *find_submodule(const struct assay_token *token,
                                                    const char *label)
{
    const struct assay_tree_node *const submods = assay_tree_find(&token->claims, "submods");
    const struct assay_tree_node *one = NULL;
    if (submods == NULL || submods->type != ASSAY_TREE_MAP) return NULL;
    for (size_t i = 0; (one = assay_tree_member(&token->claims, submods, i)) != NULL; i++)
        if (assay_text_compare(one->key, label, SIZE_MAX) == 0) return one;
    return NULL;
}

static enum assay_status read_device(const struct assay_token_terms *terms,
                                     const struct assay_tree_node *entry, struct assay_token *token)
{
    const struct assay_tree_node *const named = find_submodule(token, entry->key);
    struct times t;
    if (assay_tree_text(entry) == NULL) {
        token->answer = assay_token_refuse(token, ASSAY_RESULT_MALFORMED,
                                           "the list has no token of device ", entry->key);
        return ASSAY_OK;
    }
    if (named == NULL || !is_digest_of(&token->claims, named, entry->text)) {
        token->answer =
            assay_token_refuse(token, ASSAY_RESULT_NOT_BOUND,
                               "the overall token names no such token of device ", entry->key);
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_token_open(terms, entry->text, token, &token->other, &token->answer));
    if (token->answer == ASSAY_RESULT_VALID)
        token->answer = check_claims(terms, &token->other, token, &t);
    if (token->answer != ASSAY_RESULT_VALID) return ASSAY_OK;
    if (t.end < token->expires_unix_s) token->expires_unix_s = t.end;
    assay_token_state_device(&token->other, entry->key, token);
    return ASSAY_OK;
}

/* A list that leaves out a device of the overall token hides what was found about it. */
static enum assay_status read_devices(const struct assay_token_terms *terms,
                                      const struct assay_tree_node *map, struct assay_token *token)
{
    const struct assay_tree_node *one = NULL;
    for (size_t i = 0; (one = assay_tree_member(&token->list, map, i)) != NULL; i++) {
        if (i == ASSAY_RESULT_DEVICES_MAX) {
            token->answer =
                assay_token_refuse(token, ASSAY_RESULT_UNSUPPORTED, "more than 16 devices", NULL);
            return ASSAY_OK;
        }
        ASSAY_TRY(read_device(terms, one, token));
        if (token->answer != ASSAY_RESULT_VALID) return ASSAY_OK;
    }
    if (token->device_count != token->devices_named)
        token->answer =
            assay_token_refuse(token, ASSAY_RESULT_NOT_BOUND,
                               "a device that the overall token names has no token", NULL);
    return ASSAY_OK;
}

static enum assay_status read_list(const struct assay_token_terms *terms, struct assay_slice text,
                                   struct assay_token *token)
{
    const enum assay_status status = assay_doc_tree_read(text.bytes, text.len, &token->list);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    const struct assay_tree_node *const root = status == ASSAY_OK ? &token->list.nodes[0] : NULL;
    const struct assay_tree_node *const pair = assay_tree_member(&token->list, root, 0);
    const struct assay_tree_node *const overall = assay_tree_member(&token->list, pair, 1);
    const struct assay_tree_node *const devices = assay_tree_member(&token->list, root, 1);
    if (root == NULL || root->number != 2 || pair->type != ASSAY_TREE_LIST || pair->number != 2 ||
        !assay_tree_is(assay_tree_member(&token->list, pair, 0), "JWT") ||
        assay_tree_text(overall) == NULL || devices->type != ASSAY_TREE_MAP) {
        token->answer = assay_token_refuse(
            token, ASSAY_RESULT_MALFORMED, "no list [[\"JWT\", token], {\"GPU-0\": token}]: ",
            status == ASSAY_OK ? "another shape" : assay_status_text(status));
        return ASSAY_OK;
    }
    ASSAY_TRY(read_overall(terms, overall->text, token));
    if (token->answer != ASSAY_RESULT_VALID) return ASSAY_OK;
    return read_devices(terms, devices, token);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

enum assay_status assay_token_verify(const struct assay_token_terms *terms, const char *text,
                                     size_t len, struct assay_token *token)
{
    ASSAY_ASSERT((unsigned)terms->service < sizeof nonces / sizeof nonces[0]);
    ASSAY_ASSERT(terms->service != ASSAY_RESULT_SERVICE_NONE);
    ASSAY_ASSERT(terms->issuer != NULL && (terms->keys.len > 0 || terms->root != NULL));
    assay_bytes_zero(token, sizeof *token);
    token->service = terms->service;
    while (len > 0 && is_space(text[len - 1]))
        len -= 1;
    const struct assay_slice all = assay_slice_over(text, len);
    const bool is_list = terms->service == ASSAY_RESULT_NVIDIA && len > 0 && text[0] == '[';
    ASSAY_TRY(is_list ? read_list(terms, all, token) : read_overall(terms, all, token));
    ASSAY_ASSERT(token->answer != ASSAY_RESULT_NOT_READ);
    if (token->answer == ASSAY_RESULT_VALID) assay_token_state(token);
    return ASSAY_OK;
}
