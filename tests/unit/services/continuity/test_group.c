/* tests/unit/services/continuity/test_group.c - ledger state of a group (docs/services.md 1) */
#include "services/continuity/group_internal.h"
#include "tests/unit/services/continuity/group_bench.h"

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
    cr_assert_eq(assay_cont_group_apply_table(&b->group, &record, &b->facts), ASSAY_CONT_APPLIED);
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
    cr_assert_eq(assay_cont_group_apply_table(&b->group, &old, &b->facts), ASSAY_CONT_DEAD);
    const struct assay_cont_table_record ours = table(b, 2);
    cr_assert_eq(assay_cont_group_apply_table(&b->group, &ours, &b->facts), ASSAY_CONT_APPLIED);
    cr_assert_eq(assay_cont_group_apply_table(&b->group, &ours, &b->facts), ASSAY_CONT_DEAD,
                 "once");
    free(b);
}

Test(group, one_seat_that_signs_twice_is_no_quorum)
{
    struct bench *b = serving();
    cr_assert_eq(list(b, 3, 13), ASSAY_CONT_APPLIED);
    cr_assert_eq(list(b, 1, 21), ASSAY_CONT_APPLIED);
    struct assay_cont_table_record record = table(b, 1);
    assay_bytes_copy(record.key[1], 64, record.key[0], 64);
    cr_assert_eq(assay_cont_group_apply_table(&b->group, &record, &b->facts), ASSAY_CONT_FEW);
    record = table(b, 1);
    record.key[1][0] = 99;
    cr_assert_eq(assay_cont_group_apply_table(&b->group, &record, &b->facts), ASSAY_CONT_FEW);
    free(b);
}

static uint32_t start_next(struct bench *b)
{
    if (b->group.phase != ASSAY_CONT_CHANGING) return 0;
    const struct assay_cont_table_record record = table(b, b->group.next.roster.view);
    cr_assert_eq(assay_cont_group_apply_table(&b->group, &record, &b->facts), ASSAY_CONT_APPLIED);
    return 1;
}

/* The goal C3: a seated member that lists another key with every block, for sixty epochs, with
 * spares and without. Each change of views is a pause of the group. */
Test(group, one_that_lists_itself_again_and_again_holds_up_nobody)
{
    for (uint32_t spares = 0; spares < 3; spares++) {
        struct bench *b = serving();
        uint32_t changes = 0, applied = 0;
        uint8_t key = 100;
        for (uint32_t i = 0; i < spares; i++)
            cr_assert_eq(list(b, 3 + i, (uint8_t)(13 + i)), ASSAY_CONT_APPLIED);
        for (uint32_t i = 0; i < 6 * 60; i++) {
            applied += list(b, 1, key) == ASSAY_CONT_APPLIED;
            key = (uint8_t)(key == 199 ? 100 : key + 1);
            changes += start_next(b);
            if (i % 6 == 5) close_epoch(b);
            changes += start_next(b);
            cr_assert_eq(b->group.phase, ASSAY_CONT_SERVING, "round %u: nobody waits for it", i);
        }
        cr_expect_gt(applied, 300);
        cr_expect_leq(changes, spares > 0 ? 2 : 6, "%u changes, %u spares", changes, spares);
        free(b);
    }
}

Test(group, a_restart_is_forgotten_in_time)
{
    struct bench *b = serving();
    cr_assert_eq(list(b, 1, 101), ASSAY_CONT_APPLIED);
    cr_assert_eq(start_next(b), 1, "the first is a restart: it gets its seat again at once");
    cr_assert_eq(list(b, 1, 102), ASSAY_CONT_APPLIED);
    cr_expect_eq(b->group.phase, ASSAY_CONT_SERVING, "no candidate");
    close_epoch(b);
    cr_expect_eq(b->group.phase, ASSAY_CONT_SERVING);
    close_epoch(b);
    cr_assert_eq(start_next(b), 1, "two closes later");
    b->epoch = 5 * ASSAY_CONT_RELIST_CLOSES - 1;
    close_epoch(b);
    b->epoch = 6 * ASSAY_CONT_RELIST_CLOSES - 1;
    close_epoch(b);
    cr_assert_eq(list(b, 1, 103), ASSAY_CONT_APPLIED);
    cr_assert_eq(start_next(b), 1);
    free(b);
}

static enum assay_cont_result drains(struct bench *b, uint32_t slot, uint8_t key, bool drains)
{
    const struct assay_cont_replica_record record = {
        .group = GROUP, .key = { key }, .contact = { .curve = { key } }, .drains = drains
    };
    const enum assay_cont_result result =
        assay_cont_group_apply_replica(&b->group, slot, &record, &b->facts);
    assay_cont_group_check(&b->group);
    return result;
}

