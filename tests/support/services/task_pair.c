/* tests/support/services/task_pair.c - see the header. */
#include "tests/support/services/task_pair.h"

#include <criterion/criterion.h>
#include <stdlib.h>

const char pair_input[TASK_PAIR_INPUT_LEN] = "numbers to add";

void pair_checked(struct task_pair *b, enum assay_status status, enum assay_status expected)
{
    cr_assert_eq(status, expected, "%s, not %s", assay_status_symbol(status),
                 assay_status_symbol(expected));
    assay_task_requestor_check(&b->r);
    assay_task_executor_check(&b->e);
    if (status != ASSAY_OK) cr_assert_eq(b->outs.frame.len, 0);
    if (b->outs.frame.len == 0) return;
    assay_bytes_copy(b->frame, sizeof b->frame, b->outs.frame.bytes, b->outs.frame.len);
    b->len = b->outs.frame.len;
}

void pair_to_executor(struct task_pair *b, enum assay_status expected)
{
    pair_checked(b,
                 assay_task_executor_on_frame(&b->e, assay_slice_over(b->frame, b->len), &b->outs),
                 expected);
}

void pair_to_requestor(struct task_pair *b, enum assay_status expected)
{
    pair_checked(b,
                 assay_task_requestor_on_frame(&b->r, assay_slice_over(b->frame, b->len), b->now_ms,
                                               &b->outs),
                 expected);
}

void pair_say(struct task_pair *b, const struct assay_task_frame *f)
{
    struct assay_slice out;
    struct assay_task_frame frame = *f;
    assay_bytes_copy(frame.task, 32, b->task, 32);
    assay_bytes_copy(frame.receipt.task, 32, b->task, 32);
    cr_assert_eq(assay_task_frame_encode(&frame, b->frame, sizeof b->frame, &out), ASSAY_OK);
    b->len = out.len;
}

struct assay_task_frame pair_heard(const struct task_pair *b)
{
    struct assay_task_frame f;
    cr_assert_eq(assay_task_frame_decode(assay_slice_over(b->frame, b->len), &f), ASSAY_OK);
    return f;
}

struct assay_task_requestor_config pair_config(const struct task_pair *b)
{
    struct assay_task_requestor_config config = { .terms = b->terms,
                                                  .epoch = EPOCH,
                                                  .crypto = &b->mine.crypto };
    assay_bytes_copy(config.chain_id, 32, b->chain, 32);
    assay_bytes_copy(config.key, 64, b->task_key.key, 64);
    return config;
}

struct task_pair *pair_made(void)
{
    struct task_pair *b = calloc(1, sizeof *b);
    cr_assert_not_null(b);
    b->chain[0] = 3;
    b->now_ms = 1000;
    kit_key_make(&b->account, 21);
    kit_key_make(&b->task_key, 22);
    task_seal_make(&b->mine, &b->account.secret);
    task_seal_make(&b->theirs, &b->task_key.secret);
    kit_bytes('s', 0, b->salt);
    b->terms = (struct assay_task_open){
        .price = 1, .steps = STEPS, .deadline = DEADLINE, .min_standing = ASSAY_TASK_STAND_FULL
    };
    assay_task_blob_digest(b->salt, assay_slice_over(pair_input, sizeof pair_input),
                           b->terms.input);
    assay_bytes_copy(b->terms.box, 32, b->mine.box, 32);
    kit_sign_open(b->chain, &b->account, &b->terms);
    assay_task_open_statement(b->chain, &b->terms, b->task);
    struct assay_task_executor_config config = { .terms = b->terms,
                                                 .epoch = EPOCH,
                                                 .crypto = &b->theirs.crypto };
    assay_bytes_copy(config.chain_id, 32, b->chain, 32);
    assay_bytes_copy(config.key, 64, b->task_key.key, 64);
    assay_bytes_copy(config.box, 32, b->theirs.box, 32);
    assay_task_executor_init(&b->e, &config);
    const struct assay_task_requestor_config mine = pair_config(b);
    assay_task_requestor_init(&b->r, &mine);
    return b;
}

void pair_ask(struct task_pair *b)
{
    uint8_t nonce[32];
    kit_bytes('n', 1, nonce);
    pair_checked(b, assay_task_requestor_request_keys(&b->r, nonce, b->now_ms, &b->outs), ASSAY_OK);
    pair_to_executor(b, ASSAY_OK);
    cr_assert_eq(b->outs.events, ASSAY_TASK_EVENT_ASKED);
}

void pair_answer(struct task_pair *b)
{
    pair_checked(b, assay_task_executor_on_evidence(&b->e, assay_slice_over("quote", 5), &b->outs),
                 ASSAY_OK);
}

enum assay_status pair_trust(struct task_pair *b)
{
    return assay_task_requestor_trust(
        &b->r, b->salt, assay_slice_over(pair_input, sizeof pair_input), b->now_ms, &b->outs);
}

struct task_pair *pair_running(void)
{
    struct task_pair *b = pair_made();
    pair_ask(b);
    pair_answer(b);
    pair_to_requestor(b, ASSAY_OK);
    cr_assert_eq(b->outs.events, ASSAY_TASK_EVENT_KEYS);
    cr_assert(assay_bytes_equal(b->r.statement, b->e.statement, 32));
    pair_checked(b, pair_trust(b), ASSAY_OK);
    pair_to_executor(b, ASSAY_OK);
    cr_assert_eq(b->outs.events, ASSAY_TASK_EVENT_INPUT);
    return b;
}

enum assay_status pair_step(struct task_pair *b, uint32_t number)
{
    struct assay_task_product result;
    struct assay_secret32 opening;
    kit_bytes('T', number, result.salt);
    kit_bytes('K', number, opening.bytes);
    result.state = assay_slice_over("state", 5);
    result.output = assay_slice_over(&"output 1 output 2 output 3"[9 * (size_t)(number - 1)], 8);
    return assay_task_executor_step(&b->e, &result, &opening, &b->outs);
}

void pair_make_step(struct task_pair *b, uint32_t number)
{
    pair_checked(b, pair_step(b, number), ASSAY_OK);
}

void pair_buy_step(struct task_pair *b, uint32_t number)
{
    pair_make_step(b, number);
    pair_to_requestor(b, ASSAY_OK);
    cr_assert_eq(pair_heard(b).kind, ASSAY_TASK_VOUCH);
    pair_to_executor(b, ASSAY_OK);
    cr_assert_eq(b->outs.events, ASSAY_TASK_EVENT_CLAIM);
    cr_assert_eq(pair_heard(b).kind, ASSAY_TASK_KEY_IS);
    pair_to_requestor(b, ASSAY_OK);
    cr_assert_eq(b->outs.events, ASSAY_TASK_EVENT_OUTPUT);
    cr_assert_eq(b->r.chain.step, number);
}

void pair_next(struct task_pair *b)
{
    pair_checked(b, assay_task_requestor_next(&b->r, b->now_ms, &b->outs), ASSAY_OK);
}
