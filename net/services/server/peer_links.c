/*
 * net/services/server/peer_links.c - connections between holders, by slot of the roster.
 */
#include "net/services/server/peer_links.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "base/system_clock.h"
#include "net/zmq/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct party {
    bool dialled;
    struct assay_cont_from from;
    struct assay_cont_contact contact;
};

struct assay_peer_links {
    struct assay_secret32 secret;
    uint8_t public_key[32];
    struct assay_roster roster;
    struct party *parties; /* [roster.count] */
    struct assay_traffic_counters counters;
    struct assay_link *link;
};

static enum assay_status init_links(struct assay_peer_links *b,
                                    const struct assay_peer_links_config *config,
                                    char message[static ASSAY_PEER_LINKS_MESSAGE_LEN])
{
    ASSAY_ASSERT(b->link == NULL && b->roster.entries == NULL);
    b->roster.count = ASSAY_CONT_SLOTS_MAX + 1;
    b->roster.self = (uint16_t)(b->roster.count - 1);
    b->roster.entries = calloc(b->roster.count, sizeof *b->roster.entries);
    b->parties = calloc(b->roster.count, sizeof *b->parties);
    if (b->roster.entries == NULL || b->parties == NULL) return ASSAY_E_MEMORY;
    for (uint32_t i = 0; i < b->roster.count; i++)
        b->roster.entries[i].gone = true;
    if (config->secret != NULL) b->secret = *config->secret;
    ASSAY_TRY(config->secret != NULL ? assay_x25519_public(&b->secret, b->public_key)
                                     : assay_x25519_generate(&b->secret, b->public_key));
    const struct assay_link_config link = { .roster = &b->roster,
                                            .counters = &b->counters,
                                            .bootstrap_secret = &b->secret,
                                            .bootstrap_public = b->public_key,
                                            .listen = config->listen,
                                            .self_test = true };
    ASSAY_TRY(assay_link_open(&link, &b->link, message));
    return assay_link_identify(b->link, &b->secret, b->public_key);
}

