/*
 * services/continuity/records.c - codec and signatures of continuity records, canonical CBOR
 * (docs/services.md 1.3).
 */
#include "services/continuity/records.h"

#include "base/cbor.h"

void assay_cont_instance(const struct assay_cont_home *home, const struct assay_cont_birth *birth,
                         const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                         uint8_t instance[static 32])
{
    static const char type[] = "assay/instance/v2";
    uint8_t numbers[20];
    struct assay_writer w = assay_writer_over(numbers, sizeof numbers);
    assay_writer_u32be(&w, home->group);
    assay_writer_u64be(&w, birth->era);
    assay_writer_u64be(&w, birth->epoch);
    ASSAY_ASSERT(!w.full && w.len == sizeof numbers);
    const struct assay_slice pieces[] = {
        assay_slice_over(type, sizeof type - 1),
        assay_slice_over(home->chain_id, 32),
        assay_slice_over(numbers, sizeof numbers),
        assay_slice_over(key, ASSAY_P256_PUBLIC_LEN),
    };
    assay_sha256_pieces(pieces, sizeof pieces / sizeof *pieces, instance);
}

void assay_cont_link_name(const struct assay_secret32 *seed, struct assay_cont_link *link,
                          struct assay_cont_contact *contact)
{
    assay_sodium_link_pair(seed, link->key);
    const enum assay_status status = assay_sodium_link_curve(link->key, contact->curve);
    ASSAY_ASSERT(status == ASSAY_OK); /* a key of a seed is a point of the curve */
}

/* The link key instead of the CURVE key. */
static void encode_named(struct assay_writer *w, const struct assay_cont_link *link,
                         const struct assay_cont_contact *contact)
{
    struct assay_cont_contact named = *contact;
    assay_bytes_copy(named.curve, sizeof named.curve, link->key, sizeof link->key);
    assay_cont_contact_encode(w, &named);
}

static enum assay_status decode_named(struct assay_cursor *in, struct assay_cont_link *link,
                                      struct assay_cont_contact *contact)
{
    ASSAY_TRY(assay_cont_contact_decode(in, contact));
    assay_bytes_copy(link->key, sizeof link->key, contact->curve, sizeof contact->curve);
    return assay_sodium_link_curve(link->key, contact->curve);
}

/* --- statements: [type, chain_id, fields of the record ...], hashed */

enum { STATEMENT_MAX = 400 };

static struct assay_writer statement(uint8_t *bytes, const char *type, uint64_t items,
                                     const struct assay_cont_home *home)
{
    struct assay_writer w = assay_writer_over(bytes, STATEMENT_MAX);
    assay_cbor_put_array(&w, 3 + items);
    assay_cbor_put_text(&w, type);
    assay_cbor_put_bytes(&w, home->chain_id, 32);
    assay_cbor_put_uint(&w, home->group);
    ASSAY_ASSERT(!w.full);
    return w;
}

static void statement_hash(const struct assay_writer *w, uint8_t digest[static 32])
{
    ASSAY_ASSERT(!w->full);
    assay_sha256(w->bytes, w->len, digest);
}

static void encode_birth(struct assay_writer *w, const struct assay_cont_birth *birth)
{
    assay_cbor_put_uint(w, birth->era);
    assay_cbor_put_uint(w, birth->epoch);
}

static enum assay_status decode_birth(struct assay_cursor *in, struct assay_cont_birth *birth)
{
    ASSAY_TRY(assay_cbor_uint_max(in, ASSAY_CONT_ERA_MAX, &birth->era));
    return assay_cbor_uint_max(in, INT64_MAX, &birth->epoch);
}

void assay_cont_replica_statement(const struct assay_cont_home *home,
                                  const uint8_t node_id[static 32],
                                  const struct assay_cont_replica_record *record,
                                  uint8_t digest[static 32])
{
    uint8_t bytes[STATEMENT_MAX];
    struct assay_writer w = statement(bytes, "assay/possession/replica/v3", 5, home);
    assay_cbor_put_bytes(&w, node_id, 32);
    assay_cbor_put_bytes(&w, record->key, sizeof record->key);
    encode_named(&w, &record->link, &record->contact);
    assay_cbor_put_uint(&w, record->drains);
    statement_hash(&w, digest);
}

