/*
 * apps/assay/identity/authority_certificate.c - certificate or token for an audit.
 */
#include "apps/assay/identity/authority_certificate.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "base/base64.h"
#include "quote/result/jwt.h"
#include "quote/x509.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 64 * 1024, DER_TAG = 0x30, JSON_MAX = 4096 };

void cli_audited_free(struct cli_audited *audited)
{
    free(audited->bytes);
    audited->bytes = NULL;
}

/* ------------------------------------------------------------ certificates */

static bool read_certificate(struct cli_audited *a, struct assay_slice der)
{
    struct assay_x509_svid c;
    const char *why = NULL;
    struct assay_signing_entry *const e = &a->entry;
    if (assay_x509_svid(der, ASSAY_SVID_LEAF, &c, &why) != ASSAY_OK) return false;
    e->era = c.state.era;
    e->epoch = c.state.epoch;
    e->ca_number = c.issuer_number;
    assay_bytes_copy(e->block_id, 32, c.state.block_id, 32);
    assay_bytes_copy(e->subject, 32, c.state.node_id, 32);
    assay_bytes_copy(e->entry, 32, c.state.entry_digest, 32);
    assay_bytes_copy(a->signature, sizeof a->signature, c.signature, sizeof c.signature);
    a->text = c.tbs;
    (void)snprintf(a->spiffe_id, sizeof a->spiffe_id, "%.*s", (int)c.uri.len,
                   (const char *)c.uri.bytes);
    return true;
}

/* The first certificate of PEM, in place of its text; else the bytes are DER. */
static bool decode_certificate(struct cli_audited *a, size_t len)
{
    struct assay_slice text = assay_slice_over(a->bytes, len), label;
    uint8_t der[ASSAY_SVID_DER_MAX];
    size_t der_len = 0;
    if (len > 0 && a->bytes[0] == DER_TAG) return read_certificate(a, text);
    if (assay_pem_next(&text, &label, der, sizeof der, &der_len) != ASSAY_OK ||
        !assay_slice_equal(label, assay_slice_over("CERTIFICATE", 11)))
        return false;
    assay_bytes_copy(a->bytes, len, der, der_len); /* shorter than its text */
    return read_certificate(a, assay_slice_over(a->bytes, der_len));
}

/* ------------------------------------------------------------ tokens */

/* Returns: the object, freed by the caller; NULL: it is none */
static struct assay_json *read_claims(struct assay_slice part)
{
    uint8_t bytes[JSON_MAX];
    struct assay_json *claims = NULL;
    size_t len = 0;
    if (assay_base64_decode(ASSAY_BASE64_URL, (const char *)part.bytes, part.len, bytes,
                            sizeof bytes, &len) != ASSAY_OK ||
        assay_json_parse((const char *)bytes, len, &claims) != ASSAY_OK)
        return NULL;
    return claims;
}

static bool take_hex(const struct assay_json *object, const char *name, uint8_t out[static 32])
{
    const char *const text = assay_json_text(object, name, "");
    return strlen(text) == 64 && assay_hex_decode(text, 64, out, 32) == ASSAY_OK;
}

static bool read_token(struct cli_audited *a, size_t len)
{
    struct assay_jws jws;
    struct assay_signing_entry *const e = &a->entry;
    size_t signature_len = 0;
    while (len > 0 && (a->bytes[len - 1] == '\n' || a->bytes[len - 1] == '\r'))
        len -= 1;
    if (assay_jws_split((const char *)a->bytes, len, &jws) != ASSAY_OK ||
        assay_base64_decode(ASSAY_BASE64_URL, (const char *)jws.signature.bytes, jws.signature.len,
                            a->signature, sizeof a->signature, &signature_len) != ASSAY_OK ||
        signature_len != sizeof a->signature)
        return false;
    struct assay_json *claims = read_claims(jws.claims);
    const struct assay_json *const state = assay_json_get(claims, "assay");
    const bool is_read = take_hex(state, "block_id", e->block_id) &&
                         take_hex(state, "node_id", e->subject) &&
                         take_hex(state, "entry_digest", e->entry);
    e->era = assay_json_uint(state, "era", 0);
    e->epoch = assay_json_uint(state, "epoch", 0);
    (void)snprintf(a->spiffe_id, sizeof a->spiffe_id, "%s", assay_json_text(claims, "sub", ""));
    a->text = jws.signed_text;
    a->is_token = true;
    assay_json_free(&claims);
    return is_read;
}

/* ------------------------------------------------------------ both */

