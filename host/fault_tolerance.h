/*
 * host/fault_tolerance.h - fault tolerance report: blockers of the running epoch, missing members,
 * remaining margin and advice. Computed from a snapshot alone, for operators.
 *
 * Progress needs more than 2W/3 of the weight, among the members that are reachable now; safety
 * holds while no more than a third of all is Byzantine (docs/protocol.md 5.1, 6.5). A whole
 * operator or vendor root is counted exactly; of members, "any so many" is the heaviest ones.
 */
#ifndef ASSAY_HOST_FAULT_TOLERANCE_H
#define ASSAY_HOST_FAULT_TOLERANCE_H

#include <stdbool.h>
#include <stdint.h>

struct assay_snapshot;

/* symbol, code, what to do; in the order in which they are shown */
#define ASSAY_ADVICE_LIST(X)                                                                       \
    X(ASSAY_ADVICE_FENCED, "fenced",                                                               \
      "the operators have fenced this era: nothing is signed in it, and no restart changes that; " \
      "they begin the next era, or release the fence (assay recover status)")                      \
    X(ASSAY_ADVICE_RECOVER_UNCONFIRMED, "recover_unconfirmed",                                     \
      "a RECOVER of the next era waits here: too few members whose keys this node knows confirm "  \
      "it. Compare its id (assay recover status, line began by, at a node of the new era) with "   \
      "several operators, then assay recover accept FILE here, or start from a checkpoint of the " \
      "new era: runbook quorum-loss")                                                              \
    X(ASSAY_ADVICE_ALONE, "alone",                                                                 \
      "no peer is reachable: check this node's network, its listen.gossip and the peers' "         \
      "addresses")                                                                                 \
    X(ASSAY_ADVICE_BRING_BACK, "bring_back",                                                       \
      "too few members are reachable: restart the missing ones, the heaviest first; if too many "  \
      "are gone for good, the operators can begin a new era (assay recover)")                      \
    X(ASSAY_ADVICE_CLOCK, "clock", "this machine's date is off: set it by a good source of time")  \
    X(ASSAY_ADVICE_CATCH_UP, "catch_up",                                                           \
      "this node does not vote yet: it catches up, requests its own votes, or waits until a "      \
      "block lists its new keys; if it stays so, read its log")                                    \
    X(ASSAY_ADVICE_VIEWS, "views",                                                                 \
      "enough members are reachable, but their proposals fail: compare clocks and log lines of "   \
      "the members")                                                                               \
    X(ASSAY_ADVICE_BALLOTS, "ballots",                                                             \
      "too few ballots: without those that are missing the epoch will not be certified")           \
    X(ASSAY_ADVICE_MARGIN, "margin",                                                               \
      "one more failure may stop the network: start the members that are missing before "          \
      "anything else")                                                                             \
    X(ASSAY_ADVICE_NO_VOTES, "no_votes",                                                           \
      "this node ballots and shows no evidence, so its votes do not count: repair its quotes "     \
      "(assay doctor); they count again one epoch after its evidence passes")                      \
    X(ASSAY_ADVICE_QUIET_FLOOR, "quiet_floor",                                                     \
      "members vote without attesting and retain their votes, for else too little weight had "     \
      "any: "                                                                                      \
      "repair their quotes, or drain them (events votes_retained)")                                \
    X(ASSAY_ADVICE_ROOT_VOTES, "root_votes",                                                       \
      "a vendor root of a third of the weight or less has more than a third of the votes, since "  \
      "too few members of other roots sit: run members of other roots at more operators")

#define ASSAY_ADVICE_ENUM(symbol, code, text) symbol,
enum assay_advice { ASSAY_ADVICE_LIST(ASSAY_ADVICE_ENUM) ASSAY_ADVICE_COUNT };
#undef ASSAY_ADVICE_ENUM

struct assay_fault_tolerance {
    bool overdue;            /* the running epoch should be closed by now */
    uint64_t open_ms;        /* since when it runs here; 0: not in this run */
    uint64_t quorum_weight;  /* the least that is more than 2W/3 */
    uint64_t present_weight; /* of reachable members, this one included */
    bool progress;           /* that is enough */
    bool ballots_short;      /* the roll is final, and the ballots are not enough */
    uint32_t members_stop;   /* any members of this number may fail without stopping progress */
    uint32_t members_break;  /* any members of this number may be faulty without ending safety */
    /* The same for platforms, whose members fail together (6.2) */
    uint32_t platforms_stop, platforms_break;
    /* ... of complete operators and vendor roots, heaviest first; exact, because they are disjoint
     */
    uint32_t operators_stop, operators_break, roots_stop, roots_break;
    bool shares_platforms; /* some platform has more than one member of weight */
    bool advised[ASSAY_ADVICE_COUNT];
};

/* Fills in snapshot->margin, and for each member the effect of its failure, alone or with its
 * operator or vendor root. Everything else in it is set. */
void assay_tolerance_compute(struct assay_snapshot *snapshot);
/* Returns: static text. */
const char *assay_advice_code(enum assay_advice advice);
const char *assay_advice_text(enum assay_advice advice);

#endif
