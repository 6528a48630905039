/*
 * quote/source/fetch/fetch.c - cached download of vendor documents (fetch.h): cache, lock, retries.
 */
#include "quote/source/fetch/fetch.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "base/rfc3339.h"
#include "base/system_clock.h"
#include "base/writer.h"
#include "quote/source/fetch/cache.h"
#include "quote/source/fetch/issuer_chain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One call of assay_fetch_get. */
struct task {
    const struct assay_fetch_config *config;
    const struct assay_fetch_want *want;
    char *message;
};

__attribute__((format(printf, 2, 3))) static void say(char *message, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, ASSAY_FETCH_MESSAGE_LEN, format, arguments);
    va_end(arguments);
}

static uint64_t get_or_default(uint64_t value, uint64_t usual_value)
{
    return value != 0 ? value : usual_value;
}

void assay_fetched_free(struct assay_fetched *fetched)
{
    ASSAY_ASSERT(fetched != NULL);
    free(fetched->memory);
    *fetched = (struct assay_fetched){ 0 };
}

/* ------------------------------------------------------------ the cache */

static bool is_current(const struct assay_fetch_window *window, int64_t at_unix_s)
{
    return at_unix_s >= window->from_unix_s && at_unix_s <= window->to_unix_s;
}

/* What is kept, if it is still what was asked for; its time is another question. */
static enum assay_status look_up(const struct task *t, struct assay_fetched *entry)
{
    char ignored[ASSAY_FETCH_MESSAGE_LEN];
    *entry = (struct assay_fetched){ 0 };
    if (t->config->cache_dir == NULL) return ASSAY_E_NOT_FOUND;
    ASSAY_TRY(assay_cache_read(t->config->cache_dir, t->want->url, entry));
    const enum assay_status status =
        t->want->rule->check(t->want->context, &entry->content, &entry->window, ignored);
    if (status == ASSAY_OK) return ASSAY_OK;
    assay_fetched_free(entry);
    return assay_status_class(status) == ASSAY_CLASS_HOST ? status : ASSAY_E_NOT_FOUND;
}

/* Young enough not to ask. A time before the one of fetching means that a clock was set: ask. */
static bool is_fresh(const struct task *t, const struct assay_fetched *entry)
{
    ASSAY_ASSERT(entry->memory != NULL);
    const uint64_t age_s_max = get_or_default(t->config->age_s_max, ASSAY_FETCH_AGE_S_USUAL);
    if (t->want->refresh || !is_current(&entry->window, t->want->at_unix_s)) return false;
    if (entry->window.to_unix_s == ASSAY_FETCH_FOR_EVER) return true;
    return entry->fetched_unix_s <= t->want->at_unix_s &&
           (uint64_t)t->want->at_unix_s - (uint64_t)entry->fetched_unix_s <= age_s_max;
}

static enum assay_status complain_offline(const struct task *t, const struct assay_fetched *entry)
{
    char at[ASSAY_RFC3339_LEN + 1], since[ASSAY_RFC3339_LEN + 1];
    if (entry->memory == NULL) {
        say(t->message, "offline: %.300s is not in the cache", t->want->url);
        return ASSAY_E_NOT_FOUND;
    }
    const bool has_ended = t->want->at_unix_s > entry->window.to_unix_s;
    assay_rfc3339_format(t->want->at_unix_s, at);
    assay_rfc3339_format(has_ended ? entry->window.to_unix_s : entry->window.from_unix_s, since);
    say(t->message, "offline: %.300s: what the cache has %s %s, and is asked for %s", t->want->url,
        has_ended ? "is stale since" : "begins at", since, at);
    return ASSAY_E_STALE;
}

/* ------------------------------------------------------------ one attempt */

