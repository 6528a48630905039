/*
 * tests/unit/services/identity/ceremony_world.c - members that make and reshare a group key.
 */
#include "tests/unit/services/identity/ceremony_world.h"

#include "base/cbor.h"
#include "base/crypto.h"
#include "base/merkle.h"
#include "tests/unit/services/identity/group.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void draw_wide(uint8_t wide[static ASSAY_SODIUM_WIDE_LEN])
{
    group_draw(wide, ASSAY_SODIUM_WIDE_LEN);
}

/* A list of one entry, whose root is the hash of its leaf. */
static void make_member(struct ceremony_world *w, uint32_t slot, uint32_t weight)
{
    static const uint8_t head[12] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                      0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
    struct ceremony_member *const own = &w->own[slot];
    struct assay_ca_member *const m = &w->member[slot];
    uint8_t spki[44], proof[64] = { 7 };
    group_draw(own->seed.bytes, 32);
    group_draw(own->link_seed.bytes, 32);
    assay_sodium_link_pair(&own->seed, own->key);
    assay_bytes_copy(spki, sizeof spki, head, 12);
    assay_bytes_copy(spki + 12, 32, own->key, 32);
    struct assay_writer e = assay_writer_over(own->entry, sizeof own->entry);
    assay_cbor_put_array(&e, 6);
    assay_cbor_put_text(&e, "assay/key/v1");
    assay_cbor_put_uint(&e, 2);
    assay_cbor_put_text(&e, "signer");
    assay_cbor_put_array(&e, 0);
    assay_cbor_put_bytes(&e, spki, sizeof spki);
    assay_cbor_put_bytes(&e, proof, sizeof proof);
    own->entry_len = e.len;
    *m = (struct assay_ca_member){ .is_full = true,
                                   .is_warning = true,
                                   .may_hold = true,
                                   .keys_active = true,
                                   .weight = weight,
                                   .incarnation = 1 };
    group_draw(m->node_id, 32);
    assay_merkle_leaf_hash(own->entry, own->entry_len, m->keys_root);
}

struct ceremony_world *ceremony_new(uint32_t count, const uint32_t *weight)
{
    static const struct assay_ca_config config = {
        .refresh = 1440, .replaces_lost_key = true, .next_epochs = 64, .old_epochs = 64
    };
    struct ceremony_world *w = calloc(1, sizeof *w);
    uint8_t chain_id[32] = { 9 };
    cr_assert_not_null(w);
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    w->count = count;
    for (uint32_t i = 0; i < count; i++) {
        make_member(w, i, weight != NULL ? weight[i] : 1);
        w->total += w->member[i].weight;
    }
    assay_ca_init(&w->ca, chain_id, &config);
    return w;
}

void ceremony_free(struct ceremony_world *w)
{
    free(w);
}

static void note_facts(struct ceremony_world *w)
{
    for (uint32_t i = 0; i < w->facts.count; i++) {
        const struct assay_ca_fact *f = &w->facts.fact[i];
        if (f->kind == ASSAY_CA_FACT_BARRED) w->barred++;
        if (f->kind != ASSAY_CA_FACT_CONVICTED) continue;
        w->convicted++;
        w->convicted_slots[f->slot / 64] |= UINT64_C(1) << (f->slot % 64);
    }
    w->facts.count = 0;
}

static void show(struct ceremony_world *w, uint32_t slot, enum ceremony_kind kind,
                 struct assay_slice payload)
{
    if (w->on_payload != NULL) w->on_payload(w, slot, kind, payload);
}

static void set_scope(struct ceremony_world *w, uint32_t slot, struct assay_ca_scope *scope)
{
    (void)assay_ca_current_scope(&w->ca, w->member[slot].node_id, w->own[slot].key, scope);
}

/* --- offers */

