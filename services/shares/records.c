/*
 * services/shares/records.c - codec and signatures of share records, canonical CBOR
 * (docs/services.md 5.4).
 */
#include "services/shares/records.h"

#include "base/cbor.h"
#include "base/merkle.h"

static enum assay_status decode_u32(struct assay_cursor *in, uint64_t max, uint32_t *out)
{
    ASSAY_ASSERT(max <= UINT32_MAX);
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(in, max, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

/* --- HOLDER */

/* All but the signatures; the statement is the same behind type and chain. */
static void encode_holder(struct assay_writer *w, const struct assay_share_holder_record *record)
{
    ASSAY_ASSERT(record->address_len <= ASSAY_SHARE_ADDRESS_MAX);
    assay_cbor_put_uint(w, record->cluster);
    assay_cbor_put_bytes(w, record->node, sizeof record->node);
    assay_cbor_put_bytes(w, record->key, sizeof record->key);
    assay_cbor_put_bytes(w, record->link, sizeof record->link);
    assay_cbor_put_bytes(w, record->address, record->address_len);
}

void assay_share_holder_statement(const struct assay_share_home *home,
                                  const struct assay_share_holder_record *record,
                                  uint8_t digest[static 32])
{
    uint8_t bytes[384];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 7);
    assay_cbor_put_text(&w, "assay/possession/holder/v1");
    assay_cbor_put_bytes(&w, home->chain_id, sizeof home->chain_id);
    encode_holder(&w, record);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

bool assay_share_holder_record_check(const struct assay_share_home *home,
                                     const struct assay_share_holder_record *record)
{
    uint8_t digest[32];
    assay_share_holder_statement(home, record, digest);
    return assay_sodium_link_verify(record->link, digest, record->link_signature) &&
           assay_share_verify_signature(record->key, digest, record->signature);
}

enum assay_status assay_share_holder_record_encode(const struct assay_share_holder_record *record,
                                                   uint8_t *bytes, size_t capacity,
                                                   struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, 7);
    encode_holder(&w, record);
    assay_cbor_put_bytes(&w, record->link_signature, sizeof record->link_signature);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_share_holder_record_decode(struct assay_slice bytes,
                                                   struct assay_share_holder_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_share_holder_record read = { 0 };
    struct assay_slice address;
    ASSAY_TRY(assay_cbor_array_exact(&in, 7));
    ASSAY_TRY(decode_u32(&in, ASSAY_SHARE_CLUSTERS_MAX - 1, &read.cluster));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.node, sizeof read.node));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.key, sizeof read.key));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.link, sizeof read.link));
    ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_SHARE_ADDRESS_MAX, &address));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.link_signature, sizeof read.link_signature));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    ASSAY_TRY(assay_sodium_link_curve(read.link, read.curve));
    assay_bytes_copy(read.address, sizeof read.address, address.bytes, address.len);
    read.address_len = (uint8_t)address.len;
    *record = read;
    return ASSAY_OK;
}

/* --- SHARE_PUT */

void assay_share_reader_encode(struct assay_writer *w, const struct assay_share_reader *reader)
{
    assay_cbor_put_array(w, 2);
    assay_cbor_put_uint(w, reader->kind);
    assay_cbor_put_bytes(w, reader->name, sizeof reader->name);
}

static enum assay_status decode_reader(struct assay_cursor *in, struct assay_share_reader *reader)
{
    uint32_t kind = 0;
    ASSAY_TRY(assay_cbor_array_exact(in, 2));
    ASSAY_TRY(decode_u32(in, ASSAY_SHARE_READER_MEASUREMENT, &kind));
    if (kind < ASSAY_SHARE_READER_ACCOUNT) return ASSAY_E_RANGE;
    reader->kind = (enum assay_share_reader_kind)kind;
    return assay_cbor_bytes_exact(in, reader->name, sizeof reader->name);
}

/* One set of readers has one encoding. */
static bool reader_ascends(const struct assay_share_reader *last,
                           const struct assay_share_reader *next)
{
    if (last->kind != next->kind) return last->kind < next->kind;
    return assay_bytes_compare(last->name, next->name, sizeof last->name) < 0;
}

