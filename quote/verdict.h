/*
 * quote/verdict.h - verdict of an appraisal, as plain data without pointers.
 *
 * The only header of this room that engine/ and scoring/ include. A verdict distinguishes wrong
 * (forged, rejected), outdated, and not appraisable (docs/protocol.md 3.3). It is
 * computed by quote/verify.h; nothing here verifies anything.
 */
#ifndef ASSAY_QUOTE_VERDICT_H
#define ASSAY_QUOTE_VERDICT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What kinds have in common: the sets of kinds in verify.h are made of it. */
enum assay_kind_family {
    ASSAY_FAMILY_QUOTE = 1, /* of the shape of Intel's quotes */
    ASSAY_FAMILY_SGX = 2,   /* what is measured, and what collateral serves */
    ASSAY_FAMILY_TDX = 4,
    ASSAY_FAMILY_SNP = 8,
    ASSAY_FAMILY_TPM = 16,
    ASSAY_FAMILY_NITRO = 32,
    ASSAY_FAMILY_CCA = 64,
    ASSAY_FAMILY_NVIDIA = 256,
    ASSAY_FAMILY_SOFT = 128, /* under a project-made root: development only */
};

/*
 * Kinds of evidence: symbol, number, name, the function that gives its row (quote/kinds.h),
 * families. Numbers travel in envelopes and genesis, hence are never reused. A kind more is a line
 * here, a file with its row, a line of the public header, and how the command line prints its
 * claims.
 */
#define ASSAY_KIND_LIST(X)                                                                         \
    /* SGX quote, format version 3 */                                                              \
    X(ASSAY_KIND_SGX3, 1, "sgx-v3", assay_kind_sgx3, ASSAY_FAMILY_QUOTE | ASSAY_FAMILY_SGX)        \
    /* TDX quote, format version 4, TD report 1.0 */                                               \
    X(ASSAY_KIND_TDX4, 2, "tdx-v4", assay_kind_tdx4, ASSAY_FAMILY_QUOTE | ASSAY_FAMILY_TDX)        \
    /* SGX-v3-shaped */                                                                            \
    X(ASSAY_KIND_SOFT, 3, "soft", assay_kind_soft,                                                 \
      ASSAY_FAMILY_QUOTE | ASSAY_FAMILY_SGX | ASSAY_FAMILY_SOFT)                                   \
    /* SGX report body in a quote of format version 4 and of version 5 */                          \
    X(ASSAY_KIND_SGX4, 4, "sgx-v4", assay_kind_sgx4, ASSAY_FAMILY_QUOTE | ASSAY_FAMILY_SGX)        \
    X(ASSAY_KIND_SGX5, 5, "sgx-v5", assay_kind_sgx5, ASSAY_FAMILY_QUOTE | ASSAY_FAMILY_SGX)        \
    /* TD report 1.0, 1.5 or 1.5 extended in version 5 */                                          \
    X(ASSAY_KIND_TDX5, 6, "tdx-v5", assay_kind_tdx5, ASSAY_FAMILY_QUOTE | ASSAY_FAMILY_TDX)        \
    /* AMD SEV-SNP attestation report, every version */                                            \
    X(ASSAY_KIND_SNP, 7, "snp", assay_kind_snp, ASSAY_FAMILY_SNP)                                  \
    /* AWS Nitro attestation document */                                                           \
    X(ASSAY_KIND_NITRO, 8, "nitro", assay_kind_nitro, ASSAY_FAMILY_NITRO)                          \
    /* TPM 2.0 quote with the proof of its attestation key */                                      \
    X(ASSAY_KIND_TPM, 9, "tpm2", assay_kind_tpm, ASSAY_FAMILY_TPM)                                 \
    /* SNP report, or TDX quote, runtime data, vTPM quote */                                       \
    X(ASSAY_KIND_VTPM_SNP, 10, "paravisor-vtpm-snp", assay_kind_vtpm_snp,                          \
      ASSAY_FAMILY_SNP | ASSAY_FAMILY_TPM)                                                         \
    X(ASSAY_KIND_VTPM_TDX, 11, "paravisor-vtpm-tdx", assay_kind_vtpm_tdx,                          \
      ASSAY_FAMILY_TDX | ASSAY_FAMILY_TPM)                                                         \
    /* Arm CCA attestation token */                                                                \
    X(ASSAY_KIND_CCA, 12, "cca", assay_kind_cca, ASSAY_FAMILY_CCA)                                 \
    /* AWS NitroTPM attestation document */                                                        \
    X(ASSAY_KIND_NITRO_TPM, 13, "nitro-tpm", assay_kind_nitro_tpm, ASSAY_FAMILY_NITRO)             \
    /* SPDM measurement report of an NVIDIA GPU (Hopper, Blackwell), and of an NVSwitch */         \
    X(ASSAY_KIND_NVIDIA_GPU, 14, "nvidia-gpu", assay_kind_nvidia_gpu, ASSAY_FAMILY_NVIDIA)         \
    X(ASSAY_KIND_NVIDIA_SWITCH, 15, "nvidia-switch", assay_kind_nvidia_switch,                     \
      ASSAY_FAMILY_NVIDIA)                                                                         \
    ASSAY_KIND_LIST_MORE(X)

/* Of a test that tries a kind of its own. */
#ifndef ASSAY_KIND_LIST_MORE
#define ASSAY_KIND_LIST_MORE(X)
#endif

#define ASSAY_KIND_ENUM(symbol, number, text, row, families) symbol = number,
enum assay_evidence_kind { ASSAY_KIND_NONE = 0, ASSAY_KIND_LIST(ASSAY_KIND_ENUM) };
#undef ASSAY_KIND_ENUM
#define ASSAY_KIND_ONE(symbol, number, text, row, families) +1
enum { ASSAY_KIND_COUNT = 1 ASSAY_KIND_LIST(ASSAY_KIND_ONE) }; /* numbers are below */
#undef ASSAY_KIND_ONE

