/* tests/fuzz/platform/fuzz_channel.c - frames, counter lines and the agent's memory. */
#include "apps/enclave/counter.h"
#include "base/assert.h"
#include "enforce/decide.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct assay_channel_frame frame;
    if (assay_channel_decode(bytes, len, &frame) == ASSAY_OK) {
        static uint8_t back[ASSAY_CHANNEL_FRAME_MAX];
        ASSAY_ASSERT(assay_channel_encode(&frame, back) == len);
        ASSAY_ASSERT(assay_bytes_equal(back, bytes, len));
    }
    if (len == ASSAY_CHANNEL_STATEMENT_LEN) {
        struct assay_channel_statement statement;
        uint8_t back[ASSAY_CHANNEL_STATEMENT_LEN];
        assay_channel_statement_decode(bytes, &statement);
        assay_channel_statement_encode(&statement, back);
        ASSAY_ASSERT(assay_bytes_equal(back, bytes, len));
    }
    struct assay_agent_memory memory;
    if (assay_agent_memory_decode(bytes, len, &memory) == ASSAY_OK) {
        uint8_t back[ASSAY_AGENT_MEMORY_LEN];
        assay_agent_memory_encode(&memory, back);
        ASSAY_ASSERT(len == sizeof back && assay_bytes_equal(back, bytes, len));
    }
    struct counter counter = { .step = 1, .mode = ASSAY_CHANNEL_MODE_FULL };
    char answer[COUNTER_ANSWER_MAX];
    ASSAY_ASSERT(counter_answer(&counter, (const char *)bytes, len, answer) <= sizeof answer);
    return 0;
}
