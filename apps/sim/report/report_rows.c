/*
 * apps/sim/report/report_rows.c - reader of epochs.csv and roots.csv: the inverse of
 * apps/sim/report/csv.c.
 *
 * The columns are exactly those that this program writes; every row of an epoch has the same values
 * of the network, and every root has its epoch.
 */
#include "apps/sim/report/report_load_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The limit of epochs of a run, including those that never closed. */
enum { EPOCH_MAX = 4 * ASSAY_SIM_EPOCHS_MAX };

struct lines {
    const char *dir, *name;
    char *message;
    char *at;
    uint64_t number; /* of the line, from 1 */
    char *cell;      /* of the line: the next one; NULL: no more */
};

static enum assay_status refuse_line(const struct lines *in, const char *expected)
{
    return sim_load_fail(in->message, in->dir, in->name, ASSAY_E_SYNTAX,
                         "line %" PRIu64 ": expected %s", in->number, expected);
}

/* The next line as a text. Returns: NULL at the end; the last line has a line break too (or is
 * torn). */
static char *next_line(struct lines *in, bool *torn)
{
    char *const line = in->at, *const end = strchr(line, '\n');
    *torn = *line != '\0' && end == NULL;
    if (end == NULL) return NULL;
    *end = '\0';
    in->at = end + 1;
    in->number++;
    in->cell = line;
    return line;
}

static char *next_cell(struct lines *in)
{
    char *const cell = in->cell;
    if (cell == NULL) return NULL;
    in->cell = strchr(cell, ',');
    if (in->cell != NULL) *in->cell++ = '\0';
    return cell;
}

static bool take_number(struct lines *in, uint64_t max, uint64_t *out)
{
    const char *const cell = next_cell(in);
    if (cell == NULL || *cell == '\0' || strspn(cell, "0123456789") != strlen(cell)) return false;
    errno = 0;
    *out = strtoull(cell, NULL, 10);
    return errno == 0 && *out <= max;
}

static bool take_u32(struct lines *in, uint32_t *out)
{
    uint64_t value = 0;
    const bool good = take_number(in, UINT32_MAX, &value);
    *out = (uint32_t)value;
    return good;
}

static bool take_bp(struct lines *in, uint16_t *out)
{
    uint64_t value = 0;
    const bool good = take_number(in, UINT16_MAX, &value);
    *out = (uint16_t)value;
    return good;
}

static bool read_header(struct lines *in, const char *expected)
{
    bool torn = false;
    const char *const line = next_line(in, &torn);
    return line != NULL && strcmp(line, expected) == 0;
}

/* The columns of an empty result: only the header. */
static enum assay_status check_head(struct lines *in,
                                    char *(*print)(const struct assay_sim_result *),
                                    const struct assay_scenario *scenario)
{
    struct assay_sim_outcome none = { .row_count = 0 };
    const struct assay_sim_result empty = { .scenario = scenario, .outcome = &none };
    char *const head = print(&empty);
    if (head == NULL)
        return sim_load_fail(in->message, in->dir, in->name, ASSAY_E_MEMORY, "no memory");
    head[strcspn(head, "\n")] = '\0';
    const bool same = read_header(in, head);
    free(head);
    if (same) return ASSAY_OK;
    return sim_load_fail(in->message, in->dir, in->name, ASSAY_E_SYNTAX,
                         "expected the columns that this assay-sim writes; run the scenario "
                         "again, or take the program that made it");
}

/* --- epochs.csv */

static bool read_cohort(struct lines *in, struct assay_sim_cohort_row *c)
{
    return take_u32(in, &c->members) && take_bp(in, &c->score_mean_bp) &&
           take_bp(in, &c->score_min_bp) && take_bp(in, &c->score_max_bp) &&
           take_bp(in, &c->integrity_mean_bp) && take_bp(in, &c->availability_mean_bp) &&
           take_bp(in, &c->weight_share_bp) && take_u32(in, &c->full) &&
           take_u32(in, &c->warning) && take_u32(in, &c->restricted) && take_u32(in, &c->suspended);
}

static bool read_network(struct lines *in, struct assay_sim_row *row)
{
    return take_u32(in, &row->false_suspensions) && take_number(in, UINT64_MAX, &row->messages) &&
           take_number(in, UINT64_MAX, &row->bytes) &&
           take_number(in, UINT64_MAX, &row->verifications) &&
           take_u32(in, &row->views_nullified) && take_u32(in, &row->blocks) &&
           take_u32(in, &row->proofs) && take_u32(in, &row->crashes) &&
           take_u32(in, &row->certificates_held) && take_bp(in, &row->largest_operator_bp) &&
           take_bp(in, &row->largest_vendor_bp) && next_cell(in) == NULL;
}

