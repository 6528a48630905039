/*
 * quote/nitro/nitro.c - appraisal of an AWS attestation document, of a Nitro enclave or of a
 * NitroTPM ("Nitro Enclaves Attestation Process", 3.2.3): its certificates lead to the pinned root,
 * all are valid, the leaf signed it.
 *
 * Every certificate but the root comes with the document and is AWS's to renew: the leaf lives
 * three hours, the authorities a day to some weeks. Nothing outside the document can fix an expired
 * one, and no honest enclave makes such a document, so it is a fault of the evidence
 * (SIGNER_EXPIRED) and not a lack of collateral: a sender of stale documents must not stay UNJUDGED
 * forever. On a ballot it counts as if nothing had arrived (docs/protocol.md 3.8, 3.11). Within the
 * margin by which header times may run ahead of clocks it is only UNJUDGED (CERT_TIME), and so is a
 * certificate that is not valid yet: the appraisal time is that of the block before, and a leaf may
 * be younger. Both resolve in the next epoch.
 */
#include "quote/nitro/nitro.h"

#include "base/assert.h"
#include "quote/accept/reference.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/validity.h"
#include "quote/kinds.h"
#include "quote/package.h"
#include "quote/text.h"

enum { IMAGE_PCR = 0, BOOT_PCR = 4 };

/* --- proofs of the certificates, independent of time */
static enum assay_status read_certificate(const struct assay_nitro_field *field, const char *what,
                                          struct assay_certificate *out,
                                          struct assay_proven *proven)
{
    const enum assay_status status =
        assay_x509_certificate(field->bytes.bytes, field->bytes.len, out);
    if (status == ASSAY_OK || assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    assay_proven_fault(proven, ASSAY_RULE_FORMAT, field->offset, what, assay_status_text(status));
    return status;
}

/* 3.2.3.2 and 3.2.3.3. */
static void check_leaf(const struct assay_certificate *leaf, uint32_t offset,
                       struct assay_proven *proven)
{
    if (!assay_chain_is_signer(leaf) || leaf->has_path_len || !assay_chain_allows(leaf, 0))
        assay_proven_fault(proven, ASSAY_RULE_CHAIN_CONSTRAINTS, offset,
                           "a certificate that may sign documents and none of whose kind",
                           "another use");
    if (leaf->key.type != ASSAY_KEY_P384)
        assay_proven_fault(proven, ASSAY_RULE_CHAIN_CONSTRAINTS, offset, "a P-384 key (ES384)",
                           "a key of another type");
}

/* The issuer stands before the subject in the bundle: [root, authority, ...], then the leaf. */
static enum assay_status check_issuer(const struct assay_certificate *issuer,
                                      const struct assay_certificate *subject, uint32_t cas_below,
                                      uint32_t offset, struct assay_proven *proven)
{
    if (!assay_chain_names(issuer, subject)) {
        assay_proven_fault(proven, ASSAY_RULE_CHAIN_SIGNATURE, offset,
                           "cabundle from the root down, each issued by the one before",
                           "another issuer's name");
        return ASSAY_OK;
    }
    /* 3.2.3: the root stands first and alone. A self-issued certificate below it is the root again
     * or another key under an authority's name (RFC 5280 3.2); AWS makes neither. */
    if (assay_chain_self_issued(subject))
        assay_proven_fault(proven, ASSAY_RULE_CHAIN_CONSTRAINTS, offset,
                           "a root first in cabundle and nowhere else",
                           "a self-issued certificate below it");
    if (!assay_chain_is_ca(issuer, cas_below) || !assay_chain_allows(issuer, 0))
        assay_proven_fault(proven, ASSAY_RULE_CHAIN_CONSTRAINTS, offset,
                           "an authority that may issue certificates at this depth",
                           "no such authority");
    const enum assay_status status =
        assay_chain_signed(&issuer->key, subject->tbs_digest, &subject->signature);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK)
        assay_proven_fault(proven, ASSAY_RULE_CHAIN_SIGNATURE, offset,
                           "a certificate signed by the one before it", assay_status_text(status));
    return ASSAY_OK;
}

