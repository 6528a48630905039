/*
 * services/shares/document.c - encoder and decoder of the documents of clusters and ids
 * (docs/services.md 7.5).
 */
#include "services/shares/document.h"

#include "base/cbor.h"
#include "services/shares/cluster_internal.h"

enum { HEAD_ITEMS = 12, ROWS_ITEMS = 3, ROW_ITEMS = 20, DELETED_ITEMS = 4,
       ROUND_ITEMS = 10, PRIVATE_ITEMS = 6, PUBLIC_ITEMS = 8 };

static const char head_type[] = "assay/shares/v4";
static const char round_type[] = "assay/shares/round/v1";
static const char rows_type[] = "assay/shares/rows/v4";

/* Rows dominate the size: the head fits where they do. */
_Static_assert(128 + ASSAY_SHARE_MEMBERS_MAX * ASSAY_SHARE_DOCUMENT_MEMBER_MAX +
                       ASSAY_SHARE_CLUSTERS_MAX * ASSAY_SHARE_DOCUMENT_CLUSTER_MAX +
                       ASSAY_SHARE_RESHARES_MAX * ASSAY_SHARE_DOCUMENT_RESHARE_MAX <=
                   ASSAY_SHARE_DOCUMENT_LEN_MAX,
               "the head is longer than the rows");
_Static_assert(128 + ASSAY_SHARE_SLOTS_MAX * 34 + ASSAY_SHARE_ROUND_LEN +
                       ASSAY_SHARE_ROUND_IDS_MAX * ASSAY_SHARE_SLOTS_MAX * 8 <=
                   ASSAY_SHARE_DOCUMENT_LEN_MAX,
               "the round is longer than the rows");

uint32_t assay_share_documents(uint32_t ids_max)
{
    return ASSAY_SHARE_DOCUMENT_FIRST +
           (ids_max + ASSAY_SHARE_DOCUMENT_ROWS - 1) / ASSAY_SHARE_DOCUMENT_ROWS;
}

static uint32_t first_row(uint32_t document)
{
    ASSAY_ASSERT(document >= ASSAY_SHARE_DOCUMENT_FIRST);
    return (document - ASSAY_SHARE_DOCUMENT_FIRST) * ASSAY_SHARE_DOCUMENT_ROWS;
}

/* Behind the last row of a document. */
static uint32_t last_row(uint32_t document, uint32_t rows)
{
    const uint32_t end = first_row(document + 1);
    return end < rows ? end : rows;
}

/* --- encoding */

static void encode_members(struct assay_writer *w, const struct assay_share_registry *r)
{
    uint32_t listed = 0;
    for (uint32_t i = 0; i < ASSAY_SHARE_MEMBERS_MAX; i++)
        listed += r->member[i].listed;
    assay_cbor_put_array(w, listed);
    for (uint32_t i = 0; i < ASSAY_SHARE_MEMBERS_MAX; i++) {
        const struct assay_share_member *m = &r->member[i];
        if (!m->listed) continue;
        ASSAY_ASSERT(m->address_len <= ASSAY_SHARE_ADDRESS_MAX);
        assay_cbor_put_array(w, 10);
        assay_cbor_put_uint(w, i);
        assay_cbor_put_uint(w, m->cluster);
        assay_cbor_put_bool(w, m->convicted);
        assay_cbor_put_bytes(w, m->key, sizeof m->key);
        assay_cbor_put_bytes(w, m->node, sizeof m->node);
        assay_cbor_put_bytes(w, m->curve, sizeof m->curve);
        assay_cbor_put_bytes(w, m->address, m->address_len);
        assay_cbor_put_uint(w, m->away_until);
        assay_cbor_put_uint(w, m->barred_until);
        assay_cbor_put_uint(w, m->silent_epoch);
    }
}

static void encode_digest(struct assay_writer *w, bool known, const uint8_t digest[static 32])
{
    if (known) assay_cbor_put_bytes(w, digest, 32);
    else assay_cbor_put_null(w);
}