enum assay_status assay_links_open(const struct assay_peer_links_config *config,
                                   struct assay_peer_links **out,
                                   char message[static ASSAY_PEER_LINKS_MESSAGE_LEN])
{
    _Static_assert((int)ASSAY_PEER_LINKS_MESSAGE_LEN >= (int)ASSAY_LINK_MESSAGE_LEN,
                   "its words fit");
    struct assay_peer_links *b = calloc(1, sizeof *b);
    (void)snprintf(message, ASSAY_PEER_LINKS_MESSAGE_LEN, "out of memory, or no random numbers");
    if (b == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status = init_links(b, config, message);
    if (status != ASSAY_OK) assay_links_close(&b);
    *out = b;
    return status;
}

void assay_links_close(struct assay_peer_links **links)
{
    struct assay_peer_links *b = *links;
    if (b == NULL) return;
    assay_link_close(&b->link);
    assay_secret_wipe(&b->secret, sizeof b->secret);
    free(b->roster.entries);
    free(b->parties);
    free(b);
    *links = NULL;
}

enum assay_status assay_links_contact(const struct assay_peer_links *links, const char *host,
                                      struct assay_cont_contact *contact)
{
    static const char scheme[] = "tcp://";
    char text[ASSAY_LINK_ENDPOINT_MAX];
    const char *bound = assay_link_endpoint(links->link) + sizeof scheme - 1;
    const char *port = strrchr(bound, ':');
    if (port == NULL) return ASSAY_E_RANGE;
    const int len = host == NULL ? snprintf(text, sizeof text, "%s", bound)
                                 : snprintf(text, sizeof text, "%s%s", host, port);
    if (len <= 0 || len > ASSAY_CONT_ADDRESS_MAX) return ASSAY_E_RANGE;
    *contact = (struct assay_cont_contact){ .address_len = (uint8_t)len };
    assay_bytes_copy(contact->curve, 32, links->public_key, 32);
    assay_bytes_copy(contact->address, sizeof contact->address, text, (size_t)len);
    return ASSAY_OK;
}

/* --- slots */

static void set_party(struct assay_peer_links *b, uint32_t slot, const struct assay_cont_from *from,
                      const struct assay_cont_contact *contact)
{
    ASSAY_ASSERT(slot < b->roster.self && (from != NULL || contact == NULL));
    struct party *p = &b->parties[slot];
    struct assay_roster_entry *entry = &b->roster.entries[slot];
    const bool same = contact != NULL && !entry->gone &&
                      assay_bytes_equal(p->contact.curve, contact->curve, 32) &&
                      p->contact.address_len == contact->address_len &&
                      assay_bytes_equal(p->contact.address, contact->address, contact->address_len);
    if (same) {
        p->from = *from; /* its signing key may differ */
        return;
    }
    if (p->dialled) assay_link_remove_peer(b->link, (uint16_t)slot);
    *p = (struct party){ 0 };
    entry->gone = contact == NULL;
    if (contact == NULL) return;
    p->from = *from;
    p->contact = *contact;
    assay_bytes_copy(entry->bootstrap, 32, contact->curve, 32);
    assay_bytes_copy(entry->transport, 32, contact->curve, 32);
}

void assay_links_set_member(struct assay_peer_links *links, uint32_t slot,
                            const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                            const struct assay_cont_contact *contact)
{
    struct assay_cont_from from = { .replica = true };
    ASSAY_ASSERT(slot < ASSAY_CONT_SLOTS_MAX);
    assay_bytes_copy(from.key, sizeof from.key, key, ASSAY_P256_PUBLIC_LEN);
    /* A member that claims this process's key is ignored. */
    if (contact != NULL && assay_bytes_equal(contact->curve, links->public_key, 32)) contact = NULL;
    set_party(links, slot, &from, contact);
}

/* --- frames */

static bool dial_slot(struct assay_peer_links *b, uint16_t slot)
{
    ASSAY_ASSERT(slot < b->roster.count &&
                 b->parties[slot].contact.address_len <= ASSAY_CONT_ADDRESS_MAX);
    struct party *p = &b->parties[slot];
    char address[ASSAY_CONT_ADDRESS_MAX + 1] = "";
    if (p->dialled) return true;
    if (b->roster.entries[slot].gone) return false;
    assay_bytes_copy(address, sizeof address, p->contact.address, p->contact.address_len);
    p->dialled = assay_link_peer(b->link, slot, address) == ASSAY_OK;
    return p->dialled;
}

void assay_links_send_to_slot(struct assay_peer_links *links, uint16_t slot,
                              struct assay_slice frame)
{
    ASSAY_ASSERT(slot < links->roster.count);
    if (!dial_slot(links, slot)) return;
    assay_status_ignore(assay_link_send(links->link, slot, frame, 0),
                        "a holder that waits for an answer sends its frame again");
}

static bool has_key(const struct assay_peer_links *b, uint32_t slot, const uint8_t *key)
{
    ASSAY_ASSERT(slot < b->roster.self);
    return !b->roster.entries[slot].gone &&
           assay_bytes_equal(b->parties[slot].from.key, key, ASSAY_P256_PUBLIC_LEN);
}

/* Returns: the slot of a replica; the slot of this process: the key is not listed. */
static uint32_t find_slot(const struct assay_peer_links *b, const uint8_t *key)
{
    for (uint32_t i = 0; i < ASSAY_CONT_SLOTS_MAX; i++)
        if (has_key(b, i, key)) return i;
    return b->roster.self;
}

void assay_links_send_to_replica(struct assay_peer_links *links, const uint8_t *key,
                                 struct assay_slice frame)
{
    const uint32_t slot = find_slot(links, key);
    if (slot != links->roster.self) assay_links_send_to_slot(links, (uint16_t)slot, frame);
}

enum assay_status assay_links_wait(struct assay_peer_links *links, uint64_t now_ms,
                                   struct pollfd *extra, size_t count, int timeout_ms)
{
    return assay_link_wait(links->link, now_ms, extra, count, timeout_ms);
}

void assay_links_flush(struct assay_peer_links *links)
{
    assay_link_flush(links->link);
}

enum assay_status assay_links_receive(struct assay_peer_links *links, uint16_t *slot,
                                      struct assay_cont_from *from, struct assay_slice *frame)
{
    enum assay_roster_key which = ASSAY_ROSTER_TRANSPORT;
    ASSAY_TRY(assay_link_receive(links->link, slot, &which, frame));
    ASSAY_ASSERT(*slot < links->roster.count);
    *from = links->parties[*slot].from;
    return ASSAY_OK;
}
