/*
 * sim/services/internal.h - internal interface of sim/services/.
 *
 * services.c (life, plan, turns), registry_follower.c (registry of a node's programs), recount.c
 * (the registry, recomputed from final blocks), replicas.c, enclaves.c, views_audit.c and
 * sessions_audit.c (continuity), handovers.c (hand-overs that hosts show), forge.c (submissions of
 * hostile members), quota_abuse.c (members that exhaust quotas), tasks.c, seal.c and audit.c
 * (tasks), shares.c, secrets.c and shares_audit.c (shares), group_key/ (group key of identities).
 */
#ifndef ASSAY_SIM_SERVICES_INTERNAL_H
#define ASSAY_SIM_SERVICES_INTERNAL_H

#include "base/assert.h"
#include "host/service_feed.h"
#include "host/services.h"
#include "services/continuity/client.h"
#include "sim/scenario/random.h"
#include "sim/services/services.h"

enum {
    NODES = ASSAY_SIM_SERVED_NODES_MAX,
    GROUPS = ASSAY_SIM_GROUPS_MAX,
    PROCESSES = GROUPS * ASSAY_SIM_ENCLAVES_MAX * ASSAY_SIM_CLONES_MAX,
    SUBMISSIONS = 64, /* of one turn */
    AGAIN_MS = 1000,  /* until a record that is not final is resubmitted */
    FORGE_KEPT = 64,
    SILENCE_MOVES = 64, /* in the checker's window */
    KNOWN_VIEWS = 32,
    HANDOVERS_KEPT = 32,
};

/* Kinds of programs: the first byte of their CURVE keys. */
enum program {
    PROGRAM_REPLICA = 1,
    PROGRAM_ENCLAVE,
    PROGRAM_TASK,
    PROGRAM_HOLDER,
    PROGRAM_OWNER,
    PROGRAM_READER,
    PROGRAM_KEY_HOLDER,
    PROGRAM_NEXT_KEY_HOLDER, /* the same process, about the next CA number */
    PROGRAM_DEALING_WANT,    /* the same process, about dealings that it lacks: requests */
    PROGRAM_DEALING,         /* and what it is sent */
};

/* One process: its CURVE key, which is only a name here. */
struct name {
    enum program program;
    uint32_t index; /* among its kind */
    uint32_t life;
    /* Of an enclave: the ledger's number of this life, 0: none yet; of an owner or a reader: its
     * node. */
    uint64_t session;
};

/* Registry of the programs of a node, fed as the daemon's server and a program's follower are
 * (net/services/server/service_server.h, net/services/follower.h). */
struct registry_follower {
    uint32_t boot; /* of the machine at the time of opening */
    uint32_t life; /* of its engine */
    bool begun;    /* its programs are notified of what becomes final */
    struct assay_service_feed feed;
    struct assay_service_member member[NODES]; /* of the feed */
    void *memory;
    struct assay_registry *registry; /* all final records since; NULL before the first start */
};

struct replica {
    bool runs;
    uint32_t life;
    struct assay_secret32 secret;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    void *memory;
    struct assay_cont_replica *core; /* NULL before the first notification of its ledger */
    uint64_t wake_at_ms, submit_at_ms;
    bool listed;
    uint64_t listed_era;
    uint64_t served_view; /* the last one */
    uint64_t left_below;  /* it left views below this one for good: it sent its last table */
    uint64_t table_view;  /* of a TABLE that is not final yet; 0: none */
    size_t table_len;
    uint8_t table[ASSAY_CONT_RECORD_MAX];
};

/* A pending record to the node. */
struct submission {
    uint32_t node;
    enum assay_service_kind kind;
    size_t len;
    uint8_t bytes[ASSAY_SERVICE_PAYLOAD_MAX];
};

/* A state that an enclave sealed. The host stores all of them. */
struct sealed {
    uint32_t parent;
    uint64_t index;
    uint8_t prev[32], blob[32], digest[32];
};

struct instance {
    uint32_t group;
    struct assay_secret32 secret;
    uint8_t key[ASSAY_P256_PUBLIC_LEN], name[32];
    bool named; /* a process has requested a number: birth and name are known */
    struct assay_cont_birth birth;
    uint64_t births;
    uint32_t sealed_count, sealed_room;
    struct sealed *sealed;    /* [0] is no state yet */
    uint32_t released;        /* the newest with an output that left */
    uint64_t adopted_session; /* the newest session that took over, and the count of states */
    uint32_t adopted_count;   /* that were sealed then */
};