enum assay_status assay_share_readers_decode(
    struct assay_cursor *in, struct assay_share_reader reader[static ASSAY_SHARE_READERS_MAX],
    uint32_t *count)
{
    uint64_t read = 0;
    ASSAY_TRY(assay_cbor_array(in, ASSAY_SHARE_READERS_MAX, &read));
    for (uint32_t i = 0; i < (uint32_t)read; i++) {
        ASSAY_TRY(decode_reader(in, &reader[i]));
        if (i > 0 && !reader_ascends(&reader[i - 1], &reader[i])) return ASSAY_E_ENCODING;
    }
    *count = (uint32_t)read;
    return ASSAY_OK;
}

static void encode_readers(struct assay_writer *w, const struct assay_share_reader *reader,
                           uint32_t count)
{
    ASSAY_ASSERT(count <= ASSAY_SHARE_READERS_MAX);
    assay_cbor_put_array(w, count);
    for (uint32_t i = 0; i < count; i++)
        assay_share_reader_encode(w, &reader[i]);
}

static enum assay_status decode_birth(struct assay_cursor *in, struct assay_share_birth *birth)
{
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &birth->era));
    return assay_cbor_uint_max(in, INT64_MAX, &birth->epoch);
}

/* All but the signature; the statement is the same behind type and chain. */
static void encode_fields(struct assay_writer *w, const struct assay_share_put_record *record)
{
    assay_cbor_put_uint(w, record->cluster);
    assay_cbor_put_uint(w, record->k);
    assay_cbor_put_uint(w, record->birth.era);
    assay_cbor_put_uint(w, record->birth.epoch);
    assay_cbor_put_bytes(w, record->owner, sizeof record->owner);
    assay_cbor_put_bytes(w, record->name, sizeof record->name);
    assay_cbor_put_bytes(w, record->digest, sizeof record->digest);
    assay_cbor_put_bytes(w, record->payload, sizeof record->payload);
    encode_readers(w, record->reader, record->reader_count);
}

enum assay_status assay_share_put_record_encode(const struct assay_share_put_record *record,
                                                uint8_t *bytes, size_t capacity,
                                                struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, 10);
    encode_fields(&w, record);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_share_put_record_decode(struct assay_slice bytes,
                                                struct assay_share_put_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_share_put_record read = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&in, 10));
    ASSAY_TRY(decode_u32(&in, ASSAY_SHARE_CLUSTERS_MAX - 1, &read.cluster));
    ASSAY_TRY(decode_u32(&in, ASSAY_SHARE_K_MAX, &read.k));
    if (read.k < ASSAY_SHARE_K_MIN) return ASSAY_E_RANGE;
    ASSAY_TRY(decode_birth(&in, &read.birth));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.owner, sizeof read.owner));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.name, sizeof read.name));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.digest, sizeof read.digest));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.payload, sizeof read.payload));
    ASSAY_TRY(assay_share_readers_decode(&in, read.reader, &read.reader_count));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    *record = read;
    return ASSAY_OK;
}

void assay_share_put_statement(const struct assay_share_home *home,
                               const struct assay_share_put_record *record,
                               uint8_t digest[static 32])
{
    uint8_t bytes[640];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 11);
    assay_cbor_put_text(&w, "assay/share/put/v2");
    assay_cbor_put_bytes(&w, home->chain_id, sizeof home->chain_id);
    encode_fields(&w, record);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

bool assay_share_put_record_check(const struct assay_share_home *home,
                                  const struct assay_share_put_record *record)
{
    uint8_t digest[32];
    assay_share_put_statement(home, record, digest);
    return assay_share_verify_signature(record->owner, digest, record->signature);
}

/* --- SHARE_DELETE, SHARE_READERS */

enum { ORDER_ITEMS = 6 };

static void encode_order(struct assay_writer *w, const struct assay_share_order *order)
{
    assay_cbor_put_bytes(w, order->owner, sizeof order->owner);
    assay_cbor_put_bytes(w, order->name, sizeof order->name);
    assay_cbor_put_uint(w, order->birth.era);
    assay_cbor_put_uint(w, order->birth.epoch);
    assay_cbor_put_uint(w, order->era);
    assay_cbor_put_uint(w, order->version);
}

