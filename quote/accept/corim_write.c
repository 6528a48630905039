/*
 * quote/accept/corim_write.c - reference values as a manifest of our own profile, and its signature
 * envelope. Canonical CBOR (RFC 8949 4.2.1), so that one policy has exactly one manifest.
 *
 * Every entry is a triple of its own: in our profile entries of one field are alternatives, and
 * different fields are all demanded, as a policy has it. State and time of an entry are extensions
 * of measurement-values-map; a reader that does not know the profile must refuse the manifest
 * (draft-ietf-rats-corim-11 4.1.4), so a denied value is never taken for an accepted one.
 */
#include "quote/accept/corim_internal.h"

#include "base/assert.h"
#include "quote/text.h"

enum {
    /* A triple takes at most 24 (class) + 24 (mkey) + 75 (digest) + 40 (svn, state, times). */
    TRIPLE_MAX = 192,
    COMID_MAX = 256 + ASSAY_REFERENCES_MAX * TRIPLE_MAX,
};

/* Named Information numbers of the hashes. */
static uint64_t algorithm_of(uint32_t len)
{
    ASSAY_ASSERT(len == ASSAY_SHA256_LEN || len == ASSAY_SHA384_LEN || len == ASSAY_SHA512_LEN);
    if (len == ASSAY_SHA256_LEN) return 1;
    return len == ASSAY_SHA384_LEN ? 7 : 8;
}

static void put_digest(struct assay_writer *w, const struct assay_reference *r)
{
    assay_cbor_put_array(w, 1);
    assay_cbor_put_array(w, 2);
    assay_cbor_put_uint(w, algorithm_of(r->value_len));
    assay_cbor_put_bytes(w, r->value, r->value_len);
}

static void put_value(struct assay_writer *w, const struct assay_reference *r)
{
    uint64_t index = 0;
    if (corim_register_index(r->field, &index)) {
        assay_cbor_put_uint(w, CORIM_MVAL_REGISTERS);
        assay_cbor_put_map(w, 1);
        assay_cbor_put_uint(w, index);
        put_digest(w, r);
    } else if (corim_is_raw(r->field)) {
        assay_cbor_put_uint(w, CORIM_MVAL_RAW);
        assay_cbor_put_tag(w, CORIM_TAG_BYTES);
        assay_cbor_put_bytes(w, r->value, r->value_len);
    } else {
        assay_cbor_put_uint(w, CORIM_MVAL_DIGESTS);
        put_digest(w, r);
    }
}

static void put_time(struct assay_writer *w, int64_t key, int64_t unix_s)
{
    ASSAY_ASSERT(unix_s >= 0);
    assay_cbor_put_int(w, key);
    assay_cbor_put_tag(w, CORIM_TAG_TIME);
    assay_cbor_put_uint(w, (uint64_t)unix_s);
}

static void put_values(struct assay_writer *w, const struct assay_reference *r)
{
    const bool has_state = r->state != ASSAY_REFERENCE_ALLOWED;
    assay_cbor_put_map(w,
                       1u + (r->isvsvn_min > 0) + has_state + r->has_not_before + r->has_not_after);
    if (r->isvsvn_min > 0) {
        assay_cbor_put_uint(w, CORIM_MVAL_SVN);
        assay_cbor_put_tag(w, CORIM_TAG_MIN_SVN);
        assay_cbor_put_uint(w, r->isvsvn_min);
    }
    put_value(w, r);
    if (has_state) {
        assay_cbor_put_int(w, CORIM_MVAL_STATE);
        assay_cbor_put_uint(w, (uint64_t)r->state);
    }
    if (r->has_not_before) put_time(w, CORIM_MVAL_NOT_BEFORE, r->not_before_s);
    if (r->has_not_after) put_time(w, CORIM_MVAL_NOT_AFTER, r->not_after_s);
}

/* [{0: {1: vendor, 2: model}}, [{0: mkey, 1: values}]] */
static void put_triple(struct assay_writer *w, const struct assay_reference *r)
{
    const char *vendor = NULL;
    const char *model = NULL;
    corim_class_of(r, &vendor, &model);
    ASSAY_ASSERT(vendor != NULL && model != NULL);
    assay_cbor_put_array(w, 2);
    assay_cbor_put_map(w, 1);
    assay_cbor_put_uint(w, 0);
    assay_cbor_put_map(w, 2);
    assay_cbor_put_uint(w, 1);
    assay_cbor_put_text(w, vendor);
    assay_cbor_put_uint(w, 2);
    assay_cbor_put_text(w, model);
    assay_cbor_put_array(w, 1);
    assay_cbor_put_map(w, 2);
    assay_cbor_put_uint(w, 0);
    assay_cbor_put_text(w, assay_reference_field_name(r->field));
    assay_cbor_put_uint(w, 1);
    put_values(w, r);
}

