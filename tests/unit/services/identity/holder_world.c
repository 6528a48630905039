/*
 * tests/unit/services/identity/holder_world.c - a ledger in memory and holders of its group key.
 */
#include "tests/unit/services/identity/holder_world.h"

#include "base/cbor.h"
#include "base/crypto.h"
#include "base/merkle.h"
#include "tests/unit/services/identity/group.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { WEIGHT = 10, ROUNDS = 3 };

uint32_t holders_draw(struct world *w, uint32_t below)
{
    w->state = w->state * 1664525u + 1013904223u;
    return (w->state >> 8) % below;
}

static bool is_same_item(const struct assay_ceremony_item *a, const struct assay_ceremony_item *b)
{
    return a->kind == b->kind && a->record == b->record && a->number == b->number &&
           a->name.era == b->name.era && a->name.ca_number == b->name.ca_number &&
           a->name.generation == b->name.generation && a->name.attempt == b->name.attempt;
}

/* --- nodes */

static enum assay_status draw_bytes(void *context, uint8_t *bytes, size_t len)
{
    struct holders_node *n = context;
    group_draw(bytes, len);
    /* The draw after the coefficients is r. */
    if (n->draws_r) assay_bytes_copy(n->drawn_r, 64, bytes, 64);
    n->draws_r = len > 64;
    return ASSAY_OK;
}

static struct assay_slice get_dealing(void *context, uint32_t dealer,
                                      const uint8_t digest[static 32])
{
    const struct world *w = ((struct holders_node *)context)->world;
    (void)dealer;
    for (uint32_t i = 0; i < w->dealings; i++)
        if (assay_bytes_equal(w->dealing[i].digest, digest, 32))
            return assay_slice_over(w->dealing[i].bytes, w->dealing[i].len);
    return (struct assay_slice){ NULL, 0 };
}

