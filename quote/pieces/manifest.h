/*
 * quote/pieces/manifest.h - OCSP responses and reference manifests at the beginning of a text, for
 * recognise.h.
 */
#ifndef ASSAY_QUOTE_PIECES_MANIFEST_H
#define ASSAY_QUOTE_PIECES_MANIFEST_H

#include "quote/pieces/recognise.h"

/* Base64 of what XML begins with, as the vendor's service has a manifest in its answer? Returns:
 * true if so. */
bool assay_manifest_is_encoded(struct assay_slice text);
/*
 * assay_manifest_take - take off an OCSP response, or a manifest that was converted.
 * Out:     *found; then *piece has shape, bytes and status, and *text goes on behind it
 * Returns: ASSAY_OK | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_manifest_take(struct assay_slice *text,
                                                    struct assay_recognised *piece, bool *found);

#endif
