/*
 * tests/unit/host/test_light_attacks.c - attacks of a host, or of nodes, on a light client
 * (docs/services.md 9): each input is refused by its name, and a refused one changes nothing.
 */
#include "host/light/light.h"

#include "engine/ledger/state/roster_digest.h"
#include "tests/unit/host/light_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS = 6 };

static const uint8_t chain[32] = { 3, 1, 4 }, other_chain[32] = { 2, 7 };
static struct light_world *world, *forger; /* the forger has none of the keys */
static struct assay_light light, before;
static struct assay_p256_signer *owner;
static uint8_t owner_key[ASSAY_P256_PUBLIC_LEN];

static void start_at(const struct light_world *w, uint64_t epoch, const uint8_t *key)
{
    struct assay_checkpoint checkpoint;
    const struct assay_light_epoch base = light_world_epoch(w, epoch);
    light_world_checkpoint(w, epoch, &checkpoint);
    assay_light_init(&light, &checkpoint, key);
    cr_assert_eq(assay_light_take_base(&light, base.boundary, base.rows), ASSAY_LIGHT_TAKEN);
}

static void set_up(void)
{
    const struct assay_secret32 secret = { { 42, 42 } };
    world = light_world_new(chain, MEMBERS, 1);
    forger = light_world_new(chain, MEMBERS, 2);
    cr_assert_eq(assay_p256_public(&secret, owner_key), ASSAY_OK);
    cr_assert_eq(assay_p256_signer_load(&secret, &owner), ASSAY_OK);
    start_at(world, 0, owner_key);
}

static void tear_down(void)
{
    light_world_free(world);
    light_world_free(forger);
    assay_p256_signer_free(&owner);
}

TestSuite(light_attacks, .init = set_up, .fini = tear_down);

static bool is_unchanged(void)
{
    const struct assay_light_table *a = &before.table, *b = &light.table;
    return assay_bytes_equal(before.at.chain_id, light.at.chain_id, 32) &&
           assay_bytes_equal(before.at.id, light.at.id, 32) && before.at.era == light.at.era &&
           assay_bytes_equal(before.at.roster_digest, light.at.roster_digest, 32) &&
           before.at.epoch == light.at.epoch && before.at.time_ms == light.at.time_ms &&
           before.has_table == light.has_table && before.has_state == light.has_state &&
           before.service_count == light.service_count && a->count == b->count &&
           a->total_weight == b->total_weight &&
           assay_bytes_equal(a->voter, b->voter, sizeof a->voter);
}

static enum assay_light_answer take_input(const struct assay_light_epoch *e)
{
    before = light;
    const enum assay_light_answer answer = assay_light_take_epoch(&light, e);
    if (answer != ASSAY_LIGHT_TAKEN) cr_assert(is_unchanged(), "%s", assay_light_text(answer));
    return answer;
}

static enum assay_light_answer take(const struct light_world *w, uint64_t epoch)
{
    const struct assay_light_epoch e = light_world_epoch(w, epoch);
    return take_input(&e);
}

/* Closes with this, and what a client with the voters of before answers. */
static enum assay_light_answer close_with(const struct light_close *how)
{
    light_world_close(world, how);
    return take(world, light_world_at(world));
}

/* --- which network, era and epoch */

Test(light_attacks, another_network_is_refused)
{
    struct light_world *other = light_world_new(other_chain, MEMBERS, 1);
    light_world_close(other, NULL);
    cr_expect_eq(take(other, 1), ASSAY_LIGHT_OTHER_CHAIN, "the same keys vote there");
    light_world_free(other);
}

Test(light_attacks, votes_of_another_network_do_not_count)
{
    struct light_world *other = light_world_new(other_chain, MEMBERS, 1);
    light_world_close(other, NULL);
    light_world_close(world, NULL);
    struct assay_light_epoch e = light_world_epoch(world, 1);
    e.finality = light_world_epoch(other, 1).finality;
    cr_expect_eq(take_input(&e), ASSAY_LIGHT_OTHER_CHAIN);
    light_world_free(other);
}