/* One slot of a ballot, four bits on the wire (docs/protocol.md 3.4 and 4.3). */
enum assay_outcome {
    ASSAY_OUTCOME_NONE = 0, /* missing: no collateral in date, a limit of the verifier, silence */
    ASSAY_OUTCOME_ABSENT =
        1, /* no evidence for this epoch: given by the engine, never by a verdict */
    ASSAY_OUTCOME_FAIL_SOFT = 2,
    ASSAY_OUTCOME_FAIL_HARD = 3,
    ASSAY_OUTCOME_PASS_UP_TO_DATE = 4,
    ASSAY_OUTCOME_PASS_NEEDS_HARDENING = 5, /* hardening or configuration needed */
    ASSAY_OUTCOME_PASS_OUT_OF_DATE = 6,     /* out of date within grace */
    ASSAY_OUTCOME_UNJUDGED = 7, /* not appraisable, although the vendor's collateral is current */
};
enum { ASSAY_OUTCOME_COUNT = 8 };

/* Intel's TCB statuses; NONE until one was computed. */
#define ASSAY_TCB_STATUS_LIST(X)                                                                   \
    X(ASSAY_TCB_NONE, 0, "")                                                                       \
    X(ASSAY_TCB_UP_TO_DATE, 1, "UpToDate")                                                         \
    X(ASSAY_TCB_SW_HARDENING_NEEDED, 2, "SWHardeningNeeded")                                       \
    X(ASSAY_TCB_CONFIGURATION_NEEDED, 3, "ConfigurationNeeded")                                    \
    X(ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED, 4, "ConfigurationAndSWHardeningNeeded")     \
    X(ASSAY_TCB_OUT_OF_DATE, 5, "OutOfDate")                                                       \
    X(ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED, 6, "OutOfDateConfigurationNeeded")               \
    X(ASSAY_TCB_TD_RELAUNCH_ADVISED, 7, "TDRelaunchAdvised")                                       \
    X(ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED, 8,                                       \
      "TDRelaunchAdvisedConfigurationNeeded")                                                      \
    X(ASSAY_TCB_REVOKED, 9, "Revoked")                                                             \
    X(ASSAY_TCB_NOT_SUPPORTED, 10, "NotSupported")

#define ASSAY_TCB_STATUS_ENUM(symbol, number, text) symbol = number,
enum assay_tcb_status { ASSAY_TCB_STATUS_LIST(ASSAY_TCB_STATUS_ENUM) };
#undef ASSAY_TCB_STATUS_ENUM
enum { ASSAY_TCB_STATUS_COUNT = 11 };

/*
 * The single proofs that together make evidence genuine. Each is false, true, or unknown: what is
 * at hand cannot prove it (then the evidence is unjudged). Names are those of claims.links.
 */
#define ASSAY_PROOF_LIST(X)                                                                        \
    X(ASSAY_PROOF_QUOTE_SIGNATURE, 0, "quote_signature_ok") /* quote by its attestation key */     \
    X(ASSAY_PROOF_QE_REPORT_SIGNATURE, 1, "qe_report_signature_ok") /* QE report by the PCK */     \
    X(ASSAY_PROOF_AK_BINDING, 2, "ak_binding_ok") /* QE report data names the key */               \
    X(ASSAY_PROOF_CHAIN_TO_ROOT, 3, "chain_to_trusted_root_ok")                                    \
    X(ASSAY_PROOF_REPORT_SIGNATURE, 4, "report_signature_ok") /* SNP report by its VEK */          \
    X(ASSAY_PROOF_CHAIN, 5, "chain_ok")                       /* VEK or Nitro leaf to the root */  \
    X(ASSAY_PROOF_VEK_TCB, 6, "vek_tcb_matches_reported_tcb")                                      \
    X(ASSAY_PROOF_CHIP_ID, 7, "chip_id_matches_vek_hwid")                                          \
    X(ASSAY_PROOF_COSE_SIGNATURE, 8, "cose_signature_ok") /* Nitro document by its leaf */         \
    X(ASSAY_PROOF_TPM_SIGNATURE, 9, "tpm_signature_ok")   /* TPM quote by its AK */                \
    X(ASSAY_PROOF_PCR_DIGEST, 10, "pcr_digest_ok")        /* PCR values make the digest */         \
    X(ASSAY_PROOF_EK_CHAIN, 11, "ek_chain_ok")            /* EK certificate to the root */         \
    X(ASSAY_PROOF_AK_TRUSTED, 12, "ak_bound_ok")          /* the AK is in the TPM of that EK */    \
    X(ASSAY_PROOF_RUNTIME_DATA, 13, "hardware_report_data_binds_runtime_data")                     \
    X(ASSAY_PROOF_RUNTIME_AK, 14, "runtime_data_names_ak")                                         \
    X(ASSAY_PROOF_PLATFORM_SIGNATURE, 15, "platform_token_signature_ok")                           \
    X(ASSAY_PROOF_REALM_SIGNATURE, 16, "realm_token_signature_ok")                                 \
    X(ASSAY_PROOF_REALM_BINDING, 17, "realm_binding_ok") /* platform token names the key */        \
    X(ASSAY_PROOF_FIRMWARE_ID, 18, "firmware_id_ok") /* certificate and report name the same */    \
    X(ASSAY_PROOF_DRIVER_RIM, 19, "driver_rim_ok")   /* manifest of this driver, signed */         \
    X(ASSAY_PROOF_VBIOS_RIM, 20, "vbios_rim_ok")     /* manifest of this firmware, signed */

