/*
 * services/identity/certificate.c - X.509 certificates that the network signs (docs/identity.md 5.1
 * to 5.4).
 */
#include "services/identity/product_internal.h"

#include "base/crypto.h"
#include "services/identity/der_writer.h"

enum { KEY_ID_LEN = 20 };

/* Content of OBJECT IDENTIFIERs. */
static const uint8_t oid_ed25519[] = { 0x2b, 0x65, 0x70 };
static const uint8_t oid_organization[] = { 0x55, 0x04, 0x0a };
static const uint8_t oid_unit[] = { 0x55, 0x04, 0x0b };
static const uint8_t oid_common_name[] = { 0x55, 0x04, 0x03 };
static const uint8_t oid_subject_key_id[] = { 0x55, 0x1d, 0x0e };
static const uint8_t oid_key_usage[] = { 0x55, 0x1d, 0x0f };
static const uint8_t oid_alternative_name[] = { 0x55, 0x1d, 0x11 };
static const uint8_t oid_basic_constraints[] = { 0x55, 0x1d, 0x13 };
static const uint8_t oid_name_constraints[] = { 0x55, 0x1d, 0x1e };
static const uint8_t oid_authority_key_id[] = { 0x55, 0x1d, 0x23 };
static const uint8_t oid_extended_usage[] = { 0x55, 0x1d, 0x25 };
static const uint8_t oid_server_auth[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01 };
static const uint8_t oid_client_auth[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02 };
/* 1.3.6.1.4.1.32473.17.1: the number for examples of RFC 5612. Arcs under 2.25 are not read by Go
 * 1.19 and GnuTLS 3.7 (docs/identity.md 5.4). */
static const uint8_t oid_standing[] = {
    0x2b, 0x06, 0x01, 0x04, 0x01, 0x81, 0xfd, 0x59, 0x11, 0x01
};
#define OID(name) assay_slice_over(name, sizeof(name))

static void put_algorithm(struct assay_writer *w)
{
    const size_t at = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_SEQUENCE);
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_OID,
                             OID(oid_ed25519)); /* RFC 8410 3: without parameters */
    assay_credential_der_close(w, at);
}

static void put_bits(struct assay_writer *w, struct assay_slice bytes)
{
    const size_t at = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_BIT_STRING);
    assay_writer_u8(w, 0); /* unused bits */
    assay_writer_put(w, bytes.bytes, bytes.len);
    assay_credential_der_close(w, at);
}

static void put_ca_spki(struct assay_writer *w, const struct assay_credential_ca *ca)
{
    const size_t at = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_SEQUENCE);
    put_algorithm(w);
    put_bits(w, assay_slice_over(ca->public_key, 32));
    assay_credential_der_close(w, at);
}

/* --- names */

static void put_attribute(struct assay_writer *w, struct assay_slice type, struct assay_slice value)
{
    const size_t set = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_SET);
    const size_t attribute = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_SEQUENCE);
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_OID, type);
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_UTF8_STRING, value);
    assay_credential_der_close(w, attribute);
    assay_credential_der_close(w, set);
}

static void put_name(struct assay_writer *w, const struct assay_credential_ca *ca,
                     struct assay_slice common_name)
{
    static const char insecure[] = "INSECURE";
    const size_t at = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_SEQUENCE);
    put_attribute(w, OID(oid_organization), ca->trust_domain);
    if (ca->insecure)
        put_attribute(w, OID(oid_unit), assay_slice_over(insecure, sizeof insecure - 1));
    put_attribute(w, OID(oid_common_name), common_name);
    assay_credential_der_close(w, at);
}

/* "Assay CA 3f2a91c07d5be816 1" */
static void put_ca_name(struct assay_writer *w, const struct assay_credential_ca *ca)
{
    char text[64], hex[17], digits[10];
    struct assay_writer name = assay_writer_over(text, sizeof text);
    size_t count = 0;
    assay_hex_encode(ca->chain_id, 8, hex, sizeof hex);
    for (uint32_t rest = ca->number; rest > 0; rest /= 10)
        digits[sizeof digits - ++count] = (char)('0' + rest % 10);
    product_put_text(&name, "Assay CA ");
    product_put_text(&name, hex);
    product_put_text(&name, " ");
    assay_writer_put(&name, digits + sizeof digits - count, count);
    ASSAY_ASSERT(!name.full);
    put_name(w, ca, assay_slice_over(text, name.len));
}

