/*
 * net/services/continuity/replica_links.c - TLS connections of a replica, by slot.
 */
#include "net/services/continuity/replica_links.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "base/system_clock.h"
#include "net/services/continuity/link_names.h"
#include "net/tls/frames.h"
#include "net/tls/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)ASSAY_TLS_FRAME_MAX >= (int)ASSAY_CONT_FRAME_MAX, "every frame fits");
_Static_assert((int)ASSAY_REPLICA_LINKS_MESSAGE_LEN >= (int)ASSAY_TLS_SERVER_MESSAGE_LEN,
               "its words fit");

enum { UNEXPECTED_MAX = 64 }; /* frames over a dialled connection, dropped in one turn */

struct party {
    bool is_listed;
    struct assay_cont_from from;
    struct assay_cont_contact contact;
};

struct assay_replica_links {
    uint8_t public_key[32];
    char listen_host[ASSAY_CONT_ADDRESS_MAX + 1];
    uint32_t instances, count;
    struct party *parties; /* [count] */
    /* Keys of listed parties side by side, since each handshake searches all; zeros: none. */
    uint8_t (*keys)[32];
    struct assay_resolver *resolver;
    struct assay_tls_server *server;
    struct assay_tls_client *client; /* slots of members */
};

static bool find_party(void *context, const uint8_t key[static 32], uint32_t *party)
{
    const struct assay_replica_links *l = context;
    if (assay_bytes_all_zero(key, 32)) return false;
    for (uint32_t i = 0; i < l->count; i++)
        if (assay_bytes_equal(l->keys[i], key, 32)) {
            *party = i;
            return true;
        }
    return false;
}

static enum assay_status init_links(struct assay_replica_links *l,
                                    const struct assay_replica_links_config *config,
                                    char message[static ASSAY_REPLICA_LINKS_MESSAGE_LEN])
{
    ASSAY_ASSERT(l->server == NULL && l->client == NULL && config->secret != NULL);
    const char *const port = strrchr(config->listen, ':');
    l->instances = config->instances;
    l->count = ASSAY_CONT_SLOTS_MAX + config->instances;
    l->parties = calloc(l->count, sizeof *l->parties);
    l->keys = calloc(l->count, sizeof *l->keys);
    if (l->parties == NULL || l->keys == NULL) return ASSAY_E_MEMORY;
    if (port != NULL)
        (void)snprintf(l->listen_host, sizeof l->listen_host, "%.*s", (int)(port - config->listen),
                       config->listen);
    ASSAY_TRY(assay_x25519_public(config->secret, l->public_key));
    ASSAY_TRY(assay_resolver_open(NULL, NULL, &l->resolver));
    const struct assay_tls_names names = assay_link_names_of(l->resolver);
    const struct assay_tls_config tls = {
        .secret = config->secret, .public_key = l->public_key, .find = find_party, .context = l
    };
    ASSAY_TRY(
        assay_tls_client_open(&tls, ASSAY_CONT_SLOTS_MAX, ASSAY_TLS_QUEUE_MAX, &names, &l->client));
    return assay_tls_server_open(&tls, config->listen, l->count, &l->server, message);
}