/* The next view starts when one was decided. Returns: so. */
static bool starts(struct bench *b)
{
    if (b->group.phase != ASSAY_CONT_CHANGING) return false;
    const struct assay_cont_table_record record = table(b, b->group.view_last);
    cr_assert_eq(assay_cont_group_apply_table(&b->group, &record, &b->facts), ASSAY_CONT_APPLIED);
    return true;
}

static uint32_t memories(const struct bench *b)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < 3; i++)
        count += assay_bytes_equal(b->group.member[b->group.now.slot[i]].key,
                                   b->group.now.roster.key[i], ASSAY_P256_PUBLIC_LEN);
    return count;
}

/* An operator replaces every machine of a group, and no state has one memory fewer at any time. */
Test(group, a_drained_seat_moves_with_its_table)
{
    struct bench *b = serving();
    cr_assert_eq(drains(b, 0, 10, true), ASSAY_CONT_APPLIED);
    cr_assert_eq(b->facts.count, 0, "nobody may take the seat: it goes on");
    cr_assert_eq(b->group.phase, ASSAY_CONT_SERVING);
    cr_assert_eq(list(b, 3, 13), ASSAY_CONT_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_CONT_DECIDED);
    cr_assert_eq(b->facts.fact[0].barred, 0);
    cr_assert_eq(memories(b), 3, "the base is whole");
    cr_assert(starts(b));
    cr_assert_neq(b->group.now.slot[0], 0);
    cr_assert_eq(memories(b), 3);
    cr_assert_eq(list(b, 0, 20), ASSAY_CONT_APPLIED);
    cr_assert_eq(b->group.member[0].relists, 0, "a new key is free without a seat");
    cr_assert_eq(b->group.phase, ASSAY_CONT_SERVING);
    cr_assert_eq(drains(b, 1, 11, true), ASSAY_CONT_APPLIED);
    cr_assert_eq(b->group.phase, ASSAY_CONT_SERVING, "who has drained waits for its next seat");
    for (uint32_t i = 0; i < ASSAY_CONT_DRAIN_CLOSES; i++)
        close_epoch(b);
    cr_assert(starts(b));
    cr_assert_eq(b->group.now.slot[1], 0);
    cr_assert_eq(memories(b), 3);
    free(b);
}

Test(group, a_drain_that_is_taken_back_changes_nothing)
{
    struct bench *b = serving();
    cr_assert_eq(drains(b, 0, 10, true), ASSAY_CONT_APPLIED);
    cr_assert_eq(drains(b, 0, 10, true), ASSAY_CONT_SAME);
    cr_assert_eq(drains(b, 3, 10, false), ASSAY_CONT_KEY_TAKEN, "another member's");
    cr_assert_eq(drains(b, 0, 10, false), ASSAY_CONT_APPLIED);
    cr_assert_eq(list(b, 3, 13), ASSAY_CONT_APPLIED);
    close_epoch(b);
    cr_assert_eq(b->group.phase, ASSAY_CONT_SERVING);
    free(b);
}

/* The goal C3: members that drain without end, in concert, and list what they like, change the
 * views of their group rarely. */
Test(group, those_that_drain_again_and_again_hold_up_nobody)
{
    struct bench *b = serving();
    uint32_t changes = 0;
    uint8_t key = 40;
    cr_assert_eq(list(b, 3, 13), ASSAY_CONT_APPLIED);
    cr_assert_eq(list(b, 4, 14), ASSAY_CONT_APPLIED);
    for (uint32_t i = 0; i < 4 * ASSAY_CONT_DRAIN_CLOSES; i++) {
        for (uint32_t slot = 2; slot < MEMBERS; slot++) { /* 0 and 1 are honest */
            const bool sits = slot == b->group.now.slot[2];
            const uint8_t *own = b->group.member[slot].key;
            (void)drains(b, slot, sits ? own[0] : key++, sits);
            changes += starts(b);
            if (key > 200) key = 40;
        }
        close_epoch(b);
        changes += starts(b);
        cr_assert_eq(memories(b), 3);
    }
    cr_expect_leq(changes, 3 * 5, "%u changes in %u closes", changes,
                  4 * (unsigned)ASSAY_CONT_DRAIN_CLOSES);
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
    return assay_cont_group_apply_session(&b->group, slot, &record, &b->facts);
}

