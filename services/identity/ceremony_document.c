/*
 * services/identity/ceremony_document.c - documents of the fold of a group key, canonical CBOR
 * (docs/identity.md 3.19).
 */
#include "services/identity/ceremony_document.h"

#include "base/cbor.h"

enum {
    STATE_ITEMS = 18,
    CEREMONY_ITEMS = 12,
    SHARING_ITEMS = 8,
    HOLDER_ITEMS = 15,
    BAR_ITEMS = 3,
    CONVICTION_ITEMS = 3,
    NUMBER_ITEMS = 3,
    NEXT_ITEMS = 3,
    NEXT_NUMBER_ITEMS = 2,
};

static const char state_type[] = "assay/identity/v1";
static const char ceremony_type[] = "assay/identity-ceremony/v1";
static const char next_type[] = "assay/identity-next/v1";

/* --- encoding */

static void put_holder(struct assay_writer *w, const struct assay_ca_holder *h)
{
    const bool said = !assay_bytes_all_zero(h->digest, 32);
    assay_cbor_put_array(w, HOLDER_ITEMS);
    assay_cbor_put_uint(w, h->slot);
    assay_cbor_put_uint(w, h->first);
    assay_cbor_put_uint(w, h->indices);
    assay_cbor_put_uint(w, h->incarnation);
    assay_cbor_put_bytes(w, h->node_id, 32);
    assay_cbor_put_bytes(w, h->key, 32);
    assay_cbor_put_bytes(w, h->keys_root, 32);
    assay_cbor_put_bytes(w, h->link_key, 32);
    assay_cbor_put_bytes(w, h->encryption, 32);
    assay_cbor_put_bytes(w, h->address, h->address_len);
    assay_cbor_put_bool(w, h->has);
    assay_cbor_put_bool(w, h->lost);
    assay_cbor_put_uint(w, h->inactive);
    assay_cbor_put_uint(w, h->behind);
    assay_cbor_put_bytes(w, h->digest, said ? 32 : 0);
}

static void put_sharing(struct assay_writer *w, const struct assay_ca_sharing *s)
{
    const bool has_table = !assay_bytes_all_zero(s->table, 32);
    ASSAY_ASSERT(s->holders <= ASSAY_FROST_HOLDERS_MAX && s->count <= ASSAY_FROST_INDICES_MAX);
    assay_cbor_put_array(w, SHARING_ITEMS);
    assay_cbor_put_uint(w, s->generation);
    assay_cbor_put_uint(w, s->attempt);
    assay_cbor_put_uint(w, s->era);
    assay_cbor_put_uint(w, s->threshold);
    assay_cbor_put_uint(w, s->count);
    assay_cbor_put_bytes(w, s->table, has_table ? 32 : 0);
    assay_cbor_put_bytes(w, s->public_share, has_table ? (size_t)s->count * 32 : 0);
    assay_cbor_put_array(w, s->holders);
    for (uint32_t i = 0; i < s->holders; i++)
        put_holder(w, &s->holder[i]);
}

/* Slots that have any, ascending. */
static void put_bars(struct assay_writer *w, const struct assay_ca *ca)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ASSAY_CA_SLOTS_MAX; i++)
        count += ca->barred_until[i] != 0 || ca->lost_until[i] != 0;
    assay_cbor_put_array(w, count);
    for (uint32_t i = 0; i < ASSAY_CA_SLOTS_MAX; i++) {
        if (ca->barred_until[i] == 0 && ca->lost_until[i] == 0) continue;
        assay_cbor_put_array(w, BAR_ITEMS);
        assay_cbor_put_uint(w, i);
        assay_cbor_put_uint(w, ca->barred_until[i]);
        assay_cbor_put_uint(w, ca->lost_until[i]);
    }
}

static void put_number(struct assay_writer *w, uint32_t number, const uint8_t key[static 32],
                       uint64_t epoch)
{
    assay_cbor_put_array(w, NUMBER_ITEMS);
    assay_cbor_put_uint(w, number);
    assay_cbor_put_bytes(w, key, 32);
    assay_cbor_put_uint(w, epoch);
}

