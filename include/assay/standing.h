/*
 * include/assay/standing.h - libassay-standing: proofs of the standing of a network's members.
 *
 * A library of its own: it needs cryptography, and nothing of evidence, policies or JSON.
 */
#ifndef ASSAY_STANDING_H
#define ASSAY_STANDING_H

#include <assay/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- what a network says of a member (docs/proofs.md) */

#ifndef ASSAY_ENGINE_LEDGER_PROOFS_PROOF_H /* INTERNAL */
/* Whether a proof is accepted, or why not. */
enum assay_proof_answer {
    ASSAY_PROVEN = 0,
    ASSAY_PROOF_OTHER_CHAIN = 1,   /* of another chain than the checkpoint */
    ASSAY_PROOF_OLDER = 2,         /* of an epoch before the checkpoint */
    ASSAY_PROOF_OTHER_BLOCK = 3,   /* not the block that the checkpoint or the votes name */
    ASSAY_PROOF_OTHER_VOTERS = 4,  /* not those of the checkpoint: forged, or they have changed */
    ASSAY_PROOF_NO_QUORUM = 5,     /* too little weight, or no final vote */
    ASSAY_PROOF_BAD_SIGNATURE = 6, /* of a voter */
    ASSAY_PROOF_OTHER_LEAF = 7,    /* not a leaf of the block's state */
    ASSAY_PROOF_TOO_OLD = 8,       /* its block is older than is accepted */
    ASSAY_PROOF_AHEAD = 9,         /* its block is later than the clock, by more than 10 minutes */
    ASSAY_PROOF_EXPIRED = 10,      /* the checkpoint's trusting period is over */
    ASSAY_PROOF_AGE_UNKNOWN = 11,  /* there is no clock, or one that is before the checkpoint */
    ASSAY_PROOF_OTHER_ERA = 12     /* operators began an era between it and the checkpoint */
};

/* What the network found in the proof's epoch. */
enum assay_proof_outcome {
    ASSAY_PROOF_OUTCOME_PASS = 0,     /* more than two thirds saw it pass */
    ASSAY_PROOF_OUTCOME_FAILED = 1,   /* its own evidence, or an offence of its own, is proven */
    ASSAY_PROOF_OUTCOME_ABSENT = 2,   /* more than two thirds had nothing of it */
    ASSAY_PROOF_OUTCOME_UNSETTLED = 3 /* neither: too few could say */
};
#endif /* INTERNAL */

/* What its operators decided of a member. */
enum assay_member_stage { ASSAY_MEMBER_SERVES = 0, ASSAY_MEMBER_RESTS = 1, ASSAY_MEMBER_LEFT = 2 };

enum { ASSAY_CHECKPOINT_BYTES_MAX = 192, ASSAY_PROOF_BYTES_MAX = 262144 };

/* Everything but `answer` is zero unless that is ASSAY_PROVEN or ASSAY_PROOF_AGE_UNKNOWN. */
struct assay_standing_report {
    size_t size;
    enum assay_proof_answer answer;
    uint8_t node_id[32]; /* compare it with the member that you mean */
    /* SUSPENDED of one that left or rests, whatever its score; at least RESTRICTED of one in
     * maintenance. */
    enum assay_standing standing;
    enum assay_member_stage stage;
    uint64_t stage_epoch;                             /* since when; 0: from the beginning */
    uint16_t score_bp, integrity_bp, availability_bp; /* basis points */
    enum assay_proof_outcome outcome;
    uint64_t pass_weight, negative_weight, electorate_weight;
    bool certified;           /* the epoch: enough ballots were counted */
    uint64_t last_pass_epoch; /* newest certified pass; 0: never */
    uint32_t incarnation;
    uint32_t weight; /* of its votes in the next epoch */
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;
    uint64_t time_ms; /* Unix ms: when that epoch closed, by the chain's time */
    /* Unix ms: rely on it no longer than this: the lesser of time_ms + max_age_s and the end of the
     * checkpoint's trusting period. */
    uint64_t expires_ms;
    uint8_t block_id[32];
    uint8_t policy_digest[32]; /* what it was judged by */
    /* The checkpoint that this proof is: keep it in place of the one that you had. Only of
     * ASSAY_PROVEN: otherwise checkpoint_len is 0, and the one that you had stays. */
    uint8_t checkpoint[ASSAY_CHECKPOINT_BYTES_MAX];
    size_t checkpoint_len;
};

