/*
 * tests/unit/net/sandbox/test_child.c - tests of the end of child processes: one that does not end
 * is waited for by nobody, and there is a limit of those.
 */
#include "net/sandbox/child.h"

#include "base/system_clock.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONG_MS = 1000, STUCK_MAX = 200 };

/* Children in uninterruptible sleep: they do not end before is_stuck is false. */
static bool is_stuck;
static pid_t stuck[STUCK_MAX];
static size_t stuck_count;

static bool is_one_of_them(pid_t pid)
{
    for (size_t i = 0; i < stuck_count; i++)
        if (stuck[i] == pid) return true;
    return false;
}

pid_t waitpid(pid_t pid, int *status, int options)
{
    if (is_stuck && is_one_of_them(pid)) {
        if ((options & WNOHANG) != 0) return 0;
        (void)usleep(LONG_MS * 1000);
    }
    return (pid_t)syscall(SYS_wait4, pid, status, options, NULL);
}

/* A process that does nothing for a minute. */
static enum assay_status start(struct assay_child *child)
{
    const int brief = open("/dev/null", O_RDONLY | O_CLOEXEC);
    cr_assert_geq(brief, 0);
    const enum assay_status status = assay_child_start("/bin/sleep", "sleep", "60", brief, child);
    (void)close(brief);
    if (status == ASSAY_OK && stuck_count < STUCK_MAX) stuck[stuck_count++] = child->pid;
    return status;
}

static uint64_t end_and_measure(struct assay_child *child, struct assay_child_end *end)
{
    const uint64_t begin_ms = assay_monotonic_ms();
    assay_child_end(child, end);
    return assay_monotonic_ms() - begin_ms;
}

Test(net_child, the_end_of_a_killed_process_is_reported)
{
    struct assay_child child;
    struct assay_child_end end;
    char why[64];
    cr_assert_eq(start(&child), ASSAY_OK);
    const pid_t pid = child.pid;
    (void)end_and_measure(&child, &end);
    cr_expect(!end.is_pending && end.by_signal && end.number == SIGKILL);
    cr_expect_eq(child.pid, 0);
    cr_expect(kill(pid, 0) < 0 && errno == ESRCH, "it is reaped");
    assay_child_explain(&end, NULL, why, sizeof why);
    cr_expect_str_eq(why, "SIGKILL");
}

Test(net_child, a_process_that_does_not_end_stops_nobody)
{
    struct assay_child child, next;
    struct assay_child_end end;
    char why[64];
    cr_assert_eq(start(&child), ASSAY_OK);
    const pid_t pid = child.pid;
    is_stuck = true;
    const uint64_t took_ms = end_and_measure(&child, &end);
    cr_expect_leq(took_ms, 100, "%llu ms", (unsigned long long)took_ms);
    cr_expect(end.is_pending && !end.by_signal);
    cr_expect_eq(child.pid, 0);
    assay_child_explain(&end, NULL, why, sizeof why);
    cr_expect_str_eq(why, "it was killed and has not ended");
    assay_child_explain(&end, "it hangs", why, sizeof why);
    cr_expect_str_eq(why, "it hangs");
    is_stuck = false;
    (void)usleep(50000);
    cr_assert_eq(start(&next), ASSAY_OK);
    cr_expect(kill(pid, 0) < 0 && errno == ESRCH, "it is reaped when another one starts");
    (void)end_and_measure(&next, &end);
}

/* No process is left for ever, and there are never more than a bound. */
Test(net_child, processes_that_do_not_end_are_bounded, .timeout = 120)
{
    struct assay_child child;
    struct assay_child_end end;
    size_t count = 0;
    is_stuck = true;
    while (count < STUCK_MAX && start(&child) == ASSAY_OK) {
        (void)end_and_measure(&child, &end);
        count++;
    }
    cr_expect_eq(count, 64);
    is_stuck = false;
    (void)usleep(50000);
    cr_assert_eq(start(&child), ASSAY_OK);
    for (size_t i = 0; i + 1 < stuck_count; i++)
        cr_expect(kill(stuck[i], 0) < 0 && errno == ESRCH, "%zu", i);
    (void)end_and_measure(&child, &end);
}