/* From the leaf up; stops at what cannot be read. Certificates take 6 KB of stack at a time. */
static enum assay_status prove_bundle(const struct assay_nitro_document *d,
                                      struct assay_certificate *subject,
                                      struct assay_proven *proven)
{
    ASSAY_ASSERT(d->bundle_count > 0 && d->bundle_count <= ASSAY_NITRO_BUNDLE_MAX);
    struct assay_certificate issuer;
    for (size_t i = d->bundle_count; i > 0; i--) {
        const struct assay_nitro_field *const field = &d->bundle[i - 1];
        const enum assay_status status =
            read_certificate(field, "a certificate in cabundle", &issuer, proven);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        if (status != ASSAY_OK) return ASSAY_OK;
        const uint32_t cas_below = (uint32_t)(d->bundle_count - i);
        ASSAY_TRY(check_issuer(&issuer, subject, cas_below, field->offset, proven));
        assay_proven_link(proven, i == 1 ? "Nitro root certificate" : "Nitro authority certificate",
                          &issuer);
        *subject = issuer;
    }
    ASSAY_ASSERT(proven->link_count == d->bundle_count + 1);
    proven->root = subject->key;
    return ASSAY_OK;
}

static enum assay_status prove_signature(const struct assay_nitro_document *d,
                                         struct assay_proven *proven)
{
    ASSAY_ASSERT(proven->link_count == 0 && proven->key == NULL);
    struct assay_certificate certificate;
    enum assay_status status =
        read_certificate(&d->certificate, "the signing certificate", &certificate, proven);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status == ASSAY_OK) {
        check_leaf(&certificate, d->certificate.offset, proven);
        assay_proven_link(proven, "Nitro leaf certificate", &certificate);
        const struct assay_key leaf = certificate.key;
        ASSAY_TRY(prove_bundle(d, &certificate, proven));
        /* Last, because it is the one thing to free. */
        if (leaf.type == ASSAY_KEY_P384) status = assay_public_key_load(&leaf, &proven->key);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        if (status != ASSAY_OK)
            assay_proven_fault(proven, ASSAY_RULE_DOCUMENT_SIGNATURE, d->certificate.offset,
                               "a key on P-384", assay_status_text(status));
    }
    const bool whole = proven->root.type != ASSAY_KEY_NONE && proven->fault_count == 0;
    proven->proofs[ASSAY_PROOF_CHAIN] = whole ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE;
    return ASSAY_OK;
}

/*
 * Found again by all certificates and their places: faults name offsets, and with and without a
 * memory they must be the same.
 */
static enum assay_status lease_memory(struct assay_verifier *verifier,
                                      const struct assay_nitro_document *d, struct assay_lease *l)
{
    ASSAY_ASSERT(d->bundle_count <= ASSAY_NITRO_BUNDLE_MAX);
    enum { PLACE_LEN = 8, FIELDS = ASSAY_NITRO_BUNDLE_MAX + 1 };
    uint8_t places[FIELDS * PLACE_LEN];
    struct assay_slice pieces[FIELDS + 1];
    struct assay_writer w = assay_writer_over(places, sizeof places);
    for (size_t i = 0; i <= d->bundle_count; i++) {
        const struct assay_nitro_field *const f = i == 0 ? &d->certificate : &d->bundle[i - 1];
        assay_writer_u32be(&w, f->offset);
        assay_writer_u32be(&w, (uint32_t)f->bytes.len); /* <= ASSAY_NITRO_CERTIFICATE_MAX */
        pieces[i + 1] = f->bytes;
    }
    const enum assay_status written = assay_writer_finish(&w, &pieces[0]);
    ASSAY_ASSERT(written == ASSAY_OK);
    assay_lease_open(verifier, ASSAY_KIND_NITRO, pieces, d->bundle_count + 2, l);
    if (l->proven != NULL) return ASSAY_OK;
    const enum assay_status status = prove_signature(d, &l->own);
    if (status != ASSAY_OK) {
        assay_lease_close(l);
        return status;
    }
    assay_lease_retain(l);
    return ASSAY_OK;
}

/* --- at a time */
static void judge_link(const struct assay_chain_link *link, bool is_root,
                       struct assay_verdict *verdict)
{
    ASSAY_ASSERT(link->what != NULL);
    const int64_t at = verdict->at_unix_s;
    assay_verdict_rest_on(verdict, link->what, link->to_unix_s);
    assay_verdict_add_window(verdict, link->what, true, link->from_unix_s, link->to_unix_s);
    if (at >= link->from_unix_s && at <= link->to_unix_s) return;

