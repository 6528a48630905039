/*
 * quote/accept/reference.c - reference values: allowed, retiring, denied, each with its window
 * (docs/protocol.md 3.10: what operators accept). Old and new values coexist during a roll-out, so
 * any entry in its window suffices; a denial always wins.
 */
#include "quote/accept/reference.h"

#include "base/assert.h"
#include "quote/text.h"

static bool in_window(const struct assay_reference *r, int64_t at_unix_s)
{
    if (r->has_not_before && at_unix_s < r->not_before_s) return false;
    if (r->has_not_after && at_unix_s > r->not_after_s) return false;
    return true;
}

/*
 * The PCRs of Nitro and of the two banks of a TPM share only their numbers: the length of an entry
 * identifies its kind. The other fields have one meaning each; a value of another length is another
 * value, or a realm could pass by choosing another hash.
 */
static bool is_about(const struct assay_reference *r, const struct assay_measured *m,
                     enum assay_evidence_kind kind)
{
    ASSAY_ASSERT((unsigned)m->field < ASSAY_REFERENCE_FIELDS);
    if (r->field != m->field) return false;
    if (!assay_reference_field_is_pcr(r->field)) return true;
    if ((r->value_len == ASSAY_SHA1_LEN) != (m->value_len == ASSAY_SHA1_LEN)) return false;
    return (assay_reference_field_kinds(r->field, r->value_len) & ASSAY_KIND_BIT(kind)) != 0;
}

static bool same_value(const struct assay_reference *r, const struct assay_measured *m)
{
    ASSAY_ASSERT(r->value_len <= sizeof r->value);
    return r->value_len == m->value_len && assay_bytes_equal(r->value, m->value, m->value_len);
}

static void add_hex_reason(struct assay_verdict *verdict, enum assay_rule rule,
                           const struct assay_measured *m, const char *expected)
{
    ASSAY_ASSERT(m->value != NULL && expected != NULL);
    struct assay_text observed = assay_text_empty();
    assay_text_add_hex(&observed, m->value, m->value_len);
    assay_verdict_add(verdict, rule, m->offset, expected, observed.text);
}

/* Result of the field's entries for the value. */
struct tally {
    bool constrained; /* the field has allowed or retiring entries */
    bool denied;
    bool allowed;
    bool retiring;
    bool svn_short;
    uint16_t isvsvn_min;
    /* Last second of the allowed, of the retiring entries, and before the next denial. */
    int64_t allowed_end_s, retiring_end_s, denial_end_s;
};

static void count_accepting(struct tally *t, const struct assay_reference *r)
{
    const bool is_allowed = r->state == ASSAY_REFERENCE_ALLOWED;
    int64_t *const end_s = is_allowed ? &t->allowed_end_s : &t->retiring_end_s;
    const int64_t to_s = r->has_not_after ? r->not_after_s : INT64_MAX;
    *(is_allowed ? &t->allowed : &t->retiring) = true;
    if (to_s > *end_s) *end_s = to_s; /* any entry suffices, so the last one ends it */
}

static void count_later_denial(struct tally *t, const struct assay_reference *r, int64_t at_unix_s)
{
    if (r->state != ASSAY_REFERENCE_DENIED || !r->has_not_before) return;
    if (r->not_before_s > at_unix_s && r->not_before_s - 1 < t->denial_end_s)
        t->denial_end_s = r->not_before_s - 1;
}

static struct tally tally_entries(const struct assay_policy *policy, const struct assay_measured *m,
                                  const struct assay_verdict *verdict)
{
    ASSAY_ASSERT(policy->reference_count <= ASSAY_REFERENCES_MAX);
    struct tally t = { .denial_end_s = INT64_MAX };
    for (uint32_t i = 0; i < policy->reference_count; i++) {
        const struct assay_reference *const r = &policy->references[i];
        if (!is_about(r, m, verdict->kind)) continue;
        if (r->state != ASSAY_REFERENCE_DENIED) t.constrained = true;
        if (!same_value(r, m)) continue;
        count_later_denial(&t, r, verdict->at_unix_s);
        if (!in_window(r, verdict->at_unix_s)) continue;
        if (r->state == ASSAY_REFERENCE_DENIED) {
            t.denied = true;
        } else if (m->isvsvn < r->isvsvn_min) {
            t.svn_short = true;
            t.isvsvn_min = r->isvsvn_min;
        } else {
            count_accepting(&t, r);
        }
    }
    return t;
}

