/*
 * tests/links/model.c - fates of packets.
 */
#include "tests/links/model.h"

/* splitmix64: any state is a good one. */
static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void link_state_init(struct link_state *state, uint64_t seed, uint32_t from, uint32_t to)
{
    *state = (struct link_state){ .random = seed ^ ((uint64_t)from << 40) ^ ((uint64_t)to << 20) };
    (void)next(&state->random);
}

enum link_fate link_decide(struct link_state *state, const struct link_rule *rule, uint64_t now_us,
                           size_t len, uint32_t *copies, uint64_t *due_us)
{
    /* Three draws for each packet, whatever the rule says: a rule that changes under way does not
     * change the luck of what comes after it. */
    const uint64_t loss = next(&state->random) % LINK_PER_MILLION;
    const uint64_t twice = next(&state->random) % LINK_PER_MILLION;
    const uint64_t jitter = next(&state->random);
    if (rule->cut || (rule->mtu > 0 && len > rule->mtu)) {
        state->refused++;
        return rule->cut || rule->silent ? LINK_LOST : LINK_TOO_LARGE;
    }
    uint64_t leaves_us = state->busy_until_us > now_us ? state->busy_until_us : now_us;
    if (rule->rate_kbit > 0) leaves_us += (uint64_t)len * 8000 / rule->rate_kbit;
    if (rule->rate_kbit > 0 && leaves_us - now_us > LINK_QUEUE_US) {
        state->refused++;
        return LINK_LOST;
    }
    if (rule->rate_kbit > 0) state->busy_until_us = leaves_us;
    if (loss < rule->loss_ppm) {
        state->lost++;
        return LINK_LOST;
    }
    uint64_t due = leaves_us + rule->delay_us;
    if (rule->jitter_us > 0) due += jitter % (rule->jitter_us + UINT64_C(1));
    if (due < state->last_due_us) due = state->last_due_us;
    state->last_due_us = due;
    state->passed++;
    *copies = twice < rule->duplicate_ppm ? 2 : 1;
    *due_us = due;
    return LINK_PASSES;
}
