/*
 * services/shares/holder_effects.c - execution of a holder's effects: stored first, then sent.
 */
#include "services/shares/holder_effects.h"

#include "base/assert.h"
#include "base/bytes.h"

static enum assay_status persist_row(const struct assay_share_holder *h,
                                     const struct assay_share_effect *e,
                                     const struct assay_share_effects_world *world)
{
    uint8_t bytes[ASSAY_SHARE_STORED_MAX];
    struct assay_slice row;
    enum assay_status status = assay_share_holder_stored(h, e->id, bytes, sizeof bytes, &row);
    ASSAY_ASSERT(status == ASSAY_OK || status == ASSAY_E_NOT_FOUND);
    /* A row that is absent again was erased in the same call. */
    status = status == ASSAY_OK ? world->persist(world->context, e->id, row) : ASSAY_OK;
    assay_secret_wipe(bytes, sizeof bytes);
    return status;
}

static enum assay_status store_effect(const struct assay_share_holder *h,
                                      const struct assay_share_effect *e,
                                      const struct assay_share_effects_world *world, bool *rows)
{
    if (e->act == ASSAY_SHARE_ACT_PERSIST || e->act == ASSAY_SHARE_ACT_ERASE ||
        e->act == ASSAY_SHARE_ACT_WIPE)
        *rows = true;
    if (e->act == ASSAY_SHARE_ACT_PERSIST) return persist_row(h, e, world);
    if (e->act == ASSAY_SHARE_ACT_ERASE) return world->erase(world->context, e->id);
    if (e->act == ASSAY_SHARE_ACT_WIPE) return world->erase(world->context, NULL);
    return ASSAY_OK;
}

/* What is stated of the ids that are synced now replaces what was stated before: readiness, and the
 * keys of a round that began. */
static bool replaces_earlier(enum assay_share_payload payload)
{
    return payload == ASSAY_SHARE_PAYLOAD_READY || payload == ASSAY_SHARE_PAYLOAD_KEY;
}

static enum assay_status send_effect(const struct assay_share_effect *e,
                                     const struct assay_share_effects_world *world)
{
    switch (e->act) {
    case ASSAY_SHARE_ACT_SUBMIT:
        ASSAY_ASSERT(e->bytes.len > 0 && e->bytes.len <= ASSAY_SHARE_RECORD_MAX);
        return world->submit(world->context, e->payload, replaces_earlier(e->payload), e->bytes);
    case ASSAY_SHARE_ACT_SEND: world->send(world->context, e); break;
    case ASSAY_SHARE_ACT_VERIFY:
        /* Without evidence the exchange ends by its time. */
        if (e->bytes.len > 0) world->request(world->context, e);
        break;
    case ASSAY_SHARE_ACT_QUOTE: world->request(world->context, e); break;
    case ASSAY_SHARE_ACT_PERSIST:
    case ASSAY_SHARE_ACT_ERASE:
    case ASSAY_SHARE_ACT_WIPE: break;
    }
    return ASSAY_OK;
}

enum assay_status assay_share_effects_execute(const struct assay_share_holder *h,
                                              struct assay_share_effects *effects,
                                              const struct assay_share_effects_world *world)
{
    ASSAY_ASSERT(effects->count <= ASSAY_SHARE_EFFECTS_MAX &&
                 effects->used <= sizeof effects->bytes);
    bool rows = false;
    enum assay_status status = ASSAY_OK;
    for (uint32_t i = 0; i < effects->count && status == ASSAY_OK; i++)
        status = store_effect(h, &effects->effect[i], world, &rows);
    if (status == ASSAY_OK) status = world->commit(world->context, rows);
    for (uint32_t i = 0; i < effects->count && status == ASSAY_OK; i++)
        status = send_effect(&effects->effect[i], world);
    assay_secret_wipe(effects->bytes, effects->used);
    return status;
}
