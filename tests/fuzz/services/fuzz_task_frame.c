/*
 * tests/fuzz/services/fuzz_task_frame.c - fuzz target: frames of tasks, to both sides. What is read
 * encodes to the very same bytes; a requestor that waits for its first step and an executor that
 * has offered one keep their invariants, and what they refuse lets no frame leave.
 */
#include "base/assert.h"
#include "services/tasks/executor.h"
#include "services/tasks/requestor.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Opens and closes nothing but a copy: what is tried here is the walk, not the cryptography. */
static enum assay_status copy_any(struct assay_slice in, uint8_t *out, size_t capacity, size_t *len)
{
    if (in.len > capacity) return ASSAY_E_FULL;
    assay_bytes_copy(out, capacity, in.bytes, in.len);
    *len = in.len;
    return ASSAY_OK;
}

static enum assay_status copy_seal(void *context, const uint8_t box[static 32],
                                   struct assay_slice plain, uint8_t *out, size_t capacity,
                                   size_t *len)
{
    (void)context, (void)box;
    return copy_any(plain, out, capacity, len);
}

static enum assay_status copy_open(void *context, struct assay_slice sealed, uint8_t *out,
                                   size_t capacity, size_t *len)
{
    (void)context;
    return copy_any(sealed, out, capacity, len);
}

static enum assay_status copy_crypt(void *context, const uint8_t key[static 32],
                                    struct assay_slice about, struct assay_slice plain,
                                    uint8_t *out, size_t capacity, size_t *len)
{
    (void)context, (void)key, (void)about;
    return copy_any(plain, out, capacity, len);
}

static enum assay_status zero_sign(void *context, const uint8_t digest[static 32],
                                   uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    (void)context, (void)digest;
    assay_bytes_zero(signature, ASSAY_P256_SIGNATURE_LEN);
    return ASSAY_OK;
}

static const struct assay_task_crypto crypto = { NULL,       copy_seal,  copy_open,
                                                 copy_crypt, copy_crypt, zero_sign };
static const uint8_t salt[32] = { 5 };

static void terms(struct assay_task_open *open)
{
    *open = (struct assay_task_open){ .price = 1, .steps = 2, .deadline = 9 };
    assay_task_blob_digest(salt, assay_slice_over("in", 2), open->input);
}

static void must(enum assay_status status)
{
    ASSAY_ASSERT(status == ASSAY_OK);
}

/* Frames of any task are for this one: the name is put right, in the receipt as well. */
static struct assay_slice for_task(const uint8_t *bytes, size_t len, const uint8_t task[static 32])
{
    static uint8_t copy[ASSAY_TASK_FRAME_MAX];
    if (len < 34 || len > sizeof copy) return assay_slice_over(bytes, len);
    assay_bytes_copy(copy, sizeof copy, bytes, len);
    assay_bytes_copy(copy + 2, 32, task, 32);
    if (copy[1] == ASSAY_TASK_STEP_IS && len >= 66) assay_bytes_copy(copy + 34, 32, task, 32);
    return assay_slice_over(copy, len);
}

static void to_requestor(const uint8_t *bytes, size_t len)
{
    static struct assay_task_requestor r;
    static struct assay_task_outputs outs;
    struct assay_task_requestor_config config = { .epoch = 1, .crypto = &crypto };
    struct assay_task_frame keys = { .kind = ASSAY_TASK_KEYS, .list = assay_slice_over("q", 1) };
    uint8_t said[256];
    struct assay_slice out;
    terms(&config.terms);
    assay_task_requestor_init(&r, &config);
    must(assay_task_requestor_request_keys(&r, salt, 0, &outs));
    assay_bytes_copy(keys.task, 32, r.task, 32);
    assay_bytes_copy(keys.nonce, 32, salt, 32);
    must(assay_task_frame_encode(&keys, said, sizeof said, &out));
    must(assay_task_requestor_on_frame(&r, out, 0, &outs));
    must(assay_task_requestor_trust(&r, salt, assay_slice_over("in", 2), 0, &outs));
    if (assay_task_requestor_on_frame(&r, for_task(bytes, len, r.task), 1, &outs) != ASSAY_OK)
        ASSAY_ASSERT(outs.frame.len == 0);
    assay_task_requestor_check(&r);
}

static void to_executor(const uint8_t *bytes, size_t len)
{
    static struct assay_task_executor e;
    static struct assay_task_outputs outs;
    struct assay_task_executor_config config = { .epoch = 1, .crypto = &crypto };
    struct assay_task_frame input = { .kind = ASSAY_TASK_INPUT };
    const struct assay_task_product result = { .salt = { 6 } };
    const struct assay_secret32 opening = { { 7 } };
    uint8_t said[256], plain[34] = { 5 };
    struct assay_slice out;
    terms(&config.terms);
    assay_task_executor_init(&e, &config);
    if (assay_task_executor_on_frame(&e, for_task(bytes, len, e.task), &outs) != ASSAY_OK)
        ASSAY_ASSERT(outs.frame.len == 0);
    assay_task_executor_check(&e);
    if (e.phase == ASSAY_TASK_RUNNING) return; /* the input was guessed, which is written below */
    assay_bytes_copy(plain + 32, 2, "in", 2);
    input.list = assay_slice_over(plain, sizeof plain);
    assay_bytes_copy(input.task, 32, e.task, 32);
    must(assay_task_frame_encode(&input, said, sizeof said, &out));
    must(assay_task_executor_on_frame(&e, out, &outs));
    must(assay_task_executor_step(&e, &result, &opening, &outs));
    if (assay_task_executor_on_frame(&e, for_task(bytes, len, e.task), &outs) != ASSAY_OK)
        ASSAY_ASSERT(outs.frame.len == 0);
    ASSAY_ASSERT(e.claim.step == 0); /* nobody can sign for the terms' key */
    assay_task_executor_check(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t again[ASSAY_TASK_FRAME_MAX];
    struct assay_task_frame f;
    struct assay_slice out;
    const struct assay_slice in = assay_slice_over(bytes, len);
    to_requestor(bytes, len);
    to_executor(bytes, len);
    if (assay_task_frame_decode(in, &f) != ASSAY_OK) return 0;
    ASSAY_ASSERT(assay_task_frame_encode(&f, again, sizeof again, &out) == ASSAY_OK);
    ASSAY_ASSERT(assay_slice_equal(in, out));
    return 0;
}
