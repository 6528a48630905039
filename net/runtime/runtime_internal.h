/*
 * net/runtime/runtime_internal.h - what the files of the host share; nothing outside includes it.
 *
 *   host.c           opening, the loop
 *   host_step.c      what host/dispatch.h runs over: engine, keys, store, link
 *   host_receive.c   frames of peers, the kinds that the host answers itself
 *   host_collateral.c  what the fetcher of collateral found
 *   host_evidence.c  what host/overlay/evidence_pull.h runs over: locker, pool, link; LOAD
 *   host_changes.c   changes of the operators that were submitted here
 *   host_enclave.c   the enclave's callbacks: quotes, orders, new keys
 *   host_keys.c      keyring, signers, what we dial with, the roster
 *   host_signals.c   what an operator asks of a running node
 *   host_tell.c      notes to log and timeline; the snapshot
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
    HOST_FRAMES_PER_TURN = 256,   /* then timers and the admin socket get their turn */
    HOST_EVENTS_PER_COMMIT = 512, /* a turn's frames, and as many answers */
    HOST_SLEEP_MS_MAX = 1000,
    HOST_LINGER_MS = 200, /* peers that are there take what is queued in much less */
    /* signals, pool, fetcher, workload, the sockets of admin, anchors and services with their
     * clients, the enclave's */
    HOST_FDS_MAX = 4 + 2 * (1 + ASSAY_ADMIN_CLIENTS_MAX) + ASSAY_SERVICE_SERVER_FDS_MAX +
                   ASSAY_HOST_ENCLAVE_FDS_MAX,
    HOST_HISTORY_EPOCHS = 20000, /* as the engine keeps blocks */
    /* ASSAY_STORE_META; the engine's own numbers are below, 1000 and 1040 are
     * net/keys/store_binding.c's */
    HOST_META_CHANGES = 1001,  /* to 1008 */
    HOST_CHANGES_MAX = 8,      /* submitted and in no block yet */
    HOST_CHANGE_MESSAGE = 400, /* ASSAY_CHANGE_MESSAGE */
    HOST_META_FELLED = 1009,   /* whom the last change that was reverted had felled */
    HOST_META_ENDED = 1011,    /* epoch: a sequence; assay_change_end of one that did not stay */
    HOST_META_ADDRESS = 1010,  /* id: a node; where it says that it listens */
    HOST_META_OFFERS = 1020,   /* to 1035 */
    HOST_OFFERS_MAX = 16,      /* of collateral, found or submitted and in no block yet */
    HOST_OFFER_MESSAGE = 300,
    HOST_ADDRESSES_TEXT = 2 * ASSAY_CLAIM_ADDRESSES_MAX * (ASSAY_CLAIM_ADDRESS_MAX + 8),
};

/* In a large network: whether a link is held to a member. */
struct host_link {
    bool wanted;
    uint64_t hang_up_ms; /* monotonic; 0: it stays */
};

/* A verification that found the pool full. */
struct host_waiting {
    struct assay_verify_job job;
    uint8_t *bytes;
    struct host_waiting *next;
};

/* Another process has this node's identity (docs/protocol.md 2.15). */
struct host_shared {
    uint64_t opened_unix_ms; /* since when this one runs */
    bool told;
    uint64_t since_ms; /* told */
};

struct assay_host {
    struct assay_host_config config;
    char *keys_dir;
    uint16_t self, members;

    uint64_t now_ms, at_unix_ms, started_ms, expired_ms;
    struct { /* dialling by the door key while the head does not move: host_keys.c */
        bool tried;
        uint64_t epoch, since_ms;
    } door;
    struct host_shared shared;
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
    int signal_fd;