/* Who comes later is told what the records told, as far as it still matters. */
Test(group, what_it_amounts_to_is_told_to_whoever_comes_later)
{
    struct bench *b = serving();
    struct assay_cont_fact fact;
    cr_assert(assay_cont_group_get_fact(&b->group, 0, &fact));
    cr_expect_eq(fact.kind, ASSAY_CONT_BORN);
    cr_expect_eq(fact.roster.count, 3);
    cr_expect_not(assay_cont_group_get_fact(&b->group, 1, &fact));
    cr_assert_eq(opens(b, 0, 0, 1), ASSAY_CONT_APPLIED);
    cr_assert_eq(opens(b, 0, 1, 1), ASSAY_CONT_APPLIED);
    cr_assert_eq(opens(b, 0, 0, 2), ASSAY_CONT_APPLIED);
    cr_assert_eq(list(b, 3, 13), ASSAY_CONT_APPLIED);
    b->standing[1] = ASSAY_CONT_STAND_NONE;
    close_epoch(b);
    cr_assert(assay_cont_group_get_fact(&b->group, 1, &fact));
    cr_assert_eq(fact.kind, ASSAY_CONT_DECIDED);
    cr_expect(assay_bytes_equal(&fact, &b->facts.fact[0], sizeof fact), "as the close told");
    for (uint32_t i = 0; i < 2; i++) {
        cr_assert(assay_cont_group_get_fact(&b->group, 2 + i, &fact));
        cr_expect_eq(fact.kind, ASSAY_CONT_SESSION);
        const struct assay_cont_instance_row *row = assay_cont_group_row(&b->group, fact.instance);
        cr_assert_eq(row, &b->group.instance[b->group.by_name[i]]);
        cr_expect_eq(fact.session, row == &b->group.instance[0] ? 2 : 1, "the last of each");
    }
    cr_expect_not(assay_cont_group_get_fact(&b->group, 4, &fact));
    struct assay_cont_table_record record = table(b, 1);
    record.entries = 2;
    record.root[5] = 9;
    cr_assert_eq(assay_cont_group_apply_table(&b->group, &record, &b->facts), ASSAY_CONT_APPLIED);
    cr_assert(assay_cont_group_get_fact(&b->group, 0, &fact));
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
    free(b);
}

/* --- births, rows and quotas (docs/services.md 1.2.1 to 1.2.3) */

static struct bench *wide(void)
{
    struct bench *b = calloc(1, sizeof *b);
    const struct assay_cont_home home = { .group = GROUP };
    cr_assert_not_null(b);
    assay_cont_group_init(&b->group, &home, 3, ROWS, b->rows);
    for (uint32_t i = 0; i < MEMBERS; i++)
        b->standing[i] = ASSAY_CONT_STAND_FULL;
    close_epoch(b);
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_eq(list(b, i, (uint8_t)(10 + i)), ASSAY_CONT_APPLIED);
    return b;
}

static struct assay_cont_session_record session_of(const struct bench *b, uint32_t enclave,
                                                   struct assay_cont_birth birth, uint64_t last)
{
    return (struct assay_cont_session_record){
        .group = GROUP,
        .birth = birth,
        .instance_key = { (uint8_t)enclave, (uint8_t)(enclave >> 8) },
        .contact = { .curve = { 0, (uint8_t)enclave, (uint8_t)(enclave >> 8), (uint8_t)last,
                                (uint8_t)b->epoch, (uint8_t)b->group.era, 1 } },
        .expected = assay_cont_number_next(b->group.era, last),
    };
}

static struct assay_cont_birth today(const struct bench *b)
{
    return (struct assay_cont_birth){ .era = b->group.era, .epoch = b->group.epoch };
}

static enum assay_cont_result bears(struct bench *b, uint32_t slot, uint32_t enclave)
{
    const struct assay_cont_session_record record = session_of(b, enclave, today(b), 0);
    return assay_cont_group_apply_session(&b->group, slot, &record, &b->facts);
}

/* The last row, by its first `seats` seats, of which each has the same name when `twice`. */
static struct assay_cont_keep_record keep_of(const struct bench *b, uint32_t seats)
{
    struct assay_cont_keep_record record = { .group = GROUP, .roster = b->group.now.roster };
    record.receipt.count = seats;
    for (uint32_t i = 0; i < seats; i++)
        record.receipt.seat[i] = (uint8_t)i;
    record.receipt.entry = (struct assay_cont_entry){ .promised = 1, .writer = 1, .index = 1 };
    assay_bytes_copy(record.receipt.entry.instance, 32,
                     b->group.instance[b->group.instance_end - 1].instance, 32);
    return record;
}

static void epochs(struct bench *b, uint32_t count)
{
    while (count-- > 0)
        close_epoch(b);
}

