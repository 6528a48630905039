/*
 * net/services/words.c - see words.h.
 */
#include "net/services/words.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "base/writer.h"

#include <stdio.h>

enum { STATE_LEN = 4 * (2 + ASSAY_WORDS_LENGTHS), LINE_MAX_LEN = 24 };

struct words {
    uint32_t at, length;
    uint32_t count[ASSAY_WORDS_LENGTHS];
};

static enum assay_status read_state(struct assay_slice before, struct assay_slice input,
                                    struct words *w)
{
    struct assay_cursor in = assay_cursor_over(before.bytes, before.len);
    if (before.len == 0) return ASSAY_OK;
    ASSAY_TRY(assay_cursor_u32be(&in, &w->at));
    ASSAY_TRY(assay_cursor_u32be(&in, &w->length));
    for (uint32_t i = 0; i < ASSAY_WORDS_LENGTHS; i++)
        ASSAY_TRY(assay_cursor_u32be(&in, &w->count[i]));
    ASSAY_TRY(assay_cursor_end(&in));
    return w->at <= input.len ? ASSAY_OK : ASSAY_E_INVALID;
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

static void count(struct words *w, struct assay_slice input)
{
    const size_t left = input.len - w->at;
    const size_t until = w->at + (left < ASSAY_WORDS_STEP ? left : ASSAY_WORDS_STEP);
    for (; w->at < until; w->at++) {
        if (is_letter(input.bytes[w->at])) w->length++;
        else end_word(w);
    }
    if (w->at == input.len) end_word(w);
}

enum assay_status assay_words_step(struct assay_slice input, struct assay_slice before,
                                   uint32_t step, uint8_t state[static ASSAY_TASK_BLOB_MAX],
                                   size_t *state_len,
                                   uint8_t output[static ASSAY_TASK_BLOB_MAX], size_t *output_len)
{
    struct words w = { 0 };
    char line[LINE_MAX_LEN];
    struct assay_writer s = assay_writer_over(state, STATE_LEN);
    struct assay_writer o = assay_writer_over(output, ASSAY_TASK_BLOB_MAX);
    if ((step == 1) != (before.len == 0)) return ASSAY_E_INVALID;
    if (read_state(before, input, &w) != ASSAY_OK) return ASSAY_E_INVALID;
    count(&w, input);
    assay_writer_u32be(&s, w.at);
    assay_writer_u32be(&s, w.length);
    for (uint32_t i = 0; i < ASSAY_WORDS_LENGTHS; i++) {
        assay_writer_u32be(&s, w.count[i]);
        const int len = snprintf(line, sizeof line, "%u %u\n", i + 1, w.count[i]);
        assay_writer_put(&o, line, (size_t)len);
    }
    ASSAY_ASSERT(!s.full && !o.full);
    *state_len = s.len;
    *output_len = o.len;
    return ASSAY_OK;
}
