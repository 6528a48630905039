/*
 * apps/sim/sweep/report_sweep_table.c - points of a sweep as lines.
 */
#include "apps/sim/sweep/report_sweep_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_AXIS = 4 /* run, point, repeat, seed; by place: an axis may have any name */ };

/* --- cells */

void sim_sweep_column(const struct assay_sim_merged *merged, uint32_t column,
                      char name[static ASSAY_SIM_CELL_MAX])
{
    size_t first_row = 0; /* the header is in place of a row */
    struct assay_sim_grid header = merged->tables[0];
    header.row_at = &first_row;
    header.row_count = 1;
    sim_grid_cell(&header, 0, column, name);
}

uint32_t sim_sweep_first_figure(const struct assay_sim_merged *merged)
{
    return FIRST_AXIS + merged->note.axis_count + 2; /* violation, trace_hash */
}

uint32_t sim_sweep_find(const struct assay_sim_merged *merged, const char *name)
{
    uint32_t column = sim_sweep_first_figure(merged);
    for (; column < merged->tables[0].column_count; column++) {
        char found[ASSAY_SIM_CELL_MAX];
        sim_sweep_column(merged, column, found);
        if (strcmp(found, name) == 0) break;
    }
    return column;
}

static void axis_value(const struct assay_sim_merged *m, uint32_t point, uint32_t axis,
                       char out[static ASSAY_SIM_NAME_MAX + 1])
{
    char cell[ASSAY_SIM_CELL_MAX];
    const struct assay_sim_merged_row *row = &m->rows[(uint64_t)point * m->note.repeats];
    sim_grid_cell(&m->tables[row->table], row->row, FIRST_AXIS + axis, cell);
    (void)snprintf(out, ASSAY_SIM_NAME_MAX + 1, "%.63s", cell);
}

/* The other axes' values: "trimmed", or with several "rule trimmed, nodes 50". */
static void line_name(const struct assay_sim_merged *m, uint32_t point,
                      char out[static ASSAY_SIM_SWEEP_LINE_NAME_MAX])
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t axis = 0; axis < m->note.axis_count; axis++) {
        char value[ASSAY_SIM_NAME_MAX + 1];
        if (axis == m->note.plot_x) continue;
        axis_value(m, point, axis, value);
        const bool alone = m->note.axis_count == 2;
        used += (size_t)snprintf(out + used, ASSAY_SIM_SWEEP_LINE_NAME_MAX - used, "%s%s%s%s",
                                 used > 0 ? ", " : "", alone ? "" : m->note.axes[axis],
                                 alone ? "" : " ", value);
    }
    if (m->note.axis_count == 1)
        (void)snprintf(out, ASSAY_SIM_SWEEP_LINE_NAME_MAX, "%s", m->note.plot_column);
}

/* --- known names */

/* Names of one length, in order of appearance. */
struct names {
    char *text;
    size_t size;
    uint32_t count, room, last;
};

static bool find_name(struct names *names, const char *name, uint32_t *index)
{
    /* Adjacent points have adjacent names: starts where the last search ended. */
    for (uint32_t i = 0; i < names->count; i++) {
        const uint32_t at = (names->last + i) % names->count;
        if (strcmp(names->text + at * names->size, name) != 0) continue;
        *index = names->last = at;
        return true;
    }
    if (names->count == names->room) {
        const uint32_t room = names->room == 0 ? 16 : 2 * names->room;
        char *const more = realloc(names->text, room * names->size);
        if (more == NULL) return false;
        names->text = more;
        names->room = room;
    }
    (void)snprintf(names->text + names->count * names->size, names->size, "%s", name);
    *index = names->last = names->count++;
    return true;
}

/* Returns: whether it is plain decimal: -12.5 */
static bool read_number(const char *text, double *out)
{
    const char *at = text[0] == '-' ? text + 1 : text;
    const size_t whole = strspn(at, "0123456789");
    const size_t part = at[whole] == '.' ? strspn(at + whole + 1, "0123456789") : 0;
    if (whole == 0 || (at[whole] == '.' && part == 0)) return false;
    if (at[whole + (part > 0 ? part + 1 : 0)] != '\0') return false;
    *out = strtod(text, NULL);
    return isfinite(*out);
}

