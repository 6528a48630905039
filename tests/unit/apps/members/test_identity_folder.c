/*
 * tests/unit/apps/members/test_identity_folder.c - tests of the folder of `assay identity fetch`:
 * killed at each system call, and what a program that serves reads meanwhile.
 */
#define _GNU_SOURCE /* syscall */

#include "apps/assay/identity/identity_folder.h"

#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct folder folder;
static char dir[128];
static char message[CLI_IDENTITY_FOLDER_MESSAGE_LEN];

/* --- calls that change a disk: the process is killed at one of them */

static long kill_at; /* 0: never */

static void die_when_due(void)
{
    if (kill_at > 0 && --kill_at == 0) (void)syscall(SYS_kill, getpid(), SIGKILL);
}

#define CALL(name, parameters, ...)                                                                \
    int name parameters;                                                                           \
    int name parameters                                                                            \
    {                                                                                              \
        die_when_due();                                                                            \
        return (int)syscall(SYS_##name, __VA_ARGS__);                                              \
    }
CALL(fsync, (int fd), fd)
CALL(rename, (const char *from, const char *to), from, to)
CALL(unlink, (const char *path), path)
CALL(symlink, (const char *target, const char *path), target, path)
CALL(mkdir, (const char *path, mode_t mode), path, mode)
CALL(rmdir, (const char *path), path)

ssize_t write(int fd, const void *bytes, size_t len)
{
    die_when_due();
    return syscall(SYS_write, fd, bytes, len);
}

/* --- folder */

static void set_up(void)
{
    folder = folder_make();
    (void)snprintf(dir, sizeof dir, "%s", folder_at(&folder, "tls"));
    cr_assert_eq(cli_identity_folder_open(dir, message), ASSAY_OK, "%s", message);
}

static void tear_down(void)
{
    folder_remove(&folder);
}

TestSuite(apps_identity_folder, .init = set_up, .fini = tear_down);

/* Every file of set n is "n". */
static enum assay_status swap(uint8_t number, bool *is_new)
{
    static const uint8_t digit[] = "0123456789";
    const uint8_t serial[16] = { number };
    uint8_t ca[2] = { '-', digit[number] };
    const struct assay_slice one = assay_slice_over(&digit[number], 1);
    const struct cli_identity_set set = {
        .key = one, .chain = one, .ca = assay_slice_over(ca, 2), .bundle = one, .serial = serial
    };
    return cli_identity_folder_swap(dir, &set, is_new, message);
}

/* docs/identity.md 11.1. */
Test(apps_identity_folder, a_folder_is_for_one_key)
{
    cr_expect_eq(cli_identity_folder_claim(dir, "certificate api", message), ASSAY_OK);
    cr_expect_eq(cli_identity_folder_claim(dir, "certificate api", message), ASSAY_OK);
    static const char *const others[] = { "certificate apis", "certificate ap", "token api a",
                                          "certificate" };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        cr_expect_eq(cli_identity_folder_claim(dir, others[i], message), ASSAY_E_DUPLICATE);
        cr_expect_not_null(strstr(message, others[i]), "%s", message);
        cr_expect_not_null(strstr(message, "certificate api"), "%s", message);
    }
    cr_expect_eq(cli_identity_folder_claim(dir, "certificate api", message), ASSAY_OK);
}

static char digit_of(const char *name)
{
    char path[256], text[8] = "";
    (void)snprintf(path, sizeof path, "%s/current/%s", dir, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) return '?';
    const size_t len = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    return len > 0 ? text[len - 1] : '?';
}

/* Returns: the number of the set that the link names, complete; '?': there is none. */
static char current(void)
{
    const char number = digit_of("key.pem");
    cr_expect_eq(digit_of("cert.pem"), number);
    cr_expect_eq(digit_of("ca.pem"), number);
    cr_expect_eq(digit_of("bundle.json"), number);
    return number;
}

static unsigned count_sets(void)
{
    unsigned count = 0;
    DIR *all = opendir(dir);
    cr_assert_not_null(all);
    for (const struct dirent *file; (file = readdir(all)) != NULL;)
        count += strncmp(file->d_name, "set-", 4) == 0;
    (void)closedir(all);
    return count;
}

Test(apps_identity_folder, the_link_names_the_newest_set_and_the_one_before_stays)
{
    bool is_new = false;
    struct stat info;
    char path[256];
    for (uint8_t i = 1; i < 6; i++) {
        cr_assert_eq(swap(i, &is_new), ASSAY_OK, "%s", message);
        cr_expect(is_new);
        cr_expect_eq(current(), '0' + i);
        cr_expect_leq(count_sets(), 2, "a program may still read the one before");
    }
    cr_assert_eq(swap(5, &is_new), ASSAY_OK);
    cr_expect_not(is_new);
    (void)snprintf(path, sizeof path, "%s/current/key.pem", dir);
    cr_assert_eq(stat(path, &info), 0);
    cr_expect_eq(info.st_mode & 0777, 0600);
}