static enum assay_status decode_order(struct assay_cursor *in, struct assay_share_order *order)
{
    ASSAY_TRY(assay_cbor_bytes_exact(in, order->owner, sizeof order->owner));
    ASSAY_TRY(assay_cbor_bytes_exact(in, order->name, sizeof order->name));
    ASSAY_TRY(decode_birth(in, &order->birth));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &order->era));
    ASSAY_TRY(decode_u32(in, UINT32_MAX, &order->version));
    return order->version > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

enum assay_status assay_share_delete_record_encode(const struct assay_share_delete_record *record,
                                                   uint8_t *bytes, size_t capacity,
                                                   struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, ORDER_ITEMS + 1);
    encode_order(&w, &record->order);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_share_delete_record_decode(struct assay_slice bytes,
                                                   struct assay_share_delete_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_share_delete_record read = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&in, ORDER_ITEMS + 1));
    ASSAY_TRY(decode_order(&in, &read.order));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    *record = read;
    return ASSAY_OK;
}

void assay_share_delete_statement(const struct assay_share_home *home,
                                  const struct assay_share_delete_record *record,
                                  uint8_t digest[static 32])
{
    uint8_t bytes[384];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, ORDER_ITEMS + 2);
    assay_cbor_put_text(&w, "assay/share/delete/v1");
    assay_cbor_put_bytes(&w, home->chain_id, sizeof home->chain_id);
    encode_order(&w, &record->order);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

bool assay_share_delete_record_check(const struct assay_share_home *home,
                                     const struct assay_share_delete_record *record)
{
    uint8_t digest[32];
    assay_share_delete_statement(home, record, digest);
    return assay_share_verify_signature(record->order.owner, digest, record->signature);
}

enum assay_status assay_share_readers_record_encode(
    const struct assay_share_readers_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, ORDER_ITEMS + 2);
    encode_order(&w, &record->order);
    encode_readers(&w, record->reader, record->reader_count);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_share_readers_record_decode(struct assay_slice bytes,
                                                    struct assay_share_readers_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_share_readers_record read = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&in, ORDER_ITEMS + 2));
    ASSAY_TRY(decode_order(&in, &read.order));
    ASSAY_TRY(assay_share_readers_decode(&in, read.reader, &read.reader_count));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    *record = read;
    return ASSAY_OK;
}

void assay_share_readers_statement(const struct assay_share_home *home,
                                   const struct assay_share_readers_record *record,
                                   uint8_t digest[static 32])
{
    uint8_t bytes[640];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, ORDER_ITEMS + 3);
    assay_cbor_put_text(&w, "assay/share/readers/v1");
    assay_cbor_put_bytes(&w, home->chain_id, sizeof home->chain_id);
    encode_order(&w, &record->order);
    encode_readers(&w, record->reader, record->reader_count);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

bool assay_share_readers_record_check(const struct assay_share_home *home,
                                      const struct assay_share_readers_record *record)
{
    uint8_t digest[32];
    assay_share_readers_statement(home, record, digest);
    return assay_share_verify_signature(record->order.owner, digest, record->signature);
}

/* --- SHARE_HAVE, SHARE_DEAL */

enum assay_status assay_share_list_record_encode(const struct assay_share_list_record *record,
                                                 uint8_t *bytes, size_t capacity,
                                                 struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    ASSAY_ASSERT(record->count <= ASSAY_SHARE_LIST_MAX);
    assay_cbor_put_array(&w, 4);
    assay_cbor_put_uint(&w, record->cluster);
    assay_cbor_put_uint(&w, record->seating);
    assay_cbor_put_uint(&w, record->era);
    assay_cbor_put_array(&w, record->count);
    for (uint32_t i = 0; i < record->count; i++) {
        const struct assay_share_line *line = &record->line[i];
        assay_cbor_put_array(&w, 4);
        assay_cbor_put_bytes(&w, line->id, sizeof line->id);
        assay_cbor_put_uint(&w, line->generation);
        assay_cbor_put_uint(&w, line->attempt);
        assay_cbor_put_bytes(&w, line->digest, sizeof line->digest);
    }
    return assay_writer_finish(&w, out);
}

