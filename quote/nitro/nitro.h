/*
 * quote/nitro/nitro.h - the attestation document of an AWS Nitro enclave.
 *
 * Source: "Nitro Enclaves Attestation Process" (in the documentation of AWS's NSM API),
 * sections 2.2 (fields), 3.1 (COSE), 3.2.2 (types and limits), 3.2.3 (certificates). Where genuine
 * documents and that text disagree the documents win: optional fields may be null, and AWS's own
 * are untagged.
 */
#ifndef ASSAY_QUOTE_NITRO_NITRO_H
#define ASSAY_QUOTE_NITRO_NITRO_H

#include "quote/cose.h"
#include "quote/verifier.h"

enum {
    ASSAY_NITRO_PCRS = 32,
    ASSAY_NITRO_PCR_LEN = 48, /* SHA-384, the one digest that AWS knows */
    ASSAY_NITRO_BUNDLE_MAX = ASSAY_PROVEN_LINKS_MAX - 1, /* genuine ones have 4 */
    ASSAY_NITRO_PAYLOAD_MAX = 16384,
    ASSAY_NITRO_CERTIFICATE_MAX = 1024,
    ASSAY_NITRO_PUBLIC_KEY_MAX = 1024,
    ASSAY_NITRO_USER_DATA_MAX = 512,
    ASSAY_NITRO_NONCE_MAX = 512,
    ASSAY_NITRO_MODULE_ID_MAX = 128, /* genuine ones take 39 */
};

/* A byte string of the document with its place. */
struct assay_nitro_field {
    bool is_there; /* false for an optional field that is null or left out */
    struct assay_slice bytes;
    uint32_t offset;
};

/* Slices borrow from the evidence. */
struct assay_nitro_document {
    struct assay_cose_sign1 cose;
    struct assay_nitro_field module_id; /* text */
    uint64_t timestamp_ms;
    struct assay_nitro_field pcrs[ASSAY_NITRO_PCRS]; /* by index */
    struct assay_nitro_field certificate;            /* signs the document */
    size_t bundle_count;
    struct assay_nitro_field bundle[ASSAY_NITRO_BUNDLE_MAX]; /* the root first */
    struct assay_nitro_field public_key;
    struct assay_nitro_field user_data;
    struct assay_nitro_field nonce;
};

/*
 * assay_nitro_parse - COSE_Sign1 and everything in its payload; nothing is verified.
 *
 * In:       bytes[len], hostile
 * Out:      *document, written only on ASSAY_OK; *where names the field that is wrong (may be NULL)
 * Returns:  ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_ENCODING | ASSAY_E_TYPE |
 *           ASSAY_E_RANGE | ASSAY_E_DUPLICATE | ASSAY_E_NOT_FOUND (a mandatory field) |
 *           ASSAY_E_INVALID (another algorithm than ES384, another digest than SHA384) |
 *           ASSAY_E_UNSUPPORTED (a longer cabundle than is read here)
 */
ASSAY_CHECKED enum assay_status assay_nitro_parse(const uint8_t *bytes, size_t len,
                                                  struct assay_nitro_document *document,
                                                  struct assay_where *where);
/* PCR0 to PCR2 are all zero, or not there: the enclave runs in debug mode. Returns: true then. */
bool assay_nitro_is_debug(const struct assay_nitro_document *document);

#endif
