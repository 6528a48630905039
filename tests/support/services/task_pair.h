/*
 * tests/support/services/task_pair.h - a requestor and an executor of one task, and the messages
 * between them, for Criterion tests: every call is compared with the expected status, and every
 * outgoing message is stored in `frame`.
 */
#ifndef ASSAY_TESTS_SUPPORT_TASK_PAIR_H
#define ASSAY_TESTS_SUPPORT_TASK_PAIR_H

#include "services/tasks/executor.h"
#include "services/tasks/requestor.h"
#include "tests/support/services/task_kit.h"
#include "tests/support/services/task_seal.h"

enum { STEPS = 3, EPOCH = 50, DEADLINE = 250, TASK_PAIR_INPUT_LEN = 15 };

struct task_pair {
    struct kit_key account, task_key;
    struct task_seal mine, theirs; /* the requestor's, the enclave's */
    struct assay_task_open terms;
    uint8_t chain[32], salt[32], task[32];
    struct assay_task_requestor r;
    struct assay_task_executor e;
    struct assay_task_outputs outs;
    uint8_t frame[ASSAY_TASK_FRAME_MAX]; /* the last message */
    size_t len;
    uint64_t now_ms;
};

extern const char pair_input[TASK_PAIR_INPUT_LEN];

/* Holds status against what is expected, and every invariant; keeps the frame that left. */
void pair_checked(struct task_pair *b, enum assay_status status, enum assay_status expected);
/* The frame at hand, to one of them. */
void pair_to_executor(struct task_pair *b, enum assay_status expected);
void pair_to_requestor(struct task_pair *b, enum assay_status expected);
/* A frame of the test's own making takes the place of the one at hand; its task is put right. */
void pair_say(struct task_pair *b, const struct assay_task_frame *f);
/* Returns: the frame at hand, read; its list lies in it. */
struct assay_task_frame pair_heard(const struct task_pair *b);

/* Returns: a pair of one task of STEPS steps, on the heap, before any message. */
struct task_pair *pair_made(void);
/* Returns: a pair whose executor has its input. */
struct task_pair *pair_running(void);
struct assay_task_requestor_config pair_config(const struct task_pair *b);
void pair_ask(struct task_pair *b);
void pair_answer(struct task_pair *b);
enum assay_status pair_trust(struct task_pair *b);
/* The program makes the step: output "output N", state "state". */
enum assay_status pair_step(struct task_pair *b, uint32_t number);
void pair_make_step(struct task_pair *b, uint32_t number);
/* From STEP to the open result; the frame at hand is the executor's key. */
void pair_buy_step(struct task_pair *b, uint32_t number);
void pair_next(struct task_pair *b);

#endif