static enum assay_status decode_line(struct assay_cursor *in, struct assay_share_line *line)
{
    ASSAY_TRY(assay_cbor_array_exact(in, 4));
    ASSAY_TRY(assay_cbor_bytes_exact(in, line->id, sizeof line->id));
    ASSAY_TRY(decode_u32(in, UINT32_MAX, &line->generation));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &line->attempt));
    if (line->generation == 0 || line->attempt == 0) return ASSAY_E_RANGE;
    return assay_cbor_bytes_exact(in, line->digest, sizeof line->digest);
}

enum assay_status assay_share_list_record_decode(struct assay_slice bytes,
                                                 struct assay_share_list_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_share_list_record read;
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array_exact(&in, 4));
    ASSAY_TRY(decode_u32(&in, ASSAY_SHARE_CLUSTERS_MAX - 1, &read.cluster));
    ASSAY_TRY(assay_cbor_uint_max(&in, INT64_MAX, &read.seating));
    ASSAY_TRY(assay_cbor_uint_max(&in, INT64_MAX, &read.era));
    ASSAY_TRY(assay_cbor_array(&in, ASSAY_SHARE_LIST_MAX, &count));
    if (count == 0) return ASSAY_E_RANGE;
    read.count = (uint32_t)count;
    for (uint32_t i = 0; i < read.count; i++) {
        ASSAY_TRY(decode_line(&in, &read.line[i]));
        if (i > 0 && assay_bytes_compare(read.line[i - 1].id, read.line[i].id, 32) >= 0)
            return ASSAY_E_ENCODING;
    }
    ASSAY_TRY(assay_cursor_end(&in));
    record->cluster = read.cluster;
    record->seating = read.seating;
    record->era = read.era;
    record->count = read.count;
    for (uint32_t i = 0; i < read.count; i++)
        record->line[i] = read.line[i];
    return ASSAY_OK;
}

/* --- SHARE_READY */

enum assay_status assay_share_ready_record_encode(const struct assay_share_ready_record *record,
                                                  uint8_t *bytes, size_t capacity,
                                                  struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, 6);
    assay_cbor_put_uint(&w, record->cluster);
    assay_cbor_put_uint(&w, record->slot);
    assay_cbor_put_uint(&w, record->seating);
    assay_cbor_put_uint(&w, record->era);
    assay_cbor_put_uint(&w, record->count);
    assay_cbor_put_bytes(&w, record->digest, sizeof record->digest);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_share_ready_record_decode(struct assay_slice bytes,
                                                  struct assay_share_ready_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_share_ready_record read = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&in, 6));
    ASSAY_TRY(decode_u32(&in, ASSAY_SHARE_CLUSTERS_MAX - 1, &read.cluster));
    ASSAY_TRY(decode_u32(&in, ASSAY_SHARE_SLOTS_MAX - 1, &read.slot));
    ASSAY_TRY(assay_cbor_uint_max(&in, INT64_MAX, &read.seating));
    ASSAY_TRY(assay_cbor_uint_max(&in, INT64_MAX, &read.era));
    ASSAY_TRY(decode_u32(&in, UINT32_MAX, &read.count));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.digest, sizeof read.digest));
    ASSAY_TRY(assay_cursor_end(&in));
    *record = read;
    return ASSAY_OK;
}

/* --- SHARE_READ */

static void decode_fields(struct assay_writer *w, const struct assay_share_read_record *record)
{
    assay_cbor_put_bytes(w, record->id, sizeof record->id);
    assay_cbor_put_bytes(w, record->nonce, sizeof record->nonce);
    assay_cbor_put_bytes(w, record->box, sizeof record->box);
    assay_share_reader_encode(w, &record->reader);
    assay_cbor_put_bytes(w, record->key, sizeof record->key);
}

enum assay_status assay_share_read_record_encode(const struct assay_share_read_record *record,
                                                 uint8_t *bytes, size_t capacity,
                                                 struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, 6);
    decode_fields(&w, record);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_share_read_record_decode(struct assay_slice bytes,
                                                 struct assay_share_read_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_share_read_record read = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&in, 6));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.id, sizeof read.id));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.nonce, sizeof read.nonce));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.box, sizeof read.box));
    ASSAY_TRY(decode_reader(&in, &read.reader));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.key, sizeof read.key));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    *record = read;
    return ASSAY_OK;
}

