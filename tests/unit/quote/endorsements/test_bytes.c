/*
 * tests/unit/quote/endorsements/test_bytes.c - tests of encoded endorsements.
 *
 * quote/collateral/endorsements.h: one byte string for the collateral of a network, and no second
 * one.
 */
#include "base/cbor.h"
#include "quote/accept/policy.h"
#include "quote/collateral/endorsements.h"
#include "quote/source/soft/soft.h"
#include "quote/verify.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { VENDORS = 3, CAPACITY = 1 << 18, FROM_S = 1700000000, TO_S = 1900000000 };

/* Three vendors; the last one is the second again with another platform family. */
static struct assay_soft_ca *cas;
static struct assay_soft_bundle *bundles;
static struct assay_endorsement_files entries[VENDORS];
static struct assay_collateral *collateral;
static struct assay_endorsements decoded;
static uint8_t *bytes;
static size_t len;

static int by_entry(const void *a, const void *b)
{
    return assay_endorsement_compare(a, b);
}

static void make_bundle(unsigned index, int64_t issue_s)
{
    struct assay_soft_terms terms;
    assay_soft_terms_default(&cas[index], &terms);
    terms.issue_unix_s = issue_s;
    cr_assert_eq(assay_soft_collateral(&cas[index], &terms, &bundles[index]), ASSAY_OK);
    struct assay_endorsement_files *entry = &entries[index];
    entry->root = assay_key_p256(cas[index].root_public);
    entry->kinds = ASSAY_KIND_BIT(ASSAY_KIND_SOFT);
    entry->files = bundles[index].files;
}

static void set_up(void)
{
    cas = calloc(VENDORS, sizeof *cas);
    bundles = calloc(VENDORS, sizeof *bundles);
    collateral = calloc(VENDORS, sizeof *collateral);
    bytes = malloc(CAPACITY);
    cr_assert(cas != NULL && bundles != NULL && collateral != NULL && bytes != NULL);
    for (unsigned i = 0; i < 2; i++)
        cr_assert_eq(assay_soft_ca_create("Vendor", FROM_S, TO_S, &cas[i]), ASSAY_OK);
    cas[2] = cas[1];
    cas[2].fmspc[0] ^= 1;
    for (unsigned i = 0; i < VENDORS; i++)
        make_bundle(i, FROM_S);
    qsort(entries, VENDORS, sizeof entries[0], by_entry);
}

static void tear_down(void)
{
    free(cas);
    free(bundles);
    free(collateral);
    free(bytes);
}

TestSuite(quote_endorsements, .init = set_up, .fini = tear_down);

static enum assay_status encode(size_t count)
{
    struct assay_writer w = assay_writer_over(bytes, CAPACITY);
    const enum assay_status status = assay_endorsements_encode(entries, count, &w);
    len = w.len;
    return status;
}

/* From memory of exactly this size, so that one byte too far is seen. */
static enum assay_status decode(const void *from, size_t from_len)
{
    uint8_t *exact = malloc(from_len + 1);
    assay_bytes_copy(exact + 1, from_len, from, from_len);
    decoded.count = 99;
    const enum assay_status status =
        assay_endorsements_decode(exact + 1, from_len, collateral, VENDORS, &decoded);
    if (status != ASSAY_OK) cr_expect_eq(decoded.count, 99, "the output was touched");
    free(exact);
    return status;
}

Test(quote_endorsements, what_was_encoded_is_decoded)
{
    size_t count = 0;
    cr_assert_eq(encode(VENDORS), ASSAY_OK);
    cr_assert_eq(assay_endorsements_count(bytes, len, &count), ASSAY_OK);
    cr_expect_eq(count, VENDORS);
    cr_assert_eq(decode(bytes, len), ASSAY_OK);
    cr_assert_eq(decoded.count, VENDORS);
    cr_expect_not(decoded.exact, "the bundles of a network are not meant for one quote");
    for (unsigned i = 0; i < VENDORS; i++) {
        uint8_t digest[32];
        assay_collateral_digest(&entries[i].files, digest);
        cr_expect(assay_key_equal(&decoded.entries[i].root, &entries[i].root));
        cr_expect_eq(decoded.entries[i].kinds, ASSAY_KIND_BIT(ASSAY_KIND_SOFT));
        cr_expect_arr_eq(decoded.entries[i].collateral->digest, digest, 32);
        cr_expect(assay_collateral_sound(decoded.entries[i].collateral));
    }
}

