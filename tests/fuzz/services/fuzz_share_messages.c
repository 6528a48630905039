/*
 * tests/fuzz/services/fuzz_share_messages.c - fuzz target: messages of an exchange, and gifts. An
 * even first byte is followed by a message, an odd one by a gift of the purpose that it names. What
 * is read encodes to the very same bytes; a gift that is open can be read to its end.
 */
#include "base/assert.h"
#include "services/shares/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void gift(struct assay_slice in, enum assay_share_purpose purpose)
{
    struct assay_share_gift gift;
    struct assay_share_piece piece;
    struct assay_share_commitments current;
    static uint8_t leaf[ASSAY_SHARE_GIVE_MAX][32];
    uint32_t count = 0;
    if (assay_share_gift_open(in, purpose, &gift, leaf) != ASSAY_OK) return;
    const uint32_t promised = gift.count;
    while (assay_share_gift_next(&gift, &piece, &current))
        count++;
    ASSAY_ASSERT(count == promised);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t again[ASSAY_SHARE_MESSAGE_MAX + 256];
    struct assay_share_message m;
    struct assay_slice out;
    if (len == 0) return 0;
    const struct assay_slice in = assay_slice_over(bytes + 1, len - 1);
    if (bytes[0] & 1) {
        gift(in, (enum assay_share_purpose)(ASSAY_SHARE_FETCH + bytes[0] / 2 % 4));
        return 0;
    }
    if (assay_share_message_decode(in, &m) != ASSAY_OK) return 0;
    ASSAY_ASSERT(assay_share_message_encode(&m, again, sizeof again, &out) == ASSAY_OK);
    ASSAY_ASSERT(assay_slice_equal(in, out));
    return 0;
}
