/*
 * apps/sim/report/grid.c - tables of CSV.
 */
#include "apps/sim/report/grid.h"

#include "base/assert.h"
#include "base/file/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TABLE_LEN_MAX = 1 << 30 };

/* --- writing */
static void append_bytes(struct assay_sim_line *line, const char *bytes, size_t len)
{
    if (line->capacity - line->len < len + 1) {
        line->capacity = 2 * (line->len + len) + 64;
        line->text = realloc(line->text, line->capacity);
        ASSAY_ASSERT(line->text != NULL);
    }
    assay_bytes_copy(line->text + line->len, line->capacity - line->len, bytes, len);
    line->len += len;
    line->text[line->len] = '\0';
}

static void begin_cell(struct assay_sim_line *line)
{
    if (line->len > 0 && line->text[line->len - 1] != '\n') append_bytes(line, ",", 1);
}

void sim_line_text(struct assay_sim_line *line, const char *text)
{
    /* An empty first cell would look like no cell. */
    const bool quoted = text[0] == '\0' || strpbrk(text, ",\"") != NULL;
    ASSAY_ASSERT(strpbrk(text, "\r\n") == NULL);
    begin_cell(line);
    if (quoted) append_bytes(line, "\"", 1);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"') append_bytes(line, "\"", 1);
        append_bytes(line, c, 1);
    }
    if (quoted) append_bytes(line, "\"", 1);
}

void sim_line_number(struct assay_sim_line *line, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    sim_line_text(line, text);
}

void sim_line_unsigned(struct assay_sim_line *line, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    sim_line_text(line, text);
}

void sim_line_hex(struct assay_sim_line *line, const uint8_t *bytes, size_t len)
{
    char text[129];
    assay_hex_encode(bytes, len, text, sizeof text);
    sim_line_text(line, text);
}

void sim_line_end(struct assay_sim_line *line)
{
    append_bytes(line, "\n", 1);
}

void sim_line_free(struct assay_sim_line *line)
{
    free(line->text);
    *line = (struct assay_sim_line){ 0 };
}

/* --- reading */
/* The end of the cell at `at`; *next: the start of the following one, or after the line break.
 * Returns: false when quotes are wrong. */
static bool cell_end(const char *text, size_t at, size_t *end, size_t *next)
{
    size_t i = at;
    if (text[i] == '"') {
        for (i++;; i++) {
            if (text[i] == '\n' || text[i] == '\0') return false;
            if (text[i] != '"') continue;
            if (text[i + 1] != '"') break;
            i++;
        }
        i++;
    } else {
        i += strcspn(text + i, ",\"\n");
    }
    if (text[i] != ',' && text[i] != '\n') return false;
    *end = i;
    *next = i + 1;
    return true;
}

/* Returns: cells of the line at `at`; 0 when it is no row. *next: the following line. */
static uint32_t count_cells(const char *text, size_t at, size_t *next)
{
    for (uint32_t count = 1; count <= ASSAY_SIM_COLUMNS_MAX; count++) {
        size_t end = 0;
        if (!cell_end(text, at, &end, next)) return 0;
        if (text[end] == '\n') return count;
        at = *next;
    }
    return 0;
}

static enum assay_status index_rows(struct assay_sim_grid *t, const char *path, char *message)
{
    uint64_t room = 0;
    for (size_t at = t->header_len, next = 0; at < t->len; at = next) {
        if (count_cells(t->text, at, &next) != t->column_count) {
            (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                           "%.300s: row %llu: expected the %u cells of the header", path,
                           (unsigned long long)t->row_count + 1, (unsigned)t->column_count);
            return ASSAY_E_SYNTAX;
        }
        if (t->row_count == room) {
            room = room == 0 ? 64 : 2 * room;
            size_t *const more = realloc(t->row_at, room * sizeof *more);
            if (more == NULL) return ASSAY_E_MEMORY;
            t->row_at = more;
        }
        t->row_at[t->row_count++] = at;
    }
    return ASSAY_OK;
}

/* Initial size of the reader: that of the file, which may be growing, and not the maximum. */
static size_t initial_size(const char *path)
{
    enum { GROWTH = 1 << 20 };
    struct stat info;
    const bool known = stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size >= 0;
    return known && info.st_size < TABLE_LEN_MAX - GROWTH ? (size_t)info.st_size + GROWTH
                                                          : TABLE_LEN_MAX;
}

enum assay_status sim_grid_load(const char *path, struct assay_sim_grid *table,
                                char message[static ASSAY_SIM_MESSAGE_MAX])
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    *table = (struct assay_sim_grid){ 0 };
    const enum assay_status status = assay_file_read(path, initial_size(path), &bytes, &len);
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.300s: %s", path, assay_status_text(status));
    if (status != ASSAY_OK) return status;
    table->text = calloc(1, len + 1);
    if (table->text != NULL) assay_bytes_copy(table->text, len + 1, bytes, len);
    free(bytes);
    if (table->text == NULL) return ASSAY_E_MEMORY;
    table->len = len;
    while (table->len > 0 && table->text[table->len - 1] != '\n')
        table->len--;
    table->torn = table->len < len;
    table->text[table->len] = '\0';
    if (table->len == 0 || strlen(table->text) != table->len) {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.300s: expected a table, found none",
                       path);
        return ASSAY_E_TRUNCATED;
    }
    table->column_count = count_cells(table->text, 0, &table->header_len);
    if (table->column_count > 0) return index_rows(table, path, message);
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.300s: expected names of columns", path);
    return ASSAY_E_SYNTAX;
}

void sim_grid_free(struct assay_sim_grid *table)
{
    free(table->row_at);
    free(table->text);
    *table = (struct assay_sim_grid){ 0 };
}

static void copy_cell(const char *text, size_t at, uint32_t column, char *out)
{
    size_t end = 0, next = 0, len = 0;
    for (uint32_t i = 0; i < column; i++) {
        ASSAY_ASSERT(cell_end(text, at, &end, &next));
        at = next;
    }
    ASSAY_ASSERT(cell_end(text, at, &end, &next));
    const bool quoted = text[at] == '"';
    if (quoted) at++, end--;
    for (size_t i = at; i < end; i++) {
        if (quoted && text[i] == '"') i++; /* doubled */
        if (len + 1 < ASSAY_SIM_CELL_MAX) out[len] = text[i];
        len++;
    }
    out[len < ASSAY_SIM_CELL_MAX ? len : ASSAY_SIM_CELL_MAX - 1] = '\0';
}

void sim_grid_cell(const struct assay_sim_grid *table, uint64_t row, uint32_t column,
                   char out[static ASSAY_SIM_CELL_MAX])
{
    ASSAY_ASSERT(row < table->row_count);
    ASSAY_ASSERT(column < table->column_count);
    copy_cell(table->text, table->row_at[row], column, out);
}

bool sim_grid_number(const struct assay_sim_grid *table, uint64_t row, uint32_t column,
                     int64_t *out)
{
    char cell[ASSAY_SIM_CELL_MAX];
    char *end = NULL;
    sim_grid_cell(table, row, column, cell);
    const char *digits = cell[0] == '-' ? cell + 1 : cell;
    if (*digits < '0' || *digits > '9') return false;
    *out = (int64_t)strtoll(cell, &end, 10);
    return *end == '\0';
}

struct assay_slice sim_grid_row(const struct assay_sim_grid *table, uint64_t row)
{
    ASSAY_ASSERT(row < table->row_count);
    const size_t at = table->row_at[row];
    const size_t end = row + 1 < table->row_count ? table->row_at[row + 1] : table->len;
    return assay_slice_over(table->text + at, end - at);
}
