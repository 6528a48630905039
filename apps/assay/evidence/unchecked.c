/*
 * apps/assay/evidence/unchecked.c - challenge of `assay evidence verify`, and the list of checks
 * that were not made.
 */
#include "apps/assay/evidence/unchecked.h"

#include "apps/assay/core/command.h"
#include "apps/assay/evidence/evidence_print.h"
#include "base/assert.h"
#include "quote/result/challenge.h"

#include <stdio.h>
#include <string.h>

/* Hexadecimal of 1 to capacity bytes; zeros follow. */
static bool read_hex(const char *text, uint8_t *out, size_t capacity, size_t *len)
{
    *len = strlen(text) / 2;
    assay_bytes_zero(out, capacity);
    return *len >= 1 && *len <= capacity &&
           assay_hex_decode(text, strlen(text), out, *len) == ASSAY_OK;
}

int cli_challenge_check(const struct assay_challenge *challenge, bool json)
{
    uint8_t bytes[ASSAY_CHALLENGE_NONCE_MAX];
    size_t len = 0;
    if (challenge->report_data != NULL &&
        !read_hex(challenge->report_data, bytes, ASSAY_REPORT_DATA_LEN, &len))
        return cli_print_error(json, ASSAY_EXIT_USAGE, "usage",
                               "--report-data: expected 1 to 64 bytes in hexadecimal, found "
                               "\"%.40s\"%s",
                               challenge->report_data,
                               strlen(challenge->report_data) > 40 ? " and more" : "");
    if (challenge->nonce != NULL && !read_hex(challenge->nonce, bytes, sizeof bytes, &len))
        return cli_print_error(json, ASSAY_EXIT_USAGE, "usage",
                               "--nonce: expected 1 to %d bytes in hexadecimal, found "
                               "\"%.40s\"%s",
                               (int)ASSAY_CHALLENGE_NONCE_MAX, challenge->nonce,
                               strlen(challenge->nonce) > 40 ? " and more" : "");
    return ASSAY_EXIT_OK;
}

/* --- the challenge */
/* A reason has less room than 64 bytes take. */
static void print_report_data(const struct cli_appraisal *a, const uint8_t *wanted)
{
    char observed[2 * ASSAY_REPORT_DATA_LEN + 1];
    const struct assay_verdict *verdict = a->verdict;
    if (a->malformed != ASSAY_OK || !verdict->has_claims ||
        assay_bytes_equal(wanted, verdict->report_data, ASSAY_REPORT_DATA_LEN))
        return;
    assay_hex_encode(verdict->report_data, ASSAY_REPORT_DATA_LEN, observed, sizeof observed);
    (void)fprintf(stderr, "assay: note: report data is %s\n", observed);
}

int cli_challenge_appraise(struct cli_appraisal *a, const struct assay_challenge *challenge)
{
    uint8_t wanted[ASSAY_CHALLENGE_NONCE_MAX] = { 0 }, found[ASSAY_CHALLENGE_NONCE_MAX];
    size_t wanted_len = 0, found_len = 0;
    if (challenge->report_data != NULL) {
        const bool is_fit =
            read_hex(challenge->report_data, wanted, ASSAY_REPORT_DATA_LEN, &wanted_len);
        ASSAY_ASSERT(is_fit);
        print_report_data(a, wanted);
        assay_challenge_report_data(a->verdict, assay_slice_over(wanted, wanted_len),
                                    a->malformed == ASSAY_OK);
    }
    if (challenge->nonce == NULL || a->malformed != ASSAY_OK) return ASSAY_EXIT_OK;
    if (assay_json_get(a->claims, "nonce") == NULL)
        return cli_print_error(a->json, ASSAY_EXIT_USAGE, "usage",
                               "--nonce: evidence of kind %s has no nonce; its challenge is the "
                               "report data: --report-data",
                               assay_kind_text(a->kind));
    const bool is_fit = read_hex(challenge->nonce, wanted, sizeof wanted, &wanted_len);
    ASSAY_ASSERT(is_fit);
    if (!read_hex(assay_json_text(a->claims, "nonce", ""), found, sizeof found, &found_len))
        found_len = 0;
    assay_challenge_nonce(a->verdict, assay_slice_over(wanted, wanted_len),
                          assay_slice_over(found, found_len));
    return ASSAY_EXIT_OK;
}

/* --- what was not checked */
size_t cli_unchecked_of(const struct cli_appraisal *a,
                        const struct assay_appraisal_options *options,
                        const struct assay_challenge *challenge,
                        struct assay_open_check out[static ASSAY_UNCHECKED_COMMAND_MAX])
{
    size_t count = 0;
    if (a->malformed != ASSAY_OK) return 0;
    if (challenge == NULL)
        out[count++] = (struct assay_open_check){
            "freshness", "this may be a recording: assay evidence verify compares a challenge "
                         "(--report-data, --nonce)"
        };
    else if (challenge->report_data == NULL && challenge->nonce == NULL)
        out[count++] = (struct assay_open_check){
            "freshness", "no challenge was given (--report-data, --nonce): this may be a recording"
        };
    if (options->at_unix_s != 0)
        out[count++] = (struct assay_open_check){
            "time", "evaluated for the time of --at: what holds now is not known"
        };
    if (assay_carrier_is_issued(&a->carrier))
        out[count++] = (struct assay_open_check){ "certificate", ASSAY_CARRIER_ISSUED_TEXT };
    return count + assay_unchecked_list(a->verdict, options->policy == NULL ? NULL : a->policy,
                                        out + count);
}

struct assay_json *cli_unchecked_json(const struct assay_open_check *list, size_t count)
{
    struct assay_json *const out = assay_json_array();
    for (size_t i = 0; i < count; i++) {
        struct assay_json *const item = assay_json_append_object(out);
        assay_json_set_text(item, "what", list[i].what);
        assay_json_set_text(item, "why", list[i].why);
    }
    return out;
}

void cli_unchecked_print(const char *before, const struct assay_open_check *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)printf("%s%s: %s\n", before, list[i].what, list[i].why);
}
