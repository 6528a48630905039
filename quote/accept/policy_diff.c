/*
 * quote/accept/policy_diff.c - difference of two policies (policy_diff.h). Each rule is mapped to a
 * number that grows with what it accepts; texts use the words of the policy file.
 */
#include "quote/accept/policy_diff.h"

#include "base/assert.h"
#include "quote/accept/policy_lint.h"

struct diff {
    const struct assay_policy *before;
    const struct assay_policy *after;
    struct assay_policy_changes *out;
};

/* --- changes */
static void add_change(struct diff *d, enum assay_change_effect effect, struct assay_text what,
                       struct assay_text before, struct assay_text after)
{
    ASSAY_ASSERT(d->out->count < ASSAY_POLICY_CHANGES_MAX);
    d->out->changes[d->out->count++] = (struct assay_policy_change){ effect, what, before, after };
}

static struct assay_text text_of(const char *text)
{
    struct assay_text out = assay_text_empty();
    assay_text_add(&out, text);
    return out;
}

static struct assay_text number_text(uint64_t number)
{
    struct assay_text out = assay_text_empty();
    assay_text_add_u64(&out, number);
    return out;
}

static struct assay_text join_two(const char *first, const char *second)
{
    struct assay_text out = text_of(first);
    assay_text_add(&out, second);
    return out;
}

/* Accepted becomes refused, or the other way. */
static void add_switch(struct diff *d, struct assay_text what, bool before, bool after)
{
    if (before == after) return;
    add_change(d, after ? ASSAY_CHANGE_LOOSER : ASSAY_CHANGE_STRICTER, what,
               text_of(before ? "accepted" : "refused"), text_of(after ? "accepted" : "refused"));
}

/* A greater number accepts less. */
static void add_minimum(struct diff *d, const char *what, uint64_t before, uint64_t after)
{
    if (before == after) return;
    add_change(d, after < before ? ASSAY_CHANGE_LOOSER : ASSAY_CHANGE_STRICTER, text_of(what),
               number_text(before), number_text(after));
}

static void add_minima(struct diff *d, const char *what, const uint8_t *before,
                       const uint8_t *after, size_t len)
{
    ASSAY_ASSERT(before != NULL && after != NULL);
    ASSAY_ASSERT(2 * len < ASSAY_REASON_TEXT);
    bool up = false;
    bool down = false;
    struct assay_text old = assay_text_empty();
    struct assay_text new = assay_text_empty();
    for (size_t i = 0; i < len; i++) {
        up = up || after[i] > before[i];
        down = down || after[i] < before[i];
    }
    if (!up && !down) return;
    assay_text_add_hex(&old, before, len);
    assay_text_add_hex(&new, after, len);
    const enum assay_change_effect one_way = up ? ASSAY_CHANGE_STRICTER : ASSAY_CHANGE_LOOSER;
    add_change(d, up && down ? ASSAY_CHANGE_EITHER : one_way, text_of(what), old, new);
}

/* --- kinds, statuses, numbers, platform */
static void diff_kinds(struct diff *d)
{
    const uint32_t before = assay_policy_kinds(d->before);
    const uint32_t after = assay_policy_kinds(d->after);
    if (d->before->profile != d->after->profile) {
        const bool development = d->after->profile == ASSAY_PROFILE_DEVELOPMENT;
        add_change(d, development ? ASSAY_CHANGE_LOOSER : ASSAY_CHANGE_STRICTER, text_of("profile"),
                   text_of(development ? "production" : "development"),
                   text_of(development ? "development" : "production"));
    }
    for (unsigned i = 1; i < ASSAY_KIND_COUNT; i++)
        add_switch(d, join_two("kind ", assay_kind_text((enum assay_evidence_kind)i)),
                   (before & ASSAY_KIND_BIT(i)) != 0, (after & ASSAY_KIND_BIT(i)) != 0);
}

static struct assay_text status_text(const struct assay_status_rule *rule)
{
    struct assay_text out = text_of(assay_policy_acceptance_name(rule->acceptance));
    if (!rule->has_grace || rule->acceptance == ASSAY_ACCEPT_REFUSED) return out;
    assay_text_add(&out, " for ");
    assay_text_add_u64(&out, rule->grace_s);
    assay_text_add(&out, " s");
    return out;
}

