/* tests/unit/services/shares/test_cluster.c - tests of the ledger state of shares
 * (docs/services.md 5.5 to 5.9) */
#include "base/crypto.h"
#include "services/shares/cluster.h"

#include "base/merkle.h"
#include "tests/support/services/shares_seating.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { SLOTS = 5, K = 3, MEMBERS = 14, IDS = 1200 };

struct bench {
    struct assay_share_registry *r;
    struct assay_share_facts facts;
    enum assay_share_standing standing[MEMBERS];
    uint16_t score[MEMBERS];
    uint64_t epoch;
};

static void close_epoch(struct bench *b)
{
    assay_share_registry_close_epoch(b->r, ++b->epoch, b->standing, b->score, MEMBERS, &b->facts);
    assay_share_registry_check(b->r);
}

static enum assay_share_result list(struct bench *b, uint32_t member, uint32_t cluster, uint8_t key)
{
    const struct assay_share_holder_record record = { .cluster = cluster,
                                                      .node = { (uint8_t)member },
                                                      .key = { key } };
    const uint8_t node[32] = { (uint8_t)member };
    const enum assay_share_result result =
        assay_share_registry_apply_holder(b->r, member, node, &record, &b->facts);
    assay_share_registry_check(b->r);
    return result;
}

static struct bench *fresh(uint32_t clusters)
{
    struct bench *b = calloc(1, sizeof *b);
    const struct assay_share_config config = { .clusters = clusters, .slots = SLOTS, .k = K,
                                               .confirmations = SLOTS, .ids_max = IDS };
    const size_t len = assay_share_registry_size(IDS);
    cr_assert_not_null(b);
    b->r = assay_share_registry_init(malloc(len), len, &config);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        b->standing[i] = ASSAY_SHARE_STAND_FULL;
        b->score[i] = 100;
    }
    close_epoch(b);
    return b;
}

static enum assay_share_result ready(struct bench *b, uint32_t member, uint32_t cluster,
                                     uint32_t slot)
{
    struct assay_share_ready_record record = { .cluster = cluster, .slot = slot,
                                               .seating = seating_of(b->r, cluster, member),
                                               .count = b->r->synced_count };
    assay_share_registry_root(b->r, record.digest);
    return assay_share_registry_apply_ready(b->r, member, &record, &b->facts);
}

/* Members 0 to 4 sit in cluster 0 with keys 1 to 5; 5 to 9 in cluster 1, if there is one. Ready. */
static struct bench *seated(uint32_t clusters)
{
    struct bench *b = fresh(clusters);
    for (uint32_t i = 0; i < clusters * SLOTS; i++) {
        cr_assert_eq(list(b, i, i / SLOTS, (uint8_t)(i + 1)), ASSAY_SHARE_APPLIED);
        cr_assert_eq(b->facts.count, i % SLOTS == SLOTS - 1 ? SLOTS : 0, "all at once");
    }
    for (uint32_t i = 0; i < clusters * SLOTS; i++)
        cr_assert_eq(ready(b, i, i / SLOTS, i % SLOTS), ASSAY_SHARE_APPLIED);
    return b;
}

static void done(struct bench *b)
{
    free(b->r);
    free(b);
}

/* The number makes the name, and is the first bytes of the digest of A. So many are one owner's
 * that none has more than its quota. */
static struct assay_share_put_record put_of(uint32_t number)
{
    struct assay_share_put_record record = { .k = K, .owner = { 7 }, .reader_count = 1 };
    const uint32_t owner = number / ASSAY_SHARE_QUOTA_MIN;
    assay_bytes_copy(record.owner + 1, sizeof record.owner - 1, &owner, sizeof owner);
    assay_bytes_copy(record.name, 32, &number, sizeof number);
    assay_bytes_copy(record.digest, 32, &number, sizeof number);
    record.reader[0].kind = ASSAY_SHARE_READER_ACCOUNT;
    return record;
}

static enum assay_share_result put(struct bench *b, uint32_t author,
                                   const struct assay_share_put_record *record)
{
    return assay_share_registry_apply_put(b->r, author % ASSAY_SHARE_MEMBERS_MAX, record,
                                          &b->facts);
}

static struct assay_share_line line_of(uint32_t number, uint32_t generation, uint64_t attempt)
{
    const struct assay_share_put_record record = put_of(number);
    struct assay_share_line line = { .generation = generation, .attempt = attempt };
    assay_share_id(record.owner, record.name, line.id);
    assay_bytes_copy(line.digest, 32, record.digest, 32);
    if (generation > 1) line.digest[31] = (uint8_t)generation;
    return line;
}

static const struct assay_share_row *row_of(const struct bench *b, uint32_t number)
{
    const struct assay_share_line line = line_of(number, 1, 1);
    return assay_share_registry_find(b->r, line.id);
}

static enum assay_share_result have_line(struct bench *b, uint32_t member, uint32_t cluster,
                                         struct assay_share_line line)
{
    struct assay_share_list_record record = { .cluster = cluster, .count = 1 };
    const struct assay_share_row *row = assay_share_registry_find(b->r, line.id);
    record.seating = seating_of(b->r, cluster, member);
    record.line[0] = line;
    /* Attempts are counted from 1 in each put. */
    if (line.attempt <= UINT16_MAX && row != NULL)
        record.line[0].attempt += assay_share_put_attempt(row->put_epoch) - 1;
    const enum assay_share_result result =
        assay_share_registry_apply_have(b->r, member, &record, &b->facts);
    assay_share_registry_check(b->r);
    return result;
}

