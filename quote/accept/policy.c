/*
 * quote/accept/policy.c - policy as a value: defaults and bounds.
 */
#include "quote/accept/policy.h"

#include "base/assert.h"
#include "quote/text.h"

static void set_acceptance(struct assay_policy *policy, enum assay_tcb_status status,
                           enum assay_acceptance acceptance)
{
    ASSAY_ASSERT((unsigned)status < ASSAY_TCB_STATUS_COUNT);
    ASSAY_ASSERT((unsigned)acceptance <= ASSAY_ACCEPT_AFFIRMING);
    policy->statuses[status].acceptance = acceptance;
}

void assay_policy_default(struct assay_policy *policy)
{
    ASSAY_ASSERT(policy != NULL);
    assay_bytes_zero(policy, sizeof *policy);
    policy->profile = ASSAY_PROFILE_PRODUCTION;
    policy->kinds = ASSAY_KINDS_ALL;
    set_acceptance(policy, ASSAY_TCB_UP_TO_DATE, ASSAY_ACCEPT_AFFIRMING);
    set_acceptance(policy, ASSAY_TCB_SW_HARDENING_NEEDED, ASSAY_ACCEPT_AFFIRMING);
    set_acceptance(policy, ASSAY_TCB_CONFIGURATION_NEEDED, ASSAY_ACCEPT_WARNING);
    set_acceptance(policy, ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED, ASSAY_ACCEPT_WARNING);
    set_acceptance(policy, ASSAY_TCB_OUT_OF_DATE, ASSAY_ACCEPT_WARNING);
    set_acceptance(policy, ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED, ASSAY_ACCEPT_WARNING);
    set_acceptance(policy, ASSAY_TCB_TD_RELAUNCH_ADVISED, ASSAY_ACCEPT_WARNING);
    set_acceptance(policy, ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
                   ASSAY_ACCEPT_WARNING);
    policy->platform.service_td = ASSAY_ACCEPT_WARNING;
    policy->platform.sept_ve_enabled = ASSAY_ACCEPT_WARNING;
    policy->platform.td_now_out_of_date = ASSAY_ACCEPT_WARNING;
    policy->platform.td_now_revoked = ASSAY_ACCEPT_REFUSED;
    policy->platform.vmpl_max = ASSAY_VMPL_MAX;
    policy->platform.allow_smt = true;
    policy->gpu = assay_gpu_rules_default();
    policy->ima_unknown = ASSAY_ACCEPT_WARNING;
    ASSAY_ASSERT(assay_policy_check(policy) == ASSAY_OK);
}

/* --- bounds */
static bool is_acceptance(enum assay_acceptance acceptance)
{
    return (unsigned)acceptance <= ASSAY_ACCEPT_AFFIRMING;
}

/* Bits of unassigned kinds have no meaning. */
static bool is_kinds(uint32_t kinds)
{
    return kinds == ASSAY_KINDS_ALL || (kinds & ~ASSAY_KINDS_KNOWN) == 0;
}

static enum assay_status check_reference(const struct assay_reference *r,
                                         enum assay_acceptance weak_banks)
{
    if ((unsigned)r->state > ASSAY_REFERENCE_DENIED) return ASSAY_E_RANGE;
    if (!assay_reference_field_is_known(r->field)) return ASSAY_E_RANGE;
    if (!assay_reference_field_fits(r->field, r->value_len)) return ASSAY_E_INVALID;
    if (r->value_len == ASSAY_SHA1_LEN && weak_banks == ASSAY_ACCEPT_REFUSED)
        return ASSAY_E_INVALID; /* a value of a bank that is refused */
    if (r->has_not_before && r->not_before_s < 0) return ASSAY_E_RANGE;
    if (r->has_not_after && r->not_after_s < 0) return ASSAY_E_RANGE;
    if (r->has_not_before && r->has_not_after && r->not_before_s > r->not_after_s)
        return ASSAY_E_INVALID;
    return ASSAY_OK;
}

static enum assay_status check_text(const char *text, size_t capacity)
{
    ASSAY_ASSERT(capacity > 0);
    const size_t len = assay_text_len(text, capacity);
    if (len == 0 || len == capacity) return ASSAY_E_RANGE;
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x20 || text[i] > 0x7e) return ASSAY_E_RANGE;
    return ASSAY_OK;
}