/* How long a status is accepted: not at all, for a time, for ever. */
static uint64_t grace_rank(const struct assay_status_rule *rule)
{
    if (rule->acceptance == ASSAY_ACCEPT_REFUSED) return 0;
    if (!rule->has_grace || rule->grace_s >= UINT64_MAX - 1) return UINT64_MAX;
    return rule->grace_s + 1;
}

static void diff_statuses(struct diff *d)
{
    for (int i = ASSAY_TCB_NONE + 1; i < ASSAY_TCB_STATUS_COUNT; i++) {
        const struct assay_status_rule *const old = &d->before->statuses[i];
        const struct assay_status_rule *const new = &d->after->statuses[i];
        const uint64_t was = grace_rank(old);
        const uint64_t is = grace_rank(new);
        const bool looser = is > was || (is > 0 && new->acceptance > old->acceptance);
        const bool stricter = is < was || (was > 0 && new->acceptance < old->acceptance);
        if (!looser && !stricter) continue;
        const enum assay_change_effect one_way =
            looser ? ASSAY_CHANGE_LOOSER : ASSAY_CHANGE_STRICTER;
        add_change(d, looser && stricter ? ASSAY_CHANGE_EITHER : one_way,
                   join_two("status ", assay_tcb_status_text((enum assay_tcb_status)i)),
                   status_text(old), status_text(new));
    }
}

static void diff_acceptance(struct diff *d, const char *what, enum assay_acceptance before,
                            enum assay_acceptance after)
{
    if (before == after) return;
    add_change(d, after > before ? ASSAY_CHANGE_LOOSER : ASSAY_CHANGE_STRICTER, text_of(what),
               text_of(assay_policy_acceptance_name(before)),
               text_of(assay_policy_acceptance_name(after)));
}

static void diff_platform(struct diff *d)
{
    const struct assay_platform_rules *const old = &d->before->platform;
    const struct assay_platform_rules *const new = &d->after->platform;
    diff_acceptance(d, "service_td", old->service_td, new->service_td);
    diff_acceptance(d, "sept_ve_enabled", old->sept_ve_enabled, new->sept_ve_enabled);
    diff_acceptance(d, "td_now_out_of_date", old->td_now_out_of_date, new->td_now_out_of_date);
    diff_acceptance(d, "td_now_revoked", old->td_now_revoked, new->td_now_revoked);
    if (old->vmpl_max != new->vmpl_max)
        add_change(d, new->vmpl_max > old->vmpl_max ? ASSAY_CHANGE_LOOSER : ASSAY_CHANGE_STRICTER,
                   text_of("vmpl_max"), number_text(old->vmpl_max), number_text(new->vmpl_max));
    add_switch(d, text_of("migration_agent"), old->allow_migration_agent,
               new->allow_migration_agent);
    add_switch(d, text_of("smt"), old->allow_smt, new->allow_smt);
    add_switch(d, text_of("a guest that may use several sockets"), !old->require_single_socket,
               !new->require_single_socket);
    add_switch(d, text_of("evidence without a revocation list"), !old->require_crl,
               !new->require_crl);
    add_minima(d, "snp_tcb_min", old->snp_tcb_min, new->snp_tcb_min, sizeof old->snp_tcb_min);
}

static struct assay_text driver_text(const struct assay_gpu_version *version)
{
    struct assay_text text = assay_text_empty();
    for (size_t i = 0; i < ASSAY_GPU_VERSION_PARTS; i++) {
        if (i > 0) assay_text_add(&text, ".");
        assay_text_add_u64(&text, version->parts[i]);
    }
    return text;
}

/* How many devices of a member are accepted: a narrower span is stricter. */
static void diff_span(struct diff *d, const char *least, const char *most,
                      const struct assay_gpu_span *old, const struct assay_gpu_span *new)
{
    if (old->least != new->least)
        add_change(d, new->least < old->least ? ASSAY_CHANGE_LOOSER : ASSAY_CHANGE_STRICTER,
                   text_of(least), number_text(old->least), number_text(new->least));
    if (old->most != new->most)
        add_change(d, new->most > old->most ? ASSAY_CHANGE_LOOSER : ASSAY_CHANGE_STRICTER,
                   text_of(most), number_text(old->most), number_text(new->most));
}

