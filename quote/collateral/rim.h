/*
 * quote/collateral/rim.h - reference integrity manifests of NVIDIA: which measurements a driver or
 * a firmware has.
 *
 * The vendor publishes them as signed XML (a SWID tag of ISO 19770-2 with the TCG's attributes).
 * What a bundle holds is not that, but what its signature is over: the document and the SignedInfo
 * as canonical XML (C14N 1.1, the signature taken out), the signature and the certificates:
 *
 *     ["rim", document, SignedInfo, signature (r | s, 96 bytes), [certificate in DER, ...]]
 *
 * in canonical CBOR, one after the other. quote/rim_xml.h makes it, once; everything here needs no
 * XML library: the signature is over exactly the bytes that are read, so nothing can be wrapped
 * into a document that it does not cover. Canonical XML has one form for each meaning; what differs
 * from NVIDIA's profile of it is refused.
 */
#ifndef ASSAY_QUOTE_COLLATERAL_RIM_H
#define ASSAY_QUOTE_COLLATERAL_RIM_H

#include "base/cursor.h"
#include "base/writer.h"
#include "quote/certificates/path.h"
#include "quote/verdict.h"

enum {
    ASSAY_RIMS_MAX = 8,               /* of one bundle */
    ASSAY_RIM_CERTIFICATES_MAX = 6,   /* genuine ones have 4 */
    ASSAY_RIM_DOCUMENT_MAX = 131072,  /* genuine ones take 27 KB */
    ASSAY_RIM_SIGNED_INFO_MAX = 4096, /* 1.2 KB */
    ASSAY_RIM_TEXT_MAX = 32,
    ASSAY_RIM_INDEXES = 64,
    ASSAY_RIM_ALTERNATIVES_MAX = 16, /* of one index; genuine ones have up to 4 */
    ASSAY_RIM_VALUES_MAX = 256,      /* of the active indexes together */
    ASSAY_RIM_VALUE_LEN = 48,
};

/* A manifest in pieces; nothing is verified. Slices borrow. */
struct assay_rim_pieces {
    struct assay_slice document;
    struct assay_slice signed_info;
    struct assay_slice signature;
    size_t certificate_count;
    struct assay_slice certificates[ASSAY_RIM_CERTIFICATES_MAX]; /* the signer's first */
};

/* What a document says. Index i is measurement block i + 1 of a report. */
struct assay_rim_values {
    char product[ASSAY_RIM_TEXT_MAX];  /* "GH100" */
    char version[ASSAY_RIM_TEXT_MAX];  /* "550.90.07", "96.00.9F.00.01" */
    uint64_t given;                    /* indexes that stand there, as bits */
    uint64_t active;                   /* those that count */
    uint16_t first[ASSAY_RIM_INDEXES]; /* values of index i: count[i], from first[i] on */
    uint8_t count[ASSAY_RIM_INDEXES];
    uint32_t value_count;
    uint8_t values[ASSAY_RIM_VALUES_MAX][ASSAY_RIM_VALUE_LEN];
};

/* One of a bundle; about 30 KB. */
struct assay_rim {
    enum assay_status status; /* ASSAY_OK: signed by a signer that leads to the bundle's root */
    enum assay_rule rule;     /* what it offends against, unless ASSAY_OK */
    struct assay_rim_values values;
    /* The way to the root, signer first. */
    size_t certificate_count;
    struct assay_certificate certificates[ASSAY_CHAIN_MAX];
};

/*
 * assay_rim_next - take off the first manifest.
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_ENCODING | ASSAY_E_TYPE | ASSAY_E_RANGE |
 *          ASSAY_E_INVALID (no manifest)
 */
ASSAY_CHECKED enum assay_status assay_rim_next(struct assay_slice *rest,
                                               struct assay_rim_pieces *pieces);
/* Do the bytes open like one? Returns: true if so. */
bool assay_rim_looks(struct assay_slice bytes);
/* The writer reports overflow. */
void assay_rim_encode(const struct assay_rim_pieces *pieces, struct assay_writer *w);
/*
 * assay_rim_read - what a document says, in quote/collateral/rim_text.c.
 * In:      canonical XML, hostile
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX (no canonical XML) | ASSAY_E_INVALID (another document, or a
 *          part of it missing) | ASSAY_E_DUPLICATE (a part, an index) | ASSAY_E_RANGE
 */
ASSAY_CHECKED enum assay_status assay_rim_read(struct assay_slice document,
                                               struct assay_rim_values *out);
/*
 * assay_rim_build - read and verify under a root.
 * Out:     *out, whose status is the answer
 * Returns: ASSAY_OK | ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_rim_build(const struct assay_rim_pieces *pieces,
                                                const struct assay_key *root,
                                                struct assay_rim *out);
/* Its certificates as a path; it borrows from *rim, which has a way. */
void assay_rim_path(const struct assay_rim *rim, struct assay_path *path);

#endif
