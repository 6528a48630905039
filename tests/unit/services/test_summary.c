/*
 * tests/unit/services/test_summary.c - tests of registry summaries.
 *
 * What people are told of a registry, held against the registry itself under random records and
 * closes.
 */
#include "net/services/server/summary.h"
#include "tests/support/services/registry_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 60, RECORDS = 1500, CLOSE_EVERY = 25 };

/* What a course has shown: a test in which nothing happens holds nothing. */
struct seen {
    bool forming, serving, changing, lost, drains, sessions, missing, cut;
    bool seated, ready, waiting, synced, due, resharing, slot_lost, alarm, convicted;
    bool state[ASSAY_SUMMARY_STATES], locked, offers;
};

static void hold_group(const struct assay_summary_group *s, const struct assay_cont_group *g,
                       struct seen *seen)
{
    uint32_t listed = 0;
    uint64_t sessions = 0;
    for (uint32_t i = 0; i < ASSAY_CONT_SLOTS_MAX; i++)
        if (g->member[i].listed) cr_assert_eq(s->listed[listed++], i);
    cr_assert_eq(s->listed_count, listed);
    for (uint32_t i = 0; i < g->instance_end; i++)
        sessions += g->instance[i].session;
    cr_assert_eq(s->sessions, sessions);
    cr_assert_eq(s->instances, g->instance_count);
    cr_assert_eq(s->alarms, assay_cont_group_alarms(g));
    cr_assert_eq((int)s->phase, (int)g->phase);
    cr_assert_eq(s->seat_count, g->phase == ASSAY_CONT_FORMING ? 0 : g->size);
    cr_assert_eq(s->next_count, g->phase == ASSAY_CONT_CHANGING ? g->size : 0);
    for (uint32_t i = 0; i < s->seat_count; i++) {
        const struct assay_cont_member *m = &g->member[g->now.slot[i]];
        const bool own =
            m->listed && assay_bytes_equal(m->key, g->now.roster.key[i], sizeof m->key);
        cr_assert_eq(s->seat[i], g->now.slot[i]);
        const bool lost = !own || m->standing < ASSAY_CONT_STAND_WARNING;
        cr_assert_eq(s->state[i] == ASSAY_CONT_SEAT_LOST, lost);
        const bool missing = !lost && g->silence[i].missing != 0;
        const bool cut = !lost && !missing && g->silence[i].cut > 0;
        cr_assert_eq(s->state[i] == ASSAY_CONT_SEAT_MISSING, missing);
        cr_assert_eq(s->state[i] == ASSAY_CONT_SEAT_CUT, cut);
        cr_assert_eq(s->state[i] == ASSAY_CONT_SEAT_DRAINS, !lost && !missing && !cut && m->drains);
        seen->missing = seen->missing || missing;
        seen->cut = seen->cut || cut;
        seen->lost = seen->lost || lost;
        seen->drains = seen->drains || (!lost && m->drains);
    }
    if (s->phase == ASSAY_CONT_CHANGING) cr_assert_gt(s->next_view, s->view);
    else cr_assert_eq(s->next_view, s->view);
    seen->forming = seen->forming || s->phase == ASSAY_CONT_FORMING;
    seen->serving = seen->serving || s->phase == ASSAY_CONT_SERVING;
    seen->changing = seen->changing || s->phase == ASSAY_CONT_CHANGING;
    seen->sessions = seen->sessions || sessions > 0;
}

