/*
 * tests/unit/net/test_runtime_hold.c - tests of manual holds and closes of epochs as the HTTP
 * server reports them.
 *
 * The server is the real one, over a UNIX socket; the snapshot is made up.
 */
#include "base/system_clock.h"
#include "net/http/http.h"
#include "net/json/json.h"
#include "net/runtime/runtime_internal.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/net/http/http_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct assay_runtime host; /* large */
static struct http_fixture fixture;
static struct folder folder;
static char socket_path[100];
static bool held;
static enum assay_status hold_says;

/* --------------------------------------------------------------- what the runtime would do */

const struct assay_snapshot *runtime_snapshot(struct assay_runtime *runtime)
{
    fixture.snapshot.now_ms = runtime->now_ms;
    fixture.snapshot.chain.final_at_ms = fixture.snapshot.now_ms;
    fixture.snapshot.enforcement.held = held;
    return &fixture.snapshot;
}

char *document_error(struct assay_runtime *runtime, const char *code, const char *detail)
{
    (void)runtime;
    char text[300];
    snprintf(text, sizeof text, "%s: %s", code, detail);
    return strdup(text);
}

char *document_finish(struct assay_runtime *runtime, const char *schema, struct assay_json *data)
{
    (void)runtime;
    assay_json_free(&data);
    return strdup(schema);
}

char *document_answer(void *context, const char *line)
{
    (void)context;
    return strdup(line);
}

void runtime_log_event(struct assay_runtime *runtime, const char *code, uint16_t slot, uint64_t a,
                       uint64_t b, const char *format, ...)
{
    (void)runtime;
    (void)code;
    (void)slot;
    (void)a;
    (void)b;
    (void)format;
}

const char *runtime_slot_name(const struct assay_runtime *runtime, uint16_t slot, char *name,
                              size_t capacity)
{
    (void)runtime;
    (void)slot;
    (void)capacity;
    name[0] = '\0';
    return name;
}

uint32_t runtime_find_slot(const struct assay_runtime *runtime, const uint8_t node_id[static 32])
{
    (void)runtime;
    (void)node_id;
    return 0;
}

void runtime_fail(struct assay_runtime *runtime, enum assay_status status, const char *where)
{
    (void)runtime;
    cr_assert_eq(status, ASSAY_OK, "%s", where);
}

static enum assay_status set_held(void *context, bool on, const char *reason)
{
    (void)context;
    (void)reason;
    if (on || hold_says == ASSAY_OK) held = on;
    return hold_says;
}

/* --------------------------------------------------------------- the tests */

static void set_up(void)
{
    char message[ASSAY_RUNTIME_MESSAGE_LEN] = "";
    folder = folder_make();
    http_fixture_open(&fixture, 4);
    snprintf(socket_path, sizeof socket_path, "%s", folder_at(&folder, "http"));
    const struct assay_http_config config = { .socket_path = socket_path,
                                              .timeline = fixture.timeline };
    host = (struct assay_runtime){ .members = 4, .timeline = fixture.timeline, .signal_fd = -1 };
    host.config.enclave.hold = set_held;
    cr_assert_eq(assay_http_open(&config, 1, &host.http, message, sizeof message), ASSAY_OK, "%s",
                 message);
}

static void tear_down(void)
{
    assay_http_close(&host.http);
    http_fixture_close(&fixture);
    folder_remove(&folder);
}

TestSuite(net_runtime_hold, .init = set_up, .fini = tear_down, .timeout = 60);

/* Returns: the status and the body. */
static const char *request_permit(void)
{
    static const char request[] =
        "GET /v1/permit?class=critical HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    static char answer[8192];
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t len = 0;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(send(fd, request, sizeof request - 1, MSG_NOSIGNAL), (ssize_t)sizeof request - 1);
    for (ssize_t got; (got = recv(fd, answer + len, sizeof answer - 1 - len, 0)) > 0;)
        len += (size_t)got;
    answer[len] = '\0';
    close(fd);
    return answer;
}

static void expect_permit(const char *status, const char *word)
{
    const char *const answer = request_permit();
    cr_assert_not_null(strstr(answer, status), "expected %s: %s", status, answer);
    cr_assert_not_null(strstr(answer, word), "expected %s: %s", word, answer);
}

static void expect_hold(bool on, const char *expected)
{
    char *const answer = document_set_hold(&host, on, "ticket 7");
    cr_assert_not_null(strstr(answer, expected), "%s", answer);
    free(answer);
}

Test(net_runtime_hold, is_denied_over_http_once_it_is_reported_as_done)
{
    host.now_ms = assay_monotonic_ms();
    runtime_publish_poll(&host);
    expect_permit(" 200 ", "\"permitted\":true");
    expect_hold(true, "assay.enforcement");
    expect_permit(" 403 ", "held");
    expect_hold(true, "conflict");
    hold_says = ASSAY_E_STORE;
    expect_hold(false, "store");
    expect_permit(" 403 ", "held");
    hold_says = ASSAY_OK;
    expect_hold(false, "assay.enforcement");
    expect_permit(" 200 ", "\"permitted\":true");
    hold_says = ASSAY_E_STORE;
    expect_hold(true, "held until the daemon ends");
    expect_permit(" 403 ", "held");
}

Test(net_runtime_hold, a_close_that_suspends_denies_without_delay)
{
    host.now_ms = assay_monotonic_ms();
    runtime_publish_poll(&host);
    runtime_publish_poll(&host);
    expect_permit(" 200 ", "\"permitted\":true");
    fixture.members[0].ledger.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    runtime_publish_set_due(&host); /* as runtime_on_epoch_closed */
    runtime_publish_poll(&host);
    expect_permit(" 403 ", "suspended");
    cr_assert_not(assay_http_due(host.http, host.now_ms), "once");
}
