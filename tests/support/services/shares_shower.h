/*
 * tests/support/services/shares_shower.h - a holder that keeps, ready to be shown as lies, the
 * pieces that others give it.
 */
#ifndef ASSAY_TESTS_SUPPORT_SHARES_SHOWER_H
#define ASSAY_TESTS_SUPPORT_SHARES_SHOWER_H

#include "services/shares/holder_internal.h"

enum { SHARES_SHOWN = 128 };

struct shares_shower {
    uint32_t count; /* ever; the last SHARES_SHOWN are kept */
    struct assay_share_lie_record kept[SHARES_SHOWN];
};

/* Before a holder takes a message of another one by this key: keeps what is in a box for it. In:
 * room of ASSAY_SHARE_MESSAGE_MAX bytes. */
void shares_shower_peek(struct shares_shower *s, const struct assay_share_holder *h,
                        const uint8_t key[static ASSAY_P256_PUBLIC_LEN], struct assay_slice bytes,
                        uint8_t *room);

#endif
