/*
 * tests/unit/base/test_merkle.c - tests of the Merkle tree against the recursive definition of RFC
 * 9162 section 2.1, and of every path against small modifications.
 */
#include "base/merkle.h"

#include "base/bytes.h"
#include "base/crypto.h"

#include <criterion/criterion.h>
#include <signal.h>

enum { COUNT_MAX = 64 };

struct hash {
    uint8_t bytes[32];
};

static bool same(struct hash a, struct hash b)
{
    return assay_bytes_equal(a.bytes, b.bytes, 32);
}

static struct hash leaf_of(unsigned i)
{
    const uint8_t leaf[3] = { 'l', (uint8_t)(i & 0xff), (uint8_t)(i >> 8 & 0xff) };
    uint8_t prefixed[4] = { 0x00 };
    struct hash hash;
    assay_bytes_copy(prefixed + 1, 3, leaf, 3);
    assay_sha256(prefixed, sizeof prefixed, hash.bytes);
    return hash;
}

static struct hash node_of(struct hash left, struct hash right)
{
    uint8_t node[65] = { 0x01 };
    struct hash hash;
    assay_bytes_copy(node + 1, 32, left.bytes, 32);
    assay_bytes_copy(node + 33, 32, right.bytes, 32);
    assay_sha256(node, sizeof node, hash.bytes);
    return hash;
}

static unsigned split(unsigned count)
{
    unsigned k = 1;
    while (k * 2 < count) k *= 2;
    return k;
}

/* MTH(D[from : from + count]) as RFC 9162 2.1.1 writes it. */
static struct hash reference_root(unsigned from, unsigned count)
{
    struct hash empty;
    assay_sha256("", 0, empty.bytes);
    if (count == 0) return empty;
    if (count == 1) return leaf_of(from);
    const unsigned k = split(count);
    return node_of(reference_root(from, k), reference_root(from + k, count - k));
}

/* PATH(m, D) as RFC 6962 2.1.1 writes it. Returns: its length. */
static size_t reference_path(unsigned m, unsigned from, unsigned count, struct hash *path)
{
    if (count <= 1) return 0;
    const unsigned k = split(count);
    const bool left = m < k;
    const size_t len = left ? reference_path(m, from, k, path)
                            : reference_path(m - k, from + k, count - k, path);
    path[len] = left ? reference_root(from + k, count - k) : reference_root(from, k);
    return len + 1;
}

static void fill(uint8_t (*hashes)[32], unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assay_bytes_copy(hashes[i], 32, leaf_of(i).bytes, 32);
    }
}

/* ISO C does not convert a pointer to an array into one to an array of const. */
static const uint8_t (*read_only(uint8_t (*hashes)[32]))[32]
{
    return (const uint8_t (*)[32])hashes;
}

Test(base_merkle, agrees_with_the_recursive_definition_and_grows_on)
{
    struct assay_merkle tree;
    assay_merkle_init(&tree);
    for (unsigned count = 0; count <= COUNT_MAX; count++) {
        struct hash root;
        assay_merkle_root(&tree, root.bytes);
        cr_assert(same(root, reference_root(0, count)), "%u leaves", count);
        const uint8_t leaf[3] = { 'l', (uint8_t)(count & 0xff), (uint8_t)(count >> 8 & 0xff) };
        assay_merkle_add(&tree, leaf, sizeof leaf);
    }
}

Test(base_merkle, gives_the_known_roots_of_certificate_transparency)
{
    static const struct {
        const char *bytes;
        size_t len;
    } leaves[8] = {
        { "", 0 }, { "\x00", 1 }, { "\x10", 1 }, { "\x20\x21", 2 }, { "\x30\x31", 2 },
        { "\x40\x41\x42\x43", 4 }, { "\x50\x51\x52\x53\x54\x55\x56\x57", 8 },
        { "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16 },
    };
    static const char *const roots[9] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    };
    struct assay_merkle tree;
    assay_merkle_init(&tree);
    for (size_t i = 0; i <= 8; i++) {
        uint8_t root[32];
        char text[65];
        assay_merkle_root(&tree, root);
        assay_hex_encode(root, sizeof root, text, sizeof text);
        cr_assert_str_eq(text, roots[i], "%zu leaves", i);
        if (i < 8) assay_merkle_add(&tree, leaves[i].bytes, leaves[i].len);
    }
}

