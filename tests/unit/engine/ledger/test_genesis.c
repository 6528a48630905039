/*
 * tests/unit/engine/ledger/test_genesis.c - the genesis file: what is refused, and for which
 * reason.
 */
#include "base/cbor.h"
#include "engine/engine.h"
#include "engine/ledger/state/genesis.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

enum { OPERATORS = 3, MEMBERS = 4, FILE_MAX = 16 * 1024 };

struct made {
    struct assay_genesis genesis;
    struct assay_genesis read;
    struct assay_p256_signer *signers[OPERATORS]; /* in the order of genesis.operators */
    uint8_t body[FILE_MAX], file[FILE_MAX];
    size_t body_len, file_len;
};

static void key_of(uint32_t number, uint8_t *public, struct assay_p256_signer **signer)
{
    struct assay_secret32 key = { { 0 } };
    key.bytes[30] = (uint8_t)(number >> 8);
    key.bytes[31] = (uint8_t)(number + 1);
    cr_assert_eq(assay_p256_public(&key, public), ASSAY_OK);
    if (signer != NULL) cr_assert_eq(assay_p256_signer_load(&key, signer), ASSAY_OK);
}

static void fill(struct made *m)
{
    struct assay_genesis *g = &m->genesis;
    g->time_ms = 1700000000123;
    g->parameters =
        (struct assay_genesis_parameters){ 500, 20, 100, 33, 100, 1 << 20, { 7 }, 0, 0, 0, 0, 0 };
    g->policy = assay_slice_over("policy", 6);
    g->endorsements = assay_slice_over("endorsements", 12);
    g->threshold = 2;
    g->operator_count = OPERATORS;
    for (uint32_t i = 0; i < OPERATORS; i++) {
        key_of(i, g->operators[i].public_key, NULL);
        g->operators[i].name = assay_slice_over("op", 2);
    }
    assay_genesis_sort(g);
    g->member_count = MEMBERS;
    for (uint32_t i = 0; i < MEMBERS; i++) {
        struct assay_genesis_member *x = &g->members[i];
        key_of(100 + i, x->identity_public, NULL);
        key_of(200 + i, x->voting_public, NULL);
        memset(x->bootstrap_public, (int)(1 + i), 32);
        memset(x->transport_public, (int)(101 + i), 32);
        assay_bytes_copy(x->operator_id, 32, g->operators[i % OPERATORS].operator_id, 32);
        memset(x->vendor_root, 5, 32);
        memset(x->platform_id, (int)(60 + i), 32);
        x->evidence_kind = 3;
        x->name = assay_slice_over(&"member"[i], 6 - i);
    }
    assay_genesis_sort(g);
    for (uint32_t i = 0; i < OPERATORS; i++) {
        uint8_t public[64];
        for (uint32_t k = 0; k < OPERATORS; k++) {
            struct assay_p256_signer *signer = NULL;
            key_of(k, public, &signer);
            if (assay_bytes_equal(public, g->operators[i].public_key, 64)) m->signers[i] = signer;
            else assay_p256_signer_free(&signer);
        }
    }
}

/* Signed by the operators whose bits are set. */
static void seal(struct made *m, unsigned signed_by)
{
    uint8_t chain_id[32];
    uint8_t digest[32];
    uint8_t signatures[OPERATORS][ASSAY_P256_SIGNATURE_LEN];
    uint32_t signers[OPERATORS];
    size_t count = 0;
    assay_sha256(m->body, m->body_len, chain_id);
    assay_genesis_signing_digest(chain_id, digest);
    for (uint32_t i = 0; i < OPERATORS; i++) {
        if ((signed_by >> i & 1) == 0) continue;
        cr_assert_eq(assay_p256_sign(m->signers[i], digest, signatures[count]), ASSAY_OK);
        signers[count++] = i;
    }
    struct assay_writer w = assay_writer_over(m->file, sizeof m->file);
    cr_assert_eq(assay_genesis_encode_file(assay_slice_over(m->body, m->body_len), signers,
                                           (const uint8_t(*)[64])signatures, count, &w),
                 ASSAY_OK);
    m->file_len = w.len;
}

static struct made *make(void)
{
    struct made *m = calloc(1, sizeof *m);
    cr_assert_not_null(m);
    fill(m);
    struct assay_writer w = assay_writer_over(m->body, sizeof m->body);
    cr_assert_eq(assay_genesis_encode_body(&m->genesis, &w), ASSAY_OK);
    m->body_len = w.len;
    seal(m, 7);
    return m;
}