void assay_cont_session_statement(const struct assay_cont_home *home,
                                  const uint8_t node_id[static 32],
                                  const struct assay_cont_session_record *record,
                                  uint8_t digest[static 32])
{
    uint8_t bytes[STATEMENT_MAX];
    struct assay_writer w = statement(bytes, "assay/possession/session/v3", 8, home);
    assay_cbor_put_bytes(&w, node_id, 32);
    encode_birth(&w, &record->birth);
    assay_cbor_put_uint(&w, record->lease);
    assay_cbor_put_bytes(&w, record->instance_key, sizeof record->instance_key);
    encode_named(&w, &record->link, &record->contact);
    assay_cbor_put_uint(&w, record->expected);
    statement_hash(&w, digest);
}

void assay_cont_retire_statement(const struct assay_cont_home *home,
                                 const struct assay_cont_retire_record *record,
                                 uint8_t digest[static 32])
{
    uint8_t bytes[STATEMENT_MAX];
    struct assay_writer w = statement(bytes, "assay/continuity/retire/v1", 4, home);
    encode_birth(&w, &record->birth);
    assay_cbor_put_bytes(&w, record->instance_key, sizeof record->instance_key);
    assay_cbor_put_uint(&w, record->session);
    statement_hash(&w, digest);
}

void assay_cont_silent_statement(const struct assay_cont_home *home,
                                 const struct assay_cont_silent_record *record,
                                 uint8_t digest[static 32])
{
    uint8_t bytes[STATEMENT_MAX];
    struct assay_writer w = statement(bytes, "assay/continuity/silent/v2", 6, home);
    assay_cbor_put_uint(&w, record->era);
    assay_cbor_put_uint(&w, record->view);
    assay_cbor_put_uint(&w, record->seat);
    assay_cbor_put_bytes(&w, record->key, sizeof record->key);
    assay_cbor_put_uint(&w, record->epoch);
    assay_cbor_put_bytes(&w, record->reachable, sizeof record->reachable);
    statement_hash(&w, digest);
}

void assay_cont_alive_statement(const struct assay_cont_home *home,
                                const uint8_t node_id[static 32],
                                const struct assay_cont_alive_record *record,
                                uint8_t digest[static 32])
{
    uint8_t bytes[STATEMENT_MAX];
    struct assay_writer w = statement(bytes, "assay/continuity/alive/v1", 4, home);
    assay_cbor_put_bytes(&w, node_id, 32);
    assay_cbor_put_uint(&w, record->era);
    assay_cbor_put_bytes(&w, record->key, sizeof record->key);
    assay_cbor_put_uint(&w, record->epoch);
    statement_hash(&w, digest);
}

static enum assay_status decode_u32(struct assay_cursor *in, uint64_t max, uint32_t *out)
{
    ASSAY_ASSERT(max <= UINT32_MAX);
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(in, max, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

void assay_cont_contact_digest(const struct assay_cont_contact *contact, uint8_t digest[static 32])
{
    ASSAY_ASSERT(contact->address_len <= ASSAY_CONT_ADDRESS_MAX);
    static const char type[] = "assay/contact/v1";
    const struct assay_slice pieces[] = {
        assay_slice_over(type, sizeof type - 1),
        assay_slice_over(contact->curve, sizeof contact->curve),
        assay_slice_over(contact->address, contact->address_len),
    };
    assay_sha256_pieces(pieces, sizeof pieces / sizeof *pieces, digest);
}

void assay_cont_contact_encode(struct assay_writer *w, const struct assay_cont_contact *contact)
{
    ASSAY_ASSERT(contact->address_len <= ASSAY_CONT_ADDRESS_MAX);
    assay_cbor_put_bytes(w, contact->curve, sizeof contact->curve);
    assay_cbor_put_bytes(w, contact->address, contact->address_len);
}

enum assay_status assay_cont_contact_decode(struct assay_cursor *in,
                                            struct assay_cont_contact *contact)
{
    struct assay_slice address;
    ASSAY_TRY(assay_cbor_bytes_exact(in, contact->curve, sizeof contact->curve));
    ASSAY_TRY(assay_cbor_bytes(in, ASSAY_CONT_ADDRESS_MAX, &address));
    if (address.len == 0) return ASSAY_E_INVALID;
    for (size_t i = 0; i < address.len; i++)
        if (address.bytes[i] <= ' ' || address.bytes[i] > '~') return ASSAY_E_INVALID;
    assay_bytes_copy(contact->address, sizeof contact->address, address.bytes, address.len);
    contact->address_len = (uint8_t)address.len;
    return ASSAY_OK;
}

enum assay_status assay_cont_replica_record_encode(const struct assay_cont_replica_record *record,
                                                   uint8_t *bytes, size_t capacity,
                                                   struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, 7);
    assay_cbor_put_uint(&w, record->group);
    assay_cbor_put_bytes(&w, record->key, sizeof record->key);
    encode_named(&w, &record->link, &record->contact);
    assay_cbor_put_uint(&w, record->drains);
    assay_cbor_put_bytes(&w, record->link.signature, sizeof record->link.signature);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_cont_replica_record_decode(struct assay_slice bytes,
                                                   struct assay_cont_replica_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_cont_replica_record read = { 0 };
    uint32_t drains = 0;
    ASSAY_TRY(assay_cbor_array_exact(&in, 7));
    ASSAY_TRY(decode_u32(&in, UINT32_MAX, &read.group));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.key, sizeof read.key));
    ASSAY_TRY(decode_named(&in, &read.link, &read.contact));
    ASSAY_TRY(decode_u32(&in, 1, &drains));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.link.signature, sizeof read.link.signature));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    read.drains = drains != 0;
    *record = read;
    return ASSAY_OK;
}

