/*
 * tests/unit/store/test_crash.c - a process is killed while it writes; another one reads what is
 * there.
 *
 * Every acknowledged batch must be there, whole; the one under way may be there or not, never in
 * part.
 */
#include "engine/store/store_sqlite.h"
#include "tests/unit/store/model.h"
#include "tests/unit/store/test_folder.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct writer {
    pid_t pid;
    FILE *acks;
};

static void writer_start(struct writer *writer, const char *path, uint64_t seed, uint32_t first,
                         uint32_t count, uint64_t kill_at)
{
    char words[4][24];
    snprintf(words[0], sizeof words[0], "%lu", seed);
    snprintf(words[1], sizeof words[1], "%u", first);
    snprintf(words[2], sizeof words[2], "%u", count);
    snprintf(words[3], sizeof words[3], "%lu", kill_at);
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    writer->pid = fork();
    cr_assert_geq(writer->pid, 0);
    if (writer->pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(STORE_WRITER, STORE_WRITER, path, words[0], words[1], words[2], words[3],
              (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    writer->acks = fdopen(ends[0], "r");
    cr_assert_not_null(writer->acks);
}

/* Reads the acknowledgements until the end. Returns: how many batches were acknowledged. */
static uint32_t writer_end(struct writer *writer, uint32_t acked, bool *killed)
{
    unsigned n = 0;
    while (fscanf(writer->acks, "%u\n", &n) == 1)
        acked = n + 1;
    fclose(writer->acks);
    int status = 0;
    cr_assert_eq(waitpid(writer->pid, &status, 0), writer->pid);
    *killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    cr_assert(*killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0), "status %x", status);
    return acked;
}

static struct model *model_after(uint64_t seed, uint32_t batches)
{
    struct model *model = calloc(1, sizeof *model);
    cr_assert_not_null(model);
    for (uint32_t n = 0; n < batches; n++)
        cr_assert_eq(model_batch(seed, n, NULL, model), ASSAY_OK);
    return model;
}

static void check_integrity(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
    cr_assert_str_eq((const char *)sqlite3_column_text(statement, 0), "ok");
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

/* Returns: the number of batches that the store shows: acked or one more. */
static uint32_t check_store(const char *path, uint64_t seed, uint32_t acked)
{
    struct assay_store *store = NULL;
    char message[ASSAY_STORE_MESSAGE_LEN] = "";
    cr_assert_eq(assay_store_sqlite_open(path, &store, message, sizeof message), ASSAY_OK, "%s",
                 message);
    struct model *exactly = model_after(seed, acked), *one_more = model_after(seed, acked + 1);
    const char *without = model_compare(&exactly->working, store);
    const char *with = model_compare(&one_more->working, store);
    cr_assert(without == NULL || with == NULL, "%u acknowledged: %s", acked, without);
    free(exactly);
    free(one_more);
    assay_store_close(&store);
    return without == NULL ? acked : acked + 1;
}

Test(store_crash, loses_nothing_acknowledged_when_killed_at_every_change_of_the_disk,
     .timeout = 600)
{
    const uint32_t batches = 14;
    bool killed = true;
    uint64_t kill_at = 0;
    while (killed) {
        struct test_folder place;
        test_folder_make(&place);
        struct writer writer;
        writer_start(&writer, place.store, 77, 0, batches, ++kill_at);
        const uint32_t acked = writer_end(&writer, 0, &killed);
        check_store(place.store, 77, acked);
        check_integrity(place.store);
        if (!killed) cr_assert_eq(acked, batches);
        test_folder_remove(&place);
    }
    cr_assert_gt(kill_at, 2 * batches, "a commit writes and syncs: %lu", kill_at);
}

Test(store_crash, loses_nothing_acknowledged_when_killed_at_random_again_and_again, .timeout = 600)
{
    uint64_t seed = 4242;
    struct test_folder place;
    test_folder_make(&place);
    uint32_t there = 0;
    for (int life = 0; life < 25; life++) {
        struct writer writer;
        writer_start(&writer, place.store, 99, there, 400, 0);
        uint32_t acked = there;
        const uint64_t lives_for = model_random(&seed) % 30;
        for (uint64_t i = 0; i < lives_for; i++) {
            unsigned n = 0;
            if (fscanf(writer.acks, "%u\n", &n) == 1) acked = n + 1;
        }
        kill(writer.pid, SIGKILL);
        bool killed = false;
        acked = writer_end(&writer, acked, &killed);
        there = check_store(place.store, 99, acked);
    }
    cr_assert_gt(there, 25);
    check_integrity(place.store);
    test_folder_remove(&place);
}

Test(store_crash, comparison_notices_a_lost_and_a_half_batch)
{
    struct test_folder place;
    test_folder_make(&place);
    struct assay_store *store = NULL;
    char message[ASSAY_STORE_MESSAGE_LEN];
    cr_assert_eq(assay_store_sqlite_open(place.store, &store, message, sizeof message), ASSAY_OK);
    for (uint32_t n = 0; n < 5; n++)
        cr_assert_eq(model_batch(3, n, store, NULL), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    struct model *lost = model_after(3, 6);
    cr_assert_not_null(model_compare(&lost->working, store), "five there, six acknowledged");
    const struct assay_store_key key = { .epoch = 3, .number = 2, .id = { 9 } };
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_VOTE, &key, assay_slice_over("h", 1)),
                 ASSAY_OK);
    struct model *half = model_after(3, 5);
    cr_assert_not_null(model_compare(&half->working, store), "a piece of a sixth batch");
    free(lost);
    free(half);
    assay_store_close(&store);
    test_folder_remove(&place);
}
