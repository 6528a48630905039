/*
 * quote/result/outlook.c - outlook of an offer on one platform (outlook.h).
 */
#include "quote/result/outlook.h"

#include "base/assert.h"
#include "quote/collateral/collateral.h"
#include "quote/result/device_verdict.h"
#include "quote/verify.h"

/* ------------------------------------------------------------ outcomes */

/* Rank of a ballot's outcome; NONE, ABSENT and UNJUDGED have none. */
static int get_height(enum assay_outcome outcome)
{
    switch (outcome) {
    case ASSAY_OUTCOME_PASS_UP_TO_DATE: return 5;
    case ASSAY_OUTCOME_PASS_NEEDS_HARDENING: return 4;
    case ASSAY_OUTCOME_PASS_OUT_OF_DATE: return 3;
    case ASSAY_OUTCOME_FAIL_SOFT: return 2;
    case ASSAY_OUTCOME_FAIL_HARD: return 1;
    case ASSAY_OUTCOME_NONE:
    case ASSAY_OUTCOME_UNJUDGED:
    case ASSAY_OUTCOME_ABSENT: return 0;
    }
    ASSAY_UNREACHABLE("an outcome");
}

enum { LEAST_PASS = 3 };

enum assay_outlook_change assay_outlook_compare(enum assay_outcome now, enum assay_outcome then)
{
    const int before = get_height(now), after = get_height(then);
    if (before == after) return ASSAY_OUTLOOK_SAME;
    if (after == 0) return ASSAY_OUTLOOK_UNJUDGED;
    if (before == 0) return after < LEAST_PASS ? ASSAY_OUTLOOK_WORSENS : ASSAY_OUTLOOK_JUDGED;
    if (after > before) return ASSAY_OUTLOOK_RISES;
    return before >= LEAST_PASS && after < LEAST_PASS ? ASSAY_OUTLOOK_WORSENS : ASSAY_OUTLOOK_DROPS;
}

const char *assay_outlook_text(enum assay_outlook_change change)
{
    switch (change) {
    case ASSAY_OUTLOOK_WORSENS: return "suspended";
    case ASSAY_OUTLOOK_UNJUDGED: return "unjudged";
    case ASSAY_OUTLOOK_DROPS: return "drops";
    case ASSAY_OUTLOOK_SAME: return "same";
    case ASSAY_OUTLOOK_RISES: return "rises";
    case ASSAY_OUTLOOK_JUDGED: return "judged";
    }
    ASSAY_UNREACHABLE("a change");
}

/* ------------------------------------------------------------ what is new against it */

/* Does a reason of the rule stand against the device, or (device_count) against the processor? */
static bool has_reason(const struct assay_verdict *v, enum assay_rule rule, uint32_t device)
{
    for (uint32_t i = 0; i < v->reason_count; i++)
        if (v->reasons[i].rule == rule && assay_device_of_reason(v, &v->reasons[i]) == device)
            return true;
    return false;
}

/* Devices stand in the order of the evidence, which both verdicts are about. */
static void find_new_reasons(struct assay_outlook *o)
{
    ASSAY_ASSERT(o->now.reason_count <= ASSAY_REASONS_MAX &&
                 o->then.reason_count <= ASSAY_REASONS_MAX);
    for (uint32_t i = 0; i < o->then.reason_count; i++) {
        const struct assay_reason *const reason = &o->then.reasons[i];
        const uint32_t device = assay_device_of_reason(&o->then, reason);
        const bool is_devices = device < o->then.device_count;
        if (has_reason(&o->now, reason->rule, is_devices ? device : o->now.device_count)) continue;
        bool is_new = true;
        for (uint32_t k = 0; k < o->reason_count; k++)
            is_new = is_new && (o->reasons[k].rule != reason->rule ||
                                assay_device_of_reason(&o->then, &o->reasons[k]) != device);
        if (is_new) o->reasons[o->reason_count++] = *reason;
    }
    ASSAY_ASSERT(o->reason_count <= ASSAY_REASONS_MAX);
}

uint32_t assay_outlook_devices(const struct assay_verdict *now, const struct assay_verdict *then)
{
    ASSAY_ASSERT(now->device_count <= ASSAY_DEVICES_MAX && then->device_count <= ASSAY_DEVICES_MAX);
    uint32_t changed = 0;
    for (uint32_t i = 0; i < then->device_count; i++) {
        const uint8_t before = i < now->device_count ? now->devices[i].rule : 0;
        if (then->devices[i].rule != before) changed |= 1u << i;
    }
    return changed;
}

