/*
 * tests/unit/services/shares/test_share_ids.c - tests of ids of owners.
 *
 * Ids of owners (docs/services.md 5.5): how many there can be of one owner and of one member, which
 * records bring one into being, and that nothing that was deleted or replaced comes back.
 */
#include "base/crypto.h"
#include "services/shares/cluster.h"

#include "tests/support/seed.h"
#include "tests/support/services/shares_seating.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum {
    SLOTS = 5,
    K = 3,
    MEMBERS = 12,
    IDS = 200,
    QUOTA = 16, /* max(16, 200 / (4 x 12)) */
    OWNERS = 6, /* from HOSTILE on they sign whatever is of use to them */
    HOSTILE = 4,
    NAMES = 40, /* of an owner */
    SIGNED = 700,
    LISTS = 200,
};

struct bench {
    struct assay_share_registry *r;
    struct assay_share_facts facts;
    enum assay_share_standing standing[MEMBERS];
    uint64_t random;
};

static uint32_t draw(struct bench *b, uint32_t below)
{
    b->random = b->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((b->random >> 33) % below);
}

static void close_epoch(struct bench *b)
{
    const uint16_t score[MEMBERS] = { 0 };
    assay_share_registry_close_epoch(b->r, b->r->epoch + 1, b->standing, score, MEMBERS, &b->facts);
    assay_share_registry_check(b->r);
}

static void seat_members(struct bench *b)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        const struct assay_share_holder_record record = { .node = { (uint8_t)i },
                                                          .key = { (uint8_t)(i + 1) },
                                                          .curve = { (uint8_t)(i + 1) } };
        cr_assert_eq(assay_share_registry_apply_holder(b->r, i, record.node, &record, &b->facts),
                     ASSAY_SHARE_APPLIED);
    }
    cr_assert(b->r->cluster[0].seated);
}

/* Members 0 to 4 sit. */
static struct bench *seated_of(uint32_t ids_max)
{
    struct bench *b = calloc(1, sizeof *b);
    const struct assay_share_config config = { .clusters = 1, .slots = SLOTS, .k = K,
                                               .confirmations = SLOTS, .ids_max = ids_max };
    const size_t len = assay_share_registry_size(ids_max);
    cr_assert_not_null(b);
    b->r = assay_share_registry_init(malloc(len), len, &config);
    for (uint32_t i = 0; i < MEMBERS; i++)
        b->standing[i] = ASSAY_SHARE_STAND_FULL;
    close_epoch(b);
    seat_members(b);
    return b;
}

static struct bench *seated(void)
{
    return seated_of(IDS);
}

static void done(struct bench *b)
{
    free(b->r);
    free(b);
}

/* --- what owners sign */

static struct assay_share_put_record put_of(const struct bench *b, uint8_t owner, uint32_t name)
{
    struct assay_share_put_record record = { .k = K, .owner = { owner }, .reader_count = 1,
                                             .birth = { b->r->era, b->r->epoch } };
    assay_bytes_copy(record.name, 32, &name, sizeof name);
    record.reader[0].kind = ASSAY_SHARE_READER_ACCOUNT;
    return record;
}

static const struct assay_share_row *row_of(const struct bench *b, uint8_t owner, uint32_t name)
{
    const struct assay_share_put_record record = put_of(b, owner, name);
    uint8_t id[32];
    assay_share_id(record.owner, record.name, id);
    return assay_share_registry_find(b->r, id);
}

/* The next change of an id that is there. */
static struct assay_share_order order_of(const struct bench *b, uint8_t owner, uint32_t name)
{
    const struct assay_share_row *row = row_of(b, owner, name);
    struct assay_share_order order = { .owner = { owner }, .era = b->r->era };
    assay_bytes_copy(order.name, 32, &name, sizeof name);
    order.birth = row->birth;
    order.version = row->version + 1;
    return order;
}

static struct assay_share_readers_record readers_of(const struct bench *b, uint8_t owner,
                                                    uint32_t name, uint8_t list)
{
    struct assay_share_readers_record record = { .order = order_of(b, owner, name),
                                                 .reader_count = 1 };
    record.reader[0].kind = ASSAY_SHARE_READER_ACCOUNT;
    record.reader[0].name[0] = list;
    return record;
}

