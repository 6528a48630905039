/*
 * net/runtime/runtime_internal.h - declarations shared by the files of the runtime; private to
 * net/runtime.
 *
 *   runtime.c              opening, closing, main loop
 *   runtime_step.c         callbacks of host/dispatch.h: engine, keys, store, link
 *   runtime_receive.c      received frames, and the kinds that the runtime answers itself
 *   runtime_collateral.c   collateral found by the fetcher
 *   runtime_offers.c       collateral offers of this node
 *   runtime_evidence.c     callbacks of host/overlay/evidence_pull.h: cache, pool, link; LOAD
 *   runtime_appraisals.c   the newest verdict about each member's evidence
 *   runtime_changes.c      changes submitted to this node
 *   runtime_reviews.c      proposals of changes, and what operators state about them
 *   runtime_enclave.c      the enclave's callbacks: quotes, orders, new keys
 *   runtime_challenge.c    challenge-response sessions of relying parties
 *   runtime_keys.c         keyring, signers, dialling keys, roster
 *   runtime_services.c     service programs
 *   runtime_signals.c      operator signals
 *   runtime_log.c          log lines and timeline events of notes; the snapshot
 *   runtime_peer_clocks.c  clock requests to peers
 *   runtime_history.c      score history of closed epochs
 *   runtime_publish.c      data for the HTTP server
 *   runtime_addresses.c    address claims of members
 *   runtime_overlay.c      overlay links in a large network
 *   runtime_transport.c    news of the transport process
 *   document_*.c           requests of the admin socket, answered with JSON documents
 *
 * Layers, each includes only those before it: net/timeline, net/documents, net/http, net/runtime.
 */
#ifndef ASSAY_NET_RUNTIME_RUNTIME_INTERNAL_H
#define ASSAY_NET_RUNTIME_RUNTIME_INTERNAL_H

#include "base/assert.h"
#include "base/checked.h"
#include "host/dispatch.h"
#include "host/overlay/evidence_pull.h"
#include "host/overlay/gossip.h"
#include "host/overlay/intake.h"
#include "host/overlay/serve.h"
#include "host/peers/addresses.h"
#include "host/peers/limit.h"
#include "host/peers/page.h"
#include "host/peers/peer_clocks.h"
#include "host/peers/roster.h"
#include "host/peers/wire.h"
#include "host/review_follow.h"
#include "host/snapshot.h"
#include "net/admin/admin.h"
#include "net/keys/keyring.h"
#include "net/keys/store_binding.h"
#include "net/runtime/latency.h"
#include "net/runtime/runtime.h"
#include "net/services/server/summary.h"
#include "net/services/service_probe.h"
#include "net/services/workload.h"
#include "net/system/log.h"
#include "net/timeline/timeline_log.h"
#include "net/transport/transport.h"
#include "net/verifier/evidence_cache.h"
#include "net/verifier/verify_pool.h"
#include "net/zmq/outbox.h"

struct assay_history_row;   /* net/timeline/history.h */
struct assay_http;          /* net/http/http.h */
struct assay_session_table; /* net/verifier/challenge_sessions.h */
struct assay_json;          /* net/json/json.h */
struct assay_change_basis;  /* net/documents/change_review.h */

enum {
    RUNTIME_FRAMES_PER_POLL = 256,   /* then timers and the admin socket are served */
    RUNTIME_EVENTS_PER_COMMIT = 512, /* a turn's frames, and as many answers */
    RUNTIME_SLEEP_MS_MAX = 1000,
    RUNTIME_LINGER_MS = 200, /* reachable peers receive what is queued in much less */
    /* signals, pool, fetcher, workload, requests of HTTP clients, the sockets of admin, anchors and
     * services with their clients, the enclave's */
    RUNTIME_FDS_MAX = 5 + 2 * (1 + ASSAY_ADMIN_CLIENTS_MAX) + ASSAY_SERVICE_SERVER_FDS_MAX +
                      ASSAY_RUNTIME_ENCLAVE_FDS_MAX,
    RUNTIME_HISTORY_EPOCHS = 20000, /* same retention as the engine's blocks */
    /* ASSAY_STORE_META; the engine's own numbers are below, and 1200; 1000 and 1040 are
     * net/keys/store_binding.c's */
    RUNTIME_META_CHANGES = 1001,     /* to 1008 */
    RUNTIME_CHANGES_MAX = 8,         /* submitted, not in a block yet */
    RUNTIME_CHANGE_MESSAGE = 400,    /* ASSAY_CHANGE_MESSAGE */
    RUNTIME_META_SUSPENSIONS = 1009, /* members that the last reverted change suspended */
    RUNTIME_META_CHANGE_ENDS = 1011, /* epoch: a sequence; assay_change_end of a change that did not
                                  * stay */
    RUNTIME_META_ADDRESS = 1010,     /* id: a node; its address claim */
    RUNTIME_META_OFFERS = 1020,      /* to 1035 */
    RUNTIME_OFFERS_MAX = 16,         /* collateral found or submitted, not in a block yet */
    RUNTIME_OFFER_MESSAGE = 300,
    RUNTIME_META_REVIEWS = 1100,         /* how far blocks were read for proposals */
    RUNTIME_META_REVIEWS_WAITING = 1101, /* to 1108: submitted, not in a block yet */
    RUNTIME_META_REVIEW_ENTRIES = 10000, /* to 18703: what counts */
    RUNTIME_ADDRESSES_TEXT = 2 * ASSAY_CLAIM_ADDRESSES_MAX * (ASSAY_CLAIM_ADDRESS_MAX + 8),
};

