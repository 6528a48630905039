/*
 * quote/api/trust.c - roots and collateral of one user, paired into endorsements.
 *
 * A set of collateral is built under every root that its kind of parts can belong to; the chain of
 * the evidence decides which root counts. All or nothing: a call that fails leaves the trust as it
 * was.
 */
#include "quote/api/api.h"

#include "base/assert.h"
#include "quote/json.h"

#include <stdlib.h>

_Static_assert(ASSAY_FILE_LEN_MAX == ASSAY_PART_LEN_MAX, "one bound");

enum assay_status assay_trust_create(struct assay_trust **trust)
{
    if (trust == NULL) return ASSAY_E_INVALID;
    struct assay_trust *const made = calloc(1, sizeof *made);
    if (made == NULL) return ASSAY_E_MEMORY;
    *trust = made;
    return ASSAY_OK;
}

static void drop_built(struct assay_trust *t, size_t from)
{
    ASSAY_ASSERT(from <= t->built_count && t->built_count <= ASSAY_ENDORSEMENTS_MAX);
    while (t->built_count > from) {
        t->built_count -= 1;
        free(t->built[t->built_count]);
    }
}

void assay_trust_destroy(struct assay_trust **trust)
{
    if (trust == NULL || *trust == NULL) return;
    drop_built(*trust, 0);
    assay_api_lists_free(&(*trust)->lists);
    for (size_t i = 0; i < (*trust)->set_count; i++)
        assay_api_forget(&(*trust)->sets[i]);
    free((*trust)->pieces);
    free(*trust);
    *trust = NULL;
}

/* --- pairs */
/*
 * The table that the core reads, by root: one entry for each bundle built under it, and one without
 * for the kinds that no set serves. Bundles stand in the order in which they were built, so the
 * ones of a root are found by its key. Lists of sets without documents stand behind these.
 */
static enum assay_status list_bundles(struct assay_trust *t, const struct assay_api_lists *lists)
{
    ASSAY_ASSERT(t->root_count <= ASSAY_TRUST_ROOTS_MAX &&
                 t->built_count <= ASSAY_ENDORSEMENTS_MAX);
    struct assay_endorsements all = { .exact = t->exact };
    for (size_t r = 0; r < t->root_count; r++) {
        const struct assay_policy_root *const root = &t->roots[r];
        uint32_t left = root->kinds;
        for (size_t i = 0; i < t->built_count; i++) {
            if (!assay_key_equal(&t->built[i]->root, &root->key)) continue;
            const bool is_intel = t->built[i]->given[ASSAY_PART_TCB_INFO] ||
                                  t->built[i]->given[ASSAY_PART_QE_IDENTITY];
            const uint32_t kinds =
                root->kinds & (is_intel ? ASSAY_API_KINDS_INTEL : ~ASSAY_API_KINDS_INTEL);
            if (all.count == ASSAY_ENDORSEMENTS_MAX) return ASSAY_E_FULL;
            all.entries[all.count++] = (struct assay_endorsement){ root->key, kinds, t->built[i] };
            left &= ~kinds;
        }
        if (lists->of_root[r] != NULL) {
            const uint32_t kinds = root->kinds & ASSAY_API_KINDS_INTEL;
            if (all.count == ASSAY_ENDORSEMENTS_MAX) return ASSAY_E_FULL;
            all.entries[all.count++] =
                (struct assay_endorsement){ root->key, kinds, lists->of_root[r] };
            left &= ~kinds;
        }
        if (left == 0) continue;
        if (all.count == ASSAY_ENDORSEMENTS_MAX) return ASSAY_E_FULL;
        all.entries[all.count++] = (struct assay_endorsement){ root->key, left, NULL };
    }
    ASSAY_ASSERT(all.count <= ASSAY_ENDORSEMENTS_MAX);
    t->endorsements = all;
    return ASSAY_OK;
}