static enum assay_share_result have(struct bench *b, uint32_t member, uint32_t number,
                                    uint32_t generation, uint64_t attempt)
{
    return have_line(b, member, member / SLOTS, line_of(number, generation, attempt));
}

static void put_synced(struct bench *b, uint32_t number)
{
    const struct assay_share_put_record record = put_of(number);
    cr_assert_eq(put(b, number, &record), ASSAY_SHARE_APPLIED);
    for (uint32_t i = 0; i < SLOTS; i++)
        cr_assert_eq(have(b, i, number, 1, 1), ASSAY_SHARE_APPLIED);
    cr_assert(row_of(b, number)->synced);
}

static const struct assay_share_fact *fact_of(const struct bench *b,
                                              enum assay_share_fact_kind kind)
{
    for (uint32_t i = 0; i < b->facts.count; i++)
        if (b->facts.fact[i].kind == kind) return &b->facts.fact[i];
    return NULL;
}

static uint32_t facts_of(const struct bench *b, enum assay_share_fact_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < b->facts.count; i++)
        if (b->facts.fact[i].kind == kind) count++;
    return count;
}

static void deal_all(struct bench *b, uint32_t number, uint32_t cluster)
{
    const struct assay_share_reshare *reshare =
        assay_share_registry_find_reshare(b->r, row_of(b, number));
    struct assay_share_list_record record = { .cluster = cluster, .count = 1 };
    record.line[0] = line_of(number, reshare->generation, reshare->attempt);
    const uint32_t dealers = reshare->dealers;
    for (uint32_t i = 0; i < SLOTS; i++) {
        if (!(dealers >> i & 1)) continue;
        record.line[0].digest[30] = (uint8_t)(i + 1);
        record.seating = b->r->cluster[cluster].seat[i].seating;
        cr_assert_eq(assay_share_registry_apply_deal(b->r, b->r->cluster[cluster].seat[i].member,
                                                     &record, &b->facts),
                     ASSAY_SHARE_APPLIED);
    }
    cr_assert_eq(facts_of(b, ASSAY_SHARE_DEALT), 1);
}

/* --- ids */

Test(cluster, confirmations_count_slots_and_not_messages)
{
    struct bench *b = seated(1);
    const struct assay_share_put_record record = put_of(1);
    cr_assert_eq(put(b, 0, &record), ASSAY_SHARE_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_SHARE_WAITING);
    for (uint32_t i = 0; i < SLOTS - 1; i++)
        cr_assert_eq(have(b, i, 1, 1, 1), ASSAY_SHARE_APPLIED);
    for (uint32_t i = 0; i < 20; i++)
        cr_assert_eq(have(b, i % (SLOTS - 1), 1, 1, 1), ASSAY_SHARE_SAME);
    cr_assert(!row_of(b, 1)->synced, "four slots, however often they say it");
    cr_assert_eq(have(b, SLOTS - 1, 1, 1, 1), ASSAY_SHARE_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_SHARE_SYNCED);
    cr_assert(row_of(b, 1)->synced);
    done(b);
}

Test(cluster, strangers_and_other_digests_confirm_nothing)
{
    struct bench *b = seated(2);
    const struct assay_share_put_record record = put_of(1);
    struct assay_share_line line = line_of(1, 1, 1);
    cr_assert_eq(have(b, 0, 1, 1, 1), ASSAY_SHARE_UNKNOWN);
    cr_assert_eq(put(b, 0, &record), ASSAY_SHARE_APPLIED);
    cr_assert_eq(put(b, 0, &record), ASSAY_SHARE_SAME);
    cr_assert_eq(have_line(b, 12, 0, line), ASSAY_SHARE_STRANGER);
    cr_assert_eq(have_line(b, 5, 0, line), ASSAY_SHARE_STRANGER, "of another cluster");
    cr_assert_eq(have_line(b, 5, 1, line), ASSAY_SHARE_UNKNOWN, "before it is synced");
    cr_assert_eq(have_line(b, ASSAY_SHARE_MEMBERS_MAX, 0, line), ASSAY_SHARE_NOT_HERE);
    cr_assert_eq(have(b, 0, 1, 1, 9), ASSAY_SHARE_MISMATCH);
    cr_assert_eq(have(b, 0, 1, 2, 1), ASSAY_SHARE_UNKNOWN);
    line.digest[0] ^= 1;
    cr_assert_eq(have_line(b, 0, 0, line), ASSAY_SHARE_MISMATCH);
    cr_assert_eq(row_of(b, 1)->have[0], 0);
    struct assay_share_put_record other = put_of(2);
    other.k = K - 1;
    cr_assert_eq(put(b, 0, &other), ASSAY_SHARE_MISMATCH);
    other = put_of(2);
    other.cluster = 2;
    cr_assert_eq(put(b, 0, &other), ASSAY_SHARE_NOT_HERE);
    done(b);
}

