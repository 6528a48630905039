/*
 * services/identity/ceremony_apply.c - records of the fold of a group key: offers, dealings,
 * accusations, tables, proofs of wrong signatures (docs/identity.md 3.5 to 3.10, 4.10).
 */
#include "services/identity/ceremony_internal.h"

#include "base/crypto.h"

static void clear_facts(struct assay_ca_facts *facts)
{
    if (facts != NULL) facts->count = 0;
}

/* Chain, era, CA number, generation and attempt are those of the running ceremony; so a statement
 * of an earlier one is none here (attack 8). */
static bool is_current(const struct assay_ca *ca, const struct assay_ca_scope *scope)
{
    struct assay_ca_scope now;
    const bool runs = assay_ca_current_scope(ca, scope->node_id, scope->key, &now);
    ASSAY_ASSERT(runs == (ca->ceremony.phase != ASSAY_CA_IDLE));
    return scope->era == now.era && scope->ca_number == now.ca_number &&
           scope->generation == now.generation && scope->attempt == now.attempt;
}

/* The place of the author in a sharing, with the key that it has there and not lost; UINT32_MAX
 * otherwise. */
static uint32_t author_of(const struct assay_ca_sharing *s, uint32_t slot,
                          const struct assay_ca_scope *scope)
{
    const uint32_t at = assay_ca_holder_of_node(s, scope->node_id);
    if (at == UINT32_MAX || s->holder[at].slot != slot || s->holder[at].lost) return UINT32_MAX;
    return assay_bytes_equal(s->holder[at].key, scope->key, 32) ? at : UINT32_MAX;
}

/* Who may say anything: a member of WARNING or better, under its own node id. */
static enum assay_ca_result check_author(const struct assay_ca *ca, uint32_t slot,
                                         const uint8_t node_id[static 32],
                                         const struct assay_ca_scope *scope)
{
    const struct assay_ca_member *m = assay_ca_member_of(ca, slot, node_id);
    if (!assay_bytes_equal(scope->node_id, node_id, 32)) return ASSAY_CA_NOT_YOURS;
    if (m == NULL || !m->is_warning || assay_ca_is_convicted(ca, node_id)) return ASSAY_CA_NOT_HERE;
    return ASSAY_CA_APPLIED;
}

/* --- CA_OFFER */

static void set_contact(struct assay_ca_holder *h, const struct assay_ca_member *m,
                        const struct assay_ca_offer_record *record)
{
    assay_bytes_copy(h->keys_root, 32, m->keys_root, 32);
    h->behind = 0;
    assay_bytes_copy(h->link_key, 32, record->link_key, 32);
    assay_bytes_zero(h->address, ASSAY_CA_ADDRESS_MAX);
    assay_bytes_copy(h->address, ASSAY_CA_ADDRESS_MAX, record->address, record->address_len);
    h->address_len = record->address_len;
}

/* A present holder says where its entry and its process are now. */
static bool renew_contact(struct assay_ca_sharing *s, uint32_t slot,
                          const struct assay_ca_member *m,
                          const struct assay_ca_offer_record *record)
{
    const uint32_t at = author_of(s, slot, &record->scope);
    if (at == UINT32_MAX) return false;
    set_contact(&s->holder[at], m, record);
    return true;
}

/* Ascending by slot; the newest offer of a slot counts. */
static bool place_offer(struct assay_ca_sharing *next, uint32_t slot,
                        const struct assay_ca_member *m, const struct assay_ca_offer_record *record)
{
    uint32_t at = 0;
    while (at < next->holders && next->holder[at].slot < slot)
        at++;
    if (at == next->holders || next->holder[at].slot != slot) {
        if (next->holders == ASSAY_FROST_HOLDERS_MAX) return false;
        for (uint32_t i = next->holders; i > at; i--)
            next->holder[i] = next->holder[i - 1];
        next->holders++;
    }
    struct assay_ca_holder *const h = &next->holder[at];
    *h = (struct assay_ca_holder){ .slot = slot, .incarnation = m->incarnation };
    assay_bytes_copy(h->node_id, 32, m->node_id, 32);
    assay_bytes_copy(h->key, 32, record->scope.key, 32);
    assay_bytes_copy(h->encryption, 32, record->encryption, 32);
    set_contact(h, m, record);
    return true;
}

