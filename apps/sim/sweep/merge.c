/*
 * apps/sim/sweep/merge.c - shards merged into one table, complete and without duplicates.
 */
#include "apps/sim/sweep/merge.h"

#include "apps/sim/report/files.h"
#include "base/file/file.h"
#include "base/writer.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NO_TABLE UINT32_MAX
enum { NOTHING = -1 }; /* of points.csv */

/* --- join */
static enum assay_status compare_notes(const char *one, const struct assay_sim_sweep_note *a,
                                       const char *other, const struct assay_sim_sweep_note *b,
                                       char *message)
{
    if (strcmp(a->digest, b->digest) != 0 || a->runs != b->runs) {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                       "%.120s and %.120s: shards of different sweeps (%.40s, %.16s... and %.40s, "
                       "%.16s...)",
                       one, other, a->name, a->digest, b->name, b->digest);
        return ASSAY_E_INVALID;
    }
    if (strcmp(a->program, b->program) == 0) return ASSAY_OK;
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                   "%.120s and %.120s: made by different programs (%s and %s)", one, other,
                   a->program, b->program);
    return ASSAY_E_VERSION;
}

static enum assay_status load_rows(struct assay_sim_merged *m, uint32_t table,
                                   const char *const *dirs, char *message)
{
    const struct assay_sim_grid *const t = &m->tables[table];
    for (uint64_t i = 0; i < t->row_count; i++) {
        int64_t run = 0;
        if (!sim_grid_number(t, i, 0, &run) || run < 0 || (uint64_t)run >= m->note.runs) {
            (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                           "%.300s/points.csv: row %llu: expected a run below %llu", dirs[table],
                           (unsigned long long)i + 1, (unsigned long long)m->note.runs);
            return ASSAY_E_SYNTAX;
        }
        struct assay_sim_merged_row *const row = &m->rows[run];
        if (row->table != NO_TABLE) {
            (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                           "run %lld is in %.150s and in %.150s; name each shard once",
                           (long long)run, dirs[row->table], dirs[table]);
            return ASSAY_E_DUPLICATE;
        }
        *row = (struct assay_sim_merged_row){ .table = table, .row = i };
    }
    return ASSAY_OK;
}

static enum assay_status load_shard(struct assay_sim_merged *m, uint32_t index,
                                    const char *const *dirs, char *message)
{
    char path[PATH_MAX];
    struct assay_sim_sweep_note note;
    ASSAY_TRY(sim_sweep_note_load(dirs[index], &note, message));
    if (index == 0) {
        m->note = note;
        m->rows = calloc(note.runs, sizeof *m->rows);
        if (m->rows == NULL) return ASSAY_E_MEMORY;
        for (uint64_t i = 0; i < note.runs; i++)
            m->rows[i].table = NO_TABLE;
    }
    ASSAY_TRY(compare_notes(dirs[0], &m->note, dirs[index], &note, message));
    const int len = snprintf(path, sizeof path, "%s/points.csv", dirs[index]);
    if (len < 0 || (size_t)len >= sizeof path) return ASSAY_E_RANGE;
    m->table_count = index + 1;
    ASSAY_TRY(sim_grid_load(path, &m->tables[index], message));
    const struct assay_sim_grid *const first = &m->tables[0], *const t = &m->tables[index];
    if (t->header_len != first->header_len ||
        !assay_bytes_equal(t->text, first->text, t->header_len)) {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                       "%.150s and %.150s: their tables have different columns", dirs[0],
                       dirs[index]);
        return ASSAY_E_INVALID;
    }
    return load_rows(m, index, dirs, message);
}

static enum assay_status check_complete(const struct assay_sim_merged *m, char *message)
{
    uint64_t missing = 0, first = 0;
    for (uint64_t i = 0; i < m->note.runs; i++) {
        if (m->rows[i].table != NO_TABLE) continue;
        if (missing++ == 0) first = i;
    }
    if (missing == 0) return ASSAY_OK;
    const uint64_t shard = first % m->note.shards + 1;
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                   "%llu of %llu runs are missing, the first is run %llu, of shard %llu/%u: run or "
                   "finish that shard, then merge again",
                   (unsigned long long)missing, (unsigned long long)m->note.runs,
                   (unsigned long long)first, (unsigned long long)shard, (unsigned)m->note.shards);
    return ASSAY_E_NOT_FOUND;
}

enum assay_status sim_merge(const char *const *dirs, uint32_t dir_count,
                            struct assay_sim_merged *merged,
                            char message[static ASSAY_SIM_MESSAGE_MAX])
{
    *merged = (struct assay_sim_merged){ 0 };
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "out of memory");
    merged->tables = calloc(dir_count, sizeof *merged->tables);
    if (merged->tables == NULL) return ASSAY_E_MEMORY;
    for (uint32_t i = 0; i < dir_count; i++)
        ASSAY_TRY(load_shard(merged, i, dirs, message));
    return check_complete(merged, message);
}

