/*
 * engine/ledger/state/workload_keys.c - keys of workloads: encoding of entries and lists
 * (docs/identity.md 6).
 */
#include "engine/ledger/state/workload_keys_parts.h"

#include "base/assert.h"
#include "base/cbor.h"

static const char entry_label[] = "assay/key/v1";

/* --- names */

static bool is_letter_or_digit(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool slice_is(struct assay_slice s, const char *text, size_t len)
{
    return s.len == len && assay_bytes_equal(s.bytes, text, len);
}

bool assay_declared_key_name_is_fit(struct assay_slice name)
{
    if (name.len == 0 || name.len > ASSAY_DECLARED_KEY_NAME_MAX) return false;
    if (slice_is(name, "node", 4) || slice_is(name, "svc", 3)) return false;
    for (size_t i = 0; i < name.len; i++) {
        const bool inside = i > 0 && i + 1 < name.len;
        if (!is_letter_or_digit(name.bytes[i]) && !(inside && name.bytes[i] == '-')) return false;
    }
    return true;
}

/* What stands in JSON as it is: visible, without quotation mark and backslash. */
static bool audience_is_fit(struct assay_slice audience)
{
    if (audience.len == 0 || audience.len > ASSAY_DECLARED_KEY_AUDIENCE_MAX) return false;
    for (size_t i = 0; i < audience.len; i++) {
        const uint8_t c = audience.bytes[i];
        if (c <= ' ' || c > '~' || c == '"' || c == '\\') return false;
    }
    return true;
}

const char *assay_declared_purpose_text(enum assay_declared_purpose purpose)
{
    switch (purpose) {
    case ASSAY_PURPOSE_TLS: return "tls";
    case ASSAY_PURPOSE_HOLDER: return "holder";
    case ASSAY_PURPOSE_TOKEN: return "token";
    case ASSAY_PURPOSE_SSH: return "ssh";
    }
    return "unknown";
}

/* Returns: below 0, 0, above 0 */
static int compare_slices(struct assay_slice a, struct assay_slice b)
{
    const size_t common = a.len < b.len ? a.len : b.len;
    const int order = common == 0 ? 0 : assay_bytes_compare(a.bytes, b.bytes, common);
    if (order != 0) return order;
    return (a.len > b.len) - (a.len < b.len);
}

static bool is_before(const struct assay_declared_key *a, const struct assay_declared_key *b)
{
    if (a->purpose != b->purpose) return a->purpose < b->purpose;
    return compare_slices(a->name, b->name) < 0;
}

/* --- SubjectPublicKeyInfo */

/* One key has one encoding: it is compared with what we would write. */
static bool spki_is(struct assay_slice spki, enum assay_key_type type, size_t point_len,
                    struct assay_key *key)
{
    uint8_t der[ASSAY_DECLARED_KEY_SPKI_MAX];
    size_t len = 0;
    if (spki.len <= point_len) return false;
    assay_key_from(key, type, spki.bytes + spki.len - point_len, point_len);
    return assay_key_spki(key, der, sizeof der, &len) == ASSAY_OK && len == spki.len &&
           assay_bytes_equal(der, spki.bytes, len);
}

enum assay_declared_kind assay_declared_key_read_spki(struct assay_slice spki,
                                                      struct assay_key *key)
{
    uint8_t ed25519[ASSAY_ED25519_SPKI_LEN];
    if (spki.len == sizeof ed25519) {
        assay_ed25519_spki(spki.bytes + ASSAY_ED25519_HEAD_LEN, ed25519);
        if (assay_bytes_equal(spki.bytes, ed25519, sizeof ed25519)) return ASSAY_DECLARED_ED25519;
    }
    if (spki_is(spki, ASSAY_KEY_P256, ASSAY_P256_PUBLIC_LEN, key)) return ASSAY_DECLARED_P256;
    if (spki_is(spki, ASSAY_KEY_P384, ASSAY_P384_PUBLIC_LEN, key)) return ASSAY_DECLARED_P384;
    return ASSAY_DECLARED_NONE;
}

size_t assay_declared_key_proof_len(enum assay_declared_kind kind)
{
    switch (kind) {
    case ASSAY_DECLARED_P256: return ASSAY_P256_SIGNATURE_LEN;
    case ASSAY_DECLARED_P384: return ASSAY_P384_SIGNATURE_LEN;
    case ASSAY_DECLARED_ED25519: return ASSAY_ED25519_SIGNATURE_LEN;
    case ASSAY_DECLARED_NONE: break;
    }
    return 0;
}

/* --- entries */

static void put_text(struct assay_writer *w, struct assay_slice text)
{
    assay_cbor_put_text_n(w, (const char *)text.bytes, text.len);
}

void assay_declared_key_put(struct assay_writer *w, const struct assay_declared_key *key)
{
    ASSAY_ASSERT(key->audience_count <= ASSAY_DECLARED_KEY_AUDIENCES_MAX);
    assay_cbor_put_uint(w, (uint64_t)key->purpose);
    put_text(w, key->name);
    assay_cbor_put_array(w, key->audience_count);
    for (uint32_t i = 0; i < key->audience_count; i++)
        put_text(w, key->audiences[i]);
    assay_cbor_put_bytes(w, key->spki.bytes, key->spki.len);
}

static enum assay_status decode_audiences(struct assay_cursor *c, struct assay_declared_key *key)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_DECLARED_KEY_AUDIENCES_MAX, &count));
    if (count > 0 && key->purpose != ASSAY_PURPOSE_TOKEN) return ASSAY_E_RANGE;
    key->audience_count = (uint32_t)count;
    for (uint32_t i = 0; i < key->audience_count; i++) {
        struct assay_slice *a = &key->audiences[i];
        ASSAY_TRY(assay_cbor_text(c, ASSAY_DECLARED_KEY_AUDIENCE_MAX, a));
        if (!audience_is_fit(*a)) return ASSAY_E_RANGE;
        if (i > 0 && compare_slices(a[-1], *a) >= 0)
            return ASSAY_E_ENCODING; /* one set, one list */
    }
    return ASSAY_OK;
}

