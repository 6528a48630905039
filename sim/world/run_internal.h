/*
 * sim/world/run_internal.h - state of a scenario in the message world.
 *
 * schedule.c: epochs of the scenario, crashes, partitions, clocks. adversary.c: attacks of
 * sim/attack.h at a node. truth.c: ground truth of each epoch, figures, the watch.
 *
 * **Epochs of the scenario** are those of the network as long as it closes epochs: the k-th starts
 * when the first node has closed the one before. A stalled network closes none; then another epoch
 * of the scenario passes every 2T, so that partitions heal and attackers stop even then.
 */
#ifndef ASSAY_SIM_WORLD_RUN_INTERNAL_H
#define ASSAY_SIM_WORLD_RUN_INTERNAL_H

#include "sim/attack.h"
#include "sim/run.h"
#include "sim/services/services.h"
#include "sim/checkers/watch.h"
#include "sim/world/world_internal.h"

enum { QUOTES_KEPT = 4, ROW_LEN_MAX = WORLD_NODES / 2 + 1 };

/* Facts about one running epoch of the network; e at e % QUOTES_KEPT. */
struct world_epoch {
    uint64_t epoch;
    bool has_quote[WORLD_NODES];
    uint8_t quote[WORLD_NODES][32]; /* digest of the newest for the listed life */
    uint8_t base[WORLD_NODES][32];  /* the block on which it was made: chains may fork */
    enum assay_sim_evidence evidence[WORLD_NODES];
    bool died[WORLD_NODES];                            /* crashed, or was down at some time in it */
    bool balloted[WORLD_NODES];                        /* signed a ballot */
    bool by_policy[WORLD_NODES];                       /* its evidence fails by the policy */
    bool mixed[WORLD_NODES]; /* it made evidence of more than one kind in this epoch */
    bool felled[WORLD_NODES]; /* by the policy, and not by the previous one */
    uint8_t lacks[WORLD_NODES][(WORLD_NODES + 7) / 8]; /* [subject]: ballots without its verdict */
};

/* Messages of others that an adversary's node retains: one in RECEIVED_EACH, each replacing an
 * earlier one, so that some are old. */
enum { RECEIVED_KEPT = 64, RECEIVED_EACH = 5 };
struct world_received {
    uint64_t count;                                /* of all received messages */
    struct world_payload *payloads[RECEIVED_KEPT]; /* a reference each; NULL: none */
    enum assay_message_kind kinds[RECEIVED_KEPT];
};

enum { WORLD_ERAS_MAX = 2 * ASSAY_SIM_RECOVERS_MAX };

struct world_run {
    const struct assay_scenario *scenario;
    const struct assay_sim_options *options;
    struct assay_sim_outcome *outcome;
    struct assay_sim_watch *watch;
    struct assay_sim_world *w;
    uint8_t cohort_of[WORLD_NODES];
    bool byzantine[WORLD_NODES];

    uint64_t epoch;      /* of the scenario, from 1 */
    uint64_t closed;     /* the last that the network closed */
    uint64_t stall_turn; /* number of the valid stall timer */
    bool healed, images, stopped;
    bool lost[WORLD_NODES]; /* silent when the scenario healed */

    struct assay_attack_acts acts[WORLD_NODES];
    uint8_t (*node_ids)[32];
    uint8_t (*first_rows)[ASSAY_BALLOT_ROW_LEN_MAX]; /* [nodes] COPY_VOTES */
    uint64_t first_row_epoch[WORLD_NODES];
    struct assay_attack_host hosts[WORLD_NODES];
    struct world_received *received[WORLD_NODES]; /* RESEND; NULL: nothing yet */
    struct world_host_of {
        struct world_run *run;
        uint32_t node;
    } host_of[WORLD_NODES];

    /* Collateral: finished days, and the offers in blocks of the running epoch. */
    bool days_over[ASSAY_SIM_DAYS_MAX];
    struct world_payload *updates[ASSAY_UPDATES_EPOCH_MAX];
    struct assay_slice update_bytes[ASSAY_UPDATES_EPOCH_MAX];
    uint32_t updates_count;

    struct world_epoch epochs[QUOTES_KEPT];
    struct assay_state before; /* after the previously closed epoch */
    void *before_memory;
    struct assay_state now; /* after the one that just closed */
    void *now_memory;
    struct world_changes *changes; /* changes.c */
    struct world_proposals *proposals; /* proposals.c; NULL: no operator proposes */
    struct world_workload_keys *workload_keys; /* workload_keys.c; NULL: members have none */
    struct assay_sim_services *services;    /* services.c; NULL: the network has none */
    struct assay_sim_random *service_links; /* [nodes * nodes] one stream a pair of machines */
    enum world_ending { ERA_GOES_ON, ERA_FENCED } ending; /* recover.c: of the current row */
    uint32_t recovered;                                   /* ended eras */
    uint32_t rows_done;                                   /* of these, by rows of the scenario */
    bool relists; /* one more ends because a third has unlisted keys */
    struct assay_sim_recover relisting;
    uint64_t era_epoch; /* of the scenario, at the start of the last era */
    bool era_works;     /* it has closed an epoch after its RECOVER */
    bool undone;        /* a block above the head that operators choose is final at a node */
    bool in_doubt; /* the last one may have undone a final block, and operators were notified */
    bool manual;   /* it relies on too few answers: accepted node by node */
    uint64_t chosen_height, chosen_epoch; /* the chosen head */
    struct old_operators *old; /* old_keys.c; NULL: none was replaced, or none attacks */
    /* The RECOVER that began each era, as operators store it; NULL: none. */
    struct {
        uint8_t *bytes;
        size_t len;
    } recovers[WORLD_ERAS_MAX + 1];
    /* Contents of the final blocks of the running epoch. */
    int64_t robin[WORLD_NODES]; /* the round robin after robin_view views */
    uint64_t robin_view;
    uint8_t newest_id[32]; /* of the last of them, or of the epoch before */
    bool forked;           /* a block had another parent: the branch of its contents is unknown */
    bool has_roll;
    uint8_t roll_root[32];
    uint8_t rows[WORLD_NODES][ROW_LEN_MAX];
    const uint8_t *row_of[WORLD_NODES]; /* into rows; NULL: no ballot counts */
    uint8_t fails[WORLD_NODES];
    /* Finality: when each block was proposed, by id; and a histogram of durations. */
    struct world_born *born;
    size_t born_capacity;
    uint32_t *finality_ms; /* [WORLD_MS_KEPT] histogram */
    uint64_t finality_count;
    uint64_t nullified_epoch, nullified_view;
    /* Totals at the last close, for differences. */
    uint64_t messages, bytes, verifications, crashes;
    uint32_t views_nullified, blocks, proofs;
    uint64_t all_views_nullified, all_blocks, all_proofs;
    uint64_t memory_kib_max, certificates_max;
};

