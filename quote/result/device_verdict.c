/*
 * quote/result/device_verdict.c - the verdict about one device of a machine (device_verdict.h).
 */
#include "quote/result/device_verdict.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "quote/accept/gpu.h"
#include "quote/result/device_binding.h"
#include "quote/text.h"

static const char separator[] = ": ";

/* Returns: what the reason says of the device; NULL: it is about something else. */
static const char *find_own_text(const struct assay_verdict *verdict, uint32_t index,
                                 const struct assay_reason *reason)
{
    char name[ASSAY_REASON_TEXT];
    assay_verdict_name_device(verdict, index, name);
    const size_t len = assay_text_len(name, sizeof name);
    const size_t end = len + sizeof separator - 1;
    if (assay_text_len(reason->observed, sizeof reason->observed) < end) return NULL;
    if (!assay_bytes_equal(reason->observed, name, len)) return NULL;
    if (!assay_bytes_equal(reason->observed + len, separator, sizeof separator - 1)) return NULL;
    return reason->observed + end;
}

uint32_t assay_device_of_reason(const struct assay_verdict *verdict,
                                const struct assay_reason *reason)
{
    ASSAY_ASSERT(verdict->device_count <= ASSAY_DEVICES_MAX);
    uint32_t i = 0;
    while (i < verdict->device_count && find_own_text(verdict, i, reason) == NULL)
        i += 1;
    return i;
}

struct assay_device_identity assay_device_identity(const struct assay_verdict_device *device)
{
    struct assay_device_identity out = { .has_platform = device->has_platform };
    assay_bytes_copy(out.serial, sizeof out.serial, device->serial, sizeof device->serial);
    assay_bytes_copy(out.platform_id, sizeof out.platform_id, device->platform_id,
                     sizeof device->platform_id);
    return out;
}

bool assay_device_is_same(const struct assay_device_identity *a,
                          const struct assay_device_identity *b)
{
    if (a->has_platform && b->has_platform &&
        assay_bytes_equal(a->platform_id, b->platform_id, sizeof a->platform_id))
        return true;
    return !assay_bytes_all_zero(a->serial, sizeof a->serial) &&
           assay_bytes_equal(a->serial, b->serial, sizeof a->serial);
}

const char *assay_device_mode(const struct assay_verdict_device *device)
{
    if (device->kind == ASSAY_KIND_NVIDIA_SWITCH) return NULL;
    return assay_gpu_mode_name((enum assay_gpu_mode)device->mode);
}

/* Reasons of forged devices go before what leaves the processor unjudged: of a list full of them it
 * is not known whether that found room. The last place may be that of a refusal. */
static bool is_crowded(const struct assay_verdict *verdict)
{
    return verdict->reason_count == ASSAY_REASONS_MAX &&
           assay_rule_class_of(verdict->reasons[ASSAY_REASONS_MAX - 2].rule) == ASSAY_RULE_FORGED;
}

/* Apart from its devices. */
static bool is_processor_proven(const struct assay_verdict *verdict)
{
    if (!verdict->appraised || is_crowded(verdict)) return false;
    for (size_t i = 0; i < ASSAY_PROOF_COUNT; i++)
        if (verdict->proofs[i] == ASSAY_PROOF_FALSE || verdict->proofs[i] == ASSAY_PROOF_UNKNOWN)
            return false;
    for (uint32_t i = 0; i < verdict->reason_count; i++) {
        const enum assay_rule_class class_ = assay_rule_class_of(verdict->reasons[i].rule);
        if (class_ != ASSAY_RULE_FORGED && class_ != ASSAY_RULE_UNJUDGED) continue;
        if (assay_device_of_reason(verdict, &verdict->reasons[i]) == verdict->device_count)
            return false;
    }
    return true;
}

void assay_device_label(const struct assay_verdict *verdict, uint32_t index,
                        char label[static ASSAY_DEVICE_LABEL_MAX])
{
    struct assay_text text = assay_text_empty();
    uint64_t number = 0;
    ASSAY_ASSERT(index < verdict->device_count && verdict->device_count <= ASSAY_DEVICES_MAX);
    for (uint32_t i = 0; i < index; i++)
        number += verdict->devices[i].kind == verdict->devices[index].kind;
    const bool is_switch = verdict->devices[index].kind == ASSAY_KIND_NVIDIA_SWITCH;
    assay_text_add(&text, is_switch ? "switch" : "gpu");
    assay_text_add_u64(&text, number);
    assay_text_copy(label, ASSAY_DEVICE_LABEL_MAX, text.text);
}

void assay_device_verdict(const struct assay_verdict *verdict, uint32_t index,
                          struct assay_verdict *own)
{
    ASSAY_ASSERT(index < verdict->device_count && verdict->device_count <= ASSAY_DEVICES_MAX);
    const struct assay_verdict_device *const d = &verdict->devices[index];
    assay_verdict_init(own, (enum assay_evidence_kind)d->kind, verdict->at_unix_s);
    own->insecure = verdict->insecure;
    own->appraised = d->genuine == ASSAY_GENUINE_TRUE;
    for (uint32_t i = 0; i < verdict->reason_count; i++) {
        const struct assay_reason *const r = &verdict->reasons[i];
        const char *const text =
            r->rule == ASSAY_RULE_CHALLENGE ? r->observed : find_own_text(verdict, index, r);
        if (text != NULL) assay_verdict_add(own, r->rule, 0, r->expected, text);
    }
    if (d->rule != 0 && !assay_verdict_has(own, (enum assay_rule)d->rule))
        assay_verdict_add(own, (enum assay_rule)d->rule, 0, "", "");
    if (!is_processor_proven(verdict))
        assay_verdict_add(own, ASSAY_RULE_EVIDENCE_INCOMPLETE, 0,
                          "a proven processor that commits to the device", "none");
    assay_device_nonce(verdict->report_data, own->report_data);
    own->has_claims = true;
    assay_verdict_conclude(own);
    ASSAY_ASSERT(own->genuine != ASSAY_GENUINE_TRUE || d->genuine == ASSAY_GENUINE_TRUE);
}
