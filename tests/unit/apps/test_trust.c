/*
 * tests/unit/apps/test_trust.c - tests of file permissions.
 *
 * Configuration, genesis, hooks and the state's folder: others may read them and not change them.
 */
#include "base/file/trust.h"

#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static struct folder folder;

static void set_up(void)
{
    folder = folder_make();
}

static void clear_up(void)
{
    (void)chmod(folder.path, 0700);
    folder_remove(&folder);
}

TestSuite(apps_trust, .init = set_up, .fini = clear_up);

static bool faulty(const char *path, const char *part)
{
    char message[ASSAY_FILE_MESSAGE_LEN] = "";
    const bool fault = assay_file_trust_fault(path, message);
    if (fault) cr_expect_not_null(strstr(message, part), "%s", message);
    return fault;
}

Test(apps_trust, what_others_may_write_is_refused)
{
    const unsigned good[] = { 0600, 0640, 0644, 0444, 0755 }, bad[] = { 0666, 0777, 0602 };
    const char *path = folder_put(&folder, "assayd.yaml", "x", 1, 0600);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_assert_eq(chmod(path, good[i]), 0);
        cr_expect_not(faulty(path, ""), "%04o", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_eq(chmod(path, bad[i]), 0);
        cr_expect(faulty(path, "chmod go-w"), "%04o", bad[i]);
    }
}

Test(apps_trust, what_others_may_replace_is_refused)
{
    const char *path = folder_put(&folder, "genesis", "x", 1, 0644);
    cr_expect_not(faulty(path, ""));
    cr_assert_eq(chmod(folder.path, 0777), 0);
    cr_expect(faulty(path, "expected 0755"));
    cr_expect(faulty(folder.path, "expected 0755"), "the state's folder itself");
}

Test(apps_trust, a_link_is_as_good_as_what_it_leads_to)
{
    char to[256];
    (void)snprintf(to, sizeof to, "%s", folder_put(&folder, "hook", "x", 1, 0777));
    const char *path = folder_at(&folder, "link");
    cr_assert_eq(symlink(to, path), 0);
    cr_expect(faulty(path, "chmod go-w"));
    cr_assert_eq(chmod(to, 0755), 0);
    cr_expect_not(faulty(path, ""));
    cr_expect_not(faulty("/nonexistent/assayd.yaml", ""), "others say that it is missing");
}

/* Who may write the folder of a link lets it lead elsewhere; so does who may rename a folder on the
 * way, also behind a link. */
Test(apps_trust, a_link_is_as_good_as_its_folder_and_the_way)
{
    char inner[256], outer[256], hook[300], link[300], way[256];
    (void)snprintf(inner, sizeof inner, "%s", folder_at(&folder, "inner"));
    (void)snprintf(outer, sizeof outer, "%s", folder_at(&folder, "outer"));
    cr_assert_eq(mkdir(inner, 0755), 0);
    cr_assert_eq(mkdir(outer, 0755), 0);
    (void)snprintf(hook, sizeof hook, "%s/hook", inner);
    (void)snprintf(link, sizeof link, "%s/link", outer);
    cr_assert_eq(close(open(hook, O_CREAT | O_WRONLY | O_CLOEXEC, 0755)), 0);
    cr_assert_eq(symlink("../inner/./hook", link), 0);
    cr_expect_not(faulty(link, ""));
    cr_assert_eq(chmod(outer, 0777), 0);
    cr_expect(faulty(link, "outer: others may change it"), "the link's own folder");
    if (geteuid() == 0) { /* a group of others */
        cr_assert_eq(chown(outer, 0, 54321), 0);
        cr_assert_eq(chmod(outer, 0775), 0);
        cr_expect(faulty(link, "outer: others may change it"));
        cr_expect_not(faulty(hook, ""));
    }
    cr_assert_eq(chmod(outer, 0755), 0);
    cr_assert_eq(chmod(inner, 0777), 0);
    cr_expect(faulty(link, "inner: others may change it"), "the folder that it leads into");
    cr_assert_eq(chmod(inner, 0755), 0);
    cr_assert_eq(chmod(folder.path, 0777), 0);
    cr_expect(faulty(link, "expected 0755 (chmod go-w)"), "a folder on the way");
    cr_assert_eq(chmod(folder.path, 01777), 0);
    cr_expect_not(faulty(link, ""), "it keeps each name for its owner");
    cr_assert_eq(chmod(folder.path, 0755), 0);
    /* A folder that is a link itself, a link in circles, and a path from where we are. */
    (void)snprintf(way, sizeof way, "%s", folder_at(&folder, "way"));
    cr_assert_eq(symlink(inner, way), 0);
    (void)snprintf(hook, sizeof hook, "%s/hook", way);
    cr_expect_not(faulty(hook, ""));
    cr_assert_eq(chmod(inner, 0777), 0);
    cr_expect(faulty(hook, "inner"));
    cr_assert_eq(chdir(outer), 0);
    cr_expect(faulty("../inner/hook", "inner"));
    cr_expect(faulty("link", "inner"));
    cr_assert_eq(symlink("circle", "circle"), 0);
    cr_expect_not(faulty("circle", ""), "others say that there is no such file");
    cr_assert_eq(unlink("circle"), 0);
    cr_assert_eq(chdir("/"), 0);
}