/* {1: {0: id}, 4: {0: [triples]}} */
static struct assay_slice put_comid(const char *id, const struct assay_reference *references,
                                    size_t count, struct assay_writer *w)
{
    ASSAY_ASSERT(count <= ASSAY_REFERENCES_MAX);
    struct assay_slice comid;
    assay_cbor_put_map(w, 2);
    assay_cbor_put_uint(w, 1);
    assay_cbor_put_map(w, 1);
    assay_cbor_put_uint(w, 0);
    assay_cbor_put_text(w, id);
    assay_cbor_put_uint(w, 4);
    assay_cbor_put_map(w, 1);
    assay_cbor_put_uint(w, 0);
    assay_cbor_put_array(w, count);
    for (size_t i = 0; i < count; i++)
        put_triple(w, &references[i]);
    const enum assay_status status = assay_writer_finish(w, &comid);
    ASSAY_ASSERT(status == ASSAY_OK); /* an id and every triple at its longest fit */
    return comid;
}

void assay_corim_write(const char *id, const struct assay_reference *references, size_t count,
                       struct assay_writer *w)
{
    uint8_t memory[COMID_MAX];
    struct assay_writer inner = assay_writer_over(memory, sizeof memory);
    ASSAY_ASSERT(count <= ASSAY_REFERENCES_MAX);
    ASSAY_ASSERT(assay_text_len(id, ASSAY_CORIM_TEXT_MAX) < ASSAY_CORIM_TEXT_MAX);
    const struct assay_slice comid = put_comid(id, references, count, &inner);
    assay_cbor_put_tag(w, CORIM_TAG_CORIM);
    assay_cbor_put_map(w, 3);
    assay_cbor_put_uint(w, 0);
    assay_cbor_put_text(w, id);
    assay_cbor_put_uint(w, 1);
    assay_cbor_put_array(w, 1);
    assay_cbor_put_tag(w, CORIM_TAG_COMID);
    assay_cbor_put_bytes(w, comid.bytes, comid.len);
    assay_cbor_put_uint(w, 3);
    assay_cbor_put_tag(w, CORIM_TAG_URI);
    assay_cbor_put_text(w, assay_corim_profile_uri(ASSAY_CORIM_PROFILE_ASSAY));
}

/* {1: ES256, 3: content type, 4: kid, 15: {1: issuer}} */
static struct assay_slice put_header(const char *issuer, const uint8_t kid[static ASSAY_SHA256_LEN],
                                     struct assay_writer *w)
{
    struct assay_slice header;
    assay_cbor_put_map(w, 4);
    assay_cbor_put_uint(w, 1);
    assay_cbor_put_int(w, ASSAY_COSE_ES256);
    assay_cbor_put_uint(w, 3);
    assay_cbor_put_text(w, "application/rim+cbor");
    assay_cbor_put_uint(w, 4);
    assay_cbor_put_bytes(w, kid, ASSAY_SHA256_LEN);
    assay_cbor_put_uint(w, 15);
    assay_cbor_put_map(w, 1);
    assay_cbor_put_uint(w, 1);
    assay_cbor_put_text(w, issuer);
    const enum assay_status status = assay_writer_finish(w, &header);
    ASSAY_ASSERT(status == ASSAY_OK); /* names are bounded by their callers */
    return header;
}

void assay_corim_seal(struct assay_slice manifest, const char *issuer,
                      const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                      const uint8_t *signature, struct assay_writer *w)
{
    static const uint8_t zeros[ASSAY_P256_SIGNATURE_LEN] = { 0 };
    uint8_t memory[128 + ASSAY_CORIM_TEXT_MAX];
    uint8_t kid[ASSAY_SHA256_LEN];
    struct assay_writer inner = assay_writer_over(memory, sizeof memory);
    const struct assay_key key = assay_key_p256(public_key);
    ASSAY_ASSERT(assay_text_len(issuer, ASSAY_CORIM_TEXT_MAX) < ASSAY_CORIM_TEXT_MAX);
    assay_key_name(&key, kid);
    const struct assay_slice header = put_header(issuer, kid, &inner);
    assay_cbor_put_tag(w, ASSAY_COSE_TAG_SIGN1);
    assay_cbor_put_array(w, 4);
    assay_cbor_put_bytes(w, header.bytes, header.len);
    assay_cbor_put_map(w, 0);
    assay_cbor_put_bytes(w, manifest.bytes, manifest.len);
    assay_cbor_put_bytes(w, signature != NULL ? signature : zeros, ASSAY_P256_SIGNATURE_LEN);
}

enum assay_status assay_corim_digest(struct assay_slice sealed,
                                     uint8_t digest[static ASSAY_SHA256_LEN])
{
    struct assay_cose_sign1 sign1;
    struct assay_signature signature;
    uint8_t whole[ASSAY_DIGEST_MAX];
    ASSAY_TRY(assay_cose_sign1_parse(sealed.bytes, sealed.len, &sign1));
    ASSAY_TRY(assay_cose_sign1_signature(&sign1, &signature, whole));
    ASSAY_ASSERT(assay_signature_digest_len(signature.alg) >= ASSAY_SHA256_LEN);
    assay_bytes_copy(digest, ASSAY_SHA256_LEN, whole, ASSAY_SHA256_LEN);
    return ASSAY_OK;
}
