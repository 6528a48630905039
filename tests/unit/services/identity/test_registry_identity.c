/*
 * tests/unit/services/identity/test_registry_identity.c - tests of the group key as a service of
 * the registry: its records, closes and documents (docs/services.md 7).
 */
#include "services/registry/registry.h"
#include "tests/support/services/identity_plan.h"
#include "tests/unit/services/identity/ceremony_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct {
    struct assay_registry_plan plan;
    struct assay_registry *registry, *read;
    struct assay_registry_facts facts;
    uint32_t applied;
} r;
static uint32_t convictions; /* that records made */

static struct assay_registry *fresh(const uint8_t chain_id[static 32])
{
    const size_t len = assay_registry_size(&r.plan);
    struct assay_registry *made = NULL;
    void *const memory = aligned_alloc(64, (len + 63) / 64 * 64);
    cr_assert_not_null(memory);
    cr_assert_eq(assay_registry_init(memory, len, &r.plan, chain_id, &made), ASSAY_OK);
    return made;
}

/* The same payload, as a record of the registry. */
static void submit(struct ceremony_world *w, uint32_t slot, enum ceremony_kind kind,
                   struct assay_slice payload)
{
    const enum assay_service_kind as =
        (enum assay_service_kind)(ASSAY_SERVICE_CA_OFFER + (int)kind);
    struct assay_registry_plan without = r.plan;
    without.has_identity = false;
    cr_assert_eq(assay_registry_check_record(&without, w->ca.chain_id, as, payload),
                 ASSAY_E_UNSUPPORTED);
    cr_assert_eq(assay_registry_check_record(&r.plan, w->ca.chain_id, as, payload), ASSAY_OK);
    assay_registry_copy(r.read, r.registry);
    const char *word =
        assay_registry_apply(r.registry, slot, w->member[slot].node_id, as, payload, &r.facts);
    r.applied += word[0] == 'a';
    for (uint32_t i = 0; i < w->count; i++) {
        if (!assay_registry_convicts(r.read, r.registry, w->member[i].node_id)) continue;
        convictions++;
        cr_assert(w->own[i].faults != 0, "an honest member is never convicted");
    }
}

static uint32_t members(const struct ceremony_world *w, struct assay_registry_member *out)
{
    for (uint32_t i = 0; i < w->count; i++) {
        const struct assay_ca_member *m = &w->member[i];
        out[i] = (struct assay_registry_member){ .standing = ASSAY_REGISTRY_STAND_FULL,
                                                 .certified = true,
                                                 .may_hold = m->may_hold,
                                                 .keys_active = m->keys_active,
                                                 .seat_weight = m->weight,
                                                 .incarnation = m->incarnation };
        assay_bytes_copy(out[i].node_id, 32, m->node_id, 32);
        assay_bytes_copy(out[i].keys_root, 32, m->keys_root, 32);
    }
    return w->count;
}

static void must_have_the_documents_of(const struct assay_registry *registry,
                                       const struct ceremony_world *w)
{
    static uint8_t one[ASSAY_CA_DOCUMENT_LEN_MAX], other[ASSAY_CA_DOCUMENT_LEN_MAX];
    const uint32_t first = assay_registry_documents(&r.plan) - ASSAY_CA_DOCUMENTS;
    for (uint32_t i = 0; i < ASSAY_CA_DOCUMENTS; i++) {
        struct assay_writer a = assay_writer_over(one, sizeof one);
        struct assay_writer b = assay_writer_over(other, sizeof other);
        cr_assert_eq(assay_registry_encode(registry, first + i, &a), ASSAY_OK);
        cr_assert_eq(assay_ca_document_encode(&w->ca, i, &b), ASSAY_OK);
        cr_assert(assay_slice_equal(assay_slice_over(one, a.len), assay_slice_over(other, b.len)));
    }
}

static void close_both(struct ceremony_world *w)
{
    struct assay_registry_member member[ASSAY_CA_SLOTS_MAX];
    static uint8_t bytes[ASSAY_REGISTRY_DOCUMENT_LEN_MAX];
    ceremony_epoch(w);
    const uint32_t count = members(w, member);
    assay_registry_close_epoch(r.registry, w->epoch, member, count, &r.facts, NULL, NULL);
    assay_registry_check(r.registry);
    must_have_the_documents_of(r.registry, w);
    for (uint32_t i = 0; i < assay_registry_documents(&r.plan); i++) {
        struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
        cr_assert_eq(assay_registry_encode(r.registry, i, &out), ASSAY_OK);
        cr_assert_eq(assay_registry_decode(r.read, i, assay_slice_over(bytes, out.len)), ASSAY_OK);
    }
    assay_registry_set_standing(r.read, w->epoch, member, count);
    assay_registry_check(r.read);
    must_have_the_documents_of(r.read, w);
    struct assay_registry *const swap = r.registry; /* goes on with what was read */
    r.registry = r.read;
    r.read = swap;
}

