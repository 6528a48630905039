/*
 * services/continuity/entry.c - digests, entries and statements of state continuity
 * (docs/services.md 1).
 */
#include "services/continuity/entry.h"

#include "base/cbor.h"
#include "base/merkle.h"

enum { STATEMENT_MAX = 200 }; /* the longest has about 160 bytes */

bool assay_cont_size_is_fit(uint32_t count)
{
    return count == 3 || count == 5 || count == 7;
}

uint32_t assay_cont_find_seat(const struct assay_cont_roster *roster,
                              const uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    ASSAY_ASSERT(roster->count <= ASSAY_CONT_SEATS_MAX);
    uint32_t seat = 0;
    while (seat < roster->count &&
           !assay_bytes_equal(roster->key[seat], key, ASSAY_P256_PUBLIC_LEN))
        seat++;
    return seat;
}

bool assay_cont_has_duplicate_key(const struct assay_cont_roster *roster)
{
    for (uint32_t i = 0; i < roster->count; i++)
        if (assay_cont_find_seat(roster, roster->key[i]) != i) return true;
    return false;
}

bool assay_cont_is_newer(const struct assay_cont_entry *a, const struct assay_cont_entry *b)
{
    if (a->writer != b->writer) return a->writer > b->writer;
    return a->index > b->index;
}

void assay_cont_state_digest(const uint8_t instance[static 32], uint64_t index,
                             const uint8_t prev[static 32], const uint8_t blob_hash[static 32],
                             uint8_t digest[static 32])
{
    static const char type[] = "assay/continuity/state/v1";
    uint8_t number[8];
    struct assay_writer w = assay_writer_over(number, sizeof number);
    assay_writer_u64be(&w, index);
    ASSAY_ASSERT(!w.full && w.len == sizeof number);
    const struct assay_slice pieces[] = {
        assay_slice_over(type, sizeof type - 1),   assay_slice_over(instance, 32),
        assay_slice_over(number, sizeof number),   assay_slice_over(prev, 32),
        assay_slice_over(blob_hash, 32),
    };
    assay_sha256_pieces(pieces, sizeof pieces / sizeof *pieces, digest);
}

void assay_cont_entry_encode(struct assay_writer *w, const struct assay_cont_entry *entry)
{
    assay_writer_put(w, entry->instance, 32);
    assay_writer_u64be(w, entry->promised);
    assay_writer_u64be(w, entry->writer);
    assay_writer_u64be(w, entry->index);
    assay_writer_put(w, entry->digest, 32);
}

enum assay_status assay_cont_entry_decode(struct assay_cursor *in, struct assay_cont_entry *entry)
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
static struct assay_writer begin_statement(uint8_t *bytes, const char *type, uint64_t items,
                                           const struct assay_cont_home *home, uint64_t view)
{
    struct assay_writer w = assay_writer_over(bytes, STATEMENT_MAX);
    assay_cbor_put_array(&w, 4 + items);
    assay_cbor_put_text(&w, type);
    assay_cbor_put_bytes(&w, home->chain_id, 32);
    assay_cbor_put_uint(&w, home->group);
    assay_cbor_put_uint(&w, view);
    ASSAY_ASSERT(!w.full);
    return w;
}

static void finish_statement(const struct assay_writer *w, uint8_t digest[static 32])
{
    ASSAY_ASSERT(!w->full);
    assay_sha256(w->bytes, w->len, digest);
}

static void root_statement(const char *type, const struct assay_cont_home *home, uint64_t view,
                           const uint8_t root[static 32], uint32_t entries,
                           uint8_t digest[static 32])
{
    uint8_t bytes[STATEMENT_MAX];
    struct assay_writer w = begin_statement(bytes, type, 2, home, view);
    assay_cbor_put_bytes(&w, root, 32);
    assay_cbor_put_uint(&w, entries);
    finish_statement(&w, digest);
}

