/*
 * services/continuity/replica_view.c - view changes of a replica (docs/services.md 1.9).
 *
 * Members of the base view stop, sign their last table (FIN) and send it in pages. Members of the
 * next view compute the maximum of q of them and vouch for it; q vouches make a TABLE record. Which
 * q tables depends on arrival, so each member offers one choice, and signs every choice that it can
 * compute as well: each includes everything certified, and the ledger accepts the first.
 */
#include "services/continuity/records.h"
#include "services/continuity/replica_internal.h"

static void send_to(struct assay_cont_send *send, enum assay_cont_to to)
{
    send->to = to;
}

static void send_to_key(struct assay_cont_send *send,
                        const uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    send->to = ASSAY_CONT_TO_KEY;
    assay_bytes_copy(send->key, sizeof send->key, key, ASSAY_P256_PUBLIC_LEN);
}

static uint32_t count_bits(uint8_t mask)
{
    uint32_t count = 0;
    for (; mask != 0; mask = (uint8_t)(mask & (mask - 1)))
        count++;
    return count;
}

static bool is_next(const struct assay_cont_replica *r)
{
    return r->pending && assay_cont_find_seat(&r->next, r->key) < r->next.count;
}

/* --- leaving */

static void send_fin(struct assay_cont_replica *r, struct assay_cont_effects *effects)
{
    ASSAY_ASSERT(r->mode == MODE_FINAL && r->view == r->base.view);
    struct assay_cont_frame fin = { .kind = ASSAY_CONT_FIN, .view = r->next.view, .base = r->view };
    fin.entries = r->table.count;
    assay_bytes_copy(fin.root, 32, r->final_root, 32);
    struct assay_cont_send *send = assay_cont_replica_add_send(r, &fin, effects);
    send_to(send, ASSAY_CONT_TO_GROUP);
    send->sign = true;
    assay_cont_fin_statement(&r->home, r->view, r->final_root, r->table.count, &r->next,
                             send->statement);
}

/* It stops before it signs: a later acknowledgement would be in no table. For a view decided again
 * on the same base it signs again. */
static void leave_view(struct assay_cont_replica *r, struct assay_cont_effects *effects)
{
    ASSAY_ASSERT(r->pending);
    if (r->mode == MODE_ACTIVE && r->view == r->base.view) {
        r->mode = MODE_FINAL;
        assay_cont_table_root(&r->table, r->final_root);
    } else if (r->mode == MODE_ACTIVE && r->view < r->base.view) {
        r->mode = MODE_OUT;
    }
    if (r->mode == MODE_FINAL && r->view == r->base.view) send_fin(r, effects);
}

/* --- records of views, which a RECOVER may undo (docs/services.md 1.9.5) */

/* The record of the newest view is appended; without room the oldest is dropped. */
static struct handover *handover_of(struct assay_cont_replica *r, uint64_t view)
{
    ASSAY_ASSERT(r->handover_count <= ASSAY_CONT_HANDOVERS_MAX);
    for (uint32_t i = 0; i < r->handover_count; i++)
        if (r->handover[i].view == view) return &r->handover[i];
    if (r->handover_count == ASSAY_CONT_HANDOVERS_MAX) {
        for (uint32_t i = 1; i < r->handover_count; i++)
            r->handover[i - 1] = r->handover[i];
        r->handover_count--;
    }
    ASSAY_ASSERT(r->handover_count < ASSAY_CONT_HANDOVERS_MAX);
    struct handover *fresh = &r->handover[r->handover_count++];
    *fresh = (struct handover){ .view = view };
    return fresh;
}

/* From the facts of that view, as far as they are known. */
static void store_contacts(const struct assay_cont_replica *r, struct handover *kept)
{
    const struct assay_cont_contact *known = NULL;
    if (kept->view == r->started.view) known = r->started_contact;
    else if (r->decided > 0 && kept->view == r->next.view) known = r->next_contact;
    for (uint32_t i = 0; i < ASSAY_CONT_SEATS_MAX && known != NULL; i++)
        if (known[i].address_len > 0) kept->contact[i] = known[i];
}

