/*
 * apps/enclave/main.c - assay-enclave: a workload that does visible work and vouches for its
 * daemon.
 *
 * usage: assay-enclave SERVICE_SOCKET
 *
 * It is started by a platform (quote/source/platform/platform.h) with its end of the channel at
 * descriptor ASSAY_CHANNEL_FD. It holds no secret. It ends cleanly on SIGTERM, on SIGINT and when
 * the channel closes. Exit status: 0 ended, 1 the socket or the channel cannot be had, 2 usage.
 */
#include "apps/enclave/service.h"
#include "base/assert.h"
#include "base/system_clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Step of the genuine build; the tampered build of the tests has another. */
#ifndef ASSAY_COUNTER_STEP
#define ASSAY_COUNTER_STEP 1
#endif

enum { FRAMES_PER_TURN = 16 };

static const char usage[] =
    "usage: assay-enclave SERVICE_SOCKET\n"
    "       assay-enclave --help | --version\n"
    "\n"
    "Run the sample workload of a node: it counts, answers on SERVICE_SOCKET and\n"
    "takes part in quotes. assayd starts it (enclave.path of its configuration) with\n"
    "a channel at descriptor 3; without one it exits with status 1. Its measurement\n"
    "is the SHA-256 of this file.\n"
    "\n"
    "examples:\n"
    "  sha256sum \"$(command -v assay-enclave)\"\n"
    "exit status: 0 stopped on request; 1 socket or channel not available; 2 usage\n";

static bool log_event(const struct assay_channel_frame *frame)
{
    uint8_t bytes[ASSAY_CHANNEL_FRAME_MAX];
    const size_t len = assay_channel_encode(frame, bytes);
    return send(ASSAY_CHANNEL_FD, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

/* Returns: true when the platform got its answer. */
static bool receive_channel(const struct assay_channel_frame *frame, struct counter *counter)
{
    struct assay_channel_frame answer = *frame; /* same id and body */
    switch (frame->kind) {
    case ASSAY_CHANNEL_PROPOSE:
        /* This is the consent: the parent process with the channel is our daemon, and report_data
         * binds its keys. A suspended enclave is attested too (docs/protocol.md 10.5). */
        answer.kind = ASSAY_CHANNEL_QUOTE;
        return log_event(&answer);
    case ASSAY_CHANNEL_MODE:
        counter->mode = (enum assay_channel_mode)frame->body[0]; /* decode has checked it */
        answer.kind = ASSAY_CHANNEL_MODE_SET;
        return log_event(&answer);
    case ASSAY_CHANNEL_PING: answer.kind = ASSAY_CHANNEL_PONG; return log_event(&answer);
    case ASSAY_CHANNEL_HELLO:
    case ASSAY_CHANNEL_QUOTE:
    case ASSAY_CHANNEL_MODE_SET:
    case ASSAY_CHANNEL_PONG: return true; /* an enclave sends these; from a platform: ignored */
    }
    ASSAY_UNREACHABLE("a kind outside the list");
}

/* Returns: false when the platform is gone. */
static bool channel_step(struct counter *counter)
{
    for (int i = 0; i < FRAMES_PER_TURN; i++) {
        uint8_t bytes[ASSAY_CHANNEL_FRAME_MAX + 1];
        const ssize_t got = recv(ASSAY_CHANNEL_FD, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
        if (got == 0) return false;
        struct assay_channel_frame frame;
        if (assay_channel_decode(bytes, (size_t)got, &frame) != ASSAY_OK) continue;
        if (!receive_channel(&frame, counter))
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
static bool run_loop(struct service *service, struct counter *counter, int signals)
{
    for (;;) {
        struct pollfd fds[2 + SERVICE_FDS] = { { .fd = signals, .events = POLLIN },
                                               { .fd = ASSAY_CHANNEL_FD, .events = POLLIN } };
        const size_t count = 2 + service_poll_set(service, fds + 2);
        if (poll(fds, count, -1) < 0 && errno != EINTR) return false;
        if ((fds[0].revents & POLLIN) != 0) return true;
        if (!channel_step(counter)) return true;
        service_step(service, counter, assay_monotonic_ms());
    }
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
    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "assay-enclave: expected one path of a socket, found %s\n",
                argc == 2  ? argv[1]
                : argc < 2 ? "none"
                           : "several words");
        fputs("`assay-enclave --help` has details\n", stderr);
        return 2;
    }
    /* It does not work before it has received its mode. */
    struct counter counter = { .step = ASSAY_COUNTER_STEP, .mode = ASSAY_CHANNEL_MODE_SUSPENDED };
    struct service service;
    const int signals = signals_fd();
    if (service_open(&service, argv[1]) != ASSAY_OK) {
        fprintf(stderr, "assay-enclave: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    const struct assay_channel_frame hello = { .kind = ASSAY_CHANNEL_HELLO };
    const bool connected = signals >= 0 && log_event(&hello);
    if (!connected)
        fprintf(stderr, "assay-enclave: no channel at descriptor 3: assayd starts this program\n");
    const bool ran = connected && run_loop(&service, &counter, signals);
    service_close(&service);
    return ran ? 0 : 1;
}
