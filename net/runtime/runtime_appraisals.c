/*
 * net/runtime/runtime_appraisals.c - the newest verdict of this node about each member's evidence,
 * and the documents `evidence` and `evidence-bytes`.
 *
 * Verdicts are retained as the verifier process sent them: one of every list full has 8 KB, a usual
 * one less than 1 KB.
 */
#include "net/runtime/runtime_internal.h"

#include "net/documents/document_evidence.h"
#include "net/verifier/shared_devices.h"
#include "net/verifier/wire.h"

#include <stdlib.h>

/* Evidence that a member announced, and the verdict about the one before it or about it. */
struct runtime_appraisal {
    uint8_t digest[32]; /* awaited */
    uint64_t epoch;     /* 0: none was announced in this run */
    uint32_t len;
    struct assay_document_evidence shown; /* verdict: NULL, it is `bytes` */
    uint8_t *bytes;                       /* [bytes_len]; NULL: no verdict yet */
    size_t bytes_len;
};

enum assay_status runtime_appraisals_open(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->members > 0 && runtime->appraisals == NULL);
    runtime->appraisals = calloc(runtime->members, sizeof *runtime->appraisals);
    if (runtime->appraisals == NULL) return ASSAY_E_MEMORY;
    return assay_shared_devices_create(runtime->members, &runtime->shared_devices);
}

void runtime_appraisals_close(struct assay_runtime *runtime)
{
    for (uint32_t i = 0; runtime->appraisals != NULL && i < runtime->members; i++)
        free(runtime->appraisals[i].bytes);
    free(runtime->appraisals);
    runtime->appraisals = NULL;
    assay_shared_devices_destroy(&runtime->shared_devices);
}

void runtime_appraisals_expect(struct assay_runtime *runtime,
                               const struct assay_fetch_request *request)
{
    if (!request->for_ballot || request->origin >= runtime->members) return;
    struct runtime_appraisal *a = &runtime->appraisals[request->origin];
    assay_bytes_copy(a->digest, sizeof a->digest, request->digest, 32);
    a->epoch = request->epoch;
    a->len = request->len;
}

static void retain_verdict(struct runtime_appraisal *a, const struct assay_verdict *verdict)
{
    uint8_t buffer[ASSAY_VERIFIER_PROCESS_ANSWER_LEN_MAX];
    struct assay_writer w = assay_writer_over(buffer, sizeof buffer);
    struct assay_slice encoded;
    assay_verifier_process_verdict_encode(0, verdict, &w);
    const enum assay_status status = assay_writer_finish(&w, &encoded);
    ASSAY_ASSERT(status == ASSAY_OK);
    uint8_t *bytes = malloc(encoded.len);
    if (bytes == NULL) return; /* the verdict before stays */
    assay_bytes_copy(bytes, encoded.len, encoded.bytes, encoded.len);
    free(a->bytes);
    a->bytes = bytes;
    a->bytes_len = encoded.len;
    a->shown = (struct assay_document_evidence){ .epoch = a->epoch, .len = a->len };
    assay_bytes_copy(a->shown.digest, sizeof a->shown.digest, a->digest, 32);
}

static void log_shared_device(struct assay_runtime *runtime, uint16_t slot)
{
    char name[ASSAY_NAME_MAX + 1], others[ASSAY_NAME_MAX + 1];
    const struct assay_snapshot_shared_device shared =
        assay_shared_devices_get(runtime->shared_devices, slot);
    (void)runtime_slot_name(runtime, slot, name, sizeof name);
    (void)runtime_slot_name(runtime, shared.other, others, sizeof others);
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "device_shared")) {
        assay_log_text(&runtime->log, "member", name);
        assay_log_text(&runtime->log, "other", others);
        assay_log_text(&runtime->log, "device", shared.name);
        assay_log_uint(&runtime->log, "epoch", shared.last_epoch);
    }
    assay_log_end(&runtime->log);
    runtime_log_event(runtime, "device_shared", slot, shared.other, shared.last_epoch,
                      "%s: %s passes as a device of %s, too", name, shared.name, others);
}

/* Of a digest that another member announced, the report data are that one's. */
static void compare_devices(struct assay_runtime *runtime, uint16_t slot, uint64_t epoch,
                            const struct assay_verdict *verdict)
{
    uint16_t of = 0;
    if (!assay_engine_is_bound(runtime->engine, slot, epoch, verdict->report_data)) return;
    if (assay_shared_devices_add(runtime->shared_devices, slot, epoch, verdict, &of))
        log_shared_device(runtime, of);
}

void runtime_appraisals_on_epoch_closed(struct assay_runtime *runtime, uint64_t epoch)
{
    uint16_t slot = 0;
    while (assay_shared_devices_expire(runtime->shared_devices, epoch, &slot)) {
        char name[ASSAY_NAME_MAX + 1];
        (void)runtime_slot_name(runtime, slot, name, sizeof name);
        if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "device_shared_ended"))
            assay_log_text(&runtime->log, "member", name);
        assay_log_end(&runtime->log);
        runtime_log_event(runtime, "device_shared_ended", slot, 0, 0,
                          "%s: no device of it passes in another member any more", name);
    }
}

void runtime_appraisals_on_verdict(struct assay_runtime *runtime, const uint8_t digest[static 32],
                                   const struct assay_verdict *verdict)
{
    ASSAY_ASSERT(runtime->appraisals != NULL);
    for (uint32_t i = 0; i < runtime->members; i++) {
        struct runtime_appraisal *a = &runtime->appraisals[i];
        const bool is_awaited =
            a->epoch > a->shown.epoch && assay_bytes_equal(a->digest, digest, 32);
        if (!is_awaited) continue;
        retain_verdict(a, verdict);
        if (verdict->device_count > 0) compare_devices(runtime, (uint16_t)i, a->epoch, verdict);
    }
}

char *document_evidence(struct assay_runtime *runtime, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    const struct runtime_appraisal *a = &runtime->appraisals[slot];
    struct assay_document_evidence evidence = a->shown;
    struct assay_verdict *verdict = malloc(sizeof *verdict);
    struct assay_verifier_process_answer answer;
    if (verdict == NULL) return NULL;
    if (a->bytes != NULL) {
        const enum assay_status status = assay_verifier_process_answer_decode(
            assay_slice_over(a->bytes, a->bytes_len), &answer, verdict);
        ASSAY_ASSERT(status == ASSAY_OK); /* what was encoded above */
        evidence.verdict = verdict;
    }
    struct assay_json *data = assay_document_evidence(runtime_snapshot(runtime), slot, &evidence);
    free(verdict);
    return document_finish(runtime, "assay.evidence", data);
}

char *document_evidence_bytes(struct assay_runtime *runtime, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    const struct assay_document_evidence *const shown = &runtime->appraisals[slot].shown;
    struct assay_slice bytes = { NULL, 0 };
    if (shown->epoch == 0)
        return document_error(runtime, "not_found",
                              "this node has verified no evidence of this member in this run; of "
                              "its own it verifies none: query another node");
    if (assay_evidence_cache_get(runtime->evidence_cache, shown->digest, &bytes) != ASSAY_OK)
        return document_error(runtime, "not_found",
                              "the evidence of this member is no longer stored here");
    struct assay_json *data = assay_json_object();
    assay_json_set_uint(data, "epoch", shown->epoch);
    assay_json_set_uint(data, "slot", slot);
    assay_json_set_hex(data, "digest", shown->digest, sizeof shown->digest);
    assay_json_set_hex(data, "evidence", bytes.bytes, bytes.len);
    return document_finish(runtime, "assay.evidence_bytes", data);
}