/* Of each file: removed, a link, longer, empty. */
Test(apps_identity_folder, files_that_were_removed_or_changed_are_written_again)
{
    static const char *const names[] = { "key.pem", "cert.pem", "ca.pem", "bundle.json" };
    bool is_new = false;
    char path[256];
    cr_assert_eq(swap(1, &is_new), ASSAY_OK, "%s", message);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (int change = 0; change < 4; change++) {
            (void)snprintf(path, sizeof path, "%s/current/%s", dir, names[i]);
            if (change < 2) cr_assert_eq(unlink(path), 0);
            if (change == 1) cr_assert_eq(symlink("/dev/null", path), 0);
            if (change >= 2) {
                FILE *const file = fopen(path, change == 2 ? "a" : "w"); /* longer, or empty */
                cr_assert_not_null(file);
                if (change == 2) cr_assert_eq(fputc('x', file), 'x');
                cr_assert_eq(fclose(file), 0);
            }
            cr_assert_eq(swap(1, &is_new), ASSAY_OK, "%s", message);
            cr_expect(is_new, "%s, change %d", names[i], change);
            cr_expect_eq(current(), '1', "%s, change %d", names[i], change);
            cr_assert_eq(swap(1, &is_new), ASSAY_OK, "%s", message);
            cr_expect_not(is_new, "%s, change %d", names[i], change);
        }
}

/* A CA number begins while the certificate stays. */
Test(apps_identity_folder, other_ca_certificates_make_a_new_set)
{
    static const uint8_t serial[16] = { 1 }, digits[] = "12", ca[] = "-1-2";
    bool is_new = false;
    struct cli_identity_set set = { .key = assay_slice_over(digits, 1),
                                    .chain = assay_slice_over(digits, 1),
                                    .ca = assay_slice_over(ca, 2),
                                    .bundle = assay_slice_over(digits, 1),
                                    .serial = serial };
    cr_assert_eq(cli_identity_folder_swap(dir, &set, &is_new, message), ASSAY_OK);
    set.ca = assay_slice_over(ca, 4);
    set.bundle = assay_slice_over(digits, 2);
    cr_assert_eq(cli_identity_folder_swap(dir, &set, &is_new, message), ASSAY_OK);
    cr_expect(is_new);
    cr_expect_eq(digit_of("cert.pem"), '1');
    cr_expect_eq(digit_of("ca.pem"), '2');
    cr_expect_eq(digit_of("bundle.json"), '2');
}

/* At each call that changes the disk, from a folder with a set and without one. */
static void kill_everywhere(uint8_t first)
{
    const char before = current();
    long at = 1;
    for (bool is_killed = true; is_killed; at++) {
        const pid_t child = fork();
        cr_assert_geq(child, 0);
        if (child == 0) {
            bool is_new = false;
            kill_at = at;
            _exit(swap(first, &is_new) == ASSAY_OK ? 0 : 1);
        }
        int state = 0;
        cr_assert_eq(waitpid(child, &state, 0), child);
        is_killed = WIFSIGNALED(state);
        cr_assert(is_killed || WEXITSTATUS(state) == 0, "call %ld", at);
        const char now = current();
        cr_expect(now == before || now == '0' + first, "call %ld: %c", at, now);
        if (is_killed && now == before && before == '?') continue;
        if (now != before) break; /* the link is swapped: the rest removes */
    }
    cr_expect_gt(at, 10, "calls were counted");
    bool is_new = false;
    cr_assert_eq(swap(first, &is_new), ASSAY_OK, "%s", message);
    cr_expect_eq(current(), '0' + first);
}

Test(apps_identity_folder, a_process_killed_at_any_call_leaves_the_old_set_or_the_new_one)
{
    cr_expect_eq(current(), '?');
    kill_everywhere(1);
    kill_everywhere(2);
    kill_everywhere(3);
    bool is_new = false;
    cr_assert_eq(swap(4, &is_new), ASSAY_OK);
    cr_expect_leq(count_sets(), 2, "what a killed process left is removed");
}

Test(apps_identity_folder, a_folder_that_others_may_change_is_refused)
{
    cr_assert_eq(chmod(dir, 0777), 0);
    cr_expect_eq(cli_identity_folder_open(dir, message), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(message, dir), "%s", message);
}
