/*
 * net/services/identity/signer_node.c - process of a holder of the group key: vault, verified
 * ledger, records of ceremonies.
 */
#include "net/services/identity/signer_node.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "base/file/file.h"
#include "base/system_clock.h"
#include "engine/ledger/state/workload_keys.h"
#include "net/services/identity/certificate_file.h"
#include "net/services/identity/checkpoint_file.h"
#include "net/services/identity/dealing_files.h"
#include "net/services/identity/holder_entry.h"
#include "net/services/identity/ledger_proof.h"
#include "net/services/identity/locked_memory.h"
#include "net/services/identity/signer_links.h"
#include "net/services/server/record_queue.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REQUEST_AGAIN_MS = 1000, /* for an answer that did not arrive, or that was none */
    FRAMES_PER_STEP = 256,   /* of other holders: a fence and closes are read between */
    FRAMES_MS = 50,          /* and so long at most */
    LIE_CLOSES = 3,          /* of epochs in which a proof is submitted; it is not derived again */
};

/* Locked: it has shares and nonces of proofs. */
struct secrets {
    struct assay_ceremony_holder holder;
    struct assay_ceremony_effect effect;
    uint8_t item[ASSAY_CEREMONY_ITEM_MAX];
};

struct assay_keyholder_node {
    struct assay_keyholder_node_config config;
    struct assay_holder_vault *vault;
    struct assay_keyholder_dealings *dealings;
    struct assay_keyholder_proof *proof;
    struct assay_record_queue *pending;
    struct assay_follower *follower;
    struct secrets *secrets;
    struct assay_keyholder_links *links; /* NULL: it signs nothing */
    struct assay_keyholder_signing *signing;
    char address[ASSAY_CA_ADDRESS_MAX + 1];
    char links_fault[ASSAY_KEYHOLDER_LINKS_MESSAGE_LEN];
    uint8_t link_key[32];
    bool has_holder; /* secrets->holder is of node_id */
    uint8_t node_id[32];
    enum assay_status ledger, failure;
    uint64_t now_ms, unix_ms, ask_at_ms, list_at_ms, show_at_ms;
    uint64_t shown_epoch;   /* for which workload keys were received */
    struct assay_ca closed; /* as the last close left it */
    bool has_closed;
    bool must_step;        /* something is to be derived from what was acted on */
    struct assay_ca acted; /* the last state that was verified */
    uint64_t stored_epoch; /* of the checkpoint that is on the disk */
    bool has_acted, is_listed, is_behind;
    bool is_diverged, is_fenced;
    uint64_t diverged_epoch; /* it reconnects once for each */
    uint8_t list_root[32];   /* of the list that was read last */
    bool has_list;
    uint64_t refused;
    const char *fault, *expired;
};

static void set_failure(struct assay_keyholder_node *n, enum assay_status status)
{
    if (n->failure == ASSAY_OK) n->failure = status;
}

/* --- keys */

size_t assay_keyholder_node_key(const struct assay_keyholder_node *node, uint8_t spki[static 44])
{
    uint8_t key[ASSAY_ED25519_PUBLIC_LEN];
    assay_sodium_link_pair(assay_holder_vault_seed(node->vault), key);
    assay_ed25519_spki(key, spki);
    return ASSAY_ED25519_SPKI_LEN;
}

enum assay_status assay_keyholder_node_make_statement(
    const struct assay_keyholder_node *node, const struct assay_registration_boot *boot,
    struct assay_registration_statement *statement)
{
    uint8_t spki[44];
    if (!assay_bytes_equal(boot->chain_id, node->config.checkpoint.chain_id, 32))
        return ASSAY_E_CHAIN;
    if (!node->has_holder) return ASSAY_E_AGAIN;
    if (!assay_bytes_equal(boot->node_id, node->node_id, 32)) return ASSAY_E_STRANGER;
    const struct assay_slice key = assay_slice_over(spki, assay_keyholder_node_key(node, spki));
    return assay_keyholder_make_statement(assay_holder_vault_seed(node->vault), key, boot->chain_id,
                                          boot->node_id, boot->boot, statement);
}

static enum assay_status draw_random(void *context, uint8_t *bytes, size_t len)
{
    (void)context;
    return assay_random(bytes, len);
}

static struct assay_slice find_dealing(void *context, uint32_t dealer,
                                       const uint8_t digest[static 32])
{
    const struct assay_keyholder_node *n = context;
    (void)dealer;
    return assay_keyholder_dealings_get(n->dealings, digest);
}

