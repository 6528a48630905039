/*
 * quote/eventlog/quoted.h - registers quoted by a piece of evidence, in the numbering of event
 * logs.
 *
 * evidence-rules.md 6.7.
 */
#ifndef ASSAY_QUOTE_EVENTLOG_QUOTED_H
#define ASSAY_QUOTE_EVENTLOG_QUOTED_H

#include "quote/accept/policy.h"
#include "quote/eventlog/eventlog.h"

enum {
    ASSAY_QUOTED_MAX = 8 * ASSAY_EVENT_REGISTERS, /* every PCR of every bank of a TPM */
    ASSAY_QUOTED_ALGS_MAX = 8,
};

/* One register of one bank; the value borrows from the evidence. */
struct assay_quoted_register {
    uint32_t reg; /* as the log counts */
    uint16_t alg;
    struct assay_slice value;
};

struct assay_quoted {
    uint8_t forms; /* logs that can explain these: 1 << enum assay_eventlog_form; 0: none can */
    uint32_t first_reg; /* as the log counts, and what policies call it */
    enum assay_reference_field first_field;
    uint32_t reg_count; /* that there are, quoted or not */
    size_t count;
    struct assay_quoted_register registers[ASSAY_QUOTED_MAX];
};

/* One register more (asserted: there is room). */
void assay_quoted_add(struct assay_quoted *out, uint32_t reg, uint16_t alg,
                      struct assay_slice value);
/* Returns: the name of a register in policies ("rtmr1", "pcr4"); "register" for one beyond. */
const char *assay_quoted_name(const struct assay_quoted *quoted, uint32_t reg);
/* As the log counts. Returns: false when the field is no register of this evidence. */
bool assay_quoted_reg(const struct assay_quoted *quoted, enum assay_reference_field field,
                      uint32_t *reg);

#endif
