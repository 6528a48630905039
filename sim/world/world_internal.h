/*
 * sim/world/world_internal.h - internal interface of the message world.
 *
 * queue.c (events, payloads), link.c (delay and loss of messages), world.c (clock, life, event
 * loop), node.c (life of one node), host.c and evidence.c (callbacks of host/: keys, disk, agent;
 * quotes, stored evidence, verdicts), genesis.c (keys and final block 0), acts.c (Byzantine acts of
 * tests), checker.c, ballots.c, voters.c, lanes.c and history.c (checkers), services.c (programs of
 * services), schedule.c (events of a scenario by epoch), messages.c (a complete scenario).
 */
#ifndef ASSAY_SIM_WORLD_WORLD_INTERNAL_H
#define ASSAY_SIM_WORLD_WORLD_INTERNAL_H

#include "base/assert.h"
#include "base/crypto/model.h"
#include "enforce/decide.h"
#include "engine/consensus/block.h"
#include "engine/ledger/records/envelope.h"
#include "engine/store/store_memory.h"
#include "engine/sync/sync.h"
#include "host/dispatch.h"
#include "host/effective_rules.h"
#include "host/overlay/evidence_pull.h"
#include "host/overlay/intake.h"
#include "host/overlay/serve.h"
#include "sim/attack.h"
#include "sim/outcome.h"
#include "sim/scenario/random.h"
#include "sim/world/world.h"

enum {
    WORLD_NODES = ASSAY_SIM_WORLD_NODES_MAX,
    WORLD_MS_KEPT = 1 << 16, /* a histogram has one bucket each millisecond */
    EVIDENCE_LEN = 96,       /* modelled */
    WORLD_EVIDENCE_EPOCHS = ASSAY_EVIDENCE_EPOCHS + 2, /* that a node holds at a close */
    WORLD_BUILD_FIELD = 0, /* of the reference value that evidence measures: MRENCLAVE */
    SIGNED_KEPT = 4096,
    AGENT_MS = 40,
    FRAME_LEN = 40,    /* host/peers/wire.h: a frame's overhead */
    STARTED_MS = 1000, /* monotonic clock of every node at the start */
    IMAGES_KEPT = 16,  /* of a disk, one each epoch */
    NODE_BITS = (WORLD_NODES + 7) / 8,
    LISTED_BITS = ASSAY_SIM_LISTED_NODES_MAX / 8,
    SET_KEPT = 4096,   /* a modelled set of endorsements */
    HOPS_KEPT = 16,    /* more are counted as this many */
    TRACE_CLOSED = 64, /* in the trace: the network closed an epoch */
};

/* Purposes of keys; the numbers are part of every key. */
enum {
    KEY_IDENTITY = 0,
    KEY_VOTING = 1,
    KEY_TRANSPORT = 2,
    KEY_BOOTSTRAP = 3,
    KEY_OPERATOR = 4,
    KEY_SOFT = 5
};
enum { ASSAY_SIM_SOFT_NODES_MAX = 20 }; /* real quotes are for small networks */

/* Bytes that recipients share. */
struct world_payload {
    uint32_t refs, len;
    uint8_t size_class;
    bool hashed;
    uint8_t digest[32];
    struct world_payload *next; /* in the free list */
    uint8_t bytes[];
};

struct evidence;
struct assay_vote_certificate; /* engine/consensus/vote.h */

/* A pending answer of a node's host to its engine. */
struct world_answer {
    struct assay_event event;
    struct world_payload *payload; /* owned reference, or NULL */
    struct evidence *evidence;     /* owned reference, or NULL */
    enum assay_evidence_kind kind; /* of a VERDICT */
    uint64_t epoch;                /* whose policy appraises it */
    struct world_answer *next;     /* in the free list */
};

enum item_kind {
    ITEM_MESSAGE,
    ITEM_ANSWER,
    ITEM_WAKE,
    ITEM_GOSSIP, /* a pull is due */
    ITEM_RESTARTED,
    ITEM_REBOOT,
    ITEM_DIE,
    ITEM_SCHEDULE, /* of the world, not of a node */
    ITEM_CLOCKS,   /* of the world: dates go wrong or are corrected */
    ITEM_KEYS,     /* a node's pending keys are another's: replaced */
    ITEM_JOIN,     /* a newcomer starts */
    ITEM_RETIRE,   /* a node that left is switched off */
    ITEM_RECOVER,  /* of the world: operators fence, or recover; or move a store away */
    ITEM_OVERLAY,  /* a node maintains its neighbours */
    ITEM_PROGRAM,  /* services of a node: a turn, or a message */
    ITEM_REVIEWS,  /* a node reads the blocks of the epochs that it closed for proposals */
    ITEM_DECLARE,  /* its host declares workload keys; its enclave may have lost them */
};

