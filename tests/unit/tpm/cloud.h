/*
 * tests/unit/tpm/cloud.h - Google's extension of certificates of virtual TPMs, with defects for
 * tests.
 */
#ifndef ASSAY_TESTS_UNIT_TPM_CLOUD_H
#define ASSAY_TESTS_UNIT_TPM_CLOUD_H

#include "quote/source/soft/der.h"

struct cloud_gce {
    const char *zone, *project_id, *instance_name;
    uint64_t project_number, instance_id;
    bool is_production, no_properties;
};

/* Everything right. */
void cloud_gce_good(struct cloud_gce *gce);
/* Each in front of what d holds. */
void cloud_put_gce_value(struct assay_der *d, const struct cloud_gce *gce);
void cloud_put_gce(struct assay_der *d, const struct cloud_gce *gce);
/* An extended key usage of one TCG purpose: 2.23.133.8.<last>. */
void cloud_put_use(struct assay_der *d, uint8_t last);

#endif
