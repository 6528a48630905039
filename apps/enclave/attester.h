/*
 * apps/enclave/attester.h - attesters of this node (RFC 9334): a SOFT platform, a TPM, or any
 * other source of evidence (quote/source). Private to the folder.
 *
 * The three functions are the callbacks of quote/source/platform/platform.h and run in the thread
 * of its quoter; the source that a maker points to belongs to that thread until it is released.
 */
#ifndef ASSAY_APPS_ENCLAVE_ATTESTER_H
#define ASSAY_APPS_ENCLAVE_ATTESTER_H

#include "apps/enclave/device_reports.h"
#include "quote/source/platform/quoter.h"
#include "quote/source/source.h"

#include <stdatomic.h>

struct assay_soft_node;  /* quote/source/soft/soft.h */
struct assay_tpm_source; /* quote/source/tpm/tpm.h */

/* On the heap; one of the first three is set. */
struct assay_attester {
    const struct assay_soft_node *credential;
    struct assay_tpm_source *tpm;
    struct assay_source *source;
    const char *devices; /* program for the reports of devices; NULL: there are none */
    atomic_bool packs;   /* the policy in force accepts packed devices; set by another thread */
    struct assay_attester_reports reports;
    uint8_t plain[ASSAY_EVIDENCE_LEN_MAX]; /* the processor's evidence that goes with them */
    bool measured;                         /* tpm: since an image was loaded */
    bool complained_of_table;              /* source: once, since it comes with every quote */
};

/* Writes a log line. Text from a host or a device is stripped of quotation marks and control
 * bytes. */
void assay_attester_log(const char *level, const char *event, enum assay_status status,
                        const char *message);
/* Evidence in the format of the network. Returns: ASSAY_OK and quote[*len] | an error, which was
 * logged */
ASSAY_CHECKED enum assay_status assay_attester_quote(void *context,
                                                     const struct assay_quoter_job *job,
                                                     uint8_t *quote, size_t capacity, size_t *len);
/* An image was loaded: extends the TPM. */
void assay_attester_load(void *context, const uint8_t measurement[static 32]);
/* Frees the maker, not its source. */
void assay_attester_release(void *context);

#endif
