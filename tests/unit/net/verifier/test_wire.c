/*
 * tests/unit/net/verifier/test_wire.c - tests of messages between core and verifier.
 *
 * Messages between core and verifier process: one meaning, one encoding, and nothing that is cut,
 * long or out of its range is read.
 */
#include "net/verifier/wire.h"

#include "quote/accept/policy.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t buffer[ASSAY_VERIFIER_PROCESS_JOB_LEN_MAX],
    again[ASSAY_VERIFIER_PROCESS_JOB_LEN_MAX];
static struct assay_verdict verdict, found;

/* Every list full, every field something. */
static void fill(struct assay_verdict *v)
{
    assay_verdict_init(v, ASSAY_KIND_TDX5, 1800000000);
    v->genuine = ASSAY_GENUINE_FALSE;
    v->tier = ASSAY_TIER_CONTRAINDICATED;
    v->tcb_status = ASSAY_TCB_REVOKED;
    v->tcb_status_launch = ASSAY_TCB_OUT_OF_DATE;
    v->tcb_status_current = ASSAY_TCB_NOT_SUPPORTED;
    v->insecure = v->appraised = v->debug = v->has_tcb_date = v->has_now = true;
    v->has_tcb_date_now = v->has_expiry = v->has_claims = v->has_platform = true;
    v->platform_masked = v->has_policy_end = true;
    v->tcb_date_unix_s = -1;
    v->tcb_date_now_unix_s = INT64_MIN;
    v->expires_unix_s = INT64_MAX;
    (void)snprintf(v->expires_first, sizeof v->expires_first, "%063d", 2);
    v->policy_ends_unix_s = INT64_MAX - 1;
    for (int i = 0; i < ASSAY_REASONS_MAX; i++)
        assay_verdict_add(v, ASSAY_RULE_DEBUG, (uint32_t)i, "expected", "observed");
    v->advisory_count = v->advisory_now_count = ASSAY_ADVISORIES_MAX;
    for (int i = 0; i < ASSAY_ADVISORIES_MAX; i++) {
        (void)snprintf(v->advisories[i], ASSAY_ADVISORY_TEXT, "INTEL-SA-%05d", i);
        (void)snprintf(v->advisories_now[i], ASSAY_ADVISORY_TEXT, "INTEL-SA-1234567890123%d",
                       i % 10);
    }
    (void)snprintf(v->instance.id, ASSAY_INSTANCE_TEXT, "%063d", 1);
    (void)snprintf(v->instance.zone, ASSAY_INSTANCE_TEXT, "zone");
    v->instance.project_number = UINT64_MAX;
    v->measurement_len = ASSAY_MEASUREMENT_MAX;
    for (size_t i = 0; i < 64; i++)
        v->report_data[i] = v->measurement[i] = (uint8_t)i;
    for (size_t i = 0; i < 32; i++)
        v->platform_id[i] = v->vendor_root[i] = (uint8_t)(200 + i);
    for (size_t i = 0; i < ASSAY_PROOF_COUNT; i++)
        v->proofs[i] = (uint8_t)(i % 4);
    v->device_count = ASSAY_DEVICES_MAX;
    for (size_t i = 0; i < ASSAY_DEVICES_MAX; i++) {
        struct assay_verdict_device *const d = &v->devices[i];
        d->kind = ASSAY_KIND_NVIDIA_SWITCH;
        d->genuine = ASSAY_GENUINE_FALSE;
        d->tier = ASSAY_TIER_CONTRAINDICATED;
        d->rule = ASSAY_RULE_GPU_FIRMWARE;
        d->has_platform = true;
        d->platform_id[31] = d->serial[19] = (uint8_t)(i + 1);
        (void)snprintf(d->product, sizeof d->product, "%031d", (int)i);
        (void)snprintf(d->driver, sizeof d->driver, "driver");
        (void)snprintf(d->firmware, sizeof d->firmware, "firmware");
        d->mode = (uint8_t)(i % ASSAY_GPU_MODES);
        d->has_expiry = true;
        d->expires_unix_s = INT64_MAX - (int64_t)i;
        (void)snprintf(d->expires_first, sizeof d->expires_first, "%063d", (int)i);
    }
    for (int i = 0; i <= ASSAY_VERDICT_WINDOWS_MAX; i++) /* the one more is left out */
        assay_verdict_add_window(v, "a certificate with a name of more than sixty-three bytes, cut",
                                 i % 2 == 0, INT64_MIN, INT64_MAX);
    for (unsigned i = 0; i <= ASSAY_VERDICT_MEASURED_MAX; i++)
        assay_verdict_add_measured(v, i % ASSAY_REFERENCE_FIELDS,
                                   (enum assay_measured_state)(i % ASSAY_MEASURED_STATES),
                                   v->measurement, ASSAY_MEASUREMENT_MAX - i);
}

