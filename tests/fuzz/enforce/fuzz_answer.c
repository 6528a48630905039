/* tests/fuzz/enforce/fuzz_answer.c - answers of an engine, and lines of a journal. */
#include "base/assert.h"
#include "enforce/exchange.h"
#include "enforce/journal_internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    for (int at_end = 0; at_end < 2; at_end++) {
        unsigned code = 0;
        struct assay_slice body = { 0 };
        uint8_t *const copy = malloc(len > 0 ? len : 1); /* decoded in place */
        if (copy == NULL) return 0;
        assay_bytes_copy(copy, len, bytes, len);
        const enum assay_status status =
            assay_exchange_answer_parse(copy, len, at_end == 1, &code, &body);
        ASSAY_ASSERT(status != ASSAY_E_AGAIN || at_end == 0);
        if (status == ASSAY_OK) {
            ASSAY_ASSERT(code >= 100 && code < 600);
            ASSAY_ASSERT(body.len <= len);
            ASSAY_ASSERT(body.bytes >= copy && body.bytes + body.len <= copy + len);
        }
        free(copy);
    }
    struct assay_journal_head head = { .number = 6 };
    const char *const why = assay_journal_line_check((const char *)bytes, len, &head);
    ASSAY_ASSERT((why == NULL) == (head.number == 7));
    return 0;
}
