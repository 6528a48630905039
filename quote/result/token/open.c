/*
 * quote/result/token/open.c - one token: form, header, algorithm, key, signature (RFC 7515, 8725).
 */
#include "quote/result/token/token.h"

#include "base/assert.h"
#include "base/base64.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/path.h"
#include "quote/result/token/tree.h"
#include "quote/text.h"

enum { NAME_MAX_LEN = 64, P256_HALF = ASSAY_P256_SIGNATURE_LEN / 2 };

#define BIT(service) (1u << ASSAY_RESULT_##service)

/* RFC 8725 3.1: the algorithms that each service uses, and the only key type of each. */
static const struct algorithm {
    const char *name;
    enum assay_key_type key;
    enum assay_signature_alg alg;
    unsigned services;
} algorithms[] = {
    { "RS256", ASSAY_KEY_RSA, ASSAY_SIGNATURE_RSA_PKCS1_SHA256,
      BIT(AZURE) | BIT(GOOGLE) | BIT(INTEL) },
    { "PS384", ASSAY_KEY_RSA, ASSAY_SIGNATURE_RSA_PSS_SHA384, BIT(INTEL) },
    { "ES384", ASSAY_KEY_P384, ASSAY_SIGNATURE_ECDSA_SHA384, BIT(NVIDIA) },
};

static const struct algorithm *find_algorithm(enum assay_result_service service,
                                              const struct assay_tree_node *name)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
        if ((algorithms[i].services & (1u << service)) != 0 &&
            assay_tree_is(name, algorithms[i].name))
            return &algorithms[i];
    return NULL;
}

/* --- base64url of JSON */
static enum assay_status read_part(struct assay_token *token, struct assay_slice part,
                                   struct assay_doc_tree *tree)
{
    size_t len = 0;
    ASSAY_TRY(assay_base64_decode(ASSAY_BASE64_URL, (const char *)part.bytes, part.len,
                                  token->bytes, sizeof token->bytes, &len));
    ASSAY_TRY(assay_doc_tree_read(token->bytes, len, tree));
    return tree->nodes[0].type == ASSAY_TREE_MAP ? ASSAY_OK : ASSAY_E_TYPE;
}

/* Of the library that reads JSON, the machine's own failures are no answer. */
static bool is_host(enum assay_status status)
{
    return assay_status_class(status) == ASSAY_CLASS_HOST;
}

/* RFC 7515 4.1.9: "application/" may be left out, and case does not matter. */
static bool is_media_type(const char *text)
{
    static const char *const known[] = { "jwt", "application/jwt", "eat+jwt",
                                         "application/eat+jwt" };
    char lower[NAME_MAX_LEN];
    size_t len = assay_text_len(text, sizeof lower);
    if (len == sizeof lower) return false;
    for (size_t i = 0; i <= len; i++)
        lower[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + ('a' - 'A') : text[i]);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (assay_text_compare(lower, known[i], sizeof lower) == 0) return true;
    return false;
}

static enum assay_result_answer refuse_algorithm(enum assay_result_service service,
                                                 struct assay_token *token, const char *found)
{
    struct assay_text text = assay_text_empty();
    const char *before = "expected alg ";
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if ((algorithms[i].services & (1u << service)) == 0) continue;
        assay_text_add(&text, before);
        assay_text_add(&text, algorithms[i].name);
        before = " or ";
    }
    assay_text_add(&text, ", found ");
    return assay_token_refuse(token, ASSAY_RESULT_UNSUPPORTED, text.text, found);
}

