/*
 * tests/support/services/shares_world_owners.c - owners in a schedule of shares: they put ids, hand
 * them over and change them; and a host that replays their signed orders.
 */
#include "tests/support/services/shares_world_internal.h"

/* Final at once, and kept by a host that may hand it in again. */
static void owner_signs(struct world *w, enum shares_record_kind kind, struct assay_slice payload)
{
    uint8_t bytes[640];
    assay_bytes_copy(bytes, sizeof bytes, payload.bytes, payload.len);
    const struct shares_record record = { .kind = kind, .len = payload.len, .bytes = bytes };
    shares_make_final(w, &record);
    if (w->signed_count == SIGNED) return;
    w->signed_[w->signed_count] = record;
    w->signed_[w->signed_count++].bytes = shares_copy_of(bytes, payload.len);
}

void shares_owner_make(struct world *w, uint32_t number)
{
    struct owner *o = &w->owner[number];
    uint8_t wide[K * ASSAY_SODIUM_WIDE_LEN], bytes[640];
    struct assay_share_put_record record = { .k = K, .owner = { OWNER } };
    struct assay_slice out;
    shares_draw_bytes(w, wide, sizeof wide);
    ASSAY_ASSERT(assay_share_deal(K, wide, &o->polynomial, &o->commitments) == ASSAY_OK);
    record.cluster = number % w->plan->clusters;
    record.name[0] = (uint8_t)number;
    assay_share_commitments_digest(&o->commitments, record.digest);
    assay_share_id(record.owner, record.name, o->id);
    record.birth = (struct assay_share_birth){ .era = w->head->era, .epoch = w->head->epoch };
    ASSAY_ASSERT(assay_share_put_record_encode(&record, bytes, sizeof bytes, &out) == ASSAY_OK);
    o->deleted = false;
    o->version = o->lists = 0;
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        o->with[slot] = (struct assay_share_exchange){ 0 };
    owner_signs(w, SHARES_PUT, out);
}

/* Deletes an id, names other readers of it, or puts one again that it deleted. */
void shares_owner_changes(struct world *w, uint32_t number)
{
    struct owner *o = &w->owner[number];
    const struct assay_share_row *row = assay_share_registry_find(w->head, o->id);
    struct assay_share_birth birth;
    struct assay_share_delete_record gone = { .order = { .owner = { OWNER } } };
    struct assay_share_readers_record read = { .reader_count = 1 };
    uint8_t bytes[640];
    struct assay_slice out;
    if (row == NULL) {
        if (!o->deleted || !assay_share_registry_may_put(w->head, o->id, &birth)) return;
        shares_owner_make(w, number);
        w->result->again++;
        return;
    }
    gone.order.name[0] = (uint8_t)number;
    gone.order.birth = row->birth;
    gone.order.era = w->head->era;
    gone.order.version = row->version + 1;
    if (shares_draw(w, 3) == 0) {
        ASSAY_ASSERT(assay_share_delete_record_encode(&gone, bytes, sizeof bytes, &out) ==
                     ASSAY_OK);
        owner_signs(w, SHARES_DELETE, out);
    } else if (row->synced && o->lists + 1 < SIGNED) {
        read.order = gone.order;
        read.reader[0].kind = ASSAY_SHARE_READER_ACCOUNT;
        read.reader[0].name[0] = (uint8_t)++o->lists;
        o->list[read.order.version] = (uint8_t)o->lists;
        ASSAY_ASSERT(assay_share_readers_record_encode(&read, bytes, sizeof bytes, &out) ==
                     ASSAY_OK);
        owner_signs(w, SHARES_READERS, out);
        o->version = row->version; /* or the chain is long enough */
        w->result->changed++;
    }
}

/* A replay of a signed order of an owner. */
void shares_replay(struct world *w)
{
    if (w->signed_count == 0) return;
    struct shares_record record = w->signed_[shares_draw(w, w->signed_count)];
    record.member = (uint32_t)shares_draw(w, w->machine_count);
    shares_make_final(w, &record);
}

