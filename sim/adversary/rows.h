/*
 * sim/adversary/rows.h - rows of the table of attacks, each defined in the file of its name.
 */
#ifndef ASSAY_SIM_ADVERSARY_ROWS_H
#define ASSAY_SIM_ADVERSARY_ROWS_H

#include "sim/attack.h"

extern const struct assay_attack assay_attack_badmouth;
extern const struct assay_attack assay_attack_absent_vote;
extern const struct assay_attack assay_attack_stuff;
extern const struct assay_attack assay_attack_underrate;
extern const struct assay_attack assay_attack_equivocate;
extern const struct assay_attack assay_attack_two_envelopes;
extern const struct assay_attack assay_attack_withhold;
extern const struct assay_attack assay_attack_censor;
extern const struct assay_attack assay_attack_eclipse;
extern const struct assay_attack assay_attack_replay;
extern const struct assay_attack assay_attack_relay;
extern const struct assay_attack assay_attack_extract;
extern const struct assay_attack assay_attack_tamper;
extern const struct assay_attack assay_attack_old_tcb;
extern const struct assay_attack assay_attack_quiet;
extern const struct assay_attack assay_attack_on_off;
extern const struct assay_attack assay_attack_sleeper;
extern const struct assay_attack assay_attack_free_ride;
extern const struct assay_attack assay_attack_copy_votes;
extern const struct assay_attack assay_attack_fast_clock;
extern const struct assay_attack assay_attack_slow_clock;
extern const struct assay_attack assay_attack_lie_in_blocks;
extern const struct assay_attack assay_attack_roll_back;
extern const struct assay_attack assay_attack_slander;
extern const struct assay_attack assay_attack_split_delivery;
extern const struct assay_attack assay_attack_delay;
extern const struct assay_attack assay_attack_other_roll;
extern const struct assay_attack assay_attack_unjudged;
extern const struct assay_attack assay_attack_shrug;
extern const struct assay_attack assay_attack_mute;
extern const struct assay_attack assay_attack_spam;
extern const struct assay_attack assay_attack_dead_end;
extern const struct assay_attack assay_attack_resend;
extern const struct assay_attack assay_attack_drip;
extern const struct assay_attack assay_attack_early_junk;
extern const struct assay_attack assay_attack_misdeal;
extern const struct assay_attack assay_attack_misname;
extern const struct assay_attack assay_attack_missign;

/* Returns: whether a slot is of the attacked cohort, and not the node itself. */
static inline bool assay_attack_victim(const struct assay_attack_scene *scene, uint32_t slot)
{
    return slot != scene->node && scene->cohort_of[slot] == scene->adversary->victims;
}

#endif
