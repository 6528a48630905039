/*
 * engine/ledger/rule.h - the rows of the record table: what each kind must fulfil (rule.c,
 * proof.c).
 *
 * check: on every branch, without a verdict. judge: with the finding about the evidence it carries.
 * Each Returns: as assay_record_check, assay_record_judge (record.h).
 */
#ifndef ASSAY_ENGINE_LEDGER_RULE_H
#define ASSAY_ENGINE_LEDGER_RULE_H

#include "engine/ledger/record.h"

/* Returns: as assay_record_check */
ASSAY_CHECKED enum assay_status assay_rule_check_roll(const struct assay_context *context,
                                                      struct assay_record *record);
/* Returns: as assay_record_check */
ASSAY_CHECKED enum assay_status assay_rule_check_ballot(const struct assay_context *context,
                                                        struct assay_record *record);
/* Returns: as assay_record_check */
ASSAY_CHECKED enum assay_status assay_rule_check_fail(const struct assay_context *context,
                                                      struct assay_record *record);
/* The finding as evidence that record->subject owed in record->epoch under record->envelope.
 * Out:     record->outcome; *own: whether the evidence is bound to this subject and epoch
 * Returns: ASSAY_OK | as assay_context_moment */
ASSAY_CHECKED enum assay_status assay_rule_judge_envelope(const struct assay_context *context,
                                                          const struct assay_finding *finding,
                                                          struct assay_record *record, bool *own);
/* Returns: as assay_record_judge */
ASSAY_CHECKED enum assay_status assay_rule_judge_fail(const struct assay_context *context,
                                                      const struct assay_finding *finding,
                                                      struct assay_record *record);
/* Returns: as assay_record_check */
ASSAY_CHECKED enum assay_status assay_rule_check_incarnate(const struct assay_context *context,
                                                           struct assay_record *record);
/* Returns: as assay_record_judge */
ASSAY_CHECKED enum assay_status assay_rule_judge_incarnate(const struct assay_context *context,
                                                           const struct assay_finding *finding,
                                                           struct assay_record *record);

/* Two ballots of one voter in one epoch are decided by order, so a ballot of a past epoch is only
 * good for proofs. Any epoch that the state remembers. Returns: as assay_record_check */
ASSAY_CHECKED enum assay_status assay_rule_ballot_signed(const struct assay_context *context,
                                                         struct assay_record *record,
                                                         uint32_t *slot);

/* The key of a proof names accused, number and place (epoch, view): another pair of messages that
 * convicts of the same is the same. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_proof_key(const struct assay_record *record,
                                                uint8_t key[static 32]);
/* said: the ballot's four bits; own: the evidence is bound to this subject and epoch.
 * Returns: what E5 convicts of, ASSAY_FALSE_NONE when the ballot may stand. */
enum assay_falsehood assay_proof_falsehood(uint8_t said, bool own, enum assay_outcome truth);
/* Returns: as assay_record_check */
ASSAY_CHECKED enum assay_status assay_proof_check_offence(const struct assay_context *context,
                                                          struct assay_record *record);
/* Returns: as assay_record_check */
ASSAY_CHECKED enum assay_status assay_proof_check_contradiction(const struct assay_context *context,
                                                                struct assay_record *record);
/* Returns: as assay_record_judge */
ASSAY_CHECKED enum assay_status assay_proof_judge_contradiction(const struct assay_context *context,
                                                                const struct assay_finding *finding,
                                                                struct assay_record *record);

#endif
