/*
 * quote/source/fetch/nitro.c - download of AWS's root certificate (nitro.h).
 */
#include "quote/source/fetch/nitro.h"

#include "base/assert.h"
#include "quote/x509.h"

#include <stdio.h>
#include <stdlib.h>

/* AWS Nitro Enclaves user guide, "Verifying the root of trust": fingerprint of aws.nitro-enclaves
 * root G1, valid to 2049-10-28. */
static const uint8_t root_g1[ASSAY_SHA256_LEN] = {
    0x64, 0x1a, 0x03, 0x21, 0xa3, 0xe2, 0x44, 0xef, 0xe4, 0x56, 0x46, 0x31, 0x95, 0xd6, 0x06, 0x31,
    0x7e, 0xd7, 0xcd, 0xcc, 0x3c, 0x17, 0x56, 0xe0, 0x98, 0x93, 0xf3, 0xc6, 0x8f, 0x79, 0xbb, 0x5b,
};

static enum assay_status read_one(struct assay_slice file, struct assay_certificate *out,
                                  size_t *count)
{
    *count = 1;
    if (file.len > 0 && file.bytes[0] == 0x30)
        return assay_x509_certificate(file.bytes, file.len, out);
    return assay_x509_pem_chain(file.bytes, file.len, out, 1, count);
}

static enum assay_status check_document(void *context, const struct assay_fetch_content *content,
                                        struct assay_fetch_window *window,
                                        char message[static ASSAY_FETCH_MESSAGE_LEN])
{
    const uint8_t *const digest = context;
    ASSAY_ASSERT(digest != NULL);
    struct assay_certificate certificate;
    size_t count = 0;
    const enum assay_status status = read_one(content->body, &certificate, &count);
    if (status != ASSAY_OK || count != 1) {
        (void)snprintf(message, ASSAY_FETCH_MESSAGE_LEN,
                       "the Nitro root: expected one certificate: %s", assay_status_text(status));
        return status != ASSAY_OK ? status : ASSAY_E_SYNTAX;
    }
    if (!assay_bytes_equal(certificate.digest, digest, ASSAY_SHA256_LEN)) {
        (void)snprintf(message, ASSAY_FETCH_MESSAGE_LEN,
                       "the Nitro root: the certificate \"%s\" is not the pinned one",
                       certificate.subject_name);
        return ASSAY_E_KEY;
    }
    *window = (struct assay_fetch_window){ certificate.not_before_s, certificate.not_after_s };
    return ASSAY_OK;
}

enum assay_status assay_nitro_fetch(const struct assay_fetch_config *config,
                                    const struct assay_nitro_request *request,
                                    struct assay_fetched *fetched,
                                    char message[static ASSAY_FETCH_MESSAGE_LEN])
{
    ASSAY_ASSERT(request->url != NULL);
    static const struct assay_fetch_rule rule = { .check = check_document };
    uint8_t digest[ASSAY_SHA256_LEN];
    assay_bytes_copy(digest, sizeof digest, request->digest != NULL ? request->digest : root_g1,
                     sizeof root_g1);
    const struct assay_fetch_want want = {
        .url = request->url,
        .rule = &rule,
        .context = digest,
        .at_unix_s = request->at_unix_s,
        .deadline_ms = request->deadline_ms,
    };
    return assay_fetch_get(config, &want, fetched, message);
}
