/*
 * net/host_evidence.c - evidence: have it, keep it, have it judged, give it to others.
 */
#include "net/host_internal.h"

#include <stdlib.h>

static void deliver(struct assay_host *host, const uint8_t digest[static 32], int64_t at_unix_s,
                    const struct assay_verdict *verdict, uint32_t asked)
{
    struct assay_event event = {
        .kind = ASSAY_EVENT_VERDICT,
        .as.verdict = { .at_unix_s = at_unix_s, .verdict = verdict, .asked = asked },
    };
    assay_bytes_copy(event.as.verdict.digest, 32, digest, 32);
    host_queue(host, &event);
}

/* ------------------------------------------------------------ the pool */

static void wait_for_room(struct assay_host *host, const struct assay_verify_job *job)
{
    struct host_waiting *item = calloc(1, sizeof *item);
    if (item != NULL) item->bytes = malloc(job->bytes.len);
    if (item == NULL || item->bytes == NULL) {
        free(item);
        host_fail(host, ASSAY_E_MEMORY, "verification");
        return;
    }
    assay_bytes_copy(item->bytes, job->bytes.len, job->bytes.bytes, job->bytes.len);
    item->job = *job;
    item->job.bytes = assay_slice_over(item->bytes, job->bytes.len);
    *host->waiting_end = item;
    host->waiting_end = &item->next;
    assay_count(&host->counters, ASSAY_COUNT_VERIFY_BACKPRESSURE);
}

static void submit(struct assay_host *host, const struct assay_verify_job *job)
{
    const enum assay_status status = host->waiting != NULL
                                         ? ASSAY_E_AGAIN /* those before it first */
                                         : assay_verify_pool_submit(host->pool, job);
    if (status == ASSAY_E_AGAIN) {
        wait_for_room(host, job);
    } else if (status != ASSAY_OK) {
        host_fail(host, status, "verification");
    }
}

static void submit_waiting(struct assay_host *host)
{
    while (host->waiting != NULL) {
        struct host_waiting *item = host->waiting;
        const enum assay_status status = assay_verify_pool_submit(host->pool, &item->job);
        if (status == ASSAY_E_AGAIN) return;
        if (status != ASSAY_OK) host_fail(host, status, "verification");
        host->waiting = item->next;
        if (host->waiting == NULL) host->waiting_end = &host->waiting;
        free(item->bytes);
        free(item);
    }
}

void host_evidence_forget(struct assay_host *host)
{
    while (host->waiting != NULL) {
        struct host_waiting *item = host->waiting;
        host->waiting = item->next;
        free(item->bytes);
        free(item);
    }
    host->waiting_end = &host->waiting;
}

/* Kept, then judged unless it was judged for the same moment before. */
void host_verify(struct assay_host *host, const uint8_t digest[static 32], struct assay_slice bytes,
                 uint64_t epoch, int64_t at_unix_s, enum assay_evidence_kind kind)
{
    struct assay_engine_view view;
    struct assay_verify_job job = { .kind = kind, .at_unix_s = at_unix_s, .bytes = bytes };
    struct assay_fetch_request flight;
    assay_engine_view(host->engine, &view);
    const enum assay_status status = assay_locker_put(host->locker, view.era, epoch, digest, bytes);
    if (status == ASSAY_E_RANGE) { /* no evidence has such a length */
        deliver(host, digest, at_unix_s, NULL, 0);
        return;
    }
    if (status != ASSAY_OK) {
        host_fail(host, status, "store evidence");
        return;
    }
    host->dirty = true;
    assay_bytes_copy(job.digest, sizeof job.digest, digest, 32);
    const struct assay_verdict *known = assay_locker_verdict(host->locker, digest, at_unix_s);
    if (known != NULL && known->kind == kind) {
        assay_count(&host->counters, ASSAY_COUNT_VERIFY_MEMO);
        deliver(host, digest, at_unix_s, known, 0);
    } else {
        submit(host, &job);
    }
    /* A record brought what was being pulled: the flight has its answer too. */
    if (!assay_gossip_satisfy(host->gossip, digest, &flight)) return;
    if (flight.at_unix_s == at_unix_s && flight.kind == kind) return;
    job.at_unix_s = flight.at_unix_s;
    job.kind = flight.kind;
    submit(host, &job);
}

static void collect(struct assay_host *host)
{
    uint8_t digest[32];
    int64_t at_unix_s = 0;
    while (assay_verify_pool_next(host->pool, digest, &at_unix_s, &host->verdict)) {
        assay_count(&host->counters, ASSAY_COUNT_VERIFIED);
        assay_locker_remember(host->locker, digest, at_unix_s, &host->verdict);
        deliver(host, digest, at_unix_s, &host->verdict, 0);
    }
}

