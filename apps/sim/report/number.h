/*
 * apps/sim/report/number.h - numbers of the command line: "17", "4..10", "2/8".
 */
#ifndef ASSAY_APPS_SIM_REPORT_NUMBER_H
#define ASSAY_APPS_SIM_REPORT_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Plain decimal: no sign, no leading zero. Returns: false for anything else, and outside min..max.
 */
bool sim_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out);
/* The same. Returns: NULL, or `expected` where it is no such number. */
const char *sim_expect_number(const char *text, uint64_t min, uint64_t max, uint64_t *out,
                              const char *expected);
/* Two numbers with a separator between, or one that stands for both where the separator may be
 * missing. Returns: false for anything else, and outside min .. max. */
bool sim_parse_pair(const char *text, const char *separator, bool one_is_both, uint64_t min,
                    uint64_t max, uint64_t pair[2]);

#endif