static struct assay_text firmware_text(const struct assay_gpu_firmware *version)
{
    struct assay_text text = assay_text_empty();
    if (version == NULL) return text_of("none");
    for (size_t i = 0; i < ASSAY_GPU_FIRMWARE_PARTS; i++) {
        if (i > 0) assay_text_add(&text, ".");
        assay_text_add_hex(&text, &version->parts[i], 1);
    }
    return text;
}

/* Family by family. One more where there are others accepts boards that were refused; the first
 * refuses all others. */
static void diff_firmware(struct diff *d, const struct assay_gpu_rules *old,
                          const struct assay_gpu_rules *new)
{
    for (uint32_t i = 0; i < new->firmware_count; i++) {
        const struct assay_gpu_firmware *const now = &new->firmware_min[i];
        const struct assay_gpu_firmware *const was = assay_gpu_firmware_least(old, now);
        const int order = was == NULL ? 0 : assay_gpu_firmware_compare(now, was);
        if (was != NULL && order == 0) continue;
        const bool looser = was == NULL ? old->firmware_count > 0 : order < 0;
        add_change(d, looser ? ASSAY_CHANGE_LOOSER : ASSAY_CHANGE_STRICTER,
                   text_of("gpu_firmware_min"), firmware_text(was), firmware_text(now));
    }
    for (uint32_t i = 0; i < old->firmware_count; i++) {
        const struct assay_gpu_firmware *const was = &old->firmware_min[i];
        if (assay_gpu_firmware_least(new, was) != NULL) continue;
        add_change(d, new->firmware_count == 0 ? ASSAY_CHANGE_LOOSER : ASSAY_CHANGE_STRICTER,
                   text_of("gpu_firmware_min"), firmware_text(was), firmware_text(NULL));
    }
}

static void diff_gpu(struct diff *d)
{
    const struct assay_gpu_rules *const old = &d->before->gpu, *const new = &d->after->gpu;
    for (unsigned i = 0; i < ASSAY_GPU_ARCHITECTURES; i++)
        add_switch(
            d,
            join_two("architecture ", assay_gpu_architecture_name((enum assay_gpu_architecture)i)),
            (old->architectures >> i & 1u) != 0, (new->architectures >> i & 1u) != 0);
    for (unsigned i = 0; i < ASSAY_GPU_MODES; i++)
        add_switch(d, join_two("GPU mode ", assay_gpu_mode_name((enum assay_gpu_mode)i)),
                   (old->modes >> i & 1u) != 0, (new->modes >> i & 1u) != 0);
    add_switch(d, text_of("a device certificate on hold"), old->allow_certificate_hold,
               new->allow_certificate_hold);
    const int order = assay_gpu_version_compare(&new->driver_min, &old->driver_min);
    if (order != 0)
        add_change(d, order < 0 ? ASSAY_CHANGE_LOOSER : ASSAY_CHANGE_STRICTER,
                   text_of("gpu_driver_min"), driver_text(&old->driver_min),
                   driver_text(&new->driver_min));
    diff_span(d, "gpu_count_min", "gpu_count_max", &old->gpus, &new->gpus);
    diff_span(d, "switch_count_min", "switch_count_max", &old->switches, &new->switches);
    add_switch(d, text_of("packed devices"), old->packed, new->packed);
    diff_firmware(d, old, new);
}

static struct assay_text age_text(const struct assay_policy *policy)
{
    return policy->has_collateral_age ? number_text(policy->collateral_age_max_s)
                                      : text_of("as long as it is valid");
}

static void diff_age(struct diff *d)
{
    const struct assay_policy *const old = d->before, *const new = d->after;
    const uint64_t was = old->has_collateral_age ? old->collateral_age_max_s : UINT64_MAX;
    const uint64_t is = new->has_collateral_age ? new->collateral_age_max_s : UINT64_MAX;
    if (was == is) return;
    add_change(d, is > was ? ASSAY_CHANGE_LOOSER : ASSAY_CHANGE_STRICTER,
               text_of("collateral_age_max_s"), age_text(old), age_text(new));
}

