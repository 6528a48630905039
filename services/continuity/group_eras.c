/*
 * services/continuity/group_eras.c - recovery of views that a RECOVER has undone (docs/services.md
 * 1.9.5).
 *
 * After a RECOVER the ledger names an older view, whose members have stopped permanently; states
 * certified since are in the memories of the undone view. Its TABLE record proves it: a quorum of
 * the base signed last tables for that roster, and a quorum of the roster vouched. In a new era,
 * therefore, no view is decided on one of an earlier era for ASSAY_CONT_ATTACH_CLOSES closes.
 * Meanwhile replicas submit their records again, and the newest proven view serves. A later record
 * is accepted as well, as long as no view of the era has started.
 */
#include "services/continuity/group_internal.h"

static bool is_of_an_earlier_era(const struct assay_cont_group *group)
{
    const bool serves = group->phase == ASSAY_CONT_SERVING || group->phase == ASSAY_CONT_CHANGING;
    return serves && assay_cont_number_era(group->now.roster.view) < group->era;
}

static bool is_over(const struct assay_cont_group *group)
{
    return group->era_closed == group->era && group->era_closes >= ASSAY_CONT_ATTACH_CLOSES;
}

bool assay_cont_awaits_views(const struct assay_cont_group *group)
{
    return is_of_an_earlier_era(group) && !is_over(group) &&
           assay_cont_number_era(group->view_last) < group->era;
}

enum assay_cont_result assay_cont_attach(struct assay_cont_group *group,
                                         const struct assay_cont_table_record *record)
{
    const struct assay_cont_roster *now = &group->now.roster, *kept = &group->attach.roster;
    const struct assay_cont_roster *base = NULL;
    if (!is_of_an_earlier_era(group)) return ASSAY_CONT_DEAD;
    if (record->roster.count != group->size || assay_cont_has_duplicate_key(&record->roster))
        return ASSAY_CONT_NOT_HERE;
    if (kept->count > 0 && record->roster.view == kept->view) return ASSAY_CONT_SAME;
    if (record->roster.view <= now->view || (kept->count > 0 && record->roster.view < kept->view))
        return ASSAY_CONT_DEAD;
    if (record->base == now->view) base = now;
    else if (kept->count > 0 && record->base == kept->view) base = kept;
    if (base == NULL) return ASSAY_CONT_DEAD;
    const uint32_t quorum = assay_cont_quorum(group->size);
    if (assay_cont_count_last(base, 0, record) < quorum ||
        assay_cont_count_vouches(&record->roster, record) < quorum)
        return ASSAY_CONT_FEW;
    group->attach.roster = record->roster;
    ASSAY_ASSERT(group->attach.roster.view > group->now.roster.view);
    group->attach.entries = record->entries;
    assay_bytes_copy(group->attach.root, 32, record->root, 32);
    return ASSAY_CONT_ATTACHED;
}

/* The owner of the seat: the member that lists its key, or none until one does (group.c,
 * reclaim_seat). */
static uint32_t slot_of(const struct assay_cont_group *group, const struct assay_cont_seats *seats,
                        uint32_t seat)
{
    ASSAY_ASSERT(seat < ASSAY_CONT_SEATS_MAX);
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++)
        if (group->member[slot].listed &&
            assay_bytes_equal(group->member[slot].key, seats->roster.key[seat],
                              ASSAY_P256_PUBLIC_LEN))
            return slot;
    return ASSAY_CONT_NO_SLOT;
}

/* A memory that no member lists counts for some time as missing (docs/services.md 1.11.4). */
static void seat_all(struct assay_cont_group *group)
{
    ASSAY_ASSERT(group->now.roster.count == group->size);
    for (uint32_t i = 0; i < group->now.roster.count; i++) {
        group->now.slot[i] = slot_of(group, &group->now, i);
        if (assay_cont_is_unlisted(&group->now, i)) group->silence[i].missing = group->epoch;
    }
}

bool assay_cont_era_close(struct assay_cont_group *group)
{
    if (group->era_closed != group->era) {
        group->era_closed = group->era;
        group->era_closes = 0;
    }
    if (group->era_closes < ASSAY_CONT_ATTACH_CLOSES) group->era_closes++;
    ASSAY_ASSERT(group->era_closes <= ASSAY_CONT_ATTACH_CLOSES);
    if (group->attach.roster.count == 0 || !is_over(group)) return false;
    const struct assay_cont_attach attach = group->attach;
    group->attach = (struct assay_cont_attach){ 0 };
    if (!is_of_an_earlier_era(group)) return false;
    const struct assay_cont_seats before = group->now;
    group->now.roster = attach.roster;
    assay_cont_silence_on_started(group, &before);
    seat_all(group);
    group->next = group->now;
    group->phase = ASSAY_CONT_SERVING;
    group->barred = 0;
    group->changing = 0;
    group->entries = attach.entries;
    assay_bytes_copy(group->root, 32, attach.root, 32);
    if (group->view_last < attach.roster.view) group->view_last = attach.roster.view;
    ASSAY_ASSERT(group->view_last >= group->now.roster.view);
    return true;
}
