/*
 * tests/unit/quote/nvidia/device_samples.c - devices without a meaning (device_samples.h).
 */
#include "tests/unit/quote/nvidia/device_samples.h"

#include <criterion/criterion.h>

enum { KINDS_OF_BYTES = 16 };

struct assay_package device_sample(enum assay_evidence_kind kind, unsigned index, size_t report_len)
{
    static uint8_t reports[ASSAY_DEVICE_REPORT_MAX], own[KINDS_OF_BYTES][900], shared[1100];
    cr_assert_lt(index, KINDS_OF_BYTES);
    for (size_t i = 0; i < sizeof own[index]; i++)
        own[index][i] = (uint8_t)(0x30 + index);
    return (struct assay_package){ .kind = kind,
                                   .main = assay_slice_over(reports, report_len),
                                   .certificate_count = 2,
                                   .certificates = { assay_slice_over(own[index], sizeof own[0]),
                                                     assay_slice_over(shared, sizeof shared) } };
}

void device_samples_add(struct assay_device_set *set, size_t gpus, size_t switches,
                        size_t report_len)
{
    for (size_t i = 0; i < gpus + switches; i++) {
        const struct assay_package p = device_sample(
            i < gpus ? ASSAY_KIND_NVIDIA_GPU : ASSAY_KIND_NVIDIA_SWITCH, (unsigned)i, report_len);
        cr_assert_eq(assay_device_set_add(set, &p), ASSAY_OK);
    }
}