/* The successive processes of an instance. */
struct enclave {
    bool runs, numbered;
    bool blind; /* its host shows it nothing that is final after its number */
    uint32_t node, life;
    uint64_t submit_at_ms, start_at_ms, wake_at_ms, keep_at_ms;
    /* From cut_at_ms to cut_until_ms its host relays only to the replicas in these seats, a bit
     * each, and then ends it. */
    uint64_t cut_at_ms, cut_until_ms;
    uint32_t reachable;
    bool ends_cut;
    struct assay_cont_client *client;
    uint32_t last, shown;    /* sealed states of the instance: last queued, last certified */
    uint32_t before;         /* released when it started */
    uint32_t read_from;      /* released when its read started, */
    uint64_t read_session;   /* and the newest session that had taken over by then */
    uint32_t updates, reads; /* left in this epoch */
    struct assay_sim_random random;
};

/* A group, by final records and closes (views_audit.c). */
struct views {
    bool born, lost;
    uint64_t decided, started;     /* last */
    uint64_t highest;              /* ever decided, undone or not */
    uint64_t era, closes;          /* of that era */
    struct assay_cont_roster next; /* the last decided one */
    bool was_changing;             /* before the pending decision */
    /* The epoch of the last report of a seat, by another seat. */
    uint64_t unlisted
        [ASSAY_CONT_SEATS_MAX]; /* epoch since which no member lists the process of a seat */
    uint64_t reported[ASSAY_CONT_SEATS_MAX][ASSAY_CONT_SEATS_MAX];
    uint32_t move_count; /* moves of seats for silence, and when */
    uint64_t move[SILENCE_MOVES];
    bool lists[NODES];
    uint8_t key[NODES][ASSAY_P256_PUBLIC_LEN]; /* the last listed key of a slot */
    uint32_t known_count;                      /* started views of all eras: the last ones */
    struct assay_cont_roster known[KNOWN_VIEWS];
    uint64_t unseen; /* up to this one some may have started unobserved */
};

/* An instance, by final records and closes (sessions_audit.c). */
struct numbered {
    uint8_t instance[32];
    uint64_t given; /* the highest number of a session ever, undone or not */
    uint64_t last;  /* of its row; 0: none */
    bool kept, leased;
};

struct sessions {
    uint32_t count, room;
    struct numbered *known;
};

/* A stored hand-over of a replica. */
struct stored_handover {
    bool early; /* of a submitted TABLE: it may start nothing */
    size_t len;
    uint8_t bytes[ASSAY_CONT_HANDOVER_LEN_MAX];
};

/* A member that exhausts the quota of an author. */
struct quota_abuser {
    struct assay_secret32 secret; /* of its account */
    uint8_t key[ASSAY_P256_PUBLIC_LEN], account[32];
    uint64_t epoch; /* of its last submissions */
    uint64_t open_at_ms;
};

struct tasks;
struct shares;
struct group_key;

struct assay_sim_services {
    const struct assay_scenario *scenario;
    const struct assay_sim_services_plan *load;
    struct assay_sim_services_world world;
    uint64_t seed;
    uint32_t nodes;
    uint64_t epoch; /* of the scenario */
    bool undone;    /* operators began an era below a final block */
    /* The complete plan, and that of the genesis: the same unless a change adds services. */
    uint8_t plan_bytes[ASSAY_PLAN_LEN_MAX], first_bytes[ASSAY_PLAN_LEN_MAX];
    size_t plan_len, first_len;
    struct assay_registry_plan plan, first;
    struct assay_host_services host, more; /* by the first plan, and by the complete one */
    uint8_t chain_id[32];
    struct registry_follower follower[NODES];
    struct assay_registry_facts facts;

    struct {
        bool sound; /* it has every record since its start */
        bool stood; /* it was notified of standings */
        bool fresh; /* the network has just closed an epoch */
        void *memory;
        struct assay_registry *registry; /* NULL: the network has no services yet */
        uint64_t taken[2][NODES];        /* numbers of the epoch, a bit each; 1: of ceremonies */
        struct assay_registry_facts facts;
        uint8_t document[ASSAY_REGISTRY_DOCUMENT_LEN_MAX];
        uint64_t epoch; /* running */
    } recount;
    struct views views[GROUPS];
    struct sessions sessions[GROUPS];
    bool views_suspended[NODES]; /* by the last close */
    uint8_t views_operator[NODES];

