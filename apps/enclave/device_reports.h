/*
 * apps/enclave/device_reports.h - reports of the GPUs and switches of this machine, made by a
 * program of the operator. Private to the folder.
 *
 * Drivers of devices are no part of the daemon: evidence.devices names a program, which is executed
 * for each quote with two arguments in hexadecimal: the challenge (64 bytes), and the nonce that
 * each device has to sign (32 bytes). To its standard output it writes the set of reports
 * (quote/verify/device_set.h; `assay evidence compose --devices-out` makes it of files), and it
 * ends with status 0. It is killed at the deadline, with what it started in its process group; one
 * that does not die is not waited for, and nothing is executed while it is there.
 */
#ifndef ASSAY_APPS_ENCLAVE_DEVICE_REPORTS_H
#define ASSAY_APPS_ENCLAVE_DEVICE_REPORTS_H

#include "quote/source/source.h"
#include "quote/verify/device_set.h"

#include <sys/types.h>

/* On the heap, zero before the first use. */
struct assay_attester_reports {
    pid_t left; /* a program of before that could not be killed; 0: none */
    size_t len;
    uint8_t bytes[ASSAY_DEVICES_LEN_MAX + 1]; /* one more shows that there is more */
    uint8_t packed[ASSAY_EVIDENCE_LEN_MAX];
    struct assay_lz4_table table;
};

/*
 * assay_attester_collect_reports - execute the program, which may take until the deadline.
 * In:      deadline_ms: CLOCK_MONOTONIC
 * Out:     *out: a well-formed set for this challenge, on ASSAY_OK; else message: the reason
 * Returns: ASSAY_OK | ASSAY_E_IO (it cannot be executed, or fails) | ASSAY_E_TIMEOUT |
 *          ASSAY_E_RANGE (output without end) | ASSAY_E_INVALID (of another challenge) | as
 *          assay_device_set_read
 */
ASSAY_CHECKED enum assay_status assay_attester_collect_reports(
    const char *program, const uint8_t challenge[static ASSAY_REPORT_DATA_LEN],
    uint64_t deadline_ms, struct assay_attester_reports *out,
    char message[static ASSAY_SOURCE_MESSAGE_LEN]);
/*
 * assay_attester_pack_reports - evidence of the processor, which quotes the set, with its devices.
 * In:      plain: the evidence alone; packs: the policy accepts packed devices
 * Returns: ASSAY_OK and quote[*len] | ASSAY_E_UNSUPPORTED (its kind takes no devices) |
 *          ASSAY_E_FULL (longer than capacity) | as assay_evidence_detect; else message
 */
ASSAY_CHECKED enum assay_status assay_attester_pack_reports(
    struct assay_attester_reports *reports, struct assay_slice plain, bool packs, uint8_t *quote,
    size_t capacity, size_t *len, char message[static ASSAY_SOURCE_MESSAGE_LEN]);

#endif
