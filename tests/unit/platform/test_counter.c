/* tests/unit/platform/test_counter.c - the enclave's work, and its socket under rude clients. */
#include "apps/enclave/service.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char *say(struct counter *counter, const char *line)
{
    static char answer[COUNTER_ANSWER_MAX + 1];
    const size_t len = counter_answer(counter, line, strlen(line), answer);
    cr_assert(len > 0 && len <= COUNTER_ANSWER_MAX);
    answer[len] = '\0';
    return answer;
}

Test(counter, counts_in_its_step)
{
    struct counter one = { .step = 1, .mode = ASSAY_CHANNEL_MODE_FULL };
    struct counter two = { .step = 2, .mode = ASSAY_CHANNEL_MODE_FULL };
    cr_assert_str_eq(say(&one, "read"), "0\n");
    cr_assert_str_eq(say(&one, "increment"), "1\n");
    cr_assert_str_eq(say(&one, "increment critical"), "2\n");
    cr_assert_str_eq(say(&two, "increment"), "2\n");
    one.value = UINT64_MAX - 1;
    cr_assert_str_eq(say(&one, "increment"), "18446744073709551615\n");
    cr_assert_str_eq(say(&one, "increment"), "0\n");
}

Test(counter, refuses_what_its_mode_forbids_and_counts_nothing)
{
    struct counter counter = { .step = 1, .mode = ASSAY_CHANNEL_MODE_RESTRICTED };
    cr_assert_str_eq(say(&counter, "increment critical"), "error restricted\n");
    cr_assert_str_eq(say(&counter, "increment"), "1\n");
    cr_assert_str_eq(say(&counter, "read"), "1\n");
    counter.mode = ASSAY_CHANNEL_MODE_SUSPENDED;
    cr_assert_str_eq(say(&counter, "increment"), "error suspended\n");
    cr_assert_str_eq(say(&counter, "increment critical"), "error suspended\n");
    cr_assert_str_eq(say(&counter, "read"), "error suspended\n");
    cr_assert_eq(counter.value, 1);
}

