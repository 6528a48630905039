/*
 * net/runtime/runtime_internal.h - declarations shared by the files of the runtime; private to
 * net/runtime and net/documents.
 *
 *   host.c           opening, the loop
 *   runtime_step_event.c      what host/dispatch.h runs over: engine, keys, store, link
 *   runtime_receive.c   frames of peers, the kinds that the host answers itself
 *   runtime_collateral_poll.c  what the fetcher of collateral found
 *   host_evidence.c  what host/overlay/evidence_pull.h runs over: locker, pool, link; LOAD
 *   runtime_changes.c   changes of the operators that were submitted here
 *   host_enclave.c   the enclave's callbacks: quotes, orders, new keys
 *   host_keys.c      keyring, signers, what we dial with, the roster
 *   host_signals.c   what an operator asks of a running node
 *   runtime_log_event.c      notes to log and timeline; the snapshot
 *   host_dates.c     dates of peers
 *   host_history.c   what is kept of closed epochs for people
 *   host_publish.c   what HTTP is given
 *   host_addresses.c where peers say that they listen
 *   host_neighbours.c whom we keep links to, in a large network
 *   document.c       JSON documents for the admin socket, with document_change.c for changes
 *                    document_proof.c for proofs, document_anchor.c for anchors,
 *                    document_recover.c for the end of an era
 *   document_hold.c  the hold by hand
 *   document_registry.c  what services' records have made
 */
#ifndef ASSAY_NET_RUNTIME_RUNTIME_INTERNAL_H
#define ASSAY_NET_RUNTIME_RUNTIME_INTERNAL_H

#include "base/assert.h"
#include "base/checked.h"
#include "host/peers/addresses.h"
#include "host/peers/admission.h"
#include "host/peers/peer_clocks.h"
#include "host/dispatch.h"
#include "host/overlay/gossip.h"
#include "host/peers/limit.h"
#include "host/peers/page.h"
#include "host/overlay/evidence_pull.h"
#include "host/overlay/relay.h"
#include "host/peers/roster.h"
#include "host/overlay/serve.h"
#include "host/snapshot.h"
#include "host/peers/wire.h"
#include "net/admin/admin.h"
#include "net/runtime/runtime.h"
#include "net/keys/keyring.h"
#include "net/runtime/latency.h"
#include "net/verifier/evidence_cache.h"
#include "net/runtime/log.h"
#include "net/runtime/outbox.h"
#include "net/services/service_probe.h"
#include "net/services/summary.h"
#include "net/keys/store_binding.h"
#include "net/runtime/timeline_file.h"
#include "net/verifier/verify_pool.h"
#include "net/runtime/workload.h"
#include "net/transport/transport.h"

struct assay_history_row; /* net/runtime/history.h */
struct assay_http; /* net/http/http.h */
struct assay_json; /* net/json/json.h */

enum {
    RUNTIME_FRAMES_PER_POLL = 256,   /* then timers and the admin socket get their turn */
    RUNTIME_EVENTS_PER_COMMIT = 512, /* a turn's frames, and as many answers */
    RUNTIME_SLEEP_MS_MAX = 1000,
    RUNTIME_LINGER_MS = 200, /* peers that are there take what is queued in much less */
    /* signals, pool, fetcher, workload, the sockets of admin, anchors and services with their
     * clients, the enclave's */
    RUNTIME_FDS_MAX = 4 + 2 * (1 + ASSAY_ADMIN_CLIENTS_MAX) + ASSAY_SERVICE_SERVER_FDS_MAX +
                      ASSAY_RUNTIME_ENCLAVE_FDS_MAX,
    RUNTIME_HISTORY_EPOCHS = 20000, /* as the engine keeps blocks */
    /* ASSAY_STORE_META; the engine's own numbers are below, 1000 and 1040 are
     * net/keys/store_binding.c's */
    RUNTIME_META_CHANGES = 1001,     /* to 1008 */
    RUNTIME_CHANGES_MAX = 8,         /* submitted and in no block yet */
    RUNTIME_CHANGE_MESSAGE = 400,    /* ASSAY_CHANGE_MESSAGE */
    RUNTIME_META_SUSPENSIONS = 1009, /* whom the last change that was reverted had felled */
    RUNTIME_META_CHANGE_ENDS =
        1011,                    /* epoch: a sequence; assay_change_end of one that did not stay */
    RUNTIME_META_ADDRESS = 1010, /* id: a node; where it says that it listens */
    RUNTIME_META_OFFERS = 1020,  /* to 1035 */
    RUNTIME_OFFERS_MAX = 16,     /* of collateral, found or submitted and in no block yet */
    RUNTIME_OFFER_MESSAGE = 300,
    RUNTIME_ADDRESSES_TEXT = 2 * ASSAY_CLAIM_ADDRESSES_MAX * (ASSAY_CLAIM_ADDRESS_MAX + 8),
};

