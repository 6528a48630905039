/*
 * quote/source/fetch/cache.c - cache of fetched documents (cache.h).
 */
#include "quote/source/fetch/cache.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "base/crypto.h"
#include "base/file/file.h"
#include "base/system_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME_DIGEST_LEN = 16, LOCK_POLL_MS = 20 };

#define ENTRY_TYPE "assay/fetched/v1"

/* ------------------------------------------------------------ waiting */

bool assay_fetch_wait(uint64_t ms, uint64_t deadline_ms)
{
    const uint64_t now_ms = assay_monotonic_ms();
    if (deadline_ms != 0 && (now_ms >= deadline_ms || deadline_ms - now_ms < ms)) return false;
    struct timespec rest = { .tv_sec = (time_t)(ms / 1000),
                             .tv_nsec = (long)(ms % 1000) * 1000000 };
    while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
        continue;
    return true;
}

/* ------------------------------------------------------------ names */

static bool path_of(const char *dir, const char *url, const char *ending,
                    char path[static PATH_MAX])
{
    ASSAY_ASSERT(dir != NULL && url != NULL);
    uint8_t digest[ASSAY_SHA256_LEN];
    char name[2 * NAME_DIGEST_LEN + 1];
    assay_sha256(url, strlen(url), digest);
    assay_hex_encode(digest, NAME_DIGEST_LEN, name, sizeof name);
    const int n = snprintf(path, PATH_MAX, "%s/%s.%s", dir, name, ending);
    return n > 0 && n < PATH_MAX;
}

enum assay_status assay_cache_prepare(const char *dir)
{
    if (mkdir(dir, 0700) == 0)
        return assay_file_sync_folder(dir) == ASSAY_OK ? ASSAY_OK : ASSAY_E_STORE;
    struct stat info;
    if (errno == EEXIST && stat(dir, &info) == 0 && S_ISDIR(info.st_mode)) return ASSAY_OK;
    return ASSAY_E_STORE;
}

/* ------------------------------------------------------------ entries */

static enum assay_status decode_entry(const uint8_t *bytes, size_t len, const char *url,
                                      struct assay_fetched *out)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    ASSAY_TRY(assay_cbor_array_exact(&in, 5));
    ASSAY_TRY(assay_cbor_text_expect(&in, ENTRY_TYPE));
    ASSAY_TRY(assay_cbor_text_expect(&in, url)); /* two URLs of one name are two things */
    ASSAY_TRY(assay_cbor_int(&in, &out->fetched_unix_s));
    ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_HTTP_BODY_LEN_MAX, &out->content.body));
    ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_FETCH_EXTRA_LEN_MAX, &out->content.extra));
    return assay_cursor_end(&in);
}

enum assay_status assay_cache_read(const char *dir, const char *url, struct assay_fetched *fetched)
{
    char path[PATH_MAX];
    size_t len = 0;
    struct assay_fetched result = { .from_cache = true };
    if (!path_of(dir, url, "entry", path)) return ASSAY_E_STORE;
    const enum assay_status status =
        assay_file_read(path, ASSAY_CACHE_ENTRY_LEN_MAX, &result.memory, &len);
    if (status == ASSAY_E_NOT_FOUND || status == ASSAY_E_RANGE) return ASSAY_E_NOT_FOUND;
    if (status != ASSAY_OK) return status == ASSAY_E_MEMORY ? status : ASSAY_E_STORE;
    if (decode_entry(result.memory, len, url, &result) != ASSAY_OK) {
        free(result.memory);
        return ASSAY_E_NOT_FOUND;
    }
    ASSAY_ASSERT(result.memory != NULL);
    *fetched = result;
    return ASSAY_OK;
}

enum assay_status assay_cache_write(const char *dir, const char *url, int64_t fetched_unix_s,
                                    const struct assay_fetch_content *content)
{
    ASSAY_ASSERT(content->body.len <= ASSAY_HTTP_BODY_LEN_MAX);
    ASSAY_ASSERT(content->extra.len <= ASSAY_FETCH_EXTRA_LEN_MAX);
    char path[PATH_MAX];
    struct assay_slice entry;
    if (!path_of(dir, url, "entry", path)) return ASSAY_E_STORE;
    uint8_t *const bytes = malloc(ASSAY_CACHE_ENTRY_LEN_MAX);
    if (bytes == NULL) return ASSAY_E_MEMORY;
    struct assay_writer w = assay_writer_over(bytes, ASSAY_CACHE_ENTRY_LEN_MAX);
    assay_cbor_put_array(&w, 5);
    assay_cbor_put_text(&w, ENTRY_TYPE);
    assay_cbor_put_text(&w, url);
    assay_cbor_put_int(&w, fetched_unix_s);
    assay_cbor_put_bytes(&w, content->body.bytes, content->body.len);
    assay_cbor_put_bytes(&w, content->extra.bytes, content->extra.len);
    enum assay_status status = assay_writer_finish(&w, &entry);
    ASSAY_ASSERT(status == ASSAY_OK); /* every piece was bounded when it came */
    status = assay_file_replace(path, ASSAY_FILE_PUBLIC, entry);
    free(bytes);
    return status == ASSAY_OK ? ASSAY_OK : ASSAY_E_STORE;
}

/* ------------------------------------------------------------ locks */

/*
 * The lock file stays: removing it could race with a process that has just opened it, and two would
 * fetch.
 */
enum assay_status assay_cache_lock(const char *dir, const char *url, uint64_t deadline_ms,
                                   int *lock)
{
    char path[PATH_MAX];
    if (!path_of(dir, url, "lock", path)) return ASSAY_E_STORE;
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return ASSAY_E_STORE;
    enum assay_status status = ASSAY_OK;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        status = errno == EWOULDBLOCK ? ASSAY_OK : ASSAY_E_STORE;
        if (status == ASSAY_OK && !assay_fetch_wait(LOCK_POLL_MS, deadline_ms))
            status = ASSAY_E_TIMEOUT;
        if (status != ASSAY_OK) break;
    }
    if (status != ASSAY_OK) {
        (void)close(fd);
        return status;
    }
    *lock = fd;
    return ASSAY_OK;
}

void assay_cache_unlock(int lock)
{
    ASSAY_ASSERT(lock >= 0);
    (void)close(lock);
}
