/*
 * tests/unit/quote_source/test_fetch.c - cache, single flight, retries and offline mode, against a
 * server of the tests' own.
 *
 * A document here is the text "DOC number from to": number never goes back, from and to are when it
 * may be used ("ever": without end).
 */
#include "base/system_clock.h"
#include "quote/source/fetch/cache.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/quote_source/server.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AT = 1000 };

static struct server *server;
static struct folder folder;
static struct assay_fetch_config config;
static struct assay_fetched fetched;
static char message[ASSAY_FETCH_MESSAGE_LEN];

static void set_up(void)
{
    server = server_start();
    folder = folder_make();
    config = (struct assay_fetch_config){ .cache_dir = folder.path,
                                          .insecure_for_tests = true,
                                          .attempts_max = 3,
                                          .backoff_ms = 4,
                                          .attempt_timeout_ms = 4000 };
    fetched = (struct assay_fetched){ 0 };
}

static void tear_down(void)
{
    assay_fetched_free(&fetched);
    server_stop(server);
    folder_remove(&folder);
}

TestSuite(fetch, .init = set_up, .fini = tear_down);

/* ------------------------------------------------------------ documents */

static bool read_document(const struct assay_fetch_content *c, long *number,
                          struct assay_fetch_window *window)
{
    char text[128];
    long from = 0, to = 0;
    if (c->body.len >= sizeof text) return false;
    assay_bytes_copy(text, sizeof text, c->body.bytes, c->body.len);
    text[c->body.len] = '\0';
    const int fields = sscanf(text, "DOC %ld %ld %ld", number, &from, &to);
    if (fields < 2 || (fields == 2 && strstr(text, "ever") == NULL)) return false;
    window->from_unix_s = from;
    window->to_unix_s = fields == 2 ? ASSAY_FETCH_FOR_EVER : to;
    return true;
}

static enum assay_status check(void *context, const struct assay_fetch_content *content,
                               struct assay_fetch_window *window,
                               char why[static ASSAY_FETCH_MESSAGE_LEN])
{
    long number = 0;
    (void)context;
    if (read_document(content, &number, window)) return ASSAY_OK;
    (void)snprintf(why, ASSAY_FETCH_MESSAGE_LEN, "this is no document");
    return ASSAY_E_SYNTAX;
}

static enum assay_status advance(void *context, const struct assay_fetch_content *before,
                                 const struct assay_fetch_content *after,
                                 char why[static ASSAY_FETCH_MESSAGE_LEN])
{
    struct assay_fetch_window window;
    long a = 0, b = 0;
    (void)context;
    cr_assert(read_document(before, &a, &window) && read_document(after, &b, &window));
    if (b >= a) return ASSAY_OK;
    (void)snprintf(why, ASSAY_FETCH_MESSAGE_LEN, "number %ld after %ld", b, a);
    return ASSAY_E_STALE;
}

static const struct assay_fetch_rule rule = { .check = check, .advance = advance };

static struct assay_fetch_want want_of(const char *target)
{
    return (struct assay_fetch_want){ .url = server_url(server, target),
                                      .rule = &rule,
                                      .at_unix_s = AT };
}

static enum assay_status get(const struct assay_fetch_want *want)
{
    assay_fetched_free(&fetched);
    return assay_fetch_get(&config, want, &fetched, message);
}

static enum assay_status get_at(const char *target, int64_t at_unix_s)
{
    struct assay_fetch_want want = want_of(target);
    want.at_unix_s = at_unix_s;
    return get(&want);
}

static void expect_body(const char *text)
{
    cr_expect(assay_slice_equal(fetched.content.body, assay_slice_over(text, strlen(text))), "%.*s",
              (int)fetched.content.body.len, (const char *)fetched.content.body.bytes);
}

static size_t entries(void)
{
    size_t count = 0;
    DIR *const dir = opendir(folder.path);
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        count += strstr(e->d_name, ".entry") != NULL;
    (void)closedir(dir);
    return count;
}

