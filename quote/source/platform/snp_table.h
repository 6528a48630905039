/*
 * quote/source/platform/snp_table.h - parser of the certificate table that a host passes to an SEV-
 * SNP guest.
 *
 * Source: SEV-ES Guest-Hypervisor Communication Block Standardization (AMD 56421), SNP Extended
 * Guest Request: entries of 24 bytes (GUID, offset, length, both little-endian), ended by an entry
 * of zeros, then the certificates. A GUID stands in the order in which it is written.
 *
 * The table comes from the host and is not signed: what it holds is verified like any certificate.
 */
#ifndef ASSAY_QUOTE_SOURCE_PLATFORM_SNP_TABLE_H
#define ASSAY_QUOTE_SOURCE_PLATFORM_SNP_TABLE_H

#include "quote/source/source.h"

enum {
    ASSAY_SNP_TABLE_ENTRY_LEN = 24,
    ASSAY_SNP_TABLE_ENTRIES_MAX = 32, /* known and unknown ones; genuine tables have 1 to 5 */
};

/*
 * assay_snp_table_parse - the certificates of a table, in its order.
 *
 * An empty input, or nothing but zeros, is a host without certificates: ASSAY_OK and count 0.
 * Entries with a GUID that is not known here must lie within their bounds and are left out.
 * In:      bytes[len], hostile
 * Out:     certificates[*count], borrowing from bytes; untouched unless ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED (no closing entry; a certificate ends beyond the table) |
 *          ASSAY_E_RANGE (offset within the entries, length 0) | ASSAY_E_DUPLICATE (a GUID twice) |
 *          ASSAY_E_INVALID (certificates overlap) | ASSAY_E_ENCODING (a closing entry that is not
 *          all zero, a certificate that is not one whole DER SEQUENCE) | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_snp_table_parse(
    const uint8_t *bytes, size_t len,
    struct assay_source_certificate certificates[static ASSAY_SOURCE_CERTIFICATES_MAX],
    size_t *count);

#endif
