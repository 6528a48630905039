/*
 * quote/tpm/tpm.c - appraisal of a TPM quote.
 *
 * Every check adds its reason and the next one still runs; only checks that need a failed proof are
 * skipped. Sources: TPM 2.0 Library Specification, Part 1 25 (attestation), Part 3 18.4
 * (TPM2_Quote). quote/tpm/tpm_trust.c identifies the signing key.
 */
#include "quote/tpm/tpm.h"

#include "base/assert.h"
#include "quote/accept/reference.h"
#include "quote/certificates/chain.h"
#include "quote/eventlog/quoted.h"
#include "quote/text.h"
#include "quote/tpm/tpm_trust.h"

/* --- the key */
void assay_tpm_ak_read(const struct assay_package *package, struct assay_tpm_ak *ak,
                       struct assay_verdict *verdict)
{
    const struct assay_slice key = package->key;
    enum assay_status status = ASSAY_E_NOT_FOUND;
    *ak = (struct assay_tpm_ak){ 0 };
    if (key.len == 0) return;
    if (key.bytes[0] == 0x30) { /* DER; a TPM2B_PUBLIC of 12 KB does not exist */
        status = assay_x509_public_key(key.bytes, key.len, &ak->key);
    } else {
        status = assay_tpm_public_parse(key.bytes, key.len, &ak->public);
        ak->has_public = status == ASSAY_OK;
        if (ak->has_public) ak->key = ak->public.key;
    }
    ak->known = status == ASSAY_OK;
    if (ak->known) return;
    if (status == ASSAY_E_UNSUPPORTED)
        assay_verdict_add(verdict, ASSAY_RULE_UNSUPPORTED, 0,
                          "an attestation key of P-256 or RSA from 2048 bits", "another key");
    else
        assay_verdict_add(verdict, ASSAY_RULE_FORMAT, 0, "a public attestation key",
                          assay_status_text(status));
}

static void report_missing(struct assay_text *observed, const struct assay_tpm_ak *ak, uint32_t bit,
                           const char *name)
{
    if ((ak->public.attributes & bit) != 0) return;
    assay_text_add(observed, observed->len == 0 ? "without " : ", ");
    assay_text_add(observed, name);
}

/*
 * A restricted signing key signs only what the TPM made itself, or what cannot be taken for it
 * (Part 1 25.1): any other key signs a TPMS_ATTEST that its owner wrote. fixedTPM and
 * sensitiveDataOrigin keep the private half where it was made.
 */
static void judge_attributes(const struct assay_tpm_ak *ak, struct assay_verdict *verdict)
{
    struct assay_text observed = assay_text_empty();
    if (!ak->has_public) return;
    report_missing(&observed, ak, ASSAY_TPM_FIXED_TPM, "fixedTPM");
    report_missing(&observed, ak, ASSAY_TPM_SENSITIVE_DATA_ORIGIN, "sensitiveDataOrigin");
    report_missing(&observed, ak, ASSAY_TPM_RESTRICTED, "restricted");
    report_missing(&observed, ak, ASSAY_TPM_SIGN, "sign");
    if ((ak->public.attributes & ASSAY_TPM_DECRYPT) != 0)
        assay_text_add(&observed, observed.len == 0 ? "with decrypt" : "; with decrypt");
    if (observed.len > 0)
        assay_verdict_add(verdict, ASSAY_RULE_AK_ATTRIBUTES, 0,
                          "fixedTPM, sensitiveDataOrigin, restricted, sign, not decrypt",
                          observed.text);
}

/* --- the signature */

/* Returns: false when the key or its scheme is not supported. */
static bool key_is_supported(const struct assay_tpm_ak *ak)
{
    ASSAY_ASSERT(ak->known);
    if (ak->key.type != ASSAY_KEY_P256 && ak->key.type != ASSAY_KEY_RSA) return false;
    if (!ak->has_public || ak->public.scheme == ASSAY_TPM_NULL) return true;
    if (ak->public.scheme_hash != ASSAY_TPM_SHA256) return false;
    return ak->public.scheme ==
           (ak->key.type == ASSAY_KEY_RSA ? ASSAY_TPM_RSASSA : ASSAY_TPM_ECDSA);
}