Test(cluster, what_was_forgotten_and_is_put_again_is_counted_anew)
{
    struct bench *b = seated(1);
    const struct assay_share_put_record record = put_of(1);
    cr_assert_eq(put(b, 0, &record), ASSAY_SHARE_APPLIED);
    struct assay_share_line said = line_of(1, 1, row_of(b, 1)->attempt);
    cr_assert_eq(have_line(b, 0, 0, said), ASSAY_SHARE_APPLIED);
    for (uint32_t i = 0; i < ASSAY_SHARE_WAITING_EPOCHS; i++)
        close_epoch(b);
    cr_assert_null(row_of(b, 1), "and slot 0 has erased its share");
    cr_assert_eq(put(b, 0, &record), ASSAY_SHARE_APPLIED);
    struct assay_share_list_record late = { .seating = seating_of(b->r, 0, 0), .count = 1 };
    late.line[0] = said;
    cr_assert_eq(assay_share_registry_apply_have(b->r, 0, &late, &b->facts), ASSAY_SHARE_MISMATCH);
    late.line[0].attempt = row_of(b, 1)->attempt;
    cr_assert_eq(assay_share_registry_apply_have(b->r, 0, &late, &b->facts), ASSAY_SHARE_APPLIED);
    cr_assert_eq(row_of(b, 1)->have[0], 1);
    done(b);
}

Test(cluster, what_is_not_confirmed_in_time_is_forgotten)
{
    struct bench *b = seated(1);
    for (uint32_t i = 0; i < 300; i++) {
        const struct assay_share_put_record record = put_of(i);
        cr_assert_eq(put(b, i, &record), ASSAY_SHARE_APPLIED);
    }
    for (uint32_t i = 0; i < SLOTS; i++)
        cr_assert_eq(have(b, i, 77, 1, 1), ASSAY_SHARE_APPLIED);
    for (uint32_t i = 1; i < ASSAY_SHARE_WAITING_EPOCHS; i++)
        close_epoch(b);
    cr_assert_eq(b->r->row_count, 300);
    close_epoch(b);
    cr_assert_eq(facts_of(b, ASSAY_SHARE_FORGOTTEN), ASSAY_SHARE_FORGET_MAX);
    close_epoch(b);
    cr_assert_eq(b->r->row_count, 1);
    cr_assert(row_of(b, 77)->synced, "what is synced stays");
    done(b);
}

Test(cluster, a_slot_is_ready_with_everything_and_not_before)
{
    struct bench *b = fresh(1);
    for (uint32_t i = 0; i < SLOTS; i++)
        cr_assert_eq(list(b, i, 0, (uint8_t)(i + 1)), ASSAY_SHARE_APPLIED);
    struct assay_share_ready_record early = { .slot = 0, .seating = seating_of(b->r, 0, 0) };
    assay_share_registry_root(b->r, early.digest);
    put_synced(b, 1);
    cr_assert_eq(assay_share_registry_apply_ready(b->r, 0, &early, &b->facts),
                 ASSAY_SHARE_MISMATCH);
    early.count = 1;
    cr_assert_eq(assay_share_registry_apply_ready(b->r, 0, &early, &b->facts), ASSAY_SHARE_MISMATCH,
                 "the right count of the wrong ids");
    cr_assert_eq(b->r->cluster[0].ready, 0);
    cr_assert_eq(ready(b, 0, 0, 1), ASSAY_SHARE_STRANGER, "another's slot");
    cr_assert_eq(ready(b, 0, 0, 0), ASSAY_SHARE_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_SHARE_READY);
    cr_assert_eq(ready(b, 0, 0, 0), ASSAY_SHARE_SAME);
    put_synced(b, 2);
    early.slot = 1;
    early.seating = seating_of(b->r, 0, 1);
    early.count = 1;
    cr_assert_eq(assay_share_registry_apply_ready(b->r, 1, &early, &b->facts), ASSAY_SHARE_MISMATCH,
                 "one id more is synced");
    done(b);
}

/* --- slots */

/* Its disk is gone, and its key with it; the daemon still has what the holder said before. */
Test(cluster, what_was_said_before_the_slot_was_given_anew_counts_for_nothing)
{
    struct bench *b = seated(1);
    put_synced(b, 1);
    put_synced(b, 2);
    struct assay_share_list_record late = { .seating = seating_of(b->r, 0, 0), .count = 1 };
    struct assay_share_ready_record early = { .seating = late.seating, .count = 2 };
    late.line[0] = line_of(1, 1, row_of(b, 1)->attempt);
    assay_share_registry_root(b->r, early.digest);
    cr_assert_eq(list(b, 0, 0, 60), ASSAY_SHARE_APPLIED);
    cr_assert_eq(fact_of(b, ASSAY_SHARE_SEATED)->member, 0, "it follows itself");
    cr_assert_eq(row_of(b, 1)->have[0], 0x1e);
    cr_assert_eq(assay_share_registry_apply_have(b->r, 0, &late, &b->facts), ASSAY_SHARE_STRANGER);
    cr_assert_eq(assay_share_registry_apply_deal(b->r, 0, &late, &b->facts), ASSAY_SHARE_STRANGER);
    cr_assert_eq(assay_share_registry_apply_ready(b->r, 0, &early, &b->facts),
                 ASSAY_SHARE_STRANGER);
    cr_assert_eq(row_of(b, 1)->have[0], 0x1e, "nobody keeps that share");
    cr_assert_eq(b->r->cluster[0].ready & 1, 0);
    cr_assert_eq(have(b, 0, 1, 1, 1), ASSAY_SHARE_APPLIED, "it has fetched it");
    cr_assert_eq(row_of(b, 1)->have[0], 0x1f);
    done(b);
}

