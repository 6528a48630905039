/*
 * quote/source/tpm/tpm_credential.c - credential protection (tpm_credential.h); sections are those
 * of Part 1.
 */
#include "quote/source/tpm/tpm_credential.h"

#include "base/assert.h"
#include "base/writer.h"

#include <string.h>

enum { BLOCK_MAX = 256 };

/* Everything that must not outlive the call, in one place to wipe. */
struct secrets {
    uint8_t seed[ASSAY_SEAL_SECRET_MAX];
    uint8_t shared[ASSAY_SEAL_SECRET_MAX];
    uint8_t symmetric_key[ASSAY_SEAL_SECRET_MAX];
    uint8_t mac_key[ASSAY_SEAL_SECRET_MAX];
    uint8_t block[BLOCK_MAX];
    uint8_t identity[2 + ASSAY_TPM_CREDENTIAL_MAX];
};

static bool hash_of(uint16_t alg, enum assay_seal_hash *hash)
{
    switch (alg) {
    case ASSAY_TPM_SHA256: *hash = ASSAY_SEAL_SHA256; return true;
    case ASSAY_TPM_SHA384: *hash = ASSAY_SEAL_SHA384; return true;
    case ASSAY_TPM_SHA512: *hash = ASSAY_SEAL_SHA512; return true;
    }
    return false;
}

static void hash_bytes(enum assay_seal_hash hash, struct assay_slice bytes, uint8_t *out)
{
    switch (hash) {
    case ASSAY_SEAL_SHA256: assay_sha256(bytes.bytes, bytes.len, out); return;
    case ASSAY_SEAL_SHA384: assay_sha384(bytes.bytes, bytes.len, out); return;
    case ASSAY_SEAL_SHA512: assay_sha512(bytes.bytes, bytes.len, out); return;
    }
    ASSAY_UNREACHABLE("a hash");
}

/*
 * 11.4.10.2, SP 800-108 in counter mode: HMAC(key, [1] | label | 0 | contextU | contextV | [bits]).
 * One turn is enough, as nothing longer than the hash is ever wanted here.
 */
enum assay_status assay_tpm_kdfa(enum assay_seal_hash hash, struct assay_slice key,
                                 const char *label, struct assay_slice context_u, uint8_t *out,
                                 size_t out_len)
{
    uint8_t bytes[BLOCK_MAX], mac[ASSAY_SEAL_SECRET_MAX];
    struct assay_slice block;
    ASSAY_ASSERT(out_len <= assay_seal_hash_len(hash));
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_writer_u32be(&w, 1);
    assay_writer_put(&w, label, strlen(label) + 1);
    assay_writer_put(&w, context_u.bytes, context_u.len);
    assay_writer_u32be(&w, (uint32_t)out_len * 8);
    ASSAY_TRY(assay_writer_finish(&w, &block));
    const enum assay_status status = assay_seal_hmac(hash, key, block, mac);
    if (status == ASSAY_OK) assay_bytes_copy(out, out_len, mac, out_len);
    assay_secret_wipe(mac, sizeof mac);
    return status;
}

/* 11.4.10.3, SP 800-56A: H([1] | Z | use | 0 | PartyU.x | PartyV.x), for the seed of an EC key. */
static enum assay_status derive_kdfe(enum assay_seal_hash hash, struct secrets *s,
                                     const struct assay_key *fresh, const struct assay_key *ek)
{
    static const char use[] = "IDENTITY"; /* with its NUL */
    const size_t field = ek->len / 2;
    ASSAY_ASSERT(ek->len == fresh->len && field <= sizeof s->shared);
    struct assay_slice block;
    struct assay_writer w = assay_writer_over(s->block, sizeof s->block);
    assay_writer_u32be(&w, 1);
    assay_writer_put(&w, s->shared, field);
    assay_writer_put(&w, use, sizeof use);
    assay_writer_put(&w, fresh->bytes, field);
    assay_writer_put(&w, ek->bytes, field);
    ASSAY_TRY(assay_writer_finish(&w, &block));
    hash_bytes(hash, block, s->seed);
    return ASSAY_OK;
}

static void put_sized(struct assay_writer *w, const uint8_t *bytes, size_t len)
{
    ASSAY_ASSERT(len <= UINT16_MAX);
    assay_writer_u16be(w, (uint16_t)len);
    assay_writer_put(w, bytes, len);
}

/* B.10.4: a seed as long as the digest of the EK's name algorithm, under OAEP, labelled. */
static enum assay_status share_rsa(const struct assay_key *ek, enum assay_seal_hash hash,
                                   struct secrets *s, struct assay_writer *w)
{
    ASSAY_ASSERT(ek->type == ASSAY_KEY_RSA);
    static const char label[] = "IDENTITY"; /* with its NUL */
    uint8_t sealed[ASSAY_RSA_MODULUS_MAX];
    size_t len = 0;
    ASSAY_TRY(assay_random(s->seed, assay_seal_hash_len(hash)));
    ASSAY_TRY(assay_seal_rsa_oaep(ek, hash, assay_slice_over(label, sizeof label),
                                  assay_slice_over(s->seed, assay_seal_hash_len(hash)), sealed,
                                  &len));
    ASSAY_ASSERT(len <= sizeof sealed);
    put_sized(w, sealed, len);
    return ASSAY_OK;
}

