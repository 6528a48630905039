/*
 * services/shares/holder_store.c - what a holder stores of an id, and how it comes back
 * (docs/services.md 5.11).
 */
#include "services/shares/holder_internal.h"

enum { VERSION = 2, HAS = 1, HAS_NEXT = 2, DEALS = 4 };

/* version, what there is, cluster, slot, id, pieces, what it deals. */
enum assay_status assay_share_holder_stored(const struct assay_share_holder *h,
                                            const uint8_t id[static 32], uint8_t *bytes,
                                            size_t capacity, struct assay_slice *out)
{
    const struct assay_share_holding *holding = assay_share_holding_find(h, id);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    if (holding == NULL) return ASSAY_E_NOT_FOUND;
    assay_writer_u8(&w, VERSION);
    assay_writer_u8(&w, (uint8_t)((holding->has ? HAS : 0) | (holding->has_next ? HAS_NEXT : 0) |
                                  (holding->deal.attempt != 0 ? DEALS : 0)));
    assay_writer_u8(&w, (uint8_t)h->cluster);
    assay_writer_u8(&w, (uint8_t)h->slot);
    assay_writer_put(&w, holding->id, 32);
    if (holding->has) assay_share_piece_put(&w, &holding->current);
    if (holding->has_next) assay_share_piece_put(&w, &holding->next);
    if (holding->deal.attempt != 0) {
        assay_writer_u64be(&w, holding->deal.era);
        assay_writer_u32be(&w, holding->deal.generation);
        assay_writer_u16be(&w, (uint16_t)holding->deal.attempt);
        assay_writer_u16be(&w, (uint16_t)holding->deal.dealers);
        assay_writer_put(&w, holding->deal.digest, 32);
        assay_writer_put(&w, holding->deal_seed.bytes, 32);
    }
    return assay_writer_finish(&w, out);
}

static enum assay_status take_pieces(struct assay_cursor *in, uint8_t flags,
                                     struct assay_share_holding *read)
{
    uint16_t attempt = 0, dealers = 0;
    read->has = flags & HAS;
    read->has_next = flags & HAS_NEXT;
    if (read->has) ASSAY_TRY(assay_share_piece_take(in, &read->current));
    if (read->has_next) ASSAY_TRY(assay_share_piece_take(in, &read->next));
    if (flags & DEALS) {
        ASSAY_TRY(assay_cursor_u64be(in, &read->deal.era));
        ASSAY_TRY(assay_cursor_u32be(in, &read->deal.generation));
        ASSAY_TRY(assay_cursor_u16be(in, &attempt));
        ASSAY_TRY(assay_cursor_u16be(in, &dealers));
        ASSAY_TRY(assay_cursor_copy(in, read->deal.digest, 32));
        ASSAY_TRY(assay_cursor_copy(in, read->deal_seed.bytes, 32));
        if (attempt == 0 || !read->has) return ASSAY_E_RANGE;
        read->deal.attempt = attempt;
        read->deal.dealers = dealers;
    }
    ASSAY_TRY(assay_cursor_end(in));
    /* Each piece is of this id. */
    if (read->has && !assay_bytes_equal(read->current.id, read->id, 32)) return ASSAY_E_INVALID;
    if (read->has_next && !assay_bytes_equal(read->next.id, read->id, 32)) return ASSAY_E_INVALID;
    return ASSAY_OK;
}

static enum assay_status take_holding(struct assay_slice bytes, struct assay_share_holding *read,
                                      uint8_t *cluster, uint8_t *slot)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    uint8_t version = 0, flags = 0;
    ASSAY_TRY(assay_cursor_u8(&in, &version));
    ASSAY_TRY(assay_cursor_u8(&in, &flags));
    ASSAY_TRY(assay_cursor_u8(&in, cluster));
    ASSAY_TRY(assay_cursor_u8(&in, slot));
    if (version != VERSION || flags > (HAS | HAS_NEXT | DEALS)) return ASSAY_E_UNSUPPORTED;
    if (*cluster >= ASSAY_SHARE_CLUSTERS_MAX || *slot >= ASSAY_SHARE_SLOTS_MAX)
        return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_copy(&in, read->id, 32));
    return take_pieces(&in, flags, read);
}

enum assay_status assay_share_holder_load(struct assay_share_holder *h, struct assay_slice bytes)
{
    struct assay_share_holding read = { 0 };
    uint8_t cluster = 0, slot = 0;
    enum assay_status status = take_holding(bytes, &read, &cluster, &slot);
    /* What this key stored is of one slot. */
    if (status == ASSAY_OK && h->seated && (cluster != h->cluster || slot != h->slot))
        status = ASSAY_E_INVALID;
    if (status != ASSAY_OK) {
        status = ASSAY_E_VERSION;
    } else if (assay_share_holding_find(h, read.id) != NULL) {
        status = ASSAY_E_DUPLICATE;
    } else {
        struct assay_share_holding *holding = assay_share_holding_need(h, read.id);
        if (holding == NULL) status = ASSAY_E_FULL;
        else *holding = read;
    }
    if (status == ASSAY_OK) {
        h->seated = true;
        h->cluster = cluster;
        h->slot = slot;
    }
    assay_secret_wipe(&read, sizeof read);
    return status;
}

struct assay_share_status assay_share_holder_status(const struct assay_share_holder *h)
{
    struct assay_share_status status = {
        .seated = h->seated, .cluster = h->cluster, .slot = h->slot, .missing = h->missing,
        .asked = h->asked, .late = h->late, .refused = h->refused, .ready = h->ready_said,
    };
    for (uint32_t i = 0; i < h->count; i++) {
        if (h->holding[i].has && !h->holding[i].missing) status.kept++;
        if (h->holding[i].has_next) status.renewing++;
    }
    for (uint32_t i = 0; i < ASSAY_SHARE_TALKS; i++)
        if (h->talk[i].serial != 0) status.exchanges++;
    return status;
}

const struct assay_share_piece *assay_share_holder_piece(const struct assay_share_holder *h,
                                                         const uint8_t id[static 32], bool next)
{
    const struct assay_share_holding *holding = assay_share_holding_find(h, id);
    if (holding == NULL || !(next ? holding->has_next : holding->has)) return NULL;
    return next ? &holding->next : &holding->current;
}

void assay_share_holder_check(const struct assay_share_holder *h)
{
    uint32_t missing = 0, gathers = 0;
    ASSAY_ASSERT(h->count <= h->config.ids_max);
    for (uint32_t i = 0; i < h->count; i++) {
        const struct assay_share_holding *holding = &h->holding[h->order[i]];
        if (i > 0)
            ASSAY_ASSERT(assay_bytes_compare(h->holding[h->order[i - 1]].id, holding->id, 32) < 0);
        if (holding->missing) missing++;
        if (holding->asked) ASSAY_ASSERT(h->seated);
        if (holding->deal.attempt != 0) ASSAY_ASSERT(holding->has);
        if (holding->gather == 0) continue;
        gathers++;
        ASSAY_ASSERT(assay_bytes_equal(h->gather[holding->gather - 1].id, holding->id, 32));
    }
    ASSAY_ASSERT(missing == h->missing && gathers == h->gather_count);
    ASSAY_ASSERT(h->have.count == 0 && h->deal.count == 0); /* what is said has left */
}
