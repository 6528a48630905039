/*
 * tests/fuzz/platform/fuzz_key_request.c - requests about workload keys, a line each: every one is
 * answered, and what is registered is a list that a ledger reads.
 */
#include "apps/enclave/key_requests.h"
#include "base/assert.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const uint8_t boot[32] = { 4 }, id[32] = { 1 }, wide[64], root[32];
    static uint8_t list[ASSAY_DECLARED_KEYS_LEN_MAX];
    static struct registrations r;
    static const struct registration_users users = { .owner = 1 };
    const struct assay_binding binding = { id, 0, 9, id, id, 1, wide, id, root };
    struct assay_declared_keys keys;
    uint8_t report_data[64];
    registrations_init(&r, &users, boot);
    ASSAY_ASSERT(registrations_state(&r, &binding, report_data) == ASSAY_OK);
    const char *line = (const char *)bytes;
    while (len > 0) {
        char answer[KEY_ANSWER_MAX];
        const char *const end = memchr(line, '\n', len);
        const size_t line_len = end != NULL ? (size_t)(end - line) : len;
        if (key_request_is(line, line_len) && line_len <= KEY_REQUEST_MAX) {
            const size_t answer_len = key_request_answer(&r, 7, 1000, line, line_len, answer);
            ASSAY_ASSERT(answer_len > 0 && answer_len <= sizeof answer);
            ASSAY_ASSERT(answer[answer_len - 1] == '\n');
        }
        const size_t used = end != NULL ? line_len + 1 : len;
        line += used;
        len -= used;
    }
    const size_t list_len = registrations_issue(&r, list);
    ASSAY_ASSERT(assay_declared_keys_decode(assay_slice_over(list, list_len), &keys) == ASSAY_OK);
    ASSAY_ASSERT(keys.count == r.count);
    return 0;
}
