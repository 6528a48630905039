/*
 * services/identity/ceremony_records.c - canonical CBOR of the records of a ceremony, what their
 * signatures and proofs cover, and the checks that need no ledger (docs/identity.md 3.5).
 */
#include "services/identity/ceremony_records.h"

#include "base/cbor.h"
#include "base/crypto.h"
#include "base/merkle.h"

enum {
    SCOPE_ITEMS = 6,
    OFFER_ITEMS = SCOPE_ITEMS + 8,
    DEAL_ITEMS = SCOPE_ITEMS + 6,
    DISPUTE_ITEMS = SCOPE_ITEMS + 5,
    HAVE_ITEMS = SCOPE_ITEMS + 1,
    TABLE_ITEMS = SCOPE_ITEMS + 2,
    LIE_ITEMS = 4,
    STATEMENT_MAX = 8192 + 128,
    PURPOSE_HOLDER = 2, /* engine/ledger/state/workload_keys.h */
};

_Static_assert(ASSAY_CA_DEAL_LEN_MAX + 512 <= 8192, "a CA_DISPUTE has room for a CA_DEAL");

static enum assay_status decode_u32(struct assay_cursor *in, uint32_t min, uint32_t max,
                                    uint32_t *out)
{
    uint64_t value = 0;
    ASSAY_ASSERT(min <= max);
    ASSAY_TRY(assay_cbor_uint_max(in, max, &value));
    *out = (uint32_t)value;
    return value >= min ? ASSAY_OK : ASSAY_E_RANGE;
}

/* --- parts */

static void put_scope(struct assay_writer *w, const struct assay_ca_scope *scope)
{
    assay_cbor_put_uint(w, scope->era);
    assay_cbor_put_uint(w, scope->ca_number);
    assay_cbor_put_uint(w, scope->generation);
    assay_cbor_put_uint(w, scope->attempt);
    assay_cbor_put_bytes(w, scope->node_id, 32);
    assay_cbor_put_bytes(w, scope->key, 32);
}

static enum assay_status decode_scope(struct assay_cursor *in, struct assay_ca_scope *scope)
{
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &scope->era));
    ASSAY_TRY(decode_u32(in, 0, INT32_MAX, &scope->ca_number));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &scope->generation));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &scope->attempt));
    ASSAY_TRY(assay_cbor_bytes_exact(in, scope->node_id, 32));
    return assay_cbor_bytes_exact(in, scope->key, 32);
}

/* As one string: challenge, answer; empty: none. */
static void put_proof(struct assay_writer *w, const struct assay_dealing_proof *proof)
{
    assay_cbor_put_bytes_head(w, 64);
    assay_writer_put(w, proof->challenge, 32);
    assay_writer_put(w, proof->answer, 32);
}

static enum assay_status decode_proof(struct assay_cursor *in, bool may_lack, bool *has,
                                      struct assay_dealing_proof *proof)
{
    struct assay_slice both;
    ASSAY_TRY(assay_cbor_bytes(in, 64, &both));
    *has = both.len != 0;
    if (both.len == 0) return may_lack ? ASSAY_OK : ASSAY_E_RANGE;
    if (both.len != 64) return ASSAY_E_RANGE;
    assay_bytes_copy(proof->challenge, 32, both.bytes, 32);
    assay_bytes_copy(proof->answer, 32, both.bytes + 32, 32);
    return ASSAY_OK;
}

/* Strings of 32 bytes each, as one. Out: *count: min .. max. */
static enum assay_status decode_points(struct assay_cursor *in, uint32_t min, uint32_t max,
                                       uint8_t (*out)[32], uint32_t *count)
{
    struct assay_slice all;
    ASSAY_TRY(assay_cbor_bytes(in, (size_t)max * 32, &all));
    if (all.len % 32 != 0 || all.len < (size_t)min * 32) return ASSAY_E_RANGE;
    *count = (uint32_t)(all.len / 32);
    for (uint32_t i = 0; i < *count; i++)
        assay_bytes_copy(out[i], 32, all.bytes + (size_t)i * 32, 32);
    return ASSAY_OK;
}

static enum assay_status decode_signature(struct assay_cursor *in,
                                          uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN])
{
    ASSAY_TRY(assay_cbor_bytes_exact(in, signature, ASSAY_SODIUM_SIGNATURE_LEN));
    return assay_cursor_end(in);
}

/* --- bodies: what a signature covers, an array */