/* The next number, or none; then the old ones. */
static void put_numbers(struct assay_writer *w, const struct assay_ca *ca)
{
    const struct assay_ca_next *n = &ca->next;
    ASSAY_ASSERT(ca->olds <= ASSAY_CA_OLD_MAX);
    assay_cbor_put_uint(w, ca->numbers);
    assay_cbor_put_uint(w, ca->generations);
    assay_cbor_put_uint(w, ca->changed);
    assay_cbor_put_array(w, n->number > 0 ? 1 : 0);
    if (n->number > 0) {
        assay_cbor_put_array(w, NEXT_NUMBER_ITEMS);
        put_number(w, n->number, n->key, n->made);
        assay_cbor_put_uint(w, n->since);
    }
    assay_cbor_put_array(w, ca->olds);
    for (uint32_t i = 0; i < ca->olds; i++)
        put_number(w, ca->old[i].number, ca->old[i].key, ca->old[i].until);
}

static void put_state(struct assay_writer *w, const struct assay_ca *ca)
{
    assay_cbor_put_array(w, STATE_ITEMS);
    assay_cbor_put_text(w, state_type);
    assay_cbor_put_uint(w, ca->ca_number);
    assay_cbor_put_bytes(w, ca->key, 32);
    assay_cbor_put_uint(w, ca->active_since);
    put_numbers(w, ca);
    assay_cbor_put_uint(w, ca->since);
    assay_cbor_put_uint(w, ca->few_closes);
    assay_cbor_put_bool(w, ca->key_lost);
    assay_cbor_put_uint(w, ca->attempts);
    assay_cbor_put_uint(w, ca->last_began);
    assay_cbor_put_bytes(w, ca->terms, 32);
    put_sharing(w, &ca->force);
    put_bars(w, ca);
    assay_cbor_put_array(w, ca->convicted);
    for (uint32_t i = 0; i < ca->convicted; i++) {
        assay_cbor_put_array(w, CONVICTION_ITEMS);
        assay_cbor_put_bytes(w, ca->conviction[i].node_id, 32);
        assay_cbor_put_uint(w, (uint64_t)ca->conviction[i].reason);
        assay_cbor_put_uint(w, ca->conviction[i].epoch);
    }
}

static void put_ceremony(struct assay_writer *w, const struct assay_ca_ceremony *c)
{
    assay_cbor_put_array(w, CEREMONY_ITEMS);
    assay_cbor_put_text(w, ceremony_type);
    assay_cbor_put_uint(w, (uint64_t)c->phase);
    assay_cbor_put_bool(w, c->is_reshare);
    assay_cbor_put_uint(w, c->ca_number);
    assay_cbor_put_uint(w, c->began);
    assay_cbor_put_uint(w, c->closes);
    assay_cbor_put_uint(w, c->deal_epochs);
    assay_cbor_put_uint(w, c->dealers);
    put_sharing(w, &c->next);
    assay_cbor_put_bool(w, c->has_table);
    assay_cbor_put_bytes(w, c->key, 32);
    assay_cbor_put_array(w, c->dealers);
    for (uint32_t i = 0; i < c->dealers; i++) {
        const bool has = c->dealing[i].state != ASSAY_CA_DEALING_NONE;
        assay_cbor_put_array(w, 2);
        assay_cbor_put_uint(w, (uint64_t)c->dealing[i].state);
        assay_cbor_put_bytes(w, c->dealing[i].digest, has ? 32 : 0);
    }
}

static void put_next(struct assay_writer *w, const struct assay_ca_next *n)
{
    assay_cbor_put_array(w, NEXT_ITEMS);
    assay_cbor_put_text(w, next_type);
    assay_cbor_put_uint(w, n->few_closes);
    put_sharing(w, &n->force);
}

enum assay_status assay_ca_document_encode(const struct assay_ca *ca, uint32_t document,
                                           struct assay_writer *w)
{
    struct assay_slice all;
    ASSAY_ASSERT(document < ASSAY_CA_DOCUMENTS);
    if (document == 0) put_state(w, ca);
    else if (document == 1) put_ceremony(w, &ca->ceremony);
    else put_next(w, &ca->next);
    return assay_writer_finish(w, &all);
}

/* --- decoding */

