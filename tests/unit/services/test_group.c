/*
 * What the ledger makes of records of continuity (docs/services.md 1.2, 1.3, 1.9, 1.10).
 */
#include "services/continuity/group.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { GROUP = 2, MEMBERS = 5 };

struct bench {
    struct assay_cont_group group;
    struct assay_cont_facts facts;
    enum assay_cont_standing standing[MEMBERS];
    uint16_t score[MEMBERS];
    uint64_t epoch;
};

static void close_epoch(struct bench *b)
{
    assay_cont_group_close(&b->group, ++b->epoch, b->standing, b->score, MEMBERS, &b->facts);
    assay_cont_group_check(&b->group);
}

static enum assay_cont_result list(struct bench *b, uint32_t slot, uint8_t key)
{
    const struct assay_cont_replica_record record = { .group = GROUP,
                                                      .key = { key },
                                                      .contact = { .curve = { key } } };
    const enum assay_cont_result result =
        assay_cont_group_replica(&b->group, slot, &record, &b->facts);
    assay_cont_group_check(&b->group);
    return result;
}

/* Three replicas of five members: keys 10, 11, 12. */
static struct bench *serving(void)
{
    struct bench *b = calloc(1, sizeof *b);
    const struct assay_cont_home home = { .group = GROUP };
    cr_assert_not_null(b);
    assay_cont_group_init(&b->group, &home, 3, 2);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        b->standing[i] = ASSAY_CONT_STAND_FULL;
        b->score[i] = 100;
    }
    close_epoch(b);
    cr_assert_eq(list(b, 0, 10), ASSAY_CONT_APPLIED);
    cr_assert_eq(list(b, 1, 11), ASSAY_CONT_APPLIED);
    cr_assert_eq(b->facts.count, 0, "two do not make a group of three");
    cr_assert_eq(list(b, 2, 12), ASSAY_CONT_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_CONT_BORN);
    return b;
}

static struct assay_cont_table_record table(const struct bench *b, uint64_t view)
{
    struct assay_cont_table_record record = { .group = GROUP, .view = view, .count = 2 };
    for (uint32_t i = 0; i < 2; i++)
        assay_bytes_copy(record.key[i], 64, b->group.next.roster.key[i], 64);
    return record;
}

Test(group, a_lost_seat_is_replaced_by_the_best_candidate)
{
    struct bench *b = serving();
    b->score[3] = 200;
    b->score[4] = 300;
    cr_assert_eq(list(b, 3, 13), ASSAY_CONT_APPLIED);
    cr_assert_eq(list(b, 4, 14), ASSAY_CONT_APPLIED);
    cr_assert_eq(b->facts.count, 0, "nobody loses a seat to a better one");
    b->standing[1] = ASSAY_CONT_STAND_NONE;
    close_epoch(b);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_CONT_DECIDED);
    cr_assert_eq(b->facts.fact[0].roster.view, 1);
    cr_assert_eq(b->facts.fact[0].roster.key[1][0], 14);
    cr_assert_eq(b->facts.fact[0].barred, 0, "its memory counts");
    struct assay_cont_table_record record = table(b, 1);
    cr_assert_eq(assay_cont_group_table(&b->group, &record, &b->facts), ASSAY_CONT_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_CONT_STARTED);
    free(b);
}

Test(group, a_warned_member_keeps_its_seat_and_gets_none)
{
    struct bench *b = serving();
    cr_assert_eq(list(b, 3, 13), ASSAY_CONT_APPLIED);
    b->standing[0] = b->standing[3] = ASSAY_CONT_STAND_WARNING;
    close_epoch(b);
    cr_assert_eq(b->facts.count, 0);
    b->standing[1] = ASSAY_CONT_STAND_NONE;
    close_epoch(b);
    cr_assert_eq(b->facts.count, 0, "no candidate stands");
    free(b);
}

Test(group, the_memory_of_a_suspended_member_does_not_count)
{
    struct bench *b = serving();
    cr_assert_eq(list(b, 3, 13), ASSAY_CONT_APPLIED);
    b->standing[2] = ASSAY_CONT_STAND_SUSPENDED;
    close_epoch(b);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_CONT_DECIDED);
    cr_assert_eq(b->facts.fact[0].barred, 4);
    b->standing[1] = ASSAY_CONT_STAND_SUSPENDED;
    close_epoch(b);
    cr_assert_eq(b->facts.count, 0, "one memory that counts is too few: wait");
    b->standing[2] = ASSAY_CONT_STAND_FULL;
    close_epoch(b);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_CONT_DECIDED);
    cr_assert_eq(b->facts.fact[0].barred, 2, "decided anew: another one counts");
    free(b);
}