    struct assay_keyring ring;
    struct assay_p256_signer *identity, *voting;
    bool keys_unused; /* never tied to a store before: they signed nothing */
    bool log_kept;    /* the store is the one that they are tied to */
    struct { /* what the tie of a new store leaves to write when everything is open */
        bool is_due, has_new_keys, has_new_store;
        const char *why; /* new keys */
        struct assay_store_binding tie;
    } tying;
    bool dials_by_door, dials;
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
    struct assay_peer_clocks dates;
    struct assay_peer_clocks_peer *date_peers; /* [members] */
    uint32_t *date_weights;              /* [members] */
    struct assay_address *addresses;     /* [members] where they say that they listen */
    struct assay_transport *link;
    struct assay_overlay *view; /* in view_memory; NULL: everybody has a link to everybody */
    void *view_memory;
    struct assay_relay_tree *routes; /* of the view's neighbours, behind it in view_memory */
    struct host_link *links; /* [members]; NULL with it */
    uint64_t hang_up_at_ms;  /* the next of links */
    struct assay_pages *pages;
    struct assay_seen *seen;
    struct assay_gossip *gossip;
    struct assay_evidence_pull pulls;
    struct assay_admission admission;
    struct assay_evidence_cache *locker;
    struct assay_verify_pool *pool;
    struct host_waiting *waiting, **waiting_end;
    struct assay_serve serve;
    struct assay_workload *workload;
    struct assay_service_probe *service;
    struct assay_admin *admin;
    struct assay_admin *anchor; /* for anchors on EVM chains; NULL: no services */
    struct assay_service_server *desk; /* NULL: no services, or nobody is to follow them */
    struct host_desk *desk_at; /* host_services.c */
    struct assay_services_summary *summary; /* NULL: the network has no services */
    bool quoting; /* the node's own quote is on its way */
    uint64_t history_hour; /* whose rows are kept for a month, and one; 0: none in this run */
    struct assay_http *http; /* NULL: none */
    struct assay_snapshot_fall *integrity_falls, *availability_falls; /* [members] */
    struct assay_latency latency;
    uint64_t ages_at_ms; /* when the age of the collateral in force is looked at again */
    uint8_t ages[ASSAY_ENDORSEMENTS_MAX]; /* enum assay_collateral_age, a root each */
    struct host_changes *changes;
    uint64_t missing; /* what keeps this node from catching up: missing_text; 0: nothing */
    struct host_offers *offers;
    uint64_t *fail_epoch; /* [members] in which a FAIL was proven last */
    struct assay_verdict verdict; /* the pool's last answer */
    struct assay_pages_losses page_losses;
    struct assay_snapshot snapshot; /* members: [members] */
    uint8_t *outgoing; /* [ASSAY_FRAME_LEN_MAX] */
    uint8_t *paging;   /* [ASSAY_FRAME_LEN_MAX] */
    struct pollfd fds[HOST_FDS_MAX];
};

/* --- host_step.c */
ASSAY_CHECKED enum assay_status host_dispatch_open(struct assay_host *host);
/* Queue an event for the next steps; its slice is copied. A full queue stops the node. Returns:
 * nothing. */
void host_queue(struct assay_host *host, const struct assay_event *event);
/* Step one event now. Returns: the engine's status. */
enum assay_status host_step(struct assay_host *host, struct assay_event *event);
/*
 * Step what is queued, commit, send, act, until nothing is left. Returns: nothing; host->failure.
 */
void host_settle(struct assay_host *host);
/* The node stops: the reason is logged once. Returns: nothing. */
void host_fail(struct assay_host *host, enum assay_status status, const char *what);
/* One frame of a few bytes over the link that there is, or none. Returns: nothing. */
void host_send_over(struct assay_host *host, uint16_t to, enum assay_message_kind kind,
                    struct assay_slice payload);
/* One message to a slot or ASSAY_SLOT_ALL, in pages when large. Returns: nothing. */
void host_send(struct assay_host *host, uint16_t to, uint16_t except, enum assay_message_kind kind,
               struct assay_slice payload);
/* The same for everybody but one: what came is passed on. again: its author sends it once more.
 * Returns: nothing. */
void host_pass(struct assay_host *host, uint16_t except, enum assay_message_kind kind,
               struct assay_slice payload, bool again);
/* Microseconds of the monotonic clock. */
uint64_t host_now_us(void);
void host_clock(struct assay_host *host);

/* --- host_signals.c */
ASSAY_CHECKED enum assay_status host_signals_open(struct assay_host *host);
/* Returns: nothing; host->draining, host->reloading. */
void host_signals_read(struct assay_host *host);
/* Returns: nothing; host->stopping once nothing is in hand. */
void host_drain(struct assay_host *host);

