/*
 * quote/source/platform/platform_run.c - process of the SOFT platform (platform_run.h).
 *
 * Between fork and execve only async-signal-safe functions are called: the daemon has threads.
 */
#include "quote/source/platform/platform_run.h"

#include "base/assert.h"
#include "base/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3; older kernels know no other kind of memfd */
#endif

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE, FREE_FD = 10 };

static enum assay_status report_refusal(char *message, enum assay_status status, const char *doing,
                                        const char *path)
{
    ASSAY_ASSERT(status != ASSAY_OK && path != NULL);
    const char *why =
        status == ASSAY_E_RANGE ? "no regular file of 1 to 67108864 bytes" : strerror(errno);
    snprintf(message, ASSAY_PLATFORM_MESSAGE_LEN, "%s %.160s: %s", doing, path, why);
    return status;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

void assay_platform_run_none(struct assay_platform_run *run)
{
    *run = (struct assay_platform_run){ .pidfd = -1, .channel = -1, .error = -1 };
}

void assay_platform_run_close(struct assay_platform_run *run)
{
    close_fd(&run->pidfd);
    close_fd(&run->channel);
    close_fd(&run->error);
    assay_platform_run_none(run);
}

/* --------------------------------------------------------------- load and measure */

static bool copy_file(int from, int to)
{
    uint8_t chunk[64 * 1024];
    uint64_t total = 0;
    for (;;) {
        const ssize_t got = read(from, chunk, sizeof chunk);
        if (got == 0) return true;
        if (got < 0) return false;
        total += (uint64_t)got; /* the file may grow under us */
        if (total > ASSAY_PLATFORM_IMAGE_MAX) {
            errno = EFBIG;
            return false;
        }
        for (ssize_t done = 0; done < got;) {
            const ssize_t put = write(to, chunk + done, (size_t)(got - done));
            if (put <= 0) return false;
            done += put;
        }
    }
}

/* Sealed bytes are immutable, even for root; without all seals nothing is run. */
static int sealed_copy(int file)
{
    ASSAY_ASSERT(file >= 0);
    unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = memfd_create("assay-enclave", flags | MFD_EXEC);
    if (fd < 0 && errno == EINVAL) fd = memfd_create("assay-enclave", flags);
    if (fd < 0) return -1;
    if (copy_file(file, fd) && fchmod(fd, 0500) == 0 && fcntl(fd, F_ADD_SEALS, SEALS) == 0) {
        const int seals = fcntl(fd, F_GET_SEALS, 0);
        if (seals >= 0 && (seals & SEALS) == SEALS) return fd; /* -1 has every bit */
    }
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
}

enum assay_status assay_platform_seal(const char *path, int *fd,
                                      char message[static ASSAY_PLATFORM_MESSAGE_LEN])
{
    ASSAY_ASSERT(path != NULL && fd != NULL);
    /* O_NONBLOCK: a FIFO in its place must not hold up the loop. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return report_refusal(message, errno == ENOENT ? ASSAY_E_NOT_FOUND : ASSAY_E_IO, "open",
                              path);
    struct stat about;
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size < 1 ||
        about.st_size > ASSAY_PLATFORM_IMAGE_MAX) {
        close(file);
        return report_refusal(message, ASSAY_E_RANGE, "load", path);
    }
    *fd = sealed_copy(file);
    const enum assay_status status =
        *fd >= 0 ? ASSAY_OK : report_refusal(message, ASSAY_E_IO, "seal a copy of", path);
    close(file);
    return status;
}

enum assay_status assay_platform_measure(int fd, uint8_t measurement[static 32])
{
    struct stat about;
    if (fstat(fd, &about) != 0 || about.st_size < 1) return ASSAY_E_IO;
    const size_t len = (size_t)about.st_size;
    void *bytes = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) return ASSAY_E_IO;
    assay_sha256(bytes, len, measurement);
    munmap(bytes, len);
    return ASSAY_OK;
}

/* --------------------------------------------------------------- run */

/* What the child needs, made before fork. All descriptors are at FREE_FD or above, so that putting
 * one at its place overwrites no other. */
struct birth {
    int image, channel, error, null;
    pid_t parent;
    char *const *argv;
};

__attribute__((noreturn)) static void die(const struct birth *birth)
{
    const int error = errno;
    const ssize_t written = write(birth->error, &error, sizeof error);
    _exit(written == (ssize_t)sizeof error ? 127 : 126);
}

__attribute__((noreturn)) static void become_enclave(const struct birth *birth)
{
    static char *const no_environment[] = { NULL };
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    if (setpgid(0, 0) != 0) die(birth);
    /* It never outlives its platform: not even when it is stopped and cannot see the channel close.
     */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) die(birth);
    if (getppid() != birth->parent) _exit(126);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) die(birth);
    if (dup2(birth->null, STDIN_FILENO) < 0 || dup2(birth->channel, ASSAY_CHANNEL_FD) < 0)
        die(birth);
    if (close_range(ASSAY_CHANNEL_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0) die(birth);
    if (sigprocmask(SIG_SETMASK, &none, NULL) != 0) die(birth);
    fexecve(birth->image, birth->argv, no_environment);
    die(birth);
}

static bool raise_descriptor(int *fd)
{
    if (*fd < 0) return false;
    const int high = fcntl(*fd, F_DUPFD_CLOEXEC, FREE_FD);
    close(*fd);
    *fd = high;
    return high >= 0;
}

/* Channel and pipe: our ends into *run, the child's into *birth. */
static bool make_ends(struct assay_platform_run *run, struct birth *birth)
{
    int pair[2], ends[2];
    const int on = 1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
        return false;
    run->channel = pair[0];
    birth->channel = pair[1];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return false;
    run->error = ends[0];
    birth->error = ends[1];
    birth->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (setsockopt(run->channel, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) return false;
    return raise_descriptor(&birth->channel) && raise_descriptor(&birth->error) &&
           raise_descriptor(&birth->null) && raise_descriptor(&birth->image);
}

/* All signals wait while there are two of us: a handler of the daemon must not run in the child. */
static bool give_birth(struct assay_platform_run *run, const struct birth *birth)
{
    ASSAY_ASSERT(birth->image >= 0 && birth->channel >= 0 && birth->error >= 0 && birth->null >= 0);
    sigset_t all, before;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) return false;
    const pid_t pid = fork();
    if (pid == 0) become_enclave(birth);
    const int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    if (pid < 0) return false;
    run->pid = pid;
    setpgid(pid, pid); /* the first of the two; the other one has no effect */
    run->pidfd = pidfd_open(pid, 0);
    if (run->pidfd >= 0) return true;
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
    errno = error;
    return false;
}

enum assay_status assay_platform_run_start(const char *path, char *const *argv,
                                           struct assay_platform_run *run,
                                           uint8_t measurement[static 32],
                                           struct assay_platform_child *child,
                                           char message[static ASSAY_PLATFORM_MESSAGE_LEN])
{
    struct birth birth = { .image = -1, .channel = -1, .error = -1, .null = -1, .argv = argv };
    uint8_t measured[32];
    assay_platform_run_none(run);
    ASSAY_TRY(assay_platform_seal(path, &birth.image, message));
    birth.parent = getpid();
    enum assay_status status = assay_platform_measure(birth.image, measured);
    if (status == ASSAY_OK && !(make_ends(run, &birth) && give_birth(run, &birth)))
        status = ASSAY_E_IO;
    int own_pidfd = status == ASSAY_OK ? fcntl(run->pidfd, F_DUPFD_CLOEXEC, 0) : -1;
    if (status == ASSAY_OK && own_pidfd < 0) {
        kill((pid_t)-run->pid, SIGKILL);
        waitpid((pid_t)run->pid, NULL, 0);
        status = ASSAY_E_IO;
    }
    if (status != ASSAY_OK) report_refusal(message, status, "run", path);
    close_fd(&birth.image);
    close_fd(&birth.channel);
    close_fd(&birth.error);
    close_fd(&birth.null);
    if (status != ASSAY_OK) {
        assay_platform_run_close(run);
        return status;
    }
    assay_bytes_copy(measurement, 32, measured, 32);
    ASSAY_ASSERT(run->channel >= 0 && run->pidfd >= 0 && own_pidfd >= 0);
    *child = (struct assay_platform_child){ run->pid, own_pidfd };
    return ASSAY_OK;
}

bool assay_platform_run_alive(const struct assay_platform_run *run)
{
    if (run->pidfd < 0) return false;
    struct pollfd fd = { .fd = run->pidfd, .events = POLLIN };
    return poll(&fd, 1, 0) == 0;
}

int assay_platform_run_error(const struct assay_platform_run *run)
{
    int error = 0;
    if (run->error < 0 || read(run->error, &error, sizeof error) != (ssize_t)sizeof error) return 0;
    return error;
}

/* --------------------------------------------------------------- claims */

/* Credentials of the sender of a packet, from the kernel. Any other control data makes it
 * invalid. */
static enum assay_status sender_of(struct msghdr *message, int64_t *pid)
{
    enum assay_status status = ASSAY_E_INVALID;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
         part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_CREDENTIALS ||
            part->cmsg_len != CMSG_LEN(sizeof(struct ucred)))
            return ASSAY_E_INVALID;
        struct ucred sender;
        assay_bytes_copy(&sender, sizeof sender, CMSG_DATA(part), sizeof sender);
        *pid = sender.pid;
        status = ASSAY_OK;
    }
    return status;
}

enum assay_status assay_platform_run_receive(const struct assay_platform_run *run, uint8_t *bytes,
                                             size_t capacity, size_t *len)
{
    ASSAY_ASSERT(run->channel >= 0);
    struct iovec part = { .iov_base = bytes, .iov_len = capacity };
    /* Room for the sender's credentials and nothing more: descriptors do not fit and are closed. */
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = sizeof control.bytes };
    const ssize_t got = recvmsg(run->channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? ASSAY_E_AGAIN
                                                                         : ASSAY_E_IO;
    if (got == 0 && message.msg_controllen == 0) return ASSAY_E_IO;
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return ASSAY_E_INVALID;
    int64_t pid = 0;
    ASSAY_TRY(sender_of(&message, &pid));
    if (pid != run->pid) return ASSAY_E_STRANGER;
    *len = (size_t)got;
    ASSAY_ASSERT(*len <= capacity);
    return ASSAY_OK;
}
