/*
 * engine/consensus/vote.h - votes and certificates: signed statements, encoding, verification,
 * conflicting pairs.
 *
 * docs/protocol.md 5.1 to 5.4, 5.27. Statement: ["assay/vote/v1", chain_id, era, epoch, view, type,
 * block id (zero for X)]; every voter signs SHA-256 of the same bytes. X over a range of views is a
 * type of its own, and its view the first of the range: 64k + 1, or 4096k + 1.
 *
 *   VOTE payload         [statement, slot, signature (64)]
 *   CERTIFICATE payload  [statement, bitmap over the roster slots, signatures in slot order]
 *   commitment           SHA-256 of ["assay/certificate/v1", statement, bitmap]: names the voters,
 *                        never signature bytes
 *   CERTIFICATE_PULL     [era, epoch, commitments]; BLOCK_PULL [era, epoch, block id]
 *   finality proof       [CERTIFICATE payload of F, [headers of tails from the finalised one up to,
 *                        not including, E]]
 *
 * Pure codecs and signature checks; which votes count is simplex.c's affair.
 */
#ifndef ASSAY_ENGINE_CONSENSUS_VOTE_H
#define ASSAY_ENGINE_CONSENSUS_VOTE_H

#include "base/bitmap.h"
#include "engine/consensus/block.h"

enum assay_vote_type {
    ASSAY_VOTE_NOTARISE = 0,
    ASSAY_VOTE_NULLIFY = 1,
    ASSAY_VOTE_FINALISE = 2,
    ASSAY_VOTE_NULLIFY_64 = 3,   /* every view of an aligned range of 64 */
    ASSAY_VOTE_NULLIFY_4096 = 4, /* of 64 such ranges */
};

enum {
    ASSAY_VOTE_TYPES = 3, /* N, X and F of one view: what assay_vote_kind returns is below */
    ASSAY_VOTE_STATEMENT_LEN_MAX = 160,
    ASSAY_VOTE_LEN_MAX = ASSAY_VOTE_STATEMENT_LEN_MAX + 80,
    ASSAY_CERTIFICATE_LEN_MAX = 8192, /* 100 signatures and the bitmap of 1024 slots */
    ASSAY_PULL_MAX = 16,              /* commitments in one CERTIFICATE_PULL */
    ASSAY_PULL_LEN_MAX = 32 * ASSAY_PULL_MAX + 64,
    ASSAY_FINALITY_LEN_MAX =
        ASSAY_CERTIFICATE_LEN_MAX + ASSAY_BLOCK_NULLS_MAX * (ASSAY_BLOCK_HEADER_LEN_MAX + 4) + 64,
};

/* Weights and keys of one epoch, by roster slot; weight 0: not a voter. Built by the ledger at each
 * epoch boundary; keys are decoded once per incarnation. Rows without a key are no voters, and what
 * they weigh is in the total alone (docs/protocol.md 6.7). */
struct assay_voter_table {
    uint32_t count;                       /* roster slots */
    const uint32_t *weight;               /* [count] */
    const uint8_t (*node_id)[32];         /* [count] ties of the round robin */
    struct assay_p256 *const *voting_key; /* [count], NULL: cannot vote */
    uint64_t total_weight;
};

/* Q(x): 3x > 2W (docs/protocol.md 5.1). Returns: whether the weight is a quorum. */
static inline bool assay_quorum(uint64_t weight, uint64_t total_weight)
{
    return 3 * weight > 2 * total_weight;
}
/* G(x): 3x > W. Returns: whether an honest voter must be among them. */
static inline bool assay_third(uint64_t weight, uint64_t total_weight)
{
    return 3 * weight > total_weight;
}

struct assay_vote_statement {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;
    uint64_t view; /* from 1 */
    enum assay_vote_type type;
    uint8_t block_id[32]; /* zero for X, never zero otherwise */
};

