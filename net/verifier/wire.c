/*
 * net/verifier/wire.c - codec between the core and a verifier process. Numbers are little-endian;
 * texts have a length of one byte.
 */
#include "net/verifier/wire.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "quote/accept/policy.h"

#include <string.h>

enum { JOB = 1 };

/* ------------------------------------------------------------ the brief */

void assay_verifier_process_brief_encode(const struct assay_verifier_process_brief *brief,
                                         struct assay_writer *w)
{
    ASSAY_ASSERT(brief->set_count <= ASSAY_VERIFIER_PROCESS_SETS_MAX);
    assay_writer_u32le(w, brief->threads);
    assay_writer_u32le(w, brief->fork_cpu_s);
    assay_writer_u32le(w, (uint32_t)brief->set_count);
    for (size_t i = 0; i < brief->set_count; i++) {
        const struct assay_verifier_process_documents *set = &brief->sets[i];
        assay_writer_u32le(w, (uint32_t)set->policy.len);
        assay_writer_u32le(w, (uint32_t)set->endorsements.len);
        assay_writer_put(w, set->policy.bytes, set->policy.len);
        assay_writer_put(w, set->endorsements.bytes, set->endorsements.len);
    }
}

enum assay_status assay_verifier_process_brief_decode(struct assay_slice bytes,
                                                      struct assay_verifier_process_brief *brief)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_verifier_process_brief b = { 0 };
    uint32_t count = 0;
    ASSAY_TRY(assay_cursor_u32le(&in, &b.threads));
    ASSAY_TRY(assay_cursor_u32le(&in, &b.fork_cpu_s));
    ASSAY_TRY(assay_cursor_u32le(&in, &count));
    if (b.threads == 0 || b.threads > ASSAY_VERIFIER_PROCESS_THREADS_MAX) return ASSAY_E_RANGE;
    if (b.fork_cpu_s > 0 && b.threads > 1) return ASSAY_E_RANGE;
    if (count == 0 || count > ASSAY_VERIFIER_PROCESS_SETS_MAX) return ASSAY_E_RANGE;
    for (b.set_count = 0; b.set_count < count; b.set_count++) {
        struct assay_verifier_process_documents *set = &b.sets[b.set_count];
        uint32_t policy_len = 0, endorsements_len = 0;
        ASSAY_TRY(assay_cursor_u32le(&in, &policy_len));
        ASSAY_TRY(assay_cursor_u32le(&in, &endorsements_len));
        ASSAY_TRY(assay_cursor_slice(&in, policy_len, &set->policy));
        ASSAY_TRY(assay_cursor_slice(&in, endorsements_len, &set->endorsements));
    }
    ASSAY_TRY(assay_cursor_end(&in));
    *brief = b;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ a job */

void assay_verifier_process_job_encode(const struct assay_verifier_process_job *job,
                                       struct assay_writer *w)
{
    assay_writer_u8(w, JOB);
    assay_writer_u64le(w, job->number);
    assay_writer_u32le(w, (uint32_t)job->kind);
    assay_writer_u32le(w, job->set);
    assay_writer_u64le(w, (uint64_t)job->at_unix_s);
    assay_writer_u8(w, job->at_end);
    assay_writer_u32le(w, (uint32_t)job->bytes.len);
    assay_writer_put(w, job->bytes.bytes, job->bytes.len);
}

enum assay_status assay_verifier_process_job_decode(struct assay_slice bytes,
                                                    struct assay_verifier_process_job *job)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_verifier_process_job j = { 0 };
    uint8_t tag = 0, at_end = 0;
    uint32_t kind = 0, len = 0;
    uint64_t at = 0;
    ASSAY_TRY(assay_cursor_u8(&in, &tag));
    if (tag != JOB) return ASSAY_E_TYPE;
    ASSAY_TRY(assay_cursor_u64le(&in, &j.number));
    ASSAY_TRY(assay_cursor_u32le(&in, &kind));
    ASSAY_TRY(assay_cursor_u32le(&in, &j.set));
    ASSAY_TRY(assay_cursor_u64le(&in, &at));
    ASSAY_TRY(assay_cursor_u8(&in, &at_end));
    ASSAY_TRY(assay_cursor_u32le(&in, &len));
    if (at_end > 1) return ASSAY_E_RANGE;
    if (kind >= ASSAY_KIND_COUNT || j.set >= ASSAY_VERIFIER_PROCESS_SETS_MAX) return ASSAY_E_RANGE;
    if (len == 0 || len > ASSAY_EVIDENCE_LEN_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_slice(&in, len, &j.bytes));
    ASSAY_TRY(assay_cursor_end(&in));
    j.kind = (enum assay_evidence_kind)kind;
    j.at_unix_s = (int64_t)at;
    j.at_end = at_end == 1;
    *job = j;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ parts of a verdict */