void assay_share_read_statement(const struct assay_share_home *home,
                                const struct assay_share_read_record *record,
                                uint8_t digest[static 32])
{
    uint8_t bytes[384];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 7);
    assay_cbor_put_text(&w, "assay/share/read/v1");
    assay_cbor_put_bytes(&w, home->chain_id, sizeof home->chain_id);
    decode_fields(&w, record);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

bool assay_share_read_record_check(const struct assay_share_home *home,
                                   const struct assay_share_read_record *record)
{
    uint8_t digest[32];
    if (record->reader.kind == ASSAY_SHARE_READER_ACCOUNT) {
        assay_sha256(record->key, sizeof record->key, digest);
        if (!assay_bytes_equal(digest, record->reader.name, 32)) return false;
    }
    assay_share_read_statement(home, record, digest);
    return assay_share_verify_signature(record->key, digest, record->signature);
}

/* --- SHARE_SUM */

enum assay_status assay_share_sum_record_encode(const struct assay_share_sum_record *record,
                                                uint8_t *bytes, size_t capacity,
                                                struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    ASSAY_ASSERT(record->count <= ASSAY_SHARE_K_MAX);
    assay_cbor_put_array(&w, 6);
    assay_cbor_put_uint(&w, record->era);
    assay_cbor_put_bytes(&w, record->id, sizeof record->id);
    assay_cbor_put_uint(&w, record->generation);
    assay_cbor_put_uint(&w, record->attempt);
    assay_share_points_encode(&w, &record->current);
    assay_cbor_put_array(&w, record->count);
    for (uint32_t i = 0; i < record->count; i++)
        assay_share_points_encode(&w, &record->dealt[i]);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_share_sum_record_decode(struct assay_slice bytes,
                                                struct assay_share_sum_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_share_sum_record read = { 0 };
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array_exact(&in, 6));
    ASSAY_TRY(assay_cbor_uint_max(&in, INT64_MAX, &read.era));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.id, sizeof read.id));
    ASSAY_TRY(decode_u32(&in, UINT32_MAX, &read.generation));
    ASSAY_TRY(assay_cbor_uint_max(&in, INT64_MAX, &read.attempt));
    ASSAY_TRY(assay_share_points_decode(&in, &read.current));
    ASSAY_TRY(assay_cbor_array(&in, ASSAY_SHARE_K_MAX, &count));
    if (count < ASSAY_SHARE_K_MIN) return ASSAY_E_RANGE;
    read.count = (uint32_t)count;
    for (uint32_t i = 0; i < read.count; i++)
        ASSAY_TRY(assay_share_points_decode(&in, &read.dealt[i]));
    ASSAY_TRY(assay_cursor_end(&in));
    *record = read;
    return ASSAY_OK;
}

/* --- SHARE_LIE */

static void encode_given(struct assay_writer *w, const struct assay_share_given *given)
{
    assay_cbor_put_uint(w, given->type);
    assay_cbor_put_uint(w, given->era);
    assay_cbor_put_uint(w, given->cluster);
    assay_cbor_put_uint(w, given->dealer);
    assay_cbor_put_bytes(w, given->node, sizeof given->node);
    assay_cbor_put_uint(w, given->seating);
    assay_cbor_put_uint(w, given->slot);
    assay_cbor_put_uint(w, given->taker_seating);
}

static enum assay_status decode_given(struct assay_cursor *in, struct assay_share_given *given)
{
    uint32_t type = 0;
    ASSAY_TRY(decode_u32(in, ASSAY_SHARE_GIFT_SUBSHARE, &type));
    if (type < ASSAY_SHARE_GIFT_FETCHED) return ASSAY_E_RANGE;
    given->type = (enum assay_share_gift_type)type;
    ASSAY_TRY(assay_cbor_uint(in, &given->era));
    ASSAY_TRY(decode_u32(in, ASSAY_SHARE_CLUSTERS_MAX - 1, &given->cluster));
    ASSAY_TRY(decode_u32(in, ASSAY_SHARE_SLOTS_MAX - 1, &given->dealer));
    ASSAY_TRY(assay_cbor_bytes_exact(in, given->node, sizeof given->node));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &given->seating));
    ASSAY_TRY(decode_u32(in, ASSAY_SHARE_SLOTS_MAX - 1, &given->slot));
    return assay_cbor_uint_max(in, INT64_MAX, &given->taker_seating);
}