Test(group, an_instance_is_of_one_chain_group_birth_and_key)
{
    const struct assay_cont_home home = { .chain_id = { 1 }, .group = 1 };
    const struct assay_cont_birth birth = { .era = 1, .epoch = 1 };
    const uint8_t key[ASSAY_P256_PUBLIC_LEN] = { 1 };
    uint8_t name[6][32];
    for (uint32_t i = 0; i < 6; i++) {
        struct assay_cont_home h = home;
        struct assay_cont_birth b = birth;
        uint8_t k[ASSAY_P256_PUBLIC_LEN] = { (uint8_t)(1 + (i == 5)) };
        h.chain_id[0] = (uint8_t)(h.chain_id[0] + (i == 1));
        h.group += i == 2;
        b.era += i == 3;
        b.epoch += i == 4;
        assay_cont_instance(&h, &b, k, name[i]);
        for (uint32_t j = 0; j < i; j++)
            cr_expect(!assay_bytes_equal(name[i], name[j], 32), "%u and %u", i, j);
    }
    assay_cont_instance(&home, &birth, key, name[1]);
    cr_expect(assay_bytes_equal(name[0], name[1], 32));
}

/* One author, and all of them but one, may take what they like: the last still has its share. */
Test(group, no_author_takes_the_rows_of_another)
{
    for (uint32_t hostile = 1; hostile < MEMBERS; hostile++) {
        struct bench *b = wide();
        uint32_t number = 1;
        for (uint32_t round = 0; round < 200; round++)
            for (uint32_t slot = 0; slot < hostile; slot++) {
                if (bears(b, slot, number++) != ASSAY_CONT_APPLIED) continue;
                if (round % 2 != 0) continue;
                const struct assay_cont_keep_record keep = keep_of(b, 2);
                cr_assert_eq(assay_cont_group_apply_keep(&b->group, &keep, &b->facts),
                             ASSAY_CONT_APPLIED);
            }
        cr_expect_eq(bears(b, MEMBERS - 1, number++), ASSAY_CONT_APPLIED,
                     "%u hostile members of %u", hostile, (unsigned)MEMBERS);
        cr_expect_leq(b->group.instance_count, hostile * 6 + 1);
        free(b);
    }
}

Test(group, a_refused_birth_has_a_name)
{
    struct bench *b = wide();
    cr_assert_eq(bears(b, 0, 1), ASSAY_CONT_APPLIED);
    cr_assert_eq(bears(b, 0, 2), ASSAY_CONT_APPLIED);
    cr_assert_eq(bears(b, 0, 3), ASSAY_CONT_QUOTA, "two that nobody has certified");
    const struct assay_cont_keep_record keep = keep_of(b, 2);
    cr_assert_eq(assay_cont_group_apply_keep(&b->group, &keep, &b->facts), ASSAY_CONT_APPLIED);
    cr_assert_eq(bears(b, 0, 3), ASSAY_CONT_APPLIED);
    b->group.instances_max = 3;
    cr_assert_eq(bears(b, 1, 4), ASSAY_CONT_NO_ROOM);
    free(b);
}

/* What exists goes on whatever its author or anybody has: a restart is no birth. */
Test(group, a_restart_is_never_refused_for_a_quota)
{
    struct bench *b = wide();
    const struct assay_cont_birth birth = today(b);
    cr_assert_eq(bears(b, 0, 1), ASSAY_CONT_APPLIED);
    cr_assert_eq(bears(b, 1, 2), ASSAY_CONT_APPLIED);
    cr_assert_eq(bears(b, 1, 3), ASSAY_CONT_APPLIED);
    cr_assert_eq(bears(b, 1, 4), ASSAY_CONT_QUOTA);
    const struct assay_cont_session_record again = session_of(b, 1, birth, 1);
    cr_expect_eq(assay_cont_group_apply_session(&b->group, 1, &again, &b->facts),
                 ASSAY_CONT_APPLIED);
    cr_expect_eq(b->group.instance[0].payer, 0, "it stays the charge of its birth");
    free(b);
}

