/*
 * The sockets that a transport may make behind its walls: TCP, and no other stream.
 */
#include "net/child/cage.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
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
        if (assay_cage_calls(ASSAY_CAGE_SPEAKER) != ASSAY_OK) _exit(77);
        (void)syscall(SYS_exit_group, socket(family, type, protocol) >= 0 ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

Test(net_cage, a_transport_makes_sockets_of_tcp_and_no_others)
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
