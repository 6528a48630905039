/*
 * net/system/accept_pause.h - pause of a listener whose process has no descriptor or memory left.
 *
 * The caller stays in the backlog, so that each poll would return at once: the listener is not
 * polled for a second, and other work goes on.
 */
#ifndef ASSAY_NET_SYSTEM_ACCEPT_PAUSE_H
#define ASSAY_NET_SYSTEM_ACCEPT_PAUSE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

enum { ASSAY_ACCEPT_PAUSE_MS = 1000 };

/* All zero: it accepts. */
struct assay_accept_pause {
    uint64_t until_ms;
};

static inline bool assay_accept_is_paused(const struct assay_accept_pause *pause, uint64_t now_ms)
{
    return now_ms < pause->until_ms;
}

/* After an accept4 that failed. error: its errno */
static inline void assay_accept_failed(struct assay_accept_pause *pause, int error, uint64_t now_ms)
{
    if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM)
        pause->until_ms = now_ms + ASSAY_ACCEPT_PAUSE_MS;
}

#endif
