/*
 * tests/unit/net/fetch/plain_fetcher.c - the fetcher's thread beside the host's, for
 * ThreadSanitizer: sets that change, rounds that are woken, reports that are taken, an end at any
 * moment.
 */
#include "net/fetch/fetcher.h"

#include "base/assert.h"
#include "quote/collateral/offer.h"
#include "quote/source/soft/soft.h"

#include <stdlib.h>
#include <time.h>

enum { LIVES = 12, TURNS = 40, CAPACITY = 1 << 17 };

static size_t make_set(const struct assay_soft_ca *ca, uint32_t number, uint8_t *bytes)
{
    struct assay_soft_terms terms;
    struct assay_soft_bundle *const bundle = malloc(sizeof *bundle);
    ASSAY_ASSERT(bundle != NULL);
    assay_soft_terms_default(ca, &terms);
    terms.evaluation_number = number;
    ASSAY_ASSERT(assay_soft_collateral(ca, &terms, bundle) == ASSAY_OK);
    struct assay_endorsement_files entry = { .root = assay_key_p256(ca->root_public),
                                             .kinds = ASSAY_KIND_BIT(ASSAY_KIND_SOFT),
                                             .files = bundle->files };
    struct assay_writer w = assay_writer_over(bytes, CAPACITY);
    ASSAY_ASSERT(assay_offer_encode(&entry, 1, &w) == ASSAY_OK);
    free(bundle);
    return w.len;
}

static void live(const struct assay_fetcher_config *config, uint8_t *const sets[2],
                 const size_t lens[2], unsigned turns, size_t *reports)
{
    const struct timespec moment = { .tv_nsec = 2000000 };
    struct assay_fetcher_found found;
    struct assay_fetcher *fetcher = NULL;
    ASSAY_ASSERT(assay_fetcher_create(config, sets[0], lens[0], &fetcher) == ASSAY_OK);
    for (unsigned i = 0; i < turns; i++) {
        ASSAY_ASSERT(assay_fetcher_in_force(fetcher, sets[i % 2], lens[i % 2]) == ASSAY_OK);
        assay_fetcher_wake(fetcher);
        (void)nanosleep(&moment, NULL);
        while (assay_fetcher_next(fetcher, &found)) {
            *reports += 1;
            assay_fetcher_found_free(&found);
        }
    }
    assay_fetcher_destroy(&fetcher);
    ASSAY_ASSERT(fetcher == NULL);
}

int main(void)
{
    struct assay_soft_ca ca;
    uint8_t *const sets[2] = { malloc(CAPACITY), malloc(CAPACITY) };
    size_t lens[2], reports = 0;
    struct timespec now;
    ASSAY_ASSERT(sets[0] != NULL && sets[1] != NULL && clock_gettime(CLOCK_REALTIME, &now) == 0);
    ASSAY_ASSERT(assay_soft_ca_create("Vendor", (int64_t)now.tv_sec - 1000,
                                      (int64_t)now.tv_sec + 100000, &ca) == ASSAY_OK);
    for (uint32_t i = 0; i < 2; i++)
        lens[i] = make_set(&ca, 5 + i, sets[i]);
    assay_soft_ca_wipe(&ca);
    /* Nobody listens there. */
    const struct assay_fetcher_config config = {
        .round = { .intel = { .mode = ASSAY_ROUND_URL, .url = "http://127.0.0.1:1" },
                   .fetch = { .insecure_for_tests = true, .attempts_max = 1 } },
        .every_s = ASSAY_FETCHER_EVERY_S_MAX,
        .first_ms = 1,
    };
    for (unsigned i = 0; i < LIVES; i++)
        live(&config, sets, lens, i == 0 ? TURNS : i, &reports);
    ASSAY_ASSERT(reports > 0);
    free(sets[0]);
    free(sets[1]);
    return 0;
}
