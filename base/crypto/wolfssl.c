/*
 * base/crypto/wolfssl.c - ECDSA over P-384 through wolfSSL (-DASSAY_P384=wolfssl): more than twice
 * nettle's speed.
 *
 * Never the default: wolfSSL is under the GPL, version 2 or later, or a commercial licence, so a
 * program built with it may be passed on only under these terms.
 *
 * Ranges of r and s are checked here, the point when it is loaded. As with nettle, OpenSSL has the
 * last word where it refuses. Verification only reads the key (wolfSSL's cache of base points has a
 * lock of its own), hence one key may serve many threads.
 */
#include "base/crypto/p384.h"

#include "base/assert.h"

#include <stdlib.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

struct assay_p384 {
    ecc_key key;
    uint8_t public_key[ASSAY_P384_PUBLIC_LEN];
};

/* p (SP 800-186 3.2.1.4): coordinates lie below. */
static const uint8_t field[ASSAY_P384_SCALAR_LEN] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff,
};

static bool below_p(const uint8_t coordinate[static ASSAY_P384_SCALAR_LEN])
{
    return assay_bytes_compare(coordinate, field, sizeof field) < 0;
}

/* Is x | y on the curve? The cofactor is 1, so such a point has the right order, and
 * wc_ecc_check_key's multiplication by the order (160 us) is redundant. */
static int import_key(struct assay_p384 *loaded)
{
    const uint8_t *const x = loaded->public_key;
    const uint8_t *const y = x + ASSAY_P384_SCALAR_LEN;
    if (!below_p(x) || !below_p(y)) return IS_POINT_E;
    const int code = wc_ecc_import_unsigned(&loaded->key, x, y, NULL, ECC_SECP384R1);
    if (code != 0) return code;
    return wc_ecc_point_is_on_curve(&loaded->key.pubkey, loaded->key.idx);
}

enum assay_status assay_p384_load(const uint8_t public_key[static ASSAY_P384_PUBLIC_LEN],
                                  struct assay_p384 **key)
{
    ASSAY_ASSERT(key != NULL);
    struct assay_p384 *loaded = calloc(1, sizeof *loaded);
    if (loaded == NULL) return ASSAY_E_CRYPTO;
    if (wc_ecc_init(&loaded->key) != 0) {
        free(loaded);
        return ASSAY_E_CRYPTO;
    }
    assay_bytes_copy(loaded->public_key, sizeof loaded->public_key, public_key,
                     ASSAY_P384_PUBLIC_LEN);
    const int code = import_key(loaded);
    if (code != 0) { /* wolfSSL's codes are negative */
        assay_p384_free(&loaded);
        return code == MEMORY_E ? ASSAY_E_CRYPTO : ASSAY_E_KEY;
    }
    *key = loaded;
    return ASSAY_OK;
}

void assay_p384_free(struct assay_p384 **key)
{
    ASSAY_ASSERT(key != NULL);
    if (*key == NULL) return;
    wc_ecc_free(&(*key)->key);
    free(*key);
    *key = NULL;
}

static int read_number(mp_int *number, const uint8_t bytes[static ASSAY_P384_SCALAR_LEN])
{
    const int code = mp_init(number);
    return code != 0 ? code : mp_read_unsigned_bin(number, bytes, ASSAY_P384_SCALAR_LEN);
}

bool assay_p384_verify(const struct assay_p384 *key, const uint8_t *digest, size_t digest_len,
                       const uint8_t signature[static ASSAY_P384_SIGNATURE_LEN])
{
    ASSAY_ASSERT(key != NULL);
    ASSAY_ASSERT(digest_len == ASSAY_SHA256_LEN || digest_len == ASSAY_SHA384_LEN);
    if (!assay_p384_scalars_in_range(signature)) return false;
    /* The library's prototype lacks const; a copy of the handle keeps ours honest. */
    ecc_key handle = key->key;
    mp_int r;
    mp_int s;
    int answer = 0;
    int code = read_number(&r, signature);
    if (code == 0) code = read_number(&s, signature + ASSAY_P384_SCALAR_LEN);
    if (code == 0)
        code = wc_ecc_verify_hash_ex(&r, &s, digest, (word32)digest_len, &answer, &handle);
    if (code == 0 && answer == 1) return true;
    return assay_p384_reference_decides(key->public_key, digest, digest_len, signature);
}

size_t assay_p384_weight(void)
{
    return sizeof(struct assay_p384);
}

const char *assay_p384_library(void)
{
    return "wolfssl";
}
