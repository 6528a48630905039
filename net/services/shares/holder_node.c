/*
 * net/services/shares/holder_node.c - process of a holder: vault, links, clients and ledger.
 */
#include "net/services/shares/holder_node.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/system_clock.h"
#include "net/services/server/client_listener.h"
#include "net/services/server/peer_links.h"
#include "net/services/server/record_queue.h"
#include "net/services/shares/statement_queue.h"
#include "net/services/shares/vault.h"
#include "services/shares/holder_effects.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAMES_PER_TURN = 256,
    TICKS_PER_TURN = 16,
    LIST_AGAIN_MS = 1000,
    IDENTITY_LEN = 64,
    SEEN_LEN = 56,     /* chain, epoch, records since it closed, era */
    SEEN_OLD_LEN = 48, /* of a build that did not store the era */
    NAME_LEN = 32,
};

static const uint8_t identity_row[32] = "holder: keys", seen_row[32] = "holder: seen";

struct assay_holder_node {
    struct assay_holder_node_config config;
    struct assay_vault *vault;
    struct assay_secret32 secret, link_seed, curve_secret;
    struct assay_p256_signer *signer;
    struct assay_share_holder_record own; /* the record of its listing, */
    bool own_signed;                      /* with its signatures */
    struct assay_peer_links *board;
    struct assay_client_listener *listener;
    struct assay_record_queue *pending;
    struct assay_share_statements statements; /* what it states, in that queue */
    struct assay_follower *follower;
    enum assay_status ledger;
    uint64_t revision; /* of the follower, at the last update of the links */
    uint64_t era;      /* the last seen one */
    struct assay_holder_undone undone;
    uint8_t seen[SEEN_LEN];

    size_t memory_len;
    void *memory;
    struct assay_share_holder *holder; /* NULL before the registry is known */
    uint64_t wake_at_ms, now_ms, list_at_ms;
    bool listed;
    enum assay_status failure; /* the node stops after one */
    struct assay_share_effects effects;
    uint8_t frame[1 + ASSAY_SHARE_MESSAGE_MAX];
};

static void set_failure(struct assay_holder_node *n, enum assay_status status)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    if (n->failure == ASSAY_OK) n->failure = status;
}

/* --- identity */

static enum assay_status read_identity(struct assay_holder_node *n)
{
    ASSAY_ASSERT(n->vault != NULL && n->signer == NULL);
    uint8_t bytes[IDENTITY_LEN];
    struct assay_slice row;
    enum assay_status status =
        assay_vault_get(n->vault, ASSAY_VAULT_OWN, identity_row, bytes, sizeof bytes, &row);
    if (status == ASSAY_OK && row.len != IDENTITY_LEN) status = ASSAY_E_VERSION;
    if (status == ASSAY_OK) {
        assay_bytes_copy(n->secret.bytes, 32, bytes, 32);
        assay_bytes_copy(n->link_seed.bytes, 32, bytes + 32, 32);
    }
    assay_secret_wipe(bytes, sizeof bytes);
    return status;
}

static enum assay_status make_identity(struct assay_holder_node *n)
{
    ASSAY_ASSERT(n->vault != NULL && n->signer == NULL);
    uint8_t bytes[IDENTITY_LEN], public_key[ASSAY_P256_PUBLIC_LEN];
    ASSAY_TRY(assay_p256_generate(&n->secret, public_key));
    ASSAY_TRY(assay_random(n->link_seed.bytes, sizeof n->link_seed.bytes));
    assay_bytes_copy(bytes, 32, n->secret.bytes, 32);
    assay_bytes_copy(bytes + 32, 32, n->link_seed.bytes, 32);
    enum assay_status status = assay_vault_put(n->vault, ASSAY_VAULT_OWN, identity_row,
                                               assay_slice_over(bytes, sizeof bytes));
    if (status == ASSAY_OK) status = assay_vault_commit(n->vault);
    assay_secret_wipe(bytes, sizeof bytes);
    return status;
}

static enum assay_status load_identity(struct assay_holder_node *n)
{
    ASSAY_ASSERT(n->board == NULL);
    enum assay_status status = read_identity(n);
    if (status == ASSAY_E_NOT_FOUND) status = make_identity(n);
    if (status != ASSAY_OK) return status;
    ASSAY_TRY(assay_p256_public(&n->secret, n->own.key));
    assay_sodium_link_pair(&n->link_seed, n->own.link);
    assay_sodium_link_secret(&n->link_seed, &n->curve_secret);
    ASSAY_TRY(assay_sodium_link_curve(n->own.link, n->own.curve));
    return assay_p256_signer_load(&n->secret, &n->signer);
}