static void make_a_key(bool has_tasks)
{
    struct ceremony_world *w = ceremony_new(5, NULL);
    char name[80];
    r.plan = (struct assay_registry_plan){ .has_tasks = has_tasks };
    identity_plan_set(&r.plan, w->ca.config.refresh);
    r.plan.identity.replaces_lost_key = w->ca.config.replaces_lost_key;
    r.plan.tasks.accounts_max = r.plan.tasks.tasks_max = 4;
    assay_registry_plan_identity_digest(&r.plan, w->ca.config.terms);
    assay_bytes_copy(w->ca.terms, 32, w->ca.config.terms, 32);
    r.registry = fresh(w->ca.chain_id);
    r.read = fresh(w->ca.chain_id);
    w->on_payload = submit;
    w->own[1].faults = CEREMONY_BAD_VALUE | CEREMONY_NO_DISPUTE;
    while (w->ca.ca_number == 0 && w->epoch < 20)
        close_both(w);
    cr_assert_eq(assay_registry_identity(r.registry)->ca_number, 1);
    cr_assert(assay_ca_is_convicted(assay_registry_identity(r.registry), w->member[1].node_id));
    cr_assert_gt(r.applied, 0);
    cr_assert_eq(convictions, 1, "once, however many records show it");
    assay_registry_document_name(&r.plan, has_tasks ? 1 : 0, name);
    cr_assert_str_eq(name, "identity/0");
    assay_registry_document_name(&r.plan, has_tasks ? 2 : 1, name);
    cr_assert_str_eq(name, "identity/1");
    free(r.registry);
    free(r.read);
    ceremony_free(w);
}

/* Where services are added, its documents are found again (docs/protocol.md 12.7.4). */
Test(registry_identity, its_documents_are_found_in_the_plan_before)
{
    struct assay_registry_plan after = { .has_shares = true, .has_tasks = true };
    char name[80], was[80];
    after.has_identity = true;
    after.shares.ids_max = ASSAY_SHARE_IDS_MAX;
    for (unsigned has = 1; has < 8; has++) {
        struct assay_registry_plan before = after;
        uint32_t found = 0;
        before.has_shares = (has & 1) != 0;
        before.has_tasks = (has & 2) != 0;
        before.has_identity = (has & 4) != 0;
        for (uint32_t i = 0; i < assay_registry_documents(&after); i++) {
            const uint32_t at = assay_registry_document_before(&before, &after, i);
            if (at == ASSAY_REGISTRY_DOCUMENTS_MAX) continue;
            found++;
            assay_registry_document_name(&before, at, was);
            assay_registry_document_name(&after, i, name);
            cr_assert_str_eq(name, was);
        }
        cr_assert_eq(found, assay_registry_documents(&before), "each of them, once");
    }
}

Test(registry_identity, a_network_with_nothing_else_makes_a_key)
{
    make_a_key(false);
}

Test(registry_identity, a_network_with_other_services_makes_a_key)
{
    make_a_key(true);
}

/* Weight of slots beyond the registry's, and of rows without a key, is weight that may be hostile
 * (docs/identity.md 3.1): what offers must suffice against it, too. */
Test(registry_identity, weight_that_has_no_slot_counts_in_the_weight_of_all_seats)
{
    struct ceremony_world *w = ceremony_new(5, NULL);
    struct assay_registry_member member[ASSAY_CA_SLOTS_MAX];
    uint64_t all = 0;
    r.plan = (struct assay_registry_plan){ 0 };
    identity_plan_set(&r.plan, w->ca.config.refresh);
    r.registry = fresh(w->ca.chain_id);
    r.read = fresh(w->ca.chain_id);
    const uint32_t count = members(w, member);
    for (uint32_t i = 0; i < count; i++)
        all += member[i].seat_weight;
    assay_registry_set_other_weight(r.registry, 2 * all);
    assay_registry_close_epoch(r.registry, 1, member, count, &r.facts, NULL, NULL);
    cr_assert_eq(assay_registry_identity(r.registry)->ceremony.phase, ASSAY_CA_IDLE,
                 "a third of the weight could offer alone");
    assay_registry_copy(r.read, r.registry);
    assay_registry_set_standing(r.read, 1, member, count);
    cr_assert_eq(assay_registry_identity(r.read)->total_weight, 3 * all,
                 "a copy counts it as well");
    assay_registry_set_other_weight(r.registry, all / 8);
    assay_registry_close_epoch(r.registry, 2, member, count, &r.facts, NULL, NULL);
    cr_assert_eq(assay_registry_identity(r.registry)->ceremony.phase, ASSAY_CA_OFFERS);
    free(r.registry);
    free(r.read);
    ceremony_free(w);
}
