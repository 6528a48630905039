/*
 * apps/assay/export/export_otlp.c - target of OpenTelemetry: logs and metrics over OTLP/HTTP in
 * JSON.
 *
 * Answers, as the specification of OTLP has them: 200 delivers, also with a partial success; 429,
 * 502, 503 and 504 are tried again, not before Retry-After; 400, 413 and 422 refuse the data: a
 * batch is halved, at once, until the record at fault is alone, and that one is dropped. Any other
 * status is about the exporter and not about the data (a missing token, a wrong path): it is
 * reported, and tried again slowly, so that a mistake in the configuration loses nothing.
 */
#include "apps/assay/export/export.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/options.h"
#include "base/assert.h"
#include "base/secret.h"
#include "base/system_clock.h"
#include "quote/source/fetch/http.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADERS_MAX = 8,
    HEADERS_LEN = 4096,
    ANSWER_MAX = 65536,
    TIMEOUT_MS = 8000, /* also of the last request, after a signal to end */
    RETRY_AFTER_MAX_MS = 3600 * 1000,
    SLOW_MS = 60 * 1000, /* what no retry mends, until an operator does */
};

struct otlp_target {
    struct export_target target;
    char logs_url[ASSAY_HTTP_URL_LEN_MAX], metrics_url[ASSAY_HTTP_URL_LEN_MAX];
    const struct export_options *options;
    const char *headers[HEADERS_MAX + 1];
    size_t header_count;
    size_t batch; /* at most so many records at once; 0: as many as there are */
    char header_bytes[HEADERS_LEN];
};

/* ------------------------------------------------------------ one request */

static bool is_one_of(uint32_t status, const uint32_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == status) return true;
    return false;
}

static enum export_outcome read_status(const struct otlp_target *t,
                                       const struct assay_url_answer *answer, bool logs,
                                       struct export_result *result)
{
    static const uint32_t busy[] = { 429, 502, 503, 504 }, bad_data[] = { 400, 413, 422 };
    struct assay_otlp_answer said;
    if (answer->status == 200) {
        if (!assay_otlp_read_answer((const char *)answer->body, answer->body_len, logs, &said)) {
            (void)snprintf(result->message, sizeof result->message,
                           "%.300s: status 200 with a body that is no answer of OTLP in JSON: "
                           "expected the base URL of a receiver",
                           t->target.shown);
            result->retry_after_ms = SLOW_MS;
            return EXPORT_LATER;
        }
        result->rejected = said.rejected;
        (void)snprintf(result->message, sizeof result->message, "%s", said.message);
        return EXPORT_DELIVERED;
    }
    (void)snprintf(result->message, sizeof result->message, "%.300s: status %" PRIu32 "%s",
                   t->target.shown, answer->status, logs ? "" : " for metrics");
    if (is_one_of(answer->status, bad_data, sizeof bad_data / sizeof bad_data[0]))
        return EXPORT_REFUSED;
    const bool is_busy = is_one_of(answer->status, busy, sizeof busy / sizeof busy[0]);
    const uint64_t after = answer->has_retry_after ? answer->retry_after_s * 1000 : 0;
    result->retry_after_ms = after > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : after;
    if (!is_busy && result->retry_after_ms < SLOW_MS) result->retry_after_ms = SLOW_MS;
    return EXPORT_LATER;
}

static enum export_outcome post(struct otlp_target *t, const char *url, const char *body, bool logs,
                                struct export_result *result)
{
    char message[ASSAY_HTTP_MESSAGE_LEN];
    struct assay_url_answer answer = { 0 };
    const struct export_options *o = t->options;
    const struct assay_url_request request = {
        .url = url,
        .timeout_ms = TIMEOUT_MS,
        .body_len_max = ANSWER_MAX,
        .ca_file = o->ca_file,
        .certificate_file = o->certificate,
        .key_file = o->key,
        .insecure_for_tests = true, /* plain HTTP to this machine: a collector next to the daemon */
        .post = true,
        .content = assay_slice_over((const uint8_t *)body, strlen(body)),
        .headers = t->headers,
        .header_count = t->header_count,
    };
    const enum assay_status status = assay_url_send(&request, &answer, message);
    enum export_outcome outcome = EXPORT_LATER;
    if (status == ASSAY_OK) outcome = read_status(t, &answer, logs, result);
    else (void)snprintf(result->message, sizeof result->message, "%s", message);
    if (status == ASSAY_E_INVALID) outcome = EXPORT_MISUSE;
    assay_url_answer_free(&answer);
    return outcome;
}

/* ------------------------------------------------------------ deliveries */

