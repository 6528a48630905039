/*
 * tests/fuzz/net/fuzz_page.c - fuzz target: reassembly of pages. The input is a script: each step
 * is one byte of peer and step of time, two of length, then that many bytes of a PAGE payload. What
 * is held stays within its bounds; what comes out whole has the digest that its pages named.
 */
#include "base/assert.h"
#include "base/cursor.h"
#include "host/peers/page.h"
#include "tests/support/host_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { PEERS = 4 };

static void take(struct assay_pages *pages, uint8_t head, uint64_t now_ms,
                 struct assay_slice payload)
{
    uint16_t kind = 0;
    struct assay_slice object;
    struct assay_page page;
    const enum assay_status decoded = assay_page_decode(payload, &page);
    const enum assay_status status =
        assay_pages_add(pages, head % PEERS, now_ms, payload, &kind, &object);
    if (decoded != ASSAY_OK) ASSAY_ASSERT(status == decoded);
    if (status == ASSAY_OK) {
        uint8_t digest[32];
        assay_page_digest(kind, object, digest);
        ASSAY_ASSERT(assay_bytes_equal(digest, page.digest, sizeof digest));
        ASSAY_ASSERT(object.len == page.total_len);
    }
    ASSAY_ASSERT(assay_pages_get_bytes(pages, NULL) <= ASSAY_PAGE_BYTES_ALL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    static struct assay_pages *memory; /* once: it is large */
    uint64_t now_ms = 0;
    if (memory == NULL) memory = test_pages(PEERS);
    struct assay_pages *pages = assay_pages_init(memory, PEERS);
    for (;;) {
        uint8_t head = 0;
        uint16_t size = 0;
        struct assay_slice payload;
        if (assay_cursor_u8(&in, &head) != ASSAY_OK || assay_cursor_u16le(&in, &size) != ASSAY_OK)
            break;
        if (size > assay_cursor_left(&in)) size = (uint16_t)assay_cursor_left(&in);
        if (assay_cursor_slice(&in, size, &payload) != ASSAY_OK) break;
        now_ms += (uint64_t)(head >> 2) * 200;
        assay_pages_expire(pages, now_ms);
        take(pages, head, now_ms, payload);
    }
    return 0;
}