static enum assay_status decode_u32(struct assay_cursor *in, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(in, max, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

/* Empty, or len bytes that are not all zero. */
static enum assay_status decode_optional(struct assay_cursor *in, size_t len, uint8_t *out)
{
    struct assay_slice bytes;
    ASSAY_TRY(assay_cbor_bytes(in, len, &bytes));
    if (bytes.len == 0) return ASSAY_OK;
    if (bytes.len != len) return ASSAY_E_RANGE;
    assay_bytes_copy(out, len, bytes.bytes, len);
    return ASSAY_OK;
}

static enum assay_status decode_holder(struct assay_cursor *in, struct assay_ca_holder *h)
{
    struct assay_slice address, digest;
    uint64_t inactive = 0, behind = 0;
    ASSAY_TRY(assay_cbor_array_exact(in, HOLDER_ITEMS));
    ASSAY_TRY(decode_u32(in, ASSAY_CA_SLOTS_MAX - 1, &h->slot));
    ASSAY_TRY(decode_u32(in, ASSAY_FROST_INDICES_MAX, &h->first));
    ASSAY_TRY(decode_u32(in, ASSAY_FROST_INDICES_MAX, &h->indices));
    ASSAY_TRY(assay_cbor_uint(in, &h->incarnation));
    ASSAY_TRY(assay_cbor_bytes_exact(in, h->node_id, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(in, h->key, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(in, h->keys_root, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(in, h->link_key, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(in, h->encryption, 32));
    ASSAY_TRY(assay_cbor_bytes(in, ASSAY_CA_ADDRESS_MAX, &address));
    if (address.len > 0)
        assay_bytes_copy(h->address, ASSAY_CA_ADDRESS_MAX, address.bytes, address.len);
    h->address_len = (uint8_t)address.len;
    ASSAY_TRY(assay_cbor_bool(in, &h->has));
    ASSAY_TRY(assay_cbor_bool(in, &h->lost));
    ASSAY_TRY(assay_cbor_uint_max(in, ASSAY_CA_INACTIVE_EPOCHS, &inactive));
    h->inactive = (uint8_t)inactive;
    ASSAY_TRY(assay_cbor_uint_max(in, ASSAY_CA_BEHIND_EPOCHS + 1, &behind));
    h->behind = (uint8_t)behind;
    ASSAY_TRY(assay_cbor_bytes(in, 32, &digest));
    if (digest.len == 0) return ASSAY_OK;
    if (digest.len != 32 || assay_bytes_all_zero(digest.bytes, 32)) return ASSAY_E_RANGE;
    assay_bytes_copy(h->digest, 32, digest.bytes, 32);
    return ASSAY_OK;
}

/* Slots ascend; with indices, these follow one another to the last. */
static enum assay_status check_holders(const struct assay_ca_sharing *s)
{
    uint32_t first = 1;
    for (uint32_t i = 0; i < s->holders; i++) {
        const struct assay_ca_holder *h = &s->holder[i];
        if (i > 0 && h->slot <= s->holder[i - 1].slot) return ASSAY_E_ENCODING;
        if (s->count == 0 ? h->first != 0 || h->indices != 0 : h->first != first || h->indices == 0)
            return ASSAY_E_RANGE;
        first += h->indices;
    }
    if (first != s->count + 1) return ASSAY_E_RANGE;
    const uint32_t threshold = s->count == 0 ? 0 : s->count - (s->count + 1) / 2 + 1;
    const bool fits =
        s->threshold == threshold && (s->count == 0 || threshold >= ASSAY_FROST_SIGNERS_MIN);
    return fits ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status decode_sharing(struct assay_cursor *in, struct assay_ca_sharing *s)
{
    struct assay_slice shares;
    uint64_t holders = 0;
    ASSAY_TRY(assay_cbor_array_exact(in, SHARING_ITEMS));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &s->generation));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &s->attempt));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &s->era));
    ASSAY_TRY(decode_u32(in, ASSAY_FROST_SIGNERS_MAX, &s->threshold));
    ASSAY_TRY(decode_u32(in, ASSAY_FROST_INDICES_MAX, &s->count));
    ASSAY_TRY(decode_optional(in, 32, s->table));
    const bool has_table = !assay_bytes_all_zero(s->table, 32);
    ASSAY_TRY(assay_cbor_bytes(in, sizeof s->public_share, &shares));
    if (shares.len != (has_table ? (size_t)s->count * 32 : 0)) return ASSAY_E_RANGE;
    if (shares.len > 0)
        assay_bytes_copy(s->public_share, sizeof s->public_share, shares.bytes, shares.len);
    ASSAY_TRY(assay_cbor_array(in, ASSAY_FROST_HOLDERS_MAX, &holders));
    s->holders = (uint32_t)holders;
    for (uint32_t i = 0; i < s->holders; i++)
        ASSAY_TRY(decode_holder(in, &s->holder[i]));
    return check_holders(s);
}

static enum assay_status decode_bars(struct assay_cursor *in, struct assay_ca *ca)
{
    uint64_t count = 0;
    uint32_t slot = 0, before = 0;
    ASSAY_TRY(assay_cbor_array(in, ASSAY_CA_SLOTS_MAX, &count));
    for (uint32_t i = 0; i < count; i++, before = slot) {
        ASSAY_TRY(assay_cbor_array_exact(in, BAR_ITEMS));
        ASSAY_TRY(decode_u32(in, ASSAY_CA_SLOTS_MAX - 1, &slot));
        if (i > 0 && slot <= before) return ASSAY_E_ENCODING;
        ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &ca->barred_until[slot]));
        ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &ca->lost_until[slot]));
        if (ca->barred_until[slot] == 0 && ca->lost_until[slot] == 0) return ASSAY_E_ENCODING;
    }
    return ASSAY_OK;
}

