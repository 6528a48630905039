/*
 * net/sandbox/sandbox.c - seccomp, Landlock and resource limits.
 */
#include "net/sandbox/sandbox.h"

#include "base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

/* ------------------------------------------------------------ limits */

static bool set_limit(int which, uint64_t most)
{
    const struct rlimit both = { most, most };
    return setrlimit((__rlimit_resource_t)which, &both) == 0;
}

uint64_t assay_sandbox_get_mapped(void)
{
    char line[128]; /* "MAPPED RESIDENT ..", in pages */
    uint64_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) return 0;
    if (fgets(line, sizeof line, file) != NULL) pages = strtoull(line, NULL, 10);
    (void)fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void assay_sandbox_prefer_oom_kill(void)
{
    FILE *file = fopen("/proc/self/oom_score_adj", "we");
    if (file == NULL) return;
    (void)fputs("800", file);
    (void)fclose(file);
}

/* What root may is nothing that this process needs, but for a listener below port 1024.
 * Returns: whether nothing more is left. */
static bool drop_capabilities(enum assay_sandbox sandbox)
{
    ASSAY_ASSERT(sandbox <= ASSAY_SANDBOX_FORKER);
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    const uint32_t kept =
        sandbox == ASSAY_SANDBOX_SPEAKER ? UINT32_C(1) << CAP_NET_BIND_SERVICE : 0;
    if (syscall(SYS_capget, &head, data) != 0) return false;
    if ((data[0].permitted & ~kept) == 0 && data[1].permitted == 0) return true; /* no root */
    data[0].effective &= kept;
    data[0].permitted &= kept;
    data[0].inheritable = 0;
    data[1] = (struct __user_cap_data_struct){ 0 };
    return syscall(SYS_capset, &head, data) == 0;
}

uint32_t assay_sandbox_apply_limits(enum assay_sandbox sandbox, uint64_t memory)
{
    uint32_t walls = 0;
#ifdef SANITIZED
    memory = 0;
#endif
    if (memory > 0 && set_limit(RLIMIT_AS, memory)) walls |= ASSAY_SANDBOX_LAYER_MEMORY;
    /* Of a reader: descriptors that are open stay open; there will be no other. */
    const bool all = set_limit(RLIMIT_CORE, 0) && set_limit(RLIMIT_FSIZE, 0) &&
                     (sandbox == ASSAY_SANDBOX_SPEAKER || set_limit(RLIMIT_NOFILE, 0));
    const bool shut = drop_capabilities(sandbox) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                      prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
    return all && shut ? walls | ASSAY_SANDBOX_LAYER_LIMITS : walls;
}

/* ------------------------------------------------------------ files */

/* Of linux/landlock.h, which may be older than the kernel that this runs on. */
#define LANDLOCK_CREATE 444
#define LANDLOCK_ENTER 446
enum { LANDLOCK_ASK_VERSION = 1 };

struct landlock_rights {
    uint64_t files, ports, scopes;
};

/* Every right that the kernel knows is withheld, since no rule gives it back. */
static struct landlock_rights landlock_access(enum assay_sandbox sandbox, long version)
{
    ASSAY_ASSERT(version >= 1);
    struct landlock_rights r = { .files = (UINT64_C(1) << 13) - 1 };
    if (version >= 2) r.files |= UINT64_C(1) << 13; /* REFER */
    if (version >= 3) r.files |= UINT64_C(1) << 14; /* TRUNCATE */
    if (version >= 4 && sandbox != ASSAY_SANDBOX_SPEAKER) r.ports = 3; /* bind, connect */
    if (version >= 5) r.files |= UINT64_C(1) << 15; /* ioctl of devices */
    if (version >= 6) r.scopes = 3;                 /* abstract sockets, signals */
    return r;
}

static size_t rights_len(long version)
{
    ASSAY_ASSERT(version >= 1);
    if (version >= 6) return sizeof(struct landlock_rights);
    return version >= 4 ? offsetof(struct landlock_rights, scopes)
                        : offsetof(struct landlock_rights, ports);
}

