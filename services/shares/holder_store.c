/*
 * services/shares/holder_store.c - codec of a holder's stored state (docs/services.md 5.11).
 */
#include "services/shares/holder_internal.h"

enum {
    VERSION = 4,
    HAS = 1,
    HAS_NEXT = 2,
    DEALS = 4,
    SHOWN = 8,
    KEYS = 16,
    BOUND = 32,
    NOW = 1,
    NEXT = 2
};

static const uint8_t own_row[32]; /* no id is zeros */

static void encode_head(struct assay_writer *w, const struct assay_share_holder *h, int flags,
                        const uint8_t id[static 32])
{
    ASSAY_ASSERT(h->cluster < ASSAY_SHARE_CLUSTERS_MAX && h->slot < ASSAY_SHARE_SLOTS_MAX);
    assay_writer_u8(w, VERSION);
    assay_writer_u8(w, (uint8_t)flags);
    assay_writer_u8(w, (uint8_t)h->cluster);
    assay_writer_u8(w, (uint8_t)h->slot);
    assay_writer_put(w, id, 32);
}

/* The slot's own row: secret keys of the current round and of the next. */
static void encode_keys(struct assay_writer *w, const struct assay_share_holder *h)
{
    encode_head(w, h, KEYS, own_row);
    assay_writer_u8(w, (uint8_t)((h->key_now.set ? NOW : 0) | (h->key_next.set ? NEXT : 0)));
    if (h->key_now.set) assay_writer_put(w, h->key_now.secret.bytes, 32);
    if (h->key_next.set) assay_writer_put(w, h->key_next.secret.bytes, 32);
}

static void encode_public(struct assay_writer *w, const struct assay_share_own_public *own)
{
    const struct assay_share_public_dealing *d = &own->line.dealing;
    ASSAY_ASSERT(d->commitments.k <= ASSAY_SHARE_K_MAX && d->slots <= ASSAY_SHARE_SLOTS_MAX);
    assay_writer_u64be(w, own->era);
    assay_writer_u64be(w, own->seating);
    assay_writer_u32be(w, own->line.generation);
    assay_writer_u64be(w, own->line.attempt);
    assay_writer_put(w, own->digest, 32);
    assay_writer_put(w, own->line.proof.challenge, 32);
    assay_writer_put(w, own->line.proof.answer, 32);
    assay_writer_u8(w, (uint8_t)d->commitments.k);
    assay_writer_u8(w, (uint8_t)d->slots);
    assay_writer_put(w, d->commitments.point, (size_t)d->commitments.k * 32);
    assay_writer_put(w, d->dealt, 32);
    assay_writer_put(w, d->sealed, (size_t)d->slots * 32);
}

/* version, flags, cluster, slot, id, pieces, what the next one was made of, its dealing, its public
 * dealing. A build that did not bind the next one has stored the others alike. */
enum assay_status assay_share_holder_stored(const struct assay_share_holder *h,
                                            const uint8_t id[static 32], uint8_t *bytes,
                                            size_t capacity, struct assay_slice *out)
{
    const struct assay_share_holding *holding = assay_share_holding_find(h, id);
    const struct assay_share_own_public *const own = assay_share_public_find_own(h, id);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    if (assay_bytes_equal(id, own_row, 32)) {
        encode_keys(&w, h);
        return assay_writer_finish(&w, out);
    }
    if (holding == NULL) return ASSAY_E_NOT_FOUND;
    encode_head(&w, h,
                (holding->has ? HAS : 0) | (holding->has_next ? HAS_NEXT : 0) |
                    (holding->has_next && holding->next_bound ? BOUND : 0) |
                    (holding->deal.attempt != 0 ? DEALS : 0) | (own != NULL ? SHOWN : 0),
                holding->id);
    ASSAY_ASSERT(holding->has || holding->deal.attempt == 0);
    if (holding->has) assay_share_piece_encode(&w, &holding->current);
    if (holding->has_next) assay_share_piece_encode(&w, &holding->next);
    if (holding->has_next && holding->next_bound) assay_writer_put(&w, holding->next_of, 32);
    if (holding->deal.attempt != 0) {
        assay_writer_u64be(&w, holding->deal.era);
        assay_writer_u32be(&w, holding->deal.generation);
        assay_writer_u64be(&w, holding->deal.attempt);
        assay_writer_u16be(&w, (uint16_t)holding->deal.dealers);
        assay_writer_put(&w, holding->deal.digest, 32);
        assay_writer_put(&w, holding->deal_seed.bytes, 32);
    }
    if (own != NULL) encode_public(&w, own);
    return assay_writer_finish(&w, out);
}