    const bool stale = !is_root && assay_appraise_expired(link->to_unix_s, at);
    struct assay_text expected = assay_text_empty();
    struct assay_text observed = assay_text_empty();
    assay_text_add(&expected, link->what);
    assay_text_add(&expected, " valid ");
    assay_text_add_time(&expected, link->from_unix_s);
    assay_text_add(&expected, " to ");
    assay_text_add_time(&expected, link->to_unix_s);
    assay_text_add(&observed, "evaluated at ");
    assay_text_add_time(&observed, at);
    assay_verdict_add(verdict, stale ? ASSAY_RULE_SIGNER_EXPIRED : ASSAY_RULE_CERT_TIME, 0,
                      expected.text, observed.text);
    assay_verdict_proof(verdict, ASSAY_PROOF_CHAIN,
                        stale ? ASSAY_PROOF_FALSE : ASSAY_PROOF_UNKNOWN);
}

/* --- under which root */
static bool is_pinned(const struct assay_evidence_request *request, const struct assay_key *root)
{
    const struct assay_endorsements *const all = request->endorsements;
    for (size_t i = 0; i < all->count; i++) {
        const struct assay_endorsement *const e = &all->entries[i];
        if ((e->kinds & ASSAY_KIND_BIT(request->kind)) == 0) continue;
        if (assay_key_equal(&e->root, root)) return true;
    }
    return false;
}

/* evidence-rules.md 4.1: a root that comes with the evidence is worth its key alone. */
static void judge_root(const struct assay_nitro_document *d, const struct assay_proven *proven,
                       const struct assay_evidence_request *request, struct assay_verdict *verdict)
{
    if (proven->root.type == ASSAY_KEY_NONE) return; /* already a fault */
    if (is_pinned(request, &proven->root)) return;
    ASSAY_ASSERT(proven->link_count > 0);
    struct assay_text observed = assay_text_empty();
    assay_text_add_hex(&observed, proven->links[proven->link_count - 1].key_name, ASSAY_SHA256_LEN);
    const struct assay_quote_fault fault = {
        .offset = d->bundle[0].offset,
        .expected = "a root key pinned for this kind, first in cabundle",
        .observed = observed.text,
    };
    assay_appraise_unknown_root(request, ASSAY_PROOF_CHAIN, &fault, verdict);
}

static void judge_signature(const struct assay_nitro_document *d, const struct assay_proven *proven,
                            struct assay_verdict *verdict)
{
    struct assay_signature signature;
    uint8_t digest[ASSAY_DIGEST_MAX];
    if (proven->key == NULL) return; /* already a fault */
    const enum assay_status status =
        assay_cose_sign1_signature(&d->cose, &signature, digest); /* ES384, 96 bytes: parsed so */
    const bool ok = status == ASSAY_OK &&
                    assay_public_key_check(proven->key, &signature, digest, ASSAY_SHA384_LEN);
    assay_verdict_proof(verdict, ASSAY_PROOF_COSE_SIGNATURE,
                        ok ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE);
    if (!ok)
        assay_verdict_add(verdict, ASSAY_RULE_DOCUMENT_SIGNATURE, d->cose.offset_signature,
                          "a signature by the certificate in the document", "a wrong signature");
}

/* --- claims */
/* A PCR that has allowed values accepts no document without it. */
static bool is_asked_for(const struct assay_policy *policy, enum assay_reference_field field)
{
    for (uint32_t i = 0; i < policy->reference_count; i++) {
        const struct assay_reference *const r = &policy->references[i];
        if (r->field == field && r->state != ASSAY_REFERENCE_DENIED) return true;
    }
    return false;
}

static void add_missing_pcr(unsigned index, struct assay_verdict *verdict)
{
    ASSAY_ASSERT(index < ASSAY_NITRO_PCRS);
    struct assay_text observed = assay_text_empty();
    assay_text_add(&observed, "no PCR");
    assay_text_add_u64(&observed, index);
    assay_verdict_add(verdict, ASSAY_RULE_MEASUREMENT_UNKNOWN, 0, "a reference value",
                      observed.text);
}

/* An enclave image is always measured by AWS. An instance measures itself during boot: which
 * registers identify its programs depends on its setup, and the policy names them. */
static void judge_image(const struct assay_nitro_document *d, struct assay_verdict *verdict)
{
    const struct assay_nitro_field *const image = &d->pcrs[IMAGE_PCR];
    if (d->is_tpm) return;
    verdict->debug = assay_nitro_is_debug(d);
    if (verdict->debug)
        assay_verdict_add(verdict, ASSAY_RULE_DEBUG, image->offset, "measured PCR0 to PCR2",
                          "all zero: the enclave runs in debug mode");
    else if (!image->is_there || assay_bytes_all_zero(image->bytes.bytes, image->bytes.len))
        assay_verdict_add(verdict, ASSAY_RULE_MEASUREMENT_UNKNOWN, image->offset,
                          "PCR0, the measurement of the image", "zero or missing");
}

