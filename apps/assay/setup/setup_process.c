/*
 * apps/assay/setup/setup_process.c - processes of a local network: which run, start, end.
 *
 * No file remembers a process: a number in a file may be that of another process by now. A daemon
 * is what listens at its admin socket; one that does not listen (yet), and every service program,
 * has its configuration in its command line.
 */
#include "apps/assay/setup/setup_process.h"

#include "apps/assay/setup/setup.h"
#include "base/system_clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_LEN = PATH_MAX + 256, LOOK_MS = 20 };

/* ------------------------------------------------------------ which run */

/* Returns: the process that listens at a socket; 0 for none. */
static pid_t find_listener(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct ucred peer = { 0 };
    socklen_t len = sizeof peer;
    if (strlen(path) >= sizeof address.sun_path) return 0;
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return 0;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        peer.pid = 0;
    (void)close(fd);
    return peer.pid > 1 ? peer.pid : 0;
}

/* Out: line: words, each with its NUL. Returns: its length; 0 when there is none. */
static size_t read_command_line(const char *pid, char line[static LINE_MAX_LEN])
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%.20s/cmdline", pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t len = fd >= 0 ? read(fd, line, LINE_MAX_LEN) : 0;
    if (fd >= 0) (void)close(fd);
    return len > 0 && len < LINE_MAX_LEN && line[len - 1] == '\0' ? (size_t)len : 0;
}

/* Exactly `[FOLDER/]PROGRAM --config FILE`: `--check-config` is no daemon. */
static bool is_command_line(const struct assay_local_process *p, const char *line, size_t len)
{
    const char *const option = line + strlen(line) + 1;
    if (option >= line + len || strcmp(option, "--config") != 0) return false;
    const char *const config = option + strlen(option) + 1;
    if (config >= line + len || config + strlen(config) + 1 != line + len) return false;
    const char *const slash = strrchr(line, '/');
    return strcmp(slash != NULL ? slash + 1 : line, p->program) == 0 &&
           strcmp(config, p->config) == 0;
}

static void look_through(struct assay_local_process *processes, size_t count, DIR *proc)
{
    char line[LINE_MAX_LEN];
    const struct dirent *entry = NULL;
    while ((entry = readdir(proc)) != NULL) {
        const pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        const size_t len = pid > 1 ? read_command_line(entry->d_name, line) : 0;
        for (size_t i = 0; i < count && len > 0; i++)
            if (processes[i].pid == 0 && is_command_line(&processes[i], line, len))
                processes[i].pid = pid;
    }
}

void cli_process_look(struct assay_local_process *processes, size_t count)
{
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        processes[i].pid = processes[i].admin[0] != '\0' ? find_listener(processes[i].admin) : 0;
        all = all && processes[i].pid != 0;
    }
    DIR *const proc = all ? NULL : opendir("/proc");
    if (proc == NULL) return;
    look_through(processes, count, proc);
    (void)closedir(proc);
}

/* ------------------------------------------------------------ start */

/* Of the child, up to its program: neither terminal nor files of this process. */
static void become(const struct assay_local_process *p, const char *program)
{
    char folder[PATH_MAX], name[32], option[] = "--config", config[PATH_MAX];
    char *argv[] = { name, option, config, NULL };
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    (void)snprintf(name, sizeof name, "%s", p->program);
    (void)snprintf(config, sizeof config, "%s", p->config);
    (void)snprintf(folder, sizeof folder, "%s", p->config);
    *strrchr(folder, '/') = '\0';
    const int out = open(p->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (setsid() < 0 || chdir(folder) != 0) _exit(126);
    if (out < 0 || in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) _exit(126);
    (void)close_range(3, ~0U, 0);
    (void)execv(program, argv);
    _exit(127);
}

bool cli_process_start(struct assay_local_process *process)
{
    char program[PATH_MAX];
    if (!cli_setup_find_program(process->program, program)) {
        (void)fprintf(stderr,
                      "assay setup local: %s: no program that may be run is next to this one\n",
                      process->program);
        return false;
    }
    (void)fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) become(process, program);
    if (pid < 0) {
        (void)fprintf(stderr, "assay setup local: node-%lu: %s: %s\n", process->node,
                      process->program, strerror(errno));
        return false;
    }
    process->pid = pid;
    process->is_child = true;
    return true;
}

bool cli_process_is_reaped(struct assay_local_process *process)
{
    if (!process->is_child || waitpid(process->pid, NULL, WNOHANG) == 0) return false;
    process->pid = 0;
    process->is_child = false;
    return true;
}

/* ------------------------------------------------------------ end */

/* Whether the number is still that of the process that was found. */
static bool is_same(const struct assay_local_process *p)
{
    char number[24], line[LINE_MAX_LEN];
    if (p->admin[0] != '\0' && find_listener(p->admin) == p->pid) return true;
    (void)snprintf(number, sizeof number, "%ld", (long)p->pid);
    const size_t len = read_command_line(number, line);
    return len > 0 && is_command_line(p, line, len);
}

/* Returns: a descriptor of the process that was found, -1 when it has ended. */
static int open_process(const struct assay_local_process *p)
{
    const int fd = (int)syscall(SYS_pidfd_open, p->pid, 0U);
    if (fd < 0 || is_same(p)) return fd;
    (void)close(fd);
    return -1;
}

static bool has_ended(int fd)
{
    struct pollfd end = { .fd = fd, .events = POLLIN };
    return fd < 0 || poll(&end, 1, 0) > 0;
}

static void terminate(struct assay_local_process *p, int *fd)
{
    *fd = -1;
    if (p->pid == 0) return;
    if (p->is_child) {
        (void)kill(p->pid, SIGTERM);
        return;
    }
    *fd = open_process(p);
    if (*fd >= 0 && syscall(SYS_pidfd_send_signal, *fd, SIGTERM, NULL, 0U) != 0 && errno == EPERM)
        (void)fprintf(stderr,
                      "assay setup local: node-%lu: %s (process %ld) runs as another user\n",
                      p->node, p->program, (long)p->pid);
}

/* Returns: how many of these run on. */
static size_t collect_ends(struct assay_local_process *processes, const int *fds, size_t count,
                           void (*on_end)(const struct assay_local_process *))
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        struct assay_local_process *const p = &processes[i];
        if (p->pid == 0) continue;
        if (!(p->is_child ? cli_process_is_reaped(p) : has_ended(fds[i]))) {
            left++;
            continue;
        }
        p->pid = 0;
        p->ended = true;
        if (on_end != NULL) on_end(p);
    }
    return left;
}

size_t cli_process_end(struct assay_local_process *processes, size_t count, unsigned wait_ms,
                       void (*on_end)(const struct assay_local_process *))
{
    static const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
    int fds[ASSAY_LOCAL_PROGRAMS];
    const uint64_t until = assay_monotonic_ms() + wait_ms;
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        terminate(&processes[i], &fds[i]);
    while ((left = collect_ends(processes, fds, count, on_end)) > 0 &&
           !assay_monotonic_is_past(until))
        (void)nanosleep(&pause, NULL);
    for (size_t i = 0; i < count; i++) {
        if (fds[i] >= 0) (void)close(fds[i]);
        if (processes[i].pid == 0 || !processes[i].is_child) continue;
        (void)kill(processes[i].pid, SIGKILL);
        while (waitpid(processes[i].pid, NULL, 0) < 0 && errno == EINTR) {
        }
        processes[i].pid = 0;
        left--;
    }
    return left;
}
