/*
 * tests/unit/engine/ledger/test_workload_keys.c - tests of entries and lists of workload keys:
 * one encoding, bounds, proofs of possession, root.
 */
#include "base/cbor.h"
#include "base/merkle.h"
#include "engine/ledger/records/envelope.h"
#include "quote/result/report_data.h"
#include "tests/unit/engine/ledger/workload_keys_bench.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t chain_id[32] = { 1 }, node_id[32] = { 2 }, other_id[32] = { 3 };

static struct assay_slice encode(const struct assay_declared_key *keys, uint32_t count,
                                 uint8_t *room, enum assay_status expected)
{
    struct assay_writer w = assay_writer_over(room, ASSAY_DECLARED_KEYS_LEN_MAX + 256);
    cr_expect_eq(assay_declared_keys_encode(keys, count, &w), expected, "expected %s",
                 assay_status_symbol(expected));
    return assay_slice_over(room, w.len);
}

/* Each kind of key, in order. */
static struct assay_slice make_three(struct workload_entry entries[3], uint8_t *room)
{
    struct assay_declared_key keys[3];
    workload_entry_make(&entries[0], WORKLOAD_P256, ASSAY_PURPOSE_TLS, "api", NULL, chain_id,
                        node_id);
    workload_entry_make(&entries[1], WORKLOAD_ED25519, ASSAY_PURPOSE_HOLDER, "api", NULL, chain_id,
                        node_id);
    workload_entry_make(&entries[2], WORKLOAD_P384, ASSAY_PURPOSE_TOKEN, "api", "https://vault",
                        chain_id, node_id);
    for (size_t i = 0; i < 3; i++)
        keys[i] = entries[i].key;
    return encode(keys, 3, room, ASSAY_OK);
}

Test(engine_workload_keys, a_list_of_each_kind_is_read_back_and_proven)
{
    struct workload_entry entries[3];
    uint8_t room[ASSAY_DECLARED_KEYS_LEN_MAX + 256], root[32], expected[32], hashes[3][32];
    struct assay_declared_keys keys;
    struct assay_merkle tree;
    uint32_t at = 0;
    const struct assay_slice list = make_three(entries, room);
    cr_assert_eq(assay_declared_keys_decode(list, &keys), ASSAY_OK);
    cr_assert_eq(keys.count, 3);
    cr_expect_eq(assay_declared_keys_verify(chain_id, node_id, &keys, &at), ASSAY_OK);
    cr_expect_eq(at, 3);
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < 3; i++) {
        cr_expect(
            assay_bytes_equal(keys.keys[i].spki.bytes, entries[i].spki, keys.keys[i].spki.len));
        assay_merkle_leaf_hash(keys.entries[i].bytes, keys.entries[i].len, hashes[i]);
        assay_merkle_add_hash(&tree, hashes[i]);
    }
    assay_merkle_root(&tree, expected);
    assay_declared_keys_root(&keys, root);
    cr_expect(assay_bytes_equal(root, expected, 32));
    cr_expect_eq(keys.keys[2].audience_count, 1);
}

Test(engine_workload_keys, the_root_of_none_is_that_of_the_empty_tree)
{
    static const uint8_t empty = 0x80;
    struct assay_declared_keys keys;
    uint8_t root[32], none[32], expected[32];
    cr_assert_eq(assay_declared_keys_decode(assay_slice_over(&empty, 1), &keys), ASSAY_OK);
    assay_declared_keys_root(&keys, root);
    assay_declared_keys_no_root(none);
    assay_sha256("", 0, expected);
    cr_expect(assay_bytes_equal(root, none, 32) && assay_bytes_equal(none, expected, 32));
}

/* Nobody lists a stranger's key: the proof names network, member and everything of the entry. */
Test(engine_workload_keys, a_proof_is_good_for_one_member_and_one_entry)
{
    for (int kind = 0; kind < WORKLOAD_KINDS; kind++) {
        struct workload_entry entry, second;
        const enum workload_key_kind k = (enum workload_key_kind)kind;
        workload_entry_make(&entry, k, ASSAY_PURPOSE_TOKEN, "api", "vault", chain_id, node_id);
        workload_entry_make(&second, k, ASSAY_PURPOSE_TOKEN, "api", "vault", chain_id, node_id);
        cr_expect_eq(assay_declared_key_verify(chain_id, node_id, &entry.key), ASSAY_OK);
        cr_expect_eq(assay_declared_key_verify(chain_id, other_id, &entry.key), ASSAY_E_SIGNATURE);
        cr_expect_eq(assay_declared_key_verify(other_id, node_id, &entry.key), ASSAY_E_SIGNATURE);
        struct assay_declared_key changed = entry.key;
        changed.purpose = ASSAY_PURPOSE_TLS;
        cr_expect_eq(assay_declared_key_verify(chain_id, node_id, &changed), ASSAY_E_SIGNATURE);
        changed = entry.key;
        changed.name = workload_text("web");
        cr_expect_eq(assay_declared_key_verify(chain_id, node_id, &changed), ASSAY_E_SIGNATURE);
        changed = entry.key;
        changed.audiences[0] = workload_text("other");
        cr_expect_eq(assay_declared_key_verify(chain_id, node_id, &changed), ASSAY_E_SIGNATURE);
        changed = entry.key;
        changed.audience_count = 0;
        cr_expect_eq(assay_declared_key_verify(chain_id, node_id, &changed), ASSAY_E_SIGNATURE);
        changed = entry.key;
        changed.spki = second.key.spki;
        cr_expect_eq(assay_declared_key_verify(chain_id, node_id, &changed), ASSAY_E_SIGNATURE);
    }
}

