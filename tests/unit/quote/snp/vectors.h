/*
 * tests/unit/quote/snp/vectors.h - genuine SNP reports with their certificates, ready for
 * appraisal.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_SNP_VECTORS_H
#define ASSAY_TESTS_UNIT_QUOTE_SNP_VECTORS_H

#include "net/json/json.h"
#include "quote/accept/policy.h"
#include "quote/amd/snp.h"
#include "quote/collateral/collateral.h"
#include "quote/package.h"

enum { SNP_PACKAGE_MAX = 16384, SNP_PIECES_MAX = 4 };

struct snp_case {
    uint8_t *report; /* of malloc, like the others */
    size_t report_len;
    size_t count;
    uint8_t *pieces[SNP_PIECES_MAX]; /* certificates as they stand in the files */
    size_t pieces_len[SNP_PIECES_MAX];
    uint8_t package[SNP_PACKAGE_MAX];
    size_t package_len;
    struct assay_endorsements endorsements; /* the ARK of the case, no collateral */
    struct assay_policy policy;
    int64_t at_unix_s;
    struct assay_verifier *verifier; /* NULL unless a test sets it */
    struct assay_verdict verdict;
};

/* The manifest, or a skipped test where there are no vectors. Freed by the caller. */
struct assay_json *snp_manifest(void);
/* Is it a case with a report and certificates of its own? */
bool snp_is_case(const struct assay_json *item);
/* Reads files and time of a case of the manifest. */
struct snp_case *snp_case_open(const struct assay_json *item);
/* The case of that id, with the default policy. Skips where there are no vectors. */
struct snp_case *snp_case_find(const char *id);
void snp_case_close(struct snp_case *c);
/* Puts report and the certificates that the bits of mask name into the package. */
void snp_case_pack(struct snp_case *c, unsigned mask);
/* Appraises the package; the verdict is in c->verdict. */
enum assay_status snp_case_judge(struct snp_case *c);

#endif