static enum assay_status load_item(void *context, const struct assay_ceremony_item *item,
                                   struct assay_slice bytes)
{
    struct assay_keyholder_node *n = context;
    return assay_ceremony_holder_load(&n->secrets->holder, item, bytes);
}

/* --- sessions with other holders */

static uint64_t get_unix_ms(const struct assay_keyholder_node *n)
{
    return n->config.unix_ms != NULL ? n->config.unix_ms() : assay_unix_ms();
}

static struct assay_cosigner_time get_time(const struct assay_keyholder_node *n)
{
    return (struct assay_cosigner_time){ .monotonic_ms = assay_monotonic_ms(),
                                         .wall_ms = get_unix_ms(n) };
}

static void send_to_holder(void *context, const uint8_t node_id[static 32],
                           struct assay_slice frame)
{
    const struct assay_keyholder_node *n = context;
    assay_keyholder_links_send(n->links, node_id, frame);
}

static const char *publish_folder(const struct assay_keyholder_node *n)
{
    return n->config.publish != NULL ? n->config.publish : n->config.store;
}

static enum assay_status publish_certificate(void *context, uint32_t which, struct assay_slice der)
{
    return assay_keyholder_authority_publish(publish_folder(context), which, der);
}

static enum assay_status store_record(void *context, uint32_t which, struct assay_slice record)
{
    const struct assay_keyholder_node *n = context;
    return assay_keyholder_record_write(n->config.store, which, record);
}

static bool load_record(void *context, uint32_t which,
                        uint8_t record[static ASSAY_SIGNING_RECORD_LEN])
{
    const struct assay_keyholder_node *n = context;
    return assay_keyholder_record_read(n->config.store, which, record, ASSAY_SIGNING_RECORD_LEN);
}

static enum assay_status publish_workload(void *context, struct assay_slice name,
                                          struct assay_slice der)
{
    return assay_keyholder_certificate_publish(publish_folder(context), "key", name, der);
}

static void submit_lie(void *context, uint32_t ca_number, uint64_t generation,
                       struct assay_slice proof)
{
    const struct assay_keyholder_node *n = context;
    const struct assay_ca_lie_record record = {
        .era = n->acted.era, .ca_number = ca_number, .generation = generation, .lie = proof
    };
    uint8_t bytes[ASSAY_SERVICE_PAYLOAD_MAX];
    struct assay_slice payload;
    if (!assay_queue_has_room(n->pending)) return; /* records of ceremonies have theirs */
    if (assay_ca_lie_encode(&record, bytes, sizeof bytes, &payload) == ASSAY_OK)
        assay_status_ignore(assay_queue_add(n->pending, ASSAY_SERVICE_CA_LIE, payload),
                            "without room it is found again");
}

static void send_issued(void *context, uint64_t serial, enum assay_service_outcome outcome,
                        struct assay_slice bytes)
{
    const struct assay_keyholder_node *n = context;
    const struct assay_service_message m = {
        .verb = ASSAY_SERVICE_ISSUED, .serial = serial, .outcome = outcome, .issued = bytes
    };
    assay_status_ignore(assay_follower_request(n->follower, &m), "the daemon requests it again");
}

static void open_signing(struct assay_keyholder_node *n)
{
    struct assay_keyholder_signing_config config = { .vault = n->vault,
                                                     .send = send_to_holder,
                                                     .lie = submit_lie,
                                                     .certified = publish_certificate,
                                                     .store = store_record,
                                                     .load = load_record,
                                                     .issued = publish_workload,
                                                     .answered = send_issued,
                                                     .context = n };
    if (n->links == NULL) return;
    assay_bytes_copy(config.node_id, 32, n->node_id, 32);
    assay_bytes_copy(config.link_key, 32, n->link_key, 32);
    const enum assay_status status = assay_keyholder_signing_create(&config, &n->signing);
    if (status != ASSAY_OK) set_failure(n, status);
    assay_keyholder_dealings_connect(n->dealings, n->node_id, send_to_holder, n);
}

/* Otherwise nothing is derived, and nothing is submitted. */
static bool may_act(const struct assay_keyholder_node *n)
{
    return n->failure == ASSAY_OK && !n->is_fenced && !n->is_diverged && n->expired == NULL;
}

static enum assay_status serve_frame(struct assay_keyholder_node *n, const uint8_t from[static 32],
                                     struct assay_slice frame)
{
    bool is_new = false;
    if (n->has_acted)
        ASSAY_TRY(assay_keyholder_dealings_on_frame(n->dealings, &n->acted, from, frame, &is_new));
    n->must_step = n->must_step || is_new;
    return assay_keyholder_signing_on_frame(n->signing, from, frame, get_time(n));
}

