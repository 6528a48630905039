/*
 * net/sandbox/child.c - child processes.
 */
#include "net/sandbox/child.h"

#include "base/assert.h"
#include "base/system_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Descriptors are lifted above those that the child finds them at. */
enum { FREE_FD = 10, VARIABLES = 8 };

enum {
    CHILDREN_MAX = 64, /* of this process, with those that were killed and have not ended */
    END_MS = 80,       /* how long the end of a killed process is waited for */
    STARTING = -1,     /* a place that a start has reserved */
};

/* Children that are not reaped. The kernel may let a killed process sleep on (a dead file server,
 * a driver that hangs): it is reaped when another child starts or ends. Nodes of one process may
 * run in several threads. */
static struct {
    pid_t pid; /* 0: free */
    bool is_killed;
} known[CHILDREN_MAX];
static pthread_mutex_t known_lock = PTHREAD_MUTEX_INITIALIZER;

/* The lock is locked. Of a process that is no child any more there is nothing to reap. */
static void reap_killed(void)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        if (known[i].pid <= 0 || !known[i].is_killed) continue;
        const pid_t reaped = waitpid(known[i].pid, NULL, WNOHANG);
        if (reaped == 0 || (reaped < 0 && errno == EINTR)) continue;
        known[i].pid = 0;
    }
}

/* Replaces the first child of this number. Returns: whether there was one */
static bool set_known(pid_t from, pid_t to, bool is_killed)
{
    bool found = false;
    (void)pthread_mutex_lock(&known_lock);
    reap_killed();
    for (size_t i = 0; i < CHILDREN_MAX && !found; i++) {
        if (known[i].pid != from) continue;
        known[i].pid = to;
        known[i].is_killed = is_killed;
        found = true;
    }
    (void)pthread_mutex_unlock(&known_lock);
    return found;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) (void)close(*fd);
    *fd = -1;
}

static bool move_fd(int *fd)
{
    if (*fd < 0) return false;
    const int high = fcntl(*fd, F_DUPFD_CLOEXEC, FREE_FD);
    (void)close(*fd);
    *fd = high;
    return high >= 0;
}

/* What the child gets; -1 is nothing. */
struct ends {
    int socket, words, null, brief, program;
};

static void close_ends(struct ends *ends)
{
    close_fd(&ends->socket);
    close_fd(&ends->words);
    close_fd(&ends->null);
    close_fd(&ends->brief);
    close_fd(&ends->program);
}

static bool make_ends(struct assay_child *child, const char *program, int brief, struct ends *ends)
{
    ASSAY_ASSERT(child->socket < 0 && child->words < 0);
    int pair[2], pipes[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return false;
    child->socket = pair[0];
    ends->socket = pair[1];
    /* A child that writes without end fills a pipe; the parent does not wait for it. */
    if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) != 0) return false;
    child->words = pipes[0];
    ends->words = pipes[1];
    ends->null = open("/dev/null", O_RDWR | O_CLOEXEC);
    ends->brief = fcntl(brief, F_DUPFD_CLOEXEC, FREE_FD);
    ends->program = open(program, O_PATH | O_CLOEXEC);
    if (fcntl(child->socket, F_SETFL, O_NONBLOCK) != 0) return false;
    return move_fd(&ends->socket) && move_fd(&ends->words) && move_fd(&ends->null) &&
           move_fd(&ends->program) && ends->brief >= 0;
}

/* Library paths and sanitizer settings; never a secret. */
static void choose_environment(char *chosen[static VARIABLES])
{
    static const char *const names[VARIABLES - 1] = { "LD_LIBRARY_PATH=", "OPENSSL_CONF=",
                                                      "OPENSSL_MODULES=", "ASAN_OPTIONS=",
                                                      "UBSAN_OPTIONS=",   "LSAN_OPTIONS=",
                                                      "TSAN_OPTIONS=" };
    size_t count = 0;
    for (size_t i = 0; environ != NULL && environ[i] != NULL; i++)
        for (size_t n = 0; n < VARIABLES - 1 && count < VARIABLES - 1; n++)
            if (strncmp(environ[i], names[n], strlen(names[n])) == 0)
                chosen[count++] = environ[i];
    ASSAY_ASSERT(count < VARIABLES);
    chosen[count] = NULL;
}

