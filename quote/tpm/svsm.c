/*
 * quote/tpm/svsm.c - evidence of an SVSM about its virtual TPM: form, binding of the manifest,
 * binding of the attestation key.
 */
#include "quote/tpm/svsm.h"

#include "base/assert.h"
#include "quote/accept/reference.h"
#include "quote/text.h"
#include "quote/tpm/tpm_trust.h"

enum { GUID_LEN = 16, ENTRY_LEN = 24 };

/* In the byte order of the table (58019 7.1): the first three fields are little-endian. */
static const uint8_t guid_manifest[GUID_LEN] = { 0xbb, 0x9e, 0x84, 0x63, 0x92, 0x3d, 0x70, 0x46,
                                                 0xa1, 0xff, 0x58, 0xf9, 0xc9, 0x4b, 0x87, 0xbb };
static const uint8_t guid_vtpm[GUID_LEN] = { 0xeb, 0xf1, 0x76, 0xc4, 0x23, 0x01, 0xa5, 0x45,
                                             0x96, 0x41, 0xb4, 0xe7, 0xdd, 0xe5, 0xbf, 0xe3 };

/* --- the table of services */
static bool has_service(const struct assay_slice *seen, size_t count, struct assay_slice guid)
{
    for (size_t i = 0; i < count; i++)
        if (assay_slice_equal(seen[i], guid)) return true;
    return false;
}

/* 5.2 of docs/evidence-rules.md: data fill the table behind its entries, without a gap. Only the
 * vTPM, the last service, has any: so the data of all others are empty, at the same offset. */
static enum assay_status find_vtpm(struct assay_slice table, struct assay_slice *vtpm)
{
    struct assay_cursor in = assay_cursor_over(table.bytes, table.len);
    struct assay_slice seen[ASSAY_SVSM_SERVICES_MAX];
    uint32_t len = 0, count = 0, offset = 0;
    ASSAY_TRY(assay_cursor_skip(&in, GUID_LEN));
    ASSAY_TRY(assay_cursor_u32le(&in, &len));
    ASSAY_TRY(assay_cursor_u32le(&in, &count));
    if (len > table.len) return ASSAY_E_TRUNCATED;
    if (len < table.len) return ASSAY_E_TRAILING;
    if (count == 0) return ASSAY_E_NOT_FOUND;
    if (count > ASSAY_SVSM_SERVICES_MAX) return ASSAY_E_RANGE;
    const size_t first = ENTRY_LEN * (1 + (size_t)count);
    for (size_t i = 0; i < count; i++) {
        ASSAY_TRY(assay_cursor_slice(&in, GUID_LEN, &seen[i]));
        ASSAY_TRY(assay_cursor_u32le(&in, &offset));
        ASSAY_TRY(assay_cursor_u32le(&in, &len));
        if (has_service(seen, i, seen[i])) return ASSAY_E_DUPLICATE;
        if (i + 1 < count && len > 0) return ASSAY_E_UNSUPPORTED;
        if (offset != first) return ASSAY_E_RANGE;
    }
    if (!assay_bytes_equal(seen[count - 1].bytes, guid_vtpm, GUID_LEN)) return ASSAY_E_NOT_FOUND;
    if (len != table.len - first) return ASSAY_E_RANGE;
    return assay_cursor_slice(&in, len, vtpm);
}

/* A table behind the beginning of a manifest: somebody put a table of his own in front of it. */
static bool has_table_inside(struct assay_slice manifest)
{
    for (size_t at = 1; at + GUID_LEN <= manifest.len; at++)
        if (assay_bytes_equal(manifest.bytes + at, guid_manifest, GUID_LEN)) return true;
    return false;
}

/* --- the manifest of the vTPM */

/* A key that is not read to its end could hide a manifest. */
static enum assay_status take_key(struct assay_slice area, struct assay_svsm *s)
{
    struct assay_tpm_public *const key = &s->keys[s->key_count];
    ASSAY_TRY(assay_tpm_area_parse(area.bytes, area.len, key));
    if (key->has_short_point) return ASSAY_E_RANGE;
    s->key_count += 1;
    return ASSAY_OK;
}

static enum assay_status parse_list(struct assay_cursor *in, struct assay_svsm *s)
{
    uint32_t count = 0;
    ASSAY_TRY(assay_cursor_u32be(in, &s->version));
    ASSAY_TRY(assay_cursor_u32be(in, &count));
    if (s->version != 1) return ASSAY_E_UNSUPPORTED;
    if (count == 0 || count > ASSAY_SVSM_KEYS_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < count; i++) {
        struct assay_slice area;
        uint16_t len = 0;
        ASSAY_TRY(assay_cursor_u16be(in, &len));
        if (len == 0 || len > ASSAY_TPM_PUBLIC_MAX) return ASSAY_E_RANGE;
        ASSAY_TRY(assay_cursor_slice(in, len, &area));
        ASSAY_TRY(take_key(area, s));
    }
    return assay_cursor_end(in);
}