/* --- host_collateral.c */
void host_collateral(struct assay_host *host);

/* --- host_offers.c */
/* What the store kept. Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status host_offers_open(struct assay_host *host);
void host_offers_close(struct assay_host *host);
/* Offers whose moment has come. Returns: nothing. */
void host_offers_turn(struct assay_host *host);
/* Collateral that may follow: kept, and offered after a moment that is drawn, unless somebody else
 * did; at once: an operator says so.
 * Returns: ASSAY_OK | ASSAY_E_EARLY (when it is valid) | ASSAY_E_DUPLICATE (it waits, or was
 * reverted) | ASSAY_E_STALE (nothing newer) | ASSAY_E_FULL | what it is refused for, and message */
ASSAY_CHECKED enum assay_status host_offer_take(struct assay_host *host, struct assay_slice offer,
                                                bool at_once,
                                                char message[static HOST_OFFER_MESSAGE]);

/* --- host_receive.c */
void host_receive(struct assay_host *host);
/* Messages of the service that wait. */
void host_service(struct assay_host *host);

/* --- host_evidence.c */
void host_evidence_open(struct assay_host *host);
void host_fetch(struct assay_host *host, const struct assay_effect *effect);
void host_verify(struct assay_host *host, const struct assay_effect *effect);
void host_load(struct assay_host *host, const uint8_t digest[static 32]);
void host_pull(struct assay_host *host, uint16_t from, struct assay_slice payload);
void host_pulled(struct assay_host *host, uint16_t from, struct assay_slice payload);
/* Sources to ask, verdicts to deliver, jobs that waited for room. */
void host_evidence_turn(struct assay_host *host);
void host_evidence_forget(struct assay_host *host);

/* Have bytes judged for a moment: host_services_verdict is told, now or later. Returns: nothing. */
void host_evidence_judge(struct assay_host *host, const uint8_t digest[static 32],
                         enum assay_evidence_kind kind, int64_t at_unix_s,
                         struct assay_slice bytes);

/* --- host_transport.c */
/* What became of the process that has the sockets. Returns: nothing. */
void host_transport_turn(struct assay_host *host);
/* Into the line that is begun: a process of ours that is ready, and which of its walls stand. */
void host_say_child(struct assay_host *host, int64_t pid, uint32_t took_ms, uint32_t walls,
                    uint32_t landlock);

/* --- host_enclave.c */
void host_quote(struct assay_host *host, const struct assay_effect *effect);
void host_order(struct assay_host *host, const struct assay_order *order);
void host_enclave_events(struct assay_host *host);

/* --- host_services.c: programs that follow what services' records make */
/* Returns: what the engine asks; NULL where the network has no services. */
const struct assay_services *host_services_ledger(const struct assay_host *host);
/* Returns: as assay_service_server_open */
ASSAY_CHECKED enum assay_status host_services_open(struct assay_host *host,
                                                   char message[static ASSAY_HOST_MESSAGE_LEN]);
/* Tells what became final, hears what programs want. Returns: nothing. */
void host_services_turn(struct assay_host *host);
/* A verdict came, perhaps for programs, NULL: there is none. Returns: nothing. */
void host_services_verdict(struct assay_host *host, const uint8_t digest[static 32],
                           int64_t at_unix_s, const struct assay_verdict *verdict);
/* Returns: whether a quote is one that a program asked for. */
bool host_services_is_quote(const struct assay_host *host, uint64_t epoch);
/* It, or nothing: there is none. Returns: nothing. */
void host_services_quoted(struct assay_host *host, struct assay_slice bytes);
/* What people may ask of them, as it is now. Returns: nothing. */
void host_services_look(struct assay_host *host, struct assay_snapshot *snapshot);
/* Returns: the registry, borrowed until the next step; NULL: no services, or not whole yet. */
const struct assay_registry *host_services_registry(const struct assay_host *host);
void host_services_close(struct assay_host *host);

/* --- host_keys.c */
ASSAY_CHECKED enum assay_status host_keys_open(struct assay_host *host,
                                               char message[static ASSAY_HOST_MESSAGE_LEN]);
