/*
 * quote/kinds.h - the table of evidence kinds: a new kind is one file and one row.
 *
 * A row says how the bytes are recognised and which function appraises them. Kinds of Intel's
 * ECDSA quotes and SOFT share quote/intel/dcap.c and are told apart by version, TEE type and
 * vendor; a kind of another shape brings its own detect, length and verify, and may come as a
 * package (quote/package.h).
 */
#ifndef ASSAY_QUOTE_KINDS_H
#define ASSAY_QUOTE_KINDS_H

#include "base/cursor.h"
#include "quote/accept/policy.h"
#include "quote/verify.h"

struct assay_quote;

struct assay_kind {
    enum assay_evidence_kind kind;
    /* --- kinds of other shapes; NULL for quotes */
    /* Do the bare bytes look like this kind? Nothing is verified. */
    bool (*detect)(const uint8_t *bytes, size_t len);
    /* As assay_evidence_length, of bare bytes. */
    enum assay_status (*length)(const uint8_t *bytes, size_t len, size_t *declared);
    /* --- quotes */
    uint16_t version;            /* of the quote format */
    uint32_t tee_type;           /* header field */
    const uint8_t *qe_vendor_id; /* 16 bytes that the header must carry */
    bool nested_certification; /* version 4 on: QE report inside certification data of type 6 */
    bool is_tdx;
    bool insecure; /* refused by profile production */
    /* Debug, reserved bits, measurements: fills the verdict's claims and adds reasons. */
    void (*judge_body)(const struct assay_quote *quote, const struct assay_policy *policy,
                       struct assay_verdict *verdict);
    /* Appraises the whole. */
    enum assay_status (*verify)(const struct assay_kind *kind, struct assay_verifier *verifier,
                                const struct assay_evidence_request *request,
                                struct assay_verdict *verdict);
};

/*
 * assay_kind_find - the row of a kind.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND
 */
ASSAY_CHECKED enum assay_status assay_kind_find(enum assay_evidence_kind kind,
                                                struct assay_kind *row);
/* Row number index, for going through all. Returns: ASSAY_OK | ASSAY_E_NOT_FOUND past the last */
ASSAY_CHECKED enum assay_status assay_kind_at(size_t index, struct assay_kind *row);

/*
 * One row each, in the file that is named like it. Functions and not constants, because a
 * constant with pointers is writable data to the loader, and the core has none. Each
 * Returns: the row.
 */
struct assay_kind assay_kind_sgx3(void);
struct assay_kind assay_kind_tdx4(void);
struct assay_kind assay_kind_soft(void);
struct assay_kind assay_kind_sgx4(void);
struct assay_kind assay_kind_sgx5(void);
struct assay_kind assay_kind_tdx5(void);
struct assay_kind assay_kind_snp(void);
struct assay_kind assay_kind_nitro(void);
struct assay_kind assay_kind_cca(void);
struct assay_kind assay_kind_tpm(void);
struct assay_kind assay_kind_vtpm_snp(void);
struct assay_kind assay_kind_vtpm_tdx(void);

#endif