/* --- the table */

struct place {
    double x;
    uint32_t index; /* before the sort */
};

static int compare_places(const void *a, const void *b)
{
    const struct place *const p = a, *const q = b;
    if (p->x < q->x || p->x > q->x) return p->x < q->x ? -1 : 1;
    return (p->index > q->index) - (p->index < q->index);
}

/* Out: rank[x_count]: the new index of each value. */
static bool sort_x(struct assay_sim_sweep_table *t, const struct names *names, uint32_t *rank)
{
    struct place *const places = calloc(t->x_count, sizeof *places);
    t->x = calloc(t->x_count, sizeof *t->x);
    t->x_names = calloc(t->x_count, sizeof *t->x_names);
    if (places == NULL || t->x == NULL || t->x_names == NULL) {
        free(places);
        return false;
    }
    t->numeric = true;
    for (uint32_t i = 0; i < t->x_count; i++) {
        places[i].index = i;
        t->numeric = t->numeric && read_number(names->text + i * names->size, &places[i].x);
    }
    for (uint32_t i = 0; i < t->x_count && !t->numeric; i++)
        places[i].x = i;
    qsort(places, t->x_count, sizeof *places, compare_places);
    for (uint32_t i = 0; i < t->x_count; i++) {
        t->x[i] = places[i].x;
        rank[places[i].index] = i;
        (void)snprintf(t->x_names[i], sizeof t->x_names[i], "%s",
                       names->text + places[i].index * names->size);
    }
    free(places);
    return true;
}

static bool place_points(struct assay_sim_sweep_table *t, const struct names *names,
                         const uint32_t *x_of, const uint32_t *line_of)
{
    const size_t cells = (size_t)t->line_count * t->x_count;
    uint32_t *const rank = calloc(t->x_count, sizeof *rank);
    t->point_at = calloc(cells, sizeof *t->point_at);
    const bool room = rank != NULL && t->point_at != NULL && sort_x(t, names, rank);
    for (size_t i = 0; i < cells && room; i++)
        t->point_at[i] = ASSAY_SIM_SWEEP_NO_POINT;
    for (uint32_t point = 0; point < t->point_count && room; point++)
        t->point_at[(size_t)line_of[point] * t->x_count + rank[x_of[point]]] = point;
    free(rank);
    return room;
}

enum assay_status sim_sweep_table_init(struct assay_sim_sweep_table *table,
                                       const struct assay_sim_merged *merged)
{
    *table = (struct assay_sim_sweep_table){
        .merged = merged, .point_count = (uint32_t)(merged->note.runs / merged->note.repeats)
    };
    struct names xs = { .size = ASSAY_SIM_NAME_MAX + 1 };
    struct names lines = { .size = ASSAY_SIM_SWEEP_LINE_NAME_MAX };
    uint32_t *const x_of = calloc(table->point_count, sizeof *x_of);
    uint32_t *const line_of = calloc(table->point_count, sizeof *line_of);
    bool room = x_of != NULL && line_of != NULL;
    for (uint32_t point = 0; point < table->point_count && room; point++) {
        char x[ASSAY_SIM_NAME_MAX + 1], line[ASSAY_SIM_SWEEP_LINE_NAME_MAX];
        axis_value(merged, point, merged->note.plot_x, x);
        line_name(merged, point, line);
        room = find_name(&xs, x, &x_of[point]) && find_name(&lines, line, &line_of[point]);
    }
    table->x_count = xs.count;
    table->line_count = lines.count;
    if (room) room = place_points(table, &xs, x_of, line_of);
    table->line_names = (void *)lines.text;
    free(xs.text);
    free(x_of);
    free(line_of);
    return room ? ASSAY_OK : ASSAY_E_MEMORY;
}

void sim_sweep_table_free(struct assay_sim_sweep_table *table)
{
    free(table->x_names);
    free(table->x);
    free(table->line_names);
    free(table->point_at);
    *table = (struct assay_sim_sweep_table){ .merged = NULL };
}

uint32_t sim_sweep_point(const struct assay_sim_sweep_table *table, uint32_t line, uint32_t x)
{
    return table->point_at[(size_t)line * table->x_count + x];
}
