/*
 * services/identity/coordinator_choice.c - choice of the signers of a session.
 */
#include "services/identity/coordinator_internal.h"

/* How many of a holder's indices may sign: those that live, as far as its part fits a message. */
static uint32_t count_live(const struct assay_coordinator *c, uint32_t place, uint32_t items)
{
    uint32_t live = 0;
    for (uint32_t index = 1; index <= c->group->indices; index++)
        live += c->epoch.live[index] && c->group->owner[index] == place;
    return live * items <= ASSAY_SIGNING_OWN_MAX ? live : ASSAY_SIGNING_OWN_MAX / items;
}

/* The order in which holders are chosen, lowest first: not late ones, those that answered least for
 * this request, fast ones, those with many indices, and among equals others in each session. */
static uint64_t choice_key(const struct assay_coordinator *c,
                           const struct assay_coordinator_slot *slot, uint32_t place, uint32_t live)
{
    const uint64_t is_away = c->holder[place].away_until > c->epoch.epoch;
    const uint64_t slowness = c->holder[place].usual_ms / 32; /* below ASSAY_COORDINATOR_WAIT_MAX */
    const uint32_t spread = (slot->session.name[32] * 256u + slot->session.name[33] + 1) *
                            (place * 2 + 1) * 2654435761u;
    return is_away << 56 | (uint64_t)slot->used[place] << 48 | slowness << 40 |
           (uint64_t)(ASSAY_FROST_INDICES_MAX - live) << 32 | spread;
}

/* Adds up to `most` live indices of a holder, ascending. */
static void add_indices(const struct assay_coordinator *c, uint32_t place, uint32_t most,
                        bool chosen[static ASSAY_FROST_INDICES_MAX + 1])
{
    for (uint32_t index = 1; index <= c->group->indices && most > 0; index++) {
        if (!c->epoch.live[index] || c->group->owner[index] != place) continue;
        chosen[index] = true;
        most -= 1;
    }
}

/* Returns: whether t indices of holders that are not left out were found. */
static bool choose_indices(const struct assay_coordinator *c, struct assay_coordinator_slot *slot)
{
    bool chosen[ASSAY_FROST_INDICES_MAX + 1] = { false };
    bool is_taken[ASSAY_FROST_HOLDERS_MAX] = { false };
    uint32_t missing = c->group->threshold;
    for (uint32_t place = 0; place < c->group->holders; place++)
        is_taken[place] = slot->left_out[place] || c->holder[place].is_wrong;
    while (missing > 0) {
        uint64_t lowest = UINT64_MAX;
        uint32_t best = 0, best_live = 0;
        for (uint32_t place = 0; place < c->group->holders; place++) {
            const uint32_t live = is_taken[place] ? 0 : count_live(c, place, slot->session.items);
            if (live == 0) continue;
            const uint64_t key = choice_key(c, slot, place, live);
            if (key >= lowest) continue;
            lowest = key;
            best = place;
            best_live = live;
        }
        if (best_live == 0) return false;
        is_taken[best] = true;
        const uint32_t most = best_live < missing ? best_live : missing;
        add_indices(c, best, most, chosen);
        missing -= most;
    }
    slot->session.count = 0;
    for (uint32_t index = 1; index <= c->group->indices; index++)
        if (chosen[index]) slot->session.index[slot->session.count++] = (uint8_t)index;
    return true;
}

static void list_signers(const struct assay_coordinator *c, struct assay_coordinator_slot *slot)
{
    uint32_t first = 0, usual = 0;
    slot->signers = 0;
    for (uint32_t place = 0; place < c->group->holders; place++) {
        const uint32_t own =
            assay_signing_own(c->group, &slot->session, place) * slot->session.items;
        if (own == 0) continue;
        slot->place[slot->signers] = (uint8_t)place;
        slot->first[slot->signers] = (uint16_t)first;
        slot->own[slot->signers++] = (uint16_t)own;
        first += own;
        if (c->holder[place].usual_ms > usual) usual = c->holder[place].usual_ms;
    }
    slot->wait_ms = 4 * (uint64_t)usual;
    if (slot->wait_ms < ASSAY_COORDINATOR_WAIT_MS) slot->wait_ms = ASSAY_COORDINATOR_WAIT_MS;
    if (slot->wait_ms > ASSAY_COORDINATOR_WAIT_MAX_MS)
        slot->wait_ms = ASSAY_COORDINATOR_WAIT_MAX_MS;
}

bool assay_coordinator_choose(const struct assay_coordinator *c,
                              struct assay_coordinator_slot *slot)
{
    if (!choose_indices(c, slot)) return false;
    list_signers(c, slot);
    return true;
}
