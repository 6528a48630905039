/*
 * tests/unit/engine/test_era_twins.c - Twins (sim/twins/twins.h) over eras: members that run twice
 * under one identity, while operators are replaced, fence, and begin an era on one side of a cut.
 *
 * Two worlds of one seed are one network up to the moment of the split. Then each honest node is
 * killed in one of the two, and the twins live on in both, with whole logs and the same keys. A
 * bridge carries messages from one side to the other, where the schedule lets them pass.
 *
 * The goal (docs/protocol.md 9.14 to 9.16.5): with twins of less than a third of the weight no two
 * honest nodes hold different final blocks of one height, whenever the RECOVER was certain; where
 * it was forced and they do, both sides have alarmed when they were in contact for a while. And
 * the network goes on.
 */
#include "tests/support/depth.h"
#include "tests/unit/engine/decide.h"

#include "engine/parts/engine_internal.h"
#include "engine/parts/era.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum {
    EPOCH_MS = 400,
    NODES = 7,
    SLICE_MS = 5,
    PHASES = 8,
    PHASE_MS = 300,
    MEET_EPOCHS = 20,
    HEIGHTS = 4096,
    NEVER = PHASES,
    SEEDS = 72
};

struct schedule {
    uint64_t seed;
    uint32_t nodes, twins;
    uint32_t split_ms;                /* behind the second epoch, in which operators are replaced */
    bool replaces;                    /* operators, in epoch 6 */
    uint8_t side_of[NODES];           /* of the honest; twins are the last slots */
    uint8_t passes[PHASES][2][NODES]; /* [from side][from]: bit per receiver on the other one */
    uint32_t fence_at[2], fence_node[2];
    bool one_fence; /* both sides are given the same document */
    uint32_t recover_at, recover_side, shown_at;
    bool hides;   /* F of the side that begins an era reach the other one alone */
    bool slow;    /* who takes the RECOVER first passes it on to nobody */
    uint8_t mute; /* bit per node that is not asked */
};

struct pair {
    const struct schedule *s;
    struct assay_sim_world *side[2];
    struct carrier {
        struct pair *pair;
        uint32_t side;
    } carriers[2];
    uint32_t phase; /* PHASES: healed */
    bool began, certain;
    uint8_t *recover;
    size_t recover_len;
};

static bool is_twin(const struct schedule *s, uint32_t slot)
{
    return slot >= s->nodes - s->twins;
}

static bool lives(const struct schedule *s, uint32_t side, uint32_t slot)
{
    return is_twin(s, slot) || s->side_of[slot] == side;
}

/* --- two worlds */

static bool is_final(enum assay_message_kind kind, struct assay_slice bytes, uint32_t slots)
{
    struct assay_vote vote;
    struct assay_vote_certificate certificate;
    if (kind == ASSAY_MESSAGE_VOTE && assay_vote_decode(bytes, &vote) == ASSAY_OK)
        return vote.statement.type == ASSAY_VOTE_FINALISE;
    return kind == ASSAY_MESSAGE_CERTIFICATE &&
           assay_certificate_decode(bytes, slots, &certificate) == ASSAY_OK &&
           certificate.statement.type == ASSAY_VOTE_FINALISE;
}

/* While F of the side that will begin an era reach the other side alone. */
static bool hides(const struct pair *p, uint32_t side)
{
    return p->s->hides && side == p->s->recover_side && p->phase <= p->s->shown_at;
}

static bool passes(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                   struct assay_slice bytes)
{
    const struct carrier *c = context;
    const struct pair *p = c->pair;
    (void)from;
    (void)to;
    if (p->s->slow && kind == ASSAY_MESSAGE_RECOVER && p->phase < p->s->shown_at) return false;
    return !hides(p, c->side) || !is_final(kind, bytes, p->s->nodes);
}

