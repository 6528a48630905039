/*
 * enforce/exchange.c - non-blocking HTTP/1.1 exchange over a UNIX socket.
 */
#include "enforce/exchange.h"

#include "base/assert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 8192, READS_PER_STEP = 16 };

void assay_exchange_init(struct assay_exchange *exchange)
{
    *exchange = (struct assay_exchange){ .fd = -1 };
}

void assay_exchange_close(struct assay_exchange *exchange)
{
    if (exchange->fd >= 0) (void)close(exchange->fd);
    free(exchange->bytes);
    assay_exchange_init(exchange);
}

static enum assay_status send_some(char *message, enum assay_status status, const char *what)
{
    (void)snprintf(message, ASSAY_EXCHANGE_MESSAGE_LEN, "%s", what);
    return status;
}

/* A UNIX socket connects at once, or its queue is full (EAGAIN): then the next step tries again. */
static enum assay_status connect_to(struct assay_exchange *exchange,
                                    const struct sockaddr_un *address, char *message)
{
    if (connect(exchange->fd, (const struct sockaddr *)address, sizeof *address) == 0) {
        exchange->connected = true;
        return ASSAY_OK;
    }
    return send_some(message, ASSAY_E_IO, strerror(errno));
}

enum assay_status assay_exchange_start(struct assay_exchange *exchange, const char *path,
                                       const char *method, const char *target,
                                       char message[static ASSAY_EXCHANGE_MESSAGE_LEN])
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const size_t path_len = strlen(path);
    ASSAY_ASSERT(exchange->fd < 0 && exchange->bytes == NULL);
    if (path_len >= sizeof address.sun_path)
        return send_some(message, ASSAY_E_RANGE, "the socket's path is too long");
    assay_bytes_copy(address.sun_path, sizeof address.sun_path, path, path_len + 1);
    const int len =
        snprintf(exchange->request, sizeof exchange->request,
                 "%s %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: assayd\r\n"
                 "Accept: application/json\r\n%sConnection: close\r\n\r\n",
                 method, target, strcmp(method, "POST") == 0 ? "Content-Length: 0\r\n" : "");
    if (len < 0 || (size_t)len >= sizeof exchange->request)
        return send_some(message, ASSAY_E_RANGE, "the request is too long");
    exchange->request_len = (size_t)len;
    exchange->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (exchange->fd < 0) return send_some(message, ASSAY_E_IO, strerror(errno));
    const enum assay_status status = connect_to(exchange, &address, message);
    if (status != ASSAY_OK) assay_exchange_close(exchange);
    return status;
}

static enum assay_status send_request(struct assay_exchange *exchange, char *message)
{
    while (exchange->request_done < exchange->request_len) {
        const ssize_t n =
            send(exchange->fd, exchange->request + exchange->request_done,
                 exchange->request_len - exchange->request_done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return ASSAY_E_AGAIN;
        if (n < 0) return send_some(message, ASSAY_E_IO, strerror(errno));
        exchange->request_done += (size_t)n;
    }
    return ASSAY_OK;
}

static bool grow_buffer(struct assay_exchange *exchange)
{
    if (exchange->len < exchange->capacity) return true;
    const size_t capacity = exchange->capacity == 0 ? FIRST_CAPACITY : exchange->capacity * 2;
    uint8_t *const grown = realloc(exchange->bytes, capacity);
    if (grown == NULL) return false;
    exchange->bytes = grown;
    exchange->capacity = capacity;
    return true;
}

/* Out: *at_end: nothing follows. */
static enum assay_status receive_some(struct assay_exchange *exchange, bool *at_end, char *message)
{
    for (int turn = 0; turn < READS_PER_STEP; turn++) {
        if (exchange->len >= ASSAY_EXCHANGE_LEN_MAX)
            return send_some(message, ASSAY_E_RANGE, "the answer is longer than a mebibyte");
        if (!grow_buffer(exchange)) return send_some(message, ASSAY_E_MEMORY, "no memory");
        const ssize_t n = recv(exchange->fd, exchange->bytes + exchange->len,
                               exchange->capacity - exchange->len, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return ASSAY_OK;
        if (n < 0 && errno != ECONNRESET) return send_some(message, ASSAY_E_IO, strerror(errno));
        *at_end = n <= 0;
        if (*at_end) return ASSAY_OK;
        exchange->len += (size_t)n;
    }
    return ASSAY_OK;
}

enum assay_status assay_exchange_step(struct assay_exchange *exchange, unsigned *code,
                                      struct assay_slice *body,
                                      char message[static ASSAY_EXCHANGE_MESSAGE_LEN])
{
    bool at_end = false;
    ASSAY_ASSERT(exchange->fd >= 0 && exchange->connected);
    ASSAY_TRY(send_request(exchange, message));
    ASSAY_TRY(receive_some(exchange, &at_end, message));
    const enum assay_status status =
        assay_exchange_answer_parse(exchange->bytes, exchange->len, at_end, code, body);
    if (status == ASSAY_E_TRUNCATED) return send_some(message, status, "the answer ended early");
    if (status == ASSAY_E_SYNTAX) return send_some(message, status, "the answer is no HTTP");
    if (status == ASSAY_E_RANGE)
        return send_some(message, status, "the head of the answer is too long");
    return status;
}
