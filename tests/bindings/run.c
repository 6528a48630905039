/*
 * tests/bindings/run.c - runs the table of cases (cases.py) through libassay and prints what each
 * verdict says.
 *
 * The runners in Python, Go and Rust print the same bytes.
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/bindings/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES = ASSAY_FILES_MAX + 4, LINE = 65536 };

/* The files of a list of paths. Returns: how many. */
static size_t read_list(char *text, struct assay_bytes files[FILES])
{
    size_t count = 0;
    char *rest = NULL;
    if (strcmp(text, "-") == 0) return 0;
    for (char *one = strtok_r(text, ",", &rest); one != NULL; one = strtok_r(NULL, ",", &rest))
        files[count++] = run_read_file(one);
    return count;
}

static enum assay_status make_trust(char **column, const struct assay_policy *policy,
                                    struct assay_trust *trust)
{
    struct assay_bytes files[FILES];
    char *rest = NULL;
    enum assay_status status = ASSAY_OK;
    for (char *one = strtok_r(column[ROOTS], ",", &rest); one != NULL && status == ASSAY_OK;
         one = strtok_r(NULL, ",", &rest)) {
        if (strcmp(one, "pinned") == 0) {
            status = assay_trust_add_pinned(trust);
        } else if (strcmp(one, "policy") == 0) {
            status = assay_trust_add_policy_roots(trust, policy);
        } else if (strcmp(one, "-") != 0) {
            const struct assay_bytes root = run_read_file(one);
            status = assay_trust_add_root(trust, root.bytes, root.len, ASSAY_KINDS_ALL);
            free((void *)(uintptr_t)root.bytes);
        }
    }
    if (status == ASSAY_OK) status = assay_trust_set_exact(trust, strcmp(column[EXACT], "1") == 0);
    const size_t count = read_list(column[FILES_OF], files);
    if (status == ASSAY_OK && count > 0) {
        status = assay_trust_add_collateral(trust, files, count);
        (void)printf("collateral %s\n", status == ASSAY_OK ? "used" : "of no use");
        if (status == ASSAY_E_NOT_FOUND) status = ASSAY_OK;
    }
    for (size_t i = 0; i < count; i++)
        free((void *)(uintptr_t)files[i].bytes);
    return status;
}

static enum assay_status print_result(const struct assay_verdict *verdict,
                                      const struct assay_policy *policy, const char *digest,
                                      enum assay_ear_form form)
{
    static uint8_t buffer[ASSAY_EAR_BYTES_MAX];
    size_t len = 0;
    struct assay_ear_request request = { .size = sizeof request, .policy = policy, .form = form };
    request.profile = "ietf-04", request.developer = "tests", request.build = "7",
    request.nonce = "a nonce of tests";
    const struct assay_bytes sha = run_parse_hex(digest);
    if (sha.len != 32) exit(2);
    for (size_t i = 0; i < sha.len; i++)
        request.evidence_digest[i] = sha.bytes[i];
    free((void *)(uintptr_t)sha.bytes);
    const enum assay_status status =
        assay_verdict_write_ear(verdict, &request, buffer, sizeof buffer, &len);
    if (status != ASSAY_OK) return status;
    (void)printf("result ");
    run_print_hex((struct assay_bytes){ buffer, len });
    return ASSAY_OK;
}

static void print_verdict(const struct assay_verdict *verdict, const struct assay_policy *policy,
                          enum assay_tier tier)
{
    struct assay_finding why = { .size = sizeof why };
    struct assay_claim_value claim = { .size = sizeof claim };
    struct assay_unchecked open = { .size = sizeof open };
    int64_t expiry = 0;
    (void)printf("tier %s\nkind %s\ngenuine %s\n", assay_name_of_tier(tier),
                 assay_name_of_kind(assay_verdict_get_kind(verdict)),
                 run_genuine[assay_verdict_get_genuine(verdict)]);
    if (assay_verdict_get_expiry(verdict, &expiry)) (void)printf("expires %" PRId64 "\n", expiry);
    run_print_state(verdict, policy);
    for (size_t i = 0; assay_verdict_get_finding(verdict, i, &why); i++)
        (void)printf("finding %" PRIu32 " %s|%s|%s|%s|%s|%s|%" PRIu32 "\n", why.rule, why.name,
                     why.text, why.expected, why.observed, why.fix,
                     assay_name_of_rule_class(why.class_), why.offset);
    for (size_t i = 0; assay_verdict_get_unchecked(verdict, i, &open); i++)
        (void)printf("unchecked %s|%s\n", open.what, open.why);
    for (size_t i = 0; assay_verdict_get_claim_at(verdict, i, &claim) == ASSAY_OK; i++)
        run_print_claim(&claim);
}

