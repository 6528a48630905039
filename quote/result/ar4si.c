/*
 * quote/result/ar4si.c - claims of a trustworthiness vector derived from a verdict.
 *
 * A forged verdict affirms nothing: unproven claims keep value 0, next to the claims of the failed
 * check. Without a verdict it stays in tier none: that is a limitation of the verifier, and no
 * claim about the attester. A genuine one starts from the proofs of the kind, and each reason
 * lowers its claims.
 */
#include "quote/result/ar4si.h"

#include "base/assert.h"
#include "quote/kinds.h"
#include "quote/text.h"

/* Values with a meaning of their own (draft-ietf-rats-ar4si section 2.3.4). */
enum {
    VERIFIER_FAILED = -1,
    UNKNOWN_ELEMENTS = 1,
    AFFIRMED = 2,
    APPROVED_AT_BOOT = 3, /* executables: measured when they were loaded */
    WARNED = 32,
    UNAVAILABLE = 36, /* configuration: a security element is not available */
    CONTRAINDICATED = 96,
    UNRECOGNISED = 97,
    CRYPTO_FAILED = 99,
};

#define CLAIM(name) (1u << ASSAY_TRUST_##name)
enum {
    IDENTITY = CLAIM(INSTANCE_IDENTITY),
    CONFIGURATION = CLAIM(CONFIGURATION),
    EXECUTABLES = CLAIM(EXECUTABLES),
    HARDWARE = CLAIM(HARDWARE),
    OPAQUE = CLAIM(RUNTIME_OPAQUE),
    EVERYTHING = 0xff, /* as far as the kind supports it */
};

/* --- claims that a kind supports, and those that its proof affirms (quote/kinds.h) */

/* Bytes of no kind could be of any: AR4SI 2.3.4 leaves out what a TPM alone cannot know. */
static unsigned get_supported_claims(enum assay_evidence_kind kind)
{
    struct assay_kind row;
    if (assay_kind_find(kind, &row) == ASSAY_OK) return row.speaks_of;
    return IDENTITY | CONFIGURATION | EXECUTABLES | HARDWARE;
}

static unsigned get_affirmed_claims(enum assay_evidence_kind kind)
{
    struct assay_kind row;
    return assay_kind_find(kind, &row) == ASSAY_OK ? row.affirms : 0;
}

bool assay_ar4si_supports(enum assay_evidence_kind kind, enum assay_trust_claim claim)
{
    ASSAY_ASSERT((unsigned)claim < ASSAY_TRUST_COUNT);
    return (get_supported_claims(kind) >> (unsigned)claim & 1u) != 0;
}

/* --- claims affected by each reason */
struct effect {
    unsigned claims;
    int8_t value;
};

/*
 * A minimum of the policy: ISVSVN under a reference value is about the program and names its place
 * in the evidence, every other SVN is the platform's.
 */
static struct effect svn_minimum(enum assay_evidence_kind kind, const struct assay_reason *reason)
{
    const bool of_snp = (ASSAY_KINDS_SNP & ASSAY_KIND_BIT(kind)) != 0;
    const bool of_program = reason->offset != 0 && !of_snp;
    return (struct effect){ of_program ? EXECUTABLES : HARDWARE, CONTRAINDICATED };
}

