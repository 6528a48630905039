/*
 * apps/assay/bridge/bridge_trust.c - keys of a network that a bridge verifies by: pinned by its
 * owner, or proven from a checkpoint (docs/identity.md 13.3).
 */
#include "apps/assay/bridge/bridge.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/options.h"
#include "apps/assay/identity/authority_source.h"
#include "base/system_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PINNED_MAX = 128 * 1024 };

int64_t cli_bridge_now(const struct cli_bridge_options *o)
{
    return o->time.at_unix_s != 0 ? o->time.at_unix_s : (int64_t)(assay_unix_ms() / 1000);
}

static int read_pinned(const struct cli_bridge_options *o, bool is_token,
                       struct cli_bridge_trust *trust)
{
    const char *const path = is_token ? o->jwks : o->ca;
    size_t len = 0;
    const enum assay_status status = assay_file_read(path, PINNED_MAX, &trust->bytes, &len);
    if (status != ASSAY_OK)
        return cli_bridge_fail(
            o, status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_INTERNAL, "%s: %s",
            path, cli_file_fault_of(path, status, is_token ? "a key set" : "CA certificates"));
    *(is_token ? &trust->jwks : &trust->ca) = assay_slice_over(trust->bytes, len);
    if (is_token) (void)snprintf(trust->issuer, sizeof trust->issuer, "%s", o->network_issuer);
    return ASSAY_EXIT_OK;
}

