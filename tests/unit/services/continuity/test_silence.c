/*
 * tests/unit/services/continuity/test_silence.c - seats of which nothing is heard (docs/services.md
 * 1.11), under random schedules: replicas' own code over links that are cut pair by pair, daemons
 * that are cut off, replicas that die, and the group that their records make.
 *
 * Held at every close: no operator sits in more than n - q seats; no seat moves that q others have
 * heard for two epochs, nor one that says it is alive before it was cut for eight closes; one seat
 * moves at a time, and n - q in 64 closes. When links heal what is dead has been replaced.
 */
#include "services/continuity/group.h"
#include "tests/support/depth.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum {
    GROUP = 3,
    MACHINES = 14,
    EPOCH_MS = 60000,
    STEP_MS = 1000,
    SILENT_MS = 30000,
    CLOSES = 90,
    INSTANCES = 1,
};

struct machine {
    struct assay_cont_replica *core;
    void *memory;
    bool dead, mute; /* mute: its daemon hands nothing in */
    uint64_t wake_at_ms;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
};

struct world {
    struct assay_cont_group group;
    struct assay_cont_instance_row rows[INSTANCES];
    struct assay_cont_facts facts;
    struct assay_cont_effects effects;
    struct machine machine[MACHINES];
    uint8_t operators[MACHINES];
    bool cut[MACHINES][MACHINES]; /* from, to */
    uint64_t received_ms[MACHINES][MACHINES]; /* of the first by the second: unbroken since */
    bool unbroken[MACHINES][MACHINES];
    uint64_t last_ms[MACHINES][MACHINES]; /* when the second could hear the first last */
    uint64_t now_ms, seed, epoch;
    uint64_t moves[CLOSES];
    uint32_t move_count, cut_closes[MACHINES];
    uint32_t moved, held_back; /* in all; closes at which something kept a seat that was reported */
};

static uint64_t draw(struct world *w, uint64_t n)
{
    w->seed = w->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (w->seed >> 33) % n;
}

static uint32_t machine_of(const uint8_t *key)
{
    return key[0] - 1u;
}

/* --- replicas */

static void deliver(struct world *w, uint32_t from, uint32_t to, struct assay_slice frame);

static void perform(struct world *w, uint32_t i)
{
    static struct assay_cont_effects effects;
    effects = w->effects;
    w->machine[i].wake_at_ms = effects.wake_at_ms;
    for (uint32_t k = 0; k < effects.count; k++) {
        const struct assay_slice frame =
            assay_slice_over(effects.bytes + effects.send[k].at, effects.send[k].len);
        if (effects.send[k].to != ASSAY_CONT_TO_GROUP) continue; /* views change by the records */
        for (uint32_t to = 0; to < w->group.now.roster.count; to++) {
            const uint32_t there = machine_of(w->group.now.roster.key[to]);
            if (there != i && frame.bytes[1] == ASSAY_CONT_PING) deliver(w, i, there, frame);
        }
        if (frame.bytes[1] == ASSAY_CONT_PING) return; /* one a tick; the rest is of views */
    }
}

static void deliver(struct world *w, uint32_t from, uint32_t to, struct assay_slice frame)
{
    struct machine *m = &w->machine[to];
    struct assay_cont_from sender = { .replica = true };
    static struct assay_cont_effects heard;
    if (w->cut[from][to] || m->dead) return;
    assay_bytes_copy(sender.key, sizeof sender.key, w->machine[from].key, sizeof sender.key);
    cr_assert_eq(assay_cont_replica_frame(m->core, &sender, frame, w->now_ms, &heard), ASSAY_OK);
}

static void tell(struct world *w, const struct assay_cont_fact *fact)
{
    for (uint32_t i = 0; i < MACHINES; i++) {
        if (w->machine[i].dead) continue;
        assay_cont_replica_fact(w->machine[i].core, fact, w->now_ms, &w->effects);
        w->machine[i].wake_at_ms = w->effects.wake_at_ms;
    }
}

static uint32_t seat_of(const struct world *w, uint32_t machine)
{
    return assay_cont_find_seat(&w->group.now.roster, w->machine[machine].key);
}

