/*
 * net/http/body_places.c - places of request bodies that are read at a time.
 */
#include "net/http/body_places.h"

#include "base/assert.h"

enum assay_status assay_http_body_take(struct assay_http_body_places *places,
                                       enum assay_http_role role, const uint8_t client[static 32],
                                       size_t *place)
{
    size_t own = 0, services = 0;
    bool has_free = false;
    for (size_t i = 0; i < ASSAY_HTTP_BODIES; i++) {
        const struct assay_http_body_place *p = &places->all[i];
        if (!p->is_taken) {
            *place = i;
            has_free = true;
            continue;
        }
        own += assay_bytes_equal(p->client, client, sizeof p->client);
        services += p->role < ASSAY_HTTP_ROLE_OPERATOR;
    }
    if (!has_free || own >= ASSAY_HTTP_BODIES_CLIENT) return ASSAY_E_FULL;
    if (role < ASSAY_HTTP_ROLE_OPERATOR && services >= ASSAY_HTTP_BODIES_SERVICES)
        return ASSAY_E_FULL;
    places->all[*place] = (struct assay_http_body_place){ .is_taken = true, .role = role };
    assay_bytes_copy(places->all[*place].client, 32, client, 32);
    return ASSAY_OK;
}

void assay_http_body_release(struct assay_http_body_places *places, size_t place)
{
    ASSAY_ASSERT(place < ASSAY_HTTP_BODIES && places->all[place].is_taken);
    places->all[place].is_taken = false;
}