static enum assay_status status_of_http(const struct task *t, const struct assay_url_answer *answer)
{
    struct assay_slice location = { 0 };
    if (answer->status == 200) return ASSAY_OK;
    if (answer->status >= 300 && answer->status < 400) {
        const enum assay_status found = assay_url_header(
            assay_slice_over(answer->headers, answer->headers_len), "Location", &location);
        say(t->message, "%.200s: answered with a redirect to \"%.*s\", which is not followed",
            t->want->url, found == ASSAY_OK && location.len < 200 ? (int)location.len : 0,
            (const char *)location.bytes);
        return ASSAY_E_INVALID;
    }
    say(t->message, "%.300s: HTTP status %" PRIu32, t->want->url, answer->status);
    if (answer->status == 404 || answer->status == 410) return ASSAY_E_NOT_FOUND;
    if (answer->status == 429) return ASSAY_E_RATE;
    return answer->status >= 500 ? ASSAY_E_AGAIN : ASSAY_E_INVALID;
}

/* The chain that a header must hold. */
static enum assay_status read_extra(const struct task *t, const struct assay_url_answer *answer,
                                    uint8_t *extra, size_t *extra_len)
{
    const struct assay_slice headers = assay_slice_over(answer->headers, answer->headers_len);
    struct assay_slice value;
    enum assay_status status = ASSAY_E_NOT_FOUND;
    *extra_len = 0;
    if (t->want->headers[0] == NULL) return ASSAY_OK;
    for (size_t i = 0; i < ASSAY_FETCH_HEADERS_MAX && t->want->headers[i] != NULL; i++) {
        status = assay_url_header(headers, t->want->headers[i], &value);
        if (status != ASSAY_E_NOT_FOUND) break;
    }
    if (status == ASSAY_OK)
        status = assay_issuer_chain_decode(value, extra, ASSAY_FETCH_EXTRA_LEN_MAX, extra_len);
    ASSAY_ASSERT(status != ASSAY_OK || *extra_len <= ASSAY_FETCH_EXTRA_LEN_MAX);
    if (status == ASSAY_OK) return ASSAY_OK;
    say(t->message, "%.250s: the answer's header %s: %s", t->want->url, t->want->headers[0],
        status == ASSAY_E_NOT_FOUND ? "is missing" : assay_status_text(status));
    return status == ASSAY_E_NOT_FOUND ? ASSAY_E_INVALID : status;
}