/* ------------------------------------------------------------ having it */

void host_fetch(struct assay_host *host, const struct assay_effect *effect)
{
    struct assay_fetch_request request = {
        .len = effect->as.fetch.len,
        .origin = effect->as.fetch.origin,
        .epoch = effect->as.fetch.epoch,
        .at_unix_s = effect->as.fetch.at_unix_s,
        .kind = effect->as.fetch.evidence_kind,
    };
    struct assay_slice bytes;
    assay_bytes_copy(request.digest, 32, effect->as.fetch.digest, 32);
    enum assay_status status = assay_locker_get(host->locker, request.digest, &bytes);
    if (status == ASSAY_E_STORE) {
        host_fail(host, status, "store read");
        return;
    }
    if (status == ASSAY_OK) {
        host_verify(host, request.digest, bytes, request.epoch, request.at_unix_s, request.kind);
        return;
    }
    const bool budget = request.origin >= host->members || request.origin == host->self ||
                        assay_limit_verification(&host->limits[request.origin], host->now_ms);
    if (!budget) assay_count(&host->counters, ASSAY_COUNT_RATE_VERIFICATIONS);
    status = budget ? assay_gossip_fetch(host->gossip, host->now_ms, &request) : ASSAY_E_RATE;
    /* Not asked anybody: the engine may not call that ABSENT. */
    if (status != ASSAY_OK && status != ASSAY_E_DUPLICATE)
        deliver(host, request.digest, request.at_unix_s, NULL, 0);
}

void host_load(struct assay_host *host, const uint8_t digest[static 32])
{
    struct assay_event event = { .kind = ASSAY_EVENT_EVIDENCE };
    const enum assay_status status =
        assay_locker_get(host->locker, digest, &event.as.evidence.bytes);
    if (status == ASSAY_E_STORE) {
        host_fail(host, status, "store read");
        return;
    }
    if (status != ASSAY_OK) event.as.evidence.bytes = (struct assay_slice){ 0 };
    assay_bytes_copy(event.as.evidence.digest, 32, digest, 32);
    host_queue(host, &event);
}

static void pull_from(struct assay_host *host, const struct assay_gossip_action *action)
{
    uint8_t bytes[ASSAY_PULL_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_slice payload = { 0 };
    assay_pull_encode(action->request.digest, &w);
    if (assay_writer_finish(&w, &payload) == ASSAY_OK)
        host_send(host, action->to, ASSAY_SLOT_ALL, ASSAY_MESSAGE_EVIDENCE_PULL, payload);
}

void host_evidence_turn(struct assay_host *host)
{
    struct assay_gossip_action action;
    collect(host);
    submit_waiting(host);
    while (assay_gossip_next(host->gossip, host->now_ms, &action)) {
        if (action.kind == ASSAY_GOSSIP_PULL) {
            pull_from(host, &action);
        } else {
            deliver(host, action.request.digest, action.request.at_unix_s, NULL, action.asked);
        }
    }
}

/* ------------------------------------------------------------ giving it */

void host_pull(struct assay_host *host, uint16_t from, struct assay_slice payload)
{
    uint8_t digest[32];
    struct assay_slice bytes = { 0 };
    if (assay_pull_decode(payload, digest) != ASSAY_OK) {
        assay_count(&host->counters, ASSAY_COUNT_PULL_MALFORMED);
        return;
    }
    const enum assay_status status = assay_locker_get(host->locker, digest, &bytes);
    if (status == ASSAY_E_STORE) {
        host_fail(host, status, "store read");
        return;
    }
    if (status != ASSAY_OK) bytes = (struct assay_slice){ 0 };
    assay_count(&host->counters,
                bytes.len > 0 ? ASSAY_COUNT_PULL_ANSWERED : ASSAY_COUNT_PULL_UNKNOWN);
    struct assay_writer w = assay_writer_over(host->paging, ASSAY_FRAME_LEN_MAX);
    struct assay_slice answer = { 0 };
    assay_pull_answer_encode(digest, bytes, &w);
    if (assay_writer_finish(&w, &answer) == ASSAY_OK)
        host_send(host, from, ASSAY_SLOT_ALL, ASSAY_MESSAGE_EVIDENCE, answer);
}

void host_pulled(struct assay_host *host, uint16_t from, struct assay_slice payload)
{
    struct assay_fetch_request request;
    struct assay_slice bytes;
    if (assay_gossip_evidence(host->gossip, from, payload, &request, &bytes) == ASSAY_OK)
        host_verify(host, request.digest, bytes, request.epoch, request.at_unix_s, request.kind);
}
