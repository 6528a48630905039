/*
 * tests/support/theory/gossip.c - a Poisson table without floats, and one infection.
 */
#include "tests/support/theory/gossip.h"

#include "base/assert.h"

enum { ONE_BITS = 44, MEAN_MAX_Q16 = 16 << 16 };

/* ln 2 and e^(-1/16), rounded. */
static const uint64_t LN2_Q32 = 2977044472;
static const uint64_t EXP_SIXTEENTH_Q32 = 4034748382;

/* ln x for 1 <= x < 2, both in units of 2^-32: one bit of log2 by each squaring. */
static uint64_t log_of_mantissa_q32(uint64_t x_q31)
{
    uint64_t log2_q32 = 0;
    for (unsigned bit = 32; bit-- > 0;) {
        x_q31 = x_q31 * x_q31 >> 31;
        if (x_q31 >> 32 == 0) continue;
        x_q31 >>= 1;
        log2_q32 |= UINT64_C(1) << bit;
    }
    return log2_q32 * (LN2_Q32 >> 1) >> 31;
}

uint32_t assay_sim_log_q16(uint32_t n)
{
    ASSAY_ASSERT(n >= 1);
    unsigned exponent = 0;
    while (n >> exponent > 1)
        exponent++;
    const uint64_t mantissa_q31 = (uint64_t)n << 31 >> exponent;
    const uint64_t log_q32 = exponent * LN2_Q32 + log_of_mantissa_q32(mantissa_q31);
    return (uint32_t)((log_q32 + (1 << 15)) >> 16);
}

/* e^-mean, 2^44 is 1: sixteenths by multiplication, the rest by its series. */
static uint64_t exp_minus_q44(uint32_t mean_q16)
{
    const uint32_t sixteenths = mean_q16 >> 12;
    const uint64_t rest_q32 = (uint64_t)(mean_q16 & 0xfff) << 16;
    uint64_t term_q32 = UINT64_C(1) << 32;
    uint64_t even_q32 = 0;
    uint64_t odd_q32 = 0;
    for (uint32_t k = 0; term_q32 > 0; k++) {
        if (k % 2 == 0) even_q32 += term_q32;
        else odd_q32 += term_q32;
        term_q32 = (term_q32 * rest_q32 >> 32) / (k + 1);
    }
    uint64_t result_q62 = (even_q32 - odd_q32) << 30;
    for (uint32_t i = 0; i < sixteenths; i++)
        result_q62 = (result_q62 >> 32) * EXP_SIXTEENTH_Q32 +
                     ((result_q62 & UINT32_MAX) * EXP_SIXTEENTH_Q32 >> 32);
    return result_q62 >> (62 - ONE_BITS);
}

void assay_sim_poisson_init(struct assay_sim_poisson *poisson, uint32_t mean_q16)
{
    ASSAY_ASSERT(mean_q16 <= MEAN_MAX_Q16);
    uint64_t chance = exp_minus_q44(mean_q16);
    uint64_t sum = 0;
    for (uint32_t k = 0; k < ASSAY_SIM_POISSON_MAX; k++) {
        sum += chance;
        poisson->at_most[k] = sum;
        chance = (chance * mean_q16 >> 16) / (k + 1); /* chance * mean is below 2 */
    }
    ASSAY_ASSERT(sum <= (UINT64_C(1) << ONE_BITS) + ASSAY_SIM_POISSON_MAX);
}

uint32_t assay_sim_poisson_draw(const struct assay_sim_poisson *poisson,
                                struct assay_sim_random *random)
{
    const uint64_t point = assay_sim_random_next(random) >> (64 - ONE_BITS);
    uint32_t count = 0;
    while (count < ASSAY_SIM_POISSON_MAX - 1 && point >= poisson->at_most[count])
        count++;
    return count;
}

uint32_t assay_sim_gossip_reached(uint32_t nodes, const struct assay_sim_poisson *fanout,
                                  struct assay_sim_random *random, uint32_t *queue, bool *has)
{
    ASSAY_ASSERT(nodes >= 2 && nodes <= ASSAY_SIM_GOSSIP_NODES_MAX);
    for (uint32_t i = 0; i < nodes; i++)
        has[i] = i == 0;
    queue[0] = 0;
    uint32_t reached = 1;
    for (uint32_t next = 0; next < reached; next++) {
        const uint32_t from = queue[next];
        for (uint32_t copies = assay_sim_poisson_draw(fanout, random); copies > 0; copies--) {
            const uint32_t drawn = (uint32_t)assay_sim_random_below(random, nodes - 1);
            const uint32_t to = drawn < from ? drawn : drawn + 1; /* any node but the sender */
            if (has[to]) continue;
            has[to] = true;
            queue[reached++] = to;
        }
    }
    return reached;
}