#define ASSAY_PROOF_ENUM(symbol, number, name) symbol = number,
enum assay_proof { ASSAY_PROOF_LIST(ASSAY_PROOF_ENUM) };
#undef ASSAY_PROOF_ENUM
enum { ASSAY_PROOF_COUNT = 21 };

enum assay_proof_state {
    ASSAY_PROOF_NOT_USED = 0, /* the kind has no such link */
    ASSAY_PROOF_UNKNOWN = 1,
    ASSAY_PROOF_TRUE = 2,
    ASSAY_PROOF_FALSE = 3,
};

/* Tiers of AR4SI (draft-ietf-rats-ar4si section 2.3.2). */
enum assay_tier {
    ASSAY_TIER_NONE = 0,
    ASSAY_TIER_AFFIRMING = 1,
    ASSAY_TIER_WARNING = 2,
    ASSAY_TIER_CONTRAINDICATED = 3,
};

/* Claims of AR4SI (section 2.3): symbol, CBOR label, JSON name. */
#define ASSAY_TRUST_LIST(X)                                                                        \
    X(ASSAY_TRUST_INSTANCE_IDENTITY, 0, "instance-identity")                                       \
    X(ASSAY_TRUST_CONFIGURATION, 1, "configuration")                                               \
    X(ASSAY_TRUST_EXECUTABLES, 2, "executables")                                                   \
    X(ASSAY_TRUST_FILE_SYSTEM, 3, "file-system")                                                   \
    X(ASSAY_TRUST_HARDWARE, 4, "hardware")                                                         \
    X(ASSAY_TRUST_RUNTIME_OPAQUE, 5, "runtime-opaque")                                             \
    X(ASSAY_TRUST_STORAGE_OPAQUE, 6, "storage-opaque")                                             \
    X(ASSAY_TRUST_SOURCED_DATA, 7, "sourced-data")

#define ASSAY_TRUST_ENUM(symbol, number, name) symbol = number,
enum assay_trust_claim { ASSAY_TRUST_LIST(ASSAY_TRUST_ENUM) };
#undef ASSAY_TRUST_ENUM
enum { ASSAY_TRUST_COUNT = 8 };

enum assay_genuine { ASSAY_GENUINE_UNKNOWN = 0, ASSAY_GENUINE_TRUE = 1, ASSAY_GENUINE_FALSE = 2 };

/*
 * What a reason does to the verdict. In falling order of precedence: FORGED (not genuine, FAIL
 * hard), UNJUDGED (genuine unknown, none), REFUSED (genuine, yet FAIL hard), OLD (FAIL soft), NOTE
 * (warning).
 */
enum assay_rule_class {
    ASSAY_RULE_FORGED,
    ASSAY_RULE_UNJUDGED,
    ASSAY_RULE_REFUSED,
    ASSAY_RULE_OLD,
    ASSAY_RULE_NOTE,
};

