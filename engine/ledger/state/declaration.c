/*
 * engine/ledger/state/declaration.c - declared and certified roots of workload keys
 * (docs/protocol.md 2.16).
 */
#include "engine/ledger/state/declaration.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/ledger/state/leaf_items.h"

enum { RETAINED_EPOCHS = ASSAY_DECLARED_ROOTS_MAX - 1 };
enum { ITEMS = 3, WITH_GRANTS };

static bool declaration_is_valid(const struct assay_declaration *d)
{
    if (d->count > ASSAY_DECLARED_ROOTS_MAX) return false;
    for (uint32_t i = 1; i < d->count; i++)
        if (d->roots[i].since_epoch >= d->roots[i - 1].since_epoch) return false;
    for (uint32_t i = 0; i < d->count; i++)
        if (!d->roots[i].binds && !assay_bytes_all_zero(d->roots[i].root, 32)) return false;
    if (d->keys_epoch > 0 && d->count == 0) return false;
    if (d->grant_count > ASSAY_DECLARED_GRANTS_MAX) return false;
    if (d->grant_count > 0 && d->keys_epoch == 0) return false;
    for (uint32_t i = 1; i < d->grant_count; i++)
        if (assay_bytes_compare(d->grants[i - 1], d->grants[i], 32) >= 0) return false;
    return d->keys_epoch > 0 || assay_bytes_all_zero(d->keys_root, 32);
}

const uint8_t *assay_declaration_root_at(const struct assay_declaration *d, uint64_t epoch)
{
    ASSAY_ASSERT(declaration_is_valid(d));
    for (uint32_t i = 0; i < d->count; i++)
        if (d->roots[i].since_epoch <= epoch) return d->roots[i].binds ? d->roots[i].root : NULL;
    return NULL;
}

void assay_declaration_set(struct assay_declaration *d, uint64_t since, const uint8_t *root)
{
    ASSAY_ASSERT(declaration_is_valid(d));
    ASSAY_ASSERT(d->count == 0 || since >= d->roots[0].since_epoch);
    struct assay_declared_root newest = { .since_epoch = since, .binds = root != NULL };
    if (root != NULL) assay_bytes_copy(newest.root, 32, root, 32);
    uint32_t keep = d->count;
    if (keep > 0 && d->roots[0].binds == newest.binds &&
        assay_bytes_equal(d->roots[0].root, newest.root, 32))
        return;
    if (keep > 0 && d->roots[0].since_epoch == since) { /* declared again for the same epoch */
        d->roots[0] = newest;
        return;
    }
    if (keep == ASSAY_DECLARED_ROOTS_MAX) keep--;
    for (uint32_t i = keep; i > 0; i--)
        d->roots[i] = d->roots[i - 1];
    d->roots[0] = newest;
    d->count = keep + 1;
    /* The last epoch of an entry is the one before the next newer begins. */
    while (d->count > 1 && d->roots[d->count - 2].since_epoch - 1 + RETAINED_EPOCHS < since)
        d->roots[--d->count] = (struct assay_declared_root){ 0 };
    ASSAY_ASSERT(declaration_is_valid(d));
}

static void end_keys(struct assay_declaration *d)
{
    d->keys_epoch = 0;
    assay_bytes_zero(d->keys_root, 32);
    assay_declaration_end_grants(d);
}

void assay_declaration_end_grants(struct assay_declaration *d)
{
    d->grant_count = 0;
    assay_bytes_zero(d->grants, sizeof d->grants);
}

bool assay_declaration_has_grant(const struct assay_declaration *d, const uint8_t digest[static 32])
{
    ASSAY_ASSERT(declaration_is_valid(d));
    for (uint32_t i = 0; i < d->grant_count; i++)
        if (assay_bytes_equal(d->grants[i], digest, 32)) return true;
    return false;
}

static void add_grant(struct assay_declaration *d, const uint8_t digest[static 32])
{
    uint32_t at = d->grant_count;
    ASSAY_ASSERT(at < ASSAY_DECLARED_GRANTS_MAX && !assay_declaration_has_grant(d, digest));
    for (; at > 0 && assay_bytes_compare(d->grants[at - 1], digest, 32) > 0; at--)
        assay_bytes_copy(d->grants[at], 32, d->grants[at - 1], 32);
    assay_bytes_copy(d->grants[at], 32, digest, 32);
    d->grant_count++;
}

/* docs/protocol.md 2.17.5: of the names that it has, those of the plan. */
static void keep_listed_grants(struct assay_declaration *d,
                               const struct assay_declaration_close *close)
{
    const struct assay_declaration before = *d;
    ASSAY_ASSERT(close->name_count <= ASSAY_DECLARED_GRANTS_MAX);
    if (before.grant_count == 0) return;
    assay_declaration_end_grants(d);
    for (uint32_t k = 0; k < close->name_count; k++)
        if (assay_declaration_has_grant(&before, close->names[k])) add_grant(d, close->names[k]);
}

