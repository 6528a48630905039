/*
 * services/identity/ceremony_holder_check.c - a holder's checks of dealings, accusations, sums and
 * tables (docs/identity.md 3.9, 3.10).
 */
#include "services/identity/ceremony_holder_internal.h"

#include "base/crypto.h"

/* A dealing as it is on the ledger. Returns: false: the host has not handed it in, or other bytes.
 */
static bool read_dealing(const struct assay_ceremony_holder *h, const struct assay_ca *ca,
                         uint32_t number, struct assay_ca_deal_record *record,
                         struct assay_slice *payload)
{
    const struct assay_ca_dealing *on_ledger = &ca->ceremony.dealing[number - 1];
    uint8_t digest[32];
    *payload = h->config.dealing(h->config.context, number, on_ledger->digest);
    if (payload->len == 0) return false;
    assay_sha256(payload->bytes, payload->len, digest);
    return assay_bytes_equal(digest, on_ledger->digest, 32) &&
           assay_ca_deal_decode(*payload, record) == ASSAY_OK && record->dealer == number;
}

static enum assay_status open_value(const struct assay_ceremony_holder *h,
                                    const struct assay_ceremony_attempt *a,
                                    const struct assay_ca_deal_record *record, uint32_t index,
                                    struct assay_secret32 *value)
{
    uint8_t label[32];
    assay_ca_value_label(h->config.chain_id, &record->scope, record->dealer, index, label);
    return assay_dealing_open(&a->secret, record->dealt, label, record->sealed[index - 1], value);
}

/* --- accusations */

/* Finds what is wrong with a dealing. Returns: false: nothing that this holder can show */
static bool find_fault(const struct assay_ceremony_holder *h,
                       const struct assay_ceremony_attempt *a, const struct assay_ca_holder *row,
                       const struct assay_ca_deal_record *record,
                       struct assay_ca_dispute_record *dispute)
{
    for (uint32_t m = 0; m < record->commitments.count; m++) {
        if (assay_sodium_edwards_is_fit(record->commitments.point[m])) continue;
        dispute->kind = ASSAY_CA_DISPUTE_POINT;
        dispute->index = m;
        return true;
    }
    for (uint32_t j = row->first; j < row->first + row->indices; j++) {
        struct assay_secret32 value;
        const bool is_right = open_value(h, a, record, j, &value) == ASSAY_OK &&
                              assay_sharing_verify(&record->commitments, j, &value) == ASSAY_OK;
        assay_secret_wipe(&value, sizeof value);
        if (is_right) continue;
        dispute->kind = ASSAY_CA_DISPUTE_VALUE;
        dispute->index = j;
        return true;
    }
    return false;
}

static enum assay_status write_dispute(const struct assay_ceremony_holder *h,
                                       const struct assay_ceremony_attempt *a,
                                       const struct assay_ca_deal_record *record,
                                       struct assay_ca_dispute_record *dispute,
                                       struct assay_ceremony_effect *out, struct assay_slice *bytes)
{
    uint8_t label[32], digest[32], wide[ASSAY_SODIUM_WIDE_LEN];
    if (dispute->kind == ASSAY_CA_DISPUTE_VALUE) {
        ASSAY_TRY(ceremony_holder_draw(h, wide, sizeof wide));
        assay_ca_value_label(h->config.chain_id, &record->scope, record->dealer, dispute->index,
                             label);
        const enum assay_status status = assay_dealing_open_public(
            &a->secret, record->dealt, label, wide, dispute->shown, &dispute->proof);
        assay_secret_wipe(wide, sizeof wide);
        if (status != ASSAY_OK) return ASSAY_E_CRYPTO;
    }
    assay_ca_dispute_statement(h->config.chain_id, dispute, digest);
    ceremony_holder_sign(h, digest, dispute->signature);
    return assay_ca_dispute_encode(dispute, out->buffer, sizeof out->buffer, bytes);
}

/* One dealing. */
static enum assay_status dispute_dealing(struct assay_ceremony_holder *h, const struct assay_ca *ca,
                                         struct assay_ceremony_attempt *a,
                                         const struct assay_ca_holder *row, uint32_t number,
                                         struct assay_ceremony_effect *out)
{
    struct assay_ca_deal_record record;
    struct assay_ca_dispute_record dispute = { 0 };
    struct assay_slice payload, bytes;
    if (a->has_dispute[number]) {
        ceremony_holder_submit(out, &a->name, ASSAY_CEREMONY_DISPUTE, number, &a->disputed[number]);
        return ASSAY_OK;
    }
    if (a->check[number] != ASSAY_CEREMONY_UNCHECKED ||
        !read_dealing(h, ca, number, &record, &payload))
        return ASSAY_OK;
    if (!find_fault(h, a, row, &record, &dispute)) {
        a->check[number] = ASSAY_CEREMONY_GOOD;
        return ASSAY_OK;
    }
    ASSAY_TRY(ceremony_holder_scope(h, ca, &dispute.scope) ? ASSAY_OK : ASSAY_E_INVALID);
    dispute.dealing = payload;
    ASSAY_TRY(write_dispute(h, a, &record, &dispute, out, &bytes));
    a->check[number] = ASSAY_CEREMONY_BAD;
    ceremony_holder_store(h, out, &a->name, ASSAY_CEREMONY_RECORD, ASSAY_CEREMONY_DISPUTE, number,
                          bytes);
    return ASSAY_OK;
}

