/*
 * apps/assay/proofs/proof_policy.c - profile of the policy under which a proven member was
 * appraised.
 *
 * A proof has only the digest of the policy. A policy file or a genesis with that digest shows
 * whether evidence of SOFT platforms was accepted (docs/protocol.md 8.1: profile development).
 */
#include "apps/assay/proofs/proof.h"

#include "apps/assay/core/command.h"
#include "apps/assay/policy/policy.h"
#include "base/bytes.h"
#include "base/file/file.h"
#include "engine/ledger/state/genesis.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_genesis(struct assay_slice bytes)
{
    return bytes.len > 0 && bytes.bytes[0] == ASSAY_PROOF_GENESIS_FIRST;
}

static enum assay_status decode_genesis(struct assay_slice bytes, struct assay_policy *policy)
{
    struct assay_where where = { 0 };
    struct assay_genesis *genesis = calloc(1, sizeof *genesis);
    if (genesis == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = assay_genesis_decode(bytes.bytes, bytes.len, false, genesis, &where);
    if (status == ASSAY_OK)
        status = assay_policy_decode(genesis->policy.bytes, genesis->policy.len, policy);
    free(genesis);
    return status;
}

/* Out: *policy and digest. Returns: ASSAY_EXIT_OK | ASSAY_EXIT_NOT_FOUND, without a message: the
 * file is no genesis */
static int load_genesis(const char *path, struct assay_policy *policy, uint8_t digest[static 32])
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum assay_status status = assay_file_read(path, ASSAY_GENESIS_LEN_MAX, &bytes, &len);
    const struct assay_slice file = assay_slice_over(bytes, len);
    if (status == ASSAY_OK && !is_genesis(file)) status = ASSAY_E_NOT_FOUND;
    if (status == ASSAY_OK) status = decode_genesis(file, policy);
    free(bytes);
    if (status != ASSAY_OK) return ASSAY_EXIT_NOT_FOUND;
    assay_policy_digest(policy, digest);
    return ASSAY_EXIT_OK;
}

static int load_policy(const char *path, struct assay_policy *policy, uint8_t digest[static 32])
{
    if (load_genesis(path, policy, digest) == ASSAY_EXIT_OK) return ASSAY_EXIT_OK;
    struct assay_policy_file file;
    const int result = cli_policy_file_open(&file, path, false);
    if (result == ASSAY_EXIT_OK) {
        *policy = *file.policy;
        assay_bytes_copy(digest, 32, file.digest, sizeof file.digest);
    }
    cli_policy_file_close(&file);
    return result;
}

static int complain_other(const char *path, const uint8_t digest[static 32],
                          const uint8_t proven[static 32])
{
    char found[65], expected[65];
    assay_hex_encode(digest, 32, found, sizeof found);
    assay_hex_encode(proven, 32, expected, sizeof expected);
    (void)fprintf(stderr,
                  "assay proof verify: --policy %s: expected the policy with digest %s, which the "
                  "proof names, found %s\n",
                  path, expected, found);
    return ASSAY_EXIT_DENIED;
}

int cli_proof_profile_find(const char *path, const char *checkpoint,
                           const struct assay_proven_state *proven,
                           enum assay_proof_profile *profile)
{
    uint8_t digest[32];
    *profile = ASSAY_PROOF_PROFILE_UNKNOWN;
    struct assay_policy *policy = calloc(1, sizeof *policy);
    if (policy == NULL) return ASSAY_EXIT_INTERNAL;
    const bool has_path = path != NULL;
    int result =
        has_path ? load_policy(path, policy, digest) : load_genesis(checkpoint, policy, digest);
    if (result == ASSAY_EXIT_OK) {
        if (assay_bytes_equal(digest, proven->policy_digest, sizeof digest))
            *profile = assay_document_profile_of(policy);
        else if (has_path) result = complain_other(path, digest, proven->policy_digest);
    }
    free(policy);
    /* Operators may have changed the policy since genesis: that is no error. */
    return has_path ? result : ASSAY_EXIT_OK;
}