/* C.6.3: a fresh key; the seed comes out of what both agree on. */
static enum assay_status share_ecc(const struct assay_key *ek, enum assay_seal_hash hash,
                                   struct secrets *s, struct assay_writer *w)
{
    ASSAY_ASSERT(ek->type == ASSAY_KEY_P256 || ek->type == ASSAY_KEY_P384);
    struct assay_key fresh;
    ASSAY_TRY(assay_seal_agree(ek, &fresh, s->shared));
    ASSAY_TRY(derive_kdfe(hash, s, &fresh, ek));
    const size_t field = fresh.len / 2; /* TPMS_ECC_POINT */
    assay_writer_u16be(w, (uint16_t)(2 * (2 + field)));
    put_sized(w, fresh.bytes, field);
    put_sized(w, fresh.bytes + field, field);
    return ASSAY_OK;
}

/* 24.4: encIdentity = CFB(KDFa("STORAGE", name), TPM2B secret); outerHMAC over it and the name. */
static enum assay_status wrap_secret(const struct assay_tpm_public *ek, enum assay_seal_hash hash,
                                     struct assay_slice name, struct assay_slice secret,
                                     struct secrets *s, struct assay_writer *w)
{
    ASSAY_ASSERT(secret.len > 0 && secret.len <= ASSAY_TPM_CREDENTIAL_MAX);
    const size_t hash_len = assay_seal_hash_len(hash);
    const struct assay_slice seed = assay_slice_over(s->seed, hash_len);
    const struct assay_slice none = { NULL, 0 };
    const size_t key_len = ek->symmetric_bits / 8;
    ASSAY_ASSERT(key_len <= sizeof s->symmetric_key && hash_len <= sizeof s->mac_key);
    uint8_t mac[ASSAY_SEAL_SECRET_MAX];
    struct assay_slice block;
    struct assay_writer identity = assay_writer_over(s->identity, sizeof s->identity);
    put_sized(&identity, secret.bytes, secret.len);
    ASSAY_ASSERT(!identity.full);

    ASSAY_TRY(assay_tpm_kdfa(hash, seed, "STORAGE", name, s->symmetric_key, key_len));
    ASSAY_TRY(
        assay_seal_cfb(assay_slice_over(s->symmetric_key, key_len), s->identity, identity.len));
    ASSAY_TRY(assay_tpm_kdfa(hash, seed, "INTEGRITY", none, s->mac_key, hash_len));
    struct assay_writer covered = assay_writer_over(s->block, sizeof s->block);
    assay_writer_put(&covered, s->identity, identity.len);
    assay_writer_put(&covered, name.bytes, name.len);
    ASSAY_TRY(assay_writer_finish(&covered, &block));
    ASSAY_TRY(assay_seal_hmac(hash, assay_slice_over(s->mac_key, hash_len), block, mac));
    assay_writer_u16be(w, (uint16_t)(2 + hash_len + identity.len));
    put_sized(w, mac, hash_len);
    assay_writer_put(w, s->identity, identity.len);
    return ASSAY_OK;
}

static enum assay_status make_credential(const struct assay_tpm_public *ek, struct assay_slice name,
                                         struct assay_slice secret, struct secrets *s,
                                         struct assay_tpm_credential *out)
{
    enum assay_seal_hash hash = ASSAY_SEAL_SHA256;
    struct assay_slice written;
    if (!hash_of(ek->name_alg, &hash)) return ASSAY_E_UNSUPPORTED;
    if (secret.len == 0 || secret.len > ASSAY_TPM_CREDENTIAL_MAX) return ASSAY_E_RANGE;
    if (name.len == 0 || name.len > ASSAY_TPM_NAME_MAX) return ASSAY_E_RANGE;
    if ((ek->attributes & ASSAY_TPM_DECRYPT) == 0 || ek->symmetric != ASSAY_TPM_AES ||
        ek->symmetric_mode != ASSAY_TPM_CFB ||
        (ek->symmetric_bits != 128 && ek->symmetric_bits != 256))
        return ASSAY_E_UNSUPPORTED;
    struct assay_tpm_credential made = { 0 };
    struct assay_writer shared =
        assay_writer_over(made.encrypted_secret, sizeof made.encrypted_secret);
    ASSAY_TRY(ek->key.type == ASSAY_KEY_RSA ? share_rsa(&ek->key, hash, s, &shared)
                                            : share_ecc(&ek->key, hash, s, &shared));
    struct assay_writer object = assay_writer_over(made.id_object, sizeof made.id_object);
    ASSAY_TRY(wrap_secret(ek, hash, name, secret, s, &object));
    ASSAY_TRY(assay_writer_finish(&shared, &written));
    made.encrypted_secret_len = (uint32_t)written.len;
    ASSAY_TRY(assay_writer_finish(&object, &written));
    made.id_object_len = (uint32_t)written.len;
    ASSAY_ASSERT(made.id_object_len > 0 && made.encrypted_secret_len > 0);
    *out = made;
    return ASSAY_OK;
}

enum assay_status assay_tpm_credential_make(const struct assay_tpm_public *ek,
                                            struct assay_slice name, struct assay_slice secret,
                                            struct assay_tpm_credential *out)
{
    struct secrets s;
    ASSAY_ASSERT(ek != NULL);
    ASSAY_ASSERT(out != NULL);
    assay_bytes_zero(&s, sizeof s);
    const enum assay_status status = make_credential(ek, name, secret, &s, out);
    assay_secret_wipe(&s, sizeof s);
    ASSAY_ASSERT(assay_bytes_all_zero(&s, sizeof s));
    return status;
}
