/*
 * quote/accept/policy.h - appraisal policy as data (docs/protocol.md 3.10: what operators accept).
 *
 * A policy is a value: read from YAML by quote/yaml.h, or from its canonical CBOR (genesis,
 * records), which is what its digest covers. The default is the one of `assay evidence verify`
 * without --policy.
 */
#ifndef ASSAY_QUOTE_ACCEPT_POLICY_H
#define ASSAY_QUOTE_ACCEPT_POLICY_H

#include "base/writer.h"
#include "quote/accept/gpu.h"
#include "quote/accept/roots.h"
#include "quote/request.h"

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

/* How long the values of a field are. */
enum { ASSAY_FIELD_32 = 1, ASSAY_FIELD_48 = 2, ASSAY_FIELD_64 = 4, ASSAY_FIELD_20 = 8 };

/* symbol, number (never reused), name in policy files, lengths, kinds that measure it */
#define ASSAY_REFERENCE_FIELD_LIST(X)                                                              \
    X(MRENCLAVE, 0, "mrenclave", ASSAY_FIELD_32, ASSAY_KINDS_SGX)                                  \
    X(MRSIGNER, 1, "mrsigner", ASSAY_FIELD_32, ASSAY_KINDS_SGX)                                    \
    X(MRTD, 2, "mrtd", ASSAY_FIELD_48, ASSAY_KINDS_TDX)                                            \
    X(RTMR0, 3, "rtmr0", ASSAY_FIELD_48, ASSAY_KINDS_TDX)                                          \
    X(RTMR1, 4, "rtmr1", ASSAY_FIELD_48, ASSAY_KINDS_TDX)                                          \
    X(RTMR2, 5, "rtmr2", ASSAY_FIELD_48, ASSAY_KINDS_TDX)                                          \
    X(RTMR3, 6, "rtmr3", ASSAY_FIELD_48, ASSAY_KINDS_TDX)                                          \
    X(MRSEAM, 7, "mrseam", ASSAY_FIELD_48, ASSAY_KINDS_TDX)                                        \
    X(MRCONFIGID, 8, "mrconfigid", ASSAY_FIELD_48, ASSAY_KINDS_TDX)                                \
    X(MROWNER, 9, "mrowner", ASSAY_FIELD_48, ASSAY_KINDS_TDX)                                      \
    X(MROWNERCONFIG, 10, "mrownerconfig", ASSAY_FIELD_48, ASSAY_KINDS_TDX)                         \
    X(MRSERVICETD, 11, "mrservicetd", ASSAY_FIELD_48, ASSAY_KINDS_TDX)                             \
    X(SNP_MEASUREMENT, 12, "snp_measurement", ASSAY_FIELD_48, ASSAY_KINDS_SNP)                     \
    X(HOST_DATA, 13, "host_data", ASSAY_FIELD_32, ASSAY_KINDS_SNP)                                 \
    X(ID_KEY_DIGEST, 14, "id_key_digest", ASSAY_FIELD_48, ASSAY_KINDS_SNP)                         \
    X(AUTHOR_KEY_DIGEST, 15, "author_key_digest", ASSAY_FIELD_48, ASSAY_KINDS_SNP)                 \
    ASSAY_REFERENCE_REALM(X, RIM, 16, "rim")                                                       \
    ASSAY_REFERENCE_REALM(X, REM0, 17, "rem0")                                                     \
    ASSAY_REFERENCE_REALM(X, REM1, 18, "rem1")                                                     \
    ASSAY_REFERENCE_REALM(X, REM2, 19, "rem2")                                                     \
    ASSAY_REFERENCE_REALM(X, REM3, 20, "rem3")                                                     \
    X(CCA_IMPLEMENTATION, 21, "cca_implementation", ASSAY_FIELD_32, ASSAY_KINDS_CCA)               \
    ASSAY_REFERENCE_PCR(X, 0, 32)                                                                  \
    ASSAY_REFERENCE_PCR(X, 1, 33)                                                                  \
    ASSAY_REFERENCE_PCR(X, 2, 34)                                                                  \
    ASSAY_REFERENCE_PCR(X, 3, 35)                                                                  \
    ASSAY_REFERENCE_PCR(X, 4, 36)                                                                  \
    ASSAY_REFERENCE_PCR(X, 5, 37)                                                                  \
    ASSAY_REFERENCE_PCR(X, 6, 38)                                                                  \
    ASSAY_REFERENCE_PCR(X, 7, 39)                                                                  \
    ASSAY_REFERENCE_PCR(X, 8, 40)                                                                  \
    ASSAY_REFERENCE_PCR(X, 9, 41)                                                                  \
    ASSAY_REFERENCE_PCR(X, 10, 42)                                                                 \
    ASSAY_REFERENCE_PCR(X, 11, 43)                                                                 \
    ASSAY_REFERENCE_PCR(X, 12, 44)                                                                 \
    ASSAY_REFERENCE_PCR(X, 13, 45)                                                                 \
    ASSAY_REFERENCE_PCR(X, 14, 46)                                                                 \
    ASSAY_REFERENCE_PCR(X, 15, 47)                                                                 \
    ASSAY_REFERENCE_PCR(X, 16, 48)                                                                 \
    ASSAY_REFERENCE_PCR(X, 17, 49)                                                                 \
    ASSAY_REFERENCE_PCR(X, 18, 50)                                                                 \
    ASSAY_REFERENCE_PCR(X, 19, 51)                                                                 \
    ASSAY_REFERENCE_PCR(X, 20, 52)                                                                 \
    ASSAY_REFERENCE_PCR(X, 21, 53)                                                                 \
    ASSAY_REFERENCE_PCR(X, 22, 54)                                                                 \
    ASSAY_REFERENCE_PCR(X, 23, 55)

