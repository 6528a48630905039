/*
 * tests/unit/services/shares/test_share_public.c - tests of payloads of public attempts.
 *
 * Payloads of public attempts (docs/services.md 5.17): what is encoded is read back, one meaning
 * has one encoding, the longest fits a record, and signatures cover every byte.
 */
#include "base/crypto.h"
#include "services/shares/public.h"
#include "services/shares/records.h"
#include "tests/support/depth.h"
#include "tests/support/seed.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { KEY, DEALING, DISPUTE_NUMBER, DISPUTE_CONSTANT, KINDS };

union any {
    struct assay_share_key_record key;
    struct assay_share_dealing_record dealing;
    struct assay_share_dispute_record dispute;
};

static const struct assay_share_home home = { .chain_id = { 3 } };

static enum assay_status decode(uint32_t kind, struct assay_slice bytes, union any *out)
{
    if (kind == KEY) return assay_share_key_record_decode(bytes, &out->key);
    if (kind == DEALING) return assay_share_dealing_record_decode(bytes, &out->dealing);
    return assay_share_dispute_record_decode(bytes, &out->dispute);
}

static enum assay_status encode(uint32_t kind, const union any *in, uint8_t *bytes,
                                size_t capacity, struct assay_slice *out)
{
    if (kind == KEY) return assay_share_key_record_encode(&in->key, bytes, capacity, out);
    if (kind == DEALING)
        return assay_share_dealing_record_encode(&in->dealing, bytes, capacity, out);
    return assay_share_dispute_record_encode(&in->dispute, bytes, capacity, out);
}

static bool check(uint32_t kind, const union any *in)
{
    if (kind == KEY) return assay_share_key_record_check(&home, &in->key);
    if (kind == DEALING) return assay_share_dealing_record_check(&home, &in->dealing);
    return assay_share_dispute_record_check(&home, &in->dispute);
}

static void fill(void *bytes, size_t len, uint32_t seed)
{
    uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(seed * 31 + i * 7 + (i >> 8));
}

/* As long as one can be. */
static union any example(uint32_t kind, struct assay_p256_signer **signer)
{
    union any any = { 0 };
    struct assay_share_speaker speaker = { .cluster = 7, .slot = 15, .seating = INT64_MAX,
                                           .era = INT64_MAX };
    struct assay_secret32 secret, e;
    uint8_t wide[ASSAY_SODIUM_WIDE_LEN] = { 1, 2, 3 }, digest[32];
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    cr_assert_eq(assay_p256_generate(&secret, speaker.key), ASSAY_OK);
    cr_assert_eq(assay_p256_signer_load(&secret, signer), ASSAY_OK);
    fill(speaker.node, sizeof speaker.node, 1);
    if (kind == KEY) {
        any.key.speaker = speaker;
        any.key.round = INT64_MAX;
        assay_sodium_scalar_from(wide, &e);
        cr_assert_eq(assay_sodium_point_base(&e, any.key.point), ASSAY_OK);
        assay_share_key_statement(&home, &any.key, digest);
        cr_assert_eq(assay_dealing_prove(&e, digest, wide, any.key.point, &any.key.proof),
                     ASSAY_OK);
        cr_assert_eq(assay_p256_sign(*signer, digest, any.key.signature), ASSAY_OK);
        return any;
    }
    if (kind == DEALING) {
        any.dealing.speaker = speaker;
        any.dealing.count = ASSAY_SHARE_DEALINGS_MAX;
        for (uint32_t i = 0; i < any.dealing.count; i++) {
            struct assay_share_dealing_line *line = &any.dealing.line[i];
            fill(line->id, 32, 3);
            line->id[0] = (uint8_t)(i + 1);
            line->generation = UINT32_MAX;
            line->attempt = INT64_MAX;
            fill(&line->proof, sizeof line->proof, i);
            line->dealing.commitments.k = ASSAY_SHARE_K_MAX;
            fill(line->dealing.commitments.point, sizeof line->dealing.commitments.point, i + 5);
            fill(line->dealing.dealt, 32, i + 6);
            line->dealing.slots = ASSAY_SHARE_SLOTS_MAX;
            fill(line->dealing.sealed, sizeof line->dealing.sealed, i + 7);
        }
        assay_share_dealing_statement(&home, &any.dealing, digest);
        cr_assert_eq(assay_p256_sign(*signer, digest, any.dealing.signature), ASSAY_OK);
        return any;
    }
    any.dispute = (struct assay_share_dispute_record){
        .speaker = speaker, .generation = UINT32_MAX, .attempt = INT64_MAX, .dealer = 14,
        .kind = kind == DISPUTE_NUMBER ? ASSAY_SHARE_DISPUTE_NUMBER : ASSAY_SHARE_DISPUTE_CONSTANT,
    };
    fill(any.dispute.id, 32, 9);
    if (kind == DISPUTE_NUMBER) {
        fill(any.dispute.shown, 32, 8);
        fill(&any.dispute.proof, sizeof any.dispute.proof, 4);
    } else {
        any.dispute.current.k = ASSAY_SHARE_K_MAX;
        fill(any.dispute.current.point, sizeof any.dispute.current.point, 2);
    }
    assay_share_dispute_statement(&home, &any.dispute, digest);
    cr_assert_eq(assay_p256_sign(*signer, digest, any.dispute.signature), ASSAY_OK);
    return any;
}