/* symbol, number (never reused), class, name for programs, text for users */
#define ASSAY_RULE_LIST(X)                                                                         \
    X(ASSAY_RULE_FORMAT, 1, FORGED, "format", "the evidence does not follow its format")           \
    X(ASSAY_RULE_UNSUPPORTED, 2, UNJUDGED, "unsupported", "this version or type is not supported") \
    X(ASSAY_RULE_QE_VENDOR, 3, FORGED, "qe-vendor", "the quoting enclave has another vendor")      \
    X(ASSAY_RULE_CERT_TYPE, 4, UNJUDGED, "cert-type",                                              \
      "the quote carries no PCK certificate chain")                                                \
    X(ASSAY_RULE_CHAIN_FORMAT, 5, FORGED, "chain-format",                                          \
      "the PCK chain is not three certificates")                                                   \
    X(ASSAY_RULE_CHAIN_SIGNATURE, 6, FORGED, "chain-signature",                                    \
      "a certificate signature is wrong")                                                          \
    X(ASSAY_RULE_CHAIN_ROOT, 7, FORGED, "chain-root",                                              \
      "the chain does not end in a pinned root key")                                               \
    X(ASSAY_RULE_CHAIN_CONSTRAINTS, 8, FORGED, "chain-constraints",                                \
      "a certificate may not be used in its place")                                                \
    X(ASSAY_RULE_CERT_TIME, 9, UNJUDGED, "certificate-time",                                       \
      "a certificate is not valid at the time")                                                    \
    X(ASSAY_RULE_CERT_REVOKED, 10, FORGED, "certificate-revoked", "a certificate is revoked")      \
    X(ASSAY_RULE_QE_SIGNATURE, 11, FORGED, "qe-report-signature",                                  \
      "the QE report signature is wrong")                                                          \
    X(ASSAY_RULE_AK_BINDING, 12, FORGED, "attestation-key-binding",                                \
      "the QE report data does not bind the attestation key")                                      \
    X(ASSAY_RULE_QUOTE_SIGNATURE, 13, FORGED, "quote-signature", "the quote signature is wrong")   \
    X(ASSAY_RULE_COLLATERAL_MISSING, 14, UNJUDGED, "collateral-missing", "collateral is missing")  \
    X(ASSAY_RULE_COLLATERAL_EXPIRED, 15, UNJUDGED, "collateral-expired", "collateral has expired") \
    X(ASSAY_RULE_COLLATERAL_EARLY, 16, UNJUDGED, "collateral-not-yet-valid",                       \
      "collateral is not yet valid")                                                               \
    X(ASSAY_RULE_COLLATERAL_FORMAT, 17, UNJUDGED, "collateral-format",                             \
      "collateral cannot be read")                                                                 \
    X(ASSAY_RULE_COLLATERAL_CHAIN, 18, FORGED, "collateral-chain",                                 \
      "a collateral signer does not lead to the pinned root key")                                  \
    X(ASSAY_RULE_TCB_INFO_SIGNATURE, 19, FORGED, "tcb-info-signature",                             \
      "the TCB info signature is wrong")                                                           \
    X(ASSAY_RULE_QE_IDENTITY_SIGNATURE, 20, FORGED, "qe-identity-signature",                       \
      "the QE identity signature is wrong")                                                        \
    X(ASSAY_RULE_CRL_SIGNATURE, 21, FORGED, "crl-signature", "a CRL signature is wrong")           \
    X(ASSAY_RULE_CRL_ISSUER, 22, FORGED, "crl-issuer", "a CRL was issued by another authority")    \
    X(ASSAY_RULE_FMSPC, 23, FORGED, "fmspc", "the TCB info is for another FMSPC")                  \
    X(ASSAY_RULE_PCEID, 24, FORGED, "pceid", "the TCB info is for another PCE id")                 \
    X(ASSAY_RULE_TCB_INFO_ID, 25, FORGED, "tcb-info-id", "the TCB info is for another TEE")        \
    X(ASSAY_RULE_QE_IDENTITY_ID, 26, FORGED, "qe-identity-id",                                     \
      "the QE identity is for another TEE")                                                        \
    X(ASSAY_RULE_QE_IDENTITY, 27, FORGED, "qe-identity",                                           \
      "the quoting enclave is not the vendor's")                                                   \
    X(ASSAY_RULE_MODULE_IDENTITY, 28, FORGED, "tdx-module-identity",                               \
      "the TDX module is not the vendor's")                                                        \
    X(ASSAY_RULE_TCB_REVOKED, 29, REFUSED, "tcb-revoked", "the TCB level is revoked")              \
    X(ASSAY_RULE_DEBUG, 30, REFUSED, "debug", "the TEE runs in debug mode")                        \
    X(ASSAY_RULE_MEASUREMENT_UNKNOWN, 31, REFUSED, "measurement-unknown",                          \
      "the measurement is not among the allowed ones")                                             \
    X(ASSAY_RULE_MEASUREMENT_DENIED, 32, REFUSED, "measurement-denied",                            \
      "the measurement is denied")                                                                 \
    X(ASSAY_RULE_PROFILE, 33, REFUSED, "profile",                                                  \
      "SOFT evidence is refused in profile production")                                            \
    X(ASSAY_RULE_TCB_NOT_SUPPORTED, 34, OLD, "tcb-not-supported",                                  \
      "no TCB level matches the platform")                                                         \
    X(ASSAY_RULE_TCB_STATUS, 35, OLD, "tcb-status", "the policy does not accept this TCB status")  \
    X(ASSAY_RULE_TCB_GRACE, 36, OLD, "tcb-grace", "the grace time of this TCB status is over")     \
    X(ASSAY_RULE_ADVISORY_DENIED, 37, OLD, "advisory-denied",                                      \
      "the policy denies an open advisory")                                                        \
    X(ASSAY_RULE_SVN_MINIMUM, 38, OLD, "svn-minimum", "a security version is under the minimum")   \
    X(ASSAY_RULE_TCB_WARNING, 39, NOTE, "tcb-warning", "the TCB status calls for attention")       \
    X(ASSAY_RULE_MEASUREMENT_RETIRING, 40, NOTE, "measurement-retiring",                           \
      "the measurement is being retired")                                                          \
    X(ASSAY_RULE_RESERVED_BITS, 41, REFUSED, "reserved-bits",                                      \
      "reserved bits of the TEE report are set")                                                   \
    X(ASSAY_RULE_EVALUATION_NUMBER, 42, OLD, "tcb-evaluation-number",                              \
      "the collateral's evaluation number is under the minimum")                                   \
    X(ASSAY_RULE_KIND, 43, REFUSED, "kind", "the policy does not accept this kind of evidence")    \
    X(ASSAY_RULE_REPORT_SIGNATURE, 44, FORGED, "report-signature",                                 \
      "the report is not signed by its endorsement key")                                           \
    X(ASSAY_RULE_DOCUMENT_SIGNATURE, 45, FORGED, "document-signature",                             \
      "a signed token or document has a wrong signature")                                          \
    X(ASSAY_RULE_KEY_MISSING, 46, UNJUDGED, "signing-key-missing",                                 \
      "no certificate of the signing key is at hand")                                              \
    X(ASSAY_RULE_CHAIN_MISSING, 47, UNJUDGED, "chain-missing",                                     \
      "a certificate between the signing key and the root is missing")                             \
    X(ASSAY_RULE_VEK_TCB, 48, FORGED, "endorsement-key-tcb",                                       \
      "the endorsement key was certified for another TCB version")                                 \
    X(ASSAY_RULE_CHIP_ID, 49, FORGED, "chip-id",                                                   \
      "the endorsement key was certified for another chip")                                        \
    X(ASSAY_RULE_TCB_ORDER, 50, REFUSED, "tcb-order",                                              \
      "reported, committed and current TCB do not rise in this order")                             \
    X(ASSAY_RULE_SIGNING_KEY, 51, FORGED, "signing-key",                                           \
      "the report names another kind of signing key")                                              \
    X(ASSAY_RULE_REVOCATION_UNKNOWN, 52, NOTE, "revocation-unknown",                               \
      "no revocation list is at hand")                                                             \
    X(ASSAY_RULE_VMPL, 53, REFUSED, "vmpl", "the policy does not accept this privilege level")     \
    X(ASSAY_RULE_VMPL_NOTE, 54, NOTE, "vmpl-not-zero",                                             \
      "the report was requested by less privileged software of the guest")                         \
    X(ASSAY_RULE_MIGRATION_AGENT, 55, REFUSED, "migration-agent",                                  \
      "the guest may be moved by a migration agent")                                               \
    X(ASSAY_RULE_SMT, 56, REFUSED, "smt", "the policy does not accept simultaneous threads")       \
    X(ASSAY_RULE_SINGLE_SOCKET, 57, REFUSED, "single-socket",                                      \
      "the policy demands a guest bound to one socket")                                            \
    X(ASSAY_RULE_SERVICE_TD, 58, REFUSED, "service-td", "the policy does not accept a service TD") \
    X(ASSAY_RULE_SERVICE_TD_NOTE, 59, NOTE, "service-td-bound", "a service TD is bound to the TD") \
    X(ASSAY_RULE_SEPT_VE, 60, REFUSED, "sept-ve-disable", "the policy demands SEPT_VE_DISABLE")    \
    X(ASSAY_RULE_SEPT_VE_NOTE, 61, NOTE, "sept-ve-enabled", "the TD runs without SEPT_VE_DISABLE") \
    X(ASSAY_RULE_PCR_DIGEST, 62, FORGED, "pcr-digest", "the PCR values do not make the digest")    \
    X(ASSAY_RULE_PCR_MISSING, 63, UNJUDGED, "pcr-values-missing",                                  \
      "the PCR values are not at hand")                                                            \
    X(ASSAY_RULE_AK_UNPROVEN, 64, UNJUDGED, "attestation-key-unproven",                            \
      "nothing binds the attestation key to a certified TPM")                                      \
    X(ASSAY_RULE_AK_ATTRIBUTES, 65, FORGED, "attestation-key-attributes",                          \
      "the attestation key is no restricted signing key of the TPM")                               \
    X(ASSAY_RULE_RUNTIME_DATA, 66, FORGED, "runtime-data",                                         \
      "the hardware report does not bind the runtime data")                                        \
    X(ASSAY_RULE_RUNTIME_AK, 67, FORGED, "runtime-data-key",                                       \
      "the runtime data names another attestation key")                                            \
    X(ASSAY_RULE_REALM_BINDING, 68, FORGED, "realm-binding",                                       \
      "the platform token does not bind the realm's key")                                          \
    X(ASSAY_RULE_LIFECYCLE, 69, REFUSED, "lifecycle", "the platform is not in its secured state")  \
    X(ASSAY_RULE_PRODUCT, 70, FORGED, "product", "certificate and report name different products") \
    X(ASSAY_RULE_NONCE, 71, FORGED, "nonce", "the evidence answers another challenge")             \
    X(ASSAY_RULE_BOOTLOADER_STATE, 72, NOTE, "provisional-firmware",                               \
      "newer firmware runs than is committed: it can be rolled back")                              \
    X(ASSAY_RULE_SIGNER_EXPIRED, 73, FORGED, "signer-expired",                                     \
      "a short-lived certificate that came with the evidence had run out")                         \
    X(ASSAY_RULE_EVIDENCE_INCOMPLETE, 74, UNJUDGED, "evidence-incomplete",                         \
      "a piece of the evidence is not at hand")                                                    \
    X(ASSAY_RULE_ROOT_MISSING, 75, UNJUDGED, "root-missing",                                       \
      "no root is trusted for this kind of evidence")                                              \
    X(ASSAY_RULE_TCB_NOW_REVOKED, 76, REFUSED, "tcb-now-revoked",                                  \
      "the TD runs on a TDX module whose level is revoked now")                                    \
    X(ASSAY_RULE_TCB_NOW_OLD, 77, OLD, "tcb-now-out-of-date",                                      \
      "the policy does not accept a TDX module that is out of date now")                           \
    X(ASSAY_RULE_TCB_NOW_WARNING, 78, NOTE, "tcb-now-warning",                                     \
      "the level of the TDX module that the TD runs on now is not the newest")                     \
    X(ASSAY_RULE_COLLATERAL_AGE, 79, UNJUDGED, "collateral-age",                                   \
      "collateral is older than the policy allows")                                                \
    X(ASSAY_RULE_AK_FORM, 80, REFUSED, "attestation-key-form",                                     \
      "the root does not vouch for attestation keys of this form")                                 \
    X(ASSAY_RULE_CHALLENGE, 81, REFUSED, "challenge",                                              \
      "the evidence does not answer the challenge that was given")                                 \
    X(ASSAY_RULE_EVENT_LOG_FORMAT, 90, REFUSED, "event-log-format", "an event log cannot be read") \
    X(ASSAY_RULE_EVENT_LOG_TWICE, 91, REFUSED, "event-log-twice",                                  \
      "two event logs of one form came with the evidence")                                         \
    X(ASSAY_RULE_EVENT_LOG_UNFIT, 92, NOTE, "event-log-unfit",                                     \
      "an event log explains no register that the evidence quotes")                                \
    X(ASSAY_RULE_EVENT_LOG_MISMATCH, 93, REFUSED, "event-log-mismatch",                            \
      "the events of the log do not make the register that was quoted")                            \
    X(ASSAY_RULE_EVENT_LOG_MISSING, 94, UNJUDGED, "event-log-missing",                             \
      "the policy lists events, and their log is missing")                                         \
    X(ASSAY_RULE_EVENT_UNKNOWN, 95, REFUSED, "event-unknown",                                      \
      "a measured event is not among the allowed ones")                                            \
    X(ASSAY_RULE_EVENT_DENIED, 96, REFUSED, "event-denied", "a measured event is denied")          \
    X(ASSAY_RULE_EVENT_MISSING, 97, REFUSED, "event-missing",                                      \
      "an event that the policy names was not measured, or this cannot be determined")             \
    X(ASSAY_RULE_EVENT_RETIRING, 98, NOTE, "event-retiring", "a measured event is being retired")  \
    X(ASSAY_RULE_FILE_UNKNOWN, 99, NOTE, "file-unknown",                                           \
      "a measured file is not among those that the policy names")                                  \
    X(ASSAY_RULE_FIRMWARE_ID, 100, FORGED, "firmware-id",                                          \
      "the report names other firmware than the certificate of its key")                           \
    X(ASSAY_RULE_RIM_SIGNATURE, 101, FORGED, "rim-signature",                                      \
      "a reference manifest has a wrong signature")                                                \
    X(ASSAY_RULE_RIM_CONFLICT, 102, UNJUDGED, "rim-conflict",                                      \
      "two reference manifests set the same measurement")                                          \
    X(ASSAY_RULE_GOLDEN_VALUE, 103, REFUSED, "golden-value",                                       \
      "a measurement is none that the manufacturer published")                                     \
    X(ASSAY_RULE_OCSP_SIGNATURE, 104, UNJUDGED, "ocsp-signature",                                  \
      "an OCSP response is not signed by the issuer or its delegate")                              \
    X(ASSAY_RULE_OCSP_NONCE, 105, UNJUDGED, "ocsp-nonce",                                          \
      "an OCSP response does not answer the request that was made")                                \
    X(ASSAY_RULE_CERT_HELD, 106, NOTE, "certificate-held",                                         \
      "a certificate is on hold, which the policy accepts")                                        \
    X(ASSAY_RULE_GPU_ARCHITECTURE, 107, REFUSED, "gpu-architecture",                               \
      "the policy does not accept this architecture of devices")                                   \
    X(ASSAY_RULE_GPU_MODE, 108, REFUSED, "gpu-mode",                                               \
      "the policy does not accept this mode of a GPU")                                             \
    X(ASSAY_RULE_GPU_DRIVER, 109, OLD, "gpu-driver", "the driver is older than the policy allows") \
    X(ASSAY_RULE_GPU_STATUS, 110, REFUSED, "gpu-status",                                           \
      "the report has a status that decides on a measurement and is none that is known")           \
    X(ASSAY_RULE_DEVICE_BINDING, 120, FORGED, "device-binding",                                    \
      "the evidence does not commit to the reports of these devices")                              \
    X(ASSAY_RULE_DEVICE_TWICE, 121, REFUSED, "device-twice",                                       \
      "one device stands twice in the evidence")                                                   \
    X(ASSAY_RULE_DEVICE_COUNT, 122, REFUSED, "device-count",                                       \
      "the policy demands another number of devices")                                              \
    X(ASSAY_RULE_GPU_FIRMWARE, 123, OLD, "gpu-firmware",                                           \
      "the firmware of a device is older than the policy allows")                                  \
    X(ASSAY_RULE_CARRIER_KEY, 130, REFUSED, "certificate-key",                                     \
      "the evidence does not vouch for the key of the certificate that it came in")                \
    X(ASSAY_RULE_PCR_BANK_WEAK, 131, REFUSED, "pcr-bank-weak",                                     \
      "a PCR is quoted in the SHA-1 bank alone, which the policy does not accept")                 \
    X(ASSAY_RULE_PCR_BANK_WEAK_NOTE, 132, NOTE, "pcr-bank-weak-accepted",                          \
      "a PCR is quoted or compared in the SHA-1 bank alone, which the policy accepts")