static void make_entry(struct holders_node *n)
{
    static const uint8_t head[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                    0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
    uint8_t spki[sizeof head + 32], proof[64] = { 0 };
    struct assay_writer w = assay_writer_over(n->entry.entry, sizeof n->entry.entry);
    assay_bytes_copy(spki, sizeof spki, head, sizeof head);
    assay_sodium_link_pair(&n->seed, spki + sizeof head);
    assay_cbor_put_array(&w, 6);
    assay_cbor_put_text(&w, "assay/key/v1");
    assay_cbor_put_uint(&w, 2);
    assay_cbor_put_text(&w, "signer");
    assay_cbor_put_array(&w, 0);
    assay_cbor_put_bytes(&w, spki, sizeof spki);
    assay_cbor_put_bytes(&w, proof, sizeof proof);
    cr_assert(!w.full);
    n->entry.len = w.len;
    n->entry.count = 1;
    assay_merkle_leaf_hash(n->entry.entry, n->entry.len, n->keys_root);
}

static void start(struct holders_node *n)
{
    struct assay_ceremony_holder_config config = {
        .seed = n->seed, .random = draw_bytes, .dealing = get_dealing, .context = n
    };
    const uint32_t number = ++n->starts;
    uint8_t seed[32];
    struct assay_secret32 link = { 0 };
    assay_bytes_copy(config.chain_id, 32, n->world->ca.chain_id, 32);
    assay_bytes_copy(config.node_id, 32, n->node_id, 32);
    (void)snprintf(config.address, sizeof config.address, "10.0.0.1:7");
    assay_sha256(n->node_id, 32, seed);
    assay_bytes_copy(link.bytes, 32, seed, 32);
    link.bytes[0] ^= (uint8_t)number; /* a key of this process */
    assay_sodium_link_pair(&link, n->link_key);
    assay_bytes_copy(config.link_key, 32, n->link_key, 32);
    assay_ceremony_holder_init(&n->holder, &config);
    for (uint32_t i = 0; i < WORLD_ITEMS_MAX; i++) {
        const struct holders_item *item = &n->disk.item[i];
        if (item->is_used)
            cr_assert_eq(assay_ceremony_holder_load(&n->holder, &item->item,
                                                    assay_slice_over(item->bytes, item->len)),
                         ASSAY_OK);
    }
    assay_ceremony_holder_set_entry(&n->holder, &n->entry);
}

void holders_restart(struct world *w, uint32_t node)
{
    start(&w->node[node]);
    assay_ceremony_holder_on_close(&w->node[node].holder, &w->ca, false, w->is_fenced);
}

struct world *holders_new(uint32_t nodes, uint32_t seed, uint64_t refresh)
{
    struct world *w = calloc(1, sizeof *w);
    const struct assay_ca_config config = {
        .refresh = (uint32_t)refresh, .replaces_lost_key = true, .next_epochs = 64, .old_epochs = 64
    };
    const uint8_t chain_id[32] = { 7 };
    cr_assert_not_null(w);
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    w->nodes = nodes;
    w->state = seed;
    assay_ca_init(&w->ca, chain_id, &config);
    for (uint32_t i = 0; i < nodes; i++) {
        struct holders_node *n = &w->node[i];
        n->world = w;
        n->seed = (struct assay_secret32){ { (uint8_t)(i + 1), 99 } };
        assay_sha256(&i, sizeof i, n->node_id);
        make_entry(n);
        w->member[i] = (struct assay_ca_member){ .is_full = true,
                                                 .is_warning = true,
                                                 .may_hold = true,
                                                 .keys_active = true,
                                                 .weight = WEIGHT,
                                                 .incarnation = 1 };
        assay_bytes_copy(w->member[i].node_id, 32, n->node_id, 32);
        assay_bytes_copy(w->member[i].keys_root, 32, n->keys_root, 32);
        start(n);
    }
    return w;
}

void holders_free(struct world *w)
{
    for (uint32_t i = 0; i < w->nodes; i++)
        assay_ceremony_holder_wipe(&w->node[i].holder);
    free(w);
}

/* --- disks */

static struct holders_item *find_item(struct holders_disk *disk,
                                      const struct assay_ceremony_item *item)
{
    for (uint32_t i = 0; i < WORLD_ITEMS_MAX; i++)
        if (disk->item[i].is_used && is_same_item(&disk->item[i].item, item)) return &disk->item[i];
    return NULL;
}

static void store_item(struct holders_disk *disk, const struct assay_ceremony_effect *e)
{
    struct holders_item *item = find_item(disk, &e->item);
    cr_assert(item == NULL || e->item.kind == ASSAY_CEREMONY_AGE, "an item is stored once");
    for (uint32_t i = 0; item == NULL && i < WORLD_ITEMS_MAX; i++)
        if (!disk->item[i].is_used) item = &disk->item[i];
    cr_assert_not_null(item);
    item->is_used = true;
    item->item = e->item;
    item->len = e->bytes.len;
    assay_bytes_copy(item->bytes, sizeof item->bytes, e->bytes.bytes, e->bytes.len);
}

static void erase_items(struct holders_disk *disk, const struct assay_ceremony_effect *e)
{
    const bool shares = e->action == ASSAY_CEREMONY_ERASE_SHARES;
    for (uint32_t i = 0; i < WORLD_ITEMS_MAX; i++) {
        struct assay_ceremony_item item = disk->item[i].item;
        const bool is_kind = (item.kind == ASSAY_CEREMONY_SHARES) == shares;
        item.kind = e->item.kind;
        item.record = e->item.record;
        item.number = e->item.number;
        if (disk->item[i].is_used && is_kind && disk->item[i].item.kind != ASSAY_CEREMONY_AGE &&
            is_same_item(&item, &e->item))
            disk->item[i] = (struct holders_item){ .is_used = false };
    }
}

bool holders_disk_has(const struct holders_disk *disk, const uint8_t *bytes, size_t len)
{
    const uint8_t *at = (const uint8_t *)disk;
    for (size_t i = 0; i + len <= sizeof *disk; i++)
        if (at[i] == bytes[0] && assay_bytes_equal(at + i, bytes, len)) return true;
    return false;
}

uint32_t holders_items(const struct holders_disk *disk, enum assay_ceremony_item_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < WORLD_ITEMS_MAX; i++)
        if (disk->item[i].is_used && disk->item[i].item.kind == kind) count++;
    return count;
}

