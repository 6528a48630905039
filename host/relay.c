/*
 * host/relay.c - the walk over the recipients of a message.
 */
#include "host/relay.h"

#include "base/assert.h"

struct assay_relay assay_relay_over(uint16_t self, uint32_t members, uint16_t to, uint16_t except,
                                    const uint8_t *digest)
{
    ASSAY_ASSERT(self < members);
    const bool few = assay_relay_is(to, except);
    struct assay_relay relay = { .self = self,
                                 .to = to,
                                 .except = except,
                                 .members = members,
                                 .left = few ? (uint32_t)ASSAY_RELAY_PEERS : members,
                                 .few = few };
    if (!few) return relay;
    ASSAY_ASSERT(digest != NULL);
    const uint32_t drawn = (uint32_t)digest[0] << 16 | (uint32_t)digest[1] << 8 | digest[2];
    relay.first = (uint16_t)((drawn + self) % members);
    ASSAY_ASSERT(relay.first < members);
    return relay;
}

bool assay_relay_next(struct assay_relay *relay, bool (*reaches)(void *context, uint16_t slot),
                      void *context, uint16_t *slot)
{
    ASSAY_ASSERT(relay->self < relay->members);
    ASSAY_ASSERT(relay->walked <= relay->members);
    while (relay->walked < relay->members && relay->left > 0) {
        const uint16_t s = (uint16_t)((relay->first + relay->walked++) % relay->members);
        if (s == relay->self || s == relay->except) continue;
        if (relay->to != ASSAY_SLOT_ALL && s != relay->to) continue;
        if (relay->few && !reaches(context, s)) continue;
        ASSAY_ASSERT(s < relay->members && s != relay->self);
        relay->left--;
        *slot = s;
        return true;
    }
    return false;
}
