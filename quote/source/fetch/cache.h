/*
 * quote/source/fetch/cache.h - cache folder of fetched documents: one file and one lock per URL.
 *
 * A file is canonical CBOR ["assay/fetched/v1", url, time, body, extra], named after the digest of
 * its URL, and replaced through base/file: after a crash there is the old one or the new one. What
 * does not read as that is as good as missing.
 */
#ifndef ASSAY_QUOTE_SOURCE_FETCH_CACHE_H
#define ASSAY_QUOTE_SOURCE_FETCH_CACHE_H

#include "quote/source/fetch/fetch.h"

enum { ASSAY_CACHE_ENTRY_LEN_MAX = ASSAY_HTTP_BODY_LEN_MAX + ASSAY_FETCH_EXTRA_LEN_MAX + 2048 };

/* Makes the folder (mode 0700) when it is not there. Returns: ASSAY_OK | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_cache_prepare(const char *dir);
/*
 * assay_cache_read - what is kept for a URL; nothing is checked but the form.
 * Out:     *fetched (from_cache, no window), to be freed
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (also: unreadable as an entry) | ASSAY_E_STORE |
 *          ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_cache_read(const char *dir, const char *url,
                                                 struct assay_fetched *fetched);
/* Replaces it, durably. Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_cache_write(const char *dir, const char *url,
                                                  int64_t fetched_unix_s,
                                                  const struct assay_fetch_content *content);
/*
 * assay_cache_lock - wait for the right to fetch a URL.
 * In:      deadline_ms on CLOCK_MONOTONIC, 0: none
 * Out:     *lock, given back with assay_cache_unlock; ended with the process, too
 * Returns: ASSAY_OK | ASSAY_E_TIMEOUT | ASSAY_E_STORE
 */
ASSAY_CHECKED enum assay_status assay_cache_lock(const char *dir, const char *url,
                                                 uint64_t deadline_ms, int *lock);
/* */
void assay_cache_unlock(int lock);

/* Sleeps. Returns: false when the deadline comes first (nothing was slept). */
bool assay_fetch_wait(uint64_t ms, uint64_t deadline_ms);

#endif