Test(light_attacks, another_era_is_refused_whichever_keys_sign)
{
    cr_expect_eq(close_with(&(struct light_close){ .era = 1 }), ASSAY_LIGHT_OTHER_ERA);
    start_at(world, 1, NULL);
    cr_expect_eq(close_with(NULL), ASSAY_LIGHT_TAKEN, "era 1 follows itself");
}

Test(light_attacks, an_epoch_that_is_not_later_is_refused)
{
    for (int i = 0; i < 3; i++)
        light_world_close(world, NULL);
    cr_expect_eq(take(world, 2), ASSAY_LIGHT_TAKEN);
    cr_expect_eq(take(world, 1), ASSAY_LIGHT_OLDER);
    cr_expect_eq(take(world, 2), ASSAY_LIGHT_OLDER, "the same epoch again");
    cr_expect_eq(take(world, 3), ASSAY_LIGHT_TAKEN);
}

/* --- time */

Test(light_attacks, time_goes_on_or_the_epoch_is_refused)
{
    cr_expect_eq(close_with(&(struct light_close){ .time_ms = LIGHT_WORLD_TIME_MS }),
                 ASSAY_LIGHT_TIME_BACK, "equal");
    cr_expect_eq(close_with(&(struct light_close){ .time_ms = LIGHT_WORLD_TIME_MS - 1 }),
                 ASSAY_LIGHT_TIME_BACK);
    cr_expect_eq(close_with(&(struct light_close){ .time_ms = LIGHT_WORLD_TIME_MS + 1 }),
                 ASSAY_LIGHT_TAKEN);
}

Test(light_attacks, keys_are_trusted_for_the_trusting_period_alone)
{
    const uint64_t until = LIGHT_WORLD_TIME_MS + UINT64_C(1000) * ASSAY_TRUSTING_PERIOD_S;
    cr_expect_eq(close_with(&(struct light_close){ .time_ms = until + 1 }),
                 ASSAY_LIGHT_TRUST_EXPIRED);
    cr_expect_eq(close_with(&(struct light_close){ .time_ms = until }), ASSAY_LIGHT_TAKEN,
                 "exactly so long");
    cr_expect_eq(close_with(&(struct light_close){ .time_ms = until + 2 }), ASSAY_LIGHT_TAKEN,
                 "it is counted from the newest trusted epoch");
}

/* --- votes */

Test(light_attacks, keys_that_are_not_trusted_do_not_count)
{
    light_world_close(forger, NULL);
    cr_expect_eq(take(forger, 1), ASSAY_LIGHT_VOTERS_CHANGED, "a forged table and its votes");
    cr_expect_eq(close_with(&(struct light_close){ .by = forger }), ASSAY_LIGHT_VOTERS_CHANGED,
                 "the true table, signed by others");
}

Test(light_attacks, two_thirds_of_the_weight_are_not_enough)
{
    cr_expect_eq(close_with(&(struct light_close){ .signers = 4 }), ASSAY_LIGHT_VOTERS_CHANGED,
                 "4 of 6");
    cr_expect_eq(close_with(&(struct light_close){ .signers = 5 }), ASSAY_LIGHT_TAKEN);
}

Test(light_attacks, weight_counts_and_not_heads)
{
    light_world_set(world, 0, 100 * LIGHT_WORLD_WEIGHT, 0, false);
    cr_expect_eq(close_with(NULL), ASSAY_LIGHT_TAKEN);
    cr_expect_eq(close_with(&(struct light_close){ .silent = 1 }), ASSAY_LIGHT_VOTERS_CHANGED,
                 "five of six heads");
    cr_expect_eq(close_with(&(struct light_close){ .signers = 1 }), ASSAY_LIGHT_TAKEN,
                 "one head with 95 %% of the weight");
}

Test(light_attacks, the_weights_of_before_count_and_not_those_that_it_brings)
{
    light_world_set(world, 0, 100 * LIGHT_WORLD_WEIGHT, 0, false);
    cr_expect_eq(close_with(&(struct light_close){ .signers = 1 }), ASSAY_LIGHT_VOTERS_CHANGED);
}

