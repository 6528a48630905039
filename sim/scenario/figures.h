/*
 * sim/scenario/figures.h - figures that a run counts and scenarios assert (sim/outcome.h has their
 * values).
 */
#ifndef ASSAY_SIM_SCENARIO_FIGURES_H
#define ASSAY_SIM_SCENARIO_FIGURES_H

#include <stdbool.h>

/* X(symbol, name, of a cohort?, one line with the unit). -1: nothing to count happened (no
 * detection, for example). */
#define ASSAY_SIM_FIGURE_LIST(X)                                                                   \
    X(EPOCHS, "epochs", false, "epochs closed")                                                    \
    X(EPOCHS_CERTIFIED, "epochs_certified", false, "epochs closed with a certified tally")         \
    X(EPOCHS_HELD, "epochs_held", false, "epochs closed without one: every score is held")         \
    X(SCORE_MEAN_BP, "score_mean_bp", true, "mean score of the cohort in the last epoch, bp")      \
    X(SCORE_MIN_BP, "score_min_bp", true, "lowest score of a member in any epoch, bp")             \
    X(SCORE_FINAL_MIN_BP, "score_final_min_bp", true, "lowest score in the last epoch, bp")        \
    X(SCORE_FINAL_MAX_BP, "score_final_max_bp", true, "highest score in the last epoch, bp")       \
    X(INTEGRITY_MIN_BP, "integrity_min_bp", true, "lowest integrity of a member in any epoch, bp") \
    X(INTEGRITY_FINAL_MIN_BP, "integrity_final_min_bp", true, "lowest integrity at the end, bp")   \
    X(WEIGHT_SHARE_BP, "weight_share_bp", true, "share of the weight in the last epoch, bp")       \
    X(WEIGHT_SHARE_MAX_BP, "weight_share_max_bp", true, "largest share in any epoch, bp")          \
    X(VOTE_SHARE_BP, "vote_share_bp", true,                                                        \
      "share of the weight that it votes with in the last epoch, bp")                              \
    X(DETECTION_EPOCHS, "detection_epochs", true,                                                  \
      "epochs from the first bad one of a member to its suspension, slowest of those detected")    \
    X(DETECTED, "detected", true, "members that were suspended at least once")                     \
    X(SUSPENDED_FINAL, "suspended_final", true, "members suspended in the last epoch")             \
    X(SUSPENSIONS, "suspensions", true, "times a member became suspended")                         \
    X(RESTARTS, "restarts", true, "orders to restart")                                             \
    X(OFFENCES, "offences", true, "integrity failures, also those that count as one offence")      \
    X(UNJUST_DROPS, "unjust_drops", false,                                                         \
      "scores of honest members with evidence for all that fell")                                  \
    X(UNJUST_OFFENCES, "unjust_offences", false, "honest members that were convicted")             \
    X(BAD_EPOCHS_BP, "bad_epochs_bp", true, "share of epochs in which members were bad, bp")       \
    X(RECOVERY_EPOCHS, "recovery_epochs", true, "epochs from suspension back to FULL, slowest")    \
    X(BLOCKS, "blocks", false, "final blocks")                                                     \
    X(VIEWS_NULLIFIED, "views_nullified", false, "views that ended without a block")               \
    X(FINALITY_MS_P50, "finality_ms_p50", false, "proposal to finality, median, ms")               \
    X(FINALITY_MS_P99, "finality_ms_p99", false, "proposal to finality, 99 of 100, ms")            \
    X(MESSAGES, "messages", false, "messages delivered (epoch fidelity: modelled)")                \
    X(BYTES, "bytes", false, "bytes delivered")                                                    \
    X(MESSAGES_LOST, "messages_lost", false, "messages that links lost or partitions cut")         \
    X(VERIFICATIONS, "verifications", false, "pieces of evidence appraised")                       \
    X(CRASHES, "crashes", false, "nodes that crashed")                                             \
    X(RECOVERED, "recovered", false, "nodes that restarted and voted again")                       \
    X(PROOFS, "proofs", false, "proofs in final blocks")                                           \
    X(CERTIFICATES_HELD_MAX, "certificates_held_max", false, "most certificates stored by a node") \
    X(MEMORY_KIB_MAX, "memory_kib_max", false, "most of one node: engine and evidence, KiB")       \
    X(PROGRESS_EPOCHS, "progress_epochs", false, "epochs from heal_epoch to the next close")       \
    X(EQUIVOCATIONS_SEEN, "equivocations_seen", false, "equivocations that a node detected")       \
    X(STRANGE_EVIDENCE, "strange_evidence", false, "evidence that was not for its epoch")          \
    X(SIMULATED_MS, "simulated_ms", false, "virtual time, ms")                                     \
    X(EVENTS, "events", false, "simulated events")                                                 \
    X(CHANGES_TAKEN, "changes_taken", false, "changes of operators in final blocks")               \
    X(CHANGES_ACTIVE, "changes_active", false, "changes that came into force")                     \
    X(KEYS_CHANGED, "keys_changed", false, "new keys of operators and nodes that came into force") \
    X(CHANGES_REVERTED, "changes_reverted", false,                                                 \
      "changes that suspended too many and were reverted")                                         \
    X(STATEMENTS, "statements", false, "statements of operators about proposals that were made")   \
    X(STATEMENTS_FINAL, "statements_final", false, "of these: in final blocks")                    \
    X(STATEMENTS_FORGED, "statements_forged", false, "statements in another operator's name")      \
    X(STATEMENTS_AGAIN, "statements_again", false, "old statements that members sent again")       \
    X(STATEMENTS_HELD, "statements_held", false, "statements that a member alone had for a while") \
    X(PROPOSALS_TAKEN, "proposals_taken", false, "changes in final blocks that were proposed")     \
    X(PROPOSALS_WITHDRAWN, "proposals_withdrawn", false, "withdrawals of honest operators")        \
    X(PROPOSALS_LATE, "proposals_late", false, "proposals that ended before enough approved")      \
    X(KEYS_DECLARED, "keys_declared", false, "lists of workload keys that nodes declared")         \
    X(KEYS_ACTIVE, "keys_active", false, "epochs of members with active workload keys, summed")    \
    X(NAMES_GRANTED, "names_granted", false, "granted names of members with active keys, summed")  \
    X(CHANGES_UNFIT, "changes_unfit", false, "changes that could not be applied, or were dropped") \
    X(MEMBERS_FINAL, "members_final", false, "members at the end, neither drained nor gone")       \
    X(ERAS, "eras_ended", false, "eras that operators ended")                                      \
    X(FENCES_OVER, "fences_over", false, "signatures after a fence that ended with its operators") \
    X(OPERATORS_MISSED, "operators_missed", false,                                                 \
      "members that were down when operators were replaced, summed")                               \
    X(OLD_DOCUMENTS, "old_documents", false,                                                       \
      "documents that operators submitted after their replacement")                                \
    X(OLD_IDENTITIES, "old_identities", false,                                                     \
      "key sets that replaced identity keys signed, and members refused")                          \
    X(LEAPS_OVER_ERAS, "leaps_over_eras", false,                                                   \
      "members that missed the end of an era and returned by fast sync")                           \
    X(FAST_SYNCS, "fast_syncs", false, "fast syncs over epochs without their blocks")              \
    X(STRUCK_ON_TRIAL, "struck_on_trial", false,                                                   \
      "proven FAIL that struck while rules were on trial")                                         \
    X(COLLATERAL_TAKEN, "collateral_included", false, "newer collateral in final blocks")          \
    X(COLLATERAL_ACTIVE, "collateral_active", false, "boundaries with newer collateral")           \
    X(COLLATERAL_REVERTED, "collateral_reverted", false,                                           \
      "times it suspended too many and was reverted")                                              \
    X(HELD_EPOCHS, "held_epochs", false,                                                           \
      "epochs in which a member's collateral had expired, summed")                                 \
    X(HOPS_P99, "hops_p99", false, "hops of a vote until its first arrival, 99 of 100 (overlay)")  \
    X(ENVELOPE_MS_P50, "envelope_ms_p50", false,                                                   \
      "from signing an envelope to its arrival at another member, median, ms")                     \
    X(ENVELOPE_MS_P99, "envelope_ms_p99", false,                                                   \
      "from signing an envelope to its arrival at another member, 99 of 100, ms")                  \
    X(COPIES_PERMILLE, "copies_permille", false,                                                   \
      "repeated arrivals of a relayed message, of 1000 first ones (overlay)")                      \
    X(DIALS, "dials", false, "links that nodes opened (overlay)")                                  \
    X(SERVICE_RECORDS, "service_records", false, "records of services in final blocks")            \
    X(SESSIONS, "sessions_adopted", false, "sessions of enclaves that resumed their state")        \
    X(STATES_CERTIFIED, "states_certified", false, "times that newer states were certified")       \
    X(READS_CONFIRMED, "reads_confirmed", false, "reads that a quorum confirmed")                  \
    X(ROLLBACKS_REFUSED, "rollbacks_refused", false, "starts on an old state that were refused")   \
    X(CLONES_FENCED, "clones_fenced", false, "processes that ended because of a newer one")        \
    X(VIEWS_STARTED, "views_started", false, "views of groups, beyond the first")                  \
    X(GROUPS_LOST, "groups_lost", false, "groups whose quorum of memories is lost")                \
    X(ENCLAVES_FINAL, "enclaves_final", false, "enclaves that may show their state at the end")    \
    X(TASKS_OPENED, "tasks_opened", false, "tasks in the ledger")                                  \
    X(TASKS_PAID, "tasks_paid", false, "of them, those of which every step was paid")              \
    X(STEPS_PAID, "steps_paid", false, "steps that were paid")                                     \
    X(RESULTS_READ, "results_read", false, "results that requestors opened")                       \
    X(CLAIMS_REFUSED, "claims_refused", false, "claims in final blocks that paid nothing")         \
    X(SECRETS_SYNCED, "secrets_synced", false, "secrets with shares in enough slots")              \
    X(SECRETS_RENEWED, "secrets_renewed", false, "times that one was redistributed")               \
    X(SECRETS_READ, "secrets_read", false, "times that a reader combined one")                     \
    X(SLOTS_GIVEN, "slots_given", false, "slots of clusters given to a holder, first ones too")    \
    X(LIARS_CONVICTED, "liars_convicted", false, "holders convicted of a false share")             \
    X(QUOTA_ABUSE_ACCEPTED, "quota_abuse_accepted", false,                                         \
      "instances and tasks that quota abusers opened")                                             \
    X(QUOTA_ABUSE_REFUSED, "quota_abuse_refused", false, "of such, those above a quota")           \
    X(RELISTED, "relisted", false, "replicas that members listed to take seats for nothing")       \
    X(HANDOVERS_SHOWN, "handovers_shown", false, "old or modified hand-overs shown by hosts")      \
    X(HANDOVERS_FOLLOWED, "handovers_followed", false,                                             \
      "times that an enclave followed one to the next view")                                       \
    X(GENERATIONS, "generations", false, "generations of a group key that came into force")        \
    X(RESHARES, "reshares", false, "of them, those with the key of the one before")                \
    X(CEREMONIES_FAILED, "ceremonies_failed", false, "ceremonies that ended without a generation") \
    X(HOLDERS_CONVICTED, "holders_convicted", false,                                               \
      "holders of the group key that were convicted")                                              \
    X(GROUP_KEYS_LOST, "group_keys_lost", false, "group keys with too few shares left")            \
    X(GROUP_SIGNATURES, "group_signatures", false,                                                 \
      "signatures under a group key, by honest holders")                                           \
    X(CERTIFICATES_SIGNED, "certificates_signed", false,                                           \
      "certificates of workload keys that holders signed together")                                \
    X(TOKENS_SIGNED, "tokens_signed", false, "tokens of workloads that holders signed together")   \
    X(SESSIONS_REFUSED, "sessions_refused", false,                                                 \
      "messages of signing sessions that holders refused")                                         \
    X(SESSIONS_ATTACKED, "sessions_attacked", false, "signing sessions of hostile coordinators")   \
    X(MEMORIES_RESTORED, "memories_restored", false, "memories of signers that hosts restored")    \
    X(ROLLOVERS, "rollovers", false, "CA numbers that took the place of another")                  \
    X(CA_NUMBERS_GONE, "ca_numbers_gone", false,                                                   \
      "CA numbers that were published, and are no more")                                           \
    X(DEALINGS_COPIED, "dealings_copied", false,                                                   \
      "dealings of hostile holders with the R of an honest one")                                   \
    X(DEALINGS_RECEIVED, "dealings_received", false,                                               \
      "dealings that holders had missed, from other holders")                                      \
    X(RECOVERY_KILLS, "recovery_kills", false,                                                     \
      "kills of nodes that had lost their log and not voted since")

#define ASSAY_SIM_FIGURE_ENUM(symbol, name, cohort, line) ASSAY_SIM_FIGURE_##symbol,
enum assay_sim_figure { ASSAY_SIM_FIGURE_LIST(ASSAY_SIM_FIGURE_ENUM) ASSAY_SIM_FIGURE_COUNT };
#undef ASSAY_SIM_FIGURE_ENUM

/* Static names and lines. Returns: never NULL; figure is of its list (asserted). */
const char *assay_sim_figure_name(enum assay_sim_figure figure);
const char *assay_sim_figure_line(enum assay_sim_figure figure);
bool assay_sim_figure_of_cohort(enum assay_sim_figure figure);

#endif