static void hand_in(struct world *w, uint32_t i)
{
    struct machine *m = &w->machine[i];
    const uint32_t own = seat_of(w, i);
    for (uint32_t k = 0; own < w->group.size && k < w->group.size; k++) {
        struct assay_cont_silent_record record = { .group = GROUP,
                                                   .view = w->group.now.roster.view,
                                                   .seat = k,
                                                   .epoch = w->epoch + 1 };
        if (!assay_cont_replica_is_silent(m->core, record.view, k, w->now_ms, SILENT_MS)) continue;
        for (uint32_t slot = 0; slot < MACHINES; slot++)
            if (w->group.member[slot].listed &&
                assay_cont_replica_is_reachable(m->core, w->group.member[slot].key, w->now_ms))
                record.reachable[slot / 8] |= (uint8_t)(1u << slot % 8);
        assay_bytes_copy(record.key, sizeof record.key, m->key, sizeof m->key);
        (void)assay_cont_group_apply_silent(&w->group, &record, &w->facts);
    }
    if (!assay_cont_group_needs_alive(&w->group, i)) return;
    struct assay_cont_alive_record alive = { .group = GROUP, .epoch = w->epoch + 1 };
    assay_bytes_copy(alive.key, sizeof alive.key, m->key, sizeof m->key);
    cr_assert_eq(assay_cont_group_apply_alive(&w->group, i, &alive, &w->facts), ASSAY_CONT_APPLIED);
}

static void step(struct world *w)
{
    w->now_ms += STEP_MS;
    for (uint32_t i = 0; i < MACHINES; i++)
        if (!w->machine[i].dead && !w->machine[i].mute) hand_in(w, i);
    for (uint32_t i = 0; i < MACHINES; i++) {
        struct machine *m = &w->machine[i];
        if (m->dead || w->now_ms < m->wake_at_ms) continue;
        assay_cont_replica_tick(m->core, w->now_ms, &w->effects);
        perform(w, i);
    }
    for (uint32_t i = 0; i < MACHINES; i++)
        for (uint32_t k = 0; k < MACHINES; k++) {
            const bool hears = !w->cut[i][k] && !w->machine[i].dead && !w->machine[k].dead;
            if (hears && !w->unbroken[i][k]) w->received_ms[i][k] = w->now_ms;
            if (hears) w->last_ms[i][k] = w->now_ms;
            w->unbroken[i][k] = hears;
        }
}

/* --- what is held */

static void hold_operators(const struct world *w, const struct assay_cont_seats *seats)
{
    for (uint32_t i = 0; i < seats->roster.count; i++) {
        uint32_t same = 0;
        for (uint32_t k = 0; k < seats->roster.count; k++)
            same += w->operators[seats->slot[i]] == w->operators[seats->slot[k]];
        cr_assert_leq(same, w->group.size - assay_cont_quorum(w->group.size));
    }
}

/* Others that sat and have heard it all through this epoch and the one before. */
static uint32_t hearers(const struct world *w, uint32_t seat)
{
    const uint32_t it = machine_of(w->group.now.roster.key[seat]);
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->group.size; i++) {
        const uint32_t k = machine_of(w->group.now.roster.key[i]);
        count += i != seat && w->unbroken[it][k] &&
                 w->now_ms - w->received_ms[it][k] >= 2 * EPOCH_MS + SILENT_MS;
    }
    return count;
}

/* Seats that could hear a machine in the two epochs whose reports count. */
static uint32_t could_hear(const struct world *w, uint32_t it)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->group.size; i++) {
        const uint32_t k = machine_of(w->group.now.roster.key[i]);
        count += w->last_ms[it][k] != 0 && w->now_ms - w->last_ms[it][k] <= 2 * EPOCH_MS + 6000;
    }
    return count;
}