/* Link state of a member in the overlay. */
struct runtime_link {
    bool wanted;
    uint64_t hang_up_ms; /* monotonic; 0: not scheduled */
};

/* A verification that waits for room in the pool. */
struct runtime_waiting_job {
    struct assay_verify_job job;
    uint8_t *bytes;
    struct runtime_waiting_job *next;
};

/* Another process uses this node's identity (docs/protocol.md 2.15: one process per identity). */
struct runtime_shared_identity {
    uint64_t opened_unix_ms; /* start of this process */
    bool is_logged;
    uint64_t logged_ms;
};

/* The certificate of the group key, of this node's holder's process
 * (services/document_authority.c). */
struct runtime_authority {
    uint32_t number; /* CA number */
    uint64_t since;  /* epoch of the close that put its generation into force */
    size_t len;      /* 0: none yet */
    uint8_t der[ASSAY_SERVICE_ISSUED_MAX];
};

struct assay_runtime {
    struct assay_runtime_config config;
    char *keys_dir;
    uint16_t self, members;

    uint64_t now_ms, at_unix_ms, started_ms, expired_ms;
    uint64_t boot; /* of this process: numbers of its events are of one run */
    struct { /* dialling by the bootstrap key while the head does not advance: runtime_keys.c */
        bool tried;
        uint64_t epoch, since_ms;
    } bootstrap;
    struct runtime_shared_identity shared;
    enum assay_status failure; /* ASSAY_OK while the node runs */
    volatile int stopping;
    uint64_t closed_epoch; /* by the last close that was logged; 0: none yet */
    bool renewed;          /* not the first runtime of the process */
    bool renewing;         /* this engine has finished: the next one is created from the store */
    bool reloading;        /* SIGHUP was received */
    uint64_t reloads;      /* applied */
    bool reload_refused;
    bool draining; /* exit requested: when nothing is in progress, or at drain_until_ms */
    uint64_t drain_until_ms;
    bool recovers_accepted; /* node.recovers were handed to this engine */
    int signal_fd;

    struct assay_keyring keyring;
    struct assay_p256_signer *identity, *voting;
    bool keys_are_new;    /* never bound to a store before: they signed nothing */
    bool has_bound_store; /* the store is the one that the keys are bound to */
    struct {              /* written once everything is open, for a new store */
        bool is_due, has_new_keys, has_new_store;
        const char *why;      /* reason for new keys */
        const char *identity; /* what became of the identity key, to be logged; NULL: nothing */
        bool identity_follows;
        struct assay_store_binding stored;
    } binding;
    bool dials_by_bootstrap_key, dials;
    uint8_t dial_public[32]; /* of the key set in use for dialling */

    void *engine_memory;
    struct assay_engine *engine;
    void *dispatch_memory;
    struct assay_dispatch *dispatch;
    uint64_t wake_at_ms;