/* A realm is measured with the hash that its creator chose. */
#define ASSAY_REFERENCE_REALM(X, symbol, number, name)                                             \
    X(symbol, number, name, ASSAY_FIELD_32 | ASSAY_FIELD_48 | ASSAY_FIELD_64, ASSAY_KINDS_CCA)
/* 48 bytes: Nitro; of a TPM 32 bytes: its SHA-256 bank, 20: its SHA-1 bank. */
#define ASSAY_REFERENCE_PCR(X, index, number)                                                      \
    X(PCR##index, number, "pcr" #index, ASSAY_FIELD_20 | ASSAY_FIELD_32 | ASSAY_FIELD_48,          \
      ASSAY_KINDS_NITRO | ASSAY_KINDS_TPM)

#define ASSAY_REFERENCE_FIELD_ENUM(symbol, number, name, lengths, kinds)                           \
    ASSAY_REFERENCE_##symbol = number,
enum assay_reference_field { ASSAY_REFERENCE_FIELD_LIST(ASSAY_REFERENCE_FIELD_ENUM) };
#undef ASSAY_REFERENCE_FIELD_ENUM
enum { ASSAY_REFERENCE_FIELDS = 56 }; /* numbers are below; 22 to 31 are unassigned */
/* Sets of fields, as bits: those that name what runs (quote/kinds.h). */
#define ASSAY_PROGRAM_BIT(name) (UINT64_C(1) << ASSAY_REFERENCE_##name)
#define ASSAY_PROGRAM_PCRS      (UINT64_C(0xffffff) << ASSAY_REFERENCE_PCR0)

struct assay_reference {
    enum assay_reference_field field;
    enum assay_reference_state state;
    uint8_t value[ASSAY_MEASUREMENT_MAX];
    uint32_t value_len; /* 20, 32, 48 or 64, by the field */
    bool has_not_before;
    int64_t not_before_s;
    bool has_not_after;
    int64_t not_after_s;
    uint16_t isvsvn_min; /* MRENCLAVE and MRSIGNER: least ISVSVN under this reference */
};

/*
 * Policy entries for events in a log that accompanies the evidence (docs/evidence-rules.md 6.9).
 * Types and data of events prove nothing, their digests do: an entry is about a register of
 * firmware, or about a file of IMA, and about digests.
 */