int cli_audited_read(const char *command, const char *path, struct cli_audited *audited)
{
    size_t len = 0;
    *audited = (struct cli_audited){ .bytes = NULL };
    const enum assay_status status = assay_file_read(path, FILE_MAX, &audited->bytes, &len);
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "%s: %s: %s\n", command, path, cli_file_fault(path, status));
        return status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_INTERNAL;
    }
    if (!decode_certificate(audited, len) && !read_token(audited, len)) {
        (void)fprintf(stderr,
                      "%s: %s: expected a certificate or a token that a network signed for a "
                      "workload key\n",
                      command, path);
        return ASSAY_EXIT_MALFORMED;
    }
    assay_sha256(audited->text.bytes, audited->text.len, audited->entry.tbs);
    return ASSAY_EXIT_OK;
}

bool cli_audited_is_signed(const struct cli_audited *audited, const struct assay_credential_ca *ca)
{
    struct assay_secret32 offset;
    uint8_t key[32];
    assay_bytes_copy(key, sizeof key, ca->public_key, sizeof ca->public_key);
    if (audited->is_token && assay_credential_token_key(ca, &offset, key) != ASSAY_OK) return false;
    return assay_ed25519_verify(key, audited->text.bytes, audited->text.len, audited->signature);
}

/* ------------------------------------------------------------ what differs */

static void add_unless(struct assay_json *list, bool is_same, const char *name)
{
    if (!is_same) assay_json_append_text(list, name);
}

static void compare_certificates(const struct assay_x509_svid *a, const struct assay_x509_svid *b,
                                 struct assay_json *list)
{
    add_unless(list, assay_bytes_equal(a->serial, b->serial, sizeof a->serial), "serialNumber");
    add_unless(list, assay_slice_equal(a->issuer, b->issuer), "issuer");
    add_unless(list, a->not_before_s == b->not_before_s && a->not_after_s == b->not_after_s,
               "validity");
    add_unless(list, assay_slice_equal(a->subject, b->subject), "subject");
    add_unless(list, assay_slice_equal(a->spki, b->spki), "subjectPublicKeyInfo");
    add_unless(list, assay_bytes_equal(a->authority_key_id, b->authority_key_id, ASSAY_KEY_ID_LEN),
               "authorityKeyIdentifier");
    add_unless(list, assay_slice_equal(a->names, b->names), "subjectAltName");
    add_unless(list, assay_slice_equal(a->standing, b->standing), "standing");
}

static bool read_text(struct assay_slice tbs, uint8_t *der, size_t capacity,
                      struct assay_x509_svid *out)
{
    static const uint8_t none[64] = { 0 };
    struct assay_slice whole;
    const char *why = NULL;
    return assay_credential_certificate(tbs, none, der, capacity, &whole) == ASSAY_OK &&
           assay_x509_svid(whole, ASSAY_SVID_LEAF, out, &why) == ASSAY_OK;
}

/* Of the members of the first that the second has otherwise, or not at all. */
static void compare_members(const struct assay_json *first, const struct assay_json *second,
                            struct assay_json *list)
{
    const char *key = NULL;
    const struct assay_json *value = NULL;
    for (size_t i = 0; assay_json_member(first, i, &key, &value); i++) {
        char *const expected = assay_json_print(value, 0);
        const struct assay_json *const other = assay_json_get(second, key);
        char *const found = other != NULL ? assay_json_print(other, 0) : NULL;
        add_unless(list, expected != NULL && found != NULL && strcmp(expected, found) == 0, key);
        free(found);
        free(expected);
    }
}

static struct assay_json *claims_of(struct assay_slice text)
{
    const uint8_t *const dot = memchr(text.bytes, '.', text.len);
    if (dot == NULL) return NULL;
    const size_t head = (size_t)(dot + 1 - text.bytes);
    return read_claims(assay_slice_over(text.bytes + head, text.len - head));
}

void cli_audited_compare(const struct cli_audited *audited, struct assay_slice derived,
                         struct assay_json *list)
{
    uint8_t der[2][ASSAY_CREDENTIAL_CERTIFICATE_MAX];
    struct assay_x509_svid a, b;
    if (!audited->is_token) {
        if (read_text(audited->text, der[0], sizeof der[0], &a) &&
            read_text(derived, der[1], sizeof der[1], &b))
            compare_certificates(&a, &b, list);
        return;
    }
    struct assay_json *found = claims_of(audited->text), *expected = claims_of(derived);
    compare_members(expected, found, list);
    assay_json_free(&found);
    assay_json_free(&expected);
}
