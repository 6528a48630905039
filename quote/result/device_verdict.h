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

#endif
