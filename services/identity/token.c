/*
 * services/identity/token.c - tokens, attestation results and published keys as JSON
 * (docs/identity.md 5.6, 5.7): members in byte order, no white space.
 *
 * All texts are of characters that JSON has as they are (product_check_ca, product_check_entry).
 */
#include "services/identity/product_internal.h"

#include "base/base64.h"
#include "base/crypto.h"

static void put_number(struct assay_writer *w, uint64_t value)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[sizeof digits - ++count] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    assay_writer_put(w, digits + sizeof digits - count, count);
}

static void put_base64(struct assay_writer *w, enum assay_base64_alphabet alphabet,
                       struct assay_slice bytes)
{
    size_t len = 0;
    char text[5];
    for (size_t at = 0; at < bytes.len; at += 3) { /* by groups, so that no copy is needed */
        const size_t count = bytes.len - at < 3 ? bytes.len - at : 3;
        const enum assay_status status =
            assay_base64_encode(alphabet, bytes.bytes + at, count, text, sizeof text, &len);
        ASSAY_ASSERT(status == ASSAY_OK);
        assay_writer_put(w, text, len);
    }
}

static void put_url64(struct assay_writer *w, const uint8_t *bytes, size_t len)
{
    put_base64(w, ASSAY_BASE64_URL, assay_slice_over(bytes, len));
}

static void put_hex_member(struct assay_writer *w, const char *front, const uint8_t *bytes,
                           size_t len)
{
    char text[65];
    ASSAY_ASSERT(len <= 32);
    assay_hex_encode(bytes, len, text, sizeof text);
    product_put_text(w, front);
    product_put_text(w, text);
    product_put_text(w, "\"");
}

static void put_number_member(struct assay_writer *w, const char *front, uint64_t value)
{
    product_put_text(w, front);
    put_number(w, value);
}

/* --- thumbprints (RFC 7638 3) */

static void put_jwk_members(struct assay_writer *w, const struct product_key *key)
{
    const struct assay_slice point = key->subject_public_key;
    product_put_text(w, "{\"crv\":\"");
    product_put_text(w, key->curve);
    product_put_text(w, key->is_ec ? "\",\"kty\":\"EC\",\"x\":\"" : "\",\"kty\":\"OKP\",\"x\":\"");
    if (!key->is_ec) {
        put_url64(w, point.bytes, point.len);
    } else {
        const size_t half = (point.len - 1) / 2;
        put_url64(w, point.bytes + 1, half);
        product_put_text(w, "\",\"y\":\"");
        put_url64(w, point.bytes + 1 + half, half);
    }
    product_put_text(w, "\"}");
}

static void put_thumbprint(struct assay_writer *w, const struct product_key *key)
{
    uint8_t bytes[224], digest[ASSAY_SHA256_LEN];
    struct assay_writer jwk = assay_writer_over(bytes, sizeof bytes);
    put_jwk_members(&jwk, key);
    ASSAY_ASSERT(!jwk.full);
    assay_sha256(bytes, jwk.len, digest);
    put_url64(w, digest, sizeof digest);
}

static void put_ed25519_thumbprint(struct assay_writer *w, const uint8_t public_key[static 32])
{
    const struct product_key key = { .curve = "Ed25519",
                                     .is_ec = false,
                                     .subject_public_key = assay_slice_over(public_key, 32) };
    put_thumbprint(w, &key);
}

/* --- signing inputs */

/* The claims of docs/identity.md 5.4. */
static void put_state(struct assay_writer *w, const struct assay_credential_ca *ca,
                      const struct assay_credential_state *state,
                      const struct assay_credential_entry *entry)
{
    put_hex_member(w, "{\"block_id\":\"", state->block_id, 32);
    put_hex_member(w, ",\"chain_id\":\"", ca->chain_id, 32);
    if (entry != NULL) put_hex_member(w, ",\"entry_digest\":\"", entry->digest, 32);
    put_number_member(w, ",\"epoch\":", state->epoch);
    put_number_member(w, ",\"era\":", state->era);
    put_number_member(w, ",\"evidence_kind\":", state->evidence_kind);
    put_number_member(w, ",\"incarnation\":", state->incarnation);
    put_hex_member(w, ",\"node_id\":\"", state->node_id, 32);
    put_hex_member(w, ",\"proof_digest\":\"", state->proof_digest, 32);
    put_number_member(w, ",\"score\":", state->score_bp);
    product_put_text(w, ",\"standing\":\"");
    product_put_text(w, product_standing_text(state->standing));
    product_put_text(w, "\",\"version\":1}");
}

