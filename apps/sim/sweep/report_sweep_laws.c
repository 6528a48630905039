/*
 * apps/sim/sweep/report_sweep_laws.c - laws.csv of a sweep.
 */
#include "apps/sim/sweep/report_sweep.h"

#include "base/file/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const columns[] = { "point", "law", "liars", "nodes", "cohort" };
enum { COLUMN_COUNT = sizeof columns / sizeof columns[0] };

static enum assay_status report_io_error(const char *dir, enum assay_status status, const char *why,
                                         char *message)
{
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.300s/laws.csv: %.150s", dir, why);
    return status;
}

static bool put_path(char path[PATH_MAX], const char *dir)
{
    const int len = snprintf(path, PATH_MAX, "%s/laws.csv", dir);
    return len > 0 && len < PATH_MAX;
}

/* --- out */

static void put_law(const struct assay_scenario *scenario, uint64_t point,
                    struct assay_sim_line *line)
{
    const struct assay_sim_law_case at = sim_law_of(scenario);
    sim_line_unsigned(line, point);
    sim_line_unsigned(line, (uint64_t)at.law);
    sim_line_unsigned(line, at.liars);
    sim_line_unsigned(line, at.nodes);
    sim_line_text(line, scenario->cohorts[at.cohort].name);
    sim_line_end(line);
}

enum assay_status sim_sweep_laws_write(const struct assay_sweep *sweep, const char *dir,
                                       char message[static ASSAY_SIM_MESSAGE_MAX])
{
    char path[PATH_MAX];
    struct assay_sim_line line = { 0 };
    enum assay_status status = ASSAY_OK;
    if (!put_path(path, dir))
        return report_io_error(dir, ASSAY_E_RANGE, "the path is too long", message);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        sim_line_text(&line, columns[i]);
    sim_line_end(&line);
    for (uint64_t point = 0; point < assay_sweep_points(sweep) && status == ASSAY_OK; point++) {
        struct assay_scenario scenario;
        status = assay_sweep_scenario(sweep, point * sweep->repeats, &scenario, message);
        if (status == ASSAY_OK) put_law(&scenario, point, &line);
    }
    if (status == ASSAY_OK) {
        status = assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(line.text, line.len));
        if (status != ASSAY_OK)
            status = report_io_error(
                dir, status, status == ASSAY_E_IO ? strerror(errno) : assay_status_text(status),
                message);
    }
    sim_line_free(&line);
    return status;
}

/* --- in */

static bool number_at(const struct assay_sim_grid *grid, uint64_t row, uint32_t column,
                      uint64_t max, uint64_t *out)
{
    int64_t value = 0;
    if (!sim_grid_number(grid, row, column, &value)) return false;
    *out = (uint64_t)value;
    return value >= 0 && *out <= max;
}

static bool read_law(const struct assay_sim_grid *grid, uint64_t row,
                     struct assay_sim_sweep_law *law)
{
    char cohort[ASSAY_SIM_CELL_MAX];
    uint64_t point = 0, number = 0, liars = 0, nodes = 0;
    if (!number_at(grid, row, 0, UINT64_MAX, &point) || point != row ||
        !number_at(grid, row, 1, UINT32_MAX, &number) || !sim_law_known(number) ||
        !number_at(grid, row, 3, ASSAY_SIM_NODES_MAX, &nodes) || nodes < 2 ||
        !number_at(grid, row, 2, nodes, &liars))
        return false;
    sim_grid_cell(grid, row, 4, cohort);
    if (strlen(cohort) > ASSAY_SIM_NAME_MAX) return false;
    law->at = (struct assay_sim_law_case){ .law = (enum assay_sim_law)number,
                                           .liars = (uint32_t)liars,
                                           .nodes = (uint32_t)nodes };
    (void)snprintf(law->cohort, sizeof law->cohort, "%.63s", cohort); /* at most 63 */
    return true;
}

static enum assay_status read_laws(const char *dir, const struct assay_sim_grid *grid,
                                   uint64_t points, struct assay_sim_sweep_law **laws,
                                   char *message)
{
    if (grid->column_count != COLUMN_COUNT || grid->row_count != points)
        return report_io_error(dir, ASSAY_E_SYNTAX, "expected a row of five cells for each point",
                               message);
    struct assay_sim_sweep_law *const out = calloc(points, sizeof *out);
    if (out == NULL) return report_io_error(dir, ASSAY_E_MEMORY, "no memory", message);
    for (uint64_t i = 0; i < points; i++) {
        if (read_law(grid, i, &out[i])) continue;
        char why[96];
        (void)snprintf(why, sizeof why, "row %llu: expected a point, a law, liars of nodes",
                       (unsigned long long)i + 1);
        free(out);
        return report_io_error(dir, ASSAY_E_SYNTAX, why, message);
    }
    *laws = out;
    return ASSAY_OK;
}

enum assay_status sim_sweep_laws_load(const char *dir, uint64_t points,
                                      struct assay_sim_sweep_law **laws,
                                      char message[static ASSAY_SIM_MESSAGE_MAX])
{
    char path[PATH_MAX];
    struct assay_sim_grid grid;
    *laws = NULL;
    if (!put_path(path, dir))
        return report_io_error(dir, ASSAY_E_RANGE, "the path is too long", message);
    enum assay_status status = sim_grid_load(path, &grid, message);
    if (status == ASSAY_OK) status = read_laws(dir, &grid, points, laws, message);
    else if (status == ASSAY_E_NOT_FOUND) status = ASSAY_OK; /* of an older program */
    sim_grid_free(&grid);
    return status;
}
