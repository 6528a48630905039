/*
 * tests/unit/services/test_client_listener.c - tests of the TCP endpoint of services.
 *
 * Frames over TCP with people whom no ledger knows: what is no frame is hung up, nobody holds more
 * than a bound, and one more than there is room for takes the place of the most silent
 * (docs/services.md 4.5).
 */
#include "net/services/server/client_listener.h"

#include "base/system_clock.h"
#include "net/system/resolver.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct assay_client_listener *listener;
static char address[64];
static uint64_t now_ms;

static void set_up(void)
{
    char message[ASSAY_CLIENT_LISTENER_MESSAGE_LEN];
    cr_assert_eq(assay_listener_open("127.0.0.1:0", &listener, message), ASSAY_OK, "%s", message);
    (void)snprintf(address, sizeof address, "127.0.0.1:%u",
                   (unsigned)assay_listener_port(listener));
}

static void clear_up(void)
{
    assay_listener_close(&listener);
}

static struct assay_client_connection *call_on(void)
{
    struct assay_client_connection *call = NULL;
    cr_assert_eq(assay_listener_connection_open(address, &call), ASSAY_OK);
    return call;
}

static enum assay_status next(uint64_t *guest, struct assay_slice *frame)
{
    enum assay_status status = ASSAY_E_AGAIN;
    for (int i = 0; i < 200 && status == ASSAY_E_AGAIN; i++) {
        assay_listener_step(listener, ++now_ms);
        status = assay_listener_receive(listener, guest, frame);
        if (status == ASSAY_E_AGAIN) usleep(1000);
    }
    return status;
}

static enum assay_status answer(struct assay_client_connection *call, struct assay_slice *frame)
{
    enum assay_status status = ASSAY_E_AGAIN;
    for (int i = 0; i < 200 && status == ASSAY_E_AGAIN; i++) {
        assay_listener_step(listener, now_ms);
        status = assay_listener_connection_receive(call, frame);
        if (status == ASSAY_E_AGAIN) usleep(1000);
    }
    return status;
}

Test(services_client_listener, frames_go_both_ways_whole, .init = set_up, .fini = clear_up)
{
    static uint8_t long_one[ASSAY_CLIENT_LISTENER_FRAME_MAX];
    struct assay_client_connection *call = call_on(), *other = call_on();
    struct assay_slice frame;
    uint64_t guest = 0, second = 0;
    long_one[ASSAY_CLIENT_LISTENER_FRAME_MAX - 1] = 9;
    cr_assert_eq(assay_listener_connection_send(call, assay_slice_over("hello", 5)), ASSAY_OK);
    cr_assert_eq(next(&guest, &frame), ASSAY_OK);
    cr_expect(frame.len == 5 && assay_bytes_equal(frame.bytes, "hello", 5));
    cr_assert_eq(assay_listener_connection_send(other, assay_slice_over(long_one, sizeof long_one)),
                 ASSAY_OK);
    for (int i = 0; i < 100; i++) {
        assay_listener_step(listener, now_ms);
        assay_status_ignore(assay_listener_connection_receive(other, &frame), "what waits leaves");
        if (assay_listener_receive(listener, &second, &frame) == ASSAY_OK) break;
        usleep(1000);
    }
    cr_expect(second != guest && frame.len == sizeof long_one && frame.bytes[frame.len - 1] == 9);
    assay_listener_send(listener, guest, assay_slice_over("you", 3));
    cr_assert_eq(answer(call, &frame), ASSAY_OK);
    cr_expect(frame.len == 3 && assay_bytes_equal(frame.bytes, "you", 3));
    cr_expect_eq(assay_listener_connection_receive(other, &frame), ASSAY_E_AGAIN,
                 "nobody else hears it");
    assay_listener_disconnect(listener, guest);
    cr_expect_eq(answer(call, &frame), ASSAY_E_IO);
    assay_listener_send(listener, guest, assay_slice_over("gone", 4));
    assay_listener_connection_close(&call);
    assay_listener_connection_close(&other);
}