static void serve_holders(struct assay_keyholder_node *n)
{
    uint8_t from[32];
    struct assay_slice frame;
    enum assay_status status = ASSAY_OK;
    if (n->signing == NULL || n->failure != ASSAY_OK) return;
    const uint64_t end = assay_monotonic_ms() + FRAMES_MS;
    for (uint32_t i = 0; i < FRAMES_PER_STEP && status == ASSAY_OK && assay_monotonic_ms() < end &&
                         assay_keyholder_links_receive(n->links, from, &frame) == ASSAY_OK;
         i++)
        status = serve_frame(n, from, frame);
    if (n->has_acted && may_act(n))
        assay_keyholder_dealings_request(n->dealings, &n->acted, n->now_ms);
    if (status == ASSAY_OK) status = assay_keyholder_signing_on_tick(n->signing, get_time(n));
    assay_keyholder_links_flush(n->links);
    if (status != ASSAY_OK) set_failure(n, status);
}

/* The holder of the member whose daemon is followed. */
static void init_holder(struct assay_keyholder_node *n, const uint8_t node_id[static 32])
{
    struct assay_ceremony_holder_config config = {
        .seed = *assay_holder_vault_seed(n->vault),
        .era = n->config.era,
        .random = draw_random,
        .dealing = find_dealing,
        .context = n,
    };
    const struct assay_follower_state *home = assay_follower_state(n->follower);
    ASSAY_ASSERT(home != NULL && !n->has_holder);
    assay_bytes_copy(config.chain_id, 32, home->chain_id, 32);
    assay_bytes_copy(config.node_id, 32, node_id, 32);
    assay_bytes_copy(config.link_key, 32, n->link_key, 32);
    (void)snprintf(config.address, sizeof config.address, "%s", n->address);
    assay_ceremony_holder_init(&n->secrets->holder, &config);
    assay_secret_wipe(&config.seed, sizeof config.seed);
    assay_bytes_copy(n->node_id, 32, node_id, 32);
    n->has_holder = true;
    open_signing(n);
    set_failure(n, assay_holder_vault_each(n->vault, load_item, n));
}

/* --- actions of the holder, executed in order */

/* The queue is empty after each verified close, so that it has room. */
static enum assay_status submit_record(struct assay_keyholder_node *n, struct assay_slice bytes,
                                       enum assay_ceremony_record record)
{
    return assay_queue_add(n->pending, assay_registry_kind_of_ceremony(record), bytes);
}

/* A daemon may show any number of dealings, so there may be no room: what was verified remains. */
static enum assay_status keep_dealing(struct assay_keyholder_node *n, struct assay_slice payload)
{
    const enum assay_status status = assay_keyholder_dealings_put(n->dealings, payload);
    return status == ASSAY_E_FULL ? ASSAY_OK : status;
}

static enum assay_status submit_stored(struct assay_keyholder_node *n,
                                       const struct assay_ceremony_item *item)
{
    struct assay_slice bytes;
    ASSAY_TRY(assay_holder_vault_get(n->vault, item, n->secrets->item, &bytes));
    if (item->record == ASSAY_CEREMONY_DEAL) ASSAY_TRY(keep_dealing(n, bytes));
    return submit_record(n, bytes, item->record);
}

static enum assay_status execute_effect(struct assay_keyholder_node *n)
{
    struct assay_ceremony_holder *h = &n->secrets->holder;
    const struct assay_ceremony_effect *e = &n->secrets->effect;
    switch (e->action) {
    case ASSAY_CEREMONY_NOTHING: return ASSAY_OK;
    case ASSAY_CEREMONY_STORE:
        ASSAY_TRY(assay_holder_vault_put(n->vault, &e->item, e->bytes));
        assay_ceremony_holder_on_stored(h);
        return ASSAY_OK;
    case ASSAY_CEREMONY_SUBMIT: return submit_stored(n, &e->item);
    case ASSAY_CEREMONY_SUBMIT_BYTES: return submit_record(n, e->bytes, e->item.record);
    case ASSAY_CEREMONY_ERASE:
        ASSAY_TRY(assay_holder_vault_erase(n->vault, &e->item.name));
        assay_ceremony_holder_on_erased(h, e);
        return ASSAY_OK;
    case ASSAY_CEREMONY_ERASE_SHARES:
        ASSAY_TRY(assay_holder_vault_erase_shares(n->vault, &e->item.name));
        assay_ceremony_holder_on_erased(h, e);
        return ASSAY_OK;
    }
    ASSAY_UNREACHABLE("an action");
}

