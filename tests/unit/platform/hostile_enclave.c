/*
 * tests/unit/platform/hostile_enclave.c - enclave that violates the rules of the channel.
 *
 * usage: liar WAY   (argv[1]; started by a platform)
 */
#include "quote/source/platform/platform_channel.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(enum assay_channel_kind kind, uint32_t id, const uint8_t *body)
{
    struct assay_channel_frame frame = { .kind = kind, .id = id, .body_len = 1 };
    const size_t len = kind == ASSAY_CHANNEL_KEYS ? 1 : assay_channel_body_len(kind);
    if (len > 0) assay_bytes_copy(frame.body, sizeof frame.body, body, len);
    uint8_t bytes[ASSAY_CHANNEL_FRAME_MAX];
    const size_t frame_len = assay_channel_encode(&frame, bytes);
    if (send(ASSAY_CHANNEL_FD, bytes, frame_len, MSG_NOSIGNAL) < 0) _exit(3);
}

/* Wait for the next proposal. Ends the process when the channel closes. */
static struct assay_channel_frame hear_proposal(void)
{
    for (;;) {
        struct pollfd fd = { .fd = ASSAY_CHANNEL_FD, .events = POLLIN };
        poll(&fd, 1, -1);
        uint8_t bytes[ASSAY_CHANNEL_FRAME_MAX];
        const ssize_t got = recv(ASSAY_CHANNEL_FD, bytes, sizeof bytes, 0);
        if (got <= 0) _exit(0);
        struct assay_channel_frame frame;
        if (assay_channel_decode(bytes, (size_t)got, &frame) == ASSAY_OK &&
            (frame.kind == ASSAY_CHANNEL_PROPOSE || frame.kind == ASSAY_CHANNEL_STATEMENT))
            return frame;
    }
}

static void send_descriptor(void)
{
    uint8_t byte = 0;
    struct iovec part = { &byte, 1 };
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = sizeof control.bytes };
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    const int descriptor = 0;
    assay_bytes_copy(CMSG_DATA(head), sizeof(int), &descriptor, sizeof descriptor);
    if (sendmsg(ASSAY_CHANNEL_FD, &message, MSG_NOSIGNAL) < 0) _exit(3);
}

static void send_garbage(void)
{
    static const uint8_t garbage[4096] = { 9, 9, 9 };
    for (size_t len = 0; len <= 80; len++)
        if (send(ASSAY_CHANNEL_FD, garbage, len, MSG_NOSIGNAL) < 0) _exit(3);
    if (send(ASSAY_CHANNEL_FD, garbage, sizeof garbage, MSG_NOSIGNAL) < 0) _exit(3);
    for (int i = 0; i < 20; i++)
        send_descriptor();
    say(ASSAY_CHANNEL_PING, 1, NULL);  /* not ours to say */
    say(ASSAY_CHANNEL_HELLO, 0, NULL); /* a second time */
}

/* Another process holds the channel too and asks in the enclave's place. */
static void ask_by_child(const struct assay_channel_frame *proposal)
{
    const pid_t child = fork();
    if (child == 0) {
        say(ASSAY_CHANNEL_QUOTE, proposal->id, proposal->body);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

/* An enclave that takes statements: what the test has as its hash is in two of the fields. */
static void answer_statement(const char *way, const struct assay_channel_frame *frame)
{
    static const uint8_t list = 0x80;
    struct assay_channel_statement fields;
    uint8_t keyed[64];
    assay_channel_statement_decode(frame->body, &fields);
    assay_bytes_copy(keyed, 32, fields.chain_id, 32);
    assay_bytes_copy(keyed + 32, 32, fields.keys_root, 32);
    if (strcmp(way, "states_other") == 0) keyed[0] ^= 1;
    if (strcmp(way, "keys_late") != 0) say(ASSAY_CHANNEL_KEYS, frame->id, &list);
    if (strcmp(way, "keys_twice") == 0) say(ASSAY_CHANNEL_KEYS, frame->id, &list);
    say(ASSAY_CHANNEL_QUOTE, frame->id, keyed);
    if (strcmp(way, "keys_late") == 0) say(ASSAY_CHANNEL_KEYS, frame->id, &list);
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    if (strcmp(way, "no_hello") == 0) pause();
    const bool states = strncmp(way, "states", 6) == 0 || strncmp(way, "keys", 4) == 0;
    if (states) say(ASSAY_CHANNEL_STATES, 0, NULL);
    say(ASSAY_CHANNEL_HELLO, 0, NULL);
    static const uint8_t invented[64] = { 1, 2, 3 };
    if (strcmp(way, "unasked") == 0) say(ASSAY_CHANNEL_QUOTE, 1, invented);
    if (strcmp(way, "garbage") == 0) send_garbage();
    for (;;) {
        struct assay_channel_frame frame = hear_proposal();
        if (strcmp(way, "mute") == 0) continue;
        if (states && frame.kind == ASSAY_CHANNEL_STATEMENT) {
            answer_statement(way, &frame);
            continue;
        }
        if (strcmp(way, "keys_unasked") == 0) say(ASSAY_CHANNEL_KEYS, frame.id, frame.body);
        if (strcmp(way, "dies") == 0) return 0;
        if (strcmp(way, "asks_and_dies") == 0) {
            say(ASSAY_CHANNEL_QUOTE, frame.id, frame.body);
            return 0;
        }
        if (strcmp(way, "by_child") == 0) {
            ask_by_child(&frame);
            continue;
        }
        if (strcmp(way, "other_data") == 0) frame.body[63] ^= 1;
        if (strcmp(way, "other_id") == 0) frame.id++;
        say(ASSAY_CHANNEL_QUOTE, frame.id, frame.body);
        if (strcmp(way, "twice") == 0) say(ASSAY_CHANNEL_QUOTE, frame.id, frame.body);
    }
}
