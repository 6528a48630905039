/*
 * tests/unit/apps/test_roles.c - tests of the programs of the daemon's processes: where they are
 * found, and what is checked before one is executed (apps/daemon/roles.c).
 */
#include "apps/daemon/node.h"
#include "net/transport/transport_process.h"
#include "net/verifier/wire.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct folder folder;
static struct daemon_node node;
static char daemon_path[PATH_MAX], verifier[PATH_MAX], transport[PATH_MAX];
static bool is_removed; /* the program, once it is open */

enum assay_status daemon_say(struct daemon_node *said, const char *what, enum assay_status status)
{
    (void)snprintf(said->message, sizeof said->message, "%s", what);
    return status;
}

/* The program that runs is said to be in the folder of the test. */
ssize_t readlink(const char *path, char *to, size_t len)
{
    if (strcmp(path, "/proc/self/exe") != 0 || daemon_path[0] == '\0')
        return (ssize_t)syscall(SYS_readlink, path, to, len);
    const size_t text = strlen(daemon_path);
    assay_bytes_copy(to, len, daemon_path, text < len ? text : len);
    return (ssize_t)(text < len ? text : len);
}

int access(const char *path, int mode)
{
    const int result = (int)syscall(SYS_faccessat, AT_FDCWD, path, mode);
    if (is_removed && strstr(path, ASSAY_VERIFIER_PROCESS_ROLE) != NULL) (void)unlink(path);
    return result;
}

static void make_folder(const char *path)
{
    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        char part[PATH_MAX];
        (void)snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        (void)mkdir(part, 0755);
    }
}

static void make_program(char path[static PATH_MAX], const char *name)
{
    char place[256];
    (void)snprintf(place, sizeof place, "bin/" ASSAY_LIBEXEC "/%s", name);
    (void)snprintf(path, PATH_MAX, "%s", folder_at(&folder, place));
    make_folder(path);
    (void)folder_put(&folder, place, "x", 1, 0755);
}

static void set_up(void)
{
    folder = folder_make();
    make_program(verifier, ASSAY_VERIFIER_PROCESS_ROLE);
    make_program(transport, ASSAY_TRANSPORT_ROLE);
    (void)snprintf(daemon_path, sizeof daemon_path, "%s", folder_at(&folder, "bin/assayd"));
    node = (struct daemon_node){ .message = "" };
}

static void tear_down(void)
{
    daemon_path[0] = '\0';
    if (node.verifier.fd > 0) (void)close(node.verifier.fd);
    if (node.transport.fd > 0) (void)close(node.transport.fd);
    folder_remove(&folder);
}

TestSuite(apps_roles, .init = set_up, .fini = tear_down);

Test(apps_roles, both_programs_are_opened)
{
    cr_assert_eq(daemon_open_roles(&node), ASSAY_OK, "%s", node.message);
    cr_expect_eq(strncmp(node.verifier.path, "/proc/self/fd/", 14), 0, "%s", node.verifier.path);
    cr_expect_neq(node.verifier.fd, node.transport.fd);
}

Test(apps_roles, a_program_that_others_may_change_is_refused)
{
    cr_assert_eq(chmod(transport, 0777), 0);
    cr_expect_eq(daemon_open_roles(&node), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(node.message, "others may change it"), "%s", node.message);
}

Test(apps_roles, a_program_that_is_not_there_is_reported)
{
    cr_assert_eq(unlink(verifier), 0);
    cr_expect_eq(daemon_open_roles(&node), ASSAY_E_IO);
    cr_expect_not_null(strstr(node.message, "which its package installs"), "%s", node.message);
}

/* What was opened is executed: permissions of another file, or of none, are not its. */
Test(apps_roles, a_program_that_is_removed_before_its_check_is_refused)
{
    is_removed = true;
    cr_expect_eq(daemon_open_roles(&node), ASSAY_E_IO);
    cr_expect_not_null(strstr(node.message, "replaced or removed"), "%s", node.message);
}
