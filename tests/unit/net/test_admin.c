/*
 * The admin socket: a line in, a document out; bounds for clients that flood, stall or crowd.
 */
#include "net/admin.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BIG = 4 << 20 };

static struct assay_counters counters;
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
    return assay_admin_open(path, "admin socket", answer, &counters, &counters, out, message, len);
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
    assay_admin_step(admin, 2, true);
    cr_assert_gt(hear(fd, text, sizeof text), 0);
    cr_assert_str_eq(text, "{\"line\":\"a\"}\n{\"line\":\"b\"}\n{\"line\":\"c\"}\n");
    close(fd);
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
    static struct assay_counters others;
    char text[128];
    const int fd = dial();
    say(fd, "status\n");
    assay_admin_step(admin, 0, true);
    cr_assert_gt(hear(fd, text, sizeof text), 0);
    assay_admin_hand_over(admin, &counters, &others);
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