/* --- records */

/* Nothing is handed in twice with different bytes, except after an older disk was restored. */
static void check_handed(struct world *w, uint32_t slot, const struct assay_ceremony_item *item,
                         struct assay_slice bytes)
{
    uint8_t digest[32];
    assay_sha256(bytes.bytes, bytes.len, digest);
    for (uint32_t i = 0; i < w->handed; i++)
        if (w->hand[i].slot == slot && is_same_item(&w->hand[i].item, item)) {
            cr_assert(
                w->node[slot].was_restored || assay_bytes_equal(w->hand[i].digest, digest, 32),
                "node %u handed in record %d, %u twice", slot, (int)item->record, item->number);
            return;
        }
    cr_assert_lt(w->handed, sizeof w->hand / sizeof w->hand[0]);
    w->hand[w->handed].slot = slot;
    w->hand[w->handed].item = *item;
    assay_bytes_copy(w->hand[w->handed++].digest, 32, digest, 32);
}

static struct holders_record *queue(struct world *w, uint32_t slot, enum assay_ceremony_record kind,
                                    struct assay_slice bytes)
{
    cr_assert_lt(w->records, WORLD_RECORDS_MAX);
    struct holders_record *r = &w->record[w->records++];
    r->slot = slot;
    r->late = 0;
    r->kind = kind;
    r->len = bytes.len;
    assay_bytes_copy(r->bytes, sizeof r->bytes, bytes.bytes, bytes.len);
    return r;
}

/* A dealing with a commitment that is no point, or a value that is another's, and valid proofs: its
 * dealer knows r. */
static void spoil_dealing(struct holders_node *n, struct holders_record *r)
{
    struct assay_ca_deal_record deal;
    struct assay_secret32 scalar;
    struct assay_slice out;
    uint8_t label[32], digest[32], wide[64];
    cr_assert_eq(assay_ca_deal_decode(assay_slice_over(r->bytes, r->len), &deal), ASSAY_OK);
    assay_sodium_scalar_from(n->drawn_r, &scalar);
    if (n->hostility & WORLD_DEALS_WRONGLY) {
        const uint32_t at = holders_draw(n->world, deal.receivers);
        deal.sealed[at][0] ^= 1;
    } else {
        assay_bytes_zero(deal.commitments.point[deal.commitments.count - 1], 32);
    }
    group_draw(wide, sizeof wide);
    assay_ca_deal_label(n->world->ca.chain_id, &deal, label);
    cr_assert_eq(assay_dealing_prove(&scalar, label, wide, deal.dealt, &deal.dealt_proof),
                 ASSAY_OK);
    assay_ca_deal_statement(n->world->ca.chain_id, &deal, digest);
    assay_sodium_link_sign(&n->seed, digest, deal.signature);
    cr_assert_eq(assay_ca_deal_encode(&deal, r->bytes, sizeof r->bytes, &out), ASSAY_OK);
    r->len = out.len;
}

static void spoil_have(struct holders_node *n, struct holders_record *r)
{
    struct assay_ca_have_record have;
    struct assay_slice out;
    uint8_t digest[32];
    cr_assert_eq(assay_ca_have_decode(assay_slice_over(r->bytes, r->len), &have), ASSAY_OK);
    have.digest[0] ^= 1;
    assay_ca_have_statement(n->world->ca.chain_id, &have, digest);
    assay_sodium_link_sign(&n->seed, digest, have.signature);
    cr_assert_eq(assay_ca_have_encode(&have, r->bytes, sizeof r->bytes, &out), ASSAY_OK);
}

static void submit(struct holders_node *n, const struct assay_ceremony_item *item,
                   struct assay_slice bytes, bool is_stored)
{
    struct world *w = n->world;
    const uint32_t slot = (uint32_t)(n - w->node);
    if ((n->hostility & WORLD_IS_SILENT) && item->record != ASSAY_CEREMONY_OFFER) return;
    if (n->hostility == 0 && is_stored) check_handed(w, slot, item, bytes);
    struct holders_record *r = queue(w, slot, item->record, bytes);
    if (item->record == ASSAY_CEREMONY_DEAL) {
        if (n->hostility & (WORLD_DEALS_WRONGLY | WORLD_DEALS_BAD_POINTS)) spoil_dealing(n, r);
        if (n->hostility & WORLD_DEALS_LATE) r->late = 2;
    }
    if (item->record == ASSAY_CEREMONY_HAVE && (n->hostility & WORLD_SAYS_OTHERWISE))
        spoil_have(n, r);
}