/* The one entry of the cache. */
static const char *entry_path(void)
{
    DIR *const dir = opendir(folder.path);
    const char *path = NULL;
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        if (strstr(e->d_name, ".entry") != NULL && e->d_name[0] != '.')
            path = folder_at(&folder, e->d_name);
    (void)closedir(dir);
    cr_assert_not_null(path);
    return path;
}

/* ------------------------------------------------------------ the ordinary */

Test(fetch, asks_once_and_then_answers_from_the_cache)
{
    server_add(server, "/a", server_text("DOC 1 0 5000"));
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(get_at("/a", AT), ASSAY_OK, "%s", message);
        expect_body("DOC 1 0 5000");
        cr_expect_eq(fetched.from_cache, i > 0);
        cr_expect_eq(fetched.window.to_unix_s, 5000);
        cr_expect_eq(fetched.fetched_unix_s, AT);
        cr_expect_str_empty(message);
    }
    cr_expect_eq(server_hits(server, "/a"), 1);
    cr_expect_eq(entries(), 1);
}

Test(fetch, without_a_cache_it_asks_every_time)
{
    config.cache_dir = NULL;
    server_add(server, "/a", server_text("DOC 1 0 5000"));
    cr_expect_eq(get_at("/a", AT), ASSAY_OK);
    cr_expect_eq(get_at("/a", AT), ASSAY_OK);
    cr_expect_eq(server_hits(server, "/a"), 2);
    cr_expect_eq(entries(), 0);
}

Test(fetch, urls_do_not_answer_for_each_other)
{
    server_add(server, "/a?x=1", server_text("DOC 1 0 5000"));
    server_add(server, "/a?x=2", server_text("DOC 2 0 5000"));
    cr_assert_eq(get_at("/a?x=1", AT), ASSAY_OK);
    cr_assert_eq(get_at("/a?x=2", AT), ASSAY_OK);
    expect_body("DOC 2 0 5000");
    cr_assert_eq(get_at("/a?x=1", AT), ASSAY_OK);
    expect_body("DOC 1 0 5000");
    cr_expect_eq(server->hits, 2);
}

Test(fetch, a_day_old_document_is_asked_for_again)
{
    config.age_s_max = 100;
    server_add(server, "/a", server_text("DOC 1 0 5000"));
    server_add(server, "/a", server_text("DOC 2 0 5000"));
    cr_assert_eq(get_at("/a", AT), ASSAY_OK);
    cr_assert_eq(get_at("/a", AT + 100), ASSAY_OK);
    expect_body("DOC 1 0 5000");
    cr_assert_eq(get_at("/a", AT + 101), ASSAY_OK);
    expect_body("DOC 2 0 5000");
    cr_assert_eq(get_at("/a", AT - 1), ASSAY_OK, "a clock that went back");
    cr_expect_eq(server_hits(server, "/a"), 3);
}

Test(fetch, what_lives_for_ever_is_asked_for_once)
{
    config.age_s_max = 1;
    server_add(server, "/vcek", server_text("DOC 1 0 ever"));
    cr_assert_eq(get_at("/vcek", AT), ASSAY_OK);
    cr_assert_eq(get_at("/vcek", AT + 1000000000), ASSAY_OK);
    cr_expect(fetched.from_cache);
    cr_expect_eq(server_hits(server, "/vcek"), 1);
}

Test(fetch, refresh_asks_even_a_fresh_cache)
{
    server_add(server, "/a", server_text("DOC 1 0 5000"));
    cr_assert_eq(get_at("/a", AT), ASSAY_OK);
    struct assay_fetch_want want = want_of("/a");
    want.refresh = true;
    cr_assert_eq(get(&want), ASSAY_OK);
    cr_expect_not(fetched.from_cache);
    cr_expect_eq(server_hits(server, "/a"), 2);
}

/* ------------------------------------------------------------ servers that fail */

