/*
 * quote/source/platform/nsm_message.h - messages of the Nitro Secure Module: requests and
 * responses.
 *
 * Source: AWS Nitro Enclaves NSM API, request and response types. A request is a CBOR map of one
 * entry named after its type; so is a response, or it is {"Error": <code as text>}. The attestation
 * document inside is opaque here (quote/verify.h appraises it).
 */
#ifndef ASSAY_QUOTE_SOURCE_PLATFORM_NSM_MESSAGE_H
#define ASSAY_QUOTE_SOURCE_PLATFORM_NSM_MESSAGE_H

#include "base/writer.h"

enum {
    ASSAY_NSM_REQUEST_LEN_MAX = 4096,  /* linux/nsm.h NSM_REQUEST_MAX_SIZE */
    ASSAY_NSM_ANSWER_LEN_MAX = 12288,  /* NSM_RESPONSE_MAX_SIZE */
    ASSAY_NSM_USER_DATA_LEN_MAX = 512, /* the NSM's bounds */
    ASSAY_NSM_NONCE_LEN_MAX = 512,
    ASSAY_NSM_PUBLIC_KEY_LEN_MAX = 1024,
    ASSAY_NSM_ERROR_LEN = 64,
};

struct assay_nsm_request {
    struct assay_slice user_data; /* each: empty means null */
    struct assay_slice nonce;
    struct assay_slice public_key;
};

struct assay_nsm_answer {
    struct assay_slice document;     /* borrowed; empty when the module refused */
    char error[ASSAY_NSM_ERROR_LEN]; /* its code, printable; "" when there is a document */
};

/*
 * assay_nsm_request_encode - {"Attestation": {"nonce", "user_data", "public_key"}}.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (a field beyond its bound) | ASSAY_E_FULL (the writer)
 */
ASSAY_CHECKED enum assay_status assay_nsm_request_encode(const struct assay_nsm_request *request,
                                                         struct assay_writer *w);
/*
 * assay_nsm_answer_parse - {"Attestation": {"document": bytes}} or {"Error": text}, nothing else.
 *
 * Lengths are definite, but need not be in their shortest form: the module's encoder is not ours.
 * In:      bytes[len], hostile
 * Out:     *answer on ASSAY_OK, borrowing from bytes
 * Returns: ASSAY_OK (a refusal, too: see error) | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING |
 *          ASSAY_E_TYPE | ASSAY_E_RANGE (too long, another number of entries, an empty document) |
 *          ASSAY_E_ENCODING (indefinite length) | ASSAY_E_UNSUPPORTED (another name) |
 *          ASSAY_E_SYNTAX (an error code that is no printable ASCII)
 */
ASSAY_CHECKED enum assay_status assay_nsm_answer_parse(const uint8_t *bytes, size_t len,
                                                       struct assay_nsm_answer *answer);

#endif
