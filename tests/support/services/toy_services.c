/*
 * tests/support/services/toy_services.c - services that count.
 */
#include "tests/support/services/toy_services.h"

#include "base/assert.h"
#include "base/cbor.h"

static void begin(void *context, void *registry)
{
    (void)context;
    assay_bytes_zero(registry, sizeof(struct toy_registry));
}

static void copy(void *context, void *to, const void *from)
{
    (void)context;
    assay_bytes_copy(to, sizeof(struct toy_registry), from, sizeof(struct toy_registry));
}

static enum assay_status check(void *context, uint32_t kind, struct assay_slice payload)
{
    (void)context;
    if (kind != TOY_ADD && kind != TOY_SET) return ASSAY_E_UNSUPPORTED;
    return payload.bytes[0] == 0xff ? ASSAY_E_SIGNATURE : ASSAY_OK;
}

static void apply(void *context, void *registry, uint32_t slot, const uint8_t node_id[static 32],
                  uint32_t kind, struct assay_slice payload)
{
    struct toy_registry *r = registry;
    (void)context;
    (void)node_id;
    ASSAY_ASSERT(slot < TOY_SLOTS);
    if (kind == TOY_SET) {
        r->word = payload.bytes[0];
        r->word_slot = slot;
        return;
    }
    for (size_t i = 0; i < payload.len; i++)
        r->sum[slot] += payload.bytes[i];
}

static void tell(struct toy_registry *r, const struct assay_service_member *members,
                 uint32_t count)
{
    r->members = count;
    for (uint32_t i = 0; i < count; i++)
        r->standing[i] = (uint32_t)members[i].standing;
}

static void close_epoch(void *context, void *registry, uint64_t era, uint64_t epoch,
                        const struct assay_service_member *members, uint32_t count)
{
    struct toy_registry *r = registry;
    (void)context;
    (void)era;
    (void)epoch;
    r->epochs++;
    for (uint32_t i = 0; i < count; i++) {
        /* The previous standing counts: it must have been reported after a start. */
        r->suspended += i < r->members && r->standing[i] != (uint32_t)members[i].standing;
        if (members[i].renewed) r->sum[i] = 0;
    }
    tell(r, members, count);
}

static void stand(void *context, void *registry, uint64_t era, uint64_t epoch,
                  const struct assay_service_member *members, uint32_t count)
{
    (void)context;
    (void)era;
    (void)epoch;
    tell(registry, members, count);
}

static enum assay_status encode(void *context, const void *registry, uint32_t document,
                                struct assay_writer *w)
{
    const struct toy_registry *r = registry;
    struct assay_slice all;
    (void)context;
    if (document == 0) {
        assay_cbor_put_array(w, TOY_SLOTS);
        for (uint32_t i = 0; i < TOY_SLOTS; i++)
            assay_cbor_put_uint(w, r->sum[i]);
    } else {
        assay_cbor_put_array(w, 4);
        assay_cbor_put_uint(w, r->word);
        assay_cbor_put_uint(w, r->word_slot);
        assay_cbor_put_uint(w, r->epochs);
        assay_cbor_put_uint(w, r->suspended);
    }
    return assay_writer_finish(w, &all);
}

static void added(void *context, void *registry, uint32_t document)
{
    (void)context;
    (void)registry;
    ASSAY_ASSERT(document < 2);
}

static enum assay_status decode(void *context, void *registry, uint32_t document,
                                struct assay_slice bytes)
{
    struct toy_registry *r = registry;
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    uint64_t slot = 0;
    (void)context;
    if (document == 0) {
        ASSAY_TRY(assay_cbor_array_exact(&c, TOY_SLOTS));
        for (uint32_t i = 0; i < TOY_SLOTS; i++)
            ASSAY_TRY(assay_cbor_uint(&c, &r->sum[i]));
    } else {
        ASSAY_TRY(assay_cbor_array_exact(&c, 4));
        ASSAY_TRY(assay_cbor_uint(&c, &r->word));
        ASSAY_TRY(assay_cbor_uint_max(&c, TOY_SLOTS - 1, &slot));
        ASSAY_TRY(assay_cbor_uint(&c, &r->epochs));
        ASSAY_TRY(assay_cbor_uint(&c, &r->suspended));
        r->word_slot = (uint32_t)slot;
    }
    return assay_cursor_end(&c);
}

const struct assay_services toy_services = {
    .registry_len = sizeof(struct toy_registry),
    .documents = 2,
    .document_len_max = 4096,
    .documents_len_max = 8192,
    .begin = begin,
    .copy = copy,
    .check = check,
    .apply = apply,
    .close = close_epoch,
    .stand = stand,
    .encode = encode,
    .added = added,
    .decode = decode,
};
