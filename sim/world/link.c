/*
 * sim/world/link.c - network model: delay and loss of messages.
 *
 * Integers only. Each ordered pair of nodes has its own stream of random numbers, so that one link
 * never depends on another. Delays of one pair are independent: later messages may overtake earlier
 * ones even without reorder_permille.
 */
#include "sim/world/world_internal.h"

#include "base/checked.h"

enum { US = 1000 };

/* -log2(u) in 1/2^32, for u = (bits + 1) / 2^64: whole part by its leading zeros, then one bit of
 * the fraction for each squaring of the mantissa. */
static uint64_t minus_log2(uint64_t bits)
{
    if (bits == UINT64_MAX) return 0;
    const uint64_t u = bits + 1;
    const unsigned zeros = (unsigned)__builtin_clzll(u);
    uint64_t mantissa = u << zeros >> 1; /* 1.0 is 2^62, below 2.0 */
    uint64_t fraction = 0;
    for (unsigned i = 0; i < 32; i++) {
        const uint64_t high = mantissa >> 31; /* 1.0 is 2^31 */
        mantissa = high * high;               /* 2^62 */
        fraction <<= 1;
        if (mantissa >> 63 != 0) {
            fraction |= 1;
            mantissa >>= 1;
        }
    }
    /* log2(u / 2^64) = -1 - zeros + fraction */
    return ((uint64_t)(zeros + 1) << 32) - fraction;
}

/* -ln(u) * mean, rounded down; u as above. ln 2 in 1/2^32. */
static uint64_t draw_exponential(uint64_t bits, uint64_t mean)
{
    const uint64_t ln2 = 2977044472ULL;
    const uint64_t log = minus_log2(bits); /* at most 64 * 2^32 */
    const uint64_t whole = (log >> 32) * ln2 + ((log & UINT32_MAX) * ln2 >> 32);
    return mean * (whole >> 16) >> 16; /* mean below 2^26 us: one minute */
}

static uint64_t square_root(uint64_t n)
{
    uint64_t low = 0;
    uint64_t high = UINT32_MAX;
    while (low < high) {
        const uint64_t middle = low + (high - low + 1) / 2;
        if (middle * middle <= n) low = middle;
        else high = middle - 1;
    }
    return low;
}

uint64_t world_delay_us(const struct assay_sim_link *link, struct assay_sim_random *random)
{
    const uint64_t min = (uint64_t)link->delay_min_ms * US;
    const uint64_t max = (uint64_t)link->delay_max_ms * US;
    switch (link->delay) {
    case ASSAY_SIM_DELAY_UNIFORM: return assay_sim_random_between(random, min, max);
    case ASSAY_SIM_DELAY_EXPONENTIAL: {
        const uint64_t beyond = (uint64_t)(link->delay_mean_ms - link->delay_min_ms) * US;
        return assay_min_u64(min + draw_exponential(assay_sim_random_next(random), beyond), max);
    }
    case ASSAY_SIM_DELAY_PARETO: { /* min / sqrt(u) */
        const uint64_t r = square_root(assay_sim_random_next(random) | 1);
        return assay_min_u64((min << 32) / (r == 0 ? 1 : r), max);
    }
    }
    ASSAY_UNREACHABLE("every distribution returns");
}

bool world_is_reachable(const struct assay_sim_world *w, uint32_t from, uint32_t to)
{
    if (w->partitioned && w->groups[from] != w->groups[to]) return false;
    return w->cut == NULL || w->cut[(size_t)from * w->options.nodes + to] == 0;
}

/* The uplink sends one message at a time. Returns: when this one has left. */
static uint64_t reserve_uplink_us(struct assay_sim_world *w, uint32_t from, size_t len)
{
    struct world_node *n = &w->nodes[from];
    if (w->link.bandwidth_kbit_s == 0) return w->now_us;
    const uint64_t begin = n->uplink_us > w->now_us ? n->uplink_us : w->now_us;
    n->uplink_us = begin + (uint64_t)len * 8 * US / w->link.bandwidth_kbit_s;
    return n->uplink_us;
}