Test(engine_workload_keys, one_bad_proof_among_good_ones_is_found)
{
    struct workload_entry entries[3];
    uint8_t room[ASSAY_DECLARED_KEYS_LEN_MAX + 256];
    struct assay_declared_keys keys;
    uint32_t at = 0;
    const struct assay_slice list = make_three(entries, room);
    for (uint32_t i = 0; i < 3; i++) {
        cr_assert_eq(assay_declared_keys_decode(list, &keys), ASSAY_OK);
        room[(size_t)(keys.keys[i].proof.bytes - room) + 5] ^= 1;
        cr_expect_eq(assay_declared_keys_verify(chain_id, node_id, &keys, &at), ASSAY_E_SIGNATURE);
        cr_expect_eq(at, i);
        room[(size_t)(keys.keys[i].proof.bytes - room) + 5] ^= 1;
    }
}

Test(engine_workload_keys, a_point_off_its_curve_is_no_key)
{
    for (int kind = WORKLOAD_P256; kind <= WORKLOAD_P384; kind++) {
        struct workload_entry entry;
        workload_entry_make(&entry, (enum workload_key_kind)kind, ASSAY_PURPOSE_TLS, "api", NULL,
                            chain_id, node_id);
        entry.spki[entry.key.spki.len - 1] ^= 1;
        cr_expect_eq(assay_declared_key_verify(chain_id, node_id, &entry.key), ASSAY_E_KEY);
    }
}

static void expect_name(const char *name, bool fit)
{
    cr_expect_eq(assay_declared_key_name_is_fit(workload_text(name)), fit, "\"%s\"", name);
}

Test(engine_workload_keys, a_name_is_a_dns_label_that_the_network_does_not_use)
{
    char longest[65];
    memset(longest, 'a', sizeof longest);
    longest[63] = '\0';
    expect_name(longest, true);
    longest[63] = 'a';
    longest[64] = '\0';
    expect_name(longest, false);
    static const char *const fit[] = { "a", "0", "api", "a-b", "a--b", "nodes", "svc1" };
    static const char *const unfit[] = { "",    "-",   "-a",   "a-",  "A",       "a.b",
                                         "a_b", "a b", "node", "svc", "\xc3\xa4" };
    for (size_t i = 0; i < sizeof fit / sizeof fit[0]; i++)
        expect_name(fit[i], true);
    for (size_t i = 0; i < sizeof unfit / sizeof unfit[0]; i++)
        expect_name(unfit[i], false);
}

/* The order leaves no place for a second key of one name and purpose. */
Test(engine_workload_keys, entries_ascend_and_a_name_stands_once_for_a_purpose)
{
    struct workload_entry a, b, other;
    uint8_t room[ASSAY_DECLARED_KEYS_LEN_MAX + 256];
    workload_entry_make(&a, WORKLOAD_P256, ASSAY_PURPOSE_TLS, "a", NULL, chain_id, node_id);
    workload_entry_make(&b, WORKLOAD_P256, ASSAY_PURPOSE_TLS, "b", NULL, chain_id, node_id);
    workload_entry_make(&other, WORKLOAD_P256, ASSAY_PURPOSE_SSH, "a", NULL, chain_id, node_id);
    encode((struct assay_declared_key[]){ a.key, b.key, other.key }, 3, room, ASSAY_OK);
    encode((struct assay_declared_key[]){ b.key, a.key }, 2, room, ASSAY_E_ENCODING);
    encode((struct assay_declared_key[]){ a.key, a.key }, 2, room, ASSAY_E_ENCODING);
    encode((struct assay_declared_key[]){ other.key, b.key }, 2, room, ASSAY_E_ENCODING);
}

