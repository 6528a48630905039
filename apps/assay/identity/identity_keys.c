/*
 * apps/assay/identity/identity_keys.c - `assay identity list` and `assay identity withdraw`: keys
 * that are registered with an enclave program (docs/identity.md 6.7).
 */
#include "apps/assay/identity/identity_keys.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/print.h"
#include "apps/assay/core/view.h"
#include "base/system_clock.h"
#include "net/keys/registration/registration_client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_MAX = 8192, LINE_LEN_MAX = 256 };

static int report_failure(const struct cli_identity_keys *k, int exit, const char *why)
{
    return cli_print_error(k->json, exit,
                           exit == ASSAY_EXIT_DENIED      ? "denied"
                           : exit == ASSAY_EXIT_NOT_FOUND ? "not_found"
                                                          : "unreachable",
                           "%s: %s", k->enclave, why);
}

/* ------------------------------------------------------------ withdraw */

static int withdraw_key(const struct cli_identity_keys *k, const char *which,
                        struct assay_registration_client *client)
{
    static const char view[] =
        "{key}: withdrawn; {count} key{count:plural} registered with the enclave program\n";
    const enum assay_registration_outcome outcome = assay_registration_client_run(client);
    if (outcome == ASSAY_REGISTRATION_REFUSED) {
        const bool is_missing =
            assay_registration_client_is_refused_with(client, ASSAY_E_NOT_FOUND);
        return cli_print_error(k->json, is_missing ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_DENIED,
                               is_missing ? "not_found" : "denied", "%s",
                               assay_registration_client_message(client));
    }
    if (outcome != ASSAY_REGISTRATION_DONE)
        return cli_print_error(k->json, ASSAY_EXIT_UNREACHABLE, "unreachable", "%s",
                               assay_registration_client_message(client));
    struct assay_json *data = assay_json_object();
    assay_json_set_text(data, "key", which);
    assay_json_set_uint(data, "count", assay_registration_client_count(client));
    return cli_view_result(k->json, "assay.identity.withdraw", data, view);
}

/* Purpose and name, as the enclave program lists it. Returns: an enum assay_exit */
static int choose_key(const struct cli_identity_keys *k, char which[static LINE_LEN_MAX])
{
    const char *const name = k->key_name != NULL ? k->key_name : k->token_name;
    if ((k->key_name != NULL) + (k->token_name != NULL) + k->is_holder != 1)
        return cli_misuse("one of --key NAME, --token NAME and --holder is required");
    if (k->is_holder) {
        /* docs/identity.md 6.7.2: assay-signer registers its key under this name alone. */
        (void)snprintf(which, LINE_LEN_MAX, "holder signer");
        return ASSAY_EXIT_OK;
    }
    if (!assay_declared_key_name_is_fit(assay_slice_over(name, strlen(name))))
        return cli_misuse("--key, --token: expected a DNS label in lower case, found \"%.80s\"",
                          name);
    (void)snprintf(which, LINE_LEN_MAX, "%s %s", k->key_name != NULL ? "tls" : "token", name);
    return ASSAY_EXIT_OK;
}

int cli_identity_keys_withdraw(const struct cli_identity_keys *k)
{
    char which[LINE_LEN_MAX];
    struct assay_registration_client *client = NULL;
    const int chosen = choose_key(k, which);
    if (chosen != ASSAY_EXIT_OK) return chosen;
    const struct assay_registration_config config = { .path = k->enclave,
                                                      .timeout_ms = k->timeout_ms,
                                                      .withdraw = which };
    const enum assay_status status = assay_registration_client_create(&config, &client);
    if (status != ASSAY_OK)
        return report_failure(k, ASSAY_EXIT_UNREACHABLE,
                              status == ASSAY_E_RANGE ? "the path is too long for a socket"
                                                      : "no memory");
    const int exit = withdraw_key(k, which, client);
    assay_registration_client_destroy(&client);
    return exit;
}

/* ------------------------------------------------------------ list */