static void expect_once(struct server_reply reply, enum assay_status status, const char *words)
{
    server_add(server, "/a", reply);
    cr_expect_eq(get_at("/a", AT), status, "%s", message);
    cr_expect_not_null(strstr(message, words), "%s", message);
    cr_expect_eq(server_hits(server, "/a"), 1, "asked again");
    cr_expect_eq(entries(), 0, "kept");
}

Test(fetch, not_found_is_final)
{
    expect_once((struct server_reply){ .status = 404 }, ASSAY_E_NOT_FOUND, "404");
}

Test(fetch, another_refusal_is_final)
{
    expect_once((struct server_reply){ .status = 403 }, ASSAY_E_INVALID, "403");
}

Test(fetch, wrong_contents_are_final_and_not_kept)
{
    expect_once(server_text("<html>maintenance</html>"), ASSAY_E_SYNTAX, "no document");
}

Test(fetch, nothing_at_all_is_wrong_contents)
{
    expect_once(server_text(""), ASSAY_E_SYNTAX, "no document");
}

Test(fetch, what_is_stale_already_is_not_taken)
{
    expect_once(server_text("DOC 1 0 999"), ASSAY_E_STALE, "valid from");
}

Test(fetch, what_begins_later_is_not_taken)
{
    expect_once(server_text("DOC 1 1001 2000"), ASSAY_E_STALE, "valid from");
}

Test(fetch, a_redirect_leads_nowhere)
{
    struct server *const other = server_start();
    char location[256];
    server_add(other, "/b", server_text("DOC 1 0 5000"));
    (void)snprintf(location, sizeof location, "Location: %s\r\n", server_url(other, "/b"));
    expect_once((struct server_reply){ .status = 302, .headers = location }, ASSAY_E_INVALID,
                "not followed");
    cr_expect_eq(other->hits, 0);
    server_stop(other);
}

Test(fetch, too_large_an_answer_is_refused_by_its_head)
{
    static uint8_t large[ASSAY_HTTP_BODY_LEN_MAX + 1];
    expect_once(
        (struct server_reply){ .status = 200, .body = assay_slice_over(large, sizeof large) },
        ASSAY_E_RANGE, "larger than");
}

Test(fetch, too_large_an_answer_is_refused_while_it_comes)
{
    static uint8_t piece[4096];
    expect_once((struct server_reply){ .status = 200,
                                       .body = assay_slice_over(piece, sizeof piece),
                                       .manner = SERVER_UNBOUNDED },
                ASSAY_E_RANGE, "larger than");
}

Test(fetch, too_many_headers_are_refused)
{
    static char headers[ASSAY_HTTP_HEADERS_LEN_MAX + 4096];
    size_t used = 0;
    while (used < ASSAY_HTTP_HEADERS_LEN_MAX)
        used += (size_t)snprintf(headers + used, sizeof headers - used, "X-Filler: %0900d\r\n", 1);
    expect_once((struct server_reply){ .status = 200, .headers = headers }, ASSAY_E_RANGE,
                "headers");
}

Test(fetch, a_broken_server_is_asked_again)
{
    server_add(server, "/a", (struct server_reply){ .status = 500 });
    server_add(server, "/a", (struct server_reply){ .status = 503 });
    server_add(server, "/a", server_text("DOC 1 0 5000"));
    cr_expect_eq(get_at("/a", AT), ASSAY_OK, "%s", message);
    cr_expect_str_empty(message);
    cr_expect_eq(server_hits(server, "/a"), 3);
}

Test(fetch, a_server_that_stays_broken_is_given_up)
{
    server_add(server, "/a", (struct server_reply){ .status = 500 });
    cr_expect_eq(get_at("/a", AT), ASSAY_E_AGAIN);
    cr_expect_not_null(strstr(message, "500"), "%s", message);
    cr_expect_eq(server_hits(server, "/a"), 3, "as often as attempts_max says");
}

