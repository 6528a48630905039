/*
 * tests/unit/net/test_admin.c - tests of the admin socket.
 *
 * The admin socket: a line in, a document out; bounds for clients that flood, stall or crowd.
 */
#include "net/admin/admin.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BIG = 4 << 20 };

static struct assay_traffic_counters counters;
static struct assay_admin *admin;
static char path[64];
static unsigned asked;

static char *answer(void *context, const char *line)
{
    asked++;
    cr_assert_eq(context, &counters);
    if (strcmp(line, "none") == 0) return NULL;
    char *text = malloc(BIG + 1);
    if (strcmp(line, "big") == 0) {
        for (size_t i = 0; i < BIG; i++)
            text[i] = 'x';
        text[BIG] = '\0';
    } else {
        (void)snprintf(text, BIG, "{\"line\":\"%s\"}", line);
    }
    return text;
}

static enum assay_status open_at(struct assay_admin **out, char *message, size_t len)
{
    return assay_admin_open(path, "admin socket", ASSAY_ADMIN_LINE_MAX, answer, &counters,
                            &counters, out, message, len);
}

static void start(void)
{
    char message[128] = "";
    (void)snprintf(path, sizeof path, "/tmp/assay-admin-%d.sock", (int)getpid());
    (void)unlink(path);
    cr_assert_eq(open_at(&admin, message, sizeof message), ASSAY_OK, "%s", message);
}

static void stop(void)
{
    assay_admin_close(&admin);
    cr_assert_neq(access(path, F_OK), 0, "the socket file is removed");
}