/* Additional delay between two regions. */
static uint64_t region_delay_us(const struct assay_sim_link *link, uint32_t from, uint32_t to)
{
    const uint32_t a = from % 3 < to % 3 ? from % 3 : to % 3;
    const uint32_t b = from % 3 < to % 3 ? to % 3 : from % 3;
    if (a == b) return 0;
    if (a == 1) return (uint64_t)link->regions_12_ms * US;
    return (uint64_t)(b == 1 ? link->regions_01_ms : link->regions_02_ms) * US;
}

uint64_t world_path_us(const struct assay_sim_link *link, struct assay_sim_random *random,
                       uint32_t from, uint32_t to)
{
    return world_delay_us(link, random) + region_delay_us(link, from, to);
}

/* A relayed message has made some hops already. */
static uint32_t hops_so_far(const struct assay_sim_world *w, struct world_payload *payload)
{
    if (w->handled == NULL || w->handled_hops >= UINT8_MAX - 1) return 0;
    if (payload == w->handled) return w->handled_hops;
    if (payload->len != w->handled->len) return 0;
    return assay_bytes_equal(world_payload_digest(payload), world_payload_digest(w->handled), 32)
               ? w->handled_hops
               : 0;
}

static void schedule_delivery(struct assay_sim_world *w, uint32_t from, uint32_t to,
                              enum assay_message_kind kind, struct world_payload *payload,
                              uint64_t left_us)
{
    struct assay_sim_random *random = &w->links[(size_t)from * w->options.nodes + to];
    uint64_t delay = world_path_us(&w->link, random, from, to);
    if (assay_sim_random_permille(random, w->link.reorder_permille))
        delay += (uint64_t)w->link.reorder_ms * US;
    struct item *item = world_item(w, to, ITEM_MESSAGE);
    item->from = (uint16_t)from;
    item->message = (uint8_t)kind;
    item->payload = payload;
    payload->refs++;
    if (world_overlay_used(w, from)) {
        const uint64_t ready_us = w->ready_us[(size_t)from * w->options.nodes + to];
        if (left_us < ready_us) left_us = ready_us;
        item->hops = (uint8_t)(hops_so_far(w, payload) + 1);
    }
    world_push(w, item, left_us + w->extra_delay_us + world_run_delay_us(w, from, kind) + delay);
}

/* The loss rate of a kind: of all kinds alike, or of that kind alone. */
static uint32_t loss_of(const struct assay_sim_link *link, enum assay_message_kind kind)
{
    bool meant = true;
    switch (link->loss_of) {
    case ASSAY_SIM_LOSING_ALL: break;
    case ASSAY_SIM_LOSING_PROPOSAL: meant = kind == ASSAY_MESSAGE_PROPOSAL; break;
    case ASSAY_SIM_LOSING_VOTE: meant = kind == ASSAY_MESSAGE_VOTE; break;
    case ASSAY_SIM_LOSING_CERTIFICATE: meant = kind == ASSAY_MESSAGE_CERTIFICATE; break;
    case ASSAY_SIM_LOSING_ENVELOPE: meant = kind == ASSAY_MESSAGE_ENVELOPE; break;
    case ASSAY_SIM_LOSING_RECORD: meant = kind == ASSAY_MESSAGE_RECORD; break;
    case ASSAY_SIM_LOSING_EVIDENCE: meant = kind == ASSAY_MESSAGE_EVIDENCE; break;
    }
    return meant ? link->loss_permille : 0;
}

