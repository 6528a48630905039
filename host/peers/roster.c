/*
 * host/peers/roster.c - lookup of keys and lanes.
 */
#include "host/peers/roster.h"

#include "base/assert.h"

static bool roster_holds(const struct assay_roster *roster)
{
    return roster->count > 0 && roster->count < ASSAY_SLOT_SELF && roster->self < roster->count;
}

void assay_host_roster_update(struct assay_roster *roster, const struct assay_engine *engine)
{
    struct assay_engine_snapshot snapshot;
    assay_engine_snapshot(engine, &snapshot);
    ASSAY_ASSERT(roster->count == snapshot.member_count);
    ASSAY_ASSERT(roster_holds(roster));
    for (uint32_t slot = 0; slot < roster->count; slot++) {
        struct assay_member_snapshot member;
        struct assay_roster_entry *entry = &roster->entries[slot];
        assay_engine_member_snapshot(engine, (uint16_t)slot, &member);
        assay_bytes_copy(entry->bootstrap, 32, member.bootstrap_public, 32);
        assay_bytes_copy(entry->transport, 32, member.transport_public, 32);
        entry->weight = member.weight;
        entry->seated = member.seat_weight > 0;
        entry->standing = member.trust.score.standing;
        entry->gone = member.stage == ASSAY_STAGE_LEFT;
    }
}

enum assay_status assay_host_roster_find(const struct assay_roster *roster,
                                         const uint8_t key[static 32], uint16_t *slot,
                                         enum assay_roster_key *which)
{
    ASSAY_ASSERT(roster_holds(roster));

    for (uint32_t i = 0; i < roster->count; i++) {
        const struct assay_roster_entry *entry = &roster->entries[i];
        if (entry->gone) continue;
        const bool transport = assay_bytes_equal(entry->transport, key, 32);
        if (!transport && !assay_bytes_equal(entry->bootstrap, key, 32)) continue;
        *slot = (uint16_t)i;
        *which = transport ? ASSAY_ROSTER_TRANSPORT : ASSAY_ROSTER_BOOTSTRAP;
        return ASSAY_OK;
    }
    return ASSAY_E_STRANGER;
}

void assay_host_roster_user_encode(uint16_t slot, enum assay_roster_key which,
                                   const uint8_t key[static 32],
                                   char text[static ASSAY_ROSTER_USER_LEN + 1])
{
    ASSAY_ASSERT(which == ASSAY_ROSTER_BOOTSTRAP || which == ASSAY_ROSTER_TRANSPORT);

    const uint8_t number[2] = { (uint8_t)(slot >> 8), (uint8_t)slot };
    text[0] = which == ASSAY_ROSTER_BOOTSTRAP ? 'D' : 'T';
    assay_hex_encode(number, sizeof number, text + 1, 5);
    assay_hex_encode(key, 32, text + 5, 65);
    ASSAY_ASSERT(text[ASSAY_ROSTER_USER_LEN] == '\0');
}

enum assay_status assay_host_roster_check_key(const struct assay_roster *roster, uint16_t slot,
                                              enum assay_roster_key which,
                                              const uint8_t key[static 32])
{
    ASSAY_ASSERT(roster_holds(roster));
    ASSAY_ASSERT(which == ASSAY_ROSTER_BOOTSTRAP || which == ASSAY_ROSTER_TRANSPORT);
    if (slot >= roster->count) return ASSAY_E_STRANGER;
    const struct assay_roster_entry *entry = &roster->entries[slot];
    if (entry->gone) return ASSAY_E_STRANGER;
    const uint8_t *now = which == ASSAY_ROSTER_BOOTSTRAP ? entry->bootstrap : entry->transport;
    return assay_bytes_equal(now, key, 32) ? ASSAY_OK : ASSAY_E_STALE;
}

enum assay_status assay_host_roster_find_user(const struct assay_roster *roster, const char *text,
                                              uint16_t *slot, enum assay_roster_key *which)
{
    ASSAY_ASSERT(roster_holds(roster));

    size_t len = 0; /* it may be longer than ours ever are, or not end at all */
    while (len <= ASSAY_ROSTER_USER_LEN && text[len] != '\0')
        len++;
    if (len != ASSAY_ROSTER_USER_LEN) return ASSAY_E_SYNTAX;
    if (text[0] != 'D' && text[0] != 'T') return ASSAY_E_SYNTAX;
    uint8_t number[2], key[32];
    ASSAY_TRY(assay_hex_decode(text + 1, 4, number, sizeof number));
    ASSAY_TRY(assay_hex_decode(text + 5, 64, key, sizeof key));
    const uint16_t s = (uint16_t)(number[0] << 8 | number[1]);
    const enum assay_roster_key w =
        text[0] == 'D' ? ASSAY_ROSTER_BOOTSTRAP : ASSAY_ROSTER_TRANSPORT;
    ASSAY_TRY(assay_host_roster_check_key(roster, s, w, key));
    *slot = s;
    *which = w;
    return ASSAY_OK;
}

enum assay_roster_answer assay_host_roster_admit(const struct assay_roster *roster, uint16_t slot,
                                                 enum assay_roster_key which, enum assay_lane lane)
{
    ASSAY_ASSERT(roster_holds(roster));
    ASSAY_ASSERT(slot < roster->count);
    const struct assay_roster_entry *entry = &roster->entries[slot];
    switch (lane) {
    case ASSAY_LANE_QUARANTINE: return ASSAY_ADMITTED;
    case ASSAY_LANE_VOTER: return entry->weight > 0 ? ASSAY_ADMITTED : ASSAY_REFUSED_NO_WEIGHT;
    case ASSAY_LANE_SERVICE:
        if (entry->standing == ASSAY_STANDING_SUSPENDED) return ASSAY_REFUSED_SUSPENDED;
        return which == ASSAY_ROSTER_TRANSPORT ? ASSAY_ADMITTED : ASSAY_REFUSED_UNLISTED;
    }
    ASSAY_UNREACHABLE("lane");
}