/* The value is right, and its receiver shows it. */
static void dispute_falsely(struct holders_node *n)
{
    struct world *w = n->world;
    const struct assay_ceremony_attempt *a = &n->holder.attempt[0];
    struct assay_ca_dispute_record d = { .kind = ASSAY_CA_DISPUTE_VALUE };
    struct assay_ca_deal_record deal;
    struct assay_slice out;
    uint8_t bytes[ASSAY_CEREMONY_ITEM_MAX], label[32], digest[32], wide[64];
    const uint32_t place = assay_ca_holder_of_node(&w->ca.ceremony.next, n->node_id);
    if (w->ca.ceremony.phase != ASSAY_CA_DISPUTES || place == UINT32_MAX) return;
    const uint32_t dealer = holders_draw(w, w->ca.ceremony.dealers);
    d.dealing = get_dealing(n, dealer, w->ca.ceremony.dealing[dealer].digest);
    if (d.dealing.len == 0 || assay_ca_deal_decode(d.dealing, &deal) != ASSAY_OK) return;
    if (assay_bytes_equal(deal.scope.node_id, n->node_id, 32)) return;
    (void)assay_ca_current_scope(&w->ca, n->node_id, n->holder.key, &d.scope);
    d.index = w->ca.ceremony.next.holder[place].first;
    group_draw(wide, sizeof wide);
    assay_ca_value_label(w->ca.chain_id, &deal.scope, deal.dealer, d.index, label);
    if (holders_draw(w, 2) == 0) label[0] ^= 1; /* or its proof is none */
    cr_assert_eq(assay_dealing_open_public(&a->secret, deal.dealt, label, wide, d.shown, &d.proof),
                 ASSAY_OK);
    assay_ca_dispute_statement(w->ca.chain_id, &d, digest);
    assay_sodium_link_sign(&n->seed, digest, d.signature);
    cr_assert_eq(assay_ca_dispute_encode(&d, bytes, sizeof bytes, &out), ASSAY_OK);
    (void)queue(w, (uint32_t)(n - w->node), ASSAY_CEREMONY_DISPUTE, out);
}

static void apply_deal(struct world *w, const struct holders_record *r, struct assay_slice bytes)
{
    struct assay_ca_deal_record deal;
    cr_assert_eq(assay_ca_deal_decode(bytes, &deal), ASSAY_OK);
    cr_assert_eq(assay_ca_deal_check(w->ca.chain_id, &deal), ASSAY_OK);
    const enum assay_ca_result result =
        assay_ca_apply_deal(&w->ca, r->slot, w->node[r->slot].node_id, &deal, bytes, NULL);
    if (result != ASSAY_CA_APPLIED) return;
    cr_assert_lt(w->dealings, WORLD_DEALINGS);
    assay_sha256(bytes.bytes, bytes.len, w->dealing[w->dealings].digest);
    w->dealing[w->dealings].len = bytes.len;
    assay_bytes_copy(w->dealing[w->dealings++].bytes, ASSAY_CEREMONY_ITEM_MAX, bytes.bytes,
                     bytes.len);
}