    struct assay_traffic_counters counters;
    struct assay_log log;
    struct assay_timeline_log *timeline; /* also read by the HTTP thread */
    uint64_t timeline_notified;          /* the newest event that HTTP was notified of */
    struct assay_roster roster;
    struct assay_limit_rates rates;
    struct assay_limit *limits; /* [members] */
    struct assay_peer_clocks peer_clocks;
    struct assay_peer_clocks_peer *clock_peers; /* [members] */
    uint32_t *clock_weights;                    /* [members] */
    struct assay_address *addresses;            /* [members] claimed listening addresses */
    struct assay_transport *link;
    struct assay_overlay_driver driver; /* in overlay_memory */
    void *overlay_memory;               /* NULL: full mesh */
    struct runtime_link *links;         /* [members]; NULL without an overlay */
    uint64_t hang_up_due_ms;            /* earliest of links */
    struct assay_pages *pages;
    struct assay_seen *seen;
    struct assay_gossip *gossip;
    struct assay_evidence_pull evidence_pull;
    struct assay_admission admission;
    struct assay_intake intake;
    struct assay_evidence_cache *evidence_cache;
    struct assay_verify_pool *pool;
    struct runtime_waiting_job *waiting, **waiting_end;
    struct runtime_appraisal *appraisals; /* [members], runtime_appraisals.c */
    struct assay_shared_devices *shared_devices;
    struct assay_session_table *challenges; /* runtime_challenge.c */
    uint64_t expired_epoch; /* the last closed one: appraisals for its ballots are of no use */
    struct assay_serve serve;
    struct assay_workload *workload;
    struct assay_service_probe *service;
    struct assay_admin *admin;
    struct assay_admin *anchor;                   /* for anchors on EVM chains; NULL: no services */
    struct assay_service_server *service_server;  /* NULL: no services, or no socket configured */
    struct runtime_service_server *service_state; /* runtime_services.c */
    struct runtime_authority authority; /* of the active CA number, and of the others that are
                                         * published: */
    struct runtime_authority other_authority[ASSAY_CA_PUBLISHED_MAX - 1];
    struct runtime_authority cross; /* of the active number by the one before */
    struct assay_services_summary *services_summary; /* NULL: the network has no services */
    bool quoting;                                    /* the node's own quote is pending */
    uint64_t quotes_without_keys; /* in a row: the enclave's list was empty (runtime_enclave.c) */
    uint64_t
        history_hour; /* newest hour with rows kept for a month, plus one; 0: none in this run */
    struct assay_http *http; /* NULL: none */
    /* Weights of the voters of the running epoch, for the first one that closes here: the store has
     * no scores of the epoch before a genesis, an era or a fast sync. */
    uint32_t *voter_weights; /* [members] */
    uint64_t voter_epoch;
    struct assay_latency latency;
    uint64_t ages_due_ms;                 /* next check of the age of the collateral in force */
    uint8_t ages[ASSAY_ENDORSEMENTS_MAX]; /* enum assay_collateral_age, a root each */
    struct runtime_changes *changes;
    struct runtime_reviews *reviews;
    uint64_t missing; /* why this node cannot catch up: missing_text; 0: it can */
    struct runtime_offers *offers;
    uint64_t *fail_epoch;         /* [members] epoch of the last proven FAIL */
    struct assay_verdict verdict; /* the pool's last answer */
    struct assay_pages_losses page_losses;
    struct assay_snapshot snapshot; /* members: [members] */
    struct {                        /* lists of workload keys; snapshot.keys is the table */
        struct assay_authz_table *table;
        uint32_t first; /* the slot whose lists are read first */
        uint32_t missing;
        uint64_t epoch, retry_ms; /* of the last update; when what is missing is tried again */
    } key_table;
    uint8_t *outgoing; /* [ASSAY_FRAME_LEN_MAX] */
    uint8_t *paging;   /* [ASSAY_FRAME_LEN_MAX] */
    struct pollfd fds[RUNTIME_FDS_MAX];
};

/* --- runtime_step.c */
ASSAY_CHECKED enum assay_status runtime_dispatch_open(struct assay_runtime *runtime);
/* Queues a copy of an event for a later step. A full queue stops the node. */
void runtime_queue_event(struct assay_runtime *runtime, const struct assay_event *event);
/* Steps one event now. Returns: the engine's status. */
enum assay_status runtime_step_event(struct assay_runtime *runtime, struct assay_event *event);
/* Steps queued events, commits, sends and acts until nothing is queued. Out: runtime->failure. */
void runtime_process_events(struct assay_runtime *runtime);
/* Stops the node; logs the reason once. */
void runtime_fail(struct assay_runtime *runtime, enum assay_status status, const char *what);
/* Sends one small frame over the existing link, if any. */
void runtime_send_frame(struct assay_runtime *runtime, uint16_t to, enum assay_message_kind kind,
                        struct assay_slice payload);
/* Sends one message to a slot or ASSAY_SLOT_ALL, in pages when large. */
void runtime_send(struct assay_runtime *runtime, uint16_t to, uint16_t except,
                  enum assay_message_kind kind, struct assay_slice payload);
/* Relays a received message to all members except one. resent: its author retransmitted it. */
void runtime_relay(struct assay_runtime *runtime, uint16_t except, enum assay_message_kind kind,
                   struct assay_slice payload, bool resent);
void runtime_update_clock(struct assay_runtime *runtime);

/* --- runtime_signals.c */
ASSAY_CHECKED enum assay_status runtime_signals_open(struct assay_runtime *runtime);
/* Reads pending signals. Out: runtime->draining, runtime->reloading. */
void runtime_signals_read(struct assay_runtime *runtime);
/* Out: runtime->stopping, once nothing is in progress. */
void runtime_drain_poll(struct assay_runtime *runtime);

/* --- runtime_collateral.c */
void runtime_collateral_poll(struct assay_runtime *runtime);

/* --- runtime_offers.c */
/* Loads what the store has. Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status runtime_offers_open(struct assay_runtime *runtime);
void runtime_offers_close(struct assay_runtime *runtime);
/* Submits offers that are due. */
void runtime_offers_poll(struct assay_runtime *runtime);
/* Adds newer collateral: stored, and offered after a random delay unless another member offers it
 * first. at_once: without delay, on an operator's request.
 * Returns: ASSAY_OK | ASSAY_E_EARLY (not valid yet) | ASSAY_E_DUPLICATE (pending, or reverted) |
 * ASSAY_E_STALE (nothing newer) | ASSAY_E_FULL | the reason of a refusal, and message */
