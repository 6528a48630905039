/*
 * tests/unit/quote/nvidia/device_samples.h - sets of devices whose reports and certificates are
 * bytes without a meaning.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_NVIDIA_DEVICE_SAMPLES_H
#define ASSAY_TESTS_UNIT_QUOTE_NVIDIA_DEVICE_SAMPLES_H

#include "quote/verify/device_set.h"

/* A device with a certificate of its own, and one that it shares with all others. Borrows from
 * static bytes, which index picks. */
struct assay_package device_sample(enum assay_evidence_kind kind, unsigned index,
                                   size_t report_len);
/* That many GPUs and switches. Aborts the test when they do not fit. */
void device_samples_add(struct assay_device_set *set, size_t gpus, size_t switches,
                        size_t report_len);

#endif
