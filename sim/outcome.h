/*
 * sim/outcome.h - outcome of a run: figures, rows by epoch, verdicts of the checkers, roots.
 *
 * Plain integers. The CSV, summary.json, report.html, assertions and sweeps are derived from it.
 */
#ifndef ASSAY_SIM_OUTCOME_H
#define ASSAY_SIM_OUTCOME_H

#include "engine/ledger/state/state.h"
#include "sim/scenario/figures.h"
#include "sim/scenario/scenario.h"

/* X(symbol, name, the rule). */
#define ASSAY_SIM_CHECKER_LIST(X)                                                                  \
    X(AGREEMENT, "agreement", "every epoch closes with one block and one root")                    \
    X(VALIDITY, "validity", "final blocks are proposed by their leader and valid")                 \
    X(FINALITY, "finality", "no two final certificates contradict each other")                     \
    X(VOTERS, "voters", "certificates have a quorum of votes under listed keys with weight")       \
    X(SIGNED_ONCE, "signed_once", "no honest key signs two conflicting statements")                \
    X(PERSIST, "persist_before_send", "no message is sent before it is durable")                   \
    X(BALLOTS, "ballots", "honest ballots vote ABSENT only after unanswered requests")             \
    X(P1, "P1", "no unjust fall")                                                                  \
    X(P2, "P2", "no unjust rise")                                                                  \
    X(P3, "P3", "an invalid node that all can see is suspended in three epochs")                   \
    X(P4, "P4", "recovery at the stated rates")                                                    \
    X(P5, "P5", "no capture: the weight share of a Byzantine third does not grow")                 \
    X(P6, "P6", "conflicting final chains convict more than a third")                              \
    X(P7, "P7", "returning under a new incarnation gains nothing")                                 \
    X(P8, "P8", "an on-off attacker is bad in at most its share of epochs")                        \
    X(P9, "P9", "no platform, operator or vendor root above its cap")                              \
    X(P10, "P10", "the same records give the same bytes")                                          \
    X(P11, "P11", "a HOLD changes nothing")                                                        \
    X(MEMORY, "memory", "memory and verifications of a node stay within their bound")              \
    X(ORDERS, "orders", "orders are fenced: own slot, once, at most one restart a life")           \
    X(LANES, "lanes", "suspended members are not served, honest ones are admitted")                \
    X(JUSTICE, "justice", "no honest member is convicted")                                         \
    X(LIVENESS, "liveness", "after healing epochs close again within the bound")                   \
    X(INVARIANTS, "invariants", "the engine's own invariants")                                     \
    X(MUTE, "mute", "no ballot for eight certified epochs: falls like an absent member")           \
    X(UNJUDGED, "unjudged",                                                                        \
      "not judgeable for eight certified epochs: falls like an absent member")                     \
    X(GUARD, "guard", "no cut raises an operator or a vendor root above a third")                  \
    X(SELF_HARM, "self_harm", "no union of members gains a share by harming itself")               \
    X(AMPLIFICATION, "amplification", "no union has more than its live units allow")               \
    X(CHANGES, "changes", "operators' changes: valid, complete, reverted if they suspend many")    \
    X(ERAS, "eras", "no signature after a fence, no final block undone unless announced")          \
    X(HISTORIES, "histories",                                                                      \
      "final blocks stay; histories differ over eras only as announced, and with an alarm")        \
    X(SEATS, "seats", "seats follow the rule; members without one sign no votes or blocks")        \
    X(SERVICES, "services", "every registry follows from final records of permitted members")      \
    X(CONTINUITY, "continuity", "no released state is lost, forked, or read when it is old")       \
    X(TASKS, "tasks", "money is conserved and paid for proven steps; no side loses two")           \
    X(SHARES, "shares", "no secret is lost, counted shares exist, no honest holder is convicted")  \
    X(STRIKES, "strikes", "a FAIL under the rules before a trial always strikes")                  \
    X(LAST_FALL, "last_fall", "the last fall in the state is the one that the scores show")        \
    X(QUIET, "quiet", "only members that do not attest lose their votes, down to the floor")       \
    X(BOUNDS, "bounds",                                                                            \
      "no author has more instances or tasks than its quota, no table is too full")                \
    X(CONSENT, "consent", "a change is one that enough operators in force signed, not withdrew")   \
    X(STATEMENTS, "statements", "proposals have what operators state, on all nodes alike")         \
    X(INBOX, "inbox", "operators take their part of blocks and sets, and no more")                 \
    X(INCLUDED, "included", "after healing honest statements and approved proposals take effect")  \
    X(WORKLOAD_KEYS, "workload_keys", "active workload keys are attested, of members in order")    \
    X(GROUP_KEY, "group_key", "the group key stays, and no third of the weight has it")            \
    X(CEREMONIES, "ceremonies", "after healing holders that are ready get a group key")            \
    X(GRANTED_NAMES, "granted_names", "members have the names that their evidence had, no others") \
    X(SIGNING, "signing", "only certified texts are signed, in one list, and renewals come in time")

