/*
 * apps/assay/policy/policy_try.c - `assay policy try`: appraisal of one piece of evidence under
 * one or two policies, with the rules that decided.
 */
#include "apps/assay/policy/policy.h"

#include "apps/assay/core/command.h"
#include "apps/assay/evidence/appraisal.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/evidence/unchecked.h"

#include <stdio.h>
#include <string.h>

/* --- what no policy checks, and what this one leaves open */
static struct assay_appraisal_options options_under(const struct assay_policy_options *options,
                                                    const char *policy)
{
    return (struct assay_appraisal_options){ .file = options->second,
                                             .collateral = options->collateral,
                                             .root = options->root,
                                             .at_unix_s = options->at_unix_s,
                                             .kind = options->kind,
                                             .policy = policy,
                                             .event_logs = options->event_logs,
                                             .json = options->json };
}

struct open_list {
    struct assay_open_check items[ASSAY_UNCHECKED_COMMAND_MAX];
    size_t count;
};

static struct open_list open_under(const struct assay_policy_options *options, const char *policy,
                                   const struct cli_appraisal *a)
{
    const struct assay_appraisal_options how = options_under(options, policy);
    struct open_list list = { .count = 0 };
    list.count = cli_unchecked_of(a, &how, NULL, list.items);
    return list;
}

/* --- what decided: the reasons of the class that takes precedence (quote/verdict.h) */
static bool is_decisive(const struct assay_verdict *v, uint32_t index)
{
    const enum assay_rule_class class_ = assay_rule_class_of(v->reasons[index].rule);
    for (uint32_t i = 0; i < v->reason_count; i++)
        if (assay_rule_class_of(v->reasons[i].rule) < class_) return false;
    return true;
}

static void print_deciders(const struct assay_verdict *v)
{
    (void)printf("decided by ");
    if (v->reason_count == 0) (void)printf(" no rule refuses it");
    for (uint32_t i = 0; i < v->reason_count; i++)
        if (is_decisive(v, i)) (void)printf(" %s", assay_rule_name(v->reasons[i].rule));
    (void)printf("\n");
}

static struct assay_json *appraisal_json(struct cli_appraisal *a,
                                         const struct assay_policy_options *options,
                                         const char *policy)
{
    const struct open_list open = open_under(options, policy, a);
    struct assay_json *const object = assay_json_object();
    struct assay_json *const list = assay_json_array();
    struct assay_json *const claims = a->claims;
    a->claims = NULL;
    assay_json_set_text(object, "policy", policy);
    for (uint32_t i = 0; i < a->verdict->reason_count; i++)
        if (is_decisive(a->verdict, i))
            assay_json_append_text(list, assay_rule_name(a->verdict->reasons[i].rule));
    assay_json_set(object, "decided_by", list);
    struct assay_json *const appraisal = cli_verdict_json(a->verdict, claims);
    assay_json_set(appraisal, "not_checked", cli_unchecked_json(open.items, open.count));
    cli_eventlogs_set_json(&a->event_logs, appraisal);
    assay_json_set(object, "appraisal", appraisal);
    return object;
}

/* --- side by side */
static void print_row(const char *name, const char *one, const char *other)
{
    (void)printf("%-12s  %-38s  %s\n", name, one, other);
}

static bool has_reason(const struct assay_verdict *v, const struct assay_reason *reason)
{
    for (uint32_t i = 0; i < v->reason_count; i++) {
        const struct assay_reason *const other = &v->reasons[i];
        if (other->rule == reason->rule && other->offset == reason->offset) return true;
    }
    return false;
}

static const char *label_of(bool both, bool first)
{
    if (both) return "both";
    return first ? "first only" : "second only";
}

/* Reasons of one verdict; those of both are printed with the first alone. */
static void print_reasons(const struct assay_verdict *v, const struct assay_verdict *other,
                          bool first)
{
    for (uint32_t i = 0; i < v->reason_count; i++) {
        const struct assay_reason *const r = &v->reasons[i];
        const bool both = has_reason(other, r);
        if (both && !first) continue;
        (void)printf("%-12s  %s: %s (expected %s, observed %s)\n", label_of(both, first),
                     assay_rule_name(r->rule), assay_rule_text(r->rule), r->expected, r->observed);
    }
}

