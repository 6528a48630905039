/*
 * quote/result/device_binding.c - derived nonce and report data (device_binding.h).
 */
#include "quote/result/device_binding.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "quote/result/report_data.h"

enum { DERIVED_LEN_MAX = 160 }; /* of what is hashed: a tag, the challenge, a digest */

void assay_device_nonce(const uint8_t challenge[static ASSAY_REPORT_DATA_LEN],
                        uint8_t nonce[static ASSAY_DEVICE_NONCE_LEN])
{
    uint8_t bytes[DERIVED_LEN_MAX];
    struct assay_slice all;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 2);
    assay_cbor_put_text(&w, "assay/device-nonce/v1");
    assay_cbor_put_bytes(&w, challenge, ASSAY_REPORT_DATA_LEN);
    const enum assay_status status = assay_writer_finish(&w, &all);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha256(all.bytes, all.len, nonce);
}

void assay_device_report_data(const uint8_t challenge[static ASSAY_REPORT_DATA_LEN],
                              struct assay_slice encoded,
                              uint8_t report_data[static ASSAY_REPORT_DATA_LEN])
{
    uint8_t bytes[DERIVED_LEN_MAX], digest[ASSAY_SHA256_LEN];
    struct assay_slice all;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    ASSAY_ASSERT(encoded.len > 0);
    assay_sha256(encoded.bytes, encoded.len, digest);
    assay_cbor_put_array(&w, 3);
    assay_cbor_put_text(&w, "assay/devices/v1");
    assay_cbor_put_bytes(&w, challenge, ASSAY_REPORT_DATA_LEN);
    assay_cbor_put_bytes(&w, digest, sizeof digest);
    const enum assay_status status = assay_writer_finish(&w, &all);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha512(all.bytes, all.len, report_data);
    /* Else a host would have keys quoted as the set of some devices (docs/identity.md 6.5). */
    if (assay_report_data_is_reserved(challenge)) assay_report_data_set_tag(report_data);
}
