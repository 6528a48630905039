/*
 * tests/unit/services/continuity/test_row.c - tests of proofs of single rows.
 *
 * Proofs of single rows (docs/services.md 1.3.4): every instance has one, of 14 hashes at most, and
 * whatever else is shown for it is refused, by somebody who has the head alone.
 */
#include "base/cbor.h"
#include "services/continuity/document.h"
#include "tests/support/depth.h"
#include "tests/support/services/row_world.h"
#include "tests/support/seed.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { GROUP = ROW_WORLD_GROUP, MEMBERS = 9 };

static const struct assay_cont_home home = { .group = GROUP };

struct world {
    struct assay_cont_group group;
    struct assay_cont_row_tree tree;
    struct assay_cont_rows rows; /* as whoever has the head alone knows them */
    uint8_t head[ASSAY_CONT_DOCUMENT_LEN_MAX];
    uint8_t bytes[ASSAY_CONT_ROW_PROOF_LEN_MAX];
};

static void fresh(struct world *w, uint32_t instances_max)
{
    free(w->group.instance);
    struct assay_cont_instance_row *rows = calloc(instances_max, sizeof *rows);
    cr_assert_not_null(rows);
    assay_cont_group_init(&w->group, &home, 3, instances_max, rows);
    static const enum assay_cont_standing full[MEMBERS] = {
        ASSAY_CONT_STAND_FULL, ASSAY_CONT_STAND_FULL, ASSAY_CONT_STAND_FULL,
        ASSAY_CONT_STAND_FULL, ASSAY_CONT_STAND_FULL, ASSAY_CONT_STAND_FULL,
        ASSAY_CONT_STAND_FULL, ASSAY_CONT_STAND_FULL, ASSAY_CONT_STAND_FULL,
    };
    static const uint16_t score[MEMBERS] = { 0 };
    assay_cont_group_set_standing(&w->group, 1, full, score, NULL, MEMBERS);
}

/* Rows that are nobody's charge, so that no quota ends them: the slot is renewed. */
static void born(struct world *w, uint32_t number)
{
    struct assay_cont_facts facts;
    const struct assay_cont_session_record record = {
        .group = GROUP,
        .birth = { .epoch = 1 },
        .instance_key = { (uint8_t)number, (uint8_t)(number >> 8) },
        .contact = { .curve = { (uint8_t)number, (uint8_t)(number >> 8), 1 },
                     .address = "host:7100",
                     .address_len = 9 },
        .expected = assay_cont_number_next(0, 0),
    };
    assay_cont_group_clear_slot(&w->group, MEMBERS - 1);
    w->group.member[MEMBERS - 1].standing = ASSAY_CONT_STAND_FULL;
    cr_assert_eq(assay_cont_group_apply_session(&w->group, MEMBERS - 1, &record, &facts),
                 ASSAY_CONT_APPLIED, "%u", number);
}

static struct assay_slice head_of(struct world *w)
{
    struct assay_slice out;
    struct assay_writer writer = assay_writer_over(w->head, sizeof w->head);
    cr_assert_eq(assay_cont_group_encode(&w->group, 0, &writer), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&writer, &out), ASSAY_OK);
    return out;
}

/* So many rows, and what a head says of them. */
static struct world *world_of(uint32_t count)
{
    struct world *w = calloc(1, sizeof *w);
    cr_assert_not_null(w);
    fresh(w, count > 0 ? count : 1);
    for (uint32_t i = 0; i < count; i++)
        born(w, i);
    assay_cont_row_tree_grow(&w->tree, &w->group);
    cr_assert_eq(assay_cont_rows_read(GROUP, head_of(w), &w->rows), ASSAY_OK);
    cr_assert_eq(w->rows.count, count);
    return w;
}

static void world_free(struct world *w)
{
    free(w->group.instance);
    free(w);
}

static struct assay_slice prove(struct world *w, const uint8_t instance[static 32])
{
    struct assay_slice out;
    struct assay_writer writer = assay_writer_over(w->bytes, sizeof w->bytes);
    cr_assert_eq(assay_cont_row_prove(&w->tree, &w->group, instance, &writer), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&writer, &out), ASSAY_OK);
    return out;
}

