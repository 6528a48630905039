/*
 * engine/ledger/records/key_change.h - statements by which new keys of operators and nodes accept
 * their place, and the checks of both actions of a CHANGE (docs/protocol.md 9.6.7, 9.6.8).
 *
 *   OPERATOR_KEY  ["assay/operator-key/v1", chain_id, era, sequence, old operator id, new key]
 *   IDENTITY      ["assay/identity-key/v1", chain_id, node id, SHA-256(key in force), new key]
 *
 * The new key signs SHA-256 of its statement, so no change lists a key that its owner does not have
 * or does not want to have listed in this place.
 */
#ifndef ASSAY_ENGINE_LEDGER_RECORDS_KEY_CHANGE_H
#define ASSAY_ENGINE_LEDGER_RECORDS_KEY_CHANGE_H

#include "engine/ledger/records/change.h"

enum { ASSAY_KEY_STATEMENT_LEN_MAX = 256 };

/* Of chain, era and sequence of the change alone. Returns: the statement, in bytes. */
struct assay_slice assay_operator_key_statement(
    const struct assay_change *change, const uint8_t operator_id[static 32],
    const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
    uint8_t bytes[static ASSAY_KEY_STATEMENT_LEN_MAX]);
/* in_force: the identity key that public_key follows. Returns: the statement, in bytes. */
struct assay_slice assay_identity_statement(const uint8_t chain_id[static 32],
                                            const uint8_t node_id[static 32],
                                            const uint8_t in_force[static ASSAY_P256_PUBLIC_LEN],
                                            const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                                            uint8_t bytes[static ASSAY_KEY_STATEMENT_LEN_MAX]);
/*
 * assay_operator_key_check - is the action's document the one in force, with the new key in place
 * of the old one and nothing else changed, and did the new key sign?
 * In:      operators: in force; the action's operator is one of them
 * Returns: ASSAY_OK | ASSAY_E_INVALID | ASSAY_E_SIGNATURE | ASSAY_E_KEY, and *why
 */
ASSAY_CHECKED enum assay_status assay_operator_key_check(const struct assay_change *change,
                                                         const struct assay_action *action,
                                                         struct assay_slice operators,
                                                         const char **why);
/* Did the new key of the action sign that it follows in_force? Returns: ASSAY_OK |
 * ASSAY_E_SIGNATURE | ASSAY_E_KEY */
ASSAY_CHECKED enum assay_status assay_identity_check(
    const uint8_t chain_id[static 32], const uint8_t in_force[static ASSAY_P256_PUBLIC_LEN],
    const struct assay_action *action);

#endif