/* One line: of cohort `c`, whose epoch begins with cohort 0. */
static enum assay_status read_row(struct lines *in, const struct assay_scenario *s, uint32_t c,
                                  struct assay_sim_row *row)
{
    uint64_t certified = 0;
    const uint64_t before = row->epoch;
    if (!take_number(in, EPOCH_MAX, &row->epoch) || !take_number(in, UINT64_MAX, &row->at_ms) ||
        !take_number(in, 1, &certified))
        return refuse_line(in, "an epoch, its time, and 0 or 1");
    row->certified = certified == 1;
    if (c > 0 && row->epoch != before) return refuse_line(in, "a row for each cohort of an epoch");
    const char *const name = next_cell(in);
    if (name == NULL || strcmp(name, s->cohorts[c].name) != 0)
        return refuse_line(in, "the cohorts of scenario.yaml in their order");
    if (!read_cohort(in, &row->cohorts[c]) || !read_network(in, row))
        return refuse_line(in, "numbers in every column");
    return ASSAY_OK;
}

static enum assay_status read_epoch(struct lines *in, struct assay_sim_loaded *loaded)
{
    struct assay_sim_outcome *const o = &loaded->outcome;
    const uint64_t before = o->row_count > 0 ? o->rows[o->row_count - 1].epoch : 0;
    struct assay_sim_row *const row = assay_sim_outcome_row(o);
    bool torn = false;
    for (uint32_t c = 0; c < loaded->scenario.cohort_count; c++) {
        /*
 * The caller has read the first line of the epoch already, to find out whether there is one.
 */
        if (c > 0 && next_line(in, &torn) == NULL)
            return refuse_line(in, "a line for each cohort behind this one: the file is cut off");
        ASSAY_TRY(read_row(in, &loaded->scenario, c, row));
    }
    if (row->epoch <= before) return refuse_line(in, "epochs that grow, from 1");
    return ASSAY_OK;
}

enum assay_status sim_load_epochs(const char *dir, char *text, struct assay_sim_loaded *loaded,
                                  char *message)
{
    struct lines in = { .dir = dir, .name = "epochs.csv", .message = message, .at = text };
    bool torn = false;
    ASSAY_TRY(check_head(&in, sim_csv_epochs, &loaded->scenario));
    while (next_line(&in, &torn) != NULL)
        ASSAY_TRY(read_epoch(&in, loaded));
    return torn ? refuse_line(&in, "a line behind this one that ends: the file is cut off")
                : ASSAY_OK;
}

/* --- roots.csv */

static enum assay_status read_root(struct lines *in, struct assay_sim_row *row)
{
    uint64_t epoch = 0, certified = 0;
    if (!take_number(in, UINT64_MAX, &epoch) || !take_number(in, 1, &certified))
        return refuse_line(in, "an epoch, and 0 or 1");
    const char *const hex = next_cell(in);
    if (hex == NULL || next_cell(in) != NULL ||
        assay_hex_decode(hex, strlen(hex), row->root, sizeof row->root) != ASSAY_OK)
        return refuse_line(in, "64 digits of hexadecimal");
    if (epoch == row->epoch && (certified == 1) == row->certified) return ASSAY_OK;
    return sim_load_fail(in->message, in->dir, in->name, ASSAY_E_INVALID,
                         "line %" PRIu64 ": another epoch than in epochs.csv: files of "
                         "different runs",
                         in->number);
}

enum assay_status sim_load_roots(const char *dir, char *text, struct assay_sim_loaded *loaded,
                                 char *message)
{
    struct lines in = { .dir = dir, .name = "roots.csv", .message = message, .at = text };
    struct assay_sim_outcome *const o = &loaded->outcome;
    bool torn = false;
    uint64_t i = 0;
    ASSAY_TRY(check_head(&in, sim_csv_roots, &loaded->scenario));
    while (next_line(&in, &torn) != NULL) {
        if (i == o->row_count) return refuse_line(&in, "no more epochs than in epochs.csv");
        ASSAY_TRY(read_root(&in, &o->rows[i++]));
    }
    if (i < o->row_count)
        return refuse_line(&in, "as many epochs as in epochs.csv behind this one");
    return torn ? refuse_line(&in, "a line behind this one that ends: the file is cut off")
                : ASSAY_OK;
}
