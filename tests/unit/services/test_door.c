/*
 * Frames over TCP with people whom no ledger knows: what is no frame is hung up, nobody holds more
 * than a bound, and one more than there is room for takes the place of the most silent
 * (docs/services.md 4.5).
 */
#include "net/services/door.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct assay_door *door;
static char address[64];
static uint64_t now_ms;

static void set_up(void)
{
    char message[ASSAY_DOOR_MESSAGE_LEN];
    cr_assert_eq(assay_door_open("127.0.0.1:0", &door, message), ASSAY_OK, "%s", message);
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)assay_door_port(door));
}

static void clear_up(void)
{
    assay_door_close(&door);
}

static struct assay_call *call_on(void)
{
    struct assay_call *call = NULL;
    cr_assert_eq(assay_call_open(address, &call), ASSAY_OK);
    return call;
}

static enum assay_status next(uint64_t *guest, struct assay_slice *frame)
{
    enum assay_status status = ASSAY_E_AGAIN;
    for (int i = 0; i < 200 && status == ASSAY_E_AGAIN; i++) {
        assay_door_turn(door, ++now_ms);
        status = assay_door_next(door, guest, frame);
        if (status == ASSAY_E_AGAIN) usleep(1000);
    }
    return status;
}

static enum assay_status answer(struct assay_call *call, struct assay_slice *frame)
{
    enum assay_status status = ASSAY_E_AGAIN;
    for (int i = 0; i < 200 && status == ASSAY_E_AGAIN; i++) {
        assay_door_turn(door, now_ms);
        status = assay_call_next(call, frame);
        if (status == ASSAY_E_AGAIN) usleep(1000);
    }
    return status;
}

Test(services_door, frames_go_both_ways_whole, .init = set_up, .fini = clear_up)
{
    static uint8_t long_one[ASSAY_DOOR_FRAME_MAX];
    struct assay_call *call = call_on(), *other = call_on();
    struct assay_slice frame;
    uint64_t guest = 0, second = 0;
    long_one[ASSAY_DOOR_FRAME_MAX - 1] = 9;
    cr_assert_eq(assay_call_send(call, assay_slice_over("hello", 5)), ASSAY_OK);
    cr_assert_eq(next(&guest, &frame), ASSAY_OK);
    cr_expect(frame.len == 5 && assay_bytes_equal(frame.bytes, "hello", 5));
    cr_assert_eq(assay_call_send(other, assay_slice_over(long_one, sizeof long_one)), ASSAY_OK);
    for (int i = 0; i < 100; i++) {
        assay_door_turn(door, now_ms);
        assay_status_ignore(assay_call_next(other, &frame), "what waits leaves");
        if (assay_door_next(door, &second, &frame) == ASSAY_OK) break;
        usleep(1000);
    }
    cr_expect(second != guest && frame.len == sizeof long_one && frame.bytes[frame.len - 1] == 9);
    assay_door_send(door, guest, assay_slice_over("you", 3));
    cr_assert_eq(answer(call, &frame), ASSAY_OK);
    cr_expect(frame.len == 3 && assay_bytes_equal(frame.bytes, "you", 3));
    cr_expect_eq(assay_call_next(other, &frame), ASSAY_E_AGAIN, "nobody else hears it");
    assay_door_hang_up(door, guest);
    cr_expect_eq(answer(call, &frame), ASSAY_E_IO);
    assay_door_send(door, guest, assay_slice_over("gone", 4));
    assay_call_close(&call);
    assay_call_close(&other);
}

/* Whatever anybody sends. */
static int raw(void)
{
    const struct sockaddr_in at = { .sin_family = AF_INET,
                                    .sin_port = htons(assay_door_port(door)),
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
        assay_door_turn(door, now_ms);
        (void)!assay_door_next(door, &guest, &frame);
        const ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno == ECONNRESET)) return true;
        usleep(1000);
    }
    return false;
}

Test(services_door, what_is_no_frame_is_hung_up, .init = set_up, .fini = clear_up)
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
    now_ms += ASSAY_DOOR_IDLE_MS + 1;
    cr_expect(is_hung_up(fd), "but not for ever");
    (void)close(fd);
}

Test(services_door, the_most_silent_makes_room, .init = set_up, .fini = clear_up)
{
    int fds[ASSAY_DOOR_GUESTS_MAX + 1];
    struct assay_slice frame;
    uint64_t guest = 0;
    for (int i = 0; i < ASSAY_DOOR_GUESTS_MAX; i++) {
        fds[i] = raw();
        assay_door_turn(door, ++now_ms);
    }
    const uint8_t word[] = { 0, 0, 0, 1, 42 };
    cr_assert_eq(send(fds[0], word, sizeof word, 0), (ssize_t)sizeof word);
    cr_assert_eq(next(&guest, &frame), ASSAY_OK);
    fds[ASSAY_DOOR_GUESTS_MAX] = raw();
    assay_door_turn(door, ++now_ms);
    cr_expect(is_hung_up(fds[1]), "it has said nothing for the longest time");
    cr_expect_not(is_hung_up(fds[0]));
    for (int i = 0; i <= ASSAY_DOOR_GUESTS_MAX; i++)
        (void)close(fds[i]);
}

/* Who does not take what is said to it holds a bound, no more. */
Test(services_door, who_does_not_listen_is_hung_up, .init = set_up, .fini = clear_up)
{
    static uint8_t long_one[ASSAY_DOOR_FRAME_MAX];
    struct assay_slice frame;
    uint64_t guest = 0;
    const int fd = raw();
    const uint8_t word[] = { 0, 0, 0, 1, 42 };
    cr_assert_eq(send(fd, word, sizeof word, 0), (ssize_t)sizeof word);
    cr_assert_eq(next(&guest, &frame), ASSAY_OK);
    struct pollfd fds[ASSAY_DOOR_FDS];
    for (int i = 0; i < 500 && assay_door_poll(door, fds) == 2; i++)
        assay_door_send(door, guest, assay_slice_over(long_one, sizeof long_one));
    cr_expect_eq(assay_door_poll(door, fds), 1, "it is gone");
    (void)close(fd);
}

Test(services_door, addresses)
{
    static const char *const bad[] = { "", "host", ":1", "127.0.0.1:", "127.0.0.1:port" };
    struct assay_call *call = NULL;
    char message[ASSAY_DOOR_MESSAGE_LEN];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (i != 3) cr_expect_neq(assay_call_open(bad[i], &call), ASSAY_OK, "%s", bad[i]);
        if (i != 3)
            cr_expect_neq(assay_door_open(bad[i], &door, message), ASSAY_OK, "%s", bad[i]);
        cr_expect_null(call);
    }
    if (assay_door_open("[::1]:0", &door, message) == ASSAY_OK) {
        cr_expect_gt(assay_door_port(door), 0);
        assay_door_close(&door);
    }
}
