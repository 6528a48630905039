/*
 * tests/unit/services/identity/boundary_maker.h - boundaries of epochs with finality proofs, for
 * documents of a registry: a chain of voters with keys of the test.
 */
#ifndef ASSAY_TESTS_UNIT_SERVICES_IDENTITY_BOUNDARY_MAKER_H
#define ASSAY_TESTS_UNIT_SERVICES_IDENTITY_BOUNDARY_MAKER_H

#include "engine/ledger/proofs/checkpoint.h"
#include "net/services/wire.h"

enum { MAKER_VOTERS = 4, MAKER_PROOF_LEN = 16 * 1024 };
/* Of genesis, Unix ms; each epoch is a second later. */
#define MAKER_TIME_MS UINT64_C(1795855000000) /* 2026-11-28 */

struct boundary_maker;

/* In: seed: of the voters' keys. Epoch 0 of era 1 is closed. */
struct boundary_maker *boundary_maker_new(const uint8_t chain_id[static 32], uint8_t seed);
void boundary_maker_free(struct boundary_maker *maker);
/* The checkpoint of epoch 0. */
void boundary_maker_checkpoint(const struct boundary_maker *maker,
                               struct assay_checkpoint *checkpoint);
/* The next epoch closes with the documents of this registry. In: voters: so many sign */
void boundary_maker_close(struct boundary_maker *maker, const struct assay_registry *registry,
                          bool certified, uint32_t voters);
/* The next epochs close so much later. */
void boundary_maker_pass(struct boundary_maker *maker, uint64_t ms);
/* A member as the next close leaves it. */
struct assay_member *boundary_maker_member(struct boundary_maker *maker, uint32_t slot);
/* The proof of a member's standing after the newest close; bare: without votes. Out: bytes, of
 * MAKER_PROOF_LEN. Returns: the proof in them */
struct assay_slice boundary_maker_proof(const struct boundary_maker *maker, uint32_t slot,
                                        bool bare, uint8_t *bytes);
/* The state after the newest close, as a fold has it. Out: *header: of the block that closed it. */
const struct assay_state *boundary_maker_state(struct boundary_maker *maker,
                                               struct assay_slice *header);
/* The answer to a PROVE; empty: it is not closed yet. */
void boundary_maker_answer(const struct boundary_maker *maker,
                           const struct assay_service_message *m,
                           struct assay_service_message *answer);

#endif