/* A scheduled event. */
struct item {
    uint32_t node, life;
    uint16_t from;
    uint8_t kind, message, hops;
    struct world_payload *payload; /* owned reference: MESSAGE */
    struct world_answer *answer;   /* owned: ANSWER */
    uint64_t number;               /* DIE: crash point; SCHEDULE: stall deadline */
    struct item *next;             /* in the free list */
};

struct world_entry {
    uint64_t at_us, order;
    struct item *item;
};

struct world_queue {
    struct world_entry *heap;
    size_t count, capacity;
    uint64_t order;
    struct item *free_items;
    struct world_answer *free_answers;
    struct world_payload *free_payloads[16];
    void **chunks; /* of items and answers */
    size_t chunk_count;
};

struct own_signature {
    uint16_t kind; /* message, or vote type */
    uint8_t key[64];
    uint64_t epoch, view;
    uint8_t digest[32];
    bool is_vote;
    unsigned type;
};

/* The rules that appraise evidence of an epoch: its policy and its endorsements. */
struct world_rules {
    uint8_t fails[NODE_BITS];             /* nodes whose evidence fails */
    uint32_t ends[ASSAY_SIM_VENDORS_MAX]; /* collateral of a vendor, unix s; 0: never */
};

/* Of one epoch: the rules in force, and those before the ones on trial. */
struct world_epoch_rules {
    struct world_rules in_force, before;
};

/* One quote, and the nodes that have it. */
struct evidence {
    uint8_t digest[32];
    uint32_t owner;
    uint32_t refs;
    uint64_t epoch; /* of the request */
    struct world_payload *bytes;
    struct assay_verdict *verdict; /* NULL: not appraised */
    int64_t verdict_at_unix_s;
    struct world_rules verdict_rules; /* that it was appraised by */
    uint8_t held[NODE_BITS];
    struct evidence *next; /* in the same bucket */
};

enum crash_point { CRASH_NEVER, CRASH_BEFORE, CRASH_DURABLE, CRASH_SENT };

struct world_image {
    uint64_t epoch;
    struct assay_store *store;
};

/* Links of a node, for host/overlay/overlay_driver.h. */
struct world_links {
    struct assay_sim_world *w;
    uint32_t node;
};

struct world_node {
    struct assay_engine *engine;
    void *memory; /* [memory_len], the engine's; NULL before the first one */
    size_t memory_len;
    void *rules; /* assay_host_rules_size(): the engine's rules */
    struct assay_store *store;
    struct assay_gossip *gossip;
    struct assay_overlay_driver driver; /* its neighbours, in overlay_memory */
    void *overlay_memory;               /* NULL: all members are neighbours */
    struct world_links links;           /* the driver's */
    struct assay_sim_random handshakes;
    uint64_t overlay_item_us;
    struct assay_seen *seen;
    struct assay_traffic_counters *counters;
    struct assay_roster roster;
    struct assay_limit *limits; /* [nodes]; NULL: budgets are off */
    struct assay_admission admission;
    uint32_t life;
    uint32_t boots;                           /* of the machine, and its programs */
    uint32_t boots_at[WORLD_EVIDENCE_EPOCHS]; /* when it closed each of the newest epochs */
    bool alive;
    bool asked;    /* at the boundary it was still requesting its own signatures from peers */
    bool finished; /* its keys signed what its log lacks, as its engine found before the boundary */
    uint32_t level;                /* the highest feature level of its build */
    struct assay_genesis *joining; /* of a newcomer with an empty store: the genesis, and itself */
    bool born;                     /* its machine exists: a member, or one that left recently */
    /* It took part in eras up to this one; its log lacks part of those up to that one. */
    uint32_t seen_era, lost_era;
    bool bundled; /* it joined with a bundle, and restarts with one when its store is lost */
    uint8_t node_id[32];
    uint8_t fails[NODE_BITS];      /* nodes whose evidence fails by the policy in force */
    struct assay_slice collateral; /* the endorsements in force, of its rules */
    /* Of the rules before those on trial: failing nodes, and the set; empty: none on trial. */
    uint8_t before_fails[NODE_BITS];
    uint8_t before_set[SET_KEPT];
    size_t before_set_len;
    uint64_t wake_us;      /* requested; UINT64_MAX: none */
    uint64_t wake_item_us; /* of the earliest in the queue */
    uint64_t gossip_item_us;
    uint64_t uplink_us, verifier_us; /* free from that time on */
    uint64_t verified;               /* pieces of evidence since its last close or start */
    struct assay_node_keys keys;
    struct assay_p256_signer *voting, *identity;
    uint8_t identity_public[ASSAY_P256_PUBLIC_LEN]; /* of the identity key that it uses */
    uint64_t key_turn;
    struct assay_sim_world_acts acts;
    struct assay_agent_memory agent; /* it loses nothing: what it decides is enforce/decide.c */
    bool agent_due;                  /* an epoch closed: check_agent */
    uint32_t agent_differs;          /* successive closes after which its work was another */
    size_t orders[5];
    struct assay_order last_orders[5]; /* by kind */
    struct world_payload *first_quote;
    struct own_signature *signed_;
    uint64_t *signed_keys; /* of the same: a hash of what makes two comparable */
    size_t signed_count;
    uint64_t closed;
    int64_t skew_us, drift_ppm;
    int64_t clock_us;          /* added by an attack */
    int64_t date_us;           /* added by the scenario's wrong dates */
    uint64_t still_until_us;   /* it is stalled until then; messages wait */
    enum crash_point crash_at; /* at the next commit */
    uint64_t down_ms;          /* after that crash */
    bool wipes, rolls_back;    /* at the next start */
    bool accepts;     /* its operator names every RECOVER in the configuration (node.recovers) */
    uint64_t engines; /* number of its engines */
    uint32_t died_in_era;
    bool fast_synced; /* fast sync, in the step that closes an epoch here */
    uint64_t rolls_back_epochs;
    bool first_day;           /* it next starts with store and keys folder of the first day */
    bool loses_log;           /* it next starts with an empty store and its old keys */
    bool lost_log;            /* a log of these keys was lost */
    bool recovering;          /* since it lost a log it has not voted */
    uint32_t kills, kill_row; /* how often it is killed again, by that row of the scenario */
    bool store_bound;         /* the store and its first keys are bound to each other */
    bool faulty_store;        /* a lost, torn or rolled-back write */
    uint64_t faulty_until;    /* offences of that time may be proven up to this epoch */
    bool came_back;           /* restarted since its last crash, and has not voted yet */
    uint32_t fenced_eras;   /* it signs nothing in the first such eras: their fences are durable */
    uint32_t answered_eras; /* the same of answers: replacing operators ends no answered fence */
    uint8_t fenced_by[32];  /* digest of the operators at that time */
    uint64_t fenced_until;  /* the last epoch of its newest fence */
    struct world_image *images;
    size_t image_count;
};