enum assay_ca_result ceremony_offer(struct ceremony_world *w, uint32_t slot)
{
    struct ceremony_member *const own = &w->own[slot];
    struct assay_ca_offer_record made = { .count = 1, .address = "h:1", .address_len = 3 }, read;
    uint8_t label[32], wide[ASSAY_SODIUM_WIDE_LEN], bytes[2048];
    struct assay_slice payload;
    set_scope(w, slot, &made.scope);
    made.entry = assay_slice_over(own->entry, own->entry_len);
    if (!assay_bytes_all_zero(own->beside, 32)) {
        made.count = 2;
        made.path_len = 1;
        assay_bytes_copy(made.path[0], 32, own->beside, 32);
    }
    assay_sodium_link_pair(&own->link_seed, made.link_key);
    const struct assay_secret32 e = group_scalar();
    if (w->ca.ceremony.phase == ASSAY_CA_OFFERS) own->e = e; /* later: of no use to anyone */
    draw_wide(wide);
    assay_ca_offer_label(w->ca.chain_id, &made.scope, label);
    cr_assert_eq(assay_dealing_prove(&e, label, wide, made.encryption, &made.encryption_proof),
                 ASSAY_OK);
    assay_ca_offer_statement(w->ca.chain_id, &made, label);
    assay_sodium_link_sign(&own->seed, label, made.signature);
    cr_assert_eq(assay_ca_offer_encode(&made, bytes, sizeof bytes, &payload), ASSAY_OK);
    show(w, slot, CEREMONY_OFFER, payload);
    cr_assert_eq(assay_ca_offer_decode(payload, &read), ASSAY_OK);
    cr_assert_eq(assay_ca_offer_check(w->ca.chain_id, &read), ASSAY_OK);
    const enum assay_ca_result result =
        assay_ca_apply_offer(&w->ca, slot, w->member[slot].node_id, &read, &w->facts);
    note_facts(w);
    return result;
}

void ceremony_change_list(struct ceremony_world *w, uint32_t slot, bool has_entry)
{
    struct ceremony_member *const own = &w->own[slot];
    uint8_t other[33];
    struct assay_merkle tree = { .count = 0 };
    group_draw(other, sizeof other);
    assay_merkle_add(&tree, has_entry ? own->entry : other, has_entry ? own->entry_len : 32);
    assay_merkle_add(&tree, other, sizeof other);
    assay_merkle_leaf_hash(other, sizeof other, own->beside_next);
    assay_merkle_root(&tree, w->member[slot].keys_root);
}

/* --- dealings */

static const struct assay_ca_holder *dealer_of(const struct ceremony_world *w, uint32_t dealer)
{
    return &assay_ca_dealers(&w->ca)->holder[assay_ca_holder_of_dealer(&w->ca, dealer)];
}

static void prove_dealt(struct ceremony_world *w, struct assay_ca_deal_record *record,
                        const struct assay_secret32 *r)
{
    uint8_t label[32], wide[ASSAY_SODIUM_WIDE_LEN], point[32];
    draw_wide(wide);
    assay_ca_deal_label(w->ca.chain_id, record, label);
    cr_assert_eq(assay_dealing_prove(r, label, wide, point, &record->dealt_proof), ASSAY_OK);
    cr_assert_arr_eq(point, record->dealt, 32);
}

void ceremony_sign_deal(struct ceremony_world *w, struct assay_ca_deal_record *record)
{
    uint8_t digest[32];
    uint32_t slot = 0;
    while (!assay_bytes_equal(w->own[slot].key, record->scope.key, 32))
        slot++;
    assay_ca_deal_statement(w->ca.chain_id, record, digest);
    assay_sodium_link_sign(&w->own[slot].seed, digest, record->signature);
}