    struct replica replica[GROUPS][NODES];
    struct instance instance[GROUPS * ASSAY_SIM_ENCLAVES_MAX];
    struct enclave enclave[PROCESSES];
    struct assay_cont_effects effects;
    struct assay_cont_outputs outs;
    struct tasks *tasks;
    struct shares *shares;
    struct group_key *group_key; /* NULL: none planned */

    struct {
        struct assay_sim_random random;
        uint32_t count;
        struct submission kept[FORGE_KEPT]; /* last submissions of transferable kinds */
    } forge;
    struct {
        struct assay_sim_random random;
        struct quota_abuser abuser[ASSAY_SIM_QUOTA_ABUSERS_MAX];
        bool known;        /* the count of members at the last close is known */
        uint32_t standing; /* members in WARNING or better */
        uint64_t taken, refused, relisted;
    } quota_abuse;
    struct {
        struct assay_sim_random random;
        uint32_t count;
        struct stored_handover kept[HANDOVERS_KEPT];
        uint8_t room[ASSAY_CONT_HANDOVER_LEN_MAX], frame[ASSAY_CONT_HANDOVER_LEN_MAX + 256];
        uint64_t shown, followed;
    } handovers;
    /* Modes of showing an enclave its row (docs/services.md 1.3.6). */
    struct {
        struct assay_cont_row_tree tree;
        uint8_t head[ASSAY_CONT_DOCUMENT_LEN_MAX], proof[ASSAY_CONT_ROW_PROOF_LEN_MAX];
    } row;
    uint32_t submissions;
    struct submission submission[SUBMISSIONS];
    uint8_t room[2 * 64 * 1024];
    struct {
        uint64_t records, certified, adopted, refused, fenced, confirmed;
    } count;
};

/* --- registry_follower.c */
/* Returns: the node id of the member of a node, in the slot of its number; NULL while it has
 * none. */
const uint8_t *follower_node_id(const struct assay_sim_services *s, uint32_t node);

/* services.c */
/* Returns: random numbers of a program, or of one of its lives. */
struct assay_sim_random services_stream(const struct assay_sim_services *s, enum program program,
                                        uint64_t number);
void services_bytes(struct assay_sim_random *random, uint8_t *bytes, size_t len);
/* A modelled key. */
void services_key(struct assay_sim_random *random, struct assay_secret32 *secret,
                  uint8_t public[static ASSAY_P256_PUBLIC_LEN]);
/* The seed of its link key, derived from its name. */
struct assay_secret32 services_link(const struct name *name);
void services_name_encode(const struct name *name, uint8_t curve[static 32]);
bool services_name_decode(const uint8_t curve[static 32], struct name *name);
void services_send(struct assay_sim_services *s, const struct name *from, uint32_t from_node,
                   const struct name *to, uint32_t to_node, struct assay_slice frame);
void services_submit(struct assay_sim_services *s, uint32_t node, enum assay_service_kind kind,
                     struct assay_slice payload);
/* The same of a hostile member, without a forged copy. */
void services_submit_uncopied(struct assay_sim_services *s, uint32_t node,
                              enum assay_service_kind kind, struct assay_slice payload);
