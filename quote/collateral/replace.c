/*
 * quote/collateral/replace.c - replacement of the part of one root in a set (replace.h).
 */
#include "quote/collateral/replace.h"

#include "base/assert.h"
#include "quote/collateral/advance.h"
#include "quote/collateral/endorsements.h"
#include "quote/collateral/newer.h"

/* One bundle: its files, and their contents. */
struct side {
    const struct assay_collateral_files *files;
    const struct assay_collateral *built;
};

/* ------------------------------------------------------------ which piece is further */

/* Of two documents the evaluation number decides, then the date: a recovery that waited for its day
 * may have been signed before what is in force was renewed. */
static bool is_newer(uint32_t number, int64_t issue_unix_s, uint32_t next_number,
                     int64_t next_issue_unix_s)
{
    if (next_number != number) return next_number > number;
    return next_issue_unix_s >= issue_unix_s;
}

static const struct side *get_newer_side(enum assay_collateral_part part, const struct side *set,
                                         const struct side *offer)
{
    ASSAY_ASSERT((unsigned)part < ASSAY_PARTS);
    struct assay_setback ignored = { 0 };
    const struct assay_collateral *const a = set->built, *const b = offer->built;
    if (!b->has[part]) return set;
    if (!a->has[part]) return offer;
    if (part == ASSAY_PART_TCB_INFO)
        return is_newer(a->tcb_info.evaluation_number, a->tcb_info.issue_unix_s,
                        b->tcb_info.evaluation_number, b->tcb_info.issue_unix_s)
                   ? offer
                   : set;
    if (part == ASSAY_PART_QE_IDENTITY)
        return is_newer(a->qe_identity.evaluation_number, a->qe_identity.issue_unix_s,
                        b->qe_identity.evaluation_number, b->qe_identity.issue_unix_s)
                   ? offer
                   : set;
    return assay_collateral_part_advance(part, a, b, &ignored) == ASSAY_OK ? offer : set;
}

static void copy_part(struct assay_collateral_files *out, enum assay_collateral_part part,
                      const struct side *from)
{
    out->part[part] = from->files->part[part];
}

/* The chain that an identity is checked by: where it has none of its own, that of the TCB info. */
static struct assay_slice identity_chain(const struct side *from)
{
    const struct assay_slice own = from->files->part[ASSAY_PART_QE_CHAIN];
    return own.len > 0 ? own : from->files->part[ASSAY_PART_TCB_CHAIN];
}

/* Intel's: each document goes with the chain that it is checked by, the PCK list with its own. */
static void merge_documents(const struct side *set, const struct side *offer,
                            struct assay_collateral_files *out)
{
    const struct side *const info = get_newer_side(ASSAY_PART_TCB_INFO, set, offer);
    const struct side *const identity = get_newer_side(ASSAY_PART_QE_IDENTITY, set, offer);
    const struct side *const pck = get_newer_side(ASSAY_PART_PCK_CRL, set, offer);
    *out = (struct assay_collateral_files){ 0 };
    copy_part(out, ASSAY_PART_TCB_INFO, info);
    copy_part(out, ASSAY_PART_TCB_CHAIN, info);
    copy_part(out, ASSAY_PART_QE_IDENTITY, identity);
    copy_part(out, ASSAY_PART_QE_CHAIN, identity);
    if (info != identity) out->part[ASSAY_PART_QE_CHAIN] = identity_chain(identity);
    copy_part(out, ASSAY_PART_ROOT_CRL, get_newer_side(ASSAY_PART_ROOT_CRL, set, offer));
    copy_part(out, ASSAY_PART_PCK_CRL, pck);
    copy_part(out, ASSAY_PART_PCK_CHAIN, pck);
    copy_part(out, ASSAY_PART_CRL, get_newer_side(ASSAY_PART_CRL, set, offer));
}

/* ------------------------------------------------------------ the two sets */

/* All that is put together; about 60 KB: files are slices, but keys of roots are bytes. */
struct work {
    struct assay_endorsement_files set[ASSAY_ENDORSEMENTS_MAX];
    struct assay_endorsement_files offer[ASSAY_ENDORSEMENTS_MAX];
    size_t set_count, offer_count;
};

static enum assay_status read_files(const struct assay_collateral_set *set,
                                    struct assay_endorsement_files *entries, size_t *count)
{
    uint8_t digest[ASSAY_SHA256_LEN];
    ASSAY_TRY(assay_endorsements_files(set->bytes.bytes, set->bytes.len, entries,
                                       ASSAY_ENDORSEMENTS_MAX, count));
    if (*count != set->built->count) return ASSAY_E_INVALID;
    for (size_t i = 0; i < *count; i++) {
        assay_collateral_digest(&entries[i].files, digest);
        if (!assay_bytes_equal(digest, set->built->entries[i].collateral->digest, sizeof digest))
            return ASSAY_E_INVALID;
    }
    ASSAY_ASSERT(*count <= ASSAY_ENDORSEMENTS_MAX);
    return ASSAY_OK;
}