static enum assay_result_answer check_header(const struct assay_token_terms *terms,
                                             struct assay_token *token,
                                             const struct algorithm **algorithm)
{
    const struct assay_tree_node *const alg = assay_tree_find(&token->other, "alg");
    const struct assay_tree_node *const typ = assay_tree_find(&token->other, "typ");
    *algorithm = find_algorithm(terms->service, alg);
    if (assay_tree_text(alg) == NULL)
        return assay_token_refuse(token, ASSAY_RESULT_MALFORMED, "header: alg is missing", NULL);
    if (*algorithm == NULL)
        return refuse_algorithm(terms->service, token, assay_tree_text(alg));
    if (assay_tree_find(&token->other, "crit") != NULL) /* RFC 7515 4.1.11 */
        return assay_token_refuse(token, ASSAY_RESULT_UNSUPPORTED,
                                  "header: critical extensions are not known", NULL);
    if (typ != NULL && (assay_tree_text(typ) == NULL || !is_media_type(assay_tree_text(typ))))
        return assay_token_refuse(token, ASSAY_RESULT_UNSUPPORTED,
                                  "header: typ is no JSON web token: ", assay_tree_text(typ));
    token->algorithm = (*algorithm)->name;
    return ASSAY_RESULT_VALID;
}

/* --- certificates */
/* x5c: base64, not base64url (RFC 7515 4.1.6), leaf first. Returns: false when one cannot be
 * read. */
static bool read_certificates(struct assay_token *token, size_t count_max)
{
    const struct assay_tree_node *const list = assay_tree_find(&token->other, "x5c");
    const struct assay_tree_node *one = NULL;
    token->certificate_count = 0;
    for (size_t i = 0; i < count_max; i++) {
        size_t len = 0;
        if ((one = assay_tree_member(&token->other, list, i)) == NULL) break;
        if (i == ASSAY_CHAIN_MAX || assay_tree_text(one) == NULL) return false;
        if (assay_base64_decode(ASSAY_BASE64_STANDARD, (const char *)one->text.bytes, one->text.len,
                                token->bytes, sizeof token->bytes, &len) != ASSAY_OK)
            return false;
        if (assay_x509_certificate(token->bytes, len, &token->certificates[i]) != ASSAY_OK)
            return false;
        token->certificate_count += 1;
    }
    return token->certificate_count > 0;
}

/* RFC 5280 4.1.2.5: both bounds belong to the validity. */
static bool is_in_time(const struct assay_path *path, int64_t at_unix_s)
{
    for (size_t i = 0; i < path->count; i++)
        if (at_unix_s < path->certificates[i]->not_before_s ||
            at_unix_s > path->certificates[i]->not_after_s)
            return false;
    return true;
}

static enum assay_status check_chain(const struct assay_token_terms *terms,
                                     struct assay_token *token, enum assay_result_answer *answer)
{
    struct assay_quote_fault fault;
    struct assay_path path;
    size_t at = 0;
    const struct assay_certificate *const leaf = &token->certificates[0];
    ASSAY_ASSERT(token->certificate_count > 0);
    enum assay_status status =
        assay_path_build(leaf, token->certificates, token->certificate_count, terms->root, &path);
    if (status == ASSAY_OK) status = assay_path_verify(&path, terms->root, &fault, &at);
    if (is_host(status)) return status;
    if (status != ASSAY_OK)
        *answer = assay_token_refuse(token, ASSAY_RESULT_BAD_CHAIN,
                                     "x5c does not lead to the root; its first certificate is ",
                                     leaf->subject_name);
    else if (!assay_chain_is_signer(leaf) || !assay_chain_allows(leaf, 0))
        *answer =
            assay_token_refuse(token, ASSAY_RESULT_BAD_CHAIN,
                               "x5c: its first certificate may not sign: ", leaf->subject_name);
    else if (!is_in_time(&path, terms->at_unix_s))
        *answer = assay_token_refuse(token, ASSAY_RESULT_BAD_CHAIN,
                                     "x5c: a certificate has expired, or is not valid yet", NULL);
    return ASSAY_OK;
}

/* The key by the chain alone (Google's tokens with x5c). */
static enum assay_status find_key_of_header(const struct assay_token_terms *terms,
                                            struct assay_token *token, struct assay_key *key,
                                            enum assay_result_answer *answer)
{
    ASSAY_ASSERT(terms->root != NULL);
    if (!read_certificates(token, SIZE_MAX)) {
        *answer = assay_token_refuse(token, ASSAY_RESULT_BAD_CHAIN,
                                     "header: x5c is missing or cannot be read, and there is no "
                                     "key set",
                                     NULL);
        return ASSAY_OK;
    }
    *key = token->certificates[0].key;
    return check_chain(terms, token, answer);
}