static const uint8_t *nth(const struct world *w, uint32_t index)
{
    return w->group.instance[w->group.by_name[index]].instance;
}

static bool is_row(const struct assay_cont_instance_row *one,
                   const struct assay_cont_instance_row *other)
{
    return assay_bytes_equal(one->instance, other->instance, 32) &&
           one->birth.epoch == other->birth.epoch && one->payer == other->payer &&
           one->kept == other->kept && one->session == other->session &&
           one->author == other->author && one->epoch == other->epoch &&
           one->in_epoch == other->in_epoch &&
           assay_bytes_equal(one->contact.curve, other->contact.curve, 32) &&
           one->contact.address_len == other->contact.address_len;
}

/* Every row, and a name before, between and behind all of them. */
static void expect_all(struct world *w, uint32_t every)
{
    struct assay_cont_row_proven proven;
    uint8_t name[32];
    for (uint32_t i = 0; i < w->rows.count; i += every) {
        const struct assay_slice proof = prove(w, nth(w, i));
        cr_assert_eq(assay_cont_row_verify(&w->rows, nth(w, i), proof, &proven), ASSAY_OK);
        cr_assert(proven.has_row);
        cr_assert_eq(proven.index, i);
        cr_assert(is_row(&proven.row, &w->group.instance[w->group.by_name[i]]));
        assay_bytes_copy(name, 32, nth(w, i), 32);
        name[31] ^= 1; /* no other hash begins with these 31 bytes */
        cr_assert_eq(assay_cont_row_verify(&w->rows, name, prove(w, name), &proven), ASSAY_OK);
        cr_assert(!proven.has_row);
    }
    for (uint32_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 32; k++)
            name[k] = i == 0 ? 0 : 255;
        cr_assert_eq(assay_cont_row_verify(&w->rows, name, prove(w, name), &proven), ASSAY_OK);
        cr_assert(!proven.has_row, "%u rows, end %u", w->rows.count, i);
    }
}

Test(row, every_instance_is_proven_to_have_its_row_or_none, .timeout = 600)
{
    for (uint32_t count = 0; count <= 35; count++) {
        struct world *w = world_of(count);
        expect_all(w, 1);
        world_free(w);
    }
}

Test(row, ten_thousand_instances_have_proofs_of_fourteen_hashes, .timeout = 600)
{
    struct world *w = world_of(ASSAY_CONT_INSTANCES_MAX);
    struct assay_cont_row_proven proven;
    expect_all(w, (uint32_t)(97 * test_every(4)));
    const struct assay_slice proof = prove(w, nth(w, 0));
    cr_expect_leq(proof.len, 1024, "%zu bytes", proof.len);
    /* The same row under another root, and of another number of rows. */
    cr_assert_eq(assay_cont_row_verify(&w->rows, nth(w, 0), proof, &proven), ASSAY_OK);
    w->rows.root[31] ^= 1;
    cr_expect_eq(assay_cont_row_verify(&w->rows, nth(w, 0), proof, &proven), ASSAY_E_INVALID);
    w->rows.root[31] ^= 1;
    w->rows.count -= 5000;
    cr_expect_eq(assay_cont_row_verify(&w->rows, nth(w, 0), proof, &proven), ASSAY_E_INVALID);
    world_free(w);
}

/* --- what is no proof */

Test(row, no_other_bytes_are_a_proof, .timeout = 600)
{
    struct assay_cont_row_proven proven;
    struct world *w = world_of(11);
    uint8_t absent[32] = { 0 };
    assay_bytes_copy(absent, 32, nth(w, 4), 32);
    absent[31] ^= 1;
    const uint8_t *const of[] = { nth(w, 0), nth(w, 5), nth(w, 10), absent };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        const struct assay_slice proof = prove(w, of[i]);
        for (size_t len = 0; len < proof.len; len++) {
            uint8_t *exact = malloc(len + 1);
            assay_bytes_copy(exact, len, proof.bytes, len);
            cr_assert_neq(assay_cont_row_verify(&w->rows, of[i], assay_slice_over(exact, len),
                                                &proven),
                          ASSAY_OK);
            free(exact);
        }
        for (size_t bit = 0; bit < 8 * proof.len; bit++) {
            w->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            cr_assert_neq(assay_cont_row_verify(&w->rows, of[i], proof, &proven), ASSAY_OK,
                          "%zu: bit %zu", i, bit);
            w->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        cr_expect_eq(assay_cont_row_verify(&w->rows, of[i],
                                           assay_slice_over(proof.bytes, proof.len + 1), &proven),
                     ASSAY_E_TRAILING);
    }
    world_free(w);
}

