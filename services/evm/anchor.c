/*
 * services/evm/anchor.c - encoder of calls to AssayAnchor (docs/services.md 8.2).
 */
#include "services/evm/anchor.h"

#include "base/crypto.h"
#include "base/merkle.h"

enum { ADVANCE_WORDS = 9 };

void assay_evm_anchor_row(const uint8_t voting_public[static 64], uint32_t weight,
                          uint8_t row[static ASSAY_EVM_ROW_LEN])
{
    struct assay_writer w = assay_writer_over(row, ASSAY_EVM_ROW_LEN);
    assay_writer_put(&w, voting_public, 64);
    assay_writer_u32be(&w, weight);
    ASSAY_ASSERT(!w.full && w.len == ASSAY_EVM_ROW_LEN);
}

void assay_evm_anchor_root(const struct assay_evm_anchored *a, uint8_t root[static 32])
{
    static const char type[] = "assay/anchor/v1";
    uint8_t bytes[sizeof type + 4 + 8 + 3 * 32];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_writer_put(&w, type, sizeof type - 1);
    assay_writer_put(&w, a->chain_id, 32);
    assay_writer_u32be(&w, a->era);
    assay_writer_u64be(&w, a->epoch);
    assay_writer_put(&w, a->scores, 32);
    assay_writer_put(&w, a->voters, 32);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, root);
}

static void hash_node(const uint8_t left[static 32], const uint8_t right[static 32],
                      uint8_t hash[static 32])
{
    static const uint8_t inner = 1;
    const struct assay_slice pieces[] = { assay_slice_over(&inner, 1), assay_slice_over(left, 32),
                                          assay_slice_over(right, 32) };
    assay_sha256_pieces(pieces, 3, hash);
}

void assay_evm_anchor_lead(const uint8_t anchor[static 32], const uint8_t leaf[static 32],
                           const uint8_t (*path)[32], size_t path_len, uint8_t root[static 32])
{
    uint8_t hash[32];
    assay_merkle_leaf_hash(anchor, 32, hash);
    hash_node(leaf, hash, hash);
    for (size_t i = 0; i < path_len; i++)
        hash_node(hash, path[i], hash);
    assay_bytes_copy(root, 32, hash, 32);
}

void assay_evm_anchor_put_arguments(struct assay_writer *w, const struct assay_evm_anchored *from)
{
    assay_abi_put_word(w, from->chain_id);
    assay_abi_put_uint(w, from->era);
    assay_abi_put_uint(w, from->epoch);
    assay_abi_put_uint(w, from->time_ms);
    assay_abi_put_word(w, from->voters);
    assay_abi_put_word(w, from->scores);
}

static size_t tails_len(const struct assay_evm_advance *a)
{
    ASSAY_ASSERT(a->tails != NULL || a->tail_count == 0);
    size_t len = assay_abi_words_len(a->tail_count);
    for (size_t i = 0; i < a->tail_count; i++)
        len += assay_abi_tail_len(a->tails[i].len);
    return len;
}

/* An array of byte strings: its length, their offsets, then the strings. */
static void put_tails(struct assay_writer *w, const struct assay_evm_advance *a)
{
    size_t at = ASSAY_ABI_WORD_LEN * a->tail_count;
    assay_abi_put_uint(w, a->tail_count);
    for (size_t i = 0; i < a->tail_count; i++) {
        assay_abi_put_uint(w, at);
        at += assay_abi_tail_len(a->tails[i].len);
    }
    for (size_t i = 0; i < a->tail_count; i++)
        assay_abi_put_tail(w, a->tails[i]);
}

void assay_evm_anchor_put_advance(struct assay_writer *w, const struct assay_evm_advance *a)
{
    ASSAY_ASSERT(a->path != NULL || a->path_len == 0);
    size_t at = ASSAY_ABI_WORD_LEN * ADVANCE_WORDS;
    assay_abi_put_selector(
        w, "advance(bytes,bytes[],bytes,uint256,bytes,bytes32,bytes32[],bytes32,bytes32)");
    assay_abi_put_uint(w, at);
    at += assay_abi_tail_len(a->header.len);
    assay_abi_put_uint(w, at);
    at += tails_len(a);
    assay_abi_put_uint(w, at);
    at += assay_abi_tail_len(a->rows.len);
    assay_abi_put_word(w, a->signers);
    assay_abi_put_uint(w, at);
    at += assay_abi_tail_len(a->signatures.len);
    assay_abi_put_word(w, a->leaf);
    assay_abi_put_uint(w, at);
    assay_abi_put_word(w, a->voters);
    assay_abi_put_word(w, a->scores);
    assay_abi_put_tail(w, a->header);
    put_tails(w, a);
    assay_abi_put_tail(w, a->rows);
    assay_abi_put_tail(w, a->signatures);
    assay_abi_put_words(w, a->path, a->path_len);
}

uint64_t assay_evm_path_sides(uint64_t index, uint64_t count, size_t path_len)
{
    ASSAY_ASSERT(index < count && path_len <= 64);
    uint64_t sides = 0, last = count - 1;
    for (size_t i = 0; i < path_len; i++) {
        if (index % 2 == 1 || index == last) {
            sides |= UINT64_C(1) << i;
            /* A last node with an even index has no neighbour on these levels. */
            while (index % 2 == 0 && index != 0) {
                index /= 2;
                last /= 2;
            }
        }
        index /= 2;
        last /= 2;
    }
    return sides;
}
