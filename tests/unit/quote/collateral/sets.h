/*
 * tests/unit/quote/collateral/sets.h - sets of endorsements of SOFT vendors and of test
 * authorities, as structs and as bytes.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_COLLATERAL_SETS_H
#define ASSAY_TESTS_UNIT_QUOTE_COLLATERAL_SETS_H

#include "quote/collateral/endorsements.h"
#include "quote/collateral/newer.h"
#include "quote/collateral/replace.h"
#include "quote/source/soft/soft.h"
#include "tests/support/authority.h"

enum {
    SET_FROM = 1700000000,
    SET_DAY = 86400,
    SET_LIFE = 30 * SET_DAY,
    SET_TO = 2000000000,
    SET_ENTRIES_MAX = 6,
    SET_BYTES_MAX = 1 << 18,
    SET_PIECES_MAX = 5, /* certificates and lists of an entry */
};

/* A set being made; on the heap. */
struct made {
    size_t count;
    struct assay_endorsement_files entries[SET_ENTRIES_MAX];
    struct assay_soft_bundle bundles[SET_ENTRIES_MAX]; /* what entries borrow from */
    uint8_t pieces[SET_ENTRIES_MAX][SET_PIECES_MAX * AUTHORITY_DER_MAX];
    uint8_t bytes[SET_BYTES_MAX];
    size_t len;
    struct assay_collateral collateral[SET_ENTRIES_MAX];
    struct assay_endorsements built;
    struct assay_collateral_set set;
};

struct made *made_open(void);
void made_close(struct made *m);
/* One entry of a SOFT vendor by these terms. */
void made_soft(struct made *m, const struct assay_soft_ca *ca,
               const struct assay_soft_terms *terms);
/* One entry of a vendor without documents: certificates and lists, DER behind DER. */
void made_other(struct made *m, const struct authority_key *root, uint32_t kinds,
                const struct authority_certificate *certificates, size_t count,
                const struct authority_crl *lists, size_t list_count);
/* Sort, encode, read. */
void made_build(struct made *m);
/* Read bytes from elsewhere. */
void made_read(struct made *m, const uint8_t *bytes, size_t len);
/* Terms issued so many seconds after SET_FROM, for SET_LIFE. */
struct assay_soft_terms terms_at(const struct assay_soft_ca *ca, int64_t after_s,
                                 uint32_t number);

#endif
