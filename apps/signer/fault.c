/*
 * apps/signer/fault.c - reason why a signer cannot be opened or does not sign.
 */
#include "apps/signer/fault.h"

#include "base/assert.h"

#include <stdarg.h>
#include <stdio.h>

void assay_signer_make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~') *text = '?';
}

bool assay_signer_fail(struct assay_signer_fault *fault, enum assay_signer_outcome outcome,
                       const char *format, ...)
{
    va_list arguments;
    ASSAY_ASSERT(outcome != ASSAY_SIGNER_OK);
    fault->outcome = outcome;
    va_start(arguments, format);
    (void)vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    assay_signer_make_printable(fault->text);
    return false;
}