static enum assay_share_result put(struct bench *b, uint32_t author, uint8_t owner, uint32_t name)
{
    const struct assay_share_put_record record = put_of(b, owner, name);
    return assay_share_registry_apply_put(b->r, author, &record, &b->facts);
}

static enum assay_share_result drop(struct bench *b, uint8_t owner, uint32_t name)
{
    const struct assay_share_delete_record record = { .order = order_of(b, owner, name) };
    return assay_share_registry_apply_delete(b->r, &record, &b->facts);
}

/* Every slot says that it keeps its share. */
static void sync(struct bench *b, const struct assay_share_row *row)
{
    struct assay_share_list_record record = { .era = b->r->era, .count = 1 };
    record.line[0] = (struct assay_share_line){ .generation = 1, .attempt = row->attempt };
    assay_bytes_copy(record.line[0].id, 32, row->id, 32);
    assay_bytes_copy(record.line[0].digest, 32, row->digest, 32);
    for (uint32_t i = 0; i < SLOTS; i++) {
        record.seating = seating_of(b->r, 0, i);
        (void)assay_share_registry_apply_have(b->r, i, &record, &b->facts);
    }
    cr_assert(row->synced);
}

/* In the first epoch of a chain no epoch was closed yet: the last closed one is 0. */
Test(share_ids, an_id_of_the_first_epoch_is_deleted_in_it)
{
    struct bench *b = calloc(1, sizeof *b);
    const struct assay_share_config config = {
        .clusters = 1, .slots = SLOTS, .k = K, .confirmations = SLOTS, .ids_max = IDS
    };
    const uint16_t score[MEMBERS] = { 0 };
    const size_t len = assay_share_registry_size(IDS);
    cr_assert_not_null(b);
    b->r = assay_share_registry_init(malloc(len), len, &config);
    for (uint32_t i = 0; i < MEMBERS; i++)
        b->standing[i] = ASSAY_SHARE_STAND_FULL;
    assay_share_registry_set_standing(b->r, 0, b->standing, score, MEMBERS); /* of the genesis */
    seat_members(b);
    cr_assert_eq(put(b, 0, 7, 1), ASSAY_SHARE_APPLIED);
    const struct assay_share_put_record again = put_of(b, 7, 1);
    cr_assert_eq(drop(b, 7, 1), ASSAY_SHARE_APPLIED);
    assay_share_registry_check(b->r); /* every node does so when the epoch closes */
    cr_expect_eq(assay_share_registry_apply_put(b->r, 0, &again, &b->facts), ASSAY_SHARE_LATE);
    close_epoch(b);
    close_epoch(b);
    cr_expect_eq(put(b, 0, 7, 1), ASSAY_SHARE_APPLIED, "its birth is later than the deletion");
    assay_share_registry_check(b->r);
    done(b);
}

/* --- quotas */

Test(share_ids, an_owner_has_so_many_ids_through_whatever_members)
{
    struct bench *b = seated();
    cr_assert_eq(assay_share_registry_quota(b->r), QUOTA);
    for (uint32_t i = 0; i < QUOTA; i++)
        cr_assert_eq(put(b, i % MEMBERS, 7, i), ASSAY_SHARE_APPLIED);
    for (uint32_t author = 0; author < ASSAY_SHARE_MEMBERS_MAX; author++)
        cr_assert_eq(put(b, author, 7, QUOTA), ASSAY_SHARE_QUOTA);
    cr_assert_eq(put(b, 0, 8, QUOTA), ASSAY_SHARE_APPLIED, "another owner's");
    cr_assert_eq(put(b, ASSAY_SHARE_MEMBERS_MAX, 8, 1), ASSAY_SHARE_NOT_HERE);
    done(b);
}

Test(share_ids, a_member_hands_in_so_many_ids_of_whatever_owners)
{
    struct bench *b = seated();
    for (uint32_t i = 0; i < QUOTA; i++)
        cr_assert_eq(put(b, 3, (uint8_t)(i + 1), 0), ASSAY_SHARE_APPLIED);
    for (uint32_t i = QUOTA; i < 200; i++)
        cr_assert_eq(put(b, 3, (uint8_t)(i + 1), 0), ASSAY_SHARE_QUOTA);
    cr_assert_eq(put(b, 4, QUOTA + 1, 0), ASSAY_SHARE_APPLIED, "through another member");
    /* Who comes after it in its slot pays for its own alone. */
    assay_share_registry_clear_member(b->r, 3);
    cr_assert_eq(put(b, 3, QUOTA + 2, 0), ASSAY_SHARE_APPLIED);
    done(b);
}