/* The program is executed by its descriptor: a path below /proc/self/fd is closed by then. */
static int spawn_child(char *const argv[], const struct ends *ends, pid_t *pid)
{
    ASSAY_ASSERT(ends->socket >= FREE_FD && ends->words >= FREE_FD && ends->brief >= FREE_FD);
    char program[32];
    char *environment[VARIABLES];
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    choose_environment(environment);
    (void)snprintf(program, sizeof program, "/proc/self/fd/%d", ASSAY_CHILD_PROGRAM_FD);
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    if (posix_spawn_file_actions_init(&files) != 0) return ENOMEM;
    if (posix_spawnattr_init(&attributes) != 0) {
        (void)posix_spawn_file_actions_destroy(&files);
        return ENOMEM;
    }
    int error = posix_spawn_file_actions_adddup2(&files, ends->null, 0);
    if (error == 0) error = posix_spawn_file_actions_adddup2(&files, ends->null, 1);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&files, ends->words, ASSAY_CHILD_OUTPUT_FD);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&files, ends->socket, ASSAY_CHILD_SOCKET_FD);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&files, ends->brief, ASSAY_CHILD_BRIEF_FD);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&files, ends->program, ASSAY_CHILD_PROGRAM_FD);
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(&files, ASSAY_CHILD_PROGRAM_FD + 1);
    if (error == 0) error = posix_spawnattr_setsigmask(&attributes, &none);
    if (error == 0) error = posix_spawnattr_setsigdefault(&attributes, &all);
    if (error == 0)
        error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
                                                          POSIX_SPAWN_SETSIGDEF |
                                                          POSIX_SPAWN_SETPGROUP);
    if (error == 0) error = posix_spawn(pid, program, &files, &attributes, argv, environment);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&files);
    return error;
}

enum assay_status assay_child_start(const char *program, const char *role, const char *argument,
                                    int brief, struct assay_child *child)
{
    char roles[32], arguments[64];
    char *argv[] = { roles, argument != NULL ? arguments : NULL, NULL };
    struct ends ends = { -1, -1, -1, -1, -1 };
    struct assay_child c = { .pid = 0, .socket = -1, .words = -1 };
    (void)snprintf(roles, sizeof roles, "%s", role);
    (void)snprintf(arguments, sizeof arguments, "%s", argument != NULL ? argument : "");
    const char *const path = program != NULL ? program : "/proc/self/exe";
    if (!set_known(0, STARTING, false)) return ASSAY_E_IO;
    int error = make_ends(&c, path, brief, &ends) ? 0 : EIO;
    if (error == 0) error = spawn_child(argv, &ends, &c.pid);
    (void)set_known(STARTING, error == 0 ? c.pid : 0, false);
    close_ends(&ends);
    if (error != 0) {
        close_fd(&c.socket);
        close_fd(&c.words);
        return ASSAY_E_IO;
    }
    ASSAY_ASSERT(c.pid > 0 && c.socket >= 0 && c.words >= 0);
    *child = c;
    return ASSAY_OK;
}

void assay_child_begin(const char *role)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* and the socket says it as well */
    (void)prctl(PR_SET_NAME, role, 0, 0, 0);
    (void)close(ASSAY_CHILD_PROGRAM_FD);
}

/* One line of printable characters. */
static void read_words(int fd, char words[static ASSAY_CHILD_OUTPUT_MAX])
{
    const ssize_t got = read(fd, words, ASSAY_CHILD_OUTPUT_MAX - 1);
    const size_t len = got > 0 ? (size_t)got : 0;
    ASSAY_ASSERT(len < ASSAY_CHILD_OUTPUT_MAX);
    words[len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (words[i] < ' ' || words[i] > '~') words[i] = ' ';
    for (size_t i = len; i > 0 && words[i - 1] == ' '; i--)
        words[i - 1] = '\0';
}

/* This is the thread of the node's loop. Returns: whether the killed process has ended, in time. */
static bool wait_for_end(pid_t pid, int *status)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    const uint64_t until_ms = assay_monotonic_ms() + END_MS;
    for (;;) {
        const pid_t reaped = waitpid(pid, status, WNOHANG);
        if (reaped > 0 || (reaped < 0 && errno != EINTR)) return true;
        if (assay_monotonic_is_past(until_ms)) return false;
        (void)nanosleep(&pause, NULL);
    }
}

void assay_child_end(struct assay_child *child, struct assay_child_end *end)
{
    int status = 0;
    *end = (struct assay_child_end){ .by_signal = false };
    if (child->pid <= 0) return;
    (void)kill(child->pid, SIGKILL);
    end->is_pending = !wait_for_end(child->pid, &status);
    end->by_signal = !end->is_pending && WIFSIGNALED(status);
    end->number = end->by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
    (void)set_known(child->pid, end->is_pending ? child->pid : 0, end->is_pending);
    read_words(child->words, end->words);
    close_fd(&child->socket);
    close_fd(&child->words);
    ASSAY_ASSERT(child->socket < 0 && child->words < 0);
    child->pid = 0;
}

uint64_t assay_child_cpu_ms(const struct assay_child *child)
{
    clockid_t clock = CLOCK_MONOTONIC;
    struct timespec used;
    if (child->pid <= 0 || clock_getcpuclockid(child->pid, &clock) != 0) return 0;
    if (clock_gettime(clock, &used) != 0) return 0;
    return (uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000;
}