/* HOST:PORT/CLIENT_PORT: where other holders connect, and the port for owners and readers at the
 * same host. */
static enum assay_status set_address(struct assay_holder_node *n)
{
    ASSAY_ASSERT(n->board != NULL && n->listener != NULL);
    struct assay_cont_contact contact;
    char text[ASSAY_CONT_ADDRESS_MAX + 16];
    ASSAY_TRY(assay_links_contact(n->board, n->config.host, &contact));
    const int len =
        snprintf(text, sizeof text, "%.*s/%u", (int)contact.address_len,
                 (const char *)contact.address, (unsigned)assay_listener_port(n->listener));
    if (len <= 0 || len > ASSAY_SHARE_ADDRESS_MAX) return ASSAY_E_RANGE;
    assay_bytes_copy(n->own.address, sizeof n->own.address, text, (size_t)len);
    n->own.address_len = (uint8_t)len;
    return ASSAY_OK;
}

/* --- opening */

static void apply_record(void *context, uint32_t slot, enum assay_service_kind kind,
                         struct assay_slice payload);
static void on_begin(void *context);
static void facts(void *context, const struct assay_registry_facts *facts);
static void on_close(void *context);
static void evidence(void *context, uint64_t serial, struct assay_slice bytes);
static void on_verdict(void *context, uint64_t serial, bool good,
                       enum assay_registry_standing standing);

/* Returns: status; message: of a failure, what failed (format) and why. */
__attribute__((format(printf, 3, 4))) static enum assay_status explain_failure(
    enum assay_status status, char message[static ASSAY_HOLDER_NODE_MESSAGE_LEN],
    const char *format, ...)
{
    if (status == ASSAY_OK) return status;
    va_list arguments;
    va_start(arguments, format);
    const int len = vsnprintf(message, ASSAY_HOLDER_NODE_MESSAGE_LEN, format, arguments);
    va_end(arguments);
    if (len > 0 && len < ASSAY_HOLDER_NODE_MESSAGE_LEN)
        (void)snprintf(message + len, ASSAY_HOLDER_NODE_MESSAGE_LEN - (size_t)len, ": %s",
                       assay_status_text(status));
    return status;
}

/* The place in the ledger up to which this holder has followed it. */
static enum assay_status load_seen(struct assay_holder_node *n,
                                   struct assay_follower_config *config)
{
    ASSAY_ASSERT(n->vault != NULL && n->follower == NULL);
    struct assay_slice seen;
    const enum assay_status status =
        assay_vault_get(n->vault, ASSAY_VAULT_OWN, seen_row, n->seen, sizeof n->seen, &seen);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    if (status != ASSAY_OK) return status;
    if (seen.len != SEEN_LEN && seen.len != SEEN_OLD_LEN) return ASSAY_E_VERSION;
    struct assay_cursor in = assay_cursor_over(n->seen + 32, SEEN_LEN - 32);
    config->chain_id = n->seen;
    ASSAY_TRY(assay_cursor_u64be(&in, &config->epoch_min));
    ASSAY_TRY(assay_cursor_u64be(&in, &config->records_min));
    if (seen.len == SEEN_LEN) ASSAY_TRY(assay_cursor_u64be(&in, &config->era_min));
    n->era = config->era_min;
    return ASSAY_OK;
}

static enum assay_status open_follower(struct assay_holder_node *n,
                                       char message[static ASSAY_HOLDER_NODE_MESSAGE_LEN])
{
    ASSAY_ASSERT(n->pending != NULL && n->follower == NULL);
    struct assay_follower_config config = {
        .path = n->config.ledger,
        .role = ASSAY_SERVICE_ROLE_HOLDER,
        .callbacks = { .record = apply_record,
                       .begun = on_begin,
                       .facts = facts,
                       .closed = on_close,
                       .evidence = evidence,
                       .verdict = on_verdict },
        .context = n,
    };
    ASSAY_TRY(explain_failure(load_seen(n, &config), message,
                              "%s: the place in the ledger cannot be read", n->config.store));
    return explain_failure(assay_follower_create(&config, &n->follower), message,
                           "%.200s: no path of the daemon's socket (at most %d bytes)",
                           n->config.ledger, ASSAY_FOLLOWER_PATH_MAX);
}

