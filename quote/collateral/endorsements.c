/*
 * quote/collateral/endorsements.c - encoding of the collateral of a complete network.
 */
#include "quote/collateral/endorsements.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "quote/certificates/chain.h"

/* ------------------------------------------------------------ encoding */

int assay_endorsement_compare(const struct assay_endorsement_files *a,
                              const struct assay_endorsement_files *b)
{
    ASSAY_ASSERT(a->root.len <= ASSAY_KEY_BYTES_MAX && b->root.len <= ASSAY_KEY_BYTES_MAX);
    if (a->root.len != b->root.len) return a->root.len < b->root.len ? -1 : 1;
    int order = assay_bytes_compare(a->root.bytes, b->root.bytes, a->root.len);
    if (order == 0 && a->kinds != b->kinds) order = a->kinds < b->kinds ? -1 : 1;
    if (order != 0) return order;
    uint8_t left[32], right[32];
    assay_collateral_digest(&a->files, left);
    assay_collateral_digest(&b->files, right);
    return assay_bytes_compare(left, right, sizeof left);
}

/*
 * A byte string starts with its length: the bundle is encoded once to count it, in the space where
 * it will stand, and once more behind its head.
 */
static enum assay_status put_bundle(const struct assay_collateral_files *files,
                                    struct assay_writer *w)
{
    ASSAY_ASSERT(w->len <= w->capacity);
    struct assay_writer dry = assay_writer_over(w->bytes + w->len, w->capacity - w->len);
    assay_collateral_encode(files, &dry);
    struct assay_slice bundle = { NULL, 0 };
    ASSAY_TRY(assay_writer_finish(&dry, &bundle));
    if (bundle.len > ASSAY_BUNDLE_LEN_MAX) return ASSAY_E_RANGE;
    assay_cbor_put_bytes_head(w, bundle.len);
    assay_collateral_encode(files, w);
    return ASSAY_OK;
}

enum assay_status assay_endorsements_encode(const struct assay_endorsement_files *entries,
                                            size_t count, struct assay_writer *w)
{
    if (count == 0 || count > ASSAY_ENDORSEMENTS_MAX) return ASSAY_E_RANGE;
    for (size_t i = 1; i < count; i++)
        if (assay_endorsement_compare(&entries[i - 1], &entries[i]) >= 0) return ASSAY_E_INVALID;
    for (size_t i = 0; i < count; i++)
        if (entries[i].kinds == 0) return ASSAY_E_RANGE;

    assay_cbor_put_array(w, count);
    for (size_t i = 0; i < count; i++) {
        assay_cbor_put_array(w, 3);
        assay_cbor_put_bytes(w, entries[i].root.bytes, entries[i].root.len);
        assay_cbor_put_uint(w, entries[i].kinds);
        ASSAY_TRY(put_bundle(&entries[i].files, w));
    }
    return w->full ? ASSAY_E_FULL : ASSAY_OK;
}

/* ------------------------------------------------------------ decoding */

static enum assay_status read_entry(struct assay_cursor *c, struct assay_endorsement_files *entry)
{
    uint64_t kinds = 0;
    struct assay_slice bundle = { NULL, 0 };
    struct assay_slice root = { NULL, 0 };
    ASSAY_TRY(assay_cbor_array_exact(c, 3));
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_KEY_BYTES_MAX, &root));
    const enum assay_key_type type = assay_key_type_of_len(root.len);
    if (type == ASSAY_KEY_NONE) return ASSAY_E_RANGE;
    assay_key_from(&entry->root, type, root.bytes, root.len);
    ASSAY_TRY(assay_cbor_uint_max(c, UINT32_MAX, &kinds));
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_BUNDLE_LEN_MAX, &bundle));
    if (kinds == 0) return ASSAY_E_RANGE; /* it would vouch for nothing */
    entry->kinds = (uint32_t)kinds;
    return assay_collateral_decode(bundle.bytes, bundle.len, &entry->files);
}

enum assay_status assay_endorsements_count(const uint8_t *bytes, size_t len, size_t *count)
{
    struct assay_cursor c = assay_cursor_over(bytes, len);
    uint64_t found = 0;
    ASSAY_TRY(assay_cbor_array(&c, ASSAY_ENDORSEMENTS_MAX, &found));
    if (found == 0) return ASSAY_E_RANGE;
    *count = (size_t)found;
    return ASSAY_OK;
}