/* The last step of an addition: with another status than ASSAY_OK the table is as it was. */
static enum assay_status list_entries(struct assay_trust *t, size_t sets)
{
    struct assay_api_lists lists;
    enum assay_status status = assay_api_bundle_lists(t, sets, &lists);
    if (status == ASSAY_OK) status = list_bundles(t, &lists);
    assay_api_lists_free(status == ASSAY_OK ? &t->lists : &lists);
    if (status == ASSAY_OK) t->lists = lists;
    return status;
}

/* Of the pieces that bare evidence is put together with. */
static void list_leads(struct assay_trust *t)
{
    size_t count = 0;
    for (size_t i = 0; i < t->set_count; i++)
        for (size_t k = 0; k < t->sets[i].found->count; k++)
            t->leads[count++] = t->sets[i].leads[k];
    ASSAY_ASSERT(count == t->piece_count);
}

/* --- roots */
static enum assay_status add_root(struct assay_trust *t, const struct assay_key *key,
                                  uint32_t kinds)
{
    if (kinds == 0) return ASSAY_E_INVALID;
    for (size_t i = 0; i < t->root_count; i++) {
        if (!assay_key_equal(&t->roots[i].key, key)) continue;
        /* The same key once more would only double its bundles. */
        if ((t->roots[i].kinds | kinds) == t->roots[i].kinds) return ASSAY_OK;
        return ASSAY_E_DUPLICATE;
    }
    if (t->root_count == ASSAY_TRUST_ROOTS_MAX) return ASSAY_E_FULL;
    ASSAY_ASSERT(t->set_count <= ASSAY_TRUST_SETS_MAX);
    struct assay_policy_root *const root = &t->roots[t->root_count];
    const size_t before = t->built_count;
    bool leads[ASSAY_TRUST_SETS_MAX][ASSAY_RECOGNISED_MAX];
    for (size_t i = 0; i < t->set_count; i++)
        assay_bytes_copy(leads[i], sizeof leads[i], t->sets[i].leads, sizeof leads[i]);
    *root = (struct assay_policy_root){ .key = *key, .kinds = kinds };
    enum assay_status status = ASSAY_OK;
    for (size_t i = 0; i < t->set_count && status == ASSAY_OK; i++)
        status = assay_api_bundle(t, root, &t->sets[i]);
    t->root_count += 1;
    if (status == ASSAY_OK) status = list_entries(t, t->set_count);
    if (status == ASSAY_OK) {
        list_leads(t);
        return ASSAY_OK;
    }
    t->root_count -= 1;
    drop_built(t, before);
    ASSAY_ASSERT(t->built_count == before);
    for (size_t i = 0; i < t->set_count; i++)
        assay_bytes_copy(t->sets[i].leads, sizeof leads[i], leads[i], sizeof leads[i]);
    return status;
}

enum assay_status assay_trust_add_pinned(struct assay_trust *trust)
{
    struct assay_key key;
    uint32_t kinds = 0;
    if (trust == NULL) return ASSAY_E_INVALID;
    for (int i = 0; i < ASSAY_PINNED_ROOTS; i++) {
        ASSAY_TRY(assay_pinned_root((enum assay_pinned_root)i, &key, &kinds));
        ASSAY_TRY(add_root(trust, &key, kinds));
    }
    return ASSAY_OK;
}

enum assay_status assay_trust_add_root(struct assay_trust *trust, const uint8_t *bytes, size_t len,
                                       uint32_t kinds)
{
    struct assay_key key;
    if (trust == NULL || bytes == NULL || kinds == 0) return ASSAY_E_INVALID;
    if (len > ASSAY_PEM_MAX) return ASSAY_E_RANGE;
    enum assay_status status = assay_doc_web_key(bytes, len, &key);
    if (status == ASSAY_E_NOT_FOUND) status = assay_x509_root(bytes, len, &key);
    if (status != ASSAY_OK) return status;
    return add_root(trust, &key, kinds);
}

