/*
 * tests/unit/base/test_ed25519_missing.c - tests of Ed25519 with a library that does not have it.
 *
 * The linker sends calls of OSSL_PROVIDER_load through the wrapper below.
 */
#include "base/crypto.h"
#include "tests/support/ed25519.h"
#include "tests/unit/engine/ledger/workload_keys_bench.h"

#include <criterion/criterion.h>
#include <openssl/provider.h>

OSSL_PROVIDER *__wrap_OSSL_PROVIDER_load(OSSL_LIB_CTX *context, const char *name);

OSSL_PROVIDER *__wrap_OSSL_PROVIDER_load(OSSL_LIB_CTX *context, const char *name)
{
    (void)context;
    (void)name;
    return NULL;
}

Test(base_ed25519_missing, every_signature_is_refused_and_nothing_stops)
{
    static const uint8_t seed[32] = { 7 }, text[] = "what is signed";
    uint8_t public_key[32], signature[64];
    test_ed25519_public(seed, public_key);
    test_ed25519_sign(seed, assay_slice_over(text, sizeof text), signature);
    cr_expect_not(assay_ed25519_is_available());
    cr_expect_not(assay_ed25519_verify(public_key, text, sizeof text, signature));
}

/* "This library cannot verify it" must not read as "this proof is forged". */
Test(base_ed25519_missing, a_workload_key_is_refused_as_one_that_cannot_be_verified)
{
    static const uint8_t chain_id[32] = { 1 }, node_id[32] = { 2 };
    struct workload_entry entry, other;
    workload_entry_make(&entry, WORKLOAD_ED25519, ASSAY_PURPOSE_TLS, "api", NULL, chain_id,
                        node_id);
    workload_entry_make(&other, WORKLOAD_P256, ASSAY_PURPOSE_TLS, "api", NULL, chain_id, node_id);
    cr_expect_eq(assay_declared_key_verify(chain_id, node_id, &entry.key), ASSAY_E_CRYPTO);
    cr_expect_eq(assay_declared_key_verify(chain_id, node_id, &other.key), ASSAY_OK);
}