Test(share_public, the_longest_fits_and_comes_back)
{
    static uint8_t bytes[ASSAY_SHARE_RECORD_MAX], again[ASSAY_SHARE_RECORD_MAX];
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        struct assay_p256_signer *signer = NULL;
        union any any = example(kind, &signer), read;
        struct assay_slice out, other;
        cr_assert(check(kind, &any), "%u", kind);
        cr_assert_eq(encode(kind, &any, bytes, sizeof bytes, &out), ASSAY_OK);
        cr_assert_eq(decode(kind, out, &read), ASSAY_OK);
        cr_assert(check(kind, &read), "%u", kind);
        cr_assert_eq(encode(kind, &read, again, sizeof again, &other), ASSAY_OK);
        cr_assert(assay_slice_equal(out, other));
        for (size_t len = 0; len < out.len; len += 1 + out.len / 200)
            cr_assert_neq(decode(kind, assay_slice_over(bytes, len), &read), ASSAY_OK);
        assay_p256_signer_free(&signer);
    }
}

/* Any byte that is another makes it no record, or one that its key has not signed. */
Test(share_public, a_signature_covers_every_byte, .timeout = 600)
{
    static uint8_t bytes[ASSAY_SHARE_RECORD_MAX], again[ASSAY_SHARE_RECORD_MAX];
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        struct assay_p256_signer *signer = NULL;
        union any any = example(kind, &signer), read;
        struct assay_slice out, other;
        uint32_t taken = 0;
        cr_assert_eq(encode(kind, &any, bytes, sizeof bytes, &out), ASSAY_OK);
        const size_t step = kind == DEALING ? 13 * test_every(5) : test_every(2);
        for (size_t at = 0; at < out.len; at += step) {
            const uint8_t was = bytes[at];
            bytes[at] = (uint8_t)(was ^ 1u << at % 8);
            if (decode(kind, out, &read) == ASSAY_OK) {
                taken++;
                cr_assert_eq(encode(kind, &read, again, sizeof again, &other), ASSAY_OK);
                cr_assert(assay_slice_equal(out, other), "byte %zu", at);
                cr_assert(!check(kind, &read), "kind %u byte %zu", kind, at);
            }
            bytes[at] = was;
        }
        cr_assert_gt(taken, 20);
        const struct assay_share_home other_chain = { .chain_id = { 4 } };
        cr_assert(kind != KEY || !assay_share_key_record_check(&other_chain, &any.key));
        cr_assert(kind != DEALING ||
                  !assay_share_dealing_record_check(&other_chain, &any.dealing));
        cr_assert(kind < DISPUTE_NUMBER ||
                  !assay_share_dispute_record_check(&other_chain, &any.dispute));
        assay_p256_signer_free(&signer);
    }
}

/* What the fuzzer begins with is of this form. */
Test(share_public, the_seeds_of_the_fuzzer_are_read)
{
    static const char *const name[KINDS] = { "key", "dealing", "dispute-number",
                                             "dispute-constant" };
    static const uint8_t number[KINDS] = { 10, 11, 12, 12 }; /* of fuzz_share_records.c */
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        static uint8_t bytes[1 + ASSAY_SHARE_RECORD_MAX];
        struct assay_p256_signer *signer = NULL;
        union any any = example(kind, &signer), read;
        struct assay_slice out;
        if (kind == DEALING) any.dealing.count = 2;
        bytes[0] = number[kind];
        cr_assert_eq(encode(kind, &any, bytes + 1, sizeof bytes - 1, &out), ASSAY_OK);
        const struct assay_slice seed =
            seed_of("services_share_records", name[kind], assay_slice_over(bytes, out.len + 1));
        cr_assert_eq(seed.bytes[0], number[kind]);
        cr_assert_eq(decode(kind, assay_slice_over(seed.bytes + 1, seed.len - 1), &read),
                     ASSAY_OK);
        assay_p256_signer_free(&signer);
    }
}