/* The system follows links whose names are together longer than a path: a path that cannot be
 * followed here is not taken for one that is not there. */
Test(apps_trust, a_path_that_cannot_be_followed_is_refused)
{
    char target[PATH_MAX], longest[PATH_MAX + 8], path[300];
    (void)folder_put(&folder, "hook", "x", 1, 0777);
    for (size_t i = 0; i < sizeof target - 2; i++)
        target[i] = i % 2 == 0 ? '.' : '/';
    target[sizeof target - 2] = '\0';
    (void)snprintf(path, sizeof path, "%s", folder_at(&folder, "far"));
    cr_assert_eq(symlink(target, path), 0);
    (void)snprintf(path, sizeof path, "%s", folder_at(&folder, "far/hook"));
    cr_assert_eq(access(path, F_OK), 0, "the system follows it");
    cr_expect(faulty(path, "cannot be determined"));
    memset(longest, 'x', sizeof longest);
    longest[0] = '/';
    for (size_t i = 100; i < sizeof longest; i += 100)
        longest[i] = '/';
    longest[sizeof longest - 1] = '\0';
    cr_expect(faulty(longest, "cannot be determined"));
    cr_expect_not(faulty("/nonexistent/assayd.yaml", ""));
}

/* As a user that is not root: of whom may a link be? Returns: whether it is refused. */
static bool link_is_refused(uid_t owner)
{
    enum { USER = 54321, OTHER = 99 };
    char hook[256], link[256];
    (void)snprintf(hook, sizeof hook, "%s", folder_put(&folder, "hook", "x", 1, 0755));
    (void)snprintf(link, sizeof link, "%s", folder_at(&folder, "link"));
    cr_assert_eq(chown(hook, 0, 0), 0);
    cr_assert_eq(chown(folder.path, 0, 0), 0);
    cr_assert_eq(chmod(folder.path, 01777), 0);
    cr_assert_eq(symlink(hook, link), 0);
    cr_assert_eq(lchown(link, owner, owner), 0);
    const pid_t child = fork();
    if (child == 0) {
        char message[ASSAY_FILE_MESSAGE_LEN] = "";
        if (setgid(USER) != 0 || setuid(USER) != 0) _exit(OTHER);
        const bool is_refused = assay_file_trust_fault(link, message);
        const bool is_notified = strstr(message, "is a link of user") != NULL;
        _exit(is_refused != is_notified ? OTHER : is_refused);
    }
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) != OTHER);
    cr_assert_eq(unlink(link), 0);
    return WEXITSTATUS(status) != 0;
}

Test(apps_trust, a_link_of_somebody_else_is_refused)
{
    if (geteuid() != 0) cr_skip_test("it takes root");
    cr_expect_not(link_is_refused(0));
    cr_expect_not(link_is_refused(54321));
    cr_expect(link_is_refused(54322));
}

/* Of a file of the daemon's user, below a folder of this owner and mode: is it refused? */
static bool below_is_refused(uid_t owner, gid_t group, mode_t mode)
{
    enum { USER = 54321, OTHER = 99 };
    char own[256], file[300], way[256];
    (void)snprintf(way, sizeof way, "%s", folder_at(&folder, "way"));
    (void)snprintf(own, sizeof own, "%s", folder_at(&folder, "way/own"));
    (void)snprintf(file, sizeof file, "%s/genesis", own);
    cr_assert_eq(chmod(folder.path, 0755), 0);
    cr_assert_eq(mkdir(way, 0755), 0);
    cr_assert_eq(mkdir(own, 0755), 0);
    cr_assert_eq(close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)), 0);
    cr_assert_eq(chown(file, USER, USER), 0);
    cr_assert_eq(chown(own, USER, USER), 0);
    cr_assert_eq(chown(way, owner, group), 0);
    cr_assert_eq(chmod(way, mode), 0);
    const pid_t child = fork();
    if (child == 0) {
        char message[ASSAY_FILE_MESSAGE_LEN] = "";
        if (setgid(USER) != 0 || setuid(USER) != 0) _exit(OTHER);
        const bool is_refused = assay_file_trust_fault(file, message);
        const bool is_notified =
            strncmp(message, way, strlen(way)) == 0 && message[strlen(way)] == ':';
        _exit(is_refused != is_notified ? OTHER : is_refused);
    }
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) != OTHER);
    cr_assert_eq(unlink(file), 0);
    cr_assert_eq(rmdir(own), 0);
    cr_assert_eq(rmdir(way), 0);
    return WEXITSTATUS(status) != 0;
}

