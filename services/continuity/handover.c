/*
 * services/continuity/handover.c - codec and verification of a view change without the ledger
 * (docs/services.md 1.9.8).
 */
#include "services/continuity/handover.h"

#include "base/cbor.h"

uint32_t assay_cont_count_last(const struct assay_cont_roster *roster, uint8_t without,
                               const struct assay_cont_table_record *record)
{
    ASSAY_ASSERT(record->last_count <= ASSAY_CONT_SEATS_MAX);
    uint32_t count = 0;
    uint8_t seen = without;
    for (uint32_t i = 0; i < record->last_count; i++) {
        const uint32_t seat = assay_cont_find_seat(roster, record->last[i].key);
        if (seat == roster->count || (seen >> seat & 1)) continue;
        seen |= (uint8_t)(1u << seat);
        count++;
    }
    return count;
}

uint32_t assay_cont_count_vouches(const struct assay_cont_roster *roster,
                                  const struct assay_cont_table_record *record)
{
    ASSAY_ASSERT(record->count <= ASSAY_CONT_SEATS_MAX);
    uint32_t count = 0;
    uint8_t seen = 0;
    for (uint32_t i = 0; i < record->count; i++) {
        const uint32_t seat = assay_cont_find_seat(roster, record->key[i]);
        if (seat == roster->count || (seen >> seat & 1)) continue;
        seen |= (uint8_t)(1u << seat);
        count++;
    }
    return count;
}

enum assay_status assay_cont_handover_encode(struct assay_slice record,
                                             const struct assay_cont_contact *contact,
                                             uint32_t count, uint8_t *bytes, size_t capacity,
                                             struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    ASSAY_ASSERT(count <= ASSAY_CONT_SEATS_MAX);
    assay_cbor_put_array(&w, 2);
    assay_cbor_put_bytes(&w, record.bytes, record.len);
    assay_cbor_put_array(&w, count);
    for (uint32_t i = 0; i < count; i++) {
        if (contact[i].address_len == 0) {
            assay_cbor_put_null(&w);
            continue;
        }
        assay_cbor_put_array(&w, 2);
        assay_cont_contact_encode(&w, &contact[i]);
    }
    return assay_writer_finish(&w, out);
}

static enum assay_status decode_contact(struct assay_cursor *in, struct assay_cont_contact *contact)
{
    enum assay_cbor_type item;
    ASSAY_TRY(assay_cbor_peek(in, &item));
    if (item != ASSAY_CBOR_ARRAY) return assay_cbor_null(in);
    ASSAY_TRY(assay_cbor_array_exact(in, 2));
    return assay_cont_contact_decode(in, contact);
}

enum assay_status assay_cont_handover_decode(struct assay_slice bytes,
                                             struct assay_cont_handover *handover)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_cont_handover read = { 0 };
    struct assay_slice record;
    ASSAY_TRY(assay_cbor_array_exact(&in, 2));
    ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_CONT_TABLE_LEN_MAX, &record));
    ASSAY_TRY(assay_cont_table_record_decode(record, &read.record));
    ASSAY_TRY(assay_cbor_array_exact(&in, read.record.roster.count));
    for (uint32_t i = 0; i < read.record.roster.count; i++)
        ASSAY_TRY(decode_contact(&in, &read.contact[i]));
    ASSAY_TRY(assay_cursor_end(&in));
    *handover = read;
    return ASSAY_OK;
}

/* docs/services.md 1.9.7: the base has signed the contacts of the next view. */
static bool are_contacts_named(const struct assay_cont_handover *h)
{
    ASSAY_ASSERT(h->record.roster.count <= ASSAY_CONT_SEATS_MAX);
    const struct assay_cont_roster *roster = &h->record.roster;
    uint8_t digest[32];
    for (uint32_t i = 0; i < roster->count; i++) {
        if (h->contact[i].address_len == 0) continue;
        assay_cont_contact_digest(&h->contact[i], digest);
        if (!assay_bytes_equal(digest, roster->contact[i], sizeof digest)) return false;
    }
    return true;
}

/* docs/services.md 1.9.8: signatures are verified last, as they are expensive. */
enum assay_status assay_cont_handover_check(const struct assay_cont_home *home,
                                            const struct assay_cont_roster *base,
                                            const struct assay_cont_handover *h)
{
    ASSAY_ASSERT(assay_cont_size_is_fit(base->count));
    const struct assay_cont_table_record *record = &h->record;
    const uint32_t quorum = assay_cont_quorum(base->count);
    if (record->group != home->group) return ASSAY_E_CHAIN;
    if (record->roster.view <= base->view) return ASSAY_E_STALE;
    if (record->base != base->view) return ASSAY_E_EARLY;
    if (record->roster.count != base->count) return ASSAY_E_RANGE;
    if (assay_cont_has_duplicate_key(&record->roster)) return ASSAY_E_DUPLICATE;
    if (assay_cont_count_last(base, 0, record) < quorum) return ASSAY_E_STRANGER;
    if (assay_cont_count_vouches(&record->roster, record) < quorum) return ASSAY_E_STRANGER;
    if (!are_contacts_named(h)) return ASSAY_E_KEY;
    if (!assay_cont_table_record_check(home, record)) return ASSAY_E_SIGNATURE;
    return ASSAY_OK;
}