/* The goal C1: whatever leaves the table never begins once more at state 0, in any epoch or era. */
Test(group, what_has_left_the_table_is_never_born_again)
{
    for (uint32_t left = 0; left < 3; left++) {
        struct bench *b = wide();
        const struct assay_cont_birth birth = today(b);
        cr_assert_eq(bears(b, 0, 1), ASSAY_CONT_APPLIED);
        if (left == 1) { /* it was in use, and ended */
            const struct assay_cont_keep_record keep = keep_of(b, 2);
            const struct assay_cont_retire_record retire = {
                .group = GROUP, .birth = birth, .instance_key = { 1 }, .session = 1
            };
            cr_assert_eq(assay_cont_group_apply_keep(&b->group, &keep, &b->facts),
                         ASSAY_CONT_APPLIED);
            cr_assert_eq(assay_cont_group_apply_retire(&b->group, &retire, &b->facts),
                         ASSAY_CONT_APPLIED);
            cr_expect_eq(b->facts.fact[0].kind, ASSAY_CONT_OVER);
        }
        for (uint32_t i = 0; i < 200; i++) {
            const bool row = b->group.instance_count > 0;
            const uint64_t last = row ? b->group.instance[0].session : 0;
            const struct assay_cont_session_record record = session_of(b, 1, birth, last);
            const enum assay_cont_result result =
                assay_cont_group_apply_session(&b->group, 0, &record, &b->facts);
            if (!row) cr_assert_eq(result, ASSAY_CONT_GONE_ROW, "%u: epoch %u", left, i);
            if (left == 2 && i == 30) { /* a RECOVER has undone the birth */
                b->rows[0] = (struct assay_cont_instance_row){ 0 };
                cr_assert(assay_cont_rows_build_indexes(&b->group));
                b->group.era++;
            }
            close_epoch(b);
        }
        cr_expect_eq(b->group.instance_count, 0, "%u", left);
        cr_expect_eq(bears(b, 0, 1), ASSAY_CONT_APPLIED, "the same key today is another instance");
        free(b);
    }
}

Test(group, a_kept_row_never_goes_by_time)
{
    struct bench *b = wide();
    cr_assert_eq(bears(b, 0, 1), ASSAY_CONT_APPLIED);
    cr_assert_eq(bears(b, 0, 2), ASSAY_CONT_APPLIED);
    struct assay_cont_keep_record keep = keep_of(b, 1);
    cr_expect_eq(assay_cont_group_apply_keep(&b->group, &keep, &b->facts), ASSAY_CONT_FEW);
    keep = keep_of(b, 2);
    keep.roster.view++;
    cr_expect_eq(assay_cont_group_apply_keep(&b->group, &keep, &b->facts), ASSAY_CONT_DEAD);
    keep = keep_of(b, 2);
    keep.roster.key[1][0] ^= 1;
    cr_expect_eq(assay_cont_group_apply_keep(&b->group, &keep, &b->facts), ASSAY_CONT_FEW,
                 "of keys that do not sit");
    keep = keep_of(b, 2);
    assay_bytes_copy(keep.roster.key[1], 64, keep.roster.key[0], 64);
    cr_expect_eq(assay_cont_group_apply_keep(&b->group, &keep, &b->facts), ASSAY_CONT_FEW,
                 "one twice");
    keep = keep_of(b, 2);
    cr_assert_eq(assay_cont_group_apply_keep(&b->group, &keep, &b->facts), ASSAY_CONT_APPLIED);
    cr_expect_eq(assay_cont_group_apply_keep(&b->group, &keep, &b->facts), ASSAY_CONT_SAME);
    epochs(b, ASSAY_CONT_BIRTH_EPOCHS);
    cr_expect_eq(b->group.instance_count, 2, "a birth may still be repeated");
    epochs(b, 1000);
    cr_assert_eq(b->group.instance_count, 1, "the one without a certified state is gone");
    cr_expect(b->group.instance[1].kept, "where it was");
    free(b);
}

static enum assay_cont_result shows(struct bench *b, uint64_t index)
{
    struct assay_cont_keep_record keep = keep_of(b, 2);
    keep.receipt.entry.index = index;
    return assay_cont_group_apply_keep(&b->group, &keep, &b->facts);
}