/*
 * The root of CCA is the platform's own key (quote/cca/cca.c): no certificate leads to it and no
 * list withdraws it, so an entry for that kind is empty. Every other entry has the certificates and
 * lists of its root.
 */
static bool is_bare(const struct assay_endorsement *e)
{
    return e->kinds == ASSAY_KINDS_CCA;
}

static bool same_family(const struct assay_collateral *a, const struct assay_collateral *b)
{
    return a->tcb_info.tee == b->tcb_info.tee &&
           assay_bytes_equal(a->tcb_info.fmspc, b->tcb_info.fmspc, sizeof a->tcb_info.fmspc) &&
           assay_dn_equal(&a->pck_crl.issuer, &b->pck_crl.issuer);
}

/* Two lists of one authority, by its name or by its key, which are not one list. */
static bool list_differs(const struct assay_list *a, const struct assay_list *b)
{
    const bool same_key = assay_bytes_equal(a->issuer_name, b->issuer_name, sizeof a->issuer_name);
    if (!a->has_issuer || !b->has_issuer) return false;
    return (same_key || assay_dn_equal(&a->crl.issuer, &b->crl.issuer)) &&
           !assay_bytes_equal(a->crl.tbs_digest, b->crl.tbs_digest, sizeof a->crl.tbs_digest);
}

static bool lists_differ(const struct assay_collateral *a, const struct assay_collateral *b)
{
    ASSAY_ASSERT(a->list_count <= ASSAY_LISTS_MAX && b->list_count <= ASSAY_LISTS_MAX);
    for (size_t i = 0; i < a->list_count; i++)
        for (size_t k = 0; k < b->list_count; k++)
            if (list_differs(&a->lists[i], &b->lists[k])) return true;
    return false;
}

/* In a network one authority has one list: which of two counts would hang on the time. */
static bool has_doubles(const struct assay_collateral *c)
{
    ASSAY_ASSERT(c->list_count <= ASSAY_LISTS_MAX);
    for (size_t i = 0; i < c->list_count; i++)
        for (size_t k = 0; k < i; k++)
            if (list_differs(&c->lists[i], &c->lists[k])) return true;
    return false;
}

bool assay_endorsement_is_of_devices(const struct assay_endorsement *e)
{
    ASSAY_ASSERT(e->collateral != NULL);
    return e->collateral->given[ASSAY_PART_OCSP] || e->collateral->given[ASSAY_PART_RIM];
}

static bool is_sound(const struct assay_endorsement *e)
{
    if (!is_bare(e)) return assay_collateral_sound(e->collateral) && !has_doubles(e->collateral);
    for (size_t i = 0; i < ASSAY_PARTS; i++)
        if (e->collateral->given[i]) return false;
    return true;
}

/* Two certificates of one key, which are not one certificate. */
static bool certificates_differ(const struct assay_collateral *a, const struct assay_collateral *b)
{
    ASSAY_ASSERT(a->certificate_count <= ASSAY_CHAIN_MAX);
    ASSAY_ASSERT(b->certificate_count <= ASSAY_CHAIN_MAX);
    for (size_t i = 0; i < a->certificate_count; i++)
        for (size_t k = 0; k < b->certificate_count; k++) {
            const struct assay_certificate *const left = &a->certificates[i];
            const struct assay_certificate *const right = &b->certificates[k];
            if (assay_key_equal(&left->key, &right->key) &&
                !assay_bytes_equal(left->digest, right->digest, sizeof left->digest))
                return true;
        }
    return false;
}

/*
 * Would both be chosen for one platform? Their order would then decide which one counts.
 *
 * Intel's are chosen by platform family (quote/intel/dcap.c). Those of the other vendors name none:
 * every one under the root is searched for a way (quote/amd/snp_vek.c, quote/tpm/tpm_trust.c), so
 * they coexist unless they contradict each other about one authority or one key.
 */
