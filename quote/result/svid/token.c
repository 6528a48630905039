/*
 * quote/result/svid/token.c - verification of tokens that a network signs (docs/identity.md 5.6).
 *
 * One algorithm and one type, so that nothing of a token selects how it is verified (RFC 8725 3.1):
 * an attestation result of the same key is refused by its type.
 */
#include "quote/result/svid/svid.h"

#include "base/assert.h"
#include "base/base64.h"
#include "quote/result/jwt.h"
#include "quote/result/token/tree.h"

enum { VALIDITY_S_MIN = 300, VALIDITY_S_MAX = 86400 };

static const struct assay_slice nothing = { NULL, 0 };

static void refuse_token(struct assay_svid *svid, enum assay_identity_answer answer,
                         const char *why)
{
    svid->answer = assay_svid_refuse(svid, answer, why, nothing);
}

static bool is_going(const struct assay_svid *svid)
{
    return svid->answer == ASSAY_IDENTITY_NOT_READ;
}

/* Returns: ASSAY_OK (or a refusal) | ASSAY_E_MEMORY */
static enum assay_status read_part(struct assay_svid *svid, struct assay_slice part,
                                   const char *why)
{
    size_t len = 0;
    enum assay_status status = assay_base64_decode(ASSAY_BASE64_URL, (const char *)part.bytes,
                                                   part.len, svid->bytes, sizeof svid->bytes, &len);
    if (status == ASSAY_OK) status = assay_doc_tree_read(svid->bytes, len, &svid->tree);
    if (status == ASSAY_E_MEMORY) return status;
    if (status != ASSAY_OK || svid->tree.nodes[0].type != ASSAY_TREE_MAP)
        refuse_token(svid, ASSAY_IDENTITY_MALFORMED, why);
    return ASSAY_OK;
}

static void read_header(struct assay_svid *svid, char key_id[ASSAY_SVID_THUMBPRINT_LEN + 1])
{
    const struct assay_tree_node *const id = assay_tree_find(&svid->tree, "kid");
    if (!assay_tree_is(assay_tree_find(&svid->tree, "alg"), "EdDSA") ||
        !assay_tree_is(assay_tree_find(&svid->tree, "typ"), "JWT"))
        refuse_token(svid, ASSAY_IDENTITY_UNSUPPORTED, "header: expected alg EdDSA and typ JWT");
    else if (assay_tree_find(&svid->tree, "crit") != NULL) /* RFC 7515 4.1.11 */
        refuse_token(svid, ASSAY_IDENTITY_UNSUPPORTED, "header: critical extensions are not known");
    else if (assay_tree_text(id) == NULL || id->text.len != ASSAY_SVID_THUMBPRINT_LEN)
        refuse_token(svid, ASSAY_IDENTITY_OTHER_PROFILE, "header: kid is no thumbprint of a key");
    else assay_text_copy(key_id, ASSAY_SVID_THUMBPRINT_LEN + 1, assay_tree_text(id));
}

/* --- the key of that id; two of one id would leave the choice to the reader */
static const struct assay_tree_node *member_of(const struct assay_doc_tree *tree,
                                               const struct assay_tree_node *map, const char *name)
{
    const struct assay_tree_node *member = NULL;
    for (size_t i = 0; (member = assay_tree_member(tree, map, i)) != NULL; i++)
        if (assay_text_compare(member->key, name, ASSAY_SVID_URI_MAX) == 0) return member;
    return NULL;
}

/* RFC 7518 6.2.2, 6.3.2, 6.4.1: parts of private and of symmetric keys. Whichever key of a set has
 * one, the set is not the published one, and the key is exposed. */
