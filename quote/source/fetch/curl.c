/*
 * quote/source/fetch/curl.c - HTTPS client over libcurl (http.h).
 */
#include "quote/source/fetch/http.h"

#include "base/assert.h"
#include "quote/source/fetch/curl_load.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What grows while an answer comes in. */
struct intake {
    uint8_t *bytes;
    size_t len, capacity, len_max;
    bool is_too_long, is_out_of_memory;
};

struct exchange {
    struct intake body, headers;
    char *message;
};

/* ------------------------------------------------------------ the library */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct assay_curl library;
static char global_fault[ASSAY_FILE_MESSAGE_LEN]; /* "": loaded and initialised */

static void init_global(void)
{
    if (!assay_curl_load(&library, global_fault)) return;
    const CURLcode code = library.global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        (void)snprintf(global_fault, sizeof global_fault, "%s", library.easy_strerror(code));
}

/* ------------------------------------------------------------ what may be asked */

/* A test's own server: a literal address of this machine, so that no name can lead elsewhere. */
static bool is_loopback(CURLU *url)
{
    char *host = NULL;
    if (library.url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK) return false;
    const bool result = strcmp(host, "127.0.0.1") == 0 || strcmp(host, "[::1]") == 0;
    library.free(host);
    return result;
}

static bool may_ask(CURLU *url, bool insecure_for_tests)
{
    char *scheme = NULL, *user = NULL;
    if (library.url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK) {
        library.free(user);
        return false; /* a name and password in an URL end in logs */
    }
    if (library.url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK) return false;
    const bool result = strcmp(scheme, "https") == 0 ||
                        (insecure_for_tests && strcmp(scheme, "http") == 0 && is_loopback(url));
    library.free(scheme);
    return result;
}

enum { SHOWN_LEN = 200 };

/* What a message may contain of a URL: no user, no password, no query, where people put tokens. A
 * receiver of posts (a webhook, a node of a chain) often has one in its path. */
static void copy_public_part(const struct assay_url_request *request,
                             char shown[static SHOWN_LEN + 1])
{
    const char *const url = request->url;
    const char *const scheme = strstr(url, "://");
    const size_t head = scheme != NULL ? (size_t)(scheme - url) + 3 : 0;
    const size_t authority = strcspn(url + head, "/?#");
    const size_t whole = request->post ? head + authority : strcspn(url, "?#");
    const char *const user = memrchr(url + head, '@', authority);
    const size_t rest = user != NULL ? (size_t)(user - url) + 1 : head;
    (void)snprintf(shown, SHOWN_LEN + 1, "%.*s%.*s", (int)head, url,
                   whole > rest ? (int)(whole - rest) : 0, url + rest);
}

static enum assay_status check_url(const struct assay_url_request *request, char *message)
{
    ASSAY_ASSERT(request->url != NULL && message != NULL);
    if (strlen(request->url) > ASSAY_HTTP_URL_LEN_MAX) {
        (void)snprintf(message, ASSAY_HTTP_MESSAGE_LEN, "a URL of more than %d bytes",
                       ASSAY_HTTP_URL_LEN_MAX);
        return ASSAY_E_RANGE;
    }
    CURLU *const url = library.url();
    if (url == NULL) return ASSAY_E_MEMORY;
    const CURLUcode parsed = library.url_set(url, CURLUPART_URL, request->url, 0);
    const bool may = parsed == CURLUE_OK && may_ask(url, request->insecure_for_tests);
    library.url_cleanup(url);
    if (may) return ASSAY_OK;
    char shown[SHOWN_LEN + 1];
    copy_public_part(request, shown);
    (void)snprintf(message, ASSAY_HTTP_MESSAGE_LEN,
                   "%s: expected https:// and a host, without a user name", shown);
    return parsed == CURLUE_OUT_OF_MEMORY ? ASSAY_E_MEMORY : ASSAY_E_INVALID;
}

/* ------------------------------------------------------------ what comes in */

static size_t append_bytes(struct intake *in, const char *bytes, size_t len)
{
    ASSAY_ASSERT(in->len <= in->capacity && in->len <= in->len_max);
    if (len > in->len_max - in->len) {
        in->is_too_long = true;
        return 0; /* libcurl breaks off */
    }
    if (len > in->capacity - in->len) {
        size_t capacity = in->capacity == 0 ? 4096 : in->capacity;
        while (capacity - in->len < len)
            capacity *= 2; /* len_max is far below what could wrap */
        uint8_t *const grown = realloc(in->bytes, capacity);
        if (grown == NULL) {
            in->is_out_of_memory = true;
            return 0;
        }
        in->bytes = grown;
        in->capacity = capacity;
    }
    assay_bytes_copy(in->bytes + in->len, in->capacity - in->len, bytes, len);
    in->len += len;
    ASSAY_ASSERT(in->len <= in->capacity);
    return len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *exchange)
{
    return append_bytes(&((struct exchange *)exchange)->body, bytes, size * count);
}

