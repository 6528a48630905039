/* tests/unit/enforce/test_daemon_signals.c - assayd of a parent that ignores SIGCHLD. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A pipe without room: what writes to it waits. */
static void make_full_pipe(int ends[2])
{
    static const char page[4096];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    while (write(ends[1], page, sizeof page) > 0)
        continue;
    cr_assert_eq(fcntl(ends[1], F_SETFL, 0), 0);
}

/* Waits at its first output. */
static pid_t start_daemon(const int ends[2])
{
    const pid_t pid = fork();
    if (pid != 0) return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)signal(SIGCHLD, SIG_IGN);
    if (dup2(ends[1], STDOUT_FILENO) < 0) _exit(1);
    (void)close(ends[0]);
    (void)execl(ASSAYD, "assayd", "--help", (char *)NULL);
    _exit(1);
}

static bool runs_daemon(pid_t pid)
{
    char link[64], path[PATH_MAX] = "";
    (void)snprintf(link, sizeof link, "/proc/%d/exe", pid);
    return readlink(link, path, sizeof path - 1) > 0 && strstr(path, "assayd") != NULL;
}

static bool ignores_ends_of_children(pid_t pid)
{
    static const char key[] = "SigIgn:";
    char path[64], line[256];
    unsigned long long ignored = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *const file = fopen(path, "r");
    cr_assert_not_null(file, "it has ended");
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, sizeof key - 1) == 0)
            ignored = strtoull(line + sizeof key - 1, NULL, 16);
    (void)fclose(file);
    return (ignored >> (SIGCHLD - 1) & 1) != 0;
}

/* Ignored signals outlast execve: hooks and the enclave would have no exit status. */
Test(daemon_signals, a_parent_that_ignores_sigchld_has_no_effect, .timeout = 60)
{
    int ends[2];
    make_full_pipe(ends);
    const pid_t pid = start_daemon(ends);
    cr_assert_gt(pid, 0);
    bool is_usual = false;
    for (int i = 0; i < 3000 && !is_usual; i++) {
        is_usual = runs_daemon(pid) && !ignores_ends_of_children(pid);
        (void)nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
    }
    cr_expect(is_usual, "children have an exit status");
    cr_expect_eq(kill(pid, SIGKILL), 0);
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
    (void)close(ends[0]);
    (void)close(ends[1]);
}
