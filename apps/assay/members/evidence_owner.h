/*
 * apps/assay/members/evidence_owner.h - owner of stored evidence, found by its report data.
 *
 * Evidence in a store does not name its owner; it binds the member's id, keys and epoch
 * (docs/protocol.md 2.11: report data), so it is compared with the expected report data of each
 * member.
 */
#ifndef ASSAY_APPS_ASSAY_MEMBERS_EVIDENCE_OWNER_H
#define ASSAY_APPS_ASSAY_MEMBERS_EVIDENCE_OWNER_H

#include "engine/ledger/state/state.h"

/* When an epoch began, and what its evidence had to carry. Returns: whether the state knows. */
bool cli_evidence_owner_epoch(const struct assay_state *s, uint64_t epoch, int64_t *at_unix_s,
                              uint8_t beacon[static 32]);
/* Returns: the slot of the member with this report data in that epoch; member_count if there is
 * none. */
uint32_t cli_evidence_owner_find(const struct assay_state *s, uint64_t epoch,
                                 const uint8_t beacon[static 32],
                                 const uint8_t report_data[static 64]);

#endif