static enum assay_status decode_public(struct assay_cursor *in, struct assay_share_own_public *own)
{
    struct assay_share_public_dealing *d = &own->line.dealing;
    uint8_t k = 0, slots = 0;
    ASSAY_TRY(assay_cursor_u64be(in, &own->era));
    ASSAY_TRY(assay_cursor_u64be(in, &own->seating));
    ASSAY_TRY(assay_cursor_u32be(in, &own->line.generation));
    ASSAY_TRY(assay_cursor_u64be(in, &own->line.attempt));
    ASSAY_TRY(assay_cursor_copy(in, own->digest, 32));
    ASSAY_TRY(assay_cursor_copy(in, own->line.proof.challenge, 32));
    ASSAY_TRY(assay_cursor_copy(in, own->line.proof.answer, 32));
    ASSAY_TRY(assay_cursor_u8(in, &k));
    ASSAY_TRY(assay_cursor_u8(in, &slots));
    if (own->line.attempt == 0 || k < ASSAY_SHARE_K_MIN || k > ASSAY_SHARE_K_MAX || slots < k ||
        slots > ASSAY_SHARE_SLOTS_MAX)
        return ASSAY_E_RANGE;
    d->commitments.k = k;
    d->slots = slots;
    ASSAY_TRY(assay_cursor_copy(in, d->commitments.point[0], (size_t)k * 32));
    ASSAY_TRY(assay_cursor_copy(in, d->dealt, 32));
    return assay_cursor_copy(in, d->sealed[0], (size_t)slots * 32);
}

static enum assay_status decode_pieces(struct assay_cursor *in, uint8_t flags,
                                       struct assay_share_holding *read,
                                       struct assay_share_own_public *own)
{
    uint16_t dealers = 0;
    read->has = flags & HAS;
    read->has_next = flags & HAS_NEXT;
    if (read->has) ASSAY_TRY(assay_share_piece_decode(in, &read->current));
    if (read->has_next) ASSAY_TRY(assay_share_piece_decode(in, &read->next));
    read->next_bound = flags & BOUND;
    if (read->next_bound) ASSAY_TRY(assay_cursor_copy(in, read->next_of, 32));
    if (read->next_bound && !read->has_next) return ASSAY_E_RANGE;
    if (flags & DEALS) {
        ASSAY_TRY(assay_cursor_u64be(in, &read->deal.era));
        ASSAY_TRY(assay_cursor_u32be(in, &read->deal.generation));
        ASSAY_TRY(assay_cursor_u64be(in, &read->deal.attempt));
        ASSAY_TRY(assay_cursor_u16be(in, &dealers));
        ASSAY_TRY(assay_cursor_copy(in, read->deal.digest, 32));
        ASSAY_TRY(assay_cursor_copy(in, read->deal_seed.bytes, 32));
        if (read->deal.attempt == 0 || !read->has) return ASSAY_E_RANGE;
        read->deal.dealers = dealers;
    }
    if (flags & SHOWN) ASSAY_TRY(decode_public(in, own));
    ASSAY_TRY(assay_cursor_end(in));
    /* Each piece belongs to this id. */
    if (read->has && !assay_bytes_equal(read->current.id, read->id, 32)) return ASSAY_E_INVALID;
    if (read->has_next && !assay_bytes_equal(read->next.id, read->id, 32)) return ASSAY_E_INVALID;
    return ASSAY_OK;
}

static enum assay_status decode_key(struct assay_cursor *in, struct assay_share_own_key *key)
{
    ASSAY_TRY(assay_cursor_copy(in, key->secret.bytes, 32));
    if (!assay_sodium_scalar_is_fit(&key->secret)) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_sodium_point_base(&key->secret, key->point));
    key->set = true;
    return ASSAY_OK;
}

