/*
 * tests/unit/net/sandbox/test_container_init.c - tests of the init process of a container.
 *
 * The first process of a container. Here it is a subreaper: orphans come to it as they do to
 * process 1.
 */
#include "net/sandbox/container_init.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void rest(long ms)
{
    const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    (void)nanosleep(&t, NULL);
}

/* Returns: what it ends with, in this process; pid: of the first one. */
static pid_t first(void (*daemon)(void))
{
    const pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid > 0) return pid;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) _exit(90);
    if (assay_sandbox_init_split_always() != ASSAY_OK) _exit(91);
    daemon();
    _exit(92);
}

static int end_of(pid_t pid)
{
    int status = 0;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* A zombie still has its number. */
static bool is_gone(pid_t pid)
{
    for (int i = 0; i < 500; i++, rest(10))
        if (kill(pid, 0) != 0 && errno == ESRCH) return true;
    return false;
}

static void leave_an_orphan(void)
{
    int ends[2];
    pid_t orphan = 0;
    if (pipe(ends) != 0) _exit(93);
    const pid_t child = fork();
    if (child == 0) {
        orphan = fork();
        if (orphan == 0) {
            rest(50);
            _exit(0);
        }
        if (write(ends[1], &orphan, sizeof orphan) != sizeof orphan) _exit(1);
        _exit(0);
    }
    if (child < 0 || waitpid(child, NULL, 0) != child) _exit(94);
    if (read(ends[0], &orphan, sizeof orphan) != sizeof orphan || orphan <= 0) _exit(95);
    _exit(is_gone(orphan) ? 42 : 96);
}

Test(net_container_init, whoever_loses_its_parent_leaves_no_zombie, .timeout = 120)
{
    cr_expect_eq(end_of(first(leave_an_orphan)), 42);
}

static void say_that_it_was_asked(int number)
{
    _exit(number == SIGTERM ? 7 : 97);
}

static int ready[2];

static void wait_for_the_end(void)
{
    (void)signal(SIGTERM, say_that_it_was_asked);
    if (write(ready[1], "", 1) != 1) _exit(98);
    rest(20000);
}

Test(net_container_init, who_asks_the_first_process_to_end_asks_the_daemon, .timeout = 120)
{
    char byte = 0;
    cr_assert_eq(pipe(ready), 0);
    const pid_t pid = first(wait_for_the_end);
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    cr_assert_eq(kill(pid, SIGTERM), 0);
    cr_expect_eq(end_of(pid), 7);
}

static void fall(void)
{
    (void)raise(SIGKILL);
}

Test(net_container_init, it_ends_as_the_daemon_does, .timeout = 120)
{
    cr_expect_eq(end_of(first(fall)), 128 + SIGKILL);
}

Test(net_container_init, any_other_process_does_not_split)
{
    const pid_t before = getpid();
    cr_assert_eq(assay_sandbox_init_split(), ASSAY_OK);
    cr_expect_eq(getpid(), before);
}
