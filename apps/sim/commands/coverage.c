/*
 * apps/sim/commands/coverage.c - coverage report of a swarm: counts, estimate, JSON.
 */
#include "apps/sim/commands/coverage.h"

#include "base/assert.h"
#include "net/json/json.h"

bool sim_coverage_is_pair(const struct assay_sim_situations *table, uint32_t a, uint32_t b)
{
    return table->items[a].drawable && table->items[b].drawable &&
           assay_sim_situations_pair(table, a, b);
}

/* --- counts */
static void count_state(struct assay_sim_coverage_report *r)
{
    const struct assay_sim_coverage *const c = &r->state->coverage;
    for (uint32_t i = 0; i < r->table.count; i++) {
        r->situations += r->table.items[i].drawable;
        r->situations_drawn += r->table.items[i].drawable && c->drawn[i] > 0;
        r->situations_happened += r->table.items[i].drawable && c->happened[i] > 0;
    }
    for (uint32_t b = 1; b < r->table.paired; b++)
        for (uint32_t a = 0; a < b; a++) {
            const uint32_t pair = assay_sim_pair_index(a, b);
            if (!sim_coverage_is_pair(&r->table, a, b)) continue;
            r->pairs++;
            r->pairs_drawn += c->pairs_drawn[pair] > 0;
            r->pairs_happened += c->pairs_happened[pair] > 0;
        }
}

/* --- the estimate */
static uint64_t night_seeds(const struct assay_sim_coverage_report *r)
{
    return r->seeds_an_hour * ASSAY_SIM_NIGHT_HOURS;
}

/* The n-th seed of those ahead. */
static void look_at(struct assay_sim_coverage_report *r, const bool drawn[], uint32_t n)
{
    for (uint32_t b = 1; b < r->table.paired; b++) {
        for (uint32_t a = 0; drawn[b] && a < b; a++) {
            const uint32_t pair = assay_sim_pair_index(a, b);
            if (!drawn[a] || r->next[pair] != 0 || r->state->coverage.pairs_drawn[pair] > 0 ||
                !sim_coverage_is_pair(&r->table, a, b))
                continue;
            r->next[pair] = n;
            r->pairs_ahead++;
            r->pairs_in_a_night += n <= night_seeds(r);
            r->seeds_to_all = n;
        }
    }
}

static uint64_t seeds_an_hour(const struct assay_sim_swarm_state *s)
{
    enum { HOUR_S = 3600, SECOND_US = 1000000 };
    const uint64_t hours_us = UINT64_C(1) * ASSAY_SIM_NIGHT_PROCESSORS * HOUR_S * SECOND_US;
    if (s->cpu_us == 0 || s->done > UINT64_MAX / hours_us) return 0;
    return s->done * hours_us / s->cpu_us;
}

enum assay_status sim_coverage_make(const struct assay_sim_swarm *swarm,
                                    const struct assay_sim_swarm_state *state, uint32_t ahead,
                                    struct assay_sim_coverage_report *report,
                                    char message[static ASSAY_SIM_MESSAGE_MAX])
{
    struct assay_scenario scenario;
    bool drawn[ASSAY_SIM_SITUATIONS_MAX];
    ASSAY_ASSERT(ahead <= ASSAY_SIM_AHEAD_SEEDS_MAX);
    *report = (struct assay_sim_coverage_report){ .state = state };
    assay_sim_situations_list(&report->table);
    count_state(report);
    report->seeds_an_hour = seeds_an_hour(state);
    const uint64_t behind = UINT64_MAX - state->from; /* seeds after the first one */
    const uint64_t left = state->done > behind ? 0 : behind - state->done + 1;
    for (uint32_t n = 1; n <= ahead && n <= left; n++) {
        ASSAY_TRY(sim_swarm_scenario(swarm, state->from + state->done + n - 1, &scenario, message));
        assay_sim_situations_mark(&scenario, drawn);
        look_at(report, drawn, n);
        report->ahead = n;
    }
    return ASSAY_OK;
}