#define APPLY(kind)                                                                                \
    do {                                                                                           \
        struct assay_ca_##kind##_record record;                                                    \
        cr_assert_eq(assay_ca_##kind##_decode(bytes, &record), ASSAY_OK);                          \
        cr_assert_eq(assay_ca_##kind##_check(w->ca.chain_id, &record), ASSAY_OK);                  \
        (void)assay_ca_apply_##kind(&w->ca, r->slot, node_id, &record, NULL);                      \
    } while (0)

static void apply_record(struct world *w, const struct holders_record *r)
{
    const struct assay_slice bytes = assay_slice_over(r->bytes, r->len);
    const uint8_t *node_id = w->node[r->slot].node_id;
    switch (r->kind) {
    case ASSAY_CEREMONY_OFFER: APPLY(offer); break;
    case ASSAY_CEREMONY_DEAL: apply_deal(w, r, bytes); break;
    case ASSAY_CEREMONY_DISPUTE: APPLY(dispute); break;
    case ASSAY_CEREMONY_HAVE: APPLY(have); break;
    case ASSAY_CEREMONY_TABLE: APPLY(table); break;
    }
}

static void apply_records(struct world *w)
{
    static struct holders_record kept[WORLD_RECORDS_MAX];
    uint32_t waiting = 0;
    for (uint32_t i = w->records; i > 1; i--) { /* a drawn order */
        const uint32_t other = holders_draw(w, i);
        const struct holders_record swapped = w->record[i - 1];
        w->record[i - 1] = w->record[other];
        w->record[other] = swapped;
    }
    for (uint32_t i = 0; i < w->records; i++)
        if (w->record[i].late > 0) kept[waiting++] = w->record[i];
        else apply_record(w, &w->record[i]);
    for (uint32_t i = 0; i < waiting; i++)
        w->record[i] = kept[i];
    w->records = waiting;
}

/* --- steps */

/* Returns: whether the process crashes here. */
static bool is_crash(struct world *w)
{
    return w->crash_of > 0 && holders_draw(w, w->crash_of) == 0;
}

/* Executes one action; a crash before, within or after it. Returns: false: nothing is left to do */
static bool act(struct holders_node *n)
{
    struct world *w = n->world;
    struct assay_ceremony_effect e;
    const enum assay_status status = assay_ceremony_holder_step(&n->holder, &w->ca, &e);
    cr_assert(status == ASSAY_OK || (status == ASSAY_E_STALE && n->was_restored), "%d",
              (int)status);
    if (e.action == ASSAY_CEREMONY_NOTHING) return false;
    if (is_crash(w)) {
        holders_restart(w, (uint32_t)(n - w->node));
        return true;
    }
    switch (e.action) {
    case ASSAY_CEREMONY_NOTHING: break;
    case ASSAY_CEREMONY_STORE:
        store_item(&n->disk, &e);
        if (is_crash(w)) {
            holders_restart(w, (uint32_t)(n - w->node));
            return true;
        }
        assay_ceremony_holder_on_stored(&n->holder);
        break;
    case ASSAY_CEREMONY_SUBMIT: {
        const struct holders_item *item = find_item(&n->disk, &e.item);
        cr_assert_not_null(item, "a record is stored before it is handed in");
        submit(n, &item->item, assay_slice_over(item->bytes, item->len), true);
        break;
    }
    case ASSAY_CEREMONY_SUBMIT_BYTES: submit(n, &e.item, e.bytes, false); break;
    case ASSAY_CEREMONY_ERASE:
    case ASSAY_CEREMONY_ERASE_SHARES:
        erase_items(&n->disk, &e);
        assay_ceremony_holder_on_erased(&n->holder, &e);
        break;
    }
    assay_secret_wipe(&e, sizeof e);
    return true;
}

static void check_convictions(const struct world *w)
{
    for (uint32_t i = 0; i < w->nodes; i++)
        cr_assert(w->node[i].hostility != 0 || !assay_ca_is_convicted(&w->ca, w->node[i].node_id),
                  "node %u is honest", i);
}

/* The key of a CA number never changes; shares are what the ledger has; hostile nodes have fewer
 * than t of them. */
static void check_shares(struct world *w)
{
    struct assay_secret32 share[ASSAY_FROST_INDICES_MAX + 1];
    uint32_t hostile = 0;
    if (w->ca.ca_number == 0) return;
    if (w->ca_number == w->ca.ca_number) cr_assert_arr_eq(w->key, w->ca.key, 32);
    w->ca_number = w->ca.ca_number;
    assay_bytes_copy(w->key, 32, w->ca.key, 32);
    for (uint32_t i = 0; i < w->ca.force.holders; i++) {
        const struct assay_ca_holder *row = &w->ca.force.holder[i];
        const struct holders_node *n = &w->node[row->slot];
        if (n->hostility != 0) hostile += row->indices;
        if (assay_ceremony_holder_shares(&n->holder, &w->ca, w->ca.ca_number, share) != ASSAY_OK) {
            cr_assert(n->hostility != 0 || n->was_restored || n->is_down || !row->has,
                      "a holder that said HAVE can sign");
            continue;
        }
        for (uint32_t j = row->first; j < row->first + row->indices; j++) {
            uint8_t point[32];
            cr_assert_eq(assay_sodium_edwards_base(&share[j], point), ASSAY_OK);
            cr_assert_arr_eq(point, w->ca.force.public_share[j - 1], 32);
        }
    }
    cr_assert_lt(hostile, w->ca.force.threshold);
}

void holders_epoch(struct world *w, bool is_certified)
{
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < w->nodes; i++) {
            struct holders_node *n = &w->node[i];
            for (uint32_t steps = 0; !n->is_down && act(n); steps++)
                cr_assert_lt(steps, 2000, "node %u does not come to rest", i);
            if (round == 0 && (n->hostility & WORLD_DISPUTES_FALSELY)) dispute_falsely(n);
        }
        apply_records(w);
    }
    for (uint32_t i = 0; i < w->records; i++)
        w->record[i].late--;
    assay_ca_close_epoch(&w->ca, w->ca.epoch + 1, is_certified, w->member, w->nodes,
                         (uint64_t)w->nodes * WEIGHT, NULL);
    assay_ca_check(&w->ca);
    for (uint32_t i = 0; i < w->nodes; i++)
        if (!w->node[i].is_down)
            assay_ceremony_holder_on_close(&w->node[i].holder, &w->ca, is_certified, w->is_fenced);
    check_convictions(w);
    check_shares(w);
}

