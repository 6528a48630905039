/*
 * net/sandbox/child_output.c - text for the exit status of a process.
 */
#include "net/sandbox/child.h"

#include "base/assert.h"

#include <stdio.h>
#include <string.h>

void assay_child_explain(const struct assay_child_end *end, const char *cause, char *why,
                         size_t len)
{
    ASSAY_ASSERT(why != NULL && len > 0);
    const char *name = end->by_signal ? sigabbrev_np(end->number) : NULL;
    if (cause != NULL)
        (void)snprintf(why, len, "%s", cause);
    else if (end->is_pending)
        (void)snprintf(why, len, "it was killed and has not ended");
    else if (end->by_signal)
        (void)snprintf(why, len, "SIG%s%s%s", name != NULL ? name : "?",
                       end->words[0] != '\0' ? ": " : "", end->words);
    else
        (void)snprintf(why, len, "status %d%s%s", end->number, end->words[0] != '\0' ? ": " : "",
                       end->words);
}
