/*
 * sim/epochs/delivery.c - from a link model to the probabilities of one epoch.
 *
 * docs/protocol.md 4.1 to 4.1.4, host/overlay/gossip.h: authors send envelopes and ballots to all;
 * missing ones are requested in rounds, each from three peers; evidence is pulled from up to eight,
 * each with its time.
 */
#include "host/overlay/gossip.h"
#include "sim/epochs/epochs_internal.h"

enum {
    ENVELOPE_PULLS = 15, /* five rounds, three peers */
    BALLOT_PULLS = 9,    /* three rounds */
    RESENDS = 3,         /* of a ballot that is in no block yet: every T/8 after 5T/8 */
};

static uint32_t tries_of(uint32_t epoch_ms)
{
    const uint64_t retry = assay_gossip_retry_ms(epoch_ms);
    const uint64_t tries = 1 + assay_gossip_patience_ms(epoch_ms) / retry;
    if (tries < ASSAY_FETCH_ASKED) return ASSAY_FETCH_ASKED;
    return tries > ASSAY_FETCH_ASKED_MAX ? ASSAY_FETCH_ASKED_MAX : (uint32_t)tries;
}

void epochs_chances(const struct assay_scenario *scenario, struct epochs_chances *chances)
{
    const struct assay_sim_link *link = &scenario->link;
    const uint32_t lost = chance_of_permille(link->loss_permille);
    const uint32_t round_lost = chance_either(lost, lost);
    const uint32_t others = scenario->nodes - 1;
    uint32_t tries = tries_of(scenario->epoch_ms);
    if (tries > others && others > 0)
        tries = others + 1; /* all of them, and the origin once more */
    const uint32_t no_envelope = chance_both(lost, chance_all_of(round_lost, ENVELOPE_PULLS));
    const uint32_t no_evidence = chance_all_of(round_lost, tries);
    const uint32_t delay = link->delay == ASSAY_SIM_DELAY_UNIFORM
                               ? (link->delay_min_ms + link->delay_max_ms) / 2
                               : link->delay_mean_ms;
    const uint64_t sixteenth = scenario->epoch_ms / 16;
    *chances = (struct epochs_chances){
        .absent = chance_either(no_envelope, no_evidence),
        .ballot_lost =
            chance_both(chance_all_of(lost, RESENDS), chance_all_of(round_lost, BALLOT_PULLS)),
        .hop_ms = delay,
        .announce_ms = scenario->quote_ms + 2 * delay, /* envelope, pull */
        .judge_ms = delay + (scenario->verify_us + 999) / 1000,
        .delta_ms = (uint32_t)assay_max_u64(25, assay_min_u64(2000, sixteenth)),
    };
}