static void seal_values(struct ceremony_world *w, unsigned faults,
                        const struct assay_sharing_polynomial *polynomial,
                        const struct assay_secret32 *r, uint32_t own_slot,
                        struct assay_ca_deal_record *record)
{
    const struct assay_ca_sharing *next = &w->ca.ceremony.next;
    const struct assay_secret32 one = { { 1 } };
    uint8_t label[32];
    for (uint32_t j = 1; j <= next->count; j++) {
        const struct assay_ca_holder *to = &next->holder[assay_ca_holder_of_index(next, j)];
        struct assay_secret32 value;
        cr_assert_eq(assay_sharing_evaluate(polynomial, j, &value), ASSAY_OK);
        if ((faults & CEREMONY_BAD_VALUE) != 0 && to->slot != own_slot)
            assay_sodium_scalar_add(&value, &one, &value);
        assay_ca_value_label(w->ca.chain_id, &record->scope, record->dealer, j, label);
        cr_assert_eq(assay_dealing_seal(r, to->encryption, label, &value, record->sealed[j - 1]),
                     ASSAY_OK);
    }
}

void ceremony_make_deal(struct ceremony_world *w, uint32_t dealer,
                        struct assay_ca_deal_record *record, struct assay_secret32 *r)
{
    static uint8_t wide[ASSAY_FROST_SIGNERS_MAX * ASSAY_SODIUM_WIDE_LEN];
    const struct assay_ca_ceremony *c = &w->ca.ceremony;
    const struct assay_ca_holder *h = dealer_of(w, dealer);
    const unsigned faults = w->own[h->slot].faults;
    const struct assay_secret32 other = group_scalar();
    struct assay_sharing_polynomial polynomial;
    uint8_t label[32];
    const struct assay_secret32 *constant = NULL;
    const struct ceremony_member *own = &w->own[h->slot];
    const bool is_next = c->ca_number == w->ca.next.number;
    if (c->is_reshare)
        constant = is_next ? &own->coming[dealer - h->first] : &own->share[dealer - h->first];
    if ((faults & CEREMONY_OTHER_NUMBER) != 0) constant = &other;
    *record = (struct assay_ca_deal_record){ .dealer = dealer,
                                             .receivers = c->next.count,
                                             .has_constant_proof = !c->is_reshare };
    set_scope(w, h->slot, &record->scope);
    group_draw(wide, sizeof wide);
    cr_assert_eq(
        assay_sharing_deal(c->next.threshold, constant, wide, &polynomial, &record->commitments),
        ASSAY_OK);
    assay_ca_constant_label(w->ca.chain_id, &record->scope, dealer, label);
    if (!c->is_reshare)
        cr_assert_eq(assay_sharing_prove(&polynomial, label, wide, &record->constant_proof),
                     ASSAY_OK);
    if ((faults & CEREMONY_BAD_POINT) != 0) /* -1 on the curve, of order 2 */
        for (uint32_t i = 0; i < 32; i++)
            record->commitments.point[c->next.threshold - 1][i] = i == 0    ? 0xec
                                                                  : i == 31 ? 0x7f
                                                                            : 0xff;
    *r = group_scalar();
    cr_assert_eq(assay_sodium_point_base(r, record->dealt), ASSAY_OK);
    seal_values(w, faults, &polynomial, r, h->slot, record);
    prove_dealt(w, record, r);
    ceremony_sign_deal(w, record);
}

enum assay_ca_result ceremony_apply_deal(struct ceremony_world *w,
                                         const struct assay_ca_deal_record *record)
{
    static uint8_t bytes[ASSAY_CA_DEAL_LEN_MAX];
    static struct assay_ca_deal_record read;
    struct assay_slice payload;
    uint32_t slot = 0;
    while (!assay_bytes_equal(w->own[slot].key, record->scope.key, 32))
        slot++;
    cr_assert_eq(assay_ca_deal_encode(record, bytes, sizeof bytes, &payload), ASSAY_OK);
    show(w, slot, CEREMONY_DEAL, payload);
    cr_assert_eq(assay_ca_deal_decode(payload, &read), ASSAY_OK);
    cr_assert_eq(assay_ca_deal_check(w->ca.chain_id, &read), ASSAY_OK);
    const enum assay_ca_result result =
        assay_ca_apply_deal(&w->ca, slot, w->member[slot].node_id, &read, payload, &w->facts);
    if (result == ASSAY_CA_APPLIED) {
        assay_bytes_copy(w->payload[record->dealer - 1], sizeof bytes, payload.bytes, payload.len);
        w->payload_len[record->dealer - 1] = (uint32_t)payload.len;
    }
    note_facts(w);
    return result;
}

