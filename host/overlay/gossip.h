/*
 * host/overlay/gossip.h - evidence fetches by digest, and the filter of flooded messages. Pure:
 * returns actions.
 *
 * A FETCH asks the origin of the announcement first, after a timeout a second member, then others
 * in turn; an answer "not here" advances at once. The timeout adapts to observed response times
 * (docs/protocol.md 4.1.6), between retry_ms and retry_max_ms. Slow evidence is not absent: a fetch
 * runs for patience_ms, asking further members and the origin once more. Then, when
 * ASSAY_FETCH_ASKED members (or all there are) were asked and the last had its time, it fails and
 * reports how many were asked: that number decides whether ABSENT may be voted (docs/protocol.md
 * 4.3.1). There is one fetch per digest, however often it is requested.
 *
 * With an overlay (host/overlay/overlay.h) only neighbours are asked: the first announcer, then the
 * others. Requests for evidence in flight are answered on its arrival (docs/protocol.md 4.12.8):
 * each piece reaches a node once, after its announcement.
 *
 *   EVIDENCE_PULL payload: digest 32
 *   EVIDENCE payload:      digest 32 | bytes (none: not here)
 *
 * Evidence is checked only when it was requested, from a member that was asked, within 32 KiB, with
 * the digest; each refusal has its own counter. The announced length decides nothing: the digest
 * alone binds evidence to its envelope (docs/protocol.md 3.9).
 */
#ifndef ASSAY_HOST_OVERLAY_GOSSIP_H
#define ASSAY_HOST_OVERLAY_GOSSIP_H

#include "base/writer.h"
#include "host/overlay/overlay.h"
#include "host/peers/counters.h"
#include "quote/verdict.h"

enum {
    ASSAY_FETCHES_MAX = 1024,         /* one per member of the largest network */
    ASSAY_FETCH_ASKED = 3,            /* minimum of sources before a fetch fails */
    ASSAY_FETCH_ASKED_MAX = 8,        /* maximum of sources */
    ASSAY_FETCH_RETRY_MS = 200,       /* minimum timeout of a source; less in short epochs */
    ASSAY_FETCH_RETRIES = 4,          /* sources that get their full time in every fetch */
    ASSAY_FETCH_RETRY_NEAR_MS = 1000, /* where evidence arrives over several hops */
    ASSAY_FETCH_WAITERS = 16,         /* answered when a fetch completes */
    ASSAY_ANNOUNCED_MAX = 256,        /* evidence with a known announcer, newest */
    ASSAY_PULL_LEN = 32,
    ASSAY_SEEN_MAX = 4096,
};

/* --- flooded messages */

/*
 * Digests of messages that the engine accepted: a duplicate is not worth a step. Bounded in number
 * and time, so that a message which the engine has dropped is accepted again.
 */
struct assay_seen;
/* Returns: bytes of memory that init needs, aligned to 64. */
size_t assay_seen_size(void);
/*
 * memory: the caller's, aligned to 64, outlives it; life_ms: one epoch, the retention of a digest.
 * Returns: an empty filter.
 */
struct assay_seen *assay_seen_init(void *memory, uint64_t life_ms);
/* Returns: true when added less than life_ms ago. */
bool assay_seen_has(const struct assay_seen *seen, uint64_t now_ms,
                    const uint8_t digest[static 32]);
/* Returns: the same for less than within_ms ago, at most life_ms; the interval doubles with each
 * addition of the same digest, so that nothing circulates for ever. */
bool assay_seen_has_within(const struct assay_seen *seen, uint64_t now_ms,
                           const uint8_t digest[static 32], uint64_t within_ms);
/* Adding a digest again restarts its life. */
void assay_seen_add(struct assay_seen *seen, uint64_t now_ms, const uint8_t digest[static 32]);

/* --- pulling evidence */

struct assay_fetch_request {
    uint8_t digest[32];
    uint32_t len;
    uint16_t origin;
    uint64_t epoch;
    int64_t at_unix_s;
    enum assay_evidence_kind kind;
    bool before;     /* appraise by the rules before those on trial; of a verification alone */
    bool for_ballot; /* fetched for this epoch's ballot: of no use once the epoch is closed */
};

enum assay_gossip_action_kind {
    ASSAY_GOSSIP_PULL, /* send EVIDENCE_PULL of request.digest to `to` */
    ASSAY_GOSSIP_FAIL, /* the evidence was not available: `asked` members were asked */
};

struct assay_gossip_action {
    enum assay_gossip_action_kind kind;
    uint16_t to;
    uint32_t asked;
    struct assay_fetch_request request;
};

struct assay_gossip;

struct assay_gossip_config {
    uint16_t self;
    uint32_t members;
    uint64_t retry_ms;     /* minimum time between two sources */
    uint64_t retry_max_ms; /* maximum, where answers are slow; below retry_ms: as that */
    uint64_t patience_ms;  /* before a fetch may fail */
    struct assay_traffic_counters *counters;
    const struct assay_overlay *view; /* NULL: all members can be asked */
};

