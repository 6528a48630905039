/*
 * services/shares/cluster_internal.h - interface between the files of the share registry: cluster.c
 * applies holder records and closes epochs, cluster_owners.c applies owner records, cluster_seats.c
 * assigns seats and dealers, cluster_rounds.c runs public attempts, cluster_invariants.c checks
 * invariants.
 */
#ifndef ASSAY_SERVICES_SHARES_CLUSTER_INTERNAL_H
#define ASSAY_SERVICES_SHARES_CLUSTER_INTERNAL_H

#include "services/shares/cluster.h"

/* Adds a fact with this kind, its other fields zero. Returns: it, in the facts. */
struct assay_share_fact *assay_share_fact_add(struct assay_share_facts *facts,
                                              enum assay_share_fact_kind kind);
/* Adds the row behind the last to the order of ids. Returns: false, and nothing is done, when its
 * id exists already. */
bool assay_share_order_add(struct assay_share_registry *r);
/* Returns: the row of an id, including a deleted one; NULL when there is none. */
struct assay_share_row *assay_share_find_row(const struct assay_share_registry *r,
                                             const uint8_t id[static 32]);
/* Clears a row except for its charge and its epoch of deletion. */
void assay_share_row_delete(struct assay_share_row *row, uint64_t epoch);
/* Checks every invariant. Returns: whether all are met. */
bool assay_share_registry_is_valid(const struct assay_share_registry *r);
/* Returns: how many bits are set. */
uint32_t assay_share_count_bits(uint32_t bits);
/* Returns: slots of a cluster whose holder may act; bits. */
uint32_t assay_share_active_slots(const struct assay_share_registry *r, uint32_t cluster);
/* Raises an alarm that a cluster cannot continue, once an epoch. */
void assay_share_alarm(struct assay_share_registry *r, uint32_t cluster, enum assay_share_why why,
                       struct assay_share_facts *facts);
/* Assigns lost slots to candidates, where no share is lost by it. */
void assay_share_assign_seats(struct assay_share_registry *r, struct assay_share_facts *facts);
/* Starts needed reshares, up to the limit of the epoch. */
void assay_share_start_reshares(struct assay_share_registry *r, struct assay_share_facts *facts);
/* Ends a failed reshare: its id still needs one. */
void assay_share_reshare_fail(struct assay_share_registry *r, uint32_t number);
/* Removes a reshare. */
void assay_share_reshare_remove(struct assay_share_registry *r, uint32_t number);

/* Returns: false when the slot has no candidate, or some id would be left with at most k shares,
 * or, of k + 1 slots, fewer than k. A member that is away counts as gone. */
bool assay_share_seat_may_go(const struct assay_share_registry *r, uint32_t cluster, uint32_t slot);

/* --- cluster.c */
/* Enough slots have confirmed the next generation, of reshare->digest[digest]: it becomes
 * current. */
void assay_share_reshare_finish(struct assay_share_registry *r, uint32_t number, uint32_t digest,
                                struct assay_share_facts *facts);
/* Returns: the slot for which a member may submit statements, if it was assigned to it by then; the
 * number of slots otherwise. */
uint32_t assay_share_slot_of(const struct assay_share_registry *r, uint32_t cluster,
                             uint32_t member, uint64_t seating);

/* --- cluster_lies.c */
/* Its slot is lost, and its dealings are void. */
void assay_share_convict(struct assay_share_registry *r, uint32_t cluster, uint32_t slot,
                         const uint8_t id[static 32], struct assay_share_facts *facts);

/* --- cluster_owners.c */
/* Returns: the number of the attempt started last; there is one (asserted). */
uint64_t assay_share_row_attempt(const struct assay_share_row *row);

/* --- cluster_rounds.c */
/* Called when a slot is reassigned, or its member convicted. */
void assay_share_round_on_seat_change(struct assay_share_registry *r, uint32_t cluster,
                                      uint32_t slot);
void assay_share_round_convicted(struct assay_share_registry *r, uint32_t cluster, uint32_t slot);
/* SHARE_HAVE of a public attempt. Returns: APPLIED | SAME | UNKNOWN (another phase) | STRANGER (it
 * has no dealing) | MISMATCH, and it is convicted */
enum assay_share_result assay_share_round_have(struct assay_share_registry *r, uint32_t number,
                                               uint32_t slot, const struct assay_share_line *line,
                                               struct assay_share_facts *facts);
/* At a close: ends a phase that is over. */
void assay_share_round_close(struct assay_share_registry *r, struct assay_share_facts *facts);
/* At a close: starts a round, if one is needed and none is in progress. */
void assay_share_round_start(struct assay_share_registry *r, struct assay_share_facts *facts);
/* Bytes of one dealing. */
size_t assay_share_round_stride(const struct assay_share_config *config);
uint8_t *assay_share_round_at(const struct assay_share_registry *r, uint32_t place,
                              uint32_t dealer);
/* Returns: whether the round and its reshares are consistent. */
bool assay_share_round_is_valid(const struct assay_share_registry *r);

#endif