static void drop(struct made *m)
{
    for (int i = 0; i < OPERATORS; i++)
        assay_p256_signer_free(&m->signers[i]);
    free(m);
}

/* In a heap copy of the exact size, so that a byte too far is seen. */
static enum assay_status decode(struct made *m, const uint8_t *bytes, size_t len,
                                struct assay_where *where)
{
    uint8_t *exact = malloc(len + (len == 0));
    cr_assert_not_null(exact);
    assay_bytes_copy(exact, len, bytes, len);
    const enum assay_status status = assay_genesis_decode(exact, len, false, &m->read, where);
    free(exact);
    return status;
}

Test(genesis, reads_what_it_writes)
{
    struct made *m = make();
    struct assay_where where;
    uint8_t again[FILE_MAX];
    cr_assert_eq(assay_genesis_decode(m->file, m->file_len, false, &m->read, &where), ASSAY_OK);
    cr_assert_eq(m->read.member_count, MEMBERS);
    cr_assert_eq(m->read.signature_count, OPERATORS);
    cr_assert_eq(m->read.parameters.verifier_digest[0], 7);
    cr_assert_arr_eq(m->read.members[2].node_id, m->genesis.members[2].node_id, 32);
    struct assay_writer w = assay_writer_over(again, sizeof again);
    cr_assert_eq(assay_genesis_encode_body(&m->read, &w), ASSAY_OK);
    cr_assert_eq(w.len, m->body_len);
    cr_assert_arr_eq(again, m->body, m->body_len);
    drop(m);
}

Test(genesis, rejects_every_truncation_and_one_byte_more)
{
    struct made *m = make();
    for (size_t len = 0; len < m->file_len; len++) {
        const enum assay_status status = decode(m, m->file, len, NULL);
        cr_assert_eq(assay_status_class(status), ASSAY_CLASS_INPUT, "at %zu", len);
        cr_assert_eq(m->read.member_count, 0);
    }
    m->file[m->file_len] = 0;
    cr_assert_eq(decode(m, m->file, m->file_len + 1, NULL), ASSAY_E_TRAILING);
    drop(m);
}

Test(genesis, rejects_every_flipped_byte)
{
    struct made *m = make();
    for (size_t i = 0; i < m->file_len; i++) {
        m->file[i] ^= 0x10;
        cr_assert_neq(decode(m, m->file, m->file_len, NULL), ASSAY_OK, "at %zu", i);
        m->file[i] ^= 0x10;
    }
    cr_assert_eq(decode(m, m->file, m->file_len, NULL), ASSAY_OK);
    drop(m);
}

Test(genesis, needs_the_threshold_of_distinct_operators)
{
    struct made *m = make();
    struct assay_where where;
    seal(m, 1);
    cr_assert_eq(decode(m, m->file, m->file_len, &where), ASSAY_E_SIGNATURE);
    cr_assert_str_eq(where.field, "signatures");
    cr_assert_eq(assay_genesis_decode(m->file, m->file_len, true, &m->read, NULL), ASSAY_OK);
    seal(m, 5);
    cr_assert_eq(decode(m, m->file, m->file_len, NULL), ASSAY_OK);
    cr_assert_eq(m->read.signature_count, 2);
    drop(m);
}

Test(genesis, counts_no_operator_twice)
{
    struct made *m = make();
    uint8_t chain_id[32];
    uint8_t digest[32];
    uint8_t signature[64];
    assay_sha256(m->body, m->body_len, chain_id);
    assay_genesis_signing_digest(chain_id, digest);
    cr_assert_eq(assay_p256_sign(m->signers[1], digest, signature), ASSAY_OK);
    struct assay_writer w = assay_writer_over(m->file, sizeof m->file);
    assay_cbor_put_array(&w, 3);
    assay_cbor_put_text(&w, "assay/genesis/v1");
    assay_cbor_put_bytes(&w, m->body, m->body_len);
    assay_cbor_put_array(&w, 2);
    for (int i = 0; i < 2; i++) {
        assay_cbor_put_array(&w, 2);
        assay_cbor_put_uint(&w, 1);
        assay_cbor_put_bytes(&w, signature, 64);
    }
    cr_assert_eq(decode(m, m->file, w.len, NULL), ASSAY_E_ENCODING);
    drop(m);
}

Test(genesis, rejects_a_signature_by_a_key_it_does_not_name)
{
    struct made *m = make();
    assay_p256_signer_free(&m->signers[0]);
    uint8_t public[64];
    key_of(999, public, &m->signers[0]);
    seal(m, 7);
    cr_assert_eq(decode(m, m->file, m->file_len, NULL), ASSAY_E_SIGNATURE);
    drop(m);
}

