/*
 * net/http/snapshot_slot.c - reference-counted snapshots.
 */
#include "net/http/snapshot_slot.h"

#include "base/assert.h"
#include "net/documents/key_table.h"
#include "net/services/server/summary.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

char assay_http_outcome_letter(uint8_t outcome)
{
    static const char letters[] = "-ASFPHOU"; /* by enum assay_outcome */
    _Static_assert(ASSAY_OUTCOME_COUNT == sizeof letters - 1, "a letter each");
    return letters[outcome < sizeof letters - 1 ? outcome : 0];
}

/* ------------------------------------------------------------ epochs */

struct assay_http_epoch *assay_http_epoch_create(uint32_t count)
{
    ASSAY_ASSERT(count <= ASSAY_MEMBERS_MAX);
    const size_t cells = (size_t)count * count;
    struct assay_http_epoch *epoch = calloc(1, sizeof *epoch);
    if (epoch == NULL) return NULL;
    epoch->count = count;
    epoch->rows = calloc(count > 0 ? count : 1, sizeof *epoch->rows);
    epoch->outcomes = malloc(cells + 1);
    atomic_init(&epoch->references, 1);
    if (epoch->rows == NULL || epoch->outcomes == NULL) {
        assay_http_epoch_release(&epoch);
        return NULL;
    }
    for (size_t i = 0; i < cells; i++)
        epoch->outcomes[i] = '-';
    epoch->outcomes[cells] = '\0';
    return epoch;
}

void assay_http_epoch_release(struct assay_http_epoch **epoch)
{
    struct assay_http_epoch *e = *epoch;
    *epoch = NULL;
    if (e == NULL || atomic_fetch_sub(&e->references, 1) > 1) return;
    free(e->rows);
    free(e->outcomes);
    free(e);
}

/* ------------------------------------------------------------ rules */

struct assay_http_rules *assay_http_rules_create(char *policy, char *collateral)
{
    struct assay_http_rules *rules = calloc(1, sizeof *rules);
    if (rules == NULL || policy == NULL || collateral == NULL) {
        free(rules);
        free(policy);
        free(collateral);
        return NULL;
    }
    rules->policy = policy;
    rules->collateral = collateral;
    atomic_init(&rules->references, 1);
    return rules;
}

void assay_http_rules_name_vendor(struct assay_http_rules *rules, const uint8_t root[static 32],
                                  const char *name)
{
    ASSAY_ASSERT(rules->vendor_count <= ASSAY_HTTP_VENDORS);
    if (rules->vendor_count == ASSAY_HTTP_VENDORS) return;
    struct assay_http_vendor *vendor = &rules->vendors[rules->vendor_count++];
    assay_bytes_copy(vendor->root, sizeof vendor->root, root, 32);
    const size_t len = strnlen(name, sizeof vendor->name - 1);
    assay_bytes_copy(vendor->name, sizeof vendor->name - 1, name, len);
}

void assay_http_rules_release(struct assay_http_rules **rules)
{
    struct assay_http_rules *r = *rules;
    *rules = NULL;
    if (r == NULL || atomic_fetch_sub(&r->references, 1) > 1) return;
    free(r->policy);
    free(r->collateral);
    free(r);
}

/* ------------------------------------------------------------ the snapshot slot */

struct assay_http_snapshot_slot {
    pthread_mutex_t lock; /* of `now` alone */
    struct assay_http_snapshot *now;
    /* the loop's */
    uint64_t boot, generation;
    uint32_t epoch_count, lie_count;
    struct assay_http_epoch *epochs[ASSAY_HTTP_EPOCHS];
    struct assay_http_false_vote false_votes[ASSAY_HTTP_FALSE_VOTES];
    struct assay_http_rules *rules;
};

struct assay_http_snapshot_slot *assay_http_snapshot_slot_create(uint64_t boot)
{
    struct assay_http_snapshot_slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL) return NULL;
    slot->boot = boot;
    if (pthread_mutex_init(&slot->lock, NULL) == 0) return slot;
    free(slot);
    return NULL;
}

