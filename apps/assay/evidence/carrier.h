/*
 * apps/assay/evidence/carrier.h - report of the certificate or wrapper that evidence came in.
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_CARRIER_H
#define ASSAY_APPS_ASSAY_EVIDENCE_CARRIER_H

#include "net/json/json.h"
#include "quote/pieces/carrier.h"

/* "carrier" becomes null for evidence that came by itself. */
void cli_carrier_set_json(const struct assay_carrier *carrier, struct assay_json *data);
/* One line; none for evidence that came by itself. */
void cli_carrier_print(const struct assay_carrier *carrier);

#endif