Test(share_ids, the_quota_follows_plan_and_members)
{
    struct bench *b = seated_of(1200);
    cr_assert_eq(assay_share_registry_quota(b->r), 1200 / (4 * MEMBERS));
    for (uint32_t i = 2; i < MEMBERS; i++)
        b->standing[i] = ASSAY_SHARE_STAND_SUSPENDED;
    b->standing[1] = ASSAY_SHARE_STAND_WARNING;
    close_epoch(b);
    cr_assert_eq(assay_share_registry_quota(b->r), 1200 / (4 * 2), "those that stand low count "
                 "for none");
    b->standing[0] = b->standing[1] = ASSAY_SHARE_STAND_NONE;
    close_epoch(b);
    cr_assert_eq(assay_share_registry_quota(b->r), 1200 / 4);
    done(b);
}

Test(share_ids, what_was_forgotten_is_charged_to_nobody_and_what_was_deleted_is_for_a_while)
{
    struct bench *b = seated();
    for (uint32_t i = 0; i < QUOTA; i++)
        cr_assert_eq(put(b, 3, 7, i), ASSAY_SHARE_APPLIED);
    for (uint32_t i = 1; i < QUOTA; i++)
        sync(b, row_of(b, 7, i));
    for (uint32_t i = 0; i < ASSAY_SHARE_WAITING_EPOCHS; i++)
        close_epoch(b);
    cr_assert_null(row_of(b, 7, 0));
    cr_assert_eq(put(b, 3, 7, 0), ASSAY_SHARE_APPLIED);
    sync(b, row_of(b, 7, 0));
    cr_assert_eq(drop(b, 7, 1), ASSAY_SHARE_APPLIED);
    cr_assert_eq(put(b, 3, 7, 99), ASSAY_SHARE_QUOTA, "its place is taken");
    for (uint32_t i = 0; i < ASSAY_SHARE_PUT_EPOCHS; i++) {
        cr_assert_eq(b->r->row_count, QUOTA);
        cr_assert_eq(put(b, 3, 7, 99), ASSAY_SHARE_QUOTA);
        close_epoch(b);
    }
    cr_assert_eq(b->r->row_count, QUOTA - 1);
    cr_assert_eq(put(b, 3, 7, 99), ASSAY_SHARE_APPLIED);
    done(b);
}

Test(share_ids, there_is_room_for_so_many_ids)
{
    struct bench *b = seated();
    for (uint32_t i = 0; i < IDS; i++)
        cr_assert_eq(put(b, i % ASSAY_SHARE_MEMBERS_MAX, (uint8_t)(i / QUOTA), i % QUOTA),
                     ASSAY_SHARE_APPLIED);
    cr_assert_eq(put(b, ASSAY_SHARE_MEMBERS_MAX - 1, 99, 0), ASSAY_SHARE_NO_ROOM);
    cr_assert_eq(drop(b, 0, 0), ASSAY_SHARE_APPLIED);
    cr_assert_eq(put(b, ASSAY_SHARE_MEMBERS_MAX - 1, 99, 0), ASSAY_SHARE_NO_ROOM);
    done(b);
}

/* --- which records bring one into being */

Test(share_ids, a_put_is_valid_for_64_epochs_and_in_its_era)
{
    struct bench *b = seated();
    const struct assay_share_put_record old = put_of(b, 7, 1), older = put_of(b, 7, 2);
    struct assay_share_put_record later = old;
    later.birth.epoch++;
    cr_assert_eq(assay_share_registry_apply_put(b->r, 0, &later, &b->facts), ASSAY_SHARE_LATE,
                 "an epoch that was not closed yet");
    for (uint32_t i = 0; i < ASSAY_SHARE_PUT_EPOCHS - 1; i++)
        close_epoch(b);
    cr_assert_eq(assay_share_registry_apply_put(b->r, 0, &old, &b->facts), ASSAY_SHARE_APPLIED);
    close_epoch(b);
    cr_assert_eq(assay_share_registry_apply_put(b->r, 0, &older, &b->facts), ASSAY_SHARE_LATE);
    const struct assay_share_put_record now = put_of(b, 7, 3);
    assay_share_registry_set_era(b->r, 1);
    cr_assert_eq(assay_share_registry_apply_put(b->r, 0, &now, &b->facts), ASSAY_SHARE_LATE,
                 "of the era before");
    cr_assert_eq(put(b, 0, 7, 3), ASSAY_SHARE_APPLIED);
    done(b);
}

