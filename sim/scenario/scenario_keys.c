/*
 * sim/scenario/scenario_keys.c - table of all keys of a scenario: place, bounds, words and
 * description.
 */
#include "base/assert.h"
#include "engine/ledger/state/genesis.h"
#include "sim/scenario/scenario_internal.h"

enum { TIME_MS_MAX = 600 * 1000 };

static const char *fidelity_word(uint32_t value)
{
    return assay_sim_fidelity_name((enum assay_sim_fidelity)value);
}

static const char *rule_word(uint32_t value)
{
    return assay_sim_rule_name((enum assay_sim_rule)value);
}

static const char *source_word(uint32_t value)
{
    return assay_sim_weight_source_name((enum assay_sim_weight_source)value);
}

static const char *evidence_word(uint32_t value)
{
    return assay_sim_evidence_mode_name((enum assay_sim_evidence_mode)value);
}

static const char *delay_word(uint32_t value)
{
    return assay_sim_delay_name((enum assay_sim_delay)value);
}

static const char *losing_word(uint32_t value)
{
    return assay_sim_losing_name((enum assay_sim_losing)value);
}

static const char *action_word(uint32_t value)
{
    return assay_sim_action_name((enum assay_sim_action)value);
}

static const char *flaw_word(uint32_t value)
{
    return assay_sim_flaw_name((enum assay_sim_flaw)value);
}

static const char *day_word(uint32_t value)
{
    return assay_sim_day_flaw_name((enum assay_sim_day_flaw)value);
}

static const char *attack_word(uint32_t value)
{
    return assay_sim_attack_name((enum assay_sim_attack)value);
}

/* The struct of the current section. */
#define U32(key, member, low, high, about)                                                         \
    .name = (key), .kind = ASSAY_SCENARIO_U32, .offset = offsetof(struct PART, member),            \
    .min = (low), .max = (high), .line = (about)
#define U64(key, member, low, high, about)                                                         \
    .name = (key), .kind = ASSAY_SCENARIO_U64, .offset = offsetof(struct PART, member),            \
    .min = (low), .max = (high), .line = (about)
#define WORD(key, member, function, first, last, about)                                            \
    .name = (key), .kind = ASSAY_SCENARIO_WORD, .offset = offsetof(struct PART, member),           \
    .word = (function), .word_min = (first), .word_max = (last), .line = (about)
#define OTHER(key, member, what, about)                                                            \
    .name = (key), .kind = ASSAY_SCENARIO_##what, .offset = offsetof(struct PART, member),         \
    .line = (about)
#define FLAG(member, when) .flag_offset = offsetof(struct PART, member), .flag_when = (when)