/* The stepping node, and the step whose effects are being executed. */
struct world_stepping {
    uint32_t node, life;
    bool given;                          /* the next event is the one from the world */
    bool dies;                           /* around this commit */
    bool uncommitted;                    /* a write is not durable yet */
    enum assay_status status;            /* of the given event, from its engine */
    const struct assay_effects *effects; /* NULL: the step is over */
    uint64_t wake_at_ms;
    struct assay_effect *signs[ASSAY_EFFECTS_MAX];
    struct world_payload *payloads[ASSAY_EFFECTS_MAX]; /* of its effects; owned references */
    size_t signed_count, sent_count;
};

struct world_run; /* schedule.c: a scenario; NULL in tests of the engine */

/* Where a test runs some identities in two worlds: a node's messages also leave its world, and may
 * be lost inside it. carry == NULL: there is no other world. */
struct world_bridge {
    bool (*passes)(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                   struct assay_slice bytes);
    void (*carry)(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                  struct assay_slice bytes);
    void *context;
};

struct assay_sim_world {
    struct assay_sim_world_options options;
    struct world_run *run;
    struct world_bridge bridge;
    struct assay_genesis *genesis;
    uint8_t *genesis_bytes;
    uint32_t deal[WORLD_NODES];     /* the key set of each node */
    uint32_t machines[WORLD_NODES]; /* the scenario's machine of each node */
    struct world_node nodes[WORLD_NODES];
    struct world_queue queue;
    struct assay_sim_link link;
    uint64_t *ready_us; /* [nodes * nodes] from, to: when a link was opened; overlay */
    struct world_payload
        *handled; /* the message that a node handles, borrowed, and its hops so far */
    uint32_t handled_hops;
    struct assay_sim_random *links; /* [nodes * nodes] one stream each pair */
    struct assay_sim_random crashes, disks, clocks, quotes;
    struct assay_updates updates;    /* the ledger's callbacks for modelled collateral */
    struct world_epoch_rules *rules; /* [rules_count] by epoch; a node that catches up needs all */
    size_t rules_count;
    uint64_t dated_us; /* of the last change of dates */
    uint64_t now_us, steps, engine_ns, extra_delay_us;
    uint64_t quote_us, verify_us;
    size_t engine_len; /* of one engine's memory */
    uint32_t groups[WORLD_NODES];
    bool partitioned;
    uint8_t *cut;               /* [nodes * nodes] from, to: of the scenario; NULL: none */
    struct world_soft *soft;    /* real evidence; NULL: modelled */
    struct evidence **evidence; /* buckets by digest */
    size_t evidence_count;
    struct assay_sim_world_note *notes;
    size_t note_count, note_capacity;
    struct world_chain *chain;       /* checker.c */
    struct world_new_keys *new_keys; /* new_keys.c */
    struct world_history *histories; /* [nodes] history.c */
    uint32_t *in_contact; /* [nodes * nodes] turns in contact, of two with different histories */
    bool split_reported;  /* operators were notified of an era in doubt or of too few answers */
    struct world_ballot_knowledge *known_ballots; /* [nodes] ballots.c */
    struct world_deliveries *received;            /* the same */
    struct world_voters *voters;                  /* voters.c */
    char violation[256];
    struct assay_effects *effects; /* of a restored value */
    void *dispatch_memory;
    struct assay_dispatch *dispatch; /* of the stepping node; empty between steps */
    struct world_stepping stepping;
    uint8_t *fence; /* [fence_len] the operators' last; recover.c */
    size_t fence_len;
    uint64_t fence_lasts;              /* epochs of the next one; 0: the default of recover.c */
    struct assay_evidence_pull *pulls; /* of the node of the last request */
    uint8_t *scratch, *page;
    uint8_t trace[32];
    uint8_t trace_buffer[8192];
    size_t trace_used;
    struct {
        uint64_t delivered, bytes, lost, verifications, crashes, recovered, events, strange,
            equivocations, dials, flooded, flooded_again, vote_hops[HOPS_KEPT];
        uint64_t recovery_kills;
        uint64_t authored, authored_again; /* of these: messages from authors to all */
    } count;
};

