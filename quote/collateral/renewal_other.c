/*
 * quote/collateral/renewal_other.c - comparison of collateral of vendors that sign no documents:
 * certificates of authorities and platforms, and CRLs. AMD, TPM vendors, registrars, AWS; a
 * platform key of CCA has nothing below it that could become newer.
 *
 * The part of a root is compared as one, kind by kind: its division into entries is irrelevant. A
 * certificate is replaced only by one of the same key and name, so an untrusted offer can neither
 * remove a platform's certificate nor fill the space with others of the vendor.
 */
#include "quote/collateral/renewal_other.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/collateral/endorsements.h"
#include "quote/certificates/crl.h"

/* Does it belong to what is compared: this root, no documents, these kinds? What no offer may have
 * stays with it (endorsements.h). */
static bool is_of(const struct assay_endorsement *entry, const struct assay_key *root,
                  uint32_t kinds)
{
    return entry->kinds == kinds && !assay_endorsement_has_documents(entry) &&
           !assay_endorsement_is_of_devices(entry) && assay_key_equal(&entry->root, root);
}

/* ------------------------------------------------------------ certificates */

static bool same_holder(const struct assay_certificate *a, const struct assay_certificate *b)
{
    return assay_key_equal(&a->key, &b->key) && assay_dn_equal(&a->subject, &b->subject) &&
           assay_dn_equal(&a->issuer, &b->issuer);
}

/* The certificate of that holder that lasts longest. */
static const struct assay_certificate *find_holder(const struct assay_endorsements *all,
                                                   const struct assay_key *root, uint32_t kinds,
                                                   const struct assay_certificate *like)
{
    ASSAY_ASSERT(all->count <= ASSAY_ENDORSEMENTS_MAX);
    const struct assay_certificate *found = NULL;
    for (size_t i = 0; i < all->count; i++) {
        const struct assay_collateral *const c = all->entries[i].collateral;
        if (!is_of(&all->entries[i], root, kinds)) continue;
        for (size_t k = 0; k < c->certificate_count; k++)
            if (same_holder(&c->certificates[k], like) &&
                (found == NULL || c->certificates[k].not_after_s > found->not_after_s))
                found = &c->certificates[k];
    }
    return found;
}

/* Has its own authority revoked it, by a list of the offer? Then it is not needed. */
static bool is_withdrawn(const struct assay_renewal_work *w, const struct assay_certificate *c)
{
    for (size_t i = 0; i < w->offered->count; i++) {
        const struct assay_collateral *const bundle = w->offered->entries[i].collateral;
        for (size_t k = 0; k < bundle->list_count; k++)
            if (assay_dn_equal(&bundle->lists[k].crl.issuer, &c->issuer) &&
                assay_crl_contains(&bundle->lists[k].crl, c->serial))
                return true;
    }
    return false;
}

static bool follow_certificate(struct assay_renewal_work *w, uint32_t kinds,
                               const struct assay_certificate *old)
{
    static const char name[] = "certificates";
    const struct assay_certificate *const next = find_holder(w->offered, w->root, kinds, old);
    if (next == NULL) {
        if (old->not_after_s < w->at_unix_s || is_withdrawn(w, old)) return true;
        return assay_renewal_refuse(w, ASSAY_RENEWAL_MISSING, name, "subject",
                                    assay_renewal_bytes(old->key_name, sizeof old->key_name),
                                    NO_VALUE);
    }
    if (assay_bytes_equal(next->digest, old->digest, sizeof old->digest)) return true;
    if (!assay_renewal_forward(w, name, "notBefore", old->not_before_s, next->not_before_s) ||
        !assay_renewal_forward(w, name, "notAfter", old->not_after_s, next->not_after_s))
        return false;
    const struct assay_renewal_span span = { old->not_before_s, old->not_after_s };
    assay_renewal_moved(w, name, "notBefore", &span, next->not_before_s);
    return true;
}

static bool check_certificates(struct assay_renewal_work *w)
{
    for (size_t i = 0; i < w->offered->count; i++) {
        const struct assay_endorsement *const entry = &w->offered->entries[i];
        if (assay_endorsement_has_documents(entry)) continue;
        w->entry = (uint32_t)i;
        for (size_t k = 0; k < entry->collateral->certificate_count; k++) {
            const struct assay_certificate *const c = &entry->collateral->certificates[k];
            if (find_holder(w->in_force, w->root, entry->kinds, c) == NULL)
                return assay_renewal_refuse(w, ASSAY_RENEWAL_STRANGER, "certificates", "subject",
                                            NO_VALUE,
                                            assay_renewal_bytes(c->key_name, sizeof c->key_name));
        }
    }
    w->entry = 0;
    for (size_t i = 0; i < w->in_force->count; i++) {
        const struct assay_endorsement *const entry = &w->in_force->entries[i];
        if (!is_of(entry, w->root, entry->kinds)) continue;
        for (size_t k = 0; k < entry->collateral->certificate_count; k++)
            if (!follow_certificate(w, entry->kinds, &entry->collateral->certificates[k]))
                return false;
    }
    return true;
}