#define PART assay_scenario
static const struct assay_scenario_key root_keys[] = {
    { OTHER("name", name, NAME, "its name: a-z, 0-9, - and _") },
    { OTHER("title", title, TEXT, "one line for display") },
    { WORD("fidelity", fidelity, fidelity_word, 0, 2,
           "every message an event, or delivery drawn per epoch; auto: message up to 32 nodes") },
    { U64("seed", seed, 0, UINT64_MAX, "decides everything, together with the rest of the file") },
    { U32("nodes", nodes, 1, ASSAY_SIM_NODES_MAX, "members of the network") },
    { U32("spares", spares, 0, ASSAY_SIM_LISTED_NODES_MAX,
          "of nodes, the last ones: no members until a change has them join") },
    { U64("epochs", epochs, 1, ASSAY_SIM_EPOCHS_MAX, "length of the run") },
    { U32("epoch_ms", epoch_ms, ASSAY_EPOCH_MS_MIN, ASSAY_EPOCH_MS_MAX, "length of an epoch, ms") },
    { U32("operators", operators, 1, ASSAY_SIM_NODES_MAX,
          "operators: slot i is of i mod operators") },
    { U32("vendors", vendors, 1, ASSAY_SIM_VENDORS_MAX,
          "vendor roots: slot i is of i mod vendors, without vendor_share_bp") },
    { OTHER("vendor_share_bp", vendor_share_bp, SHARES,
            "share of each vendor, bp, together 10000; vendors stand in this order in the roster"),
      FLAG(has_vendor_shares, true) },
    { U32("nodes_per_platform", nodes_per_platform, 1, ASSAY_SIM_NODES_MAX,
          "members on one platform id") },
    { U32("masked_bp", masked_bp, 0, 10000, "share of members whose platform id is masked, bp") },
    { OTHER("operator_cap", operator_cap_num, CAP, "maximum weight of one operator, NUM/DEN") },
    { OTHER("vendor_cap", vendor_cap_num, CAP, "maximum weight of one vendor root, NUM/DEN") },
    { WORD("rule", rule, rule_word, 0, 5,
           "ballots into scores; the engine has interval, the others run at fidelity epoch") },
    { WORD("weight_source", weight_source, source_word, 0, 2,
           "weight from integrity (the protocol), from the score, or one for each") },
    { WORD("evidence", evidence, evidence_word, 0, 2,
           "real SOFT quotes (up to 20 nodes), or a modelled verdict with a cost") },
    { U32("quote_ms", quote_ms, 0, TIME_MS_MAX, "duration of one quote, ms") },
    { U32("verify_us", verify_us, 0, TIME_MS_MAX, "duration of one appraisal, microseconds") },
    { U32("skew_ms", skew_ms, 0, TIME_MS_MAX,
          "largest difference between clocks at the start, ms") },
    { U32("drift_ppm", drift_ppm, 0, 100000, "largest deviation of their rate, ppm") },
    { U64("heal_epoch", heal_epoch, 0, ASSAY_SIM_EPOCHS_MAX,
          "from here on no fault but the adversaries', and progress is required; 0: never") },
    { U32("seats_max", seats_max, 1, ASSAY_VOTERS_MAX,
          "number of voting members; the others only ballot") },
    { U32("amplification_percent", amplification_percent, ASSAY_AMPLIFICATION_PERCENT_MIN,
          ASSAY_AMPLIFICATION_PERCENT_MAX, "maximum increase of a share by caps") },
    { U32("quiet_floor_percent", quiet_floor_percent, ASSAY_QUIET_FLOOR_PERCENT_MIN,
          ASSAY_QUIET_FLOOR_PERCENT_MAX, "weight that retains its votes without attesting") },
    { U32("collateral_delay_s", collateral_delay_s, 1, 2419200,
          "delay of collateral with a higher evaluation number, s") },
    { U32("collateral_life_s", collateral_life_s, 0, 2419200,
          "validity of a vendor's collateral from its date on, s; 0: no expiry") },
    { U32("progress_epochs", progress_epochs, 1, 1000,
          "limit of epochs after heal_epoch without a close") },
    { U32("overlay_above", overlay_above, 1, ASSAY_SIM_NODES_MAX,
          "with more members than this nodes have neighbours, not a full mesh") },
    { U32("overlay_degree", overlay_degree, 1, 32,
          "minimum of neighbours; the maximum is twice that") },
    { U32("history_epochs", history_epochs, 0, 1000000,
          "epochs of blocks that every store retains; 0: the daemon's default (message)") },
    { U64("old_operators_epoch", old_operators_epoch, 0, ASSAY_SIM_EPOCHS_MAX,
          "from then on replaced keys continue to sign; 0: never (message)") },
};
#undef PART

#define PART assay_sim_link
static const struct assay_scenario_key link_keys[] = {
    { WORD("delay", delay, delay_word, 0, 2, "distribution of the delay of a message") },
    { U32("delay_min_ms", delay_min_ms, 0, TIME_MS_MAX, "shortest delay, ms") },
    { U32("delay_mean_ms", delay_mean_ms, 0, TIME_MS_MAX, "mean delay of exponential, ms") },
    { U32("delay_max_ms", delay_max_ms, 0, TIME_MS_MAX, "longest delay, ms") },
    { U32("loss_permille", loss_permille, 0, 1000, "messages that are lost, in 1000") },
    { WORD("loss_of", loss_of, losing_word, 0, 6, "all messages, or this kind alone (message)") },
    { U32("duplicate_permille", duplicate_permille, 0, 1000, "messages that come twice, in 1000") },
    { U32("reorder_permille", reorder_permille, 0, 1000, "messages that take longer, in 1000") },
    { U32("reorder_ms", reorder_ms, 0, TIME_MS_MAX, "additional delay of these, ms") },
    { U32("bandwidth_kbit_s", bandwidth_kbit_s, 0, 100000000,
          "of each node's uplink, kbit/s; 0: unlimited") },
    { U32("regions_01_ms", regions_01_ms, 0, TIME_MS_MAX,
          "node i is in region i mod 3: more delay between regions 0 and 1, ms (message)") },
    { U32("regions_02_ms", regions_02_ms, 0, TIME_MS_MAX, "between regions 0 and 2, ms") },
    { U32("regions_12_ms", regions_12_ms, 0, TIME_MS_MAX, "between regions 1 and 2, ms") },
};
#undef PART

