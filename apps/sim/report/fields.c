/*
 * apps/sim/report/fields.c - typed fields of JSON objects.
 */
#include "apps/sim/report/fields.h"

#include "apps/sim/report/number.h"

#include <stdio.h>

bool sim_field_text(const struct assay_json *object, const char *key, char *out, size_t capacity)
{
    const char *const text = assay_json_text(object, key, NULL);
    if (text == NULL) return false;
    const int written = snprintf(out, capacity, "%s", text);
    return written >= 0 && (size_t)written < capacity;
}

bool sim_field_number(const struct assay_json *object, const char *key, uint64_t max, uint64_t *out)
{
    int64_t value = 0;
    const struct assay_json *const item = assay_json_get(object, key);
    const char *const text = assay_json_as_text(item);
    if (text != NULL) return sim_parse_number(text, 0, max, out);
    if (!assay_json_as_int(item, &value) || value < 0 || (uint64_t)value > max) return false;
    *out = (uint64_t)value;
    return true;
}
