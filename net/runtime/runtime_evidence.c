/*
 * net/runtime/runtime_evidence.c - what host/overlay/evidence_pull.h runs over in a daemon:
 * locker, pool of verifiers, link.
 */
#include "net/runtime/runtime_internal.h"

#include "net/documents/rule_documents.h"

#include <stdlib.h>

static void deliver(struct assay_host *host, const uint8_t digest[static 32], int64_t at_unix_s,
                    bool before, const struct assay_verdict *verdict, uint32_t asked)
{
    struct assay_event event = {
        .kind = ASSAY_EVENT_VERDICT,
        .as.verdict = { .at_unix_s = at_unix_s,
                        .before = before,
                        .verdict = verdict,
                        .asked = asked },
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

static bool is_in_force(const struct assay_host *host, int64_t at_unix_s)
{
    return assay_rules_in_force(host->config.past, host->config.past_count, at_unix_s);
}

static void collect(struct assay_host *host)
{
    uint8_t digest[32];
    int64_t at_unix_s = 0;
    bool before = false;
    while (assay_dispatch_room(host->dispatch) &&
           assay_verify_pool_next(host->pool, digest, &at_unix_s, &before, &host->verdict)) {
        assay_count(&host->counters, ASSAY_COUNT_VERIFIED);
        deliver(host, digest, at_unix_s, before, &host->verdict, 0);
        if (before) continue; /* nothing but a trial asks what the rules before say */
        if (is_in_force(host, at_unix_s))
            assay_evidence_cache_remember(host->locker, digest, at_unix_s, &host->verdict);
        host_services_verdict(host, digest, at_unix_s, &host->verdict);
    }
}

/* ------------------------------------------------------------ the judge */

static void say_ready(struct assay_host *host, const struct assay_verifier_process_news *news)
{
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_INFO, "judge_ready"))
        host_say_child(host, news->pid, news->took_ms, news->walls, news->landlock);
    assay_log_end(&host->log);
}

/* It was taken over, or two processes of one build disagree: people have to look at it. */
static void say_lied(struct assay_host *host, const struct assay_verifier_process_news *news)
{
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_ERROR, "judge_lied")) {
        assay_log_uint(&host->log, "pid", (uint64_t)news->pid);
        assay_log_hex(&host->log, "about", news->digest, 32);
    }
    assay_log_end(&host->log);
}

static void say_fell(struct assay_host *host, const struct assay_verifier_process_news *news)
{
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_WARNING, "judge_fell")) {
        assay_log_uint(&host->log, "pid", (uint64_t)news->pid);
        assay_log_text(&host->log, "why", news->why);
        assay_log_uint(&host->log, "in_hand", news->in_hand);
        assay_log_bool(&host->log, "was_ready", news->started);
        if (news->unjudged) assay_log_hex(&host->log, "unjudged", news->digest, 32);
    }
    assay_log_end(&host->log);
}

/* What became of the process that judges: nothing that it does may pass without a word. */
static void hear_judge(struct assay_host *host)
{
    struct assay_verifier_process_losses since;
    struct assay_verifier_process_news news;
    assay_verify_pool_losses(host->pool, &since);
    assay_count_many(&host->counters, ASSAY_COUNT_JUDGE_FELL, since.restarts);
    assay_count_many(&host->counters, ASSAY_COUNT_JUDGE_STALLED, since.stalls);
    assay_count_many(&host->counters, ASSAY_COUNT_JUDGE_RETRIED, since.retried);
    assay_count_many(&host->counters, ASSAY_COUNT_JUDGE_UNJUDGED, since.unjudged);
    assay_count_many(&host->counters, ASSAY_COUNT_JUDGE_LIED, since.lied);
    while (assay_verify_pool_news(host->pool, &news)) {
        if (news.ready) say_ready(host, &news);
        else if (news.lied) say_lied(host, &news);
        else say_fell(host, &news);
    }
}

/* ------------------------------------------------------------ the world of
 * host/overlay/evidence_pull.h */

static enum assay_status get(void *context, const uint8_t digest[static 32],
                             struct assay_slice *bytes)
{
    const struct assay_host *host = context;
    return assay_evidence_cache_get(host->locker, digest, bytes);
}

/* What others announced is had again after a crash: it is durable with the next commit, as what a
 * ballot says of it is, and makes none of its own. */
static enum assay_status keep(void *context, uint64_t epoch, const uint8_t digest[static 32],
                              struct assay_slice bytes)
{
    struct assay_host *host = context;
    struct assay_engine_snapshot snapshot;
    assay_engine_snapshot(host->engine, &snapshot);
    return assay_evidence_cache_put(host->locker, snapshot.era, epoch, digest, bytes);
}