/* A lease that the enclave chose frees the row of one that nobody runs, and of no other. */
Test(group, a_lease_ends_when_nothing_newer_was_shown)
{
    struct bench *b = wide();
    const struct assay_cont_birth birth = today(b);
    struct assay_cont_session_record record = session_of(b, 1, birth, 0);
    record.lease = 100;
    cr_assert_eq(bears(b, 1, 2), ASSAY_CONT_APPLIED);
    cr_assert_eq(shows(b, 7), ASSAY_CONT_APPLIED);
    cr_assert_eq(assay_cont_group_apply_session(&b->group, 0, &record, &b->facts),
                 ASSAY_CONT_APPLIED);
    cr_assert_eq(shows(b, 1), ASSAY_CONT_APPLIED);
    for (uint32_t i = 2; i < 8; i++) { /* it runs, and certifies */
        epochs(b, 90);
        cr_assert(assay_cont_group_lease_is_due(&b->group, &b->group.instance[1]));
        cr_assert_eq(shows(b, i), ASSAY_CONT_APPLIED);
        cr_assert(!assay_cont_group_lease_is_due(&b->group, &b->group.instance[1]));
    }
    epochs(b, 90);
    record = session_of(b, 1, birth, 1); /* a restart, which asks for no lease */
    cr_assert_eq(assay_cont_group_apply_session(&b->group, 0, &record, &b->facts),
                 ASSAY_CONT_APPLIED);
    epochs(b, 50);
    for (uint32_t i = 0; i < 8; i++) /* whoever has seen them submits them again */
        cr_assert_eq(shows(b, i), ASSAY_CONT_SAME);
    epochs(b, 50);
    cr_assert_eq(b->group.instance_count, 2);
    epochs(b, 1);
    cr_assert_eq(b->group.instance_count, 1, "the lease is over");
    cr_assert_eq(shows(b, 8), ASSAY_CONT_SAME, "the other one chose none");
    record = session_of(b, 1, birth, 2);
    cr_assert_eq(assay_cont_group_apply_session(&b->group, 0, &record, &b->facts),
                 ASSAY_CONT_GONE_ROW);
    epochs(b, 1000);
    cr_assert_eq(b->group.instance_count, 1);
    free(b);
}

/* The goal C1: a short lease is no way to be born twice. */
Test(group, a_lease_ends_behind_the_time_of_births)
{
    struct bench *b = wide();
    const struct assay_cont_birth birth = today(b);
    struct assay_cont_session_record record = session_of(b, 1, birth, 0);
    record.lease = 1;
    cr_assert_eq(assay_cont_group_apply_session(&b->group, 0, &record, &b->facts),
                 ASSAY_CONT_APPLIED);
    cr_assert_eq(shows(b, 1), ASSAY_CONT_APPLIED);
    for (uint32_t i = 0; i < 200; i++) {
        const bool row = b->group.instance_count > 0;
        record = session_of(b, 1, birth, 0);
        const enum assay_cont_result result =
            assay_cont_group_apply_session(&b->group, 0, &record, &b->facts);
        cr_assert_eq(result, row ? ASSAY_CONT_EXPECTED : ASSAY_CONT_GONE_ROW, "epoch %u", i);
        close_epoch(b);
    }
    cr_assert_eq(b->group.instance_count, 0);
    free(b);
}

Test(group, an_older_session_ends_nothing)
{
    struct bench *b = wide();
    const struct assay_cont_birth birth = today(b);
    cr_assert_eq(bears(b, 0, 1), ASSAY_CONT_APPLIED);
    const struct assay_cont_session_record second = session_of(b, 1, birth, 1);
    cr_assert_eq(assay_cont_group_apply_session(&b->group, 0, &second, &b->facts),
                 ASSAY_CONT_APPLIED);
    struct assay_cont_retire_record retire = {
        .group = GROUP, .birth = birth, .instance_key = { 1 }, .session = 1
    };
    cr_expect_eq(assay_cont_group_apply_retire(&b->group, &retire, &b->facts), ASSAY_CONT_EXPECTED);
    cr_expect_eq(b->facts.count, 0);
    retire.session = 2;
    cr_expect_eq(assay_cont_group_apply_retire(&b->group, &retire, &b->facts), ASSAY_CONT_APPLIED);
    const struct assay_cont_session_record third = session_of(b, 1, birth, 2);
    cr_expect_eq(assay_cont_group_apply_session(&b->group, 0, &third, &b->facts),
                 ASSAY_CONT_RETIRED);
    free(b);
}

/* docs/services.md 1.3.2: a RECOVER undoes what records did, never what replicas have seen: over
 * both branches a number is of one process, and of one roster. */
Test(group, numbers_are_given_once_over_eras)
{
    struct bench *b = wide(), *branch = calloc(1, sizeof *branch);
    cr_assert_not_null(branch);
    const struct assay_cont_birth birth = today(b);
    cr_assert_eq(bears(b, 0, 1), ASSAY_CONT_APPLIED);
    cr_assert_eq(list(b, 3, 13), ASSAY_CONT_APPLIED);
    *branch = *b;
    branch->group.instance = branch->rows;
    uint64_t session[2], view[2];
    struct bench *both[2] = { b, branch };
    for (uint32_t i = 0; i < 2; i++) {
        both[i]->group.era += i; /* the second one is what the operators went on with */
        close_epoch(both[i]);
        const struct assay_cont_session_record record = session_of(both[i], 1, birth, 1);
        cr_assert_eq(assay_cont_group_apply_session(&both[i]->group, 0, &record, &both[i]->facts),
                     ASSAY_CONT_APPLIED);
        session[i] = both[i]->facts.fact[0].session;
        cr_assert_eq(list(both[i], i, (uint8_t)(20 + i)), ASSAY_CONT_APPLIED);
        for (uint32_t k = 0; both[i]->facts.count == 0; k++) { /* 1.9.5: not at once */
            cr_assert_lt(k, i * ASSAY_CONT_ATTACH_CLOSES);
            close_epoch(both[i]);
        }
        cr_assert_eq(both[i]->facts.fact[0].kind, ASSAY_CONT_DECIDED);
        view[i] = both[i]->facts.fact[0].roster.view;
    }
    cr_expect_lt(session[0], session[1], "two processes");
    cr_expect_lt(view[0], view[1], "two rosters");
    free(b);
    free(branch);
}