/* A proof by hand: leaves of these indices, each with the path of `path_of`. */
struct forged {
    uint32_t count;
    uint32_t leaf[2], index[2], path_of[2];
    size_t drop; /* hashes that are left out at the end of a path */
    size_t add;  /* and others behind it */
};

static void put_leaf(struct assay_writer *w, const struct world *world, uint32_t index)
{
    uint8_t bytes[ASSAY_CONT_ROW_LEAF_LEN_MAX];
    struct assay_writer leaf = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&leaf, 16);
    assay_cbor_put_text(&leaf, "assay/group/row/v1");
    assay_cbor_put_uint(&leaf, GROUP);
    assay_cont_row_encode(&leaf, &world->group.instance[world->group.by_name[index]]);
    assay_cbor_put_bytes(w, bytes, leaf.len);
}

static enum assay_status shown(struct world *w, const uint8_t instance[static 32],
                               const struct forged *f)
{
    struct assay_cont_row_proven proven;
    struct assay_slice out;
    struct assay_writer writer = assay_writer_over(w->bytes, sizeof w->bytes);
    assay_cbor_put_array(&writer, 3);
    assay_cbor_put_text(&writer, "assay/group/row-proof/v1");
    assay_cbor_put_uint(&writer, GROUP);
    assay_cbor_put_array(&writer, f->count);
    for (uint32_t i = 0; i < f->count; i++) {
        uint8_t path[ASSAY_MERKLE_LEVELS][32] = { { 0 } };
        size_t len = 0;
        cr_assert_eq(assay_merkle_path_in((const uint8_t(*)[32])w->tree.nodes, w->tree.count,
                                          f->path_of[i], path, ASSAY_MERKLE_LEVELS, &len),
                     ASSAY_OK);
        cr_assert_leq(f->drop, len);
        len += f->add - f->drop;
        assay_cbor_put_array(&writer, 3);
        assay_cbor_put_uint(&writer, f->index[i]);
        put_leaf(&writer, w, f->leaf[i]);
        assay_cbor_put_array(&writer, len);
        for (size_t k = 0; k < len; k++)
            assay_cbor_put_bytes(&writer, path[k], 32);
    }
    cr_assert_eq(assay_writer_finish(&writer, &out), ASSAY_OK);
    return assay_cont_row_verify(&w->rows, instance, out, &proven);
}

/* Another row, another place, another depth. */
Test(row, a_row_is_taken_at_its_place_alone)
{
    struct world *w = world_of(11);
    const uint8_t *const fifth = nth(w, 5);
    const struct forged good = { .count = 1, .leaf = { 5 }, .index = { 5 }, .path_of = { 5 } };
    cr_assert_eq(shown(w, fifth, &good), ASSAY_OK);
    struct forged f = good;
    f.leaf[0] = 4;
    cr_expect_eq(shown(w, fifth, &f), ASSAY_E_INVALID, "another row");
    cr_expect_eq(shown(w, nth(w, 4), &f), ASSAY_E_INVALID);
    f = good;
    f.index[0] = 4;
    cr_expect_eq(shown(w, fifth, &f), ASSAY_E_INVALID, "another place");
    f.index[0] = 11;
    cr_expect_eq(shown(w, fifth, &f), ASSAY_E_RANGE, "a place behind the rows");
    f.index[0] = ASSAY_CONT_INSTANCES_MAX;
    cr_expect_eq(shown(w, fifth, &f), ASSAY_E_RANGE);
    f = good;
    f.drop = 1;
    cr_expect_eq(shown(w, fifth, &f), ASSAY_E_INVALID, "a path that ends before the root");
    f = good;
    f.add = 1;
    cr_expect_eq(shown(w, fifth, &f), ASSAY_E_INVALID, "a path that goes beyond it");
    f.add = ASSAY_CONT_ROW_PATH_MAX;
    cr_expect_eq(shown(w, fifth, &f), ASSAY_E_RANGE, "a path of more hashes than any");
    cr_expect_eq(shown(w, nth(w, 3), &good), ASSAY_E_STRANGER, "a row of somebody else");
    const struct assay_cont_rows rows = w->rows;
    w->rows.group++;
    cr_expect_eq(shown(w, fifth, &good), ASSAY_E_CHAIN, "of another group");
    w->rows = rows;
    world_free(w);
}

