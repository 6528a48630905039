/*
 * apps/assay/evidence/forecast_print.h - distances to TCB levels as text and as JSON.
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_FORECAST_PRINT_H
#define ASSAY_APPS_ASSAY_EVIDENCE_FORECAST_PRINT_H

#include "apps/assay/evidence/appraisal.h"
#include "quote/result/forecast.h"

/* A forecast with what its documents call their components. */
struct assay_named_forecast {
    bool is_there; /* false: the kind has no levels, or a document is missing */
    enum assay_status why_not;
    struct assay_forecast forecast;
    struct assay_json *document; /* the TCB info, for names of components; NULL: none */
};

/*
 * cli_named_forecast_make - for the evidence and the collateral of an appraisal.
 * Out:     *out; cli_named_forecast_close frees it
 * out->is_there is false when there is none
 */
void cli_named_forecast_make(const struct cli_appraisal *a, enum assay_forecast_aim aim,
                             struct assay_named_forecast *out);
/* */
void cli_named_forecast_close(struct assay_named_forecast *forecast);
/* Returns: levels and gaps as an object. */
struct assay_json *cli_forecast_json(const struct assay_named_forecast *forecast);
/* Views of that object: statuses and dates of platform, QE, module, one a line; security versions
 * that fall short, one a line, or a note when there are none. */
extern const char cli_levels_view[], cli_gaps_view[];
void cli_print_forecast(const struct assay_named_forecast *forecast, const char *view);

#endif