#define ASSAY_RULE_ENUM(symbol, number, class_, name, text) symbol = number,
enum assay_rule { ASSAY_RULE_LIST(ASSAY_RULE_ENUM) };
#undef ASSAY_RULE_ENUM

enum {
    ASSAY_EVIDENCE_LEN_MAX = 32768, /* docs/architecture.md, Sizes; without devices */
    ASSAY_DEVICES_LEN_MAX = 98304,  /* reports of 12 devices take 64 KB with their chains */
    ASSAY_COMPOSITE_LEN_MAX = ASSAY_EVIDENCE_LEN_MAX + ASSAY_DEVICES_LEN_MAX,
    ASSAY_GPUS_MAX = 8,
    ASSAY_SWITCHES_MAX = 4,
    ASSAY_DEVICES_MAX = ASSAY_GPUS_MAX + ASSAY_SWITCHES_MAX,
    ASSAY_DEVICE_TEXT_MAX = 32, /* product, driver, firmware */
    ASSAY_DEVICE_SERIAL_LEN = 20,
    ASSAY_REASONS_MAX = 8,          /* the first eight are enough */
    ASSAY_REASON_TEXT = 100,        /* a 48-byte measurement in hexadecimal and its NUL */
    ASSAY_ADVISORIES_MAX = 64,      /* genuine TCB levels list up to 30 */
    ASSAY_INSTANCE_TEXT = 64,       /* Azure's ids have 36 characters, Google's names 63 */
    ASSAY_ADVISORY_TEXT = 24,       /* "INTEL-SA-01234" and room */
    ASSAY_MEASUREMENT_MAX = 64, /* a realm measured with SHA-512 */
    ASSAY_REPORT_DATA_LEN = 64,
    /* Details for readers; what does not fit is left out, and decides nothing. */
    ASSAY_VERDICT_WINDOWS_MAX = 16, /* PCK chain and Intel's collateral: 11 */
    ASSAY_VERDICT_WINDOW_TEXT = 64,
    ASSAY_VERDICT_MEASURED_MAX = 32, /* all PCRs, and the fields of a paravisor's report */
};

