/*
 * net/runtime/runtime_keys.c - keys of this node, dialling keys, and roster updates from the head
 * state.
 *
 * docs/protocol.md 2.7: a key set that voted must not vote again next to an empty vote log. A
 * random id in the store and next to the keys ties the two together, and the store knows the key
 * set that it began with: when the ids differ (a store lost, or put back from elsewhere), or that
 * key set is not there (its file was removed), the node reincarnates. A counter of epochs in both
 * shows a store that was rolled back by an epoch or more (2.7.4: a missing or damaged -wal file, an
 * older copy); the engine asks its peers about the rest.
 */
#include "net/runtime/runtime_internal.h"

#include "net/keys/store_binding.h"

#include <stdio.h>

enum { BINDING_LEN = ASSAY_STORE_BINDING_ID_LEN };

const struct assay_key_set *runtime_key_set(const struct assay_runtime *runtime)
{
    return runtime->keyring.next.incarnation != 0 ? &runtime->keyring.next
                                                  : &runtime->keyring.current;
}

/* ------------------------------------------------------------ binding of keys and store */

static void key_set_digest(const struct assay_key_set *set, uint8_t digest[static BINDING_LEN])
{
    ASSAY_ASSERT(set->incarnation > 0); /* 0 is no key set */
    assay_sha256(set->voting_public, sizeof set->voting_public, digest);
}

static enum assay_status save_binding(struct assay_runtime *runtime,
                                      const struct assay_store_binding *known)
{
    ASSAY_TRY(assay_keyring_binding_save(runtime->config.store, known));
    return assay_store_commit(runtime->config.store);
}

/* Returns: whether the keyring has the key set that the store began with. Later sets never voted
 * elsewhere. */
static bool has_key_set(const struct assay_runtime *runtime, const uint8_t set[static BINDING_LEN])
{
    uint8_t current[BINDING_LEN], next[BINDING_LEN];
    key_set_digest(&runtime->keyring.current, current);
    if (assay_bytes_equal(current, set, BINDING_LEN)) return true;
    if (runtime->keyring.next.incarnation == 0) return false;
    key_set_digest(&runtime->keyring.next, next);
    return assay_bytes_equal(next, set, BINDING_LEN);
}

/* Decides whether these keys may vote with this store; if not, creates new ones, in memory only. */
static enum assay_status check_binding(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(!runtime->binding.is_due);
    struct assay_store_binding known = { 0 };
    struct assay_store_binding copy = { 0 };
    const enum assay_status got = assay_keyring_binding_load(runtime->config.store, &known);
    const enum assay_status kept = assay_keyring_binding_read_copy(runtime->keys_dir, &copy);
    const bool has_store = got == ASSAY_OK;
    if (got != ASSAY_OK && got != ASSAY_E_NOT_FOUND) return got;
    if (kept != ASSAY_OK && kept != ASSAY_E_NOT_FOUND) return kept;
    const bool same =
        has_store && kept == ASSAY_OK && assay_bytes_equal(known.id, copy.id, BINDING_LEN);
    const bool strange = has_store && !has_key_set(runtime, known.set);
    const bool behind = same && assay_keyring_binding_is_behind(&known, &copy);
    runtime->has_bound_store = same && !strange && !behind;
    if (runtime->has_bound_store) return ASSAY_OK;
    /* Keys never used with a store may start one; a store without an id next to the keys is the
     * result of a crash between the two writes of runtime_keys_persist. */
    const bool lost = strange || kept == ASSAY_OK;
    const char *why = strange ? "this store belongs to keys that are not here: new keys"
                              : "the vote log of these keys is gone: new keys";
    if (behind && !strange)
        why = "this store was rolled back: it ends before what these keys have signed: new keys";
    if (has_store && assay_bytes_all_zero(known.set, BINDING_LEN))
        why = "this store was restored without votes: new keys";
    if (lost)
        ASSAY_TRY(assay_keyring_generate_next(assay_keyring_following_number(&runtime->keyring),
                                              &runtime->keyring));
    runtime->keys_are_new = lost || !has_store;
    if (!has_store) ASSAY_TRY(assay_random(known.id, BINDING_LEN));
    if (behind) known.generation = copy.generation;
    if (lost || !has_store) key_set_digest(runtime_key_set(runtime), known.set);
    ASSAY_ASSERT(!lost || runtime->keyring.next.incarnation > 0);
    runtime->binding.is_due = true;
    runtime->binding.has_new_keys = lost;
    runtime->binding.has_new_store = lost || !has_store;
    runtime->binding.why = why;
    runtime->binding.stored = known;
    return ASSAY_OK;
}

