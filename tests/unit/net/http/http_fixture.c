/*
 * tests/unit/net/http/http_fixture.c - fixture of a made-up network.
 */
#include "tests/unit/net/http/http_fixture.h"

#include "base/assert.h"

#include <stdio.h>

static void fill_member(struct http_fixture *fixture, uint32_t slot)
{
    struct assay_snapshot_member *m = &fixture->members[slot];
    (void)snprintf(fixture->names[slot], sizeof fixture->names[slot], "node-%u", (unsigned)slot);
    *m = (struct assay_snapshot_member){ .present = true, .was_received = true };
    m->ledger.name = assay_slice_over(fixture->names[slot], slot < 10 ? 6 : 7);
    m->ledger.node_id[0] = (uint8_t)(slot + 1);
    m->ledger.trust = assay_trust_genesis();
    m->ledger.weight = m->ledger.seat_weight = 10000;
    m->ledger.own_outcome = ASSAY_OUTCOME_PASS_UP_TO_DATE;
    m->ledger.last_success_epoch = 41;
    m->ledger.last_attempt_epoch = 42;
}

void http_fixture_open(struct http_fixture *fixture, uint32_t members)
{
    ASSAY_ASSERT(members <= HTTP_FIXTURE_MEMBERS_MAX);
    *fixture = (struct http_fixture){ .slot = assay_http_snapshot_slot_create(0xabc) };
    const enum assay_status status = assay_timeline_log_create(
        ASSAY_TIMELINE_KEPT_USUAL, &fixture->timeline);
    ASSAY_ASSERT(fixture->slot != NULL && status == ASSAY_OK);
    struct assay_snapshot *s = &fixture->snapshot;
    s->members = fixture->members;
    s->member_count = members;
    s->now_ms = 100000;
    s->at_unix_ms = 1790000000000;
    s->uptime_ms = 90000;
    s->epoch_ms = 1000;
    s->chain.epoch = 42;
    s->chain.final_at_ms = 99500;
    s->chain.voting = true;
    s->chain.certified = true;
    s->chain.member_count = members;
    s->chain.total_weight = s->chain.seats_weight = 10000 * (uint64_t)members;
    for (uint32_t i = 0; i < members; i++)
        fill_member(fixture, i);
    assay_tolerance_compute(s);
    s->margin.progress = true;
}

void http_fixture_close(struct http_fixture *fixture)
{
    assay_http_snapshot_slot_destroy(&fixture->slot);
    assay_timeline_log_destroy(&fixture->timeline);
}

struct assay_fall http_fixture_fall(uint64_t epoch, enum assay_fall_number number, uint32_t rule)
{
    const struct assay_fall_step step = { epoch, 1700000000000 + 1000 * epoch, number, rule };
    struct assay_fall fall = { .first = step, .last = step, .to = ASSAY_STANDING_SUSPENDED };
    if (number == ASSAY_FALL_INTEGRITY) fall.integrity = step;
    return fall;
}

struct assay_http_epoch *http_fixture_epoch(const struct http_fixture *fixture, uint64_t number)
{
    const uint32_t n = fixture->snapshot.member_count;
    struct assay_http_epoch *epoch = assay_http_epoch_create(n);
    ASSAY_ASSERT(epoch != NULL);
    epoch->epoch = number;
    epoch->certified = epoch->has_votes = true;
    for (uint32_t v = 0; v < n; v++) {
        struct assay_http_row *row = &epoch->rows[v];
        (void)snprintf(row->name, sizeof row->name, "%s", fixture->names[v]);
        row->node_id[0] = (uint8_t)(v + 1);
        row->balloted = true;
        row->row = (struct assay_history_row){ .score_bp = 10000,
                                               .integrity_bp = 10000,
                                               .availability_bp = 10000,
                                               .weight = 10000,
                                               .reason = 2,
                                               .certified = true };
        for (uint32_t s = 0; s < n; s++)
            if (s != v) epoch->outcomes[(size_t)v * n + s] = 'P';
    }
    return epoch;
}

void http_fixture_publish(struct http_fixture *fixture, const char *text)
{
    struct assay_timeline_event event = { .epoch = 42, .code = "epoch_closed", .b = 1 };
    (void)snprintf(event.text, sizeof event.text, "%s", text);
    (void)snprintf(event.name, sizeof event.name, "%s", fixture->names[0]);
    const enum assay_status status = assay_timeline_log_add(fixture->timeline, &event);
    ASSAY_ASSERT(status == ASSAY_OK);
}