/* docs/identity.md 5.2: a name that an enclave may choose freely would be taken for a role, so the
 * common name is that of a granted service or the node's id. */
static void put_leaf_name(struct assay_writer *w, const struct assay_credential_ca *ca,
                          const struct assay_credential_state *state,
                          const struct assay_credential_entry *entry)
{
    char id[ASSAY_CREDENTIAL_ID_LEN + 1];
    product_node_text(state->node_id, id);
    put_name(w, ca, entry->granted ? entry->name : assay_slice_over(id, ASSAY_CREDENTIAL_ID_LEN));
}

/* --- extensions */

struct extension {
    size_t sequence, value;
};

static struct extension open_extension(struct assay_writer *w, struct assay_slice type,
                                       bool critical)
{
    struct extension e;
    e.sequence = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_SEQUENCE);
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_OID, type);
    if (critical) assay_credential_der_put_true(w);
    e.value = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_OCTET_STRING);
    return e;
}

static void close_extension(struct assay_writer *w, struct extension e)
{
    assay_credential_der_close(w, e.value);
    assay_credential_der_close(w, e.sequence);
}

/* RFC 7093 2, method 1. In: the value of the BIT STRING subjectPublicKey */
static void put_key_id(struct assay_writer *w, struct assay_slice type, unsigned tag,
                       struct assay_slice subject_public_key)
{
    uint8_t digest[ASSAY_SHA256_LEN];
    const struct extension e = open_extension(w, type, false);
    const bool in_sequence = tag != ASSAY_CREDENTIAL_DER_OCTET_STRING;
    assay_sha256(subject_public_key.bytes, subject_public_key.len, digest);
    const size_t at = in_sequence ? assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_SEQUENCE) : 0;
    assay_credential_der_put(w, tag, assay_slice_over(digest, KEY_ID_LEN));
    if (in_sequence) assay_credential_der_close(w, at);
    close_extension(w, e);
}

static void put_authority_key_id(struct assay_writer *w, const struct assay_credential_ca *ca)
{
    put_key_id(w, OID(oid_authority_key_id), ASSAY_CREDENTIAL_DER_CONTEXT(0),
               assay_slice_over(ca->public_key, 32));
}

static void put_key_usage(struct assay_writer *w, uint8_t unused_bits, uint8_t bits)
{
    const uint8_t content[2] = { unused_bits, bits };
    const struct extension e = open_extension(w, OID(oid_key_usage), true);
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_BIT_STRING,
                             assay_slice_over(content, sizeof content));
    close_extension(w, e);
}

enum path { NO_CA, LAST_CA, FIRST_CA }; /* of a CA: pathLenConstraint 0 and 1 */

static void put_basic_constraints(struct assay_writer *w, enum path path)
{
    const struct extension e = open_extension(w, OID(oid_basic_constraints), true);
    const size_t at = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_SEQUENCE);
    if (path != NO_CA) {
        assay_credential_der_put_true(w);
        assay_credential_der_put_uint(w, path == FIRST_CA ? 1 : 0);
    }
    assay_credential_der_close(w, at);
    close_extension(w, e);
}

/* Permitted DNS names alone: clients differ about constraints of URIs (docs/identity.md 5.1). */
static void put_name_constraints(struct assay_writer *w, const struct assay_credential_ca *ca)
{
    const struct extension e = open_extension(w, OID(oid_name_constraints), true);
    const size_t constraints = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_SEQUENCE);
    const size_t permitted = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_CONTEXT_OF(0));
    const size_t subtree = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_SEQUENCE);
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_CONTEXT(2), ca->trust_domain);
    assay_credential_der_close(w, subtree);
    assay_credential_der_close(w, permitted);
    assay_credential_der_close(w, constraints);
    close_extension(w, e);
}

static void put_ca_alternative_name(struct assay_writer *w, const struct assay_credential_ca *ca)
{
    const struct extension e = open_extension(w, OID(oid_alternative_name), false);
    const size_t names = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_SEQUENCE);
    const size_t uri = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_CONTEXT(6));
    product_put_text(w, "spiffe://");
    product_put_slice(w, ca->trust_domain);
    assay_credential_der_close(w, uri);
    assay_credential_der_close(w, names);
    close_extension(w, e);
}

