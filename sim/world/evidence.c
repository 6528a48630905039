/*
 * sim/world/evidence.c - quotes, stored evidence and verdicts under host/overlay/evidence_pull.h.
 *
 * A world stores every piece of evidence once, with the set of nodes that have it; other nodes pull
 * it over their links (host/overlay/gossip.h). The verdict on a piece is a pure function of its
 * bytes, its kind and the time (protocol.md 3.1), so it is computed once for all nodes; each node
 * waits as long as its own verifier would take: verify_us, one piece after the other.
 */
#include "sim/world/world_internal.h"

#include "base/bitmap.h"

#include <stdlib.h>

enum { BUCKETS = 4096, US = 1000 };

static size_t bucket_of(const uint8_t digest[static 32])
{
    return ((size_t)digest[0] << 8 | digest[1]) % BUCKETS;
}

/* --- the registry */

static struct evidence *find_evidence(const struct assay_sim_world *w,
                                      const uint8_t digest[static 32])
{
    if (w->evidence == NULL) return NULL;
    for (struct evidence *e = w->evidence[bucket_of(digest)]; e != NULL; e = e->next)
        if (assay_bytes_equal(e->digest, digest, 32)) return e;
    return NULL;
}

static struct evidence *store_evidence(struct assay_sim_world *w, uint32_t node, uint64_t epoch,
                                       struct world_payload *bytes)
{
    const uint8_t *digest = world_payload_digest(bytes);
    struct evidence *e = find_evidence(w, digest);
    if (e != NULL) {
        assay_bit_add(e->held, node);
        if (epoch > e->epoch) e->epoch = epoch; /* a replay is used again */
        return e;
    }
    if (w->evidence == NULL) w->evidence = calloc(BUCKETS, sizeof(struct evidence *));
    e = calloc(1, sizeof *e);
    ASSAY_ASSERT(w->evidence != NULL && e != NULL);
    assay_bytes_copy(e->digest, 32, digest, 32);
    e->refs = 1;
    e->epoch = epoch;
    e->bytes = bytes;
    bytes->refs++;
    assay_bit_add(e->held, node);
    e->next = w->evidence[bucket_of(digest)];
    w->evidence[bucket_of(digest)] = e;
    w->evidence_count++;
    return e;
}

static struct evidence *store_evidence_bytes(struct assay_sim_world *w, uint32_t node,
                                             uint64_t epoch, const uint8_t digest[static 32],
                                             struct assay_slice bytes)
{
    struct evidence *e = find_evidence(w, digest);
    if (e != NULL) {
        assay_bit_add(e->held, node);
        return e;
    }
    struct world_payload *payload = world_payload(w, bytes.bytes, bytes.len);
    e = store_evidence(w, node, epoch, payload);
    world_payload_drop(w, payload);
    return e;
}

void world_evidence_drop(struct assay_sim_world *w, struct evidence *e)
{
    ASSAY_ASSERT(e->refs > 0);
    if (--e->refs > 0) return;
    world_payload_drop(w, e->bytes);
    free(e->verdict);
    free(e);
}

static bool is_unused(const struct evidence *e)
{
    return assay_bytes_all_zero(e->held, sizeof e->held);
}

/* Removes evidence of a range of epochs from a node; evidence that no node has is freed. */
static void drop_epochs(struct assay_sim_world *w, uint32_t node, uint64_t from_epoch,
                        uint64_t to_epoch)
{
    if (w->evidence == NULL) return;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct evidence **at = &w->evidence[i]; *at != NULL;) {
            struct evidence *e = *at;
            if (e->epoch >= from_epoch && e->epoch < to_epoch) assay_bit_remove(e->held, node);
            if (!is_unused(e)) {
                at = &e->next;
                continue;
            }
            *at = e->next;
            w->evidence_count--;
            world_evidence_drop(w, e);
        }
    }
}

void world_evidence_prune(struct assay_sim_world *w, uint32_t node, uint64_t below)
{
    if (w->options.plant == ASSAY_SIM_WORLD_PLANT_RETAINS_EVIDENCE && node == 1) return;
    drop_epochs(w, node, 0, below);
}

void world_evidence_forget(struct assay_sim_world *w, uint32_t node, uint64_t from_epoch)
{
    drop_epochs(w, node, from_epoch, UINT64_MAX);
}

void world_evidence_free(struct assay_sim_world *w)
{
    for (size_t i = 0; w->evidence != NULL && i < BUCKETS; i++) {
        while (w->evidence[i] != NULL) {
            struct evidence *e = w->evidence[i];
            w->evidence[i] = e->next;
            world_evidence_drop(w, e);
        }
    }
    free(w->evidence);
    w->evidence = NULL;
}

size_t world_evidence_count(const struct assay_sim_world *w, uint32_t node)
{
    size_t count = 0;
    for (size_t i = 0; w->evidence != NULL && i < BUCKETS; i++)
        for (const struct evidence *e = w->evidence[i]; e != NULL; e = e->next)
            count += assay_bit_has(e->held, node);
    return count;
}

