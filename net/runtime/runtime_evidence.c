/*
 * net/runtime/runtime_evidence.c - callbacks of host/overlay/evidence_pull.h: cache, verifier pool
 * and link.
 */
#include "net/runtime/runtime_internal.h"

#include "net/verifier/rule_documents.h"

#include <stdlib.h>

static void deliver_verdict(struct assay_runtime *runtime, const uint8_t digest[static 32],
                            int64_t at_unix_s, bool before, const struct assay_verdict *verdict,
                            uint32_t asked)
{
    struct assay_event event = {
        .kind = ASSAY_EVENT_VERDICT,
        .as.verdict = { .at_unix_s = at_unix_s,
                        .before = before,
                        .verdict = verdict,
                        .asked = asked },
    };
    assay_bytes_copy(event.as.verdict.digest, 32, digest, 32);
    runtime_queue_event(runtime, &event);
}

/* ------------------------------------------------------------ the pool */

static void queue_job(struct assay_runtime *runtime, const struct assay_verify_job *job)
{
    ASSAY_ASSERT(*runtime->waiting_end == NULL);
    struct runtime_waiting_job *item = calloc(1, sizeof *item);
    if (item != NULL) item->bytes = malloc(job->bytes.len);
    if (item == NULL || item->bytes == NULL) {
        free(item);
        runtime_fail(runtime, ASSAY_E_MEMORY, "verification");
        return;
    }
    assay_bytes_copy(item->bytes, job->bytes.len, job->bytes.bytes, job->bytes.len);
    item->job = *job;
    item->job.bytes = assay_slice_over(item->bytes, job->bytes.len);
    *runtime->waiting_end = item;
    runtime->waiting_end = &item->next;
    assay_count(&runtime->counters, ASSAY_COUNT_VERIFY_BACKPRESSURE);
}

static void submit_job(struct assay_runtime *runtime, const struct assay_verify_job *job)
{
    if (job->epoch != 0 && job->epoch <= runtime->expired_epoch) { /* fetched too late */
        assay_count(&runtime->counters, ASSAY_COUNT_VERIFY_EXPIRED);
        return;
    }
    const enum assay_status status = runtime->waiting != NULL
                                         ? ASSAY_E_AGAIN /* those before it first */
                                         : assay_verify_pool_submit(runtime->pool, job);
    if (status == ASSAY_E_AGAIN) {
        queue_job(runtime, job);
    } else if (status != ASSAY_OK) {
        runtime_fail(runtime, status, "verification");
    }
}

static void submit_queued(struct assay_runtime *runtime)
{
    while (runtime->waiting != NULL) {
        struct runtime_waiting_job *item = runtime->waiting;
        ASSAY_ASSERT(item->job.epoch == 0 || item->job.epoch > runtime->expired_epoch);
        const enum assay_status status = assay_verify_pool_submit(runtime->pool, &item->job);
        if (status == ASSAY_E_AGAIN) return;
        if (status != ASSAY_OK) runtime_fail(runtime, status, "verification");
        runtime->waiting = item->next;
        if (runtime->waiting == NULL) runtime->waiting_end = &runtime->waiting;
        free(item->bytes);
        free(item);
    }
}

void runtime_evidence_clear(struct assay_runtime *runtime)
{
    while (runtime->waiting != NULL) {
        struct runtime_waiting_job *item = runtime->waiting;
        runtime->waiting = item->next;
        free(item->bytes);
        free(item);
    }
    runtime->waiting_end = &runtime->waiting;
}

void runtime_evidence_on_epoch_closed(struct assay_runtime *runtime, uint64_t epoch)
{
    ASSAY_ASSERT(runtime->pool != NULL);
    runtime->expired_epoch = epoch;
    size_t expired = assay_verify_pool_expire(runtime->pool, epoch);
    struct runtime_waiting_job **at = &runtime->waiting;
    while (*at != NULL) {
        struct runtime_waiting_job *const item = *at;
        if (item->job.epoch == 0 || item->job.epoch > epoch) {
            at = &item->next;
            continue;
        }
        *at = item->next;
        free(item->bytes);
        free(item);
        expired++;
    }
    runtime->waiting_end = at;
    assay_count_many(&runtime->counters, ASSAY_COUNT_VERIFY_EXPIRED, expired);
}

static bool is_in_force(const struct assay_runtime *runtime, int64_t at_unix_s)
{
    return assay_rules_in_force(runtime->config.past, runtime->config.past_count, at_unix_s);
}

