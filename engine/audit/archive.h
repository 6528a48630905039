/*
 * engine/audit/archive.h - archive: one file from which a new store starts, verified without trust.
 *
 * docs/protocol.md 5.33. A state, what it names (changes that wait, documents), and the boundaries
 * that lead to it, with their finality proofs: no block, no evidence, and nothing of the node that
 * saved it: neither votes nor keys nor what it owes to its peers. Who begins with it is another
 * life: it has no log, so its keys must be new (net/runtime/runtime_keys.c).
 *
 * Canonical CBOR ["assay/archive/v1", chain_id, era, epoch, id, roster digest, first, base,
 * changes, boundaries, state, digest]:
 *
 *   epoch .. roster digest   the checkpoint (ledger/checkpoint.h) that the state is
 *   first, base      the boundaries begin after this epoch: 0 and empty: after genesis; else with
 *                    the state after it; it may be `epoch` itself, then base is empty, too
 *   changes          [* [epoch, decision]] as with a state that is told (past.h)
 *   boundaries       [* [boundary, finality proof]], of first + 1 to epoch
 *   digest           SHA-256 of every byte before it: damage is told from a lie
 */
#ifndef ASSAY_ENGINE_AUDIT_ARCHIVE_H
#define ASSAY_ENGINE_AUDIT_ARCHIVE_H

#include "engine/ledger/fold/fold.h"
#include "engine/ledger/proofs/checkpoint.h"
#include "engine/ledger/state/leaf.h"
#include "engine/store/store.h"

enum { ASSAY_ARCHIVE_LEN_MAX = 1 << 30 }; /* 400,000 epochs of 7 members, 160,000 of 100 */

/* Decoded: its shape alone. Slices borrow from the bytes. */
struct assay_archive {
    struct assay_checkpoint end;
    uint64_t first;
    struct assay_slice base, state;
    uint32_t change_count;
    uint64_t boundary_count;
    struct assay_cursor changes, boundaries;
};

/* Returns: ASSAY_OK | ASSAY_E_INVALID (also: its digest is another) |
 * other INPUT statuses */
ASSAY_CHECKED enum assay_status assay_archive_decode(struct assay_slice bytes,
                                                     struct assay_archive *archive);
/* The next of `changes`; of `boundaries`. The decoder has counted and read them.
 */
void assay_archive_next_change(struct assay_archive *archive, uint64_t *epoch,
                               struct assay_slice *record);
void assay_archive_next_boundary(struct assay_archive *archive, struct assay_slice *boundary,
                                 struct assay_slice *finality);

/* --- is it true? */

struct assay_archive_check {
    const struct assay_archive *archive;
    const struct assay_genesis *genesis;
    const struct assay_checkpoint *checkpoint; /* trusted; NULL: genesis alone is */
    void *memory;                              /* assay_archive_memory_len, aligned to 64 */
    /* After each boundary, to report progress. NULL: none. */
    void (*walked)(void *context, uint64_t epoch);
    void *context;
};

struct assay_archive_report {
    bool proven;              /* to its end: from the checkpoint, without one from genesis */
    uint64_t proven_from;     /* boundaries above this epoch are */
    uint64_t at;              /* epoch of the fault */
    struct assay_fault fault; /* fault.what NULL: none */
    struct assay_leaf_head state;
    uint32_t members, voters; /* after its end; voters have weight */
};

/* Returns: bytes of memory, a multiple of 64. */
size_t assay_archive_memory_len(void);
/*
 * assay_archive_verify - links, quorums, signatures, state roots, and that the state names nothing
 * that is neither here nor in the genesis.
 *
 * Out:     *report; without `proven` and without a fault nothing contradicts it, and nothing that
 *          is trusted leads to it: the checkpoint, without one genesis, is not on its way
 * Returns: ASSAY_OK | ASSAY_E_INVALID (report->fault) | ASSAY_E_KEY | ASSAY_E_CRYPTO |
 *          ASSAY_E_RANGE (genesis)
 */
ASSAY_CHECKED enum assay_status assay_archive_verify(const struct assay_archive_check *check,
                                                     struct assay_archive_report *report);

/* --- out of a store, and into one */

/* What there is to save. */
struct assay_archive_plan {
    uint32_t era;
    uint64_t first, epoch;
    enum assay_store_class base_class; /* of the state after `first`, where it is neither end */
    size_t len;                        /* at most so many bytes */
    size_t value_len;                  /* of the longest piece: so much scratch */
};

/* Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no epoch was closed) | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_archive_survey(struct assay_store *store,
                                                     struct assay_archive_plan *plan);
/* In: scratch[plan->value_len]. Returns: ASSAY_OK and the bytes in w | ASSAY_E_FULL |
 * ASSAY_E_NOT_FOUND (something went between survey and now) | ASSAY_E_STORE | INPUT statuses (a
 * state that cannot be read) */
ASSAY_CHECKED enum assay_status assay_archive_encode(struct assay_store *store,
                                                     const struct assay_archive_plan *plan,
                                                     void *scratch, size_t scratch_len,
                                                     struct assay_writer *w);
/* Puts what was proven, into the open batch; the caller commits. Returns: ASSAY_OK | ASSAY_E_STORE
 */
ASSAY_CHECKED enum assay_status assay_archive_unpack(const struct assay_archive *archive,
                                                     const struct assay_archive_report *report,
                                                     struct assay_store *store);

#endif
