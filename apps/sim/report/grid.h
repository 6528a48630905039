/*
 * apps/sim/report/grid.h - tables of CSV (RFC 4180): written row by row, read completely.
 *
 * Cells contain no line breaks, so that a truncated table (kill -9, a full disk) consists of its
 * complete lines: a last line without its end is no row.
 */
#ifndef ASSAY_APPS_SIM_REPORT_GRID_H
#define ASSAY_APPS_SIM_REPORT_GRID_H

#include "sim/scenario/scenario.h"

#include <stddef.h>
#include <stdint.h>

enum { ASSAY_SIM_CELL_MAX = 256, ASSAY_SIM_COLUMNS_MAX = 1024 };

/* A line being written, of malloc. */
struct assay_sim_line {
    char *text;
    size_t len, capacity;
};

/* Appends a cell, quoted where necessary. */
void sim_line_text(struct assay_sim_line *line, const char *text);
void sim_line_number(struct assay_sim_line *line, int64_t value);
void sim_line_unsigned(struct assay_sim_line *line, uint64_t value);
void sim_line_hex(struct assay_sim_line *line, const uint8_t *bytes, size_t len);
/* Ends the line. */
void sim_line_end(struct assay_sim_line *line);
/* Frees the line. */
void sim_line_free(struct assay_sim_line *line);

struct assay_sim_grid {
    char *text;
    size_t len;        /* of complete lines */
    bool torn;         /* a line without an end followed */
    size_t header_len; /* with its line break */
    uint32_t column_count;
    uint64_t row_count;
    size_t *row_at; /* [row_count]: start of each */
};

/*
 * sim_grid_load - read a file of at most 1 GiB; every row has the cells of the header.
 * Out:     *table, freed with sim_grid_free whatever the status; message unless ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_IO | ASSAY_E_RANGE | ASSAY_E_SYNTAX (a row) |
 *          ASSAY_E_TRUNCATED (not even a header) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status sim_grid_load(const char *path, struct assay_sim_grid *table,
                                              char message[static ASSAY_SIM_MESSAGE_MAX]);
void sim_grid_free(struct assay_sim_grid *table);
/* A cell without its quotes, truncated to fit. */
void sim_grid_cell(const struct assay_sim_grid *table, uint64_t row, uint32_t column,
                   char out[static ASSAY_SIM_CELL_MAX]);
/* A cell that is an integer. Returns: false when it is none. */
bool sim_grid_number(const struct assay_sim_grid *table, uint64_t row, uint32_t column,
                     int64_t *out);
/* A row as in the file, with its line break. Returns: borrowed from the table. */
struct assay_slice sim_grid_row(const struct assay_sim_grid *table, uint64_t row);
#endif
