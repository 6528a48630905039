/*
 * sim/scenario/scenario.h - scenarios: one plain struct, read from one text file.
 *
 * sim/yaml/ reads it (schema-checked), sim/scenario/scenario.c has defaults, checks, --set and the
 * division of the roster. A scenario and a seed decide everything. Quantities are integers with
 * their unit in the name; shares are in basis points (10000 = all), probabilities in permille.
 */
#ifndef ASSAY_SIM_SCENARIO_SCENARIO_H
#define ASSAY_SIM_SCENARIO_SCENARIO_H

#include "base/status.h"
#include "base/writer.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ASSAY_SIM_NODES_MAX = 16384,        /* ASSAY_SCORING_MEMBERS_MAX: 32-bit sums hold it */
    ASSAY_SIM_MESSAGE_NODES_MAX = 1024, /* each is a complete engine: 20 MB each at 1000 */
    ASSAY_SIM_LISTED_NODES_MAX = 256,   /* that modelled documents (changes, days) can name */
    ASSAY_SIM_EPOCHS_MAX = 1000000,
    ASSAY_SIM_COHORTS_MAX = 8, /* cohort 0 is "honest": nodes of no other */
    ASSAY_SIM_ADVERSARIES_MAX = 16,
    ASSAY_SIM_PARTITIONS_MAX = 16,
    ASSAY_SIM_CRASHES_MAX = 16,
    ASSAY_SIM_KILLS_MAX = 64,
    ASSAY_SIM_CLOCKS_MAX = 16,
    ASSAY_SIM_CHANGES_MAX = 16,
    ASSAY_SIM_LIARS_MAX = 8,
    ASSAY_SIM_PROPOSING_NODES_MAX = 64, /* each has a set of proposals of its own */
    ASSAY_SIM_KEYED_NODES_MAX = 64,     /* proofs of workload keys are real signatures */
    ASSAY_SIM_LEVEL_REVIEWS = 2,        /* feature levels: ASSAY_LEVEL_REVIEWS, */
    ASSAY_SIM_LEVEL_MAX = 3,            /* ASSAY_LEVEL_KEYS */
    ASSAY_SIM_RECOVERS_MAX = 4,
    ASSAY_SIM_DAYS_MAX = 8,
    ASSAY_SIM_GROUPS_MAX = 4,
    ASSAY_SIM_GRANTED_NAMES_MAX = 3,
    ASSAY_SIM_ENCLAVES_MAX = 8, /* of a group */
    ASSAY_SIM_CLONES_MAX = 3,
    ASSAY_SIM_REQUESTORS_MAX = 8,
    ASSAY_SIM_SECRETS_MAX = 16,
    ASSAY_SIM_QUOTA_ABUSERS_MAX = 4,
    ASSAY_SIM_SERVED_NODES_MAX = 32, /* with services: each has registries of its own */
    ASSAY_SIM_ASSERTIONS_MAX = 48,
    ASSAY_SIM_VENDORS_MAX = 16,
    ASSAY_SIM_NAME_MAX = 63,
    ASSAY_SIM_TITLE_MAX = 160,
    ASSAY_SIM_MESSAGE_MAX = 512, /* of an error message */
    ASSAY_SIM_YAML_MAX = 65536,  /* of a file; one with all its lists full takes about 40 KB */
};

enum assay_sim_fidelity {
    ASSAY_SIM_FIDELITY_AUTO = 0, /* message up to ASSAY_SIM_AUTO_NODES nodes, epoch above */
    ASSAY_SIM_FIDELITY_MESSAGE = 1,
    ASSAY_SIM_FIDELITY_EPOCH = 2,
};
enum { ASSAY_SIM_AUTO_NODES = 32 };

/* The rule that derives scores from ballots (sim/rules.h); all except `interval` are for comparison
 * only, and run at epoch fidelity alone. */
enum assay_sim_rule {
    ASSAY_SIM_RULE_INTERVAL = 0,
    ASSAY_SIM_RULE_MEAN = 1,
    ASSAY_SIM_RULE_TRIMMED = 2,
    ASSAY_SIM_RULE_BETA = 3,
    ASSAY_SIM_RULE_EIGENTRUST = 4,
    ASSAY_SIM_RULE_LEAK = 5,
};

enum assay_sim_weight_source {
    ASSAY_SIM_WEIGHT_INTEGRITY = 0,
    ASSAY_SIM_WEIGHT_SCORE = 1,
    ASSAY_SIM_WEIGHT_ONE = 2,
};

