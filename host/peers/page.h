/*
 * host/peers/page.h - fragmentation of messages above 48 KiB (docs/architecture.md, Sizes).
 *
 * PAGE payload: object digest 32 | kind u16 | total length u32 | index u16 | count u16 | bytes,
 * big-endian. The digest is SHA-256 over kind and payload of the whole message. Every page but
 * the last holds exactly ASSAY_PAGE_LEN bytes, so one object has one division. Pages lie in an
 * arena given at the beginning, of which they take a place as they come: never more for a length
 * that was announced. Per peer and in all it is bounded in objects, bytes and time; where all is
 * taken, who has most makes room for who has less.
 */
#ifndef ASSAY_HOST_PEERS_PAGE_H
#define ASSAY_HOST_PEERS_PAGE_H

#include "host/peers/wire.h"

enum {
    ASSAY_OBJECT_LEN_MAX = (4 << 20) + (128 << 10), /* a block body, or a sync answer around one */
    ASSAY_PAGES_MAX = (ASSAY_OBJECT_LEN_MAX + ASSAY_PAGE_LEN - 1) / ASSAY_PAGE_LEN,
    ASSAY_PAGE_HEADER_LEN = 32 + 2 + 4 + 2 + 2,
    ASSAY_PAGE_OBJECTS_PER_PEER = 2, /* a proposal, and a sync answer next to it */
    ASSAY_PAGE_BYTES_ALL = 64 << 20,
    ASSAY_PAGE_PLACES = ASSAY_PAGE_BYTES_ALL / ASSAY_PAGE_LEN,
    ASSAY_PAGE_LIFE_MS = 10 * 1000, /* from the first page of an object */
};

struct assay_page {
    uint8_t digest[32];
    uint16_t kind;
    uint32_t total_len;
    uint16_t index, count;
    struct assay_slice bytes; /* borrowed */
};

/* Out: the digest that names a message. */
void assay_page_digest(uint16_t kind, struct assay_slice payload, uint8_t digest[static 32]);
/* Returns: how many pages a payload needs; 0 when it is longer than an object may be. */
uint16_t assay_page_count(size_t len);
/* Page `index` of a payload. Returns: ASSAY_OK | ASSAY_E_FULL (w is too small) */
ASSAY_CHECKED enum assay_status assay_page_encode(uint16_t kind, struct assay_slice payload,
                                                  const uint8_t digest[static 32], uint16_t index,
                                                  struct assay_writer *w);
/* Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_RANGE (length, index or count) |
 * ASSAY_E_INVALID (a page that
 * is not as long as its place asks for, a page of a page) */
ASSAY_CHECKED enum assay_status assay_page_decode(struct assay_slice payload,
                                                  struct assay_page *page);

/* Reassembly for all peers. */
struct assay_pages;

/* What became of objects that were never completed. */
struct assay_pages_losses {
    uint64_t evicted, expired;
};

/* Returns: bytes of memory that init needs, aligned to 64: some 68 MiB, of which only pages in use
 * are ever touched. */
size_t assay_pages_size(uint32_t peers);
/* memory: the caller's, aligned to 64, outlives it. Returns: the reassembly, empty. */
struct assay_pages *assay_pages_init(void *memory, uint32_t peers);
/*
 * assay_pages_add - adds one PAGE payload of a peer.
 * Out:     with ASSAY_OK the object is complete: *kind and *object (borrowed until the next call)
 * Returns: ASSAY_OK | ASSAY_E_AGAIN (stored, more follow) | statuses of assay_page_decode |
 *          ASSAY_E_DUPLICATE | ASSAY_E_SIGNATURE (the object has another digest) | ASSAY_E_FULL
 *          (bounds)
 */
ASSAY_CHECKED enum assay_status assay_pages_add(struct assay_pages *pages, uint16_t peer,
                                                uint64_t now_ms, struct assay_slice payload,
                                                uint16_t *kind, struct assay_slice *object);
/* Forget what is too old. */
void assay_pages_expire(struct assay_pages *pages, uint64_t now_ms);
/* Returns: bytes in use; *losses (optional) so far. */
size_t assay_pages_get_bytes(const struct assay_pages *pages, struct assay_pages_losses *losses);

#endif