static void write_text(struct assay_writer *w, const char *text, size_t capacity)
{
    const size_t len = strnlen(text, capacity - 1);
    ASSAY_ASSERT(len <= UINT8_MAX);
    assay_writer_u8(w, (uint8_t)len);
    assay_writer_put(w, text, len);
}

/* Into memory that is zero. */
static enum assay_status read_text(struct assay_cursor *in, char *text, size_t capacity)
{
    ASSAY_ASSERT(capacity > 0 && capacity <= UINT8_MAX + 1);
    uint8_t len = 0;
    ASSAY_TRY(assay_cursor_u8(in, &len));
    if (len >= capacity) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_copy(in, text, len));
    return strnlen(text, capacity) == len ? ASSAY_OK : ASSAY_E_ENCODING;
}

/* An enum below `count`, in a byte. */
static enum assay_status read_number(struct assay_cursor *in, unsigned count, unsigned *out)
{
    ASSAY_ASSERT(count <= UINT8_MAX + 1);
    uint8_t value = 0;
    ASSAY_TRY(assay_cursor_u8(in, &value));
    if (value >= count) return ASSAY_E_RANGE;
    *out = value;
    return ASSAY_OK;
}

static enum assay_status read_flag(struct assay_cursor *in, bool *out)
{
    unsigned value = 0;
    ASSAY_TRY(read_number(in, 2, &value));
    *out = value == 1;
    return ASSAY_OK;
}

static enum assay_status read_time(struct assay_cursor *in, int64_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(assay_cursor_u64le(in, &value));
    *out = (int64_t)value;
    return ASSAY_OK;
}

static void write_advisories(struct assay_writer *w, uint32_t count,
                             const char (*list)[ASSAY_ADVISORY_TEXT])
{
    ASSAY_ASSERT(count <= ASSAY_ADVISORIES_MAX);
    assay_writer_u8(w, (uint8_t)count);
    for (uint32_t i = 0; i < count; i++)
        write_text(w, list[i], ASSAY_ADVISORY_TEXT);
}

static enum assay_status read_advisories(struct assay_cursor *in, uint32_t *count,
                                         char (*list)[ASSAY_ADVISORY_TEXT])
{
    unsigned all = 0;
    ASSAY_TRY(read_number(in, ASSAY_ADVISORIES_MAX + 1, &all));
    for (unsigned i = 0; i < all; i++)
        ASSAY_TRY(read_text(in, list[i], ASSAY_ADVISORY_TEXT));
    *count = all;
    return ASSAY_OK;
}

static void write_reasons(struct assay_writer *w, const struct assay_verdict *v)
{
    ASSAY_ASSERT(v->reason_count <= ASSAY_REASONS_MAX);
    assay_writer_u8(w, (uint8_t)v->reason_count);
    for (uint32_t i = 0; i < v->reason_count; i++) {
        const struct assay_reason *reason = &v->reasons[i];
        assay_writer_u16le(w, (uint16_t)reason->rule);
        assay_writer_u32le(w, reason->offset);
        write_text(w, reason->expected, sizeof reason->expected);
        write_text(w, reason->observed, sizeof reason->observed);
    }
}

/* Of a number outside the list operators would read "unknown", and the class would be FORGED. */
static bool is_rule(uint16_t number)
{
#define ONE(symbol, value, class_, name, text)                                                     \
    case value:
    switch (number) {
        ASSAY_RULE_LIST(ONE)
        return true;
    }
#undef ONE
    return false;
}