/* docs/protocol.md 9.8: evidence of an epoch is judged by the rules of that epoch, and what fails
 * under trial by those before, too (9.9). */
static void choose_rules(const struct assay_host *host, const struct assay_fetch_request *request,
                         struct assay_verify_job *job)
{
    const struct assay_host_past *past =
        request->before
            ? host->config.before
            : assay_rules_past(host->config.past, host->config.past_count, request->epoch);
    job->before = request->before;
    ASSAY_ASSERT(past != NULL || !request->before); /* made of the state that has the trial */
    if (past == NULL) return;
    job->endorsements = past->endorsements;
    job->policy = past->policy;
}

/* Judged unless it was for the same moment before. */
static enum assay_status judge(void *context, const struct assay_fetch_request *request,
                               struct assay_slice bytes)
{
    struct assay_host *host = context;
    struct assay_verify_job job = { .kind = request->kind,
                                    .at_unix_s = request->at_unix_s,
                                    .bytes = bytes };
    const struct assay_verdict *known =
        !request->before && is_in_force(host, request->at_unix_s)
            ? assay_evidence_cache_verdict(host->locker, request->digest, request->at_unix_s)
            : NULL;
    if (known != NULL && known->kind == request->kind) {
        assay_count(&host->counters, ASSAY_COUNT_VERIFY_MEMO);
        deliver(host, request->digest, request->at_unix_s, false, known, 0);
        return ASSAY_OK;
    }
    assay_bytes_copy(job.digest, sizeof job.digest, request->digest, 32);
    choose_rules(host, request, &job);
    submit(host, &job);
    return ASSAY_OK;
}

void host_evidence_judge(struct assay_host *host, const uint8_t digest[static 32],
                         enum assay_evidence_kind kind, int64_t at_unix_s,
                         struct assay_slice bytes)
{
    struct assay_verify_job job = { .kind = kind, .at_unix_s = at_unix_s, .bytes = bytes };
    const struct assay_verdict *known =
        assay_evidence_cache_verdict(host->locker, digest, at_unix_s);
    if (known != NULL && known->kind == kind) {
        host_services_verdict(host, digest, at_unix_s, known);
        return;
    }
    assay_bytes_copy(job.digest, sizeof job.digest, digest, 32);
    submit(host, &job);
}

static void answer(void *context, const struct assay_fetch_request *request, uint32_t asked)
{
    deliver(context, request->digest, request->at_unix_s, request->before, NULL, asked);
}

static void send(void *context, uint16_t to, enum assay_message_kind kind,
                 struct assay_slice payload)
{
    host_send(context, to, ASSAY_SLOT_ALL, kind, payload);
}

void host_evidence_open(struct assay_host *host)
{
    host->pulls = (struct assay_evidence_pull){
        .world = { host, get, keep, judge, answer, send },
        .self = host->self,
        .members = host->members,
        .gossip = host->gossip,
        .limits = host->limits,
        .counters = &host->counters,
        .waits = host->view != NULL,
    };
}

static void stop_if_failed(struct assay_host *host, enum assay_status status)
{
    if (status != ASSAY_OK) host_fail(host, status, "store evidence");
}

void host_fetch(struct assay_host *host, const struct assay_effect *effect)
{
    stop_if_failed(host, assay_evidence_pull_fetch(&host->pulls, host->now_ms, effect));
}

void host_verify(struct assay_host *host, const struct assay_effect *effect)
{
    stop_if_failed(host, assay_evidence_pull_verify(&host->pulls, effect));
}

void host_pull(struct assay_host *host, uint16_t from, struct assay_slice payload)
{
    stop_if_failed(host, assay_evidence_pull_serve(&host->pulls, from, payload));
}

void host_pulled(struct assay_host *host, uint16_t from, struct assay_slice payload)
{
    stop_if_failed(host, assay_evidence_pull_pulled(&host->pulls, host->now_ms, from, payload));
}

void host_evidence_turn(struct assay_host *host)
{
    collect(host);
    hear_judge(host);
    submit_waiting(host);
    while (assay_dispatch_room(host->dispatch) &&
           assay_evidence_pull_turn(&host->pulls, host->now_ms)) {
    }
}

/* ------------------------------------------------------------ what the engine has forgotten */

void host_load(struct assay_host *host, const uint8_t digest[static 32])
{
    struct assay_event event = { .kind = ASSAY_EVENT_EVIDENCE };
    const enum assay_status status =
        assay_evidence_cache_get(host->locker, digest, &event.as.evidence.bytes);
    if (status == ASSAY_E_STORE) {
        host_fail(host, status, "store read");
        return;
    }
    if (status != ASSAY_OK) event.as.evidence.bytes = (struct assay_slice){ 0 };
    assay_bytes_copy(event.as.evidence.digest, 32, digest, 32);
    host_queue(host, &event);
}
