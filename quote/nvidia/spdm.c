/*
 * quote/nvidia/spdm.c - decoder of an SPDM 1.1 measurement report (spdm.h).
 */
#include "quote/nvidia/spdm.h"

#include "base/assert.h"
#include "base/cursor.h"

enum {
    VERSION_1_1 = 0x11,
    GET_MEASUREMENTS = 0xe0,
    MEASUREMENTS = 0x60,
    WITH_SIGNATURE = 0x01,
    EVERYTHING = 0xff,
    REQUEST_LEN = 37,
    DMTF = 1, /* specification of a block */
    BLOCK_HEAD_LEN = 3,
    SIGNATURE_LEN = ASSAY_P384_SIGNATURE_LEN,
    GPU_VBIOS_LEN = 8,
    FWID_LEN = 48,
};

/* What is known while the fields are read. */
struct fields {
    size_t count;
    uint16_t seen[ASSAY_SPDM_FIELDS_MAX];
};

static enum assay_status read_u24(struct assay_cursor *in, uint32_t *out)
{
    uint16_t low = 0;
    uint8_t high = 0;
    ASSAY_TRY(assay_cursor_u16le(in, &low));
    ASSAY_TRY(assay_cursor_u8(in, &high));
    *out = (uint32_t)high << 16 | low;
    return ASSAY_OK;
}

static enum assay_status demand_byte(struct assay_cursor *in, uint8_t wanted,
                                     enum assay_status otherwise)
{
    uint8_t found = 0;
    ASSAY_TRY(assay_cursor_u8(in, &found));
    return found == wanted ? ASSAY_OK : otherwise;
}

static enum assay_status read_request(struct assay_cursor *in, struct assay_spdm_report *r)
{
    ASSAY_TRY(demand_byte(in, VERSION_1_1, ASSAY_E_INVALID));
    ASSAY_TRY(demand_byte(in, GET_MEASUREMENTS, ASSAY_E_INVALID));
    ASSAY_TRY(demand_byte(in, WITH_SIGNATURE, ASSAY_E_UNSUPPORTED));
    ASSAY_TRY(demand_byte(in, EVERYTHING, ASSAY_E_UNSUPPORTED));
    ASSAY_TRY(assay_cursor_copy(in, r->nonce, sizeof r->nonce));
    return assay_cursor_skip(in, 1); /* slot */
}

/* index, specification, size; type, size of the value, value */
static enum assay_status read_block(struct assay_cursor *in, struct assay_spdm_report *r)
{
    struct assay_cursor body;
    uint8_t index = 0, specification = 0;
    uint16_t size = 0, value_size = 0;
    ASSAY_TRY(assay_cursor_u8(in, &index));
    ASSAY_TRY(assay_cursor_u8(in, &specification));
    ASSAY_TRY(assay_cursor_u16le(in, &size));
    if (index == 0 || specification != DMTF) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_cursor_child(in, size, &body));
    ASSAY_TRY(assay_cursor_skip(&body, 1)); /* type */
    ASSAY_TRY(assay_cursor_u16le(&body, &value_size));
    if (value_size == 0) return ASSAY_E_RANGE;
    if (r->blocks[index].len > 0) return ASSAY_E_DUPLICATE;
    ASSAY_TRY(assay_cursor_slice(&body, value_size, &r->blocks[index]));
    ASSAY_ASSERT(size >= BLOCK_HEAD_LEN);
    r->block_count += 1;
    return assay_cursor_end(&body);
}

static enum assay_status read_measurements(struct assay_cursor *in, struct assay_spdm_report *r)
{
    struct assay_cursor record;
    uint8_t count = 0;
    uint32_t len = 0;
    ASSAY_TRY(demand_byte(in, VERSION_1_1, ASSAY_E_INVALID));
    ASSAY_TRY(demand_byte(in, MEASUREMENTS, ASSAY_E_INVALID));
    ASSAY_TRY(assay_cursor_skip(in, 2)); /* parameters: the number of indexes, and the slot */
    ASSAY_TRY(assay_cursor_u8(in, &count));
    ASSAY_TRY(read_u24(in, &len));
    ASSAY_TRY(assay_cursor_child(in, len, &record));
    while (assay_cursor_left(&record) > 0)
        ASSAY_TRY(read_block(&record, r));
    return r->block_count == count ? ASSAY_OK : ASSAY_E_INVALID;
}

