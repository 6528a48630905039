/*
 * net/services/server/summary.h - summary of a registry for reports and metrics, in plain values:
 * documents and HTTP render it without access to a registry (docs/services.md 7).
 *
 * It has no pointers, so it can be copied.
 */
#ifndef ASSAY_NET_SERVICES_SERVER_SUMMARY_H
#define ASSAY_NET_SERVICES_SERVER_SUMMARY_H

#include "net/services/server/service_server.h"

enum { ASSAY_SUMMARY_PATH = 108 };

struct assay_summary_group {
    char name[ASSAY_PLAN_NAME_MAX + 1];
    uint32_t size, instances_max;
    enum assay_cont_phase phase;
    uint64_t view, next_view; /* next: the pending one while CHANGING */
    uint32_t seat_count, next_count;
    uint32_t seat[ASSAY_CONT_SEATS_MAX],
        next[ASSAY_CONT_SEATS_MAX]; /* slots of members; UINT32_MAX: none */
    enum assay_cont_seat_state state[ASSAY_CONT_SEATS_MAX];
    uint32_t alarms; /* bits of enum assay_cont_alarm */
    uint32_t listed_count, listed[ASSAY_CONT_SLOTS_MAX];
    uint32_t entries;   /* of the table that the view started from */
    uint32_t instances; /* enclaves in its table */
    uint64_t sessions;  /* that were numbered, of all of them */
};

struct assay_summary_cluster {
    bool seated, alarm;                     /* alarm: it could not continue at the last close */
    uint64_t alarm_epoch;                   /* 0: never */
    uint32_t alarms;                        /* reasons of that alarm; bits of 1 <<
                                             * assay_share_why */
    uint32_t member[ASSAY_SHARE_SLOTS_MAX]; /* ASSAY_SHARE_NO_MEMBER: gone */
    bool ready[ASSAY_SHARE_SLOTS_MAX], lost[ASSAY_SHARE_SLOTS_MAX];
    uint64_t silent_epoch[ASSAY_SHARE_SLOTS_MAX]; /* in a public attempt; 0: never */
    enum assay_share_phase phase;                 /* of public attempts in progress here */
    uint64_t public_until; /* a reshare not done before that epoch becomes public */
};

struct assay_summary_shares {
    uint32_t slots, k, confirmations, ids_max;
    uint32_t ids, synced, waiting, resharing; /* waiting: not synced yet */
    uint32_t deleted;                         /* in addition to ids: places that are not free yet */
    uint32_t quota;              /* ids and deleted ones, limit of an owner, and of an author */
    uint32_t due;                /* ids that need a reshare, resharing among them */
    uint32_t in_public;          /* of those that are resharing */
    uint32_t away;               /* members that lost a slot for their silence, and get none yet */
    uint32_t holders, convicted; /* members that are listed; that were convicted */
    uint32_t cluster_count;
    struct assay_summary_cluster cluster[ASSAY_SHARE_CLUSTERS_MAX];
};

/* In the order of a task's life. */
enum assay_summary_state {
    ASSAY_SUMMARY_OPEN, /* not accepted yet */
    ASSAY_SUMMARY_ACCEPTED,
    ASSAY_SUMMARY_FAILED, /* accepted, and no further payment */
    ASSAY_SUMMARY_PAID,
    ASSAY_SUMMARY_CLOSED,
    ASSAY_SUMMARY_EXPIRED,
    ASSAY_SUMMARY_STATES,
};

struct assay_summary_offer {
    uint32_t slot;
    struct assay_task_offer offer;
};

struct assay_summary_tasks {
    uint32_t accounts, accounts_max, tasks_max;
    uint64_t total, locked;
    uint32_t state[ASSAY_SUMMARY_STATES]; /* tasks in the table */
    uint32_t offer_count;
    struct assay_summary_offer offer[ASSAY_REGISTRY_SLOTS_MAX];
};

/* docs/identity.md 3.4, 3.14 */
enum assay_summary_key_state {
    ASSAY_SUMMARY_KEY_NONE,   /* no ceremony runs either: too few offer to hold */
    ASSAY_SUMMARY_KEY_MAKING, /* the first ceremony runs */
    ASSAY_SUMMARY_KEY_ACTIVE,
    ASSAY_SUMMARY_KEY_FEW,     /* a few more lost indices, and nothing is signed */
    ASSAY_SUMMARY_KEY_TOO_FEW, /* fewer than t live indices: nothing is signed */
    ASSAY_SUMMARY_KEY_LOST,
    ASSAY_SUMMARY_KEY_STATES,
};

struct assay_summary_holder {
    uint32_t slot, indices, live; /* live: of its indices */
    bool lost;
};

/* The group key; zeros where there is none yet. */
struct assay_summary_identity {
    enum assay_summary_key_state state;
    enum assay_ca_phase phase; /* of the ceremony that runs */
    bool is_reshare;
    uint32_t ca_number, threshold, indices, live, convicted;
    uint64_t generation, since, attempts; /* since: epoch of the close that put it into force */
    uint32_t holder_count;
    struct assay_summary_holder holder[ASSAY_FROST_HOLDERS_MAX];
};

struct assay_services_summary {
    bool is_known;   /* false: documents of the registry are still missing, and the rest is empty */
    bool is_current; /* with every final record; otherwise as of the last close */
    uint64_t epoch;  /* the last closed one */
    char path[ASSAY_SUMMARY_PATH];               /* where programs connect; "": nowhere */
    struct assay_service_server_snapshot server; /* zero without a path */
    uint32_t group_count;
    struct assay_summary_group group[ASSAY_PLAN_GROUPS_MAX];
    bool has_shares, has_tasks, has_identity;
    struct assay_summary_shares shares;
    struct assay_summary_tasks tasks;
    struct assay_summary_identity identity;
};

/* One account, for queries. */
struct assay_summary_account {
    uint8_t account[32];
    bool is_known;                      /* false: it has never had a balance */
    uint64_t balance, sequence, locked; /* locked: by tasks that it has opened */
};

/* Groups, shares, tasks and the group key; the rest is unchanged. */
void assay_summary_set(struct assay_services_summary *summary,
                       const struct assay_registry_plan *plan,
                       const struct assay_registry *registry);
/* In: a registry with tasks (asserted). */
void assay_summary_set_account(struct assay_summary_account *account,
                               const struct assay_registry *registry, const uint8_t id[static 32]);
/* The group key as the fold has it. */
void assay_summary_set_identity(struct assay_summary_identity *out, const struct assay_ca *ca);
/* Returns: the state of a task. */
enum assay_summary_state assay_summary_state_of(const struct assay_task_row *row);

#endif
