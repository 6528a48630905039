/*
 * tests/unit/net/http/test_sentence.c - tests of sentences about a network and its members, and of
 * the reasons of a low score.
 */
#include "net/documents/document.h"
#include "scoring/tally.h"
#include "tests/unit/net/http/http_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static struct http_fixture fixture;
static struct assay_json *node;
static char sentence[ASSAY_DOCUMENT_SENTENCE];

static void open_fixture(void)
{
    http_fixture_open(&fixture, 4);
}

static void close_fixture(void)
{
    assay_json_free(&node);
    http_fixture_close(&fixture);
}

TestSuite(net_http_sentence, .init = open_fixture, .fini = close_fixture);

static const char *sentence_now(void)
{
    return assay_document_sentence(&fixture.snapshot, sentence);
}

/* Of members that are reachable: "more" only where some are missing. */
Test(net_http_sentence, counts_members_that_may_fail)
{
    cr_expect_str_eq(sentence_now(), "4 of 4 attested, 4 full; any one member may fail");
    fixture.snapshot.margin.present_weight = fixture.snapshot.chain.seats_weight - 10000;
    fixture.snapshot.margin.members_stop = fixture.snapshot.margin.members_break = 2;
    cr_expect_not_null(strstr(sentence_now(), "; any two more members may fail"));
    fixture.snapshot.margin.members_stop = 0;
    cr_expect_not_null(strstr(sentence_now(), "; no more member may fail"));
    fixture.snapshot.chain.final_at_ms = 1000;
    cr_expect_null(strstr(sentence_now(), "may fail"), "nothing becomes final");
}

/* docs/protocol.md 9.12: no member that is started changes that, and no epoch is due. */
Test(net_http_sentence, a_fence_is_its_first_thing)
{
    fixture.snapshot.fenced = true;
    fixture.snapshot.margin.overdue = true;
    fixture.snapshot.chain.final_at_ms = 1000;
    fixture.snapshot.now_ms = 61000;
    cr_expect_str_eq(sentence_now(),
                     "FENCED, the operators have fenced this era and nothing more is signed in it; "
                     "STALE, nothing has become final for 60 s; when it stalled 4 of 4 were FULL; "
                     "it continues with the next era, or when the fence is released");
}

/* docs/protocol.md 9.6.8, 9.16.5: the others may be complete, and this node stays in its era. */
Test(net_http_sentence, a_recover_that_waits_is_its_first_thing)
{
    fixture.snapshot.recover_unconfirmed = true;
    fixture.snapshot.chain.era = 4;
    const char *expected = "ERA UNCONFIRMED, a RECOVER of era 5 waits for this node's operator; ";
    cr_expect_eq(strncmp(sentence_now(), expected, strlen(expected)), 0, "%s", sentence);
}

static struct assay_member_snapshot *drain(uint32_t slot, uint64_t epoch)
{
    struct assay_member_snapshot *const l = &fixture.members[slot].ledger;
    l->stage = ASSAY_STAGE_RESTING;
    l->stage_epoch = epoch;
    l->trust.availability_bp = 0;
    l->trust.score.standing = ASSAY_STANDING_SUSPENDED;
    l->weight = l->seat_weight = 0;
    return l;
}

/* docs/protocol.md 9.6.2: they are not counted, and named all the same, the first three. */
Test(net_http_sentence, drained_members_are_in_it)
{
    (void)drain(2, 30);
    cr_expect_str_eq(sentence_now(), "3 of 3 attested, 3 full; drained by the operators: node-2; "
                                     "any one member may fail");
    http_fixture_close(&fixture);
    http_fixture_open(&fixture, 9);
    for (uint32_t i = 0; i < 5; i++)
        (void)drain(i, 30);
    cr_expect_not_null(
        strstr(sentence_now(), "; drained by the operators: node-0, node-1, node-2 and 2 more; "));
}

/* Of member 2. */
static const char *member_sentence(void)
{
    return assay_document_member_sentence(&fixture.snapshot, 2, sentence);
}

static const struct assay_json *availability_reason(void)
{
    assay_json_free(&node);
    node = assay_document_member(&fixture.snapshot, 2, false);
    const struct assay_json *const reasons = assay_json_get(node, "reasons");
    for (size_t i = 0; i < assay_json_count(reasons); i++) {
        const struct assay_json *const r = assay_json_at(reasons, i);
        if (strcmp(assay_json_text(r, "about", ""), "availability") == 0) return r;
    }
    cr_assert_fail("no reason of availability");
    return NULL;
}