Test(quote_endorsements, a_quote_is_judged_under_the_family_it_belongs_to)
{
    struct assay_soft_node node;
    struct assay_soft_request wanted = { .isvsvn = 1 };
    struct assay_policy policy;
    struct assay_verdict *verdict = calloc(1, sizeof *verdict);
    uint8_t quote[ASSAY_SOFT_QUOTE_MAX];
    cr_assert_eq(encode(VENDORS), ASSAY_OK);
    cr_assert_eq(decode(bytes, len), ASSAY_OK);
    assay_policy_default(&policy);
    policy.profile = ASSAY_PROFILE_DEVELOPMENT;
    for (unsigned i = 0; i < VENDORS; i++) {
        struct assay_evidence_request request = { .kind = ASSAY_KIND_SOFT,
                                                  .bytes = quote,
                                                  .at_unix_s = FROM_S + 1000,
                                                  .endorsements = &decoded,
                                                  .policy = &policy };
        cr_assert_eq(assay_soft_node_create(&cas[i], "node", NULL, &node), ASSAY_OK);
        cr_assert_eq(assay_soft_quote(&node, &wanted, quote, sizeof quote, &request.len), ASSAY_OK);
        cr_assert_eq(assay_evidence_verify(NULL, &request, verdict), ASSAY_OK);
        cr_expect_eq(verdict->genuine, ASSAY_GENUINE_TRUE, "vendor %u", i);
        assay_soft_node_deinit(&node);
    }
    free(verdict);
}

Test(quote_endorsements, entries_stand_in_one_order)
{
    for (unsigned i = 0; i + 1 < VENDORS; i++) {
        const struct assay_endorsement_files kept = entries[i];
        entries[i] = entries[i + 1];
        entries[i + 1] = kept;
        cr_expect_eq(encode(VENDORS), ASSAY_E_INVALID, "%u", i);
        entries[i + 1] = entries[i];
        cr_expect_eq(encode(VENDORS), ASSAY_E_INVALID, "%u twice", i);
        entries[i] = kept;
        qsort(entries, VENDORS, sizeof entries[0], by_entry);
        make_bundle(0, FROM_S);
        make_bundle(1, FROM_S);
        make_bundle(2, FROM_S);
        qsort(entries, VENDORS, sizeof entries[0], by_entry);
    }
    cr_expect_lt(assay_endorsement_compare(&entries[0], &entries[1]), 0);
    cr_expect_gt(assay_endorsement_compare(&entries[1], &entries[0]), 0);
    cr_expect_eq(assay_endorsement_compare(&entries[1], &entries[1]), 0);
    struct assay_endorsement_files more = entries[0];
    more.kinds |= ASSAY_KIND_BIT(ASSAY_KIND_SGX3);
    cr_expect_lt((more.kinds > entries[0].kinds ? 1 : -1) *
                     assay_endorsement_compare(&entries[0], &more),
                 0);
}

/* Two encodings of one entry each, put together by hand behind another head. */
static size_t join(const struct assay_endorsement_files *first,
                   const struct assay_endorsement_files *second, uint8_t *out)
{
    struct assay_writer w = assay_writer_over(out, CAPACITY);
    assay_cbor_put_array(&w, 2);
    for (int i = 0; i < 2; i++) {
        struct assay_writer one = assay_writer_over(bytes, CAPACITY);
        cr_assert_eq(assay_endorsements_encode(i == 0 ? first : second, 1, &one), ASSAY_OK);
        assay_writer_put(&w, bytes + 1, one.len - 1); /* without the head of an array of one */
    }
    return w.len;
}

Test(quote_endorsements, a_decoder_holds_to_the_order_too)
{
    uint8_t *joined = malloc(CAPACITY);
    size_t joined_len = join(&entries[0], &entries[1], joined);
    cr_expect_eq(decode(joined, joined_len), ASSAY_OK);
    cr_expect_eq(decoded.count, 2);
    joined_len = join(&entries[1], &entries[0], joined);
    cr_expect_eq(decode(joined, joined_len), ASSAY_E_INVALID);
    joined_len = join(&entries[0], &entries[0], joined);
    cr_expect_eq(decode(joined, joined_len), ASSAY_E_INVALID);
    free(joined);
}

Test(quote_endorsements, two_truths_about_one_platform_family_are_refused)
{
    cas[2] = cas[1]; /* the same root and family, collateral of another day */
    make_bundle(0, FROM_S);
    make_bundle(1, FROM_S);
    make_bundle(2, FROM_S + 86400);
    qsort(entries, VENDORS, sizeof entries[0], by_entry);
    cr_assert_eq(encode(VENDORS), ASSAY_OK);
    cr_expect_eq(decode(bytes, len), ASSAY_E_DUPLICATE);

    for (unsigned i = 0; i < VENDORS; i++) /* for different kinds they are no rivals */
        if (assay_bytes_equal(entries[i].files.part[0].bytes, bundles[2].files.part[0].bytes, 16) &&
            entries[i].files.part[0].bytes == bundles[2].files.part[0].bytes)
            entries[i].kinds = ASSAY_KIND_BIT(ASSAY_KIND_SGX3);
    qsort(entries, VENDORS, sizeof entries[0], by_entry);
    cr_assert_eq(encode(VENDORS), ASSAY_OK);
    cr_expect_eq(decode(bytes, len), ASSAY_OK);
}

