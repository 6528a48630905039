/*
 * apps/assay/bridge/bridge_token.c - tokens and key sets of a bridge (docs/identity.md 13.7).
 */
#include "apps/assay/bridge/bridge_statement.h"

#include "base/base64.h"
#include "net/json/json.h"
#include "scoring/standing.h"

#include <stdlib.h>
#include <string.h>

enum {
    TEXT_MAX = 768, /* base64url of a modulus */
    EXPONENT_LEN = 4,
    HALF = ASSAY_P256_PUBLIC_LEN / 2,
    THUMBPRINT_LEN = 43,
};

static const char *algorithm_name(const struct assay_key *key)
{
    return key->type == ASSAY_KEY_RSA ? "RS256" : "ES256";
}

/* --- keys (RFC 7517, 7518 6, 7638) */

static void set_base64(struct assay_json *object, const char *name, const uint8_t *bytes,
                       size_t len)
{
    char text[TEXT_MAX];
    size_t text_len = 0;
    if (assay_base64_encode(ASSAY_BASE64_URL, bytes, len, text, sizeof text, &text_len) == ASSAY_OK)
        assay_json_set_text_n(object, name, text, text_len);
}

/* The members that a thumbprint covers, in its order. */
static void set_members(struct assay_json *object, const struct assay_key *key)
{
    if (key->type == ASSAY_KEY_RSA) {
        const uint8_t *exponent = key->bytes + key->len - EXPONENT_LEN;
        size_t len = EXPONENT_LEN;
        while (len > 1 && *exponent == 0) { /* RFC 7518 2: without leading zeros */
            exponent += 1;
            len -= 1;
        }
        set_base64(object, "e", exponent, len);
        assay_json_set_text(object, "kty", "RSA");
        set_base64(object, "n", key->bytes, key->len - EXPONENT_LEN);
    } else {
        assay_json_set_text(object, "crv", "P-256");
        assay_json_set_text(object, "kty", "EC");
        set_base64(object, "x", key->bytes, HALF);
        set_base64(object, "y", key->bytes + HALF, HALF);
    }
}

static enum assay_status find_thumbprint(const struct assay_key *key,
                                         char text[static THUMBPRINT_LEN + 1])
{
    uint8_t digest[ASSAY_SHA256_LEN];
    size_t len = 0;
    struct assay_json *object = assay_json_object();
    set_members(object, key);
    char *const members = assay_json_print(object, 0);
    assay_json_free(&object);
    if (members == NULL) return ASSAY_E_MEMORY;
    assay_sha256(members, strlen(members), digest);
    free(members);
    return assay_base64_encode(ASSAY_BASE64_URL, digest, sizeof digest, text, THUMBPRINT_LEN + 1,
                               &len);
}

/* Takes document over. */
static enum assay_status write_document(struct assay_json *document, uint8_t *bytes,
                                        size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    char *const text = assay_json_print(document, 0);
    assay_json_free(&document);
    if (text == NULL) return ASSAY_E_MEMORY;
    assay_writer_put(&w, text, strlen(text));
    free(text);
    return assay_writer_finish(&w, out);
}

enum assay_status cli_bridge_jwks(const struct assay_key *const *keys, size_t count, uint8_t *bytes,
                                  size_t capacity, struct assay_slice *out)
{
    struct assay_json *document = assay_json_object();
    struct assay_json *const list = assay_json_set_array(document, "keys");
    for (size_t i = 0; i < count; i++) {
        char thumbprint[THUMBPRINT_LEN + 1];
        const enum assay_status status = find_thumbprint(keys[i], thumbprint);
        if (status != ASSAY_OK) {
            assay_json_free(&document);
            return status;
        }
        struct assay_json *const one = assay_json_append_object(list);
        set_members(one, keys[i]);
        assay_json_set_text(one, "alg", algorithm_name(keys[i]));
        assay_json_set_text(one, "use", "sig");
        assay_json_set_text(one, "kid", thumbprint);
    }
    return write_document(document, bytes, capacity, out);
}

enum assay_status cli_bridge_discovery(const char *issuer, const struct assay_key *const *keys,
                                       size_t count, uint8_t *bytes, size_t capacity,
                                       struct assay_slice *out)
{
    static const char path[] = "/.well-known/jwks.json";
    char uri[ASSAY_SVID_ISSUER_MAX + sizeof path];
    bool has[2] = { false };
    struct assay_writer w = assay_writer_over((uint8_t *)uri, sizeof uri);
    assay_writer_put(&w, issuer, strlen(issuer));
    assay_writer_put(&w, path, sizeof path);
    if (w.full) return ASSAY_E_FULL;
    struct assay_json *const document = assay_json_object();
    assay_json_set_text(document, "issuer", issuer);
    assay_json_set_text(document, "jwks_uri", uri);
    struct assay_json *list =
        assay_json_set_array(document, "id_token_signing_alg_values_supported");
    for (size_t i = 0; i < count; i++) {
        bool *const is_named = &has[keys[i]->type == ASSAY_KEY_RSA];
        if (!*is_named) assay_json_append_text(list, algorithm_name(keys[i]));
        *is_named = true;
    }
    list = assay_json_set_array(document, "response_types_supported");
    assay_json_append_text(list, "id_token");
    list = assay_json_set_array(document, "subject_types_supported");
    assay_json_append_text(list, "public");
    return write_document(document, bytes, capacity, out);
}