static void step_holder(struct assay_keyholder_node *n)
{
    struct assay_ceremony_holder *h = &n->secrets->holder;
    ASSAY_ASSERT(n->has_acted && n->has_holder);
    if (!may_act(n)) return;
    n->must_step = false;
    for (enum assay_status status = ASSAY_OK; status == ASSAY_OK && n->failure == ASSAY_OK;) {
        status = assay_ceremony_holder_step(h, &n->acted, &n->secrets->effect);
        n->is_behind = status == ASSAY_E_STALE;
        if (status == ASSAY_OK && n->secrets->effect.action == ASSAY_CEREMONY_NOTHING) break;
        if (status == ASSAY_OK) status = execute_effect(n);
        if (status != ASSAY_OK && !n->is_behind) set_failure(n, status);
    }
    assay_secret_wipe(&n->secrets->effect, sizeof n->secrets->effect);
    if (assay_ceremony_holder_status(h, &n->acted).is_superseded) set_failure(n, ASSAY_E_STALE);
}

/* --- the ledger, verified */

/* Records that are not final are derived again, from what the ledger is now. */
static void clear_pending(struct assay_keyholder_node *n)
{
    for (enum assay_ceremony_record r = ASSAY_CEREMONY_OFFER; r <= ASSAY_CEREMONY_TABLE; r++)
        assay_queue_clear_kind(n->pending, assay_registry_kind_of_ceremony(r));
}

/* The ledger may refuse a proof: its signer was convicted, or the generation is over. */
static bool is_old_lie(void *context, enum assay_service_kind kind, struct assay_slice payload,
                       uint32_t closes)
{
    (void)context, (void)payload;
    return kind == ASSAY_SERVICE_CA_LIE && closes >= LIE_CLOSES;
}

/* Only one offer is made in a ceremony: without a list in force there is no path to put into it. */
static void forget_old_entry(struct assay_keyholder_node *n)
{
    static const struct assay_ceremony_entry none = { .len = 0 };
    const struct assay_follower_state *home = assay_follower_state(n->follower);
    if (!n->has_list || home->slot >= home->members ||
        assay_bytes_equal(n->list_root, home->member[home->slot].keys_root, 32))
        return;
    n->has_list = n->is_listed = false;
    assay_ceremony_holder_set_entry(&n->secrets->holder, &none);
}

static void stop_acting(struct assay_keyholder_node *n)
{
    if (n->signing != NULL) assay_keyholder_signing_stop(n->signing);
    clear_pending(n);
    assay_queue_clear_kind(n->pending, ASSAY_SERVICE_CA_LIE);
    n->must_step = false;
}

/* What the daemon showed since it was dialled is not the ledger: its documents are loaded again.
 * While these differ as well, every close is compared. */
static void find_divergence(struct assay_keyholder_node *n)
{
    if (!assay_keyholder_proof_differs(n->proof, &n->closed)) return;
    const bool is_known = n->is_diverged && n->diverged_epoch == n->closed.epoch;
    n->is_diverged = true;
    n->has_closed = false;
    stop_acting(n);
    if (is_known) return;
    n->diverged_epoch = n->closed.epoch;
    assay_follower_reconnect(n->follower, n->now_ms);
}

static void sign_for_epoch(struct assay_keyholder_node *n)
{
    if (n->signing == NULL || n->is_fenced) return;
    assay_keyholder_links_apply(n->links, &n->acted);
    const enum assay_status status =
        assay_keyholder_signing_on_epoch(n->signing, n->proof, &n->acted, &n->secrets->holder,
                                         assay_follower_plan(n->follower), get_time(n));
    if (status != ASSAY_OK) set_failure(n, status);
}

/* The epoch that closed last, once it is proven and its fold is the ledger's. A close that an
 * earlier run acted on is not counted once more: shares would be erased too soon. */