static enum assay_status body_status(struct made *m)
{
    struct assay_writer w = assay_writer_over(m->body, sizeof m->body);
    return assay_genesis_encode_body(&m->genesis, &w);
}

/* A judge ends when it is asked about a kind that there is not, so none gets into a roster, by
 * genesis or by a JOIN. */
Test(genesis, takes_no_card_of_a_kind_that_there_is_not)
{
    struct made *m = make();
    struct assay_genesis_member *card = &m->genesis.members[1];
    for (uint32_t kind = 1; kind <= UINT16_MAX; kind += kind <= ASSAY_KIND_COUNT + 1 ? 1 : 4096) {
        const bool known = kind < ASSAY_KIND_COUNT;
        const enum assay_status expected = known ? ASSAY_OK : ASSAY_E_RANGE;
        struct assay_genesis_member read;
        struct assay_writer w = assay_writer_over(m->body, sizeof m->body);
        struct assay_slice all;
        card->evidence_kind = kind;
        assay_member_card_put(&w, card);
        cr_assert_eq(assay_writer_finish(&w, &all), ASSAY_OK);
        struct assay_cursor c = assay_cursor_over(all.bytes, all.len);
        cr_assert_eq(assay_member_card_read(&c, &read), expected, "kind %u", kind);
        cr_assert_eq(body_status(m), expected, "kind %u", kind);
    }
    drop(m);
}

Test(genesis, writes_nothing_that_it_would_refuse)
{
    struct made *m = make();
    struct assay_genesis *g = &m->genesis;
    const struct assay_genesis good = *g;
    g->members[1] = g->members[0];
    cr_assert_eq(body_status(m), ASSAY_E_DUPLICATE);
    *g = good;
    g->members[0] = good.members[1];
    g->members[1] = good.members[0];
    cr_assert_eq(body_status(m), ASSAY_E_RANGE);
    *g = good;
    assay_bytes_copy(g->members[2].transport_public, 32, g->members[0].transport_public, 32);
    cr_assert_eq(body_status(m), ASSAY_E_DUPLICATE);
    *g = good;
    g->members[3].name = good.members[0].name; /* one would pass for the other */
    cr_assert_eq(body_status(m), ASSAY_E_DUPLICATE);
    *g = good;
    memset(g->members[3].operator_id, 0, 32);
    cr_assert_eq(body_status(m), ASSAY_E_RANGE);
    *g = good;
    g->threshold = OPERATORS + 1;
    cr_assert_eq(body_status(m), ASSAY_E_RANGE);
    g->threshold = 0;
    cr_assert_eq(body_status(m), ASSAY_E_RANGE);
    g->threshold = OPERATORS / 2; /* two halves could decide against each other */
    cr_assert_eq(body_status(m), ASSAY_E_RANGE);
    *g = good;
    g->parameters.epoch_ms = ASSAY_EPOCH_MS_MIN - 1;
    cr_assert_eq(body_status(m), ASSAY_E_RANGE);
    g->parameters.epoch_ms = ASSAY_EPOCH_MS_MAX + 1;
    cr_assert_eq(body_status(m), ASSAY_E_RANGE);
    *g = good;
    g->parameters.block_len_max = ASSAY_BLOCK_LEN_MIN - 1;
    cr_assert_eq(body_status(m), ASSAY_E_RANGE);
    g->parameters.block_len_max = ASSAY_BLOCK_LEN_MAX + 1;
    cr_assert_eq(body_status(m), ASSAY_E_RANGE);
    *g = good;
    g->parameters.vendor_cap_num = 101;
    cr_assert_eq(body_status(m), ASSAY_E_RANGE);
    *g = good;
    cr_assert_eq(body_status(m), ASSAY_OK);
    struct assay_writer w = assay_writer_over(m->file, m->body_len - 1);
    cr_assert_eq(assay_genesis_encode_body(g, &w), ASSAY_E_FULL);
    drop(m);
}

/* A body with one member's key replaced; signatures are made for it. */
static enum assay_status decode_with_key(struct made *m, size_t offset_of_key)
{
    uint8_t *at = NULL;
    for (size_t i = 0; i + 64 <= m->body_len && at == NULL; i++)
        if (assay_bytes_equal(m->body + i, (uint8_t *)&m->genesis.members[0] + offset_of_key, 64))
            at = m->body + i;
    cr_assert_not_null(at);
    memset(at, 0x41, 64); /* on no curve */
    seal(m, 7);
    return decode(m, m->file, m->file_len, NULL);
}