static void diff_numbers(struct diff *d)
{
    diff_age(d);
    add_minimum(d, "tcb_evaluation_number_min", d->before->evaluation_number_min,
                d->after->evaluation_number_min);
    add_minimum(d, "pcesvn_min", d->before->pcesvn_min, d->after->pcesvn_min);
    add_minima(d, "tee_tcb_svn_min", d->before->tee_tcb_svn_min, d->after->tee_tcb_svn_min,
               sizeof d->before->tee_tcb_svn_min);
}

/* --- roots: those of a policy, or the pinned ones of a policy that has none */
struct root {
    const char *name;
    struct assay_key key;
    uint32_t kinds;
};

/* Returns: false past the last one. */
static bool root_at(const struct assay_policy *policy, uint32_t index, struct root *root)
{
    ASSAY_ASSERT(policy->root_count <= ASSAY_POLICY_ROOTS_MAX);
    if (policy->root_count > 0) {
        if (index >= policy->root_count) return false;
        *root = (struct root){ policy->roots[index].name, policy->roots[index].key,
                               policy->roots[index].kinds };
        return true;
    }
    if (index >= ASSAY_PINNED_ROOTS) return false;
    const enum assay_pinned_root which = (enum assay_pinned_root)index;
    root->name = assay_pinned_root_name(which);
    if (assay_pinned_root(which, &root->key, &root->kinds) != ASSAY_OK) root->kinds = 0;
    return true;
}

static uint32_t kinds_of_key(const struct assay_policy *policy, const struct assay_key *key,
                             uint32_t entries)
{
    uint32_t kinds = 0;
    struct root root;
    for (uint32_t i = 0; i < entries && root_at(policy, i, &root); i++)
        if (assay_key_equal(&root.key, key)) kinds |= root.kinds;
    ASSAY_ASSERT(key->type != ASSAY_KEY_NONE);
    return kinds & ASSAY_KINDS_KNOWN;
}

static struct assay_text kinds_text(uint32_t kinds)
{
    ASSAY_ASSERT((kinds & ~ASSAY_KINDS_KNOWN) == 0);
    struct assay_text out = assay_text_empty();
    if (kinds == 0) return text_of("not trusted");
    if (kinds == ASSAY_KINDS_KNOWN) return text_of("every kind");
    for (unsigned i = 1; i < ASSAY_KIND_COUNT; i++) {
        if ((kinds & ASSAY_KIND_BIT(i)) == 0) continue;
        if (out.len > 0) assay_text_add(&out, ", ");
        assay_text_add(&out, assay_kind_text((enum assay_evidence_kind)i));
    }
    return out;
}

static void diff_root(struct diff *d, const struct root *root)
{
    const uint32_t before = kinds_of_key(d->before, &root->key, UINT32_MAX);
    const uint32_t after = kinds_of_key(d->after, &root->key, UINT32_MAX);
    const bool gains = (after & ~before) != 0;
    const bool loses = (before & ~after) != 0;
    if (!gains && !loses) return;
    const enum assay_change_effect one_way = gains ? ASSAY_CHANGE_LOOSER : ASSAY_CHANGE_STRICTER;
    add_change(d, gains && loses ? ASSAY_CHANGE_EITHER : one_way, join_two("root ", root->name),
               kinds_text(before), kinds_text(after));
}

/* Which certificates of attestation keys count under it. */
static void diff_ak_form(struct diff *d, const struct root *root)
{
    const enum assay_ak_form before = assay_policy_ak_form(d->before, &root->key, ASSAY_KIND_TPM);
    const enum assay_ak_form after = assay_policy_ak_form(d->after, &root->key, ASSAY_KIND_TPM);
    if (before != after)
        add_change(d, ASSAY_CHANGE_EITHER, join_two("attestation keys of root ", root->name),
                   text_of(assay_ak_form_name(before)), text_of(assay_ak_form_name(after)));
}

