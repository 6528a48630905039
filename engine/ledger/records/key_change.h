/*
 * engine/ledger/records/key_change.h - statements by which new keys of operators and nodes accept
 * their place, and lists of operators with one key replaced (docs/protocol.md 9.6.7, 9.6.8).
 *
 *   OPERATOR_KEY  ["assay/operator-key/v1", chain_id, era, sequence, old operator id, new key]
 *   IDENTITY      ["assay/identity-key/v1", chain_id, era, sequence, node id,
 *                  SHA-256(key in force), new key]
 *
 * The new key signs SHA-256 of its statement, so no change lists a key that its owner does not have
 * or does not want to have listed in this place. No era has two changes of one number, so a
 * statement takes effect once at most, and in the change that it names.
 */
#ifndef ASSAY_ENGINE_LEDGER_RECORDS_KEY_CHANGE_H
#define ASSAY_ENGINE_LEDGER_RECORDS_KEY_CHANGE_H

#include "engine/ledger/state/genesis.h"

struct assay_action;
struct assay_change;
struct assay_member;

enum { ASSAY_KEY_STATEMENT_LEN_MAX = 256 };

/* Chain, era and sequence are those of the change. Returns: the statement, in bytes. */
struct assay_slice assay_operator_key_statement(
    const uint8_t chain_id[static 32], uint32_t era, uint64_t sequence,
    const uint8_t operator_id[static 32], const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
    uint8_t bytes[static ASSAY_KEY_STATEMENT_LEN_MAX]);
/* Chain, era and sequence are those of the change; in_force: the identity key that public_key
 * follows. Returns: the statement, in bytes. */
struct assay_slice assay_identity_statement(const uint8_t chain_id[static 32], uint32_t era,
                                            uint64_t sequence, const uint8_t node_id[static 32],
                                            const uint8_t in_force[static ASSAY_P256_PUBLIC_LEN],
                                            const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                                            uint8_t bytes[static ASSAY_KEY_STATEMENT_LEN_MAX]);
/* Did the key sign the statement? Returns: ASSAY_OK | ASSAY_E_SIGNATURE | ASSAY_E_KEY |
 * ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_record_check_key_statement(
    struct assay_slice statement, const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
    const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);
/* Has the new key of this OPERATOR_KEY or IDENTITY signed that it takes its place by this change?
 * member: of an IDENTITY, with the key that it replaces; else NULL. Returns: whether so. */
bool assay_change_key_agrees(const struct assay_change *change, const struct assay_action *action,
                             const struct assay_member *member);
/* Two operators' documents: is the later one the other with public_key in place of the key of
 * operator_id, and with another number, and nothing else? Returns: whether so. */
bool assay_operators_replace_key(struct assay_slice before, struct assay_slice after,
                                 const uint8_t operator_id[static 32],
                                 const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN]);

#endif
