/*
 * quote/eventlog/quoted.c - quoted registers, and their names in policies.
 */
#include "quote/eventlog/quoted.h"

#include "base/assert.h"

void assay_quoted_add(struct assay_quoted *out, uint32_t reg, uint16_t alg,
                      struct assay_slice value)
{
    ASSAY_ASSERT(reg < ASSAY_EVENT_REGISTERS && value.len <= ASSAY_MEASUREMENT_MAX);
    ASSAY_ASSERT(out->count < ASSAY_QUOTED_MAX);
    out->registers[out->count++] = (struct assay_quoted_register){ reg, alg, value };
}

const char *assay_quoted_name(const struct assay_quoted *quoted, uint32_t reg)
{
    if (reg < quoted->first_reg || reg - quoted->first_reg >= quoted->reg_count) return "register";
    const uint32_t field = (uint32_t)quoted->first_field + (reg - quoted->first_reg);
    return assay_reference_field_name((enum assay_reference_field)field);
}

bool assay_quoted_reg(const struct assay_quoted *quoted, enum assay_reference_field field,
                      uint32_t *reg)
{
    if (field < quoted->first_field) return false;
    const uint32_t index = (uint32_t)field - (uint32_t)quoted->first_field;
    if (index >= quoted->reg_count) return false;
    *reg = quoted->first_reg + index;
    ASSAY_ASSERT(*reg < ASSAY_EVENT_REGISTERS);
    return true;
}
