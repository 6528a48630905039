/*
 * quote/verify/device_set.h - reports of the devices of one machine, as one byte string.
 *
 * A package (quote/package.h) may hold such a set. Canonical CBOR:
 *
 *     [challenge (64 bytes), [certificate in DER, ...], [[kind, report, [certificate, ...]], ...]]
 *
 * GPUs stand before switches. A device names its certificates by their places in the one list, in
 * which each stands once: devices of one machine share their authorities. Places are assigned in
 * the order of first use, and one that no device names is refused: a set has one encoding.
 *
 * Most of it repeats itself from device to device, so a package may hold it as an LZ4 block instead
 * (base/lz4.h): eight GPUs and four switches take 64 KB, and packed 16 KB.
 *
 * quote/result/device_binding.h binds it to the processor: the set, however it travels.
 */
#ifndef ASSAY_QUOTE_VERIFY_DEVICE_SET_H
#define ASSAY_QUOTE_VERIFY_DEVICE_SET_H

#include "base/lz4.h"
#include "base/writer.h"
#include "quote/package.h"
#include "quote/result/device_binding.h"

enum {
    ASSAY_DEVICES_CERTIFICATES_MAX = 64, /* of all: five each, and room */
    ASSAY_DEVICE_REPORT_MAX = 16384,
    ASSAY_DEVICE_CERTIFICATE_MAX = 8192,
};

/* One device; slices borrow. */
struct assay_device {
    enum assay_evidence_kind kind; /* ASSAY_KIND_NVIDIA_GPU, ASSAY_KIND_NVIDIA_SWITCH */
    struct assay_slice report;
    size_t certificate_count;                             /* 1 .. ASSAY_PACKAGE_CERTIFICATES_MAX */
    uint8_t certificates[ASSAY_PACKAGE_CERTIFICATES_MAX]; /* places in the list of the set */
};

struct assay_device_set {
    struct assay_slice encoded; /* the bytes that it was read from */
    uint8_t challenge[ASSAY_REPORT_DATA_LEN];
    size_t certificate_count;
    struct assay_slice certificates[ASSAY_DEVICES_CERTIFICATES_MAX];
    size_t count;
    struct assay_device devices[ASSAY_DEVICES_MAX];
};

/*
 * assay_device_set_read - nothing is verified.
 * In:      bytes[len], hostile, at most ASSAY_DEVICES_LEN_MAX
 * Out:     *set, which borrows from bytes; written only on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_TYPE |
 *          ASSAY_E_ENCODING (another order, a certificate that no device names) |
 *          ASSAY_E_DUPLICATE (a certificate) | ASSAY_E_INVALID (another kind, too many of one)
 */
ASSAY_CHECKED enum assay_status assay_device_set_read(const uint8_t *bytes, size_t len,
                                                      struct assay_device_set *set);
/*
 * assay_device_set_bytes - the set of a package, as assay_device_set_read takes it.
 * In:      packed devices are hostile; buffer[ASSAY_DEVICES_LEN_MAX] for them, else NULL is fine
 * Out:     *out borrows from the package, or is in buffer; empty when there are no devices
 * Returns: ASSAY_OK | as assay_lz4_decode (a set longer than the buffer: ASSAY_E_RANGE)
 */
ASSAY_CHECKED enum assay_status assay_device_set_bytes(const struct assay_package *package,
                                                       uint8_t *buffer, struct assay_slice *out);
/* Packs the bytes of a set. The writer reports overflow. In: table: the caller's */
void assay_device_set_pack(struct assay_slice bytes, struct assay_lz4_table *table,
                           struct assay_writer *w);
/*
 * assay_device_set_add - one device more, with its certificates.
 * In:      package of a device, as quote/package.h reads it; of the GPUs first, then the switches
 * Returns: ASSAY_OK | ASSAY_E_RANGE (a report or certificate too long, none at all) | ASSAY_E_FULL
 *          | ASSAY_E_INVALID (another kind, a GPU after a switch); *set untouched unless ASSAY_OK
 */
ASSAY_CHECKED enum assay_status assay_device_set_add(struct assay_device_set *set,
                                                     const struct assay_package *package);
/* A set of at least one device (asserted). The writer reports overflow. */
void assay_device_set_encode(const struct assay_device_set *set, struct assay_writer *w);
/* Device number index of the set, as a package of its own. */
void assay_device_set_package(const struct assay_device_set *set, size_t index,
                              struct assay_package *package);

#endif
