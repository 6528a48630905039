/*
 * apps/assay/members/evidence_owner.h - whose evidence is this?
 *
 * Evidence in a store does not say whose it is; it binds its member's id, keys and epoch
 * (docs/protocol.md 2.11), so it is held against what each member's must carry.
 */
#ifndef ASSAY_APPS_ASSAY_MEMBERS_EVIDENCE_OWNER_H
#define ASSAY_APPS_ASSAY_MEMBERS_EVIDENCE_OWNER_H

#include "engine/ledger/state/state.h"

/* When an epoch began, and what its evidence had to carry. Returns: whether the state knows. */
bool assay_change_moment(const struct assay_state *s, uint64_t epoch, int64_t *at_unix_s,
                         uint8_t beacon[static 32]);
/* Returns: the slot of the member whose evidence of that epoch carries this; member_count. */
uint32_t assay_change_whose(const struct assay_state *s, uint64_t epoch,
                            const uint8_t beacon[static 32], const uint8_t report_data[static 64]);

#endif
