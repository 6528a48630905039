/*
 * host/overlay/overlay.c - neighbour selection, inbound and outbound.
 */
#include "host/overlay/overlay.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/checked.h"
#include "base/crypto.h"

enum {
    ANSWER_MS_MIN = 250,
    BACKOFF_MAX = 6, /* doublings */
    MAY_ASK_MAX = 2 * ASSAY_OVERLAY_DEGREE_MAX,
};

enum side {
    SIDE_NONE,
    SIDE_ASKED, /* our choice, not answered yet: it gets what neighbours get */
    SIDE_OUT,
    SIDE_IN,
};

struct place {
    struct assay_overlay_peer peer;
    enum side side;
    bool anchor, linked, transient;
    bool urgent;               /* the transient link is */
    uint8_t failures;          /* in a row */
    enum assay_overlay_verb notify; /* message to send; 0: none */
    uint64_t received_ms;           /* last */
    uint64_t until_ms;         /* asked: deadline of the answer; none: earliest next request */
    uint64_t transient_until_ms;
    uint64_t joined_ms; /* its last request; 0: never */
    uint64_t near_ms;   /* neighbour, or asked, since then */
    bool announces;     /* an INVENTORY of it was received, last at announced_ms */
    uint64_t announced_ms;
};

struct assay_overlay {
    struct assay_overlay_config config;
    uint32_t members;
    uint64_t answer_ms;
    uint64_t drawn;    /* random numbers so far */
    bool dirty;        /* something is to be done at once */
    uint64_t wake_ms;
    uint64_t closed_ms; /* the last epoch did, or all choices were recreated; 0: not yet */
    uint64_t rotated_epoch;
    bool rotates; /* one more outbound neighbour than needed is being asked; then another one is
                   * dropped */
    uint64_t refused_ms;
    uint32_t refusals; /* since */
    uint32_t turn;
    uint32_t near_count;
    uint16_t near[ASSAY_OVERLAY_NEIGHBOURS_MAX]; /* by slot */
    struct place places[];
};

static uint32_t wanted_out(const struct assay_overlay *v)
{
    return v->config.degree - v->config.degree / 8;
}

static uint32_t max_outbound(const struct assay_overlay *v)
{
    return 2 * v->config.degree;
}

static uint32_t count_side(const struct assay_overlay *v, enum side side)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < v->near_count; i++)
        count += v->places[v->near[i]].side == side;
    return count;
}

static bool view_holds(const struct assay_overlay *v)
{
    if (v->members > v->config.capacity || v->near_count > ASSAY_OVERLAY_NEIGHBOURS_MAX)
        return false;
    for (uint32_t i = 0; i < v->near_count; i++) {
        if (v->near[i] >= v->members || v->near[i] == v->config.self) return false;
        if (v->places[v->near[i]].side == SIDE_NONE) return false;
        if (i > 0 && v->near[i - 1] >= v->near[i]) return false;
    }
    return true;
}

size_t assay_overlay_size(uint32_t capacity)
{
    return (sizeof(struct assay_overlay) + capacity * sizeof(struct place) + 63) / 64 * 64;
}

struct assay_overlay *assay_overlay_init(void *memory, const struct assay_overlay_config *config)
{
    ASSAY_ASSERT(memory != NULL && (uintptr_t)memory % 64 == 0);
    ASSAY_ASSERT(config->degree > 0 && config->degree <= ASSAY_OVERLAY_DEGREE_MAX);
    ASSAY_ASSERT(config->epoch_ms > 0 && config->self < config->capacity);
    struct assay_overlay *v = memory;
    assay_bytes_zero(v, assay_overlay_size(config->capacity));
    v->config = *config;
    v->answer_ms = assay_max_u64(ANSWER_MS_MIN, assay_min_u64(config->epoch_ms / 8, 5000));
    v->dirty = true;
    ASSAY_ASSERT(view_holds(v));
    return v;
}