void assay_declaration_on_close(struct assay_declaration *d,
                                const struct assay_declaration_close *close)
{
    ASSAY_ASSERT(!close->bound || close->certified_pass);
    ASSAY_ASSERT(close->granted == 0 || close->bound);
    ASSAY_ASSERT(close->granted >> close->name_count == 0);
    keep_listed_grants(d, close);
    if (close->certified_pass) end_keys(d);
    if (close->ended) end_keys(d);
    if (!close->bound || close->ended) return;
    const uint8_t *root = assay_declaration_root_at(d, close->epoch);
    ASSAY_ASSERT(root != NULL);
    d->keys_epoch = close->epoch;
    assay_bytes_copy(d->keys_root, 32, root, 32);
    for (uint32_t k = 0; k < close->name_count; k++)
        if ((close->granted >> k & 1) != 0) add_grant(d, close->names[k]);
    ASSAY_ASSERT(declaration_is_valid(d));
}

bool assay_declaration_is_bound(uint64_t bound_weight, uint64_t table_weight)
{
    ASSAY_ASSERT(bound_weight <= table_weight && table_weight <= UINT64_MAX / 3);
    return 3 * bound_weight > table_weight;
}

enum assay_keys_state assay_declaration_state(const struct assay_declaration *d,
                                              const struct assay_keys_facts *facts)
{
    ASSAY_ASSERT(declaration_is_valid(d));
    ASSAY_ASSERT(d->keys_epoch <= facts->closed && facts->pass_epoch <= facts->closed);
    if (!facts->serves) return ASSAY_KEYS_STAGE;
    if (d->keys_epoch == 0 || d->keys_epoch != facts->pass_epoch) return ASSAY_KEYS_UNBOUND;
    if (facts->closed - d->keys_epoch > ASSAY_KEYS_AGE_MAX) return ASSAY_KEYS_OLD;
    if (facts->maintenance) return ASSAY_KEYS_MAINTENANCE;
    return facts->standing > facts->min_standing ? ASSAY_KEYS_STANDING : ASSAY_KEYS_ACTIVE;
}

const char *assay_keys_state_text(enum assay_keys_state state)
{
    switch (state) {
    case ASSAY_KEYS_ACTIVE: return "active";
    case ASSAY_KEYS_UNBOUND: return "the newest certified PASS bound no keys";
    case ASSAY_KEYS_OLD: return "no certified PASS for more than 3 epochs";
    case ASSAY_KEYS_STANDING: return "the standing of the member is too low";
    case ASSAY_KEYS_MAINTENANCE: return "the member is in maintenance";
    case ASSAY_KEYS_STAGE: return "the member rests or left";
    }
    return "unknown";
}

void assay_declaration_put(struct assay_writer *w, const struct assay_declaration *d)
{
    ASSAY_ASSERT(declaration_is_valid(d));
    assay_cbor_put_array(w, d->grant_count > 0 ? WITH_GRANTS : ITEMS);
    assay_cbor_put_array(w, d->count);
    for (uint32_t i = 0; i < d->count; i++) {
        assay_cbor_put_array(w, 2);
        assay_cbor_put_uint(w, d->roots[i].since_epoch);
        if (d->roots[i].binds) assay_cbor_put_bytes(w, d->roots[i].root, 32);
        else assay_cbor_put_null(w);
    }
    assay_cbor_put_uint(w, d->keys_epoch);
    if (d->keys_epoch > 0) assay_cbor_put_bytes(w, d->keys_root, 32);
    else assay_cbor_put_null(w);
    if (d->grant_count == 0) return;
    assay_cbor_put_array(w, d->grant_count);
    for (uint32_t i = 0; i < d->grant_count; i++)
        assay_cbor_put_bytes(w, d->grants[i], 32);
}

static enum assay_status read_grants(struct assay_cursor *c, struct assay_declaration *d)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_DECLARED_GRANTS_MAX, &count));
    if (count == 0) return ASSAY_E_ENCODING; /* left out then */
    for (uint64_t i = 0; i < count; i++)
        ASSAY_TRY(assay_cbor_bytes_exact(c, d->grants[i], 32));
    d->grant_count = (uint32_t)count;
    return ASSAY_OK;
}

enum assay_status assay_declaration_read(struct assay_cursor *c, struct assay_declaration *d)
{
    struct assay_declaration read = { 0 };
    uint64_t count = 0;
    bool present = false;
    uint64_t items = 0;
    ASSAY_TRY(assay_cbor_array(c, WITH_GRANTS, &items));
    if (items < ITEMS) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_DECLARED_ROOTS_MAX, &count));
    if (count == 0) return ASSAY_E_ENCODING; /* left out then */
    read.count = (uint32_t)count;
    for (uint32_t i = 0; i < read.count; i++) {
        struct assay_declared_root *r = &read.roots[i];
        ASSAY_TRY(assay_cbor_array_exact(c, 2));
        ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &r->since_epoch));
        ASSAY_TRY(assay_leaf_read_hash(c, &r->binds, r->root));
    }
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &read.keys_epoch));
    ASSAY_TRY(assay_leaf_read_hash(c, &present, read.keys_root));
    if (items == WITH_GRANTS) ASSAY_TRY(read_grants(c, &read));
    if (present != (read.keys_epoch > 0) || !declaration_is_valid(&read)) return ASSAY_E_ENCODING;
    *d = read;
    return ASSAY_OK;
}
