/*
 * apps/assay/policy/policy.c - command group `assay policy`: lint, show, diff and try policies;
 * import and export of reference values.
 */
#include "apps/assay/policy/policy.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/config/yaml.h"
#include "base/assert.h"
#include "base/system_clock.h"
#include "quote/accept/policy_lint.h"
#include "quote/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- files */
int cli_policy_file_open(struct assay_policy_file *file, const char *path, bool json)
{
    char message[ASSAY_YAML_MESSAGE_MAX];
    *file = (struct assay_policy_file){ .policy = calloc(1, sizeof *file->policy) };
    if (file->policy == NULL)
        return cli_print_error(json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    enum assay_status status = assay_file_read(path, ASSAY_YAML_LEN_MAX, &file->text, &file->len);
    if (status != ASSAY_OK) return cli_print_file_fault(json, "", path, status);
    status = assay_policy_parse_yaml(file->text, file->len, file->policy, message);
    struct assay_file_kind kind;
    if (status != ASSAY_OK &&
        assay_config_other_kind(assay_slice_over(file->text, file->len), &kind))
        return cli_print_error(json, ASSAY_EXIT_USAGE, "usage", "%s: is %s, expected a policy",
                               path, kind.text);
    if (status != ASSAY_OK)
        return cli_print_error(json, ASSAY_EXIT_USAGE, "usage", "%s:%s", path, message);
    assay_policy_digest(file->policy, file->digest);
    return ASSAY_EXIT_OK;
}

void cli_policy_file_close(struct assay_policy_file *file)
{
    free(file->policy);
    free(file->text);
    *file = (struct assay_policy_file){ 0 };
}

/* --- lint */
static const char *severity_text(enum assay_lint lint)
{
    return assay_lint_severity_of(lint) == ASSAY_LINT_ERROR ? "error" : "warning";
}

void cli_policy_print_findings(const struct assay_policy_file *file, const char *path,
                               const struct assay_lint_report *report, FILE *out)
{
    ASSAY_ASSERT(report != NULL);
    for (uint32_t i = 0; i < report->count; i++) {
        const struct assay_lint_finding *const f = &report->findings[i];
        const struct assay_yaml_line at =
            assay_policy_yaml_line(file->text, file->len, f->path.text);
        const bool has_detail = f->detail.len > 0;
        (void)fprintf(out, "%s:", path);
        if (at.line > 0) (void)fprintf(out, "%lu:%lu:", at.line, at.column);
        (void)fprintf(out, " %s: %s: %s%s%s%s [%s]\n", severity_text(f->lint), f->path.text,
                      assay_lint_text(f->lint), has_detail ? " (" : "", f->detail.text,
                      has_detail ? ")" : "", assay_lint_name(f->lint));
        (void)fprintf(out, "    %s\n", assay_lint_advice(f->lint));
    }
    (void)fprintf(out, "%s: %lu error%s, %lu warning%s\n", path, (unsigned long)report->errors,
                  report->errors == 1 ? "" : "s", (unsigned long)report->warnings,
                  report->warnings == 1 ? "" : "s");
}

static struct assay_json *findings_json(const struct assay_policy_file *file,
                                        const struct assay_lint_report *report)
{
    struct assay_json *const list = assay_json_array();
    for (uint32_t i = 0; i < report->count; i++) {
        const struct assay_lint_finding *const f = &report->findings[i];
        struct assay_json *const item = assay_json_append_object(list);
        const struct assay_yaml_line at =
            assay_policy_yaml_line(file->text, file->len, f->path.text);
        assay_json_set_text(item, "severity", severity_text(f->lint));
        assay_json_set_text(item, "lint", assay_lint_name(f->lint));
        assay_json_set_text(item, "path", f->path.text);
        if (at.line > 0) assay_json_set_uint(item, "line", at.line);
        else assay_json_set_null(item, "line");
        if (at.line > 0) assay_json_set_uint(item, "column", at.column);
        else assay_json_set_null(item, "column");
        assay_json_set_text(item, "text", assay_lint_text(f->lint));
        assay_json_set_text(item, "detail", f->detail.text);
        assay_json_set_text(item, "advice", assay_lint_advice(f->lint));
    }
    return list;
}

static int report_lint(const struct assay_policy_options *options,
                       const struct assay_policy_file *file, const struct assay_lint_report *report)
{
    ASSAY_ASSERT(report != NULL);
    if (!options->json) {
        cli_policy_print_findings(file, options->first, report, stdout);
        return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
    }
    struct assay_json *const data = assay_json_object();
    assay_json_set_text(data, "file", options->first);
    assay_json_set_hex(data, "digest", file->digest, sizeof file->digest);
    assay_json_set_uint(data, "errors", report->errors);
    assay_json_set_uint(data, "warnings", report->warnings);
    assay_json_set(data, "findings", findings_json(file, report));
    return cli_print_envelope("assay.policy.lint", data);
}

int cli_policy_run_lint(const struct assay_policy_options *options)
{
    struct assay_policy_file file;
    const int64_t at_unix_s = options->at_unix_s != 0 ? options->at_unix_s : assay_unix_s();
    struct assay_lint_report *const report = calloc(1, sizeof *report);
    int result = cli_policy_file_open(&file, options->first, options->json);
    if (result == ASSAY_EXIT_OK && report == NULL)
        result = cli_print_error(options->json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    if (result == ASSAY_EXIT_OK) {
        assay_policy_lint(file.policy, at_unix_s, report);
        result = report_lint(options, &file, report);
        if (result == ASSAY_EXIT_OK && report->errors > 0) result = ASSAY_EXIT_USAGE;
    }
    free(report);
    cli_policy_file_close(&file);
    return result;
}

/* --- show */
static int show_policy(const struct assay_policy_options *options,
                       const struct assay_policy_file *file, char *memory)
{
    struct assay_slice text;
    char digest[65];
    struct assay_writer w = assay_writer_over(memory, ASSAY_YAML_LEN_MAX);
    assay_policy_put_yaml(file->policy, &w);
    if (assay_writer_finish(&w, &text) != ASSAY_OK)
        return cli_print_error(options->json, ASSAY_EXIT_INTERNAL, "internal",
                               "%s: the policy does not fit into a file", options->first);
    assay_hex_encode(file->digest, sizeof file->digest, digest, sizeof digest);
    if (options->json) {
        struct assay_json *const data = assay_json_object();
        assay_json_set_text(data, "file", options->first);
        assay_json_set_text(data, "digest", digest);
        assay_json_set_text_n(data, "policy", text.bytes, text.len);
        return cli_print_envelope("assay.policy.show", data);
    }
    (void)printf("# digest %s\n", digest);
    const bool written = fwrite(text.bytes, 1, text.len, stdout) == text.len;
    return written && fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

int cli_policy_run_show(const struct assay_policy_options *options)
{
    struct assay_policy_file file;
    int result = cli_policy_file_open(&file, options->first, options->json);
    char *const memory = malloc(ASSAY_YAML_LEN_MAX);
    if (result == ASSAY_EXIT_OK && memory == NULL)
        result = cli_print_error(options->json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    if (result == ASSAY_EXIT_OK) result = show_policy(options, &file, memory);
    free(memory);
    cli_policy_file_close(&file);
    return result;
}

/* --- the command line */
static const struct {
    const char *name;
    int (*run)(const struct assay_policy_options *options);
} verbs[] = {
    { "lint", cli_policy_run_lint },     { "show", cli_policy_run_show },
    { "diff", cli_policy_run_diff },     { "try", cli_policy_run_try },
    { "import", cli_policy_run_import }, { "export", cli_policy_run_export },
};

int cli_command_policy(int argc, char **argv)
{
    struct assay_policy_options options = { 0 };
    const struct cli_option_target targets[] = {
        { "at", .time = &options.at_unix_s },
        { "collateral", .text = &options.collateral },
        { "root", .text = &options.root },
        { "kind", .text = &options.kind },
        { "against", .text = &options.against },
        { "signer", .text = &options.signer },
        { "into", .text = &options.into },
        { "format", .text = &options.format },
        { "key", .text = &options.key },
        { "id", .text = &options.id },
        { "issuer", .text = &options.issuer },
        { "out", .text = &options.out },
        ASSAY_EVENTLOG_TARGET(&options.event_logs),
        { "partial", .flag = &options.partial },
        { "json", .flag = &options.json },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    options.first = argv[2];
    options.second = argv[2] != NULL ? argv[3] : NULL;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].name, argv[1]) == 0) return verbs[i].run(&options);
    ASSAY_UNREACHABLE("the table names these verbs");
}