/* A checker evaluated a rule; format NULL: no finding. */
void services_report_check(struct assay_sim_services *s, enum assay_sim_checker checker,
                           const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Returns: whether services have load left; and virtual milliseconds. */
bool services_is_on(const struct assay_sim_services *s);
uint64_t services_now(const struct assay_sim_services *s);

/* registry_follower.c */
/* Notifies the programs of the node of records that became final since the last call. */
void follower_turn(struct assay_sim_services *s, uint32_t node);
void follower_free(struct registry_follower *follower);

/* recount.c */
/* Restarts from the plan. */
void recount_open(struct assay_sim_services *s, const struct assay_registry_plan *plan);
void recount_free(struct assay_sim_services *s);

/* views_audit.c: a registry that is observed from here on; an applied record; facts of a close;
 * standings before a close; after it. */
void views_adopt(struct assay_sim_services *s);
void views_record(struct assay_sim_services *s, uint32_t slot, enum assay_service_kind kind,
                  struct assay_slice payload, const struct assay_registry_facts *facts);
void views_on_facts(struct assay_sim_services *s, const struct assay_registry_facts *facts);
void views_on_standings(struct assay_sim_services *s, const struct assay_registry_member *member,
                        uint32_t count);
void views_closed(struct assay_sim_services *s);

/* sessions_audit.c, called by views_audit.c: a registry that is observed from here on; an applied
 * SESSION; an applied KEEP; after a close. */
void sessions_adopt(struct assay_sim_services *s, uint32_t group);
void sessions_numbered(struct assay_sim_services *s, struct assay_slice payload,
                       const struct assay_registry_facts *facts);
void sessions_kept(struct assay_sim_services *s, struct assay_slice payload);
void sessions_closed(struct assay_sim_services *s, uint32_t group);
void sessions_free(struct assay_sim_services *s);

/* forge.c: copies that hostile members submit together with a record */
void forge_open(struct assay_sim_services *s);
void forge_submit_copies(struct assay_sim_services *s, uint32_t node, enum assay_service_kind kind,
                         struct assay_slice payload);

/* --- handovers.c */
void handovers_open(struct assay_sim_services *s);
/* A replica's frame has reached an enclave. */
void handovers_receive(struct assay_sim_services *s, struct assay_slice frame);
/* A replica submits this TABLE. */
void handovers_on_submit(struct assay_sim_services *s, struct assay_slice payload);
/* The hand-over that its host shows to an enclave now, as from the replica in a seat. Returns: a
 * frame, until the next call; empty: none. */
struct assay_slice handovers_draw(struct assay_sim_services *s, const struct assay_cont_client *c,
                                  uint32_t *seat);
/* A view has started, by final records. */
void handovers_on_view_started(struct views *v, const struct assay_cont_roster *roster);
/* A frame has moved an enclave from this view, or has not. */
void handovers_on_follow(struct assay_sim_services *s, uint64_t from,
                         const struct assay_cont_client *c);
/* A replica executes s->effects. */
void handovers_on_effects(struct assay_sim_services *s, uint32_t group, uint32_t node);

/* --- quota_abuse.c */
void quota_abuse_open(struct assay_sim_services *s);
/* Returns: whether the member of a node is a quota_abuser. */
bool quota_abuse_is_abuser(const struct assay_sim_services *s, uint32_t node);
void quota_abuse_step(struct assay_sim_services *s, uint32_t node);
/* A close reported standings; standings are unknown. */
void quota_abuse_on_standings(struct assay_sim_services *s,
                              const struct assay_registry_member *member, uint32_t count);
void quota_abuse_forget_standings(struct assay_sim_services *s);
/* A final record, and whether it was applied. */
void quota_abuse_record(struct assay_sim_services *s, uint32_t slot, enum assay_service_kind kind,
                        struct assay_slice payload, const char *became,
                        const struct assay_registry_facts *facts);

/* replicas.c */
/* Its process ends, and the next one lists another key. */
void replicas_relist(struct assay_sim_services *s, uint32_t group, uint32_t node);
void replicas_die(struct assay_sim_services *s, uint32_t node);
/* A TABLE record was applied. */
void replicas_table(struct assay_sim_services *s, uint32_t node, struct assay_slice payload);
void replicas_fact(struct assay_sim_services *s, uint32_t node, uint32_t group,
                   const struct assay_cont_fact *fact);
void replicas_turn(struct assay_sim_services *s, uint32_t node);
void replicas_receive(struct assay_sim_services *s, uint32_t node, const struct name *to,
                      const struct name *from, struct assay_slice frame);
void replicas_epoch(struct assay_sim_services *s);
void replicas_free(struct assay_sim_services *s);
/* The living replica with that key. Returns: false: none. */
bool replicas_find(const struct assay_sim_services *s, uint32_t group,
                   const uint8_t key[static ASSAY_P256_PUBLIC_LEN], uint32_t *node);

/* --- enclaves.c */
void enclaves_open(struct assay_sim_services *s);
void enclaves_die(struct assay_sim_services *s, uint32_t node);
void enclaves_fact(struct assay_sim_services *s, uint32_t node, uint32_t group,
                   const struct assay_cont_fact *fact);
void enclaves_turn(struct assay_sim_services *s, uint32_t node);
/* The process of this session. Returns: whether there is one. */
bool enclaves_find(const struct assay_sim_services *s, const uint8_t instance[static 32],
                   uint64_t session, struct name *name, uint32_t *node);
void enclaves_receive(struct assay_sim_services *s, uint32_t node, const struct name *to,
                      const struct name *from, struct assay_slice frame);
void enclaves_epoch(struct assay_sim_services *s);
void enclaves_free(struct assay_sim_services *s);
/* An era starts below a final block: releases before it count no more, and the numbers of running
 * processes will be given again. */
void enclaves_on_undone(struct assay_sim_services *s);
/* Returns: number of processes that may show their state. */
uint32_t enclaves_running(const struct assay_sim_services *s);

/* --- tasks.c, audit.c */
void tasks_open(struct assay_sim_services *s);
void tasks_plan(const struct assay_sim_services *s, struct assay_registry_plan *plan);
void tasks_free(struct assay_sim_services *s);
void tasks_die(struct assay_sim_services *s, uint32_t node);
void tasks_epoch(struct assay_sim_services *s);
void tasks_turn(struct assay_sim_services *s, uint32_t node);
void tasks_receive(struct assay_sim_services *s, uint32_t node, const struct name *to,
                   struct assay_slice frame);
void tasks_fact(struct assay_sim_services *s, uint32_t node, const struct assay_task_fact *fact);
/* The programs of a node were notified of a close; or restarted. */
void tasks_node_closed(struct assay_sim_services *s, uint32_t node);
void tasks_on_restart(struct assay_sim_services *s, uint32_t node);
/* A final record, and its facts; a close of the network. */
void tasks_record(struct assay_sim_services *s, uint32_t slot, enum assay_service_kind kind,
                  struct assay_slice payload, bool applied,
                  const struct assay_registry_facts *facts);
void tasks_closed(struct assay_sim_services *s, const struct assay_state *after,
                  const struct assay_registry_member *member, uint32_t count);
/* After unobserved epochs: adopts the present ledger. */
void tasks_adopt(struct assay_sim_services *s);
void tasks_end(struct assay_sim_services *s);
void tasks_figures(const struct assay_sim_services *s,
                   int64_t figures[static ASSAY_SIM_FIGURE_COUNT]);

/* --- shares.c, secrets.c, shares_audit.c */
void shares_open(struct assay_sim_services *s);
void shares_plan(const struct assay_sim_services *s, struct assay_registry_plan *plan);
void shares_free(struct assay_sim_services *s);
void shares_die(struct assay_sim_services *s, uint32_t node);
void shares_epoch_begins(struct assay_sim_services *s);
void shares_turn(struct assay_sim_services *s, uint32_t node);
void shares_fact(struct assay_sim_services *s, uint32_t node,
                 const struct assay_share_facts *facts);
/* A final record, as the programs of a node receive it. */
void shares_on_final_record(struct assay_sim_services *s, uint32_t node, uint32_t slot,
                            enum assay_service_kind kind, struct assay_slice payload);
void shares_node_closed(struct assay_sim_services *s, uint32_t node);
void shares_on_restart(struct assay_sim_services *s, uint32_t node);
void shares_receive(struct assay_sim_services *s, uint32_t node, const struct name *to,
                    const struct name *from, struct assay_slice frame);
/* Facts of a final record; a close of the network. */
void shares_record(struct assay_sim_services *s, const struct assay_registry_facts *facts);
void shares_closed(struct assay_sim_services *s);
void shares_figures(const struct assay_sim_services *s,
                    int64_t figures[static ASSAY_SIM_FIGURE_COUNT]);

/* --- group_key/holders.c */
void group_key_open(struct assay_sim_services *s);
void group_key_plan(const struct assay_sim_services *s, struct assay_registry_plan *plan);
void group_key_free(struct assay_sim_services *s);
void group_key_die(struct assay_sim_services *s, uint32_t node);
void group_key_epoch(struct assay_sim_services *s);
void group_key_turn(struct assay_sim_services *s, uint32_t node);
void group_key_follow_fence(struct assay_sim_services *s, uint32_t node);
/* The registry of the last close replaces that of a node's programs; it closed another epoch; a
 * final record, whether its programs are notified or not. */
void group_key_on_reset(struct assay_sim_services *s, uint32_t node,
                        const struct assay_registry *registry);
void group_key_node_closed(struct assay_sim_services *s, uint32_t node);
void group_key_on_final_record(struct assay_sim_services *s, uint32_t node, uint32_t slot,
                               enum assay_service_kind kind, struct assay_slice payload);
/* A frame of a signing session. */
void group_key_receive(struct assay_sim_services *s, uint32_t node, const struct name *from,
                       struct assay_slice frame);
/* A frame about a dealing: of the program that `from` says. */
void group_key_receive_dealing(struct assay_sim_services *s, uint32_t node, const struct name *from,
                               struct assay_slice frame);
/* group_key/audit.c: facts of a final record or a close of the network; after the close; after
 * unobserved epochs. */
void group_key_facts(struct assay_sim_services *s, const struct assay_registry_facts *facts);
void group_key_closed(struct assay_sim_services *s, bool certified);
void group_key_adopt(struct assay_sim_services *s);
void group_key_figures(const struct assay_sim_services *s,
                       int64_t figures[static ASSAY_SIM_FIGURE_COUNT]);

#endif
