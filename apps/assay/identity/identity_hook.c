/*
 * apps/assay/identity/identity_hook.c - hook of `assay identity fetch` (docs/identity.md 11.6).
 *
 * DIR/hook-pending exists from before a set is replaced until the hook has succeeded: a hook that
 * failed, or that a crash prevented, is executed again.
 */
#include "apps/assay/identity/identity_fetch.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/print.h"
#include "base/file/file.h"
#include "base/system_clock.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { RETRY_MAX_S = 60 };

static bool pending_path(const struct cli_identity_fetch *f, char path[static PATH_MAX])
{
    const int len = snprintf(path, PATH_MAX, "%s/hook-pending", f->dir);
    return len > 0 && len < PATH_MAX;
}

bool cli_identity_hook_is_due(const struct cli_identity_fetch *f)
{
    char path[PATH_MAX];
    return f->hook != NULL && pending_path(f, path) && access(path, F_OK) == 0;
}

int cli_identity_hook_set_due(const struct cli_identity_fetch *f, bool *was_due)
{
    static const char text[] = "the hook has not succeeded since the newest set\n";
    char path[PATH_MAX];
    *was_due = cli_identity_hook_is_due(f);
    if (f->hook == NULL || *was_due) return ASSAY_EXIT_OK;
    const enum assay_status status =
        pending_path(f, path)
            ? assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(text, sizeof text - 1))
            : ASSAY_E_RANGE;
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_identity_fail(f, ASSAY_EXIT_INTERNAL, "%s/hook-pending: cannot be written (%s)",
                             f->dir, cli_output_fault(path, status));
}

void cli_identity_hook_clear(const struct cli_identity_fetch *f)
{
    char path[PATH_MAX];
    if (pending_path(f, path)) (void)unlink(path);
}

/* ------------------------------------------------------------ the command */

/* Returns: ASSAY_EXIT_PARTIAL */
__attribute__((format(printf, 2, 3))) static int fail_hook(const struct cli_identity_fetch *f,
                                                           const char *format, ...)
{
    struct cli_identity_report *const r = f->report;
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!f->is_watching)
        return cli_identity_fail(f, ASSAY_EXIT_PARTIAL,
                                 "--hook: %s; the files are in place, and the next run executes it "
                                 "again",
                                 text);
    r->hook_retry_s = r->hook_retry_s == 0 ? 1 : 2 * r->hook_retry_s;
    if (r->hook_retry_s > RETRY_MAX_S) r->hook_retry_s = RETRY_MAX_S;
    r->hook_due_ms = assay_monotonic_ms() + r->hook_retry_s * 1000;
    (void)fprintf(
        stderr,
        "assay identity fetch: %s: --hook: %s; the files are in place, and it is executed "
        "again after %" PRIu64 " s\n",
        f->name, text, r->hook_retry_s);
    return ASSAY_EXIT_PARTIAL;
}

/* In a group of its own, so that all of it can be ended. */
static int spawn_group(char *const *arguments, pid_t *child)
{
    posix_spawnattr_t attributes;
    int why = posix_spawnattr_init(&attributes);
    if (why != 0) return why;
    why = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    if (why == 0) why = posix_spawn(child, "/bin/sh", NULL, &attributes, arguments, environ);
    (void)posix_spawnattr_destroy(&attributes);
    return why;
}

/* Renewal goes on whatever a command does. Returns: false: it was killed. */
static bool await_hook(pid_t child, uint64_t wait_s, int *state)
{
    const uint64_t deadline_ms = assay_monotonic_ms() + wait_s * 1000;
    for (;;) {
        const pid_t ended = waitpid(child, state, WNOHANG);
        if (ended == child || (ended < 0 && errno != EINTR)) return true;
        if (assay_monotonic_ms() >= deadline_ms) break;
        (void)nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    }
    (void)kill(-child, SIGKILL);
    while (waitpid(child, state, 0) < 0 && errno == EINTR) {
    }
    return false;
}

static int execute_hook(const struct cli_identity_fetch *f)
{
    char shell[] = "sh", option[] = "-c";
    char *const arguments[] = { shell, option, strdup(f->hook), NULL };
    pid_t child = 0;
    int state = -1;
    if (arguments[2] == NULL) return fail_hook(f, "no memory");
    const int why = spawn_group(arguments, &child);
    const bool has_ended = why != 0 || await_hook(child, f->hook_s, &state);
    free(arguments[2]);
    if (!has_ended)
        return fail_hook(
            f, "the command had not ended after %" PRIu64 " s (--hook-wait) and was killed",
            f->hook_s);
    if (why != 0) return fail_hook(f, "/bin/sh cannot be executed (%s)", strerror(why));
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0) return ASSAY_EXIT_OK;
    return fail_hook(f, "the command ended with status %d",
                     WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state));
}

int cli_identity_hook_run(const struct cli_identity_fetch *f)
{
    const int exit = execute_hook(f);
    if (exit != ASSAY_EXIT_OK) return exit;
    f->report->hook_retry_s = 0;
    cli_identity_hook_clear(f);
    return ASSAY_EXIT_OK;
}