/* What each rule is about; a rule that is left out has no claim, which is a bug (effect_of). */
static const struct effect effects[] = {
    /* Evidence or a signature over all of it is bad: nothing in it is trusted. */
    [ASSAY_RULE_FORMAT] = { EVERYTHING, CRYPTO_FAILED },
    [ASSAY_RULE_CHAIN_FORMAT] = { EVERYTHING, CRYPTO_FAILED },
    [ASSAY_RULE_CHAIN_SIGNATURE] = { EVERYTHING, CRYPTO_FAILED },
    [ASSAY_RULE_CHAIN_CONSTRAINTS] = { EVERYTHING, CRYPTO_FAILED },
    [ASSAY_RULE_QE_SIGNATURE] = { EVERYTHING, CRYPTO_FAILED },
    [ASSAY_RULE_AK_BINDING] = { EVERYTHING, CRYPTO_FAILED },
    [ASSAY_RULE_QUOTE_SIGNATURE] = { EVERYTHING, CRYPTO_FAILED },
    [ASSAY_RULE_REPORT_SIGNATURE] = { EVERYTHING, CRYPTO_FAILED },
    [ASSAY_RULE_DOCUMENT_SIGNATURE] = { EVERYTHING, CRYPTO_FAILED },
    /* What binds the key to this very instance. */
    [ASSAY_RULE_FIRMWARE_ID] = { IDENTITY | EXECUTABLES, CRYPTO_FAILED },
    [ASSAY_RULE_RIM_SIGNATURE] = { EXECUTABLES, CRYPTO_FAILED },
    [ASSAY_RULE_CRL_SIGNATURE] = { IDENTITY, CRYPTO_FAILED },
    [ASSAY_RULE_CRL_ISSUER] = { IDENTITY, CRYPTO_FAILED },
    [ASSAY_RULE_CHIP_ID] = { IDENTITY, CRYPTO_FAILED },
    [ASSAY_RULE_SIGNING_KEY] = { IDENTITY, CRYPTO_FAILED },
    [ASSAY_RULE_AK_ATTRIBUTES] = { IDENTITY, CRYPTO_FAILED },
    [ASSAY_RULE_RUNTIME_DATA] = { IDENTITY, CRYPTO_FAILED },
    [ASSAY_RULE_RUNTIME_AK] = { IDENTITY, CRYPTO_FAILED },
    [ASSAY_RULE_NONCE] = { IDENTITY, CRYPTO_FAILED },
    [ASSAY_RULE_DEVICE_BINDING] = { IDENTITY, CRYPTO_FAILED },
    [ASSAY_RULE_SIGNER_EXPIRED] = { IDENTITY, CRYPTO_FAILED },
    [ASSAY_RULE_REALM_BINDING] = { IDENTITY | EXECUTABLES, CRYPTO_FAILED },
    [ASSAY_RULE_PCR_DIGEST] = { EXECUTABLES, CRYPTO_FAILED },
    [ASSAY_RULE_COLLATERAL_CHAIN] = { HARDWARE, CRYPTO_FAILED },
    [ASSAY_RULE_TCB_INFO_SIGNATURE] = { HARDWARE, CRYPTO_FAILED },
    [ASSAY_RULE_QE_IDENTITY_SIGNATURE] = { HARDWARE, CRYPTO_FAILED },
    [ASSAY_RULE_VEK_TCB] = { HARDWARE, CRYPTO_FAILED },
    [ASSAY_RULE_PRODUCT] = { HARDWARE, CRYPTO_FAILED },
    /* A platform that ought to be known and is not. */
    [ASSAY_RULE_CHAIN_ROOT] = { IDENTITY | HARDWARE, UNRECOGNISED },
    [ASSAY_RULE_QE_VENDOR] = { HARDWARE, UNRECOGNISED },
    [ASSAY_RULE_FMSPC] = { HARDWARE, UNRECOGNISED },
    [ASSAY_RULE_PCEID] = { HARDWARE, UNRECOGNISED },
    [ASSAY_RULE_TCB_INFO_ID] = { HARDWARE, UNRECOGNISED },
    [ASSAY_RULE_QE_IDENTITY_ID] = { HARDWARE, UNRECOGNISED },
    [ASSAY_RULE_QE_IDENTITY] = { HARDWARE, UNRECOGNISED },
    [ASSAY_RULE_MODULE_IDENTITY] = { HARDWARE, UNRECOGNISED },
    [ASSAY_RULE_PROFILE] = { HARDWARE, UNRECOGNISED },
    [ASSAY_RULE_CHALLENGE] = { IDENTITY, CONTRAINDICATED },
    [ASSAY_RULE_CARRIER_KEY] = { IDENTITY, CONTRAINDICATED },
    [ASSAY_RULE_CERT_REVOKED] = { IDENTITY, CONTRAINDICATED },
    /* The policy's no, or the vendor's. */
    [ASSAY_RULE_TCB_REVOKED] = { HARDWARE, CONTRAINDICATED },
    [ASSAY_RULE_TCB_NOW_REVOKED] = { HARDWARE, CONTRAINDICATED },
    [ASSAY_RULE_TCB_NOW_OLD] = { HARDWARE, CONTRAINDICATED },
    [ASSAY_RULE_TCB_NOT_SUPPORTED] = { HARDWARE, CONTRAINDICATED },
    [ASSAY_RULE_TCB_STATUS] = { HARDWARE, CONTRAINDICATED },
    [ASSAY_RULE_TCB_GRACE] = { HARDWARE, CONTRAINDICATED },
    [ASSAY_RULE_ADVISORY_DENIED] = { HARDWARE, CONTRAINDICATED },
    [ASSAY_RULE_EVALUATION_NUMBER] = { HARDWARE, CONTRAINDICATED },
    [ASSAY_RULE_KIND] = { HARDWARE, CONTRAINDICATED },
    [ASSAY_RULE_AK_FORM] = { HARDWARE, CONTRAINDICATED },
    [ASSAY_RULE_TCB_ORDER] = { HARDWARE, CONTRAINDICATED },
    [ASSAY_RULE_DEBUG] = { CONFIGURATION | OPAQUE, CONTRAINDICATED },
    /* Refused: the policy names what may run. */
    [ASSAY_RULE_GOLDEN_VALUE] = { EXECUTABLES, CONTRAINDICATED },
    [ASSAY_RULE_GPU_DRIVER] = { EXECUTABLES, CONTRAINDICATED },
    [ASSAY_RULE_GPU_ARCHITECTURE] = { HARDWARE, CONTRAINDICATED },
    [ASSAY_RULE_GPU_MODE] = { CONFIGURATION, CONTRAINDICATED },
    [ASSAY_RULE_GPU_STATUS] = { CONFIGURATION, CONTRAINDICATED },
    [ASSAY_RULE_DEVICE_TWICE] = { CONFIGURATION, CONTRAINDICATED },
    [ASSAY_RULE_DEVICE_COUNT] = { CONFIGURATION, CONTRAINDICATED },
    [ASSAY_RULE_GPU_FIRMWARE] = { EXECUTABLES, CONTRAINDICATED },
    [ASSAY_RULE_MEASUREMENT_UNKNOWN] = { EXECUTABLES, CONTRAINDICATED },
    [ASSAY_RULE_EVENT_LOG_FORMAT] = { EXECUTABLES, CONTRAINDICATED },
    [ASSAY_RULE_EVENT_LOG_TWICE] = { EXECUTABLES, CONTRAINDICATED },
    [ASSAY_RULE_EVENT_LOG_MISMATCH] = { EXECUTABLES, CONTRAINDICATED },
    [ASSAY_RULE_EVENT_UNKNOWN] = { EXECUTABLES, CONTRAINDICATED },
    [ASSAY_RULE_EVENT_DENIED] = { EXECUTABLES, CONTRAINDICATED },
    [ASSAY_RULE_EVENT_MISSING] = { EXECUTABLES, CONTRAINDICATED },
    [ASSAY_RULE_MEASUREMENT_DENIED] = { EXECUTABLES, CONTRAINDICATED },
    [ASSAY_RULE_RESERVED_BITS] = { CONFIGURATION, CONTRAINDICATED },
    [ASSAY_RULE_VMPL] = { CONFIGURATION, CONTRAINDICATED },
    [ASSAY_RULE_MIGRATION_AGENT] = { CONFIGURATION, CONTRAINDICATED },
    [ASSAY_RULE_SMT] = { CONFIGURATION, CONTRAINDICATED },
    [ASSAY_RULE_SINGLE_SOCKET] = { CONFIGURATION, CONTRAINDICATED },
    [ASSAY_RULE_SERVICE_TD] = { CONFIGURATION, CONTRAINDICATED },
    [ASSAY_RULE_SEPT_VE] = { CONFIGURATION, CONTRAINDICATED },
    [ASSAY_RULE_LIFECYCLE] = { CONFIGURATION, CONTRAINDICATED },
    [ASSAY_RULE_PCR_BANK_WEAK] = { EXECUTABLES, CONTRAINDICATED },
    /* Worth a look. */
    [ASSAY_RULE_PCR_BANK_WEAK_NOTE] = { EXECUTABLES, WARNED },
    [ASSAY_RULE_CERT_HELD] = { IDENTITY, WARNED },
    [ASSAY_RULE_TCB_WARNING] = { HARDWARE, WARNED },
    [ASSAY_RULE_TCB_NOW_WARNING] = { HARDWARE, WARNED },
    [ASSAY_RULE_BOOTLOADER_STATE] = { HARDWARE, WARNED },
    [ASSAY_RULE_EVENT_LOG_UNFIT] = { EXECUTABLES, WARNED },
    [ASSAY_RULE_EVENT_RETIRING] = { EXECUTABLES, WARNED },
    [ASSAY_RULE_FILE_UNKNOWN] = { EXECUTABLES, WARNED },
    [ASSAY_RULE_MEASUREMENT_RETIRING] = { EXECUTABLES, WARNED },
    [ASSAY_RULE_VMPL_NOTE] = { CONFIGURATION, WARNED },
    [ASSAY_RULE_SERVICE_TD_NOTE] = { CONFIGURATION, WARNED },
    [ASSAY_RULE_SEPT_VE_NOTE] = { CONFIGURATION, WARNED },
    [ASSAY_RULE_REVOCATION_UNKNOWN] = { CONFIGURATION, UNAVAILABLE },
    /* Not appraised. */
    [ASSAY_RULE_UNSUPPORTED] = { EVERYTHING, UNKNOWN_ELEMENTS },
    [ASSAY_RULE_EVIDENCE_INCOMPLETE] = { EVERYTHING, UNKNOWN_ELEMENTS },
    [ASSAY_RULE_CERT_TYPE] = { EVERYTHING, UNKNOWN_ELEMENTS },
    [ASSAY_RULE_EVENT_LOG_MISSING] = { EXECUTABLES, UNKNOWN_ELEMENTS },
    [ASSAY_RULE_PCR_MISSING] = { EXECUTABLES, UNKNOWN_ELEMENTS },
    [ASSAY_RULE_KEY_MISSING] = { IDENTITY, VERIFIER_FAILED },
    [ASSAY_RULE_CHAIN_MISSING] = { IDENTITY, VERIFIER_FAILED },
    [ASSAY_RULE_ROOT_MISSING] = { IDENTITY, VERIFIER_FAILED },
    [ASSAY_RULE_AK_UNPROVEN] = { IDENTITY, VERIFIER_FAILED },
    [ASSAY_RULE_OCSP_SIGNATURE] = { IDENTITY, VERIFIER_FAILED },
    [ASSAY_RULE_OCSP_NONCE] = { IDENTITY, VERIFIER_FAILED },
    [ASSAY_RULE_RIM_CONFLICT] = { EXECUTABLES, VERIFIER_FAILED },
    [ASSAY_RULE_CERT_TIME] = { HARDWARE, VERIFIER_FAILED },
    [ASSAY_RULE_COLLATERAL_MISSING] = { HARDWARE, VERIFIER_FAILED },
    [ASSAY_RULE_COLLATERAL_EXPIRED] = { HARDWARE, VERIFIER_FAILED },
    [ASSAY_RULE_COLLATERAL_AGE] = { HARDWARE, VERIFIER_FAILED },
    [ASSAY_RULE_COLLATERAL_EARLY] = { HARDWARE, VERIFIER_FAILED },
    [ASSAY_RULE_COLLATERAL_FORMAT] = { HARDWARE, VERIFIER_FAILED },
};

