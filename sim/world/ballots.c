/*
 * sim/world/ballots.c - checker of ballots: an honest node votes only what it could know.
 *
 * docs/protocol.md 4.3.1: a node may vote ABSENT only when it has envelopes of more than 2/3 of W
 * in this epoch and has requested the missing one from at least three peers (or all, if fewer);
 * evidence that is being pulled or appraised may be present; a ballot that does not wait for every
 * slot waits 5T/8.
 *
 * The checker counts what a node received, which peers it asked and what its host answered from the
 * messages and effects alone; of the engine it reads only the state at the start of the epoch,
 * which every close compares. A message that the engine may refuse counts in the node's favour.
 */
#include "engine/parts/engine_internal.h"

#include "base/bitmap.h"
#include "engine/ledger/records/record.h"
#include "sim/world/world_internal.h"

#include <stdlib.h>

enum { BITS_LEN = (WORLD_NODES + 7) / 8, ASKED_MIN = 3 };

/* The state of one node in one epoch, by subject. */
struct knowledge {
    uint64_t epoch;
    uint32_t life;
    uint8_t received[BITS_LEN];        /* envelope received */
    uint8_t fetching[BITS_LEN];        /* evidence requested from the host, unanswered */
    uint8_t judged[BITS_LEN];          /* the host returned a verdict */
    uint8_t evidence[WORLD_NODES][32]; /* digest that the envelope names */
    uint8_t asked[WORLD_NODES]
                 [BITS_LEN]; /* peers that were asked for the envelope or the evidence */
};

/* The newest envelope of each member, by slot, and a histogram of delivery times. */
struct world_deliveries {
    struct {
        uint64_t epoch, at_us;
    } made[WORLD_NODES];
    uint64_t count;
    uint32_t ms[WORLD_MS_KEPT]; /* histogram */
};

/* This epoch and the next one, whose envelopes may arrive early. */
struct world_ballot_knowledge {
    struct knowledge of[2];
    uint32_t opened_life;
    uint64_t opened_ms; /* start of the running epoch, by the node's clock */
};

void world_ballots_create(struct assay_sim_world *w)
{
    w->known_ballots = calloc(w->options.nodes, sizeof *w->known_ballots);
    w->received = calloc(1, sizeof *w->received);
    ASSAY_ASSERT(w->known_ballots != NULL && w->received != NULL);
}

void world_ballots_free(struct assay_sim_world *w)
{
    free(w->known_ballots);
    free(w->received);
}

/* A restarted node has lost everything that it did not store. */
static struct knowledge *knowledge_of(struct assay_sim_world *w, uint32_t node, uint64_t epoch)
{
    struct knowledge *k = &w->known_ballots[node].of[epoch % 2];
    if (k->epoch != epoch || k->life != w->nodes[node].life)
        *k = (struct knowledge){ .epoch = epoch, .life = w->nodes[node].life };
    return k;
}

static uint64_t running_epoch(const struct assay_sim_world *w, uint32_t node)
{
    return w->nodes[node].engine->head->state.epoch + 1;
}

static bool is_planted(const struct assay_sim_world *w, uint32_t node,
                       enum assay_sim_world_plant plant)
{
    return node == 1 && w->options.plant == plant;
}

/* --- observed messages and effects */

void world_ballots_made(struct assay_sim_world *w, uint32_t node)
{
    const struct assay_engine *e = w->nodes[node].engine;
    w->received->made[e->self].epoch = e->head->context.epoch;
    w->received->made[e->self].at_us = w->now_us;
}

static void count_delivery(struct assay_sim_world *w, uint32_t slot, uint64_t epoch)
{
    struct world_deliveries *h = w->received;
    if (h->made[slot].epoch != epoch) return; /* a forger made it, no node of this world */
    const uint64_t ms = (w->now_us - h->made[slot].at_us) / 1000;
    h->ms[ms < WORLD_MS_KEPT ? ms : WORLD_MS_KEPT - 1]++;
    h->count++;
}

int64_t world_ballots_delivery_ms(const struct assay_sim_world *w, uint64_t share, uint64_t of)
{
    return world_quantile_ms(w->received->ms, w->received->count, share, of);
}