/* --- tokens (RFC 7515 3.1) */

static void put_base64(struct assay_writer *w, const void *bytes, size_t len)
{
    char text[CLI_BRIDGE_TOKEN_MAX];
    size_t text_len = 0;
    if (assay_base64_encode(ASSAY_BASE64_URL, bytes, len, text, sizeof text, &text_len) == ASSAY_OK)
        assay_writer_put(w, text, text_len);
    else w->full = true;
}

static enum assay_status sign_claims(const struct cli_bridge_signer *signer, const char *type,
                                     const char *claims, uint8_t *bytes, size_t capacity,
                                     struct assay_slice *out)
{
    uint8_t header[256], signature[ASSAY_KEYPAIR_LEN_MAX];
    char thumbprint[THUMBPRINT_LEN + 1];
    const struct assay_key *const key = assay_keypair_public(signer->key);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    struct assay_slice head;
    size_t len = 0;
    ASSAY_TRY(find_thumbprint(key, thumbprint));
    struct assay_json *const object = assay_json_object();
    assay_json_set_text(object, "alg", algorithm_name(key));
    assay_json_set_text(object, "kid", thumbprint);
    assay_json_set_text(object, "typ", type);
    ASSAY_TRY(write_document(object, header, sizeof header, &head));
    put_base64(&w, head.bytes, head.len);
    assay_writer_u8(&w, '.');
    put_base64(&w, claims, strlen(claims));
    if (w.full) return ASSAY_E_FULL;
    ASSAY_TRY(assay_keypair_sign(signer->key, assay_slice_over(bytes, w.len), signature, &len));
    assay_writer_u8(&w, '.');
    put_base64(&w, signature, len);
    return assay_writer_finish(&w, out);
}

static void set_state(struct assay_json *claims, const struct assay_svid_state *s)
{
    struct assay_json *const object = assay_json_set_object(claims, "assay");
    assay_json_set_hex(object, "block_id", s->block_id, 32);
    assay_json_set_hex(object, "chain_id", s->chain_id, 32);
    assay_json_set_hex(object, "entry_digest", s->entry_digest, 32);
    assay_json_set_uint(object, "epoch", s->epoch);
    assay_json_set_uint(object, "era", s->era);
    assay_json_set_uint(object, "evidence_kind", s->evidence_kind);
    assay_json_set_uint(object, "incarnation", s->incarnation);
    assay_json_set_hex(object, "node_id", s->node_id, 32);
    assay_json_set_hex(object, "proof_digest", s->proof_digest, 32);
    assay_json_set_uint(object, "score", s->score_bp);
    assay_json_set_text(object, "standing", assay_standing_text((enum assay_standing)s->standing));
    assay_json_set_uint(object, "version", 1);
}

enum assay_status cli_bridge_token(const struct cli_bridge_signer *signer,
                                   const struct assay_svid *source, const char *audience,
                                   const struct cli_bridge_times *times, int64_t now_s,
                                   uint8_t *bytes, size_t capacity, struct assay_slice *out)
{
    struct assay_json *claims = assay_json_object();
    set_state(claims, &source->state);
    assay_json_set_text(claims, "aud", audience);
    assay_json_set_text(assay_json_set_object(claims, "cnf"), "jkt", source->thumbprint);
    assay_json_set_int(claims, "exp", times->not_after_s);
    assay_json_set_int(claims, "iat", now_s);
    if (source->is_insecure) assay_json_set_bool(claims, "insecure", true);
    assay_json_set_text(claims, "iss", signer->issuer);
    assay_json_set_hex(claims, "jti", source->serial, sizeof source->serial);
    assay_json_set_int(claims, "nbf", times->not_before_s);
    assay_json_set_text(claims, "sub", source->spiffe_id);
    char *const text = assay_json_print(claims, 0);
    assay_json_free(&claims);
    const enum assay_status status =
        text != NULL ? sign_claims(signer, "JWT", text, bytes, capacity, out) : ASSAY_E_MEMORY;
    free(text);
    return status;
}

enum assay_status cli_bridge_ear(const struct cli_bridge_signer *signer, const char *claims,
                                 uint8_t *bytes, size_t capacity, struct assay_slice *out)
{
    static const char path[] = "/ear";
    char issuer[ASSAY_SVID_ISSUER_MAX + sizeof path];
    struct assay_json *document = NULL;
    struct assay_writer w = assay_writer_over((uint8_t *)issuer, sizeof issuer);
    assay_writer_put(&w, signer->issuer, strlen(signer->issuer));
    assay_writer_put(&w, path, sizeof path);
    if (w.full) return ASSAY_E_FULL;
    ASSAY_TRY(assay_json_parse(claims, strlen(claims), &document));
    assay_json_set_text(document, "iss", issuer);
    char *const text = assay_json_print(document, 0);
    assay_json_free(&document);
    const enum assay_status status =
        text != NULL ? sign_claims(signer, "eat+jwt", text, bytes, capacity, out) : ASSAY_E_MEMORY;
    free(text);
    return status;
}