/* In a large network: whether a link is held to a member. */
struct runtime_link {
    bool wanted;
    uint64_t hang_up_ms; /* monotonic; 0: it stays */
};

/* A verification that found the pool full. */
struct runtime_waiting_job {
    struct assay_verify_job job;
    uint8_t *bytes;
    struct runtime_waiting_job *next;
};

/* Another process has this node's identity (docs/protocol.md 2.15). */
struct runtime_shared_identity {
    uint64_t opened_unix_ms; /* since when this one runs */
    bool told;
    uint64_t since_ms; /* told */
};

struct assay_runtime {
    struct assay_runtime_config config;
    char *keys_dir;
    uint16_t self, members;

    uint64_t now_ms, at_unix_ms, started_ms, expired_ms;
    struct { /* dialling by the bootstrap key while the head does not move: runtime_keys.c */
        bool tried;
        uint64_t epoch, since_ms;
    } bootstrap;
    struct runtime_shared_identity shared;
    enum assay_status failure; /* ASSAY_OK while the node goes on */
    volatile int stopping;
    uint64_t closed_epoch; /* by the step whose effects are acted on; 0: none */
    bool renewed;  /* not the first host of the process */
    bool renewing; /* this engine is done: the next one is made of the store */
    bool reloading; /* SIGHUP came */
    uint64_t reloads; /* taken over */
    bool reload_refused;
    bool draining; /* asked to end: it does when nothing is in hand, at the latest then: */
    uint64_t drain_until_ms;
    uint64_t accepted_ms; /* monotonic: when node.recovers were accepted last; 0: not yet */
    int signal_fd;

    struct assay_keyring keyring;
    struct assay_p256_signer *identity, *voting;
    bool keys_are_new; /* never tied to a store before: they signed nothing */
    bool has_bound_store;    /* the store is the one that they are tied to */
    struct { /* what the tie of a new store leaves to write when everything is open */
        bool is_due, has_new_keys, has_new_store;
        const char *why; /* new keys */
        struct assay_store_binding tie;
    } binding;
    bool dials_by_bootstrap_key, dials;
    uint8_t dial_public[32]; /* of the set that we dialled for */

    void *engine_memory;
    struct assay_engine *engine;
    void *dispatch_memory;
    struct assay_dispatch *dispatch;
    uint64_t wake_at_ms;

    struct assay_counters counters;
    struct assay_log log;
    struct assay_timeline timeline;
    struct assay_timeline_file *timeline_file; /* NULL: none, or it could not be written */
    struct assay_roster roster;
    struct assay_limit_rates rates;
    struct assay_limit *limits; /* [members] */
    struct assay_peer_clocks peer_clocks;
    struct assay_peer_clocks_peer *clock_peers; /* [members] */
    uint32_t *clock_weights;              /* [members] */
    struct assay_address *addresses;     /* [members] where they say that they listen */
    struct assay_transport *link;
    struct assay_overlay *overlay; /* in overlay_memory; NULL: everybody has a link to everybody */
    void *overlay_memory;
    struct assay_relay_tree *relay_tree; /* of the view's neighbours, behind it in view_memory */
    struct runtime_link *links; /* [members]; NULL with it */
    uint64_t hang_up_due_ms;  /* the next of links */
    struct assay_pages *pages;
    struct assay_seen *seen;
    struct assay_gossip *gossip;
    struct assay_evidence_pull evidence_pull;
    struct assay_admission admission;
    struct assay_evidence_cache *evidence_cache;
    struct assay_verify_pool *pool;
    struct runtime_waiting_job *waiting, **waiting_end;
    struct assay_serve serve;
    struct assay_workload *workload;
    struct assay_service_probe *service;
    struct assay_admin *admin;
    struct assay_admin *anchor; /* for anchors on EVM chains; NULL: no services */
    struct assay_service_server
        *service_server; /* NULL: no services, or nobody is to follow them */
    struct runtime_service_server *service_state; /* host_services.c */
    struct assay_services_summary *services_summary; /* NULL: the network has no services */
    bool quoting; /* the node's own quote is on its way */
    uint64_t history_hour; /* whose rows are kept for a month, and one; 0: none in this run */
    struct assay_http *http; /* NULL: none */
    struct assay_snapshot_fall *integrity_falls, *availability_falls; /* [members] */
    struct assay_latency latency;
    uint64_t ages_due_ms; /* when the age of the collateral in force is looked at again */
    uint8_t ages[ASSAY_ENDORSEMENTS_MAX]; /* enum assay_collateral_age, a root each */
    struct runtime_changes *changes;
    uint64_t missing; /* what keeps this node from catching up: missing_text; 0: nothing */
    struct runtime_offers *offers;
    uint64_t *fail_epoch; /* [members] in which a FAIL was proven last */
    struct assay_verdict verdict; /* the pool's last answer */
    struct assay_pages_losses page_losses;
    struct assay_snapshot snapshot; /* members: [members] */
    uint8_t *outgoing; /* [ASSAY_FRAME_LEN_MAX] */
    uint8_t *paging;   /* [ASSAY_FRAME_LEN_MAX] */
    struct pollfd fds[RUNTIME_FDS_MAX];
};