/* One check may be left open for another reason: then each policy has its own. */
static bool has_open(const struct open_list *list, const struct assay_open_check *item)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].what, item->what) == 0 &&
            strcmp(list->items[i].why, item->why) == 0)
            return true;
    return false;
}

/* As print_reasons. */
static void print_open(const struct open_list *list, const struct open_list *other, bool first)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct assay_open_check *const item = &list->items[i];
        const bool both = has_open(other, item);
        if (both && !first) continue;
        (void)printf("%-12s  not checked: %s: %s\n", label_of(both, first), item->what, item->why);
    }
}

static int print_both(const struct assay_policy_options *options, const struct cli_appraisal *one,
                      const struct cli_appraisal *other)
{
    static const char *const genuine[] = { "unknown", "yes", "no" };
    const struct assay_verdict *const a = one->verdict;
    const struct assay_verdict *const b = other->verdict;
    const struct open_list open_one = open_under(options, options->first, one);
    const struct open_list open_other = open_under(options, options->against, other);
    print_row("policy", options->first, options->against);
    print_row("verdict", assay_tier_text(a->tier), assay_tier_text(b->tier));
    print_row("ballot", assay_outcome_text(assay_verdict_outcome(a)),
              assay_outcome_text(assay_verdict_outcome(b)));
    print_row("genuine", genuine[a->genuine], genuine[b->genuine]);
    if (a->tcb_status != ASSAY_TCB_NONE || b->tcb_status != ASSAY_TCB_NONE)
        print_row("tcb status", assay_tcb_status_text(a->tcb_status),
                  assay_tcb_status_text(b->tcb_status));
    print_reasons(a, b, true);
    print_reasons(b, a, false);
    print_open(&open_one, &open_other, true);
    print_open(&open_other, &open_one, false);
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

/* --- the verb */
static int appraise_under(const struct assay_policy_options *options, const char *policy,
                          struct cli_appraisal *a)
{
    const struct assay_appraisal_options how = options_under(options, policy);
    const int result = cli_appraisal_open(a, &how);
    return result == ASSAY_EXIT_OK ? cli_appraisal_run(a) : result;
}

static int report_verdicts(const struct assay_policy_options *options, struct cli_appraisal *one,
                           struct cli_appraisal *other)
{
    if (options->json) {
        struct assay_json *const data = appraisal_json(one, options, options->first);
        if (other != NULL)
            assay_json_set(data, "against", appraisal_json(other, options, options->against));
        return cli_print_envelope("assay.policy.try", data);
    }
    if (one->verdict->insecure || (other != NULL && other->verdict->insecure))
        (void)puts("INSECURE    profile development");
    if (other != NULL) return print_both(options, one, other);
    const int printed = cli_print_verdict(one->verdict, one->claims);
    if (printed != ASSAY_EXIT_OK) return printed;
    print_deciders(one->verdict);
    const struct open_list list = open_under(options, options->first, one);
    cli_unchecked_print("not checked ", list.items, list.count);
    return cli_eventlogs_print(&one->event_logs);
}

int cli_policy_run_try(const struct assay_policy_options *options)
{
    struct cli_appraisal one = { 0 };
    struct cli_appraisal other = { 0 };
    const bool two = options->against != NULL;
    if (options->collateral == NULL)
        return cli_print_error(options->json, ASSAY_EXIT_USAGE, "usage",
                               "policy try: expected --collateral DIR");
    int result = appraise_under(options, options->first, &one);
    if (result == ASSAY_EXIT_OK && two) result = appraise_under(options, options->against, &other);
    if (result == ASSAY_EXIT_OK) result = report_verdicts(options, &one, two ? &other : NULL);
    if (result == ASSAY_EXIT_OK) cli_appraisal_note(&one);
    if (result == ASSAY_EXIT_OK) result = cli_appraisal_exit(&one);
    cli_appraisal_close(&one);
    cli_appraisal_close(&other);
    return result;
}
