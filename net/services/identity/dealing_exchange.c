/*
 * net/services/identity/dealing_exchange.c - requests for dealings that a holder lacks, and their
 * answers.
 */
#include "net/services/identity/dealing_exchange.h"

#include "base/assert.h"
#include "base/crypto.h"

struct peers {
    uint32_t count;
    struct {
        const uint8_t *node_id;
        uint32_t slot;
    } of[ASSAY_CA_SLOTS_MAX];
    bool is_listed[ASSAY_CA_SLOTS_MAX];
};

static void add_peers(const struct assay_keyholder_exchange *x, const struct assay_ca_sharing *s,
                      struct peers *peers)
{
    for (uint32_t i = 0; i < s->holders; i++) {
        const struct assay_ca_holder *row = &s->holder[i];
        ASSAY_ASSERT(row->slot < ASSAY_CA_SLOTS_MAX);
        if (row->lost || peers->is_listed[row->slot] ||
            assay_bytes_equal(row->node_id, x->config.node_id, 32))
            continue;
        peers->is_listed[row->slot] = true;
        peers->of[peers->count].node_id = row->node_id;
        peers->of[peers->count++].slot = row->slot;
    }
}

/* All others that may have dealings: who receives them, and who has links to this one. */
static struct peers find_peers(const struct assay_keyholder_exchange *x, const struct assay_ca *ca)
{
    struct peers peers = { .count = 0 };
    add_peers(x, &ca->force, &peers);
    add_peers(x, &ca->next.force, &peers);
    add_peers(x, &ca->ceremony.next, &peers);
    return peers;
}

/* Those that count are known once DISPUTES are over. */
static bool is_needed(const struct assay_ca *ca, const struct assay_ca_dealing *dealing)
{
    return dealing->state ==
           (ca->ceremony.phase == ASSAY_CA_HAVES ? ASSAY_CA_DEALING_USED : ASSAY_CA_DEALING_VALID);
}

void assay_keyholder_exchange_init(struct assay_keyholder_exchange *exchange,
                                   const struct assay_keyholder_exchange_config *config)
{
    *exchange = (struct assay_keyholder_exchange){ .config = *config };
}

void assay_keyholder_exchange_on_close(struct assay_keyholder_exchange *exchange)
{
    exchange->due_ms = 0;
    for (uint32_t i = 0; i < ASSAY_CA_SLOTS_MAX; i++)
        exchange->given[i] = 0;
}

void assay_keyholder_exchange_request(struct assay_keyholder_exchange *exchange,
                                      const struct assay_ca *ca, uint64_t now_ms)
{
    struct assay_keyholder_exchange *x = exchange;
    const struct assay_ca_ceremony *c = &ca->ceremony;
    uint32_t wants = 0;
    if (c->phase < ASSAY_CA_DEALS || now_ms < x->due_ms ||
        assay_ca_holder_of_node(&c->next, x->config.node_id) == UINT32_MAX)
        return;
    const struct peers peers = find_peers(x, ca);
    x->due_ms = now_ms + ASSAY_DEALING_WANT_AGAIN_MS;
    x->turn++;
    for (uint32_t d = 0; d < c->dealers && wants < ASSAY_DEALING_WANTS_MAX && peers.count > 0;
         d++) {
        const uint8_t *digest = c->dealing[d].digest;
        if (!is_needed(ca, &c->dealing[d]) || x->config.find(x->config.context, digest).len > 0)
            continue;
        x->config.send(x->config.context, peers.of[(d + x->turn) % peers.count].node_id,
                       ASSAY_DEALING_FRAME_WANT, assay_slice_over(digest, ASSAY_DEALING_WANT_LEN));
        wants++;
    }
}

bool assay_keyholder_exchange_has(const struct assay_ca *ca, const uint8_t digest[static 32])
{
    if (ca->ceremony.phase == ASSAY_CA_IDLE) return false;
    for (uint32_t d = 0; d < ca->ceremony.dealers; d++)
        if (ca->ceremony.dealing[d].state != ASSAY_CA_DEALING_NONE &&
            assay_bytes_equal(ca->ceremony.dealing[d].digest, digest, 32))
            return true;
    return false;
}

void assay_keyholder_exchange_on_want(struct assay_keyholder_exchange *exchange,
                                      const struct assay_ca *ca, const uint8_t from[static 32],
                                      struct assay_slice digest)
{
    struct assay_keyholder_exchange *x = exchange;
    if (digest.len != ASSAY_DEALING_WANT_LEN || !assay_keyholder_exchange_has(ca, digest.bytes))
        return;
    const struct assay_slice payload = x->config.find(x->config.context, digest.bytes);
    if (payload.len == 0) return;
    const struct peers peers = find_peers(x, ca);
    for (uint32_t i = 0; i < peers.count; i++) {
        uint32_t *given = &x->given[peers.of[i].slot];
        if (!assay_bytes_equal(peers.of[i].node_id, from, 32)) continue;
        if (*given >= ca->ceremony.dealers) return;
        ++*given;
        x->config.send(x->config.context, from, ASSAY_DEALING_FRAME_BYTES, payload);
        return;
    }
}

bool assay_keyholder_exchange_lacks(const struct assay_keyholder_exchange *exchange,
                                    const struct assay_ca *ca, struct assay_slice payload)
{
    uint8_t digest[32];
    if (payload.len == 0 || payload.len > ASSAY_CA_DEAL_LEN_MAX ||
        ca->ceremony.phase == ASSAY_CA_IDLE)
        return false;
    assay_sha256(payload.bytes, payload.len, digest);
    return assay_keyholder_exchange_has(ca, digest) &&
           exchange->config.find(exchange->config.context, digest).len == 0;
}