static enum assay_status read_reasons(struct assay_cursor *in, struct assay_verdict *v)
{
    unsigned count = 0;
    ASSAY_TRY(read_number(in, ASSAY_REASONS_MAX + 1, &count));
    for (unsigned i = 0; i < count; i++) {
        struct assay_reason *reason = &v->reasons[i];
        uint16_t rule = 0;
        ASSAY_TRY(assay_cursor_u16le(in, &rule));
        if (!is_rule(rule)) return ASSAY_E_RANGE;
        reason->rule = (enum assay_rule)rule;
        ASSAY_TRY(assay_cursor_u32le(in, &reason->offset));
        ASSAY_TRY(read_text(in, reason->expected, sizeof reason->expected));
        ASSAY_TRY(read_text(in, reason->observed, sizeof reason->observed));
    }
    v->reason_count = count;
    return ASSAY_OK;
}

static void write_instance(struct assay_writer *w, const struct assay_instance *instance)
{
    write_text(w, instance->id, sizeof instance->id);
    write_text(w, instance->name, sizeof instance->name);
    write_text(w, instance->project, sizeof instance->project);
    write_text(w, instance->zone, sizeof instance->zone);
    assay_writer_u64le(w, instance->project_number);
}

static enum assay_status read_instance(struct assay_cursor *in, struct assay_instance *instance)
{
    ASSAY_TRY(read_text(in, instance->id, sizeof instance->id));
    ASSAY_TRY(read_text(in, instance->name, sizeof instance->name));
    ASSAY_TRY(read_text(in, instance->project, sizeof instance->project));
    ASSAY_TRY(read_text(in, instance->zone, sizeof instance->zone));
    return assay_cursor_u64le(in, &instance->project_number);
}

static void write_windows(struct assay_writer *w, const struct assay_verdict *v)
{
    ASSAY_ASSERT(v->window_count <= ASSAY_VERDICT_WINDOWS_MAX);
    assay_writer_u8(w, (uint8_t)v->window_count);
    for (uint32_t i = 0; i < v->window_count; i++) {
        write_text(w, v->windows[i].what, sizeof v->windows[i].what);
        assay_writer_u8(w, v->windows[i].is_certificate);
        assay_writer_u64le(w, (uint64_t)v->windows[i].from_unix_s);
        assay_writer_u64le(w, (uint64_t)v->windows[i].to_unix_s);
    }
}

static enum assay_status read_windows(struct assay_cursor *in, struct assay_verdict *v)
{
    unsigned count = 0;
    ASSAY_TRY(read_number(in, ASSAY_VERDICT_WINDOWS_MAX + 1, &count));
    for (unsigned i = 0; i < count; i++) {
        ASSAY_TRY(read_text(in, v->windows[i].what, sizeof v->windows[i].what));
        ASSAY_TRY(read_flag(in, &v->windows[i].is_certificate));
        ASSAY_TRY(read_time(in, &v->windows[i].from_unix_s));
        ASSAY_TRY(read_time(in, &v->windows[i].to_unix_s));
    }
    v->window_count = count;
    return ASSAY_OK;
}

static void write_measured(struct assay_writer *w, const struct assay_verdict *v)
{
    ASSAY_ASSERT(v->measured_count <= ASSAY_VERDICT_MEASURED_MAX);
    assay_writer_u8(w, (uint8_t)v->measured_count);
    for (uint32_t i = 0; i < v->measured_count; i++) {
        const struct assay_verdict_measured *m = &v->measured[i];
        ASSAY_ASSERT(m->len <= sizeof m->value);
        assay_writer_u8(w, m->field);
        assay_writer_u8(w, m->state);
        assay_writer_u8(w, m->len);
        assay_writer_put(w, m->value, m->len);
    }
}