/* --- keys of a set */
static enum assay_result_answer refuse_key(struct assay_token *token, enum assay_status status)
{
    static const struct {
        enum assay_status status;
        const char *why;
    } reasons[] = {
        { ASSAY_E_NOT_FOUND, "the key set has no key " },
        { ASSAY_E_DUPLICATE, "the key set has a name twice, or two keys " },
        { ASSAY_E_INVALID, "the key set has a private key " },
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return assay_token_refuse(token, ASSAY_RESULT_NO_KEY, reasons[i].why, token->key_id);
    return assay_token_refuse(token, ASSAY_RESULT_NO_KEY,
                              "the key set or its key cannot be read: ", assay_status_text(status));
}

/* RFC 7517 4.2 to 4.4: what a key is restricted to. */
static bool may_verify(const struct assay_token *token)
{
    const struct assay_tree_node *const use = assay_tree_find(&token->other, "use");
    const struct assay_tree_node *const ops = assay_tree_find(&token->other, "key_ops");
    const struct assay_tree_node *const alg = assay_tree_find(&token->other, "alg");
    if (use != NULL && !assay_tree_is(use, "sig")) return false;
    if (ops != NULL && !assay_tree_contains(&token->other, ops, "verify")) return false;
    return alg == NULL || assay_tree_is(alg, token->algorithm);
}

/* A key and its certificate must agree (RFC 7517 4.7); Azure publishes the certificate alone. */
static bool settle_key(const struct assay_token_terms *terms, struct assay_token *token,
                       struct assay_key *key)
{
    const bool is_bare = key->type != ASSAY_KEY_NONE;
    if (is_bare && terms->root == NULL) return true;
    if (!read_certificates(token, terms->root == NULL ? 1 : SIZE_MAX)) return false;
    if (is_bare) return assay_key_equal(key, &token->certificates[0].key);
    *key = token->certificates[0].key;
    return true;
}

static enum assay_status find_key_of_set(const struct assay_token_terms *terms,
                                         struct assay_token *token, struct assay_key *key,
                                         enum assay_result_answer *answer)
{
    const enum assay_status status = assay_doc_key_of_set(terms->keys.bytes, terms->keys.len,
                                                          token->key_id, &token->other, key);
    if (is_host(status)) return status;
    if (status != ASSAY_OK) {
        *answer = refuse_key(token, status);
        return ASSAY_OK;
    }
    if (!may_verify(token)) {
        *answer = assay_token_refuse(token, ASSAY_RESULT_NO_KEY,
                                     "the key is for another use or algorithm: ", token->key_id);
        return ASSAY_OK;
    }
    if (!settle_key(terms, token, key)) {
        *answer = assay_token_refuse(
            token, ASSAY_RESULT_BAD_CHAIN,
            "x5c is missing, cannot be read, or has another key: ", token->key_id);
        return ASSAY_OK;
    }
    return terms->root == NULL ? ASSAY_OK : check_chain(terms, token, answer);
}

enum assay_status assay_token_find_key(const struct assay_token_terms *terms,
                                       struct assay_token *token, struct assay_key *key,
                                       enum assay_result_answer *answer)
{
    const struct assay_tree_node *const node = assay_tree_find(&token->other, "kid");
    const char *const id = assay_tree_text(node);
    token->key_id[0] = '\0';
    if (terms->keys.len == 0) return find_key_of_header(terms, token, key, answer);
    if (id == NULL || node->text.len == 0 || node->text.len > ASSAY_RESULT_KEY_ID_MAX) {
        *answer = assay_token_refuse(token, ASSAY_RESULT_NO_KEY,
                                     "header: kid is missing, empty, or too long", NULL);
        return ASSAY_OK;
    }
    assay_text_copy(token->key_id, sizeof token->key_id, id);
    return find_key_of_set(terms, token, key, answer);
}

/* --- signature */
/* ECDSA: r | s of the curve's length (RFC 7518 3.4), each right-aligned in 48 bytes. */
static bool read_signature(const struct algorithm *algorithm, struct assay_slice text,
                           struct assay_signature *out)
{
    size_t len = 0;
    assay_bytes_zero(out, sizeof *out);
    if (assay_base64_decode(ASSAY_BASE64_URL, (const char *)text.bytes, text.len, out->bytes,
                            sizeof out->bytes, &len) != ASSAY_OK)
        return false;
    out->alg = algorithm->alg;
    out->len = (uint32_t)len;
    return algorithm->key != ASSAY_KEY_P384 || len == ASSAY_P384_SIGNATURE_LEN;
}

static enum assay_status check_signature(const struct algorithm *algorithm,
                                         const struct assay_jws *jws, const struct assay_key *key,
                                         bool *holds)
{
    struct assay_signature signature;
    struct assay_verify_key *loaded = NULL;
    uint8_t digest[ASSAY_DIGEST_MAX];
    *holds = false;
    if (!read_signature(algorithm, jws->signature, &signature)) return ASSAY_OK;
    const enum assay_status status = assay_public_key_load(key, &loaded);
    if (status == ASSAY_E_KEY) return ASSAY_OK;
    ASSAY_TRY(status);
    const size_t len =
        assay_signature_digest(signature.alg, jws->signed_text.bytes, jws->signed_text.len, digest);
    *holds = assay_public_key_check(loaded, &signature, digest, len);
    assay_public_key_free(&loaded);
    return ASSAY_OK;
}

/* RFC 8725 3.1: the key's type decides with the algorithm, never the token alone. */
static enum assay_status check_signed(const struct assay_token_terms *terms,
                                      struct assay_token *token, const struct assay_jws *jws,
                                      const struct algorithm *algorithm,
                                      enum assay_result_answer *answer)
{
    struct assay_key key = { .type = ASSAY_KEY_NONE };
    bool holds = false;
    ASSAY_TRY(assay_token_find_key(terms, token, &key, answer));
    if (*answer != ASSAY_RESULT_VALID) return ASSAY_OK;
    if (key.type != algorithm->key) {
        *answer =
            assay_token_refuse(token, ASSAY_RESULT_NO_KEY,
                               "the key is of another type than the algorithm ", algorithm->name);
        return ASSAY_OK;
    }
    ASSAY_TRY(check_signature(algorithm, jws, &key, &holds));
    if (!holds)
        *answer =
            assay_token_refuse(token, ASSAY_RESULT_FORGED,
                               "the signature is not by the key of the issuer ", token->key_id);
    return ASSAY_OK;
}

enum assay_status assay_token_open(const struct assay_token_terms *terms, struct assay_slice text,
                                   struct assay_token *token, struct assay_doc_tree *claims,
                                   enum assay_result_answer *answer)
{
    struct assay_jws jws;
    const struct algorithm *algorithm = NULL;
    enum assay_status status = assay_jws_split((const char *)text.bytes, text.len, &jws);
    if (status == ASSAY_OK) status = read_part(token, jws.header, &token->other);
    if (is_host(status)) return status;
    if (status != ASSAY_OK) {
        *answer = assay_token_refuse(token, ASSAY_RESULT_MALFORMED,
                                     "no JSON web token: ", assay_status_text(status));
        return ASSAY_OK;
    }
    token->passed += 1;
    *answer = check_header(terms, token, &algorithm);
    if (*answer != ASSAY_RESULT_VALID) return ASSAY_OK;
    token->passed += 1;
    ASSAY_TRY(check_signed(terms, token, &jws, algorithm, answer));
    if (*answer != ASSAY_RESULT_VALID) return ASSAY_OK;
    token->passed += 1;
    status = read_part(token, jws.claims, claims);
    if (is_host(status)) return status;
    if (status != ASSAY_OK)
        *answer = assay_token_refuse(token, ASSAY_RESULT_MALFORMED,
                                     "claims: ", assay_status_text(status));
    else token->passed += 1;
    return ASSAY_OK;
}