enum assay_sim_evidence_mode {
    ASSAY_SIM_EVIDENCE_AUTO = 0, /* modelled */
    ASSAY_SIM_EVIDENCE_MODELLED = 1,
    ASSAY_SIM_EVIDENCE_SOFT = 2, /* real quotes under a root of the run, verified by quote/ */
};

enum assay_sim_delay {
    ASSAY_SIM_DELAY_UNIFORM = 0,     /* min .. max */
    ASSAY_SIM_DELAY_EXPONENTIAL = 1, /* min + exponential of mean (mean - min), at most max */
    ASSAY_SIM_DELAY_PARETO = 2,      /* heavy tail: min * u^(-1/2), at most max */
};

/*
 * Messages that links lose: all alike, or one kind (engine/messages/message.h), at message
 * fidelity.
 */
enum assay_sim_losing {
    ASSAY_SIM_LOSING_ALL = 0,
    ASSAY_SIM_LOSING_PROPOSAL = 1,
    ASSAY_SIM_LOSING_VOTE = 2,
    ASSAY_SIM_LOSING_CERTIFICATE = 3,
    ASSAY_SIM_LOSING_ENVELOPE = 4,
    ASSAY_SIM_LOSING_RECORD = 5,
    ASSAY_SIM_LOSING_EVIDENCE = 6,
};

struct assay_sim_link {
    enum assay_sim_delay delay;
    uint32_t delay_min_ms, delay_mean_ms, delay_max_ms;
    uint32_t loss_permille, duplicate_permille;
    enum assay_sim_losing loss_of;
    uint32_t reorder_permille, reorder_ms; /* that share of messages takes that much longer */
    uint32_t bandwidth_kbit_s;             /* of each node's uplink; 0: unlimited */
    /* Three regions: node i is of i mod 3; additional delay between the first and the second, the
     * first and the third, the second and the third. */
    uint32_t regions_01_ms, regions_02_ms, regions_12_ms;
};

/* Cohorts are cut from the roster in this order; the rest is cohort 0, "honest". */
struct assay_sim_cohort {
    char name[ASSAY_SIM_NAME_MAX + 1];
    uint32_t count;    /* nodes; or, when 0, */
    uint32_t share_bp; /* floor of this share of the matching nodes (of all, without the next) */
    bool has_vendor, has_operator;
    uint32_t vendor, operator_; /* take only nodes of these */
};

/* X(symbol, number, name in files, one line). Each is implemented in one file of sim/adversary/. */
#define ASSAY_SIM_ATTACK_LIST(X)                                                                   \
    X(BADMOUTH, 1, "badmouth", "ballots report FAIL for the victims, without proof")               \
    X(ABSENT_VOTE, 2, "absent-vote", "ballots report ABSENT for victims whose evidence arrived")   \
    X(STUFF, 3, "stuff", "ballots report PASS for the victims, whatever the verdict")              \
    X(EQUIVOCATE, 4, "equivocate", "two votes or two proposals in one view")                       \
    X(TWO_ENVELOPES, 5, "two-envelopes", "two different envelopes in one epoch")                   \
    X(WITHHOLD, 6, "withhold", "no ballots and no votes")                                          \
    X(CENSOR, 7, "censor", "as leader, omits the victims' ballots and envelopes")                  \
    X(ECLIPSE, 8, "eclipse", "the victims' messages pass through the adversary, which drops them") \
    X(REPLAY, 9, "replay", "answers with its first quote")                                         \
    X(RELAY, 10, "relay", "quotes come from another machine's genuine enclave")                    \
    X(EXTRACT, 11, "extract", "runs wrong code under an extracted attestation key")                \
    X(TAMPER, 12, "tamper", "the enclave runs wrong code: evidence fails hard")                    \
    X(OLD_TCB, 13, "old-tcb", "the platform is out of date: evidence fails soft")                  \
    X(QUIET, 14, "quiet", "no evidence at all")                                                    \
    X(ON_OFF, 15, "on-off", "alternates between quiet and good by on_epochs and off_epochs")       \
    X(SLEEPER, 16, "sleeper", "good until start_epoch, then badmouths and stuffs")                 \
    X(FREE_RIDE, 17, "free-ride", "ballots report PASS for every member, nothing is verified")     \
    X(COPY_VOTES, 18, "copy-votes", "ballots repeat the first received ballot")                    \
    X(FAST_CLOCK, 19, "fast-clock", "clock ahead by amount ms")                                    \
    X(SLOW_CLOCK, 20, "slow-clock", "clock behind by amount ms")                                   \
    X(LIE_IN_BLOCKS, 21, "lie-in-blocks", "proposals name a wrong state root")                     \
    X(ROLL_BACK, 22, "roll-back", "restarts from an older disk image every amount epochs")         \
    X(SLANDER, 23, "slander", "FAIL records about good evidence, to force a restart")              \
    X(SPLIT_DELIVERY, 24, "split-delivery", "evidence for half of the voters only")                \
    X(DELAY, 25, "delay", "every message is sent amount ms late")                                  \
    X(OTHER_ROLL, 26, "other-roll", "ballots name another roll, and are never counted")            \
    X(UNDERRATE, 27, "underrate", "ballots report PASS out of date for the victims")               \
    X(UNJUDGED, 28, "unjudged", "evidence that cannot be appraised: an expired certificate")       \
    X(SHRUG, 29, "shrug", "ballots report UNJUDGED for the victims")                               \
    X(MUTE, 30, "mute", "no ballots; votes and evidence as usual")                                 \
    X(SPAM, 31, "spam", "INCARNATE records with junk for evidence, by the hundred")                \
    X(DEAD_END, 32, "dead-end", "relays votes and proposals in every other view only")             \
    X(RESEND, 33, "resend", "messages of honest nodes again, epochs and eras later")               \
    X(DRIP, 34, "drip", "announces everything, and delivers one piece in sixteen")                 \
    X(EARLY_JUNK, 35, "early-junk", "votes of the next epoch with invalid signatures")             \
    X(MISDEAL, 36, "misdeal", "its holder of the group key deals, accuses and vouches wrongly")    \
    X(MISNAME, 37, "misname", "ballots state all granted names for the victims, none for others")  \
    X(MISSIGN, 38, "missign",                                                                      \
      "in signing sessions: wrong answers, several lists, foreign texts, restored memory")

