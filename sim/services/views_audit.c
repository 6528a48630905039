/*
 * sim/services/views_audit.c - checker of groups by final records and closes alone, with the rules
 * of docs/services.md 1.2, 1.3, 1.9 and 1.10 implemented a second time: one view after the other,
 * each decided and then started by a quorum of its own seats; lost memories are counted as missing,
 * and those of suspended members not counted. sessions_audit.c checks sessions.
 */
#include "sim/services/internal.h"

static void report_group(struct assay_sim_services *s, uint32_t group, const char *what,
                         uint64_t number)
{
    services_report_check(s, ASSAY_SIM_CHECKER_CONTINUITY, "group %u %s (%llu) in epoch %llu",
                          group, what, (unsigned long long)number,
                          (unsigned long long)s->recount.epoch);
}

/* --- state after an unobserved boundary */

void views_adopt(struct assay_sim_services *s)
{
    const uint32_t count = assay_registry_get_plan(s->recount.registry)->group_count;
    for (uint32_t g = 0; g < count; g++) {
        const struct assay_cont_group *group = assay_registry_group(s->recount.registry, g);
        struct views *v = &s->views[g];
        const uint64_t highest = v->highest;
        struct assay_cont_roster known[KNOWN_VIEWS];
        const uint32_t known_count = v->known_count;
        for (uint32_t i = 0; i < KNOWN_VIEWS; i++)
            known[i] = v->known[i];
        *v = (struct views){ .highest = highest > group->view_last ? highest : group->view_last,
                             .era = group->era,
                             .closes = group->era_closed == group->era ? group->era_closes : 0,
                             .born = group->phase != ASSAY_CONT_FORMING,
                             .lost = group->phase == ASSAY_CONT_GONE,
                             .decided = group->view_last,
                             .started = group->now.roster.view,
                             .was_changing = group->phase == ASSAY_CONT_CHANGING,
                             .unseen = group->now.roster.view,
                             .known_count = known_count,
                             .next = group->next.roster };
        for (uint32_t i = 0; i < KNOWN_VIEWS; i++)
            v->known[i] = known[i];
        for (uint32_t i = 0; i < ASSAY_CONT_MOVES_MAX; i++)
            if (group->moved[i] != 0) v->move[v->move_count++] = group->moved[i];
        for (uint32_t i = 0; i < group->now.roster.count; i++)
            for (uint32_t k = 0; k < group->now.roster.count; k++)
                if (((group->silence[i].by[0] | group->silence[i].by[1]) >> k & 1) != 0)
                    v->reported[i][k] = group->epoch;
        for (uint32_t i = 0; i < NODES; i++) {
            v->lists[i] = group->member[i].listed;
            s->views_suspended[i] = group->member[i].standing == ASSAY_CONT_STAND_SUSPENDED;
            s->views_operator[i] = group->member[i].operator_;
            assay_bytes_copy(v->key[i], sizeof v->key[i], group->member[i].key,
                             sizeof group->member[i].key);
        }
        sessions_adopt(s, g);
    }
}

/* --- facts */

/* The process of the seat is the last one that its member listed. */
static bool is_last_listed(const struct views *v, uint32_t slot, const uint8_t *key)
{
    return v->lists[slot] && assay_bytes_equal(v->key[slot], key, sizeof v->key[slot]);
}

/* docs/services.md 1.9.3: a quorum remains without the machines of any one operator. */
static void check_operators(struct assay_sim_services *s, uint32_t g)
{
    const struct assay_cont_group *group = assay_registry_group(s->recount.registry, g);
    const uint32_t most = group->size - (group->size / 2 + 1);
    for (uint32_t i = 0; i < group->next.roster.count; i++) {
        if (group->next.slot[i] >= NODES) continue; /* unassigned since a RECOVER */
        const uint32_t owner = s->views_operator[group->next.slot[i]];
        uint32_t count = 0;
        for (uint32_t k = 0; k < group->next.roster.count; k++)
            count += group->next.slot[k] < NODES && s->views_operator[group->next.slot[k]] == owner;
        if (count > most) report_group(s, g, "gives seats to one operator, so many:", count);
    }
}

/* docs/services.md 1.11: a seat moved without a loss: which seats had reported it, and when seats
 * moved for that before. */