static void act_on_close(struct assay_keyholder_node *n)
{
    bool certified = false;
    if (!n->has_closed || !n->has_holder || n->failure != ASSAY_OK) return;
    if (n->has_acted && n->acted.era == n->closed.era && n->acted.epoch == n->closed.epoch) return;
    find_divergence(n);
    if (n->expired != NULL || !assay_keyholder_proof_has(n->proof, &n->closed, &certified)) return;
    n->is_diverged = false;
    n->is_fenced = assay_follower_is_fenced(n->follower);
    const bool is_new = n->closed.epoch > n->stored_epoch;
    n->acted = n->closed;
    n->has_acted = true;
    n->stored_epoch = n->closed.epoch;
    const enum assay_status status =
        assay_keyholder_checkpoint_store(n->vault, assay_keyholder_proof_at(n->proof));
    if (status != ASSAY_OK) {
        set_failure(n, status);
        return;
    }
    clear_pending(n);
    assay_queue_on_close(n->pending);
    assay_queue_drop(n->pending, is_old_lie, n);
    assay_keyholder_dealings_retain(n->dealings, &n->acted);
    assay_keyholder_dealings_on_close(n->dealings);
    forget_old_entry(n);
    assay_ceremony_holder_on_close(&n->secrets->holder, &n->acted, certified && is_new,
                                   n->is_fenced);
    n->must_step = true;
    sign_for_epoch(n);
}

static void request_proof(struct assay_keyholder_node *n)
{
    const struct assay_follower_state *home = assay_follower_state(n->follower);
    struct assay_service_message m;
    if (home == NULL || !assay_follower_follows(n->follower) || n->now_ms < n->ask_at_ms) return;
    if (n->expired != NULL) return;
    if (!assay_keyholder_proof_next(n->proof, home->epoch, &m)) return;
    n->ask_at_ms = n->now_ms + REQUEST_AGAIN_MS;
    assay_status_ignore(assay_follower_request(n->follower, &m), "it is requested again");
}

static void on_proof(void *context, const struct assay_service_message *m)
{
    struct assay_keyholder_node *n = context;
    struct assay_fault fault = { .what = NULL };
    const enum assay_status status =
        assay_keyholder_proof_on_answer(n->proof, m, n->unix_ms, &fault);
    if (status == ASSAY_E_INVALID) {
        n->refused++;
        n->fault = fault.what;
    } else if (status == ASSAY_OK) {
        n->ask_at_ms = 0; /* the next one */
    } else if (status == ASSAY_E_CRYPTO) {
        set_failure(n, status);
    }
}

/* --- the list in which the holder's entry is */

static void request_list(struct assay_keyholder_node *n)
{
    const struct assay_follower_state *home = assay_follower_state(n->follower);
    if (home == NULL || !assay_follower_follows(n->follower) || home->slot >= home->members) return;
    const struct assay_registry_member *own = &home->member[home->slot];
    if (!n->has_holder || assay_bytes_all_zero(own->keys_root, 32) || n->now_ms < n->list_at_ms ||
        (n->has_list && assay_bytes_equal(n->list_root, own->keys_root, 32)))
        return;
    struct assay_service_message m = { .verb = ASSAY_SERVICE_LIST, .slot = home->slot };
    assay_bytes_copy(m.root, 32, own->keys_root, 32);
    n->list_at_ms = n->now_ms + REQUEST_AGAIN_MS;
    assay_status_ignore(assay_follower_request(n->follower, &m), "it is requested again");
}

static void on_keys(void *context, const struct assay_service_message *m)
{
    struct assay_keyholder_node *n = context;
    const struct assay_follower_state *home = assay_follower_state(n->follower);
    struct assay_declared_keys keys;
    struct assay_ceremony_entry entry;
    uint8_t root[32];
    if (home == NULL || home->slot >= home->members || !n->has_holder || m->keys.len == 0) return;
    if (assay_declared_keys_decode(m->keys, &keys) != ASSAY_OK) return;
    assay_declared_keys_root(&keys, root);
    if (!assay_bytes_equal(root, m->root, 32) ||
        !assay_bytes_equal(root, home->member[home->slot].keys_root, 32))
        return;
    uint8_t spki[44];
    const size_t len = assay_keyholder_node_key(n, spki);
    assay_keyholder_find_entry(&keys, assay_slice_over(spki, len), &entry);
    assay_bytes_copy(n->list_root, 32, root, 32);
    n->has_list = true;
    n->is_listed = entry.len > 0;
    assay_ceremony_holder_set_entry(&n->secrets->holder, &entry);
    n->must_step = n->has_acted;
}

/* --- workload keys of the member, which its certificates are about */

static void request_shown(struct assay_keyholder_node *n)
{
    if (n->signing == NULL || !assay_keyholder_signing_status(n->signing).is_open ||
        !n->has_acted || n->shown_epoch == n->acted.epoch || n->now_ms < n->show_at_ms)
        return;
    const struct assay_service_message m = { .verb = ASSAY_SERVICE_SHOW, .epoch = n->acted.epoch };
    n->show_at_ms = n->now_ms + REQUEST_AGAIN_MS;
    assay_status_ignore(assay_follower_request(n->follower, &m), "it is requested again");
}