/* SHA-256 of seed and a number: unpredictable without the seed. */
static uint64_t draw_random(struct assay_overlay *v)
{
    uint8_t bytes[40], digest[32];
    uint64_t number = 0;
    assay_bytes_copy(bytes, 32, v->config.seed, 32);
    for (unsigned i = 0; i < 8; i++)
        bytes[32 + i] = (uint8_t)(v->drawn >> (8 * i));
    v->drawn++;
    assay_sha256(bytes, sizeof bytes, digest);
    for (unsigned i = 0; i < 8; i++)
        number = number << 8 | digest[i];
    return number;
}

bool assay_overlay_is_used(const struct assay_overlay *v)
{
    return v->members > v->config.above;
}

/* ------------------------------------------------------------ in and out of the view */

static void add_neighbour(struct assay_overlay *v, uint64_t now_ms, uint16_t slot, enum side side)
{
    struct place *p = &v->places[slot];
    ASSAY_ASSERT(side != SIDE_NONE && slot != v->config.self);
    v->dirty = true;
    if (p->side != SIDE_NONE) {
        p->side = side;
        return;
    }
    ASSAY_ASSERT(v->near_count < ASSAY_OVERLAY_NEIGHBOURS_MAX);
    uint32_t at = v->near_count++;
    for (; at > 0 && v->near[at - 1] > slot; at--)
        v->near[at] = v->near[at - 1];
    v->near[at] = slot;
    p->side = side;
    p->near_ms = now_ms;
    ASSAY_ASSERT(view_holds(v));
}

static void remove_neighbour(struct assay_overlay *v, uint64_t now_ms, uint16_t slot, bool notify)
{
    struct place *p = &v->places[slot];
    ASSAY_ASSERT(p->side != SIDE_NONE);
    uint32_t at = 0;
    while (v->near[at] != slot)
        at++;
    for (v->near_count--; at < v->near_count; at++)
        v->near[at] = v->near[at + 1];
    p->side = SIDE_NONE;
    p->anchor = false;
    p->notify = notify ? ASSAY_OVERLAY_LEAVE : (enum assay_overlay_verb)0;
    if (notify) { /* the message needs the link a moment longer */
        p->transient = true;
        p->transient_until_ms = now_ms + v->answer_ms;
    }
    v->dirty = true;
    ASSAY_ASSERT(view_holds(v));
}

/* It did not answer, or would not: others first, ever longer. */
static void put_off_peer(const struct assay_overlay *v, struct place *p, uint64_t now_ms)
{
    p->until_ms = now_ms + (v->answer_ms << p->failures);
    if (p->failures < BACKOFF_MAX) p->failures++;
}

void assay_overlay_set_members(struct assay_overlay *v, uint32_t members)
{
    ASSAY_ASSERT(members <= v->config.capacity && v->config.self < members);
    for (uint32_t i = v->near_count; i > 0; i--)
        if (v->near[i - 1] >= members) remove_neighbour(v, 0, v->near[i - 1], false);
    v->members = members;
    v->dirty = true;
    ASSAY_ASSERT(view_holds(v));
}

void assay_overlay_peer(struct assay_overlay *v, uint64_t now_ms, uint16_t slot,
                        const struct assay_overlay_peer *peer)
{
    ASSAY_ASSERT(slot < v->members);
    struct place *p = &v->places[slot];
    if (peer->usable && !p->peer.usable) v->dirty = true;
    p->peer = *peer;
    if (slot == v->config.self) p->peer.usable = false; /* not an outbound neighbour */
    if (!p->peer.usable && p->side != SIDE_NONE) remove_neighbour(v, now_ms, slot, false);
}

/* ------------------------------------------------------------ choice of neighbours */

/* Of the neighbours on one side, or ours, how many are of the same operator or group of addresses:
 * the larger number. */
static uint32_t is_same_operator(const struct assay_overlay *v,
                                 const struct assay_overlay_peer *peer, bool ours)
{
    uint32_t operators = 0, groups = 0;
    for (uint32_t i = 0; i < v->near_count; i++) {
        const struct place *p = &v->places[v->near[i]];
        if ((p->side != SIDE_IN) != ours) continue;
        operators += p->peer.operator_ == peer->operator_;
        groups += p->peer.group == peer->group;
    }
    return operators > groups ? operators : groups;
}

