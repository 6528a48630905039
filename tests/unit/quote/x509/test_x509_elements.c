/*
 * tests/unit/quote/x509/test_x509_elements.c - each element of certificates, revocation lists and
 * public keys taken out, doubled, emptied, retagged, bent and followed by another, with all lengths
 * around it corrected: whatever is still read is not what was signed.
 */
#include "quote/x509.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "base/file/file.h"
#include "base/writer.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { DER_MAX = 16384, DEPTH_MAX = 16 };

enum bend {
    BEND_NONE,
    BEND_REMOVE,
    BEND_DOUBLE,
    BEND_EMPTY,
    BEND_OTHER_TAG,
    BEND_NULL_TAG,
    BEND_LAST_BIT,
    BEND_FIRST_BYTE,
    BEND_FOLLOW,
    BENDS,
};

struct bending {
    enum bend bend;
    size_t target, twin; /* which elements, counted as they begin */
    size_t next;
    size_t inner, outer, after; /* where the algorithm begins inside, outside, and what follows */
};

/* One element: tag, content. Returns: false at the end or where there is none. */
static bool next_element(struct assay_cursor *in, uint8_t *tag, struct assay_slice *content)
{
    uint8_t first = 0;
    uint64_t len = 0;
    if (assay_cursor_u8(in, tag) != ASSAY_OK || (*tag & 0x1f) == 0x1f) return false;
    if (assay_cursor_u8(in, &first) != ASSAY_OK) return false;
    len = first;
    if (first > 0x82 || first == 0x80) return false;
    for (uint8_t i = 0x80; i < first; i++) {
        uint8_t octet = 0;
        if (assay_cursor_u8(in, &octet) != ASSAY_OK) return false;
        len = (i == 0x80 ? 0 : len << 8) | octet;
    }
    return assay_cursor_slice(in, (size_t)len, content) == ASSAY_OK;
}

/* Octets that hold one element and nothing else, as extensions do. */
static bool is_wrapped(struct assay_slice content)
{
    struct assay_cursor in = assay_cursor_over(content.bytes, content.len);
    struct assay_slice inner;
    uint8_t tag = 0;
    return next_element(&in, &tag, &inner) && assay_cursor_left(&in) == 0 &&
           (tag == 0x30 || tag == 0x02 || tag == 0x03 || tag == 0x16);
}

static void put_element(struct assay_writer *out, uint8_t tag, struct assay_slice content)
{
    assay_writer_u8(out, tag);
    if (content.len >= 0x100) {
        assay_writer_u8(out, 0x82);
        assay_writer_u8(out, (uint8_t)(content.len >> 8));
    } else if (content.len >= 0x80) {
        assay_writer_u8(out, 0x81);
    }
    assay_writer_u8(out, (uint8_t)content.len);
    assay_writer_put(out, content.bytes, content.len);
}

static void put_bent(struct assay_writer *out, uint8_t tag, struct assay_slice content,
                     enum bend bend)
{
    static const uint8_t null[2] = { 5, 0 };
    uint8_t bytes[DER_MAX];
    if (content.len > 0) assay_bytes_copy(bytes, sizeof bytes, content.bytes, content.len);
    if (bend == BEND_LAST_BIT && content.len > 0) bytes[content.len - 1] ^= 1;
    if (bend == BEND_FIRST_BYTE && content.len > 0) bytes[0] = (uint8_t)~bytes[0];
    if (bend == BEND_EMPTY) content.len = 0;
    if (bend == BEND_OTHER_TAG) tag ^= 1;
    if (bend == BEND_NULL_TAG) tag = 5;
    if (bend != BEND_REMOVE) put_element(out, tag, assay_slice_over(bytes, content.len));
    if (bend == BEND_DOUBLE) put_element(out, tag, assay_slice_over(bytes, content.len));
    if (bend == BEND_FOLLOW) assay_writer_put(out, null, sizeof null);
}

/* NOLINTNEXTLINE(misc-no-recursion): of a depth that is counted */
static void rebuild(struct assay_slice from, struct assay_writer *out, struct bending *b,
                    unsigned depth)
{
    struct assay_cursor in = assay_cursor_over(from.bytes, from.len);
    cr_assert_lt(depth, DEPTH_MAX);
    for (size_t place = 0; assay_cursor_left(&in) > 0; place++) {
        uint8_t inside[DER_MAX], tag = 0;
        struct assay_slice content;
        cr_assert(next_element(&in, &tag, &content), "the seed is DER");
        const size_t mine = b->next++;
        if (depth == 2 && place == 2 && b->inner == 0) b->inner = mine;
        if (depth == 1 && place == 1) b->outer = mine;
        if (depth == 1 && place == 2) b->after = mine;
        if ((tag & 0x20) != 0 || (tag == 0x04 && is_wrapped(content))) {
            struct assay_writer w = assay_writer_over(inside, sizeof inside);
            rebuild(content, &w, b, depth + 1);
            ASSAY_ASSERT(!w.full);
            content = assay_slice_over(inside, w.len);
        }
        put_bent(out, tag, content, mine == b->target || mine == b->twin ? b->bend : BEND_NONE);
    }
}

/* What a reader makes of bytes: what identifies their meaning. Returns: false when refused. */
struct meaning {
    uint8_t signed_digest[ASSAY_DIGEST_MAX];
    struct assay_signature signature;
    struct assay_key key;
};
typedef bool (*reader)(const uint8_t *bytes, size_t len, struct meaning *out);

static bool read_certificate(const uint8_t *bytes, size_t len, struct meaning *out)
{
    struct assay_certificate c;
    if (assay_x509_certificate(bytes, len, &c) != ASSAY_OK) return false;
    assay_bytes_copy(out->signed_digest, sizeof out->signed_digest, c.tbs_digest,
                     sizeof c.tbs_digest);
    out->signature = c.signature;
    return true;
}

