/*
 * sim/attack.h - attacks of adversaries, one row of a table for each.
 *
 * Each attack is one file of sim/adversary/ and serves both fidelities: both call the hooks about
 * evidence, ballot or clock of a node; only the message world calls those about messages. A hook is
 * a function of its arguments and of random numbers of its own key: it has no state. NULL: the
 * attack changes nothing there.
 *
 * Worlds do not iterate over the rows themselves: assay_attack_acts_find returns the rows that act
 * for a node in an epoch, and the assay_attack_acts_* functions combine their hooks.
 *
 * Conviction (docs/protocol.md 5.23, 7.4) needs no hook of its own: E5 follows from a ballot and
 * the evidence (assay_attack_falsehood), a false FAIL without a FAIL record included; `convicted`
 * covers the proofs that ballots do not show: E1..E4 and E8.
 */
#ifndef ASSAY_SIM_ATTACK_H
#define ASSAY_SIM_ATTACK_H

#include "engine/engine.h"
#include "engine/ledger/records/record.h"
#include "sim/scenario/scenario.h"

/* The value of a node's evidence in one epoch. */
enum assay_sim_evidence {
    ASSAY_SIM_EVIDENCE_GOOD = 0,
    ASSAY_SIM_EVIDENCE_NONE = 1,      /* no evidence */
    ASSAY_SIM_EVIDENCE_HARD = 2,      /* fails hard */
    ASSAY_SIM_EVIDENCE_SOFTLY = 3,    /* fails soft */
    ASSAY_SIM_EVIDENCE_FIRST = 4,     /* the first quote ever: not for this epoch */
    ASSAY_SIM_EVIDENCE_ELSEWHERE = 5, /* genuine, from another platform than the roster's */
    ASSAY_SIM_EVIDENCE_FORGED = 6,    /* passes, though the node is compromised: an extracted key */
    ASSAY_SIM_EVIDENCE_HALF =
        7, /* valid, but only sent to the lower half of the roster; others can pull it */
    ASSAY_SIM_EVIDENCE_UNJUDGED = 8, /* not judgeable: a certificate that is out of date */
    ASSAY_SIM_EVIDENCE_HELD = 9, /* as UNJUDGED: its vendor's collateral has expired; no attack */
};

/* What a holder of the group key does wrongly (docs/identity.md 3.9). Bits. */
enum assay_misdeal {
    ASSAY_MISDEAL_VALUE = 1,   /* one value of its dealing is wrong */
    ASSAY_MISDEAL_POINT = 2,   /* one commitment is no point */
    ASSAY_MISDEAL_ACCUSES = 4, /* another, of a right value */
    ASSAY_MISDEAL_HAVE = 8,    /* it vouches for another table */
    ASSAY_MISDEAL_SILENT = 16, /* after its offer */
    /* In signing sessions (docs/identity.md 4): */
    ASSAY_MISSIGN_ANSWER = 32,    /* its answers are wrong */
    ASSAY_MISSIGN_SILENT = 64,    /* it answers nothing */
    ASSAY_MISSIGN_LISTS = 128,    /* as coordinator: several lists in a session, old messages */
    ASSAY_MISSIGN_FOREIGN = 256,  /* as coordinator: texts that no certified state has */
    ASSAY_MISSIGN_RESTORES = 512, /* its host restores the signer's memory */
    ASSAY_MISDEAL_COPIES = 1024,  /* its dealing has R of another's, and the proof of that R */
};

/* Sends one more message of the node's own, signed with its voting key over digest where sign_at is
 * not SIZE_MAX: the 64 bytes from there on are its signature. The payload is copied. */
typedef void assay_attack_send(void *context, uint32_t to, enum assay_message_kind kind,
                               const uint8_t *payload, size_t len, const uint8_t *digest,
                               size_t sign_at);

/* What the host of an adversary's node received and stores in the running epoch (message fidelity).
 * Slices are valid until the hook returns; len 0: none. */
struct assay_attack_host {
    void *context;
    /* The first ENVELOPE payload of a slot, its own included. */
    struct assay_slice (*envelope)(void *context, uint32_t slot);
    /* The bytes of a stored piece of evidence. */
    struct assay_slice (*evidence)(void *context, const uint8_t digest[static 32]);
    /* An earlier received message, of any epoch, chosen by number. len 0: none. Out: *kind. */
    struct assay_slice (*received)(void *context, uint64_t number, enum assay_message_kind *kind);
    /* Signs with the node's identity key; the voting key signs what is sent (assay_attack_send). */
    void (*identity)(void *context, const uint8_t digest[static 32],
                     uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);
};

