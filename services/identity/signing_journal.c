/*
 * services/identity/signing_journal.c - a holder's journal of what it signed.
 */
#include "services/identity/signing_journal.h"

#include "base/cbor.h"
#include "base/crypto.h"

static const char type[] = "assay/ca-journal/v1";

size_t assay_signing_entry_encode(const struct assay_signing_entry *entry,
                                  uint8_t bytes[static ASSAY_SIGNING_ENTRY_MAX])
{
    struct assay_writer w = assay_writer_over(bytes, ASSAY_SIGNING_ENTRY_MAX);
    assay_cbor_put_array(&w, 13);
    assay_cbor_put_text(&w, type);
    assay_cbor_put_bytes(&w, entry->before, sizeof entry->before);
    assay_cbor_put_uint(&w, entry->wall_ms);
    assay_cbor_put_uint(&w, entry->era);
    assay_cbor_put_uint(&w, entry->epoch);
    assay_cbor_put_bytes(&w, entry->block_id, sizeof entry->block_id);
    assay_cbor_put_bytes(&w, entry->subject, sizeof entry->subject);
    assay_cbor_put_bytes(&w, entry->entry, sizeof entry->entry);
    assay_cbor_put_bytes(&w, entry->tbs, sizeof entry->tbs);
    assay_cbor_put_bytes(&w, entry->name, sizeof entry->name);
    assay_cbor_put_bytes(&w, entry->list, sizeof entry->list);
    assay_cbor_put_uint(&w, entry->generation);
    assay_cbor_put_uint(&w, entry->ca_number);
    ASSAY_ASSERT(!w.full);
    return w.len;
}

enum assay_status assay_signing_entry_decode(struct assay_slice bytes,
                                             struct assay_signing_entry *entry)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_signing_entry read;
    struct assay_slice name;
    uint64_t number = 0;
    ASSAY_TRY(assay_cbor_array_exact(&in, 13));
    ASSAY_TRY(assay_cbor_text(&in, sizeof type - 1, &name));
    if (!assay_slice_equal(name, assay_slice_over(type, sizeof type - 1))) return ASSAY_E_TYPE;
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.before, sizeof read.before));
    ASSAY_TRY(assay_cbor_uint(&in, &read.wall_ms));
    ASSAY_TRY(assay_cbor_uint(&in, &read.era));
    ASSAY_TRY(assay_cbor_uint(&in, &read.epoch));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.block_id, sizeof read.block_id));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.subject, sizeof read.subject));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.entry, sizeof read.entry));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.tbs, sizeof read.tbs));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.name, sizeof read.name));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.list, sizeof read.list));
    ASSAY_TRY(assay_cbor_uint(&in, &read.generation));
    ASSAY_TRY(assay_cbor_uint_max(&in, UINT32_MAX, &number));
    read.ca_number = (uint32_t)number;
    if (assay_cursor_left(&in) > 0) return ASSAY_E_TRAILING;
    *entry = read;
    return ASSAY_OK;
}

/* What a holder that keeps docs/identity.md 4.7 and 4.11 never writes. */
static enum assay_status check_order(const struct assay_signing_entry *last,
                                     const struct assay_signing_entry *next)
{
    const bool same_era = next->era == last->era;
    if (next->era < last->era || (same_era && next->epoch < last->epoch)) return ASSAY_E_STALE;
    /* Sessions of two numbers alternate while one is the next. */
    if (same_era && next->ca_number == last->ca_number && next->generation < last->generation)
        return ASSAY_E_STALE;
    if (same_era && next->epoch == last->epoch &&
        !assay_bytes_equal(next->block_id, last->block_id, sizeof next->block_id))
        return ASSAY_E_INVALID;
    /* A coordinator names sessions of two numbers as it likes. */
    if (same_era && next->epoch == last->epoch && next->ca_number == last->ca_number &&
        assay_bytes_equal(next->name, last->name, sizeof next->name) &&
        !assay_bytes_equal(next->list, last->list, sizeof next->list))
        return ASSAY_E_INVALID;
    return ASSAY_OK;
}

enum assay_status assay_signing_journal_check(struct assay_signing_journal *journal,
                                              struct assay_slice bytes,
                                              struct assay_signing_entry *entry)
{
    struct assay_signing_entry next;
    ASSAY_TRY(assay_signing_entry_decode(bytes, &next));
    if (!assay_bytes_equal(next.before, journal->digest, sizeof next.before)) return ASSAY_E_CHAIN;
    if (journal->has_last) ASSAY_TRY(check_order(&journal->last, &next));
    assay_sha256(bytes.bytes, bytes.len, journal->digest);
    journal->has_last = true;
    journal->last = *entry = next;
    return ASSAY_OK;
}
