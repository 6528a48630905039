/*
 * net/services/continuity/light_feed.c - requests of a light client and their answers
 * (docs/services.md 9.9).
 */
#include "net/services/continuity/light_feed.h"

#include "base/assert.h"

void assay_enclave_feed_init(struct assay_enclave_feed *feed, struct assay_light *light)
{
    *feed = (struct assay_enclave_feed){ .light = light };
}

/* The epoch of the next request. Returns: false: nothing is requested */
static bool find_epoch(const struct assay_enclave_feed *feed, uint64_t closed, uint64_t *epoch)
{
    *epoch = feed->light->at.epoch;
    if (!feed->light->has_table) return true;
    *epoch = assay_light_next(feed->light, closed, feed->refused);
    return *epoch != 0;
}

bool assay_enclave_feed_next(const struct assay_enclave_feed *feed, uint64_t closed,
                             struct assay_service_message *m)
{
    uint64_t epoch = 0;
    if (!find_epoch(feed, closed, &epoch)) return false;
    *m = (struct assay_service_message){ .verb = ASSAY_SERVICE_PROVE,
                                         .era = feed->light->at.era,
                                         .epoch = epoch,
                                         .with_voters =
                                             !feed->light->has_table || feed->needs_rows };
    return true;
}

/* Whether an earlier epoch may be accepted where this one was not. */
static bool leads_to_earlier(enum assay_light_answer answer)
{
    return answer == ASSAY_LIGHT_VOTERS_CHANGED || answer == ASSAY_LIGHT_TRUST_EXPIRED ||
           answer == ASSAY_LIGHT_LONG_TAIL;
}

static enum assay_status on_base(struct assay_enclave_feed *feed,
                                 const struct assay_service_message *m)
{
    if (m->voters.len == 0) return ASSAY_E_NOT_FOUND;
    feed->answer = assay_light_take_base(feed->light, m->boundary, m->voters);
    return feed->answer == ASSAY_LIGHT_TAKEN ? ASSAY_OK : ASSAY_E_INVALID;
}

enum assay_status assay_enclave_feed_on_proof(struct assay_enclave_feed *feed, uint64_t closed,
                                              const struct assay_service_message *m)
{
    const struct assay_light_epoch e = { m->boundary, m->finality, m->voters };
    uint64_t epoch = 0;
    ASSAY_ASSERT(m->verb == ASSAY_SERVICE_PROOF);
    if (!find_epoch(feed, closed, &epoch) || m->epoch != epoch) return ASSAY_E_EARLY;
    if (!feed->light->has_table) return on_base(feed, m);
    if (m->boundary.len == 0) {
        feed->refused = 0;
        return ASSAY_E_NOT_FOUND;
    }
    const bool has_rows = feed->needs_rows;
    feed->needs_rows = false;
    feed->answer = assay_light_take_epoch(feed->light, &e);
    if (feed->answer == ASSAY_LIGHT_TAKEN) {
        feed->refused = 0;
        return ASSAY_OK;
    }
    /* services.md 9.9: rows are requested once they are needed. */
    if (feed->answer == ASSAY_LIGHT_OTHER_VOTERS && !has_rows) {
        feed->needs_rows = true;
        return ASSAY_E_AGAIN;
    }
    if (!leads_to_earlier(feed->answer) || epoch == feed->light->at.epoch + 1) {
        feed->refused = 0;
        return ASSAY_E_INVALID;
    }
    feed->refused = epoch;
    return ASSAY_E_AGAIN;
}
