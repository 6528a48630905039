/*
 * apps/assay/bridge/bridge.h - options of `assay bridge`, shared by the files that implement it:
 *
 *   bridge.c        options, a new bridge, its keys
 *   bridge_sign.c   certificates, tokens and attestation results, after verification
 *   bridge_trust.c  the network's keys and a member's standing: of a file, or proven
 */
#ifndef ASSAY_APPS_ASSAY_BRIDGE_BRIDGE_H
#define ASSAY_APPS_ASSAY_BRIDGE_BRIDGE_H

#include "apps/assay/bridge/bridge_folder.h"
#include "apps/assay/identity/identity_source.h"
#include "apps/assay/proofs/proof.h"

struct cli_bridge_options {
    const char *command; /* prefix of errors */
    const char *dir, *out;
    /* --- a new one */
    const char *name, *algorithm, *chain, *domain, *issuer;
    uint64_t days;
    /* --- what is verified */
    const char *word; /* the file */
    struct cli_identity_node node;
    const char *checkpoint, *proof, *standing_proof, *ca, *jwks, *network_issuer, *policy;
    const char *audience, *service, *standing;
    struct assay_proof_time time;
    uint64_t validity_s;
    bool accepts_insecure;
    /* --- key sets */
    const char *discovery;
    const char *with[CLI_BRIDGE_KEYS_MAX - 1];
    size_t with_count;
    bool json;
};

/* Reports an error. Returns: exit */
__attribute__((format(printf, 3, 4))) int cli_bridge_fail(const struct cli_bridge_options *o,
                                                          int exit, const char *format, ...);
/* Loads --dir; reports what is wrong. Returns: an enum assay_exit; *bridge is freed by the caller
 * in any case */
int cli_bridge_load(const struct cli_bridge_options *o, struct cli_bridge *bridge);

/* --- bridge_sign.c. Each Returns: an enum assay_exit */
int cli_bridge_sign_certificate(const struct cli_bridge_options *o);
int cli_bridge_sign_token(const struct cli_bridge_options *o);
int cli_bridge_sign_ear(const struct cli_bridge_options *o);

/* --- bridge_trust.c */
/* What the source is verified by. Slices borrow from `bytes`. */
struct cli_bridge_trust {
    uint8_t *bytes; /* freed by the caller */
    struct assay_slice ca, jwks;
    char issuer[ASSAY_SVID_ISSUER_MAX + 1];
    bool is_proven;                       /* from --checkpoint; else of a file */
    struct assay_checkpoint from, newest; /* of a proven one: given, and of the proven epoch */
    int64_t trusted_until_s;              /* 0: no bound */
};
/* Of the checkpoint: its chain id is not that of the bridge. Returns: an enum assay_exit */
int cli_bridge_refuse_network(const struct cli_bridge_options *o, const uint8_t found[static 32],
                              const uint8_t expected[static 32]);
/* In: is_token: keys of tokens, else CA certificates. Returns: an enum assay_exit */
int cli_bridge_trust_load(const struct cli_bridge_options *o, const struct cli_bridge *bridge,
                          bool is_token, struct cli_bridge_trust *trust);
/* The time of the verification, Unix seconds. */
int64_t cli_bridge_now(const struct cli_bridge_options *o);
/*
 * cli_bridge_trust_member - the standing of a member, of --standing-proof or of the node, verified
 * from the checkpoint.
 * Out:     *found: false: neither a file nor a node was named, and nothing is proven
 *          trust->trusted_until_s ends with the proof
 * Returns: an enum assay_exit
 */
int cli_bridge_trust_member(const struct cli_bridge_options *o, const uint8_t node_id[static 32],
                            struct cli_bridge_trust *trust, struct assay_proven_state *proven,
                            bool *found);

#endif
