/*
 * tests/bindings/run_print.c - output of run.c about a verdict besides tier, findings and claims.
 */
#include "tests/bindings/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const run_genuine[] = { "unknown", "true", "false" };

struct assay_bytes run_read_file(const char *path)
{
    FILE *const file = fopen(path, "rb");
    uint8_t *const bytes = malloc(ASSAY_FILE_LEN_MAX);
    if (file == NULL || bytes == NULL) perror(path), exit(2);
    const size_t len = fread(bytes, 1, ASSAY_FILE_LEN_MAX, file);
    (void)fclose(file);
    return (struct assay_bytes){ bytes, len };
}

void run_print_hex(struct assay_bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        (void)printf("%02x", bytes.bytes[i]);
    (void)printf("\n");
}

struct assay_bytes run_parse_hex(const char *text)
{
    struct assay_bytes out = { NULL, 0 };
    if (strcmp(text, "-") == 0) return out;
    uint8_t *const bytes = malloc(strlen(text) / 2 + 1);
    if (bytes == NULL) exit(2);
    for (unsigned byte = 0; sscanf(text + 2 * out.len, "%2x", &byte) == 1;)
        bytes[out.len++] = (uint8_t)byte;
    out.bytes = bytes;
    return out;
}

void run_print_claim(const struct assay_claim_value *claim)
{
    static const char *const types[] = { "null", "bool", "uint", "text", "bytes", "uint", "uint" };
    (void)printf("claim %s %s ", claim->name, types[claim->type]);
    if (claim->type == ASSAY_CLAIM_TEXT || claim->type == ASSAY_CLAIM_BYTES)
        run_print_hex(claim->bytes);
    else (void)printf("%" PRIu64 "\n", claim->number);
}

static void print_bytes(const char *name, struct assay_bytes bytes)
{
    (void)printf("%s ", name);
    run_print_hex(bytes);
}

static void print_time(const char *name, const struct assay_verdict *v,
                       bool (*get)(const struct assay_verdict *, int64_t *))
{
    int64_t at = 0;
    if (get(v, &at)) (void)printf("%s %" PRId64 "\n", name, at);
}

static void print_machine(const struct assay_verdict *v)
{
    struct assay_bytes one = { NULL, 0 }, root = { NULL, 0 };
    struct assay_cloud_instance instance = { .size = sizeof instance };
    struct assay_device_verdict device = { .size = sizeof device };
    bool masked = false;
    if (assay_verdict_get_report_data(v, &one)) print_bytes("report_data", one);
    if (assay_verdict_get_measurement(v, &one)) print_bytes("measurement", one);
    if (assay_verdict_get_platform(v, &one, &root, &masked)) {
        print_bytes("platform", one);
        print_bytes("vendor_root", root);
        (void)printf("masked %d\n", masked);
    }
    if (assay_verdict_get_instance(v, &instance))
        (void)printf("instance %s|%s|%s|%s|%" PRIu64 "\n", instance.id, instance.name,
                     instance.project, instance.zone, instance.project_number);
    for (size_t i = 0; assay_verdict_get_device(v, i, &device); i++) {
        (void)printf("device %s|%s|%s|%" PRIu32 "|%s|%s|%s\n", assay_name_of_kind(device.kind),
                     run_genuine[device.genuine], assay_name_of_tier(device.tier), device.rule,
                     device.product, device.driver, device.firmware);
        print_bytes("serial", device.serial);
        print_bytes("platform_id", device.platform_id);
        (void)printf("mode %s\nexpires %" PRId64 " %s\n", device.mode,
                     device.has_expiry ? device.expires_unix_s : -1, device.expires_first);
    }
}

void run_print_state(const struct assay_verdict *v, const struct assay_policy *policy)
{
    int8_t vector[8] = { 0 };
    const char *name = NULL;
    enum assay_proof_state state = ASSAY_PROOF_NOT_USED;
    (void)printf("status %s|%s|%s\n", assay_name_of_tcb_status(assay_verdict_get_tcb_status(v)),
                 assay_name_of_tcb_status(assay_verdict_get_launch_status(v)),
                 assay_name_of_tcb_status(assay_verdict_get_current_status(v)));
    (void)printf("insecure %d\ndebug %d\n", assay_verdict_is_insecure(v),
                 assay_verdict_is_debug(v));
    print_time("time", v, assay_verdict_get_time);
    print_time("tcb_date", v, assay_verdict_get_tcb_date);
    print_time("current_tcb_date", v, assay_verdict_get_current_tcb_date);
    print_machine(v);
    for (size_t i = 0; (name = assay_verdict_get_advisory(v, i)) != NULL; i++)
        (void)printf("advisory %s\n", name);
    for (size_t i = 0; (name = assay_verdict_get_current_advisory(v, i)) != NULL; i++)
        (void)printf("current_advisory %s\n", name);
    for (size_t i = 0; assay_verdict_get_link(v, i, &name, &state); i++)
        (void)printf("link %s %d\n", name, (int)state);
    if (assay_verdict_get_trust_vector(v, policy, vector) != ASSAY_OK) exit(2);
    (void)printf("vector");
    for (size_t i = 0; i < 8; i++)
        (void)printf(" %d", vector[i]);
    (void)printf("\n");
}

void run_print_logs(const struct assay_eventlog_report *report)
{
    struct assay_log_outcome log = { .size = sizeof log };
    struct assay_log_register one = { .size = sizeof one };
    struct assay_log_event event = { .size = sizeof event };
    for (size_t i = 0; assay_eventlog_report_get_log(report, i, &log); i++)
        (void)printf("log %s|%d|%d|%" PRIu64 "|%" PRIu64 "|%" PRIu64 "|%" PRIu64 "|%" PRIu32
                     "|%s|%s\n",
                     assay_name_of_eventlog_form(log.form), (int)log.status, log.judged, log.events,
                     log.later, log.extending, log.proven, log.rule, log.rule_name, log.fix);
    for (size_t i = 0; assay_eventlog_report_get_register(report, i, &one); i++) {
        (void)printf("register %s|%s|%s|%" PRIu64 "\n", one.name, one.bank,
                     assay_name_of_register_state(one.state), one.events);
        print_bytes("quoted", one.quoted);
        print_bytes("replayed", one.replayed);
    }
    for (size_t i = 0; assay_eventlog_report_get_failed(report, i, &event); i++) {
        (void)printf("event %" PRIu32 " %s|%s|%s|%s|%s|%d|%" PRIu64 "|%" PRIu32 "|%" PRIu32
                     "|%s|%s\n",
                     event.rule, event.rule_name, event.expected, event.observed, event.fix,
                     assay_name_of_eventlog_form(event.form), event.occurred, event.index,
                     event.offset, event.type, event.register_name, event.text);
        print_bytes("digest", event.digest);
    }
    (void)printf("failed %" PRIu64 "\n", assay_eventlog_report_count_failed(report));
}