static void diff_roots(struct diff *d)
{
    struct root root;
    for (uint32_t i = 0; root_at(d->before, i, &root); i++)
        if (kinds_of_key(d->before, &root.key, i) == 0) {
            diff_root(d, &root);
            diff_ak_form(d, &root);
        }
    for (uint32_t i = 0; root_at(d->after, i, &root); i++)
        if (kinds_of_key(d->after, &root.key, i) == 0 &&
            kinds_of_key(d->before, &root.key, UINT32_MAX) == 0) {
            diff_root(d, &root);
            diff_ak_form(d, &root);
        }
}

/* --- advisories */
static bool denies_advisory(const struct assay_policy *policy, const char *id, uint32_t entries)
{
    for (uint32_t i = 0; i < entries && i < policy->advisory_count; i++)
        if (assay_text_compare(policy->advisories_denied[i], id, ASSAY_ADVISORY_TEXT) == 0)
            return true;
    return false;
}

static void diff_advisories(struct diff *d)
{
    for (uint32_t i = 0; i < d->before->advisory_count; i++) {
        const char *const id = d->before->advisories_denied[i];
        if (!denies_advisory(d->before, id, i))
            add_switch(d, join_two("advisory ", id), false,
                       !denies_advisory(d->after, id, UINT32_MAX));
    }
    for (uint32_t i = 0; i < d->after->advisory_count; i++) {
        const char *const id = d->after->advisories_denied[i];
        if (!denies_advisory(d->after, id, i))
            add_switch(d, join_two("advisory ", id), !denies_advisory(d->before, id, UINT32_MAX),
                       false);
    }
}

/* --- references */
/* Do the entries of the field, of the kinds that these lengths have, leave only listed values? */
static bool is_listed(const struct assay_policy *policy, enum assay_reference_field field,
                      uint32_t kinds)
{
    ASSAY_ASSERT(kinds != 0);
    for (uint32_t i = 0; i < policy->reference_count; i++) {
        const struct assay_reference *const r = &policy->references[i];
        if (r->field == field && r->state != ASSAY_REFERENCE_DENIED &&
            assay_reference_field_kinds(r->field, r->value_len) == kinds)
            return true;
    }
    return false;
}

static void diff_field(struct diff *d, enum assay_reference_field field, uint32_t kinds)
{
    ASSAY_ASSERT(kinds != 0);
    const bool was = is_listed(d->before, field, kinds);
    const bool is = is_listed(d->after, field, kinds);
    if (was == is) return;
    struct assay_text what = join_two(assay_reference_field_name(field), " of ");
    assay_text_add(&what, kinds_text(kinds).text);
    add_change(d, is ? ASSAY_CHANGE_STRICTER : ASSAY_CHANGE_LOOSER, what,
               text_of(was ? "listed values only" : "any value"),
               text_of(is ? "listed values only" : "any value"));
}

static bool same_value(const struct assay_reference *a, const struct assay_reference *b)
{
    ASSAY_ASSERT(a->value_len <= sizeof a->value && b->value_len <= sizeof b->value);
    return a->field == b->field && a->value_len == b->value_len &&
           assay_bytes_equal(a->value, b->value, a->value_len);
}

static bool same_terms(const struct assay_reference *a, const struct assay_reference *b)
{
    return a->state == b->state && a->has_not_before == b->has_not_before &&
           a->not_before_s == b->not_before_s && a->has_not_after == b->has_not_after &&
           a->not_after_s == b->not_after_s && a->isvsvn_min == b->isvsvn_min;
}

/* Verdict of one policy on a value: 0 refused, 1 with a warning, 2 accepted; and in words. */
struct saying {
    int rank;
    struct assay_text text;
};

static void add_terms(struct assay_text *text, const struct assay_reference *r)
{
    if (text->len > 0) assay_text_add(text, ", ");
    assay_text_add(text, assay_reference_state_name(r->state));
    if (r->has_not_before) {
        assay_text_add(text, " from ");
        assay_text_add_time(text, r->not_before_s);
    }
    if (r->has_not_after) {
        assay_text_add(text, " to ");
        assay_text_add_time(text, r->not_after_s);
    }
    if (r->isvsvn_min == 0) return;
    assay_text_add(text, " from isvsvn ");
    assay_text_add_u64(text, r->isvsvn_min);
}

