/*
 * tests/unit/tpm/vtpm_world.h - paravisor for tests on a chip, or in a trust domain, with one
 * possible defect.
 */
#ifndef ASSAY_TESTS_UNIT_TPM_VTPM_WORLD_H
#define ASSAY_TESTS_UNIT_TPM_VTPM_WORLD_H

#include "quote/tpm/svsm.h"
#include "quote/tpm/vtpm.h"
#include "tests/unit/quote/intel/td_world.h"
#include "tests/unit/quote/snp/snp_world.h"

enum { VTPM_MAX = 24576, VTPM_TEXT = 2048, VTPM_MANIFEST_MAX = 4096 };

/* Forms of an SVSM's manifest; without one the blob is a paravisor's of Azure. */
enum vtpm_svsm { VTPM_HCL = 0, VTPM_SVSM_TABLE, VTPM_SVSM_EK, VTPM_SVSM_LIST };

/* A key of the manifest, RSA 2048: it signs, or decrypts as endorsement keys do. */
struct vtpm_svsm_key {
    const struct authority_key *key;
    uint32_t attributes;
};
enum {
    VTPM_SIGNS = ASSAY_TPM_FIXED_TPM | ASSAY_TPM_SENSITIVE_DATA_ORIGIN | ASSAY_TPM_RESTRICTED |
                 ASSAY_TPM_SIGN,
    VTPM_DECRYPTS = ASSAY_TPM_FIXED_TPM | ASSAY_TPM_SENSITIVE_DATA_ORIGIN | ASSAY_TPM_RESTRICTED |
                    ASSAY_TPM_DECRYPT,
};

/* Everything may be changed between vtpm_open and vtpm_judge. */
struct vtpm {
    bool is_tdx;
    struct snp_world *snp; /* one of the two */
    struct td_world *td;
    struct authority_key *ak, *other; /* RSA 2048 */
    char runtime[VTPM_TEXT];          /* JSON */
    uint32_t magic, report_type, hash_type;
    size_t tail_len;    /* zeros after the runtime data */
    bool unbound;       /* the hardware reports something else */
    bool quote_unbound; /* TDX: the quote does, and the blob does not */
    bool no_quote;      /* TDX */
    bool bare;          /* the blob alone */
    bool has_key, other_key;
    enum vtpm_svsm svsm;
    struct vtpm_svsm_key keys[ASSAY_SVSM_KEYS_MAX];
    size_t key_count;
    uint8_t manifest[VTPM_MANIFEST_MAX]; /* of the last build */
    size_t manifest_len;
    struct assay_slice given;       /* the manifest in its place; empty: none */
    struct assay_slice certificate; /* of the attestation key; empty: none */
    struct authority_key *signer;
    bool tampered_values;
    uint8_t nonce[64];
    size_t nonce_len;
    uint8_t evidence[VTPM_MAX];
    size_t len;
    struct assay_endorsements endorsements;
    struct assay_policy policy;
    struct assay_verdict verdict;
};

/* Genuine evidence over the challenge "abc", all 24 PCRs being their own number. Asserts. */
struct vtpm *vtpm_open(bool is_tdx);
void vtpm_close(struct vtpm *v);
/* Hardware report, blob, TPM quote and package anew by the other fields. */
void vtpm_build(struct vtpm *v);
/* Returns: the status; v->verdict. */
enum assay_status vtpm_verify(struct vtpm *v);
/* The same machine under an SVSM whose manifest has the attestation key, and a policy that names
 * this SVSM. */
void vtpm_take_svsm(struct vtpm *v, enum vtpm_svsm form);
/* Runtime data naming that key under that id. */
void vtpm_runtime(struct vtpm *v, const char *kid, const struct authority_key *key);

#endif