void world_evidence_add_bytes(const struct assay_sim_world *w, uint64_t bytes[static WORLD_NODES])
{
    for (size_t i = 0; w->evidence != NULL && i < BUCKETS; i++)
        for (const struct evidence *e = w->evidence[i]; e != NULL; e = e->next)
            for (uint32_t node = 0; node < w->options.nodes; node++)
                if (assay_bit_has(e->held, node)) bytes[node] += e->bytes->len;
}

struct assay_slice world_evidence_bytes(const struct assay_sim_world *w, uint32_t node,
                                        const uint8_t digest[static 32])
{
    const struct evidence *e = find_evidence(w, digest);
    if (e == NULL || !assay_bit_has(e->held, node)) return (struct assay_slice){ 0 };
    return assay_slice_over(e->bytes->bytes, e->bytes->len);
}

/* --- verdicts */

/* The event goes to the engine now, with the verdict on the bytes. */
void world_deliver_verdict(struct assay_sim_world *w, struct world_answer *answer)
{
    struct evidence *e = answer->evidence;
    const int64_t at_unix_s = answer->event.as.verdict.at_unix_s;
    /* protocol.md 9.8: by the set of its epoch, also when it is verified again later. */
    const struct world_rules *rules = answer->event.as.verdict.before
                                          ? world_rules_before(w, answer->epoch)
                                          : world_rules_of(w, answer->epoch);
    const bool known = e->verdict != NULL && e->verdict->kind == answer->kind &&
                       e->verdict_at_unix_s == at_unix_s &&
                       assay_bytes_equal((const uint8_t *)&e->verdict_rules,
                                         (const uint8_t *)rules, sizeof *rules);
    if (e->verdict == NULL) e->verdict = calloc(1, sizeof *e->verdict);
    ASSAY_ASSERT(e->verdict != NULL);
    if (!known)
        world_appraise(w, assay_slice_over(e->bytes->bytes, e->bytes->len), answer->kind, at_unix_s,
                       rules, e->verdict);
    e->verdict_at_unix_s = at_unix_s;
    e->verdict_rules = *rules;
    answer->event.as.verdict.verdict = e->verdict;
}

static void answer_verdict(struct assay_sim_world *w, uint32_t node,
                           const struct assay_fetch_request *request, struct evidence *e,
                           uint32_t asked)
{
    struct world_node *n = &w->nodes[node];
    struct world_answer *answer = world_answer(w, ASSAY_EVENT_VERDICT);
    uint64_t at_us = w->now_us;
    assay_bytes_copy(answer->event.as.verdict.digest, 32, request->digest, 32);
    answer->event.as.verdict.at_unix_s = request->at_unix_s;
    answer->event.as.verdict.before = request->before;
    answer->event.as.verdict.asked = asked;
    answer->kind = request->kind;
    answer->epoch = request->epoch;
    answer->evidence = e;
    if (e != NULL) {
        e->refs++;
        w->count.verifications++;
        n->verified += w->options.plant == ASSAY_SIM_WORLD_PLANT_VERIFIES && node == 1 ? 40 : 1;
        n->verifier_us = (n->verifier_us > w->now_us ? n->verifier_us : w->now_us) + w->verify_us;
        at_us = n->verifier_us;
    }
    struct item *item = world_item(w, node, ITEM_ANSWER);
    item->answer = answer;
    world_push(w, item, at_us);
}

/* --- callbacks of host/overlay/evidence_pull.h */

static enum assay_status get_stored(void *context, const uint8_t digest[static 32],
                                    struct assay_slice *bytes)
{
    const struct assay_sim_world *w = context;
    *bytes = world_evidence_bytes(w, w->pulls->self, digest);
    return bytes->len > 0 ? ASSAY_OK : ASSAY_E_NOT_FOUND;
}

static enum assay_status store_pulled(void *context, uint64_t epoch,
                                      const uint8_t digest[static 32], struct assay_slice bytes)
{
    struct assay_sim_world *w = context;
    (void)store_evidence_bytes(w, w->pulls->self, epoch, digest, bytes);
    return ASSAY_OK;
}

static enum assay_status appraise_stored(void *context, const struct assay_fetch_request *request,
                                         struct assay_slice bytes)
{
    struct assay_sim_world *w = context;
    struct evidence *e = find_evidence(w, request->digest);
    if (e == NULL) { /* not stored: retained until the answer is delivered */
        e = store_evidence_bytes(w, w->pulls->self, request->epoch, request->digest, bytes);
        assay_bit_remove(e->held, w->pulls->self);
    }
    ASSAY_ASSERT(bytes.len == e->bytes->len);
    answer_verdict(w, w->pulls->self, request, e, 0);
    return ASSAY_OK;
}