static void encode_clusters(struct assay_writer *w, const struct assay_share_registry *r)
{
    ASSAY_ASSERT(r->config.clusters <= ASSAY_SHARE_CLUSTERS_MAX);
    assay_cbor_put_array(w, r->config.clusters);
    for (uint32_t c = 0; c < r->config.clusters; c++) {
        const struct assay_share_cluster *cluster = &r->cluster[c];
        if (!cluster->seated) {
            assay_cbor_put_null(w);
            continue;
        }
        assay_cbor_put_array(w, 6);
        assay_cbor_put_uint(w, cluster->alarm_epoch);
        assay_cbor_put_uint(w, cluster->alarms);
        assay_cbor_put_uint(w, cluster->rounds);
        assay_cbor_put_uint(w, cluster->public_until);
        assay_cbor_put_uint(w, cluster->ready);
        assay_cbor_put_array(w, r->config.slots);
        for (uint32_t slot = 0; slot < r->config.slots; slot++) {
            const struct assay_share_seat *seat = &cluster->seat[slot];
            assay_cbor_put_array(w, 5);
            assay_cbor_put_uint(w, seat->member);
            assay_cbor_put_bytes(w, seat->key, ASSAY_P256_PUBLIC_LEN);
            assay_cbor_put_uint(w, seat->seating);
            assay_cbor_put_uint(w, seat->next_era);
            encode_digest(w, seat->has_next, seat->next);
        }
    }
}

/* Generation and attempt are derived from the row. */
static void encode_reshare(struct assay_writer *w, const struct assay_share_reshare *reshare)
{
    if (reshare->is_public) {
        assay_cbor_put_array(w, PUBLIC_ITEMS);
        assay_cbor_put_uint(w, reshare->row);
        assay_cbor_put_uint(w, reshare->place);
        assay_cbor_put_uint(w, reshare->able);
        assay_cbor_put_uint(w, reshare->dealt);
        assay_cbor_put_uint(w, reshare->bad);
        assay_cbor_put_uint(w, reshare->dealers);
        assay_cbor_put_uint(w, reshare->have[0]);
        ASSAY_ASSERT((reshare->dealt & ~reshare->able) == 0);
        encode_digest(w, reshare->dealers != 0, reshare->digest[0]);
        return;
    }
    assay_cbor_put_array(w, PRIVATE_ITEMS);
    assay_cbor_put_uint(w, reshare->row);
    assay_cbor_put_uint(w, reshare->cluster);
    assay_cbor_put_bool(w, reshare->whole);
    assay_cbor_put_array(w, assay_share_count_bits(reshare->dealers));
    for (uint32_t slot = 0; slot < ASSAY_SHARE_SLOTS_MAX; slot++) {
        if (!(reshare->dealers >> slot & 1)) continue;
        assay_cbor_put_array(w, 2);
        assay_cbor_put_uint(w, slot);
        encode_digest(w, reshare->dealt >> slot & 1, reshare->dealing[slot]);
    }
    uint32_t digests = 0;
    while (digests < ASSAY_SHARE_DIGESTS_MAX && reshare->have[digests] != 0)
        digests++;
    assay_cbor_put_array(w, digests);
    for (uint32_t i = 0; i < digests; i++) {
        assay_cbor_put_array(w, 2);
        assay_cbor_put_uint(w, reshare->have[i]);
        assay_cbor_put_bytes(w, reshare->digest[i], 32);
    }
    assay_cbor_put_uint(w, reshare->other);
}

static void encode_head(struct assay_writer *w, const struct assay_share_registry *r)
{
    const struct assay_share_config *config = &r->config;
    assay_cbor_put_array(w, HEAD_ITEMS);
    assay_cbor_put_text(w, head_type);
    assay_cbor_put_uint(w, config->clusters);
    assay_cbor_put_uint(w, config->slots);
    assay_cbor_put_uint(w, config->k);
    assay_cbor_put_uint(w, config->confirmations);
    assay_cbor_put_uint(w, config->ids_max);
    assay_cbor_put_uint(w, r->begun);
    assay_cbor_put_uint(w, r->begin_at);
    assay_cbor_put_uint(w, r->seatings);
    encode_members(w, r);
    encode_clusters(w, r);
    assay_cbor_put_array(w, r->reshare_count);
    for (uint32_t i = 0; i < r->reshare_count; i++)
        encode_reshare(w, &r->reshare[i]);
}

