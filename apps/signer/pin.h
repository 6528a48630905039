/*
 * apps/signer/pin.h - PIN of a token, from a file or from the terminal, without echo.
 */
#ifndef ASSAY_APPS_SIGNER_PIN_H
#define ASSAY_APPS_SIGNER_PIN_H

#include "apps/signer/fault.h"

enum { ASSAY_PIN_MAX = 255 };

/* The owner wipes it (assay_secret_wipe). */
struct assay_pin {
    size_t len; /* 0: none */
    uint8_t bytes[ASSAY_PIN_MAX + 1];
};

/* The first line of a file that only its owner may read. Returns: true | false and *fault. */
bool assay_pin_read(const char *path, struct assay_pin *pin, struct assay_signer_fault *fault);
/*
 * assay_pin_prompt - one line from the controlling terminal, which does not show it.
 * The terminal shows what is typed again when the function returns, and when a signal ends or
 * stops the process.
 * Returns: true | false and *fault (no terminal, nothing entered)
 */
bool assay_pin_prompt(const char *prompt, struct assay_pin *pin, struct assay_signer_fault *fault);

#endif