Test(group, a_view_that_lost_a_seat_is_dead)
{
    struct bench *b = serving();
    cr_assert_eq(list(b, 3, 13), ASSAY_CONT_APPLIED);
    cr_assert_eq(list(b, 4, 14), ASSAY_CONT_APPLIED);
    cr_assert_eq(list(b, 1, 21), ASSAY_CONT_APPLIED); /* restarted */
    cr_assert_eq(b->facts.fact[0].roster.view, 1);
    const struct assay_cont_table_record old = table(b, 1);
    const uint8_t taken = b->facts.fact[0].roster.key[1][0];
    b->standing[taken == 13 ? 3 : taken == 14 ? 4 : 1] = ASSAY_CONT_STAND_NONE;
    close_epoch(b);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_CONT_DECIDED);
    cr_assert_eq(b->facts.fact[0].roster.view, 2);
    cr_assert_eq(b->facts.fact[0].base_roster.view, 0, "on the same base");
    cr_assert_eq(assay_cont_group_table(&b->group, &old, &b->facts), ASSAY_CONT_DEAD);
    const struct assay_cont_table_record ours = table(b, 2);
    cr_assert_eq(assay_cont_group_table(&b->group, &ours, &b->facts), ASSAY_CONT_APPLIED);
    cr_assert_eq(assay_cont_group_table(&b->group, &ours, &b->facts), ASSAY_CONT_DEAD, "once");
    free(b);
}

Test(group, one_seat_that_signs_twice_is_no_quorum)
{
    struct bench *b = serving();
    cr_assert_eq(list(b, 3, 13), ASSAY_CONT_APPLIED);
    cr_assert_eq(list(b, 1, 21), ASSAY_CONT_APPLIED);
    struct assay_cont_table_record record = table(b, 1);
    assay_bytes_copy(record.key[1], 64, record.key[0], 64);
    cr_assert_eq(assay_cont_group_table(&b->group, &record, &b->facts), ASSAY_CONT_FEW);
    record = table(b, 1);
    record.key[1][0] = 99;
    cr_assert_eq(assay_cont_group_table(&b->group, &record, &b->facts), ASSAY_CONT_FEW);
    free(b);
}

Test(group, lost_quorum_is_for_ever)
{
    struct bench *b = serving();
    cr_assert_eq(list(b, 3, 13), ASSAY_CONT_APPLIED);
    cr_assert_eq(list(b, 0, 20), ASSAY_CONT_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_CONT_DECIDED);
    cr_assert_eq(list(b, 1, 21), ASSAY_CONT_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_CONT_LOST);
    cr_assert_eq(b->group.phase, ASSAY_CONT_GONE);
    cr_assert_eq(list(b, 4, 14), ASSAY_CONT_APPLIED);
    close_epoch(b);
    cr_assert_eq(b->facts.count, 0, "nothing begins anew");
    cr_assert_eq(b->group.phase, ASSAY_CONT_GONE);
    free(b);
}

Test(group, a_key_belongs_to_whoever_listed_it)
{
    struct bench *b = serving();
    cr_assert_eq(list(b, 0, 10), ASSAY_CONT_SAME);
    cr_assert_eq(list(b, 3, 10), ASSAY_CONT_KEY_TAKEN);
    cr_assert_eq(list(b, 0, 20), ASSAY_CONT_APPLIED);
    cr_assert_eq(list(b, 3, 10), ASSAY_CONT_KEY_TAKEN, "it sits in the view that serves");
    cr_assert_eq(list(b, ASSAY_CONT_SLOTS_MAX, 30), ASSAY_CONT_NOT_HERE);
    free(b);
}

/* A session of an enclave, with a CURVE key of its own. */
static enum assay_cont_result opens(struct bench *b, uint32_t slot, uint8_t enclave,
                                    uint8_t expected)
{
    const struct assay_cont_session_record record = {
        .group = GROUP,
        .instance_key = { enclave },
        .contact = { .curve = { 0, expected, enclave } },
        .expected = expected,
    };
    return assay_cont_group_session(&b->group, slot, &record, &b->facts);
}