void world_ballots_received(struct assay_sim_world *w, uint32_t node, struct assay_slice payload)
{
    const struct assay_state *state = &w->nodes[node].engine->head->state;
    struct assay_envelope envelope;
    if (is_planted(w, node, ASSAY_SIM_WORLD_PLANT_DEAF)) return;
    if (assay_envelope_decode(payload, &envelope) != ASSAY_OK) return;
    if (envelope.epoch != state->epoch + 1 && envelope.epoch != state->epoch + 2) return;
    const uint32_t slot = assay_state_slot_of(state, envelope.node_id);
    if (slot >= state->member_count) return;
    if (envelope.incarnation != state->members[slot].lives[0].incarnation) return;
    struct knowledge *k = knowledge_of(w, node, envelope.epoch);
    if (assay_bit_has(k->received, slot)) return; /* only the first one counts */
    assay_bit_set(k->received, slot, true);
    count_delivery(w, slot, envelope.epoch);
    assay_bytes_copy(k->evidence[slot], 32, envelope.evidence_digest, 32);
}

void world_ballots_asked(struct assay_sim_world *w, uint32_t node, uint32_t peer,
                         enum assay_message_kind kind, struct assay_slice payload)
{
    const uint32_t n = world_members(w, node);
    uint64_t epoch = 0;
    struct assay_slice slots;
    if (peer >= n || is_planted(w, node, ASSAY_SIM_WORLD_PLANT_SENDS_NO_REQUEST)) return;
    if (kind == ASSAY_MESSAGE_ENVELOPE_PULL) {
        if (assay_envelope_pull_decode(payload, n, &epoch, &slots) != ASSAY_OK) return;
        struct knowledge *k = knowledge_of(w, node, epoch);
        for (uint32_t s = 0; s < n; s++)
            if (assay_bit_has(slots.bytes, s)) assay_bit_set(k->asked[s], peer, true);
    } else if (kind == ASSAY_MESSAGE_EVIDENCE_PULL && payload.len == 32) {
        struct knowledge *k = knowledge_of(w, node, running_epoch(w, node));
        for (uint32_t s = 0; s < n; s++)
            if (assay_bit_has(k->fetching, s) &&
                assay_bytes_equal(k->evidence[s], payload.bytes, 32))
                assay_bit_set(k->asked[s], peer, true);
    }
}

void world_ballots_fetch(struct assay_sim_world *w, uint32_t node, const struct assay_effect *e)
{
    struct knowledge *k = knowledge_of(w, node, e->as.fetch.epoch);
    const uint32_t slot = e->as.fetch.origin;
    if (slot >= w->options.nodes) return;
    assay_bit_set(k->fetching, slot, true);
    assay_bytes_copy(k->evidence[slot], 32, e->as.fetch.digest, 32);
}

void world_ballots_verdict(struct assay_sim_world *w, uint32_t node,
                           const uint8_t digest[static 32], bool judged)
{
    struct knowledge *k = knowledge_of(w, node, running_epoch(w, node));
    if (is_planted(w, node, ASSAY_SIM_WORLD_PLANT_WAITS) && k->epoch > 1) return;
    for (uint32_t s = 0; s < w->options.nodes; s++) {
        if (!assay_bit_has(k->received, s) || !assay_bytes_equal(k->evidence[s], digest, 32))
            continue;
        assay_bit_set(k->fetching, s, false);
        if (judged) assay_bit_set(k->judged, s, true);
    }
}

bool world_ballots_judged(struct assay_sim_world *w, uint32_t node, uint64_t epoch,
                          uint32_t subject, const uint8_t digest[static 32])
{
    const struct knowledge *k = knowledge_of(w, node, epoch);
    return assay_bit_has(k->judged, subject) && assay_bytes_equal(k->evidence[subject], digest, 32);
}

void world_ballots_opened(struct assay_sim_world *w, uint32_t node)
{
    w->known_ballots[node].opened_life = w->nodes[node].life;
    w->known_ballots[node].opened_ms = world_mono_ms(w, node);
    if (is_planted(w, node, ASSAY_SIM_WORLD_PLANT_HASTY))
        w->known_ballots[node].opened_ms += world_epoch_ms(w, node) / 2;
}

/* --- the ballot */

static uint64_t weight_of(const struct assay_sim_world *w, uint32_t node, uint32_t slot)
{
    return world_member(&w->nodes[node].engine->head->state, slot)->weight;
}

/* protocol.md 9.6: members in maintenance are not evaluated. */
static bool is_evaluated(const struct assay_sim_world *w, uint32_t node, uint32_t slot)
{
    const struct assay_state *state = &w->nodes[node].engine->head->state;
    return slot != node && slot < state->member_count && assay_member_serves(&state->members[slot]);
}

/* The node's own envelope counts. */
static bool has_enough_envelopes(const struct assay_sim_world *w, uint32_t node,
                                 const struct knowledge *k, uint64_t *held, uint64_t *total)
{
    *held = *total = 0;
    for (uint32_t s = 0; s < w->options.nodes; s++) {
        *total += weight_of(w, node, s);
        if (s == node || assay_bit_has(k->received, s)) *held += weight_of(w, node, s);
    }
    return 3 * *held > 2 * *total;
}

