/*
 * net/services/continuity/light_feed.h - requests of a light client (host/light/light.h) over the
 * socket of a daemon, and its answers (docs/services.md 9.9).
 *
 * Without I/O: messages of net/services/wire.h go out and come in. The daemon and what lies between
 * are hostile.
 */
#ifndef ASSAY_NET_SERVICES_CONTINUITY_LIGHT_FEED_H
#define ASSAY_NET_SERVICES_CONTINUITY_LIGHT_FEED_H

#include "host/light/light.h"
#include "net/services/wire.h"

/* All zero but light: nothing was requested yet. */
struct assay_enclave_feed {
    struct assay_light *light;
    uint64_t refused;               /* epoch whose voters have changed too much; 0: none */
    bool needs_rows;                /* of the next request: the table has changed */
    enum assay_light_answer answer; /* of the last input that was refused; else TAKEN */
};

/* In: light: after assay_light_init; outlives the feed. */
void assay_enclave_feed_init(struct assay_enclave_feed *feed, struct assay_light *light);
/* What to request, towards an epoch that a daemon says has closed. Out: *m, a PROVE. Returns:
 * false: nothing, the trusted epoch is not before it */
bool assay_enclave_feed_next(const struct assay_enclave_feed *feed, uint64_t closed,
                             struct assay_service_message *m);
/*
 * assay_enclave_feed_on_proof - verifies the answer to the last request.
 * In:      closed: as of that request; m: a PROOF
 * Returns: ASSAY_OK (an epoch was accepted, or the checkpoint's voters) | ASSAY_E_AGAIN (request
 *          next: another epoch, or rows) | ASSAY_E_EARLY (not the requested epoch) |
 *          ASSAY_E_NOT_FOUND (the daemon does not store it) | ASSAY_E_INVALID (refused: see
 *          feed->answer)
 */
ASSAY_CHECKED enum assay_status assay_enclave_feed_on_proof(struct assay_enclave_feed *feed,
                                                            uint64_t closed,
                                                            const struct assay_service_message *m);

#endif
