/*
 * host/peers/page.c - fragmentation and bounded reassembly of large messages.
 */
#include "host/peers/page.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "base/cursor.h"

_Static_assert(ASSAY_PAGE_LEN + ASSAY_PAGE_HEADER_LEN + ASSAY_FRAME_HEADER_LEN <=
                   ASSAY_FRAME_LEN_MAX,
               "a full page fits a frame");
_Static_assert(ASSAY_PAGES_MAX <= UINT16_MAX, "a page count fits its field");

_Static_assert(ASSAY_PAGE_PLACES < UINT16_MAX, "a place fits its number, and none is left over");

enum { NOWHERE = 0 }; /* places are numbered from 1 */

struct object {
    bool used;
    uint8_t digest[32];
    uint16_t kind, count, present;
    uint32_t total_len;
    uint64_t since_ms;
    uint16_t place[ASSAY_PAGES_MAX]; /* of each page */
};

struct assay_pages {
    uint32_t peers;
    size_t held;                      /* bytes in received pages */
    uint8_t *whole;                   /* [ASSAY_OBJECT_LEN_MAX] the last completed object */
    uint8_t *arena;                   /* [ASSAY_PAGE_PLACES * ASSAY_PAGE_LEN] */
    uint16_t fresh;                   /* places that were never used begin after this one */
    uint16_t free[ASSAY_PAGE_PLACES]; /* freed slots: the last is used first */
    uint16_t free_count;
    struct assay_pages_losses losses;
    struct object objects[]; /* [peers * ASSAY_PAGE_OBJECTS_PER_PEER] */
};

/* ------------------------------------------------------------ the encoding */

void assay_page_digest(uint16_t kind, struct assay_slice payload, uint8_t digest[static 32])
{
    const uint8_t head[2] = { (uint8_t)(kind >> 8), (uint8_t)kind };
    const struct assay_slice pieces[2] = { { head, sizeof head }, payload };
    assay_sha256_pieces(pieces, 2, digest);
}

uint16_t assay_page_count(size_t len)
{
    if (len > ASSAY_OBJECT_LEN_MAX) return 0;
    ASSAY_ASSERT((len + ASSAY_PAGE_LEN - 1) / ASSAY_PAGE_LEN <= ASSAY_PAGES_MAX);
    return (uint16_t)((len + ASSAY_PAGE_LEN - 1) / ASSAY_PAGE_LEN);
}

static size_t page_len(uint32_t total_len, uint16_t index)
{
    ASSAY_ASSERT(total_len <= ASSAY_OBJECT_LEN_MAX);

    const size_t before = (size_t)index * ASSAY_PAGE_LEN;
    ASSAY_ASSERT(before < total_len);
    const size_t left = total_len - before;
    return left < ASSAY_PAGE_LEN ? left : ASSAY_PAGE_LEN;
}

enum assay_status assay_page_encode(uint16_t kind, struct assay_slice payload,
                                    const uint8_t digest[static 32], uint16_t index,
                                    struct assay_writer *w)
{
    ASSAY_ASSERT(payload.len <= ASSAY_OBJECT_LEN_MAX);

    const uint16_t count = assay_page_count(payload.len);
    ASSAY_ASSERT(index < count);
    const uint32_t total_len = (uint32_t)payload.len; /* a count above 0 bounds it */
    assay_writer_put(w, digest, 32);
    assay_writer_u16be(w, kind);
    assay_writer_u32be(w, total_len);
    assay_writer_u16be(w, index);
    assay_writer_u16be(w, count);
    assay_writer_put(w, payload.bytes + (size_t)index * ASSAY_PAGE_LEN, page_len(total_len, index));
    return w->full ? ASSAY_E_FULL : ASSAY_OK;
}

enum assay_status assay_page_decode(struct assay_slice payload, struct assay_page *page)
{
    struct assay_cursor in = assay_cursor_over(payload.bytes, payload.len);
    struct assay_page p = { 0 };
    ASSAY_TRY(assay_cursor_copy(&in, p.digest, sizeof p.digest));
    ASSAY_TRY(assay_cursor_u16be(&in, &p.kind));
    ASSAY_TRY(assay_cursor_u32be(&in, &p.total_len));
    ASSAY_TRY(assay_cursor_u16be(&in, &p.index));
    ASSAY_TRY(assay_cursor_u16be(&in, &p.count));
    ASSAY_TRY(assay_cursor_slice(&in, assay_cursor_left(&in), &p.bytes));
    /* What fits one frame travels in one frame: an object has one encoding. */
    if (p.total_len <= ASSAY_PAGE_LEN || p.total_len > ASSAY_OBJECT_LEN_MAX) return ASSAY_E_RANGE;
    if (p.count != assay_page_count(p.total_len) || p.index >= p.count) return ASSAY_E_RANGE;
    if (p.bytes.len != page_len(p.total_len, p.index)) return ASSAY_E_INVALID;
    if (p.kind == ASSAY_MESSAGE_PAGE) return ASSAY_E_INVALID;
    *page = p;
    ASSAY_ASSERT(p.count > 1 && p.count <= ASSAY_PAGES_MAX);
    return ASSAY_OK;
}

