/*
 * tests/unit/host/test_evidence_pull.c - tests of serving evidence: what a member gets is bounded.
 *
 * Two pieces of the largest length are stored. Members request them again and again.
 */
#include "host/overlay/evidence_pull.h"

#include "tests/support/host_memory.h"

#include <criterion/criterion.h>
#include <string.h>

enum { SELF = 0, PEER = 1, OTHER = 2, MEMBERS = 4, EPOCH_MS = 60000, NOW = 1000, PIECES = 2 };

static struct {
    struct assay_traffic_counters counters;
    struct assay_limit_rates rates;
    struct assay_limit limits[MEMBERS];
    struct assay_evidence_pull pull;
    uint8_t evidence[ASSAY_EVIDENCE_LEN_MAX];
    uint64_t bytes[MEMBERS];    /* of evidence sent to each */
    uint32_t refusals[MEMBERS]; /* "not available", sent to each */
} t;

static enum assay_status get_stored(void *context, const uint8_t digest[static 32],
                                    struct assay_slice *bytes)
{
    (void)context;
    if (digest[0] == 0 || digest[0] > PIECES) return ASSAY_E_NOT_FOUND;
    *bytes = assay_slice_over(t.evidence, sizeof t.evidence);
    return ASSAY_OK;
}

static void count_sent(void *context, uint16_t to, enum assay_message_kind kind,
                       struct assay_slice payload)
{
    (void)context;
    cr_assert_eq(kind, ASSAY_MESSAGE_EVIDENCE);
    cr_assert(to < MEMBERS && payload.len >= ASSAY_PULL_LEN);
    if (payload.len == ASSAY_PULL_LEN) t.refusals[to]++;
    else t.bytes[to] += payload.len;
}

static void start(void)
{
    const struct assay_gossip_config gossip = {
        .self = SELF, .members = MEMBERS, .retry_ms = 50, .counters = &t.counters
    };
    memset(&t, 0, sizeof t);
    memset(t.evidence, 1, sizeof t.evidence);
    assay_limit_rates(EPOCH_MS, MEMBERS, &t.rates);
    for (unsigned i = 0; i < MEMBERS; i++)
        assay_limit_init(&t.limits[i], &t.rates, NOW);
    t.pull = (struct assay_evidence_pull){ .world = { .get = get_stored, .send = count_sent },
                                           .self = SELF,
                                           .members = MEMBERS,
                                           .gossip = test_gossip(&gossip),
                                           .limits = t.limits,
                                           .counters = &t.counters };
}

static void stop(void)
{
    free(t.pull.gossip);
}

TestSuite(host_evidence_pull, .init = start, .fini = stop);

static void request(uint64_t now_ms, uint16_t from, uint8_t piece)
{
    const uint8_t digest[ASSAY_PULL_LEN] = { piece };
    cr_assert_eq(
        assay_evidence_pull_on_pull(&t.pull, now_ms, from, assay_slice_over(digest, sizeof digest)),
        ASSAY_OK);
}

/* docs/protocol.md 10.5.1, the budget for answers: of a burst of messages within its budget, each
 * of 32 bytes, the answers would be 32 KiB each. */
Test(host_evidence_pull, a_member_gets_no_more_evidence_than_its_budget_for_answers)
{
    for (uint64_t i = 0; i < t.rates.messages_burst; i++)
        request(NOW, PEER, (uint8_t)(1 + i % PIECES));
    cr_expect_gt(t.bytes[PEER], 4u << 20);
    cr_expect_leq(t.bytes[PEER], t.rates.answers_burst);
    cr_expect_gt(t.counters.value[ASSAY_COUNT_RATE_ANSWERS], 0);
    const uint64_t before = t.bytes[PEER];
    for (uint64_t i = 0; i < t.rates.messages_burst; i++)
        request(NOW + 1000, PEER, (uint8_t)(1 + i % PIECES));
    cr_expect_gt(t.bytes[PEER], before);
    cr_expect_leq(t.bytes[PEER] - before, t.rates.answers_s + sizeof t.evidence);
}

Test(host_evidence_pull, a_member_beyond_it_is_told_at_once_and_the_others_are_served)
{
    for (uint64_t i = 0; i < t.rates.messages_burst; i++)
        request(NOW, PEER, (uint8_t)(1 + i % PIECES));
    const uint64_t answered = t.bytes[PEER] / (ASSAY_PULL_LEN + sizeof t.evidence);
    cr_expect_eq(t.refusals[PEER], t.rates.messages_burst - answered, "it requests from another");
    request(NOW, OTHER, 1);
    cr_expect_eq(t.bytes[OTHER], ASSAY_PULL_LEN + sizeof t.evidence);
    request(NOW, OTHER, PIECES + 1);
    cr_expect_eq(t.refusals[OTHER], 1, "there is none");
}
