/*
 * quote/api/verdict.c - getters for the verdict.
 */
#include "quote/api/api.h"

#include "base/assert.h"
#include "quote/result/ar4si.h"
#include "quote/result/fix.h"

#include <stdlib.h>
#include <string.h>

/* --- the object */

/* A verdict before any appraisal has the time 0 and kind NONE. */
void assay_api_verdict_clear(struct assay_api_verdict *v)
{
    assay_verdict_init(&v->verdict, ASSAY_KIND_NONE, 0);
    v->unchecked_count = 0;
    v->is_issued = false;
    v->is_read = false;
    v->evidence_len = 0;
}

enum assay_status assay_verdict_create(struct assay_verdict **verdict)
{
    if (verdict == NULL) return ASSAY_E_INVALID;
    struct assay_api_verdict *const made = malloc(sizeof *made);
    if (made == NULL) return ASSAY_E_MEMORY;
    made->claims = NULL;
    assay_api_verdict_clear(made);
    *verdict = &made->verdict;
    return ASSAY_OK;
}

void assay_verdict_destroy(struct assay_verdict **verdict)
{
    if (verdict == NULL || *verdict == NULL) return;
    struct assay_api_verdict *const v = (struct assay_api_verdict *)(void *)*verdict;
    free(v->claims);
    free(v);
    *verdict = NULL;
}

enum assay_status assay_api_verdict_read(struct assay_api_verdict *v)
{
    if (v->evidence_len == 0) return ASSAY_E_NOT_FOUND;
    ASSAY_ASSERT(v->evidence_len <= sizeof v->evidence);
    if (v->is_read) return v->status;
    if (v->claims == NULL) v->claims = malloc(sizeof *v->claims);
    if (v->claims == NULL) return ASSAY_E_MEMORY; /* the next question tries again */
    v->status = assay_claims_read(v->verdict.kind, v->evidence, v->evidence_len, v->claims);
    v->is_read = assay_status_class(v->status) != ASSAY_CLASS_HOST;
    return v->status;
}

/* --- the answer */
enum assay_tier assay_verdict_get_tier(const struct assay_verdict *verdict)
{
    ASSAY_ASSERT(verdict == NULL || verdict->tier != ASSAY_TIER_AFFIRMING ||
                 verdict->genuine == ASSAY_GENUINE_TRUE);
    return verdict == NULL ? ASSAY_TIER_NONE : verdict->tier;
}

enum assay_genuine assay_verdict_get_genuine(const struct assay_verdict *verdict)
{
    return verdict == NULL ? ASSAY_GENUINE_UNKNOWN : verdict->genuine;
}

enum assay_evidence_kind assay_verdict_get_kind(const struct assay_verdict *verdict)
{
    return verdict == NULL ? ASSAY_KIND_NONE : verdict->kind;
}

enum assay_tcb_status assay_verdict_get_tcb_status(const struct assay_verdict *verdict)
{
    return verdict == NULL ? ASSAY_TCB_NONE : verdict->tcb_status;
}

enum assay_tcb_status assay_verdict_get_launch_status(const struct assay_verdict *verdict)
{
    return verdict == NULL ? ASSAY_TCB_NONE : verdict->tcb_status_launch;
}

enum assay_tcb_status assay_verdict_get_current_status(const struct assay_verdict *verdict)
{
    return verdict == NULL ? ASSAY_TCB_NONE : verdict->tcb_status_current;
}

bool assay_verdict_is_insecure(const struct assay_verdict *verdict)
{
    return verdict != NULL && verdict->insecure;
}

bool assay_verdict_is_debug(const struct assay_verdict *verdict)
{
    return verdict != NULL && verdict->debug;
}

/* --- times */
static bool give_time(bool has, int64_t value, int64_t *unix_s)
{
    if (!has || unix_s == NULL) return false;
    *unix_s = value;
    return true;
}

bool assay_api_is_unused(const struct assay_verdict *v)
{
    return v == NULL || (v->kind == ASSAY_KIND_NONE && v->reason_count == 0);
}

bool assay_verdict_get_time(const struct assay_verdict *verdict, int64_t *unix_s)
{
    return !assay_api_is_unused(verdict) && give_time(true, verdict->at_unix_s, unix_s);
}

bool assay_verdict_get_tcb_date(const struct assay_verdict *verdict, int64_t *unix_s)
{
    return verdict != NULL && give_time(verdict->has_tcb_date, verdict->tcb_date_unix_s, unix_s);
}

