/*
 * quote/intel/quote.h - parsed form of Intel's ECDSA quotes (SGX v3, v4, v5; TDX v4, v5), and of
 * SOFT.
 *
 * Source: Intel SGX DCAP Quote Library API, appendix A.3/A.4; Intel TDX DCAP Quoting Library API,
 * appendix 3 (version 4: A.3, version 5 and its body descriptor: A.4); the layout of the extended
 * TD report 1.5 after Intel's quote verification library of 2026 (QuoteStructures). Little-endian.
 * Slices borrow from the input. Parsing trusts nothing and proves nothing.
 */
#ifndef ASSAY_QUOTE_INTEL_QUOTE_H
#define ASSAY_QUOTE_INTEL_QUOTE_H

#include "base/cursor.h"
#include "quote/verdict.h"
#include "quote/x509.h"

struct assay_kind; /* quote/kinds.h */

enum {
    ASSAY_QUOTE_HEADER_LEN = 48,
    ASSAY_SGX_REPORT_LEN = 384,
    ASSAY_TD_REPORT_LEN = 584,
    ASSAY_TD_REPORT_15_LEN = 648,
    ASSAY_TD_REPORT_15_EX_LEN = 885,
    ASSAY_QUOTE_DESCRIPTOR_LEN = 6, /* version 5: type and size of the body */
    ASSAY_CERT_TYPE_ENCRYPTED_PPID = 3,
    ASSAY_CERT_TYPE_PCK_CHAIN = 5,
    ASSAY_CERT_TYPE_QE_REPORT = 6,
    ASSAY_ENCRYPTED_PPID_DATA_LEN = 404, /* 384 + CPUSVN 16 + PCESVN 2 + PCEID 2 */
};

/* Numbers of the descriptor of version 5; versions 3 and 4 have the first two without saying so. */
enum assay_body_type {
    ASSAY_BODY_SGX = 1,
    ASSAY_BODY_TD_10 = 2,
    ASSAY_BODY_TD_15 = 3,
    ASSAY_BODY_TD_15_EX = 4,
};

/* SGX report body, of an application enclave or of a quoting enclave. */
struct assay_sgx_report {
    uint8_t cpusvn[16];
    uint8_t miscselect[4];
    uint8_t attributes[16];
    uint8_t mrenclave[32];
    uint8_t mrsigner[32];
    uint16_t isvprodid;
    uint16_t isvsvn;
    uint8_t report_data[64];
};

/* TD report body. What its type does not have is zero. */
struct assay_td_report {
    uint8_t tee_tcb_svn[16];
    uint8_t mrseam[48];
    uint8_t mrsignerseam[48];
    uint8_t seam_attributes[8];
    uint8_t td_attributes[8];
    uint8_t xfam[8];
    uint8_t mrtd[48];
    uint8_t mrconfigid[48];
    uint8_t mrowner[48];
    uint8_t mrownerconfig[48];
    uint8_t rtmr[4][48];
    uint8_t report_data[64];
    /* 1.5: the TDX module now, after updates without a relaunch; the first one is of the launch */
    uint8_t tee_tcb_svn2[16];
    uint8_t mrservicetd[48]; /* hash over the service TDs bound to this TD, zero: none */
    /* 1.5 extended: reported; only the service TDs are appraised */
    uint8_t vm_id;
    uint8_t td_id[32];
    uint8_t device_info[48];
    uint8_t init_service_td_hash[48];
    uint8_t init_service_td_attributes[8];
    uint8_t init_cpusvn[16];
    uint8_t init_tee_tcb_svn[16];
    uint8_t init_tee_fmspc[12];
    uint8_t current_service_td_hash[48];
    uint8_t current_service_td_attributes[8];
};

struct assay_quote {
    enum assay_evidence_kind kind;
    size_t len; /* declared */
    uint16_t version;
    uint16_t attestation_key_type;
    uint32_t tee_type;
    uint16_t qe_svn;
    uint16_t pce_svn;
    uint8_t qe_vendor_id[16];
    uint8_t user_data[20];
    enum assay_body_type body_type;
    union {
        struct assay_sgx_report sgx;
        struct assay_td_report td;
    } body;
    struct assay_slice signed_part; /* everything before the signature data's length */
    struct assay_slice
        evidence_of_key; /* everything after the quote's signature: key to certificates */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    uint8_t attestation_key[ASSAY_P256_PUBLIC_LEN];
    struct assay_slice qe_report_bytes;
    struct assay_sgx_report qe_report;
    uint8_t qe_signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_slice qe_auth_data;
    uint16_t cert_data_type;
    struct assay_slice cert_data;
    uint32_t offset_body; /* for reasons */
    uint32_t offset_signature;
    uint32_t offset_qe_report;
    uint32_t offset_cert_data;
};

/*
 * assay_quote_parse - read one quote of a known kind; its bytes must end at its declared length.
 * In:      bytes[len], hostile; at most ASSAY_EVIDENCE_LEN_MAX
 * Out:     *quote, written only on ASSAY_OK; borrows from bytes
 * Returns: ASSAY_OK | ASSAY_E_RANGE (too long) | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING |
 *          ASSAY_E_UNSUPPORTED (version, key type, TEE, body type) | ASSAY_E_INVALID (nested types
 *          or lengths disagree, a body of the other TEE or of another size than its type has)
 */
ASSAY_CHECKED enum assay_status assay_quote_parse(const struct assay_kind *kind,
                                                  const uint8_t *bytes, size_t len,
                                                  struct assay_quote *quote);
/* Reads one 384-byte SGX report body. Returns: ASSAY_OK | ASSAY_E_TRUNCATED */
ASSAY_CHECKED enum assay_status assay_sgx_report_parse(struct assay_cursor *in,
                                                       struct assay_sgx_report *out);
/* Reads one TD report body of a type (asserted: of a TD). Returns: ASSAY_OK | ASSAY_E_TRUNCATED */
ASSAY_CHECKED enum assay_status assay_td_report_parse(struct assay_cursor *in,
                                                      enum assay_body_type type,
                                                      struct assay_td_report *out);
/* Returns: the bytes of a body; 0 for a type that does not exist */
size_t assay_intel_body_len(enum assay_body_type type);
/* As assay_evidence_length, of a quote. Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING |
 * ASSAY_E_UNSUPPORTED */
ASSAY_CHECKED enum assay_status assay_quote_length(const struct assay_kind *kind,
                                                   const uint8_t *bytes, size_t len,
                                                   size_t *declared);

#endif
