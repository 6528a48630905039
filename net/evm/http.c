/*
 * net/evm/http.c - JSON-RPC transport over HTTP; libcurl is behind quote/source/fetch/http.h.
 */
#include "net/evm/http.h"

#include "quote/source/fetch/http.h"

#include <string.h>

_Static_assert((int)ASSAY_EVM_ANSWER_LEN_MAX <= (int)ASSAY_HTTP_BODY_LEN_MAX,
               "an answer is a body");
_Static_assert(sizeof((struct assay_evm_http *)0)->message >= ASSAY_HTTP_MESSAGE_LEN, "messages");

static bool is_plain(const char *url)
{
    ASSAY_ASSERT(url != NULL);
    static const char scheme[] = "http://";
    return strncmp(url, scheme, sizeof scheme - 1) == 0;
}

static enum assay_status post_request(void *context, struct assay_slice question, uint8_t *answer,
                                      size_t capacity, size_t *len)
{
    struct assay_evm_http *const http = context;
    static const char *const headers[] = { "Content-Type: application/json" };
    /* The seam takes plain HTTP to a literal loopback address only, and rejects all else. */
    ASSAY_ASSERT(http->url != NULL && capacity > 0);
    const struct assay_url_request request = { .url = http->url,
                                               .timeout_ms = http->timeout_ms,
                                               .body_len_max = capacity,
                                               .ca_file = http->ca_file,
                                               .insecure_for_tests = is_plain(http->url),
                                               .post = true,
                                               .content = question,
                                               .headers = headers,
                                               .header_count = 1 };
    struct assay_url_answer got = { 0 };
    enum assay_status status = assay_url_send(&request, &got, http->message);
    if (status == ASSAY_OK && (got.status == 429 || got.status >= 500)) status = ASSAY_E_AGAIN;
    else if (status == ASSAY_OK && got.status != 200) status = ASSAY_E_IO;
    if (status == ASSAY_OK && got.body_len > capacity) status = ASSAY_E_RANGE;
    if (status == ASSAY_OK && got.body_len > 0)
        assay_bytes_copy(answer, capacity, got.body, got.body_len);
    if (status == ASSAY_OK) *len = got.body_len;
    assay_url_answer_free(&got);
    return status;
}

struct assay_evm_link assay_eth_http_link(struct assay_evm_http *http)
{
    ASSAY_ASSERT(http != NULL);
    return (struct assay_evm_link){ .ask = post_request, .context = http };
}

/* --- several */

static bool is_url(const char *text)
{
    return strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
}

/* Cuts the next one off. Returns: NULL after the last. */
static char *next_url(char **rest)
{
    ASSAY_ASSERT(rest != NULL);
    if (*rest == NULL) return NULL;
    char *const one = *rest + strspn(*rest, " ");
    char *const comma = strchr(one, ',');
    *rest = comma == NULL ? NULL : comma + 1;
    one[comma == NULL ? strlen(one) : (size_t)(comma - one)] = '\0';
    one[strcspn(one, " ")] = '\0';
    return one;
}

static enum assay_status append_header(struct assay_evm_https *https, const char *url,
                                       const struct assay_evm_http *like)
{
    ASSAY_ASSERT(https->nodes.count <= ASSAY_EVM_NODES_MAX);
    const uint32_t count = https->nodes.count;
    if (!is_url(url)) return ASSAY_E_SYNTAX;
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(https->node[i].url, url) == 0) return ASSAY_E_DUPLICATE;
    if (count == ASSAY_EVM_NODES_MAX) return ASSAY_E_RANGE;
    https->node[count] = *like;
    https->node[count].url = url;
    https->nodes.link[https->nodes.count++] = assay_eth_http_link(&https->node[count]);
    return ASSAY_OK;
}

enum assay_status assay_eth_https_link(struct assay_evm_https *https, const char *urls,
                                       const char *ca_file, uint64_t timeout_ms,
                                       struct assay_evm_link *link)
{
    const struct assay_evm_http like = { .ca_file = ca_file, .timeout_ms = timeout_ms };
    const size_t len = strlen(urls);
    *https = (struct assay_evm_https){ .nodes = { .pause_ms = ASSAY_EVM_NODES_PAUSE_MS } };
    if (len == 0 || len >= sizeof https->urls) return ASSAY_E_RANGE;
    assay_bytes_copy(https->urls, sizeof https->urls, urls, len + 1);
    char *rest = https->urls;
    for (const char *url = next_url(&rest); url != NULL; url = next_url(&rest))
        ASSAY_TRY(append_header(https, url, &like));
    *link = assay_eth_nodes_link(&https->nodes);
    return ASSAY_OK;
}

const char *assay_eth_https_get_error(const struct assay_evm_https *https)
{
    ASSAY_ASSERT(https->nodes.count <= ASSAY_EVM_NODES_MAX);
    return https->nodes.count == 1 ? https->node[0].message : "";
}