/* Until when the entries answer as they do now; a value that they do not accept has no end. */
static void note_end(const struct tally *t, struct assay_verdict *verdict)
{
    if (t->denied || (t->constrained && !t->allowed && !t->retiring)) return;
    int64_t end_s = t->denial_end_s;
    if (t->allowed && t->allowed_end_s < end_s) end_s = t->allowed_end_s;
    if (!t->allowed && t->retiring && t->retiring_end_s < end_s) end_s = t->retiring_end_s;
    assay_verdict_policy_ends(verdict, end_s);
}

/* In falling order of precedence, as the reasons below. */
static enum assay_measured_state state_of(const struct tally *t)
{
    if (t->denied) return ASSAY_MEASURED_DENIED;
    if (t->allowed) return ASSAY_MEASURED_ALLOWED;
    if (!t->constrained) return ASSAY_MEASURED_FREE;
    if (t->retiring) return ASSAY_MEASURED_RETIRING;
    return t->svn_short ? ASSAY_MEASURED_SVN : ASSAY_MEASURED_UNKNOWN;
}

void assay_reference_appraise(const struct assay_policy *policy,
                              const struct assay_measured *measured, struct assay_verdict *verdict)
{
    ASSAY_ASSERT(measured->value_len <= ASSAY_MEASUREMENT_MAX);
    const struct tally t = tally_entries(policy, measured, verdict);
    const enum assay_measured_state state = state_of(&t);
    note_end(&t, verdict);
    assay_verdict_add_measured(verdict, measured->field, state, measured->value,
                               measured->value_len);
    if (state == ASSAY_MEASURED_DENIED) {
        add_hex_reason(verdict, ASSAY_RULE_MEASUREMENT_DENIED, measured, "not denied");
    } else if (state == ASSAY_MEASURED_ALLOWED || state == ASSAY_MEASURED_FREE) {
        return;
    } else if (state == ASSAY_MEASURED_RETIRING) {
        add_hex_reason(verdict, ASSAY_RULE_MEASUREMENT_RETIRING, measured, "allowed");
    } else if (state == ASSAY_MEASURED_SVN) {
        struct assay_text expected = assay_text_empty();
        struct assay_text observed = assay_text_empty();
        assay_text_add(&expected, "isvsvn at least ");
        assay_text_add_u64(&expected, t.isvsvn_min);
        assay_text_add(&observed, "isvsvn ");
        assay_text_add_u64(&observed, measured->isvsvn);
        ASSAY_ASSERT(measured->isvsvn < t.isvsvn_min);
        assay_verdict_add(verdict, ASSAY_RULE_SVN_MINIMUM, measured->offset, expected.text,
                          observed.text);
    } else {
        add_hex_reason(verdict, ASSAY_RULE_MEASUREMENT_UNKNOWN, measured, "a reference value");
    }
}

/* Does the policy demand values of PCRs? Out: *comparable, any of a bank that is compared */
bool assay_tpm_policy_demands_pcrs(const struct assay_policy *policy, bool *comparable)
{
    bool any = false;
    *comparable = false;
    for (uint32_t i = 0; i < policy->reference_count; i++) {
        const struct assay_reference *const r = &policy->references[i];
        if (r->field < ASSAY_REFERENCE_PCR0 || r->state == ASSAY_REFERENCE_DENIED) continue;
        any = true;
        if (r->value_len == ASSAY_SHA256_LEN || r->value_len == ASSAY_SHA1_LEN) *comparable = true;
    }
    return any;
}

bool assay_tpm_policy_has_pcrs(const struct assay_policy *policy)
{
    bool comparable = false;
    return assay_tpm_policy_demands_pcrs(policy, &comparable) && comparable;
}

bool assay_vtpm_is_pinned(const struct assay_policy *policy, enum assay_evidence_kind kind)
{
    bool is_pinned = false;
    for (uint32_t i = 0; i < policy->reference_count; i++) {
        const struct assay_reference *const r = &policy->references[i];
        if (r->state == ASSAY_REFERENCE_DENIED) continue;
        if (kind == ASSAY_KIND_VTPM_TDX) is_pinned |= r->field == ASSAY_REFERENCE_MRTD;
        else
            is_pinned |= r->field == ASSAY_REFERENCE_SNP_MEASUREMENT ||
                         r->field == ASSAY_REFERENCE_ID_KEY_DIGEST ||
                         r->field == ASSAY_REFERENCE_AUTHOR_KEY_DIGEST;
    }
    return is_pinned;
}