static void hold_move(struct world *w, uint32_t seat, bool said)
{
    const uint32_t it = machine_of(w->group.now.roster.key[seat]);
    uint32_t lately = 0;
    cr_assert_geq(could_hear(w, machine_of(w->group.next.roster.key[seat])),
                  assay_cont_quorum(w->group.size), "it would be silent in the seat");
    cr_assert_lt(hearers(w, seat), assay_cont_quorum(w->group.size), "a quorum hears it");
    cr_assert(!said || w->cut_closes[it] > 8, "it says that it is alive");
    for (uint32_t i = 0; i < w->move_count; i++) {
        cr_assert_geq(w->epoch - w->moves[i], 4, "one move after the other");
        lately += w->epoch - w->moves[i] < 64;
    }
    cr_assert_lt(lately, w->group.size - assay_cont_quorum(w->group.size), "n - q in 64 closes");
    w->moves[w->move_count++] = w->epoch;
    w->moved++;
}

static uint32_t reporters(const struct world *w, uint32_t seat)
{
    const unsigned by = w->group.silence[seat].by[0] | w->group.silence[seat].by[1];
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->group.size; i++)
        count += by >> i & 1;
    return count;
}

static void close_epoch(struct world *w)
{
    enum assay_cont_standing standing[MACHINES];
    uint16_t score[MACHINES];
    bool said[ASSAY_CONT_SEATS_MAX] = { false }, reported[ASSAY_CONT_SEATS_MAX] = { false };
    for (uint32_t i = 0; i < MACHINES; i++) {
        standing[i] = ASSAY_CONT_STAND_FULL;
        score[i] = (uint16_t)(100 + i);
    }
    w->epoch++;
    for (uint32_t i = 0; i < w->group.now.roster.count; i++) {
        const uint64_t alive = w->group.member[w->group.now.slot[i]].alive;
        said[i] = alive != 0 && alive + 1 >= w->epoch;
        reported[i] = reporters(w, i) >= assay_cont_quorum(w->group.size);
        const uint32_t it = machine_of(w->group.now.roster.key[i]);
        w->cut_closes[it] = reported[i] && said[i] ? w->cut_closes[it] + 1 : 0;
    }
    const bool serving = w->group.phase == ASSAY_CONT_SERVING;
    const uint64_t last = w->group.view_last;
    assay_cont_group_close_epoch(&w->group, w->epoch, standing, score, w->operators, MACHINES,
                                 &w->facts);
    assay_cont_group_check(&w->group);
    hold_operators(w, &w->group.now);
    hold_operators(w, &w->group.next);
    cr_assert(serving || w->group.view_last == last || w->epoch == 1, "one change at a time");
    if (!serving || w->group.phase != ASSAY_CONT_CHANGING) return;
    uint32_t seats = 0;
    for (uint32_t i = 0; i < w->group.size; i++) {
        if (w->group.next.slot[i] == w->group.now.slot[i]) continue;
        hold_move(w, i, said[i]);
        seats++;
    }
    cr_assert_eq(seats, 1);
}

/* The next view starts when a quorum of the base and of the next can speak. */
static void start_view(struct world *w)
{
    struct assay_cont_table_record record = { .group = GROUP,
                                              .base = w->group.now.roster.view,
                                              .roster = w->group.next.roster,
                                              .count = assay_cont_quorum(w->group.size) };
    uint32_t base = 0, next = 0;
    if (w->group.phase != ASSAY_CONT_CHANGING) return;
    for (uint32_t i = 0; i < w->group.size; i++) {
        if (!w->machine[machine_of(w->group.now.roster.key[i])].dead)
            assay_bytes_copy(record.last[base++].key, ASSAY_P256_PUBLIC_LEN,
                             w->group.now.roster.key[i], ASSAY_P256_PUBLIC_LEN);
        const uint32_t k = machine_of(w->group.next.roster.key[i]);
        if (w->machine[k].dead || next == record.count) continue;
        assay_bytes_copy(record.key[next++], ASSAY_P256_PUBLIC_LEN, w->group.next.roster.key[i],
                         ASSAY_P256_PUBLIC_LEN);
    }
    if (base < record.count || next < record.count) return;
    record.last_count = base;
    cr_assert_eq(assay_cont_group_apply_table(&w->group, &record, &w->facts), ASSAY_CONT_APPLIED);
    for (uint32_t i = 0; i < w->facts.count; i++)
        tell(w, &w->facts.fact[i]);
}

