/*
 * services/identity/ceremony_holder_internal.h - parts of ceremony_holder.c: offers and dealings
 * (ceremony_holder_deal.c), checks and sums of the dealings of others (ceremony_holder_check.c).
 */
#ifndef ASSAY_SERVICES_IDENTITY_CEREMONY_HOLDER_INTERNAL_H
#define ASSAY_SERVICES_IDENTITY_CEREMONY_HOLDER_INTERNAL_H

#include "services/identity/ceremony_holder.h"

/* Each fills *out with the next action of its phase, or leaves NOTHING in it.
 * Returns: ASSAY_OK | statuses of random | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status ceremony_holder_offer(struct assay_ceremony_holder *h,
                                                      const struct assay_ca *ca,
                                                      struct assay_ceremony_effect *out);
ASSAY_CHECKED enum assay_status ceremony_holder_deal(struct assay_ceremony_holder *h,
                                                     const struct assay_ca *ca,
                                                     struct assay_ceremony_effect *out);
ASSAY_CHECKED enum assay_status ceremony_holder_dispute(struct assay_ceremony_holder *h,
                                                        const struct assay_ca *ca,
                                                        struct assay_ceremony_effect *out);
ASSAY_CHECKED enum assay_status ceremony_holder_have(struct assay_ceremony_holder *h,
                                                     const struct assay_ca *ca,
                                                     struct assay_ceremony_effect *out);
/* In every phase: a new link key, list of keys or address; a HAVE that is not on the ledger yet. */
ASSAY_CHECKED enum assay_status ceremony_holder_idle(struct assay_ceremony_holder *h,
                                                     const struct assay_ca *ca,
                                                     struct assay_ceremony_effect *out);

/* Returns: what is stored of the running ceremony; NULL: nothing, or none runs. */
struct assay_ceremony_attempt *ceremony_holder_running(struct assay_ceremony_holder *h,
                                                       const struct assay_ca *ca);
/* Returns: this holder's row of the generation that is made, with its own encryption key; NULL: it
 * is none of its holders, or another process offered. */
const struct assay_ca_holder *ceremony_holder_own_row(const struct assay_ceremony_holder *h,
                                                      const struct assay_ca *ca,
                                                      const struct assay_ceremony_attempt *attempt);
/* Returns: the shares of the generation in force of a CA number; NULL: they are not here, or it is
 * neither the active nor the next one. */
const struct assay_ceremony_sharing *ceremony_holder_in_force(const struct assay_ceremony_holder *h,
                                                              const struct assay_ca *ca,
                                                              uint32_t number);
const struct assay_ceremony_sharing *ceremony_holder_sharing_of(
    const struct assay_ceremony_holder *h, const struct assay_ceremony_name *name);
bool ceremony_holder_is_name_equal(const struct assay_ceremony_name *a,
                                   const struct assay_ceremony_name *b);
struct assay_ceremony_name ceremony_holder_name(const struct assay_ca_scope *scope);
/* What records of this holder name. Returns: false: no ceremony runs */
bool ceremony_holder_scope(const struct assay_ceremony_holder *h, const struct assay_ca *ca,
                           struct assay_ca_scope *scope);
/* The signature of a statement with the holder key. */
void ceremony_holder_sign(const struct assay_ceremony_holder *h, const uint8_t digest[static 32],
                          uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN]);
ASSAY_CHECKED enum assay_status ceremony_holder_draw(const struct assay_ceremony_holder *h,
                                                     uint8_t *bytes, size_t len);

/* --- effects. bytes: in out->buffer already */
void ceremony_holder_store(struct assay_ceremony_holder *h, struct assay_ceremony_effect *out,
                           const struct assay_ceremony_name *name,
                           enum assay_ceremony_item_kind kind, enum assay_ceremony_record record,
                           uint32_t number, struct assay_slice bytes);
/* Once after each close. In: *submitted: whether it was */
void ceremony_holder_submit(struct assay_ceremony_effect *out,
                            const struct assay_ceremony_name *name,
                            enum assay_ceremony_record record, uint32_t number, bool *submitted);
/* Writes the item of a sharing. */
struct assay_slice ceremony_holder_sharing_encode(const struct assay_ceremony_sharing *sharing,
                                                  uint8_t bytes[static ASSAY_CEREMONY_ITEM_MAX]);

#endif
