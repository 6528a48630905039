/*
 * tests/support/services/shares_record.h - records of a chain of tests, applied to a fold of
 * shares.
 */
#ifndef ASSAY_TESTS_SUPPORT_SHARES_RECORD_H
#define ASSAY_TESTS_SUPPORT_SHARES_RECORD_H

#include "services/shares/cluster.h"

enum { SHARES_MEMBERS = 18, SHARES_CERTIFIED = 16 /* next to a standing */ };

enum shares_record_kind {
    SHARES_HOLDER,
    SHARES_PUT,
    SHARES_HAVE,
    SHARES_DEAL,
    SHARES_READY,
    SHARES_LIE,
    SHARES_CLOSE,
    SHARES_SUM,
    SHARES_KEY,
    SHARES_DEALING,
    SHARES_DISPUTE,
    SHARES_DELETE,
    SHARES_READERS,
    SHARES_ERA, /* a new era, which undoes nothing of shares */
};

struct shares_record {
    enum shares_record_kind kind;
    uint32_t member;
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* of the author, while it waits */
    size_t len;
    uint8_t *bytes;
};

/* As a ledger does it that has checked the record before (asserted). CLOSE: bytes are standings. */
void shares_record_apply(struct assay_share_registry *r, const struct shares_record *record,
                         struct assay_share_facts *facts);

#endif