/* Its owner, and who may write it, puts another folder in the place of the next one. */
Test(apps_trust, a_folder_on_the_way_is_nobody_elses)
{
    enum { USER = 54321, OTHERS = 54322, DAEMON = 1 };
    if (geteuid() != 0) cr_skip_test("it takes root");
    cr_expect_not(below_is_refused(0, 0, 0755));
    cr_expect_not(below_is_refused(USER, USER, 0755));
    cr_expect_not(below_is_refused(0, OTHERS, 0755));
    cr_expect_not(below_is_refused(0, USER, 02775), "its own group's");
    cr_expect_not(below_is_refused(0, 0, 01777), "each name is its owner's");
    cr_expect(below_is_refused(OTHERS, 0, 0755));
    cr_expect(below_is_refused(OTHERS, OTHERS, 01777));
    cr_expect(below_is_refused(0, OTHERS, 0775));
    cr_expect(below_is_refused(0, DAEMON, 0775));
    cr_expect(below_is_refused(0, 0, 0777));
}

/* The list of a folder of mode 2775, root's and of the process' group, as setfacl writes it.
 * Returns: whether the system keeps such lists here */
static bool give_list(unsigned tag, unsigned rights)
{
    const uint32_t nobody = UINT32_MAX;
    const struct { uint16_t tag, rights; uint32_t id; } list[] = {
        { 1, 7, nobody }, { 2, tag == 2 ? (uint16_t)rights : 5, 54399 }, { 4, 7, nobody },
        { 8, tag == 8 ? (uint16_t)rights : 5, 54399 }, { 16, 7, nobody }, { 32, 5, nobody },
    };
    uint8_t bytes[4 + sizeof list] = { 2 };
    assay_bytes_copy(bytes + 4, sizeof bytes - 4, list, sizeof list);
    return setxattr(folder.path, "system.posix_acl_access", bytes, sizeof bytes, 0) == 0;
}

/* In a process of that group and of a user that nobody else has: is the folder, mode 2775, refused?
 * Returns: whether; -1 where another user cannot be taken on (no root) */
static int refused_with(gid_t own, gid_t of_folder, const char *part)
{
    enum { USER = 54321, OTHER = 99 };
    if (geteuid() != 0) return -1;
    cr_assert_eq(chown(folder.path, 0, of_folder), 0);
    cr_assert_eq(chmod(folder.path, 02775), 0);
    const pid_t child = fork();
    if (child == 0) {
        char message[ASSAY_FILE_MESSAGE_LEN] = "";
        if (setgid(own) != 0 || setuid(USER) != 0) _exit(OTHER);
        const bool is_refused = assay_file_trust_fault(folder.path, message);
        const bool is_notified = strstr(message, part) != NULL;
        _exit(is_refused != is_notified ? OTHER : is_refused);
    }
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) != OTHER);
    return WEXITSTATUS(status);
}

/* What a volume of an orchestrator is like: root's, and writable for the daemon's group. The group
 * of another user (1: daemon's) is no group of its own, nor is one that it merely has, too. */
Test(apps_trust, the_group_of_the_daemon_alone_may_write)
{
    enum { NOBODYS = 54321, DAEMON = 1 };
    static const char group[] = "primary group";
    if (refused_with(NOBODYS, NOBODYS, group) < 0) cr_skip_test("it takes root");
    cr_expect_eq(refused_with(NOBODYS, NOBODYS, group), 0);
    cr_expect_eq(refused_with(NOBODYS, NOBODYS + 1, group), 1);
    cr_expect_eq(refused_with(DAEMON, DAEMON, group), 1);
}

/* Where there is an access list the group's rights in the mode are only the most that it gives. */
Test(apps_trust, an_access_list_names_nobody_who_may_write)
{
    enum { NOBODYS = 54321 };
    static const char list[] = "access list";
    if (geteuid() != 0) cr_skip_test("it takes root");
    if (!give_list(0, 0)) cr_skip_test("it takes a file system with access lists");
    cr_expect_eq(refused_with(NOBODYS, NOBODYS, list), 0, "they may read");
    cr_assert(give_list(2, 6));
    cr_expect_eq(refused_with(NOBODYS, NOBODYS, list), 1, "a user");
    cr_assert(give_list(8, 7));
    cr_expect_eq(refused_with(NOBODYS, NOBODYS, list), 1, "a group");
}

/* A process of root takes an owner's word, and that of the group that is the owner's alone. */
Test(apps_trust, root_reads_what_is_a_users)
{
    enum { USER = 54321 };
    const char *path = folder_put(&folder, "assayd.yaml", "x", 1, 0644);
    if (geteuid() != 0) cr_skip_test("it takes root");
    cr_assert_eq(chown(folder.path, USER, USER), 0);
    cr_expect_not(faulty(path, ""));
    cr_assert_eq(chmod(folder.path, 0775), 0);
    cr_expect(faulty(path, "primary group"), "of no user that this machine knows");
    const struct passwd *const daemon = getpwnam("daemon");
    if (daemon == NULL) return;
    cr_assert_eq(chown(folder.path, daemon->pw_uid, daemon->pw_gid), 0);
    cr_assert_eq(chmod(folder.path, 0775), 0);
    cr_expect_not(faulty(path, ""), "the owner's own");
}