Test(genesis, rejects_keys_that_are_not_on_the_curve)
{
    struct made *m = make();
    cr_assert_eq(decode_with_key(m, offsetof(struct assay_genesis_member, voting_public)),
                 ASSAY_E_KEY);
    drop(m);
    m = make();
    cr_assert_eq(decode_with_key(m, offsetof(struct assay_genesis_member, identity_public)),
                 ASSAY_E_KEY);
    drop(m);
}

Test(genesis, refuses_a_file_above_its_limit)
{
    struct made *m = make();
    uint8_t *big = calloc(1, ASSAY_GENESIS_LEN_MAX + 1);
    cr_assert_not_null(big);
    cr_assert_eq(assay_genesis_decode(big, ASSAY_GENESIS_LEN_MAX + 1, false, &m->read, NULL),
                 ASSAY_E_RANGE);
    free(big);
    drop(m);
}

/* Signed by everyone: what stands at these bytes of the body is all that is wrong. */
static enum assay_status decode_resealed(struct made *m, struct assay_where *where)
{
    seal(m, 7);
    return decode(m, m->file, m->file_len, where);
}

/* The length of blocks of fill() in CBOR, wherever it stands, and at its limits. */
Test(genesis, agrees_on_the_length_of_blocks)
{
    static const struct {
        uint32_t len;
        enum assay_status status;
    } rows[] = { { 0, ASSAY_E_ENCODING }, /* not its shortest form */
                 { ASSAY_BLOCK_LEN_MIN - 1, ASSAY_E_ENCODING },
                 { ASSAY_BLOCK_LEN_MIN, ASSAY_OK },
                 { ASSAY_BLOCK_LEN_MAX, ASSAY_OK },
                 { ASSAY_BLOCK_LEN_MAX + 1, ASSAY_E_RANGE },
                 { UINT32_MAX, ASSAY_E_RANGE } };
    static const uint8_t found[] = { 0x1a, 0x00, 0x10, 0x00, 0x00 };
    struct made *m = make();
    size_t at = 0;
    while (at + sizeof found <= m->body_len &&
           !assay_bytes_equal(m->body + at, found, sizeof found))
        at++;
    cr_assert(at + sizeof found <= m->body_len);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int byte = 0; byte < 4; byte++)
            m->body[at + 1 + (size_t)byte] = (uint8_t)(rows[i].len >> (24 - 8 * byte));
        cr_expect_eq(decode_resealed(m, NULL), rows[i].status, "%u bytes", rows[i].len);
        if (rows[i].status == ASSAY_OK) cr_expect_eq(m->read.parameters.block_len_max, rows[i].len);
    }
    drop(m);
}

/* Version 1 left the length of blocks to each node. */
Test(genesis, refuses_a_body_of_another_version)
{
    struct made *m = make();
    struct assay_where where;
    cr_assert_eq(m->body[1], 2);
    for (uint8_t version = 0; version < 24; version++) {
        m->body[1] = version;
        const enum assay_status status = decode_resealed(m, &where);
        cr_expect_eq(status, version == 2 ? ASSAY_OK : ASSAY_E_UNSUPPORTED, "%u", version);
        if (status != ASSAY_OK) cr_expect_str_eq(where.field, "version");
    }
    drop(m);
}

/* Returns: where this text of CBOR stands in the body. */
static uint8_t *find_text(struct made *m, const char *text)
{
    const size_t len = strlen(text);
    for (size_t i = 0; i + 1 + len <= m->body_len; i++)
        if (m->body[i] == 0x60 + len && assay_bytes_equal(m->body + i + 1, text, len))
            return m->body + i + 1;
    cr_assert_fail("%s does not stand in the body", text);
    return NULL;
}

/* Every byte in turn in the names of an operator and a member. */
Test(genesis, takes_names_of_letters_digits_and_few_marks_alone)
{
    static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    static const char *const names[] = { "op", "member" };
    for (size_t n = 0; n < 2; n++) {
        struct made *m = make();
        uint8_t *const last = find_text(m, names[n]) + strlen(names[n]) - 1;
        for (unsigned byte = 0; byte < 256; byte++) {
            struct assay_where where = { 0 };
            const bool good = byte != 0 && strchr(fit, (int)byte) != NULL;
            *last = (uint8_t)byte;
            const enum assay_status status = decode_resealed(m, &where);
            if (good) {
                cr_expect_eq(status, ASSAY_OK, "%s, byte %u", names[n], byte);
                continue;
            }
            cr_expect_eq(status, byte < 0x80 ? ASSAY_E_SYNTAX : ASSAY_E_ENCODING, "%s, byte %u: %s",
                         names[n], byte, assay_status_symbol(status));
            cr_expect_str_eq(where.field, n == 0 ? "operator name" : "member name");
        }
        drop(m);
    }
}