static const struct handover *handover_to(const struct assay_cont_replica *r, uint64_t view)
{
    for (uint32_t i = 0; i < r->handover_count; i++)
        if (r->handover[i].view == view && r->handover[i].len > 0) return &r->handover[i];
    return NULL;
}

/* docs/services.md 1.9.8: of started views only, from the last backwards. The record of a view that
 * was decided again may be complete as well, but its members never serve. */
enum assay_status assay_cont_replica_handover(const struct assay_cont_replica *r, uint64_t base,
                                              uint8_t *bytes, size_t capacity,
                                              struct assay_slice *out)
{
    ASSAY_ASSERT(r->started.count <= ASSAY_CONT_SEATS_MAX);
    const struct handover *h = handover_to(r, r->started.view);
    while (h != NULL && h->base > base)
        h = handover_to(r, h->base);
    if (h == NULL || h->base != base) return ASSAY_E_NOT_FOUND;
    return assay_cont_handover_encode(assay_slice_over(h->bytes, h->len), h->contact,
                                      r->started.count, bytes, capacity, out);
}

enum assay_status assay_cont_replica_table(struct assay_cont_replica *r, struct assay_slice payload)
{
    struct assay_cont_table_record record;
    if (payload.len > ASSAY_CONT_TABLE_LEN_MAX) return ASSAY_E_FULL;
    ASSAY_TRY(assay_cont_table_record_decode(payload, &record));
    if (record.group != r->home.group || record.roster.view < r->started.view) return ASSAY_E_STALE;
    if (!assay_cont_table_record_check(&r->home, &record)) return ASSAY_E_SIGNATURE;
    struct handover *kept = handover_of(r, record.roster.view);
    kept->base = record.base;
    kept->len = payload.len;
    assay_bytes_copy(kept->bytes, sizeof kept->bytes, payload.bytes, payload.len);
    store_contacts(r, kept);
    return ASSAY_OK;
}

void assay_cont_replica_on_decided(struct assay_cont_replica *r, const struct assay_cont_fact *fact,
                                   struct assay_cont_effects *effects)
{
    if (r->born && fact->roster.view <= r->decided) return;
    if (fact->roster.view <= r->started.view || fact->base_roster.view < r->started.view) return;
    const bool is_repeated = r->decided > 0 && fact->base_roster.view == r->base.view;
    r->born = true;
    r->decided = fact->roster.view;
    r->pending = true;
    r->next = fact->roster;
    for (uint32_t i = 0; i < ASSAY_CONT_SEATS_MAX; i++)
        r->next_contact[i] = fact->contact[i];
    r->base = fact->base_roster;
    r->barred = fact->barred;
    r->offered = false;
    for (uint32_t i = 0; i < ASSAY_CONT_SEATS_MAX; i++) {
        r->offer[i] = (struct offer){ 0 };
        r->fin[i].known = false;
        r->fin[i].whole = r->fin[i].whole && is_repeated; /* a last table does not change */
    }
    ASSAY_ASSERT(r->next.view == r->decided);
    leave_view(r, effects);
}

/* --- gathering */

static void request_page(struct assay_cont_replica *r, const uint8_t root[static 32], uint32_t held,
                         const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                         struct assay_cont_effects *effects)
{
    ASSAY_ASSERT(held % ASSAY_CONT_PAGE_ENTRIES == 0);
    struct assay_cont_frame ask = { .kind = ASSAY_CONT_PAGE_GET, .view = r->decided };
    ask.page = held / ASSAY_CONT_PAGE_ENTRIES;
    assay_bytes_copy(ask.root, 32, root, 32);
    send_to_key(assay_cont_replica_add_send(r, &ask, effects), key);
}

static void request_fin(struct assay_cont_replica *r, uint32_t seat,
                        struct assay_cont_effects *effects)
{
    ASSAY_ASSERT(seat < r->base.count);
    const struct fin *fin = &r->fin[seat];
    if (!fin->known || fin->whole) return;
    request_page(r, fin->root, fin->table.count, r->base.key[seat], effects);
}

