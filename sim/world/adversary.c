/*
 * sim/world/adversary.c - attacks of sim/attack.h in the message world.
 *
 * An adversary's node runs the honest engine; its host changes what the engine signs, sends more
 * messages, drops its messages, or withholds messages from it.
 */
#include "engine/ledger/records/record.h"
#include "engine/parts/engine_internal.h" /* an adversary reads what its engine received */
#include "sim/scenario/random.h"
#include "sim/world/run_internal.h"

#include <stdlib.h>

enum { US = 1000 };

static struct assay_slice find_received_envelope(void *context, uint32_t slot)
{
    const struct world_host_of *h = context;
    if (slot >= world_members(h->run->w, h->node)) return (struct assay_slice){ 0 };
    const struct assay_seat *seat = &h->run->w->nodes[h->node].engine->seats[slot];
    return assay_slice_over(seat->payload, seat->payload_len);
}

static struct assay_slice find_stored_evidence(void *context, const uint8_t digest[static 32])
{
    const struct world_host_of *h = context;
    return world_evidence_bytes(h->run->w, h->node, digest);
}

/* --- messages of other members, retained for RESEND */

static bool has_resend_attack(const struct assay_scenario *s, uint32_t cohort)
{
    for (uint32_t i = 0; i < s->adversary_count; i++)
        if (s->adversaries[i].attack == ASSAY_SIM_ATTACK_RESEND &&
            s->adversaries[i].cohort == cohort)
            return true;
    return false;
}

static void retain_message(struct world_run *r, uint32_t node, enum assay_message_kind kind,
                           struct world_payload *payload)
{
    struct world_received *h = r->received[node];
    if (h == NULL) {
        h = r->received[node] = calloc(1, sizeof *h);
        ASSAY_ASSERT(h != NULL);
    }
    if (h->count++ % RECEIVED_EACH != 0) return;
    /* Some places are used rarely, so that some messages stay for long. */
    struct assay_sim_random random = assay_sim_random_of(
        r->w->options.seed, ASSAY_SIM_STREAM_RESEND, ASSAY_SIM_NODES_MAX + node, h->count);
    const uint64_t at = assay_sim_random_below(&random, RECEIVED_KEPT);
    if (h->payloads[at] != NULL) world_payload_drop(r->w, h->payloads[at]);
    payload->refs++;
    h->payloads[at] = payload;
    h->kinds[at] = kind;
}

static struct assay_slice find_retained_message(void *context, uint64_t number,
                                                enum assay_message_kind *kind)
{
    const struct world_host_of *h = context;
    const struct world_received *from = h->run->received[h->node];
    const uint64_t at = number % RECEIVED_KEPT;
    if (from == NULL || from->payloads[at] == NULL) return (struct assay_slice){ 0 };
    *kind = from->kinds[at];
    return assay_slice_over(from->payloads[at]->bytes, from->payloads[at]->len);
}

void world_received_free(struct world_run *r)
{
    for (uint32_t node = 0; node < WORLD_NODES; node++) {
        struct world_received *h = r->received[node];
        for (uint32_t i = 0; h != NULL && i < RECEIVED_KEPT; i++)
            if (h->payloads[i] != NULL) world_payload_drop(r->w, h->payloads[i]);
        free(h);
    }
}

static void sign_identity(void *context, const uint8_t digest[static 32],
                          uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    const struct world_host_of *h = context;
    const enum assay_status status =
        assay_p256_sign(h->run->w->nodes[h->node].identity, digest, signature);
    ASSAY_ASSERT(status == ASSAY_OK);
}

static void update_acts(struct world_run *r, uint32_t node)
{
    const bool is_current = r->first_row_epoch[node] == r->w->nodes[node].closed + 1;
    r->host_of[node] = (struct world_host_of){ .run = r, .node = node };
    r->hosts[node] = (struct assay_attack_host){ .context = &r->host_of[node],
                                                 .envelope = find_received_envelope,
                                                 .evidence = find_stored_evidence,
                                                 .received = find_retained_message,
                                                 .identity = sign_identity };
    const struct assay_attack_scene about = {
        .scenario = r->scenario,
        .cohort_of = r->cohort_of,
        .seed = r->w->options.seed,
        .epoch = r->epoch,
        .node = node,
        .no_vote = r->before.members[node].seat_weight == 0,
        .members = world_members(r->w, node),
        .first_row = is_current ? r->first_rows[node] : NULL,
        .node_ids = (const uint8_t(*)[32])r->node_ids,
        .host = &r->hosts[node],
    };
    assay_attack_acts_find(&about, &r->acts[node]);
}

void world_attack_turn(struct world_run *r)
{
    for (uint32_t i = 0; i < r->scenario->nodes; i++) {
        if (!r->byzantine[i] || !r->w->nodes[i].born) continue;
        update_acts(r, i);
        r->w->nodes[i].clock_us = assay_attack_acts_clock_ms(&r->acts[i]) * US;
    }
}

static struct assay_attack_acts *acts_of(const struct assay_sim_world *w, uint32_t node)
{
    if (w->run == NULL || !w->run->byzantine[node]) return NULL;
    return w->run->acts[node].count > 0 ? &w->run->acts[node] : NULL;
}

