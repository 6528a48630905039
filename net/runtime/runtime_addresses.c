/*
 * net/runtime/runtime_addresses.c - where members listen, for those whom the configuration does not
 * name (host/peers/addresses.h): told with every question for dates, passed on when new, kept in
 * the store.
 */
#include "net/runtime/runtime_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    CLOCKS_APART_MS = 5000, /* dates of members are apart at most (docs/protocol.md 4.5) */
    DIALLED_MS = 120 * 1000,
};

static struct assay_store_key key_of(const struct assay_host *host, uint16_t slot)
{
    struct assay_store_key key = { .number = HOST_META_ADDRESS };
    assay_bytes_copy(key.id, 32, host->config.genesis->members[slot].node_id, 32);
    return key;
}

static enum assay_status take(struct assay_host *host, uint16_t slot,
                              const struct assay_claim *claim)
{
    const struct assay_genesis_member *m = &host->config.genesis->members[slot];
    return assay_address_take(&host->addresses[slot], claim, host->config.genesis->chain_id,
                              m->node_id, m->identity_public, host->now_ms);
}

static enum assay_status keep(struct assay_host *host, uint16_t slot)
{
    const struct assay_store_key key = key_of(host, slot);
    uint8_t bytes[ASSAY_CLAIM_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    ASSAY_TRY(assay_claim_encode(&host->addresses[slot].claim, &w));
    return assay_store_put(host->config.store, ASSAY_STORE_META, &key,
                           assay_slice_over(bytes, w.len));
}

/* ------------------------------------------------------------ one's own */

/* Returns: whether there is anything that others can dial. */
static bool advertised(const struct assay_host *host, struct assay_claim *claim)
{
    const char *rest = host->config.advertise != NULL ? host->config.advertise : "";
    char item[ASSAY_CLAIM_ADDRESS_MAX];
    while (assay_address_next(&rest, item))
        assay_claim_add(claim, item);
    return claim->count > 0;
}

static enum assay_status sign_own(struct assay_host *host, uint64_t number)
{
    struct assay_claim claim = { .number = number };
    const struct assay_genesis *g = host->config.genesis;
    assay_bytes_copy(claim.chain_id, 32, g->chain_id, 32);
    assay_bytes_copy(claim.node_id, 32, g->members[host->self].node_id, 32);
    if (!advertised(host, &claim)) return ASSAY_OK;
    assay_claim_digest(&claim);
    ASSAY_TRY(assay_p256_sign(host->identity, claim.digest, claim.signature));
    host->addresses[host->self] = (struct assay_address){ .known = true, .claim = claim };
    return keep(host, host->self);
}

/* The date numbers them: who has lost its store says something newer all the same. */
static enum assay_status claim_own(struct assay_host *host)
{
    const struct assay_address *own = &host->addresses[host->self];
    struct assay_claim now = { .count = 0 };
    if (!advertised(host, &now)) return ASSAY_OK;
    if (own->known && assay_claim_same(&own->claim, &now)) return ASSAY_OK;
    const uint64_t next = own->known ? own->claim.number + 1 : 1;
    return sign_own(host, assay_max_u64(host->at_unix_ms, next));
}

static void text_of(const struct assay_claim *claim, char all[static HOST_ADDRESSES_TEXT])
{
    int len = 0;
    all[0] = '\0';
    for (uint32_t i = 0; i < claim->count; i++)
        len += snprintf(all + len, HOST_ADDRESSES_TEXT - (size_t)len, "%s%s", i > 0 ? "," : "",
                        claim->addresses[i]);
}

/*
 * docs/protocol.md 2.15: a claim by this identity, of a date since this process runs, that it has
 * not made. An older one is of another life; one of a date to come is of a life whose clock was
 * wrong. The other one is dialled with our own keys: its door refuses them, and so it knows.
 */
static void notice(struct assay_host *host, const struct assay_claim *claim)
{
    char where[HOST_ADDRESSES_TEXT];
    if (claim->number <= host->shared.opened_unix_ms ||
        claim->number > host->at_unix_ms + CLOCKS_APART_MS)
        return;
    text_of(claim, where);
    host_shared(host, where);
    assay_status_ignore(assay_transport_peer(host->link, host->self, where),
                        "its operator learns it from its own process, if at all");
}

/* One's own of another life, that others still tell, or of another process. */
static enum assay_status outdo(struct assay_host *host, const struct assay_claim *claim)
{
    const struct assay_address *own = &host->addresses[host->self];
    struct assay_address held = *own;
    if (!own->known || host->shared.told) return ASSAY_E_STALE;
    const struct assay_genesis_member *m = &host->config.genesis->members[host->self];
    ASSAY_TRY(assay_address_take(&held, claim, host->config.genesis->chain_id, m->node_id,
                                 m->identity_public, host->now_ms));
    if (claim->number >= INT64_MAX) return ASSAY_E_RANGE;
    notice(host, claim);
    /* Two that outdo each other would have everybody dial to and fro. */
    return host->shared.told ? ASSAY_E_STALE : sign_own(host, claim->number + 1);
}

/* ------------------------------------------------------------ opened */

static void load(struct assay_host *host, uint16_t slot)
{
    const struct assay_store_key key = key_of(host, slot);
    uint8_t bytes[ASSAY_CLAIM_LEN_MAX];
    struct assay_claim claim;
    size_t len = 0;
    if (assay_store_get(host->config.store, ASSAY_STORE_META, &key, bytes, sizeof bytes, &len) !=
            ASSAY_OK ||
        assay_claim_decode(assay_slice_over(bytes, len), &claim) != ASSAY_OK)
        return;
    assay_status_ignore(take(host, slot, &claim), "what is not genuine is asked for anew");
}

enum assay_status host_addresses_open(struct assay_host *host)
{
    host->addresses = calloc(host->members, sizeof *host->addresses);
    if (host->addresses == NULL) return ASSAY_E_MEMORY;
    if (!host->renewed) host->shared.opened_unix_ms = host->at_unix_ms;
    for (uint16_t slot = 0; slot < host->members; slot++)
        load(host, slot);
    ASSAY_TRY(claim_own(host));
    return assay_store_commit(host->config.store);
}

void host_addresses_close(struct assay_host *host)
{
    free(host->addresses);
    host->addresses = NULL;
}

static const char *configured(const struct assay_host *host, uint16_t slot)
{
    const uint8_t *id = host->config.genesis->members[slot].node_id;
    for (size_t i = 0; i < host->config.peer_count; i++)
        if (assay_bytes_equal(host->config.peers[i].node_id, id, 32))
            return host->config.peers[i].endpoint;
    return NULL;
}

/* The operator's word comes first, and what the member says of itself after it: one that moved is
 * found where no configuration was edited, and the door key proves who is there. */
bool host_addresses_of(const struct assay_host *host, uint16_t slot,
                       char text[static HOST_ADDRESSES_TEXT])
{
    const struct assay_address *held = &host->addresses[slot];
    const char *const first = configured(host, slot);
    int len = snprintf(text, HOST_ADDRESSES_TEXT, "%s", first != NULL ? first : "");
    for (uint32_t i = 0; held->known && i < held->claim.count; i++) {
        ASSAY_ASSERT(len >= 0 && len < HOST_ADDRESSES_TEXT);
        len += snprintf(text + len, (size_t)(HOST_ADDRESSES_TEXT - len), "%s%s",
                        len > 0 ? "," : "", held->claim.addresses[i]);
    }
    return len > 0;
}

enum assay_status host_address_dial(struct assay_host *host, uint16_t slot)
{
    char text[HOST_ADDRESSES_TEXT];
    if (slot == host->self) return ASSAY_OK;
    host_neighbours_address(host, slot);
    const bool links = host_neighbours_links(host, slot);
    if (links && host_addresses_of(host, slot, text))
        return assay_transport_peer(host->link, slot, text);
    if (assay_transport_has_peer(host->link, slot)) assay_transport_forget(host->link, slot);
    return ASSAY_OK;
}

enum assay_status host_addresses_advertise(struct assay_host *host, const char *advertise)
{
    const uint64_t before = host->addresses[host->self].claim.number;
    host->config.advertise = advertise;
    ASSAY_TRY(claim_own(host));
    if (host->addresses[host->self].claim.number == before) return ASSAY_OK;
    assay_dispatch_opened(host->dispatch);
    host_addresses_turn(host);
    return ASSAY_OK;
}

/* ------------------------------------------------------------ told and heard */

static void tell(struct assay_host *host, uint16_t to, uint16_t except, uint16_t slot)
{
    uint8_t bytes[ASSAY_CLAIM_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    if (!host->addresses[slot].known) return;
    if (assay_claim_encode(&host->addresses[slot].claim, &w) != ASSAY_OK) return;
    host_send(host, to, except, ASSAY_MESSAGE_ADDRESS, assay_slice_over(bytes, w.len));
}

/* What the configuration says may be no address (assay_host_tune told it): no fault of theirs. */
static void dial(struct assay_host *host, uint16_t slot)
{
    host->addresses[slot].dial_due = false;
    const enum assay_status status = host_address_dial(host, slot);
    if (status != ASSAY_OK && status != ASSAY_E_IO) host_fail(host, status, "peer address");
}

void host_addresses_turn(struct assay_host *host)
{
    /* What the other process answered is known by now. */
    if (host->shared.told && host->now_ms - host->shared.since_ms > DIALLED_MS &&
        assay_transport_has_peer(host->link, host->self))
        assay_transport_forget(host->link, host->self);
    /* Somebody called who proved to have our keys. */
    if (host->counters.value[ASSAY_COUNT_HANDSHAKE_OWN_KEY] > 0) host_shared(host, "");
    for (uint16_t slot = 0; slot < host->members; slot++)
        if (host->addresses[slot].dial_due) dial(host, slot);
    tell(host, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, host->self);
}

static void say(struct assay_host *host, uint16_t slot)
{
    char name[ASSAY_NAME_MAX + 1], all[HOST_ADDRESSES_TEXT];
    text_of(&host->addresses[slot].claim, all);
    host_name(host, slot, name, sizeof name);
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_INFO, "peer_address")) {
        assay_log_text(&host->log, "peer", name);
        assay_log_text(&host->log, "address", all);
        assay_log_bool(&host->log, "configured", configured(host, slot) != NULL);
    }
    assay_log_end(&host->log);
    host_tell(host, "peer_address", slot, 0, 0, "%s says that it listens on %s", name, all);
}