Test(light_attacks, votes_of_voters_that_left_do_not_count)
{
    for (uint32_t i = 0; i < 5; i++)
        light_world_set(world, i, 0, 0, false);
    for (uint32_t i = 0; i < 5; i++)
        light_world_add(world, 1);
    cr_expect_eq(close_with(NULL), ASSAY_LIGHT_TAKEN, "they vote for their own removal");
    /* Their old keys sign on, for a table of their own. */
    light_world_close(forger, &(struct light_close){ .by = world });
    light_world_close(forger, &(struct light_close){ .by = world });
    cr_expect_eq(take(forger, 2), ASSAY_LIGHT_VOTERS_CHANGED);
}

Test(light_attacks, a_key_that_was_replaced_does_not_count)
{
    struct light_world *old = light_world_new(chain, MEMBERS, 1); /* it has the keys of before */
    for (uint32_t i = 0; i < 3; i++)
        light_world_set(world, i, LIGHT_WORLD_WEIGHT, 7, false);
    cr_expect_eq(close_with(NULL), ASSAY_LIGHT_TAKEN);
    cr_expect_eq(close_with(&(struct light_close){ .by = old }), ASSAY_LIGHT_VOTERS_CHANGED);
    light_world_free(old);
}

Test(light_attacks, votes_of_another_type_epoch_or_block_finalise_nothing)
{
    cr_expect_eq(close_with(&(struct light_close){ .notarise = true }), ASSAY_LIGHT_NOT_FINAL);
    cr_expect_eq(close_with(&(struct light_close){ .signed_epoch = 1 }), ASSAY_LIGHT_OTHER_BLOCK);
    cr_expect_eq(close_with(&(struct light_close){ .other_block = true }), ASSAY_LIGHT_OTHER_BLOCK);
    light_world_close(world, NULL);
    struct assay_light_epoch e = light_world_epoch(world, light_world_at(world));
    e.finality = light_world_epoch(world, 3).finality;
    cr_expect_eq(take_input(&e), ASSAY_LIGHT_OTHER_BLOCK);
}

Test(light_attacks, tails_are_few_and_lead_to_the_block)
{
    cr_expect_eq(close_with(&(struct light_close){ .tails = ASSAY_LIGHT_TAILS_MAX + 1 }),
                 ASSAY_LIGHT_LONG_TAIL);
    cr_expect_eq(close_with(&(struct light_close){ .tails = 3, .other_tail = true }),
                 ASSAY_LIGHT_OTHER_BLOCK);
    cr_expect_eq(close_with(&(struct light_close){ .tails = 3 }), ASSAY_LIGHT_TAKEN);
}

/* --- state and table */

Test(light_attacks, a_leaf_that_is_not_of_the_state_is_refused)
{
    cr_expect_eq(close_with(&(struct light_close){ .other_state = true }), ASSAY_LIGHT_OTHER_STATE);
    cr_expect_eq(close_with(&(struct light_close){ .other_chain = true }), ASSAY_LIGHT_OTHER_STATE,
                 "leaf 0 is of another chain than its header");
}

/* The rows of an epoch, decoded, changed by a test and encoded again. */
struct rows {
    uint32_t count;
    struct assay_roster_row row[MEMBERS + 2];
    uint8_t bytes[(MEMBERS + 2) * ASSAY_ROSTER_ROW_LEN_MAX];
};

static void read_rows(struct rows *rows, struct assay_slice bytes)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    for (rows->count = 0; assay_cursor_left(&c) > 0; rows->count++)
        cr_assert_eq(assay_roster_row_decode(&c, &rows->row[rows->count]), ASSAY_OK);
}

static struct assay_slice write_rows(struct rows *rows)
{
    struct assay_writer w = assay_writer_over(rows->bytes, sizeof rows->bytes);
    for (uint32_t i = 0; i < rows->count; i++)
        assay_roster_row_encode(&rows->row[i], &w);
    cr_assert(!w.full);
    return assay_slice_over(rows->bytes, w.len);
}

static enum assay_light_answer take_rows(struct rows *rows)
{
    struct assay_light_epoch e = light_world_epoch(world, 1);
    e.rows = write_rows(rows);
    return take_input(&e);
}

