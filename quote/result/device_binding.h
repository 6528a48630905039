/*
 * quote/result/device_binding.h - binding of reports of devices to the evidence of their processor,
 * in both directions (docs/protocol.md 3.23).
 *
 * The challenge is the report data that the processor would quote without devices. The nonce that
 * each device signs is derived from it, so that a report is of this challenge alone; the processor
 * quotes report data that is derived from the challenge and the digest of the whole set, so that no
 * report is left out, added, exchanged.
 */
#ifndef ASSAY_QUOTE_RESULT_DEVICE_BINDING_H
#define ASSAY_QUOTE_RESULT_DEVICE_BINDING_H

#include "base/crypto.h"
#include "quote/verdict.h"

enum { ASSAY_DEVICE_NONCE_LEN = 32 };

/* What each device signs: SHA-256 of ["assay/device-nonce/v1", challenge]. */
void assay_device_nonce(const uint8_t challenge[static ASSAY_REPORT_DATA_LEN],
                        uint8_t nonce[static ASSAY_DEVICE_NONCE_LEN]);
/* What the processor quotes: SHA-512 of ["assay/devices/v1", challenge, SHA-256 of the set], with
 * the tag of the challenge if it has one (report_data.h). */
void assay_device_report_data(const uint8_t challenge[static ASSAY_REPORT_DATA_LEN],
                              struct assay_slice encoded,
                              uint8_t report_data[static ASSAY_REPORT_DATA_LEN]);

#endif