/* Base64url of both parts with a dot (RFC 7515 5.1). */
static enum assay_status join_parts(const struct assay_credential_ca *ca, const char *type,
                                    const struct assay_writer *claims, uint8_t *bytes,
                                    size_t capacity, struct assay_slice *out)
{
    struct assay_secret32 offset;
    uint8_t text[128], key[32];
    struct assay_writer header = assay_writer_over(text, sizeof text);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    struct assay_slice json;
    ASSAY_TRY(assay_credential_token_key(ca, &offset, key));
    product_put_text(&header, "{\"alg\":\"EdDSA\",\"kid\":\"");
    put_ed25519_thumbprint(&header, key);
    product_put_text(&header, "\",\"typ\":\"");
    product_put_text(&header, type);
    product_put_text(&header, "\"}");
    ASSAY_ASSERT(!header.full);
    ASSAY_TRY(assay_writer_finish(claims, &json));
    put_url64(&w, text, header.len);
    product_put_text(&w, ".");
    put_base64(&w, ASSAY_BASE64_URL, json);
    return assay_writer_finish(&w, out);
}

/* exp, iat, insecure, iss, jti: adjacent in the byte order of both kinds of claims. */
static void put_common_claims(struct assay_writer *w, const struct assay_credential_ca *ca,
                              const char *issuer_path, const struct product_times *times,
                              const uint8_t serial[static ASSAY_CREDENTIAL_SERIAL_LEN])
{
    put_number_member(w, ",\"exp\":", (uint64_t)times->not_after_s);
    put_number_member(w, ",\"iat\":", (uint64_t)times->issued_s);
    if (ca->insecure) product_put_text(w, ",\"insecure\":true");
    product_put_text(w, ",\"iss\":\"");
    product_put_slice(w, ca->issuer);
    product_put_text(w, issuer_path);
    put_hex_member(w, "\",\"jti\":\"", serial, ASSAY_CREDENTIAL_SERIAL_LEN);
}

static void put_subject(struct assay_writer *w, const struct assay_credential_ca *ca,
                        const struct assay_credential_state *state,
                        const struct assay_credential_entry *entry)
{
    product_put_text(w, ",\"sub\":\"");
    product_put_spiffe_id(w, ca, state, entry);
    product_put_text(w, "\"");
}

enum assay_status assay_credential_token(const struct assay_credential_ca *ca,
                                         const struct assay_credential_state *state,
                                         const struct assay_credential_entry *entry,
                                         uint32_t audience, uint8_t *bytes, size_t capacity,
                                         struct assay_slice *out)
{
    uint8_t text[ASSAY_CREDENTIAL_TBS_MAX], serial[ASSAY_CREDENTIAL_SERIAL_LEN];
    struct assay_writer w = assay_writer_over(text, sizeof text);
    struct product_times times;
    struct product_key key;
    ASSAY_TRY(product_check_ca(ca));
    ASSAY_TRY(product_check_state(state));
    ASSAY_TRY(product_check_entry(entry, ASSAY_CREDENTIAL_PURPOSE_TOKEN));
    ASSAY_TRY(product_read_spki(entry->spki, &key));
    ASSAY_TRY(product_times(state, ca->validity_s, &times));
    if (audience >= entry->audience_count) return ASSAY_E_NOT_FOUND;
    product_serial(ca, state, state->node_id, entry->digest, ASSAY_CREDENTIAL_TOKEN, audience,
                   serial);
    product_put_text(&w, "{\"assay\":");
    put_state(&w, ca, state, entry);
    product_put_text(&w, ",\"aud\":\"");
    product_put_slice(&w, entry->audience[audience]);
    product_put_text(&w, "\",\"cnf\":{\"jkt\":\"");
    put_thumbprint(&w, &key);
    product_put_text(&w, "\"}");
    put_common_claims(&w, ca, "", &times, serial);
    put_number_member(&w, ",\"nbf\":", (uint64_t)times.not_before_s);
    put_subject(&w, ca, state, entry);
    product_put_text(&w, "}");
    return join_parts(ca, "JWT", &w, bytes, capacity, out);
}