/* A member that is new here has heard of nobody else, maybe. */
static void learn(struct assay_host *host, uint16_t from, uint16_t slot, bool first)
{
    const enum assay_status status = keep(host, slot);
    if (status != ASSAY_OK) {
        host_fail(host, status, "peer address");
        return;
    }
    assay_dispatch_opened(host->dispatch);
    /* Whoever listens where we dialled so far hears of it before we hang up: it may be another
     * process than the one that says this. */
    host->addresses[slot].dial_due = !first && assay_transport_is_up(host->link, slot);
    if (host->addresses[slot].dial_due) tell(host, slot, ASSAY_SLOT_ALL, slot);
    else dial(host, slot);
    say(host, slot);
    tell(host, ASSAY_SLOT_ALL, from, slot);
    for (uint16_t other = 0; first && from == slot && other < host->members; other++)
        if (other != slot) tell(host, slot, ASSAY_SLOT_ALL, other);
}

void host_address(struct assay_host *host, uint16_t from, struct assay_slice payload)
{
    struct assay_claim claim;
    enum assay_status status = assay_claim_decode(payload, &claim);
    const uint32_t slot = status == ASSAY_OK ? host_slot_of(host, claim.node_id) : host->members;
    if (status == ASSAY_OK && slot == host->members) status = ASSAY_E_STRANGER;
    const bool own = slot == host->self;
    const bool first = slot < host->members && !host->addresses[slot].known;
    if (status == ASSAY_OK)
        status = own ? outdo(host, &claim) : take(host, (uint16_t)slot, &claim);
    if (status == ASSAY_OK && !own) learn(host, from, (uint16_t)slot, first);
    if (status == ASSAY_OK && own) host_addresses_turn(host);
    if (status == ASSAY_OK && own) assay_dispatch_opened(host->dispatch);
    /* It has not heard of its newer one: another process made that, or it lost its store. */
    if (status == ASSAY_E_STALE && !own && from == slot &&
        claim.number < host->addresses[slot].claim.number)
        tell(host, from, ASSAY_SLOT_ALL, from);
    if (status != ASSAY_OK && status != ASSAY_E_STALE)
        assay_count(&host->counters, ASSAY_COUNT_ADDRESS_REFUSED);
}