/* Of version 0 the first word is a type of keys, which is not 0; of others the half of a number. */
static enum assay_status parse_vtpm(struct assay_slice manifest, struct assay_svsm *s)
{
    struct assay_cursor in = assay_cursor_over(manifest.bytes, manifest.len);
    struct assay_cursor start = in;
    uint16_t type = 0;
    ASSAY_TRY(assay_cursor_u16be(&in, &type));
    if (type == 0) return parse_list(&start, s);
    if (type != ASSAY_TPM_RSA && type != ASSAY_TPM_ECC) return ASSAY_E_INVALID;
    if (manifest.len > ASSAY_TPM_PUBLIC_MAX) return ASSAY_E_RANGE;
    return take_key(manifest, s);
}

enum assay_status assay_svsm_parse(const uint8_t *bytes, size_t len, struct assay_svsm *out)
{
    enum { VERSION_MAX = 255 }; /* of a report; "HCLA" of another paravisor is larger */
    ASSAY_ASSERT(out != NULL);
    if (len > ASSAY_SVSM_LEN_MAX) return ASSAY_E_RANGE;
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_cursor start = in;
    struct assay_svsm s = { 0 };
    struct assay_slice vtpm;
    uint32_t report_version = 0;
    ASSAY_TRY(assay_cursor_u32le(&start, &report_version));
    if (report_version == 0 || report_version > VERSION_MAX) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_cursor_slice(&in, ASSAY_SVSM_REPORT_LEN, &s.report));
    ASSAY_TRY(assay_cursor_slice(&in, ASSAY_SVSM_NONCE_LEN, &s.nonce));
    ASSAY_TRY(assay_cursor_slice(&in, assay_cursor_left(&in), &s.manifest));
    if (has_table_inside(s.manifest)) return ASSAY_E_INVALID;
    vtpm = s.manifest;
    if (vtpm.len >= GUID_LEN && assay_bytes_equal(vtpm.bytes, guid_manifest, GUID_LEN))
        ASSAY_TRY(find_vtpm(s.manifest, &vtpm));
    ASSAY_TRY(parse_vtpm(vtpm, &s));
    ASSAY_ASSERT(s.key_count >= 1 && s.key_count <= ASSAY_SVSM_KEYS_MAX);
    *out = s;
    return ASSAY_OK;
}

/* --- the manifest and the report */
void assay_svsm_appraise_manifest(const struct assay_svsm *svsm, struct assay_verdict *verdict)
{
    enum { REPORT_DATA_AT = 0x50 };
    uint8_t expected[ASSAY_REPORT_DATA_LEN];
    const struct assay_slice pieces[] = { svsm->nonce, svsm->manifest };
    assay_sha512_pieces(pieces, 2, expected);
    const bool binds = assay_bytes_equal(verdict->report_data, expected, sizeof expected);
    assay_verdict_proof(verdict, ASSAY_PROOF_RUNTIME_DATA,
                        binds ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE);
    if (binds) return;
    struct assay_text wanted = assay_text_empty();
    struct assay_text observed = assay_text_empty();
    assay_text_add(&wanted, "SHA-512 of nonce and manifest: ");
    assay_text_add_hex(&wanted, expected, ASSAY_SHA256_LEN);
    assay_text_add_hex(&observed, verdict->report_data, ASSAY_SHA256_LEN);
    assay_verdict_add(verdict, ASSAY_RULE_RUNTIME_DATA, REPORT_DATA_AT, wanted.text, observed.text);
}

/* --- the attestation key */
static bool has_attributes(const struct assay_tpm_public *key, uint32_t wanted)
{
    return (key->attributes & wanted) == wanted;
}

/* 5.3 of docs/evidence-rules.md: the guest chooses the nonce. An SVSM that hashes one longer than
 * ASSAY_SVSM_NONCE_LEN signs a manifest of the guest's in front of its own, and no parser can tell:
 * its own may be read as a key's modulus. So the policy names an SVSM that refuses such nonces. */
static void prove_key(const struct assay_policy *policy, struct assay_verdict *verdict)
{
    if (assay_vtpm_is_pinned(policy, ASSAY_KIND_VTPM_SNP)) {
        assay_verdict_proof(verdict, ASSAY_PROOF_RUNTIME_AK, ASSAY_PROOF_TRUE);
        return;
    }
    assay_verdict_add(verdict, ASSAY_RULE_AK_UNPROVEN, ASSAY_SVSM_MANIFEST_AT,
                      "a reference value of the SVSM: its measurement or its key",
                      "none in the policy: another SVSM could sign a manifest of the guest's");
}

