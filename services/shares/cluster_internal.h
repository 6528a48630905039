/*
 * services/shares/cluster_internal.h - the fold's parts: cluster.c takes records of holders and
 * closes epochs, cluster_owners.c takes those of owners, cluster_seats.c says who sits and who
 * deals, cluster_rounds.c has public attempts, cluster_sound.c what always holds.
 */
#ifndef ASSAY_SERVICES_SHARES_CLUSTER_INTERNAL_H
#define ASSAY_SERVICES_SHARES_CLUSTER_INTERNAL_H

#include "services/shares/cluster.h"

/* A fact of so many zeros, and its kind. Returns: it, in the facts. */
struct assay_share_fact *assay_share_fact_add(struct assay_share_facts *facts,
                                              enum assay_share_fact_kind kind);
/* The row behind the last becomes one, in the order of ids. Returns: false, and nothing is done,
 * when its id stands there already. */
bool assay_share_order_add(struct assay_share_registry *r);
/* Returns: the row of an id, also of one that was deleted; NULL when there is none. */
struct assay_share_row *assay_share_place_of(const struct assay_share_registry *r,
                                             const uint8_t id[static 32]);
/* Nothing is left of it but whose charge it is, and since when. Returns: nothing. */
void assay_share_row_delete(struct assay_share_row *row, uint64_t epoch);
/* Every invariant. Returns: whether it holds. */
bool assay_share_registry_is_sound(const struct assay_share_registry *r);
/* Returns: how many bits are set. */
uint32_t assay_share_count(uint32_t bits);
/* Returns: slots of a cluster whose holder may act; bits. */
uint32_t assay_share_standing_slots(const struct assay_share_registry *r, uint32_t cluster);
/* Says why a cluster cannot go on, once an epoch. Returns: nothing. */
void assay_share_alarm(struct assay_share_registry *r, uint32_t cluster, enum assay_share_why why,
                       struct assay_share_facts *facts);
/* Gives lost slots to candidates, where nothing is lost by it. Returns: nothing. */
void assay_share_seats_decide(struct assay_share_registry *r, struct assay_share_facts *facts);
/* Begins what is wanted, as far as the epoch allows. Returns: nothing. */
void assay_share_reshares_begin(struct assay_share_registry *r, struct assay_share_facts *facts);
/* Ends one that came to nothing: its id stays wanted. Returns: nothing. */
void assay_share_reshare_fail(struct assay_share_registry *r, uint32_t number);
/* Ends one. Returns: nothing. */
void assay_share_reshare_remove(struct assay_share_registry *r, uint32_t number);

/* Returns: false when the slot may be given to nobody, or some id would be left with no share more
 * than k, or, of k + 1 slots, fewer than k. A member that is away is taken for gone. */
bool assay_share_seat_may_go(const struct assay_share_registry *r, uint32_t cluster, uint32_t slot);

/* --- cluster.c */
/* Enough slots keep the next generation, of reshare->digest[digest]: it is the current one.
 * Returns: nothing. */
void assay_share_reshare_finish(struct assay_share_registry *r, uint32_t number, uint32_t digest,
                                struct assay_share_facts *facts);
/* Its slot is lost, and whatever it deals is worth nothing. Returns: nothing. */
void assay_share_convict(struct assay_share_registry *r, uint32_t cluster, uint32_t slot,
                         const uint8_t id[static 32], struct assay_share_facts *facts);
/* Returns: the slot that a member may speak for, if it was given to it then; the number of slots
 * otherwise. */
uint32_t assay_share_slot_of(const struct assay_share_registry *r, uint32_t cluster,
                             uint32_t member, uint64_t seating);

/* --- cluster_owners.c */
/* Returns: the number of the attempt that was begun last; one was (asserted). */
uint64_t assay_share_row_attempt(const struct assay_share_row *row);

/* --- cluster_rounds.c */
/* A slot is given away, or its member convicted. Each Returns: nothing. */
void assay_share_round_moved(struct assay_share_registry *r, uint32_t cluster, uint32_t slot);
void assay_share_round_convicted(struct assay_share_registry *r, uint32_t cluster, uint32_t slot);
/* SHARE_HAVE of a public attempt. Returns: APPLIED | SAME | UNKNOWN (not the time) | STRANGER (it
 * was dealt nothing) | MISMATCH, and it is convicted */
enum assay_share_result assay_share_round_have(struct assay_share_registry *r, uint32_t number,
                                               uint32_t slot, const struct assay_share_line *line,
                                               struct assay_share_facts *facts);
/* At a close: ends a phase whose time is over. Returns: nothing. */
void assay_share_round_close(struct assay_share_registry *r, struct assay_share_facts *facts);
/* At a close: begins a round, if one is wanted and none is under way. Returns: nothing. */
void assay_share_round_begin(struct assay_share_registry *r, struct assay_share_facts *facts);
/* Bytes of one dealing. */
size_t assay_share_round_stride(const struct assay_share_config *config);
uint8_t *assay_share_round_at(const struct assay_share_registry *r, uint32_t place,
                              uint32_t dealer);
/* Returns: whether the round and its reshares fit each other. */
bool assay_share_round_is_sound(const struct assay_share_registry *r);

#endif