static void put_offer(struct assay_writer *w, const struct assay_ca_offer_record *r)
{
    ASSAY_ASSERT(r->path_len <= ASSAY_CA_PATH_MAX && r->address_len <= ASSAY_CA_ADDRESS_MAX);
    assay_cbor_put_array(w, OFFER_ITEMS);
    put_scope(w, &r->scope);
    assay_cbor_put_bytes(w, r->entry.bytes, r->entry.len);
    assay_cbor_put_uint(w, r->place);
    assay_cbor_put_uint(w, r->count);
    assay_cbor_put_bytes(w, r->path, (size_t)r->path_len * 32);
    assay_cbor_put_bytes(w, r->encryption, 32);
    put_proof(w, &r->encryption_proof);
    assay_cbor_put_bytes(w, r->link_key, 32);
    assay_cbor_put_bytes(w, r->address, r->address_len);
}

static void put_deal(struct assay_writer *w, const struct assay_ca_deal_record *r)
{
    ASSAY_ASSERT(r->commitments.count <= ASSAY_FROST_SIGNERS_MAX);
    ASSAY_ASSERT(r->receivers <= ASSAY_FROST_INDICES_MAX);
    assay_cbor_put_array(w, DEAL_ITEMS);
    put_scope(w, &r->scope);
    assay_cbor_put_uint(w, r->dealer);
    assay_cbor_put_bytes(w, r->dealt, 32);
    put_proof(w, &r->dealt_proof);
    if (r->has_constant_proof) put_proof(w, &r->constant_proof);
    else assay_cbor_put_bytes(w, "", 0);
    assay_cbor_put_bytes(w, r->commitments.point, (size_t)r->commitments.count * 32);
    assay_cbor_put_bytes(w, r->sealed, (size_t)r->receivers * 32);
}

static void put_dispute(struct assay_writer *w, const struct assay_ca_dispute_record *r)
{
    const bool is_value = r->kind == ASSAY_CA_DISPUTE_VALUE;
    assay_cbor_put_array(w, DISPUTE_ITEMS);
    put_scope(w, &r->scope);
    assay_cbor_put_uint(w, (uint64_t)r->kind);
    assay_cbor_put_bytes(w, r->dealing.bytes, r->dealing.len);
    assay_cbor_put_uint(w, r->index);
    assay_cbor_put_bytes(w, r->shown, is_value ? 32 : 0);
    if (is_value) put_proof(w, &r->proof);
    else assay_cbor_put_bytes(w, "", 0);
}

static void put_have(struct assay_writer *w, const struct assay_ca_have_record *r)
{
    assay_cbor_put_array(w, HAVE_ITEMS);
    put_scope(w, &r->scope);
    assay_cbor_put_bytes(w, r->digest, 32);
}

static void put_table(struct assay_writer *w, const struct assay_ca_table_record *r)
{
    ASSAY_ASSERT(r->sum.count <= ASSAY_FROST_SIGNERS_MAX);
    ASSAY_ASSERT(r->indices <= ASSAY_FROST_INDICES_MAX);
    assay_cbor_put_array(w, TABLE_ITEMS);
    put_scope(w, &r->scope);
    assay_cbor_put_bytes(w, r->sum.point, (size_t)r->sum.count * 32);
    assay_cbor_put_bytes(w, r->public_share, (size_t)r->indices * 32);
}

/* --- records: [body, signature] */

static struct assay_writer begin_record(uint8_t *bytes, size_t capacity)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, 2);
    return w;
}

static enum assay_status end_record(struct assay_writer *w,
                                    const uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN],
                                    struct assay_slice *out)
{
    assay_cbor_put_bytes(w, signature, ASSAY_SODIUM_SIGNATURE_LEN);
    return assay_writer_finish(w, out);
}

enum assay_status assay_ca_offer_encode(const struct assay_ca_offer_record *record, uint8_t *bytes,
                                        size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = begin_record(bytes, capacity);
    put_offer(&w, record);
    return end_record(&w, record->signature, out);
}

enum assay_status assay_ca_deal_encode(const struct assay_ca_deal_record *record, uint8_t *bytes,
                                       size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = begin_record(bytes, capacity);
    put_deal(&w, record);
    return end_record(&w, record->signature, out);
}

enum assay_status assay_ca_dispute_encode(const struct assay_ca_dispute_record *record,
                                          uint8_t *bytes, size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = begin_record(bytes, capacity);
    put_dispute(&w, record);
    return end_record(&w, record->signature, out);
}