static bool are_rivals(const struct assay_endorsement *a, const struct assay_endorsement *b)
{
    const struct assay_collateral *const left = a->collateral;
    const struct assay_collateral *const right = b->collateral;
    const bool is_intel = left->given[ASSAY_PART_TCB_INFO];
    if ((a->kinds & b->kinds) == 0 || !assay_key_equal(&a->root, &b->root)) return false;
    if (is_bare(a) || is_bare(b)) return true; /* one key would be written down twice */
    if (is_intel != right->given[ASSAY_PART_TCB_INFO]) return false;
    if (is_intel) return same_family(left, right);
    return lists_differ(left, right) || certificates_differ(left, right);
}

/* The head: how many entries follow. */
static enum assay_status read_head(struct assay_cursor *c, size_t capacity, size_t *count)
{
    uint64_t found = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_ENDORSEMENTS_MAX, &found));
    if (found == 0) return ASSAY_E_RANGE;
    if (found > capacity) return ASSAY_E_FULL;
    *count = (size_t)found;
    return ASSAY_OK;
}

/* The next one, above previous (NULL: the first). */
static enum assay_status read_next(struct assay_cursor *c,
                                   const struct assay_endorsement_files *previous,
                                   struct assay_endorsement_files *entry)
{
    ASSAY_TRY(read_entry(c, entry));
    if (previous != NULL && assay_endorsement_compare(previous, entry) >= 0) return ASSAY_E_INVALID;
    ASSAY_ASSERT(entry->kinds != 0 && entry->root.type != ASSAY_KEY_NONE);
    return ASSAY_OK;
}

enum assay_status assay_endorsements_read(const uint8_t *bytes, size_t len,
                                          struct assay_collateral *collateral, size_t capacity,
                                          struct assay_endorsements *out)
{
    struct assay_cursor c = assay_cursor_over(bytes, len);
    struct assay_endorsement_files entry, previous = { 0 };
    struct assay_endorsements built = { 0 };
    ASSAY_TRY(read_head(&c, capacity, &built.count));
    ASSAY_ASSERT(collateral != NULL && built.count <= capacity);
    for (size_t i = 0; i < built.count; i++) {
        ASSAY_TRY(read_next(&c, i > 0 ? &previous : NULL, &entry));
        ASSAY_TRY(assay_collateral_build(&entry.files, &entry.root, &collateral[i]));
        built.entries[i].root = entry.root;
        built.entries[i].kinds = entry.kinds;
        built.entries[i].collateral = &collateral[i];
        previous = entry;
    }
    ASSAY_TRY(assay_cursor_end(&c));
    *out = built;
    return ASSAY_OK;
}

enum assay_status assay_endorsements_sound(const struct assay_endorsements *all, size_t *which)
{
    ASSAY_ASSERT(all->count <= ASSAY_ENDORSEMENTS_MAX);
    for (size_t i = 0; i < all->count; i++) {
        *which = i;
        if (!is_sound(&all->entries[i])) return ASSAY_E_INVALID;
    }
    for (size_t i = 0; i < all->count; i++)
        for (size_t k = 0; k < i; k++) {
            *which = i;
            if (are_rivals(&all->entries[i], &all->entries[k])) return ASSAY_E_DUPLICATE;
        }
    return ASSAY_OK;
}

enum assay_status assay_endorsements_decode(const uint8_t *bytes, size_t len,
                                            struct assay_collateral *collateral, size_t capacity,
                                            struct assay_endorsements *out)
{
    size_t which = 0;
    struct assay_endorsements built;
    ASSAY_TRY(assay_endorsements_read(bytes, len, collateral, capacity, &built));
    ASSAY_TRY(assay_endorsements_sound(&built, &which));
    *out = built;
    return ASSAY_OK;
}

enum assay_status assay_endorsements_files(const uint8_t *bytes, size_t len,
                                           struct assay_endorsement_files *entries, size_t capacity,
                                           size_t *count)
{
    struct assay_cursor c = assay_cursor_over(bytes, len);
    size_t found = 0;
    ASSAY_TRY(read_head(&c, capacity, &found));
    ASSAY_ASSERT(found > 0 && found <= capacity);
    for (size_t i = 0; i < found; i++)
        ASSAY_TRY(read_next(&c, i > 0 ? &entries[i - 1] : NULL, &entries[i]));
    ASSAY_TRY(assay_cursor_end(&c));
    *count = found;
    return ASSAY_OK;
}
