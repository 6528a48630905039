/*
 * apps/sim/commands/coverage_print.c - coverage report of a swarm as text.
 */
#include "apps/sim/commands/coverage.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LEAST_PAIRS = 20, WIDTH = 100 };

/* Names with commas between them, over several lines. */
struct line {
    FILE *out;
    size_t column;
    uint32_t count;
};

static void add_name(struct line *l, const char *name)
{
    if (l->count > 0) (void)fputs(",", l->out);
    if (l->count > 0 && l->column + strlen(name) + 2 > WIDTH) {
        (void)fputs("\n   ", l->out);
        l->column = 3;
    }
    (void)fprintf(l->out, " %s", name);
    l->column += strlen(name) + 2;
    l->count++;
}

static void end_line(struct line *l)
{
    (void)fputs(l->count == 0 ? " none\n" : "\n", l->out);
}

static void print_situations(FILE *out, const struct assay_sim_coverage_report *r)
{
    const struct assay_sim_coverage *const c = &r->state->coverage;
    (void)fprintf(out, "\n%-44s %10s %10s\n", "situation", "drawn", "happened");
    for (uint32_t i = 0; i < r->table.count; i++)
        if (c->drawn[i] > 0)
            (void)fprintf(out, "%-44s %10" PRIu64 " %10" PRIu64 "\n", r->table.items[i].name,
                          c->drawn[i], c->happened[i]);
    (void)fprintf(out, "\n");
    struct line never = { out, 0, 0 }, in_vain = { out, 0, 0 };
    (void)fprintf(out, "NEVER drawn:");
    for (uint32_t i = 0; i < r->table.count; i++)
        if (r->table.items[i].drawable && c->drawn[i] == 0)
            add_name(&never, r->table.items[i].name);
    end_line(&never);
    (void)fprintf(out, "drawn, but never happened:");
    for (uint32_t i = 0; i < r->table.count; i++)
        if (c->drawn[i] > 0 && c->happened[i] == 0) add_name(&in_vain, r->table.items[i].name);
    end_line(&in_vain);
    struct line outside = { out, 0, 0 };
    (void)fprintf(out, "outside of what the swarm draws:");
    for (uint32_t i = 0; i < r->table.count; i++)
        if (!r->table.items[i].drawable && c->drawn[i] == 0)
            add_name(&outside, r->table.items[i].name);
    end_line(&outside);
}

/* Pairs that few seeds drew: all of one count before those of the next. */
static void print_least(FILE *out, const struct assay_sim_coverage_report *r)
{
    const struct assay_sim_coverage *const c = &r->state->coverage;
    uint32_t printed = 0;
    uint64_t floor = 0;
    (void)fprintf(out, "\npairs drawn least (the first %d):\n", (int)LEAST_PAIRS);
    while (printed < LEAST_PAIRS) {
        uint64_t least = UINT64_MAX;
        for (uint32_t i = 0; i < ASSAY_SIM_PAIRS_MAX; i++)
            if (c->pairs_drawn[i] > floor && c->pairs_drawn[i] < least) least = c->pairs_drawn[i];
        if (least == UINT64_MAX) return;
        for (uint32_t b = 1; b < r->table.paired; b++)
            for (uint32_t a = 0; a < b && printed < LEAST_PAIRS; a++) {
                const uint32_t pair = assay_sim_pair_index(a, b);
                if (c->pairs_drawn[pair] != least) continue;
                (void)fprintf(out, "%10" PRIu64 " drawn %10" PRIu32 " happened  %s + %s\n", least,
                              c->pairs_happened[pair], r->table.items[a].name,
                              r->table.items[b].name);
                printed++;
            }
        floor = least;
    }
}

static void print_never_pairs(FILE *out, const struct assay_sim_coverage_report *r)
{
    const struct assay_sim_coverage *const c = &r->state->coverage;
    (void)fprintf(out, "\npairs NEVER drawn: %" PRIu32 " of %" PRIu32 "%s\n",
                  r->pairs - r->pairs_drawn, r->pairs,
                  r->ahead > 0 ? "; with * also none of the seeds ahead draws it" : "");
    for (uint32_t b = 1; b < r->table.paired; b++) {
        struct line names = { out, 0, 0 };
        for (uint32_t a = 0; a < b; a++) {
            char name[ASSAY_SIM_SITUATION_NAME_MAX + 2];
            const uint32_t pair = assay_sim_pair_index(a, b);
            if (c->pairs_drawn[pair] > 0 || !sim_coverage_is_pair(&r->table, a, b)) continue;
            if (names.count == 0) (void)fprintf(out, "  %s +\n   ", r->table.items[b].name);
            (void)snprintf(name, sizeof name, "%s%s", r->table.items[a].name,
                           r->ahead > 0 && r->next[pair] == 0 ? "*" : "");
            add_name(&names, name);
        }
        if (names.count > 0) (void)fprintf(out, "\n");
    }
}

static void print_estimate(FILE *out, const struct assay_sim_coverage_report *r)
{
    const uint64_t hourly = r->seeds_an_hour, missing = r->pairs - r->pairs_drawn;
    const uint64_t tenths = hourly == 0 ? 0 : UINT64_C(10) * r->seeds_to_all / hourly;
    (void)fprintf(out, "speed        %" PRIu64 " seeds an hour on %d processors\n", hourly,
                  (int)ASSAY_SIM_NIGHT_PROCESSORS);
    (void)fprintf(out,
                  "a night      %d h: %" PRIu64 " seeds more, which draw %" PRIu32 " of %" PRIu64
                  " missing pairs\n",
                  (int)ASSAY_SIM_NIGHT_HOURS, hourly * ASSAY_SIM_NIGHT_HOURS, r->pairs_in_a_night,
                  missing);
    if (hourly * ASSAY_SIM_NIGHT_HOURS > r->ahead)
        (void)fprintf(out, "             (of its first %" PRIu32 ": --ahead draws more of them)\n",
                      r->ahead);
    (void)fprintf(out,
                  "ahead        the next %" PRIu32 " seeds draw %" PRIu32
                  " missing pairs, the last of them after %" PRIu32 " seeds: %" PRIu64 ".%" PRIu64
                  " h\n",
                  r->ahead, r->pairs_ahead, r->seeds_to_all, tenths / 10, tenths % 10);
    (void)fprintf(out, "             %" PRIu64 " pairs are in none of them\n",
                  missing - r->pairs_ahead);
}

void sim_coverage_print(FILE *out, const struct assay_sim_coverage_report *r)
{
    const struct assay_sim_swarm_state *const s = r->state;
    (void)fprintf(out, "seeds        %" PRIu64 " from %" PRIu64 ": %" PRIu64 " failed\n", s->done,
                  s->from, s->failed);
    (void)fprintf(out, "situations   %" PRIu32 " of %" PRIu32 " drawn, %" PRIu32 " happened\n",
                  r->situations_drawn, r->situations, r->situations_happened);
    (void)fprintf(out, "pairs        %" PRIu32 " of %" PRIu32 " drawn, %" PRIu32 " happened\n",
                  r->pairs_drawn, r->pairs, r->pairs_happened);
    print_estimate(out, r);
    print_situations(out, r);
    print_least(out, r);
    print_never_pairs(out, r);
}
