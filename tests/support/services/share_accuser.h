/*
 * tests/support/services/share_accuser.h - a holder that keeps the pieces it was given, ready to
 * be reported as false.
 */
#ifndef ASSAY_TESTS_SUPPORT_SERVICES_SHARE_ACCUSER_H
#define ASSAY_TESTS_SUPPORT_SERVICES_SHARE_ACCUSER_H

#include "services/shares/holder_internal.h"

enum { SHARES_SHOWN = 128 };

struct share_accuser {
    uint32_t count; /* ever; the last SHARES_SHOWN are kept */
    struct assay_share_lie_record kept[SHARES_SHOWN];
};

/* Before a holder takes a message of another one by this key: keeps what is in a box for it. In:
 * room of ASSAY_SHARE_MESSAGE_MAX bytes. */
void share_accuser_peek(struct share_accuser *s, const struct assay_share_holder *h,
                        const uint8_t key[static ASSAY_P256_PUBLIC_LEN], struct assay_slice bytes,
                        uint8_t *room);

#endif
