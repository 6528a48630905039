/*
 * tests/unit/quote/snp/snp_world.h - AMD vendor for tests with one chip of any product, and a guest
 * on it, with one possible defect.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_SNP_SNP_WORLD_H
#define ASSAY_TESTS_UNIT_QUOTE_SNP_SNP_WORLD_H

#include "quote/accept/policy.h"
#include "quote/amd/snp.h"
#include "quote/collateral/collateral.h"
#include "quote/package.h"
#include "tests/support/authority.h"

enum {
    SNP_FROM = 1600000000,
    SNP_AT = 1750000000,
    SNP_TO = 1900000000,
    SNP_SERIAL_ARK = 0x10000,
    SNP_SERIAL_ASK = 0x10001,
};

/* What of the certificates goes with the report. */
enum { SNP_WITH_VEK = 1, SNP_WITH_ASK = 2, SNP_WITH_ARK = 4, SNP_WITH_ALL = 7 };

struct snp_world {
    struct authority_key *ark_key, *ask_key, *vek_key, *other_key; /* other: RSA of nobody */
    struct authority_certificate ark, ask, vek; /* terms; snp_world_certify makes them */
    struct assay_vek facts;                     /* extensions of the VEK's certificate */
    uint8_t ark_der[AUTHORITY_DER_MAX], ask_der[AUTHORITY_DER_MAX], vek_der[AUTHORITY_DER_MAX];
    size_t ark_len, ask_len, vek_len;
    unsigned with; /* what is packed */

    uint8_t report[ASSAY_SNP_REPORT_LEN];
    uint8_t package[16384];
    size_t package_len;

    bool has_crl;
    struct authority_crl crl;
    uint64_t revoked[4];
    bool bundle_certificates; /* the bundle holds ASK and ARK, and the VEK if bundle_vek */
    bool bundle_vek;
    uint8_t crl_der[AUTHORITY_DER_MAX];
    uint8_t certificates[3 * AUTHORITY_DER_MAX];
    struct assay_collateral_files files;
    struct assay_collateral *collateral;

    struct assay_endorsements endorsements;
    struct assay_policy policy;
    int64_t at_unix_s;
    struct assay_verifier *verifier; /* NULL unless a test sets it */
    struct assay_verdict verdict;
};

/* A world in which the report is genuine: a warning, for want of a revocation list. */
struct snp_world *snp_world_open(enum assay_snp_product product);
/* The same with a VLEK: ASVK, CSP id, masked chip. */
struct snp_world *snp_world_open_vlek(enum assay_snp_product product);
void snp_world_close(struct snp_world *w);
/* Make the certificates by their terms and w->facts. */
void snp_world_certify(struct snp_world *w);
/* Sign the report as it is, with the VEK's key. */
void snp_world_sign(struct snp_world *w);
/* Make list and bundle by their terms and build them; without either there is no bundle. */
void snp_world_publish(struct snp_world *w);
/* Pack and appraise. */
enum assay_status snp_world_judge(struct snp_world *w);
/* Certify, sign, publish, judge; the status is asserted to be ASSAY_OK. */
void snp_world_run(struct snp_world *w);
/* Little-endian fields of the report. */
void snp_world_put(struct snp_world *w, size_t offset, uint64_t value, size_t len);
/* The same TCB version everywhere: reported, committed, current, launch, certificate. */
void snp_world_tcb(struct snp_world *w, struct assay_snp_tcb tcb);
/* One TCB version, at its offset. */
void snp_world_put_tcb(struct snp_world *w, size_t offset, struct assay_snp_tcb tcb);

#endif
