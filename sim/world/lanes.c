/*
 * sim/world/lanes.c - checker of admission: whose messages are accepted and which members are
 * served.
 *
 * At each close the standings are read from the ledger and compared with the roster of host/: no
 * member that is SUSPENDED is served by others or permitted to work, every other member is
 * (protocol.md 10.5). No honest member is banned or shut out. Messages of others are relayed. With
 * budgets on, an honest member stays within them: messages that the protocol requires are never
 * refused for their rate.
 */
#include "sim/world/world_internal.h"

#include "host/permit.h"

static void check_service(struct assay_sim_world *w, uint32_t node, uint16_t slot)
{
    struct assay_member_snapshot member;
    assay_engine_member_snapshot(w->nodes[node].engine, slot, &member);
    const bool suspended = member.trust.score.standing == ASSAY_STANDING_SUSPENDED;
    const bool served =
        assay_host_roster_admit(&w->nodes[node].roster, slot, ASSAY_ROSTER_TRANSPORT,
                                ASSAY_LANE_SERVICE) == ASSAY_ADMITTED;
    if (suspended == served)
        world_report_violation(
            w, ASSAY_SIM_CHECKER_LANES, "node %u %s member %u, which is %ssuspended", node,
            served ? "serves" : "refuses service to", slot, suspended ? "" : "not ");
}

static void check_permit(struct assay_sim_world *w, uint32_t node)
{
    struct assay_engine_snapshot chain;
    struct assay_member_snapshot own;
    assay_engine_snapshot(w->nodes[node].engine, &chain);
    assay_engine_member_snapshot(w->nodes[node].engine, (uint16_t)node, &own);
    const struct assay_permission p =
        assay_permit(&chain, &own, world_epoch_ms(w, node), world_mono_ms(w, node), false);
    if (p.permitted && own.trust.score.standing == ASSAY_STANDING_SUSPENDED)
        world_report_violation(w, ASSAY_SIM_CHECKER_LANES,
                               "node %u permits work while it is suspended", node);
}

void world_lanes_closed(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    if (w->options.plant == ASSAY_SIM_WORLD_PLANT_LANES && node == 1)
        n->roster.entries[3].standing = ASSAY_STANDING_SUSPENDED;
    world_count_check(w, ASSAY_SIM_CHECKER_LANES);
    for (uint32_t slot = 0; slot < n->roster.count; slot++)
        check_service(w, node, (uint16_t)slot);
    check_permit(w, node);
}

/* protocol.md 4.1.1: each node relays records to four others, or to as many as there are, and
 * relays no envelope and no ballot in a full mesh. */
void world_lanes_relayed(struct assay_sim_world *w, uint32_t node, uint16_t to, uint32_t except,
                         uint32_t count)
{
    uint32_t others = 0;
    if (world_overlay_used(w, node)) return; /* it may have fewer neighbours */
    if (to == ASSAY_SLOT_NEAR) {
        if (count > 0)
            world_report_violation(w, ASSAY_SIM_CHECKER_LANES,
                                   "node %u passes on what authors send to all", node);
        return;
    }
    if (count == 4) return;
    for (uint32_t i = 0; i < world_members(w, node); i++)
        others += i != node && i != except && w->nodes[i].alive && world_is_reachable(w, node, i);
    if (count != (others < 4 ? others : 4))
        world_report_violation(w, ASSAY_SIM_CHECKER_LANES,
                               "node %u passes on to %u of the %u it reaches", node, count, others);
}

/* protocol.md 2.10: messages of honest nodes are valid, so no node bans them, not even one whose
 * log is older than what they send. */
void world_lanes_banned(struct assay_sim_world *w, uint32_t node, uint32_t from)
{
    if (world_is_trusted(w, from))
        world_report_violation(w, ASSAY_SIM_CHECKER_LANES, "node %u bans node %u, which is honest",
                               node, from);
}

/* protocol.md 10.5.1: links lose, repeat and delay; an honest member is served last for that, never
 * shut out. */
static void check_peer_score(struct assay_sim_world *w, uint32_t node, uint32_t from)
{
    const struct assay_peer_score *peer_score = &w->nodes[node].limits[from].peer_score;
    if (peer_score->shut_count > 0 && world_is_trusted(w, from))
        world_report_violation(w, ASSAY_SIM_CHECKER_LANES,
                               "node %u shuts out node %u, which is honest", node, from);
}

static uint64_t over_rate(const struct world_node *n)
{
    return n->counters->value[ASSAY_COUNT_RATE_MESSAGES] +
           n->counters->value[ASSAY_COUNT_RATE_BYTES];
}

bool world_lanes_admit(struct assay_sim_world *w, const struct item *item, struct assay_slice bytes)
{
    struct world_node *n = &w->nodes[item->node];
    const struct assay_admission_message message = {
        .kind = (enum assay_message_kind)item->message, .payload = bytes
    };
    if (!w->options.limits || item->from == ASSAY_SLOT_SELF) return true;
    if (w->options.plant == ASSAY_SIM_WORLD_PLANT_BUDGET && item->node == 1)
        n->limits[2].messages.rate_s = 0;
    if (w->options.plant == ASSAY_SIM_WORLD_PLANT_PEER_SCORE && item->node == 1)
        n->counters->value[ASSAY_COUNT_SHUT] +=
            assay_peer_score_add_fault(&n->limits[item->from].peer_score,
                                       world_mono_ms(w, item->node), ASSAY_PEER_SCORE_OF_INVALID);
    const uint64_t before = over_rate(n);
    const bool taken =
        assay_admission_check_message(&n->admission, world_mono_ms(w, item->node), item->from,
                                      ASSAY_ROSTER_TRANSPORT, &message) == ASSAY_ADMIT_TAKEN;
    if (over_rate(n) != before && world_is_trusted(w, item->from))
        world_report_violation(
            w, ASSAY_SIM_CHECKER_LANES,
            "node %u refuses message %d of node %u, which is honest: over its budget", item->node,
            (int)message.kind, item->from);
    check_peer_score(w, item->node, item->from);
    return taken;
}
