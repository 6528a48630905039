/*
 * quote/collateral/endorsements.h - collateral of all vendor roots of one network as one byte
 * string.
 *
 * Genesis carries it (docs/protocol.md 8.1) and ballots name its SHA-256. Canonical CBOR: an array
 * of [root key (base/crypto.h; its length tells its type), kinds, bundle
 * (quote/collateral/collateral.h)], strictly ascending by root key (shorter first), kinds, the
 * bundle's digest. A root of Intel's has one entry per platform family (TEE, FMSPC, issuing CA),
 * and never two for the same one. One of another vendor's has as many as there are: they may share
 * certificates and a list, but not differ in them: for one key there is one certificate, for one
 * authority one revocation list. A platform key of CCA alone stands with an empty bundle, because
 * nothing leads to it.
 */
#ifndef ASSAY_QUOTE_COLLATERAL_ENDORSEMENTS_H
#define ASSAY_QUOTE_COLLATERAL_ENDORSEMENTS_H

#include "quote/collateral/collateral.h"
#include "quote/request.h"

/* One entry to encode. */
struct assay_endorsement_files {
    struct assay_key root;
    uint32_t kinds; /* ASSAY_KIND_BIT */
    struct assay_collateral_files files;
};

/* The order of entries in the encoding. Returns: <0, 0 (the same entry), >0. */
int assay_endorsement_compare(const struct assay_endorsement_files *a,
                              const struct assay_endorsement_files *b);
/*
 * assay_endorsements_encode - entries in ascending order (checked).
 * Returns: ASSAY_OK and the bytes in w | ASSAY_E_RANGE (none, or more than ASSAY_ENDORSEMENTS_MAX,
 *          a bundle too long, no kinds) | ASSAY_E_INVALID (order) | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_endorsements_encode(
    const struct assay_endorsement_files *entries, size_t count, struct assay_writer *w);
/* How many bundles the bytes hold, for the caller's memory. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_endorsements_count(const uint8_t *bytes, size_t len,
                                                         size_t *count);
/*
 * assay_endorsements_decode - build every bundle (signatures and chains are verified here, once).
 * In:      collateral[capacity], memory of the caller that *out points into
 * Out:     *out, written only on ASSAY_OK
 * Returns: ASSAY_OK | INPUT statuses | ASSAY_E_INVALID (order, or a bundle that is not sound) |
 *          ASSAY_E_DUPLICATE (two entries that differ about one thing) | ASSAY_E_FULL (capacity) |
 *          ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_endorsements_decode(const uint8_t *bytes, size_t len,
                                                          struct assay_collateral *collateral,
                                                          size_t capacity,
                                                          struct assay_endorsements *out);

/*
 * assay_endorsements_read - the same, of bytes whose bundles may be unsound and may contradict one
 * another: for callers that report the faults.
 * Returns: ASSAY_OK | INPUT statuses | ASSAY_E_INVALID (order) | ASSAY_E_FULL (capacity) |
 *          ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_endorsements_read(const uint8_t *bytes, size_t len,
                                                        struct assay_collateral *collateral,
                                                        size_t capacity,
                                                        struct assay_endorsements *out);
/* Has it OCSP responses or manifests? Renewals do not compare these: an offer could leave out the
 * response that revokes. So offers have none, and those in force stay as they are until operators
 * replace the set. */
bool assay_endorsement_is_of_devices(const struct assay_endorsement *e);
#define ASSAY_ENDORSEMENT_DEVICES_TEXT                                                             \
    "OCSP responses and manifests are the operators' to replace, not an offer's"
/*
 * assay_endorsements_sound - what decode demands of bundles that were read.
 * Out:     *which of them is at fault, unless ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_INVALID (not sound) | ASSAY_E_DUPLICATE (differs from another)
 */
ASSAY_CHECKED enum assay_status assay_endorsements_sound(const struct assay_endorsements *all,
                                                         size_t *which);
/*
 * assay_endorsements_files - the entries as they stand in the bytes, which they borrow; nothing is
 * built and nothing verified.
 * Out:     entries[*count], *count <= capacity
 * Returns: ASSAY_OK | INPUT statuses | ASSAY_E_INVALID (order) | ASSAY_E_FULL (capacity)
 */
ASSAY_CHECKED enum assay_status assay_endorsements_files(const uint8_t *bytes, size_t len,
                                                         struct assay_endorsement_files *entries,
                                                         size_t capacity, size_t *count);

#endif
