/*
 * net/services/tasks/sample_program.h - sample program for executors: counts the words of a private
 * text by length, a block of bytes per step (docs/services.md 6.12).
 */
#ifndef ASSAY_NET_SERVICES_TASKS_SAMPLE_PROGRAM_H
#define ASSAY_NET_SERVICES_TASKS_SAMPLE_PROGRAM_H

#include "net/services/tasks/executor_node.h"

enum { ASSAY_WORDS_STEP = 1024, ASSAY_WORDS_LENGTHS = 16 }; /* the last: that long, or longer */

/* A step of struct assay_task_program. The state is the length of the last word read, the counts,
 * and the remaining text; as the input of another task it continues there. The output is text, a
 * line for each length: "LENGTH COUNT". Returns: ASSAY_OK | ASSAY_E_INVALID (not a state of an
 * earlier step) */
ASSAY_CHECKED enum assay_status assay_sample_program_step(
    struct assay_slice input, struct assay_slice before, uint32_t step,
    uint8_t state[static ASSAY_TASK_BLOB_MAX], size_t *state_len,
    uint8_t output[static ASSAY_TASK_BLOB_MAX], size_t *output_len);

#endif
