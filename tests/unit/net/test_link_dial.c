/*
 * tests/unit/net/test_link_dial.c - a peer is found wherever one of its addresses leads to it.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "base/assert.h"
#include "base/crypto.h"
#include "tests/unit/net/link_world.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DEAF = 1, MUTE = 2 };

/* A port where nobody listens, or (MUTE) where somebody does and never answers. *fd: to close. */
static int port_of(int how, int *fd)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    *fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_geq(*fd, 0);
    cr_assert_eq(bind(*fd, (struct sockaddr *)&at, sizeof at), 0);
    cr_assert_eq(getsockname(*fd, (struct sockaddr *)&at, &len), 0);
    if (how == MUTE) cr_assert_eq(listen(*fd, 4), 0);
    return ntohs(at.sin_port);
}

static const char *address_of(size_t node)
{
    return assay_link_endpoint(nodes[node].link) + strlen("tcp://");
}

static void expect_heard(size_t from, size_t to, const char *text)
{
    char heard[64];
    uint16_t slot = 99;
    say(from, to, text);
    cr_assert(listen_for(to, LONG_MS, heard, sizeof heard, &slot), "%s", text);
    cr_assert_str_eq(heard, text);
    cr_assert_eq(slot, from);
}

static void meet(size_t from, size_t to, const char *addresses)
{
    cr_assert_eq(assay_link_peer(nodes[from].link, (uint16_t)to, addresses), ASSAY_OK);
}

Test(net_link_dial, a_dead_first_address_and_a_good_second_one, .timeout = 600)
{
    char text[128];
    int deaf = -1, mute = -1;
    open_all();
    (void)snprintf(text, sizeof text, "127.0.0.1:%d,127.0.0.1:%d, %s", port_of(DEAF, &deaf),
                   port_of(MUTE, &mute), address_of(1));
    nodes[0].link->dialling.give_up_ms = 1000;
    meet(0, 1, text);
    expect_heard(0, 1, "found");
    cr_assert_eq(nodes[0].link->peers[1].dial.index, 2);
    cr_assert(assay_link_is_up(nodes[0].link, 1));
    cr_assert_not(assay_link_is_up(nodes[1].link, 0));
    close(deaf);
    close(mute);
    close_all();
}

Test(net_link_dial, a_peer_that_moves_is_found_and_one_that_stays_is_not_hung_up, .timeout = 600)
{
    char both[160];
    open_all();
    meet(0, 1, address_of(1));
    expect_heard(0, 1, "here");
    const uint64_t accepted = nodes[1].counters.value[ASSAY_COUNT_HANDSHAKE_ACCEPTED];
    (void)snprintf(both, sizeof both, "127.0.0.1:1,%s", address_of(1));
    meet(0, 1, both); /* its claim names another one before: the connection stays */
    meet(0, 1, both);
    expect_heard(0, 1, "still here");
    cr_assert_eq(nodes[1].counters.value[ASSAY_COUNT_HANDSHAKE_ACCEPTED], accepted);
    cr_assert_eq(nodes[0].link->peers[1].dial.index, 1);

    char old[64];
    (void)snprintf(old, sizeof old, "%s", address_of(1));
    assay_link_close(&nodes[1].link);
    open_node(1, NULL);
    cr_assert_str_neq(old, address_of(1), "a port is not given twice in a row");
    char moved[200];
    (void)snprintf(moved, sizeof moved, "%s,%s", old, address_of(1));
    meet(0, 1, moved);
    const uint64_t end_ms = now_ms() + LONG_MS;
    while (nodes[0].link->peers[1].dial.index != 1 && now_ms() < end_ms) {
        char none[8];
        uint16_t slot = 0;
        cr_assert_not(listen_for(0, STEP_MS, none, sizeof none, &slot));
    }
    expect_heard(0, 1, "moved");
    close_all();
}

