/*
 * apps/signer/fault.h - reason why a signer cannot be opened or does not sign, for the user.
 */
#ifndef ASSAY_APPS_SIGNER_FAULT_H
#define ASSAY_APPS_SIGNER_FAULT_H

#include "base/bytes.h"

enum { ASSAY_SIGNER_TEXT_LEN = 640 };

enum assay_signer_outcome {
    ASSAY_SIGNER_OK = 0,
    ASSAY_SIGNER_USAGE,       /* the reference, or a PIN that cannot be had */
    ASSAY_SIGNER_NOT_FOUND,   /* module, token, object, key of the agent */
    ASSAY_SIGNER_UNREACHABLE, /* no agent answers */
    ASSAY_SIGNER_DENIED,      /* wrong PIN, locked, refused by the agent or its user */
    ASSAY_SIGNER_CONFLICT,    /* several match; the object is there already */
    ASSAY_SIGNER_UNFIT,       /* a key of another type or curve */
    ASSAY_SIGNER_TIMEOUT,
    ASSAY_SIGNER_FAULTY, /* the answer is malformed, or its signature does not verify */
    ASSAY_SIGNER_INTERNAL,
};

/* Reason of a failure, for the user. It never has a PIN in it. */
struct assay_signer_fault {
    enum assay_signer_outcome outcome;
    char text[ASSAY_SIGNER_TEXT_LEN]; /* printable ASCII, whatever a module or an agent sent */
};
/* Fills a fault. Returns: false. */
__attribute__((format(printf, 3, 4))) bool assay_signer_fail(struct assay_signer_fault *fault,
                                                             enum assay_signer_outcome outcome,
                                                             const char *format, ...);

/* Replaces all but printable ASCII by "?". */
void assay_signer_make_printable(char *text);

#endif