static enum assay_status decode_convictions(struct assay_cursor *in, struct assay_ca *ca)
{
    uint64_t count = 0, reason = 0;
    ASSAY_TRY(assay_cbor_array(in, ASSAY_CA_CONVICTED_MAX, &count));
    ca->convicted = (uint32_t)count;
    for (uint32_t i = 0; i < count; i++) {
        struct assay_ca_conviction *const k = &ca->conviction[i];
        ASSAY_TRY(assay_cbor_array_exact(in, CONVICTION_ITEMS));
        ASSAY_TRY(assay_cbor_bytes_exact(in, k->node_id, 32));
        ASSAY_TRY(assay_cbor_uint_max(in, ASSAY_CA_SIGNED_WRONGLY, &reason));
        if (reason < ASSAY_CA_DEALT_WRONGLY) return ASSAY_E_RANGE;
        k->reason = (enum assay_ca_reason)reason;
        ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &k->epoch));
    }
    return ASSAY_OK;
}

static enum assay_status decode_number(struct assay_cursor *in, uint32_t *number, uint8_t *key,
                                       uint64_t *epoch)
{
    ASSAY_TRY(assay_cbor_array_exact(in, NUMBER_ITEMS));
    ASSAY_TRY(decode_u32(in, INT32_MAX, number));
    if (*number == 0) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_bytes_exact(in, key, 32));
    return assay_cbor_uint_max(in, INT64_MAX, epoch);
}

static enum assay_status decode_numbers(struct assay_cursor *in, struct assay_ca *ca)
{
    struct assay_ca_next *const n = &ca->next;
    uint64_t nexts = 0, olds = 0;
    ASSAY_TRY(decode_u32(in, INT32_MAX, &ca->numbers));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &ca->generations));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &ca->changed));
    ASSAY_TRY(assay_cbor_array(in, 1, &nexts));
    if (nexts > 0) {
        ASSAY_TRY(assay_cbor_array_exact(in, NEXT_NUMBER_ITEMS));
        ASSAY_TRY(decode_number(in, &n->number, n->key, &n->made));
        ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &n->since));
    }
    ASSAY_TRY(assay_cbor_array(in, ASSAY_CA_OLD_MAX, &olds));
    ca->olds = (uint32_t)olds;
    for (uint32_t i = 0; i < ca->olds; i++)
        ASSAY_TRY(decode_number(in, &ca->old[i].number, ca->old[i].key, &ca->old[i].until));
    return ASSAY_OK;
}