/* A decoded row. Secret. */
struct row {
    uint8_t flags, cluster, slot;
    struct assay_share_holding holding;
    struct assay_share_own_public own;
    struct assay_share_own_key now, next;
};

static enum assay_status decode_keys(struct assay_cursor *in, struct row *row)
{
    uint8_t which = 0;
    if (!assay_bytes_equal(row->holding.id, own_row, 32)) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_cursor_u8(in, &which));
    if (which > (NOW | NEXT)) return ASSAY_E_RANGE;
    if (which & NOW) ASSAY_TRY(decode_key(in, &row->now));
    if (which & NEXT) ASSAY_TRY(decode_key(in, &row->next));
    return assay_cursor_end(in);
}

static enum assay_status decode_row(struct assay_slice bytes, struct row *row)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    uint8_t version = 0;
    ASSAY_TRY(assay_cursor_u8(&in, &version));
    ASSAY_TRY(assay_cursor_u8(&in, &row->flags));
    ASSAY_TRY(assay_cursor_u8(&in, &row->cluster));
    ASSAY_TRY(assay_cursor_u8(&in, &row->slot));
    if (version != VERSION) return ASSAY_E_UNSUPPORTED;
    if (row->cluster >= ASSAY_SHARE_CLUSTERS_MAX || row->slot >= ASSAY_SHARE_SLOTS_MAX)
        return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_copy(&in, row->holding.id, 32));
    if (row->flags == KEYS) return decode_keys(&in, row);
    if ((row->flags & ~(HAS | HAS_NEXT | DEALS | SHOWN | BOUND)) != 0) return ASSAY_E_UNSUPPORTED;
    if (assay_bytes_equal(row->holding.id, own_row, 32)) return ASSAY_E_INVALID;
    ASSAY_TRY(decode_pieces(&in, row->flags, &row->holding, &row->own));
    assay_bytes_copy(row->own.line.id, 32, row->holding.id, 32);
    return ASSAY_OK;
}

/* Returns: NULL when there is no room for its dealing. */
static struct assay_share_own_public *find_free_own(struct assay_share_holder *h)
{
    for (uint32_t i = 0; i < ASSAY_SHARE_ROUND_IDS_MAX; i++)
        if (h->own[i].line.attempt == 0) return &h->own[i];
    return NULL;
}

static enum assay_status load_row(struct assay_share_holder *h, const struct row *row)
{
    if (row->flags == KEYS) {
        if (h->key_now.set || h->key_next.set) return ASSAY_E_DUPLICATE;
        h->key_now = row->now;
        h->key_next = row->next;
        return ASSAY_OK;
    }
    if (assay_share_holding_find(h, row->holding.id) != NULL) return ASSAY_E_DUPLICATE;
    struct assay_share_own_public *own = find_free_own(h);
    if ((row->flags & SHOWN) && own == NULL) return ASSAY_E_FULL;
    struct assay_share_holding *holding = assay_share_holding_add(h, row->holding.id);
    if (holding == NULL) return ASSAY_E_FULL;
    *holding = row->holding;
    if (row->flags & SHOWN) *own = row->own;
    return ASSAY_OK;
}

enum assay_status assay_share_holder_load(struct assay_share_holder *h, struct assay_slice bytes)
{
    struct row row = { 0 };
    enum assay_status status = decode_row(bytes, &row);
    /* The stored state of this key belongs to one slot. */
    if (status == ASSAY_OK && h->seated && (row.cluster != h->cluster || row.slot != h->slot))
        status = ASSAY_E_INVALID;
    status = status != ASSAY_OK ? ASSAY_E_VERSION : load_row(h, &row);
    if (status == ASSAY_OK) {
        h->seated = true;
        h->cluster = row.cluster;
        h->slot = row.slot;
    }
    assay_secret_wipe(&row, sizeof row);
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
    ASSAY_ASSERT(status.kept <= h->count && status.exchanges <= ASSAY_SHARE_TALKS);
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
    ASSAY_ASSERT(h->have.count == 0 && h->deal.count == 0); /* all lines were submitted */
}
