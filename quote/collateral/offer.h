/*
 * quote/collateral/offer.h - encoding of an offer: collateral of one root, checked by newer.h.
 *
 * Made from fetched documents or lists, by the daemon and the command line. Nothing is verified or
 * selected here: newer.h evaluates the offer.
 */
#ifndef ASSAY_QUOTE_COLLATERAL_OFFER_H
#define ASSAY_QUOTE_COLLATERAL_OFFER_H

#include "quote/collateral/endorsements.h"
#include "quote/collateral/replace.h"

/*
 * assay_offer_encode - entries of one root in any order, as canonical bytes. Sorts them in place.
 * Returns: as assay_endorsements_encode
 */
ASSAY_CHECKED enum assay_status assay_offer_encode(struct assay_endorsement_files *entries,
                                                   size_t count, struct assay_writer *w);
/* What is being put together; about 600 KB: off the stack. */
struct assay_offer_scratch {
    struct assay_endorsement_files entries[ASSAY_ENDORSEMENTS_MAX];
    struct assay_crl own, given;
    size_t used;
    uint8_t lists[ASSAY_PART_LEN_MAX];
};
/*
 * assay_offer_lists - the part of a root whose vendor signs no documents, with newer lists.
 *
 * Certificates stay as they are in force. A given list replaces the one with the same issuer's name
 * when it is not older, or is added when there is none.
 * In:      lists[count], DER
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (the root has no such part) | ASSAY_E_FULL (in all no room
 *          for the lists) | as assay_x509_crl of a list that cannot be read | as encode
 */
ASSAY_CHECKED enum assay_status assay_offer_lists(const struct assay_collateral_set *in_force,
                                                  const struct assay_key *root,
                                                  const struct assay_slice *lists, size_t count,
                                                  struct assay_offer_scratch *scratch,
                                                  struct assay_writer *w);

#endif