/* Returns: the reshare whose dealings are at a place; NULL when it is free. */
static const struct assay_share_reshare *find_reshare_at(const struct assay_share_registry *r,
                                                         uint32_t place)
{
    ASSAY_ASSERT(place < assay_share_round_ids(&r->config));
    for (uint32_t i = 0; i < r->reshare_count; i++)
        if (r->reshare[i].is_public && r->reshare[i].place == place) return &r->reshare[i];
    return NULL;
}

static uint32_t count_dealings(const struct assay_share_registry *r)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->reshare_count; i++)
        count += r->reshare[i].is_public ? assay_share_count_bits(r->reshare[i].dealt) : 0;
    return count;
}

/* Of attempts in progress, by place and dealer. */
static void encode_dealings(struct assay_writer *w, const struct assay_share_registry *r)
{
    const size_t stride = assay_share_round_stride(&r->config);
    assay_cbor_put_array(w, count_dealings(r));
    for (uint32_t place = 0; place < assay_share_round_ids(&r->config); place++) {
        const struct assay_share_reshare *reshare = find_reshare_at(r, place);
        for (uint32_t slot = 0; reshare != NULL && slot < r->config.slots; slot++)
            if (reshare->dealt >> slot & 1)
                assay_cbor_put_bytes(w, assay_share_round_at(r, place, slot), stride);
    }
}

static void encode_round(struct assay_writer *w, const struct assay_share_registry *r)
{
    const struct assay_share_round *round = r->round;
    assay_cbor_put_array(w, round->phase == ASSAY_SHARE_PHASE_NONE ? 1 : ROUND_ITEMS);
    assay_cbor_put_text(w, round_type);
    if (round->phase == ASSAY_SHARE_PHASE_NONE) return;
    assay_cbor_put_uint(w, round->phase);
    assay_cbor_put_uint(w, round->cluster);
    assay_cbor_put_uint(w, round->closes);
    assay_cbor_put_uint(w, round->era);
    assay_cbor_put_uint(w, round->takers);
    assay_cbor_put_uint(w, round->out);
    assay_cbor_put_uint(w, round->certified);
    assay_cbor_put_array(w, assay_share_count_bits(round->takers));
    for (uint32_t slot = 0; slot < r->config.slots; slot++)
        if (round->takers >> slot & 1) assay_cbor_put_bytes(w, round->key[slot], 32);
    encode_dealings(w, r);
}

static void encode_row(struct assay_writer *w, const struct assay_share_row *row, uint32_t clusters)
{
    ASSAY_ASSERT(clusters <= ASSAY_SHARE_CLUSTERS_MAX &&
                 row->reader_count <= ASSAY_SHARE_READERS_MAX);
    assay_cbor_put_array(w, row->deleted ? DELETED_ITEMS : ROW_ITEMS);
    assay_cbor_put_bytes(w, row->id, 32);
    assay_cbor_put_bytes(w, row->owner, 32);
    assay_cbor_put_uint(w, row->author);
    assay_cbor_put_uint(w, row->deleted_epoch);
    if (row->deleted) return;
    const uint64_t first = assay_share_put_attempt(row->put_epoch);
    ASSAY_ASSERT(row->attempt >= first);
    assay_cbor_put_uint(w, row->birth.era);
    assay_cbor_put_uint(w, row->birth.epoch);
    assay_cbor_put_uint(w, row->version);
    assay_cbor_put_bytes(w, row->payload, 32);
    assay_cbor_put_bytes(w, row->digest, 32);
    assay_cbor_put_bool(w, row->synced);
    assay_cbor_put_uint(w, row->put_epoch);
    assay_cbor_put_uint(w, row->generation);
    assay_cbor_put_uint(w, row->attempt - first);
    assay_cbor_put_uint(w, row->origin);
    assay_cbor_put_array(w, clusters);
    for (uint32_t c = 0; c < clusters; c++)
        assay_cbor_put_uint(w, row->have[c]);
    assay_cbor_put_uint(w, row->wanted);
    assay_cbor_put_uint(w, row->gone);
    assay_cbor_put_uint(w, row->tried);
    assay_cbor_put_uint(w, row->due_epoch);
    assay_cbor_put_array(w, row->reader_count);
    for (uint32_t i = 0; i < row->reader_count; i++)
        assay_share_reader_encode(w, &row->reader[i]);
}