static int dial(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    /* A whole line before anybody reads it: one thread plays both sides. */
    const int room = 1 << 20;
    cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Returns: bytes read into text, 0 when closed, -1 when nothing is there. */
static ssize_t hear(int fd, char *text, size_t len)
{
    const ssize_t n = recv(fd, text, len - 1, MSG_DONTWAIT);
    text[n > 0 ? n : 0] = '\0';
    return n;
}

Test(net_admin, answers_line_by_line, .init = start, .fini = stop)
{
    char text[128];
    const int fd = dial();
    say(fd, "status\nno");
    assay_admin_step(admin, 0, true);
    cr_assert_gt(hear(fd, text, sizeof text), 0);
    cr_assert_str_eq(text, "{\"line\":\"status\"}\n");
    say(fd, "des\n");
    assay_admin_step(admin, 1, true);
    cr_assert_gt(hear(fd, text, sizeof text), 0);
    cr_assert_str_eq(text, "{\"line\":\"nodes\"}\n");
    say(fd, "a\nb\nc\n");
    for (uint64_t i = 0; i < 3; i++)
        assay_admin_step(admin, 2 + i, true);
    cr_assert_gt(hear(fd, text, sizeof text), 0);
    cr_assert_str_eq(text, "{\"line\":\"a\"}\n{\"line\":\"b\"}\n{\"line\":\"c\"}\n");
    close(fd);
}

/* Lines that came together take nothing from a turn: one of each client, so many of all, in turns,
 * and the host is called again at once. */
Test(net_admin, a_flood_of_lines_is_answered_a_few_a_turn, .init = start, .fini = stop)
{
    enum { LINES = 150, FLOODS = ASSAY_ADMIN_CLIENTS_MAX - 1, FEW = 4 };
    static char flood[2 * LINES + 1], text[1 << 16];
    int fds[FLOODS];
    for (size_t i = 0; i < LINES; i++) {
        flood[2 * i] = 'x';
        flood[2 * i + 1] = '\n';
    }
    fds[0] = dial();
    say(fds[0], flood);
    for (unsigned turn = 1; turn <= 50; turn++) {
        assay_admin_step(admin, 7, true);
        cr_assert_eq(asked, turn, "one line of a client");
        cr_assert_eq(assay_admin_wake_at(admin), 0, "the others are there already");
        struct pollfd polled[2];
        cr_assert_eq(assay_admin_poll(admin, polled, 2), 2);
        cr_assert_eq(polled[1].events, 0, "nothing more is read while they wait");
        cr_assert_gt(hear(fds[0], text, sizeof text), 0);
    }
    for (size_t i = 1; i < FLOODS; i++) {
        fds[i] = dial();
        say(fds[i], flood);
    }
    assay_admin_step(admin, 8, true);
    const int quiet = dial();
    say(quiet, "status\n");
    bool is_answered = false;
    for (unsigned turn = 0; turn < FEW; turn++) {
        const unsigned before = asked;
        assay_admin_step(admin, 9, true);
        cr_assert_eq(asked - before, ASSAY_ADMIN_ANSWERS_MAX, "of all clients");
        is_answered = is_answered || hear(quiet, text, sizeof text) > 0;
    }
    cr_assert(is_answered);
    /* Each line gets its answer in the end, and those who are done are not called for. */
    const unsigned all = FLOODS * LINES + 1;
    while (asked < all && assay_admin_wake_at(admin) == 0) {
        assay_admin_step(admin, 10, true);
        for (size_t i = 0; i < FLOODS; i++)
            while (hear(fds[i], text, sizeof text) > 0)
                continue;
    }
    cr_assert_eq(asked, all);
    cr_assert_gt(assay_admin_wake_at(admin), 10);
    for (size_t i = 0; i < FLOODS; i++)
        close(fds[i]);
    close(quiet);
}

/* Who may ask little says it in short lines. */
Test(net_admin, has_the_longest_line_that_it_is_opened_with)
{
    char message[128] = "", line[ASSAY_ADMIN_LINE_ANCHOR + 2] = "", text[256];
    (void)snprintf(path, sizeof path, "/tmp/assay-short-%d.sock", (int)getpid());
    (void)unlink(path);
    cr_assert_eq(assay_admin_open(path, "services socket", ASSAY_ADMIN_LINE_ANCHOR, answer,
                                  &counters, &counters, &admin, message, sizeof message),
                 ASSAY_OK, "%s", message);
    for (size_t more = 0; more < 2; more++) {
        const size_t len = ASSAY_ADMIN_LINE_ANCHOR - 1 + more;
        for (size_t i = 0; i < len; i++)
            line[i] = 'a';
        line[len] = '\n';
        const int fd = dial();
        say(fd, line);
        assay_admin_step(admin, 0, true);
        cr_assert_eq(hear(fd, text, sizeof text) > 0, more == 0);
        cr_assert_eq(counters.value[ASSAY_COUNT_ADMIN_SYNTAX], more);
        close(fd);
    }
    stop();
}

Test(net_admin, is_for_the_owner_alone, .init = start, .fini = stop)
{
    struct stat file;
    cr_assert_eq(stat(path, &file), 0);
    cr_assert_eq(file.st_mode & 0777, 0600);
}

Test(net_admin, takes_a_line_as_long_as_a_change, .init = start, .fini = stop)
{
    static char text[ASSAY_ADMIN_LINE_MAX + 64];
    static char line[ASSAY_ADMIN_LINE_MAX + 1];
    const int fd = dial();
    for (size_t i = 0; i < ASSAY_ADMIN_LINE_MAX - 1; i++)
        line[i] = (char)('a' + i % 26);
    line[ASSAY_ADMIN_LINE_MAX - 1] = '\n';
    say(fd, line);
    say(fd, "after\n");
    size_t len = 0;
    for (int i = 0; i < 100 && strstr(text, "after") == NULL; i++) {
        assay_admin_step(admin, (uint64_t)i, true);
        const ssize_t n = hear(fd, text + len, sizeof text - len);
        if (n > 0) len += (size_t)n;
    }
    line[ASSAY_ADMIN_LINE_MAX - 1] = '\0';
    cr_assert_not_null(strstr(text, line));
    cr_assert_not_null(strstr(text, "{\"line\":\"after\"}\n"), "the next one is read after it");
    close(fd);
}

Test(net_admin, goes_on_for_another_host, .init = start)
{
    static struct assay_traffic_counters others;
    char text[128];
    const int fd = dial();
    say(fd, "status\n");
    assay_admin_step(admin, 0, true);
    cr_assert_gt(hear(fd, text, sizeof text), 0);
    assay_admin_set_answer(admin, &counters, &others);
    say(fd, "nodes\n");
    assay_admin_step(admin, 1, true);
    cr_assert_gt(hear(fd, text, sizeof text), 0, "the client is still there");
    cr_assert_eq(others.value[ASSAY_COUNT_ADMIN_REQUESTS], 1);
    cr_assert_eq(counters.value[ASSAY_COUNT_ADMIN_REQUESTS], 1);
    close(fd);
    stop();
}

Test(net_admin, drops_lines_that_are_too_long_or_no_text, .init = start, .fini = stop)
{
    char text[ASSAY_ADMIN_LINE_MAX + 2];
    const char *bad[] = { "\n", "a\tb\n", "caf\xc3\xa9\n", "\x1b[2J\n" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const int fd = dial();
        say(fd, bad[i]);
        assay_admin_step(admin, 0, true);
        cr_assert_eq(hear(fd, text, sizeof text), 0, "case %zu", i);
        close(fd);
    }
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = 'a';
    text[sizeof text - 1] = '\0';
    const int fd = dial();
    say(fd, text);
    assay_admin_step(admin, 0, true);
    /* bytes of ours were left unread, so the kernel says reset rather than end */
    cr_assert_leq(hear(fd, text, sizeof text), 0);
    close(fd);
    cr_assert_eq(counters.value[ASSAY_COUNT_ADMIN_SYNTAX], 5);
    cr_assert_eq(asked, 0);
}

Test(net_admin, a_client_that_does_not_read_is_dropped_and_holds_up_nobody, .init = start,
     .fini = stop)
{
    static char text[BIG];
    const int slow = dial(), quick = dial();
    say(slow, "big\n");
    assay_admin_step(admin, 0, true);
    say(quick, "status\n");
    assay_admin_step(admin, 1, true);
    cr_assert_gt(hear(quick, text, sizeof text), 0);
    assay_admin_step(admin, ASSAY_ADMIN_SLOW_MS - 1, true);
    cr_assert_eq(counters.value[ASSAY_COUNT_ADMIN_SLOW], 0);
    assay_admin_step(admin, ASSAY_ADMIN_SLOW_MS, true);
    cr_assert_eq(counters.value[ASSAY_COUNT_ADMIN_SLOW], 1);
    say(quick, "status\n");
    assay_admin_step(admin, ASSAY_ADMIN_SLOW_MS + 1, true);
    cr_assert_gt(hear(quick, text, sizeof text), 0);
    close(slow);
    close(quick);
}

Test(net_admin, a_large_document_arrives_whole, .init = start, .fini = stop)
{
    static char text[1 << 16];
    size_t got = 0;
    const int fd = dial();
    say(fd, "big\n");
    for (uint64_t now = 0; now < 10000 && got < BIG + 1; now++) {
        assay_admin_step(admin, now, true);
        for (ssize_t n; (n = hear(fd, text, sizeof text)) > 0;)
            got += (size_t)n;
    }
    cr_assert_eq(got, BIG + 1);
    close(fd);
}

Test(net_admin, bounds_the_number_of_clients, .init = start, .fini = stop)
{
    int fds[ASSAY_ADMIN_CLIENTS_MAX + 3];
    char text[64];
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        fds[i] = dial();
        assay_admin_step(admin, 0, true);
    }
    cr_assert_eq(counters.value[ASSAY_COUNT_ADMIN_FULL], 3);
    cr_assert_eq(hear(fds[ASSAY_ADMIN_CLIENTS_MAX], text, sizeof text), 0);
    struct pollfd polled[ASSAY_ADMIN_CLIENTS_MAX + 8];
    cr_assert_eq(assay_admin_poll(admin, polled, sizeof polled / sizeof polled[0]),
                 ASSAY_ADMIN_CLIENTS_MAX + 1);
    cr_assert_eq(assay_admin_poll(admin, polled, 3), 3, "never more than there is room for");
    assay_admin_step(admin, ASSAY_ADMIN_IDLE_MS, true); /* the idle go */
    const int late = dial();
    say(late, "status\n");
    assay_admin_step(admin, ASSAY_ADMIN_IDLE_MS + 1, true);
    cr_assert_gt(hear(late, text, sizeof text), 0);
    close(late);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        close(fds[i]);
}

