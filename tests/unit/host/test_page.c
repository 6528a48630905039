/*
 * tests/unit/host/test_page.c - tests of large messages in pages.
 *
 * Pages: large messages cut and put together, and the bounds that hostile peers meet.
 */
#include "host/peers/page.h"
#include "tests/support/host_memory.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { PEERS = 3, KIND = ASSAY_MESSAGE_PROPOSAL };

static uint8_t *object_of(size_t len, uint8_t seed)
{
    uint8_t *bytes = malloc(len);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 31 + seed + i / 251);
    return bytes;
}

static struct assay_slice page_of(struct assay_slice object, uint16_t index, uint8_t *buffer,
                                  size_t capacity)
{
    uint8_t digest[32];
    struct assay_writer w = assay_writer_over(buffer, capacity);
    struct assay_slice out = { 0 };
    assay_page_digest(KIND, object, digest);
    cr_assert_eq(assay_page_encode(KIND, object, digest, index, &w), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    return out;
}

static uint8_t buffer[ASSAY_PAGE_LEN + ASSAY_PAGE_HEADER_LEN];

/* Feed all pages of an object, in the order index * stride modulo count. Returns: the last
 * status. */
static enum assay_status feed(struct assay_pages *pages, uint16_t peer, struct assay_slice object,
                              uint16_t stride, struct assay_slice *out)
{
    const uint16_t count = assay_page_count(object.len);
    uint16_t kind = 0;
    enum assay_status status = ASSAY_E_AGAIN;
    for (uint16_t i = 0; i < count; i++) {
        cr_assert_eq(status, ASSAY_E_AGAIN);
        const struct assay_slice page =
            page_of(object, (uint16_t)(i * stride % count), buffer, sizeof buffer);
        status = assay_pages_add(pages, peer, 0, page, &kind, out);
    }
    if (status == ASSAY_OK) cr_assert_eq(kind, KIND);
    return status;
}

Test(host_page, puts_objects_together_in_any_order)
{
    const size_t lens[] = { ASSAY_PAGE_LEN + 1, 2 * ASSAY_PAGE_LEN, 5 * ASSAY_PAGE_LEN - 1,
                            ASSAY_OBJECT_LEN_MAX };
    struct assay_pages *pages = NULL;
    pages = test_pages(PEERS);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        uint8_t *bytes = object_of(lens[i], (uint8_t)i);
        const uint16_t count = assay_page_count(lens[i]);
        for (uint16_t stride = 1; stride < 4; stride += 2) {
            if (stride > 1 && count % stride == 0) continue; /* must visit every page */
            struct assay_slice out = { 0 };
            cr_assert_eq(feed(pages, 1, assay_slice_over(bytes, lens[i]), stride, &out), ASSAY_OK);
            cr_assert(assay_slice_equal(out, assay_slice_over(bytes, lens[i])));
            cr_assert_eq(assay_pages_get_bytes(pages, NULL), 0);
        }
        free(bytes);
    }
    free(pages);
}

Test(host_page, an_object_has_one_division)
{
    cr_assert_eq(assay_page_count(ASSAY_PAGE_LEN), 1);
    cr_assert_eq(assay_page_count(ASSAY_PAGE_LEN + 1), 2);
    cr_assert_eq(assay_page_count(ASSAY_OBJECT_LEN_MAX), ASSAY_PAGES_MAX);
    cr_assert_eq(assay_page_count(ASSAY_OBJECT_LEN_MAX + 1), 0);
}

/* Header fields of a two-page object's first page. */
static struct assay_slice first_page(uint8_t *bytes, size_t len)
{
    return page_of(assay_slice_over(bytes, len), 0, buffer, sizeof buffer);
}

