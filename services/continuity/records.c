/*
 * services/continuity/records.c - payloads of service records, canonical CBOR (docs/services.md
 * 1.3).
 */
#include "services/continuity/records.h"

#include "base/cbor.h"

void assay_cont_instance(uint32_t group, const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                         uint8_t instance[static 32])
{
    uint8_t number[4];
    struct assay_writer w = assay_writer_over(number, sizeof number);
    assay_writer_u32be(&w, group);
    const struct assay_slice pieces[] = {
        assay_slice_over(number, sizeof number),
        assay_slice_over(key, ASSAY_P256_PUBLIC_LEN),
    };
    assay_sha256_pieces(pieces, 2, instance);
}

void assay_cont_session_statement(const struct assay_cont_home *home,
                                  const struct assay_cont_session_record *record,
                                  uint8_t digest[static 32])
{
    uint8_t bytes[320];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 7);
    assay_cbor_put_text(&w, "assay/continuity/session/v1");
    assay_cbor_put_bytes(&w, home->chain_id, 32);
    assay_cbor_put_uint(&w, record->group);
    assay_cbor_put_bytes(&w, record->instance_key, sizeof record->instance_key);
    assay_cont_contact_put(&w, &record->contact);
    assay_cbor_put_uint(&w, record->expected);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

static enum assay_status take_u32(struct assay_cursor *in, uint64_t max, uint32_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(in, max, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

void assay_cont_contact_put(struct assay_writer *w, const struct assay_cont_contact *contact)
{
    ASSAY_ASSERT(contact->address_len <= ASSAY_CONT_ADDRESS_MAX);
    assay_cbor_put_bytes(w, contact->curve, sizeof contact->curve);
    assay_cbor_put_bytes(w, contact->address, contact->address_len);
}

enum assay_status assay_cont_contact_take(struct assay_cursor *in,
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
    assay_cbor_put_array(&w, 4);
    assay_cbor_put_uint(&w, record->group);
    assay_cbor_put_bytes(&w, record->key, sizeof record->key);
    assay_cont_contact_put(&w, &record->contact);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_cont_replica_record_decode(struct assay_slice bytes,
                                                   struct assay_cont_replica_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_cont_replica_record read = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&in, 4));
    ASSAY_TRY(take_u32(&in, UINT32_MAX, &read.group));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.key, sizeof read.key));
    ASSAY_TRY(assay_cont_contact_take(&in, &read.contact));
    ASSAY_TRY(assay_cursor_end(&in));
    *record = read;
    return ASSAY_OK;
}

enum assay_status assay_cont_session_record_encode(const struct assay_cont_session_record *record,
                                                   uint8_t *bytes, size_t capacity,
                                                   struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, 6);
    assay_cbor_put_uint(&w, record->group);
    assay_cbor_put_bytes(&w, record->instance_key, sizeof record->instance_key);
    assay_cont_contact_put(&w, &record->contact);
    assay_cbor_put_uint(&w, record->expected);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_cont_session_record_decode(struct assay_slice bytes,
                                                   struct assay_cont_session_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_cont_session_record read = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&in, 6));
    ASSAY_TRY(take_u32(&in, UINT32_MAX, &read.group));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.instance_key, sizeof read.instance_key));
    ASSAY_TRY(assay_cont_contact_take(&in, &read.contact));
    ASSAY_TRY(assay_cbor_uint(&in, &read.expected));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    if (read.expected == 0) return ASSAY_E_RANGE; /* sessions count from 1 */
    *record = read;
    return ASSAY_OK;
}

enum assay_status assay_cont_table_record_encode(const struct assay_cont_table_record *record,
                                                 uint8_t *bytes, size_t capacity,
                                                 struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    ASSAY_ASSERT(record->count <= ASSAY_CONT_SEATS_MAX);
    assay_cbor_put_array(&w, 5);
    assay_cbor_put_uint(&w, record->group);
    assay_cbor_put_uint(&w, record->view);
    assay_cbor_put_bytes(&w, record->root, sizeof record->root);
    assay_cbor_put_uint(&w, record->entries);
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
    ASSAY_TRY(assay_cbor_array_exact(&in, 5));
    ASSAY_TRY(take_u32(&in, UINT32_MAX, &read.group));
    ASSAY_TRY(assay_cbor_uint(&in, &read.view));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.root, sizeof read.root));
    ASSAY_TRY(take_u32(&in, ASSAY_CONT_INSTANCES_MAX, &read.entries));
    ASSAY_TRY(assay_cbor_array(&in, ASSAY_CONT_SEATS_MAX, &count));
    read.count = (uint32_t)count;
    for (uint32_t i = 0; i < read.count; i++) {
        ASSAY_TRY(assay_cbor_array_exact(&in, 2));
        ASSAY_TRY(assay_cbor_bytes_exact(&in, read.key[i], ASSAY_P256_PUBLIC_LEN));
        ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature[i], ASSAY_P256_SIGNATURE_LEN));
    }
    ASSAY_TRY(assay_cursor_end(&in));
    if (read.count == 0) return ASSAY_E_RANGE;
    *record = read;
    return ASSAY_OK;
}

bool assay_cont_session_record_check(const struct assay_cont_home *home,
                                     const struct assay_cont_session_record *record)
{
    uint8_t digest[32];
    if (record->group != home->group) return false;
    assay_cont_session_statement(home, record, digest);
    return assay_cont_signed(record->instance_key, digest, record->signature);
}

bool assay_cont_table_record_check(const struct assay_cont_home *home,
                                   const struct assay_cont_table_record *record)
{
    uint8_t digest[32];
    if (record->group != home->group) return false;
    assay_cont_table_statement(home, record->view, record->root, record->entries, digest);
    for (uint32_t i = 0; i < record->count; i++)
        if (!assay_cont_signed(record->key[i], digest, record->signature[i])) return false;
    return true;
}