enum assay_status assay_cont_session_record_encode(const struct assay_cont_session_record *record,
                                                   uint8_t *bytes, size_t capacity,
                                                   struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, 10);
    assay_cbor_put_uint(&w, record->group);
    encode_birth(&w, &record->birth);
    assay_cbor_put_uint(&w, record->lease);
    assay_cbor_put_bytes(&w, record->instance_key, sizeof record->instance_key);
    encode_named(&w, &record->link, &record->contact);
    assay_cbor_put_uint(&w, record->expected);
    assay_cbor_put_bytes(&w, record->link.signature, sizeof record->link.signature);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_cont_session_record_decode(struct assay_slice bytes,
                                                   struct assay_cont_session_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_cont_session_record read = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&in, 10));
    ASSAY_TRY(decode_u32(&in, UINT32_MAX, &read.group));
    ASSAY_TRY(decode_birth(&in, &read.birth));
    ASSAY_TRY(decode_u32(&in, UINT32_MAX, &read.lease));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.instance_key, sizeof read.instance_key));
    ASSAY_TRY(decode_named(&in, &read.link, &read.contact));
    ASSAY_TRY(assay_cbor_uint(&in, &read.expected));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.link.signature, sizeof read.link.signature));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    if (read.expected == 0) return ASSAY_E_RANGE; /* sessions count from 1 */
    *record = read;
    return ASSAY_OK;
}

/* --- retention */

static void encode_roster(struct assay_writer *w, const struct assay_cont_roster *roster)
{
    ASSAY_ASSERT(roster->count <= ASSAY_CONT_SEATS_MAX);
    assay_cbor_put_uint(w, roster->view);
    assay_cbor_put_array(w, roster->count);
    for (uint32_t i = 0; i < roster->count; i++)
        assay_cbor_put_bytes(w, roster->key[i], ASSAY_P256_PUBLIC_LEN);
}

static enum assay_status decode_roster(struct assay_cursor *in, struct assay_cont_roster *roster)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &roster->view));
    ASSAY_TRY(assay_cbor_array(in, ASSAY_CONT_SEATS_MAX, &count));
    if (!assay_cont_size_is_fit((uint32_t)count)) return ASSAY_E_RANGE;
    roster->count = (uint32_t)count;
    for (uint32_t i = 0; i < roster->count; i++)
        ASSAY_TRY(assay_cbor_bytes_exact(in, roster->key[i], ASSAY_P256_PUBLIC_LEN));
    return ASSAY_OK;
}

/* By seat, as the keys. */
static void encode_contacts(struct assay_writer *w, const struct assay_cont_roster *roster)
{
    ASSAY_ASSERT(roster->count <= ASSAY_CONT_SEATS_MAX);
    assay_cbor_put_array(w, roster->count);
    for (uint32_t i = 0; i < roster->count; i++)
        assay_cbor_put_bytes(w, roster->contact[i], sizeof roster->contact[i]);
}

