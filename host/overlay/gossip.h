/*
 * host/overlay/gossip.h - evidence fetches by digest, and the filter of flooded messages. Pure:
 * returns actions.
 *
 * A FETCH asks the origin of the announcement first, when that is late a second member, then others
 * in turn; an answer "not here" asks the next one at once. Late is who takes longer than answers
 * have taken so far (docs/protocol.md 4.1.6): retry_ms at least, retry_max_ms at most. Evidence
 * that is slow is not absent: a fetch goes on for patience_ms, asking further members and once more
 * the origin. Then, when ASSAY_FETCH_ASKED members (or all there are) were asked and the last had
 * its time, it fails and says how many were asked: that number decides whether ABSENT may be voted
 * (docs/protocol.md 4.3.1). One flight per digest, however often it is requested.
 *
 * With a view (host/overlay/overlay.h) neighbours alone are asked: who announced it to us first,
 * then the others. Who is requested what itself is pulling answers when it comes (docs/protocol.md
 * 4.12.8): so each piece comes to a node once, behind its announcement.
 *
 *   EVIDENCE_PULL payload: digest 32
 *   EVIDENCE payload:      digest 32 | bytes (none: not here)
 *
 * Evidence is looked at only when it was requested, from a member that was asked, within 32 KiB,
 * with the digest; each refusal has its own counter. The announced length decides nothing: the
 * digest alone binds evidence to its envelope (docs/protocol.md 3.9).
 */
#ifndef ASSAY_HOST_OVERLAY_GOSSIP_H
#define ASSAY_HOST_OVERLAY_GOSSIP_H

#include "base/writer.h"
#include "host/counters.h"
#include "host/overlay/overlay.h"
#include "quote/verdict.h"

enum {
    ASSAY_FETCHES_MAX = 1024,   /* one per member of the largest network */
    ASSAY_FETCH_ASKED = 3,      /* at least so many are asked before a fetch fails */
    ASSAY_FETCH_ASKED_MAX = 8,  /* and never more */
    ASSAY_FETCH_RETRY_MS = 200, /* second source at the earliest; less in short epochs */
    ASSAY_FETCH_RETRIES = 4,    /* so many sources have their time in every fetch */
    ASSAY_FETCH_RETRY_NEAR_MS = 1000, /* where what is requested is on its way over others */
    ASSAY_FETCH_WAITERS = 16,         /* that a flight answers when it lands */
    ASSAY_ANNOUNCED_MAX = 256,        /* of the last so many it is known who announced them */
    ASSAY_PULL_LEN = 32,
    ASSAY_SEEN_MAX = 4096,
};

/* --- flooded messages */

/*
 * Digests of messages that the engine accepted: the same bytes again are not worth a step. Bounded
 * in number and time, so that a message which the engine forgot can come again.
 */
struct assay_seen;
/* Returns: bytes of memory that init needs, aligned to 64. */
size_t assay_seen_size(void);
/*
 * memory: the caller's, aligned to 64, outlives it; life_ms: one epoch; what is over by then need
 * not be kept out. Returns: the empty memory of what was heard.
 */
struct assay_seen *assay_seen_init(void *memory, uint64_t life_ms);
/* Returns: true when noted less than a life ago. */
bool assay_seen_has(const struct assay_seen *seen, uint64_t now_ms,
                    const uint8_t digest[static 32]);
/* Returns: the same for less than within_ms ago, at most a life; after each time that it is noted
 * again it is twice as long, so that nothing goes round for ever. */
bool assay_seen_has_within(const struct assay_seen *seen, uint64_t now_ms,
                           const uint8_t digest[static 32], uint64_t within_ms);
/* Noted again it is as if noted for the first time. */
void assay_seen_add(struct assay_seen *seen, uint64_t now_ms, const uint8_t digest[static 32]);

/* --- pulling evidence */

struct assay_fetch_request {
    uint8_t digest[32];
    uint32_t len;
    uint16_t origin;
    uint64_t epoch;
    int64_t at_unix_s;
    enum assay_evidence_kind kind;
    bool before; /* to be appraised by the rules before those on trial; of a verification alone */
};

enum assay_gossip_action_kind {
    ASSAY_GOSSIP_PULL, /* send EVIDENCE_PULL of request.digest to `to` */
    ASSAY_GOSSIP_FAIL, /* the evidence could not be had: `asked` members were asked */
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
    uint64_t retry_ms;    /* between one source and the next, at least */
    uint64_t retry_max_ms; /* and at most, where answers take long; below retry_ms: as that */
    uint64_t patience_ms; /* before a fetch may fail */
    struct assay_counters *counters;
    const struct assay_overlay *view; /* NULL: everybody can be asked */
};

