/*
 * apps/https.c - client of the HTTPS server of a node, over quote/source/fetch/http.h.
 */
#include "apps/https.h"

#include "net/json/json.h"
#include "quote/source/fetch/http.h"

#include <stdio.h>
#include <stdlib.h>

_Static_assert((int)ASSAY_JSON_LEN_MAX <= (int)ASSAY_HTTP_BODY_LEN_LIMIT, "a document is read");

static void read_chain(struct assay_slice headers, char chain[static 65])
{
    struct assay_slice value;
    const enum assay_status status = assay_url_header(headers, "Assay-Chain", &value);
    chain[0] = '\0';
    if (status == ASSAY_E_NOT_FOUND) return;
    const bool fits = status == ASSAY_OK && value.len == 64;
    (void)snprintf(chain, 65, "%.*s", fits ? 64 : 1, fits ? (const char *)value.bytes : "?");
}

enum assay_status assay_https_exchange(const struct assay_https_request *request,
                                       struct assay_https_answer *answer,
                                       char message[static ASSAY_HTTPS_MESSAGE_LEN])
{
    static const char *const headers[] = { "Accept: application/json",
                                           "Content-Type: application/octet-stream" };
    _Static_assert((int)ASSAY_HTTPS_MESSAGE_LEN == (int)ASSAY_HTTP_MESSAGE_LEN, "one buffer");
    char url[ASSAY_HTTP_URL_LEN_MAX + 1];
    struct assay_url_answer got = { 0 };
    const bool post = request->object.len > 0;
    const int len = snprintf(url, sizeof url, "%s%s", request->endpoint, request->target);
    if (len < 0 || (size_t)len >= sizeof url) {
        (void)snprintf(message, ASSAY_HTTPS_MESSAGE_LEN, "%.100s: the request is too long",
                       request->endpoint);
        return ASSAY_E_RANGE;
    }
    const struct assay_url_request exchange = { .url = url,
                                                .timeout_ms = request->timeout_ms,
                                                .body_len_max = ASSAY_JSON_LEN_MAX,
                                                .ca_file = request->ca,
                                                .certificate_file = request->certificate,
                                                .key_file = request->key,
                                                .post = post,
                                                .content = request->object,
                                                .headers = headers,
                                                .header_count = post ? 2 : 1 };
    ASSAY_TRY(assay_url_send(&exchange, &got, message));
    *answer = (struct assay_https_answer){ .status = got.status, .len = got.body_len };
    read_chain(assay_slice_over(got.headers, got.headers_len), answer->chain);
    answer->text = malloc(got.body_len + 1);
    if (answer->text != NULL) {
        assay_bytes_copy((uint8_t *)answer->text, got.body_len + 1, got.body, got.body_len);
        answer->text[got.body_len] = '\0';
    }
    assay_url_answer_free(&got);
    return answer->text != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
}
