/*
 * tests/fuzz/net/fuzz_service.c - fuzz target: messages between the service server and the
 * programs of services. What is decoded encodes to the same bytes.
 */
#include "base/assert.h"
#include "net/services/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct assay_service_message m;
    static uint8_t again[ASSAY_SERVICE_MESSAGE_MAX];
    struct assay_slice out;
    struct assay_writer w = assay_writer_over(again, sizeof again);
    if (assay_service_decode(assay_slice_over(bytes, len), &m) != ASSAY_OK) return 0;
    ASSAY_ASSERT(m.members <= ASSAY_REGISTRY_SLOTS_MAX && m.slot <= ASSAY_REGISTRY_SLOTS_MAX);
    ASSAY_ASSERT(m.payload.len <= ASSAY_SERVICE_PAYLOAD_MAX);
    if (len > sizeof again) return 0;
    const enum assay_status written = assay_service_encode(&m, &w);
    ASSAY_ASSERT(written == ASSAY_OK && assay_writer_finish(&w, &out) == ASSAY_OK);
    ASSAY_ASSERT(out.len == len && assay_bytes_equal(out.bytes, bytes, len));
    return 0;
}
