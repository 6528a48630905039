/*
 * net/runtime/runtime_keys.c - the keys of this node, what it dials with, and what the head state
 * says of others.
 *
 * docs/protocol.md 2.7: a key set that voted must not vote again beside an empty vote log. A random
 * id in the store and beside the keys ties the two together, and the store knows the key set that
 * it began with: when the ids differ (a store lost, or put back from elsewhere), or that key set is
 * not there (its file was removed), the node reincarnates. A counter
 * of epochs in both shows a store that was rolled back by an epoch or more (2.7.4: a missing or
 * damaged -wal file, an older copy); the engine asks its peers about the rest.
 */
#include "net/runtime/runtime_internal.h"

#include "net/keys/store_binding.h"

#include <stdio.h>

enum { TIE_LEN = ASSAY_STORE_BINDING_ID_LEN };

const struct assay_key_set *host_key_set(const struct assay_host *host)
{
    return host->ring.next.incarnation != 0 ? &host->ring.next : &host->ring.current;
}

/* ------------------------------------------------------------ the tie between keys and store */

static void digest_of(const struct assay_key_set *set, uint8_t digest[static TIE_LEN])
{
    assay_sha256(set->voting_public, sizeof set->voting_public, digest);
}

static enum assay_status store_tie(struct assay_host *host, const struct assay_store_binding *known)
{
    ASSAY_TRY(assay_store_binding_put(host->config.store, known));
    return assay_store_commit(host->config.store);
}

/* Is the key set there that the store began with? Those made after it never voted elsewhere. */
static bool has_set(const struct assay_host *host, const uint8_t set[static TIE_LEN])
{
    uint8_t current[TIE_LEN], next[TIE_LEN];
    digest_of(&host->ring.current, current);
    if (assay_bytes_equal(current, set, TIE_LEN)) return true;
    if (host->ring.next.incarnation == 0) return false;
    digest_of(&host->ring.next, next);
    return assay_bytes_equal(next, set, TIE_LEN);
}

/* Whether these keys may vote beside this store, and new ones where not: in memory alone. */
static enum assay_status tie(struct assay_host *host)
{
    struct assay_store_binding known = { 0 };
    struct assay_store_binding copy = { 0 };
    const enum assay_status got = assay_store_binding_get(host->config.store, &known);
    const enum assay_status kept = assay_store_binding_read_copy(host->keys_dir, &copy);
    const bool has_store = got == ASSAY_OK;
    if (got != ASSAY_OK && got != ASSAY_E_NOT_FOUND) return got;
    if (kept != ASSAY_OK && kept != ASSAY_E_NOT_FOUND) return kept;
    const bool same =
        has_store && kept == ASSAY_OK && assay_bytes_equal(known.id, copy.id, TIE_LEN);
    const bool strange = has_store && !has_set(host, known.set);
    const bool behind = same && assay_store_binding_is_behind(&known, &copy);
    host->log_kept = same && !strange && !behind;
    if (host->log_kept) return ASSAY_OK;
    /* Keys that were never used with a store may begin one; a store without an id beside the keys
     * is the crash between the two writes of host_keys_settle. */
    const bool lost = strange || kept == ASSAY_OK;
    const char *why = strange ? "this store belongs to keys that are not here: new keys"
                              : "the vote log of these keys is gone: new keys";
    if (behind && !strange)
        why = "this store was rolled back: it ends before what these keys have signed: new keys";
    if (has_store && assay_bytes_all_zero(known.set, TIE_LEN))
        why = "this store was restored, and holds nobody's votes: new keys";
    if (lost)
        ASSAY_TRY(assay_keyring_draw_next(host_key_set(host)->incarnation + 1, &host->ring));
    host->keys_unused = lost || !has_store;
    if (!has_store) ASSAY_TRY(assay_random(known.id, TIE_LEN));
    if (behind) known.generation = copy.generation;
    if (lost || !has_store) digest_of(host_key_set(host), known.set);
    host->tying.is_due = true;
    host->tying.has_new_keys = lost;
    host->tying.has_new_store = lost || !has_store;
    host->tying.why = why;
    host->tying.tie = known;
    return ASSAY_OK;
}

/*
 * The order matters: new keys before the new store is called theirs, so that no crash in between
 * lets the old keys vote beside an empty log.
 */
static enum assay_status settle(struct assay_host *host)
{
    if (host->tying.has_new_keys) {
        if (assay_log_begin(&host->log, ASSAY_SEVERITY_WARNING, "store_lost"))
            assay_log_text(&host->log, "note", host->tying.why);
        assay_log_end(&host->log);
        ASSAY_TRY(assay_keyring_save_next(host->keys_dir, &host->ring));
    }
    if (host->tying.has_new_store) ASSAY_TRY(store_tie(host, &host->tying.tie));
    return assay_store_binding_write_copy(host->keys_dir, &host->tying.tie);
}

