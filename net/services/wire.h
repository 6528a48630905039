/*
 * net/services/wire.h - protocol between a daemon and the programs of services, over a UNIX stream
 * (docs/services.md 4.1).
 *
 * A message is its length (u32 big-endian) and canonical CBOR, an array whose first number is its
 * verb. A program sends the service that it follows and receives the ledger's current state of it,
 * as documents, then every final record of that service and every close in their order; it applies
 * them with the same code as the ledger. Records that it submits return when they are final, or not
 * at all.
 *
 * By the daemon:
 *   BEGIN    [1, chain id, slot, moment, plan, members, records, count]  the answer to FOLLOW
 *   DOCUMENT [6, index, bytes]                 so many follow BEGIN, from index 0, before the rest
 *   RECORD   [2, slot, node id, kind, payload]
 *   CLOSE    [3, moment, members]
 *            of the group key, BEGIN and CLOSE have one more item: holders
 *   EVIDENCE [8, serial, bytes]                the answer to QUOTE; empty: unavailable
 *   VERDICT  [10, serial, good, standing]      the answer to VERIFY
 *   REFUSED  [11, kind, why]                   a permanently rejected SUBMIT; why: for operators
 *   PROOF    [14, epoch, voters, boundary, finality]     the answer to PROVE; empty: not here
 *   KEYS     [16, root, list]                  the answer to LIST; empty: not here
 *   SHOWN    [19, epoch, standing, list, declared]       the answer to SHOW; empty: not here
 *   FENCE    [17, fenced]                  of the group key: whether the node signs nothing more in
 *            its era; before BEGIN when it is so
 *   ISSUE    [20, serial, epoch, product, node id, name, audience, standing, list, declared]
 *            of the group key: a certificate or token that a client of the daemon requested
 *   ROWED    [23, instance, era, epoch, head, proof]     the answer to ROW; empty: not here
 *   RESULT   [24, kind, digest, word]      of an enclave: a record that it submitted is final
 *   DRAIN    [25]                          of a replica: an operator has its seat moved
 *   CROWDED [12, why] no place, or it goes to another user; then the daemon disconnects. why: for
 *                                              operators
 * By a program:
 *   FOLLOW   [4, service, group]               once, first
 *   SUBMIT   [5, kind, payload]
 *   QUOTE    [7, serial, purpose, statement]
 *   VERIFY   [9, serial, purpose, statement, node id, measurement, evidence]
 *   PROVE    [13, era, epoch, with voters]     the boundary that closed an epoch
 *   LIST     [15, slot, root]                  of the group key: workload keys of a member
 *   SHOW     [18, epoch]                       of the group key: what certificates of the daemon's
 *                                              own member are made from after a closed epoch
 *   ISSUED   [21, serial, outcome, bytes]      the answer to ISSUE
 *   ROW      [22, instance]                of an enclave: its row after the last closed epoch
 *
 * PROOF: boundary and finality proof as docs/protocol.md 5.30; era: of the epoch before it. With
 * voters: rows of the table after that epoch, one after the other (roster_digest.h). The program
 * trusts none of it: it verifies. With voters a finality proof comes up to
 * ASSAY_SERVICE_FINALITY_SHORT, which a light client follows (host/light/light.h). LIST:
 * docs/identity.md 6.4. ISSUE has what SHOWN has, of any member; its audience is empty for a
 * certificate. ISSUED has the certificate in DER or the token, or a sentence that says why there is
 * none.
 *
 * slot: the daemon's own, ASSAY_REGISTRY_SLOTS_MAX when it may not serve. moment: three items: era,
 * the last closed epoch, and the beacon of the current one, for the freshness of evidence. plan:
 * canonical bytes of registry/plan.h. members: 36 bytes for each slot: standing (enum
 * assay_registry_standing), score (u16 big-endian), bits of enum assay_service_member_bit, node id
 * (zeros: an empty seat). holders: weight in the table of voters that is of none of the members
 * (u64 big-endian), then 45 bytes for each of them: bits of enum assay_service_holder_bit, weight
 * of the seat (u32 big-endian), incarnation (u64 big-endian), root of the keys in force. records:
 * of that service, final since that close, which are in the documents already. Documents are those
 * of the followed service, of continuity all groups', in the order of registry.h. RECORD is sent
 * for that service alone.
 *
 * An enclave trusts its daemon with nothing and has little memory: its BEGIN names no documents,
 * and it receives no records. It verifies closed epochs (PROVE) and, under the state of the last
 * one, the head of its group and the proof of its own row (ROW; services/continuity/row.h). RESULT
 * has the SHA-256 of the payload, and a word of assay_registry_apply: a hint of when to look, and
 * why a record had no effect.
 *
 * Report data is derived from chain, purpose and statement (assay_service_report_data), so a
 * daemon's evidence for a program is never valid as one of its own proofs. A verdict is good when
 * the evidence is as valid as that node's in its proofs: by its key's binding or, of no node
 * (zeros), by its measurement alone; measurement: 32 bytes, or empty for any that the rules allow.
 * The standing is that of the node at the last close. Evidence contains its kind.
 */