static struct effect effect_of(enum assay_evidence_kind kind, const struct assay_reason *reason)
{
    if (reason->rule == ASSAY_RULE_SVN_MINIMUM) return svn_minimum(kind, reason);
    ASSAY_ASSERT(reason->rule < sizeof effects / sizeof effects[0]);
    ASSAY_ASSERT(effects[reason->rule].claims != 0);
    return effects[reason->rule];
}

/* --- putting it together */
static unsigned get_severity(int8_t value)
{
    switch (assay_ar4si_tier(value)) {
    case ASSAY_TIER_NONE: return value == 0 ? 0 : 1;
    case ASSAY_TIER_AFFIRMING: return 2;
    case ASSAY_TIER_WARNING: return 3;
    case ASSAY_TIER_CONTRAINDICATED: return 4;
    }
    ASSAY_UNREACHABLE("a tier");
}

/* The graver value stays; of two in one tier the first reason's does (AR4SI: sec-assign). */
static void apply_value(struct assay_trust_vector *vector, unsigned claims, int8_t value)
{
    ASSAY_ASSERT((claims & ~(unsigned)EVERYTHING) == 0);
    for (unsigned i = 0; i < ASSAY_TRUST_COUNT; i++)
        if ((claims >> i & 1u) != 0 && get_severity(value) > get_severity(vector->claims[i]))
            vector->claims[i] = value;
}

