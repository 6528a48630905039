/*
 * sim/adversary/twist.h - signed payloads modified in place: well formed, with another meaning and
 * the digest to sign.
 *
 * Lengths stay, because the engine has reserved the place of the signature. The payloads are the
 * node's own, fresh from its engine: decoding is asserted.
 */
#ifndef ASSAY_SIM_ADVERSARY_TWIST_H
#define ASSAY_SIM_ADVERSARY_TWIST_H

#include "sim/attack.h"

/* A BALLOT record: every outcome except the voter's own by the row's `vote` hook. */
void assay_twist_ballot(const struct assay_attack_scene *scene,
                        struct assay_attack_signing *signing);
/* A BALLOT record: of members that pass with their keys, those that `has` picks have every granted
 * name, and others none. Unchanged where no name is granted. */
void assay_twist_ballot_names(const struct assay_attack_scene *scene,
                              bool (*has)(const struct assay_attack_scene *scene, uint32_t slot),
                              struct assay_attack_signing *signing);
/* A BALLOT record over another roll. */
void assay_twist_ballot_roll(struct assay_attack_signing *signing);
/* A PROPOSAL that names another state root. */
void assay_twist_state_root(struct assay_attack_signing *signing);
/* A PROPOSAL whose ROLL, if it has one, names the wrong envelope for the slots that leave_out
 * picks: equivalent to none, as a digest cannot shrink to a null. */
void assay_twist_roll(const struct assay_attack_scene *scene,
                      bool (*leave_out)(const struct assay_attack_scene *scene, uint32_t slot),
                      struct assay_attack_signing *signing);
/* An ENVELOPE with one byte less than the evidence has, or another kind. */
void assay_twist_envelope_len(struct assay_attack_signing *signing);
void assay_twist_envelope_kind(struct assay_attack_signing *signing);

/* --- second messages together with a signed one, sent to all others */

/* An N for another block; other votes are unchanged. */
void assay_twist_second_vote(const struct assay_attack_scene *scene,
                             const struct assay_attack_signing *sent, assay_attack_send *send,
                             void *context);
/* A proposal a millisecond later in the same view, as valid as the first. */
void assay_twist_second_proposal(const struct assay_attack_scene *scene,
                                 const struct assay_attack_signing *sent, assay_attack_send *send,
                                 void *context);
/* An envelope of nonexistent evidence. */
void assay_twist_second_envelope(const struct assay_attack_scene *scene,
                                 const struct assay_attack_signing *sent, assay_attack_send *send,
                                 void *context);

/* --- payloads of others */

/* In: hostile bytes of a RECORD message. Out: *row, borrowed, and the voter's node id.
 * Returns: whether it is a ballot. */
bool assay_twist_ballot_row(struct assay_slice payload, struct assay_slice *row, uint64_t *epoch,
                            uint8_t node_id[static 32]);
/* Returns: whether a RECORD message is the node's own ballot; those of others are relayed as
 * usual. */
bool assay_twist_own_ballot(const struct assay_attack_scene *scene, struct assay_slice payload);

#endif