Test(genesis, names_are_letters_digits_and_a_few_marks)
{
    char longest[ASSAY_NAME_MAX + 1];
    memset(longest, 'x', sizeof longest);
    cr_expect(assay_name_is_fit(assay_slice_over("a", 1)));
    cr_expect(assay_name_is_fit(assay_slice_over("Node-1.example_x", 16)));
    cr_expect(assay_name_is_fit(assay_slice_over(longest, ASSAY_NAME_MAX)));
    cr_expect_not(assay_name_is_fit(assay_slice_over(longest, ASSAY_NAME_MAX + 1)));
    cr_expect_not(assay_name_is_fit(assay_slice_over("", 0)));
    for (unsigned c = 0; c < 256; c++) {
        const uint8_t text[3] = { 'a', (uint8_t)c, 'b' };
        const bool fit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        cr_expect_eq(assay_name_is_fit(assay_slice_over(text, sizeof text)), fit, "byte %u", c);
    }
}

/* UTF-8 is no excuse: a look-alike of another operator's name is a name too. */
Test(genesis, refuses_names_beyond_ascii_and_writes_none_that_it_refuses)
{
    static char longest[ASSAY_NAME_MAX + 2];
    memset(longest, 'n', ASSAY_NAME_MAX + 1);
    const struct {
        struct assay_slice name;
        enum assay_status status;
    } rows[] = {
        { { (const uint8_t *)longest, ASSAY_NAME_MAX }, ASSAY_OK },
        { { (const uint8_t *)longest, ASSAY_NAME_MAX + 1 }, ASSAY_E_SYNTAX },
        { { (const uint8_t *)longest, 0 }, ASSAY_E_SYNTAX },
        { { (const uint8_t *)longest, 1 }, ASSAY_OK },
        { { (const uint8_t *)"\xd0\xbep", 3 }, ASSAY_E_SYNTAX },
        { { (const uint8_t *)"a b", 3 }, ASSAY_E_SYNTAX },
        { { (const uint8_t *)"a\0b", 3 }, ASSAY_E_SYNTAX },
        { { (const uint8_t *)"\x1b[2J", 4 }, ASSAY_E_SYNTAX },
    };
    struct made *m = make();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct assay_slice name = m->genesis.operators[1].name;
        m->genesis.operators[1].name = rows[i].name;
        cr_expect_eq(body_status(m), rows[i].status, "operator, row %zu", i);
        m->genesis.operators[1].name = name;
        m->genesis.members[3].name = rows[i].name;
        cr_expect_eq(body_status(m), rows[i].status, "member, row %zu", i);
        m->genesis.members[3].name = name;
    }
    drop(m);
    m = make();
    assay_bytes_copy(find_text(m, "op"), 2, "\xc3\xa9", 2); /* well-formed UTF-8 */
    cr_expect_eq(decode_resealed(m, NULL), ASSAY_E_SYNTAX);
    drop(m);
}

/* The body with the name "op" of one operator, head and all, replaced. */
static void put_name(struct made *m, const uint8_t *cbor, size_t cbor_len)
{
    static uint8_t tail[FILE_MAX];
    uint8_t *const head = find_text(m, "op") - 1;
    const size_t tail_len = m->body_len - (size_t)(head - m->body) - 3;
    assay_bytes_copy(tail, sizeof tail, head + 3, tail_len);
    assay_bytes_copy(head, 128, cbor, cbor_len);
    assay_bytes_copy(head + cbor_len, sizeof tail, tail, tail_len);
    m->body_len += cbor_len - 3;
}

Test(genesis, refuses_empty_names_and_names_that_are_too_long)
{
    static const struct {
        size_t len;
        enum assay_status status;
    } rows[] = { { 0, ASSAY_E_SYNTAX },
                 { 1, ASSAY_OK },
                 { ASSAY_NAME_MAX, ASSAY_OK },
                 { ASSAY_NAME_MAX + 1, ASSAY_E_RANGE } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made *m = make();
        uint8_t cbor[128];
        char name[ASSAY_NAME_MAX + 1];
        memset(name, 'n', sizeof name);
        struct assay_writer w = assay_writer_over(cbor, sizeof cbor);
        assay_cbor_put_text_n(&w, name, rows[i].len);
        put_name(m, cbor, w.len);
        cr_expect_eq(decode_resealed(m, NULL), rows[i].status, "%zu bytes", rows[i].len);
        drop(m);
    }
}