static void on_shown(void *context, const struct assay_service_message *m)
{
    struct assay_keyholder_node *n = context;
    if (n->signing == NULL || !n->has_acted || m->epoch != n->acted.epoch || m->proven.len == 0)
        return;
    n->shown_epoch = m->epoch;
    assay_keyholder_signing_show(n->signing, m->epoch, m->proven, m->keys, m->declared,
                                 get_time(n));
}

/* --- certificates and tokens that the daemon requests */

static void on_issue(void *context, const struct assay_service_message *m)
{
    const struct assay_keyholder_node *n = context;
    struct assay_keyholder_issue wanted = { .serial = m->serial,
                                            .epoch = m->epoch,
                                            .product = m->product,
                                            .name = m->name,
                                            .audience = m->audience,
                                            .standing = m->proven,
                                            .keys = m->keys,
                                            .declared = m->declared };
    assay_bytes_copy(wanted.node_id, 32, m->node_id, 32);
    const char *why = n->is_fenced         ? "the era is fenced"
                      : n->expired != NULL ? n->expired
                      : n->signing == NULL ? "this process has no address for other holders"
                                           : NULL;
    const enum assay_service_outcome outcome = n->is_fenced         ? ASSAY_SERVICE_OUTCOME_FENCED
                                               : n->expired != NULL ? ASSAY_SERVICE_OUTCOME_STALE
                                                                    : ASSAY_SERVICE_OUTCOME_NO_KEY;
    if (why != NULL) send_issued(context, m->serial, outcome, assay_slice_over(why, strlen(why)));
    else assay_keyholder_signing_issue(n->signing, &wanted, get_time(n));
}

/* --- the ledger, as the daemon shows it */

static void keep_close(void *context)
{
    struct assay_keyholder_node *n = context;
    const struct assay_ca *ca = assay_follower_identity(n->follower);
    ASSAY_ASSERT(ca != NULL);
    n->closed = *ca;
    n->has_closed = true;
}

/* docs/identity.md 3.16: a fenced holder stops at once. After a RELEASE it acts from the next close
 * on. */
static void set_fence(void *context)
{
    struct assay_keyholder_node *n = context;
    if (!assay_follower_is_fenced(n->follower)) return;
    n->is_fenced = true;
    stop_acting(n);
}

static void on_begin(void *context)
{
    struct assay_keyholder_node *n = context;
    const struct assay_follower_state *home = assay_follower_state(n->follower);
    const uint8_t *node = assay_follower_node(n->follower);
    ASSAY_ASSERT(home != NULL);
    n->ask_at_ms = n->list_at_ms = 0;
    assay_queue_reset_due(n->pending);
    if (node != NULL && !n->has_holder) init_holder(n, node);
    else if (node != NULL && !assay_bytes_equal(node, n->node_id, 32))
        set_failure(n, ASSAY_E_STRANGER);
    set_fence(n);
    n->has_closed = false;
    if (home->records == 0) keep_close(n); /* else the documents are of a later moment */
}

static void on_record(void *context, uint32_t slot, enum assay_service_kind kind,
                      struct assay_slice payload)
{
    struct assay_keyholder_node *n = context;
    if (slot == assay_follower_state(n->follower)->slot)
        assay_queue_remove(n->pending, kind, payload);
}

/* A dealing is on the ledger once: its receivers read it now. */
static void on_result(void *context, enum assay_service_kind kind, struct assay_slice payload,
                      const char *word)
{
    struct assay_keyholder_node *n = context;
    if (kind == ASSAY_SERVICE_CA_DEAL && strcmp(word, assay_ca_result_word(ASSAY_CA_APPLIED)) == 0)
        set_failure(n, keep_dealing(n, payload));
}

/* --- opening */

static void read_clocks(struct assay_keyholder_node *n)
{
    n->now_ms = assay_monotonic_ms();
    n->unix_ms = get_unix_ms(n);
    n->expired = assay_keyholder_proof_time_fault(n->proof, n->unix_ms);
}

