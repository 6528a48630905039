/*
 * quote/x509/svid_parts.h - names, key ids and standing of certificates that a network signs,
 * internal to quote/x509/svid*.c.
 */
#ifndef ASSAY_QUOTE_X509_SVID_PARTS_H
#define ASSAY_QUOTE_X509_SVID_PARTS_H

#include "base/assert.h"
#include "quote/x509/parts.h"

enum svid_extension {
    SVID_AUTHORITY_KEY_ID,
    SVID_SUBJECT_KEY_ID,
    SVID_KEY_USAGE,
    SVID_CONSTRAINTS,
    SVID_PURPOSES,
    SVID_NAMES,
    SVID_NAME_CONSTRAINTS,
    SVID_STANDING,
    SVID_EXTENSIONS,
};

struct assay_svid_reader {
    enum assay_svid_form form;
    struct assay_x509_svid *out;
    const char *why; /* of the first failure that has a text of its own */
    struct assay_slice key_bits;
    struct assay_slice common_name; /* of the subject */
    bool has[SVID_EXTENSIONS];
    bool is_critical[SVID_EXTENSIONS];
    struct assay_slice value[SVID_EXTENSIONS];
};

/* Returns: ASSAY_OK when it holds, else status, for the reason `why`. */
ASSAY_CHECKED enum assay_status assay_svid_expect(struct assay_svid_reader *r, bool holds,
                                                  enum assay_status status, const char *why);
/* Each Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE | ASSAY_E_INVALID (not of the profile);
 * the standing also ASSAY_E_UNSUPPORTED (another version) */
ASSAY_CHECKED enum assay_status assay_svid_read_issuer(struct assay_svid_reader *r,
                                                       struct assay_cursor *in);
ASSAY_CHECKED enum assay_status assay_svid_read_subject(struct assay_svid_reader *r,
                                                        struct assay_cursor *in);
/* --- of the extensions that were found */
ASSAY_CHECKED enum assay_status assay_svid_read_key_ids(struct assay_svid_reader *r);
ASSAY_CHECKED enum assay_status assay_svid_read_standing(struct assay_svid_reader *r);
/* After the standing, which has the node id. */
ASSAY_CHECKED enum assay_status assay_svid_read_names(struct assay_svid_reader *r);

#endif
