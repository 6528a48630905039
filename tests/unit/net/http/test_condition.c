/*
 * tests/unit/net/http/test_condition.c - tests of the condition of a member, of its way back, and
 * of the times of epochs.
 */
#include "base/rfc3339.h"
#include "net/documents/document.h"
#include "scoring/score.h"
#include "scoring/tally.h"
#include "tests/unit/net/http/http_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static struct http_fixture fixture;
static struct assay_json *node;
static struct assay_snapshot *const s = &fixture.snapshot;
static struct assay_snapshot_member *const m = &fixture.members[2];

static void open_fixture(void)
{
    http_fixture_open(&fixture, 4);
    s->epoch_ms = 60000;
    s->at_unix_ms = UINT64_C(1795800000000); /* 2026-11-27 17:20 UTC */
    s->chain.epoch_t0_ms = s->at_unix_ms - 20000;
}

static void close_fixture(void)
{
    assay_json_free(&node);
    http_fixture_close(&fixture);
}

TestSuite(net_http_condition, .init = open_fixture, .fini = close_fixture);

static const char *word(void)
{
    return assay_document_condition_word(assay_document_condition(s, 2));
}

static const struct assay_json *document(void)
{
    assay_json_free(&node);
    node = assay_document_member(s, 2, false);
    return node;
}

/* As after a first hard failure in epoch 33, a new incarnation being listed. */
static void fall(void)
{
    m->ledger.trust.integrity_bp = 2500;
    m->ledger.trust.integrity.standing = ASSAY_STANDING_SUSPENDED;
    m->ledger.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    m->ledger.trust.offences = (struct assay_offences){ .count = 1, .last_epoch = 33 };
    m->ledger.change_reason = ASSAY_INTEGRITY_RISE;
    m->ledger.fall = http_fixture_fall(33, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_HARD);
    m->ledger.fall.first.begin_ms = m->ledger.fall.last.begin_ms =
        m->ledger.fall.integrity.begin_ms = 0;
}

static void go_away(void)
{
    m->present = false;
    m->ledger.last_success_epoch = 37;
    m->ledger.own_outcome = ASSAY_OUTCOME_ABSENT;
}

Test(net_http_condition, has_one_word_for_each_state)
{
    cr_expect_str_eq(word(), "FULL");
    go_away();
    cr_expect_str_eq(word(), "OFFLINE");
    m->ledger.trust.availability_bp = 0;
    m->ledger.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    cr_expect_str_eq(word(), "OFFLINE", "its evidence is not what it is suspended for");
    cr_expect_str_eq(assay_json_text(document(), "standing", ""), "SUSPENDED");
    m->ledger.in_maintenance = true;
    cr_expect_str_eq(word(), "MAINTENANCE", "announced");
    m->ledger.trust.integrity_bp = 0;
    m->ledger.trust.integrity.standing = ASSAY_STANDING_SUSPENDED;
    cr_expect_str_eq(word(), "SUSPENDED", "it failed, away or not");
    m->ledger.stage = ASSAY_STAGE_RESTING;
    cr_expect_str_eq(word(), "DRAINED", "a decision of the operators");
    m->ledger.stage = ASSAY_STAGE_LEFT;
    cr_expect_str_eq(word(), "LEFT");
}

/* Neither a farewell nor lost links hide a failure. */
Test(net_http_condition, is_not_offline_where_its_evidence_is_what_it_is_suspended_for)
{
    struct assay_fall *const f = &m->ledger.fall;
    go_away();
    m->ended = true;
    m->ledger.trust.integrity_bp = 7500;
    m->ledger.trust.integrity.standing = ASSAY_STANDING_WARNING;
    m->ledger.trust.availability_bp = 4218;
    m->ledger.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    *f = http_fixture_fall(36, ASSAY_FALL_AVAILABILITY, ASSAY_AVAILABILITY_FALL);
    f->first.epoch = 34;
    cr_expect_str_eq(word(), "OFFLINE", "it was only away");
    f->integrity = (struct assay_fall_step){ .epoch = 33,
                                             .number = ASSAY_FALL_INTEGRITY,
                                             .rule = ASSAY_INTEGRITY_FAIL_SOFT };
    cr_expect_str_eq(word(), "OFFLINE", "a failure before the run");
    f->integrity.epoch = 35;
    cr_expect_str_eq(word(), "SUSPENDED");
    f->first = f->integrity;
    cr_expect_str_eq(word(), "SUSPENDED", "the run began with it");
    m->ledger.stage_epoch = 37;
    cr_expect_str_eq(word(), "OFFLINE", "a run of before a drain");
    m->ledger.stage_epoch = 0;
    m->ledger.trust.score.standing = ASSAY_STANDING_RESTRICTED;
    cr_expect_str_eq(word(), "OFFLINE", "not suspended");
    m->ledger.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    m->ledger.in_maintenance = true;
    cr_expect_str_eq(word(), "MAINTENANCE", "announced");
}