/* Returns: how many views a vote of the type is about. */
static inline uint64_t assay_vote_span(enum assay_vote_type type)
{
    if (type == ASSAY_VOTE_NULLIFY_4096) return ASSAY_RANGES_VIEWS;
    return type == ASSAY_VOTE_NULLIFY_64 ? ASSAY_RANGE_VIEWS : 1;
}
/* Returns: N, X or F; X for a range, too. */
static inline enum assay_vote_type assay_vote_kind(enum assay_vote_type type)
{
    return assay_vote_span(type) > 1 ? ASSAY_VOTE_NULLIFY : type;
}
/* Returns: the view itself, or the first one of the range of this type that contains it. */
static inline uint64_t assay_vote_first(enum assay_vote_type type, uint64_t view)
{
    return view - (view - 1) % assay_vote_span(type);
}
/* Returns: the last view that the statement is about. */
static inline uint64_t assay_vote_last(const struct assay_vote_statement *statement)
{
    return statement->view + assay_vote_span(statement->type) - 1;
}
/* Returns: whether it is about this view, alone or among others. */
static inline bool assay_vote_covers(const struct assay_vote_statement *statement, uint64_t view)
{
    return view >= statement->view && view <= assay_vote_last(statement);
}
/* Returns: what votes and certificates are numbered by in the store; at most INT64_MAX. */
static inline uint64_t assay_vote_number(const struct assay_vote_statement *statement)
{
    return statement->view * 8 + (uint64_t)statement->type;
}
_Static_assert(ASSAY_COUNT_MAX * 8 + 7 <= INT64_MAX, "the store numbers in 63 bits");

