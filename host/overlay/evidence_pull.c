/*
 * host/overlay/evidence_pull.c - fetch, storage, appraisal and serving of evidence.
 */
#include "host/overlay/evidence_pull.h"

#include "base/assert.h"

static void check_pull(const struct assay_evidence_pull *e)
{
    ASSAY_ASSERT(e->gossip != NULL && e->counters != NULL);
    ASSAY_ASSERT(e->self < e->members);
}

static bool is_failure(enum assay_status status)
{
    return assay_status_class(status) == ASSAY_CLASS_HOST;
}

/* ------------------------------------------------------------ having it */

/* docs/protocol.md 10.5.1: within the budget for answers of the member that gets it; beyond, it is
 * told at once that it is not here, and requests from another member. */
static struct assay_slice within_answers(struct assay_evidence_pull *e, uint64_t now_ms,
                                         uint16_t to, struct assay_slice bytes)
{
    if (e->limits == NULL || bytes.len == 0) return bytes;
    if (assay_limit_answer(&e->limits[to], now_ms, ASSAY_PULL_LEN + bytes.len)) return bytes;
    assay_count(e->counters, ASSAY_COUNT_RATE_ANSWERS);
    return (struct assay_slice){ 0 };
}

static void send_evidence(struct assay_evidence_pull *e, uint64_t now_ms, uint16_t to,
                          const uint8_t digest[static 32], struct assay_slice all)
{
    const struct assay_slice bytes = within_answers(e, now_ms, to, all);
    struct assay_slice answer = { 0 };
    struct assay_writer w = assay_writer_over(e->buffer, sizeof e->buffer);
    assay_pull_answer_encode(digest, bytes, &w);
    const enum assay_status encoded = assay_writer_finish(&w, &answer);
    ASSAY_ASSERT(encoded == ASSAY_OK); /* nothing longer is ever stored */
    ASSAY_ASSERT(answer.len >= ASSAY_PULL_LEN && answer.len <= sizeof e->buffer);
    e->world.send(e->world.context, to, ASSAY_MESSAGE_EVIDENCE, answer);
}

/* docs/protocol.md 4.12.8 (pending pulls): answers the members that requested it during the fetch.
 */
static void send_to_waiters(struct assay_evidence_pull *e, uint64_t now_ms,
                            const struct assay_gossip_waiters *waiters,
                            const uint8_t digest[static 32], struct assay_slice bytes)
{
    for (uint32_t i = 0; i < waiters->count; i++) {
        if (waiters->slots[i] >= e->members) continue;
        assay_count(e->counters, bytes.len > 0 ? ASSAY_COUNT_EVIDENCE_REQUEST_ANSWERED
                                               : ASSAY_COUNT_EVIDENCE_REQUEST_UNKNOWN);
        send_evidence(e, now_ms, waiters->slots[i], digest, bytes);
    }
}

/* Stores, then appraises the evidence. */
static enum assay_status accept_evidence(struct assay_evidence_pull *e,
                                         const struct assay_fetch_request *request,
                                         struct assay_slice bytes)
{
    const enum assay_status kept =
        e->world.keep(e->world.context, request->epoch, request->digest, bytes);
    if (is_failure(kept)) return kept;
    if (kept == ASSAY_OK) return e->world.judge(e->world.context, request, bytes);
    e->world.answer(e->world.context, request, 0); /* no evidence has such a length */
    return ASSAY_OK;
}

/* Ends the other fetches of the digest, which members started that announced the same evidence;
 * each kind is appraised. */
static enum assay_status complete_fetches(struct assay_evidence_pull *e, uint64_t now_ms,
                                          const struct assay_fetch_request *done,
                                          struct assay_slice bytes)
{
    struct assay_fetch_request other;
    while (assay_gossip_complete(e->gossip, done->digest, &other)) {
        const struct assay_gossip_waiters waiters = *assay_gossip_get_waiters(e->gossip);
        send_to_waiters(e, now_ms, &waiters, done->digest, bytes);
        if (other.at_unix_s == done->at_unix_s && other.kind == done->kind && !done->before)
            continue;
        ASSAY_TRY(accept_evidence(e, &other, bytes));
    }
    return ASSAY_OK;
}

/* Evidence beyond the announcer's budget is not pulled: each piece costs a verification. */
static bool within_budget(struct assay_evidence_pull *e, uint64_t now_ms, uint16_t origin)
{
    if (e->limits == NULL || origin >= e->members || origin == e->self) return true;
    if (assay_limit_verification(&e->limits[origin], now_ms)) return true;
    assay_count(e->counters, ASSAY_COUNT_RATE_VERIFICATIONS);
    return false;
}

enum assay_status assay_evidence_pull_fetch(struct assay_evidence_pull *e, uint64_t now_ms,
                                            const struct assay_effect *effect)
{
    check_pull(e);
    ASSAY_ASSERT(effect->kind == ASSAY_EFFECT_FETCH);
    ASSAY_ASSERT(effect->as.fetch.len > 0 && effect->as.fetch.len <= ASSAY_EVIDENCE_LEN_MAX);
    struct assay_fetch_request request = {
        .len = effect->as.fetch.len,
        .origin = effect->as.fetch.origin,
        .epoch = effect->as.fetch.epoch,
        .at_unix_s = effect->as.fetch.at_unix_s,
        .kind = effect->as.fetch.evidence_kind,
        .for_ballot = true,
    };
    struct assay_slice bytes = { 0 };
    assay_bytes_copy(request.digest, 32, effect->as.fetch.digest, 32);
    const enum assay_status held = e->world.get(e->world.context, request.digest, &bytes);
    if (is_failure(held)) return held;
    if (held == ASSAY_OK) return accept_evidence(e, &request, bytes);
    const enum assay_status status = within_budget(e, now_ms, request.origin)
                                         ? assay_gossip_fetch(e->gossip, now_ms, &request)
                                         : ASSAY_E_RATE;
    /* No member was asked: the engine must not vote ABSENT. */
    if (status != ASSAY_OK && status != ASSAY_E_DUPLICATE)
        e->world.answer(e->world.context, &request, 0);
    return ASSAY_OK;
}