/* docs/identity.md 5.3: a granted service's DNS name, the node's, and exactly one URI, the last. */
static void put_alternative_names(struct assay_writer *w, const struct assay_credential_ca *ca,
                                  const struct assay_credential_state *state,
                                  const struct assay_credential_entry *entry)
{
    char id[ASSAY_CREDENTIAL_ID_LEN + 1];
    const struct extension e = open_extension(w, OID(oid_alternative_name), false);
    const size_t names = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_SEQUENCE);
    product_node_text(state->node_id, id);
    for (unsigned of_service = entry->granted ? 1 : 0;; of_service = 0) {
        const size_t dns = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_CONTEXT(2));
        product_put_slice(w, entry->name);
        product_put_text(w, ".");
        if (!of_service) {
            product_put_text(w, id);
            product_put_text(w, ".node.");
        }
        product_put_slice(w, ca->trust_domain);
        assay_credential_der_close(w, dns);
        if (!of_service) break;
    }
    const size_t uri = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_CONTEXT(6));
    product_put_spiffe_id(w, ca, state, entry);
    assay_credential_der_close(w, uri);
    assay_credential_der_close(w, names);
    close_extension(w, e);
}

static void put_extended_usage(struct assay_writer *w)
{
    const struct extension e = open_extension(w, OID(oid_extended_usage), false);
    const size_t at = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_SEQUENCE);
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_OID, OID(oid_server_auth));
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_OID, OID(oid_client_auth));
    assay_credential_der_close(w, at);
    close_extension(w, e);
}

/* docs/identity.md 5.4. Not critical: clients without it still verify the chain. */
static void put_standing(struct assay_writer *w, const struct assay_credential_ca *ca,
                         const struct assay_credential_state *state,
                         const struct assay_credential_entry *entry)
{
    const struct extension e = open_extension(w, OID(oid_standing), false);
    const size_t at = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_SEQUENCE);
    assay_credential_der_put_uint(w, 1); /* version */
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_OCTET_STRING,
                             assay_slice_over(ca->chain_id, 32));
    assay_credential_der_put_uint(w, state->era);
    assay_credential_der_put_uint(w, state->epoch);
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_OCTET_STRING,
                             assay_slice_over(state->block_id, 32));
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_OCTET_STRING,
                             assay_slice_over(state->node_id, 32));
    assay_credential_der_put_uint(w, state->incarnation);
    assay_credential_der_put_text(w, ASSAY_CREDENTIAL_DER_UTF8_STRING,
                                  product_standing_text(state->standing));
    assay_credential_der_put_uint(w, state->score_bp);
    assay_credential_der_put_uint(w, state->evidence_kind);
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_OCTET_STRING,
                             assay_slice_over(entry->digest, 32));
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_OCTET_STRING,
                             assay_slice_over(state->proof_digest, 32));
    assay_credential_der_close(w, at);
    close_extension(w, e);
}

/* --- TBSCertificate */

static size_t open_tbs(struct assay_writer *w,
                       const uint8_t serial[static ASSAY_CREDENTIAL_SERIAL_LEN],
                       const struct assay_credential_ca *issuer, const struct product_times *times)
{
    const size_t tbs = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_SEQUENCE);
    const size_t version = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_CONTEXT_OF(0));
    assay_credential_der_put_uint(w, 2); /* v3 */
    assay_credential_der_close(w, version);
    assay_credential_der_put_integer(w, serial, ASSAY_CREDENTIAL_SERIAL_LEN);
    put_algorithm(w);
    put_ca_name(w, issuer);
    const size_t validity = assay_credential_der_open(w, ASSAY_CREDENTIAL_DER_SEQUENCE);
    assay_credential_der_put_time(w, times->not_before_s);
    assay_credential_der_put_time(w, times->not_after_s);
    assay_credential_der_close(w, validity);
    return tbs;
}