/* --- runtime_step_event.c */
ASSAY_CHECKED enum assay_status runtime_dispatch_open(struct assay_runtime *runtime);
/* Queue an event for the next steps; its slice is copied. A full queue stops the node. Returns:
 * nothing. */
void runtime_queue_event(struct assay_runtime *runtime, const struct assay_event *event);
/* Step one event now. Returns: the engine's status. */
enum assay_status runtime_step_event(struct assay_runtime *runtime, struct assay_event *event);
/*
 * Step what is queued, commit, send, act, until nothing is left. Returns: nothing;
 * runtime->failure.
 */
void runtime_process_events(struct assay_runtime *runtime);
/* The node stops: the reason is logged once. Returns: nothing. */
void runtime_fail(struct assay_runtime *runtime, enum assay_status status, const char *what);
/* One frame of a few bytes over the link that there is, or none. Returns: nothing. */
void runtime_send_frame(struct assay_runtime *runtime, uint16_t to, enum assay_message_kind kind,
                        struct assay_slice payload);
/* One message to a slot or ASSAY_SLOT_ALL, in pages when large. Returns: nothing. */
void runtime_send(struct assay_runtime *runtime, uint16_t to, uint16_t except,
                  enum assay_message_kind kind, struct assay_slice payload);
/* The same for everybody but one: what came is passed on. again: its author sends it once more.
 * Returns: nothing. */
void runtime_relay(struct assay_runtime *runtime, uint16_t except, enum assay_message_kind kind,
                   struct assay_slice payload, bool again);
/* Microseconds of the monotonic clock. */
uint64_t runtime_now_us(void);
void runtime_update_clock(struct assay_runtime *runtime);

/* --- host_signals.c */
ASSAY_CHECKED enum assay_status runtime_signals_open(struct assay_runtime *runtime);
/* Returns: nothing; runtime->draining, runtime->reloading. */
void runtime_signals_read(struct assay_runtime *runtime);
/* Returns: nothing; runtime->stopping once nothing is in hand. */
void runtime_drain_poll(struct assay_runtime *runtime);

/* --- runtime_collateral_poll.c */
void runtime_collateral_poll(struct assay_runtime *runtime);

/* --- runtime_offers.c */
/* What the store kept. Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status runtime_offers_open(struct assay_runtime *runtime);
void runtime_offers_close(struct assay_runtime *runtime);
/* Offers whose moment has come. Returns: nothing. */
void runtime_offers_poll(struct assay_runtime *runtime);
/* Collateral that may follow: kept, and offered after a moment that is drawn, unless somebody else
 * did; at once: an operator says so.
 * Returns: ASSAY_OK | ASSAY_E_EARLY (when it is valid) | ASSAY_E_DUPLICATE (it waits, or was
 * reverted) | ASSAY_E_STALE (nothing newer) | ASSAY_E_FULL | what it is refused for, and message */
ASSAY_CHECKED enum assay_status runtime_offer_add(struct assay_runtime *runtime,
                                                  struct assay_slice offer, bool at_once,
                                                  char message[static RUNTIME_OFFER_MESSAGE]);

