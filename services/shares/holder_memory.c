/*
 * services/shares/holder_memory.c - layout of a holder's memory.
 */
#include "services/shares/holder_internal.h"

static size_t align_up(size_t len)
{
    return (len + 15) & ~(size_t)15;
}

size_t assay_share_holder_size(uint32_t ids_max)
{
    return align_up(sizeof(struct assay_share_holder)) +
           align_up(ids_max * sizeof(struct assay_share_holding)) +
           align_up(ids_max * sizeof(uint16_t));
}

struct assay_share_holder *assay_share_holder_init(void *memory, size_t memory_len,
                                                   const struct assay_share_holder_config *config)
{
    ASSAY_ASSERT(config->ids_max > 0 && config->ids_max <= ASSAY_SHARE_IDS_MAX);
    ASSAY_ASSERT(memory_len >= assay_share_holder_size(config->ids_max));
    assay_bytes_zero(memory, assay_share_holder_size(config->ids_max));
    struct assay_share_holder *h = memory;
    uint8_t *at = (uint8_t *)memory + align_up(sizeof *h);
    h->config = *config;
    h->holding = (struct assay_share_holding *)(void *)at;
    at += align_up(config->ids_max * sizeof *h->holding);
    h->order = (uint16_t *)(void *)at;
    ASSAY_ASSERT((uint8_t *)(h->order + h->config.ids_max) <= (uint8_t *)memory + memory_len);
    return h;
}