/*
 * assay_standing_verify - is this what the network that the checkpoint names says?
 *
 * In:      proof: what `assay proof` wrote, hostile; checkpoint: what `assay checkpoint` wrote, or
 *          a report's, trusted. now_ms: Unix ms of your clock, 0 where there is none (then the
 *          answer is ASSAY_PROOF_AGE_UNKNOWN at best); max_age_s: how old the proof's block may
 *          be, 0 for 24 hours
 * Out:     *report, overwritten; its size must be set
 * Returns: ASSAY_OK (see report->answer) | ASSAY_E_INVALID (NULL, size; a proof that contradicts
 *          itself) | ASSAY_E_TRUNCATED, _TRAILING, _RANGE, _UNSUPPORTED, _ENCODING, _TYPE (one of
 *          the two cannot be read) | ASSAY_E_KEY (a voter's) | ASSAY_E_CRYPTO
 * Cost:    one signature for each vote, some 70 us each
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_standing_verify(
    const uint8_t *proof, size_t proof_len, const uint8_t *checkpoint, size_t checkpoint_len,
    uint64_t now_ms, uint32_t max_age_s, struct assay_standing_report *report);
/* --- keys of TLS peers, without a certificate authority (docs/identity.md 10) */

#ifndef ASSAY_ENGINE_LEDGER_PROOFS_KEY_PROOF_H /* INTERNAL */
/* In the order of the checks; the first one that fails is the answer. */
enum assay_key_answer {
    ASSAY_KEY_NOT_READ = 0,
    ASSAY_KEY_ACTIVE = 1,
    ASSAY_KEY_OTHER_PROOF = 2,  /* the proof of standing is not accepted: see the report's answer */
    ASSAY_KEY_OTHER_MEMBER = 3, /* than the one expected */
    ASSAY_KEY_NOT_SERVING = 4,  /* the member is drained, or left */
    ASSAY_KEY_UNBOUND = 5,      /* its newest certified PASS bound no keys */
    ASSAY_KEY_OLD = 6,          /* no certified PASS for more than 3 epochs */
    ASSAY_KEY_MAINTENANCE = 7,  /* the member announced that it is absent */
    ASSAY_KEY_LOW_STANDING = 8,
    ASSAY_KEY_OTHER_LIST = 9, /* a list does not have the root that is proven: forged, or older */
    ASSAY_KEY_NOT_LISTED = 10,
    ASSAY_KEY_OTHER_USE = 11, /* listed for another purpose than TLS */
    ASSAY_KEY_OTHER_NAME = 12,
    ASSAY_KEY_WITHDRAWN = 13 /* the newest declared list lacks it */
};
#endif /* INTERNAL */

enum { ASSAY_KEY_PROOF_BYTES_MAX = ASSAY_PROOF_BYTES_MAX + 16384 };

/* What you accept. */
struct assay_key_request {
    size_t size;
    /* Of the peer's key: a proof of standing and lists of keys; hostile. Bytes of the extension
     * 1.3.6.1.4.1.32473.17.2 of its certificate, or from elsewhere. */
    const uint8_t *proof;
    size_t proof_len;
    const uint8_t *checkpoint; /* as assay_standing_verify */
    size_t checkpoint_len;
    /* SubjectPublicKeyInfo (DER) of the certificate whose key the handshake proved. Whoever signed
     * the certificate, itself or a CA, and whatever else it states, decides nothing. */
    const uint8_t *key;
    size_t key_len;
    const uint8_t *node_id;             /* 32 bytes; NULL: any member, then compare the report's */
    const char *name;                   /* of the key, chosen by its member; NULL: any */
    enum assay_standing standing_worst; /* FULL, or WARNING; of worse members no key is active */
    uint64_t now_ms;                    /* Unix ms of your clock, which is needed */
    uint32_t max_age_s;                 /* of the proof's block, 1 s to 90 days: a key that is
                                         * withdrawn, or of a member that is suspended, is accepted
                                         * for so long */
};
/*
 * assay_standing_verify_key - is this the active key of a member of the network that the checkpoint
 * names? Verify the handshake, and call this in place of the verification of the chain. Turn the
 * resumption of sessions off: nothing is verified then. Of a key that another member has as well,
 * that one's standing is not looked at (docs/identity.md 10.6).
 * In:      request: bytes beyond the members that this version has must be zero
 * Out:     *answer, always: ASSAY_KEY_ACTIVE, or why the key must not be relied on;
 *          ASSAY_KEY_NOT_READ unless ASSAY_OK is returned
 *          *report, overwritten, as assay_standing_verify; its size must be set
 * Returns: as assay_standing_verify | ASSAY_E_UNSUPPORTED (members of a later version are used)
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_standing_verify_key(
    const struct assay_key_request *request, struct assay_standing_report *report,
    enum assay_key_answer *answer);
/* A sentence. Returns: never NULL. */
ASSAY_API const char *assay_describe_key(enum assay_key_answer answer);
/* "FULL", ...; "pass", ...; a sentence. Each Returns: never NULL. */
ASSAY_API const char *assay_name_of_standing(enum assay_standing standing);
ASSAY_API const char *assay_name_of_outcome(enum assay_proof_outcome outcome);
ASSAY_API const char *assay_describe_answer(enum assay_proof_answer answer);

#ifdef __cplusplus
}
#endif
#endif