static enum assay_status decode_entry(struct assay_cursor *c, struct assay_declared_key *out)
{
    struct assay_declared_key key = { 0 };
    struct assay_key point;
    uint64_t purpose = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, 6));
    ASSAY_TRY(assay_cbor_text_expect(c, entry_label));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_PURPOSE_SSH, &purpose));
    if (purpose == 0) return ASSAY_E_RANGE;
    key.purpose = (enum assay_declared_purpose)purpose;
    ASSAY_TRY(assay_cbor_text(c, ASSAY_DECLARED_KEY_NAME_MAX, &key.name));
    if (!assay_declared_key_name_is_fit(key.name)) return ASSAY_E_RANGE;
    ASSAY_TRY(decode_audiences(c, &key));
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_DECLARED_KEY_SPKI_MAX, &key.spki));
    const enum assay_declared_kind kind = assay_declared_key_read_spki(key.spki, &point);
    if (kind == ASSAY_DECLARED_NONE) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_DECLARED_KEY_PROOF_MAX, &key.proof));
    if (key.proof.len != assay_declared_key_proof_len(kind)) return ASSAY_E_RANGE;
    *out = key;
    return ASSAY_OK;
}

enum assay_status assay_declared_keys_decode(struct assay_slice list,
                                             struct assay_declared_keys *keys)
{
    struct assay_cursor c = assay_cursor_over(list.bytes, list.len);
    uint64_t count = 0;
    *keys = (struct assay_declared_keys){ 0 };
    ASSAY_TRY(assay_cbor_array(&c, ASSAY_DECLARED_KEYS_MAX, &count));
    for (uint32_t i = 0; i < count; i++) {
        struct assay_declared_key *key = &keys->keys[i];
        const size_t start = c.pos;
        ASSAY_TRY(decode_entry(&c, key));
        if (c.pos - start > ASSAY_DECLARED_KEY_LEN_MAX) return ASSAY_E_RANGE;
        /* A name has one key for each purpose: the order leaves no place for a second. */
        if (i > 0 && !is_before(&key[-1], key)) return ASSAY_E_ENCODING;
        keys->entries[i] = assay_slice_over(list.bytes + start, c.pos - start);
    }
    keys->count = (uint32_t)count;
    return assay_cursor_end(&c);
}

enum assay_status assay_declared_keys_encode(const struct assay_declared_key *keys, uint32_t count,
                                             struct assay_writer *w)
{
    ASSAY_ASSERT(count <= ASSAY_DECLARED_KEYS_MAX);
    struct assay_declared_keys again;
    struct assay_slice all;
    const size_t start = w->len;
    assay_cbor_put_array(w, count);
    for (uint32_t i = 0; i < count; i++) {
        assay_cbor_put_array(w, 6);
        assay_cbor_put_text(w, entry_label);
        assay_declared_key_put(w, &keys[i]);
        assay_cbor_put_bytes(w, keys[i].proof.bytes, keys[i].proof.len);
    }
    ASSAY_TRY(assay_writer_finish(w, &all));
    return assay_declared_keys_decode(assay_slice_over(all.bytes + start, all.len - start), &again);
}