static enum assay_status set_up(struct assay_holder_node *n,
                                char message[static ASSAY_HOLDER_NODE_MESSAGE_LEN])
{
    ASSAY_ASSERT(n->vault == NULL && n->board == NULL && n->listener == NULL);
    const struct assay_peer_links_config board = { .listen = n->config.listen,
                                                   .secret = &n->curve_secret };
    const uint64_t resend_ms =
        n->config.again_ms != 0 ? n->config.again_ms : ASSAY_RECORD_QUEUE_RESEND_MS;
    ASSAY_TRY(assay_vault_open(n->config.store, n->config.key, &n->vault, message));
    ASSAY_TRY(explain_failure(load_identity(n), message, "%s: the keys cannot be read or generated",
                              n->config.store));
    ASSAY_TRY(assay_links_open(&board, &n->board, message));
    ASSAY_TRY(assay_listener_open(n->config.client_listen, &n->listener, message));
    ASSAY_TRY(explain_failure(
        set_address(n), message, "%.200s: no address for other members (at most %d bytes)",
        n->config.host != NULL ? n->config.host : n->config.listen, ASSAY_SHARE_ADDRESS_MAX));
    ASSAY_TRY(
        explain_failure(assay_queue_create(resend_ms, &n->pending), message, "queue of records"));
    if (n->config.pending_max != 0) assay_queue_limit(n->pending, n->config.pending_max);
    return open_follower(n, message);
}

enum assay_status assay_holder_node_open(const struct assay_holder_node_config *config,
                                         struct assay_holder_node **out,
                                         char message[static ASSAY_HOLDER_NODE_MESSAGE_LEN])
{
    _Static_assert((int)ASSAY_HOLDER_NODE_MESSAGE_LEN >= (int)ASSAY_VAULT_MESSAGE_LEN &&
                       (int)ASSAY_HOLDER_NODE_MESSAGE_LEN >= (int)ASSAY_PEER_LINKS_MESSAGE_LEN &&
                       (int)ASSAY_HOLDER_NODE_MESSAGE_LEN >= (int)ASSAY_CLIENT_LISTENER_MESSAGE_LEN,
                   "their words fit");
    ASSAY_ASSERT(config->cluster < ASSAY_SHARE_CLUSTERS_MAX);
    struct assay_holder_node *n = calloc(1, sizeof *n);
    *out = NULL;
    if (n == NULL) {
        (void)snprintf(message, ASSAY_HOLDER_NODE_MESSAGE_LEN, "out of memory");
        return ASSAY_E_MEMORY;
    }
    n->config = *config;
    n->own.cluster = config->cluster;
    n->wake_at_ms = UINT64_MAX;
    n->ledger = ASSAY_E_AGAIN;
    const enum assay_status status = set_up(n, message);
    n->config.key = NULL;
    if (status != ASSAY_OK) assay_holder_node_close(&n);
    else message[0] = '\0';
    *out = n;
    return status;
}

void assay_holder_node_close(struct assay_holder_node **node)
{
    struct assay_holder_node *n = *node;
    if (n == NULL) return;
    assay_follower_destroy(&n->follower);
    assay_queue_destroy(&n->pending);
    assay_listener_close(&n->listener);
    assay_links_close(&n->board);
    assay_p256_signer_free(&n->signer);
    assay_vault_close(&n->vault);
    if (n->memory != NULL) assay_secret_wipe(n->memory, n->memory_len);
    free(n->memory);
    assay_secret_wipe(n, sizeof *n);
    free(n);
    *node = NULL;
}

/* --- effects of the holder, executed in order */

static void host_random(void *context, uint8_t *bytes, size_t len)
{
    (void)context;
    const enum assay_status status = assay_random(bytes, len);
    ASSAY_ASSERT(status == ASSAY_OK); /* no secret can be generated without */
}

static void host_sign(void *context, const uint8_t digest[static 32],
                      uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct assay_holder_node *n = context;
    ASSAY_ASSERT(n->signer != NULL);
    const enum assay_status status = assay_p256_sign(n->signer, digest, signature);
    if (status != ASSAY_OK) set_failure(n, status); /* not sent then */
}

static void check_stored(struct assay_holder_node *n, enum assay_status status)
{
    if (status != ASSAY_OK) set_failure(n, status);
}

static enum assay_status persist_row(void *context, const uint8_t id[static 32],
                                     struct assay_slice row)
{
    const struct assay_holder_node *n = context;
    return assay_vault_put(n->vault, ASSAY_VAULT_SHARE, id, row);
}

static enum assay_status erase_rows(void *context, const uint8_t *id)
{
    const struct assay_holder_node *n = context;
    return id == NULL ? assay_vault_wipe(n->vault, ASSAY_VAULT_SHARE)
                      : assay_vault_erase(n->vault, ASSAY_VAULT_SHARE, id);
}