static enum assay_status appraise(char **column, const struct assay_trust *trust,
                                  const struct assay_policy *policy,
                                  struct assay_verifier *verifier)
{
    struct assay_bytes logs[FILES];
    struct assay_verdict *verdict = NULL;
    struct assay_eventlog_report *report = NULL;
    enum assay_tier tier = ASSAY_TIER_NONE;
    struct assay_verify_request request = { .size = sizeof request, .trust = trust };
    request.policy = policy;
    request.verifier = verifier;
    request.evidence = run_read_file(column[EVIDENCE]);
    request.at_unix_s = strtoll(column[AT], NULL, 10);
    request.expected_report_data = run_parse_hex(column[REPORT_DATA]);
    request.expected_nonce = run_parse_hex(column[NONCE]);
    request.log_count = read_list(column[LOGS], logs);
    request.logs = logs;
    enum assay_status status = assay_verdict_create(&verdict);
    if (status == ASSAY_OK && request.log_count > 0) status = assay_eventlog_report_create(&report);
    request.log_report = report;
    if (status == ASSAY_OK) status = assay_verify(&request, verdict, &tier);
    if (status == ASSAY_OK) print_verdict(verdict, policy, tier);
    if (status == ASSAY_OK && report != NULL) run_print_logs(report);
    if (status == ASSAY_OK)
        status = print_result(verdict, policy, column[DIGEST], ASSAY_EAR_FORM_JSON);
    if (status == ASSAY_OK)
        status = print_result(verdict, policy, column[DIGEST], ASSAY_EAR_FORM_CBOR);
    assay_eventlog_report_destroy(&report);
    assay_verdict_destroy(&verdict);
    for (size_t i = 0; i < request.log_count; i++)
        free((void *)(uintptr_t)logs[i].bytes);
    free((void *)(uintptr_t)request.evidence.bytes);
    free((void *)(uintptr_t)request.expected_report_data.bytes);
    free((void *)(uintptr_t)request.expected_nonce.bytes);
    return status;
}

static void run_case(char **column, struct assay_verifier *verifier)
{
    struct assay_trust *trust = NULL;
    struct assay_policy *policy = NULL;
    char message[ASSAY_POLICY_MESSAGE_MAX] = "";
    enum assay_status status = ASSAY_OK;
    (void)printf("== %s\n", column[NAME]);
    if (strcmp(column[POLICY], "-") != 0) {
        const struct assay_bytes text = run_read_file(column[POLICY]);
        uint8_t digest[32];
        status = assay_policy_create_yaml((const char *)text.bytes, text.len, &policy, message,
                                          sizeof message);
        free((void *)(uintptr_t)text.bytes);
        if (status != ASSAY_OK) {
            (void)printf("policy %s\n", message);
            return;
        }
        if (assay_policy_get_digest(policy, digest) != ASSAY_OK) exit(2);
        (void)printf("policy ");
        run_print_hex((struct assay_bytes){ digest, 32 });
    }
    status = assay_trust_create(&trust);
    if (status == ASSAY_OK) status = make_trust(column, policy, trust);
    if (status == ASSAY_OK) status = appraise(column, trust, policy, verifier);
    if (status != ASSAY_OK) (void)printf("error %s\n", assay_name_of_status(status));
    assay_trust_destroy(&trust);
    assay_policy_destroy(&policy);
}

int main(int argc, char **argv)
{
    static char line[LINE];
    struct assay_verifier *verifier = NULL;
    FILE *const table = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (table == NULL) return fprintf(stderr, "usage: run TABLE\n"), 2;
    if (assay_verifier_create(8, &verifier) != ASSAY_OK) return 2;
    while (fgets(line, sizeof line, table) != NULL) {
        char *column[COLUMNS], *rest = NULL;
        size_t count = 0;
        for (char *one = strtok_r(line, "\t\n", &rest); one != NULL && count < COLUMNS;
             one = strtok_r(NULL, "\t\n", &rest))
            column[count++] = one;
        if (count != COLUMNS) return fprintf(stderr, "run: a line of %zu columns\n", count), 2;
        if (strncmp(column[NAME], "token-", 6) == 0) run_token_case(column);
        else if (strncmp(column[NAME], "identity-", 9) == 0) run_identity_case(column);
        else if (strncmp(column[NAME], "standing-", 9) == 0) run_standing_case(column);
        else run_case(column, verifier);
    }
    assay_verifier_destroy(&verifier);
    return fclose(table);
}
