/*
 * tests/unit/engine/ledger/test_declaration.c - tests of declared roots of workload keys: what
 * evidence of an epoch binds, what a close certifies, when keys are active (docs/protocol.md 2.16).
 */
#include "engine/ledger/records/record.h"
#include "engine/ledger/state/declaration.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t a[32] = { 1 }, b[32] = { 2 };

static bool is_root(const struct assay_declaration *d, uint64_t epoch, const uint8_t *root)
{
    const uint8_t *found = assay_declaration_root_at(d, epoch);
    if (found == NULL || root == NULL) return found == root;
    return assay_bytes_equal(found, root, 32);
}

Test(engine_declaration, a_root_holds_from_its_epoch_to_the_next)
{
    struct assay_declaration d = { 0 };
    cr_expect(is_root(&d, 5, NULL));
    assay_declaration_set(&d, 5, a);
    cr_expect(is_root(&d, 4, NULL) && is_root(&d, 5, a) && is_root(&d, 100, a));
    assay_declaration_set(&d, 7, b);
    cr_expect(is_root(&d, 6, a) && is_root(&d, 7, b));
    assay_declaration_set(&d, 7, a);
    cr_expect(is_root(&d, 6, a) && is_root(&d, 7, a), "the last for an epoch counts");
    assay_declaration_set(&d, 9, NULL);
    cr_expect(is_root(&d, 8, a) && is_root(&d, 9, NULL), "the level was reverted");
}

/* A proof may be about the running epoch and the 8 before it. */
Test(engine_declaration, what_a_proof_may_be_about_is_kept_and_nothing_else)
{
    struct assay_declaration d = { 0 };
    for (uint64_t epoch = 1; epoch <= 40; epoch++) {
        uint8_t root[32] = { 0 };
        root[0] = (uint8_t)epoch;
        assay_declaration_set(&d, epoch, root);
        for (uint64_t past = epoch > 8 ? epoch - 8 : 1; past <= epoch; past++) {
            root[0] = (uint8_t)past;
            cr_expect(is_root(&d, past, root), "epoch %d of %d", (int)past, (int)epoch);
        }
        cr_expect_leq(d.count, ASSAY_DECLARED_ROOTS_MAX);
    }
    const uint32_t full = d.count;
    assay_declaration_set(&d, 60, a);
    cr_expect_eq(full, 9);
    cr_expect_eq(d.count, 2, "of the older one its last epoch is in reach");
}

static void close_with(struct assay_declaration *d, uint64_t epoch, bool pass, bool bound)
{
    assay_declaration_on_close(d, &(struct assay_declaration_close){
                                      .epoch = epoch, .certified_pass = pass, .bound = bound });
}

static enum assay_keys_state state_at(const struct assay_declaration *d, uint64_t closed,
                                      uint64_t pass_epoch)
{
    return assay_declaration_state(
        d, &(struct assay_keys_facts){ .closed = closed,
                                       .pass_epoch = pass_epoch,
                                       .standing = ASSAY_STANDING_WARNING,
                                       .min_standing = ASSAY_STANDING_WARNING,
                                       .serves = true });
}

Test(engine_declaration, keys_are_active_while_the_newest_pass_bound_them)
{
    struct assay_declaration d = { 0 };
    assay_declaration_set(&d, 5, a);
    cr_expect_eq(state_at(&d, 5, 4), ASSAY_KEYS_UNBOUND, "declared is not attested");
    close_with(&d, 5, true, true);
    cr_expect_eq(d.keys_epoch, 5);
    cr_expect(assay_bytes_equal(d.keys_root, a, 32));
    cr_expect_eq(state_at(&d, 5, 5), ASSAY_KEYS_ACTIVE);
    close_with(&d, 6, true, false);
    cr_expect_eq(state_at(&d, 6, 6), ASSAY_KEYS_UNBOUND, "a PASS without them");
    close_with(&d, 7, true, true);
    cr_expect_eq(state_at(&d, 7, 7), ASSAY_KEYS_ACTIVE);
}

Test(engine_declaration, held_epochs_activate_nothing_and_three_are_the_most)
{
    struct assay_declaration d = { 0 };
    assay_declaration_set(&d, 5, a);
    close_with(&d, 5, false, false);
    cr_expect_eq(state_at(&d, 5, 4), ASSAY_KEYS_UNBOUND);
    close_with(&d, 6, true, true);
    for (uint64_t closed = 7; closed <= 9; closed++) {
        close_with(&d, closed, false, false);
        cr_expect_eq(state_at(&d, closed, 6), ASSAY_KEYS_ACTIVE, "after %d", (int)closed);
    }
    cr_expect_eq(state_at(&d, 10, 6), ASSAY_KEYS_OLD);
}

Test(engine_declaration, keys_end_with_standing_maintenance_and_membership)
{
    struct assay_declaration d = { 0 };
    assay_declaration_set(&d, 5, a);
    close_with(&d, 5, true, true);
    struct assay_keys_facts f = { .closed = 5,
                                  .pass_epoch = 5,
                                  .standing = ASSAY_STANDING_WARNING,
                                  .min_standing = ASSAY_STANDING_WARNING,
                                  .serves = true };
    cr_expect_eq(assay_declaration_state(&d, &f), ASSAY_KEYS_ACTIVE);
    f.standing = ASSAY_STANDING_RESTRICTED;
    cr_expect_eq(assay_declaration_state(&d, &f), ASSAY_KEYS_STANDING);
    f.min_standing = ASSAY_STANDING_RESTRICTED;
    cr_expect_eq(assay_declaration_state(&d, &f), ASSAY_KEYS_ACTIVE);
    f.maintenance = true;
    cr_expect_eq(assay_declaration_state(&d, &f), ASSAY_KEYS_MAINTENANCE);
    f.serves = false;
    cr_expect_eq(assay_declaration_state(&d, &f), ASSAY_KEYS_STAGE);
    assay_declaration_on_close(
        &d, &(struct assay_declaration_close){
                .epoch = 6, .certified_pass = true, .bound = true, .ended = true });
    cr_expect_eq(d.keys_epoch, 0, "another incarnation, whatever was voted");
}