#define PART assay_sim_store_faults
static const struct assay_scenario_key store_keys[] = {
    { U32("lost_permille", lost_permille, 0, 1000,
          "crashes that lose the last acknowledged batch, in 1000") },
    { U32("torn_permille", torn_permille, 0, 1000, "crashes that tear the last batch, in 1000") },
    { U32("rolled_back_permille", rolled_back_permille, 0, 1000,
          "restarts from an older disk image, in 1000") },
};
#undef PART

#define PART assay_sim_cohort
static const struct assay_scenario_key cohort_keys[] = {
    { OTHER("name", name, NAME, "its name: a-z, 0-9, - and _") },
    { U32("count", count, 0, ASSAY_SIM_NODES_MAX, "number of nodes"), .instead = "share_bp" },
    { U32("share_bp", share_bp, 0, 10000,
          "or this share of the nodes that match, bp, rounded down"),
      .instead = "count" },
    { U32("vendor", vendor, 0, ASSAY_SIM_VENDORS_MAX - 1, "only nodes of this vendor, from 0"),
      FLAG(has_vendor, true) },
    { U32("operator", operator_, 0, ASSAY_SIM_NODES_MAX - 1, "only nodes of this operator, from 0"),
      FLAG(has_operator, true) },
};
#undef PART

#define PART assay_sim_adversary
static const struct assay_scenario_key adversary_keys[] = {
    { WORD("attack", attack, attack_word, 1, ASSAY_SIM_ATTACK_COUNT, "the attack") },
    { OTHER("cohort", cohort, COHORT, "the attacking cohort") },
    { OTHER("victims", victims, COHORT, "the attacked cohort, where the attack has victims") },
    { U64("start_epoch", start_epoch, 1, ASSAY_SIM_EPOCHS_MAX, "first epoch of it, from 1") },
    { U64("stop_epoch", stop_epoch, 0, ASSAY_SIM_EPOCHS_MAX,
          "first epoch without it; 0: to the end") },
    { U32("rate_permille", rate_permille, 0, 1000, "epochs or acts in which it happens, in 1000") },
    { U32("on_epochs", on_epochs, 0, ASSAY_SIM_EPOCHS_MAX, "on-off: number of bad epochs") },
    { U32("off_epochs", off_epochs, 0, ASSAY_SIM_EPOCHS_MAX, "on-off: number of good epochs") },
    { U32("amount", amount, 0, 1000000000,
          "milliseconds, epochs or a kind, depending on the attack") },
};
#undef PART

#define PART assay_sim_partition
static const struct assay_scenario_key partition_keys[] = {
    { U64("start_epoch", start_epoch, 1, ASSAY_SIM_EPOCHS_MAX, "first epoch of it, from 1") },
    { U64("stop_epoch", stop_epoch, 0, ASSAY_SIM_EPOCHS_MAX,
          "first epoch without it; 0: to the end") },
    { OTHER("cohort", cohort, COHORT, "side A is this cohort"), FLAG(by_cohort, true),
      .instead = "share_bp" },
    { U32("share_bp", share_bp, 0, 10000, "or the first share of the roster, bp, rounded down"),
      FLAG(by_cohort, false), .instead = "cohort" },
    { OTHER("a_receives_b", a_receives_b, BOOL, "one-way: messages from B reach A") },
    { OTHER("b_receives_a", b_receives_a, BOOL, "one-way: messages from A reach B") },
};
#undef PART