static const char *ear_status_text(enum assay_credential_standing standing)
{
    switch (standing) {
    case ASSAY_CREDENTIAL_FULL: return "affirming";
    case ASSAY_CREDENTIAL_WARNING:
    case ASSAY_CREDENTIAL_RESTRICTED: return "warning";
    case ASSAY_CREDENTIAL_SUSPENDED: return "contraindicated";
    }
    return "none";
}

enum assay_status assay_credential_ear(const struct assay_credential_ca *ca,
                                       const struct assay_credential_state *state, uint8_t *bytes,
                                       size_t capacity, struct assay_slice *out)
{
    static const uint8_t no_entry[32] = { 0 };
    uint8_t text[ASSAY_CREDENTIAL_TBS_MAX], serial[ASSAY_CREDENTIAL_SERIAL_LEN];
    struct assay_writer w = assay_writer_over(text, sizeof text);
    struct product_times times;
    ASSAY_TRY(product_check_ca(ca));
    ASSAY_TRY(product_check_state(state));
    ASSAY_TRY(product_times(state, ca->validity_s, &times));
    product_serial(ca, state, state->node_id, no_entry, ASSAY_CREDENTIAL_EAR, 0, serial);
    /* The build is a constant: the bytes may not depend on the version of a holder. */
    product_put_text(&w, "{\"ear_verifier_id\":{\"build\":\"network\",\"developer\":\"Assay\"},"
                         "\"eat_profile\":\"tag:ietf.org,2026:rats/ear#04\"");
    put_common_claims(&w, ca, "/ear", &times, serial);
    put_subject(&w, ca, state, NULL);
    product_put_text(&w, ",\"submods\":{\"assay\":{\"assay\":");
    put_state(&w, ca, state, NULL);
    product_put_text(&w, ",\"ear_status\":\"");
    product_put_text(&w, ear_status_text(state->standing));
    product_put_text(&w, "\"}}}");
    return join_parts(ca, "eat+jwt", &w, bytes, capacity, out);
}

enum assay_status assay_credential_jws(struct assay_slice input, const uint8_t signature[static 64],
                                       uint8_t *bytes, size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    product_put_slice(&w, input);
    product_put_text(&w, ".");
    put_url64(&w, signature, 64);
    return assay_writer_finish(&w, out);
}

/* --- published keys */

enum assay_status assay_credential_jwks(const struct assay_credential_ca *ca, uint32_t count,
                                        uint8_t *bytes, size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    if (count < 1 || count > ASSAY_CREDENTIAL_KEYS_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < count; i++) {
        struct assay_secret32 offset;
        uint8_t key[32];
        ASSAY_TRY(product_check_ca(&ca[i]));
        ASSAY_TRY(assay_credential_token_key(&ca[i], &offset, key));
        product_put_text(&w, i == 0 ? "{\"keys\":[" : ",");
        product_put_text(&w, "{\"alg\":\"EdDSA\",\"crv\":\"Ed25519\",\"kid\":\"");
        put_ed25519_thumbprint(&w, key);
        product_put_text(&w, "\",\"kty\":\"OKP\",\"use\":\"sig\",\"x\":\"");
        put_url64(&w, key, 32);
        product_put_text(&w, "\"}");
    }
    product_put_text(&w, "]}");
    return assay_writer_finish(&w, out);
}

enum assay_status assay_credential_bundle(const struct assay_credential_ca *ca,
                                          const struct assay_slice *certificate, uint32_t count,
                                          uint64_t sequence, uint8_t *bytes, size_t capacity,
                                          struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    if (count < 1 || count > ASSAY_CREDENTIAL_KEYS_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < count; i++) {
        ASSAY_TRY(product_check_ca(&ca[i]));
        product_put_text(&w, i == 0 ? "{\"keys\":[" : ",");
        product_put_text(&w, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"use\":\"x509-svid\",\"x\":\"");
        put_url64(&w, ca[i].public_key, 32);
        product_put_text(&w, "\",\"x5c\":[\"");
        put_base64(&w, ASSAY_BASE64_STANDARD, certificate[i]);
        product_put_text(&w, "\"]}");
    }
    put_number_member(&w, "],\"spiffe_refresh_hint\":300,\"spiffe_sequence\":", sequence);
    product_put_text(&w, "}");
    return assay_writer_finish(&w, out);
}
