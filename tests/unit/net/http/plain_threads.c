/*
 * tests/unit/net/http/plain_threads.c - thread test of the HTTP snapshots.
 *
 * The slot of snapshots and the timeline under ThreadSanitizer: one who lays out, several who read.
 *
 * A plain program, because Criterion does not start under ThreadSanitizer. 0: passed.
 */
#include "net/http/stream.h"
#include "tests/unit/net/http/http_fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READERS = 4, ROUNDS = 2000 };

static struct http_fixture fixture;
static _Atomic bool over;
static char two_moments[] = "a view is of two moments", other[] = "an epoch of another moment",
            rules[] = "rules of another moment";

/* Returns: NULL, or what is wrong. */
static void *read_views(void *context)
{
    struct assay_http_stream stream;
    char text[512];
    uint64_t last = 0;
    (void)context;
    assay_http_stream_init(&stream, 1, 0, false, 0);
    while (!atomic_load(&over)) {
        struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(fixture.slot);
        if (view == NULL) continue;
        const struct assay_snapshot *s = &view->snapshot;
        /* Everything in a view is of one moment. */
        if (s->members[0].ledger.weight != s->chain.epoch || view->generation < last)
            return two_moments;
        if (view->epoch_count > 0 &&
            view->epochs[view->epoch_count - 1]->epoch + 1 != s->chain.epoch)
            return other;
        if (strtoull(view->rules->policy, NULL, 10) + 1 != s->chain.epoch) return rules;
        last = view->generation;
        (void)assay_http_stream_read(&stream, fixture.timeline, view, last, text, sizeof text);
        assay_http_snapshot_release(&view);
    }
    return NULL;
}

int main(void)
{
    pthread_t readers[READERS];
    int failures = 0;
    http_fixture_open(&fixture, 4);
    for (size_t i = 0; i < READERS; i++)
        if (pthread_create(&readers[i], NULL, read_views, NULL) != 0) return 2;
    for (uint32_t e = 1; e <= ROUNDS; e++) {
        assay_http_snapshot_slot_add_epoch(fixture.slot, http_fixture_epoch(&fixture, e));
        char policy[24];
        (void)snprintf(policy, sizeof policy, "%u", (unsigned)e);
        assay_http_snapshot_slot_set_rules(fixture.slot,
                                           assay_http_rules_create(strdup(policy), strdup("{}")));
        http_fixture_publish(&fixture, "x");
        fixture.snapshot.chain.epoch = e + 1;
        fixture.members[0].ledger.weight = e + 1;
        if (!assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false)) return 2;
    }
    atomic_store(&over, true);
    for (size_t i = 0; i < READERS; i++) {
        void *wrong = NULL;
        (void)pthread_join(readers[i], &wrong);
        if (wrong == NULL) continue;
        (void)fprintf(stderr, "%s\n", (const char *)wrong);
        failures++;
    }
    http_fixture_close(&fixture);
    (void)printf("%d readers of %d failed\n", failures, (int)READERS);
    return failures > 0;
}
