/*
 * quote/accept/policy_lint_reference.c - lint of reference values that never decide anything.
 *
 * Precedence follows quote/accept/reference.c: a denial wins, then allowed, then retiring, each in
 * its
 * window and over its least security version. What that order makes unreachable is an error.
 */
#include "quote/accept/policy_lint_internal.h"

#include "base/assert.h"
#include "quote/accept/reference.h"

/* Both ends belong to it. */
struct span {
    int64_t from;
    int64_t to;
};

static struct span span_of(const struct assay_reference *r)
{
    return (struct span){ r->has_not_before ? r->not_before_s : INT64_MIN,
                          r->has_not_after ? r->not_after_s : INT64_MAX };
}

static bool covers_span(struct span outer, struct span inner)
{
    ASSAY_ASSERT(outer.from <= outer.to && inner.from <= inner.to);
    return outer.from <= inner.from && outer.to >= inner.to;
}

static bool spans_meet(struct span a, struct span b)
{
    ASSAY_ASSERT(a.from <= a.to && b.from <= b.to);
    return a.from <= b.to && b.from <= a.to;
}

static bool same_value(const struct assay_reference *a, const struct assay_reference *b)
{
    ASSAY_ASSERT(a->value_len <= sizeof a->value && b->value_len <= sizeof b->value);
    return a->field == b->field && a->value_len == b->value_len &&
           assay_bytes_equal(a->value, b->value, a->value_len);
}

/* Does `wide` decide whenever `narrow` could, as far as time and security version go? */
static bool includes_reference(const struct assay_reference *wide,
                               const struct assay_reference *narrow)
{
    if (!covers_span(span_of(wide), span_of(narrow))) return false;
    return narrow->state == ASSAY_REFERENCE_DENIED || wide->isvsvn_min <= narrow->isvsvn_min;
}

static bool is_over(const struct assay_reference *r, int64_t at_unix_s)
{
    return r->has_not_after && r->not_after_s < at_unix_s;
}

static bool is_accepted(const struct assay_reference *r)
{
    return r->state != ASSAY_REFERENCE_DENIED;
}

/* "mrenclave 33d8736d..., and references[4]" */
static struct assay_text detail_of(const struct assay_reference *r, bool has_other, uint32_t other)
{
    enum { SHOWN = 4 };
    ASSAY_ASSERT(r->value_len >= SHOWN);
    struct assay_text detail = assay_text_empty();
    assay_text_add(&detail, assay_reference_field_name(r->field));
    assay_text_add(&detail, " ");
    assay_text_add_hex(&detail, r->value, SHOWN);
    assay_text_add(&detail, "...");
    if (!has_other) return detail;
    const struct assay_text path = assay_lint_path("references", other);
    assay_text_add(&detail, ", and ");
    assay_text_add(&detail, path.text);
    return detail;
}

static void find_entry(struct assay_lint_run *l, enum assay_lint lint, uint32_t index)
{
    ASSAY_ASSERT(index < l->policy->reference_count);
    assay_lint_find(l, lint, assay_lint_path("references", index),
                    detail_of(&l->policy->references[index], false, 0));
}

static void find_pair(struct assay_lint_run *l, enum assay_lint lint, uint32_t index,
                      uint32_t other)
{
    ASSAY_ASSERT(index < l->policy->reference_count && other < l->policy->reference_count);
    ASSAY_ASSERT(index != other);
    assay_lint_find(l, lint, assay_lint_path("references", index),
                    detail_of(&l->policy->references[index], true, other));
}

/* --- one entry compared with another of the same value; each Returns: true when it was a
 * finding */
static bool lint_repeated(struct assay_lint_run *l, uint32_t index)
{
    ASSAY_ASSERT(index < l->policy->reference_count);
    const struct assay_reference *const r = &l->policy->references[index];
    for (uint32_t i = 0; i < l->policy->reference_count; i++) {
        const struct assay_reference *const other = &l->policy->references[i];
        if (i == index || other->state != r->state || !same_value(other, r)) continue;
        /* Of two that include each other the first one stays. */
        if (!includes_reference(other, r) || (i > index && includes_reference(r, other))) continue;
        find_pair(l, ASSAY_LINT_REFERENCE_TWICE, index, i);
        return true;
    }
    return false;
}