enum assay_ca_result ceremony_deal(struct ceremony_world *w, uint32_t dealer)
{
    static struct assay_ca_deal_record record;
    struct assay_secret32 r;
    ceremony_make_deal(w, dealer, &record, &r);
    return ceremony_apply_deal(w, &record);
}

static void deal_all(struct ceremony_world *w)
{
    for (uint32_t d = 1; d <= w->ca.ceremony.dealers; d++) {
        const struct assay_ca_holder *h = dealer_of(w, d);
        const unsigned faults = w->own[h->slot].faults;
        if (!assay_ca_is_turn(&w->ca, d) || h->lost || (faults & CEREMONY_NO_DEAL) != 0) continue;
        const enum assay_ca_result result = ceremony_deal(w, d);
        cr_assert_eq(result, (faults & CEREMONY_OTHER_NUMBER) != 0 && w->ca.ceremony.is_reshare
                                 ? ASSAY_CA_MISMATCH
                                 : ASSAY_CA_APPLIED);
    }
}

/* --- disputes */

static struct assay_slice payload_of(const struct ceremony_world *w, uint32_t dealer)
{
    return assay_slice_over(w->payload[dealer - 1], w->payload_len[dealer - 1]);
}

void ceremony_make_dispute(struct ceremony_world *w, uint32_t slot, uint32_t dealer, uint32_t index,
                           bool proven, struct assay_ca_dispute_record *record)
{
    static struct assay_ca_deal_record deal;
    uint8_t digest[32], wide[ASSAY_SODIUM_WIDE_LEN];
    *record = (struct assay_ca_dispute_record){ .kind = ASSAY_CA_DISPUTE_VALUE,
                                                .dealing = payload_of(w, dealer),
                                                .index = index };
    set_scope(w, slot, &record->scope);
    cr_assert_eq(assay_ca_deal_decode(record->dealing, &deal), ASSAY_OK);
    draw_wide(wide);
    assay_ca_value_label(w->ca.chain_id, &deal.scope, dealer, index, digest);
    cr_assert_eq(assay_dealing_open_public(&w->own[slot].e, deal.dealt, digest, wide, record->shown,
                                           &record->proof),
                 ASSAY_OK);
    if (!proven) record->proof.answer[0] ^= 1;
    assay_ca_dispute_statement(w->ca.chain_id, record, digest);
    assay_sodium_link_sign(&w->own[slot].seed, digest, record->signature);
}

enum assay_ca_result ceremony_apply_dispute(struct ceremony_world *w, uint32_t slot,
                                            const struct assay_ca_dispute_record *record)
{
    static uint8_t bytes[8192];
    struct assay_ca_dispute_record read;
    struct assay_slice payload;
    cr_assert_eq(assay_ca_dispute_encode(record, bytes, sizeof bytes, &payload), ASSAY_OK);
    show(w, slot, CEREMONY_DISPUTE, payload);
    cr_assert_eq(assay_ca_dispute_decode(payload, &read), ASSAY_OK);
    cr_assert_eq(assay_ca_dispute_check(w->ca.chain_id, &read), ASSAY_OK);
    const enum assay_ca_result result =
        assay_ca_apply_dispute(&w->ca, slot, w->member[slot].node_id, &read, &w->facts);
    note_facts(w);
    return result;
}