Test(cluster, a_lost_slot_goes_to_the_best_candidate_and_every_id_is_dealt_anew)
{
    struct bench *b = seated(1);
    put_synced(b, 1);
    cr_assert_eq(list(b, 10, 0, 50), ASSAY_SHARE_APPLIED);
    cr_assert_eq(list(b, 11, 0, 51), ASSAY_SHARE_APPLIED);
    cr_assert_eq(b->facts.count, 0, "nobody loses a slot to a better one");
    b->score[11] = 300;
    b->standing[2] = ASSAY_SHARE_STAND_WARNING;
    close_epoch(b);
    cr_assert_eq(b->facts.count, 0, "a warned member keeps its slot");
    b->standing[2] = ASSAY_SHARE_STAND_SUSPENDED;
    close_epoch(b);
    const struct assay_share_fact *fact = fact_of(b, ASSAY_SHARE_SEATED);
    cr_assert_not_null(fact);
    cr_assert_eq(fact->slot, 2);
    cr_assert_eq(fact->member, 11);
    cr_assert_eq(fact->key[0], 51);
    fact = fact_of(b, ASSAY_SHARE_BEGUN);
    cr_assert_not_null(fact);
    cr_assert_eq(fact->generation, 2);
    cr_assert_eq(fact->attempt & UINT16_MAX, 1);
    cr_assert_eq(fact->dealers & 4, 0, "who has nothing deals nothing");
    cr_assert_eq(b->r->cluster[0].ready, 0x1b);
    cr_assert_eq(have(b, 2, 1, 1, 1), ASSAY_SHARE_STRANGER, "who lost it has no voice");
    done(b);
}

Test(cluster, another_key_or_another_cluster_is_another_holder)
{
    struct bench *b = seated(2);
    put_synced(b, 1);
    cr_assert_eq(list(b, 0, 0, 1), ASSAY_SHARE_SAME);
    cr_assert_eq(list(b, 10, 0, 1), ASSAY_SHARE_KEY_TAKEN);
    cr_assert_eq(list(b, 0, 0, 60), ASSAY_SHARE_APPLIED);
    cr_assert_eq(fact_of(b, ASSAY_SHARE_SEATED)->member, 0, "it may follow itself");
    cr_assert_eq(row_of(b, 1)->have[0], 0x1e, "without what it had");
    cr_assert_eq(list(b, 1, 1, 2), ASSAY_SHARE_APPLIED);
    cr_assert(assay_share_registry_is_lost(b->r, 0, 1));
    uint32_t cluster = 0, slot = 0;
    const uint8_t key[64] = { 2 };
    cr_assert(!assay_share_registry_find_seat(b->r, key, &cluster, &slot));
    cr_assert_eq(list(b, 10, 0, 2), ASSAY_SHARE_KEY_TAKEN, "it sits there still");
    cr_assert_eq(list(b, ASSAY_SHARE_MEMBERS_MAX, 0, 99), ASSAY_SHARE_NOT_HERE);
    cr_assert_eq(list(b, 12, 2, 99), ASSAY_SHARE_NOT_HERE);
    done(b);
}

Test(cluster, a_holder_may_move_to_another_address_and_links_are_one_holders_alone)
{
    struct bench *b = seated(1);
    const uint8_t node[32] = { 0 }, other[32] = { 1 };
    struct assay_share_holder_record record = { .key = { 1 }, .curve = { 9 }, .address_len = 3 };
    put_synced(b, 1);
    assay_bytes_copy(record.address, 3, "a:1", 3);
    cr_assert_eq(assay_share_registry_apply_holder(b->r, 0, node, &record, &b->facts),
                 ASSAY_SHARE_APPLIED);
    cr_expect_eq(b->facts.count, 0, "it sits where it sat");
    cr_expect_eq(row_of(b, 1)->have[0], 0x1f, "with what it had");
    cr_expect(assay_bytes_equal(b->r->member[0].address, "a:1", 3));
    cr_expect_eq(b->r->member[0].curve[0], 9);
    cr_expect_eq(assay_share_registry_apply_holder(b->r, 0, node, &record, &b->facts),
                 ASSAY_SHARE_SAME);
    cr_expect_eq(assay_share_registry_apply_holder(b->r, 1, other, &record, &b->facts),
                 ASSAY_SHARE_NOT_YOURS, "whoever hands it in first");
    record.key[0] = 2;
    record.node[0] = 1;
    cr_expect_eq(assay_share_registry_apply_holder(b->r, 1, other, &record, &b->facts),
                 ASSAY_SHARE_KEY_TAKEN, "who is who follows from the key of a link");
    record.curve[0] = 8;
    cr_expect_eq(assay_share_registry_apply_holder(b->r, 1, other, &record, &b->facts),
                 ASSAY_SHARE_APPLIED);
    done(b);
}

Test(cluster, with_fewer_than_k_left_nothing_moves_and_it_is_said)
{
    struct bench *b = seated(1);
    put_synced(b, 1);
    for (uint32_t i = 10; i < MEMBERS; i++)
        cr_assert_eq(list(b, i, 0, (uint8_t)(i + 40)), ASSAY_SHARE_APPLIED);
    for (uint32_t i = 0; i < 3; i++)
        b->standing[i] = ASSAY_SHARE_STAND_SUSPENDED;
    close_epoch(b);
    cr_assert_eq(b->facts.count, 1);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_SHARE_ALARM);
    cr_assert_eq(b->facts.fact[0].why, ASSAY_SHARE_WHY_FEW);
    cr_assert_eq(row_of(b, 1)->have[0], 0x1f, "nothing is dropped");
    b->standing[0] = ASSAY_SHARE_STAND_WARNING;
    close_epoch(b);
    cr_assert_eq(facts_of(b, ASSAY_SHARE_SEATED), 2, "three are left: the others move");
    cr_assert_eq(facts_of(b, ASSAY_SHARE_BEGUN), 1);
    done(b);
}