Test(host_page, rejects_every_truncation_and_every_wrong_field)
{
    const size_t len = ASSAY_PAGE_LEN + 100;
    uint8_t *bytes = object_of(len, 0);
    const struct assay_slice good = first_page(bytes, len);
    struct assay_page page;
    cr_assert_eq(assay_page_decode(good, &page), ASSAY_OK);
    for (size_t cut = 0; cut < good.len; cut = cut < 64 ? cut + 1 : cut + 977) {
        uint8_t *copy = malloc(cut > 0 ? cut : 1);
        assay_bytes_copy(copy, cut, good.bytes, cut);
        cr_assert_neq(assay_page_decode(assay_slice_over(copy, cut), &page), ASSAY_OK);
        free(copy);
    }
    const struct {
        size_t at;
        uint8_t value;
        enum assay_status expected;
    } wrong[] = {
        { 33, ASSAY_MESSAGE_PAGE, ASSAY_E_INVALID }, /* a page of a page */
        { 34, 0xff, ASSAY_E_RANGE },                 /* total length, high byte */
        { 36, 0x10, ASSAY_E_RANGE },                 /* total length that fits one frame */
        { 37, 0x63, ASSAY_OK },                      /* another total of the same pages */
        { 39, 2, ASSAY_E_RANGE },                    /* index = count */
        { 39, 1, ASSAY_E_INVALID },                  /* the last page is shorter */
        { 41, 3, ASSAY_E_RANGE },                    /* count */
        { 41, 0, ASSAY_E_RANGE },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        first_page(bytes, len);
        buffer[wrong[i].at] = wrong[i].value;
        cr_assert_eq(assay_page_decode(good, &page), wrong[i].expected, "case %zu", i);
    }
    free(bytes);
}

Test(host_page, rejects_a_whole_with_another_digest)
{
    const size_t len = ASSAY_PAGE_LEN + 100;
    uint8_t *bytes = object_of(len, 0);
    struct assay_pages *pages = NULL;
    struct assay_slice out;
    uint16_t kind = 0;
    pages = test_pages(PEERS);
    struct assay_slice page = first_page(bytes, len);
    cr_assert_eq(assay_pages_add(pages, 0, 0, page, &kind, &out), ASSAY_E_AGAIN);
    cr_assert_eq(assay_pages_add(pages, 0, 0, page, &kind, &out), ASSAY_E_DUPLICATE);
    page = page_of(assay_slice_over(bytes, len), 1, buffer, sizeof buffer);
    buffer[page.len - 1] ^= 1;
    cr_assert_eq(assay_pages_add(pages, 0, 0, page, &kind, &out), ASSAY_E_SIGNATURE);
    cr_assert_eq(assay_pages_get_bytes(pages, NULL), 0);
    free(bytes);
    free(pages);
}

Test(host_page, a_peer_that_never_finishes_hurts_only_itself)
{
    const size_t len = ASSAY_PAGE_LEN + 100;
    struct assay_pages *pages = NULL;
    struct assay_pages_losses losses;
    struct assay_slice out;
    uint16_t kind = 0;
    pages = test_pages(PEERS);
    uint8_t *honest = object_of(len, 200);
    cr_assert_eq(assay_pages_add(pages, 1, 0, first_page(honest, len), &kind, &out), ASSAY_E_AGAIN);
    for (uint8_t i = 0; i < 100; i++) {
        uint8_t *bytes = object_of(len, i);
        cr_assert_eq(assay_pages_add(pages, 0, i, first_page(bytes, len), &kind, &out),
                     ASSAY_E_AGAIN);
        free(bytes);
    }
    cr_assert_eq(assay_pages_get_bytes(pages, &losses), 3 * (size_t)ASSAY_PAGE_LEN);
    cr_assert_eq(losses.evicted, 98);
    const struct assay_slice rest =
        page_of(assay_slice_over(honest, len), 1, buffer, sizeof buffer);
    cr_assert_eq(assay_pages_add(pages, 1, 0, rest, &kind, &out), ASSAY_OK);
    free(honest);
    free(pages);
}

Test(host_page, forgets_what_is_too_old)
{
    const size_t len = ASSAY_PAGE_LEN + 100;
    struct assay_pages *pages = NULL;
    struct assay_pages_losses losses;
    struct assay_slice out;
    uint16_t kind = 0;
    uint8_t *bytes = object_of(len, 0);
    pages = test_pages(PEERS);
    cr_assert_eq(assay_pages_add(pages, 2, 1000, first_page(bytes, len), &kind, &out),
                 ASSAY_E_AGAIN);
    assay_pages_expire(pages, 1000 + ASSAY_PAGE_LIFE_MS - 1);
    cr_assert_gt(assay_pages_get_bytes(pages, NULL), 0);
    assay_pages_expire(pages, 1000 + ASSAY_PAGE_LIFE_MS);
    cr_assert_eq(assay_pages_get_bytes(pages, &losses), 0);
    cr_assert_eq(losses.expired, 1);
    free(bytes);
    free(pages);
}

