/*
 * tests/fuzz/quote/fuzz_jwk.c - any bytes as a JSON web key.
 *
 * Properties: a key that is read has a length that its type has, and can be tried; a second reading
 * gives the same key.
 */
#include "base/assert.h"
#include "quote/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_key key, again;
    struct assay_verify_key *loaded = NULL;
    if (size == 0 || assay_doc_web_key(data, size, &key) != ASSAY_OK) return 0;
    ASSAY_ASSERT(key.type != ASSAY_KEY_NONE && assay_key_type_of_len(key.len) == key.type);
    ASSAY_ASSERT(assay_doc_web_key(data, size, &again) == ASSAY_OK);
    ASSAY_ASSERT(assay_key_equal(&key, &again));
    const enum assay_status status = assay_public_key_load(&key, &loaded);
    ASSAY_ASSERT(status == ASSAY_OK || status == ASSAY_E_KEY);
    assay_public_key_free(&loaded);
    return 0;
}
