/*
 * apps/sim/report/report_values.c - values of rows as numbers.
 */
#include "apps/sim/report/report_values.h"

#include <math.h>

/* Of a cohort: NAN when it has no member. */
#define OF_COHORT(name, expression)                                                                \
    double assay_sim_value_##name(const struct assay_sim_row *row, uint32_t cohort)                \
    {                                                                                              \
        const struct assay_sim_cohort_row *const c = &row->cohorts[cohort];                        \
        return c->members > 0 ? (double)(expression) : (double)NAN;                                \
    }
OF_COHORT(score_mean, c->score_mean_bp)
OF_COHORT(score_min, c->score_min_bp)
OF_COHORT(score_max, c->score_max_bp)
OF_COHORT(integrity, c->integrity_mean_bp)
OF_COHORT(availability, c->availability_mean_bp)
OF_COHORT(weight, c->weight_share_bp)
OF_COHORT(full, c->full)
OF_COHORT(warning, c->warning)
OF_COHORT(restricted, c->restricted)
OF_COHORT(suspended, c->suspended)
#undef OF_COHORT

/* Of the network. */
#define OF_ALL(name, expression)                                                                   \
    double assay_sim_value_##name(const struct assay_sim_row *row, uint32_t cohort)                \
    {                                                                                              \
        (void)cohort;                                                                              \
        return (double)(expression);                                                               \
    }
OF_ALL(held, row->certified ? 0 : 1)
OF_ALL(false_suspensions, row->false_suspensions)
OF_ALL(messages, row->messages)
OF_ALL(bytes, row->bytes)
OF_ALL(verifications, row->verifications)
OF_ALL(nullified, row->views_nullified)
OF_ALL(blocks, row->blocks)
OF_ALL(proofs, row->proofs)
OF_ALL(crashes, row->crashes)
OF_ALL(certificates, row->certificates_held)
OF_ALL(largest_operator, row->largest_operator_bp)
OF_ALL(largest_vendor, row->largest_vendor_bp)
#undef OF_ALL
