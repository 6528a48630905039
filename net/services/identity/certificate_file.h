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
/* Writes FOLDER/KIND-NAME.pem, as above. In: name: without / (a number, or a DNS label) */
ASSAY_CHECKED enum assay_status assay_keyholder_certificate_publish(const char *folder,
                                                                    const char *kind,
                                                                    struct assay_slice name,
                                                                    struct assay_slice der);
/* A certificate of a key: FOLDER/ca-NUMBER.pem; with ASSAY_SIGNING_CROSS (signing_host.h):
 * FOLDER/ca-NUMBER-cross.pem. Returns: as above */
ASSAY_CHECKED enum assay_status assay_keyholder_authority_publish(const char *folder,
                                                                  uint32_t which,
                                                                  struct assay_slice der);
/* What it is derived from: the same name with .signed. write Returns: ASSAY_OK | ASSAY_E_STORE.
 * read Returns: whether there is a file of this length */
ASSAY_CHECKED enum assay_status assay_keyholder_record_write(const char *folder, uint32_t which,
                                                             struct assay_slice record);
bool assay_keyholder_record_read(const char *folder, uint32_t which, uint8_t *record, size_t len);

#endif