/* Whoever kept an older record of an id that was forgotten does not keep its owner from it. */
Test(share_ids, one_that_waits_gives_way_to_a_later_record_of_its_owner)
{
    struct bench *b = seated();
    struct assay_share_put_record first = put_of(b, 7, 1);
    first.digest[0] = 1;
    cr_assert_eq(assay_share_registry_apply_put(b->r, 0, &first, &b->facts), ASSAY_SHARE_APPLIED);
    for (uint32_t i = 0; i < ASSAY_SHARE_WAITING_EPOCHS; i++)
        close_epoch(b);
    struct assay_share_put_record second = put_of(b, 7, 1), same = second;
    second.digest[0] = 2;
    same.digest[0] = 3;
    cr_assert_eq(assay_share_registry_apply_put(b->r, 9, &first, &b->facts), ASSAY_SHARE_APPLIED);
    cr_assert_eq(assay_share_registry_apply_put(b->r, 0, &second, &b->facts), ASSAY_SHARE_APPLIED);
    cr_assert_eq(row_of(b, 7, 1)->digest[0], 2);
    cr_assert_eq(row_of(b, 7, 1)->author, 0);
    cr_assert_eq(b->r->row_count, 1);
    cr_assert_eq(assay_share_registry_apply_put(b->r, 9, &first, &b->facts), ASSAY_SHARE_SAME);
    cr_assert_eq(assay_share_registry_apply_put(b->r, 9, &same, &b->facts), ASSAY_SHARE_SAME);
    sync(b, row_of(b, 7, 1));
    close_epoch(b);
    cr_assert_eq(put(b, 0, 7, 1), ASSAY_SHARE_SAME, "what is synced stays");
    cr_assert_eq(row_of(b, 7, 1)->digest[0], 2);
    done(b);
}

Test(share_ids, a_deleted_id_is_put_again_by_its_owner_alone)
{
    struct bench *b = seated();
    const struct assay_share_put_record first = put_of(b, 7, 1);
    struct assay_share_birth birth;
    cr_assert_eq(assay_share_registry_apply_put(b->r, 0, &first, &b->facts), ASSAY_SHARE_APPLIED);
    uint8_t id[32];
    assay_bytes_copy(id, 32, row_of(b, 7, 1)->id, 32);
    sync(b, row_of(b, 7, 1));
    close_epoch(b);
    const struct assay_share_put_record second = put_of(b, 7, 1); /* signed before the deletion */
    cr_assert_eq(drop(b, 7, 1), ASSAY_SHARE_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_SHARE_DELETED);
    cr_assert(assay_bytes_equal(b->facts.fact[0].id, id, 32));
    assay_share_registry_check(b->r);
    cr_assert_eq(b->r->synced_count, 0);
    for (uint32_t i = 0; i < 2 * ASSAY_SHARE_PUT_EPOCHS; i++) {
        cr_assert_eq(assay_share_registry_apply_put(b->r, 0, &first, &b->facts), ASSAY_SHARE_LATE);
        cr_assert_eq(assay_share_registry_apply_put(b->r, 0, &second, &b->facts), ASSAY_SHARE_LATE);
        cr_assert_null(row_of(b, 7, 1));
        cr_assert_eq(assay_share_registry_may_put(b->r, id, &birth), i > 0);
        if (i == 1) { /* put again, and forgotten: what was deleted before stays so */
            cr_assert_eq(put(b, 0, 7, 1), ASSAY_SHARE_APPLIED);
            for (uint32_t k = 0; k < ASSAY_SHARE_WAITING_EPOCHS; k++)
                close_epoch(b);
        }
        close_epoch(b);
    }
    cr_assert_eq(put(b, 0, 7, 1), ASSAY_SHARE_APPLIED);
    done(b);
}

