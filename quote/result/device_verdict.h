/*
 * quote/result/device_verdict.h - the verdict about one device of a machine, out of that about the
 * machine.
 */
#ifndef ASSAY_QUOTE_RESULT_DEVICE_VERDICT_H
#define ASSAY_QUOTE_RESULT_DEVICE_VERDICT_H

#include "quote/verdict.h"

enum { ASSAY_DEVICE_LABEL_MAX = 16 };

/* "gpu0" .. "gpu7", "switch0" .. "switch3", as submodule of a result. */
void assay_device_label(const struct assay_verdict *verdict, uint32_t index,
                        char label[static ASSAY_DEVICE_LABEL_MAX]);
/*
 * assay_device_verdict - kind, reasons and tier of device number index; with its nonce as report
 * data. Reasons of the machine that name the device are the device's, without its name; of one
 * whose text found no room there is the rule. Another challenge is every device's: what it signed
 * is derived from it.
 *
 * No device is affirmed through a processor that is not proven: the binding is its word. Then the
 * device stays in tier none, unless its own report is forged.
 */
void assay_device_verdict(const struct assay_verdict *verdict, uint32_t index,
                          struct assay_verdict *own);
/* The device that a reason of the machine names. Returns: its index; device_count: none. */
uint32_t assay_device_of_reason(const struct assay_verdict *verdict,
                                const struct assay_reason *reason);
/* A device is the leaf certificate and the key of its own, whichever of them is there. */
struct assay_device_identity {
    uint8_t serial[ASSAY_DEVICE_SERIAL_LEN]; /* zeros: none */
    bool has_platform;
    uint8_t platform_id[32];
};
/* Returns: that of a device. */
struct assay_device_identity assay_device_identity(const struct assay_verdict_device *device);
/* Returns: whether both are one device; false of two that have neither. */
bool assay_device_is_same(const struct assay_device_identity *a,
                          const struct assay_device_identity *b);
/*
 * assay_device_mode - "single", "multi", "protected-pcie" or "unknown", as the report of a GPU
 * states it. No report has a field for confidential mode being on.
 * Returns: NULL of a switch, which has no mode
 */
const char *assay_device_mode(const struct assay_verdict_device *device);

#endif