/* Input of a hook. Worlds fill in what is before the line; the rest is optional. */
struct assay_attack_scene {
    const struct assay_scenario *scenario;
    const struct assay_sim_adversary *adversary; /* its own row; acts_find fills it in */
    const uint8_t *cohort_of;                    /* [nodes] */
    uint64_t seed;
    uint64_t epoch; /* running */
    uint32_t node;  /* the adversary's node */
    /* --- */
    uint32_t members; /* slots of the roster in this epoch; 0: scenario->nodes */
    bool no_vote;     /* it has no seat in this epoch: its votes and proposals are ignored */
    /* COPY_VOTES: the row of the first received ballot of another; NULL: none yet. */
    const uint8_t *first_row;
    const uint8_t (*node_ids)[32];        /* [nodes], message fidelity; NULL: unknown */
    const struct assay_attack_host *host; /* message fidelity; NULL: none */
};

/* A message that an adversary's node is about to sign; payload may be changed in place, digest is
 * then set to the digest to sign. Lengths stay. */
struct assay_attack_signing {
    enum assay_message_kind message;
    enum assay_store_class class_;
    uint8_t *payload;
    size_t payload_len;
    uint8_t *digest; /* [32] */
};

struct assay_attack {
    enum assay_sim_attack attack;
    /* --- both fidelities */
    enum assay_sim_evidence (*evidence)(const struct assay_attack_scene *scene);
    /* The node's vote on a subject for which `honest` would be the honest outcome. */
    enum assay_outcome (*vote)(const struct assay_attack_scene *scene, uint32_t subject,
                               enum assay_outcome honest);
    bool (*ballots)(const struct assay_attack_scene *scene); /* false: no ballot */
    /* false: verifies no evidence of others: its engine gets no VERDICT to a FETCH */
    bool (*verifies)(const struct assay_attack_scene *scene);
    int64_t (*clock_ms)(const struct assay_attack_scene *scene); /* added to its clock */
    /* Its messages are sent that much later. */
    uint32_t (*delay_ms)(const struct assay_attack_scene *scene, enum assay_message_kind kind);
    /* Not 0: at the start of this epoch, before it sends anything, it restarts from its disk image
     * of as many epochs ago. */
    uint32_t (*rolls_back)(const struct assay_attack_scene *scene);
    /* The adversary's network: whether a message of `from` reaches `to`. Called for all messages;
     * scene->node is 0. */
    bool (*carries)(const struct assay_attack_scene *scene, uint32_t from, uint32_t to);
    /* --- epoch fidelity */
    /* Whether its leader omits this voter's ballot. */
    bool (*censors)(const struct assay_attack_scene *scene, uint32_t voter);
    /* Whether it is convicted of equivocation (E1..E4, E8) in this epoch. A proof strikes an
     * incarnation once: the caller records that. */
    bool (*convicted)(const struct assay_attack_scene *scene);
    /* --- message fidelity */
    /* What its holder of the group key does wrongly: bits of enum assay_misdeal. */
    unsigned (*holder)(const struct assay_attack_scene *scene);
    void (*sign)(const struct assay_attack_scene *scene, struct assay_attack_signing *signing);
    void (*sent)(const struct assay_attack_scene *scene, const struct assay_attack_signing *sent,
                 assay_attack_send *send, void *context);
    /* Whether this message of the node is sent to that slot. */
    bool (*passes)(const struct assay_attack_scene *scene, uint32_t to,
                   enum assay_message_kind kind, struct assay_slice payload);
    /* Whether its engine receives this message of another. */
    bool (*takes)(const struct assay_attack_scene *scene, enum assay_message_kind kind,
                  struct assay_slice payload);
};

/* Returns: the row of an attack; never NULL for one of the list (asserted). */
const struct assay_attack *assay_attack_of(enum assay_sim_attack attack);
/* Returns: whether an adversary acts in this epoch: start, stop, on and off, rate. */
bool assay_attack_active(const struct assay_attack_scene *scene);
/* Returns: true when an adversary of the scenario is of this node's cohort, active or not. */
bool assay_attack_byzantine(const struct assay_scenario *scenario, const uint8_t *cohort_of,
                            uint32_t node);
