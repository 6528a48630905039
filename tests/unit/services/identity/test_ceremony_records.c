/*
 * tests/unit/services/identity/test_ceremony_records.c - tests of the records of a ceremony: one
 * encoding each, nothing of them can be changed, and hostile ones leave the fold in order
 * (docs/identity.md 3.5).
 */
#include "tests/unit/services/identity/ceremony_world.h"

#include "tests/unit/services/identity/group.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static union {
    struct assay_ca_offer_record offer;
    struct assay_ca_deal_record deal;
    struct assay_ca_dispute_record dispute;
    struct assay_ca_have_record have;
    struct assay_ca_table_record table;
} any;

static enum assay_status decode(enum ceremony_kind kind, struct assay_slice payload)
{
    switch (kind) {
    case CEREMONY_OFFER: return assay_ca_offer_decode(payload, &any.offer);
    case CEREMONY_DEAL: return assay_ca_deal_decode(payload, &any.deal);
    case CEREMONY_DISPUTE: return assay_ca_dispute_decode(payload, &any.dispute);
    case CEREMONY_HAVE: return assay_ca_have_decode(payload, &any.have);
    case CEREMONY_TABLE: return assay_ca_table_decode(payload, &any.table);
    case CEREMONY_KINDS: break;
    }
    return ASSAY_E_UNSUPPORTED;
}

static enum assay_status encode(enum ceremony_kind kind, uint8_t *bytes, size_t capacity,
                                struct assay_slice *out)
{
    switch (kind) {
    case CEREMONY_OFFER: return assay_ca_offer_encode(&any.offer, bytes, capacity, out);
    case CEREMONY_DEAL: return assay_ca_deal_encode(&any.deal, bytes, capacity, out);
    case CEREMONY_DISPUTE: return assay_ca_dispute_encode(&any.dispute, bytes, capacity, out);
    case CEREMONY_HAVE: return assay_ca_have_encode(&any.have, bytes, capacity, out);
    case CEREMONY_TABLE: return assay_ca_table_encode(&any.table, bytes, capacity, out);
    case CEREMONY_KINDS: break;
    }
    return ASSAY_E_UNSUPPORTED;
}

static enum assay_status check(enum ceremony_kind kind, const uint8_t chain_id[static 32])
{
    switch (kind) {
    case CEREMONY_OFFER: return assay_ca_offer_check(chain_id, &any.offer);
    case CEREMONY_DEAL: return assay_ca_deal_check(chain_id, &any.deal);
    case CEREMONY_DISPUTE: return assay_ca_dispute_check(chain_id, &any.dispute);
    case CEREMONY_HAVE: return assay_ca_have_check(chain_id, &any.have);
    case CEREMONY_TABLE: return assay_ca_table_check(chain_id, &any.table);
    case CEREMONY_KINDS: break;
    }
    return ASSAY_E_UNSUPPORTED;
}

/* What was decoded, with whatever signature. */
static void apply(struct ceremony_world *w, uint32_t slot, enum ceremony_kind kind,
                  struct assay_slice payload)
{
    struct assay_ca *const ca = &w->ca;
    const uint8_t *const node_id = w->member[slot].node_id;
    static struct assay_ca_facts facts;
    switch (kind) {
    case CEREMONY_OFFER: (void)assay_ca_apply_offer(ca, slot, node_id, &any.offer, &facts); break;
    case CEREMONY_DEAL:
        (void)assay_ca_apply_deal(ca, slot, node_id, &any.deal, payload, &facts);
        break;
    case CEREMONY_DISPUTE:
        (void)assay_ca_apply_dispute(ca, slot, node_id, &any.dispute, &facts);
        break;
    case CEREMONY_HAVE: (void)assay_ca_apply_have(ca, slot, node_id, &any.have, &facts); break;
    case CEREMONY_TABLE: (void)assay_ca_apply_table(ca, slot, node_id, &any.table, &facts); break;
    case CEREMONY_KINDS: break;
    }
}

static uint32_t seen[CEREMONY_KINDS];

/* Memory of exactly that size, so that a sanitizer finds a read beyond it. */
static uint8_t *exact(const uint8_t *bytes, size_t len)
{
    uint8_t *const copy = malloc(len > 0 ? len : 1);
    cr_assert_not_null(copy);
    if (len > 0) assay_bytes_copy(copy, len, bytes, len);
    return copy;
}