/* What slots said of the shares that they have erased is of another attempt. */
Test(share_ids, what_was_said_of_a_deleted_id_does_not_count_when_it_is_put_again)
{
    struct bench *b = seated();
    cr_assert_eq(put(b, 0, 7, 1), ASSAY_SHARE_APPLIED);
    const uint64_t attempt = row_of(b, 7, 1)->attempt;
    sync(b, row_of(b, 7, 1));
    cr_assert_eq(drop(b, 7, 1), ASSAY_SHARE_APPLIED);
    cr_assert_eq(put(b, 0, 7, 1), ASSAY_SHARE_LATE, "not in the same epoch");
    close_epoch(b);
    cr_assert_eq(put(b, 0, 7, 1), ASSAY_SHARE_APPLIED);
    struct assay_share_list_record said = { .seating = seating_of(b->r, 0, 0), .count = 1 };
    said.line[0] = (struct assay_share_line){ .generation = 1, .attempt = attempt };
    assay_bytes_copy(said.line[0].id, 32, row_of(b, 7, 1)->id, 32);
    cr_assert_eq(assay_share_registry_apply_have(b->r, 0, &said, &b->facts), ASSAY_SHARE_MISMATCH);
    cr_assert_eq(row_of(b, 7, 1)->have[0], 0);
    done(b);
}

/* --- what its owner changes */

Test(share_ids, a_change_is_the_next_one_of_this_very_put_and_of_this_era)
{
    struct bench *b = seated();
    cr_assert_eq(put(b, 0, 7, 1), ASSAY_SHARE_APPLIED);
    struct assay_share_readers_record first = readers_of(b, 7, 1, 1), other;
    cr_assert_eq(assay_share_registry_apply_readers(b->r, &first, &b->facts), ASSAY_SHARE_UNKNOWN,
                 "not synced");
    sync(b, row_of(b, 7, 1));
    cr_assert_eq(assay_share_registry_apply_readers(b->r, &first, &b->facts), ASSAY_SHARE_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_SHARE_CHANGED);
    cr_assert_eq(row_of(b, 7, 1)->reader[0].name[0], 1);
    cr_assert_eq(assay_share_registry_apply_readers(b->r, &first, &b->facts), ASSAY_SHARE_LATE);
    const struct assay_share_readers_record second = readers_of(b, 7, 1, 2);
    cr_assert_eq(assay_share_registry_apply_readers(b->r, &second, &b->facts), ASSAY_SHARE_APPLIED);
    cr_assert_eq(assay_share_registry_apply_readers(b->r, &first, &b->facts), ASSAY_SHARE_LATE);
    cr_assert_eq(row_of(b, 7, 1)->reader[0].name[0], 2, "the list before does not come back");
    other = readers_of(b, 7, 1, 3);
    other.order.version++;
    cr_assert_eq(assay_share_registry_apply_readers(b->r, &other, &b->facts), ASSAY_SHARE_MISMATCH);
    other = readers_of(b, 7, 1, 3);
    other.order.birth.epoch--;
    cr_assert_eq(assay_share_registry_apply_readers(b->r, &other, &b->facts), ASSAY_SHARE_UNKNOWN);
    other = readers_of(b, 7, 1, 3);
    other.order.birth.era++;
    cr_assert_eq(assay_share_registry_apply_readers(b->r, &other, &b->facts), ASSAY_SHARE_UNKNOWN);
    other = readers_of(b, 7, 1, 3);
    other.order.owner[0]++;
    cr_assert_eq(assay_share_registry_apply_readers(b->r, &other, &b->facts), ASSAY_SHARE_UNKNOWN);
    other = readers_of(b, 7, 1, 3);
    const struct assay_share_delete_record gone = { .order = other.order };
    assay_share_registry_set_era(b->r, 1);
    cr_assert_eq(assay_share_registry_apply_readers(b->r, &other, &b->facts), ASSAY_SHARE_LATE);
    cr_assert_eq(assay_share_registry_apply_delete(b->r, &gone, &b->facts), ASSAY_SHARE_LATE);
    cr_assert_eq(drop(b, 7, 1), ASSAY_SHARE_APPLIED);
    cr_assert_eq(assay_share_registry_apply_delete(b->r, &gone, &b->facts), ASSAY_SHARE_UNKNOWN);
    done(b);
}

