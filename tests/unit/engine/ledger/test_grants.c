/*
 * tests/unit/engine/ledger/test_grants.c - tests of granted names: of a verdict, in rows and bodies
 * of ballots, in the state of a member (docs/protocol.md 2.17).
 */
#include "engine/ledger/records/record.h"
#include "engine/ledger/state/declaration.h"
#include "engine/ledger/state/grants.h"
#include "quote/accept/policy.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t list[32] = { 1 };
/* Digests of three names, not in order. */
static const uint8_t api[32] = { 7 }, db[32] = { 3 }, web[32] = { 5 };

/* --- of a verdict */

static struct assay_grant_reference reference(uint32_t field, uint32_t len, uint8_t first)
{
    return (struct assay_grant_reference){ .field = field, .value_len = len, .value = { first } };
}

/* Two names: `api` for either of two builds, `db` for the second of them. */
static struct assay_grants two_names(void)
{
    struct assay_grants g = { .count = 2, .digest = { 1 } };
    g.name[0].reference_count = 2;
    g.name[0].reference[0] = reference(ASSAY_REFERENCE_MRENCLAVE, 32, 7);
    g.name[0].reference[1] = reference(ASSAY_REFERENCE_MRENCLAVE, 32, 8);
    g.name[1].reference_count = 1;
    g.name[1].reference[0] = reference(ASSAY_REFERENCE_MRENCLAVE, 32, 8);
    return g;
}

static struct assay_verdict verdict_of(uint32_t field, uint8_t first, uint32_t len,
                                       enum assay_measured_state state)
{
    struct assay_verdict v;
    uint8_t value[ASSAY_MEASUREMENT_MAX] = { first };
    assay_verdict_init(&v, ASSAY_KIND_SOFT, 100);
    v.has_claims = true;
    v.appraised = true;
    v.tcb_status = ASSAY_TCB_UP_TO_DATE;
    assay_verdict_add_measured(&v, field, state, value, len);
    return v;
}

static uint8_t names_of(struct assay_verdict v)
{
    const struct assay_grants g = two_names();
    assay_verdict_conclude(&v);
    return assay_grants_of_verdict(&g, &v);
}

Test(engine_grants, a_verdict_has_the_names_of_the_values_that_it_measures)
{
    const uint32_t field = ASSAY_REFERENCE_MRENCLAVE;
    cr_expect_eq(names_of(verdict_of(field, 7, 32, ASSAY_MEASURED_ALLOWED)), 1);
    cr_expect_eq(names_of(verdict_of(field, 8, 32, ASSAY_MEASURED_ALLOWED)), 3);
    cr_expect_eq(names_of(verdict_of(field, 8, 32, ASSAY_MEASURED_RETIRING)), 3);
    cr_expect_eq(names_of(verdict_of(field, 9, 32, ASSAY_MEASURED_ALLOWED)), 0, "another value");
    cr_expect_eq(names_of(verdict_of(field, 8, 48, ASSAY_MEASURED_ALLOWED)), 0, "a longer one");
    cr_expect_eq(names_of(verdict_of(ASSAY_REFERENCE_MRSIGNER, 8, 32, ASSAY_MEASURED_ALLOWED)), 0,
                 "of another field");
    const struct assay_verdict v = verdict_of(field, 8, 32, ASSAY_MEASURED_ALLOWED);
    cr_expect_eq(assay_grants_of_verdict(NULL, &v), 0, "a plan without names");
}

/* What no reference value of the policy accepts may be a claim that nothing proves. */
Test(engine_grants, a_value_that_the_policy_does_not_accept_has_no_name)
{
    const uint32_t field = ASSAY_REFERENCE_MRENCLAVE;
    cr_expect_eq(names_of(verdict_of(field, 8, 32, ASSAY_MEASURED_FREE)), 0);
    cr_expect_eq(names_of(verdict_of(field, 8, 32, ASSAY_MEASURED_SVN)), 0);
    cr_expect_eq(names_of(verdict_of(field, 8, 32, ASSAY_MEASURED_UNKNOWN)), 0);
    cr_expect_eq(names_of(verdict_of(field, 8, 32, ASSAY_MEASURED_DENIED)), 0);
}