/* Whatever anybody sends. */
static int raw(void)
{
    const struct sockaddr_in at = { .sin_family = AF_INET,
                                    .sin_port = htons(assay_listener_port(listener)),
                                    .sin_addr = { htonl(INADDR_LOOPBACK) } };
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static bool is_hung_up(int fd)
{
    uint8_t byte;
    for (int i = 0; i < 200; i++) {
        struct assay_slice frame;
        uint64_t guest;
        assay_listener_step(listener, now_ms);
        (void)!assay_listener_receive(listener, &guest, &frame);
        const ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno == ECONNRESET)) return true;
        usleep(1000);
    }
    return false;
}

Test(services_client_listener, what_is_no_frame_is_hung_up, .init = set_up, .fini = clear_up)
{
    const uint8_t heads[][4] = { { 0, 0, 0, 0 }, { 0, 1, 0, 1 }, { 255, 255, 255, 255 } };
    for (size_t i = 0; i < 3; i++) {
        const int fd = raw();
        cr_assert_eq(send(fd, heads[i], 4, 0), 4);
        cr_expect(is_hung_up(fd), "%zu", i);
        (void)close(fd);
    }
    const int fd = raw();
    const uint8_t most[4] = { 0, 1, 0, 0 };
    cr_assert_eq(send(fd, most, 4, 0), 4);
    cr_expect_not(is_hung_up(fd), "the longest may still come");
    now_ms += ASSAY_CLIENT_LISTENER_IDLE_MS + 1;
    cr_expect(is_hung_up(fd), "but not for ever");
    (void)close(fd);
}

Test(services_client_listener, the_most_silent_makes_room, .init = set_up, .fini = clear_up)
{
    int fds[ASSAY_CLIENT_LISTENER_CLIENTS_MAX + 1];
    struct assay_slice frame;
    uint64_t guest = 0;
    for (int i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++) {
        fds[i] = raw();
        assay_listener_step(listener, ++now_ms);
    }
    const uint8_t word[] = { 0, 0, 0, 1, 42 };
    cr_assert_eq(send(fds[0], word, sizeof word, 0), (ssize_t)sizeof word);
    cr_assert_eq(next(&guest, &frame), ASSAY_OK);
    fds[ASSAY_CLIENT_LISTENER_CLIENTS_MAX] = raw();
    assay_listener_step(listener, ++now_ms);
    cr_expect(is_hung_up(fds[1]), "it has said nothing for the longest time");
    cr_expect_not(is_hung_up(fds[0]));
    for (int i = 0; i <= ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++)
        (void)close(fds[i]);
}

/* Who does not take what is said to it holds a bound, no more. */
/* A caller that cannot be accepted stays in the backlog: the program does not wake for it without
 * end, and accepts it later. */
Test(services_client_listener, without_descriptors_callers_wait, .init = set_up, .fini = clear_up)
{
    struct pollfd fds[ASSAY_CLIENT_LISTENER_FDS];
    struct assay_client_connection *call = call_on();
    struct rlimit limit, none;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){ .rlim_cur = 3, .rlim_max = limit.rlim_max };
    cr_assert_eq(assay_listener_poll(listener, fds), 1);
    cr_assert_eq(poll(fds, 1, 30000), 1);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    assay_listener_step(listener, now_ms += 10);
    cr_assert_eq(assay_listener_poll(listener, fds), 1);
    const int woken = fds[0].fd < 0 ? 0 : 1;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_expect_eq(woken, 0);
    assay_listener_step(listener, now_ms += 999);
    cr_expect_eq(assay_listener_poll(listener, fds), 1, "it waits");
    assay_listener_step(listener, now_ms += 1);
    cr_expect_eq(assay_listener_poll(listener, fds), 2, "it is accepted");
    cr_expect_geq(fds[0].fd, 0);
    assay_listener_connection_close(&call);
}

Test(services_client_listener, who_does_not_listen_is_hung_up, .init = set_up, .fini = clear_up)
{
    static uint8_t long_one[ASSAY_CLIENT_LISTENER_FRAME_MAX];
    struct assay_slice frame;
    uint64_t guest = 0;
    const int fd = raw();
    const uint8_t word[] = { 0, 0, 0, 1, 42 };
    cr_assert_eq(send(fd, word, sizeof word, 0), (ssize_t)sizeof word);
    cr_assert_eq(next(&guest, &frame), ASSAY_OK);
    struct pollfd fds[ASSAY_CLIENT_LISTENER_FDS];
    for (int i = 0; i < 500 && assay_listener_poll(listener, fds) == 2; i++)
        assay_listener_send(listener, guest, assay_slice_over(long_one, sizeof long_one));
    cr_expect_eq(assay_listener_poll(listener, fds), 1, "it is gone");
    (void)close(fd);
}