static void encode_rows(struct assay_writer *w, const struct assay_share_registry *r,
                        uint32_t document)
{
    ASSAY_ASSERT(r->row_count <= r->config.ids_max);
    const uint32_t first = first_row(document), end = last_row(document, r->row_count);
    assay_cbor_put_array(w, ROWS_ITEMS);
    assay_cbor_put_text(w, rows_type);
    assay_cbor_put_uint(w, document);
    assay_cbor_put_array(w, first < end ? end - first : 0);
    for (uint32_t i = first; i < end; i++)
        encode_row(w, &r->row[i], r->config.clusters);
}

enum assay_status assay_share_registry_encode(const struct assay_share_registry *r,
                                              uint32_t document, struct assay_writer *w)
{
    struct assay_slice all;
    const size_t start = w->len;
    ASSAY_ASSERT(document < assay_share_documents(r->config.ids_max));
    if (document == 0) {
        assay_share_registry_check(r);
        encode_head(w, r);
    } else if (document < ASSAY_SHARE_DOCUMENT_FIRST) {
        encode_round(w, r);
    } else {
        encode_rows(w, r, document);
    }
    ASSAY_ASSERT(w->full || w->len - start <= ASSAY_SHARE_DOCUMENT_LEN_MAX);
    return assay_writer_finish(w, &all);
}

/* --- decoding */

static enum assay_status decode_u32(struct assay_cursor *c, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, max, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

/* No other value is allowed. */
static enum assay_status decode_number(struct assay_cursor *c, uint32_t number)
{
    uint32_t value = 0;
    ASSAY_TRY(decode_u32(c, number, &value));
    return value == number ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status decode_is_null(struct assay_cursor *c, bool *is_null)
{
    enum assay_cbor_type item;
    ASSAY_TRY(assay_cbor_peek(c, &item));
    *is_null = item == ASSAY_CBOR_NULL;
    return *is_null ? assay_cbor_null(c) : ASSAY_OK;
}

static enum assay_status decode_members(struct assay_cursor *c, struct assay_share_registry *r)
{
    uint64_t count = 0;
    uint32_t next = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_SHARE_MEMBERS_MAX, &count));
    for (uint64_t i = 0; i < count; i++) {
        struct assay_share_member m = { .listed = true };
        uint32_t number = 0;
        struct assay_slice address;
        ASSAY_TRY(assay_cbor_array_exact(c, 10));
        ASSAY_TRY(decode_u32(c, ASSAY_SHARE_MEMBERS_MAX - 1, &number));
        ASSAY_TRY(decode_u32(c, r->config.clusters - 1, &m.cluster));
        ASSAY_TRY(assay_cbor_bool(c, &m.convicted));
        ASSAY_TRY(assay_cbor_bytes_exact(c, m.key, sizeof m.key));
        ASSAY_TRY(assay_cbor_bytes_exact(c, m.node, sizeof m.node));
        ASSAY_TRY(assay_cbor_bytes_exact(c, m.curve, sizeof m.curve));
        ASSAY_TRY(assay_cbor_bytes(c, ASSAY_SHARE_ADDRESS_MAX, &address));
        assay_bytes_copy(m.address, sizeof m.address, address.bytes, address.len);
        m.address_len = (uint8_t)address.len;
        ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &m.away_until));
        ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &m.barred_until));
        ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &m.silent_epoch));
        if (number < next) return ASSAY_E_ENCODING;
        r->member[number] = m;
        next = number + 1;
    }
    return ASSAY_OK;
}

