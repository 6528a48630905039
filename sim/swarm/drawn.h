/*
 * sim/swarm/drawn.h - kinds of faults of a scenario, for the coverage report of a swarm.
 */
#ifndef ASSAY_SIM_SWARM_DRAWN_H
#define ASSAY_SIM_SWARM_DRAWN_H

#include "sim/outcome.h"

/* X(symbol, name in documents, one line) */
#define ASSAY_SIM_DRAWN_LIST(X)                                                                    \
    X(TRAITORS, "traitors", "members are Byzantine")                                               \
    X(LOSS, "loss", "links lose messages")                                                         \
    X(PARTITIONS, "partitions", "the network is cut, both ways or one")                            \
    X(CRASHES, "crashes", "processes crash")                                                       \
    X(PAUSES, "pauses", "machines stall and continue")                                             \
    X(LOST_STORES, "lost_stores", "a store is lost")                                               \
    X(OLD_DISKS, "old_disks", "a disk is rolled back, or loses writes")                            \
    X(DATES_AHEAD, "dates_ahead", "dates step forward")                                            \
    X(DATES_BEHIND, "dates_behind", "dates step back")                                             \
    X(DATES_OF_ALL, "dates_of_all", "dates of all nodes at once")                                  \
    X(CHANGES, "changes", "operators change members, rules or themselves")                         \
    X(JOINS, "joins", "members join")                                                              \
    X(BURNED, "burned", "no proposal is delivered: ranges of views are nullified")                 \
    X(ERAS, "eras", "operators end an era")                                                        \
    X(SEATS, "seats", "fewer voters than members")                                                 \
    X(SERVICES, "services", "the network has services, and programs that use them")                \
    X(TINY, "tiny", "one to three members")                                                        \
    X(CAPS, "caps", "other caps of operators and vendors than the default ones")                   \
    X(REGIONS, "regions", "three regions with delays between them")                                \
    X(SLOW, "slow", "links are slower than twice delta")                                           \
    X(LONG, "long", "130 epochs or more, with pruned history")                                     \
    X(PARAMETERS, "parameters", "a change of length of epochs, size of blocks or operators' cap")  \
    X(SEVERAL_ERAS, "several_eras", "operators end more than one era")                             \
    X(QUOTA_ABUSERS, "quota_abusers", "members exhaust the quota of an author")                    \
    X(HANDOVERS, "handovers", "hosts show enclaves old and modified hand-overs")                   \
    X(AWAY, "away", "operators are replaced around a crash")                                       \
    X(FENCED, "fenced", "a part is fenced first, by operators that are replaced")                  \
    X(TRIALS, "trials", "enclaves run wrong code while a vendor's collateral is new")              \
    X(OLD_OPERATORS, "old_operators", "replaced operators continue to sign")                       \
    X(ABSENT, "absent", "a member is away for more than 130 epochs while operators change")        \
    X(RETURNS, "returns", "some leave, and two join when their slots are free, perhaps the same")  \
    X(STARVED, "starved", "holders of shares that no other reaches over links")                    \
    X(PROPOSALS, "proposals", "operators propose changes on the ledger")                           \
    X(LIARS, "liars", "operators flood or forge statements about proposals")                       \
    X(MISUSED, "misused", "members hold back, repeat, bar or omit statements of operators")        \
    X(RAISED, "raised", "the feature level is raised in the run")                                  \
    X(NEW_KEYS, "new_keys", "nodes and operators get new keys")                                    \
    X(STOLEN_KEYS, "stolen_keys", "an attacker has the keys that nodes had before")                \
    X(WORKLOAD_KEYS, "workload_keys", "members declare workload keys, and lose them")              \
    X(GROUP_KEY, "group_key", "members make and reshare a group key")                              \
    X(NAMES, "names", "the plan grants names of services to builds of enclaves")                   \
    X(MISNAMES, "misnames", "ballots state wrong names")                                           \
    X(MISDEALS, "misdeals", "holders of a group key deal, accuse and vouch wrongly")               \
    X(KEY_SESSIONS, "key_sessions", "holders of a group key sign certificates")                    \
    X(MISSIGNS, "missigns", "holders and coordinators break the rules of signing sessions")        \
    X(LOST_LOGS, "lost_logs", "logs are lost unnoticed, and nodes killed before they are back")    \
    X(OVERLAY, "overlay", "nodes have neighbours, not a full mesh")                                \
    X(DUPLICATES, "duplicates", "links deliver messages twice")                                    \
    X(REORDERED, "reordered", "links deliver messages out of order")                               \
    X(SHARED_PLATFORMS, "shared_platforms", "two members are on one platform")                     \
    X(MASKED, "masked", "platform ids of some members are masked")                                 \
    X(COLLATERAL, "collateral", "vendors publish newer collateral")                                \
    X(CONTINUITY, "continuity", "groups of state continuity, with enclaves")                       \
    X(TASKS, "tasks", "tasks, with requestors")                                                    \
    X(SHARES, "shares", "clusters that hold shares of secrets")

