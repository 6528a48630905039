/*
 * quote/result/report_data.h - report data of evidence that binds workload keys, distinct from that
 * of every other statement (docs/identity.md 6.5).
 *
 * It begins with a tag of 16 bytes. Code that quotes 64 bytes which it did not hash itself refuses
 * those that begin with the first 15 of them, so those of later versions too. Report data of every
 * other statement is a hash: it begins so by chance once in 2^120.
 */
#ifndef ASSAY_QUOTE_RESULT_REPORT_DATA_H
#define ASSAY_QUOTE_RESULT_REPORT_DATA_H

#include "base/bytes.h"
#include "quote/verdict.h"

#define ASSAY_REPORT_DATA_TAG "assay/evidence/2"

enum {
    ASSAY_REPORT_DATA_TAG_LEN = sizeof ASSAY_REPORT_DATA_TAG - 1,
    ASSAY_REPORT_DATA_RESERVED_LEN = ASSAY_REPORT_DATA_TAG_LEN - 1, /* without the version */
};
_Static_assert(ASSAY_REPORT_DATA_TAG_LEN == 16, "48 bytes of the hash remain");

/* Returns: whether these bytes are quoted only for a statement whose keys the quoter verified. */
static inline bool assay_report_data_is_reserved(
    const uint8_t report_data[static ASSAY_REPORT_DATA_LEN])
{
    return assay_bytes_equal(report_data, ASSAY_REPORT_DATA_TAG, ASSAY_REPORT_DATA_RESERVED_LEN);
}

/* In: report_data: a SHA-512. Out: the tag, and its first 48 bytes. */
static inline void assay_report_data_set_tag(uint8_t report_data[static ASSAY_REPORT_DATA_LEN])
{
    for (size_t i = ASSAY_REPORT_DATA_LEN; i-- > ASSAY_REPORT_DATA_TAG_LEN;)
        report_data[i] = report_data[i - ASSAY_REPORT_DATA_TAG_LEN];
    assay_bytes_copy(report_data, ASSAY_REPORT_DATA_LEN, ASSAY_REPORT_DATA_TAG,
                     ASSAY_REPORT_DATA_TAG_LEN);
}

#endif