/* A certificate, list or document that the verdict rests on, and when it may be used. */
struct assay_verdict_window {
    char what[ASSAY_VERDICT_WINDOW_TEXT];
    bool is_certificate;
    int64_t from_unix_s, to_unix_s;
};

/* What the reference values of the policy make of a measured value. */
#define ASSAY_MEASURED_LIST(X)                                                                     \
    X(ASSAY_MEASURED_FREE, 0, "free") /* no entry accepts or denies values of this field */        \
    X(ASSAY_MEASURED_ALLOWED, 1, "allowed")                                                        \
    X(ASSAY_MEASURED_RETIRING, 2, "retiring")                                                      \
    X(ASSAY_MEASURED_SVN, 3, "svn") /* its entry demands a higher security version */              \
    X(ASSAY_MEASURED_UNKNOWN, 4, "unknown")                                                        \
    X(ASSAY_MEASURED_DENIED, 5, "denied")

#define ASSAY_MEASURED_ENUM(symbol, number, text) symbol = number,
enum assay_measured_state { ASSAY_MEASURED_LIST(ASSAY_MEASURED_ENUM) };
#undef ASSAY_MEASURED_ENUM
enum { ASSAY_MEASURED_STATES = 6 };

struct assay_verdict_measured {
    uint8_t field; /* enum assay_reference_field (quote/accept/policy.h) */
    uint8_t state; /* enum assay_measured_state */
    uint8_t len;
    uint8_t value[ASSAY_MEASUREMENT_MAX];
};

