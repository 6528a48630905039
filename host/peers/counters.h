/*
 * host/peers/counters.h - counters of received, sent and refused traffic, by reason.
 *
 * One list feeds enum and name; names are what `assay status`, the admin socket and, later, metrics
 * print, hence stable. Nothing is refused anywhere in net/ without one of these moving.
 */
#ifndef ASSAY_HOST_PEERS_COUNTERS_H
#define ASSAY_HOST_PEERS_COUNTERS_H

#include <stdint.h>

/* symbol, name */
#define ASSAY_COUNTER_LIST(X)                                                                      \
    X(ASSAY_COUNT_FRAMES_IN, "frames_in")                                                          \
    X(ASSAY_COUNT_BYTES_IN, "bytes_in")                                                            \
    X(ASSAY_COUNT_FRAMES_OUT, "frames_out")                                                        \
    X(ASSAY_COUNT_BYTES_OUT, "bytes_out")                                                          \
    /* the listener: docs/protocol.md 10.5, a stranger gets silence */                             \
    X(ASSAY_COUNT_HANDSHAKE_ACCEPTED, "handshake_accepted")                                        \
    X(ASSAY_COUNT_HANDSHAKE_STRANGER, "handshake_refused_stranger")                                \
    X(ASSAY_COUNT_HANDSHAKE_OWN_KEY, "handshake_refused_own_key")                                  \
    X(ASSAY_COUNT_HANDSHAKE_MECHANISM, "handshake_refused_mechanism")                              \
    X(ASSAY_COUNT_HANDSHAKE_RATE, "handshake_refused_rate")                                        \
    X(ASSAY_COUNT_HANDSHAKE_BANNED, "handshake_refused_banned")                                    \
    X(ASSAY_COUNT_HANDSHAKE_SHUT, "handshake_refused_excluded")                                    \
    X(ASSAY_COUNT_HANDSHAKE_REQUEST, "handshake_refused_request")                                  \
    X(ASSAY_COUNT_HANDSHAKE_FAILED, "handshake_failed")                                            \
    X(ASSAY_COUNT_CONNECTION_CUT, "connections_cut")                                               \
    /* frames */                                                                                   \
    X(ASSAY_COUNT_FRAME_PARTS, "frame_refused_parts")                                              \
    X(ASSAY_COUNT_FRAME_BATCH, "frame_refused_batch")                                              \
    X(ASSAY_COUNT_FRAME_USER, "frame_refused_user")                                                \
    X(ASSAY_COUNT_FRAME_INBOX_FULL, "frame_refused_inbox_full")                                    \
    X(ASSAY_COUNT_FRAME_OLD_KEY, "frame_refused_old_key")                                          \
    X(ASSAY_COUNT_FRAME_OVERSIZE, "frame_refused_oversize")                                        \
    X(ASSAY_COUNT_FRAME_TRUNCATED, "frame_refused_truncated")                                      \
    X(ASSAY_COUNT_FRAME_VERSION, "frame_refused_version")                                          \
    X(ASSAY_COUNT_FRAME_CHAIN, "frame_refused_chain")                                              \
    X(ASSAY_COUNT_FRAME_KIND, "frame_refused_kind")                                                \
    X(ASSAY_COUNT_FRAME_BANNED, "frame_refused_banned")                                            \
    X(ASSAY_COUNT_FRAME_SHUT, "frame_refused_excluded")                                            \
    X(ASSAY_COUNT_RATE_MESSAGES, "rate_refused_messages")                                          \
    X(ASSAY_COUNT_RATE_BYTES, "rate_refused_bytes")                                                \
    X(ASSAY_COUNT_RATE_VERIFICATIONS, "rate_refused_verifications")                                \
    X(ASSAY_COUNT_RATE_SYNC, "rate_refused_sync")                                                  \
    X(ASSAY_COUNT_RATE_ANSWERS, "rate_refused_answers")                                            \
    X(ASSAY_COUNT_LANE_VOTER, "lane_refused_no_weight")                                            \
    X(ASSAY_COUNT_LANE_SUSPENDED, "lane_refused_suspended")                                        \
    X(ASSAY_COUNT_LANE_UNLISTED, "lane_refused_unlisted")                                          \
    X(ASSAY_COUNT_DUPLICATE, "message_dropped_duplicate")                                          \
    X(ASSAY_COUNT_BANS, "bans")                                                                    \
    X(ASSAY_COUNT_SHUT, "peers_excluded")                                                          \
    /* pages */                                                                                    \
    X(ASSAY_COUNT_PAGE_MALFORMED, "page_refused_malformed")                                        \
    X(ASSAY_COUNT_PAGE_DUPLICATE, "page_refused_duplicate")                                        \
    X(ASSAY_COUNT_PAGE_DIGEST, "page_refused_digest")                                              \
    X(ASSAY_COUNT_PAGE_FULL, "page_refused_full")                                                  \
    X(ASSAY_COUNT_PAGE_EVICTED, "page_object_evicted")                                             \
    X(ASSAY_COUNT_PAGE_EXPIRED, "page_object_expired")                                             \
    /* evidence */                                                                                 \
    X(ASSAY_COUNT_FETCH_STARTED, "fetch_started")                                                  \
    X(ASSAY_COUNT_FETCH_DONE, "fetch_done")                                                        \
    X(ASSAY_COUNT_FETCH_FAILED, "fetch_failed")                                                    \
    X(ASSAY_COUNT_FETCH_FULL, "fetch_refused_full")                                                \
    X(ASSAY_COUNT_EVIDENCE_MALFORMED, "evidence_refused_malformed")                                \
    X(ASSAY_COUNT_EVIDENCE_UNSOLICITED, "evidence_refused_unsolicited")                            \
    X(ASSAY_COUNT_EVIDENCE_OVERSIZE, "evidence_refused_oversize")                                  \
    X(ASSAY_COUNT_EVIDENCE_LENGTH, "evidence_refused_length")                                      \
    X(ASSAY_COUNT_EVIDENCE_DIGEST, "evidence_refused_digest")                                      \
    X(ASSAY_COUNT_EVIDENCE_TAIL, "evidence_refused_tail")                                          \
    X(ASSAY_COUNT_EVIDENCE_NEGATIVE, "evidence_negative_answers")                                  \
    X(ASSAY_COUNT_EVIDENCE_REQUEST_MALFORMED, "evidence_request_malformed")                        \
    X(ASSAY_COUNT_EVIDENCE_REQUEST_UNKNOWN, "evidence_request_unknown")                            \
    X(ASSAY_COUNT_EVIDENCE_REQUEST_ANSWERED, "evidence_request_answered")                          \
    X(ASSAY_COUNT_VERIFIED, "verifications")                                                       \
    X(ASSAY_COUNT_VERIFY_MEMO, "verifications_remembered")                                         \
    X(ASSAY_COUNT_VERIFY_BACKPRESSURE, "verify_queue_full")                                        \
    X(ASSAY_COUNT_VERIFY_EXPIRED, "verifications_expired")                                         \
    X(ASSAY_COUNT_VERIFIER_ENDED, "verifier_ended")                                                \
    X(ASSAY_COUNT_VERIFIER_STALLED, "verifier_stalled")                                            \
    X(ASSAY_COUNT_VERIFIER_RETRIED, "verifier_retried")                                            \
    X(ASSAY_COUNT_VERIFIER_GAVE_UP, "verifier_gave_up")                                            \
    X(ASSAY_COUNT_VERIFIER_CONTRADICTED, "verifier_contradicted")                                  \
    X(ASSAY_COUNT_TRANSPORT_ENDED, "transport_ended")                                              \
    X(ASSAY_COUNT_TRANSPORT_STALLED, "transport_stalled")                                          \
    X(ASSAY_COUNT_TRANSPORT_EXCLUDED, "transport_excluded")                                        \
    /* the engine's answers to messages */                                                         \
    X(ASSAY_COUNT_ENGINE_ACCEPTED, "engine_accepted")                                              \
    X(ASSAY_COUNT_ENGINE_STALE, "engine_refused_stale")                                            \
    X(ASSAY_COUNT_ENGINE_EARLY, "engine_refused_early")                                            \
    X(ASSAY_COUNT_ENGINE_DUPLICATE, "engine_refused_duplicate")                                    \
    X(ASSAY_COUNT_ENGINE_SIGNATURE, "engine_refused_signature")                                    \
    X(ASSAY_COUNT_ENGINE_CHAIN, "engine_refused_chain")                                            \
    X(ASSAY_COUNT_ENGINE_STRANGER, "engine_refused_stranger")                                      \
    X(ASSAY_COUNT_ENGINE_ENCODING, "engine_refused_encoding")                                      \
    X(ASSAY_COUNT_ENGINE_INVALID, "engine_refused_invalid")                                        \
    X(ASSAY_COUNT_ENGINE_LIMIT, "engine_refused_limit")                                            \
    /* sending */                                                                                  \
    X(ASSAY_COUNT_SEND_DROPPED, "send_dropped_oldest")                                             \
    X(ASSAY_COUNT_SEND_REDUNDANT, "send_redundant")                                                \
    X(ASSAY_COUNT_SEND_OVERSIZE, "send_dropped_oversize")                                          \
    X(ASSAY_COUNT_SEND_MEMORY, "send_dropped_memory")                                              \
    X(ASSAY_COUNT_SEND_NO_ROOM, "send_dropped_no_room")                                            \
    /* dates of peers */                                                                           \
    X(ASSAY_COUNT_DATE_MALFORMED, "date_refused_malformed")                                        \
    X(ASSAY_COUNT_DATE_STALE, "date_refused_stale")                                                \
    X(ASSAY_COUNT_ADDRESS_REFUSED, "address_refused")                                              \
    X(ASSAY_COUNT_NEIGHBOUR_REFUSED, "neighbour_refused")                                          \
    X(ASSAY_COUNT_PRUNE_REFUSED, "prune_refused")                                                  \
    X(ASSAY_COUNT_NAME_UNKNOWN, "name_unknown")                                                    \
    /* block sync and the service */                                                               \
    X(ASSAY_COUNT_SYNC_ANSWERED, "sync_answered")                                                  \
    X(ASSAY_COUNT_SYNC_MALFORMED, "sync_refused_malformed")                                        \
    X(ASSAY_COUNT_SERVICE_MALFORMED, "service_refused_malformed")                                  \
    X(ASSAY_COUNT_SERVICE_SUSPENDED, "service_refused_suspended")                                  \
    X(ASSAY_COUNT_SERVICE_BUSY, "service_refused_busy")                                            \
    X(ASSAY_COUNT_SERVICE_UNAVAILABLE, "service_refused_unavailable")                              \
    X(ASSAY_COUNT_SERVICE_ANSWERED, "service_answered")                                            \
    X(ASSAY_COUNT_SERVICE_REQUESTED, "service_requested")                                          \
    X(ASSAY_COUNT_SERVICE_RECEIVED, "service_received")                                            \
    X(ASSAY_COUNT_SERVICE_REFUSED_BY_PEER, "service_refused_by_peer")                              \
    X(ASSAY_COUNT_SERVICE_UNSOLICITED, "service_refused_unsolicited")                              \
    /* the admin socket and the log */                                                             \
    X(ASSAY_COUNT_ADMIN_REQUESTS, "admin_requests")                                                \
    X(ASSAY_COUNT_ADMIN_FULL, "admin_refused_full")                                                \
    X(ASSAY_COUNT_ADMIN_PREEMPTED, "admin_dropped_preempted")                                      \
    X(ASSAY_COUNT_ADMIN_USER, "admin_refused_user")                                                \
    X(ASSAY_COUNT_ADMIN_SYNTAX, "admin_refused_syntax")                                            \
    X(ASSAY_COUNT_ADMIN_SLOW, "admin_dropped_slow")                                                \
    X(ASSAY_COUNT_PERMIT_GRANTED, "permit_granted")                                                \
    X(ASSAY_COUNT_PERMIT_DENIED, "permit_denied")                                                  \
    X(ASSAY_COUNT_LOG_SUPPRESSED, "log_suppressed")

#define ASSAY_COUNTER_ENUM(symbol, name) symbol,
enum assay_counter { ASSAY_COUNTER_LIST(ASSAY_COUNTER_ENUM) ASSAY_COUNTER_COUNT };
#undef ASSAY_COUNTER_ENUM

struct assay_traffic_counters {
    uint64_t value[ASSAY_COUNTER_COUNT];
};

static inline void assay_count(struct assay_traffic_counters *counters, enum assay_counter which)
{
    counters->value[which]++;
}
static inline void assay_count_many(struct assay_traffic_counters *counters,
                                    enum assay_counter which, uint64_t more)
{
    counters->value[which] += more;
}
/* Returns: the name of a counter, "unknown" outside the list. */
const char *assay_counter_name(enum assay_counter which);

#endif
