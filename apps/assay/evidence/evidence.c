/*
 * apps/assay/evidence/evidence.c - command group `assay evidence`: appraisal of evidence without a
 * daemon, and its fields.
 *
 * stdout carries the answer (JSON on request), stderr diagnostics; the exit status is the verdict.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/evidence/appraisal.h"
#include "apps/assay/evidence/carrier.h"
#include "apps/assay/evidence/claims.h"
#include "apps/assay/evidence/compose.h"
#include "apps/assay/evidence/ear.h"
#include "apps/assay/evidence/eventlog_list.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/evidence/explain.h"
#include "apps/assay/evidence/unchecked.h"
#include "quote/verify/device_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the two commands */
static int print_verdict(struct cli_appraisal *a, const struct assay_open_check *unchecked,
                         size_t count)
{
    if (a->verdict->insecure)
        (void)fputs("INSECURE: profile development; this verdict proves nothing about hardware\n",
                    stderr);
    if (a->json) {
        struct assay_json *const claims = a->claims;
        a->claims = NULL;
        struct assay_json *const data = cli_verdict_json(a->verdict, claims);
        assay_json_set(data, "not_checked", cli_unchecked_json(unchecked, count));
        cli_eventlogs_set_json(&a->event_logs, data);
        cli_carrier_set_json(&a->carrier, data);
        return cli_print_envelope("assay.evidence.verify", data);
    }
    if (a->verdict->insecure) (void)puts("INSECURE    profile development");
    const int printed = cli_print_verdict(a->verdict, a->claims);
    cli_carrier_print(&a->carrier);
    cli_unchecked_print("not checked ", unchecked, count);
    return printed == ASSAY_EXIT_OK ? cli_eventlogs_print(&a->event_logs) : printed;
}

static int verify_case(struct cli_appraisal *a, const struct assay_appraisal_options *options,
                       const struct assay_ear_options *ear, const struct assay_challenge *challenge)
{
    struct assay_open_check unchecked[ASSAY_UNCHECKED_COMMAND_MAX];
    size_t count = 0;
    int result = cli_appraisal_open(a, options);
    if (result == ASSAY_EXIT_OK) result = cli_ear_check(ear, a->json);
    if (result == ASSAY_EXIT_OK) result = cli_challenge_check(challenge, a->json);
    if (result == ASSAY_EXIT_OK) result = cli_appraisal_run(a);
    if (result == ASSAY_EXIT_OK) result = cli_challenge_appraise(a, challenge);
    if (result == ASSAY_EXIT_OK) count = cli_unchecked_of(a, options, challenge, unchecked);
    if (result == ASSAY_EXIT_OK && ear->file != NULL) result = cli_ear_write(a, ear);
    const bool token_is_output = ear->file != NULL && strcmp(ear->file, "-") == 0;
    if (result == ASSAY_EXIT_OK && !token_is_output) result = print_verdict(a, unchecked, count);
    if (result == ASSAY_EXIT_OK) cli_appraisal_note(a);
    return result == ASSAY_EXIT_OK ? cli_appraisal_exit(a) : result;
}

static int explain_case(struct cli_appraisal *a, const struct assay_appraisal_options *options)
{
    int result = cli_appraisal_open(a, options);
    if (result == ASSAY_EXIT_OK) result = cli_appraisal_run(a);
    if (result == ASSAY_EXIT_OK) result = cli_explain(a, options);
    if (result == ASSAY_EXIT_OK) cli_appraisal_note(a);
    return result == ASSAY_EXIT_OK ? cli_appraisal_exit(a) : result;
}

/* Values by their name, one a row: measurements of a device are 64 of 96 digits. */
static void print_rows(const char *name, const struct assay_json *object)
{
    const char *member = NULL;
    const struct assay_json *value = NULL;
    (void)printf("%s\n", name);
    for (size_t i = 0; assay_json_member(object, i, &member, &value); i++) {
        (void)printf("  %-20s ", member);
        cli_text_print(assay_json_as_text(value));
        (void)putchar('\n');
    }
}

/* Is it an object of texts that has no room in one row? */
static bool has_rows(const struct assay_json *object)
{
    enum { ROWS_MIN = 8 };
    const char *member = NULL;
    const struct assay_json *value = NULL;
    size_t count = 0;
    for (; assay_json_member(object, count, &member, &value); count++)
        if (assay_json_as_text(value) == NULL) return false;
    return count >= ROWS_MIN;
}

static void print_value(const char *name, const struct assay_json *value)
{
    if (has_rows(value)) {
        print_rows(name, value);
        return;
    }
    const char *const text = assay_json_as_text(value);
    char *const printed = text == NULL ? assay_json_print(value, 0) : NULL;
    (void)printf("%-22s ", name);
    if (text != NULL) cli_text_print(text);
    else if (printed != NULL) cli_text_print(printed);
    (void)putchar('\n');
    free(printed);
}

