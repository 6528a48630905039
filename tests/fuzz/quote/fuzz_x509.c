/*
 * tests/fuzz/quote/fuzz_x509.c - any bytes as a certificate, a PEM chain, a revocation list.
 *
 * Properties: what is accepted is within its bounds, names are printable, serials are sorted.
 */
#include "base/assert.h"
#include "quote/crl.h"
#include "quote/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_certificate(const struct assay_certificate *c)
{
    ASSAY_ASSERT(c->issuer.len <= ASSAY_DN_MAX);
    ASSAY_ASSERT(c->subject.len <= ASSAY_DN_MAX);
    size_t len = 0;
    for (; len < ASSAY_COMMON_NAME_MAX && c->subject_name[len] != '\0'; len++)
        ASSAY_ASSERT(c->subject_name[len] >= 0x20 && c->subject_name[len] < 0x7f);
    ASSAY_ASSERT(len < ASSAY_COMMON_NAME_MAX);
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
    assay_status_ignore(assay_x509_root(data, size, &key), "any answer will do");
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
