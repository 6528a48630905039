/*
 * tests/unit/platform/test_run_faults.c - the system refuses each call in turn while an enclave is
 * loaded and started, and while the quoter's thread is made: what fails leaves nothing behind.
 */
#include "quote/source/platform/platform_run.h"
#include "quote/source/platform/quoter.h"
#include "tests/support/faults/fault.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The names are the linker's (--wrap). */
#define WRAP(type, name, parameters, arguments, error, failed)                                     \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        if (!fault_now()) return __real_##name arguments;                                          \
        errno = (error);                                                                           \
        return (failed);                                                                           \
    }

WRAP(int, memfd_create, (const char *name, unsigned flags), (name, flags), ENOMEM, -1)
WRAP(int, fstat, (int fd, struct stat *about), (fd, about), EIO, -1)
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), EPERM, -1)
WRAP(int, fcntl, (int fd, int command, long value), (fd, command, value), EMFILE, -1)
WRAP(void *, mmap, (void *at, size_t len, int access, int flags, int fd, off_t offset),
     (at, len, access, flags, fd, offset), ENOMEM, MAP_FAILED)
WRAP(int, socketpair, (int domain, int type, int protocol, int pair[2]),
     (domain, type, protocol, pair), EMFILE, -1)
WRAP(int, pipe2, (int ends[2], int flags), (ends, flags), EMFILE, -1)
WRAP(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t len),
     (fd, level, name, value, len), ENOBUFS, -1)
WRAP(int, pthread_sigmask, (int how, const sigset_t *set, sigset_t *before), (how, set, before), 0,
     EAGAIN)
WRAP(pid_t, fork, (void), (), EAGAIN, -1)
WRAP(int, pidfd_open, (pid_t pid, unsigned flags), (pid, flags), EMFILE, -1)
WRAP(int, eventfd, (unsigned count, int flags), (count, flags), EMFILE, -1)
WRAP(int, pthread_condattr_init, (pthread_condattr_t * attributes), (attributes), 0, ENOMEM)
WRAP(int, pthread_condattr_setclock, (pthread_condattr_t * attributes, clockid_t clock),
     (attributes, clock), 0, EINVAL)
WRAP(int, pthread_cond_init, (pthread_cond_t * cond, const pthread_condattr_t *attributes),
     (cond, attributes), 0, ENOMEM)
WRAP(int, pthread_mutex_init, (pthread_mutex_t * mutex, const pthread_mutexattr_t *attributes),
     (mutex, attributes), 0, ENOMEM)
WRAP(int, pthread_create,
     (pthread_t * thread, const pthread_attr_t *attributes, void *(*body)(void *), void *context),
     (thread, attributes, body, context), 0, EAGAIN)

static size_t count_descriptors(void)
{
    size_t count = 0;
    DIR *const dir = opendir("/proc/self/fd");
    cr_assert_not_null(dir);
    while (readdir(dir) != NULL)
        count += 1;
    (void)closedir(dir);
    return count;
}

static enum assay_status start(struct assay_platform_run *run, struct assay_platform_child *child,
                               char message[static ASSAY_PLATFORM_MESSAGE_LEN])
{
    static char name[] = "true";
    char *const argv[] = { name, NULL };
    uint8_t measurement[32];
    message[0] = '\0';
    return assay_platform_run_start("/bin/true", argv, run, measurement, child, message);
}

static bool is_blocked(void)
{
    sigset_t mask;
    cr_assert_eq(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
    return sigismember(&mask, SIGTERM) == 1;
}

Test(platform_run_faults, every_refused_call_is_said_and_leaves_no_process_and_no_descriptor,
     .timeout = 600)
{
    char message[ASSAY_PLATFORM_MESSAGE_LEN];
    struct assay_platform_run run;
    struct assay_platform_child child = { 0 };
    const size_t before = count_descriptors();
    fault_arm(0);
    cr_assert_eq(start(&run, &child, message), ASSAY_OK, "%s", message);
    const size_t calls = fault_count();
    cr_assert_gt(calls, 12, "%zu", calls);
    cr_assert_eq(waitpid((pid_t)child.pid, NULL, 0), (pid_t)child.pid);
    assay_platform_run_close(&run);
    (void)close(child.pidfd);
    cr_assert_eq(count_descriptors(), before);

    size_t refused = 0;
    for (size_t i = 1; i <= calls; i++) {
        fault_arm(i);
        const enum assay_status status = start(&run, &child, message);
        fault_arm(0);
        if (status == ASSAY_OK) { /* a call that may fail: the mask was put back */
            (void)waitpid((pid_t)child.pid, NULL, 0);
            assay_platform_run_close(&run);
            (void)close(child.pidfd);
        } else {
            refused += 1;
            cr_expect(status == ASSAY_E_IO || status == ASSAY_E_RANGE, "call %zu: %s", i,
                      assay_status_symbol(status));
            cr_expect_not_null(strstr(message, "/bin/true: "), "call %zu: \"%s\"", i, message);
            cr_expect_eq(run.pidfd, -1);
            cr_expect_eq(run.channel, -1);
            cr_expect_eq(run.error, -1);
            cr_expect(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD,
                      "call %zu left a process", i);
        }
        cr_expect_eq(count_descriptors(), before, "call %zu of %zu", i, calls);
        sigset_t none;
        sigemptyset(&none);
        if (is_blocked()) (void)sigprocmask(SIG_SETMASK, &none, NULL);
    }
    cr_expect_geq(refused, calls - 1, "%zu of %zu", refused, calls);
}

/* --- the quoter */
static unsigned released;

static enum assay_status make_quote(void *context, const struct assay_quoter_job *job,
                                    uint8_t *quote, size_t capacity, size_t *len)
{
    (void)context, (void)job, (void)quote, (void)capacity;
    *len = 0;
    return ASSAY_OK;
}

static void release(void *context)
{
    (void)context;
    released += 1;
}

Test(platform_run_faults, a_quoter_that_cannot_be_made_releases_nothing_and_keeps_nothing,
     .timeout = 600)
{
    const struct assay_quoter_config config = { .quote_len_max = 64,
                                                .make_quote = make_quote,
                                                .release = release };
    struct assay_quoter *quoter = NULL;
    const size_t before = count_descriptors();
    fault_arm(0);
    cr_assert_eq(assay_quoter_open(&config, &quoter), ASSAY_OK);
    const size_t calls = fault_count();
    cr_assert_gt(calls, 6);
    cr_assert(assay_quoter_close(&quoter, 5000));
    cr_assert_eq(released, 1);
    size_t refused = 0;
    for (size_t i = 1; i <= calls; i++) {
        released = 0;
        fault_arm(i);
        const enum assay_status status = assay_quoter_open(&config, &quoter);
        fault_arm(0);
        if (status == ASSAY_OK) { /* the mask could not be put back: it works all the same */
            cr_expect(assay_quoter_close(&quoter, 5000));
            cr_expect_eq(released, 1);
        } else {
            refused += 1;
            cr_expect_eq(status, ASSAY_E_IO, "call %zu: %s", i, assay_status_symbol(status));
            cr_expect_null(quoter);
            cr_expect_eq(released, 0, "call %zu", i);
        }
        cr_expect_eq(count_descriptors(), before, "call %zu of %zu", i, calls);
    }
    cr_expect_geq(refused, calls - 1, "%zu of %zu", refused, calls);
}
