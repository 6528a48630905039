/*
 * apps/assay/policy/policy_diff.c - `assay policy diff`: values that become accepted or rejected.
 */
#include "apps/assay/policy/policy.h"

#include "apps/assay/core/command.h"
#include "apps/assay/evidence/evidence_print.h"
#include "quote/accept/policy_diff.h"

#include <stdio.h>
#include <stdlib.h>

static void print_changes(const struct assay_policy_changes *changes)
{
    for (uint32_t i = 0; i < changes->count; i++) {
        const struct assay_policy_change *const c = &changes->changes[i];
        (void)printf("%-12s  %s: %s -> %s\n", assay_policy_effect_text(c->effect), c->what.text,
                     c->before.text, c->after.text);
    }
    if (changes->count == 0) (void)puts("both accept the same");
}

static struct assay_json *changes_json(const struct assay_policy_changes *changes)
{
    static const char *const effects[] = { "looser", "stricter", "either" };
    struct assay_json *const list = assay_json_array();
    for (uint32_t i = 0; i < changes->count; i++) {
        const struct assay_policy_change *const c = &changes->changes[i];
        struct assay_json *const item = assay_json_append_object(list);
        assay_json_set_text(item, "effect", effects[c->effect]);
        assay_json_set_text(item, "what", c->what.text);
        assay_json_set_text(item, "before", c->before.text);
        assay_json_set_text(item, "after", c->after.text);
    }
    return list;
}

static int report_differences(const struct assay_policy_options *options,
                              const struct assay_policy_file *before,
                              const struct assay_policy_file *after,
                              const struct assay_policy_changes *changes)
{
    if (!options->json) {
        print_changes(changes);
        return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
    }
    struct assay_json *const data = assay_json_object();
    assay_json_set_hex(data, "before_digest", before->digest, sizeof before->digest);
    assay_json_set_hex(data, "after_digest", after->digest, sizeof after->digest);
    assay_json_set(data, "changes", changes_json(changes));
    return cli_print_envelope("assay.policy.diff", data);
}

int cli_policy_run_diff(const struct assay_policy_options *options)
{
    struct assay_policy_file before = { 0 };
    struct assay_policy_file after = { 0 };
    struct assay_policy_changes *const changes = malloc(sizeof *changes);
    int result = cli_policy_file_open(&before, options->first, options->json);
    if (result == ASSAY_EXIT_OK)
        result = cli_policy_file_open(&after, options->second, options->json);
    if (result == ASSAY_EXIT_OK && changes == NULL)
        result = cli_print_error(options->json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    if (result == ASSAY_EXIT_OK) {
        assay_policy_diff(before.policy, after.policy, changes);
        result = report_differences(options, &before, &after, changes);
    }
    free(changes);
    cli_policy_file_close(&before);
    cli_policy_file_close(&after);
    return result;
}