/* A fixed number for an ordered pair of slots: public, and not under a member's control. */
static uint64_t pair_hash(const struct assay_overlay *v, uint32_t from, uint32_t to)
{
    uint64_t x = (uint64_t)from << 32 | to;
    for (unsigned i = 0; i < 8; i++)
        x ^= (uint64_t)v->config.network[i] << (8 * i);
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Within its own class (voters or others) a member may ask half as many again as it needs, in the
 * other class a few. The requests of a third of the members stay below a member's room for others.
 */
static uint32_t may_ask_count(const struct assay_overlay *v, uint32_t from, bool voters)
{
    const uint32_t own = v->config.degree + (v->config.degree + 1) / 2;
    return v->places[from].peer.voter == voters ? own : (own + 5) / 6;
}

/* Returns: the largest pair number that permits a request, among voters or the others. */
static uint64_t limit_of(const struct assay_overlay *v, uint32_t from, bool voters)
{
    const uint32_t most_asked = may_ask_count(v, from, voters);
    uint64_t lowest[MAY_ASK_MAX];
    uint32_t count = 0;
    ASSAY_ASSERT(most_asked > 0 && most_asked <= MAY_ASK_MAX);
    for (uint32_t to = 0; to < v->members; to++) {
        if (to == from || v->places[to].peer.voter != voters) continue;
        const uint64_t number = pair_hash(v, from, to);
        if (count == most_asked && number >= lowest[count - 1]) continue;
        uint32_t at = count < most_asked ? count++ : count - 1;
        for (; at > 0 && lowest[at - 1] > number; at--)
            lowest[at] = lowest[at - 1];
        lowest[at] = number;
    }
    return count < most_asked ? UINT64_MAX : lowest[count - 1];
}

/*
 * docs/protocol.md 4.12.2: the members that one may ask are fixed for each pair of slots. A member
 * that asks all others would fill the room for others' choices, and honest members, refused by all
 * but hostile ones, would be left with those.
 */
static bool may_join(const struct assay_overlay *v, uint32_t from, uint32_t to)
{
    return pair_hash(v, from, to) <= limit_of(v, from, v->places[to].peer.voter);
}

/* Candidates of a choice. */
enum among { AMONG_ALL, AMONG_FIRST, AMONG_VOTERS };

static bool may_ask(const struct assay_overlay *v, uint16_t slot, uint64_t now_ms, enum among among)
{
    const struct place *p = &v->places[slot];
    if (!p->peer.usable || p->side != SIDE_NONE || now_ms < p->until_ms) return false;
    return among == AMONG_ALL || (among == AMONG_FIRST ? p->peer.first : p->peer.voter);
}

/* docs/protocol.md 4.12.3: as few as possible of one operator or address group; ties are drawn at
 * random. Returns: true and *slot when there is a candidate. */
static bool choose_candidate(struct assay_overlay *v, uint64_t now_ms, enum among among,
                             uint16_t *slot)
{
    const uint64_t limits[2] = { limit_of(v, v->config.self, false),
                                 limit_of(v, v->config.self, true) };
    uint32_t best = UINT32_MAX, ties = 0;
    for (uint32_t s = 0; s < v->members; s++) {
        const struct assay_overlay_peer *peer = &v->places[s].peer;
        if (!may_ask(v, (uint16_t)s, now_ms, among)) continue;
        if (pair_hash(v, v->config.self, s) > limits[peer->voter]) continue;
        const uint32_t same = is_same_operator(v, peer, true);
        if (same > best) continue;
        ties = same < best ? 1 : ties + 1;
        best = same;
        if (draw_random(v) % ties == 0) *slot = (uint16_t)s;
    }
    return ties > 0;
}

/* docs/protocol.md 4.12.4: a voter's outbound neighbours are voters, except one, so that votes
 * spread quickly; the one connects voters with the others. */
static enum among choose_join_target(const struct assay_overlay *v)
{
    uint32_t anchors = 0, others = 0;
    for (uint32_t i = 0; i < v->near_count; i++) {
        const struct place *p = &v->places[v->near[i]];
        anchors += p->anchor;
        others += p->side != SIDE_IN && !p->peer.voter;
    }
    const bool voter = v->places[v->config.self].peer.voter;
    if (voter && others > 0) return AMONG_VOTERS;
    if (anchors < ASSAY_OVERLAY_ANCHORS && anchors + 1 < wanted_out(v)) return AMONG_FIRST;
    return AMONG_ALL;
}

static bool send_join(struct assay_overlay *v, uint64_t now_ms)
{
    uint16_t slot = 0;
    enum among among = choose_join_target(v);
    if (among != AMONG_ALL && !choose_candidate(v, now_ms, among, &slot)) among = AMONG_ALL;
    if (among == AMONG_ALL && !choose_candidate(v, now_ms, among, &slot)) return false;
    struct place *p = &v->places[slot];
    add_neighbour(v, now_ms, slot, SIDE_ASKED);
    p->anchor = among == AMONG_FIRST;
    p->until_ms = now_ms + v->answer_ms;
    p->notify = ASSAY_OVERLAY_JOIN;
    return true;
}

/* The quota of our own choices, and more of them while there are too few neighbours. */
static void fill_outbound(struct assay_overlay *v, uint64_t now_ms)
{
    for (;;) {
        const uint32_t ours = v->near_count - count_side(v, SIDE_IN);
        const bool few = ours < wanted_out(v) + (v->rotates ? 1 : 0);
        if (!few && v->near_count >= v->config.degree) return;
        if (v->near_count >= max_outbound(v) + (v->rotates ? 1 : 0) || !send_join(v, now_ms))
            return;
    }
}

/* ------------------------------------------------------------ time */

/* A random outbound neighbour that is not an anchor. Its behaviour plays no part, or the worst ones
 * would stay longest. */
static bool find_chosen(struct assay_overlay *v, uint16_t *slot)
{
    uint16_t ours[ASSAY_OVERLAY_NEIGHBOURS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < v->near_count; i++) {
        const struct place *p = &v->places[v->near[i]];
        if (p->side == SIDE_OUT && !p->anchor) ours[count++] = v->near[i];
    }
    if (count == 0) return false;
    *slot = ours[draw_random(v) % count];
    return true;
}

void assay_overlay_on_epoch_closed(struct assay_overlay *v, uint64_t now_ms, uint64_t epoch)
{
    v->closed_ms = now_ms;
    if (epoch < v->rotated_epoch + ASSAY_OVERLAY_ROTATE_EPOCHS) return;
    v->rotated_epoch = epoch;
    if (count_side(v, SIDE_OUT) < wanted_out(v)) return; /* never below the quota */
    v->rotates = true;
    v->dirty = true;
}

static void rotate_outbound(struct assay_overlay *v, uint64_t now_ms, uint16_t newest)
{
    uint16_t slot = newest;
    v->rotates = false;
    for (unsigned k = 0; k < ASSAY_OVERLAY_NEIGHBOURS_MAX && slot == newest; k++)
        if (!find_chosen(v, &slot)) return;
    if (slot == newest) return;
    put_off_peer(v, &v->places[slot], now_ms);
    v->places[slot].failures = 0;
    remove_neighbour(v, now_ms, slot, true);
}

/* docs/protocol.md 4.12.5: no epoch closed for two: perhaps all neighbours collude, or members that
 * did not answer are reachable again. */
static void replace_isolated(struct assay_overlay *v, uint64_t now_ms)
{
    uint16_t slot = 0;
    v->closed_ms = now_ms;
    for (uint32_t s = 0; s < v->members; s++) {
        struct place *p = &v->places[s];
        if (p->side != SIDE_NONE) continue;
        p->until_ms = 0;
        p->failures = 0;
    }
    for (unsigned k = 0; k < ASSAY_OVERLAY_NEIGHBOURS_MAX && find_chosen(v, &slot); k++) {
        put_off_peer(v, &v->places[slot], now_ms);
        remove_neighbour(v, now_ms, slot, true);
    }
}

/* A neighbour that does not answer, or sent nothing for an epoch, is replaced. */
static void drop_silent(struct assay_overlay *v, uint64_t now_ms)
{
    const uint64_t silence_ms = assay_max_u64(v->config.epoch_ms, 4 * v->answer_ms);
    for (uint32_t i = v->near_count; i > 0; i--) {
        const uint16_t slot = v->near[i - 1];
        struct place *p = &v->places[slot];
        const bool unanswered = p->side == SIDE_ASKED && now_ms >= p->until_ms;
        const bool silent = p->side != SIDE_ASKED && now_ms >= p->received_ms + silence_ms;
        if (!unanswered && !silent) continue;
        put_off_peer(v, p, now_ms);
        remove_neighbour(v, now_ms, slot, false);
    }
}

static uint64_t schedule_next(const struct assay_overlay *v, uint64_t now_ms)
{
    const uint64_t silence_ms = assay_max_u64(v->config.epoch_ms, 4 * v->answer_ms);
    uint64_t wake = now_ms + v->answer_ms; /* next permitted request, refusals, requested links */
    for (uint32_t i = 0; i < v->near_count; i++) {
        const struct place *p = &v->places[v->near[i]];
        const uint64_t at_ms = p->side == SIDE_ASKED ? p->until_ms : p->received_ms + silence_ms;
        wake = assay_min_u64(wake, at_ms);
    }
    return assay_max_u64(wake, now_ms + 1);
}

static void update_overlay(struct assay_overlay *v, uint64_t now_ms)
{
    if (v->closed_ms == 0) v->closed_ms = now_ms;
    if (now_ms >= v->closed_ms + 2 * (uint64_t)v->config.epoch_ms) replace_isolated(v, now_ms);
    drop_silent(v, now_ms);
    fill_outbound(v, now_ms);
    for (uint32_t s = 0; s < v->members; s++) {
        struct place *p = &v->places[s];
        if (p->transient && now_ms >= p->transient_until_ms) p->transient = p->urgent = false;
    }
    v->wake_ms = schedule_next(v, now_ms);
    v->dirty = false;
}

static bool emit_action(struct place *p, uint16_t slot, struct assay_overlay_action *action)
{
    const bool wants = p->side != SIDE_NONE || p->transient;
    if (wants != p->linked) {
        p->linked = wants;
        *action = (struct assay_overlay_action){ .kind = wants ? ASSAY_OVERLAY_LINK
                                                               : ASSAY_OVERLAY_UNLINK,
                                                 .slot = slot };
        return true;
    }
    if (p->notify == 0 || !p->linked) return false;
    *action = (struct assay_overlay_action){ .kind = ASSAY_OVERLAY_SEND,
                                             .slot = slot,
                                             .word = p->notify };
    p->notify = (enum assay_overlay_verb)0;
    return true;
}

bool assay_overlay_next(struct assay_overlay *v, uint64_t now_ms,
                        struct assay_overlay_action *action)
{
    ASSAY_ASSERT(view_holds(v));
    if (!assay_overlay_is_used(v)) return false;
    if (v->dirty || now_ms >= v->wake_ms) update_overlay(v, now_ms);
    for (uint32_t s = 0; s < v->config.capacity; s++)
        if (emit_action(&v->places[s], (uint16_t)s, action)) return true;
    return false;
}

uint64_t assay_overlay_wake_at(const struct assay_overlay *v)
{
    if (!assay_overlay_is_used(v)) return UINT64_MAX;
    return v->dirty ? 0 : v->wake_ms;
}

/* ------------------------------------------------------------ received messages */

/* Silence refuses as well: a member that requests too many links from us cannot make us dial all of
 * them. */
static void queue_refusal(struct assay_overlay *v, uint64_t now_ms, uint16_t from)
{
    struct place *p = &v->places[from];
    if (now_ms >= v->refused_ms + v->answer_ms) {
        v->refused_ms = now_ms;
        v->refusals = 0;
    }
    if (v->refusals >= ASSAY_OVERLAY_REFUSALS ||
        !assay_overlay_request_link(v, now_ms, from, false))
        return;
    v->refusals++;
    p->notify = ASSAY_OVERLAY_REFUSE;
}

/* docs/protocol.md 4.12.3, 4.12.4: others' choices have what our own leave (9 places), and no
 * operator, no group of addresses and, at a voter, no members without weight more than 3 of it. */
static bool has_inbound_room(const struct assay_overlay *v, const struct assay_overlay_peer *peer)
{
    const uint32_t room = max_outbound(v) - wanted_out(v);
    const uint32_t share = (room + 3) / 4;
    uint32_t others = 0;
    if (count_side(v, SIDE_IN) >= room || v->near_count >= max_outbound(v)) return false;
    for (uint32_t i = 0; i < v->near_count; i++)
        others += v->places[v->near[i]].side == SIDE_IN && !v->places[v->near[i]].peer.voter;
    if (v->places[v->config.self].peer.voter && !peer->voter && others >= share) return false;
    return is_same_operator(v, peer, false) < share;
}

static enum assay_status on_join(struct assay_overlay *v, uint64_t now_ms, uint16_t from)
{
    struct place *p = &v->places[from];
    if (!p->peer.usable) return ASSAY_E_STRANGER;
    if (p->joined_ms != 0 && now_ms < p->joined_ms + v->answer_ms / 2) return ASSAY_E_RATE;
    p->joined_ms = now_ms + 1; /* 0 means never */
    p->received_ms = now_ms;
    if (p->side == SIDE_NONE && !may_join(v, from, v->config.self)) return ASSAY_E_INVALID;
    if (p->side == SIDE_NONE && !has_inbound_room(v, &p->peer)) {
        queue_refusal(v, now_ms, from);
        return ASSAY_OK;
    }
    if (p->side == SIDE_ASKED)
        p->failures = 0; /* both sides asked: it stays an outbound neighbour */
    add_neighbour(v, now_ms, from,
                  p->side == SIDE_NONE    ? SIDE_IN
                  : p->side == SIDE_ASKED ? SIDE_OUT
                                          : p->side);
    p->notify = ASSAY_OVERLAY_ACCEPT;
    return ASSAY_OK;
}

static void on_accept(struct assay_overlay *v, uint64_t now_ms, uint16_t from)
{
    struct place *p = &v->places[from];
    p->received_ms = now_ms;
    if (p->side != SIDE_ASKED) return;
    p->failures = 0;
    add_neighbour(v, now_ms, from, SIDE_OUT);
    if (v->rotates && count_side(v, SIDE_OUT) > wanted_out(v)) rotate_outbound(v, now_ms, from);
}

static void on_leave(struct assay_overlay *v, uint64_t now_ms, uint16_t from, bool refused)
{
    struct place *p = &v->places[from];
    if (p->side == SIDE_NONE || (refused && p->side != SIDE_ASKED)) return;
    if (p->side != SIDE_IN) put_off_peer(v, p, now_ms);
    remove_neighbour(v, now_ms, from, false);
}

enum assay_status assay_overlay_on_neighbour(struct assay_overlay *v, uint64_t now_ms,
                                             uint16_t from, const uint8_t *payload,
                                             size_t payload_len)
{
    ASSAY_ASSERT(from < v->members && from != v->config.self);
    if (payload_len == 0) return ASSAY_E_TRUNCATED;
    if (payload_len > 1) return ASSAY_E_TRAILING;
    if (payload[0] < ASSAY_OVERLAY_JOIN || payload[0] > ASSAY_OVERLAY_LEAVE)
        return ASSAY_E_UNSUPPORTED;
    switch ((enum assay_overlay_verb)payload[0]) {
    case ASSAY_OVERLAY_JOIN: return on_join(v, now_ms, from);
    case ASSAY_OVERLAY_ACCEPT: on_accept(v, now_ms, from); return ASSAY_OK;
    case ASSAY_OVERLAY_REFUSE: on_leave(v, now_ms, from, true); return ASSAY_OK;
    case ASSAY_OVERLAY_LEAVE: on_leave(v, now_ms, from, false); return ASSAY_OK;
    }
    ASSAY_UNREACHABLE("every word returns");
}

void assay_overlay_on_message(struct assay_overlay *v, uint64_t now_ms, uint16_t from)
{
    ASSAY_ASSERT(from < v->members);
    v->places[from].received_ms = now_ms;
}

void assay_overlay_on_inventory(struct assay_overlay *v, uint64_t now_ms, uint16_t from)
{
    ASSAY_ASSERT(from < v->members);
    v->places[from].announces = true;
    v->places[from].announced_ms = now_ms;
}

bool assay_overlay_sends_inventory(const struct assay_overlay *v, uint64_t now_ms, uint16_t slot)
{
    ASSAY_ASSERT(slot < v->members);
    const struct place *p = &v->places[slot];
    const uint64_t epoch_ms = v->config.epoch_ms;
    return now_ms < p->near_ms + epoch_ms ||
           (p->announces && now_ms < p->announced_ms + 2 * epoch_ms);
}

/* Members that have their requests answered again and again, of which there may be more than links,
 * keep no voter from its vote log (docs/protocol.md 2.4). Returns: whether one gave way. */
static bool drop_transient(struct assay_overlay *v)
{
    struct place *first = NULL;
    for (uint32_t s = 0; s < v->members; s++) {
        struct place *p = &v->places[s];
        if (!p->transient || p->urgent || p->notify != 0) continue;
        if (first == NULL || p->transient_until_ms < first->transient_until_ms) first = p;
    }
    if (first != NULL) first->transient = false;
    return first != NULL;
}

bool assay_overlay_request_link(struct assay_overlay *v, uint64_t now_ms, uint16_t to, bool urgent)
{
    ASSAY_ASSERT(to < v->members && to != v->config.self);
    struct place *p = &v->places[to];
    uint32_t held = 0;
    if (p->side != SIDE_NONE) return true;
    for (uint32_t s = 0; s < v->members; s++)
        held += v->places[s].transient;
    if (!p->transient && held >= ASSAY_OVERLAY_REQUESTED_MAX && !(urgent && drop_transient(v)))
        return false;
    p->transient = true;
    p->urgent = p->urgent || urgent;
    p->transient_until_ms = now_ms + 4 * v->answer_ms;
    v->dirty = true;
    return true;
}

/* ------------------------------------------------------------ looks */

uint32_t assay_overlay_count(const struct assay_overlay *v)
{
    return v->near_count;
}

uint16_t assay_overlay_get(const struct assay_overlay *v, uint32_t k)
{
    ASSAY_ASSERT(k < v->near_count);
    return v->near[k];
}

bool assay_overlay_has(const struct assay_overlay *v, uint16_t slot)
{
    return slot < v->members && v->places[slot].side != SIDE_NONE;
}

bool assay_overlay_is_voter(const struct assay_overlay *v, uint16_t slot)
{
    return slot < v->members && v->places[slot].peer.voter;
}

bool assay_overlay_is_outbound(const struct assay_overlay *v, uint16_t slot)
{
    return slot < v->members && v->places[slot].side == SIDE_OUT;
}

bool assay_overlay_next_neighbour(struct assay_overlay *v, uint16_t *slot)
{
    if (v->near_count == 0) return false;
    *slot = v->near[v->turn++ % v->near_count];
    return true;
}

void assay_overlay_get_figures(const struct assay_overlay *v, struct assay_overlay_figures *figures)
{
    *figures = (struct assay_overlay_figures){ .outbound = count_side(v, SIDE_OUT),
                                            .inbound = count_side(v, SIDE_IN),
                                            .asked = count_side(v, SIDE_ASKED) };
    for (uint32_t s = 0; s < v->members; s++)
        figures->transient_links += v->places[s].transient;
}