/* --- runtime_receive.c */
void runtime_receive(struct assay_runtime *runtime);
/* Messages of the service that wait. */
void runtime_workload_poll(struct assay_runtime *runtime);

/* --- host_evidence.c */
void runtime_evidence_open(struct assay_runtime *runtime);
void runtime_fetch_evidence(struct assay_runtime *runtime, const struct assay_effect *effect);
void runtime_verify_evidence(struct assay_runtime *runtime, const struct assay_effect *effect);
void runtime_load_evidence(struct assay_runtime *runtime, const uint8_t digest[static 32]);
void runtime_on_pull(struct assay_runtime *runtime, uint16_t from, struct assay_slice payload);
void runtime_on_pulled(struct assay_runtime *runtime, uint16_t from, struct assay_slice payload);
/* Sources to ask, verdicts to deliver, jobs that waited for room. */
void runtime_evidence_poll(struct assay_runtime *runtime);
void runtime_evidence_clear(struct assay_runtime *runtime);

/* Have bytes judged for a moment: runtime_services_on_verdict is told, now or later. Returns:
 * nothing. */
void runtime_appraise_evidence(struct assay_runtime *runtime, const uint8_t digest[static 32],
                               enum assay_evidence_kind kind, int64_t at_unix_s,
                               struct assay_slice bytes);

/* --- host_transport.c */
/* What became of the process that has the sockets. Returns: nothing. */
void runtime_transport_poll(struct assay_runtime *runtime);
/* Into the line that is begun: a process of ours that is ready, and which of its walls stand. */
void runtime_log_child(struct assay_runtime *runtime, int64_t pid, uint32_t took_ms, uint32_t walls,
                       uint32_t landlock);

/* --- host_enclave.c */
void runtime_request_quote(struct assay_runtime *runtime, const struct assay_effect *effect);
void runtime_send_order(struct assay_runtime *runtime, const struct assay_order *order);
void runtime_enclave_poll(struct assay_runtime *runtime);

/* --- host_services.c: programs that follow what services' records make */
/* Returns: what the engine asks; NULL where the network has no services. */
const struct assay_services *runtime_services_ledger(const struct assay_runtime *runtime);
/* Returns: as assay_service_server_open */
ASSAY_CHECKED enum assay_status runtime_services_open(
    struct assay_runtime *runtime, char message[static ASSAY_RUNTIME_MESSAGE_LEN]);
/* Tells what became final, hears what programs want. Returns: nothing. */
void runtime_services_poll(struct assay_runtime *runtime);
/* A verdict came, perhaps for programs, NULL: there is none. Returns: nothing. */
void runtime_services_on_verdict(struct assay_runtime *runtime, const uint8_t digest[static 32],
                                 int64_t at_unix_s, const struct assay_verdict *verdict);
/* Returns: whether a quote is one that a program asked for. */
bool runtime_services_is_quote(const struct assay_runtime *runtime, uint64_t epoch);
/* It, or nothing: there is none. Returns: nothing. */
void runtime_services_on_quote(struct assay_runtime *runtime, struct assay_slice bytes);
/* What people may ask of them, as it is now. Returns: nothing. */
void runtime_services_snapshot(struct assay_runtime *runtime, struct assay_snapshot *snapshot);
/* Returns: the registry, borrowed until the next step; NULL: no services, or not whole yet. */
const struct assay_registry *runtime_services_registry(const struct assay_runtime *runtime);
void runtime_services_close(struct assay_runtime *runtime);

/* --- host_keys.c */
ASSAY_CHECKED enum assay_status runtime_keys_open(struct assay_runtime *runtime,
                                                  char message[static ASSAY_RUNTIME_MESSAGE_LEN]);
/* The genesis as it was founded; config.genesis is what changes made of it. Returns: never NULL. */
const struct assay_genesis *runtime_founding_genesis(const struct assay_runtime *runtime);
/* Those that left have no slot. Returns: the member's; runtime->members when it is none. */
uint32_t runtime_find_slot(const struct assay_runtime *runtime, const uint8_t node_id[static 32]);
/* Beside which vote log they may be used; loads the signers. Writes nothing: a start may fail yet.
 */
ASSAY_CHECKED enum assay_status runtime_keys_bind(struct assay_runtime *runtime,
                                                  char message[static ASSAY_RUNTIME_MESSAGE_LEN]);
