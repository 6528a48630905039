/*
 * services/shares/holder.c - holder of one slot: reconciles its stored shares with the ledger
 * (docs/services.md 5.11).
 */
#include "services/shares/holder_internal.h"

/* --- effects */

struct assay_share_effect *assay_share_effect_add(const struct assay_share_call *call,
                                                  enum assay_share_act act)
{
    ASSAY_ASSERT(call->out->count < ASSAY_SHARE_EFFECTS_MAX);
    struct assay_share_effect *effect = &call->out->effect[call->out->count++];
    *effect = (struct assay_share_effect){ .act = act };
    return effect;
}

uint8_t *assay_share_effect_room(const struct assay_share_call *call, size_t need)
{
    ASSAY_ASSERT(call->out->used <= sizeof call->out->bytes);
    ASSAY_ASSERT(sizeof call->out->bytes - call->out->used >= need);
    return call->out->bytes + call->out->used;
}

void assay_share_persist(const struct assay_share_call *call,
                         const struct assay_share_holding *holding)
{
    ASSAY_ASSERT(call->h->seated);
    struct assay_share_effect *effect = assay_share_effect_add(call, ASSAY_SHARE_ACT_PERSIST);
    assay_bytes_copy(effect->id, 32, holding->id, 32);
}

void assay_share_submit(const struct assay_share_call *call, enum assay_share_payload payload,
                        struct assay_slice bytes)
{
    ASSAY_ASSERT(bytes.bytes ==
                 call->out->bytes + call->out->used); /* as assay_share_effect_room */
    struct assay_share_effect *effect = assay_share_effect_add(call, ASSAY_SHARE_ACT_SUBMIT);
    effect->payload = payload;
    effect->bytes = bytes;
    call->out->used += bytes.len;
    ASSAY_ASSERT(call->out->used <= sizeof call->out->bytes);
}

/* Ids of one record ascend. */
static void sort_lines(struct assay_share_list_record *record)
{
    ASSAY_ASSERT(record->count <= ASSAY_SHARE_LIST_MAX);
    for (uint32_t i = 1; i < record->count; i++) {
        const struct assay_share_line line = record->line[i];
        uint32_t at = i;
        for (; at > 0 && assay_bytes_compare(record->line[at - 1].id, line.id, 32) > 0; at--)
            record->line[at] = record->line[at - 1];
        record->line[at] = line;
    }
}