#define PART assay_sim_crash
static const struct assay_scenario_key crash_keys[] = {
    { OTHER("cohort", cohort, COHORT, "who") },
    { OTHER("all_members", all_members, BOOL, "the complete roster at once, whatever cohort is") },
    { U64("at_epoch", at_epoch, 0, ASSAY_SIM_EPOCHS_MAX, "at some instant of this epoch"),
      .instead = "rate_permille" },
    { U32("rate_permille", rate_permille, 0, 1000,
          "or probability of each node in each epoch, in 1000"),
      .instead = "at_epoch" },
    { U32("down_ms", down_ms, 0, 1000000000, "until it starts again, ms") },
    { OTHER("loses_store", loses_store, BOOL, "restarts with an empty store") },
    { U32("rolls_back_epochs", rolls_back_epochs, 0, 1000,
          "restarts with the disk of as many epochs ago; 0: with its own") },
    { OTHER("pauses", pauses, BOOL, "no crash but a pause of down_ms; messages wait meanwhile") },
    { OTHER("loses_log", loses_log, BOOL,
            "restarts with an empty store and its old keys, unnoticed by its host (message)") },
    { OTHER("first_day", first_day, BOOL,
            "with loses_log: a founder's keys folder is of the first day, too (message)") },
    { U32("kills", kills, 0, ASSAY_SIM_KILLS_MAX, "times that it is killed again (message)") },
    { U32("kill_ms", kill_ms, 0, 1000000, "each time up to that long after its start, ms") },
    { OTHER("loses_again", loses_again, BOOL,
            "with loses_log: a quarter of these kills loses the log again (message)") },
};
#undef PART

#define PART assay_sim_clock
static const struct assay_scenario_key clock_keys[] = {
    { OTHER("cohort", cohort, COHORT, "the affected cohort"), FLAG(by_cohort, true),
      .instead = "share_bp" },
    { U32("share_bp", share_bp, 0, 10000, "or the first share of the roster, bp, rounded down"),
      FLAG(by_cohort, false), .instead = "cohort" },
    { U64("at_ms", at_ms, 0, UINT64_C(1000000000000), "start, ms after that of the run") },
    { U64("for_ms", for_ms, 0, UINT64_C(1000000000000),
          "duration, ms; 0: to the end, or until heal_epoch") },
    { U32("ahead_s", ahead_s, 0, 2000000000, "dates ahead, seconds"), .instead = "behind_s" },
    { U32("behind_s", behind_s, 0, 2000000000, "or behind, seconds"), .instead = "ahead_s" },
};
#undef PART

#define PART assay_sim_change
static const struct assay_scenario_key change_keys[] = {
    { WORD("action", action, action_word, 1, 12, "the action") },
    { U64("at_epoch", at_epoch, 1, ASSAY_SIM_EPOCHS_MAX, "epoch of the first submission") },
    { U32("ahead_epochs", ahead_epochs, 2, 1000, "minimum of epochs from then to its activation") },
    { OTHER("with_before", with_before, BOOL,
            "one more action of the previous change in the list") },
    { OTHER("cohort", cohort, COHORT, "the affected members, or those that fail under the policy"),
      FLAG(by_cohort, true) },
    { U32("count", count, 0, ASSAY_SIM_LISTED_NODES_MAX,
          "number of members, the first of the cohort; 0: all (join: one)") },
    { U32("epochs", epochs, 1, 64, "maintenance: number of epochs") },
    { OTHER("vendor_cap", vendor_cap_num, CAP, "parameters: maximum weight of one vendor root") },
    { U32("epoch_ms", epoch_ms, 0, ASSAY_EPOCH_MS_MAX,
          "parameters: length of an epoch, ms; 0: unchanged") },
    { U32("block_len_max", block_len_max, 0, ASSAY_BLOCK_LEN_MAX,
          "parameters: bytes of the body of a block; 0: unchanged") },
    { U32("operator_cap_bp", operator_cap_bp, 0, 10000,
          "parameters: maximum weight of one operator, bp; 0: unchanged") },
    { U32("level", level, 0, ASSAY_SIM_LEVEL_MAX, "parameters: feature level; 0: unchanged") },
    { OTHER("proposed", proposed, BOOL,
            "operators propose and approve it on the ledger; a CHANGE follows when enough did") },
    { OTHER("forces", forces, BOOL, "names the last reverted change: it stays") },
    { U32("given_to", given_to, 1, ASSAY_SIM_LISTED_NODES_MAX,
          "number of honest members that get it from the operators") },
    { WORD("flaw", flaw, flaw_word, 0, 12, "its flaw") },
};
#undef PART