static void report_unsupported(struct assay_verdict *verdict, const char *observed)
{
    assay_verdict_add(verdict, ASSAY_RULE_UNSUPPORTED, 0,
                      "a signature by ECDSA P-256 or RSASSA with SHA-256", observed);
}

/* The key is decoded once for all quotes that it signs, not once a quote: a name no way has
 * (tpm_trust.c), since its first piece is no root key. */
static enum assay_status check_signature(struct assay_verifier *verifier,
                                         const struct assay_key *key, const uint8_t *digest,
                                         const struct assay_signature *signature)
{
    static const uint8_t label[] = { 'A', 'K' };
    const uint8_t type = (uint8_t)key->type;
    const struct assay_slice pieces[] = { assay_slice_over(label, sizeof label),
                                          assay_slice_over(&type, sizeof type),
                                          assay_slice_over(key->bytes, key->len) };
    struct assay_lease lease;
    enum assay_status status = ASSAY_OK;
    assay_lease_open(verifier, ASSAY_KIND_TPM, pieces, sizeof pieces / sizeof pieces[0], &lease);
    if (lease.proven == NULL) {
        status = assay_public_key_load(key, &lease.own.key);
        if (status == ASSAY_OK) assay_lease_retain(&lease);
    }
    ASSAY_ASSERT(status != ASSAY_OK || lease.proven != NULL);
    if (status == ASSAY_OK && !assay_public_key_check(lease.proven->key, signature, digest,
                                                      assay_signature_digest_len(signature->alg)))
        status = ASSAY_E_SIGNATURE;
    assay_lease_close(&lease);
    return status;
}

/* Did this key sign the quote? Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no, or not as is verified
 * here) | of class HOST */