/* The store first: after a crash between the two it is ahead of its copy, never behind. */
static enum assay_status count_epoch(struct assay_host *host)
{
    struct assay_store_binding known;
    ASSAY_TRY(assay_store_binding_get(host->config.store, &known));
    known.generation++;
    ASSAY_TRY(store_tie(host, &known));
    return assay_store_binding_write_copy(host->keys_dir, &known);
}

void host_keys_closed(struct assay_host *host)
{
    const enum assay_status status = count_epoch(host);
    if (status != ASSAY_OK) host_fail(host, status, "the counter of the store");
}

/* The store is the next set's from now on: the one that it knew goes. */
static enum assay_status follow(struct assay_host *host)
{
    struct assay_store_binding known;
    ASSAY_TRY(assay_store_binding_get(host->config.store, &known));
    digest_of(&host->ring.next, known.set);
    return store_tie(host, &known);
}

/* ------------------------------------------------------------ signers and dialling */

static enum assay_status load_voting(struct assay_host *host)
{
    const struct assay_key_set *set = host_key_set(host);
    struct assay_p256_signer *signer = NULL;
    ASSAY_TRY(assay_p256_signer_load(&set->voting_private, &signer));
    assay_p256_signer_free(&host->voting);
    host->voting = signer;
    return ASSAY_OK;
}

const struct assay_genesis *host_founding(const struct assay_host *host)
{
    return host->config.founding != NULL ? host->config.founding : host->config.genesis;
}

uint32_t host_slot_of(const struct assay_host *host, const uint8_t node_id[static 32])
{
    const struct assay_genesis *genesis = host->config.genesis;
    if (host->config.state != NULL) return assay_state_slot_of(host->config.state, node_id);
    uint32_t slot = 0;
    while (slot < genesis->member_count &&
           !assay_bytes_equal(genesis->members[slot].node_id, node_id, 32))
        slot++;
    return slot;
}

enum assay_status host_keys_open(struct assay_host *host,
                                 char message[static ASSAY_HOST_MESSAGE_LEN])
{
    char why[ASSAY_FILE_MESSAGE_LEN] = "";
    const enum assay_status status =
        assay_keyring_open(host->keys_dir, host->config.identity_dir, &host->ring, why);
    if (status != ASSAY_OK) {
        (void)snprintf(message, ASSAY_HOST_MESSAGE_LEN, "%.255s", why);
        return status;
    }
    const uint32_t slot = host_slot_of(host, host->ring.node_id);
    if (slot == host->members) {
        (void)snprintf(message, ASSAY_HOST_MESSAGE_LEN,
                       "the identity in %.180s is no member of this network", host->keys_dir);
        return ASSAY_E_STRANGER;
    }
    host->self = (uint16_t)slot;
    return ASSAY_OK;
}

enum assay_status host_keys_tie(struct assay_host *host,
                                char message[static ASSAY_HOST_MESSAGE_LEN])
{
    enum assay_status status = tie(host);
    if (status == ASSAY_OK)
        status = assay_p256_signer_load(&host->ring.identity_private, &host->identity);
    if (status == ASSAY_OK) status = load_voting(host);
    if (status == ASSAY_E_VERSION)
        (void)snprintf(message, ASSAY_HOST_MESSAGE_LEN,
                       "%.120s/store.id or the store: written by a newer version, or damaged: run "
                       "that version, or start without the store: new keys are made then",
                       host->keys_dir);
    else if (status != ASSAY_OK)
        (void)snprintf(message, ASSAY_HOST_MESSAGE_LEN, "keys in %.180s: %s", host->keys_dir,
                       assay_status_text(status));
    return status;
}

enum assay_status host_keys_settle(struct assay_host *host,
                                   char message[static ASSAY_HOST_MESSAGE_LEN])
{
    if (!host->tying.is_due) return ASSAY_OK;
    const enum assay_status status = settle(host);
    host->tying.is_due = false;
    if (status != ASSAY_OK)
        (void)snprintf(message, ASSAY_HOST_MESSAGE_LEN, "new keys in %.180s: %s", host->keys_dir,
                       assay_status_text(status));
    return status;
}

void host_keys_close(struct assay_host *host)
{
    assay_p256_signer_free(&host->identity);
    assay_p256_signer_free(&host->voting);
    assay_keyring_wipe(&host->ring);
}

