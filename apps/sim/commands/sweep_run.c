/*
 * apps/sim/commands/sweep_run.c - runs of one shard, one row each.
 */
#include "apps/sim/commands/sweep.h"

#include "apps/sim/commands/batch.h"
#include "apps/sim/commands/progress.h"
#include "apps/sim/report/files.h"
#include "apps/sim/sweep/merge.h"
#include "base/assert.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct result {
    struct assay_sim_line line;
    bool violated, refused;
    char message[ASSAY_SIM_MESSAGE_MAX]; /* reason of a refusal */
};

struct work {
    struct assay_sim_sweeping *sweeping;
    struct assay_sim_progress progress;
    FILE *points;
    enum assay_status status;
    char *message;
};

/* --- rows */
enum { FIRST_AXIS = 4 }; /* column; the violation follows the last axis */

static void put_header(const struct assay_sweep *sweep, struct assay_sim_line *line)
{
    static const char *const first[FIRST_AXIS] = { "run", "point", "repeat", "seed" };
    char name[2 * ASSAY_SIM_NAME_MAX + 2];
    for (size_t i = 0; i < FIRST_AXIS; i++)
        sim_line_text(line, first[i]);
    for (uint32_t i = 0; i < sweep->axis_count; i++)
        sim_line_text(line, sweep->axes[i].name);
    sim_line_text(line, "violation");
    sim_line_text(line, "trace_hash");
    for (uint32_t f = 0; f < ASSAY_SIM_FIGURE_COUNT; f++) {
        const enum assay_sim_figure figure = (enum assay_sim_figure)f;
        const uint32_t cohorts = assay_sim_figure_of_cohort(figure) ? sweep->base.cohort_count : 1;
        for (uint32_t c = 0; c < cohorts; c++) {
            const bool of_cohort = assay_sim_figure_of_cohort(figure);
            (void)snprintf(name, sizeof name, "%s%s%s", assay_sim_figure_name(figure),
                           of_cohort ? "." : "", of_cohort ? sweep->base.cohorts[c].name : "");
            sim_line_text(line, name);
        }
    }
    sim_line_end(line);
}

static void put_plot_column(const struct assay_sweep *sweep, char *name, size_t len)
{
    const bool of_cohort = assay_sim_figure_of_cohort(sweep->figure);
    (void)snprintf(name, len, "%s%s%s", assay_sim_figure_name(sweep->figure), of_cohort ? "." : "",
                   of_cohort ? sweep->base.cohorts[sweep->figure_cohort].name : "");
}

static void put_row(const struct assay_sweep *sweep, uint64_t run,
                    const struct assay_sim_outcome *outcome, struct assay_sim_line *line)
{
    const uint64_t point = run / sweep->repeats;
    const char *const violation = assay_sim_outcome_violation(outcome);
    sim_line_unsigned(line, run);
    sim_line_unsigned(line, point);
    sim_line_unsigned(line, run % sweep->repeats);
    sim_line_unsigned(line, assay_sweep_seed_of(sweep, run));
    for (uint32_t i = 0; i < sweep->axis_count; i++)
        sim_line_text(line, sweep->axes[i].values[assay_sweep_value_of(sweep, point, i)].name);
    sim_line_text(line, violation == NULL ? "none" : violation);
    sim_line_hex(line, outcome->trace_hash, sizeof outcome->trace_hash);
    for (uint32_t f = 0; f < ASSAY_SIM_FIGURE_COUNT; f++) {
        const bool of_cohort = assay_sim_figure_of_cohort((enum assay_sim_figure)f);
        for (uint32_t c = 0; c < (of_cohort ? sweep->base.cohort_count : 1); c++)
            sim_line_number(line, outcome->figures[f][c]);
    }
    sim_line_end(line);
}

/* --- one run */
static uint64_t run_of(const struct assay_sim_sweeping *s, uint64_t nth)
{
    return s->shard - 1 + nth * s->shards;
}

static void run_job(void *context, uint64_t index, void *result)
{
    const struct work *const w = context;
    const struct assay_sim_sweeping *const s = w->sweeping;
    struct result *const r = result;
    struct assay_scenario scenario;
    struct assay_sim_outcome outcome;
    const uint64_t run = run_of(s, s->before + index);
    enum assay_status status = assay_sweep_scenario(s->sweep, run, &scenario, r->message);
    if (status != ASSAY_OK) {
        r->refused = true;
        return;
    }
    const struct assay_sim_options options = { .seed = scenario.seed, .threads = 1 };
    status = s->run(&scenario, &options, &outcome);
    r->violated = assay_sim_outcome_violated(&outcome);
    r->refused = status != ASSAY_OK;
    if (r->refused)
        (void)snprintf(r->message, sizeof r->message, "run %llu: %s", (unsigned long long)run,
                       assay_status_text(status));
    else put_row(s->sweep, run, &outcome, &r->line);
    assay_sim_outcome_free(&outcome);
}