#define PART assay_sim_recover
static const struct assay_scenario_key recover_keys[] = {
    { U64("at_epoch", at_epoch, 1, ASSAY_SIM_EPOCHS_MAX,
          "epoch in which one member gets the fence") },
    { U32("after_epochs", after_epochs, 1, 1000,
          "then answers are collected, in each epoch until the new era starts") },
    { OTHER("drains_stopped", drains_stopped, BOOL,
            "drains nodes that do not run then, in the new era") },
    { OTHER("replaces_policy", replaces_policy, BOOL,
            "the new era starts with another policy, under which no member fails") },
    { OTHER("cohort", cohort, COHORT,
            "only this cohort gets the fence then; the others after_epochs later"),
      FLAG(by_cohort, true) },
};
#undef PART

#define PART assay_sim_day
static const struct assay_scenario_key day_keys[] = {
    { U64("at_epoch", at_epoch, 1, ASSAY_SIM_EPOCHS_MAX, "epoch in which members find it") },
    { U32("vendor", vendor, 0, ASSAY_SIM_VENDORS_MAX - 1, "its vendor") },
    { OTHER("recovery", recovery, BOOL,
            "it has a higher evaluation number and waits for collateral_delay_s") },
    { OTHER("cohort", cohort, COHORT, "cohort whose platforms, of that vendor, are too old for it"),
      FLAG(by_cohort, true) },
    { U32("count", count, 0, ASSAY_SIM_LISTED_NODES_MAX,
          "number of members, the first of the cohort; 0: all") },
    { U64("update_epoch", update_epoch, 0, ASSAY_SIM_EPOCHS_MAX,
          "epoch from which on they are updated; 0: never") },
    { U32("given_to", given_to, 1, ASSAY_SIM_LISTED_NODES_MAX,
          "number of honest members that find it") },
    { WORD("flaw", flaw, day_word, 0, 4, "its flaw") },
};
#undef PART

#define PART assay_sim_services_plan
static const struct assay_scenario_key services_keys[] = {
    { U32("groups", groups, 0, ASSAY_SIM_GROUPS_MAX, "groups of state continuity; 0: none") },
    { U32("group_size", group_size, 3, 7, "replicas of a group: 3, 5 or 7") },
    { U32("enclaves", enclaves, 1, ASSAY_SIM_ENCLAVES_MAX, "instances of each group") },
    { U32("clones", clones, 1, ASSAY_SIM_CLONES_MAX,
          "processes of each: with several the host runs clones") },
    { U32("updates", updates, 0, 100, "updates of each process in an epoch") },
    { U32("reads", reads, 0, 100, "confirmed reads of each process in an epoch") },
    { U32("old_states_permille", old_states_permille, 0, 1000,
          "starts at which the host supplies any sealed state, in 1000") },
    { U32("replicas_die_permille", replicas_die_permille, 0, 1000,
          "replicas that lose their memory in an epoch, in 1000") },
    { U32("enclaves_die_permille", enclaves_die_permille, 0, 1000,
          "processes that end in an epoch, in 1000") },
    { U32("cutting_hosts_permille", cutting_hosts_permille, 0, 1000,
          "starts at which the host relays only to some replicas, in 1000") },
    { U32("forged_permille", forged_permille, 0, 1000,
          "records with which a member submits an old or a modified copy, in 1000") },
    { U32("forged_handovers_permille", forged_handovers_permille, 0, 1000,
          "turns of an enclave at which its host shows it an old or modified hand-over, or names a "
          "view, in 1000") },
    { U32("quota_abusers", quota_abusers, 0, ASSAY_SIM_QUOTA_ABUSERS_MAX,
          "number of the last members that exhaust the quota of an author, and list another "
          "replica in every epoch") },
    { U32("requestors", requestors, 0, ASSAY_SIM_REQUESTORS_MAX,
          "accounts with money to open tasks; 0: no tasks") },
    { U32("tasks", tasks, 0, 8, "tasks opened in an epoch") },
    { U32("steps", steps, 1, 16, "steps of each task") },
    { U32("leavers_permille", leavers_permille, 0, 1000,
          "tasks whose requestor leaves before it pays for a step, in 1000") },
    { U32("tasks_die_permille", tasks_die_permille, 0, 1000,
          "sides of a task that crash in an epoch, in 1000") },
    { U32("share_clusters", share_clusters, 0, 3,
          "clusters that store shares of secrets; 0: no shares") },
    { U32("share_slots", share_slots, 3, 7, "slots of each cluster") },
    { U32("share_k", share_k, 2, 4, "threshold of shares to combine a secret") },
    { U32("secrets", secrets, 1, ASSAY_SIM_SECRETS_MAX, "secrets that are put, one in an epoch") },
    { U32("secret_reads", secret_reads, 0, 8, "reads of secrets in an epoch") },
    { U32("share_liars", share_liars, 0, 8,
          "holders, of the last members, that store and give false shares") },
    { U32("share_starved", share_starved, 0, ASSAY_SIM_SERVED_NODES_MAX,
          "holders, of the first members, that no other holder reaches over links") },
    { U32("holders_die_permille", holders_die_permille, 0, 1000,
          "holders that lose their memory in an epoch, in 1000") },
    { U32("holders_lose_permille", holders_lose_permille, 0, 1000,
          "holders that lose their disk and key in an epoch, in 1000") },
    { OTHER("group_key", group_key, BOOL, "every member offers to hold shares of a group key") },
    { U32("key_refresh", key_refresh, 64, 1 << 20, "epochs until the group key is shared again") },
    { U32("granted_names", granted_names, 0, ASSAY_SIM_GRANTED_NAMES_MAX,
          "names of services that the plan of a group key grants to builds of enclaves") },
    { OTHER("key_sessions", key_sessions, BOOL,
            "its holders sign certificates of workload keys in each epoch") },
    { U32("key_crashes_permille", key_crashes_permille, 0, 1000,
          "actions of holders of the group key at which the process ends, in 1000") },
    { U32("key_disks_permille", key_disks_permille, 0, 1000,
          "holders of the group key whose disk is lost or an older one, in an epoch, in 1000") },
    { U32("key_replaced", key_replaced, 0, 1 << 20,
          "CA numbers up to this one are replaced, with an overlap") },
    { U64("stop_epoch", stop_epoch, 0, ASSAY_SIM_EPOCHS_MAX,
          "no more load from here on; 0: never") },
    { U32("later_groups", later_groups, 0, ASSAY_SIM_GROUPS_MAX,
          "number of groups, the last ones, that a change adds after the genesis") },
    { OTHER("later_tasks", later_tasks, BOOL, "a change adds tasks after the genesis") },
    { U32("later_key_retired", later_key_retired, 0, 1 << 20,
          "CA numbers up to this one are retired by a change after the genesis") },
};
#undef PART