static void print_members(const struct assay_json *object)
{
    const char *name = NULL;
    const struct assay_json *value = NULL;
    for (size_t i = 0; assay_json_member(object, i, &name, &value); i++)
        print_value(name, value);
}

/* Devices that came with the evidence, each with the claims of its report. */
static struct assay_json *devices_of(const struct cli_appraisal *a)
{
    struct assay_package package, device;
    struct assay_device_set set;
    struct assay_slice bytes;
    uint8_t unpacked[ASSAY_DEVICES_LEN_MAX];
    struct assay_json *const all = assay_json_array();
    if (!a->has_devices || assay_package_read(a->kind, a->bytes, a->len, &package) != ASSAY_OK ||
        assay_device_set_bytes(&package, unpacked, &bytes) != ASSAY_OK ||
        assay_device_set_read(bytes.bytes, bytes.len, &set) != ASSAY_OK)
        return all;
    for (size_t i = 0; i < set.count; i++) {
        struct assay_json *const out = assay_json_append_object(all);
        struct assay_json *claims = NULL;
        assay_device_set_package(&set, i, &device);
        assay_json_set_text(out, "kind", assay_kind_text(device.kind));
        if (cli_claims_of(device.kind, device.main.bytes, device.main.len, &claims) == ASSAY_OK)
            assay_json_set(out, "claims", claims);
        else assay_json_set_null(out, "claims");
    }
    return all;
}

/* What the manifests of each are found by; --json has the rest. */
static void print_devices(const struct assay_json *devices)
{
    static const char *const rows[] = { "nonce", "driver_version", "vbios_version" };
    for (size_t i = 0; i < assay_json_count(devices); i++) {
        const struct assay_json *const device = assay_json_at(devices, i);
        const struct assay_json *const claims = assay_json_get(device, "claims");
        (void)printf("%-22s %s\n", "device", assay_json_as_text(assay_json_get(device, "kind")));
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
            if (claims != NULL && assay_json_get(claims, rows[k]) != NULL)
                print_value(rows[k], assay_json_get(claims, rows[k]));
    }
}

static int decode_case(struct cli_appraisal *a, const struct assay_appraisal_options *options)
{
    const int result = cli_appraisal_open_bare(a, options);
    if (result != ASSAY_EXIT_OK) return result;
    if (a->malformed != ASSAY_OK) {
        const bool unsupported = a->malformed == ASSAY_E_UNSUPPORTED;
        return cli_print_error(
            a->json, ASSAY_EXIT_MALFORMED, unsupported ? "unsupported" : "malformed", "%s: %s (%s)",
            options->file, assay_status_text(a->malformed), assay_status_symbol(a->malformed));
    }
    struct assay_json *details = NULL;
    char kind[ASSAY_KIND_NAME_MAX];
    cli_kind_name(a->kind, a->claims, kind);
    if (cli_details_of(a->kind, a->bytes, a->len, &details) != ASSAY_OK)
        return cli_print_error(a->json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    if (a->json) {
        struct assay_json *const data = assay_json_object();
        assay_json_set_text(data, "kind", kind);
        assay_json_set_uint(data, "trailing_zero_bytes", a->trailing_len);
        assay_json_set(data, "claims", a->claims);
        assay_json_set(data, "details", details);
        if (a->has_devices) assay_json_set(data, "devices", devices_of(a));
        a->claims = NULL;
        return cli_print_envelope("assay.evidence.decode", data);
    }
    (void)printf("%-22s %s\n", "kind", kind);
    print_members(a->claims);
    print_members(details);
    struct assay_json *devices = devices_of(a);
    print_devices(devices);
    assay_json_free(&devices);
    assay_json_free(&details);
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

int cli_command_evidence(int argc, char **argv)
{
    struct assay_appraisal_options options = { 0 };
    struct assay_ear_options ear = { 0 };
    struct assay_challenge challenge = { 0 };
    struct cli_appraisal a;
    if (strcmp(argv[1], "compose") == 0) return cli_evidence_compose(argc, argv);
    if (strcmp(argv[1], "eventlog") == 0) return cli_eventlog_list(argc, argv);
    const bool verify = strcmp(argv[1], "verify") == 0, explain = strcmp(argv[1], "explain") == 0;
    const struct cli_option_target targets[] = {
        ASSAY_APPRAISAL_TARGETS(&options),
        ASSAY_EVENTLOG_TARGET(&options.event_logs),
        { "report-data", .text = &challenge.report_data },
        { "nonce", .text = &challenge.nonce },
        { "ocsp-nonce", .text = &options.ocsp_nonce },
        { "ear", .text = &ear.file },
        { "ear-key", .text = &ear.key },
        { "ear-profile", .text = &ear.profile },
        { "ear-nonce", .text = &ear.nonce },
        { "ear-form", .text = &ear.form },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    options.file = argv[2];
    const int result = verify    ? verify_case(&a, &options, &ear, &challenge)
                       : explain ? explain_case(&a, &options)
                                 : decode_case(&a, &options);
    cli_appraisal_close(&a);
    return result;
}