static enum assay_status decode_contacts(struct assay_cursor *in, struct assay_cont_roster *roster)
{
    ASSAY_ASSERT(roster->count <= ASSAY_CONT_SEATS_MAX);
    ASSAY_TRY(assay_cbor_array_exact(in, roster->count));
    for (uint32_t i = 0; i < roster->count; i++)
        ASSAY_TRY(assay_cbor_bytes_exact(in, roster->contact[i], sizeof roster->contact[i]));
    return ASSAY_OK;
}

static void encode_last(struct assay_writer *w, const struct assay_cont_last_table *last)
{
    assay_cbor_put_array(w, 4);
    assay_cbor_put_bytes(w, last->key, sizeof last->key);
    assay_cbor_put_bytes(w, last->root, sizeof last->root);
    assay_cbor_put_uint(w, last->entries);
    assay_cbor_put_bytes(w, last->signature, sizeof last->signature);
}

static enum assay_status decode_last(struct assay_cursor *in, struct assay_cont_last_table *last)
{
    ASSAY_TRY(assay_cbor_array_exact(in, 4));
    ASSAY_TRY(assay_cbor_bytes_exact(in, last->key, sizeof last->key));
    ASSAY_TRY(assay_cbor_bytes_exact(in, last->root, sizeof last->root));
    ASSAY_TRY(decode_u32(in, ASSAY_CONT_ENTRIES_MAX, &last->entries));
    return assay_cbor_bytes_exact(in, last->signature, sizeof last->signature);
}

enum assay_status assay_cont_table_record_encode(const struct assay_cont_table_record *record,
                                                 uint8_t *bytes, size_t capacity,
                                                 struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    ASSAY_ASSERT(record->count <= ASSAY_CONT_SEATS_MAX);
    ASSAY_ASSERT(record->last_count <= ASSAY_CONT_SEATS_MAX);
    assay_cbor_put_array(&w, 9);
    assay_cbor_put_uint(&w, record->group);
    assay_cbor_put_uint(&w, record->base);
    encode_roster(&w, &record->roster);
    encode_contacts(&w, &record->roster);
    assay_cbor_put_bytes(&w, record->root, sizeof record->root);
    assay_cbor_put_uint(&w, record->entries);
    assay_cbor_put_array(&w, record->last_count);
    for (uint32_t i = 0; i < record->last_count; i++)
        encode_last(&w, &record->last[i]);
    assay_cbor_put_array(&w, record->count);
    for (uint32_t i = 0; i < record->count; i++) {
        assay_cbor_put_array(&w, 2);
        assay_cbor_put_bytes(&w, record->key[i], ASSAY_P256_PUBLIC_LEN);
        assay_cbor_put_bytes(&w, record->signature[i], ASSAY_P256_SIGNATURE_LEN);
    }
    return assay_writer_finish(&w, out);
}

enum assay_status assay_cont_table_record_decode(struct assay_slice bytes,
                                                 struct assay_cont_table_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_cont_table_record read = { 0 };
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array_exact(&in, 9));
    ASSAY_TRY(decode_u32(&in, UINT32_MAX, &read.group));
    ASSAY_TRY(assay_cbor_uint_max(&in, INT64_MAX, &read.base));
    ASSAY_TRY(decode_roster(&in, &read.roster));
    ASSAY_TRY(decode_contacts(&in, &read.roster));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.root, sizeof read.root));
    ASSAY_TRY(decode_u32(&in, ASSAY_CONT_ENTRIES_MAX, &read.entries));
    ASSAY_TRY(assay_cbor_array(&in, ASSAY_CONT_SEATS_MAX, &count));
    read.last_count = (uint32_t)count;
    for (uint32_t i = 0; i < read.last_count; i++)
        ASSAY_TRY(decode_last(&in, &read.last[i]));
    ASSAY_TRY(assay_cbor_array(&in, ASSAY_CONT_SEATS_MAX, &count));
    read.count = (uint32_t)count;
    for (uint32_t i = 0; i < read.count; i++) {
        ASSAY_TRY(assay_cbor_array_exact(&in, 2));
        ASSAY_TRY(assay_cbor_bytes_exact(&in, read.key[i], ASSAY_P256_PUBLIC_LEN));
        ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature[i], ASSAY_P256_SIGNATURE_LEN));
    }
    ASSAY_TRY(assay_cursor_end(&in));
    if (read.base >= read.roster.view || read.count == 0 || read.last_count == 0)
        return ASSAY_E_RANGE;
    *record = read;
    return ASSAY_OK;
}