/* Who has a row is not shown to have none, by whatever true leaves. */
Test(row, nobody_who_has_a_row_is_shown_to_have_none)
{
    struct world *w = world_of(11);
    for (uint32_t i = 0; i < 11; i++) {
        const uint8_t *const name = nth(w, i);
        const struct forged none = { .count = 0 };
        cr_expect_eq(shown(w, name, &none), ASSAY_E_STRANGER, "no rows at all");
        for (uint32_t a = 0; a < 11; a++) {
            struct forged f = { .count = 1, .leaf = { a }, .index = { a }, .path_of = { a } };
            cr_expect_eq(shown(w, name, &f), a == i ? ASSAY_OK : ASSAY_E_STRANGER);
            f.count = 2;
            for (uint32_t b = 0; b < 11; b++) {
                f.leaf[1] = f.index[1] = f.path_of[1] = b;
                cr_expect_eq(shown(w, name, &f), ASSAY_E_STRANGER, "%u: %u and %u", i, a, b);
            }
        }
    }
    world_free(w);
}

/* Who has none is shown so by its own neighbours alone. */
Test(row, neighbours_are_next_to_each_other)
{
    struct world *w = world_of(11);
    uint8_t name[32];
    assay_bytes_copy(name, 32, nth(w, 4), 32);
    name[31] ^= 1;
    const uint32_t before = assay_bytes_compare(name, nth(w, 4), 32) < 0 ? 3 : 4;
    for (uint32_t a = 0; a < 11; a++) {
        struct forged f = { .count = 1, .leaf = { a }, .index = { a }, .path_of = { a } };
        cr_expect_eq(shown(w, name, &f), ASSAY_E_STRANGER, "one row in the midst, %u", a);
        f.count = 2;
        for (uint32_t b = 0; b < 11; b++) {
            f.leaf[1] = f.index[1] = f.path_of[1] = b;
            cr_expect_eq(shown(w, name, &f),
                         a == before && b == before + 1 ? ASSAY_OK : ASSAY_E_STRANGER,
                         "%u and %u", a, b);
        }
    }
    world_free(w);
}

/* The hash of two leaves is that of a node and never that of a row: bytes that a node is made of
 * are no leaf of a tree that is less deep. */
Test(row, a_node_is_no_leaf)
{
    struct world *w = world_of(2);
    uint8_t node[64], as_leaf[32], as_node[32];
    assay_bytes_copy(node, 64, w->tree.nodes[0], 32);
    assay_bytes_copy(node + 32, 32, w->tree.nodes[1], 32);
    assay_merkle_leaf_hash(node, sizeof node, as_leaf);
    assay_bytes_copy(as_node, 32, w->rows.root, 32);
    cr_expect(!assay_bytes_equal(as_leaf, as_node, 32));
    const struct assay_cont_rows one = { .group = GROUP, .count = 1 };
    struct assay_cont_rows rows = one;
    assay_bytes_copy(rows.root, 32, w->rows.root, 32);
    struct assay_cont_row_proven proven;
    struct assay_slice out;
    struct assay_writer writer = assay_writer_over(w->bytes, sizeof w->bytes);
    assay_cbor_put_array(&writer, 3);
    assay_cbor_put_text(&writer, "assay/group/row-proof/v1");
    assay_cbor_put_uint(&writer, GROUP);
    assay_cbor_put_array(&writer, 1);
    assay_cbor_put_array(&writer, 3);
    assay_cbor_put_uint(&writer, 0);
    assay_cbor_put_bytes(&writer, node, sizeof node);
    assay_cbor_put_array(&writer, 0);
    cr_assert_eq(assay_writer_finish(&writer, &out), ASSAY_OK);
    cr_expect_neq(assay_cont_row_verify(&rows, nth(w, 0), out, &proven), ASSAY_OK);
    world_free(w);
}