static uint32_t count_asked_peers(const struct assay_sim_world *w, const struct knowledge *k,
                                  uint32_t s)
{
    uint32_t count = 0;
    for (uint32_t peer = 0; peer < w->options.nodes; peer++)
        count += assay_bit_has(k->asked[s], peer);
    return count;
}

static void check_absent(struct assay_sim_world *w, uint32_t node, const struct knowledge *k,
                         uint32_t subject)
{
    uint32_t peers = 0;
    for (uint32_t s = 0; s < w->options.nodes; s++)
        peers += is_evaluated(w, node, s);
    const uint32_t enough = peers < ASKED_MIN ? peers : ASKED_MIN;
    world_count_check(w, ASSAY_SIM_CHECKER_BALLOTS);
    if (assay_bit_has(k->judged, subject)) { /* it appraised other evidence */
        if (world_run_is_valid_evidence(w, node, k->epoch, subject, k->evidence[subject]))
            world_report_violation(w, ASSAY_SIM_CHECKER_BALLOTS,
                                   "node %u calls %u absent, whose good evidence it judged", node,
                                   subject);
        return;
    }
    if (assay_bit_has(k->fetching, subject))
        world_report_violation(w, ASSAY_SIM_CHECKER_BALLOTS,
                               "node %u calls %u absent while it waits for its evidence", node,
                               subject);
    else if (count_asked_peers(w, k, subject) < enough)
        world_report_violation(w, ASSAY_SIM_CHECKER_BALLOTS,
                               "node %u calls %u absent and asked %u peers, not %u", node, subject,
                               count_asked_peers(w, k, subject), enough);
}

/* protocol.md 4.3.1: only a node with a verdict on every member may sign before 5T/8. */
static void check_patience(struct assay_sim_world *w, uint32_t node, const struct knowledge *k)
{
    const struct world_ballot_knowledge *known_ballots = &w->known_ballots[node];
    const uint64_t waited_ms = world_mono_ms(w, node) - known_ballots->opened_ms;
    const uint64_t wait_ms = (uint64_t)world_epoch_ms(w, node) * 5 / 8;
    uint32_t lacks = 0;
    for (uint32_t s = 0; s < w->options.nodes; s++)
        lacks += is_evaluated(w, node, s) && !assay_bit_has(k->judged, s);
    world_count_check(w, ASSAY_SIM_CHECKER_BALLOTS);
    if (lacks == 0 || known_ballots->opened_life != w->nodes[node].life || waited_ms >= wait_ms)
        return;
    world_report_violation(
        w, ASSAY_SIM_CHECKER_BALLOTS,
        "node %u signs its ballot after %llu ms of %llu, without a verdict on %u", node,
        (unsigned long long)waited_ms, (unsigned long long)wait_ms, lacks);
}

void world_ballots_signed(struct assay_sim_world *w, uint32_t node, struct assay_slice payload)
{
    struct assay_record record;
    uint64_t held = 0;
    uint64_t total = 0;
    uint32_t absent = 0;
    if (!world_is_trusted(w, node)) return;
    if (assay_record_decode(payload, &record) != ASSAY_OK) return;
    const struct assay_ballot *b = &record.ballot;
    /* A step may close an epoch after the ballot: what the node knew of it is dropped by then. */
    if (record.kind != ASSAY_RECORD_BALLOT || b->epoch != running_epoch(w, node)) return;
    const struct knowledge *k = knowledge_of(w, node, b->epoch);
    for (uint32_t s = 0; s < world_members(w, node); s++) {
        const enum assay_outcome said = assay_votes_outcome(assay_votes_row_get(b->row.bytes, s));
        if (said != ASSAY_OUTCOME_NONE && !is_evaluated(w, node, s))
            world_report_violation(w, ASSAY_SIM_CHECKER_BALLOTS,
                                   "node %u judges %u, which does not serve", node, s);
        if (said != ASSAY_OUTCOME_ABSENT) continue;
        absent++;
        check_absent(w, node, k, s);
    }
    check_patience(w, node, k);
    if (absent == 0) return;
    world_count_check(w, ASSAY_SIM_CHECKER_BALLOTS);
    if (!has_enough_envelopes(w, node, k, &held, &total))
        world_report_violation(w, ASSAY_SIM_CHECKER_BALLOTS,
                               "node %u calls %u absent with envelopes of %llu of %llu", node,
                               absent, (unsigned long long)held, (unsigned long long)total);
}
