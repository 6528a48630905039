/*
 * net/documents/document_evidence.c - document `evidence`: a verdict with its proofs, what it rests
 * on, and the measured values next to what the policy makes of them.
 */
#include "net/documents/document_evidence.h"

#include "base/assert.h"
#include "base/rfc3339.h"
#include "net/documents/document.h"
#include "quote/accept/policy.h"
#include "quote/kinds.h"
#include "quote/result/device_verdict.h"
#include "quote/result/fix.h"

static void set_unix_time(struct assay_json *object, const char *key, bool has, int64_t unix_s)
{
    char text[ASSAY_RFC3339_LEN + 1];
    if (!has) {
        assay_json_set_null(object, key);
        return;
    }
    assay_rfc3339_format(unix_s, text);
    assay_json_set_text(object, key, text);
}

static struct assay_json *advisory_list(const char (*ids)[ASSAY_ADVISORY_TEXT], uint32_t count)
{
    ASSAY_ASSERT(count <= ASSAY_ADVISORIES_MAX);
    struct assay_json *list = assay_json_array();
    for (uint32_t i = 0; i < count; i++)
        assay_json_append_text(list, ids[i]);
    return list;
}

static void set_tcb(struct assay_json *o, const struct assay_verdict *v)
{
    ASSAY_ASSERT(v->advisory_count <= ASSAY_ADVISORIES_MAX);
    if (v->tcb_status == ASSAY_TCB_NONE) assay_json_set_null(o, "tcb_status");
    else assay_json_set_text(o, "tcb_status", assay_tcb_status_text(v->tcb_status));
    set_unix_time(o, "tcb_date", v->has_tcb_date, v->tcb_date_unix_s);
    assay_json_set(o, "advisory_ids",
                   advisory_list((const char(*)[ASSAY_ADVISORY_TEXT])v->advisories,
                                 v->advisory_count));
    if (!v->has_now) {
        assay_json_set_null(o, "tcb_now");
        return;
    }
    struct assay_json *now = assay_json_object();
    assay_json_set_text(now, "status", assay_tcb_status_text(v->tcb_status_current));
    assay_json_set_text(now, "launch_status", assay_tcb_status_text(v->tcb_status_launch));
    set_unix_time(now, "date", v->has_tcb_date_now, v->tcb_date_now_unix_s);
    assay_json_set(now, "advisory_ids",
                   advisory_list((const char(*)[ASSAY_ADVISORY_TEXT])v->advisories_now,
                                 v->advisory_now_count));
    assay_json_set(o, "tcb_now", now);
}

static struct assay_json *proof_list(const struct assay_verdict *v)
{
    struct assay_json *list = assay_json_array();
    for (int i = 0; i < ASSAY_PROOF_COUNT; i++) {
        const enum assay_proof_state state = (enum assay_proof_state)v->proofs[i];
        if (state == ASSAY_PROOF_NOT_USED) continue;
        struct assay_json *o = assay_json_object();
        assay_json_set_text(o, "name", assay_verdict_proof_name((enum assay_proof)i));
        assay_json_set_text(o, "state", assay_verdict_proof_state_text(state));
        assay_json_append(list, o);
    }
    return list;
}

static struct assay_json *window_list(const struct assay_verdict *v)
{
    ASSAY_ASSERT(v->window_count <= ASSAY_VERDICT_WINDOWS_MAX);
    struct assay_json *list = assay_json_array();
    for (uint32_t i = 0; i < v->window_count; i++) {
        struct assay_json *o = assay_json_object();
        assay_json_set_text(o, "name", v->windows[i].what);
        assay_json_set_bool(o, "certificate", v->windows[i].is_certificate);
        set_unix_time(o, "from", true, v->windows[i].from_unix_s);
        set_unix_time(o, "until", true, v->windows[i].to_unix_s);
        assay_json_append(list, o);
    }
    return list;
}

static struct assay_json *measured_list(const struct assay_verdict *v)
{
    ASSAY_ASSERT(v->measured_count <= ASSAY_VERDICT_MEASURED_MAX);
    struct assay_json *list = assay_json_array();
    for (uint32_t i = 0; i < v->measured_count; i++) {
        const struct assay_verdict_measured *m = &v->measured[i];
        ASSAY_ASSERT(m->field < ASSAY_REFERENCE_FIELDS && m->len <= sizeof m->value);
        struct assay_json *o = assay_json_object();
        assay_json_set_text(o, "field",
                            assay_reference_field_name((enum assay_reference_field)m->field));
        assay_json_set_hex(o, "value", m->value, m->len);
        assay_json_set_text(o, "state", assay_measured_text((enum assay_measured_state)m->state));
        assay_json_append(list, o);
    }
    return list;
}