Test(base_merkle, makes_every_path_of_the_definition)
{
    uint8_t leaves[COUNT_MAX][32], nodes[ASSAY_MERKLE_NODES(COUNT_MAX)][32];
    fill(leaves, COUNT_MAX);
    for (unsigned count = 1; count <= COUNT_MAX; count++) {
        const struct hash root = reference_root(0, count);
        fill(nodes, count);
        assay_merkle_grow(nodes, count);
        for (unsigned index = 0; index < count; index++) {
            uint8_t path[ASSAY_MERKLE_LEVELS][32];
            struct hash expected[ASSAY_MERKLE_LEVELS];
            size_t len = 99;
            const size_t expected_len = reference_path(index, 0, count, expected);
            cr_assert_eq(assay_merkle_path(read_only(leaves), count, index, path,
                                           ASSAY_MERKLE_LEVELS, &len),
                         ASSAY_OK);
            cr_assert_eq(len, expected_len);
            for (size_t i = 0; i < len; i++) {
                cr_assert(assay_bytes_equal(path[i], expected[i].bytes, 32));
            }
            cr_assert(assay_merkle_verify(leaves[index], index, count, read_only(path), len,
                                          root.bytes));
            cr_assert_eq(assay_merkle_path_in(read_only(nodes), count, index, path,
                                              ASSAY_MERKLE_LEVELS, &len),
                         ASSAY_OK);
            cr_assert_eq(len, expected_len);
            for (size_t i = 0; i < len; i++)
                cr_assert(assay_bytes_equal(path[i], expected[i].bytes, 32));
        }
    }
}

Test(base_merkle, refuses_every_tampered_path)
{
    uint8_t leaves[COUNT_MAX][32];
    fill(leaves, COUNT_MAX);
    for (unsigned count = 1; count <= 33; count++) {
        struct hash root = reference_root(0, count);
        for (unsigned index = 0; index < count; index++) {
            uint8_t path[ASSAY_MERKLE_LEVELS][32] = { { 0 } };
            uint8_t leaf[32];
            size_t len = 0;
            cr_assert_eq(assay_merkle_path(read_only(leaves), count, index, path,
                                           ASSAY_MERKLE_LEVELS, &len),
                         ASSAY_OK);
            for (size_t i = 0; i < len; i++) {
                path[i][(i * 7) % 32] ^= 0x10;
                cr_assert_not(assay_merkle_verify(leaves[index], index, count, read_only(path), len,
                                                  root.bytes));
                path[i][(i * 7) % 32] ^= 0x10;
            }
            assay_bytes_copy(leaf, 32, leaves[index], 32);
            leaf[31] ^= 1;
            cr_assert_not(
                assay_merkle_verify(leaf, index, count, read_only(path), len, root.bytes));
            root.bytes[0] ^= 1;
            cr_assert_not(assay_merkle_verify(leaves[index], index, count, read_only(path), len,
                                              root.bytes));
            root.bytes[0] ^= 1;
            for (size_t other = 0; other < len + 3; other++) { /* shorter and longer paths */
                cr_assert_eq(assay_merkle_verify(leaves[index], index, count, read_only(path),
                                                 other, root.bytes),
                             other == len);
            }
        }
    }
}

Test(base_merkle, binds_the_leaf_to_its_place)
{
    uint8_t leaves[COUNT_MAX][32];
    fill(leaves, COUNT_MAX);
    for (unsigned count = 1; count <= 33; count++) {
        const struct hash root = reference_root(0, count);
        for (unsigned index = 0; index < count; index++) {
            uint8_t path[ASSAY_MERKLE_LEVELS][32];
            size_t len = 0;
            cr_assert_eq(assay_merkle_path(read_only(leaves), count, index, path,
                                           ASSAY_MERKLE_LEVELS, &len),
                         ASSAY_OK);
            for (uint64_t claimed = 0; claimed < 70; claimed++) {
                cr_assert_eq(assay_merkle_verify(leaves[index], claimed, count, read_only(path),
                                                 len, root.bytes),
                             claimed == index);
            }
        }
    }
}

