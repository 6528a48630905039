/*
 * services/continuity/row.c - codec of instance rows, the tree over them, and proofs of single rows
 * (docs/services.md 1.3.4).
 */
#include "services/continuity/row.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "services/continuity/group_internal.h"

enum { LEAF_ITEMS = 16, PROOF_ITEMS = 3 };

static const char leaf_type[] = "assay/group/row/v1";
static const char proof_type[] = "assay/group/row-proof/v1";

_Static_assert(ASSAY_CONT_INSTANCES_MAX <= 1 << ASSAY_CONT_ROW_PATH_MAX,
               "a path of so many hashes leads to every row");

/* --- codec */

void assay_cont_row_encode(struct assay_writer *w, const struct assay_cont_instance_row *row)
{
    assay_cbor_put_bytes(w, row->instance, 32);
    assay_cbor_put_uint(w, row->birth.era);
    assay_cbor_put_uint(w, row->birth.epoch);
    assay_cbor_put_uint(w, row->payer);
    assay_cbor_put_uint(w, (uint64_t)row->kept | (uint64_t)row->retired << 1);
    assay_cbor_put_uint(w, row->session);
    assay_cbor_put_uint(w, row->author);
    assay_cbor_put_uint(w, row->epoch);
    assay_cbor_put_uint(w, row->in_epoch);
    assay_cont_contact_encode(w, &row->contact);
    assay_cbor_put_uint(w, row->lease);
    assay_cbor_put_uint(w, row->shown);
    assay_cbor_put_uint(w, row->renewed);
}

static enum assay_status decode_u32(struct assay_cursor *c, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, max, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

enum assay_status assay_cont_row_decode(struct assay_cursor *c, struct assay_cont_instance_row *row)
{
    uint32_t flags = 0;
    *row = (struct assay_cont_instance_row){ 0 };
    ASSAY_TRY(assay_cbor_bytes_exact(c, row->instance, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_CONT_ERA_MAX, &row->birth.era));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &row->birth.epoch));
    ASSAY_TRY(decode_u32(c, ASSAY_CONT_SLOTS_MAX, &row->payer));
    ASSAY_TRY(decode_u32(c, 3, &flags));
    row->kept = (flags & 1) != 0;
    row->retired = (flags & 2) != 0;
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &row->session));
    ASSAY_TRY(decode_u32(c, ASSAY_CONT_SLOTS_MAX, &row->author));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &row->epoch));
    ASSAY_TRY(decode_u32(c, ASSAY_CONT_SESSIONS_EPOCH_MAX, &row->in_epoch));
    ASSAY_TRY(assay_cont_contact_decode(c, &row->contact));
    ASSAY_TRY(decode_u32(c, UINT32_MAX, &row->lease));
    ASSAY_TRY(assay_cbor_uint(c, &row->shown));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &row->renewed));
    /* A row without a lease has no proven state. */
    if (row->lease == 0 && (row->shown > 0 || row->renewed > 0)) return ASSAY_E_INVALID;
    if (row->session == 0 || row->in_epoch == 0 || row->in_epoch > row->session)
        return ASSAY_E_RANGE;
    return ASSAY_OK;
}

/* In: leaf[ASSAY_CONT_ROW_LEAF_LEN_MAX]. */
static struct assay_slice leaf_of(uint32_t group, const struct assay_cont_instance_row *row,
                                  uint8_t leaf[static ASSAY_CONT_ROW_LEAF_LEN_MAX])
{
    struct assay_slice out;
    struct assay_writer w = assay_writer_over(leaf, ASSAY_CONT_ROW_LEAF_LEN_MAX);
    assay_cbor_put_array(&w, LEAF_ITEMS);
    assay_cbor_put_text(&w, leaf_type);
    assay_cbor_put_uint(&w, group);
    assay_cont_row_encode(&w, row);
    const enum assay_status status = assay_writer_finish(&w, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    return out;
}

static enum assay_status decode_leaf(uint32_t group, struct assay_slice leaf,
                                     struct assay_cont_instance_row *row)
{
    struct assay_cursor c = assay_cursor_over(leaf.bytes, leaf.len);
    uint32_t number = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, LEAF_ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(&c, leaf_type));
    ASSAY_TRY(decode_u32(&c, UINT32_MAX, &number));
    if (number != group) return ASSAY_E_CHAIN;
    ASSAY_TRY(assay_cont_row_decode(&c, row));
    return assay_cursor_end(&c);
}