/* Opens and verifies one value. Returns: whether it is right. */
static bool open_value(const struct ceremony_world *w, uint32_t slot,
                       const struct assay_ca_deal_record *deal, uint32_t index,
                       struct assay_secret32 *value)
{
    uint8_t label[32];
    assay_ca_value_label(w->ca.chain_id, &deal->scope, deal->dealer, index, label);
    cr_assert_eq(
        assay_dealing_open(&w->own[slot].e, deal->dealt, label, deal->sealed[index - 1], value),
        ASSAY_OK);
    return assay_sharing_verify(&deal->commitments, index, value) == ASSAY_OK;
}

static void accuse_point(struct ceremony_world *w, uint32_t slot, uint32_t dealer, uint32_t at)
{
    struct assay_ca_dispute_record record = { .kind = ASSAY_CA_DISPUTE_POINT,
                                              .dealing = payload_of(w, dealer),
                                              .index = at };
    uint8_t digest[32];
    set_scope(w, slot, &record.scope);
    assay_ca_dispute_statement(w->ca.chain_id, &record, digest);
    assay_sodium_link_sign(&w->own[slot].seed, digest, record.signature);
    (void)ceremony_apply_dispute(w, slot, &record);
}

/* An honest receiver examines a dealing. */
static void examine(struct ceremony_world *w, const struct assay_ca_holder *h, uint32_t dealer)
{
    static struct assay_ca_deal_record deal;
    struct assay_ca_dispute_record record;
    struct assay_secret32 value;
    cr_assert_eq(assay_ca_deal_decode(payload_of(w, dealer), &deal), ASSAY_OK);
    for (uint32_t m = 0; m < deal.commitments.count; m++) {
        if (assay_sodium_edwards_is_fit(deal.commitments.point[m])) continue;
        accuse_point(w, h->slot, dealer, m);
        return;
    }
    for (uint32_t j = h->first; j < h->first + h->indices; j++) {
        if (open_value(w, h->slot, &deal, j, &value)) continue;
        ceremony_make_dispute(w, h->slot, dealer, j, true, &record);
        (void)ceremony_apply_dispute(w, h->slot, &record);
        return;
    }
}

static void accuse_falsely(struct ceremony_world *w, const struct assay_ca_holder *h,
                           uint32_t dealer)
{
    struct assay_ca_dispute_record record;
    const bool proven = (w->own[h->slot].faults & CEREMONY_ACCUSES) != 0;
    ceremony_make_dispute(w, h->slot, dealer, h->first, proven, &record);
    (void)ceremony_apply_dispute(w, h->slot, &record);
}

static void dispute_all(struct ceremony_world *w)
{
    const struct assay_ca_ceremony *c = &w->ca.ceremony;
    for (uint32_t i = 0; i < c->next.holders; i++) {
        const struct assay_ca_holder *h = &c->next.holder[i];
        const unsigned faults = w->own[h->slot].faults;
        for (uint32_t d = 1; d <= c->dealers; d++) {
            if (c->dealing[d - 1].state != ASSAY_CA_DEALING_VALID) continue;
            if ((faults & (CEREMONY_ACCUSES | CEREMONY_BAD_ACCUSER)) != 0) {
                if (dealer_of(w, d)->slot != h->slot) accuse_falsely(w, h, d);
            } else if ((faults & CEREMONY_NO_DISPUTE) == 0) {
                examine(w, h, d);
            }
        }
    }
}

/* --- tables */

/* The sum of commitments and public shares, as every holder computes them. */
static void make_table(struct ceremony_world *w, uint32_t slot, struct assay_ca_table_record *table)
{
    static struct assay_ca_deal_record deal;
    uint32_t used[ASSAY_FROST_INDICES_MAX];
    const uint32_t count = assay_ca_used(&w->ca, used);
    uint8_t digest[32];
    *table = (struct assay_ca_table_record){ .indices = w->ca.ceremony.next.count };
    set_scope(w, slot, &table->scope);
    for (uint32_t i = 0; i < count; i++) {
        struct assay_secret32 factor;
        const bool has = assay_ca_factor(&w->ca, used, count, i, &factor);
        cr_assert_eq(assay_ca_deal_decode(payload_of(w, used[i]), &deal), ASSAY_OK);
        cr_assert_eq(assay_sharing_add(&table->sum, has ? &factor : NULL, &deal.commitments),
                     ASSAY_OK);
    }
    for (uint32_t j = 1; j <= table->indices; j++)
        cr_assert_eq(assay_sharing_public(&table->sum, j, table->public_share[j - 1]), ASSAY_OK);
    assay_ca_table_statement(w->ca.chain_id, table, digest);
    assay_sodium_link_sign(&w->own[slot].seed, digest, table->signature);
}

