/*
 * tests/support/theory/exact.c - natural numbers of 1024 bits, and the two tails that are made with
 * them.
 */
#include "tests/support/theory/exact.h"

#include "base/assert.h"

#include <stdbool.h>

enum { LIMBS = 32, DRAWS_MAX = 256, POPULATION_MAX = 1000, DEN_MAX = 1000 };

/* Little-endian, 32 bits each. Whatever would leave the top aborts: the sizes above prevent it. */
struct natural {
    uint32_t limbs[LIMBS];
};

static struct natural natural_of(uint32_t value)
{
    return (struct natural){ .limbs = { value } };
}

static void multiply(struct natural *n, uint32_t factor)
{
    uint64_t carry = 0;
    for (unsigned i = 0; i < LIMBS; i++) {
        const uint64_t product = (uint64_t)n->limbs[i] * factor + carry;
        n->limbs[i] = (uint32_t)product;
        carry = product >> 32;
    }
    ASSAY_ASSERT(carry == 0);
}

/* Divides where no rest is left. */
static void divide_exactly(struct natural *n, uint32_t divisor)
{
    uint64_t rest = 0;
    for (unsigned i = LIMBS; i-- > 0;) {
        const uint64_t part = rest << 32 | n->limbs[i];
        n->limbs[i] = (uint32_t)(part / divisor);
        rest = part % divisor;
    }
    ASSAY_ASSERT(rest == 0);
}

static void add(struct natural *n, const struct natural *addend)
{
    uint64_t carry = 0;
    for (unsigned i = 0; i < LIMBS; i++) {
        carry += (uint64_t)n->limbs[i] + addend->limbs[i];
        n->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    ASSAY_ASSERT(carry == 0);
}

static bool at_least_as_large(const struct natural *a, const struct natural *b)
{
    for (unsigned i = LIMBS; i-- > 0;)
        if (a->limbs[i] != b->limbs[i]) return a->limbs[i] > b->limbs[i];
    return true;
}

static void subtract(struct natural *n, const struct natural *taken)
{
    uint64_t borrow = 0;
    for (unsigned i = 0; i < LIMBS; i++) {
        const uint64_t difference = (uint64_t)n->limbs[i] - taken->limbs[i] - borrow;
        n->limbs[i] = (uint32_t)difference;
        borrow = difference >> 63;
    }
    ASSAY_ASSERT(borrow == 0);
}

/* floor(10^decimals * part / whole), digit by digit as on paper; part <= whole. */
static uint64_t quotient(struct natural part, const struct natural *whole, uint32_t decimals)
{
    uint64_t result = 0;
    for (uint32_t digit = 0;; digit++) {
        while (at_least_as_large(&part, whole)) {
            subtract(&part, whole);
            result++;
        }
        if (digit == decimals) return result;
        ASSAY_ASSERT(result <= UINT64_MAX / 10 - 1);
        result *= 10;
        multiply(&part, 10);
    }
}

uint64_t assay_sim_tail_binomial(uint32_t draws, uint32_t at_least, uint32_t num, uint32_t den,
                                 uint32_t decimals)
{
    ASSAY_ASSERT(draws <= DRAWS_MAX && at_least <= draws);
    ASSAY_ASSERT(num > 0 && num < den && den <= DEN_MAX);
    struct natural term = natural_of(1); /* C(draws, k) num^k (den - num)^(draws - k), from k = 0 */
    struct natural whole = natural_of(1);
    struct natural tail = natural_of(0);
    for (uint32_t i = 0; i < draws; i++) {
        multiply(&term, den - num);
        multiply(&whole, den);
    }
    for (uint32_t k = 0;; k++) {
        if (k >= at_least) add(&tail, &term);
        if (k == draws) break;
        multiply(&term, (draws - k) * num);
        divide_exactly(&term, (k + 1) * (den - num));
    }
    return quotient(tail, &whole, decimals);
}

/* C(n, k), by factors that leave an integer after each step. */
static struct natural choose(uint32_t n, uint32_t k)
{
    struct natural result = natural_of(1);
    for (uint32_t i = 0; i < k; i++) {
        multiply(&result, n - i);
        divide_exactly(&result, i + 1);
    }
    return result;
}

uint64_t assay_sim_tail_hypergeometric(uint32_t population, uint32_t adversarial, uint32_t draws,
                                       uint32_t at_least, uint32_t decimals)
{
    ASSAY_ASSERT(population <= POPULATION_MAX && adversarial <= population);
    ASSAY_ASSERT(draws <= population - adversarial && at_least <= draws);
    const uint32_t honest = population - adversarial;
    struct natural term = choose(honest, draws); /* C(adversarial, k) C(honest, draws - k) */
    const struct natural whole = choose(population, draws);
    struct natural tail = natural_of(0);
    for (uint32_t k = 0; k <= draws && k <= adversarial; k++) {
        if (k >= at_least) add(&tail, &term);
        multiply(&term, (adversarial - k) * (draws - k));
        divide_exactly(&term, (k + 1) * (honest - draws + k + 1));
    }
    return quotient(tail, &whole, decimals);
}
