/*
 * apps/enclave/counter.h - the work that the enclave does: a counter that clients may increase.
 *
 * Lines in, lines out:   increment            -> the new value        normal work
 *                        increment critical   -> the new value        critical work
 *                        read                 -> the value            normal work
 *                        anything else        -> error unknown command
 * In a restricted enclave critical work is answered with "error restricted", in a suspended one all
 * work with "error suspended".
 */
#ifndef ASSAY_APPS_ENCLAVE_COUNTER_H
#define ASSAY_APPS_ENCLAVE_COUNTER_H

#include "base/bytes.h"
#include "quote/source/platform/platform_channel.h"

enum { COUNTER_LINE_MAX = 64, COUNTER_ANSWER_MAX = 32 };

struct counter {
    uint64_t value;
    uint64_t step; /* by how much an increment counts; another build counts otherwise */
    enum assay_channel_mode mode;
};

/* In: one line without its end, hostile. Returns: the length of answer, its "\n" included. */
size_t counter_answer(struct counter *counter, const char *line, size_t line_len,
                      char answer[static COUNTER_ANSWER_MAX]);

#endif