/* Names are other members' choice, and their servers may never answer. */
Test(services_client_listener, a_name_is_waited_for_by_nobody, .init = set_up, .fini = clear_up)
{
    static const uint8_t word[] = "said before it is connected";
    struct assay_slice frame;
    uint64_t guest = 0;
    char name[32];
    (void)snprintf(name, sizeof name, "localhost%s", strrchr(address, ':'));
    struct assay_client_connection *call = NULL;
    const enum assay_status opened = assay_listener_connection_open(name, &call);
    cr_assert_eq(opened, ASSAY_OK, "%s: %s", name, assay_status_text(opened));
    cr_expect_lt(assay_listener_connection_poll(call).fd, 0, "it is resolved meanwhile");
    cr_assert_eq(assay_listener_connection_send(call, assay_slice_over(word, sizeof word)),
                 ASSAY_OK);
    enum assay_status status = ASSAY_E_AGAIN;
    for (int i = 0; i < 1000 && status == ASSAY_E_AGAIN; i++) {
        cr_assert_eq(assay_listener_connection_receive(call, &frame), ASSAY_E_AGAIN);
        status = next(&guest, &frame);
    }
    cr_assert_eq(status, ASSAY_OK);
    cr_expect(assay_slice_equal(frame, assay_slice_over(word, sizeof word)));
    assay_listener_send(listener, guest, assay_slice_over(word, 4));
    status = ASSAY_E_AGAIN;
    for (int i = 0; i < 1000 && status == ASSAY_E_AGAIN; i++) {
        status = assay_listener_connection_receive(call, &frame);
        if (status == ASSAY_E_AGAIN) usleep(1000);
    }
    cr_expect_eq(status, ASSAY_OK);
    assay_listener_connection_close(&call);
}

Test(services_client_listener, a_name_that_does_not_exist_ends_the_call)
{
    struct assay_client_connection *call = NULL;
    struct assay_slice frame;
    enum assay_status status = ASSAY_E_AGAIN;
    cr_assert_eq(assay_listener_connection_open("a..b:1", &call), ASSAY_OK);
    for (int i = 0; i < 10000 && status == ASSAY_E_AGAIN; i++) {
        status = assay_listener_connection_receive(call, &frame);
        if (status == ASSAY_E_AGAIN) usleep(1000);
    }
    cr_expect_eq(status, ASSAY_E_IO);
    assay_listener_connection_close(&call);
}

Test(services_client_listener, addresses)
{
    static const char *const bad[] = { "", "host", ":1", "127.0.0.1:", "127.0.0.1:port" };
    struct assay_client_connection *call = NULL;
    char message[ASSAY_CLIENT_LISTENER_MESSAGE_LEN];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (i != 3)
            cr_expect_neq(assay_listener_connection_open(bad[i], &call), ASSAY_OK, "%s", bad[i]);
        if (i != 3)
            cr_expect_neq(assay_listener_open(bad[i], &listener, message), ASSAY_OK, "%s", bad[i]);
        cr_expect_null(call);
    }
    if (assay_listener_open("[::1]:0", &listener, message) == ASSAY_OK) {
        cr_expect_gt(assay_listener_port(listener), 0);
        assay_listener_close(&listener);
    }
}

/* --- a guest that waits for its answer */

static void say_word(int fd, uint64_t *guest)
{
    const uint8_t word[] = { 0, 0, 0, 1, 42 };
    struct assay_slice frame;
    cr_assert_eq(send(fd, word, sizeof word, 0), (ssize_t)sizeof word);
    cr_assert_eq(next(guest, &frame), ASSAY_OK);
}

