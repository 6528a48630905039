/*
 * host/peers/peer_score.c - points lost and regained, and the time of a shut-out.
 */
#include "host/peers/peer_score.h"

#include "base/assert.h"
#include "base/checked.h"

enum { MILLI = 1000, SECOND_MS = 1000, NEVER_TOO_MUCH = ASSAY_PEER_SCORE_FULL };

struct price {
    uint32_t points, most_s; /* most_s: no more is lost in a second */
    bool can_shut;
};

static struct price fault_price(enum assay_peer_score_fault fault)
{
    switch (fault) {
    case ASSAY_PEER_SCORE_OF_INVALID:
        return (struct price){ ASSAY_PEER_SCORE_INVALID, NEVER_TOO_MUCH, true };
    case ASSAY_PEER_SCORE_OF_FLOODING:
        return (struct price){ ASSAY_PEER_SCORE_FLOODING, ASSAY_PEER_SCORE_FLOODING_S, true };
    case ASSAY_PEER_SCORE_OF_DUPLICATE:
        return (struct price){ ASSAY_PEER_SCORE_DUPLICATE, ASSAY_PEER_SCORE_DUPLICATE_S, false };
    case ASSAY_PEER_SCORE_OF_UNANSWERED:
        return (struct price){ ASSAY_PEER_SCORE_UNANSWERED, ASSAY_PEER_SCORE_UNANSWERED_S, false };
    case ASSAY_PEER_SCORE_FAULTS: break;
    }
    ASSAY_UNREACHABLE("fault");
}

static bool score_holds(const struct assay_peer_score *c)
{
    return c->points_milli <= (uint64_t)ASSAY_PEER_SCORE_FULL * MILLI &&
           c->back_off_ms >= ASSAY_PEER_SCORE_BACK_OFF_MS &&
           c->back_off_ms <= ASSAY_PEER_SCORE_BACK_OFF_MAX_MS;
}

void assay_peer_score_init(struct assay_peer_score *peer_score, uint64_t now_ms)
{
    *peer_score =
        (struct assay_peer_score){ .points_milli = (uint64_t)ASSAY_PEER_SCORE_FULL * MILLI,
                                   .at_ms = now_ms,
                                   .second_ms = now_ms,
                                   .back_off_ms = ASSAY_PEER_SCORE_BACK_OFF_MS };
    ASSAY_ASSERT(score_holds(peer_score));
}

static uint64_t level_milli(const struct assay_peer_score *c, uint64_t now_ms)
{
    const uint64_t full = (uint64_t)ASSAY_PEER_SCORE_FULL * MILLI;
    ASSAY_ASSERT(score_holds(c));
    if (now_ms <= c->at_ms) return c->points_milli; /* a monotonic clock never goes back */
    const uint64_t missing = full - c->points_milli;
    const uint64_t gone_ms = now_ms - c->at_ms;
    /* Long enough for a full score; checked before any multiplication. */
    if (gone_ms >= missing / ASSAY_PEER_SCORE_REGAINED_S) return full;
    return c->points_milli + gone_ms * ASSAY_PEER_SCORE_REGAINED_S;
}

/* The limit of a second is reached: further faults are counted and cost nothing. */
static uint32_t within_second(struct assay_peer_score *c, uint64_t now_ms,
                              enum assay_peer_score_fault fault, struct price price)
{
    if (now_ms >= c->second_ms && now_ms - c->second_ms >= SECOND_MS) {
        c->second_ms = now_ms;
        for (int i = 0; i < ASSAY_PEER_SCORE_FAULTS; i++)
            c->lost[i] = 0;
    }
    ASSAY_ASSERT(c->lost[fault] <= price.most_s);
    const uint32_t left = price.most_s - c->lost[fault];
    const uint32_t lost = price.points < left ? price.points : left;
    c->lost[fault] += lost;
    return lost;
}

/* Good behaviour since it was let in again makes the next back-off shorter. */
static void decay_back_off(struct assay_peer_score *c, uint64_t now_ms)
{
    uint64_t good_ms = now_ms - c->shut_until_ms;
    while (good_ms >= ASSAY_PEER_SCORE_FORGIVEN_MS &&
           c->back_off_ms > ASSAY_PEER_SCORE_BACK_OFF_MS) {
        c->back_off_ms = assay_max_u64(c->back_off_ms / 2, ASSAY_PEER_SCORE_BACK_OFF_MS);
        good_ms -= ASSAY_PEER_SCORE_FORGIVEN_MS;
    }
}

