/*
 * quote/amd/snp_report.c - parser of SNP reports of every version and product.
 *
 * Offsets are those of ATTESTATION_REPORT in AMD 56860, whose tables name each field by its offset;
 * layouts of TCB versions those of its TCB_VERSION tables.
 */
#include "base/assert.h"
#include "quote/amd/snp.h"
#include "quote/text.h"

/* --- fields */
static enum assay_status read_guest(struct assay_cursor *in, struct assay_snp_report *r)
{
    ASSAY_TRY(assay_cursor_u32le(in, &r->version));
    ASSAY_TRY(assay_cursor_u32le(in, &r->guest_svn));
    ASSAY_TRY(assay_cursor_u64le(in, &r->policy));
    ASSAY_TRY(assay_cursor_copy(in, r->family_id, sizeof r->family_id));
    ASSAY_TRY(assay_cursor_copy(in, r->image_id, sizeof r->image_id));
    ASSAY_TRY(assay_cursor_u32le(in, &r->vmpl));
    ASSAY_TRY(assay_cursor_u32le(in, &r->signature_algo));
    ASSAY_TRY(assay_cursor_copy(in, r->current_tcb, sizeof r->current_tcb));
    ASSAY_TRY(assay_cursor_u64le(in, &r->platform_info));
    ASSAY_TRY(assay_cursor_u32le(in, &r->key_info));
    ASSAY_TRY(assay_cursor_skip(in, 4));
    ASSAY_TRY(assay_cursor_copy(in, r->report_data, sizeof r->report_data));
    ASSAY_TRY(assay_cursor_copy(in, r->measurement, sizeof r->measurement));
    ASSAY_TRY(assay_cursor_copy(in, r->host_data, sizeof r->host_data));
    ASSAY_TRY(assay_cursor_copy(in, r->id_key_digest, sizeof r->id_key_digest));
    ASSAY_TRY(assay_cursor_copy(in, r->author_key_digest, sizeof r->author_key_digest));
    ASSAY_TRY(assay_cursor_copy(in, r->report_id, sizeof r->report_id));
    return assay_cursor_copy(in, r->report_id_ma, sizeof r->report_id_ma);
}

static enum assay_status read_platform(struct assay_cursor *in, struct assay_snp_report *r)
{
    ASSAY_TRY(assay_cursor_copy(in, r->reported_tcb, sizeof r->reported_tcb));
    ASSAY_TRY(assay_cursor_copy(in, r->cpuid, sizeof r->cpuid));
    ASSAY_TRY(assay_cursor_skip(in, 21));
    ASSAY_TRY(assay_cursor_copy(in, r->chip_id, sizeof r->chip_id));
    ASSAY_TRY(assay_cursor_copy(in, r->committed_tcb, sizeof r->committed_tcb));
    ASSAY_TRY(assay_cursor_copy(in, r->current_version, sizeof r->current_version));
    ASSAY_TRY(assay_cursor_skip(in, 1));
    ASSAY_TRY(assay_cursor_copy(in, r->committed_version, sizeof r->committed_version));
    ASSAY_TRY(assay_cursor_skip(in, 1));
    ASSAY_TRY(assay_cursor_copy(in, r->launch_tcb, sizeof r->launch_tcb));
    ASSAY_TRY(assay_cursor_u64le(in, &r->launch_mit_vector));
    ASSAY_TRY(assay_cursor_u64le(in, &r->current_mit_vector));
    return assay_cursor_skip(in, 152);
}

/* Little-endian in 72 bytes, of which a number of P-384 needs 48. */
static enum assay_status read_number(struct assay_cursor *in, uint8_t out[48])
{
    enum { NUMBER = 48, PADDING = 24 };
    const uint8_t *little = NULL;
    const uint8_t *padding = NULL;
    ASSAY_TRY(assay_cursor_take(in, NUMBER, &little));
    ASSAY_TRY(assay_cursor_take(in, PADDING, &padding));
    if (!assay_bytes_all_zero(padding, PADDING)) return ASSAY_E_ENCODING;
    for (size_t i = 0; i < NUMBER; i++)
        out[i] = little[NUMBER - 1 - i];
    return ASSAY_OK;
}