/* Evidence stays on its side: it is absent on the other, which costs no vote. */
static void carry(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                  struct assay_slice bytes)
{
    const struct carrier *c = context;
    const struct pair *p = c->pair;
    if (kind == ASSAY_MESSAGE_EVIDENCE || kind == ASSAY_MESSAGE_EVIDENCE_PULL) return;
    if (!hides(p, c->side) && p->phase < PHASES &&
        (p->s->passes[p->phase][c->side][from] >> to & 1) == 0)
        return;
    if (hides(p, 1 - c->side) && is_final(kind, bytes, p->s->nodes)) return;
    if (hides(p, 1 - c->side) && kind == ASSAY_MESSAGE_SYNC_ANSWER) return;
    world_receive_bridged(p->side[1 - c->side], from, to, kind, bytes);
}

static struct pair *create(const struct schedule *s)
{
    struct pair *p = calloc(1, sizeof *p);
    const struct assay_sim_world_options o = { .seed = s->seed,
                                               .nodes = s->nodes,
                                               .epoch_ms = EPOCH_MS };
    p->s = s;
    p->recover = malloc(ASSAY_RECOVER_LEN_MAX);
    for (uint32_t side = 0; side < 2; side++) {
        p->side[side] = assay_sim_world_create(&o);
        p->carriers[side] = (struct carrier){ .pair = p, .side = side };
    }
    return p;
}

static void destroy(struct pair *p)
{
    for (uint32_t side = 0; side < 2; side++)
        assay_sim_world_destroy(&p->side[side]);
    free(p->recover);
    free(p);
}

/* Behind the split a world's checkers miss what was proposed and judged on the other side: of what
 * they say only the goal counts here. */
static void run_side(struct pair *p, uint32_t side)
{
    struct assay_sim_world *w = p->side[side];
    if (assay_sim_world_run(w, SLICE_MS)) return;
    const char *said = assay_sim_world_violation(w);
    cr_assert(strstr(said, "different blocks final") == NULL &&
                  strstr(said, "had another block final") == NULL &&
                  strstr(said, "behind its fence") == NULL,
              "seed %llu, side %u: %s", (unsigned long long)p->s->seed, side, said);
    w->violation[0] = '\0';
}

static void run(struct pair *p, uint32_t ms)
{
    for (uint32_t at = 0; at < ms; at += SLICE_MS)
        for (uint32_t side = 0; side < 2; side++)
            run_side(p, side);
}

/* One history up to here. */
static void split(struct pair *p)
{
    for (uint32_t side = 0; side < 2; side++) {
        struct assay_sim_world *w = p->side[side];
        cr_assert(assay_sim_world_run_to_epoch(w, 2, 20 * EPOCH_MS));
        if (p->s->replaces) decide_operators(w, 1, 6);
        cr_assert(assay_sim_world_run(w, p->s->split_ms));
        for (uint32_t slot = 0; slot < p->s->nodes; slot++) {
            if (is_twin(p->s, slot)) w->nodes[slot].faulty_store = true; /* nobody's word */
            if (!lives(p->s, side, slot)) assay_sim_world_kill(w, slot);
        }
        w->bridge = (struct world_bridge){ .passes = passes,
                                           .carry = carry,
                                           .context = &p->carriers[side] };
    }
    for (uint32_t slot = 0; slot < p->s->nodes; slot++)
        cr_assert_eq(p->side[0]->nodes[slot].closed, p->side[1]->nodes[slot].closed);
}

/* --- operators */

static void fence(struct pair *p, uint32_t side)
{
    const uint32_t other = 1 - side;
    struct assay_sim_world *w = p->side[side];
    if (w->nodes[p->s->fence_node[side]].engine->head->state.era > 0) return; /* that era is over */
    if (p->s->one_fence && p->side[other]->fence_len > 0 && w->fence_len == 0) {
        w->fence = malloc(ASSAY_FENCE_LEN_MAX);
        w->fence_len = p->side[other]->fence_len;
        assay_bytes_copy(w->fence, ASSAY_FENCE_LEN_MAX, p->side[other]->fence, w->fence_len);
    }
    assay_status_ignore(assay_sim_world_fence(w, p->s->fence_node[side]),
                        "operators of another epoch: dropped");
}