Test(fetch, an_answer_that_breaks_off_is_asked_for_again)
{
    struct server_reply half = server_text("DOC 1 0 5000");
    half.manner = SERVER_TRUNCATED;
    server_add(server, "/a", half);
    server_add(server, "/a", (struct server_reply){ .manner = SERVER_HANGS_UP });
    server_add(server, "/a", server_text("DOC 1 0 5000"));
    cr_expect_eq(get_at("/a", AT), ASSAY_OK, "%s", message);
    expect_body("DOC 1 0 5000");
    server_add(server, "/b", half);
    cr_expect_eq(get_at("/b", AT), ASSAY_E_AGAIN);
    cr_expect_eq(server_hits(server, "/b"), 3);
}

Test(fetch, nobody_there_is_tried_again_and_given_up)
{
    char url[64];
    struct server *const gone = server_start();
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/a", gone->port);
    server_stop(gone);
    struct assay_fetch_want want = want_of("/a");
    want.url = url;
    cr_expect_eq(get(&want), ASSAY_E_AGAIN);
    cr_expect_str_not_empty(message);
}

Test(fetch, a_busy_server_is_left_alone_as_long_as_it_asks)
{
    server_add(server, "/a",
               (struct server_reply){ .status = 429, .headers = "Retry-After: 1\r\n" });
    server_add(server, "/a", server_text("DOC 1 0 5000"));
    const uint64_t before_ms = assay_monotonic_ms();
    cr_expect_eq(get_at("/a", AT), ASSAY_OK, "%s", message);
    cr_expect_geq(assay_monotonic_ms() - before_ms, 1000);
    cr_expect_eq(server_hits(server, "/a"), 2);
}

Test(fetch, a_server_that_asks_for_too_long_is_not_waited_for)
{
    server_add(server, "/a",
               (struct server_reply){ .status = 429, .headers = "Retry-After: 61\r\n" });
    const uint64_t before_ms = assay_monotonic_ms();
    cr_expect_eq(get_at("/a", AT), ASSAY_E_RATE);
    cr_expect_lt(assay_monotonic_ms() - before_ms, 2000);
    cr_expect_not_null(strstr(message, "61 s"), "%s", message);
    cr_expect_eq(server_hits(server, "/a"), 1);
}

Test(fetch, a_date_to_wait_for_counts_like_seconds)
{
    server_add(server, "/a",
               (struct server_reply){
                   .status = 503, .headers = "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\n" });
    cr_expect_eq(get_at("/a", AT), ASSAY_E_RATE);
    cr_expect_eq(server_hits(server, "/a"), 1);
}

Test(fetch, a_wait_beyond_the_deadline_is_not_begun)
{
    server_add(server, "/a",
               (struct server_reply){ .status = 429, .headers = "Retry-After: 30\r\n" });
    struct assay_fetch_want want = want_of("/a");
    want.deadline_ms = assay_monotonic_ms() + 3000;
    cr_expect_eq(get(&want), ASSAY_E_RATE);
    cr_expect_lt(assay_monotonic_ms(), want.deadline_ms);
    cr_expect_not_null(strstr(message, "deadline"), "%s", message);
}

Test(fetch, a_slow_answer_ends_with_the_deadline)
{
    struct server_reply slow = server_text("DOC 1 0 5000");
    slow.manner = SERVER_SLOW;
    server_add(server, "/a", slow);
    struct assay_fetch_want want = want_of("/a");
    want.deadline_ms = assay_monotonic_ms() + 400;
    cr_expect_eq(get(&want), ASSAY_E_TIMEOUT);
    cr_expect_lt(assay_monotonic_ms(), want.deadline_ms + 2000);
    cr_expect_eq(entries(), 0);
    want.deadline_ms = 1;
    cr_expect_eq(get(&want), ASSAY_E_TIMEOUT, "passed already");
    cr_expect_eq(server_hits(server, "/a"), 1);
}