/* A fall of before the drain is not what holds it at zero, and "unchanged" is no reason. */
Test(net_http_sentence, a_drained_member_is_low_by_the_drain)
{
    struct assay_snapshot_member *const m = &fixture.members[2];
    m->ledger.fall = http_fixture_fall(20, ASSAY_FALL_AVAILABILITY, ASSAY_AVAILABILITY_FALL);
    struct assay_member_snapshot *const l = drain(2, 30);
    const struct assay_json *const r = availability_reason();
    cr_expect_str_eq(assay_json_text(r, "code", ""), "drained");
    cr_expect_str_eq(assay_json_text(r, "text", ""), "zero: drained by the operators");
    cr_expect_eq(assay_json_uint(r, "epoch", 0), 30);
    cr_expect_str_eq(member_sentence(),
                     "node-2 drained by the operators from epoch 30 on; score 0.00 %, weight 0");
    l->trust.integrity_bp = 0;
    m->ledger.fall = http_fixture_fall(25, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_HARD);
    cr_expect_not_null(
        strstr(member_sentence(), " on, integrity fell in epoch 25: its evidence fails hard; "));
    l->stage = ASSAY_STAGE_LEFT;
    cr_expect_not_null(strstr(member_sentence(), "node-2 left the network from epoch 30 on; "));
}

Test(net_http_sentence, an_undrained_member_is_low_since_then)
{
    struct assay_snapshot_member *const m = &fixture.members[2];
    m->ledger.fall = http_fixture_fall(20, ASSAY_FALL_AVAILABILITY, ASSAY_AVAILABILITY_FALL);
    drain(2, 40)->stage = ASSAY_STAGE_MEMBER;
    const struct assay_json *r = availability_reason();
    cr_expect_str_eq(assay_json_text(r, "code", ""), "joined");
    cr_expect_eq(assay_json_kind_of(assay_json_get(r, "epoch")), ASSAY_JSON_NULL);
    cr_expect_not_null(strstr(sentence_now(), "node-2 suspended, not risen yet since"));
    m->ledger.trust.availability_bp = 4500; /* it has risen, but not at the last close */
    cr_expect_str_neq(assay_json_text(availability_reason(), "code", ""), "joined");
    m->ledger.trust.availability_bp = 0;
    m->ledger.availability_rule = ASSAY_AVAILABILITY_RISE;
    cr_expect_not_null(strstr(sentence_now(), "node-2 suspended, has not risen to 100 % yet"));
    m->ledger.fall = http_fixture_fall(41, ASSAY_FALL_AVAILABILITY, ASSAY_AVAILABILITY_FALL);
    r = availability_reason();
    cr_expect_str_eq(assay_json_text(r, "code", ""), "fall");
    cr_expect_eq(assay_json_uint(r, "epoch", 0), 41);
}

/* docs/protocol.md 7.16: the epoch is that in which it fell, however long ago and however often. */
Test(net_http_sentence, a_run_of_falls_is_reported_from_its_begin)
{
    struct assay_member_snapshot *const l = &fixture.members[2].ledger;
    l->trust.availability_bp = 0;
    l->trust.score.standing = ASSAY_STANDING_SUSPENDED;
    l->fall = http_fixture_fall(20, ASSAY_FALL_AVAILABILITY, ASSAY_AVAILABILITY_FALL);
    l->fall.last.epoch = 22;
    cr_expect_not_null(strstr(member_sentence(),
                              "node-2 suspended, fell in epoch 20 (2023-11-14 22:13 "
                              "UTC): too many votes are absent or FAIL, "
                              "recovers: RESTRICTED in "),
                       "%s", sentence);
    cr_expect_eq(assay_json_uint(availability_reason(), "epoch", 0), 20);
    l->trust.integrity_bp = 0; /* it is back, with another build */
    l->trust.integrity.standing = ASSAY_STANDING_SUSPENDED;
    l->fall.last = l->fall.integrity = (struct assay_fall_step){
        .epoch = 33, .number = ASSAY_FALL_INTEGRITY, .rule = ASSAY_INTEGRITY_FAIL_HARD
    };
    cr_expect_not_null(
        strstr(member_sentence(),
               "node-2 suspended, fell in epoch 20 (2023-11-14 22:13 UTC): too many "
               "votes are absent or FAIL, and in epoch 33: its evidence fails hard, "),
        "%s", sentence);
    /* An absence since, and integrity is low by what was before. */
    l->trust.integrity_bp = 6000;
    l->trust.availability_bp = 7000;
    l->fall.first = l->fall.last = (struct assay_fall_step){ .epoch = 90,
                                                             .number = ASSAY_FALL_AVAILABILITY,
                                                             .rule = ASSAY_AVAILABILITY_FALL };
    cr_expect_not_null(strstr(member_sentence(), ", fell in epoch 33: its evidence fails hard, "),
                       "%s", sentence);
    l->trust.integrity_bp = ASSAY_SCORE_BP_MAX; /* and not any more */
    cr_expect_not_null(strstr(member_sentence(), ", fell in epoch 90: too many votes"), "%s",
                       sentence);
}