static struct saying describe_reference(const struct assay_policy *policy,
                                        const struct assay_reference *value)
{
    const uint32_t kinds = assay_reference_field_kinds(value->field, value->value_len);
    struct saying s = { .rank = -1, .text = assay_text_empty() };
    bool denied = false;
    for (uint32_t i = 0; i < policy->reference_count; i++) {
        const struct assay_reference *const r = &policy->references[i];
        if (!same_value(r, value)) continue;
        add_terms(&s.text, r);
        denied = denied || r->state == ASSAY_REFERENCE_DENIED;
        const int rank = r->state == ASSAY_REFERENCE_ALLOWED ? 2 : 1;
        if (rank > s.rank) s.rank = rank;
    }
    if (denied) s.rank = 0;
    if (s.rank >= 0) return s;
    const bool listed = is_listed(policy, value->field, kinds);
    ASSAY_ASSERT(!denied);
    return (struct saying){ listed ? 0 : 2, text_of(listed ? "not listed" : "as any value") };
}

static bool has_terms(const struct assay_policy *policy, const struct assay_reference *entry)
{
    for (uint32_t i = 0; i < policy->reference_count; i++)
        if (same_value(&policy->references[i], entry) && same_terms(&policy->references[i], entry))
            return true;
    return false;
}

/* Is every entry of this value in the one policy in the other one, too? */
static bool adds_nothing(const struct assay_policy *one, const struct assay_policy *other,
                         const struct assay_reference *value)
{
    for (uint32_t i = 0; i < one->reference_count; i++)
        if (same_value(&one->references[i], value) && !has_terms(other, &one->references[i]))
            return false;
    return true;
}

static bool is_first(const struct assay_policy *policy, uint32_t index)
{
    ASSAY_ASSERT(index < policy->reference_count);
    for (uint32_t i = 0; i < index; i++)
        if (same_value(&policy->references[i], &policy->references[index])) return false;
    return true;
}

static bool mentions_reference(const struct assay_policy *policy,
                               const struct assay_reference *value)
{
    for (uint32_t i = 0; i < policy->reference_count; i++)
        if (same_value(&policy->references[i], value)) return true;
    return false;
}

static void diff_value(struct diff *d, const struct assay_reference *value)
{
    enum { SHOWN = 8 };
    if (adds_nothing(d->before, d->after, value) && adds_nothing(d->after, d->before, value))
        return;
    const struct saying was = describe_reference(d->before, value);
    const struct saying is = describe_reference(d->after, value);
    struct assay_text what = join_two(assay_reference_field_name(value->field), " ");
    ASSAY_ASSERT(value->value_len >= SHOWN);
    assay_text_add_hex(&what, value->value, SHOWN);
    assay_text_add(&what, "...");
    enum assay_change_effect effect = ASSAY_CHANGE_EITHER;
    if (is.rank > was.rank) effect = ASSAY_CHANGE_LOOSER;
    if (is.rank < was.rank) effect = ASSAY_CHANGE_STRICTER;
    add_change(d, effect, what, was.text, is.text);
}

static void diff_references(struct diff *d)
{
    for (unsigned i = 0; i < ASSAY_REFERENCE_FIELDS; i++) {
        const enum assay_reference_field field = (enum assay_reference_field)i;
        uint32_t reported = 0;
        for (size_t len = 32; len <= ASSAY_MEASUREMENT_MAX; len += 16) {
            const uint32_t kinds = assay_reference_field_kinds(field, len);
            if (kinds == 0 || kinds == reported) continue; /* one meaning for several lengths */
            reported = kinds;
            diff_field(d, field, kinds);
        }
    }
    for (uint32_t i = 0; i < d->before->reference_count; i++)
        if (is_first(d->before, i)) diff_value(d, &d->before->references[i]);
    for (uint32_t i = 0; i < d->after->reference_count; i++)
        if (is_first(d->after, i) && !mentions_reference(d->before, &d->after->references[i]))
            diff_value(d, &d->after->references[i]);
}

/* --- events */
static bool same_text(const struct assay_event_reference *a, const struct assay_event_reference *b)
{
    return assay_text_compare(a->text, b->text, ASSAY_EVENT_REFERENCE_TEXT) == 0;
}

