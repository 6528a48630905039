/*
 * apps/assay/bridge/bridge_certificate.c - X.509 certificates of a bridge (docs/identity.md 13.6).
 */
#include "apps/assay/bridge/bridge_statement.h"

#include "services/identity/der_writer.h"

#include <string.h>

enum { KEY_ID_LEN = 20, HALF = ASSAY_P256_SIGNATURE_LEN / 2, SPKI_MAX = 600 };

#define SEQUENCE     ASSAY_CREDENTIAL_DER_SEQUENCE
#define OCTETS       ASSAY_CREDENTIAL_DER_OCTET_STRING
#define OID(name)    assay_slice_over(name, sizeof(name))
#define PIECE(bytes) assay_slice_over(bytes, sizeof(bytes))

/* AlgorithmIdentifier of RFC 5758 3.2 and RFC 8017 A.2.4, whole. */
static const uint8_t ecdsa_sha256[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                        0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
static const uint8_t rsa_sha256[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                      0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00 };
static const uint8_t common_name[] = { 0x55, 0x04, 0x03 };
static const uint8_t subject_key_id[] = { 0x55, 0x1d, 0x0e };
static const uint8_t key_usage[] = { 0x55, 0x1d, 0x0f };
static const uint8_t alternative_name[] = { 0x55, 0x1d, 0x11 };
static const uint8_t basic_constraints[] = { 0x55, 0x1d, 0x13 };
static const uint8_t name_constraints[] = { 0x55, 0x1d, 0x1e };
static const uint8_t authority_key_id[] = { 0x55, 0x1d, 0x23 };
static const uint8_t extended_usage[] = { 0x55, 0x1d, 0x25 };
static const uint8_t standing[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x81, 0xfd, 0x59, 0x11, 0x01 };
/* Values of extensions (RFC 5280 4.2.1). */
static const uint8_t ca_usage[] = { 0x03, 0x02, 0x02, 0x04 };   /* keyCertSign */
static const uint8_t leaf_usage[] = { 0x03, 0x02, 0x07, 0x80 }; /* digitalSignature */
static const uint8_t ca_constraints[] = { 0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x00 };
static const uint8_t leaf_constraints[] = { 0x30, 0x00 };
static const uint8_t leaf_purposes[] = { 0x30, 0x14, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05,
                                         0x05, 0x07, 0x03, 0x01, 0x06, 0x08, 0x2b, 0x06,
                                         0x01, 0x05, 0x05, 0x07, 0x03, 0x02 };

static struct assay_slice text_of(const char *text)
{
    return assay_slice_over(text, strlen(text));
}

static void put_slice(struct assay_writer *w, struct assay_slice bytes)
{
    assay_writer_put(w, bytes.bytes, bytes.len);
}

static void put_algorithm(struct assay_writer *w, const struct assay_keypair *key)
{
    put_slice(w, assay_keypair_algorithm(key) == ASSAY_KEYPAIR_ES256 ? PIECE(ecdsa_sha256)
                                                                     : PIECE(rsa_sha256));
}

static void put_bits(struct assay_writer *w, struct assay_slice bytes)
{
    const size_t at = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_BIT_STRING);
    assay_writer_u8(w, 0); /* unused bits */
    put_slice(w, bytes);
    assay_credential_der_close(w, at);
}

/* --- extensions */

static void put_extension(struct assay_writer *w, struct assay_slice type, bool is_critical,
                          struct assay_slice value)
{
    const size_t at = assay_credential_der_open(w, SEQUENCE);
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_OID, type);
    if (is_critical) assay_credential_der_put_true(w);
    assay_credential_der_put(w, OCTETS, value);
    assay_credential_der_close(w, at);
}

/* In: id: 20 bytes */
static void put_key_ids(struct assay_writer *w, const uint8_t *authority, const uint8_t *subject)
{
    uint8_t bytes[KEY_ID_LEN + 8];
    struct assay_writer value = assay_writer_over(bytes, sizeof bytes);
    const size_t at = assay_credential_der_open(&value, SEQUENCE);
    assay_credential_der_put(&value, ASSAY_CREDENTIAL_DER_CONTEXT(0),
                             assay_slice_over(authority, KEY_ID_LEN));
    assay_credential_der_close(&value, at);
    put_extension(w, OID(authority_key_id), false, assay_slice_over(bytes, value.len));
    value = assay_writer_over(bytes, sizeof bytes);
    assay_credential_der_put(&value, OCTETS, assay_slice_over(subject, KEY_ID_LEN));
    put_extension(w, OID(subject_key_id), false, assay_slice_over(bytes, value.len));
}