#define ASSAY_SIM_DRAWN_ENUM(symbol, name, line) ASSAY_SIM_DRAWN_##symbol,
enum assay_sim_drawn { ASSAY_SIM_DRAWN_LIST(ASSAY_SIM_DRAWN_ENUM) ASSAY_SIM_DRAWN_COUNT };
#undef ASSAY_SIM_DRAWN_ENUM

/* The purpose of draws, by figures of the run: a draw without its effect tests nothing.
 * X(symbol, figure, name in documents, one line) */
#define ASSAY_SIM_EFFECT_LIST(X)                                                                   \
    X(QUOTA, QUOTA_ABUSE_REFUSED, "above_quota", "an author exceeded its quota")                   \
    X(RELISTED, RELISTED, "relisted", "a hostile member listed another replica")                   \
    X(SHOWN, HANDOVERS_SHOWN, "handovers_shown", "a host showed one to an enclave")                \
    X(MISSED, OPERATORS_MISSED, "operators_missed",                                                \
      "operators were replaced while a member was down")                                           \
    X(FENCE_OVER, FENCES_OVER, "fence_over", "a fence ended with its operators")                   \
    X(OLD_DOCUMENT, OLD_DOCUMENTS, "old_document", "replaced operators submitted a document")      \
    X(LEAPT_OVER_ERA, LEAPS_OVER_ERAS, "leapt_over_era",                                           \
      "an absent member passed an era's end by fast sync")                                         \
    X(ON_TRIAL, STRUCK_ON_TRIAL, "struck_on_trial", "a FAIL struck while rules were on trial")     \
    X(ERA_ENDED, ERAS, "era_ended", "an era ended")                                                \
    X(REVERTED, CHANGES_REVERTED, "reverted", "a change was reverted")                             \
    X(PROPOSED, PROPOSALS_TAKEN, "proposed", "a change came of a proposal")                        \
    X(WITHDRAWN, PROPOSALS_WITHDRAWN, "withdrawn", "an operator withdrew its approval")            \
    X(HELD_BACK, STATEMENTS_HELD, "held_back", "a member alone had a statement for a while")       \
    X(SENT_AGAIN, STATEMENTS_AGAIN, "sent_again", "a member sent an old statement again")          \
    X(FORGED, STATEMENTS_FORGED, "forged", "an operator stated something in another's name")       \
    X(KEY_CHANGED, KEYS_CHANGED, "key_changed", "a new key came into force")                       \
    X(OLD_IDENTITY, OLD_IDENTITIES, "old_identity", "a replaced identity key signed a key set")    \
    X(KEYED, KEYS_ACTIVE, "keyed", "a workload key was active")                                    \
    X(KEY_MADE, GENERATIONS, "key_made", "a generation of a group key came into force")            \
    X(KEY_RESHARED, RESHARES, "key_reshared", "a group key was shared again")                      \
    X(MISDEALT, HOLDERS_CONVICTED, "misdealt", "a holder of the group key was convicted")          \
    X(NAMED, NAMES_GRANTED, "named", "a member with active keys had a granted name")               \
    X(KEY_SIGNED, CERTIFICATES_SIGNED, "key_signed", "holders signed a certificate")               \
    X(TOKEN_SIGNED, TOKENS_SIGNED, "token_signed", "holders signed a token")                       \
    X(ROLLED_OVER, ROLLOVERS, "rolled_over", "a CA number took the place of another")              \
    X(ATTACKED, SESSIONS_ATTACKED, "attacked", "a hostile coordinator began a signing session")    \
    X(RESTORED, MEMORIES_RESTORED, "restored", "a host restored the memory of a signer")           \
    X(KILLED_AGAIN, RECOVERY_KILLS, "killed_again",                                                \
      "a node that had lost its log was killed before it was back")

#define ASSAY_SIM_EFFECT_ENUM(symbol, figure, name, line) ASSAY_SIM_EFFECT_##symbol,
enum assay_sim_effect { ASSAY_SIM_EFFECT_LIST(ASSAY_SIM_EFFECT_ENUM) ASSAY_SIM_EFFECT_COUNT };
#undef ASSAY_SIM_EFFECT_ENUM

/* Returns: whether a run had the effect. */
bool assay_sim_effect_of(enum assay_sim_effect effect, const struct assay_sim_outcome *outcome);
/* Returns: static text. */
const char *assay_sim_effect_name(enum assay_sim_effect effect);

/* Increments the count of each kind of fault in the scenario. */
void assay_sim_swarm_count_drawn(const struct assay_scenario *scenario,
                                 uint64_t counts[static ASSAY_SIM_DRAWN_COUNT]);
/* Returns: static text. */
const char *assay_sim_drawn_name(enum assay_sim_drawn drawn);

/* A draw that never happens, or never has its effect, tests nothing: a fault of the swarm, which a
 * thousand seeds reveal. Returns: the name of one; NULL: none, or fewer seeds. */
const char *assay_sim_swarm_never(uint64_t seeds,
                                  const uint64_t drawn[static ASSAY_SIM_DRAWN_COUNT],
                                  const uint64_t effects[static ASSAY_SIM_EFFECT_COUNT]);

#endif
