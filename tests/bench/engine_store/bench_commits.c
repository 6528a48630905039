/*
 * tests/bench/engine_store/bench_commits.c - durable commits per second, beside the bare fsync of
 * the same disk in the same run.
 *
 * usage: bench_engine_store_commits [COMMITS]
 */
#include "engine/store/store_sqlite.h"
#include "tests/unit/store/test_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int by_size(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void report(const char *what, uint64_t *took_us, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += took_us[i];
    qsort(took_us, count, sizeof *took_us, by_size);
    printf("%-34s %8lu /s   p50 %6lu us   p99 %6lu us\n", what, sum > 0 ? count * 1000000 / sum : 0,
           took_us[count / 2], took_us[count * 99 / 100]);
}

static enum assay_status commit_votes(struct assay_store *store, size_t values, size_t value_len,
                                      uint64_t *took_us, size_t count)
{
    static const uint8_t bytes[4096];
    static uint64_t number;
    for (size_t i = 0; i < count; i++) {
        const uint64_t start = now_us();
        for (size_t j = 0; j < values; j++) {
            const struct assay_store_key key = { .epoch = number / 1000, .number = number };
            ASSAY_TRY(
                assay_store_put(store, ASSAY_STORE_VOTE, &key, assay_slice_over(bytes, value_len)));
            number++;
        }
        ASSAY_TRY(assay_store_commit(store));
        took_us[i] = now_us() - start;
    }
    return ASSAY_OK;
}

/* The time of the disk itself for one durable page. */
static int sync_pages(const struct test_folder *place, uint64_t *took_us, size_t count)
{
    static const uint8_t page[4096];
    char path[128];
    snprintf(path, sizeof path, "%s/raw", place->folder);
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return -1;
    for (size_t i = 0; i < count; i++) {
        const uint64_t start = now_us();
        if (write(fd, page, sizeof page) != (ssize_t)sizeof page || fdatasync(fd) != 0) return -1;
        took_us[i] = now_us() - start;
    }
    return close(fd);
}

int main(int argc, char **argv)
{
    const size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000;
    uint64_t *took_us = calloc(count, sizeof *took_us);
    if (count == 0 || took_us == NULL) return 2;
    struct test_folder place;
    test_folder_make(&place);
    struct assay_store *store = NULL;
    char message[ASSAY_STORE_MESSAGE_LEN];
    if (assay_store_sqlite_open(place.store, &store, message, sizeof message) != ASSAY_OK) {
        fprintf(stderr, "%s\n", message);
        return 1;
    }
    if (sync_pages(&place, took_us, count) != 0) return 1;
    report("raw 4 KiB write and fdatasync", took_us, count);
    if (commit_votes(store, 1, 200, took_us, count) != ASSAY_OK) return 1;
    report("commit of one 200-byte vote", took_us, count);
    if (commit_votes(store, 8, 1000, took_us, count) != ASSAY_OK) return 1;
    report("commit of eight 1000-byte values", took_us, count);
    assay_store_close(&store);
    test_folder_remove(&place);
    free(took_us);
    return 0;
}
