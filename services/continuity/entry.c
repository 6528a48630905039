/*
 * services/continuity/entry.c - digests, entries and statements of state continuity
 * (docs/services.md 1).
 */
#include "services/continuity/entry.h"

#include "base/cbor.h"

enum { STATEMENT_MAX = 320 }; /* the longest, of an entry, has about 230 bytes */

bool assay_cont_size_is_fit(uint32_t count)
{
    return count == 3 || count == 5 || count == 7;
}

uint32_t assay_cont_seat(const struct assay_cont_roster *roster,
                         const uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    uint32_t seat = 0;
    while (seat < roster->count &&
           !assay_bytes_equal(roster->key[seat], key, ASSAY_P256_PUBLIC_LEN))
        seat++;
    return seat;
}

bool assay_cont_newer(const struct assay_cont_entry *a, const struct assay_cont_entry *b)
{
    if (a->writer != b->writer) return a->writer > b->writer;
    return a->index > b->index;
}

void assay_cont_state_digest(const uint8_t instance[static 32], uint64_t index,
                             const uint8_t prev[static 32], const uint8_t blob_hash[static 32],
                             uint8_t digest[static 32])
{
    static const char type[] = "assay/state/v1";
    uint8_t number[8];
    struct assay_writer w = assay_writer_over(number, sizeof number);
    assay_writer_u64be(&w, index);
    const struct assay_slice pieces[] = {
        assay_slice_over(type, sizeof type - 1),   assay_slice_over(instance, 32),
        assay_slice_over(number, sizeof number),   assay_slice_over(prev, 32),
        assay_slice_over(blob_hash, 32),
    };
    assay_sha256_pieces(pieces, sizeof pieces / sizeof *pieces, digest);
}

void assay_cont_entry_put(struct assay_writer *w, const struct assay_cont_entry *entry)
{
    assay_writer_put(w, entry->instance, 32);
    assay_writer_u64be(w, entry->promised);
    assay_writer_u64be(w, entry->writer);
    assay_writer_u64be(w, entry->index);
    assay_writer_put(w, entry->digest, 32);
}

enum assay_status assay_cont_entry_take(struct assay_cursor *in, struct assay_cont_entry *entry)
{
    struct assay_cont_entry e = { 0 };
    ASSAY_TRY(assay_cursor_copy(in, e.instance, 32));
    ASSAY_TRY(assay_cursor_u64be(in, &e.promised));
    ASSAY_TRY(assay_cursor_u64be(in, &e.writer));
    ASSAY_TRY(assay_cursor_u64be(in, &e.index));
    ASSAY_TRY(assay_cursor_copy(in, e.digest, 32));
    if (e.writer > e.promised) return ASSAY_E_INVALID;
    if (e.index > 0 && e.writer == 0) return ASSAY_E_INVALID;
    if (e.index == 0 && !assay_bytes_all_zero(e.digest, 32)) return ASSAY_E_INVALID;
    *entry = e;
    return ASSAY_OK;
}

/* [type, chain_id, group, view, ... */
static struct assay_writer begin(uint8_t *bytes, const char *type, uint64_t items,
                                 const struct assay_cont_home *home, uint64_t view)
{
    struct assay_writer w = assay_writer_over(bytes, STATEMENT_MAX);
    assay_cbor_put_array(&w, 4 + items);
    assay_cbor_put_text(&w, type);
    assay_cbor_put_bytes(&w, home->chain_id, 32);
    assay_cbor_put_uint(&w, home->group);
    assay_cbor_put_uint(&w, view);
    return w;
}

static void finish(const struct assay_writer *w, uint8_t digest[static 32])
{
    ASSAY_ASSERT(!w->full);
    assay_sha256(w->bytes, w->len, digest);
}

static void root_statement(const char *type, const struct assay_cont_home *home, uint64_t view,
                           const uint8_t root[static 32], uint32_t entries,
                           uint8_t digest[static 32])
{
    uint8_t bytes[STATEMENT_MAX];
    struct assay_writer w = begin(bytes, type, 2, home, view);
    assay_cbor_put_bytes(&w, root, 32);
    assay_cbor_put_uint(&w, entries);
    finish(&w, digest);
}

void assay_cont_fin_statement(const struct assay_cont_home *home, uint64_t view,
                              const uint8_t root[static 32], uint32_t entries,
                              uint8_t digest[static 32])
{
    root_statement("assay/continuity/fin/v1", home, view, root, entries, digest);
}

void assay_cont_table_statement(const struct assay_cont_home *home, uint64_t view,
                                const uint8_t root[static 32], uint32_t entries,
                                uint8_t digest[static 32])
{
    root_statement("assay/continuity/table/v1", home, view, root, entries, digest);
}

void assay_cont_entry_statement(const struct assay_cont_home *home, uint64_t view,
                                const struct assay_cont_entry *entry,
                                const uint8_t nonce[static 32], uint8_t digest[static 32])
{
    uint8_t bytes[STATEMENT_MAX];
    struct assay_writer w = begin(bytes, "assay/continuity/entry/v1", 6, home, view);
    assay_cbor_put_bytes(&w, entry->instance, 32);
    assay_cbor_put_uint(&w, entry->promised);
    assay_cbor_put_uint(&w, entry->writer);
    assay_cbor_put_uint(&w, entry->index);
    assay_cbor_put_bytes(&w, entry->digest, 32);
    assay_cbor_put_bytes(&w, nonce, 32);
    finish(&w, digest);
}

bool assay_cont_signed(const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                       const uint8_t digest[static 32],
                       const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct assay_p256 *loaded = NULL;
    if (assay_p256_load(key, &loaded) != ASSAY_OK) return false;
    const bool good = assay_p256_verify(loaded, digest, signature, ASSAY_S_LOW);
    assay_p256_free(&loaded);
    return good;
}
