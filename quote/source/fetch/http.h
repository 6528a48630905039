/*
 * quote/source/fetch/http.h - HTTPS client: one GET or POST, bounded in every direction.
 *
 * An interface: implemented by quote/source/fetch/curl.c, the only file that includes
 * <curl/curl.h>.
 * Certificates of servers are verified, redirects are never followed, sizes are enforced while
 * reading, and only https:// is accepted, except a literal loopback address in tests. No retries
 * here: quote/source/fetch/fetch.h has them.
 */
#ifndef ASSAY_QUOTE_SOURCE_FETCH_HTTP_H
#define ASSAY_QUOTE_SOURCE_FETCH_HTTP_H

#include "base/bytes.h"

#include <stdatomic.h>

enum {
    ASSAY_HTTP_URL_LEN_MAX = 1024,
    ASSAY_HTTP_BODY_LEN_MAX = 262144,   /* 256 KiB: ASSAY_PART_LEN_MAX and the largest CRL */
    ASSAY_HTTP_BODY_LEN_LIMIT = 16 << 20, /* documents of a node, which are larger */
    ASSAY_HTTP_HEADERS_LEN_MAX = 65536, /* issuer chains travel in headers: 4 KB each */
    ASSAY_HTTP_MESSAGE_LEN = 320,
    ASSAY_HTTP_TIMEOUT_MS_USUAL = 15000,
};

struct assay_url_request {
    const char *url;
    uint64_t timeout_ms;     /* for the whole exchange; 0: ASSAY_HTTP_TIMEOUT_MS_USUAL */
    size_t body_len_max;     /* 0: ASSAY_HTTP_BODY_LEN_MAX; ASSAY_HTTP_BODY_LEN_LIMIT at most */
    const char *ca_file;     /* PEM: the only roots of servers; NULL: the system's */
    /* PEM: certificate of the client, and its key; NULL: it has none */
    const char *certificate_file, *key_file;
    bool insecure_for_tests; /* also http:// to 127.0.0.1 or [::1], and no proxy */
    const atomic_bool *stop; /* set: give up within a second (ASSAY_E_TIMEOUT); NULL: never */
    bool post;               /* POST what follows; assay_url_send only */
    struct assay_slice content;
    const char *const *headers; /* [header_count] "name: value", without line ends */
    size_t header_count;
};

/* Owned: freed with assay_url_answer_free. */
struct assay_url_answer {
    uint32_t status; /* 200, 404, ...; a redirect's too */
    bool has_retry_after;
    uint64_t retry_after_s; /* from seconds or a date */
    uint8_t *body;
    size_t body_len;
    uint8_t *headers; /* as they came, line by line */
    size_t headers_len;
};

/*
 * assay_url_send - ask once, GET or POST, and read the whole answer.
 * Out, threads: as assay_url_get
 * Returns: as assay_url_get
 */
ASSAY_CHECKED enum assay_status assay_url_send(const struct assay_url_request *request,
                                               struct assay_url_answer *answer,
                                               char message[static ASSAY_HTTP_MESSAGE_LEN]);
/*
 * assay_url_get - send one request and read the complete response.
 * Out:     *answer on ASSAY_OK, whatever its status; message otherwise
 * Returns: ASSAY_OK | ASSAY_E_RANGE (URL; an answer beyond its bounds) | ASSAY_E_INVALID (a scheme
 * or host that is not allowed) | ASSAY_E_TIMEOUT | ASSAY_E_AGAIN (no connection, or it
 *          broke off: worth another try) | ASSAY_E_IO (TLS, and what else does not get better) |
 *          ASSAY_E_MEMORY
 * Threads: any number at once
 */
ASSAY_CHECKED enum assay_status assay_url_get(const struct assay_url_request *request,
                                              struct assay_url_answer *answer,
                                              char message[static ASSAY_HTTP_MESSAGE_LEN]);
/*
 * assay_url_header - the value of a header, its name in any case, white space cut off.
 * Out:     *value borrows from headers
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_DUPLICATE (twice, with different values)
 */
ASSAY_CHECKED enum assay_status assay_url_header(struct assay_slice headers, const char *name,
                                                 struct assay_slice *value);
/* Accepts an empty answer; empties it. */
void assay_url_answer_free(struct assay_url_answer *answer);

#endif