/* The key of the package; without one the only key of the manifest that signs quotes. */
static bool find_ak(const struct assay_svsm *svsm, const struct assay_tpm_ak *ak,
                    struct assay_tpm_public *found)
{
    size_t count = 0;
    for (size_t i = 0; i < svsm->key_count; i++) {
        const struct assay_tpm_public *const key = &svsm->keys[i];
        const bool fits = ak->known ? assay_key_equal(&key->key, &ak->key)
                                    : has_attributes(key, ASSAY_TPM_RESTRICTED | ASSAY_TPM_SIGN);
        if (!fits) continue;
        *found = *key;
        count += 1;
    }
    return ak->known ? count > 0 : count == 1;
}

/* The platform that a registrar's certificate names: root and endorsement key
 * (quote/tpm/tpm_trust.c). */
static bool names_endorsement_key(const struct assay_svsm *svsm,
                                  const struct assay_verdict *verdict)
{
    if (!verdict->has_platform || verdict->platform_masked) return false;
    for (size_t i = 0; i < svsm->key_count; i++) {
        const struct assay_tpm_public *const key = &svsm->keys[i];
        uint8_t name[ASSAY_SHA256_LEN], platform[ASSAY_SHA256_LEN];
        /* A key that leaves its TPM, or decrypts for everybody, activates nothing. */
        if (!has_attributes(key, ASSAY_TPM_FIXED_TPM | ASSAY_TPM_RESTRICTED | ASSAY_TPM_DECRYPT))
            continue;
        assay_key_name(&key->key, name);
        const struct assay_slice pieces[] = { assay_slice_over(verdict->vendor_root, 32),
                                              assay_slice_over(name, sizeof name) };
        assay_sha256_pieces(pieces, 2, platform);
        if (assay_bytes_equal(platform, verdict->platform_id, sizeof platform)) return true;
    }
    return false;
}

/* The platform is the chip's, whatever an authority of TPMs names. */
static void take_platform(const struct assay_verdict *from, struct assay_verdict *to)
{
    to->has_platform = from->has_platform;
    to->platform_masked = from->platform_masked;
    to->instance = from->instance;
    assay_bytes_copy(to->platform_id, sizeof to->platform_id, from->platform_id,
                     sizeof from->platform_id);
    assay_bytes_copy(to->vendor_root, sizeof to->vendor_root, from->vendor_root,
                     sizeof from->vendor_root);
}

/* protocol.md 3.16: an authority that observed the activation of a credential. */
static enum assay_status appraise_certified(const struct assay_svsm *svsm,
                                            const struct assay_package *package,
                                            const struct assay_tpm_ak *ak,
                                            struct assay_verifier *verifier,
                                            const struct assay_evidence_request *request,
                                            struct assay_verdict *verdict)
{
    struct assay_tpm_certificates hand;
    struct assay_evidence_request inner = *request;
    const struct assay_verdict before = *verdict;
    inner.kind = ASSAY_KIND_TPM; /* its roots alone certify attestation keys */
    verdict->has_platform = false;
    ASSAY_TRY(assay_tpm_certificates_read(package, verifier, &hand));
    ASSAY_TRY(assay_tpm_trust(&inner, ak, &hand, verdict));
    const bool is_trusted = verdict->proofs[ASSAY_PROOF_AK_TRUSTED] == ASSAY_PROOF_TRUE;
    const bool is_named = names_endorsement_key(svsm, verdict);
    take_platform(&before, verdict);
    if (is_trusted && is_named) {
        prove_key(request->policy, verdict);
    } else if (is_trusted) {
        assay_verdict_proof(verdict, ASSAY_PROOF_RUNTIME_AK, ASSAY_PROOF_FALSE);
        assay_verdict_add(verdict, ASSAY_RULE_RUNTIME_AK, ASSAY_SVSM_MANIFEST_AT,
                          "a certificate for an endorsement key of the manifest",
                          "one that names another or none");
    } else if (!assay_verdict_has(verdict, ASSAY_RULE_AK_UNPROVEN)) {
        assay_verdict_add(verdict, ASSAY_RULE_AK_UNPROVEN, ASSAY_SVSM_MANIFEST_AT,
                          "an attestation key of the manifest, or a certificate for one of its "
                          "endorsement keys by a root of kind tpm2",
                          "neither");
    }
    return ASSAY_OK;
}

enum assay_status assay_svsm_appraise_key(const struct assay_svsm *svsm,
                                          const struct assay_package *package,
                                          struct assay_tpm_ak *ak, struct assay_verifier *verifier,
                                          const struct assay_evidence_request *request,
                                          struct assay_verdict *verdict)
{
    ASSAY_ASSERT(svsm->key_count <= ASSAY_SVSM_KEYS_MAX);
    struct assay_tpm_public key;
    if (find_ak(svsm, ak, &key)) {
        *ak = (struct assay_tpm_ak){ true, key.key, true, key };
        prove_key(request->policy, verdict);
        return ASSAY_OK;
    }
    return appraise_certified(svsm, package, ak, verifier, request, verdict);
}