static bool read_crl(const uint8_t *bytes, size_t len, struct meaning *out)
{
    static struct assay_crl crl;
    if (assay_x509_crl(bytes, len, &crl) != ASSAY_OK) return false;
    assay_bytes_copy(out->signed_digest, sizeof out->signed_digest, crl.tbs_digest,
                     sizeof crl.tbs_digest);
    out->signature = crl.signature;
    return true;
}

static bool read_key(const uint8_t *bytes, size_t len, struct meaning *out)
{
    return assay_x509_public_key(bytes, len, &out->key) == ASSAY_OK;
}

static bool same_meaning(const struct meaning *a, const struct meaning *b)
{
    return assay_bytes_equal(a->signed_digest, b->signed_digest, sizeof a->signed_digest) &&
           a->signature.alg == b->signature.alg && a->signature.len == b->signature.len &&
           assay_bytes_equal(a->signature.bytes, b->signature.bytes, sizeof a->signature.bytes) &&
           a->key.type == b->key.type && a->key.len == b->key.len &&
           assay_bytes_equal(a->key.bytes, b->key.bytes, sizeof a->key.bytes);
}

static void expect_one_encoding(const char *name, reader read)
{
    char path[PATH_MAX];
    uint8_t *seed = NULL, out[DER_MAX];
    size_t len = 0;
    struct meaning good = { 0 };
    (void)snprintf(path, sizeof path, "%s/quote_x509/%s", ASSAY_TEST_CORPUS, name);
    cr_assert_eq(assay_file_read(path, DER_MAX / 2, &seed, &len), ASSAY_OK, "%s", path);
    cr_assert(read(seed, len, &good), "%s", name);
    struct bending b = { .bend = BEND_NONE, .target = SIZE_MAX, .twin = SIZE_MAX };
    struct assay_writer w = assay_writer_over(out, sizeof out);
    rebuild(assay_slice_over(seed, len), &w, &b, 0);
    cr_assert(w.len == len && assay_bytes_equal(seed, out, len), "%s is rebuilt as it was", name);
    const size_t elements = b.next;
    size_t refused = 0;
    for (int bend = BEND_NONE + 1; bend < BENDS; bend++)
        for (size_t at = 0; at < elements; at++) {
            struct meaning now = { 0 };
            b = (struct bending){ .bend = (enum bend)bend, .target = at, .twin = at };
            w = assay_writer_over(out, sizeof out);
            rebuild(assay_slice_over(seed, len), &w, &b, 0);
            cr_assert(!w.full);
            if (w.len == len && assay_bytes_equal(seed, out, len)) continue;
            if (!read(out, w.len, &now)) refused += 1;
            else cr_expect(!same_meaning(&good, &now), "%s: bend %d of %zu", name, bend, at);
        }
    cr_expect_gt(refused, elements, "%s: %zu of %zu elements", name, refused, elements);
    free(seed);
}

Test(quote_x509_elements, of_certificates_have_one_encoding)
{
    static const char *const names[] = { "ark", "ek", "nitro_root", "pck", "soft-root", "vcek",
                                         "vlek" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        expect_one_encoding(names[i], read_certificate);
}

Test(quote_x509_elements, of_revocation_lists_have_one_encoding)
{
    static const char *const names[] = { "crl_p384", "pck-crl", "root-crl" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        expect_one_encoding(names[i], read_crl);
}

Test(quote_x509_elements, of_public_keys_have_one_encoding)
{
    expect_one_encoding("spki", read_key);
}

/* The algorithm stands in the certificate twice: bent in both places alike, it is refused or still
 * the same one (parameters that are NULL may be left out). */
static void expect_one_algorithm(const char *name)
{
    char path[PATH_MAX];
    uint8_t *seed = NULL, out[DER_MAX];
    size_t len = 0, refused = 0;
    struct meaning good = { 0 };
    (void)snprintf(path, sizeof path, "%s/quote_x509/%s", ASSAY_TEST_CORPUS, name);
    cr_assert_eq(assay_file_read(path, DER_MAX / 2, &seed, &len), ASSAY_OK, "%s", path);
    cr_assert(read_certificate(seed, len, &good), "%s", name);
    struct bending whole = { .bend = BEND_NONE, .target = SIZE_MAX, .twin = SIZE_MAX };
    struct assay_writer w = assay_writer_over(out, sizeof out);
    rebuild(assay_slice_over(seed, len), &w, &whole, 0);
    cr_assert_gt(whole.after, whole.outer);
    for (int bend = BEND_NONE + 1; bend < BENDS; bend++)
        for (size_t at = 0; at < whole.after - whole.outer; at++) {
            struct meaning now = { 0 };
            /* ECDSA with SHA-256 and with SHA-384 are neighbours by their numbers. */
            if (bend == BEND_LAST_BIT && at <= 1) continue;
            struct bending b = { .bend = (enum bend)bend,
                                 .target = whole.inner + at,
                                 .twin = whole.outer + at };
            w = assay_writer_over(out, sizeof out);
            rebuild(assay_slice_over(seed, len), &w, &b, 0);
            cr_assert(!w.full);
            if (!read_certificate(out, w.len, &now)) refused += 1;
            else
                cr_expect_eq(now.signature.alg, good.signature.alg, "%s: bend %d of %zu", name,
                             bend, at);
        }
    cr_expect_gt(refused, 0, "%s", name);
    free(seed);
}

Test(quote_x509_elements, of_algorithms_make_no_other_algorithm)
{
    static const char *const names[] = { "ark", "ek", "nitro_root", "pck", "vcek", "vlek" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        expect_one_algorithm(names[i]);
}