#ifndef ASSAY_NET_SERVICES_WIRE_H
#define ASSAY_NET_SERVICES_WIRE_H

#include "services/continuity/document.h"
#include "services/registry/registry.h"

enum {
    ASSAY_SERVICE_MESSAGE_MAX = 512 * 1024, /* the longest document, with headroom */
    /* Limit of the bytes queued on a stream: all documents of a service (those of groups are the
     * most), and records behind them. */
    ASSAY_SERVICE_QUEUE_MAX =
        (ASSAY_PLAN_GROUPS_MAX + ASSAY_PLAN_PAGES_MAX) * ASSAY_CONT_DOCUMENT_LEN_MAX + 1024 * 1024,
    ASSAY_SERVICE_STATEMENT_MAX = 64,
    ASSAY_SERVICE_EVIDENCE_MAX = 32 * 1024,
    ASSAY_SERVICE_WHY_MAX = 128,
    ASSAY_SERVICE_VOTERS_MAX = 128 * 1024, /* rows of a table of voters */
    ASSAY_SERVICE_BOUNDARY_MAX = 192 * 1024,
    ASSAY_SERVICE_FINALITY_MAX = 304 * 1024,  /* a RECOVER may be longer, and is not sent */
    ASSAY_SERVICE_FINALITY_SHORT = 16 * 1024, /* with eight headers of tails */
    ASSAY_SERVICE_KEYS_MAX = 8 * 1024,        /* a list of keys */
    ASSAY_SERVICE_STANDING_MAX = 32 * 1024,   /* a bare proof of standing */
    ASSAY_SERVICE_ISSUED_MAX = 4096,          /* a certificate or token */
    ASSAY_SERVICE_WORD_MAX = 32,              /* of assay_registry_apply */
    ASSAY_SERVICE_KEY_NAME_MAX = 63,
    ASSAY_SERVICE_AUDIENCE_MAX = 128,
};

/* The service that a program follows. */
enum assay_service {
    ASSAY_SERVICE_CONTINUITY = 1, /* a group by its number */
    ASSAY_SERVICE_SHARES = 2,     /* group 0 */
    ASSAY_SERVICE_TASKS = 3,      /* group 0 */
    ASSAY_SERVICE_IDENTITY = 4,   /* group 0 */
};

enum { ASSAY_SERVICE_COUNT = ASSAY_SERVICE_IDENTITY + 1 };

enum assay_service_verb {
    ASSAY_SERVICE_BEGIN = 1,
    ASSAY_SERVICE_RECORD = 2,
    ASSAY_SERVICE_CLOSE = 3,
    ASSAY_SERVICE_FOLLOW = 4,
    ASSAY_SERVICE_SUBMIT = 5,
    ASSAY_SERVICE_DOCUMENT = 6,
    ASSAY_SERVICE_QUOTE = 7,
    ASSAY_SERVICE_EVIDENCE = 8,
    ASSAY_SERVICE_VERIFY = 9,
    ASSAY_SERVICE_VERDICT = 10,
    ASSAY_SERVICE_REFUSED = 11,
    ASSAY_SERVICE_CROWDED = 12,
    ASSAY_SERVICE_PROVE = 13,
    ASSAY_SERVICE_PROOF = 14,
    ASSAY_SERVICE_LIST = 15,
    ASSAY_SERVICE_KEYS = 16,
    ASSAY_SERVICE_FENCE = 17,
    ASSAY_SERVICE_SHOW = 18,
    ASSAY_SERVICE_SHOWN = 19,
    ASSAY_SERVICE_ISSUE = 20,
    ASSAY_SERVICE_ISSUED = 21,
    ASSAY_SERVICE_ROW = 22,
    ASSAY_SERVICE_ROWED = 23,
    ASSAY_SERVICE_RESULT = 24,
    ASSAY_SERVICE_DRAIN = 25,
};

