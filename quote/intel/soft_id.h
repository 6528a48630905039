/*
 * quote/intel/soft_id.h - vendor id shared by issuer and verifier of SOFT quotes.
 */
#ifndef ASSAY_QUOTE_INTEL_SOFT_ID_H
#define ASSAY_QUOTE_INTEL_SOFT_ID_H

#include <stdint.h>

/* The quoting-enclave vendor id in the header of a SOFT quote, 16 bytes. Returns: never NULL. */
const uint8_t *assay_soft_vendor_id(void);

#endif
