/*
 * tests/unit/engine/ledger/test_declared_swarm.c - drawn runs of a network whose members declare
 * workload keys: what must hold for relying parties, whatever hosts do.
 *
 * No key is active that no certified epoch attested, or that belongs to a suspended, drained or
 * re-keyed member. The ground truth is what each enclave had, which no node knows. Every list of an
 * active key is in the store of each node that says that it lacks none.
 */
#include "sim/scenario/random.h"
#include "tests/unit/engine/decide.h"
#include "tests/unit/engine/ledger/declared_bench.h"

#include <criterion/criterion.h>

enum {
    MEMBERS = 7,
    EPOCHS = 48,
    OBSERVER = 0, /* never disturbed: its states are the chain's */
    LISTS = 4,    /* of one member, drawn from */
    RETAINED = 8, /* epochs of ground truth: more than keys may be old */
};

/* Of one epoch. */
struct truth {
    uint64_t epoch;
    bool certified;
    uint32_t incarnations[MEMBERS];
    /* Lists that the enclave had while evidence of the epoch was made, a bit each. */
    uint32_t had[MEMBERS];
};

struct swarm {
    struct assay_sim_world *w;
    struct assay_sim_random random;
    struct list lists[MEMBERS][LISTS];
    struct truth truths[RETAINED];
    uint32_t has[MEMBERS]; /* the list that its enclave has, a bit; 0: none */
    bool drained;
    uint64_t active, ended; /* observations */
};

static uint64_t draw(struct swarm *s, uint64_t below)
{
    return assay_sim_random_below(&s->random, below);
}

static struct truth *truth_at(struct swarm *s, uint64_t epoch)
{
    struct truth *t = &s->truths[epoch % RETAINED];
    if (t->epoch != epoch) *t = (struct truth){ .epoch = epoch };
    return t;
}

static int find_list(const struct swarm *s, uint32_t slot, const uint8_t root[static 32])
{
    for (int i = 0; i < LISTS; i++)
        if (assay_bytes_equal(s->lists[slot][i].root, root, 32)) return i;
    return -1;
}

/* --- what must hold */

static void check_active(struct swarm *s, const struct assay_state *state, uint32_t slot)
{
    const struct assay_member *m = &state->members[slot];
    const struct assay_declaration *d = &m->declaration;
    const int list = find_list(s, slot, d->keys_root);
    s->active++;
    cr_assert_geq(list, 0, "epoch %d, member %u: a list of nobody", (int)state->epoch, slot);
    cr_assert_leq(state->epoch - d->keys_epoch, 3, "member %u: attested long ago", slot);
    const struct truth *t = truth_at(s, d->keys_epoch);
    cr_assert(t->certified, "member %u: by no certified epoch", slot);
    cr_assert(t->had[slot] >> list & 1, "epoch %d, member %u: its enclave had no such key in %d",
              (int)state->epoch, slot, (int)d->keys_epoch);
    cr_assert_eq(t->incarnations[slot], m->lives[0].incarnation, "member %u: re-keyed since", slot);
    cr_assert_leq(m->trust.score.standing, ASSAY_STANDING_WARNING, "member %u: its standing", slot);
    cr_assert_leq(m->trust.integrity.standing, ASSAY_STANDING_WARNING, "member %u: suspended",
                  slot);
    cr_assert_eq(m->stage, ASSAY_STAGE_MEMBER, "member %u: drained", slot);
}

static bool has_list(struct swarm *s, uint32_t node, uint32_t slot, const uint8_t root[static 32])
{
    uint8_t bytes[ASSAY_DECLARED_KEYS_LEN_MAX];
    struct assay_slice found;
    return assay_declared_list_load(s->w->nodes[node].store, slot, root, bytes, sizeof bytes,
                                    &found) == ASSAY_OK;
}

static void check_lists(struct swarm *s, uint32_t node)
{
    const struct assay_engine *e = assay_sim_world_engine(s->w, node);
    if (e->key_lists->missing > 0) return;
    for (uint32_t slot = 0; slot < MEMBERS; slot++) {
        const struct assay_member *m = &e->head->state.members[slot];
        if (assay_member_keys_state(m, e->head->state.epoch, ASSAY_STANDING_WARNING) !=
            ASSAY_KEYS_ACTIVE)
            continue;
        cr_assert(has_list(s, node, slot, m->declaration.keys_root),
                  "node %u lacks the list of %u and does not know it", node, slot);
    }
}

/* --- what happens */

static void declare(struct swarm *s, uint32_t slot)
{
    const uint32_t list = (uint32_t)draw(s, LISTS);
    struct assay_sim_world_acts *acts = assay_sim_world_acts(s->w, slot);
    assay_status_ignore(assay_sim_world_declare(s->w, slot, s->lists[slot][list].slice),
                        "declared already, or it may not sign");
    acts->binds_undeclared = draw(s, 8) == 0; /* an enclave that its host has quote anything */
    if (draw(s, 4) == 0) return;              /* a host that declares what its enclave lacks */
    acts->keys = s->lists[slot][list].slice;
    s->has[slot] = 1u << list;
}

