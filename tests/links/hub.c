/*
 * tests/links/hub.c - several hosts on one machine, and links between them that are as bad as a
 * script says.
 *
 * usage: link_hub SCRIPT
 *
 * Each host is a network namespace with one interface, whose other end is this program: it reads
 * every packet, lets the model decide (model.h), and hands it to the host that it is for, when it
 * is due. So TCP itself meets delay, jitter, loss, duplication, narrow links, one-way cuts and
 * small packets, without anything of the kernel but namespaces and TUN: many kernels have no netem.
 * Root, or a user namespace of one's own, is needed. Exit status 77: it cannot be had here.
 *
 * Output: "host NAME ADDRESS4 ADDRESS6 FILE", FILE being what `nsenter --net=FILE` wants; "ready";
 * from then on the commands of the script, each with its time, as they happen. Lines of the input
 * are commands that are done at once; at its end the program ends, and says what the links did.
 */
#include "base/bytes.h"
#include "tests/links/packet.h"
#include "tests/links/script.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SKIPPED = 77, HELD_MAX = 16384, READS_PER_TURN = 64, INTERFACE_MTU = 1500 };

struct held {
    struct held *next;
    uint64_t due_us;
    size_t len;
    uint8_t bytes[];
};

struct host {
    int tun, space, control; /* control: a socket of its namespace, to ask for addresses */
    uint32_t number;         /* the end of its address */
};

struct path {
    struct link_state state;
    struct held *first, *last;
};

static struct link_script script;
static struct host hosts[LINK_HOSTS_MAX];
static struct path paths[LINK_HOSTS_MAX][LINK_HOSTS_MAX];
static size_t held_count;
static uint64_t started_us, overflowed;
static bool ends;