/*
 * "ECDSA P-384 with SHA-384 Signature": R, S, and 368 bytes that are reserved. Those are not
 * signed: anything but zero would give one report several encodings.
 */
static enum assay_status read_signature(struct assay_cursor *in, struct assay_signature *signature)
{
    enum { NUMBER = 48, RESERVED = 368 };
    ASSAY_ASSERT(2 * NUMBER <= sizeof signature->bytes);
    const uint8_t *reserved = NULL;
    signature->alg = ASSAY_SIGNATURE_ECDSA_SHA384;
    signature->len = 2 * NUMBER;
    ASSAY_TRY(read_number(in, signature->bytes));
    ASSAY_TRY(read_number(in, signature->bytes + NUMBER));
    ASSAY_TRY(assay_cursor_take(in, RESERVED, &reserved));
    return assay_bytes_all_zero(reserved, RESERVED) ? ASSAY_OK : ASSAY_E_ENCODING;
}

/* --- bytes that a version reserves */
struct reserved {
    uint32_t from, to;    /* offsets; to is one past the last */
    uint32_t first, last; /* versions */
};

/*
 * Bytes 1F8h to 29Fh in version 4 are left out: what AMD put there in it is not public. So is the
 * end of version 6: rev. 1.59 places the extended TCBs between 208h and 29Fh.
 */
static void find_reserved(const uint8_t *bytes, struct assay_snp_report *r)
{
    ASSAY_ASSERT(r->version >= ASSAY_SNP_VERSION_MIN && r->version <= ASSAY_SNP_VERSION_MAX);
    static const struct reserved places[] = {
        { 0x4c, 0x50, 2, ASSAY_SNP_VERSION_MAX },   { 0x188, 0x1a0, 2, 2 },
        { 0x18b, 0x1a0, 3, ASSAY_SNP_VERSION_MAX }, { 0x1eb, 0x1ec, 2, ASSAY_SNP_VERSION_MAX },
        { 0x1ef, 0x1f0, 2, ASSAY_SNP_VERSION_MAX }, { 0x1f8, ASSAY_SNP_SIGNED_LEN, 2, 3 },
        { 0x208, ASSAY_SNP_SIGNED_LEN, 5, 5 },
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const struct reserved *const p = &places[i];
        if (r->version < p->first || r->version > p->last) continue;
        for (uint32_t at = p->from; at < p->to; at++) {
            if (bytes[at] == 0 || r->reserved_set) continue;
            r->reserved_set = true;
            r->reserved_offset = at;
        }
    }
}