/* The genesis as it was founded; config.genesis is what changes made of it. Returns: never NULL. */
const struct assay_genesis *host_founding(const struct assay_host *host);
/* Those that left have no slot. Returns: the member's; host->members when it is none. */
uint32_t host_slot_of(const struct assay_host *host, const uint8_t node_id[static 32]);
/* Beside which vote log they may be used; loads the signers. Writes nothing: a start may fail yet.
 */
ASSAY_CHECKED enum assay_status host_keys_tie(struct assay_host *host,
                                              char message[static ASSAY_HOST_MESSAGE_LEN]);
/* New keys and the tie to a new store, durably; everything is open, and nothing was signed yet. */
ASSAY_CHECKED enum assay_status host_keys_settle(struct assay_host *host,
                                                 char message[static ASSAY_HOST_MESSAGE_LEN]);
void host_keys_close(struct assay_host *host);
/* The newest key set: waiting to be listed, or listed. */
const struct assay_key_set *host_key_set(const struct assay_host *host);
/* New keys for the incarnation after `ended`, unless they are made; tells the engine. */
void host_keys_renew(struct assay_host *host, uint32_t ended);
/* Keys that wait to be listed are another member's: others. Returns: nothing. */
void host_keys_replace(struct assay_host *host);
void host_keys_tell(struct assay_host *host);
/* An epoch closed, and that is durable: counted in the store and with the keys. Returns: nothing;
 * host_fail on errors. */
void host_keys_closed(struct assay_host *host);
/* Take over what the head state says of members: keys, weights, standings; promote our own keys. */
void host_roster(struct assay_host *host);
/* With the transport key where it is listed, with the door key until then. */
void host_dial(struct assay_host *host);

/* --- host_changes.c */
struct assay_change_draft; /* net/documents/change_review.h */
/* What the store kept. Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status host_changes_open(struct assay_host *host);
void host_changes_close(struct assay_host *host);
/* An epoch begins: what no block has is offered again, what is over goes. Returns: nothing. */
void host_changes_turn(struct assay_host *host);
/* Judge, keep and offer a change.
 * Returns: as assay_change_judge, message says why (not) | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status host_change_submit(struct assay_host *host,
                                                   struct assay_slice bytes,
                                                   struct assay_change_draft *draft,
                                                   char message[static HOST_CHANGE_MESSAGE]);
/* Walks what waits here from *at = 0 on. Returns: whether there is another one, and its record. */
bool host_change_next(const struct assay_host *host, uint32_t *at, struct assay_slice *record);

/* Remembers whom a change that was reverted had felled; the engine still stands before the
 * boundary. Out: names, for people. Returns: nothing. */
void host_felled_keep(struct assay_host *host, uint64_t sequence, char *names, size_t names_len);
/* Returns: how many slots[capacity] of members that this reverted change had felled. */
size_t host_felled_load(struct assay_host *host, uint64_t sequence, uint64_t *slots,
                        size_t capacity);
/* How a change of the operators ended, as this node saw it. Returns: nothing; the end, NONE when it
 * stayed, or ended while this node was away. */
void host_ended_keep(struct assay_host *host, uint64_t sequence, enum assay_change_end end);
enum assay_change_end host_ended_load(struct assay_host *host, uint64_t sequence);

/* --- host_tell.c */
void host_note(struct assay_host *host, const struct assay_effect *effect);
void host_closed(struct assay_host *host, uint64_t epoch);
/* One moment for the timeline with a printf text. */
__attribute__((format(printf, 6, 7))) void host_tell(struct assay_host *host, const char *code,
                                                     uint16_t slot, uint64_t a, uint64_t b,
                                                     const char *format, ...);
/*
 * Display name of a slot, NUL-terminated, escaped for terminals, in one of two static-free buffers.
 */
const char *host_name(const struct assay_host *host, uint16_t slot, char *text, size_t text_len);
/* What the file has of the timeline; without one it is forgotten at the end. Returns: nothing. */
void host_timeline_open(struct assay_host *host);
/* Name of a standing, "FULL" .. "SUSPENDED". */
const char *host_standing(uint64_t standing);

/* The node as it is now. Returns: the host's one snapshot, filled in anew. */
const struct assay_snapshot *host_snapshot(struct assay_host *host);

