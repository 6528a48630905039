/*
 * quote/result/cmw.h - records of the conceptual message wrapper (draft-ietf-rats-msg-wrap): a
 * message with its media type, for transports that carry several kinds.
 *
 * The wrapper protects nothing: what it carries is signed itself.
 */
#ifndef ASSAY_QUOTE_RESULT_CMW_H
#define ASSAY_QUOTE_RESULT_CMW_H

#include "base/writer.h"

/* Bits of the third member of a record. */
enum { ASSAY_CMW_ATTESTATION_RESULTS = 8 };

/* [type, value, ind] in CBOR. In: type: a media type. The writer reports overflow. */
void assay_cmw_put_cbor(struct assay_writer *w, const char *type, struct assay_slice value,
                        unsigned ind);
/* The same in JSON, the value as base64url. In: type: printable ASCII. The writer reports overflow.
 */
void assay_cmw_put_json(struct assay_writer *w, const char *type, struct assay_slice value,
                        unsigned ind);

#endif