void shares_owner_hands(struct world *w, uint32_t number, uint32_t slot)
{
    const struct owner *o = &w->owner[number];
    const struct assay_share_row *row = assay_share_registry_find(w->head, o->id);
    if (row == NULL || row->synced || !w->head->cluster[row->origin].seated) return;
    const struct assay_share_seat *seat = &w->head->cluster[row->origin].seat[slot];
    struct machine *m = &w->machine[seat->member];
    const struct assay_share_from from = { .link = 1 + number * SLOTS + slot, .name = { 99 } };
    const struct assay_share_epoch epoch = shares_epoch_of(m);
    if (assay_share_holder_start_handover(m->holder, m->registry, &epoch, &from, o->id, w->now_ms,
                                          &w->effects) == ASSAY_OK ||
        w->effects.count > 0)
        shares_host_does(w, m);
}

void shares_owner_answers(struct world *w, const struct message *in)
{
    struct assay_share_message m;
    const struct assay_share_from back = { .link = in->from.link, .name = { 99 } };
    const uint32_t number = (uint32_t)(in->from.link - 1) / SLOTS;
    const uint32_t slot = (uint32_t)(in->from.link - 1) % SLOTS;
    struct owner *o = &w->owner[number];
    struct assay_share_exchange *x = &o->with[slot];
    struct assay_share_want want = { 0 };
    const struct machine *to = shares_machine_of(w, in->key);
    uint8_t nonce[32], *bytes = w->room;
    if (to == NULL) return;
    ASSAY_ASSERT(assay_share_message_decode(assay_slice_over(in->bytes, in->len), &m) == ASSAY_OK);
    shares_draw_bytes(w, nonce, sizeof nonce);
    enum assay_status status = ASSAY_OK;
    if (m.kind == ASSAY_SHARE_ASK) {
        const uint32_t cluster = number % w->plan->clusters;
        struct assay_share_terms terms = { .era = m.era, .epoch = m.epoch,
                                           .purpose = ASSAY_SHARE_HAND,
                                           .beacon = { (uint8_t)m.epoch }, .taker_proves = true };
        terms.taker = (struct assay_share_side){ .cluster = cluster, .slot = slot };
        terms.giver = (struct assay_share_side){ .cluster = cluster, .slot = slot };
        terms.taker.node[0] = (uint8_t)shares_number_of(w, to);
        terms.giver.node[0] = 99;
        status = assay_share_exchange_answer(x, &terms, &m, nonce, w->now_ms, bytes,
                                             ASSAY_SHARE_MESSAGE_MAX, &want);
    } else {
        status = assay_share_exchange_on_message(x, &m, bytes, ASSAY_SHARE_MESSAGE_MAX, &want);
    }
    if (status == ASSAY_OK && want.action == ASSAY_SHARE_WANT_VERIFY) {
        const struct assay_share_row *row = assay_share_registry_find(w->head, o->id);
        if (row == NULL) return;
        struct assay_share_piece piece = { .generation = 1, .attempt = row->attempt };
        struct assay_secret32 seed;
        uint8_t gift[512] = { 0, 1 };
        if (!assay_bytes_equal(want.bytes.bytes, want.report_data, 64)) return;
        ASSAY_ASSERT(assay_share_exchange_on_verified(x, bytes, ASSAY_SHARE_MESSAGE_MAX, &want) ==
                     ASSAY_OK);
        assay_bytes_copy(piece.id, 32, o->id, 32);
        piece.commitments = o->commitments;
        ASSAY_ASSERT(assay_share_of(&o->polynomial, slot, &piece.share) == ASSAY_OK);
        struct assay_writer out = assay_writer_over(gift + 2, sizeof gift - 2);
        assay_share_piece_encode(&out, &piece);
        shares_draw_bytes(w, seed.bytes, sizeof seed.bytes);
        status = assay_share_exchange_give(x, assay_slice_over(gift, out.len + 2), &seed,
                                           w->room + ASSAY_SHARE_MESSAGE_MAX, bytes,
                                           ASSAY_SHARE_MESSAGE_MAX, &want);
    }
    if (status != ASSAY_OK || want.action != ASSAY_SHARE_WANT_SEND) return;
    struct message *out = shares_message_add(w, want.bytes.bytes, want.bytes.len);
    out->kind = TO_HOLDER;
    out->from = back;
    assay_bytes_copy(out->key, 64, to->key, 64);
}