#define ASSAY_SIM_ATTACK_ENUM(symbol, number, name, line) ASSAY_SIM_ATTACK_##symbol = number,
enum assay_sim_attack { ASSAY_SIM_ATTACK_LIST(ASSAY_SIM_ATTACK_ENUM) };
#undef ASSAY_SIM_ATTACK_ENUM
#define ASSAY_SIM_ATTACK_ONE(symbol, number, name, line) +1
enum { ASSAY_SIM_ATTACK_COUNT = 0 ASSAY_SIM_ATTACK_LIST(ASSAY_SIM_ATTACK_ONE) }; /* from 1 on */
#undef ASSAY_SIM_ATTACK_ONE

struct assay_sim_adversary {
    enum assay_sim_attack attack;
    uint32_t cohort;                /* the adversary */
    uint32_t victims;               /* the attacked cohort, where the attack has victims */
    uint64_t start_epoch;           /* first epoch of it, from 1 */
    uint64_t stop_epoch;            /* first epoch without it; 0: to the end */
    uint32_t rate_permille;         /* of epochs (or acts) in which it happens */
    uint32_t on_epochs, off_epochs; /* ON_OFF: bad for `on`, good for `off` */
    uint32_t amount;                /* milliseconds, epochs ...: depends on the attack */
};

/* Two sides; every node is on side A or B, by cohort or by share of the roster. */
struct assay_sim_partition {
    uint64_t start_epoch, stop_epoch; /* [start, stop); 0: to the end */
    bool by_cohort;
    uint32_t cohort;                 /* side A is this cohort */
    uint32_t share_bp;               /* else side A is the first share of the roster */
    bool a_receives_b, b_receives_a; /* both false: a full cut; one true: one-way */
};

struct assay_sim_crash {
    uint32_t cohort;            /* the crashing cohort; 0: "honest" */
    bool all_members;           /* the complete roster at once, whatever cohort is */
    uint64_t at_epoch;          /* at some instant of this epoch; or, when 0, */
    uint32_t rate_permille;     /* chance of each node in each epoch */
    uint32_t down_ms;           /* until it starts again */
    bool loses_store;           /* starts with an empty one */
    uint32_t rolls_back_epochs; /* starts with the disk of as many epochs ago; 0: with its own */
    bool pauses;                /* no crash but a pause of down_ms (SIGSTOP, a frozen VM) */
    bool loses_log;             /* starts with an empty store and its old keys: unnoticed */
    bool first_day;             /* with loses_log: its keys folder is of the first day, too */
    uint32_t kills;             /* as often it is killed again after this crash */
    uint32_t kill_ms;           /* each time up to that long after its start */
    bool loses_again;           /* with loses_log: a quarter of these kills loses the log again */
};

/* Dates that are wrong for a while: a bad time source, an operator's mistake, a board that starts
 * with another year. By virtual time, since epochs may stall because of it. */