/* 400 callers, silent ones or such that were answered: the guest that waits gets its answer. */
Test(services_client_listener, a_flood_of_callers_evicts_nobody_who_waits, .init = set_up,
     .fini = clear_up)
{
    for (int speaks = 0; speaks < 2; speaks++) {
        int held[ASSAY_CLIENT_LISTENER_CLIENTS_MAX];
        uint64_t waits = 0;
        const int fd = raw();
        say_word(fd, &waits);
        for (int i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++)
            held[i] = -1;
        for (int i = 0; i < 400; i++) {
            int *const place = &held[i % ASSAY_CLIENT_LISTENER_CLIENTS_MAX];
            if (*place >= 0) (void)close(*place);
            *place = raw();
            assay_listener_step(listener, ++now_ms);
            if (!speaks) continue;
            uint64_t guest = 0;
            say_word(*place, &guest);
            assay_listener_send(listener, guest, assay_slice_over("no", 2));
        }
        uint8_t reply[5] = { 0 };
        assay_listener_send(listener, waits, assay_slice_over("y", 1));
        cr_expect_eq(recv(fd, reply, sizeof reply, MSG_WAITALL), 5, "speaks %d", speaks);
        cr_expect_eq(reply[4], 'y');
        for (int i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++)
            (void)close(held[i]);
        (void)close(fd);
    }
}

/* Requests that are never answered, from one address, fill the listener: callers of the same
 * address are refused, another address still gets a place. */
Test(services_client_listener, one_address_cannot_keep_others_out, .init = set_up, .fini = clear_up)
{
    int fds[ASSAY_CLIENT_LISTENER_CLIENTS_MAX];
    uint64_t guest = 0, other = 0;
    for (int i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++) {
        fds[i] = raw();
        say_word(fds[i], &guest);
    }
    const int same = raw();
    cr_expect(is_hung_up(same), "all of its address wait");
    const struct sockaddr_in from = { .sin_family = AF_INET,
                                      .sin_addr = { htonl(INADDR_LOOPBACK + 1) } };
    const struct sockaddr_in at = { .sin_family = AF_INET,
                                    .sin_port = htons(assay_listener_port(listener)),
                                    .sin_addr = { htonl(INADDR_LOOPBACK) } };
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (const struct sockaddr *)&from, sizeof from), 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    say_word(fd, &other);
    cr_expect(is_hung_up(fds[0]), "the most silent of the crowd made room");
    assay_listener_send(listener, other, assay_slice_over("y", 1));
    uint8_t reply[5];
    cr_expect_eq(recv(fd, reply, sizeof reply, MSG_WAITALL), 5);
    for (int i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++)
        (void)close(fds[i]);
    (void)close(same);
    (void)close(fd);
}

/* --- networks of IPv6: the addresses of callers are put in place of the loopback's */
static struct sockaddr_in6 caller;

int accept4(int fd, __SOCKADDR_ARG at, socklen_t *len, int flags)
{
    const int got = (int)syscall(SYS_accept4, fd, at.__sockaddr__, len, flags);
    if (got >= 0 && caller.sin6_family == AF_INET6) *at.__sockaddr_in6__ = caller;
    return got;
}

