/*
 * apps/sim/commands/tally_run.c - one epoch through scoring/weight.c and scoring/tally.c.
 */
#include "apps/sim/commands/tally.h"
#include "base/assert.h"

#include <stdlib.h>

/* Late enough that every bound in epochs (512 and less) has passed since the first one. */
enum { EPOCH = 1000 };

/* U depends on at most this many offences: 100, 100, 50, 25, then 12. */
enum { OFFENCES_THAT_MATTER = 5 };

struct workspace {
    struct assay_groups groups;
    void *groups_memory;
    size_t groups_len;
    void *memory;
    size_t memory_len;
    struct assay_trust_state *stated; /* [count] */
    struct assay_trust_state *after;  /* [count] */
    struct assay_tally_result *results;
};

static bool get_workspace(struct workspace *w, uint32_t count)
{
    const size_t tally_len = assay_tally_memory_len(count);
    const size_t weights_len = assay_weights_memory_len(count);
    w->memory_len = tally_len > weights_len ? tally_len : weights_len;
    w->groups_len = assay_groups_memory_len(count);
    w->groups_memory = calloc(1, w->groups_len);
    w->memory = calloc(1, w->memory_len);
    w->stated = calloc(count, sizeof *w->stated);
    w->after = calloc(count, sizeof *w->after);
    w->results = calloc(count, sizeof *w->results);
    return w->groups_memory != NULL && w->memory != NULL && w->stated != NULL && w->after != NULL &&
           w->results != NULL;
}

static bool get_results(struct assay_sim_tally *t)
{
    t->stages.raw = calloc(t->count, sizeof *t->stages.raw);
    t->stages.unit = calloc(t->count, sizeof *t->stages.unit);
    t->stages.peak = calloc(t->count, sizeof *t->stages.peak);
    t->stages.factor = calloc(t->count, sizeof *t->stages.factor);
    t->stages.capped = calloc(t->count, sizeof *t->stages.capped);
    t->weights = calloc(t->count, sizeof *t->weights);
    t->results = calloc(t->count, sizeof *t->results);
    t->after = calloc(t->count, sizeof *t->after);
    return t->stages.raw != NULL && t->stages.unit != NULL && t->stages.peak != NULL &&
           t->stages.factor != NULL && t->stages.capped != NULL && t->weights != NULL &&
           t->results != NULL && t->after != NULL;
}

static void compute_weights(struct assay_sim_tally *t, const struct workspace *w)
{
    const struct assay_weight_input input = {
        .rules = &t->caps,
        .groups = &w->groups,
        .trust = t->trust,
        .unlisted = t->unlisted,
    };
    const enum assay_cuts cuts = assay_weight_stages(&input, w->memory, w->memory_len, &t->stages);
    assay_weights(&input, w->memory, w->memory_len, t->weights, &t->tolerance);
    ASSAY_ASSERT(cuts == t->tolerance.cuts);
}

static uint32_t count_offences(const struct assay_trust_state *trust)
{
    return trust->offences.count < OFFENCES_THAT_MATTER ? trust->offences.count
                                                        : (uint32_t)OFFENCES_THAT_MATTER;
}

/* The epoch as if every platform had this record, stored for the members that have it: ids of one
 * platform share their record, which a file may not reflect. */
static void close_with(struct assay_sim_tally *t, const struct workspace *w, uint32_t offences)
{
    const struct assay_score_rules ladder = assay_score_rules_default();
    for (uint32_t slot = 0; slot < t->count; slot++) {
        w->stated[slot] = t->trust[slot];
        w->stated[slot].offences = (struct assay_offences){
            .count = offences,
            .last_epoch = offences > 0 ? 1 : 0,
        };
    }
    const struct assay_tally_input input = {
        .epoch = EPOCH,
        .roll_present = true,
        .rules = &ladder,
        .groups = &w->groups,
        .weights = t->weights,
        .members = t->members,
        .rows = t->rows,
        .trust = w->stated,
    };
    assay_tally_epoch(&input, w->memory, w->memory_len, w->after, w->results, &t->summary);
    for (uint32_t slot = 0; slot < t->count; slot++) {
        if (count_offences(&t->trust[slot]) != offences) continue;
        t->after[slot] = w->after[slot];
        t->results[slot] = w->results[slot];
    }
}

