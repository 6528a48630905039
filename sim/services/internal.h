/*
 * sim/services/internal.h - what the files of sim/services/ share.
 *
 * services.c (life, plan, turns), desk.c (how a node's programs see the ledger), recount.c (the
 * registry once more, from final blocks), replicas.c, enclaves.c, views_audit.c and
 * sessions_audit.c (continuity),
 * handovers.c (those that hosts show), forge.c (what hostile members hand in), hoard.c (what they
 * take for nothing), tasks.c, seal.c
 * and audit.c (tasks), shares.c, secrets.c and shares_audit.c (shares).
 */
#ifndef ASSAY_SIM_SERVICES_INTERNAL_H
#define ASSAY_SIM_SERVICES_INTERNAL_H

#include "base/assert.h"
#include "host/services.h"
#include "services/continuity/client.h"
#include "sim/random.h"
#include "sim/services/services.h"

enum {
    NODES = ASSAY_SIM_SERVED_NODES_MAX,
    GROUPS = ASSAY_SIM_GROUPS_MAX,
    PROCESSES = GROUPS * ASSAY_SIM_ENCLAVES_MAX * ASSAY_SIM_CLONES_MAX,
    SUBMISSIONS = 64, /* of one turn */
    AGAIN_MS = 1000,  /* records that are not final are handed in again */
    FORGE_KEPT = 64,
    SILENCE_MOVES = 64, /* that the checker keeps */
    KNOWN_VIEWS = 32,
    HANDOVERS_KEPT = 32,
};

/* Kinds of programs: the first byte of the CURVE keys that stand for them. */
enum program {
    PROGRAM_REPLICA = 1,
    PROGRAM_ENCLAVE,
    PROGRAM_TASK,
    PROGRAM_HOLDER,
    PROGRAM_OWNER,
    PROGRAM_READER,
};

/* One process: a CURVE key of its own, which is nothing but its name here. */
struct name {
    enum program program;
    uint32_t index; /* among its kind */
    uint32_t life;
    uint64_t session; /* of an enclave: as the ledger numbered this life, 0: not yet; of an owner
                       * or a reader: the node that it is on */
};

/* How the programs of a node see the ledger (net/services/server/service_server.h, follower.h). */
struct desk {
    uint32_t boot; /* of the machine that it was opened on */
    uint32_t life; /* of the engine behind it */
    bool begun;
    uint64_t epoch; /* running, as told */
    size_t at;      /* in the log of that epoch */
    void *memory;
    struct assay_registry *registry; /* every final record since; NULL before the first beginning */
    uint64_t era;
    uint8_t beacon[32];
    uint32_t members;
    struct assay_registry_member member[ASSAY_REGISTRY_SLOTS_MAX];
    uint8_t node_id[ASSAY_REGISTRY_SLOTS_MAX][32];
};

struct replica {
    bool runs;
    uint32_t life;
    struct assay_secret32 secret;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    void *memory;
    struct assay_cont_replica *core; /* NULL before its ledger has told */
    uint64_t wake_at_ms, submit_at_ms;
    bool listed;
    uint64_t listed_era;
    uint64_t served_view; /* last */
    uint64_t left_below;  /* views below this one it has left, for ever: it said its last table */
    uint64_t table_view; /* of the TABLE that waits to become final; 0: none */
    size_t table_len;
    uint8_t table[ASSAY_CONT_RECORD_MAX];
};

/* A record on its way to the node. */
struct submission {
    uint32_t node;
    enum assay_service_kind kind;
    size_t len;
    uint8_t bytes[ASSAY_SERVICE_PAYLOAD_MAX];
};

/* A state that an enclave sealed. The host keeps all of them. */
struct sealed {
    uint32_t parent;
    uint64_t index;
    uint8_t prev[32], blob[32], digest[32];
};