Test(share_ids, an_id_that_is_dealt_anew_can_be_deleted)
{
    struct bench *b = seated();
    for (uint32_t name = 1; name <= 3; name++) {
        cr_assert_eq(put(b, 0, 7, name), ASSAY_SHARE_APPLIED);
        sync(b, row_of(b, 7, name));
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct assay_share_ready_record ready = { .slot = i, .seating = seating_of(b->r, 0, i),
                                                  .count = 3 };
        assay_share_registry_root(b->r, ready.digest);
        cr_assert_eq(assay_share_registry_apply_ready(b->r, i, &ready, &b->facts),
                     ASSAY_SHARE_APPLIED);
    }
    const struct assay_share_holder_record spare = { .node = { 6 }, .key = { 9 }, .curve = { 9 } };
    cr_assert_eq(assay_share_registry_apply_holder(b->r, 6, spare.node, &spare, &b->facts),
                 ASSAY_SHARE_APPLIED);
    b->standing[4] = ASSAY_SHARE_STAND_SUSPENDED;
    close_epoch(b);
    cr_assert_eq(b->r->reshare_count, 3);
    cr_assert_eq(drop(b, 7, 2), ASSAY_SHARE_APPLIED);
    assay_share_registry_check(b->r);
    cr_assert_eq(b->r->reshare_count, 2);
    cr_assert_eq(b->r->synced_count, 2);
    close_epoch(b);
    done(b);
}

/* --- whatever they do */

enum kind { PUT, DELETE, READERS };

/* What an owner has signed, and everybody may hand in for ever. */
struct order {
    enum kind kind;
    uint32_t owner, name;
    uint32_t list; /* PUT, READERS: which readers */
    struct assay_share_put_record put;
    struct assay_share_delete_record gone;
    struct assay_share_readers_record readers;
};

struct course {
    struct bench *b;
    uint32_t signed_count;
    struct order signed_[SIGNED];
    /* As the owner means it: may it be there, and who reads it. */
    bool meant[OWNERS][NAMES];
    uint32_t list[OWNERS][NAMES]; /* of an id that is there and synced */
    uint32_t applied, refused, back, replayed;
};

static uint32_t charged(const struct course *c, const uint8_t *owner, uint32_t author)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->b->r->row_count; i++)
        count += owner != NULL ? assay_bytes_equal(c->b->r->row[i].owner, owner, 32)
                               : c->b->r->row[i].author == author;
    return count;
}

static void expect_bounds(const struct course *c)
{
    for (uint32_t owner = 0; owner < OWNERS; owner++) {
        const uint8_t key[ASSAY_P256_PUBLIC_LEN] = { (uint8_t)(owner + 1) };
        uint8_t account[32];
        assay_sha256(key, sizeof key, account);
        cr_assert_leq(charged(c, account, 0), QUOTA, "ids of owner %u", owner);
    }
    for (uint32_t author = 0; author < MEMBERS; author++)
        cr_assert_leq(charged(c, NULL, author), QUOTA, "ids of member %u", author);
}

/* Nothing is there that its owner has not put, or has deleted since; nobody reads but whom it named
 * last. Of owners that mean well. */
static void expect_as_meant(const struct course *c)
{
    for (uint32_t owner = 0; owner < HOSTILE; owner++)
        for (uint32_t name = 0; name < NAMES; name++) {
            const struct assay_share_row *row = row_of(c->b, (uint8_t)(owner + 1), name);
            if (row == NULL) continue;
            cr_assert(c->meant[owner][name], "owner %u: id %u came back", owner, name);
            if (!row->synced) continue; /* nobody reads it */
            cr_assert_eq(row->reader[0].name[0], c->list[owner][name] & 0xff,
                         "owner %u: id %u has readers of list %u, not %u", owner, name,
                         row->reader[0].name[0], c->list[owner][name]);
        }
}

static void hand_in(struct course *c, const struct order *o, uint32_t author)
{
    struct bench *b = c->b;
    enum assay_share_result result = ASSAY_SHARE_SAME;
    if (o->kind == PUT) result = assay_share_registry_apply_put(b->r, author, &o->put, &b->facts);
    if (o->kind == DELETE) result = assay_share_registry_apply_delete(b->r, &o->gone, &b->facts);
    if (o->kind == READERS)
        result = assay_share_registry_apply_readers(b->r, &o->readers, &b->facts);
    c->applied += result == ASSAY_SHARE_APPLIED;
    c->refused += result == ASSAY_SHARE_QUOTA;
    assay_share_registry_check(b->r);
}

