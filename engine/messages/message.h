/*
 * engine/messages/message.h - kinds of messages between peers, and the lanes that may send them.
 *
 * The payload of each kind is encoded and decoded in the file named in its row (in engine/ where no
 * folder is named). Transport frames (host/peers/wire.h) wrap a kind and its payload (PAGE: a piece
 * of a larger message); the numbers are on the wire, hence never reused.
 */
#ifndef ASSAY_ENGINE_MESSAGES_MESSAGE_H
#define ASSAY_ENGINE_MESSAGES_MESSAGE_H

#include <stdint.h>

/* A slot of the roster, or one of these. */
enum {
    ASSAY_SLOT_NEAR = 0xfffd, /* neighbours of the overlay; none in a full mesh */
    ASSAY_SLOT_SELF = 0xfffe,
    ASSAY_SLOT_ALL = 0xffff,
};

/* symbol, number, name, lane */
#define ASSAY_MESSAGE_LIST(X)                                                                      \
    X(ASSAY_MESSAGE_PROPOSAL, 1, "proposal", ASSAY_LANE_VOTER)                      /* block.c */  \
    X(ASSAY_MESSAGE_VOTE, 2, "vote", ASSAY_LANE_VOTER)                              /* vote.c */   \
    X(ASSAY_MESSAGE_CERTIFICATE, 3, "certificate", ASSAY_LANE_VOTER)                /* vote.c */   \
    X(ASSAY_MESSAGE_CERTIFICATE_PULL, 4, "certificate_pull", ASSAY_LANE_QUARANTINE) /* vote.c */   \
    X(ASSAY_MESSAGE_BLOCK_PULL, 5, "block_pull", ASSAY_LANE_QUARANTINE)             /* block.c */  \
    X(ASSAY_MESSAGE_RESUME_ASK, 6, "resume_ask", ASSAY_LANE_QUARANTINE)             /* resume.c */ \
    X(ASSAY_MESSAGE_RESUME_ANSWER, 7, "resume_answer", ASSAY_LANE_QUARANTINE)       /* resume.c */ \
    X(ASSAY_MESSAGE_ENVELOPE, 8, "envelope", ASSAY_LANE_QUARANTINE)            /* envelope.c */    \
    X(ASSAY_MESSAGE_RECORD, 9, "record", ASSAY_LANE_QUARANTINE)                /* record.c */      \
    X(ASSAY_MESSAGE_SYNC_ASK, 10, "sync_ask", ASSAY_LANE_QUARANTINE)           /* sync.c */        \
    X(ASSAY_MESSAGE_SYNC_ANSWER, 11, "sync_answer", ASSAY_LANE_QUARANTINE)     /* sync.c */        \
    X(ASSAY_MESSAGE_ENVELOPE_PULL, 12, "envelope_pull", ASSAY_LANE_QUARANTINE) /* envelope.c */    \
    X(ASSAY_MESSAGE_FENCE, 13, "fence", ASSAY_LANE_QUARANTINE)              /* ledger/recover.c */ \
    X(ASSAY_MESSAGE_RECOVER, 14, "recover", ASSAY_LANE_QUARANTINE)          /* ledger/recover.c */ \
    X(ASSAY_MESSAGE_INVENTORY, 15, "have", ASSAY_LANE_QUARANTINE)           /* ledger/have.c */    \
    X(ASSAY_MESSAGE_REQUEST_MISSING, 16, "lack", ASSAY_LANE_QUARANTINE)     /* ledger/have.c */    \
    X(ASSAY_MESSAGE_VOTE_INVENTORY, 17, "vote_have", ASSAY_LANE_QUARANTINE) /* vote_inventory.c */ \
    X(ASSAY_MESSAGE_VOTE_REQUEST_MISSING, 18, "vote_lack",                                         \
      ASSAY_LANE_QUARANTINE) /* vote_inventory.c */                                                \
    /* From here on the host answers; these never reach the engine. */                             \
    X(ASSAY_MESSAGE_EVIDENCE_PULL, 32, "evidence_pull", ASSAY_LANE_QUARANTINE) /* gossip.c */      \
    X(ASSAY_MESSAGE_EVIDENCE, 33, "evidence", ASSAY_LANE_QUARANTINE)           /* gossip.c */      \
    X(ASSAY_MESSAGE_SERVICE_ASK, 34, "service_ask", ASSAY_LANE_SERVICE) /* service_probe.c */      \
    X(ASSAY_MESSAGE_SERVICE_ANSWER, 35, "service_answer",                                          \
      ASSAY_LANE_SERVICE)                                              /* service_probe.c */       \
    X(ASSAY_MESSAGE_PAGE, 36, "page", ASSAY_LANE_QUARANTINE)           /* page.c */                \
    X(ASSAY_MESSAGE_DATE, 37, "date", ASSAY_LANE_QUARANTINE)           /* peer_clocks.c */         \
    X(ASSAY_MESSAGE_ADDRESS, 38, "address", ASSAY_LANE_QUARANTINE)     /* addresses.c */           \
    X(ASSAY_MESSAGE_NEIGHBOUR, 39, "neighbour", ASSAY_LANE_QUARANTINE) /* overlay.c */             \
    X(ASSAY_MESSAGE_PRUNE, 40, "prune", ASSAY_LANE_QUARANTINE)         /* relay_tree.c */

/*
 * docs/protocol.md 10.5. QUARANTINE kinds are accepted (rate-limited) from every member of the
 * roster, also when suspended or not yet listed; VOTER kinds from members of positive weight in the
 * current table, whatever their standing; SERVICE kinds from members that are not SUSPENDED.
 */
enum assay_lane { ASSAY_LANE_QUARANTINE, ASSAY_LANE_VOTER, ASSAY_LANE_SERVICE };

#define ASSAY_MESSAGE_ENUM(symbol, number, name, lane) symbol = number,
enum assay_message_kind { ASSAY_MESSAGE_LIST(ASSAY_MESSAGE_ENUM) };
#undef ASSAY_MESSAGE_ENUM

/* Returns: the kind's name, "unknown" for a number outside the list. */
const char *assay_message_name(unsigned kind);
/* Returns: true and *lane when the number is a known kind. */
int assay_message_lane(unsigned kind, enum assay_lane *lane);
/* How long a new item waits for more of its kind before neighbours are notified (docs/protocol.md
 * 4.12.10, .11). Returns: ms, 5 to 500. */
uint64_t assay_message_pause_ms(uint64_t epoch_ms);

#endif
