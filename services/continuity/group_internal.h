/*
 * services/continuity/group_internal.h - interface between the files of a group: group.c has seats
 * and views, group_rows.c instances.
 */
#ifndef ASSAY_SERVICES_CONTINUITY_GROUP_INTERNAL_H
#define ASSAY_SERVICES_CONTINUITY_GROUP_INTERNAL_H

#include "services/continuity/group.h"
#include "services/continuity/handover.h"

/* Returns: the next fact of this kind, its other fields zero. */
struct assay_cont_fact *assay_cont_fact_add(struct assay_cont_facts *facts,
                                            enum assay_cont_fact_kind kind);
/* The last session of a row, as the fact SESSION. */
void assay_cont_set_session_fact(const struct assay_cont_instance_row *row,
                                 struct assay_cont_fact *fact);
/* The standing of a row, as the fact STANDING. */
void assay_cont_set_standing_fact(const struct assay_cont_group *group,
                                  const struct assay_cont_instance_row *row,
                                  struct assay_cont_fact *fact);
/* A link identifies its peer by this key: no two processes have the same. Returns: whether the key
 * is in use. */
bool assay_cont_has_curve(const struct assay_cont_group *group, const uint8_t curve[static 32]);
/* The member in a slot is gone. */
void assay_cont_rows_clear_slot(struct assay_cont_group *group, uint32_t slot);
/* Removes rows that no session may use any more; called at the close of an epoch. */
void assay_cont_rows_expire(struct assay_cont_group *group);
/* Rebuilds the indexes of the rows. Returns: false when two rows have the same name or CURVE key:
 * no fold has made them. */
bool assay_cont_rows_build_indexes(struct assay_cont_group *group);
/* Asserts the invariants of rows. */
void assay_cont_rows_check(const struct assay_cont_group *group);
/* Returns: whether the newest session of an instance has this CURVE key. */
bool assay_cont_row_has_curve(const struct assay_cont_group *group, const uint8_t curve[static 32]);

/* --- seats */
/* Returns: whether the memory in the seat belongs to another process now. */
bool assay_cont_is_rekeyed(const struct assay_cont_group *group,
                           const struct assay_cont_seats *seats, uint32_t seat);
/* Returns: whether the seat must be replaced, even if it is reachable. */
bool assay_cont_is_lost(const struct assay_cont_group *group, const struct assay_cont_seats *seats,
                        uint32_t seat);
/* Returns: whether a member may get a seat, having none but possibly this one. */
bool assay_cont_may_sit(const struct assay_cont_group *group, const struct assay_cont_seats *seats,
                        uint32_t own_seat, uint32_t slot);
/* Returns: whether its key is listed by no member since a RECOVER, and may be again. */
bool assay_cont_is_unlisted(const struct assay_cont_seats *seats, uint32_t seat);
/* docs/services.md 1.9.3. Returns: whether its operator would have more than n - q seats. */
bool assay_cont_is_over_cap(const struct assay_cont_group *group,
                            const struct assay_cont_seats *seats, uint32_t own_seat, uint32_t slot);

/* --- group_eras.c: views that a RECOVER has undone (docs/services.md 1.9.5) */
/* Returns: whether a view of an earlier era serves, and records may still prove a later one:
 * nothing is decided meanwhile. */
bool assay_cont_awaits_views(const struct assay_cont_group *group);
/* A TABLE record of an earlier era. Returns: as assay_cont_group_apply_table. */
enum assay_cont_result assay_cont_attach(struct assay_cont_group *group,
                                         const struct assay_cont_table_record *record);
/* Called at the close of an epoch. Returns: whether an undone view serves again. */
bool assay_cont_era_close(struct assay_cont_group *group);

/* --- group_silence.c */
/* A seat that moves, and its new slot; seat ASSAY_CONT_SEATS_MAX: none. */
struct assay_cont_move {
    uint32_t seat, slot;
};
/* Called at the close of an epoch. Returns: the seat that moves for silence. */
struct assay_cont_move assay_cont_silence_close(struct assay_cont_group *group);
/* Its move is decided; a view has started; each */
void assay_cont_silence_on_moved(struct assay_cont_group *group, uint32_t seat);
void assay_cont_silence_on_started(struct assay_cont_group *group,
                                   const struct assay_cont_seats *before);
/* A view has started in which a member left a seat for another one of it: the seat's memory counts
 * as missing from now on (docs/services.md 1.9.5.1). */
void assay_cont_silence_on_unlisted(struct assay_cont_group *group);
/* Returns: whether a seat was missing for so long that it no longer counts as a memory. */
bool assay_cont_silence_is_forgotten(const struct assay_cont_group *group, uint32_t seat);
/* Returns: the alarms about silent seats; bits. */
uint32_t assay_cont_silence_alarms(const struct assay_cont_group *group);

#endif
