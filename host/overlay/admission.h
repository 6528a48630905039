/*
 * host/overlay/admission.h - admission of peer traffic: size, header, rate, lane, pages,
 * duplicates.
 *
 * Cheap checks before costly ones, lanes as in docs/protocol.md 10.5: the first failing check
 * refuses a frame and counts the reason. The transport has authenticated the sender and its key.
 * The daemon passes frames; the simulator passes messages, which it does not split into frames but
 * which cost the same.
 */
#ifndef ASSAY_HOST_OVERLAY_ADMISSION_H
#define ASSAY_HOST_OVERLAY_ADMISSION_H

#include "host/overlay/gossip.h"
#include "host/overlay/overlay.h"
#include "host/peers/counters.h"
#include "host/peers/limit.h"
#include "host/peers/page.h"
#include "host/peers/roster.h"

/* All set by the caller. */
struct assay_admission {
    const uint8_t *chain_id; /* 32 */
    struct assay_roster *roster;
    struct assay_limit *limits; /* [roster->count]; NULL: no budgets */
    struct assay_pages *pages;  /* of frames */
    struct assay_seen *seen;
    struct assay_traffic_counters *counters;
    const struct assay_overlay *view; /* decides who relays; NULL: full mesh without relays */
    uint64_t again_ms;                /* minimum interval between relays of the same message */
};

enum assay_admitted {
    ASSAY_ADMIT_REFUSED,   /* counted; or a page, stored until the message is complete */
    ASSAY_ADMIT_TAKEN,     /* *message is to be processed */
    ASSAY_ADMIT_SUSPENDED, /* *message asks for service: refused (docs/protocol.md 10.5) */
};

struct assay_admission_message {
    enum assay_message_kind kind;
    struct assay_slice payload; /* borrowed until the next call */
};

/* Checks a frame, untrusted bytes; slot < roster->count (asserted). Returns: the decision. */
enum assay_admitted assay_admission_check_frame(struct assay_admission *a, uint64_t now_ms,
                                                uint16_t slot, enum assay_roster_key which,
                                                struct assay_slice bytes,
                                                struct assay_admission_message *message);
/* Checks a message that has no frames, at the price of frames. Returns: as above. */
enum assay_admitted assay_admission_check_message(struct assay_admission *a, uint64_t now_ms,
                                                  uint16_t slot, enum assay_roster_key which,
                                                  const struct assay_admission_message *message);

/* Returns: whether a kind is flooded: the same bytes arrive from several peers. */
bool assay_admission_is_flooded(enum assay_message_kind kind);
/* digest: SHA-256 of the payload of a flooded kind.
 * Returns: false, and counts, when the engine accepted the same a short while ago. */
bool assay_admission_is_new(struct assay_admission *a, uint64_t now_ms,
                            const uint8_t digest[static 32]);
/*
 * docs/protocol.md 4.12.7: with an overlay in use, the runtime floods broadcasts of voters: votes,
 * certificates, proposals. A message relayed less than again_ms ago is a duplicate; a later
 * retransmission by its author is relayed again, because some members may lack it.
 * Returns: whether a kind is flooded this way.
 */
bool assay_admission_is_relayed(const struct assay_admission *a, enum assay_message_kind kind);

enum assay_repeat {
    ASSAY_REPEAT_NONE,
    ASSAY_REPEAT_RESENT,    /* retransmitted: these bytes were accepted before */
    ASSAY_REPEAT_DUPLICATE, /* counted; not worth a step */
};
/* digest: SHA-256 of the payload. Returns: whether it repeats an earlier message, before the engine
 * processes it. */
enum assay_repeat assay_admission_find_repeat(struct assay_admission *a, uint64_t now_ms,
                                              const uint8_t digest[static 32]);
/* status: the engine's result. Returns: whether to relay it to all other neighbours; it is recorded
 * then. */
bool assay_admission_on_relayed(struct assay_admission *a, uint64_t now_ms,
                                enum assay_repeat passing, enum assay_status status,
                                const uint8_t digest[static 32]);
/* Returns: again_ms for epochs of epoch_ms: three quarters of the shortest wait before a standstill
 * retransmits (docs/protocol.md 5.20), so that retransmissions are relayed. */
uint64_t assay_admission_repeat_ms(uint32_t epoch_ms);
/* Records the engine's result for a message; digest as above, or NULL. Invalid signatures are
 * strikes.
 * Returns: true when the peer is banned from now on because of it. */
bool assay_admission_on_result(struct assay_admission *a, uint64_t now_ms, uint16_t slot,
                               enum assay_status status, const uint8_t *digest);

#endif
