/*
 * apps/assay/operate/doctor_machine.c - doctor checks of the machine: descriptors, sockets, clock.
 */
#include "apps/assay/operate/doctor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>

enum { DESCRIPTORS_FEW = 1024, DESCRIPTORS_ENOUGH = 4096, SOCKET_PATH_MAX = 107 };

/* Process that listens at a UNIX socket. Returns: 0 when unknown. */
static pid_t listener_of(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct ucred peer = { 0 };
    socklen_t len = sizeof peer;
    if (strlen(path) > SOCKET_PATH_MAX) return 0;
    assay_bytes_copy(address.sun_path, sizeof address.sun_path, path, strlen(path) + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return 0;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        peer.pid = 0;
    (void)close(fd);
    return peer.pid;
}

/* assayd raises its own limit as far as it may: what counts is the hard limit here, or what the
 * running one has (docs/operations.md 10). */
static void look_at_descriptors(struct assay_doctor *d)
{
    struct rlimit files = { 0 };
    const pid_t pid = d->runs ? listener_of(d->socket) : 0;
    const bool of_daemon = pid > 0 && prlimit(pid, RLIMIT_NOFILE, NULL, &files) == 0;
    if (!of_daemon && getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    const unsigned long long count =
        (unsigned long long)(of_daemon ? files.rlim_cur : files.rlim_max);
    const enum assay_health health = count < DESCRIPTORS_FEW      ? ASSAY_HEALTH_FAIL
                                     : count < DESCRIPTORS_ENOUGH ? ASSAY_HEALTH_WARN
                                                                  : ASSAY_HEALTH_OK;
    cli_doctor_report(
        d, "descriptors", health,
        "4096 or more: each connection uses one, and half are reserved for idle connections",
        "LimitNOFILE=65536 in the unit, or ulimit -n", "limit %llu %s", count,
        of_daemon ? "of the running daemon" : "for a daemon that this user starts from this shell");
}

static void look_at_path(struct assay_doctor *d, const char *about, const char *path)
{
    struct stat info;
    char folder[PATH_MAX];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *const slash = strrchr(folder, '/');
    if (slash == NULL) (void)snprintf(folder, sizeof folder, ".");
    else slash[slash == folder ? 1 : 0] = '\0';
    if (strlen(path) > SOCKET_PATH_MAX)
        cli_doctor_report(d, about, ASSAY_HEALTH_FAIL, "a path of 107 bytes at most",
                          "choose a shorter one", "%s has %zu", path, strlen(path));
    else if (access(folder, W_OK) != 0)
        cli_doctor_report(d, about, ASSAY_HEALTH_FAIL, "a folder that the daemon may write to",
                          "make it, or give it to the daemon's user", "%s: %s", folder,
                          strerror(errno));
    else if (lstat(path, &info) == 0 && !S_ISSOCK(info.st_mode))
        cli_doctor_report(d, about, ASSAY_HEALTH_FAIL, "nothing there, or a socket",
                          "move that file away", "%s is no socket", path);
    else
        cli_doctor_report(d, about, ASSAY_HEALTH_OK, "", "", "%s: %s", path,
                          listener_of(path) > 0 ? "a process listens" : "free");
}

/* "HOST:PORT", "[HOST]:PORT". Returns: getaddrinfo's list, or NULL. */
static struct addrinfo *resolve_address(const char *where)
{
    char host[ASSAY_ADDRESS_MAX];
    const char *const colon = strrchr(where, ':');
    const struct addrinfo hints = { .ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_PASSIVE };
    struct addrinfo *list = NULL;
    if (colon == NULL) return NULL;
    const bool bracket = where[0] == '[' && colon > where && colon[-1] == ']';
    (void)snprintf(host, sizeof host, "%.*s", (int)(colon - where) - (bracket ? 2 : 0),
                   where + (bracket ? 1 : 0));
    return getaddrinfo(host, colon + 1, &hints, &list) == 0 ? list : NULL;
}

/* A running daemon has its port: then a listener is expected. */
static void look_at_port(struct assay_doctor *d, const char *about, const char *where)
{
    struct addrinfo *const list = resolve_address(where);
    const int one = 1;
    if (list == NULL) {
        cli_doctor_report(d, about, ASSAY_HEALTH_FAIL, "an address of this machine",
                          "fix it in the configuration, or the name's entry", "%s leads nowhere",
                          where);
        return;
    }
    const int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    const bool is_free = fd >= 0 && bind(fd, list->ai_addr, list->ai_addrlen) == 0;
    const int error = errno;
    if (fd >= 0) (void)close(fd);
    freeaddrinfo(list);
    /* A daemon that this user may not ask, or that hangs, has it as well. */
    const bool may_run = d->runs || d->is_held || d->is_denied;
    const bool sound = may_run ? !is_free && error == EADDRINUSE : is_free;
    cli_doctor_report(d, about, sound ? ASSAY_HEALTH_OK : ASSAY_HEALTH_FAIL,
                      may_run ? "the daemon listens there" : "an address that is free",
                      may_run ? "is that the configuration that it was started with?"
                              : "find its process with ss -ltnp, or choose another port",
                      "%s: %s", where,
                      is_free               ? "free"
                      : error == EADDRINUSE ? "in use"
                                            : strerror(error));
}

static void look_at_ports(struct assay_doctor *d)
{
    char all[ASSAY_ADDRESSES_MAX], *rest = NULL;
    (void)snprintf(all, sizeof all, "%s", d->config.gossip);
    for (char *one = strtok_r(all, ",", &rest); one != NULL; one = strtok_r(NULL, ",", &rest))
        look_at_port(d, "listen.gossip", one);
}

/* Without a daemon clocks are not compared: the kernel knows whether this clock is synchronised. */
static void look_at_date(struct assay_doctor *d)
{
    struct timex kernel = { 0 };
    if (d->runs) return;
    const bool set = adjtimex(&kernel) >= 0 && (kernel.status & STA_UNSYNC) == 0;
    cli_doctor_report(d, "clock", set ? ASSAY_HEALTH_OK : ASSAY_HEALTH_WARN, "a synchronised clock",
                      "run systemd-timesyncd, chrony or ntpd; once the daemon runs it compares its "
                      "date with the others'",
                      set ? "the kernel reports that it is synchronised"
                          : "the kernel reports that it is not synchronised");
}

void cli_doctor_machine(struct assay_doctor *d)
{
    look_at_descriptors(d);
    look_at_date(d);
    if (!d->has_config) return;
    look_at_path(d, "listen.admin", d->config.admin);
    if (d->config.http.socket_path[0] != '\0')
        look_at_path(d, "listen.http", d->config.http.socket_path);
    if (d->config.http.address[0] != '\0') look_at_port(d, "listen.http", d->config.http.address);
    look_at_ports(d);
}