/* Across a restart no older ledger is followed: it would show the slot as another's, and a share of
 * this epoch as unknown. */
static void store_seen(struct assay_holder_node *n)
{
    const struct assay_follower_state *home = assay_follower_state(n->follower);
    ASSAY_ASSERT(home != NULL);
    struct assay_writer w = assay_writer_over(n->seen, sizeof n->seen);
    assay_writer_put(&w, home->chain_id, 32);
    assay_writer_u64be(&w, home->epoch);
    assay_writer_u64be(&w, home->records);
    assay_writer_u64be(&w, home->era);
    check_stored(n, assay_vault_put(n->vault, ASSAY_VAULT_OWN, seen_row,
                                    assay_slice_over(n->seen, sizeof n->seen)));
}

static enum assay_status commit_rows(void *context, bool rows)
{
    struct assay_holder_node *n = context;
    if (rows) store_seen(n);
    return n->failure == ASSAY_OK ? assay_vault_commit(n->vault) : n->failure;
}

static void send_message(void *context, const struct assay_share_effect *e)
{
    struct assay_holder_node *n = context;
    ASSAY_ASSERT(e->act == ASSAY_SHARE_ACT_SEND);
    if (e->to_holder) {
        assay_links_send_to_replica(n->board, e->key, e->bytes);
        return;
    }
    ASSAY_ASSERT(e->bytes.len < sizeof n->frame);
    n->frame[0] = ASSAY_HOLDER_MESSAGE;
    assay_bytes_copy(n->frame + 1, sizeof n->frame - 1, e->bytes.bytes, e->bytes.len);
    assay_listener_send(n->listener, e->link, assay_slice_over(n->frame, 1 + e->bytes.len));
}

static enum assay_status submit_record(void *context, enum assay_share_payload payload,
                                       bool replaces, struct assay_slice bytes)
{
    struct assay_holder_node *n = context;
    const struct assay_share_statement_queue queue = assay_statement_queue_over(n->pending);
    return assay_share_statements_submit(&n->statements, &queue, payload, replaces, bytes);
}

static void request_from_daemon(void *context, const struct assay_share_effect *e)
{
    const struct assay_holder_node *n = context;
    ASSAY_ASSERT(e->act == ASSAY_SHARE_ACT_QUOTE || e->act == ASSAY_SHARE_ACT_VERIFY);
    const struct assay_slice measurement =
        assay_slice_over(e->measurement, e->measured ? sizeof e->measurement : 0);
    struct assay_service_message m = {
        .verb = e->act == ASSAY_SHARE_ACT_QUOTE ? ASSAY_SERVICE_QUOTE : ASSAY_SERVICE_VERIFY,
        .serial = e->serial,
        .purpose = ASSAY_SERVICE_FOR_SHARES,
        .statement = assay_slice_over(e->report_data, sizeof e->report_data),
        .measurement = measurement,
        .evidence = e->bytes,
    };
    assay_bytes_copy(m.node_id, 32, e->node, 32);
    assay_status_ignore(assay_follower_request(n->follower, &m),
                        "an exchange without an answer is over soon, and begun again");
}

static void execute_effects(struct assay_holder_node *n)
{
    const struct assay_share_effects_world world = { .context = n,
                                                     .persist = persist_row,
                                                     .erase = erase_rows,
                                                     .commit = commit_rows,
                                                     .submit = submit_record,
                                                     .send = send_message,
                                                     .request = request_from_daemon };
    n->wake_at_ms = n->effects.wake_at_ms;
    check_stored(n, n->failure != ASSAY_OK
                        ? n->failure
                        : assay_share_effects_execute(n->holder, &n->effects, &world));
}

/* --- the ledger */

static struct assay_share_epoch epoch_of(const struct assay_holder_node *n)
{
    const struct assay_follower_state *home = assay_follower_state(n->follower);
    ASSAY_ASSERT(home != NULL);
    struct assay_share_epoch epoch = { .era = home->era, .epoch = home->epoch };
    assay_bytes_copy(epoch.beacon, 32, home->beacon, 32);
    return epoch;
}

static enum assay_status load_stored(void *context, const uint8_t name[static 32],
                                     struct assay_slice bytes)
{
    struct assay_holder_node *n = context;
    ASSAY_ASSERT(n->holder != NULL);
    (void)name;
    return assay_share_holder_load(n->holder, bytes);
}