static enum assay_status decode_seat(struct assay_cursor *c, struct assay_share_seat *seat)
{
    bool is_null = false;
    ASSAY_TRY(assay_cbor_array_exact(c, 5));
    ASSAY_TRY(decode_u32(c, ASSAY_SHARE_NO_MEMBER, &seat->member));
    ASSAY_TRY(assay_cbor_bytes_exact(c, seat->key, ASSAY_P256_PUBLIC_LEN));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &seat->seating));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &seat->next_era));
    ASSAY_TRY(decode_is_null(c, &is_null));
    seat->has_next = !is_null;
    return is_null ? ASSAY_OK : assay_cbor_bytes_exact(c, seat->next, sizeof seat->next);
}

static enum assay_status decode_cluster(struct assay_cursor *c, uint32_t slots,
                                        struct assay_share_cluster *cluster)
{
    ASSAY_ASSERT(slots <= ASSAY_SHARE_SLOTS_MAX);
    bool is_null = false;
    ASSAY_TRY(decode_is_null(c, &is_null));
    if (is_null) return ASSAY_OK;
    cluster->seated = true;
    ASSAY_TRY(assay_cbor_array_exact(c, 6));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &cluster->alarm_epoch));
    ASSAY_TRY(decode_u32(c, (2u << ASSAY_SHARE_WHY_OLD_SHARES) - 2, &cluster->alarms));
    /* Bit 0 is no reason, and an alarm has one. */
    if ((cluster->alarms & 1) != 0 || (cluster->alarm_epoch != 0 && cluster->alarms == 0))
        return ASSAY_E_INVALID;
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &cluster->rounds));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &cluster->public_until));
    ASSAY_TRY(decode_u32(c, (1u << slots) - 1, &cluster->ready));
    ASSAY_TRY(assay_cbor_array_exact(c, slots));
    for (uint32_t slot = 0; slot < slots; slot++)
        ASSAY_TRY(decode_seat(c, &cluster->seat[slot]));
    return ASSAY_OK;
}

static enum assay_status decode_dealers(struct assay_cursor *c, const struct assay_share_config *of,
                                        struct assay_share_reshare *reshare)
{
    ASSAY_ASSERT(reshare->dealers == 0 && of->k <= ASSAY_SHARE_K_MAX);
    ASSAY_TRY(assay_cbor_array_exact(c, of->k));
    for (uint32_t i = 0; i < of->k; i++) {
        uint32_t slot = 0;
        bool is_null = false;
        ASSAY_TRY(assay_cbor_array_exact(c, 2));
        ASSAY_TRY(decode_u32(c, of->slots - 1, &slot));
        if (reshare->dealers >> slot != 0) return ASSAY_E_ENCODING;
        reshare->dealers |= 1u << slot;
        ASSAY_TRY(decode_is_null(c, &is_null));
        if (is_null) continue;
        reshare->dealt |= 1u << slot;
        ASSAY_TRY(assay_cbor_bytes_exact(c, reshare->dealing[slot], 32));
    }
    return ASSAY_OK;
}

/* Its cluster is the round's. */
static enum assay_status decode_public(struct assay_cursor *c, const struct assay_share_config *of,
                                       struct assay_share_reshare *reshare)
{
    ASSAY_ASSERT(of->slots <= ASSAY_SHARE_SLOTS_MAX);
    const uint32_t all = (1u << of->slots) - 1;
    bool is_null = false;
    reshare->is_public = reshare->whole = true;
    ASSAY_TRY(decode_u32(c, of->ids_max - 1, &reshare->row));
    ASSAY_TRY(decode_u32(c, ASSAY_SHARE_ROUND_IDS_MAX - 1, &reshare->place));
    ASSAY_TRY(decode_u32(c, all, &reshare->able));
    ASSAY_TRY(decode_u32(c, all, &reshare->dealt));
    ASSAY_TRY(decode_u32(c, all, &reshare->bad));
    ASSAY_TRY(decode_u32(c, all, &reshare->dealers));
    ASSAY_TRY(decode_u32(c, all, &reshare->have[0]));
    ASSAY_TRY(decode_is_null(c, &is_null));
    if (is_null != (reshare->dealers == 0)) return ASSAY_E_INVALID;
    return is_null ? ASSAY_OK : assay_cbor_bytes_exact(c, reshare->digest[0], 32);
}

