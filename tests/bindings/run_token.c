/*
 * tests/bindings/run_token.c - verifies a token of a case and prints what its issuer states.
 */
#include "tests/bindings/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const flags[] = { "unstated", "yes", "no" };

/* A file that a policy names, from its folder on. */
static struct assay_bytes read_named(const char *policy, const char *name)
{
    char path[4096];
    if (name == NULL) return (struct assay_bytes){ NULL, 0 };
    const int folder = (int)(strrchr(policy, '/') - policy);
    (void)snprintf(path, sizeof path, "%.*s/%s", folder, policy, name);
    return run_read_file(path);
}

static const char *stated(const char *text)
{
    return text == NULL ? "-" : text;
}

static void print_result(const struct assay_result *result)
{
    struct assay_result_summary s = { .size = sizeof s };
    struct assay_result_device device = { .size = sizeof device };
    struct assay_unchecked open = { .size = sizeof open };
    struct assay_claim_value claim = { .size = sizeof claim };
    if (!assay_result_get_summary(result, &s)) exit(2);
    (void)printf("why %s\nissuer_index %zu\nservice %s\n", s.why, s.issuer_index,
                 assay_name_of_service(s.service));
    (void)printf("stated %s|%s|%s|%s|%s|%s|%s|%s|%d|%zu\n", stated(s.issuer), stated(s.subject),
                 stated(s.algorithm), stated(s.key_id), stated(s.attester), stated(s.tcb_status),
                 flags[s.debug], flags[s.secure_boot], s.policy_failed, s.devices_named);
    if (s.has_issued) (void)printf("issued %" PRId64 "\n", s.issued_unix_s);
    if (s.expires_unix_s != 0) (void)printf("expires %" PRId64 "\n", s.expires_unix_s);
    (void)printf("vector");
    for (size_t i = 0; i < 8; i++)
        (void)printf(" %d", s.vector[i]);
    (void)printf("\n");
    for (size_t i = 0; assay_result_get_device(result, i, &device); i++)
        (void)printf("device %s|%s|%s|%s|%s|%s|%s|%s\n", device.label, device.product,
                     device.serial, device.driver, device.firmware, flags[device.measured],
                     flags[device.debug], flags[device.secure_boot]);
    for (size_t i = 0; assay_result_get_unchecked(result, i, &open); i++)
        (void)printf("unchecked %s|%s\n", open.what, open.why);
    for (size_t i = 0; assay_result_get_claim_at(result, i, &claim) == ASSAY_OK; i++)
        run_print_claim(&claim);
}

/* Returns: the status of reading the issuers; *count of them */
static enum assay_status read_issuers(const char *policy, struct assay_policy_issuers **list,
                                      struct assay_result_issuer issuers[], size_t *count)
{
    char message[ASSAY_POLICY_MESSAGE_MAX] = "";
    struct assay_policy_issuer one = { .size = sizeof one };
    const struct assay_bytes text = run_read_file(policy);
    const enum assay_status status = assay_policy_issuers_create_yaml(
        (const char *)text.bytes, text.len, list, message, sizeof message);
    free((void *)(uintptr_t)text.bytes);
    if (status != ASSAY_OK) (void)printf("policy %s\n", message);
    for (*count = 0; assay_policy_issuers_get(*list, *count, &one); (*count)++)
        issuers[*count] = (struct assay_result_issuer){ .size = sizeof issuers[0],
                                                        .service = one.service,
                                                        .issuer = one.issuer,
                                                        .keys = read_named(policy, one.keys_file),
                                                        .root = read_named(policy, one.root_file),
                                                        .audience = one.audience,
                                                        .has_age_max = one.has_age_max,
                                                        .age_max_s = one.age_max_s };
    return status;
}

static enum assay_status verify_token(char **column, const struct assay_result_issuer issuers[],
                                      size_t count)
{
    struct assay_result *result = NULL;
    enum assay_result_answer answer = ASSAY_RESULT_NOT_READ;
    enum assay_result_statement statement = ASSAY_STATED_NOTHING;
    const struct assay_bytes token = run_read_file(column[EVIDENCE]);
    const struct assay_result_request request = {
        .size = sizeof request,
        .issuers = issuers,
        .issuer_count = count,
        .nonce = strcmp(column[NONCE], "-") == 0 ? NULL : column[NONCE],
        .at_unix_s = strtoll(column[AT], NULL, 10),
    };
    enum assay_status status = assay_result_create(&result);
    if (status == ASSAY_OK)
        status = assay_result_verify(&request, token.bytes, token.len, result, &answer, &statement);
    if (status == ASSAY_OK) {
        (void)printf("answer %s\nstatement %s\n", assay_name_of_result(answer),
                     assay_name_of_statement(statement));
        print_result(result);
    }
    assay_result_destroy(&result);
    free((void *)(uintptr_t)token.bytes);
    return status;
}

void run_token_case(char **column)
{
    struct assay_result_issuer issuers[ASSAY_RESULT_ISSUERS_MAX];
    struct assay_policy_issuers *list = NULL;
    size_t count = 0;
    (void)printf("== %s\n", column[NAME]);
    if (read_issuers(column[POLICY], &list, issuers, &count) != ASSAY_OK) return;
    const enum assay_status status = verify_token(column, issuers, count);
    if (status != ASSAY_OK) (void)printf("error %s\n", assay_name_of_status(status));
    for (size_t i = 0; i < count; i++) {
        free((void *)(uintptr_t)issuers[i].keys.bytes);
        free((void *)(uintptr_t)issuers[i].root.bytes);
    }
    assay_policy_issuers_destroy(&list);
}