/* Who comes later is told what the records told, as far as it still matters. */
Test(group, what_it_amounts_to_is_told_to_whoever_comes_later)
{
    struct bench *b = serving();
    struct assay_cont_fact fact;
    cr_assert(assay_cont_group_tell(&b->group, 0, &fact));
    cr_expect_eq(fact.kind, ASSAY_CONT_BORN);
    cr_expect_eq(fact.roster.count, 3);
    cr_expect_not(assay_cont_group_tell(&b->group, 1, &fact));
    cr_assert_eq(opens(b, 0, 0, 1), ASSAY_CONT_APPLIED);
    cr_assert_eq(opens(b, 0, 1, 1), ASSAY_CONT_APPLIED);
    cr_assert_eq(opens(b, 0, 0, 2), ASSAY_CONT_APPLIED);
    cr_assert_eq(list(b, 3, 13), ASSAY_CONT_APPLIED);
    b->standing[1] = ASSAY_CONT_STAND_NONE;
    close_epoch(b);
    cr_assert(assay_cont_group_tell(&b->group, 1, &fact));
    cr_assert_eq(fact.kind, ASSAY_CONT_DECIDED);
    cr_expect(assay_bytes_equal(&fact, &b->facts.fact[0], sizeof fact), "as the close told");
    for (uint32_t i = 0; i < 2; i++) {
        cr_assert(assay_cont_group_tell(&b->group, 2 + i, &fact));
        cr_expect_eq(fact.kind, ASSAY_CONT_SESSION);
        cr_expect_eq(fact.session, i == 0 ? 2 : 1, "the last of each instance");
    }
    cr_expect_not(assay_cont_group_tell(&b->group, 4, &fact));
    struct assay_cont_table_record record = table(b, 1);
    record.entries = 2;
    record.root[5] = 9;
    cr_assert_eq(assay_cont_group_table(&b->group, &record, &b->facts), ASSAY_CONT_APPLIED);
    cr_assert(assay_cont_group_tell(&b->group, 0, &fact));
    cr_expect_eq(fact.kind, ASSAY_CONT_STARTED);
    cr_expect(assay_bytes_equal(&fact, &b->facts.fact[0], sizeof fact), "as the table told");
    free(b);
}

Test(group, sessions_are_numbered_one_by_one)
{
    struct bench *b = serving();
    cr_assert_eq(opens(b, 0, 0, 1), ASSAY_CONT_APPLIED);
    cr_assert_eq(b->facts.fact[0].session, 1);
    cr_assert_eq(opens(b, 0, 0, 1), ASSAY_CONT_EXPECTED, "a replayed record numbers nothing");
    cr_assert_eq(b->facts.count, 0);
    for (uint8_t expected = 2; expected <= ASSAY_CONT_SESSIONS_EPOCH_MAX; expected++)
        cr_assert_eq(opens(b, 1, 0, expected), ASSAY_CONT_APPLIED);
    cr_assert_eq(opens(b, 1, 0, ASSAY_CONT_SESSIONS_EPOCH_MAX + 1), ASSAY_CONT_CLONES);
    close_epoch(b);
    cr_assert_eq(opens(b, 1, 0, ASSAY_CONT_SESSIONS_EPOCH_MAX + 1), ASSAY_CONT_APPLIED);
    cr_assert_eq(opens(b, 1, 1, 1), ASSAY_CONT_APPLIED);
    cr_assert_eq(opens(b, 1, 2, 1), ASSAY_CONT_NO_ROOM);
    free(b);
}

/* A link knows who speaks by the CURVE key alone. */
Test(group, a_curve_key_is_one_process)
{
    struct bench *b = serving();
    struct assay_cont_session_record session = { .group = GROUP, .expected = 1 };
    session.contact.curve[0] = 11; /* of the replica in slot 1 */
    cr_assert_eq(assay_cont_group_session(&b->group, 0, &session, &b->facts),
                 ASSAY_CONT_KEY_TAKEN);
    cr_assert_eq(opens(b, 0, 0, 1), ASSAY_CONT_APPLIED);
    session.contact.curve[0] = 0;
    session.contact.curve[1] = 1; /* of that session */
    session.expected = 2;
    cr_assert_eq(assay_cont_group_session(&b->group, 0, &session, &b->facts),
                 ASSAY_CONT_KEY_TAKEN, "a new process has a new key");
    struct assay_cont_replica_record replica = { .group = GROUP, .key = { 40 } };
    replica.contact = session.contact;
    cr_assert_eq(assay_cont_group_replica(&b->group, 3, &replica, &b->facts),
                 ASSAY_CONT_KEY_TAKEN);
    free(b);
}

Test(group, standings_of_authors_reach_their_sessions)
{
    struct bench *b = serving();
    struct assay_cont_fact fact;
    cr_assert_eq(opens(b, 4, 0, 1), ASSAY_CONT_APPLIED);
    cr_assert(assay_cont_group_standing(&b->group, 0, &fact));
    cr_assert(!fact.suspended);
    b->standing[4] = ASSAY_CONT_STAND_SUSPENDED;
    close_epoch(b);
    cr_assert(assay_cont_group_standing(&b->group, 0, &fact));
    cr_assert(fact.suspended);
    cr_assert(!assay_cont_group_standing(&b->group, 1, &fact));
    cr_assert_eq(opens(b, 4, 0, 2), ASSAY_CONT_NOT_HERE);
    free(b);
}