Test(fetch, waits_are_a_function_of_the_seed)
{
    uint64_t least = UINT64_MAX, most = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        const uint64_t ms = assay_fetch_delay_ms(seed, "https://x/", 1000, 1);
        cr_expect_eq(ms, assay_fetch_delay_ms(seed, "https://x/", 1000, 1));
        cr_expect(ms >= 500 && ms <= 1000);
        least = ms < least ? ms : least;
        most = ms > most ? ms : most;
    }
    cr_expect_gt(most - least, 300, "clients would move in step");
    for (uint32_t attempt = 1; attempt < 40; attempt++) {
        const uint64_t whole = attempt > 5 ? 16000 : 500u << attempt;
        const uint64_t ms = assay_fetch_delay_ms(7, "https://x/", 1000, attempt);
        cr_expect(ms >= whole / 2 && ms <= (whole < 16000 ? whole : 16000) + 1, "attempt %u: %lu",
                  attempt, (unsigned long)ms);
    }
}

/* ------------------------------------------------------------ never back, never beyond the end */

Test(fetch, nothing_older_replaces_what_is_there)
{
    config.age_s_max = 10;
    server_add(server, "/a", server_text("DOC 5 0 5000"));
    server_add(server, "/a", server_text("DOC 4 0 9000"));
    cr_assert_eq(get_at("/a", AT), ASSAY_OK);
    cr_assert_eq(get_at("/a", AT + 100), ASSAY_OK, "%s", message);
    expect_body("DOC 5 0 5000");
    cr_expect(fetched.from_cache);
    cr_expect_not_null(strstr(message, "number 4 after 5"), "the warning: %s", message);
    cr_expect_eq(get_at("/a", 6000), ASSAY_E_STALE, "older still, though ours has ended");
    cr_expect_not_null(strstr(message, "number 4 after 5"), "%s", message);
}

Test(fetch, nothing_is_used_beyond_its_end)
{
    server_add(server, "/a", server_text("DOC 1 0 2000"));
    server_add(server, "/a", (struct server_reply){ .status = 500 });
    cr_assert_eq(get_at("/a", AT), ASSAY_OK);
    cr_expect_eq(get_at("/a", 2000), ASSAY_OK);
    cr_expect_eq(get_at("/a", 2001), ASSAY_E_AGAIN);
    cr_expect_null(fetched.memory);
}

Test(fetch, a_current_document_serves_while_the_server_is_down)
{
    config.age_s_max = 10;
    server_add(server, "/a", server_text("DOC 1 0 2000"));
    server_add(server, "/a", (struct server_reply){ .status = 500 });
    cr_assert_eq(get_at("/a", AT), ASSAY_OK);
    cr_expect_eq(get_at("/a", AT + 500), ASSAY_OK);
    cr_expect(fetched.from_cache);
    cr_expect_not_null(strstr(message, "500"), "the warning: %s", message);
}

/* ------------------------------------------------------------ offline */

Test(fetch, offline_the_cache_answers_alone)
{
    server_add(server, "/a", server_text("DOC 1 0 2000"));
    cr_assert_eq(get_at("/a", AT), ASSAY_OK);
    config.offline = true;
    config.age_s_max = 1;
    cr_expect_eq(get_at("/a", 2000), ASSAY_OK, "old, and current");
    cr_expect_eq(get_at("/a", 2001), ASSAY_E_STALE);
    cr_expect_not_null(strstr(message, "stale since 1970-01-01T00:33:20Z"), "%s", message);
    cr_expect_eq(get_at("/a", -1), ASSAY_E_STALE);
    cr_expect_not_null(strstr(message, "begins at 1970-01-01T00:00:00Z"), "%s", message);
    cr_expect_eq(get_at("/b", AT), ASSAY_E_NOT_FOUND);
    cr_expect_not_null(strstr(message, "not in the cache"), "%s", message);
    cr_expect_eq(server->hits, 1);
}