static enum assay_status decode_reshare(struct assay_cursor *c, const struct assay_share_config *of,
                                        struct assay_share_reshare *reshare)
{
    const uint32_t all = (1u << of->slots) - 1;
    uint64_t digests = 0, items = 0;
    *reshare = (struct assay_share_reshare){ 0 };
    ASSAY_TRY(assay_cbor_array(c, PUBLIC_ITEMS, &items));
    if (items == PUBLIC_ITEMS) return decode_public(c, of, reshare);
    if (items != PRIVATE_ITEMS) return ASSAY_E_RANGE;
    ASSAY_TRY(decode_u32(c, of->ids_max - 1, &reshare->row));
    ASSAY_TRY(decode_u32(c, of->clusters - 1, &reshare->cluster));
    ASSAY_TRY(assay_cbor_bool(c, &reshare->whole));
    ASSAY_TRY(decode_dealers(c, of, reshare));
    ASSAY_TRY(assay_cbor_array(c, ASSAY_SHARE_DIGESTS_MAX, &digests));
    for (uint32_t i = 0; i < (uint32_t)digests; i++) {
        ASSAY_TRY(assay_cbor_array_exact(c, 2));
        ASSAY_TRY(decode_u32(c, all, &reshare->have[i]));
        if (reshare->have[i] == 0) return ASSAY_E_RANGE;
        ASSAY_TRY(assay_cbor_bytes_exact(c, reshare->digest[i], 32));
    }
    return decode_u32(c, all, &reshare->other);
}

static enum assay_status decode_head(struct assay_cursor *c, struct assay_share_registry *r)
{
    const struct assay_share_config *config = &r->config;
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, HEAD_ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(c, head_type));
    ASSAY_TRY(decode_number(c, config->clusters));
    ASSAY_TRY(decode_number(c, config->slots));
    ASSAY_TRY(decode_number(c, config->k));
    ASSAY_TRY(decode_number(c, config->confirmations));
    ASSAY_TRY(decode_number(c, config->ids_max));
    ASSAY_TRY(decode_u32(c, ASSAY_SHARE_BEGUN_MAX, &r->begun));
    ASSAY_TRY(decode_u32(c, config->ids_max, &r->begin_at));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &r->seatings));
    ASSAY_TRY(decode_members(c, r));
    ASSAY_TRY(assay_cbor_array_exact(c, config->clusters));
    for (uint32_t i = 0; i < config->clusters; i++)
        ASSAY_TRY(decode_cluster(c, config->slots, &r->cluster[i]));
    ASSAY_TRY(assay_cbor_array(c, ASSAY_SHARE_RESHARES_MAX, &count));
    r->reshare_count = (uint32_t)count;
    for (uint32_t i = 0; i < r->reshare_count; i++)
        ASSAY_TRY(decode_reshare(c, config, &r->reshare[i]));
    return ASSAY_OK;
}

/* Dealings are consecutive, as the head counts them; their places are validated when all documents
 * are decoded. */
