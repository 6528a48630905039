/*
 * net/sandbox/container_init.c - init process of a container.
 */
#include "net/sandbox/container_init.h"

#include "base/assert.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static void signals_of_first(sigset_t *set)
{
    static const int all[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
    (void)sigemptyset(set);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        (void)sigaddset(set, all[i]);
}

static void wait_for_all(pid_t daemon)
{
    ASSAY_ASSERT(daemon > 0);
    enum { SIGNALLED = 128 }; /* as a shell reports it */
    int status = 0;
    for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) > 0;)
        if (ended == daemon)
            _exit(WIFEXITED(status) ? WEXITSTATUS(status) : SIGNALLED + WTERMSIG(status));
}

/* Signals of a terminal reach the process group already. */
__attribute__((noreturn)) static void stay_first(pid_t daemon, const sigset_t *set)
{
    ASSAY_ASSERT(daemon > 0);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    for (;;) {
        siginfo_t info;
        const int number = sigwaitinfo(set, &info);
        if (number > 0 && number != SIGCHLD && info.si_code != SI_KERNEL)
            (void)kill(daemon, number);
        wait_for_all(daemon);
    }
}

enum assay_status assay_sandbox_init_split_always(void)
{
    const pid_t self = getpid();
    sigset_t set, before;
    signals_of_first(&set);
    if (sigprocmask(SIG_BLOCK, &set, &before) != 0) return ASSAY_E_IO;
    const pid_t daemon = fork();
    if (daemon > 0) stay_first(daemon, &set);
    if (daemon == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) _exit(1);
    if (daemon == 0 && getppid() != self) _exit(1);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return daemon == 0 ? ASSAY_OK : ASSAY_E_IO;
}

enum assay_status assay_sandbox_init_split(void)
{
    return getpid() == 1 ? assay_sandbox_init_split_always() : ASSAY_OK;
}