/* Suspended for its evidence, it is refused, and its availability sinks below its integrity. */
Test(net_http_sentence, a_fall_by_integrity_is_not_hidden_by_lower_availability)
{
    struct assay_member_snapshot *const l = &fixture.members[2].ledger;
    l->trust.integrity_bp = 2500;
    l->trust.availability_bp = 100;
    l->trust.integrity.standing = l->trust.score.standing = ASSAY_STANDING_SUSPENDED;
    l->fall = http_fixture_fall(33, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_HARD);
    l->availability_rule = ASSAY_AVAILABILITY_FALL;
    cr_expect_not_null(strstr(member_sentence(), "node-2 suspended, fell in epoch 33 (2023-11-14 "
                                                 "22:13 UTC): its evidence fails hard, "),
                       "%s", sentence);
    (void)availability_reason();
    const struct assay_json *const reasons = assay_json_get(node, "reasons");
    cr_expect_str_eq(assay_json_text(assay_json_at(reasons, 0), "about", ""), "integrity");
    cr_expect_str_eq(assay_json_text(assay_json_at(reasons, 1), "about", ""), "availability");
    /* It is RESTRICTED by an absence since, and integrity would give WARNING. */
    l->trust.integrity_bp = 8000;
    l->trust.availability_bp = 6000;
    l->trust.integrity.standing = ASSAY_STANDING_WARNING;
    l->trust.score.standing = ASSAY_STANDING_RESTRICTED;
    l->fall.first = l->fall.last = (struct assay_fall_step){ .epoch = 90,
                                                             .number = ASSAY_FALL_AVAILABILITY,
                                                             .rule = ASSAY_AVAILABILITY_FALL };
    cr_expect_not_null(strstr(member_sentence(), ", fell in epoch 90: too many votes"), "%s",
                       sentence);
    /* Both give WARNING now, and the last fall was the absence. */
    l->trust.availability_bp = 7800;
    l->trust.score.standing = ASSAY_STANDING_WARNING;
    cr_expect_not_null(strstr(member_sentence(), ", fell in epoch 90: too many votes"), "%s",
                       sentence);
    /* Its integrity is low by its join, not by a failure. */
    *l = (struct assay_member_snapshot){ .name = l->name, .node_id = { 3 } };
    l->trust = assay_trust_newcomer((struct assay_offences){ .count = 0 });
    l->stage_epoch = 40;
    l->trust.integrity_bp = 1000;
    cr_expect_not_null(strstr(member_sentence(), "not risen yet since it was undrained or joined"),
                       "%s", sentence);
}

/* The words of a drain are not those of a failure before it. */
Test(net_http_sentence, the_first_reason_of_a_drained_member_is_the_drain)
{
    struct assay_member_snapshot *const l = drain(2, 30);
    l->trust.integrity_bp = 0;
    l->fall = http_fixture_fall(25, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_HARD);
    (void)availability_reason();
    const struct assay_json *const first = assay_json_at(assay_json_get(node, "reasons"), 0);
    cr_expect_str_eq(assay_json_text(first, "code", ""), "drained");
    cr_expect_eq(assay_json_uint(first, "epoch", 0), 30);
}

Test(net_http_sentence, one_that_is_cut_ends_with_a_mark)
{
    static char longest[ASSAY_DOCUMENT_SENTENCE + 1];
    memset(longest, 'x', sizeof longest - 1);
    fixture.snapshot.cannot_catch_up = longest;
    const char *const said = sentence_now();
    cr_expect_eq(strlen(said), ASSAY_DOCUMENT_SENTENCE - 1);
    cr_expect_str_eq(said + strlen(said) - 4, "x...");
}

/* A number that rose at the last close and is still low is no cause of a fall, on any surface. */
Test(net_http_sentence, what_rose_is_no_reason_of_a_low_score)
{
    struct assay_member_snapshot *const l = &fixture.members[2].ledger;
    for (int rises = 1; rises < 4; rises++) { /* integrity, availability, both */
        l->fall = (struct assay_fall){ 0 };
        l->trust.score.standing = l->trust.integrity.standing = ASSAY_STANDING_RESTRICTED;
        l->trust.integrity_bp = (rises & 1) != 0 ? 6000 : ASSAY_SCORE_BP_MAX;
        l->trust.availability_bp = (rises & 2) != 0 ? 6500 : ASSAY_SCORE_BP_MAX;
        l->change_reason = ASSAY_INTEGRITY_RISE;
        l->availability_rule = ASSAY_AVAILABILITY_RISE;
        cr_expect_not_null(strstr(member_sentence(), ", has not risen to 100 % yet"), "%s",
                           sentence);
        cr_expect_null(strstr(sentence_now(), "rose"), "%s", sentence);
        assay_json_free(&node);
        node = assay_document_member(&fixture.snapshot, 2, false);
        const struct assay_json *const reasons = assay_json_get(node, "reasons");
        cr_expect_eq(assay_json_count(reasons), rises == 3 ? 2 : 1);
        for (size_t i = 0; i < assay_json_count(reasons); i++) {
            const struct assay_json *const r = assay_json_at(reasons, i);
            cr_expect_str_eq(assay_json_text(r, "code", ""), "rising");
            cr_expect_str_eq(assay_json_text(r, "text", ""), "has not risen to 100 % yet");
            cr_expect_eq(assay_json_kind_of(assay_json_get(r, "epoch")), ASSAY_JSON_NULL);
        }
    }
    /* With a fall on record the fall is the reason, however the number rises since. */
    l->fall = http_fixture_fall(33, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_SOFT);
    cr_expect_not_null(strstr(member_sentence(), ", fell in epoch 33"), "%s", sentence);
}
