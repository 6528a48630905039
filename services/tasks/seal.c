/*
 * services/tasks/seal.c - codec of a step's product, and the label of its encryption
 * (docs/services.md 6.5).
 */
#include "services/tasks/seal.h"

void assay_task_about(const uint8_t task[static 32], uint32_t step,
                      uint8_t about[static ASSAY_TASK_ABOUT_LEN])
{
    struct assay_writer w = assay_writer_over(about, ASSAY_TASK_ABOUT_LEN);
    assay_writer_put(&w, task, 32);
    assay_writer_u32be(&w, step);
    ASSAY_ASSERT(!w.full);
}

enum assay_status assay_task_product_encode(const struct assay_task_product *result, uint8_t *bytes,
                                            size_t capacity, struct assay_slice *out)
{
    if (result->state.len > ASSAY_TASK_BLOB_MAX || result->output.len > ASSAY_TASK_BLOB_MAX)
        return ASSAY_E_RANGE;
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_writer_put(&w, result->salt, 32);
    assay_writer_u32be(&w, (uint32_t)result->state.len);
    assay_writer_put(&w, result->state.bytes, result->state.len);
    assay_writer_put(&w, result->output.bytes, result->output.len);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_task_product_decode(struct assay_slice bytes,
                                            struct assay_task_product *result)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_task_product read = { 0 };
    uint32_t len = 0;
    ASSAY_TRY(assay_cursor_copy(&in, read.salt, 32));
    ASSAY_TRY(assay_cursor_u32be(&in, &len));
    if (len > ASSAY_TASK_BLOB_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_slice(&in, len, &read.state));
    if (assay_cursor_left(&in) > ASSAY_TASK_BLOB_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_slice(&in, assay_cursor_left(&in), &read.output));
    *result = read;
    return ASSAY_OK;
}
