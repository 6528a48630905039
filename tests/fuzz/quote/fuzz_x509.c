/*
 * tests/fuzz/quote/fuzz_x509.c - any bytes as a certificate, several of them, a PEM chain, a public
 * key, a revocation list.
 *
 * Properties: what is accepted is within its bounds, names are printable, serials are sorted; a key
 * is the one that its SubjectPublicKeyInfo reads as again, and using it never ends in anything but
 * an answer.
 */
#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/crl.h"
#include "quote/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t capacity)
{
    size_t len = 0;
    for (; len < capacity && text[len] != '\0'; len++)
        ASSAY_ASSERT(text[len] >= 0x20 && text[len] < 0x7f);
    ASSAY_ASSERT(len < capacity);
}

static void check_key(const struct assay_key *key)
{
    uint8_t der[ASSAY_KEY_BYTES_MAX + 64];
    struct assay_key again;
    size_t len = 0;
    ASSAY_ASSERT(assay_key_type_of_len(key->len) == key->type && key->type != ASSAY_KEY_NONE);
    ASSAY_ASSERT(assay_key_spki(key, der, sizeof der, &len) == ASSAY_OK);
    ASSAY_ASSERT(assay_x509_public_key(der, len, &again) == ASSAY_OK);
    ASSAY_ASSERT(assay_key_equal(key, &again));
}

/* As if it were self-signed: most are not, and all end in an answer. */
static void check_signature(const struct assay_certificate *c)
{
    const size_t digest_len = assay_signature_digest_len(c->signature.alg);
    ASSAY_ASSERT(digest_len > 0 && c->signature.len <= ASSAY_SIGNATURE_MAX);
    const enum assay_status status = assay_chain_signed(&c->key, c->tbs_digest, &c->signature);
    ASSAY_ASSERT(status == ASSAY_OK || status == ASSAY_E_SIGNATURE || status == ASSAY_E_KEY);
}

static void check_vek(const struct assay_vek *vek)
{
    check_text(vek->product, sizeof vek->product);
    check_text(vek->csp, sizeof vek->csp);
    ASSAY_ASSERT(vek->hwid_len == 0 || vek->hwid_len == 8 || vek->hwid_len == ASSAY_HWID_MAX);
}

static void check_gce(const struct assay_gce *gce)
{
    check_text(gce->zone, sizeof gce->zone);
    check_text(gce->project_id, sizeof gce->project_id);
    check_text(gce->instance_name, sizeof gce->instance_name);
}

static void check_certificate(const struct assay_certificate *c)
{
    ASSAY_ASSERT(c->issuer.len <= ASSAY_DN_MAX);
    ASSAY_ASSERT(c->subject.len <= ASSAY_DN_MAX);
    check_text(c->subject_name, sizeof c->subject_name);
    check_text(c->issuer_name, sizeof c->issuer_name);
    check_key(&c->key);
    check_signature(c);
    if (c->has_vek) check_vek(&c->vek);
    if (c->has_gce) check_gce(&c->gce);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct assay_certificate chain[ASSAY_CHAIN_MAX];
    static struct assay_crl crl;
    struct assay_certificate c;
    struct assay_key key;
    size_t count = 0;
    if (size == 0) return 0;
    if (assay_x509_certificate(data, size, &c) == ASSAY_OK) check_certificate(&c);
    if (assay_x509_pem_chain(data, size, chain, ASSAY_CHAIN_MAX, &count) == ASSAY_OK) {
        ASSAY_ASSERT(count >= 1 && count <= ASSAY_CHAIN_MAX);
        for (size_t i = 0; i < count; i++)
            check_certificate(&chain[i]);
    }
    if (assay_x509_certificates(data, size, chain, ASSAY_CHAIN_MAX, &count) == ASSAY_OK)
        ASSAY_ASSERT(count >= 1 && count <= ASSAY_CHAIN_MAX);
    if (assay_x509_root(data, size, &key) == ASSAY_OK) check_key(&key);
    if (assay_x509_public_key(data, size, &key) == ASSAY_OK) check_key(&key);
    if (assay_x509_crl(data, size, &crl) == ASSAY_OK) {
        ASSAY_ASSERT(crl.revoked_count <= ASSAY_CRL_ENTRIES_MAX);
        for (uint32_t i = 0; i < crl.revoked_count; i++) {
            ASSAY_ASSERT(assay_crl_contains(&crl, crl.revoked[i]));
            if (i > 0)
                ASSAY_ASSERT(
                    assay_bytes_compare(crl.revoked[i - 1], crl.revoked[i], ASSAY_SERIAL_LEN) <= 0);
        }
    }
    return 0;
}