static void init_holder(struct assay_holder_node *n, const struct assay_share_registry *r)
{
    ASSAY_ASSERT(n->holder == NULL && n->memory == NULL);
    struct assay_share_holder_config config = {
        .host = { .context = n, .random = host_random, .sign = host_sign },
        .ids_max = r->config.ids_max,
    };
    assay_bytes_copy(config.key, sizeof config.key, n->own.key, sizeof config.key);
    n->memory_len = assay_share_holder_size(r->config.ids_max);
    n->memory = malloc(n->memory_len);
    if (n->memory == NULL) {
        set_failure(n, ASSAY_E_MEMORY);
        return;
    }
    n->holder = assay_share_holder_init(n->memory, n->memory_len, &config);
    check_stored(n, assay_vault_each(n->vault, ASSAY_VAULT_SHARE, load_stored, n));
}

static void set_seen(struct assay_holder_node *n)
{
    ASSAY_ASSERT(n->failure == ASSAY_OK);
    store_seen(n);
    check_stored(n, assay_vault_commit(n->vault));
}

/* --- a new era: docs/services.md 5.15 */

static enum assay_status compare_stored(void *context, const uint8_t name[static 32],
                                        struct assay_slice bytes)
{
    struct assay_holder_node *n = context;
    ASSAY_ASSERT(n->holder != NULL);
    if (assay_bytes_all_zero(name, 32)) return ASSAY_OK; /* the slot's own keys */
    const enum assay_share_fate fate =
        assay_share_holder_fate(n->holder, assay_follower_shares(n->follower), name);
    (void)bytes;
    n->undone.kept++;
    if (fate == ASSAY_SHARE_UNLISTED) n->undone.unknown++;
    if (fate == ASSAY_SHARE_REPLACED) n->undone.ahead++;
    return ASSAY_OK;
}

static bool has_moved(const struct assay_holder_node *n, const struct assay_share_registry *r)
{
    const struct assay_share_status s = assay_share_holder_status(n->holder);
    ASSAY_ASSERT(s.cluster < ASSAY_SHARE_CLUSTERS_MAX && s.slot < ASSAY_SHARE_SLOTS_MAX);
    return s.seated && (!r->cluster[s.cluster].seated ||
                        !assay_bytes_equal(r->cluster[s.cluster].seat[s.slot].key, n->own.key,
                                           sizeof n->own.key));
}

/* The disk may have the only trace of what was final and is undone, so nothing is erased without an
 * operator's consent. Returns: whether the era may be followed. */
static bool accepts_era(struct assay_holder_node *n, const struct assay_share_registry *r)
{
    ASSAY_ASSERT(n->holder != NULL && n->failure == ASSAY_OK);
    const uint64_t era = assay_follower_state(n->follower)->era;
    if (era == n->era || era == n->config.era) return true;
    n->undone = (struct assay_holder_undone){ .era = era };
    check_stored(n, assay_vault_each(n->vault, ASSAY_VAULT_SHARE, compare_stored, n));
    n->undone.moved = n->undone.kept > 0 && has_moved(n, r);
    if (n->undone.unknown > 0 || n->undone.ahead > 0 || n->undone.moved)
        set_failure(n, ASSAY_E_CHAIN);
    return n->failure == ASSAY_OK;
}

/* --- statements that wait: docs/services.md 5.13 */

/* All that must be stated, from the ledger as it is now. */
static void restate(struct assay_holder_node *n)
{
    ASSAY_ASSERT(n->holder != NULL && n->failure == ASSAY_OK);
    const struct assay_share_epoch epoch = epoch_of(n);
    const struct assay_share_statement_queue queue = assay_statement_queue_over(n->pending);
    assay_share_statements_restart(&n->statements, &queue);
    assay_share_holder_crawl(n->holder, assay_follower_shares(n->follower), &epoch, n->now_ms,
                             &n->effects);
    execute_effects(n);
}

static void drop_overtaken(struct assay_holder_node *n)
{
    ASSAY_ASSERT(n->holder != NULL);
    const struct assay_share_statement_queue queue = assay_statement_queue_over(n->pending);
    assay_queue_on_close(n->pending);
    if (assay_share_statements_on_close(&n->statements, &queue, assay_follower_shares(n->follower)))
        restate(n);
}

static void complete_statements(struct assay_holder_node *n)
{
    const struct assay_share_statement_queue queue = assay_statement_queue_over(n->pending);
    if (assay_share_statements_can_complete(&n->statements, &queue)) restate(n);
}