/* New keys and the tie to a new store, durably; everything is open, and nothing was signed yet. */
ASSAY_CHECKED enum assay_status runtime_keys_persist(
    struct assay_runtime *runtime, char message[static ASSAY_RUNTIME_MESSAGE_LEN]);
void runtime_keys_close(struct assay_runtime *runtime);
/* The newest key set: waiting to be listed, or listed. */
const struct assay_key_set *runtime_key_set(const struct assay_runtime *runtime);
/* New keys for the incarnation after `ended`, unless they are made; tells the engine. */
void runtime_keys_renew(struct assay_runtime *runtime, uint32_t ended);
/* Keys that wait to be listed are another member's: others. Returns: nothing. */
void runtime_keys_replace(struct assay_runtime *runtime);
void runtime_keys_announce(struct assay_runtime *runtime);
/* An epoch closed, and that is durable: counted in the store and with the keys. Returns: nothing;
 * runtime_fail on errors. */
void runtime_keys_on_epoch_closed(struct assay_runtime *runtime);
/* Take over what the head state says of members: keys, weights, standings; promote our own keys. */
void runtime_update_roster(struct assay_runtime *runtime);
/* With the transport key where it is listed, with the door key until then. */
void runtime_dial_members(struct assay_runtime *runtime);

/* --- runtime_changes.c */
struct assay_change_draft; /* net/documents/change_review.h */
/* What the store kept. Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status runtime_changes_open(struct assay_runtime *runtime);
void runtime_changes_close(struct assay_runtime *runtime);
/* An epoch begins: what no block has is offered again, what is over goes. Returns: nothing. */
void runtime_changes_on_epoch(struct assay_runtime *runtime);
/* Judge, keep and offer a change.
 * Returns: as assay_change_review, message says why (not) | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status runtime_change_submit(struct assay_runtime *runtime,
                                                      struct assay_slice bytes,
                                                      struct assay_change_draft *draft,
                                                      char message[static RUNTIME_CHANGE_MESSAGE]);
/* Walks what waits here from *at = 0 on. Returns: whether there is another one, and its record. */
bool runtime_change_next(const struct assay_runtime *runtime, uint32_t *at,
                         struct assay_slice *record);

/* Remembers whom a change that was reverted had felled; the engine still stands before the
 * boundary. Out: names, for people. Returns: nothing. */
void runtime_suspensions_save(struct assay_runtime *runtime, uint64_t sequence, char *names,
                              size_t names_len);
/* Returns: how many slots[capacity] of members that this reverted change had felled. */
size_t runtime_suspensions_load(struct assay_runtime *runtime, uint64_t sequence, uint64_t *slots,
                                size_t capacity);
/* How a change of the operators ended, as this node saw it. Returns: nothing; the end, NONE when it
 * stayed, or ended while this node was away. */
void runtime_change_end_save(struct assay_runtime *runtime, uint64_t sequence,
                             enum assay_change_end end);
enum assay_change_end runtime_change_end_load(struct assay_runtime *runtime, uint64_t sequence);

/* --- runtime_log_event.c */
void runtime_log_note(struct assay_runtime *runtime, const struct assay_effect *effect);
void runtime_on_epoch_closed(struct assay_runtime *runtime, uint64_t epoch);
/* One moment for the timeline with a printf text. */
__attribute__((format(printf, 6, 7))) void runtime_log_event(struct assay_runtime *runtime,
                                                             const char *code, uint16_t slot,
                                                             uint64_t a, uint64_t b,
                                                             const char *format, ...);
/*
 * Display name of a slot, NUL-terminated, escaped for terminals, in one of two static-free buffers.
 */
const char *runtime_slot_name(const struct assay_runtime *runtime, uint16_t slot, char *text,
                              size_t text_len);
/* What the file has of the timeline; without one it is forgotten at the end. Returns: nothing. */
void runtime_timeline_open(struct assay_runtime *runtime);
/* Name of a standing, "FULL" .. "SUSPENDED". */
const char *runtime_standing_name(uint64_t standing);

/* The node as it is now. Returns: the host's one snapshot, filled in anew. */
const struct assay_snapshot *runtime_snapshot(struct assay_runtime *runtime);