/* Members of weight 1, each on a platform of its own: what the others report when f of them are
 * absent or say otherwise, and what f liars alone can report. */
Test(engine_declaration, less_than_a_third_neither_ends_keys_nor_certifies_them)
{
    for (uint64_t n = 1; n <= 100; n++)
        for (uint64_t f = 0; 3 * f < n; f++) {
            cr_expect_eq(assay_declaration_is_bound(n - 1 - f, n), n > 3 || 3 * (n - 1) > n,
                         "%u of %u are absent", (unsigned)f, (unsigned)n);
            cr_expect_not(assay_declaration_is_bound(f, n));
        }
    cr_expect(assay_declaration_is_bound(57, 100), "its platform has 10, those that are absent 33");
}

/* Of a certified PASS whose votes all say so, which is more than a third (7.2), none may end. */
Test(engine_declaration, more_than_a_third_of_the_table_binds)
{
    cr_expect(assay_declaration_is_bound(2, 5), "half of the electorate, the others saw it late");
    cr_expect(assay_declaration_is_bound(34, 100));
    cr_expect_not(assay_declaration_is_bound(33, 99));
    cr_expect_not(assay_declaration_is_bound(0, 0));
    cr_expect_not(assay_declaration_is_bound(30, 90), "members of one platform have 60");
    cr_expect(assay_declaration_is_bound(31, 90));
}

Test(engine_declaration, has_one_encoding)
{
    struct assay_declaration d = { 0 }, read;
    uint8_t bytes[1024], again[1024];
    for (uint64_t epoch = 1; epoch <= 9; epoch++) {
        uint8_t root[32] = { (uint8_t)epoch };
        assay_declaration_set(&d, epoch, epoch == 4 ? NULL : root);
    }
    close_with(&d, 9, true, true);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_declaration_put(&w, &d);
    struct assay_cursor c = assay_cursor_over(bytes, w.len);
    cr_assert_eq(assay_declaration_read(&c, &read), ASSAY_OK);
    cr_expect_eq(c.pos, w.len);
    cr_expect_eq(read.count, d.count);
    for (uint64_t epoch = 1; epoch <= 9; epoch++)
        cr_expect(is_root(&read, epoch, assay_declaration_root_at(&d, epoch)));
    for (size_t len = 0; len < w.len; len++) {
        c = assay_cursor_over(bytes, len);
        cr_expect_neq(assay_declaration_read(&c, &read), ASSAY_OK);
    }
    for (size_t bit = 0; bit < 8 * w.len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        c = assay_cursor_over(bytes, w.len);
        if (assay_declaration_read(&c, &read) == ASSAY_OK) {
            struct assay_writer v = assay_writer_over(again, sizeof again);
            assay_declaration_put(&v, &read);
            cr_expect(v.len == c.pos && assay_bytes_equal(again, bytes, v.len), "bit %zu", bit);
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* A wrong code is a wrong outcome (E5), as a wrong level is. */
Test(engine_declaration, a_ballot_that_says_the_wrong_keys_is_false)
{
    for (int level = ASSAY_OUTCOME_PASS_UP_TO_DATE; level <= ASSAY_OUTCOME_PASS_OUT_OF_DATE;
         level++) {
        const enum assay_outcome truth = (enum assay_outcome)level;
        const uint8_t with = (uint8_t)level, without = (uint8_t)(level + ASSAY_VOTE_NO_KEYS);
        cr_expect_eq(assay_record_falsehood(with, true, truth, false), ASSAY_FALSE_NONE);
        cr_expect_eq(assay_record_falsehood(without, true, truth, true), ASSAY_FALSE_NONE);
        cr_expect_eq(assay_record_falsehood(with, true, truth, true), ASSAY_FALSE_PASS);
        cr_expect_eq(assay_record_falsehood(without, true, truth, false), ASSAY_FALSE_FAIL);
        cr_expect_eq(assay_record_falsehood(without, false, truth, false), ASSAY_FALSE_PASS);
        cr_expect_eq(assay_record_falsehood(without, true, ASSAY_OUTCOME_FAIL_HARD, false),
                     ASSAY_FALSE_PASS);
    }
    cr_expect_eq(assay_record_falsehood(ASSAY_OUTCOME_PASS_OUT_OF_DATE + ASSAY_VOTE_NO_KEYS, true,
                                        ASSAY_OUTCOME_PASS_UP_TO_DATE, true),
                 ASSAY_FALSE_FAIL, "a level is a statement there, too");
}

Test(engine_declaration, codes_without_keys_are_valid_where_evidence_binds_keys_alone)
{
    for (unsigned code = 0; code < 16; code++) {
        const uint8_t row[1] = { (uint8_t)(code << 4) };
        const bool without = code >= 12 && code <= 14;
        cr_expect_eq(assay_votes_row_valid(row, 1, 2, 0), code < 8, "code %u", code);
        cr_expect_eq(assay_votes_row_valid_keyed(row, 1, 2, 0), code < 8 || without);
        cr_expect_eq(assay_votes_without_keys((uint8_t)code), without);
        const unsigned outcome = code < 8 ? code : without ? code - 8 : ASSAY_OUTCOME_NONE;
        cr_expect_eq((unsigned)assay_votes_outcome((uint8_t)code), outcome);
    }
    cr_expect_not(assay_votes_row_valid_keyed((uint8_t[]){ 12 }, 1, 2, 0), "on its own slot");
}