static void on_begin(void *context)
{
    struct assay_holder_node *n = context;
    const struct assay_share_registry *r = assay_follower_shares(n->follower);
    ASSAY_ASSERT(r != NULL);
    if (n->failure != ASSAY_OK) return;
    if (n->holder == NULL) init_holder(n, r);
    if (n->failure != ASSAY_OK || !accepts_era(n, r)) return;
    n->era = assay_follower_state(n->follower)->era;
    set_seen(n);
    assay_queue_reset_due(n->pending);
    if (n->failure == ASSAY_OK) restate(n);
}

static void facts(void *context, const struct assay_registry_facts *facts)
{
    struct assay_holder_node *n = context;
    if (n->failure != ASSAY_OK || n->holder == NULL) return;
    const struct assay_share_epoch epoch = epoch_of(n);
    ASSAY_ASSERT(assay_follower_shares(n->follower) != NULL);
    assay_share_holder_on_facts(n->holder, assay_follower_shares(n->follower), &epoch,
                                &facts->shares, n->now_ms, &n->effects);
    execute_effects(n);
}

static void on_close(void *context)
{
    struct assay_holder_node *n = context;
    n->wake_at_ms = 0; /* exchanges of the previous epoch are over */
    if (n->failure == ASSAY_OK) set_seen(n);
    /* docs/services.md 5.13: what was replaced since the last close is destroyed. */
    if (n->failure == ASSAY_OK) check_stored(n, assay_vault_rewrap(n->vault));
    if (n->failure == ASSAY_OK && n->holder != NULL) drop_overtaken(n);
}

static void apply_record(void *context, uint32_t slot, enum assay_service_kind kind,
                         struct assay_slice payload)
{
    struct assay_holder_node *n = context;
    if (slot == assay_follower_state(n->follower)->slot)
        assay_queue_remove(n->pending, kind, payload);
}

static void evidence(void *context, uint64_t serial, struct assay_slice bytes)
{
    struct assay_holder_node *n = context;
    if (n->failure != ASSAY_OK || n->holder == NULL) return;
    const struct assay_share_epoch epoch = epoch_of(n);
    ASSAY_ASSERT(assay_follower_shares(n->follower) != NULL);
    assay_share_holder_on_quote(n->holder, assay_follower_shares(n->follower), &epoch, serial,
                                bytes, n->now_ms, &n->effects);
    execute_effects(n);
}

/* The registry decides whether a holder's standing suffices for its slot (cluster.h). */
static void on_verdict(void *context, uint64_t serial, bool good,
                       enum assay_registry_standing standing)
{
    struct assay_holder_node *n = context;
    (void)standing;
    if (n->failure != ASSAY_OK || n->holder == NULL) return;
    const struct assay_share_epoch epoch = epoch_of(n);
    ASSAY_ASSERT(assay_follower_shares(n->follower) != NULL);
    assay_share_holder_on_verified(n->holder, assay_follower_shares(n->follower), &epoch, serial,
                                   good, n->now_ms, &n->effects);
    execute_effects(n);
}

static void update_links(struct assay_holder_node *n, const struct assay_share_registry *r)
{
    for (uint32_t i = 0; i < ASSAY_SHARE_MEMBERS_MAX; i++) {
        const struct assay_share_member *m = &r->member[i];
        struct assay_cont_contact contact = { 0 };
        size_t len = 0;
        while (len < m->address_len && m->address[len] != '/')
            len++;
        ASSAY_ASSERT(len <= ASSAY_CONT_ADDRESS_MAX);
        contact.address_len = (uint8_t)len;
        assay_bytes_copy(contact.address, sizeof contact.address, m->address, len);
        assay_bytes_copy(contact.curve, 32, m->curve, 32);
        assay_links_set_member(n->board, i, m->key, m->listed && len > 0 ? &contact : NULL);
    }
}

static bool is_listed(const struct assay_holder_node *n, const struct assay_share_registry *r)
{
    ASSAY_ASSERT(n->own.cluster < ASSAY_SHARE_CLUSTERS_MAX);
    const uint32_t slot = assay_follower_state(n->follower)->slot;
    if (slot >= ASSAY_SHARE_MEMBERS_MAX) return false;
    return assay_share_registry_has_listed(r, slot, n->own.cluster, n->own.key);
}

static bool is_found(const struct assay_holder_node *n, const struct assay_share_registry *r)
{
    ASSAY_ASSERT(n->listed && assay_follower_state(n->follower)->slot < ASSAY_SHARE_MEMBERS_MAX);
    const struct assay_share_member *m = &r->member[assay_follower_state(n->follower)->slot];
    return assay_bytes_equal(m->curve, n->own.curve, 32) && m->address_len == n->own.address_len &&
           assay_bytes_equal(m->address, n->own.address, n->own.address_len);
}