uint32_t assay_sandbox_close_files(enum assay_sandbox sandbox, uint32_t *version)
{
    *version = 0;
    const long known = syscall(LANDLOCK_CREATE, NULL, (size_t)0, LANDLOCK_ASK_VERSION);
    if (known < 1) return 0;
    const struct landlock_rights rights = landlock_access(sandbox, known);
    const long rules = syscall(LANDLOCK_CREATE, &rights, rights_len(known), 0);
    if (rules < 0) return 0;
    const bool in = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                    syscall(LANDLOCK_ENTER, (int)rules, 0) == 0;
    (void)close((int)rules);
    if (!in) return 0;
    *version = (uint32_t)known;
    return ASSAY_SANDBOX_LAYER_FILES;
}

/* Of linux/landlock.h: rights of files that change something, or execute. */
enum {
    RIGHT_EXECUTE = 1 << 0,
    RIGHT_WRITE = 1 << 1,
    RIGHTS_OF_FOLDERS = 0x1ff0, /* remove and make, of every sort */
    RIGHT_REFER = 1 << 13,
    RIGHT_TRUNCATE = 1 << 14,
};
enum { LANDLOCK_ADD = 445, LANDLOCK_BENEATH = 1 };

struct landlock_beneath {
    uint64_t rights;
    int32_t folder;
} __attribute__((packed));

static uint64_t landlock_write_rights(long version)
{
    ASSAY_ASSERT(version >= 1);
    uint64_t rights = RIGHT_WRITE | RIGHTS_OF_FOLDERS;
    if (version >= 2) rights |= RIGHT_REFER;
    if (version >= 3) rights |= RIGHT_TRUNCATE;
    return rights;
}

static bool leave_writable(int rules, const char *folder, uint64_t rights)
{
    ASSAY_ASSERT(rules >= 0 && folder != NULL);
    const int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const struct landlock_beneath beneath = { .rights = rights, .folder = fd };
    const bool added = syscall(LANDLOCK_ADD, rules, LANDLOCK_BENEATH, &beneath, 0) == 0;
    (void)close(fd);
    return added;
}

bool assay_sandbox_restrict_writes(const char *const *folders, size_t count)
{
#ifdef ASSAY_COVERAGE
    return true; /* the counts are written next to the objects */
#endif
    const long known = syscall(LANDLOCK_CREATE, NULL, (size_t)0, LANDLOCK_ASK_VERSION);
    if (known < 1) return true;
    const uint64_t changes = landlock_write_rights(known);
    const struct landlock_rights rights = { .files = changes | RIGHT_EXECUTE };
    const size_t len = offsetof(struct landlock_rights, ports);
    const long rules = syscall(LANDLOCK_CREATE, &rights, len, 0);
    if (rules < 0) return false;
    bool done = true;
    for (size_t i = 0; i < count && done; i++)
        done = leave_writable((int)rules, folders[i], changes);
    done = done && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(LANDLOCK_ENTER, (int)rules, 0) == 0;
    (void)close((int)rules);
    return done;
}

/* ------------------------------------------------------------ calls */

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

/* To compute, and to use the open sockets. */
static const int allowed[] = {
    SYS_read,         SYS_write,         SYS_readv,      SYS_writev,      SYS_recvfrom,
    SYS_recvmsg,      SYS_sendto,        SYS_sendmsg,    SYS_ppoll,       SYS_close,
    SYS_futex,        SYS_munmap,        SYS_mremap,     SYS_brk,         SYS_madvise,
    SYS_getrandom,    SYS_clock_gettime, SYS_getpid,     SYS_gettid,      SYS_sched_yield,
    SYS_nanosleep,    SYS_clock_nanosleep, SYS_rt_sigreturn, SYS_rt_sigprocmask,
    SYS_restart_syscall, SYS_exit,       SYS_exit_group,
#ifdef SYS_poll
    SYS_poll,
#endif
#ifdef SANITIZED
    SYS_sigaltstack, SYS_rt_sigaction, SYS_getrusage, SYS_prctl, SYS_set_robust_list,
    SYS_sched_getaffinity,
#endif
};

/* Harmless probes by libraries; they tolerate a refusal, and Landlock denies it anyway. */
static const int curious[] = {
    SYS_openat,   SYS_newfstatat, SYS_fstat,      SYS_statx, SYS_faccessat,         SYS_readlinkat,
    SYS_ioctl,    SYS_fcntl,      SYS_lseek,      SYS_uname, SYS_sched_getaffinity, SYS_getrlimit,
    SYS_prlimit64, SYS_sysinfo,
#ifdef SYS_open
    SYS_open,     SYS_stat,       SYS_lstat,      SYS_access, SYS_readlink,
#endif
};