struct assay_sim_clock {
    uint64_t at_ms, for_ms; /* start and duration; for_ms 0: to the end, or healing */
    bool by_cohort;
    uint32_t cohort;            /* this cohort */
    uint32_t share_bp;          /* else the first share of the roster */
    uint32_t ahead_s, behind_s; /* the difference */
};

/* Actions of operators (engine/ledger/records/change.h). X(symbol, number, name in files, one
 * line). */
#define ASSAY_SIM_ACTION_LIST(X)                                                                   \
    X(REST, 1, "rest", "drain: members of the cohort have no weight and are not evaluated")        \
    X(WAKE, 2, "wake", "undrain: drained members of the cohort serve again")                       \
    X(LEAVE, 3, "leave", "members of the cohort leave")                                            \
    X(JOIN, 4, "join", "count newcomers, in the first free slots, then in new ones")               \
    X(MAINTENANCE, 5, "maintenance", "announced absence of one member of the cohort, for epochs")  \
    X(POLICY, 6, "policy", "another policy, under which evidence of the cohort fails hard")        \
    X(PARAMETERS, 7, "parameters", "other caps, length of epochs, size of blocks")                 \
    X(OPERATORS, 8, "operators", "one operator more, and one more must sign")                      \
    X(SERVICES, 9, "services", "the services of services.later_groups and later_tasks")            \
    X(OPERATORS_BACK, 10, "operators-back", "the operators of the genesis again")                  \
    X(IDENTITY, 11, "identity", "members of the cohort get new identity keys")                     \
    X(OPERATOR_KEY, 12, "operator-key", "one operator gets another key")

#define ASSAY_SIM_ACTION_ENUM(symbol, number, name, line) ASSAY_SIM_ACTION_##symbol = number,
enum assay_sim_action { ASSAY_SIM_ACTION_LIST(ASSAY_SIM_ACTION_ENUM) };
#undef ASSAY_SIM_ACTION_ENUM

/* The flaw of a change, because of which no block may contain it. */
#define ASSAY_SIM_FLAW_LIST(X)                                                                     \
    X(NONE, 0, "none", "none: it is drafted and submitted again until a block has it")             \
    X(FEW_SIGNATURES, 1, "few-signatures", "one signature is missing")                             \
    X(STRANGER, 2, "stranger", "one of the signatures is by a stranger")                           \
    X(SEQUENCE, 3, "sequence", "its number was taken before, or is far ahead")                     \
    X(NEAR, 4, "near", "it activates in the next epoch")                                           \
    X(UNFIT, 5, "unfit", "one more action names an unknown member")                                \
    X(REPLAY, 6, "replay", "a replay of the last one in a block")                                  \
    X(ERA, 7, "era", "it is of another era")                                                       \
    X(FORCE, 8, "force", "it forces a change that was never reverted")                             \
    X(DOCUMENT, 9, "document", "its policy cannot be parsed")                                      \
    X(FORGED, 10, "forged", "one of the signatures is over other bytes")                           \
    X(CONSENT, 11, "consent", "its new key signed for another change")                             \
    X(KEY_TAKEN, 12, "key-taken", "its new key is one of another member or operator")

#define ASSAY_SIM_FLAW_ENUM(symbol, number, name, line) ASSAY_SIM_FLAW_##symbol = number,
enum assay_sim_flaw { ASSAY_SIM_FLAW_LIST(ASSAY_SIM_FLAW_ENUM) };
#undef ASSAY_SIM_FLAW_ENUM

/* A change that operators sign and submit to one or several members. */
struct assay_sim_change {
    enum assay_sim_action action;
    uint64_t at_epoch;      /* of the scenario, at the first submission */
    uint32_t ahead_epochs;  /* from submission to activation */
    bool with_before;       /* one more action of the previous change in the list */
    bool by_cohort;         /* POLICY: the policy fails members */
    uint32_t cohort, count; /* of these, the first ones; 0: all (JOIN: one) */
    uint32_t epochs;        /* MAINTENANCE */
    uint32_t vendor_cap_num, vendor_cap_den; /* PARAMETERS */
    /* PARAMETERS too, 0: unchanged. Epoch length; maximum bytes of a block's body; maximum weight
     * of one operator. */
    uint32_t epoch_ms, block_len_max, operator_cap_bp;
    bool forces;       /* names the last reverted change */
    uint32_t level;    /* PARAMETERS: feature level; 0: unchanged */
    bool proposed;     /* operators propose and approve it on the ledger (docs/protocol.md 9.19) */
    uint32_t given_to; /* number of honest members that get it */
    enum assay_sim_flaw flaw;
};

