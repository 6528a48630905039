/*
 * net/services/continuity/sealed.c - codec of the identity and the trust of an instance.
 */
#include "net/services/continuity/sealed.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "services/registry/plan.h"

static const char type[] = "assay/enclave/sealed/v1";

static void encode_view(struct assay_writer *w, const struct assay_enclave_trust *trust)
{
    if (!trust->has_view) {
        assay_cbor_put_null(w);
        return;
    }
    ASSAY_ASSERT(assay_cont_size_is_fit(trust->roster.count));
    assay_cbor_put_array(w, 2);
    assay_cbor_put_uint(w, trust->roster.view);
    assay_cbor_put_array(w, trust->roster.count);
    for (uint32_t i = 0; i < trust->roster.count; i++) {
        assay_cbor_put_array(w, 3);
        assay_cbor_put_bytes(w, trust->roster.key[i], ASSAY_P256_PUBLIC_LEN);
        assay_cbor_put_bytes(w, trust->roster.contact[i], 32);
        if (trust->contact[i].address_len == 0) {
            assay_cbor_put_null(w);
            continue;
        }
        assay_cbor_put_array(w, 2);
        assay_cont_contact_encode(w, &trust->contact[i]);
    }
}

enum assay_status assay_enclave_sealed_encode(const struct assay_enclave_identity *identity,
                                              const struct assay_enclave_trust *trust,
                                              struct assay_writer *w)
{
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX];
    struct assay_writer checkpoint = assay_writer_over(bytes, sizeof bytes);
    struct assay_slice all;
    ASSAY_TRY(assay_checkpoint_encode(&trust->checkpoint, &checkpoint));
    assay_cbor_put_array(w, 8);
    assay_cbor_put_text(w, type);
    assay_cbor_put_bytes(w, identity->chain_id, 32);
    assay_cbor_put_uint(w, identity->group);
    assay_cbor_put_uint(w, identity->birth.era);
    assay_cbor_put_uint(w, identity->birth.epoch);
    assay_cbor_put_bytes(w, identity->key.bytes, 32);
    assay_cbor_put_bytes(w, bytes, checkpoint.len);
    encode_view(w, trust);
    return assay_writer_finish(w, &all);
}

static enum assay_status decode_seat(struct assay_cursor *in, struct assay_enclave_trust *trust,
                                     uint32_t seat)
{
    enum assay_cbor_type item;
    ASSAY_TRY(assay_cbor_array_exact(in, 3));
    ASSAY_TRY(assay_cbor_bytes_exact(in, trust->roster.key[seat], ASSAY_P256_PUBLIC_LEN));
    ASSAY_TRY(assay_cbor_bytes_exact(in, trust->roster.contact[seat], 32));
    ASSAY_TRY(assay_cbor_peek(in, &item));
    if (item != ASSAY_CBOR_ARRAY) return assay_cbor_null(in);
    ASSAY_TRY(assay_cbor_array_exact(in, 2));
    return assay_cont_contact_decode(in, &trust->contact[seat]);
}

static enum assay_status decode_view(struct assay_cursor *in, struct assay_enclave_trust *trust)
{
    uint64_t count = 0;
    enum assay_cbor_type item;
    ASSAY_TRY(assay_cbor_peek(in, &item));
    if (item != ASSAY_CBOR_ARRAY) return assay_cbor_null(in);
    ASSAY_TRY(assay_cbor_array_exact(in, 2));
    ASSAY_TRY(assay_cbor_uint(in, &trust->roster.view));
    ASSAY_TRY(assay_cbor_array(in, ASSAY_CONT_SEATS_MAX, &count));
    if (!assay_cont_size_is_fit((uint32_t)count)) return ASSAY_E_RANGE;
    trust->has_view = true;
    trust->roster.count = (uint32_t)count;
    for (uint32_t i = 0; i < trust->roster.count; i++)
        ASSAY_TRY(decode_seat(in, trust, i));
    return assay_cont_has_duplicate_key(&trust->roster) ? ASSAY_E_INVALID : ASSAY_OK;
}

static enum assay_status decode_identity(struct assay_cursor *in,
                                         struct assay_enclave_identity *identity)
{
    uint64_t group = 0;
    ASSAY_TRY(assay_cbor_bytes_exact(in, identity->chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(in, ASSAY_PLAN_GROUPS_MAX - 1, &group));
    identity->group = (uint32_t)group;
    ASSAY_TRY(assay_cbor_uint_max(in, ASSAY_CONT_ERA_MAX, &identity->birth.era));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX - 1, &identity->birth.epoch));
    return assay_cbor_bytes_exact(in, identity->key.bytes, 32);
}

enum assay_status assay_enclave_sealed_decode(struct assay_slice bytes,
                                              struct assay_enclave_identity *identity,
                                              struct assay_enclave_trust *trust)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_slice checkpoint;
    *trust = (struct assay_enclave_trust){ .has_view = false };
    ASSAY_TRY(assay_cbor_array_exact(&in, 8));
    ASSAY_TRY(assay_cbor_text_expect(&in, type));
    ASSAY_TRY(decode_identity(&in, identity));
    ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_CHECKPOINT_LEN_MAX, &checkpoint));
    ASSAY_TRY(assay_checkpoint_decode(checkpoint, &trust->checkpoint));
    ASSAY_TRY(decode_view(&in, trust));
    ASSAY_TRY(assay_cursor_end(&in));
    const bool same = assay_bytes_equal(trust->checkpoint.chain_id, identity->chain_id, 32);
    return same ? ASSAY_OK : ASSAY_E_CHAIN;
}
