/*
 * sim/services/group_key/misdeal.c - records of a hostile holder (docs/identity.md 3.9), as the
 * attack `misdeal` of its node says: dealings with a wrong value or point and valid proofs, late
 * ones, with R of another, accusations of right values, vouchers for another table, silence.
 */
#include "sim/services/group_key/group_key.h"

#include "sim/attack.h"

static unsigned faults_of(const struct key_host *k)
{
    return k->s->world.misdeals(k->s->world.context, k->node);
}

/* The dealer has r, so its proofs cover what it changed. */
static void sign_deal(struct key_host *k, struct assay_ca_deal_record *deal)
{
    struct assay_secret32 r;
    uint8_t label[32], digest[32], wide[ASSAY_SODIUM_WIDE_LEN];
    assay_sodium_scalar_from(k->drawn_r, &r);
    services_bytes(&k->random, wide, sizeof wide);
    assay_ca_deal_label(k->s->chain_id, deal, label);
    const enum assay_status status =
        assay_dealing_prove(&r, label, wide, deal->dealt, &deal->dealt_proof);
    assay_status_ignore(status, "without a proof it is refused");
    assay_ca_deal_statement(k->s->chain_id, deal, digest);
    assay_sodium_link_sign(&k->seed, digest, deal->signature);
}

static bool is_same_attempt(const struct assay_ca_scope *a, const struct assay_ca_scope *b)
{
    return a->era == b->era && a->ca_number == b->ca_number && a->generation == b->generation &&
           a->attempt == b->attempt;
}

/* A dealing of an honest holder that is not final yet: gossip shows it to everybody. */
static bool find_honest(const struct key_host *k, const struct assay_ca_scope *scope,
                        struct assay_ca_deal_record *found)
{
    const struct assay_sim_services *s = k->s;
    for (uint32_t i = 0; i < s->nodes; i++) {
        const struct key_host *o = &s->group_key->host[i];
        for (uint32_t j = 0; s->world.honest(s->world.context, i) && j < KEY_PENDING; j++) {
            const struct key_pending *p = &o->pending[j];
            if (p->data.len > 0 && p->kind == ASSAY_SERVICE_CA_DEAL &&
                assay_ca_deal_decode(assay_slice_over(p->data.bytes, p->data.len), found) ==
                    ASSAY_OK &&
                is_same_attempt(&found->scope, scope))
                return true;
        }
    }
    return false;
}

/* It lacks r: with R comes the proof that the other made (3.8, attack 4). */
static bool copy_dealt(struct key_host *k, struct assay_ca_deal_record *deal)
{
    struct assay_ca_deal_record other;
    uint8_t digest[32];
    if (!find_honest(k, &deal->scope, &other)) return false;
    assay_bytes_copy(deal->dealt, sizeof deal->dealt, other.dealt, sizeof other.dealt);
    deal->dealt_proof = other.dealt_proof;
    assay_ca_deal_statement(k->s->chain_id, deal, digest);
    assay_sodium_link_sign(&k->seed, digest, deal->signature);
    k->s->group_key->audit.count.copied++;
    return true;
}

static bool misdeal(struct key_host *k, unsigned faults, struct assay_slice *bytes,
                    uint8_t room[static ASSAY_CEREMONY_ITEM_MAX])
{
    struct assay_ca_deal_record deal;
    if ((faults & (ASSAY_MISDEAL_VALUE | ASSAY_MISDEAL_POINT | ASSAY_MISDEAL_COPIES)) == 0)
        return true;
    if (assay_ca_deal_decode(*bytes, &deal) != ASSAY_OK) return false;
    if (faults & ASSAY_MISDEAL_COPIES)
        return !copy_dealt(k, &deal) ||
               assay_ca_deal_encode(&deal, room, ASSAY_CEREMONY_ITEM_MAX, bytes) == ASSAY_OK;
    if (faults & ASSAY_MISDEAL_VALUE)
        deal.sealed[assay_sim_random_below(&k->random, deal.receivers)][0] ^= 1;
    else assay_bytes_zero(deal.commitments.point[deal.commitments.count - 1], 32);
    sign_deal(k, &deal);
    return assay_ca_deal_encode(&deal, room, ASSAY_CEREMONY_ITEM_MAX, bytes) == ASSAY_OK;
}

