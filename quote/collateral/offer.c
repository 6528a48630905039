/*
 * quote/collateral/offer.c - encoding of offers (offer.h).
 */
#include "quote/collateral/offer.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/collateral/advance.h"
#include "quote/collateral/endorsements.h"
#include "quote/collateral/newer.h"

enum assay_status assay_offer_encode(struct assay_endorsement_files *entries, size_t count,
                                     struct assay_writer *w)
{
    for (size_t i = 1; i < count; i++) {
        const struct assay_endorsement_files entry = entries[i];
        size_t at = i;
        for (; at > 0 && assay_endorsement_compare(&entries[at - 1], &entry) > 0; at--)
            entries[at] = entries[at - 1];
        entries[at] = entry;
    }
    return assay_endorsements_encode(entries, count, w);
}

static enum assay_status append_list(struct assay_offer_scratch *s, struct assay_slice list)
{
    ASSAY_ASSERT(s->used <= sizeof s->lists);
    if (list.len > sizeof s->lists - s->used) return ASSAY_E_FULL;
    assay_bytes_copy(s->lists + s->used, sizeof s->lists - s->used, list.bytes, list.len);
    s->used += list.len;
    return ASSAY_OK;
}

/* One list in force, or the given one that follows it. */
static enum assay_status append_further(struct assay_offer_scratch *s, struct assay_slice own,
                                        const struct assay_slice *lists, size_t count,
                                        bool *is_used)
{
    ASSAY_ASSERT(count <= ASSAY_LISTS_MAX);
    struct assay_setback ignored = { 0 };
    struct assay_slice best = own;
    ASSAY_TRY(assay_x509_crl(own.bytes, own.len, &s->own));
    for (size_t i = 0; i < count; i++) {
        ASSAY_TRY(assay_x509_crl(lists[i].bytes, lists[i].len, &s->given));
        if (!assay_dn_equal(&s->own.issuer, &s->given.issuer)) continue;
        is_used[i] = true;
        if (assay_crl_advance(&s->own, &s->given, &ignored) != ASSAY_OK) continue;
        best = lists[i];
        s->own = s->given;
    }
    return append_list(s, best);
}

/* Re-encodes the lists of one entry; *part borrows from the scratch. */
static enum assay_status replace_lists(struct assay_offer_scratch *s,
                                       const struct assay_slice *lists, size_t count,
                                       struct assay_slice *part)
{
    bool is_used[ASSAY_LISTS_MAX] = { false };
    const size_t from = s->used;
    struct assay_slice rest = *part, one;
    while (rest.len > 0) {
        if (assay_x509_next(&rest, &one) != ASSAY_X509_CRL) return ASSAY_E_SYNTAX;
        ASSAY_TRY(append_further(s, one, lists, count, is_used));
    }
    for (size_t i = 0; i < count; i++)
        if (!is_used[i]) ASSAY_TRY(append_list(s, lists[i]));
    ASSAY_ASSERT(from <= s->used && s->used <= sizeof s->lists);
    *part = assay_slice_over(s->lists + from, s->used - from);
    return ASSAY_OK;
}

enum assay_status assay_offer_lists(const struct assay_collateral_set *in_force,
                                    const struct assay_key *root, const struct assay_slice *lists,
                                    size_t count, struct assay_offer_scratch *scratch,
                                    struct assay_writer *w)
{
    size_t total = 0, kept = 0;
    if (count > ASSAY_LISTS_MAX) return ASSAY_E_FULL;
    scratch->used = 0;
    ASSAY_TRY(assay_endorsements_files(in_force->bytes.bytes, in_force->bytes.len, scratch->entries,
                                       ASSAY_ENDORSEMENTS_MAX, &total));
    ASSAY_ASSERT(total == in_force->built->count);
    for (size_t i = 0; i < total; i++) {
        struct assay_endorsement_files *const entry = &scratch->entries[i];
        if (!assay_key_equal(&entry->root, root) ||
            assay_endorsement_has_documents(&in_force->built->entries[i]) ||
            assay_endorsement_is_of_devices(&in_force->built->entries[i]))
            continue;
        ASSAY_TRY(replace_lists(scratch, lists, count, &entry->files.part[ASSAY_PART_CRL]));
        scratch->entries[kept++] = *entry;
    }
    ASSAY_ASSERT(kept <= total);
    if (kept == 0) return ASSAY_E_NOT_FOUND;
    return assay_offer_encode(scratch->entries, kept, w);
}