static enum assay_status open_ledger(struct assay_keyholder_node *n, const char **what)
{
    struct assay_checkpoint from;
    *what = "the file `checkpoint` is missing, older than others, of another network or of another "
            "program: put it back, or begin with an empty folder";
    ASSAY_TRY(
        assay_keyholder_checkpoint_load(n->vault, &n->config.checkpoint, &from, &n->stored_epoch));
    *what = "out of memory";
    ASSAY_TRY(assay_keyholder_proof_create(&from, &n->proof));
    read_clocks(n);
    *what = n->expired;
    if (n->expired != NULL) return ASSAY_E_STALE;
    *what = "out of memory";
    ASSAY_TRY(assay_queue_create(
        n->config.again_ms != 0 ? n->config.again_ms : ASSAY_RECORD_QUEUE_RESEND_MS, &n->pending));
    const struct assay_follower_config config = {
        .path = n->config.ledger,
        .role = ASSAY_SERVICE_ROLE_SIGNER,
        .callbacks = { .begun = on_begin,
                       .record = on_record,
                       .became = on_result,
                       .closed = keep_close,
                       .fenced = set_fence,
                       .proof = on_proof,
                       .keys = on_keys,
                       .shown = on_shown,
                       .issue = on_issue },
        .context = n,
        .chain_id = n->config.checkpoint.chain_id,
        .era_min = from.era,
        .epoch_min = from.epoch,
    };
    *what = "the path of the daemon's socket is too long";
    return assay_follower_create(&config, &n->follower);
}

static enum assay_status open_links(struct assay_keyholder_node *n,
                                    const struct assay_secret32 *link, const char **what)
{
    *what = "the address for other holders is missing or too long";
    const char *given = n->config.address;
    if (given == NULL ? n->config.listen == NULL : strlen(given) > ASSAY_CA_ADDRESS_MAX)
        return ASSAY_E_RANGE;
    if (given != NULL) (void)snprintf(n->address, sizeof n->address, "%s", given);
    if (n->config.listen == NULL) return ASSAY_OK;
    *what = n->links_fault;
    ASSAY_TRY(assay_keyholder_links_open(n->config.listen, link, &n->links, n->links_fault));
    *what = "the address of `listen` is too long";
    return given != NULL ? ASSAY_OK
                         : assay_keyholder_links_address(n->links, n->config.host, n->address);
}

static enum assay_status set_up(struct assay_keyholder_node *n, const char **what)
{
    char dealings[PATH_MAX];
    struct assay_secret32 link;
    *what = "the path is too long";
    const int len = snprintf(dealings, sizeof dealings, "%s/dealings", n->config.store);
    if (len <= 0 || (size_t)len >= sizeof dealings) return ASSAY_E_RANGE;
    *what = "the folder `dealings` cannot be read";
    ASSAY_TRY(assay_keyholder_dealings_open(dealings, &n->dealings));
    *what = "no random numbers";
    ASSAY_TRY(assay_random(link.bytes, sizeof link.bytes));
    assay_sodium_link_pair(&link, n->link_key);
    const enum assay_status status = open_links(n, &link, what);
    assay_secret_wipe(&link, sizeof link);
    ASSAY_TRY(status);
    return open_ledger(n, what);
}

enum assay_status assay_keyholder_node_open(const struct assay_keyholder_node_config *config,
                                            struct assay_keyholder_node **out,
                                            char message[static ASSAY_KEYHOLDER_NODE_MESSAGE_LEN])
{
    const struct assay_holder_vault_config vault = { .folder = config->store,
                                                     .key = config->key,
                                                     .is_memory_only = config->is_memory_only };
    const char *what = "no locked memory: raise LimitMEMLOCK";
    struct assay_keyholder_node *n = calloc(1, sizeof *n);
    *out = NULL;
    (void)snprintf(message, ASSAY_KEYHOLDER_NODE_MESSAGE_LEN, "out of memory");
    if (n == NULL) return ASSAY_E_MEMORY;
    n->config = *config;
    n->ledger = ASSAY_E_AGAIN;
    enum assay_status status = assay_holder_vault_open(&vault, &n->vault, message);
    n->config.key = NULL;
    if (status == ASSAY_OK) {
        n->secrets = assay_locked_memory_new(sizeof *n->secrets);
        status = n->secrets == NULL ? ASSAY_E_MEMORY : ASSAY_OK;
        if (status == ASSAY_OK) status = set_up(n, &what);
        /* That of the links names the address and has the reason of the system. */
        if (status != ASSAY_OK && what == n->links_fault)
            (void)snprintf(message, ASSAY_KEYHOLDER_NODE_MESSAGE_LEN, "listen: %s", what);
        else if (status != ASSAY_OK)
            (void)snprintf(message, ASSAY_KEYHOLDER_NODE_MESSAGE_LEN, "%.300s: %s (%s)",
                           config->store, what, assay_status_text(status));
    }
    if (status != ASSAY_OK) assay_keyholder_node_close(&n);
    else message[0] = '\0';
    *out = n;
    return status;
}