/* Answers of those that live on this side and are asked. */
static void recover(struct pair *p)
{
    bool mute[NODES];
    for (uint32_t i = 0; i < NODES; i++)
        mute[i] = (p->s->mute >> i & 1) != 0;
    struct assay_sim_world_recovery options = { .mute = mute,
                                                .document = p->recover,
                                                .capacity = ASSAY_RECOVER_LEN_MAX };
    const enum assay_status status = assay_sim_world_recover(p->side[p->s->recover_side], &options);
    p->recover_len = options.document_len;
    if (status != ASSAY_OK) return;
    p->began = true;
    p->certain = options.certain;
    for (uint32_t side = 0; side < 2; side++)
        p->side[side]->split_reported = !options.certain;
}

static void show_others(struct pair *p)
{
    const uint32_t side = 1 - p->s->recover_side;
    if (p->recover_len == 0) return;
    for (uint32_t slot = 0; slot < p->s->nodes; slot++)
        if (lives(p->s, side, slot))
            assay_status_ignore(
                assay_sim_world_submit(p->side[side], slot, p->recover, p->recover_len),
                "it may refuse");
}

/* --- what must hold */

/* A RECOVER is a final block as well, for each node that took it. */
static const uint8_t *final_at(const struct pair *p, uint32_t node, uint64_t height)
{
    const struct assay_sim_world *w = p->side[p->s->side_of[node]];
    for (uint32_t i = 0; i < ASSAY_ERAS_KEPT; i++)
        if (w->nodes[node].engine->era->began[i].height == height)
            return w->nodes[node].engine->era->began[i].id;
    return world_history_at(w, node, height);
}

static bool differ(const struct pair *p, uint32_t a, uint32_t b)
{
    for (uint64_t height = 1; height < HEIGHTS; height++) {
        const uint8_t *x = final_at(p, a, height);
        const uint8_t *y = final_at(p, b, height);
        if (x != NULL && y != NULL && !assay_bytes_equal(x, y, 32)) return true;
    }
    return false;
}

static bool has_alarmed(const struct pair *p, uint32_t node)
{
    const struct assay_sim_world *w = p->side[p->s->side_of[node]];
    return assay_sim_world_notes(w, node, ASSAY_NOTE_ERA_FORKED, ASSAY_SLOT_ALL) > 0 ||
           assay_sim_world_notes(w, node, ASSAY_NOTE_RECOVER_REFUSED, ASSAY_SLOT_ALL) > 0;
}

struct totals {
    uint32_t certain, forced, crossed, split;
};

static void check(const struct pair *p, bool met, struct totals *t)
{
    const struct schedule *s = p->s;
    bool differs = false;
    for (uint32_t a = 0; a < s->nodes; a++)
        for (uint32_t b = a + 1; b < s->nodes; b++) {
            if (is_twin(s, a) || is_twin(s, b) || !differ(p, a, b)) continue;
            differs = true;
            cr_expect(p->began && !p->certain, "seed %llu: %u and %u hold different final blocks",
                      (unsigned long long)s->seed, a, b);
            if (met)
                cr_expect(has_alarmed(p, a) && has_alarmed(p, b),
                          "seed %llu: %u and %u differ, and not both have told",
                          (unsigned long long)s->seed, a, b);
        }
    if (met) t->split += differs;
}

/* Every honest node in one era, one of them at least with the other side's word for it. */
static void count(const struct pair *p, struct totals *t)
{
    bool all = true;
    t->certain += p->began && p->certain;
    t->forced += p->began && !p->certain;
    for (uint32_t i = 0; i < p->s->nodes - p->s->twins; i++) {
        const struct assay_engine *e = p->side[p->s->side_of[i]]->nodes[i].engine;
        all = all && e->head->state.era == 1;
    }
    t->crossed += p->began && all;
}

static uint64_t lowest_epoch(const struct pair *p)
{
    uint64_t lowest = UINT64_MAX;
    for (uint32_t i = 0; i < p->s->nodes - p->s->twins; i++) {
        const uint64_t epoch = p->side[p->s->side_of[i]]->nodes[i].closed;
        if (epoch < lowest) lowest = epoch;
    }
    return lowest;
}