/* schedule.c */
/* Starts the first epoch of the scenario. */
void world_run_begin(struct world_run *r);
void world_plan_dates(struct world_run *r);
/* Starts the next epoch. */
void world_run_next(struct world_run *r);

/* adversary.c */
void world_attack_turn(struct world_run *r);

/* truth.c */
void world_truth_open(struct world_run *r);
void world_truth_free(struct world_run *r);
/* Frees what adversaries retained of messages (adversary.c). */
void world_received_free(struct world_run *r);
/* A node is about to sign a ballot, or a proposal of that id. */
void world_truth_ballot(struct world_run *r, uint32_t node, uint64_t epoch);
void world_truth_proposed(struct world_run *r, const uint8_t id[static 32]);
struct world_epoch *world_truth_at(struct world_run *r, uint64_t epoch);
/* Returns: whether the block was proposed recently, and when. */
bool world_truth_born(const struct world_run *r, const uint8_t id[static 32], uint64_t *at_us);
/* The network closed an epoch, and this node was the first to. */
void world_truth_close(struct world_run *r, uint32_t node, uint64_t epoch);
void world_truth_end(struct world_run *r);

/* changes.c */
void world_changes_open(struct world_run *r);
void world_changes_free(struct world_run *r);
/* Another epoch of the scenario: operators draft, sign and hand in. */
void world_changes_turn(struct world_run *r);
/* proposals.c, consent.c: operators that propose changes; a final block of the running epoch has a
 * REVIEW; the run is over. */
void world_proposals_open(struct world_run *r);
void world_proposals_free(struct world_run *r);
void world_proposals_taken(struct world_run *r, const struct assay_record *record);
void world_proposals_end(struct world_run *r);
/* days.c: offers collateral on its day; the offers that blocks took. */
void world_days_turn(struct world_run *r);
void world_days_taken(struct world_run *r, const struct assay_record *record);
void world_days_closed(struct world_run *r, struct assay_sim_closed *closed);
void world_days_turned(struct world_run *r);
/* A final block of the running epoch has a CHANGE. */
void world_changes_taken(struct world_run *r, const struct assay_record *record);
/* The network closed an epoch: the changes in r->now, and those that its blocks took. */
void world_changes_closed(struct world_run *r, struct assay_sim_closed *closed);
/* The next epoch starts. */
void world_changes_turned(struct world_run *r);

/* services.c: before the world is made, and before its first epoch. */
void world_services_open(struct world_run *r, struct assay_sim_world_options *options);
void world_services_begin(struct world_run *r);
void world_services_free(struct world_run *r);
/* Another epoch of the scenario. */
void world_services_turn(struct world_run *r);
/* A record of a final block; the network closed an epoch; a node closed one; an era ended. */
void world_services_taken(struct world_run *r, const struct assay_record *record);
void world_services_closed(struct world_run *r);
void world_services_node_closed(struct world_run *r, uint32_t node);
void world_services_era(struct world_run *r);
void world_services_end(struct world_run *r);

/* new_keys.c: the network closed an epoch, this node first. */
void world_new_keys_closed(struct world_run *r, uint32_t node);

/* old_keys.c */
/* These operators are about to be replaced. */
void world_old_keys_keep(struct world_run *r, const struct assay_genesis *list);
/* Another epoch of the scenario: schedules submissions of an attacker with their keys. */
void world_old_keys_turn(struct world_run *r);
void world_old_keys_act(struct world_run *r);
enum { WORLD_OLD_KEYS = 1 << 17 }; /* number of an ITEM_RECOVER: act */
void world_old_keys_free(struct world_run *r);

/* recover.c */
/* Another epoch of the scenario: operators fence, or try to recover. */
void world_recovers_turn(struct world_run *r);

/* workload_keys.c */
void world_workload_keys_open(struct world_run *r);
void world_workload_keys_free(struct world_run *r);
/* Returns: the list of a node with this root; empty: none. */
struct assay_slice world_workload_keys_list(struct world_run *r, uint32_t node,
                                            const uint8_t root[static 32]);
/* Another epoch of the scenario: declarations, and restarts of enclaves. */
void world_workload_keys_turn(struct world_run *r);
/* An enclave makes evidence of a running epoch; the network closed one. */
void world_workload_keys_quoted(struct world_run *r, uint32_t node, uint64_t epoch);
void world_workload_keys_closed(struct world_run *r, const struct assay_sim_closed *closed);

/* final.c */
/* An epoch starts from the state r->before. */
void world_final_begin_epoch(struct world_run *r);

#endif
