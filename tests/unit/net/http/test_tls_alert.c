/*
 * tests/unit/net/http/test_tls_alert.c - tests of the alert that a refused client receives.
 *
 * Both sides of a handshake in one thread, over a pair of sockets that do not block.
 */
#include "net/http/tls.h"

#include <criterion/criterion.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DAY_S = 86400, TURNS_MAX = 200, DER_LEN_MAX = 2048 };

struct issued {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
};

/* Signed by the issuer, by itself without one. purpose: NULL: an authority. */
static struct issued issue(const char *name, const struct issued *issuer, const char *purpose,
                           int from_days, int to_days)
{
    struct issued out;
    uint8_t serial = 1;
    struct timespec at;
    cr_assert_eq(clock_gettime(CLOCK_REALTIME, &at), 0);
    const time_t now = at.tv_sec;
    cr_assert_eq(gnutls_x509_privkey_init(&out.key), 0);
    cr_assert_eq(gnutls_x509_privkey_generate(out.key, GNUTLS_PK_ECDSA,
                                              GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
                 0);
    cr_assert_eq(gnutls_x509_crt_init(&out.certificate), 0);
    cr_assert_eq(gnutls_x509_crt_set_version(out.certificate, 3), 0);
    cr_assert_eq(gnutls_x509_crt_set_serial(out.certificate, &serial, 1), 0);
    cr_assert_eq(gnutls_x509_crt_set_dn_by_oid(out.certificate, GNUTLS_OID_X520_COMMON_NAME, 0,
                                               name, (unsigned)strlen(name)),
                 0);
    cr_assert_eq(gnutls_x509_crt_set_activation_time(out.certificate, now + from_days * DAY_S), 0);
    cr_assert_eq(gnutls_x509_crt_set_expiration_time(out.certificate, now + to_days * DAY_S), 0);
    cr_assert_eq(gnutls_x509_crt_set_key(out.certificate, out.key), 0);
    cr_assert_eq(gnutls_x509_crt_set_basic_constraints(out.certificate, purpose == NULL, -1), 0);
    if (purpose != NULL)
        cr_assert_eq(gnutls_x509_crt_set_key_purpose_oid(out.certificate, purpose, 0), 0);
    if (issuer == NULL) issuer = &out;
    cr_assert_eq(gnutls_x509_crt_sign2(out.certificate, issuer->certificate, issuer->key,
                                       GNUTLS_DIG_SHA256, 0),
                 0);
    return out;
}

static void discard(struct issued *one)
{
    gnutls_x509_privkey_deinit(one->key);
    gnutls_x509_crt_deinit(one->certificate);
}

/* Returns: whether the side is done; GNUTLS_E_SUCCESS or its failure in *result. */
static bool turn(gnutls_session_t session, int *result)
{
    *result = gnutls_handshake(session);
    return *result == 0 || gnutls_error_is_fatal(*result) != 0;
}

/* One handshake with the client's certificate, NULL for none. Returns: the alert that the client
 * received, -1 for none. */
static int connect_with(const char *priorities, const struct issued *authority,
                        struct issued *client)
{
    gnutls_certificate_credentials_t for_server, for_client;
    gnutls_session_t server, other;
    int fds[2], at_server = 0, at_client = 0, alert = -1;
    struct issued own = issue("server", NULL, GNUTLS_KP_TLS_WWW_SERVER, -1, 1);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    cr_assert_eq(gnutls_certificate_allocate_credentials(&for_server), 0);
    cr_assert_eq(gnutls_certificate_allocate_credentials(&for_client), 0);
    gnutls_x509_crt_t trusted = authority->certificate;
    cr_assert_eq(gnutls_certificate_set_x509_trust(for_server, &trusted, 1), 1);
    cr_assert_geq(gnutls_certificate_set_x509_key(for_server, &own.certificate, 1, own.key), 0);
    if (client != NULL)
        cr_assert_geq(
            gnutls_certificate_set_x509_key(for_client, &client->certificate, 1, client->key), 0);
    cr_assert_eq(gnutls_init(&server, GNUTLS_SERVER | GNUTLS_NONBLOCK), 0);
    cr_assert_eq(gnutls_init(&other, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_FORCE_CLIENT_CERT),
                 0);
    cr_assert_eq(gnutls_priority_set_direct(server, ASSAY_HTTP_TLS_PRIORITIES, NULL), 0);
    cr_assert_eq(gnutls_priority_set_direct(other, priorities, NULL), 0);
    cr_assert_eq(gnutls_credentials_set(server, GNUTLS_CRD_CERTIFICATE, for_server), 0);
    cr_assert_eq(gnutls_credentials_set(other, GNUTLS_CRD_CERTIFICATE, for_client), 0);
    gnutls_transport_set_int(server, fds[0]);
    gnutls_transport_set_int(other, fds[1]);
    assay_http_tls_require_client(server);

    bool server_done = false, client_done = false;
    for (int i = 0; i < TURNS_MAX && !(server_done && client_done); i++) {
        if (!client_done) client_done = turn(other, &at_client);
        if (!server_done) server_done = turn(server, &at_server);
    }
    cr_expect(server_done && client_done);
    char byte;
    if (at_client == 0 && at_server != 0) at_client = (int)gnutls_record_recv(other, &byte, 1);
    if (at_client == GNUTLS_E_FATAL_ALERT_RECEIVED) alert = (int)gnutls_alert_get(other);
    cr_expect_eq(at_server == 0, alert == -1, "server: %s, client: %s", gnutls_strerror(at_server),
                 gnutls_strerror(at_client));
    gnutls_deinit(server);
    gnutls_deinit(other);
    gnutls_certificate_free_credentials(for_server);
    gnutls_certificate_free_credentials(for_client);
    discard(&own);
    (void)close(fds[0]);
    (void)close(fds[1]);
    return alert;
}

static const char *const versions[] = { "NORMAL:-VERS-TLS-ALL:+VERS-TLS1.3",
                                        "NORMAL:-VERS-TLS-ALL:+VERS-TLS1.2" };
enum { VERSIONS = 2 };

Test(tls_alert, a_client_of_the_authority_receives_none)
{
    struct issued authority = issue("site", NULL, NULL, -1, 1);
    struct issued client = issue("client", &authority, GNUTLS_KP_TLS_WWW_CLIENT, -1, 1);
    for (int v = 0; v < VERSIONS; v++)
        cr_expect_eq(connect_with(versions[v], &authority, &client), -1, "%s", versions[v]);
    discard(&client);
    discard(&authority);
}

Test(tls_alert, a_client_without_a_certificate_receives_that_one_is_required)
{
    struct issued authority = issue("site", NULL, NULL, -1, 1);
    cr_expect_eq(connect_with(versions[0], &authority, NULL), GNUTLS_A_CERTIFICATE_REQUIRED);
    cr_expect_eq(connect_with(versions[1], &authority, NULL), GNUTLS_A_HANDSHAKE_FAILURE);
    discard(&authority);
}

Test(tls_alert, a_certificate_that_is_refused_is_named)
{
    struct issued authority = issue("site", NULL, NULL, -2, 1);
    struct issued foreign = issue("other", NULL, NULL, -1, 1);
    const struct {
        const struct issued *issuer;
        const char *purpose;
        int from_days, to_days, alert;
    } rows[] = {
        { &foreign, GNUTLS_KP_TLS_WWW_CLIENT, -1, 1, GNUTLS_A_UNKNOWN_CA },
        { &authority, GNUTLS_KP_TLS_WWW_CLIENT, -2, -1, GNUTLS_A_CERTIFICATE_EXPIRED },
        { &authority, GNUTLS_KP_TLS_WWW_SERVER, -1, 1, GNUTLS_A_UNSUPPORTED_CERTIFICATE },
        { &authority, GNUTLS_KP_ANY, -1, 1, GNUTLS_A_UNSUPPORTED_CERTIFICATE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct issued client =
            issue("client", rows[i].issuer, rows[i].purpose, rows[i].from_days, rows[i].to_days);
        for (int v = 0; v < VERSIONS; v++)
            cr_expect_eq(connect_with(versions[v], &authority, &client), rows[i].alert,
                         "row %zu, %s", i, versions[v]);
        discard(&client);
    }
    discard(&foreign);
    discard(&authority);
}
