/*
 * quote/collateral/life.c - lifetime of collateral (life.h).
 */
#include "quote/collateral/life.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/collateral/dates.h"

/* Every list of a bundle, wherever it stands. Returns: NULL behind the last. */
static const struct assay_crl *list_at(const struct assay_collateral *c, size_t index,
                                       const char **what)
{
    ASSAY_ASSERT(c != NULL && c->list_count <= ASSAY_LISTS_MAX);
    const struct assay_crl *const own[2] = { c->has[ASSAY_PART_ROOT_CRL] ? &c->root_crl : NULL,
                                             c->has[ASSAY_PART_PCK_CRL] ? &c->pck_crl : NULL };
    static const char *const names[2] = { "root CRL", "PCK CRL" };
    for (size_t i = 0; i < 2; i++) {
        if (own[i] == NULL) continue;
        *what = names[i];
        if (index == 0) return own[i];
        index -= 1;
    }
    *what = "CRL";
    return index < c->list_count ? &c->lists[index].crl : NULL;
}

/* Does a newer list of the same authority stand anywhere below the root? */
static bool is_superseded(const struct assay_endorsements *set, const struct assay_key *root,
                          const struct assay_crl *crl)
{
    const char *ignored = NULL;
    for (size_t i = 0; i < set->count; i++) {
        if (!assay_key_equal(&set->entries[i].root, root)) continue;
        const struct assay_crl *other = NULL;
        for (size_t k = 0; (other = list_at(set->entries[i].collateral, k, &ignored)) != NULL; k++)
            if (assay_dn_equal(&other->issuer, &crl->issuer) &&
                other->has_authority_key_id == crl->has_authority_key_id &&
                assay_bytes_equal(other->authority_key_id, crl->authority_key_id,
                                  sizeof crl->authority_key_id) &&
                other->this_update_s > crl->this_update_s)
                return true;
    }
    return false;
}

static void limit_life(struct assay_collateral_life *life, const char *what, uint32_t entry,
                       int64_t from_unix_s, int64_t until_unix_s)
{
    ASSAY_ASSERT(what != NULL);
    if (!life->is_bounded || from_unix_s > life->from_unix_s) life->from_unix_s = from_unix_s;
    if (!life->is_bounded || until_unix_s < life->until_unix_s) {
        life->until_unix_s = until_unix_s;
        life->expires_first = what;
        life->ends_in = entry;
    }
    life->is_bounded = true;
}

/* OCSP responses and manifests, whose dates no window has. */
static void limit_dated(const struct assay_collateral *c, uint32_t entry,
                        struct assay_collateral_life *life)
{
    struct assay_text name;
    struct assay_window window;
    for (size_t i = 0; assay_collateral_dated(c, NULL, i, &name, &window); i++)
        limit_life(life, window.is_list ? "OCSP response" : "manifest", entry, window.from_unix_s,
                   window.to_unix_s);
}

static void add_entry(const struct assay_endorsements *set, uint32_t index,
                      struct assay_collateral_life *life)
{
    ASSAY_ASSERT(index < set->count);
    const struct assay_collateral *const c = set->entries[index].collateral;
    ASSAY_ASSERT(c->window_count <= ASSAY_WINDOWS_MAX);
    const char *what = NULL;
    const struct assay_crl *crl = NULL;
    life->kinds |= set->entries[index].kinds;
    life->entry_count += 1;
    for (uint32_t i = 0; i < c->window_count; i++)
        if (!c->windows[i].is_list)
            limit_life(life, c->windows[i].what, index, c->windows[i].from_unix_s,
                       c->windows[i].to_unix_s);
    for (size_t i = 0; (crl = list_at(c, i, &what)) != NULL; i++)
        if (!is_superseded(set, &set->entries[index].root, crl))
            limit_life(life, what, index, crl->this_update_s, crl->next_update_s);
    limit_dated(c, index, life);
    if (c->tcb_info.evaluation_number > life->evaluation_number)
        life->evaluation_number = c->tcb_info.evaluation_number;
    if (c->qe_identity.evaluation_number > life->evaluation_number)
        life->evaluation_number = c->qe_identity.evaluation_number;
}

void assay_collateral_lifetimes(const struct assay_endorsements *set,
                                struct assay_collateral_life lives[static ASSAY_ENDORSEMENTS_MAX],
                                size_t *count)
{
    ASSAY_ASSERT(set->count <= ASSAY_ENDORSEMENTS_MAX);
    size_t found = 0;
    for (size_t i = 0; i < set->count; i++) {
        size_t at = 0;
        while (at < found && !assay_key_equal(&lives[at].root, &set->entries[i].root))
            at += 1;
        if (at == found) {
            lives[found] =
                (struct assay_collateral_life){ .root = set->entries[i].root, .expires_first = "" };
            found += 1;
        }
        add_entry(set, (uint32_t)i, &lives[at]);
    }
    ASSAY_ASSERT(found <= set->count);
    *count = found;
}

int64_t assay_collateral_half_life(const struct assay_collateral_life *life, int64_t since_unix_s)
{
    if (!life->is_bounded) return INT64_MAX;
    const int64_t from = since_unix_s > life->from_unix_s ? since_unix_s : life->from_unix_s;
    if (from >= life->until_unix_s) return life->until_unix_s;
    return from + (life->until_unix_s - from) / 2;
}

enum assay_collateral_age assay_collateral_age(const struct assay_collateral_life *life,
                                               int64_t since_unix_s, int64_t at_unix_s)
{
    if (!life->is_bounded) return ASSAY_AGE_FRESH;
    if (at_unix_s > life->until_unix_s) return ASSAY_AGE_ENDED;
    if (at_unix_s < life->from_unix_s) return ASSAY_AGE_EARLY;
    return at_unix_s >= assay_collateral_half_life(life, since_unix_s) ? ASSAY_AGE_HALF
                                                                       : ASSAY_AGE_FRESH;
}

const char *assay_collateral_age_text(enum assay_collateral_age age)
{
    switch (age) {
    case ASSAY_AGE_FRESH: return "fresh";
    case ASSAY_AGE_HALF: return "half";
    case ASSAY_AGE_ENDED: return "ended";
    case ASSAY_AGE_EARLY: return "early";
    }
    ASSAY_UNREACHABLE("an age");
}
