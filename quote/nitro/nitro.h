/*
 * quote/nitro/nitro.h - attestation documents of AWS: of a Nitro enclave, and of the NitroTPM of an
 * EC2 instance.
 *
 * Source: "Nitro Enclaves Attestation Process" (in the documentation of AWS's NSM API),
 * sections 2.2 (fields), 3.1 (COSE), 3.2.2 (types and limits), 3.2.3 (certificates). Where genuine
 * documents and that text disagree the documents win: optional fields may be null, and AWS's own
 * are untagged.
 *
 * A NitroTPM's document ("Validate a NitroTPM Attestation Document", in the guide of EC2) is the
 * same COSE_Sign1 under the same root with "nitrotpm_pcrs" in the place of "pcrs". It speaks of a
 * whole instance, whose operators can log in, and not of an enclave: it is a kind of its own, so
 * that who accepts enclaves does not accept instances by the way.
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
    ASSAY_NITRO_TPM_DATA_MAX = 1024, /* of a NitroTPM: user data and nonce, too */
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
    bool is_tpm; /* of a NitroTPM: pcrs are those of the instance's TPM, SHA-384 bank */
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
 *           ASSAY_E_INVALID (another algorithm than ES384, another digest than SHA384, PCRs of an
 *           enclave and of a TPM) |
 *           ASSAY_E_UNSUPPORTED (a longer cabundle than is read here)
 */
ASSAY_CHECKED enum assay_status assay_nitro_parse(const uint8_t *bytes, size_t len,
                                                  struct assay_nitro_document *document,
                                                  struct assay_where *where);
/* Returns: "pcrs" or "nitrotpm_pcrs", the field that the document has. */
const char *assay_nitro_pcrs_name(const struct assay_nitro_document *document);
/* Of an enclave: PCR0 to PCR2 are all zero, or not there, it runs in debug mode. A TPM has no such
 * mode. Returns: true then. */
bool assay_nitro_is_debug(const struct assay_nitro_document *document);

#endif
