/*
 * tests/fuzz/quote/fuzz_package.c - any bytes as a package of evidence, of every kind.
 *
 * Properties: pieces lie inside the input; what opens like a package is read as its own kind alone;
 * what is read encodes to what it was. The same of the devices of a package, and of the bytes as a
 * set of devices; of both as packed sets, which stay within their buffer, and packed again are what
 * they were.
 */
#include "base/assert.h"
#include "quote/verify/device_set.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_piece(struct assay_slice piece, const uint8_t *data, size_t size)
{
    if (piece.len == 0) return;
    ASSAY_ASSERT(piece.bytes >= data && piece.len <= size);
    ASSAY_ASSERT(piece.bytes + piece.len <= data + size);
}

static void check(const struct assay_package *p, const uint8_t *data, size_t size)
{
    const struct assay_slice pieces[] = { p->main,     p->signature,  p->pcrs,        p->key,
                                          p->hardware, p->activation, p->report_data, p->quote,
                                          p->devices,  p->packed };
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        check_piece(pieces[i], data, size);
    ASSAY_ASSERT(p->certificate_count <= ASSAY_PACKAGE_CERTIFICATES_MAX);
    for (size_t i = 0; i < p->certificate_count; i++)
        check_piece(p->certificates[i], data, size);
}

static void check_devices(struct assay_slice bytes)
{
    static uint8_t again[ASSAY_DEVICES_LEN_MAX];
    struct assay_device_set set;
    struct assay_package p;
    if (assay_device_set_read(bytes.bytes, bytes.len, &set) != ASSAY_OK) return;
    ASSAY_ASSERT(set.count > 0 && set.count <= ASSAY_DEVICES_MAX);
    for (size_t i = 0; i < set.count; i++) {
        assay_device_set_package(&set, i, &p);
        check(&p, bytes.bytes, bytes.len);
        ASSAY_ASSERT(p.certificate_count > 0);
    }
    struct assay_writer w = assay_writer_over(again, sizeof again);
    assay_device_set_encode(&set, &w);
    ASSAY_ASSERT(!w.full && w.len == bytes.len && assay_bytes_equal(again, bytes.bytes, bytes.len));
}

static void check_packed(struct assay_slice packed)
{
    static uint8_t unpacked[ASSAY_DEVICES_LEN_MAX], again[ASSAY_DEVICES_LEN_MAX],
        block[2 * ASSAY_DEVICES_LEN_MAX];
    static struct assay_lz4_table table;
    const struct assay_package p = { .kind = ASSAY_KIND_SNP, .packed = packed };
    struct assay_slice set, same;
    if (packed.len == 0 || assay_device_set_bytes(&p, unpacked, &set) != ASSAY_OK) return;
    ASSAY_ASSERT(set.len <= sizeof unpacked);
    check_devices(set);
    if (set.len == 0) return;
    struct assay_writer w = assay_writer_over(block, sizeof block);
    assay_device_set_pack(set, &table, &w);
    const struct assay_package q = { .kind = ASSAY_KIND_SNP, .packed = { block, w.len } };
    ASSAY_ASSERT(!w.full && assay_device_set_bytes(&q, again, &same) == ASSAY_OK);
    ASSAY_ASSERT(assay_slice_equal(set, same));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_packed(assay_slice_over(data, size));
    check_devices(assay_slice_over(data, size));
    enum assay_evidence_kind said = ASSAY_KIND_NONE;
    const bool opens = assay_package_detect(data, size, &said);
    for (int kind = ASSAY_KIND_NONE + 1; kind <= ASSAY_KIND_CCA; kind++) {
        struct assay_package p;
        const enum assay_status status =
            assay_package_read((enum assay_evidence_kind)kind, data, size, &p);
        if (status != ASSAY_OK) continue;
        check(&p, data, size);
        if (p.devices.len > 0) check_devices(p.devices);
        check_packed(p.packed);
        ASSAY_ASSERT((int)p.kind == kind && (!opens || (int)said == kind));
        if (!opens) continue;
        uint8_t *const again = malloc(size);
        struct assay_writer w = assay_writer_over(again, size);
        ASSAY_ASSERT(again != NULL);
        assay_package_encode(&p, &w);
        ASSAY_ASSERT(!w.full && w.len == size && assay_bytes_equal(again, data, size));
        free(again);
    }
    return 0;
}