struct assay_reason {
    enum assay_rule rule;
    uint32_t offset; /* in the evidence, 0 when it is not about a field of it */
    char expected[ASSAY_REASON_TEXT];
    char observed[ASSAY_REASON_TEXT];
};

/* An instance of a cloud, as the cloud names it; what it does not name is empty and 0. */
struct assay_instance {
    char id[ASSAY_INSTANCE_TEXT]; /* empty: no instance */
    char name[ASSAY_INSTANCE_TEXT];
    char project[ASSAY_INSTANCE_TEXT];
    uint64_t project_number;
    char zone[ASSAY_INSTANCE_TEXT];
};

/* A device that came with the evidence, and what its own report is worth. */
struct assay_verdict_device {
    uint8_t kind;       /* enum assay_evidence_kind */
    uint8_t genuine;    /* enum assay_genuine */
    uint8_t tier;       /* enum assay_tier */
    uint8_t rule;       /* enum assay_rule: the gravest reason; 0: none */
    bool has_platform;
    uint8_t platform_id[32];
    uint8_t serial[ASSAY_DEVICE_SERIAL_LEN]; /* of the certificate of its key; zeros: none */
    char product[ASSAY_DEVICE_TEXT_MAX];     /* "GH100" */
    char driver[ASSAY_DEVICE_TEXT_MAX];
    char firmware[ASSAY_DEVICE_TEXT_MAX];
    uint8_t mode; /* enum assay_gpu_mode: what the report states; of a switch UNKNOWN */
    /* The first end of what its own appraisal rests on: certificates, OCSP responses, manifests. */
    bool has_expiry;
    int64_t expires_unix_s;
    char expires_first[ASSAY_VERDICT_WINDOW_TEXT];
};

struct assay_verdict {
    enum assay_evidence_kind kind;
    enum assay_genuine genuine;
    enum assay_tier tier;
    enum assay_tcb_status tcb_status;
    /* Of a TD 1.5: at its launch, and as the platform is now; else both are tcb_status. */
    enum assay_tcb_status tcb_status_launch;
    enum assay_tcb_status tcb_status_current;
    bool insecure; /* appraised under profile development */
    bool appraised; /* every check of the kind was reached: without it nothing is genuine */
    bool debug;
    bool has_tcb_date;
    int64_t tcb_date_unix_s; /* minimum of platform, QE and module level */
    /* TD 1.5 alone: by the module that runs now; the fields without "now" are of the launch. */
    bool has_now;
    bool has_tcb_date_now;
    int64_t tcb_date_now_unix_s;
    uint32_t advisory_now_count;
    char advisories_now[ASSAY_ADVISORIES_MAX][ASSAY_ADVISORY_TEXT];
    struct assay_instance instance; /* of the evidence; in addition to a known platform */
    int64_t at_unix_s;       /* time of the appraisal */
    bool has_expiry;
    int64_t expires_unix_s; /* the earliest end of the certificates and collateral it rests on */
    char expires_first[ASSAY_VERDICT_WINDOW_TEXT]; /* which of them that is */
    /* The last second at which the policy still accepts what it accepts at the time: of reference
     * values, of the age of collateral, of grace. Apart, because a ballot by ended rules is of the
     * end of the evidence alone (at_end of quote/request.h). */
    bool has_policy_end;
    int64_t policy_ends_unix_s;

    uint32_t reason_count;
    struct assay_reason reasons[ASSAY_REASONS_MAX];

    uint32_t advisory_count; /* sorted, without duplicates */
    char advisories[ASSAY_ADVISORIES_MAX][ASSAY_ADVISORY_TEXT];

    bool has_claims; /* the evidence parsed: the fields below are filled, though perhaps not proven
                      */
    uint8_t report_data[ASSAY_REPORT_DATA_LEN];
    uint8_t measurement[ASSAY_MEASUREMENT_MAX]; /* MRENCLAVE, MRTD, RIM, ... */
    uint32_t measurement_len;

    uint8_t proofs[ASSAY_PROOF_COUNT]; /* enum assay_proof_state */

    bool has_platform;
    bool platform_masked;    /* the id names an instance or nothing: docs/protocol.md 6.2 */
    uint8_t platform_id[32]; /* SHA-256 over the hardware's own id (PPID) under its vendor root */
    uint8_t vendor_root[32]; /* SHA-256 of the pinned root's SubjectPublicKeyInfo */

    uint32_t device_count; /* GPUs, then switches, in the order of the evidence */
    struct assay_verdict_device devices[ASSAY_DEVICES_MAX];