/*
 * New keys are written before the new store is bound to them, so that no crash in between lets the
 * old keys vote with an empty log.
 */
static enum assay_status persist_binding(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->binding.is_due && runtime->binding.why != NULL);
    ASSAY_ASSERT(!runtime->binding.has_new_keys || runtime->binding.has_new_store);
    if (runtime->binding.has_new_keys) {
        if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "store_lost"))
            assay_log_text(&runtime->log, "note", runtime->binding.why);
        assay_log_end(&runtime->log);
        ASSAY_TRY(assay_keyring_save_next(runtime->keys_dir, &runtime->keyring));
    }
    if (runtime->binding.has_new_store) ASSAY_TRY(save_binding(runtime, &runtime->binding.stored));
    return assay_keyring_binding_write_copy(runtime->keys_dir, &runtime->binding.stored);
}

/* The store first: after a crash between the two writes it is ahead of its copy, never behind. */
static enum assay_status count_epoch(struct assay_runtime *runtime)
{
    struct assay_store_binding known;
    ASSAY_TRY(assay_keyring_binding_load(runtime->config.store, &known));
    known.generation++;
    ASSAY_TRY(save_binding(runtime, &known));
    return assay_keyring_binding_write_copy(runtime->keys_dir, &known);
}

void runtime_keys_on_epoch_closed(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(!runtime->binding.is_due); /* it was persisted when the node opened */
    const enum assay_status status = count_epoch(runtime);
    if (status != ASSAY_OK) runtime_fail(runtime, status, "the counter of the store");
}

/* Binds the store to the next key set, and removes the previous one. */
static enum assay_status bind_next_set(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->keyring.next.incarnation != 0);
    struct assay_store_binding known;
    ASSAY_TRY(assay_keyring_binding_load(runtime->config.store, &known));
    key_set_digest(&runtime->keyring.next, known.set);
    return save_binding(runtime, &known);
}

/* ------------------------------------------------------------ signers and dialling */

static enum assay_status load_voting_signer(struct assay_runtime *runtime)
{
    const struct assay_key_set *set = runtime_key_set(runtime);
    struct assay_p256_signer *signer = NULL;
    ASSAY_TRY(assay_p256_signer_load(&set->voting_private, &signer));
    assay_p256_signer_free(&runtime->voting);
    runtime->voting = signer;
    return ASSAY_OK;
}

const struct assay_genesis *runtime_founding_genesis(const struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->config.genesis != NULL);
    return runtime->config.founding != NULL ? runtime->config.founding : runtime->config.genesis;
}

uint32_t runtime_find_slot(const struct assay_runtime *runtime, const uint8_t node_id[static 32])
{
    const struct assay_genesis *genesis = runtime->config.genesis;
    ASSAY_ASSERT(runtime->config.state == NULL ||
                 runtime->config.state->member_count == runtime->members);
    if (runtime->config.state != NULL) return assay_state_slot_of(runtime->config.state, node_id);
    uint32_t slot = 0;
    while (slot < genesis->member_count &&
           !assay_bytes_equal(genesis->members[slot].node_id, node_id, 32))
        slot++;
    return slot;
}

enum assay_status runtime_keys_open(struct assay_runtime *runtime,
                                    char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    char why[ASSAY_FILE_MESSAGE_LEN] = "";
    const enum assay_status status =
        assay_keyring_open(runtime->keys_dir, runtime->config.identity_dir, &runtime->keyring, why);
    if (status != ASSAY_OK) {
        (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN, "%.255s", why);
        return status;
    }
    const uint32_t slot = runtime_find_slot(runtime, runtime->keyring.node_id);
    if (slot == runtime->members) {
        (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN,
                       "the identity in %.180s is no member of this network", runtime->keys_dir);
        return ASSAY_E_STRANGER;
    }
    runtime->self = (uint16_t)slot;
    return ASSAY_OK;
}

/* docs/protocol.md 9.6.8: an identity key that waits in the keyring is used from the state on that
 * lists it. The state is one of a boundary. An older one, down to the genesis, follows only where
 * all stores are lost (9.18): then operators put the first key back (docs/operations.md 8). */
