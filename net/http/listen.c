/*
 * net/http/listen.c - listening sockets and their access rules.
 */
#include "net/http/listen.h"

#include "net/documents/document.h"
#include "net/system/unix_socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 128 };

/* "localhost" or a numeric address: no resolver decides about access. */
static enum assay_status resolve_address(const char *address, struct sockaddr_storage *out,
                                         socklen_t *len, char *message, size_t message_len)
{
    ASSAY_ASSERT(address != NULL && message_len > 0);
    char host[ASSAY_HTTP_LISTEN_MAX];
    const char *colon = strrchr(address, ':'), *begin = address;
    const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                    .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    uint64_t port = 0;
    if (colon != NULL && *begin == '[' && colon > begin + 1 && colon[-1] == ']') {
        (void)snprintf(host, sizeof host, "%.*s", (int)(colon - begin - 2), begin + 1);
    } else if (colon != NULL) {
        (void)snprintf(host, sizeof host, "%.*s", (int)(colon - begin), begin);
    }
    const bool fit = colon != NULL && colon - begin < (int)sizeof host &&
                     assay_document_number(colon + 1, &port) && port > 0 && port <= UINT16_MAX;
    const char *name = fit && strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    if (!fit || getaddrinfo(name, colon + 1, &hints, &found) != 0 || found == NULL) {
        (void)snprintf(message, message_len,
                       "listen.http: expected a path, or HOST:PORT with a numeric HOST or "
                       "localhost, found \"%.60s\"",
                       address);
        return ASSAY_E_SYNTAX;
    }
    assay_bytes_copy(out, sizeof *out, found->ai_addr, found->ai_addrlen);
    *len = found->ai_addrlen;
    freeaddrinfo(found);
    return ASSAY_OK;
}

static bool is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        struct sockaddr_in in;
        assay_bytes_copy(&in, sizeof in, address, sizeof in);
        return ntohl(in.sin_addr.s_addr) >> 24 == 127;
    }
    struct sockaddr_in6 in6;
    assay_bytes_copy(&in6, sizeof in6, address, sizeof in6);
    return address->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
}

static bool has_tls(const struct assay_http_config *config)
{
    return config->certificate != NULL && config->key != NULL && config->clients != NULL;
}

enum assay_status assay_http_check(const struct assay_http_config *config, char *message,
                                   size_t message_len)
{
    ASSAY_ASSERT(config->socket_path != NULL || config->address != NULL);
    struct sockaddr_storage address = { 0 };
    socklen_t len = 0;
    const bool any = config->certificate != NULL || config->key != NULL || config->clients != NULL;
    if (any && !has_tls(config)) {
        (void)snprintf(message, message_len,
                       "http: certificate, key and clients belong together: TLS without knowing "
                       "the clients would let anybody read");
        return ASSAY_E_INVALID;
    }
    if (config->socket_path != NULL && any) {
        (void)snprintf(message, message_len, "http.certificate: a UNIX socket needs no TLS");
        return ASSAY_E_INVALID;
    }
    if (config->socket_path != NULL) return ASSAY_OK;
    ASSAY_TRY(resolve_address(config->address, &address, &len, message, message_len));
    if (is_loopback(&address) || has_tls(config) || config->accept_plain) return ASSAY_OK;
    (void)snprintf(message, message_len,
                   "listen.http: %.60s can be reached from other machines: expected a UNIX socket, "
                   "a loopback address, or mutual TLS (http.certificate, http.key, http.clients); "
                   "else insecure must name http-without-tls",
                   config->address);
    return ASSAY_E_INVALID;
}

bool assay_http_is_open(const struct assay_http_config *config)
{
    char message[256];
    struct sockaddr_storage address = { 0 };
    socklen_t len = 0;
    if (config->address == NULL || has_tls(config)) return false;
    return resolve_address(config->address, &address, &len, message, sizeof message) == ASSAY_OK &&
           !is_loopback(&address);
}

enum assay_status assay_http_listen(const struct assay_http_config *config, int *fd, bool *loopback,
                                    char *message, size_t message_len)
{
    ASSAY_ASSERT(fd != NULL && loopback != NULL);
    struct sockaddr_storage address = { 0 };
    socklen_t len = 0;
    const int yes = 1;
    *loopback = false;
    ASSAY_TRY(assay_http_check(config, message, message_len));
    if (config->socket_path != NULL)
        return assay_unix_listen(config->socket_path, "HTTP socket", BACKLOG, fd, message,
                                 message_len);
    ASSAY_TRY(resolve_address(config->address, &address, &len, message, message_len));
    *loopback = is_loopback(&address);
    const int s = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s >= 0 && setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        bind(s, (const struct sockaddr *)&address, len) == 0 && listen(s, BACKLOG) == 0) {
        *fd = s;
        return ASSAY_OK;
    }
    (void)snprintf(message, message_len, "listen.http: %.60s: %s", config->address,
                   strerror(errno));
    if (s >= 0) (void)close(s);
    return ASSAY_E_IO;
}
