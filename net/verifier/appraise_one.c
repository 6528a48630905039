/*
 * net/verifier/appraise_one.c - appraisal of one request, in any process.
 */
#include "net/verifier/appraise_one.h"

#include "quote/pieces/carrier.h"

#include <stdlib.h>

/* The tail of a buffer that a device filled: what the evidence declares itself is appraised. */
static void cut_tail(struct assay_evidence_request *request)
{
    size_t declared = 0;
    if (assay_evidence_length(request->kind, request->bytes, request->len, &declared) == ASSAY_OK &&
        declared < request->len &&
        assay_bytes_all_zero(request->bytes + declared, request->len - declared))
        request->len = declared;
}

/* Evidence of a relying party, by itself or in a wrapper: of which kind it is, its own bytes say. A
 * certificate that has evidence vouches for a key, which nobody asked about: it is none.
 * Returns: room of malloc that the request borrows from, or NULL. */
static uint8_t *find_evidence(struct assay_evidence_request *request)
{
    const struct assay_slice bytes = assay_slice_over(request->bytes, request->len);
    const size_t room_len = assay_carrier_room(bytes.len);
    struct assay_carrier carrier;
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    uint8_t *room = NULL;
    if (room_len > 0 && assay_carrier_looks(bytes)) room = malloc(room_len);
    if (room != NULL && assay_carrier_open(bytes, room, room_len, &carrier) == ASSAY_OK &&
        carrier.form == ASSAY_CARRIER_WRAPPER) {
        kind = carrier.kind;
        request->bytes = carrier.evidence.bytes;
        request->len = carrier.evidence.len;
    } else if (assay_evidence_detect(bytes.bytes, bytes.len, &kind) != ASSAY_OK) {
        kind = ASSAY_KIND_NONE; /* of no known kind: not appraised */
    }
    request->kind = kind;
    if (kind != ASSAY_KIND_NONE) cut_tail(request);
    return room;
}

void assay_verifier_process_one(assay_verifier_process_function *verify,
                                struct assay_verifier *verifier,
                                const struct assay_evidence_request *request,
                                struct assay_verdict *verdict)
{
    ASSAY_ASSERT(request->bytes != NULL || request->len == 0);
    struct assay_evidence_request found = *request;
    uint8_t *const room = request->kind == ASSAY_KIND_NONE ? find_evidence(&found) : NULL;
    /* What a client sends takes no place of members' platforms in the memory: it remembers the
     * chains of nobody else. */
    struct assay_verifier *const memory = request->kind != ASSAY_KIND_NONE ? verifier : NULL;
    const enum assay_status status = verify(memory, &found, verdict);
    free(room);
    /*
     * A local failure is no statement about the evidence: it is not appraised, and never FAIL
     * (docs/protocol.md 3.1).
     */
    if (assay_status_class(status) != ASSAY_CLASS_HOST) return;
    assay_verdict_init(verdict, found.kind, request->at_unix_s);
    assay_verdict_conclude(verdict);
}