Test(counter, knows_its_commands_exactly)
{
    struct counter counter = { .step = 1, .mode = ASSAY_CHANNEL_MODE_FULL };
    static const char *const lines[] = {
        "", "Increment", "increment ", " read", "reset", "read\r"
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_assert_str_eq(say(&counter, lines[i]), "error unknown command\n", "%s", lines[i]);
    char answer[COUNTER_ANSWER_MAX];
    const size_t len = counter_answer(&counter, "read\0x", 6, answer);
    cr_assert(assay_bytes_equal(answer, "error unknown command\n", len));
    cr_assert_eq(counter.value, 0);
}

/* --------------------------------------------------------------- the socket */

static struct service service;
static struct counter counter;
static struct registrations keys;
static char path[64];

static void set_up(void)
{
    snprintf(path, sizeof path, "/tmp/assay-test-counter-%d.sock", (int)getpid());
    counter = (struct counter){ .step = 1, .mode = ASSAY_CHANNEL_MODE_FULL };
    keys.users.owner = geteuid();
    cr_assert_eq(service_open(&service, path), ASSAY_OK);
}

static void tear_down(void)
{
    service_close(&service);
    cr_assert_eq(access(path, F_OK), -1);
}

TestSuite(service, .init = set_up, .fini = tear_down, .timeout = 120);

static int dial(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    service_step(&service, &counter, &keys, 1000);
    return fd;
}

static void put(int fd, const char *text, size_t len)
{
    cr_assert_eq(send(fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
    service_step(&service, &counter, &keys, 1000);
}

/* Returns: what came, "" when nothing, "closed" at the end. */
static const char *take(int fd)
{
    static char text[512];
    const ssize_t got = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno == ECONNRESET)) return "closed";
    text[got > 0 ? got : 0] = '\0';
    return text;
}

Test(service, answers_lines_whole_in_pieces_and_in_bunches)
{
    const int fd = dial();
    put(fd, "increment\n", 10);
    cr_assert_str_eq(take(fd), "1\n");
    put(fd, "incr", 4);
    cr_assert_str_eq(take(fd), "");
    put(fd, "ement\nread\nread\nwhat\n", 21);
    cr_assert_str_eq(take(fd), "2\n2\n2\nerror unknown command\n");
    close(fd);
    service_step(&service, &counter, &keys, 1000);
    const int again = dial();
    put(again, "read\n", 5);
    cr_assert_str_eq(take(again), "2\n");
    close(again);
}

Test(service, takes_a_line_of_the_limit_and_hangs_up_one_past_it)
{
    char line[COUNTER_LINE_MAX + 2];
    for (size_t i = 0; i < sizeof line; i++)
        line[i] = 'x';
    int fd = dial();
    line[COUNTER_LINE_MAX] = '\n';
    put(fd, line, COUNTER_LINE_MAX + 1);
    cr_assert_str_eq(take(fd), "error unknown command\n");
    line[COUNTER_LINE_MAX] = 'x';
    put(fd, line, COUNTER_LINE_MAX + 1);
    cr_assert_str_eq(take(fd), "error line too long\n");
    cr_assert_str_eq(take(fd), "closed");
    close(fd);
}

Test(service, takes_a_longer_line_about_keys_alone)
{
    static char line[KEY_REQUEST_MAX + 2] = "key ";
    for (size_t i = 4; i < sizeof line; i++)
        line[i] = 'x';
    int fd = dial();
    line[KEY_REQUEST_MAX] = '\n';
    put(fd, line, KEY_REQUEST_MAX + 1);
    cr_assert_eq(strncmp(take(fd), "error expected key boot", 23), 0);
    put(fd, "key list\n", 9);
    cr_assert_str_eq(take(fd), "end\n");
    line[KEY_REQUEST_MAX] = 'x';
    put(fd, line, KEY_REQUEST_MAX + 1);
    cr_assert_str_eq(take(fd), "error line too long\n");
    close(fd);
    fd = dial();
    line[0] = 'K';
    line[COUNTER_LINE_MAX + 1] = '\n';
    put(fd, line, COUNTER_LINE_MAX + 2);
    cr_assert_str_eq(take(fd), "error line too long\n");
    cr_assert_str_eq(take(fd), "closed");
    close(fd);
}

Test(service, refuses_the_client_too_many_and_drops_the_idle)
{
    int fds[SERVICE_CLIENTS_MAX];
    for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++)
        fds[i] = dial();
    const int more = dial();
    cr_assert_str_eq(take(more), "error busy\n");
    cr_assert_str_eq(take(more), "closed");
    close(more);
    put(fds[0], "read\n", 5);
    cr_assert_str_eq(take(fds[0]), "0\n");
    const int late = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    cr_assert_eq(connect(late, (const struct sockaddr *)&address, sizeof address), 0);
    service_step(&service, &counter, &keys, 1000 + SERVICE_IDLE_MS + 1);
    put(late, "read\n", 5);
    cr_assert_str_eq(take(late), "0\n");
    close(late);
    for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++)
        close(fds[i]);
}

static void assert_is_served(int fd)
{
    put(fd, "read\n", 5);
    cr_assert_str_eq(take(fd), "0\n");
}

static void assert_is_refused(int fd)
{
    cr_assert_str_eq(take(fd), "error busy\n");
    cr_assert_str_eq(take(fd), "closed");
    close(fd);
}

/* Connections of this process, as if they were of users uid, uid + step and so on. */
static void dial_as(uint32_t uid, uint32_t step, size_t count, int fds[])
{
    for (size_t i = 0; i < count; i++) {
        fds[i] = dial();
        size_t newest = SERVICE_CLIENTS_MAX;
        for (size_t k = 0; k < SERVICE_CLIENTS_MAX; k++)
            if (service.clients[k].fd >= 0 && service.clients[k].uid == geteuid()) newest = k;
        cr_assert_lt(newest, (size_t)SERVICE_CLIENTS_MAX, "it has a place");
        service.clients[newest].uid = uid + step * (uint32_t)i;
        service.clients[newest].received_ms = 1000 + i;
    }
}

