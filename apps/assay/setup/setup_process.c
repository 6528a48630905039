/*
 * apps/assay/setup/setup_process.c - processes of a local network: which run, start, end.
 *
 * No file remembers a process: a number in a file may be that of another process by now. A daemon
 * is what listens at its admin socket; one that does not listen (yet), and every service program,
 * has its configuration in its command line. Neither is taken for more than it shows: a process is
 * one of these if it runs as this user, with the program and the configuration of the node.
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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_LEN = PATH_MAX + 256, LOOK_MS = 20 };

/* In place of a descriptor of a process. */
enum { HAS_ENDED = -1, IS_UNKNOWN = -2 };

/* ------------------------------------------------------------ which run */

bool cli_process_owns(const char *folder)
{
    struct stat info;
    return lstat(folder, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid();
}

/* Of a process of this user alone: others may have any command line. What is read through the
 * descriptor is of this process, not of a later one with its number. Returns: -1 for none. */
static int open_own(pid_t pid)
{
    char path[32];
    struct stat info;
    (void)snprintf(path, sizeof path, "/proc/%ld", (long)pid);
    const int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || (fstat(fd, &info) == 0 && info.st_uid == geteuid())) return fd;
    (void)close(fd);
    return -1;
}

/* Out: line: words, each with its NUL. Returns: its length; 0 when there is none. */
static size_t read_command_line(int folder, char line[static LINE_MAX_LEN])
{
    const int fd = openat(folder, "cmdline", O_RDONLY | O_CLOEXEC);
    const ssize_t len = fd >= 0 ? read(fd, line, LINE_MAX_LEN) : 0;
    if (fd >= 0) (void)close(fd);
    return len > 0 && len < LINE_MAX_LEN && line[len - 1] == '\0' ? (size_t)len : 0;
}

static bool is_program(const struct assay_local_process *p, const char *word)
{
    const char *const slash = strrchr(word, '/');
    return strcmp(slash != NULL ? slash + 1 : word, p->program) == 0;
}

/* Exactly `[FOLDER/]PROGRAM --config FILE`: `--check-config` is no daemon. */
static bool is_command_line(const struct assay_local_process *p, const char *line, size_t len)
{
    const char *const option = line + strlen(line) + 1;
    if (option >= line + len || strcmp(option, "--config") != 0) return false;
    const char *const config = option + strlen(option) + 1;
    if (config >= line + len || config + strlen(config) + 1 != line + len) return false;
    return is_program(p, line) && strcmp(config, p->config) == 0;
}

/* Returns: the value of --config in a command line; NULL. */
static const char *find_config(const char *line, size_t len)
{
    static const char option[] = "--config";
    const size_t option_len = sizeof option - 1;
    for (const char *word = line; word < line + len; word += strlen(word) + 1) {
        if (strncmp(word, option, option_len) != 0) continue;
        if (word[option_len] == '=') return word + option_len + 1;
        const char *const value = word + option_len + 1;
        if (word[option_len] == '\0') return value < line + len ? value : NULL;
    }
    return NULL;
}

/* Whether a whole path may end with a relative one. */
static bool has_end(const char *path, const char *end)
{
    while (strncmp(end, "./", 2) == 0 || strncmp(end, "../", 3) == 0)
        end = strchr(end, '/') + 1;
    const size_t path_len = strlen(path), len = strlen(end);
    return len > 0 && len < path_len && strcmp(path + path_len - len, end) == 0 &&
           path[path_len - len - 1] == '/';
}

/* In: word: as given to the process, whose current folder may not be seen: daemons are not
 * dumpable. Then the end of the path has to do. */
static bool is_config(const struct assay_local_process *p, int folder, const char *word)
{
    char path[PATH_MAX];
    struct stat given, own;
    if (strcmp(word, p->config) == 0) return true;
    if (snprintf(path, sizeof path, "%s%s", word[0] == '/' ? "" : "cwd/", word) >= PATH_MAX)
        return false;
    if (fstatat(folder, path, &given, 0) == 0)
        return stat(p->config, &own) == 0 && given.st_dev == own.st_dev &&
               given.st_ino == own.st_ino;
    return word[0] != '/' && errno == EACCES && has_end(p->config, word);
}