/* --- the tree */

static const struct assay_cont_instance_row *row_at(const struct assay_cont_group *group,
                                                    uint32_t index)
{
    ASSAY_ASSERT(index < group->instance_count);
    ASSAY_ASSERT(group->by_name[index] < group->instances_max);
    return &group->instance[group->by_name[index]];
}

static void hash_row(const struct assay_cont_group *group, uint32_t index,
                     uint8_t hash[static 32])
{
    uint8_t bytes[ASSAY_CONT_ROW_LEAF_LEN_MAX];
    const struct assay_slice leaf = leaf_of(group->home.group, row_at(group, index), bytes);
    assay_merkle_leaf_hash(leaf.bytes, leaf.len, hash);
}

void assay_cont_rows_of(const struct assay_cont_group *group, struct assay_cont_rows *rows)
{
    struct assay_merkle tree;
    uint8_t hash[32];
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < group->instance_count; i++) {
        hash_row(group, i, hash);
        assay_merkle_add_hash(&tree, hash);
    }
    *rows = (struct assay_cont_rows){ .group = group->home.group, .count = group->instance_count };
    assay_merkle_root(&tree, rows->root);
}

void assay_cont_row_tree_grow(struct assay_cont_row_tree *tree,
                              const struct assay_cont_group *group)
{
    ASSAY_ASSERT(group->instance_count <= ASSAY_CONT_INSTANCES_MAX);
    tree->count = group->instance_count;
    for (uint32_t i = 0; i < tree->count; i++)
        hash_row(group, i, tree->nodes[i]);
    if (tree->count > 0) assay_merkle_grow(tree->nodes, tree->count);
}

/* --- proofs */

/* The first row whose name is not below this one. */
static uint32_t rank_of(const struct assay_cont_group *group, const uint8_t instance[static 32])
{
    uint32_t low = 0, high = group->instance_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (assay_bytes_compare(row_at(group, middle)->instance, instance, 32) < 0)
            low = middle + 1;
        else high = middle;
    }
    return low;
}

static void encode_leaf(struct assay_writer *w, const struct assay_cont_row_tree *tree,
                        const struct assay_cont_group *group, uint32_t index)
{
    uint8_t bytes[ASSAY_CONT_ROW_LEAF_LEN_MAX], path[ASSAY_CONT_ROW_PATH_MAX][32];
    const struct assay_slice leaf = leaf_of(group->home.group, row_at(group, index), bytes);
    size_t len = 0;
    const enum assay_status status =
        assay_merkle_path_in((const uint8_t(*)[32])tree->nodes, tree->count, index, path,
                             ASSAY_CONT_ROW_PATH_MAX, &len);
    ASSAY_ASSERT(status == ASSAY_OK);
    ASSAY_ASSERT(len <= ASSAY_CONT_ROW_PATH_MAX);
    assay_cbor_put_array(w, 3);
    assay_cbor_put_uint(w, index);
    assay_cbor_put_bytes(w, leaf.bytes, leaf.len);
    assay_cbor_put_array(w, len);
    for (size_t i = 0; i < len; i++)
        assay_cbor_put_bytes(w, path[i], 32);
}

enum assay_status assay_cont_row_prove(const struct assay_cont_row_tree *tree,
                                       const struct assay_cont_group *group,
                                       const uint8_t instance[static 32], struct assay_writer *w)
{
    struct assay_slice all;
    const size_t start = w->len;
    const uint32_t count = tree->count, at = rank_of(group, instance);
    ASSAY_ASSERT(count == group->instance_count);
    const bool has_row =
        at < count && assay_bytes_equal(row_at(group, at)->instance, instance, 32);
    const uint32_t first = has_row || at == 0 ? at : at - 1;
    const uint32_t end = at < count ? at + 1 : count;
    ASSAY_ASSERT(first <= end && end - first <= ASSAY_CONT_ROW_LEAVES_MAX);
    assay_cbor_put_array(w, PROOF_ITEMS);
    assay_cbor_put_text(w, proof_type);
    assay_cbor_put_uint(w, group->home.group);
    assay_cbor_put_array(w, end - first);
    for (uint32_t i = first; i < end; i++)
        encode_leaf(w, tree, group, i);
    ASSAY_ASSERT(w->full || w->len - start <= ASSAY_CONT_ROW_PROOF_LEN_MAX);
    return assay_writer_finish(w, &all);
}

