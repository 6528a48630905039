/*
 * quote/source/tpm/tpm_device_key.c - keys of a TPM: endorsement keys with their certificates, the
 * attestation key, and the activation that binds one to the other.
 *
 * Places, templates and policies are those of the TCG EK Credential Profile 2.5: 2.2.1.4 (NV
 * indices), B.3 and B.4 (templates L and H), B.6 (policies). The policies are computed from their
 * definition (Part 3 23), not copied.
 */
#include "quote/source/tpm/tpm_device_internal.h"

#include "base/assert.h"
#include "base/writer.h"
#include "quote/x509.h"

enum { NV_CHUNK = 512, POLICY_LEN_MAX = ASSAY_SHA384_LEN };

/* A low-range template (L) has PolicyA and zero-filled unique; a high-range one (H) PolicyB. */
struct slot {
    TPM2_HANDLE certificate; /* NV index */
    TPM2_HANDLE key;         /* where the key may be persistent */
    uint16_t type, name_alg, aes_bits;
    bool high;
};

/* Ordered by what costs a verifier least to activate. */
static const struct slot slots[ASSAY_TPM_EK_SLOTS] = {
    { 0x01c00002, 0x81010001, TPM2_ALG_RSA, TPM2_ALG_SHA256, 128, false },
    { 0x01c0000a, 0x81010002, TPM2_ALG_ECC, TPM2_ALG_SHA256, 128, false },
    { 0x01c00012, 0x81010012, TPM2_ALG_RSA, TPM2_ALG_SHA256, 128, true },
    { 0x01c00014, 0x81010014, TPM2_ALG_ECC, TPM2_ALG_SHA256, 128, true },
    { 0x01c00016, 0x81010016, TPM2_ALG_ECC, TPM2_ALG_SHA384, 256, true },
};

/* ------------------------------------------------------------ policies, B.6 */

static size_t hash_bytes(uint16_t alg, struct assay_slice bytes, uint8_t out[POLICY_LEN_MAX])
{
    if (alg == TPM2_ALG_SHA384) assay_sha384(bytes.bytes, bytes.len, out);
    else assay_sha256(bytes.bytes, bytes.len, out);
    ASSAY_ASSERT(alg == TPM2_ALG_SHA256 || alg == TPM2_ALG_SHA384);
    return assay_tpm_hash_len(alg);
}

struct policies {
    size_t len;
    uint8_t a[POLICY_LEN_MAX]; /* holder of the endorsement authorisation */
    uint8_t c[POLICY_LEN_MAX]; /* a policy in an NV index, writable only by that holder */
    uint8_t b[POLICY_LEN_MAX]; /* either of them */
};