static size_t on_header(char *bytes, size_t size, size_t count, void *exchange)
{
    return append_bytes(&((struct exchange *)exchange)->headers, bytes, size * count);
}

/* Called about once a second, also while nothing comes. Returns: not 0 to break off. */
static int on_progress(void *stop, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return atomic_load((const atomic_bool *)stop) ? 1 : 0;
}

/* ------------------------------------------------------------ one exchange */

/* Request headers. Returns: false without memory, or when libcurl fails; *list is
 * the caller's to free, after the exchange. */
static bool set_content(CURL *curl, const struct assay_url_request *request,
                        struct curl_slist **list)
{
    ASSAY_ASSERT(*list == NULL);
    for (size_t i = 0; i < request->header_count; i++) {
        struct curl_slist *const longer = library.slist_append(*list, request->headers[i]);
        if (longer == NULL) return false;
        *list = longer;
    }
    if (curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *list) != CURLE_OK) return false;
    ASSAY_ASSERT(request->content.bytes != NULL || request->content.len == 0);
    if (!request->post) return true;
    return curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                            (curl_off_t)request->content.len) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->content.bytes) == CURLE_OK;
}

static bool set_options(CURL *curl, const struct assay_url_request *request,
                        struct exchange *exchange, char error[static CURL_ERROR_SIZE])
{
    ASSAY_ASSERT(exchange->body.len_max > 0);
    const uint64_t timeout_ms =
        request->timeout_ms != 0 ? request->timeout_ms : ASSAY_HTTP_TIMEOUT_MS_USUAL;
    const long timeout = timeout_ms > 3600000 ? 3600000L : (long)timeout_ms;
    CURLcode c = CURLE_OK;
#define SET(option, value)                                                                         \
    if (c == CURLE_OK) c = curl_easy_setopt(curl, option, value)
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_PROTOCOLS_STR, request->insecure_for_tests ? "http,https" : "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L); /* a proxy's response does not count */
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_NOSIGNAL, 1L); /* no SIGALRM: this is a library, with threads */
    SET(CURLOPT_TIMEOUT_MS, timeout);
    SET(CURLOPT_CONNECTTIMEOUT_MS, timeout);
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)exchange->body.len_max);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, exchange);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, exchange);
    SET(CURLOPT_ERRORBUFFER, error);
    SET(CURLOPT_USERAGENT, "assay/0.1");
    if (request->stop != NULL) {
        SET(CURLOPT_NOPROGRESS, 0L);
        SET(CURLOPT_XFERINFOFUNCTION, on_progress);
        SET(CURLOPT_XFERINFODATA, request->stop);
    }
    if (request->ca_file != NULL) {
        SET(CURLOPT_CAINFO, request->ca_file);
        SET(CURLOPT_CAPATH, (char *)NULL); /* else the system's roots count as well */
    }
    if (request->certificate_file != NULL) {
        SET(CURLOPT_SSLCERT, request->certificate_file);
        SET(CURLOPT_SSLKEY, request->key_file);
    }
    if (request->insecure_for_tests) SET(CURLOPT_NOPROXY, "*");
#undef SET
    return c == CURLE_OK;
}

static enum assay_status status_of(CURLcode code, const struct exchange *exchange)
{
    if (exchange->body.is_out_of_memory || exchange->headers.is_out_of_memory)
        return ASSAY_E_MEMORY;
    if (exchange->body.is_too_long || exchange->headers.is_too_long) return ASSAY_E_RANGE;
    if (code == CURLE_OK) return ASSAY_OK;
    if (code == CURLE_OUT_OF_MEMORY) return ASSAY_E_MEMORY;
    if (code == CURLE_FILESIZE_EXCEEDED) return ASSAY_E_RANGE;
    if (code == CURLE_OPERATION_TIMEDOUT || code == CURLE_ABORTED_BY_CALLBACK)
        return ASSAY_E_TIMEOUT;
    if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY ||
        code == CURLE_COULDNT_CONNECT || code == CURLE_PARTIAL_FILE || code == CURLE_GOT_NOTHING ||
        code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_HTTP2_STREAM ||
        code == CURLE_HTTP2)
        return ASSAY_E_AGAIN;
    return ASSAY_E_IO;
}