/* queue.c */
void world_queue_free(struct world_queue *q);
struct item *world_item(struct assay_sim_world *w, uint32_t node, enum item_kind kind);
void world_item_free(struct assay_sim_world *w, struct item *item);
void world_push(struct assay_sim_world *w, struct item *item, uint64_t at_us);
struct item *world_pop(struct world_queue *q, uint64_t *at_us);
/* Messages in its sockets go to the engine that took over. */
void world_follow(struct assay_sim_world *w, uint32_t node);
/* Returns: the time of the next event; UINT64_MAX: none. */
uint64_t world_next_us(const struct world_queue *q);
struct world_answer *world_answer(struct assay_sim_world *w, enum assay_event_kind kind);
struct world_payload *world_payload(struct assay_sim_world *w, const uint8_t *bytes, size_t len);
void world_payload_drop(struct assay_sim_world *w, struct world_payload *payload);
const uint8_t *world_payload_digest(struct world_payload *payload);

/* link.c */
uint64_t world_delay_us(const struct assay_sim_link *link, struct assay_sim_random *random);
/* The same between two nodes, possibly in different regions. */
uint64_t world_path_us(const struct assay_sim_link *link, struct assay_sim_random *random,
                       uint32_t from, uint32_t to);
/* Sends one message: may lose, duplicate, delay it. */
void world_deliver(struct assay_sim_world *w, uint32_t from, uint32_t to,
                   enum assay_message_kind kind, struct world_payload *payload);
/* A message over the bridge: from is a node of the other world. */
void world_receive_bridged(struct assay_sim_world *w, uint32_t from, uint32_t to,
                           enum assay_message_kind kind, struct assay_slice bytes);
/* By host/overlay/relay.h: to a slot, to all, or relayed to a few. */
void world_send(struct assay_sim_world *w, uint32_t from, uint16_t to, uint16_t except,
                enum assay_message_kind kind, struct world_payload *payload);
/* Relays a received message; again: its author retransmits it. */
void world_relay(struct assay_sim_world *w, uint32_t from, uint16_t except,
                 enum assay_message_kind kind, struct world_payload *payload, bool again);
bool world_is_reachable(const struct assay_sim_world *w, uint32_t from, uint32_t to);

/* world.c */
struct assay_sim_world *world_make(const struct assay_sim_world_options *options,
                                   struct world_run *run);
void world_start(struct assay_sim_world *w);
/* A checker found a violation: stops the world of a test; recorded in the outcome of a run. */
void world_report_violation(struct assay_sim_world *w, enum assay_sim_checker checker,
                            const char *format, ...) __attribute__((format(printf, 3, 4)));
/* One event to a node's engine, by its clocks; effects are not executed. */
enum assay_status world_engine_step(struct assay_sim_world *w, uint32_t node,
                                    struct assay_event *event, struct assay_effects *effects);
void world_schedule_wake(struct assay_sim_world *w, uint32_t node, uint64_t wake_at_ms);
/* Runs the next event. Returns: false when none is left or after a violation. */
bool world_run_event(struct assay_sim_world *w);
void world_trace(struct assay_sim_world *w, uint32_t node, unsigned kind, unsigned detail,
                 const uint8_t *digest);
uint64_t world_mono_ms(const struct assay_sim_world *w, uint32_t node);
/* Returns: T in force at the node, ms; a change of parameters may have replaced that of the
 * genesis. */
uint32_t world_epoch_ms(const struct assay_sim_world *w, uint32_t node);
uint64_t world_unix_ms(const struct assay_sim_world *w, uint32_t node);
/* Returns: when a node's own clock shows that many milliseconds. */
uint64_t world_when_us(const struct assay_sim_world *w, uint32_t node, uint64_t mono_ms);
/* The k-th message in flight to a node, unordered. Returns: NULL after the last. */
const struct item *world_in_flight(const struct assay_sim_world *w, uint32_t node, size_t k);

