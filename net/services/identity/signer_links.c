/*
 * net/services/identity/signer_links.c - links between holders, by slot of the ledger.
 */
#include "net/services/identity/signer_links.h"

#include "base/assert.h"
#include "base/system_clock.h"
#include "net/services/server/peer_links.h"
#include "services/shares/sodium.h"

#include <stdio.h>
#include <stdlib.h>

struct assay_keyholder_links {
    struct assay_peer_links *links;
    bool is_listed[ASSAY_CA_SLOTS_MAX];
    /* Of listed ones. Two link keys, P and -P, have one CURVE key. */
    uint8_t node_id[ASSAY_CA_SLOTS_MAX][32], curve[ASSAY_CA_SLOTS_MAX][32];
    /* The frame that was received last, for the slots from next_slot on with the same CURVE key. */
    struct assay_slice frame;
    uint32_t frame_slot, next_slot;
};

/* A party is named by a key of another length; the node id is its first part. */
static void name_party(const uint8_t node_id[static 32], uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    assay_bytes_zero(key, ASSAY_P256_PUBLIC_LEN);
    assay_bytes_copy(key, ASSAY_P256_PUBLIC_LEN, node_id, 32);
}

enum assay_status assay_keyholder_links_open(const char *listen, const struct assay_secret32 *seed,
                                             struct assay_keyholder_links **out,
                                             char message[static ASSAY_KEYHOLDER_LINKS_MESSAGE_LEN])
{
    _Static_assert((int)ASSAY_PEER_LINKS_MESSAGE_LEN <= (int)ASSAY_KEYHOLDER_LINKS_MESSAGE_LEN,
                   "one buffer");
    _Static_assert((int)ASSAY_CA_SLOTS_MAX <= (int)ASSAY_CONT_SLOTS_MAX, "a slot for each");
    struct assay_secret32 curve;
    struct assay_keyholder_links *l = calloc(1, sizeof *l);
    *out = l;
    (void)snprintf(message, ASSAY_KEYHOLDER_LINKS_MESSAGE_LEN, "out of memory");
    if (l == NULL) return ASSAY_E_MEMORY;
    l->next_slot = ASSAY_CA_SLOTS_MAX;
    assay_sodium_link_secret(seed, &curve);
    const struct assay_peer_links_config config = { .listen = listen, .secret = &curve };
    const enum assay_status status = assay_links_open(&config, &l->links, message);
    assay_secret_wipe(&curve, sizeof curve);
    if (status != ASSAY_OK) assay_keyholder_links_close(out);
    return status;
}

void assay_keyholder_links_close(struct assay_keyholder_links **links)
{
    if (*links == NULL) return;
    assay_links_close(&(*links)->links);
    free(*links);
    *links = NULL;
}

enum assay_status assay_keyholder_links_address(const struct assay_keyholder_links *links,
                                                const char *host,
                                                char address[static ASSAY_CA_ADDRESS_MAX + 1])
{
    struct assay_cont_contact contact;
    ASSAY_TRY(assay_links_contact(links->links, host, &contact));
    assay_bytes_copy(address, ASSAY_CA_ADDRESS_MAX + 1, contact.address, contact.address_len);
    address[contact.address_len] = '\0';
    return ASSAY_OK;
}

/* Returns: whether the holder can be dialled. */
static bool read_contact(const struct assay_ca_holder *holder, struct assay_cont_contact *contact)
{
    *contact = (struct assay_cont_contact){ .address_len = holder->address_len };
    if (holder->address_len == 0 || holder->address_len > ASSAY_CONT_ADDRESS_MAX) return false;
    assay_bytes_copy(contact->address, sizeof contact->address, holder->address,
                     holder->address_len);
    return assay_sodium_link_curve(holder->link_key, contact->curve) == ASSAY_OK;
}