enum assay_status assay_share_lie_record_encode(const struct assay_share_lie_record *record,
                                                uint8_t *bytes, size_t capacity,
                                                struct assay_slice *out)
{
    uint8_t piece[ASSAY_SHARE_PIECE_MAX];
    struct assay_writer p = assay_writer_over(piece, sizeof piece);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    ASSAY_ASSERT(record->path_len <= ASSAY_SHARE_PATH_MAX);
    ASSAY_ASSERT(record->current.k <= ASSAY_SHARE_K_MAX);
    assay_share_piece_encode(&p, &record->piece);
    ASSAY_ASSERT(!p.full);
    assay_cbor_put_array(&w, 17);
    encode_given(&w, &record->given);
    assay_cbor_put_bytes(&w, record->key, sizeof record->key);
    assay_cbor_put_uint(&w, record->dealers);
    assay_cbor_put_bytes(&w, piece, p.len);
    assay_cbor_put_bytes(&w, record->root, sizeof record->root);
    assay_cbor_put_uint(&w, record->count);
    assay_cbor_put_uint(&w, record->index);
    assay_cbor_put_bytes(&w, record->path, (size_t)record->path_len * 32);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    assay_cbor_put_bytes(&w, record->current.point,
                         (size_t)record->current.k * ASSAY_SODIUM_POINT_LEN);
    return assay_writer_finish(&w, out);
}

static enum assay_status decode_lie(struct assay_cursor *in, struct assay_share_lie_record *read)
{
    struct assay_slice piece;
    ASSAY_TRY(assay_cbor_array_exact(in, 17));
    ASSAY_TRY(decode_given(in, &read->given));
    ASSAY_TRY(assay_cbor_bytes_exact(in, read->key, sizeof read->key));
    ASSAY_TRY(decode_u32(in, (1u << ASSAY_SHARE_SLOTS_MAX) - 1, &read->dealers));
    ASSAY_TRY(assay_cbor_bytes(in, ASSAY_SHARE_PIECE_MAX, &piece));
    struct assay_cursor inner = assay_cursor_over(piece.bytes, piece.len);
    ASSAY_TRY(assay_share_piece_decode(&inner, &read->piece));
    ASSAY_TRY(assay_cursor_end(&inner));
    ASSAY_TRY(assay_cbor_bytes_exact(in, read->root, sizeof read->root));
    ASSAY_TRY(decode_u32(in, ASSAY_SHARE_GIVE_MAX, &read->count));
    ASSAY_TRY(decode_u32(in, ASSAY_SHARE_GIVE_MAX - 1, &read->index));
    if (read->index >= read->count) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_share_rows_decode(in, 0, ASSAY_SHARE_PATH_MAX, read->path, &read->path_len));
    ASSAY_TRY(assay_cbor_bytes_exact(in, read->signature, sizeof read->signature));
    ASSAY_TRY(assay_share_points_decode(in, &read->current));
    return assay_cursor_end(in);
}

enum assay_status assay_share_lie_record_decode(struct assay_slice bytes,
                                                struct assay_share_lie_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_share_lie_record read = { 0 };
    ASSAY_TRY(decode_lie(&in, &read));
    *record = read;
    return ASSAY_OK;
}

bool assay_share_lie_record_check(const struct assay_share_home *home,
                                  const struct assay_share_lie_record *record)
{
    ASSAY_ASSERT(record->path_len <= ASSAY_SHARE_PATH_MAX);
    uint8_t leaf[32], digest[32];
    assay_share_piece_leaf(record->given.type, record->dealers, &record->piece, leaf);
    if (!assay_merkle_verify(leaf, record->index, record->count,
                             (const uint8_t(*)[32])record->path, record->path_len, record->root))
        return false;
    assay_share_given_statement(home, &record->given, record->root, record->count, digest);
    return assay_share_verify_signature(record->key, digest, record->signature);
}

bool assay_share_lie_is_valid(const struct assay_share_lie_record *record)
{
    struct assay_share_dealing dealing = {
        .dealer = record->given.dealer,
        .commitments = record->piece.commitments,
        .sub = record->piece.share,
    };
    return assay_share_dealing_verify(&record->current, record->dealers, record->given.slot,
                                      &dealing) != ASSAY_OK;
}
