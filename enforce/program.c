/*
 * enforce/program.c - execution of an operator's program in a child process.
 */
#include "enforce/program.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EXEC_FAILED = 127 };

_Noreturn void assay_program_become(const char *program, char *const argv[], char *search_path,
                                    const int ends[static 3])
{
    static char locale[] = "LC_ALL=C.UTF-8";
    char *const environment[] = { search_path, locale, NULL };
    struct sigaction usual = { .sa_handler = SIG_DFL };
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, &usual, NULL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (setpgid(0, 0) == 0 && dup2(ends[0], STDIN_FILENO) >= 0 &&
        dup2(ends[1], STDOUT_FILENO) >= 0 && dup2(ends[2], STDERR_FILENO) >= 0 && chdir("/") == 0 &&
        syscall(SYS_close_range, 3U, ~0U, 0U) == 0) {
        (void)execve(program, argv, environment);
        static const char what[] = "cannot be executed: ";
        const char *const why = strerrordesc_np(errno);
        if (write(STDERR_FILENO, what, sizeof what - 1) > 0 && why != NULL)
            (void)!write(STDERR_FILENO, why, strlen(why));
    }
    _exit(EXEC_FAILED);
}