Test(net_link_dial, one_that_is_forgotten_is_not_dialled_any_more, .timeout = 600)
{
    char text[64];
    uint16_t slot = 99;
    open_all();
    meet(0, 1, address_of(1));
    expect_heard(0, 1, "here");
    const uint64_t accepted = nodes[1].counters.value[ASSAY_COUNT_HANDSHAKE_ACCEPTED];
    assay_link_remove_peer(nodes[0].link, 1);
    cr_assert_not(assay_link_has_peer(nodes[0].link, 1));
    cr_assert_eq(assay_link_send(nodes[0].link, 1, assay_slice_over("x", 1), 0),
                 ASSAY_E_NOT_FOUND);
    cr_assert_not(listen_for(1, SILENCE_MS, text, sizeof text, &slot));
    cr_assert_eq(nodes[1].counters.value[ASSAY_COUNT_HANDSHAKE_ACCEPTED], accepted);
    meet(0, 1, address_of(1));
    expect_heard(0, 1, "and again");
    close_all();
}

Test(net_link_dial, what_is_no_address_changes_nothing)
{
    static const char *const bad[] = { "", "host", "host:", ":1", "a b:1", "host:0", "host:65536",
                                       "host:1x", "a:1,,b:2", "a:1;lo:2", "*:7", "a/b:1",
                                       "[a]:1", "[::1%lo]:1", "[::1:1", "a[::1]:1" };
    open_all();
    meet(0, 1, address_of(1));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(assay_link_peer(nodes[0].link, 1, bad[i]), ASSAY_E_IO, "%s", bad[i]);
    expect_heard(0, 1, "here");
    close_all();
}

Test(net_link_dial, a_listener_in_both_families_is_found_by_each, .timeout = 600)
{
    make_keys();
    open_node(0, NULL);
    open_node(1, "127.0.0.1:*,[::1]:*");
    open_node(2, "[::1]:*");
    cr_assert_eq(nodes[1].link->census.port_count, 2);
    char six[64];
    (void)snprintf(six, sizeof six, "[::1]:%u", nodes[1].link->census.ports[1]);
    meet(0, 1, address_of(1));
    expect_heard(0, 1, "by four");
    meet(2, 1, six);
    expect_heard(2, 1, "by six");
    meet(1, 2, address_of(2));
    expect_heard(1, 2, "back by six");
    uint32_t inbound = 0;
    for (uint32_t i = 0; i < nodes[1].link->census.count; i++)
        inbound += nodes[1].link->census.conns[nodes[1].link->census.active[i]].is_inbound;
    cr_assert_geq(inbound, 2, "both are watched as callers");
    close_all();
}

/* ------------------------------------------------------------ names */

static atomic_uint asked, answers, released;

/* peer.test leads nowhere until it leads somewhere; stuck.test takes until it is released. */
static size_t canned(void *context, const char *host,
                   char numbers[ASSAY_RESOLVER_NUMBERS_MAX][ASSAY_RESOLVER_NUMBER_LEN])
{
    (void)context;
    if (strcmp(host, "stuck.test") == 0) {
        while (atomic_load(&released) == 0)
            (void)nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
        return 0;
    }
    if (strcmp(host, "late.test") == 0) {
        (void)nanosleep(&(struct timespec){ .tv_nsec = 700000000 }, NULL);
        (void)snprintf(numbers[0], ASSAY_RESOLVER_NUMBER_LEN, "127.0.0.1");
        return 1;
    }
    ASSAY_ASSERT(strcmp(host, "peer.test") == 0); /* not of Criterion: another thread */
    atomic_fetch_add(&asked, 1);
    if (atomic_load(&answers) == 0) return 0;
    (void)snprintf(numbers[0], ASSAY_RESOLVER_NUMBER_LEN, "[::1]"); /* nobody listens there */
    (void)snprintf(numbers[1], ASSAY_RESOLVER_NUMBER_LEN, "127.0.0.1");
    return 2;
}

static void open_with_names(void)
{
    make_keys();
    resolve = canned;
    for (size_t i = 0; i < NODES; i++)
        open_node(i, NULL);
}

Test(net_link_dial, a_name_that_leads_nowhere_at_first, .timeout = 600)
{
    char text[64], heard[64];
    uint16_t slot = 0;
    open_with_names();
    (void)snprintf(text, sizeof text, "peer.test%s", strrchr(address_of(1), ':'));
    meet(0, 1, text);
    say(0, 1, "by name");
    const uint64_t start_ms = now_ms();
    do {
        cr_assert_not(listen_for(1, 2000, heard, sizeof heard, &slot));
    } while (atomic_load(&asked) < 2 && now_ms() - start_ms < LONG_MS);
    const unsigned before = atomic_load(&asked);
    cr_assert_geq(before, 2, "asked again");
    cr_assert_leq(before, 4 + (now_ms() - start_ms) / 500, "with pauses: %u", before);
    cr_assert_leq(nodes[0].counters.value[ASSAY_COUNT_NAME_UNKNOWN], before);
    cr_assert_geq(nodes[0].counters.value[ASSAY_COUNT_NAME_UNKNOWN] + 1, before);
    atomic_store(&answers, 1);
    cr_assert(listen_for(1, 3 * LONG_MS, heard, sizeof heard, &slot), "and now it leads here");
    cr_assert_str_eq(heard, "by name");
    close_all();
}