/* --- host_history.c */
/* Returns: the place of the oldest hour that is kept (ASSAY_HISTORY_ERA). */
uint64_t host_history_oldest(const struct assay_host *host);
/* Returns: of how many epochs every row is kept. */
uint64_t host_history_full(const struct assay_host *host);
/* One row, and once an hour its copy for a month. Returns: ASSAY_OK | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status host_history_row(struct assay_host *host,
                                                 const struct assay_store_key *key,
                                                 const struct assay_history_row *row);
/* All rows of an epoch are there. Returns: the same */
ASSAY_CHECKED enum assay_status host_history_closed(struct assay_host *host, uint32_t era,
                                                    uint64_t epoch);

/* --- host_publish.c */
/* Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_STORE | as assay_http_open */
ASSAY_CHECKED enum assay_status host_publish_open(struct assay_host *host,
                                                  char message[static ASSAY_HOST_MESSAGE_LEN]);
void host_publish_close(struct assay_host *host);
/* An epoch is closed and its rows are in the store. */
void host_publish_closed(struct assay_host *host, uint64_t epoch);
void host_publish_turn(struct assay_host *host);
struct assay_http_epoch; /* net/http/snapshot_slot.h */
/* Who said what of whom in a closed epoch, out of its blocks; a visitor of scores may call it.
 * Returns: the caller's to drop; NULL: without memory, or the store cannot be read. */
const struct assay_http_epoch *host_publish_votes(struct assay_host *host, uint32_t era,
                                                  uint64_t epoch);
/* Accepts a pointer to NULL; nulls it. Returns: nothing. */
void host_publish_drop(const struct assay_http_epoch **epoch);

/* --- host_dates.c */
ASSAY_CHECKED enum assay_status host_dates_open(struct assay_host *host);
void host_dates_close(struct assay_host *host);
/* Asks everybody when it is time, or beside what goes to everybody (host/peers/peer_clocks.h); says
 * when our own date turns out to be off. */
void host_dates_turn(struct assay_host *host, bool beside);
void host_date(struct assay_host *host, uint16_t from, struct assay_slice payload);
/* Tells everybody that this node ends, as it was asked to. Returns: nothing. */
void host_farewell(struct assay_host *host);

/* --- host_neighbours.c: all of it does nothing where everybody is everybody's neighbour */
/* Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status host_neighbours_open(struct assay_host *host);
/* Before and after that. Returns: whether a network of so many members has neighbours. */
bool host_neighbours_wanted(const struct assay_host *host);
void host_neighbours_close(struct assay_host *host);
/* Returns: whether neighbours alone have links. */
bool host_neighbours_used(const struct assay_host *host);
/* Returns: whether there is to be a link to a member. */
bool host_neighbours_links(const struct assay_host *host, uint16_t slot);
/* The roster is another one; of one member: its addresses. Returns: nothing. */
void host_neighbours_roster(struct assay_host *host);
void host_neighbours_address(struct assay_host *host, uint16_t slot);
/* What is due: dialled, hung up, told. Returns: nothing. */
void host_neighbours_turn(struct assay_host *host);
/* Returns: when it is; UINT64_MAX: never. */
uint64_t host_neighbours_wake_at(const struct assay_host *host);
/* A NEIGHBOUR message, hostile bytes. Returns: nothing. */
void host_neighbour(struct assay_host *host, uint16_t from, struct assay_slice payload);
/* A frame of it was taken. Returns: nothing. */
void host_neighbours_alive(struct assay_host *host, uint16_t from);
/* An ENVELOPE came: who sent it has the evidence first. Returns: nothing. */
void host_neighbours_announced(struct assay_host *host, uint16_t from, struct assay_slice payload);
/* A HAVE came. Returns: nothing. */
void host_neighbours_told(struct assay_host *host, uint16_t from);
/* A message that is passed on came, and what was said of it: docs/protocol.md 4.12.11. */
void host_neighbours_came(struct assay_host *host, uint16_t from, enum assay_message_kind kind,
                          struct assay_slice payload, enum assay_status status);