/* --- worlds */

static void machine_begin(struct world *w, uint32_t i)
{
    struct machine *m = &w->machine[i];
    struct assay_cont_replica_config config = { .home = { .group = GROUP },
                                                .instances_max = INSTANCES };
    m->key[0] = (uint8_t)(i + 1);
    assay_bytes_copy(config.key, sizeof config.key, m->key, sizeof m->key);
    m->memory = malloc(assay_cont_replica_size(INSTANCES));
    cr_assert_not_null(m->memory);
    m->core = assay_cont_replica_init(m->memory, assay_cont_replica_size(INSTANCES), &config);
    m->wake_at_ms = UINT64_MAX;
}

static struct world *world_of(uint64_t seed, uint32_t size)
{
    struct world *w = calloc(1, sizeof *w);
    const struct assay_cont_home home = { .group = GROUP };
    cr_assert_not_null(w);
    w->seed = seed;
    w->now_ms = 1;
    assay_cont_group_init(&w->group, &home, size, INSTANCES, w->rows);
    for (uint32_t i = 0; i < MACHINES; i++) {
        w->operators[i] = (uint8_t)(i / 2);
        machine_begin(w, i);
        struct assay_cont_replica_record record = { .group = GROUP,
                                                    .contact = { .curve = { (uint8_t)(i + 1) } } };
        assay_bytes_copy(record.key, sizeof record.key, w->machine[i].key, sizeof record.key);
        cr_assert_eq(assay_cont_group_apply_replica(&w->group, i, &record, &w->facts),
                     ASSAY_CONT_APPLIED);
    }
    close_epoch(w);
    for (uint32_t i = 0; i < w->facts.count; i++)
        tell(w, &w->facts.fact[i]);
    cr_assert_eq(w->group.phase, ASSAY_CONT_SERVING);
    return w;
}

static void world_free(struct world *w)
{
    for (uint32_t i = 0; i < MACHINES; i++)
        free(w->machine[i].memory);
    free(w);
}

static void run_epoch(struct world *w)
{
    for (uint32_t t = 0; t < EPOCH_MS / STEP_MS; t++) {
        step(w);
        if (t % 20 == 0) start_view(w);
    }
    close_epoch(w);
}

/* Somebody controls links and some daemons' ways to the ledger, and changes its mind. */
static void disturb(struct world *w, bool kills)
{
    const uint32_t victim = machine_of(w->group.now.roster.key[draw(w, w->group.size)]);
    const uint64_t what = draw(w, kills ? 7 : 6);
    for (uint32_t i = 0; i < MACHINES && what < 2; i++)
        for (uint32_t k = 0; k < MACHINES; k++)
            w->cut[i][k] = false;
    if (what < 2) return;
    if (what == 2) w->machine[victim].mute = !w->machine[victim].mute;
    for (uint32_t i = 0; i < MACHINES && what >= 3 && what < 6; i++) {
        if (draw(w, 3) == 0) continue;
        w->cut[victim][i] = what != 4;
        w->cut[i][victim] = what != 5;
    }
    uint32_t dead = 0;
    for (uint32_t i = 0; i < w->group.size; i++)
        dead += w->machine[machine_of(w->group.now.roster.key[i])].dead;
    if (what == 6 && dead == 0 && w->group.phase == ASSAY_CONT_SERVING)
        w->machine[victim].dead = true;
}

Test(silence, whoever_controls_links_takes_few_seats_and_none_that_is_heard, .timeout = 600)
{
    uint32_t moved = 0;
    for (uint64_t seed = 1; seed <= 60 / test_every(4); seed++) {
        struct world *w = world_of(seed, seed % 3 == 0 ? 7 : seed % 3 == 1 ? 3 : 5);
        for (uint32_t i = 0; i < CLOSES; i++) {
            if (draw(w, 3) == 0) disturb(w, seed % 2 == 0);
            run_epoch(w);
        }
        moved += w->moved;
        world_free(w);
    }
    cr_expect_gt(moved, 5, "a test in which nothing moves holds nothing");
}