static bool is_complete(const char *answer, size_t len)
{
    static const char end[] = "end\n";
    const size_t n = sizeof end - 1;
    if (len >= n && strcmp(answer + len - n, end) == 0)
        return len == n || answer[len - n - 1] == '\n';
    return len > 0 && answer[len - 1] == '\n' && strncmp(answer, "error", 5) == 0;
}

/* Returns: whether the socket is ready before the deadline. */
static bool await(int fd, short what, uint64_t deadline_ms)
{
    struct pollfd poller = { .fd = fd, .events = what };
    for (;;) {
        const uint64_t now_ms = assay_monotonic_ms();
        if (now_ms >= deadline_ms) return false;
        const int ready = poll(&poller, 1, (int)(deadline_ms - now_ms));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
}

/* Out: answer: ends with a null character. Returns: NULL, or why there is none */
static const char *exchange(int fd, unsigned timeout_ms, char answer[static ANSWER_MAX])
{
    static const char request[] = "key list\n";
    const uint64_t deadline_ms = assay_monotonic_ms() + timeout_ms;
    size_t len = 0;
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) != (ssize_t)(sizeof request - 1))
        return "the enclave program disconnected";
    while (!is_complete(answer, len)) {
        if (!await(fd, POLLIN, deadline_ms)) return "the enclave program does not answer in time";
        const ssize_t got = recv(fd, answer + len, ANSWER_MAX - 1 - len, 0);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got <= 0) return "expected lines of keys and \"end\" of an enclave program";
        len += (size_t)got;
        answer[len] = '\0';
    }
    return NULL;
}

static const char *request_list(const struct cli_identity_keys *k, char answer[static ANSWER_MAX])
{
    static char text[ASSAY_REGISTRATION_REASON_LEN];
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    answer[0] = '\0';
    if (strlen(k->enclave) >= sizeof address.sun_path) return "the path is too long for a socket";
    assay_bytes_copy(address.sun_path, sizeof address.sun_path - 1, k->enclave, strlen(k->enclave));
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return strerror(errno);
    const char *why = NULL;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        assay_registration_client_connect_fault(k->enclave, errno, text);
        why = text;
    } else {
        why = exchange(fd, k->timeout_ms, answer);
    }
    (void)close(fd);
    return why;
}

/* Returns: whether the line is PURPOSE NAME UID DIGEST; then it is in the list. */
static bool add_line(struct assay_json *keys, const char *line)
{
    char purpose[16], name[64], digest[65];
    unsigned uid = 0;
    if (sscanf(line, "%15[a-z] %63[a-z0-9-] %10u %64[0-9a-f]", purpose, name, &uid, digest) != 4)
        return false;
    struct assay_json *const key = assay_json_object();
    assay_json_set_text(key, "purpose", purpose);
    assay_json_set_text(key, "name", name);
    assay_json_set_uint(key, "uid", uid);
    assay_json_set_text(key, "spki_sha256", digest);
    assay_json_append(keys, key);
    return true;
}

int cli_identity_keys_list(const struct cli_identity_keys *k)
{
    static const char view[] =
        "[*keys {purpose,-6} {name,-24} user {uid}  {spki_sha256}\n|no key is registered\n]";
    char answer[ANSWER_MAX];
    char *rest = NULL;
    const char *const why = request_list(k, answer);
    if (why != NULL) return report_failure(k, ASSAY_EXIT_UNREACHABLE, why);
    struct assay_json *data = assay_json_object();
    struct assay_json *const keys = assay_json_set_array(data, "keys");
    for (char *line = strtok_r(answer, "\n", &rest); line != NULL && strcmp(line, "end") != 0;
         line = strtok_r(NULL, "\n", &rest)) {
        if (add_line(keys, line)) continue;
        assay_json_free(&data);
        return report_failure(k, ASSAY_EXIT_UNREACHABLE,
                              "expected lines of keys and \"end\" of an enclave program");
    }
    assay_json_set_uint(data, "count", assay_json_count(keys));
    return cli_view_result(k->json, "assay.identity.list", data, view);
}
