/*
 * quote/source/fetch/fetch.h - cached download of vendor documents: from the cache, else once from
 * the network.
 *
 * What has been fetched is kept in a folder, one file per URL, replaced durably and never by
 * something older. Several threads and processes that want the same thing ask for it once: they
 * wait for each other's lock. A server that is busy or broken is asked again, later each time,
 * within one deadline. Without a network the cache answers alone.
 *
 * Time is the caller's: at_unix_s decides what is current, CLOCK_MONOTONIC only how long to wait.
 */
#ifndef ASSAY_QUOTE_SOURCE_FETCH_FETCH_H
#define ASSAY_QUOTE_SOURCE_FETCH_FETCH_H

#include "quote/source/fetch/http.h"

enum {
    ASSAY_FETCH_EXTRA_LEN_MAX = 16384, /* ASSAY_ISSUER_CHAIN_LEN_MAX */
    ASSAY_FETCH_HEADERS_MAX = 3,       /* names under which servers send the same thing */
    ASSAY_FETCH_MESSAGE_LEN = 512,
    ASSAY_FETCH_ATTEMPTS_MAX = 16,
    /* usual values of the configuration */
    ASSAY_FETCH_ATTEMPTS_USUAL = 5,
    ASSAY_FETCH_BACKOFF_MS_USUAL = 500,
    ASSAY_FETCH_BACKOFF_MS_MAX = 16000,
    ASSAY_FETCH_RETRY_AFTER_S_USUAL = 60,
    ASSAY_FETCH_AGE_S_USUAL = 86400, /* documents live 30 days; a day old is asked for again */
};

#define ASSAY_FETCH_FOR_EVER INT64_MAX

/* Zero means the usual value everywhere. Borrowed strings. */
struct assay_fetch_config {
    const char *cache_dir;       /* NULL: no cache and no lock */
    const char *ca_file;         /* roots of servers (a PCCS has its own); NULL: the system's */
    bool offline;                /* the cache alone */
    bool insecure_for_tests;     /* http.h */
    const atomic_bool *stop;     /* http.h; waits end as well */
    uint32_t attempts_max;       /* at most ASSAY_FETCH_ATTEMPTS_MAX */
    uint32_t backoff_ms;         /* before the second attempt; doubled after each */
    uint32_t retry_after_s_max;  /* a server that asks for more is not waited for */
    uint64_t attempt_timeout_ms; /* of one exchange */
    uint64_t age_s_max;          /* older contents are asked for again while still current */
    uint64_t seed;               /* of the jitter: the same seed waits the same times */
};

/* When a document may be used. */
struct assay_fetch_window {
    int64_t from_unix_s;
    int64_t to_unix_s; /* ASSAY_FETCH_FOR_EVER: it never ends */
};

/* A document: body, and for some what its header held, decoded. */
struct assay_fetch_content {
    struct assay_slice body;
    struct assay_slice extra;
};

/* What the document must be; each is called with the context of the want. */
struct assay_fetch_rule {
    /* Is it the requested document, at any time? Returns: ASSAY_OK and *window | the reason */
    enum assay_status (*check)(void *context, const struct assay_fetch_content *content,
                               struct assay_fetch_window *window,
                               char message[static ASSAY_FETCH_MESSAGE_LEN]);
    /* May after replace before, both checked? NULL: always. Returns: ASSAY_OK | ASSAY_E_STALE */
    enum assay_status (*advance)(void *context, const struct assay_fetch_content *before,
                                 const struct assay_fetch_content *after,
                                 char message[static ASSAY_FETCH_MESSAGE_LEN]);
    /* Before check: bring the raw body to its one form (hexadecimal to DER). NULL: as it came.
     * In place, never longer. Returns: ASSAY_OK | input errors */
    enum assay_status (*normalise)(uint8_t *body, size_t *body_len);
};

struct assay_fetch_want {
    const char *url;
    const char *headers[ASSAY_FETCH_HEADERS_MAX]; /* an issuer chain under any of these; or none */
    const struct assay_fetch_rule *rule;
    void *context;
    int64_t at_unix_s;
    uint64_t deadline_ms; /* CLOCK_MONOTONIC, for everything together; 0: none */
    bool refresh;         /* ask even if the cache is fresh */
};

/* Owned: freed with assay_fetched_free. */
struct assay_fetched {
    uint8_t *memory;
    struct assay_fetch_content content; /* within memory */
    struct assay_fetch_window window;
    int64_t fetched_unix_s;
    bool from_cache;
};

/*
 * assay_fetch_get - one document, current at want->at_unix_s.
 * Out:     *fetched on ASSAY_OK; message has the reason, or on ASSAY_OK warns (the cache answered
 *          although the server should have: it failed, or offered something older)
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (404; offline and not in the cache) | ASSAY_E_STALE
 * (expired, or older than the cached one) | ASSAY_E_RATE (the server demands a longer delay) |
 * ASSAY_E_TIMEOUT | ASSAY_E_AGAIN (the server kept failing) |
 *          ASSAY_E_INVALID (redirect, refused, URL) | ASSAY_E_RANGE (size) | ASSAY_E_IO |
 *          ASSAY_E_STORE (the cache cannot be written) | ASSAY_E_MEMORY | as check for wrong
 *          contents
 * Threads: any number at once, also over one cache folder
 */
ASSAY_CHECKED enum assay_status assay_fetch_get(const struct assay_fetch_config *config,
                                                const struct assay_fetch_want *want,
                                                struct assay_fetched *fetched,
                                                char message[static ASSAY_FETCH_MESSAGE_LEN]);
/* Accepts an empty one; empties it. */
void assay_fetched_free(struct assay_fetched *fetched);

/*
 * assay_fetch_delay_ms - the wait before attempt number attempt (1 is the second): half of
 * backoff_ms doubled attempt-1 times and at most ASSAY_FETCH_BACKOFF_MS_MAX, and as much again by
 * chance, which is a function of seed, URL and attempt.
 * Returns: milliseconds
 */
uint64_t assay_fetch_delay_ms(uint64_t seed, const char *url, uint32_t backoff_ms,
                              uint32_t attempt);

#endif