static bool lint_denied(struct assay_lint_run *l, uint32_t index)
{
    ASSAY_ASSERT(index < l->policy->reference_count);
    const struct assay_reference *const r = &l->policy->references[index];
    uint32_t part = 0;
    bool has_part = false;
    if (!is_accepted(r)) return false;
    for (uint32_t i = 0; i < l->policy->reference_count; i++) {
        const struct assay_reference *const other = &l->policy->references[i];
        if (is_accepted(other) || !same_value(other, r)) continue;
        if (covers_span(span_of(other), span_of(r))) {
            find_pair(l, ASSAY_LINT_REFERENCE_DENIED, index, i);
            return true;
        }
        if (has_part || !spans_meet(span_of(other), span_of(r))) continue;
        has_part = true;
        part = i;
    }
    if (has_part) find_pair(l, ASSAY_LINT_REFERENCE_PART_DENIED, index, part);
    return has_part;
}

static bool lint_shadowed(struct assay_lint_run *l, uint32_t index)
{
    const struct assay_reference *const r = &l->policy->references[index];
    if (r->state != ASSAY_REFERENCE_RETIRING) return false;
    for (uint32_t i = 0; i < l->policy->reference_count; i++) {
        const struct assay_reference *const other = &l->policy->references[i];
        if (other->state != ASSAY_REFERENCE_ALLOWED || !same_value(other, r)) continue;
        if (!includes_reference(other, r)) continue;
        find_pair(l, ASSAY_LINT_RETIRING_SHADOWED, index, i);
        return true;
    }
    return false;
}

/* --- a field with all its entries of one length: what one kind of evidence sees of it */
struct field_tally {
    bool first; /* no earlier entry is about the same */
    bool allowed;
    bool retiring;
    bool accepted; /* allowed or retiring, over or not */
};

static struct field_tally tally_field(const struct assay_lint_run *l, uint32_t index)
{
    const struct assay_reference *const r = &l->policy->references[index];
    const uint32_t kinds = assay_reference_field_kinds(r->field, r->value_len);
    struct field_tally t = { .first = true };
    for (uint32_t i = 0; i < l->policy->reference_count; i++) {
        const struct assay_reference *const other = &l->policy->references[i];
        if (other->field != r->field ||
            assay_reference_field_kinds(other->field, other->value_len) != kinds)
            continue;
        if (!is_accepted(other)) continue;
        if (i < index) t.first = false;
        t.accepted = true;
        if (is_over(other, l->at_unix_s)) continue;
        if (other->state == ASSAY_REFERENCE_ALLOWED) t.allowed = true;
        else t.retiring = true;
    }
    ASSAY_ASSERT(t.accepted || (!t.allowed && !t.retiring));
    return t;
}

static void lint_field(struct assay_lint_run *l, uint32_t index)
{
    if (!is_accepted(&l->policy->references[index])) return;
    const struct field_tally t = tally_field(l, index);
    ASSAY_ASSERT(t.accepted);
    if (!t.first) return;
    if (!t.allowed && !t.retiring) find_entry(l, ASSAY_LINT_FIELD_OVER, index);
    else if (!t.allowed) find_entry(l, ASSAY_LINT_RETIRING_ALONE, index);
}

static bool has_security_version(const struct assay_reference *r)
{
    return is_accepted(r) &&
           (r->field == ASSAY_REFERENCE_MRENCLAVE || r->field == ASSAY_REFERENCE_MRSIGNER);
}

static void lint_entry(struct assay_lint_run *l, uint32_t index)
{
    ASSAY_ASSERT(index < l->policy->reference_count);
    const struct assay_reference *const r = &l->policy->references[index];
    if ((assay_reference_field_kinds(r->field, r->value_len) & l->kinds) == 0) {
        find_entry(l, ASSAY_LINT_REFERENCE_UNUSED, index);
        return;
    }
    if (r->isvsvn_min > 0 && !has_security_version(r)) find_entry(l, ASSAY_LINT_SVN_UNUSED, index);
    if (!lint_repeated(l, index) && !lint_denied(l, index) && !lint_shadowed(l, index) &&
        is_over(r, l->at_unix_s))
        find_entry(l, ASSAY_LINT_REFERENCE_OVER, index);
    lint_field(l, index);
}

/* Fields that identify the program; the others are about its platform and its configuration. */
static bool names_program(enum assay_reference_field field)
{
    switch ((unsigned)field) {
    case ASSAY_REFERENCE_MRSEAM:
    case ASSAY_REFERENCE_MRCONFIGID:
    case ASSAY_REFERENCE_MROWNER:
    case ASSAY_REFERENCE_MROWNERCONFIG:
    case ASSAY_REFERENCE_MRSERVICETD:
    case ASSAY_REFERENCE_HOST_DATA:
    case ASSAY_REFERENCE_CCA_IMPLEMENTATION: return false;
    }
    return true;
}

