/*
 * enforce/spool.h - bounded on-disk queue of events that await delivery.
 *
 * A folder with a file an event, named by its number; written completely or not at all, and synced
 * before put returns. What a full spool refuses is not lost: the caller tries again.
 */
#ifndef ASSAY_ENFORCE_SPOOL_H
#define ASSAY_ENFORCE_SPOOL_H

#include "base/bytes.h"

#include <limits.h>

enum {
    ASSAY_SPOOL_EVENT_MAX = 8192,
    ASSAY_SPOOL_COUNT_MAX = 100000,
    ASSAY_SPOOL_MESSAGE_LEN = 200,
};

struct assay_spool {
    char folder[PATH_MAX - 32];
    uint64_t first, next; /* numbers of the oldest event and of the next one */
    uint32_t count_max;
    uint64_t set_aside; /* by peek, since open */
};

/*
 * assay_spool_open - make the folder (0700) or read what waits in it.
 * In:      count_max: 1 to ASSAY_SPOOL_COUNT_MAX
 * Returns: ASSAY_OK | ASSAY_E_RANGE (the path) | ASSAY_E_IO, with a message
 */
ASSAY_CHECKED enum assay_status assay_spool_open(const char *folder, uint32_t count_max,
                                                 struct assay_spool *spool,
                                                 char message[static ASSAY_SPOOL_MESSAGE_LEN]);
/* Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE (too long) | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_spool_append(struct assay_spool *spool,
                                                   struct assay_slice event);
/* The oldest event. A file that is missing or longer than any event is skipped and removed; one
 * that is no regular file, or may not be read, is renamed to NUMBER.unreadable and skipped.
 * Returns: ASSAY_OK and event[*len] | ASSAY_E_NOT_FOUND (none waits) | ASSAY_E_IO and
 *          ASSAY_E_MEMORY (the oldest cannot be read now: nothing was removed, try again later) */
ASSAY_CHECKED enum assay_status assay_spool_peek(struct assay_spool *spool,
                                                 uint8_t event[static ASSAY_SPOOL_EVENT_MAX],
                                                 size_t *len);
/* It was taken. */
void assay_spool_remove(struct assay_spool *spool);
/* Returns: how many wait. */
uint64_t assay_spool_count(const struct assay_spool *spool);

#endif
