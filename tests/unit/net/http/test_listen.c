/*
 * tests/unit/net/http/test_listen.c - tests of HTTP listen addresses.
 *
 * Where HTTP may listen: who could read is decided before a socket exists.
 */
#include "net/http/listen.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char message[256];

static enum assay_status check(const char *path, const char *address, bool certificate,
                               bool clients)
{
    const struct assay_http_config config = { .socket_path = path,
                                              .address = address,
                                              .certificate = certificate ? "c" : NULL,
                                              .key = certificate ? "k" : NULL,
                                              .clients = clients ? "a" : NULL };
    return assay_http_check(&config, message, sizeof message);
}

Test(net_http_listen, this_machine_is_reached_by_whoever_is_on_it)
{
    static const char *const fit[] = { "127.0.0.1:80", "127.255.0.1:1", "[::1]:8080",
                                       "localhost:65535" };
    cr_expect_eq(check("/run/x", NULL, false, false), ASSAY_OK);
    for (size_t i = 0; i < sizeof fit / sizeof fit[0]; i++) {
        cr_expect_eq(check(NULL, fit[i], false, false), ASSAY_OK, "%s: %s", fit[i], message);
        cr_expect_eq(check(NULL, fit[i], true, true), ASSAY_OK, "%s: %s", fit[i], message);
    }
}

Test(net_http_listen, every_other_address_needs_mutual_tls)
{
    static const char *const wide[] = { "0.0.0.0:80",           "[::]:80",      "192.0.2.1:80",
                                        "10.0.0.1:80",          "128.0.0.1:80", "[2001:db8::1]:80",
                                        "[::ffff:127.0.0.1]:80" };
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        cr_expect_eq(check(NULL, wide[i], false, false), ASSAY_E_INVALID, "%s", wide[i]);
        cr_expect_not_null(strstr(message, "mutual TLS"), "%s", message);
        cr_expect_eq(check(NULL, wide[i], true, false), ASSAY_E_INVALID, "%s", wide[i]);
        cr_expect_eq(check(NULL, wide[i], false, true), ASSAY_E_INVALID, "%s", wide[i]);
        cr_expect_eq(check(NULL, wide[i], true, true), ASSAY_OK, "%s: %s", wide[i], message);
    }
    cr_expect_eq(check("/run/x", NULL, true, true), ASSAY_E_INVALID, "a socket needs no TLS");
}

/* An operator took http-without-tls by name (configuration key insecure). */
Test(net_http_listen, what_is_open_is_told_and_may_be_accepted)
{
    struct assay_http_config config = { .address = "0.0.0.0:80" };
    cr_expect(assay_http_is_open(&config));
    cr_expect_eq(assay_http_check(&config, message, sizeof message), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(message, "http-without-tls"), "%s", message);
    config.accept_plain = true;
    cr_expect_eq(assay_http_check(&config, message, sizeof message), ASSAY_OK);
    cr_expect(assay_http_is_open(&config), "accepted, and open all the same");
    config.certificate = config.key = config.clients = "x";
    cr_expect_not(assay_http_is_open(&config));
    config = (struct assay_http_config){ .address = "127.0.0.1:80", .accept_plain = true };
    cr_expect_not(assay_http_is_open(&config));
    config = (struct assay_http_config){ .socket_path = "/run/x", .accept_plain = true };
    cr_expect_not(assay_http_is_open(&config));
    config = (struct assay_http_config){ .address = "no address", .accept_plain = true };
    cr_expect_not(assay_http_is_open(&config));
    cr_expect_eq(assay_http_check(&config, message, sizeof message), ASSAY_E_SYNTAX);
    /* Half a TLS is no plain text. */
    config = (struct assay_http_config){ .address = "0.0.0.0:80", .accept_plain = true };
    config.key = "x";
    cr_expect_eq(assay_http_check(&config, message, sizeof message), ASSAY_E_INVALID);
}

/* A port that nobody listens at. */
static unsigned free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY) };
    socklen_t len = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    (void)close(fd);
    return ntohs(at.sin_port);
}

/* A browser with a client certificate is a victim of DNS rebinding as well. */
Test(net_http_listen, host_is_checked_on_loopback_with_tls_and_without)
{
    static const struct {
        const char *host;
        bool tls, loopback;
    } cases[] = { { "127.0.0.1", false, true },
                  { "127.0.0.1", true, true },
                  { "localhost", true, true },
                  { "0.0.0.0", true, false } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char address[64];
        const char *const file = cases[i].tls ? "x" : NULL;
        int fd = -1;
        bool loopback = !cases[i].loopback;
        (void)snprintf(address, sizeof address, "%s:%u", cases[i].host, free_port());
        const struct assay_http_config config = {
            .address = address, .certificate = file, .key = file, .clients = file
        };
        cr_assert_eq(assay_http_listen(&config, &fd, &loopback, message, sizeof message), ASSAY_OK,
                     "%s", message);
        cr_expect_eq(loopback, cases[i].loopback, "%s", address);
        (void)close(fd);
    }
}

Test(net_http_listen, no_name_is_resolved)
{
    static const char *const odd[] = { "",
                                       "80",
                                       ":80",
                                       "127.0.0.1",
                                       "127.0.0.1:",
                                       "127.0.0.1:0",
                                       "127.0.0.1:65536",
                                       "127.0.0.1:8x",
                                       "example.org:80",
                                       "[::1:80",
                                       "::1]:80",
                                       "127.0.0.1:-1",
                                       "[]:80",
                                       "[:80" };
    char address[300];
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        cr_expect_eq(check(NULL, odd[i], true, true), ASSAY_E_SYNTAX, "\"%s\"", odd[i]);
    memset(address, '1', sizeof address);
    assay_bytes_copy(address + 290, 10, ":80\0", 4);
    cr_expect_eq(check(NULL, address, true, true), ASSAY_E_SYNTAX);
}