enum assay_status ceremony_holder_dispute(struct assay_ceremony_holder *h,
                                          const struct assay_ca *ca,
                                          struct assay_ceremony_effect *out)
{
    struct assay_ceremony_attempt *a = ceremony_holder_running(h, ca);
    const struct assay_ca_holder *row = ceremony_holder_own_row(h, ca, a);
    if (row == NULL) return ASSAY_OK;
    for (uint32_t d = 1; d <= ca->ceremony.dealers && out->action == ASSAY_CEREMONY_NOTHING; d++)
        if (ca->ceremony.dealing[d - 1].state == ASSAY_CA_DEALING_VALID)
            ASSAY_TRY(dispute_dealing(h, ca, a, row, d, out));
    return ASSAY_OK;
}

/* --- sums */

static enum assay_status add_dealing(const struct assay_ceremony_holder *h,
                                     const struct assay_ceremony_attempt *a,
                                     const struct assay_ca_deal_record *record,
                                     const struct assay_secret32 *factor,
                                     struct assay_sharing_commitments *sum,
                                     struct assay_ceremony_sharing *shares)
{
    for (uint32_t i = 0; i < shares->count; i++) {
        struct assay_secret32 value;
        const enum assay_status status = open_value(h, a, record, shares->index[i], &value);
        if (status == ASSAY_OK) assay_sharing_add_share(&shares->share[i], factor, &value);
        assay_secret_wipe(&value, sizeof value);
        if (status != ASSAY_OK) return status;
    }
    ASSAY_TRY(assay_sharing_check(&record->commitments));
    return assay_sharing_add(sum, factor, &record->commitments);
}

/* The sum that the ledger decided: its commitments, public shares and this holder's shares.
 * Returns: ASSAY_OK | ASSAY_E_AGAIN (a dealing is missing) | another: it does not verify */
static enum assay_status add_up(const struct assay_ceremony_holder *h, const struct assay_ca *ca,
                                const struct assay_ceremony_attempt *a,
                                struct assay_ca_table_record *table,
                                struct assay_ceremony_sharing *shares)
{
    uint32_t used[ASSAY_FROST_INDICES_MAX];
    const uint32_t count = assay_ca_used(ca, used);
    if (count == 0) return ASSAY_E_AGAIN;
    for (uint32_t i = 0; i < count; i++)
        if (h->config.dealing(h->config.context, used[i], ca->ceremony.dealing[used[i] - 1].digest)
                .len == 0)
            return ASSAY_E_AGAIN;
    for (uint32_t i = 0; i < count; i++) {
        struct assay_ca_deal_record record;
        struct assay_slice payload;
        struct assay_secret32 factor;
        const bool is_weighted = assay_ca_factor(ca, used, count, i, &factor);
        if (!read_dealing(h, ca, used[i], &record, &payload)) return ASSAY_E_AGAIN;
        ASSAY_TRY(add_dealing(h, a, &record, is_weighted ? &factor : NULL, &table->sum, shares));
    }
    /* docs/identity.md 3.10: a reshare that changed the key vouches for nothing. */
    if (ca->ceremony.is_reshare &&
        !assay_bytes_equal(table->sum.point[0], assay_ca_reshared_key(ca), 32))
        return ASSAY_E_INVALID;
    table->indices = ca->ceremony.next.count;
    for (uint32_t j = 1; j <= table->indices; j++)
        ASSAY_TRY(assay_sharing_public(&table->sum, j, table->public_share[j - 1]));
    for (uint32_t i = 0; i < shares->count; i++)
        ASSAY_TRY(assay_sharing_verify(&table->sum, shares->index[i], &shares->share[i]));
    return ASSAY_OK;
}

static enum assay_status compute_table(const struct assay_ceremony_holder *h,
                                       const struct assay_ca *ca,
                                       const struct assay_ceremony_attempt *a,
                                       const struct assay_ca_holder *row,
                                       struct assay_ca_table_record *table,
                                       struct assay_ceremony_sharing *shares)
{
    *table = (struct assay_ca_table_record){ 0 };
    *shares = (struct assay_ceremony_sharing){ .name = a->name, .count = row->indices };
    for (uint32_t i = 0; i < row->indices; i++)
        shares->index[i] = (uint8_t)(row->first + i);
    ASSAY_TRY(ceremony_holder_scope(h, ca, &table->scope) ? ASSAY_OK : ASSAY_E_INVALID);
    ASSAY_TRY(add_up(h, ca, a, table, shares));
    assay_ca_table_digest(h->config.chain_id, table, shares->table);
    return ASSAY_OK;
}