/* A text may be absent where a digest is given, a digest where the text is data. */
static enum assay_status check_event(const struct assay_event_reference *e)
{
    if ((unsigned)e->state > ASSAY_EVENT_REQUIRED) return ASSAY_E_RANGE;
    const bool has_text = e->text[0] != '\0';
    const uint32_t len = e->value_len;
    const bool has_digest = len == 32 || len == 48 || len == 64 || (e->is_file && len == 20);
    if (has_text) ASSAY_TRY(check_text(e->text, sizeof e->text));
    if (len != 0 && !has_digest) return ASSAY_E_INVALID;
    if (!e->has_type && e->type != 0) return ASSAY_E_INVALID;
    if (e->is_file)
        return has_text && has_digest && e->field == 0 && !e->has_type ? ASSAY_OK : ASSAY_E_INVALID;
    if (!assay_reference_field_is_logged(e->field)) return ASSAY_E_RANGE;
    /* RTMRs are of SHA-384: a digest of another bank is none of theirs. */
    if (has_digest && len != 48 && !assay_reference_field_is_pcr(e->field)) return ASSAY_E_INVALID;
    return has_text != has_digest ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status check_events(const struct assay_policy *policy)
{
    if (!is_acceptance(policy->ima_unknown)) return ASSAY_E_RANGE;
    if (policy->event_count > ASSAY_EVENT_REFERENCES_MAX) return ASSAY_E_RANGE;
    ASSAY_ASSERT(policy->event_count <= ASSAY_EVENT_REFERENCES_MAX);
    for (uint32_t i = 0; i < policy->event_count; i++)
        ASSAY_TRY(check_event(&policy->events[i]));
    return ASSAY_OK;
}

static enum assay_status check_statuses(const struct assay_policy *policy)
{
    for (size_t i = 0; i < ASSAY_TCB_STATUS_COUNT; i++)
        if (!is_acceptance(policy->statuses[i].acceptance)) return ASSAY_E_RANGE;
    /*
     * docs/protocol.md 3.4 and 7.7: revoked is FAIL hard, no matching level FAIL soft, regardless
     * of the policy.
     */
    if (policy->statuses[ASSAY_TCB_NONE].acceptance != ASSAY_ACCEPT_REFUSED ||
        policy->statuses[ASSAY_TCB_REVOKED].acceptance != ASSAY_ACCEPT_REFUSED ||
        policy->statuses[ASSAY_TCB_NOT_SUPPORTED].acceptance != ASSAY_ACCEPT_REFUSED)
        return ASSAY_E_INVALID;
    return ASSAY_OK;
}

static enum assay_status check_platform(const struct assay_platform_rules *rules)
{
    if (!is_acceptance(rules->service_td) || !is_acceptance(rules->sept_ve_enabled))
        return ASSAY_E_RANGE;
    if (!is_acceptance(rules->td_now_out_of_date) || !is_acceptance(rules->td_now_revoked))
        return ASSAY_E_RANGE;
    /* Revoked is never accepted without a word. */
    if (rules->td_now_revoked == ASSAY_ACCEPT_AFFIRMING) return ASSAY_E_INVALID;
    return rules->vmpl_max <= ASSAY_VMPL_MAX ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status check_root(const struct assay_policy_root *root)
{
    ASSAY_TRY(check_text(root->name, ASSAY_ROOT_NAME_MAX));
    if (root->key.type == ASSAY_KEY_NONE || assay_key_type_of_len(root->key.len) != root->key.type)
        return ASSAY_E_RANGE;
    if ((unsigned)root->ak >= ASSAY_AK_FORMS || !is_kinds(root->kinds)) return ASSAY_E_RANGE;
    /* The clouds' forms mean something for quotes of TPMs alone. */
    const bool is_tpm = (root->kinds & ASSAY_KIND_BIT(ASSAY_KIND_TPM)) != 0;
    return root->ak == ASSAY_AK_TCG || is_tpm ? ASSAY_OK : ASSAY_E_INVALID;
}

enum assay_status assay_policy_check(const struct assay_policy *policy)
{
    ASSAY_ASSERT(policy != NULL);
    if ((unsigned)policy->profile > ASSAY_PROFILE_DEVELOPMENT) return ASSAY_E_RANGE;
    if (!is_kinds(policy->kinds)) return ASSAY_E_RANGE;
    if (policy->root_count > ASSAY_POLICY_ROOTS_MAX) return ASSAY_E_RANGE;
    if (policy->advisory_count > ASSAY_POLICY_ADVISORIES_MAX) return ASSAY_E_RANGE;
    if (policy->reference_count > ASSAY_REFERENCES_MAX) return ASSAY_E_RANGE;
    if (!policy->has_collateral_age && policy->collateral_age_max_s != 0) return ASSAY_E_INVALID;
    if (!is_acceptance(policy->tpm_weak_banks)) return ASSAY_E_RANGE;
    /* A weak bank is never accepted without a warning. */
    if (policy->tpm_weak_banks == ASSAY_ACCEPT_AFFIRMING) return ASSAY_E_INVALID;
    ASSAY_TRY(check_statuses(policy));
    ASSAY_TRY(check_platform(&policy->platform));
    ASSAY_TRY(assay_gpu_rules_check(&policy->gpu));
    for (uint32_t i = 0; i < policy->root_count; i++)
        ASSAY_TRY(check_root(&policy->roots[i]));
    for (uint32_t i = 0; i < policy->advisory_count; i++)
        ASSAY_TRY(check_text(policy->advisories_denied[i], ASSAY_ADVISORY_TEXT));
    for (uint32_t i = 0; i < policy->reference_count; i++)
        ASSAY_TRY(check_reference(&policy->references[i], policy->tpm_weak_banks));
    return check_events(policy);
}

enum assay_ak_form assay_policy_ak_form(const struct assay_policy *policy,
                                        const struct assay_key *key, enum assay_evidence_kind kind)
{
    ASSAY_ASSERT(policy->root_count <= ASSAY_POLICY_ROOTS_MAX);
    for (uint32_t i = 0; i < policy->root_count; i++) {
        const struct assay_policy_root *const root = &policy->roots[i];
        if ((root->kinds & ASSAY_KIND_BIT(kind)) == 0) continue;
        if (assay_key_equal(&root->key, key)) return root->ak;
    }
    return ASSAY_AK_TCG;
}