Test(light_attacks, a_forged_table_is_refused)
{
    struct rows true_rows, rows;
    light_world_set(world, 2, 2 * LIGHT_WORLD_WEIGHT, 9, false);
    light_world_close(world, NULL);
    read_rows(&true_rows, light_world_epoch(world, 1).rows);
    rows = true_rows;
    rows.row[0].weight++;
    cr_expect_eq(take_rows(&rows), ASSAY_LIGHT_OTHER_VOTERS, "another weight");
    rows = true_rows;
    rows.row[0].voting_public[5] ^= 1;
    cr_expect_eq(take_rows(&rows), ASSAY_LIGHT_OTHER_VOTERS, "another key");
    rows = true_rows;
    rows.row[0] = true_rows.row[1];
    rows.row[1] = true_rows.row[0];
    cr_expect_eq(take_rows(&rows), ASSAY_LIGHT_OTHER_VOTERS, "another order");
    rows = true_rows;
    rows.count--;
    cr_expect_eq(take_rows(&rows), ASSAY_LIGHT_OTHER_VOTERS, "one is missing");
    rows = true_rows;
    rows.row[rows.count++] = true_rows.row[0];
    cr_expect_eq(take_rows(&rows), ASSAY_LIGHT_OTHER_VOTERS, "one more");
    struct assay_light_epoch e = light_world_epoch(world, 1);
    e.rows = light_world_epoch(world, 0).rows;
    cr_expect_eq(take_input(&e), ASSAY_LIGHT_OTHER_VOTERS, "the table of before");
    cr_expect_eq(take_rows(&true_rows), ASSAY_LIGHT_TAKEN);
}

/* Voters of a network that is not honest may certify any table; a key counts once in it. */
Test(light_attacks, tables_that_no_network_has_are_refused)
{
    struct light_world *twin = light_world_new(chain, MEMBERS, 1);
    light_world_add(twin, 1);
    struct assay_checkpoint checkpoint;
    struct rows rows;
    struct assay_merkle tree;
    light_world_checkpoint(twin, 0, &checkpoint);
    read_rows(&rows, light_world_epoch(twin, 0).rows);
    assay_bytes_copy(rows.row[1].voting_public, 64, rows.row[0].voting_public, 64);
    assay_roster_begin(&tree, chain, 0, rows.count);
    for (uint32_t i = 0; i < rows.count; i++)
        assay_roster_add(&tree, &rows.row[i]);
    assay_merkle_root(&tree, checkpoint.roster_digest);
    const struct assay_slice none = assay_slice_over(NULL, 0);
    assay_light_init(&light, &checkpoint, NULL);
    cr_expect_eq(assay_light_take_base(&light, none, write_rows(&rows)), ASSAY_LIGHT_BAD_TABLE);
    cr_expect_not(light.has_table);
    light_world_free(twin);
    for (uint32_t i = 0; i < MEMBERS; i++)
        light_world_set(world, i, 0, 0, false);
    start_at(world, 0, NULL);
    cr_expect_eq(close_with(NULL), ASSAY_LIGHT_BAD_TABLE, "a key twice, or no voter");
}

Test(light_attacks, more_voters_than_a_network_may_have_are_refused)
{
    struct light_world *large = light_world_new(chain, ASSAY_LIGHT_VOTERS_MAX, 1);
    struct assay_checkpoint checkpoint;
    const struct assay_slice none = assay_slice_over(NULL, 0);
    light_world_add(large, 1);
    light_world_close(large, NULL);
    light_world_checkpoint(large, 1, &checkpoint);
    assay_light_init(&light, &checkpoint, NULL);
    cr_expect_eq(assay_light_take_base(&light, none, light_world_epoch(large, 1).rows),
                 ASSAY_LIGHT_BAD_TABLE);
    cr_expect_eq(take(large, 1), ASSAY_LIGHT_NO_TABLE);
    light_world_free(large);
}