Test(base_merkle, refuses_a_path_longer_than_the_tree_is_deep)
{
    /* What leads from the last of two leaves to their root is no proof in a tree of one leaf. */
    uint8_t path[1][32];
    const struct hash root = reference_root(0, 2);
    assay_bytes_copy(path[0], 32, leaf_of(0).bytes, 32);
    cr_assert(assay_merkle_verify(leaf_of(1).bytes, 1, 2, read_only(path), 1, root.bytes));
    cr_assert_not(assay_merkle_verify(leaf_of(1).bytes, 0, 1, read_only(path), 1, root.bytes));
}

Test(base_merkle, refuses_numbers_that_no_tree_has)
{
    const struct hash leaf = leaf_of(0);
    cr_assert(assay_merkle_verify(leaf.bytes, 0, 1, NULL, 0, leaf.bytes));
    cr_assert_not(assay_merkle_verify(leaf.bytes, 0, 0, NULL, 0, leaf.bytes));
    cr_assert_not(assay_merkle_verify(leaf.bytes, 1, 1, NULL, 0, leaf.bytes));
    cr_assert_not(assay_merkle_verify(leaf.bytes, 0, 2, NULL, 0, leaf.bytes));
    cr_assert_not(assay_merkle_verify(leaf.bytes, UINT64_MAX, UINT64_MAX, NULL, 0, leaf.bytes));
    cr_assert_not(
        assay_merkle_verify(leaf.bytes, UINT64_MAX - 1, UINT64_MAX, NULL, 0, leaf.bytes));
}

Test(base_merkle, says_when_a_path_does_not_fit)
{
    uint8_t leaves[5][32];
    uint8_t path[3][32];
    size_t len = 99;
    fill(leaves, 5);
    cr_assert_eq(assay_merkle_path(read_only(leaves), 5, 0, path, 2, &len), ASSAY_E_FULL);
    cr_assert_eq(len, 99, "out is untouched");
    cr_assert_eq(assay_merkle_path(read_only(leaves), 5, 0, path, 3, &len), ASSAY_OK);
    cr_assert_eq(len, 3);
    cr_assert_eq(assay_merkle_path(read_only(leaves), 5, 4, path, 1, &len), ASSAY_OK);
    cr_assert_eq(len, 1, "the last leaf of five hangs right below the root");
    cr_assert_eq(assay_merkle_path(read_only(leaves), 1, 0, NULL, 0, &len), ASSAY_OK);
    cr_assert_eq(len, 0);
    uint8_t nodes[ASSAY_MERKLE_NODES(5)][32];
    fill(nodes, 5);
    assay_merkle_grow(nodes, 5);
    cr_assert_eq(assay_merkle_path_in(read_only(nodes), 5, 0, path, 2, &len), ASSAY_E_FULL);
    cr_assert_eq(assay_merkle_path_in(read_only(nodes), 5, 4, path, 1, &len), ASSAY_OK);
    cr_assert_eq(len, 1);
    assay_merkle_grow(nodes, 1);
    cr_assert_eq(assay_merkle_path_in(read_only(nodes), 1, 0, NULL, 0, &len), ASSAY_OK);
    cr_assert_eq(len, 0);
}

Test(base_merkle, tells_leaves_from_nodes)
{
    /* A leaf that holds two hashes must not hash to their node. */
    uint8_t pair[64];
    struct hash as_leaf;
    assay_bytes_copy(pair, 32, leaf_of(0).bytes, 32);
    assay_bytes_copy(pair + 32, 32, leaf_of(1).bytes, 32);
    assay_merkle_leaf_hash(pair, sizeof pair, as_leaf.bytes);
    cr_assert_not(same(as_leaf, reference_root(0, 2)));
}

Test(base_merkle, aborts_when_the_index_is_not_in_the_tree, .signal = SIGABRT)
{
    uint8_t leaves[2][32] = { { 0 } };
    uint8_t path[ASSAY_MERKLE_LEVELS][32];
    size_t len = 0;
    assay_status_ignore(
        assay_merkle_path(read_only(leaves), 2, 2, path, ASSAY_MERKLE_LEVELS, &len), "it aborts");
}

Test(base_merkle, aborts_when_the_count_would_outgrow_its_levels, .signal = SIGABRT)
{
    struct assay_merkle tree;
    assay_merkle_init(&tree);
    tree.count = UINT32_MAX;
    assay_merkle_add(&tree, "", 0);
}
