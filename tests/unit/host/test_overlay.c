/*
 * tests/unit/host/test_overlay.c - tests of the overlay.
 *
 * Neighbours instead of everybody (docs/protocol.md 4.12.1): many views under one clock, each
 * message a step long. Figures are printed; what they must be is asserted.
 */
#include "host/overlay/overlay.h"

#include "base/bytes.h"
#include "tests/support/depth.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MEMBERS_MAX = 1000,
    STEP_MS = 50,
    EPOCH_MS = 60000,
    DEGREE = 8,
    OPERATORS = 100,
    VOTERS = 100,
};

struct letter {
    uint16_t from, to;
    uint8_t word;
};

static struct {
    uint32_t members;
    uint64_t now_ms;
    struct assay_overlay *views[MEMBERS_MAX];
    bool down[MEMBERS_MAX], hostile[MEMBERS_MAX];
    bool cut; /* who is even hears nobody that is odd, and they nobody that is even */
    uint8_t links[MEMBERS_MAX][MEMBERS_MAX]; /* from, to */
    struct letter *sent, *next;
    size_t sent_count, next_count, capacity;
} net;

static uint64_t mixed(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void post(uint16_t from, uint16_t to, uint8_t word)
{
    if (net.next_count == net.capacity) {
        net.capacity = net.capacity == 0 ? 4096 : 2 * net.capacity;
        net.next = realloc(net.next, net.capacity * sizeof *net.next);
        net.sent = realloc(net.sent, net.capacity * sizeof *net.sent);
        cr_assert(net.next != NULL && net.sent != NULL);
    }
    net.next[net.next_count++] = (struct letter){ from, to, word };
}

static struct assay_overlay *make(uint32_t self, uint32_t members, uint64_t seed)
{
    struct assay_overlay_config config = { .self = (uint16_t)self,
                                           .capacity = members,
                                           .above = ASSAY_OVERLAY_ABOVE,
                                           .degree = DEGREE,
                                           .epoch_ms = EPOCH_MS };
    for (size_t i = 0; i < 32; i++)
        config.seed[i] = (uint8_t)mixed(seed * 1000003 + self * 64 + i);
    struct assay_overlay *view =
        assay_overlay_init(aligned_alloc(64, assay_overlay_size(members)), &config);
    assay_overlay_set_members(view, members);
    for (uint32_t s = 0; s < members; s++) {
        const struct assay_overlay_peer peer = { .usable = true,
                                                 .first = true,
                                                 .voter = s < VOTERS,
                                                 .operator_ = s % OPERATORS,
                                                 .group = s % OPERATORS };
        assay_overlay_peer(view, net.now_ms, (uint16_t)s, &peer);
    }
    return view;
}

static bool parted(uint32_t a, uint32_t b)
{
    return net.cut && a % 2 != b % 2;
}

static void begin(uint32_t members, uint64_t seed)
{
    net.members = members;
    net.now_ms = 1000;
    net.sent_count = net.next_count = 0;
    net.cut = false;
    assay_bytes_zero(net.links, sizeof net.links);
    for (uint32_t i = 0; i < members; i++) {
        net.down[i] = net.hostile[i] = false;
        net.views[i] = make(i, members, seed);
    }
}

static void end(void)
{
    for (uint32_t i = 0; i < net.members; i++)
        free(net.views[i]);
    free(net.sent);
    free(net.next);
    net.sent = net.next = NULL;
    net.capacity = 0;
}

static void obey(uint32_t node)
{
    struct assay_overlay_action action;
    while (assay_overlay_next(net.views[node], net.now_ms, &action)) {
        uint8_t *link = &net.links[node][action.slot];
        switch (action.kind) {
        case ASSAY_OVERLAY_LINK:
            cr_assert_eq(*link, 0);
            *link = 1;
            break;
        case ASSAY_OVERLAY_UNLINK:
            cr_assert_eq(*link, 1);
            *link = 0;
            break;
        case ASSAY_OVERLAY_SEND:
            cr_assert_eq(*link, 1, "it is told over a link");
            post((uint16_t)node, action.slot, (uint8_t)action.word);
            break;
        }
    }
}

/* Whoever is up is heard by its neighbours all the time; a hostile one, too. */
static void hear_all(void)
{
    for (uint32_t i = 0; i < net.members; i++)
        for (uint32_t k = 0; !net.down[i] && k < assay_overlay_count(net.views[i]); k++) {
            const uint16_t s = assay_overlay_get(net.views[i], k);
            if (!net.down[s] && !parted(i, s))
                assay_overlay_on_message(net.views[s], net.now_ms, (uint16_t)i);
        }
}

static void run(uint64_t ms)
{
    for (const uint64_t until = net.now_ms + ms; net.now_ms < until; net.now_ms += STEP_MS) {
        struct letter *const swap = net.sent;
        net.sent = net.next;
        net.sent_count = net.next_count;
        net.next = swap;
        net.next_count = 0;
        for (size_t i = 0; i < net.sent_count; i++) {
            const struct letter *l = &net.sent[i];
            if (net.down[l->to] || net.down[l->from] || parted(l->to, l->from)) continue;
            const enum assay_status status =
                assay_overlay_on_neighbour(net.views[l->to], net.now_ms, l->from, &l->word, 1);
            assay_status_ignore(status, "asked too often");
        }
        if (net.now_ms % 1000 < STEP_MS) hear_all();
        for (uint32_t i = 0; i < net.members; i++)
            if (!net.down[i] && assay_overlay_wake_at(net.views[i]) <= net.now_ms) obey(i);
    }
}

/* Both say that they are neighbours, and neither is down. */
static bool joined(uint32_t a, uint32_t b)
{
    return !net.down[a] && !net.down[b] && assay_overlay_has(net.views[a], (uint16_t)b) &&
           assay_overlay_has(net.views[b], (uint16_t)a);
}

Test(host_overlay, with_few_members_everybody_is_everybodys_neighbour)
{
    struct assay_overlay_action action;
    net.now_ms = 1;
    struct assay_overlay *view = make(3, ASSAY_OVERLAY_ABOVE, 1);
    cr_expect_not(assay_overlay_is_used(view));
    cr_expect_not(assay_overlay_next(view, 1, &action));
    cr_expect_eq(assay_overlay_wake_at(view), UINT64_MAX);
    free(view);
    view = make(3, ASSAY_OVERLAY_ABOVE + 1, 1);
    cr_expect(assay_overlay_is_used(view));
    cr_expect(assay_overlay_next(view, 1, &action));
    free(view);
}

Test(host_overlay, has_degree_to_twice_as_many_neighbours_and_its_own_quota)
{
    begin(300, 7);
    run(30 * 1000);
    uint32_t low = UINT32_MAX, high = 0, one_sided = 0, total = 0;
    for (uint32_t i = 0; i < net.members; i++) {
        struct assay_overlay_figures f;
        assay_overlay_get_figures(net.views[i], &f);
        const uint32_t count = assay_overlay_count(net.views[i]);
        low = count < low ? count : low;
        high = count > high ? count : high;
        total += count;
        cr_expect_geq(f.outbound, DEGREE / 2, "node %u chose %u", i, f.outbound);
        for (uint32_t k = 0; k < count; k++)
            one_sided += !joined(i, assay_overlay_get(net.views[i], k));
    }
    printf("300 members: %u to %u neighbours, %u on average\n", low, high, total / net.members);
    cr_expect_geq(low, DEGREE);
    cr_expect_leq(high, 2 * DEGREE);
    cr_expect_eq(one_sided, 0, "%u think so alone", one_sided);
    end();
}

/* Hops over those who pass on. Returns: how many of the first voters are reached in at most
 * that many. */
static uint32_t reached(uint32_t from, uint32_t voters, uint32_t hops_max)
{
    static uint16_t queue[MEMBERS_MAX];
    static uint8_t hops[MEMBERS_MAX];
    uint32_t head = 0, tail = 0, count = 0;
    for (uint32_t i = 0; i < net.members; i++)
        hops[i] = UINT8_MAX;
    hops[from] = 0;
    queue[tail++] = (uint16_t)from;
    while (head < tail) {
        const uint16_t node = queue[head++];
        if (node != from && net.hostile[node]) continue; /* hears, and is silent */
        for (uint32_t k = 0; k < assay_overlay_count(net.views[node]); k++) {
            const uint16_t s = assay_overlay_get(net.views[node], k);
            if (!joined(node, s) || hops[s] != UINT8_MAX) continue;
            hops[s] = (uint8_t)(hops[node] + 1);
            queue[tail++] = s;
        }
    }
    for (uint32_t i = 0; i < voters; i++)
        count += !net.down[i] && !net.hostile[i] && hops[i] <= hops_max;
    return count;
}

static uint32_t good(uint32_t limit)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < limit; i++)
        count += !net.down[i] && !net.hostile[i];
    return count;
}