enum assay_status assay_snp_parse(const uint8_t *bytes, size_t len, struct assay_snp_report *report)
{
    enum { ALGO_ECDSA_P384_SHA384 = 1, VERSION_MIT_VECTORS = 5 };
    ASSAY_ASSERT(bytes != NULL || len == 0);
    ASSAY_ASSERT(report != NULL);
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_snp_report r = { 0 };
    ASSAY_TRY(read_guest(&in, &r));
    if (r.version < ASSAY_SNP_VERSION_MIN || r.version > ASSAY_SNP_VERSION_MAX)
        return ASSAY_E_UNSUPPORTED;
    if (r.signature_algo != ALGO_ECDSA_P384_SHA384) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(read_platform(&in, &r));
    ASSAY_ASSERT(in.pos == ASSAY_SNP_SIGNED_LEN);
    r.signed_part = assay_slice_over(bytes, in.pos);
    ASSAY_TRY(read_signature(&in, &r.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    if (r.version < VERSION_MIT_VECTORS) r.launch_mit_vector = r.current_mit_vector = 0;
    find_reserved(r.signed_part.bytes, &r);
    ASSAY_ASSERT(in.pos == ASSAY_SNP_REPORT_LEN);
    *report = r;
    return ASSAY_OK;
}

enum assay_snp_signing_key assay_snp_signing_key(const struct assay_snp_report *report)
{
    return (enum assay_snp_signing_key)(report->key_info >> 2 & 7);
}

/* --- products */
enum assay_snp_product assay_snp_product_of_cpu(uint8_t family, uint8_t model)
{
    enum { ZEN3_4 = 0x19, ZEN5_6 = 0x1a };
    if (family == ZEN3_4) {
        if (model <= 0x0f) return ASSAY_SNP_MILAN;
        if (model <= 0x1f) return ASSAY_SNP_GENOA;
        if (model >= 0xa0 && model <= 0xaf) return ASSAY_SNP_GENOA; /* Bergamo and Siena */
    }
    if (family == ZEN5_6) {
        if (model <= 0x1f) return ASSAY_SNP_TURIN;
        if (model >= 0x50 && model <= 0x5f) return ASSAY_SNP_VENICE;
    }
    return ASSAY_SNP_PRODUCT_UNKNOWN;
}

struct product_name {
    char name[8];
    enum assay_snp_product product;
};

/* A stepping: "-B0", one letter and one hexadecimal digit. Nothing is as good. */
static bool is_stepping(const char *text)
{
    if (text[0] == '\0') return true;
    return text[0] == '-' && text[1] >= 'A' && text[1] <= 'Z' &&
           ((text[2] >= '0' && text[2] <= '9') || (text[2] >= 'A' && text[2] <= 'F')) &&
           text[3] == '\0';
}

enum assay_snp_product assay_snp_product_of_name(const char *name)
{
    static const struct product_name names[] = {
        { "Milan", ASSAY_SNP_MILAN }, { "Genoa", ASSAY_SNP_GENOA }, { "Bergamo", ASSAY_SNP_GENOA },
        { "Siena", ASSAY_SNP_GENOA }, { "Turin", ASSAY_SNP_TURIN }, { "Venice", ASSAY_SNP_VENICE },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const size_t len = assay_text_len(names[i].name, sizeof names[i].name);
        if (assay_text_len(name, len) != len) continue;
        if (assay_bytes_equal(name, names[i].name, len) && is_stepping(name + len))
            return names[i].product;
    }
    return ASSAY_SNP_PRODUCT_UNKNOWN;
}

enum assay_snp_product assay_snp_report_product(const struct assay_snp_report *report)
{
    enum { VERSION_CPUID = 3 };
    if (report->version < VERSION_CPUID) return ASSAY_SNP_PRODUCT_UNKNOWN;
    return assay_snp_product_of_cpu(report->cpuid[0], report->cpuid[1]);
}

const char *assay_snp_product_text(enum assay_snp_product product)
{
    switch (product) {
    case ASSAY_SNP_PRODUCT_UNKNOWN: return "unknown";
    case ASSAY_SNP_MILAN: return "Milan";
    case ASSAY_SNP_GENOA: return "Genoa";
    case ASSAY_SNP_TURIN: return "Turin";
    case ASSAY_SNP_VENICE: return "Venice";
    }
    return "unknown";
}

bool assay_snp_product_supported(enum assay_snp_product product)
{
    switch (product) {
    case ASSAY_SNP_MILAN:
    case ASSAY_SNP_GENOA:
    case ASSAY_SNP_TURIN: return true;
    case ASSAY_SNP_PRODUCT_UNKNOWN:
    case ASSAY_SNP_VENICE: return false;
    }
    return false;
}

/* --- TCB versions */
struct assay_snp_tcb assay_snp_tcb(enum assay_snp_product product,
                                   const uint8_t raw[static ASSAY_SNP_TCB_LEN])
{
    if (product == ASSAY_SNP_TURIN)
        return (struct assay_snp_tcb){ true, raw[0], raw[1], raw[2], raw[3], raw[7] };
    return (struct assay_snp_tcb){ false, 0, raw[0], raw[1], raw[6], raw[7] };
}

bool assay_snp_tcb_clean(enum assay_snp_product product,
                         const uint8_t raw[static ASSAY_SNP_TCB_LEN])
{
    if (product == ASSAY_SNP_TURIN) return assay_bytes_all_zero(raw + 4, 3);
    return assay_bytes_all_zero(raw + 2, 4);
}

bool assay_snp_tcb_covers(const struct assay_snp_tcb *b, const struct assay_snp_tcb *a)
{
    return a->fmc <= b->fmc && a->bootloader <= b->bootloader && a->tee <= b->tee &&
           a->snp <= b->snp && a->microcode <= b->microcode;
}