/* Returns: whether it reaches a node of this world. */
static bool carry_over_bridge(const struct assay_sim_world *w, uint32_t from, uint32_t to,
                              enum assay_message_kind kind, const struct world_payload *payload)
{
    const struct assay_slice bytes = assay_slice_over(payload->bytes, payload->len);
    w->bridge.carry(w->bridge.context, from, to, kind, bytes);
    return w->bridge.passes(w->bridge.context, from, to, kind, bytes);
}

void world_deliver(struct assay_sim_world *w, uint32_t from, uint32_t to,
                   enum assay_message_kind kind, struct world_payload *payload)
{
    struct assay_sim_random *random = &w->links[(size_t)from * w->options.nodes + to];
    if (!world_run_relays(w, from, to, kind, payload)) return;
    if (w->bridge.carry != NULL && !carry_over_bridge(w, from, to, kind, payload)) return;
    const uint64_t left_us = reserve_uplink_us(w, from, (size_t)payload->len + FRAME_LEN);
    if (!w->nodes[to].alive || !world_is_reachable(w, from, to) ||
        assay_sim_random_permille(random, loss_of(&w->link, kind))) {
        w->count.lost++;
        return;
    }
    schedule_delivery(w, from, to, kind, payload, left_us);
    if (assay_sim_random_permille(random, w->link.duplicate_permille))
        schedule_delivery(w, from, to, kind, payload, left_us);
}

void world_receive_bridged(struct assay_sim_world *w, uint32_t from, uint32_t to,
                           enum assay_message_kind kind, struct assay_slice bytes)
{
    if (!w->nodes[to].alive) return;
    struct world_payload *payload = world_payload(w, bytes.bytes, bytes.len);
    schedule_delivery(w, from, to, kind, payload, w->now_us);
    world_payload_drop(w, payload);
}

/* A route from one node to another, now. */
struct way {
    const struct assay_sim_world *w;
    uint32_t from;
};

static bool is_reachable(void *context, uint16_t slot)
{
    const struct way *way = context;
    if (way->w->bridge.carry != NULL) return true; /* it may be alive in the other world */
    return way->w->nodes[slot].alive && world_is_reachable(way->w, way->from, slot);
}

/* again: its author sends it once more. */
static void send_routed(struct assay_sim_world *w, uint32_t from, uint16_t to, uint16_t except,
                        enum assay_message_kind kind, struct world_payload *payload, bool again)
{
    const struct world_node *n = &w->nodes[from];
    struct way way = { .w = w, .from = from };
    const uint8_t *digest = assay_relay_is_relay(to, except) ? world_payload_digest(payload) : NULL;
    const struct assay_outbound_message message = {
        .to = to,
        .except = except,
        .kind = kind,
        .payload = assay_slice_over(payload->bytes, payload->len)
    };
    struct assay_relay walk =
        assay_overlay_driver_route(&n->driver, n->engine, world_mono_ms(w, from),
                                   world_members(w, from), &message, digest, again);
    uint16_t slot = 0;
    uint32_t count = 0;
    for (; assay_relay_next(&walk, is_reachable, &way, &slot); count++) {
        world_overlay_turn(w, from); /* a queued message opens a link */
        world_deliver(w, from, slot, kind, payload);
    }
    if (assay_relay_is_relay(to, except)) world_lanes_relayed(w, from, to, except, count);
}

void world_send(struct assay_sim_world *w, uint32_t from, uint16_t to, uint16_t except,
                enum assay_message_kind kind, struct world_payload *payload)
{
    if (kind == ASSAY_MESSAGE_VOTE_REQUEST_MISSING)
        assay_overlay_driver_on_request(&w->nodes[from].driver, world_mono_ms(w, from), to,
                                        assay_slice_over(payload->bytes, payload->len));
    send_routed(w, from, to, except, kind, payload, false);
}

void world_relay(struct assay_sim_world *w, uint32_t from, uint16_t except,
                 enum assay_message_kind kind, struct world_payload *payload, bool again)
{
    send_routed(w, from, ASSAY_SLOT_ALL, except, kind, payload, again);
}