enum assay_status assay_ca_have_encode(const struct assay_ca_have_record *record, uint8_t *bytes,
                                       size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = begin_record(bytes, capacity);
    put_have(&w, record);
    return end_record(&w, record->signature, out);
}

enum assay_status assay_ca_table_encode(const struct assay_ca_table_record *record, uint8_t *bytes,
                                        size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = begin_record(bytes, capacity);
    put_table(&w, record);
    return end_record(&w, record->signature, out);
}

enum assay_status assay_ca_lie_encode(const struct assay_ca_lie_record *record, uint8_t *bytes,
                                      size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, LIE_ITEMS);
    assay_cbor_put_uint(&w, record->era);
    assay_cbor_put_uint(&w, record->ca_number);
    assay_cbor_put_uint(&w, record->generation);
    assay_cbor_put_bytes(&w, record->lie.bytes, record->lie.len);
    return assay_writer_finish(&w, out);
}

/* --- decoders */

static enum assay_status begin_decode(struct assay_cursor *in, uint64_t items,
                                      struct assay_ca_scope *scope)
{
    ASSAY_TRY(assay_cbor_array_exact(in, 2));
    ASSAY_TRY(assay_cbor_array_exact(in, items));
    return decode_scope(in, scope);
}

/* ["assay/key/v1", 2, name, [], SPKI, proof] of this Ed25519 key. That the name is one, and that
 * the key's holder made the proof, is what stands when keys_root is certified. */
static enum assay_status check_entry(struct assay_slice entry, const uint8_t key[static 32])
{
    struct assay_cursor in = assay_cursor_over(entry.bytes, entry.len);
    uint64_t purpose = 0;
    struct assay_slice name;
    uint8_t spki[ASSAY_ED25519_SPKI_LEN], of_key[ASSAY_ED25519_SPKI_LEN];
    uint8_t proof[ASSAY_SODIUM_SIGNATURE_LEN];
    ASSAY_TRY(assay_cbor_array_exact(&in, 6));
    ASSAY_TRY(assay_cbor_text_expect(&in, "assay/key/v1"));
    ASSAY_TRY(assay_cbor_uint(&in, &purpose));
    ASSAY_TRY(assay_cbor_text(&in, 63, &name));
    ASSAY_TRY(assay_cbor_array_exact(&in, 0));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, spki, sizeof spki));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, proof, sizeof proof));
    ASSAY_TRY(assay_cursor_end(&in));
    assay_ed25519_spki(key, of_key);
    const bool is_it = purpose == PURPOSE_HOLDER && assay_bytes_equal(spki, of_key, sizeof spki);
    return is_it ? ASSAY_OK : ASSAY_E_ENCODING;
}

static enum assay_status decode_address(struct assay_cursor *in,
                                        struct assay_ca_offer_record *record)
{
    struct assay_slice address;
    ASSAY_TRY(assay_cbor_bytes(in, ASSAY_CA_ADDRESS_MAX, &address));
    for (size_t i = 0; i < address.len; i++)
        if (address.bytes[i] <= ' ' || address.bytes[i] > '~') return ASSAY_E_ENCODING;
    if (address.len > 0)
        assay_bytes_copy(record->address, ASSAY_CA_ADDRESS_MAX, address.bytes, address.len);
    record->address_len = (uint8_t)address.len;
    return ASSAY_OK;
}

enum assay_status assay_ca_offer_decode(struct assay_slice bytes,
                                        struct assay_ca_offer_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_ca_offer_record read = { 0 };
    uint8_t curve[32];
    bool has = false;
    ASSAY_TRY(begin_decode(&in, OFFER_ITEMS, &read.scope));
    ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_CA_ENTRY_MAX, &read.entry));
    ASSAY_TRY(check_entry(read.entry, read.scope.key));
    ASSAY_TRY(decode_u32(&in, 0, ASSAY_CA_KEYS_MAX - 1, &read.place));
    ASSAY_TRY(decode_u32(&in, read.place + 1, ASSAY_CA_KEYS_MAX, &read.count));
    ASSAY_TRY(decode_points(&in, 0, ASSAY_CA_PATH_MAX, read.path, &read.path_len));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.encryption, 32));
    ASSAY_TRY(decode_proof(&in, false, &has, &read.encryption_proof));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.link_key, 32));
    ASSAY_TRY(assay_sodium_link_curve(read.link_key, curve));
    ASSAY_TRY(decode_address(&in, &read));
    ASSAY_TRY(decode_signature(&in, read.signature));
    *record = read;
    return ASSAY_OK;
}