static enum assay_status decode_round(struct assay_cursor *c, struct assay_share_registry *r)
{
    const struct assay_share_config *of = &r->config;
    const size_t stride = assay_share_round_stride(of);
    const uint32_t all = (1u << of->slots) - 1;
    struct assay_share_round *round = r->round;
    uint64_t items = 0, count = 0;
    uint32_t phase = 0;
    ASSAY_TRY(assay_cbor_array(c, ROUND_ITEMS, &items));
    if (items != 1 && items != ROUND_ITEMS) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_text_expect(c, round_type));
    if (items == 1) return ASSAY_OK;
    ASSAY_TRY(decode_u32(c, ASSAY_SHARE_PHASE_HAVES, &phase));
    if (phase == ASSAY_SHARE_PHASE_NONE) return ASSAY_E_RANGE;
    round->phase = (enum assay_share_phase)phase;
    ASSAY_TRY(decode_u32(c, of->clusters - 1, &round->cluster));
    ASSAY_TRY(decode_u32(c, ASSAY_SHARE_ROUND_CLOSES - 1, &round->closes));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &round->era));
    ASSAY_TRY(decode_u32(c, all, &round->takers));
    ASSAY_TRY(decode_u32(c, all, &round->out));
    ASSAY_TRY(decode_u32(c, all, &round->certified));
    ASSAY_TRY(assay_cbor_array_exact(c, assay_share_count_bits(round->takers)));
    for (uint32_t slot = 0; slot < of->slots; slot++)
        if (round->takers >> slot & 1)
            ASSAY_TRY(assay_cbor_bytes_exact(c, round->key[slot], 32));
    ASSAY_TRY(assay_cbor_array(c, (uint64_t)assay_share_round_ids(of) * of->slots, &count));
    for (uint32_t i = 0; i < (uint32_t)count; i++)
        ASSAY_TRY(assay_cbor_bytes_exact(c, round->dealings + i * stride, stride));
    r->dealings_read = (uint32_t)count;
    return ASSAY_OK;
}

static enum assay_status decode_row(struct assay_cursor *c, const struct assay_share_config *of,
                                    struct assay_share_row *row)
{
    uint64_t items = 0;
    ASSAY_TRY(assay_cbor_array(c, ROW_ITEMS, &items));
    if (items != ROW_ITEMS && items != DELETED_ITEMS) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_bytes_exact(c, row->id, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(c, row->owner, 32));
    ASSAY_TRY(decode_u32(c, ASSAY_SHARE_NO_MEMBER, &row->author));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &row->deleted_epoch));
    if (items == DELETED_ITEMS) {
        row->deleted = true;
        row->generation = 1;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &row->birth.era));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &row->birth.epoch));
    ASSAY_TRY(decode_u32(c, UINT32_MAX, &row->version));
    ASSAY_TRY(assay_cbor_bytes_exact(c, row->payload, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(c, row->digest, 32));
    ASSAY_TRY(assay_cbor_bool(c, &row->synced));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &row->put_epoch));
    ASSAY_TRY(decode_u32(c, UINT32_MAX, &row->generation));
    ASSAY_TRY(assay_cbor_uint_max(c, UINT16_MAX - 1, &row->attempt));
    row->attempt += assay_share_put_attempt(row->put_epoch);
    ASSAY_TRY(decode_u32(c, of->clusters - 1, &row->origin));
    ASSAY_TRY(assay_cbor_array_exact(c, of->clusters));
    for (uint32_t i = 0; i < of->clusters; i++)
        ASSAY_TRY(decode_u32(c, (1u << of->slots) - 1, &row->have[i]));
    ASSAY_TRY(decode_u32(c, (1u << of->clusters) - 1, &row->wanted));
    ASSAY_TRY(decode_u32(c, (1u << of->slots) - 1, &row->gone));
    ASSAY_TRY(decode_u32(c, UINT16_MAX, &row->tried));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &row->due_epoch));
    ASSAY_TRY(assay_share_readers_decode(c, row->reader, &row->reader_count));
    return row->generation > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