static void check_silence(struct assay_sim_services *s, uint32_t g)
{
    const struct assay_cont_group *group = assay_registry_group(s->recount.registry, g);
    struct views *v = &s->views[g];
    uint32_t moves = 0, lately = 0;
    const uint64_t epoch = group->epoch;
    if (v->was_changing) return; /* seats that move then are lost */
    for (uint32_t i = 0; i < group->now.roster.count; i++) {
        const uint32_t slot = group->now.slot[i];
        const struct assay_cont_member *m = &group->member[slot];
        if (group->next.slot[i] == slot || slot >= NODES) continue;
        if (!is_last_listed(v, slot, group->now.roster.key[i]) || m->drains ||
            m->standing < ASSAY_CONT_STAND_WARNING)
            continue;
        uint32_t reporters = 0;
        for (uint32_t k = 0; k < group->now.roster.count; k++)
            reporters += v->reported[i][k] != 0 && v->reported[i][k] + 1 >= epoch;
        if (reporters < assay_cont_quorum(group->size))
            report_group(s, g, "moves a seat for silence on too few reports:", reporters);
        moves++;
    }
    if (moves == 0) return;
    if (moves > 1) report_group(s, g, "moves seats for silence at once:", moves);
    for (uint32_t i = 0; i < v->move_count; i++) {
        if (epoch - v->move[i] < 4)
            report_group(s, g, "moves seats for silence close by close", epoch);
        lately += epoch - v->move[i] < 64;
    }
    if (lately >= group->size - (group->size / 2 + 1))
        report_group(s, g, "moves too many seats for silence", lately + 1);
    if (v->move_count < SILENCE_MOVES) v->move[v->move_count++] = epoch;
}

static void check_decision(struct assay_sim_services *s, uint32_t g,
                           const struct assay_cont_fact *fact)
{
    const struct assay_cont_group *group = assay_registry_group(s->recount.registry, g);
    struct views *v = &s->views[g];
    if (v->lost) report_group(s, g, "is gone and decides a view", fact->roster.view);
    if (fact->roster.view <= v->decided ||
        fact->roster.view >> ASSAY_CONT_NUMBER_BITS != group->era)
        report_group(s, g, "decides a view out of turn", fact->roster.view);
    for (uint32_t i = 0; i < fact->base_roster.count; i++) {
        const uint32_t slot = group->now.slot[i];
        if (slot >= NODES || !is_last_listed(v, slot, group->now.roster.key[i])) continue;
        if (s->views_suspended[slot] && (fact->barred >> i & 1) == 0)
            report_group(s, g, "counts on the memory of a suspended slot", slot);
    }
    check_operators(s, g);
    check_silence(s, g);
    v->was_changing = true;
    v->decided = v->highest = fact->roster.view;
    v->next = fact->roster;
}

/* docs/services.md 1.9.5: it was decided in an earlier era, and none in this one. */
static bool was_undone(const struct assay_sim_services *s, uint32_t g, uint64_t view)
{
    const struct views *v = &s->views[g];
    const uint64_t era = assay_registry_group(s->recount.registry, g)->era;
    return view <= v->highest && view >> ASSAY_CONT_NUMBER_BITS < era &&
           v->decided >> ASSAY_CONT_NUMBER_BITS < era;
}

static void on_fact(struct assay_sim_services *s, uint32_t g, const struct assay_cont_fact *fact)
{
    struct views *v = &s->views[g];
    services_report_check(s, ASSAY_SIM_CHECKER_CONTINUITY, NULL);
    switch (fact->kind) {
    case ASSAY_CONT_BORN:
        if (v->born) report_group(s, g, "is born again", fact->roster.view);
        v->decided = v->started = v->highest = fact->roster.view;
        v->born = true;
        handovers_on_view_started(v, &fact->roster);
        break;
    case ASSAY_CONT_DECIDED: check_decision(s, g, fact); break;
    case ASSAY_CONT_STARTED:
        if (v->lost) report_group(s, g, "is gone and starts a view", fact->roster.view);
        if ((fact->roster.view != v->decided && !was_undone(s, g, fact->roster.view)) ||
            fact->roster.view <= v->started)
            report_group(s, g, "starts a view that was not decided last", fact->roster.view);
        v->started = fact->roster.view;
        handovers_on_view_started(v, &fact->roster);
        if (v->decided < v->started) v->decided = v->started;
        v->was_changing = false;
        assay_bytes_zero(v->reported, sizeof v->reported);
        assay_bytes_zero(v->unlisted, sizeof v->unlisted);
        break;
    case ASSAY_CONT_LOST: v->lost = true; break;
    case ASSAY_CONT_SESSION:
    case ASSAY_CONT_STANDING:
    case ASSAY_CONT_ROWS:
    case ASSAY_CONT_OVER: break;
    }
}

/* Seated processes are the last that their members listed, or may be listed again since a
 * RECOVER. */