/* A group of n has n memories again: n - q die, one after the other, and nobody is hostile. */
Test(silence, dead_seats_are_replaced, .timeout = 600)
{
    for (uint32_t size = 3; size <= 7; size += 2) {
        struct world *w = world_of(size, size);
        const uint32_t spare = size - assay_cont_quorum(size);
        for (uint32_t i = 0; i < 3; i++)
            run_epoch(w);
        for (uint32_t i = 0; i < spare; i++)
            w->machine[machine_of(w->group.now.roster.key[i])].dead = true;
        for (uint32_t i = 0; i < 4 * spare + 4; i++)
            run_epoch(w);
        cr_expect_eq(w->moved, spare, "size %u", size);
        for (uint32_t i = 0; i < size; i++)
            cr_expect_not(w->machine[machine_of(w->group.now.roster.key[i])].dead);
        world_free(w);
    }
}

/* Who gets the seat of a machine that dies. cut_off: this one is cut off then, its daemon at work;
 * MACHINES: none is. */
static uint32_t taker_of_a_seat(uint32_t size, uint32_t cut_off)
{
    struct world *w = world_of(size, size);
    for (uint32_t i = 0; i < 3; i++)
        run_epoch(w);
    w->machine[machine_of(w->group.now.roster.key[0])].dead = true;
    for (uint32_t i = 0; i < MACHINES && cut_off < MACHINES; i++)
        w->cut[cut_off][i] = w->cut[i][cut_off] = true;
    for (uint32_t i = 0; i < 8 && w->moved == 0; i++)
        run_epoch(w);
    cr_assert_eq(w->moved, 1);
    const uint32_t taker = machine_of(w->group.next.roster.key[0]);
    world_free(w);
    return taker;
}

/* Saying that one is alive is not enough: whom nobody hears would be silent in the seat. */
Test(silence, a_seat_goes_to_one_that_is_heard, .timeout = 600)
{
    for (uint32_t size = 3; size <= 7; size += 2) {
        const uint32_t first = taker_of_a_seat(size, MACHINES);
        cr_expect_neq(taker_of_a_seat(size, first), first, "size %u", size);
    }
}

/* Cut off from the others with its daemon at work: it stays eight closes. Alone it reports nobody.
 */
Test(silence, one_that_is_cut_off_reports_nobody_and_stays, .timeout = 600)
{
    struct world *w = world_of(1, 5);
    for (uint32_t i = 0; i < 3; i++)
        run_epoch(w);
    const uint32_t it = machine_of(w->group.now.roster.key[2]);
    for (uint32_t i = 0; i < MACHINES; i++)
        w->cut[it][i] = w->cut[i][it] = true;
    for (uint32_t i = 0; i < 8; i++) {
        run_epoch(w);
        cr_assert_eq(w->group.phase, ASSAY_CONT_SERVING);
        for (uint32_t k = 0; k < 5; k++)
            cr_assert_eq(w->group.silence[k].by[1] >> 2 & 1, 0, "isolated, it reports seat %u", k);
    }
    cr_expect_eq(assay_cont_group_seat(&w->group, 2), ASSAY_CONT_SEAT_CUT);
    for (uint32_t i = 0; i < 4; i++)
        run_epoch(w);
    cr_expect_eq(w->moved, 1);
    world_free(w);
}

/* A machine that slept has heard nobody for long, and reports none of them. */
Test(silence, one_that_was_paused_reports_nobody, .timeout = 600)
{
    struct world *w = world_of(1, 3);
    run_epoch(w);
    const uint32_t it = machine_of(w->group.now.roster.key[0]);
    w->cut[machine_of(w->group.now.roster.key[1])][it] = true; /* nor does it hear this one */
    for (uint32_t i = 0; i < 40; i++) { /* as one that is dead, which comes back */
        w->machine[it].dead = true;
        step(w);
    }
    w->machine[it].dead = false;
    for (uint32_t i = 0; i < 25; i++) {
        step(w);
        for (uint32_t k = 0; k < 3; k++)
            cr_assert_eq(w->group.silence[k].by[0] >> 0 & 1, 0);
    }
    world_free(w);
}