static struct assay_slice encoded(const struct assay_verdict *v, uint8_t *bytes)
{
    struct assay_slice out;
    struct assay_writer w = assay_writer_over(bytes, ASSAY_VERIFIER_PROCESS_ANSWER_LEN_MAX);
    assay_verifier_process_verdict_encode(77, v, &w);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    return out;
}

Test(net_verifier_wire, a_full_verdict_comes_back_as_it_was)
{
    struct assay_verifier_process_answer answer = { 0 };
    fill(&verdict);
    const struct assay_slice bytes = encoded(&verdict, buffer);
    cr_assert_eq(assay_verifier_process_answer_decode(bytes, &answer, &found), ASSAY_OK);
    cr_assert_eq(answer.kind, ASSAY_VERIFIER_PROCESS_VERDICT);
    cr_assert_eq(answer.number, 77);
    cr_assert(assay_bytes_equal(&verdict, &found, sizeof verdict));
    const struct assay_slice second = encoded(&found, again);
    cr_assert_eq(second.len, bytes.len);
    cr_assert(assay_bytes_equal(second.bytes, bytes.bytes, bytes.len));
}

Test(net_verifier_wire, refuses_every_truncation_and_one_byte_more)
{
    struct assay_verifier_process_answer answer;
    fill(&verdict);
    const struct assay_slice bytes = encoded(&verdict, buffer);
    for (size_t len = 0; len < bytes.len; len++) {
        uint8_t *exact = malloc(len + (len == 0));
        cr_assert_not_null(exact);
        assay_bytes_copy(exact, len, bytes.bytes, len);
        cr_assert_eq(
            assay_verifier_process_answer_decode(assay_slice_over(exact, len), &answer, &found),
            ASSAY_E_TRUNCATED, "%zu", len);
        free(exact);
    }
    buffer[bytes.len] = 0;
    cr_assert_eq(assay_verifier_process_answer_decode(assay_slice_over(buffer, bytes.len + 1),
                                                      &answer, &found),
                 ASSAY_E_TRAILING);
}

