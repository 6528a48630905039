/*
 * tests/unit/quote/x509/test_roots.c - tests of pinned root keys.
 *
 * The pinned root keys, against constants and against genuine certificates.
 */
#include "quote/verify.h"

#include "quote/accept/roots.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/path.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* SHA-256 of each SubjectPublicKeyInfo, from sources of their own (quote/accept/roots.c). */
static const char *const names[ASSAY_PINNED_ROOTS] = {
    [ASSAY_PINNED_INTEL_SGX] = "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e",
    [ASSAY_PINNED_AMD_MILAN] = "9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9",
    [ASSAY_PINNED_AMD_GENOA] = "429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831",
    [ASSAY_PINNED_AMD_TURIN] = "4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08",
    [ASSAY_PINNED_AWS_NITRO] = "f2caf5ecc6190b4a8399b78bc58a2bbcd0382375db8a1bfd78a82743874fd225",
    [ASSAY_PINNED_NVIDIA_DEVICE] =
        "a90c4eb5acfd3e3d03a25db6a26b84f720ad0503196c627c21ddd48dd85b06a4",
    [ASSAY_PINNED_NVIDIA_RIM] = "dec1dc316477aa851eebdf51327ae9f864bc8d89254657ed1e7eb9168af1e1a3",
};

static struct assay_key root_of(enum assay_pinned_root which, uint32_t *kinds)
{
    struct assay_key key;
    cr_assert_eq(assay_pinned_root(which, &key, kinds), ASSAY_OK);
    return key;
}

Test(quote_roots, are_the_keys_of_these_names)
{
    for (int i = 0; i < ASSAY_PINNED_ROOTS; i++) {
        uint32_t kinds = 0;
        uint8_t name[ASSAY_SHA256_LEN];
        char text[2 * sizeof name + 1];
        struct assay_verify_key *loaded = NULL;
        const struct assay_key key = root_of((enum assay_pinned_root)i, &kinds);
        assay_key_name(&key, name);
        assay_hex_encode(name, sizeof name, text, sizeof text);
        cr_assert_str_eq(text, names[i]);
        cr_assert_eq(assay_public_key_load(&key, &loaded), ASSAY_OK, "a key that can verify");
        assay_public_key_free(&loaded);
        cr_assert_neq(kinds, 0);
        cr_assert_eq(kinds & ASSAY_KIND_BIT(ASSAY_KIND_SOFT), 0, "no vendor vouches for SOFT");
    }
}

Test(quote_roots, vouch_for_the_kinds_of_their_vendor_alone)
{
    uint32_t kinds[ASSAY_PINNED_ROOTS] = { 0 };
    for (int i = 0; i < ASSAY_PINNED_ROOTS; i++)
        (void)root_of((enum assay_pinned_root)i, &kinds[i]);
    cr_assert_eq(kinds[ASSAY_PINNED_AMD_MILAN], kinds[ASSAY_PINNED_AMD_GENOA]);
    cr_assert_eq(kinds[ASSAY_PINNED_AMD_MILAN], kinds[ASSAY_PINNED_AMD_TURIN]);
    cr_assert_eq(kinds[ASSAY_PINNED_AMD_MILAN] & kinds[ASSAY_PINNED_INTEL_SGX], 0);
    cr_assert_eq(kinds[ASSAY_PINNED_AWS_NITRO],
                 ASSAY_KIND_BIT(ASSAY_KIND_NITRO) | ASSAY_KIND_BIT(ASSAY_KIND_NITRO_TPM));
    struct assay_key key;
    uint32_t none = 0;
    cr_assert_eq(assay_pinned_root((enum assay_pinned_root)ASSAY_PINNED_ROOTS, &key, &none),
                 ASSAY_E_NOT_FOUND);
}

/* --- genuine certificates */
static const char *vectors(void)
{
    const char *const named = getenv("ASSAY_VECTORS");
    return named != NULL ? named : ASSAY_SOURCE_DIR "/../shared/vectors";
}

static struct assay_certificate genuine(const char *file)
{
    char path[512];
    static uint8_t bytes[ASSAY_PEM_MAX];
    struct assay_certificate c;
    size_t count = 0;
    (void)snprintf(path, sizeof path, "%s/%s", vectors(), file);
    FILE *const in = fopen(path, "rb");
    if (in == NULL) cr_skip_test("no genuine certificates here: %s", path);
    const size_t len = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    cr_assert_eq(assay_x509_certificates(bytes, len, &c, 1, &count), ASSAY_OK, "%s", file);
    return c;
}

Test(quote_roots, are_those_of_genuine_certificates)
{
    static const struct {
        enum assay_pinned_root which;
        const char *file;
    } cases[] = {
        { ASSAY_PINNED_INTEL_SGX, "tdx/tdx-v4-uptodate/root_ca.pem" },
        { ASSAY_PINNED_AMD_MILAN, "snp/milan-v3/ark.pem" },
        { ASSAY_PINNED_AMD_GENOA, "snp/genoa-v3-paravisor/ark.pem" },
        { ASSAY_PINNED_AWS_NITRO, "nitro/release-enclave/aws_nitro_root_g1.pem" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t kinds = 0;
        const struct assay_certificate c = genuine(cases[i].file);
        const struct assay_key key = root_of(cases[i].which, &kinds);
        cr_assert(assay_key_equal(&c.key, &key), "%s", cases[i].file);
        cr_assert_eq(assay_chain_signed(&key, c.tbs_digest, &c.signature), ASSAY_OK);
    }
}

/* VEK, ASK and ARK of genuine reports, with and without the root's certificate. */
Test(quote_roots, end_genuine_paths)
{
    static const struct {
        enum assay_pinned_root which;
        const char *folder;
    } cases[] = {
        { ASSAY_PINNED_AMD_MILAN, "snp/milan-v3" },
        { ASSAY_PINNED_AMD_MILAN, "snp/milan-v3-vlek-vmpl1" },
        { ASSAY_PINNED_AMD_GENOA, "snp/genoa-v3-paravisor" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static const char *const files[] = { "vek.der", "ask.pem", "ark.pem" };
        struct assay_certificate all[3];
        for (size_t k = 0; k < 3; k++) {
            char file[128];
            (void)snprintf(file, sizeof file, "%s/%s", cases[i].folder, files[k]);
            all[k] = genuine(file);
        }
        uint32_t kinds = 0;
        const struct assay_key root = root_of(cases[i].which, &kinds);
        const struct assay_key other = root_of(ASSAY_PINNED_AMD_TURIN, &kinds);
        struct assay_path path;
        struct assay_quote_fault fault;
        size_t at = 0;
        for (size_t count = 1; count <= 2; count++) {
            cr_assert_eq(assay_path_build(&all[0], &all[1], count, &root, &path), ASSAY_OK);
            cr_assert_eq(path.count, 1 + count);
            cr_assert_eq(assay_path_verify(&path, &root, &fault, &at), ASSAY_OK);
        }
        cr_assert_eq(assay_path_build(&all[0], &all[1], 2, &other, &path), ASSAY_E_CHAIN);
        cr_assert_eq(assay_path_build(&all[0], &all[1], 1, &other, &path), ASSAY_E_NOT_FOUND);
        cr_assert_eq(assay_path_build(&all[0], NULL, 0, &root, &path), ASSAY_E_NOT_FOUND);
    }
}
