/*
 * quote/amd/snp.h - AMD SEV-SNP attestation reports: parsing and appraisal.
 *
 * Sources: "SEV Secure Nested Paging Firmware ABI Specification" (AMD 56860; rev. 1.55 to 1.59:
 * ATTESTATION_REPORT, TCB_VERSION, GUEST_POLICY, PLATFORM_INFO, section 7.3) and "Versioned Chip
 * Endorsement Key (VCEK) Certificate and KDS Interface Specification" (AMD 57230);
 * docs/evidence-rules.md 3.
 */
#ifndef ASSAY_QUOTE_AMD_SNP_H
#define ASSAY_QUOTE_AMD_SNP_H

#include "quote/kinds.h"

enum {
    ASSAY_SNP_REPORT_LEN = 1184,
    ASSAY_SNP_SIGNED_LEN = 0x2a0, /* the signature covers what stands before it */
    ASSAY_SNP_TCB_LEN = 8,
    ASSAY_SNP_CHIP_ID_LEN = 64,
    ASSAY_SNP_VERSION_MIN = 2, /* version 1 was never released with a product */
    ASSAY_SNP_VERSION_MAX = 6, /* rev. 1.59; the specification promises nothing of later ones */
    ASSAY_SNP_SHORT_CHIP_ID_LEN = 8, /* Turin: the other bytes are zero */
};

/* Places of fields, for reasons. */
enum assay_snp_offset {
    ASSAY_SNP_AT_POLICY = 0x08,
    ASSAY_SNP_AT_VMPL = 0x30,
    ASSAY_SNP_AT_CURRENT_TCB = 0x38,
    ASSAY_SNP_AT_KEY_INFO = 0x48,
    ASSAY_SNP_AT_MEASUREMENT = 0x90,
    ASSAY_SNP_AT_HOST_DATA = 0xc0,
    ASSAY_SNP_AT_ID_KEY_DIGEST = 0xe0,
    ASSAY_SNP_AT_AUTHOR_KEY_DIGEST = 0x110,
    ASSAY_SNP_AT_REPORTED_TCB = 0x180,
    ASSAY_SNP_AT_CPUID = 0x188,
    ASSAY_SNP_AT_CHIP_ID = 0x1a0,
    ASSAY_SNP_AT_COMMITTED_TCB = 0x1e0,
    ASSAY_SNP_AT_SIGNATURE = 0x2a0,
};

/* GUEST_POLICY, rev. 1.58. Bits 26 to 63 must be zero. */
enum {
    ASSAY_SNP_POLICY_SMT = 1 << 16,
    ASSAY_SNP_POLICY_MUST_BE_ONE = 1 << 17,
    ASSAY_SNP_POLICY_MIGRATE_MA = 1 << 18,
    ASSAY_SNP_POLICY_DEBUG = 1 << 19,
    ASSAY_SNP_POLICY_SINGLE_SOCKET = 1 << 20,
    ASSAY_SNP_POLICY_RESERVED_FROM = 26,
};

/* Whose key signed: bits 2 to 4 of the word at 48h. 2 to 6 are reserved. */
enum assay_snp_signing_key {
    ASSAY_SNP_KEY_VCEK = 0,
    ASSAY_SNP_KEY_VLEK = 1,
    ASSAY_SNP_KEY_NONE = 7,
};

/* A family of processors that shares root, layout of TCB versions and length of chip ids. */
enum assay_snp_product {
    ASSAY_SNP_PRODUCT_UNKNOWN = 0,
    ASSAY_SNP_MILAN = 1,
    ASSAY_SNP_GENOA = 2, /* also Bergamo and Siena: AMD serves them under Genoa */
    ASSAY_SNP_TURIN = 3,
    ASSAY_SNP_VENICE = 4, /* known by name only: see assay_snp_tcb */
};

/* A TCB_VERSION taken apart. Components that a product does not have are zero. */
struct assay_snp_tcb {
    bool has_fmc;
    uint8_t fmc;
    uint8_t bootloader;
    uint8_t tee;
    uint8_t snp;
    uint8_t microcode;
};