enum { OTHER = 1u << 20, OTHERS_MAX = SERVICE_CLIENTS_MAX - SERVICE_NAMED_CLIENTS };

/* docs/identity.md 6.6.1: a user with fewer connections takes a place of the user with most. */
Test(service, one_user_with_all_connections_gives_one_to_each_other_user)
{
    int fds[OTHERS_MAX], more;
    keys.users.owner = geteuid() + 1;
    dial_as(OTHER, 0, OTHERS_MAX, fds);
    for (uint32_t user = 1; user < OTHERS_MAX; user++) {
        dial_as(OTHER + user, 0, 1, &more);
        assert_is_refused(fds[user - 1]);
        assert_is_served(more);
    }
    assert_is_refused(dial()); /* each has one */
    assert_is_served(fds[OTHERS_MAX - 1]);
}

/* A user that the configuration names takes none of those that it does not name. */
Test(service, named_users_give_places_to_others)
{
    int fds[SERVICE_CLIENTS_MAX], more;
    keys.users.owner = geteuid() + 1;
    keys.users.count = 1;
    keys.users.reserved[0].uid = OTHER;
    dial_as(OTHER, 0, SERVICE_CLIENTS_MAX, fds);
    dial_as(OTHER + 1, 1, 1, &more);
    assert_is_served(more);
    assert_is_refused(fds[0]);
}

/* However many users the configuration does not name: the enclave's own is served. */
Test(service, users_without_a_name_leave_places_to_the_others)
{
    int fds[OTHERS_MAX], own[SERVICE_NAMED_CLIENTS];
    keys.users.owner = geteuid() + 1;
    dial_as(OTHER, 1, OTHERS_MAX, fds);
    assert_is_refused(dial());
    keys.users.owner = geteuid();
    for (size_t i = 0; i < SERVICE_NAMED_CLIENTS; i++) {
        own[i] = dial();
        assert_is_served(own[i]);
    }
    /* Its connections are not taken, by a user without one either. */
    for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++)
        if (service.clients[i].uid == OTHER) service.clients[i].uid = geteuid();
    keys.users.owner = OTHER + SERVICE_CLIENTS_MAX;
    for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++)
        if (service.clients[i].uid == geteuid()) service.clients[i].uid = keys.users.owner;
    assert_is_refused(dial());
    assert_is_served(own[0]);
}

Test(service, drops_a_client_that_asks_and_never_reads)
{
    const int fd = dial();
    char many[60];
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = i % 5 == 4 ? '\n' : "read"[i % 5];
    bool dropped = false;
    for (int i = 0; i < 1000000 && !dropped; i++) {
        dropped = send(fd, many, sizeof many, MSG_NOSIGNAL) < 0 && errno == EPIPE;
        service_step(&service, &counter, &keys, 1000);
    }
    cr_assert(dropped);
    close(fd);
}

Test(service, is_for_its_owner_alone_and_replaces_a_dead_socket_only)
{
    struct stat about;
    cr_assert_eq(stat(path, &about), 0);
    cr_assert_eq(about.st_mode & 0777, 0600);
    struct service second;
    cr_assert_eq(service_open(&second, path), ASSAY_OK, "a socket left behind is replaced");
    service_close(&second);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fclose(file);
    cr_assert_eq(service_open(&second, path), ASSAY_E_IO, "a file is not");
    cr_assert_eq(errno, EADDRINUSE);
    service_close(&second);
    unlink(path);
    char longer[120];
    for (size_t i = 0; i < sizeof longer; i++)
        longer[i] = i + 1 < sizeof longer ? 'x' : '\0';
    cr_assert_eq(service_open(&second, longer), ASSAY_E_RANGE);
}