static void drop_result(void *context, void *result)
{
    struct result *const r = result;
    (void)context;
    sim_line_free(&r->line);
}

/* Every failure to write a row ends here. Nothing is lost: the next run cuts off a torn row. */
static enum assay_status fail_points(const char *dir, char *message)
{
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                   "%.300s/points.csv: cannot be written: %.60s; fix that and run the same "
                   "command again: it continues",
                   dir, strerror(errno));
    return ASSAY_E_IO;
}

static bool commit_row(void *context, uint64_t index, void *result)
{
    struct work *const w = context;
    struct result *const r = result;
    struct assay_sim_sweeping *const s = w->sweeping;
    (void)index;
    if (r->refused) {
        w->status = ASSAY_E_INVALID;
        (void)snprintf(w->message, ASSAY_SIM_MESSAGE_MAX, "%s", r->message);
        return false;
    }
    /* A row is in the file before the next one starts: kill -9 loses no counted run. */
    const bool written =
        fwrite(r->line.text, 1, r->line.len, w->points) == r->line.len && fflush(w->points) == 0;
    drop_result(NULL, r);
    if (!written) {
        w->status = fail_points(s->out_dir, w->message);
        return false;
    }
    s->done++;
    s->violated += r->violated;
    sim_progress_show(&w->progress, s->done, s->violated);
    return true;
}

/* --- the folder */
static void make_note(const struct assay_sim_sweeping *s, struct assay_sim_sweep_note *note)
{
    const struct assay_sweep *const sweep = s->sweep;
    *note = (struct assay_sim_sweep_note){ .shard = s->shard,
                                           .shards = s->shards,
                                           .repeats = sweep->repeats,
                                           .runs = assay_sweep_runs(sweep),
                                           .axis_count = sweep->axis_count,
                                           .plot_x = sweep->plot_x,
                                           .plot_series = sweep->plot_series };
    sim_swarm_program(note->program);
    assay_hex_encode(sweep->digest, sizeof sweep->digest, note->digest, sizeof note->digest);
    (void)snprintf(note->name, sizeof note->name, "%s", sweep->name);
    (void)snprintf(note->title, sizeof note->title, "%s", sweep->title);
    for (uint32_t i = 0; i < sweep->axis_count; i++)
        (void)snprintf(note->axes[i], sizeof note->axes[i], "%s", sweep->axes[i].name);
    put_plot_column(sweep, note->plot_column, sizeof note->plot_column);
}

static enum assay_status compare_notes(const char *dir, const struct assay_sim_sweep_note *now,
                                       const struct assay_sim_sweep_note *then, char *message)
{
    if (strcmp(now->program, then->program) != 0) {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                       "%.200s: begun by another program (%s; this is %s); go on with that one, or "
                       "name a new folder",
                       dir, then->program, now->program);
        return ASSAY_E_VERSION;
    }
    if (strcmp(now->digest, then->digest) != 0) {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                       "%.200s: holds another sweep (%.60s, %.16s...; this is %.60s, %.16s...); "
                       "name a new folder",
                       dir, then->name, then->digest, now->name, now->digest);
        return ASSAY_E_INVALID;
    }
    if (now->shard == then->shard && now->shards == then->shards) return ASSAY_OK;
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                   "%.200s: holds shard %u/%u of this sweep, not %u/%u; name a new folder", dir,
                   (unsigned)then->shard, (unsigned)then->shards, (unsigned)now->shard,
                   (unsigned)now->shards);
    return ASSAY_E_INVALID;
}

/* The rows of an earlier run: the same header, and the runs in order. */
static enum assay_status check_rows(struct assay_sim_sweeping *s,
                                    const struct assay_sim_grid *table,
                                    const struct assay_sim_line *header, char *message)
{
    if (table->header_len != header->len ||
        !assay_bytes_equal(table->text, header->text, header->len)) {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                       "%.300s/points.csv: expected the columns of this sweep, found others",
                       s->out_dir);
        return ASSAY_E_SYNTAX;
    }
    for (uint64_t i = 0; i < table->row_count; i++) {
        int64_t run = 0;
        if (sim_grid_number(table, i, 0, &run) && run == (int64_t)run_of(s, i) && i < s->total) {
            char violation[ASSAY_SIM_CELL_MAX];
            sim_grid_cell(table, i, FIRST_AXIS + s->sweep->axis_count, violation);
            s->violated += strcmp(violation, "none") != 0;
            continue;
        }
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                       "%.300s/points.csv: row %llu: expected run %llu", s->out_dir,
                       (unsigned long long)i + 1, (unsigned long long)run_of(s, i));
        return ASSAY_E_SYNTAX;
    }
    s->before = s->done = table->row_count;
    return ASSAY_OK;
}