static void shut_out_peer(struct assay_peer_score *c, uint64_t now_ms)
{
    ASSAY_ASSERT(now_ms >= c->shut_until_ms);
    if (c->shut_count > 0) decay_back_off(c, now_ms);
    c->shut_until_ms = now_ms + c->back_off_ms;
    c->back_off_ms = assay_min_u64(2 * c->back_off_ms, ASSAY_PEER_SCORE_BACK_OFF_MAX_MS);
    c->shut_count += 1;
    /* It returns with the lowest priority, as a second chance. */
    c->points_milli = (uint64_t)ASSAY_PEER_SCORE_LEAST * MILLI;
    c->at_ms = c->shut_until_ms;
    ASSAY_ASSERT(score_holds(c));
}

bool assay_peer_score_add_fault(struct assay_peer_score *peer_score, uint64_t now_ms,
                                enum assay_peer_score_fault fault)
{
    const struct price price = fault_price(fault);
    ASSAY_ASSERT(score_holds(peer_score));
    peer_score->faults[fault] += 1;
    if (assay_peer_score_is_shut_out(peer_score, now_ms)) return false; /* it pays already */
    const uint64_t now_milli = level_milli(peer_score, now_ms);
    const uint64_t cost = (uint64_t)within_second(peer_score, now_ms, fault, price) * MILLI;
    const uint64_t least = price.can_shut ? 0 : (uint64_t)ASSAY_PEER_SCORE_LEAST * MILLI;
    uint64_t left = now_milli >= cost ? now_milli - cost : 0;
    if (left < least) left = assay_min_u64(now_milli, least);
    peer_score->points_milli = left;
    if (now_ms > peer_score->at_ms) peer_score->at_ms = now_ms;
    if (left > 0 || !price.can_shut) return false;
    shut_out_peer(peer_score, now_ms);
    ASSAY_ASSERT(assay_peer_score_is_shut_out(peer_score, now_ms));
    return true;
}

void assay_peer_score_on_request(struct assay_peer_score *peer_score, uint64_t now_ms)
{
    ASSAY_ASSERT(score_holds(peer_score));
    const bool late = peer_score->open > 0 && now_ms >= peer_score->open_since_ms &&
                      now_ms - peer_score->open_since_ms >= ASSAY_PEER_SCORE_ANSWER_MS;
    for (uint32_t i = 0; late && i < peer_score->open; i++) {
        const bool was_shut =
            assay_peer_score_add_fault(peer_score, now_ms, ASSAY_PEER_SCORE_OF_UNANSWERED);
        ASSAY_ASSERT(!was_shut);
    }
    if (late) peer_score->open = 0;
    if (peer_score->open == 0) peer_score->open_since_ms = now_ms;
    if (peer_score->open < ASSAY_PEER_SCORE_OPEN_MAX) peer_score->open += 1;
}

void assay_peer_score_on_answer(struct assay_peer_score *peer_score, uint64_t now_ms)
{
    ASSAY_ASSERT(score_holds(peer_score));
    if (peer_score->open > 0) peer_score->open -= 1;
    peer_score->open_since_ms = now_ms; /* a peer that answers is reachable: the other requests get
                                      * their full time again */
}

uint32_t assay_peer_score_points(const struct assay_peer_score *peer_score, uint64_t now_ms)
{
    if (assay_peer_score_is_shut_out(peer_score, now_ms)) return 0;
    return (uint32_t)(level_milli(peer_score, now_ms) / MILLI);
}

bool assay_peer_score_is_shut_out(const struct assay_peer_score *peer_score, uint64_t now_ms)
{
    return now_ms < peer_score->shut_until_ms;
}

bool assay_peer_score_is_deprioritised(const struct assay_peer_score *peer_score, uint64_t now_ms)
{
    return assay_peer_score_points(peer_score, now_ms) < ASSAY_PEER_SCORE_LAST;
}

const char *assay_peer_score_name(enum assay_peer_score_fault fault)
{
#define ASSAY_PEER_SCORE_NAME(symbol, name) [symbol] = (name),
    static const char *const names[ASSAY_PEER_SCORE_FAULTS] = { ASSAY_PEER_SCORE_LIST(
        ASSAY_PEER_SCORE_NAME) };
#undef ASSAY_PEER_SCORE_NAME
    return (unsigned)fault < ASSAY_PEER_SCORE_FAULTS ? names[fault] : "unknown";
}