void sim_merged_free(struct assay_sim_merged *merged)
{
    for (uint32_t i = 0; i < merged->table_count; i++)
        sim_grid_free(&merged->tables[i]);
    free(merged->tables);
    free(merged->rows);
    *merged = (struct assay_sim_merged){ 0 };
}

/* --- out */
static enum assay_status report_write_error(const char *dir, const char *file, char *message)
{
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                   "%.300s/%s: cannot be written: %.60s; fix that and run the command again", dir,
                   file, strerror(errno));
    return ASSAY_E_IO;
}

static bool make_path(char path[PATH_MAX], const char *dir, const char *file)
{
    const int len = snprintf(path, PATH_MAX, "%s/%s", dir, file);
    return len > 0 && len < PATH_MAX;
}

/* Completely or not at all: a full disk or a kill leaves the old content. */
static enum assay_status replace_file(const char *dir, const char *file, struct assay_slice content,
                                      char *message)
{
    char path[PATH_MAX];
    errno = ENAMETOOLONG;
    if (make_path(path, dir, file) &&
        assay_file_replace(path, ASSAY_FILE_PUBLIC, content) == ASSAY_OK)
        return ASSAY_OK;
    return report_write_error(dir, file, message);
}

/* Pages and laws of an earlier merge would not match the new rows. */
static enum assay_status remove_file(const char *dir, const char *file, char *message)
{
    char path[PATH_MAX];
    errno = ENAMETOOLONG;
    if (make_path(path, dir, file) && (unlink(path) == 0 || errno == ENOENT)) return ASSAY_OK;
    return report_write_error(dir, file, message);
}

static enum assay_status write_runs(const struct assay_sim_merged *m, const char *dir,
                                    char *message)
{
    const size_t header_len = m->tables[0].header_len;
    size_t len = header_len;
    for (uint64_t i = 0; i < m->note.runs; i++)
        len += sim_grid_row(&m->tables[m->rows[i].table], m->rows[i].row).len;
    char *const text = malloc(len);
    if (text == NULL) return ASSAY_E_MEMORY;
    struct assay_writer w = assay_writer_over((uint8_t *)text, len);
    assay_writer_put(&w, m->tables[0].text, header_len);
    for (uint64_t i = 0; i < m->note.runs; i++) {
        const struct assay_slice row = sim_grid_row(&m->tables[m->rows[i].table], m->rows[i].row);
        assay_writer_put(&w, row.bytes, row.len);
    }
    struct assay_slice content;
    enum assay_status status = assay_writer_finish(&w, &content);
    if (status == ASSAY_OK) status = replace_file(dir, "sweep.csv", content, message);
    free(text);
    return status;
}

static int compare_numbers(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The values of a point without -1, in their order: -1 means that nothing happened in the run
 * that the figure could count, and is no number to aggregate. When no run has one the only value
 * is -1. */
static bool column_of_point(const struct assay_sim_merged *m, uint64_t point, uint32_t column,
                            int64_t *values, uint32_t *count)
{
    *count = 0;
    for (uint32_t k = 0; k < m->note.repeats; k++) {
        const struct assay_sim_merged_row *const row = &m->rows[point * m->note.repeats + k];
        int64_t value = 0;
        if (!sim_grid_number(&m->tables[row->table], row->row, column, &value)) return false;
        if (value != NOTHING) values[(*count)++] = value;
    }
    if (*count == 0) values[(*count)++] = NOTHING;
    qsort(values, *count, sizeof *values, compare_numbers);
    return true;
}

/* Rounded down. */
static int64_t mean_of(const int64_t *values, uint32_t count)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += values[i];
    const int64_t mean = sum / (int64_t)count;
    return sum % (int64_t)count < 0 ? mean - 1 : mean;
}

/* The axes and the number of runs with a violation, then all statistics of the plotted figure and
 * the mean of every other. */
struct columns {
    uint32_t first_axis, violation, first_figure, plotted;
};

/* The name of a column is its cell in the header, which is in place of a row. */
static void column_name(const struct assay_sim_merged *m, uint32_t column, const char *end,
                        char out[ASSAY_SIM_CELL_MAX + 8])
{
    char cell[ASSAY_SIM_CELL_MAX];
    size_t first_row = 0;
    struct assay_sim_grid header = m->tables[0];
    header.row_at = &first_row;
    header.row_count = 1;
    sim_grid_cell(&header, 0, column, cell);
    (void)snprintf(out, ASSAY_SIM_CELL_MAX + 8, "%s%s", cell, end);
}

