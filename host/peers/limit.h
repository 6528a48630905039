/*
 * host/peers/limit.h - per-peer resource limits: budgets, bans, handshakes, peer score. Pure; time
 * is an argument.
 *
 * The budgets grow out of what the protocol asks of an honest peer in one epoch of length T with n
 * members, times ASSAY_LIMIT_SLACK for standstill re-sends, catching up and bursts at the boundary:
 *
 *   messages       64 + 8n              votes and certificates of some 16 views (64); per member
 *                                       an envelope, a ballot, a pull, an answer, and as many
 *                                       again for records, repeats and what neighbours say that
 *                                       they hold (8n)
 *   bytes          512 KiB + 16 KiB * n blocks and proofs; per member a quote (8 KiB with room),
 *                                       an envelope, a ballot, each asked for
 *   answers 1 MiB/s, burst 5 MiB: the largest block, and what is asked next to it; more where the
 *                  bytes above are more
 *   verifications  2                    its own evidence, and one more for an INCARNATE
 *
 * The floors are 20 messages/s (burst 60), 256 KiB/s and 2 verifications/s (burst 6); at n = 20 and
 * T = 60 s the rate of messages is at its floor, at T = 500 ms it is 1792/s. A burst is what two
 * epochs may cost.
 */
#ifndef ASSAY_HOST_PEERS_LIMIT_H
#define ASSAY_HOST_PEERS_LIMIT_H

#include "base/status.h"
#include "host/peers/peer_score.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ASSAY_LIMIT_SLACK = 4,
    ASSAY_BAN_STRIKES = 3,               /* invalid signatures ... */
    ASSAY_BAN_WINDOW_MS = 60 * 1000,     /* ... within this time */
    ASSAY_BAN_FIRST_MS = 10 * 60 * 1000, /* then doubling */
    ASSAY_BAN_MAX_MS = 24 * 60 * 60 * 1000,
    ASSAY_HANDSHAKES_PER_S = 4, /* a restarted peer dials twice, a reconnecting one once a second */
    ASSAY_HANDSHAKES_BURST = 32,
};

/* A token bucket in thousandths, so that no fraction is lost between two frames of one
 * millisecond. */
struct assay_bucket {
    uint64_t level_milli, at_ms;
    uint64_t rate_s, burst; /* tokens */
};

struct assay_limit_rates {
    uint64_t messages_s, messages_burst;
    uint64_t bytes_s, bytes_burst;
    uint64_t verifications_s, verifications_burst;
    uint64_t syncs_s, syncs_burst; /* answers read from the store */
    uint64_t answers_s, answers_burst; /* bytes that go to it alone */
};

/* Complete state of one peer. */
struct assay_limit {
    struct assay_bucket messages, bytes, verifications, syncs, handshakes, answers;
    uint64_t strike_ms[ASSAY_BAN_STRIKES]; /* newest last */
    uint32_t strikes;                      /* how many of them count */
    uint64_t banned_until_ms;
    uint64_t next_ban_ms;
    struct assay_peer_score peer_score;
};

enum assay_limit_answer {
    ASSAY_LIMIT_OK,
    ASSAY_LIMIT_BANNED,
    ASSAY_LIMIT_SHUT, /* by its conduct */
    ASSAY_LIMIT_MESSAGES,
    ASSAY_LIMIT_BYTES,
};

/* Out: *rates for epochs of epoch_ms (> 0, asserted) with that many members. */
void assay_limit_rates(uint32_t epoch_ms, uint32_t members, struct assay_limit_rates *rates);
/* The same where members pass on what others vote (docs/protocol.md 4.12.6): of every voter the
 * votes of as many views. */
void assay_limit_rates_near(uint32_t epoch_ms, uint32_t members, struct assay_limit_rates *rates);
/* Full buckets, no strike. */
void assay_limit_init(struct assay_limit *limit, const struct assay_limit_rates *rates,
                      uint64_t now_ms);
/* Checks whether the peer's frames are accepted. Returns: ASSAY_LIMIT_OK | ASSAY_LIMIT_BANNED |
 * ASSAY_LIMIT_SHUT */
enum assay_limit_answer assay_limit_check_peer(const struct assay_limit *limit, uint64_t now_ms);
/* A frame of that length was received. Returns: ASSAY_LIMIT_OK | ASSAY_LIMIT_MESSAGES |
 * ASSAY_LIMIT_BYTES; a refused one costs nothing. */
enum assay_limit_answer assay_limit_frame(struct assay_limit *limit, uint64_t now_ms, size_t len);
/* Returns: true when one more verification is within the budget (and spends it). */
bool assay_limit_verification(struct assay_limit *limit, uint64_t now_ms);
/* Returns: true when one more sync answer is within the budget (and spends it). */
bool assay_limit_sync(struct assay_limit *limit, uint64_t now_ms, uint64_t cost);
/* Bytes to this peer alone: a request of 47 bytes is answered by 4 MiB.
 * Returns: true when they are within the budget (and spends them). */
bool assay_limit_answer(struct assay_limit *limit, uint64_t now_ms, size_t len);
/* Returns: true when one more handshake is within the budget (and spends it). */
bool assay_limit_handshake(struct assay_limit *limit, uint64_t now_ms);
/* An invalid signature of this peer's. Returns: true when it is banned from now on because of it.
 */
bool assay_limit_add_strike(struct assay_limit *limit, uint64_t now_ms);
/* Returns: true while banned. */
bool assay_limit_is_banned(const struct assay_limit *limit, uint64_t now_ms);

/* Spends tokens. Returns: true and the level falls by cost; false and nothing changes. */
bool assay_bucket_spend(struct assay_bucket *bucket, uint64_t now_ms, uint64_t cost);

#endif