Test(fetch, offline_makes_no_folder)
{
    struct stat info;
    config.offline = true;
    config.cache_dir = folder_at(&folder, "cache");
    cr_expect_eq(get_at("/a", AT), ASSAY_E_NOT_FOUND);
    cr_expect_neq(stat(config.cache_dir, &info), 0);
    config.offline = false;
    server_add(server, "/a", server_text("DOC 1 0 2000"));
    cr_expect_eq(get_at("/a", AT), ASSAY_OK);
    cr_expect_eq(stat(config.cache_dir, &info), 0);
    cr_expect_eq(info.st_mode & 0777, 0700);
}

Test(fetch, a_cache_that_is_no_folder_is_told)
{
    config.cache_dir = folder_put(&folder, "file", "x", 1, 0600);
    cr_expect_eq(get_at("/a", AT), ASSAY_E_STORE);
    config.cache_dir = folder_at(&folder, "no/where");
    cr_expect_eq(get_at("/a", AT), ASSAY_E_STORE);
    cr_expect_eq(server->hits, 0);
}

/* ------------------------------------------------------------ single flight */

static void *get_in_thread(void *argument)
{
    struct assay_fetched mine = { 0 };
    char why[ASSAY_FETCH_MESSAGE_LEN];
    const struct assay_fetch_want *const want = argument;
    if (assay_fetch_get(&config, want, &mine, why) != ASSAY_OK) return NULL;
    const bool is_right = mine.content.body.len == strlen("DOC 1 0 5000");
    assay_fetched_free(&mine);
    return is_right ? argument : NULL;
}

Test(fetch, threads_that_want_the_same_thing_ask_once)
{
    enum { THREADS = 12 };
    pthread_t threads[THREADS];
    struct server_reply slow = server_text("DOC 1 0 5000");
    slow.manner = SERVER_SLOW; /* long enough for all of them to arrive */
    server->slow_ms = 300;
    server_add(server, "/a", slow);
    struct assay_fetch_want want = want_of("/a");
    for (size_t i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, get_in_thread, &want), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *result = NULL;
        cr_assert_eq(pthread_join(threads[i], &result), 0);
        cr_expect_eq(result, &want);
    }
    cr_expect_eq(server_hits(server, "/a"), 1);
}

