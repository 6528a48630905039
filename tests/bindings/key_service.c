/*
 * tests/bindings/key_service.c - registration of workload keys as an enclave has it, on a socket,
 * for tests of the bindings: its daemon has named network 01 00.. and member 02 00...
 * (docs/identity.md 6.6, 6.7).
 *
 * usage: key_service SOCKET; one client after the other, until it is ended
 */
#include "apps/enclave/key_requests.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { USER = 7 };

static const uint8_t chain_id[32] = { 1 }, node_id[32] = { 2 };

static void converse(struct registrations *registered, int client, uint64_t *now_ms)
{
    char line[KEY_REQUEST_MAX + 2], answer[KEY_ANSWER_MAX + 1];
    size_t len = 0;
    for (;;) {
        const ssize_t got = recv(client, line + len, sizeof line - len, 0);
        if (got <= 0) return;
        len += (size_t)got;
        if (line[len - 1] != '\n') continue;
        const size_t answered =
            key_request_answer(registered, USER, *now_ms += 1000, line, len - 1, answer);
        (void)send(client, answer, answered, MSG_NOSIGNAL);
        len = 0;
    }
}

int main(int argc, char **argv)
{
    static const uint8_t beacon[32], voting[64], transport[32], root[32], boot[32] = { 4 };
    static const struct registration_users users = { .owner = USER };
    static struct registrations registered;
    const struct assay_binding binding = { chain_id, 0,      9,         beacon, node_id,
                                           1,        voting, transport, root };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    uint8_t report_data[64];
    uint64_t now_ms = 0;
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (argc != 2 || listener < 0) return 2;
    registrations_init(&registered, &users, boot);
    if (registrations_state(&registered, &binding, report_data) != ASSAY_OK) return 2;
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
    if (bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 4) != 0) {
        perror(argv[1]);
        return 2;
    }
    for (;;) {
        const int client = accept(listener, NULL, NULL);
        if (client < 0) return 2;
        converse(&registered, client, &now_ms);
        (void)close(client);
    }
}
