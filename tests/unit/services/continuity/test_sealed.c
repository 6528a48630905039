/*
 * tests/unit/services/continuity/test_sealed.c - codec of what an instance seals with its state.
 */
#include "net/services/continuity/sealed.h"

#include <criterion/criterion.h>
#include <string.h>

static uint8_t bytes[ASSAY_ENCLAVE_SEALED_LEN_MAX];

static void make(struct assay_enclave_identity *id, struct assay_enclave_trust *trust,
                 uint32_t seats)
{
    *id = (struct assay_enclave_identity){ .group = 7, .birth = { .era = 3, .epoch = 99 } };
    *trust = (struct assay_enclave_trust){ .has_view = seats > 0 };
    memset(id->chain_id, 1, 32);
    memset(id->key.bytes, 2, 32);
    memset(trust->checkpoint.chain_id, 1, 32);
    memset(trust->checkpoint.id, 3, 32);
    trust->checkpoint.epoch = 12;
    trust->checkpoint.time_ms = 1795855000000;
    trust->checkpoint.trusting_period_s = ASSAY_TRUSTING_PERIOD_S;
    trust->roster.view = (UINT64_C(3) << ASSAY_CONT_NUMBER_BITS) + 4;
    trust->roster.count = seats;
    for (uint32_t i = 0; i < seats; i++) {
        memset(trust->roster.key[i], (int)(i + 1), ASSAY_P256_PUBLIC_LEN);
        memset(trust->roster.contact[i], (int)(i + 40), 32);
        if (i == 1) continue; /* not known */
        memset(trust->contact[i].curve, (int)(i + 80), 32);
        memset(trust->contact[i].address, 'a', ASSAY_CONT_ADDRESS_MAX);
        trust->contact[i].address_len = ASSAY_CONT_ADDRESS_MAX;
    }
}

static struct assay_slice encode(const struct assay_enclave_identity *id,
                                 const struct assay_enclave_trust *trust)
{
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_enclave_sealed_encode(id, trust, &w), ASSAY_OK);
    return assay_slice_over(bytes, w.len);
}

Test(services_sealed, comes_back_with_the_longest_view_and_without_one)
{
    static const uint32_t sizes[] = { 0, 3, 5, 7 };
    struct assay_enclave_identity id, read_id;
    struct assay_enclave_trust trust, read;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        make(&id, &trust, sizes[i]);
        const struct assay_slice all = encode(&id, &trust);
        cr_assert_eq(assay_enclave_sealed_decode(all, &read_id, &read), ASSAY_OK);
        cr_expect_arr_eq(read_id.key.bytes, id.key.bytes, 32);
        cr_expect_eq(read_id.birth.epoch, 99);
        cr_expect_eq(read_id.group, 7);
        cr_expect_eq(read.checkpoint.epoch, 12);
        cr_expect_eq(read.has_view, sizes[i] > 0);
        cr_expect_eq(read.roster.count, sizes[i]);
        if (sizes[i] > 0) cr_expect_eq(read.roster.view, trust.roster.view);
        for (uint32_t k = 0; k < sizes[i]; k++) {
            cr_expect_arr_eq(read.roster.key[k], trust.roster.key[k], ASSAY_P256_PUBLIC_LEN);
            cr_expect_eq(read.contact[k].address_len, trust.contact[k].address_len);
        }
        for (size_t len = 0; len < all.len; len++)
            cr_expect_neq(
                assay_enclave_sealed_decode(assay_slice_over(bytes, len), &read_id, &read),
                ASSAY_OK);
        bytes[all.len] = 0;
        cr_expect_eq(
            assay_enclave_sealed_decode(assay_slice_over(bytes, all.len + 1), &read_id, &read),
            ASSAY_E_TRAILING);
    }
}

Test(services_sealed, what_belongs_to_two_networks_or_names_a_key_twice_is_refused)
{
    struct assay_enclave_identity id, read_id;
    struct assay_enclave_trust trust, read;
    make(&id, &trust, 3);
    trust.checkpoint.chain_id[0] ^= 1;
    cr_expect_eq(assay_enclave_sealed_decode(encode(&id, &trust), &read_id, &read), ASSAY_E_CHAIN);
    make(&id, &trust, 3);
    assay_bytes_copy(trust.roster.key[2], ASSAY_P256_PUBLIC_LEN, trust.roster.key[0],
                     ASSAY_P256_PUBLIC_LEN);
    cr_expect_eq(assay_enclave_sealed_decode(encode(&id, &trust), &read_id, &read),
                 ASSAY_E_INVALID);
}
