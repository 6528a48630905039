/*
 * quote/collateral/dates.h - names and dates of the OCSP responses and manifests of a bundle.
 */
#ifndef ASSAY_QUOTE_COLLATERAL_DATES_H
#define ASSAY_QUOTE_COLLATERAL_DATES_H

#include "quote/certificates/validity.h"
#include "quote/collateral/collateral.h"
#include "quote/text.h"

/*
 * assay_collateral_dated - response or manifest number index; of several responses about one
 * certificate the newest alone, of manifests those whose signer leads to the root.
 * In:      other: a bundle whose certificates name responses as well | NULL
 * Out:     *name, which window->what borrows: "OCSP response for HCC RIM L4 Signer",
 *          "driver RIM 550.90.07 for GH100"; of a manifest the time that every certificate is valid
 * Returns: false behind the last
 */
bool assay_collateral_dated(const struct assay_collateral *c, const struct assay_collateral *other,
                            size_t index, struct assay_text *name, struct assay_window *window);

#endif