void assay_http_snapshot_slot_destroy(struct assay_http_snapshot_slot **slot)
{
    ASSAY_ASSERT(*slot == NULL || (*slot)->epoch_count <= ASSAY_HTTP_EPOCHS);
    struct assay_http_snapshot_slot *s = *slot;
    *slot = NULL;
    if (s == NULL) return;
    assay_http_snapshot_release(&s->now);
    for (uint32_t i = 0; i < s->epoch_count; i++)
        assay_http_epoch_release(&s->epochs[i]);
    assay_http_rules_release(&s->rules);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

void assay_http_snapshot_slot_add_epoch(struct assay_http_snapshot_slot *slot,
                                        struct assay_http_epoch *epoch)
{
    ASSAY_ASSERT(slot->epoch_count <= ASSAY_HTTP_EPOCHS);
    const uint32_t n = slot->epoch_count;
    if (epoch == NULL) return;
    if (n > 0 && slot->epochs[n - 1]->epoch >= epoch->epoch) {
        assay_http_epoch_release(&epoch);
        return;
    }
    if (n == ASSAY_HTTP_EPOCHS) {
        assay_http_epoch_release(&slot->epochs[0]);
        for (uint32_t i = 1; i < n; i++)
            slot->epochs[i - 1] = slot->epochs[i];
        slot->epoch_count--;
    }
    slot->epochs[slot->epoch_count++] = epoch;
}

void assay_http_snapshot_slot_add_false_vote(struct assay_http_snapshot_slot *slot,
                                             const struct assay_http_false_vote *lie)
{
    ASSAY_ASSERT(slot->lie_count <= ASSAY_HTTP_FALSE_VOTES);
    if (slot->lie_count == ASSAY_HTTP_FALSE_VOTES) {
        for (uint32_t i = 1; i < ASSAY_HTTP_FALSE_VOTES; i++)
            slot->false_votes[i - 1] = slot->false_votes[i];
        slot->lie_count--;
    }
    slot->false_votes[slot->lie_count++] = *lie;
}

void assay_http_snapshot_slot_set_rules(struct assay_http_snapshot_slot *slot,
                                        struct assay_http_rules *rules)
{
    assay_http_rules_release(&slot->rules);
    slot->rules = rules;
}

/* Into the memory at place, which has room for ASSAY_NAME_MAX. Returns: the copy. */
static struct assay_slice copy_name(uint8_t *place, struct assay_slice name)
{
    const size_t len = name.len < ASSAY_NAME_MAX ? name.len : ASSAY_NAME_MAX;
    assay_bytes_copy(place, ASSAY_NAME_MAX, name.bytes, len);
    return assay_slice_over(place, len);
}

/* One allocation: the snapshot, its members, services, names of members and of their operators: the
 * genesis that the node's slices point into may be replaced while a response is rendered. */
static struct assay_http_snapshot *copy_of(const struct assay_snapshot *snapshot)
{
    ASSAY_ASSERT(snapshot->member_count == 0 || snapshot->members != NULL);
    const uint32_t count = snapshot->member_count;
    const size_t at_members = (sizeof(struct assay_http_snapshot) + 63) / 64 * 64;
    const size_t at_services = at_members + (size_t)count * sizeof *snapshot->members;
    const size_t at_names =
        at_services + (snapshot->services != NULL ? sizeof *snapshot->services : 0);
    uint8_t *memory = malloc(at_names + 2 * (size_t)count * ASSAY_NAME_MAX);
    if (memory == NULL) return NULL;
    void *start = memory, *members = memory + at_members, *own = memory + at_services;
    struct assay_http_snapshot *view = start;
    *view = (struct assay_http_snapshot){ .snapshot = *snapshot };
    view->snapshot.members = members;
    if (snapshot->services != NULL) {
        struct assay_services_summary *services = own;
        *services = *snapshot->services;
        view->snapshot.services = services;
    }
    view->snapshot.keys = assay_authz_table_share(snapshot->keys);
    for (uint32_t i = 0; i < count; i++) {
        struct assay_snapshot_member *m = &view->snapshot.members[i];
        uint8_t *names = memory + at_names + 2 * (size_t)i * ASSAY_NAME_MAX;
        *m = snapshot->members[i];
        m->ledger.name = copy_name(names, m->ledger.name);
        m->ledger.operator_name = copy_name(names + ASSAY_NAME_MAX, m->ledger.operator_name);
    }
    atomic_init(&view->references, 1);
    return view;
}

bool assay_http_snapshot_slot_publish(struct assay_http_snapshot_slot *slot,
                                      const struct assay_snapshot *snapshot, bool draining)
{
    ASSAY_ASSERT(slot->epoch_count <= ASSAY_HTTP_EPOCHS &&
                 slot->lie_count <= ASSAY_HTTP_FALSE_VOTES);
    struct assay_http_snapshot *view = copy_of(snapshot);
    if (view == NULL) return false;
    view->generation = ++slot->generation;
    view->boot = slot->boot;
    view->draining = draining;
    view->epoch_count = slot->epoch_count;
    for (uint32_t i = 0; i < slot->epoch_count; i++) {
        view->epochs[i] = slot->epochs[i];
        (void)atomic_fetch_add(&view->epochs[i]->references, 1);
    }
    view->lie_count = slot->lie_count;
    for (uint32_t i = 0; i < slot->lie_count; i++)
        view->false_votes[i] = slot->false_votes[i];
    view->rules = slot->rules;
    if (view->rules != NULL) (void)atomic_fetch_add(&view->rules->references, 1);
    (void)pthread_mutex_lock(&slot->lock);
    struct assay_http_snapshot *before = slot->now;
    slot->now = view;
    (void)pthread_mutex_unlock(&slot->lock);
    assay_http_snapshot_release(&before);
    return true;
}

struct assay_http_snapshot *assay_http_snapshot_slot_acquire(struct assay_http_snapshot_slot *slot)
{
    (void)pthread_mutex_lock(&slot->lock);
    struct assay_http_snapshot *view = slot->now;
    if (view != NULL) (void)atomic_fetch_add(&view->references, 1);
    (void)pthread_mutex_unlock(&slot->lock);
    return view;
}

void assay_http_snapshot_release(struct assay_http_snapshot **view)
{
    struct assay_http_snapshot *v = *view;
    *view = NULL;
    if (v == NULL || atomic_fetch_sub(&v->references, 1) > 1) return;
    for (uint32_t i = 0; i < v->epoch_count; i++)
        assay_http_epoch_release(&v->epochs[i]);
    assay_http_rules_release(&v->rules);
    assay_authz_table_release(&v->snapshot.keys);
    free(v);
}