/* Operators end an era, and start the next (docs/protocol.md 9.11 to 9.16). */
struct assay_sim_recover {
    uint64_t at_epoch;     /* of the scenario: one member gets the fence */
    uint32_t after_epochs; /* then answers are collected, in each epoch until it works */
    bool drains_stopped;   /* drains nodes that do not run then */
    bool replaces_policy;  /* with another policy, under which no member fails */
    bool by_cohort;        /* fences this cohort first, the others after_epochs later */
    uint32_t cohort;
};

/* The flaw of an offer of collateral, because of which no block may contain it. */
#define ASSAY_SIM_DAY_LIST(X)                                                                      \
    X(NONE, 0, "none", "none: members offer it until a block has it")                              \
    X(OLD, 1, "old", "its evaluation number is lower than in force")                               \
    X(FORGED, 2, "forged", "its signature is not its vendor's")                                    \
    X(STRANGER, 3, "stranger", "it is of a root that is not in force")                             \
    X(EARLY, 4, "early", "it is not valid yet")

#define ASSAY_SIM_DAY_ENUM(symbol, number, name, line) ASSAY_SIM_DAY_##symbol = number,
enum assay_sim_day_flaw { ASSAY_SIM_DAY_LIST(ASSAY_SIM_DAY_ENUM) };
#undef ASSAY_SIM_DAY_ENUM

/* A vendor publishes newer collateral. */
struct assay_sim_day {
    enum assay_sim_day_flaw flaw;
    uint64_t at_epoch; /* of the scenario: members find it */
    uint32_t vendor;
    bool recovery;          /* of a higher evaluation number: it waits for collateral_delay_s */
    bool by_cohort;         /* it makes platforms outdated */
    uint32_t cohort, count; /* of that vendor; the first ones, 0: all */
    uint64_t update_epoch;  /* they are updated from this epoch on; 0: never */
    uint32_t given_to;      /* number of honest members that find it */
};

struct assay_sim_store_faults {
    uint32_t lost_permille;        /* of crashes: the last acknowledged batch is gone */
    uint32_t torn_permille;        /* of crashes: the last batch is partly written */
    uint32_t rolled_back_permille; /* of restarts: an older image */
};

/* Services over the ledger (docs/services.md), and their load. Each exists when the first number of
 * its part is not 0. */
struct assay_sim_services_plan {
    uint32_t groups, group_size;     /* of continuity; every member offers a replica to each */
    uint32_t enclaves;               /* of each group: instances */
    uint32_t clones;                 /* processes of each: above 1 the host runs several at once */
    uint32_t updates, reads;         /* of each process in an epoch */
    uint32_t old_states_permille;    /* of starts: the host supplies any sealed state */
    uint32_t replicas_die_permille;  /* of each in an epoch: its memory is lost */
    uint32_t enclaves_die_permille;  /* of each process in an epoch */
    uint32_t cutting_hosts_permille; /* of starts: the host relays only to some replicas */
    uint32_t forged_permille;        /* of records: a member submits an old or a modified one too */
    uint32_t forged_handovers_permille; /* of turns of an enclave: its host shows it one */
    uint32_t quota_abusers;        /* of the last members: they exhaust the quota of an author */
    uint32_t requestors;           /* accounts with money; every member offers to execute */
    uint32_t tasks, steps;         /* that are opened in an epoch; of each */
    uint32_t leavers_permille;     /* of tasks: the requestor leaves when it was shown a step */
    uint32_t tasks_die_permille;   /* of each side of a task in an epoch */
    uint32_t share_clusters;       /* every member offers to hold shares, in one of them */
    uint32_t share_slots, share_k; /* of each: slots, and the threshold of slots for a secret */
    uint32_t secrets;              /* one is put in an epoch, up to this number */
    uint32_t secret_reads;         /* in an epoch */
    uint32_t share_liars;          /* of the last members the holders store and give no shares */
    uint32_t share_starved; /* of the first members the holders: no other reaches them over links */
    uint32_t holders_die_permille, holders_lose_permille; /* in an epoch; their disks */
    bool group_key;         /* every member offers to hold shares of the network's group key */
    uint32_t key_refresh;   /* epochs of a generation */
    uint32_t granted_names; /* names k0, k1, ... that its plan grants to builds of enclaves */
    bool key_sessions;      /* holders sign certificates of workload keys in each epoch */
    uint32_t key_crashes_permille; /* of actions of its holders: the process ends before or in it */
    uint32_t key_disks_permille; /* of its holders in an epoch: the disk is lost, or an older one */
    uint32_t key_replaced;       /* CA numbers up to it are replaced; 0: none */
    uint64_t stop_epoch;         /* no more load from here on; 0: never */
    /* Not in the genesis: a change adds them (docs/protocol.md 12.7). */
    uint32_t later_groups; /* the last groups */
    bool later_tasks;
    uint32_t later_key_retired; /* CA numbers up to it are retired; 0: none */
};

