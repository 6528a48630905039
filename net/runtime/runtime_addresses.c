/*
 * net/runtime/runtime_addresses.c - addresses that members announce.
 *
 * For members that the configuration does not name (host/peers/addresses.h): sent with every DATE
 * message, relayed when new, kept in the store.
 */
#include "net/runtime/runtime_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    CLOCKS_APART_MS = 5000, /* limit of clock differences between members (docs/protocol.md 4.5) */
    DIALLED_MS = 120 * 1000,
};

static struct assay_store_key address_key(const struct assay_runtime *runtime, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    struct assay_store_key key = { .number = RUNTIME_META_ADDRESS };
    assay_bytes_copy(key.id, 32, runtime->config.genesis->members[slot].node_id, 32);
    return key;
}

static enum assay_status check_claim(struct assay_runtime *runtime, uint16_t slot,
                                     const struct assay_claim *claim)
{
    ASSAY_ASSERT(slot < runtime->members);
    const struct assay_genesis_member *m = &runtime->config.genesis->members[slot];
    return assay_address_update(&runtime->addresses[slot], claim, runtime->config.genesis->chain_id,
                                m->node_id, m->identity_public, runtime->now_ms);
}

static enum assay_status save_claim(struct assay_runtime *runtime, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    const struct assay_store_key key = address_key(runtime, slot);
    uint8_t bytes[ASSAY_CLAIM_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    ASSAY_TRY(assay_claim_encode(&runtime->addresses[slot].claim, &w));
    return assay_store_put(runtime->config.store, ASSAY_STORE_META, &key,
                           assay_slice_over(bytes, w.len));
}

/* ------------------------------------------------------------ own claim */

/* Returns: whether this node has an address that others can dial. */
static bool build_own_claim(const struct assay_runtime *runtime, struct assay_claim *claim)
{
    const char *rest = runtime->config.advertise != NULL ? runtime->config.advertise : "";
    char item[ASSAY_CLAIM_ADDRESS_MAX];
    while (assay_address_next(&rest, item))
        assay_claim_add(claim, item);
    return claim->count > 0;
}

static enum assay_status sign_own(struct assay_runtime *runtime, uint64_t number)
{
    ASSAY_ASSERT(runtime->identity != NULL);
    struct assay_claim claim = { .number = number };
    const struct assay_genesis *g = runtime->config.genesis;
    assay_bytes_copy(claim.chain_id, 32, g->chain_id, 32);
    assay_bytes_copy(claim.node_id, 32, g->members[runtime->self].node_id, 32);
    if (!build_own_claim(runtime, &claim)) return ASSAY_OK;
    assay_claim_digest(&claim);
    ASSAY_TRY(assay_p256_sign(runtime->identity, claim.digest, claim.signature));
    runtime->addresses[runtime->self] = (struct assay_address){ .known = true, .claim = claim };
    return save_claim(runtime, runtime->self);
}

/* Claims are numbered by the clock, so that a node that lost its store still issues a newer one. */
static enum assay_status renew_own_claim(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->addresses != NULL);
    const struct assay_address *own = &runtime->addresses[runtime->self];
    struct assay_claim now = { .count = 0 };
    if (!build_own_claim(runtime, &now)) return ASSAY_OK;
    if (own->known && assay_claim_equals(&own->claim, &now)) return ASSAY_OK;
    const uint64_t next = own->known ? own->claim.number + 1 : 1;
    return sign_own(runtime, assay_max_u64(runtime->at_unix_ms, next));
}

static void format_addresses(const struct assay_claim *claim,
                             char all[static RUNTIME_ADDRESSES_TEXT])
{
    ASSAY_ASSERT(claim->count <= ASSAY_CLAIM_ADDRESSES_MAX);
    int len = 0;
    all[0] = '\0';
    for (uint32_t i = 0; i < claim->count; i++)
        len += snprintf(all + len, RUNTIME_ADDRESSES_TEXT - (size_t)len, "%s%s", i > 0 ? "," : "",
                        claim->addresses[i]);
}

/*
 * docs/protocol.md 2.15 (one process per identity): a claim by this identity, dated since this
 * process started, that it did not issue. An older one is from an earlier process, one dated in the
 * future from a process with a wrong clock. The other process is dialled with our own keys: its
 * listener refuses them, and so it detects the conflict too.
 */
static void detect_shared_identity(struct assay_runtime *runtime, const struct assay_claim *claim)
{
    char where[RUNTIME_ADDRESSES_TEXT];
    if (claim->number <= runtime->shared.opened_unix_ms ||
        claim->number > runtime->at_unix_ms + CLOCKS_APART_MS)
        return;
    format_addresses(claim, where);
    runtime_on_shared_identity(runtime, where);
    assay_status_ignore(assay_transport_peer(runtime->link, runtime->self, where),
                        "its operator learns it from its own process, if at all");
}