/* node.c */
void world_node_create(struct assay_sim_world *w, uint32_t node);
void world_node_destroy(struct assay_sim_world *w, uint32_t node);
void world_node_open(struct assay_sim_world *w, uint32_t node, bool again);
void world_node_renew(struct assay_sim_world *w, uint32_t node);
/* A newcomer with its own key set, on what its operator copied from a member's store. */
void world_node_join(struct assay_sim_world *w, uint32_t node, uint32_t set, uint32_t donor);
/* The first of the spares starts from genesis, without a store, as apps/daemon/assayd.c does. */
void world_node_newcomer(struct assay_sim_world *w, uint32_t node, uint32_t set);
void world_node_close(struct assay_sim_world *w, uint32_t node);
void world_node_new_keys(struct assay_sim_world *w, uint32_t node);
/* Makes another key set; the engine is not notified. */
void world_node_fresh_keys(struct assay_sim_world *w, uint32_t node);
/* Replaces pending keys. */
void world_node_replace_keys(struct assay_sim_world *w, uint32_t node);
/* Crashes, to restart after that long. */
void world_node_die(struct assay_sim_world *w, uint32_t node, uint64_t down_ms);
void world_node_image(struct assay_sim_world *w, uint32_t node, uint64_t epoch);

/* overlay.c: a node starts; its engine took over; it maintains its neighbours; a NEIGHBOUR or PRUNE
 * message arrives; it closed an epoch. */
bool world_overlay_used(const struct assay_sim_world *w, uint32_t node);
void world_overlay_open(struct assay_sim_world *w, uint32_t node);
void world_overlay_renewed(struct assay_sim_world *w, uint32_t node);
void world_overlay_turn(struct assay_sim_world *w, uint32_t node);
void world_overlay_due(struct assay_sim_world *w, uint32_t node);
void world_overlay_on_neighbour(struct assay_sim_world *w, uint32_t node, uint16_t from,
                                struct assay_slice payload);
void world_overlay_closed(struct assay_sim_world *w, uint32_t node, uint64_t epoch);
void world_overlay_on_prune(struct assay_sim_world *w, uint32_t node, uint16_t from,
                            struct assay_slice payload);

/* host.c */
void world_dispatch_open(struct assay_sim_world *w);
/* One event and its consequences. Returns: the engine's status of the event. */
enum assay_status world_step(struct assay_sim_world *w, uint32_t node,
                             const struct assay_event *event);
void world_host_message(struct assay_sim_world *w, const struct item *item);
void world_host_answer(struct assay_sim_world *w, uint32_t node, struct world_answer *answer);
/* After a start: what the agent was doing when the node ended. */
void world_host_resume_agent(struct assay_sim_world *w, uint32_t node);

/* evidence.c */
void world_evidence_open(struct assay_sim_world *w);
void world_quote_ask(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect);
void world_fetch(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect);
void world_verify(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect);
void world_load(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect);
void world_deliver_verdict(struct assay_sim_world *w, struct world_answer *answer);
void world_pull(struct assay_sim_world *w, uint32_t node, uint16_t from,
                struct assay_slice payload);
void world_pulled(struct assay_sim_world *w, uint32_t node, uint16_t from,
                  struct assay_slice payload);
void world_gossip_turn(struct assay_sim_world *w, uint32_t node);
void world_evidence_drop(struct assay_sim_world *w, struct evidence *e);
/* The node's store drops evidence below an epoch; evidence from an epoch on is lost with a disk. */
void world_evidence_prune(struct assay_sim_world *w, uint32_t node, uint64_t below);
void world_evidence_forget(struct assay_sim_world *w, uint32_t node, uint64_t from_epoch);
void world_evidence_free(struct assay_sim_world *w);
size_t world_evidence_count(const struct assay_sim_world *w, uint32_t node);
/* Adds the evidence of each node, bytes. */
void world_evidence_add_bytes(const struct assay_sim_world *w, uint64_t bytes[static WORLD_NODES]);
/* Returns: a node's evidence of a digest; len 0: none. */
struct assay_slice world_evidence_bytes(const struct assay_sim_world *w, uint32_t node,
                                        const uint8_t digest[static 32]);

/* quote.c */
/* Returns: NULL where the enclave does not answer. */
struct world_payload *world_quote_make(struct assay_sim_world *w, uint32_t node,
                                       const struct assay_effect *effect);
/* The reference value of a build. */
void world_build_value(uint8_t build, uint8_t value[static 32]);
/* rules: those of its epoch (world_rules_of); NULL: no node fails by them, and nothing expires. */
void world_appraise(const struct assay_sim_world *w, struct assay_slice bytes,
                    enum assay_evidence_kind kind, int64_t at_unix_s,
                    const struct world_rules *rules, struct assay_verdict *verdict);
/* A modelled policy lists the nodes whose evidence fails; number makes it a different one.
 * Returns: bytes written, WORLD_POLICY_LEN. */