/* Proposals on the ledger (docs/protocol.md 9.19): what operators and members do with those of
 * changes that are `proposed`, and against them. */
struct assay_sim_proposals {
    uint32_t level;              /* feature level of the genesis */
    uint32_t liars;              /* of the operators of the genesis, the last ones, lie */
    uint32_t floods;             /* statements of each liar in an epoch */
    uint32_t forged_permille;    /* of turns of a liar: a statement in another operator's name */
    uint32_t replayed;           /* statements that each Byzantine member sends again in an epoch */
    uint32_t held_permille;      /* of statements: a Byzantine member alone gets it, for a while */
    uint32_t withdrawn_permille; /* of honest approvals: the operator withdraws it again */
    uint32_t lapsed_permille;    /* of proposals: no other operator approves it */
    uint32_t replaced_permille;  /* of epochs of a proposal: its author replaces it */
    bool bars;  /* Byzantine leaders fill the part of one operator with its old statements */
    bool omits; /* Byzantine leaders omit the statements of one operator */
};

/* Workload keys (docs/protocol.md 2.16), at the feature level that has them. */
struct assay_sim_workload_keys {
    uint32_t declared_permille; /* of members in an epoch: its host declares a list; 0: no keys */
    uint32_t restarts_permille; /* of enclaves in an epoch: it restarts, and has no keys */
    uint32_t lacking_permille;  /* of declarations: the enclave does not have what is declared */
    uint32_t changed_permille;  /* of declarations of an enclave with keys: other keys */
    uint32_t upgrades_permille; /* of enclaves in an epoch: it is another build from then on */
    /* All enclaves restart in this epoch, and their programs come back so many epochs later; 0:
     * never. */
    uint32_t outage_epoch, outage_epochs;
};

enum assay_sim_compare {
    ASSAY_SIM_LESS,      /* < */
    ASSAY_SIM_AT_MOST,   /* <= */
    ASSAY_SIM_EQUAL,     /* == */
    ASSAY_SIM_AT_LEAST,  /* >= */
    ASSAY_SIM_GREATER,   /* > */
    ASSAY_SIM_NOT_EQUAL, /* != */
};

/* A required result: "figure >= value", figure as in sim/outcome.h, with its cohort's name where
 * the figure is one of a cohort: "score_min_bp honest >= 9000". */
struct assay_sim_assertion {
    char text[ASSAY_SIM_NAME_MAX * 2 + 1];
    uint32_t figure; /* enum assay_sim_figure */
    uint32_t cohort; /* for figures of cohorts */
    enum assay_sim_compare compare;
    int64_t value;
};

