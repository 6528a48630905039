/*
 * services/shares/holder_effects.h - execution of a holder's effects: all that they store is
 * durable before anything leaves that depends on it (docs/services.md 5.11). Run by the process of
 * a holder, by the simulator and by schedules of tests alike.
 */
#ifndef ASSAY_SERVICES_SHARES_HOLDER_EFFECTS_H
#define ASSAY_SERVICES_SHARES_HOLDER_EFFECTS_H

#include "services/shares/holder.h"

/* Environment of a holder. All pointers are set; none calls the holder. After a status other than
 * ASSAY_OK nothing more is executed. */
struct assay_share_effects_world {
    void *context;
    /* Stores the row of an id, in place of the one before; id zeros: the slot's own keys. row is
     * secret and borrowed for the call. */
    enum assay_status (*persist)(void *context, const uint8_t id[static 32],
                                 struct assay_slice row);
    /* Erases the row of an id; NULL: every row, the slot's own keys too. */
    enum assay_status (*erase)(void *context, const uint8_t *id);
    /* Makes all of it durable; rows: whether anything was stored or erased. With rows the position
     * in the ledger is stored too, so that no older ledger is followed after a restart. */
    enum assay_status (*commit)(void *context, bool rows);
    /* Submits the payload of a record until it is final. replaces: the earlier ones of its kind not
     * any more. No room is no failure: the host drops it, and lets the holder crawl later. */
    enum assay_status (*submit)(void *context, enum assay_share_payload payload, bool replaces,
                                struct assay_slice bytes);
    /* Sends a SEND. */
    void (*send)(void *context, const struct assay_share_effect *effect);
    /* Requests a QUOTE or a VERIFY from the member's daemon. */
    void (*request)(void *context, const struct assay_share_effect *effect);
};

/*
 * assay_share_effects_execute - executes the effects of the holder's last call, in two passes, and
 * wipes their bytes.
 *
 * Returns: ASSAY_OK | the first other status of the environment: the host stops the holder
 */
ASSAY_CHECKED enum assay_status assay_share_effects_execute(
    const struct assay_share_holder *h, struct assay_share_effects *effects,
    const struct assay_share_effects_world *world);

#endif