static enum assay_status cut_points(struct work *w, const struct assay_sim_line *header,
                                    size_t keep)
{
    bool ok = ftruncate(fileno(w->points), (off_t)keep) == 0;
    if (ok && keep == 0)
        ok = fwrite(header->text, 1, header->len, w->points) == header->len &&
             fflush(w->points) == 0;
    return ok ? ASSAY_OK : fail_points(w->sweeping->out_dir, w->message);
}

/* Two programs that append to one file would damage it. A file system without locks is no reason to
 * refuse. */
static enum assay_status lock_points(struct work *w, const char *path)
{
    w->points = fopen(path, "ab");
    if (w->points == NULL) return fail_points(w->sweeping->out_dir, w->message);
    if (flock(fileno(w->points), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return ASSAY_OK;
    (void)snprintf(w->message, ASSAY_SIM_MESSAGE_MAX,
                   "%.300s: another assay-sim is at work on it; wait for its end, or name a new "
                   "folder",
                   w->sweeping->out_dir);
    return ASSAY_E_INVALID;
}

static enum assay_status resume_points(struct work *w)
{
    struct assay_sim_sweeping *const s = w->sweeping;
    struct assay_sim_grid table;
    struct assay_sim_line header = { 0 };
    char path[PATH_MAX];
    const int len = snprintf(path, sizeof path, "%s/points.csv", s->out_dir);
    if (len < 0 || (size_t)len >= sizeof path) return ASSAY_E_RANGE;
    ASSAY_TRY(lock_points(w, path));
    put_header(s->sweep, &header);
    enum assay_status status = sim_grid_load(path, &table, w->message);
    const bool empty = status == ASSAY_E_NOT_FOUND || status == ASSAY_E_TRUNCATED;
    if (empty) status = ASSAY_OK;
    else if (status == ASSAY_OK) status = check_rows(s, &table, &header, w->message);
    if (status == ASSAY_OK) status = cut_points(w, &header, empty ? 0 : table.len);
    sim_line_free(&header);
    sim_grid_free(&table);
    return status;
}

static enum assay_status begin_shard(struct work *w)
{
    struct assay_sim_sweeping *const s = w->sweeping;
    struct assay_sim_sweep_note *const notes = calloc(2, sizeof *notes);
    if (notes == NULL) return ASSAY_E_MEMORY;
    make_note(s, &notes[0]);
    /* A folder that is not writable is a usage error. */
    enum assay_status status =
        sim_output_folder(s->out_dir, w->message) == ASSAY_OK ? ASSAY_OK : ASSAY_E_INVALID;
    if (status == ASSAY_OK) status = sim_sweep_note_load(s->out_dir, &notes[1], w->message);
    if (status == ASSAY_OK) status = compare_notes(s->out_dir, &notes[0], &notes[1], w->message);
    else if (status == ASSAY_E_NOT_FOUND)
        status = sim_sweep_note_save(s->out_dir, &notes[0], w->message);
    free(notes);
    return status == ASSAY_OK ? resume_points(w) : status;
}

enum assay_status sim_sweep_run(struct assay_sim_sweeping *sweeping,
                                char message[static ASSAY_SIM_MESSAGE_MAX])
{
    struct work w = { .sweeping = sweeping, .message = message };
    const uint64_t runs = assay_sweep_runs(sweeping->sweep);
    ASSAY_ASSERT(sweeping->shard >= 1 && sweeping->shard <= sweeping->shards);
    const uint64_t first = sweeping->shard - 1;
    sweeping->total = runs <= first ? 0 : (runs - first + sweeping->shards - 1) / sweeping->shards;
    sweeping->done = sweeping->before = sweeping->violated = 0;
    w.status = begin_shard(&w);
    if (w.status == ASSAY_OK) {
        w.progress = sim_progress_start("runs", sweeping->total, sweeping->before, sweeping->quiet);
        const struct assay_sim_batch batch = { .count = sweeping->total - sweeping->before,
                                               .threads = sweeping->threads,
                                               .result_size = sizeof(struct result),
                                               .context = &w,
                                               .work = run_job,
                                               .commit = commit_row,
                                               .drop = drop_result,
                                               .stop = sweeping->stop };
        const uint64_t ran = sim_batch_run(&batch);
        sim_progress_end(&w.progress);
        if (w.status == ASSAY_OK) ASSAY_ASSERT(sweeping->done == sweeping->before + ran);
    }
    if (w.points != NULL && fclose(w.points) != 0 && w.status == ASSAY_OK)
        w.status = fail_points(sweeping->out_dir, message);
    return w.status;
}