static void close_epoch(struct assay_sim_tally *t, const struct workspace *w)
{
    for (uint32_t offences = 0; offences <= OFFENCES_THAT_MATTER; offences++) {
        bool somebody = false;
        for (uint32_t slot = 0; slot < t->count; slot++)
            somebody = somebody || count_offences(&t->trust[slot]) == offences;
        if (somebody) close_with(t, w, offences);
    }
}

enum assay_status sim_tally_run(struct assay_sim_tally *tally)
{
    struct workspace w = { .memory = NULL };
    ASSAY_ASSERT(tally->count > 0 && tally->weights == NULL);
    const bool all = get_workspace(&w, tally->count) && get_results(tally);
    if (all) {
        assay_groups_build(tally->places, tally->count, w.groups_memory, w.groups_len, &w.groups);
        compute_weights(tally, &w);
        close_epoch(tally, &w);
    }
    free(w.groups_memory);
    free(w.memory);
    free(w.stated);
    free(w.after);
    free(w.results);
    return all ? ASSAY_OK : ASSAY_E_MEMORY;
}

void sim_tally_free(struct assay_sim_tally *tally)
{
    assay_json_free(&tally->document);
    assay_json_free(&tally->notes);
    free(tally->ids);
    free(tally->places);
    free(tally->trust);
    free(tally->unlisted);
    free(tally->members);
    free(tally->ballots);
    free(tally->rows);
    free(tally->stages.raw);
    free(tally->stages.unit);
    free(tally->stages.peak);
    free(tally->stages.factor);
    free(tally->stages.capped);
    free(tally->weights);
    free(tally->results);
    free(tally->after);
    *tally = (struct assay_sim_tally){ .count = 0 };
}

static struct assay_json *member_json(const struct assay_sim_tally *t, uint32_t slot)
{
    const struct assay_tally_result *r = &t->results[slot];
    struct assay_json *const out = assay_json_object();
    assay_json_set_text(out, "id", t->ids[slot]);
    assay_json_set_uint(out, "raw", t->stages.raw[slot]);
    assay_json_set_uint(out, "unit", t->stages.unit[slot]);
    assay_json_set_uint(out, "peak", t->stages.peak[slot]);
    assay_json_set_uint(out, "factor", t->stages.factor[slot]);
    assay_json_set_uint(out, "capped", t->stages.capped[slot]);
    assay_json_set_uint(out, "weight", t->weights[slot]);
    assay_json_set_uint(out, "W", r->electorate_weight);
    assay_json_set_uint(out, "P", r->pass_weight);
    assay_json_set_uint(out, "N", r->negative_weight);
    assay_json_set_uint(out, "U", r->unjudged_weight);
    assay_json_set_uint(out, "lo", r->lo_bp);
    assay_json_set_uint(out, "hi", r->hi_bp);
    assay_json_set_uint(out, "A", t->after[slot].availability_bp);
    assay_json_set_uint(out, "I", t->after[slot].integrity_bp);
    assay_json_set_uint(out, "S", assay_trust_score_bp(&t->after[slot]));
    assay_json_set_text(out, "availability", assay_availability_rule_text(r->availability_rule));
    assay_json_set_text(out, "integrity", assay_integrity_reason_text(r->integrity_reason));
    return out;
}

struct assay_json *sim_tally_json(const struct assay_sim_tally *t)
{
    struct assay_json *const data = assay_json_object();
    struct assay_json *const members = assay_json_array();
    struct assay_json *const notes = assay_json_array();
    for (size_t i = 0; i < assay_json_count(t->notes); i++)
        assay_json_append_text(notes, assay_json_as_text(assay_json_at(t->notes, i)));
    for (uint32_t slot = 0; slot < t->count; slot++)
        assay_json_append(members, member_json(t, slot));
    assay_json_set_bool(data, "certified", t->summary.certified);
    assay_json_set_uint(data, "total_weight", t->summary.total_weight);
    assay_json_set_uint(data, "counted_weight", t->summary.counted_weight);
    assay_json_set_bool(data, "operator_cap_met", t->tolerance.operator_cap_met);
    assay_json_set_bool(data, "vendor_cap_met", t->tolerance.vendor_cap_met);
    assay_json_set_text(data, "cuts", assay_cuts_text(t->tolerance.cuts));
    assay_json_set(data, "members", members);
    assay_json_set(data, "notes", notes);
    return data;
}
