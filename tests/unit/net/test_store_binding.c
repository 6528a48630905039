/*
 * tests/unit/net/test_store_binding.c - a store knows its keys, or that it is nobody's.
 */
#include "net/keys/store_binding.h"

#include "base/merkle.h"
#include "engine/consensus/block.h"
#include "engine/store/store_memory.h"

#include <criterion/criterion.h>

Test(store_binding, is_kept_as_a_whole_and_nobodys_is_told_apart)
{
    struct assay_store *store = NULL;
    struct assay_store_binding tie = { .id = { 1, 2, 3 }, .set = { 4, 5, 6 } },
                               read = { .id = { 0 } };
    const uint8_t short_value[40] = { 0 };
    const struct assay_store_key key = { .number = 1000 };
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    cr_assert_eq(assay_keyring_binding_load(store, &read), ASSAY_E_NOT_FOUND);
    cr_assert_eq(assay_keyring_binding_save(store, &tie), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    cr_assert_eq(assay_keyring_binding_load(store, &read), ASSAY_OK);
    cr_assert(assay_bytes_equal(read.id, tie.id, 32) && assay_bytes_equal(read.set, tie.set, 32));
    cr_assert_eq(assay_keyring_binding_save_unbound(store), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    cr_assert_eq(assay_keyring_binding_load(store, &read), ASSAY_OK);
    cr_assert(assay_bytes_all_zero(read.set, sizeof read.set));
    cr_assert_not(assay_bytes_all_zero(read.id, sizeof read.id));
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_META, &key,
                                 assay_slice_over(short_value, sizeof short_value)),
                 ASSAY_OK);
    cr_assert_eq(assay_keyring_binding_load(store, &read), ASSAY_E_VERSION);
    assay_store_close(&store);
}

/* docs/protocol.md 2.7.4: an older store shows, whatever it holds; a newer one is a crash between
 * two writes. */
Test(store_binding, a_store_that_was_rolled_back_is_behind_its_copy)
{
    struct assay_store *store = NULL;
    struct assay_store_binding tie = { .id = { 1 }, .set = { 2 } }, read, copy;
    uint8_t bytes[ASSAY_STORE_BINDING_COPY_LEN];
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    for (uint64_t generation = 0; generation < UINT64_MAX / 3; generation = 3 * generation + 1) {
        tie.generation = generation;
        cr_assert_eq(assay_keyring_binding_save(store, &tie), ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
        assay_keyring_binding_encode_copy(&tie, bytes);
        cr_assert_eq(
            assay_keyring_binding_decode_copy(assay_slice_over(bytes, sizeof bytes), &copy),
            ASSAY_OK);
        cr_assert_eq(assay_keyring_binding_load(store, &read), ASSAY_OK);
        cr_expect(assay_bytes_equal(copy.id, tie.id, sizeof copy.id));
        cr_expect_not(assay_keyring_binding_is_behind(&read, &copy));
        read.generation++;
        cr_expect_not(assay_keyring_binding_is_behind(&read, &copy));
        read.generation -= 2;
        if (generation > 0) cr_expect(assay_keyring_binding_is_behind(&read, &copy));
    }
    assay_store_close(&store);
}

Test(store_binding, a_store_knows_its_chain)
{
    struct assay_store *store = NULL;
    uint8_t chain[32] = { 7, 8, 9 }, found[32];
    const uint8_t short_value[31] = { 0 };
    const struct assay_store_key key = { .number = 1040 };
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    cr_assert_eq(assay_keyring_binding_chain(store, found), ASSAY_E_NOT_FOUND);
    cr_assert_eq(assay_keyring_binding_save_chain(store, chain), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    cr_assert_eq(assay_keyring_binding_chain(store, found), ASSAY_OK);
    cr_assert(assay_bytes_equal(found, chain, 32));
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_META, &key,
                                 assay_slice_over(short_value, sizeof short_value)),
                 ASSAY_OK);
    cr_assert_eq(assay_keyring_binding_chain(store, found), ASSAY_E_STORE);
    assay_store_close(&store);
}

/* Begun by a daemon that wrote no chain down: its newest block says. */
Test(store_binding, an_older_store_is_of_the_chain_of_its_newest_block)
{
    struct assay_store *store = NULL;
    uint8_t bytes[2048], found[32];
    static const uint8_t empty[] = { 0x80 }; /* a list of no records */
    const struct assay_slice body = assay_slice_over(empty, sizeof empty);
    const struct assay_store_key key = { .epoch = 3, .number = 17, .id = { 1 } };
    struct assay_block_header header = { .chain_id = { 5, 6 },
                                         .epoch = 3,
                                         .view = 2,
                                         .height = 17,
                                         .kind = ASSAY_BLOCK_NORMAL,
                                         .parent_view = 1,
                                         .time_ms = 1 };
    struct assay_slice encoded, payload;
    struct assay_merkle none;
    uint32_t count = 1;
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    assay_merkle_init(&none);
    assay_merkle_root(&none, header.null_root);
    cr_assert_eq(assay_body_root(body, &count, header.body_root), ASSAY_OK);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes / 2);
    assay_block_header_encode(&header, &w);
    cr_assert_eq(assay_writer_finish(&w, &encoded), ASSAY_OK);
    struct assay_writer p = assay_writer_over(bytes + sizeof bytes / 2, sizeof bytes / 2);
    cr_assert_eq(
        assay_proposal_encode(encoded, NULL, body, (struct assay_slice){ NULL, 0 }, &p, NULL),
        ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&p, &payload), ASSAY_OK);
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_BLOCK, &key, payload), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    cr_assert_eq(assay_keyring_binding_chain(store, found), ASSAY_OK);
    cr_assert(assay_bytes_equal(found, header.chain_id, 32));
    assay_store_close(&store);
}

/* A node that is upgraded goes on with its store and keys: they count from 0. */
Test(store_binding, a_store_of_before_the_counter_is_of_generation_zero)
{
    struct assay_store *store = NULL;
    const struct assay_store_key key = { .number = 1000 };
    struct assay_store_binding read = { .generation = 9 }, copy = { .generation = 9 };
    uint8_t old[64], newer[ASSAY_STORE_BINDING_COPY_LEN + 1] = { 0 };
    for (size_t i = 0; i < sizeof old; i++)
        old[i] = (uint8_t)(i + 1);
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_META, &key, assay_slice_over(old, sizeof old)),
                 ASSAY_OK);
    cr_assert_eq(assay_keyring_binding_load(store, &read), ASSAY_OK);
    cr_assert_eq(assay_keyring_binding_decode_copy(assay_slice_over(old, 32), &copy), ASSAY_OK);
    cr_expect_eq(read.generation, 0);
    cr_expect_eq(copy.generation, 0);
    cr_expect(assay_bytes_equal(read.id, copy.id, sizeof copy.id));
    cr_expect(assay_bytes_equal(read.set, old + 32, 32));
    cr_expect_not(assay_keyring_binding_is_behind(&read, &copy));
    for (size_t len = 0; len <= sizeof newer; len++) /* no other length is a version of ours */
        if (len != ASSAY_STORE_BINDING_ID_LEN && len != ASSAY_STORE_BINDING_COPY_LEN)
            cr_expect_eq(assay_keyring_binding_decode_copy(assay_slice_over(newer, len), &copy),
                         ASSAY_E_VERSION, "%zu", len);
    assay_store_close(&store);
}