Test(host_page, holds_no_more_than_its_share_of_memory)
{
    enum { MANY = 64 };
    struct assay_pages *pages = NULL;
    struct assay_slice out;
    uint16_t kind = 0;
    uint8_t *bytes = object_of(ASSAY_OBJECT_LEN_MAX, 0);
    const struct assay_slice object = assay_slice_over(bytes, ASSAY_OBJECT_LEN_MAX);
    struct assay_pages_losses losses = { 0 };
    pages = test_pages(MANY);
    for (uint16_t peer = 0; peer < MANY && losses.evicted == 0; peer++) {
        uint8_t digest[32];
        assay_page_digest(KIND, object, digest);
        for (uint16_t i = 0; i + 1 < ASSAY_PAGES_MAX && losses.evicted == 0; i++) {
            struct assay_writer w = assay_writer_over(buffer, sizeof buffer);
            struct assay_slice page = { 0 };
            cr_assert_eq(assay_page_encode(KIND, object, digest, i, &w), ASSAY_OK);
            cr_assert_eq(assay_writer_finish(&w, &page), ASSAY_OK);
            cr_assert_eq(assay_pages_add(pages, peer, 0, page, &kind, &out), ASSAY_E_AGAIN);
            cr_assert_leq(assay_pages_get_bytes(pages, &losses), (size_t)ASSAY_PAGE_BYTES_ALL);
        }
    }
    cr_assert_gt(losses.evicted, 0); /* all was taken, and who had most made room */
    free(bytes);
    free(pages);
}

/* All pages but the last of a whole object. Returns: the last status. */
static enum assay_status fill(struct assay_pages *pages, uint16_t peer, uint8_t seed)
{
    uint8_t *bytes = object_of(ASSAY_OBJECT_LEN_MAX, seed);
    const struct assay_slice object = assay_slice_over(bytes, ASSAY_OBJECT_LEN_MAX);
    enum assay_status status = ASSAY_E_AGAIN;
    struct assay_slice out;
    uint16_t kind = 0;
    uint8_t digest[32];
    assay_page_digest(KIND, object, digest);
    for (uint16_t i = 0; i + 1 < ASSAY_PAGES_MAX && status == ASSAY_E_AGAIN; i++) {
        struct assay_writer w = assay_writer_over(buffer, sizeof buffer);
        struct assay_slice page = { 0 };
        cr_assert_eq(assay_page_encode(KIND, object, digest, i, &w), ASSAY_OK);
        cr_assert_eq(assay_writer_finish(&w, &page), ASSAY_OK);
        status = assay_pages_add(pages, peer, 0, page, &kind, &out);
    }
    free(bytes);
    return status;
}

/* Goal: members below a third that begin objects and never finish them keep nobody else's out, and
 * none that came in first is lost to them as long as it takes no more than their own. */
Test(host_page, peers_that_never_finish_hurt_only_themselves_together, .timeout = 600)
{
    enum { MANY = 64, HOSTILE = 21, HONEST = 30, LEN = 1 << 20 };
    struct assay_pages *pages = test_pages(MANY);
    struct assay_slice out = { 0 };
    uint8_t *early = object_of(LEN, 250), *late = object_of(LEN, 251);
    uint16_t kind = 0;
    cr_assert_eq(assay_pages_add(pages, HONEST, 0, first_page(early, LEN), &kind, &out),
                 ASSAY_E_AGAIN);
    for (uint16_t peer = 0; peer < HOSTILE; peer++) {
        (void)fill(pages, peer, (uint8_t)(2 * peer));
        (void)fill(pages, peer, (uint8_t)(2 * peer + 1));
    }
    for (uint16_t i = 1; i < assay_page_count(LEN); i++) {
        const struct assay_slice page = page_of(assay_slice_over(early, LEN), i, buffer,
                                                sizeof buffer);
        const bool last = i + 1 == assay_page_count(LEN);
        cr_assert_eq(assay_pages_add(pages, HONEST, 0, page, &kind, &out),
                     last ? ASSAY_OK : ASSAY_E_AGAIN, "page %u of the early object", i);
    }
    cr_expect(assay_slice_equal(out, assay_slice_over(early, LEN)));
    cr_expect_eq(feed(pages, HONEST + 1, assay_slice_over(late, LEN), 1, &out), ASSAY_OK);
    cr_expect_leq(assay_pages_get_bytes(pages, NULL), (size_t)ASSAY_PAGE_BYTES_ALL);
    free(early);
    free(late);
    free(pages);
}