/* Does the policy name what is measured in evidence of this kind? */
static bool is_measured(enum assay_evidence_kind kind, enum assay_reference_field field)
{
    ASSAY_ASSERT((unsigned)field < ASSAY_REFERENCE_FIELDS);
    struct assay_kind row;
    return assay_kind_find(kind, &row) == ASSAY_OK && (row.programs >> (unsigned)field & 1u) != 0;
}

/* A field with allowed or retiring entries accepts nothing else: then a pass is an approval. */
static bool approves_programs(const struct assay_policy *policy, enum assay_evidence_kind kind)
{
    ASSAY_ASSERT(policy == NULL || policy->reference_count <= ASSAY_REFERENCES_MAX);
    for (uint32_t i = 0; policy != NULL && i < policy->reference_count; i++)
        if (policy->references[i].state != ASSAY_REFERENCE_DENIED &&
            is_measured(kind, policy->references[i].field))
            return true;
    return false;
}

/* What refuses evidence although nothing else is known of it (assay_verdict_refuse). */
static bool is_refusal(const struct assay_verdict *verdict, enum assay_rule rule)
{
    return verdict->tier == ASSAY_TIER_CONTRAINDICATED &&
           (rule == ASSAY_RULE_CHALLENGE || rule == ASSAY_RULE_CARRIER_KEY);
}