enum assay_status assay_replica_links_open(const struct assay_replica_links_config *config,
                                           struct assay_replica_links **out,
                                           char message[static ASSAY_REPLICA_LINKS_MESSAGE_LEN])
{
    ASSAY_ASSERT(config->instances <= ASSAY_CONT_INSTANCES_MAX);
    struct assay_replica_links *l = calloc(1, sizeof *l);
    (void)snprintf(message, ASSAY_REPLICA_LINKS_MESSAGE_LEN, "out of memory");
    *out = l;
    if (l == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status = init_links(l, config, message);
    if (status != ASSAY_OK) assay_replica_links_close(out);
    return status;
}

void assay_replica_links_close(struct assay_replica_links **links)
{
    struct assay_replica_links *l = *links;
    if (l == NULL) return;
    assay_tls_server_close(&l->server);
    assay_tls_client_close(&l->client);
    assay_resolver_close(&l->resolver);
    free(l->parties);
    free(l->keys);
    free(l);
    *links = NULL;
}

enum assay_status assay_replica_links_contact(const struct assay_replica_links *links,
                                              const char *host, struct assay_cont_contact *contact)
{
    char text[2 * ASSAY_CONT_ADDRESS_MAX];
    const int len = snprintf(text, sizeof text, "%s:%u", host != NULL ? host : links->listen_host,
                             (unsigned)assay_tls_server_port(links->server));
    if (len <= 0 || len > ASSAY_CONT_ADDRESS_MAX) return ASSAY_E_RANGE;
    *contact = (struct assay_cont_contact){ .address_len = (uint8_t)len };
    assay_bytes_copy(contact->curve, 32, links->public_key, 32);
    assay_bytes_copy(contact->address, sizeof contact->address, text, (size_t)len);
    return ASSAY_OK;
}

/* --- slots */

static void set_party(struct assay_replica_links *l, uint32_t slot,
                      const struct assay_cont_from *from, const struct assay_cont_contact *contact)
{
    ASSAY_ASSERT(slot < l->count && (from != NULL || contact == NULL));
    struct party *p = &l->parties[slot];
    const bool same = contact != NULL && p->is_listed &&
                      assay_bytes_equal(p->contact.curve, contact->curve, 32) &&
                      p->contact.address_len == contact->address_len &&
                      assay_bytes_equal(p->contact.address, contact->address, contact->address_len);
    if (same) {
        p->from = *from; /* the session's number may differ */
        return;
    }
    assay_tls_server_remove(l->server, slot);
    if (slot < ASSAY_CONT_SLOTS_MAX) assay_tls_client_remove(l->client, slot);
    *p = (struct party){ .is_listed = contact != NULL };
    assay_bytes_zero(l->keys[slot], 32);
    if (contact == NULL) return;
    p->from = *from;
    p->contact = *contact;
    assay_bytes_copy(l->keys[slot], 32, contact->curve, 32);
}

static void set_member(struct assay_replica_links *l, uint32_t slot,
                       const struct assay_cont_member *member)
{
    struct assay_cont_from from = { .replica = true };
    assay_bytes_copy(from.key, sizeof from.key, member->key, sizeof member->key);
    /* A member that claims this process's key is ignored. */
    const bool is_other =
        member->listed && !assay_bytes_equal(member->contact.curve, l->public_key, 32);
    if (is_other) set_party(l, slot, &from, &member->contact);
    else if (l->parties[slot].is_listed) set_party(l, slot, NULL, NULL);
}

/* A row keeps its place, and with it its connection, while others leave the table. */
static void set_row(struct assay_replica_links *l, uint32_t place,
                    const struct assay_cont_group *group)
{
    const uint32_t slot = ASSAY_CONT_SLOTS_MAX + place;
    const bool taken = place < group->instance_end && group->instance[place].session != 0;
    if (!taken) {
        if (l->parties[slot].is_listed) set_party(l, slot, NULL, NULL);
        return;
    }
    const struct assay_cont_instance_row *row = &group->instance[place];
    struct assay_cont_from from = { .session = row->session };
    assay_bytes_copy(from.instance, 32, row->instance, 32);
    set_party(l, slot, &from, &row->contact);
}

void assay_replica_links_apply(struct assay_replica_links *links,
                               const struct assay_cont_group *group)
{
    struct assay_replica_links *l = links;
    ASSAY_ASSERT(group->instance_end <= group->instances_max);
    assay_tls_server_set_chain(l->server, group->home.chain_id);
    assay_tls_client_set_chain(l->client, group->home.chain_id);
    for (uint32_t i = 0; i < ASSAY_CONT_SLOTS_MAX; i++)
        set_member(l, i, &group->member[i]);
    for (uint32_t place = 0; place < l->instances; place++)
        set_row(l, place, group);
}

/* --- frames */

/* A replica is dialled when there is something for it. */
static void send_to_member(struct assay_replica_links *l, uint32_t slot, struct assay_slice frame)
{
    const struct party *p = &l->parties[slot];
    char address[ASSAY_CONT_ADDRESS_MAX + 1] = "";
    ASSAY_ASSERT(p->contact.address_len <= ASSAY_CONT_ADDRESS_MAX);
    if (!p->is_listed) return;
    if (!assay_tls_client_has(l->client, slot)) {
        assay_bytes_copy(address, sizeof address, p->contact.address, p->contact.address_len);
        if (assay_tls_client_set(l->client, slot, p->contact.curve, address,
                                 assay_monotonic_ms()) != ASSAY_OK)
            return;
    }
    assay_tls_client_send(l->client, slot, frame);
}

void assay_replica_links_send_to_slot(struct assay_replica_links *links, uint16_t slot,
                                      struct assay_slice frame)
{
    ASSAY_ASSERT(slot < links->count);
    if (slot < ASSAY_CONT_SLOTS_MAX) send_to_member(links, slot, frame);
    else assay_tls_server_send(links->server, slot, frame);
}

void assay_replica_links_send_to_key(struct assay_replica_links *links, const uint8_t *key,
                                     struct assay_slice frame)
{
    for (uint32_t i = 0; i < ASSAY_CONT_SLOTS_MAX; i++)
        if (links->parties[i].is_listed &&
            assay_bytes_equal(links->parties[i].from.key, key, ASSAY_P256_PUBLIC_LEN)) {
            send_to_member(links, i, frame);
            return;
        }
}

void assay_replica_links_send_to_session(struct assay_replica_links *links,
                                         const uint8_t instance[static 32], uint64_t session,
                                         struct assay_slice frame)
{
    for (uint32_t place = 0; place < links->instances; place++) {
        const uint32_t slot = ASSAY_CONT_SLOTS_MAX + place;
        const struct assay_cont_from *from = &links->parties[slot].from;
        if (from->session != session || !assay_bytes_equal(from->instance, instance, 32)) continue;
        assay_tls_server_send(links->server, slot, frame);
        return;
    }
}

static int timeout_until(uint64_t due, uint64_t now_ms, int timeout_ms)
{
    const uint64_t left = due > now_ms ? due - now_ms : 0;
    return left < (uint64_t)timeout_ms ? (int)left : timeout_ms;
}

enum assay_status assay_replica_links_wait(struct assay_replica_links *links, struct pollfd *extra,
                                           int timeout_ms)
{
    struct assay_replica_links *l = links;
    uint64_t now_ms = assay_monotonic_ms();
    struct pollfd fds[] = { { .fd = assay_tls_server_fd(l->server), .events = POLLIN },
                            { .fd = assay_tls_client_fd(l->client), .events = POLLIN },
                            *extra };
    ASSAY_ASSERT(timeout_ms >= 0);
    assay_replica_links_flush(l);
    timeout_ms = timeout_until(assay_tls_server_wake_at(l->server, now_ms), now_ms, timeout_ms);
    timeout_ms = timeout_until(assay_tls_client_wake_at(l->client, now_ms), now_ms, timeout_ms);
    if (poll(fds, sizeof fds / sizeof *fds, timeout_ms) < 0 && errno != EINTR) return ASSAY_E_IO;
    extra->revents = fds[2].revents;
    now_ms = assay_monotonic_ms();
    assay_tls_server_step(l->server, now_ms);
    assay_tls_client_step(l->client, now_ms);
    /* A replica answers over the connection that it dialled: what arrives here is dropped. */
    uint32_t slot;
    struct assay_slice frame;
    for (int i = 0; i < UNEXPECTED_MAX; i++)
        if (assay_tls_client_receive(l->client, &slot, &frame) != ASSAY_OK) break;
    return ASSAY_OK;
}

void assay_replica_links_flush(struct assay_replica_links *links)
{
    assay_tls_server_flush(links->server);
    assay_tls_client_flush(links->client, assay_monotonic_ms());
}

enum assay_status assay_replica_links_receive(struct assay_replica_links *links, uint16_t *slot,
                                              struct assay_cont_from *from,
                                              struct assay_slice *frame)
{
    uint32_t party = 0;
    ASSAY_TRY(assay_tls_server_receive(links->server, &party, frame));
    ASSAY_ASSERT(party < links->count && party < UINT16_MAX);
    *slot = (uint16_t)party;
    *from = links->parties[party].from;
    return ASSAY_OK;
}