/* A link knows who speaks by the CURVE key alone. */
Test(group, a_curve_key_is_one_process)
{
    struct bench *b = serving();
    struct assay_cont_session_record session = { .group = GROUP, .expected = 1 };
    session.contact.curve[0] = 11; /* of the replica in slot 1 */
    cr_assert_eq(assay_cont_group_apply_session(&b->group, 0, &session, &b->facts),
                 ASSAY_CONT_KEY_TAKEN);
    cr_assert_eq(opens(b, 0, 0, 1), ASSAY_CONT_APPLIED);
    session.contact.curve[0] = 0;
    session.contact.curve[1] = 1; /* of that session */
    session.expected = 2;
    cr_assert_eq(assay_cont_group_apply_session(&b->group, 0, &session, &b->facts),
                 ASSAY_CONT_KEY_TAKEN, "a new process has a new key");
    struct assay_cont_replica_record replica = { .group = GROUP, .key = { 40 } };
    replica.contact = session.contact;
    cr_assert_eq(assay_cont_group_apply_replica(&b->group, 3, &replica, &b->facts),
                 ASSAY_CONT_KEY_TAKEN);
    free(b);
}

Test(group, standings_of_authors_reach_their_sessions)
{
    struct bench *b = serving();
    struct assay_cont_fact fact;
    cr_assert_eq(opens(b, 4, 0, 1), ASSAY_CONT_APPLIED);
    cr_assert(assay_cont_group_get_standing(&b->group, 0, &fact));
    cr_assert(!fact.suspended);
    b->standing[4] = ASSAY_CONT_STAND_SUSPENDED;
    close_epoch(b);
    cr_assert(assay_cont_group_get_standing(&b->group, 0, &fact));
    cr_assert(fact.suspended);
    cr_assert(assay_cont_group_get_standing(&b->group, 1, &fact));
    cr_assert_eq(fact.kind, ASSAY_CONT_ROWS);
    cr_assert(!assay_cont_group_get_standing(&b->group, 2, &fact));
    cr_assert_eq(opens(b, 4, 0, 2), ASSAY_CONT_NOT_HERE);
    free(b);
}

/* --- docs/services.md 1.9.3: without the machines of one operator a quorum is left */

Test(group, no_operator_sits_in_more_seats_than_a_quorum_can_spare)
{
    static const uint8_t operators[MEMBERS] = { 0, 0, 0, 3, 4 };
    struct bench *b = empty(operators);
    for (uint32_t i = 0; i < 4; i++)
        cr_assert_eq(list(b, i, (uint8_t)(10 + i)), ASSAY_CONT_APPLIED);
    cr_expect_eq(b->facts.count, 0, "two operators make no group of three");
    cr_expect_eq(assay_cont_group_alarms(&b->group), ASSAY_CONT_ALARM_OPERATORS);
    cr_assert_eq(list(b, 4, 14), ASSAY_CONT_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_CONT_BORN);
    uint32_t own = 0;
    for (uint32_t i = 0; i < 3; i++)
        own += b->group.now.slot[i] < 3;
    cr_expect_eq(own, 1);
    cr_expect_eq(assay_cont_group_alarms(&b->group), 0);
    free(b);
}

Test(group, a_lost_seat_goes_to_no_operator_that_has_its_seats)
{
    static const uint8_t operators[MEMBERS] = { 0, 1, 2, 0, 1 };
    struct bench *b = empty(operators);
    for (uint32_t i = 0; i < 4; i++)
        cr_assert_eq(list(b, i, (uint8_t)(10 + i)), ASSAY_CONT_APPLIED);
    b->score[3] = 9000;
    b->standing[1] = ASSAY_CONT_STAND_NONE;
    close_epoch(b);
    cr_expect_eq(b->facts.count, 0, "the best candidate is of who sits already: no move");
    cr_expect_eq(assay_cont_group_alarms(&b->group), ASSAY_CONT_ALARM_OPERATORS);
    cr_assert_eq(list(b, 4, 14), ASSAY_CONT_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_CONT_DECIDED);
    cr_expect_eq(b->facts.fact[0].roster.key[1][0], 14, "one of the same operator may follow");
    cr_expect_eq(assay_cont_group_alarms(&b->group), 0);
    b->standing[2] = ASSAY_CONT_STAND_SUSPENDED;
    b->standing[0] = ASSAY_CONT_STAND_SUSPENDED;
    b->standing[3] = ASSAY_CONT_STAND_WARNING;
    close_epoch(b);
    cr_expect_eq(assay_cont_group_alarms(&b->group),
                 ASSAY_CONT_ALARM_FEW | ASSAY_CONT_ALARM_NO_CANDIDATE, "one hides no other");
    free(b);
}