struct assay_scenario {
    char name[ASSAY_SIM_NAME_MAX + 1];
    char title[ASSAY_SIM_TITLE_MAX + 1]; /* one line */
    enum assay_sim_fidelity fidelity;
    uint64_t seed;
    uint32_t nodes;
    uint32_t spares; /* of nodes, the last ones: no members until they join */
    uint64_t epochs;
    uint32_t epoch_ms;
    uint32_t operators, vendors;
    bool has_vendor_shares;
    uint32_t vendor_share_bp[ASSAY_SIM_VENDORS_MAX]; /* else vendor of slot i is i mod vendors */
    uint32_t nodes_per_platform;                     /* 1: each its own */
    uint32_t masked_bp;                              /* share of nodes whose platform is masked */
    uint32_t operator_cap_num, operator_cap_den, vendor_cap_num, vendor_cap_den;
    enum assay_sim_rule rule;
    enum assay_sim_weight_source weight_source;
    enum assay_sim_evidence_mode evidence;
    uint32_t quote_ms, verify_us; /* cost of one quote and of one appraisal */
    struct assay_sim_link link;
    uint32_t skew_ms;   /* largest difference between clocks at the start */
    uint32_t drift_ppm; /* largest deviation of their rate */
    struct assay_sim_store_faults store;
    uint32_t cohort_count; /* 1 ..: cohorts[0] is "honest" */
    struct assay_sim_cohort cohorts[ASSAY_SIM_COHORTS_MAX];
    uint32_t adversary_count;
    struct assay_sim_adversary adversaries[ASSAY_SIM_ADVERSARIES_MAX];
    uint32_t partition_count;
    struct assay_sim_partition partitions[ASSAY_SIM_PARTITIONS_MAX];
    uint32_t crash_count;
    struct assay_sim_crash crashes[ASSAY_SIM_CRASHES_MAX];
    uint32_t clock_count;
    struct assay_sim_clock clocks[ASSAY_SIM_CLOCKS_MAX];
    uint32_t change_count;
    struct assay_sim_change changes[ASSAY_SIM_CHANGES_MAX];
    uint32_t recover_count;
    struct assay_sim_recover recovers[ASSAY_SIM_RECOVERS_MAX];
    uint32_t day_count;
    struct assay_sim_day days[ASSAY_SIM_DAYS_MAX];
    uint32_t seats_max;             /* of the network: number of voting members */
    uint32_t amplification_percent; /* B of docs/protocol.md 6.3.2 */
    uint32_t quiet_floor_percent;   /* of docs/protocol.md 6.7 */
    uint32_t collateral_delay_s;    /* of the network: delay of a recovery */
    uint32_t collateral_life_s; /* of each vendor's part, from its date on; 0: it does not expire */
    /* From here on no fault except the adversary's; progress is required. 0: never. */
    uint64_t heal_epoch;
    uint32_t progress_epochs; /* the bound: epochs after heal_epoch without a close */
    uint32_t overlay_above;   /* with more members nodes have neighbours */
    uint32_t overlay_degree;  /* degree: as many to twice as many */
    uint32_t history_epochs;  /* epochs of blocks that stores retain; 0: ASSAY's default */
    /* From here on an attacker has the replaced keys of operators and nodes, and submits documents
     * signed by them; 0: never. */
    uint64_t old_operators_epoch;
    struct assay_sim_services_plan services;
    struct assay_sim_proposals proposals;
    struct assay_sim_workload_keys workload_keys;
    uint32_t assertion_count;
    struct assay_sim_assertion assertions[ASSAY_SIM_ASSERTIONS_MAX];
};

/* Returns: seven nodes of four vendors and seven operators, 20 epochs of 2 s on a good network,
 * seed 1, all honest, no assertions. */
struct assay_scenario assay_scenario_default(void);

/*
 * Consistency: limits, cohorts that exist and fit the roster, rules that have the fidelity.
 * Out:     message (when it is not ASSAY_OK): the key, the expected and the found value
 * Returns: ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_INVALID
 */
ASSAY_CHECKED enum assay_status assay_scenario_check(const struct assay_scenario *scenario,
                                                     char message[static ASSAY_SIM_MESSAGE_MAX]);

/*
 * assay_scenario_set - one "key=value" of --set, with the keys of the file: "nodes=50",
 * "link.loss_permille=100", "cohorts[1].share_bp=2000", "adversaries[0].attack=badmouth".
 * Out:     *scenario, untouched unless ASSAY_OK; message otherwise
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such key; the message names the nearest) |
 *          ASSAY_E_SYNTAX | ASSAY_E_RANGE
 */
ASSAY_CHECKED enum assay_status assay_scenario_set(struct assay_scenario *scenario,
                                                   const char *assignment,
                                                   char message[static ASSAY_SIM_MESSAGE_MAX]);

/*
 * The file of this scenario (sim/yaml/), with every key; at most ASSAY_SIM_YAML_MAX bytes. The
 * writer reports whether it fit.
 */
void assay_scenario_put_yaml(const struct assay_scenario *scenario, struct assay_writer *w);
/* One value of a scenario; its pointers are valid during the visit. */
#define ASSAY_SCENARIO_NUMBER_MAX (UINT64_C(1) << 53)
enum assay_scenario_form {
    ASSAY_SCENARIO_FORM_NUMBER,  /* never above ASSAY_SCENARIO_NUMBER_MAX: exact in any reader */
    ASSAY_SCENARIO_FORM_BOOL,    /* true or false */
    ASSAY_SCENARIO_FORM_NUMBERS, /* with commas between */
    ASSAY_SCENARIO_FORM_TEXT,    /* and greater numbers */
};
struct assay_scenario_value {
    const char *section; /* "": the scenario itself */
    bool is_list;
    uint32_t index;  /* in the list as a file has it, 0 first */
    const char *key; /* NULL: the element is this value */
    enum assay_scenario_form form;
    const char *text;
};
typedef void assay_scenario_value_fn(void *context, const struct assay_scenario_value *value);
/* Every value of the file, in its order. */
void assay_scenario_each_value(const struct assay_scenario *scenario,
                               assay_scenario_value_fn *visit, void *context);