enum assay_status assay_credential_ca_tbs(const struct assay_credential_ca *subject,
                                          const struct assay_credential_ca *signer,
                                          const struct assay_credential_state *made, uint8_t *bytes,
                                          size_t capacity, struct assay_slice *out)
{
    static const uint8_t no_node[32] = { 0 };
    struct assay_writer w = assay_writer_over(bytes, capacity);
    struct product_times times;
    uint8_t digest[ASSAY_SHA256_LEN], serial[ASSAY_CREDENTIAL_SERIAL_LEN];
    ASSAY_TRY(product_check_ca(subject));
    ASSAY_TRY(product_check_ca(signer));
    ASSAY_TRY(product_times(made, ASSAY_CREDENTIAL_CA_VALIDITY_S, &times));
    assay_sha256(subject->public_key, 32, digest);
    product_serial(signer, made, no_node, digest, ASSAY_CREDENTIAL_CA_CERTIFICATE, 0, serial);
    const size_t tbs = open_tbs(&w, serial, signer, &times);
    put_ca_name(&w, subject);
    put_ca_spki(&w, subject);
    const size_t explicit_tag = assay_credential_der_open(&w, ASSAY_CREDENTIAL_DER_CONTEXT_OF(3));
    const size_t extensions = assay_credential_der_open(&w, ASSAY_CREDENTIAL_DER_SEQUENCE);
    /* docs/identity.md 5.1: a path leads from an old number over the next one to a leaf. */
    const bool is_cross = !assay_bytes_equal(subject->public_key, signer->public_key, 32);
    if (is_cross) put_authority_key_id(&w, signer);
    put_basic_constraints(&w, is_cross ? LAST_CA : FIRST_CA);
    put_key_usage(&w, 2, 0x04); /* keyCertSign */
    put_key_id(&w, OID(oid_subject_key_id), ASSAY_CREDENTIAL_DER_OCTET_STRING,
               assay_slice_over(subject->public_key, 32));
    put_name_constraints(&w, subject);
    put_ca_alternative_name(&w, subject);
    assay_credential_der_close(&w, extensions);
    assay_credential_der_close(&w, explicit_tag);
    assay_credential_der_close(&w, tbs);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_credential_leaf_tbs(const struct assay_credential_ca *ca,
                                            const struct assay_credential_state *state,
                                            const struct assay_credential_entry *entry,
                                            uint8_t *bytes, size_t capacity,
                                            struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    struct product_times times;
    struct product_key key;
    uint8_t serial[ASSAY_CREDENTIAL_SERIAL_LEN];
    ASSAY_TRY(product_check_ca(ca));
    ASSAY_TRY(product_check_state(state));
    ASSAY_TRY(product_check_entry(entry, ASSAY_CREDENTIAL_PURPOSE_TLS));
    ASSAY_TRY(product_read_spki(entry->spki, &key));
    ASSAY_TRY(product_times(state, ca->validity_s, &times));
    product_serial(ca, state, state->node_id, entry->digest, ASSAY_CREDENTIAL_LEAF, 0, serial);
    const size_t tbs = open_tbs(&w, serial, ca, &times);
    put_leaf_name(&w, ca, state, entry);
    assay_writer_put(&w, entry->spki.bytes, entry->spki.len);
    const size_t explicit_tag = assay_credential_der_open(&w, ASSAY_CREDENTIAL_DER_CONTEXT_OF(3));
    const size_t extensions = assay_credential_der_open(&w, ASSAY_CREDENTIAL_DER_SEQUENCE);
    put_authority_key_id(&w, ca);
    put_key_id(&w, OID(oid_subject_key_id), ASSAY_CREDENTIAL_DER_OCTET_STRING,
               key.subject_public_key);
    put_key_usage(&w, 7, 0x80); /* digitalSignature */
    put_basic_constraints(&w, NO_CA);
    put_extended_usage(&w);
    put_alternative_names(&w, ca, state, entry);
    put_standing(&w, ca, state, entry);
    assay_credential_der_close(&w, extensions);
    assay_credential_der_close(&w, explicit_tag);
    assay_credential_der_close(&w, tbs);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_credential_certificate(struct assay_slice tbs,
                                               const uint8_t signature[static 64], uint8_t *bytes,
                                               size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    if (tbs.len > ASSAY_CREDENTIAL_TBS_MAX) return ASSAY_E_RANGE;
    const size_t at = assay_credential_der_open(&w, ASSAY_CREDENTIAL_DER_SEQUENCE);
    assay_writer_put(&w, tbs.bytes, tbs.len);
    put_algorithm(&w);
    put_bits(&w, assay_slice_over(signature, 64));
    assay_credential_der_close(&w, at);
    return assay_writer_finish(&w, out);
}