    uint32_t window_count;
    struct assay_verdict_window windows[ASSAY_VERDICT_WINDOWS_MAX];
    uint32_t measured_count;
    struct assay_verdict_measured measured[ASSAY_VERDICT_MEASURED_MAX];
};

/*
 * assay_verdict_outcome - from verdict to ballot, docs/protocol.md 3.4.
 * Returns: UNJUDGED for a verdict left open by a certificate that is not valid at the time or by a
 * platform without collateral, NONE for any other open one, FAIL_HARD (forged, refused), FAIL_SOFT
 * (old), else a PASS level; never ABSENT
 */
enum assay_outcome assay_verdict_outcome(const struct assay_verdict *verdict);

/*
 * assay_verdict_init - the verdict before anything was checked: unknown, tier none, no reasons.
 */
void assay_verdict_init(struct assay_verdict *verdict, enum assay_evidence_kind kind,
                        int64_t at_unix_s);
/*
 * assay_verdict_add - append a reason; texts may be NULL and are cut to their field. When the list
 * is full a reason of higher precedence replaces the last one of lower precedence.
 */
void assay_verdict_add(struct assay_verdict *verdict, enum assay_rule rule, uint32_t offset,
                       const char *expected, const char *observed);
/*
 * assay_verdict_conclude - compute genuine and tier from reasons and links. TRUE needs appraised,
 * every used link true, and no reason of class FORGED or UNJUDGED; call it once, last.
 */
void assay_verdict_conclude(struct assay_verdict *verdict);
/*
 * assay_verdict_refuse - a reason of class REFUSED that makes a concluded verdict contraindicated,
 * also when nothing else could be decided; it replaces the last reason of a full list.
 */
void assay_verdict_refuse(struct assay_verdict *verdict, enum assay_rule rule,
                          const char *expected, const char *observed);
/* It rests on what ends then: the earliest end counts. what: text, cut to its field. */
void assay_verdict_rest_on(struct assay_verdict *verdict, const char *what, int64_t to_unix_s);
/* The policy accepts until this second: the earliest one counts, and none after the year 9999 or
 * before 1970. */
void assay_verdict_policy_ends(struct assay_verdict *verdict, int64_t unix_s);
/* The same for a span after a time; one that no time can express has no end. */
void assay_verdict_policy_spans(struct assay_verdict *verdict, int64_t from_unix_s,
                                uint64_t span_s);
/*
 * assay_verdict_end - the last second at which the verdict can hold: the earliest end of anything
 * that it rests on, and of the policy's acceptance.
 * Returns: false when nothing ends; *unix_s is untouched then
 */
bool assay_verdict_end(const struct assay_verdict *verdict, int64_t *unix_s);
/* Sets one proof; one that is false stays false. */
void assay_verdict_proof(struct assay_verdict *verdict, enum assay_proof proof,
                        enum assay_proof_state state);
/* Appends a detail, unless the list is full. what: text, cut to its field; value_len at most
 * ASSAY_MEASUREMENT_MAX (asserted). */
void assay_verdict_add_window(struct assay_verdict *verdict, const char *what, bool is_certificate,
                              int64_t from_unix_s, int64_t to_unix_s);
void assay_verdict_add_measured(struct assay_verdict *verdict, unsigned field,
                                enum assay_measured_state state, const uint8_t *value,
                                uint32_t value_len);
/*
 * assay_verdict_name_device - "gpu 3 (GH100, serial 0a1b2c)", numbered within its kind; of a serial
 * number longer than eight bytes the last eight.
 * In:      index below device_count (asserted)
 */
void assay_verdict_name_device(const struct assay_verdict *verdict, uint32_t index,
                               char name[static ASSAY_REASON_TEXT]);
/*
 * assay_verdict_name_expiry - what ends first, of a device with the device's name before it: "gpu 7
 * (GH100, serial 0a1b2c): OCSP for GH100 A01 GSP BROM".
 * Returns: false when nothing that it rests on ends; text is empty then
 */
bool assay_verdict_name_expiry(const struct assay_verdict *verdict,
                               char text[static ASSAY_REASON_TEXT]);
/* Returns: true when a reason of this rule is present. */
bool assay_verdict_has(const struct assay_verdict *verdict, enum assay_rule rule);
/* Returns: true when a reason of this class is present. */
bool assay_verdict_has_class(const struct assay_verdict *verdict, enum assay_rule_class class_);

/* Texts; none Returns: NULL, numbers outside the list give "unknown". */
const char *assay_outcome_text(enum assay_outcome outcome);      /* "pass-up-to-date" */
const char *assay_tcb_status_text(enum assay_tcb_status status); /* "UpToDate" */
const char *assay_tier_text(enum assay_tier tier);               /* "affirming" */
const char *assay_rule_name(enum assay_rule rule);               /* "quote-signature" */
const char *assay_rule_text(enum assay_rule rule);               /* a sentence */
const char *assay_kind_text(enum assay_evidence_kind kind);      /* "sgx-v3" */
const char *assay_verdict_proof_name(enum assay_proof proof);    /* "chain_ok" */
const char *assay_verdict_proof_state_text(enum assay_proof_state state); /* "true", "unknown" */
const char *assay_measured_text(enum assay_measured_state state);   /* "allowed" */
/* Returns: the class of a rule; FORGED for a number outside the list */
enum assay_rule_class assay_rule_class_of(enum assay_rule rule);
/* Returns: ASSAY_OK | ASSAY_E_NOT_FOUND */
ASSAY_CHECKED enum assay_status assay_tcb_status_parse(const char *text, size_t len,
                                                       enum assay_tcb_status *status);
ASSAY_CHECKED enum assay_status assay_kind_parse(const char *text, enum assay_evidence_kind *kind);

#endif