static struct assay_json *reason_list(const struct assay_verdict *v)
{
    ASSAY_ASSERT(v->reason_count <= ASSAY_REASONS_MAX);
    struct assay_json *list = assay_json_array();
    for (uint32_t i = 0; i < v->reason_count; i++) {
        const struct assay_reason *r = &v->reasons[i];
        struct assay_json *o = assay_json_object();
        assay_json_set_text(o, "rule", assay_rule_name(r->rule));
        assay_json_set_text(o, "text", assay_rule_text(r->rule));
        assay_json_set_text(o, "expected", r->expected);
        assay_json_set_text(o, "observed", r->observed);
        assay_json_set_text(o, "fix", assay_rule_fix(r->rule));
        assay_json_append(list, o);
    }
    return list;
}

/* GPUs and switches that came with it: one that two members present has one serial number. */
static struct assay_json *device_list(const struct assay_verdict *v)
{
    ASSAY_ASSERT(v->device_count <= ASSAY_DEVICES_MAX);
    struct assay_json *list = assay_json_array();
    for (uint32_t i = 0; i < v->device_count; i++) {
        const struct assay_verdict_device *d = &v->devices[i];
        char name[ASSAY_REASON_TEXT];
        struct assay_json *o = assay_json_object();
        assay_verdict_name_device(v, i, name);
        assay_json_set_text(o, "name", name);
        assay_json_set_text(o, "kind", assay_kind_text((enum assay_evidence_kind)d->kind));
        assay_json_set_text(o, "product", d->product);
        assay_json_set_hex(o, "serial", d->serial, sizeof d->serial);
        assay_json_set_text(o, "driver", d->driver);
        assay_json_set_text(o, "firmware", d->firmware);
        assay_json_set_text(o, "mode", assay_device_mode(d));
        set_unix_time(o, "expires", d->has_expiry, d->expires_unix_s);
        assay_json_set_text(o, "expires_first", d->has_expiry ? d->expires_first : NULL);
        assay_json_set_text(o, "tier", assay_tier_text((enum assay_tier)d->tier));
        if (d->rule == 0) assay_json_set_null(o, "rule");
        else assay_json_set_text(o, "rule", assay_rule_name((enum assay_rule)d->rule));
        assay_json_append(list, o);
    }
    return list;
}

static struct assay_json *verdict_object(const struct assay_verdict *v)
{
    ASSAY_ASSERT(v->device_count <= ASSAY_DEVICES_MAX && v->advisory_count <= ASSAY_ADVISORIES_MAX);
    struct assay_json *o = assay_json_object();
    struct assay_kind row;
    char first[ASSAY_REASON_TEXT];
    int64_t end_s = 0;
    assay_json_set_text(o, "kind", assay_kind_text(v->kind));
    assay_json_set_text(o, "what", assay_kind_find(v->kind, &row) == ASSAY_OK ? row.what : "");
    assay_json_set_text(o, "outcome", assay_outcome_text(assay_verdict_outcome(v)));
    assay_json_set_text(o, "tier", assay_tier_text(v->tier));
    if (v->genuine == ASSAY_GENUINE_UNKNOWN) assay_json_set_null(o, "genuine");
    else assay_json_set_bool(o, "genuine", v->genuine == ASSAY_GENUINE_TRUE);
    assay_json_set_bool(o, "insecure", v->insecure);
    if (v->has_claims) assay_json_set_bool(o, "debug", v->debug);
    else assay_json_set_null(o, "debug");
    set_unix_time(o, "at", true, v->at_unix_s);
    const bool ends = assay_verdict_end(v, &end_s);
    set_unix_time(o, "expires", ends, end_s);
    assay_json_set_text(o, "expires_first",
                        assay_verdict_name_expiry(v, first) ? first : NULL);
    set_tcb(o, v);
    if (v->has_platform) assay_json_set_hex(o, "platform_id", v->platform_id, 32);
    else assay_json_set_null(o, "platform_id");
    if (v->instance.id[0] != '\0') assay_json_set_text(o, "instance", v->instance.id);
    else assay_json_set_null(o, "instance");
    assay_json_set(o, "proofs", proof_list(v));
    assay_json_set(o, "validity", window_list(v));
    assay_json_set(o, "measurements", measured_list(v));
    assay_json_set(o, "devices", device_list(v));
    assay_json_set(o, "reasons", reason_list(v));
    return o;
}

struct assay_json *assay_document_evidence(const struct assay_snapshot *s, uint32_t slot,
                                           const struct assay_document_evidence *evidence)
{
    ASSAY_ASSERT(slot < s->member_count);
    char name[ASSAY_NAME_MAX + 1];
    struct assay_json *o = assay_json_object();
    assay_json_set_uint(o, "slot", slot);
    assay_json_set_text(o, "name",
                        assay_document_name(s, (uint16_t)slot, name, sizeof name));
    assay_json_set_bool(o, "own", slot == s->self);
    if (evidence->verdict == NULL) {
        assay_json_set_null(o, "epoch");
        assay_json_set_null(o, "digest");
        assay_json_set_null(o, "length");
        assay_json_set_null(o, "verdict");
        return o;
    }
    assay_json_set_uint(o, "epoch", evidence->epoch);
    assay_json_set_hex(o, "digest", evidence->digest, sizeof evidence->digest);
    assay_json_set_uint(o, "length", evidence->len);
    assay_json_set(o, "verdict", verdict_object(evidence->verdict));
    return o;
}