struct assay_vote {
    struct assay_vote_statement statement;
    uint8_t digest[32]; /* what was signed */
    uint16_t slot;
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* Slices borrow from the payload. */
struct assay_vote_certificate {
    struct assay_vote_statement statement;
    uint8_t digest[32];
    uint8_t commitment[32];
    struct assay_slice bitmap;
    struct assay_slice signatures; /* 64 bytes for each bit set */
};

/* Encodes the statement that is signed. */
void assay_vote_statement_encode(const struct assay_vote_statement *statement,
                                 struct assay_writer *w);
/* SHA-256 of the encoded statement. */
void assay_vote_statement_digest(const struct assay_vote_statement *statement,
                                 uint8_t digest[static 32]);

/* With a zero signature when signature is NULL; the signature is the last 64 bytes.
 * At most ASSAY_VOTE_LEN_MAX bytes. */
void assay_vote_encode(const struct assay_vote_statement *statement, uint16_t slot,
                       const uint8_t *signature, struct assay_writer *w);
/* Shape only. Returns: ASSAY_OK | ASSAY_CLASS_INPUT statuses */
ASSAY_CHECKED enum assay_status assay_vote_decode(struct assay_slice payload,
                                                  struct assay_vote *vote);
/* Returns: ASSAY_OK | ASSAY_E_STRANGER (no voter of the table) | ASSAY_E_SIGNATURE */
ASSAY_CHECKED enum assay_status assay_vote_verify(const struct assay_vote *vote,
                                                  const struct assay_voter_table *voters);

/* Encodes a CERTIFICATE payload. */
void assay_certificate_encode(const struct assay_vote_statement *statement,
                              struct assay_slice bitmap, struct assay_slice signatures,
                              struct assay_writer *w);
/* Shape, whatever the roster of its epoch: as many signatures as bits.
 * Returns: ASSAY_OK | ASSAY_CLASS_INPUT statuses */
ASSAY_CHECKED enum assay_status assay_certificate_verify_payload(
    struct assay_slice payload, struct assay_vote_certificate *certificate);
/* Of a roster of so many slots: that of its epoch, which is known once it has been read.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (another length of bitmap, or a bit past the slots) */
ASSAY_CHECKED enum assay_status assay_certificate_fits(
    const struct assay_vote_certificate *certificate, uint32_t slot_count);
/* Both. Returns: as they do */
ASSAY_CHECKED enum assay_status assay_certificate_decode(
    struct assay_slice payload, uint32_t slot_count, struct assay_vote_certificate *certificate);
void assay_certificate_commitment(const struct assay_vote_statement *statement,
                                  struct assay_slice bitmap, uint8_t commitment[static 32]);
/* Weight of a bitmap. Returns: ASSAY_OK | ASSAY_E_STRANGER (a bit of a member that cannot vote) |
 *          ASSAY_E_INVALID (no quorum) */
ASSAY_CHECKED enum assay_status assay_certificate_weight(
    const struct assay_vote_certificate *certificate, const struct assay_voter_table *voters);
/* Weight and every signature. Returns: as assay_certificate_weight | ASSAY_E_SIGNATURE */
ASSAY_CHECKED enum assay_status assay_certificate_verify(
    const struct assay_vote_certificate *certificate, const struct assay_voter_table *voters);

/* CERTIFICATE_PULL and BLOCK_PULL. Returns: ASSAY_OK | ASSAY_CLASS_INPUT statuses (decoders);
 * *commitments borrows 32 * n bytes, 1 <= n <= ASSAY_PULL_MAX. */
void assay_certificate_pull_encode(uint32_t era, uint64_t epoch, struct assay_slice commitments,
                                   struct assay_writer *w);
ASSAY_CHECKED enum assay_status assay_certificate_pull_decode(struct assay_slice payload,
                                                              uint32_t *era, uint64_t *epoch,
                                                              struct assay_slice *commitments);
void assay_block_pull_encode(uint32_t era, uint64_t epoch, const uint8_t id[static 32],
                             struct assay_writer *w);
ASSAY_CHECKED enum assay_status assay_block_pull_decode(struct assay_slice payload, uint32_t *era,
                                                        uint64_t *epoch, uint8_t id[static 32]);

/* Shape of a finality proof up to its certificate, of which nothing is verified. Out: *certificate;
 * *tails: where assay_finality_link continues. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_finality_open(struct assay_slice proof,
                                                    struct assay_vote_certificate *certificate,
                                                    struct assay_cursor *tails);
/*
 * assay_finality_link - the headers of tails that lead from the certified block to its E.
 * In:      statement: of the certificate
 * Out:     final_id: E; written on ASSAY_OK only
 * Returns: ASSAY_OK | ASSAY_E_FULL (more than tails_max headers) | ASSAY_E_INVALID (a header that
 *          is no tail of that epoch, or not linked) | other INPUT statuses
 */
ASSAY_CHECKED enum assay_status assay_finality_link(struct assay_cursor tails, uint32_t tails_max,
                                                    const struct assay_vote_statement *statement,
                                                    uint8_t final_id[static 32]);
/*
 * assay_finality_verify - a finality proof with the table of its epoch.
 *
 * Out:     final_id: the proven block (E itself where a tail was finalised, which the tails'
 *          headers link to it); commitment: of the F certificate; both written on ASSAY_OK only
 * Returns: ASSAY_OK | ASSAY_E_CHAIN | ASSAY_E_SIGNATURE | ASSAY_E_INVALID | other INPUT statuses
 */
ASSAY_CHECKED enum assay_status assay_finality_verify(struct assay_slice proof,
                                                      const uint8_t chain_id[static 32],
                                                      uint32_t era, uint64_t epoch,
                                                      const struct assay_voter_table *voters,
                                                      uint8_t final_id[static 32],
                                                      uint8_t commitment[static 32]);

/* The same; with signatures false shape and weight alone, for who reads again what was verified
 * before. Returns: as assay_finality_verify */
ASSAY_CHECKED enum assay_status assay_finality_verify_payload(
    struct assay_slice proof, const uint8_t chain_id[static 32], uint32_t era, uint64_t epoch,
    const struct assay_voter_table *voters, bool signatures, uint8_t final_id[static 32],
    uint8_t commitment[static 32]);

/*
 * Leaders: smooth weighted round robin, ties to the smaller node id (leader.c).
 * counters[voters->count] are advanced by one step; leader(e,v) is the v-th output.
 * Returns: the leader's slot; the total weight must be > 0 (asserted).
 */
uint16_t assay_leader_next(const struct assay_voter_table *voters, int64_t *counters);

#endif