/* The goal C5, also when members change hands while they sit. */
Test(group, an_operator_that_gets_members_gets_no_seats_with_them)
{
    static const uint8_t operators[MEMBERS] = { 0, 0, 2, 3, 0 };
    struct bench *b = serving();
    b->operators = operators;
    cr_assert_eq(list(b, 4, 14), ASSAY_CONT_APPLIED);
    close_epoch(b);
    cr_expect_eq(b->group.phase, ASSAY_CONT_SERVING, "who may take the seat is of no other");
    cr_expect_eq(assay_cont_group_alarms(&b->group), ASSAY_CONT_ALARM_OPERATORS);
    cr_assert_eq(list(b, 3, 13), ASSAY_CONT_APPLIED);
    cr_assert_eq(b->facts.count, 1);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_CONT_DECIDED);
    cr_expect_eq(b->facts.fact[0].barred, 0, "its memory counts");
    cr_expect_eq(b->facts.fact[0].roster.key[0][0], 10);
    cr_expect_eq(b->facts.fact[0].roster.key[1][0], 13);
    cr_expect_eq(start_next(b), 1);
    cr_expect_eq(assay_cont_group_alarms(&b->group), 0);
    close_epoch(b);
    cr_expect_eq(b->group.phase, ASSAY_CONT_SERVING);
    free(b);
}

/* --- docs/services.md 1.9.6 */

Test(group, a_view_that_does_not_start_is_decided_anew_and_said)
{
    struct bench *b = serving();
    cr_assert_eq(list(b, 3, 13), ASSAY_CONT_APPLIED);
    cr_assert_eq(list(b, 4, 14), ASSAY_CONT_APPLIED);
    b->standing[1] = ASSAY_CONT_STAND_NONE;
    close_epoch(b);
    cr_assert_eq(b->facts.fact[0].roster.key[1][0], 13);
    for (uint32_t i = 1; i < ASSAY_CONT_STALL_CLOSES; i++) {
        close_epoch(b);
        cr_expect_eq(b->facts.count, 0);
        cr_expect_eq(assay_cont_group_alarms(&b->group), 0, "changes take some time");
    }
    close_epoch(b);
    cr_assert_eq(b->facts.count, 1);
    cr_expect_eq(b->facts.fact[0].kind, ASSAY_CONT_DECIDED);
    cr_expect_eq(b->facts.fact[0].roster.key[1][0], 14, "another one than who does not come");
    cr_expect_eq(assay_cont_group_alarms(&b->group), ASSAY_CONT_ALARM_CHANGING);
    for (uint32_t i = 0; i < ASSAY_CONT_STALL_CLOSES; i++)
        close_epoch(b);
    cr_expect_eq(b->facts.count, 1, "and again");
    cr_expect_eq(start_next(b), 1);
    cr_expect_eq(assay_cont_group_alarms(&b->group), 0);
    free(b);
}

Test(group, a_seat_that_drains_still_serves)
{
    struct bench *b = serving();
    const struct assay_cont_replica_record record = {
        .group = GROUP, .key = { 11 }, .contact = { .curve = { 11 } }, .drains = true
    };
    cr_assert_eq(assay_cont_group_apply_replica(&b->group, 1, &record, &b->facts),
                 ASSAY_CONT_APPLIED);
    cr_expect_eq(assay_cont_group_seat(&b->group, 0), ASSAY_CONT_SEAT_SERVES);
    cr_expect_eq(assay_cont_group_seat(&b->group, 1), ASSAY_CONT_SEAT_DRAINS);
    cr_expect_eq(assay_cont_group_alarms(&b->group), ASSAY_CONT_ALARM_NO_CANDIDATE);
    b->standing[1] = ASSAY_CONT_STAND_NONE;
    close_epoch(b);
    cr_expect_eq(assay_cont_group_seat(&b->group, 1), ASSAY_CONT_SEAT_LOST);
    free(b);
}
