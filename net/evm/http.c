/*
 * net/evm/http.c - see the header; libcurl is behind quote/source/fetch/http.h.
 */
#include "net/evm/http.h"

#include "quote/source/fetch/http.h"

_Static_assert((int)ASSAY_EVM_ANSWER_LEN_MAX <= (int)ASSAY_HTTP_BODY_LEN_MAX,
               "an answer is a body");
_Static_assert(sizeof((struct assay_evm_http *)0)->message >= ASSAY_HTTP_MESSAGE_LEN, "messages");

static bool is_plain(const char *url)
{
    static const char scheme[] = "http://";
    return strncmp(url, scheme, sizeof scheme - 1) == 0;
}

static enum assay_status ask(void *context, struct assay_slice question, uint8_t *answer,
                             size_t capacity, size_t *len)
{
    struct assay_evm_http *const http = context;
    static const char *const headers[] = { "Content-Type: application/json" };
    /* The seam takes plain HTTP to a literal loopback address alone, whoever asks. */
    const struct assay_http_request request = { .url = http->url,
                                                .timeout_ms = http->timeout_ms,
                                                .body_len_max = capacity,
                                                .ca_file = http->ca_file,
                                                .insecure_for_tests = is_plain(http->url),
                                                .post = true,
                                                .content = question,
                                                .headers = headers,
                                                .header_count = 1 };
    struct assay_http_answer got = { 0 };
    enum assay_status status = assay_http_ask(&request, &got, http->message);
    if (status == ASSAY_OK && (got.status == 429 || got.status >= 500)) status = ASSAY_E_AGAIN;
    else if (status == ASSAY_OK && got.status != 200) status = ASSAY_E_IO;
    if (status == ASSAY_OK && got.body_len > capacity) status = ASSAY_E_RANGE;
    if (status == ASSAY_OK && got.body_len > 0)
        assay_bytes_copy(answer, capacity, got.body, got.body_len);
    if (status == ASSAY_OK) *len = got.body_len;
    assay_http_answer_free(&got);
    return status;
}

struct assay_evm_link assay_evm_http_link(struct assay_evm_http *http)
{
    return (struct assay_evm_link){ .ask = ask, .context = http };
}
