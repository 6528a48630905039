/*
 * apps/assay/proofs/audit_orders.c - `assay audit orders`: verification of the hash chain of a
 * daemon's orders, offline.
 *
 * A verb of its own: `assay audit verify` verifies the network's chain from a store and a genesis;
 * this one verifies the journal of one node's actions.
 */
#include "apps/assay/proofs/audit_orders.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "enforce/journal.h"
#include "net/json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "NUMBER:HASH". */
static bool read_head(const char *text, struct assay_journal_head *head)
{
    char *end = NULL;
    const unsigned long long number = strtoull(text, &end, 10);
    if (text[0] < '1' || text[0] > '9' || *end != ':' || number > INT64_MAX) return false;
    head->number = number;
    return assay_hex_decode(end + 1, strlen(end + 1), head->hash, sizeof head->hash) == ASSAY_OK;
}

static void print_json(const char *path, const struct assay_journal_report *report)
{
    struct assay_json *const document = assay_json_object(), *const data = assay_json_object();
    assay_json_set_text(data, "file", path);
    assay_json_set_bool(data, "holds", !report->broken);
    assay_json_set_uint(data, "lines", report->head.number);
    assay_json_set_hex(data, "head", report->head.hash, sizeof report->head.hash);
    assay_json_set_uint(data, "torn_bytes", report->torn_len);
    if (report->broken) {
        assay_json_set_uint(data, "line", report->line);
        assay_json_set_text(data, "fault", report->message);
    }
    assay_json_set_text(document, "schema", "assay.audit.orders");
    assay_json_set_uint(document, "schema_version", 1);
    assay_json_set(document, "data", data);
    char *const text = assay_json_print(document, 0);
    struct assay_json *whole = document;
    assay_json_free(&whole);
    if (text != NULL) (void)puts(text);
    free(text);
}

static void print_text(const char *path, const struct assay_journal_report *report)
{
    char hex[65];
    assay_hex_encode(report->head.hash, sizeof report->head.hash, hex, sizeof hex);
    if (report->broken) {
        (void)fprintf(stderr, "assay audit orders: %s: line %llu: %s\n", path,
                      (unsigned long long)report->line, report->message);
        return;
    }
    (void)printf("holds          %llu lines\nhead           %llu:%s\n",
                 (unsigned long long)report->head.number, (unsigned long long)report->head.number,
                 hex);
    if (report->torn_len > 0)
        (void)printf(
            "half a line    %llu bytes at the end: a crash; the daemon repairs it when it starts\n",
            (unsigned long long)report->torn_len);
}

static int check_journal(const char *path, const struct assay_journal_head *known, bool json)
{
    struct assay_journal_report report;
    const enum assay_status status = assay_journal_check(path, known, &report);
    char why[ASSAY_FILE_MESSAGE_LEN];
    if (assay_file_read_fault(path, status, why)) {
        (void)fprintf(stderr, "assay audit orders: %s: %s\n", path, why);
        return ASSAY_EXIT_MALFORMED;
    }
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "assay audit orders: %s: %s\n", path, cli_file_fault(path, status));
        return status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_INTERNAL;
    }
    if (json) print_json(path, &report);
    else print_text(path, &report);
    if (report.broken) return ASSAY_EXIT_CONTRAINDICATED;
    return report.torn_len > 0 ? ASSAY_EXIT_PARTIAL : ASSAY_EXIT_OK;
}

static int take_head(void *context, const char *name, const char *value)
{
    if (read_head(value, context)) return -1;
    return cli_misuse("--%s wants NUMBER:HASH of 64 hexadecimal digits, not \"%s\"", name, value);
}

int cli_command_orders(int argc, char **argv)
{
    struct assay_journal_head known = { 0 };
    bool json = false;
    const struct cli_option_target targets[] = {
        { "head", .take = take_head, .context = &known },
        { "json", .flag = &json },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    return check_journal(argv[2], &known, json);
}
