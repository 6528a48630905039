/*
 * tests/unit/net/http/http_fixture.h - fixture of a made-up network for HTTP responses.
 */
#ifndef ASSAY_TESTS_UNIT_NET_HTTP_HTTP_FIXTURE_H
#define ASSAY_TESTS_UNIT_NET_HTTP_HTTP_FIXTURE_H

#include "net/http/snapshot_slot.h"
#include "net/timeline/timeline_log.h"

enum { HTTP_FIXTURE_MEMBERS_MAX = 100 };

/* A snapshot slot, a timeline, and the snapshot that is laid out next. */
struct http_fixture {
    struct assay_http_snapshot_slot *slot;
    struct assay_timeline_log *timeline;
    struct assay_snapshot snapshot;
    struct assay_snapshot_member members[HTTP_FIXTURE_MEMBERS_MAX];
    char names[HTTP_FIXTURE_MEMBERS_MAX][16];
};

/* All FULL, heard of, attested in epoch 41; 42 runs; now is 100000 ms. Aborts without memory. */
void http_fixture_open(struct http_fixture *fixture, uint32_t members);
void http_fixture_close(struct http_fixture *fixture);
/* A closed epoch in which everybody says P of everybody. */
struct assay_http_epoch *http_fixture_epoch(const struct http_fixture *fixture, uint64_t number);
/* A run of one step, from FULL to SUSPENDED. */
struct assay_fall http_fixture_fall(uint64_t epoch, enum assay_fall_number number, uint32_t rule);
/* The next event, about slot 0: the close of epoch 42. */
void http_fixture_publish(struct http_fixture *fixture, const char *text);

#endif
