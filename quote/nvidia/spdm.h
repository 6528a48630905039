/*
 * quote/nvidia/spdm.h - attestation report of an NVIDIA GPU or NVSwitch: an SPDM 1.1
 * GET_MEASUREMENTS request, the MEASUREMENTS response to it, and the signature over both.
 *
 * Source: DMTF DSP0274 1.1, tables of GET_MEASUREMENTS and MEASUREMENTS; the opaque fields are
 * NVIDIA's. Everything is little-endian; every length is checked to the last byte.
 */
#ifndef ASSAY_QUOTE_NVIDIA_SPDM_H
#define ASSAY_QUOTE_NVIDIA_SPDM_H

#include "base/bytes.h"
#include "base/crypto.h"
#include "quote/accept/gpu.h"

enum {
    ASSAY_SPDM_NONCE_LEN = 32,
    ASSAY_SPDM_AT_NONCE = 4, /* of the requester; the responder has one of its own */
    ASSAY_SPDM_AT_BLOCKS = 45,
    ASSAY_SPDM_INDEXES = 256,   /* an index is a byte, and 0 is none */
    ASSAY_SPDM_FIELDS = 64,     /* numbers above are skipped: genuine ones end at 36 */
    ASSAY_SPDM_FIELDS_MAX = 64, /* fields of one report; genuine ones have 16 */
    ASSAY_SPDM_TEXT_MAX = 32,
    ASSAY_SPDM_REPORT_MAX = 16384, /* the driver's buffer has 8192 */
    ASSAY_SPDM_OPAQUE_VERSION_MAX = 1,
};

/* Numbers of the opaque fields that are read here. */
enum assay_spdm_field {
    ASSAY_SPDM_DRIVER_VERSION = 3,
    ASSAY_SPDM_VBIOS_VERSION = 6,
    ASSAY_SPDM_NVDEC0 = 11,
    ASSAY_SPDM_CHIP_SKU = 15,
    ASSAY_SPDM_PROJECT = 17,
    ASSAY_SPDM_PROJECT_SKU = 18,
    ASSAY_SPDM_FWID = 20,
    ASSAY_SPDM_PROTECTED_PCIE = 21,
    ASSAY_SPDM_OPAQUE_VERSION = 34,
    ASSAY_SPDM_CHIP = 35,
    ASSAY_SPDM_FEATURE = 36,
};

enum { ASSAY_SPDM_ON = 0xaa, ASSAY_SPDM_OFF = 0x55 }; /* fields 11 and 21 */

/* Slices borrow from the report; an empty one is not there. */
struct assay_spdm_report {
    struct assay_slice signed_part;
    struct assay_signature signature;
    uint8_t nonce[ASSAY_SPDM_NONCE_LEN];
    size_t block_count;
    struct assay_slice blocks[ASSAY_SPDM_INDEXES]; /* values by index, from 1 */
    bool has_field[ASSAY_SPDM_FIELDS];
    struct assay_slice fields[ASSAY_SPDM_FIELDS];
    uint32_t offset_opaque; /* of the first field */
    /* Texts as manifests have them; empty: the report does not have the field. */
    char driver[ASSAY_SPDM_TEXT_MAX];
    char vbios[ASSAY_SPDM_TEXT_MAX]; /* "96.00.9F.00.04" */
    char chip[ASSAY_SPDM_TEXT_MAX];  /* "GB202" */
    char project[ASSAY_SPDM_TEXT_MAX];
    char project_sku[ASSAY_SPDM_TEXT_MAX];
    char chip_sku[ASSAY_SPDM_TEXT_MAX];
    bool is_switch; /* its BIOS version is text */
};

/*
 * assay_spdm_parse - the whole of a report; nothing is verified.
 * In:      bytes[len], hostile, exactly the report
 * Out:     *out, which borrows from bytes; written only on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_RANGE (a length, a text) | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING |
 *          ASSAY_E_DUPLICATE (an index, a field) | ASSAY_E_INVALID (not these messages, or another
 *          number of blocks than declared) | ASSAY_E_UNSUPPORTED (an opaque version above 1, a
 *          request for other than everything with a signature)
 */
ASSAY_CHECKED enum assay_status assay_spdm_parse(const uint8_t *bytes, size_t len,
                                                 struct assay_spdm_report *out);
/* Does it open like a report? Returns: true if so. */
bool assay_spdm_looks(const uint8_t *bytes, size_t len);
/*
 * assay_spdm_length - the length of a report by its own words, within bytes that may have a tail.
 * Returns: ASSAY_OK | ASSAY_E_INVALID (no report) | ASSAY_E_TRUNCATED
 */
ASSAY_CHECKED enum assay_status assay_spdm_length(const uint8_t *bytes, size_t len,
                                                  size_t *declared);
/* Returns: the mode of a report; UNKNOWN for a number without a name and without field 36. */
enum assay_gpu_mode assay_spdm_mode(const struct assay_spdm_report *report);
/* Does a field of one byte hold this value? Returns: false also without the field. */
bool assay_spdm_field_is(const struct assay_spdm_report *report, enum assay_spdm_field field,
                         uint8_t value);

#endif
