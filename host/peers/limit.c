/*
 * host/peers/limit.c - token buckets and bans.
 */
#include "host/peers/limit.h"

#include "base/assert.h"
#include "base/checked.h"

enum { MILLI = 1000 };

static bool bucket_holds(const struct assay_bucket *bucket)
{
    return bucket->burst <= UINT64_MAX / MILLI && bucket->level_milli <= bucket->burst * MILLI;
}

static bool limit_holds(const struct assay_limit *limit)
{
    return limit->strikes < ASSAY_BAN_STRIKES + 1 && limit->next_ban_ms >= ASSAY_BAN_FIRST_MS &&
           limit->next_ban_ms <= ASSAY_BAN_MAX_MS;
}

static void refill_bucket(struct assay_bucket *bucket, uint64_t now_ms)
{
    ASSAY_ASSERT(bucket_holds(bucket));
    if (now_ms <= bucket->at_ms) return; /* a monotonic clock stops, but never goes back */
    const uint64_t full = bucket->burst * MILLI;
    uint64_t more = 0;
    /* Too long ago to multiply is long enough to be full. */
    if (assay_mul_u64(now_ms - bucket->at_ms, bucket->rate_s, &more) != ASSAY_OK) more = full;
    bucket->level_milli = more >= full - bucket->level_milli ? full : bucket->level_milli + more;
    bucket->at_ms = now_ms;
    ASSAY_ASSERT(bucket->level_milli <= full);
}

bool assay_bucket_spend(struct assay_bucket *bucket, uint64_t now_ms, uint64_t cost)
{
    ASSAY_ASSERT(bucket_holds(bucket));
    refill_bucket(bucket, now_ms);
    if (cost > bucket->burst || bucket->level_milli < cost * MILLI) return false;
    bucket->level_milli -= cost * MILLI;
    ASSAY_ASSERT(bucket_holds(bucket));
    return true;
}

static struct assay_bucket bucket_init(uint64_t rate_s, uint64_t burst, uint64_t now_ms)
{
    ASSAY_ASSERT(burst > 0 && burst <= UINT64_MAX / MILLI);
    return (struct assay_bucket){
        .level_milli = burst * MILLI, .at_ms = now_ms, .rate_s = rate_s, .burst = burst
    };
}

static uint64_t per_second(uint64_t per_epoch, uint32_t epoch_ms)
{
    ASSAY_ASSERT(epoch_ms > 0);
    return per_epoch * ASSAY_LIMIT_SLACK * 1000 / epoch_ms;
}

void assay_limit_rates(uint32_t epoch_ms, uint32_t members, struct assay_limit_rates *rates)
{
    ASSAY_ASSERT(members > 0);
    ASSAY_ASSERT(epoch_ms > 0);
    const uint64_t messages = 64 + UINT64_C(8) * members;
    const uint64_t bytes = (512 + UINT64_C(16) * members) * 1024;
    const uint64_t verifications = 2;
    rates->messages_s = assay_max_u64(20, per_second(messages, epoch_ms));
    rates->messages_burst = assay_max_u64(60, 2 * ASSAY_LIMIT_SLACK * messages);
    rates->bytes_s = assay_max_u64(256 * 1024, per_second(bytes, epoch_ms));
    rates->bytes_burst = 2 * ASSAY_LIMIT_SLACK * bytes;
    rates->verifications_s = assay_max_u64(2, per_second(verifications, epoch_ms));
    rates->verifications_burst = assay_max_u64(6, 2 * ASSAY_LIMIT_SLACK * verifications);
    rates->syncs_s = assay_max_u64(4, per_second(2, epoch_ms));
    rates->syncs_burst = 4 * rates->syncs_s;
    rates->answers_s = assay_max_u64(rates->bytes_s, 1 << 20);
    rates->answers_burst = 5 << 20;
    ASSAY_ASSERT(rates->messages_burst > 0 && rates->bytes_burst > 0);
    ASSAY_ASSERT(rates->answers_burst > 0 && rates->syncs_burst >= rates->syncs_s);
}

void assay_limit_rates_near(uint32_t epoch_ms, uint32_t members, struct assay_limit_rates *rates)
{
    enum { VOTERS_MAX = 100, VOTES = 64, VOTE_LEN = 512 };
    const uint64_t votes = (uint64_t)VOTES * assay_min_u64(members, VOTERS_MAX);
    assay_limit_rates(epoch_ms, members, rates);
    rates->messages_s += per_second(votes, epoch_ms);
    rates->messages_burst += 2 * ASSAY_LIMIT_SLACK * votes;
    rates->bytes_s += per_second(votes * VOTE_LEN, epoch_ms);
    rates->bytes_burst += 2 * ASSAY_LIMIT_SLACK * votes * VOTE_LEN;
}

