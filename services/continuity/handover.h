/*
 * services/continuity/handover.h - proof that one view of a group followed another, verified
 * without the ledger (docs/services.md 1.9.7, 1.9.8).
 *
 * It is the TABLE record of the later view with the contacts of its members: a quorum of the base
 * stopped for this roster, and a quorum of the roster vouched. Replicas send it to enclaves that
 * have the base view, and submit it to a ledger after a RECOVER (group_eras.c).
 */
#ifndef ASSAY_SERVICES_CONTINUITY_HANDOVER_H
#define ASSAY_SERVICES_CONTINUITY_HANDOVER_H

#include "services/continuity/records.h"

enum {
    ASSAY_CONT_TABLE_LEN_MAX = 2304, /* a TABLE record of a group of seven: about 2,000 bytes */
    ASSAY_CONT_HANDOVER_LEN_MAX = 3072, /* with 7 x (32 + 64 bytes and their heads) */
};

struct assay_cont_handover {
    struct assay_cont_table_record record;
    struct assay_cont_contact contact[ASSAY_CONT_SEATS_MAX]; /* by seat; address_len 0: not named */
};

/* Distinct seats of a roster among these keys, without those of mask. Each Returns: the number. */
uint32_t assay_cont_count_last(const struct assay_cont_roster *roster, uint8_t without,
                               const struct assay_cont_table_record *record);
uint32_t assay_cont_count_vouches(const struct assay_cont_roster *roster,
                                  const struct assay_cont_table_record *record);
/*
 * assay_cont_handover_encode - canonical CBOR [TABLE record, [[CURVE key, address] | null ...]].
 * In:      record: a payload that assay_cont_table_record_decode takes; contact[count] by seat
 * Returns: ASSAY_OK | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_cont_handover_encode(struct assay_slice record,
                                                           const struct assay_cont_contact *contact,
                                                           uint32_t count, uint8_t *bytes,
                                                           size_t capacity,
                                                           struct assay_slice *out);
/* Returns: ASSAY_OK | what base/cbor.h says | ASSAY_E_TRAILING | ASSAY_E_INVALID (an address) | as
 * assay_cont_table_record_decode */
ASSAY_CHECKED enum assay_status assay_cont_handover_decode(struct assay_slice bytes,
                                                           struct assay_cont_handover *handover);
/*
 * assay_cont_handover_check - verifies that this view follows the base directly.
 * In:      base: a roster that the caller trusts
 * Returns: ASSAY_OK: h->record.roster may be trusted as much as base | ASSAY_E_CHAIN (another
 *          group) | ASSAY_E_STALE (no later view: numbers start with the era, so neither decreases)
 *          | ASSAY_E_EARLY (it follows another view than base) | ASSAY_E_DUPLICATE (one key has two
 *          seats) | ASSAY_E_RANGE (a group of another size) | ASSAY_E_STRANGER (fewer than a quorum
 *          of the base stopped, or of the roster vouched) | ASSAY_E_SIGNATURE (forged, of another
 *          chain, or the base stopped for another roster) | ASSAY_E_KEY (a contact is not the one
 *          that the base has signed)
 */
ASSAY_CHECKED enum assay_status assay_cont_handover_check(const struct assay_cont_home *home,
                                                          const struct assay_cont_roster *base,
                                                          const struct assay_cont_handover *h);

#endif