Test(net_admin, without_memory_the_client_is_dropped, .init = start, .fini = stop)
{
    char text[64];
    const int fd = dial();
    say(fd, "none\n");
    assay_admin_step(admin, 0, true);
    cr_assert_eq(hear(fd, text, sizeof text), 0);
    close(fd);
}

Test(net_admin, takes_over_what_a_crash_left_but_not_a_living_daemon, .init = start, .fini = stop)
{
    struct assay_admin *second = NULL;
    char message[128] = "";
    cr_assert_eq(open_at(&second, message, sizeof message), ASSAY_E_IO);
    cr_assert_not_null(strstr(message, "in use"));
    /* a crash: the descriptor is gone, the file stays */
    char kept[sizeof path];
    (void)snprintf(kept, sizeof kept, "%s", path);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(path, sizeof path, "/tmp/assay-left-%d.sock", (int)getpid());
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    (void)unlink(path);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    cr_assert_eq(open_at(&second, message, sizeof message), ASSAY_OK, "%s", message);
    assay_admin_close(&second);
    /* another kind of file is nobody's to remove */
    FILE *file = fopen(path, "w");
    fclose(file);
    cr_assert_eq(open_at(&second, message, sizeof message), ASSAY_E_IO);
    cr_assert_eq(access(path, F_OK), 0);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s", kept);
}

/* A client that cannot be accepted stays in the backlog: the daemon does not wake for it without
 * end, and accepts it later. */
Test(net_admin, without_descriptors_clients_wait, .init = start, .fini = stop)
{
    struct pollfd fds[ASSAY_ADMIN_CLIENTS_MAX + 1];
    struct rlimit limit, none;
    uint64_t now_ms = 5000;
    const int fd = dial();
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){ .rlim_cur = 3, .rlim_max = limit.rlim_max };
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    assay_admin_step(admin, now_ms, true);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_expect_eq(assay_admin_poll(admin, fds, sizeof fds / sizeof fds[0]), 1);
    cr_expect_lt(fds[0].fd, 0, "it would be readable at once");
    const uint64_t wake_ms = assay_admin_wake_at(admin);
    cr_expect_gt(wake_ms, now_ms);
    cr_assert_leq(wake_ms, now_ms + 1000);
    assay_admin_step(admin, wake_ms - 1, true);
    cr_expect_eq(assay_admin_poll(admin, fds, sizeof fds / sizeof fds[0]), 1, "it waits");
    assay_admin_step(admin, wake_ms, false);
    cr_expect_eq(assay_admin_poll(admin, fds, sizeof fds / sizeof fds[0]), 1);
    cr_expect_geq(fds[0].fd, 0);
    assay_admin_step(admin, wake_ms, true);
    cr_expect_eq(assay_admin_poll(admin, fds, sizeof fds / sizeof fds[0]), 2, "it is accepted");
    (void)close(fd);
}