static void sum_shares(struct ceremony_world *w, const struct assay_ca_holder *h,
                       const struct assay_ca_table_record *table)
{
    static struct assay_ca_deal_record deal;
    uint32_t used[ASSAY_FROST_INDICES_MAX];
    const uint32_t count = assay_ca_used(&w->ca, used);
    struct ceremony_member *const own = &w->own[h->slot];
    uint8_t point[32];
    for (uint32_t k = 0; k < h->indices; k++)
        own->next[k] = (struct assay_secret32){ { 0 } };
    for (uint32_t i = 0; i < count; i++) {
        struct assay_secret32 factor, value;
        const bool has = assay_ca_factor(&w->ca, used, count, i, &factor);
        cr_assert_eq(assay_ca_deal_decode(payload_of(w, used[i]), &deal), ASSAY_OK);
        for (uint32_t k = 0; k < h->indices; k++) {
            (void)open_value(w, h->slot, &deal, h->first + k, &value);
            assay_sharing_add_share(&own->next[k], has ? &factor : NULL, &value);
        }
    }
    for (uint32_t k = 0; k < h->indices; k++) {
        cr_assert_eq(assay_sodium_edwards_base(&own->next[k], point), ASSAY_OK);
        cr_assert_arr_eq(point, table->public_share[h->first + k - 1], 32, "the share is right");
    }
}

static void have(struct ceremony_world *w, uint32_t slot, const struct assay_ca_table_record *table)
{
    struct assay_ca_have_record made = { .digest = { 0 } }, read;
    uint8_t digest[32], bytes[512];
    struct assay_slice payload;
    set_scope(w, slot, &made.scope);
    assay_ca_table_digest(w->ca.chain_id, table, made.digest);
    if ((w->own[slot].faults & CEREMONY_OTHER_HAVE) != 0) made.digest[0] ^= 1;
    assay_ca_have_statement(w->ca.chain_id, &made, digest);
    assay_sodium_link_sign(&w->own[slot].seed, digest, made.signature);
    cr_assert_eq(assay_ca_have_encode(&made, bytes, sizeof bytes, &payload), ASSAY_OK);
    show(w, slot, CEREMONY_HAVE, payload);
    cr_assert_eq(assay_ca_have_decode(payload, &read), ASSAY_OK);
    cr_assert_eq(assay_ca_have_check(w->ca.chain_id, &read), ASSAY_OK);
    (void)assay_ca_apply_have(&w->ca, slot, w->member[slot].node_id, &read, &w->facts);
}

static void submit_table(struct ceremony_world *w, uint32_t slot,
                         const struct assay_ca_table_record *table)
{
    static uint8_t bytes[8192];
    static struct assay_ca_table_record read;
    struct assay_slice payload;
    cr_assert_eq(assay_ca_table_encode(table, bytes, sizeof bytes, &payload), ASSAY_OK);
    show(w, slot, CEREMONY_TABLE, payload);
    cr_assert_eq(assay_ca_table_decode(payload, &read), ASSAY_OK);
    cr_assert_eq(assay_ca_table_check(w->ca.chain_id, &read), ASSAY_OK);
    (void)assay_ca_apply_table(&w->ca, slot, w->member[slot].node_id, &read, &w->facts);
}