Test(engine_workload_keys, audiences_are_of_tokens_few_and_in_order)
{
    static const char *const unfit[] = { "", "a b", "a\"b", "a\\b", "\x7f", "\xc3\xa4" };
    struct workload_entry e;
    uint8_t room[ASSAY_DECLARED_KEYS_LEN_MAX + 256];
    char longest[130];
    workload_entry_make(&e, WORKLOAD_P256, ASSAY_PURPOSE_TOKEN, "api", "a", chain_id, node_id);
    e.key.audiences[1] = workload_text("b");
    e.key.audience_count = 2;
    encode(&e.key, 1, room, ASSAY_OK);
    e.key.audiences[1] = workload_text("a");
    encode(&e.key, 1, room, ASSAY_E_ENCODING);
    e.key.audience_count = 0;
    encode(&e.key, 1, room, ASSAY_OK);
    e.key.audience_count = 1;
    for (size_t i = 0; i < sizeof unfit / sizeof unfit[0]; i++) {
        e.key.audiences[0] = workload_text(unfit[i]);
        encode(&e.key, 1, room, ASSAY_E_RANGE);
    }
    memset(longest, 'a', sizeof longest);
    e.key.audiences[0] = assay_slice_over(longest, 128);
    encode(&e.key, 1, room, ASSAY_OK);
    e.key.audiences[0] = assay_slice_over(longest, 129);
    encode(&e.key, 1, room, ASSAY_E_RANGE);
    for (int purpose = ASSAY_PURPOSE_TLS; purpose <= ASSAY_PURPOSE_SSH; purpose++) {
        e.key.purpose = (enum assay_declared_purpose)purpose;
        e.key.audiences[0] = workload_text("a");
        encode(&e.key, 1, room, purpose == ASSAY_PURPOSE_TOKEN ? ASSAY_OK : ASSAY_E_RANGE);
    }
}

/* Three audiences of 128 bytes: below 480 bytes and above. */
Test(engine_workload_keys, an_entry_has_480_bytes_at_most)
{
    struct workload_entry e;
    struct assay_declared_keys keys;
    uint8_t room[ASSAY_DECLARED_KEYS_LEN_MAX + 256];
    char text[2][128];
    memset(text[0], 'a', 128);
    memset(text[1], 'b', 128);
    workload_entry_make(&e, WORKLOAD_ED25519, ASSAY_PURPOSE_TOKEN, "x", "a", chain_id, node_id);
    e.key.audience_count = 2;
    e.key.audiences[0] = assay_slice_over(text[0], 128);
    char third[128];
    memset(third, 'c', sizeof third);
    e.key.audiences[1] = assay_slice_over(text[1], 128);
    e.key.audience_count = 3;
    size_t refused = 0, taken = 0;
    for (size_t len = 1; len <= 128; len++) {
        struct assay_writer w = assay_writer_over(room, sizeof room);
        e.key.audiences[2] = assay_slice_over(third, len);
        const enum assay_status status = assay_declared_keys_encode(&e.key, 1, &w);
        const bool small = w.len - 1 <= ASSAY_DECLARED_KEY_LEN_MAX;
        cr_expect_eq(status, small ? ASSAY_OK : ASSAY_E_RANGE, "%zu bytes", w.len - 1);
        refused += !small;
        taken += small;
    }
    cr_expect(refused > 0 && taken > 0);
    cr_expect_eq(assay_declared_keys_decode(assay_slice_over(room, 0), &keys), ASSAY_E_TRUNCATED);
}

Test(engine_workload_keys, sixteen_entries_and_no_more)
{
    struct workload_entry e[17];
    struct assay_declared_key keys[17];
    struct assay_declared_keys decoded;
    uint8_t room[ASSAY_DECLARED_KEYS_LEN_MAX + 1024];
    char names[17][2] = { 0 };
    for (uint32_t i = 0; i < 17; i++) {
        names[i][0] = (char)('a' + i);
        workload_entry_make(&e[i], WORKLOAD_ED25519, ASSAY_PURPOSE_TLS, names[i], NULL, chain_id,
                            node_id);
        keys[i] = e[i].key;
    }
    const struct assay_slice list = encode(keys, 16, room, ASSAY_OK);
    cr_assert_eq(assay_declared_keys_decode(list, &decoded), ASSAY_OK);
    struct assay_writer w = assay_writer_over(room, sizeof room);
    assay_cbor_put_array(&w, 17);
    const size_t one = decoded.entries[0].len;
    uint8_t copy[ASSAY_DECLARED_KEY_LEN_MAX];
    assay_bytes_copy(copy, sizeof copy, decoded.entries[0].bytes, one);
    for (uint32_t i = 0; i < 17; i++) {
        copy[17] = (uint8_t)('a' + i);
        assay_writer_put(&w, copy, one);
    }
    cr_expect_eq(assay_declared_keys_decode(assay_slice_over(room, w.len), &decoded),
                 ASSAY_E_RANGE);
}

