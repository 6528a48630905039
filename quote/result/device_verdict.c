/*
 * quote/result/device_verdict.c - the verdict about one device of a machine (device_verdict.h).
 */
#include "quote/result/device_verdict.h"

#include "base/assert.h"
#include "base/bytes.h"
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

static bool is_about_a_device(const struct assay_verdict *verdict,
                              const struct assay_reason *reason)
{
    for (uint32_t i = 0; i < verdict->device_count; i++)
        if (find_own_text(verdict, i, reason) != NULL) return true;
    return false;
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
        if (!is_about_a_device(verdict, &verdict->reasons[i])) return false;
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