enum assay_status assay_trust_add_policy_roots(struct assay_trust *trust,
                                               const struct assay_policy *policy)
{
    if (trust == NULL || policy == NULL) return ASSAY_E_INVALID;
    ASSAY_ASSERT(policy->root_count <= ASSAY_POLICY_ROOTS_MAX);
    for (uint32_t i = 0; i < policy->root_count; i++)
        ASSAY_TRY(add_root(trust, &policy->roots[i].key, policy->roots[i].kinds));
    return ASSAY_OK;
}

/* --- collateral */
static bool are_fit(const struct assay_bytes *files, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (files[i].bytes == NULL && files[i].len > 0) return false;
    return true;
}

/* Pieces that bare evidence is put together with. */
static enum assay_status list_pieces(struct assay_trust *t, const struct assay_trust_set *set)
{
    const size_t count = t->piece_count + set->found->count;
    ASSAY_ASSERT(count > 0);
    struct assay_recognised *const all = realloc(t->pieces, count * sizeof *all);
    if (all == NULL) return ASSAY_E_MEMORY;
    for (size_t i = 0; i < set->found->count; i++)
        all[t->piece_count + i] = set->found->pieces[i];
    t->pieces = all;
    t->piece_count = count;
    return ASSAY_OK;
}

enum assay_status assay_trust_add_collateral(struct assay_trust *trust,
                                             const struct assay_bytes *files, size_t count)
{
    if (trust == NULL || (files == NULL && count > 0)) return ASSAY_E_INVALID;
    if (count > ASSAY_FILES_MAX) return ASSAY_E_RANGE;
    if (!are_fit(files, count)) return ASSAY_E_INVALID;
    for (size_t i = 0; i < count; i++)
        if (files[i].len > ASSAY_FILE_LEN_MAX) return ASSAY_E_RANGE;
    if (trust->set_count == ASSAY_TRUST_SETS_MAX) return ASSAY_E_FULL;

    struct assay_trust_set *const set = &trust->sets[trust->set_count];
    const size_t before = trust->built_count, pieces_before = trust->piece_count;
    ASSAY_TRY(assay_api_recognise(files, count, set));
    enum assay_status status = ASSAY_OK;
    for (size_t i = 0; i < trust->root_count && status == ASSAY_OK; i++)
        status = assay_api_bundle(trust, &trust->roots[i], set);
    if (status == ASSAY_OK) status = list_pieces(trust, set);
    if (status == ASSAY_OK) status = list_entries(trust, trust->set_count + 1);
    if (status != ASSAY_OK) {
        trust->piece_count = pieces_before;
        drop_built(trust, before);
        assay_api_forget(set);
        ASSAY_ASSERT(trust->built_count == before && set->found == NULL);
        return status;
    }
    trust->set_count += 1;
    ASSAY_ASSERT(trust->set_count <= ASSAY_TRUST_SETS_MAX);
    list_leads(trust);
    return ASSAY_OK;
}

enum assay_status assay_trust_get_piece(const struct assay_trust *trust, size_t index,
                                        struct assay_trust_piece *piece)
{
    if (trust == NULL || piece == NULL || piece->size < sizeof *piece) return ASSAY_E_INVALID;
    for (size_t i = 0; i < trust->set_count; i++) {
        const struct assay_trust_set *const set = &trust->sets[i];
        if (index >= set->found->count) {
            index -= set->found->count;
            continue;
        }
        const struct assay_recognised *const it = &set->found->pieces[index];
        ASSAY_ASSERT(it->file < set->found->file_count);
        *piece = (struct assay_trust_piece){
            .size = sizeof *piece,
            .set = i,
            .file = it->file,
            .name = assay_shape_text(it->shape),
            .status = assay_recognised_status(it, set->leads[index]),
        };
        return ASSAY_OK;
    }
    return ASSAY_E_NOT_FOUND;
}

size_t assay_trust_count_pieces(const struct assay_trust *trust)
{
    return trust == NULL ? 0 : trust->piece_count;
}

enum assay_status assay_trust_set_exact(struct assay_trust *trust, bool exact)
{
    if (trust == NULL) return ASSAY_E_INVALID;
    trust->exact = exact;
    trust->endorsements.exact = exact;
    return ASSAY_OK;
}