Test(engine_grants, a_verdict_that_does_not_pass_has_none)
{
    struct assay_verdict v = verdict_of(ASSAY_REFERENCE_MRENCLAVE, 8, 32, ASSAY_MEASURED_ALLOWED);
    assay_verdict_add(&v, ASSAY_RULE_MEASUREMENT_DENIED, 0, NULL, NULL);
    cr_expect_eq(names_of(v), 0, "refused");
    v = verdict_of(ASSAY_REFERENCE_MRENCLAVE, 8, 32, ASSAY_MEASURED_ALLOWED);
    assay_verdict_add(&v, ASSAY_RULE_SVN_MINIMUM, 0, NULL, NULL);
    cr_expect_eq(names_of(v), 0, "old");
    v = verdict_of(ASSAY_REFERENCE_MRENCLAVE, 8, 32, ASSAY_MEASURED_ALLOWED);
    v.appraised = false;
    cr_expect_eq(names_of(v), 0, "left open");
}

/* --- rows */

static size_t row_of(uint8_t *row, size_t capacity, uint32_t members, uint32_t names)
{
    const size_t len = assay_grants_row_len(members, names);
    cr_assert_leq(len, capacity);
    memset(row, 0, capacity);
    return len;
}

Test(engine_grants, a_row_has_the_bits_of_each_slot)
{
    uint8_t row[64];
    for (uint32_t names = 1; names <= ASSAY_GRANTS_MAX; names++) {
        for (uint32_t members = 1; members <= 40; members++) {
            const uint8_t all = (uint8_t)((1u << names) - 1);
            const size_t len = row_of(row, sizeof row, members, names);
            cr_assert_eq(len, (members * names + 7) / 8);
            for (uint32_t i = 0; i < members; i++)
                assay_grants_row_add(row, names, i, (uint8_t)(i * 37) & all);
            for (uint32_t i = 0; i < members; i++)
                cr_assert_eq(assay_grants_row_get(row, names, i), (uint8_t)(i * 37) & all);
            for (size_t i = len; i < sizeof row; i++)
                cr_assert_eq(row[i], 0, "nothing behind the row");
        }
    }
}