/* Unknown numbers are skipped by their size; none may come twice. */
static enum assay_status read_field(struct assay_cursor *in, struct fields *fields,
                                    struct assay_spdm_report *r)
{
    uint16_t number = 0, size = 0;
    struct assay_slice value;
    ASSAY_TRY(assay_cursor_u16le(in, &number));
    ASSAY_TRY(assay_cursor_u16le(in, &size));
    ASSAY_TRY(assay_cursor_slice(in, size, &value));
    ASSAY_ASSERT(fields->count <= ASSAY_SPDM_FIELDS_MAX);
    for (size_t i = 0; i < fields->count; i++)
        if (fields->seen[i] == number) return ASSAY_E_DUPLICATE;
    if (fields->count == ASSAY_SPDM_FIELDS_MAX) return ASSAY_E_RANGE;
    fields->seen[fields->count++] = number;
    if (number >= ASSAY_SPDM_FIELDS) return ASSAY_OK;
    r->has_field[number] = true;
    r->fields[number] = value;
    return ASSAY_OK;
}

static bool is_name_character(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
           c == '-' || c == '_';
}

/* Text in its field, which zeros fill. */
static enum assay_status read_text(const struct assay_spdm_report *r, enum assay_spdm_field field,
                                   char out[ASSAY_SPDM_TEXT_MAX])
{
    ASSAY_ASSERT((unsigned)field < ASSAY_SPDM_FIELDS);
    const struct assay_slice value = r->fields[field];
    size_t len = 0;
    if (!r->has_field[field]) return ASSAY_OK;
    while (len < value.len && value.bytes[len] != 0)
        len += 1;
    if (len == 0 || len >= ASSAY_SPDM_TEXT_MAX) return ASSAY_E_RANGE;
    if (!assay_bytes_all_zero(value.bytes + len, value.len - len)) return ASSAY_E_RANGE;
    for (size_t i = 0; i < len; i++) {
        if (!is_name_character(value.bytes[i])) return ASSAY_E_RANGE;
        out[i] = (char)value.bytes[i];
    }
    out[len] = '\0';
    return ASSAY_OK;
}

static char upper(char c)
{
    if (c < 'a' || c > 'z') return c;
    return (char)(c - 'a' + 'A');
}

/* Five bytes with dots between: of a GPU the lower four, the highest first, then the fifth. */
static enum assay_status read_vbios(struct assay_spdm_report *r)
{
    static const char digits[] = "0123456789ABCDEF";
    static const uint8_t order[] = { 3, 2, 1, 0, 4 };
    const struct assay_slice value = r->fields[ASSAY_SPDM_VBIOS_VERSION];
    size_t len = 0;
    if (!r->has_field[ASSAY_SPDM_VBIOS_VERSION]) return ASSAY_OK;
    if (value.len != GPU_VBIOS_LEN) {
        r->is_switch = true;
        ASSAY_TRY(read_text(r, ASSAY_SPDM_VBIOS_VERSION, r->vbios));
        for (size_t i = 0; r->vbios[i] != '\0'; i++)
            r->vbios[i] = upper(r->vbios[i]);
        return ASSAY_OK;
    }
    for (size_t i = 0; i < sizeof order; i++) {
        const uint8_t byte = value.bytes[order[i]];
        if (i > 0) r->vbios[len++] = '.';
        r->vbios[len++] = digits[byte >> 4];
        r->vbios[len++] = digits[byte & 0xf];
    }
    ASSAY_ASSERT(len < ASSAY_SPDM_TEXT_MAX);
    return ASSAY_OK;
}

/* Fields that are read have the size that they always have. */
static enum assay_status check_sizes(const struct assay_spdm_report *r)
{
    static const struct {
        enum assay_spdm_field field;
        size_t len;
    } sizes[] = { { ASSAY_SPDM_NVDEC0, 1 },
                  { ASSAY_SPDM_FWID, FWID_LEN },
                  { ASSAY_SPDM_PROTECTED_PCIE, 1 },
                  { ASSAY_SPDM_OPAQUE_VERSION, 2 },
                  { ASSAY_SPDM_FEATURE, 2 } };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (r->has_field[sizes[i].field] && r->fields[sizes[i].field].len != sizes[i].len)
            return ASSAY_E_RANGE;
    return ASSAY_OK;
}

static uint16_t number_of(const struct assay_spdm_report *r, enum assay_spdm_field field)
{
    const struct assay_slice value = r->fields[field];
    ASSAY_ASSERT(value.len == 2);
    return (uint16_t)(value.bytes[1] << 8 | value.bytes[0]);
}