/* replaces: of a slot that is listed, this holder counts. */
static void list_holders(struct assay_keyholder_links *links, const struct assay_ca_sharing *s,
                         bool is_listed[static ASSAY_CA_SLOTS_MAX], bool replaces)
{
    for (uint32_t i = 0; i < s->holders; i++) {
        const struct assay_ca_holder *holder = &s->holder[i];
        struct assay_cont_contact contact;
        uint8_t key[ASSAY_P256_PUBLIC_LEN];
        ASSAY_ASSERT(holder->slot < ASSAY_CA_SLOTS_MAX);
        if (is_listed[holder->slot] && !replaces) continue;
        if (holder->lost || !read_contact(holder, &contact)) continue; /* a lost one's row is old */
        name_party(holder->node_id, key);
        assay_links_set_member(links->links, holder->slot, key, &contact);
        is_listed[holder->slot] = true;
        assay_bytes_copy(links->node_id[holder->slot], 32, holder->node_id, 32);
        assay_bytes_copy(links->curve[holder->slot], 32, contact.curve, 32);
    }
}

void assay_keyholder_links_apply(struct assay_keyholder_links *links, const struct assay_ca *ca)
{
    bool is_listed[ASSAY_CA_SLOTS_MAX] = { false };
    static const uint8_t no_key[ASSAY_P256_PUBLIC_LEN];
    links->next_slot = ASSAY_CA_SLOTS_MAX;
    list_holders(links, &ca->force, is_listed, true);
    list_holders(links, &ca->next.force, is_listed, true); /* the later member counts */
    if (ca->ceremony.phase >= ASSAY_CA_DEALS)
        list_holders(links, &ca->ceremony.next, is_listed, false);
    for (uint32_t slot = 0; slot < ASSAY_CA_SLOTS_MAX; slot++)
        if (links->is_listed[slot] && !is_listed[slot])
            assay_links_set_member(links->links, slot, no_key, NULL);
    assay_bytes_copy(links->is_listed, sizeof links->is_listed, is_listed, sizeof is_listed);
}

void assay_keyholder_links_send(struct assay_keyholder_links *links,
                                const uint8_t node_id[static 32], struct assay_slice frame)
{
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    name_party(node_id, key);
    assay_links_send_to_replica(links->links, key, frame);
}

enum assay_status assay_keyholder_links_wait(struct assay_keyholder_links *links, struct pollfd *fd,
                                             int timeout_ms)
{
    links->next_slot = ASSAY_CA_SLOTS_MAX; /* the frame is borrowed no longer */
    return assay_links_wait(links->links, assay_monotonic_ms(), fd, fd->fd >= 0 ? 1 : 0,
                            timeout_ms);
}

void assay_keyholder_links_flush(struct assay_keyholder_links *links)
{
    assay_links_flush(links->links);
}

/* A CA_OFFER proves no link key: a holder may list that of another, which sent the frame. So the
 * frame is of each holder with that key; those whose process did not make it refuse it by its name
 * or signature. */
enum assay_status assay_keyholder_links_receive(struct assay_keyholder_links *links,
                                                uint8_t from[static 32], struct assay_slice *frame)
{
    struct assay_keyholder_links *l = links;
    struct assay_cont_from party;
    uint16_t slot = 0;
    for (; l->next_slot < ASSAY_CA_SLOTS_MAX; l->next_slot++) {
        const uint32_t at = l->next_slot;
        if (at == l->frame_slot || !l->is_listed[at] ||
            !assay_bytes_equal(l->curve[at], l->curve[l->frame_slot], 32))
            continue;
        assay_bytes_copy(from, 32, l->node_id[at], 32);
        *frame = l->frame;
        l->next_slot++;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_links_receive(l->links, &slot, &party, frame));
    ASSAY_ASSERT(slot < ASSAY_CA_SLOTS_MAX);
    assay_bytes_copy(from, 32, party.key, 32);
    l->frame = *frame;
    l->frame_slot = slot;
    l->next_slot = 0;
    return ASSAY_OK;
}