/* Others reach it: this node's connection is not the member's state. */
Test(net_http_condition, is_offline_only_where_the_ledger_has_nothing_newer)
{
    m->present = false;
    cr_expect_str_eq(word(), "FULL");
    m->ledger.last_success_epoch = 40;
    cr_expect_str_eq(word(), "FULL", "evidence of 41 may still be being decided");
    m->ledger.last_success_epoch = 39;
    cr_expect_str_eq(word(), "OFFLINE");
    m->ledger.last_success_epoch = 41;
    m->ended = true;
    cr_expect_str_eq(word(), "OFFLINE", "it said so");
    m->ended = false;
    s->chain.final_at_ms = 0;
    cr_expect_str_eq(word(), "OFFLINE", "nothing newer becomes final");
    s->self = 2;
    cr_expect_str_eq(word(), "FULL", "no node is offline to itself");
}

Test(net_http_condition, a_recovering_member_has_times)
{
    fall();
    const struct assay_json *const r = assay_json_get(document(), "recovery");
    const struct assay_json *const steps = assay_json_get(r, "steps");
    cr_expect_str_eq(assay_json_text(node, "condition", ""), "SUSPENDED");
    cr_expect_eq(assay_json_kind_of(assay_json_get(r, "blocked")), ASSAY_JSON_NULL);
    cr_expect_str_eq(assay_json_text(r, "text", ""),
                     "RESTRICTED in 29 epochs, FULL in 69, about 18:28 UTC");
    cr_assert_eq(assay_json_count(steps), 3);
    const struct assay_json *const last = assay_json_at(steps, 2);
    cr_expect_str_eq(assay_json_text(last, "standing", ""), "FULL");
    cr_expect_eq(assay_json_uint(last, "epochs", 0), 69);
    cr_expect_eq(assay_json_uint(last, "epoch", 0), 110, "the close of 42 is the first");
    cr_expect_eq(assay_json_uint(last, "at_unix_ms", 0),
                 s->chain.epoch_t0_ms + UINT64_C(69) * 60000);
    /* An overdue epoch delays all others. */
    s->chain.epoch_t0_ms -= 600000;
    cr_expect_eq(
        assay_json_uint(
            assay_json_at(assay_json_get(assay_json_get(document(), "recovery"), "steps"), 2),
            "at_unix_ms", 0),
        s->at_unix_ms + UINT64_C(68) * 60000);
}

static const char *blocked(void)
{
    return assay_json_text(assay_json_get(document(), "recovery"), "blocked", "");
}

Test(net_http_condition, says_why_a_member_does_not_recover)
{
    cr_expect_eq(assay_json_kind_of(assay_json_get(document(), "recovery")), ASSAY_JSON_NULL);
    fall();
    m->ledger.own_outcome = ASSAY_OUTCOME_FAIL_HARD;
    cr_expect_str_eq(blocked(), "evidence");
    m->ledger.own_outcome = ASSAY_OUTCOME_PASS_UP_TO_DATE;
    m->ledger.trust.listed_after_failure = false;
    cr_expect_str_eq(blocked(), "unlisted");
    go_away();
    cr_expect_str_eq(blocked(), "offline");
    m->ledger.in_maintenance = true;
    cr_expect_str_eq(blocked(), "maintenance");
    m->ledger.in_maintenance = false;
    s->chain.final_at_ms = 0;
    cr_expect_str_eq(blocked(), "stalled");
    m->ledger.stage = ASSAY_STAGE_RESTING;
    cr_expect_eq(assay_json_kind_of(assay_json_get(document(), "recovery")), ASSAY_JSON_NULL);
}

/* docs/protocol.md 7.7. */
Test(net_http_condition, a_ceiling_is_where_it_ends)
{
    m->ledger.trust.integrity_bp = ASSAY_CEILING_WARNING_BP;
    m->ledger.trust.integrity.standing = m->ledger.trust.score.standing = ASSAY_STANDING_WARNING;
    m->ledger.change_reason = ASSAY_INTEGRITY_HELD_BOUND;
    cr_expect_str_eq(blocked(), "ceiling");
    m->ledger.trust.integrity_bp = 6000;
    m->ledger.trust.integrity.standing = m->ledger.trust.score.standing = ASSAY_STANDING_RESTRICTED;
    m->ledger.trust.out_of_date_since_epoch = 30;
    const struct assay_json *const r = assay_json_get(document(), "recovery");
    cr_expect_str_eq(assay_json_text(r, "text", ""),
                     "WARNING in 19 epochs, about 17:38 UTC; FULL not before the TCB level of its "
                     "platform is raised");
}

