/*
 * quote/json/load.h - loading of a JSON text of bounded length and nesting, internal to
 * quote/json/.
 */
#ifndef ASSAY_QUOTE_JSON_LOAD_H
#define ASSAY_QUOTE_JSON_LOAD_H

#include "base/status.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/*
 * assay_json_load - at most ASSAY_DOCUMENT_LEN_MAX bytes, no name twice.
 * Out:     *root, released with json_decref; only on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_RANGE (length, nesting) | ASSAY_E_SYNTAX | ASSAY_E_DUPLICATE |
 *          ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_json_load(const uint8_t *text, size_t len, json_t **root);

#endif
