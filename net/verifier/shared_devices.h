/*
 * net/verifier/shared_devices.h - devices that pass in the evidence of two members in one epoch.
 *
 * A device signs a nonce of one member and one epoch, so a device of two members answered both of
 * them: its reports are relayed from machine to machine, or its key is cloned. Only evidence that
 * this node verified, that passes, and that is bound to its member is added: a copy of what another
 * member sent is bound to that one. Moving a device to another machine between two epochs is no
 * sharing.
 *
 * What is found is of this node, as the verdicts are; nothing of the ledger depends on it. One
 * record a member: however many devices some members share, no other member's record is lost.
 */
#ifndef ASSAY_NET_VERIFIER_SHARED_DEVICES_H
#define ASSAY_NET_VERIFIER_SHARED_DEVICES_H

#include "host/snapshot.h"
#include "quote/verdict.h"

struct assay_shared_devices;

/* Members have memory for their devices (2 KB) from their first evidence with devices on.
 * Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_shared_devices_create(uint32_t members,
                                                            struct assay_shared_devices **out);
/* Accepts a pointer to NULL; nulls it. */
void assay_shared_devices_destroy(struct assay_shared_devices **all);
/*
 * assay_shared_devices_add - evidence of a member, of the epoch, that is bound to it.
 * In:      slot < members (asserted); a verdict that does not pass has no devices here
 * Out:     *of: this member, or the other one, whose record is new
 * Returns: whether one is, which is worth an event
 */
bool assay_shared_devices_add(struct assay_shared_devices *all, uint16_t slot, uint64_t epoch,
                              const struct assay_verdict *verdict, uint16_t *of);
/*
 * assay_shared_devices_expire - forget what was not found again.
 * In:      epoch: the running one; a record ends when ASSAY_SHARED_DEVICE_EPOCHS have begun after
 *          the last epoch in which it was found
 * Out:     *slot: the member of a record that ended
 * Returns: whether one ended; repeated until it returns false
 */
bool assay_shared_devices_expire(struct assay_shared_devices *all, uint64_t epoch, uint16_t *slot);
/* Returns: the record of a member, last_epoch 0 without one. */
struct assay_snapshot_shared_device assay_shared_devices_get(const struct assay_shared_devices *all,
                                                             uint16_t slot);

#endif