/* Pairs of voters that are well, and how many of them are within that many hops. */
static uint64_t pairs_within(uint32_t hops_max, uint64_t *pairs)
{
    uint64_t within = 0;
    *pairs = 0;
    for (uint32_t i = 0; i < VOTERS; i++) {
        if (net.down[i] || net.hostile[i]) continue;
        within += reached(i, VOTERS, hops_max);
        *pairs += good(VOTERS);
    }
    printf("%llu of %llu pairs of voters within %u hops\n", (unsigned long long)within,
           (unsigned long long)*pairs, hops_max);
    return within;
}

/* Whatever the seed; with so many gone a pair in a thousand needs a fourth hop. */
Test(host_overlay, reaches_the_voters_in_three_hops_of_a_thousand, .timeout = 600)
{
    for (uint64_t seed = 11; seed < 15; seed++) {
        uint64_t pairs = 0;
        begin(1000, seed);
        run(20 * 1000);
        const uint64_t all = pairs_within(3, &pairs);
        cr_expect_eq(all, pairs);
        uint32_t others = 0; /* that voters chose: one each at most */
        for (uint32_t i = 0; i < VOTERS; i++)
            for (uint32_t k = VOTERS; k < net.members; k++)
                others += assay_overlay_is_outbound(net.views[i], (uint16_t)k);
        printf("voters chose %u that are none\n", others);
        cr_expect_leq(others, VOTERS);
        for (uint32_t i = 0; i < net.members; i++) {
            net.down[i] = mixed(i) % 10 == 0;
            net.hostile[i] = mixed(i + 5000) % 3 == 0;
        }
        for (unsigned k = 0; k < 2; k++) { /* the dead are noticed, their places are taken */
            run(EPOCH_MS);
            for (uint32_t i = 0; i < net.members; i++)
                assay_overlay_on_epoch_closed(net.views[i], net.now_ms, 1);
        }
        printf("a tenth down, a third silent:\n");
        const uint64_t three = pairs_within(3, &pairs);
        cr_expect_gt(1000 * three, 995 * pairs);
        const uint64_t four = pairs_within(4, &pairs);
        cr_expect_eq(four, pairs);
        end();
    }
}

