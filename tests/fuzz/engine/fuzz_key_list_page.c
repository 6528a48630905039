/*
 * tests/fuzz/engine/fuzz_key_list_page.c - requests for lists of workload keys, and answers.
 *
 * What decodes is its own canonical encoding; a list has one root at most, and borrows from the
 * message.
 */
#include "base/assert.h"
#include "engine/ledger/state/workload_keys.h"
#include "engine/sync/key_list_page.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t again[ASSAY_DECLARED_KEYS_LEN_MAX + ASSAY_DECLARED_LIST_REQUEST_LEN_MAX];
    const struct assay_slice payload = assay_slice_over(bytes, len);
    struct assay_declared_list_page page;
    struct assay_writer w = assay_writer_over(again, sizeof again);
    uint8_t root[32];
    if (assay_declared_list_request_decode(payload, &page) == ASSAY_OK) {
        ASSAY_ASSERT(assay_declared_list_request_encode(&page, &w) == ASSAY_OK && w.len == len);
        ASSAY_ASSERT(w.len <= ASSAY_DECLARED_LIST_REQUEST_LEN_MAX &&
                     assay_bytes_equal(again, bytes, len));
    } else if (assay_declared_list_page_decode(payload, &page) == ASSAY_OK) {
        ASSAY_ASSERT(assay_declared_list_page_encode(&page, &w) == ASSAY_OK && w.len == len);
        ASSAY_ASSERT(assay_bytes_equal(again, bytes, len));
        ASSAY_ASSERT(page.list.bytes >= bytes && page.list.len <= len);
        assay_bytes_copy(root, 32, page.root, 32);
        root[0] ^= 1;
        ASSAY_ASSERT(!assay_declared_list_has_root(page.list, page.root) ||
                     !assay_declared_list_has_root(page.list, root));
    } else {
        return 0;
    }
    ASSAY_ASSERT(assay_declared_list_page_is_message(payload));
    return 0;
}
