/*
 * net/services/identity/certificate_file.h - certificates in files, as PEM (RFC 7468).
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_CERTIFICATE_FILE_H
#define ASSAY_NET_SERVICES_IDENTITY_CERTIFICATE_FILE_H

#include "base/bytes.h"

/* Replaces a file that everyone may read. In: der: up to ASSAY_CREDENTIAL_CERTIFICATE_MAX bytes
 * (asserted). Returns: ASSAY_OK | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_keyholder_certificate_write(const char *path,
                                                                  struct assay_slice der);

#endif