static void have_all(struct ceremony_world *w)
{
    static struct assay_ca_table_record table;
    const struct assay_ca_sharing *next = &w->ca.ceremony.next;
    if (w->ca.ceremony.closes > 0) return;
    make_table(w, next->holder[0].slot, &table);
    for (uint32_t i = 0; i < next->holders; i++) {
        const struct assay_ca_holder *h = &next->holder[i];
        if (h->lost) continue;
        sum_shares(w, h, &table);
        if ((w->own[h->slot].faults & CEREMONY_NO_HAVE) == 0) have(w, h->slot, &table);
    }
    for (uint32_t i = 0; i < next->holders; i++) {
        if (next->holder[i].lost) continue;
        make_table(w, next->holder[i].slot, &table);
        submit_table(w, next->holder[i].slot, &table);
        return;
    }
}

/* --- epochs */

static void act(struct ceremony_world *w)
{
    switch (w->ca.ceremony.phase) {
    case ASSAY_CA_IDLE: return;
    case ASSAY_CA_OFFERS:
        for (uint32_t i = 0; i < w->count; i++)
            if ((w->own[i].faults & CEREMONY_NO_OFFER) == 0) (void)ceremony_offer(w, i);
        return;
    case ASSAY_CA_DEALS: deal_all(w); return;
    case ASSAY_CA_DISPUTES: dispute_all(w); return;
    case ASSAY_CA_HAVES: have_all(w); return;
    }
}

/* was_next: the generation was that of the next number before. */
static void take_new_shares(struct ceremony_world *w, bool was_next)
{
    for (uint32_t i = 0; i < w->count; i++)
        w->own[i].shares = 0;
    for (uint32_t i = 0; i < w->ca.force.holders; i++) {
        const struct assay_ca_holder *h = &w->ca.force.holder[i];
        struct ceremony_member *const own = &w->own[h->slot];
        own->shares = h->indices;
        for (uint32_t k = 0; k < h->indices; k++)
            own->share[k] = was_next ? own->coming[k] : own->next[k];
    }
}

static void take_coming_shares(struct ceremony_world *w)
{
    for (uint32_t i = 0; i < w->ca.next.force.holders; i++) {
        const struct assay_ca_holder *h = &w->ca.next.force.holder[i];
        struct ceremony_member *const own = &w->own[h->slot];
        for (uint32_t k = 0; k < h->indices; k++)
            own->coming[k] = own->next[k];
    }
}

/* The fold that its documents make, which says the same. */
static void read_again(struct ceremony_world *w)
{
    static uint8_t bytes[ASSAY_CA_DOCUMENTS][ASSAY_CA_DOCUMENT_LEN_MAX],
        again[ASSAY_CA_DOCUMENT_LEN_MAX];
    static struct assay_ca read;
    uint8_t chain_id[32];
    struct assay_slice document[ASSAY_CA_DOCUMENTS];
    const struct assay_ca_config config = w->ca.config;
    const uint64_t era = w->ca.era;
    assay_bytes_copy(chain_id, 32, w->ca.chain_id, 32);
    assay_ca_init(&read, chain_id, &config);
    for (uint32_t i = 0; i < ASSAY_CA_DOCUMENTS; i++) {
        struct assay_writer out = assay_writer_over(bytes[i], sizeof bytes[i]);
        cr_assert_eq(assay_ca_document_encode(&w->ca, i, &out), ASSAY_OK);
        document[i] = assay_slice_over(bytes[i], out.len);
        cr_assert_eq(assay_ca_document_decode(&read, i, document[i]), ASSAY_OK);
    }
    cr_assert_eq(assay_ca_document_join(&read), ASSAY_OK);
    assay_ca_set_era(&read, era);
    assay_ca_set_members(&read, w->epoch, w->member, w->count, w->total);
    for (uint32_t i = 0; i < ASSAY_CA_DOCUMENTS; i++) {
        struct assay_writer out = assay_writer_over(again, sizeof again);
        cr_assert_eq(assay_ca_document_encode(&read, i, &out), ASSAY_OK);
        cr_assert(assay_slice_equal(document[i], assay_slice_over(again, out.len)));
    }
    w->ca = read;
}

