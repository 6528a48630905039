/*
 * tests/unit/services/continuity/library_bench.h - a program of libassay-continuity with a folder,
 * in the house of enclave_house.h.
 */
#ifndef ASSAY_TESTS_UNIT_SERVICES_CONTINUITY_LIBRARY_BENCH_H
#define ASSAY_TESTS_UNIT_SERVICES_CONTINUITY_LIBRARY_BENCH_H

#include "tests/unit/services/continuity/enclave_house.h"

#include <assay/continuity.h>

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_LEN = 400, COMMAND_LEN = 1000 };

static char root[64];
static const uint8_t key[32] = { 1, 2, 3 };

static inline void run_command(const char *format, const char *a, const char *b)
{
    char command[COMMAND_LEN];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(command, sizeof command, format, a, b);
#pragma GCC diagnostic pop
    cr_assert_eq(system(command), 0, "%s", command);
}

static inline const char *in_root(const char *name)
{
    static char paths[32][PATH_LEN];
    static unsigned next;
    char *path = paths[next++ % 32];
    (void)snprintf(path, PATH_LEN, "%s/%s", root, name);
    return path;
}

static inline void set_up(void)
{
    (void)snprintf(root, sizeof root, "/tmp/assay-library.XXXXXX");
    cr_assert_not_null(mkdtemp(root));
    open_house(3, 3);
}

static inline void tear_down(void)
{
    close_house();
    run_command("chmod -R u+rwX %s; rm -rf %s", root, root);
}

static inline struct assay_continuity_options options_of(const char *folder)
{
    static uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX];
    static size_t len;
    struct assay_checkpoint checkpoint;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    pthread_mutex_lock(&house.lock);
    light_ledger_checkpoint(house.light, &checkpoint);
    pthread_mutex_unlock(&house.lock);
    cr_assert_eq(assay_checkpoint_encode(&checkpoint, &w), ASSAY_OK);
    len = w.len;
    return (struct assay_continuity_options){ .size = sizeof(struct assay_continuity_options),
                                              .daemon = house.enclaves,
                                              .group = GROUP,
                                              .folder = folder,
                                              .checkpoint = bytes,
                                              .checkpoint_len = len,
                                              .key = key,
                                              .state_max = 2 << 20 };
}

static inline enum assay_continuity_result start_within(struct assay_continuity *c)
{
    enum assay_continuity_result result = ASSAY_CONTINUITY_IN_DOUBT;
    for (int i = 0; i < SOON_MS / TRY_MS && result == ASSAY_CONTINUITY_IN_DOUBT; i++) {
        close_epochs(1);
        result = assay_continuity_start(c, TRY_MS);
    }
    return result;
}

static inline enum assay_continuity_result wait_within(struct assay_continuity *c, uint64_t index)
{
    enum assay_continuity_result result = ASSAY_CONTINUITY_IN_DOUBT;
    for (int i = 0; i < SOON_MS / TRY_MS && result == ASSAY_CONTINUITY_IN_DOUBT; i++) {
        if (i > 0) close_epochs(1);
        result = assay_continuity_wait(c, index, TRY_MS);
    }
    return result;
}

static inline void expect_result(struct assay_continuity *c, enum assay_continuity_result result,
                                 enum assay_continuity_result expected)
{
    cr_assert_eq(result, expected, "expected %s, found %s: %s", assay_continuity_name(expected),
                 assay_continuity_name(result), assay_continuity_reason(c));
}

static inline struct assay_continuity *open_folder(const char *folder, bool is_new)
{
    const struct assay_continuity_options options = options_of(folder);
    struct assay_continuity *c = NULL;
    const enum assay_continuity_result result =
        is_new ? assay_continuity_create(&options, &c) : assay_continuity_open(&options, &c);
    expect_result(c, result, ASSAY_CONTINUITY_OK);
    return c;
}

static inline struct assay_continuity *start_folder(const char *folder, bool is_new)
{
    struct assay_continuity *c = open_folder(folder, is_new);
    expect_result(c, start_within(c), ASSAY_CONTINUITY_OK);
    return c;
}

static inline void save_text(struct assay_continuity *c, const char *text)
{
    uint64_t index = 0;
    expect_result(c, assay_continuity_update(c, text, strlen(text), &index), ASSAY_CONTINUITY_OK);
    expect_result(c, wait_within(c, index), ASSAY_CONTINUITY_OK);
}

static inline void expect_text(const struct assay_continuity *c, const char *text, uint64_t at)
{
    size_t len = 0;
    uint64_t index = 0;
    const void *const bytes = assay_continuity_state(c, &len, &index);
    cr_assert_eq(index, at, "%llu", (unsigned long long)index);
    cr_assert_eq(len, strlen(text));
    cr_assert(len == 0 || assay_bytes_equal(bytes, text, len));
}

static inline void expect_start(const char *folder, enum assay_continuity_result expected)
{
    struct assay_continuity *c = open_folder(folder, false);
    expect_result(c, start_within(c), expected);
    assay_continuity_close(&c);
    cr_assert_null(c);
}

/* Files of states in a folder. */
static inline int count_states(const char *folder)
{
    DIR *const files = opendir(folder);
    int count = 0;
    cr_assert_not_null(files);
    for (const struct dirent *d; (d = readdir(files)) != NULL;)
        if (strncmp(d->d_name, "state-", 6) == 0) count++;
    closedir(files);
    return count;
}

#endif
