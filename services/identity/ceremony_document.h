/*
 * services/identity/ceremony_document.h - canonical bytes of the fold of a group key, for the
 * states between epochs (docs/identity.md 3.19).
 *
 * Three documents, whose digests are in leaf 0 of a state. identity/0 is what signers and relying
 * parties need: CA numbers that are published with their keys, digest of the plan's section, the
 * generation in force of the active number with its holders, indices and public shares, convictions
 * and bars. identity/1 is the ceremony that runs, identity/2 the generation of the next number.
 */
#ifndef ASSAY_SERVICES_IDENTITY_CEREMONY_DOCUMENT_H
#define ASSAY_SERVICES_IDENTITY_CEREMONY_DOCUMENT_H

#include "services/identity/ceremony.h"

enum {
    ASSAY_CA_DOCUMENTS = 3,
    ASSAY_CA_DOCUMENT_LEN_MAX = 80 * 1024,
};

/* In: document: below ASSAY_CA_DOCUMENTS. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_ca_document_encode(const struct assay_ca *ca,
                                                         uint32_t document, struct assay_writer *w);
/*
 * assay_ca_document_decode - reads hostile bytes into an initialized fold.
 *
 * The fold is usable when all documents were decoded and joined, and its era and members were set.
 * Returns: ASSAY_OK | what base/cbor.h says | ASSAY_E_TRAILING | ASSAY_E_RANGE (a number, a length)
 *          | ASSAY_E_ENCODING (an order); the document's part of *ca is undefined then
 */
ASSAY_CHECKED enum assay_status assay_ca_document_decode(struct assay_ca *ca, uint32_t document,
                                                         struct assay_slice bytes);
/* Whether they belong together. Returns: ASSAY_OK | ASSAY_E_INVALID */
ASSAY_CHECKED enum assay_status assay_ca_document_join(const struct assay_ca *ca);

#endif