static void follow_identity(struct assay_runtime *runtime)
{
    struct assay_keyring *const ring = &runtime->keyring;
    const uint8_t *const listed = runtime->config.genesis->members[runtime->self].identity_public;
    const char *const apart = runtime->config.identity_dir;
    const bool is_apart = apart != NULL && apart[0] != '\0';
    if (assay_bytes_equal(listed, ring->identity_public, ASSAY_P256_PUBLIC_LEN)) return;
    runtime->binding.identity_follows =
        ring->has_next_identity &&
        assay_bytes_equal(listed, ring->next_identity_public, ASSAY_P256_PUBLIC_LEN);
    if (!runtime->binding.identity_follows)
        runtime->binding.identity =
            "the network lists another identity key: this node is behind, or its folder has an "
            "older key, which lists no new voting keys: restore the newest one, or have the "
            "operators list another (assay keys rotate --identity); if all stores of the network "
            "are lost, put the first key back (operations.md 8)";
    else if (assay_keyring_promote_identity(is_apart ? apart : runtime->keys_dir, ring) == ASSAY_OK)
        runtime->binding.identity =
            "the network has listed the new identity key, and this node uses it: nothing to do "
            "but a new backup (an older one has the old key)";
    else
        runtime->binding.identity =
            "the network has listed the new identity key, and its folder cannot be written: "
            "identity.next.key is used: put it in the place of identity.key, then make a backup";
}

enum assay_status runtime_keys_bind(struct assay_runtime *runtime,
                                    char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    follow_identity(runtime);
    enum assay_status status = check_binding(runtime);
    if (status == ASSAY_OK)
        status = assay_p256_signer_load(&runtime->keyring.identity_private, &runtime->identity);
    if (status == ASSAY_OK) status = load_voting_signer(runtime);
    if (status == ASSAY_E_VERSION)
        (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN,
                       "%.120s/store.id or the store: written by a newer version, or damaged: run "
                       "that version, or start without the store: new keys are made then",
                       runtime->keys_dir);
    else if (status != ASSAY_OK)
        (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN, "keys in %.180s: %s", runtime->keys_dir,
                       assay_status_text(status));
    ASSAY_ASSERT(status != ASSAY_OK || (runtime->identity != NULL && runtime->voting != NULL));
    return status;
}

static void log_identity(struct assay_runtime *runtime, const char *note)
{
    const bool follows = runtime->binding.identity_follows;
    const char *const code = follows ? "identity_renewed" : "identity_unlisted";
    if (assay_log_begin(&runtime->log, follows ? ASSAY_SEVERITY_INFO : ASSAY_SEVERITY_WARNING,
                        code))
        assay_log_text(&runtime->log, "note", note);
    assay_log_end(&runtime->log);
    if (follows) runtime_log_event(runtime, code, runtime->self, 0, 0, "%s", note);
}

enum assay_status runtime_keys_persist(struct assay_runtime *runtime,
                                       char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    ASSAY_ASSERT(!assay_dispatch_has_queued(runtime->dispatch)); /* nothing is signed yet */
    if (runtime->binding.identity != NULL) log_identity(runtime, runtime->binding.identity);
    runtime->binding.identity = NULL;
    if (!runtime->binding.is_due) return ASSAY_OK;
    const enum assay_status status = persist_binding(runtime);
    runtime->binding.is_due = false;
    if (status != ASSAY_OK)
        (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN, "new keys in %.180s: %s",
                       runtime->keys_dir, assay_status_text(status));
    return status;
}

void runtime_keys_close(struct assay_runtime *runtime)
{
    assay_p256_signer_free(&runtime->identity);
    assay_p256_signer_free(&runtime->voting);
    assay_keyring_wipe(&runtime->keyring);
}

void runtime_keys_announce(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->keyring.next.incarnation != 0);
    const struct assay_key_set *set = runtime_key_set(runtime);
    struct assay_event event = { .kind = ASSAY_EVENT_KEYS };
    assay_bytes_copy(event.as.keys.voting_public, ASSAY_P256_PUBLIC_LEN, set->voting_public,
                     sizeof set->voting_public);
    assay_bytes_copy(event.as.keys.transport_public, 32, set->transport_public,
                     sizeof set->transport_public);
    runtime_queue_event(runtime, &event);
}

static void make_next_set(struct assay_runtime *runtime, uint32_t incarnation)
{
    enum assay_status status = assay_keyring_make_next(runtime->keys_dir, incarnation,
                                                       &runtime->keyring); /* durable then */
    if (status == ASSAY_OK) status = load_voting_signer(runtime);
    if (status != ASSAY_OK) {
        runtime_fail(runtime, status, "new keys");
        return;
    }
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "keys_renewed"))
        assay_log_uint(&runtime->log, "incarnation", incarnation);
    assay_log_end(&runtime->log);
    runtime_log_event(runtime, "keys_renewed", runtime->self, incarnation, 0,
                      "new keys for incarnation %u, to be listed", (unsigned)incarnation);
    runtime_keys_announce(runtime);
    runtime_update_roster(runtime);
}

