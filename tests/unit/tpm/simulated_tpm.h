/*
 * tests/unit/tpm/simulated_tpm.h - simulated TPM for tests: quotes signed by a test key, with
 * every defect that a test needs, under a test registrar.
 */
#ifndef ASSAY_TESTS_UNIT_TPM_SIMULATED_TPM_H
#define ASSAY_TESTS_UNIT_TPM_SIMULATED_TPM_H

#include "quote/accept/policy.h"
#include "quote/collateral/collateral.h"
#include "quote/source/tpm/tpm_registrar.h"
#include "quote/source/tpm/tpm_x509.h"

enum { SIMTPM_MAX = 8192, SIMTPM_VALUES = 1024, SIMTPM_NOW = 1800000000, SIMTPM_DAY = 86400 };

/* Everything may be changed between paper_make and paper_build. */
struct simtpm {
    struct assay_secret32 secret;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    struct assay_tpm_registrar registrar;
    /* the quote */
    uint32_t magic;
    uint16_t type;
    uint8_t extra[80];
    size_t extra_len;
    uint8_t safe;
    size_t bank_count;
    struct assay_tpm_bank banks[ASSAY_TPM_BANKS_MAX + 1];
    uint8_t select_len;
    uint8_t values[SIMTPM_VALUES];
    size_t values_len;
    bool other_digest; /* not that of the values */
    /* the key */
    uint32_t attributes;
    uint16_t scheme, scheme_hash;
    bool bare_key, no_key; /* SubjectPublicKeyInfo; nothing at all */
    /* the signature */
    bool der_signature, no_signature, no_values;
    uint16_t signature_scheme, signature_hash;
    /* what goes along */
    bool has_report_data;
    uint8_t report_data[64];
    struct assay_tpm_certificate certificate;
    struct assay_key key;
    uint8_t ek_name[32];
    size_t certificate_count; /* 0: none, 1: the key's, 2: the registrar's too */
    struct assay_slice extra_certificate; /* beside them, last */
    bool keep_certificate;    /* that of the last paper_build: each has another signature */
    uint8_t certificate_der[ASSAY_TPM_CERTIFICATE_MAX];
    size_t certificate_len;
    /* who judges */
    struct assay_endorsements endorsements;
    struct assay_collateral *collateral; /* of malloc */
    struct assay_policy policy;
    struct assay_verifier *verifier; /* NULL unless a test sets it */
    size_t len;
    uint8_t evidence[SIMTPM_MAX];
};

/* Genuine evidence over report data of 64 bytes 7, PCRs 0 and 23; no revocation list. Asserts. */
void simtpm_make(struct simtpm *p);
/* P->evidence[p->len]. Asserts. */
void simtpm_build(struct simtpm *p);
/* The registrar's list with that serial (NULL: none) becomes the collateral. Asserts. */
void simtpm_list(struct simtpm *p, const uint8_t *revoked, int64_t from_s, int64_t to_s);
/* Returns: the status; *verdict at PAPER_NOW. With a verifier: both are asserted to be the same
 * with it and without. */
enum assay_status simtpm_verify(const struct simtpm *p, struct assay_verdict *verdict);
/* build, verify, and once more with what is remembered. Asserts ASSAY_OK */
void simtpm_appraise(struct simtpm *p, struct assay_verdict *verdict);
void simtpm_free(struct simtpm *p);

#endif