static void close_epoch(struct ceremony_world *w, bool certified)
{
    const uint64_t generation = w->ca.force.generation, coming = w->ca.next.force.generation;
    act(w);
    assay_ca_close_epoch(&w->ca, ++w->epoch, certified, w->member, w->count, w->total, &w->facts);
    note_facts(w);
    assay_ca_check(&w->ca);
    read_again(w);
    for (uint32_t i = 0; i < w->count; i++)
        assay_bytes_copy(w->own[i].beside, 32, w->own[i].beside_next, 32);
    const bool was_next = coming > 0 && w->ca.force.generation == coming;
    if (w->ca.force.generation != generation) take_new_shares(w, was_next);
    if (w->ca.next.force.generation != coming) take_coming_shares(w);
}

void ceremony_epoch(struct ceremony_world *w)
{
    close_epoch(w, true);
}

void ceremony_held_epoch(struct ceremony_world *w)
{
    close_epoch(w, false);
}

bool ceremony_say_lack(struct ceremony_world *w, uint32_t slot)
{
    struct assay_ca_have_record record = { 0 };
    assay_ca_force_scope(&w->ca, w->ca.ca_number, w->member[slot].node_id, w->own[slot].key,
                         &record.scope);
    return assay_ca_apply_have(&w->ca, slot, w->member[slot].node_id, &record, NULL) ==
           ASSAY_CA_APPLIED;
}

bool ceremony_reach(struct ceremony_world *w, uint64_t generation, uint32_t epochs)
{
    for (uint32_t i = 0; i < epochs && w->ca.force.generation < generation; i++)
        ceremony_epoch(w);
    return w->ca.force.generation >= generation;
}

static bool number_signs(struct ceremony_world *w, uint32_t number, const bool *slots)
{
    static struct signing s;
    static struct assay_signing_group group;
    const struct assay_slice message = assay_slice_over("m", 1);
    uint8_t random[64], signature[64];
    s.count = 0;
    if (assay_ca_group_of(&w->ca, number, &group) != ASSAY_OK) return false;
    for (uint32_t j = 1; j <= group.indices && s.count < group.threshold; j++) {
        const struct assay_ca_holder *h =
            &assay_ca_sharing_of(&w->ca, number)->holder[group.owner[j]];
        const struct ceremony_member *own = &w->own[h->slot];
        if (!slots[h->slot] || !h->has) continue;
        s.share[s.count] =
            number == w->ca.ca_number ? own->share[j - h->first] : own->coming[j - h->first];
        group_draw(random, sizeof random);
        cr_assert_eq(assay_frost_commit(j, &s.share[s.count], random, &s.nonces[s.count],
                                        &s.commitment[s.count]),
                     ASSAY_OK);
        s.count++;
    }
    if (s.count < group.threshold) return false;
    cr_assert_eq(assay_frost_begin(group.key, message, s.commitment, s.count, &s.session),
                 ASSAY_OK);
    for (uint32_t i = 0; i < s.count; i++)
        cr_assert_eq(
            group_answer(&s.session, s.commitment[i].index, &s.share[i], &s.nonces[i], s.answer[i]),
            ASSAY_OK);
    return assay_frost_combine(&s.session, message, &s.answer[0][0], signature) == ASSAY_OK &&
           assay_sodium_edwards_verify(group.key, message, signature);
}

bool ceremony_signs(struct ceremony_world *w, const bool *slots)
{
    return number_signs(w, w->ca.ca_number, slots);
}

bool ceremony_number_signs(struct ceremony_world *w, uint32_t number)
{
    bool all[ASSAY_CA_SLOTS_MAX];
    for (uint32_t i = 0; i < ASSAY_CA_SLOTS_MAX; i++)
        all[i] = true;
    return number_signs(w, number, all);
}

bool ceremony_all_sign(struct ceremony_world *w)
{
    return ceremony_number_signs(w, w->ca.ca_number);
}
