/*
 * host/peers/roster.h - key-to-slot lookup and lane permissions (docs/protocol.md 10.5).
 *
 * A copy of the members' data in the engine's head state, refreshed after each epoch. The lane is
 * decided per frame: a connection accepted before a delisting keeps delivering, so the key it was
 * accepted with is looked up again for each frame.
 */
#ifndef ASSAY_HOST_PEERS_ROSTER_H
#define ASSAY_HOST_PEERS_ROSTER_H

#include "base/bytes.h"
#include "engine/engine.h"

enum assay_roster_key {
    ASSAY_ROSTER_BOOTSTRAP, /* permanent; opens the quarantine lane */
    ASSAY_ROSTER_TRANSPORT, /* of the listed incarnation */
};

struct assay_roster_entry {
    uint8_t bootstrap[32];
    uint8_t transport[32];
    uint32_t weight; /* in the running epoch */
    bool seated;     /* it votes in the running epoch (docs/protocol.md 5.22) */
    enum assay_standing standing;
    bool gone; /* docs/protocol.md 9.6.2: it left; its keys are unknown keys */
};

struct assay_roster {
    uint32_t count;
    uint16_t self;
    struct assay_roster_entry *entries; /* [count] */
};

/* Updates keys, weights and standings of members from the head state. count is the engine's
 * (asserted). */
void assay_host_roster_update(struct assay_roster *roster, const struct assay_engine *engine);

/* In ZAP's User-Id: key kind, slot and key, all in text. */
enum { ASSAY_ROSTER_USER_LEN = 1 + 4 + 64 };

/* Returns: ASSAY_OK, *slot and *which | ASSAY_E_STRANGER. All keys are compared. */
ASSAY_CHECKED enum assay_status assay_host_roster_find(const struct assay_roster *roster,
                                                       const uint8_t key[static 32], uint16_t *slot,
                                                       enum assay_roster_key *which);
/* Out: NUL-terminated. */
void assay_host_roster_user_encode(uint16_t slot, enum assay_roster_key which,
                                   const uint8_t key[static 32],
                                   char text[static ASSAY_ROSTER_USER_LEN + 1]);
/* Checks that the key that admitted a slot is the current one; slot may have any value.
 * Returns: ASSAY_OK | ASSAY_E_STRANGER (no such slot) | ASSAY_E_STALE (the key was replaced) */
ASSAY_CHECKED enum assay_status assay_host_roster_check_key(const struct assay_roster *roster,
                                                            uint16_t slot,
                                                            enum assay_roster_key which,
                                                            const uint8_t key[static 32]);
/*
 * assay_host_roster_find_user - who a frame comes from, by the roster of now.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_STRANGER (no such slot) | ASSAY_E_STALE (the key
 *          was replaced)
 */
ASSAY_CHECKED enum assay_status assay_host_roster_find_user(const struct assay_roster *roster,
                                                            const char *text, uint16_t *slot,
                                                            enum assay_roster_key *which);

enum assay_roster_answer {
    ASSAY_ADMITTED,
    ASSAY_REFUSED_NO_WEIGHT, /* only members with positive weight send consensus messages */
    ASSAY_REFUSED_SUSPENDED, /* SUSPENDED members get no service */
    ASSAY_REFUSED_UNLISTED,  /* service needs the transport key of the listed incarnation */
};
/* Returns: whether this sender may use this lane. */
enum assay_roster_answer assay_host_roster_admit(const struct assay_roster *roster, uint16_t slot,
                                                 enum assay_roster_key which, enum assay_lane lane);

#endif
