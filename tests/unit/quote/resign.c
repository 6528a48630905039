/*
 * tests/unit/quote/resign.c - re-signed certificates and lists (resign.h).
 */
#include "tests/unit/quote/resign.h"

#include "quote/source/soft/der.h"
#include "quote/source/soft/soft.h"

#include <criterion/criterion.h>
#include <stdlib.h>

uint8_t *resign_find(uint8_t *bytes, size_t len, const uint8_t *wanted, size_t wanted_len)
{
    for (size_t i = 0; i + wanted_len <= len; i++)
        if (assay_bytes_equal(bytes + i, wanted, wanted_len)) return bytes + i;
    return NULL;
}

void resign(uint8_t *der, uint32_t *len, size_t capacity, const struct assay_secret32 *key)
{
    static const uint8_t algorithm[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                         0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
    uint8_t digest[32], signature[64];
    struct assay_p256_signer *signer = NULL;
    cr_assert(der[0] == 0x30 && der[1] == 0x82 && der[4] == 0x30 && der[5] == 0x82);
    const size_t tbs_len = 4 + ((size_t)der[6] << 8 | der[7]);
    assay_sha256(der + 4, tbs_len, digest);
    cr_assert_eq(assay_p256_signer_load(key, &signer), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(signer, digest, signature), ASSAY_OK);
    assay_p256_signer_free(&signer);

    struct assay_der *const value = calloc(2, sizeof *value);
    struct assay_der *const whole = value + 1;
    cr_assert_not_null(value);
    assay_der_init(value);
    assay_der_init(whole);
    size_t mark = assay_der_mark(value);
    assay_der_unsigned(value, signature + 32, 32);
    assay_der_unsigned(value, signature, 32);
    assay_der_wrap(value, ASSAY_DER_SEQUENCE, mark);
    const struct assay_slice encoded = assay_der_finish(value);
    mark = assay_der_mark(whole);
    assay_der_bits(whole, encoded.bytes, encoded.len);
    assay_der_raw(whole, algorithm, sizeof algorithm);
    assay_der_raw(whole, der + 4, tbs_len);
    assay_der_wrap(whole, ASSAY_DER_SEQUENCE, mark);
    const struct assay_slice out = assay_der_finish(whole);
    cr_assert_gt(out.len, 0);
    assay_bytes_copy(der, capacity, out.bytes, out.len);
    *len = (uint32_t)out.len;
    free(value);
}

void resign_patched(uint8_t *der, uint32_t *len, const struct patch *patch,
                    const struct assay_secret32 *key)
{
    uint8_t *const at = resign_find(der, *len, patch->from, patch->len);
    cr_assert_not_null(at, "%s: nothing to change", patch->what);
    assay_bytes_copy(at, patch->len, patch->to, patch->len);
    resign(der, len, ASSAY_SOFT_CERT_MAX, key);
}