/* The platform key of an Arm CCA platform: nothing leads to it, and nothing stands beside it. */
Test(quote_endorsements, a_platform_key_of_cca_stands_bare_and_no_other_root_does)
{
    const struct assay_endorsement_files kept = entries[0];
    uint8_t point[ASSAY_P384_PUBLIC_LEN] = { 1 };
    struct assay_endorsement_files bare = { .kinds = ASSAY_KIND_BIT(ASSAY_KIND_CCA) };
    assay_key_from(&bare.root, ASSAY_KEY_P384, point, sizeof point);
    entries[0] = bare;
    cr_assert_eq(encode(1), ASSAY_OK);
    cr_assert_eq(decode(bytes, len), ASSAY_OK);
    cr_expect(assay_key_equal(&decoded.entries[0].root, &bare.root));
    cr_expect_eq(decoded.entries[0].kinds, bare.kinds);
    cr_expect(assay_collateral_current(decoded.entries[0].collateral, 0), "nothing runs out");

    entries[0].files = kept.files; /* of no use to anybody */
    cr_assert_eq(encode(1), ASSAY_OK);
    cr_expect_eq(decode(bytes, len), ASSAY_E_INVALID);
    entries[0] = bare;
    for (uint32_t kind = 1; kind < ASSAY_KIND_COUNT; kind++) {
        if (kind == ASSAY_KIND_CCA) continue;
        for (int both = 0; both < 2; both++) { /* of another kind, and of CCA besides */
            entries[0].kinds = ASSAY_KIND_BIT(kind) | (both != 0 ? bare.kinds : 0);
            cr_assert_eq(encode(1), ASSAY_OK);
            cr_expect_eq(decode(bytes, len), ASSAY_E_INVALID, "kind %u", kind);
        }
    }
    /* Beside the same key for other kinds, unless that says CCA, too. */
    entries[0] = bare;
    entries[0].root = kept.root;
    entries[1] = kept;
    qsort(entries, 2, sizeof entries[0], by_entry);
    cr_assert_eq(encode(2), ASSAY_OK);
    cr_expect_eq(decode(bytes, len), ASSAY_OK);
    for (int i = 0; i < 2; i++)
        if (entries[i].kinds == kept.kinds) entries[i].kinds |= bare.kinds;
    qsort(entries, 2, sizeof entries[0], by_entry);
    cr_assert_eq(encode(2), ASSAY_OK);
    cr_expect_eq(decode(bytes, len), ASSAY_E_DUPLICATE);
}

Test(quote_endorsements, counts_have_limits)
{
    static struct assay_endorsement_files many[ASSAY_ENDORSEMENTS_MAX + 1];
    struct assay_writer w = assay_writer_over(bytes, CAPACITY);
    size_t count = 0;
    for (unsigned i = 0; i <= ASSAY_ENDORSEMENTS_MAX; i++) {
        uint8_t point[ASSAY_P256_PUBLIC_LEN] = { (uint8_t)i };
        many[i] = (struct assay_endorsement_files){ .root = assay_key_p256(point), .kinds = 1 };
    }
    cr_expect_eq(assay_endorsements_encode(many, 0, &w), ASSAY_E_RANGE);
    cr_expect_eq(assay_endorsements_encode(many, ASSAY_ENDORSEMENTS_MAX + 1, &w), ASSAY_E_RANGE);
    cr_expect_eq(assay_endorsements_encode(many, ASSAY_ENDORSEMENTS_MAX, &w), ASSAY_OK);
    cr_expect_eq(assay_endorsements_count(bytes, w.len, &count), ASSAY_OK);
    cr_expect_eq(count, ASSAY_ENDORSEMENTS_MAX);
    cr_expect_eq(decode(bytes, w.len), ASSAY_E_FULL, "more than the caller has memory for");

    cr_assert_eq(encode(2), ASSAY_OK);
    cr_expect_eq(assay_endorsements_decode(bytes, len, collateral, 1, &decoded), ASSAY_E_FULL);
    many[1].kinds = 0;
    cr_expect_eq(assay_endorsements_encode(many, 2, &w), ASSAY_E_RANGE, "vouches for nothing");

    static const uint8_t none[] = { 0x80 }, too_many[] = { 0x98, ASSAY_ENDORSEMENTS_MAX + 1 };
    static const uint8_t map[] = { 0xa0 };
    cr_expect_eq(decode(none, sizeof none), ASSAY_E_RANGE);
    cr_expect_eq(assay_endorsements_count(none, sizeof none, &count), ASSAY_E_RANGE);
    cr_expect_eq(decode(too_many, sizeof too_many), ASSAY_E_RANGE);
    cr_expect_eq(assay_endorsements_count(too_many, sizeof too_many, &count), ASSAY_E_RANGE);
    cr_expect_eq(decode(map, sizeof map), ASSAY_E_TYPE);
    cr_expect_eq(decode(NULL, 0), ASSAY_E_TRUNCATED);
}