/* --- host_history.c */
/* Returns: the place of the oldest hour that is kept (ASSAY_HISTORY_ERA). */
uint64_t runtime_history_oldest(const struct assay_runtime *runtime);
/* Returns: of how many epochs every row is kept. */
uint64_t runtime_history_full(const struct assay_runtime *runtime);
/* One row, and once an hour its copy for a month. Returns: ASSAY_OK | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status runtime_history_append(struct assay_runtime *runtime,
                                                       const struct assay_store_key *key,
                                                       const struct assay_history_row *row);
/* All rows of an epoch are there. Returns: the same */
ASSAY_CHECKED enum assay_status runtime_history_on_epoch_closed(struct assay_runtime *runtime,
                                                                uint32_t era, uint64_t epoch);

/* --- host_publish.c */
/* Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_STORE | as assay_http_open */
ASSAY_CHECKED enum assay_status runtime_publish_open(
    struct assay_runtime *runtime, char message[static ASSAY_RUNTIME_MESSAGE_LEN]);
void runtime_publish_close(struct assay_runtime *runtime);
/* An epoch is closed and its rows are in the store. */
void runtime_publish_on_epoch_closed(struct assay_runtime *runtime, uint64_t epoch);
void runtime_publish_poll(struct assay_runtime *runtime);
struct assay_http_epoch; /* net/http/snapshot_slot.h */
/* Who said what of whom in a closed epoch, out of its blocks; a visitor of scores may call it.
 * Returns: the caller's to drop; NULL: without memory, or the store cannot be read. */
const struct assay_http_epoch *runtime_votes_load(struct assay_runtime *runtime, uint32_t era,
                                                  uint64_t epoch);
/* Accepts a pointer to NULL; nulls it. Returns: nothing. */
void runtime_votes_free(const struct assay_http_epoch **epoch);

/* --- host_dates.c */
ASSAY_CHECKED enum assay_status runtime_peer_clocks_open(struct assay_runtime *runtime);
void runtime_peer_clocks_close(struct assay_runtime *runtime);
/* Asks everybody when it is time, or beside what goes to everybody (host/peers/peer_clocks.h); says
 * when our own date turns out to be off. */
void runtime_peer_clocks_poll(struct assay_runtime *runtime, bool beside);
void runtime_on_date(struct assay_runtime *runtime, uint16_t from, struct assay_slice payload);
/* Tells everybody that this node ends, as it was asked to. Returns: nothing. */
void runtime_send_farewell(struct assay_runtime *runtime);

/* --- host_neighbours.c: all of it does nothing where everybody is everybody's neighbour */
/* Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status runtime_overlay_open(struct assay_runtime *runtime);
/* Before and after that. Returns: whether a network of so many members has neighbours. */
bool runtime_overlay_is_wanted(const struct assay_runtime *runtime);
void runtime_overlay_close(struct assay_runtime *runtime);
/* Returns: whether neighbours alone have links. */
bool runtime_overlay_is_used(const struct assay_runtime *runtime);
/* Returns: whether there is to be a link to a member. */
bool runtime_overlay_has_link(const struct assay_runtime *runtime, uint16_t slot);
/* The roster is another one; of one member: its addresses. Returns: nothing. */
void runtime_overlay_on_roster(struct assay_runtime *runtime);
void runtime_overlay_on_address(struct assay_runtime *runtime, uint16_t slot);
/* What is due: dialled, hung up, told. Returns: nothing. */
void runtime_overlay_poll(struct assay_runtime *runtime);
/* Returns: when it is; UINT64_MAX: never. */
uint64_t runtime_overlay_wake_at(const struct assay_runtime *runtime);
/* A NEIGHBOUR message, hostile bytes. Returns: nothing. */
void runtime_overlay_on_neighbour(struct assay_runtime *runtime, uint16_t from,
                                  struct assay_slice payload);
/* A frame of it was taken. Returns: nothing. */
void runtime_overlay_on_frame(struct assay_runtime *runtime, uint16_t from);
/* An ENVELOPE came: who sent it has the evidence first. Returns: nothing. */
void runtime_overlay_on_envelope(struct assay_runtime *runtime, uint16_t from,
                                 struct assay_slice payload);
/* A HAVE came. Returns: nothing. */
void runtime_overlay_on_inventory(struct assay_runtime *runtime, uint16_t from);
/* A message that is passed on came, and what was said of it: docs/protocol.md 4.12.11. */
void runtime_overlay_on_relayed(struct assay_runtime *runtime, uint16_t from,
                                enum assay_message_kind kind, struct assay_slice payload,
                                enum assay_status status);
/* A ROUTE message, hostile bytes. */
void runtime_overlay_on_prune(struct assay_runtime *runtime, uint16_t from,
                              struct assay_slice payload);