enum assay_sim_evidence world_run_evidence(const struct assay_sim_world *w, uint32_t node)
{
    const struct assay_attack_acts *acts = acts_of(w, node);
    return acts != NULL ? assay_attack_acts_evidence(acts) : ASSAY_SIM_EVIDENCE_GOOD;
}

bool world_run_verifies(const struct assay_sim_world *w, uint32_t node)
{
    const struct assay_attack_acts *acts = acts_of(w, node);
    return acts == NULL || assay_attack_acts_verifies(acts);
}

bool world_run_relays(const struct assay_sim_world *w, uint32_t from, uint32_t to,
                      enum assay_message_kind kind, const struct world_payload *payload)
{
    const struct assay_attack_acts *acts = acts_of(w, from);
    return acts == NULL ||
           assay_attack_acts_passes(acts, to, kind, assay_slice_over(payload->bytes, payload->len));
}

uint64_t world_run_delay_us(const struct assay_sim_world *w, uint32_t from,
                            enum assay_message_kind kind)
{
    const struct assay_attack_acts *acts = acts_of(w, from);
    return acts == NULL ? 0 : (uint64_t)assay_attack_acts_delay_ms(acts, kind) * US;
}

/* COPY_VOTES repeats the first ballot of another member in this epoch. */
static void record_first_ballot(struct world_run *r, uint32_t node, struct assay_slice payload)
{
    struct assay_record record;
    const uint64_t epoch = r->w->nodes[node].closed + 1;
    if (r->first_row_epoch[node] == epoch) return;
    if (assay_record_decode(payload, &record) != ASSAY_OK) return;
    if (record.kind != ASSAY_RECORD_BALLOT || record.ballot.epoch != epoch) return;
    if (assay_bytes_equal(record.ballot.node_id, r->node_ids[node], 32)) return;
    assay_bytes_copy(r->first_rows[node], ASSAY_BALLOT_ROW_LEN_MAX, record.ballot.row.bytes,
                     record.ballot.row.len);
    r->first_row_epoch[node] = epoch;
    for (uint32_t i = 0; i < r->acts[node].count; i++)
        r->acts[node].views[i].first_row = r->first_rows[node];
}

bool world_run_accepts(struct assay_sim_world *w, uint32_t node, enum assay_message_kind kind,
                       struct world_payload *payload)
{
    const struct assay_attack_acts *acts = acts_of(w, node);
    const struct assay_slice bytes = assay_slice_over(payload->bytes, payload->len);
    if (w->run != NULL && w->run->byzantine[node] &&
        has_resend_attack(w->run->scenario, w->run->cohort_of[node]))
        retain_message(w->run, node, kind, payload);
    if (acts == NULL) return true;
    if (kind == ASSAY_MESSAGE_RECORD) record_first_ballot(w->run, node, bytes);
    return assay_attack_acts_takes(acts, kind, bytes);
}

static struct assay_attack_signing signing_of(struct assay_effect *e, struct world_payload *p)
{
    return (struct assay_attack_signing){ .message = e->as.sign.message,
                                          .class_ = e->as.sign.class_,
                                          .payload = p->bytes,
                                          .payload_len = p->len,
                                          .digest = e->as.sign.digest };
}

void world_run_sign(struct assay_sim_world *w, uint32_t node, struct assay_effect *effect,
                    struct world_payload *payload)
{
    const struct assay_attack_acts *acts = acts_of(w, node);
    struct assay_attack_signing signing = signing_of(effect, payload);
    if (w->run != NULL && effect->as.sign.class_ == ASSAY_STORE_BALLOT)
        world_truth_ballot(w->run, node, effect->as.sign.store_key.epoch);
    if (acts != NULL) assay_attack_acts_sign(acts, &signing);
    if (w->run != NULL && effect->as.sign.message == ASSAY_MESSAGE_PROPOSAL)
        world_truth_proposed(w->run, effect->as.sign.digest);
}

static void send_extra_message(void *context, uint32_t to, enum assay_message_kind kind,
                               const uint8_t *payload, size_t len, const uint8_t *digest,
                               size_t sign_at)
{
    const struct world_host_of *h = context;
    struct assay_sim_world *w = h->run->w;
    struct world_payload *p = world_payload(w, payload, len);
    if (sign_at != SIZE_MAX) {
        ASSAY_ASSERT(sign_at + ASSAY_P256_SIGNATURE_LEN <= len);
        const enum assay_status status =
            assay_p256_sign(w->nodes[h->node].voting, digest, p->bytes + sign_at);
        ASSAY_ASSERT(status == ASSAY_OK);
        /* Its second proposal may win; the checkers record it as proposed by the leader as well. */
        if (kind == ASSAY_MESSAGE_PROPOSAL) {
            world_check_proposed(w, h->node, digest);
            world_truth_proposed(h->run, digest);
        }
    }
    world_send(w, h->node, to == UINT32_MAX ? ASSAY_SLOT_ALL : (uint16_t)to, ASSAY_SLOT_ALL, kind,
               p);
    world_payload_drop(w, p);
}

void world_run_sent(struct assay_sim_world *w, uint32_t node, struct assay_effect *effect,
                    struct world_payload *payload)
{
    const struct assay_attack_acts *acts = acts_of(w, node);
    if (acts == NULL) return;
    const struct assay_attack_signing sent = signing_of(effect, payload);
    assay_attack_acts_sent(acts, &sent, send_extra_message, &w->run->host_of[node]);
}