Test(cluster, what_another_cluster_keeps_is_not_lost)
{
    struct bench *b = seated(2);
    put_synced(b, 1);
    for (uint32_t i = 0; i < K; i++)
        cr_assert_eq(have(b, SLOTS + i, 1, 1, 1), ASSAY_SHARE_APPLIED);
    for (uint32_t i = 10; i < MEMBERS; i++)
        cr_assert_eq(list(b, i, 0, (uint8_t)(i + 40)), ASSAY_SHARE_APPLIED);
    for (uint32_t i = 0; i < 3; i++)
        b->standing[i] = ASSAY_SHARE_STAND_SUSPENDED;
    close_epoch(b);
    cr_assert_eq(facts_of(b, ASSAY_SHARE_SEATED), 3);
    cr_assert_eq(fact_of(b, ASSAY_SHARE_BEGUN)->cluster, 1, "there it can be dealt");
    done(b);
}

Test(cluster, without_a_candidate_a_lost_slot_stays_and_it_is_said)
{
    struct bench *b = seated(1);
    put_synced(b, 1);
    b->standing[4] = ASSAY_SHARE_STAND_NONE;
    close_epoch(b);
    cr_assert_eq(b->facts.count, 1);
    cr_assert_eq(b->facts.fact[0].why, ASSAY_SHARE_WHY_NO_CANDIDATE);
    cr_assert_eq(ready(b, 4, 0, 4), ASSAY_SHARE_STRANGER);
    b->standing[4] = ASSAY_SHARE_STAND_FULL;
    close_epoch(b);
    cr_assert_eq(b->facts.count, 0, "it is back, with its share");
    done(b);
}

/* Member 4 is suspended, and 10 has its slot. */
static struct bench *resharing(uint32_t ids)
{
    struct bench *b = seated(1);
    for (uint32_t i = 0; i < ids; i++)
        put_synced(b, i);
    cr_assert_eq(list(b, 10, 0, 50), ASSAY_SHARE_APPLIED);
    b->standing[4] = ASSAY_SHARE_STAND_SUSPENDED;
    close_epoch(b);
    return b;
}

static uint32_t member_in(const struct bench *b, uint32_t slot)
{
    return b->r->cluster[0].seat[slot].member;
}

Test(cluster, a_generation_is_current_when_all_slots_agree)
{
    struct bench *b = resharing(1);
    cr_assert_eq(have_line(b, 0, 0, line_of(0, 2, 1)), ASSAY_SHARE_UNKNOWN, "nobody has dealt");
    deal_all(b, 0, 0);
    for (uint32_t i = 0; i < SLOTS; i++) {
        cr_assert_eq(row_of(b, 0)->generation, 1, "the old one stays until all agree");
        cr_assert_eq(have_line(b, member_in(b, i), 0, line_of(0, 2, 1)), ASSAY_SHARE_APPLIED);
    }
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_SHARE_SYNCED);
    cr_assert_eq(row_of(b, 0)->generation, 2);
    cr_assert_eq(row_of(b, 0)->have[0], 0x1f);
    cr_assert_eq(row_of(b, 0)->wanted, 0);
    cr_assert_eq(have(b, 0, 0, 1, 1), ASSAY_SHARE_UNKNOWN, "the old one is over");
    cr_assert_eq(ready(b, 10, 0, 4), ASSAY_SHARE_APPLIED);
    close_epoch(b);
    cr_assert_eq(b->facts.count, 0);
    done(b);
}

Test(cluster, an_attempt_that_is_over_confirms_nothing)
{
    struct bench *b = resharing(1);
    const uint32_t first = assay_share_registry_find_reshare(b->r, row_of(b, 0))->dealers;
    deal_all(b, 0, 0);
    cr_assert_eq(have_line(b, 0, 0, line_of(0, 2, 1)), ASSAY_SHARE_APPLIED);
    close_epoch(b);
    cr_assert_eq(fact_of(b, ASSAY_SHARE_BEGUN)->attempt & UINT16_MAX, 2);
    cr_assert_eq(fact_of(b, ASSAY_SHARE_BEGUN)->generation, 2);
    cr_assert_neq(fact_of(b, ASSAY_SHARE_BEGUN)->dealers, first, "others deal");
    deal_all(b, 0, 0);
    for (uint32_t i = 0; i < SLOTS; i++)
        cr_assert_eq(have_line(b, member_in(b, i), 0, line_of(0, 2, 1)), ASSAY_SHARE_UNKNOWN);
    cr_assert_eq(row_of(b, 0)->generation, 1);
    for (uint32_t i = 0; i < SLOTS; i++)
        cr_assert_eq(have_line(b, member_in(b, i), 0, line_of(0, 2, 2)), ASSAY_SHARE_APPLIED);
    cr_assert_eq(row_of(b, 0)->generation, 2);
    cr_assert_eq(row_of(b, 0)->attempt & UINT16_MAX, 2);
    done(b);
}

Test(cluster, slots_that_disagree_end_the_attempt)
{
    struct bench *b = resharing(1);
    deal_all(b, 0, 0);
    struct assay_share_line other = line_of(0, 2, 1);
    other.digest[5] ^= 1;
    for (uint32_t i = 0; i < 2; i++)
        cr_assert_eq(have_line(b, i, 0, other), ASSAY_SHARE_APPLIED);
    cr_assert_eq(have_line(b, 0, 0, line_of(0, 2, 1)), ASSAY_SHARE_SAME, "one word a slot");
    for (uint32_t i = 2; i < SLOTS; i++)
        cr_assert_eq(have_line(b, member_in(b, i), 0, line_of(0, 2, 1)), ASSAY_SHARE_APPLIED);
    close_epoch(b);
    cr_assert_eq(row_of(b, 0)->generation, 1);
    cr_assert_eq(fact_of(b, ASSAY_SHARE_BEGUN)->attempt & UINT16_MAX, 2);
    done(b);
}

