/*
 * tests/unit/apps/test_confine.c - tests of the confinement of service programs.
 *
 * What a program of services takes away from itself: it writes in its own folders alone, executes
 * nothing and leaves no dump (docs/threat-model.md).
 */
#include "apps/service/confine.h"

#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LANDLOCK_CREATE = 444 };

static bool has_landlock(void)
{
    return syscall(LANDLOCK_CREATE, NULL, (size_t)0, 1) >= 1;
}

static int write_to(const char *path)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return errno;
    (void)close(fd);
    return 0;
}

static int execute(void)
{
    char name[] = "/bin/true";
    char *const argv[] = { name, NULL };
    return execv(name, argv) != 0 ? errno : 0;
}

/* What a confined process is told, as bits of its exit status. */
static int confined(const struct service_config *config, const char *folder)
{
    char inside[PATH_MAX + 16], outside[PATH_MAX + 16];
    struct rlimit core = { 1, 1 };
    int wrong = 0;
    (void)snprintf(inside, sizeof inside, "%s/own/other", folder);
    (void)snprintf(outside, sizeof outside, "%s/beside", folder);
    if (!service_confine(config)) wrong |= 1;
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) wrong |= 2;
    if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0) wrong |= 4;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) wrong |= 8;
    if (write_to(inside) != 0) wrong |= 16;
    if (has_landlock() && write_to(outside) != EACCES) wrong |= 32;
    if (has_landlock() && execute() != EACCES) wrong |= 64;
    return wrong;
}

Test(apps_confine, writes_in_its_own_folders_alone_and_executes_nothing)
{
    struct service_config *config = calloc(1, sizeof *config);
    char path[64];
    int status = 0;
    cr_assert_not_null(config);
    const struct folder folder = folder_make();
    (void)snprintf(path, sizeof path, "%s", folder_at(&folder, "own"));
    cr_assert_eq(mkdir(path, 0700), 0);
    (void)snprintf(config->store, sizeof config->store, "%s/store.sqlite", path);
    (void)snprintf(path, sizeof path, "%s", folder_at(&folder, "."));
    const pid_t child = fork();
    if (child == 0) _exit(confined(config, path));
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status));
    cr_expect_eq(WEXITSTATUS(status), 0, "bits of what did not hold: %d", WEXITSTATUS(status));
    folder_remove(&folder);
    free(config);
}