ASSAY_CHECKED enum assay_status runtime_offer_add(struct assay_runtime *runtime,
                                                  struct assay_slice offer, bool at_once,
                                                  char message[static RUNTIME_OFFER_MESSAGE]);

/* --- runtime_receive.c */
/* After the overlay, admission and gossip. */
void runtime_intake_open(struct assay_runtime *runtime);
void runtime_receive(struct assay_runtime *runtime);
/* Handles pending answers of the workload. */
void runtime_workload_poll(struct assay_runtime *runtime);

/* --- runtime_evidence.c */
void runtime_evidence_open(struct assay_runtime *runtime);
void runtime_fetch_evidence(struct assay_runtime *runtime, const struct assay_effect *effect);
void runtime_verify_evidence(struct assay_runtime *runtime, const struct assay_effect *effect);
void runtime_load_evidence(struct assay_runtime *runtime, const uint8_t digest[static 32]);
void runtime_on_pull(struct assay_runtime *runtime, uint16_t from, struct assay_slice payload);
void runtime_on_pulled(struct assay_runtime *runtime, uint16_t from, struct assay_slice payload);
/* Requests due evidence, delivers verdicts, submits queued jobs. */
void runtime_evidence_poll(struct assay_runtime *runtime);
void runtime_evidence_clear(struct assay_runtime *runtime);
/* Verifications for ballots of this epoch and earlier ones come too late. */
void runtime_evidence_on_epoch_closed(struct assay_runtime *runtime, uint64_t epoch);

/* Appraises bytes as of a time, for who is no member: the verdict goes to
 * runtime_challenge_on_verdict or runtime_services_on_verdict alone. In: name: no evidence's
 * digest, by which verdicts on members go; kind: ASSAY_KIND_NONE: found where they are verified */
void runtime_appraise_named(struct assay_runtime *runtime, const uint8_t name[static 32],
                            enum assay_evidence_kind kind, int64_t at_unix_s,
                            struct assay_slice bytes);

/* --- runtime_transport.c */
/* Logs news of the transport process. */
void runtime_transport_poll(struct assay_runtime *runtime);
/* Adds to the current log line the pid, start time and sandbox layers of a child that is ready. */
void runtime_log_child(struct assay_runtime *runtime, int64_t pid, uint32_t took_ms, uint32_t walls,
                       uint32_t landlock);

/* --- runtime_enclave.c */
void runtime_request_quote(struct assay_runtime *runtime, const struct assay_effect *effect);
void runtime_send_order(struct assay_runtime *runtime, const struct assay_order *order);
void runtime_enclave_poll(struct assay_runtime *runtime);

/* --- runtime_services.c: programs that follow service state */
/* Returns: the ledger callbacks for services; NULL where the network has no services. */
const struct assay_services *runtime_services_ledger(const struct assay_runtime *runtime);
/* Returns: as assay_service_server_open */
ASSAY_CHECKED enum assay_status runtime_services_open(
    struct assay_runtime *runtime, char message[static ASSAY_RUNTIME_MESSAGE_LEN]);
/* Sends finalized records to programs and handles their requests. */
void runtime_services_poll(struct assay_runtime *runtime);
/* Delivers a verdict to the program that awaits it. In: verdict: NULL when there is none. Returns:
 * whether one does */
bool runtime_services_on_verdict(struct assay_runtime *runtime, const uint8_t name[static 32],
                                 int64_t at_unix_s, const struct assay_verdict *verdict);
/* Returns: whether a program requested this quote. */
bool runtime_services_is_quote(const struct assay_runtime *runtime, uint64_t epoch);
/* Delivers the quote to the program; len 0: no quote. */
void runtime_services_on_quote(struct assay_runtime *runtime, struct assay_slice bytes);
/* Fills the services' part of the snapshot. */
void runtime_services_snapshot(struct assay_runtime *runtime, struct assay_snapshot *snapshot);
/* Returns: the registry, borrowed until the next step; NULL: no services, or not whole yet. */
const struct assay_registry *runtime_services_registry(const struct assay_runtime *runtime);
/* Returns: whether the holder's process of this node is connected. */
bool runtime_services_has_signer(const struct assay_runtime *runtime);
/* Returns: as assay_service_server_issue; ASSAY_E_NOT_FOUND without services, too. */
ASSAY_CHECKED enum assay_status runtime_services_issue(struct assay_runtime *runtime,
                                                       const struct assay_issuance_name *name,
                                                       bool is_own,
                                                       const struct assay_issuance **issue);
void runtime_services_close(struct assay_runtime *runtime);

