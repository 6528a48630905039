/*
 * host/light/light_group.c - groups after the trusted epoch of a light client (docs/services.md
 * 9.6).
 */
#include "host/light/light_group.h"

enum assay_status assay_light_read_view(const struct assay_light *light, uint32_t group,
                                        struct assay_slice head, struct assay_cont_view *view)
{
    if (!assay_light_has_document(light, head)) return ASSAY_E_NOT_FOUND;
    return assay_cont_view_read(group, head, view);
}

enum assay_status assay_light_read_row(const struct assay_light *light, uint32_t group,
                                       struct assay_slice head, const uint8_t instance[static 32],
                                       struct assay_slice proof, struct assay_cont_row_proven *row)
{
    struct assay_cont_rows rows;
    if (!assay_light_has_document(light, head)) return ASSAY_E_NOT_FOUND;
    ASSAY_TRY(assay_cont_rows_read(group, head, &rows));
    return assay_cont_row_verify(&rows, instance, proof, row);
}
