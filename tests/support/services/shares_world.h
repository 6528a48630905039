/*
 * tests/support/services/shares_world.h - clusters of holders, owners, a ledger and a hostile host,
 * under a schedule drawn from a seed.
 *
 * Each possible action of a hostile host and network is a step: messages are lost, repeated and
 * reordered, holders are killed between any two effects and restart with what they had stored,
 * ledgers are shown late, records become final in any order and twice, members are suspended and
 * recover, one loses its disk and key, one deals and sends numbers that are no shares, one reports
 * everything that it ever received as a lie, new eras begin. The code under test is the product's:
 * holder, exchange, cluster, deal. After each step:
 *   LOST    a synced id has fewer than k durable shares of its current generation
 *   FALSE   an honest holder stores a number that is no share of its slot
 *   EARLY   an id is synced, or a slot ready, before the shares that this implies are stored
 *   FRAMED  a member was convicted that never lied
 *   BACK    an id exists that its owner has deleted and not put again
 *   READERS an id is read by a member that its owner did not name last
 *   EQUAL   two dealings of different numbers have equal coefficients above the constant
 *   TWICE   an honest slot dealt two polynomials in one public attempt
 *   COPIED  two accepted dealings have the same R
 * and in days, when honest holders receive everything and have an epoch of time for it:
 *   SILENCED  an honest slot counts as silent, loses its slot for that, or is barred
 *   KEYS      a holder has the key of a round that is over
 *   OVERDUE   a reshare is due for more than 8 closes plus the rest of a running round
 */
#ifndef ASSAY_TESTS_SUPPORT_SHARES_WORLD_H
#define ASSAY_TESTS_SUPPORT_SHARES_WORLD_H

#include "services/shares/holder.h"

struct shares_plan {
    uint64_t seed;
    uint32_t clusters;
    uint32_t spare; /* members of each cluster without a slot */
    uint32_t ids;
    uint32_t crashes, suspensions, rekeys; /* at most */
    bool liar;
    bool accuser;  /* the first shows as lies what honest members give it */
    uint32_t eras; /* at most */
    bool changes;  /* owners delete ids, put them again and name other readers; the host hands in
                    * whatever they have signed, again and again */
    uint32_t steps;
    bool alone;   /* holders of one cluster do not reach each other: nothing is done privately */
    bool starves; /* the last gives nothing to the first over links, and takes nothing */
    bool forges;  /* the last does in public whatever it can */
    bool mute;    /* the last hands nothing in of public attempts but its keys */
    uint32_t days; /* epochs in which all holders receive everything; then steps are 0 */
};

struct shares_result {
    const char *violation; /* NULL: none */
    char story[160];       /* where it was found */
    bool settled; /* after healing all slots keep all that is synced, and nothing else */
    uint32_t synced, renewed, fetched, crashes, moved, convicted, refused, erased, alarms, steps;
    uint32_t shown, eras, deleted, changed, again;
    uint32_t rounds, in_public, silent, away, barred; /* rounds; generations that they made */
};

/* Returns: what one schedule came to. */
struct shares_result shares_world_run(const struct shares_plan *plan);

#endif