/* A row that is in no document has generation 0, which no row may have. */
static enum assay_status decode_rows(struct assay_cursor *c, struct assay_share_registry *r,
                                     uint32_t document)
{
    const uint32_t first = first_row(document), end = last_row(document, r->config.ids_max);
    uint64_t count = 0;
    ASSAY_ASSERT(first < end && end <= r->config.ids_max);
    assay_bytes_zero(&r->row[first], (end - first) * sizeof *r->row);
    ASSAY_TRY(assay_cbor_array_exact(c, ROWS_ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(c, rows_type));
    ASSAY_TRY(decode_number(c, document));
    ASSAY_TRY(assay_cbor_array(c, end - first, &count));
    for (uint32_t i = 0; i < (uint32_t)count; i++)
        ASSAY_TRY(decode_row(c, &r->config, &r->row[first + i]));
    return ASSAY_OK;
}

enum assay_status assay_share_registry_decode(struct assay_share_registry *r, uint32_t document,
                                              struct assay_slice bytes)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    ASSAY_ASSERT(document < assay_share_documents(r->config.ids_max));
    if (document == 0) {
        assay_bytes_zero(r->member, sizeof r->member);
        assay_bytes_zero(r->cluster, sizeof r->cluster);
        r->epoch = 0;
        ASSAY_TRY(decode_head(&c, r));
    } else if (document < ASSAY_SHARE_DOCUMENT_FIRST) {
        assay_bytes_zero(r->round, sizeof *r->round);
        r->dealings_read = 0;
        ASSAY_TRY(decode_round(&c, r));
    } else {
        ASSAY_TRY(decode_rows(&c, r, document));
    }
    return assay_cursor_end(&c);
}

/* --- joining */

/* Up to the last one in a document, each id once; a gap between them is invalid. */
static bool join_rows(struct assay_share_registry *r)
{
    uint32_t rows = r->config.ids_max;
    while (rows > 0 && r->row[rows - 1].generation == 0)
        rows--;
    r->row_count = 0;
    r->synced_count = 0;
    r->root_known = false;
    for (uint32_t i = 0; i < rows; i++) {
        r->row[i].reshare = 0;
        r->synced_count += r->row[i].synced;
        if (!assay_share_order_add(r)) return false;
    }
    ASSAY_ASSERT(r->row_count == rows);
    return true;
}

static bool join_reshares(struct assay_share_registry *r)
{
    for (uint32_t i = 0; i < r->reshare_count; i++) {
        struct assay_share_reshare *reshare = &r->reshare[i];
        if (reshare->row >= r->row_count) return false;
        struct assay_share_row *row = &r->row[reshare->row];
        if (row->reshare != 0 || row->generation == UINT32_MAX || row->tried == 0) return false;
        row->reshare = i + 1;
        reshare->generation = row->generation + 1;
        reshare->attempt = assay_share_row_attempt(row);
    }
    return true;
}

/* Moves dealings from the decoded order to their places, the last first: a place is never before
 * its source. */
static bool join_round(struct assay_share_registry *r)
{
    const size_t stride = assay_share_round_stride(&r->config);
    uint32_t left = r->dealings_read;
    if (left != count_dealings(r)) return false;
    for (uint32_t i = 0; i < r->reshare_count; i++) {
        struct assay_share_reshare *reshare = &r->reshare[i];
        if (!reshare->is_public) continue;
        reshare->cluster = r->round->cluster;
        if (reshare->place >= assay_share_round_ids(&r->config) ||
            find_reshare_at(r, reshare->place) != reshare)
            return false; /* two at one place */
    }
    for (uint32_t place = assay_share_round_ids(&r->config); place-- > 0;) {
        const struct assay_share_reshare *reshare = find_reshare_at(r, place);
        for (uint32_t slot = r->config.slots; reshare != NULL && slot-- > 0;) {
            if (!(reshare->dealt >> slot & 1)) continue;
            ASSAY_ASSERT(left > 0);
            uint8_t *const to = assay_share_round_at(r, place, slot);
            const uint8_t *const from = r->round->dealings + stride * --left;
            if (to != from) assay_bytes_copy(to, stride, from, stride);
        }
    }
    ASSAY_ASSERT(left == 0); /* each decoded dealing has moved to its place */
    return true;
}

enum assay_status assay_share_registry_join(struct assay_share_registry *r)
{
    if (!join_rows(r) || !join_reshares(r) || !join_round(r)) return ASSAY_E_INVALID;
    return assay_share_registry_is_valid(r) ? ASSAY_OK : ASSAY_E_INVALID;
}
