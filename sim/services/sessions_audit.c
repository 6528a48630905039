/*
 * sim/services/sessions_audit.c - checker of sessions and rows by final records and closes alone
 * (docs/services.md 1.2, 1.3, 1.3.2): for each instance name, sessions are numbered consecutively
 * and no number is given twice, whatever a RECOVER undid; an instance that left the table is never
 * born again; and a kept row stays.
 *
 * An instance is its name, not the program of a host: after an instance was lost its host makes
 * another with its own numbers, and a record of the older one may still become final.
 */
#include "sim/services/internal.h"

#include <stdlib.h>

static void report_group(struct assay_sim_services *s, uint32_t group, const char *what,
                         uint64_t number)
{
    services_report_check(s, ASSAY_SIM_CHECKER_CONTINUITY, "group %u %s (%llu) in epoch %llu",
                          group, what, (unsigned long long)number,
                          (unsigned long long)s->recount.epoch);
}

/* Returns: the entry of that instance; a new one has no number and no row. */
static struct numbered *find_or_add_instance(struct sessions *all,
                                             const uint8_t instance[static 32])
{
    for (uint32_t i = 0; i < all->count; i++)
        if (assay_bytes_equal(all->known[i].instance, instance, 32)) return &all->known[i];
    if (all->count == all->room) {
        all->room = all->room == 0 ? 64 : 2 * all->room;
        all->known = realloc(all->known, all->room * sizeof *all->known);
        ASSAY_ASSERT(all->known != NULL);
    }
    struct numbered *const one = &all->known[all->count++];
    *one = (struct numbered){ 0 };
    assay_bytes_copy(one->instance, 32, instance, 32);
    return one;
}

void sessions_free(struct assay_sim_services *s)
{
    for (uint32_t g = 0; g < GROUPS; g++)
        free(s->sessions[g].known);
}

/* Rows are now those of the registry: a RECOVER may have undone some and restored others. Given
 * numbers remain given. */
void sessions_adopt(struct assay_sim_services *s, uint32_t g)
{
    const struct assay_cont_group *group = assay_registry_group(s->recount.registry, g);
    struct sessions *all = &s->sessions[g];
    for (uint32_t i = 0; i < all->count; i++)
        all->known[i].last = 0;
    for (uint32_t i = 0; i < group->instance_end; i++) {
        const struct assay_cont_instance_row *row = &group->instance[i];
        if (row->session == 0) continue;
        struct numbered *const one = find_or_add_instance(all, row->instance);
        one->last = row->session;
        if (one->given < row->session) one->given = row->session;
        one->kept = row->kept;
        one->leased = row->lease > 0;
    }
}

/* One above the last of this era, as its process expects. */
static uint64_t next_of(uint64_t era, uint64_t last)
{
    const uint64_t base = era << ASSAY_CONT_NUMBER_BITS;
    return last > base ? last + 1 : base + 1;
}

static void check_number(struct assay_sim_services *s, uint32_t g, const struct numbered *one,
                         uint64_t expected, uint64_t session)
{
    const uint64_t era = assay_registry_group(s->recount.registry, g)->era;
    services_report_check(s, ASSAY_SIM_CHECKER_CONTINUITY, NULL);
    if (session != expected)
        report_group(s, g, "numbers a session that did not expect it", session);
    if (session >> ASSAY_CONT_NUMBER_BITS != era)
        report_group(s, g, "numbers a session of another era", session);
    if (session != next_of(era, one->last))
        report_group(s, g, "numbers a session that is not the next", session);
    if (!s->recount.sound) return; /* another may have the number, unobserved */
    if (session <= one->given) report_group(s, g, "gives a number to two processes", session);
    if (one->last == 0 && one->given != 0)
        report_group(s, g, "bears an instance again that has left the table", session);
}

void sessions_numbered(struct assay_sim_services *s, struct assay_slice payload,
                       const struct assay_registry_facts *facts)
{
    struct assay_cont_session_record record;
    uint8_t name[32];
    const enum assay_status status = assay_cont_session_record_decode(payload, &record);
    ASSAY_ASSERT(status == ASSAY_OK && facts->continuity.count > 0);
    const uint64_t session = facts->continuity.fact[0].session;
    const struct assay_cont_group *group = assay_registry_group(s->recount.registry, record.group);
    assay_cont_instance(&group->home, &record.birth, record.instance_key, name);
    struct numbered *const one = find_or_add_instance(&s->sessions[record.group], name);
    check_number(s, record.group, one, record.expected, session);
    if (one->last == 0) {
        one->kept = false;
        one->leased = record.lease > 0;
    }
    one->last = session;
    if (s->recount.sound && session > one->given) one->given = session;
}

void sessions_kept(struct assay_sim_services *s, struct assay_slice payload)
{
    struct assay_cont_keep_record record;
    const enum assay_status status = assay_cont_keep_record_decode(payload, &record);
    ASSAY_ASSERT(status == ASSAY_OK);
    struct numbered *const one =
        find_or_add_instance(&s->sessions[record.group], record.receipt.entry.instance);
    if (one->last == 0) report_group(s, record.group, "keeps an instance without a row", 0);
    one->kept = true;
}

/* No operator retires an instance here: a kept row ends only by its lease. */
void sessions_closed(struct assay_sim_services *s, uint32_t g)
{
    const struct assay_cont_group *group = assay_registry_group(s->recount.registry, g);
    struct sessions *all = &s->sessions[g];
    uint32_t rows = 0;
    services_report_check(s, ASSAY_SIM_CHECKER_CONTINUITY, NULL);
    for (uint32_t i = 0; i < all->count; i++) {
        struct numbered *const one = &all->known[i];
        if (one->last == 0) continue;
        const struct assay_cont_instance_row *row = assay_cont_group_row(group, one->instance);
        if (row == NULL) {
            if (one->kept && !one->leased)
                report_group(s, g, "drops a row that is kept", one->last);
            one->last = 0;
            continue;
        }
        rows++;
        if (row->session != one->last)
            report_group(s, g, "has a session that no record numbered", row->session);
    }
    if (rows != group->instance_count)
        report_group(s, g, "has rows that no record made", group->instance_count);
}
