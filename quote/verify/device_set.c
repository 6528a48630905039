/*
 * quote/verify/device_set.c - reports of the devices of one machine as one byte string
 * (device_set.h).
 */
#include "quote/verify/device_set.h"

#include "base/assert.h"
#include "base/cbor.h"

static size_t most_of(enum assay_evidence_kind kind)
{
    return kind == ASSAY_KIND_NVIDIA_GPU ? ASSAY_GPUS_MAX : ASSAY_SWITCHES_MAX;
}

/* May a device of that kind stand behind those that are there? GPUs come first. */
static enum assay_status check_place(const struct assay_device_set *set,
                                     enum assay_evidence_kind kind)
{
    size_t same = 0;
    ASSAY_ASSERT(set->count <= ASSAY_DEVICES_MAX);
    if (kind != ASSAY_KIND_NVIDIA_GPU && kind != ASSAY_KIND_NVIDIA_SWITCH) return ASSAY_E_INVALID;
    for (size_t i = 0; i < set->count; i++) {
        if (set->devices[i].kind > kind) return ASSAY_E_INVALID;
        same += set->devices[i].kind == kind;
    }
    return same < most_of(kind) ? ASSAY_OK : ASSAY_E_FULL;
}

/* Does the device name that certificate already? */
static bool is_named(const struct assay_device *device, size_t place)
{
    for (size_t i = 0; i < device->certificate_count; i++)
        if (device->certificates[i] == place) return true;
    return false;
}

/* --- reading */
static enum assay_status read_certificates(struct assay_cursor *c, struct assay_device_set *set)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_DEVICES_CERTIFICATES_MAX, &count));
    for (size_t i = 0; i < (size_t)count; i++) {
        struct assay_slice *const der = &set->certificates[i];
        ASSAY_TRY(assay_cbor_bytes(c, ASSAY_DEVICE_CERTIFICATE_MAX, der));
        if (der->len == 0) return ASSAY_E_ENCODING;
        for (size_t k = 0; k < i; k++)
            if (assay_slice_equal(set->certificates[k], *der)) return ASSAY_E_DUPLICATE;
    }
    set->certificate_count = (size_t)count;
    return ASSAY_OK;
}

/* Places in the list; *named is how many devices before have named. */
static enum assay_status read_places(struct assay_cursor *c, const struct assay_device_set *set,
                                     struct assay_device *device, size_t *named)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_PACKAGE_CERTIFICATES_MAX, &count));
    if (count == 0) return ASSAY_E_ENCODING;
    for (size_t i = 0; i < (size_t)count; i++) {
        uint64_t place = 0;
        ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_DEVICES_CERTIFICATES_MAX - 1, &place));
        if (place >= set->certificate_count) return ASSAY_E_RANGE;
        if (place > *named) return ASSAY_E_ENCODING;
        if (place == *named) *named += 1;
        if (is_named(device, (size_t)place)) return ASSAY_E_DUPLICATE;
        device->certificates[device->certificate_count++] = (uint8_t)place;
    }
    return ASSAY_OK;
}

static enum assay_status read_device(struct assay_cursor *c, struct assay_device_set *set,
                                     size_t *named)
{
    uint64_t kind = 0;
    struct assay_device device = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(c, 3));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_KIND_COUNT - 1, &kind));
    device.kind = (enum assay_evidence_kind)kind;
    if (check_place(set, device.kind) != ASSAY_OK) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_DEVICE_REPORT_MAX, &device.report));
    if (device.report.len == 0) return ASSAY_E_ENCODING;
    ASSAY_TRY(read_places(c, set, &device, named));
    ASSAY_ASSERT(set->count < ASSAY_DEVICES_MAX);
    set->devices[set->count++] = device;
    return ASSAY_OK;
}

enum assay_status assay_device_set_read(const uint8_t *bytes, size_t len,
                                        struct assay_device_set *set)
{
    struct assay_cursor c = assay_cursor_over(bytes, len);
    struct assay_device_set s = { .encoded = { bytes, len } };
    uint64_t count = 0;
    size_t named = 0;
    ASSAY_ASSERT(set != NULL);
    if (len > ASSAY_DEVICES_LEN_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, s.challenge, sizeof s.challenge));
    ASSAY_TRY(read_certificates(&c, &s));
    ASSAY_TRY(assay_cbor_array(&c, ASSAY_DEVICES_MAX, &count));
    if (count == 0) return ASSAY_E_ENCODING;
    for (uint64_t i = 0; i < count; i++)
        ASSAY_TRY(read_device(&c, &s, &named));
    ASSAY_TRY(assay_cursor_end(&c));
    if (named != s.certificate_count) return ASSAY_E_ENCODING;
    *set = s;
    return ASSAY_OK;
}

