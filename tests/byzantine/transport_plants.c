/*
 * tests/byzantine/transport_plants.c - everything that hostile bytes could do to a transport, done
 * on purpose: it falls, hangs, grows, lies, or uses what it may not.
 */
#include "tests/byzantine/transport_plants.h"

#include "net/sandbox/child.h"
#include "net/transport/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The core is told which call was refused, by the words of the end. */
__attribute__((noreturn)) static void end_with(const char *what, int told)
{
    (void)fprintf(stderr, "%s: %s", what, told == EACCES ? "refused" : "allowed");
    abort();
}

static void crash(void)
{
    volatile uintptr_t at = 16;
    (void)*(volatile int *)at;
}

static void spin(void)
{
    volatile unsigned i = 0;
    while (i < 2)
        i = 1 - i;
}

static void rest(void)
{
    const struct timespec long_time = { .tv_sec = 3600 };
    (void)nanosleep(&long_time, NULL);
}

/* --- libzmq's own thread, at its next wait: its calls of the C library meet this first */

enum { AWAKE, SLEEPS, SPINS };

static _Atomic int other_threads = AWAKE;

__attribute__((visibility("default"))) int epoll_wait(int fd, struct epoll_event *events, int most,
                                                      int timeout_ms)
{
    const bool other = syscall(SYS_gettid) != getpid();
    if (other && other_threads == SLEEPS) rest();
    if (other && other_threads == SPINS) spin();
    return epoll_pwait(fd, events, most, timeout_ms, NULL);
}

static void rest_in_libzmq(void)
{
    other_threads = SLEEPS;
}

static void spin_in_libzmq(void)
{
    other_threads = SPINS;
}

/* Every page is touched; where there is no more, it falls as careless code would. */
static void grow(void)
{
    for (;;) {
        volatile char *more = malloc(1 << 20);
        if (more == NULL) {
            (void)fprintf(stderr, "no memory");
            abort();
        }
        for (size_t i = 0; i < 1 << 20; i += 4096)
            more[i] = 1;
    }
}

static void fall_by_abort(void)
{
    (void)fprintf(stderr, "a planted\nabort");
    abort();
}

static void read_file(void)
{
    const int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
    end_with("read", fd < 0 ? errno : 0);
}

static void write_file(void)
{
    const int fd = open("/tmp/assay-transport-was-here", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    end_with("write", fd < 0 ? errno : 0);
}

static void make_code(void)
{
    void *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                      -1, 0);
    end_with("code", code == MAP_FAILED ? errno : 0);
}

/* These end it at once: seccomp says so. */
static void run_program(void)
{
    char name[] = "/bin/true";
    char *const argv[] = { name, NULL };
    (void)execv(name, argv);
}

static void fork_one(void)
{
    (void)fork();
}

static void kill_parent(void)
{
    (void)kill(getppid(), SIGTERM);
}

/* One more listener. */
static void listen_more(void)
{
    (void)listen(socket(AF_INET, SOCK_STREAM, 0), 1);
}

static void speak_udp(void)
{
    (void)socket(AF_INET, SOCK_DGRAM, 0);
}

static void bind_one(void)
{
    const struct sockaddr_in any = { .sin_family = AF_INET };
    (void)bind(socket(AF_INET, SOCK_STREAM, 0), (const struct sockaddr *)&any, sizeof any);
}

static void speak_unix(void)
{
    (void)socket(AF_UNIX, SOCK_STREAM, 0);
}

/* A packet that is none. */
static void babble(void)
{
    (void)send(ASSAY_CHILD_SOCKET_FD, "babble", 6, 0);
    rest();
}

/* A bell for nothing. */
static void ring(void)
{
    const uint8_t bell = ASSAY_PACKET_WAKE;
    (void)send(ASSAY_CHILD_SOCKET_FD, &bell, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void ring_all_the_time(void)
{
    for (;;)
        ring();
}

/* As often as the core may go to sleep again meanwhile. */
static void ring_each_time(void)
{
    const struct timespec a_moment = { .tv_nsec = 100000 };
    for (;;) {
        ring();
        (void)nanosleep(&a_moment, NULL);
    }
}

static const struct {
    const char *name;
    void (*fall)(void);
} plants[] = {
    { "abort", fall_by_abort }, { "segv", crash },         { "loop", spin },
    { "sleep", rest },          { "alloc", grow },         { "read", read_file },
    { "write", write_file },    { "code", make_code },     { "exec", run_program },
    { "fork", fork_one },       { "kill", kill_parent },   { "listen", listen_more },
    { "unix", speak_unix },     { "babble", babble },      { "udp", speak_udp },
    { "bind", bind_one },    { "numb", rest_in_libzmq },   { "daze", spin_in_libzmq },
    { "ring", ring_all_the_time }, { "chime", ring_each_time },
};

static void fall(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof plants / sizeof plants[0]; i++)
        if (strlen(plants[i].name) == len && strncmp(plants[i].name, name, len) == 0)
            plants[i].fall();
}

/* --- of a daemon */

static const char *plant = "";
static unsigned one_of = 1, count;

const char *assay_byzantine_transport(void)
{
    return getenv("ASSAY_BYZANTINE_TRANSPORT");
}

static void fall_at_some(uint16_t slot, struct assay_slice frame)
{
    (void)slot;
    (void)frame;
    if (++count % one_of == 0) fall(plant, strcspn(plant, ":"));
}

assay_transport_plant *assay_byzantine_plant(const char *argument)
{
    const char *colon = argument != NULL ? strchr(argument, ':') : NULL;
    if (colon == NULL) return NULL;
    plant = argument;
    one_of = (unsigned)strtoul(colon + 1, NULL, 10);
    if (one_of == 0) one_of = 1;
    return fall_at_some;
}

/* --- of a test */

void assay_planted_frame(uint16_t slot, struct assay_slice frame)
{
    const char *text = (const char *)frame.bytes;
    size_t word = 0;
    (void)slot;
    while (word < frame.len && text[word] != ' ')
        word++;
    fall(text, word);
}