static bool has_event(const struct assay_policy *policy, const struct assay_event_reference *entry)
{
    for (uint32_t i = 0; i < policy->event_count; i++) {
        const struct assay_event_reference *const e = &policy->events[i];
        if (e->is_file == entry->is_file && e->state == entry->state && e->field == entry->field &&
            e->has_type == entry->has_type && e->type == entry->type && same_text(e, entry) &&
            e->value_len == entry->value_len &&
            (e->value_len == 0 || assay_bytes_equal(e->value, entry->value, e->value_len)))
            return true;
    }
    return false;
}

/* Does the register, or the file, of the entry take listed events alone? */
static bool is_closed(const struct assay_policy *policy, const struct assay_event_reference *entry)
{
    for (uint32_t i = 0; i < policy->event_count; i++) {
        const struct assay_event_reference *const e = &policy->events[i];
        if (e->is_file != entry->is_file || e->state == ASSAY_EVENT_DENIED) continue;
        if (e->is_file ? same_text(e, entry)
                       : e->field == entry->field && e->state != ASSAY_EVENT_REQUIRED)
            return true;
    }
    return false;
}

/* An entry that only one of the policies has. */
static void diff_event(struct diff *d, const struct assay_event_reference *e, bool is_new)
{
    ASSAY_ASSERT(e->text[0] != '\0' || e->value_len >= 8);
    const bool closed = is_closed(is_new ? d->before : d->after, e);
    enum assay_change_effect effect = is_new ? ASSAY_CHANGE_STRICTER : ASSAY_CHANGE_LOOSER;
    if (e->state == ASSAY_EVENT_ALLOWED || e->state == ASSAY_EVENT_RETIRING) {
        if (closed) effect = is_new ? ASSAY_CHANGE_LOOSER : ASSAY_CHANGE_STRICTER;
    } else if (e->state == ASSAY_EVENT_REQUIRED) {
        effect = ASSAY_CHANGE_EITHER; /* one more of several that suffice, or one that must be */
    }
    struct assay_text what = text_of("event ");
    if (!e->is_file) assay_text_add(&what, assay_reference_field_name(e->field));
    if (!e->is_file) assay_text_add(&what, " ");
    if (e->text[0] != '\0') assay_text_add(&what, e->text);
    else assay_text_add_hex(&what, e->value, 8);
    const struct assay_text state = text_of(assay_event_state_name(e->state));
    const struct assay_text none = text_of("not named");
    add_change(d, effect, what, is_new ? none : state, is_new ? state : none);
}

static void diff_events(struct diff *d)
{
    diff_acceptance(d, "tpm_weak_banks", d->before->tpm_weak_banks, d->after->tpm_weak_banks);
    diff_acceptance(d, "ima_unknown", d->before->ima_unknown, d->after->ima_unknown);
    for (uint32_t i = 0; i < d->before->event_count; i++)
        if (!has_event(d->after, &d->before->events[i]))
            diff_event(d, &d->before->events[i], false);
    for (uint32_t i = 0; i < d->after->event_count; i++)
        if (!has_event(d->before, &d->after->events[i])) diff_event(d, &d->after->events[i], true);
}

/* --- the whole */
void assay_policy_diff(const struct assay_policy *before, const struct assay_policy *after,
                       struct assay_policy_changes *out)
{
    struct diff d = { before, after, out };
    ASSAY_ASSERT(assay_policy_check(before) == ASSAY_OK);
    ASSAY_ASSERT(assay_policy_check(after) == ASSAY_OK);
    out->count = 0;
    diff_kinds(&d);
    diff_statuses(&d);
    diff_numbers(&d);
    diff_platform(&d);
    diff_gpu(&d);
    diff_roots(&d);
    diff_advisories(&d);
    diff_references(&d);
    diff_events(&d);
    ASSAY_ASSERT(out->count <= ASSAY_POLICY_CHANGES_MAX);
}

const char *assay_policy_effect_text(enum assay_change_effect effect)
{
    switch (effect) {
    case ASSAY_CHANGE_LOOSER: return "accepts more";
    case ASSAY_CHANGE_STRICTER: return "refuses more";
    case ASSAY_CHANGE_EITHER: return "differs";
    }
    ASSAY_UNREACHABLE("effects are made of the enum");
}
