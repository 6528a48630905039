/*
 * engine/ledger/records/envelope.c - ENVELOPE, the binding of evidence to it, and ENVELOPE_PULL.
 *
 * docs/protocol.md 2.11, 2.13, 4.1. Encode and decode side by side.
 */
#include "engine/ledger/records/envelope.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/consensus/block.h"
#include "engine/ledger/state/workload_keys.h"
#include "quote/result/report_data.h"

enum { BODY_LEN_MAX = 208 };

static void encode_body(struct assay_writer *w, const struct assay_envelope *e)
{
    ASSAY_ASSERT(e->kind != ASSAY_KIND_NONE);

    assay_cbor_put_array(w, 9);
    assay_cbor_put_text(w, "assay/envelope/v1");
    assay_cbor_put_bytes(w, e->chain_id, 32);
    assay_cbor_put_uint(w, e->era);
    assay_cbor_put_uint(w, e->epoch);
    assay_cbor_put_bytes(w, e->node_id, 32);
    assay_cbor_put_uint(w, e->incarnation);
    assay_cbor_put_uint(w, (uint64_t)e->kind);
    assay_cbor_put_bytes(w, e->evidence_digest, 32);
    assay_cbor_put_uint(w, e->evidence_len);
}

enum assay_status assay_envelope_encode(struct assay_envelope *envelope, struct assay_writer *w,
                                        size_t *signature_at)
{
    uint8_t bytes[BODY_LEN_MAX];
    struct assay_slice body;
    struct assay_slice all;
    struct assay_writer inner = assay_writer_over(bytes, sizeof bytes);
    ASSAY_ASSERT(envelope->evidence_len > 0);
    ASSAY_ASSERT(envelope->evidence_len <= ASSAY_EVIDENCE_LEN_MAX);
    encode_body(&inner, envelope);
    ASSAY_TRY(assay_writer_finish(&inner, &body));
    assay_sha256(body.bytes, body.len, envelope->digest);
    assay_cbor_put_array(w, 2);
    assay_cbor_put_bytes(w, body.bytes, body.len);
    assay_cbor_put_bytes(w, envelope->signature, sizeof envelope->signature);
    ASSAY_TRY(assay_writer_finish(w, &all));
    *signature_at = all.len - sizeof envelope->signature;
    ASSAY_ASSERT(*signature_at + sizeof envelope->signature == w->len);
    return ASSAY_OK;
}

static enum assay_status decode_body(struct assay_slice body, struct assay_envelope *e)
{
    struct assay_cursor c = assay_cursor_over(body.bytes, body.len);
    uint64_t era = 0;
    uint64_t incarnation = 0;
    uint64_t kind = 0;
    uint64_t len = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 9));
    ASSAY_TRY(assay_cbor_text_expect(&c, "assay/envelope/v1"));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, e->chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &e->epoch));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, e->node_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &incarnation));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT16_MAX, &kind));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, e->evidence_digest, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_EVIDENCE_LEN_MAX, &len));
    ASSAY_TRY(assay_cursor_end(&c));
    if (len == 0 || kind == ASSAY_KIND_NONE) return ASSAY_E_RANGE;
    e->era = (uint32_t)era;
    e->incarnation = (uint32_t)incarnation;
    e->kind = (enum assay_evidence_kind)kind;
    e->evidence_len = (uint32_t)len;
    ASSAY_ASSERT(e->evidence_len > 0 && e->evidence_len <= ASSAY_EVIDENCE_LEN_MAX);
    return ASSAY_OK;
}

enum assay_status assay_envelope_decode(struct assay_slice payload, struct assay_envelope *envelope)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct assay_envelope e = { 0 };
    struct assay_slice body;
    ASSAY_TRY(assay_cbor_array_exact(&c, 2));
    ASSAY_TRY(assay_cbor_bytes(&c, BODY_LEN_MAX, &body));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, e.signature, sizeof e.signature));
    ASSAY_TRY(assay_cursor_end(&c));
    ASSAY_TRY(decode_body(body, &e));
    assay_sha256(body.bytes, body.len, e.digest);
    *envelope = e;
    return ASSAY_OK;
}

void assay_binding_report_data(const struct assay_binding *binding, uint8_t report_data[static 64])
{
    uint8_t bytes[384], none[32];
    struct assay_slice all;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_declared_keys_no_root(none);
    const bool keyed =
        binding->keys_root != NULL && !assay_bytes_equal(binding->keys_root, none, 32);
    assay_cbor_put_array(&w, keyed ? 10 : 9);
    assay_cbor_put_text(&w, keyed ? "assay/evidence/v2" : "assay/evidence/v1");
    assay_cbor_put_bytes(&w, binding->chain_id, 32);
    assay_cbor_put_uint(&w, binding->era);
    assay_cbor_put_uint(&w, binding->epoch);
    assay_cbor_put_bytes(&w, binding->beacon, 32);
    assay_cbor_put_bytes(&w, binding->node_id, 32);
    assay_cbor_put_uint(&w, binding->incarnation);
    assay_cbor_put_bytes(&w, binding->voting_public, ASSAY_P256_PUBLIC_LEN);
    assay_cbor_put_bytes(&w, binding->transport_public, 32);
    if (keyed) assay_cbor_put_bytes(&w, binding->keys_root, 32);
    const enum assay_status status = assay_writer_finish(&w, &all);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha512(all.bytes, all.len, report_data);
    if (keyed) assay_report_data_set_tag(report_data);
}

enum assay_status assay_envelope_pull_encode(uint64_t epoch, struct assay_slice slots,
                                             struct assay_writer *w)
{
    ASSAY_ASSERT(epoch <= INT64_MAX && slots.len > 0);

    struct assay_slice all;
    assay_cbor_put_array(w, 2);
    assay_cbor_put_uint(w, epoch);
    assay_cbor_put_bytes(w, slots.bytes, slots.len);
    return assay_writer_finish(w, &all);
}

enum assay_status assay_envelope_pull_decode(struct assay_slice payload, uint32_t members,
                                             uint64_t *epoch, struct assay_slice *slots)
{
    ASSAY_ASSERT(members > 0);

    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    const size_t len = ((size_t)members + 7) / 8;
    struct assay_slice bitmap;
    uint64_t number = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 2));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &number));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_MEMBERS_MAX / 8, &bitmap));
    ASSAY_TRY(assay_cursor_end(&c));
    /* Of a roster that this node has not reached, or has left: no fault of an honest sender. */
    if (bitmap.len != len) return bitmap.len > len ? ASSAY_E_EARLY : ASSAY_E_STALE;
    *epoch = number;
    *slots = bitmap;
    ASSAY_ASSERT(slots->len * 8 >= members);
    return ASSAY_OK;
}