enum { WORLD_POLICY_LEN = 13 + LISTED_BITS + 4 };
size_t world_policy_make(uint32_t number, const uint8_t fails[static NODE_BITS],
                         uint8_t out[static WORLD_POLICY_LEN]);
/* Place for the rules of an epoch: a node that was away for hundreds of epochs verifies evidence of
 * each of them again (protocol.md 9.8). Returns: borrowed until the next call. */
struct world_epoch_rules *world_rules_place(struct assay_sim_world *w, uint64_t epoch);
/* A node is the first in an epoch: its rules are those of the epoch. */
void world_rules_turn(struct assay_sim_world *w, uint32_t node, uint64_t epoch);
/* Returns: the rules that appraise evidence of an epoch; before: those that a reversal would
 * restore, which never expire (protocol.md 9.9). */
const struct world_rules *world_rules_of(const struct assay_sim_world *w, uint64_t epoch);
const struct world_rules *world_rules_before(const struct assay_sim_world *w, uint64_t epoch);
/* Returns: whether the collateral of the node's vendor has expired. */
bool world_rules_expired(const struct assay_sim_world *w, const struct world_rules *rules,
                         uint32_t node, int64_t at_unix_s);
/* Nodes that a policy fails; any other policy fails none. */
void world_policy_fails(struct assay_slice policy, uint8_t fails[static NODE_BITS]);
/* days.c: struct assay_updates of modelled collateral; context: the world. */
enum assay_status world_days_appraise(void *context, struct assay_slice set,
                                      struct assay_slice offer, int64_t at_unix_s,
                                      struct assay_update_facts *facts);
enum assay_status world_days_follow(void *context, struct assay_slice set,
                                    const struct assay_slice *offers, size_t count,
                                    int64_t at_unix_s, struct assay_writer *w, bool *taken,
                                    int64_t *until_unix_s, bool *same);
/* Adds platforms that are too old for a set in an epoch, and when its parts expire. */
void world_days_rules(const struct assay_sim_world *w, struct assay_slice set, uint64_t epoch,
                      struct world_rules *rules);
/* assay_document_check of modelled documents. */
enum assay_status world_document_check(bool is_policy, uint32_t level, struct assay_slice document);

/* soft.c: real evidence, in front of quote.c */
void world_soft_open(struct assay_sim_world *w);
void world_soft_close(struct assay_sim_world *w);
void world_soft_genesis(const struct assay_sim_world *w, struct assay_genesis *genesis);
void world_soft_member(struct assay_sim_world *w, uint32_t node,
                       struct assay_genesis_member *member);
struct world_payload *world_soft_quote(struct assay_sim_world *w, uint32_t node,
                                       const struct assay_effect *effect,
                                       enum assay_sim_evidence wanted);
void world_soft_appraise(const struct assay_sim_world *w, struct assay_slice bytes,
                         enum assay_evidence_kind kind, int64_t at_unix_s,
                         struct assay_verdict *verdict);

/* genesis.c */
void world_genesis_make(struct assay_sim_world *w);
void world_key(const struct assay_sim_world *w, uint32_t node, unsigned purpose, uint64_t turn,
               struct assay_secret32 *key);
void world_fill_id(uint8_t id[static 32], char letter, uint32_t number);
/* The operator with the key of a set. Sets 0 .. are those of the genesis, then those that were
 * added, in that order, then those of rows of the scenario, by which an operator gets another. */
void world_operator_of_set(const struct assay_sim_world *w, uint32_t set,
                           uint8_t public[static ASSAY_P256_PUBLIC_LEN], uint8_t id[static 32]);
uint32_t world_set_of_new_key(const struct assay_sim_world *w, uint32_t row);
uint32_t world_set_of_operator(const struct assay_sim_world *w, const uint8_t id[static 32]);
/* The key of a set. */
void world_set_key(const struct assay_sim_world *w, uint32_t set, unsigned purpose,
                   struct assay_secret32 *key);
enum { WORLD_NAME_LEN = 16 };
/* The card of a member in a slot with the keys of a set; it borrows name. */
void world_card(struct assay_sim_world *w, uint32_t slot, uint32_t set,
                struct assay_genesis_member *card, char name[static WORLD_NAME_LEN]);
/* Returns: a member of a state, a zero one after the end of its roster. */
const struct assay_member *world_member(const struct assay_state *state, uint32_t slot);
/* Returns: slots of the roster of a node's engine. */
uint32_t world_members(const struct assay_sim_world *w, uint32_t node);

/* checker.c */
void world_new_keys_create(struct assay_sim_world *w);
void world_new_keys_free(struct assay_sim_world *w);
/* A block that became final. */
void world_new_keys_block(struct assay_sim_world *w, const struct assay_proposal *p);
void world_check_create(struct assay_sim_world *w);
void world_check_free(struct assay_sim_world *w);
void world_check_signed(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect,
                        const struct world_payload *payload);
/* A node has proposed a block. */
void world_check_proposed(struct assay_sim_world *w, uint32_t node, const uint8_t id[static 32]);
void world_check_leaves(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect,
                        const struct world_payload *payload);