/* Own claim of an earlier process that others still send, or of another process. */
static enum assay_status supersede_claim(struct assay_runtime *runtime,
                                         const struct assay_claim *claim)
{
    ASSAY_ASSERT(runtime->addresses != NULL);
    const struct assay_address *own = &runtime->addresses[runtime->self];
    struct assay_address held = *own;
    if (!own->known || runtime->shared.is_logged) return ASSAY_E_STALE;
    const struct assay_genesis_member *m = &runtime->config.genesis->members[runtime->self];
    ASSAY_TRY(assay_address_update(&held, claim, runtime->config.genesis->chain_id, m->node_id,
                                   m->identity_public, runtime->now_ms));
    if (claim->number >= INT64_MAX) return ASSAY_E_RANGE;
    detect_shared_identity(runtime, claim);
    /* Two processes that supersede each other would make all members redial back and forth. */
    return runtime->shared.is_logged ? ASSAY_E_STALE : sign_own(runtime, claim->number + 1);
}

/* ------------------------------------------------------------ opening */

static void load_claim(struct assay_runtime *runtime, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    const struct assay_store_key key = address_key(runtime, slot);
    uint8_t bytes[ASSAY_CLAIM_LEN_MAX];
    struct assay_claim claim;
    size_t len = 0;
    if (assay_store_get(runtime->config.store, ASSAY_STORE_META, &key, bytes, sizeof bytes, &len) !=
            ASSAY_OK ||
        assay_claim_decode(assay_slice_over(bytes, len), &claim) != ASSAY_OK)
        return;
    assay_status_ignore(check_claim(runtime, slot, &claim),
                        "what is not genuine is asked for anew");
}

enum assay_status runtime_addresses_open(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->addresses == NULL);
    runtime->addresses = calloc(runtime->members, sizeof *runtime->addresses);
    if (runtime->addresses == NULL) return ASSAY_E_MEMORY;
    if (!runtime->renewed) runtime->shared.opened_unix_ms = runtime->at_unix_ms;
    for (uint16_t slot = 0; slot < runtime->members; slot++)
        load_claim(runtime, slot);
    ASSAY_TRY(renew_own_claim(runtime));
    return assay_store_commit(runtime->config.store);
}

void runtime_addresses_close(struct assay_runtime *runtime)
{
    free(runtime->addresses);
    runtime->addresses = NULL;
}

static const char *find_configured(const struct assay_runtime *runtime, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    const uint8_t *id = runtime->config.genesis->members[slot].node_id;
    for (size_t i = 0; i < runtime->config.peer_count; i++)
        if (assay_bytes_equal(runtime->config.peers[i].node_id, id, 32))
            return runtime->config.peers[i].endpoint;
    return NULL;
}

/* Configured addresses come first, claimed ones after them: a member that moved is found without a
 * change of the configuration, and the bootstrap key authenticates it. */
bool runtime_addresses_get(const struct assay_runtime *runtime, uint16_t slot,
                           char text[static RUNTIME_ADDRESSES_TEXT])
{
    ASSAY_ASSERT(slot < runtime->members);
    const struct assay_address *held = &runtime->addresses[slot];
    const char *const first = find_configured(runtime, slot);
    int len = snprintf(text, RUNTIME_ADDRESSES_TEXT, "%s", first != NULL ? first : "");
    for (uint32_t i = 0; held->known && i < held->claim.count; i++) {
        ASSAY_ASSERT(len >= 0 && len < RUNTIME_ADDRESSES_TEXT);
        len += snprintf(text + len, (size_t)(RUNTIME_ADDRESSES_TEXT - len), "%s%s",
                        len > 0 ? "," : "", held->claim.addresses[i]);
    }
    return len > 0;
}

enum assay_status runtime_dial_member(struct assay_runtime *runtime, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    char text[RUNTIME_ADDRESSES_TEXT];
    if (slot == runtime->self) return ASSAY_OK;
    runtime_overlay_on_address(runtime, slot);
    const bool links = runtime_overlay_has_link(runtime, slot);
    if (links && runtime_addresses_get(runtime, slot, text))
        return assay_transport_peer(runtime->link, slot, text);
    if (assay_transport_has_peer(runtime->link, slot))
        assay_transport_remove_peer(runtime->link, slot);
    return ASSAY_OK;
}

enum assay_status runtime_addresses_advertise(struct assay_runtime *runtime, const char *advertise)
{
    const uint64_t before = runtime->addresses[runtime->self].claim.number;
    runtime->config.advertise = advertise;
    ASSAY_TRY(renew_own_claim(runtime));
    if (runtime->addresses[runtime->self].claim.number == before) return ASSAY_OK;
    assay_dispatch_request_commit(runtime->dispatch);
    runtime_addresses_poll(runtime);
    return ASSAY_OK;
}

/* ------------------------------------------------------------ sending and receiving */