/* An honest owner signs what is to be, sees what the ledger has, and hands it in at once. */
static void honest(struct course *c)
{
    struct bench *b = c->b;
    struct order o = { .owner = draw(b, HOSTILE), .name = draw(b, NAMES) };
    const uint8_t key = (uint8_t)(o.owner + 1);
    const struct assay_share_row *row = row_of(b, key, o.name);
    uint32_t *const list = &c->list[o.owner][o.name];
    bool *const meant = &c->meant[o.owner][o.name], was_meant = *meant;
    uint8_t id[32];
    struct assay_share_birth birth;
    o.put = put_of(b, key, o.name);
    assay_share_id(o.put.owner, o.put.name, id);
    if (row == NULL || (!row->synced && row->digest[0] != (uint8_t)*list)) {
        if (!assay_share_registry_may_put(b->r, id, &birth)) return;
        o.kind = PUT;
        *list = (*list + 1) & 0xff;
        o.put.digest[0] = o.put.reader[0].name[0] = (uint8_t)*list;
        c->back += !*meant && *list > 1;
        *meant = true;
    } else if (draw(b, 3) == 0) {
        o.kind = DELETE;
        o.gone.order = order_of(b, key, o.name);
        *meant = false;
    } else if (row->synced) {
        o.kind = READERS;
        *list = (*list + 1) & 0xff;
        o.readers = readers_of(b, key, o.name, (uint8_t)*list);
    } else {
        sync(b, row);
        return;
    }
    hand_in(c, &o, draw(b, MEMBERS));
    if (o.kind == PUT && row_of(b, key, o.name) == NULL) { /* a quota: it is not put after all, */
        *meant = was_meant;
        return; /* and the owner keeps to itself what it has signed */
    }
    if (c->signed_count < SIGNED) c->signed_[c->signed_count++] = o;
    else c->signed_[draw(b, SIGNED)] = o;
}

/* A hostile owner signs for whatever epoch, and deletes to make room for more. */
static void hostile(struct course *c)
{
    struct bench *b = c->b;
    struct order o = { .kind = PUT, .owner = HOSTILE + draw(b, OWNERS - HOSTILE),
                       .name = draw(b, NAMES) };
    const uint8_t key = (uint8_t)(draw(b, 2) == 0 ? o.owner + 1 : OWNERS + 1 + draw(b, 200));
    const struct assay_share_row *row = row_of(b, key, o.name);
    o.put = put_of(b, key, o.name);
    o.put.birth.epoch += draw(b, 3);
    if (row != NULL && !row->synced && draw(b, 2) == 0) {
        sync(b, row);
        return;
    }
    if (row != NULL) o.kind = DELETE, o.gone.order = order_of(b, key, o.name);
    hand_in(c, &o, MEMBERS - 1 - draw(b, 3)); /* through members of its own */
}

static void step(struct course *c)
{
    struct bench *b = c->b;
    const uint32_t what = draw(b, 100);
    if (what < 35) honest(c);
    else if (what < 60) hostile(c);
    else if (what < 96 && c->signed_count > 0) {
        hand_in(c, &c->signed_[draw(b, c->signed_count)], draw(b, MEMBERS));
        c->replayed++;
    } else if (what < 99) close_epoch(b);
    else if (draw(b, 6) == 0) assay_share_registry_set_era(b->r, b->r->era + 1);
}

Test(share_ids, whatever_is_handed_in_quotas_hold_and_nothing_comes_back, .timeout = 600)
{
    uint32_t applied = 0, refused = 0, back = 0, replayed = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct course *c = calloc(1, sizeof *c);
        cr_assert_not_null(c);
        c->b = seated();
        c->b->random = seed;
        for (uint32_t i = 0; i < 6000; i++) {
            step(c);
            expect_as_meant(c);
            if (i % 16 == 0) expect_bounds(c);
        }
        applied += c->applied;
        refused += c->refused;
        back += c->back;
        replayed += c->replayed;
        done(c->b);
        free(c);
    }
    cr_assert_gt(applied, 5000);
    cr_assert_gt(refused, 500);
    cr_assert_gt(back, 300, "put again after they were deleted");
    cr_assert_gt(replayed, 10000);
}

/* --- what the fuzzer of the fold begins with */