static void disturb(struct swarm *s, uint32_t slot)
{
    struct assay_sim_world_acts *acts = assay_sim_world_acts(s->w, slot);
    switch (draw(s, 6)) {
    case 0: /* the enclave restarts: its keys are gone */
        acts->keys = (struct assay_slice){ 0 };
        s->has[slot] = 0;
        return;
    case 1: world_node_replace_keys(s->w, slot); return;
    case 2: acts->tampered = true; return;
    case 3: acts->quiet = !acts->quiet; return;
    case 4: forget_lists(s->w, slot); return;
    default: break;
    }
    assay_sim_world_kill(s->w, slot);
    assay_sim_world_restart(s->w, slot);
}

static void drain(struct swarm *s, uint64_t epoch)
{
    struct assay_action action = { .kind = ASSAY_ACTION_REST };
    assay_bytes_copy(action.node_id, 32, s->w->nodes[MEMBERS - 1].node_id, 32);
    decide(s->w, 1, epoch + 3, &action);
    s->drained = true;
}

static void act(struct swarm *s, uint64_t epoch)
{
    for (uint32_t slot = 0; slot < MEMBERS; slot++)
        if (s->w->nodes[slot].alive && draw(s, 4) == 0) declare(s, slot);
    const uint32_t victim = 1 + (uint32_t)draw(s, MEMBERS - 1);
    if (s->w->nodes[victim].alive && draw(s, 3) == 0) disturb(s, victim);
    for (uint32_t slot = 0; slot < MEMBERS && epoch % 8 == 0; slot++)
        assay_sim_world_acts(s->w, slot)->quiet = false;
    if (epoch == EPOCHS / 2 && !s->drained) drain(s, epoch);
}

/* --- a run */

static void note_had(struct swarm *s, uint64_t epoch)
{
    struct truth *t = truth_at(s, epoch);
    for (uint32_t slot = 0; slot < MEMBERS; slot++)
        t->had[slot] |= s->has[slot];
}

static void run_to_close(struct swarm *s, uint64_t epoch)
{
    for (uint32_t ms = 0; state_of(s->w, OBSERVER)->epoch < epoch; ms++) {
        cr_assert(assay_sim_world_run(s->w, 1), "%s", assay_sim_world_violation(s->w));
        cr_assert_lt(ms, 40000, "epoch %d does not close", (int)epoch);
    }
    cr_assert_eq(state_of(s->w, OBSERVER)->epoch, epoch);
}

static void on_close(struct swarm *s, uint64_t epoch)
{
    const struct assay_state *state = state_of(s->w, OBSERVER);
    struct truth *t = truth_at(s, epoch);
    t->certified = state->certified;
    for (uint32_t slot = 0; slot < MEMBERS; slot++)
        t->incarnations[slot] = state->members[slot].lives[0].incarnation;
    for (uint32_t slot = 0; slot < MEMBERS; slot++) {
        const enum assay_keys_state keys =
            assay_member_keys_state(&state->members[slot], epoch, ASSAY_STANDING_WARNING);
        if (keys == ASSAY_KEYS_ACTIVE) check_active(s, state, slot);
        else s->ended++;
    }
    for (uint32_t node = 0; node < MEMBERS; node++)
        if (s->w->nodes[node].alive) check_lists(s, node);
}

static void run(uint64_t seed, uint32_t loss_permille)
{
    const struct assay_sim_world_options options = { .seed = seed,
                                                     .nodes = MEMBERS,
                                                     .epoch_ms = 400,
                                                     .loss_permille = loss_permille,
                                                     .level = ASSAY_LEVEL_DECLARED_KEYS };
    static struct swarm s;
    s = (struct swarm){ .w = assay_sim_world_create(&options) };
    s.random = assay_sim_random_of(seed, ASSAY_SIM_STREAM_SERVICES, 0, 0);
    run_to_close(&s, 1);
    for (uint32_t slot = 0; slot < MEMBERS; slot++) {
        for (uint32_t i = 0; i < LISTS; i++) {
            const char name[4] = { 'n', (char)('0' + slot), (char)('0' + i) };
            make_list(s.w, &s.lists[slot][i], name, slot);
        }
    }
    for (uint64_t epoch = 2; epoch <= EPOCHS; epoch++) {
        note_had(&s, epoch); /* evidence is made as soon as the epoch opens, or later */
        act(&s, epoch);
        note_had(&s, epoch);
        run_to_close(&s, epoch);
        on_close(&s, epoch);
    }
    cr_expect_gt(s.active, EPOCHS, "seed %d: nothing was checked", (int)seed);
    cr_expect_gt(s.ended, EPOCHS, "seed %d", (int)seed);
    cr_expect_eq(state_of(s.w, OBSERVER)->members[MEMBERS - 1].stage, ASSAY_STAGE_RESTING);
    assay_sim_world_destroy(&s.w);
}

Test(declared_swarm, no_key_is_active_that_nobody_attested, .timeout = 600)
{
    for (uint64_t seed = 1; seed <= 4; seed++)
        run(seed, 0);
}

Test(declared_swarm, nor_where_messages_are_lost, .timeout = 600)
{
    for (uint64_t seed = 5; seed <= 8; seed++)
        run(seed, 30);
}