/* What is issued for a workload key. */
enum assay_service_product {
    ASSAY_SERVICE_CERTIFICATE = 1, /* of a key of purpose TLS */
    ASSAY_SERVICE_TOKEN = 2,       /* of a key of purpose token, for one of its audiences */
    ASSAY_SERVICE_AUTHORITY = 3,   /* the certificate of the group key in force; name: anything */
};

/* What became of an ISSUE. */
enum assay_service_outcome {
    ASSAY_SERVICE_OUTCOME_DONE = 0,
    ASSAY_SERVICE_OUTCOME_BELOW_THRESHOLD, /* the member is not in order */
    ASSAY_SERVICE_OUTCOME_NO_ENTRY,        /* its lists have no such key for this product */
    ASSAY_SERVICE_OUTCOME_NO_AUDIENCE,
    ASSAY_SERVICE_OUTCOME_NEXT_EPOCH,  /* not in this epoch: the key is not bound, or it closed */
    ASSAY_SERVICE_OUTCOME_STALE,       /* no epoch that is verified and young enough */
    ASSAY_SERVICE_OUTCOME_FENCED,      /* the era is fenced */
    ASSAY_SERVICE_OUTCOME_NO_KEY,      /* no group key in force, or no share of it here */
    ASSAY_SERVICE_OUTCOME_FEW_HOLDERS, /* fewer than t indices answered */
    ASSAY_SERVICE_OUTCOME_BUSY,        /* other requests are at work */
    ASSAY_SERVICE_OUTCOMES,
};

enum assay_service_member_bit {
    ASSAY_SERVICE_CERTIFIED = 1,
    ASSAY_SERVICE_FAILED = 2,
    ASSAY_SERVICE_RENEWED = 4,
};

enum assay_service_holder_bit {
    ASSAY_SERVICE_MAY_HOLD = 1,
    ASSAY_SERVICE_KEYS_ACTIVE = 2,
};

/* Purpose of requested evidence. Hashed into it, hence never reused. */
enum assay_service_purpose {
    ASSAY_SERVICE_FOR_SHARES = 1, /* statement: report data of services/shares/exchange.h */
    ASSAY_SERVICE_FOR_TASKS = 2,  /* statement: of the task's keys, services/tasks/task.h */
};

/* Slices are borrowed. Fields of other verbs are not read, and zero when read. */
struct assay_service_message {
    enum assay_service_verb verb;
    enum assay_service service;
    uint32_t group; /* below ASSAY_PLAN_GROUPS_MAX */
    uint8_t chain_id[32];
    uint32_t slot; /* RECORD: below ASSAY_REGISTRY_SLOTS_MAX; BEGIN: or it */
    uint64_t era;
    uint64_t epoch; /* the last closed one */
    uint8_t beacon[32];
    struct assay_slice plan; /* at most ASSAY_PLAN_LEN_MAX */
    uint32_t members;        /* at most ASSAY_REGISTRY_SLOTS_MAX */
    struct assay_registry_member member[ASSAY_REGISTRY_SLOTS_MAX];
    uint8_t node[ASSAY_REGISTRY_SLOTS_MAX][32];
    bool is_fenced;
    bool has_holders; /* BEGIN, CLOSE: member has what is for the group key alone, and: */
    uint64_t other_weight;
    uint64_t records;            /* of the service, final since that close; BEGIN */
    uint32_t count;              /* of documents, at most ASSAY_REGISTRY_DOCUMENTS_MAX */
    uint32_t index;              /* of this one, below it */
    struct assay_slice document; /* at most ASSAY_REGISTRY_DOCUMENT_LEN_MAX; ROWED: a head */
    uint8_t node_id[32];
    enum assay_service_kind kind;
    struct assay_slice payload; /* 1 .. ASSAY_SERVICE_PAYLOAD_MAX */
    uint64_t serial;            /* set by the program, returned to it */
    enum assay_service_purpose purpose;
    struct assay_slice statement;   /* 1 .. ASSAY_SERVICE_STATEMENT_MAX */
    struct assay_slice measurement; /* 0 or 32 */
    struct assay_slice evidence;    /* at most ASSAY_SERVICE_EVIDENCE_MAX; VERIFY: from 1 */
    bool good;
    enum assay_registry_standing standing;
    struct assay_slice why;                        /* 1 .. ASSAY_SERVICE_WHY_MAX */
    bool with_voters;                              /* PROVE; era and epoch are those of moment */
    struct assay_slice voters, boundary, finality; /* PROOF */
    uint8_t root[32]; /* LIST, KEYS; ROW, ROWED: an instance; RESULT: the digest of a payload */
    struct assay_slice row;              /* ROWED: at most ASSAY_CONT_ROW_PROOF_LEN_MAX */
    struct assay_slice word;             /* RESULT: 1 .. ASSAY_SERVICE_WORD_MAX */
    struct assay_slice keys;             /* KEYS: at most ASSAY_SERVICE_KEYS_MAX */
    struct assay_slice proven, declared; /* SHOWN, ISSUE, with keys: the list that the newest
                                          * certified PASS bound; declared: empty: that one */
    enum assay_service_product product;  /* ISSUE */
    struct assay_slice name;             /* ISSUE: 1 .. ASSAY_SERVICE_KEY_NAME_MAX */
    struct assay_slice audience;         /* ISSUE: at most ASSAY_SERVICE_AUDIENCE_MAX */
    enum assay_service_outcome outcome;  /* ISSUED */
    struct assay_slice issued;           /* ISSUED: at most ASSAY_SERVICE_ISSUED_MAX */
};