struct script {
    size_t len;
    uint8_t bytes[16384];
};

/* As tests/fuzz/services/fuzz_share_cluster.c reads it. */
enum { SCRIPT_HOLDER = 0, SCRIPT_PUT = 1, SCRIPT_HAVE = 2, SCRIPT_CLOSE = 6, SCRIPT_DELETE = 8,
       SCRIPT_READERS = 9 };

static void script_add(struct script *s, uint8_t kind, uint8_t member, struct assay_slice payload)
{
    struct assay_writer w = assay_writer_over(s->bytes + s->len, sizeof s->bytes - s->len);
    assay_writer_u8(&w, kind);
    assay_writer_u8(&w, member);
    assay_writer_u16be(&w, (uint16_t)payload.len);
    assay_writer_put(&w, payload.bytes, payload.len);
    cr_assert(!w.full);
    s->len += w.len;
}

/* Five are seated, an id is put, kept, read by others, deleted and put again. */
static void script_make(struct script *s, struct bench *b)
{
    static const uint8_t full[SLOTS] = { 3, 3, 3, 3, 3 };
    static uint8_t bytes[ASSAY_SHARE_RECORD_MAX];
    struct assay_share_list_record have = { .count = 1 };
    struct assay_slice out;
    script_add(s, SCRIPT_CLOSE, 0, assay_slice_over(full, SLOTS));
    for (uint8_t i = 0; i < SLOTS; i++) {
        struct assay_share_holder_record record = { .node = { i }, .key = { (uint8_t)(i + 1) } };
        const struct assay_secret32 seed = { { (uint8_t)(i + 1) } };
        assay_sodium_link_pair(&seed, record.link);
        cr_assert_eq(assay_share_holder_record_encode(&record, bytes, sizeof bytes, &out),
                     ASSAY_OK);
        script_add(s, SCRIPT_HOLDER, i, out);
    }
    const struct assay_share_put_record put = put_of(b, 7, 1);
    cr_assert_eq(assay_share_put_record_encode(&put, bytes, sizeof bytes, &out), ASSAY_OK);
    script_add(s, SCRIPT_PUT, 5, out);
    cr_assert_eq(assay_share_registry_apply_put(b->r, 5, &put, &b->facts), ASSAY_SHARE_APPLIED);
    have.line[0] = (struct assay_share_line){ .generation = 1,
                                              .attempt = row_of(b, 7, 1)->attempt };
    assay_bytes_copy(have.line[0].id, 32, row_of(b, 7, 1)->id, 32);
    for (uint8_t i = 0; i < SLOTS; i++) {
        have.seating = seating_of(b->r, 0, i);
        cr_assert_eq(assay_share_list_record_encode(&have, bytes, sizeof bytes, &out), ASSAY_OK);
        script_add(s, SCRIPT_HAVE, i, out);
    }
    sync(b, row_of(b, 7, 1));
    const struct assay_share_readers_record readers = readers_of(b, 7, 1, 2);
    cr_assert_eq(assay_share_readers_record_encode(&readers, bytes, sizeof bytes, &out), ASSAY_OK);
    script_add(s, SCRIPT_READERS, 6, out);
    cr_assert_eq(assay_share_registry_apply_readers(b->r, &readers, &b->facts),
                 ASSAY_SHARE_APPLIED);
    const struct assay_share_delete_record gone = { .order = order_of(b, 7, 1) };
    cr_assert_eq(assay_share_delete_record_encode(&gone, bytes, sizeof bytes, &out), ASSAY_OK);
    script_add(s, SCRIPT_DELETE, 6, out);
    script_add(s, SCRIPT_CLOSE, 0, assay_slice_over(full, SLOTS));
    close_epoch(b);
    const struct assay_share_put_record again = put_of(b, 7, 1);
    cr_assert_eq(assay_share_put_record_encode(&again, bytes, sizeof bytes, &out), ASSAY_OK);
    script_add(s, SCRIPT_PUT, 5, out);
}

Test(share_ids, the_seed_of_the_fuzzer_is_of_these_formats)
{
    static struct script s;
    struct bench *b = seated();
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    script_make(&s, b);
    const struct assay_slice made = assay_slice_over(s.bytes, s.len);
    cr_expect(assay_slice_equal(seed_of("services_share_cluster", "owners", made), made));
    done(b);
}
