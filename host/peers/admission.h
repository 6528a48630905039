/*
 * host/peers/admission.h - admission of peer traffic: size, header, rate, lane, pages, duplicates.
 *
 * Cheap before costly, lanes as in docs/protocol.md 10.5: a frame is refused by the first check
 * that it fails and counted under that reason. The sender, and with which key, the transport has
 * authenticated. The daemon brings frames; the simulator brings messages, which it does not cut
 * into frames but which cost the same.
 */
#ifndef ASSAY_HOST_PEERS_ADMISSION_H
#define ASSAY_HOST_PEERS_ADMISSION_H

#include "host/counters.h"
#include "host/overlay/gossip.h"
#include "host/peers/limit.h"
#include "host/peers/page.h"
#include "host/peers/roster.h"
#include "host/overlay/overlay.h"

/* All set by the caller. */
struct assay_admission {
    const uint8_t *chain_id; /* 32 */
    struct assay_roster *roster;
    struct assay_limit *limits; /* [roster->count]; NULL: no budgets */
    struct assay_pages *pages;  /* of frames */
    struct assay_seen *seen;
    struct assay_counters *counters;
    const struct assay_overlay *view; /* who passes on what; NULL: everybody speaks for itself */
    uint64_t again_ms; /* what is flooded by the host is passed on again after so long */
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
enum assay_admitted assay_admission_check_frame(struct assay_admission *a, uint64_t now_ms,
                                                uint16_t slot, enum assay_roster_key which,
                                                struct assay_slice bytes,
                                                struct assay_admission_message *message);
/* A message that came without frames, but at their price. Returns: as above. */
enum assay_admitted assay_admission_check_message(struct assay_admission *a, uint64_t now_ms,
                                                  uint16_t slot, enum assay_roster_key which,
                                                  const struct assay_admission_message *message);

/* Returns: whether a kind is flooded: the same bytes come from several sides. */
bool assay_admission_is_flooded(enum assay_message_kind kind);
/* digest: SHA-256 of the payload of a kind that is flooded.
 * Returns: false, and counts, when the engine accepted the same a short while ago. */
bool assay_admission_is_new(struct assay_admission *a, uint64_t now_ms,
                            const uint8_t digest[static 32]);
/*
 * docs/protocol.md 4.12.7: with a view that is used, the host floods what voters tell everybody:
 * votes, certificates, proposals. What was passed on less than again_ms ago is a duplicate; what an
 * author sends again after that goes round again, since some may lack it.
 * Returns: whether a kind is flooded so.
 */
bool assay_admission_is_relayed(const struct assay_admission *a, enum assay_message_kind kind);

enum assay_repeat {
    ASSAY_REPEAT_NONE,
    ASSAY_REPEAT_RESENT,    /* these bytes were accepted before */
    ASSAY_REPEAT_DUPLICATE, /* counted; not worth a step */
};
/* digest: SHA-256 of the payload. Returns: what it is before the engine has seen it. */
enum assay_repeat assay_admission_find_repeat(struct assay_admission *a, uint64_t now_ms,
                                              const uint8_t digest[static 32]);
/* status: the engine's of it. Returns: whether it is to be passed on to all other neighbours; then
 * it is noted. */
bool assay_admission_on_relayed(struct assay_admission *a, uint64_t now_ms,
                                enum assay_repeat passing, enum assay_status status,
                                const uint8_t digest[static 32]);
/* Returns: again_ms for epochs of epoch_ms: three quarters of the shortest wait before a standstill
 * sends again (docs/protocol.md 5.20), so that what is sent again goes round again. */
uint64_t assay_admission_repeat_ms(uint32_t epoch_ms);
/* What the engine said of a message; digest as above, or NULL. Invalid signatures are strikes.
 * Returns: true when the peer is banned from now on because of it. */
bool assay_admission_on_result(struct assay_admission *a, uint64_t now_ms, uint16_t slot,
                               enum assay_status status, const uint8_t *digest);

#endif