Test(fetch, processes_that_refresh_the_same_thing_ask_once)
{
    enum { PROCESSES = 5 };
    pid_t children[PROCESSES];
    struct server_reply slow = server_text("DOC 1 0 5000");
    slow.manner = SERVER_SLOW;
    server->slow_ms = 400;
    server_add(server, "/a", server_text("DOC 1 0 4999"));
    server_add(server, "/a", slow);
    struct assay_fetch_want want = want_of("/a");
    cr_assert_eq(get(&want), ASSAY_OK);
    want.refresh = true;
    for (size_t i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        cr_assert_geq(children[i], 0);
        if (children[i] == 0) _exit(get_in_thread(&want) == &want ? 0 : 1);
    }
    for (size_t i = 0; i < PROCESSES; i++) {
        int status = -1;
        cr_assert_eq(waitpid(children[i], &status, 0), children[i]);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    cr_expect_eq(server_hits(server, "/a"), 2, "%u", server_hits(server, "/a"));
}

Test(fetch, who_waits_for_another_waits_until_the_deadline)
{
    int lock = -1;
    struct assay_fetch_want want = want_of("/a");
    server_add(server, "/a", server_text("DOC 1 0 5000"));
    cr_assert_eq(assay_cache_lock(folder.path, want.url, 0, &lock), ASSAY_OK);
    want.deadline_ms = assay_monotonic_ms() + 200;
    cr_expect_eq(get(&want), ASSAY_E_TIMEOUT);
    cr_expect_not_null(strstr(message, "another process"), "%s", message);
    cr_expect_eq(server->hits, 0);
    assay_cache_unlock(lock);
    want.deadline_ms = 0;
    cr_expect_eq(get(&want), ASSAY_OK);
}

/* ------------------------------------------------------------ crashes */

Test(fetch, a_torn_entry_is_as_good_as_missing)
{
    uint8_t whole[512];
    server_add(server, "/a", server_text("DOC 1 0 5000"));
    cr_assert_eq(get_at("/a", AT), ASSAY_OK);
    const char *const path = entry_path();
    FILE *const file = fopen(path, "rb");
    const size_t len = fread(whole, 1, sizeof whole, file);
    (void)fclose(file);
    for (size_t torn = 0; torn < len; torn++) {
        FILE *const out = fopen(path, "wb");
        cr_assert_eq(fwrite(whole, 1, torn, out), torn);
        (void)fclose(out);
        struct assay_fetched entry = { 0 };
        cr_assert_eq(assay_cache_read(folder.path, server_url(server, "/a"), &entry),
                     ASSAY_E_NOT_FOUND, "%zu", torn);
    }
    cr_assert_eq(get_at("/a", AT), ASSAY_OK, "%s", message);
    cr_expect_not(fetched.from_cache);
    cr_assert_eq(get_at("/a", AT), ASSAY_OK);
    cr_expect(fetched.from_cache);
}

Test(fetch, no_flipped_bit_of_an_entry_crashes_or_changes_its_url)
{
    uint8_t whole[512];
    server_add(server, "/a", server_text("DOC 1 0 5000"));
    cr_assert_eq(get_at("/a", AT), ASSAY_OK);
    const char *const path = entry_path();
    FILE *const file = fopen(path, "rb");
    const size_t len = fread(whole, 1, sizeof whole, file);
    (void)fclose(file);
    for (size_t bit = 0; bit < len * 8; bit++) {
        whole[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        FILE *const out = fopen(path, "wb");
        cr_assert_eq(fwrite(whole, 1, len, out), len);
        (void)fclose(out);
        struct assay_fetched entry = { 0 };
        const enum assay_status status =
            assay_cache_read(folder.path, server_url(server, "/a"), &entry);
        cr_assert(status == ASSAY_OK || status == ASSAY_E_NOT_FOUND);
        assay_fetched_free(&entry);
        whole[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
}

Test(fetch, a_writer_killed_at_any_moment_leaves_the_old_or_the_new)
{
    const char *const url = "https://example.invalid/a";
    const struct assay_fetch_content old = { .body = assay_slice_over("DOC 1 0 5000", 12) };
    const struct assay_fetch_content new = { .body = assay_slice_over("DOC 2 0 50000", 13) };
    cr_assert_eq(assay_cache_write(folder.path, url, 1, &old), ASSAY_OK);
    for (unsigned us = 0; us < 3000; us += 60) {
        const pid_t child = fork();
        cr_assert_geq(child, 0);
        if (child == 0) {
            for (int64_t i = 0;; i++)
                if (assay_cache_write(folder.path, url, i, i % 2 == 0 ? &new : &old) != ASSAY_OK)
                    _exit(1);
        }
        (void)usleep(us);
        (void)kill(child, SIGKILL);
        int status = 0;
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFSIGNALED(status), "the writer failed by itself");
        struct assay_fetched entry = { 0 };
        cr_assert_eq(assay_cache_read(folder.path, url, &entry), ASSAY_OK, "after %u us", us);
        cr_expect(assay_slice_equal(entry.content.body, old.body) ||
                  assay_slice_equal(entry.content.body, new.body));
        assay_fetched_free(&entry);
    }
}

Test(fetch, a_fetcher_killed_with_the_lock_leaves_it_free)
{
    int lock = -1;
    struct assay_fetch_want want = want_of("/a");
    server_add(server, "/a", server_text("DOC 1 0 5000"));
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        if (assay_cache_lock(folder.path, want.url, 0, &lock) == ASSAY_OK) (void)pause();
        _exit(1);
    }
    (void)usleep(100000);
    want.deadline_ms = assay_monotonic_ms() + 100;
    cr_expect_eq(get(&want), ASSAY_E_TIMEOUT, "the child holds it");
    (void)kill(child, SIGKILL);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    want.deadline_ms = assay_monotonic_ms() + 5000;
    cr_expect_eq(get(&want), ASSAY_OK, "%s", message);
}