/* Who asked for what a flight brings, while it flew. */
struct assay_gossip_waiters {
    uint32_t count;
    uint16_t slots[ASSAY_FETCH_WAITERS];
};

/* Returns: how long a source has for an answer at least: 200 ms, less where T/16 is less. */
uint64_t assay_gossip_retry_ms(uint32_t epoch_ms);
/* Returns: the same where neighbours alone are asked: up to a second. */
uint64_t assay_gossip_retry_near_ms(uint32_t epoch_ms);
/* Returns: how long it has at most: a quarter of how long a fetch goes on. */
uint64_t assay_gossip_retry_max_ms(uint32_t epoch_ms);
/* Returns: how long a fetch goes on: 3T/8, so that what is announced within the first quarter is
 * settled before ballots are due at 5T/8; 3 s at most. */
uint64_t assay_gossip_patience_ms(uint32_t epoch_ms);
/* Returns: bytes of memory that init needs, aligned to 64. */
size_t assay_gossip_size(void);
/* memory: the caller's, aligned to 64, outlives it. Returns: the pulls, none in flight. */
struct assay_gossip *assay_gossip_init(void *memory, const struct assay_gossip_config *config);
/* Start a fetch; the same digest again joins the flight and changes nothing.
 * Returns: ASSAY_OK | ASSAY_E_DUPLICATE (in flight) | ASSAY_E_FULL | ASSAY_E_RANGE (length 0 or
 *          above the limit) */
ASSAY_CHECKED enum assay_status assay_gossip_fetch(struct assay_gossip *gossip, uint64_t now_ms,
                                                   const struct assay_fetch_request *request);
/* A neighbour announced evidence: it is asked first. */
void assay_gossip_on_announcement(struct assay_gossip *gossip, const uint8_t digest[static 32],
                                  uint16_t from);
/* A neighbour asks for what may be in flight. Returns: whether it is, and is answered when the
 * flight ends. */
bool assay_gossip_add_waiter(struct assay_gossip *gossip, const uint8_t digest[static 32],
                             uint16_t from);
/* Returns: who waited for the flight that ended last, borrowed until the next one ends. */
const struct assay_gossip_waiters *assay_gossip_get_waiters(const struct assay_gossip *gossip);
/* What is to be done now; called until false. Returns: true and *action. */
bool assay_gossip_next(struct assay_gossip *gossip, uint64_t now_ms,
                       struct assay_gossip_action *action);
/* The machine stood still: what flies is given that time again. */
void assay_gossip_on_pause(struct assay_gossip *gossip, uint64_t now_ms, uint64_t paused_ms);
/* Returns: when assay_gossip_next has something to say without another call; UINT64_MAX: never. */
uint64_t assay_gossip_wake_at(const struct assay_gossip *gossip);
/* Returns: how long a source that is asked now has for an answer. */
uint64_t assay_gossip_retry(const struct assay_gossip *gossip);
/*
 * assay_gossip_on_evidence - an EVIDENCE payload came.
 * Out:     on ASSAY_OK *request (the flight is over) and *bytes, borrowed from payload
 * Returns: ASSAY_OK | ASSAY_E_AGAIN ("not here": another is asked) | ASSAY_E_TRUNCATED |
 *          ASSAY_E_NOT_FOUND (not asked for, or not from this member) | ASSAY_E_RANGE (another
 *          length and digest) | ASSAY_E_SIGNATURE (another digest) | ASSAY_E_TRAILING (a tail of
 *          zeros); each counted
 */
ASSAY_CHECKED enum assay_status assay_gossip_on_evidence(struct assay_gossip *gossip,
                                                         uint64_t now_ms, uint16_t from,
                                                         struct assay_slice payload,
                                                         struct assay_fetch_request *request,
                                                         struct assay_slice *bytes);
/* The bytes came another way (a record carried them): end the flight.
 * Returns: true and *request when there was one. */
bool assay_gossip_complete(struct assay_gossip *gossip, const uint8_t digest[static 32],
                           struct assay_fetch_request *request);
/* Every flight of an epoch below goes. */
void assay_gossip_remove_before(struct assay_gossip *gossip, uint64_t epoch);
/* Returns: how many flights there are. */
size_t assay_gossip_count(const struct assay_gossip *gossip);

/* --- the two payloads */
/* Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING */
ASSAY_CHECKED enum assay_status assay_pull_decode(struct assay_slice payload, uint8_t digest[32]);
/* Out: w->full when it does not fit. */
void assay_pull_encode(const uint8_t digest[static 32], struct assay_writer *w);
void assay_pull_answer_encode(const uint8_t digest[static 32], struct assay_slice bytes,
                              struct assay_writer *w);

#endif
