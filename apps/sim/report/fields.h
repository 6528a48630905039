/*
 * apps/sim/report/fields.h - typed fields of JSON that this program wrote, with their bounds.
 */
#ifndef ASSAY_APPS_SIM_REPORT_FIELDS_H
#define ASSAY_APPS_SIM_REPORT_FIELDS_H

#include "net/json/json.h"

/* Each Returns: false when the field is missing, of another kind, too long or above max; *out and
 * out are then undefined. */
bool sim_field_text(const struct assay_json *object, const char *key, char *out, size_t capacity);
/* Also as the text of its digits, as net/json/json.h writes what is above 2^63 - 1. */
bool sim_field_number(const struct assay_json *object, const char *key, uint64_t max,
                      uint64_t *out);

#endif
