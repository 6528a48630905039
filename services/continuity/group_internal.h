/*
 * services/continuity/group_internal.h - parts of a group's fold: group.c has seats and views,
 * group_rows.c instances.
 */
#ifndef ASSAY_SERVICES_CONTINUITY_GROUP_INTERNAL_H
#define ASSAY_SERVICES_CONTINUITY_GROUP_INTERNAL_H

#include "services/continuity/group.h"
#include "services/continuity/handover.h"

/* Returns: another fact of this kind, its other fields zero. */
struct assay_cont_fact *assay_cont_fact_add(struct assay_cont_facts *facts,
                                            enum assay_cont_fact_kind kind);
/* The last session of a row, as the fact SESSION. Returns: nothing. */
void assay_cont_tell_session(const struct assay_cont_instance_row *row,
                             struct assay_cont_fact *fact);
/* How a row stands, as the fact STANDING. Returns: nothing. */
void assay_cont_tell_standing(const struct assay_cont_group *group,
                              const struct assay_cont_instance_row *row,
                              struct assay_cont_fact *fact);
/* A link knows its sender by this key: no two processes have the same. Returns: whether one has. */
bool assay_cont_has_curve(const struct assay_cont_group *group, const uint8_t curve[static 32]);
/* The member in a slot is gone. Returns: nothing. */
void assay_cont_rows_renew(struct assay_cont_group *group, uint32_t slot);
/* Rows that no session may use any more leave the table; an epoch has closed. Returns: nothing. */
void assay_cont_rows_expire(struct assay_cont_group *group);
/* What follows from the rows in their places, anew. Returns: false when two are one, by name or by
 * CURVE key: no fold has made them. */
bool assay_cont_rows_order(struct assay_cont_group *group);
/* Asserts what follows from rows. Returns: nothing. */
void assay_cont_rows_check(const struct assay_cont_group *group);
/* Returns: whether the newest session of an instance has this CURVE key. */
bool assay_cont_row_has_curve(const struct assay_cont_group *group, const uint8_t curve[static 32]);

/* --- seats. Each Returns: so. */
/* The memory that sat there is another process's now. */
bool assay_cont_is_rekeyed(const struct assay_cont_group *group,
                           const struct assay_cont_seats *seats, uint32_t seat);
/* Whoever sits there shall be replaced, whatever is heard of it. */
bool assay_cont_is_lost(const struct assay_cont_group *group, const struct assay_cont_seats *seats,
                        uint32_t seat);
/* It may get a seat, and has none but perhaps this one. */
bool assay_cont_may_sit(const struct assay_cont_group *group, const struct assay_cont_seats *seats,
                        uint32_t own_seat, uint32_t slot);
/* Its key is listed by no member since a RECOVER, and may be again. */
bool assay_cont_is_nobodys(const struct assay_cont_seats *seats, uint32_t seat);
/* docs/services.md 1.9.3: its operator would sit in more seats than one may. */
bool assay_cont_is_over_cap(const struct assay_cont_group *group,
                            const struct assay_cont_seats *seats, uint32_t own_seat, uint32_t slot);

/* --- group_eras.c: views that a RECOVER has undone (docs/services.md 1.9.5) */
/* Returns: whether a view of an earlier era serves, and records may still show a later one: nothing
 * is decided meanwhile. */
bool assay_cont_awaits_views(const struct assay_cont_group *group);
/* A TABLE record of an earlier era. Returns: what assay_cont_group_table does. */
enum assay_cont_result assay_cont_attach(struct assay_cont_group *group,
                                         const struct assay_cont_table_record *record);
/* An epoch has closed. Returns: whether a view serves again that was undone. */
bool assay_cont_era_close(struct assay_cont_group *group);

/* --- group_silence.c */
/* A seat that moves, and to whom; seat ASSAY_CONT_SEATS_MAX: none. */
struct assay_cont_move {
    uint32_t seat, slot;
};
/* An epoch has closed. Returns: which seat shall move for silence. */
struct assay_cont_move assay_cont_silence_close(struct assay_cont_group *group);
/* Its move is decided; a view has started; each Returns: nothing. */
void assay_cont_silence_moved(struct assay_cont_group *group, uint32_t seat);
void assay_cont_silence_started(struct assay_cont_group *group,
                                const struct assay_cont_seats *before);
/* Returns: whether a seat was missing for so long that it is no memory any more. */
bool assay_cont_silence_forgot(const struct assay_cont_group *group, uint32_t seat);
/* Returns: what is to be said of seats that are not heard; bits. */
uint32_t assay_cont_silence_alarms(const struct assay_cont_group *group);

#endif