/* --- runtime_appraisals.c */
ASSAY_CHECKED enum assay_status runtime_appraisals_open(struct assay_runtime *runtime);
void runtime_appraisals_close(struct assay_runtime *runtime);
/* A member announced this evidence: its verdict will be retained. */
void runtime_appraisals_expect(struct assay_runtime *runtime,
                               const struct assay_fetch_request *request);
/* A verdict by the rules of the evidence. */
void runtime_appraisals_on_verdict(struct assay_runtime *runtime, const uint8_t digest[static 32],
                                   const struct assay_verdict *verdict);
/* Devices of two members that were not found again are forgotten; epoch: the running one. */
void runtime_appraisals_on_epoch_closed(struct assay_runtime *runtime, uint64_t epoch);
/* slot < members (asserted). Returns: text of malloc, NULL without memory. */
char *document_evidence(struct assay_runtime *runtime, uint16_t slot);
/* The bytes of that evidence. Returns: as above. */
char *document_evidence_bytes(struct assay_runtime *runtime, uint16_t slot);

/* --- runtime_keys.c */
ASSAY_CHECKED enum assay_status runtime_keys_open(struct assay_runtime *runtime,
                                                  char message[static ASSAY_RUNTIME_MESSAGE_LEN]);
/* Returns: the genesis as founded (config.genesis includes later changes); never NULL. */
const struct assay_genesis *runtime_founding_genesis(const struct assay_runtime *runtime);
/* Members that left have no slot. Returns: the member's slot; runtime->members when there is none.
 */
uint32_t runtime_find_slot(const struct assay_runtime *runtime, const uint8_t node_id[static 32]);
/* Checks that the keys belong to this store's vote log; loads the signers. Writes nothing, because
 * the start may still fail. */
ASSAY_CHECKED enum assay_status runtime_keys_bind(struct assay_runtime *runtime,
                                                  char message[static ASSAY_RUNTIME_MESSAGE_LEN]);
/* Persists new keys and the binding to a new store. Everything is open, and nothing is signed yet.
 */
ASSAY_CHECKED enum assay_status runtime_keys_persist(
    struct assay_runtime *runtime, char message[static ASSAY_RUNTIME_MESSAGE_LEN]);
void runtime_keys_close(struct assay_runtime *runtime);
/* Returns: the newest key set, listed or awaiting its listing. */
const struct assay_key_set *runtime_key_set(const struct assay_runtime *runtime);
/* Creates keys for the incarnation after `ended`, unless they exist; notifies the engine. */
void runtime_keys_renew(struct assay_runtime *runtime, uint32_t ended);
/* Replaces unlisted keys that collide with another member's. */
void runtime_keys_replace(struct assay_runtime *runtime);
void runtime_keys_announce(struct assay_runtime *runtime);
/* An epoch closed durably: counts it in the store and with the keys. Calls runtime_fail on errors.
 */
void runtime_keys_on_epoch_closed(struct assay_runtime *runtime);
/* Updates keys, weights and standings of members from the head state; promotes own keys. */
void runtime_update_roster(struct assay_runtime *runtime);
/* Dials with the transport key where it is listed, with the bootstrap key until then. */
void runtime_dial_members(struct assay_runtime *runtime);

/* --- runtime_changes.c */
struct assay_change_draft; /* net/documents/change_review.h */
/* Loads what the store has. Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status runtime_changes_open(struct assay_runtime *runtime);
void runtime_changes_close(struct assay_runtime *runtime);
/* On a new epoch: proposes changes that no block contains again, removes expired ones. */
void runtime_changes_on_epoch(struct assay_runtime *runtime);
/* Reviews, stores and proposes a change.
 * Returns: as assay_draft_review, message: the reason | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status runtime_change_submit(struct assay_runtime *runtime,
                                                      struct assay_slice bytes,
                                                      struct assay_change_draft *draft,
                                                      char message[static RUNTIME_CHANGE_MESSAGE]);
/* Iterates over pending changes from *at = 0. Returns: whether there is another one, and its
 * record. */
bool runtime_change_next(const struct assay_runtime *runtime, uint32_t *at,
                         struct assay_slice *record);

/* Stores which members a reverted change suspended; the engine is still before the boundary. Out:
 * their names, for operators. */
void runtime_suspensions_save(struct assay_runtime *runtime, uint64_t sequence, char *names,
                              size_t names_len);
/* Returns: how many slots[capacity] of members that this reverted change had felled. */
size_t runtime_suspensions_load(struct assay_runtime *runtime, uint64_t sequence, uint64_t *slots,
                                size_t capacity);
/* Stores and loads how a change ended, as seen by this node. Returns: the end; NONE when it stayed,
 * or ended while this node was offline. */
void runtime_change_end_save(struct assay_runtime *runtime, uint64_t sequence,
                             enum assay_change_end end);
enum assay_change_end runtime_change_end_load(struct assay_runtime *runtime, uint64_t sequence);