enum assay_status assay_ca_deal_decode(struct assay_slice bytes,
                                       struct assay_ca_deal_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_ca_deal_record read = { 0 };
    bool has = false;
    ASSAY_TRY(begin_decode(&in, DEAL_ITEMS, &read.scope));
    ASSAY_TRY(decode_u32(&in, 1, ASSAY_FROST_INDICES_MAX, &read.dealer));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.dealt, 32));
    ASSAY_TRY(decode_proof(&in, false, &has, &read.dealt_proof));
    ASSAY_TRY(decode_proof(&in, true, &read.has_constant_proof, &read.constant_proof));
    ASSAY_TRY(decode_points(&in, ASSAY_FROST_SIGNERS_MIN, ASSAY_FROST_SIGNERS_MAX,
                            read.commitments.point, &read.commitments.count));
    ASSAY_TRY(decode_points(&in, read.commitments.count, ASSAY_FROST_INDICES_MAX, read.sealed,
                            &read.receivers));
    for (uint32_t i = 0; i < read.receivers; i++)
        if (!assay_dealing_is_sealed(read.sealed[i])) return ASSAY_E_RANGE;
    ASSAY_TRY(decode_signature(&in, read.signature));
    *record = read;
    return ASSAY_OK;
}

enum assay_status assay_ca_dispute_decode(struct assay_slice bytes,
                                          struct assay_ca_dispute_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_ca_dispute_record read = { 0 };
    struct assay_slice shown;
    uint64_t kind = 0;
    bool has = false;
    ASSAY_TRY(begin_decode(&in, DISPUTE_ITEMS, &read.scope));
    ASSAY_TRY(assay_cbor_uint(&in, &kind));
    if (kind != ASSAY_CA_DISPUTE_VALUE && kind != ASSAY_CA_DISPUTE_POINT)
        return ASSAY_E_UNSUPPORTED;
    const bool is_value = kind == ASSAY_CA_DISPUTE_VALUE;
    read.kind = (enum assay_ca_dispute_kind)kind;
    ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_CA_DEAL_LEN_MAX, &read.dealing));
    ASSAY_TRY(decode_u32(&in, is_value ? 1 : 0,
                         is_value ? ASSAY_FROST_INDICES_MAX : ASSAY_FROST_SIGNERS_MAX - 1,
                         &read.index));
    ASSAY_TRY(assay_cbor_bytes(&in, 32, &shown));
    if (shown.len != (is_value ? 32U : 0U)) return ASSAY_E_RANGE;
    if (is_value) assay_bytes_copy(read.shown, 32, shown.bytes, 32);
    ASSAY_TRY(decode_proof(&in, true, &has, &read.proof));
    if (has != is_value) return ASSAY_E_RANGE;
    ASSAY_TRY(decode_signature(&in, read.signature));
    *record = read;
    return ASSAY_OK;
}

enum assay_status assay_ca_have_decode(struct assay_slice bytes,
                                       struct assay_ca_have_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_ca_have_record read = { 0 };
    ASSAY_TRY(begin_decode(&in, HAVE_ITEMS, &read.scope));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.digest, 32));
    ASSAY_TRY(decode_signature(&in, read.signature));
    *record = read;
    return ASSAY_OK;
}

enum assay_status assay_ca_table_decode(struct assay_slice bytes,
                                        struct assay_ca_table_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_ca_table_record read = { 0 };
    ASSAY_TRY(begin_decode(&in, TABLE_ITEMS, &read.scope));
    ASSAY_TRY(decode_points(&in, ASSAY_FROST_SIGNERS_MIN, ASSAY_FROST_SIGNERS_MAX, read.sum.point,
                            &read.sum.count));
    ASSAY_TRY(decode_points(&in, read.sum.count, ASSAY_FROST_INDICES_MAX, read.public_share,
                            &read.indices));
    ASSAY_TRY(decode_signature(&in, read.signature));
    *record = read;
    return ASSAY_OK;
}

enum assay_status assay_ca_lie_decode(struct assay_slice bytes, struct assay_ca_lie_record *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_ca_lie_record read = { 0 };
    struct assay_signing_lie lie;
    ASSAY_TRY(assay_cbor_array_exact(&in, LIE_ITEMS));
    ASSAY_TRY(assay_cbor_uint_max(&in, INT64_MAX, &read.era));
    ASSAY_TRY(decode_u32(&in, 1, INT32_MAX, &read.ca_number));
    ASSAY_TRY(assay_cbor_uint_max(&in, INT64_MAX, &read.generation));
    ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_CA_LIE_LEN_MAX, &read.lie));
    ASSAY_TRY(assay_cursor_end(&in));
    ASSAY_TRY(assay_signing_lie_decode(read.lie, &lie));
    *record = read;
    return ASSAY_OK;
}

