/*
 * net/services/identity/checkpoint_file.c - the newest checkpoint that a holder acted on.
 */
#include "net/services/identity/checkpoint_file.h"

static const char name[] = "checkpoint";

_Static_assert((int)ASSAY_CHECKPOINT_LEN_MAX <= (int)ASSAY_CEREMONY_ITEM_MAX, "it fits");

static bool is_before(uint64_t era, uint64_t epoch, uint64_t other_era, uint64_t other_epoch)
{
    return era < other_era || (era == other_era && epoch < other_epoch);
}

/* As assay_keyholder_checkpoint_load, without effect on the vault. */
static enum assay_status choose_newer(struct assay_holder_vault *vault,
                                      const struct assay_checkpoint *given,
                                      struct assay_checkpoint *from, uint64_t *epoch)
{
    struct assay_checkpoint stored;
    uint8_t bytes[ASSAY_CEREMONY_ITEM_MAX];
    struct assay_slice plain;
    *from = *given;
    *epoch = 0;
    const enum assay_status status = assay_holder_vault_get_note(vault, name, bytes, &plain);
    uint64_t floor_era, floor_epoch;
    const bool has_floor = assay_holder_vault_get_floor(vault, &floor_era, &floor_epoch);
    if (status == ASSAY_E_NOT_FOUND) return has_floor ? ASSAY_E_STALE : ASSAY_OK;
    ASSAY_TRY(status);
    if (assay_checkpoint_decode(plain, &stored) != ASSAY_OK) return ASSAY_E_STORE;
    if (!assay_bytes_equal(stored.chain_id, from->chain_id, 32)) return ASSAY_E_CHAIN;
    if (has_floor && is_before(stored.era, stored.epoch, floor_era, floor_epoch))
        return ASSAY_E_STALE;
    *epoch = stored.epoch;
    if (is_before(from->era, from->epoch, stored.era, stored.epoch)) *from = stored;
    return ASSAY_OK;
}

enum assay_status assay_keyholder_checkpoint_load(struct assay_holder_vault *vault,
                                                  const struct assay_checkpoint *given,
                                                  struct assay_checkpoint *from, uint64_t *epoch)
{
    ASSAY_TRY(choose_newer(vault, given, from, epoch));
    assay_holder_vault_set_start(vault, from->era, from->epoch);
    return ASSAY_OK;
}

enum assay_status assay_keyholder_checkpoint_store(struct assay_holder_vault *vault,
                                                   const struct assay_checkpoint *checkpoint)
{
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    ASSAY_TRY(assay_checkpoint_encode(checkpoint, &w));
    assay_holder_vault_set_floor(vault, checkpoint->era, checkpoint->epoch);
    return assay_holder_vault_put_note(vault, name, assay_slice_over(bytes, w.len));
}
