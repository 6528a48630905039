/*
 * apps/assay/identity/authority_source.h - the certificate authority of a network as a node shows
 * it, and proven from a checkpoint, for `assay ca` and `assay identity fetch` (docs/identity.md
 * 12).
 */
#ifndef ASSAY_APPS_ASSAY_IDENTITY_AUTHORITY_SOURCE_H
#define ASSAY_APPS_ASSAY_IDENTITY_AUTHORITY_SOURCE_H

#include "apps/assay/identity/identity_source.h"
#include "apps/assay/proofs/proof.h"
#include "net/services/identity/authority_proof.h"

/* Sends a request line of the admin socket: over HTTP where the node has an address of it, else to
 * the socket or context. A refusal is a document of schema assay.error, as of the socket. Returns:
 * as assay_client_request */
ASSAY_CHECKED enum assay_status cli_authority_request(const struct cli_identity_node *node,
                                                      const char *line,
                                                      struct assay_json **document);
/* The same; reports errors and refusals on stderr. Out: *document: freed by the caller; of
 * ASSAY_EXIT_OK alone. Returns: an enum assay_exit */
int cli_authority_get(const char *command, const struct cli_identity_node *node, const char *line,
                      struct assay_json **document);

enum { CLI_AUTHORITY_WHY_LEN = 512 };
/* What is to be proven. */
struct cli_authority_query {
    const char *command; /* prefix of errors */
    struct cli_identity_node node;
    const char *file; /* a CA proof in a file, and no node is requested; NULL: of the node */
    char *why;        /* [CLI_AUTHORITY_WHY_LEN] for the reason of a failure; NULL: it is printed */
    struct assay_checkpoint checkpoint; /* trusted */
    struct assay_proof_time time;
};

/* Slices borrow from `bytes`. */
struct cli_authority {
    uint8_t *bytes;
    struct assay_authority_proof proof;
    struct assay_authority_proven *proven;
    uint64_t expires_ms; /* until when it may be relied upon */
};

/*
 * cli_authority_prove - a CA proof, verified from the checkpoint. Where the voters have changed
 * since, the checkpoint is advanced over the boundaries that the node returns, each verified.
 * Reports why nothing is proven, on stderr or in query->why.
 * Out:     *authority: freed by the caller, also after a failure
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_DENIED (not trusted) | ASSAY_EXIT_AGE_UNKNOWN (the clock is
 *          before the checkpoint) | ASSAY_EXIT_MALFORMED | ASSAY_EXIT_NOT_FOUND (no authority, key
 *          or file) | other exits of a node that does not answer
 */
int cli_authority_prove(const struct cli_authority_query *query, struct cli_authority *authority);
void cli_authority_free(struct cli_authority *authority);

enum cli_authority_format {
    CLI_AUTHORITY_PEM,    /* CA certificates, the newest number last */
    CLI_AUTHORITY_SPIFFE, /* SPIFFE bundle */
    CLI_AUTHORITY_JWKS,   /* keys of tokens */
    CLI_AUTHORITY_CROSS,  /* certificates of numbers by the one before, PEM */
};
enum { CLI_AUTHORITY_BUNDLE_MAX = 32 * 1024 };
/* The number that signs, or the next one unless it is new, if the proof leaves its certificate out:
 * relying parties would refuse what it signs. Returns: NULL: both are there */
const struct assay_authority_number *cli_authority_lacking(
    const struct assay_authority_proven *proven);
/* Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (the proof lacks a certificate) | ASSAY_E_FULL | as
 * services/identity/product.h */
ASSAY_CHECKED enum assay_status cli_authority_encode(const struct assay_authority_proven *proven,
                                                     enum cli_authority_format format,
                                                     uint8_t *bytes, size_t capacity,
                                                     struct assay_slice *out);

#endif
