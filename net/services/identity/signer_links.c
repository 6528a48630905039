/*
 * net/services/identity/signer_links.c - links between holders, by slot of the ledger.
 */
#include "net/services/identity/signer_links.h"

#include "base/assert.h"
#include "net/services/server/peer_links.h"
#include "services/shares/sodium.h"

#include <stdio.h>
#include <stdlib.h>

struct assay_keyholder_links {
    struct assay_peer_links *links;
    bool is_listed[ASSAY_CA_SLOTS_MAX];
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
                                                char address[static ASSAY_CA_ADDRESS_MAX + 1])
{
    struct assay_cont_contact contact;
    ASSAY_TRY(assay_links_contact(links->links, NULL, &contact));
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

void assay_keyholder_links_apply(struct assay_keyholder_links *links, const struct assay_ca *ca)
{
    bool is_listed[ASSAY_CA_SLOTS_MAX] = { false };
    static const uint8_t nobody[ASSAY_P256_PUBLIC_LEN];
    for (uint32_t i = 0; i < ca->force.holders; i++) {
        const struct assay_ca_holder *holder = &ca->force.holder[i];
        struct assay_cont_contact contact;
        uint8_t key[ASSAY_P256_PUBLIC_LEN];
        if (!read_contact(holder, &contact)) continue;
        ASSAY_ASSERT(holder->slot < ASSAY_CA_SLOTS_MAX);
        name_party(holder->node_id, key);
        assay_links_set_member(links->links, holder->slot, key, &contact);
        is_listed[holder->slot] = true;
    }
    for (uint32_t slot = 0; slot < ASSAY_CA_SLOTS_MAX; slot++)
        if (links->is_listed[slot] && !is_listed[slot])
            assay_links_set_member(links->links, slot, nobody, NULL);
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
    return assay_links_wait(links->links, assay_links_clock_ms(), fd, fd->fd >= 0 ? 1 : 0,
                            timeout_ms);
}

void assay_keyholder_links_flush(struct assay_keyholder_links *links)
{
    assay_links_flush(links->links);
}

enum assay_status assay_keyholder_links_receive(struct assay_keyholder_links *links,
                                                uint8_t from[static 32], struct assay_slice *frame)
{
    struct assay_cont_from party;
    uint16_t slot = 0;
    ASSAY_TRY(assay_links_receive(links->links, &slot, &party, frame));
    assay_bytes_copy(from, 32, party.key, 32);
    return ASSAY_OK;
}