/* --- statements and labels: SHA-256 of [type, chain id, what follows ..] */

static struct assay_writer begin_statement(uint8_t *bytes, size_t len, uint64_t items,
                                           const char *type, const uint8_t chain_id[static 32])
{
    struct assay_writer w = assay_writer_over(bytes, len);
    assay_cbor_put_array(&w, items + 2);
    assay_cbor_put_text(&w, type);
    assay_cbor_put_bytes(&w, chain_id, 32);
    return w;
}

static void end_statement(const struct assay_writer *w, const uint8_t *bytes,
                          uint8_t digest[static 32])
{
    ASSAY_ASSERT(!w->full);
    assay_sha256(bytes, w->len, digest);
}

void assay_ca_offer_statement(const uint8_t chain_id[static 32],
                              const struct assay_ca_offer_record *record, uint8_t digest[static 32])
{
    uint8_t bytes[1536];
    struct assay_writer w = begin_statement(bytes, sizeof bytes, 1, "assay/ca-offer/v1", chain_id);
    put_offer(&w, record);
    end_statement(&w, bytes, digest);
}

void assay_ca_deal_statement(const uint8_t chain_id[static 32],
                             const struct assay_ca_deal_record *record, uint8_t digest[static 32])
{
    uint8_t bytes[STATEMENT_MAX];
    struct assay_writer w = begin_statement(bytes, sizeof bytes, 1, "assay/ca-deal/v1", chain_id);
    put_deal(&w, record);
    end_statement(&w, bytes, digest);
}

void assay_ca_dispute_statement(const uint8_t chain_id[static 32],
                                const struct assay_ca_dispute_record *record,
                                uint8_t digest[static 32])
{
    uint8_t bytes[STATEMENT_MAX];
    struct assay_writer w =
        begin_statement(bytes, sizeof bytes, 1, "assay/ca-dispute/v1", chain_id);
    put_dispute(&w, record);
    end_statement(&w, bytes, digest);
}

void assay_ca_have_statement(const uint8_t chain_id[static 32],
                             const struct assay_ca_have_record *record, uint8_t digest[static 32])
{
    uint8_t bytes[384];
    struct assay_writer w = begin_statement(bytes, sizeof bytes, 1, "assay/ca-have/v1", chain_id);
    put_have(&w, record);
    end_statement(&w, bytes, digest);
}

void assay_ca_table_statement(const uint8_t chain_id[static 32],
                              const struct assay_ca_table_record *record, uint8_t digest[static 32])
{
    uint8_t bytes[STATEMENT_MAX];
    struct assay_writer w = begin_statement(bytes, sizeof bytes, 1, "assay/ca-table/v1", chain_id);
    put_table(&w, record);
    end_statement(&w, bytes, digest);
}

void assay_ca_offer_label(const uint8_t chain_id[static 32], const struct assay_ca_scope *scope,
                          uint8_t label[static 32])
{
    uint8_t bytes[384];
    struct assay_writer w =
        begin_statement(bytes, sizeof bytes, SCOPE_ITEMS, "assay/ca-encryption/v1", chain_id);
    put_scope(&w, scope);
    end_statement(&w, bytes, label);
}

void assay_ca_deal_label(const uint8_t chain_id[static 32],
                         const struct assay_ca_deal_record *record, uint8_t label[static 32])
{
    uint8_t bytes[STATEMENT_MAX];
    struct assay_writer w =
        begin_statement(bytes, sizeof bytes, SCOPE_ITEMS + 4, "assay/ca-dealing/v1", chain_id);
    ASSAY_ASSERT(record->commitments.count <= ASSAY_FROST_SIGNERS_MAX);
    ASSAY_ASSERT(record->receivers <= ASSAY_FROST_INDICES_MAX);
    put_scope(&w, &record->scope);
    assay_cbor_put_uint(&w, record->dealer);
    assay_cbor_put_bytes(&w, record->dealt, 32);
    assay_cbor_put_bytes(&w, record->commitments.point, (size_t)record->commitments.count * 32);
    assay_cbor_put_bytes(&w, record->sealed, (size_t)record->receivers * 32);
    end_statement(&w, bytes, label);
}