static bool find_columns(const struct assay_sim_merged *m, struct columns *c)
{
    const struct assay_sim_grid *const t = &m->tables[0];
    c->first_axis = 4; /* run, point, repeat, seed; by place: an axis may have any name */
    c->violation = c->first_axis + m->note.axis_count;
    c->first_figure = c->violation + 2;
    for (c->plotted = c->first_figure; c->plotted < t->column_count; c->plotted++) {
        char name[ASSAY_SIM_CELL_MAX + 8];
        column_name(m, c->plotted, "", name);
        if (strcmp(name, m->note.plot_column) == 0) return true;
    }
    return false;
}

static const char *const spread[] = { "_min", "_p50", "_mean", "_max" };

static void put_summary_header(const struct assay_sim_merged *m, const struct columns *c,
                               struct assay_sim_line *line)
{
    char name[ASSAY_SIM_CELL_MAX + 8];
    sim_line_text(line, "point");
    for (uint32_t i = 0; i < m->note.axis_count; i++)
        sim_line_text(line, m->note.axes[i]);
    sim_line_text(line, "runs");
    sim_line_text(line, "violated");
    for (size_t i = 0; i < 4; i++) {
        column_name(m, c->plotted, spread[i], name);
        sim_line_text(line, name);
    }
    for (uint32_t column = c->first_figure; column < m->tables[0].column_count; column++) {
        if (column == c->plotted) continue;
        column_name(m, column, "_mean", name);
        sim_line_text(line, name);
    }
    sim_line_end(line);
}

static bool put_summary_row(const struct assay_sim_merged *m, const struct columns *c,
                            uint64_t point, int64_t *values, struct assay_sim_line *line)
{
    char cell[ASSAY_SIM_CELL_MAX];
    const uint32_t n = m->note.repeats;
    const struct assay_sim_merged_row *const first = &m->rows[point * n];
    uint32_t violated = 0, count = 0;
    sim_line_unsigned(line, point);
    for (uint32_t i = 0; i < m->note.axis_count; i++) {
        sim_grid_cell(&m->tables[first->table], first->row, c->first_axis + i, cell);
        sim_line_text(line, cell);
    }
    for (uint32_t k = 0; k < n; k++) {
        sim_grid_cell(&m->tables[first[k].table], first[k].row, c->violation, cell);
        violated += strcmp(cell, "none") != 0;
    }
    sim_line_unsigned(line, n);
    sim_line_unsigned(line, violated);
    if (!column_of_point(m, point, c->plotted, values, &count)) return false;
    sim_line_number(line, values[0]);
    sim_line_number(line, values[(count - 1) / 2]); /* nearest rank */
    sim_line_number(line, mean_of(values, count));
    sim_line_number(line, values[count - 1]);
    for (uint32_t column = c->first_figure; column < m->tables[0].column_count; column++) {
        if (column == c->plotted) continue;
        if (!column_of_point(m, point, column, values, &count)) return false;
        sim_line_number(line, mean_of(values, count));
    }
    sim_line_end(line);
    return true;
}

static enum assay_status write_summary(const struct assay_sim_merged *m, const char *dir,
                                       char *message)
{
    struct columns c;
    struct assay_sim_line line = { 0 };
    int64_t *const values = calloc(m->note.repeats, sizeof *values);
    if (values == NULL) return ASSAY_E_MEMORY;
    bool numbers = find_columns(m, &c);
    if (numbers) put_summary_header(m, &c, &line);
    for (uint64_t point = 0; point < m->note.runs / m->note.repeats && numbers; point++)
        numbers = put_summary_row(m, &c, point, values, &line);
    enum assay_status status = ASSAY_E_SYNTAX;
    if (numbers)
        status = replace_file(dir, "summary.csv", assay_slice_over(line.text, line.len), message);
    else
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                       "points.csv: expected the columns and numbers of a sweep, found others");
    sim_line_free(&line);
    free(values);
    return status;
}

enum assay_status sim_merged_write(const struct assay_sim_merged *merged, const char *dir,
                                   char message[static ASSAY_SIM_MESSAGE_MAX])
{
    /* A folder that is not writable is a usage error. */
    if (sim_output_folder(dir, message) != ASSAY_OK) return ASSAY_E_INVALID;
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "out of memory");
    ASSAY_TRY(write_runs(merged, dir, message));
    ASSAY_TRY(remove_file(dir, "summary.csv", message));
    ASSAY_TRY(remove_file(dir, "sweep.html", message));
    return write_summary(merged, dir, message);
}
