/*
 * apps/enclave/main.c - assay-enclave: a workload that does visible work and vouches for its
 * daemon.
 *
 * usage: assay-enclave SERVICE_SOCKET [--key-user NAME=UID]...
 *
 * It is started by a platform (quote/source/platform/platform.h) with its end of the channel at
 * descriptor ASSAY_CHANNEL_FD. It holds no secret: programs that have keys register the public
 * ones with it. It ends cleanly on SIGTERM, on SIGINT and when
 * the channel closes. Exit status: 0 ended, 1 the socket or the channel cannot be had, 2 usage.
 */
#include "apps/enclave/channel_answers.h"
#include "apps/enclave/service.h"
#include "base/assert.h"
#include "base/crypto/configuration.h"
#include "base/system_clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Step of the genuine build; the tampered build of the tests has another. */
#ifndef ASSAY_COUNTER_STEP
#define ASSAY_COUNTER_STEP 1
#endif

enum { FRAMES_PER_TURN = 16 };

static const char usage[] =
    "usage: assay-enclave SERVICE_SOCKET [--key-user NAME=UID]...\n"
    "       assay-enclave --help | --version\n"
    "\n"
    "Run the sample workload of a node: it counts, answers on SERVICE_SOCKET, takes\n"
    "part in quotes and registers workload keys of programs. assayd starts it (enclave.path of its "
    "configuration) with\n"
    "a channel at descriptor 3; without one it exits with status 1. Its measurement\n"
    "is the SHA-256 of this file.\n"
    "\n"
    "  --key-user NAME=UID  only this user registers keys of this name; up to 16 names\n"
    "\n"
    "examples:\n"
    "  sha256sum \"$(command -v assay-enclave)\"\n"
    "exit status: 0 stopped on request; 1 socket or channel not available; 2 usage\n";

/* What this process is about; one of it. */
struct enclave {
    struct counter counter;
    struct registrations keys;
    struct service service;
};

static bool send_frame(const struct assay_channel_frame *frame)
{
    uint8_t bytes[ASSAY_CHANNEL_FRAME_MAX];
    const size_t len = assay_channel_encode(frame, bytes);
    return send(ASSAY_CHANNEL_FD, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

/* Returns: true when the platform got its answers. */
static bool receive_channel(const struct assay_channel_frame *frame, struct enclave *enclave)
{
    struct channel_answers answers;
    channel_answer(frame, &enclave->counter, &enclave->keys, &answers);
    for (uint32_t i = 0; i < answers.count; i++)
        if (!send_frame(&answers.frames[i])) return false;
    return true;
}

/* Returns: false when the platform is gone. */
static bool channel_step(struct enclave *enclave)
{
    for (int i = 0; i < FRAMES_PER_TURN; i++) {
        uint8_t bytes[ASSAY_CHANNEL_FRAME_MAX + 1];
        const ssize_t got = recv(ASSAY_CHANNEL_FD, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
        if (got == 0) return false;
        struct assay_channel_frame frame;
        if (assay_channel_decode(bytes, (size_t)got, &frame) != ASSAY_OK) continue;
        if (!receive_channel(&frame, enclave))
            return false; /* the platform does not read: give up */
    }
    return true;
}

static int signals_fd(void)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    if (sigprocmask(SIG_BLOCK, &ends, NULL) != 0) return -1;
    return signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Returns: false when a poll failed; the end by signal or channel is no failure. */
static bool run_loop(struct enclave *enclave, int signals)
{
    for (;;) {
        struct pollfd fds[2 + SERVICE_FDS] = { { .fd = signals, .events = POLLIN },
                                               { .fd = ASSAY_CHANNEL_FD, .events = POLLIN } };
        const size_t count = 2 + service_poll_set(&enclave->service, fds + 2);
        if (poll(fds, count, -1) < 0 && errno != EINTR) return false;
        if ((fds[0].revents & POLLIN) != 0) return true;
        if (!channel_step(enclave)) return true;
        service_step(&enclave->service, &enclave->counter, &enclave->keys, assay_monotonic_ms());
    }
}

static int fail_usage(const char *expected, const char *found)
{
    fprintf(stderr, "assay-enclave: expected %s, found %s\n", expected, found);
    fputs("`assay-enclave --help` has details\n", stderr);
    return 2;
}

/* Out: *path: of the socket. Returns: the exit status; 0: the words are fine. */
static int read_words(int argc, char **argv, const char **path, struct registration_users *users)
{
    *path = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--key-user") == 0) {
            const char *const text = i + 1 < argc ? argv[++i] : "";
            const enum assay_status status = registration_users_add(users, text);
            if (status == ASSAY_E_DUPLICATE) return fail_usage("one user of a name", text);
            if (status == ASSAY_E_FULL) return fail_usage("up to 16 --key-user", text);
            if (status != ASSAY_OK) return fail_usage("--key-user NAME=UID", text);
        } else if (argv[i][0] == '-') {
            return fail_usage("one path of a socket", argv[i]);
        } else if (*path != NULL) {
            return fail_usage("one path of a socket", "several words");
        } else {
            *path = argv[i];
        }
    }
    return *path != NULL ? 0 : fail_usage("one path of a socket", "none");
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("assay-enclave " ASSAY_VERSION);
        return 0;
    }
    const char *path;
    struct registration_users users = { .owner = geteuid() };
    const int usage_status = read_words(argc, argv, &path, &users);
    if (usage_status != 0) return usage_status;
    /* It does not work before it has received its mode. */
    static struct enclave enclave = { .counter = { .step = ASSAY_COUNTER_STEP,
                                                   .mode = ASSAY_CHANNEL_MODE_SUSPENDED } };
    uint8_t boot[32];
    const int signals = signals_fd();
    assay_crypto_ignore_configuration();
    if (getrandom(boot, sizeof boot, 0) != (ssize_t)sizeof boot) {
        fprintf(stderr, "assay-enclave: the system has no random bytes\n");
        return 1;
    }
    registrations_init(&enclave.keys, &users, boot);
    if (service_open(&enclave.service, path) != ASSAY_OK) {
        fprintf(stderr, "assay-enclave: %s: %s\n", path, strerror(errno));
        return 1;
    }
    const struct assay_channel_frame states = { .kind = ASSAY_CHANNEL_STATES };
    const struct assay_channel_frame hello = { .kind = ASSAY_CHANNEL_HELLO };
    const bool connected = signals >= 0 && send_frame(&states) && send_frame(&hello);
    if (!connected)
        fprintf(stderr, "assay-enclave: no channel at descriptor 3: assayd starts this program\n");
    const bool ran = connected && run_loop(&enclave, signals);
    service_close(&enclave.service);
    return ran ? 0 : 1;
}