enum assay_ca_result assay_ca_apply_offer(struct assay_ca *ca, uint32_t slot,
                                          const uint8_t node_id[static 32],
                                          const struct assay_ca_offer_record *record,
                                          struct assay_ca_facts *facts)
{
    struct assay_ca_ceremony *const c = &ca->ceremony;
    clear_facts(facts);
    const enum assay_ca_result author = check_author(ca, slot, node_id, &record->scope);
    if (author != ASSAY_CA_APPLIED) return author;
    const struct assay_ca_member *m = &ca->member[slot];
    if (!is_current(ca, &record->scope)) return ASSAY_CA_WRONG_TIME;
    if (!m->keys_active || !assay_ca_offer_is_listed(record, m->keys_root))
        return ASSAY_CA_UNPROVEN;
    const bool in_force = renew_contact(&ca->force, slot, m, record);
    const bool renewed = renew_contact(&ca->next.force, slot, m, record) || in_force;
    const struct assay_ca_sharing *from = c->is_reshare ? assay_ca_reshared(ca) : NULL;
    if (c->phase == ASSAY_CA_OFFERS && assay_ca_may_offer(ca, from, slot))
        return place_offer(&c->next, slot, m, record) ? ASSAY_CA_APPLIED : ASSAY_CA_NOT_HERE;
    if (c->phase > ASSAY_CA_OFFERS && renew_contact(&c->next, slot, m, record))
        return ASSAY_CA_APPLIED;
    return renewed ? ASSAY_CA_APPLIED : ASSAY_CA_NOT_HERE;
}

/* --- CA_DEAL */

/* 3.10: a reshare deals the share that the ledger knows, else the key would change (attack 9). */
static bool deals_own_share(const struct assay_ca *ca, const struct assay_ca_deal_record *record)
{
    return assay_bytes_equal(record->commitments.point[0],
                             assay_ca_reshared(ca)->public_share[record->dealer - 1], 32);
}

static bool proves_constant(const struct assay_ca *ca, const struct assay_ca_deal_record *record)
{
    uint8_t label[32];
    assay_ca_constant_label(ca->chain_id, &record->scope, record->dealer, label);
    return assay_sharing_proof_verify(&record->commitments, label, &record->constant_proof);
}

static bool proves_dealt(const struct assay_ca *ca, const struct assay_ca_deal_record *record)
{
    uint8_t label[32];
    assay_ca_deal_label(ca->chain_id, record, label);
    return assay_dealing_verify(record->dealt, label, &record->dealt_proof);
}

enum assay_ca_result assay_ca_apply_deal(struct assay_ca *ca, uint32_t slot,
                                         const uint8_t node_id[static 32],
                                         const struct assay_ca_deal_record *record,
                                         struct assay_slice payload, struct assay_ca_facts *facts)
{
    struct assay_ca_ceremony *const c = &ca->ceremony;
    clear_facts(facts);
    const enum assay_ca_result author = check_author(ca, slot, node_id, &record->scope);
    if (author != ASSAY_CA_APPLIED) return author;
    if (!is_current(ca, &record->scope) || !assay_ca_is_turn(ca, record->dealer))
        return ASSAY_CA_WRONG_TIME;
    const uint32_t at = author_of(assay_ca_dealers(ca), slot, &record->scope);
    if (at == UINT32_MAX || at != assay_ca_holder_of_dealer(ca, record->dealer))
        return ASSAY_CA_STRANGER;
    struct assay_ca_dealing *const dealing = &c->dealing[record->dealer - 1];
    if (dealing->state != ASSAY_CA_DEALING_NONE) return ASSAY_CA_SAME;
    if (record->commitments.count != c->next.threshold || record->receivers != c->next.count ||
        record->has_constant_proof == c->is_reshare)
        return ASSAY_CA_MISMATCH;
    if (c->is_reshare && !deals_own_share(ca, record)) return ASSAY_CA_MISMATCH;
    if (!c->is_reshare && !proves_constant(ca, record)) return ASSAY_CA_UNPROVEN;
    if (!proves_dealt(ca, record)) return ASSAY_CA_UNPROVEN;
    dealing->state = ASSAY_CA_DEALING_VALID;
    assay_sha256(payload.bytes, payload.len, dealing->digest);
    assay_ca_fact_add(facts, ASSAY_CA_FACT_DEALT, slot, record->dealer);
    return ASSAY_CA_APPLIED;
}

/* --- convictions */