#define PART assay_sim_proposals
static const struct assay_scenario_key proposals_keys[] = {
    { U32("level", level, 1, ASSAY_SIM_LEVEL_MAX,
          "feature level of the genesis; proposals need 2, new keys 3") },
    { U32("liars", liars, 0, ASSAY_SIM_LIARS_MAX,
          "operators of the genesis that lie, the last ones; fewer than half") },
    { U32("floods", floods, 0, 64, "statements of each liar in an epoch") },
    { U32("forged_permille", forged_permille, 0, 1000,
          "epochs in which a liar states something in another operator's name, in 1000") },
    { U32("replayed", replayed, 0, 64,
          "statements of operators that each Byzantine member sends again in an epoch") },
    { U32("held_permille", held_permille, 0, 1000,
          "statements that a Byzantine member gets alone and sends epochs later, in 1000") },
    { U32("withdrawn_permille", withdrawn_permille, 0, 1000,
          "approvals of honest operators that are withdrawn again, in 1000") },
    { U32("lapsed_permille", lapsed_permille, 0, 1000,
          "proposals that no other operator approves, so that they expire, in 1000") },
    { U32("replaced_permille", replaced_permille, 0, 1000,
          "epochs in which the author of an open proposal replaces it, in 1000") },
    { OTHER("bars", bars, BOOL,
            "Byzantine leaders fill the part of one operator in an epoch with old statements") },
    { OTHER("omits", omits, BOOL,
            "Byzantine leaders omit the statements of one operator from their blocks") },
};
#undef PART