/* What sha256sum and sha384sum print of an empty file: they begin so, and no program does. */
static bool is_of_nothing(const struct assay_reference *r)
{
    static const uint8_t sha256[] = { 0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
                                      0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24 };
    static const uint8_t sha384[] = { 0x38, 0xb0, 0x60, 0xa7, 0x51, 0xac, 0x96, 0x38,
                                      0x4c, 0xd9, 0x32, 0x7e, 0xb1, 0xb1, 0xe3, 0x6a };
                                      ASSAY_ASSERT(r->value_len >= sizeof sha256);
    return assay_bytes_equal(r->value, r->value_len == 48 ? sha384 : sha256, sizeof sha256);
}

uint32_t assay_policy_open_kinds(const struct assay_policy *policy)
{
    uint32_t named = 0;
    ASSAY_ASSERT(policy->reference_count <= ASSAY_REFERENCES_MAX);
    for (uint32_t i = 0; i < policy->reference_count; i++) {
        const struct assay_reference *const r = &policy->references[i];
        if (is_accepted(r) && names_program(r->field))
            named |= assay_reference_field_kinds(r->field, r->value_len);
    }
    return assay_policy_kinds(policy) & ~named;
}

static void lint_programs(struct assay_lint_run *l)
{
    for (uint32_t i = 0; i < l->policy->reference_count; i++) {
        const struct assay_reference *const r = &l->policy->references[i];
        if (is_accepted(r) && names_program(r->field) && is_of_nothing(r))
            find_entry(l, ASSAY_LINT_REFERENCE_EMPTY, i);
    }
    const uint32_t open = assay_policy_open_kinds(l->policy);
    struct assay_text detail = assay_text_empty();
    if (open == 0) return;
    if (l->all_kinds && open == l->kinds) assay_text_add(&detail, "every kind");
    else detail = assay_lint_kinds(open);
    const struct assay_text path = { sizeof "references" - 1, "references" };
    assay_lint_find(l, ASSAY_LINT_PROGRAM_ANY, path, detail);
}

/* --- PCRs, which a TPM quotes and a paravisor can only claim (quote/tpm/tpm.c, quote/tpm/vtpm.c)
 */

/* The first entry that demands a value of a PCR. Returns: false when there is none */
static bool find_pcr(const struct assay_policy *policy, uint32_t *index)
{
    for (uint32_t i = 0; i < policy->reference_count; i++) {
        const struct assay_reference *const r = &policy->references[i];
        if (!assay_reference_field_is_pcr(r->field) || !is_accepted(r)) continue;
        *index = i;
        return true;
    }
    return false;
}

static void lint_pcrs(struct assay_lint_run *l)
{
    const uint32_t tpms = l->kinds & ASSAY_KINDS_TPM;
    uint32_t first = 0, open = 0;
    if (tpms == 0 || l->all_kinds || !find_pcr(l->policy, &first)) return;
    ASSAY_ASSERT(first < l->policy->reference_count);
    const struct assay_text path = assay_lint_path("references", first);
    if (!assay_tpm_policy_has_pcrs(l->policy)) {
        assay_lint_find(l, ASSAY_LINT_PCR_LENGTH, path, assay_lint_kinds(tpms));
        return;
    }
    if (!assay_vtpm_is_pinned(l->policy, ASSAY_KIND_VTPM_SNP))
        open |= ASSAY_KINDS_TPM & ASSAY_KINDS_SNP;
    if (!assay_vtpm_is_pinned(l->policy, ASSAY_KIND_VTPM_TDX))
        open |= ASSAY_KINDS_TPM & ASSAY_KINDS_TDX;
    if ((open & tpms) != 0)
        assay_lint_find(l, ASSAY_LINT_PARAVISOR_ANY, path, assay_lint_kinds(open & tpms));
}

void assay_lint_references(struct assay_lint_run *l)
{
    ASSAY_ASSERT(l->policy->reference_count <= ASSAY_REFERENCES_MAX);
    for (uint32_t i = 0; i < l->policy->reference_count; i++)
        lint_entry(l, i);
    lint_pcrs(l);
    lint_programs(l);
}