#define ASSAY_SIM_CHECKER_ENUM(symbol, name, line) ASSAY_SIM_CHECKER_##symbol,
enum assay_sim_checker { ASSAY_SIM_CHECKER_LIST(ASSAY_SIM_CHECKER_ENUM) ASSAY_SIM_CHECKER_COUNT };
#undef ASSAY_SIM_CHECKER_ENUM

struct assay_sim_check {
    uint64_t checked;  /* number of evaluations; 0: it did not apply */
    uint64_t violated; /* number of findings */
    uint64_t first_epoch;
    char message[160]; /* the first finding */
};

/* One cohort in one epoch. Means are rounded down. */
struct assay_sim_cohort_row {
    uint32_t members;
    uint16_t score_mean_bp, score_min_bp, score_max_bp;
    uint16_t integrity_mean_bp, availability_mean_bp;
    uint16_t weight_share_bp;
    uint32_t full, warning, restricted, suspended; /* members by standing */
};

struct assay_sim_row {
    uint64_t epoch;
    uint64_t at_ms; /* virtual time of the close */
    bool certified;
    uint32_t false_suspensions;              /* honest members suspended now */
    uint64_t messages, bytes, verifications; /* in this epoch */
    uint32_t views_nullified, blocks, proofs, crashes;
    uint32_t certificates_held; /* the maximum over nodes */
    uint16_t largest_operator_bp, largest_vendor_bp;
    uint8_t root[32];
    struct assay_sim_cohort_row cohorts[ASSAY_SIM_COHORTS_MAX];
};

struct assay_sim_outcome {
    enum assay_sim_fidelity fidelity; /* of the run */
    bool evidence_is_real;            /* else a modelled verdict */
    bool signatures_are_real;
    uint64_t seed;
    uint32_t cohort_members[ASSAY_SIM_COHORTS_MAX];
    int64_t figures[ASSAY_SIM_FIGURE_COUNT][ASSAY_SIM_COHORTS_MAX]; /* [..][0] unless of a cohort */
    struct assay_sim_check checks[ASSAY_SIM_CHECKER_COUNT];
    uint8_t state_root[32]; /* of the last closed epoch */
    uint8_t root_chain[32]; /* SHA-256 over all roots, in order */
    uint8_t trace_hash[32]; /* over every event that happened */
    uint64_t row_count;
    struct assay_sim_row *rows; /* [row_count], freed by assay_sim_outcome_free */
    /* Reason of an early stop; "": none. */
    char stopped[160];
};

/* Empty, all figures 0 (or -1 where the list says so). */
void assay_sim_outcome_init(struct assay_sim_outcome *outcome);
/* Frees the rows and zeroes it. */
void assay_sim_outcome_free(struct assay_sim_outcome *outcome);
/* Appends a row. Returns: the row, zeroed, owned by the outcome. */
struct assay_sim_row *assay_sim_outcome_row(struct assay_sim_outcome *outcome);

/* Counts an evaluation; stores the first finding. message NULL: no finding. Returns: no value */
__attribute__((format(printf, 4, 5))) void assay_sim_report_check(struct assay_sim_outcome *outcome,
                                                                  enum assay_sim_checker checker,
                                                                  uint64_t epoch,
                                                                  const char *message, ...);
/* Whether `after` closes the next epoch of the chain of `before`: where members of an ended era go
 * on, or traitors fork it, nothing follows from one branch for the other. */
static inline bool assay_sim_follows(const struct assay_state *before,
                                     const struct assay_state *after)
{
    if (before->epoch + 1 != after->epoch || before->era > after->era) return false;
    const struct assay_past_epoch *past = assay_state_past(after, after->epoch);
    return past == NULL || assay_bytes_equal(past->base_id, before->head_id, 32);
}
/* Returns: whether there is any finding. */
bool assay_sim_outcome_violated(const struct assay_sim_outcome *outcome);
/* Returns: the name of the first checker (in the order of the list) with a finding; NULL. */
const char *assay_sim_outcome_violation(const struct assay_sim_outcome *outcome);

/* One assertion of a scenario. Out: *actual. A figure of -1 (it never happened) is neither below
 * nor above any number: "detection_epochs ring <= 3" fails without a detection.
 * Returns: whether it holds. */
bool assay_sim_assertion_holds(const struct assay_sim_assertion *assertion,
                               const struct assay_sim_outcome *outcome, int64_t *actual);

/* Static names and lines. Returns: never NULL; checker is of its list (asserted). */
const char *assay_sim_checker_name(enum assay_sim_checker checker);
const char *assay_sim_checker_line(enum assay_sim_checker checker);

#endif