/* What is read is in its range, whatever a compromised verifier process writes. */
static void holds(const struct assay_verdict *v)
{
    cr_assert_lt((unsigned)v->kind, ASSAY_KIND_COUNT);
    cr_assert_leq((unsigned)v->genuine, ASSAY_GENUINE_FALSE);
    cr_assert_leq((unsigned)v->tier, ASSAY_TIER_CONTRAINDICATED);
    cr_assert_lt((unsigned)v->tcb_status, ASSAY_TCB_STATUS_COUNT);
    cr_assert_leq(v->reason_count, ASSAY_REASONS_MAX);
    cr_assert_leq(v->advisory_count, ASSAY_ADVISORIES_MAX);
    cr_assert_leq(v->advisory_now_count, ASSAY_ADVISORIES_MAX);
    cr_assert_leq(v->measurement_len, ASSAY_MEASUREMENT_MAX);
    cr_assert_leq(v->window_count, ASSAY_VERDICT_WINDOWS_MAX);
    cr_assert_leq(v->measured_count, ASSAY_VERDICT_MEASURED_MAX);
    for (uint32_t i = 0; i < v->window_count; i++)
        cr_assert_lt(strnlen(v->windows[i].what, ASSAY_VERDICT_WINDOW_TEXT),
                     ASSAY_VERDICT_WINDOW_TEXT);
    for (uint32_t i = 0; i < v->measured_count; i++) {
        cr_assert_lt(v->measured[i].field, ASSAY_REFERENCE_FIELDS);
        cr_assert_lt(v->measured[i].state, ASSAY_MEASURED_STATES);
        cr_assert_leq(v->measured[i].len, ASSAY_MEASUREMENT_MAX);
    }
    cr_assert_lt(strnlen(v->expires_first, ASSAY_VERDICT_WINDOW_TEXT), ASSAY_VERDICT_WINDOW_TEXT);
    cr_assert_leq(v->device_count, ASSAY_DEVICES_MAX);
    for (uint32_t i = 0; i < v->device_count; i++) {
        const struct assay_verdict_device *const d = &v->devices[i];
        cr_assert(d->rule == 0 ||
                  strcmp(assay_rule_name((enum assay_rule)d->rule), "unknown") != 0);
        cr_assert_leq(d->genuine, ASSAY_GENUINE_FALSE);
        cr_assert_leq(d->tier, ASSAY_TIER_CONTRAINDICATED);
        cr_assert_lt(d->kind, ASSAY_KIND_COUNT);
        cr_assert_lt(strnlen(d->product, ASSAY_DEVICE_TEXT_MAX), ASSAY_DEVICE_TEXT_MAX);
        cr_assert_lt(d->mode, ASSAY_GPU_MODES);
        cr_assert_lt(strnlen(d->expires_first, ASSAY_VERDICT_WINDOW_TEXT),
                     ASSAY_VERDICT_WINDOW_TEXT);
    }
    for (uint32_t i = 0; i < v->reason_count; i++) {
        cr_assert_str_neq(assay_rule_name(v->reasons[i].rule), "unknown");
        cr_assert_lt(strnlen(v->reasons[i].observed, ASSAY_REASON_TEXT), ASSAY_REASON_TEXT);
    }
}

Test(net_verifier_wire, each_byte_at_its_limits_is_refused_or_in_range)
{
    static const uint8_t values[] = { 0, 1, 2, 63, 64, 65, 127, 128, 255 };
    struct assay_verifier_process_answer answer;
    size_t refused = 0;
    fill(&verdict);
    const struct assay_slice bytes = encoded(&verdict, buffer);
    for (size_t at = 0; at < bytes.len; at++) {
        const uint8_t before = buffer[at];
        for (size_t i = 0; i < sizeof values; i++) {
            buffer[at] = values[i];
            if (assay_verifier_process_answer_decode(bytes, &answer, &found) != ASSAY_OK) {
                refused++;
                continue;
            }
            if (answer.kind != ASSAY_VERIFIER_PROCESS_VERDICT) continue;
            holds(&found);
            const struct assay_slice two = encoded(&found, again);
            if (at > 9) cr_assert(assay_bytes_equal(two.bytes, bytes.bytes, bytes.len), "%zu", at);
        }
        buffer[at] = before;
    }
    cr_assert_gt(refused, 500);
}

Test(net_verifier_wire, a_text_that_ends_within_itself_is_refused)
{
    struct assay_verifier_process_answer answer;
    fill(&verdict);
    const struct assay_slice bytes = encoded(&verdict, buffer);
    uint8_t *at = memmem(buffer, bytes.len, "expected", 8);
    cr_assert_not_null(at);
    at[3] = 0;
    cr_assert_eq(assay_verifier_process_answer_decode(bytes, &answer, &found), ASSAY_E_ENCODING);
}

Test(net_verifier_wire, a_ready_judge_says_which_walls_stand)
{
    struct assay_verifier_process_answer answer;
    struct assay_slice out;
    struct assay_writer w = assay_writer_over(buffer, sizeof buffer);
    assay_verifier_process_ready_encode(15, 7, &w);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    cr_assert_eq(assay_verifier_process_answer_decode(out, &answer, &found), ASSAY_OK);
    cr_assert_eq(answer.kind, ASSAY_VERIFIER_PROCESS_READY);
    cr_assert_eq(answer.walls, 15);
    cr_assert_eq(answer.landlock, 7);
    buffer[0] = 3;
    cr_assert_eq(assay_verifier_process_answer_decode(out, &answer, &found), ASSAY_E_TYPE);
}