enum assay_status assay_cont_keep_record_encode(const struct assay_cont_keep_record *record,
                                                uint8_t *bytes, size_t capacity,
                                                struct assay_slice *out)
{
    uint8_t receipt[ASSAY_CONT_RECEIPT_MAX];
    struct assay_slice encoded;
    struct assay_writer w = assay_writer_over(bytes, capacity);
    ASSAY_TRY(assay_cont_receipt_encode(&record->receipt, receipt, sizeof receipt, &encoded));
    assay_cbor_put_array(&w, 4);
    assay_cbor_put_uint(&w, record->group);
    encode_roster(&w, &record->roster);
    assay_cbor_put_bytes(&w, encoded.bytes, encoded.len);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_cont_keep_record_decode(struct assay_slice bytes,
                                                struct assay_cont_keep_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_cont_keep_record read = { 0 };
    struct assay_slice receipt;
    ASSAY_TRY(assay_cbor_array_exact(&in, 4));
    ASSAY_TRY(decode_u32(&in, UINT32_MAX, &read.group));
    ASSAY_TRY(decode_roster(&in, &read.roster));
    ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_CONT_RECEIPT_MAX, &receipt));
    ASSAY_TRY(assay_cursor_end(&in));
    ASSAY_TRY(assay_cont_receipt_decode(receipt, &read.receipt));
    if (read.receipt.home.group != read.group) return ASSAY_E_CHAIN;
    if (read.receipt.entry.index == 0) return ASSAY_E_RANGE; /* nothing was certified */
    *record = read;
    return ASSAY_OK;
}

enum assay_status assay_cont_retire_record_encode(const struct assay_cont_retire_record *record,
                                                  uint8_t *bytes, size_t capacity,
                                                  struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, 6);
    assay_cbor_put_uint(&w, record->group);
    encode_birth(&w, &record->birth);
    assay_cbor_put_bytes(&w, record->instance_key, sizeof record->instance_key);
    assay_cbor_put_uint(&w, record->session);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_cont_retire_record_decode(struct assay_slice bytes,
                                                  struct assay_cont_retire_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_cont_retire_record read = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&in, 6));
    ASSAY_TRY(decode_u32(&in, UINT32_MAX, &read.group));
    ASSAY_TRY(decode_birth(&in, &read.birth));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.instance_key, sizeof read.instance_key));
    ASSAY_TRY(assay_cbor_uint(&in, &read.session));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    *record = read;
    return ASSAY_OK;
}

/* --- silent seats */

enum assay_status assay_cont_silent_record_encode(const struct assay_cont_silent_record *record,
                                                  uint8_t *bytes, size_t capacity,
                                                  struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, 8);
    assay_cbor_put_uint(&w, record->group);
    assay_cbor_put_uint(&w, record->era);
    assay_cbor_put_uint(&w, record->view);
    assay_cbor_put_uint(&w, record->seat);
    assay_cbor_put_bytes(&w, record->key, sizeof record->key);
    assay_cbor_put_uint(&w, record->epoch);
    assay_cbor_put_bytes(&w, record->reachable, sizeof record->reachable);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_cont_silent_record_decode(struct assay_slice bytes,
                                                  struct assay_cont_silent_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_cont_silent_record read = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&in, 8));
    ASSAY_TRY(decode_u32(&in, UINT32_MAX, &read.group));
    ASSAY_TRY(assay_cbor_uint_max(&in, ASSAY_CONT_ERA_MAX, &read.era));
    ASSAY_TRY(assay_cbor_uint_max(&in, INT64_MAX, &read.view));
    ASSAY_TRY(decode_u32(&in, ASSAY_CONT_SEATS_MAX - 1, &read.seat));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.key, sizeof read.key));
    ASSAY_TRY(assay_cbor_uint_max(&in, INT64_MAX, &read.epoch));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.reachable, sizeof read.reachable));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    *record = read;
    return ASSAY_OK;
}