static void must_be_its_own(struct ceremony_world *w, uint32_t slot, enum ceremony_kind kind,
                            struct assay_slice payload)
{
    static uint8_t bytes[8192];
    struct assay_slice out;
    if (seen[kind]++ >= 2) return;
    cr_assert_leq(payload.len, kind == CEREMONY_DEAL ? (size_t)ASSAY_CA_DEAL_LEN_MAX : 8192);
    cr_assert_eq(decode(kind, payload), ASSAY_OK);
    cr_assert_eq(encode(kind, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert(assay_slice_equal(out, payload));
    const size_t step = payload.len / 97 + 1;
    for (size_t len = 0; len < payload.len; len += len < 40 ? 1 : step) {
        uint8_t *const cut = exact(payload.bytes, len);
        cr_assert_neq(decode(kind, assay_slice_over(cut, len)), ASSAY_OK);
        free(cut);
    }
    for (size_t at = 0; at < payload.len; at += at < 200 ? 1 : step) {
        uint8_t *const changed = exact(payload.bytes, payload.len);
        changed[at] ^= (uint8_t)(1U << (at % 8));
        if (decode(kind, assay_slice_over(changed, payload.len)) == ASSAY_OK)
            cr_assert_eq(check(kind, w->ca.chain_id), ASSAY_E_SIGNATURE, "kind %d, byte %zu",
                         (int)kind, at);
        free(changed);
    }
    uint8_t other[32];
    assay_bytes_copy(other, 32, w->ca.chain_id, 32);
    other[0] ^= 1;
    cr_assert_eq(decode(kind, payload), ASSAY_OK);
    cr_assert_eq(check(kind, other), ASSAY_E_SIGNATURE, "of another network");
    (void)slot;
}

Test(ceremony_records, nothing_of_a_record_can_be_changed)
{
    struct ceremony_world *w = ceremony_new(5, NULL);
    w->on_payload = must_be_its_own;
    w->own[1].faults = CEREMONY_BAD_VALUE | CEREMONY_NO_DISPUTE;
    cr_assert(ceremony_reach(w, 1, 10));
    for (int kind = 0; kind < CEREMONY_KINDS; kind++)
        cr_assert_gt(seen[kind], 0, "kind %d", kind);
    ceremony_free(w);
}

/* Records changed at drawn places, as if signed: they are what a hostile holder can sign. */
static void apply_changed(struct ceremony_world *w, uint32_t slot, enum ceremony_kind kind,
                          struct assay_slice payload)
{
    static struct assay_ca before;
    before = w->ca;
    for (int trial = 0; trial < 24; trial++) {
        uint8_t *const changed = exact(payload.bytes, payload.len), drawn[8];
        group_draw(drawn, sizeof drawn);
        const size_t at = (drawn[0] | (size_t)drawn[1] << 8) % payload.len;
        changed[drawn[2] % 2 == 0 ? at : at % 180] ^= (uint8_t)(drawn[3] | 1);
        const struct assay_slice slice = assay_slice_over(changed, payload.len);
        if (decode(kind, slice) == ASSAY_OK)
            apply(w, drawn[4] % 3 == 0 ? drawn[5] % w->count : slot, kind, slice);
        assay_ca_check(&w->ca);
        free(changed);
    }
    w->ca = before;
}

Test(ceremony_records, hostile_records_leave_the_fold_in_order)
{
    struct ceremony_world *w = ceremony_new(5, NULL);
    w->on_payload = apply_changed;
    w->own[1].faults = CEREMONY_BAD_VALUE | CEREMONY_NO_DISPUTE;
    w->own[2].faults = CEREMONY_BAD_ACCUSER;
    cr_assert(ceremony_reach(w, 1, 12));
    w->epoch += w->ca.config.refresh;
    cr_assert(ceremony_reach(w, 2, 40));
    cr_assert(ceremony_all_sign(w));
    ceremony_free(w);
}

/* Documents changed at drawn places: refused, or a fold that is in order and encodes to them. */
Test(ceremony_records, hostile_documents_are_refused_or_in_order)
{
    static uint8_t bytes[ASSAY_CA_DOCUMENT_LEN_MAX], again[ASSAY_CA_DOCUMENT_LEN_MAX];
    static struct assay_ca read;
    struct ceremony_world *w = ceremony_new(5, NULL);
    const struct assay_ca_config config = w->ca.config;
    uint32_t accepted = 0;
    cr_assert(ceremony_reach(w, 1, 12));
    w->member[1].incarnation++;
    for (int epoch = 0; epoch < 24; epoch++) {
        ceremony_epoch(w);
        for (uint32_t trial = 0; trial < 80; trial++) {
            const uint32_t document = trial % ASSAY_CA_DOCUMENTS;
            struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
            uint8_t drawn[4];
            read = w->ca;
            cr_assert_eq(read.config.refresh, config.refresh);
            cr_assert_eq(assay_ca_document_encode(&w->ca, document, &out), ASSAY_OK);
            group_draw(drawn, sizeof drawn);
            bytes[(drawn[0] | (size_t)drawn[1] << 8) % (trial % 4 < 2 ? 60 : out.len)] ^=
                (uint8_t)(1U << (drawn[2] % 8));
            const struct assay_slice changed = assay_slice_over(bytes, out.len);
            if (assay_ca_document_decode(&read, document, changed) != ASSAY_OK) continue;
            struct assay_writer second = assay_writer_over(again, sizeof again);
            cr_assert_eq(assay_ca_document_encode(&read, document, &second), ASSAY_OK);
            cr_assert(assay_slice_equal(changed, assay_slice_over(again, second.len)));
            if (assay_ca_document_join(&read) != ASSAY_OK) continue;
            accepted++;
            assay_ca_set_era(&read, read.era < w->ca.era ? w->ca.era : read.era);
            assay_ca_set_members(&read, w->epoch, w->member, w->count, w->total);
            assay_ca_check(&read);
            for (uint64_t e = 1; e < 4; e++)
                assay_ca_close_epoch(&read, w->epoch + e, true, w->member, w->count, w->total,
                                     &w->facts);
            assay_ca_check(&read);
        }
    }
    cr_assert_gt(accepted, 0);
    ceremony_free(w);
}