Test(net_link_dial, a_server_of_names_that_is_stuck_silences_nobody, .timeout = 600)
{
    open_with_names();
    meet(0, 2, "stuck.test:7100");
    meet(0, 1, address_of(1));
    for (int i = 0; i < 20; i++)
        expect_heard(0, 1, "while the name is asked");
    atomic_store(&released, 1);
    close_all();
}

/* Members that claim names of servers which never answer hold the few threads that ask: all other
 * names are answered when their try is over. */
Test(net_link_dial, a_name_that_is_answered_late_is_dialled_all_the_same, .timeout = 600)
{
    char text[64], heard[64];
    uint16_t slot = 0;
    open_with_names();
    nodes[0].link->dialling.give_up_ms = 300;
    (void)snprintf(text, sizeof text, "late.test%s", strrchr(address_of(1), ':'));
    meet(0, 1, text);
    say(0, 1, "late");
    cr_assert(listen_for(1, LONG_MS, heard, sizeof heard, &slot));
    cr_assert_str_eq(heard, "late");
    close_all();
}

/* In the place of the C library's, for libzmq, too: the server of one name never answers. */
static atomic_uint asked_system;

typedef int ask_system(const char *, const char *, const struct addrinfo *, struct addrinfo **);

__attribute__((visibility("default"))) int getaddrinfo(const char *name, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **list)
{
    union {
        void *object;
        ask_system *function;
    } real = { .object = dlsym(RTLD_NEXT, "getaddrinfo") };
    if (name == NULL || strcmp(name, "never.example") != 0)
        return real.function(name, service, hints, list);
    atomic_fetch_add(&asked_system, 1);
    (void)nanosleep(&(struct timespec){ .tv_sec = 3 }, NULL);
    return EAI_AGAIN;
}

/* A member claims it (host/peers/addresses.h); libzmq would ask for it in the thread that serves
 * all. */
Test(net_link_dial, a_name_in_brackets_silences_nobody, .timeout = 600)
{
    open_with_names();
    meet(0, 1, address_of(1));
    expect_heard(0, 1, "before");
    cr_expect_eq(assay_link_peer(nodes[0].link, 2, "[never.example]:7100"), ASSAY_E_IO);
    uint64_t longest_ms = 0;
    for (const uint64_t until_ms = now_ms() + 1500; now_ms() < until_ms;) {
        const uint64_t said_ms = now_ms();
        expect_heard(0, 1, "on time");
        longest_ms = now_ms() - said_ms > longest_ms ? now_ms() - said_ms : longest_ms;
    }
    cr_expect_lt(longest_ms, 900, "%llu ms", (unsigned long long)longest_ms);
    cr_expect_eq(atomic_load(&asked_system), 0);
    close_all();
}

Test(net_link_dial, a_member_that_calls_is_called_back_without_a_pause, .timeout = 600)
{
    int deaf = -1;
    char text[64];
    uint16_t slot = 0;
    open_all();
    (void)snprintf(text, sizeof text, "127.0.0.1:%d", port_of(DEAF, &deaf));
    nodes[0].link->dialling.pause_ms_max = 1000000;
    meet(0, 1, text);
    cr_assert_not(listen_for(0, 1500, text, sizeof text, &slot));
    cr_assert_eq(nodes[0].link->peers[1].dial.state, ASSAY_DIAL_WAITING);
    nodes[0].link->peers[1].dial.at_ms = now_ms() + 1000000;
    const uint32_t failed = nodes[0].link->peers[1].dial.failed;
    meet(1, 0, address_of(0));
    expect_heard(1, 0, "I am back");
    cr_assert_not(listen_for(0, 300, text, sizeof text, &slot));
    cr_assert_eq(nodes[0].link->peers[1].dial.failed, failed + 1);
    close(deaf);
    close_all();
}