static struct assay_slice job_of(size_t len)
{
    static uint8_t evidence[ASSAY_EVIDENCE_LEN_MAX + 1];
    const struct assay_verifier_process_job job = { .number = 5,
                                                    .kind = ASSAY_KIND_CCA,
                                                    .set = ASSAY_VERIFIER_PROCESS_SETS_MAX - 1,
                                                    .at_unix_s = -3,
                                                    .at_end = true,
                                                    .bytes = assay_slice_over(evidence, len) };
    struct assay_slice out;
    struct assay_writer w = assay_writer_over(buffer, sizeof buffer);
    assay_verifier_process_job_encode(&job, &w);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    return out;
}

Test(net_verifier_wire, a_job_at_its_limits_and_past_them)
{
    struct assay_verifier_process_job job;
    cr_assert_eq(assay_verifier_process_job_decode(job_of(ASSAY_EVIDENCE_LEN_MAX), &job), ASSAY_OK);
    cr_assert_eq(job.number, 5);
    cr_assert_eq(job.kind, ASSAY_KIND_CCA);
    cr_assert_eq(job.at_unix_s, -3);
    cr_assert(job.at_end);
    cr_assert_eq(job.bytes.len, ASSAY_EVIDENCE_LEN_MAX);
    cr_assert_eq(assay_verifier_process_job_decode(job_of(ASSAY_EVIDENCE_LEN_MAX + 1), &job),
                 ASSAY_E_RANGE);
    cr_assert_eq(assay_verifier_process_job_decode(job_of(0), &job), ASSAY_E_RANGE);
    const struct assay_slice good = job_of(3);
    for (size_t len = 0; len < good.len; len++)
        cr_assert_eq(assay_verifier_process_job_decode(assay_slice_over(buffer, len), &job),
                     ASSAY_E_TRUNCATED);
    buffer[9] = ASSAY_KIND_COUNT;
    cr_assert_eq(assay_verifier_process_job_decode(good, &job), ASSAY_E_RANGE);
    buffer[9] = ASSAY_KIND_SOFT;
    buffer[13] = ASSAY_VERIFIER_PROCESS_SETS_MAX;
    cr_assert_eq(assay_verifier_process_job_decode(good, &job), ASSAY_E_RANGE);
    buffer[13] = 0;
    cr_assert_eq(assay_verifier_process_job_decode(good, &job), ASSAY_OK);
    buffer[25] = 2;
    cr_assert_eq(assay_verifier_process_job_decode(good, &job), ASSAY_E_RANGE);
}

Test(net_verifier_wire, a_brief_brings_every_set_and_nothing_else)
{
    struct assay_verifier_process_brief brief = { .threads = 2,
                                                  .set_count = ASSAY_VERIFIER_PROCESS_SETS_MAX },
                                        read;
    struct assay_slice out;
    for (size_t i = 0; i < brief.set_count; i++) {
        brief.sets[i].policy = assay_slice_over((const uint8_t *)"policy", i % 6);
        brief.sets[i].endorsements = assay_slice_over((const uint8_t *)"endorsements", 12);
    }
    struct assay_writer w = assay_writer_over(buffer, sizeof buffer);
    assay_verifier_process_brief_encode(&brief, &w);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    cr_assert_eq(assay_verifier_process_brief_decode(out, &read), ASSAY_OK);
    cr_assert_eq(read.set_count, brief.set_count);
    cr_assert_eq(read.sets[5].policy.len, 5);
    for (size_t len = 0; len < out.len; len++)
        cr_assert_eq(assay_verifier_process_brief_decode(assay_slice_over(buffer, len), &read),
                     ASSAY_E_TRUNCATED);
    buffer[0] = ASSAY_VERIFIER_PROCESS_THREADS_MAX + 1;
    cr_assert_eq(assay_verifier_process_brief_decode(out, &read), ASSAY_E_RANGE);
    buffer[0] = 1;
    buffer[4] = 3;
    cr_assert_eq(assay_verifier_process_brief_decode(out, &read), ASSAY_OK);
    cr_assert_eq(read.fork_cpu_s, 3);
    buffer[0] = 2;
    cr_assert_eq(assay_verifier_process_brief_decode(out, &read), ASSAY_E_RANGE,
                 "threads are not forked");
    buffer[0] = 1;
    buffer[8] = ASSAY_VERIFIER_PROCESS_SETS_MAX + 1;
    cr_assert_eq(assay_verifier_process_brief_decode(out, &read), ASSAY_E_RANGE);
}
