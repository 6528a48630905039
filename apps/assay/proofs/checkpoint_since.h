/*
 * apps/assay/proofs/checkpoint_since.h - `assay checkpoint --since`: a checkpoint advanced by
 * boundaries from any node, each verified here (docs/protocol.md 11.3.3: checkpoints).
 */
#ifndef ASSAY_APPS_ASSAY_PROOFS_CHECKPOINT_SINCE_H
#define ASSAY_APPS_ASSAY_PROOFS_CHECKPOINT_SINCE_H

#include "apps/assay/proofs/proof.h"
#include "engine/sync/boundary_chain.h"
#include "net/json/json.h"

struct assay_checkpoint_since {
    const char *command; /* prefix of errors; NULL: "assay checkpoint" */
    const char *socket;  /* or what `request` sends to, for errors */
    /* Sends a request line of the admin socket in another way; NULL: to the socket, or context. */
    enum assay_status (*request)(void *context, const char *line, struct assay_json **document);
    void *context;
    const struct assay_checkpoint *from;
    const struct assay_proof_time *time; /* options that gave now_ms and max_age_s */
    uint64_t now_ms;                     /* 0: no clock */
    uint32_t max_age_s;
};

struct assay_checkpoint_advanced {
    struct assay_checkpoint to;
    uint32_t crossing_count; /* RECOVERs that were followed */
    struct assay_boundary_crossing crossing;
};

/*
 * cli_checkpoint_advance - request boundaries, page by page, and verify each; reports errors on
 * stderr.
 *
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_CROSSED (the same, over a RECOVER) | ASSAY_EXIT_DENIED (not
 * trusted) | ASSAY_EXIT_AGE_UNKNOWN (no clock: nothing follows) | other exits of a daemon
 *          that cannot be asked. *carried: where it is one of the first two
 */
int cli_checkpoint_advance(const struct assay_checkpoint_since *since,
                           struct assay_checkpoint_advanced *carried);

#endif