/* An answer of status 200 becomes a document, or is refused for good. */
static enum assay_status accept_answer(const struct task *t, struct assay_url_answer *answer,
                                       struct assay_fetched *fetched)
{
    const struct assay_fetch_rule *const rule = t->want->rule;
    size_t body_len = answer->body_len, extra_len = 0;
    uint8_t *const memory = malloc(body_len + ASSAY_FETCH_EXTRA_LEN_MAX);
    if (memory == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = read_extra(t, answer, memory, &extra_len);
    uint8_t *const body = memory + extra_len;
    ASSAY_ASSERT(extra_len <= ASSAY_FETCH_EXTRA_LEN_MAX);
    if (status == ASSAY_OK && body_len > 0)
        assay_bytes_copy(body, body_len, answer->body, body_len);
    if (status == ASSAY_OK && rule->normalise != NULL) {
        status = rule->normalise(body, &body_len);
        if (status != ASSAY_OK)
            say(t->message, "%.300s: %s", t->want->url, assay_status_text(status));
    }
    ASSAY_ASSERT(body_len <= answer->body_len);
    *fetched = (struct assay_fetched){ .memory = memory,
                                       .content.body = assay_slice_over(body, body_len),
                                       .content.extra = assay_slice_over(memory, extra_len),
                                       .fetched_unix_s = t->want->at_unix_s };
    if (status == ASSAY_OK)
        status = rule->check(t->want->context, &fetched->content, &fetched->window, t->message);
    if (status != ASSAY_OK) assay_fetched_free(fetched);
    return status;
}

static enum assay_status attempt_request(const struct task *t, struct assay_fetched *fetched,
                                         uint64_t *retry_after_s)
{
    uint64_t timeout_ms =
        get_or_default(t->config->attempt_timeout_ms, (uint64_t)ASSAY_HTTP_TIMEOUT_MS_USUAL);
    const uint64_t now_ms = assay_monotonic_ms(), deadline_ms = t->want->deadline_ms;
    if (deadline_ms != 0 && now_ms >= deadline_ms) {
        say(t->message, "%.300s: the deadline has passed", t->want->url);
        return ASSAY_E_TIMEOUT;
    }
    if (deadline_ms != 0 && deadline_ms - now_ms < timeout_ms) timeout_ms = deadline_ms - now_ms;
    ASSAY_ASSERT(timeout_ms > 0);
    const struct assay_url_request request = {
        .url = t->want->url,
        .timeout_ms = timeout_ms,
        .ca_file = t->config->ca_file,
        .insecure_for_tests = t->config->insecure_for_tests,
        .stop = t->config->stop,
    };
    struct assay_url_answer answer = { 0 };
    char why[ASSAY_HTTP_MESSAGE_LEN];
    enum assay_status status = assay_url_get(&request, &answer, why);
    *retry_after_s = 0;
    if (status != ASSAY_OK) {
        say(t->message, "%s", why);
        return status;
    }
    if (answer.has_retry_after) *retry_after_s = answer.retry_after_s;
    status = status_of_http(t, &answer);
    if (status == ASSAY_OK) status = accept_answer(t, &answer, fetched);
    assay_url_answer_free(&answer);
    return status;
}

/* ------------------------------------------------------------ attempts */

/* splitmix64 (Steele, Lea, Flood 2014): enough to keep clients from moving in step. */
static uint64_t mix_bits(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t assay_fetch_delay_ms(uint64_t seed, const char *url, uint32_t backoff_ms, uint32_t attempt)
{
    ASSAY_ASSERT(attempt >= 1);
    uint8_t digest[ASSAY_SHA256_LEN];
    uint64_t whole = get_or_default(backoff_ms, ASSAY_FETCH_BACKOFF_MS_USUAL),
             drawn = mix_bits(seed);
    for (uint32_t i = 1; i < attempt && whole < ASSAY_FETCH_BACKOFF_MS_MAX; i++)
        whole *= 2;
    if (whole > ASSAY_FETCH_BACKOFF_MS_MAX) whole = ASSAY_FETCH_BACKOFF_MS_MAX;
    ASSAY_ASSERT(whole > 0 && whole <= ASSAY_FETCH_BACKOFF_MS_MAX);
    assay_sha256(url, strlen(url), digest);
    for (size_t i = 0; i < 8; i++)
        drawn = mix_bits(drawn ^ digest[i]);
    drawn = mix_bits(drawn ^ attempt);
    return whole / 2 + drawn % (whole - whole / 2 + 1);
}

static bool is_worth_another(enum assay_status status)
{
    return status == ASSAY_E_AGAIN || status == ASSAY_E_RATE || status == ASSAY_E_TIMEOUT;
}

static bool is_stopped(const struct task *t)
{
    return t->config->stop != NULL && atomic_load(t->config->stop);
}

/* A wait that the deadline would cut short is not begun; a cancelled one ends. */
static bool wait_in_parts(const struct task *t, uint64_t delay_ms)
{
    enum { PART_MS = 100 };
    const uint64_t now_ms = assay_monotonic_ms(), deadline_ms = t->want->deadline_ms;
    if (deadline_ms != 0 && (now_ms >= deadline_ms || deadline_ms - now_ms < delay_ms))
        return false;
    while (delay_ms > 0 && !is_stopped(t)) {
        const uint64_t part_ms = delay_ms < PART_MS ? delay_ms : PART_MS;
        if (!assay_fetch_wait(part_ms, 0)) return false;
        delay_ms -= part_ms;
    }
    return !is_stopped(t);
}

/* How long before the next one; the server's word counts, within reason. */
static enum assay_status wait_for_next(const struct task *t, uint32_t number,
                                       uint64_t retry_after_s, enum assay_status status)
{
    ASSAY_ASSERT(number >= 1 && is_worth_another(status));
    const uint64_t retry_after_s_max =
        get_or_default(t->config->retry_after_s_max, ASSAY_FETCH_RETRY_AFTER_S_USUAL);
    uint64_t delay_ms =
        assay_fetch_delay_ms(t->config->seed, t->want->url, t->config->backoff_ms, number);
    if (retry_after_s > retry_after_s_max) {
        say(t->message,
            "%.200s: the server requests a pause of %" PRIu64 " s, more than the %" PRIu64
            " s that are waited for",
            t->want->url, retry_after_s, retry_after_s_max);
        return ASSAY_E_RATE;
    }
    if (retry_after_s * 1000 > delay_ms) delay_ms = retry_after_s * 1000;
    if (wait_in_parts(t, delay_ms)) return ASSAY_OK;
    if (is_stopped(t)) return ASSAY_E_TIMEOUT;
    const size_t used = strlen(t->message);
    ASSAY_ASSERT(used < ASSAY_FETCH_MESSAGE_LEN);
    (void)snprintf(t->message + used, ASSAY_FETCH_MESSAGE_LEN - used,
                   "; the deadline comes before the next attempt");
    return status == ASSAY_E_RATE ? ASSAY_E_RATE : ASSAY_E_TIMEOUT;
}

static enum assay_status fetch_with_retries(const struct task *t, struct assay_fetched *fetched)
{
    const uint32_t attempts =
        (uint32_t)get_or_default(t->config->attempts_max, (uint64_t)ASSAY_FETCH_ATTEMPTS_USUAL);
    ASSAY_ASSERT(attempts >= 1);
    for (uint32_t number = 1;; number++) {
        uint64_t retry_after_s = 0;
        const enum assay_status status = attempt_request(t, fetched, &retry_after_s);
        if (!is_worth_another(status) || number == attempts || is_stopped(t)) return status;
        ASSAY_TRY(wait_for_next(t, number, retry_after_s, status));
    }
}

/* ------------------------------------------------------------ the whole */

/* May the new document be used, and replace the old one (which may be none)? */
static enum assay_status check_document(const struct task *t, const struct assay_fetched *before,
                                        const struct assay_fetched *after)
{
    ASSAY_ASSERT(after->memory != NULL);
    char from[ASSAY_RFC3339_LEN + 1], to[ASSAY_RFC3339_LEN + 1];
    if (!is_current(&after->window, t->want->at_unix_s)) {
        assay_rfc3339_format(after->window.from_unix_s, from);
        assay_rfc3339_format(after->window.to_unix_s, to);
        say(t->message, "%.250s: what the server has is valid from %s to %s only", t->want->url,
            from, to);
        return ASSAY_E_STALE;
    }
    if (before->memory == NULL || t->want->rule->advance == NULL) return ASSAY_OK;
    return t->want->rule->advance(t->want->context, &before->content, &after->content, t->message);
}

/* With the lock held. *entry is what the cache had before; it is consumed. */
static enum assay_status fetch_and_keep(const struct task *t, struct assay_fetched *entry,
                                        struct assay_fetched *fetched)
{
    struct assay_fetched fresh = { 0 };
    enum assay_status status = fetch_with_retries(t, &fresh);
    if (status == ASSAY_OK) status = check_document(t, entry, &fresh);
    if (status == ASSAY_OK && t->config->cache_dir != NULL)
        status = assay_cache_write(t->config->cache_dir, t->want->url, t->want->at_unix_s,
                                   &fresh.content);
    if (status == ASSAY_OK) {
        assay_fetched_free(entry);
        ASSAY_ASSERT(fresh.memory != NULL);
        *fetched = fresh;
        t->message[0] = '\0'; /* messages of earlier attempts */
        return ASSAY_OK;
    }
    if (status == ASSAY_E_STORE)
        say(t->message, "%s: the cache cannot be written", t->config->cache_dir);
    assay_fetched_free(&fresh);
    /* What there is may still be used, with the reason as a warning. */
    if (entry->memory != NULL && is_current(&entry->window, t->want->at_unix_s) &&
        status != ASSAY_E_MEMORY) {
        *fetched = *entry;
        return ASSAY_OK;
    }
    assay_fetched_free(entry);
    return status;
}

static bool same_entry(const struct assay_fetched *a, const struct assay_fetched *b)
{
    return (a->memory == NULL) == (b->memory == NULL) && a->fetched_unix_s == b->fetched_unix_s &&
           assay_slice_equal(a->content.body, b->content.body) &&
           assay_slice_equal(a->content.extra, b->content.extra);
}

/*
 * With the lock held, the cache is checked again: the previous owner of the lock may have fetched
 * the document. *entry is what it had when we began to wait; it is consumed.
 */
static enum assay_status fetch_once(const struct task *t, struct assay_fetched *entry,
                                    struct assay_fetched *fetched)
{
    ASSAY_ASSERT(t->config->cache_dir != NULL);
    struct assay_fetched now = { 0 };
    const enum assay_status status = look_up(t, &now);
    const bool is_done = status == ASSAY_OK && is_current(&now.window, t->want->at_unix_s) &&
                         (is_fresh(t, &now) || !same_entry(entry, &now));
    assay_fetched_free(entry);
    if (is_done) {
        *fetched = now;
        return ASSAY_OK;
    }
    if (status != ASSAY_OK && status != ASSAY_E_NOT_FOUND) return status;
    return fetch_and_keep(t, &now, fetched);
}

static enum assay_status fetch_alone(const struct task *t, struct assay_fetched *entry,
                                     struct assay_fetched *fetched)
{
    ASSAY_ASSERT(t->config->cache_dir != NULL && !t->config->offline);
    int lock = -1;
    enum assay_status status =
        assay_cache_lock(t->config->cache_dir, t->want->url, t->want->deadline_ms, &lock);
    if (status != ASSAY_OK) {
        say(t->message, "%.300s: %s", t->want->url,
            status == ASSAY_E_TIMEOUT ? "another process was fetching it until the deadline"
                                      : "its lock in the cache cannot be taken");
        if (entry->memory == NULL || !is_current(&entry->window, t->want->at_unix_s)) {
            assay_fetched_free(entry);
            return status;
        }
        *fetched = *entry;
        return ASSAY_OK;
    }
    status = fetch_once(t, entry, fetched);
    assay_cache_unlock(lock);
    return status;
}

enum assay_status assay_fetch_get(const struct assay_fetch_config *config,
                                  const struct assay_fetch_want *want,
                                  struct assay_fetched *fetched,
                                  char message[static ASSAY_FETCH_MESSAGE_LEN])
{
    ASSAY_ASSERT(want->rule != NULL && want->rule->check != NULL);
    ASSAY_ASSERT(want->url != NULL);
    ASSAY_ASSERT(config->attempts_max <= ASSAY_FETCH_ATTEMPTS_MAX);
    const struct task t = { .config = config, .want = want, .message = message };
    struct assay_fetched entry = { 0 };
    message[0] = '\0';
    if (config->cache_dir != NULL && !config->offline &&
        assay_cache_prepare(config->cache_dir) != ASSAY_OK) {
        say(message, "%.300s: the cache's folder cannot be made or used", config->cache_dir);
        return ASSAY_E_STORE;
    }
    const enum assay_status status = look_up(&t, &entry);
    if (status != ASSAY_OK && status != ASSAY_E_NOT_FOUND) return status;
    const bool is_usable = entry.memory != NULL && is_current(&entry.window, want->at_unix_s);
    if (is_usable && (config->offline || is_fresh(&t, &entry))) {
        *fetched = entry;
        return ASSAY_OK;
    }
    if (config->offline) {
        const enum assay_status why = complain_offline(&t, &entry);
        assay_fetched_free(&entry);
        return why;
    }
    if (config->cache_dir == NULL) return fetch_and_keep(&t, &entry, fetched);
    return fetch_alone(&t, &entry, fetched);
}
