/*
 * tests/support/services/light_ledger.h - proofs for enclaves of a ledger of the tests
 * (service_ledger.h): voters of the test certify each close of one of its groups.
 */
#ifndef ASSAY_TESTS_SUPPORT_LIGHT_LEDGER_H
#define ASSAY_TESTS_SUPPORT_LIGHT_LEDGER_H

#include "engine/ledger/proofs/checkpoint.h"
#include "tests/support/services/service_ledger.h"

struct light_ledger;

/* Listens at path for enclaves, and closes an epoch. Returns: it; never NULL (asserted). */
struct light_ledger *light_ledger_open(struct service_ledger *ledger, uint32_t group,
                                       const char *path);
/* Before service_ledger_close. Accepts a pointer to NULL; sets it to NULL. */
void light_ledger_close(struct light_ledger **light);
/* The checkpoint of the newest closed epoch: what an owner trusts. */
void light_ledger_checkpoint(const struct light_ledger *light, struct assay_checkpoint *checkpoint);
/* What a node has for offline verifiers after the newest close: the proof of a member in
 * proof[LIGHT_LEDGER_PROOF_LEN], and the group. Returns: the proof; *group is borrowed */
enum { LIGHT_LEDGER_PROOF_LEN = 64 * 1024 };
struct assay_slice light_ledger_prove(const struct light_ledger *light, uint8_t *proof,
                                      const struct assay_cont_group **group);
/* What the daemon of enclaves changes of each answer: PROOF and ROWED. NULL: nothing. */
typedef void light_ledger_liar(void *context, struct assay_service_message *answer);
void light_ledger_lie(struct light_ledger *light, light_ledger_liar *liar, void *context);

#endif
