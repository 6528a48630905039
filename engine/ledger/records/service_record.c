/*
 * engine/ledger/records/service_record.c - SERVICE: opaque to the ledger (docs/protocol.md 12.1,
 * 12.2).
 */
#include "engine/ledger/records/row.h"

#include "base/assert.h"
#include "base/cbor.h"

enum { BODY_LEN_MAX = ASSAY_SERVICE_PAYLOAD_LEN_MAX + 192, KIND_MAX = UINT16_MAX };

static const char label[] = "assay/service/v1";

static enum assay_status encode_body(struct assay_writer *w, const struct assay_service_body *s)
{
    struct assay_slice all;
    assay_cbor_put_array(w, 9);
    assay_cbor_put_text(w, label);
    assay_cbor_put_bytes(w, s->chain_id, 32);
    assay_cbor_put_uint(w, s->era);
    assay_cbor_put_uint(w, s->epoch);
    assay_cbor_put_bytes(w, s->node_id, 32);
    assay_cbor_put_uint(w, s->incarnation);
    assay_cbor_put_uint(w, s->number);
    assay_cbor_put_uint(w, s->kind);
    assay_cbor_put_bytes(w, s->payload.bytes, s->payload.len);
    return assay_writer_finish(w, &all);
}

enum assay_status assay_record_put_service(struct assay_writer *w,
                                           const struct assay_service_body *service,
                                           uint8_t digest[static 32], size_t *signature_at)
{
    static const uint8_t hole[ASSAY_P256_SIGNATURE_LEN] = { 0 };
    uint8_t bytes[BODY_LEN_MAX];
    struct assay_writer body = assay_writer_over(bytes, sizeof bytes);
    struct assay_slice all;
    ASSAY_ASSERT(service->number < ASSAY_SERVICE_NUMBERS && service->kind <= KIND_MAX);
    ASSAY_ASSERT(service->payload.len > 0 && service->payload.len <= ASSAY_SERVICE_PAYLOAD_LEN_MAX);
    const enum assay_status status = encode_body(&body, service);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha256(bytes, body.len, digest);
    assay_cbor_put_array(w, 3);
    assay_cbor_put_uint(w, ASSAY_RECORD_SERVICE);
    assay_cbor_put_bytes(w, bytes, body.len);
    assay_cbor_put_bytes(w, hole, sizeof hole);
    ASSAY_TRY(assay_writer_finish(w, &all));
    *signature_at = all.len - sizeof hole;
    return ASSAY_OK;
}

static enum assay_status decode_u32(struct assay_cursor *c, uint64_t max, uint32_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, max, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

static enum assay_status decode_body(struct assay_slice body, struct assay_service_body *service)
{
    struct assay_cursor c = assay_cursor_over(body.bytes, body.len);
    struct assay_service_body s = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&c, 9));
    ASSAY_TRY(assay_cbor_text_expect(&c, label));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, s.chain_id, 32));
    ASSAY_TRY(decode_u32(&c, UINT32_MAX, &s.era));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &s.epoch));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, s.node_id, 32));
    ASSAY_TRY(decode_u32(&c, UINT32_MAX, &s.incarnation));
    ASSAY_TRY(decode_u32(&c, ASSAY_SERVICE_NUMBERS - 1, &s.number));
    ASSAY_TRY(decode_u32(&c, KIND_MAX, &s.kind));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_SERVICE_PAYLOAD_LEN_MAX, &s.payload));
    if (s.payload.len == 0) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_end(&c));
    *service = s;
    return ASSAY_OK;
}

/* --- the row */

static enum assay_status decode_service(struct assay_cursor *c, struct assay_record *r)
{
    ASSAY_TRY(assay_cbor_bytes(c, BODY_LEN_MAX, &r->body));
    ASSAY_TRY(assay_cbor_bytes_exact(c, r->signature, sizeof r->signature));
    ASSAY_TRY(decode_body(r->body, &r->service));
    assay_sha256(r->body.bytes, r->body.len, r->body_digest);
    assay_record_key(ASSAY_RECORD_SERVICE, r->body, r->key);
    return ASSAY_OK;
}

static enum assay_status check_service(const struct assay_context *context,
                                       struct assay_record *record)
{
    const struct assay_service_body *s = &record->service;
    const struct assay_services *services = context->services;
    const struct assay_author author = { s->chain_id, s->node_id, s->era, s->incarnation,
                                         s->epoch };
    const struct assay_life *life = NULL;
    if (services == NULL) return ASSAY_E_UNSUPPORTED;
    if (s->epoch < context->epoch) return ASSAY_E_STALE;
    ASSAY_TRY(assay_context_author(context, &author, &record->slot, &life));
    ASSAY_TRY(assay_context_verify(context, record->slot, life, record->body_digest,
                                   record->signature));
    /* In what was verified before, the shape must still be right: a fold relies on it. */
    ASSAY_TRY(services->check(services->context, s->kind, s->payload));
    record->incarnation = life->incarnation;
    record->epoch = s->epoch;
    ASSAY_ASSERT(record->epoch == context->epoch);
    return ASSAY_OK;
}

/* docs/protocol.md 12.1: records of a suspended member do not count here, either. */
static bool can_submit(const struct assay_member *m)
{
    return assay_member_serves(m) && m->trust.integrity.standing != ASSAY_STANDING_SUSPENDED;
}

static enum assay_status check_service_fits(const struct assay_context *context,
                                            const struct assay_ledger *l,
                                            const struct assay_record *r)
{
    ASSAY_ASSERT(r->kind == ASSAY_RECORD_SERVICE && l->services.members == l->members);
    if (r->epoch != context->epoch) return ASSAY_E_STALE;
    if (!can_submit(&context->state->members[r->slot])) return ASSAY_E_INVALID;
    return assay_services_log_fits(&l->services, r->slot, r->service.number, r->service.kind,
                                   r->service.payload.len);
}

static void apply_service(const struct assay_context *context, struct assay_ledger *l,
                          const struct assay_record *r)
{
    ASSAY_ASSERT(r->epoch == context->epoch);
    assay_services_log_add(&l->services, r->slot, r->service.number, r->service.kind,
                           r->service.payload);
}

const struct assay_record_row assay_row_service = {
    .name = "service",
    .items = 3,
    .limits = { .of_epoch = 8 }, /* at once: what is final makes room */
    .passes = true,
    .full_for_epoch = true,
    .decode = decode_service,
    .check = check_service,
    .fits = check_service_fits,
    .apply = apply_service,
};