enum assay_status assay_evidence_pull_verify(struct assay_evidence_pull *e, uint64_t now_ms,
                                             const struct assay_effect *effect)
{
    check_pull(e);
    ASSAY_ASSERT(effect->kind == ASSAY_EFFECT_VERIFY);
    ASSAY_ASSERT(effect->as.verify.bytes.len > 0);
    const struct assay_slice bytes = effect->as.verify.bytes;
    struct assay_fetch_request request = { .epoch = effect->as.verify.epoch,
                                           .at_unix_s = effect->as.verify.at_unix_s,
                                           .kind = effect->as.verify.evidence_kind,
                                           .before = effect->as.verify.before };
    assay_bytes_copy(request.digest, 32, effect->as.verify.digest, 32);
    /* A record contained evidence that is being fetched: the fetch completes too. */
    const bool flies = assay_gossip_has(e->gossip, request.digest);
    if (!effect->as.verify.keep && !flies) return e->world.judge(e->world.context, &request, bytes);
    ASSAY_TRY(accept_evidence(e, &request, bytes));
    return complete_fetches(e, now_ms, &request, bytes);
}

/* Effect of an answer on the sender's peer score (host/peers/peer_score.h). A late answer is no
 * fault. */
static void note_answer(struct assay_evidence_pull *e, uint64_t now_ms, uint16_t from,
                        enum assay_status status)
{
    if (e->limits == NULL) return;
    struct assay_peer_score *peer_score = &e->limits[from].peer_score;
    const bool invalid = status == ASSAY_E_TRUNCATED || status == ASSAY_E_SIGNATURE ||
                         status == ASSAY_E_RANGE || status == ASSAY_E_TRAILING;
    if (!invalid) assay_peer_score_on_answer(peer_score, now_ms);
    else if (assay_peer_score_add_fault(peer_score, now_ms, ASSAY_PEER_SCORE_OF_INVALID))
        assay_count(e->counters, ASSAY_COUNT_SHUT);
}

enum assay_status assay_evidence_pull_on_evidence(struct assay_evidence_pull *e, uint64_t now_ms,
                                                  uint16_t from, struct assay_slice payload)
{
    check_pull(e);
    ASSAY_ASSERT(from < e->members);
    struct assay_fetch_request request;
    struct assay_slice bytes;
    const enum assay_status status =
        assay_gossip_on_evidence(e->gossip, now_ms, from, payload, &request, &bytes);
    note_answer(e, now_ms, from, status);
    if (status != ASSAY_OK) return ASSAY_OK; /* counted */
    const struct assay_gossip_waiters waiters = *assay_gossip_get_waiters(e->gossip);
    ASSAY_TRY(accept_evidence(e, &request, bytes));
    send_to_waiters(e, now_ms, &waiters, request.digest, bytes);
    return complete_fetches(e, now_ms, &request, bytes);
}

bool assay_evidence_pull_poll(struct assay_evidence_pull *e, uint64_t now_ms)
{
    check_pull(e);
    struct assay_gossip_action action;
    if (!assay_gossip_next(e->gossip, now_ms, &action)) return false;
    if (action.kind == ASSAY_GOSSIP_FAIL) {
        const struct assay_gossip_waiters waiters = *assay_gossip_get_waiters(e->gossip);
        send_to_waiters(e, now_ms, &waiters, action.request.digest, (struct assay_slice){ 0 });
        e->world.answer(e->world.context, &action.request, action.asked);
        return true;
    }
    ASSAY_ASSERT(action.to < e->members && action.to != e->self);
    if (e->limits != NULL) assay_peer_score_on_request(&e->limits[action.to].peer_score, now_ms);
    e->world.send(e->world.context, action.to, ASSAY_MESSAGE_EVIDENCE_PULL,
                  assay_slice_over(action.request.digest, ASSAY_PULL_LEN));
    return true;
}

/* ------------------------------------------------------------ giving it */

enum assay_status assay_evidence_pull_on_pull(struct assay_evidence_pull *e, uint64_t now_ms,
                                              uint16_t from, struct assay_slice payload)
{
    check_pull(e);
    ASSAY_ASSERT(from < e->members);
    uint8_t digest[32];
    struct assay_slice bytes = { 0 };
    if (assay_pull_decode(payload, digest) != ASSAY_OK) {
        assay_count(e->counters, ASSAY_COUNT_EVIDENCE_REQUEST_MALFORMED);
        return ASSAY_OK;
    }
    const enum assay_status status = e->world.get(e->world.context, digest, &bytes);
    if (is_failure(status)) return status;
    if (status != ASSAY_OK) bytes = (struct assay_slice){ 0 };
    if (bytes.len == 0 && e->waits && assay_gossip_add_waiter(e->gossip, digest, from))
        return ASSAY_OK;
    assay_count(e->counters, bytes.len > 0 ? ASSAY_COUNT_EVIDENCE_REQUEST_ANSWERED
                                           : ASSAY_COUNT_EVIDENCE_REQUEST_UNKNOWN);
    send_evidence(e, now_ms, from, digest, bytes);
    return ASSAY_OK;
}