struct instance {
    uint32_t group;
    struct assay_secret32 secret;
    uint8_t key[ASSAY_P256_PUBLIC_LEN], name[32];
    bool named; /* some process of it has asked for a number: birth and name are known */
    struct assay_cont_birth birth;
    uint64_t births;
    uint32_t sealed_count, sealed_room;
    struct sealed *sealed; /* [0] is no state yet */
    uint32_t released;     /* the newest of which an output has left */
    uint64_t adopted_session; /* the newest that has taken the instance, and how many states were */
    uint32_t adopted_count;   /* sealed then */
};

/* One process life after the other of an instance. */
struct enclave {
    bool runs, numbered;
    bool blind; /* its host shows it nothing of what becomes final after its number */
    uint32_t node, life;
    uint64_t submit_at_ms, start_at_ms, wake_at_ms, keep_at_ms;
    /* From then until then its host lets the replicas in these seats alone hear it, a bit each, and
     * ends it afterwards. */
    uint64_t cut_at_ms, cut_until_ms;
    uint32_t heard;
    bool ends_cut;
    struct assay_cont_client *client;
    uint32_t last, shown;    /* of the instance's sealed states: queued last, certified last */
    uint32_t before;         /* what was released when it was started */
    uint32_t read_from;      /* when its read began, */
    uint64_t read_session;   /* and the newest session that had taken the instance by then */
    uint32_t updates, reads; /* that are still to be made in this epoch */
    struct assay_sim_random random;
};

/* Of a group, by final records and closes (views_audit.c). */
struct views {
    bool born, lost;
    uint64_t decided, started;     /* last */
    uint64_t highest;              /* that was ever decided, undone or not */
    uint64_t era, closes;          /* of that era */
    struct assay_cont_roster next; /* that was decided last */
    bool was_changing;             /* before what is decided now */
    /* The epoch of the last report of a seat, by another. */
    uint64_t unlisted[ASSAY_CONT_SEATS_MAX]; /* epoch since which nobody lists who sits there */
    uint64_t reported[ASSAY_CONT_SEATS_MAX][ASSAY_CONT_SEATS_MAX];
    uint32_t move_count; /* seats that moved for silence, and when */
    uint64_t move[SILENCE_MOVES];
    bool lists[NODES];
    uint8_t key[NODES][ASSAY_P256_PUBLIC_LEN]; /* what a slot has listed last */
    uint32_t known_count; /* views that started, in whatever era: the last of them */
    struct assay_cont_roster known[KNOWN_VIEWS];
    uint64_t unseen; /* up to this one some may have started while nobody looked */
};

/* An instance, by final records and closes (sessions_audit.c). */
struct numbered {
    uint8_t instance[32];
    uint64_t given; /* the highest number of a session, undone since or not */
    uint64_t last;  /* of its row; 0: it has none */
    bool kept, leased;
};

struct sessions {
    uint32_t count, room;
    struct numbered *known;
};

/* A hand-over that a replica gave. */
struct handover_kept {
    bool early; /* of a TABLE that was handed in: it may start nothing */
    size_t len;
    uint8_t bytes[ASSAY_CONT_HANDOVER_LEN_MAX];
};

/* A member that takes what one author can get. */
struct hoarder {
    struct assay_secret32 secret; /* of its account */
    uint8_t key[ASSAY_P256_PUBLIC_LEN], account[32];
    uint64_t epoch; /* in which it handed in last */
    uint64_t open_at_ms;
};

struct tasks;
struct shares;

struct assay_sim_services {
    const struct assay_scenario *scenario;
    const struct assay_sim_services_plan *load;
    struct assay_sim_services_world world;
    uint64_t seed;
    uint32_t nodes;
    uint64_t epoch; /* of the scenario */
    bool undone;    /* operators have begun an era below what was final */
    /* The whole, and what the genesis has of it: the same but where a change adds services. */
    uint8_t plan_bytes[ASSAY_PLAN_LEN_MAX], first_bytes[ASSAY_PLAN_LEN_MAX];
    size_t plan_len, first_len;
    struct assay_registry_plan plan, first;
    struct assay_host_services host, more; /* by the first, and by the whole */
    uint8_t chain_id[32];
    struct desk desk[NODES];
    struct assay_registry_facts facts;