enum assay_event_state {
    ASSAY_EVENT_ALLOWED = 0,  /* register or file takes nothing else */
    ASSAY_EVENT_RETIRING = 1, /* the same, with a warning */
    ASSAY_EVENT_DENIED = 2,
    ASSAY_EVENT_REQUIRED = 3, /* allowed; one of those of its register and type, or of its file,
                                 must occur */
};

enum {
    ASSAY_EVENT_REFERENCES_MAX = 64,
    ASSAY_EVENT_REFERENCE_TEXT = 96,
};

struct assay_event_reference {
    bool is_file; /* of IMA; else an event of firmware */
    enum assay_event_state state;
    enum assay_reference_field field; /* firmware: the register, an RTMR or a PCR; file: 0 */
    bool has_type;                    /* firmware: events of this type alone */
    uint32_t type;
    /* File: its name. Firmware: the data whose hash is the digest, where no digest is given. */
    char text[ASSAY_EVENT_REFERENCE_TEXT];
    uint32_t value_len; /* 0 (text), 32, 48, 64; of a file 20, 32, 48, 64 */
    uint8_t value[ASSAY_MEASUREMENT_MAX];
};

enum {
    ASSAY_POLICY_ROOTS_MAX = 16,
    ASSAY_REFERENCES_MAX = 128,
    ASSAY_POLICY_ADVISORIES_MAX = 64,
    ASSAY_ROOT_NAME_MAX = 32,
    ASSAY_VMPL_MAX = 3,
    ASSAY_POLICY_LEN_MAX = 40960, /* encoded; proven to suffice in policy_wire.c */
};

/* What a certificate of a TPM's attestation key looks like under a root (evidence-rules.md 7). */
enum assay_ak_form {
    ASSAY_AK_TCG = 0,    /* it names the purpose 2.23.133.8.3 */
    ASSAY_AK_GOOGLE = 1, /* of Google's virtual TPMs: no purpose, an extension names the instance */
    ASSAY_AK_AZURE = 2,  /* of Azure's virtual machines: as TCG, the subject names the instance */
};
enum { ASSAY_AK_FORMS = 3 };

struct assay_policy_root {
    char name[ASSAY_ROOT_NAME_MAX]; /* for people */
    struct assay_key key;
    uint32_t kinds;        /* ASSAY_KIND_BIT */
    enum assay_ak_form ak; /* opt-in: other than TCG for roots of TPMs alone */
};

/* What a TEE may be beyond its measurement and its TCB status. */
struct assay_platform_rules {
    enum assay_acceptance service_td;      /* TDX: a bound service TD; default WARNING */
    enum assay_acceptance sept_ve_enabled; /* TDX: without SEPT_VE_DISABLE; default WARNING */
    /* TD 1.5: the module that runs now is worse than the one at the launch. */
    enum assay_acceptance td_now_out_of_date; /* default WARNING */
    enum assay_acceptance td_now_revoked;     /* REFUSED or WARNING; default REFUSED */
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
    bool has_collateral_age;        /* documents and lists issued longer ago are not used */
    uint64_t collateral_age_max_s;
    uint16_t pcesvn_min;
    uint8_t tee_tcb_svn_min[16]; /* TDX */
    struct assay_platform_rules platform;
    struct assay_gpu_rules gpu;
    uint32_t root_count;
    struct assay_policy_root roots[ASSAY_POLICY_ROOTS_MAX];
    uint32_t advisory_count;
    char advisories_denied[ASSAY_POLICY_ADVISORIES_MAX][ASSAY_ADVISORY_TEXT];
    uint32_t
        reference_count; /* a field that has allowed or retiring entries accepts nothing else */
    struct assay_reference references[ASSAY_REFERENCES_MAX];
    enum assay_acceptance ima_unknown; /* files that no entry names, if any names one; WARNING */
    uint32_t event_count;
    struct assay_event_reference events[ASSAY_EVENT_REFERENCES_MAX];
    /* PCRs that a TPM quotes in its SHA-1 bank alone: REFUSED (default) or WARNING. Networks have
     * REFUSED (docs/evidence-rules.md 7.5). */
    enum assay_acceptance tpm_weak_banks;
    /* The form of an SVSM (quote/tpm/svsm.h) is malformed, as versions before it find: set in
     * networks, whose members agree on verdicts (docs/evidence-rules.md 5.2). No part of the
     * encoding. */
    bool refuses_svsm;
};