/* Of a speaker: callers in, calls out, what libzmq's threads wake each other with, and what
 * libsodium keeps keys in. */
static const int spoken[] = {
    SYS_accept4,     SYS_connect,      SYS_getsockopt,  SYS_getsockname, SYS_getpeername,
    SYS_shutdown,     SYS_epoll_ctl,   SYS_epoll_pwait, SYS_eventfd2,
    SYS_epoll_create1, SYS_mlock,     SYS_munlock,     SYS_rseq,       SYS_set_robust_list,
    SYS_sched_getscheduler, SYS_sched_getparam,
#ifdef SYS_accept
    SYS_accept,
#endif
#ifdef SYS_epoll_wait
    SYS_epoll_wait,
#endif
};

enum { PROGRAM_MAX = 511 };

struct program {
    struct sock_filter lines[PROGRAM_MAX];
    unsigned short count;
};

static void add_instruction(struct program *p, uint16_t code, uint8_t yes, uint8_t no, uint32_t k)
{
    ASSAY_ASSERT(p->count < PROGRAM_MAX);
    p->lines[p->count++] = (struct sock_filter){ .code = code, .jt = yes, .jf = no, .k = k };
}

static void add_answer(struct program *p, uint32_t what)
{
    add_instruction(p, BPF_RET | BPF_K, 0, 0, what);
}

static void add_load(struct program *p, size_t offset)
{
    ASSAY_ASSERT(offset < sizeof(struct seccomp_data));
    add_instruction(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

/* The low half of an argument; all three machines are little-endian. */
static void add_load_argument(struct program *p, unsigned which)
{
    ASSAY_ASSERT(which < 6);
    add_load(p, offsetof(struct seccomp_data, args) + 8 * (size_t)which);
}

static void add_errno(struct program *p, int number, uint32_t what)
{
    add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (uint32_t)number);
    add_answer(p, what);
}

/* Where an argument has that value; the number of the call is loaded again afterwards. */
static void add_errno_where(struct program *p, int number, unsigned which, uint32_t value)
{
    ASSAY_ASSERT(which < 6);
    add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, (uint32_t)number);
    add_load_argument(p, which);
    add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value);
    add_answer(p, SECCOMP_RET_ALLOW);
    add_load(p, offsetof(struct seccomp_data, nr));
}

/* TCP alone: a stream without a protocol, or with TCP's number. MPTCP, SCTP and SMC are streams as
 * well, and much more of the kernel to attack. Whenever a connection ends libzmq asks the kernel
 * for its interfaces, and continues without them when the call fails as unsupported. */
static void build_sockets(struct program *p)
{
    const int families[] = { AF_INET, AF_INET6 };
    for (size_t i = 0; i < 2; i++) {
        add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 10, SYS_socket);
        add_load_argument(p, 0);
        add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 7, (uint32_t)families[i]);
        add_load_argument(p, 1);
        add_instruction(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xf); /* without its flags */
        add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, SOCK_STREAM);
        add_load_argument(p, 2);
        add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0);
        add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, IPPROTO_TCP);
        add_answer(p, SECCOMP_RET_ALLOW);
        add_load(p, offsetof(struct seccomp_data, nr));
    }
    add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, SYS_socket);
    add_load_argument(p, 0);
    add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, AF_NETLINK);
    add_answer(p, SECCOMP_RET_ERRNO | EOPNOTSUPP);
    add_load(p, offsetof(struct seccomp_data, nr));
}

/* What libzmq sets on connections of TCP (its tcp.cpp, ip.cpp and tcp_connecter.cpp). No other
 * option: TCP_ULP, for one, puts a connection into the kernel's TLS, which is much more of the
 * kernel to attack. */
static void build_options(struct program *p)
{
    ASSAY_ASSERT(p->count > 0);
    static const struct {
        uint32_t level, name;
    } options[] = {
        { SOL_SOCKET, SO_REUSEADDR },      { SOL_SOCKET, SO_KEEPALIVE },
        { SOL_SOCKET, SO_SNDBUF },         { SOL_SOCKET, SO_RCVBUF },
        { IPPROTO_TCP, TCP_NODELAY },      { IPPROTO_TCP, TCP_KEEPIDLE },
        { IPPROTO_TCP, TCP_KEEPINTVL },    { IPPROTO_TCP, TCP_KEEPCNT },
        { IPPROTO_TCP, TCP_USER_TIMEOUT }, { IPPROTO_IPV6, IPV6_V6ONLY },
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 6, SYS_setsockopt);
        add_load_argument(p, 1);
        add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, options[i].level);
        add_load_argument(p, 2);
        add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, options[i].name);
        add_answer(p, SECCOMP_RET_ALLOW);
        add_load(p, offsetof(struct seccomp_data, nr));
    }
}

