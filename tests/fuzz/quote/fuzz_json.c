/*
 * tests/fuzz/quote/fuzz_json.c - any bytes as TCB info and as QE identity.
 *
 * Properties: an accepted input is within the limits, and its signed bytes are inside the text and
 * are an object; a rejection does not change the outputs.
 */
#include "base/assert.h"
#include "quote/collateral/tcb.h"
#include "quote/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_body(const struct assay_signed_json *document, const uint8_t *data, size_t size)
{
    ASSAY_ASSERT(document->body.bytes > data);
    ASSAY_ASSERT(document->body.bytes + document->body.len < data + size);
    ASSAY_ASSERT(document->body.len >= 2);
    ASSAY_ASSERT(document->body.bytes[0] == '{');
    ASSAY_ASSERT(document->body.bytes[document->body.len - 1] == '}');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct assay_tcb_info info;
    static struct assay_qe_identity identity;
    struct assay_signed_json document = { .body = { NULL, 0 } };
    struct assay_where where = { NULL, 0 };

    if (assay_doc_tcb_info(data, size, &info, &document, &where) == ASSAY_OK) {
        check_body(&document, data, size);
        ASSAY_ASSERT(info.level_count <= ASSAY_TCB_LEVELS_MAX);
        ASSAY_ASSERT(info.module_count <= ASSAY_MODULES_MAX);
        ASSAY_ASSERT(info.advisories.count <= ASSAY_ADVISORY_TABLE_MAX);
    } else {
        ASSAY_ASSERT(document.body.bytes == NULL);
        ASSAY_ASSERT(where.field != NULL || size > ASSAY_DOCUMENT_LEN_MAX);
    }
    document = (struct assay_signed_json){ .body = { NULL, 0 } };
    if (assay_doc_qe_identity(data, size, &identity, &document, &where) == ASSAY_OK) {
        check_body(&document, data, size);
        ASSAY_ASSERT(identity.level_count <= ASSAY_TCB_LEVELS_MAX);
    } else {
        ASSAY_ASSERT(document.body.bytes == NULL);
    }
    return 0;
}
