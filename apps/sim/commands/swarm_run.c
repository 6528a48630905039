/*
 * apps/sim/commands/swarm_run.c - seeds on all cores, counted in order.
 */
#include "apps/sim/commands/swarm.h"

#include "apps/sim/commands/batch.h"
#include "apps/sim/commands/progress.h"
#include "apps/sim/commands/shell.h"
#include "apps/sim/report/files.h"
#include "base/assert.h"
#include "base/crypto.h"
#include "base/file/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A seed takes longer than this: each is stored as soon as it is counted. */
enum { SAVE_EVERY_MS = 100, SAVE_EVERY_SEEDS = 50 };

struct swarming {
    const struct assay_sim_swarm *options;
    struct assay_sim_swarm_state *state;
    struct assay_sim_progress progress;
    uint64_t first;  /* seed of job 0 */
    uint32_t paired; /* situations that are counted in pairs */
    uint64_t wall_before_ms, done_before;
    uint64_t saved_ms, saved_seeds;
    enum assay_status status;
    char *message;
};

/* --- one seed */
enum assay_status sim_swarm_scenario(const struct assay_sim_swarm *swarm, uint64_t seed,
                                     struct assay_scenario *scenario,
                                     char message[static ASSAY_SIM_MESSAGE_MAX])
{
    struct assay_scenario made = assay_sim_random_scenario(seed, swarm->sizes);
    for (uint32_t i = 0; i < swarm->set_count; i++)
        ASSAY_TRY(assay_scenario_set(&made, swarm->sets[i], message));
    made.seed = seed; /* a --set of the seed would make all of them equal */
    ASSAY_TRY(assay_scenario_check(&made, message));
    *scenario = made;
    return ASSAY_OK;
}

struct seed_run {
    struct assay_sim_child child;
    struct assay_sim_trial trial;
};

/* Returns: whether there is a scenario to run; otherwise the trial has the reason. */
static bool find_scenario(const struct swarming *w, uint64_t index, struct seed_run *run,
                          struct assay_scenario *scenario)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    struct assay_sim_breach *const breach = &run->trial.breach;
    if (sim_swarm_scenario(w->options, w->first + index, scenario, message) == ASSAY_OK)
        return true;
    breach->broken = true;
    (void)snprintf(breach->what, sizeof breach->what, "scenario");
    (void)snprintf(breach->message, sizeof breach->message, "%.150s", message);
    return false;
}

static void run_in_process(void *context, uint64_t index, void *result)
{
    const struct swarming *const w = context;
    struct seed_run *const run = result;
    struct assay_scenario scenario;
    if (find_scenario(w, index, run, &scenario))
        run->trial = sim_try(w->options->run, &scenario, w->options->twice, false);
}

static pid_t begin_child(void *context, uint64_t index, void *result)
{
    const struct swarming *const w = context;
    struct seed_run *const run = result;
    struct assay_scenario scenario;
    if (!find_scenario(w, index, run, &scenario)) return 0;
    run->child = sim_try_begin(w->options->run, &scenario, w->options->twice);
    if (run->child.pid == 0) run->trial = sim_try_end(&run->child, 0);
    return run->child.pid;
}

static void end_child(void *context, uint64_t index, void *result, int status)
{
    struct seed_run *const run = result;
    (void)context;
    (void)index;
    run->trial = sim_try_end(&run->child, status);
}

/* --- all seeds, in order */
static void put_u64(uint8_t out[8], uint64_t value)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (56 - 8 * i));
}

static void extend_digest(uint8_t digest[32], uint64_t seed, const uint8_t trace_hash[32])
{
    uint8_t number[8];
    put_u64(number, seed);
    const struct assay_slice pieces[] = { { digest, 32 }, { number, 8 }, { trace_hash, 32 } };
    assay_sha256_pieces(pieces, 3, digest);
}