static void judge_pcrs(const struct assay_nitro_document *d, const struct assay_policy *policy,
                       struct assay_verdict *verdict)
{
    enum { REFERENCE_PCRS = ASSAY_REFERENCE_FIELDS - ASSAY_REFERENCE_PCR0 };
    judge_image(d, verdict);
    for (unsigned i = 0; i < REFERENCE_PCRS; i++) {
        ASSAY_ASSERT(d->pcrs[i].bytes.len <= ASSAY_MEASUREMENT_MAX);
        const struct assay_measured measured = {
            .field = (enum assay_reference_field)(ASSAY_REFERENCE_PCR0 + i),
            .value = d->pcrs[i].bytes.bytes,
            .value_len = (uint32_t)d->pcrs[i].bytes.len, /* <= 64 */
            .isvsvn = UINT16_MAX,
            .offset = d->pcrs[i].offset,
        };
        if (d->pcrs[i].is_there) assay_reference_appraise(policy, &measured, verdict);
        else if (is_asked_for(policy, measured.field)) add_missing_pcr(i, verdict);
    }
}

/* docs/protocol.md 3.8: report_data is the nonce; another length binds nothing of ours. */
static void set_claims(const struct assay_nitro_document *d, struct assay_verdict *verdict)
{
    /* AWS's firmware is constant to PCR0 and PCR1; PCR4 is what the instance booted. */
    const struct assay_slice image = d->pcrs[d->is_tpm ? BOOT_PCR : IMAGE_PCR].bytes;
    ASSAY_ASSERT(image.len <= sizeof verdict->measurement);
    const struct assay_slice nonce = d->nonce.bytes;
    if (nonce.len == ASSAY_REPORT_DATA_LEN)
        assay_bytes_copy(verdict->report_data, ASSAY_REPORT_DATA_LEN, nonce.bytes, nonce.len);
    assay_bytes_copy(verdict->measurement, ASSAY_MEASUREMENT_MAX, image.bytes, image.len);
    verdict->measurement_len = (uint32_t)image.len; /* <= 64 */
    verdict->has_claims = true;
}

/*
 * The module id opens with the id of the instance, "i-020b6af9246d90e92-enc0183...", with "-tpm"
 * for its TPM: two enclaves of an instance share it, and so does its TPM. It names no hardware, so
 * it counts as masked (docs/protocol.md 6.2).
 */
static struct assay_slice instance_of(const struct assay_nitro_document *d)
{
    static const char enclave[] = "-enc", tpm[] = "-tpm";
    enum { MARK_LEN = sizeof tpm - 1 };
    const struct assay_slice module_id = d->module_id.bytes;
    for (size_t i = 0; i + MARK_LEN <= module_id.len; i++)
        if (assay_bytes_equal(module_id.bytes + i, d->is_tpm ? tpm : enclave, MARK_LEN))
            return assay_slice_over(module_id.bytes, i);
    return module_id;
}

/* For display and for policies of relying parties, so only printable characters. */
static void name_instance(struct assay_slice id, struct assay_verdict *verdict)
{
    if (id.len >= ASSAY_INSTANCE_TEXT) return;
    for (size_t i = 0; i < id.len; i++)
        if (id.bytes[i] <= 0x20 || id.bytes[i] >= 0x7f) return;
    assay_bytes_copy(verdict->instance.id, ASSAY_INSTANCE_TEXT, id.bytes, id.len);
}

static void name_platform(const struct assay_nitro_document *d, const struct assay_proven *proven,
                          struct assay_verdict *verdict)
{
    ASSAY_ASSERT(proven->link_count > 0);
    const uint8_t *const root_name = proven->links[proven->link_count - 1].key_name;
    assay_bytes_copy(verdict->vendor_root, 32, root_name, 32);
    const struct assay_slice pieces[] = { assay_slice_over(verdict->vendor_root, 32),
                                          instance_of(d) };
    assay_sha256_pieces(pieces, 2, verdict->platform_id);
    verdict->platform_masked = true;
    verdict->has_platform = true;
    name_instance(pieces[1], verdict);
}

