/*
 * net/fetch/fetcher.h - thread that fetches newer collateral from the vendors and caches it.
 *
 * It sees the set in force and nothing else of the node: no keys, no store, no socket of ours. What
 * may follow is kept in a folder, one file a family or root, replaced durably, and handed out as a
 * report; whose turn it is to offer it, the ledger decides. Rounds are drawn around every_s, so
 * that the members of a network do not ask in step.
 */
#ifndef ASSAY_NET_FETCH_FETCHER_H
#define ASSAY_NET_FETCH_FETCHER_H

#include "net/fetch/round.h"

enum {
    ASSAY_FETCHER_EVERY_S_MIN = 60,
    ASSAY_FETCHER_EVERY_S_MAX = 604800,
    ASSAY_FETCHER_EVERY_S_USUAL = 21600,
    ASSAY_FETCHER_FIRST_MS_MAX = 60000, /* the first round is drawn from this time */
    ASSAY_FETCHER_REPORTS_MAX = 64,     /* that await collection; later ones are dropped */
};

struct assay_fetcher_config {
    struct assay_round_config round; /* its fetch.stop is the fetcher's own */
    const char *dir;   /* created when missing; NULL: no cache. Copied */
    uint32_t every_s;
    uint32_t first_ms; /* 0: drawn */
    uint64_t seed;     /* of the times */
    /* Calendar time; NULL: the clock's. From the fetcher's thread. */
    int64_t (*now_unix_s)(void *context);
    void *context;
};

/* A report of a round, owned: assay_fetcher_found_free. */
struct assay_fetcher_found {
    struct assay_round_report report; /* its offer follows the struct */
    uint8_t *memory;
    bool was_kept; /* from the folder, not from a vendor */
    bool is_unkept; /* it could not be written into the folder */
};

struct assay_fetcher;

/*
 * assay_fetcher_create - begin.
 * In:      set[set_len]: the set in force, sound; copied
 * Returns: ASSAY_OK | ASSAY_E_RANGE (every_s) | ASSAY_E_MEMORY | ASSAY_E_STORE (the folder) |
 *          ASSAY_E_IO (thread, eventfd) | what assay_endorsements_decode says of the set
 */
ASSAY_CHECKED enum assay_status assay_fetcher_create(const struct assay_fetcher_config *config,
                                                     const uint8_t *set, size_t set_len,
                                                     struct assay_fetcher **out);
/* Within a second or two, whatever a server does. Accepts a pointer to NULL; nulls it. */
void assay_fetcher_destroy(struct assay_fetcher **fetcher);
/*
 * assay_fetcher_in_force - another set is in force: the next round is checked against it.
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | what assay_endorsements_decode says
 */
ASSAY_CHECKED enum assay_status assay_fetcher_in_force(struct assay_fetcher *fetcher,
                                                       const uint8_t *set, size_t set_len);
/* Starts a round now. */
void assay_fetcher_wake(struct assay_fetcher *fetcher);
/* Returns: a descriptor that is readable while reports wait. */
int assay_fetcher_fd(const struct assay_fetcher *fetcher);
/* The next report. Returns: true and *found | false when none waits. */
bool assay_fetcher_next(struct assay_fetcher *fetcher, struct assay_fetcher_found *found);
/* Accepts an empty one; empties it. */
void assay_fetcher_found_free(struct assay_fetcher_found *found);
/* Returns: how long to wait before a round, in ms: three to five quarters of every_s. */
uint64_t assay_fetcher_wait_ms(uint64_t seed, uint64_t round, uint32_t every_s);

#endif
