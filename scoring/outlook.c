/*
 * scoring/outlook.c - good epochs applied to one trust state (protocol.md 7.3 to 7.8).
 */
#include "scoring/outlook.h"

#include "base/assert.h"
#include "scoring/score.h"
#include "scoring/standing.h"

_Static_assert((ASSAY_SCORE_BP_MAX + ASSAY_RISE_INTEGRITY_MIN_BP - 1) /
                           ASSAY_RISE_INTEGRITY_MIN_BP +
                       3 * ASSAY_HYSTERESIS_EPOCHS <=
                   ASSAY_OUTLOOK_EPOCHS,
               "the slowest rise is within the bound");

/* protocol.md 7.6. The count of this epoch is that of the epoch before: it is forgotten after. */
static void rise_integrity(struct assay_trust_state *trust, uint16_t ceiling_bp)
{
    ASSAY_ASSERT(trust->integrity_bp <= ASSAY_SCORE_BP_MAX);
    if (trust->integrity_bp > ceiling_bp) trust->integrity_bp = ceiling_bp; /* 7.7 */
    else if (trust->listed_after_failure) {
        const uint32_t risen =
            trust->integrity_bp + assay_score_integrity_rise_bp(trust->offences.count);
        trust->integrity_bp = (uint16_t)(risen < ceiling_bp ? risen : ceiling_bp);
    }
    ASSAY_ASSERT(trust->integrity_bp <= ceiling_bp);
}

/* protocol.md 7.6: one is forgotten per 512 clean epochs. */
static void forget_offence(struct assay_offences *offences)
{
    if (offences->count == 0 || ++offences->clean_epochs < ASSAY_FORGET_EPOCHS) return;
    offences->clean_epochs = 0;
    offences->count--;
}

static void apply_good_epoch(struct assay_trust_state *trust, uint16_t ceiling_bp)
{
    const struct assay_votes all_pass = { .pass_weight = 3,
                                          .electorate_weight = 3,
                                          .table_weight = 3 };
    trust->availability_bp = assay_score_availability_step(trust->availability_bp, all_pass);
    rise_integrity(trust, ceiling_bp);
    trust->integrity = assay_standing_step(trust->integrity, trust->integrity_bp, true);
    trust->score = assay_standing_step(trust->score, assay_trust_score_bp(trust), true);
    forget_offence(&trust->offences);
}

static void note_standing(struct assay_outlook *outlook, enum assay_standing standing,
                          int32_t epoch)
{
    ASSAY_ASSERT(epoch <= ASSAY_OUTLOOK_EPOCHS);
    for (int s = ASSAY_STANDING_SUSPENDED; s >= (int)standing; s--)
        if (outlook->epochs[s] == ASSAY_OUTLOOK_NEVER) outlook->epochs[s] = epoch;
}

struct assay_outlook assay_outlook(const struct assay_trust_state *trust, uint16_t ceiling_bp)
{
    /* A lower one would end the incarnation (7.5), and no level has it. */
    ASSAY_ASSERT(ceiling_bp >= ASSAY_CEILING_RESTRICTED_BP && ceiling_bp <= ASSAY_SCORE_BP_MAX);
    assay_trust_check(trust);
    struct assay_trust_state next = *trust;
    struct assay_outlook outlook;
    for (int s = 0; s <= ASSAY_STANDING_SUSPENDED; s++)
        outlook.epochs[s] = ASSAY_OUTLOOK_NEVER;
    note_standing(&outlook, next.score.standing, 0);
    for (int32_t epoch = 1; epoch <= ASSAY_OUTLOOK_EPOCHS &&
                            outlook.epochs[ASSAY_STANDING_FULL] == ASSAY_OUTLOOK_NEVER;
         epoch++) {
        apply_good_epoch(&next, ceiling_bp);
        note_standing(&outlook, next.score.standing, epoch);
    }
    return outlook;
}