Test(light_attacks, the_base_is_the_checkpoint_s_own)
{
    struct assay_checkpoint checkpoint;
    light_world_set(world, 1, LIGHT_WORLD_WEIGHT, 9, false);
    light_world_close(world, NULL);
    light_world_close(world, NULL);
    light_world_checkpoint(world, 1, &checkpoint);
    assay_light_init(&light, &checkpoint, NULL);
    const struct assay_light_epoch right = light_world_epoch(world, 1);
    cr_expect_eq(assay_light_take_base(&light, light_world_epoch(world, 2).boundary, right.rows),
                 ASSAY_LIGHT_OTHER_BLOCK);
    cr_expect_eq(assay_light_take_base(&light, right.boundary, light_world_epoch(world, 0).rows),
                 ASSAY_LIGHT_OTHER_VOTERS);
    cr_expect_not(light.has_table || light.has_state);
    cr_expect_eq(assay_light_take_base(&light, right.boundary, right.rows), ASSAY_LIGHT_TAKEN);
}

/* --- bytes */

enum { PARTS = 3 };

static struct assay_slice *part_of(struct assay_light_epoch *e, int part)
{
    struct assay_slice *const parts[PARTS] = { &e->boundary, &e->finality, &e->rows };
    return parts[part];
}

Test(light_attacks, every_truncation_and_every_byte_more_is_refused)
{
    light_world_set(world, 2, 2 * LIGHT_WORLD_WEIGHT, 9, false);
    light_world_close(world, &(struct light_close){ .tails = 2, .signers = 5 });
    for (int part = 0; part < PARTS; part++) {
        struct assay_light_epoch e = light_world_epoch(world, 1);
        struct assay_slice *const slice = part_of(&e, part);
        const size_t len = slice->len;
        uint8_t *longer = calloc(1, len + 1);
        assay_bytes_copy(longer, len + 1, slice->bytes, len);
        for (size_t cut = 0; cut <= len + 1; cut++) {
            uint8_t *exact = malloc(cut + (cut == 0)); /* one byte too far is seen */
            assay_bytes_copy(exact, cut, longer, cut);
            *slice = assay_slice_over(exact, cut);
            if (cut != len) cr_assert_neq(take_input(&e), ASSAY_LIGHT_TAKEN, "%zu", cut);
            free(exact);
        }
        free(longer);
    }
    cr_expect_eq(take(world, 1), ASSAY_LIGHT_TAKEN);
}

Test(light_attacks, every_changed_byte_is_refused)
{
    light_world_set(world, 2, 2 * LIGHT_WORLD_WEIGHT, 9, false);
    light_world_close(world, &(struct light_close){ .tails = 2, .signers = 5 });
    for (int part = 0; part < PARTS; part++) {
        struct assay_light_epoch e = light_world_epoch(world, 1);
        struct assay_slice *const slice = part_of(&e, part);
        uint8_t *bytes = malloc(slice->len);
        assay_bytes_copy(bytes, slice->len, slice->bytes, slice->len);
        *slice = assay_slice_over(bytes, slice->len);
        for (size_t i = 0; i < slice->len; i++) {
            bytes[i] ^= (uint8_t)(1U << i % 8);
            /* Changes of rows that the boundary lists beside are no input of this client. */
            if (take_input(&e) == ASSAY_LIGHT_TAKEN)
                cr_assert_eq(part, 0, "byte %zu of part %d", i, part);
            light = before;
            bytes[i] ^= (uint8_t)(1U << i % 8);
        }
        free(bytes);
    }
}

/* --- the owner */

struct signed_checkpoint {
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX], signature[ASSAY_P256_SIGNATURE_LEN];
    size_t len;
};

static void sign_checkpoint(const struct light_world *w, uint64_t epoch,
                            struct signed_checkpoint *s)
{
    struct assay_checkpoint checkpoint;
    struct assay_writer writer = assay_writer_over(s->bytes, sizeof s->bytes);
    uint8_t digest[32];
    light_world_checkpoint(w, epoch, &checkpoint);
    cr_assert_eq(assay_checkpoint_encode(&checkpoint, &writer), ASSAY_OK);
    s->len = writer.len;
    assay_light_owner_digest(assay_slice_over(s->bytes, s->len), digest);
    cr_assert_eq(assay_p256_sign(owner, digest, s->signature), ASSAY_OK);
}