/* --- runtime_reviews.c */
enum {
    RUNTIME_PROPOSALS_ENDED = 16, /* shown; the timeline has all */
};

struct runtime_ended_proposal {
    uint8_t digest[32], operator_id[32];
    uint64_t sequence, epoch;
    enum assay_review_end end;
    bool is_recorded; /* a block has its change */
};

struct runtime_reviews {
    struct assay_reviews set;
    void *memory;
    struct assay_reviews_position position;
    uint64_t reading;                        /* epoch of the record that is read */
    struct assay_snapshot_proposals summary; /* of the last close: it changes with epochs alone */
    uint64_t ended_count;
    struct runtime_ended_proposal ended[RUNTIME_PROPOSALS_ENDED];
    struct assay_review_waiting waiting[ASSAY_REVIEWS_WAITING_MAX];
    struct assay_record *record; /* scratch */
    uint8_t row[16 + 48 * 1024]; /* scratch */
};

/* What proposals are evaluated against now. */
void runtime_reviews_facts(const struct assay_runtime *runtime, struct assay_reviews_facts *facts);
/* Returns: the name of an operator in force, else its id; in text. */
const char *runtime_operator_name(const struct assay_runtime *runtime, const uint8_t id[static 32],
                                  char text[static 65]);
/* Loads what the store has; the engine is open. Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status runtime_reviews_open(struct assay_runtime *runtime);
void runtime_reviews_close(struct assay_runtime *runtime);
/* On a new epoch: reads the blocks of those that closed, and offers what blocks lack. */
void runtime_reviews_on_epoch(struct assay_runtime *runtime);
/* Of a RECORD message: false of a REVIEW that was sent again without need. */
bool runtime_reviews_wants(struct assay_runtime *runtime, struct assay_slice payload);
/* How many proposals are open and wait since the last close, for the snapshot. */
struct assay_snapshot_proposals runtime_reviews_summary(const struct assay_runtime *runtime);
/* Checks, stores and offers a REVIEW record.
 * Returns: ASSAY_OK | the reason, message: in words | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status runtime_review_submit(struct assay_runtime *runtime,
                                                      struct assay_slice bytes,
                                                      char message[static RUNTIME_CHANGE_MESSAGE]);
/* --- document_reviews.c */
/* Appends the open proposals, those that ended, and whether all are known. */
void runtime_reviews_document(struct assay_runtime *runtime, struct assay_change_basis *basis,
                              struct assay_json *data);
char *document_submit_review(struct assay_runtime *runtime, const char *hex);
char *document_proposal(struct assay_runtime *runtime, const char *id);

/* --- runtime_log.c */
void runtime_log_note(struct assay_runtime *runtime, const struct assay_effect *effect);
void runtime_on_epoch_closed(struct assay_runtime *runtime, uint64_t epoch);
/* Adds one timeline event with a printf text. */
__attribute__((format(printf, 6, 7))) void runtime_log_event(struct assay_runtime *runtime,
                                                             const char *code, uint16_t slot,
                                                             uint64_t a, uint64_t b,
                                                             const char *format, ...);
/* Returns: the display name of a slot in text, NUL-terminated, safe for terminals. */
const char *runtime_slot_name(const struct assay_runtime *runtime, uint16_t slot, char *text,
                              size_t text_len);
/* Loads the timeline file; without one the timeline is lost at exit. */
void runtime_timeline_open(struct assay_runtime *runtime);
/* Returns: the name of a standing, "FULL" .. "SUSPENDED". */
const char *runtime_standing_name(uint64_t standing);

/* Returns: the runtime's single snapshot, refilled with the current state. */
const struct assay_snapshot *runtime_snapshot(struct assay_runtime *runtime);

/* Sets s->keys: lists of the roots that the snapshot's members have. */
void runtime_key_table_update(struct assay_runtime *runtime, struct assay_snapshot *s);
void runtime_key_table_close(struct assay_runtime *runtime);

/* --- runtime_history.c */
/* Returns: the key of the oldest hour in the store (ASSAY_HISTORY_ERA). */
uint64_t runtime_history_oldest(const struct assay_runtime *runtime);
/* Returns: the number of epochs with complete rows. */
uint64_t runtime_history_full(const struct assay_runtime *runtime);
/* Stores one row, and once an hour its copy that is kept for a month. Returns: ASSAY_OK |
 * ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status runtime_history_append(struct assay_runtime *runtime,
                                                       const struct assay_store_key *key,
                                                       const struct assay_history_row *row);
/* Stores the rows of an epoch that closed, and once an hour their copies that are kept for a month.
 * Returns: ASSAY_OK | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status runtime_history_save(struct assay_runtime *runtime, uint64_t epoch,
                                                     const struct assay_engine_snapshot *snapshot);
/* Removes what is older than its time. Returns: ASSAY_OK | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status runtime_history_prune(struct assay_runtime *runtime, uint64_t epoch,
                                                      uint32_t era);

/* --- runtime_publish.c */
/* Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_STORE | as assay_http_open */
ASSAY_CHECKED enum assay_status runtime_publish_open(
    struct assay_runtime *runtime, char message[static ASSAY_RUNTIME_MESSAGE_LEN]);