static bool is_private(const struct assay_doc_tree *tree, const struct assay_tree_node *key)
{
    static const char *const parts[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (member_of(tree, key, parts[i]) != NULL) return true;
    return false;
}

/* RFC 8037 2, RFC 7517 4.2 to 4.4. */
static bool read_key(const struct assay_doc_tree *tree, const struct assay_tree_node *key,
                     uint8_t public_key[static ASSAY_ED25519_PUBLIC_LEN])
{
    const struct assay_tree_node *const use = member_of(tree, key, "use");
    const struct assay_tree_node *const alg = member_of(tree, key, "alg");
    const struct assay_tree_node *const x = member_of(tree, key, "x");
    size_t len = 0;
    if (!assay_tree_is(member_of(tree, key, "kty"), "OKP") ||
        !assay_tree_is(member_of(tree, key, "crv"), "Ed25519"))
        return false;
    if (use != NULL && !assay_tree_is(use, "sig")) return false;
    if (alg != NULL && !assay_tree_is(alg, "EdDSA")) return false;
    if (assay_tree_text(x) == NULL) return false;
    return assay_base64_decode(ASSAY_BASE64_URL, (const char *)x->text.bytes, x->text.len,
                               public_key, ASSAY_ED25519_PUBLIC_LEN, &len) == ASSAY_OK &&
           len == ASSAY_ED25519_PUBLIC_LEN;
}

/* --- the three parts, before anything of them is believed (RFC 7515 5.2: each is base64url) */
static bool is_of_token(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

/* Returns: NULL, or why the text is no token */
static const char *split_token(struct assay_slice text, struct assay_jws *jws,
                               uint8_t signature[static ASSAY_ED25519_SIGNATURE_LEN])
{
    size_t end = text.len, len = 0;
    while (end > 0 && !is_of_token(text.bytes[end - 1]))
        end -= 1;
    for (size_t i = 0; i < end; i++)
        if (!is_of_token(text.bytes[i])) return "a character of the token is not of base64url";
    if (end > 0 && end < text.len)
        return "bytes follow the token: give its characters alone, without the end of the line";
    if (text.len > ASSAY_SVID_TOKEN_MAX) return "longer than any token of a network";
    if (assay_jws_split((const char *)text.bytes, text.len, jws) != ASSAY_OK)
        return "no JSON web token of three parts";
    if (assay_base64_decode(ASSAY_BASE64_URL, (const char *)jws->signature.bytes,
                            jws->signature.len, signature, ASSAY_ED25519_SIGNATURE_LEN,
                            &len) != ASSAY_OK ||
        len != ASSAY_ED25519_SIGNATURE_LEN)
        return "the signature is not base64url of 64 bytes";
    return NULL;
}

static enum assay_status find_key(struct assay_slice keys, const char *key_id,
                                  struct assay_svid *svid,
                                  uint8_t public_key[static ASSAY_ED25519_PUBLIC_LEN])
{
    const struct assay_tree_node *key = NULL, *found = NULL;
    const enum assay_status status = assay_doc_tree_read(keys.bytes, keys.len, &svid->tree);
    if (status == ASSAY_E_MEMORY) return status;
    const struct assay_tree_node *const list =
        status == ASSAY_OK ? assay_tree_find(&svid->tree, "keys") : NULL;
    if (list == NULL || list->type != ASSAY_TREE_LIST) {
        refuse_token(svid, ASSAY_IDENTITY_NOT_READ,
                     "the key set is no JSON object with a list `keys`");
        return ASSAY_E_KEY;
    }
    for (size_t i = 0; (key = assay_tree_member(&svid->tree, list, i)) != NULL; i++) {
        if (key->type == ASSAY_TREE_MAP && is_private(&svid->tree, key))
            refuse_token(svid, ASSAY_IDENTITY_NO_KEY,
                         "the key set has a private key: expected the published one");
        if (key->type != ASSAY_TREE_MAP ||
            !assay_tree_is(member_of(&svid->tree, key, "kid"), key_id))
            continue;
        if (found != NULL)
            refuse_token(svid, ASSAY_IDENTITY_NO_KEY, "the key set has two keys of one id");
        found = key;
    }
    if (!is_going(svid)) return ASSAY_OK;
    if (found == NULL)
        svid->answer =
            assay_svid_refuse(svid, ASSAY_IDENTITY_NO_KEY,
                              "the key set has no such key (rolled over, or of another network): ",
                              assay_slice_over(key_id, ASSAY_SVID_THUMBPRINT_LEN));
    else if (!read_key(&svid->tree, found, public_key))
        refuse_token(svid, ASSAY_IDENTITY_NO_KEY,
                     "the key of the set is none of Ed25519 for signatures");
    return ASSAY_OK;
}

/* --- claims */
static bool take_number(const struct assay_doc_tree *tree, const char *path, int64_t max,
                        int64_t *out)
{
    const struct assay_tree_node *const node = assay_tree_find(tree, path);
    if (node == NULL || node->type != ASSAY_TREE_INT || node->number < 0 || node->number > max)
        return false;
    *out = node->number;
    return true;
}

static bool take_u32(const struct assay_doc_tree *tree, const char *path, uint32_t max,
                     uint32_t *out)
{
    int64_t number = 0;
    if (!take_number(tree, path, max, &number)) return false;
    *out = (uint32_t)number;
    return true;
}

static bool take_hex(const struct assay_doc_tree *tree, const char *path, uint8_t *out, size_t len)
{
    const struct assay_tree_node *const node = assay_tree_find(tree, path);
    return assay_tree_text(node) != NULL &&
           assay_hex_decode((const char *)node->text.bytes, node->text.len, out, len) == ASSAY_OK;
}

static bool read_state(const struct assay_doc_tree *tree, struct assay_svid_state *state)
{
    const struct assay_tree_node *const standing = assay_tree_find(tree, "assay/standing");
    int64_t era = 0, epoch = 0;
    if (assay_tree_text(standing) == NULL ||
        assay_x509_standing(standing->text, &state->standing) != ASSAY_OK)
        return false;
    if (!take_number(tree, "assay/era", INT64_MAX, &era) ||
        !take_number(tree, "assay/epoch", INT64_MAX, &epoch))
        return false;
    state->era = (uint64_t)era;
    state->epoch = (uint64_t)epoch;
    return take_hex(tree, "assay/block_id", state->block_id, 32) &&
           take_hex(tree, "assay/chain_id", state->chain_id, 32) &&
           take_hex(tree, "assay/entry_digest", state->entry_digest, 32) &&
           take_hex(tree, "assay/node_id", state->node_id, 32) &&
           take_hex(tree, "assay/proof_digest", state->proof_digest, 32) &&
           take_u32(tree, "assay/evidence_kind", UINT32_MAX, &state->evidence_kind) &&
           take_u32(tree, "assay/incarnation", UINT32_MAX, &state->incarnation) &&
           take_u32(tree, "assay/score", 10000, &state->score_bp);
}

/* docs/identity.md 5.5: from 300 s before the time of issue, for 5 minutes to a day after it. */
static bool read_times(const struct assay_doc_tree *tree, struct assay_svid *svid)
{
    static const int64_t last_s = INT64_C(253402300799); /* 9999: RFC 3339 */
    if (!take_number(tree, "iat", last_s, &svid->issued_s) ||
        !take_number(tree, "nbf", last_s, &svid->not_before_s) ||
        !take_number(tree, "exp", last_s, &svid->not_after_s))
        return false;
    const int64_t validity_s = svid->not_after_s - svid->issued_s;
    return svid->not_before_s == svid->issued_s - ASSAY_SVID_EARLY_S &&
           validity_s >= VALIDITY_S_MIN && validity_s <= VALIDITY_S_MAX;
}

static bool read_subject(const struct assay_doc_tree *tree, struct assay_svid *svid)
{
    const struct assay_tree_node *const subject = assay_tree_find(tree, "sub");
    struct assay_spiffe_id id;
    if (assay_tree_text(subject) == NULL || !assay_x509_spiffe_id(subject->text, &id)) return false;
    if (id.node.len > 0 && !assay_x509_is_node_text(id.node, svid->state.node_id)) return false;
    assay_svid_copy_id(subject->text, &id, svid);
    return true;
}

static void read_claims(const struct assay_svid_terms *terms, struct assay_svid *svid)
{
    const struct assay_doc_tree *const tree = &svid->tree;
    const struct assay_tree_node *const issuer = assay_tree_find(tree, "iss");
    const struct assay_tree_node *const audience = assay_tree_find(tree, "aud");
    const struct assay_tree_node *const insecure = assay_tree_find(tree, "insecure");
    const struct assay_tree_node *const print = assay_tree_find(tree, "cnf/jkt");
    int64_t version = 0;
    svid->is_insecure = assay_tree_is_bool(insecure, true);
    svid->ca_number = 0;
    svid->spki_len = 0;
    if (!take_number(tree, "assay/version", INT64_MAX, &version) || version != 1)
        refuse_token(svid, ASSAY_IDENTITY_UNSUPPORTED, "claims: `assay` is not of version 1");
    else if (assay_tree_text(issuer) == NULL || assay_tree_text(audience) == NULL)
        refuse_token(svid, ASSAY_IDENTITY_OTHER_PROFILE,
                     "claims: iss or aud is missing or no text");
    else if (!read_state(tree, &svid->state) || !read_times(tree, svid) ||
             !take_hex(tree, "jti", svid->serial, sizeof svid->serial) ||
             !read_subject(tree, svid) || (insecure != NULL && !svid->is_insecure) ||
             assay_tree_text(print) == NULL || print->text.len != ASSAY_SVID_THUMBPRINT_LEN)
        refuse_token(svid, ASSAY_IDENTITY_OTHER_PROFILE,
                     "claims: not those that a network makes (docs/identity.md 5.6)");
    else if (!assay_tree_is(issuer, terms->issuer))
        svid->answer = assay_svid_refuse(svid, ASSAY_IDENTITY_OTHER_ISSUER,
                                         "iss is another one: ", issuer->text);
    else if (!assay_tree_is(audience, terms->audience))
        svid->answer = assay_svid_refuse(svid, ASSAY_IDENTITY_OTHER_AUDIENCE,
                                         "aud is another one: ", audience->text);
    else assay_text_copy(svid->thumbprint, sizeof svid->thumbprint, assay_tree_text(print));
}

enum assay_status assay_svid_verify_token(const struct assay_svid_terms *terms,
                                          struct assay_slice trusted, struct assay_slice text,
                                          struct assay_svid *svid)
{
    struct assay_jws jws;
    char key_id[ASSAY_SVID_THUMBPRINT_LEN + 1] = "";
    uint8_t public_key[ASSAY_ED25519_PUBLIC_LEN], signature[ASSAY_ED25519_SIGNATURE_LEN];
    ASSAY_ASSERT(terms->issuer != NULL && terms->audience != NULL);
    ASSAY_ASSERT(terms->skew_s <= ASSAY_SVID_SKEW_S_MAX);
    svid->answer = ASSAY_IDENTITY_NOT_READ;
    svid->why[0] = '\0';
    if (!assay_ed25519_is_available()) return ASSAY_E_CRYPTO;
    const char *const fault = split_token(text, &jws, signature);
    if (fault != NULL) {
        refuse_token(svid, ASSAY_IDENTITY_MALFORMED, fault);
        return ASSAY_OK;
    }
    ASSAY_TRY(read_part(svid, jws.header, "header: no JSON object, or a member twice"));
    if (is_going(svid)) read_header(svid, key_id);
    if (!is_going(svid)) return ASSAY_OK;
    ASSAY_TRY(find_key(trusted, key_id, svid, public_key));
    if (is_going(svid) &&
        !assay_ed25519_verify(public_key, jws.signed_text.bytes, jws.signed_text.len, signature))
        refuse_token(svid, ASSAY_IDENTITY_FORGED, "the signature is not by the key that it names");
    if (!is_going(svid)) return ASSAY_OK;
    ASSAY_TRY(read_part(svid, jws.claims, "claims: no JSON object, or a member twice"));
    if (is_going(svid)) read_claims(terms, svid);
    if (is_going(svid)) svid->answer = assay_svid_check_terms(terms, svid);
    return ASSAY_OK;
}
