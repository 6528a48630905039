/*
 * sim/attack.h - what an adversary does, one row of a table for each attack.
 *
 * Each attack is one file of sim/adversary/ and serves both fidelities: the hooks that ask what
 * evidence, ballot or clock a node has are asked by both; those about messages by the message world
 * alone. A hook is a function of what it is given and of random numbers of its own key: it keeps
 * nothing between calls. NULL: the attack leaves that alone.
 */
#ifndef ASSAY_SIM_ATTACK_H
#define ASSAY_SIM_ATTACK_H

#include "engine/engine.h"
#include "sim/scenario.h"

/* What the evidence of one node in one epoch is worth, and whether it is right about it. */
enum assay_sim_evidence {
    ASSAY_SIM_EVIDENCE_GOOD = 0,
    ASSAY_SIM_EVIDENCE_NONE = 1,      /* nothing comes */
    ASSAY_SIM_EVIDENCE_HARD = 2,      /* fails hard */
    ASSAY_SIM_EVIDENCE_SOFTLY = 3,    /* fails soft */
    ASSAY_SIM_EVIDENCE_FIRST = 4,     /* the first quote ever made: not for this epoch */
    ASSAY_SIM_EVIDENCE_ELSEWHERE = 5, /* genuine, from another platform */
    ASSAY_SIM_EVIDENCE_FORGED = 6,    /* passes, though the node is compromised: an extracted key */
    ASSAY_SIM_EVIDENCE_HALF = 7,      /* good, but only the lower half of the roster gets it */
};

/* What a hook may know. */
struct assay_attack_view {
    const struct assay_scenario *scenario;
    const struct assay_sim_adversary *adversary; /* its own row */
    const uint8_t *cohort_of;                    /* [nodes] */
    uint64_t seed;
    uint64_t epoch; /* running */
    uint32_t node;  /* who does it */
};

/* A message that an adversary's node is about to sign; payload may be changed in place, digest is
 * then set to what the new bytes are signed over. Lengths stay. */
struct assay_attack_signing {
    enum assay_message_kind message;
    enum assay_store_class class_;
    uint8_t *payload;
    size_t payload_len;
    uint8_t *digest; /* [32] */
};

/* Sends one more message of the node's own, signed with its key where sign_at is not SIZE_MAX. */
typedef void assay_attack_send(void *context, uint32_t to, enum assay_message_kind kind,
                               uint8_t *payload, size_t len, const uint8_t *digest, size_t sign_at);

struct assay_attack {
    enum assay_sim_attack attack;
    /* Both fidelities. */
    enum assay_sim_evidence (*evidence)(const struct assay_attack_view *view);
    /* What the node's ballot says about a subject that it would honestly call `honest`. */
    enum assay_outcome (*vote)(const struct assay_attack_view *view, uint32_t subject,
                               enum assay_outcome honest);
    bool (*ballots)(const struct assay_attack_view *view); /* false: no ballot */
    /* Epoch fidelity: does its leader leave out this voter's ballot? */
    bool (*censors)(const struct assay_attack_view *view, uint32_t voter);
    /* Epoch fidelity: is it convicted of equivocation in this epoch? */
    bool (*convicted)(const struct assay_attack_view *view);
    int64_t (*clock_ms)(const struct assay_attack_view *view); /* added to its clock */
    /* Message fidelity. */
    void (*sign)(const struct assay_attack_view *view, struct assay_attack_signing *signing);
    void (*sent)(const struct assay_attack_view *view, const struct assay_attack_signing *sent,
                 assay_attack_send *send, void *context);
    /* Does this message of the node go to that slot at all? */
    bool (*passes)(const struct assay_attack_view *view, uint32_t to, enum assay_message_kind kind,
                   struct assay_slice payload);
    uint32_t (*delay_ms)(const struct assay_attack_view *view, enum assay_message_kind kind);
};

/* Returns: the row of an attack; never NULL for one of the list (asserted). */
const struct assay_attack *assay_attack_of(enum assay_sim_attack attack);
/* Returns: whether an adversary acts in this epoch: start, stop, on and off, rate. */
bool assay_attack_active(const struct assay_attack_view *view);
/* The evidence of a node under all adversaries of the scenario. Returns: GOOD when none acts. */
enum assay_sim_evidence assay_attack_evidence(const struct assay_scenario *scenario,
                                              const uint8_t *cohort_of, uint64_t seed,
                                              uint64_t epoch, uint32_t node);
/* Returns: true when some adversary of the scenario is of this node's cohort, active or not. */
bool assay_attack_byzantine(const struct assay_scenario *scenario, const uint8_t *cohort_of,
                            uint32_t node);

#endif
