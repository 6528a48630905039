/*
 * engine/parts/pending_proofs.h - pending proofs of FAIL and of offence E5, waiting for
 * evidence.
 */
#ifndef ASSAY_ENGINE_PARTS_PENDING_PROOFS_H
#define ASSAY_ENGINE_PARTS_PENDING_PROOFS_H

#include "engine/ledger/records/envelope.h"

#include "base/merkle.h"

struct assay_engine;

enum { ASSAY_PENDING_PROOFS_MAX = 32 }; /* proofs waiting for evidence bytes */

/* A record to be made as soon as the evidence is loaded. */
struct assay_pending_proofs {
    bool used;
    bool loading;
    bool contradiction; /* E5, else FAIL */
    uint32_t slot;      /* of the accused */
    uint32_t subject;
    uint64_t epoch;
    uint64_t at_ms; /* not before: those of low rank go first, the others only if they are silent */
    uint8_t evidence_digest[32];
    uint8_t envelope[ASSAY_ENVELOPE_LEN_MAX];
    size_t envelope_len;
    uint8_t *ballot; /* the BALLOT record, in memory of the engine */
    size_t ballot_len;
    uint8_t path[ASSAY_MERKLE_LEVELS][32];
    size_t path_len;
};

struct assay_pending_proofs_state {
    struct assay_pending_proofs all[ASSAY_PENDING_PROOFS_MAX];
    uint32_t used;
    size_t ballot_len_max; /* of the ballots in wants */
    uint8_t (*hashes)[32]; /* leaf hashes of a roll */
    /* Every ballot of this pool was compared with our judgements, unless one was made since. */
    uint64_t scanned_version, scanned_judgements;
};

/* The slot's evidence fails: a FAIL is to be made. */
void assay_pending_proofs_fail(struct assay_engine *e, uint32_t slot);
/* Compares ballots in the pool with our own appraisals; adds a pending E5 where they contradict. */
void assay_pending_proofs_scan(struct assay_engine *e);
/* Loads the evidence of proofs that are due. */
void assay_pending_proofs_tick(struct assay_engine *e);
/* Evidence was loaded: makes the proofs that waited for it. */
void assay_pending_proofs_on_loaded(struct assay_engine *e, const uint8_t digest[static 32],
                                    struct assay_slice bytes);
/* Aborts on wants that break an invariant. */
void assay_pending_proofs_check(const struct assay_engine *e);

#endif