bool assay_verdict_get_current_tcb_date(const struct assay_verdict *verdict, int64_t *unix_s)
{
    return verdict != NULL &&
           give_time(verdict->has_tcb_date_now, verdict->tcb_date_now_unix_s, unix_s);
}

bool assay_verdict_get_expiry(const struct assay_verdict *verdict, int64_t *unix_s)
{
    int64_t end_s = 0;
    const bool ends = verdict != NULL && assay_verdict_end(verdict, &end_s);
    return give_time(ends, end_s, unix_s);
}

/* --- claims of the evidence */
bool assay_verdict_get_report_data(const struct assay_verdict *verdict, struct assay_bytes *out)
{
    if (verdict == NULL || out == NULL || !verdict->has_claims) return false;
    *out = (struct assay_bytes){ verdict->report_data, sizeof verdict->report_data };
    return true;
}

bool assay_verdict_get_measurement(const struct assay_verdict *verdict, struct assay_bytes *out)
{
    if (verdict == NULL || out == NULL || !verdict->has_claims) return false;
    ASSAY_ASSERT(verdict->measurement_len <= sizeof verdict->measurement);
    *out = (struct assay_bytes){ verdict->measurement, verdict->measurement_len };
    return true;
}

bool assay_verdict_get_platform(const struct assay_verdict *verdict,
                                struct assay_bytes *platform_id, struct assay_bytes *vendor_root,
                                bool *masked)
{
    if (verdict == NULL || !verdict->has_platform) return false;
    if (platform_id != NULL)
        *platform_id = (struct assay_bytes){ verdict->platform_id, sizeof verdict->platform_id };
    if (vendor_root != NULL)
        *vendor_root = (struct assay_bytes){ verdict->vendor_root, sizeof verdict->vendor_root };
    if (masked != NULL) *masked = verdict->platform_masked;
    return true;
}

bool assay_verdict_get_instance(const struct assay_verdict *verdict,
                                struct assay_cloud_instance *instance)
{
    if (verdict == NULL || instance == NULL || instance->size < sizeof *instance ||
        verdict->instance.id[0] == '\0')
        return false;
    const struct assay_instance *const i = &verdict->instance;
    *instance = (struct assay_cloud_instance){ .size = sizeof *instance,
                                               .id = i->id,
                                               .name = i->name,
                                               .project = i->project,
                                               .zone = i->zone,
                                               .project_number = i->project_number };
    return true;
}

/* --- why */
size_t assay_verdict_count_findings(const struct assay_verdict *verdict)
{
    return verdict == NULL ? 0 : verdict->reason_count;
}

bool assay_verdict_get_finding(const struct assay_verdict *verdict, size_t index,
                               struct assay_finding *finding)
{
    if (finding == NULL || finding->size < sizeof *finding) return false;
    if (index >= assay_verdict_count_findings(verdict)) return false;
    ASSAY_ASSERT(verdict->reason_count <= ASSAY_REASONS_MAX);
    const struct assay_reason *const reason = &verdict->reasons[index];
    *finding = (struct assay_finding){
        .size = sizeof *finding,
        .rule = (uint32_t)reason->rule,
        .class_ = assay_rule_class_of(reason->rule),
        .offset = reason->offset,
        .name = assay_rule_name(reason->rule),
        .text = assay_rule_text(reason->rule),
        .expected = reason->expected,
        .observed = reason->observed,
        .fix = assay_rule_fix(reason->rule),
    };
    return true;
}

size_t assay_verdict_count_advisories(const struct assay_verdict *verdict)
{
    return verdict == NULL ? 0 : verdict->advisory_count;
}

const char *assay_verdict_get_advisory(const struct assay_verdict *verdict, size_t index)
{
    if (index >= assay_verdict_count_advisories(verdict)) return NULL;
    ASSAY_ASSERT(verdict->advisory_count <= ASSAY_ADVISORIES_MAX);
    return verdict->advisories[index];
}

size_t assay_verdict_count_current_advisories(const struct assay_verdict *verdict)
{
    return verdict == NULL ? 0 : verdict->advisory_now_count;
}