static void report_error(const struct assay_url_request *request, enum assay_status status,
                         CURLcode code, const char *error, const struct exchange *exchange,
                         char *message)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    char shown[SHOWN_LEN + 1];
    copy_public_part(request, shown);
    if (status == ASSAY_E_RANGE)
        (void)snprintf(message, ASSAY_HTTP_MESSAGE_LEN,
                       "%.160s: the answer is larger than %zu bytes of %s", shown,
                       exchange->headers.is_too_long ? exchange->headers.len_max
                                                     : exchange->body.len_max,
                       exchange->headers.is_too_long ? "headers" : "body");
    else if (code == CURLE_PEER_FAILED_VERIFICATION)
        (void)snprintf(message, ASSAY_HTTP_MESSAGE_LEN,
                       "%.100s: %.90s; expected a certificate of this name under the authorities "
                       "of %.60s",
                       shown, error[0] != '\0' ? error : library.easy_strerror(code),
                       request->ca_file != NULL ? request->ca_file : "this machine");
    else
        (void)snprintf(message, ASSAY_HTTP_MESSAGE_LEN, "%.160s: %.150s", shown,
                       error[0] != '\0' ? error : library.easy_strerror(code));
}

static void read_result(CURL *curl, struct exchange *exchange, struct assay_url_answer *answer)
{
    long status = 0;
    curl_off_t retry_after = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
    *answer = (struct assay_url_answer){
        .status = status > 0 ? (uint32_t)status : 0,
        .has_retry_after = retry_after > 0,
        .retry_after_s = retry_after > 0 ? (uint64_t)retry_after : 0,
        .body = exchange->body.bytes,
        .body_len = exchange->body.len,
        .headers = exchange->headers.bytes,
        .headers_len = exchange->headers.len,
    };
    ASSAY_ASSERT(exchange->body.len <= exchange->body.len_max);
    exchange->body.bytes = NULL;
    exchange->headers.bytes = NULL;
}

static enum assay_status perform_request(const struct assay_url_request *request,
                                         struct exchange *exchange, struct assay_url_answer *answer,
                                         char *message)
{
    char error[CURL_ERROR_SIZE] = "";
    CURL *const curl = library.easy_init();
    if (curl == NULL) return ASSAY_E_MEMORY;
    CURLcode code = CURLE_FAILED_INIT;
    struct curl_slist *headers = NULL;
    if (set_options(curl, request, exchange, error) && set_content(curl, request, &headers))
        code = library.easy_perform(curl);
    const enum assay_status status = status_of(code, exchange);
    if (status == ASSAY_OK) read_result(curl, exchange, answer);
    else report_error(request, status, code, error, exchange, message);
    library.easy_cleanup(curl);
    library.slist_free_all(headers);
    return status;
}

enum assay_status assay_url_get(const struct assay_url_request *request,
                                struct assay_url_answer *answer,
                                char message[static ASSAY_HTTP_MESSAGE_LEN])
{
    ASSAY_ASSERT(!request->post);
    return assay_url_send(request, answer, message);
}

enum assay_status assay_url_send(const struct assay_url_request *request,
                                 struct assay_url_answer *answer,
                                 char message[static ASSAY_HTTP_MESSAGE_LEN])
{
    ASSAY_ASSERT(request->url != NULL);
    ASSAY_ASSERT(request->body_len_max <= ASSAY_HTTP_BODY_LEN_LIMIT);
    message[0] = '\0';
    (void)pthread_once(&once, init_global);
    if (global_fault[0] != '\0') {
        (void)snprintf(message, ASSAY_HTTP_MESSAGE_LEN, "libcurl: %.280s", global_fault);
        return ASSAY_E_IO;
    }
    ASSAY_TRY(check_url(request, message));
    struct exchange exchange = {
        .body.len_max =
            request->body_len_max != 0 ? request->body_len_max : (size_t)ASSAY_HTTP_BODY_LEN_MAX,
        .headers.len_max = ASSAY_HTTP_HEADERS_LEN_MAX,
        .message = message,
    };
    const enum assay_status status = perform_request(request, &exchange, answer, message);
    ASSAY_ASSERT(status != ASSAY_OK ||
                 (exchange.body.bytes == NULL && exchange.headers.bytes == NULL));
    free(exchange.body.bytes);
    free(exchange.headers.bytes);
    return status;
}

void assay_url_answer_free(struct assay_url_answer *answer)
{
    ASSAY_ASSERT(answer != NULL);
    free(answer->body);
    free(answer->headers);
    *answer = (struct assay_url_answer){ 0 };
}