/* docs/protocol.md 5.22: how many vote is a parameter, with one encoding. */
Test(genesis, agrees_on_the_number_of_seats)
{
    static const struct {
        uint32_t level, delay_s, seats_max, amplification, floor;
    } rows[] = { { 0, 0, 0, 0, 0 },    { 0, 0, 7, 0, 0 },    { 2, 0, 99, 0, 0 },
                 { 0, 60, 1, 0, 0 },   { 3, 60, 20, 0, 0 },  { 0, 0, 0, 200, 0 },
                 { 1, 60, 9, 100, 0 }, { 0, 0, 7, 300, 0 },  { 0, 0, 0, 0, 70 },
                 { 1, 60, 9, 0, 100 }, { 0, 0, 7, 200, 67 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[128];
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        const struct assay_genesis_parameters p = {
            500,
            20,
            100,
            33,
            100,
            1 << 20,
            { 7 },
            rows[i].level,
            rows[i].delay_s,
            rows[i].seats_max,
            rows[i].amplification,
            rows[i].floor
        };
        struct assay_genesis_parameters q;
        assay_parameters_put(&w, &p);
        struct assay_cursor c = assay_cursor_over(w.bytes, w.len);
        cr_assert_eq(assay_parameters_read(&c, &q), ASSAY_OK, "row %zu", i);
        cr_expect_eq(assay_cursor_end(&c), ASSAY_OK);
        cr_expect_eq(q.seats_max, rows[i].seats_max);
        cr_expect_eq(q.level, rows[i].level);
        cr_expect_eq(q.collateral_delay_s, rows[i].delay_s);
        cr_expect_eq(q.amplification_percent, rows[i].amplification);
        cr_expect_eq(assay_parameters_amplification(&q),
                     rows[i].amplification != 0 ? rows[i].amplification : 150);
        cr_expect_eq(q.quiet_floor_percent, rows[i].floor);
        cr_expect_eq(assay_parameters_quiet_floor(&q), rows[i].floor != 0 ? rows[i].floor : 90);
        cr_expect_eq(assay_parameters_seats(&q), rows[i].seats_max != 0 ? rows[i].seats_max : 100);
    }
}

/* docs/protocol.md 6.3.2: B is 1 to 3, and 3/2 where nothing is said. */
Test(genesis, refuses_a_bound_of_amplification_out_of_range_or_the_usual_one)
{
    static const uint32_t said[] = { 99, 150, 301 };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        uint8_t bytes[128];
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        const struct assay_genesis_parameters p = { 500, 20, 100, 33, 100, 1 << 20,
                                                    { 7 }, 0, 0, 0, said[i], 0 };
        struct assay_genesis_parameters q;
        assay_parameters_put(&w, &p);
        struct assay_cursor c = assay_cursor_over(w.bytes, w.len);
        cr_expect_eq(assay_parameters_read(&c, &q), ASSAY_E_RANGE, "%u", (unsigned)said[i]);
    }
}

/* docs/protocol.md 6.7: more than two thirds keep their votes, 90 % where nothing is said. */
Test(genesis, refuses_a_quiet_floor_out_of_range_or_the_usual_one)
{
    static const uint32_t said[] = { 1, 66, 90, 101 };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        uint8_t bytes[128];
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        const struct assay_genesis_parameters p = { 500, 20, 100, 33, 100, 1 << 20,
                                                    { 7 }, 0, 0, 0, 0, said[i] };
        struct assay_genesis_parameters q;
        assay_parameters_put(&w, &p);
        struct assay_cursor c = assay_cursor_over(w.bytes, w.len);
        cr_expect_eq(assay_parameters_read(&c, &q), ASSAY_E_RANGE, "%u", (unsigned)said[i]);
    }
}