/* Closed by the listener in the turn before. */
static bool is_refused(int fd)
{
    uint8_t byte;
    usleep(1000);
    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* A guest of 2001:db8:SITE:NETWORK::1 that waits for an answer. */
static int waiting_from(uint16_t site, uint16_t network)
{
    uint64_t guest = 0;
    const int fd = raw();
    caller = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
    const uint8_t prefix[8] = { 0x20,
                                0x01,
                                0x0d,
                                0xb8,
                                (uint8_t)(site >> 8),
                                (uint8_t)site,
                                (uint8_t)(network >> 8),
                                (uint8_t)network };
    for (size_t i = 0; i < sizeof prefix; i++)
        caller.sin6_addr.s6_addr[i] = prefix[i];
    caller.sin6_addr.s6_addr[15] = 1;
    assay_listener_step(listener, ++now_ms);
    if (!is_refused(fd)) say_word(fd, &guest);
    caller = (struct sockaddr_in6){ 0 };
    return fd;
}

static size_t fill_with(int fds[static ASSAY_CLIENT_LISTENER_CLIENTS_MAX], bool of_one_site)
{
    for (int i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++)
        fds[i] = of_one_site ? waiting_from(1, (uint16_t)i) : waiting_from((uint16_t)(i + 1), 0);
    size_t kept = 0;
    for (int i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++)
        kept += !is_refused(fds[i]);
    return kept;
}

/* One subscriber has 65,536 networks of IPv6: with a guest of each it fills the listener, and the
 * next caller of another subscriber gets a place all the same; one of its own does not. */
Test(services_client_listener, one_site_of_many_networks_cannot_keep_others_out, .init = set_up,
     .fini = clear_up)
{
    int fds[ASSAY_CLIENT_LISTENER_CLIENTS_MAX];
    cr_assert_eq(fill_with(fds, true), ASSAY_CLIENT_LISTENER_CLIENTS_MAX);
    const int same = waiting_from(1, 999), other = waiting_from(2, 0);
    cr_expect(is_refused(same));
    cr_expect_not(is_refused(other));
    cr_expect(is_hung_up(fds[0]), "the most silent of the site made room");
    for (int i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++)
        (void)close(fds[i]);
    (void)close(same);
    (void)close(other);
}

/* Nobody who waits gives way to a caller of a site that has as many guests. */
Test(services_client_listener, sites_of_one_guest_each_keep_their_places, .init = set_up,
     .fini = clear_up)
{
    int fds[ASSAY_CLIENT_LISTENER_CLIENTS_MAX];
    cr_assert_eq(fill_with(fds, false), ASSAY_CLIENT_LISTENER_CLIENTS_MAX);
    const int late = waiting_from(999, 0);
    cr_expect(is_refused(late));
    for (int i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++) {
        cr_expect_not(is_refused(fds[i]), "%d", i);
        (void)close(fds[i]);
    }
    (void)close(late);
}

/* --- names */

static sem_t gate;
static atomic_uint resolving, most, asked;
static const char *numbers_of_name[ASSAY_RESOLVER_NUMBERS_MAX];

/* "stuck" waits for the gate. */
static size_t resolve(void *context, const char *host,
                      char numbers[ASSAY_RESOLVER_NUMBERS_MAX][ASSAY_RESOLVER_NUMBER_LEN])
{
    size_t count = 0;
    (void)context;
    atomic_fetch_add(&asked, 1);
    const unsigned now = atomic_fetch_add(&resolving, 1) + 1;
    if (now > atomic_load(&most)) atomic_store(&most, now);
    if (strcmp(host, "stuck") == 0)
        while (sem_wait(&gate) != 0) {
        }
    for (; count < ASSAY_RESOLVER_NUMBERS_MAX && numbers_of_name[count] != NULL; count++)
        (void)snprintf(numbers[count], ASSAY_RESOLVER_NUMBER_LEN, "%s", numbers_of_name[count]);
    atomic_fetch_sub(&resolving, 1);
    return count;
}

static struct assay_resolver *resolver_open(void)
{
    struct assay_resolver *resolver = NULL;
    cr_assert_eq(sem_init(&gate, 0, 0), 0);
    cr_assert_eq(assay_resolver_open(resolve, NULL, &resolver), ASSAY_OK);
    return resolver;
}

/* Its threads are detached, and free what they share. */
static void resolver_close(struct assay_resolver **resolver)
{
    assay_resolver_close(resolver);
    for (int i = 0; i < 100; i++)
        sem_post(&gate);
    while (atomic_load(&resolving) != 0)
        usleep(1000);
    usleep(50000);
}

static struct assay_client_connection *call_name(struct assay_resolver *resolver, const char *name,
                                                 uint32_t asker)
{
    char text[64];
    struct assay_client_connection *call = NULL;
    (void)snprintf(text, sizeof text, "%s%s", name, strrchr(address, ':'));
    cr_assert_eq(assay_listener_connection_open_shared(text, resolver, asker, &call), ASSAY_OK);
    return call;
}

/* Returns: whether a frame of the connection arrives. */
static bool reaches(struct assay_client_connection *call, int within_ms)
{
    struct assay_slice frame;
    uint64_t guest = 0;
    enum assay_status status = assay_listener_connection_send(call, assay_slice_over("hello", 5));
    const uint64_t until_ms = assay_monotonic_ms() + (uint64_t)within_ms;
    while (status == ASSAY_OK && assay_monotonic_ms() < until_ms) {
        assay_listener_step(listener, ++now_ms);
        if (assay_listener_receive(listener, &guest, &frame) == ASSAY_OK) return true;
        if (assay_listener_connection_receive(call, &frame) != ASSAY_E_AGAIN) return false;
        usleep(1000);
    }
    return false;
}

/* Connections that are closed while their names are resolved leave no thread each. */
Test(services_client_listener, names_that_never_resolve_hold_a_bounded_number_of_threads,
     .init = set_up, .fini = clear_up)
{
    enum { ASKERS = 16, ROUNDS = 4 };
    struct assay_resolver *resolver = resolver_open();
    for (uint32_t i = 0; i < ASKERS * ROUNDS; i++) {
        struct assay_slice frame;
        struct assay_client_connection *call = call_name(resolver, "stuck", i % ASKERS);
        cr_expect(assay_listener_connection_is_pending(call));
        cr_expect_eq(assay_listener_connection_receive(call, &frame), ASSAY_E_AGAIN);
        usleep(1000);
        assay_listener_connection_close(&call);
    }
    cr_expect_leq(atomic_load(&most), ASSAY_RESOLVER_THREADS_MAX);
    cr_expect_geq(atomic_load(&most), 1);
    resolver_close(&resolver);
}

/* The answer for a connection that was closed meanwhile is that of the next one. */
Test(services_client_listener, a_late_answer_serves_the_next_connection, .init = set_up,
     .fini = clear_up)
{
    struct assay_resolver *resolver = resolver_open();
    numbers_of_name[0] = "127.0.0.1";
    struct assay_client_connection *call = call_name(resolver, "stuck", 3);
    assay_listener_connection_close(&call);
    call = call_name(resolver, "stuck", 3);
    sem_post(&gate);
    cr_expect(reaches(call, 5000));
    cr_expect_not(assay_listener_connection_is_pending(call));
    cr_expect_eq(atomic_load(&asked), 1, "one question is enough");
    assay_listener_connection_close(&call);
    /* Not of another name. */
    call = call_name(resolver, "stuck", 3);
    assay_listener_connection_close(&call);
    call = call_name(resolver, "other", 3);
    numbers_of_name[0] = "127.0.0.9";
    while (atomic_load(&asked) < 2)
        usleep(1000);
    sem_post(&gate);
    while (atomic_load(&resolving) != 0)
        usleep(1000);
    numbers_of_name[0] = "127.0.0.1";
    cr_expect(reaches(call, 5000));
    assay_listener_connection_close(&call);
    resolver_close(&resolver);
}

/* A listener of this address and the port whose queue is full: a connection gets no answer. */
static int deaf_listener(uint32_t host, int fds[static 2])
{
    const struct sockaddr_in at = { .sin_family = AF_INET,
                                    .sin_port = htons(assay_listener_port(listener)),
                                    .sin_addr = { htonl(host) } };
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    cr_assert_eq(listen(fd, 0), 0);
    for (int i = 0; i < 2; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fds[i], (const struct sockaddr *)&at, sizeof at);
    }
    return fd;
}

/* Numbers that cannot be reached, that refuse and that do not answer are followed by one that
 * does. */
Test(services_client_listener, each_number_of_a_name_is_tried, .init = set_up, .fini = clear_up)
{
    struct assay_resolver *resolver = resolver_open();
    int fds[2];
    const int deaf = deaf_listener(INADDR_LOOPBACK + 2, fds);
    numbers_of_name[0] = "[100::1]";
    numbers_of_name[1] = "127.0.0.2";
    numbers_of_name[2] = "127.0.0.3";
    numbers_of_name[3] = "127.0.0.1";
    struct assay_client_connection *call = call_name(resolver, "name", 0);
    cr_expect(reaches(call, 10000));
    cr_expect_not(assay_listener_connection_is_pending(call));
    assay_listener_connection_close(&call);
    numbers_of_name[3] = NULL;
    numbers_of_name[2] = "127.0.0.2";
    call = call_name(resolver, "name", 0);
    cr_expect_not(reaches(call, 10000), "none of them is there");
    assay_listener_connection_close(&call);
    resolver_close(&resolver);
    (void)close(deaf);
    (void)close(fds[0]);
    (void)close(fds[1]);
}