void host_keys_tell(struct assay_host *host)
{
    const struct assay_key_set *set = host_key_set(host);
    struct assay_event event = { .kind = ASSAY_EVENT_KEYS };
    assay_bytes_copy(event.as.keys.voting_public, ASSAY_P256_PUBLIC_LEN, set->voting_public,
                     sizeof set->voting_public);
    assay_bytes_copy(event.as.keys.transport_public, 32, set->transport_public,
                     sizeof set->transport_public);
    host_queue(host, &event);
}

static void make_next(struct assay_host *host, uint32_t incarnation)
{
    enum assay_status status =
        assay_keyring_make_next(host->keys_dir, incarnation, &host->ring); /* durable then */
    if (status == ASSAY_OK) status = load_voting(host);
    if (status != ASSAY_OK) {
        host_fail(host, status, "new keys");
        return;
    }
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_INFO, "keys_renewed"))
        assay_log_uint(&host->log, "incarnation", incarnation);
    assay_log_end(&host->log);
    host_tell(host, "keys_renewed", host->self, incarnation, 0,
              "new keys for incarnation %u, to be listed", (unsigned)incarnation);
    host_keys_tell(host);
    host_roster(host);
}

void host_keys_renew(struct assay_host *host, uint32_t ended)
{
    if (host_key_set(host)->incarnation > ended)
        return; /* made before a crash, or listed already */
    make_next(host, ended + 1);
}

void host_keys_replace(struct assay_host *host)
{
    if (host->ring.next.incarnation == 0) return; /* made new, listed, meanwhile */
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_WARNING, "keys_taken"))
        assay_log_text(&host->log, "note", "another member named the keys that wait to be listed");
    assay_log_end(&host->log);
    make_next(host, host->ring.next.incarnation);
    const enum assay_status status = follow(host);
    if (status != ASSAY_OK) host_fail(host, status, "new keys");
}

/* A store with an old head lists old keys. Where peers list others, because this key set is over,
 * they let only the door key in: while nothing comes it is tried in turns (docs/protocol.md 10.5).
 * Returns: whether to dial by the door key. */
static bool tries_door(struct assay_host *host)
{
    enum { TURN_EPOCHS = 4, TURN_MS_MIN = 2000 };
    struct assay_engine_snapshot s;
    const uint64_t turn_ms = assay_max_u64(
        (uint64_t)TURN_EPOCHS * host->config.genesis->parameters.epoch_ms, TURN_MS_MIN);
    assay_engine_snapshot(host->engine, &s);
    if (!s.behind || s.epoch != host->door.epoch) {
        host->door.tried = host->door.tried && s.behind;
        host->door.epoch = s.epoch;
        host->door.since_ms = host->now_ms;
    } else if (host->now_ms - host->door.since_ms >= turn_ms) {
        host->door.tried = !host->door.tried;
        host->door.since_ms = host->now_ms;
    }
    return host->door.tried;
}

void host_dial(struct assay_host *host)
{
    if (host->link == NULL) return; /* not open yet */
    const struct assay_key_set *set = host_key_set(host);
    const bool listed =
        assay_bytes_equal(host->roster.entries[host->self].transport, set->transport_public, 32) &&
        !tries_door(host);
    if (host->dials && host->dials_by_door == !listed &&
        (host->dials_by_door || assay_bytes_equal(host->dial_public, set->transport_public, 32)))
        return;
    const enum assay_status status =
        listed ? assay_transport_identify(host->link, &set->transport_private,
                                          set->transport_public)
               : assay_transport_identify(host->link, &host->ring.door_private,
                                          host->ring.door_public);
    if (status != ASSAY_OK) host_fail(host, status, "dial");
    host->dials = true;
    host->dials_by_door = !listed;
    assay_bytes_copy(host->dial_public, 32, set->transport_public, 32);
}

static void promote(struct assay_host *host, const struct assay_member_snapshot *own)
{
    if (host->ring.next.incarnation == 0 ||
        !assay_bytes_equal(own->voting_public, host->ring.next.voting_public,
                           ASSAY_P256_PUBLIC_LEN))
        return;
    host->ring.next.incarnation = own->incarnation; /* the ledger assigns the number */
    enum assay_status status = follow(host); /* first: the file of the old keys goes */
    if (status == ASSAY_OK) status = assay_keyring_promote(host->keys_dir, &host->ring);
    if (status != ASSAY_OK) {
        host_fail(host, status, "keys");
        return;
    }
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_INFO, "keys_listed"))
        assay_log_uint(&host->log, "incarnation", own->incarnation);
    assay_log_end(&host->log);
}

void host_roster(struct assay_host *host)
{
    struct assay_member_snapshot own;
    assay_roster_take(&host->roster, host->engine);
    if (host->link != NULL) assay_transport_roster(host->link);
    host_neighbours_roster(host);
    assay_engine_member_snapshot(host->engine, host->self, &own);
    promote(host, &own);
    host_dial(host);
}
