/*
 * tests/unit/host/test_light_cost.c - limits of what one input costs a light client, in signatures
 * (docs/services.md 9).
 */
#include "host/light/light.h"

#include "tests/unit/host/light_world.h"

#include <criterion/criterion.h>

enum { MEMBERS = 9 };

static const uint8_t chain[32] = { 3, 1, 4 };
static unsigned verified;

/* The names are the linker's (--wrap).
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
bool __real_assay_p256_verify(const struct assay_p256 *key, const uint8_t *digest,
                              const uint8_t *signature, enum assay_s_rule rule);
bool __wrap_assay_p256_verify(const struct assay_p256 *key, const uint8_t *digest,
                              const uint8_t *signature, enum assay_s_rule rule);

bool __wrap_assay_p256_verify(const struct assay_p256 *key, const uint8_t *digest,
                              const uint8_t *signature, enum assay_s_rule rule)
{
    verified++;
    return __real_assay_p256_verify(key, digest, signature, rule);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* What a client with the voters of genesis verifies of the epoch that closes so. */
static unsigned cost_of(const struct light_close *how, enum assay_light_answer expected)
{
    static struct assay_light light;
    struct assay_checkpoint genesis;
    struct light_world *world = light_world_new(chain, MEMBERS, 1);
    light_world_add(world, 1); /* it votes from the next epoch on */
    light_world_close(world, NULL);
    light_world_close(world, how);
    light_world_checkpoint(world, 0, &genesis);
    assay_light_init(&light, &genesis, NULL);
    const struct assay_light_epoch base = light_world_epoch(world, 0),
                                   e = light_world_epoch(world, 2);
    cr_assert_eq(assay_light_take_base(&light, base.boundary, base.rows), ASSAY_LIGHT_TAKEN);
    verified = 0;
    cr_expect_eq(assay_light_take_epoch(&light, &e), expected);
    light_world_free(world);
    return verified;
}

Test(light_cost, one_input_costs_a_signature_for_each_trusted_voter_at_most)
{
    struct light_world *forger = light_world_new(chain, MEMBERS + 1, 2);
    cr_expect_eq(cost_of(NULL, ASSAY_LIGHT_TAKEN), MEMBERS, "not of the member that joined");
    cr_expect_eq(cost_of(&(struct light_close){ .by = forger }, ASSAY_LIGHT_VOTERS_CHANGED),
                 MEMBERS);
    light_world_free(forger);
}

Test(light_cost, what_is_refused_for_another_reason_costs_none)
{
    cr_expect_eq(cost_of(&(struct light_close){ .signers = 6 }, ASSAY_LIGHT_VOTERS_CHANGED), 0,
                 "too few are named");
    cr_expect_eq(cost_of(&(struct light_close){ .era = 1 }, ASSAY_LIGHT_OTHER_ERA), 0);
    cr_expect_eq(cost_of(&(struct light_close){ .notarise = true }, ASSAY_LIGHT_NOT_FINAL), 0);
    cr_expect_eq(cost_of(&(struct light_close){ .tails = 9 }, ASSAY_LIGHT_LONG_TAIL), 0);
    cr_expect_eq(cost_of(&(struct light_close){ .other_block = true }, ASSAY_LIGHT_OTHER_BLOCK), 0);
}