void assay_cont_fin_statement(const struct assay_cont_home *home, uint64_t view,
                              const uint8_t root[static 32], uint32_t entries,
                              const struct assay_cont_roster *next, uint8_t digest[static 32])
{
    ASSAY_ASSERT(next->count <= ASSAY_CONT_SEATS_MAX);
    uint8_t bytes[STATEMENT_MAX], seats[32];
    struct assay_writer w = begin_statement(bytes, "assay/continuity/fin/v3", 4, home, view);
    const struct assay_slice pieces[] = {
        assay_slice_over(next->key[0], next->count * sizeof next->key[0]),
        assay_slice_over(next->contact[0], next->count * sizeof next->contact[0]),
    };
    assay_sha256_pieces(pieces, sizeof pieces / sizeof *pieces, seats);
    assay_cbor_put_bytes(&w, root, 32);
    assay_cbor_put_uint(&w, entries);
    assay_cbor_put_uint(&w, next->view);
    assay_cbor_put_bytes(&w, seats, sizeof seats);
    finish_statement(&w, digest);
}

void assay_cont_table_statement(const struct assay_cont_home *home, uint64_t view,
                                const uint8_t root[static 32], uint32_t entries,
                                uint8_t digest[static 32])
{
    root_statement("assay/continuity/table/v1", home, view, root, entries, digest);
}

void assay_cont_receipts_statement(const struct assay_cont_home *home, uint64_t view,
                                   const uint8_t root[static 32], uint32_t leaves,
                                   uint8_t digest[static 32])
{
    root_statement("assay/continuity/receipts/v2", home, view, root, leaves, digest);
}

bool assay_cont_verify_signature(const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                                 const uint8_t digest[static 32],
                                 const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct assay_p256 *loaded = NULL;
    if (assay_p256_load(key, &loaded) != ASSAY_OK) return false;
    const bool good = assay_p256_verify(loaded, digest, signature, ASSAY_S_LOW);
    assay_p256_free(&loaded);
    return good;
}

/* --- receipts */

void assay_cont_receipt_leaf(const struct assay_cont_entry *entry, const uint8_t nonce[static 32],
                             uint8_t leaf_hash[static 32])
{
    uint8_t bytes[ASSAY_CONT_ENTRY_LEN + 32];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cont_entry_encode(&w, entry);
    assay_writer_put(&w, nonce, 32);
    ASSAY_ASSERT(!w.full && w.len == sizeof bytes);
    assay_merkle_leaf_hash(bytes, sizeof bytes, leaf_hash);
}

void assay_cont_place_encode(struct assay_writer *w, const struct assay_cont_place *place)
{
    ASSAY_ASSERT(place->leaf < place->leaves && place->leaves <= ASSAY_CONT_TREE_MAX);
    ASSAY_ASSERT(place->levels <= ASSAY_CONT_TREE_LEVELS);
    assay_writer_put(w, place->root, 32);
    assay_writer_u16be(w, (uint16_t)place->leaf);
    assay_writer_u16be(w, (uint16_t)place->leaves);
    assay_writer_u8(w, (uint8_t)place->levels);
    assay_writer_put(w, place->path, place->levels * 32ULL);
}

enum assay_status assay_cont_place_decode(struct assay_cursor *in, struct assay_cont_place *place)
{
    struct assay_cont_place read = { 0 };
    uint16_t leaf = 0, leaves = 0;
    uint8_t levels = 0;
    ASSAY_TRY(assay_cursor_copy(in, read.root, 32));
    ASSAY_TRY(assay_cursor_u16be(in, &leaf));
    ASSAY_TRY(assay_cursor_u16be(in, &leaves));
    ASSAY_TRY(assay_cursor_u8(in, &levels));
    if (leaf >= leaves || leaves > ASSAY_CONT_TREE_MAX || levels > ASSAY_CONT_TREE_LEVELS)
        return ASSAY_E_RANGE;
    read.leaf = leaf;
    read.leaves = leaves;
    read.levels = levels;
    ASSAY_TRY(assay_cursor_copy(in, read.path, levels * 32ULL));
    *place = read;
    return ASSAY_OK;
}

bool assay_cont_receipt_verify_place(const struct assay_cont_home *home, uint64_t view,
                                     const struct assay_cont_entry *entry,
                                     const uint8_t nonce[static 32],
                                     const struct assay_cont_place *place,
                                     const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                                     const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    uint8_t leaf[32], digest[32];
    assay_cont_receipt_leaf(entry, nonce, leaf);
    if (!assay_merkle_verify(leaf, place->leaf, place->leaves, place->path, place->levels,
                             place->root))
        return false;
    assay_cont_receipts_statement(home, view, place->root, place->leaves, digest);
    return assay_cont_verify_signature(key, digest, signature);
}
