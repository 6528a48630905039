/*
 * quote/api/devices.c - reports of GPUs and switches that come with the evidence of a processor.
 */
#include "quote/api/api.h"

#include "base/assert.h"
#include "quote/result/device_verdict.h"
#include "quote/verify.h"
#include "quote/verify/device_set.h"

#include <stddef.h>
#include <stdlib.h>

_Static_assert(ASSAY_DEVICE_CHALLENGE_BYTES == ASSAY_REPORT_DATA_LEN, "one length");
_Static_assert(ASSAY_DEVICE_NONCE_BYTES == ASSAY_DEVICE_NONCE_LEN, "one length");

enum assay_status assay_devices_get_nonce(const uint8_t challenge[ASSAY_DEVICE_CHALLENGE_BYTES],
                                          uint8_t nonce[ASSAY_DEVICE_NONCE_BYTES])
{
    if (challenge == NULL || nonce == NULL) return ASSAY_E_INVALID;
    assay_device_nonce(challenge, nonce);
    return ASSAY_OK;
}

static enum assay_status add_device(struct assay_device_set *set,
                                    const struct assay_device_report *device)
{
    if (device->size != sizeof *device) return ASSAY_E_INVALID; /* they stand in an array */
    if (device->report.bytes == NULL || device->certificates == NULL) return ASSAY_E_INVALID;
    struct assay_package package = {
        .kind = device->kind,
        .main = assay_slice_over(device->report.bytes, device->report.len),
        .certificate_count = device->certificate_count,
    };
    if (device->certificate_count > ASSAY_PACKAGE_CERTIFICATES_MAX) return ASSAY_E_RANGE;
    for (size_t i = 0; i < device->certificate_count; i++) {
        if (device->certificates[i].bytes == NULL) return ASSAY_E_INVALID;
        package.certificates[i] =
            assay_slice_over(device->certificates[i].bytes, device->certificates[i].len);
    }
    return assay_device_set_add(set, &package);
}

enum assay_status assay_devices_pack(const uint8_t challenge[ASSAY_DEVICE_CHALLENGE_BYTES],
                                     const struct assay_device_report *devices, size_t count,
                                     uint8_t *buffer, size_t capacity, size_t *len,
                                     uint8_t report_data[ASSAY_DEVICE_CHALLENGE_BYTES])
{
    struct assay_device_set set = { .count = 0 };
    struct assay_slice out;
    if (challenge == NULL || devices == NULL || buffer == NULL || len == NULL ||
        report_data == NULL || count == 0)
        return ASSAY_E_INVALID;
    assay_bytes_copy(set.challenge, sizeof set.challenge, challenge, sizeof set.challenge);
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(add_device(&set, &devices[i]));
    struct assay_writer w = assay_writer_over(buffer, capacity);
    assay_device_set_encode(&set, &w);
    ASSAY_TRY(assay_writer_finish(&w, &out));
    if (out.len > ASSAY_DEVICES_LEN_MAX) return ASSAY_E_RANGE;
    assay_device_report_data(challenge, out, report_data);
    *len = out.len;
    return ASSAY_OK;
}

/* The set as an LZ4 block, in memory of its own. */
struct packing {
    struct assay_lz4_table table;
    uint8_t block[ASSAY_EVIDENCE_LEN_MAX];
};

/* Out: *packing of malloc, from which the package borrows; NULL of the plain form */
static enum assay_status set_devices(struct assay_slice devices, enum assay_devices_form form,
                                     struct assay_package *package, struct packing **packing)
{
    *packing = NULL;
    if (form == ASSAY_DEVICES_PLAIN) {
        package->devices = devices;
        return ASSAY_OK;
    }
    if (form != ASSAY_DEVICES_PACKED) return ASSAY_E_INVALID;
    *packing = calloc(1, sizeof **packing);
    if (*packing == NULL) return ASSAY_E_MEMORY;
    struct assay_writer w = assay_writer_over((*packing)->block, sizeof(*packing)->block);
    assay_device_set_pack(devices, &(*packing)->table, &w);
    return assay_writer_finish(&w, &package->packed) == ASSAY_OK ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status write_package(const struct assay_package *package, uint8_t *buffer,
                                       size_t capacity, size_t *len)
{
    struct assay_package read;
    struct assay_slice out;
    if (!assay_package_fits(package)) return ASSAY_E_INVALID;
    struct assay_writer w = assay_writer_over(buffer, capacity);
    assay_package_encode(package, &w);
    ASSAY_TRY(assay_writer_finish(&w, &out));
    /* With what stands around it, it may be longer than evidence is. */
    ASSAY_TRY(assay_package_read(package->kind, out.bytes, out.len, &read));
    *len = out.len;
    return ASSAY_OK;
}

enum assay_status assay_devices_attach(struct assay_bytes evidence, struct assay_bytes devices,
                                       enum assay_devices_form form, uint8_t *buffer,
                                       size_t capacity, size_t *len)
{
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    struct assay_device_set set;
    struct assay_package package;
    struct packing *packing = NULL;
    size_t declared = 0;
    if (evidence.bytes == NULL || devices.bytes == NULL || buffer == NULL || len == NULL)
        return ASSAY_E_INVALID;
    ASSAY_TRY(assay_device_set_read(devices.bytes, devices.len, &set));
    ASSAY_TRY(assay_evidence_detect(evidence.bytes, evidence.len, &kind));
    ASSAY_TRY(assay_evidence_length(kind, evidence.bytes, evidence.len, &declared));
    ASSAY_TRY(assay_package_read(kind, evidence.bytes, declared, &package));
    if (package.devices.len > 0 || package.packed.len > 0) return ASSAY_E_INVALID;
    enum assay_status status =
        set_devices(assay_slice_over(devices.bytes, devices.len), form, &package, &packing);
    if (status == ASSAY_OK) status = write_package(&package, buffer, capacity, len);
    free(packing);
    return status;
}

/* docs/compatibility.md 2: a structure grows at its end; callers built before `mode` have this. */
enum { DEVICE_VERDICT_SIZE_MIN = offsetof(struct assay_device_verdict, mode) };

bool assay_verdict_get_device(const struct assay_verdict *verdict, size_t index,
                              struct assay_device_verdict *device)
{
    if (verdict == NULL || device == NULL || device->size < DEVICE_VERDICT_SIZE_MIN ||
        index >= verdict->device_count)
        return false;
    ASSAY_ASSERT(verdict->device_count <= ASSAY_DEVICES_MAX);
    const struct assay_verdict_device *const d = &verdict->devices[index];
    const char *const mode = assay_device_mode(d);
    const size_t size = device->size < sizeof *device ? device->size : sizeof *device;
    const struct assay_device_verdict full = {
        .size = size,
        .kind = (enum assay_evidence_kind)d->kind,
        .genuine = (enum assay_genuine)d->genuine,
        .tier = (enum assay_tier)d->tier,
        .rule = d->rule,
        .product = d->product,
        .driver = d->driver,
        .firmware = d->firmware,
        .serial = { d->serial, sizeof d->serial },
        .platform_id = { d->has_platform ? d->platform_id : NULL,
                         d->has_platform ? sizeof d->platform_id : 0 },
        .mode = mode != NULL ? mode : "",
        .has_expiry = d->has_expiry,
        .expires_unix_s = d->expires_unix_s,
        .expires_first = d->expires_first,
    };
    assay_bytes_copy((uint8_t *)device, size, (const uint8_t *)&full, size);
    return true;
}