/* Of forged evidence only the forgery is known. Of unjudged evidence only what is lacking, and what
 * refuses it none the less. */
static bool is_counted(const struct assay_verdict *verdict, const struct assay_reason *reason)
{
    const enum assay_rule_class class_ = assay_rule_class_of(reason->rule);
    switch (verdict->genuine) {
    case ASSAY_GENUINE_TRUE: return true;
    case ASSAY_GENUINE_FALSE: return class_ == ASSAY_RULE_FORGED;
    case ASSAY_GENUINE_UNKNOWN:
        return class_ == ASSAY_RULE_UNJUDGED || is_refusal(verdict, reason->rule);
    }
    ASSAY_UNREACHABLE("whether it is genuine");
}

struct assay_trust_vector assay_ar4si_vector(const struct assay_verdict *verdict,
                                             const struct assay_policy *policy)
{
    ASSAY_ASSERT(verdict->reason_count <= ASSAY_REASONS_MAX);
    struct assay_trust_vector vector = { { 0 } };
    const unsigned able = get_supported_claims(verdict->kind);
    if (verdict->genuine == ASSAY_GENUINE_TRUE) {
        apply_value(&vector, get_affirmed_claims(verdict->kind), AFFIRMED);
        if (approves_programs(policy, verdict->kind))
            apply_value(&vector, EXECUTABLES, APPROVED_AT_BOOT);
    }
    for (uint32_t i = 0; i < verdict->reason_count; i++) {
        const struct assay_reason *const reason = &verdict->reasons[i];
        if (!is_counted(verdict, reason)) continue;
        const struct effect effect = effect_of(verdict->kind, reason);
        apply_value(&vector, effect.claims & able, effect.value);
    }
    /* A failed link or an aborted appraisal, without a reason. */
    if (assay_ar4si_worst(&vector) != verdict->tier && verdict->genuine == ASSAY_GENUINE_FALSE)
        apply_value(&vector, able, CRYPTO_FAILED);
    if (verdict->genuine == ASSAY_GENUINE_UNKNOWN &&
        !assay_verdict_has_class(verdict, ASSAY_RULE_UNJUDGED))
        apply_value(&vector, HARDWARE, VERIFIER_FAILED);
    ASSAY_ASSERT(assay_ar4si_worst(&vector) == verdict->tier);
    return vector;
}