void world_check_persisted(struct assay_sim_world *w, uint32_t node,
                           const struct assay_effect *effect);
void world_check_order(struct assay_sim_world *w, uint32_t node, const struct assay_order *order);
void world_check_restart(struct assay_sim_world *w, uint32_t node, const struct assay_order *order);
/* After a step that closed an epoch: the enclave may do what the ledger says. */
void world_check_agent(struct assay_sim_world *w, uint32_t node);
void world_check_closed(struct assay_sim_world *w, uint32_t node, uint64_t epoch);
/* The engine of a node is about to be replaced at an epoch boundary; the new one is there; its
 * requests to peers are answered. */
void world_check_leaves_epoch(struct assay_sim_world *w, uint32_t node);
void world_check_renewed(struct assay_sim_world *w, uint32_t node);
void world_check_resumed(struct assay_sim_world *w, uint32_t node);

/* lanes.c: a message was relayed to that many; a node bans another; a message arrives (Returns:
 * whether it is admitted); a node closed an epoch. */
void world_lanes_relayed(struct assay_sim_world *w, uint32_t node, uint16_t to, uint32_t except,
                         uint32_t count);
void world_lanes_banned(struct assay_sim_world *w, uint32_t node, uint32_t from);
bool world_lanes_admit(struct assay_sim_world *w, const struct item *item,
                       struct assay_slice bytes);
void world_lanes_closed(struct assay_sim_world *w, uint32_t node);

/* ballots.c: an envelope goes to an engine; a node asks a peer; its engine requests evidence; its
 * host answers, with a verdict or without; an epoch starts for it; it signs a ballot. */
void world_ballots_create(struct assay_sim_world *w);
void world_ballots_free(struct assay_sim_world *w);
void world_ballots_received(struct assay_sim_world *w, uint32_t node, struct assay_slice payload);
/* It signs its envelope now. */
void world_ballots_made(struct assay_sim_world *w, uint32_t node);
/* Delay of envelopes from signing to arrival at another member. Returns: as world_quantile_ms. */
int64_t world_ballots_delivery_ms(const struct assay_sim_world *w, uint64_t share, uint64_t of);
void world_ballots_asked(struct assay_sim_world *w, uint32_t node, uint32_t peer,
                         enum assay_message_kind kind, struct assay_slice payload);
void world_ballots_fetch(struct assay_sim_world *w, uint32_t node, const struct assay_effect *e);
void world_ballots_verdict(struct assay_sim_world *w, uint32_t node,
                           const uint8_t digest[static 32], bool judged);
/* Returns: whether the node, since its last start, has a verdict on the subject's evidence of this
 * epoch. */
bool world_ballots_judged(struct assay_sim_world *w, uint32_t node, uint64_t epoch,
                          uint32_t subject, const uint8_t digest[static 32]);
void world_ballots_opened(struct assay_sim_world *w, uint32_t node);
void world_ballots_signed(struct assay_sim_world *w, uint32_t node, struct assay_slice payload);
/* history.c: a block is final to a node, and durable; its disk was replaced; it has notified its
 * operator of another history; an epoch of the scenario is over. */
void world_history_create(struct assay_sim_world *w);
void world_history_free(struct assay_sim_world *w);
void world_history_final(struct assay_sim_world *w, uint32_t node, uint64_t height,
                         const uint8_t id[static 32]);
/* Returns: the final block of the node at that height; NULL: none, or unknown. */
const uint8_t *world_history_at(const struct assay_sim_world *w, uint32_t node, uint64_t height);
void world_history_forget(struct assay_sim_world *w, uint32_t node);
void world_history_alarmed(struct assay_sim_world *w, uint32_t node);
void world_history_turn(struct assay_sim_world *w);
/* voters.c: the network closed an epoch (or starts); a node stores a certificate; it proposes. */
void world_voters_create(struct assay_sim_world *w);
void world_voters_free(struct assay_sim_world *w);
void world_voters_turn(struct assay_sim_world *w, uint32_t node);
/* Later epochs are no longer the network's. */
void world_voters_rewind(struct assay_sim_world *w, uint64_t epoch);
void world_voters_certificate(struct assay_sim_world *w, uint32_t node,
                              const struct assay_vote_certificate *c);
void world_voters_proposal(struct assay_sim_world *w, uint32_t node, struct assay_slice payload);
/* It signs a vote or a proposal of the epoch (docs/protocol.md 5.22). */
void world_voters_signed(struct assay_sim_world *w, uint32_t node, uint64_t epoch,
                         const char *what);

/* acts.c */
void world_acts_sign(struct assay_sim_world *w, uint32_t node, struct assay_effect *effect,
                     struct world_payload *payload);
void world_acts_sent(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect,
                     struct assay_slice payload);