static void void_dealings(struct assay_ca *ca, const uint8_t node_id[static 32])
{
    struct assay_ca_ceremony *const c = &ca->ceremony;
    const struct assay_ca_sharing *from = assay_ca_dealers(ca);
    if (c->phase != ASSAY_CA_DEALS && c->phase != ASSAY_CA_DISPUTES) return; /* HAVES: as decided */
    for (uint32_t i = 0; i < c->dealers; i++) {
        const struct assay_ca_holder *h = &from->holder[assay_ca_holder_of_dealer(ca, i + 1)];
        if (assay_bytes_equal(h->node_id, node_id, 32)) c->dealing[i].state = ASSAY_CA_DEALING_VOID;
    }
}

static void mark_lost(struct assay_ca_sharing *s, const uint8_t node_id[static 32])
{
    const uint32_t at = assay_ca_holder_of_node(s, node_id);
    if (at != UINT32_MAX) s->holder[at].lost = true;
}

void assay_ca_convict(struct assay_ca *ca, uint32_t slot, const uint8_t node_id[static 32],
                      enum assay_ca_reason reason, struct assay_ca_facts *facts)
{
    if (assay_ca_is_convicted(ca, node_id)) return;
    if (ca->convicted == ASSAY_CA_CONVICTED_MAX) {
        for (uint32_t i = 1; i < ca->convicted; i++)
            ca->conviction[i - 1] = ca->conviction[i];
        ca->convicted--;
    }
    struct assay_ca_conviction *const k = &ca->conviction[ca->convicted++];
    *k = (struct assay_ca_conviction){ .reason = reason, .epoch = ca->epoch };
    assay_bytes_copy(k->node_id, 32, node_id, 32);
    void_dealings(ca, node_id);
    mark_lost(&ca->force, node_id);
    mark_lost(&ca->next.force, node_id);
    mark_lost(&ca->ceremony.next, node_id);
    assay_ca_fact_add(facts, ASSAY_CA_FACT_CONVICTED, slot, (uint64_t)reason);
}

/* An accusation that does not stand costs work: its author makes no other for a while. */
static enum assay_ca_result bar(struct assay_ca *ca, uint32_t slot, struct assay_ca_facts *facts)
{
    ca->barred_until[slot] = ca->epoch + ASSAY_CA_BAR_EPOCHS;
    assay_ca_fact_add(facts, ASSAY_CA_FACT_BARRED, slot, ca->barred_until[slot]);
    return ASSAY_CA_HONEST;
}

static bool is_barred(const struct assay_ca *ca, uint32_t slot)
{
    return ca->barred_until[slot] > ca->epoch;
}

/* --- CA_DISPUTE */

/* The dealing that the ledger has, as the accuser shows it. */
static enum assay_ca_result read_accused(const struct assay_ca *ca,
                                         const struct assay_ca_dispute_record *record,
                                         struct assay_ca_deal_record *deal)
{
    const struct assay_ca_ceremony *c = &ca->ceremony;
    uint8_t digest[32];
    if (assay_ca_deal_decode(record->dealing, deal) != ASSAY_OK || deal->dealer > c->dealers)
        return ASSAY_CA_MISMATCH;
    assay_sha256(record->dealing.bytes, record->dealing.len, digest);
    const struct assay_ca_dealing *dealing = &c->dealing[deal->dealer - 1];
    if (!assay_bytes_equal(dealing->digest, digest, 32)) return ASSAY_CA_MISMATCH;
    return dealing->state == ASSAY_CA_DEALING_VALID ? ASSAY_CA_APPLIED : ASSAY_CA_SAME;
}

static void convict_dealer(struct assay_ca *ca, const struct assay_ca_deal_record *deal,
                           struct assay_ca_facts *facts)
{
    const uint32_t at = assay_ca_holder_of_dealer(ca, deal->dealer);
    assay_ca_convict(ca, assay_ca_dealers(ca)->holder[at].slot, deal->scope.node_id,
                     ASSAY_CA_DEALT_WRONGLY, facts);
}

/* Everybody opens the value that the accuser shows: a wrong one convicts the dealer, a right one
 * the accuser, who has signed that it is wrong (3.9). */