static void appraise_document(const struct assay_nitro_document *d,
                              const struct assay_proven *proven,
                              const struct assay_evidence_request *request,
                              struct assay_verdict *verdict)
{
    if ((request->policy->kinds & ASSAY_KIND_BIT(request->kind)) == 0)
        assay_verdict_add(verdict, ASSAY_RULE_KIND, 0, "a kind that the policy accepts",
                          assay_kind_text(request->kind));
    judge_pcrs(d, request->policy, verdict);
    assay_proven_report(proven, verdict);
    judge_root(d, proven, request, verdict);
    for (uint32_t i = 0; i < proven->link_count; i++)
        judge_link(&proven->links[i], i + 1 == proven->link_count && i > 0, verdict);
    judge_signature(d, proven, verdict);
    if (!assay_verdict_has_class(verdict, ASSAY_RULE_FORGED) &&
        !assay_verdict_has(verdict, ASSAY_RULE_ROOT_MISSING))
        name_platform(d, proven, verdict);
    verdict->appraised = true;
}

static enum assay_status verify_document(const struct assay_kind *kind,
                                         struct assay_verifier *verifier,
                                         const struct assay_evidence_request *request,
                                         struct assay_verdict *verdict)
{
    ASSAY_ASSERT(request->kind == kind->kind);
    struct assay_package package;
    struct assay_nitro_document document;
    struct assay_where where = { 0 };
    struct assay_lease l;
    assay_verdict_proof(verdict, ASSAY_PROOF_COSE_SIGNATURE, ASSAY_PROOF_UNKNOWN);
    assay_verdict_proof(verdict, ASSAY_PROOF_CHAIN, ASSAY_PROOF_UNKNOWN);
    ASSAY_TRY(assay_package_read(kind->kind, request->bytes, request->len, &package));
    enum assay_status status =
        assay_nitro_parse(package.main.bytes, package.main.len, &document, &where);
    if (status == ASSAY_OK && document.is_tpm != (kind->kind == ASSAY_KIND_NITRO_TPM)) {
        where.field = document.is_tpm ? "pcrs, of an enclave" : "nitrotpm_pcrs, of a NitroTPM";
        status = ASSAY_E_INVALID;
    }
    assay_cose_note(status, &where, verdict);
    if (status != ASSAY_OK) return status;
    set_claims(&document, verdict);
    ASSAY_TRY(lease_memory(verifier, &document, &l));
    ASSAY_ASSERT(l.proven != NULL);
    appraise_document(&document, l.proven, request, verdict);
    assay_lease_close(&l);
    return ASSAY_OK;
}

/* --- the rows */
static bool is_tpm(const uint8_t *bytes, size_t len)
{
    struct assay_nitro_document d;
    size_t declared = 0;
    if (!assay_cose_sign1_looks(bytes, len)) return false;
    if (assay_cose_length(bytes, len, &declared) != ASSAY_OK) return false;
    return assay_nitro_parse(bytes, declared, &d, NULL) == ASSAY_OK && d.is_tpm;
}

/* No other kind opens so; an unreadable one is treated as the older kind, which reports the
 * reason. */
static bool is_enclave(const uint8_t *bytes, size_t len)
{
    return assay_cose_sign1_looks(bytes, len) && !is_tpm(bytes, len);
}

struct assay_kind assay_kind_nitro(void)
{
    return (struct assay_kind){
        .kind = ASSAY_KIND_NITRO,
        .what = "an attestation document of an AWS Nitro enclave",
        .speaks_of = ASSAY_CLAIMS_TEE | ASSAY_CLAIM_BIT(EXECUTABLES),
        /* The document does not attest memory encryption: no claim, rather than a guess. */
        .affirms = ASSAY_CLAIMS_TEE & ~ASSAY_CLAIM_BIT(RUNTIME_OPAQUE),
        .proofs = ASSAY_PROOF_BIT(COSE_SIGNATURE) | ASSAY_PROOF_BIT(CHAIN),
        .programs = ASSAY_PROGRAM_PCRS,
        .detect = is_enclave,
        .length = assay_cose_length,
        .verify = verify_document,
    };
}

/* As of any other TPM (quote/tpm/tpm.c): how the instance is set up is not proven, nor hidden. */
struct assay_kind assay_kind_nitro_tpm(void)
{
    struct assay_kind row = assay_kind_nitro();
    row.kind = ASSAY_KIND_NITRO_TPM;
    row.what = "an attestation document of the NitroTPM of an AWS EC2 instance";
    row.speaks_of = ASSAY_CLAIM_BIT(INSTANCE_IDENTITY) | ASSAY_CLAIM_BIT(CONFIGURATION) |
                    ASSAY_CLAIM_BIT(EXECUTABLES) | ASSAY_CLAIM_BIT(HARDWARE);
    row.affirms = ASSAY_CLAIM_BIT(INSTANCE_IDENTITY) | ASSAY_CLAIM_BIT(HARDWARE);
    row.detect = is_tpm;
    return row;
}
