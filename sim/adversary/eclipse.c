/*
 * sim/adversary/eclipse.c - attack: the victims' messages pass through the adversary, which drops
 * them.
 *
 * A victim exchanges messages with the adversary; every other link of it is dead, to other victims
 * too. Its evidence reaches no honest member: absence, which costs service but neither integrity
 * nor weight (docs/protocol.md 7.9). The victim sees no finality and acts on nothing.
 */
#include "engine/ledger/records/envelope.h"
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static bool eclipse_carries(const struct assay_attack_scene *scene, uint32_t from, uint32_t to)
{
    const uint32_t victims = scene->adversary->victims;
    const uint32_t own = scene->adversary->cohort;
    if (scene->cohort_of[from] == own || scene->cohort_of[to] == own) return true;
    return scene->cohort_of[from] != victims && scene->cohort_of[to] != victims;
}

/* The adversary's engines would relay and serve what they store. */
static bool eclipse_takes(const struct assay_attack_scene *scene, enum assay_message_kind kind,
                          struct assay_slice payload)
{
    struct assay_envelope envelope;
    struct assay_slice row;
    uint64_t epoch = 0;
    uint8_t author[32];
    if (scene->node_ids == NULL) return true;
    if (kind == ASSAY_MESSAGE_ENVELOPE && assay_envelope_decode(payload, &envelope) == ASSAY_OK)
        assay_bytes_copy(author, 32, envelope.node_id, 32);
    else if (kind != ASSAY_MESSAGE_RECORD ||
             !assay_twist_ballot_row(payload, &row, &epoch, author))
        return true;
    for (uint32_t slot = 0; slot < scene->scenario->nodes; slot++)
        if (assay_bytes_equal(author, scene->node_ids[slot], 32))
            return !assay_attack_victim(scene, slot);
    return true;
}

const struct assay_attack assay_attack_eclipse = {
    .attack = ASSAY_SIM_ATTACK_ECLIPSE,
    .carries = eclipse_carries,
    .takes = eclipse_takes,
};
