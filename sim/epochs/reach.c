/*
 * sim/epochs/reach.c - reachability between nodes, and quorums.
 *
 * Partitions cut the roster into sides whose nodes receive the same messages; records, envelopes
 * and evidence travel over several sides (relayed or requested; docs/protocol.md 4.1.1, 4.1.4),
 * votes count where they arrive directly.
 */
#include "sim/epochs/epochs_internal.h"

/* Whether this adversary controls other nodes' links, and acts. */
static bool controls_links(const struct assay_sim_epochs *w, const struct assay_sim_adversary *a)
{
    const struct assay_attack_scene scene = { .scenario = &w->scenario,
                                              .adversary = a,
                                              .cohort_of = w->cohort_of,
                                              .seed = w->seed,
                                              .epoch = w->tick };
    return assay_attack_of(a->attack)->carries != NULL && assay_attack_active(&scene);
}

/* The cuts in force, as bits; partitions end with heal_epoch. */
static uint64_t cuts_now(const struct assay_sim_epochs *w)
{
    const struct assay_scenario *s = &w->scenario;
    const bool healed = s->heal_epoch != 0 && w->tick >= s->heal_epoch;
    uint64_t bits = 0;
    for (uint32_t i = 0; i < s->partition_count && !healed; i++) {
        const struct assay_sim_partition *p = &s->partitions[i];
        const bool over = p->stop_epoch != 0 && w->tick >= p->stop_epoch;
        if (w->tick >= p->start_epoch && !over) bits |= UINT64_C(1) << i;
    }
    for (uint32_t i = 0; i < s->adversary_count; i++)
        if (controls_links(w, &s->adversaries[i])) bits |= UINT64_C(1) << (32 + i);
    return bits;
}

static bool is_reachable(const struct assay_sim_epochs *w, uint32_t from, uint32_t to)
{
    if (!assay_scenario_receives(&w->scenario, w->cohort_of, w->tick, from, to)) return false;
    return w->sides_of >> 32 == 0 ||
           assay_attack_carries(&w->scenario, w->cohort_of, w->seed, w->epoch, from, to);
}

/* Nodes of one side reach and are reachable from the same nodes: on the same side of every
 * partition and, where an adversary carries the messages, of one cohort. */
static bool is_same_side(const struct assay_sim_epochs *w, uint32_t a, uint32_t b)
{
    const struct assay_scenario *s = &w->scenario;
    if (w->sides_of >> 32 != 0 && w->cohort_of[a] != w->cohort_of[b]) return false;
    return assay_scenario_receives(s, w->cohort_of, w->tick, a, b) &&
           assay_scenario_receives(s, w->cohort_of, w->tick, b, a);
}

/* Two nodes of each side, the same one twice where it is alone. */
struct pairs {
    uint32_t one[SIDES_MAX], other[SIDES_MAX];
};

static void split_sides(struct assay_sim_epochs *w, struct pairs *pairs)
{
    w->side_count = 0;
    for (uint32_t i = 0; i < w->n; i++) {
        uint32_t side = 0;
        while (side < w->side_count && !is_same_side(w, i, pairs->one[side]))
            side++;
        if (side == w->side_count) {
            ASSAY_ASSERT(side < SIDES_MAX);
            pairs->one[w->side_count++] = i;
        }
        pairs->other[side] = i;
        w->side[i] = (uint16_t)side;
    }
}

/* Transitive closure over any number of sides (Warshall). */
static void close_transitively(uint32_t count, bool (*open)[SIDES_MAX])
{
    for (uint32_t over = 0; over < count; over++)
        for (uint32_t to = 0; to < count; to++)
            for (uint32_t from = 0; from < count && open[to][over]; from++)
                if (open[over][from]) open[to][from] = true;
}

void epochs_sides(struct assay_sim_epochs *w)
{
    struct pairs pairs;
    const uint64_t bits = cuts_now(w);
    if (bits == w->sides_of) return;
    w->sides_of = bits;
    split_sides(w, &pairs);
    for (uint32_t to = 0; to < w->side_count; to++)
        for (uint32_t from = 0; from < w->side_count; from++)
            w->receives[to][from] = is_reachable(w, pairs.one[from], pairs.other[to]);
    for (uint32_t to = 0; to < w->side_count; to++)
        for (uint32_t from = 0; from < w->side_count; from++) {
            w->reaches[to][from] = w->receives[to][from];
            w->pulls[to][from] = w->receives[to][from] && w->receives[from][to];
        }
    close_transitively(w->side_count, w->reaches);
    close_transitively(w->side_count, w->pulls);
}

bool epochs_reaches(const struct assay_sim_epochs *w, uint32_t from_side, uint32_t to_side)
{
    return w->reaches[to_side][from_side];
}

bool epochs_pulls(const struct assay_sim_epochs *w, uint32_t from_side, uint32_t to_side)
{
    return w->pulls[to_side][from_side];
}

/* Whether its vote can count at that instant. */
static bool has_vote_at(const struct assay_sim_epochs *w, uint32_t node, uint32_t rel_ms)
{
    const struct epochs_now *at = &w->at[node];
    if (at->silent || w->nodes[node].waits) return false;
    return at->ready_rel <= rel_ms && epochs_up(w, node, rel_ms);
}

uint64_t epochs_received_weight(const struct assay_sim_epochs *w, const uint64_t *weight,
                                const bool *sides, uint32_t to)
{
    uint64_t received = 0;
    for (uint32_t from = 0; from < w->side_count; from++)
        if ((sides == NULL || sides[from]) && w->receives[to][from]) received += weight[from];
    return received;
}

struct epochs_quorum epochs_quorum_at(const struct assay_sim_epochs *w, uint32_t rel_ms)
{
    struct epochs_quorum q = { .total = w->seats_weight };
    for (uint32_t i = 0; i < w->n; i++)
        if (w->seats[i] > 0 && has_vote_at(w, i, rel_ms)) q.weight[w->at[i].side] += w->seats[i];
    for (uint32_t s = 0; s < w->side_count; s++)
        q.in[s] = q.weight[s] > 0;
    bool changed = true;
    /* A side that receives too few of the rest cannot notarise, and is not part of it. */
    while (changed) {
        changed = false;
        for (uint32_t s = 0; s < w->side_count; s++) {
            if (!q.in[s] || 3 * epochs_received_weight(w, q.weight, q.in, s) > 2 * q.total)
                continue;
            q.in[s] = false;
            changed = true;
        }
    }
    for (uint32_t s = 0; s < w->side_count; s++)
        if (q.in[s]) q.all += q.weight[s];
    q.any = 3 * q.all > 2 * q.total;
    return q;
}

/* Whether that side follows the quorum's finality. Certificates are not relayed: votes of more than
 * two thirds must arrive. */
bool epochs_follows(const struct assay_sim_epochs *w, const struct epochs_quorum *quorum,
                    uint32_t side)
{
    return quorum->any &&
           3 * epochs_received_weight(w, quorum->weight, quorum->in, side) > 2 * quorum->total;
}

/* Whether messages of that side reach the quorum. */
bool epochs_reaches_quorum(const struct assay_sim_epochs *w, uint32_t side)
{
    for (uint32_t to = 0; w->quorum.any && to < w->side_count; to++)
        if (w->quorum.in[to] && epochs_reaches(w, side, to)) return true;
    return false;
}