/* Without the length; fields are within their ranges (asserted). Returns: ASSAY_OK |
 * ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_service_encode(const struct assay_service_message *m,
                                                     struct assay_writer *w);
/* Returns: ASSAY_OK | ASSAY_E_UNSUPPORTED (verb, kind, service, purpose) | ASSAY_E_RANGE | what
 * base/cbor.h says | ASSAY_E_TRAILING; *m is undefined then */
ASSAY_CHECKED enum assay_status assay_service_decode(struct assay_slice bytes,
                                                     struct assay_service_message *m);
/* Report data of evidence that a program requested: SHA-512 of canonical CBOR [type, chain id,
 * purpose, statement]. In: statement of 1 .. ASSAY_SERVICE_STATEMENT_MAX bytes (asserted). */
void assay_service_report_data(const uint8_t chain_id[static 32],
                               enum assay_service_purpose purpose, struct assay_slice statement,
                               uint8_t report_data[static 64]);
/* Returns: the service of a kind of record, 0 outside the list. */
enum assay_service assay_service_of(enum assay_service_kind kind);
/* The documents of a plan that belong to a service, in the order in which they are sent. Out: their
 * numbers. Returns: how many; 0: the plan has no such service, or no such group */
uint32_t assay_service_documents(const struct assay_registry_plan *plan, enum assay_service service,
                                 uint32_t group,
                                 uint32_t numbers[static ASSAY_REGISTRY_DOCUMENTS_MAX]);

/* --- one end of the stream; all zero but fd is an empty one */

struct assay_service_stream {
    int fd;       /* does not block; the caller's */
    uint8_t *in;  /* [ASSAY_SERVICE_MESSAGE_MAX + 4] */
    uint8_t *out; /* [ASSAY_SERVICE_QUEUE_MAX + 4] */
    size_t in_len, taken;
    size_t out_at, out_len; /* queued: out_len bytes from out_at */
};

/* Returns: ASSAY_OK, fd is the stream's | ASSAY_E_MEMORY, fd remains the caller's. */
ASSAY_CHECKED enum assay_status assay_service_stream_open(struct assay_service_stream *s, int fd);
/* Closes the descriptor, too. */
void assay_service_stream_close(struct assay_service_stream *s);
/* Queues a message, and sends as much as the socket accepts. Returns: ASSAY_OK | ASSAY_E_FULL (the
 * peer reads too slowly: close it) | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_service_send(struct assay_service_stream *s,
                                                   const struct assay_service_message *m);
/* Sends what is queued. Returns: ASSAY_OK | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_service_flush(struct assay_service_stream *s);
/* Returns: whether bytes are queued. */
bool assay_service_has_output(const struct assay_service_stream *s);
/* The next message; it borrows until the next call. Returns: ASSAY_OK | ASSAY_E_AGAIN (incomplete)
 * | ASSAY_E_IO (disconnected) | ASSAY_E_RANGE (too long) | as decode */
ASSAY_CHECKED enum assay_status assay_service_next(struct assay_service_stream *s,
                                                   struct assay_service_message *m);

#endif
