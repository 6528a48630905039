/*
 * tests/unit/net/http/test_body_places.c - tests of the places of request bodies: operators have
 * theirs, whatever services send.
 */
#include "net/http/body_places.h"

#include <criterion/criterion.h>

static struct assay_http_body_places places;

TestSuite(net_http_body_places);

static enum assay_status take(enum assay_http_role role, uint8_t client, size_t *place)
{
    const uint8_t key[32] = { client };
    return assay_http_body_take(&places, role, key, place);
}

/* Of many connections of one client: an operator and another service send bodies, too. */
Test(net_http_body_places, one_client_delays_no_other)
{
    size_t place = 0;
    size_t taken = 0;
    for (size_t i = 0; i < 12; i++)
        taken += take(ASSAY_HTTP_ROLE_SERVICE, 1, &place) == ASSAY_OK;
    cr_expect_eq(taken, ASSAY_HTTP_BODIES_CLIENT);
    cr_expect_eq(take(ASSAY_HTTP_ROLE_SERVICE, 2, &place), ASSAY_OK);
    cr_expect_eq(take(ASSAY_HTTP_ROLE_OPERATOR, 3, &place), ASSAY_OK);
}

/* However many certificates the services have. */
Test(net_http_body_places, operators_have_places_of_their_own)
{
    size_t place = 0;
    size_t taken = 0;
    for (uint8_t client = 1; client < 100; client++)
        taken += take(ASSAY_HTTP_ROLE_SERVICE, client, &place) == ASSAY_OK;
    cr_expect_lt(taken, ASSAY_HTTP_BODIES);
    cr_expect_eq(take(ASSAY_HTTP_ROLE_OPERATOR, 100, &place), ASSAY_OK);
    cr_expect_eq(take(ASSAY_HTTP_ROLE_OPERATOR, 100, &place), ASSAY_OK);
    cr_expect_eq(take(ASSAY_HTTP_ROLE_OPERATOR, 101, &place), ASSAY_E_FULL, "all are taken");
}

Test(net_http_body_places, a_place_is_free_after_its_body)
{
    size_t place[ASSAY_HTTP_BODIES], one = 0;
    for (size_t i = 0; i < ASSAY_HTTP_BODIES; i++) {
        cr_assert_eq(take(ASSAY_HTTP_ROLE_OPERATOR, (uint8_t)i, &place[i]), ASSAY_OK);
        for (size_t before = 0; before < i; before++)
            cr_expect_neq(place[i], place[before], "two bodies in one place");
    }
    cr_expect_eq(take(ASSAY_HTTP_ROLE_OPERATOR, 200, &one), ASSAY_E_FULL);
    assay_http_body_release(&places, place[3]);
    cr_expect_eq(take(ASSAY_HTTP_ROLE_OPERATOR, 200, &one), ASSAY_OK);
    cr_expect_eq(one, place[3]);
}