/* PolicyA: TPM2_PolicySecret of the endorsement hierarchy with an empty reference, Part 3 23.4. */
static void policy_a(uint16_t alg, struct policies *p)
{
    uint8_t bytes[POLICY_LEN_MAX + 8], digest[POLICY_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    p->len = assay_tpm_hash_len(alg);
    ASSAY_ASSERT(p->len > 0 && p->len <= POLICY_LEN_MAX);
    assay_writer_zero(&w, p->len);
    assay_writer_u32be(&w, TPM2_CC_PolicySecret);
    assay_writer_u32be(&w, TPM2_RH_ENDORSEMENT);
    ASSAY_ASSERT(!w.full);
    (void)hash_bytes(alg, assay_slice_over(bytes, w.len), digest);
    (void)hash_bytes(alg, assay_slice_over(digest, p->len), p->a); /* policyRef follows: empty */
}

/* PolicyC: TPM2_PolicyAuthorizeNV of the profile's index, Part 3 23.22: its name is that of a
 * written public area whose own policy is PolicyA. */
static void policy_c(uint16_t alg, struct policies *p)
{
    enum { NV_ATTRIBUTES = 0x220f1008, BYTES_MAX = 128 };
    uint8_t area[BYTES_MAX], bytes[BYTES_MAX], name[POLICY_LEN_MAX];
    struct assay_writer w = assay_writer_over(area, sizeof area);
    assay_writer_u32be(&w, alg == TPM2_ALG_SHA384 ? 0x01c07f02 : 0x01c07f01);
    assay_writer_u16be(&w, alg);
    assay_writer_u32be(&w, NV_ATTRIBUTES);
    assay_writer_u16be(&w, (uint16_t)p->len);
    assay_writer_put(&w, p->a, p->len);
    assay_writer_u16be(&w, (uint16_t)(2 + p->len));
    ASSAY_ASSERT(!w.full);
    (void)hash_bytes(alg, assay_slice_over(area, w.len), name);
    w = assay_writer_over(bytes, sizeof bytes);
    assay_writer_zero(&w, p->len);
    assay_writer_u32be(&w, TPM2_CC_PolicyAuthorizeNV);
    assay_writer_u16be(&w, alg);
    assay_writer_put(&w, name, p->len);
    ASSAY_ASSERT(!w.full);
    (void)hash_bytes(alg, assay_slice_over(bytes, w.len), p->c);
}

static void policies_of(uint16_t alg, struct policies *p)
{
    uint8_t bytes[3 * POLICY_LEN_MAX + 4];
    policy_a(alg, p);
    policy_c(alg, p);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_writer_zero(&w, p->len);
    assay_writer_u32be(&w, TPM2_CC_PolicyOR);
    assay_writer_put(&w, p->a, p->len);
    assay_writer_put(&w, p->c, p->len);
    ASSAY_ASSERT(!w.full);
    (void)hash_bytes(alg, assay_slice_over(bytes, w.len), p->b);
}

/* ------------------------------------------------------------ what lies in the TPM */

enum assay_status assay_tpm_find(struct assay_tpm_device *device, TPM2_HANDLE handle, ESYS_TR *out,
                                 char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    const TSS2_RC rc =
        Esys_TR_FromTPMPublic(device->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, out);
    if (rc == TSS2_RC_SUCCESS) return ASSAY_OK;
    const enum assay_status status = assay_tpm_refused(rc, "a handle cannot be read", message);
    /* Part 2 6.6.3: TPM_RC_HANDLE, whichever handle it was about. */
    if (status != ASSAY_E_INVALID || (rc & (TPM2_RC_FMT1 | 0x3f)) != TPM2_RC_HANDLE) return status;
    assay_source_set_message(message, "tpm: nothing is stored under handle 0x%08x",
                             (unsigned)handle);
    return ASSAY_E_NOT_FOUND;
}

/* NV indices may be longer than what is in them: a certificate ends where its DER does. */
static size_t der_len(const uint8_t *bytes, size_t len)
{
    if (len < 4 || bytes[0] != 0x30 || bytes[1] != 0x82) return len;
    const size_t whole = 4 + ((size_t)bytes[2] << 8 | bytes[3]);
    return whole < len ? whole : len;
}

static enum assay_status read_nv(struct assay_tpm_device *device, ESYS_TR index,
                                 struct assay_tpm_ek *ek, char *message)
{
    TPM2B_NV_PUBLIC *area = NULL;
    TSS2_RC rc = Esys_NV_ReadPublic(device->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    &area, NULL);
    if (rc != TSS2_RC_SUCCESS) return assay_tpm_refused(rc, "a certificate", message);
    const size_t size = area->nvPublic.dataSize;
    Esys_Free(area);
    if (size > sizeof ek->certificate) {
        assay_source_set_message(message,
                                 "tpm: an endorsement certificate of %zu bytes, %zu at most", size,
                                 sizeof ek->certificate);
        return ASSAY_E_INVALID;
    }
    for (size_t at = 0; at < size;) {
        const size_t want = size - at < NV_CHUNK ? size - at : NV_CHUNK;
        TPM2B_MAX_NV_BUFFER *piece = NULL;
        rc = Esys_NV_Read(device->esys, index, index, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                          (UINT16)want, (UINT16)at, &piece);
        if (rc != TSS2_RC_SUCCESS) return assay_tpm_refused(rc, "a certificate", message);
        const size_t got = piece->size;
        if (got > 0 && got <= want)
            assay_bytes_copy(ek->certificate + at, sizeof ek->certificate - at, piece->buffer, got);
        Esys_Free(piece);
        if (got == 0 || got > want) return ASSAY_E_INVALID;
        at += got;
        ASSAY_ASSERT(at <= size);
    }
    ek->certificate_len = (uint32_t)der_len(ek->certificate, size);
    ASSAY_ASSERT(ek->certificate_len <= sizeof ek->certificate);
    return ASSAY_OK;
}

static enum assay_status read_public(struct assay_tpm_device *device, ESYS_TR key, uint8_t *out,
                                     size_t *len, char *message)
{
    TPM2B_PUBLIC *area = NULL;
    size_t written = 0;
    TSS2_RC rc = Esys_ReadPublic(device->esys, key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &area,
                                 NULL, NULL);
    if (rc == TSS2_RC_SUCCESS)
        rc = Tss2_MU_TPM2B_PUBLIC_Marshal(area, out, ASSAY_TPM_PUBLIC_MAX, &written);
    Esys_Free(area);
    if (rc != TSS2_RC_SUCCESS) return assay_tpm_refused(rc, "a public area", message);
    *len = written;
    ASSAY_ASSERT(written <= ASSAY_TPM_PUBLIC_MAX);
    return ASSAY_OK;
}

/* ------------------------------------------------------------ endorsement keys */

static void ek_template(const struct slot *slot, TPM2B_PUBLIC *out)
{
    struct policies p;
    *out = (TPM2B_PUBLIC){ 0 };
    TPMT_PUBLIC *const area = &out->publicArea;
    const TPMT_SYM_DEF_OBJECT aes = { .algorithm = TPM2_ALG_AES,
                                      .keyBits = { .aes = slot->aes_bits },
                                      .mode = { .aes = TPM2_ALG_CFB } };
    policies_of(slot->name_alg, &p);
    area->type = slot->type;
    area->nameAlg = slot->name_alg;
    area->objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                             TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_ADMINWITHPOLICY |
                             TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
    if (slot->high) area->objectAttributes |= TPMA_OBJECT_USERWITHAUTH;
    area->authPolicy.size = (UINT16)p.len;
    assay_bytes_copy(area->authPolicy.buffer, sizeof area->authPolicy.buffer,
                     slot->high ? p.b : p.a, p.len);
    if (slot->type == TPM2_ALG_RSA) {
        area->parameters.rsaDetail.symmetric = aes;
        area->parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
        area->parameters.rsaDetail.keyBits = 2048;
        if (!slot->high) area->unique.rsa.size = 256;
        return;
    }
    area->parameters.eccDetail.symmetric = aes;
    area->parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
    area->parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
    area->parameters.eccDetail.curveID =
        slot->name_alg == TPM2_ALG_SHA384 ? TPM2_ECC_NIST_P384 : TPM2_ECC_NIST_P256;
    if (slot->high) return;
    area->unique.ecc.x.size = 32;
    area->unique.ecc.y.size = 32;
}

static enum assay_status make_primary(struct assay_tpm_device *device, const TPM2B_PUBLIC *area,
                                      ESYS_TR *out, const char *what, char *message)
{
    const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
    const TPM2B_DATA outside = { 0 };
    const TPML_PCR_SELECTION none = { 0 };
    TPM2B_PUBLIC *made = NULL;
    TPM2B_CREATION_DATA *data = NULL;
    TPM2B_DIGEST *digest = NULL;
    TPMT_TK_CREATION *ticket = NULL;
    const TSS2_RC rc = Esys_CreatePrimary(device->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD,
                                          ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, area, &outside,
                                          &none, out, &made, &data, &digest, &ticket);
    Esys_Free(made);
    Esys_Free(data);
    Esys_Free(digest);
    Esys_Free(ticket);
    return rc == TSS2_RC_SUCCESS ? ASSAY_OK : assay_tpm_refused(rc, what, message);
}

/* A loaded key: persistent ones are let go of, transient ones leave the TPM. */
struct loaded {
    ESYS_TR handle;
    bool transient;
};

static void let_go(struct assay_tpm_device *device, struct loaded *key)
{
    if (key->handle == ESYS_TR_NONE) return;
    if (key->transient) (void)Esys_FlushContext(device->esys, key->handle);
    else (void)Esys_TR_Close(device->esys, &key->handle);
    key->handle = ESYS_TR_NONE;
}

/* Returns: true when the certificate is about this key. */
static bool is_certified(const struct assay_tpm_ek *ek)
{
    struct assay_certificate certificate;
    struct assay_tpm_public area;
    return assay_tpm_public_parse(ek->public_area, ek->public_len, &area) == ASSAY_OK &&
           assay_x509_certificate(ek->certificate, ek->certificate_len, &certificate) == ASSAY_OK &&
           assay_key_equal(&certificate.key, &area.key);
}

/* The key of the certificate in ek: the persistent one, or the template's. */
static enum assay_status load_ek(struct assay_tpm_device *device, const struct slot *slot,
                                 struct assay_tpm_ek *ek, struct loaded *key, char *message)
{
    TPM2B_PUBLIC area;
    size_t len = 0;
    enum assay_status status = assay_tpm_find(device, slot->key, &key->handle, message);
    if (status != ASSAY_OK && status != ASSAY_E_NOT_FOUND) return status;
    for (unsigned attempt = status == ASSAY_OK ? 0 : 1; attempt < 2; attempt++) {
        key->transient = attempt == 1;
        ek_template(slot, &area);
        if (key->transient)
            ASSAY_TRY(make_primary(device, &area, &key->handle, "no endorsement key", message));
        status = read_public(device, key->handle, ek->public_area, &len, message);
        ek->public_len = (uint32_t)len;
        if (status == ASSAY_OK && is_certified(ek)) return ASSAY_OK;
        let_go(device, key);
        if (status != ASSAY_OK) return status;
    }
    assay_source_set_message(message,
                             "tpm: the certificate in NV index 0x%08x belongs to none of its keys",
                             (unsigned)slot->certificate);
    return ASSAY_E_KEY;
}

static enum assay_status open_ek(struct assay_tpm_device *device, uint32_t slot,
                                 struct assay_tpm_ek *ek, struct loaded *key, char *message)
{
    ESYS_TR index = ESYS_TR_NONE;
    ASSAY_ASSERT(slot < ASSAY_TPM_EK_SLOTS);
    *key = (struct loaded){ .handle = ESYS_TR_NONE };
    *ek = (struct assay_tpm_ek){ .slot = slot };
    ASSAY_TRY(assay_tpm_find(device, slots[slot].certificate, &index, message));
    const enum assay_status status = read_nv(device, index, ek, message);
    (void)Esys_TR_Close(device->esys, &index);
    if (status != ASSAY_OK) return status;
    return load_ek(device, &slots[slot], ek, key, message);
}

enum assay_status assay_tpm_device_ek(struct assay_tpm_device *device, uint32_t slot,
                                      struct assay_tpm_ek *ek,
                                      char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    struct loaded key;
    const enum assay_status status = open_ek(device, slot, ek, &key, message);
    let_go(device, &key);
    return status;
}

/* ------------------------------------------------------------ the attestation key */

/* Restricted, for ECDSA P-256 with SHA-256; 32 drawn bytes make it another key each time. */
static enum assay_status ak_template(TPM2B_PUBLIC *out)
{
    *out = (TPM2B_PUBLIC){ 0 };
    TPMT_PUBLIC *const area = &out->publicArea;
    area->type = TPM2_ALG_ECC;
    area->nameAlg = TPM2_ALG_SHA256;
    area->objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                             TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
                             TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT;
    area->parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
    area->parameters.eccDetail.scheme.scheme = TPM2_ALG_ECDSA;
    area->parameters.eccDetail.scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
    area->parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
    area->parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
    area->unique.ecc.x.size = 32;
    return assay_random(area->unique.ecc.x.buffer, 32);
}

static enum assay_status persist_key(struct assay_tpm_device *device, ESYS_TR key, ESYS_TR *kept,
                                     char *message)
{
    const TSS2_RC rc = Esys_EvictControl(device->esys, ESYS_TR_RH_OWNER, key, ESYS_TR_PASSWORD,
                                         ESYS_TR_NONE, ESYS_TR_NONE, ASSAY_TPM_AK_HANDLE, kept);
    if (rc == TSS2_RC_SUCCESS) return ASSAY_OK;
    return assay_tpm_refused(rc, "the attestation key cannot be stored", message);
}

static enum assay_status create_ak(struct assay_tpm_device *device, char *message)
{
    TPM2B_PUBLIC area;
    ESYS_TR old = ESYS_TR_NONE, kept = ESYS_TR_NONE;
    struct loaded made = { .handle = ESYS_TR_NONE, .transient = true };
    ASSAY_TRY(ak_template(&area));
    ASSAY_TRY(make_primary(device, &area, &made.handle, "no attestation key", message));
    enum assay_status status = assay_tpm_find(device, ASSAY_TPM_AK_HANDLE, &old, message);
    if (status == ASSAY_OK) {
        status = persist_key(device, old, &kept, message); /* the old one goes */
        /* The library goes by the handle: while it knows the old key it refuses the new one. */
        (void)Esys_TR_Close(device->esys, &old);
    } else if (status == ASSAY_E_NOT_FOUND) {
        status = ASSAY_OK;
    }
    if (status == ASSAY_OK) status = persist_key(device, made.handle, &kept, message);
    if (status == ASSAY_OK) (void)Esys_TR_Close(device->esys, &kept);
    let_go(device, &made);
    return status;
}

enum assay_status assay_tpm_device_ak(struct assay_tpm_device *device, bool create,
                                      uint8_t *public_area, size_t *len,
                                      char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    struct loaded ak = { .handle = ESYS_TR_NONE };
    if (create) ASSAY_TRY(create_ak(device, message));
    ASSAY_TRY(assay_tpm_find(device, ASSAY_TPM_AK_HANDLE, &ak.handle, message));
    const enum assay_status status = read_public(device, ak.handle, public_area, len, message);
    let_go(device, &ak);
    return status;
}

/* ------------------------------------------------------------ activation */

/* The policy of an endorsement key, satisfied in a session: B.6. */
static enum assay_status satisfy_policy(struct assay_tpm_device *device,
                                        const struct assay_tpm_ek *ek, const struct slot *slot,
                                        ESYS_TR session, char *message)
{
    struct policies p;
    TPM2B_PUBLIC area = { 0 };
    size_t at = 0;
    policies_of(slot->name_alg, &p);
    TSS2_RC rc = Tss2_MU_TPM2B_PUBLIC_Unmarshal(ek->public_area, ek->public_len, &at, &area);
    if (rc != TSS2_RC_SUCCESS) return assay_tpm_refused(rc, "the endorsement key", message);
    const TPM2B_DIGEST *const wanted = &area.publicArea.authPolicy;
    const bool is_a = wanted->size == p.len && assay_bytes_equal(wanted->buffer, p.a, p.len);
    const bool is_b = wanted->size == p.len && assay_bytes_equal(wanted->buffer, p.b, p.len);
    if (!is_a && !is_b) {
        assay_source_set_message(message,
                                 "tpm: the policy of the endorsement key is none of the profile's");
        return ASSAY_E_UNSUPPORTED;
    }
    rc = Esys_PolicySecret(device->esys, ESYS_TR_RH_ENDORSEMENT, session, ESYS_TR_PASSWORD,
                           ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL);
    if (rc != TSS2_RC_SUCCESS) return assay_tpm_refused(rc, "the endorsement policy", message);
    if (is_a) return ASSAY_OK;
    TPML_DIGEST either = { .count = 2 };
    either.digests[0].size = either.digests[1].size = (UINT16)p.len;
    assay_bytes_copy(either.digests[0].buffer, sizeof either.digests[0].buffer, p.a, p.len);
    assay_bytes_copy(either.digests[1].buffer, sizeof either.digests[1].buffer, p.c, p.len);
    rc = Esys_PolicyOR(device->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &either);
    if (rc != TSS2_RC_SUCCESS) return assay_tpm_refused(rc, "the endorsement policy", message);
    return ASSAY_OK;
}

static enum assay_status read_credential(const struct assay_tpm_credential *credential,
                                         TPM2B_ID_OBJECT *object, TPM2B_ENCRYPTED_SECRET *secret,
                                         char *message)
{
    ASSAY_ASSERT(credential->id_object_len <= sizeof credential->id_object);
    ASSAY_ASSERT(credential->encrypted_secret_len <= sizeof credential->encrypted_secret);
    size_t at = 0;
    TSS2_RC rc = Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(credential->id_object, credential->id_object_len,
                                                   &at, object);
    at = 0;
    if (rc == TSS2_RC_SUCCESS)
        rc = Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(
            credential->encrypted_secret, credential->encrypted_secret_len, &at, secret);
    return rc == TSS2_RC_SUCCESS ? ASSAY_OK : assay_tpm_refused(rc, "the credential", message);
}

static enum assay_status activate_credential(struct assay_tpm_device *device,
                                             const struct loaded *ek, const struct loaded *ak,
                                             ESYS_TR session,
                                             const struct assay_tpm_credential *credential,
                                             uint8_t *secret, size_t *secret_len, char *message)
{
    TPM2B_ID_OBJECT object = { 0 };
    TPM2B_ENCRYPTED_SECRET sealed = { 0 };
    TPM2B_DIGEST *opened = NULL;
    ASSAY_TRY(read_credential(credential, &object, &sealed, message));
    const TSS2_RC rc =
        Esys_ActivateCredential(device->esys, ak->handle, ek->handle, ESYS_TR_PASSWORD, session,
                                ESYS_TR_NONE, &object, &sealed, &opened);
    if (rc != TSS2_RC_SUCCESS)
        return assay_tpm_refused(rc, "the credential is not for this key of this TPM", message);
    const bool fits = opened->size <= ASSAY_TPM_CREDENTIAL_MAX;
    if (fits) {
        assay_bytes_copy(secret, ASSAY_TPM_CREDENTIAL_MAX, opened->buffer, opened->size);
        *secret_len = opened->size;
    }
    assay_secret_wipe(opened, sizeof *opened);
    Esys_Free(opened);
    return fits ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status activate_in_session(struct assay_tpm_device *device, uint32_t slot,
                                             const struct assay_tpm_ek *ek,
                                             const struct loaded *key,
                                             const struct assay_tpm_credential *credential,
                                             uint8_t *secret, size_t *secret_len, char *message)
{
    ASSAY_ASSERT(slot < ASSAY_TPM_EK_SLOTS);
    const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
    struct loaded ak = { .handle = ESYS_TR_NONE };
    ESYS_TR session = ESYS_TR_NONE;
    ASSAY_TRY(assay_tpm_find(device, ASSAY_TPM_AK_HANDLE, &ak.handle, message));
    const TSS2_RC rc = Esys_StartAuthSession(device->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                             ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_POLICY,
                                             &none, slots[slot].name_alg, &session);
    enum assay_status status =
        rc == TSS2_RC_SUCCESS ? ASSAY_OK : assay_tpm_refused(rc, "no session", message);
    if (status == ASSAY_OK) status = satisfy_policy(device, ek, &slots[slot], session, message);
    if (status == ASSAY_OK)
        status =
            activate_credential(device, key, &ak, session, credential, secret, secret_len, message);
    /* A failed command leaves its session in the TPM; a good one has used it up. */
    if (session != ESYS_TR_NONE) (void)Esys_FlushContext(device->esys, session);
    let_go(device, &ak);
    return status;
}

enum assay_status assay_tpm_device_activate(struct assay_tpm_device *device, uint32_t slot,
                                            const struct assay_tpm_credential *credential,
                                            uint8_t *secret, size_t *secret_len,
                                            char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    struct assay_tpm_ek ek;
    struct loaded key;
    enum assay_status status = open_ek(device, slot, &ek, &key, message);
    if (status == ASSAY_OK)
        status =
            activate_in_session(device, slot, &ek, &key, credential, secret, secret_len, message);
    let_go(device, &key);
    return status;
}