/* What decodes is what its own encoder writes, whatever bit is flipped; what is cut off is none. */
Test(engine_workload_keys, rejects_every_truncation_and_has_one_encoding)
{
    struct workload_entry entries[3];
    uint8_t room[ASSAY_DECLARED_KEYS_LEN_MAX + 256], again[sizeof room];
    struct assay_declared_keys keys;
    struct assay_slice list = make_three(entries, room);
    for (size_t len = 0; len < list.len; len++) {
        uint8_t *cut = malloc(len > 0 ? len : 1);
        assay_bytes_copy(cut, len, room, len);
        cr_expect_neq(assay_declared_keys_decode(assay_slice_over(cut, len), &keys), ASSAY_OK);
        free(cut);
    }
    cr_expect_eq(assay_declared_keys_decode(assay_slice_over(room, list.len + 1), &keys),
                 ASSAY_E_TRAILING);
    for (size_t bit = 0; bit < 8 * list.len; bit++) {
        room[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (assay_declared_keys_decode(list, &keys) == ASSAY_OK) {
            struct assay_writer w = assay_writer_over(again, sizeof again);
            cr_expect_eq(assay_declared_keys_encode(keys.keys, keys.count, &w), ASSAY_OK);
            cr_expect(w.len == list.len && assay_bytes_equal(again, room, w.len), "bit %zu", bit);
        }
        room[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* docs/identity.md 6.5: with a root of keys it is another statement, tagged, and each root another
 * one; that of no keys is the statement of before. */
Test(engine_workload_keys, report_data_binds_the_root)
{
    const uint8_t beacon[32] = { 4 }, voting[64] = { 5 }, transport[32] = { 6 };
    struct assay_binding binding = { .chain_id = chain_id,
                                     .era = 1,
                                     .epoch = 2,
                                     .beacon = beacon,
                                     .node_id = node_id,
                                     .incarnation = 3,
                                     .voting_public = voting,
                                     .transport_public = transport };
    uint8_t first[64], none[64], keyed[64], other[64], hash[64], root[32], bytes[512];
    assay_binding_report_data(&binding, first);
    assay_declared_keys_no_root(root);
    binding.keys_root = root;
    assay_binding_report_data(&binding, none);
    cr_expect(assay_bytes_equal(none, first, 64));
    root[31] ^= 1;
    assay_binding_report_data(&binding, keyed);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 10);
    assay_cbor_put_text(&w, "assay/evidence/v2");
    assay_cbor_put_bytes(&w, chain_id, 32);
    assay_cbor_put_uint(&w, 1);
    assay_cbor_put_uint(&w, 2);
    assay_cbor_put_bytes(&w, beacon, 32);
    assay_cbor_put_bytes(&w, node_id, 32);
    assay_cbor_put_uint(&w, 3);
    assay_cbor_put_bytes(&w, voting, 64);
    assay_cbor_put_bytes(&w, transport, 32);
    assay_cbor_put_bytes(&w, root, 32);
    assay_sha512(bytes, w.len, hash);
    cr_expect(assay_bytes_equal(keyed, "assay/evidence/2", 16));
    cr_expect(assay_bytes_equal(keyed + 16, hash, 48));
    cr_expect(assay_report_data_is_reserved(keyed));
    cr_expect_not(assay_report_data_is_reserved(first));
    root[31] ^= 2;
    assay_binding_report_data(&binding, other);
    cr_expect_not(assay_bytes_equal(other, keyed, 64));
}

/* A list that anyone may send: an entry of another kind of key, or of a longer form of one. */
Test(engine_workload_keys, other_encodings_of_keys_are_refused)
{
    struct workload_entry e;
    uint8_t room[ASSAY_DECLARED_KEYS_LEN_MAX + 256];
    workload_entry_make(&e, WORKLOAD_P256, ASSAY_PURPOSE_TLS, "api", NULL, chain_id, node_id);
    e.spki[26] = 0x02; /* a compressed point says so there */
    encode(&e.key, 1, room, ASSAY_E_UNSUPPORTED);
    e.spki[26] = 0x04;
    for (size_t len = 0; len < e.key.spki.len; len++) {
        struct assay_declared_key cut = e.key;
        cut.spki.len = len;
        encode(&cut, 1, room, ASSAY_E_UNSUPPORTED);
    }
    e.key.proof.len = 63;
    encode(&e.key, 1, room, ASSAY_E_RANGE);
    e.key.proof = assay_slice_over(e.proof, 65);
    encode(&e.key, 1, room, ASSAY_E_RANGE);
    workload_entry_make(&e, WORKLOAD_P256, (enum assay_declared_purpose)5, "api", NULL, chain_id,
                        node_id);
    encode(&e.key, 1, room, ASSAY_E_RANGE);
    e.key.purpose = (enum assay_declared_purpose)0;
    encode(&e.key, 1, room, ASSAY_E_RANGE);
}
