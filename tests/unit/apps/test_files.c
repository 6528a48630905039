/*
 * tests/unit/apps/test_files.c - tests of base/file: complete files in and out, nothing partial.
 */
#include "base/file/file.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
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

/* Why it was refused: of the file that was read last, and of no other status. */
Test(apps_files, a_refused_file_is_called_what_it_is)
{
    char why[ASSAY_FILE_MESSAGE_LEN];
    uint8_t *bytes = NULL;
    size_t len = 0;
    int fd = -1;
    const char *path = folder_at(&folder, "long");
    FILE *file = fopen(path, "w");
    cr_assert(file != NULL && ftruncate(fileno(file), (off_t)3 << 30) == 0);
    (void)fclose(file);
    cr_assert_eq(assay_file_read(path, 65536, &bytes, &len), ASSAY_E_RANGE);
    cr_assert(assay_file_read_fault(path, ASSAY_E_RANGE, why));
    cr_expect_str_eq(why, "has 3221225472 bytes, expected at most 65536; give the right file");
    cr_expect_not(assay_file_read_fault(path, ASSAY_E_INVALID, why));
    cr_expect_not(assay_file_read_fault("another", ASSAY_E_RANGE, why));
    cr_assert_eq(assay_file_open(path, &fd), ASSAY_OK);
    (void)close(fd);
    cr_assert_eq(truncate(path, 3), 0);
    cr_assert_eq(assay_file_read(path, 65536, &bytes, &len), ASSAY_OK);
    free(bytes);
    cr_expect_not(assay_file_read_fault(path, ASSAY_E_RANGE, why), "a decoder said that");
    cr_assert_eq(assay_file_read("/dev/null", 0, &bytes, &len), ASSAY_OK);
    free(bytes);
    path = folder_at(&folder, "fifo");
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_eq(assay_file_open(path, &fd), ASSAY_E_IO);
    cr_assert(assay_file_read_fault(path, ASSAY_E_IO, why));
    cr_expect_str_eq(why, "is a FIFO, expected a regular file");
    cr_assert_eq(assay_file_read(folder.path, 10, &bytes, &len), ASSAY_E_IO);
    cr_assert(assay_file_read_fault(folder.path, ASSAY_E_IO, why));
    cr_expect_str_eq(why, "is a directory, expected a regular file");
    cr_expect_eq(assay_file_open(folder_at(&folder, "nothing"), &fd), ASSAY_E_NOT_FOUND);
    cr_expect_not(assay_file_read_fault(folder_at(&folder, "nothing"), ASSAY_E_NOT_FOUND, why));
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

struct writer {
    pthread_t thread;
    uint8_t content;
    enum assay_status status;
};

static void *write_key(void *context)
{
    struct writer *const writer = context;
    char path[256];
    (void)snprintf(path, sizeof path, "%s/key", folder.path);
    writer->status =
        assay_file_create(path, ASSAY_FILE_SECRET, assay_slice_over(&writer->content, 1));
    return NULL;
}

/* The temporary file of a writer that is at work is not removed as if a crash had left it. */
Test(apps_files, a_writer_waits_for_the_one_that_was_first)
{
    const struct timespec pause = { 0, 200000000 };
    struct writer second = { .content = '2' };
    char temporary[256];
    (void)snprintf(temporary, sizeof temporary, "%s/.key.new", folder.path);
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    cr_assert(fd >= 0 && flock(fd, LOCK_EX) == 0 && write(fd, "1", 1) == 1);
    cr_assert_eq(pthread_create(&second.thread, NULL, write_key, &second), 0);
    (void)nanosleep(&pause, NULL);
    cr_assert_eq(link(temporary, folder_at(&folder, "key")), 0, "its file was taken away");
    cr_assert_eq(unlink(temporary), 0);
    (void)close(fd);
    (void)pthread_join(second.thread, NULL);
    cr_expect_eq(second.status, ASSAY_E_DUPLICATE);
    expect_content("key", "1", 1);
    cr_expect_eq(entries(), 1);
}

/* The one that reports success is the one whose key is stored. */
Test(apps_files, of_writers_at_once_one_succeeds_and_its_content_is_there)
{
    enum { WRITERS = 4, ROUNDS = 40 };
    for (int round = 0; round < ROUNDS; round++) {
        struct writer writers[WRITERS] = { 0 };
        unsigned succeeded = 0;
        for (unsigned i = 0; i < WRITERS; i++) {
            writers[i].content = (uint8_t)('a' + i);
            cr_assert_eq(pthread_create(&writers[i].thread, NULL, write_key, &writers[i]), 0);
        }
        for (unsigned i = 0; i < WRITERS; i++)
            (void)pthread_join(writers[i].thread, NULL);
        for (unsigned i = 0; i < WRITERS; i++) {
            if (writers[i].status == ASSAY_OK) {
                succeeded += 1;
                expect_content("key", &writers[i].content, 1);
            } else cr_expect_eq(writers[i].status, ASSAY_E_DUPLICATE);
        }
        cr_assert_eq(succeeded, 1);
        cr_assert_eq(unlink(folder_at(&folder, "key")), 0);
        cr_assert_eq(entries(), 0);
    }
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

/* --- whose it is, and who may put another in its place */

static char why[ASSAY_FILE_MESSAGE_LEN];

static enum assay_status read_it(const char *path)
{
    uint8_t bytes[8];
    size_t len = 0;
    return assay_file_read_secret(path, bytes, sizeof bytes, &len);
}

Test(apps_files, a_secret_in_a_folder_that_others_may_write_is_refused)
{
    const char *inner = folder_at(&folder, "keys"), *secret = folder_at(&folder, "keys/secret");
    cr_assert_eq(mkdir(inner, 0700), 0);
    (void)folder_put(&folder, "keys/secret", "x", 1, 0600);
    static const struct {
        mode_t mode;
        enum assay_status file, whole;
    } rows[] = { { 0700, ASSAY_OK, ASSAY_OK },
                 { 0755, ASSAY_OK, ASSAY_OK },
                 { 0720, ASSAY_E_INVALID, ASSAY_E_INVALID },
                 { 0702, ASSAY_E_INVALID, ASSAY_E_INVALID },
                 { 0777, ASSAY_E_INVALID, ASSAY_E_INVALID } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_assert_eq(chmod(inner, rows[i].mode), 0);
        cr_expect_eq(read_it(secret), rows[i].file, "%o", (unsigned)rows[i].mode);
        cr_expect_eq(assay_file_check_folder(inner), rows[i].whole, "%o", (unsigned)rows[i].mode);
        cr_expect_eq(assay_file_secret_fault(secret, why), rows[i].file != ASSAY_OK);
        cr_expect_eq(assay_file_folder_fault(inner, why), rows[i].whole != ASSAY_OK);
        if (rows[i].whole != ASSAY_OK)
            cr_expect_not_null(strstr(why, "others may put files into this folder"), "%s", why);
    }
    cr_expect_eq(assay_file_check_folder(folder_at(&folder, "none")), ASSAY_E_NOT_FOUND);
    cr_expect(assay_file_folder_fault(folder_at(&folder, "none"), why));
    cr_expect_not_null(strstr(why, "no such folder"), "%s", why);
    cr_expect_eq(assay_file_check_folder(secret), ASSAY_E_IO, "a file is no folder");
}

Test(apps_files, a_folder_above_that_everybody_may_write_is_refused)
{
    const char *outer = folder_at(&folder, "srv"), *middle = folder_at(&folder, "srv/node");
    const char *inner = folder_at(&folder, "srv/node/keys");
    const char *secret = folder_at(&folder, "srv/node/keys/secret");
    cr_assert(mkdir(outer, 0755) == 0 && mkdir(middle, 0755) == 0 && mkdir(inner, 0700) == 0);
    (void)folder_put(&folder, "srv/node/keys/secret", "x", 1, 0600);
    static const struct {
        mode_t mode;
        bool fit;
    } rows[] = { { 0755, true }, { 0775, true }, { 01777, true }, { 0757, false },
                 { 0777, false } };
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        const char *above = i % 2 == 0 ? outer : middle;
        const enum assay_status expected = rows[i / 2].fit ? ASSAY_OK : ASSAY_E_INVALID;
        cr_assert_eq(chmod(above, rows[i / 2].mode), 0);
        cr_expect_eq(read_it(secret), expected, "%s %o", above, (unsigned)rows[i / 2].mode);
        cr_expect_eq(assay_file_check_folder(inner), expected);
        cr_expect_eq(assay_file_secret_fault(secret, why), !rows[i / 2].fit);
        cr_expect_eq(assay_file_folder_fault(inner, why), !rows[i / 2].fit);
        if (!rows[i / 2].fit) {
            cr_expect_eq(strncmp(why, above, strlen(above)), 0, "%s", why);
            cr_expect_eq(why[strlen(above)], ':', "%s", why);
            cr_expect_not_null(strstr(why, "others may change it"), "%s", why);
        }
        cr_assert_eq(chmod(above, 0755), 0);
    }
    cr_assert_eq(symlink(inner, folder_at(&folder, "link")), 0);
    cr_assert_eq(chmod(middle, 0777), 0);
    cr_expect_eq(read_it(folder_at(&folder, "link/secret")), ASSAY_E_INVALID, "where it really is");
}

/* Whoever owns a folder above, or is of the group that writes it, renames what is in it. */
Test(apps_files, a_folder_above_of_another_user_or_group_is_refused)
{
    const char *outer = folder_at(&folder, "srv"), *inner = folder_at(&folder, "srv/keys");
    const char *secret = folder_at(&folder, "srv/keys/secret");
    static const struct {
        uid_t user;
        gid_t group;
        mode_t mode;
        bool fit;
    } rows[] = { { 0, 0, 0755, true },         { 12346, 0, 0755, false },
                 { 12346, 0, 01777, false },   { 0, 12347, 0775, false },
                 { 0, 12347, 01775, true },    { 0, 12347, 0755, true },
                 { 12345, 12347, 0755, true }, { 12345, 12347, 0775, false } };
    if (geteuid() != 0) return; /* only root can give one away */
    cr_assert(mkdir(outer, 0755) == 0 && mkdir(inner, 0700) == 0);
    (void)folder_put(&folder, "srv/keys/secret", "x", 1, 0600);
    cr_assert(chown(inner, 12345, 12345) == 0 && chown(secret, 12345, 12345) == 0);
    cr_assert_eq(chmod(folder.path, 0755), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_assert_eq(chown(outer, rows[i].user, rows[i].group), 0);
        cr_assert_eq(chmod(outer, rows[i].mode), 0);
        cr_assert(setegid(12345) == 0 && seteuid(12345) == 0);
        const enum assay_status expected = rows[i].fit ? ASSAY_OK : ASSAY_E_INVALID;
        cr_expect_eq(read_it(secret), expected, "%zu", i);
        cr_expect_eq(assay_file_check_folder(inner), expected, "%zu", i);
        cr_expect_eq(assay_file_secret_fault(secret, why), !rows[i].fit, "%zu", i);
        if (!rows[i].fit) cr_expect_eq(strncmp(why, outer, strlen(outer)), 0, "%s", why);
        cr_assert(seteuid(0) == 0 && setegid(0) == 0);
    }
}

Test(apps_files, in_a_sticky_folder_of_root_each_name_is_its_owners)
{
    const char *inner = folder_at(&folder, "tmp"), *secret = folder_at(&folder, "tmp/secret");
    if (geteuid() != 0) return; /* only root can make one */
    cr_assert_eq(mkdir(inner, 0700), 0);
    (void)folder_put(&folder, "tmp/secret", "x", 1, 0600);
    cr_assert_eq(chmod(inner, 01777), 0);
    cr_expect_eq(read_it(secret), ASSAY_OK);
    cr_expect_eq(assay_file_check_folder(inner), ASSAY_E_INVALID, "new keys are written there");
    cr_assert_eq(chown(inner, 12345, 12345), 0);
    cr_expect_eq(read_it(secret), ASSAY_E_INVALID, "its owner may replace every file in it");
}

Test(apps_files, a_secret_of_somebody_else_is_refused)
{
    const char *secret = folder_put(&folder, "secret", "x", 1, 0600);
    if (geteuid() != 0) return; /* only root can give one away */
    cr_expect_eq(read_it(secret), ASSAY_OK);
    cr_assert_eq(chown(secret, 12345, 12345), 0);
    cr_expect_eq(read_it(secret), ASSAY_E_INVALID);
    cr_expect(assay_file_secret_fault(secret, why));
    cr_expect_not_null(strstr(why, "belongs to user 12345, expected user 0"), "%s", why);
}

/* What systemd gives to a unit with a user of its own: root's, and an access list for the user,
 * which shows as rights of the group. */
Test(apps_files, a_credential_of_systemd_is_one)
{
    const char *secret = folder_put(&folder, "secret", "x", 1, 0440);
    if (geteuid() != 0) return;
    cr_expect_eq(read_it(secret), ASSAY_E_INVALID, "root has no use for it");
    cr_assert_eq(chown(secret, 0, 12345), 0);
    cr_assert_eq(chmod(folder.path, 0755), 0);
    cr_assert_eq(setegid(12345), 0);
    cr_assert_eq(seteuid(12345), 0);
    cr_expect_eq(read_it(secret), ASSAY_OK);
    cr_assert_eq(seteuid(0), 0);
    cr_assert_eq(chmod(secret, 0460), 0);
    cr_assert_eq(seteuid(12345), 0);
    cr_expect_eq(read_it(secret), ASSAY_E_INVALID, "and nobody but root may write it");
    cr_assert_eq(seteuid(0), 0);
    cr_assert_eq(setegid(0), 0);
}

Test(apps_files, a_fault_says_what_was_found_and_what_was_expected)
{
    const char *wide = folder_put(&folder, "wide", "x", 1, 0644);
    cr_expect(assay_file_secret_fault(wide, why));
    cr_expect_not_null(strstr(why, "mode 0600, found mode 0644"), "%s", why);
    cr_expect(assay_file_secret_fault(folder_at(&folder, "none"), why));
    cr_expect_not_null(strstr(why, "/none: there is no such file"), "%s", why);
    cr_expect(assay_file_secret_fault(folder.path, why));
    cr_expect_not_null(strstr(why, "regular file"), "%s", why);
    cr_expect_not(assay_file_secret_fault(folder_put(&folder, "good", "x", 1, 0600), why));
}