static void collect_verdicts(struct assay_runtime *runtime)
{
    uint8_t digest[32];
    int64_t at_unix_s = 0;
    bool before = false;
    while (assay_dispatch_has_room(runtime->dispatch) &&
           assay_verify_pool_next(runtime->pool, digest, &at_unix_s, &before, &runtime->verdict)) {
        assay_count(&runtime->counters, ASSAY_COUNT_VERIFIED);
        if (runtime_challenge_on_verdict(runtime, digest, &runtime->verdict)) continue;
        if (runtime_services_on_verdict(runtime, digest, at_unix_s, &runtime->verdict)) continue;
        deliver_verdict(runtime, digest, at_unix_s, before, &runtime->verdict, 0);
        if (before) continue; /* only a trial needs the previous rules */
        runtime_appraisals_on_verdict(runtime, digest, &runtime->verdict);
        if (is_in_force(runtime, at_unix_s))
            assay_evidence_cache_set_verdict(runtime->evidence_cache, digest, at_unix_s,
                                             &runtime->verdict);
    }
}

/* ------------------------------------------------------------ the verifier process */

static void log_verifier_ready(struct assay_runtime *runtime,
                               const struct assay_verifier_process_news *news)
{
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "verifier_ready"))
        runtime_log_child(runtime, news->pid, news->took_ms, news->walls, news->landlock);
    assay_log_end(&runtime->log);
}

/* The process was compromised, or two processes of one build disagree: operators must examine it.
 */
static void log_verifier_mismatch(struct assay_runtime *runtime,
                                  const struct assay_verifier_process_news *news)
{
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_ERROR, "verifier_contradicted")) {
        assay_log_uint(&runtime->log, "pid", (uint64_t)news->pid);
        assay_log_hex(&runtime->log, "about", news->digest, 32);
    }
    assay_log_end(&runtime->log);
}

static void log_verifier_exit(struct assay_runtime *runtime,
                              const struct assay_verifier_process_news *news)
{
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "verifier_ended")) {
        assay_log_uint(&runtime->log, "pid", (uint64_t)news->pid);
        assay_log_text(&runtime->log, "why", news->why);
        assay_log_uint(&runtime->log, "pending", news->in_hand);
        assay_log_bool(&runtime->log, "was_ready", news->started);
        if (news->unjudged) assay_log_hex(&runtime->log, "unjudged", news->digest, 32);
    }
    assay_log_end(&runtime->log);
}

/* Logs news of the verifier process; every change of its state is logged. */
static void poll_verifier_news(struct assay_runtime *runtime)
{
    struct assay_verifier_process_losses since;
    struct assay_verifier_process_news news;
    assay_verify_pool_get_losses(runtime->pool, &since);
    assay_count_many(&runtime->counters, ASSAY_COUNT_VERIFIER_ENDED, since.restarts);
    assay_count_many(&runtime->counters, ASSAY_COUNT_VERIFIER_STALLED, since.stalls);
    assay_count_many(&runtime->counters, ASSAY_COUNT_VERIFIER_RETRIED, since.retried);
    assay_count_many(&runtime->counters, ASSAY_COUNT_VERIFIER_GAVE_UP, since.unjudged);
    assay_count_many(&runtime->counters, ASSAY_COUNT_VERIFIER_CONTRADICTED, since.contradicted);
    while (assay_verify_pool_next_news(runtime->pool, &news)) {
        ASSAY_ASSERT(!news.ready || !news.contradicted);
        if (news.ready) log_verifier_ready(runtime, &news);
        else if (news.contradicted) log_verifier_mismatch(runtime, &news);
        else log_verifier_exit(runtime, &news);
    }
}

/* ------------------------------------------------------------ callbacks of
 * host/overlay/evidence_pull.h */

static enum assay_status get_evidence(void *context, const uint8_t digest[static 32],
                                      struct assay_slice *bytes)
{
    const struct assay_runtime *runtime = context;
    return assay_evidence_cache_get(runtime->evidence_cache, digest, bytes);
}

/* Evidence of other members can be fetched again after a crash: it becomes durable with the next
 * commit, like the ballot on it, and triggers no commit of its own. */
static enum assay_status store_evidence(void *context, uint64_t epoch,
                                        const uint8_t digest[static 32], struct assay_slice bytes)
{
    struct assay_runtime *runtime = context;
    struct assay_engine_snapshot snapshot;
    assay_engine_snapshot(runtime->engine, &snapshot);
    return assay_evidence_cache_add(runtime->evidence_cache, snapshot.era, epoch, digest, bytes);
}

/* docs/protocol.md 9.8: evidence is appraised by the rules of its epoch; during a trial (9.9),
 * failing evidence also by the previous rules. */
static void choose_rules(const struct assay_runtime *runtime,
                         const struct assay_fetch_request *request, struct assay_verify_job *job)
{
    const struct assay_runtime_past_rules *past =
        request->before
            ? runtime->config.before
            : assay_rules_past(runtime->config.past, runtime->config.past_count, request->epoch);
    job->before = request->before;
    ASSAY_ASSERT(past != NULL || !request->before); /* created from the state that has the trial */
    if (past == NULL) return;
    job->endorsements = past->endorsements;
    job->policy = past->policy;
}

