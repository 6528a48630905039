/*
 * tests/unit/tpm/google_extension.h - Google's certificate extension of virtual TPMs, with
 * defects for tests.
 */
#ifndef ASSAY_TESTS_UNIT_TPM_GOOGLE_EXTENSION_H
#define ASSAY_TESTS_UNIT_TPM_GOOGLE_EXTENSION_H

#include "quote/source/soft/der.h"

struct google_extension {
    const char *zone, *project_id, *instance_name;
    uint64_t project_number, instance_id;
    bool is_production, no_properties;
};

/* Everything right. */
void google_extension_good(struct google_extension *gce);
/* Each in front of what d holds. */
void google_extension_put_value(struct assay_der *d, const struct google_extension *gce);
void google_extension_put(struct assay_der *d, const struct google_extension *gce);
/* An extended key usage of one TCG purpose: 2.23.133.8.<last>. */
void google_extension_put_use(struct assay_der *d, uint8_t last);

#endif
