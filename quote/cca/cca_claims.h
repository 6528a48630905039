/*
 * quote/cca/cca_claims.h - parser of the claims of both tokens. Private to the kind.
 */
#ifndef ASSAY_QUOTE_CCA_CCA_CLAIMS_H
#define ASSAY_QUOTE_CCA_CCA_CLAIMS_H

#include "quote/cca/cca.h"

/* Claims by which platform and realm are bound. */
enum {
    ASSAY_CCA_CLAIM_CHALLENGE = 10,
    ASSAY_CCA_CLAIM_WORKLOAD = 2408,
};

/* What was there, as bits. */
enum {
    ASSAY_CCA_HAS_PROFILE = 1,
    ASSAY_CCA_HAS_CHALLENGE = 2,
    ASSAY_CCA_HAS_WORKLOAD = 4,
    ASSAY_CCA_HAS_IMPLEMENTATION = 8,
    ASSAY_CCA_HAS_INSTANCE = 16,
    ASSAY_CCA_HAS_CONFIG = 32,
    ASSAY_CCA_HAS_LIFECYCLE = 64,
    ASSAY_CCA_HAS_COMPONENTS = 128,
    ASSAY_CCA_HAS_HASH = 256,
    ASSAY_CCA_HAS_CLIENT = 512,
    ASSAY_CCA_HAS_PERSONALIZATION = 1024,
    ASSAY_CCA_HAS_RIM = 2048,
    ASSAY_CCA_HAS_REMS = 4096,
    ASSAY_CCA_HAS_KEY = 8192,
    ASSAY_CCA_HAS_KEY_HASH = 16384,
    ASSAY_CCA_HAS_MEC = 32768,
};

struct assay_cca_reader {
    struct assay_cursor in;
    uint32_t base;     /* of the bytes under the cursor in the evidence */
    const char *field; /* static name of what is being read */
    uint32_t has;
};

/* Where the last thing that was read begins. Returns: its offset in the evidence. */
uint32_t assay_cca_offset_of(const struct assay_cca_reader *r, struct assay_slice last);
/* The claim of the lowest bit of a set that is not empty. Returns: a static name. */
const char *assay_cca_claim_name(uint32_t bits);
/*
 * assay_cca_read_claims - the map of claims under the reader; one of the two is not NULL: the token
 * they belong to. r->has says which were there; which must be is the profile's.
 * Returns: ASSAY_OK | as assay_cca_parse
 */
ASSAY_CHECKED enum assay_status assay_cca_read_claims(struct assay_cca_reader *r,
                                                      struct assay_cca_platform *platform,
                                                      struct assay_cca_realm *realm);

#endif
