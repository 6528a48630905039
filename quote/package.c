/*
 * quote/package.c - encoder and decoder of evidence packages.
 */
#include "quote/package.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "quote/kinds.h"

/* Keys of the map. */
enum {
    KEY_KIND = 0,
    KEY_MAIN = 1,
    KEY_CERTIFICATES = 2,
    KEY_SIGNATURE = 3,
    KEY_PCRS = 4,
    KEY_KEY = 5,
    KEY_HARDWARE = 6,
    KEY_ACTIVATION = 7,
    KEY_REPORT_DATA = 8,
    KEY_QUOTE = 9,
    KEY_DEVICES = 10,
    KEY_PACKED = 11,
    KEYS = 12,
};

/* The part of a key that holds one byte string. Returns: NULL for the keys that do not. */
static struct assay_slice *part_of(struct assay_package *p, uint64_t key)
{
    switch (key) {
    case KEY_MAIN: return &p->main;
    case KEY_SIGNATURE: return &p->signature;
    case KEY_PCRS: return &p->pcrs;
    case KEY_KEY: return &p->key;
    case KEY_HARDWARE: return &p->hardware;
    case KEY_ACTIVATION: return &p->activation;
    case KEY_REPORT_DATA: return &p->report_data;
    case KEY_QUOTE: return &p->quote;
    case KEY_DEVICES: return &p->devices;
    case KEY_PACKED: return &p->packed;
    }
    return NULL;
}

#define BIT(key) (1u << (key))

/* The keys that a kind has use for: bytes that nothing looks at would be a second encoding. */
static uint32_t keys_of(enum assay_evidence_kind kind)
{
    struct assay_kind row;
    if (assay_kind_find(kind, &row) != ASSAY_OK) return 0;
    const uint32_t packed = (row.pieces & BIT(KEY_DEVICES)) != 0 ? BIT(KEY_PACKED) : 0;
    return BIT(KEY_KIND) | BIT(KEY_MAIN) | row.pieces | packed;
}

/* The keys that are there, that of the kind among them. */
static uint32_t keys_in(const struct assay_package *package)
{
    ASSAY_ASSERT(package->certificate_count <= ASSAY_PACKAGE_CERTIFICATES_MAX);
    struct assay_package p = *package;
    uint32_t keys = BIT(KEY_KIND);
    if (p.certificate_count > 0) keys |= BIT(KEY_CERTIFICATES);
    for (unsigned key = 0; key < KEYS; key++) {
        const struct assay_slice *const part = part_of(&p, key);
        if (part != NULL && part->len > 0) keys |= BIT(key);
    }
    return keys;
}

bool assay_package_fits(const struct assay_package *package)
{
    if (package->devices.len > 0 && package->packed.len > 0) return false;
    return (keys_in(package) & ~keys_of(package->kind)) == 0;
}

static enum assay_status read_bytes(struct assay_cursor *c, size_t len_max, struct assay_slice *out)
{
    ASSAY_TRY(assay_cbor_bytes(c, len_max, out));
    return out->len > 0 ? ASSAY_OK : ASSAY_E_ENCODING; /* an empty part is left out */
}

/* Returns: whether the certificate is in the list before its place already. */
static bool is_repeated(const struct assay_package *p, size_t index)
{
    ASSAY_ASSERT(index < ASSAY_PACKAGE_CERTIFICATES_MAX);
    for (size_t i = 0; i < index; i++)
        if (assay_slice_equal(p->certificates[i], p->certificates[index])) return true;
    return false;
}

static enum assay_status read_certificates(struct assay_cursor *c, struct assay_package *p)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_PACKAGE_CERTIFICATES_MAX, &count));
    if (count == 0) return ASSAY_E_ENCODING;
    p->certificate_count = (size_t)count;
    for (size_t i = 0; i < p->certificate_count; i++) {
        ASSAY_TRY(read_bytes(c, ASSAY_EVIDENCE_LEN_MAX, &p->certificates[i]));
        if (is_repeated(p, i)) return ASSAY_E_DUPLICATE;
    }
    return ASSAY_OK;
}

static enum assay_status read_kind(struct assay_cursor *c, enum assay_evidence_kind *kind)
{
    uint64_t number = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_KIND_COUNT - 1, &number));
    if (number == ASSAY_KIND_NONE) return ASSAY_E_RANGE;
    *kind = (enum assay_evidence_kind)number;
    return ASSAY_OK;
}

static enum assay_status read_part(struct assay_cursor *c, uint64_t key, struct assay_package *p)
{
    if (key == KEY_KIND) return read_kind(c, &p->kind);
    if (key == KEY_CERTIFICATES) return read_certificates(c, p);
    ASSAY_ASSERT(part_of(p, key) != NULL);
    return read_bytes(c, key == KEY_DEVICES ? ASSAY_DEVICES_LEN_MAX : ASSAY_EVIDENCE_LEN_MAX,
                      part_of(p, key));
}

