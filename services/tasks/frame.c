/*
 * services/tasks/frame.c - codec of task frames; one table lists the fields of each kind, and both
 * directions walk it in the order of the bits (docs/services.md 6.5).
 */
#include "services/tasks/frame.h"

#include "base/cursor.h"

enum { VERSION = 1 };

enum field {
    STEP = 1 << 0,
    NONCE = 1 << 1,
    KEY = 1 << 2, /* and box */
    RECEIPT = 1 << 3,
    SIGNATURE = 1 << 4,
    LIST = 1 << 5,
};

struct kind {
    uint32_t fields; /* 0: no such kind */
    uint32_t list_max;
};

static struct kind kind_of(uint8_t number)
{
    static const struct kind of[] = {
        [ASSAY_TASK_ASK] = { NONCE, 0 },
        [ASSAY_TASK_KEYS] = { NONCE | KEY | LIST, ASSAY_TASK_EVIDENCE_MAX },
        [ASSAY_TASK_INPUT] = { LIST, 32 + ASSAY_TASK_BLOB_MAX + ASSAY_TASK_OVERHEAD_MAX },
        [ASSAY_TASK_STEP_IS] = { RECEIPT | SIGNATURE | LIST, ASSAY_TASK_CIPHERTEXT_MAX },
        [ASSAY_TASK_VOUCH] = { STEP | NONCE | SIGNATURE, 0 },
        [ASSAY_TASK_KEY_IS] = { STEP | NONCE, 0 },
        [ASSAY_TASK_NEXT] = { STEP, 0 },
        [ASSAY_TASK_DRAFT] = { LIST, ASSAY_TASK_DRAFT_MAX },
        [ASSAY_TASK_DRAFT_IS] = { KEY | LIST, ASSAY_TASK_PAYEE_MAX },
        [ASSAY_TASK_NO] = { LIST, ASSAY_TASK_NO_MAX },
    };
    return number < sizeof of / sizeof *of ? of[number] : (struct kind){ 0, 0 };
}

/* Field rules shared by encoder and decoder. */
static enum assay_status check_frame(const struct assay_task_frame *f, struct kind kind)
{
    if (kind.fields & STEP && (f->step == 0 || f->step > ASSAY_TASK_STEPS_MAX))
        return ASSAY_E_RANGE;
    if (kind.fields & LIST && (f->list.len == 0 || f->list.len > kind.list_max))
        return ASSAY_E_RANGE;
    if (kind.fields & RECEIPT && !assay_bytes_equal(f->receipt.task, f->task, 32))
        return ASSAY_E_INVALID;
    return ASSAY_OK;
}

enum assay_status assay_task_frame_encode(const struct assay_task_frame *f, uint8_t *bytes,
                                          size_t capacity, struct assay_slice *out)
{
    const struct kind kind = kind_of((uint8_t)f->kind);
    ASSAY_ASSERT(kind.fields != 0);
    ASSAY_ASSERT(check_frame(f, kind) == ASSAY_OK);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_writer_u8(&w, VERSION);
    assay_writer_u8(&w, (uint8_t)f->kind);
    assay_writer_put(&w, f->task, 32);
    if (kind.fields & STEP) assay_writer_u32be(&w, f->step);
    if (kind.fields & NONCE) assay_writer_put(&w, f->nonce, 32);
    if (kind.fields & KEY) assay_writer_put(&w, f->key, sizeof f->key);
    if (kind.fields & KEY) assay_writer_put(&w, f->box, 32);
    if (kind.fields & RECEIPT) assay_task_receipt_encode(&w, &f->receipt);
    if (kind.fields & SIGNATURE) assay_writer_put(&w, f->signature, sizeof f->signature);
    if (kind.fields & LIST) assay_writer_u32be(&w, (uint32_t)f->list.len);
    if (kind.fields & LIST) assay_writer_put(&w, f->list.bytes, f->list.len);
    return assay_writer_finish(&w, out);
}

static enum assay_status decode_fields(struct assay_cursor *in, uint32_t has,
                                       struct assay_task_frame *f)
{
    uint32_t len = 0;
    if (has & STEP) ASSAY_TRY(assay_cursor_u32be(in, &f->step));
    if (has & NONCE) ASSAY_TRY(assay_cursor_copy(in, f->nonce, 32));
    if (has & KEY) ASSAY_TRY(assay_cursor_copy(in, f->key, sizeof f->key));
    if (has & KEY) ASSAY_TRY(assay_cursor_copy(in, f->box, 32));
    if (has & RECEIPT) ASSAY_TRY(assay_task_receipt_decode(in, &f->receipt));
    if (has & SIGNATURE) ASSAY_TRY(assay_cursor_copy(in, f->signature, sizeof f->signature));
    if (has & LIST) ASSAY_TRY(assay_cursor_u32be(in, &len));
    if (has & LIST) ASSAY_TRY(assay_cursor_slice(in, len, &f->list));
    return ASSAY_OK;
}

enum assay_status assay_task_frame_decode(struct assay_slice bytes, struct assay_task_frame *f)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_task_frame read = { 0 };
    uint8_t version = 0, number = 0;
    ASSAY_TRY(assay_cursor_u8(&in, &version));
    if (version != VERSION) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_cursor_u8(&in, &number));
    const struct kind kind = kind_of(number);
    if (kind.fields == 0) return ASSAY_E_UNSUPPORTED;
    read.kind = (enum assay_task_kind)number;
    ASSAY_TRY(assay_cursor_copy(&in, read.task, 32));
    ASSAY_TRY(decode_fields(&in, kind.fields, &read));
    ASSAY_TRY(assay_cursor_end(&in));
    ASSAY_TRY(check_frame(&read, kind));
    *f = read;
    return ASSAY_OK;
}
