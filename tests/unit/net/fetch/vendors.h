/*
 * tests/unit/net/fetch/vendors.h - fake vendor servers on 127.0.0.1: a PCCS for a SOFT vendor's
 * documents, and a list server of another vendor; and the set in force.
 */
#ifndef ASSAY_TESTS_UNIT_NET_FETCH_VENDORS_H
#define ASSAY_TESTS_UNIT_NET_FETCH_VENDORS_H

#include "net/fetch/round.h"
#include "quote/collateral/endorsements.h"
#include "tests/support/authority.h"
#include "tests/unit/quote_source/pccs.h"

#define VENDORS_LIST "/lists/root.crl"
#define VENDORS_KDS  "/vcek/v1/Milan/crl"

enum { VENDORS_DAY = 86400, VENDORS_LIFE = 30 * VENDORS_DAY, VENDORS_BYTES_MAX = 1 << 17 };

struct vendors {
    struct pccs *pccs;
    struct authority_key *root; /* of the vendor without documents */
    struct assay_key root_key;
    uint8_t root_name[ASSAY_SHA256_LEN], soft_name[ASSAY_SHA256_LEN];
    struct authority_crl list;
    uint8_t certificate[AUTHORITY_DER_MAX], lists[2][AUTHORITY_DER_MAX];
    struct assay_round_config config; /* asks both */
    /* --- in force */
    uint8_t bytes[VENDORS_BYTES_MAX];
    size_t len;
    struct assay_collateral collateral[2];
    struct assay_endorsements built;
    struct assay_collateral_set set;
    int64_t at_unix_s;
};

/* In force: documents and list of ten days ago; served: the same. On the heap. */
struct vendors *vendors_open(void);
void vendors_close(struct vendors *v);
/* Serves documents issued that many days ago. */
void vendors_publish(struct vendors *v, int64_t days_ago, uint32_t number);
/* Serves a list issued that many days ago, under both addresses. */
void vendors_list(struct vendors *v, int64_t days_ago, uint64_t number);
/* The set in force is this one from now on. */
void vendors_in_force(struct vendors *v, const uint8_t *bytes, size_t len);

#endif