/* --- JSON */
static void set_situations(struct assay_json *data, const struct assay_sim_coverage_report *r)
{
    struct assay_json *const list = assay_json_set_array(data, "situations");
    struct assay_json *const never = assay_json_set_array(data, "never_drawn");
    struct assay_json *const in_vain = assay_json_set_array(data, "never_happened");
    struct assay_json *const outside = assay_json_set_array(data, "outside");
    const struct assay_sim_coverage *const c = &r->state->coverage;
    for (uint32_t i = 0; i < r->table.count; i++) {
        const struct assay_sim_situation *const item = &r->table.items[i];
        if (!item->drawable && c->drawn[i] == 0) {
            assay_json_append_text(outside, item->name);
            continue;
        }
        struct assay_json *const row = assay_json_append_object(list);
        assay_json_set_text(row, "name", item->name);
        assay_json_set_uint(row, "drawn", c->drawn[i]);
        assay_json_set_uint(row, "happened", c->happened[i]);
        if (c->drawn[i] == 0) assay_json_append_text(never, item->name);
        else if (c->happened[i] == 0) assay_json_append_text(in_vain, item->name);
    }
}

static void set_pairs(struct assay_json *data, const struct assay_sim_coverage_report *r)
{
    struct assay_json *const list = assay_json_set_array(data, "pairs");
    struct assay_json *const never = assay_json_set_array(data, "pairs_never_drawn");
    const struct assay_sim_coverage *const c = &r->state->coverage;
    for (uint32_t b = 1; b < r->table.paired; b++)
        for (uint32_t a = 0; a < b; a++) {
            const uint32_t pair = assay_sim_pair_index(a, b);
            const bool drawn = c->pairs_drawn[pair] > 0;
            if (!drawn && !sim_coverage_is_pair(&r->table, a, b)) continue;
            struct assay_json *const row = assay_json_append_object(drawn ? list : never);
            assay_json_set_text(row, "a", r->table.items[a].name);
            assay_json_set_text(row, "b", r->table.items[b].name);
            if (drawn) {
                assay_json_set_uint(row, "drawn", c->pairs_drawn[pair]);
                assay_json_set_uint(row, "happened", c->pairs_happened[pair]);
            } else if (r->next[pair] > 0) {
                assay_json_set_uint(row, "next_seed",
                                    r->state->from + r->state->done + r->next[pair] - 1);
            } else {
                assay_json_set_null(row, "next_seed");
            }
        }
}

struct assay_json *sim_coverage_data(const struct assay_sim_coverage_report *r)
{
    struct assay_json *const data = assay_json_object();
    const struct assay_sim_swarm_state *const s = r->state;
    assay_json_set_text(data, "program", s->program);
    assay_json_set_text(data, "arguments", s->arguments);
    assay_json_set_uint(data, "from", s->from);
    assay_json_set_uint(data, "done", s->done);
    assay_json_set_uint(data, "failed", s->failed);
    assay_json_set_uint(data, "situations_drawable", r->situations);
    assay_json_set_uint(data, "situations_drawn", r->situations_drawn);
    assay_json_set_uint(data, "situations_happened", r->situations_happened);
    assay_json_set_uint(data, "pairs_drawable", r->pairs);
    assay_json_set_uint(data, "pairs_drawn", r->pairs_drawn);
    assay_json_set_uint(data, "pairs_happened", r->pairs_happened);
    set_situations(data, r);
    set_pairs(data, r);
    struct assay_json *const e = assay_json_set_object(data, "estimate");
    assay_json_set_uint(e, "processors", ASSAY_SIM_NIGHT_PROCESSORS);
    assay_json_set_uint(e, "seeds_an_hour", r->seeds_an_hour);
    assay_json_set_uint(e, "seeds_in_a_night", night_seeds(r));
    assay_json_set_uint(e, "ahead", r->ahead);
    assay_json_set_uint(e, "pairs_ahead", r->pairs_ahead);
    assay_json_set_uint(e, "pairs_in_a_night", r->pairs_in_a_night);
    assay_json_set_uint(e, "seeds_to_all", r->seeds_to_all);
    return data;
}