static enum assay_status did_sign(const struct assay_package *package, const struct assay_key *key,
                                  struct assay_verifier *verifier)
{
    struct assay_signature signature;
    uint8_t digest[ASSAY_DIGEST_MAX];
    enum assay_status status = assay_tpm_signature_parse(package->signature.bytes,
                                                         package->signature.len, key, &signature);
    if (status == ASSAY_OK) {
        const size_t len =
            assay_signature_digest(signature.alg, package->main.bytes, package->main.len, digest);
        ASSAY_ASSERT(len == assay_signature_digest_len(signature.alg));
        status = check_signature(verifier, key, digest, &signature);
    }
    if (status == ASSAY_OK || assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    return ASSAY_E_NOT_FOUND;
}

/*
 * Without a key it is taken from the certificate that verifies the signature. If no available one
 * does, the first shows that the signature is wrong; but an unreadable one may be the right one,
 * and then the result is unknown (evidence-rules.md 1.15: what cannot be read is never a forgery).
 */
static enum assay_status ak_from_certificates(const struct assay_package *package,
                                              const struct assay_tpm_certificates *hand,
                                              struct assay_verifier *verifier,
                                              struct assay_tpm_ak *ak)
{
    ASSAY_ASSERT(package->key.len == 0 && !ak->known);
    const struct assay_certificate *c = NULL, *first = NULL;
    for (size_t from = 0; (c = assay_tpm_certificates_find_ak(hand, &from)) != NULL;) {
        if (first == NULL) first = c;
        const enum assay_status status = did_sign(package, &c->key, verifier);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        if (status == ASSAY_OK) break;
    }
    if (c == NULL && !hand->has_unread) c = first;
    ak->known = c != NULL;
    if (c != NULL) ak->key = c->key;
    return ASSAY_OK;
}

static enum assay_status judge_signature(const struct assay_package *package,
                                         const struct assay_tpm_ak *ak,
                                         struct assay_verifier *verifier,
                                         struct assay_verdict *verdict)
{
    struct assay_signature signature;
    uint8_t digest[ASSAY_DIGEST_MAX];
    if (!ak->known) {
        if (package->key.len == 0)
            assay_verdict_add(verdict, ASSAY_RULE_KEY_MISSING, 0, "the public attestation key",
                              "none");
        return ASSAY_OK;
    }
    if (package->signature.len == 0) {
        assay_verdict_add(verdict, ASSAY_RULE_EVIDENCE_INCOMPLETE, 0, "the signature of the quote",
                          "none");
        return ASSAY_OK;
    }
    if (!key_is_supported(ak)) {
        report_unsupported(verdict, "another type, scheme or hash of the attestation key");
        return ASSAY_OK;
    }
    enum assay_status status = assay_tpm_signature_parse(
        package->signature.bytes, package->signature.len, &ak->key, &signature);
    if (status == ASSAY_E_UNSUPPORTED) {
        report_unsupported(verdict, "another signature scheme or hash");
        return ASSAY_OK;
    }
    if (status == ASSAY_OK) {
        const size_t len =
            assay_signature_digest(signature.alg, package->main.bytes, package->main.len, digest);
        ASSAY_ASSERT(len == ASSAY_SHA256_LEN);
        status = check_signature(verifier, &ak->key, digest, &signature);
    }
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    assay_verdict_proof(verdict, ASSAY_PROOF_TPM_SIGNATURE,
                        status == ASSAY_OK ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE);
    if (status != ASSAY_OK)
        assay_verdict_add(verdict, ASSAY_RULE_QUOTE_SIGNATURE, 0,
                          "a signature by the attestation key", assay_status_text(status));
    return ASSAY_OK;
}

/* --- PCRs */

/*
 * Part 3 18.4: pcrDigest is the digest of the selected values, one after the other, with the hash
 * of the signing scheme, which is SHA-256 for every key that is supported.
 * Returns: true when the values are proven
 */
static bool judge_values(const struct assay_package *package, const struct assay_tpm_quote *quote,
                         struct assay_verdict *verdict)
{
    ASSAY_ASSERT(quote->bank_count <= ASSAY_TPM_BANKS_MAX);
    const struct assay_slice values = package->pcrs;
    const size_t wanted = assay_tpm_values_len(quote);
    struct assay_text expected = assay_text_empty();
    struct assay_text observed = assay_text_empty();
    uint8_t digest[ASSAY_SHA256_LEN];
    if (values.len == 0 && wanted > 0) {
        assay_verdict_add(verdict, ASSAY_RULE_PCR_MISSING, quote->offset_select,
                          "the values of the selected PCRs", "none");
        return false;
    }
    assay_text_add_hex(&expected, quote->pcr_digest.bytes, quote->pcr_digest.len);
    if (values.len != wanted) {
        assay_text_add_u64(&observed, values.len);
        assay_text_add(&observed, " bytes where the selection has ");
        assay_text_add_u64(&observed, wanted);
    } else {
        assay_sha256(values.bytes, values.len, digest);
        assay_text_add_hex(&observed, digest, sizeof digest);
    }
    const bool proven = values.len == wanted && quote->pcr_digest.len == sizeof digest &&
                        assay_bytes_equal(digest, quote->pcr_digest.bytes, sizeof digest);
    assay_verdict_proof(verdict, ASSAY_PROOF_PCR_DIGEST,
                        proven ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE);
    ASSAY_ASSERT(!proven || values.len == wanted);
    if (!proven)
        assay_verdict_add(verdict, ASSAY_RULE_PCR_DIGEST, quote->offset_pcr_digest, expected.text,
                          observed.text);
    return proven;
}

/* Field of a PCR in a policy: values of other lengths are of other kinds (Nitro has 48). */
struct wanted_parts {
    bool any;
    bool must; /* some value is demanded */
};

static struct wanted_parts wanted_parts_for(const struct assay_policy *policy, uint32_t pcr,
                                            size_t value_len)
{
    ASSAY_ASSERT(pcr < ASSAY_TPM_PCRS);
    struct wanted_parts w = { false, false };
    for (uint32_t i = 0; i < policy->reference_count; i++) {
        const struct assay_reference *const r = &policy->references[i];
        if ((uint32_t)r->field != (uint32_t)ASSAY_REFERENCE_PCR0 + pcr) continue;
        if (r->value_len != value_len) continue;
        w.any = true;
        if (r->state != ASSAY_REFERENCE_DENIED) w.must = true;
    }
    return w;
}

/* Whoever wrote values, and none that a quote is compared with, does not mean "anything goes". */
static void judge_lengths(const struct assay_tpm_quote *quote, const struct assay_policy *policy,
                          struct assay_verdict *verdict)
{
    bool comparable = false;
    if (assay_tpm_policy_demands_pcrs(policy, &comparable) && !comparable)
        assay_verdict_add(verdict, ASSAY_RULE_MEASUREMENT_UNKNOWN, quote->offset_select,
                          "reference values of 32 bytes, of the SHA-256 bank",
                          "none for any PCR: those of the policy are longer");
}

/* A PCR that the policy covers and the quote omits is rejected: otherwise omission would pass. */
static void judge_bank(const struct assay_tpm_quote *quote, struct assay_slice values, uint16_t alg,
                       const struct assay_policy *policy, struct assay_verdict *verdict)
{
    for (uint32_t pcr = 0; pcr < ASSAY_TPM_PCRS; pcr++) {
        const struct wanted_parts wanted_parts =
            wanted_parts_for(policy, pcr, assay_tpm_hash_len(alg));
        struct assay_slice value = { NULL, 0 };
        if (!wanted_parts.any) continue;
        if (assay_tpm_value(quote, values, alg, pcr, &value) == ASSAY_OK) {
            ASSAY_ASSERT(value.len == assay_tpm_hash_len(alg));
            const struct assay_measured measured = {
                .field = (enum assay_reference_field)(ASSAY_REFERENCE_PCR0 + pcr),
                .value = value.bytes,
                .value_len = (uint32_t)value.len,
                .isvsvn = UINT16_MAX,
                .offset = quote->offset_select,
            };
            assay_reference_appraise(policy, &measured, verdict);
            continue;
        }
        struct assay_text expected = assay_text_empty();
        assay_text_add(&expected, wanted_parts.must ? "a reference value of PCR " : "PCR ");
        assay_text_add_u64(&expected, pcr);
        assay_text_add(&expected,
                       alg == ASSAY_TPM_SHA1 ? " in the SHA-1 bank" : " in the SHA-256 bank");
        assay_verdict_add(verdict, ASSAY_RULE_MEASUREMENT_UNKNOWN, quote->offset_select,
                          expected.text, "not quoted");
    }
}

/* PCRs of which the policy demands values of SHA-1 and of no other bank: that another bank is
 * quoted too proves nothing about them. Networks have no such policy. */
static uint32_t compared_in_sha1(const struct assay_policy *policy)
{
    uint32_t pcrs = 0;
    for (uint32_t pcr = 0; pcr < ASSAY_TPM_PCRS; pcr++)
        if (wanted_parts_for(policy, pcr, ASSAY_SHA1_LEN).must &&
            !wanted_parts_for(policy, pcr, ASSAY_SHA256_LEN).must)
            pcrs |= UINT32_C(1) << pcr;
    return pcrs;
}

/* evidence-rules.md 7.5: a PCR that is quoted or compared in the SHA-1 bank alone is weak, and only
 * a policy that says so accepts it. */
static void judge_weak_banks(const struct assay_tpm_quote *quote, const struct assay_policy *policy,
                             struct assay_verdict *verdict)
{
    const bool is_accepted = policy->tpm_weak_banks == ASSAY_ACCEPT_WARNING;
    const uint32_t weak = assay_tpm_weak_pcrs(quote) | compared_in_sha1(policy);
    struct assay_text observed = assay_text_empty();
    if (weak == 0) return;
    for (uint32_t pcr = 0; pcr < 32; pcr++) {
        if ((weak >> pcr & 1) == 0) continue;
        assay_text_add(&observed, observed.len == 0 ? "SHA-1 alone for PCR " : ", ");
        assay_text_add_u64(&observed, pcr);
    }
    assay_verdict_add(
        verdict, is_accepted ? ASSAY_RULE_PCR_BANK_WEAK_NOTE : ASSAY_RULE_PCR_BANK_WEAK,
        quote->offset_select, "PCRs of the SHA-256 bank, or of a stronger one", observed.text);
}

/* Of each bank by itself: a value of one bank is not replaced by leaving the other out. */
static void judge_references(const struct assay_tpm_quote *quote, struct assay_slice values,
                             const struct assay_policy *policy, struct assay_verdict *verdict)
{
    judge_lengths(quote, policy, verdict);
    judge_bank(quote, values, ASSAY_TPM_SHA256, policy, verdict);
    judge_bank(quote, values, ASSAY_TPM_SHA1, policy, verdict);
}

/* --- the challenge */

/*
 * docs/protocol.md 3.14: a TPM has room for 32 bytes of qualifying data where it hashes with
 * SHA-256, so report data of 64 bytes is sent next to the quote and its digest inside. Without it,
 * the qualifying data itself is the challenge.
 */
static void judge_challenge(const struct assay_package *package,
                            const struct assay_tpm_quote *quote, struct assay_verdict *verdict)
{
    const struct assay_slice extra = quote->extra_data;
    uint8_t digest[ASSAY_SHA256_LEN];
    if (package->report_data.len == 0) {
        if (extra.len > ASSAY_REPORT_DATA_LEN)
            assay_verdict_add(verdict, ASSAY_RULE_UNSUPPORTED, quote->offset_extra_data,
                              "at most 64 bytes of qualifying data", "more");
        else if (extra.len > 0)
            assay_bytes_copy(verdict->report_data, ASSAY_REPORT_DATA_LEN, extra.bytes, extra.len);
        return;
    }
    assay_sha256(package->report_data.bytes, package->report_data.len, digest);
    if (package->report_data.len == ASSAY_REPORT_DATA_LEN && extra.len == sizeof digest &&
        assay_bytes_equal(extra.bytes, digest, sizeof digest)) {
        assay_bytes_copy(verdict->report_data, ASSAY_REPORT_DATA_LEN, package->report_data.bytes,
                         ASSAY_REPORT_DATA_LEN);
        return;
    }
    struct assay_text observed = assay_text_empty();
    assay_text_add_hex(&observed, extra.bytes, extra.len);
    assay_verdict_add(verdict, ASSAY_RULE_NONCE, quote->offset_extra_data,
                      "the SHA-256 of the report data next to the quote", observed.text);
}

enum assay_status assay_tpm_appraise(const struct assay_package *package,
                                     const struct assay_tpm_quote *quote,
                                     const struct assay_tpm_ak *ak,
                                     const struct assay_policy *policy,
                                     struct assay_verifier *verifier, struct assay_verdict *verdict)
{
    assay_verdict_proof(verdict, ASSAY_PROOF_TPM_SIGNATURE, ASSAY_PROOF_UNKNOWN);
    assay_verdict_proof(verdict, ASSAY_PROOF_PCR_DIGEST, ASSAY_PROOF_UNKNOWN);
    judge_challenge(package, quote, verdict);
    judge_attributes(ak, verdict);
    ASSAY_TRY(judge_signature(package, ak, verifier, verdict));
    judge_weak_banks(quote, policy, verdict);
    if (judge_values(package, quote, verdict))
        judge_references(quote, package->pcrs, policy, verdict);
    return ASSAY_OK;
}

/* --- the row */
static void fill_claims(const struct assay_tpm_quote *quote, struct assay_verdict *verdict)
{
    ASSAY_ASSERT(quote->pcr_digest.len <= sizeof verdict->measurement);
    verdict->has_claims = true;
    verdict->measurement_len = (uint32_t)quote->pcr_digest.len;
    if (quote->pcr_digest.len > 0)
        assay_bytes_copy(verdict->measurement, sizeof verdict->measurement, quote->pcr_digest.bytes,
                         quote->pcr_digest.len);
}

static enum assay_status verify_quote(const struct assay_kind *kind,
                                      struct assay_verifier *verifier,
                                      const struct assay_evidence_request *request,
                                      struct assay_verdict *verdict)
{
    ASSAY_ASSERT(request->kind == kind->kind);
    struct assay_package package;
    struct assay_tpm_quote quote;
    struct assay_tpm_ak ak;
    struct assay_tpm_certificates hand;
    ASSAY_TRY(assay_package_read(kind->kind, request->bytes, request->len, &package));
    ASSAY_TRY(assay_tpm_quote_parse(package.main.bytes, package.main.len, &quote));
    if ((request->policy->kinds & ASSAY_KIND_BIT(kind->kind)) == 0)
        assay_verdict_add(verdict, ASSAY_RULE_KIND, 0, "a kind that the policy accepts",
                          assay_kind_text(kind->kind));
    fill_claims(&quote, verdict);
    ASSAY_TRY(assay_tpm_certificates_read(&package, verifier, &hand));
    assay_tpm_ak_read(&package, &ak, verdict);
    if (package.key.len == 0) ASSAY_TRY(ak_from_certificates(&package, &hand, verifier, &ak));
    ASSAY_TRY(assay_tpm_appraise(&package, &quote, &ak, request->policy, verifier, verdict));
    ASSAY_TRY(assay_tpm_trust(request, &ak, &hand, verdict));
    verdict->appraised = true;
    return ASSAY_OK;
}

/* The values next to the quote: the verdict covers whether they match its digest. */
void assay_quoted_tpm(const struct assay_kind *kind, struct assay_slice evidence,
                      struct assay_quoted *out)
{
    struct assay_package package;
    struct assay_tpm_quote quote;
    *out = (struct assay_quoted){ .forms = 1 << ASSAY_EVENTLOG_TCG | 1 << ASSAY_EVENTLOG_IMA,
                                  .first_field = ASSAY_REFERENCE_PCR0,
                                  .reg_count = ASSAY_TPM_PCRS };
    _Static_assert((int)ASSAY_TPM_PCRS == (int)ASSAY_EVENT_REGISTERS, "a log counts PCRs");
    if (assay_package_read(kind->kind, evidence.bytes, evidence.len, &package) != ASSAY_OK) return;
    if (assay_tpm_quote_parse(package.main.bytes, package.main.len, &quote) != ASSAY_OK) return;
    for (size_t i = 0; i < quote.bank_count; i++)
        for (uint32_t pcr = 0; pcr < ASSAY_TPM_PCRS; pcr++) {
            struct assay_slice value = { NULL, 0 };
            const uint16_t alg = quote.banks[i].alg;
            if (assay_tpm_value(&quote, package.pcrs, alg, pcr, &value) != ASSAY_OK) continue;
            assay_quoted_add(out, pcr, alg, value);
        }
}

static bool detect_quote(const uint8_t *bytes, size_t len)
{
    static const uint8_t magic[] = { 0xff, 'T', 'C', 'G' };
    return len >= sizeof magic && assay_bytes_equal(bytes, magic, sizeof magic);
}

static enum assay_status get_length(const uint8_t *bytes, size_t len, size_t *declared)
{
    struct assay_tpm_quote quote;
    ASSAY_TRY(assay_tpm_quote_parse(bytes, len, &quote));
    *declared = len; /* a TPM hands out exact lengths: nothing follows */
    return ASSAY_OK;
}

struct assay_kind assay_kind_tpm(void)
{
    return (struct assay_kind){
        .kind = ASSAY_KIND_TPM,
        .what = "a quote of a TPM 2.0",
        .pieces = ASSAY_TPM_PIECES,
        /* AR4SI 2.3.4: a TPM alone cannot attest memory confidentiality. */
        .speaks_of = ASSAY_CLAIM_BIT(INSTANCE_IDENTITY) | ASSAY_CLAIM_BIT(CONFIGURATION) |
                     ASSAY_CLAIM_BIT(EXECUTABLES) | ASSAY_CLAIM_BIT(HARDWARE),
        .affirms = ASSAY_CLAIM_BIT(INSTANCE_IDENTITY) | ASSAY_CLAIM_BIT(HARDWARE),
        .proofs = ASSAY_PROOFS_TPM_QUOTE | ASSAY_PROOF_BIT(EK_CHAIN) | ASSAY_PROOF_BIT(AK_TRUSTED),
        .programs = ASSAY_PROGRAM_PCRS,
        .detect = detect_quote,
        .length = get_length,
        .registers = assay_quoted_tpm,
        .verify = verify_quote,
    };
}
