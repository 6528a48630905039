/*
 * tests/unit/net/http/book.h - fixture of a made-up network for HTTP responses.
 */
#ifndef ASSAY_TESTS_UNIT_NET_HTTP_BOOK_H
#define ASSAY_TESTS_UNIT_NET_HTTP_BOOK_H

#include "net/http/snapshot_slot.h"

enum { BOOK_MEMBERS_MAX = 100 };

/* A snapshot slot, a ring, and the snapshot that is laid out next. */
struct book {
    struct assay_http_snapshot_slot *slot;
    struct assay_http_ring *ring;
    struct assay_snapshot snapshot;
    struct assay_snapshot_member members[BOOK_MEMBERS_MAX];
    char names[BOOK_MEMBERS_MAX][16];
};

/* All FULL, heard of, attested in epoch 41; 42 runs; now is 100000 ms. Aborts without memory. */
void book_open(struct book *book, uint32_t members);
void book_close(struct book *book);
/* A closed epoch in which everybody says P of everybody. */
struct assay_http_epoch *book_epoch(const struct book *book, uint64_t number);
/* The next event, about slot 0. */
void book_tell(struct book *book, uint64_t seq, const char *text);

#endif
