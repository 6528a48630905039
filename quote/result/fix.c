/*
 * quote/result/fix.c - table of remedies, one per rule. A new rule is a compile error until it has
 * one.
 */
#include "quote/result/fix.h"

#define FIX_LIST(X)                                                                                \
    X(ASSAY_RULE_FORMAT, "Send the complete evidence unchanged, as the platform made it, and "     \
                         "recreate it if it is damaged.")                                          \
    X(ASSAY_RULE_UNSUPPORTED,                                                                      \
      "Request evidence of a version and type that is listed in the documentation, "               \
      "or update this verifier.")                                                                  \
    X(ASSAY_RULE_QE_VENDOR,                                                                        \
      "Quote with the vendor's own quoting enclave; another one is never trusted.")                \
    X(ASSAY_RULE_CERT_TYPE, "Supply the PCK certificate chain with the quote, or let the "         \
                            "platform fetch it so that quotes contain it.")                        \
    X(ASSAY_RULE_CHAIN_FORMAT,                                                                     \
      "Register the platform again so that its quotes carry leaf, CA and root of the "             \
      "PCK chain.")                                                                                \
    X(ASSAY_RULE_CHAIN_SIGNATURE,                                                                  \
      "Fetch the certificate chain again from the vendor; if it stays like this, the "             \
      "evidence is forged.")                                                                       \
    X(ASSAY_RULE_CHAIN_ROOT,                                                                       \
      "Check that the platform is a production one, and pin its vendor's root only "               \
      "if you trust that vendor.")                                                                 \
    X(ASSAY_RULE_CHAIN_CONSTRAINTS,                                                                \
      "Use the chain that the vendor issued; a certificate in it has an invalid position.")        \
    X(ASSAY_RULE_CERT_TIME,                                                                        \
      "Verify at a time within the certificate's validity, check the clock, or fetch "             \
      "the renewed certificate.")                                                                  \
    X(ASSAY_RULE_CERT_REVOKED,                                                                     \
      "Take the platform out of service: its vendor no longer vouches for its keys.")              \
    X(ASSAY_RULE_QE_SIGNATURE,                                                                     \
      "Create a new quote; if it stays like this, the attestation key was not made "               \
      "by the vendor's enclave.")                                                                  \
    X(ASSAY_RULE_AK_BINDING,                                                                       \
      "Create a new quote; if it stays like this, the attestation key was not made "               \
      "by the vendor's enclave.")                                                                  \
    X(ASSAY_RULE_QUOTE_SIGNATURE,                                                                  \
      "Send the evidence unchanged; if it is, it was signed or altered by another party.")         \
    X(ASSAY_RULE_COLLATERAL_MISSING,                                                               \
      "Fetch the missing collateral with `assay collateral fetch` and appraise again.")            \
    X(ASSAY_RULE_COLLATERAL_EXPIRED,                                                               \
      "Fetch fresh collateral with `assay collateral fetch`, or remove or refetch the OCSP "       \
      "response; the attester is not to blame.")                                                   \
    X(ASSAY_RULE_COLLATERAL_EARLY,                                                                 \
      "Check the clock, or appraise with the collateral that was valid at that time.")             \
    X(ASSAY_RULE_COLLATERAL_FORMAT, "Fetch the collateral again and do not modify its bytes.")     \
    X(ASSAY_RULE_COLLATERAL_CHAIN,                                                                 \
      "Fetch the collateral from the vendor over a path that you trust: this copy "                \
      "was altered.")                                                                              \
    X(ASSAY_RULE_TCB_INFO_SIGNATURE,                                                               \
      "Fetch the collateral from the vendor over a path that you trust: this copy "                \
      "was altered.")                                                                              \
    X(ASSAY_RULE_QE_IDENTITY_SIGNATURE,                                                            \
      "Fetch the collateral from the vendor over a path that you trust: this copy "                \
      "was altered.")                                                                              \
    X(ASSAY_RULE_CRL_SIGNATURE,                                                                    \
      "Fetch the collateral from the vendor over a path that you trust: this copy "                \
      "was altered.")                                                                              \
    X(ASSAY_RULE_CRL_ISSUER,                                                                       \
      "Supply the revocation list of the authority that issued the certificate.")                  \
    X(ASSAY_RULE_FMSPC,                                                                            \
      "Supply the TCB info of this platform family and TEE: `assay collateral fetch "              \
      "--for FILE` names it itself.")                                                              \
    X(ASSAY_RULE_PCEID,                                                                            \
      "Supply the TCB info of this platform family and TEE: `assay collateral fetch "              \
      "--for FILE` names it itself.")                                                              \
    X(ASSAY_RULE_TCB_INFO_ID,                                                                      \
      "Supply the TCB info of this platform family and TEE: `assay collateral fetch "              \
      "--for FILE` names it itself.")                                                              \
    X(ASSAY_RULE_QE_IDENTITY_ID, "Supply the QE identity of this TEE: QE for SGX, TD_QE for TDX.") \
    X(ASSAY_RULE_QE_IDENTITY, "Install the vendor's current quoting enclave on the platform.")     \
    X(ASSAY_RULE_MODULE_IDENTITY, "Boot the platform with the vendor's signed TDX module.")        \
    X(ASSAY_RULE_TCB_REVOKED,                                                                      \
      "Update microcode, firmware and SGX or TDX software; until then nothing that "               \
      "ran there is confidential.")                                                                \
    X(ASSAY_RULE_DEBUG,                                                                            \
      "Start the TEE without debug mode; what ran in debug mode had no secrets.")                  \
    X(ASSAY_RULE_MEASUREMENT_UNKNOWN,                                                              \
      "Deploy a build whose measurement is allowed, or add this one to the reference "             \
      "values after reviewing it.")                                                                \
    X(ASSAY_RULE_MEASUREMENT_DENIED, "Deploy another build: this one was denied on purpose.")      \
    X(ASSAY_RULE_PROFILE, "Run on hardware; SOFT evidence is for profile development only.")       \
    X(ASSAY_RULE_TCB_NOT_SUPPORTED,                                                                \
      "Update the component that has no level, or fetch newer TCB info if the "                    \
      "platform is newer than it.")                                                                \
    X(ASSAY_RULE_TCB_STATUS,                                                                       \
      "Apply the updates and settings that the open advisories name; `assay tcb "                  \
      "forecast` shows which SVN is short.")                                                       \
    X(ASSAY_RULE_TCB_NOW_REVOKED,                                                                  \
      "Update the TDX module of the platform to a level that is not revoked, or move the TD.")     \
    X(ASSAY_RULE_TCB_NOW_OLD,                                                                      \
      "Update the TDX module of the platform: what runs under the TD now is out of date.")         \
    X(ASSAY_RULE_TCB_NOW_WARNING,                                                                  \
      "Update the TDX module of the platform: what runs under the TD now is out of date.")         \
    X(ASSAY_RULE_COLLATERAL_AGE,                                                                   \
      "Fetch the collateral again, or allow a greater `collateral_age_max_s` in the policy.")      \
    X(ASSAY_RULE_TCB_GRACE,                                                                        \
      "Apply the updates and settings that the open advisories name; `assay tcb "                  \
      "forecast` shows which SVN is short.")                                                       \
    X(ASSAY_RULE_ADVISORY_DENIED, "Install the update of the named advisory on the platform.")     \
    X(ASSAY_RULE_SVN_MINIMUM,                                                                      \
      "Update the component to the minimum version that the policy names.")                        \
    X(ASSAY_RULE_TCB_WARNING,                                                                      \
      "Apply the updates and settings that the open advisories name; `assay tcb "                  \
      "forecast` shows which SVN is short.")                                                       \
    X(ASSAY_RULE_MEASUREMENT_RETIRING,                                                             \
      "Deploy the successor of this build before it is removed from the reference "                \
      "values.")                                                                                   \
    X(ASSAY_RULE_RESERVED_BITS,                                                                    \
      "Start the TEE with documented attributes only, or update this verifier if "                 \
      "they are documented now.")                                                                  \
    X(ASSAY_RULE_EVALUATION_NUMBER,                                                                \
      "Fetch current collateral: what is at hand is older than the policy allows.")                \
    X(ASSAY_RULE_KIND, "Use a kind of TEE that the policy lists, or add this kind to it.")         \
    X(ASSAY_RULE_REPORT_SIGNATURE,                                                                 \
      "Send the evidence unchanged; if it is, it was signed or altered by another party.")         \
    X(ASSAY_RULE_DOCUMENT_SIGNATURE,                                                               \
      "Send the evidence unchanged; if it is, it was signed or altered by another party.")         \
    X(ASSAY_RULE_KEY_MISSING,                                                                      \
      "Supply the certificate of the key that signed: the VCEK, VLEK, AK or platform "             \
      "key.")                                                                                      \
    X(ASSAY_RULE_CHAIN_MISSING,                                                                    \
      "Supply the intermediate certificates between the signing key and the root.")                \
    X(ASSAY_RULE_VEK_TCB, "Fetch the endorsement key's certificate for the reported TCB version.") \
    X(ASSAY_RULE_CHIP_ID, "Fetch the endorsement key's certificate for this very chip.")           \
    X(ASSAY_RULE_TCB_ORDER,                                                                        \
      "Update the platform's firmware: its TCB versions contradict one another.")                  \
    X(ASSAY_RULE_SIGNING_KEY,                                                                      \
      "Supply a VCEK where the report names a VCEK, and a VLEK where it names a "                  \
      "VLEK.")                                                                                     \
    X(ASSAY_RULE_REVOCATION_UNKNOWN,                                                               \
      "Supply the vendor's revocation list or, for NVIDIA, a response of its OCSP responder.")     \
    X(ASSAY_RULE_VMPL, "Request the report at a more privileged level (VMPL 0), or set the level " \
                       "of the workload in the policy.")                                           \
    X(ASSAY_RULE_VMPL_NOTE, "Request the report at a more privileged level (VMPL 0), or set the "  \
                            "level of the workload in the policy.")                                \
    X(ASSAY_RULE_MIGRATION_AGENT,                                                                  \
      "Launch the guest without a migration agent, or allow it in the policy.")                    \
    X(ASSAY_RULE_SMT, "Switch simultaneous threads off and forbid them in the guest's policy.")    \
    X(ASSAY_RULE_SINGLE_SOCKET, "Launch the guest bound to a single socket.")                      \
    X(ASSAY_RULE_SERVICE_TD,                                                                       \
      "Launch the TD without a service TD, or allow its measurement in the policy.")               \
    X(ASSAY_RULE_SERVICE_TD_NOTE,                                                                  \
      "Launch the TD without a service TD, or allow its measurement in the policy.")               \
    X(ASSAY_RULE_SEPT_VE, "Launch the TD with SEPT_VE_DISABLE.")                                   \
    X(ASSAY_RULE_SEPT_VE_NOTE, "Launch the TD with SEPT_VE_DISABLE.")                              \
    X(ASSAY_RULE_PCR_DIGEST,                                                                       \
      "Read PCR values and quote together; values of another moment do not fit.")                  \
    X(ASSAY_RULE_PCR_MISSING,                                                                      \
      "Supply the PCR values that the quote selects, one after the other.")                        \
    X(ASSAY_RULE_AK_UNPROVEN,                                                                      \
      "Enrol the attestation key with a registrar (`assay tpm enroll`), or supply "                \
      "its certificate; name an SVSM in the policy (snp_measurement).")                            \
    X(ASSAY_RULE_AK_ATTRIBUTES,                                                                    \
      "Make the attestation key inside the TPM: restricted, signing, fixed to it.")                \
    X(ASSAY_RULE_RUNTIME_DATA,                                                                     \
      "Read hardware report, runtime data and TPM quote of one boot of one machine.")              \
    X(ASSAY_RULE_RUNTIME_AK,                                                                       \
      "Read hardware report, runtime data and TPM quote of one boot of one machine.")              \
    X(ASSAY_RULE_REALM_BINDING, "Send platform token and realm token of one request together.")    \
    X(ASSAY_RULE_LIFECYCLE,                                                                        \
      "Put the platform into its secured state; a development state opens its "                    \
      "secrets.")                                                                                  \
    X(ASSAY_RULE_PRODUCT, "Fetch the certificates of this processor family.")                      \
    X(ASSAY_RULE_NONCE, "Make fresh evidence over the challenge that was sent.")                   \
    X(ASSAY_RULE_BOOTLOADER_STATE,                                                                 \
      "Commit the running firmware so that it cannot be rolled back.")                             \
    X(ASSAY_RULE_SIGNER_EXPIRED,                                                                   \
      "Make fresh evidence; its signing key was certified for a short time.")                      \
    X(ASSAY_RULE_EVIDENCE_INCOMPLETE,                                                              \
      "Supply every piece of the evidence: quote, signature, key, values, report.")                \
    X(ASSAY_RULE_ROOT_MISSING,                                                                     \
      "Configure trusted roots for this kind: `--root`, or a policy with roots.")                  \
    X(ASSAY_RULE_AK_FORM,                                                                          \
      "Give the root `attestation_keys: azure` or `google` in the policy, if virtual TPMs "        \
      "of that cloud are accepted.")                                                               \
    X(ASSAY_RULE_CHALLENGE,                                                                        \
      "Reject it, and request fresh evidence over the challenge that was sent: this answers "      \
      "another request, or is a recording.")                                                       \
    X(ASSAY_RULE_EVENT_LOG_FORMAT, "Read the complete event log again from the kernel.")           \
    X(ASSAY_RULE_EVENT_LOG_TWICE,                                                                  \
      "Give one log of the firmware and one list of IMA, those of this very machine.")             \
    X(ASSAY_RULE_EVENT_LOG_UNFIT,                                                                  \
      "Give the log of the machine and of the registers that the evidence quotes.")                \
    X(ASSAY_RULE_EVENT_LOG_MISMATCH,                                                               \
      "Read log and quote together; if it stays like this, the log was altered.")                  \
    X(ASSAY_RULE_EVENT_LOG_MISSING,                                                                \
      "Supply the event log with `--event-log`, or take the events out of the policy.")            \
    X(ASSAY_RULE_EVENT_UNKNOWN,                                                                    \
      "Boot what the policy allows, or add the event to it after reviewing what it loaded.")       \
    X(ASSAY_RULE_EVENT_DENIED,                                                                     \
      "Replace the program or setting that was measured: it was denied on purpose.")               \
    X(ASSAY_RULE_EVENT_MISSING,                                                                    \
      "Boot what the policy requires, and quote its register in the bank of the digest.")          \
    X(ASSAY_RULE_EVENT_RETIRING,                                                                   \
      "Deploy the successor of what was measured before it is removed from the policy.")           \
    X(ASSAY_RULE_FILE_UNKNOWN,                                                                     \
      "Review the file, and add its name and digest to the events of the policy.")                 \
    X(ASSAY_RULE_FIRMWARE_ID, "Read report and certificates together, of one boot of one device.") \
    X(ASSAY_RULE_RIM_SIGNATURE,                                                                    \
      "Fetch the manifest from the vendor's service again and do not modify its bytes.")           \
    X(ASSAY_RULE_RIM_CONFLICT,                                                                     \
      "Fetch the manifests of this driver and this firmware: two of them set one measurement.")    \
    X(ASSAY_RULE_GOLDEN_VALUE,                                                                     \
      "Install driver and firmware as published, or fetch newer editions of their manifests.")     \
    X(ASSAY_RULE_OCSP_SIGNATURE,                                                                   \
      "Ask the vendor's responder again: no key that may answer for the issuer signed this.")      \
    X(ASSAY_RULE_OCSP_NONCE,                                                                       \
      "Ask the vendor's responder again with this nonce, or verify without it.")                   \
    X(ASSAY_RULE_CERT_HELD,                                                                        \
      "Ask the vendor why the device is on hold, and take it out of service until then.")          \
    X(ASSAY_RULE_GPU_ARCHITECTURE,                                                                 \
      "Use a device that `gpu_architectures` of the policy lists, or add this one to it.")         \
    X(ASSAY_RULE_GPU_MODE, "Set the GPU up in a mode that `gpu_modes` of the policy lists.")       \
    X(ASSAY_RULE_GPU_DRIVER, "Update the driver to the version that the policy names, or newer.")  \
    X(ASSAY_RULE_GPU_STATUS, "Update this verifier, if this status is documented now.")            \
    X(ASSAY_RULE_DEVICE_BINDING,                                                                   \
      "Have the processor quote the report data of exactly these reports, which `assay evidence "  \
      "compose` prints: devices or quote were exchanged on the way otherwise.")                    \
    X(ASSAY_RULE_DEVICE_TWICE, "Give each device of the machine once.")                            \
    X(ASSAY_RULE_DEVICE_COUNT,                                                                     \
      "Find the missing or additional device, or change `gpu_count_min`, `gpu_count_max`, "        \
      "`switch_count_min`, `switch_count_max` of the policy.")                                     \
    X(ASSAY_RULE_GPU_FIRMWARE,                                                                     \
      "Update the firmware of the device to the version that `gpu_firmware_min` names, or newer.") \
    X(ASSAY_RULE_CARRIER_KEY,                                                                      \
      "Do not use this key, which need not be in the TEE: have the TEE make key, evidence and "    \
      "certificate together.")                                                                     \
    X(ASSAY_RULE_PCR_BANK_WEAK,                                                                    \
      "Quote PCRs of the SHA-256 bank; where the TPM has none, a policy of a single verifier may " \
      "have `tpm_weak_banks: warning`, that of a network never.")                                  \
    X(ASSAY_RULE_PCR_BANK_WEAK_NOTE,                                                               \
      "Enable the SHA-256 bank in the firmware's setup: collisions of SHA-1 are practicable.")

#define FIX_CASE(symbol, text)                                                                     \
    case symbol: return text;
const char *assay_rule_fix(enum assay_rule rule)
{
    switch (rule) {
        FIX_LIST(FIX_CASE)
    }
    return "Create new evidence.";
}
#undef FIX_CASE
