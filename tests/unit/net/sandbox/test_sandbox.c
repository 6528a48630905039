/*
 * tests/unit/net/sandbox/test_sandbox.c - tests of the sandbox of the transport.
 *
 * The sockets that a transport may make behind its walls, and their options: TCP, and no other
 * stream; what libzmq sets, and nothing else.
 */
#include "net/sandbox/sandbox.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MPTCP = 262, SCTP = 132, SMC = 256 };

/* Returns: how a process ends that makes this socket behind the walls of a speaker: 0: it has one;
 * else the signal. */
static int make(int family, int type, int protocol)
{
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        if (assay_sandbox_filter_calls(ASSAY_SANDBOX_SPEAKER) != ASSAY_OK) _exit(77);
        (void)syscall(SYS_exit_group, socket(family, type, protocol) >= 0 ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

Test(net_sandbox, a_transport_makes_sockets_of_tcp_and_no_others)
{
    const int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
    cr_expect_eq(make(AF_INET, SOCK_STREAM | flags, 0), 0);
    cr_expect_eq(make(AF_INET, SOCK_STREAM, IPPROTO_TCP), 0);
    cr_expect_eq(make(AF_INET6, SOCK_STREAM | flags, IPPROTO_TCP), 0);
    const int others[] = { MPTCP, SCTP, SMC, IPPROTO_UDP };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        cr_expect_eq(make(AF_INET, SOCK_STREAM | flags, others[i]), SIGSYS, "%d", others[i]);
        cr_expect_eq(make(AF_INET6, SOCK_STREAM, others[i]), SIGSYS, "%d", others[i]);
    }
    cr_expect_eq(make(AF_INET, SOCK_DGRAM, 0), SIGSYS);
    cr_expect_eq(make(AF_UNIX, SOCK_STREAM, 0), SIGSYS);
    cr_expect_eq(make(AF_INET, SOCK_RAW, IPPROTO_TCP), SIGSYS);
}

/* Returns: how a process ends that sets this option of a TCP socket: 0: it was asked of the kernel,
 * which may have refused it; else the signal. */
static int set_option(int family, int level, int name)
{
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        const int one = 1;
        const int fd = socket(family, SOCK_STREAM, 0);
        if (fd < 0 || assay_sandbox_filter_calls(ASSAY_SANDBOX_SPEAKER) != ASSAY_OK) _exit(77);
        (void)setsockopt(fd, level, name, &one, sizeof one);
        (void)syscall(SYS_exit_group, 0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

Test(net_sandbox, a_transport_sets_the_options_of_libzmq_and_no_others)
{
    enum { ULP = 31, MD5SIG = 14, REPAIR = 19, BPF = 26, OF_TLS = 282 };
    cr_expect_eq(set_option(AF_INET, IPPROTO_TCP, TCP_NODELAY), 0);
    cr_expect_eq(set_option(AF_INET, IPPROTO_TCP, TCP_KEEPIDLE), 0);
    cr_expect_eq(set_option(AF_INET, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
    cr_expect_eq(set_option(AF_INET, SOL_SOCKET, SO_KEEPALIVE), 0);
    cr_expect_eq(set_option(AF_INET, SOL_SOCKET, SO_SNDBUF), 0);
    cr_expect_eq(set_option(AF_INET6, IPPROTO_IPV6, IPV6_V6ONLY), 0);
    const int tcp[] = { ULP, MD5SIG, REPAIR, TCP_CONGESTION, TCP_FASTOPEN };
    for (size_t i = 0; i < sizeof tcp / sizeof tcp[0]; i++)
        cr_expect_eq(set_option(AF_INET, IPPROTO_TCP, tcp[i]), SIGSYS, "%d", tcp[i]);
    cr_expect_eq(set_option(AF_INET, SOL_SOCKET, BPF), SIGSYS); /* SO_ATTACH_FILTER */
    cr_expect_eq(set_option(AF_INET, OF_TLS, 1), SIGSYS);
    cr_expect_eq(set_option(AF_INET, SOL_IP, 64), SIGSYS); /* of netfilter's tables */
    cr_expect_eq(set_option(AF_INET6, IPPROTO_IPV6, IPV6_JOIN_GROUP), SIGSYS);
}

/* Returns: how a process under SCHED_BATCH ends that takes this policy; 0: it has it; else the
 * signal. */
static int take_policy(int policy)
{
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        const struct sched_param none = { 0 };
        if (sched_setscheduler(0, SCHED_BATCH, &none) != 0 ||
            assay_sandbox_filter_calls(ASSAY_SANDBOX_SPEAKER) != ASSAY_OK)
            _exit(77);
        (void)syscall(SYS_exit_group, sched_setscheduler(0, policy, &none) != 0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

/* libzmq's threads set it at their first steps, and a service manager may have chosen it. */
Test(net_sandbox, threads_take_the_scheduling_policy_of_their_process_and_no_other)
{
    cr_expect_eq(take_policy(SCHED_BATCH), 0);
    cr_expect_eq(take_policy(SCHED_IDLE), SIGSYS);
    cr_expect_eq(take_policy(SCHED_OTHER), SIGSYS);
}