/* ------------------------------------------------------------ reassembly */

static size_t head_len(uint32_t peers)
{
    ASSAY_ASSERT(peers > 0);
    const size_t len = sizeof(struct assay_pages) +
                       (size_t)peers * ASSAY_PAGE_OBJECTS_PER_PEER * sizeof(struct object);
    return (len + 63) / 64 * 64;
}

size_t assay_pages_size(uint32_t peers)
{
    return head_len(peers) + ASSAY_OBJECT_LEN_MAX + (size_t)ASSAY_PAGE_PLACES * ASSAY_PAGE_LEN;
}

struct assay_pages *assay_pages_init(void *memory, uint32_t peers)
{
    ASSAY_ASSERT(memory != NULL && (uintptr_t)memory % 64 == 0);
    ASSAY_ASSERT(peers > 0);
    struct assay_pages *pages = memory;
    assay_bytes_zero(pages, head_len(peers));
    pages->peers = peers;
    pages->whole = (uint8_t *)memory + head_len(peers);
    pages->arena = pages->whole + ASSAY_OBJECT_LEN_MAX;
    ASSAY_ASSERT(pages->arena + (size_t)ASSAY_PAGE_PLACES * ASSAY_PAGE_LEN ==
                 (uint8_t *)memory + assay_pages_size(peers));
    return pages;
}

/* Every slot below fresh is free or has a page, and `held` counts pages. */
static bool pages_hold(const struct assay_pages *pages)
{
    if (pages->fresh > ASSAY_PAGE_PLACES || pages->free_count > pages->fresh) return false;
    return pages->held <= (size_t)(pages->fresh - pages->free_count) * ASSAY_PAGE_LEN;
}

static bool object_holds(const struct object *object)
{
    if (!object->used) return object->count == 0 && object->present == 0;
    return object->count == assay_page_count(object->total_len) &&
           object->present <= object->count && object->count > 1;
}

/* Returns: NOWHERE when all are in use. */
static uint16_t claim_slot(struct assay_pages *pages)
{
    ASSAY_ASSERT(pages_hold(pages));
    if (pages->free_count > 0) return pages->free[--pages->free_count];
    return pages->fresh < ASSAY_PAGE_PLACES ? ++pages->fresh : (uint16_t)NOWHERE;
}

static uint8_t *slot_at(const struct assay_pages *pages, uint16_t place)
{
    ASSAY_ASSERT(place > NOWHERE && place <= pages->fresh);
    return pages->arena + (size_t)(place - 1) * ASSAY_PAGE_LEN;
}

static void drop_object(struct assay_pages *pages, struct object *object)
{
    ASSAY_ASSERT(object_holds(object));

    for (uint16_t i = 0; i < object->count; i++) {
        if (object->place[i] == NOWHERE) continue;
        const size_t len = page_len(object->total_len, i);
        ASSAY_ASSERT(pages->held >= len);
        ASSAY_ASSERT(pages->free_count < pages->fresh);
        pages->held -= len;
        pages->free[pages->free_count++] = object->place[i];
    }
    *object = (struct object){ 0 };
    ASSAY_ASSERT(pages_hold(pages) && object_holds(object));
}

void assay_pages_expire(struct assay_pages *pages, uint64_t now_ms)
{
    ASSAY_ASSERT(pages_hold(pages));

    for (size_t i = 0; i < (size_t)pages->peers * ASSAY_PAGE_OBJECTS_PER_PEER; i++) {
        struct object *object = &pages->objects[i];
        if (!object->used || now_ms - object->since_ms < ASSAY_PAGE_LIFE_MS) continue;
        drop_object(pages, object);
        pages->losses.expired++;
    }
}

/* The object that a page belongs to; a peer's oldest one makes room, so that it hurts only
 * itself. */