static void hold_shares(const struct assay_summary_shares *s, const struct assay_share_registry *r,
                        struct seen *seen)
{
    uint32_t synced = 0, due = 0, under_way = 0, deleted = 0, in_public = 0, away = 0;
    for (uint32_t i = 0; i < r->row_count; i++) {
        deleted += r->row[i].deleted;
        synced += r->row[i].synced;
        due += r->row[i].wanted != 0;
        under_way += r->row[i].reshare != 0;
    }
    cr_assert_eq(s->ids, r->row_count - deleted);
    cr_assert_eq(s->deleted, deleted);
    cr_assert_eq(s->quota, assay_share_registry_quota(r));
    cr_assert_eq(s->synced, synced);
    cr_assert_eq(s->waiting, s->ids - synced);
    cr_assert_eq(s->due, due);
    cr_assert_eq(s->resharing, under_way);
    for (uint32_t i = 0; i < r->reshare_count; i++)
        in_public += r->reshare[i].is_public;
    for (uint32_t i = 0; i < ASSAY_SHARE_MEMBERS_MAX; i++)
        away += r->member[i].away_until > r->epoch;
    cr_assert_eq(s->in_public, in_public);
    cr_assert_eq(s->away, away);
    for (uint32_t c = 0; c < s->cluster_count; c++) {
        const struct assay_summary_cluster *k = &s->cluster[c];
        cr_assert_eq(k->seated, r->cluster[c].seated);
        cr_assert_eq(k->alarm, k->alarm_epoch == r->epoch && k->alarm_epoch > 0);
        cr_assert_eq(k->alarms, r->cluster[c].alarms);
        cr_assert_eq(k->public_until, r->cluster[c].public_until);
        cr_assert_eq(k->phase, r->round->cluster == c ? r->round->phase : ASSAY_SHARE_PHASE_NONE);
        seen->alarm = seen->alarm || k->alarm;
        seen->seated = seen->seated || k->seated;
        for (uint32_t i = 0; k->seated && i < s->slots; i++) {
            cr_assert_eq(k->member[i], r->cluster[c].seat[i].member);
            if (k->member[i] != ASSAY_SHARE_NO_MEMBER)
                cr_assert_eq(k->silent_epoch[i], r->member[k->member[i]].silent_epoch);
            cr_assert_eq(k->ready[i], (r->cluster[c].ready >> i & 1) == 1);
            cr_assert_eq(k->lost[i], assay_share_registry_is_lost(r, c, i));
            seen->ready = seen->ready || k->ready[i];
            seen->slot_lost = seen->slot_lost || k->lost[i];
        }
    }
    seen->waiting = seen->waiting || s->waiting > 0;
    seen->synced = seen->synced || s->synced > 0;
    seen->due = seen->due || s->due > 0;
    seen->resharing = seen->resharing || s->resharing > 0;
    seen->convicted = seen->convicted || s->convicted > 0;
}

/* Money is in accounts or locked, and nowhere else. */
static void hold_money(const struct registry_world *w, const struct assay_registry *r,
                       const struct assay_summary_tasks *s)
{
    struct assay_summary_account account;
    uint64_t sum = 0, locked = 0;
    uint32_t accounts = 0;
    for (uint32_t i = 0; i < WORLD_KEYS; i++) {
        uint8_t id[32];
        assay_task_account(w->key[i].key, id);
        assay_summary_set_account(&account, r, id);
        cr_assert(account.is_known || account.balance + account.locked + account.sequence == 0);
        accounts += account.is_known;
        sum += account.balance;
        locked += account.locked;
    }
    cr_assert_eq(locked, s->locked);
    cr_assert_leq(accounts, s->accounts);
    if (accounts == s->accounts) cr_assert_eq(sum + locked, s->total);
}

static void hold_tasks(const struct registry_world *w, const struct assay_registry *r,
                       const struct assay_summary_tasks *s, struct seen *seen)
{
    const struct assay_task_ledger *ledger = assay_registry_tasks(r);
    const struct assay_task_row *row = NULL;
    uint32_t rows = 0, offers = 0, told = 0;
    for (uint32_t at = 0; (row = assay_task_ledger_next_task(ledger, &at)) != NULL; rows++) {
        cr_assert_eq(assay_task_ledger_find_task(ledger, row->task), row);
        cr_assert_eq(row->end != ASSAY_TASK_END_NONE,
                     assay_summary_state_of(row) > ASSAY_SUMMARY_FAILED);
    }
    for (int i = 0; i < ASSAY_SUMMARY_STATES; i++) {
        told += s->state[i];
        seen->state[i] = seen->state[i] || s->state[i] > 0;
    }
    cr_assert_eq(told, rows);
    for (uint32_t slot = 0; slot < ASSAY_REGISTRY_SLOTS_MAX; slot++) {
        if (assay_task_ledger_find_offer(ledger, slot) == NULL) continue;
        cr_assert_eq(s->offer[offers].slot, slot);
        offers++;
    }
    cr_assert_eq(s->offer_count, offers);
    hold_money(w, r, s);
    seen->offers = seen->offers || offers > 0;
    seen->locked = seen->locked || s->locked > 0;
}

static void hold(const struct registry_world *w, const struct assay_registry *r, struct seen *seen)
{
    static struct assay_services_summary s; /* large */
    s = (struct assay_services_summary){ .epoch = 7 };
    assay_summary_set(&s, &w->plan, r);
    cr_assert_eq(s.epoch, 7, "what others fill in is left alone");
    cr_assert_eq(s.group_count, w->plan.group_count);
    for (uint32_t g = 0; g < s.group_count; g++) {
        cr_assert_str_eq(s.group[g].name, w->plan.group[g].name);
        hold_group(&s.group[g], assay_registry_group(r, g), seen);
    }
    cr_assert(s.has_shares && s.has_tasks);
    hold_shares(&s.shares, assay_registry_shares(r), seen);
    hold_tasks(w, r, &s.tasks, seen);
}