/* Bound to the member whose daemon submits it (docs/services.md 5.4). */
static void submit_listing(struct assay_holder_node *n)
{
    ASSAY_ASSERT(n->own.address_len > 0);
    const struct assay_follower_state *home = assay_follower_state(n->follower);
    struct assay_share_home here;
    uint8_t bytes[ASSAY_SHARE_RECORD_MAX], digest[32];
    struct assay_slice payload;
    if (home->slot >= ASSAY_REGISTRY_SLOTS_MAX) return; /* no member yet */
    if (!n->own_signed || !assay_bytes_equal(n->own.node, home->node[home->slot], 32)) {
        assay_bytes_copy(here.chain_id, 32, home->chain_id, 32);
        assay_bytes_copy(n->own.node, 32, home->node[home->slot], 32);
        assay_share_holder_statement(&here, &n->own, digest);
        assay_sodium_link_sign(&n->link_seed, digest, n->own.link_signature);
        if (assay_p256_sign(n->signer, digest, n->own.signature) != ASSAY_OK) return;
        n->own_signed = true; /* the same bytes again, so that it is queued once */
    }
    enum assay_status status =
        assay_share_holder_record_encode(&n->own, bytes, sizeof bytes, &payload);
    ASSAY_ASSERT(status == ASSAY_OK);
    status = assay_queue_add(n->pending, ASSAY_SERVICE_HOLDER, payload);
    if (status != ASSAY_E_FULL) check_stored(n, status); /* then it is repeated */
}

static void update_from_ledger(struct assay_holder_node *n)
{
    const enum assay_status status = assay_follower_step(n->follower, n->now_ms);
    if (status != ASSAY_OK || assay_follower_follows(n->follower)) n->ledger = status;
    const struct assay_share_registry *r = assay_follower_shares(n->follower);
    if (r == NULL || n->failure != ASSAY_OK) return;
    if (n->revision != assay_follower_revision(n->follower)) {
        n->revision = assay_follower_revision(n->follower);
        update_links(n, r);
        const bool listed = is_listed(n, r);
        if (n->listed && !listed) set_failure(n, ASSAY_E_STALE);
        n->listed = listed;
    }
    if (n->now_ms >= n->list_at_ms) {
        n->list_at_ms = n->now_ms + LIST_AGAIN_MS;
        if (!n->listed || !is_found(n, r)) submit_listing(n);
    }
    assay_queue_send_due(n->pending, n->follower, n->now_ms);
}

/* --- messages */

static void receive_from_holders(struct assay_holder_node *n)
{
    struct assay_cont_from party;
    struct assay_slice frame;
    uint16_t slot = 0;
    for (int i = 0; i < FRAMES_PER_TURN && n->failure == ASSAY_OK; i++) {
        if (assay_links_receive(n->board, &slot, &party, &frame) != ASSAY_OK) break;
        if (n->holder == NULL) continue;
        struct assay_share_from from = { .holder = true };
        assay_bytes_copy(from.key, sizeof from.key, party.key, sizeof from.key);
        const struct assay_share_epoch epoch = epoch_of(n);
        assay_status_ignore(
            assay_share_holder_on_message(n->holder, assay_follower_shares(n->follower), &epoch,
                                          &from, frame, n->now_ms, &n->effects),
            "what is refused ends its exchange, and is asked for again");
        execute_effects(n);
    }
}

/* A temporary failure is worth a retry. */
static enum assay_holder_refusal refusal_of(enum assay_status status)
{
    static const enum assay_status passing[] = { ASSAY_E_NOT_FOUND, ASSAY_E_FULL,  ASSAY_E_AGAIN,
                                                 ASSAY_E_EARLY,     ASSAY_E_STALE, ASSAY_E_LANE };
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        if (status == passing[i]) return ASSAY_HOLDER_LATER;
    return ASSAY_HOLDER_NEVER;
}

