/*
 * tests/unit/services/test_evm.c - tests of EVM transactions.
 *
 * What EVM chains are sent, against vectors of others (docs/services.md 8).
 */
#include "base/crypto.h"
#include "base/merkle.h"
#include "services/evm/anchor.h"
#include "services/evm/keccak.h"
#include "services/evm/rlp.h"
#include "services/evm/task.h"
#include "services/evm/transaction.h"

#include <criterion/criterion.h>

static void expect_hex(const uint8_t *bytes, size_t len, const char *hex)
{
    char text[1024];
    cr_assert_lt(2 * len, sizeof text);
    assay_hex_encode(bytes, len, text, sizeof text);
    cr_assert_str_eq(text, hex);
}

static struct assay_secret32 key_of(const char *hex)
{
    struct assay_secret32 key;
    cr_assert_eq(assay_hex_decode(hex, 64, key.bytes, 32), ASSAY_OK);
    return key;
}

static void keccak_is(const char *text, size_t len, const char *hex)
{
    uint8_t digest[32];
    assay_keccak256(text, len, digest);
    expect_hex(digest, 32, hex);
}

/* The empty string and "abc": the Keccak team's test vectors; those around the rate of 136 bytes by
 * js-sha3 0.8.0. */
Test(evm, keccak_is_the_one_before_nist)
{
    char a[300];
    for (size_t i = 0; i < sizeof a; i++)
        a[i] = 'a';
    keccak_is("", 0, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    keccak_is("abc", 3, "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
    keccak_is(a, 135, "34367dc248bbd832f4e3e69dfaac2f92638bd0bbd18f2912ba4ef454919cf446");
    keccak_is(a, 136, "a6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e");
    keccak_is(a, 137, "d869f639c7046b4929fc92a4d988a8b22c55fbadb802c0c66ebcd484f1915f39");
    keccak_is(a, 272, "cf7fcd4f705ee749930d19ca84561a9bf62516bd90a471545fa2f49fdc7e63c8");
}

static void put_text(struct assay_writer *w, const char *text)
{
    assay_rlp_put_bytes(w, text, strlen(text));
}

/* Examples of the specification (ethereum.org, "Recursive-length prefix serialization"). */
Test(evm, prefixes_are_those_of_the_specification)
{
    static const uint8_t zeros[32] = { [31] = 15 };
    uint8_t bytes[200];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    put_text(&w, "dog");
    put_text(&w, "");
    assay_rlp_put_uint(&w, 0);
    assay_rlp_put_uint(&w, 15);
    assay_rlp_put_uint(&w, 1024);
    assay_rlp_put_number(&w, zeros, sizeof zeros);
    assay_rlp_put_bytes(&w, zeros, 1);
    expect_hex(bytes, w.len, "83646f6780800f8204000f00");
    w = assay_writer_over(bytes, sizeof bytes);
    size_t list = assay_rlp_begin(&w);
    put_text(&w, "cat");
    put_text(&w, "dog");
    assay_rlp_end(&w, list);
    expect_hex(bytes, w.len, "c88363617483646f67");
    w = assay_writer_over(bytes, sizeof bytes);
    list = assay_rlp_begin(&w); /* [ [], [[]], [ [], [[]] ] ] */
    assay_rlp_end(&w, assay_rlp_begin(&w));
    size_t second = assay_rlp_begin(&w);
    assay_rlp_end(&w, assay_rlp_begin(&w));
    assay_rlp_end(&w, second);
    const size_t third = assay_rlp_begin(&w);
    assay_rlp_end(&w, assay_rlp_begin(&w));
    second = assay_rlp_begin(&w);
    assay_rlp_end(&w, assay_rlp_begin(&w));
    assay_rlp_end(&w, second);
    assay_rlp_end(&w, third);
    assay_rlp_end(&w, list);
    expect_hex(bytes, w.len, "c7c0c1c0c3c0c1c0");
    w = assay_writer_over(bytes, sizeof bytes);
    put_text(&w, "Lorem ipsum dolor sit amet, consectetur adipisicing elit");
    cr_assert_eq(w.len, 58);
    expect_hex(bytes, 3, "b8384c");
}

Test(evm, a_list_that_does_not_fit_is_full_and_writes_nothing_beyond)
{
    uint8_t bytes[64] = { 0 };
    for (size_t capacity = 0; capacity < 62; capacity++) {
        struct assay_writer w = assay_writer_over(bytes, capacity);
        const size_t list = assay_rlp_begin(&w);
        put_text(&w, "Lorem ipsum dolor sit amet, consectetur adipisicing elit");
        assay_rlp_end(&w, list);
        cr_assert_eq(w.full, capacity < 60, "%zu", capacity);
        cr_assert_eq(bytes[capacity], 0);
        assay_bytes_zero(bytes, sizeof bytes);
    }
}

struct vector {
    uint64_t nonce, value, gas, tip, fee;
    const char *raw;
};

/* Of the test vectors of EIP-1559 (ethereumjs-monorepo, packages/tx/test/json/eip1559.json). */
static const struct vector vectors[] = {
    { 819, 43203529, 35552, 75853, 121212,
      "02f870821e8e8203338301284d8301d97c828ae094000000000000000000000000000000000000aaaa8402933bc9"
      "80"
      "c080a0d067f2167008c59219652f91cbf8788dbca5f771f6e91e2b7657e85b78b472e0a01d305af9fe81fdba43f0"
      "df"
      "cd400ed24dcace0a7e30d4e85701dcaaf484cd079e" },
    { 353, 61901619, 32593, 38850, 136295,
      "02f86f821e8e8201618297c283021467827f5194000000000000000000000000000000000000aaaa8403b08b3380"
      "c0"
      "01a004205678f13fc1d7b10feea6513dfa76e24418b6e08097d95c6f93a3b64e536da01d45ad61bfece43862de2c"
      "ce"
      "7d2575a8c1d08c26c87f3cb5f26d7b0be54a91b2" },
    { 119, 65456115, 62341, 24721, 107729,
      "02f86d821e8e778260918301a4d182f38594000000000000000000000000000000000000aaaa8403e6c7f380c001"
      "a0"
      "e38e239770801eb995498c821e55ac9c19ae09184bb27b34be105e02fe3b7615a067c64ca6bd6d9107e85fd581ab"
      "2e"
      "70a14b637eb36505bb40861ef9d6e800cab6" },
};

Test(evm, transactions_are_signed_as_in_the_vectors_of_eip_1559)
{
    const struct assay_secret32 key =
        key_of("8f2a55949038a9610f50fb23b5883af3b4ecb3c3bb792cbcefbd1542c692be63");
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const struct vector *const v = &vectors[i];
        struct assay_evm_transaction t = { .chain_id = 7822,
                                           .nonce = v->nonce,
                                           .gas = v->gas,
                                           .tip_wei = v->tip,
                                           .fee_wei = v->fee,
                                           .to = { [18] = 0xaa, [19] = 0xaa } };
        uint8_t bytes[300], hash[32], again[32];
        struct assay_slice raw;
        struct assay_writer w = assay_writer_over(t.value + 24, 8);
        assay_writer_u64be(&w, v->value);
        cr_assert_eq(assay_evm_transaction_sign(&t, &key, bytes, sizeof bytes, &raw, hash),
                     ASSAY_OK);
        expect_hex(raw.bytes, raw.len, v->raw);
        assay_keccak256(raw.bytes, raw.len, again);
        cr_assert(assay_bytes_equal(hash, again, 32));
        for (size_t capacity = 0; capacity < raw.len; capacity++)
            cr_assert_eq(assay_evm_transaction_sign(&t, &key, bytes, capacity, &raw, hash),
                         ASSAY_E_FULL);
        cr_assert_eq(assay_evm_transaction_sign(&t, &key, bytes, sizeof bytes, &raw, hash),
                     ASSAY_OK);
    }
}

/* Account of the key of EIP-155's example; contracts of an account by ethers 6.17.0. */
Test(evm, accounts_and_what_they_create)
{
    struct assay_secret32 key = { .bytes = { 0 } };
    uint8_t account[20], made[20];
    cr_assert_eq(assay_evm_address(&key, account), ASSAY_E_KEY, "zero is no key");
    for (size_t i = 0; i < 32; i++)
        key.bytes[i] = 0xff;
    cr_assert_eq(assay_evm_address(&key, account), ASSAY_E_KEY, "nor what is above the order");
    for (size_t i = 0; i < 32; i++)
        key.bytes[i] = 0x46;
    cr_assert_eq(assay_evm_address(&key, account), ASSAY_OK);
    expect_hex(account, 20, "9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f");
    cr_assert_eq(
        assay_hex_decode("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0", 40, account, sizeof account),
        ASSAY_OK);
    assay_evm_created(account, 0, made);
    expect_hex(made, 20, "cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d");
    assay_evm_created(account, 1, made);
    expect_hex(made, 20, "343c43a37d37dff08ae8c4a11544c718abb4fcf8");
}

static const struct assay_evm_place place = {
    .chain_id = 31337,
    .contract = { 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                  0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11 },
};

/* Digest and signature by ethers 6.17.0 (signTypedData). */
Test(evm, a_voucher_is_typed_data_of_eip_712)
{
    struct assay_secret32 key;
    struct assay_evm_signature s;
    uint8_t task[32], lock[32], digest[32], account[20];
    for (size_t i = 0; i < 32; i++)
        key.bytes[i] = 0x46, task[i] = 0x22, lock[i] = 0x33;
    assay_evm_voucher_statement(&place, task, 7, lock, digest);
    expect_hex(digest, 32, "8b63fef1e723b6c7ff238ad0b0e0aa7ea9020cb1bb61cc5b6bca3ee1b0edfe57");
    cr_assert_eq(assay_evm_sign(&key, digest, &s), ASSAY_OK);
    expect_hex(s.r, 32, "80139fe1c71ab84f771f1c7c2384c019c754caf8367307f0c844b54a81c598bf");
    expect_hex(s.s, 32, "39eec08d413946b0504e88b952eb8d024c20492cbfcc908800d0c80e68358d6e");
    cr_assert_not(s.odd);
    cr_assert_eq(assay_evm_address(&key, account), ASSAY_OK);
    cr_assert(assay_evm_voucher_check(&place, task, 7, lock, &s, account));
    cr_assert_not(assay_evm_voucher_check(&place, task, 8, lock, &s, account));
    struct assay_evm_place other = place;
    other.chain_id++;
    cr_assert_not(assay_evm_voucher_check(&other, task, 7, lock, &s, account));
    other = place;
    other.contract[0] ^= 1;
    cr_assert_not(assay_evm_voucher_check(&other, task, 7, lock, &s, account));
    lock[0] ^= 1;
    cr_assert_not(assay_evm_voucher_check(&place, task, 7, lock, &s, account));
    lock[0] ^= 1;
    s.odd = true;
    cr_assert_not(assay_evm_voucher_check(&place, task, 7, lock, &s, account));
}

/* n - s is as good in the curve's eyes; nobody needs two signatures of one thing. */
Test(evm, a_high_signature_has_no_signer)
{
    static const uint8_t order[32] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
                                       0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b,
                                       0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41 };
    const struct assay_secret32 key = { .bytes = { [31] = 3 } };
    struct assay_evm_signature s;
    uint8_t digest[32] = { 1 }, account[20];
    cr_assert_eq(assay_evm_sign(&key, digest, &s), ASSAY_OK);
    cr_assert_eq(assay_evm_recover(digest, &s, account), ASSAY_OK);
    int borrow = 0;
    for (size_t i = 32; i > 0; i--) {
        const int left = order[i - 1] - s.s[i - 1] - borrow;
        borrow = left < 0;
        s.s[i - 1] = (uint8_t)(left + 256 * borrow);
    }
    s.odd = !s.odd;
    cr_assert_eq(assay_evm_recover(digest, &s, account), ASSAY_E_SIGNATURE);
    assay_bytes_zero(s.r, 32);
    cr_assert_eq(assay_evm_recover(digest, &s, account), ASSAY_E_SIGNATURE);
}

