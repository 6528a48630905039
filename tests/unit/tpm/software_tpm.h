/*
 * tests/unit/tpm/software_tpm.h - software TPMs of one vendor, a registrar that trusts the
 * vendor, and a verifier that trusts the registrar. Everything is in a fresh folder, removed at
 * the end.
 */
#ifndef ASSAY_TESTS_UNIT_TPM_SOFTWARE_TPM_H
#define ASSAY_TESTS_UNIT_TPM_SOFTWARE_TPM_H

#include "apps/demo/swtpm.h"
#include "quote/accept/policy.h"
#include "quote/source/tpm/tpm.h"
#include "quote/source/tpm/tpm_registrar.h"

enum { SOFTTPM_TPMS_MAX = 2, SOFTTPM_LEN_MAX = 16384 };

struct softtpm {
    char dir[64];
    size_t count;
    struct swtpm tpms[SOFTTPM_TPMS_MAX];
    struct assay_tpm_registrar registrar;
    struct assay_key maker_root;
    struct assay_certificate maker_issuer;
    struct assay_endorsements endorsements;
    struct assay_policy policy;
    int64_t now_s;
};

/* Skips the test where swtpm is not installed. Asserts. */
void softtpm_open(struct softtpm *softtpm, size_t count);
void softtpm_close(struct softtpm *softtpm);

/* A certified attestation key of TPM number index, under its endorsement key of slot; the
 * certificate lies in the TPM's folder. Asserts. */
void softtpm_enroll(struct softtpm *softtpm, size_t index, uint32_t slot);
/* What the registrar is asked; the bytes stay in *ek and ak. Asserts. */
void softtpm_request(struct softtpm *softtpm, size_t index, uint32_t slot, struct assay_tpm_ek *ek,
                     uint8_t ak[static ASSAY_TPM_PUBLIC_MAX], struct assay_tpm_request *request);
/* Returns: the TPM vendors that the registrar trusts. */
struct assay_tpm_vendors softtpm_vendors(const struct softtpm *softtpm);
/* Returns: an open source of that TPM; asserts. */
struct assay_tpm_source *softtpm_source(struct softtpm *softtpm, size_t index);
/* Evidence over report data that is all fill. Returns: its length; asserts. */
size_t softtpm_quote(struct assay_tpm_source *source, uint8_t fill,
                     uint8_t out[static SOFTTPM_LEN_MAX]);
/* *verdict under the registrar's root. */
void softtpm_verify(const struct softtpm *softtpm, const uint8_t *bytes, size_t len,
                    struct assay_verdict *verdict);

#endif