static enum assay_status on_client_frame(struct assay_holder_node *n, uint64_t guest,
                                         struct assay_slice frame)
{
    ASSAY_ASSERT(n->holder != NULL);
    const struct assay_share_registry *r = assay_follower_shares(n->follower);
    const struct assay_share_epoch epoch = epoch_of(n);
    struct assay_share_from from = { .link = guest };
    if (frame.len <= 1 + NAME_LEN) return ASSAY_E_TRUNCATED;
    assay_bytes_copy(from.name, 32, frame.bytes + 1, NAME_LEN);
    if (!assay_listener_get_site(n->listener, guest, from.site)) return ASSAY_E_STALE;
    const struct assay_slice rest =
        assay_slice_over(frame.bytes + 1 + NAME_LEN, frame.len - 1 - NAME_LEN);
    if (frame.bytes[0] == ASSAY_HOLDER_MESSAGE)
        return assay_share_holder_on_message(n->holder, r, &epoch, &from, rest, n->now_ms,
                                             &n->effects);
    if (frame.bytes[0] != ASSAY_HOLDER_HAND || rest.len != 32) return ASSAY_E_UNSUPPORTED;
    return assay_share_holder_start_handover(n->holder, r, &epoch, &from, rest.bytes, n->now_ms,
                                             &n->effects);
}

static void receive_from_clients(struct assay_holder_node *n)
{
    struct assay_slice frame;
    uint64_t guest = 0;
    assay_listener_step(n->listener, n->now_ms);
    for (int i = 0; i < FRAMES_PER_TURN && n->failure == ASSAY_OK; i++) {
        if (assay_listener_receive(n->listener, &guest, &frame) != ASSAY_OK) break;
        uint8_t answer[2] = { ASSAY_HOLDER_REFUSED, ASSAY_HOLDER_LATER };
        n->effects.count = 0;
        n->effects.used = 0;
        n->effects.wake_at_ms = n->wake_at_ms;
        const enum assay_status status =
            n->holder == NULL ? ASSAY_E_AGAIN : on_client_frame(n, guest, frame);
        answer[1] = (uint8_t)refusal_of(status);
        execute_effects(n);
        if (status != ASSAY_OK)
            assay_listener_send(n->listener, guest, assay_slice_over(answer, 2));
    }
}

/* --- turn */

static int wait_ms(const struct assay_holder_node *n, int timeout_ms)
{
    ASSAY_ASSERT(timeout_ms >= 0);
    uint64_t due = n->wake_at_ms;
    /* Before the ledger is known nothing is submitted. */
    if (assay_follower_shares(n->follower) != NULL)
        due = assay_min_u64(due, assay_min_u64(assay_queue_wake_at(n->pending), n->list_at_ms));
    const uint64_t left = due > n->now_ms ? due - n->now_ms : 0;
    return left < (uint64_t)timeout_ms ? (int)left : timeout_ms;
}

/* It has many ids to check: some at a time, with frames between. */
static void tick_holder(struct assay_holder_node *n)
{
    for (int i = 0; i < TICKS_PER_TURN && n->holder != NULL && n->failure == ASSAY_OK &&
                    n->now_ms >= n->wake_at_ms;
         i++) {
        const struct assay_share_epoch epoch = epoch_of(n);
        assay_share_holder_tick(n->holder, assay_follower_shares(n->follower), &epoch, n->now_ms,
                                &n->effects);
        execute_effects(n);
    }
}

enum assay_status assay_holder_node_step(struct assay_holder_node *node, int timeout_ms)
{
    struct assay_holder_node *n = node;
    struct pollfd extra[1 + ASSAY_CLIENT_LISTENER_FDS];
    ASSAY_ASSERT(timeout_ms >= 0);
    if (n->failure != ASSAY_OK) return n->failure;
    extra[0] = assay_follower_poll(n->follower);
    const size_t count = 1 + assay_listener_poll(n->listener, extra + 1);
    n->now_ms = assay_monotonic_ms();
    ASSAY_TRY(assay_links_wait(n->board, n->now_ms, extra, count, wait_ms(n, timeout_ms)));
    n->now_ms = assay_monotonic_ms();
    update_from_ledger(n);
    receive_from_holders(n);
    receive_from_clients(n);
    tick_holder(n);
    if (n->failure == ASSAY_OK) complete_statements(n);
    /* Records of this turn are submitted now. */
    if (assay_follower_state(n->follower) != NULL)
        assay_queue_send_due(n->pending, n->follower, n->now_ms);
    assay_links_flush(n->board);
    return n->failure;
}

struct assay_holder_node_status assay_holder_node_status(const struct assay_holder_node *node)
{
    struct assay_holder_node_status status = { .follows = assay_follower_follows(node->follower),
                                               .listed = node->listed,
                                               .pending = assay_queue_count(node->pending),
                                               .ledger = node->ledger,
                                               .undone = node->undone };
    if (node->holder != NULL) status.share = assay_share_holder_status(node->holder);
    if (assay_follower_state(node->follower) != NULL)
        status.epoch = assay_follower_state(node->follower)->epoch;
    return status;
}