/* --- packed */
enum assay_status assay_device_set_bytes(const struct assay_package *package, uint8_t *buffer,
                                         struct assay_slice *out)
{
    ASSAY_ASSERT(package->devices.len == 0 || package->packed.len == 0);
    *out = package->devices;
    if (package->packed.len == 0) return ASSAY_OK;
    struct assay_writer w = assay_writer_over(buffer, ASSAY_DEVICES_LEN_MAX);
    ASSAY_TRY(assay_lz4_decode(package->packed.bytes, package->packed.len, &w));
    return assay_writer_finish(&w, out);
}

void assay_device_set_pack(struct assay_slice bytes, struct assay_lz4_table *table,
                           struct assay_writer *w)
{
    ASSAY_ASSERT(bytes.len > 0 && bytes.len <= ASSAY_DEVICES_LEN_MAX);
    assay_lz4_encode(bytes, table, w);
}

/* --- making */
/* Returns: the place of the certificate in the list; the end when it is not there */
static size_t find_certificate(const struct assay_device_set *set, struct assay_slice der)
{
    size_t at = 0;
    while (at < set->certificate_count && !assay_slice_equal(set->certificates[at], der))
        at += 1;
    return at;
}

enum assay_status assay_device_set_add(struct assay_device_set *set,
                                       const struct assay_package *package)
{
    struct assay_device device = { .kind = package->kind, .report = package->main };
    const size_t before = set->certificate_count;
    ASSAY_ASSERT(package->certificate_count <= ASSAY_PACKAGE_CERTIFICATES_MAX);
    ASSAY_TRY(check_place(set, package->kind));
    if (package->certificate_count == 0) return ASSAY_E_RANGE;
    if (package->main.len == 0 || package->main.len > ASSAY_DEVICE_REPORT_MAX) return ASSAY_E_RANGE;
    for (size_t i = 0; i < package->certificate_count; i++)
        if (package->certificates[i].len == 0 ||
            package->certificates[i].len > ASSAY_DEVICE_CERTIFICATE_MAX)
            return ASSAY_E_RANGE;
    for (size_t i = 0; i < package->certificate_count; i++) {
        const struct assay_slice der = package->certificates[i];
        const size_t at = find_certificate(set, der);
        if (is_named(&device, at)) continue; /* given twice, it travels once */
        if (at == ASSAY_DEVICES_CERTIFICATES_MAX) {
            set->certificate_count = before;
            return ASSAY_E_FULL;
        }
        if (at == set->certificate_count) set->certificates[set->certificate_count++] = der;
        device.certificates[device.certificate_count++] = (uint8_t)at;
    }
    ASSAY_ASSERT(set->count < ASSAY_DEVICES_MAX && before <= set->certificate_count);
    set->devices[set->count++] = device;
    return ASSAY_OK;
}

void assay_device_set_encode(const struct assay_device_set *set, struct assay_writer *w)
{
    ASSAY_ASSERT(set->count > 0 && set->count <= ASSAY_DEVICES_MAX);
    ASSAY_ASSERT(set->certificate_count <= ASSAY_DEVICES_CERTIFICATES_MAX);
    assay_cbor_put_array(w, 3);
    assay_cbor_put_bytes(w, set->challenge, sizeof set->challenge);
    assay_cbor_put_array(w, set->certificate_count);
    for (size_t i = 0; i < set->certificate_count; i++)
        assay_cbor_put_bytes(w, set->certificates[i].bytes, set->certificates[i].len);
    assay_cbor_put_array(w, set->count);
    for (size_t i = 0; i < set->count; i++) {
        const struct assay_device *const device = &set->devices[i];
        assay_cbor_put_array(w, 3);
        assay_cbor_put_uint(w, (uint64_t)device->kind);
        assay_cbor_put_bytes(w, device->report.bytes, device->report.len);
        assay_cbor_put_array(w, device->certificate_count);
        for (size_t k = 0; k < device->certificate_count; k++)
            assay_cbor_put_uint(w, device->certificates[k]);
    }
}

void assay_device_set_package(const struct assay_device_set *set, size_t index,
                              struct assay_package *package)
{
    ASSAY_ASSERT(index < set->count);
    const struct assay_device *const device = &set->devices[index];
    *package = (struct assay_package){ .kind = device->kind,
                                       .main = device->report,
                                       .certificate_count = device->certificate_count };
    for (size_t i = 0; i < device->certificate_count; i++)
        package->certificates[i] = set->certificates[device->certificates[i]];
}
