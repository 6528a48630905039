/*
 * apps/assay/members/change_draft_policy.c - `assay change draft`: the policy that a change brings.
 */
#include "apps/assay/members/drafting.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/print.h"
#include "base/assert.h"
#include "base/system_clock.h"
#include "quote/accept/policy_lint.h"
#include "quote/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The policy that options edit; initially the one that the change finds. */
static struct assay_policy *get_edited_policy(struct cli_drafting *d)
{
    if (d->policy != NULL) return d->policy;
    d->policy = calloc(1, sizeof *d->policy);
    ASSAY_ASSERT(d->rules.policy != NULL); /* cli_change_rules_of */
    if (d->policy != NULL) *d->policy = *d->rules.policy;
    return d->policy;
}

int cli_draft_policy(struct cli_drafting *d, const char *path)
{
    uint8_t *text = NULL;
    size_t len = 0;
    char why[ASSAY_YAML_MESSAGE_MAX] = "";
    if (d->policy != NULL) /* the file would take back what they did */
        return cli_draft_refuse(d,
                                "--policy once, and before --allow-reference, --retire-reference "
                                "and --deny-reference, which edit that policy");
    if (get_edited_policy(d) == NULL) return cli_change_fail(d->options, ASSAY_E_MEMORY, path);
    enum assay_status status = assay_file_read(path, ASSAY_YAML_LEN_MAX, &text, &len);
    if (status != ASSAY_OK) {
        free(text);
        return cli_change_fail(d->options, status, path);
    }
    status = assay_policy_parse_yaml(text, len, d->policy, why);
    free(text);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : cli_draft_refuse(d, "%s:%s", path, why);
}

static struct assay_reference *find_reference(struct assay_policy *p,
                                              const struct assay_reference *wanted)
{
    for (uint32_t i = 0; i < p->reference_count; i++) {
        struct assay_reference *r = &p->references[i];
        if (r->field == wanted->field && r->value_len == wanted->value_len &&
            assay_bytes_equal(r->value, wanted->value, r->value_len))
            return r;
    }
    return NULL;
}

/* Returns: "64", "96", or "64 or 96": as many digits as values of the field have. */
static const char *digits_of(enum assay_reference_field field)
{
    const bool is_32 = assay_reference_field_fits(field, 32);
    const bool is_48 = assay_reference_field_fits(field, 48);
    if (is_32 && is_48) return "64 or 96";
    if (is_32) return "64";
    return is_48 ? "96" : "the";
}

int cli_draft_reference(struct cli_drafting *d, const char *text, enum assay_reference_state state)
{
    struct assay_reference wanted = { .state = state };
    if (state == ASSAY_REFERENCE_ALLOWED && strcmp(text, "any") == 0) {
        d->any_program = true;
        return ASSAY_EXIT_OK;
    }
    const char *equals = strchr(text, '=');
    const size_t hex_len = equals != NULL ? strlen(equals + 1) : 0;
    wanted.value_len = (uint32_t)(hex_len / 2);
    if (equals == NULL ||
        assay_reference_field_parse(text, (size_t)(equals - text), &wanted.field) != ASSAY_OK)
        return cli_draft_refuse(d, "%s: expected FIELD=HEX, as mrenclave=0011...", text);
    if (hex_len > 2 * sizeof wanted.value ||
        assay_hex_decode(equals + 1, hex_len, wanted.value, hex_len / 2) != ASSAY_OK ||
        !assay_reference_field_fits(wanted.field, wanted.value_len))
        return cli_draft_refuse(
            d, "%s: expected FIELD=HEX: %s hexadecimal digits of %.*s, found %zu characters", text,
            digits_of(wanted.field), (int)(equals - text), text, hex_len);
    struct assay_policy *p = get_edited_policy(d);
    if (p == NULL) return cli_change_fail(d->options, ASSAY_E_MEMORY, text);
    struct assay_reference *held = find_reference(p, &wanted);
    if (held != NULL) {
        held->state = state;
        return ASSAY_EXIT_OK;
    }
    if (state == ASSAY_REFERENCE_RETIRING)
        return cli_print_error(d->options->json, ASSAY_EXIT_NOT_FOUND, "not_found",
                               "%s: the policy has no such reference to retire: %s",
                               cli_draft_verb(d), text);
    if (p->reference_count == ASSAY_REFERENCES_MAX)
        return cli_draft_refuse(d, "the policy has %d references: no more fit",
                                ASSAY_REFERENCES_MAX);
    p->references[p->reference_count++] = wanted;
    return ASSAY_EXIT_OK;
}

/* Rules that can never match are reported before signing; ineffective rules already in force need
 * not be fixed by an unrelated edit. */
static int lint_policies(const struct cli_drafting *d, struct assay_lint_report *now,
                         struct assay_lint_report *next)
{
    const int64_t at_unix_s = assay_unix_s();
    assay_policy_lint(d->rules.policy, at_unix_s, now);
    assay_policy_lint(d->policy, at_unix_s, next);
    if (next->errors <= now->errors) return ASSAY_EXIT_OK;
    for (uint32_t i = 0; i < next->count; i++) {
        const struct assay_lint_finding *f = &next->findings[i];
        if (assay_lint_severity_of(f->lint) == ASSAY_LINT_ERROR)
            (void)fprintf(stderr, "%s: %s [%s]\n", f->path.text, assay_lint_text(f->lint),
                          assay_lint_name(f->lint));
    }
    return cli_draft_refuse(d, "the new policy has ineffective rules: see above");
}