/* Numbers ascend from old over active to next, none above the highest that was made. */
static bool fit_numbers(const struct assay_ca *ca)
{
    struct assay_ca_published published[ASSAY_CA_PUBLISHED_MAX];
    const uint32_t count = assay_ca_published(ca, published);
    for (uint32_t i = 0; i < count; i++)
        if (published[i].number > ca->numbers ||
            (i > 0 && published[i].number <= published[i - 1].number))
            return false;
    return ca->next.number == 0 || (ca->ca_number > 0 && ca->olds == 0);
}

static enum assay_status decode_state(struct assay_cursor *in, struct assay_ca *ca)
{
    const struct assay_ca_config config = ca->config;
    const struct assay_ca_ceremony ceremony = ca->ceremony;
    const struct assay_ca_next next = ca->next;
    uint8_t chain_id[32];
    assay_bytes_copy(chain_id, 32, ca->chain_id, 32);
    assay_ca_init(ca, chain_id, &config);
    ca->ceremony = ceremony;
    ca->next.few_closes = next.few_closes; /* of the other document */
    ca->next.force = next.force;
    ASSAY_TRY(assay_cbor_array_exact(in, STATE_ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(in, state_type));
    ASSAY_TRY(decode_u32(in, INT32_MAX, &ca->ca_number));
    ASSAY_TRY(assay_cbor_bytes_exact(in, ca->key, 32));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &ca->active_since));
    ASSAY_TRY(decode_numbers(in, ca));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &ca->since));
    ASSAY_TRY(decode_u32(in, INT32_MAX, &ca->few_closes));
    ASSAY_TRY(assay_cbor_bool(in, &ca->key_lost));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &ca->attempts));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &ca->last_began));
    ASSAY_TRY(assay_cbor_bytes_exact(in, ca->terms, 32));
    ASSAY_TRY(decode_sharing(in, &ca->force));
    ASSAY_TRY(decode_bars(in, ca));
    ASSAY_TRY(decode_convictions(in, ca));
    /* With a key there is a generation whose table is known; without one nothing. */
    const bool has = ca->ca_number > 0;
    const bool fits = has == (ca->force.generation > 0) && has == (ca->force.count > 0) &&
                      has == !assay_bytes_all_zero(ca->force.table, 32) &&
                      (has || ca->force.holders == 0) && fit_numbers(ca) &&
                      ca->force.generation <= ca->generations;
    return fits ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status decode_dealings(struct assay_cursor *in, struct assay_ca_ceremony *c)
{
    uint64_t state = 0;
    ASSAY_TRY(assay_cbor_array_exact(in, c->dealers));
    for (uint32_t i = 0; i < c->dealers; i++) {
        ASSAY_TRY(assay_cbor_array_exact(in, 2));
        ASSAY_TRY(assay_cbor_uint_max(in, ASSAY_CA_DEALING_USED, &state));
        c->dealing[i].state = (enum assay_ca_dealing_state)state;
        const bool has = state != ASSAY_CA_DEALING_NONE;
        ASSAY_TRY(assay_cbor_bytes_exact(in, c->dealing[i].digest, has ? 32 : 0));
    }
    return ASSAY_OK;
}