/* ------------------------------------------------------------ which documents are the platform's
 */

/* As quote/intel/dcap.c chooses: TEE, FMSPC, and a kind that the root may vouch for. */
static bool is_applicable(const struct assay_endorsement *entry,
                          const struct assay_outlook_request *r,
                          const struct assay_tcb_platform *platform)
{
    ASSAY_ASSERT(platform->pck != NULL);
    const struct assay_collateral *const c = entry->collateral;
    return (entry->kinds & ASSAY_KIND_BIT(r->kind)) != 0 && c != NULL &&
           c->has[ASSAY_PART_TCB_INFO] && c->has[ASSAY_PART_QE_IDENTITY] &&
           (c->tcb_info.tee == ASSAY_TEE_TDX) == platform->is_tdx &&
           assay_bytes_equal(c->tcb_info.fmspc, platform->pck->fmspc, sizeof c->tcb_info.fmspc);
}

static void add_forecast(const struct assay_outlook_request *r, struct assay_outlook *o)
{
    ASSAY_ASSERT(r->offered->count <= ASSAY_ENDORSEMENTS_MAX);
    struct assay_pck pck;
    struct assay_tcb_platform platform;
    uint8_t root[ASSAY_SHA256_LEN];
    if (assay_forecast_platform(r->kind, r->evidence.bytes, r->evidence.len, &pck, &platform) !=
        ASSAY_OK)
        return;
    for (size_t i = 0; i < r->offered->count && !o->has_forecast; i++) {
        const struct assay_endorsement *const entry = &r->offered->entries[i];
        if (!is_applicable(entry, r, &platform)) continue;
        assay_key_name(&entry->root, root);
        if (o->now.has_platform && !assay_bytes_equal(root, o->now.vendor_root, sizeof root))
            continue; /* the same numbers under another root are another platform's */
        o->has_forecast = true;
        o->entry = (uint32_t)i;
        assay_forecast_make(&entry->collateral->tcb_info, &entry->collateral->qe_identity,
                            &platform, ASSAY_AIM_BEST, &o->forecast);
    }
}

/* ------------------------------------------------------------ both */

static enum assay_status appraise_with_set(struct assay_verifier *verifier,
                                           const struct assay_outlook_request *r,
                                           const struct assay_endorsements *set, int64_t at_unix_s,
                                           struct assay_verdict *verdict)
{
    const struct assay_evidence_request request = {
        .kind = r->kind,
        .bytes = r->evidence.bytes,
        .len = r->evidence.len,
        .at_unix_s = at_unix_s,
        .endorsements = set,
        .policy = r->policy,
    };
    return assay_evidence_verify(verifier, &request, verdict);
}

enum assay_status assay_outlook_make(struct assay_verifier *verifier,
                                     const struct assay_outlook_request *request,
                                     struct assay_outlook *outlook)
{
    ASSAY_ASSERT(request->in_force != NULL && request->offered != NULL);
    ASSAY_ASSERT(request->policy != NULL);
    struct assay_outlook *const o = outlook;
    const int64_t then_unix_s =
        request->then_unix_s != 0 ? request->then_unix_s : request->at_unix_s;
    assay_bytes_zero(o, sizeof *o);
    const enum assay_status status =
        appraise_with_set(verifier, request, request->in_force, request->at_unix_s, &o->now);
    const enum assay_status later =
        appraise_with_set(verifier, request, request->offered, then_unix_s, &o->then);
    o->outcome_now = assay_verdict_outcome(&o->now);
    o->outcome_then = assay_verdict_outcome(&o->then);
    o->change = assay_outlook_compare(o->outcome_now, o->outcome_then);
    o->trust_now = assay_ar4si_vector(&o->now, request->policy);
    o->trust_then = assay_ar4si_vector(&o->then, request->policy);
    find_new_reasons(o);
    o->changed_devices = assay_outlook_devices(&o->now, &o->then);
    if (status != ASSAY_OK) return status;
    if (later != ASSAY_OK) return later;
    add_forecast(request, o);
    return ASSAY_OK;
}