static void check_memory(struct assay_sim_services *s, uint32_t g)
{
    const struct assay_cont_group *group = assay_registry_group(s->recount.registry, g);
    struct views *v = &s->views[g];
    uint32_t memories = 0;
    if (!v->born || v->lost) return;
    /* docs/services.md 1.9.5: views of an earlier era may still be shown. */
    if (v->decided >> ASSAY_CONT_NUMBER_BITS < v->era && v->closes < ASSAY_CONT_ATTACH_CLOSES)
        return;
    for (uint32_t i = 0; i < group->now.roster.count; i++) {
        const uint32_t slot = group->now.slot[i];
        if (slot < NODES) {
            v->unlisted[i] = 0;
            memories += is_last_listed(v, slot, group->now.roster.key[i]);
            continue;
        }
        /* docs/services.md 1.9.5.1: its replica may list it again, for some time. */
        if (v->unlisted[i] == 0) v->unlisted[i] = group->epoch;
        memories += group->epoch - v->unlisted[i] < ASSAY_CONT_GONE_CLOSES;
    }
    services_report_check(s, ASSAY_SIM_CHECKER_CONTINUITY, NULL);
    if (memories < assay_cont_quorum(group->now.roster.count))
        report_group(s, g, "goes on though its memories are lost but for", memories);
}

/* --- records */

static void check_vouchers(struct assay_sim_services *s, struct assay_slice payload)
{
    struct assay_cont_table_record record;
    uint32_t count = 0;
    const enum assay_status status = assay_cont_table_record_decode(payload, &record);
    ASSAY_ASSERT(status == ASSAY_OK);
    const struct assay_cont_roster *next = &s->views[record.group].next;
    for (uint32_t seat = 0; seat < next->count; seat++) {
        bool has = false;
        for (uint32_t i = 0; i < record.count; i++)
            has = has || assay_bytes_equal(record.key[i], next->key[seat], sizeof record.key[i]);
        count += has;
    }
    if (record.roster.view != next->view)
        report_group(s, record.group, "starts by the table of another view", record.roster.view);
    if (count < assay_cont_quorum(next->count))
        report_group(s, record.group, "starts by too few of its seats", count);
}

static void check_report(struct assay_sim_services *s, struct assay_slice payload)
{
    struct assay_cont_silent_record record;
    const enum assay_status status = assay_cont_silent_record_decode(payload, &record);
    ASSAY_ASSERT(status == ASSAY_OK);
    const struct assay_cont_group *group = assay_registry_group(s->recount.registry, record.group);
    const uint32_t by = assay_cont_find_seat(&group->now.roster, record.key);
    if (record.view != s->views[record.group].started || by == group->now.roster.count ||
        by == record.seat) {
        report_group(s, record.group, "accepts a report by no seated member", record.seat);
        return;
    }
    s->views[record.group].reported[record.seat][by] = record.epoch;
}

void views_record(struct assay_sim_services *s, uint32_t slot, enum assay_service_kind kind,
                  struct assay_slice payload, const struct assay_registry_facts *facts)
{
    struct assay_cont_replica_record record;
    if (kind == ASSAY_SERVICE_REPLICA &&
        assay_cont_replica_record_decode(payload, &record) == ASSAY_OK) {
        s->views[record.group].lists[slot] = true;
        assay_bytes_copy(s->views[record.group].key[slot], sizeof record.key, record.key,
                         sizeof record.key);
    }
    if (kind == ASSAY_SERVICE_SILENT) check_report(s, payload);
    if (kind == ASSAY_SERVICE_SESSION) sessions_numbered(s, payload, facts);
    if (kind == ASSAY_SERVICE_KEEP) sessions_kept(s, payload);
    if (kind == ASSAY_SERVICE_TABLE) check_vouchers(s, payload);
    views_on_facts(s, facts);
}

void views_on_facts(struct assay_sim_services *s, const struct assay_registry_facts *facts)
{
    for (uint32_t i = 0; i < facts->continuity.count; i++)
        on_fact(s, facts->group, &facts->continuity.fact[i]);
}

/* --- closes */

void views_on_standings(struct assay_sim_services *s, const struct assay_registry_member *member,
                        uint32_t count)
{
    for (uint32_t i = 0; i < NODES; i++) {
        s->views_suspended[i] =
            i < count && member[i].standing == ASSAY_REGISTRY_STAND_SUSPENDED;
        s->views_operator[i] = i < count ? member[i].operator_ : (uint8_t)i;
        const bool renewed = i >= count || member[i].renewed;
        for (uint32_t g = 0; renewed && g < s->plan.group_count; g++)
            s->views[g].lists[i] = false;
    }
}

void views_closed(struct assay_sim_services *s)
{
    const uint32_t count = assay_registry_get_plan(s->recount.registry)->group_count;
    for (uint32_t g = 0; g < count; g++) {
        const uint64_t era = assay_registry_group(s->recount.registry, g)->era;
        struct views *v = &s->views[g];
        v->closes = v->era == era ? v->closes + 1 : 1;
        v->era = era;
        check_memory(s, g);
        sessions_closed(s, g);
    }
}
