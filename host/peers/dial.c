/*
 * host/peers/dial.c - dialling state machine of one peer.
 */
#include "host/peers/dial.h"

#include "base/assert.h"
#include "base/checked.h"

/* splitmix64: no secret, only apart from others. */
static uint64_t draw_random(struct assay_dial *dial)
{
    dial->random += 0x9e3779b97f4a7c15u;
    uint64_t x = dial->random;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

void assay_dial_set_addresses(struct assay_dial *dial, uint32_t count, uint64_t now_ms)
{
    dial->state = count > 0 ? ASSAY_DIAL_WAITING : ASSAY_DIAL_IDLE;
    dial->count = count;
    dial->index = 0;
    dial->failed = 0;
    dial->at_ms = now_ms;
}

void assay_dial_update_addresses(struct assay_dial *dial, uint32_t count, uint32_t index)
{
    ASSAY_ASSERT(index < count);
    ASSAY_ASSERT(dial->state != ASSAY_DIAL_IDLE);
    dial->count = count;
    dial->index = index;
}

bool assay_dial_start_due(struct assay_dial *dial, const struct assay_dial_config *config,
                          uint64_t now_ms)
{
    ASSAY_ASSERT(config->give_up_ms > 0);
    if (dial->state != ASSAY_DIAL_WAITING || now_ms < dial->at_ms) return false;
    dial->state = ASSAY_DIAL_TRYING;
    dial->at_ms = now_ms + config->give_up_ms;
    return true;
}

/* docs/protocol.md 9.3.3: quick within a round, doubling between rounds, half of it at random. */
static uint64_t pause_ms(struct assay_dial *dial, const struct assay_dial_config *config)
{
    ASSAY_ASSERT(config->pause_ms_max >= ASSAY_DIAL_FIRST_MS);
    if (dial->failed % dial->count != 0)
        return ASSAY_DIAL_NEXT_MS + draw_random(dial) % ASSAY_DIAL_NEXT_MS;
    uint64_t pause = ASSAY_DIAL_FIRST_MS;
    for (uint32_t round = dial->failed / dial->count; round > 1 && pause < config->pause_ms_max;
         round--)
        pause *= 2;
    pause = assay_min_u64(pause, config->pause_ms_max);
    return pause / 2 + draw_random(dial) % pause;
}

static void on_try_failed(struct assay_dial *dial, const struct assay_dial_config *config,
                          uint64_t now_ms)
{
    if (dial->failed < UINT32_MAX) dial->failed++;
    dial->index = (dial->index + 1) % dial->count;
    dial->at_ms = now_ms + pause_ms(dial, config);
    dial->state = ASSAY_DIAL_WAITING;
}

bool assay_dial_check_timeout(struct assay_dial *dial, const struct assay_dial_config *config,
                              uint64_t now_ms)
{
    if (dial->state != ASSAY_DIAL_TRYING || now_ms < dial->at_ms) return false;
    on_try_failed(dial, config, now_ms);
    return true;
}

void assay_dial_on_connected(struct assay_dial *dial, uint64_t now_ms)
{
    if (dial->state != ASSAY_DIAL_TRYING) return;
    dial->state = ASSAY_DIAL_UP;
    dial->at_ms = now_ms;
}

void assay_dial_on_disconnected(struct assay_dial *dial, const struct assay_dial_config *config,
                                uint64_t now_ms)
{
    switch (dial->state) {
    case ASSAY_DIAL_IDLE:
    case ASSAY_DIAL_WAITING: return;
    case ASSAY_DIAL_TRYING: on_try_failed(dial, config, now_ms); return;
    case ASSAY_DIAL_UP:
        /* A peer that lets us in and hangs up at once would be dialled without end. */
        if (now_ms < dial->at_ms + ASSAY_DIAL_STABLE_MS) {
            on_try_failed(dial, config, now_ms);
            return;
        }
        dial->failed = 0;
        dial->at_ms = now_ms + draw_random(dial) % ASSAY_DIAL_NEXT_MS;
        dial->state = ASSAY_DIAL_WAITING;
        return;
    }
    ASSAY_UNREACHABLE("a state of dialling");
}

void assay_dial_on_incoming(struct assay_dial *dial, uint64_t now_ms)
{
    if (dial->state != ASSAY_DIAL_WAITING) return;
    dial->at_ms = assay_min_u64(dial->at_ms, now_ms + draw_random(dial) % ASSAY_DIAL_NEXT_MS);
}

uint64_t assay_dial_wake_at(const struct assay_dial *dial)
{
    const bool waits =
        dial->state == ASSAY_DIAL_WAITING || dial->state == ASSAY_DIAL_TRYING;
    return waits ? dial->at_ms : UINT64_MAX;
}