/* A ROUTE message, hostile bytes. */
void host_neighbours_route(struct assay_host *host, uint16_t from, struct assay_slice payload);
/* A VOTE_LACK of ours goes to a member. */
void host_neighbours_asked(struct assay_host *host, uint16_t to, struct assay_slice payload);
/* The engine accepted it: who signed it is heard of. Returns: nothing. */
void host_neighbours_authored(struct assay_host *host, enum assay_message_kind kind,
                              struct assay_slice payload);
void host_neighbours_closed(struct assay_host *host, uint64_t epoch);

/* --- host_addresses.c */
/* What is known, as assay_transport_peer takes it. Returns: whether there is any. */
bool host_addresses_of(const struct assay_host *host, uint16_t slot,
                       char text[static HOST_ADDRESSES_TEXT]);
ASSAY_CHECKED enum assay_status host_addresses_open(struct assay_host *host);
void host_addresses_close(struct assay_host *host);
/* By what the configuration says of the member, and then by what it says of itself; forgotten when
 * neither does. Returns: ASSAY_OK | ASSAY_E_IO (no address) | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status host_address_dial(struct assay_host *host, uint16_t slot);
/* This node is to be dialled elsewhere from now on: claimed, and told when it is something new.
 * Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status host_addresses_advertise(struct assay_host *host,
                                                         const char *advertise);
/* Tells everybody where this node listens. */
void host_addresses_turn(struct assay_host *host);
/* Another process has this node's keys: the operator is told, once. In: where: that it listens at,
 * "": not known. Returns: nothing. */
void host_shared(struct assay_host *host, const char *where);
void host_address(struct assay_host *host, uint16_t from, struct assay_slice payload);

/* --- document.c */
/* As assay_admin_answer; context is the host. */
char *host_document(void *context, const char *line);
/* The document around data, which is taken over. Returns: as assay_admin_answer. */
char *host_document_finish(struct assay_host *host, const char *schema, struct assay_json *data);
/* Schema assay.error. Returns: as assay_admin_answer. */
char *host_document_refuse(struct assay_host *host, const char *code, const char *detail);
/* What `take` makes of the bytes; bytes that are none are refused with the usage. Returns: as
 * assay_admin_answer. */
char *host_document_of_hex(struct assay_host *host, const char *hex, const char *usage,
                           char *(*take)(struct assay_host *host, struct assay_slice bytes));

/* --- document_change.c. Each char * Returns: as assay_admin_answer. */
char *host_document_changes(struct assay_host *host);
char *host_document_submit(struct assay_host *host, const char *hex);
/* Items of the store, for who works on a copy: "CLASS [EPOCH [SKIP]]". */
char *host_document_items(struct assay_host *host, const char *argument);

/* --- document_hold.c */
/* By hand: no work until let go. Returns: as assay_admin_answer. */
char *host_document_hold(struct assay_host *host, bool held, const char *reason);

/* --- document_export.c. Returns: as above. */
char *host_document_export(struct assay_host *host, const char *argument);

/* --- document_recover.c: what `assay recover` asks. Returns: as assay_admin_answer. */
char *host_document_recover(struct assay_host *host, const char *argument);
/* --- document_collateral.c. Each Returns: as assay_admin_answer. */
char *host_document_collateral(struct assay_host *host);
char *host_document_offer(struct assay_host *host, const char *hex);

/* --- document_registry.c: of services. Returns: as above; NULL: no command of these. */
char *host_document_service(struct assay_host *host, const char *command, const char *argument);

/* --- document_row.c: "GROUP HEX", evidence of one row of a group. Returns: as above. */
char *host_document_row(struct assay_host *host, const char *argument);

/* --- document_proof.c */
/* The proof of a slot; of ASSAY_SLOT_ALL the checkpoint. Returns: as above. */
char *host_document_proof(struct assay_host *host, uint16_t slot, bool bare);
/* "ERA EPOCH [voters]": boundaries behind an epoch (document_boundaries.c). Returns: as above. */
char *host_document_boundaries(struct assay_host *host, const char *argument);
/* "[EPOCH]": what a contract is shown of it (docs/services.md 8.8). Returns: as above. */
char *host_document_anchor(struct assay_host *host, const char *argument);

#endif