static enum assay_status save_scenario(const struct swarming *w, uint64_t seed)
{
    struct assay_scenario scenario;
    char path[1024], message[ASSAY_SIM_MESSAGE_MAX];
    ASSAY_TRY(sim_swarm_scenario(w->options, seed, &scenario, message));
    uint8_t *const text = malloc(ASSAY_SIM_YAML_MAX);
    if (text == NULL) return ASSAY_E_MEMORY;
    struct assay_writer out = assay_writer_over(text, ASSAY_SIM_YAML_MAX);
    struct assay_slice written = { 0 };
    assay_scenario_put_yaml(&scenario, &out);
    enum assay_status status = assay_writer_finish(&out, &written);
    const int path_len = snprintf(path, sizeof path, "%s/swarm-%llu.yaml", w->options->out_dir,
                                  (unsigned long long)seed);
    if (path_len < 0 || (size_t)path_len >= sizeof path) status = ASSAY_E_RANGE;
    if (status == ASSAY_OK) status = assay_file_replace(path, ASSAY_FILE_PUBLIC, written);
    free(text);
    return status;
}

static void note_failure(struct swarming *w, uint64_t seed, const struct assay_sim_breach *breach)
{
    struct assay_sim_swarm_state *const s = w->state;
    s->failed++;
    if (s->failure_count == ASSAY_SIM_SWARM_FAILURES_MAX) return;
    struct assay_sim_swarm_failure *const f = &s->failures[s->failure_count++];
    *f = (struct assay_sim_swarm_failure){ .seed = seed, .epoch = breach->epoch };
    (void)snprintf(f->what, sizeof f->what, "%s", breach->what);
    (void)snprintf(f->message, sizeof f->message, "%s", breach->message);
    if (w->options->out_dir == NULL || w->status != ASSAY_OK) return;
    w->status = save_scenario(w, seed);
    if (w->status != ASSAY_OK)
        (void)snprintf(w->message, ASSAY_SIM_MESSAGE_MAX, "%.200s: cannot be written: %s (%s)",
                       w->options->out_dir, assay_status_text(w->status), strerror(errno));
}

static void save_state(struct swarming *w)
{
    if (w->options->state_path == NULL || w->status != ASSAY_OK) return;
    w->saved_ms = sim_progress_ms(&w->progress);
    w->saved_seeds = w->state->done;
    w->state->wall_ms = w->wall_before_ms + w->saved_ms;
    w->status = sim_swarm_state_save(w->options->state_path, w->state);
    if (w->status != ASSAY_OK)
        (void)snprintf(w->message, ASSAY_SIM_MESSAGE_MAX, "%.300s: cannot be written: %s (%s)",
                       w->options->state_path, assay_status_text(w->status), strerror(errno));
}

static void count_drawn(const struct swarming *w, uint64_t seed, const struct assay_sim_trial *r)
{
    struct assay_scenario scenario;
    char message[ASSAY_SIM_MESSAGE_MAX];
    bool drawn[ASSAY_SIM_SITUATIONS_MAX];
    if (sim_swarm_scenario(w->options, seed, &scenario, message) != ASSAY_OK) return;
    assay_sim_swarm_count_drawn(&scenario, w->state->drawn);
    assay_sim_situations_mark(&scenario, drawn);
    assay_sim_coverage_add(&w->state->coverage, w->paired, drawn, r->happened);
}

static bool commit_seed(void *context, uint64_t index, void *result)
{
    struct swarming *const w = context;
    const struct assay_sim_trial *const r = &((const struct seed_run *)result)->trial;
    struct assay_sim_swarm_state *const s = w->state;
    extend_digest(s->digest, w->first + index, r->trace_hash);
    s->done++;
    s->beyond += r->beyond;
    s->events += r->events;
    s->messages += r->messages;
    s->epochs += r->epochs;
    s->simulated_ms += r->simulated_ms;
    s->cpu_us += r->cpu_us;
    count_drawn(w, w->first + index, r);
    for (uint32_t i = 0; i < ASSAY_SIM_EFFECT_COUNT; i++)
        s->effects[i] += r->effects[i];
    if (r->breach.broken) note_failure(w, w->first + index, &r->breach);
    /* A kill loses the seeds that run and those of the last tenth of a second: none is counted
     * twice, since seeds are counted in order and the file has their number. */
    if (sim_progress_ms(&w->progress) - w->saved_ms >= SAVE_EVERY_MS ||
        s->done - w->saved_seeds >= SAVE_EVERY_SEEDS)
        save_state(w);
    sim_progress_show(&w->progress, s->done, s->failed);
    return w->status == ASSAY_OK && !(r->breach.broken && w->options->stop_at_first);
}