const char *assay_verdict_get_current_advisory(const struct assay_verdict *verdict, size_t index)
{
    if (index >= assay_verdict_count_current_advisories(verdict)) return NULL;
    ASSAY_ASSERT(verdict->advisory_now_count <= ASSAY_ADVISORIES_MAX);
    return verdict->advisories_now[index];
}

bool assay_verdict_get_link(const struct assay_verdict *verdict, size_t index, const char **name,
                            enum assay_proof_state *state)
{
    if (verdict == NULL || name == NULL || state == NULL) return false;
    for (int i = 0; i < ASSAY_PROOF_COUNT; i++) {
        if (verdict->proofs[i] == ASSAY_PROOF_NOT_USED) continue;
        if (index > 0) {
            index -= 1;
            continue;
        }
        ASSAY_ASSERT(verdict->proofs[i] <= ASSAY_PROOF_FALSE);
        *name = assay_verdict_proof_name((enum assay_proof)i);
        *state = (enum assay_proof_state)verdict->proofs[i];
        return true;
    }
    return false;
}

bool assay_verdict_get_unchecked(const struct assay_verdict *verdict, size_t index,
                                 struct assay_unchecked *unchecked)
{
    if (verdict == NULL || unchecked == NULL || unchecked->size < sizeof *unchecked) return false;
    const struct assay_api_verdict *const v =
        (const struct assay_api_verdict *)(const void *)verdict;
    if (index >= v->unchecked_count) return false;
    *unchecked = (struct assay_unchecked){
        .size = sizeof *unchecked,
        .what = v->unchecked[index].what,
        .why = v->unchecked[index].why,
    };
    return true;
}

/* --- claims */

/* The object is its owner's alone, so the first question may fill it. */
static enum assay_status read_claims(const struct assay_verdict *verdict,
                                     const struct assay_claim_value *claim,
                                     const struct assay_claims **claims)
{
    if (verdict == NULL || claim == NULL || claim->size < sizeof *claim) return ASSAY_E_INVALID;
    struct assay_api_verdict *const v = (struct assay_api_verdict *)(uintptr_t)verdict;
    const enum assay_status status = assay_api_verdict_read(v);
    if (status == ASSAY_OK) {
        ASSAY_ASSERT(v->claims != NULL);
        *claims = v->claims;
        return ASSAY_OK;
    }
    /* More claims than there is room for are no evidence without claims. */
    const bool is_host = assay_status_class(status) == ASSAY_CLASS_HOST;
    return status == ASSAY_E_FULL || is_host ? status : ASSAY_E_NOT_FOUND;
}

static void fill_claim(const struct assay_claim_entry *entry, struct assay_claim_value *claim)
{
    *claim = (struct assay_claim_value){
        .size = sizeof *claim,
        .name = entry->name,
        .type = (enum assay_claim_type)entry->type,
        .number = entry->number,
        .bytes = { entry->bytes.bytes, entry->bytes.len },
    };
}

enum assay_status assay_verdict_get_claim(const struct assay_verdict *verdict, const char *name,
                                          struct assay_claim_value *claim)
{
    const struct assay_claims *claims = NULL;
    if (name == NULL) return ASSAY_E_INVALID;
    ASSAY_TRY(read_claims(verdict, claim, &claims));
    const struct assay_claim_entry *const entry = assay_claims_find(claims, name);
    if (entry == NULL) return ASSAY_E_NOT_FOUND;
    fill_claim(entry, claim);
    return ASSAY_OK;
}

enum assay_status assay_verdict_get_claim_at(const struct assay_verdict *verdict, size_t index,
                                             struct assay_claim_value *claim)
{
    const struct assay_claims *claims = NULL;
    ASSAY_TRY(read_claims(verdict, claim, &claims));
    if (index >= claims->count) return ASSAY_E_NOT_FOUND;
    fill_claim(&claims->entries[index], claim);
    return ASSAY_OK;
}

/* --- results for others */
enum assay_status assay_verdict_get_trust_vector(const struct assay_verdict *verdict,
                                                 const struct assay_policy *policy,
                                                 int8_t vector[8])
{
    if (assay_api_is_unused(verdict) || vector == NULL) return ASSAY_E_INVALID;
    /* The default names no reference values, which is what the vector asks a policy for. */
    const struct assay_trust_vector made = assay_ar4si_vector(verdict, policy);
    for (size_t i = 0; i < ASSAY_TRUST_COUNT; i++)
        vector[i] = made.claims[i];
    return ASSAY_OK;
}