bool assay_package_detect(const uint8_t *bytes, size_t len, enum assay_evidence_kind *kind)
{
    struct assay_cursor c = assay_cursor_over(bytes, len);
    enum assay_evidence_kind found = ASSAY_KIND_NONE;
    uint64_t count = 0;
    uint64_t key = 0;
    if (assay_cbor_map(&c, KEYS, &count) != ASSAY_OK || count < 2) return false;
    if (assay_cbor_uint(&c, &key) != ASSAY_OK || key != KEY_KIND) return false;
    if (read_kind(&c, &found) != ASSAY_OK) return false;
    *kind = found;
    return true;
}

enum assay_status assay_package_read(enum assay_evidence_kind kind, const uint8_t *bytes,
                                     size_t len, struct assay_package *package)
{
    ASSAY_ASSERT(package != NULL);
    enum assay_evidence_kind said = ASSAY_KIND_NONE;
    if (len > ASSAY_COMPOSITE_LEN_MAX) return ASSAY_E_RANGE;
    struct assay_package p = { .kind = kind };
    if (!assay_package_detect(bytes, len, &said)) {
        if (len == 0) return ASSAY_E_TRUNCATED;
        if (len > ASSAY_EVIDENCE_LEN_MAX) return ASSAY_E_RANGE;
        p.main = assay_slice_over(bytes, len);
        *package = p;
        return ASSAY_OK;
    }
    if (said != kind) return ASSAY_E_INVALID;
    struct assay_cursor c = assay_cursor_over(bytes, len);
    uint64_t count = 0;
    uint64_t least = 0; /* keys ascend */
    ASSAY_TRY(assay_cbor_map(&c, KEYS, &count));
    for (uint64_t i = 0; i < count; i++) {
        uint64_t key = 0;
        ASSAY_TRY(assay_cbor_uint_max(&c, KEYS - 1, &key));
        if (key + 1 == least) return ASSAY_E_DUPLICATE;
        if (key < least) return ASSAY_E_ENCODING;
        least = key + 1;
        if ((BIT(key) & ~keys_of(kind)) != 0) return ASSAY_E_INVALID;
        ASSAY_TRY(read_part(&c, key, &p));
    }
    ASSAY_TRY(assay_cursor_end(&c));
    if (len - p.devices.len > ASSAY_EVIDENCE_LEN_MAX) return ASSAY_E_RANGE;
    if (p.main.len == 0) return ASSAY_E_INVALID;
    if (p.devices.len > 0 && p.packed.len > 0) return ASSAY_E_INVALID;
    if (count == 2) return ASSAY_E_ENCODING; /* of main bytes alone: they travel bare */
    *package = p;
    return ASSAY_OK;
}

static void put_certificates(const struct assay_package *p, struct assay_writer *w)
{
    size_t count = 0;
    for (size_t i = 0; i < p->certificate_count; i++)
        count += is_repeated(p, i) ? 0 : 1;
    assay_cbor_put_array(w, count);
    for (size_t i = 0; i < p->certificate_count; i++)
        if (!is_repeated(p, i))
            assay_cbor_put_bytes(w, p->certificates[i].bytes, p->certificates[i].len);
}

void assay_package_encode(const struct assay_package *package, struct assay_writer *w)
{
    ASSAY_ASSERT(package->kind != ASSAY_KIND_NONE);
    ASSAY_ASSERT(package->main.len > 0);
    ASSAY_ASSERT(package->certificate_count <= ASSAY_PACKAGE_CERTIFICATES_MAX);
    struct assay_package p = *package;
    const uint32_t keys = keys_in(&p);
    if (keys == (BIT(KEY_KIND) | BIT(KEY_MAIN))) {
        assay_writer_put(w, p.main.bytes, p.main.len);
        return;
    }
    uint64_t count = 0;
    for (unsigned key = 0; key < KEYS; key++)
        count += keys >> key & 1u;
    ASSAY_ASSERT(count > 2);
    assay_cbor_put_map(w, count);
    assay_cbor_put_uint(w, KEY_KIND);
    assay_cbor_put_uint(w, (uint64_t)p.kind);
    for (uint64_t key = KEY_MAIN; key < KEYS; key++) {
        const struct assay_slice *const part = part_of(&p, key);
        if (key == KEY_CERTIFICATES && p.certificate_count > 0) {
            assay_cbor_put_uint(w, key);
            put_certificates(&p, w);
        } else if (part != NULL && part->len > 0) {
            assay_cbor_put_uint(w, key);
            assay_cbor_put_bytes(w, part->bytes, part->len);
        }
    }
}
