/*
 * quote/policy.h - what operators accept, as data (docs/protocol.md 3).
 *
 * A policy is a value: read from YAML by quote/yaml.h, or from its canonical CBOR (genesis,
 * records), which is what its digest covers. The default is the one of `assay evidence verify`
 * without --policy.
 */
#ifndef ASSAY_QUOTE_POLICY_H
#define ASSAY_QUOTE_POLICY_H

#include "base/writer.h"
#include "quote/verify.h"

enum assay_profile { ASSAY_PROFILE_PRODUCTION = 0, ASSAY_PROFILE_DEVELOPMENT = 1 };

/* What a TCB status earns. */
enum assay_acceptance {
    ASSAY_ACCEPT_REFUSED = 0, /* FAIL soft */
    ASSAY_ACCEPT_WARNING = 1,
    ASSAY_ACCEPT_AFFIRMING = 2,
};

struct assay_status_rule {
    enum assay_acceptance acceptance;
    bool has_grace;
    uint64_t grace_s; /* counted from the day on which something better existed */
};

enum assay_reference_state {
    ASSAY_REFERENCE_ALLOWED = 0,
    ASSAY_REFERENCE_RETIRING = 1, /* accepted with a warning */
    ASSAY_REFERENCE_DENIED = 2,
};

enum assay_reference_field {
    ASSAY_REFERENCE_MRENCLAVE = 0,
    ASSAY_REFERENCE_MRSIGNER = 1,
    ASSAY_REFERENCE_MRTD = 2,
    ASSAY_REFERENCE_RTMR0 = 3,
    ASSAY_REFERENCE_RTMR1 = 4,
    ASSAY_REFERENCE_RTMR2 = 5,
    ASSAY_REFERENCE_RTMR3 = 6,
    ASSAY_REFERENCE_MRSEAM = 7,
    ASSAY_REFERENCE_MRCONFIGID = 8,
    ASSAY_REFERENCE_MROWNER = 9,
    ASSAY_REFERENCE_MROWNERCONFIG = 10,
    ASSAY_REFERENCE_MRSERVICETD = 11,
    ASSAY_REFERENCE_SNP_MEASUREMENT = 12,
    ASSAY_REFERENCE_HOST_DATA = 13,
    ASSAY_REFERENCE_ID_KEY_DIGEST = 14,
    ASSAY_REFERENCE_AUTHOR_KEY_DIGEST = 15,
    ASSAY_REFERENCE_RIM = 16, /* CCA: realm initial measurement; 32, 48 or 64 bytes */
    ASSAY_REFERENCE_REM0 = 17, /* to REM3 = 20 */
    ASSAY_REFERENCE_CCA_IMPLEMENTATION = 21,
    ASSAY_REFERENCE_PCR0 = 32, /* to PCR23 = 55: Nitro (48 bytes), TPM (32 bytes, SHA-256 bank) */
};
enum { ASSAY_REFERENCE_FIELDS = 56 };

struct assay_reference {
    enum assay_reference_field field;
    enum assay_reference_state state;
    uint8_t value[ASSAY_MEASUREMENT_MAX];
    uint32_t value_len; /* 32, 48 or 64, by the field */
    bool has_not_before;
    int64_t not_before_s;
    bool has_not_after;
    int64_t not_after_s;
    uint16_t isvsvn_min; /* MRENCLAVE and MRSIGNER: least ISVSVN under this reference */
};

enum {
    ASSAY_POLICY_ROOTS_MAX = 16,
    ASSAY_REFERENCES_MAX = 128,
    ASSAY_POLICY_ADVISORIES_MAX = 64,
    ASSAY_ROOT_NAME_MAX = 32,
    ASSAY_POLICY_LEN_MAX = 40960, /* encoded; all tables full take about 26 KB */
};

struct assay_policy_root {
    char name[ASSAY_ROOT_NAME_MAX]; /* for people */
    struct assay_key key;
    uint32_t kinds; /* ASSAY_KIND_BIT */
};

/* What a TEE may be beyond its measurement and its TCB status. */
struct assay_platform_rules {
    enum assay_acceptance service_td;      /* TDX: a bound service TD; default WARNING */
    enum assay_acceptance sept_ve_enabled; /* TDX: without SEPT_VE_DISABLE; default WARNING */
    uint8_t vmpl_max;                      /* SNP, 0 to 3; above 0 is a warning; default 3 */
    bool allow_migration_agent;            /* SNP; default false */
    bool allow_smt;                        /* SNP; default true */
    bool require_single_socket;            /* SNP; default false */
    bool require_crl; /* kinds beyond SGX and TDX: no list is unjudged, not a warning */
    /* Least reported TCB of an SNP platform: boot loader, TEE, SNP, microcode, FMC. */
    uint8_t snp_tcb_min[5];
};

struct assay_policy {
    enum assay_profile profile;
    uint32_t kinds; /* accepted kinds of evidence */
    struct assay_status_rule statuses[ASSAY_TCB_STATUS_COUNT];
    uint32_t evaluation_number_min; /* 0: none */
    uint16_t pcesvn_min;
    uint8_t tee_tcb_svn_min[16]; /* TDX */
    struct assay_platform_rules platform;
    uint32_t root_count;
    struct assay_policy_root roots[ASSAY_POLICY_ROOTS_MAX];
    uint32_t advisory_count;
    char advisories_denied[ASSAY_POLICY_ADVISORIES_MAX][ASSAY_ADVISORY_TEXT];
    uint32_t
        reference_count; /* a field that has allowed or retiring entries accepts nothing else */
    struct assay_reference references[ASSAY_REFERENCES_MAX];
};

/*
 * assay_policy_default - UpToDate and SWHardeningNeeded affirming; ConfigurationNeeded,
 * ConfigurationAndSWHardeningNeeded, OutOfDate, OutOfDateConfigurationNeeded, TDRelaunchAdvised
 * warning, without end of grace; profile production; every kind; the platform rules' defaults; no
 * roots, no references.
 * Returns: nothing
 */
void assay_policy_default(struct assay_policy *policy);
/*
 * assay_policy_check - is every field within its bounds and the whole consistent?
 * Returns: ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_INVALID (Revoked or NotSupported accepted, a value of
 * the wrong length, an empty window)
 */
ASSAY_CHECKED enum assay_status assay_policy_check(const struct assay_policy *policy);
/* Canonical CBOR. Returns: nothing; the writer says whether it fit. */
void assay_policy_encode(const struct assay_policy *policy, struct assay_writer *w);
/*
 * Returns: ASSAY_OK | what assay_policy_check says | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING |
 * ASSAY_E_ENCODING | ASSAY_E_TYPE | ASSAY_E_UNSUPPORTED; *policy untouched unless ASSAY_OK
 */
ASSAY_CHECKED enum assay_status assay_policy_decode(const uint8_t *bytes, size_t len,
                                                    struct assay_policy *policy);
/* SHA-256 of the encoding. Returns: nothing. */
void assay_policy_digest(const struct assay_policy *policy, uint8_t digest[static 32]);

#endif
