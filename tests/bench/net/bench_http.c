/*
 * tests/bench/net/bench_http.c - benchmark of HTTP snapshots and rendering.
 *
 * HTTP of a node: what laying out a view costs the loop, and what rendering costs the thread, with
 * the bytes of each answer.
 */
#include "net/http/answer.h"
#include "tests/unit/net/http/http_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 200 };

static struct http_fixture fixture;

static double now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void measure(uint32_t members, const struct assay_http_snapshot *view, const char *path)
{
    const struct assay_http_figures figures = { .connections = 0 };
    const struct assay_http_content b = {
        .view = view, .timeline = fixture.timeline, .figures = &figures, .now_ms = 100000
    };
    const struct assay_http_request request = { .role = ASSAY_HTTP_ROLE_VIEWER,
                                                .method = "GET",
                                                .path = path };
    struct assay_http_answer answer = { .len = 0 };
    const double start = now_us();
    for (int i = 0; i < ROUNDS; i++) {
        free(answer.body);
        assay_http_answer(&b, &request, &answer);
    }
    (void)printf("n = %3u  %-24s %9.1f us  %8zu bytes\n", (unsigned)members, path,
                 (now_us() - start) / ROUNDS, answer.len);
    free(answer.body);
}

static void at(uint32_t members)
{
    static const char *const paths[] = { "/metrics",       "/v1/status",
                                         "/v1/nodes",      "/v1/nodes/0/explain",
                                         "/v1/matrix",     "/v1/epochs",
                                         "/v1/graph/edges" };
    http_fixture_open(&fixture, members);
    for (uint64_t e = 1; e <= ASSAY_HTTP_EPOCHS; e++)
        assay_http_snapshot_slot_add_epoch(fixture.slot, http_fixture_epoch(&fixture, e));
    const double start = now_us();
    for (int i = 0; i < ROUNDS; i++)
        if (!assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false)) abort();
    (void)printf("n = %3u  %-24s %9.1f us\n", (unsigned)members, "laying out a view",
                 (now_us() - start) / ROUNDS);
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(fixture.slot);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        measure(members, view, paths[i]);
    assay_http_snapshot_release(&view);
    http_fixture_close(&fixture);
}

int main(void)
{
    at(7);
    at(100);
    return 0;
}