void assay_ca_constant_label(const uint8_t chain_id[static 32], const struct assay_ca_scope *scope,
                             uint32_t dealer, uint8_t label[static 32])
{
    uint8_t bytes[384];
    struct assay_writer w =
        begin_statement(bytes, sizeof bytes, SCOPE_ITEMS + 1, "assay/ca-constant/v1", chain_id);
    put_scope(&w, scope);
    assay_cbor_put_uint(&w, dealer);
    end_statement(&w, bytes, label);
}

void assay_ca_value_label(const uint8_t chain_id[static 32], const struct assay_ca_scope *scope,
                          uint32_t dealer, uint32_t index, uint8_t label[static 32])
{
    uint8_t bytes[384];
    struct assay_writer w =
        begin_statement(bytes, sizeof bytes, SCOPE_ITEMS + 2, "assay/ca-value/v1", chain_id);
    put_scope(&w, scope);
    assay_cbor_put_uint(&w, dealer);
    assay_cbor_put_uint(&w, index);
    end_statement(&w, bytes, label);
}

void assay_ca_table_digest(const uint8_t chain_id[static 32],
                           const struct assay_ca_table_record *table, uint8_t digest[static 32])
{
    uint8_t bytes[STATEMENT_MAX];
    struct assay_writer w = begin_statement(bytes, sizeof bytes, 6, "assay/ca-shares/v1", chain_id);
    ASSAY_ASSERT(table->sum.count <= ASSAY_FROST_SIGNERS_MAX);
    ASSAY_ASSERT(table->indices <= ASSAY_FROST_INDICES_MAX);
    assay_cbor_put_uint(&w, table->scope.era);
    assay_cbor_put_uint(&w, table->scope.ca_number);
    assay_cbor_put_uint(&w, table->scope.generation);
    assay_cbor_put_uint(&w, table->scope.attempt);
    assay_cbor_put_bytes(&w, table->sum.point, (size_t)table->sum.count * 32);
    assay_cbor_put_bytes(&w, table->public_share, (size_t)table->indices * 32);
    end_statement(&w, bytes, digest);
}

/* --- checks */

static enum assay_status verify_author(const struct assay_ca_scope *scope,
                                       const uint8_t digest[static 32],
                                       const uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN])
{
    return assay_sodium_link_verify(scope->key, digest, signature) ? ASSAY_OK : ASSAY_E_SIGNATURE;
}

enum assay_status assay_ca_offer_check(const uint8_t chain_id[static 32],
                                       const struct assay_ca_offer_record *record)
{
    uint8_t digest[32];
    assay_ca_offer_label(chain_id, &record->scope, digest);
    if (!assay_dealing_verify(record->encryption, digest, &record->encryption_proof))
        return ASSAY_E_SIGNATURE;
    assay_ca_offer_statement(chain_id, record, digest);
    return verify_author(&record->scope, digest, record->signature);
}

enum assay_status assay_ca_deal_check(const uint8_t chain_id[static 32],
                                      const struct assay_ca_deal_record *record)
{
    uint8_t digest[32];
    assay_ca_deal_statement(chain_id, record, digest);
    return verify_author(&record->scope, digest, record->signature);
}

enum assay_status assay_ca_dispute_check(const uint8_t chain_id[static 32],
                                         const struct assay_ca_dispute_record *record)
{
    uint8_t digest[32];
    assay_ca_dispute_statement(chain_id, record, digest);
    return verify_author(&record->scope, digest, record->signature);
}

enum assay_status assay_ca_have_check(const uint8_t chain_id[static 32],
                                      const struct assay_ca_have_record *record)
{
    uint8_t digest[32];
    assay_ca_have_statement(chain_id, record, digest);
    return verify_author(&record->scope, digest, record->signature);
}

enum assay_status assay_ca_table_check(const uint8_t chain_id[static 32],
                                       const struct assay_ca_table_record *record)
{
    uint8_t digest[32];
    assay_ca_table_statement(chain_id, record, digest);
    return verify_author(&record->scope, digest, record->signature);
}

bool assay_ca_offer_is_listed(const struct assay_ca_offer_record *record,
                              const uint8_t keys_root[static 32])
{
    uint8_t leaf[32];
    assay_merkle_leaf_hash(record->entry.bytes, record->entry.len, leaf);
    return assay_merkle_verify(leaf, record->place, record->count,
                               (const uint8_t(*)[32])record->path, record->path_len, keys_root);
}