/*
 * assay_policy_default - UpToDate and SWHardeningNeeded affirming; ConfigurationNeeded,
 * ConfigurationAndSWHardeningNeeded, OutOfDate, OutOfDateConfigurationNeeded, TDRelaunchAdvised
 * warning, without end of grace; profile production; every kind; the platform rules' defaults; no
 * roots, no references.
 */
void assay_policy_default(struct assay_policy *policy);
/*
 * assay_policy_check - is every field within its bounds, and are they consistent?
 * Returns: ASSAY_OK | ASSAY_E_RANGE (also: an unknown kind) | ASSAY_E_INVALID (Revoked or
 *          NotSupported accepted, a value of the wrong length, an empty window)
 */
ASSAY_CHECKED enum assay_status assay_policy_check(const struct assay_policy *policy);

/* --- fields, quote/accept/policy_field.c */
/* Returns: the name in policy files; "unknown" outside the list. */
const char *assay_reference_field_name(enum assay_reference_field field);
/* Returns: ASSAY_OK | ASSAY_E_NOT_FOUND */
ASSAY_CHECKED enum assay_status assay_reference_field_parse(const char *name, size_t len,
                                                            enum assay_reference_field *field);
/* Returns: true for a number of the list. */
bool assay_reference_field_is_known(enum assay_reference_field field);
/* Returns: true for PCR0 to PCR23. */
bool assay_reference_field_is_pcr(enum assay_reference_field field);
/* Returns: true when a value of that many bytes may stand in the field; false for no field. */
bool assay_reference_field_fits(enum assay_reference_field field, size_t value_len);
/* Returns: the kinds that measure the field with values so long; 0 for no field. */
uint32_t assay_reference_field_kinds(enum assay_reference_field field, size_t value_len);
/* Returns: true for RTMR0 to RTMR3 and PCR0 to PCR23, which events extend. */
bool assay_reference_field_is_logged(enum assay_reference_field field);
const char *assay_event_state_name(enum assay_event_state state);         /* Returns: "required" */
const char *assay_reference_state_name(enum assay_reference_state state); /* Returns: "allowed" */
const char *assay_policy_acceptance_name(
    enum assay_acceptance acceptance); /* Returns: "affirming" */

/* Returns: "tcg", "google", "azure". */
const char *assay_ak_form_name(enum assay_ak_form form);
/* The form of the first entry with the key that may vouch for the kind. Returns: ASSAY_AK_TCG when
 * there is none */
enum assay_ak_form assay_policy_ak_form(const struct assay_policy *policy,
                                        const struct assay_key *key, enum assay_evidence_kind kind);
/* Returns: "intel-sgx", "amd-milan", ...: how policy files name a pinned root. */
const char *assay_pinned_root_name(enum assay_pinned_root which);

/* --- bytes, quote/accept/policy_wire.c */
/* Canonical CBOR. The writer reports overflow. */
void assay_policy_encode(const struct assay_policy *policy, struct assay_writer *w);
/*
 * Returns: ASSAY_OK | as assay_policy_check | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING |
 *          ASSAY_E_ENCODING | ASSAY_E_TYPE | ASSAY_E_UNSUPPORTED (another version of the format);
 *          *policy untouched unless ASSAY_OK
 */
ASSAY_CHECKED enum assay_status assay_policy_decode(const uint8_t *bytes, size_t len,
                                                    struct assay_policy *policy);
/* SHA-256 of the encoding. */
void assay_policy_digest(const struct assay_policy *policy, uint8_t digest[static 32]);

#endif