/* Five slots, three names: 15 bits. Slot 1 passes with its keys, slot 2 without, slot 3 fails. */
Test(engine_grants, a_row_from_outside_has_names_of_those_that_pass_with_their_keys_alone)
{
    uint8_t votes[3] = { 0 }, row[3] = { 0 };
    assay_votes_row_set(votes, 1, ASSAY_OUTCOME_PASS_OUT_OF_DATE);
    assay_votes_row_set(votes, 2, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    assay_votes_row_set_without_keys(votes, 2);
    assay_votes_row_set(votes, 3, ASSAY_OUTCOME_FAIL_SOFT);
    cr_expect(assay_grants_row_valid(assay_slice_over(row, 2), 3, 5, votes));
    cr_expect_not(assay_grants_row_valid(assay_slice_over(row, 1), 3, 5, votes));
    cr_expect_not(assay_grants_row_valid(assay_slice_over(row, 3), 3, 5, votes));
    for (uint32_t slot = 0; slot < 5; slot++) {
        for (uint32_t k = 0; k < 3; k++) {
            memset(row, 0, sizeof row);
            assay_grants_row_add(row, 3, slot, (uint8_t)(1u << k));
            cr_expect_eq(assay_grants_row_valid(assay_slice_over(row, 2), 3, 5, votes), slot == 1,
                         "slot %u, name %u", slot, k);
        }
    }
    memset(row, 0, sizeof row);
    row[1] = 0x80;
    cr_expect_not(assay_grants_row_valid(assay_slice_over(row, 2), 3, 5, votes), "a spare bit");
}

/* --- bodies of ballots */

enum { MEMBERS = 5, BODY_LEN = ASSAY_BALLOT_FIXED_LEN_MAX + 64 };

static size_t encode(const struct assay_ballot *b, uint8_t *body)
{
    struct assay_writer w = assay_writer_over(body, BODY_LEN);
    assay_ballot_encode(b, &w);
    cr_assert_not(w.full);
    return w.len;
}

static struct assay_ballot ballot_with(uint32_t names, const uint8_t *row)
{
    static const uint8_t votes[3] = { 0x41, 0x11, 0x01 };
    struct assay_ballot b = { .era = 1, .epoch = 9, .incarnation = 1, .level = 7 };
    b.row = assay_slice_over(votes, sizeof votes);
    if (names == 0) return b;
    b.grants.names = names;
    b.grants.row = assay_slice_over(row, assay_grants_row_len(MEMBERS, names));
    assay_bytes_copy(b.grants.digest, 32, list, 32);
    return b;
}

Test(engine_grants, a_ballot_has_them_behind_its_level)
{
    const uint8_t row[5] = { 1, 2, 3, 4, 5 };
    uint8_t body[BODY_LEN], plain[BODY_LEN], again[BODY_LEN];
    struct assay_ballot read;
    const struct assay_ballot without = ballot_with(0, row);
    const size_t plain_len = encode(&without, plain);
    for (uint32_t names = 1; names <= ASSAY_GRANTS_MAX; names++) {
        const struct assay_ballot b = ballot_with(names, row);
        const size_t len = encode(&b, body);
        cr_assert_eq(body[0], 0x8e, "fourteen items");
        cr_assert_arr_eq(body + 1, plain + 1, plain_len - 1, "and the rest as it was");
        cr_assert_eq(assay_ballot_decode(assay_slice_over(body, len), &read), ASSAY_OK);
        cr_expect_eq(read.grants.names, names);
        cr_expect(assay_slice_equal(read.grants.row, b.grants.row));
        cr_expect_arr_eq(read.grants.digest, list, 32);
        cr_expect_eq(encode(&read, again), len);
        cr_expect_arr_eq(again, body, len);
        cr_expect_leq(len, assay_ballot_len_max(MEMBERS, names));
        for (size_t cut = 0; cut < len; cut++)
            cr_expect_neq(assay_ballot_decode(assay_slice_over(body, cut), &read), ASSAY_OK);
        cr_expect_eq(assay_ballot_decode(assay_slice_over(body, len + 1), &read), ASSAY_E_TRAILING);
    }
    cr_assert_eq(assay_ballot_decode(assay_slice_over(plain, plain_len), &read), ASSAY_OK);
    cr_expect_eq(read.grants.names, 0);
}

Test(engine_grants, a_ballot_has_one_encoding)
{
    const uint8_t row[5] = { 1, 2, 3, 4, 5 };
    uint8_t body[BODY_LEN], again[BODY_LEN];
    struct assay_ballot read;
    const struct assay_ballot b = ballot_with(3, row);
    const size_t len = encode(&b, body);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        body[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (assay_ballot_decode(assay_slice_over(body, len), &read) == ASSAY_OK) {
            cr_assert_eq(encode(&read, again), len, "bit %zu", bit);
            cr_expect_arr_eq(again, body, len, "bit %zu", bit);
        }
        body[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    const size_t at_names = len - 1 - assay_grants_row_len(MEMBERS, 3) - 1;
    cr_assert_eq(body[at_names], 3);
    body[at_names] = 0;
    cr_expect_eq(assay_ballot_decode(assay_slice_over(body, len), &read), ASSAY_E_ENCODING,
                 "no names are left out");
    body[at_names] = ASSAY_GRANTS_MAX + 1;
    cr_expect_eq(assay_ballot_decode(assay_slice_over(body, len), &read), ASSAY_E_RANGE);
}

Test(engine_grants, a_ballot_grants_by_the_list_that_it_names)
{
    const uint8_t row[5] = { 0 };
    const struct assay_ballot b = ballot_with(2, row), none = ballot_with(0, row);
    struct assay_grants g = two_names();
    cr_expect(assay_ballot_grants_by(&b.grants, &g));
    cr_expect_not(assay_ballot_grants_by(&b.grants, NULL));
    cr_expect_not(assay_ballot_grants_by(&none.grants, &g));
    g.count = 3;
    cr_expect_not(assay_ballot_grants_by(&b.grants, &g), "as many as the list has");
    g = two_names();
    g.digest[31] ^= 1;
    cr_expect_not(assay_ballot_grants_by(&b.grants, &g), "another list");
}

/* --- wrong ones (E5) */

Test(engine_grants, a_name_too_many_is_a_false_pass_and_one_too_few_a_false_fail)
{
    for (unsigned said = 0; said < 8; said++) {
        for (unsigned truth = 0; truth < 8; truth++) {
            const enum assay_falsehood expected = said == truth             ? ASSAY_FALSE_NONE
                                                  : (said & ~truth & 7) > 0 ? ASSAY_FALSE_PASS
                                                                            : ASSAY_FALSE_FAIL;
            cr_expect_eq(assay_record_grants_falsehood((uint8_t)said, (uint8_t)truth), expected,
                         "%u of %u", said, truth);
        }
    }
}

/* --- the state */

static struct assay_declaration declared(void)
{
    static const uint8_t root[32] = { 9 };
    struct assay_declaration d = { 0 };
    assay_declaration_set(&d, 5, root);
    return d;
}

/* By a plan with api, db and web, in this order. */
static void close_epoch(struct assay_declaration *d, uint64_t epoch, bool pass, uint8_t granted)
{
    assay_declaration_on_close(d, &(struct assay_declaration_close){ .epoch = epoch,
                                                                     .certified_pass = pass,
                                                                     .bound = pass,
                                                                     .name_count = 3,
                                                                     .names = { api, db, web },
                                                                     .granted = granted });
}

static void expect_grants(const struct assay_declaration *d, uint8_t expected, const char *when)
{
    const uint8_t *const names[] = { api, db, web };
    uint32_t count = 0;
    for (uint32_t k = 0; k < 3; k++) {
        const bool is_expected = (expected >> k & 1) != 0;
        count += is_expected;
        cr_expect_eq(assay_declaration_has_grant(d, names[k]), is_expected, "%s: %u", when, k);
    }
    cr_expect_eq(d->grant_count, count, "%s", when);
    cr_expect_not(assay_declaration_has_grant(d, list), "%s: of none of them", when);
}

Test(engine_grants, names_are_those_of_the_pass_that_bound_the_keys)
{
    struct assay_declaration d = declared();
    close_epoch(&d, 5, true, 5);
    expect_grants(&d, 5, "bound");
    close_epoch(&d, 6, false, 0);
    expect_grants(&d, 5, "a HELD epoch ends nothing");
    close_epoch(&d, 7, true, 7);
    expect_grants(&d, 7, "the newest PASS decides");
    close_epoch(&d, 8, true, 0);
    expect_grants(&d, 0, "none");
    cr_expect_gt(d.keys_epoch, 0, "the keys go on");
}

Test(engine_grants, names_end_with_the_keys)
{
    struct assay_declaration d = declared();
    struct assay_declaration_close close = {
        .epoch = 6, .certified_pass = true, .name_count = 3, .names = { api, db, web }
    };
    close_epoch(&d, 5, true, 1);
    assay_declaration_on_close(&d, &close);
    expect_grants(&d, 0, "a PASS without keys");
    close_epoch(&d, 7, true, 1);
    close = (struct assay_declaration_close){
        .epoch = 8, .ended = true, .name_count = 3, .names = { api, db, web }
    };
    assay_declaration_on_close(&d, &close);
    expect_grants(&d, 0, "another incarnation");
}

/* A name whose row the new plan does not have, or has with other values; others go on. */
Test(engine_grants, a_name_that_the_plan_has_no_more_ends_and_others_go_on)
{
    struct assay_declaration d = declared();
    struct assay_declaration_close close = { .epoch = 6, .name_count = 2, .names = { db, list } };
    close_epoch(&d, 5, true, 7);
    assay_declaration_on_close(&d, &close);
    expect_grants(&d, 2, "two of three ended, in a HELD epoch too");
    cr_expect_eq(d.keys_epoch, 5);
    close = (struct assay_declaration_close){ .epoch = 7 };
    assay_declaration_on_close(&d, &close);
    expect_grants(&d, 0, "no list any more");
}

static size_t put(const struct assay_declaration *d, uint8_t *bytes, size_t capacity)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_declaration_put(&w, d);
    cr_assert_not(w.full);
    return w.len;
}

Test(engine_grants, a_leaf_without_names_has_the_bytes_of_lower_levels)
{
    struct assay_declaration d = declared(), read;
    uint8_t plain[256], bytes[256], again[256];
    close_epoch(&d, 5, true, 0);
    const size_t plain_len = put(&d, plain, sizeof plain);
    cr_assert_eq(plain[0], 0x83);
    close_epoch(&d, 5, true, 6);
    const size_t len = put(&d, bytes, sizeof bytes);
    cr_assert_eq(bytes[0], 0x84);
    cr_assert_arr_eq(bytes + 1, plain + 1, plain_len - 1);
    cr_assert_eq(len, plain_len + 1 + 2 * 34);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct assay_cursor c = assay_cursor_over(bytes, len);
        if (assay_declaration_read(&c, &read) == ASSAY_OK) {
            cr_expect_eq(put(&read, again, sizeof again), c.pos);
            cr_expect_arr_eq(again, bytes, c.pos, "bit %zu", bit);
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < len; cut++) {
        struct assay_cursor c = assay_cursor_over(bytes, cut);
        cr_expect_neq(assay_declaration_read(&c, &read), ASSAY_OK);
    }
    struct assay_cursor c = assay_cursor_over(bytes, len);
    cr_assert_eq(assay_declaration_read(&c, &read), ASSAY_OK);
    expect_grants(&read, 6, "read");
    assay_bytes_copy(bytes + len - 32, 32, bytes + len - 66, 32);
    c = assay_cursor_over(bytes, len);
    cr_expect_eq(assay_declaration_read(&c, &read), ASSAY_E_ENCODING, "one of them twice");
    bytes[plain_len] = 0x80;
    c = assay_cursor_over(bytes, plain_len + 1);
    cr_expect_eq(assay_declaration_read(&c, &read), ASSAY_E_ENCODING, "none are left out");
}