Test(cluster, dealers_say_one_thing_and_others_are_not_asked)
{
    struct bench *b = resharing(1);
    const struct assay_share_reshare *reshare =
        assay_share_registry_find_reshare(b->r, row_of(b, 0));
    struct assay_share_list_record record = { .count = 1 };
    record.line[0] = line_of(0, 2, reshare->attempt);
    uint32_t dealer = 0, other = 0;
    while (!(reshare->dealers >> dealer & 1))
        dealer++;
    while (reshare->dealers >> other & 1)
        other++;
    record.seating = b->r->cluster[0].seat[other].seating;
    cr_assert_eq(assay_share_registry_apply_deal(b->r, member_in(b, other), &record, &b->facts),
                 ASSAY_SHARE_STRANGER);
    record.seating = seating_of(b->r, 0, dealer);
    cr_assert_eq(assay_share_registry_apply_deal(b->r, dealer, &record, &b->facts),
                 ASSAY_SHARE_APPLIED);
    cr_assert_eq(assay_share_registry_apply_deal(b->r, dealer, &record, &b->facts),
                 ASSAY_SHARE_SAME);
    record.line[0].digest[0] ^= 1;
    cr_assert_eq(assay_share_registry_apply_deal(b->r, dealer, &record, &b->facts),
                 ASSAY_SHARE_MISMATCH);
    record.line[0].attempt++;
    cr_assert_eq(assay_share_registry_apply_deal(b->r, dealer, &record, &b->facts),
                 ASSAY_SHARE_UNKNOWN);
    cr_assert_eq(assay_share_registry_apply_deal(b->r, 4, &record, &b->facts),
                 ASSAY_SHARE_STRANGER);
    done(b);
}

Test(cluster, a_slot_that_moves_ends_what_is_under_way)
{
    struct bench *b = resharing(1);
    deal_all(b, 0, 0);
    for (uint32_t i = 0; i < SLOTS - 1; i++)
        cr_assert_eq(have_line(b, member_in(b, i), 0, line_of(0, 2, 1)), ASSAY_SHARE_APPLIED);
    cr_assert_eq(list(b, 3, 0, 60), ASSAY_SHARE_APPLIED); /* slot 3, with another key */
    cr_assert_eq(fact_of(b, ASSAY_SHARE_BEGUN)->attempt & UINT16_MAX, 2);
    cr_assert_eq(fact_of(b, ASSAY_SHARE_BEGUN)->dealers, 7);
    cr_assert_eq(have_line(b, member_in(b, 4), 0, line_of(0, 2, 1)), ASSAY_SHARE_UNKNOWN);
    done(b);
}

Test(cluster, five_hundred_ids_are_dealt_anew_at_a_time_and_none_waits_for_ever)
{
    struct bench *b = resharing(1100);
    bool seen[1100] = { false };
    for (uint32_t round = 0; round < 3; round++) {
        cr_assert_eq(facts_of(b, ASSAY_SHARE_BEGUN), ASSAY_SHARE_RESHARES_MAX);
        cr_assert_eq(b->r->reshare_count, ASSAY_SHARE_RESHARES_MAX);
        for (uint32_t i = 0; i < 1100; i++)
            seen[i] = seen[i] || row_of(b, i)->reshare != 0;
        close_epoch(b); /* none of them got done */
    }
    for (uint32_t i = 0; i < 1100; i++)
        cr_assert(seen[i], "id %u", i);
    done(b);
}

Test(cluster, another_id_begins_when_one_is_done)
{
    struct bench *b = resharing(504);
    uint32_t begun = 0;
    for (uint32_t i = 0; i < 504; i++)
        begun += row_of(b, i)->reshare != 0;
    cr_assert_eq(begun, 500);
    for (uint32_t done_ids = 0; done_ids < 504; done_ids++) {
        uint32_t id = 0;
        while (row_of(b, id)->reshare == 0)
            id++;
        deal_all(b, id, 0);
        for (uint32_t i = 0; i < SLOTS; i++)
            cr_assert_eq(have_line(b, member_in(b, i), 0, line_of(id, 2, 1)),
                         ASSAY_SHARE_APPLIED);
        cr_assert_eq(b->facts.fact[0].kind, ASSAY_SHARE_SYNCED);
        cr_assert_eq(facts_of(b, ASSAY_SHARE_BEGUN), done_ids < 4);
        if (done_ids == 6) break; /* none waits any more */
    }
    cr_assert_eq(b->r->reshare_count, 497);
    done(b);
}

Test(cluster, whoever_moves_again_and_again_has_an_epochs_worth_of_it)
{
    struct bench *b = resharing(1100);
    uint32_t begun = facts_of(b, ASSAY_SHARE_BEGUN);
    for (uint8_t key = 60; key < 80; key++) { /* slot 3 is lost and given with each */
        cr_assert_eq(list(b, 3, 0, key), ASSAY_SHARE_APPLIED);
        cr_assert_eq(facts_of(b, ASSAY_SHARE_SEATED), 1);
        begun += facts_of(b, ASSAY_SHARE_BEGUN);
    }
    cr_assert_eq(begun, ASSAY_SHARE_BEGUN_MAX);
    close_epoch(b);
    cr_assert_eq(facts_of(b, ASSAY_SHARE_BEGUN), ASSAY_SHARE_RESHARES_MAX);
    done(b);
}