static void send_claim(struct assay_runtime *runtime, uint16_t to, uint16_t except, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    uint8_t bytes[ASSAY_CLAIM_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    if (!runtime->addresses[slot].known) return;
    if (assay_claim_encode(&runtime->addresses[slot].claim, &w) != ASSAY_OK) return;
    runtime_send(runtime, to, except, ASSAY_MESSAGE_ADDRESS, assay_slice_over(bytes, w.len));
}

/* The configured address may be invalid (assay_runtime_reconfigure reported it); that is not the
 * member's fault. */
static void dial_claimed(struct assay_runtime *runtime, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    runtime->addresses[slot].dial_due = false;
    const enum assay_status status = runtime_dial_member(runtime, slot);
    if (status != ASSAY_OK && status != ASSAY_E_IO) runtime_fail(runtime, status, "peer address");
}

void runtime_addresses_poll(struct assay_runtime *runtime)
{
    /* The other process has answered by now. */
    if (runtime->shared.is_logged && runtime->now_ms - runtime->shared.logged_ms > DIALLED_MS &&
        assay_transport_has_peer(runtime->link, runtime->self))
        assay_transport_remove_peer(runtime->link, runtime->self);
    /* A peer authenticated with our own keys. */
    if (runtime->counters.value[ASSAY_COUNT_HANDSHAKE_OWN_KEY] > 0)
        runtime_on_shared_identity(runtime, "");
    for (uint16_t slot = 0; slot < runtime->members; slot++)
        if (runtime->addresses[slot].dial_due) dial_claimed(runtime, slot);
    send_claim(runtime, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, runtime->self);
}

static void log_address(struct assay_runtime *runtime, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    char name[ASSAY_NAME_MAX + 1], all[RUNTIME_ADDRESSES_TEXT];
    format_addresses(&runtime->addresses[slot].claim, all);
    runtime_slot_name(runtime, slot, name, sizeof name);
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "peer_address")) {
        assay_log_text(&runtime->log, "peer", name);
        assay_log_text(&runtime->log, "address", all);
        assay_log_bool(&runtime->log, "configured", find_configured(runtime, slot) != NULL);
    }
    assay_log_end(&runtime->log);
    runtime_log_event(runtime, "peer_address", slot, 0, 0, "%s claims to listen on %s", name, all);
}

/* A member that is new to this node may lack the claims of others. */
static void on_claim(struct assay_runtime *runtime, uint16_t from, uint16_t slot, bool first)
{
    ASSAY_ASSERT(slot < runtime->members);
    const enum assay_status status = save_claim(runtime, slot);
    if (status != ASSAY_OK) {
        runtime_fail(runtime, status, "peer address");
        return;
    }
    assay_dispatch_request_commit(runtime->dispatch);
    /* The listener at the old address receives this before we disconnect: it may be another process
     * than the one that issued the claim. */
    runtime->addresses[slot].dial_due = !first && assay_transport_is_up(runtime->link, slot);
    if (runtime->addresses[slot].dial_due) send_claim(runtime, slot, ASSAY_SLOT_ALL, slot);
    else dial_claimed(runtime, slot);
    log_address(runtime, slot);
    send_claim(runtime, ASSAY_SLOT_ALL, from, slot);
    for (uint16_t other = 0; first && from == slot && other < runtime->members; other++)
        if (other != slot) send_claim(runtime, slot, ASSAY_SLOT_ALL, other);
}

void runtime_on_address(struct assay_runtime *runtime, uint16_t from, struct assay_slice payload)
{
    ASSAY_ASSERT(from < runtime->members);
    struct assay_claim claim;
    enum assay_status status = assay_claim_decode(payload, &claim);
    const uint32_t slot =
        status == ASSAY_OK ? runtime_find_slot(runtime, claim.node_id) : runtime->members;
    if (status == ASSAY_OK && slot == runtime->members) status = ASSAY_E_STRANGER;
    const bool own = slot == runtime->self;
    const bool first = slot < runtime->members && !runtime->addresses[slot].known;
    if (status == ASSAY_OK)
        status =
            own ? supersede_claim(runtime, &claim) : check_claim(runtime, (uint16_t)slot, &claim);
    if (status == ASSAY_OK && !own) on_claim(runtime, from, (uint16_t)slot, first);
    if (status == ASSAY_OK && own) runtime_addresses_poll(runtime);
    if (status == ASSAY_OK && own) assay_dispatch_request_commit(runtime->dispatch);
    /* The member lacks its own newer claim: another process issued that, or it lost its store. */
    if (status == ASSAY_E_STALE && !own && from == slot &&
        claim.number < runtime->addresses[slot].claim.number)
        send_claim(runtime, from, ASSAY_SLOT_ALL, from);
    if (status != ASSAY_OK && status != ASSAY_E_STALE)
        assay_count(&runtime->counters, ASSAY_COUNT_ADDRESS_REFUSED);
}
