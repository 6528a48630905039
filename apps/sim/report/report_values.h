/*
 * apps/sim/report/report_values.h - values of a row that the report page shows.
 *
 * Each takes a cohort, which those of the network ignore. Each Returns: the value; NAN of a cohort
 * without members.
 */
#ifndef ASSAY_APPS_SIM_REPORT_REPORT_VALUES_H
#define ASSAY_APPS_SIM_REPORT_REPORT_VALUES_H

#include "apps/sim/report/report_columns.h"

assay_sim_value assay_sim_value_score_mean, assay_sim_value_score_min, assay_sim_value_score_max;
assay_sim_value assay_sim_value_integrity, assay_sim_value_availability, assay_sim_value_weight;
assay_sim_value assay_sim_value_full, assay_sim_value_warning, assay_sim_value_restricted;
assay_sim_value assay_sim_value_suspended, assay_sim_value_held, assay_sim_value_false_suspensions;
assay_sim_value assay_sim_value_messages, assay_sim_value_bytes, assay_sim_value_verifications;
assay_sim_value assay_sim_value_nullified, assay_sim_value_blocks, assay_sim_value_proofs;
assay_sim_value assay_sim_value_crashes, assay_sim_value_certificates;
assay_sim_value assay_sim_value_largest_operator, assay_sim_value_largest_vendor;

#endif