Test(cluster, who_is_not_ready_does_not_deal)
{
    struct bench *b = fresh(1);
    for (uint32_t i = 0; i < SLOTS; i++)
        cr_assert_eq(list(b, i, 0, (uint8_t)(i + 1)), ASSAY_SHARE_APPLIED);
    put_synced(b, 0);
    cr_assert_eq(list(b, 10, 0, 50), ASSAY_SHARE_APPLIED);
    cr_assert_eq(ready(b, 0, 0, 0), ASSAY_SHARE_APPLIED);
    cr_assert_eq(ready(b, 1, 0, 1), ASSAY_SHARE_APPLIED);
    b->standing[4] = ASSAY_SHARE_STAND_SUSPENDED;
    close_epoch(b);
    cr_assert_eq(fact_of(b, ASSAY_SHARE_ALARM)->why, ASSAY_SHARE_WHY_NO_DEALERS);
    cr_assert_eq(facts_of(b, ASSAY_SHARE_BEGUN), 0);
    cr_assert_eq(ready(b, 2, 0, 2), ASSAY_SHARE_APPLIED);
    cr_assert_eq(fact_of(b, ASSAY_SHARE_BEGUN)->dealers, 7);
    done(b);
}

Test(cluster, readers_of_an_id_read_and_nobody_else)
{
    struct bench *b = seated(1);
    struct assay_share_read_record read = { .nonce = { 1 }, .box = { 2 } };
    assay_bytes_copy(read.id, 32, line_of(1, 1, 1).id, 32);
    read.reader.kind = ASSAY_SHARE_READER_ACCOUNT;
    cr_assert_eq(assay_share_registry_apply_read(b->r, &read, &b->facts), ASSAY_SHARE_UNKNOWN);
    put_synced(b, 1);
    cr_assert_eq(assay_share_registry_apply_read(b->r, &read, &b->facts), ASSAY_SHARE_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_SHARE_READ);
    cr_assert_eq(b->facts.fact[0].box[0], 2);
    read.reader.kind = ASSAY_SHARE_READER_MEASUREMENT;
    cr_assert_eq(assay_share_registry_apply_read(b->r, &read, &b->facts), ASSAY_SHARE_NO_READER);
    read.reader.kind = ASSAY_SHARE_READER_ACCOUNT;
    read.reader.name[31] = 1;
    cr_assert_eq(assay_share_registry_apply_read(b->r, &read, &b->facts), ASSAY_SHARE_NO_READER);
    done(b);
}

static void fill(uint8_t *bytes, size_t len, uint8_t seed)
{
    for (size_t at = 0; at < len; at += 32) {
        const uint8_t number[2] = { seed, (uint8_t)(at / 32) };
        assay_sha256(number, sizeof number, bytes + at);
    }
}

/* A secret whose A is on the ledger as id 0, being dealt on; slot 0 has said B. */
static struct bench *dealing(struct assay_share_lie_record *shown, struct assay_secret32 *share)
{
    struct bench *b = seated(1);
    struct assay_share_put_record put = put_of(0);
    struct assay_share_polynomial secret, polynomial;
    struct assay_secret32 own, lambda;
    uint8_t wide[K * ASSAY_SODIUM_WIDE_LEN];
    *shown = (struct assay_share_lie_record){
        .given = { .type = ASSAY_SHARE_GIFT_SUBSHARE, .slot = 2,
                   .seating = seating_of(b->r, 0, 0) },
        .count = 1, .key = { 1 },
    };
    assay_bytes_copy(shown->given.node, 32, b->r->member[0].node, 32);
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    fill(wide, sizeof wide, 1);
    cr_assert_eq(assay_share_deal(K, wide, &secret, &shown->current), ASSAY_OK);
    cr_assert_eq(assay_share_of(&secret, 0, &own), ASSAY_OK);
    if (share != NULL) *share = own;
    assay_share_commitments_digest(&shown->current, put.digest);
    cr_assert_eq(assay_share_registry_apply_put(b->r, 0, &put, &b->facts), ASSAY_SHARE_APPLIED);
    struct assay_share_line line = line_of(0, 1, 1);
    assay_bytes_copy(line.digest, 32, put.digest, 32);
    for (uint32_t i = 0; i < SLOTS; i++)
        cr_assert_eq(have_line(b, i, 0, line), ASSAY_SHARE_APPLIED);
    cr_assert_eq(list(b, 10, 0, 50), ASSAY_SHARE_APPLIED);
    cr_assert_eq(list(b, 11, 0, 51), ASSAY_SHARE_APPLIED);
    b->standing[4] = ASSAY_SHARE_STAND_SUSPENDED;
    close_epoch(b);
    fill(wide, sizeof wide, 2);
    const struct assay_share_reshare *reshare =
        assay_share_registry_find_reshare(b->r, row_of(b, 0));
    cr_assert_eq(assay_share_lambda(reshare->dealers, 0, &lambda), ASSAY_OK);
    assay_sodium_scalar_mul(&lambda, &own, &own);
    cr_assert_eq(assay_share_deal_on(K, &own, wide, &polynomial, &shown->piece.commitments),
                 ASSAY_OK);
    cr_assert_eq(assay_share_of(&polynomial, 2, &shown->piece.share), ASSAY_OK);
    assay_bytes_copy(shown->piece.id, 32, line.id, 32);
    shown->piece.generation = 2;
    shown->piece.attempt = reshare->attempt;
    struct assay_share_list_record record = { .seating = seating_of(b->r, 0, 0), .count = 1 };
    record.line[0] = line;
    record.line[0].generation = 2;
    record.line[0].attempt = reshare->attempt;
    assay_share_commitments_digest(&shown->piece.commitments, record.line[0].digest);
    cr_assert(reshare->dealers & 1);
    shown->dealers = reshare->dealers;
    cr_assert_eq(assay_share_registry_apply_deal(b->r, 0, &record, &b->facts), ASSAY_SHARE_APPLIED);
    return b;
}