void runtime_publish_close(struct assay_runtime *runtime);
/* An epoch closed and its rows are in the store. */
void runtime_publish_on_epoch_closed(struct assay_runtime *runtime, uint64_t epoch);
/* What is permitted may have changed (an epoch closed): poll publishes without delay. */
void runtime_publish_set_due(struct assay_runtime *runtime);
/* At once: what is reported as done is so for HTTP too. */
void runtime_publish_snapshot(struct assay_runtime *runtime);
void runtime_publish_poll(struct assay_runtime *runtime);
struct assay_http_epoch; /* net/http/snapshot_slot.h */
/* Returns: the votes of a closed epoch, read from its blocks; the caller frees it. NULL: out of
 * memory, or the store cannot be read. A visitor of scores may call this. */
const struct assay_http_epoch *runtime_votes_load(struct assay_runtime *runtime, uint32_t era,
                                                  uint64_t epoch);
/* Accepts a pointer to NULL; nulls it. */
void runtime_votes_free(const struct assay_http_epoch **epoch);

/* --- runtime_peer_clocks.c */
ASSAY_CHECKED enum assay_status runtime_peer_clocks_open(struct assay_runtime *runtime);
void runtime_peer_clocks_close(struct assay_runtime *runtime);
/* Requests all peers' clocks when due, or together with another broadcast
 * (host/peers/peer_clocks.h); logs when the own clock turns out to be off. */
void runtime_peer_clocks_poll(struct assay_runtime *runtime, bool alongside);
void runtime_on_date(struct assay_runtime *runtime, uint16_t from, struct assay_slice payload);
/* Sends a farewell to all members: this node exits on request. */
void runtime_send_farewell(struct assay_runtime *runtime);

/* --- runtime_overlay.c: no effect in a full mesh */
/* Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status runtime_overlay_open(struct assay_runtime *runtime);
/* Returns: whether a network of this size uses the overlay; valid before and after opening. */
bool runtime_overlay_is_wanted(const struct assay_runtime *runtime);
void runtime_overlay_close(struct assay_runtime *runtime);
/* Returns: whether only neighbours have links. */
bool runtime_overlay_is_used(const struct assay_runtime *runtime);
/* Returns: whether a link to the member is wanted. */
bool runtime_overlay_has_link(const struct assay_runtime *runtime, uint16_t slot);
/* The roster changed; of one member: its addresses changed. */
void runtime_overlay_on_roster(struct assay_runtime *runtime);
void runtime_overlay_on_address(struct assay_runtime *runtime, uint16_t slot);
/* Applies due actions: dial, disconnect, send. */
void runtime_overlay_poll(struct assay_runtime *runtime);
/* Returns: the time of the next action; UINT64_MAX: none. */
uint64_t runtime_overlay_wake_at(const struct assay_runtime *runtime);
/* Handles a NEIGHBOUR message, untrusted bytes. */
void runtime_overlay_on_neighbour(struct assay_runtime *runtime, uint16_t from,
                                  struct assay_slice payload);
/* Handles a PRUNE message, untrusted bytes. */
void runtime_overlay_on_prune(struct assay_runtime *runtime, uint16_t from,
                              struct assay_slice payload);
/* The engine accepted a message: its signer is reachable. */
void runtime_overlay_on_accepted(struct assay_runtime *runtime, enum assay_message_kind kind,
                                 struct assay_slice payload);
void runtime_overlay_on_epoch_closed(struct assay_runtime *runtime, uint64_t epoch);

/* --- runtime_addresses.c */
/* Returns: whether any address of the member is known; text in the form of assay_transport_peer. */
bool runtime_addresses_get(const struct assay_runtime *runtime, uint16_t slot,
                           char text[static RUNTIME_ADDRESSES_TEXT]);
ASSAY_CHECKED enum assay_status runtime_addresses_open(struct assay_runtime *runtime);
void runtime_addresses_close(struct assay_runtime *runtime);
/* Sets the addresses to dial: the configured ones, then the claimed ones; removes the peer when
 * there is none. Returns: ASSAY_OK | ASSAY_E_IO (no address) | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status runtime_dial_member(struct assay_runtime *runtime, uint16_t slot);
/* Changes the advertised address of this node: signs a claim, and sends it when it is new.
 * Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status runtime_addresses_advertise(struct assay_runtime *runtime,
                                                            const char *advertise);
/* Sends this node's address claim to all members when due. */
void runtime_addresses_poll(struct assay_runtime *runtime);
/* Logs once that another process uses this node's keys. In: where: its listening address; "":
 * unknown. */