static enum assay_status read_opaque(struct assay_cursor *in, struct assay_spdm_report *r)
{
    struct assay_cursor opaque;
    struct fields fields = { 0 };
    uint16_t len = 0;
    ASSAY_TRY(assay_cursor_u16le(in, &len));
    ASSAY_TRY(assay_cursor_child(in, len, &opaque));
    while (assay_cursor_left(&opaque) > 0)
        ASSAY_TRY(read_field(&opaque, &fields, r));
    ASSAY_TRY(check_sizes(r));
    if (r->has_field[ASSAY_SPDM_OPAQUE_VERSION] &&
        number_of(r, ASSAY_SPDM_OPAQUE_VERSION) > ASSAY_SPDM_OPAQUE_VERSION_MAX)
        return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(read_text(r, ASSAY_SPDM_DRIVER_VERSION, r->driver));
    ASSAY_TRY(read_text(r, ASSAY_SPDM_CHIP, r->chip));
    ASSAY_TRY(read_text(r, ASSAY_SPDM_PROJECT, r->project));
    ASSAY_TRY(read_text(r, ASSAY_SPDM_PROJECT_SKU, r->project_sku));
    ASSAY_TRY(read_text(r, ASSAY_SPDM_CHIP_SKU, r->chip_sku));
    return read_vbios(r);
}

enum assay_status assay_spdm_parse(const uint8_t *bytes, size_t len, struct assay_spdm_report *out)
{
    ASSAY_ASSERT(out != NULL);
    if (len > ASSAY_SPDM_REPORT_MAX) return ASSAY_E_RANGE;
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_spdm_report r = { 0 };
    struct assay_slice signature;
    ASSAY_TRY(read_request(&in, &r));
    ASSAY_TRY(read_measurements(&in, &r));
    ASSAY_TRY(assay_cursor_skip(&in, ASSAY_SPDM_NONCE_LEN)); /* the responder's */
    r.offset_opaque = (uint32_t)(len - assay_cursor_left(&in)) + 2;
    ASSAY_TRY(read_opaque(&in, &r));
    r.signed_part = assay_slice_over(bytes, len - assay_cursor_left(&in));
    ASSAY_TRY(assay_cursor_slice(&in, SIGNATURE_LEN, &signature));
    ASSAY_TRY(assay_cursor_end(&in));
    r.signature =
        (struct assay_signature){ .alg = ASSAY_SIGNATURE_ECDSA_SHA384, .len = SIGNATURE_LEN };
    assay_bytes_copy(r.signature.bytes, sizeof r.signature.bytes, signature.bytes, SIGNATURE_LEN);
    ASSAY_ASSERT(r.signed_part.len + SIGNATURE_LEN == len);
    *out = r;
    return ASSAY_OK;
}

bool assay_spdm_looks(const uint8_t *bytes, size_t len)
{
    return len > REQUEST_LEN + 1 && bytes[0] == VERSION_1_1 && bytes[1] == GET_MEASUREMENTS &&
           bytes[REQUEST_LEN] == VERSION_1_1 && bytes[REQUEST_LEN + 1] == MEASUREMENTS;
}

enum assay_status assay_spdm_length(const uint8_t *bytes, size_t len, size_t *declared)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    uint32_t record = 0;
    uint16_t opaque = 0;
    if (!assay_spdm_looks(bytes, len)) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_cursor_skip(&in, ASSAY_SPDM_AT_BLOCKS - 3));
    ASSAY_TRY(read_u24(&in, &record));
    ASSAY_TRY(assay_cursor_skip(&in, record));
    ASSAY_TRY(assay_cursor_skip(&in, ASSAY_SPDM_NONCE_LEN));
    ASSAY_TRY(assay_cursor_u16le(&in, &opaque));
    ASSAY_TRY(assay_cursor_skip(&in, opaque));
    ASSAY_TRY(assay_cursor_skip(&in, SIGNATURE_LEN));
    ASSAY_ASSERT(assay_cursor_left(&in) < len);
    *declared = len - assay_cursor_left(&in);
    return ASSAY_OK;
}

enum assay_gpu_mode assay_spdm_mode(const struct assay_spdm_report *report)
{
    if (report->has_field[ASSAY_SPDM_FEATURE]) {
        const uint16_t flag = number_of(report, ASSAY_SPDM_FEATURE);
        return flag <= ASSAY_GPU_MODE_PROTECTED_PCIE ? (enum assay_gpu_mode)flag
                                                     : ASSAY_GPU_MODE_UNKNOWN;
    }
    /* Reports of older drivers say this alone. */
    if (assay_spdm_field_is(report, ASSAY_SPDM_PROTECTED_PCIE, ASSAY_SPDM_ON))
        return ASSAY_GPU_MODE_PROTECTED_PCIE;
    if (assay_spdm_field_is(report, ASSAY_SPDM_PROTECTED_PCIE, ASSAY_SPDM_OFF))
        return ASSAY_GPU_MODE_SINGLE;
    return ASSAY_GPU_MODE_UNKNOWN;
}

bool assay_spdm_field_is(const struct assay_spdm_report *report, enum assay_spdm_field field,
                         uint8_t value)
{
    ASSAY_ASSERT((unsigned)field < ASSAY_SPDM_FIELDS);
    const struct assay_slice it = report->fields[field];
    return report->has_field[field] && it.len == 1 && it.bytes[0] == value;
}
