/*
 * apps/sim/commands/swarm_data.c - result of a swarm as a document, for --json and the page.
 */
#include "apps/sim/commands/swarm.h"

#include "net/json/json.h"

#include <inttypes.h>
#include <stdio.h>

void sim_swarm_reproduction(const struct assay_sim_swarm_state *state, uint64_t seed,
                            char line[static ASSAY_SIM_SWARM_LINE_MAX])
{
    (void)snprintf(line, ASSAY_SIM_SWARM_LINE_MAX, "assay-sim swarm --seeds 1 --from %" PRIu64 "%s",
                   seed, state->arguments);
}

static struct assay_json *failures_of(const struct assay_sim_swarm_state *state)
{
    char line[ASSAY_SIM_SWARM_LINE_MAX];
    struct assay_json *const list = assay_json_array();
    for (uint32_t i = 0; i < state->failure_count; i++) {
        const struct assay_sim_swarm_failure *const f = &state->failures[i];
        struct assay_json *const item = assay_json_object();
        sim_swarm_reproduction(state, f->seed, line);
        assay_json_set_uint(item, "seed", f->seed);
        assay_json_set_text(item, "what", f->what);
        assay_json_set_uint(item, "epoch", f->epoch);
        assay_json_set_text(item, "message", f->message);
        assay_json_set_text(item, "reproduce", line);
        assay_json_append(list, item);
    }
    return list;
}

struct assay_json *sim_swarm_data(const struct assay_sim_swarm *swarm,
                                  const struct assay_sim_swarm_state *s)
{
    struct assay_json *const data = assay_json_object();
    assay_json_set_text(data, "program", s->program);
    assay_json_set_uint(data, "from", s->from);
    assay_json_set_uint(data, "seeds", swarm->seeds);
    assay_json_set_uint(data, "done", s->done);
    assay_json_set_uint(data, "failed", s->failed);
    assay_json_set_uint(data, "beyond", s->beyond);
    assay_json_set_uint(data, "epochs", s->epochs);
    assay_json_set_uint(data, "messages", s->messages);
    assay_json_set_uint(data, "events", s->events);
    assay_json_set_uint(data, "simulated_ms", s->simulated_ms);
    assay_json_set(data, "drawn", sim_swarm_drawn_json(s));
    assay_json_set(data, "effects", sim_swarm_effects_json(s));
    assay_json_set_hex(data, "digest", s->digest, sizeof s->digest);
    assay_json_set(data, "failures", failures_of(s));
    return data;
}