Test(cluster, a_dealer_that_lies_is_convicted_and_loses_its_slot)
{
    struct assay_share_lie_record shown;
    struct bench *b = dealing(&shown, NULL);
    shown.piece.share.bytes[0] ^= 1;
    cr_assert_eq(assay_share_registry_apply_lie(b->r, &shown, &b->facts), ASSAY_SHARE_APPLIED);
    assay_share_registry_check(b->r);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_SHARE_CONVICTED);
    cr_assert_eq(b->facts.fact[0].member, 0);
    cr_assert_eq(fact_of(b, ASSAY_SHARE_SEATED)->slot, 0);
    cr_assert_eq(fact_of(b, ASSAY_SHARE_BEGUN)->attempt & UINT16_MAX, 2);
    cr_assert_eq(fact_of(b, ASSAY_SHARE_BEGUN)->dealers & 1, 0);
    cr_assert_eq(list(b, 0, 0, 90), ASSAY_SHARE_APPLIED);
    close_epoch(b);
    cr_assert_eq(facts_of(b, ASSAY_SHARE_SEATED), 0, "another key makes it no better");
    cr_assert_eq(assay_share_registry_apply_lie(b->r, &shown, &b->facts), ASSAY_SHARE_STRANGER);
    done(b);
}

Test(cluster, a_giver_of_what_is_no_share_is_convicted_as_well)
{
    struct assay_share_lie_record shown;
    struct assay_secret32 own;
    struct bench *b = dealing(&shown, &own);
    shown.given.type = ASSAY_SHARE_GIFT_FETCHED;
    shown.given.slot = 0;
    shown.piece.generation = 1;
    shown.piece.attempt = row_of(b, 0)->attempt;
    shown.piece.share = own;
    shown.piece.commitments = shown.current;
    cr_assert_eq(assay_share_registry_apply_lie(b->r, &shown, &b->facts), ASSAY_SHARE_HONEST);
    shown.piece.generation = 3;
    cr_assert_eq(assay_share_registry_apply_lie(b->r, &shown, &b->facts), ASSAY_SHARE_LATE);
    shown.piece.generation = 1;
    shown.piece.share.bytes[0] ^= 1;
    b->standing[10] = b->standing[11] = ASSAY_SHARE_STAND_NONE;
    close_epoch(b);
    cr_assert_eq(assay_share_registry_apply_lie(b->r, &shown, &b->facts), ASSAY_SHARE_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_SHARE_CONVICTED);
    cr_assert_eq(assay_share_registry_apply_lie(b->r, &shown, &b->facts), ASSAY_SHARE_SAME,
                 "once, though it sits there still");
    done(b);
}

Test(cluster, another_dealing_than_the_ledgers_is_a_lie_as_well)
{
    struct assay_share_lie_record shown;
    struct bench *b = dealing(&shown, NULL);
    assay_bytes_copy(shown.piece.commitments.point[1], 32, shown.piece.commitments.point[2], 32);
    cr_assert_eq(assay_share_registry_apply_lie(b->r, &shown, &b->facts), ASSAY_SHARE_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_SHARE_CONVICTED);
    done(b);
}

Test(cluster, an_honest_dealer_is_not_convicted)
{
    struct assay_share_lie_record shown;
    struct bench *b = dealing(&shown, NULL);
    cr_assert_eq(assay_share_registry_apply_lie(b->r, &shown, &b->facts), ASSAY_SHARE_HONEST);
    struct assay_share_lie_record other = shown;
    other.current.point[1][0] ^= 2;
    cr_assert_eq(assay_share_registry_apply_lie(b->r, &other, &b->facts), ASSAY_SHARE_MISMATCH);
    other = shown;
    other.key[0] = 2;
    other.piece.share.bytes[0] ^= 1;
    cr_assert_eq(assay_share_registry_apply_lie(b->r, &other, &b->facts), ASSAY_SHARE_STRANGER);
    other = shown;
    other.piece.attempt = 2;
    cr_assert_eq(assay_share_registry_apply_lie(b->r, &other, &b->facts), ASSAY_SHARE_LATE);
    other = shown;
    other.dealers ^= 6;
    cr_assert_eq(assay_share_registry_apply_lie(b->r, &other, &b->facts), ASSAY_SHARE_MISMATCH);
    other = shown;
    other.given.dealer = SLOTS;
    cr_assert_eq(assay_share_registry_apply_lie(b->r, &other, &b->facts), ASSAY_SHARE_STRANGER);
    other = shown;
    other.given.cluster = 1;
    cr_assert_eq(assay_share_registry_apply_lie(b->r, &other, &b->facts), ASSAY_SHARE_NOT_HERE);
    cr_assert_eq(b->facts.count, 0);
    cr_assert(!b->r->member[0].convicted);
    done(b);
}
