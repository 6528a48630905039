/*
 * net/fetch/fetcher.c - collateral fetcher thread.
 *
 * The mutex guards set, reports and the two flags; a round works on its own copy of the set.
 */
#include "net/fetch/fetcher.h"

#include "base/assert.h"
#include "base/file/file.h"
#include "base/system_clock.h"
#include "quote/collateral/endorsements.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A set with what was built of it; one in use by a round is not freed under it. */
struct set {
    struct assay_collateral_set set; /* its bytes follow the struct */
    struct assay_endorsements built;
    struct assay_collateral *collateral;
    uint8_t bytes[];
};

struct assay_fetcher {
    struct assay_fetcher_config config;
    char *dir;
    atomic_bool stop;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool is_woken;
    int fd;
    struct set *next_set; /* since the last round began; NULL: the same */
    struct set *set;      /* the thread's own */
    size_t head, count;
    struct assay_fetcher_found ring[ASSAY_FETCHER_REPORTS_MAX];
};

/* ------------------------------------------------------------ sets */

static void free_set(struct set *set)
{
    if (set == NULL) return;
    free(set->collateral);
    free(set);
}

static enum assay_status open_set(const uint8_t *bytes, size_t len, struct set **out)
{
    size_t count = 0;
    ASSAY_TRY(assay_endorsements_count(bytes, len, &count));
    struct set *const set = calloc(1, sizeof *set + len);
    if (set == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = ASSAY_E_MEMORY;
    assay_bytes_copy(set->bytes, len, bytes, len);
    set->collateral = calloc(count, sizeof *set->collateral);
    if (set->collateral != NULL)
        status =
            assay_endorsements_decode(set->bytes, len, set->collateral, count, &set->built);
    if (status != ASSAY_OK) {
        free_set(set);
        return status;
    }
    set->set = (struct assay_collateral_set){ assay_slice_over(set->bytes, len), &set->built };
    *out = set;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ reports */

static void push_found(struct assay_fetcher *f, struct assay_fetcher_found *found)
{
    const uint64_t one = 1;
    pthread_mutex_lock(&f->mutex);
    ASSAY_ASSERT(f->head < ASSAY_FETCHER_REPORTS_MAX && f->count <= ASSAY_FETCHER_REPORTS_MAX);
    const bool fits = f->count < ASSAY_FETCHER_REPORTS_MAX;
    if (fits) {
        f->ring[(f->head + f->count) % ASSAY_FETCHER_REPORTS_MAX] = *found;
        f->count += 1;
        /* The counter is far from its limit; a write of eight bytes is atomic. */
        const ssize_t written = write(f->fd, &one, sizeof one);
        ASSAY_ASSERT(written == (ssize_t)sizeof one);
    }
    pthread_mutex_unlock(&f->mutex);
    if (!fits) assay_fetcher_found_free(found);
}

static bool format_path(const struct assay_fetcher *f, const struct assay_round_report *report,
                        char path[static PATH_MAX])
{
    ASSAY_ASSERT(f->dir != NULL);
    char name[2 * ASSAY_SHA256_LEN + 1];
    assay_hex_encode(report->root, ASSAY_SHA256_LEN, name, sizeof name);
    const int n = snprintf(path, PATH_MAX, "%s/%s%s%s.offer", f->dir, name,
                           report->part[0] != '\0' ? "-" : "", report->part);
    return n > 0 && n < PATH_MAX;
}

/* Of one number the newest is stored; a recovery is not lost to a renewal of its successor. */
static bool is_worth_keeping(const struct assay_fetcher *f, const char *path,
                             const struct assay_round_report *report, int64_t at_unix_s)
{
    ASSAY_ASSERT(f->set != NULL && report->result == ASSAY_ROUND_NEWER);
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct assay_renewal before;
    if (report->renewal.kind == ASSAY_RENEWAL_HIGHER_NUMBER) return true;
    if (assay_file_read(path, ASSAY_OFFER_LEN_MAX, &bytes, &len) != ASSAY_OK) return true;
    const enum assay_status status =
        assay_round_judge(&f->set->set, assay_slice_over(bytes, len), at_unix_s, &before);
    free(bytes);
    return status != ASSAY_OK || before.kind != ASSAY_RENEWAL_HIGHER_NUMBER;
}

static bool save_found(const struct assay_fetcher *f, const struct assay_round_report *report,
                       int64_t at_unix_s)
{
    ASSAY_ASSERT(report->result == ASSAY_ROUND_NEWER);
    char path[PATH_MAX];
    if (f->dir == NULL) return true;
    if (!format_path(f, report, path)) return false;
    return !is_worth_keeping(f, path, report, at_unix_s) ||
           assay_file_replace(path, ASSAY_FILE_PUBLIC, report->offer) == ASSAY_OK;
}

static int64_t now_unix_s(const struct assay_fetcher *f)
{
    if (f->config.now_unix_s != NULL) return f->config.now_unix_s(f->config.context);
    return assay_unix_s();
}

static void copy_report(const struct assay_round_report *report, struct assay_fetcher_found *found)
{
    ASSAY_ASSERT(found->memory == NULL);
    found->report = *report;
    found->report.offer = assay_slice_over(NULL, 0);
    if (report->offer.len == 0) return;
    found->memory = malloc(report->offer.len);
    if (found->memory == NULL) {
        found->report.result = ASSAY_ROUND_UNREACHABLE;
        found->report.status = ASSAY_E_MEMORY;
        return;
    }
    assay_bytes_copy(found->memory, report->offer.len, report->offer.bytes, report->offer.len);
    found->report.offer = assay_slice_over(found->memory, report->offer.len);
}

static void on_report(void *context, const struct assay_round_report *report)
{
    struct assay_fetcher *const f = context;
    struct assay_fetcher_found found = { 0 };
    copy_report(report, &found);
    if (report->result == ASSAY_ROUND_NEWER)
        found.is_unkept = !save_found(f, report, now_unix_s(f));
    push_found(f, &found);
}

/* Has an earlier entry the same file? */
static bool is_reported(const struct assay_endorsements *set, size_t index, const char *part)
{
    ASSAY_ASSERT(index < set->count);
    char other[ASSAY_ROUND_PART_LEN];
    for (size_t i = 0; i < index; i++) {
        assay_round_part(&set->entries[i], other);
        if (assay_key_equal(&set->entries[i].root, &set->entries[index].root) &&
            strcmp(other, part) == 0)
            return true;
    }
    return false;
}

/* Offers cached earlier that may still be valid, before any request. */
static void report_saved(struct assay_fetcher *f)
{
    ASSAY_ASSERT(f->set != NULL);
    char path[PATH_MAX];
    const struct assay_endorsements *const set = &f->set->built;
    for (size_t i = 0; f->dir != NULL && i < set->count; i++) {
        uint8_t *bytes = NULL;
        size_t len = 0;
        struct assay_round_report report = { .result = ASSAY_ROUND_NEWER };
        assay_key_name(&set->entries[i].root, report.root);
        assay_round_part(&set->entries[i], report.part);
        if (is_reported(set, i, report.part) || !format_path(f, &report, path) ||
            assay_file_read(path, ASSAY_OFFER_LEN_MAX, &bytes, &len) != ASSAY_OK)
            continue;
        report.offer = assay_slice_over(bytes, len);
        struct assay_fetcher_found found = { .was_kept = true };
        if (assay_round_judge(&f->set->set, report.offer, now_unix_s(f), &report.renewal) ==
                ASSAY_OK &&
            report.renewal.kind != ASSAY_RENEWAL_REFUSED) {
            copy_report(&report, &found);
            push_found(f, &found);
        }
        free(bytes);
    }
}

/* ------------------------------------------------------------ the thread */

/* splitmix64, as in quote/source/fetch/fetch.c. */
static uint64_t mix_hash(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t assay_fetcher_wait_ms(uint64_t seed, uint64_t round, uint32_t every_s)
{
    const uint64_t every_ms = (uint64_t)every_s * 1000;
    return every_ms - every_ms / 4 + mix_hash(mix_hash(seed) ^ round) % (every_ms / 2 + 1);
}

/* With the mutex locked. Returns: whether another round is due; false: stop requested. */
static bool wait_for_round(struct assay_fetcher *f, uint64_t wait_ms)
{
    const struct timespec until = assay_monotonic_after(wait_ms);
    while (!atomic_load(&f->stop) && !f->is_woken)
        if (pthread_cond_timedwait(&f->wake, &f->mutex, &until) == ETIMEDOUT) break;
    f->is_woken = false;
    return !atomic_load(&f->stop);
}

static void *run_fetcher(void *context)
{
    struct assay_fetcher *const f = context;
    const struct assay_fetcher_config *const config = &f->config;
    uint64_t wait_ms = config->first_ms != 0 ? config->first_ms
                                             : mix_hash(config->seed) % ASSAY_FETCHER_FIRST_MS_MAX;
    report_saved(f);
    for (uint64_t round = 0;; round++) {
        pthread_mutex_lock(&f->mutex);
        const bool goes_on = wait_for_round(f, wait_ms);
        struct set *const next = f->next_set;
        f->next_set = NULL;
        pthread_mutex_unlock(&f->mutex);
        if (next != NULL) {
            free_set(f->set);
            f->set = next;
        }
        if (!goes_on) return NULL;
        assay_status_ignore(
            assay_round_run(&config->round, &f->set->set, now_unix_s(f), on_report, f),
            "without memory this round tells nothing, and the next one is tried");
        wait_ms = assay_fetcher_wait_ms(config->seed, round, config->every_s);
    }
}

/* No signal of the process is this thread's, and a connection that a server closes raises none. */
static int start_thread(struct assay_fetcher *f)
{
    ASSAY_ASSERT(!f->has_thread && f->set != NULL);
    sigset_t all, before;
    (void)sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) return -1;
    const int failed = pthread_create(&f->thread, NULL, run_fetcher, f);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

/* ------------------------------------------------------------ the outside */

static enum assay_status prepare_state(struct assay_fetcher *f, const char *dir)
{
    ASSAY_ASSERT(f->fd < 0 && f->dir == NULL);
    pthread_condattr_t attributes;
    struct stat info;
    f->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (f->fd < 0 || pthread_condattr_init(&attributes) != 0) return ASSAY_E_IO;
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_destroy(&f->wake);
    const int failed = pthread_cond_init(&f->wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    if (failed != 0) return ASSAY_E_IO;
    if (dir == NULL) return ASSAY_OK;
    f->dir = strdup(dir);
    if (f->dir == NULL) return ASSAY_E_MEMORY;
    if (mkdir(dir, 0700) == 0) return ASSAY_OK;
    if (errno == EEXIST && stat(dir, &info) == 0 && S_ISDIR(info.st_mode)) return ASSAY_OK;
    return ASSAY_E_STORE;
}

enum assay_status assay_fetcher_create(const struct assay_fetcher_config *config,
                                       const uint8_t *set, size_t set_len,
                                       struct assay_fetcher **out)
{
    if (config->every_s < ASSAY_FETCHER_EVERY_S_MIN || config->every_s > ASSAY_FETCHER_EVERY_S_MAX)
        return ASSAY_E_RANGE;
    struct assay_fetcher *f = calloc(1, sizeof *f);
    if (f == NULL) return ASSAY_E_MEMORY;
    f->config = *config;
    f->config.round.fetch.stop = &f->stop;
    f->fd = -1;
    (void)pthread_mutex_init(&f->mutex, NULL);
    (void)pthread_cond_init(&f->wake, NULL);
    enum assay_status status = open_set(set, set_len, &f->set);
    if (status == ASSAY_OK) status = prepare_state(f, config->dir);
    if (status == ASSAY_OK && start_thread(f) != 0) status = ASSAY_E_IO;
    if (status != ASSAY_OK) {
        assay_fetcher_destroy(&f);
        return status;
    }
    f->has_thread = true;
    *out = f;
    return ASSAY_OK;
}

void assay_fetcher_destroy(struct assay_fetcher **fetcher)
{
    struct assay_fetcher *const f = *fetcher;
    if (f == NULL) return;
    atomic_store(&f->stop, true);
    pthread_mutex_lock(&f->mutex);
    (void)pthread_cond_broadcast(&f->wake);
    pthread_mutex_unlock(&f->mutex);
    if (f->has_thread) (void)pthread_join(f->thread, NULL);
    for (; f->count > 0; f->count--, f->head++)
        assay_fetcher_found_free(&f->ring[f->head % ASSAY_FETCHER_REPORTS_MAX]);
    if (f->fd >= 0) (void)close(f->fd);
    free_set(f->set);
    free_set(f->next_set);
    (void)pthread_cond_destroy(&f->wake);
    (void)pthread_mutex_destroy(&f->mutex);
    free(f->dir);
    free(f);
    *fetcher = NULL;
}

enum assay_status assay_fetcher_in_force(struct assay_fetcher *fetcher, const uint8_t *set,
                                         size_t set_len)
{
    ASSAY_ASSERT(fetcher->has_thread);
    struct set *next = NULL;
    ASSAY_TRY(open_set(set, set_len, &next));
    pthread_mutex_lock(&fetcher->mutex);
    struct set *const unused = fetcher->next_set;
    fetcher->next_set = next;
    pthread_mutex_unlock(&fetcher->mutex);
    free_set(unused);
    return ASSAY_OK;
}

void assay_fetcher_wake(struct assay_fetcher *fetcher)
{
    pthread_mutex_lock(&fetcher->mutex);
    fetcher->is_woken = true;
    (void)pthread_cond_signal(&fetcher->wake);
    pthread_mutex_unlock(&fetcher->mutex);
}

int assay_fetcher_fd(const struct assay_fetcher *fetcher)
{
    ASSAY_ASSERT(fetcher->fd >= 0);
    return fetcher->fd;
}

bool assay_fetcher_next(struct assay_fetcher *fetcher, struct assay_fetcher_found *found)
{
    pthread_mutex_lock(&fetcher->mutex);
    ASSAY_ASSERT(fetcher->head < ASSAY_FETCHER_REPORTS_MAX &&
                 fetcher->count <= ASSAY_FETCHER_REPORTS_MAX);
    const bool is_there = fetcher->count > 0;
    if (is_there) {
        *found = fetcher->ring[fetcher->head];
        fetcher->ring[fetcher->head] = (struct assay_fetcher_found){ 0 };
        fetcher->head = (fetcher->head + 1) % ASSAY_FETCHER_REPORTS_MAX;
        fetcher->count -= 1;
    } else {
        /* Drained under the lock: a later report writes again. */
        uint64_t count = 0;
        if (read(fetcher->fd, &count, sizeof count) < 0) count = 0;
    }
    pthread_mutex_unlock(&fetcher->mutex);
    return is_there;
}

void assay_fetcher_found_free(struct assay_fetcher_found *found)
{
    free(found->memory);
    *found = (struct assay_fetcher_found){ 0 };
}
