/*
 * quote/eventlog/quoted.c - quoted registers of TDs and of TPMs.
 */
#include "quote/eventlog/quoted.h"

#include "base/assert.h"
#include "quote/intel/quote.h"
#include "quote/kinds.h"
#include "quote/tpm/tpm_format.h"

static void add_register(struct assay_quoted *out, uint32_t reg, uint16_t alg,
                         struct assay_slice value)
{
    ASSAY_ASSERT(out->count < ASSAY_QUOTED_MAX);
    out->registers[out->count++] = (struct assay_quoted_register){ reg, alg, value };
}

/* UEFI 2.10, 38.4.1: measurement register 0 is MRTD, which no event extends; 1 to 4 are RTMRs. */
void assay_quoted_td(const struct assay_kind *kind, struct assay_slice evidence,
                     struct assay_quoted *out)
{
    enum { RTMRS = 4, RTMR_LEN = 48, RTMR_OFFSET = 328 }; /* of the TD report, every version */
    struct assay_quote quote;
    *out = (struct assay_quoted){ .forms = 1 << ASSAY_EVENTLOG_TCG,
                                  .first_reg = 1,
                                  .first_field = ASSAY_REFERENCE_RTMR0,
                                  .reg_count = RTMRS };
    if (assay_quote_parse(kind, evidence.bytes, evidence.len, &quote) != ASSAY_OK) return;
    const uint8_t *const first = evidence.bytes + quote.offset_body + RTMR_OFFSET;
    for (uint32_t i = 0; i < RTMRS; i++) {
        const uint8_t *const value = first + (size_t)i * RTMR_LEN;
        ASSAY_ASSERT(assay_bytes_equal(value, quote.body.td.rtmr[i], RTMR_LEN));
        add_register(out, 1 + i, ASSAY_TPM_SHA384, assay_slice_over(value, RTMR_LEN));
    }
}

/* The values next to the quote: the verdict covers whether they match its digest. */
void assay_quoted_tpm(const struct assay_kind *kind, struct assay_slice evidence,
                      struct assay_quoted *out)
{
    struct assay_package package;
    struct assay_tpm_quote quote;
    *out = (struct assay_quoted){ .forms = 1 << ASSAY_EVENTLOG_TCG | 1 << ASSAY_EVENTLOG_IMA,
                                  .first_field = ASSAY_REFERENCE_PCR0,
                                  .reg_count = ASSAY_TPM_PCRS };
    _Static_assert((int)ASSAY_TPM_PCRS == (int)ASSAY_EVENT_REGISTERS, "a log counts PCRs");
    if (assay_package_read(kind->kind, evidence.bytes, evidence.len, &package) != ASSAY_OK) return;
    if (assay_tpm_quote_parse(package.main.bytes, package.main.len, &quote) != ASSAY_OK) return;
    for (size_t i = 0; i < quote.bank_count; i++)
        for (uint32_t pcr = 0; pcr < ASSAY_TPM_PCRS; pcr++) {
            struct assay_slice value = { NULL, 0 };
            const uint16_t alg = quote.banks[i].alg;
            if (assay_tpm_value(&quote, package.pcrs, alg, pcr, &value) != ASSAY_OK) continue;
            add_register(out, pcr, alg, value);
        }
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
    return true;
}
