/*
 * net/http/body_places.h - places of request bodies that are read at a time.
 *
 * A body is sent as slowly as its client likes. So a client has two places at most, and all clients
 * below the role operator together leave two: what operators submit, as a RECOVER or a FENCE, is
 * never delayed by others.
 */
#ifndef ASSAY_NET_HTTP_BODY_PLACES_H
#define ASSAY_NET_HTTP_BODY_PLACES_H

#include "net/http/roles.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    ASSAY_HTTP_BODIES = 8,
    ASSAY_HTTP_BODIES_CLIENT = 2,   /* of one client */
    ASSAY_HTTP_BODIES_SERVICES = 6, /* of all clients below the role operator */
};

/* All zero: every place is free. */
struct assay_http_body_places {
    struct assay_http_body_place {
        bool is_taken;
        enum assay_http_role role;
        uint8_t client[32];
    } all[ASSAY_HTTP_BODIES];
};

/* In: client: digest of its key. Out: *place. Returns: ASSAY_OK | ASSAY_E_FULL (for this client,
 * this role, or all) */
ASSAY_CHECKED enum assay_status assay_http_body_take(struct assay_http_body_places *places,
                                                     enum assay_http_role role,
                                                     const uint8_t client[static 32],
                                                     size_t *place);
/* place: as taken (asserted). */
void assay_http_body_release(struct assay_http_body_places *places, size_t place);

#endif