static bool vouch_otherwise(struct key_host *k, struct assay_slice *bytes,
                            uint8_t room[static ASSAY_CEREMONY_ITEM_MAX])
{
    struct assay_ca_have_record have;
    uint8_t digest[32];
    if (assay_ca_have_decode(*bytes, &have) != ASSAY_OK) return false;
    have.digest[0] ^= 1;
    assay_ca_have_statement(k->s->chain_id, &have, digest);
    assay_sodium_link_sign(&k->seed, digest, have.signature);
    return assay_ca_have_encode(&have, room, ASSAY_CEREMONY_ITEM_MAX, bytes) == ASSAY_OK;
}

bool misdeal_record(struct key_host *k, enum assay_ceremony_record record,
                    struct assay_slice *bytes, uint8_t room[static ASSAY_CEREMONY_ITEM_MAX])
{
    const unsigned faults = faults_of(k);
    if ((faults & ASSAY_MISDEAL_SILENT) != 0 && record != ASSAY_CEREMONY_OFFER) return false;
    if (record == ASSAY_CEREMONY_DEAL) return misdeal(k, faults, bytes, room);
    if (record == ASSAY_CEREMONY_HAVE && (faults & ASSAY_MISDEAL_HAVE) != 0)
        return vouch_otherwise(k, bytes, room);
    return true;
}

/* Its value of the first dealing of another that stands, as it received it. */
static bool find_accused(const struct key_host *k, struct assay_ca_deal_record *deal,
                         struct assay_slice *payload)
{
    const struct assay_ca_ceremony *c = &k->closed.ceremony;
    for (uint32_t i = 0; i < c->dealers; i++) {
        *payload = key_dealing(k, c->dealing[i].digest);
        if (c->dealing[i].state == ASSAY_CA_DEALING_VALID && payload->len > 0 &&
            assay_ca_deal_decode(*payload, deal) == ASSAY_OK &&
            !assay_bytes_equal(deal->scope.node_id, k->node_id, 32))
            return true;
    }
    return false;
}

static const struct assay_ceremony_attempt *running_attempt(const struct key_host *k)
{
    for (uint32_t i = 0; i < ASSAY_CEREMONY_HOLDER_ATTEMPTS_MAX; i++) {
        const struct assay_ceremony_attempt *a = &k->holder->attempt[i];
        if (a->has_secret && a->name.attempt == k->closed.ceremony.next.attempt) return a;
    }
    return NULL;
}

void misdeal_accuse(struct key_host *k)
{
    const struct assay_ca_ceremony *c = &k->closed.ceremony;
    struct assay_ca_dispute_record d = { .kind = ASSAY_CA_DISPUTE_VALUE };
    struct assay_ca_deal_record deal;
    struct assay_slice out;
    uint8_t bytes[ASSAY_CEREMONY_ITEM_MAX], label[32], digest[32], wide[ASSAY_SODIUM_WIDE_LEN];
    if (c->phase != ASSAY_CA_DISPUTES || k->disputed == c->next.attempt) return;
    if ((faults_of(k) & ASSAY_MISDEAL_ACCUSES) == 0) return;
    const uint32_t place = assay_ca_holder_of_node(&c->next, k->node_id);
    const struct assay_ceremony_attempt *a = running_attempt(k);
    if (place == UINT32_MAX || a == NULL || !find_accused(k, &deal, &d.dealing)) return;
    k->disputed = c->next.attempt;
    if (!assay_ca_current_scope(&k->closed, k->node_id, k->holder->key, &d.scope)) return;
    d.index = c->next.holder[place].first;
    services_bytes(&k->random, wide, sizeof wide);
    assay_ca_value_label(k->s->chain_id, &deal.scope, deal.dealer, d.index, label);
    if (assay_sim_random_below(&k->random, 2) == 0) label[0] ^= 1; /* or it proves nothing */
    if (assay_dealing_open_public(&a->secret, deal.dealt, label, wide, d.shown, &d.proof) !=
        ASSAY_OK)
        return;
    assay_ca_dispute_statement(k->s->chain_id, &d, digest);
    assay_sodium_link_sign(&k->seed, digest, d.signature);
    if (assay_ca_dispute_encode(&d, bytes, sizeof bytes, &out) == ASSAY_OK)
        key_queue(k, ASSAY_CEREMONY_DISPUTE, out);
}
