/*
 * sim/rules/leak.c - Ethereum's inactivity leak, ejection and slashing, as an alternative to HOLD.
 *
 * Consensus specification, Altair and Bellatrix: process_inactivity_updates, the inactivity part of
 * get_inactivity_penalty_deltas, process_effective_balance_updates, ejection. A member takes part
 * when its own ballot counts; a certified close is finality. Penalties of attestations, rewards,
 * the correlation penalty and the exit queue are omitted. This alternative, which was not chosen,
 * eventually lets both sides of a partition certify (docs/protocol.md 4.11 has HOLD instead).
 */
#include "base/assert.h"
#include "sim/rules/internal.h"

enum {
    SCORE_BIAS = 4,      /* INACTIVITY_SCORE_BIAS */
    SCORE_RECOVERY = 16, /* INACTIVITY_SCORE_RECOVERY_RATE */
};

static const uint64_t COIN = 1000000000;      /* EFFECTIVE_BALANCE_INCREMENT, in Gwei */
static const uint64_t STAKE = 32000000000;    /* MAX_EFFECTIVE_BALANCE */
static const uint64_t EJECTION = 16000000000; /* EJECTION_BALANCE */
static const uint64_t DOWNWARD = 250000000;   /* a quarter of a coin */
static const uint64_t UPWARD = 1250000000;    /* one and a quarter */

static uint64_t min_of(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint16_t stake_bp(const struct leak_account *account)
{
    if (account->exited) return 0;
    return (uint16_t)(ASSAY_SCORE_BP_MAX * account->effective / STAKE);
}

void rules_leak_start(struct assay_sim_rules *rules, uint32_t slot)
{
    rules->leak[slot] = (struct leak_account){ .balance = STAKE, .effective = STAKE };
    rules_set_score(rules, slot, stake_bp(&rules->leak[slot]));
}

/* process_inactivity_updates, then the penalty, which only absent members pay. */
static void charge_penalty(struct leak_account *account, bool took_part, bool leaking,
                           uint32_t quotient_log2)
{
    if (took_part) account->inactivity -= min_of(1, account->inactivity);
    else account->inactivity += SCORE_BIAS;
    if (!leaking) account->inactivity -= min_of(SCORE_RECOVERY, account->inactivity);
    if (took_part) return;
    const uint64_t product = account->effective * min_of(account->inactivity, UINT64_C(1) << 28);
    const uint64_t penalty = (product / SCORE_BIAS) >> quotient_log2;
    account->balance -= min_of(penalty, account->balance);
}

static void update_effective(struct leak_account *account)
{
    const bool below = account->balance + DOWNWARD < account->effective;
    const bool above = account->effective + UPWARD < account->balance;
    if (!below && !above) return;
    account->effective = min_of(account->balance - account->balance % COIN, STAKE);
}

void rules_leak_step(struct assay_sim_rules *rules, const struct assay_sim_rules_input *input)
{
    if (rules->summary.certified) rules->leak_epochs = 0;
    else rules->leak_epochs++;
    const bool leaking = rules->leak_epochs > rules->options.leak_patience_epochs;
    for (uint32_t slot = 0; slot < rules->count; slot++) {
        struct leak_account *account = &rules->leak[slot];
        const struct assay_faults *faults = &input->members[slot].faults;
        const bool listed = input->unlisted == NULL || !input->unlisted[slot];
        if (account->exited || !listed) continue;
        charge_penalty(account, input->rows[slot] != NULL, leaking,
                       rules->options.leak_quotient_log2);
        update_effective(account);
        account->exited = account->effective <= EJECTION || faults->equivocation ||
                          faults->false_pass || faults->own_fail_hard;
        rules_set_score(rules, slot, stake_bp(account));
    }
}