/* What each phase relies on. */
static enum assay_status check_ceremony(const struct assay_ca_ceremony *c)
{
    const struct assay_ca_sharing *n = &c->next;
    const bool has_table = !assay_bytes_all_zero(n->table, 32);
    if (c->has_table != has_table || (has_table && c->phase != ASSAY_CA_HAVES))
        return ASSAY_E_RANGE;
    if (c->phase == ASSAY_CA_IDLE) {
        const bool empty = !c->is_reshare && c->ca_number == 0 && c->began == 0 && c->closes == 0 &&
                           c->deal_epochs == 0 && c->dealers == 0 && n->generation == 0 &&
                           n->attempt == 0 && n->era == 0 && n->holders == 0 && n->count == 0;
        return empty ? ASSAY_OK : ASSAY_E_RANGE;
    }
    if (c->ca_number == 0 || n->generation == 0 || n->attempt == 0) return ASSAY_E_RANGE;
    const bool offers = c->phase == ASSAY_CA_OFFERS;
    const bool fits = offers == (n->count == 0) && offers == (c->dealers == 0) &&
                      offers == (c->deal_epochs == 0) &&
                      (offers || c->is_reshare || c->dealers == n->holders);
    return fits ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status decode_ceremony(struct assay_cursor *in, struct assay_ca_ceremony *c)
{
    uint64_t phase = 0;
    *c = (struct assay_ca_ceremony){ .phase = ASSAY_CA_IDLE };
    ASSAY_TRY(assay_cbor_array_exact(in, CEREMONY_ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(in, ceremony_type));
    ASSAY_TRY(assay_cbor_uint_max(in, ASSAY_CA_HAVES, &phase));
    c->phase = (enum assay_ca_phase)phase;
    ASSAY_TRY(assay_cbor_bool(in, &c->is_reshare));
    ASSAY_TRY(decode_u32(in, INT32_MAX, &c->ca_number));
    ASSAY_TRY(assay_cbor_uint_max(in, INT64_MAX, &c->began));
    ASSAY_TRY(decode_u32(in, INT32_MAX, &c->closes));
    ASSAY_TRY(decode_u32(in, INT32_MAX, &c->deal_epochs));
    ASSAY_TRY(decode_u32(in, ASSAY_FROST_INDICES_MAX, &c->dealers));
    ASSAY_TRY(decode_sharing(in, &c->next));
    ASSAY_TRY(assay_cbor_bool(in, &c->has_table));
    ASSAY_TRY(assay_cbor_bytes_exact(in, c->key, 32));
    ASSAY_TRY(decode_dealings(in, c));
    return check_ceremony(c);
}

static enum assay_status decode_next(struct assay_cursor *in, struct assay_ca_next *n)
{
    n->force = (struct assay_ca_sharing){ .generation = 0 };
    ASSAY_TRY(assay_cbor_array_exact(in, NEXT_ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(in, next_type));
    ASSAY_TRY(decode_u32(in, INT32_MAX, &n->few_closes));
    ASSAY_TRY(decode_sharing(in, &n->force));
    const bool has = n->force.generation > 0;
    const bool fits = has == (n->force.count > 0) &&
                      has == !assay_bytes_all_zero(n->force.table, 32) &&
                      (has || (n->force.holders == 0 && n->force.attempt == 0 &&
                               n->force.era == 0 && n->few_closes == 0));
    return fits ? ASSAY_OK : ASSAY_E_RANGE;
}

enum assay_status assay_ca_document_decode(struct assay_ca *ca, uint32_t document,
                                           struct assay_slice bytes)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    ASSAY_ASSERT(document < ASSAY_CA_DOCUMENTS);
    if (document == 0) ASSAY_TRY(decode_state(&in, ca));
    else if (document == 1) ASSAY_TRY(decode_ceremony(&in, &ca->ceremony));
    else ASSAY_TRY(decode_next(&in, &ca->next));
    return assay_cursor_end(&in);
}

enum assay_status assay_ca_document_join(const struct assay_ca *ca)
{
    const struct assay_ca_ceremony *c = &ca->ceremony;
    const bool has_next = ca->next.number > 0;
    if (has_next != (ca->next.force.generation > 0) || ca->next.force.generation > ca->generations)
        return ASSAY_E_INVALID;
    if (c->phase == ASSAY_CA_IDLE) return ASSAY_OK;
    const struct assay_ca_sharing *from = assay_ca_reshared(ca);
    const bool has_number = assay_ca_sharing_of(ca, c->ca_number) != NULL;
    const bool fits = c->is_reshare == has_number && c->next.attempt == ca->attempts &&
                      c->next.generation == ca->generations + 1 &&
                      (has_number || (c->ca_number > ca->numbers && !has_next)) &&
                      (has_number || ca->ca_number == 0 || ca->olds < ASSAY_CA_OLD_MAX) &&
                      (!c->has_table || !has_number ||
                       assay_bytes_equal(c->key, assay_ca_reshared_key(ca), 32)) &&
                      (c->phase == ASSAY_CA_OFFERS || !has_number || c->dealers == from->count);
    return fits ? ASSAY_OK : ASSAY_E_INVALID;
}
