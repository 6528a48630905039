/*
 * net/verifier/shared_devices.c - devices that pass in two members at once (shared_devices.h).
 */
#include "net/verifier/shared_devices.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "quote/result/device_verdict.h"
#include "quote/text.h"

#include <stdlib.h>

/* Genuine devices of a member's newest evidence that passed. */
struct devices {
    uint64_t epoch;
    uint32_t count;
    struct {
        struct assay_device_identity identity;
        char name[ASSAY_SNAPSHOT_DEVICE_NAME];
    } rows[ASSAY_DEVICES_MAX];
};

struct assay_shared_devices {
    uint32_t members;
    struct devices **devices;                    /* [members]; NULL: none were verified */
    struct assay_snapshot_shared_device *shared; /* [members] */
};

enum assay_status assay_shared_devices_create(uint32_t members, struct assay_shared_devices **out)
{
    ASSAY_ASSERT(members > 0 && out != NULL);
    struct assay_shared_devices *all = calloc(1, sizeof *all);
    *out = all;
    if (all == NULL) return ASSAY_E_MEMORY;
    all->members = members;
    all->devices = calloc(members, sizeof(struct devices *));
    all->shared = calloc(members, sizeof *all->shared);
    if (all->devices != NULL && all->shared != NULL) return ASSAY_OK;
    assay_shared_devices_destroy(out);
    return ASSAY_E_MEMORY;
}

void assay_shared_devices_destroy(struct assay_shared_devices **all)
{
    struct assay_shared_devices *const a = *all;
    *all = NULL;
    if (a == NULL) return;
    for (uint32_t i = 0; a->devices != NULL && i < a->members; i++)
        free(a->devices[i]);
    free(a->devices);
    free(a->shared);
    free(a);
}

/* Returns: false when nothing is to be compared: no devices, or no memory for them. */
static bool take_devices(struct assay_shared_devices *all, uint16_t slot, uint64_t epoch,
                         const struct assay_verdict *verdict)
{
    struct devices **const own = &all->devices[slot];
    const bool passes = assay_outcome_is_pass(assay_verdict_outcome(verdict));
    if (*own == NULL && (!passes || verdict->device_count == 0)) return false;
    if (*own == NULL) *own = calloc(1, sizeof **own);
    if (*own == NULL || epoch < (*own)->epoch) return false;
    ASSAY_ASSERT(verdict->device_count <= ASSAY_DEVICES_MAX);
    (*own)->epoch = epoch;
    (*own)->count = 0;
    for (uint32_t i = 0; passes && i < verdict->device_count; i++) {
        char name[ASSAY_REASON_TEXT];
        if (verdict->devices[i].genuine != ASSAY_GENUINE_TRUE) continue;
        const uint32_t at = (*own)->count++;
        assay_verdict_name_device(verdict, i, name);
        (*own)->rows[at].identity = assay_device_identity(&verdict->devices[i]);
        assay_text_copy((*own)->rows[at].name, sizeof (*own)->rows[at].name, name);
    }
    return (*own)->count > 0;
}

/* Of the member slot; a record that is found again keeps the other member that it names, else one
 * of three could hide the others by turns. Returns: whether the record is new */
static bool set_record(struct assay_shared_devices *all, uint32_t slot, uint32_t other,
                       uint64_t epoch, const char *name)
{
    struct assay_snapshot_shared_device *const s = &all->shared[slot];
    const bool is_new = s->last_epoch == 0;
    if (!is_new && s->other != other && s->last_epoch == epoch) return false;
    if (is_new) s->first_epoch = epoch;
    s->last_epoch = epoch;
    s->other = (uint16_t)other;
    assay_text_copy(s->name, sizeof s->name, name);
    return is_new;
}

/* Returns: the member whose record is new; members: none is */
static uint32_t compare_members(struct assay_shared_devices *all, uint32_t slot, uint32_t other)
{
    const struct devices *const a = all->devices[slot], *const b = all->devices[other];
    for (uint32_t i = 0; i < a->count; i++)
        for (uint32_t k = 0; k < b->count; k++) {
            if (!assay_device_is_same(&a->rows[i].identity, &b->rows[k].identity)) continue;
            const bool first = set_record(all, slot, other, a->epoch, a->rows[i].name);
            const bool second = set_record(all, other, slot, a->epoch, b->rows[k].name);
            return first ? slot : second ? other : all->members;
        }
    return all->members;
}

bool assay_shared_devices_add(struct assay_shared_devices *all, uint16_t slot, uint64_t epoch,
                              const struct assay_verdict *verdict, uint16_t *of)
{
    ASSAY_ASSERT(slot < all->members && epoch > 0);
    uint32_t found = all->members;
    if (!take_devices(all, slot, epoch, verdict)) return false;
    for (uint32_t i = 0; i < all->members; i++) {
        if (i == slot || all->devices[i] == NULL || all->devices[i]->epoch != epoch) continue;
        const uint32_t one = compare_members(all, slot, i);
        if (found == all->members) found = one;
    }
    if (found == all->members) return false;
    *of = (uint16_t)found;
    return true;
}

bool assay_shared_devices_expire(struct assay_shared_devices *all, uint64_t epoch, uint16_t *slot)
{
    for (uint32_t i = 0; i < all->members; i++) {
        struct assay_snapshot_shared_device *const s = &all->shared[i];
        if (s->last_epoch == 0 || epoch < s->last_epoch + ASSAY_SHARED_DEVICE_EPOCHS) continue;
        *s = (struct assay_snapshot_shared_device){ 0 };
        *slot = (uint16_t)i;
        return true;
    }
    return false;
}

struct assay_snapshot_shared_device assay_shared_devices_get(const struct assay_shared_devices *all,
                                                             uint16_t slot)
{
    ASSAY_ASSERT(slot < all->members);
    return all->shared[slot];
}