static void run(uint64_t seed, struct seen *seen)
{
    static struct registry_world w;
    static struct registry_record record;
    static struct assay_registry_facts facts;
    registry_world_init(&w, seed);
    struct assay_registry *r = registry_world_fresh(&w);
    for (uint32_t i = 0; i < RECORDS; i++) {
        if (i % CLOSE_EVERY == 0) {
            registry_world_close(&w);
            assay_registry_close_epoch(r, w.epoch, w.member, WORLD_MEMBERS, &facts, NULL, NULL);
        }
        registry_world_record(&w, r, &record);
        cr_assert_not_null(
            assay_registry_apply(r, record.slot, record.node, record.kind, record.payload, &facts));
        hold(&w, r, seen);
    }
    free(r);
}

Test(summary, says_what_the_registry_is_under_random_records, .timeout = 600)
{
    struct seen seen = { 0 };
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run(seed, &seen);
    cr_expect(seen.forming && seen.serving && seen.changing && seen.lost && seen.sessions);
    cr_expect(seen.drains && seen.missing && seen.cut);
    cr_expect(seen.seated && seen.ready && seen.waiting && seen.synced);
    cr_expect(seen.slot_lost && seen.alarm);
    cr_expect(seen.due && seen.resharing);
    cr_expect(seen.state[ASSAY_SUMMARY_OPEN] && seen.state[ASSAY_SUMMARY_ACCEPTED] &&
              seen.state[ASSAY_SUMMARY_FAILED]);
    cr_expect(seen.state[ASSAY_SUMMARY_CLOSED] && seen.state[ASSAY_SUMMARY_EXPIRED]);
    cr_expect(seen.locked && seen.offers);
}

/* A plan of one part alone: the others are not there. */
Test(summary, says_nothing_of_what_the_plan_does_not_have)
{
    static struct registry_world w;
    static struct assay_services_summary s;
    registry_world_init(&w, 3);
    w.plan.group_count = 0;
    w.plan.has_shares = false;
    struct assay_registry *r = registry_world_fresh(&w);
    assay_summary_set(&s, &w.plan, r);
    cr_expect_eq(s.group_count, 0);
    cr_expect_not(s.has_shares);
    cr_expect(s.has_tasks);
    cr_expect_eq(s.tasks.total, 200000);
    cr_expect_eq(s.tasks.accounts, 2);
    free(r);
}

static enum assay_summary_key_state state_of(const struct assay_ca *ca)
{
    static struct assay_summary_identity s;
    assay_summary_set_identity(&s, ca);
    return s.state;
}

/* docs/identity.md 3.4, 3.14: four holders with a share each; three sign. */
Test(summary, states_of_the_group_key)
{
    static const enum assay_summary_key_state by_lost[] = { ASSAY_SUMMARY_KEY_ACTIVE,
                                                            ASSAY_SUMMARY_KEY_FEW,
                                                            ASSAY_SUMMARY_KEY_TOO_FEW };
    static struct assay_ca ca;
    static struct assay_summary_identity s;
    cr_expect_eq((int)state_of(&ca), ASSAY_SUMMARY_KEY_NONE);
    ca.ceremony.phase = ASSAY_CA_HAVES;
    cr_expect_eq((int)state_of(&ca), ASSAY_SUMMARY_KEY_MAKING);
    ca.ca_number = 1;
    ca.slots = 4;
    ca.force =
        (struct assay_ca_sharing){ .generation = 1, .threshold = 3, .count = 4, .holders = 4 };
    for (uint32_t i = 0; i < 4; i++) {
        ca.force.holder[i] =
            (struct assay_ca_holder){ .slot = i, .first = i + 1, .indices = 1, .has = true };
        ca.member[i].keys_active = true;
    }
    for (uint32_t lost = 0; lost < 3; lost++) {
        cr_expect_eq((int)state_of(&ca), (int)by_lost[lost], "%u lost", lost);
        ca.force.holder[lost].lost = true;
    }
    assay_summary_set_identity(&s, &ca);
    cr_expect_eq(s.holder_count, 4);
    cr_expect_eq(s.live, 1);
    cr_expect(s.holder[0].lost && s.holder[0].live == 0);
    cr_expect(!s.holder[3].lost && s.holder[3].live == 1 && s.holder[3].slot == 3);
    ca.key_lost = true;
    cr_expect_eq((int)state_of(&ca), ASSAY_SUMMARY_KEY_LOST);
}
