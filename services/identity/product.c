/*
 * services/identity/product.c - parts that certificates and tokens share: checks of their inputs,
 * serials, times, names and the key of tokens.
 */
#include "services/identity/product_internal.h"

#include "base/cbor.h"
#include "base/crypto.h"
#include "base/dns_name.h"
#include "services/identity/sharing.h"

/* --- checks */

enum assay_status product_check_ca(const struct assay_credential_ca *ca)
{
    if (!assay_dns_is_name(ca->trust_domain, ASSAY_CREDENTIAL_DOMAIN_MAX) ||
        !assay_credential_issuer_is_fit(ca->issuer))
        return ASSAY_E_SYNTAX;
    if (ca->number == 0 || ca->validity_s < ASSAY_CREDENTIAL_VALIDITY_S_MIN ||
        ca->validity_s > ASSAY_CREDENTIAL_VALIDITY_S_MAX)
        return ASSAY_E_RANGE;
    return assay_sodium_edwards_is_fit(ca->public_key) ? ASSAY_OK : ASSAY_E_KEY;
}

enum assay_status product_check_state(const struct assay_credential_state *state)
{
    if ((unsigned)state->standing > ASSAY_CREDENTIAL_SUSPENDED) return ASSAY_E_RANGE;
    return state->score_bp <= 10000 ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status check_audience(struct assay_slice text)
{
    if (text.len < 1 || text.len > ASSAY_CREDENTIAL_AUDIENCE_MAX) return ASSAY_E_RANGE;
    for (size_t i = 0; i < text.len; i++) /* what JSON has as it is */
        if (text.bytes[i] <= 0x20 || text.bytes[i] >= 0x7f || text.bytes[i] == '"' ||
            text.bytes[i] == '\\')
            return ASSAY_E_ENCODING;
    return ASSAY_OK;
}

enum assay_status product_check_entry(const struct assay_credential_entry *entry,
                                      enum assay_credential_purpose purpose)
{
    struct product_key key;
    if (entry->purpose != purpose) return ASSAY_E_INVALID;
    if (!assay_credential_name_is_fit(entry->name))
        return ASSAY_E_SYNTAX;
    if (entry->audience_count > ASSAY_CREDENTIAL_AUDIENCES_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < entry->audience_count; i++)
        ASSAY_TRY(check_audience(entry->audience[i]));
    return product_read_spki(entry->spki, &key);
}

/* The three forms by what stands in front of the key (RFC 5480 2.1.1, RFC 8410 4). */
enum assay_status product_read_spki(struct assay_slice spki, struct product_key *key)
{
    static const uint8_t p256[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };
    static const uint8_t p384[] = { 0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86,
                                    0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
                                    0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04 };
    static const uint8_t ed25519[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                       0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
    const struct {
        const uint8_t *front;
        size_t front_len, point_len;
        const char *curve;
        bool is_ec;
    } form[] = {
        { p256, sizeof p256, 64, "P-256", true },
        { p384, sizeof p384, 96, "P-384", true },
        { ed25519, sizeof ed25519, 32, "Ed25519", false },
    };
    for (size_t i = 0; i < sizeof form / sizeof form[0]; i++) {
        if (spki.len != form[i].front_len + form[i].point_len) continue;
        if (!assay_bytes_equal(spki.bytes, form[i].front, form[i].front_len)) continue;
        const size_t tag = form[i].is_ec ? 1 : 0; /* 04: both coordinates, part of the value */
        key->curve = form[i].curve;
        key->is_ec = form[i].is_ec;
        key->subject_public_key =
            assay_slice_over(spki.bytes + form[i].front_len - tag, form[i].point_len + tag);
        return ASSAY_OK;
    }
    return ASSAY_E_KEY;
}

/* --- values of all products */

enum assay_status product_times(const struct assay_credential_state *state, uint32_t validity_s,
                                struct product_times *times)
{
    static const uint64_t last_s = UINT64_C(253339142400); /* in 9997: two years fit after it */
    const uint64_t issued_s = state->time_ms / 1000;
    if (issued_s < ASSAY_CREDENTIAL_EARLY_S || issued_s > last_s) return ASSAY_E_RANGE;
    times->issued_s = (int64_t)issued_s;
    times->not_before_s = times->issued_s - ASSAY_CREDENTIAL_EARLY_S;
    times->not_after_s = times->issued_s + (int64_t)validity_s;
    return ASSAY_OK;
}

void product_serial(const struct assay_credential_ca *ca,
                    const struct assay_credential_state *state, const uint8_t node_id[static 32],
                    const uint8_t entry_digest[static 32], enum assay_credential_product product,
                    uint32_t audience, uint8_t serial[static ASSAY_CREDENTIAL_SERIAL_LEN])
{
    uint8_t bytes[192], digest[ASSAY_SHA256_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 9);
    assay_cbor_put_text(&w, "assay/serial/v1");
    assay_cbor_put_bytes(&w, ca->chain_id, 32);
    assay_cbor_put_uint(&w, state->era);
    assay_cbor_put_uint(&w, state->epoch);
    assay_cbor_put_bytes(&w, node_id, 32);
    assay_cbor_put_bytes(&w, entry_digest, 32);
    assay_cbor_put_uint(&w, ca->number);
    assay_cbor_put_uint(&w, product);
    assay_cbor_put_uint(&w, audience);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
    assay_bytes_copy(serial, ASSAY_CREDENTIAL_SERIAL_LEN, digest, ASSAY_CREDENTIAL_SERIAL_LEN);
    serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, 16 bytes in DER */
}

/* RFC 4648 6, lower case, without padding. */
void product_node_text(const uint8_t node_id[static 32],
                       char text[static ASSAY_CREDENTIAL_ID_LEN + 1])
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    for (size_t i = 0; i < ASSAY_CREDENTIAL_ID_LEN; i++) {
        const size_t at = i * 5 / 8, shift = i * 5 % 8;
        const unsigned pair = (unsigned)node_id[at] << 8 | (at < 31 ? node_id[at + 1] : 0u);
        text[i] = digits[pair >> (11 - shift) & 31];
    }
    text[ASSAY_CREDENTIAL_ID_LEN] = '\0';
}

void product_put_text(struct assay_writer *w, const char *text)
{
    size_t len = 0;
    while (text[len] != '\0')
        len++;
    assay_writer_put(w, text, len);
}

void product_put_slice(struct assay_writer *w, struct assay_slice text)
{
    assay_writer_put(w, text.bytes, text.len);
}

void product_put_spiffe_id(struct assay_writer *w, const struct assay_credential_ca *ca,
                           const struct assay_credential_state *state,
                           const struct assay_credential_entry *entry)
{
    char id[ASSAY_CREDENTIAL_ID_LEN + 1];
    product_node_text(state->node_id, id);
    product_put_text(w, "spiffe://");
    product_put_slice(w, ca->trust_domain);
    /* docs/identity.md 5.3: a path of a service only for a member that operators granted it to */
    if (entry != NULL && entry->granted) {
        product_put_text(w, "/svc");
    } else {
        product_put_text(w, "/node/");
        product_put_text(w, id);
    }
    if (entry == NULL) return;
    product_put_text(w, "/");
    product_put_slice(w, entry->name);
}

const char *product_standing_text(enum assay_credential_standing standing)
{
    switch (standing) {
    case ASSAY_CREDENTIAL_FULL: return "FULL";
    case ASSAY_CREDENTIAL_WARNING: return "WARNING";
    case ASSAY_CREDENTIAL_RESTRICTED: return "RESTRICTED";
    case ASSAY_CREDENTIAL_SUSPENDED: return "SUSPENDED";
    }
    return "SUSPENDED";
}

enum assay_status assay_credential_token_key(const struct assay_credential_ca *ca,
                                             struct assay_secret32 *offset, uint8_t key[static 32])
{
    uint8_t bytes[128], wide[ASSAY_SODIUM_WIDE_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 4);
    assay_cbor_put_text(&w, "assay/token-key/v1");
    assay_cbor_put_bytes(&w, ca->chain_id, 32);
    assay_cbor_put_uint(&w, ca->number);
    assay_cbor_put_bytes(&w, ca->public_key, 32);
    ASSAY_ASSERT(!w.full);
    assay_sha512(bytes, w.len, wide);
    assay_sodium_scalar_from(wide, offset);
    return assay_sharing_offset_key(ca->public_key, offset, key);
}
