/*
 * quote/result/challenge.c - comparison of evidence with the challenge of a relying party.
 */
#include "quote/result/challenge.h"

#include "base/assert.h"
#include "quote/text.h"

enum {
    WHOLE_MAX = (ASSAY_REASON_TEXT - 1) / 2, /* bytes in hexadecimal that one text has room for */
    MARKED_MAX = (ASSAY_REASON_TEXT - 1 - 3 - 3) / 2, /* the same, between two marks */
    SHOWN_BEFORE = 8,                                 /* bytes before the first one that differs */
};
static const char cut_mark[] = "...";

/* Returns: the byte with which both texts begin: 0, or, if their difference would not be seen from
 * there, one shortly before it. */
static size_t first_shown(struct assay_slice wanted, struct assay_slice found)
{
    size_t at = 0;
    const size_t len = wanted.len < found.len ? wanted.len : found.len;
    while (at + 1 < len && wanted.bytes[at] == found.bytes[at])
        at++;
    return at < MARKED_MAX ? 0 : at - SHOWN_BEFORE;
}

/* A text that is not all of the bytes says so: "..." before or behind it. */
static void add_bytes(struct assay_text *text, struct assay_slice bytes, size_t from)
{
    if (from > 0) assay_text_add(text, cut_mark);
    const size_t left = bytes.len - from;
    const bool is_all = left <= (from > 0 ? (size_t)MARKED_MAX : (size_t)WHOLE_MAX);
    assay_text_add_hex(text, bytes.bytes + from, is_all ? left : (size_t)MARKED_MAX);
    if (!is_all) assay_text_add(text, cut_mark);
}

/*
 * Of genuine hardware too, and when nothing else could be decided: what answers another challenge
 * is never accepted. Reasons that the evidence's author chose do not crowd this one out.
 */
static void report_refusal(struct assay_verdict *verdict, struct assay_slice wanted,
                           struct assay_slice found)
{
    struct assay_text expected = assay_text_empty(), observed = assay_text_empty();
    const size_t from = first_shown(wanted, found);
    add_bytes(&expected, wanted, from);
    if (found.len > 0) add_bytes(&observed, found, from);
    else assay_text_add(&observed, "none");
    assay_verdict_refuse(verdict, ASSAY_RULE_CHALLENGE, expected.text, observed.text);
}

bool assay_challenge_fits_report_data(struct assay_slice wanted)
{
    return wanted.len >= 1 && wanted.len <= ASSAY_REPORT_DATA_LEN;
}

bool assay_challenge_fits_nonce(struct assay_slice wanted)
{
    return wanted.len >= 1 && wanted.len <= ASSAY_CHALLENGE_NONCE_MAX;
}

void assay_challenge_report_data(struct assay_verdict *verdict, struct assay_slice wanted,
                                 bool is_read)
{
    uint8_t padded[ASSAY_REPORT_DATA_LEN] = { 0 };
    struct assay_slice found = { NULL, 0 };
    ASSAY_ASSERT(assay_challenge_fits_report_data(wanted));
    assay_bytes_copy(padded, sizeof padded, wanted.bytes, wanted.len);
    if (is_read && verdict->has_claims)
        found = assay_slice_over(verdict->report_data, sizeof verdict->report_data);
    if (found.len == 0 || !assay_bytes_equal(padded, found.bytes, sizeof padded))
        report_refusal(verdict, wanted, found);
}

void assay_challenge_nonce(struct assay_verdict *verdict, struct assay_slice wanted,
                           struct assay_slice found)
{
    ASSAY_ASSERT(assay_challenge_fits_nonce(wanted));
    if (!assay_slice_equal(wanted, found)) report_refusal(verdict, wanted, found);
}
