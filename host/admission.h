/*
 * host/admission.h - what is taken in from a peer: size, header, rate, lane, pages, duplicates.
 *
 * Cheap before costly, lanes as in docs/protocol.md 10.5: a frame is refused by the first check
 * that it fails and counted under that reason. Who sent it, and with which key, the transport has
 * authenticated. The daemon brings frames; the simulator brings messages, which it does not cut
 * into frames but which cost the same.
 */
#ifndef ASSAY_HOST_ADMISSION_H
#define ASSAY_HOST_ADMISSION_H

#include "host/counters.h"
#include "host/gossip.h"
#include "host/limit.h"
#include "host/page.h"
#include "host/roster.h"

/* All set by the caller. */
struct assay_admission {
    const uint8_t *chain_id; /* 32 */
    struct assay_roster *roster;
    struct assay_limit *limits; /* [roster->count]; NULL: no budgets */
    struct assay_pages *pages;  /* of frames */
    struct assay_seen *seen;
    struct assay_counters *counters;
};

enum assay_admitted {
    ASSAY_ADMIT_REFUSED,   /* counted; or a page, kept until the rest is there */
    ASSAY_ADMIT_TAKEN,     /* *message is to be worked on */
    ASSAY_ADMIT_SUSPENDED, /* *message asks for service: refused (docs/protocol.md 10.5) */
};

struct assay_admission_message {
    enum assay_message_kind kind;
    struct assay_slice payload; /* borrowed until the next call */
};

/* A frame, hostile bytes; slot < roster->count (asserted). Returns: what is to become of it. */
enum assay_admitted assay_admission_frame(struct assay_admission *a, uint64_t now_ms, uint16_t slot,
                                          enum assay_roster_key which, struct assay_slice bytes,
                                          struct assay_admission_message *message);
/* A message that came without frames, but at their price. Returns: as above. */
enum assay_admitted assay_admission_whole(struct assay_admission *a, uint64_t now_ms, uint16_t slot,
                                          enum assay_roster_key which,
                                          const struct assay_admission_message *message);

/* Returns: whether a kind is flooded: the same bytes come from several sides. */
bool assay_admission_floods(enum assay_message_kind kind);
/* digest: SHA-256 of the payload of a kind that is flooded.
 * Returns: false, and counts, when the engine accepted the same a short while ago. */
bool assay_admission_is_new(struct assay_admission *a, uint64_t now_ms,
                            const uint8_t digest[static 32]);
/* What the engine said of a message; digest as above, or NULL. Invalid signatures are strikes.
 * Returns: true when the peer is banned from now on because of it. */
bool assay_admission_judged(struct assay_admission *a, uint64_t now_ms, uint16_t slot,
                            enum assay_status status, const uint8_t *digest);

#endif