/* Hostile members ask an honest one again and again, all of them. */
static void besiege(uint32_t victims)
{
    const uint8_t word = ASSAY_OVERLAY_JOIN;
    for (uint32_t victim = 0; victim < victims; victim++)
        for (uint32_t i = 0; i < net.members; i++) {
            if (!net.hostile[i] || net.hostile[victim]) continue;
            const enum assay_status status =
                assay_overlay_on_neighbour(net.views[victim], net.now_ms, (uint16_t)i, &word, 1);
            assay_status_ignore(status, "asked too often");
        }
}

struct siege {
    uint64_t neighbours, hostile, own, own_hostile, alone;
};

static struct siege look_at_siege(void)
{
    struct siege found = { 0 };
    for (uint32_t i = 0; i < net.members; i++) {
        uint32_t honest = 0;
        if (net.hostile[i]) continue;
        for (uint32_t k = 0; k < assay_overlay_count(net.views[i]); k++) {
            const uint16_t s = assay_overlay_get(net.views[i], k);
            const bool chosen = assay_overlay_is_outbound(net.views[i], s);
            found.neighbours++;
            found.hostile += net.hostile[s];
            found.own += chosen;
            found.own_hostile += chosen && net.hostile[s];
            honest += !net.hostile[s];
        }
        found.alone += honest == 0;
    }
    return found;
}

/* Figures: a third of 300 members is hostile, never refuses and asks everybody all the time. */
Test(host_overlay, a_third_that_asks_all_the_time_does_not_fill_a_view, .timeout = 600)
{
    const uint64_t epochs = 24 / test_every(3);
    uint64_t alone = 0, worst = 0, looks = 0;
    begin(300, 5);
    for (uint32_t i = 0; i < net.members; i++)
        net.hostile[i] = i % 3 == 0;
    for (uint64_t epoch = 1; epoch <= epochs; epoch++) {
        for (unsigned k = 0; k < 6; k++) {
            besiege(net.members);
            run(EPOCH_MS / 6);
        }
        for (uint32_t i = 0; i < net.members; i++)
            assay_overlay_on_epoch_closed(net.views[i], net.now_ms, epoch);
        const struct siege found = look_at_siege();
        const uint64_t own_permille = 1000 * found.own_hostile / found.own;
        if (epoch % 8 == 0)
            printf("epoch %llu: hostile %llu of 1000 neighbours, %llu of 1000 own choices; "
                   "%llu nodes without an honest one\n",
                   (unsigned long long)epoch,
                   (unsigned long long)(1000 * found.hostile / found.neighbours),
                   (unsigned long long)own_permille, (unsigned long long)found.alone);
        worst = own_permille > worst ? own_permille : worst;
        alone += found.alone;
        looks += 200;
    }
    printf("without an honest neighbour: %llu of %llu looks\n", (unsigned long long)alone,
           (unsigned long long)looks);
    cr_expect_lt(worst, 420, "own choices %llu of 1000 hostile", (unsigned long long)worst);
    cr_expect_eq(alone, 0);
    end();
}