static void play(const struct schedule *s, struct totals *t)
{
    struct pair *p = create(s);
    split(p);
    for (p->phase = 0; p->phase < PHASES; p->phase++) {
        for (uint32_t side = 0; side < 2; side++)
            if (s->fence_at[side] == p->phase) fence(p, side);
        if (s->recover_at == p->phase) recover(p);
        if (s->shown_at == p->phase) show_others(p);
        run(p, PHASE_MS);
        check(p, false, t);
    }
    show_others(p);
    const uint64_t before = lowest_epoch(p);
    run(p, MEET_EPOCHS * EPOCH_MS);
    check(p, true, t);
    count(p, t);
    /* Where all took it, and none stays behind a fence, the chain goes on. */
    if (p->began && p->certain)
        cr_expect_gt(lowest_epoch(p), before + 2, "seed %llu: it stands still",
                     (unsigned long long)s->seed);
    destroy(p);
}

/* --- schedules */

static void draw(uint64_t seed, struct schedule *s)
{
    struct assay_sim_random r = assay_sim_random_of(seed, ASSAY_SIM_STREAM_TWINS, 9, NODES);
    *s = (struct schedule){ .seed = seed, .nodes = assay_sim_random_permille(&r, 600) ? 4 : 7 };
    s->twins = (s->nodes - 1) / 3;
    const uint32_t honest = s->nodes - s->twins;
    /* On the first side with all the twins more than two thirds, or as it comes. */
    const bool quorum = assay_sim_random_permille(&r, 700);
    for (uint32_t i = 0; i < honest; i++)
        s->side_of[i] =
            quorum ? i + 1 >= honest - s->twins + 1 : (uint8_t)assay_sim_random_below(&r, 2);
    s->replaces = assay_sim_random_permille(&r, 700);
    s->split_ms = (uint32_t)assay_sim_random_between(&r, 0, 5 * EPOCH_MS);
    s->hides = assay_sim_random_permille(&r, 400);
    s->slow = assay_sim_random_permille(&r, 500);
    const bool deaf = assay_sim_random_permille(&r, 300);
    for (uint32_t phase = 0; phase < PHASES; phase++) {
        const uint32_t heard = deaf ? 0 : (uint32_t)assay_sim_random_below(&r, 3) * 350;
        for (uint32_t side = 0; side < 2; side++)
            for (uint32_t from = 0; from < s->nodes; from++)
                for (uint32_t to = 0; to < s->nodes; to++)
                    if (assay_sim_random_permille(&r, heard))
                        s->passes[phase][side][from] |= (uint8_t)(1u << to);
    }
    s->recover_side = assay_sim_random_permille(&r, 300);
    for (uint32_t side = 0; side < 2; side++) {
        s->fence_at[side] = (uint32_t)assay_sim_random_below(&r, 5);
        if (side != s->recover_side && assay_sim_random_permille(&r, 500))
            s->fence_at[side] = NEVER;
        s->fence_node[side] = s->nodes - 1; /* it lives on both */
    }
    s->one_fence = assay_sim_random_permille(&r, 500);
    s->recover_at = s->fence_at[s->recover_side] + (uint32_t)assay_sim_random_between(&r, 1, 2);
    s->shown_at = s->recover_at + (uint32_t)assay_sim_random_below(&r, 3);
    if (assay_sim_random_permille(&r, 300))
        s->mute = (uint8_t)(1u << assay_sim_random_below(&r, s->nodes));
}

Test(era_twins, certain_recovers_split_nothing_and_forced_ones_are_reported, .timeout = 600)
{
    const uint64_t seeds = SEEDS / test_every(3);
    struct totals t = { 0 };
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct schedule s;
        draw(seed, &s);
        play(&s, &t);
    }
    cr_expect_gt(t.certain, 0);
    cr_expect_gt(t.crossed, 0);
    cr_expect_gt(t.forced, t.split);
    if (seeds == SEEDS) cr_expect_gt(t.split, 0, "no schedule of a forced one splits");
}