/* A VOTE_LACK of ours goes to a member. */
void runtime_overlay_on_request(struct assay_runtime *runtime, uint16_t to,
                                struct assay_slice payload);
/* The engine accepted it: who signed it is heard of. Returns: nothing. */
void runtime_overlay_on_accepted(struct assay_runtime *runtime, enum assay_message_kind kind,
                                 struct assay_slice payload);
void runtime_overlay_on_epoch_closed(struct assay_runtime *runtime, uint64_t epoch);

/* --- host_addresses.c */
/* What is known, as assay_transport_peer takes it. Returns: whether there is any. */
bool runtime_addresses_get(const struct assay_runtime *runtime, uint16_t slot,
                           char text[static RUNTIME_ADDRESSES_TEXT]);
ASSAY_CHECKED enum assay_status runtime_addresses_open(struct assay_runtime *runtime);
void runtime_addresses_close(struct assay_runtime *runtime);
/* By what the configuration says of the member, and then by what it says of itself; forgotten when
 * neither does. Returns: ASSAY_OK | ASSAY_E_IO (no address) | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status runtime_dial_member(struct assay_runtime *runtime, uint16_t slot);
/* This node is to be dialled elsewhere from now on: claimed, and told when it is something new.
 * Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status runtime_addresses_advertise(struct assay_runtime *runtime,
                                                            const char *advertise);
/* Tells everybody where this node listens. */
void runtime_addresses_poll(struct assay_runtime *runtime);
/* Another process has this node's keys: the operator is told, once. In: where: that it listens at,
 * "": not known. Returns: nothing. */
void runtime_on_shared_identity(struct assay_runtime *runtime, const char *where);
void runtime_on_address(struct assay_runtime *runtime, uint16_t from, struct assay_slice payload);

/* --- document.c */
/* As assay_admin_answer; context is the host. */
char *document_answer(void *context, const char *line);
/* The document around data, which is taken over. Returns: as assay_admin_answer. */
char *document_finish(struct assay_runtime *runtime, const char *schema, struct assay_json *data);
/* Schema assay.error. Returns: as assay_admin_answer. */
char *document_error(struct assay_runtime *runtime, const char *code, const char *detail);
/* What `take` makes of the bytes; bytes that are none are refused with the usage. Returns: as
 * assay_admin_answer. */
char *document_from_hex(struct assay_runtime *runtime, const char *hex, const char *usage,
                        char *(*take)(struct assay_runtime *runtime, struct assay_slice bytes));

/* --- document_change.c. Each char * Returns: as assay_admin_answer. */
char *document_changes(struct assay_runtime *runtime);
char *document_submit_change(struct assay_runtime *runtime, const char *hex);
/* Items of the store, for who works on a copy: "CLASS [EPOCH [SKIP]]". */
char *document_items(struct assay_runtime *runtime, const char *argument);

/* --- document_hold.c */
/* By hand: no work until let go. Returns: as assay_admin_answer. */
char *document_set_hold(struct assay_runtime *runtime, bool held, const char *reason);

/* --- document_export.c. Returns: as above. */
char *document_export(struct assay_runtime *runtime, const char *argument);

/* --- document_recover.c: what `assay recover` asks. Returns: as assay_admin_answer. */
char *document_recover(struct assay_runtime *runtime, const char *argument);
/* --- document_collateral.c. Each Returns: as assay_admin_answer. */
char *document_collateral(struct assay_runtime *runtime);
char *document_offer_collateral(struct assay_runtime *runtime, const char *hex);

/* --- document_registry.c: of services. Returns: as above; NULL: no command of these. */
char *document_services(struct assay_runtime *runtime, const char *command, const char *argument);

/* --- document_row.c: "GROUP HEX", evidence of one row of a group. Returns: as above. */
char *document_row(struct assay_runtime *runtime, const char *argument);

/* --- document_proof.c */
/* The proof of a slot; of ASSAY_SLOT_ALL the checkpoint. Returns: as above. */
char *document_proof(struct assay_runtime *runtime, uint16_t slot, bool bare);
/* "ERA EPOCH [voters]": boundaries behind an epoch (document_boundaries.c). Returns: as above. */
char *document_boundaries(struct assay_runtime *runtime, const char *argument);
/* "[EPOCH]": what a contract is shown of it (docs/services.md 8.8). Returns: as above. */
char *document_anchor(struct assay_runtime *runtime, const char *argument);

#endif