/* bind and listen are not there: where it listens was settled before. Threads of libzmq were made
 * before, too, and may not have come to their first steps: they take the scheduling policy that
 * they have, which is another than SCHED_OTHER where a service manager says so. */
static void build_spoken(struct program *p)
{
    ASSAY_ASSERT(p->count > 0);
    for (size_t i = 0; i < sizeof spoken / sizeof spoken[0]; i++)
        add_errno(p, spoken[i], SECCOMP_RET_ALLOW);
    build_sockets(p);
    build_options(p);
    add_errno_where(p, SYS_fcntl, 1, F_GETFL);
    add_errno_where(p, SYS_fcntl, 1, F_SETFL);
    add_errno_where(p, SYS_fcntl, 1, F_SETFD);
    add_errno_where(p, SYS_prctl, 0, PR_SET_NAME);
    add_errno_where(p, SYS_sched_setscheduler, 1, (uint32_t)sched_getscheduler(0));
}

/* A copy of the process, never a thread or a namespace; what the copy does before it is a reader;
 * and waiting for its end. */
static void build_forker(struct program *p)
{
    ASSAY_ASSERT(p->count > 0);
    static const int calls[] = { SYS_wait4, SYS_set_robust_list, SYS_getppid, SYS_seccomp };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        add_errno(p, calls[i], SECCOMP_RET_ALLOW);
    add_errno_where(p, SYS_clone, 0, CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD);
    add_errno_where(p, SYS_prctl, 0, PR_SET_PDEATHSIG);
    add_errno_where(p, SYS_prctl, 0, PR_SET_NO_NEW_PRIVS);
    add_errno_where(p, SYS_prlimit64, 1, RLIMIT_CPU);
}

static void build_filter(struct program *p, enum assay_sandbox sandbox)
{
    ASSAY_ASSERT(p->count == 0 && sandbox <= ASSAY_SANDBOX_FORKER);
    const uint32_t refused = SECCOMP_RET_ERRNO | EACCES;
    add_load(p, offsetof(struct seccomp_data, arch));
#ifdef ARCHITECTURE
    add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCHITECTURE);
    add_answer(p, SECCOMP_RET_KILL_PROCESS);
#endif
    add_load(p, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        add_errno(p, allowed[i], SECCOMP_RET_ALLOW);
    if (sandbox == ASSAY_SANDBOX_SPEAKER) build_spoken(p);
    if (sandbox == ASSAY_SANDBOX_FORKER) build_forker(p);
    for (size_t i = 0; i < sizeof curious / sizeof curious[0]; i++)
        add_errno(p, curious[i], refused);
    const int maps[] = { SYS_mmap, SYS_mprotect };
    for (size_t i = 0; i < 2; i++) {
        add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, (uint32_t)maps[i]);
        add_load_argument(p, 2);
        add_instruction(p, BPF_JMP | BPF_JSET | BPF_K, 0, 1, PROT_EXEC);
        add_answer(p, refused);
        add_answer(p, SECCOMP_RET_ALLOW);
    }
    /* abort(), so that the core reads the reason; no signal to another process. */
    add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, SYS_tgkill);
    add_load_argument(p, 0);
    add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (uint32_t)getpid());
    add_answer(p, SECCOMP_RET_ALLOW);
    add_answer(p, SECCOMP_RET_KILL_PROCESS); /* x32 too: its numbers are others */
}

enum assay_status assay_sandbox_filter_calls(enum assay_sandbox sandbox)
{
    struct program program = { .count = 0 };
#ifndef ARCHITECTURE
    return ASSAY_E_UNSUPPORTED; /* numbers without the machine they belong to are no wall */
#endif
    build_filter(&program, sandbox);
    const struct sock_fprog all = { .len = program.count, .filter = program.lines };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return ASSAY_E_UNSUPPORTED;
    const long status =
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &all);
    return status == 0 ? ASSAY_OK : ASSAY_E_UNSUPPORTED;
}