Test(genesis, refuses_numbers_of_seats_that_are_none_or_need_not_be_said)
{
    static const uint8_t said[] = { 0, 99, 100, 101 };
    for (size_t i = 0; i < sizeof said; i++) {
        uint8_t bytes[128];
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        const struct assay_genesis_parameters p = { 500,     20,    100, 33, 100, 1 << 20,
                                                    { 7 }, 0,   0,  99, 0, 0 };
        struct assay_genesis_parameters q;
        assay_parameters_put(&w, &p);
        bytes[w.len - 1] = said[i];
        struct assay_cursor c = assay_cursor_over(w.bytes, w.len);
        const enum assay_status status = assay_parameters_read(&c, &q);
        cr_expect_eq(status == ASSAY_OK, said[i] == 99, "%u: %s", said[i],
                     assay_status_symbol(status));
    }
}

/* With the longest names, and as many operators as there may be. */
Test(genesis, of_as_many_members_as_there_may_be_is_written_and_read, .timeout = 600)
{
    static char names[ASSAY_MEMBERS_MAX][ASSAY_NAME_MAX + 1];
    struct assay_genesis *g = calloc(1, sizeof *g);
    struct assay_genesis *read = calloc(1, sizeof *read);
    uint8_t *body = malloc(ASSAY_GENESIS_LEN_MAX), *file = malloc(ASSAY_GENESIS_LEN_MAX);
    struct assay_where where = { 0 };
    cr_assert(g != NULL && read != NULL && body != NULL && file != NULL);
    g->time_ms = 1700000000123;
    g->parameters =
        (struct assay_genesis_parameters){ 60000, 20, 100, 33, 100,
                                           4 << 20, { 7 }, 0, 0, 0, 0, 0 };
    g->policy = assay_slice_over("policy", 6);
    g->endorsements = assay_slice_over("endorsements", 12);
    g->threshold = 1;
    g->operator_count = 1;
    key_of(1, g->operators[0].public_key, NULL);
    g->operators[0].name = assay_slice_over("op", 2);
    assay_genesis_sort(g);
    g->member_count = ASSAY_MEMBERS_MAX;
    for (uint32_t i = 0; i < g->member_count; i++) {
        struct assay_genesis_member *x = &g->members[i];
        key_of(1000 + 2 * i, x->identity_public, NULL);
        key_of(1001 + 2 * i, x->voting_public, NULL);
        for (unsigned k = 0; k < 2; k++)
            (k == 0 ? x->bootstrap_public : x->transport_public)[k] = (uint8_t)(i >> 8);
        x->bootstrap_public[2] = x->transport_public[2] = (uint8_t)i;
        x->bootstrap_public[3] = 1;
        memset(x->platform_id, 6, 32);
        x->platform_id[0] = (uint8_t)(i >> 8);
        x->platform_id[1] = (uint8_t)i;
        assay_bytes_copy(x->operator_id, 32, g->operators[0].operator_id, 32);
        memset(x->vendor_root, 5, 32);
        x->evidence_kind = 3;
        memset(names[i], 'a', ASSAY_NAME_MAX);
        for (uint32_t k = 0, left = i; k < 4; k++, left /= 10)
            names[i][k] = (char)('0' + left % 10);
        x->name = assay_slice_over((const uint8_t *)names[i], ASSAY_NAME_MAX);
    }
    assay_genesis_sort(g);
    struct assay_writer w = assay_writer_over(body, ASSAY_GENESIS_LEN_MAX);
    cr_assert_eq(assay_genesis_encode_body(g, &w), ASSAY_OK);
    struct assay_writer f = assay_writer_over(file, ASSAY_GENESIS_LEN_MAX);
    cr_assert_eq(assay_genesis_encode_file(assay_slice_over(body, w.len), NULL, NULL, 0, &f),
                 ASSAY_OK);
    /* What is left is for a policy and the collateral. */
    cr_expect_leq(f.len + 512 * 1024, ASSAY_GENESIS_LEN_MAX, "%zu bytes", f.len);
    cr_assert_eq(assay_genesis_decode(file, f.len, true, read, &where), ASSAY_OK, "%s",
                 where.field);
    cr_expect_eq(read->member_count, (uint32_t)ASSAY_MEMBERS_MAX);
    free(g);
    free(read);
    free(body);
    free(file);
}