static void answer_without_evidence(void *context, const struct assay_fetch_request *request,
                                    uint32_t asked)
{
    struct assay_sim_world *w = context;
    answer_verdict(w, w->pulls->self, request, NULL, asked);
}

static void send_message(void *context, uint16_t to, enum assay_message_kind kind,
                         struct assay_slice bytes)
{
    struct assay_sim_world *w = context;
    struct world_payload *payload = world_payload(w, bytes.bytes, bytes.len);
    if (kind == ASSAY_MESSAGE_EVIDENCE_PULL)
        world_ballots_asked(w, w->pulls->self, to, kind, bytes);
    world_send(w, w->pulls->self, to, ASSAY_SLOT_ALL, kind, payload);
    world_payload_drop(w, payload);
}

void world_evidence_open(struct assay_sim_world *w)
{
    w->pulls = calloc(1, sizeof *w->pulls);
    ASSAY_ASSERT(w->pulls != NULL);
    w->pulls->world = (struct assay_evidence_pull_world){
        w, get_stored, store_pulled, appraise_stored, answer_without_evidence, send_message
    };
}

static struct assay_evidence_pull *pulls_of(struct assay_sim_world *w, uint32_t node)
{
    w->pulls->self = (uint16_t)node;
    w->pulls->members = world_members(w, node);
    w->pulls->gossip = w->nodes[node].gossip;
    w->pulls->counters = w->nodes[node].counters;
    w->pulls->limits = w->nodes[node].limits;
    w->pulls->waits = world_overlay_used(w, node);
    return w->pulls;
}

static void assert_ok(enum assay_status status)
{
    ASSAY_ASSERT(status == ASSAY_OK); /* no callback of this world fails */
}

void world_gossip_turn(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    while (assay_evidence_pull_poll(pulls_of(w, node), world_mono_ms(w, node))) {
    }
    const uint64_t wake_ms = assay_gossip_wake_at(n->gossip);
    if (wake_ms == UINT64_MAX) return;
    uint64_t at_us = world_when_us(w, node, wake_ms);
    if (at_us <= w->now_us) at_us = w->now_us + US;
    if (n->gossip_item_us <= at_us) return;
    n->gossip_item_us = at_us;
    world_push(w, world_item(w, node, ITEM_GOSSIP), at_us);
}

void world_fetch(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect)
{
    if (!world_run_verifies(w, node)) return;
    assert_ok(assay_evidence_pull_fetch(pulls_of(w, node), world_mono_ms(w, node), effect));
    world_gossip_turn(w, node);
}

void world_pulled(struct assay_sim_world *w, uint32_t node, uint16_t from,
                  struct assay_slice payload)
{
    assert_ok(
        assay_evidence_pull_on_evidence(pulls_of(w, node), world_mono_ms(w, node), from, payload));
    world_gossip_turn(w, node);
}

void world_verify(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect)
{
    assert_ok(assay_evidence_pull_verify(pulls_of(w, node), world_mono_ms(w, node), effect));
}

void world_pull(struct assay_sim_world *w, uint32_t node, uint16_t from, struct assay_slice payload)
{
    assert_ok(
        assay_evidence_pull_on_pull(pulls_of(w, node), world_mono_ms(w, node), from, payload));
}

void world_load(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect)
{
    struct evidence *e = find_evidence(w, effect->as.load.digest);
    struct world_answer *answer = world_answer(w, ASSAY_EVENT_EVIDENCE);
    assay_bytes_copy(answer->event.as.evidence.digest, 32, effect->as.load.digest, 32);
    if (e != NULL && assay_bit_has(e->held, node)) {
        answer->payload = e->bytes;
        e->bytes->refs++;
        answer->event.as.evidence.bytes = assay_slice_over(e->bytes->bytes, e->bytes->len);
    }
    struct item *item = world_item(w, node, ITEM_ANSWER);
    item->answer = answer;
    world_push(w, item, w->now_us);
}

/* --- quotes */

void world_quote_ask(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect)
{
    struct world_node *n = &w->nodes[node];
    const uint64_t epoch = effect->as.quote.epoch;
    struct world_payload *bytes = world_quote_make(w, node, effect);
    if (bytes == NULL) return; /* the enclave does not answer */
    (void)store_evidence(w, node, epoch, bytes);
    world_run_quoted(w, node, effect, bytes);
    if (n->first_quote == NULL) {
        n->first_quote = bytes;
        bytes->refs++;
    }
    struct world_answer *answer = world_answer(w, ASSAY_EVENT_QUOTE);
    answer->payload = bytes;
    answer->event.as.quote.epoch = epoch;
    answer->event.as.quote.incarnation = effect->as.quote.incarnation;
    answer->event.as.quote.bytes = assay_slice_over(bytes->bytes, bytes->len);
    struct item *item = world_item(w, node, ITEM_ANSWER);
    item->answer = answer;
    world_push(w, item, w->now_us + w->quote_us);
}