uint32_t holders_until(struct world *w, uint64_t generation)
{
    uint32_t epochs = 0;
    while (w->ca.force.generation < generation) {
        cr_assert_lt(epochs, 200, "generation %llu does not come, phase %d",
                     (unsigned long long)generation, (int)w->ca.ceremony.phase);
        holders_epoch(w, true);
        epochs++;
    }
    return epochs;
}

void holders_must_sign(struct world *w)
{
    static const uint8_t message[] = "certificate";
    struct assay_secret32 share[ASSAY_FROST_INDICES_MAX + 1];
    struct assay_frost_nonces nonces[ASSAY_FROST_SIGNERS_MAX];
    struct assay_frost_commitment commitment[ASSAY_FROST_SIGNERS_MAX];
    static struct assay_frost_session session;
    uint8_t answer[ASSAY_FROST_SIGNERS_MAX * 32], signature[64], random[64];
    const struct assay_slice text = assay_slice_over(message, sizeof message);
    uint32_t count = 0;
    for (uint32_t j = 1; j <= w->ca.force.count && count < w->ca.force.threshold; j++) {
        const struct assay_ca_holder *row =
            &w->ca.force.holder[assay_ca_holder_of_index(&w->ca.force, j)];
        const struct holders_node *n = &w->node[row->slot];
        if (!row->has || row->lost || n->is_down ||
            assay_ceremony_holder_shares(&n->holder, &w->ca, w->ca.ca_number, share) != ASSAY_OK)
            continue;
        group_draw(random, sizeof random);
        cr_assert_eq(assay_frost_commit(j, &share[j], random, &nonces[count], &commitment[count]),
                     ASSAY_OK);
        count++;
    }
    cr_assert_eq(count, w->ca.force.threshold, "enough holders can sign");
    cr_assert_eq(assay_frost_begin(w->ca.key, text, commitment, count, &session), ASSAY_OK);
    for (uint32_t i = 0; i < count; i++)
        cr_assert_eq(group_answer(&session, commitment[i].index, &share[commitment[i].index],
                                  &nonces[i], answer + (size_t)i * 32),
                     ASSAY_OK);
    cr_assert_eq(assay_frost_combine(&session, text, answer, signature), ASSAY_OK);
    cr_assert(assay_sodium_edwards_verify(w->ca.key, text, signature));
}