/* One operator, or one place, with a third of the members: as few of our choices as there can be.
 */
Test(host_overlay, choices_are_spread_over_operators_and_addresses)
{
    uint64_t same = 0, all = 0;
    begin(300, 9);
    for (uint32_t i = 0; i < net.members; i++)
        for (uint32_t s = 0; s < net.members; s++) {
            const struct assay_overlay_peer peer = { .usable = true,
                                                     .first = true,
                                                     .operator_ = s % OPERATORS,
                                                     .group = s % 3 == 0 ? 7777 : s };
            assay_overlay_peer(net.views[i], net.now_ms, (uint16_t)s, &peer);
        }
    run(20 * 1000);
    for (uint32_t i = 0; i < net.members; i++) {
        uint32_t one_place = 0;
        for (uint32_t k = 0; k < assay_overlay_count(net.views[i]); k++) {
            const uint16_t s = assay_overlay_get(net.views[i], k);
            if (!assay_overlay_is_outbound(net.views[i], s)) continue;
            one_place += s % 3 == 0;
            all++;
        }
        same += one_place;
    }
    printf("one group of addresses with a third of the members: %llu of %llu choices\n",
           (unsigned long long)same, (unsigned long long)all);
    cr_expect_lt(100 * same, 27 * all, "it has a third of the members");
    end();
}

Test(host_overlay, words_that_are_none_are_refused)
{
    begin(ASSAY_OVERLAY_ABOVE + 1, 3);
    const uint8_t join = ASSAY_OVERLAY_JOIN, none = 0, five = 5;
    const uint8_t two[2] = { ASSAY_OVERLAY_JOIN, 0 };
    cr_expect_eq(assay_overlay_on_neighbour(net.views[0], 1000, 1, &join, 0), ASSAY_E_TRUNCATED);
    cr_expect_eq(assay_overlay_on_neighbour(net.views[0], 1000, 1, two, 2), ASSAY_E_TRAILING);
    cr_expect_eq(assay_overlay_on_neighbour(net.views[0], 1000, 1, &none, 1), ASSAY_E_UNSUPPORTED);
    cr_expect_eq(assay_overlay_on_neighbour(net.views[0], 1000, 1, &five, 1), ASSAY_E_UNSUPPORTED);
    cr_expect_eq(assay_overlay_count(net.views[0]), 0);
    uint32_t may = 0;
    for (uint16_t s = 1; s < net.members; s++) {
        const enum assay_status status =
            assay_overlay_on_neighbour(net.views[0], 1000, s, &join, 1);
        cr_expect(status == ASSAY_OK || status == ASSAY_E_INVALID);
        may += status == ASSAY_OK;
        cr_expect_eq(assay_overlay_on_neighbour(net.views[0], 1001, s, &join, 1), ASSAY_E_RATE);
    }
    printf("%u of %u may ask one\n", may, net.members - 1);
    cr_expect_lt(may, 30);
    cr_expect_gt(may, 5);
    end();
}

Test(host_overlay, who_is_silent_gives_its_place_to_another_and_waits)
{
    struct assay_overlay_action action;
    begin(100, 3);
    run(10 * 1000);
    const uint16_t gone = assay_overlay_get(net.views[0], 0);
    net.down[gone] = true;
    run(EPOCH_MS + 5000);
    cr_expect_not(assay_overlay_has(net.views[0], gone));
    cr_expect_geq(assay_overlay_count(net.views[0]), DEGREE);
    cr_expect_not(assay_overlay_next(net.views[0], net.now_ms, &action), "nothing is left to do");
    end();
}