/* OCSP responses and manifests stay in the set. */
static bool is_other(const struct assay_endorsement *entry, const struct assay_key *root)
{
    return assay_key_equal(&entry->root, root) && !assay_endorsement_has_documents(entry) &&
           !assay_endorsement_is_of_devices(entry);
}

/* Would a list of the offer take one of the set's back? Then the set's whole part stays. */
static bool others_go_back(const struct assay_endorsements *set,
                           const struct assay_endorsements *offer, const struct assay_key *root)
{
    struct assay_setback ignored = { 0 };
    for (size_t i = 0; i < set->count; i++)
        for (size_t k = 0; k < offer->count; k++) {
            const struct assay_collateral *const a = set->entries[i].collateral;
            const struct assay_collateral *const b = offer->entries[k].collateral;
            if (!is_other(&set->entries[i], root) || !is_other(&offer->entries[k], root)) continue;
            for (size_t m = 0; m < a->list_count; m++)
                for (size_t n = 0; n < b->list_count; n++)
                    if (assay_crl_advance(&a->lists[m].crl, &b->lists[n].crl, &ignored) ==
                        ASSAY_E_STALE)
                        return true;
        }
    return false;
}

/* Puts entries in where they belong, all sorted but the last. */
static void insert_entries(struct assay_endorsement_files *entries, size_t *count,
                           const struct assay_endorsement_files *entry)
{
    ASSAY_ASSERT(*count < ASSAY_ENDORSEMENTS_MAX);
    size_t at = *count;
    for (; at > 0 && assay_endorsement_compare(&entries[at - 1], entry) > 0; at--)
        entries[at] = entries[at - 1];
    entries[at] = *entry;
    *count += 1;
}

/* The entries of Intel's that are offered, each with the one of the set that it follows. */
static void merge_offered(struct work *work, const struct assay_collateral_set *set,
                          const struct assay_collateral_set *offered, bool *is_gone)
{
    for (size_t i = 0; i < work->offer_count; i++) {
        const struct assay_endorsement *const entry = &offered->built->entries[i];
        if (!assay_endorsement_has_documents(entry)) continue;
        const size_t at = assay_collateral_followed(set->built, entry);
        if (at == set->built->count) continue;
        ASSAY_ASSERT(at < work->set_count);
        const struct side before = { &work->set[at].files, set->built->entries[at].collateral };
        const struct side after = { &work->offer[i].files, entry->collateral };
        struct assay_collateral_files merged;
        merge_documents(&before, &after, &merged);
        work->offer[i].files = merged;
        is_gone[at] = true;
    }
}

static enum assay_status encode_set(const struct work *work, const bool *is_gone,
                                    const bool *is_dropped, struct assay_writer *w)
{
    struct assay_endorsement_files all[ASSAY_ENDORSEMENTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < work->set_count; i++)
        if (!is_gone[i]) insert_entries(all, &count, &work->set[i]);
    for (size_t i = 0; i < work->offer_count; i++) {
        if (is_dropped[i]) continue;
        if (count == ASSAY_ENDORSEMENTS_MAX) return ASSAY_E_RANGE;
        insert_entries(all, &count, &work->offer[i]);
    }
    return assay_endorsements_encode(all, count, w);
}

enum assay_status assay_collateral_replace(const struct assay_collateral_set *set,
                                           const struct assay_collateral_set *offered,
                                           struct assay_writer *w)
{
    struct work work = { .set_count = 0 };
    bool is_gone[ASSAY_ENDORSEMENTS_MAX] = { false };
    bool is_dropped[ASSAY_ENDORSEMENTS_MAX] = { false };
    bool has_others = false;
    ASSAY_TRY(read_files(set, work.set, &work.set_count));
    ASSAY_TRY(read_files(offered, work.offer, &work.offer_count));
    ASSAY_ASSERT(work.offer_count > 0);
    const struct assay_key *const root = &offered->built->entries[0].root;
    for (size_t i = 0; i < work.offer_count; i++) {
        if (!assay_key_equal(&work.offer[i].root, root)) return ASSAY_E_INVALID;
        has_others = has_others || is_other(&offered->built->entries[i], root);
    }
    merge_offered(&work, set, offered, is_gone);
    if (!has_others) return encode_set(&work, is_gone, is_dropped, w);
    const bool is_kept = others_go_back(set->built, offered->built, root);
    for (size_t i = 0; i < work.set_count; i++)
        if (!is_kept && is_other(&set->built->entries[i], root)) is_gone[i] = true;
    for (size_t i = 0; i < work.offer_count; i++)
        if (is_kept && is_other(&offered->built->entries[i], root)) is_dropped[i] = true;
    return encode_set(&work, is_gone, is_dropped, w);
}