static enum assay_status encode_keys(const struct assay_authority_proven *p,
                                     struct cli_bridge_trust *trust)
{
    trust->bytes = malloc(2 * (size_t)CLI_AUTHORITY_BUNDLE_MAX);
    if (trust->bytes == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(cli_authority_encode(p, CLI_AUTHORITY_JWKS, trust->bytes, CLI_AUTHORITY_BUNDLE_MAX,
                                   &trust->jwks));
    (void)snprintf(trust->issuer, sizeof trust->issuer, "%s", p->plan.identity.issuer);
    return cli_authority_encode(p, CLI_AUTHORITY_PEM, trust->bytes + CLI_AUTHORITY_BUNDLE_MAX,
                                CLI_AUTHORITY_BUNDLE_MAX, &trust->ca);
}

static int prove_keys(const struct cli_bridge_options *o, struct cli_bridge_trust *trust)
{
    struct cli_authority_query q = { .command = o->command,
                                     .node = o->node,
                                     .file = o->proof,
                                     .checkpoint = trust->from,
                                     .time = o->time };
    struct cli_authority a = { .bytes = NULL };
    int exit = cli_authority_prove(&q, &a);
    if (exit == ASSAY_EXIT_OK) {
        trust->is_proven = true;
        trust->newest = a.proven->network.next;
        trust->trusted_until_s = (int64_t)(a.expires_ms / 1000);
        const enum assay_status status = encode_keys(a.proven, trust);
        if (status != ASSAY_OK)
            exit = cli_bridge_fail(o, ASSAY_EXIT_NOT_FOUND,
                                   "the proof has no certificate of the key (%s)",
                                   assay_status_text(status));
    }
    cli_authority_free(&a);
    return exit;
}

int cli_bridge_refuse_network(const struct cli_bridge_options *o, const uint8_t found[static 32],
                              const uint8_t expected[static 32])
{
    char ids[2][65];
    assay_hex_encode(found, 32, ids[0], sizeof ids[0]);
    assay_hex_encode(expected, 32, ids[1], sizeof ids[1]);
    return cli_bridge_fail(o, ASSAY_EXIT_DENIED,
                           "%s: of another network than the one that the bridge is for: found "
                           "chain id %s, expected %s",
                           o->checkpoint, ids[0], ids[1]);
}

int cli_bridge_trust_load(const struct cli_bridge_options *o, const struct cli_bridge *bridge,
                          bool is_token, struct cli_bridge_trust *trust)
{
    const char *const pinned = is_token ? o->jwks : o->ca;
    *trust = (struct cli_bridge_trust){ .bytes = NULL };
    if ((o->checkpoint != NULL) == (pinned != NULL))
        return cli_misuse("one of --checkpoint FILE, which proves the network's keys, and %s FILE, "
                          "which has them, is needed",
                          is_token ? "--jwks" : "--ca");
    if (pinned != NULL && (o->proof != NULL || o->standing_proof != NULL))
        return cli_misuse("--proof and --standing-proof need --checkpoint FILE");
    if (is_token && (pinned != NULL) != (o->network_issuer != NULL))
        return cli_misuse("--jwks FILE and --network-issuer URL go together");
    if (pinned != NULL) return read_pinned(o, is_token, trust);
    const int exit = cli_proof_checkpoint(o->command, o->checkpoint, &trust->from);
    if (exit != ASSAY_EXIT_OK) return exit;
    if (!assay_bytes_equal(trust->from.chain_id, bridge->chain_id, 32))
        return cli_bridge_refuse_network(o, trust->from.chain_id, bridge->chain_id);
    return prove_keys(o, trust);
}

/* ------------------------------------------------------------ standing */

static int read_proof(const struct cli_bridge_options *o, const char *path, uint8_t **bytes,
                      size_t *len)
{
    const enum assay_status status = assay_file_read(path, ASSAY_PROOF_LEN_MAX, bytes, len);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_bridge_fail(
        o, status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_MALFORMED, "%s: %s",
        path, cli_file_fault_of(path, status, "a proof of standing"));
}

static int request_proof(const struct cli_bridge_options *o, const uint8_t node_id[static 32],
                         uint8_t **bytes, size_t *len)
{
    struct assay_json *document = NULL;
    char line[80] = "proof ";
    assay_hex_encode(node_id, 32, line + strlen(line), sizeof line - strlen(line));
    const int exit = cli_authority_get(o->command, &o->node, line, &document);
    if (exit != ASSAY_EXIT_OK) return exit;
    const char *const hex = assay_json_text(assay_json_get(document, "data"), "proof", "");
    *len = strlen(hex) / 2;
    *bytes = malloc(*len + 1);
    const bool is_read =
        *bytes != NULL && assay_hex_decode(hex, strlen(hex), *bytes, *len) == ASSAY_OK;
    assay_json_free(&document);
    return is_read ? ASSAY_EXIT_OK
                   : cli_bridge_fail(o, ASSAY_EXIT_MALFORMED,
                                     "expected a proof of standing in hexadecimal");
}

/* From the checkpoint that was given, or from the epoch that the CA proof proved: voters change. */
static enum assay_status verify_proof(const struct cli_bridge_trust *trust,
                                      struct assay_slice bytes, const struct assay_checkpoint **by,
                                      enum assay_proof_answer *answer,
                                      struct assay_proven_state *proven)
{
    *by = &trust->newest;
    ASSAY_TRY(assay_proof_verify(bytes, *by, answer, proven));
    if (*answer == ASSAY_PROVEN) return ASSAY_OK;
    *by = &trust->from;
    return assay_proof_verify(bytes, *by, answer, proven);
}

static int check_proof(const struct cli_bridge_options *o, struct assay_slice bytes,
                       struct cli_bridge_trust *trust, struct assay_proven_state *proven)
{
    const struct assay_checkpoint *by = NULL;
    enum assay_proof_answer answer = ASSAY_PROVEN;
    uint32_t max_age_s = 0;
    uint64_t now_ms = 0;
    const int exit = cli_proof_times(&o->time, &max_age_s, &now_ms);
    if (exit != ASSAY_EXIT_OK) return exit;
    const enum assay_status status = verify_proof(trust, bytes, &by, &answer, proven);
    if (status != ASSAY_OK)
        return cli_bridge_fail(o, ASSAY_EXIT_MALFORMED, "the proof of standing cannot be read (%s)",
                               assay_status_text(status));
    if (answer == ASSAY_PROVEN) answer = assay_proof_age(by, proven, now_ms, max_age_s);
    if (answer != ASSAY_PROVEN)
        return cli_bridge_fail(
            o, answer == ASSAY_PROOF_AGE_UNKNOWN ? ASSAY_EXIT_AGE_UNKNOWN : ASSAY_EXIT_DENIED,
            "the proof of standing is not trusted: %s",
            cli_proof_age_text(answer, &o->time, now_ms));
    const int64_t until_s = (int64_t)(assay_proof_expires_ms(by, proven, max_age_s) / 1000);
    if (trust->trusted_until_s == 0 || until_s < trust->trusted_until_s)
        trust->trusted_until_s = until_s;
    return ASSAY_EXIT_OK;
}

int cli_bridge_trust_member(const struct cli_bridge_options *o, const uint8_t node_id[static 32],
                            struct cli_bridge_trust *trust, struct assay_proven_state *proven,
                            bool *found)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    *found = trust->is_proven && (o->standing_proof != NULL || o->proof == NULL);
    if (!*found) return ASSAY_EXIT_OK;
    int exit = o->standing_proof != NULL ? read_proof(o, o->standing_proof, &bytes, &len)
                                         : request_proof(o, node_id, &bytes, &len);
    if (exit == ASSAY_EXIT_OK) exit = check_proof(o, assay_slice_over(bytes, len), trust, proven);
    free(bytes);
    return exit;
}