static struct object *find_object(struct assay_pages *pages, uint16_t peer, uint64_t now_ms,
                                  const struct assay_page *page)
{
    ASSAY_ASSERT(peer < pages->peers);

    struct object *own = &pages->objects[(size_t)peer * ASSAY_PAGE_OBJECTS_PER_PEER];
    struct object *place = &own[0];
    for (size_t i = 0; i < ASSAY_PAGE_OBJECTS_PER_PEER; i++) {
        if (own[i].used && own[i].kind == page->kind && own[i].total_len == page->total_len &&
            assay_bytes_equal(own[i].digest, page->digest, sizeof page->digest))
            return &own[i];
        if (!own[i].used) {
            place = &own[i];
        } else if (place->used && own[i].since_ms < place->since_ms) {
            place = &own[i];
        }
    }
    if (place->used) pages->losses.evicted++;
    drop_object(pages, place);
    place->used = true;
    place->kind = page->kind;
    place->count = page->count;
    place->total_len = page->total_len;
    place->since_ms = now_ms;
    assay_bytes_copy(place->digest, sizeof place->digest, page->digest, sizeof page->digest);
    ASSAY_ASSERT(object_holds(place));
    return place;
}

/* Returns: how many pages a peer has here. */
static uint32_t count_pages_of(const struct assay_pages *pages, uint32_t peer)
{
    uint32_t count = 0;
    for (size_t i = 0; i < ASSAY_PAGE_OBJECTS_PER_PEER; i++)
        count += pages->objects[(size_t)peer * ASSAY_PAGE_OBJECTS_PER_PEER + i].present;
    return count;
}

/* docs/protocol.md 10.5.2: the peer with most bytes makes room for those with less; its larger
 * object is evicted. Returns: whether there was such a peer. */
static bool evict_for(struct assay_pages *pages, uint16_t peer)
{
    uint32_t most = count_pages_of(pages, peer) + 1;
    struct object *larger = NULL;
    for (uint32_t i = 0; i < pages->peers; i++) {
        const uint32_t count = count_pages_of(pages, i);
        if (count <= most) continue;
        most = count;
        struct object *const own = &pages->objects[(size_t)i * ASSAY_PAGE_OBJECTS_PER_PEER];
        larger = own;
        for (size_t k = 1; k < ASSAY_PAGE_OBJECTS_PER_PEER; k++)
            if (own[k].present > larger->present) larger = &own[k];
    }
    if (larger == NULL) return false;
    ASSAY_ASSERT(larger->present > 0);
    drop_object(pages, larger);
    pages->losses.evicted++;
    return true;
}

static enum assay_status complete_object(struct assay_pages *pages, struct object *object,
                                         uint16_t *kind, struct assay_slice *out)
{
    ASSAY_ASSERT(object->present == object->count && object->total_len <= ASSAY_OBJECT_LEN_MAX);
    for (uint16_t i = 0; i < object->count; i++) {
        const size_t at = (size_t)i * ASSAY_PAGE_LEN;
        assay_bytes_copy(pages->whole + at, object->total_len - at,
                         slot_at(pages, object->place[i]), page_len(object->total_len, i));
    }
    const struct assay_slice whole = assay_slice_over(pages->whole, object->total_len);
    uint8_t digest[32];
    assay_page_digest(object->kind, whole, digest);
    const bool same = assay_bytes_equal(digest, object->digest, sizeof digest);
    ASSAY_ASSERT(object_holds(object));
    *kind = object->kind;
    drop_object(pages, object);
    if (!same) return ASSAY_E_SIGNATURE;
    *out = whole;
    return ASSAY_OK;
}

enum assay_status assay_pages_add(struct assay_pages *pages, uint16_t peer, uint64_t now_ms,
                                  struct assay_slice payload, uint16_t *kind,
                                  struct assay_slice *object)
{
    ASSAY_ASSERT(pages_hold(pages));
    ASSAY_ASSERT(peer < pages->peers);
    struct assay_page page;
    ASSAY_TRY(assay_page_decode(payload, &page));

    struct object *o = find_object(pages, peer, now_ms, &page);
    ASSAY_ASSERT(page.index < o->count);
    if (o->place[page.index] != NOWHERE) return ASSAY_E_DUPLICATE;
    uint16_t place = claim_slot(pages);
    if (place == NOWHERE && evict_for(pages, peer)) place = claim_slot(pages);
    if (place == NOWHERE) return ASSAY_E_FULL;
    o->place[page.index] = place;
    assay_bytes_copy(slot_at(pages, place), ASSAY_PAGE_LEN, page.bytes.bytes, page.bytes.len);
    pages->held += page.bytes.len;
    o->present++;
    ASSAY_ASSERT(object_holds(o) && pages_hold(pages));
    return o->present < o->count ? ASSAY_E_AGAIN : complete_object(pages, o, kind, object);
}

size_t assay_pages_get_bytes(const struct assay_pages *pages, struct assay_pages_losses *losses)
{
    ASSAY_ASSERT(pages_hold(pages));
    if (losses != NULL) *losses = pages->losses;
    return pages->held;
}
