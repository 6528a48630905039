/*
 * quote/tpm_format.h - structures of TPM 2.0: attestations, signatures, public keys, PCRs.
 *
 * Source: TCG, "Trusted Platform Module Library Specification", family 2.0, revision 1.59: Part 2
 * for structures (its section at each parser). Everything is big-endian; a TPM2B is a 16-bit length
 * and that many bytes.
 */
#ifndef ASSAY_QUOTE_TPM_FORMAT_H
#define ASSAY_QUOTE_TPM_FORMAT_H

#include "base/crypto.h"

enum {
    ASSAY_TPM_ST_QUOTE = 0x8018, /* TPM_ST_ATTEST_QUOTE, Part 2 6.9 */
    ASSAY_TPM_BANKS_MAX = 8,     /* hash algorithms of one TPM; genuine ones have two to four */
    ASSAY_TPM_SELECT_MAX = 4,    /* bytes of a bitmap: PCRs 0 to 31; platforms have 24 */
    ASSAY_TPM_PCRS = 24,         /* of the PC client platform, which policies may name */
    ASSAY_TPM_EXTRA_MAX = 66,    /* sizeof(TPMT_HA) with SHA-512 */
    ASSAY_TPM_NAME_MAX = 66,     /* two bytes of algorithm and its digest, Part 1 16 */
    ASSAY_TPM_PUBLIC_MAX = 1024, /* RSA 4096 with a policy takes about 600 */
    ASSAY_TPM_ATTEST_MAX = 2048, /* TPM2B_ATTEST; genuine quotes take 100 to 200 */
};

/* TPM_ALG_ID, Part 2 6.3; the ones that a quote may meet. */
enum assay_tpm_alg {
    ASSAY_TPM_RSA = 0x0001,
    ASSAY_TPM_SHA1 = 0x0004,
    ASSAY_TPM_AES = 0x0006,
    ASSAY_TPM_SHA256 = 0x000b,
    ASSAY_TPM_SHA384 = 0x000c,
    ASSAY_TPM_SHA512 = 0x000d,
    ASSAY_TPM_NULL = 0x0010,
    ASSAY_TPM_SM3 = 0x0012,
    ASSAY_TPM_RSASSA = 0x0014,
    ASSAY_TPM_RSAPSS = 0x0016,
    ASSAY_TPM_ECDSA = 0x0018,
    ASSAY_TPM_ECDAA = 0x001a,
    ASSAY_TPM_ECC = 0x0023,
    ASSAY_TPM_SHA3_256 = 0x0027,
    ASSAY_TPM_SHA3_384 = 0x0028,
    ASSAY_TPM_SHA3_512 = 0x0029,
    ASSAY_TPM_CFB = 0x0043,
};

/* TPMA_OBJECT, Part 2 8.3. */
enum {
    ASSAY_TPM_FIXED_TPM = 1 << 1,
    ASSAY_TPM_SENSITIVE_DATA_ORIGIN = 1 << 5,
    ASSAY_TPM_RESTRICTED = 1 << 16,
    ASSAY_TPM_DECRYPT = 1 << 17,
    ASSAY_TPM_SIGN = 1 << 18,
};

/* TPMS_PCR_SELECTION: PCRs of one bank. */
struct assay_tpm_bank {
    uint16_t alg;
    uint32_t mask; /* bit i: PCR i */
};

/* TPMS_ATTEST of a quote; slices borrow. */
struct assay_tpm_quote {
    struct assay_slice qualified_signer;
    struct assay_slice extra_data; /* the caller's qualifying data: a nonce */
    uint64_t clock;
    uint32_t reset_count;
    uint32_t restart_count;
    bool safe;
    uint64_t firmware_version;
    size_t bank_count;
    struct assay_tpm_bank banks[ASSAY_TPM_BANKS_MAX];
    struct assay_slice pcr_digest;
    uint32_t offset_extra_data;
    uint32_t offset_select;
    uint32_t offset_pcr_digest;
};

