/*
 * services/identity/ceremony_internal.h - interface between the files of the fold of a group key:
 * ceremony.c has closes, ceremony_apply.c records, ceremony_view.c what programs of holders ask.
 */
#ifndef ASSAY_SERVICES_IDENTITY_CEREMONY_INTERNAL_H
#define ASSAY_SERVICES_IDENTITY_CEREMONY_INTERNAL_H

#include "services/identity/ceremony.h"

/* facts: NULL: not needed. */
static inline void assay_ca_fact_add(struct assay_ca_facts *facts, enum assay_ca_fact_kind kind,
                                     uint32_t slot, uint64_t number)
{
    if (facts == NULL) return;
    ASSAY_ASSERT(facts->count < ASSAY_CA_FACTS_MAX);
    facts->fact[facts->count++] =
        (struct assay_ca_fact){ .kind = kind, .slot = slot, .number = number };
}

/* The member at the slot, while it is the one of this node id; NULL otherwise. */
static inline const struct assay_ca_member *assay_ca_member_of(const struct assay_ca *ca,
                                                               uint32_t slot,
                                                               const uint8_t node_id[static 32])
{
    if (slot >= ASSAY_CA_SLOTS_MAX) return NULL;
    const struct assay_ca_member *m = &ca->member[slot];
    return assay_bytes_equal(m->node_id, node_id, 32) ? m : NULL;
}

/* 3.4.1: whether the member's keys are active, and its certified list is the one in which the
 * holder's entry was shown, or was that at one of the last certified closes: the holder can show
 * the entry in a list only after the close that certified it, when the next list may be on its
 * way. */
bool assay_ca_key_is_active(const struct assay_ca *ca, const struct assay_ca_holder *holder);
/* A member that may hold shares of the next generation: 3.1. In: from: the generation that is
 * reshared, else NULL */
bool assay_ca_may_offer(const struct assay_ca *ca, const struct assay_ca_sharing *from,
                        uint32_t slot);
/* The indices that holders of enough weight vouch for this table with. */
uint32_t assay_ca_vouched(const struct assay_ca_sharing *s, const uint8_t digest[static 32]);
/* A holder of a generation in force, for ever in it; it offers again after some epochs (3.4). */
void assay_ca_lose(struct assay_ca *ca, const struct assay_ca_sharing *s,
                   struct assay_ca_holder *holder, struct assay_ca_facts *facts);
/* Ends the ceremony, if one runs. */
void assay_ca_end_ceremony(struct assay_ca *ca);
/* Convicts a member: no dealing of it stands, it holds nothing any more. */
void assay_ca_convict(struct assay_ca *ca, uint32_t slot, const uint8_t node_id[static 32],
                      enum assay_ca_reason reason, struct assay_ca_facts *facts);

#endif
