/* apps/enclave/counter.c - commands of the counter. */
#include "apps/enclave/counter.h"

#include "base/assert.h"

#include <stdio.h>
#include <string.h>

static bool is_command(const char *line, size_t line_len, const char *command)
{
    return line_len == strlen(command) && assay_bytes_equal(line, command, line_len);
}

static size_t format_reply(char answer[static COUNTER_ANSWER_MAX], const char *text)
{
    const int len = snprintf(answer, COUNTER_ANSWER_MAX, "%s\n", text);
    ASSAY_ASSERT(len > 0 && len < COUNTER_ANSWER_MAX);
    return (size_t)len;
}

/* Returns: the reason why work of this class is refused, NULL when it is not. */
static const char *refusal(enum assay_channel_mode mode, bool critical)
{
    switch (mode) {
    case ASSAY_CHANNEL_MODE_FULL: return NULL;
    case ASSAY_CHANNEL_MODE_RESTRICTED: return critical ? "error restricted" : NULL;
    case ASSAY_CHANNEL_MODE_SUSPENDED: return "error suspended";
    }
    ASSAY_UNREACHABLE("a mode outside the list");
}

size_t counter_answer(struct counter *counter, const char *line, size_t line_len,
                      char answer[static COUNTER_ANSWER_MAX])
{
    const bool critical = is_command(line, line_len, "increment critical");
    const bool increment = critical || is_command(line, line_len, "increment");
    if (!increment && !is_command(line, line_len, "read"))
        return format_reply(answer, "error unknown command");
    const char *refused = refusal(counter->mode, critical);
    if (refused != NULL) return format_reply(answer, refused);
    if (increment) counter->value += counter->step; /* wraps after 2^64: still a counter */
    const int len =
        snprintf(answer, COUNTER_ANSWER_MAX, "%llu\n", (unsigned long long)counter->value);
    ASSAY_ASSERT(len > 0 && len < COUNTER_ANSWER_MAX);
    return (size_t)len;
}