/* Appraises unless there is a verdict as of the same time. */
static enum assay_status appraise_request(void *context, const struct assay_fetch_request *request,
                                          struct assay_slice bytes)
{
    ASSAY_ASSERT(!request->before || !request->for_ballot); /* a ballot is by the rules in force */
    struct assay_runtime *runtime = context;
    struct assay_verify_job job = { .kind = request->kind,
                                    .at_unix_s = request->at_unix_s,
                                    .bytes = bytes,
                                    .epoch = request->for_ballot ? request->epoch : 0 };
    runtime_appraisals_expect(runtime, request);
    const struct assay_verdict *known =
        !request->before && is_in_force(runtime, request->at_unix_s)
            ? assay_evidence_cache_find_verdict(runtime->evidence_cache, request->digest,
                                                request->at_unix_s)
            : NULL;
    if (known != NULL && known->kind == request->kind) {
        assay_count(&runtime->counters, ASSAY_COUNT_VERIFY_MEMO);
        deliver_verdict(runtime, request->digest, request->at_unix_s, false, known, 0);
        runtime_appraisals_on_verdict(runtime, request->digest, known);
        return ASSAY_OK;
    }
    assay_bytes_copy(job.digest, sizeof job.digest, request->digest, 32);
    choose_rules(runtime, request, &job);
    submit_job(runtime, &job);
    return ASSAY_OK;
}

void runtime_appraise_named(struct assay_runtime *runtime, const uint8_t name[static 32],
                            enum assay_evidence_kind kind, int64_t at_unix_s,
                            struct assay_slice bytes)
{
    ASSAY_ASSERT(bytes.len > 0 && bytes.len <= ASSAY_EVIDENCE_LEN_MAX);
    struct assay_verify_job job = { .kind = kind, .at_unix_s = at_unix_s, .bytes = bytes };
    assay_bytes_copy(job.digest, sizeof job.digest, name, 32);
    submit_job(runtime, &job);
}

static void fail_request(void *context, const struct assay_fetch_request *request, uint32_t asked)
{
    deliver_verdict(context, request->digest, request->at_unix_s, request->before, NULL, asked);
}

static void send_evidence_message(void *context, uint16_t to, enum assay_message_kind kind,
                                  struct assay_slice payload)
{
    runtime_send(context, to, ASSAY_SLOT_ALL, kind, payload);
}

void runtime_evidence_open(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->self < runtime->members);
    runtime->evidence_pull = (struct assay_evidence_pull){
        .world = { runtime, get_evidence, store_evidence, appraise_request, fail_request,
                   send_evidence_message },
        .self = runtime->self,
        .members = runtime->members,
        .gossip = runtime->gossip,
        .limits = runtime->limits,
        .counters = &runtime->counters,
        .waits = runtime_overlay_is_used(runtime),
    };
}

static void stop_if_failed(struct assay_runtime *runtime, enum assay_status status)
{
    if (status != ASSAY_OK) runtime_fail(runtime, status, "store evidence");
}

void runtime_fetch_evidence(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    stop_if_failed(runtime,
                   assay_evidence_pull_fetch(&runtime->evidence_pull, runtime->now_ms, effect));
}

void runtime_verify_evidence(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    stop_if_failed(runtime,
                   assay_evidence_pull_verify(&runtime->evidence_pull, runtime->now_ms, effect));
}

void runtime_on_pull(struct assay_runtime *runtime, uint16_t from, struct assay_slice payload)
{
    stop_if_failed(runtime, assay_evidence_pull_on_pull(&runtime->evidence_pull, runtime->now_ms,
                                                        from, payload));
}

void runtime_on_pulled(struct assay_runtime *runtime, uint16_t from, struct assay_slice payload)
{
    stop_if_failed(runtime, assay_evidence_pull_on_evidence(&runtime->evidence_pull,
                                                            runtime->now_ms, from, payload));
}

void runtime_evidence_poll(struct assay_runtime *runtime)
{
    collect_verdicts(runtime);
    poll_verifier_news(runtime);
    submit_queued(runtime);
    while (assay_dispatch_has_room(runtime->dispatch) &&
           assay_evidence_pull_poll(&runtime->evidence_pull, runtime->now_ms)) {
    }
}

/* ------------------------------------------------------------ LOAD */

void runtime_load_evidence(struct assay_runtime *runtime, const uint8_t digest[static 32])
{
    struct assay_event event = { .kind = ASSAY_EVENT_EVIDENCE };
    const enum assay_status status =
        assay_evidence_cache_get(runtime->evidence_cache, digest, &event.as.evidence.bytes);
    if (status == ASSAY_E_STORE) {
        runtime_fail(runtime, status, "store read");
        return;
    }
    if (status != ASSAY_OK) event.as.evidence.bytes = (struct assay_slice){ 0 };
    assay_bytes_copy(event.as.evidence.digest, 32, digest, 32);
    runtime_queue_event(runtime, &event);
}
