/*
 * sim/adversary/drip.c - attack: a neighbour announces everything and delivers one piece in
 * sixteen.
 *
 * Its INVENTORY messages name all envelopes and ballots (docs/protocol.md 4.12.10), so honest
 * neighbours request them there first; it delivers just enough not to look dead. Its own messages
 * are sent as always, and so is everything among adversaries.
 */
#include "sim/adversary/rows.h"

#include "base/assert.h"
#include "base/bitmap.h"
#include "sim/adversary/twist.h"

#include "engine/ledger/records/envelope.h"
#include "engine/ledger/records/inventory.h"

enum { ONE_IN = 16 };

static uint32_t members_of(const struct assay_attack_scene *scene)
{
    return scene->members > 0 ? scene->members : scene->scenario->nodes;
}

/* In place: all recipients get the same claim. */
static void claim_all(struct assay_slice bits, uint32_t members)
{
    const union {
        const uint8_t *received;
        uint8_t *claimed;
    } bytes = { .received = bits.bytes };
    ASSAY_ASSERT(bits.bytes != NULL); /* what is decoded has its bits */
    for (uint32_t i = 0; i < members; i++)
        assay_bit_add(bytes.claimed, i);
}

/* Whether this piece of others is one that it delivers. */
static bool is_delivered(const struct assay_attack_scene *scene, const uint8_t node_id[static 32])
{
    for (uint32_t i = 0; scene->node_ids != NULL && i < members_of(scene); i++)
        if (assay_bytes_equal(scene->node_ids[i], node_id, 32))
            return i == scene->node || i % ONE_IN == scene->node % ONE_IN;
    return true;
}

static bool drip_passes(const struct assay_attack_scene *scene, uint32_t to,
                        enum assay_message_kind kind, struct assay_slice payload)
{
    struct assay_inventory have;
    struct assay_envelope envelope;
    struct assay_slice row;
    uint64_t epoch = 0;
    uint8_t voter[32];
    if (scene->cohort_of[to] == scene->cohort_of[scene->node]) return true;
    if (kind == ASSAY_MESSAGE_INVENTORY &&
        assay_inventory_decode(payload, members_of(scene), &have) == ASSAY_OK) {
        claim_all(have.envelopes, members_of(scene));
        claim_all(have.ballots, members_of(scene));
    }
    if (kind == ASSAY_MESSAGE_ENVELOPE && assay_envelope_decode(payload, &envelope) == ASSAY_OK)
        return is_delivered(scene, envelope.node_id);
    if (kind == ASSAY_MESSAGE_RECORD && assay_twist_ballot_row(payload, &row, &epoch, voter))
        return is_delivered(scene, voter);
    return true;
}

const struct assay_attack assay_attack_drip = {
    .attack = ASSAY_SIM_ATTACK_DRIP,
    .passes = drip_passes,
};