/* docs/protocol.md 5.22: each operator with members has a seat of its own. */
Test(genesis, refuses_more_operators_with_members_than_there_are_seats, .timeout = 600)
{
    static char names[ASSAY_MEMBERS_MAX][8];
    static struct assay_genesis g, read;
    static uint8_t body[1 << 17], file[1 << 17];
    for (uint32_t count = ASSAY_VOTERS_MAX; count <= ASSAY_VOTERS_MAX + 1; count++) {
        struct assay_where where = { 0 };
        g = (struct assay_genesis){ .time_ms = 1700000000123, .threshold = count / 2 + 1 };
        g.parameters = (struct assay_genesis_parameters){ .epoch_ms = 60000,
                                                          .operator_cap_num = 20,
                                                          .operator_cap_den = 100,
                                                          .vendor_cap_num = 33,
                                                          .vendor_cap_den = 100,
                                                          .block_len_max = 4 << 20 };
        g.policy = assay_slice_over("policy", 6);
        g.endorsements = assay_slice_over("endorsements", 12);
        g.operator_count = g.member_count = count;
        for (uint32_t i = 0; i < count; i++) {
            key_of(1 + i, g.operators[i].public_key, NULL);
            g.operators[i].name = assay_slice_over("op", 2);
        }
        assay_genesis_sort(&g); /* which names the operators */
        for (uint32_t i = 0; i < count; i++) {
            struct assay_genesis_member *x = &g.members[i];
            key_of(1000 + 2 * i, x->identity_public, NULL);
            key_of(1001 + 2 * i, x->voting_public, NULL);
            x->bootstrap_public[0] = x->transport_public[0] = x->platform_id[0] = (uint8_t)i;
            x->bootstrap_public[1] = x->platform_id[1] = 1;
            x->transport_public[1] = 2;
            assay_bytes_copy(x->operator_id, 32, g.operators[i].operator_id, 32);
            memset(x->vendor_root, 5, 32);
            x->evidence_kind = 3;
            (void)snprintf(names[i], sizeof names[i], "%u", i);
            x->name = assay_slice_over(names[i], strlen(names[i]));
        }
        assay_genesis_sort(&g);
        struct assay_writer w = assay_writer_over(body, sizeof body);
        struct assay_writer f = assay_writer_over(file, sizeof file);
        cr_assert_eq(assay_genesis_encode_body(&g, &w), ASSAY_OK);
        cr_assert_eq(assay_genesis_encode_file(assay_slice_over(body, w.len), NULL, NULL, 0, &f),
                     ASSAY_OK);
        cr_expect_eq(assay_genesis_decode(file, f.len, true, &read, &where),
                     count > ASSAY_VOTERS_MAX ? ASSAY_E_FULL : ASSAY_OK, "%u: %s", (unsigned)count,
                     where.field);
    }
}

/* docs/protocol.md 5.22: a roster has room for so many. */
Test(genesis, an_engine_of_more_members_than_a_roster_holds_does_not_start)
{
    static _Alignas(64) uint8_t memory[64];
    struct assay_genesis *genesis = calloc(1, sizeof *genesis);
    struct assay_engine_config config = { .genesis = genesis };
    struct assay_engine *engine = NULL;
    cr_assert_not_null(genesis);
    genesis->parameters.block_len_max = ASSAY_BLOCK_LEN_MAX;
    genesis->member_count = ASSAY_MEMBERS_MAX + 1;
    cr_expect_eq(assay_engine_init(memory, sizeof memory, &config, &engine), ASSAY_E_RANGE);
    genesis->member_count = ASSAY_MEMBERS_MAX; /* fits: only the memory does not */
    cr_expect_eq(assay_engine_init(memory, sizeof memory, &config, &engine), ASSAY_E_FULL);
    free(genesis);
}

/* What one node takes and another refuses splits them: no configuration has a say in it. */
Test(genesis, an_engine_has_room_for_the_blocks_that_genesis_allows)
{
    static _Alignas(64) uint8_t memory[64];
    struct assay_genesis *genesis = calloc(1, sizeof *genesis);
    struct assay_engine_config config = { .genesis = genesis, .blocks_max = 8 };
    struct assay_engine *engine = NULL;
    cr_assert_not_null(genesis);
    genesis->member_count = 4;
    genesis->parameters.block_len_max = ASSAY_BLOCK_LEN_MIN - 1;
    cr_expect_eq(assay_engine_init(memory, sizeof memory, &config, &engine), ASSAY_E_RANGE);
    genesis->parameters.block_len_max = ASSAY_BLOCK_LEN_MIN;
    cr_expect_eq(assay_engine_init(memory, sizeof memory, &config, &engine), ASSAY_E_FULL);
    const size_t least = assay_engine_size(&config);
    genesis->parameters.block_len_max = ASSAY_BLOCK_LEN_MAX;
    cr_expect_geq(assay_engine_size(&config) - least,
                  (size_t)8 * (ASSAY_BLOCK_LEN_MAX - ASSAY_BLOCK_LEN_MIN));
    free(genesis);
}