static enum assay_ca_result judge_value(struct assay_ca *ca, uint32_t slot,
                                        const struct assay_ca_holder *accuser,
                                        const struct assay_ca_dispute_record *record,
                                        const struct assay_ca_deal_record *deal,
                                        struct assay_ca_facts *facts)
{
    uint8_t label[32];
    struct assay_secret32 value; /* public */
    assay_ca_value_label(ca->chain_id, &deal->scope, deal->dealer, record->index, label);
    if (assay_dealing_read_public(accuser->encryption, deal->dealt, record->shown, label,
                                  &record->proof, deal->sealed[record->index - 1],
                                  &value) != ASSAY_OK)
        return bar(ca, slot, facts);
    if (assay_sharing_verify(&deal->commitments, record->index, &value) == ASSAY_OK) {
        assay_ca_convict(ca, slot, record->scope.node_id, ASSAY_CA_ACCUSED_WRONGLY, facts);
        return ASSAY_CA_HONEST;
    }
    convict_dealer(ca, deal, facts);
    return ASSAY_CA_APPLIED;
}

enum assay_ca_result assay_ca_apply_dispute(struct assay_ca *ca, uint32_t slot,
                                            const uint8_t node_id[static 32],
                                            const struct assay_ca_dispute_record *record,
                                            struct assay_ca_facts *facts)
{
    const struct assay_ca_ceremony *c = &ca->ceremony;
    struct assay_ca_deal_record deal;
    clear_facts(facts);
    const enum assay_ca_result author = check_author(ca, slot, node_id, &record->scope);
    if (author != ASSAY_CA_APPLIED) return author;
    if (!is_current(ca, &record->scope) || c->phase != ASSAY_CA_DISPUTES)
        return ASSAY_CA_WRONG_TIME;
    const uint32_t at = author_of(&c->next, slot, &record->scope);
    if (at == UINT32_MAX) return ASSAY_CA_STRANGER;
    const struct assay_ca_holder *accuser = &c->next.holder[at];
    if (is_barred(ca, slot)) return ASSAY_CA_BARRED;
    const enum assay_ca_result accused = read_accused(ca, record, &deal);
    if (accused != ASSAY_CA_APPLIED) return accused;
    const bool is_value = record->kind == ASSAY_CA_DISPUTE_VALUE;
    if (is_value ? record->index - accuser->first >= accuser->indices
                 : record->index >= deal.commitments.count)
        return ASSAY_CA_MISMATCH;
    if (ca->accusations == ASSAY_CA_ACCUSATIONS_MAX) return ASSAY_CA_BUSY;
    ca->accusations++;
    if (is_value) return judge_value(ca, slot, accuser, record, &deal, facts);
    if (assay_sodium_edwards_is_fit(deal.commitments.point[record->index]))
        return bar(ca, slot, facts);
    convict_dealer(ca, &deal, facts);
    return ASSAY_CA_APPLIED;
}

/* --- CA_HAVE, CA_TABLE */

/* Of a generation in force: a holder that was late, or whose shares are gone. */
static enum assay_ca_result apply_late_have(struct assay_ca *ca, uint32_t slot,
                                            const struct assay_ca_have_record *record,
                                            struct assay_ca_facts *facts)
{
    const struct assay_ca_scope *scope = &record->scope;
    struct assay_ca_sharing *const s =
        scope->ca_number == ca->next.number ? &ca->next.force : &ca->force;
    if (assay_ca_sharing_of(ca, scope->ca_number) != s || scope->era != s->era ||
        scope->generation != s->generation || scope->attempt != s->attempt)
        return ASSAY_CA_WRONG_TIME;
    const uint32_t at = author_of(s, slot, scope);
    if (at == UINT32_MAX) return ASSAY_CA_STRANGER;
    if (assay_ca_have_is_lack(record)) {
        if (!s->holder[at].has) return ASSAY_CA_SAME; /* its indices do not live */
        assay_ca_lose(ca, s, &s->holder[at], facts);
        return ASSAY_CA_APPLIED;
    }
    if (s->holder[at].has) return ASSAY_CA_SAME;
    if (!assay_bytes_equal(record->digest, s->table, 32)) return ASSAY_CA_MISMATCH;
    s->holder[at].has = true;
    return ASSAY_CA_APPLIED;
}