/* Members that requested evidence during its fetch. */
struct assay_gossip_waiters {
    uint32_t count;
    uint16_t slots[ASSAY_FETCH_WAITERS];
};

/* Returns: the minimum timeout of a source: 200 ms, less where T/16 is less. */
uint64_t assay_gossip_retry_ms(uint32_t epoch_ms);
/* Returns: the same with an overlay: up to a second. */
uint64_t assay_gossip_retry_near_ms(uint32_t epoch_ms);
/* Returns: the maximum timeout: a quarter of the patience. */
uint64_t assay_gossip_retry_max_ms(uint32_t epoch_ms);
/* Returns: the patience of a fetch: 3T/8, so that evidence announced within the first quarter is
 * decided before ballots are due at 5T/8; 3 s at most. */
uint64_t assay_gossip_patience_ms(uint32_t epoch_ms);
/* Returns: bytes of memory that init needs, aligned to 64. */
size_t assay_gossip_size(void);
/* memory: the caller's, aligned to 64, outlives it. Returns: the pulls, none in flight. */
struct assay_gossip *assay_gossip_init(void *memory, const struct assay_gossip_config *config);
/* Starts a fetch; the same digest of another origin or kind is another fetch (docs/protocol.md
 * 4.1.7).
 * Returns: ASSAY_OK | ASSAY_E_DUPLICATE (in flight) | ASSAY_E_FULL | ASSAY_E_RANGE (length 0 or
 * above the limit) */
ASSAY_CHECKED enum assay_status assay_gossip_fetch(struct assay_gossip *gossip, uint64_t now_ms,
                                                   const struct assay_fetch_request *request);
/* A neighbour announced evidence: it becomes the first source. */
void assay_gossip_on_announcement(struct assay_gossip *gossip, const uint8_t digest[static 32],
                                  uint16_t from);
/* Removes the newest announcement: its message was not accepted. What it replaced is back. */
void assay_gossip_remove_announcement(struct assay_gossip *gossip, const uint8_t digest[static 32],
                                      uint16_t from);
/* A member requests evidence. Returns: whether it is in flight and the member is a neighbour, which
 * is answered when the fetch ends. */
bool assay_gossip_add_waiter(struct assay_gossip *gossip, const uint8_t digest[static 32],
                             uint16_t from);
/* Returns: the waiters of the last completed fetch, borrowed until the next one ends. */
const struct assay_gossip_waiters *assay_gossip_get_waiters(const struct assay_gossip *gossip);
/* Next due action; called until false. Returns: true and *action. */
bool assay_gossip_next(struct assay_gossip *gossip, uint64_t now_ms,
                       struct assay_gossip_action *action);
/* The machine was paused: extends all fetches by that time. */
void assay_gossip_on_pause(struct assay_gossip *gossip, uint64_t now_ms, uint64_t paused_ms);
/* Returns: the time of the next due action; UINT64_MAX: none. */
uint64_t assay_gossip_wake_at(const struct assay_gossip *gossip);
/* Returns: the current timeout of a source. */
uint64_t assay_gossip_retry(const struct assay_gossip *gossip);
/*
 * assay_gossip_on_evidence - handles an EVIDENCE payload.
 *
 * Out:     on ASSAY_OK *request (the fetch is over; others of the digest are not) and *bytes,
 *          borrowed from payload
 * Returns: ASSAY_OK | ASSAY_E_AGAIN ("not here": another source is asked) | ASSAY_E_TRUNCATED |
 *          ASSAY_E_NOT_FOUND (not requested, or not from this member) | ASSAY_E_RANGE (another
 *          length and digest) | ASSAY_E_SIGNATURE (another digest) | ASSAY_E_TRAILING (a tail of
 *          zeros) | ASSAY_E_TYPE (of another kind than was announced); each counted
 */
ASSAY_CHECKED enum assay_status assay_gossip_on_evidence(struct assay_gossip *gossip,
                                                         uint64_t now_ms, uint16_t from,
                                                         struct assay_slice payload,
                                                         struct assay_fetch_request *request,
                                                         struct assay_slice *bytes);
/* Returns: whether evidence of that digest is in flight. */
bool assay_gossip_has(const struct assay_gossip *gossip, const uint8_t digest[static 32]);
/* The bytes arrived elsewhere: completes one fetch of them. Returns: true and *request when there
 * was one. */
bool assay_gossip_complete(struct assay_gossip *gossip, const uint8_t digest[static 32],
                           struct assay_fetch_request *request);
/* Removes all fetches of earlier epochs. */
void assay_gossip_remove_before(struct assay_gossip *gossip, uint64_t epoch);
/* Returns: the number of fetches in flight. */
size_t assay_gossip_count(const struct assay_gossip *gossip);

/* --- the two payloads */
/* Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING */
ASSAY_CHECKED enum assay_status assay_pull_decode(struct assay_slice payload, uint8_t digest[32]);
/* Out: w->full when it does not fit. */
void assay_pull_encode(const uint8_t digest[static 32], struct assay_writer *w);
void assay_pull_answer_encode(const uint8_t digest[static 32], struct assay_slice bytes,
                              struct assay_writer *w);

#endif
