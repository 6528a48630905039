/*
 * net/fetch/round.h - one fetch round: current vendor collateral for each root in force, as offers
 * checked by quote/collateral/newer.h.
 *
 * What is requested follows from the set in force: the documents of each platform family of
 * Intel's, the lists of AMD's roots, and lists whose addresses the configuration names. How to ask
 * is quote/source/fetch/: bounded, with deadlines, never to where a redirect leads. One source that
 * does not answer keeps no other from being asked. Each family is an offer of its own: it takes 20
 * to 40 KB, which a record holds, and stands or falls alone.
 */
#ifndef ASSAY_NET_FETCH_ROUND_H
#define ASSAY_NET_FETCH_ROUND_H

#include "quote/collateral/newer.h"
#include "quote/collateral/replace.h"
#include "quote/source/fetch/fetch.h"

enum {
    ASSAY_ROUND_URL_MAX = 512,
    ASSAY_ROUND_LISTS_MAX = 8,
    ASSAY_ROUND_SOURCE_MS_MAX = 60000, /* for everything of one source */
    ASSAY_OFFER_LEN_MAX = 1 << 20, /* two bundles of the longest */
    ASSAY_ROUND_PART_LEN = 32,
};

enum assay_round_mode {
    ASSAY_ROUND_OFF = 0,
    ASSAY_ROUND_VENDOR, /* the vendor's own service, for the vendor's own roots */
    ASSAY_ROUND_URL,    /* a PCCS or mirror, for every root of that kind */
};
struct assay_round_source {
    enum assay_round_mode mode;
    char url[ASSAY_ROUND_URL_MAX];
};
/* Where the revocation list of some authority below a root is published. */
struct assay_round_list {
    uint8_t root[ASSAY_SHA256_LEN]; /* name of its key */
    char url[ASSAY_ROUND_URL_MAX];
};

struct assay_round_config {
    struct assay_round_source intel, amd;
    bool early; /* Intel's announced documents as well: a recovery is known weeks before */
    size_t list_count;
    struct assay_round_list lists[ASSAY_ROUND_LISTS_MAX];
    struct assay_fetch_config fetch; /* no cache is needed: each round requests again */
};

enum assay_round_result {
    ASSAY_ROUND_NEWER,       /* offer and renewal: it may follow */
    ASSAY_ROUND_KNOWN,       /* nothing newer, or too little later */
    ASSAY_ROUND_REFUSED,     /* see renewal */
    ASSAY_ROUND_UNREACHABLE, /* see status and message */
};
struct assay_round_report {
    uint8_t root[ASSAY_SHA256_LEN];
    char part[ASSAY_ROUND_PART_LEN]; /* "sgx-00606a000000-platform"; empty: the lists of a root */
    enum assay_round_result result;
    struct assay_renewal renewal;
    struct assay_slice offer; /* borrowed for the call; NEWER alone */
    enum assay_status status;
    char message[ASSAY_FETCH_MESSAGE_LEN];
};
typedef void assay_round_report_function(void *context, const struct assay_round_report *report);

/*
 * assay_round_run - ask for everything once; tell is called for every family and every root with
 * lists that was requested, in the order of the set.
 * In:      in_force, built; at_unix_s: what is offered must be valid then
 * Returns: ASSAY_OK (whatever was told) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_round_run(const struct assay_round_config *config,
                                                const struct assay_collateral_set *in_force,
                                                int64_t at_unix_s,
                                                assay_round_report_function *on_report,
                                                void *context);
/* What of its root an entry is: its family, or empty. */
void assay_round_part(const struct assay_endorsement *entry,
                      char part[static ASSAY_ROUND_PART_LEN]);
/*
 * assay_round_judge - what bytes from elsewhere are next to the set: a file of an operator's, what
 * was kept from before.
 * Returns: ASSAY_OK and *renewal | INPUT statuses (no offer) | ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_round_judge(const struct assay_collateral_set *in_force,
                                                  struct assay_slice offer, int64_t at_unix_s,
                                                  struct assay_renewal *renewal);

#endif
