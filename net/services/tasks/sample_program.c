/*
 * net/services/tasks/sample_program.c - word counter, step by step.
 */
#include "net/services/tasks/sample_program.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "base/writer.h"

#include <stdio.h>

/* Prefix of a state, before the remaining text. No text starts like this. */
static const uint8_t mark[] = { 0, 'w', 'o', 'r', 'd', 's', 0, 1 };

enum { HEAD_LEN = sizeof mark + 4 * (1 + ASSAY_WORDS_LENGTHS), LINE_MAX_LEN = 24 };

struct words {
    uint32_t length; /* of the word at its end */
    uint32_t count[ASSAY_WORDS_LENGTHS];
    struct assay_slice left; /* remaining text */
};

static bool is_state(struct assay_slice bytes)
{
    return bytes.len >= HEAD_LEN && assay_bytes_equal(bytes.bytes, mark, sizeof mark);
}

static enum assay_status read_state(struct assay_slice state, struct words *w)
{
    ASSAY_ASSERT(is_state(state));
    struct assay_cursor in = assay_cursor_over(state.bytes + sizeof mark, state.len - sizeof mark);
    ASSAY_TRY(assay_cursor_u32be(&in, &w->length));
    for (uint32_t i = 0; i < ASSAY_WORDS_LENGTHS; i++)
        ASSAY_TRY(assay_cursor_u32be(&in, &w->count[i]));
    w->left = assay_slice_over(state.bytes + HEAD_LEN, state.len - HEAD_LEN);
    return ASSAY_OK;
}

static void end_word(struct words *w)
{
    if (w->length == 0) return;
    w->count[(w->length < ASSAY_WORDS_LENGTHS ? w->length : ASSAY_WORDS_LENGTHS) - 1]++;
    w->length = 0;
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static void count_word(struct words *w)
{
    const size_t until = w->left.len < ASSAY_WORDS_STEP ? w->left.len : ASSAY_WORDS_STEP;
    for (size_t at = 0; at < until; at++) {
        if (is_letter(w->left.bytes[at])) w->length++;
        else end_word(w);
    }
    w->left = assay_slice_over(w->left.bytes + until, w->left.len - until);
    ASSAY_ASSERT(w->left.len == 0 || until == ASSAY_WORDS_STEP);
    if (w->left.len == 0) end_word(w);
}

enum assay_status assay_sample_program_step(struct assay_slice input, struct assay_slice before,
                                            uint32_t step,
                                            uint8_t state[static ASSAY_TASK_BLOB_MAX],
                                            size_t *state_len,
                                            uint8_t output[static ASSAY_TASK_BLOB_MAX],
                                            size_t *output_len)
{
    struct words w = { .left = input };
    char line[LINE_MAX_LEN];
    const struct assay_slice from = step == 1 ? input : before;
    struct assay_writer s = assay_writer_over(state, ASSAY_TASK_BLOB_MAX);
    struct assay_writer o = assay_writer_over(output, ASSAY_TASK_BLOB_MAX);
    if ((step == 1) != (before.len == 0)) return ASSAY_E_INVALID;
    if (step > 1 && !is_state(before)) return ASSAY_E_INVALID;
    if (is_state(from) && read_state(from, &w) != ASSAY_OK) return ASSAY_E_INVALID;
    count_word(&w);
    assay_writer_put(&s, mark, sizeof mark);
    assay_writer_u32be(&s, w.length);
    for (uint32_t i = 0; i < ASSAY_WORDS_LENGTHS; i++) {
        assay_writer_u32be(&s, w.count[i]);
        const int len = snprintf(line, sizeof line, "%u %u\n", i + 1, w.count[i]);
        assay_writer_put(&o, line, (size_t)len);
    }
    assay_writer_put(&s, w.left.bytes, w.left.len);
    ASSAY_ASSERT(!s.full && !o.full); /* a step consumes more of the text than the head adds */
    *state_len = s.len;
    *output_len = o.len;
    return ASSAY_OK;
}