Test(quote_endorsements, no_room_is_said_at_every_size)
{
    cr_assert_eq(encode(1), ASSAY_OK);
    const size_t whole = len;
    for (size_t room = 0; room < whole; room++) {
        struct assay_writer w = assay_writer_over(bytes, room);
        cr_expect_eq(assay_endorsements_encode(entries, 1, &w), ASSAY_E_FULL, "room %zu", room);
    }
    struct assay_writer w = assay_writer_over(bytes, whole);
    cr_expect_eq(assay_endorsements_encode(entries, 1, &w), ASSAY_OK);
}

Test(quote_endorsements, rejects_every_truncation_and_a_byte_too_many)
{
    cr_assert_eq(encode(1), ASSAY_OK);
    for (size_t cut = 0; cut < len; cut++) {
        const enum assay_status status = decode(bytes, cut);
        cr_expect_eq(status, ASSAY_E_TRUNCATED, "at %zu: %s", cut, assay_status_symbol(status));
    }
    bytes[len] = 0;
    cr_expect_eq(decode(bytes, len + 1), ASSAY_E_TRAILING);
    cr_assert_eq(encode(2), ASSAY_OK);
    for (size_t cut = len / 2 + 1; cut < len; cut += 211)
        cr_expect_neq(decode(bytes, cut), ASSAY_OK, "at %zu", cut);
}

Test(quote_endorsements, no_flipped_bit_crashes_and_hardly_one_is_taken)
{
    unsigned taken = 0, tried = 0;
    cr_assert_eq(encode(1), ASSAY_OK);
    for (size_t at = 0; at < len; at += 11) {
        bytes[at] ^= (uint8_t)(1u << (at % 8));
        taken += decode(bytes, len) == ASSAY_OK ? 1 : 0;
        tried++;
        bytes[at] ^= (uint8_t)(1u << (at % 8));
    }
    /* The leaf of the PCK chain is carried and not looked at here: chains come with the quote. */
    cr_expect_lt(taken * 5, tried, "%u of %u", taken, tried);
    for (size_t at = 0; at < 70; at++) { /* heads, root key and kinds: every bit counts */
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[at] ^= (uint8_t)(1u << bit);
            const enum assay_status status = decode(bytes, len);
            const bool kinds = at == 68;
            cr_expect(status != ASSAY_OK || kinds, "byte %zu bit %u", at, bit);
            bytes[at] ^= (uint8_t)(1u << bit);
        }
    }
}

Test(quote_endorsements, a_bundle_that_lacks_a_part_is_refused)
{
    static const enum assay_collateral_part needed[] = {
        ASSAY_PART_TCB_INFO, ASSAY_PART_QE_IDENTITY, ASSAY_PART_ROOT_CRL,
        ASSAY_PART_PCK_CRL,  ASSAY_PART_TCB_CHAIN,
    };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        const struct assay_slice kept = entries[0].files.part[needed[i]];
        entries[0].files.part[needed[i]] = assay_slice_over(NULL, 0);
        cr_assert_eq(encode(1), ASSAY_OK);
        cr_expect_eq(decode(bytes, len), ASSAY_E_INVALID, "part %d", (int)needed[i]);
        entries[0].files.part[needed[i]] = kept;
    }
    entries[0].files.part[ASSAY_PART_PCK_CHAIN] = assay_slice_over(NULL, 0);
    cr_assert_eq(encode(1), ASSAY_OK);
    cr_expect_eq(decode(bytes, len), ASSAY_OK, "each quote brings its own chain");
    entries[0].root.bytes[5] ^= 1; /* collateral of one vendor under the name of another */
    cr_assert_eq(encode(1), ASSAY_OK);
    cr_expect_eq(decode(bytes, len), ASSAY_E_INVALID);
}