void runtime_on_shared_identity(struct assay_runtime *runtime, const char *where);
void runtime_on_address(struct assay_runtime *runtime, uint16_t from, struct assay_slice payload);

/* --- document_answer.c */
/* As assay_admin_answer; context is the runtime. */
char *document_answer(void *context, const char *line);
/* Wraps data, which is consumed, in a document. Returns: as assay_admin_answer. */
char *document_finish(struct assay_runtime *runtime, const char *schema, struct assay_json *data);
/* Schema assay.error. Returns: as assay_admin_answer. */
char *document_error(struct assay_runtime *runtime, const char *code, const char *detail);
/* The same, code too_busy: with the seconds after which the request may be repeated. */
char *document_busy(struct assay_runtime *runtime, uint64_t wait_ms, const char *detail);
/* Returns the result of `take` for the decoded bytes; invalid hexadecimal is refused with the
 * usage. Returns: as assay_admin_answer. */
char *document_from_hex(struct assay_runtime *runtime, const char *hex, const char *usage,
                        char *(*take)(struct assay_runtime *runtime, struct assay_slice bytes));

/* --- document_change.c. Each char * Returns: as assay_admin_answer. */
char *document_changes(struct assay_runtime *runtime);
char *document_submit_change(struct assay_runtime *runtime, const char *hex);
/* Items of the store for tools that work on a copy: "CLASS [EPOCH [SKIP]]". */
char *document_items(struct assay_runtime *runtime, const char *argument);

/* --- document_hold.c */
/* Sets or releases the manual hold. Returns: as assay_admin_answer. */
char *document_set_hold(struct assay_runtime *runtime, bool held, const char *reason);

/* --- document_export.c. Returns: as above. */
char *document_export(struct assay_runtime *runtime, const char *argument);

/* --- document_recover.c: requests of `assay recover`. Returns: as assay_admin_answer. */
char *document_recover(struct assay_runtime *runtime, const char *argument);
/* --- document_collateral.c. Each Returns: as assay_admin_answer. */
char *document_collateral(struct assay_runtime *runtime);
char *document_offer_collateral(struct assay_runtime *runtime, const char *hex);

/* A group by its name, or its number. Returns: how many groups there are: none has it. */
uint32_t document_find_group(const struct assay_registry_plan *plan, const char *which, size_t len);
/* --- document_registry.c: services. Returns: as above; NULL: not one of its commands. */
char *document_services(struct assay_runtime *runtime, const char *command, const char *argument);

/* --- runtime_challenge.c */
ASSAY_CHECKED enum assay_status runtime_challenge_open(struct assay_runtime *runtime);
void runtime_challenge_close(struct assay_runtime *runtime);
/* Returns: whether the verdict is of a session; then it is changed, and nobody else's. */
bool runtime_challenge_on_verdict(struct assay_runtime *runtime, const uint8_t digest[static 32],
                                  struct assay_verdict *verdict);
/* A request about a session; what clients discover. Returns: as above. */
char *document_challenge(struct assay_runtime *runtime, const char *argument);
char *document_verifier(struct assay_runtime *runtime);

/* --- document_row.c: "GROUP HEX", evidence of one row of a group. Returns: as above. */
char *document_row(struct assay_runtime *runtime, const char *argument);

/* --- document_proof.c */
/* The proof of a slot; of ASSAY_SLOT_ALL the checkpoint. Returns: as above. */
char *document_proof(struct assay_runtime *runtime, uint16_t slot, bool bare);
/* The key proof of a slot (docs/identity.md 10.1). Returns: as above. */
char *document_key_proof(struct assay_runtime *runtime, uint16_t slot);
/* --- services/document_issue.c: "MEMBER KEY", of a token "MEMBER KEY AUDIENCE". Returns: as above.
 */
char *document_issue(struct assay_runtime *runtime, const char *argument, bool is_token);
/* --- services/document_authority.c: `authority`, `jwks`, `bundle`, `openid`, `ca-proof`. Returns:
 * as above; NULL: not one of its commands. */
char *document_authority(struct assay_runtime *runtime, const char *command);
/* Requests the certificate of the group key of this node's holder's process, until it is here. */
void runtime_authority_poll(struct assay_runtime *runtime);
/* The certificate of the active number by the one before, while that is published (docs/identity.md
 * 5.1.1). Returns: DER, borrowed; empty: there is none, or not here */
struct assay_slice runtime_authority_cross(struct assay_runtime *runtime);
/* What that proof proves, as an attestation result that this node signs. Returns: as above. */
char *document_ear(struct assay_runtime *runtime, uint16_t slot);
/* "ERA EPOCH [voters]": boundaries behind an epoch (document_boundaries.c). Returns: as above. */
char *document_boundaries(struct assay_runtime *runtime, const char *argument);
/* "[EPOCH]": the proof of an epoch for a contract (docs/services.md 8.8). Returns: as above. */
char *document_anchor(struct assay_runtime *runtime, const char *argument);

#endif