/* Fields of a TPMT_PUBLIC, RSA or ECC; of both roles: signing (AK) and decryption (EK). */
struct assay_tpm_public {
    uint16_t type; /* ASSAY_TPM_RSA or ASSAY_TPM_ECC */
    uint16_t name_alg;
    uint32_t attributes;
    uint16_t symmetric; /* ASSAY_TPM_NULL for signing keys */
    uint16_t symmetric_bits;
    uint16_t symmetric_mode;
    uint16_t scheme; /* ASSAY_TPM_NULL: the caller of the TPM chooses */
    uint16_t scheme_hash;
    bool has_short_point; /* leading zeros of a coordinate are left out */
    struct assay_key key;
    size_t name_len; /* nameAlg and the digest of TPMT_PUBLIC, Part 1 16 */
    uint8_t name[ASSAY_TPM_NAME_MAX];
};

/*
 * assay_tpm_quote_parse - TPMS_ATTEST, Part 2 10.12.12, of type quote.
 * In:      bytes[len], hostile
 * Out:     *quote, written only on ASSAY_OK; borrows from bytes
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_INVALID (another magic) |
 *          ASSAY_E_UNSUPPORTED (attests something else) | ASSAY_E_RANGE (a length or a flag) |
 *          ASSAY_E_DUPLICATE (a bank twice)
 */
ASSAY_CHECKED enum assay_status assay_tpm_quote_parse(const uint8_t *bytes, size_t len,
                                                      struct assay_tpm_quote *quote);
/*
 * assay_tpm_signature_parse - TPMT_SIGNATURE (Part 2 11.3.4); for an RSA key also its raw bytes, as
 * long as the modulus; for an EC key also ECDSA-Sig-Value in DER (RFC 3279 2.2.3).
 * In:      key: of the signer, which distinguishes the forms
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_RANGE | ASSAY_E_ENCODING (DER)
 *          | ASSAY_E_TYPE (an algorithm of the other key type) | ASSAY_E_UNSUPPORTED (a scheme or a
 *          hash that is not on the list: ECDSA and RSASSA with SHA-256)
 */
ASSAY_CHECKED enum assay_status assay_tpm_signature_parse(const uint8_t *bytes, size_t len,
                                                          const struct assay_key *key,
                                                          struct assay_signature *signature);
/*
 * assay_tpm_public_parse - TPM2B_PUBLIC (Part 2 12.2.5): keys that sign, keys that decrypt.
 * Out:     *out, written only on ASSAY_OK, with its name; the key is not yet known to be on its
 *          curve
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_RANGE | ASSAY_E_UNSUPPORTED
 *          (another type, curve, key size, name algorithm or scheme)
 */
ASSAY_CHECKED enum assay_status assay_tpm_public_parse(const uint8_t *bytes, size_t len,
                                                       struct assay_tpm_public *out);
/* The same of a bare TPMT_PUBLIC (Part 2 12.2.4). Returns: as assay_tpm_public_parse */
ASSAY_CHECKED enum assay_status assay_tpm_area_parse(const uint8_t *bytes, size_t len,
                                                     struct assay_tpm_public *out);
/* Digest length of a hash algorithm. Returns: 0 for one that is none. */
size_t assay_tpm_hash_len(uint16_t alg);
/* Returns: "sha256", ...; NULL for an algorithm that is no hash. */
const char *assay_tpm_hash_text(uint16_t alg);
/* Returns: the PCRs that SHA-1 alone measures, as bits: no other bank of the quote has them. */
uint32_t assay_tpm_weak_pcrs(const struct assay_tpm_quote *quote);
/* Bytes that the values of all selected PCRs take together. Returns: their number. */
size_t assay_tpm_values_len(const struct assay_tpm_quote *quote);
/*
 * assay_tpm_value - one PCR of one bank among values that stand in selection order.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (not selected) | ASSAY_E_RANGE (values have another length)
 */
ASSAY_CHECKED enum assay_status assay_tpm_value(const struct assay_tpm_quote *quote,
                                                struct assay_slice values, uint16_t alg,
                                                uint32_t pcr, struct assay_slice *value);
/* A PCR that was zero and then extended with one measurement (Part 1 17.2), SHA-256 bank. */
void assay_tpm_pcr_of(const uint8_t measurement[static 32], uint8_t value[static 32]);

#endif