/* Whether a process, which listens at the admin socket, is the daemon of the node. */
static bool is_daemon(const struct assay_local_process *p, pid_t pid)
{
    char line[LINE_MAX_LEN];
    const int folder = open_own(pid);
    const size_t len = folder >= 0 ? read_command_line(folder, line) : 0;
    const char *const config = len > 0 && is_program(p, line) ? find_config(line, len) : NULL;
    const bool is = config != NULL && is_config(p, folder, config);
    if (folder >= 0) (void)close(folder);
    return is;
}

/* Returns: the process that called listen() for a socket, as its user then; 0 for none. */
static pid_t ask_listener(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct ucred peer = { 0 };
    socklen_t len = sizeof peer;
    if (strlen(path) >= sizeof address.sun_path) return 0;
    assay_bytes_copy(address.sun_path, sizeof address.sun_path, path, strlen(path) + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return 0;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || peer.uid != geteuid())
        peer.pid = 0;
    (void)close(fd);
    return peer.pid > 1 ? peer.pid : 0;
}

/* Returns: the daemon that listens at its admin socket; 0 for none. A link may lead to the socket
 * of any program. */
static pid_t find_listener(const struct assay_local_process *p)
{
    struct stat info;
    if (lstat(p->admin, &info) != 0 || !S_ISSOCK(info.st_mode)) return 0;
    const pid_t pid = ask_listener(p->admin);
    return pid != 0 && is_daemon(p, pid) ? pid : 0;
}

/* Out: line: as read_command_line, of a process of this user. */
static size_t read_own_line(pid_t pid, char line[static LINE_MAX_LEN])
{
    const int folder = open_own(pid);
    const size_t len = folder >= 0 ? read_command_line(folder, line) : 0;
    if (folder >= 0) (void)close(folder);
    return len;
}

static void look_through(struct assay_local_process *processes, size_t count, DIR *proc)
{
    char line[LINE_MAX_LEN];
    const struct dirent *entry = NULL;
    while ((entry = readdir(proc)) != NULL) {
        const pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        const size_t len = pid > 1 ? read_own_line(pid, line) : 0;
        for (size_t i = 0; i < count && len > 0; i++)
            if (processes[i].pid == 0 && is_command_line(&processes[i], line, len))
                processes[i].pid = pid;
    }
}

void cli_process_look(struct assay_local_process *processes, size_t count)
{
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        processes[i].pid = processes[i].admin[0] != '\0' ? find_listener(&processes[i]) : 0;
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
    const int out = open(p->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
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
    char line[LINE_MAX_LEN];
    if (p->admin[0] != '\0' && find_listener(p) == p->pid) return true;
    const size_t len = read_own_line(p->pid, line);
    return len > 0 && is_command_line(p, line, len);
}

/* Returns: IS_UNKNOWN, after a message. */
static int report_unknown(const struct assay_local_process *p, int error)
{
    (void)fprintf(stderr, "assay setup local: node-%lu: %s (process %ld) cannot be ended: %s\n",
                  p->node, p->program, (long)p->pid, strerror(error));
    return IS_UNKNOWN;
}

/* Returns: a descriptor of the process that was found, HAS_ENDED or IS_UNKNOWN. */
static int open_process(const struct assay_local_process *p)
{
    const int fd = (int)syscall(SYS_pidfd_open, p->pid, 0U);
    if (fd < 0 && errno != ESRCH) return report_unknown(p, errno);
    if (fd < 0) return HAS_ENDED;
    if (is_same(p)) return fd;
    (void)close(fd);
    return HAS_ENDED;
}

static bool has_ended(int fd)
{
    struct pollfd end = { .fd = fd, .events = POLLIN };
    return fd == HAS_ENDED || (fd >= 0 && poll(&end, 1, 0) > 0);
}

/* Returns: as open_process, of a process that has the signal now; HAS_ENDED as well for a child
 * and for what does not run. */
static int terminate(const struct assay_local_process *p)
{
    if (p->is_child && p->pid != 0) (void)kill(p->pid, SIGTERM);
    if (p->is_child || p->pid == 0) return HAS_ENDED;
    const int fd = open_process(p);
    if (fd < 0 || syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0U) == 0) return fd;
    const int error = errno;
    (void)close(fd);
    return error == ESRCH ? HAS_ENDED : report_unknown(p, error);
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
    size_t left = 0, unknown = 0; /* there is nothing to wait for */
    for (size_t i = 0; i < count; i++) {
        fds[i] = terminate(&processes[i]);
        unknown += fds[i] == IS_UNKNOWN;
    }
    while ((left = collect_ends(processes, fds, count, on_end)) > unknown &&
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
