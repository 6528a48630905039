/*
 * engine/ledger/state/workload_keys.c - keys of workloads: encoding, proof of possession
 * (docs/identity.md 6).
 */
#include "engine/ledger/state/workload_keys.h"

#include "base/assert.h"
#include "base/cbor.h"

static const char entry_label[] = "assay/key/v1";
static const char proof_label[] = "assay/key-proof/v1";

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

enum key_kind { KIND_NONE, KIND_P256, KIND_P384, KIND_ED25519 };

/* id-Ed25519 without parameters, the head of 32 bytes (RFC 8410 4). */
static const uint8_t ed25519_head[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                        0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };

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

/* Out: *key: of P-256 and P-384. */
static enum key_kind read_spki(struct assay_slice spki, struct assay_key *key)
{
    if (spki.len == sizeof ed25519_head + ASSAY_ED25519_PUBLIC_LEN &&
        assay_bytes_equal(spki.bytes, ed25519_head, sizeof ed25519_head))
        return KIND_ED25519;
    if (spki_is(spki, ASSAY_KEY_P256, ASSAY_P256_PUBLIC_LEN, key)) return KIND_P256;
    if (spki_is(spki, ASSAY_KEY_P384, ASSAY_P384_PUBLIC_LEN, key)) return KIND_P384;
    return KIND_NONE;
}

static size_t proof_len(enum key_kind kind)
{
    switch (kind) {
    case KIND_P256: return ASSAY_P256_SIGNATURE_LEN;
    case KIND_P384: return ASSAY_P384_SIGNATURE_LEN;
    case KIND_ED25519: return ASSAY_ED25519_SIGNATURE_LEN;
    case KIND_NONE: break;
    }
    return 0;
}

/* --- entries */

static void put_text(struct assay_writer *w, struct assay_slice text)
{
    assay_cbor_put_text_n(w, (const char *)text.bytes, text.len);
}

/* What entry and statement have in common. */
static void put_key(struct assay_writer *w, const struct assay_declared_key *key)
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
    const enum key_kind kind = read_spki(key.spki, &point);
    if (kind == KIND_NONE) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_DECLARED_KEY_PROOF_MAX, &key.proof));
    if (key.proof.len != proof_len(kind)) return ASSAY_E_RANGE;
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
        put_key(w, &keys[i]);
        assay_cbor_put_bytes(w, keys[i].proof.bytes, keys[i].proof.len);
    }
    ASSAY_TRY(assay_writer_finish(w, &all));
    return assay_declared_keys_decode(assay_slice_over(all.bytes + start, all.len - start), &again);
}

/* --- proofs of possession */

enum assay_status assay_declared_key_statement(const uint8_t chain_id[static 32],
                                               const uint8_t node_id[static 32],
                                               const struct assay_declared_key *key,
                                               struct assay_writer *w)
{
    struct assay_slice all;
    assay_cbor_put_array(w, 7);
    assay_cbor_put_text(w, proof_label);
    assay_cbor_put_bytes(w, chain_id, 32);
    assay_cbor_put_bytes(w, node_id, 32);
    put_key(w, key);
    return assay_writer_finish(w, &all);
}

/* r | s of a curve, each half in the place that 48 bytes have. */
static void widen_proof(enum key_kind kind, struct assay_slice proof,
                        struct assay_signature *signature)
{
    if (kind == KIND_P256) {
        assay_signature_from_p256(signature, proof.bytes);
        return;
    }
    assay_bytes_zero(signature, sizeof *signature);
    signature->alg = ASSAY_SIGNATURE_ECDSA_SHA384;
    signature->len = ASSAY_P384_SIGNATURE_LEN;
    assay_bytes_copy(signature->bytes, sizeof signature->bytes, proof.bytes, proof.len);
}

/* Any s: a key in hardware signs as it does, and the list as a whole is signed by its member. */
static enum assay_status verify_ecdsa(enum key_kind kind, const struct assay_key *point,
                                      struct assay_slice statement, struct assay_slice proof)
{
    struct assay_verify_key *key = NULL;
    struct assay_signature signature;
    uint8_t digest[ASSAY_DIGEST_MAX];
    ASSAY_TRY(assay_public_key_load(point, &key));
    widen_proof(kind, proof, &signature);
    const size_t len =
        assay_signature_digest(signature.alg, statement.bytes, statement.len, digest);
    const bool good = assay_public_key_check(key, &signature, digest, len);
    assay_public_key_free(&key);
    return good ? ASSAY_OK : ASSAY_E_SIGNATURE;
}

enum assay_status assay_declared_key_verify(const uint8_t chain_id[static 32],
                                            const uint8_t node_id[static 32],
                                            const struct assay_declared_key *key)
{
    uint8_t bytes[ASSAY_DECLARED_KEY_STATEMENT_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_key point;
    const enum key_kind kind = read_spki(key->spki, &point);
    ASSAY_ASSERT(kind != KIND_NONE && key->proof.len == proof_len(kind)); /* decoded */
    ASSAY_TRY(assay_declared_key_statement(chain_id, node_id, key, &w));
    if (kind != KIND_ED25519)
        return verify_ecdsa(kind, &point, assay_slice_over(bytes, w.len), key->proof);
    if (!assay_ed25519_is_available()) return ASSAY_E_CRYPTO;
    return assay_ed25519_verify(key->spki.bytes + sizeof ed25519_head, bytes, w.len,
                                key->proof.bytes)
               ? ASSAY_OK
               : ASSAY_E_SIGNATURE;
}

enum assay_status assay_declared_keys_verify(const uint8_t chain_id[static 32],
                                             const uint8_t node_id[static 32],
                                             const struct assay_declared_keys *keys, uint32_t *at)
{
    ASSAY_ASSERT(keys->count <= ASSAY_DECLARED_KEYS_MAX);
    for (*at = 0; *at < keys->count; (*at)++)
        ASSAY_TRY(assay_declared_key_verify(chain_id, node_id, &keys->keys[*at]));
    return ASSAY_OK;
}