static void submit_lines(const struct assay_share_call *call,
                         struct assay_share_list_record *record, enum assay_share_payload payload)
{
    struct assay_slice out;
    if (record->count == 0) return;
    ASSAY_ASSERT(call->h->seated && record->count <= ASSAY_SHARE_LIST_MAX);
    record->cluster = call->h->cluster;
    record->seating = call->h->seating;
    record->era = call->h->era;
    sort_lines(record);
    const enum assay_status status = assay_share_list_record_encode(
        record, assay_share_effect_room(call, ASSAY_SHARE_RECORD_MAX), ASSAY_SHARE_RECORD_MAX,
        &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_share_submit(call, payload, out);
    record->count = 0;
}

static void add_line(const struct assay_share_call *call, struct assay_share_list_record *record,
                     enum assay_share_payload payload, const uint8_t id[static 32],
                     uint32_t generation, uint64_t attempt,
                     const struct assay_share_commitments *of)
{
    for (uint32_t i = 0; i < record->count; i++)
        if (assay_bytes_equal(record->line[i].id, id, 32)) { /* one line per id */
            submit_lines(call, record, payload);
            break;
        }
    if (record->count == ASSAY_SHARE_LIST_MAX) submit_lines(call, record, payload);
    ASSAY_ASSERT(record->count < ASSAY_SHARE_LIST_MAX);
    struct assay_share_line *line = &record->line[record->count++];
    *line = (struct assay_share_line){ .generation = generation, .attempt = attempt };
    assay_bytes_copy(line->id, 32, id, 32);
    assay_share_commitments_digest(of, line->digest);
}

/* --- holdings */

static uint32_t find_holding_place(const struct assay_share_holder *h, const uint8_t id[static 32])
{
    ASSAY_ASSERT(h->count <= h->config.ids_max);
    uint32_t low = 0, high = h->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (assay_bytes_compare(h->holding[h->order[middle]].id, id, 32) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

struct assay_share_holding *assay_share_holding_find(const struct assay_share_holder *h,
                                                     const uint8_t id[static 32])
{
    const uint32_t at = find_holding_place(h, id);
    if (at == h->count || !assay_bytes_equal(h->holding[h->order[at]].id, id, 32)) return NULL;
    ASSAY_ASSERT(h->order[at] < h->count);
    return &h->holding[h->order[at]];
}

struct assay_share_holding *assay_share_holding_add(struct assay_share_holder *h,
                                                    const uint8_t id[static 32])
{
    struct assay_share_holding *found = assay_share_holding_find(h, id);
    if (found != NULL || h->count == h->config.ids_max) return found;
    const uint32_t at = find_holding_place(h, id);
    for (uint32_t i = h->count; i > at; i--)
        h->order[i] = h->order[i - 1];
    h->order[at] = (uint16_t)h->count;
    found = &h->holding[h->count++];
    *found = (struct assay_share_holding){ 0 };
    assay_bytes_copy(found->id, 32, id, 32);
    return found;
}

static void set_missing(struct assay_share_holder *h, struct assay_share_holding *holding,
                        bool missing)
{
    if (missing && !holding->missing) h->missing++;
    if (!missing && holding->missing) h->missing--;
    ASSAY_ASSERT(h->missing <= h->count);
    holding->missing = missing;
}

/* The last one takes its place. */
static void erase_holding(const struct assay_share_call *call, struct assay_share_holding *holding)
{
    struct assay_share_holder *h = call->h;
    const uint32_t number = (uint32_t)(holding - h->holding), last = h->count - 1;
    ASSAY_ASSERT(number < h->count);
    struct assay_share_effect *effect = assay_share_effect_add(call, ASSAY_SHARE_ACT_ERASE);
    assay_bytes_copy(effect->id, 32, holding->id, 32);
    set_missing(h, holding, false);
    assay_share_gather_end(h, holding);
    assay_share_public_remove(call, holding->id);
    for (uint32_t i = find_holding_place(h, holding->id); i < last; i++)
        h->order[i] = h->order[i + 1];
    h->count = last;
    if (number != last) {
        const uint32_t at = find_holding_place(h, h->holding[last].id);
        h->order[at] = (uint16_t)number;
        *holding = h->holding[last];
    }
    ASSAY_ASSERT(h->missing <= h->count);
    assay_secret_wipe(&h->holding[last], sizeof h->holding[last]);
}

static void drop_next(struct assay_share_holding *holding)
{
    holding->has_next = holding->next_bound = false;
    assay_secret_wipe(&holding->next, sizeof holding->next);
}

static void drop_deal(struct assay_share_holding *holding)
{
    holding->deal = (struct assay_share_deal_label){ 0 };
    holding->dealt.k = 0;
    assay_secret_wipe(&holding->deal_seed, sizeof holding->deal_seed);
}

bool assay_share_piece_is(const struct assay_share_piece *piece, const struct assay_share_row *row)
{
    uint8_t digest[32];
    if (piece->generation != row->generation || piece->attempt != row->attempt) return false;
    assay_share_commitments_digest(&piece->commitments, digest);
    return assay_bytes_equal(digest, row->digest, 32);
}

const struct assay_share_reshare *assay_share_own_reshare(const struct assay_share_call *call,
                                                          const struct assay_share_row *row)
{
    ASSAY_ASSERT(call->h->seated);
    const struct assay_share_reshare *reshare = assay_share_registry_find_reshare(call->r, row);
    return reshare != NULL && reshare->cluster == call->h->cluster ? reshare : NULL;
}

bool assay_share_may_deal(const struct assay_share_call *call)
{
    ASSAY_ASSERT(call->h->seated);
    const struct assay_share_holder *h = call->h;
    return !h->lost && (call->r->cluster[h->cluster].ready >> h->slot & 1);
}

/* --- reconciliation with the ledger */

/* A statement is submitted once, unless everything is checked again. */
bool assay_share_mark_submitted(uint64_t said[2], uint32_t generation, uint64_t attempt)
{
    if (said[0] == generation && said[1] == attempt) return false;
    said[0] = generation;
    said[1] = attempt;
    return true;
}

void assay_share_submit_have(const struct assay_share_call *call,
                             struct assay_share_holding *holding,
                             const struct assay_share_piece *piece)
{
    if (!assay_share_mark_submitted(holding->said_have, piece->generation, piece->attempt)) return;
    add_line(call, &call->h->have, ASSAY_SHARE_PAYLOAD_HAVE, holding->id, piece->generation,
             piece->attempt, &piece->commitments);
}

void assay_share_store_current(const struct assay_share_call *call,
                               struct assay_share_holding *holding,
                               const struct assay_share_row *row,
                               const struct assay_share_piece *piece)
{
    ASSAY_ASSERT(assay_bytes_equal(piece->id, holding->id, sizeof piece->id));
    ASSAY_ASSERT(piece->generation == row->generation && piece->attempt == row->attempt);
    holding->current = *piece;
    holding->has = true;
    holding->tries = 0;
    set_missing(call->h, holding, false);
    call->h->ready_due = true;
    assay_share_persist(call, holding);
    if (!(row->have[call->h->cluster] >> call->h->slot & 1))
        assay_share_submit_have(call, holding, piece);
}

void assay_share_store_next(const struct assay_share_call *call,
                            struct assay_share_holding *holding,
                            const struct assay_share_piece *piece)
{
    ASSAY_ASSERT(assay_bytes_equal(piece->id, holding->id, sizeof piece->id));
    holding->next = *piece;
    holding->has_next = true;
    holding->next_bound = false;
    assay_share_persist(call, holding);
    assay_share_submit_have(call, holding, piece);
}

/* docs/services.md 5.15.1: made of the dealings that the ledger has of this attempt. One that a new
 * era undid may have had the same numbers: its share is of another polynomial, and to confirm it
 * would be a lie. */
static bool is_next_of(const struct assay_share_holding *holding,
                       const struct assay_share_reshare *reshare)
{
    uint8_t digest[32];
    if (reshare == NULL || holding->next.generation != reshare->generation ||
        holding->next.attempt != reshare->attempt)
        return false;
    if (reshare->is_public) {
        assay_share_commitments_digest(&holding->next.commitments, digest);
        return assay_bytes_equal(digest, reshare->digest[0], 32);
    }
    assay_share_dealings_digest(reshare, digest);
    return reshare->dealt == reshare->dealers &&
           (!holding->next_bound || assay_bytes_equal(digest, holding->next_of, 32));
}

/* docs/services.md 5.11: the old generation is erased when the ledger has all slots' confirmations
 * of the new one, not before; that of an ended attempt is erased at once. Returns: true when the
 * stored state changed. */
static bool settle_holding(const struct assay_share_call *call, struct assay_share_holding *holding,
                           const struct assay_share_row *row,
                           const struct assay_share_reshare *reshare)
{
    bool changed = false;
    if (holding->has_next && assay_share_piece_is(&holding->next, row)) {
        holding->current = holding->next;
        holding->has = true;
        drop_next(holding);
        changed = true;
    }
    if (holding->has_next && !is_next_of(holding, reshare)) {
        drop_next(holding);
        changed = true;
    }
    ASSAY_ASSERT(!holding->has_next || reshare != NULL);
    if (holding->deal.attempt != 0 &&
        (reshare == NULL || !assay_share_deals(call, holding, row, reshare))) {
        drop_deal(holding);
        changed = true;
    }
    if (assay_share_public_settle(call, holding->id, row, reshare)) changed = true;
    const bool has = holding->has && assay_share_piece_is(&holding->current, row);
    if (!has && !holding->missing) {
        holding->tries = 0;
        holding->due_ms = call->now_ms;
    }
    set_missing(call->h, holding, !has);
    return changed;
}

/* docs/services.md 5.8: its dealing is derived from a seed that is stored before it is announced,
 * so that it deals the same after a crash: one polynomial per attempt. Returns: true when the seed
 * was drawn. */
static bool deal_holding(const struct assay_share_call *call, struct assay_share_holding *holding,
                         const struct assay_share_row *row,
                         const struct assay_share_reshare *reshare)
{
    ASSAY_ASSERT(holding->has && !reshare->is_public);
    ASSAY_ASSERT(reshare->dealers >> call->h->slot & 1);
    const struct assay_share_host *host = &call->h->config.host;
    struct assay_share_polynomial polynomial;
    bool drawn = false;
    if (holding->deal.attempt == 0) {
        host->random(host->context, holding->deal_seed.bytes, sizeof holding->deal_seed.bytes);
        holding->deal = (struct assay_share_deal_label){ .era = call->epoch->era,
                                                         .generation = reshare->generation,
                                                         .attempt = reshare->attempt,
                                                         .dealers = reshare->dealers };
        assay_bytes_copy(holding->deal.digest, 32, row->digest, 32);
        drawn = true;
    }
    if (reshare->dealt >> call->h->slot & 1) return drawn;
    if (!assay_share_mark_submitted(holding->said_deal, reshare->generation, reshare->attempt))
        return drawn;
    /* The line is submitted at the end of the call, or when another one needs its place: by then
     * the seed is among the effects. */
    if (assay_share_own_dealing(call->h, holding, &polynomial) == ASSAY_OK)
        add_line(call, &call->h->deal, ASSAY_SHARE_PAYLOAD_DEAL, holding->id, reshare->generation,
                 reshare->attempt, &holding->dealt);
    assay_secret_wipe(&polynomial, sizeof polynomial);
    return drawn;
}

static void check_synced(const struct assay_share_call *call, struct assay_share_holding *holding,
                         const struct assay_share_row *row)
{
    ASSAY_ASSERT(row->synced && call->h->seated);
    const struct assay_share_holder *h = call->h;
    const struct assay_share_reshare *reshare = assay_share_own_reshare(call, row);
    bool changed = settle_holding(call, holding, row, reshare);
    const bool in_public = reshare != NULL && reshare->is_public;
    if (reshare != NULL && !in_public && (reshare->dealers >> h->slot & 1) && !holding->missing &&
        assay_share_may_deal(call) && deal_holding(call, holding, row, reshare))
        changed = true;
    if (in_public && assay_share_public_check_id(call, holding, row, reshare)) changed = true;
    if (changed) assay_share_persist(call, holding);
    if (!holding->missing && !(row->have[h->cluster] >> h->slot & 1))
        assay_share_submit_have(call, holding, &holding->current);
    if (reshare == NULL || in_public || reshare->dealt != reshare->dealers) {
        assay_share_gather_end(call->h, holding);
        return;
    }
    if (reshare->have[1] != 0) assay_share_gather_submit_sum(call, holding, reshare);
    if (!holding->has_next) assay_share_gather_start(call, holding, row, reshare);
    else if (!(assay_share_reported_slots(reshare) >> h->slot & 1))
        assay_share_submit_have(call, holding, &holding->next);
}

/* docs/services.md 5.5.1: its owner has deleted the id and put it again while this holder was
 * offline: generations of one put never decrease. */
static bool is_of_another_put(const struct assay_share_holding *holding,
                              const struct assay_share_row *row)
{
    const struct assay_share_piece *const piece = &holding->current;
    if (!holding->has) return false;
    if (!assay_share_is_one_put(piece->attempt, row->attempt)) return true;
    if (piece->generation < row->generation) return false;
    return piece->generation > row->generation || !assay_share_piece_is(piece, row);
}

enum assay_share_fate assay_share_holder_fate(const struct assay_share_holder *h,
                                              const struct assay_share_registry *r,
                                              const uint8_t id[static 32])
{
    const struct assay_share_holding *holding = assay_share_holding_find(h, id);
    const struct assay_share_row *row = assay_share_registry_find(r, id);
    if (holding == NULL) return ASSAY_SHARE_STAYS;
    if (row == NULL) return ASSAY_SHARE_UNLISTED;
    return is_of_another_put(holding, row) ? ASSAY_SHARE_REPLACED : ASSAY_SHARE_STAYS;
}

void assay_share_check_id(const struct assay_share_call *call, const uint8_t id[static 32])
{
    ASSAY_ASSERT(call->h->seated);
    struct assay_share_holder *h = call->h;
    const struct assay_share_row *row = assay_share_registry_find(call->r, id);
    struct assay_share_holding *holding = assay_share_holding_find(h, id);
    h->ready_due = true;
    if (assay_share_holder_fate(h, call->r, id) != ASSAY_SHARE_STAYS) {
        ASSAY_ASSERT(holding != NULL);
        erase_holding(call, holding);
        holding = NULL;
    }
    if (row == NULL) return;
    if (!row->synced) { /* the owner hands it over; confirmed again after a crash */
        if (holding != NULL && holding->has && row->origin == h->cluster &&
            assay_share_piece_is(&holding->current, row) &&
            !(row->have[h->cluster] >> h->slot & 1))
            assay_share_submit_have(call, holding, &holding->current);
        return;
    }
    if (holding == NULL) holding = assay_share_holding_add(h, id);
    if (holding != NULL) check_synced(call, holding, row);
}

/* --- where it sits */

static void wipe_all(const struct assay_share_call *call)
{
    struct assay_share_holder *h = call->h;
    const struct assay_share_effect *effect = assay_share_effect_add(call, ASSAY_SHARE_ACT_WIPE);
    ASSAY_ASSERT(effect->act == ASSAY_SHARE_ACT_WIPE);
    assay_secret_wipe(h->holding, h->config.ids_max * sizeof *h->holding);
    assay_secret_wipe(h->gather, sizeof h->gather);
    assay_secret_wipe(&h->key_now, sizeof h->key_now);
    assay_secret_wipe(&h->key_next, sizeof h->key_next);
    assay_secret_wipe(h->own, sizeof h->own);
    h->key_said_seating = h->accused = h->insists = 0;
    h->dealings.count = 0;
    assay_share_talks_wipe(h);
    h->count = h->missing = h->gather_count = h->queue_count = 0;
    h->own_left = h->rows_left = h->read_count = 0;
    h->have.count = h->deal.count = 0;
    h->seated = h->lost = h->ready_said = false;
    h->lambda_dealers = 0; /* differs for another slot */
}

static void schedule_all(struct assay_share_holder *h, const struct assay_share_registry *r)
{
    h->queue_count = 0;
    h->own_left = h->count;
    h->rows_left = r->row_count;
    h->ready_said = false;
    h->ready_due = true;
    h->key_said_seating = h->accused = h->insists = 0;
    for (uint32_t i = 0; i < h->count; i++)
        h->holding[i].said_have[0] = h->holding[i].said_deal[0] =
            h->holding[i].said_dispute[0] = 0;
}

/* The shares of a reassigned slot belong to it: its former holder erases them (docs/services.md
 * 5.11). */
static void find_seat(const struct assay_share_call *call)
{
    struct assay_share_holder *h = call->h;
    const struct assay_share_registry *r = call->r;
    bool sits = false;
    uint32_t cluster = 0, slot = 0;
    for (uint32_t c = 0; c < r->config.clusters && !sits; c++)
        for (uint32_t i = 0; i < r->config.slots && r->cluster[c].seated && !sits; i++) {
            sits = assay_bytes_equal(r->cluster[c].seat[i].key, h->config.key,
                                     ASSAY_P256_PUBLIC_LEN);
            cluster = c;
            slot = i;
        }
    if (h->seated && !(sits && cluster == h->cluster && slot == h->slot)) wipe_all(call);
    if (!sits) return;
    const uint64_t seating = r->cluster[cluster].seat[slot].seating;
    const bool was_away =
        !h->seated || h->lost || h->seating != seating || h->era != call->epoch->era;
    ASSAY_ASSERT(cluster < r->config.clusters && slot < r->config.slots);
    h->seated = true;
    h->cluster = cluster;
    h->slot = slot;
    h->seating = seating;
    h->era = call->epoch->era;
    h->lost = assay_share_registry_is_lost(r, cluster, slot);
    /* Statements from the time in between were ignored. */
    if (was_away && !h->lost) schedule_all(h, r);
}

/* --- a call */

static void begin_call(const struct assay_share_call *call)
{
    ASSAY_ASSERT(call->h->have.count == 0 && call->h->deal.count == 0 &&
                 call->h->dealings.count == 0);
    call->out->count = 0;
    call->out->used = 0;
    call->out->wake_at_ms = UINT64_MAX;
    call->h->lie_shown = false;
    call->h->disputes = 0;
    find_seat(call);
}

/* As many ids as fit into a call: those of facts first. */
static void check_some_ids(const struct assay_share_call *call)
{
    ASSAY_ASSERT(call->h->seated && call->h->queue_count <= ASSAY_SHARE_QUEUE_MAX);
    struct assay_share_holder *h = call->h;
    uint8_t id[32];
    for (uint32_t i = 0; i < ASSAY_SHARE_LOOKS_MAX; i++) {
        if (h->queue_count > 0) {
            assay_bytes_copy(id, 32, h->queue[--h->queue_count], 32);
        } else if (h->own_left > 0) { /* downwards: an erased one is replaced by one that was
                                       * visited */
            h->own_left--;
            if (h->own_left >= h->count) continue;
            assay_bytes_copy(id, 32, h->holding[h->own_left].id, 32);
            if (assay_share_registry_find(call->r, id) != NULL) continue; /* a row, below */
        } else if (h->rows_left > 0) {
            h->rows_left--;
            if (h->rows_left >= call->r->row_count) continue;
            assay_bytes_copy(id, 32, call->r->row[h->rows_left].id, 32);
        } else {
            return;
        }
        assay_share_check_id(call, id);
    }
}

static bool has_ids_to_check(const struct assay_share_holder *h)
{
    return h->queue_count > 0 || h->own_left > 0 || h->rows_left > 0;
}

/* docs/services.md 5.6: with every synced id, counted from the stored ones. */
static void submit_ready(const struct assay_share_call *call)
{
    ASSAY_ASSERT(call->h->seated);
    struct assay_share_holder *h = call->h;
    struct assay_share_ready_record record = { .cluster = h->cluster, .slot = h->slot,
                                               .seating = h->seating, .era = h->era };
    struct assay_merkle tree;
    struct assay_slice out;
    if (!h->ready_due || h->lost || has_ids_to_check(h) || h->missing > 0) return;
    h->ready_due = false;
    if (call->r->cluster[h->cluster].ready >> h->slot & 1) return;
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < h->count; i++) {
        const struct assay_share_holding *holding = &h->holding[h->order[i]];
        const struct assay_share_row *row = assay_share_registry_find(call->r, holding->id);
        uint8_t leaf[36];
        if (row == NULL || !row->synced || !holding->has ||
            !assay_share_piece_is(&holding->current, row))
            continue;
        assay_share_leaf(holding->id, holding->current.generation, leaf);
        assay_merkle_add(&tree, leaf, sizeof leaf);
        record.count++;
    }
    assay_merkle_root(&tree, record.digest);
    if (record.count != call->r->synced_count) return;
    if (h->ready_said && assay_bytes_equal(record.digest, h->ready_root, 32)) return;
    h->ready_said = true;
    assay_bytes_copy(h->ready_root, 32, record.digest, 32);
    const enum assay_status status = assay_share_ready_record_encode(
        &record, assay_share_effect_room(call, ASSAY_SHARE_RECORD_MAX), ASSAY_SHARE_RECORD_MAX,
        &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_share_submit(call, ASSAY_SHARE_PAYLOAD_READY, out);
}

/* A share is stored before it is confirmed: lines are submitted last. */
static void end_call(const struct assay_share_call *call)
{
    struct assay_share_holder *h = call->h;
    if (!h->seated) {
        h->queue_count = 0;
        return;
    }
    if (h->lost) h->queue_count = h->own_left = h->rows_left = 0;
    check_some_ids(call);
    call->out->wake_at_ms = assay_share_talks_poll(call);
    submit_lines(call, &h->have, ASSAY_SHARE_PAYLOAD_HAVE);
    submit_lines(call, &h->deal, ASSAY_SHARE_PAYLOAD_DEAL);
    assay_share_public_submit(call);
    submit_ready(call);
    assay_share_public_keys(call);
    ASSAY_ASSERT(h->have.count == 0 && h->deal.count == 0 && h->dealings.count == 0);
    if (has_ids_to_check(h)) call->out->wake_at_ms = call->now_ms;
}

void assay_share_holder_crawl(struct assay_share_holder *h, const struct assay_share_registry *r,
                              const struct assay_share_epoch *epoch, uint64_t now_ms,
                              struct assay_share_effects *effects)
{
    const struct assay_share_call call = { h, r, epoch, now_ms, effects };
    begin_call(&call);
    if (h->seated && !h->lost) schedule_all(h, r);
    end_call(&call);
}

static void add_read(struct assay_share_holder *h, const struct assay_share_fact *fact)
{
    ASSAY_ASSERT(h->read_at < ASSAY_SHARE_READS_MAX);
    struct assay_share_known_read *read = &h->read[h->read_at];
    h->read_at = (h->read_at + 1) % ASSAY_SHARE_READS_MAX;
    if (h->read_count < ASSAY_SHARE_READS_MAX) h->read_count++;
    read->reader = fact->reader;
    assay_bytes_copy(read->id, 32, fact->id, 32);
    assay_bytes_copy(read->nonce, 32, fact->nonce, 32);
    assay_bytes_copy(read->box, 32, fact->box, 32);
}

/* A repeated put has reads of its own: earlier ones are dropped. */
static void remove_reads(struct assay_share_holder *h, const uint8_t id[static 32])
{
    ASSAY_ASSERT(h->read_count <= ASSAY_SHARE_READS_MAX);
    for (uint32_t i = 0; i < h->read_count; i++)
        if (assay_bytes_equal(h->read[i].id, id, 32))
            h->read[i] = (struct assay_share_known_read){ 0 };
}

void assay_share_holder_on_facts(struct assay_share_holder *h, const struct assay_share_registry *r,
                                 const struct assay_share_epoch *epoch,
                                 const struct assay_share_facts *facts, uint64_t now_ms,
                                 struct assay_share_effects *effects)
{
    ASSAY_ASSERT(facts->count <= ASSAY_SHARE_FACTS_MAX);
    const struct assay_share_call call = { h, r, epoch, now_ms, effects };
    bool all = false; /* more than there is room for */
    begin_call(&call);
    for (uint32_t i = 0; i < facts->count && h->seated; i++) {
        const struct assay_share_fact *fact = &facts->fact[i];
        if (fact->kind == ASSAY_SHARE_READ) add_read(h, fact);
        if (fact->kind == ASSAY_SHARE_DELETED) remove_reads(h, fact->id);
        if (fact->kind != ASSAY_SHARE_SYNCED && fact->kind != ASSAY_SHARE_FORGOTTEN &&
            fact->kind != ASSAY_SHARE_DELETED &&
            fact->kind != ASSAY_SHARE_BEGUN && fact->kind != ASSAY_SHARE_DEALT &&
            fact->kind != ASSAY_SHARE_SPLIT && fact->kind != ASSAY_SHARE_SHOWN &&
            fact->kind != ASSAY_SHARE_CHOSEN)
            continue;
        all = all || h->queue_count == ASSAY_SHARE_QUEUE_MAX;
        if (!all) assay_bytes_copy(h->queue[h->queue_count++], 32, fact->id, 32);
    }
    if (all) schedule_all(h, r);
    end_call(&call);
}

enum { HANDOVERS_MAX = ASSAY_SHARE_TAKING_MAX / 2, HANDOVERS_SITE_MAX = HANDOVERS_MAX / 4 };

/* docs/services.md 5.9.1: any client can offer a share of an id that waits for one. Each has one
 * exchange, those of a site have four, and all together half of those in which a holder takes: the
 * others are for holders. */
static bool has_handover_room(const struct assay_share_holder *h,
                              const struct assay_share_from *from)
{
    const bool is_known = !assay_bytes_all_zero(from->site, sizeof from->site);
    uint32_t count = 0, of_site = 0;
    for (uint32_t i = 0; i < ASSAY_SHARE_TAKING_MAX; i++) {
        const struct assay_share_talk *talk = &h->talk[i];
        if (talk->serial == 0 || talk->peer.holder) continue;
        if (talk->peer.link == from->link) return false;
        count++;
        of_site += is_known && assay_bytes_equal(talk->peer.site, from->site, sizeof from->site);
    }
    return count < HANDOVERS_MAX && of_site < HANDOVERS_SITE_MAX;
}

enum assay_status assay_share_holder_start_handover(struct assay_share_holder *h,
                                                    const struct assay_share_registry *r,
                                                    const struct assay_share_epoch *epoch,
                                                    const struct assay_share_from *from,
                                                    const uint8_t id[static 32], uint64_t now_ms,
                                                    struct assay_share_effects *effects)
{
    const struct assay_share_call call = { h, r, epoch, now_ms, effects };
    begin_call(&call);
    const struct assay_share_row *row = assay_share_registry_find(r, id);
    enum assay_status status = ASSAY_E_NOT_FOUND;
    if (h->seated && !from->holder && row != NULL && !row->synced && row->origin == h->cluster) {
        struct assay_share_side owner = { .cluster = h->cluster, .slot = h->slot };
        assay_bytes_copy(owner.node, 32, from->name, 32);
        status = !has_handover_room(h, from) || assay_share_holding_add(h, id) == NULL
                     ? ASSAY_E_FULL
                     : assay_share_talk_start(&call, from, ASSAY_SHARE_HAND, &owner, id, 1);
    }
    end_call(&call);
    return status;
}

static struct assay_share_talk *find_talk_by_message(struct assay_share_holder *h,
                                                     const struct assay_share_from *from,
                                                     const struct assay_share_message *m)
{
    for (uint32_t i = 0; i < ASSAY_SHARE_TALKS; i++) {
        struct assay_share_talk *talk = &h->talk[i];
        if (talk->serial == 0 || talk->peer.holder != from->holder) continue;
        if (from->holder ? !assay_bytes_equal(talk->peer.key, from->key, sizeof from->key)
                         : talk->peer.link != from->link)
            continue;
        if (talk->x.gives == (m->kind == ASSAY_SHARE_PROOF) &&
            assay_bytes_equal(talk->x.nonce_a, m->nonce_a, 32))
            return talk;
    }
    return NULL;
}

static enum assay_status on_message(const struct assay_share_call *call,
                                    const struct assay_share_from *from, struct assay_slice bytes)
{
    struct assay_share_message m;
    struct assay_share_want want;
    ASSAY_TRY(assay_share_message_decode(bytes, &m));
    if (!call->h->seated) return ASSAY_E_LANE;
    if (m.kind == ASSAY_SHARE_ASK) return assay_share_on_ask(call, from, &m);
    struct assay_share_talk *talk = find_talk_by_message(call->h, from, &m);
    if (talk == NULL) return ASSAY_E_STALE;
    enum assay_status status = assay_share_exchange_on_message(
        &talk->x, &m, assay_share_effect_room(call, ASSAY_SHARE_MESSAGE_MAX),
        ASSAY_SHARE_MESSAGE_MAX, &want);
    if (status == ASSAY_E_STALE) return status; /* a retransmission: the exchange continues */
    if (status == ASSAY_OK && m.kind == ASSAY_SHARE_GIVE)
        status = assay_share_on_gift(call, talk, &m);
    else if (status == ASSAY_OK) status = assay_share_talk_execute(call, talk, &want);
    if (status != ASSAY_OK) assay_share_talk_end(call, talk);
    return status;
}

enum assay_status assay_share_holder_on_message(struct assay_share_holder *h,
                                                const struct assay_share_registry *r,
                                                const struct assay_share_epoch *epoch,
                                                const struct assay_share_from *from,
                                                struct assay_slice bytes, uint64_t now_ms,
                                                struct assay_share_effects *effects)
{
    const struct assay_share_call call = { h, r, epoch, now_ms, effects };
    begin_call(&call);
    const enum assay_status status = on_message(&call, from, bytes);
    end_call(&call);
    return status;
}

static struct assay_share_talk *find_talk_by_serial(struct assay_share_holder *h, uint64_t serial)
{
    for (uint32_t i = 0; i < ASSAY_SHARE_TALKS && serial != 0; i++)
        if (h->talk[i].serial == serial) return &h->talk[i];
    return NULL;
}

void assay_share_holder_on_quote(struct assay_share_holder *h, const struct assay_share_registry *r,
                                 const struct assay_share_epoch *epoch, uint64_t serial,
                                 struct assay_slice evidence, uint64_t now_ms,
                                 struct assay_share_effects *effects)
{
    const struct assay_share_call call = { h, r, epoch, now_ms, effects };
    struct assay_share_want want;
    begin_call(&call);
    struct assay_share_talk *talk = find_talk_by_serial(h, serial);
    if (talk != NULL) {
        enum assay_status status = assay_share_exchange_on_quote(
            &talk->x, evidence, assay_share_effect_room(&call, ASSAY_SHARE_MESSAGE_MAX),
            ASSAY_SHARE_MESSAGE_MAX, &want);
        if (status == ASSAY_OK) status = assay_share_talk_execute(&call, talk, &want);
        if (status != ASSAY_OK && status != ASSAY_E_STALE) assay_share_talk_end(&call, talk);
    }
    end_call(&call);
}

void assay_share_holder_on_verified(struct assay_share_holder *h,
                                    const struct assay_share_registry *r,
                                    const struct assay_share_epoch *epoch, uint64_t serial,
                                    bool good, uint64_t now_ms, struct assay_share_effects *effects)
{
    const struct assay_share_call call = { h, r, epoch, now_ms, effects };
    struct assay_share_want want;
    begin_call(&call);
    struct assay_share_talk *talk = find_talk_by_serial(h, serial);
    if (talk != NULL) {
        enum assay_status status = ASSAY_E_INVALID;
        if (good)
            status = assay_share_exchange_on_verified(
                &talk->x, assay_share_effect_room(&call, ASSAY_SHARE_MESSAGE_MAX),
                ASSAY_SHARE_MESSAGE_MAX, &want);
        if (status == ASSAY_OK) status = assay_share_talk_execute(&call, talk, &want);
        if (status != ASSAY_OK && status != ASSAY_E_STALE) assay_share_talk_end(&call, talk);
    }
    end_call(&call);
}

void assay_share_holder_tick(struct assay_share_holder *h, const struct assay_share_registry *r,
                             const struct assay_share_epoch *epoch, uint64_t now_ms,
                             struct assay_share_effects *effects)
{
    const struct assay_share_call call = { h, r, epoch, now_ms, effects };
    begin_call(&call);
    end_call(&call);
}
