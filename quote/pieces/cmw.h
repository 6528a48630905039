/*
 * quote/pieces/cmw.h - reader of conceptual message wrappers (CMW) in CBOR.
 *
 * Source: draft-ietf-rats-msg-wrap-23. A record is [type, value, ? indicator]; a tag is a number
 * that stands for a CoAP content format (RFC 9277, appendix B) around the value; a collection is a
 * map of labels to these and to collections. JSON comes here as CBOR (assay_doc_cmw). A
 * wrapper proves nothing: its types are labels that its author chose.
 */
#ifndef ASSAY_QUOTE_PIECES_CMW_H
#define ASSAY_QUOTE_PIECES_CMW_H

#include "base/cursor.h"
#include "quote/verdict.h"

enum {
    ASSAY_CMW_DEPTH_MAX = 2,     /* collections within collections */
    ASSAY_CMW_ENTRIES_MAX = 16,  /* of one collection, and messages of all of them */
    ASSAY_CMW_TYPE_MAX = 255,    /* of a media type with its parameters */
    ASSAY_CMW_EVIDENCE = 1 << 2, /* bit of the indicator */
};

/* One message; slices borrow. */
struct assay_cmw {
    struct assay_slice type; /* media type; empty where a content format stands */
    uint32_t content_format; /* CoAP */
    uint32_t indicator;      /* 0: none was given */
    struct assay_slice value;
};

/* Do the bytes begin like a wrapper in CBOR? They may be other CBOR all the same.
 * Returns: true if so. */
bool assay_cmw_looks(struct assay_slice bytes);
/*
 * assay_cmw_evidence - the one message that is evidence: by its indicator, where it has one, and by
 * its own bytes. Other messages are left out.
 * Out:     *out and *kind, written only on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_ENCODING | ASSAY_E_TYPE | ASSAY_E_RANGE |
 *          ASSAY_E_TRAILING | ASSAY_E_INVALID (a type, an indicator of 0) | ASSAY_E_DUPLICATE (a
 *          label twice, or evidence twice: which one is meant is not known) | ASSAY_E_UNSUPPORTED
 *          (no evidence of a known kind)
 */
ASSAY_CHECKED enum assay_status assay_cmw_evidence(struct assay_slice cbor, struct assay_cmw *out,
                                                   enum assay_evidence_kind *kind);

#endif