void assay_keyholder_node_close(struct assay_keyholder_node **node)
{
    struct assay_keyholder_node *n = *node;
    if (n == NULL) return;
    assay_follower_destroy(&n->follower);
    assay_queue_destroy(&n->pending);
    assay_keyholder_proof_destroy(&n->proof);
    assay_keyholder_dealings_close(&n->dealings);
    if (n->has_holder) assay_ceremony_holder_wipe(&n->secrets->holder);
    assay_keyholder_signing_destroy(&n->signing);
    assay_keyholder_links_close(&n->links);
    assay_locked_memory_free(n->secrets, sizeof *n->secrets);
    assay_holder_vault_close(&n->vault);
    free(n);
    *node = NULL;
}

/* --- turn */

static int wait_ms(const struct assay_keyholder_node *n, int timeout_ms)
{
    uint64_t due = assay_queue_wake_at(n->pending);
    if (n->ask_at_ms > n->now_ms && n->ask_at_ms < due) due = n->ask_at_ms;
    if (n->list_at_ms > n->now_ms && n->list_at_ms < due) due = n->list_at_ms;
    const uint64_t left = due > n->now_ms ? due - n->now_ms : 0;
    return left < (uint64_t)timeout_ms ? (int)left : timeout_ms;
}

enum assay_status assay_keyholder_node_step(struct assay_keyholder_node *node, int timeout_ms)
{
    struct assay_keyholder_node *n = node;
    ASSAY_ASSERT(timeout_ms >= 0);
    if (n->failure != ASSAY_OK) return n->failure;
    struct pollfd fd = assay_follower_poll(n->follower);
    n->now_ms = assay_monotonic_ms();
    int wait = wait_ms(n, timeout_ms);
    if (fd.fd < 0 && wait > ASSAY_FOLLOWER_REDIAL_MS) wait = ASSAY_FOLLOWER_REDIAL_MS;
    if (n->signing != NULL && wait > ASSAY_COSIGNER_TICK_MS / 2) wait = ASSAY_COSIGNER_TICK_MS / 2;
    if (n->links != NULL) ASSAY_TRY(assay_keyholder_links_wait(n->links, &fd, wait));
    else if (poll(&fd, 1, wait) < 0 && errno != EINTR) return ASSAY_E_IO;
    read_clocks(n);
    if (n->expired != NULL) stop_acting(n);
    const enum assay_status status = assay_follower_step(n->follower, n->now_ms);
    if (status != ASSAY_OK || assay_follower_follows(n->follower)) n->ledger = status;
    act_on_close(n);
    request_proof(n);
    request_list(n);
    request_shown(n);
    if (n->must_step) step_holder(n);
    serve_holders(n);
    assay_queue_send_due(n->pending, n->follower, n->now_ms);
    return n->failure;
}

struct assay_keyholder_node_status assay_keyholder_node_status(
    const struct assay_keyholder_node *node)
{
    struct assay_keyholder_node_status status = {
        .follows = assay_follower_follows(node->follower),
        .ledger = node->ledger,
        .era = assay_keyholder_proof_at(node->proof)->era,
        .proven_epoch = assay_keyholder_proof_at(node->proof)->epoch,
        .acted_epoch = node->has_acted ? node->acted.epoch : 0,
        .refused = node->refused,
        .fault = node->fault,
        .expired = node->expired,
        .is_diverged = node->is_diverged,
        .diverged_epoch = node->diverged_epoch,
        .is_fenced = node->is_fenced,
        .is_listed = node->is_listed,
        .is_behind = node->is_behind,
        .pending = assay_queue_count(node->pending),
    };
    if (node->signing != NULL) status.signing = assay_keyholder_signing_status(node->signing);
    const uint32_t place = assay_ca_holder_of_node(&node->acted.force, node->node_id);
    if (place != UINT32_MAX) status.indices = node->acted.force.holder[place].indices;
    status.generation = node->acted.force.generation;
    status.phase = node->acted.ceremony.phase;
    if (node->has_acted)
        status.holder = assay_ceremony_holder_status(&node->secrets->holder, &node->acted);
    status.holder.can_sign = status.holder.can_sign && may_act(node);
    status.lacks_share = status.generation > 0 && (status.indices == 0 || status.holder.is_lost);
    const struct assay_follower_state *const home = assay_follower_state(node->follower);
    if (home != NULL && home->slot < ASSAY_CA_SLOTS_MAX)
        status.offers_from = node->acted.lost_until[home->slot];
    status.reshare_due = node->acted.since + node->acted.config.refresh;
    return status;
}
