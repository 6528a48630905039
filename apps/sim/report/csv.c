/*
 * apps/sim/report/csv.c - rows of a run as comma-separated values.
 *
 * Names of cohorts contain nothing that would need quotes (sim/scenario/scenario_set.c), the rest
 * is numbers.
 */
#include "apps/sim/report/output.h"

#include <inttypes.h>
#include <stdlib.h>

/* Returns: the text, closed; NULL when memory ran out. */
static char *close_text(FILE *out, char **text)
{
    const bool failed = ferror(out) != 0;
    if (fclose(out) == 0 && !failed) return *text;
    free(*text);
    return NULL;
}

static void put_cohort(FILE *out, const struct assay_sim_row *row,
                       const struct assay_sim_cohort_row *c, const char *name)
{
    (void)fprintf(out, "%" PRIu64 ",%" PRIu64 ",%d,%s,%u,%u,%u,%u,%u,%u,%u,%u,%u,%u,%u", row->epoch,
                  row->at_ms, row->certified ? 1 : 0, name, (unsigned)c->members,
                  (unsigned)c->score_mean_bp, (unsigned)c->score_min_bp, (unsigned)c->score_max_bp,
                  (unsigned)c->integrity_mean_bp, (unsigned)c->availability_mean_bp,
                  (unsigned)c->weight_share_bp, (unsigned)c->full, (unsigned)c->warning,
                  (unsigned)c->restricted, (unsigned)c->suspended);
    (void)fprintf(out, ",%u,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%u,%u,%u,%u,%u,%u,%u\n",
                  (unsigned)row->false_suspensions, row->messages, row->bytes, row->verifications,
                  (unsigned)row->views_nullified, (unsigned)row->blocks, (unsigned)row->proofs,
                  (unsigned)row->crashes, (unsigned)row->certificates_held,
                  (unsigned)row->largest_operator_bp, (unsigned)row->largest_vendor_bp);
}

char *sim_csv_epochs(const struct assay_sim_result *result)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL) return NULL;
    (void)fputs("epoch,at_ms,certified,cohort,members,score_mean_bp,score_min_bp,score_max_bp,"
                "integrity_mean_bp,availability_mean_bp,weight_share_bp,full,warning,restricted,"
                "suspended,false_suspensions,messages,bytes,verifications,views_nullified,blocks,"
                "proofs,crashes,certificates_held,largest_operator_bp,largest_vendor_bp\n",
                out);
    for (uint64_t i = 0; i < result->outcome->row_count; i++)
        for (uint32_t c = 0; c < result->scenario->cohort_count; c++)
            put_cohort(out, &result->outcome->rows[i], &result->outcome->rows[i].cohorts[c],
                       result->scenario->cohorts[c].name);
    return close_text(out, &text);
}

char *sim_csv_roots(const struct assay_sim_result *result)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL) return NULL;
    (void)fputs("epoch,certified,root\n", out);
    for (uint64_t i = 0; i < result->outcome->row_count; i++) {
        const struct assay_sim_row *row = &result->outcome->rows[i];
        char root[2 * sizeof row->root + 1];
        assay_hex_encode(row->root, sizeof row->root, root, sizeof root);
        (void)fprintf(out, "%" PRIu64 ",%d,%s\n", row->epoch, row->certified ? 1 : 0, root);
    }
    return close_text(out, &text);
}