/* ------------------------------------------------------------ lists */

static const struct assay_list *find_list(const struct assay_endorsements *all,
                                          const struct assay_key *root, uint32_t kinds,
                                          const struct assay_list *like)
{
    ASSAY_ASSERT(all->count <= ASSAY_ENDORSEMENTS_MAX);
    for (size_t i = 0; i < all->count; i++) {
        const struct assay_collateral *const c = all->entries[i].collateral;
        if (!is_of(&all->entries[i], root, kinds)) continue;
        for (size_t k = 0; k < c->list_count; k++)
            if (assay_bytes_equal(c->lists[k].issuer_name, like->issuer_name,
                                  sizeof like->issuer_name) &&
                assay_dn_equal(&c->lists[k].crl.issuer, &like->crl.issuer))
                return &c->lists[k];
    }
    return NULL;
}

/* An authority that is gone needs no list any more; the root is never gone. */
static bool has_authority(const struct assay_renewal_work *w, uint32_t kinds,
                          const struct assay_list *list)
{
    uint8_t root[ASSAY_SHA256_LEN];
    assay_key_name(w->root, root);
    if (assay_bytes_equal(root, list->issuer_name, sizeof root)) return true;
    for (size_t i = 0; i < w->offered->count; i++) {
        const struct assay_collateral *const c = w->offered->entries[i].collateral;
        if (!is_of(&w->offered->entries[i], w->root, kinds)) continue;
        for (size_t k = 0; k < c->certificate_count; k++) {
            uint8_t name[ASSAY_SHA256_LEN];
            assay_key_name(&c->certificates[k].key, name);
            if (assay_bytes_equal(name, list->issuer_name, sizeof name)) return true;
        }
    }
    return false;
}

static bool follow_list(struct assay_renewal_work *w, uint32_t kinds, const struct assay_list *old)
{
    const struct assay_list *const next = find_list(w->offered, w->root, kinds, old);
    if (next != NULL) return assay_renewal_list(w, "CRL", &old->crl, &next->crl);
    if (!has_authority(w, kinds, old)) return true;
    return assay_renewal_refuse(w, ASSAY_RENEWAL_MISSING, "CRL", "issuer",
                                assay_renewal_bytes(old->issuer_name, sizeof old->issuer_name),
                                NO_VALUE);
}

static bool check_lists(struct assay_renewal_work *w)
{
    for (size_t i = 0; i < w->in_force->count; i++) {
        const struct assay_endorsement *const entry = &w->in_force->entries[i];
        if (!is_of(entry, w->root, entry->kinds)) continue;
        for (size_t k = 0; k < entry->collateral->list_count; k++)
            if (!follow_list(w, entry->kinds, &entry->collateral->lists[k])) return false;
    }
    /* The first list of an authority: sound bundles have one an authority, and authorities are
     * those in force, so this cannot go on for ever. */
    for (size_t i = 0; i < w->offered->count; i++) {
        const struct assay_endorsement *const entry = &w->offered->entries[i];
        if (assay_endorsement_has_documents(entry)) continue;
        for (size_t k = 0; k < entry->collateral->list_count; k++)
            if (find_list(w->in_force, w->root, entry->kinds, &entry->collateral->lists[k]) == NULL)
                w->is_newer = true;
    }
    return true;
}

/* ------------------------------------------------------------ entries */

static size_t count_of(const struct assay_endorsements *all, const struct assay_key *root,
                       uint32_t kinds)
{
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++)
        if (is_of(&all->entries[i], root, kinds)) count += 1;
    ASSAY_ASSERT(count <= all->count);
    return count;
}

/* As many entries of each set of kinds as there are: none is taken away, no room taken. */
static bool check_kinds(struct assay_renewal_work *w)
{
    const struct assay_endorsements *const sides[2] = { w->offered, w->in_force };
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < sides[side]->count; i++) {
            const struct assay_endorsement *const entry = &sides[side]->entries[i];
            if (!is_of(entry, w->root, entry->kinds)) continue;
            const size_t before = count_of(w->in_force, w->root, entry->kinds);
            const size_t after = count_of(w->offered, w->root, entry->kinds);
            w->entry = side == 0 ? (uint32_t)i : 0;
            if (before != after)
                return assay_renewal_refuse(w, ASSAY_RENEWAL_KINDS, "", "entries",
                                            assay_renewal_number((int64_t)before),
                                            assay_renewal_number((int64_t)after));
        }
    return true;
}

bool assay_renewal_others(struct assay_renewal_work *w)
{
    ASSAY_ASSERT(w->root != NULL);
    return check_kinds(w) && check_certificates(w) && check_lists(w);
}
