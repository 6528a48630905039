/*
 * apps/assay/identity/identity_key.c - workload key of `assay identity fetch`.
 */
#include "apps/assay/identity/identity_key.h"

#include "base/assert.h"
#include "base/base64.h"

#include <string.h>

/* RFC 5208, RFC 5915: version, id-ecPublicKey with prime256v1, the private key with its public one.
 */
static const uint8_t head[] = { 0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06,
                                0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
                                0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20 };
static const uint8_t middle[] = { 0xa1, 0x44, 0x03, 0x42, 0x00, 0x04 };
/* RFC 5480. */
static const uint8_t spki_head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                     0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                     0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };
static const char label_of_key[] = "PRIVATE KEY";

enum {
    PUBLIC_LEN = 64,
    DER_LEN = sizeof head + 32 + sizeof middle + PUBLIC_LEN,
};
_Static_assert((int)CLI_IDENTITY_SPKI_LEN == (int)sizeof spki_head + PUBLIC_LEN, "one encoding");

static enum assay_status set_spki(struct cli_identity_key *key)
{
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    ASSAY_TRY(assay_p256_public(&key->secret, public_key));
    assay_bytes_copy(key->spki, sizeof key->spki, spki_head, sizeof spki_head);
    assay_bytes_copy(key->spki + sizeof spki_head, PUBLIC_LEN,
                     public_key + (ASSAY_P256_PUBLIC_LEN - PUBLIC_LEN), PUBLIC_LEN);
    return ASSAY_OK;
}

enum assay_status cli_identity_key_generate(struct cli_identity_key *key)
{
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    ASSAY_TRY(assay_p256_generate(&key->secret, public_key));
    return set_spki(key);
}

size_t cli_identity_key_encode(const struct cli_identity_key *key,
                               char pem[static CLI_IDENTITY_PEM_MAX])
{
    uint8_t der[DER_LEN];
    struct assay_writer d = assay_writer_over(der, sizeof der);
    size_t len = 0;
    assay_writer_put(&d, head, sizeof head);
    assay_writer_put(&d, key->secret.bytes, 32);
    assay_writer_put(&d, middle, sizeof middle);
    assay_writer_put(&d, key->spki + sizeof spki_head, PUBLIC_LEN);
    const enum assay_status status =
        assay_pem_put(label_of_key, der, sizeof der, (uint8_t *)pem, CLI_IDENTITY_PEM_MAX, &len);
    assay_secret_wipe(der, sizeof der);
    ASSAY_ASSERT(status == ASSAY_OK && !d.full);
    return len;
}

enum assay_status cli_identity_key_decode(struct assay_slice pem, struct cli_identity_key *key)
{
    struct assay_slice label = { 0 };
    uint8_t der[DER_LEN];
    size_t len = 0;
    enum assay_status status = assay_pem_next(&pem, &label, der, sizeof der, &len);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_E_SYNTAX;
    if (status == ASSAY_E_FULL) return ASSAY_E_TYPE; /* of another kind */
    if (status != ASSAY_OK) return ASSAY_E_SYNTAX;
    const bool is_it =
        assay_slice_equal(label, assay_slice_over(label_of_key, sizeof label_of_key - 1)) &&
        len == DER_LEN && assay_bytes_equal(der, head, sizeof head) &&
        assay_bytes_equal(der + sizeof head + 32, middle, sizeof middle);
    if (is_it) assay_bytes_copy(key->secret.bytes, 32, der + sizeof head, 32);
    status = is_it ? set_spki(key) : ASSAY_E_TYPE;
    if (status == ASSAY_OK &&
        !assay_bytes_equal(key->spki + sizeof spki_head, der + sizeof head + 32 + sizeof middle,
                           PUBLIC_LEN))
        status = ASSAY_E_KEY;
    assay_secret_wipe(der, sizeof der);
    return status;
}

/* ------------------------------------------------------------ registration */

static enum assay_status sign_message(void *context, struct assay_slice message,
                                      uint8_t signature[static ASSAY_DECLARED_KEY_PROOF_MAX],
                                      size_t *len)
{
    const struct assay_p256_signer *const signer = context;
    uint8_t digest[32];
    assay_sha256(message.bytes, message.len, digest);
    *len = ASSAY_P256_SIGNATURE_LEN;
    return assay_p256_sign(signer, digest, signature);
}

enum assay_status cli_identity_key_register(const struct cli_identity_key *key, const char *name,
                                            const char *audience, const uint8_t chain_id[static 32],
                                            const uint8_t node_id[static 32],
                                            const uint8_t boot[static 32],
                                            struct assay_registration_statement *out)
{
    struct assay_declared_key entry = { .purpose = ASSAY_PURPOSE_TLS,
                                        .name = assay_slice_over(name, strlen(name)),
                                        .spki = assay_slice_over(key->spki, sizeof key->spki) };
    struct assay_p256_signer *signer = NULL;
    if (audience != NULL) {
        entry.purpose = ASSAY_PURPOSE_TOKEN;
        entry.audience_count = 1;
        entry.audiences[0] = assay_slice_over(audience, strlen(audience));
    }
    ASSAY_TRY(assay_p256_signer_load(&key->secret, &signer));
    const enum assay_status status = assay_registration_statement_make(
        &entry, chain_id, node_id, boot, sign_message, signer, out);
    assay_p256_signer_free(&signer);
    return status;
}