enum assay_tier assay_ar4si_tier(int8_t value)
{
    if (value >= -1 && value <= 1) return ASSAY_TIER_NONE;
    if (value >= -32 && value <= 31) return ASSAY_TIER_AFFIRMING;
    if (value >= -96 && value <= 95) return ASSAY_TIER_WARNING;
    return ASSAY_TIER_CONTRAINDICATED;
}

enum assay_tier assay_ar4si_worst(const struct assay_trust_vector *vector)
{
    enum assay_tier worst = ASSAY_TIER_NONE;
    for (size_t i = 0; i < ASSAY_TRUST_COUNT; i++) {
        const enum assay_tier tier = assay_ar4si_tier(vector->claims[i]);
        if (tier > worst) worst = tier; /* the enum rises from none to contraindicated */
    }
    return worst;
}

bool assay_ar4si_status_fits(enum assay_tier status, enum assay_tier worst)
{
    if (status == ASSAY_TIER_NONE || status == ASSAY_TIER_CONTRAINDICATED) return true;
    return worst != ASSAY_TIER_NONE && status >= worst;
}

/* --- texts */
#define TRUST_NAME(symbol, number, name)                                                           \
    case symbol: return name;
const char *assay_ar4si_name(enum assay_trust_claim claim)
{
    switch (claim) {
        ASSAY_TRUST_LIST(TRUST_NAME)
    }
    return "unknown";
}
#undef TRUST_NAME

enum assay_status assay_ar4si_parse(const char *name, enum assay_trust_claim *claim)
{
    for (int number = 0; number < ASSAY_TRUST_COUNT; number++) {
        const enum assay_trust_claim candidate = (enum assay_trust_claim)number;
        if (assay_text_compare(name, assay_ar4si_name(candidate), ASSAY_REASON_TEXT) != 0) continue;
        *claim = candidate;
        return ASSAY_OK;
    }
    return ASSAY_E_NOT_FOUND;
}

static const char *meaning_of_affirming(enum assay_trust_claim claim, int8_t value)
{
    switch (claim) {
    case ASSAY_TRUST_INSTANCE_IDENTITY: return "recognised, not known to be compromised";
    case ASSAY_TRUST_CONFIGURATION:
        return value == 3 ? "no known vulnerability" : "a known and approved configuration";
    case ASSAY_TRUST_EXECUTABLES:
        return value == 3 ? "approved when they were loaded" : "approved, now and when loaded";
    case ASSAY_TRUST_FILE_SYSTEM: return "only approved files";
    case ASSAY_TRUST_HARDWARE: return "genuine and supported";
    case ASSAY_TRUST_RUNTIME_OPAQUE: return "memory is encrypted in a TEE";
    case ASSAY_TRUST_STORAGE_OPAQUE: return "secrets are stored under keys of the hardware";
    case ASSAY_TRUST_SOURCED_DATA: return "data from affirmed attesters";
    }
    return "affirming";
}

const char *assay_ar4si_meaning(enum assay_trust_claim claim, int8_t value)
{
    switch (assay_ar4si_tier(value)) {
    case ASSAY_TIER_NONE:
        if (value == VERIFIER_FAILED) return "the verifier could not appraise it";
        return value == UNKNOWN_ELEMENTS ? "the evidence has unknown elements" : "no assertion";
    case ASSAY_TIER_AFFIRMING: return meaning_of_affirming(claim, value);
    case ASSAY_TIER_WARNING:
        if (claim == ASSAY_TRUST_CONFIGURATION && value == UNAVAILABLE)
            return "a security element is not available";
        if (claim == ASSAY_TRUST_EXECUTABLES && value == 33)
            return "something that is not recognised was loaded";
        return "known weaknesses";
    case ASSAY_TIER_CONTRAINDICATED:
        if (value == CRYPTO_FAILED) return "a cryptographic check failed";
        return value == UNRECOGNISED ? "not recognised, and it should be" : "not to be trusted";
    }
    return "unknown";
}