static enum assay_status read_measured(struct assay_cursor *in, struct assay_verdict *v)
{
    unsigned count = 0;
    ASSAY_TRY(read_number(in, ASSAY_VERDICT_MEASURED_MAX + 1, &count));
    for (unsigned i = 0; i < count; i++) {
        unsigned field = 0, state = 0, len = 0;
        ASSAY_TRY(read_number(in, ASSAY_REFERENCE_FIELDS, &field));
        ASSAY_TRY(read_number(in, ASSAY_MEASURED_STATES, &state));
        ASSAY_TRY(read_number(in, ASSAY_MEASUREMENT_MAX + 1, &len));
        ASSAY_TRY(assay_cursor_copy(in, v->measured[i].value, len));
        v->measured[i].field = (uint8_t)field;
        v->measured[i].state = (uint8_t)state;
        v->measured[i].len = (uint8_t)len;
    }
    v->measured_count = count;
    return ASSAY_OK;
}

static void write_devices(struct assay_writer *w, const struct assay_verdict *v)
{
    ASSAY_ASSERT(v->device_count <= ASSAY_DEVICES_MAX);
    assay_writer_u8(w, (uint8_t)v->device_count);
    for (uint32_t i = 0; i < v->device_count; i++) {
        const struct assay_verdict_device *d = &v->devices[i];
        assay_writer_u8(w, d->kind);
        assay_writer_u8(w, d->genuine);
        assay_writer_u8(w, d->tier);
        assay_writer_u8(w, d->rule);
        assay_writer_u8(w, d->has_platform);
        assay_writer_put(w, d->platform_id, sizeof d->platform_id);
        assay_writer_put(w, d->serial, sizeof d->serial);
        write_text(w, d->product, sizeof d->product);
        write_text(w, d->driver, sizeof d->driver);
        write_text(w, d->firmware, sizeof d->firmware);
        assay_writer_u8(w, d->mode);
        assay_writer_u8(w, d->has_expiry);
        assay_writer_u64le(w, (uint64_t)d->expires_unix_s);
        write_text(w, d->expires_first, sizeof d->expires_first);
    }
}