static uint64_t now_us(void)
{
    struct timespec t = { 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

__attribute__((format(printf, 2, 3), noreturn)) static void die(int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    exit(status);
}

/* ------------------------------------------------------------ hosts */

static void ask4(const struct host *host, uint32_t number)
{
    struct ifreq r = { .ifr_name = "wan0" };
    struct sockaddr_in *at = (struct sockaddr_in *)(void *)&r.ifr_addr;
    at->sin_family = AF_INET;
    at->sin_addr.s_addr = htonl(UINT32_C(0x0a4d0000) | number);
    if (ioctl(host->control, SIOCSIFADDR, &r) != 0) die(1, "address: %s", strerror(errno));
    at->sin_addr.s_addr = htonl(UINT32_C(0xffffff00));
    if (ioctl(host->control, SIOCSIFNETMASK, &r) != 0) die(1, "netmask: %s", strerror(errno));
}

static void ask6(const struct host *host, uint32_t number, unsigned long what)
{
    struct ifreq r = { .ifr_name = "wan0" };
    struct in6_ifreq six = { .ifr6_prefixlen = 64 };
    const int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    six.ifr6_addr.s6_addr[0] = 0xfd;
    six.ifr6_addr.s6_addr[1] = 0x77;
    six.ifr6_addr.s6_addr[15] = (uint8_t)number;
    if (ioctl(host->control, SIOCGIFINDEX, &r) != 0) die(1, "index: %s", strerror(errno));
    six.ifr6_ifindex = r.ifr_ifindex;
    if (fd < 0 || ioctl(fd, what, &six) != 0) die(1, "IPv6 address: %s", strerror(errno));
    (void)close(fd);
}

/* Addresses of a host: a socket of its namespace has to be made in it. */
static void number_host(struct host *host, uint32_t number)
{
    if (setns(host->space, CLONE_NEWNET) != 0) die(1, "setns: %s", strerror(errno));
    if (host->number != 0) ask6(host, host->number, SIOCDIFADDR);
    ask4(host, number);
    ask6(host, number, SIOCSIFADDR);
    host->number = number;
}

static void raise_interface(const struct host *host, const char *name)
{
    struct ifreq r = { 0 };
    (void)snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
    if (ioctl(host->control, SIOCGIFFLAGS, &r) != 0) die(1, "flags: %s", strerror(errno));
    r.ifr_flags |= IFF_UP;
    if (ioctl(host->control, SIOCSIFFLAGS, &r) != 0) die(1, "up: %s", strerror(errno));
}

static void open_host(uint32_t index)
{
    struct host *host = &hosts[index];
    struct ifreq r = { .ifr_name = "wan0", .ifr_flags = IFF_TUN | IFF_NO_PI };
    if (unshare(CLONE_NEWNET) != 0) die(SKIPPED, "no network namespaces: %s", strerror(errno));
    host->space = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    host->tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    host->control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (host->tun < 0) die(SKIPPED, "no /dev/net/tun: %s", strerror(errno));
    if (host->space < 0 || host->control < 0) die(1, "a host: %s", strerror(errno));
    if (ioctl(host->tun, TUNSETIFF, &r) != 0) die(SKIPPED, "no TUN: %s", strerror(errno));
    raise_interface(host, "lo");
    raise_interface(host, "wan0");
    number_host(host, index + 1);
    (void)printf("host %s 10.77.0.%u fd77::%x /proc/%ld/fd/%d\n", script.hosts[index],
                 host->number, host->number, (long)getpid(), host->space);
}

/* ------------------------------------------------------------ packets */

static uint32_t host_numbered(uint32_t number)
{
    uint32_t i = 0;
    while (i < script.host_count && hosts[i].number != number)
        i++;
    return number == 0 ? script.host_count : i;
}

static void hold(struct path *path, const uint8_t *bytes, size_t len, uint64_t due_us)
{
    if (held_count == HELD_MAX) {
        overflowed++;
        return;
    }
    struct held *h = malloc(sizeof *h + len);
    if (h == NULL) die(1, "no memory");
    h->next = NULL;
    h->due_us = due_us;
    h->len = len;
    assay_bytes_copy(h->bytes, len, bytes, len);
    if (path->first == NULL) path->first = h;
    else path->last->next = h;
    path->last = h;
    held_count++;
}

static void write_to(const struct host *host, const uint8_t *bytes, size_t len)
{
    /* An interface that takes nothing loses it, as wires do. */
    if (write(host->tun, bytes, len) < 0) overflowed++;
}

static void take(uint32_t from, const uint8_t *bytes, size_t len)
{
    const uint32_t to = host_numbered(link_packet_target(bytes, len));
    uint8_t refusal[LINK_REFUSAL_MAX];
    uint32_t copies = 0;
    uint64_t due_us = 0;
    if (to == script.host_count || to == from) return; /* to nobody: as on any network */
    struct path *path = &paths[from][to];
    const struct link_rule *rule = &script.rules[from][to];
    switch (link_decide(&path->state, rule, now_us(), len, &copies, &due_us)) {
    case LINK_LOST: return;
    case LINK_TOO_LARGE:
        write_to(&hosts[from], refusal, link_packet_refusal(bytes, len, rule->mtu, refusal));
        return;
    case LINK_PASSES: break;
    }
    while (copies-- > 0)
        hold(path, bytes, len, due_us);
}

static void read_from(uint32_t from)
{
    static uint8_t bytes[LINK_PACKET_MAX];
    for (int i = 0; i < READS_PER_TURN; i++) {
        const ssize_t len = read(hosts[from].tun, bytes, sizeof bytes);
        if (len <= 0) return;
        take(from, bytes, (size_t)len);
    }
}

/* Returns: when the next packet is due. */
static uint64_t deliver(void)
{
    uint64_t next_us = UINT64_MAX;
    for (uint32_t i = 0; i < script.host_count; i++)
        for (uint32_t k = 0; k < script.host_count; k++) {
            struct path *path = &paths[i][k];
            for (struct held *h; (h = path->first) != NULL && h->due_us <= now_us();) {
                write_to(&hosts[k], h->bytes, h->len);
                path->first = h->next;
                free(h);
                held_count--;
            }
            if (path->first != NULL && path->first->due_us < next_us)
                next_us = path->first->due_us;
        }
    return next_us;
}

/* ------------------------------------------------------------ commands */

static void obey(const char *line)
{
    struct link_act act;
    const char *wrong = link_script_line(&script, line, &act);
    if (wrong != NULL) die(2, "link_hub: %s: %s", wrong, line);
    if (act.kind == LINK_ACT_ADDRESS) number_host(&hosts[act.host], act.number);
    ends |= act.kind == LINK_ACT_QUIT;
    (void)printf("%7.3f s  %s\n", (double)(now_us() - started_us) / 1e6,
                 act.kind == LINK_ACT_SAY ? act.text : line);
    (void)fflush(stdout);
}

static void read_script(const char *file)
{
    char line[LINK_LINE_MAX];
    struct link_act act;
    FILE *in = fopen(file, "re");
    if (in == NULL) die(2, "link_hub: %s: %s", file, strerror(errno));
    while (fgets(line, sizeof line, in) != NULL) {
        const char *wrong = link_script_line(&script, line, &act);
        if (wrong == NULL && act.kind != LINK_ACT_NONE) wrong = "not without a time";
        if (wrong != NULL) die(2, "link_hub: %s: %s", wrong, line);
    }
    (void)fclose(in);
    if (script.host_count == 0) die(2, "link_hub: %s: no host", file);
}

/* Returns: false at its end. */
static bool read_commands(void)
{
    static char line[LINK_LINE_MAX];
    static size_t len;
    char text[LINK_LINE_MAX];
    const ssize_t got = read(STDIN_FILENO, text, sizeof text);
    if (got <= 0) return got < 0 && errno == EINTR;
    for (ssize_t i = 0; i < got; i++) {
        line[len] = text[i] == '\n' ? '\0' : text[i];
        if (text[i] == '\n') obey(line);
        len = text[i] == '\n' ? 0 : len + 1;
        if (len == sizeof line) die(2, "link_hub: a command that is too long");
    }
    return true;
}

static void turn_for_ever(void)
{
    struct pollfd fds[LINK_HOSTS_MAX + 1] = { { .fd = STDIN_FILENO, .events = POLLIN } };
    char line[LINK_LINE_MAX];
    for (uint32_t i = 0; i < script.host_count; i++)
        fds[i + 1] = (struct pollfd){ .fd = hosts[i].tun, .events = POLLIN };
    while (!ends) {
        while (link_script_due(&script, (now_us() - started_us) / 1000, line))
            obey(line);
        uint64_t next_us = deliver();
        if (script.later_count > 0 && started_us + script.later[0].at_ms * 1000 < next_us)
            next_us = started_us + script.later[0].at_ms * 1000;
        const uint64_t at_us = now_us();
        uint64_t wait_us = next_us > at_us ? next_us - at_us : 0;
        if (wait_us > 1000000) wait_us = 1000000;
        const struct timespec wait = { .tv_sec = (time_t)(wait_us / 1000000),
                                       .tv_nsec = (long)(wait_us % 1000000) * 1000 };
        if (ppoll(fds, script.host_count + 1, &wait, NULL) < 0 && errno != EINTR)
            die(1, "poll: %s", strerror(errno));
        if ((fds[0].revents & (POLLIN | POLLHUP)) != 0 && !read_commands()) return;
        for (uint32_t i = 0; i < script.host_count; i++)
            if ((fds[i + 1].revents & POLLIN) != 0) read_from(i);
    }
}

static void say_links(void)
{
    uint64_t passed = 0, lost = 0, refused = 0;
    for (uint32_t i = 0; i < script.host_count; i++)
        for (uint32_t k = 0; k < script.host_count; k++) {
            passed += paths[i][k].state.passed;
            lost += paths[i][k].state.lost;
            refused += paths[i][k].state.refused;
        }
    (void)printf("links: seed %llu, %llu packets passed, %llu lost, %llu refused, %llu dropped\n",
                 (unsigned long long)script.seed, (unsigned long long)passed,
                 (unsigned long long)lost, (unsigned long long)refused,
                 (unsigned long long)overflowed);
}

int main(int argc, char **argv)
{
    if (argc != 2) die(2, "usage: link_hub SCRIPT");
    read_script(argv[1]);
    for (uint32_t i = 0; i < script.host_count; i++) {
        open_host(i);
        for (uint32_t k = 0; k < script.host_count; k++)
            link_state_init(&paths[i][k].state, script.seed, i, k);
    }
    (void)printf("ready\n");
    (void)fflush(stdout);
    started_us = now_us();
    turn_for_ever();
    say_links();
    return 0;
}