/* One row of the reference of keys; its pointers are valid during the visit. */
struct assay_scenario_row {
    enum { ASSAY_SCENARIO_ROW_KEY, ASSAY_SCENARIO_ROW_WORD, ASSAY_SCENARIO_ROW_FIGURE } kind;
    const char *table;   /* "scenario", a section, "attack", ...; rows of one are adjacent */
    const char *about;   /* KEY: description of the section; WORD: meaning of line; else NULL */
    const char *word;    /* NULL: an element without a key */
    const char *preset;  /* KEY: the default, "" for none; else NULL */
    const char *expects; /* KEY; else NULL */
    const char *line;    /* description */
    bool of_cohort;      /* FIGURE: of one cohort */
};
typedef void assay_scenario_row_fn(void *context, const struct assay_scenario_row *row);
/* Every key, every value of an enumeration with a description, every figure. */
void assay_scenario_each_row(assay_scenario_row_fn *visit, void *context);
/* The same as tables of Markdown, for docs/simulator.md. The writer reports whether it fit. */
void assay_scenario_put_keys(struct assay_writer *w);

/* Returns: whether the network has any service. */
bool assay_scenario_serves(const struct assay_scenario *scenario);
/* Returns: whether it has a group key, at the feature level that has one. */
bool assay_scenario_has_group_key(const struct assay_scenario *scenario);
/* Returns: whether members have workload keys. */
bool assay_scenario_has_workload_keys(const struct assay_scenario *scenario);
/* Returns: whether operators propose changes, or state something about them. */
bool assay_scenario_proposes(const struct assay_scenario *scenario);
/* Returns: whether operators or nodes get new keys. */
bool assay_scenario_changes_keys(const struct assay_scenario *scenario);
/* Returns: whether a change adds services, or some of them. */
bool assay_scenario_adds_services(const struct assay_scenario *scenario);

/* Returns: the fidelity of the run, AUTO resolved. */
enum assay_sim_fidelity assay_scenario_fidelity(const struct assay_scenario *scenario);

/* Returns: number of nodes with the vendor and operator of a cohort. */
uint32_t assay_scenario_cohort_matching(const struct assay_scenario *scenario, uint32_t cohort);
/* Returns: number of nodes of a cohort; not of "honest", which is the rest (asserted). */
uint32_t assay_scenario_cohort_size(const struct assay_scenario *scenario, uint32_t cohort);
/* The cohort of every slot, a function of scenario and seed: count or share of the matching nodes,
 * spread over the roster. Out: cohort_of[scenario->nodes]. */
void assay_scenario_cohorts(const struct assay_scenario *scenario, uint64_t seed,
                            uint8_t *cohort_of);
/* Returns: the vendor, operator and platform number of a slot; platform UINT32_MAX: masked. */
uint32_t assay_scenario_vendor(const struct assay_scenario *scenario, uint32_t slot);
uint32_t assay_scenario_operator(const struct assay_scenario *scenario, uint32_t slot);
uint32_t assay_scenario_platform(const struct assay_scenario *scenario, uint32_t slot);
/* Returns: whether a partition lets messages of `from` reach `to` in an epoch. */
bool assay_scenario_receives(const struct assay_scenario *scenario, const uint8_t *cohort_of,
                             uint64_t epoch, uint32_t from, uint32_t to);

/* Returns: length of the UTF-8 character at the start of text, when a line for display may contain
 * it; 0: none starts there, or a control character, which would command a terminal, or a mark or
 * surrogate, which YAML refuses. */
size_t assay_scenario_character_len(const char *text);

/* Names as in files; NULL for an unknown number. Returns: static text. */
const char *assay_sim_attack_name(enum assay_sim_attack attack);
const char *assay_sim_rule_name(enum assay_sim_rule rule);
const char *assay_sim_weight_source_name(enum assay_sim_weight_source source);
const char *assay_sim_fidelity_name(enum assay_sim_fidelity fidelity);
const char *assay_sim_evidence_mode_name(enum assay_sim_evidence_mode mode);
const char *assay_sim_delay_name(enum assay_sim_delay delay);
const char *assay_sim_losing_name(enum assay_sim_losing losing);
const char *assay_sim_action_name(enum assay_sim_action action);
const char *assay_sim_flaw_name(enum assay_sim_flaw flaw);
const char *assay_sim_day_flaw_name(enum assay_sim_day_flaw flaw);

#endif
