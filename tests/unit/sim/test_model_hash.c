/*
 * tests/unit/sim/test_model_hash.c - base/crypto/model_hash.c: a digest that was kept is the digest
 * of those very bytes.
 */
#include "base/crypto.h"
#include "sim/scenario/random.h"

#include <criterion/criterion.h>

/* The real seam, behind the linker's name for it. */
void __real_assay_sha256(const void *bytes, size_t len, uint8_t *digest);

enum { LEN_MAX = 1200, KEPT_LEN_MAX = 476, ROUNDS = 20000 };

static void expect_sha256(const uint8_t *bytes, size_t len)
{
    uint8_t expected[32];
    uint8_t found[32];
    __real_assay_sha256(bytes, len, expected);
    assay_sha256(bytes, len, found);
    cr_assert_arr_eq(found, expected, 32, "%zu bytes", len);
}

static void fill(struct assay_sim_random *random, uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)assay_sim_random_next(random);
}

Test(model_hash, gives_the_digest_of_every_length_twice)
{
    struct assay_sim_random random = assay_sim_random_of(1, ASSAY_SIM_STREAM_LINK, 0, 0);
    uint8_t bytes[LEN_MAX];
    fill(&random, bytes, sizeof bytes);
    for (size_t len = 0; len <= LEN_MAX; len++) {
        expect_sha256(bytes, len);
        expect_sha256(bytes, len);
    }
}

Test(model_hash, notices_every_changed_byte)
{
    struct assay_sim_random random = assay_sim_random_of(2, ASSAY_SIM_STREAM_LINK, 0, 0);
    uint8_t bytes[KEPT_LEN_MAX];
    const size_t lens[] = { 8, 9, 15, 16, 17, 64, 107, 255, KEPT_LEN_MAX };
    for (size_t k = 0; k < sizeof lens / sizeof lens[0]; k++) {
        fill(&random, bytes, lens[k]);
        for (size_t at = 0; at < lens[k]; at++) {
            expect_sha256(bytes, lens[k]);
            bytes[at] ^= 0x80;
            expect_sha256(bytes, lens[k]);
        }
    }
}

/* More messages than are kept, few different ones: places are shared and taken over. */
Test(model_hash, gives_the_right_digest_while_places_are_taken_over)
{
    struct assay_sim_random random = assay_sim_random_of(3, ASSAY_SIM_STREAM_LINK, 0, 0);
    uint8_t bytes[120];
    for (size_t i = 0; i < ROUNDS; i++) {
        const uint64_t number = assay_sim_random_below(&random, 2000);
        for (size_t at = 0; at < sizeof bytes; at++)
            bytes[at] = (uint8_t)(number >> 8 * (at % 2));
        expect_sha256(bytes, 100 + number % 20);
    }
}

Test(model_hash, takes_pieces_as_the_bytes_they_are_together)
{
    struct assay_sim_random random = assay_sim_random_of(4, ASSAY_SIM_STREAM_LINK, 0, 0);
    uint8_t bytes[LEN_MAX];
    fill(&random, bytes, sizeof bytes);
    for (size_t i = 0; i < ROUNDS; i++) {
        const size_t first = (size_t)assay_sim_random_below(&random, LEN_MAX / 2);
        const size_t second = (size_t)assay_sim_random_below(&random, LEN_MAX / 2);
        const struct assay_slice pieces[3] = { assay_slice_over(bytes, first),
                                               { 0 },
                                               assay_slice_over(bytes + first, second) };
        uint8_t expected[32];
        uint8_t found[32];
        __real_assay_sha256(bytes, first + second, expected);
        assay_sha256_pieces(pieces, 3, found);
        cr_assert_arr_eq(found, expected, 32, "%zu and %zu bytes", first, second);
    }
    uint8_t expected[32];
    uint8_t found[32];
    __real_assay_sha256(bytes, 0, expected);
    assay_sha256_pieces(NULL, 0, found);
    cr_assert_arr_eq(found, expected, 32);
}
