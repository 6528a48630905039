/*
 * tests/unit/apps/test_files.c - base/file: whole files in, whole files out, and nothing half-way.
 */
#include "base/file/file.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct folder folder;

static void set_up(void)
{
    folder = folder_make();
}

static void tear_down(void)
{
    folder_remove(&folder);
}

TestSuite(apps_files, .init = set_up, .fini = tear_down);

static unsigned entries(void)
{
    unsigned count = 0;
    DIR *dir = opendir(folder.path);
    cr_assert_not_null(dir);
    while (readdir(dir) != NULL)
        count++;
    (void)closedir(dir);
    return count - 2; /* . and .. */
}

static void expect_content(const char *name, const void *bytes, size_t len)
{
    uint8_t *found = NULL;
    size_t found_len = 0;
    cr_assert_eq(assay_file_read(folder_at(&folder, name), 4096, &found, &found_len), ASSAY_OK);
    cr_assert_eq(found_len, len);
    cr_expect(assay_bytes_equal(found, bytes, len));
    free(found);
}

Test(apps_files, what_was_written_is_read)
{
    struct stat info;
    const char *path = folder_at(&folder, "file");
    cr_assert_eq(assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over("first", 5)),
                 ASSAY_OK);
    expect_content("file", "first", 5);
    cr_assert_eq(stat(path, &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0644);
    cr_assert_eq(assay_file_replace(path, ASSAY_FILE_SECRET, assay_slice_over("", 0)), ASSAY_OK);
    expect_content("file", "", 0);
    cr_assert_eq(stat(path, &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0600);
    cr_expect_eq(entries(), 1, "temporary files are left");
}

Test(apps_files, reading_has_a_limit_and_reasons)
{
    uint8_t *bytes = (uint8_t *)1;
    size_t len = 7;
    const char *path = folder_put(&folder, "file", "12345", 5, 0644);
    cr_expect_eq(assay_file_read(path, 4, &bytes, &len), ASSAY_E_RANGE);
    cr_expect_eq(assay_file_read(folder_at(&folder, "none"), 4, &bytes, &len), ASSAY_E_NOT_FOUND);
    cr_expect_eq(assay_file_read(folder.path, 4, &bytes, &len), ASSAY_E_IO);
    cr_expect(bytes == (uint8_t *)1 && len == 7, "the output was touched");
    cr_assert_eq(assay_file_read(path, 5, &bytes, &len), ASSAY_OK);
    cr_expect_eq(len, 5);
    free(bytes);
}

Test(apps_files, a_full_disk_leaves_the_old_content)
{
    const struct rlimit small = { 3, RLIM_INFINITY };
    struct rlimit before;
    const char *path = folder_put(&folder, "file", "old", 3, 0644);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    const enum assay_status status =
        assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over("newer", 5));
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    cr_expect_eq(status, ASSAY_E_IO);
    expect_content("file", "old", 3);
    cr_expect_eq(entries(), 1, "temporary files are left");
}

Test(apps_files, what_cannot_be_written_is_an_error)
{
    const struct assay_slice nothing = assay_slice_over("", 0);
    cr_expect_eq(assay_file_replace(folder_at(&folder, "none/file"), ASSAY_FILE_PUBLIC, nothing),
                 ASSAY_E_IO);
    cr_assert_eq(mkdir(folder_at(&folder, "taken"), 0700), 0);
    cr_expect_eq(assay_file_replace(folder_at(&folder, "taken"), ASSAY_FILE_PUBLIC, nothing),
                 ASSAY_E_IO);
    cr_expect_eq(assay_file_replace(folder_at(&folder, "taken/"), ASSAY_FILE_PUBLIC, nothing),
                 ASSAY_E_RANGE, "a path without a name");
    cr_expect_eq(entries(), 1, "temporary files are left");
}

Test(apps_files, what_must_not_exist_is_left_alone)
{
    const char *path = folder_at(&folder, "key");
    cr_assert_eq(assay_file_create(path, ASSAY_FILE_SECRET, assay_slice_over("one", 3)), ASSAY_OK);
    cr_expect_eq(assay_file_create(path, ASSAY_FILE_SECRET, assay_slice_over("two", 3)),
                 ASSAY_E_DUPLICATE);
    expect_content("key", "one", 3);
    cr_expect_eq(entries(), 1, "temporary files are left");
}

Test(apps_files, a_crash_left_beside_is_swept_by_the_next_writer)
{
    (void)folder_put(&folder, ".file.new", "half", 4, 0600);
    cr_assert_eq(assay_file_replace(folder_at(&folder, "file"), ASSAY_FILE_PUBLIC,
                                    assay_slice_over("whole", 5)),
                 ASSAY_OK);
    expect_content("file", "whole", 5);
    cr_expect_eq(entries(), 1);
}

Test(apps_files, a_secret_belongs_to_its_owner_alone)
{
    uint8_t bytes[8];
    size_t len = 0;
    const char *secret = folder_put(&folder, "secret", "1234567", 7, 0600);
    cr_assert_eq(assay_file_read_secret(secret, bytes, sizeof bytes, &len), ASSAY_OK);
    cr_expect_eq(len, 7);
    cr_expect_eq(assay_file_read_secret(secret, bytes, 7, &len), ASSAY_E_RANGE);
    const char *shared = folder_put(&folder, "shared", "x", 1, 0640);
    cr_expect_eq(assay_file_read_secret(shared, bytes, sizeof bytes, &len), ASSAY_E_INVALID);
    cr_assert_eq(symlink(secret, folder_at(&folder, "link")), 0);
    cr_expect_eq(assay_file_read_secret(folder_at(&folder, "link"), bytes, sizeof bytes, &len),
                 ASSAY_E_IO);
    cr_assert_eq(mkfifo(folder_at(&folder, "pipe"), 0600), 0);
    cr_expect_eq(assay_file_read_secret(folder_at(&folder, "pipe"), bytes, sizeof bytes, &len),
                 ASSAY_E_IO, "a pipe is no file, and is not waited for");
    cr_expect_eq(assay_file_read_secret(folder_at(&folder, "none"), bytes, sizeof bytes, &len),
                 ASSAY_E_NOT_FOUND);
}