static enum assay_status read_devices(struct assay_cursor *in, struct assay_verdict *v)
{
    unsigned count = 0;
    ASSAY_TRY(read_number(in, ASSAY_DEVICES_MAX + 1, &count));
    for (unsigned i = 0; i < count; i++) {
        struct assay_verdict_device *d = &v->devices[i];
        unsigned kind = 0, genuine = 0, tier = 0, mode = 0;
        ASSAY_TRY(read_number(in, ASSAY_KIND_COUNT, &kind));
        ASSAY_TRY(read_number(in, ASSAY_GENUINE_FALSE + 1, &genuine));
        ASSAY_TRY(read_number(in, ASSAY_TIER_CONTRAINDICATED + 1, &tier));
        ASSAY_TRY(assay_cursor_u8(in, &d->rule));
        if (d->rule != 0 && !is_rule(d->rule)) return ASSAY_E_RANGE;
        ASSAY_TRY(read_flag(in, &d->has_platform));
        ASSAY_TRY(assay_cursor_copy(in, d->platform_id, sizeof d->platform_id));
        ASSAY_TRY(assay_cursor_copy(in, d->serial, sizeof d->serial));
        ASSAY_TRY(read_text(in, d->product, sizeof d->product));
        ASSAY_TRY(read_text(in, d->driver, sizeof d->driver));
        ASSAY_TRY(read_text(in, d->firmware, sizeof d->firmware));
        ASSAY_TRY(read_number(in, ASSAY_GPU_MODES, &mode));
        ASSAY_TRY(read_flag(in, &d->has_expiry));
        ASSAY_TRY(read_time(in, &d->expires_unix_s));
        ASSAY_TRY(read_text(in, d->expires_first, sizeof d->expires_first));
        d->kind = (uint8_t)kind;
        d->genuine = (uint8_t)genuine;
        d->tier = (uint8_t)tier;
        d->mode = (uint8_t)mode;
    }
    v->device_count = count;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ a verdict */

static void write_result(struct assay_writer *w, const struct assay_verdict *v)
{
    assay_writer_u8(w, (uint8_t)v->kind);
    assay_writer_u8(w, (uint8_t)v->genuine);
    assay_writer_u8(w, (uint8_t)v->tier);
    assay_writer_u8(w, (uint8_t)v->tcb_status);
    assay_writer_u8(w, (uint8_t)v->tcb_status_launch);
    assay_writer_u8(w, (uint8_t)v->tcb_status_current);
    assay_writer_u8(w, v->insecure);
    assay_writer_u8(w, v->appraised);
    assay_writer_u8(w, v->debug);
    assay_writer_u8(w, v->has_tcb_date);
    assay_writer_u64le(w, (uint64_t)v->tcb_date_unix_s);
    assay_writer_u8(w, v->has_now);
    assay_writer_u8(w, v->has_tcb_date_now);
    assay_writer_u64le(w, (uint64_t)v->tcb_date_now_unix_s);
    assay_writer_u64le(w, (uint64_t)v->at_unix_s);
    assay_writer_u8(w, v->has_expiry);
    assay_writer_u64le(w, (uint64_t)v->expires_unix_s);
    write_text(w, v->expires_first, sizeof v->expires_first);
    assay_writer_u8(w, v->has_policy_end);
    assay_writer_u64le(w, (uint64_t)v->policy_ends_unix_s);
}

static enum assay_status read_result(struct assay_cursor *in, struct assay_verdict *v)
{
    unsigned kind = 0, genuine = 0, tier = 0, tcb = 0, launch = 0, current = 0;
    ASSAY_TRY(read_number(in, ASSAY_KIND_COUNT, &kind));
    ASSAY_TRY(read_number(in, ASSAY_GENUINE_FALSE + 1, &genuine));
    ASSAY_TRY(read_number(in, ASSAY_TIER_CONTRAINDICATED + 1, &tier));
    ASSAY_TRY(read_number(in, ASSAY_TCB_STATUS_COUNT, &tcb));
    ASSAY_TRY(read_number(in, ASSAY_TCB_STATUS_COUNT, &launch));
    ASSAY_TRY(read_number(in, ASSAY_TCB_STATUS_COUNT, &current));
    ASSAY_TRY(read_flag(in, &v->insecure));
    ASSAY_TRY(read_flag(in, &v->appraised));
    ASSAY_TRY(read_flag(in, &v->debug));
    ASSAY_TRY(read_flag(in, &v->has_tcb_date));
    ASSAY_TRY(read_time(in, &v->tcb_date_unix_s));
    ASSAY_TRY(read_flag(in, &v->has_now));
    ASSAY_TRY(read_flag(in, &v->has_tcb_date_now));
    ASSAY_TRY(read_time(in, &v->tcb_date_now_unix_s));
    ASSAY_TRY(read_time(in, &v->at_unix_s));
    ASSAY_TRY(read_flag(in, &v->has_expiry));
    ASSAY_TRY(read_time(in, &v->expires_unix_s));
    ASSAY_TRY(read_text(in, v->expires_first, sizeof v->expires_first));
    ASSAY_TRY(read_flag(in, &v->has_policy_end));
    ASSAY_TRY(read_time(in, &v->policy_ends_unix_s));
    v->kind = (enum assay_evidence_kind)kind;
    v->genuine = (enum assay_genuine)genuine;
    v->tier = (enum assay_tier)tier;
    v->tcb_status = (enum assay_tcb_status)tcb;
    v->tcb_status_launch = (enum assay_tcb_status)launch;
    v->tcb_status_current = (enum assay_tcb_status)current;
    return ASSAY_OK;
}

static void write_claims(struct assay_writer *w, const struct assay_verdict *v)
{
    ASSAY_ASSERT(v->measurement_len <= ASSAY_MEASUREMENT_MAX);
    assay_writer_u8(w, v->has_claims);
    assay_writer_put(w, v->report_data, sizeof v->report_data);
    assay_writer_u8(w, (uint8_t)v->measurement_len);
    assay_writer_put(w, v->measurement, sizeof v->measurement);
    assay_writer_put(w, v->proofs, sizeof v->proofs);
    assay_writer_u8(w, v->has_platform);
    assay_writer_u8(w, v->platform_masked);
    assay_writer_put(w, v->platform_id, sizeof v->platform_id);
    assay_writer_put(w, v->vendor_root, sizeof v->vendor_root);
}

static enum assay_status read_claims(struct assay_cursor *in, struct assay_verdict *v)
{
    unsigned len = 0;
    ASSAY_TRY(read_flag(in, &v->has_claims));
    ASSAY_TRY(assay_cursor_copy(in, v->report_data, sizeof v->report_data));
    ASSAY_TRY(read_number(in, ASSAY_MEASUREMENT_MAX + 1, &len));
    ASSAY_TRY(assay_cursor_copy(in, v->measurement, sizeof v->measurement));
    ASSAY_TRY(assay_cursor_copy(in, v->proofs, sizeof v->proofs));
    for (size_t i = 0; i < ASSAY_PROOF_COUNT; i++)
        if (v->proofs[i] > ASSAY_PROOF_FALSE) return ASSAY_E_RANGE;
    ASSAY_TRY(read_flag(in, &v->has_platform));
    ASSAY_TRY(read_flag(in, &v->platform_masked));
    ASSAY_TRY(assay_cursor_copy(in, v->platform_id, sizeof v->platform_id));
    ASSAY_TRY(assay_cursor_copy(in, v->vendor_root, sizeof v->vendor_root));
    v->measurement_len = len;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ an answer */

void assay_verifier_process_ready_encode(uint32_t walls, uint32_t landlock, struct assay_writer *w)
{
    assay_writer_u8(w, ASSAY_VERIFIER_PROCESS_READY);
    assay_writer_u32le(w, walls);
    assay_writer_u32le(w, landlock);
}

void assay_verifier_process_verdict_encode(uint64_t number, const struct assay_verdict *verdict,
                                           struct assay_writer *w)
{
    assay_writer_u8(w, ASSAY_VERIFIER_PROCESS_VERDICT);
    assay_writer_u64le(w, number);
    write_result(w, verdict);
    write_claims(w, verdict);
    write_instance(w, &verdict->instance);
    write_reasons(w, verdict);
    write_advisories(w, verdict->advisory_count, verdict->advisories);
    write_advisories(w, verdict->advisory_now_count, verdict->advisories_now);
    write_windows(w, verdict);
    write_measured(w, verdict);
    write_devices(w, verdict);
}

static enum assay_status read_verdict(struct assay_cursor *in, struct assay_verdict *v)
{
    assay_verdict_init(v, ASSAY_KIND_NONE, 0);
    ASSAY_TRY(read_result(in, v));
    ASSAY_TRY(read_claims(in, v));
    ASSAY_TRY(read_instance(in, &v->instance));
    ASSAY_TRY(read_reasons(in, v));
    ASSAY_TRY(read_advisories(in, &v->advisory_count, v->advisories));
    ASSAY_TRY(read_advisories(in, &v->advisory_now_count, v->advisories_now));
    ASSAY_TRY(read_windows(in, v));
    ASSAY_TRY(read_measured(in, v));
    return read_devices(in, v);
}

enum assay_status assay_verifier_process_answer_decode(struct assay_slice bytes,
                                                       struct assay_verifier_process_answer *answer,
                                                       struct assay_verdict *verdict)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_verifier_process_answer a = { 0 };
    uint8_t kind = 0;
    ASSAY_TRY(assay_cursor_u8(&in, &kind));
    if (kind == ASSAY_VERIFIER_PROCESS_READY) {
        a.kind = ASSAY_VERIFIER_PROCESS_READY;
        ASSAY_TRY(assay_cursor_u32le(&in, &a.walls));
        ASSAY_TRY(assay_cursor_u32le(&in, &a.landlock));
    } else if (kind == ASSAY_VERIFIER_PROCESS_VERDICT) {
        a.kind = ASSAY_VERIFIER_PROCESS_VERDICT;
        ASSAY_TRY(assay_cursor_u64le(&in, &a.number));
        ASSAY_TRY(read_verdict(&in, verdict));
    } else {
        return ASSAY_E_TYPE;
    }
    ASSAY_TRY(assay_cursor_end(&in));
    *answer = a;
    return ASSAY_OK;
}