/* A leaf under the root. */
struct witness {
    uint32_t index;
    struct assay_cont_instance_row row;
};

static enum assay_status decode_leaf_proof(struct assay_cursor *c,
                                           const struct assay_cont_rows *rows,
                                           struct witness *witness)
{
    uint8_t hash[32], path[ASSAY_CONT_ROW_PATH_MAX][32];
    struct assay_slice leaf;
    uint64_t len = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, 3));
    ASSAY_TRY(decode_u32(c, ASSAY_CONT_INSTANCES_MAX - 1, &witness->index));
    if (witness->index >= rows->count) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_CONT_ROW_LEAF_LEN_MAX, &leaf));
    ASSAY_TRY(decode_leaf(rows->group, leaf, &witness->row));
    ASSAY_TRY(assay_cbor_array(c, ASSAY_CONT_ROW_PATH_MAX, &len));
    for (uint64_t i = 0; i < len; i++)
        ASSAY_TRY(assay_cbor_bytes_exact(c, path[i], 32));
    assay_merkle_leaf_hash(leaf.bytes, leaf.len, hash);
    /* The number of rows fixes the length of a path: no other is accepted. */
    return assay_merkle_verify(hash, witness->index, rows->count, (const uint8_t(*)[32])path,
                               (size_t)len, rows->root)
               ? ASSAY_OK
               : ASSAY_E_INVALID;
}

/* Whether an instance is not among the rows: they ascend, and its place would be between two of
 * them, before the first, or behind the last. */
static bool has_no_row(const struct assay_cont_rows *rows, const uint8_t instance[static 32],
                       const struct witness *witness, uint64_t count)
{
    ASSAY_ASSERT(count <= ASSAY_CONT_ROW_LEAVES_MAX);
    if (count == 0) return rows->count == 0;
    const bool is_behind = assay_bytes_compare(witness[0].row.instance, instance, 32) < 0;
    if (count == 1)
        return is_behind ? witness[0].index == rows->count - 1 : witness[0].index == 0;
    return is_behind && assay_bytes_compare(instance, witness[1].row.instance, 32) < 0 &&
           witness[1].index == witness[0].index + 1;
}

enum assay_status assay_cont_row_verify(const struct assay_cont_rows *rows,
                                        const uint8_t instance[static 32],
                                        struct assay_slice proof,
                                        struct assay_cont_row_proven *proven)
{
    struct assay_cursor c = assay_cursor_over(proof.bytes, proof.len);
    struct witness witness[ASSAY_CONT_ROW_LEAVES_MAX];
    uint32_t group = 0;
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, PROOF_ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(&c, proof_type));
    ASSAY_TRY(decode_u32(&c, UINT32_MAX, &group));
    if (group != rows->group) return ASSAY_E_CHAIN;
    ASSAY_TRY(assay_cbor_array(&c, ASSAY_CONT_ROW_LEAVES_MAX, &count));
    for (uint64_t i = 0; i < count; i++)
        ASSAY_TRY(decode_leaf_proof(&c, rows, &witness[i]));
    ASSAY_TRY(assay_cursor_end(&c));
    if (count == 1 && assay_bytes_equal(witness[0].row.instance, instance, 32)) {
        *proven = (struct assay_cont_row_proven){ .has_row = true,
                                                  .index = witness[0].index,
                                                  .row = witness[0].row };
        return ASSAY_OK;
    }
    if (!has_no_row(rows, instance, witness, count)) return ASSAY_E_STRANGER;
    *proven = (struct assay_cont_row_proven){ .has_row = false };
    return ASSAY_OK;
}