static void put_name_constraints(struct assay_writer *w, const char *domain)
{
    uint8_t bytes[ASSAY_SVID_DOMAIN_MAX + 16];
    struct assay_writer value = assay_writer_over(bytes, sizeof bytes);
    const size_t constraints = assay_credential_der_open(&value, SEQUENCE);
    const size_t permitted = assay_credential_der_open(&value, ASSAY_CREDENTIAL_DER_CONTEXT_OF(0));
    const size_t subtree = assay_credential_der_open(&value, SEQUENCE);
    assay_credential_der_put(&value, ASSAY_CREDENTIAL_DER_CONTEXT(2), text_of(domain));
    assay_credential_der_close(&value, subtree);
    assay_credential_der_close(&value, permitted);
    assay_credential_der_close(&value, constraints);
    put_extension(w, OID(name_constraints), true, assay_slice_over(bytes, value.len));
}

/* --- the bridge's own name and key */

static void put_name(struct assay_writer *w, const char *name)
{
    const size_t at = assay_credential_der_open(w, SEQUENCE);
    const size_t set = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_SET);
    const size_t attribute = assay_credential_der_open(w, SEQUENCE);
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_OID, OID(common_name));
    assay_credential_der_put_text(w, ASSAY_CREDENTIAL_DER_UTF8_STRING, name);
    assay_credential_der_close(w, attribute);
    assay_credential_der_close(w, set);
    assay_credential_der_close(w, at);
}

/* RFC 7093 2, method 4: of the SubjectPublicKeyInfo. */
static enum assay_status find_key_id(const struct assay_keypair *key, uint8_t *spki, size_t *len,
                                     uint8_t id[static KEY_ID_LEN])
{
    uint8_t digest[ASSAY_SHA256_LEN];
    ASSAY_TRY(assay_key_spki(assay_keypair_public(key), spki, SPKI_MAX, len));
    assay_sha256(spki, *len, digest);
    assay_bytes_copy(id, KEY_ID_LEN, digest, KEY_ID_LEN);
    return ASSAY_OK;
}

/* --- what is signed */

static size_t open_tbs(struct assay_writer *w, const struct cli_bridge_signer *signer,
                       const struct cli_bridge_times *times, const uint8_t *serial)
{
    uint8_t number[CLI_BRIDGE_SERIAL_LEN];
    assay_bytes_copy(number, sizeof number, serial, sizeof number);
    number[0] = (uint8_t)((number[0] & 0x3f) | 0x40); /* positive, and of this length */
    const size_t tbs = assay_credential_der_open(w, SEQUENCE);
    const size_t version = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_CONTEXT_OF(0));
    assay_credential_der_put_uint(w, 2); /* v3 */
    assay_credential_der_close(w, version);
    assay_credential_der_put_integer(w, number, sizeof number);
    put_algorithm(w, signer->key);
    put_name(w, signer->name);
    const size_t validity = assay_credential_der_open(w, SEQUENCE);
    assay_credential_der_put_time(w, times->not_before_s);
    assay_credential_der_put_time(w, times->not_after_s);
    assay_credential_der_close(w, validity);
    return tbs;
}

/* Ecdsa-Sig-Value (RFC 3279 2.2.3): a half without leading zeros, and positive. */
static void put_half(struct assay_writer *w, const uint8_t *half)
{
    uint8_t bytes[HALF + 1] = { 0 };
    size_t first = 0;
    assay_bytes_copy(bytes + 1, HALF, half, HALF);
    while (first < HALF && bytes[first] == 0 && (bytes[first + 1] & 0x80) == 0)
        first += 1;
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_INTEGER,
                             assay_slice_over(bytes + first, sizeof bytes - first));
}