    struct {
        bool sound; /* it has every record since it began */
        bool stood; /* it was told who stands how */
        bool fresh; /* the network has just closed an epoch */
        void *memory;
        struct assay_registry *registry; /* NULL: the network has no services yet */
        uint64_t taken[NODES];           /* numbers of the running epoch, a bit each */
        struct assay_registry_facts facts;
        uint8_t document[ASSAY_REGISTRY_DOCUMENT_LEN_MAX];
        uint64_t epoch; /* that runs */
    } recount;
    struct views views[GROUPS];
    struct sessions sessions[GROUPS];
    bool views_suspended[NODES]; /* by the last close */
    uint8_t views_operator[NODES];

    struct replica replica[GROUPS][NODES];
    struct instance instance[GROUPS * ASSAY_SIM_ENCLAVES_MAX];
    struct enclave enclave[PROCESSES];
    struct assay_cont_effects effects;
    struct assay_cont_outs outs;
    struct tasks *tasks;
    struct shares *shares;

    struct {
        struct assay_sim_random random;
        uint32_t count;
        struct submission kept[FORGE_KEPT]; /* handed in last, of kinds that anybody may */
    } forge;
    struct {
        struct assay_sim_random random;
        struct hoarder hoarder[ASSAY_SIM_HOARDERS_MAX];
        bool known;        /* how many members stood when the last epoch closed */
        uint32_t standing; /* so many, WARNING or better */
        uint64_t taken, refused, relisted;
    } hoard;
    struct {
        struct assay_sim_random random;
        uint32_t count;
        struct handover_kept kept[HANDOVERS_KEPT];
        uint8_t room[ASSAY_CONT_HANDOVER_LEN_MAX], frame[ASSAY_CONT_HANDOVER_LEN_MAX + 256];
        uint64_t shown, followed;
    } handovers;
    /* How an enclave is shown its row (docs/services.md 1.3.6). */
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

/* --- desk.c */
/* Returns: the node id of the member of a node, which sits in the slot of its number; NULL while it
 * has none. */
const uint8_t *desk_node_id(const struct assay_sim_services *s, uint32_t node);

/* --- services.c */
/* Returns: numbers of a program, or of one of its lives. */
struct assay_sim_random services_stream(const struct assay_sim_services *s, enum program program,
                                        uint64_t number);
void services_bytes(struct assay_sim_random *random, uint8_t *bytes, size_t len);
/* A modelled key. Returns: nothing. */
void services_key(struct assay_sim_random *random, struct assay_secret32 *secret,
                  uint8_t public[static ASSAY_P256_PUBLIC_LEN]);
/* The seed of its link key: a process is who it is named. */
struct assay_secret32 services_link(const struct name *name);
void services_name_put(const struct name *name, uint8_t curve[static 32]);
bool services_name_take(const uint8_t curve[static 32], struct name *name);
void services_send(struct assay_sim_services *s, const struct name *from, uint32_t from_node,
                   const struct name *to, uint32_t to_node, struct assay_slice frame);
void services_submit(struct assay_sim_services *s, uint32_t node, enum assay_service_kind kind,
                     struct assay_slice payload);
/* The same of a hostile member: nothing is made of it beside. */
void services_put(struct assay_sim_services *s, uint32_t node, enum assay_service_kind kind,
                  struct assay_slice payload);
/* A checker looked; format NULL: nothing was found. */
void services_look(struct assay_sim_services *s, enum assay_sim_checker checker, const char *format,
                   ...) __attribute__((format(printf, 3, 4)));
/* Returns: whether anything is still to be asked of services; and virtual milliseconds. */
bool services_is_on(const struct assay_sim_services *s);
uint64_t services_now(const struct assay_sim_services *s);

/* --- desk.c */
/* What became final since the last call is told to the programs of the node. */
void desk_turn(struct assay_sim_services *s, uint32_t node);
void desk_free(struct desk *desk);

/* --- recount.c */
/* Anew, as the plan begins. */
void recount_open(struct assay_sim_services *s, const struct assay_registry_plan *plan);
void recount_free(struct assay_sim_services *s);

/* --- views_audit.c: a registry that was followed from here on; an applied record; what a close
 * told; standings of a close, before it; it is over. Each Returns: nothing. */
void views_take(struct assay_sim_services *s);
void views_record(struct assay_sim_services *s, uint32_t slot, enum assay_service_kind kind,
                  struct assay_slice payload, const struct assay_registry_facts *facts);
void views_told(struct assay_sim_services *s, const struct assay_registry_facts *facts);
void views_stand(struct assay_sim_services *s, const struct assay_registry_member *member,
                 uint32_t count);
void views_closed(struct assay_sim_services *s);

/* --- sessions_audit.c: as views_audit.c, which calls it: a registry that was followed from here
 * on; an applied SESSION; an applied KEEP; a close is over. Each Returns: nothing. */
void sessions_take(struct assay_sim_services *s, uint32_t group);
void sessions_numbered(struct assay_sim_services *s, struct assay_slice payload,
                       const struct assay_registry_facts *facts);
void sessions_kept(struct assay_sim_services *s, struct assay_slice payload);
void sessions_closed(struct assay_sim_services *s, uint32_t group);
void sessions_free(struct assay_sim_services *s);

/* --- forge.c: what hostile members hand in beside a record */
void forge_open(struct assay_sim_services *s);
void forge_beside(struct assay_sim_services *s, uint32_t node, enum assay_service_kind kind,
                  struct assay_slice payload);

/* --- handovers.c */
void handovers_open(struct assay_sim_services *s);
/* A replica's frame has come to an enclave. */
void handovers_heard(struct assay_sim_services *s, struct assay_slice frame);
/* A replica hands this TABLE in. */
void handovers_handed(struct assay_sim_services *s, struct assay_slice payload);
/* What its host shows to an enclave now, as from the replica in a seat. Returns: a frame, until the
 * next; empty: nothing. */
struct assay_slice handovers_draw(struct assay_sim_services *s, const struct assay_cont_client *c,
                                  uint32_t *seat);
/* A view has started, by final records. */
void handovers_started(struct views *v, const struct assay_cont_roster *roster);
/* A frame has moved an enclave from this view, or has not. */
void handovers_followed(struct assay_sim_services *s, uint64_t from,
                        const struct assay_cont_client *c);
/* A replica does what s->effects say. */
void handovers_serve(struct assay_sim_services *s, uint32_t group, uint32_t node);

/* --- hoard.c */
void hoard_open(struct assay_sim_services *s);
/* Returns: whether its member is one. */
bool hoard_is_hoarder(const struct assay_sim_services *s, uint32_t node);
void hoard_turn(struct assay_sim_services *s, uint32_t node);
/* A close told how members stand; nobody knows how they do. */
void hoard_stand(struct assay_sim_services *s, const struct assay_registry_member *member,
                 uint32_t count);
void hoard_unknown(struct assay_sim_services *s);
/* A final record, and what became of it. */
void hoard_record(struct assay_sim_services *s, uint32_t slot, enum assay_service_kind kind,
                  struct assay_slice payload, const char *became,
                  const struct assay_registry_facts *facts);

/* --- replicas.c */
/* Its process ends, and the next one lists another key. */
void replicas_relist(struct assay_sim_services *s, uint32_t group, uint32_t node);
void replicas_die(struct assay_sim_services *s, uint32_t node);
/* A TABLE record has had effect. Returns: nothing. */
void replicas_table(struct assay_sim_services *s, uint32_t node, struct assay_slice payload);
void replicas_fact(struct assay_sim_services *s, uint32_t node, uint32_t group,
                   const struct assay_cont_fact *fact);
void replicas_turn(struct assay_sim_services *s, uint32_t node);
void replicas_heard(struct assay_sim_services *s, uint32_t node, const struct name *to,
                    const struct name *from, struct assay_slice frame);
void replicas_epoch(struct assay_sim_services *s);
void replicas_free(struct assay_sim_services *s);
/* Which replica has that key, alive. Returns: false: nobody has. */
bool replicas_find(const struct assay_sim_services *s, uint32_t group,
                   const uint8_t key[static ASSAY_P256_PUBLIC_LEN], uint32_t *node);

/* --- enclaves.c */
void enclaves_open(struct assay_sim_services *s);
void enclaves_die(struct assay_sim_services *s, uint32_t node);
void enclaves_fact(struct assay_sim_services *s, uint32_t node, uint32_t group,
                   const struct assay_cont_fact *fact);
void enclaves_turn(struct assay_sim_services *s, uint32_t node);
/* The process that runs this session. Returns: whether there is one. */
bool enclaves_find(const struct assay_sim_services *s, const uint8_t instance[static 32],
                   uint64_t session, struct name *name, uint32_t *node);
void enclaves_heard(struct assay_sim_services *s, uint32_t node, const struct name *to,
                    const struct name *from, struct assay_slice frame);
void enclaves_epoch(struct assay_sim_services *s);
void enclaves_free(struct assay_sim_services *s);
/* An era begins below what was final: what was released before is no promise any more, and whoever
 * runs has a number that somebody else will get. Returns: nothing. */
void enclaves_undone(struct assay_sim_services *s);
/* Returns: how many may show their state. */
uint32_t enclaves_running(const struct assay_sim_services *s);

/* --- tasks.c, audit.c */
void tasks_open(struct assay_sim_services *s);
void tasks_plan(const struct assay_sim_services *s, struct assay_registry_plan *plan);
void tasks_free(struct assay_sim_services *s);
void tasks_die(struct assay_sim_services *s, uint32_t node);
void tasks_epoch(struct assay_sim_services *s);
void tasks_turn(struct assay_sim_services *s, uint32_t node);
void tasks_heard(struct assay_sim_services *s, uint32_t node, const struct name *to,
                 struct assay_slice frame);
void tasks_fact(struct assay_sim_services *s, uint32_t node, const struct assay_task_fact *fact);
/* The programs of a node were told of a close; or everything anew. */
void tasks_node_closed(struct assay_sim_services *s, uint32_t node);
void tasks_begun(struct assay_sim_services *s, uint32_t node);
/* A final record, and what it told; a close of the network. */
void tasks_record(struct assay_sim_services *s, uint32_t slot, enum assay_service_kind kind,
                  struct assay_slice payload, bool applied,
                  const struct assay_registry_facts *facts);
void tasks_closed(struct assay_sim_services *s, const struct assay_state *after,
                  const struct assay_registry_member *member, uint32_t count);
/* After epochs that nobody followed: as the ledger has them now. Returns: nothing. */
void tasks_take(struct assay_sim_services *s);
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
/* A record that is final, as the programs of a node are told. */
void shares_final(struct assay_sim_services *s, uint32_t node, uint32_t slot,
                  enum assay_service_kind kind, struct assay_slice payload);
void shares_node_closed(struct assay_sim_services *s, uint32_t node);
void shares_begun(struct assay_sim_services *s, uint32_t node);
void shares_heard(struct assay_sim_services *s, uint32_t node, const struct name *to,
                  const struct name *from, struct assay_slice frame);
/* What a final record told; a close of the network. */
void shares_record(struct assay_sim_services *s, const struct assay_registry_facts *facts);
void shares_closed(struct assay_sim_services *s);
void shares_figures(const struct assay_sim_services *s,
                    int64_t figures[static ASSAY_SIM_FIGURE_COUNT]);

#endif