/* Every item of a row is under the root. */
Test(row, a_row_that_changes_changes_the_root)
{
    struct world *w = world_of(3);
    struct assay_cont_instance_row *const row = &w->group.instance[w->group.by_name[1]];
    const struct assay_cont_instance_row kept = *row;
    struct assay_cont_rows rows;
    for (uint32_t i = 0; i < 14; i++) {
        *row = kept;
        if (i == 0) row->birth.era++;
        if (i == 1) row->birth.epoch++;
        if (i == 2) row->payer--;
        if (i == 3) row->kept = !row->kept;
        if (i == 4) row->retired = true;
        if (i == 5) row->session++;
        if (i == 6) row->author--;
        if (i == 7) row->epoch++;
        if (i == 8) row->in_epoch++;
        if (i == 9) row->contact.curve[31] ^= 1;
        if (i == 10) row->contact.address[0] = 'g';
        if (i == 11) row->lease++;
        if (i == 12) row->shown++;
        if (i == 13) row->renewed++;
        assay_cont_rows_of(&w->group, &rows);
        cr_expect(!assay_bytes_equal(rows.root, w->rows.root, 32), "item %u", i);
    }
    *row = kept;
    assay_cont_rows_of(&w->group, &rows);
    cr_expect(assay_bytes_equal(rows.root, w->rows.root, 32));
    world_free(w);
}

/* What a reader of a head takes for one: nothing else. */
Test(row, no_other_bytes_are_a_head)
{
    struct assay_cont_rows rows;
    struct world *w = world_of(3);
    const struct assay_slice head = head_of(w);
    for (size_t len = 0; len < head.len; len++)
        cr_assert_neq(assay_cont_rows_read(GROUP, assay_slice_over(head.bytes, len), &rows),
                      ASSAY_OK);
    cr_expect_eq(assay_cont_rows_read(GROUP, assay_slice_over(head.bytes, head.len + 1), &rows),
                 ASSAY_E_TRAILING);
    cr_expect_eq(assay_cont_rows_read(GROUP + 1, head, &rows), ASSAY_E_CHAIN);
    world_free(w);
}

/* --- seeds of fuzz_row: the number of rows, an instance, a proof */

Test(row, seeds_are_of_the_format_of_today)
{
    static const struct {
        const char *name;
        uint32_t rows, of; /* of: a row by name; at or behind the last: an instance without one */
    } seeds[] = { { "one_row", 1, 0 }, { "midst", 5, 2 }, { "none", 5, 5 }, { "empty", 0, 0 } };
    static uint8_t bytes[1 + 32 + ASSAY_CONT_ROW_PROOF_LEN_MAX];
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        struct world *w = calloc(1, sizeof *w);
        struct assay_cont_instance_row *rows = calloc(ROW_WORLD_ROWS, sizeof *rows);
        struct assay_cont_row_proven proven;
        uint8_t name[32] = { 3 };
        cr_assert(w != NULL && rows != NULL);
        row_world_make(&w->group, rows, seeds[i].rows);
        assay_cont_row_tree_grow(&w->tree, &w->group);
        assay_cont_rows_of(&w->group, &w->rows);
        if (seeds[i].of < seeds[i].rows) assay_bytes_copy(name, 32, nth(w, seeds[i].of), 32);
        const struct assay_slice proof = prove(w, name);
        bytes[0] = (uint8_t)seeds[i].rows;
        assay_bytes_copy(bytes + 1, 32, name, 32);
        assay_bytes_copy(bytes + 33, ASSAY_CONT_ROW_PROOF_LEN_MAX, proof.bytes, proof.len);
        const struct assay_slice seed =
            seed_of("services_row", seeds[i].name, assay_slice_over(bytes, 33 + proof.len));
        cr_assert_gt(seed.len, 33);
        cr_expect_eq(assay_cont_row_verify(&w->rows, seed.bytes + 1,
                                           assay_slice_over(seed.bytes + 33, seed.len - 33),
                                           &proven),
                     ASSAY_OK);
        cr_expect_eq(proven.has_row, seeds[i].of < seeds[i].rows);
        world_free(w);
    }
}
