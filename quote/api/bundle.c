/*
 * quote/api/bundle.c - bundles of collateral under one root, from the pieces of a set: Intel's, and
 * other vendors'.
 *
 * Where the files of a set leave a choice (two editions of a document, several platform families),
 * evidence and time decide, so its bundle of Intel's is built when the evidence is there: some
 * milliseconds each time. A set of one family has its bundle once and for all.
 */
#include "quote/api/api.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/pieces/choose.h"
#include "quote/pieces/gather.h"

#include <stdlib.h>

/* --- once, when the set or the root is added */
static enum assay_status add_trust(struct assay_trust *t, const struct assay_key *root,
                                   const struct assay_collateral_files *files)
{
    if (t->built_count == ASSAY_ENDORSEMENTS_MAX) return ASSAY_E_FULL;
    struct assay_collateral *const c = calloc(1, sizeof *c);
    if (c == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status = assay_collateral_build(files, root, c);
    if (status != ASSAY_OK) {
        free(c);
        return status;
    }
    t->built[t->built_count++] = c;
    ASSAY_ASSERT(t->built_count <= ASSAY_ENDORSEMENTS_MAX);
    return ASSAY_OK;
}

static enum assay_status add_intel(struct assay_trust *t, const struct assay_key *root,
                                   struct assay_trust_set *set)
{
    ASSAY_ASSERT(set->is_intel && set->found != NULL);
    const struct assay_collateral_wanted anything = { 0 };
    struct assay_choice *const choice = calloc(1, sizeof *choice);
    if (choice == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = assay_choose(set->found, &anything, choice);
    if (status == ASSAY_OK) set->is_certain = choice->is_certain;
    if (status == ASSAY_OK && set->is_certain) status = add_trust(t, root, &choice->files);
    free(choice);
    return status;
}

/* Has the set a list by that root, or one that cannot be read and might be? */
static enum assay_status has_list_of(const struct assay_trust_set *set,
                                     const struct assay_key *root, bool *has)
{
    ASSAY_ASSERT(set->found != NULL && set->found->count <= ASSAY_RECOGNISED_MAX);
    struct assay_crl *const crl = malloc(sizeof *crl);
    enum assay_status status = crl == NULL ? ASSAY_E_MEMORY : ASSAY_OK;
    *has = false;
    for (size_t i = 0; i < set->found->count && !*has; i++) {
        const struct assay_recognised *const it = &set->found->pieces[i];
        if (status != ASSAY_OK || it->shape != ASSAY_SHAPE_CRL) continue;
        *has = it->status != ASSAY_OK;
        if (*has) break;
        status = assay_x509_crl(it->bytes.bytes, it->bytes.len, crl);
        if (status == ASSAY_OK) status = assay_chain_signed(root, crl->tbs_digest, &crl->signature);
        *has = status == ASSAY_OK;
        if (assay_status_class(status) != ASSAY_CLASS_HOST) status = ASSAY_OK;
    }
    free(crl);
    return status;
}

enum assay_status assay_api_bundle(struct assay_trust *t, const struct assay_policy_root *root,
                                   struct assay_trust_set *set)
{
    ASSAY_ASSERT(root->kinds != 0);
    ASSAY_ASSERT(set->found != NULL && set->found->count <= ASSAY_RECOGNISED_MAX);
    const bool for_intel = set->is_intel && (root->kinds & ASSAY_API_KINDS_INTEL) != 0;
    bool for_others = (root->kinds & ~ASSAY_API_KINDS_INTEL) != 0;
    struct assay_gathered *const gathered = calloc(1, sizeof *gathered);
    if (gathered == NULL) return ASSAY_E_MEMORY;
    enum assay_status status =
        assay_collateral_gather(set->found, &root->key, for_others, gathered);
    for (size_t i = 0; status == ASSAY_OK && i < set->found->count; i++)
        set->leads[i] = set->leads[i] || gathered->leads[i];
    if (status == ASSAY_OK && for_others && set->is_intel && gathered->count == 0 &&
        gathered->rims_len == 0 && gathered->ocsp_len == 0) {
        for_others = false;
        status = has_list_of(set, &root->key, &for_others);
    }
    if (status == ASSAY_OK && for_intel) status = add_intel(t, &root->key, set);
    if (status == ASSAY_OK && for_others) status = add_trust(t, &root->key, &gathered->files);
    free(gathered);
    return status;
}

/* --- lists in sets without documents of Intel's */
struct open_lists {
    size_t count, len;
    struct assay_slice list[ASSAY_LISTS_MAX];
};

/* Each once. Returns: false when they are more than one bundle holds */
static bool collect_lists(const struct assay_trust_set *set, bool sound, struct open_lists *out)
{
    for (size_t i = 0; i < set->found->count; i++) {
        const struct assay_recognised *const it = &set->found->pieces[i];
        bool is_there = false;
        if (it->shape != ASSAY_SHAPE_CRL || (it->status == ASSAY_OK) != sound) continue;
        for (size_t k = 0; k < out->count && !is_there; k++)
            is_there = assay_slice_equal(out->list[k], it->bytes);
        if (is_there) continue;
        if (out->count == ASSAY_LISTS_MAX || it->bytes.len > ASSAY_PART_LEN_MAX - out->len)
            return false;
        out->list[out->count++] = it->bytes;
        out->len += it->bytes.len;
        ASSAY_ASSERT(out->len <= ASSAY_PART_LEN_MAX);
    }
    return true;
}

static enum assay_status build_lists(const struct assay_trust *t, struct assay_slice lists,
                                     struct assay_api_lists *out)
{
    const struct assay_collateral_files files = { .part[ASSAY_PART_CRL] = lists };
    ASSAY_ASSERT(lists.len > 0 && t->root_count <= ASSAY_TRUST_ROOTS_MAX);
    for (size_t r = 0; r < t->root_count; r++) {
        if ((t->roots[r].kinds & ASSAY_API_KINDS_INTEL) == 0) continue;
        struct assay_collateral *const c = calloc(1, sizeof *c);
        if (c == NULL) return ASSAY_E_MEMORY;
        out->of_root[r] = c;
        ASSAY_TRY(assay_collateral_build(&files, &t->roots[r].key, c));
    }
    return ASSAY_OK;
}

enum assay_status assay_api_bundle_lists(const struct assay_trust *t, size_t sets,
                                         struct assay_api_lists *out)
{
    struct open_lists found = { 0 };
    *out = (struct assay_api_lists){ 0 };
    ASSAY_ASSERT(sets <= ASSAY_TRUST_SETS_MAX);
    /* Those that cannot be read stand last: the others are read all the same. */
    for (int sound = 1; sound >= 0; sound--)
        for (size_t i = 0; i < sets && !out->must_choose; i++)
            if (!t->sets[i].is_intel)
                out->must_choose = !collect_lists(&t->sets[i], sound == 1, &found);
    if (out->must_choose || found.count == 0) return ASSAY_OK;
    uint8_t *const bytes = malloc(found.len + 1);
    if (bytes == NULL) return ASSAY_E_MEMORY;
    size_t len = 0;
    for (size_t i = 0; i < found.count; i++) {
        assay_bytes_copy(bytes + len, found.len - len, found.list[i].bytes, found.list[i].len);
        len += found.list[i].len;
    }
    const enum assay_status status = build_lists(t, assay_slice_over(bytes, len), out);
    free(bytes);
    return status;
}

void assay_api_lists_free(struct assay_api_lists *lists)
{
    for (size_t r = 0; r < ASSAY_TRUST_ROOTS_MAX; r++)
        free(lists->of_root[r]);
    *lists = (struct assay_api_lists){ 0 };
}

/* --- for one piece of evidence */
bool assay_api_must_choose(const struct assay_trust *t, enum assay_evidence_kind kind)
{
    ASSAY_ASSERT(t->set_count <= ASSAY_TRUST_SETS_MAX);
    size_t intel = 0;
    if ((ASSAY_API_KINDS_INTEL & ASSAY_KIND_BIT(kind)) == 0) return false;
    for (size_t i = 0; i < t->set_count; i++) {
        if (t->sets[i].is_intel && !t->sets[i].is_certain) return true;
        intel += t->sets[i].is_intel;
    }
    if (t->lists.must_choose && intel > 0) return true;
    /* Reports what is missing in a bundle for this evidence. */
    return t->exact && intel == 0 && t->set_count > 0;
}

static enum assay_status choose_collateral(const struct assay_trust *t,
                                           const struct assay_trust_set *set,
                                           const struct assay_collateral_wanted *wanted,
                                           struct assay_choice *choice, struct assay_chosen *out)
{
    ASSAY_ASSERT(t->root_count <= ASSAY_TRUST_ROOTS_MAX);
    ASSAY_TRY(assay_choose(set->found, wanted, choice));
    if (!set->is_intel && !t->exact && choice->files.part[ASSAY_PART_ROOT_CRL].len == 0 &&
        choice->files.part[ASSAY_PART_PCK_CRL].len == 0 &&
        choice->files.part[ASSAY_PART_CRL].len == 0)
        return ASSAY_OK; /* no list of the evidence's own authorities */
    for (size_t r = 0; r < t->root_count; r++) {
        const struct assay_policy_root *const root = &t->roots[r];
        if ((root->kinds & ASSAY_API_KINDS_INTEL) == 0) continue;
        /* Other roots than the evidence's own need no bundle. */
        if (wanted->has_chain && !assay_key_equal(&wanted->root.key, &root->key)) continue;
        if (out->all.count == ASSAY_ENDORSEMENTS_MAX) return ASSAY_E_FULL;
        struct assay_collateral *const c = calloc(1, sizeof *c);
        if (c == NULL) return ASSAY_E_MEMORY;
        ASSAY_ASSERT(out->own_count == out->all.count);
        out->own[out->own_count++] = c;
        out->all.entries[out->all.count++] =
            (struct assay_endorsement){ root->key, root->kinds & ASSAY_API_KINDS_INTEL, c };
        ASSAY_TRY(assay_collateral_build(&choice->files, &root->key, c));
    }
    return ASSAY_OK;
}

/* The sets with documents first: of bundles that fit equally the first one is reported. */
static enum assay_status choose_sets(const struct assay_trust *t,
                                     const struct assay_collateral_wanted *wanted,
                                     struct assay_choice *choice, struct assay_chosen *out)
{
    const bool with_others = t->exact || t->lists.must_choose;
    for (int documents = 1; documents >= (with_others ? 0 : 1); documents--)
        for (size_t i = 0; i < t->set_count; i++)
            if (t->sets[i].is_intel == (documents == 1))
                ASSAY_TRY(choose_collateral(t, &t->sets[i], wanted, choice, out));
    for (size_t r = 0; r < t->root_count; r++) {
        if (t->lists.of_root[r] == NULL) continue;
        if (out->all.count == ASSAY_ENDORSEMENTS_MAX) return ASSAY_E_FULL;
        out->all.entries[out->all.count++] =
            (struct assay_endorsement){ t->roots[r].key, t->roots[r].kinds & ASSAY_API_KINDS_INTEL,
                                        t->lists.of_root[r] };
    }
    return ASSAY_OK;
}

/* What is known of devices: they may have come with a quote of Intel's. */
static enum assay_status add_devices(const struct assay_trust *t, struct assay_chosen *out)
{
    ASSAY_ASSERT(t->endorsements.count <= ASSAY_ENDORSEMENTS_MAX);
    for (size_t i = 0; i < t->endorsements.count; i++) {
        const struct assay_endorsement *const e = &t->endorsements.entries[i];
        if ((e->kinds & ASSAY_KINDS_NVIDIA) == 0 || e->collateral == NULL) continue;
        if (out->all.count == ASSAY_ENDORSEMENTS_MAX) return ASSAY_E_FULL;
        out->all.entries[out->all.count++] =
            (struct assay_endorsement){ e->root, e->kinds & ASSAY_KINDS_NVIDIA, e->collateral };
    }
    return ASSAY_OK;
}

enum assay_status assay_api_choose(const struct assay_trust *t, enum assay_evidence_kind kind,
                                   struct assay_slice evidence, int64_t at_unix_s,
                                   struct assay_chosen *out)
{
    struct assay_collateral_wanted wanted;
    *out = (struct assay_chosen){ .all.exact = t->exact };
    ASSAY_TRY(assay_collateral_wanted(kind, evidence.bytes, evidence.len, at_unix_s, &wanted));
    struct assay_choice *const choice = calloc(1, sizeof *choice);
    if (choice == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = choose_sets(t, &wanted, choice, out);
    if (status == ASSAY_OK) status = add_devices(t, out);
    for (size_t r = 0; r < t->root_count && status == ASSAY_OK; r++) {
        if (out->all.count == ASSAY_ENDORSEMENTS_MAX) status = ASSAY_E_FULL;
        else
            out->all.entries[out->all.count++] =
                (struct assay_endorsement){ t->roots[r].key, t->roots[r].kinds, NULL };
    }
    ASSAY_ASSERT(out->own_count <= out->all.count);
    free(choice);
    return status;
}

void assay_api_chosen_free(struct assay_chosen *chosen)
{
    ASSAY_ASSERT(chosen->own_count <= ASSAY_ENDORSEMENTS_MAX);
    for (size_t i = 0; i < chosen->own_count; i++)
        free(chosen->own[i]);
    chosen->own_count = chosen->all.count = 0;
}