static enum export_outcome deliver_logs(struct export_target *target,
                                        const struct export_item *items, size_t count,
                                        struct export_result *result)
{
    struct otlp_target *t = (struct otlp_target *)target;
    const struct assay_record *records[EXPORT_BATCH_MAX];
    ASSAY_ASSERT(count > 0 && count <= EXPORT_BATCH_MAX);
    if (t->batch != 0 && count > t->batch) count = t->batch;
    for (size_t i = 0; i < count; i++)
        records[i] = &items[i].record;
    char *body = assay_otlp_logs(target->origin, assay_unix_ms(), records, count);
    if (body == NULL) {
        (void)snprintf(result->message, sizeof result->message, "no memory");
        return EXPORT_LATER;
    }
    enum export_outcome outcome = post(t, t->logs_url, body, true, result);
    free(body);
    result->done = count;
    if (outcome == EXPORT_DELIVERED) t->batch = 2 * t->batch; /* 0 stays 0 */
    if (outcome == EXPORT_REFUSED && count > 1) {
        t->batch = count / 2;
        outcome = EXPORT_AGAIN;
    }
    if (t->batch >= EXPORT_BATCH_MAX) t->batch = 0;
    return outcome;
}

static enum export_outcome deliver_metrics(struct export_target *target, const char *body,
                                           struct export_result *result)
{
    struct otlp_target *t = (struct otlp_target *)target;
    result->done = 1;
    return post(t, t->metrics_url, body, false, result);
}

static void close_target(struct export_target *target)
{
    struct otlp_target *t = (struct otlp_target *)target;
    assay_secret_wipe(t->header_bytes, sizeof t->header_bytes); /* tokens */
    free(t);
}

/* ------------------------------------------------------------ opening */

/* Lines "Name: value". Returns: an exit status */
static int read_headers(struct otlp_target *t)
{
    const char *path = t->options->headers_file;
    size_t len = 0;
    char fault[ASSAY_FILE_MESSAGE_LEN];
    t->headers[t->header_count++] = "Content-Type: application/json";
    if (path == NULL) return ASSAY_EXIT_OK;
    const enum assay_status status =
        assay_file_read_secret(path, (uint8_t *)t->header_bytes, sizeof t->header_bytes - 1, &len);
    if (status != ASSAY_OK) {
        if (assay_file_secret_fault(path, fault)) export_report("%s", fault);
        else export_report("%s: not to be read, or more than %d bytes", path, HEADERS_LEN - 1);
        return ASSAY_EXIT_USAGE;
    }
    t->header_bytes[len] = '\0';
    for (char *save = NULL, *line = strtok_r(t->header_bytes, "\r\n", &save); line != NULL;
         line = strtok_r(NULL, "\r\n", &save)) {
        const char *colon = strchr(line, ':');
        if (colon == NULL || colon == line || t->header_count == HEADERS_MAX + 1) {
            export_report("%s: expected up to %d lines \"Name: value\"", path, HEADERS_MAX);
            return ASSAY_EXIT_USAGE;
        }
        t->headers[t->header_count++] = line;
    }
    return ASSAY_EXIT_OK;
}

/* A host, no user, no query: the adapter checks the rest with each request. */
static bool is_base_url(const char *url)
{
    static const char *const schemes[] = { "https://", "http://127.0.0.1", "http://[::1]" };
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const size_t len = strlen(schemes[i]);
        if (strncmp(url, schemes[i], len) != 0) continue;
        const char *rest = url + len;
        const bool has_host = i == 0 ? rest[0] != '\0' && strchr("/:", rest[0]) == NULL
                                     : rest[0] == '\0' || rest[0] == ':' || rest[0] == '/';
        for (const char *c = rest; *c != '\0'; c++)
            if (*c <= ' ' || *c > '~') return false;
        return has_host && strpbrk(rest, "?#@") == NULL;
    }
    return false;
}

int export_open_otlp(const struct export_options *options, struct export_target **out)
{
    static const struct export_target_type type = { .deliver = deliver_logs,
                                                    .deliver_metrics = deliver_metrics,
                                                    .close = close_target };
    const char *url = options->to + strlen("otlp:");
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    if (!is_base_url(url) || len + sizeof "/v1/metrics" > ASSAY_HTTP_URL_LEN_MAX)
        return cli_misuse(
            "--to otlp:URL: expected otlp:https://HOST[:PORT][/PATH], or otlp:http:// "
            "with 127.0.0.1 or [::1]; without a user or a query");
    struct otlp_target *t = calloc(1, sizeof *t);
    if (t == NULL) return ASSAY_EXIT_INTERNAL;
    t->target.type = &type;
    t->options = options;
    const size_t host = (size_t)(strstr(url, "://") - url) + strlen("://");
    (void)snprintf(t->target.shown, sizeof t->target.shown, "%.*s",
                   (int)(host + strcspn(url + host, "/")), url);
    (void)snprintf(t->logs_url, sizeof t->logs_url, "%.*s/v1/logs", (int)len, url);
    (void)snprintf(t->metrics_url, sizeof t->metrics_url, "%.*s/v1/metrics", (int)len, url);
    const int result = read_headers(t);
    if (result == ASSAY_EXIT_OK) *out = &t->target;
    else close_target(&t->target);
    return result;
}