void assay_limit_init(struct assay_limit *limit, const struct assay_limit_rates *rates,
                      uint64_t now_ms)
{
    *limit = (struct assay_limit){
        .messages = bucket_init(rates->messages_s, rates->messages_burst, now_ms),
        .bytes = bucket_init(rates->bytes_s, rates->bytes_burst, now_ms),
        .verifications = bucket_init(rates->verifications_s, rates->verifications_burst, now_ms),
        .syncs = bucket_init(rates->syncs_s, rates->syncs_burst, now_ms),
        .answers = bucket_init(rates->answers_s, rates->answers_burst, now_ms),
        .handshakes = bucket_init(ASSAY_HANDSHAKES_PER_S, ASSAY_HANDSHAKES_BURST, now_ms),
        .next_ban_ms = ASSAY_BAN_FIRST_MS,
    };
    assay_peer_score_init(&limit->peer_score, now_ms);
    ASSAY_ASSERT(limit_holds(limit));
}

enum assay_limit_answer assay_limit_check_peer(const struct assay_limit *limit, uint64_t now_ms)
{
    ASSAY_ASSERT(limit_holds(limit));
    if (assay_limit_is_banned(limit, now_ms)) return ASSAY_LIMIT_BANNED;
    return assay_peer_score_is_shut_out(&limit->peer_score, now_ms) ? ASSAY_LIMIT_SHUT
                                                                    : ASSAY_LIMIT_OK;
}

enum assay_limit_answer assay_limit_frame(struct assay_limit *limit, uint64_t now_ms, size_t len)
{
    ASSAY_ASSERT(limit_holds(limit));
    struct assay_bucket messages = limit->messages;
    if (!assay_bucket_spend(&messages, now_ms, 1)) return ASSAY_LIMIT_MESSAGES;
    if (!assay_bucket_spend(&limit->bytes, now_ms, len)) return ASSAY_LIMIT_BYTES;
    limit->messages = messages;
    return ASSAY_LIMIT_OK;
}

bool assay_limit_verification(struct assay_limit *limit, uint64_t now_ms)
{
    ASSAY_ASSERT(limit_holds(limit));
    return assay_bucket_spend(&limit->verifications, now_ms, 1);
}

bool assay_limit_sync(struct assay_limit *limit, uint64_t now_ms, uint64_t cost)
{
    ASSAY_ASSERT(limit_holds(limit) && cost > 0);
    return assay_bucket_spend(&limit->syncs, now_ms, cost);
}

bool assay_limit_answer(struct assay_limit *limit, uint64_t now_ms, size_t len)
{
    ASSAY_ASSERT(limit_holds(limit));
    return assay_bucket_spend(&limit->answers, now_ms, len);
}

bool assay_limit_handshake(struct assay_limit *limit, uint64_t now_ms)
{
    ASSAY_ASSERT(limit_holds(limit));
    return assay_bucket_spend(&limit->handshakes, now_ms, 1);
}

bool assay_limit_add_strike(struct assay_limit *limit, uint64_t now_ms)
{
    ASSAY_ASSERT(limit_holds(limit));

    for (size_t i = 1; i < ASSAY_BAN_STRIKES; i++)
        limit->strike_ms[i - 1] = limit->strike_ms[i];
    limit->strike_ms[ASSAY_BAN_STRIKES - 1] = now_ms;
    if (limit->strikes < ASSAY_BAN_STRIKES) limit->strikes++;
    if (limit->strikes < ASSAY_BAN_STRIKES) return false;
    if (now_ms - limit->strike_ms[0] >= ASSAY_BAN_WINDOW_MS) return false;
    limit->banned_until_ms = now_ms + limit->next_ban_ms;
    limit->next_ban_ms = assay_min_u64(2 * limit->next_ban_ms, ASSAY_BAN_MAX_MS);
    ASSAY_ASSERT(limit->banned_until_ms > now_ms);
    limit->strikes = 0;
    ASSAY_ASSERT(limit_holds(limit));
    return true;
}

bool assay_limit_is_banned(const struct assay_limit *limit, uint64_t now_ms)
{
    return now_ms < limit->banned_until_ms;
}