Test(host_overlay, a_transient_link_is_kept_for_a_while)
{
    struct assay_overlay_figures f;
    begin(200, 3);
    run(10 * 1000);
    uint16_t far = 1;
    while (assay_overlay_has(net.views[0], far))
        far++;
    cr_expect(assay_overlay_request_link(net.views[0], net.now_ms, far, false));
    run(100);
    cr_expect_eq(net.links[0][far], 1);
    run(60 * 1000);
    cr_expect_eq(net.links[0][far], 0);
    uint32_t held = 0;
    for (uint16_t s = 1; s < net.members; s++)
        held += !assay_overlay_has(net.views[0], s) &&
                assay_overlay_request_link(net.views[0], net.now_ms, s, false);
    assay_overlay_get_figures(net.views[0], &f);
    cr_expect_eq(held, ASSAY_OVERLAY_REQUESTED_MAX);
    cr_expect_eq(f.transient_links, ASSAY_OVERLAY_REQUESTED_MAX);
    end();
}

/* Of a third of a large network each member can have a link opened for the answer to a date, again
 * and again: more than there are links. */
Test(host_overlay, links_for_a_vote_log_take_those_for_anything_else)
{
    enum { SEATS = 100 };
    struct assay_overlay_figures f;
    begin(400, 3);
    run(10 * 1000);
    struct assay_overlay *view = net.views[0];
    uint32_t others = 0, urgent = 0, beyond = 0;
    for (uint16_t s = (uint16_t)(net.members - 1); s > SEATS; s--)
        others +=
            !assay_overlay_has(view, s) && assay_overlay_request_link(view, net.now_ms, s, false);
    cr_expect_eq(others, ASSAY_OVERLAY_REQUESTED_MAX);
    cr_expect_not(assay_overlay_request_link(view, net.now_ms, SEATS + 1, false) &&
                  !assay_overlay_has(view, SEATS + 1));
    for (uint16_t s = 1; s <= SEATS; s++)
        urgent += assay_overlay_request_link(view, net.now_ms, s, true);
    cr_expect_eq(urgent, SEATS, "each voter");
    assay_overlay_get_figures(view, &f);
    cr_expect_eq(f.transient_links, ASSAY_OVERLAY_REQUESTED_MAX, "%u", f.transient_links);
    for (uint16_t s = SEATS + 1; s < net.members; s++) /* none takes an urgent one */
        beyond += assay_overlay_request_link(view, net.now_ms, s, false);
    cr_expect_lt(beyond, ASSAY_OVERLAY_REQUESTED_MAX);
    for (uint16_t s = 1; s <= SEATS; s++)
        urgent += assay_overlay_request_link(view, net.now_ms, s, false);
    cr_expect_eq(urgent, 2 * SEATS, "they are still there");
    run(60 * 1000);
    assay_overlay_get_figures(view, &f);
    cr_expect_eq(f.transient_links, 0, "they end like others");
    end();
}

/* docs/protocol.md 4.12.5: a node whose epochs do not close makes its choices anew. */
Test(host_overlay, who_sees_no_epoch_close_chooses_anew)
{
    begin(200, 3);
    run(10 * 1000);
    uint32_t kept = 0, before = 0;
    bool chosen[200] = { 0 };
    for (uint16_t s = 0; s < net.members; s++) {
        chosen[s] = assay_overlay_is_outbound(net.views[0], s);
        before += chosen[s];
    }
    for (unsigned k = 0; k < 3; k++) {
        for (uint32_t i = 1; i < net.members; i++)
            assay_overlay_on_epoch_closed(net.views[i], net.now_ms, 1);
        run(EPOCH_MS);
    }
    for (uint16_t s = 0; s < net.members; s++)
        kept += chosen[s] && assay_overlay_is_outbound(net.views[0], s);
    cr_expect_geq(before, 6);
    cr_expect_lt(kept, before, "%u of %u are the same", kept, before); /* anchors are */
    end();
}

/* Returns: own choices of somebody in the other half that said yes. */
static uint32_t across(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < net.members; i++)
        for (uint32_t k = 0; k < net.members; k++)
            count += i % 2 != k % 2 && assay_overlay_is_outbound(net.views[i], (uint16_t)k);
    return count;
}

/* docs/protocol.md 4.12.5: of a cut that lasted long one half has put off the other ever longer.
 * Epochs do not close, so all are asked again, and the halves are one within 2T. */
Test(host_overlay, who_was_cut_off_is_asked_again_while_no_epoch_closes)
{
    begin(100, 5);
    run(10 * 1000);
    cr_expect_geq(across(), net.members);
    net.cut = true;
    run(20 * EPOCH_MS);
    cr_assert_eq(across(), 0);
    net.cut = false;
    run(2 * EPOCH_MS + 10 * 1000);
    printf("%u choices of 100 members lead across\n", across());
    cr_expect_geq(across(), net.members);
    end();
}