struct assay_snp_report {
    uint32_t version;
    uint32_t guest_svn;
    uint64_t policy;
    uint8_t family_id[16];
    uint8_t image_id[16];
    uint32_t vmpl; /* UINT32_MAX: requested by the host */
    uint32_t signature_algo;
    uint8_t current_tcb[ASSAY_SNP_TCB_LEN];
    uint64_t platform_info;
    uint32_t key_info; /* AUTHOR_KEY_EN, MASK_CHIP_KEY, SIGNING_KEY */
    uint8_t report_data[64];
    uint8_t measurement[48];
    uint8_t host_data[32];
    uint8_t id_key_digest[48];
    uint8_t author_key_digest[48];
    uint8_t report_id[32];
    uint8_t report_id_ma[32];
    uint8_t reported_tcb[ASSAY_SNP_TCB_LEN];
    uint8_t cpuid[3]; /* family, model, stepping: version 3 and later */
    uint8_t chip_id[ASSAY_SNP_CHIP_ID_LEN];
    uint8_t committed_tcb[ASSAY_SNP_TCB_LEN];
    uint8_t current_version[3]; /* of the firmware: build, minor, major */
    uint8_t committed_version[3];
    uint8_t launch_tcb[ASSAY_SNP_TCB_LEN];
    uint64_t launch_mit_vector; /* version 5 and later, else zero */
    uint64_t current_mit_vector;
    bool reserved_set; /* a byte that the version reserves is not zero */
    uint32_t reserved_offset;
    struct assay_slice signed_part;
    struct assay_signature signature; /* r | s, big-endian */
};

/*
 * assay_snp_parse - read one report.
 *
 * Versions 2 to 6: version 3 added the CPUID, 5 the mitigation vectors, 6 the extended TCB, all in
 * space that was reserved; 4 is not documented in public and differs in no field that is. Bytes
 * that a version reserves are looked at by the appraisal and not here, for they are signed.
 * In:      bytes[len], hostile
 * Out:     *report, written only on ASSAY_OK; signed_part borrows from bytes
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_UNSUPPORTED (version,
 *          algorithm) | ASSAY_E_ENCODING (bytes that are not signed and must be zero are not)
 */
ASSAY_CHECKED enum assay_status assay_snp_parse(const uint8_t *bytes, size_t len,
                                                struct assay_snp_report *report);
/* Returns: declared signing key of the report; may be a reserved number */
enum assay_snp_signing_key assay_snp_signing_key(const struct assay_snp_report *report);
/* Combined family and model of CPUID leaf 1. Returns: UNKNOWN for any other processor */
enum assay_snp_product assay_snp_product_of_cpu(uint8_t family, uint8_t model);
/* The product extension of an endorsement key: "Milan-B0", "Genoa". Only the whole name and a
 * whole stepping count. Returns: UNKNOWN for anything else */
enum assay_snp_product assay_snp_product_of_name(const char *name);
/* Returns: the product by the report's CPUID; UNKNOWN also for version 2, which has none */
enum assay_snp_product assay_snp_report_product(const struct assay_snp_report *report);
/* Returns: "Milan", "Genoa", "Turin", "Venice"; "unknown" */
const char *assay_snp_product_text(enum assay_snp_product product);
/* Is the layout of its TCB versions known here? Venice's also needs the extended TCB.
 * Returns: true for Milan, Genoa, Turin */
bool assay_snp_product_supported(enum assay_snp_product product);
/*
 * assay_snp_tcb - the components of a TCB_VERSION. UNKNOWN reads as Milan: the products of version
 * 2, which names none, have one layout.
 * Returns: the components
 */
struct assay_snp_tcb assay_snp_tcb(enum assay_snp_product product,
                                   const uint8_t raw[static ASSAY_SNP_TCB_LEN]);
/* Are the bytes zero that the layout does not use? Returns: true when so */
bool assay_snp_tcb_clean(enum assay_snp_product product,
                         const uint8_t raw[static ASSAY_SNP_TCB_LEN]);
/* Component by component. Returns: true when no component of a is above that of b */
bool assay_snp_tcb_covers(const struct assay_snp_tcb *b, const struct assay_snp_tcb *a);

/* A report with its certificates: a package of its own, or a part of one. */
struct assay_snp_subject {
    struct assay_slice report;
    const struct assay_slice *certificates; /* DER or PEM, in any order */
    size_t certificate_count;               /* at most ASSAY_PACKAGE_CERTIFICATES_MAX */
};

/*
 * assay_snp_appraise - complete appraisal of a report: signature, endorsement key, chain,
 * revocation, TCB, policy. Also of the report inside a paravisor's evidence.
 *
 * Sets the proofs REPORT_SIGNATURE, CHAIN, VEK_TCB and, where chip ids are compared, CHIP_ID; fills
 * report data, measurement, debug and platform; offsets in reasons are those in the report. The
 * caller sets verdict->appraised, concludes, and may replace the claims by its own.
 * In:      request->kind selects the endorsements; request->bytes is not looked at
 * Returns: what assay_snp_parse says | ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_snp_appraise(const struct assay_snp_subject *subject,
                                                   struct assay_verifier *verifier,
                                                   const struct assay_evidence_request *request,
                                                   struct assay_verdict *verdict);

#endif
