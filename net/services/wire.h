/*
 * net/services/wire.h - what a ledger and the programs of services say to each other over a
 * UNIX stream (docs/services.md 4).
 *
 * A message is its length (u32 big-endian) and canonical CBOR. A program names its group and gets
 * what the ledger makes of it so far, then every final record and every close in their order; it
 * folds them itself, by the same code as the ledger. Records it hands in come back when they are
 * final, or not at all.
 *
 *   BEGIN  [1, chain id, epoch, standings, scores, document]   ledger
 *   RECORD [2, slot of the author, kind, payload]              ledger
 *   CLOSE  [3, epoch, standings, scores]                       ledger
 *   FOLLOW [4, group]                                          program, once, first
 *   SUBMIT [5, kind, payload]                                  program
 *
 * Standings are a byte for each slot (enum assay_cont_standing), scores two.
 */
#ifndef ASSAY_NET_SERVICES_WIRE_H
#define ASSAY_NET_SERVICES_WIRE_H

#include "services/continuity/group.h"
#include "services/registry/kind.h"

enum { ASSAY_SERVICE_MESSAGE_MAX = 512 * 1024 }; /* the document of the largest group, and room */

enum assay_service_verb {
    ASSAY_SERVICE_BEGIN = 1,
    ASSAY_SERVICE_RECORD = 2,
    ASSAY_SERVICE_CLOSE = 3,
    ASSAY_SERVICE_FOLLOW = 4,
    ASSAY_SERVICE_SUBMIT = 5,
};

/* Slices are borrowed. Fields of other verbs are not read, and zero when read. */
struct assay_service_message {
    enum assay_service_verb verb;
    uint8_t chain_id[32];
    uint64_t epoch; /* that closed last */
    uint32_t slots; /* that have a standing */
    enum assay_cont_standing standing[ASSAY_CONT_SLOTS_MAX];
    uint16_t score[ASSAY_CONT_SLOTS_MAX];
    struct assay_slice document; /* of the group */
    uint32_t group;
    uint32_t slot; /* below ASSAY_CONT_SLOTS_MAX */
    enum assay_service_kind kind;
    struct assay_slice payload; /* 1 .. ASSAY_SERVICE_PAYLOAD_MAX */
};

/* Without the length. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_service_encode(const struct assay_service_message *m,
                                                     struct assay_writer *w);
/* Returns: ASSAY_OK | ASSAY_E_UNSUPPORTED (verb, kind) | ASSAY_E_RANGE | what base/cbor.h says |
 * ASSAY_E_TRAILING; *m is undefined then */
ASSAY_CHECKED enum assay_status assay_service_decode(struct assay_slice bytes,
                                                     struct assay_service_message *m);

/* --- one end of the stream; all zero but fd is an empty one */

struct assay_service_stream {
    int fd; /* does not block; the caller's */
    uint8_t *in, *out; /* [ASSAY_SERVICE_MESSAGE_MAX + 4] each */
    size_t in_len, taken, out_len;
};

/* Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_service_stream_open(struct assay_service_stream *s, int fd);
/* Closes the descriptor, too. Returns: nothing. */
void assay_service_stream_close(struct assay_service_stream *s);
/* Queues a message, and sends what the other end takes. Returns: ASSAY_OK | ASSAY_E_FULL (it reads
 * too slowly: close it) | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_service_send(struct assay_service_stream *s,
                                                   const struct assay_service_message *m);
/* Sends what waits. Returns: ASSAY_OK | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_service_flush(struct assay_service_stream *s);
/* Returns: whether something waits to be sent. */
bool assay_service_waits(const struct assay_service_stream *s);
/* The next message; it borrows until the next call. Returns: ASSAY_OK | ASSAY_E_AGAIN (none is
 * whole) | ASSAY_E_IO (the other end is gone) | ASSAY_E_RANGE (too long) | as decode */
ASSAY_CHECKED enum assay_status assay_service_next(struct assay_service_stream *s,
                                                   struct assay_service_message *m);

#endif
