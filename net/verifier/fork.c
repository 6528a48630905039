/*
 * net/verifier/fork.c - forked copies of a verifier, one for each piece of evidence.
 */
#include "net/verifier/fork.h"

#include "base/assert.h"
#include "net/sandbox/sandbox.h"
#include "net/sandbox/child.h"
#include "net/verifier/wire.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int answers[2] = { -1, -1 }; /* a copy writes to the second */

__attribute__((noreturn)) static void give_up(const char *why)
{
    (void)fprintf(stderr, "copy: %s", why);
    _exit(1);
}

bool assay_verifier_process_fork_open(void)
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, answers) == 0;
}

/* The copy: it ends with its parent, cannot reach the core, and is a reader from here on. */
__attribute__((noreturn)) static void appraise_one(pid_t parent, uint32_t cpu_s,
                                                   struct assay_slice job,
                                                   assay_verifier_process_appraise *appraise,
                                                   void *context)
{
    ASSAY_ASSERT(cpu_s > 0 && answers[1] >= 0);
    uint8_t out[ASSAY_VERIFIER_PROCESS_ANSWER_LEN_MAX];
    struct assay_slice answer;
    struct assay_writer w = assay_writer_over(out, sizeof out);
    const struct rlimit cpu = { cpu_s, cpu_s };
    (void)close(ASSAY_CHILD_SOCKET_FD);
    (void)close(answers[0]);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) give_up("it would outlive its parent");
    if (getppid() != parent) _exit(1);
    if (prlimit(0, RLIMIT_CPU, &cpu, NULL) != 0) give_up("its time cannot be limited");
    if (assay_sandbox_filter_calls(ASSAY_SANDBOX_READER) != ASSAY_OK)
        give_up("it cannot be confined");
    appraise(context, job, &w);
    if (assay_writer_finish(&w, &answer) != ASSAY_OK) give_up("its answer is too long");
    if (send(answers[1], answer.bytes, answer.len, MSG_NOSIGNAL) < 0) _exit(1);
    _exit(0);
}

/* Waits for its end. Its first words, if any, are on standard error already. */
static void await_end(pid_t copy)
{
    char why[48];
    int status = 0;
    while (waitpid(copy, &status, 0) < 0)
        if (errno != EINTR) give_up("nobody to wait for");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    if (WIFSIGNALED(status)) (void)snprintf(why, sizeof why, "signal %d", WTERMSIG(status));
    else (void)snprintf(why, sizeof why, "status %d", WEXITSTATUS(status));
    give_up(why);
}

static void forward_verdict(uint8_t *memory, size_t len)
{
    ASSAY_ASSERT(answers[0] >= 0 && len > 0);
    uint8_t more[1];
    const ssize_t got = recv(answers[0], memory, len, MSG_DONTWAIT | MSG_TRUNC);
    if (got <= 0 || (size_t)got > len) give_up("it gave no answer");
    if (recv(answers[0], more, sizeof more, MSG_DONTWAIT) >= 0) give_up("it gave two answers");
    if (send(ASSAY_CHILD_SOCKET_FD, memory, (size_t)got, MSG_NOSIGNAL) < 0)
        _exit(0); /* the core is gone */
}

void assay_verifier_process_fork_serve(uint32_t cpu_s, uint8_t *memory, size_t len,
                                       assay_verifier_process_appraise *appraise, void *context)
{
    ASSAY_ASSERT(memory != NULL && len > 0);
    const pid_t self = getpid();
    ASSAY_ASSERT(cpu_s > 0 && answers[0] >= 0);
    for (;;) {
        const ssize_t got = recv(ASSAY_CHILD_SOCKET_FD, memory, len, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) _exit(0);
        const pid_t copy = fork();
        if (copy < 0) give_up(strerror(errno));
        if (copy == 0)
            appraise_one(self, cpu_s, assay_slice_over(memory, (size_t)got), appraise, context);
        await_end(copy);
        forward_verdict(memory, len);
    }
}