void runtime_keys_renew(struct assay_runtime *runtime, uint32_t ended)
{
    struct assay_member_snapshot own;
    assay_engine_member_snapshot(runtime->engine, runtime->self, &own);
    /* Created before a crash, or listed already: the ledger's number is compared, never that of a
     * key file, which is provisional until the set is listed (docs/protocol.md 9.4.1). */
    if (runtime->keyring.next.incarnation != 0 || own.incarnation != ended) return;
    make_next_set(runtime, assay_keyring_following_number(&runtime->keyring));
}

void runtime_keys_replace(struct assay_runtime *runtime)
{
    if (runtime->keyring.next.incarnation == 0) return; /* created, listed, meanwhile */
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "keys_conflict"))
        assay_log_text(&runtime->log, "note",
                       "another member named the keys that wait to be listed");
    assay_log_end(&runtime->log);
    make_next_set(runtime, runtime->keyring.next.incarnation);
    const enum assay_status status = bind_next_set(runtime);
    if (status != ASSAY_OK) runtime_fail(runtime, status, "new keys");
}

/* A store with an old head lists old keys. Peers that list others accept only the bootstrap key, so
 * while nothing is received both keys are tried in turn (docs/protocol.md 10.5).
 * Returns: whether to dial with the bootstrap key. */
static bool tries_bootstrap_key(struct assay_runtime *runtime)
{
    enum { TURN_EPOCHS = 4, TURN_MS_MIN = 2000 };
    struct assay_engine_snapshot s;
    const uint64_t turn_ms = assay_max_u64(
        (uint64_t)TURN_EPOCHS * runtime->config.genesis->parameters.epoch_ms, TURN_MS_MIN);
    assay_engine_snapshot(runtime->engine, &s);
    if (!s.behind || s.epoch != runtime->bootstrap.epoch) {
        runtime->bootstrap.tried = runtime->bootstrap.tried && s.behind;
        runtime->bootstrap.epoch = s.epoch;
        runtime->bootstrap.since_ms = runtime->now_ms;
    } else if (runtime->now_ms - runtime->bootstrap.since_ms >= turn_ms) {
        runtime->bootstrap.tried = !runtime->bootstrap.tried;
        runtime->bootstrap.since_ms = runtime->now_ms;
    }
    return runtime->bootstrap.tried;
}

void runtime_dial_members(struct assay_runtime *runtime)
{
    if (runtime->link == NULL) return; /* not open yet */
    ASSAY_ASSERT(runtime->roster.entries != NULL && runtime->self < runtime->roster.count);
    const struct assay_key_set *set = runtime_key_set(runtime);
    const bool listed = assay_bytes_equal(runtime->roster.entries[runtime->self].transport,
                                          set->transport_public, 32) &&
                        !tries_bootstrap_key(runtime);
    if (runtime->dials && runtime->dials_by_bootstrap_key == !listed &&
        (runtime->dials_by_bootstrap_key ||
         assay_bytes_equal(runtime->dial_public, set->transport_public, 32)))
        return;
    const enum assay_status status =
        listed ? assay_transport_identify(runtime->link, &set->transport_private,
                                          set->transport_public)
               : assay_transport_identify(runtime->link, &runtime->keyring.bootstrap_private,
                                          runtime->keyring.bootstrap_public);
    if (status != ASSAY_OK) runtime_fail(runtime, status, "dial");
    runtime->dials = true;
    runtime->dials_by_bootstrap_key = !listed;
    assay_bytes_copy(runtime->dial_public, 32, set->transport_public, 32);
}

static void promote_own_keys(struct assay_runtime *runtime, const struct assay_member_snapshot *own)
{
    if (runtime->keyring.next.incarnation == 0 ||
        !assay_bytes_equal(own->voting_public, runtime->keyring.next.voting_public,
                           ASSAY_P256_PUBLIC_LEN))
        return;
    enum assay_status status =
        bind_next_set(runtime); /* first: the file of the old keys is removed */
    if (status == ASSAY_OK)
        status = assay_keyring_promote(runtime->keys_dir, own->incarnation, &runtime->keyring);
    if (status != ASSAY_OK) {
        runtime_fail(runtime, status, "keys");
        return;
    }
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "keys_listed"))
        assay_log_uint(&runtime->log, "incarnation", own->incarnation);
    assay_log_end(&runtime->log);
}

void runtime_update_roster(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->roster.count == runtime->members);
    struct assay_member_snapshot own;
    assay_host_roster_update(&runtime->roster, runtime->engine);
    if (runtime->link != NULL) assay_transport_roster(runtime->link);
    runtime_overlay_on_roster(runtime);
    assay_engine_member_snapshot(runtime->engine, runtime->self, &own);
    promote_own_keys(runtime, &own);
    runtime_dial_members(runtime);
}
