/*
 * quote/accept/policy_lint_event.c - lint of event entries that never decide anything.
 */
#include "quote/accept/policy_lint_internal.h"

#include "base/assert.h"

/* A paravisor's TPM has a log of PCRs; the RTMRs of the TD below are not the guest's. */
static uint32_t kinds_of(const struct assay_event_reference *e)
{
    const bool is_rtmr = !e->is_file && !assay_reference_field_is_pcr(e->field);
    return is_rtmr ? ASSAY_KINDS_TDX & ~ASSAY_KINDS_TPM : ASSAY_KINDS_TPM;
}

static bool same_text(const struct assay_event_reference *a, const struct assay_event_reference *b)
{
    return assay_text_compare(a->text, b->text, ASSAY_EVENT_REFERENCE_TEXT) == 0;
}

/* The same digest in the same register; of files under any name. */
static bool same_digest(const struct assay_event_reference *a,
                        const struct assay_event_reference *b)
{
    if (a->is_file != b->is_file || a->field != b->field || a->value_len != b->value_len)
        return false;
    if (!a->is_file && !same_text(a, b)) return false;
    ASSAY_ASSERT(a->value_len <= sizeof a->value);
    return a->value_len == 0 || assay_bytes_equal(a->value, b->value, a->value_len);
}

static struct assay_text detail_of(const struct assay_event_reference *e)
{
    ASSAY_ASSERT(e->text[0] != '\0' || e->value_len >= 4);
    struct assay_text detail = assay_text_empty();
    assay_text_add(&detail, e->is_file ? "file" : assay_reference_field_name(e->field));
    assay_text_add(&detail, " ");
    if (e->text[0] != '\0') assay_text_add(&detail, e->text);
    else assay_text_add_hex(&detail, e->value, 4);
    return detail;
}

static void lint_event(struct assay_lint_run *l, uint32_t index)
{
    ASSAY_ASSERT(index < l->policy->event_count);
    const struct assay_event_reference *const e = &l->policy->events[index];
    const struct assay_text path = assay_lint_path("events", index);
    bool twice = false, denied = false;
    for (uint32_t i = 0; i < l->policy->event_count; i++) {
        const struct assay_event_reference *const other = &l->policy->events[i];
        if (i == index || !same_digest(e, other)) continue;
        const bool alike = e->state == other->state && e->has_type == other->has_type &&
                           e->type == other->type && same_text(e, other);
        twice = twice || (i < index && alike);
        denied = denied || (e->state != ASSAY_EVENT_DENIED && other->state == ASSAY_EVENT_DENIED);
    }
    if ((l->kinds & kinds_of(e)) == 0)
        assay_lint_find(l, ASSAY_LINT_EVENT_UNUSED, path, assay_lint_kinds(kinds_of(e)));
    else if (twice) assay_lint_find(l, ASSAY_LINT_EVENT_TWICE, path, detail_of(e));
    else if (denied) assay_lint_find(l, ASSAY_LINT_EVENT_DENIED, path, detail_of(e));
}

void assay_lint_events(struct assay_lint_run *l)
{
    const struct assay_policy *const policy = l->policy;
    ASSAY_ASSERT(policy->event_count <= ASSAY_EVENT_REFERENCES_MAX);
    bool names_files = false;
    struct assay_text where = assay_text_empty();
    for (uint32_t i = 0; i < policy->event_count; i++)
        names_files = names_files || policy->events[i].is_file;
    if (policy->ima_unknown != ASSAY_ACCEPT_WARNING && !names_files) {
        assay_text_add(&where, "ima_unknown");
        assay_lint_find(l, ASSAY_LINT_IMA_UNKNOWN_UNUSED, where, assay_text_empty());
    }
    for (uint32_t i = 0; i < policy->event_count; i++)
        lint_event(l, i);
    if (policy->event_count == 0) return;
    where = assay_text_empty();
    assay_text_add(&where, "events");
    assay_lint_find(l, ASSAY_LINT_EVENT_LOGS, where, assay_text_empty());
}