bool sim_swarm_arguments(const struct assay_sim_swarm *swarm,
                         char text[static ASSAY_SIM_SWARM_ARGUMENTS_MAX])
{
    char *made = NULL;
    size_t len = 0;
    FILE *const out = open_memstream(&made, &len);
    if (out == NULL) return false;
    if (swarm->sizes.nodes_max > 0)
        (void)fprintf(out, " --nodes %u..%u", (unsigned)swarm->sizes.nodes_min,
                      (unsigned)swarm->sizes.nodes_max);
    if (swarm->twice) (void)fputs(" --twice", out);
    for (uint32_t i = 0; i < swarm->set_count; i++) {
        (void)fputs(" --set ", out);
        sim_put_word(out, swarm->sets[i]);
    }
    const bool failed = ferror(out) != 0;
    const bool fits = fclose(out) == 0 && !failed && len < ASSAY_SIM_SWARM_ARGUMENTS_MAX;
    if (fits) (void)snprintf(text, ASSAY_SIM_SWARM_ARGUMENTS_MAX, "%s", made);
    free(made);
    return fits;
}

/* The state before the first seed of this run. */
static enum assay_status begin_run(const struct assay_sim_swarm *swarm,
                                   struct assay_sim_swarm_state *state, char *message)
{
    struct assay_scenario scenario;
    *state = (struct assay_sim_swarm_state){ .from = swarm->from };
    sim_swarm_program(state->program);
    if (!sim_swarm_arguments(swarm, state->arguments)) {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                       "--set: expected fewer than %d bytes in all, quoted for a shell",
                       ASSAY_SIM_SWARM_ARGUMENTS_MAX);
        return ASSAY_E_RANGE;
    }
    /* A --set that no scenario accepts is reported once, before any run. */
    ASSAY_TRY(sim_swarm_scenario(swarm, swarm->from, &scenario, message));
    /* A folder that is not writable is reported now, as a usage error. */
    if (swarm->out_dir != NULL && sim_output_folder(swarm->out_dir, message) != ASSAY_OK)
        return ASSAY_E_INVALID;
    if (swarm->state_path == NULL) return ASSAY_OK;
    if (sim_output_file(swarm->state_path, message) != ASSAY_OK) return ASSAY_E_INVALID;
    const enum assay_status status = sim_swarm_state_load(swarm->state_path, state, message);
    return status == ASSAY_E_NOT_FOUND ? ASSAY_OK : status;
}

enum assay_status sim_swarm_run(const struct assay_sim_swarm *swarm,
                                struct assay_sim_swarm_state *state,
                                char message[static ASSAY_SIM_MESSAGE_MAX])
{
    message[0] = '\0';
    ASSAY_TRY(begin_run(swarm, state, message));
    if (state->done >= swarm->seeds) return ASSAY_OK;
    if (swarm->stop_at_first && state->failed > 0) return ASSAY_OK;

    struct swarming w = { .options = swarm, .state = state, .first = swarm->from + state->done };
    struct assay_sim_situations table;
    assay_sim_situations_list(&table);
    w.paired = table.paired;
    w.message = message;
    w.wall_before_ms = state->wall_ms;
    w.saved_seeds = w.done_before = state->done;
    w.progress = sim_progress_start("seeds", swarm->seeds, state->done, swarm->quiet);
    struct assay_sim_batch batch = { .count = swarm->seeds - state->done,
                                     .threads = swarm->threads,
                                     .result_size = sizeof(struct seed_run),
                                     .context = &w,
                                     .work = run_in_process,
                                     .commit = commit_seed,
                                     .stop = swarm->stop };
    if (!swarm->one_process) {
        batch.begin = begin_child;
        batch.end = end_child;
    }
    const uint64_t ran = sim_batch_run(&batch);
    ASSAY_ASSERT(state->done == w.done_before + ran);
    state->wall_ms = w.wall_before_ms + sim_progress_ms(&w.progress);
    sim_progress_end(&w.progress);
    save_state(&w);
    return w.status;
}
