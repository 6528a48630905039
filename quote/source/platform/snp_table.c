/*
 * quote/source/platform/snp_table.c - parser of the SEV-SNP certificate table (snp_table.h). Pure.
 */
#include "quote/source/platform/snp_table.h"

#include "base/assert.h"
#include "base/cursor.h"

struct entry {
    uint8_t guid[16];
    uint32_t offset;
    uint32_t len;
};

/* 63da758d-e664-4564-adc5-f4b93be8accd and its like (AMD 56421, table of certificate GUIDs). */
static const struct {
    uint8_t guid[16];
    enum assay_source_role role;
} known[] = {
    { { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac,
        0xcd },
      ASSAY_SOURCE_VCEK },
    { { 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8,
        0xa1 },
      ASSAY_SOURCE_VLEK },
    { { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7,
        0x82 },
      ASSAY_SOURCE_ASK },
    { { 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0,
        0xae },
      ASSAY_SOURCE_ARK },
    { { 0x92, 0xf8, 0x1b, 0xc3, 0x58, 0x11, 0x4d, 0x3d, 0x97, 0xff, 0xd1, 0x9f, 0x88, 0xdc, 0x67,
        0xea },
      ASSAY_SOURCE_CRL },
};
enum { KNOWN = sizeof known / sizeof known[0] };
_Static_assert((size_t)KNOWN <= ASSAY_SOURCE_CERTIFICATES_MAX, "each known GUID comes once");

/* ------------------------------------------------------------ the entries */

static enum assay_status read_entries(struct assay_cursor *in,
                                      struct entry entries[static ASSAY_SNP_TABLE_ENTRIES_MAX],
                                      size_t *count)
{
    for (*count = 0;; *count += 1) {
        struct entry e;
        ASSAY_TRY(assay_cursor_copy(in, e.guid, sizeof e.guid));
        ASSAY_TRY(assay_cursor_u32le(in, &e.offset));
        ASSAY_TRY(assay_cursor_u32le(in, &e.len));
        if (assay_bytes_all_zero(e.guid, sizeof e.guid))
            return e.offset == 0 && e.len == 0 ? ASSAY_OK : ASSAY_E_ENCODING;
        if (*count == ASSAY_SNP_TABLE_ENTRIES_MAX) return ASSAY_E_FULL;
        for (size_t i = 0; i < *count; i++)
            if (assay_bytes_equal(entries[i].guid, e.guid, sizeof e.guid)) return ASSAY_E_DUPLICATE;
        ASSAY_ASSERT(*count < ASSAY_SNP_TABLE_ENTRIES_MAX);
        entries[*count] = e;
    }
}

/* Each is after the entries, inside the table, without overlap. */
static enum assay_status check_places(const struct entry *entries, size_t count, size_t entries_len,
                                      size_t len)
{
    ASSAY_ASSERT(count <= ASSAY_SNP_TABLE_ENTRIES_MAX && entries_len <= len);
    for (size_t i = 0; i < count; i++) {
        const struct entry *const a = &entries[i];
        if (a->len == 0 || a->offset < entries_len) return ASSAY_E_RANGE;
        if (a->offset > len || a->len > len - a->offset) return ASSAY_E_TRUNCATED;
        for (size_t k = 0; k < i; k++) {
            const struct entry *const b = &entries[k];
            /* Both end inside the table, so the sums cannot wrap. */
            if ((uint64_t)a->offset < (uint64_t)b->offset + b->len &&
                (uint64_t)b->offset < (uint64_t)a->offset + a->len)
                return ASSAY_E_INVALID;
        }
    }
    return ASSAY_OK;
}

/* ------------------------------------------------------------ one certificate */

/* X.690 8.1.3 and 10.1: a definite length in the fewest octets, and nothing after it. */
static enum assay_status check_der(struct assay_slice der)
{
    struct assay_cursor in = assay_cursor_over(der.bytes, der.len);
    uint8_t tag = 0, first = 0;
    uint32_t len = 0;
    if (assay_cursor_u8(&in, &tag) != ASSAY_OK || tag != 0x30) return ASSAY_E_ENCODING;
    if (assay_cursor_u8(&in, &first) != ASSAY_OK || first == 0x80) return ASSAY_E_ENCODING;
    if (first < 0x80) {
        len = first;
    } else {
        if (first > 0x83) return ASSAY_E_ENCODING; /* beyond 16 MB: no certificate */
        for (uint8_t i = 0; i < (first & 0x7f); i++) {
            uint8_t octet = 0;
            if (assay_cursor_u8(&in, &octet) != ASSAY_OK) return ASSAY_E_ENCODING;
            if (i == 0 && octet == 0) return ASSAY_E_ENCODING;
            len = len << 8 | octet;
        }
        if (len < 0x80) return ASSAY_E_ENCODING;
    }
    return len == assay_cursor_left(&in) ? ASSAY_OK : ASSAY_E_ENCODING;
}

static bool role_of(const struct entry *e, enum assay_source_role *role)
{
    for (size_t i = 0; i < KNOWN; i++) {
        if (!assay_bytes_equal(known[i].guid, e->guid, sizeof e->guid)) continue;
        *role = known[i].role;
        return true;
    }
    return false;
}

enum assay_status assay_snp_table_parse(
    const uint8_t *bytes, size_t len,
    struct assay_source_certificate certificates[static ASSAY_SOURCE_CERTIFICATES_MAX],
    size_t *count)
{
    struct entry entries[ASSAY_SNP_TABLE_ENTRIES_MAX];
    struct assay_source_certificate result[ASSAY_SOURCE_CERTIFICATES_MAX];
    size_t entry_count = 0, found = 0;
    struct assay_cursor in = assay_cursor_over(bytes, len);
    if (assay_bytes_all_zero(bytes, len)) {
        *count = 0;
        return ASSAY_OK;
    }
    ASSAY_TRY(read_entries(&in, entries, &entry_count));
    ASSAY_TRY(check_places(entries, entry_count, in.pos, len));
    for (size_t i = 0; i < entry_count; i++) {
        struct assay_cursor at = assay_cursor_over(bytes, len);
        struct assay_source_certificate certificate;
        if (!role_of(&entries[i], &certificate.role)) continue;
        ASSAY_TRY(assay_cursor_skip(&at, entries[i].offset));
        ASSAY_TRY(assay_cursor_slice(&at, entries[i].len, &certificate.bytes));
        ASSAY_TRY(check_der(certificate.bytes));
        ASSAY_ASSERT(found < KNOWN);
        result[found++] = certificate;
    }
    for (size_t i = 0; i < found; i++)
        certificates[i] = result[i];
    ASSAY_ASSERT(found <= entry_count);
    *count = found;
    return ASSAY_OK;
}