#define PART assay_sim_workload_keys
static const struct assay_scenario_key workload_keys_keys[] = {
    { U32("declared_permille", declared_permille, 0, 1000,
          "members whose host declares a list of keys in an epoch, in 1000; 0: no keys") },
    { U32("restarts_permille", restarts_permille, 0, 1000,
          "enclaves that restart in an epoch and lose their keys, in 1000") },
    { U32("lacking_permille", lacking_permille, 0, 1000,
          "declarations of keys that the enclave does not have, in 1000") },
    { U32("changed_permille", changed_permille, 0, 1000,
          "declarations of an enclave with keys that are of other keys than it has, in 1000") },
    { U32("upgrades_permille", upgrades_permille, 0, 1000,
          "enclaves whose evidence is of another build from an epoch on, in 1000") },
    { U32("outage_epoch", outage_epoch, 0, 1000000,
          "epoch in which all enclaves restart and lose their keys; 0: never") },
    { U32("outage_epochs", outage_epochs, 0, 1000,
          "epochs until the programs of these enclaves register keys again") },
};
#undef PART

static const struct assay_scenario_key assertion_key[] = {
    { .kind = ASSAY_SCENARIO_ASSERTION, .line = "FIGURE [COHORT] COMPARE NUMBER" },
};

#define KEYS(list) .keys = (list), .key_count = sizeof(list) / sizeof(list)[0]
#define LIST(members, counter, most, always)                                                       \
    .offset = offsetof(struct assay_scenario, members), .is_list = true,                           \
    .element_len = sizeof((struct assay_scenario *)NULL)->members[0],                              \
    .count_offset = offsetof(struct assay_scenario, counter), .max = (most), .first = (always)

const struct assay_scenario_section assay_scenario_sections[ASSAY_SCENARIO_SECTIONS] = {
    { .name = "", .offset = 0, KEYS(root_keys), .line = "Keys at the top of the file" },
    { .name = "link",
      .offset = offsetof(struct assay_scenario, link),
      KEYS(link_keys),
      .line = "Every link between two nodes" },
    { .name = "store_faults",
      .offset = offsetof(struct assay_scenario, store),
      KEYS(store_keys),
      .line = "Faults of disks" },
    { .name = "cohorts",
      LIST(cohorts, cohort_count, ASSAY_SIM_COHORTS_MAX, 1),
      KEYS(cohort_keys),
      .line = "Groups of nodes; the cohort honest has all others" },
    { .name = "adversaries",
      LIST(adversaries, adversary_count, ASSAY_SIM_ADVERSARIES_MAX, 0),
      KEYS(adversary_keys),
      .line = "Attacks of cohorts" },
    { .name = "partitions",
      LIST(partitions, partition_count, ASSAY_SIM_PARTITIONS_MAX, 0),
      KEYS(partition_keys),
      .line = "Cuts of the network in two sides; without a_receives_b and b_receives_a in full" },
    { .name = "crashes",
      LIST(crashes, crash_count, ASSAY_SIM_CRASHES_MAX, 0),
      KEYS(crash_keys),
      .line = "Nodes that crash and restart" },
    { .name = "clocks",
      LIST(clocks, clock_count, ASSAY_SIM_CLOCKS_MAX, 0),
      KEYS(clock_keys),
      .line = "Dates that are wrong for a while (fidelity message)" },
    { .name = "changes",
      LIST(changes, change_count, ASSAY_SIM_CHANGES_MAX, 0),
      KEYS(change_keys),
      .line = "Changes by operators (fidelity message)" },
    { .name = "recovers",
      LIST(recovers, recover_count, ASSAY_SIM_RECOVERS_MAX, 0),
      KEYS(recover_keys),
      .line = "Operators end an era and start the next (fidelity message)" },
    { .name = "collateral",
      LIST(days, day_count, ASSAY_SIM_DAYS_MAX, 0),
      KEYS(day_keys),
      .line = "Newer collateral that vendors publish (fidelity message)" },
    { .name = "services",
      .offset = offsetof(struct assay_scenario, services),
      KEYS(services_keys),
      .line = "Services over the ledger, and their load (fidelity message)" },
    { .name = "proposals",
      .offset = offsetof(struct assay_scenario, proposals),
      KEYS(proposals_keys),
      .line = "Statements of operators about changes that are proposed (fidelity message)" },
    { .name = "workload_keys",
      .offset = offsetof(struct assay_scenario, workload_keys),
      KEYS(workload_keys_keys),
      .line = "Workload keys, from feature level 6 on (fidelity message)" },
    { .name = "assertions",
      LIST(assertions, assertion_count, ASSAY_SIM_ASSERTIONS_MAX, 0),
      KEYS(assertion_key),
      .line = "Required results" },
};
