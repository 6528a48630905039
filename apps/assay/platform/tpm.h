/*
 * apps/assay/platform/tpm.h - helpers shared by the two halves of `assay tpm`: the node (tpm.c) and
 * the registrar (tpm_registrar.c).
 */
#ifndef ASSAY_APPS_ASSAY_PLATFORM_TPM_H
#define ASSAY_APPS_ASSAY_PLATFORM_TPM_H

#include "apps/assay/core/command.h"
#include "quote/source/tpm/tpm.h"
#include "quote/source/tpm/tpm_registrar.h"

#include <limits.h>

struct tpm_options {
    const char *name, *registrar, *vendors, *tcti, *out, *measurement, *program, *report_data;
    uint64_t days; /* 0: the step's default */
    int word_count;
    char **words;
};

/* Each reports on stderr. Returns: the exit status. */
int tpm_complain(const char *what, enum assay_status status);
/* Reports the file written by this verb; prints its name unless the user gave it. Returns:
 * the exit status. */
int tpm_say_file(const char *verb, const char *path, bool to_people);
/* One value under its name: `name: "value"`, and the folder or file that was written, or NULL.
 * Returns: the exit status. */
int tpm_say_value(const char *verb, const char *path, const char *name, const char *value);
/* Returns: ASSAY_OK | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status tpm_join(char path[static PATH_MAX], const char *dir,
                                         const char *name);
/* Output of the verb. Returns: the exit status, said on stderr */
int tpm_write_pem(const char *verb, const char *path, const uint8_t *der, size_t len);

/* --- node. A new attestation key and its request. Returns: as the device; message has the
 * reason */
ASSAY_CHECKED enum assay_status tpm_prepare(const struct tpm_options *o, uint8_t *bytes,
                                            size_t capacity, size_t *len,
                                            char message[static ASSAY_SOURCE_MESSAGE_LEN]);
/* The secret inside a credential. Returns: as the device; message has the reason */
ASSAY_CHECKED enum assay_status tpm_answer(const struct tpm_options *o, uint32_t slot,
                                           const struct assay_tpm_credential *credential,
                                           uint8_t *secret, size_t *len,
                                           char message[static ASSAY_SOURCE_MESSAGE_LEN]);

/* --- registrar. Returns: exit statuses, said on stderr. */
int tpm_challenge(const struct tpm_options *o, const struct assay_tpm_request *request,
                  struct assay_tpm_challenge *challenge);
int tpm_issue(const struct tpm_options *o, const char *verb,
              const struct assay_tpm_challenge *challenge, struct assay_slice answer,
              const char *path);
int tpm_run_registrar(const struct tpm_options *o);
int tpm_run_challenge(const struct tpm_options *o);
int tpm_run_issue(const struct tpm_options *o);
int tpm_run_crl(const struct tpm_options *o);

#endif