/* The evidence of a node under all adversaries of the scenario. Returns: GOOD when none acts. */
enum assay_sim_evidence assay_attack_evidence(const struct assay_scenario *scenario,
                                              const uint8_t *cohort_of, uint64_t seed,
                                              uint64_t epoch, uint32_t node);
/* Returns: whether every adversary on the path lets messages of `from` reach `to`. */
bool assay_attack_carries(const struct assay_scenario *scenario, const uint8_t *cohort_of,
                          uint64_t seed, uint64_t epoch, uint32_t from, uint32_t to);

/* --- outcomes of evidence for an honest voter (docs/protocol.md 3.4 to 3.9) */

/* Returns: the outcome of an honest voter that could get it: ABSENT for evidence not of this epoch,
 * FAIL hard for another platform, PASS for an extracted key, which is undetectable. */
enum assay_outcome assay_attack_honest_outcome(enum assay_sim_evidence evidence);
/*
 * Returns: the falsehood of a ballot with the vote `said` about it, by E5 (docs/protocol.md 5.23,
 * 7.4): PASS on evidence that fails or is for something else, FAIL on evidence that passes; NONE
 * without evidence: without an envelope nothing is proven.
 */
enum assay_falsehood assay_attack_falsehood(enum assay_sim_evidence evidence,
                                            enum assay_outcome said);
/* Returns: true where the node is not in its claimed state, detectable or not. */
bool assay_attack_bad(enum assay_sim_evidence evidence);

/* --- the combined acts for one node in one epoch */

struct assay_attack_acts {
    uint32_t count; /* 0: it behaves as an honest node */
    const struct assay_attack *rows[ASSAY_SIM_ADVERSARIES_MAX];
    struct assay_attack_scene views[ASSAY_SIM_ADVERSARIES_MAX];
};

/* about: everything except adversary. The rows are in the order of the scenario. */
void assay_attack_acts_find(const struct assay_attack_scene *about, struct assay_attack_acts *acts);
/* Returns: the first that is not GOOD, GOOD when there is none. */
enum assay_sim_evidence assay_attack_acts_evidence(const struct assay_attack_acts *acts);
/* Each row's hook gets the result of the one before. Returns: the vote of the ballot. */
enum assay_outcome assay_attack_acts_vote(const struct assay_attack_acts *acts, uint32_t subject,
                                          enum assay_outcome honest);
/* Returns: whether a row has a `vote` (otherwise ballots are honest). */
bool assay_attack_acts_votes(const struct assay_attack_acts *acts);
/* Returns: false when a row returns false. */
bool assay_attack_acts_ballots(const struct assay_attack_acts *acts);
/* Returns: the bits of all rows. */
unsigned assay_attack_acts_holder(const struct assay_attack_acts *acts);
bool assay_attack_acts_verifies(const struct assay_attack_acts *acts);
bool assay_attack_acts_passes(const struct assay_attack_acts *acts, uint32_t to,
                              enum assay_message_kind kind, struct assay_slice payload);
bool assay_attack_acts_takes(const struct assay_attack_acts *acts, enum assay_message_kind kind,
                             struct assay_slice payload);
/* Returns: true when a row returns true. */
bool assay_attack_acts_censors(const struct assay_attack_acts *acts, uint32_t voter);
bool assay_attack_acts_convicted(const struct assay_attack_acts *acts);
/* Returns: the sum, and the largest. */
int64_t assay_attack_acts_clock_ms(const struct assay_attack_acts *acts);
uint32_t assay_attack_acts_delay_ms(const struct assay_attack_acts *acts,
                                    enum assay_message_kind kind);
/* Returns: the largest; 0: it does not restart by itself. */
uint32_t assay_attack_acts_rolls_back(const struct assay_attack_acts *acts);
/* Each row in turn. */
void assay_attack_acts_sign(const struct assay_attack_acts *acts,
                            struct assay_attack_signing *signing);
void assay_attack_acts_sent(const struct assay_attack_acts *acts,
                            const struct assay_attack_signing *sent, assay_attack_send *send,
                            void *context);

#endif