Test(net_http_condition, sentences_have_the_word_and_the_way_back)
{
    char sentence[ASSAY_DOCUMENT_SENTENCE];
    go_away();
    cr_expect_str_eq(assay_document_sentence(s, sentence),
                     "3 of 4 attested, 3 full, node-2 offline, last attested in epoch 37 (17:14 "
                     "UTC); any one member may fail");
    http_fixture_close(&fixture);
    open_fixture();
    fall();
    cr_expect_not_null(strstr(assay_document_sentence(s, sentence),
                              "node-2 suspended, fell in epoch 33 (17:10 UTC): its evidence fails "
                              "hard, recovers: RESTRICTED in 29 epochs, FULL in 69, about 18:28 "
                              "UTC; any one"),
                       "%s", sentence);
}

/* The begin of the epoch, as that of the last fall in the ledger. */
Test(net_http_condition, reasons_have_times)
{
    fall();
    const struct assay_json *r = assay_json_at(assay_json_get(document(), "reasons"), 0);
    cr_expect_eq(assay_json_uint(r, "epoch", 0), 33);
    cr_expect_eq(assay_json_uint(r, "at_unix_ms", 0), s->chain.epoch_t0_ms - UINT64_C(9) * 60000);
    m->ledger.fall = http_fixture_fall(33, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_HARD);
    r = assay_json_at(assay_json_get(document(), "reasons"), 0);
    cr_expect_eq(assay_json_uint(r, "at_unix_ms", 0), UINT64_C(1700000033000), "of the ledger");
    m->ledger.fall = (struct assay_fall){ .from = ASSAY_STANDING_FULL };
    r = assay_json_at(assay_json_get(document(), "reasons"), 0);
    cr_expect_eq(assay_json_kind_of(assay_json_get(r, "at_unix_ms")), ASSAY_JSON_NULL);
}

Test(net_http_condition, epochs_have_times)
{
    char when[ASSAY_DOCUMENT_WHEN];
    cr_expect_eq(assay_document_epoch_time(s, 42), s->chain.epoch_t0_ms);
    cr_expect_eq(assay_document_epoch_time(s, 41), s->chain.epoch_t0_ms - 60000);
    cr_expect_eq(assay_document_epoch_time(s, 44), s->chain.epoch_t0_ms + 120000);
    cr_expect_eq(assay_document_epoch_time(s, UINT64_MAX), 0);
    s->chain.epoch = 3000;
    cr_expect_str_eq(assay_document_when(s, 3000, when), " (17:19 UTC)");
    cr_expect_str_eq(assay_document_when(s, 1, when), " (2026-11-25 15:20 UTC)");
    s->chain.epoch_t0_ms = 100;
    cr_expect_eq(assay_document_epoch_time(s, 2000), 0, "before 1970");
    s->chain.epoch_t0_ms = 0;
    cr_expect_str_eq(assay_document_when(s, 3000, when), "", "not known yet");
}

/* Events of a node that closes many epochs at once are dated by the ledger. */
Test(net_http_condition, the_cause_of_a_fall_is_that_of_its_epoch)
{
    struct assay_fall *const f = &m->ledger.fall;
    fall();
    cr_expect_str_eq(assay_document_fall_cause(f, 33),
                     assay_document_integrity_text(ASSAY_INTEGRITY_FAIL_HARD));
    cr_expect_null(assay_document_fall_cause(f, 32));
    cr_expect_null(assay_document_fall_cause(f, 34));
    cr_expect_null(assay_document_fall_cause(f, 0), "no step is of epoch 0");
    f->last.epoch = 36;
    cr_expect_str_eq(assay_document_fall_cause(f, 35),
                     assay_document_integrity_text(ASSAY_INTEGRITY_FAIL_HARD), "one cause");
    f->last.number = ASSAY_FALL_AVAILABILITY;
    f->last.rule = ASSAY_AVAILABILITY_FALL;
    cr_expect_null(assay_document_fall_cause(f, 35), "either of the two");
    cr_expect_str_eq(assay_document_fall_cause(f, 36),
                     assay_document_availability_text(ASSAY_AVAILABILITY_FALL));
}