static enum assay_light_answer take_checkpoint(const struct light_world *w, uint64_t epoch,
                                               const struct signed_checkpoint *s)
{
    before = light;
    const enum assay_light_answer answer = assay_light_take_checkpoint(
        &light, assay_slice_over(s->bytes, s->len), s->signature, light_world_epoch(w, epoch).rows);
    if (answer != ASSAY_LIGHT_TAKEN) cr_assert(is_unchanged(), "%s", assay_light_text(answer));
    return answer;
}

Test(light_attacks, only_the_pinned_owner_leads_over_a_recover_or_the_trusting_period)
{
    struct signed_checkpoint s;
    const uint64_t late = LIGHT_WORLD_TIME_MS + UINT64_C(2000) * ASSAY_TRUSTING_PERIOD_S;
    cr_expect_eq(close_with(NULL), ASSAY_LIGHT_TAKEN);
    cr_expect_eq(close_with(&(struct light_close){ .era = 1, .time_ms = late }),
                 ASSAY_LIGHT_OTHER_ERA);
    sign_checkpoint(world, 2, &s);
    s.signature[9] ^= 1;
    cr_expect_eq(take_checkpoint(world, 2, &s), ASSAY_LIGHT_NOT_OWNER);
    s.signature[9] ^= 1;
    light.has_owner = false;
    cr_expect_eq(take_checkpoint(world, 2, &s), ASSAY_LIGHT_NO_OWNER);
    light.has_owner = true;
    cr_expect_eq(take_checkpoint(world, 2, &s), ASSAY_LIGHT_TAKEN);
    cr_expect_eq(light.at.era, 1);
    cr_expect_not(light.has_state, "its documents are unknown until its boundary is taken");
    cr_expect_eq(close_with(NULL), ASSAY_LIGHT_TAKEN);
}

Test(light_attacks, a_checkpoint_of_the_owner_goes_forward_alone)
{
    struct signed_checkpoint s;
    for (int i = 0; i < 3; i++)
        light_world_close(world, NULL);
    cr_expect_eq(take(world, 2), ASSAY_LIGHT_TAKEN);
    sign_checkpoint(world, 1, &s);
    cr_expect_eq(take_checkpoint(world, 1, &s), ASSAY_LIGHT_OLDER);
    sign_checkpoint(world, 2, &s);
    cr_expect_eq(take_checkpoint(world, 2, &s), ASSAY_LIGHT_OLDER);
    sign_checkpoint(world, 3, &s);
    cr_expect_eq(take_checkpoint(world, 3, &s), ASSAY_LIGHT_TAKEN);
    light_world_close(world, &(struct light_close){ .time_ms = light.at.time_ms });
    sign_checkpoint(world, 4, &s);
    cr_expect_eq(take_checkpoint(world, 4, &s), ASSAY_LIGHT_TIME_BACK);
}

Test(light_attacks, a_checkpoint_of_the_owner_is_of_the_pinned_network_and_has_its_voters)
{
    struct signed_checkpoint s;
    struct light_world *other = light_world_new(other_chain, MEMBERS, 1);
    light_world_close(other, NULL);
    light_world_close(world, NULL);
    light_world_close(forger, NULL);
    sign_checkpoint(other, 1, &s);
    cr_expect_eq(take_checkpoint(other, 1, &s), ASSAY_LIGHT_OTHER_CHAIN);
    sign_checkpoint(world, 1, &s);
    cr_expect_eq(take_checkpoint(forger, 1, &s), ASSAY_LIGHT_OTHER_VOTERS);
    s.len--;
    cr_expect_eq(take_checkpoint(world, 1, &s), ASSAY_LIGHT_NOT_READ);
    light_world_free(other);
}

Test(light_attacks, every_answer_has_its_sentence)
{
    for (int i = ASSAY_LIGHT_TAKEN; i <= ASSAY_LIGHT_NOT_OWNER; i++) {
        const char *text = assay_light_text((enum assay_light_answer)i);
        cr_expect_gt(strlen(text), 5);
        cr_expect_neq(strcmp(text, "unknown"), 0);
        for (int j = 0; j < i; j++)
            cr_expect_neq(strcmp(text, assay_light_text((enum assay_light_answer)j)), 0);
    }
}