static int lint_policy(const struct cli_drafting *d)
{
    struct assay_lint_report *reports = calloc(2, sizeof *reports);
    if (reports == NULL) return cli_change_fail(d->options, ASSAY_E_MEMORY, "the new policy");
    const int result = lint_policies(d, &reports[0], &reports[1]);
    free(reports);
    return result;
}

/* Of one that signs programs: it names none, and has signed the compromised build, too. */
static bool is_signer(enum assay_reference_field field)
{
    return field == ASSAY_REFERENCE_MRSIGNER || field == ASSAY_REFERENCE_ID_KEY_DIGEST ||
           field == ASSAY_REFERENCE_AUTHOR_KEY_DIGEST;
}

/* Kinds of which no reference value names the program itself. Out: *scratch. Returns: a mask. */
static uint32_t unnamed_kinds(const struct assay_policy *policy, struct assay_policy *scratch)
{
    *scratch = *policy;
    scratch->reference_count = 0;
    for (uint32_t i = 0; i < policy->reference_count; i++)
        if (!is_signer(policy->references[i].field))
            scratch->references[scratch->reference_count++] = policy->references[i];
    return assay_policy_open_kinds(scratch);
}

/* As an appraisal finds the entries about a value: PCRs of Nitro and of a TPM differ by length. */
static bool is_same_measurement(const struct assay_reference *a, const struct assay_reference *b)
{
    return a->field == b->field &&
           (a->value_len == b->value_len || !assay_reference_field_is_pcr(a->field));
}

static bool lists_measurement(const struct assay_policy *p, const struct assay_reference *about)
{
    for (uint32_t i = 0; i < p->reference_count; i++)
        if (p->references[i].state != ASSAY_REFERENCE_DENIED &&
            is_same_measurement(&p->references[i], about))
            return true;
    return false;
}

/* A denial of the last value that was listed of a measurement. Returns: NULL without one. */
static const struct assay_reference *find_last_denied(const struct cli_drafting *d)
{
    for (uint32_t i = 0; i < d->policy->reference_count; i++) {
        const struct assay_reference *const r = &d->policy->references[i];
        if (r->state == ASSAY_REFERENCE_DENIED && lists_measurement(d->rules.policy, r) &&
            !lists_measurement(d->policy, r))
            return r;
    }
    return NULL;
}

/* To deny the one allowed value is what a compromised build suggests, and it accepts every other
 * program: the table of references lists what is allowed only while something is allowed. */
static int check_programs(const struct cli_drafting *d)
{
    const struct assay_policy *const now = d->rules.policy; /* that the change finds */
    struct assay_policy *const scratch = malloc(sizeof *scratch);
    if (scratch == NULL) return cli_change_fail(d->options, ASSAY_E_MEMORY, "the new policy");
    const uint32_t opened = ((assay_policy_open_kinds(d->policy) & ~assay_policy_open_kinds(now)) |
                             (unnamed_kinds(d->policy, scratch) & ~unnamed_kinds(now, scratch))) &
                            assay_policy_kinds(now);
    free(scratch);
    const struct assay_reference *const last = find_last_denied(d);
    if (d->any_program || (opened == 0 && last == NULL)) return ASSAY_EXIT_OK;
    if (opened == 0)
        return cli_print_error(d->options->json, ASSAY_EXIT_CONFLICT, "conflict",
                               "%s: the last listed value of %s would be denied, so that every "
                               "value of it that is not denied is accepted: allow the new one in "
                               "the same draft (--allow-reference FIELD=HEX), or confirm that any "
                               "may run (--allow-reference any)",
                               cli_draft_verb(d), assay_reference_field_name(last->field));
    const struct assay_text kinds = assay_lint_kinds(opened);
    return cli_print_error(d->options->json, ASSAY_EXIT_CONFLICT, "conflict",
                           "%s: no reference value would name the program of %s any more (a signer "
                           "names none), so that every program that is not denied is accepted: "
                           "allow the new build in the same draft (--allow-reference FIELD=HEX), "
                           "or confirm that any may run (--allow-reference any)",
                           cli_draft_verb(d), kinds.text);
}

int cli_draft_put_policy(struct cli_drafting *d)
{
    struct assay_slice bytes;
    if (d->policy == NULL && d->any_program)
        return cli_draft_refuse(d, "--allow-reference any: no other option edits the policy");
    if (d->policy == NULL) return ASSAY_EXIT_OK;
    if (d->policy->tpm_weak_banks != ASSAY_ACCEPT_REFUSED)
        return cli_draft_refuse(d, "tpm_weak_banks: warning: no network accepts PCRs of SHA-1");
    enum assay_status status = assay_policy_check(d->policy);
    const int programs = status == ASSAY_OK ? check_programs(d) : ASSAY_EXIT_OK;
    if (programs != ASSAY_EXIT_OK) return programs;
    struct assay_writer w = assay_writer_over(d->policy_bytes, ASSAY_POLICY_LEN_MAX);
    if (status == ASSAY_OK) assay_policy_encode(d->policy, &w);
    if (status == ASSAY_OK) status = assay_writer_finish(&w, &bytes);
    if (status != ASSAY_OK) return cli_change_fail(d->options, status, "the new policy");
    cli_draft_add_action(d, ASSAY_ACTION_POLICY)->document = bytes;
    return lint_policy(d);
}