enum assay_ca_result assay_ca_apply_have(struct assay_ca *ca, uint32_t slot,
                                         const uint8_t node_id[static 32],
                                         const struct assay_ca_have_record *record,
                                         struct assay_ca_facts *facts)
{
    struct assay_ca_sharing *const next = &ca->ceremony.next;
    clear_facts(facts);
    const enum assay_ca_result author = check_author(ca, slot, node_id, &record->scope);
    if (author != ASSAY_CA_APPLIED) return author;
    if (ca->ceremony.phase != ASSAY_CA_HAVES || !is_current(ca, &record->scope))
        return apply_late_have(ca, slot, record, facts);
    const uint32_t at = author_of(next, slot, &record->scope);
    if (at == UINT32_MAX) return ASSAY_CA_STRANGER;
    if (assay_ca_have_is_lack(record)) return ASSAY_CA_MISMATCH; /* it vouched for nothing yet */
    if (!assay_bytes_all_zero(next->holder[at].digest, 32)) return ASSAY_CA_SAME;
    assay_bytes_copy(next->holder[at].digest, 32, record->digest, 32);
    return ASSAY_CA_APPLIED;
}

enum assay_ca_result assay_ca_apply_table(struct assay_ca *ca, uint32_t slot,
                                          const uint8_t node_id[static 32],
                                          const struct assay_ca_table_record *record,
                                          struct assay_ca_facts *facts)
{
    struct assay_ca_ceremony *const c = &ca->ceremony;
    uint8_t digest[32];
    clear_facts(facts);
    const enum assay_ca_result author = check_author(ca, slot, node_id, &record->scope);
    if (author != ASSAY_CA_APPLIED) return author;
    if (c->phase != ASSAY_CA_HAVES || !is_current(ca, &record->scope)) return ASSAY_CA_WRONG_TIME;
    if (author_of(&c->next, slot, &record->scope) == UINT32_MAX) return ASSAY_CA_STRANGER;
    if (c->has_table) return ASSAY_CA_SAME;
    if (record->sum.count != c->next.threshold || record->indices != c->next.count)
        return ASSAY_CA_MISMATCH;
    assay_ca_table_digest(ca->chain_id, record, digest);
    if (assay_ca_vouched(&c->next, digest) < c->next.threshold) return ASSAY_CA_EARLY;
    if (c->is_reshare && !assay_bytes_equal(record->sum.point[0], assay_ca_reshared_key(ca), 32))
        return ASSAY_CA_MISMATCH;
    c->has_table = true;
    assay_bytes_copy(c->key, 32, record->sum.point[0], 32);
    assay_bytes_copy(c->next.table, 32, digest, 32);
    for (uint32_t i = 0; i < record->indices; i++)
        assay_bytes_copy(c->next.public_share[i], 32, record->public_share[i], 32);
    return ASSAY_CA_APPLIED;
}

/* --- CA_LIE */

enum assay_ca_result assay_ca_apply_lie(struct assay_ca *ca, uint32_t slot,
                                        const uint8_t node_id[static 32],
                                        const struct assay_ca_lie_record *record,
                                        struct assay_ca_facts *facts)
{
    const struct assay_ca_member *m = assay_ca_member_of(ca, slot, node_id);
    struct assay_signing_group group;
    struct assay_signing_lie lie;
    clear_facts(facts);
    if (m == NULL || !m->is_warning || assay_ca_is_convicted(ca, node_id)) return ASSAY_CA_NOT_HERE;
    const struct assay_ca_sharing *s = assay_ca_sharing_of(ca, record->ca_number);
    if (s == NULL || record->generation != s->generation) return ASSAY_CA_WRONG_TIME;
    /* Of an era that a RECOVER undid, the same numbers are of another key: what was right there is
     * wrong here. */
    if (record->era < s->era || record->era > ca->era) return ASSAY_CA_WRONG_TIME;
    if (is_barred(ca, slot)) return ASSAY_CA_BARRED;
    if (assay_signing_lie_decode(record->lie, &lie) != ASSAY_OK) return ASSAY_CA_MISMATCH;
    const uint32_t at = assay_ca_holder_of_node(s, lie.node_id);
    if (at == UINT32_MAX) return ASSAY_CA_STRANGER;
    if (assay_ca_is_convicted(ca, lie.node_id)) return ASSAY_CA_SAME;
    if (ca->accusations == ASSAY_CA_ACCUSATIONS_MAX) return ASSAY_CA_BUSY;
    ca->accusations++;
    if (assay_ca_group_of(ca, record->ca_number, &group) != ASSAY_OK) return ASSAY_CA_MISMATCH;
    group.era = record->era;
    if (assay_signing_lie_verify(&group, &lie) != ASSAY_OK) return bar(ca, slot, facts);
    assay_ca_convict(ca, s->holder[at].slot, lie.node_id, ASSAY_CA_SIGNED_WRONGLY, facts);
    return ASSAY_CA_APPLIED;
}