/* Shares are durable before HAVE vouches for them. */
static enum assay_status store_shares(struct assay_ceremony_holder *h, const struct assay_ca *ca,
                                      struct assay_ceremony_attempt *a,
                                      const struct assay_ca_holder *row,
                                      struct assay_ceremony_effect *out)
{
    struct assay_ca_table_record table;
    if (a->is_unfit) return ASSAY_OK;
    const enum assay_status status = compute_table(h, ca, a, row, &table, &h->storing_sharing);
    if (status != ASSAY_OK) {
        assay_secret_wipe(&h->storing_sharing, sizeof h->storing_sharing);
        a->is_unfit = status != ASSAY_E_AGAIN;
        return ASSAY_OK;
    }
    ceremony_holder_store(h, out, &a->name, ASSAY_CEREMONY_SHARES, 0, 0,
                          ceremony_holder_sharing_encode(&h->storing_sharing, out->buffer));
    return ASSAY_OK;
}

static enum assay_status write_have(const struct assay_ceremony_holder *h,
                                    const struct assay_ca *ca,
                                    const struct assay_ceremony_sharing *shares,
                                    struct assay_ceremony_effect *out, struct assay_slice *bytes)
{
    struct assay_ca_have_record record = { 0 };
    uint8_t digest[32];
    ASSAY_TRY(ceremony_holder_scope(h, ca, &record.scope) ? ASSAY_OK : ASSAY_E_INVALID);
    assay_bytes_copy(record.digest, 32, shares->table, 32);
    assay_ca_have_statement(h->config.chain_id, &record, digest);
    ceremony_holder_sign(h, digest, record.signature);
    return assay_ca_have_encode(&record, out->buffer, sizeof out->buffer, bytes);
}

/* The bytes of the table are on the ledger once. The first holders that vouched for it submit them,
 * twice as many after each close. */
static bool is_table_due(const struct assay_ceremony_holder *h, const struct assay_ca *ca,
                         const uint8_t table[static 32])
{
    const struct assay_ca_sharing *next = &ca->ceremony.next;
    uint32_t vouched = 0, before = 0;
    for (uint32_t i = 0; i < next->holders; i++) {
        const struct assay_ca_holder *row = &next->holder[i];
        if (row->lost || !assay_bytes_equal(row->digest, table, 32)) continue;
        if (assay_bytes_compare(row->node_id, h->config.node_id, 32) < 0) before++;
        vouched += row->indices;
    }
    return !ca->ceremony.has_table && vouched >= next->threshold &&
           before >> (ca->ceremony.closes < 8 ? ca->ceremony.closes : 8) == 0;
}

static enum assay_status store_table(struct assay_ceremony_holder *h, const struct assay_ca *ca,
                                     struct assay_ceremony_attempt *a,
                                     const struct assay_ca_holder *row,
                                     struct assay_ceremony_effect *out)
{
    struct assay_ca_table_record table;
    struct assay_ceremony_sharing shares;
    struct assay_slice bytes;
    uint8_t digest[32];
    const enum assay_status status = compute_table(h, ca, a, row, &table, &shares);
    assay_secret_wipe(&shares, sizeof shares);
    if (status != ASSAY_OK) return ASSAY_OK; /* a dealing is missing: others submit it */
    assay_ca_table_statement(h->config.chain_id, &table, digest);
    ceremony_holder_sign(h, digest, table.signature);
    ASSAY_TRY(assay_ca_table_encode(&table, out->buffer, sizeof out->buffer, &bytes));
    ceremony_holder_store(h, out, &a->name, ASSAY_CEREMONY_RECORD, ASSAY_CEREMONY_TABLE, 0, bytes);
    return ASSAY_OK;
}

enum assay_status ceremony_holder_have(struct assay_ceremony_holder *h, const struct assay_ca *ca,
                                       struct assay_ceremony_effect *out)
{
    struct assay_ceremony_attempt *a = ceremony_holder_running(h, ca);
    const struct assay_ca_holder *row = ceremony_holder_own_row(h, ca, a);
    struct assay_slice bytes;
    if (row == NULL) return ASSAY_OK;
    const struct assay_ceremony_sharing *shares = ceremony_holder_sharing_of(h, &a->name);
    if (shares == NULL) return store_shares(h, ca, a, row, out);
    if (!a->has_have) {
        ASSAY_TRY(write_have(h, ca, shares, out, &bytes));
        ceremony_holder_store(h, out, &a->name, ASSAY_CEREMONY_RECORD, ASSAY_CEREMONY_HAVE, 0,
                              bytes);
        return ASSAY_OK;
    }
    if (!assay_bytes_equal(row->digest, shares->table, 32)) {
        ceremony_holder_submit(out, &a->name, ASSAY_CEREMONY_HAVE, 0, &a->said);
        return ASSAY_OK;
    }
    if (!is_table_due(h, ca, shares->table)) return ASSAY_OK;
    if (!a->has_table) return store_table(h, ca, a, row, out);
    ceremony_holder_submit(out, &a->name, ASSAY_CEREMONY_TABLE, 0, &a->tabled);
    return ASSAY_OK;
}