/* Computes the maximum of the tables of mask into scratch. Returns: false when one is not here. */
static bool join_tables(struct assay_cont_replica *r, uint8_t mask)
{
    ASSAY_ASSERT(mask >> r->base.count == 0);
    r->scratch.count = 0;
    for (uint32_t i = 0; i < r->base.count; i++) {
        if (!(mask >> i & 1)) continue;
        if (!r->fin[i].whole) return false;
        if (assay_cont_table_raise(&r->scratch, &r->fin[i].table) != ASSAY_OK) return false;
    }
    return true;
}

static void send_vouch(struct assay_cont_replica *r, const struct offer *offer,
                       struct assay_cont_effects *effects)
{
    ASSAY_ASSERT(offer->mask != 0 && offer->mine);
    struct assay_cont_frame vouch = { .kind = ASSAY_CONT_VOUCH, .view = r->next.view };
    vouch.base = r->base.view;
    vouch.mask = offer->mask;
    vouch.entries = offer->entries;
    assay_bytes_copy(vouch.root, 32, offer->root, 32);
    struct assay_cont_send *send = assay_cont_replica_add_send(r, &vouch, effects);
    send_to(send, ASSAY_CONT_TO_GROUP);
    send->sign = true;
    assay_cont_table_statement(&r->home, r->next.view, offer->root, offer->entries,
                               send->statement);
}

static void submit_record(struct assay_slice payload, struct assay_cont_effects *effects)
{
    ASSAY_ASSERT(payload.len > 0);
    ASSAY_ASSERT(effects->count < ASSAY_CONT_SENDS_MAX);
    ASSAY_ASSERT(sizeof effects->bytes - effects->used >= payload.len);
    effects->send[effects->count++] = (struct assay_cont_send){ .to = ASSAY_CONT_TO_LEDGER,
                                                                .at = effects->used,
                                                                .len = payload.len };
    assay_bytes_copy(effects->bytes + effects->used, payload.len, payload.bytes, payload.len);
    effects->used += payload.len;
}

/* The last tables of a quorum of the base. Returns: false while fewer are known. */
static bool encode_last_tables(const struct assay_cont_replica *r,
                               struct assay_cont_table_record *record)
{
    ASSAY_ASSERT(record->last_count == 0);
    const uint32_t need = assay_cont_quorum(r->base.count);
    for (uint32_t i = 0; i < r->base.count && record->last_count < need; i++) {
        const struct fin *fin = &r->fin[i];
        if (!fin->known || (r->barred >> i & 1)) continue;
        struct assay_cont_last_table *last = &record->last[record->last_count++];
        last->entries = fin->entries;
        assay_bytes_copy(last->key, sizeof last->key, r->base.key[i], sizeof last->key);
        assay_bytes_copy(last->root, 32, fin->root, 32);
        assay_bytes_copy(last->signature, sizeof last->signature, fin->signature,
                         sizeof fin->signature);
    }
    return record->last_count == need;
}

