/*
 * quote/pieces/gather.h - collection of the collateral of one root of any vendor except Intel
 * from recognised pieces (recognise.h): certificates and manifests that lead to the root, every
 * revocation list and every OCSP response.
 *
 * A certificate that does not lead to the root would make the bundle unsound and has no use: it is
 * left out. An unreadable list is included: it may revoke, and the verdict must report it.
 */
#ifndef ASSAY_QUOTE_PIECES_GATHER_H
#define ASSAY_QUOTE_PIECES_GATHER_H

#include "quote/collateral/collateral.h"
#include "quote/pieces/recognise.h"

/* About 1.2 MB: off the stack. */
struct assay_gathered {
    struct assay_collateral_files files; /* borrows from here */
    bool leads[ASSAY_RECOGNISED_MAX];    /* of the pieces: to the root */
    bool is_taken[ASSAY_RECOGNISED_MAX];
    size_t left_out; /* certificates for which a bundle has no room */
    size_t count;
    size_t index[ASSAY_CHAIN_MAX]; /* of the certificates, among the pieces */
    struct assay_certificate certificates[ASSAY_CHAIN_MAX]; /* authorities first */
    size_t certificates_len;
    uint8_t certificate_bytes[ASSAY_PART_LEN_MAX];
    struct assay_lists_left_out lists_left_out;
    size_t lists_len;
    uint8_t list_bytes[ASSAY_PART_LEN_MAX];
    size_t ocsp_len;
    uint8_t ocsp_bytes[ASSAY_PART_LEN_MAX];
    size_t rims_len;
    uint8_t rim_bytes[ASSAY_PART_LEN_MAX];
    struct assay_rim rim; /* that is being looked at */
    struct assay_crl crl; /* that is being looked at */
};

/*
 * assay_collateral_gather - the bundle for one root.
 * In:      with_lists false: which certificates lead to the root is all that is asked
 * Returns: ASSAY_OK (also when there is nothing, or too much: files.is_cut) | ASSAY_E_RANGE
 *          (certificates longer than a part may be) | ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_collateral_gather(const struct assay_recognition *r,
                                                        const struct assay_key *root,
                                                        bool with_lists,
                                                        struct assay_gathered *out);

#endif