static enum assay_status sign_tbs(const struct assay_keypair *key, struct assay_slice tbs,
                                  uint8_t *bytes, size_t capacity, struct assay_slice *out)
{
    uint8_t signature[ASSAY_KEYPAIR_LEN_MAX], value[2 * HALF + 16];
    struct assay_writer w = assay_writer_over(bytes, capacity);
    struct assay_writer halves = assay_writer_over(value, sizeof value);
    size_t len = 0;
    ASSAY_TRY(assay_keypair_sign(key, tbs, signature, &len));
    const size_t at = assay_credential_der_open(&w, SEQUENCE);
    put_slice(&w, tbs);
    put_algorithm(&w, key);
    if (assay_keypair_algorithm(key) == ASSAY_KEYPAIR_ES256) {
        const size_t pair = assay_credential_der_open(&halves, SEQUENCE);
        put_half(&halves, signature);
        put_half(&halves, signature + HALF);
        assay_credential_der_close(&halves, pair);
        put_bits(&w, assay_slice_over(value, halves.len));
    } else {
        put_bits(&w, assay_slice_over(signature, len));
    }
    assay_credential_der_close(&w, at);
    return assay_writer_finish(&w, out);
}

enum assay_status cli_bridge_ca_certificate(const struct cli_bridge_signer *signer,
                                            const char *domain,
                                            const struct cli_bridge_times *times,
                                            const uint8_t serial[static CLI_BRIDGE_SERIAL_LEN],
                                            uint8_t *bytes, size_t capacity,
                                            struct assay_slice *out)
{
    uint8_t text[CLI_BRIDGE_CERTIFICATE_MAX], spki[SPKI_MAX], id[KEY_ID_LEN];
    struct assay_writer w = assay_writer_over(text, sizeof text);
    struct assay_slice tbs;
    size_t len = 0;
    ASSAY_TRY(find_key_id(signer->key, spki, &len, id));
    const size_t at = open_tbs(&w, signer, times, serial);
    put_name(&w, signer->name);
    assay_writer_put(&w, spki, len);
    const size_t tag = assay_credential_der_open(&w, ASSAY_CREDENTIAL_DER_CONTEXT_OF(3));
    const size_t extensions = assay_credential_der_open(&w, SEQUENCE);
    put_key_ids(&w, id, id);
    put_extension(&w, OID(basic_constraints), true, PIECE(ca_constraints));
    put_extension(&w, OID(key_usage), true, PIECE(ca_usage));
    if (domain != NULL) put_name_constraints(&w, domain);
    assay_credential_der_close(&w, extensions);
    assay_credential_der_close(&w, tag);
    assay_credential_der_close(&w, at);
    ASSAY_TRY(assay_writer_finish(&w, &tbs));
    return sign_tbs(signer->key, tbs, bytes, capacity, out);
}

enum assay_status cli_bridge_certificate(const struct cli_bridge_signer *signer,
                                         struct assay_slice source,
                                         const struct cli_bridge_times *times,
                                         const uint8_t serial[static CLI_BRIDGE_SERIAL_LEN],
                                         uint8_t *bytes, size_t capacity, struct assay_slice *out)
{
    uint8_t text[CLI_BRIDGE_CERTIFICATE_MAX], spki[SPKI_MAX], id[KEY_ID_LEN];
    struct assay_writer w = assay_writer_over(text, sizeof text);
    struct assay_x509_svid leaf;
    struct assay_slice tbs;
    const char *why = NULL;
    size_t len = 0;
    if (assay_x509_svid(source, ASSAY_SVID_LEAF, &leaf, &why) != ASSAY_OK) return ASSAY_E_INVALID;
    ASSAY_TRY(find_key_id(signer->key, spki, &len, id));
    const size_t at = open_tbs(&w, signer, times, serial);
    put_slice(&w, leaf.subject);
    put_slice(&w, leaf.spki);
    const size_t tag = assay_credential_der_open(&w, ASSAY_CREDENTIAL_DER_CONTEXT_OF(3));
    const size_t extensions = assay_credential_der_open(&w, SEQUENCE);
    put_key_ids(&w, id, leaf.key_id);
    put_extension(&w, OID(key_usage), true, PIECE(leaf_usage));
    put_extension(&w, OID(basic_constraints), true, PIECE(leaf_constraints));
    put_extension(&w, OID(extended_usage), false, PIECE(leaf_purposes));
    put_extension(&w, OID(alternative_name), false, leaf.names);
    put_extension(&w, OID(standing), false, leaf.standing);
    assay_credential_der_close(&w, extensions);
    assay_credential_der_close(&w, tag);
    assay_credential_der_close(&w, at);
    ASSAY_TRY(assay_writer_finish(&w, &tbs));
    return sign_tbs(signer->key, tbs, bytes, capacity, out);
}