enum assay_status assay_cont_alive_record_encode(const struct assay_cont_alive_record *record,
                                                 uint8_t *bytes, size_t capacity,
                                                 struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, 5);
    assay_cbor_put_uint(&w, record->group);
    assay_cbor_put_uint(&w, record->era);
    assay_cbor_put_bytes(&w, record->key, sizeof record->key);
    assay_cbor_put_uint(&w, record->epoch);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_cont_alive_record_decode(struct assay_slice bytes,
                                                 struct assay_cont_alive_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_cont_alive_record read = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&in, 5));
    ASSAY_TRY(decode_u32(&in, UINT32_MAX, &read.group));
    ASSAY_TRY(assay_cbor_uint_max(&in, ASSAY_CONT_ERA_MAX, &read.era));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.key, sizeof read.key));
    ASSAY_TRY(assay_cbor_uint_max(&in, INT64_MAX, &read.epoch));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    *record = read;
    return ASSAY_OK;
}

/* --- signatures */

bool assay_cont_alive_record_is_of(const struct assay_cont_home *home,
                                   const uint8_t node_id[static 32],
                                   const struct assay_cont_alive_record *record)
{
    uint8_t digest[32];
    assay_cont_alive_statement(home, node_id, record, digest);
    return assay_cont_verify_signature(record->key, digest, record->signature);
}

bool assay_cont_silent_record_check(const struct assay_cont_home *home,
                                    const struct assay_cont_silent_record *record)
{
    uint8_t digest[32];
    if (record->group != home->group) return false;
    assay_cont_silent_statement(home, record, digest);
    return assay_cont_verify_signature(record->key, digest, record->signature);
}

bool assay_cont_replica_record_is_of(const struct assay_cont_home *home,
                                     const uint8_t node_id[static 32],
                                     const struct assay_cont_replica_record *record)
{
    uint8_t digest[32];
    assay_cont_replica_statement(home, node_id, record, digest);
    return assay_sodium_link_verify(record->link.key, digest, record->link.signature) &&
           assay_cont_verify_signature(record->key, digest, record->signature);
}

bool assay_cont_session_record_is_of(const struct assay_cont_home *home,
                                     const uint8_t node_id[static 32],
                                     const struct assay_cont_session_record *record)
{
    uint8_t digest[32];
    assay_cont_session_statement(home, node_id, record, digest);
    return assay_sodium_link_verify(record->link.key, digest, record->link.signature) &&
           assay_cont_verify_signature(record->instance_key, digest, record->signature);
}

bool assay_cont_keep_record_check(const struct assay_cont_home *home,
                                  const struct assay_cont_keep_record *record)
{
    return record->group == home->group &&
           assay_cont_receipt_verify(&record->receipt, home, &record->roster,
                                     record->receipt.nonce);
}

bool assay_cont_retire_record_check(const struct assay_cont_home *home,
                                    const struct assay_cont_retire_record *record)
{
    uint8_t digest[32];
    if (record->group != home->group) return false;
    assay_cont_retire_statement(home, record, digest);
    return assay_cont_verify_signature(record->instance_key, digest, record->signature);
}

bool assay_cont_table_record_check(const struct assay_cont_home *home,
                                   const struct assay_cont_table_record *record)
{
    ASSAY_ASSERT(record->count <= ASSAY_CONT_SEATS_MAX &&
                 record->last_count <= ASSAY_CONT_SEATS_MAX);
    uint8_t digest[32];
    if (record->group != home->group) return false;
    for (uint32_t i = 0; i < record->last_count; i++) {
        const struct assay_cont_last_table *last = &record->last[i];
        assay_cont_fin_statement(home, record->base, last->root, last->entries, &record->roster,
                                 digest);
        if (!assay_cont_verify_signature(last->key, digest, last->signature)) return false;
    }
    assay_cont_table_statement(home, record->roster.view, record->root, record->entries, digest);
    for (uint32_t i = 0; i < record->count; i++)
        if (!assay_cont_verify_signature(record->key[i], digest, record->signature[i]))
            return false;
    return true;
}