static struct assay_evm_terms good_terms(void)
{
    struct assay_evm_terms t = { .requestor = { 1 }, .steps = 26, .deadline_s = 2000000000 };
    t.price[12] = 3;
    t.price[13] = 232;
    return t;
}

Test(evm, a_name_covers_chain_contract_and_every_term)
{
    const struct assay_evm_terms good = good_terms();
    uint8_t name[32], other[32];
    struct assay_evm_place there = place;
    assay_evm_task_name(&place, &good, name);
    there.chain_id++;
    assay_evm_task_name(&there, &good, other);
    cr_assert_not(assay_bytes_equal(name, other, 32));
    there = place;
    there.contract[19] ^= 1;
    assay_evm_task_name(&there, &good, other);
    cr_assert_not(assay_bytes_equal(name, other, 32));
    struct assay_evm_terms t = good;
#define COVERED(change)                                                                            \
    t = good;                                                                                      \
    change;                                                                                        \
    assay_evm_task_name(&place, &t, other);                                                        \
    cr_assert_not(assay_bytes_equal(name, other, 32), #change)
    COVERED(t.requestor[19] ^= 1);
    COVERED(t.executor[0] ^= 1);
    COVERED(t.node_id[0] ^= 1);
    COVERED(t.job[31] ^= 1);
    COVERED(t.input[5] ^= 1);
    COVERED(t.key[0] ^= 1);
    COVERED(t.key[63] ^= 1);
    COVERED(t.price[0] ^= 1);
    COVERED(t.steps++);
    COVERED(t.deadline_s ^= UINT64_C(1) << 39);
    COVERED(t.standing++);
    COVERED(t.score_bp++);
    COVERED(t.nonce ^= UINT64_C(1) << 63);
}

Test(evm, terms_that_a_contract_would_cut_are_refused)
{
    struct assay_evm_terms t = good_terms();
    cr_assert_eq(assay_evm_terms_check(&t), ASSAY_OK);
    t.steps = 0;
    cr_assert_eq(assay_evm_terms_check(&t), ASSAY_E_RANGE);
    t.steps = ASSAY_EVM_STEPS_MAX + 1;
    cr_assert_eq(assay_evm_terms_check(&t), ASSAY_E_RANGE);
    t = good_terms();
    t.deadline_s = UINT64_C(1) << 40;
    cr_assert_eq(assay_evm_terms_check(&t), ASSAY_E_RANGE);
    t = good_terms();
    t.standing = 3;
    cr_assert_eq(assay_evm_terms_check(&t), ASSAY_E_RANGE);
    t = good_terms();
    t.score_bp = 10001;
    cr_assert_eq(assay_evm_terms_check(&t), ASSAY_E_RANGE);
    t = good_terms();
    t.requestor[0] = 0;
    cr_assert_eq(assay_evm_terms_check(&t), ASSAY_E_RANGE, "nobody could sign for it");
}

Test(evm, a_deposit_is_price_times_steps)
{
    struct assay_evm_terms t = good_terms();
    uint8_t wei[32];
    assay_evm_deposit(&t, wei);
    expect_hex(wei, 32, "0000000000000000000000000000000000000000000000000000000000006590");
    for (size_t i = 0; i < sizeof t.price; i++)
        t.price[i] = 0xff;
    t.steps = ASSAY_EVM_STEPS_MAX;
    assay_evm_deposit(&t, wei); /* (2^112 - 1) * (2^16 - 1) */
    expect_hex(wei, 32, "00000000000000000000000000000000fffeffffffffffffffffffffffff0001");
}

/* Followed as a contract follows them, sides lead from each leaf of each tree to its root. */
Test(evm, sides_lead_every_leaf_to_the_root)
{
    for (uint64_t count = 1; count <= 40; count++) {
        uint8_t hashes[40][32], root[32];
        struct assay_merkle tree;
        assay_merkle_init(&tree);
        for (uint64_t i = 0; i < count; i++) {
            assay_merkle_leaf_hash(&i, sizeof i, hashes[i]);
            assay_merkle_add_hash(&tree, hashes[i]);
        }
        assay_merkle_root(&tree, root);
        for (uint64_t i = 0; i < count; i++) {
            uint8_t path[ASSAY_MERKLE_LEVELS][32], at[32];
            size_t len = 0;
            cr_assert_eq(assay_merkle_path((const uint8_t(*)[32])hashes, count, i, path,
                                           ASSAY_MERKLE_LEVELS, &len),
                         ASSAY_OK);
            const uint64_t sides = assay_evm_path_sides(i, count, len);
            assay_bytes_copy(at, 32, hashes[i], 32);
            for (size_t j = 0; j < len; j++) {
                const bool left = (sides >> j & 1) != 0;
                const uint8_t one = 1;
                const struct assay_slice pieces[] = { assay_slice_over(&one, 1),
                                                      assay_slice_over(left ? path[j] : at, 32),
                                                      assay_slice_over(left ? at : path[j], 32) };
                uint8_t up[32];
                assay_sha256_pieces(pieces, 3, up);
                assay_bytes_copy(at, 32, up, 32);
            }
            cr_assert(assay_bytes_equal(at, root, 32), "%d of %d", (int)i, (int)count);
        }
    }
}

/* Solidity's ABI specification: the selectors of two well-known functions, a tail of whole words.
 */
Test(evm, calls_begin_with_a_selector_and_end_in_whole_words)
{
    static const uint8_t tail[60] = { 1 };
    uint8_t selector[4], bytes[128];
    assay_abi_selector("transfer(address,uint256)", selector);
    expect_hex(selector, 4, "a9059cbb");
    assay_abi_selector("baz(uint32,bool)", selector);
    expect_hex(selector, 4, "cdcd77c0");
    for (size_t len = 0; len <= sizeof tail; len++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        assay_abi_put_tail(&w, assay_slice_over(tail, len));
        cr_assert_eq(w.len % 32, 0);
        cr_assert_eq(w.len, assay_abi_tail_len(len));
    }
}