/* Waits for last tables of a quorum. */
static void submit_table(struct assay_cont_replica *r, const struct offer *offer,
                         struct assay_cont_effects *effects)
{
    struct assay_cont_table_record record = {
        .group = r->home.group, .base = r->base.view, .roster = r->next, .entries = offer->entries
    };
    assay_bytes_copy(record.root, 32, offer->root, 32);
    for (uint32_t i = 0; i < r->next.count; i++) {
        if (!(offer->by >> i & 1) || record.count == assay_cont_quorum(r->next.count)) continue;
        assay_bytes_copy(record.key[record.count], ASSAY_P256_PUBLIC_LEN, r->next.key[i],
                         ASSAY_P256_PUBLIC_LEN);
        assay_bytes_copy(record.signature[record.count], ASSAY_P256_SIGNATURE_LEN,
                         offer->signature[i], ASSAY_P256_SIGNATURE_LEN);
        record.count++;
    }
    ASSAY_ASSERT(record.count == assay_cont_quorum(r->next.count));
    if (!encode_last_tables(r, &record)) return;
    struct handover *kept = handover_of(r, r->next.view);
    struct assay_slice out;
    const enum assay_status status =
        assay_cont_table_record_encode(&record, kept->bytes, sizeof kept->bytes, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    kept->base = record.base;
    kept->len = out.len;
    store_contacts(r, kept);
    submit_record(out, effects);
}

bool assay_cont_replica_is_undone(const struct assay_cont_replica *r)
{
    return r->started.view > r->ledger_view && r->handover_count > 0 &&
           r->handover[r->handover_count - 1].view > r->ledger_view;
}

/* docs/services.md 1.9.5: in order, since each continues the previous one. */
static void submit_undone(const struct assay_cont_replica *r, struct assay_cont_effects *effects)
{
    for (uint32_t i = 0; i < r->handover_count; i++) {
        const struct handover *h = &r->handover[i];
        ASSAY_ASSERT(h->len <= sizeof h->bytes);
        if (h->view > r->ledger_view && h->view <= r->started.view)
            submit_record(assay_slice_over(h->bytes, h->len), effects);
    }
}

static struct offer *offer_of(struct assay_cont_replica *r, uint8_t mask)
{
    ASSAY_ASSERT(mask != 0);
    for (uint32_t i = 0; i < ASSAY_CONT_SEATS_MAX; i++)
        if (r->offer[i].mask == mask || r->offer[i].mask == 0) return &r->offer[i];
    return NULL;
}

/* Signs every offer that can be computed here; a different root is invalid. */
static void vouch_for_offers(struct assay_cont_replica *r, struct assay_cont_effects *effects)
{
    for (uint32_t i = 0; i < ASSAY_CONT_SEATS_MAX; i++) {
        struct offer *offer = &r->offer[i];
        uint8_t root[32];
        if (offer->mask == 0 || offer->mine || !join_tables(r, offer->mask)) continue;
        assay_cont_table_root(&r->scratch, root);
        if (r->scratch.count != offer->entries || !assay_bytes_equal(root, offer->root, 32))
            continue;
        offer->mine = true;
        send_vouch(r, offer, effects);
    }
}

/* The first q complete last tables make this member's own offer. */
static void make_offer(struct assay_cont_replica *r)
{
    const uint32_t need = assay_cont_quorum(r->base.count);
    uint8_t mask = 0;
    if (r->offered) return;
    for (uint32_t i = 0; i < r->base.count && count_bits(mask) < need; i++)
        if (r->fin[i].known && r->fin[i].whole) mask |= (uint8_t)(1u << i);
    if (count_bits(mask) < need) return;
    ASSAY_ASSERT(count_bits(mask) == need);
    struct offer *offer = offer_of(r, mask);
    if (offer == NULL || !join_tables(r, mask)) return;
    r->offered = true;
    if (offer->mask == mask) return; /* the same offer exists: vouched for below */
    offer->mask = mask;
    offer->entries = r->scratch.count;
    assay_cont_table_root(&r->scratch, offer->root);
}

static void on_tables_complete(struct assay_cont_replica *r, struct assay_cont_effects *effects)
{
    make_offer(r);
    vouch_for_offers(r, effects);
}

static enum assay_status on_fin(struct assay_cont_replica *r, const struct assay_cont_from *from,
                                const struct assay_cont_frame *f,
                                struct assay_cont_effects *effects)
{
    if (!is_next(r) || f->view != r->next.view || f->base != r->base.view) return ASSAY_E_STALE;
    const uint32_t seat = assay_cont_find_seat(&r->base, from->key);
    if (seat == r->base.count) return ASSAY_E_STRANGER;
    if (r->barred >> seat & 1) return ASSAY_E_STRANGER; /* a suspended member's memory does not
                                                         * count */
    struct fin *fin = &r->fin[seat];
    if ((fin->known || fin->whole) && !assay_bytes_equal(fin->root, f->root, 32))
        return ASSAY_E_INVALID;
    if (fin->known) return ASSAY_OK;
    uint8_t digest[32];
    assay_cont_fin_statement(&r->home, f->base, f->root, f->entries, &r->next, digest);
    if (!assay_cont_verify_signature(from->key, digest, f->signature)) return ASSAY_E_SIGNATURE;
    ASSAY_ASSERT((r->barred >> seat & 1) == 0);
    fin->known = true;
    assay_bytes_copy(fin->signature, sizeof fin->signature, f->signature, sizeof f->signature);
    if (fin->whole) {
        on_tables_complete(r, effects);
        return ASSAY_OK;
    }
    fin->entries = f->entries;
    fin->table.count = 0;
    assay_bytes_copy(fin->root, 32, f->root, 32);
    if (fin->entries > fin->table.capacity) return ASSAY_OK; /* of another ledger: never complete */
    if (fin->entries > 0) {
        request_fin(r, seat, effects);
        return ASSAY_OK;
    }
    uint8_t root[32];
    assay_cont_table_root(&fin->table, root);
    fin->whole = assay_bytes_equal(root, fin->root, 32);
    on_tables_complete(r, effects);
    return ASSAY_OK;
}

static enum assay_status on_vouch(struct assay_cont_replica *r, const struct assay_cont_from *from,
                                  const struct assay_cont_frame *f,
                                  struct assay_cont_effects *effects)
{
    if (!is_next(r) || f->view != r->next.view || f->base != r->base.view) return ASSAY_E_STALE;
    const uint32_t seat = assay_cont_find_seat(&r->next, from->key);
    if (seat == r->next.count) return ASSAY_E_STRANGER;
    if (f->mask >> r->base.count != 0 || (f->mask & r->barred) != 0 ||
        count_bits(f->mask) != assay_cont_quorum(r->base.count))
        return ASSAY_E_INVALID;
    struct offer *offer = offer_of(r, f->mask);
    if (offer == NULL) return ASSAY_E_FULL;
    if (offer->mask == f->mask &&
        (offer->entries != f->entries || !assay_bytes_equal(offer->root, f->root, 32)))
        return ASSAY_E_INVALID;
    uint8_t digest[32];
    assay_cont_table_statement(&r->home, f->view, f->root, f->entries, digest);
    if (!assay_cont_verify_signature(from->key, digest, f->signature)) return ASSAY_E_SIGNATURE;
    offer->mask = f->mask;
    offer->entries = f->entries;
    assay_bytes_copy(offer->root, 32, f->root, 32);
    ASSAY_ASSERT((offer->by >> r->next.count) == 0);
    const uint32_t before = count_bits(offer->by);
    offer->by |= (uint8_t)(1u << seat);
    assay_bytes_copy(offer->signature[seat], ASSAY_P256_SIGNATURE_LEN, f->signature,
                     ASSAY_P256_SIGNATURE_LEN);
    vouch_for_offers(r, effects);
    const uint32_t need = assay_cont_quorum(r->next.count);
    if (before < need && count_bits(offer->by) == need) submit_table(r, offer, effects);
    return ASSAY_OK;
}

/* --- pages */

static const struct assay_cont_table *table_of(const struct assay_cont_replica *r,
                                               const uint8_t root[static 32])
{
    if (r->mode == MODE_FINAL && assay_bytes_equal(r->final_root, root, 32)) return &r->table;
    if (r->entered_whole && assay_bytes_equal(r->started_root, root, 32)) return &r->entered;
    return NULL;
}

static enum assay_status on_page_get(struct assay_cont_replica *r, const struct assay_cont_frame *f,
                                     struct assay_cont_effects *effects)
{
    const struct assay_cont_table *table = table_of(r, f->root);
    const uint32_t first = f->page * ASSAY_CONT_PAGE_ENTRIES;
    if (table == NULL || first >= table->count) return ASSAY_E_NOT_FOUND;
    uint8_t bytes[ASSAY_CONT_PAGE_ENTRIES * ASSAY_CONT_ENTRY_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_cont_frame page = { .kind = ASSAY_CONT_PAGE, .view = f->view, .page = f->page };
    assay_bytes_copy(page.root, 32, f->root, 32);
    for (uint32_t i = first; i < table->count && page.count < ASSAY_CONT_PAGE_ENTRIES; i++) {
        assay_cont_entry_encode(&w, &table->entry[i]);
        page.count++;
    }
    ASSAY_ASSERT(!w.full);
    page.list = assay_slice_over(bytes, w.len);
    send_to(assay_cont_replica_add_send(r, &page, effects), ASSAY_CONT_TO_SENDER);
    return ASSAY_OK;
}

/* Appends the next page. Returns: true when the table is complete. */
static bool append_page(struct assay_cont_table *table, const struct assay_cont_frame *f,
                        uint32_t entries, const uint8_t root[static 32])
{
    ASSAY_ASSERT(f->kind == ASSAY_CONT_PAGE && table->count <= table->capacity);
    if (table->count == entries || f->page * ASSAY_CONT_PAGE_ENTRIES != table->count) return false;
    for (uint32_t i = 0; i < f->count && table->count < entries; i++) {
        const struct assay_cont_entry entry = assay_cont_frame_entry(f, i);
        if (assay_cont_table_append(table, &entry) != ASSAY_OK) {
            table->count = 0; /* invalid order: requested again from the start */
            return false;
        }
    }
    if (table->count < entries) {
        if (table->count % ASSAY_CONT_PAGE_ENTRIES != 0) table->count = 0;
        return false;
    }
    uint8_t made[32];
    assay_cont_table_root(table, made);
    if (assay_bytes_equal(made, root, 32)) return true;
    table->count = 0;
    return false;
}

/* --- entering */

/* docs/services.md 1.9: once for each view, with the table that the ledger names. */
static void enter_view(struct assay_cont_replica *r, struct assay_cont_effects *effects)
{
    ASSAY_ASSERT(r->entering && r->entered.count == r->started_entries);
    ASSAY_ASSERT(r->mode != MODE_ACTIVE || r->view < r->started.view);
    r->entered_whole = true;
    r->entering = false;
    r->mode = MODE_ACTIVE;
    r->view = r->started.view;
    assay_cont_replica_receipts_drop(r);
    assay_cont_table_copy(&r->table, &r->entered);
    for (uint32_t i = 0; i < r->table.count; i++)
        assay_cont_replica_set_era(r, r->table.entry[i].promised);
    if (r->pending) leave_view(r, effects); /* its end was decided while the table was in transit */
}

static void request_entered(struct assay_cont_replica *r, struct assay_cont_effects *effects)
{
    ASSAY_ASSERT(r->started.count > 0 && !r->entered_whole);
    for (uint32_t i = 0; i < r->started.count; i++) {
        r->ask = (r->ask + 1) % r->started.count;
        const uint8_t *key = r->started.key[r->ask];
        if (assay_bytes_equal(key, r->key, ASSAY_P256_PUBLIC_LEN)) continue;
        request_page(r, r->started_root, r->entered.count, key, effects);
        return;
    }
}

/* From last tables of the base, when a quorum that makes this table is here. */
static bool enter_from_base(struct assay_cont_replica *r)
{
    ASSAY_ASSERT(r->base.count <= ASSAY_CONT_SEATS_MAX);
    const uint32_t need = assay_cont_quorum(r->base.count);
    uint8_t root[32];
    for (uint32_t mask = 1; mask < UINT32_C(1) << r->base.count; mask++) {
        if (count_bits((uint8_t)mask) != need || !join_tables(r, (uint8_t)mask)) continue;
        assay_cont_table_root(&r->scratch, root);
        if (r->scratch.count != r->started_entries || !assay_bytes_equal(root, r->started_root, 32))
            continue;
        assay_cont_table_copy(&r->entered, &r->scratch);
        return true;
    }
    return false;
}

void assay_cont_replica_on_started(struct assay_cont_replica *r, const struct assay_cont_fact *fact,
                                   struct assay_cont_effects *effects)
{
    if (fact->roster.view <= r->started.view || fact->entries > r->entered.capacity) return;
    r->born = true;
    r->started = fact->roster;
    for (uint32_t i = 0; i < ASSAY_CONT_SEATS_MAX; i++)
        r->started_contact[i] = fact->contact[i];
    for (uint32_t i = 0; i < r->handover_count; i++)
        if (r->handover[i].view == r->started.view) store_contacts(r, &r->handover[i]);
    r->started_entries = fact->entries;
    assay_bytes_copy(r->started_root, 32, fact->root, 32);
    r->entered.count = 0;
    ASSAY_ASSERT(r->started_entries <= r->entered.capacity);
    r->entered_whole = r->entering = false;
    if (r->mode == MODE_ACTIVE) r->mode = MODE_OUT; /* its view has ended */
    /* A view decided on an earlier base, which this one has followed, never starts. */
    if (r->base.view < fact->roster.view) r->pending = false;
    if (assay_cont_find_seat(&r->started, r->key) < r->started.count) {
        r->entering = true;
        uint8_t root[32];
        assay_cont_table_root(&r->entered, root);
        const bool empty = fact->entries == 0 && assay_bytes_equal(root, fact->root, 32);
        const bool here = empty || enter_from_base(r);
        if (r->decided <= fact->roster.view) r->pending = false; /* before leave_view reads it */
        if (here) enter_view(r, effects);
        else request_entered(r, effects);
    }
    if (r->decided <= fact->roster.view) {
        r->decided = fact->roster.view;
        r->pending = false;
    }
}

static enum assay_status on_page(struct assay_cont_replica *r, const struct assay_cont_from *from,
                                 const struct assay_cont_frame *f,
                                 struct assay_cont_effects *effects)
{
    if (r->entering && assay_bytes_equal(f->root, r->started_root, 32)) {
        if (append_page(&r->entered, f, r->started_entries, r->started_root))
            enter_view(r, effects);
        else if (r->entered.count > 0)
            request_page(r, r->started_root, r->entered.count, from->key, effects);
        return ASSAY_OK;
    }
    const uint32_t seat = assay_cont_find_seat(&r->base, from->key);
    if (!is_next(r) || seat == r->base.count) return ASSAY_E_STALE;
    struct fin *fin = &r->fin[seat];
    if (!fin->known || fin->whole || !assay_bytes_equal(f->root, fin->root, 32))
        return ASSAY_E_STALE;
    fin->whole = append_page(&fin->table, f, fin->entries, fin->root);
    if (fin->whole) on_tables_complete(r, effects);
    else if (fin->table.count > 0) request_fin(r, seat, effects);
    return ASSAY_OK;
}

enum assay_status assay_cont_replica_on_peer_frame(struct assay_cont_replica *r,
                                                   const struct assay_cont_from *from,
                                                   const struct assay_cont_frame *f,
                                                   struct assay_cont_effects *effects)
{
    if (f->kind == ASSAY_CONT_FIN) return on_fin(r, from, f, effects);
    if (f->kind == ASSAY_CONT_PAGE_GET) return on_page_get(r, f, effects);
    if (f->kind == ASSAY_CONT_PAGE) return on_page(r, from, f, effects);
    if (f->kind == ASSAY_CONT_VOUCH) return on_vouch(r, from, f, effects);
    return ASSAY_E_LANE;
}

void assay_cont_replica_resend(struct assay_cont_replica *r, struct assay_cont_effects *effects)
{
    if (r->entering) request_entered(r, effects);
    if (assay_cont_replica_is_undone(r)) submit_undone(r, effects);
    if (!r->pending) return;
    if (r->mode == MODE_FINAL && r->view == r->base.view) send_fin(r, effects);
    if (!is_next(r)) return;
    for (uint32_t i = 0; i < r->base.count; i++)
        request_fin(r, i, effects);
    for (uint32_t i = 0; i < ASSAY_CONT_SEATS_MAX; i++) {
        const struct offer *offer = &r->offer[i];
        if (offer->mask != 0 && offer->mine) send_vouch(r, offer, effects);
        if (count_bits(offer->by) >= assay_cont_quorum(r->next.count))
            submit_table(r, offer, effects);
    }
}