/* schedule.c: properties of nodes, in a scenario or a test */
uint32_t world_vendor(const struct assay_sim_world *w, uint32_t node);
/* Returns: UINT32_MAX for a masked one. */
uint32_t world_platform(const struct assay_sim_world *w, uint32_t node);
uint32_t world_operator(const struct assay_sim_world *w, uint32_t node);
uint32_t world_operators(const struct assay_sim_world *w);
/* Returns: whether a node is honest with an intact disk. */
bool world_is_trusted(const struct assay_sim_world *w, uint32_t node);

/* The same from a scenario; each leaves the world of a test alone. */
void world_count_check(struct assay_sim_world *w, enum assay_sim_checker checker);
void world_report_finding(struct assay_sim_world *w, enum assay_sim_checker checker,
                          const char *message);
void world_run_genesis(const struct assay_sim_world *w,
                       struct assay_genesis_parameters *parameters);
void world_run_die(struct assay_sim_world *w, const struct item *item);
void world_run_down(struct assay_sim_world *w, uint32_t node);
void world_run_up(struct assay_sim_world *w, uint32_t node);
void world_run_schedule(struct assay_sim_world *w, const struct item *item);
/* dates.c */
void world_run_dates(struct assay_sim_world *w);
/* Of a final block and its parent: header times, and when each was first proposed. */
struct world_times {
    uint64_t height, time_ms, epoch_ms, proposed_us, parent_ms, parent_us;
};
void world_check_time(struct assay_sim_world *w, const struct world_times *times);
/* adversary.c */
enum assay_sim_evidence world_run_evidence(const struct assay_sim_world *w, uint32_t node);
bool world_run_verifies(const struct assay_sim_world *w, uint32_t node);
bool world_run_relays(const struct assay_sim_world *w, uint32_t from, uint32_t to,
                      enum assay_message_kind kind, const struct world_payload *payload);
uint64_t world_run_delay_us(const struct assay_sim_world *w, uint32_t from,
                            enum assay_message_kind kind);
bool world_run_accepts(struct assay_sim_world *w, uint32_t node, enum assay_message_kind kind,
                       struct world_payload *payload);
void world_run_sign(struct assay_sim_world *w, uint32_t node, struct assay_effect *effect,
                    struct world_payload *payload);
void world_run_sent(struct assay_sim_world *w, uint32_t node, struct assay_effect *effect,
                    struct world_payload *payload);
/* truth.c, final.c */
/* times[WORLD_MS_KEPT]: histogram in ms, count in all. Returns: the ms that a share of `of` did not
 * exceed; -1 when nothing was counted. */
int64_t world_quantile_ms(const uint32_t *times, uint64_t count, uint64_t share, uint64_t of);
void world_run_quoted(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect,
                      struct world_payload *bytes);
/* Returns: whether this is known to be valid evidence of that member for that epoch of the node's
 * chain. */
bool world_run_is_valid_evidence(const struct assay_sim_world *w, uint32_t node, uint64_t epoch,
                                 uint32_t subject, const uint8_t digest[static 32]);
void world_run_block(struct assay_sim_world *w, const struct assay_proposal *p);
void world_run_note(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect);
void world_run_restart(struct assay_sim_world *w, uint32_t node);
void world_run_closed(struct assay_sim_world *w, uint32_t node, uint64_t epoch);
/* recover.c: an act of an operator; a node has refused a RECOVER; its engine is of another era now;
 * it signs in an era. */
void world_run_recover(struct assay_sim_world *w, const struct item *item);
void world_run_refused(struct assay_sim_world *w, uint32_t node);
/* An engine of the node is about to start; it has received nothing yet. */
void world_run_started(struct assay_sim_world *w, uint32_t node);
void world_run_era(struct assay_sim_world *w, uint32_t node, uint32_t era);
void world_check_fence(struct assay_sim_world *w, uint32_t node, uint32_t era);
/* checker.c: removes what was final above a block that operators chose. Returns: whether there was
 * any. */
bool world_check_undone(struct assay_sim_world *w, uint64_t height, uint64_t epoch);
/* The complete plan, including the one that a change adds. */
struct assay_slice world_services_plan(const struct world_run *r);
/* reviews.c: a node has closed an epoch, or reads the blocks of it; a RECORD arrives at a node
 * (Returns: whether its host gives it to the engine). */
void world_run_review_epoch(struct assay_sim_world *w, uint32_t node);
void world_run_reviews(struct assay_sim_world *w, uint32_t node);
/* workload_keys.c: another epoch of a scenario with workload keys. */
void world_workload_keys_act(struct assay_sim_world *w, uint32_t node);
bool world_run_takes_record(struct assay_sim_world *w, const struct item *item,
                            struct assay_slice bytes);
/* services.c: the genesis is made; a turn of a node's programs, or a message to one. */
void world_services_genesis(struct assay_sim_world *w);
void world_services_item(struct assay_sim_world *w, const struct item *item);
/* changes.c */
void world_run_join(struct assay_sim_world *w, const struct item *item);
void world_run_retire(struct assay_sim_world *w, const struct item *item);

#endif
