/*
 * apps/assay/evidence/unchecked.c - challenge of `assay evidence verify`, and the list of checks
 * that were not made.
 */
#include "apps/assay/evidence/unchecked.h"

#include "apps/assay/core/command.h"
#include "apps/assay/evidence/evidence_print.h"
#include "base/assert.h"

#include <stdio.h>
#include <string.h>

enum { NONCE_LEN_MAX = 1024 };

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
    uint8_t bytes[NONCE_LEN_MAX];
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
                               (int)NONCE_LEN_MAX, challenge->nonce,
                               strlen(challenge->nonce) > 40 ? " and more" : "");
    return ASSAY_EXIT_OK;
}

/* --- the challenge */
/*
 * Of genuine hardware too, and when nothing else could be decided: what answers another challenge
 * is never accepted. Reasons that the evidence's author chose do not crowd this one out.
 */
static void report_refusal(struct assay_verdict *verdict, const char *expected,
                           const char *observed)
{
    if (verdict->reason_count == ASSAY_REASONS_MAX) verdict->reason_count -= 1;
    assay_verdict_add(verdict, ASSAY_RULE_CHALLENGE, 0, expected, observed);
    assay_verdict_conclude(verdict);
    verdict->tier = ASSAY_TIER_CONTRAINDICATED;
}

static void judge_report_data(struct cli_appraisal *a, const char *text)
{
    uint8_t wanted[ASSAY_REPORT_DATA_LEN];
    char observed[2 * ASSAY_REPORT_DATA_LEN + 1];
    size_t len = 0;
    const bool is_fit = read_hex(text, wanted, sizeof wanted, &len);
    ASSAY_ASSERT(is_fit);
    /* All 64 bytes: a shorter challenge is padded with zeros, so that neither verifier nor attester
     * can choose the remainder. Evidence without parsed report data answers no challenge. */
    const bool has_data = a->malformed == ASSAY_OK && a->verdict->has_claims;
    if (has_data && assay_bytes_equal(wanted, a->verdict->report_data, sizeof wanted)) return;
    assay_hex_encode(a->verdict->report_data, ASSAY_REPORT_DATA_LEN, observed, sizeof observed);
    /* A reason has less room than 64 bytes take. */
    if (has_data) (void)fprintf(stderr, "assay: note: report data is %s\n", observed);
    report_refusal(a->verdict, text, has_data ? observed : "none");
}

int cli_challenge_appraise(struct cli_appraisal *a, const struct assay_challenge *challenge)
{
    uint8_t wanted[NONCE_LEN_MAX], found[NONCE_LEN_MAX];
    size_t wanted_len = 0, found_len = 0;
    if (challenge->report_data != NULL) judge_report_data(a, challenge->report_data);
    if (challenge->nonce == NULL || a->malformed != ASSAY_OK) return ASSAY_EXIT_OK;
    if (assay_json_get(a->claims, "nonce") == NULL)
        return cli_print_error(a->json, ASSAY_EXIT_USAGE, "usage",
                               "--nonce: evidence of kind %s has no nonce; its challenge is the "
                               "report data: --report-data",
                               assay_kind_text(a->kind));
    const char *const said = assay_json_text(a->claims, "nonce", "");
    const bool is_fit = read_hex(challenge->nonce, wanted, sizeof wanted, &wanted_len);
    ASSAY_ASSERT(is_fit);
    const bool has_nonce = read_hex(said, found, sizeof found, &found_len);
    if (!has_nonce || found_len != wanted_len || !assay_bytes_equal(wanted, found, wanted_len))
        report_refusal(a->verdict, challenge->nonce, said[0] == '\0' ? "none" : said);
    return ASSAY_EXIT_OK;
}

/* --- what was not checked */
size_t cli_unchecked_of(const struct cli_appraisal *a,
                        const struct assay_appraisal_options *options,
                        const struct assay_challenge *challenge,
                        struct assay_unchecked out[static ASSAY_UNCHECKED_COMMAND_MAX])
{
    size_t count = 0;
    if (a->malformed != ASSAY_OK) return 0;
    if (challenge == NULL)
        out[count++] = (struct assay_unchecked){
            "freshness", "this may be a recording: assay evidence verify compares a challenge "
                         "(--report-data, --nonce)"
        };
    else if (challenge->report_data == NULL && challenge->nonce == NULL)
        out[count++] = (struct assay_unchecked){
            "freshness", "no challenge was given (--report-data, --nonce): this may be a recording"
        };
    if (options->at_unix_s != 0)
        out[count++] = (struct assay_unchecked){
            "time", "evaluated for the time of --at: what holds now is not known"
        };
    return count + assay_unchecked_list(a->verdict, options->policy == NULL ? NULL : a->policy,
                                        out + count);
}

struct assay_json *cli_unchecked_json(const struct assay_unchecked *list, size_t count)
{
    struct assay_json *const out = assay_json_array();
    for (size_t i = 0; i < count; i++) {
        struct assay_json *const item = assay_json_append_object(out);
        assay_json_set_text(item, "what", list[i].what);
        assay_json_set_text(item, "why", list[i].why);
    }
    return out;
}

void cli_unchecked_print(const char *before, const struct assay_unchecked *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)printf("%s%s: %s\n", before, list[i].what, list[i].why);
}
