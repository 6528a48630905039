/*
 * sim/services/group_key/numbers.c - checker of CA numbers (docs/identity.md 3.15), from closes,
 * disks and shares; part of the checker group_key.
 *
 * The key of a number stays. A relying party with the newest bundle verifies every certificate that
 * has not expired, one with the bundle of NEXT's first close every new certificate, unless the
 * number before was lost or retired. A number that is retired, or OLD, signs nothing: no honest
 * holder hands out its shares, and none has shares of a number that is GONE.
 *
 * Certificates are modelled: at each certified close the active number issues one, which expires
 * after the validity. What operators retire is ground truth of the scenario.
 */
#include "sim/services/group_key/group_key.h"

uint32_t key_validity_epochs(const struct assay_sim_services *s)
{
    const uint64_t ms = s->scenario->epoch_ms;
    return (uint32_t)((KEY_VALIDITY_S * UINT64_C(1000) + ms - 1) / ms);
}

static struct key_number *find_number(struct key_audit *a, uint32_t number)
{
    for (uint32_t i = 0; i < a->numbers; i++)
        if (a->known[i].number == number) return &a->known[i];
    return NULL;
}

static bool is_published(const struct assay_ca_published *published, uint32_t count,
                         uint32_t number)
{
    for (uint32_t i = 0; i < count; i++)
        if (published[i].number == number) return true;
    return false;
}

/* --- what relying parties have */

static void check_keys(struct assay_sim_services *s, const struct assay_ca *ca,
                       const struct assay_ca_published *published, uint32_t count)
{
    struct key_audit *a = &s->group_key->audit;
    for (uint32_t i = 0; i < count; i++) {
        struct key_number *n = find_number(a, published[i].number);
        if (n == NULL && a->numbers == KEY_NUMBERS) continue;
        if (n == NULL) {
            n = &a->known[a->numbers++];
            *n = (struct key_number){ .number = published[i].number, .published = ca->epoch };
            /* after an era it may have been published before */
            if (published[i].state == ASSAY_CA_NEXT) n->published = ca->next.made;
            assay_bytes_copy(n->key, 32, published[i].key, 32);
        }
        KEY_LOOK(s, GROUP_KEY, assay_bytes_equal(n->key, published[i].key, 32),
                 "CA number %u has another key in epoch %llu", n->number,
                 (unsigned long long)ca->epoch);
    }
}

/* Retired by the plan in force: that of the genesis retires none. */
static bool is_retired(const struct assay_sim_services *s, uint32_t number)
{
    return number <= assay_registry_get_plan(s->recount.registry)->identity.retired;
}

/* Certificates of before this close, under the bundle of after it. */
static void check_certificates(struct assay_sim_services *s, const struct assay_ca *ca,
                               const struct assay_ca_published *published, uint32_t count)
{
    const struct key_audit *a = &s->group_key->audit;
    for (uint32_t i = 0; i < a->numbers; i++) {
        const struct key_number *n = &a->known[i];
        const bool is_here = is_published(published, count, n->number);
        const bool is_valid = n->issued > 0 && ca->epoch < n->issued + key_validity_epochs(s);
        KEY_LOOK(s, GROUP_KEY, is_here || !is_valid || is_retired(s, n->number),
                 "CA number %u is not published in epoch %llu, and its certificate of epoch %llu "
                 "is valid",
                 n->number, (unsigned long long)ca->epoch, (unsigned long long)n->issued);
        KEY_LOOK(s, GROUP_KEY, !is_here || !is_retired(s, n->number),
                 "CA number %u is retired, and published in epoch %llu", n->number,
                 (unsigned long long)ca->epoch);
    }
}

/* The number that signs from this close on. */
static void check_switch(struct assay_sim_services *s, const struct assay_ca *ca, bool certified)
{
    struct key_audit *a = &s->group_key->audit;
    const uint32_t number = ca->key_lost ? 0 : ca->ca_number;
    struct key_number *n = find_number(a, number);
    if (n != NULL && a->active != number && a->active != 0 && !is_retired(s, a->active))
        KEY_LOOK(s, GROUP_KEY, n->published + ASSAY_CA_OVERLAP_MIN <= ca->epoch,
                 "CA number %u signs in epoch %llu, and is published since epoch %llu", number,
                 (unsigned long long)ca->epoch, (unsigned long long)n->published);
    if (n != NULL && certified) n->issued = ca->epoch;
    a->active = number;
}

/* --- what holders have */

/* As the close that this holder acted on says. */
static void check_holder(struct assay_sim_services *s, const struct key_host *k)
{
    struct assay_secret32 share[ASSAY_FROST_INDICES_MAX + 1];
    const struct assay_ca *ca = &k->closed;
    if (k->holder == NULL || !k->has_closed || s->undone || k->was_restored || k->must_step) return;
    for (uint32_t i = 0; i < s->group_key->audit.numbers; i++) {
        const uint32_t number = s->group_key->audit.known[i].number;
        const enum assay_ca_state state = assay_ca_state_of(ca, number);
        if (state == ASSAY_CA_ACTIVE || state == ASSAY_CA_NEXT) continue;
        KEY_LOOK(s, GROUP_KEY,
                 assay_ceremony_holder_shares(k->holder, ca, number, share) == ASSAY_E_NOT_FOUND,
                 "the holder of node %u signs with CA number %u, which is %s", k->node, number,
                 state == ASSAY_CA_OLD ? "old" : "gone");
    }
    for (uint32_t i = 0; i < KEY_ITEMS; i++) {
        const struct assay_ceremony_item *item = &k->disk.item[i].item;
        if (k->disk.item[i].data.len == 0 || item->kind != ASSAY_CEREMONY_SHARES) continue;
        if (item->name.ca_number > ca->numbers || item->name.era != ca->era) continue;
        KEY_LOOK(s, GROUP_KEY, assay_ca_state_of(ca, item->name.ca_number) != ASSAY_CA_GONE,
                 "node %u has shares of CA number %u, which is gone", k->node,
                 item->name.ca_number);
    }
    assay_secret_wipe(share, sizeof share);
}

void key_numbers_closed(struct assay_sim_services *s, const struct assay_ca *ca, bool certified)
{
    struct assay_ca_published published[ASSAY_CA_PUBLISHED_MAX];
    const uint32_t count = assay_ca_published(ca, published);
    check_keys(s, ca, published, count);
    check_certificates(s, ca, published, count);
    check_switch(s, ca, certified);
    for (uint32_t i = 0; i < s->nodes; i++)
        if (s->world.honest(s->world.context, i)) check_holder(s, &s->group_key->host[i]);
}
