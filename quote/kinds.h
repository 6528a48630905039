/*
 * quote/kinds.h - table of evidence kinds: a new kind is one file and one row.
 *
 * A row says how the bytes are recognised, which function appraises them, of what pieces a package
 * of the kind is made, what its proof affirms, which reference values name its programs, publisher
 * of its collateral, and display name: no other code depends on the kind, except the sets of
 * verify.h and the files of the kinds. Kinds of Intel's
 * ECDSA quotes and SOFT share quote/intel/dcap.c and are distinguished by version, TEE type and
 * vendor; a kind of another shape brings its own detect, length and verify, and may come as a
 * package (quote/package.h).
 */
#ifndef ASSAY_QUOTE_KINDS_H
#define ASSAY_QUOTE_KINDS_H

#include "base/cursor.h"
#include "quote/package.h"
#include "quote/request.h"

struct assay_quote;
struct assay_quoted; /* quote/eventlog/quoted.h */

/* Publisher that offers collateral for download. */
enum assay_publisher {
    ASSAY_PUBLISHED_BY_NOBODY,
    ASSAY_PUBLISHED_BY_INTEL, /* provisioning certification service */
    ASSAY_PUBLISHED_BY_AMD,   /* key distribution service */
};

/* Bits of the rows. */
#define ASSAY_CLAIM_BIT(name) (1u << ASSAY_TRUST_##name)
#define ASSAY_PROOF_BIT(name) (UINT32_C(1) << ASSAY_PROOF_##name)

struct assay_kind {
    enum assay_evidence_kind kind;
    const char *what; /* "a quote of a TPM 2.0", display name */
    enum assay_publisher publisher;
    uint32_t pieces;    /* in addition to the main bytes: ASSAY_PIECE_... (quote/package.h) */
    uint8_t speaks_of;  /* claims that such evidence can support at all: ASSAY_CLAIM_BIT */
    uint8_t affirms;    /* those that its proof alone affirms */
    uint32_t proofs;    /* links of its proof: ASSAY_PROOF_BIT */
    uint64_t programs;  /* reference values that name what runs (accept/policy.h) */
    /* --- kinds of other shapes; NULL for quotes */
    /* Do the bare bytes look like this kind? Nothing is verified. */
    bool (*detect)(const uint8_t *bytes, size_t len);
    /* As assay_evidence_length, of bare bytes. */
    enum assay_status (*length)(const uint8_t *bytes, size_t len, size_t *declared);
    /* Registers that event logs explain; NULL: none. */
    void (*registers)(const struct assay_kind *kind, struct assay_slice evidence,
                      struct assay_quoted *out);
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
#define ASSAY_KIND_DECLARE(symbol, number, text, row, families) struct assay_kind row(void);
ASSAY_KIND_LIST(ASSAY_KIND_DECLARE)
#undef ASSAY_KIND_DECLARE

/* What kinds share. */
enum {
    ASSAY_TPM_PIECES = ASSAY_PIECE_CERTIFICATES | ASSAY_PIECE_SIGNATURE | ASSAY_PIECE_PCRS |
                       ASSAY_PIECE_KEY | ASSAY_PIECE_REPORT_DATA | ASSAY_PIECE_DEVICES,
};
/* A confidential computer of which everything but its programs is known. */
enum {
    ASSAY_CLAIMS_TEE = ASSAY_CLAIM_BIT(INSTANCE_IDENTITY) | ASSAY_CLAIM_BIT(CONFIGURATION) |
                       ASSAY_CLAIM_BIT(HARDWARE) | ASSAY_CLAIM_BIT(RUNTIME_OPAQUE),
    ASSAY_PROOFS_QUOTE = ASSAY_PROOF_BIT(QUOTE_SIGNATURE) | ASSAY_PROOF_BIT(QE_REPORT_SIGNATURE) |
                         ASSAY_PROOF_BIT(AK_BINDING) | ASSAY_PROOF_BIT(CHAIN_TO_ROOT),
    ASSAY_PROOFS_SNP = ASSAY_PROOF_BIT(REPORT_SIGNATURE) | ASSAY_PROOF_BIT(CHAIN) |
                       ASSAY_PROOF_BIT(VEK_TCB) | ASSAY_PROOF_BIT(CHIP_ID),
    ASSAY_PROOFS_TPM_QUOTE = ASSAY_PROOF_BIT(TPM_SIGNATURE) | ASSAY_PROOF_BIT(PCR_DIGEST),
};

#endif
