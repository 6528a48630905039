/*
 * apps/assay/identity/identity_trust.c - the network's certificate authority for `assay identity
 * fetch`, proven from a checkpoint (docs/identity.md 11.3, 12).
 */
#include "apps/assay/identity/authority_source.h"
#include "apps/assay/identity/identity_fetch.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "base/base64.h"
#include "base/file/file.h"
#include "base/system_clock.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char command[] = "assay identity fetch";

enum { FORMATS = CLI_AUTHORITY_CROSS + 1 };

static bool own_path(const struct cli_identity_fetch *f, char path[static PATH_MAX])
{
    const int len = snprintf(path, PATH_MAX, "%s/checkpoint", f->dir);
    return len > 0 && len < PATH_MAX;
}

/* The newer one of the operator's and of the last run's: no other user may write the folder. */
static int load_checkpoint(const struct cli_identity_fetch *f, struct assay_checkpoint *newest)
{
    struct assay_checkpoint own;
    char path[PATH_MAX];
    uint8_t *bytes = NULL;
    size_t len = 0;
    const int exit = cli_proof_checkpoint(command, f->checkpoint, newest);
    if (exit != ASSAY_EXIT_OK || !own_path(f, path)) return exit;
    if (assay_file_read(path, ASSAY_CHECKPOINT_LEN_MAX, &bytes, &len) == ASSAY_OK &&
        assay_checkpoint_decode(assay_slice_over(bytes, len), &own) == ASSAY_OK &&
        assay_bytes_equal(own.chain_id, newest->chain_id, 32) &&
        (own.era > newest->era || (own.era == newest->era && own.epoch > newest->epoch)))
        *newest = own;
    free(bytes);
    return ASSAY_EXIT_OK;
}

static int store_checkpoint(const struct cli_identity_fetch *f, const struct assay_checkpoint *next)
{
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    char path[PATH_MAX];
    if (!own_path(f, path) || assay_checkpoint_encode(next, &w) != ASSAY_OK)
        return cli_identity_fail(f, ASSAY_EXIT_INTERNAL, "%s: the path is too long", f->dir);
    const enum assay_status status =
        assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(bytes, w.len));
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_identity_fail(f, ASSAY_EXIT_INTERNAL, "%s: the checkpoint cannot be written (%s)",
                             path, cli_output_fault(path, status));
}

/* One after the other into trust->bytes. */
static enum assay_status encode_all(const struct assay_authority_proven *p,
                                    struct cli_identity_trust *trust)
{
    struct assay_slice *const out[] = { &trust->ca, &trust->bundle, &trust->jwks, &trust->cross };
    trust->bytes = malloc(FORMATS * (size_t)CLI_AUTHORITY_BUNDLE_MAX);
    if (trust->bytes == NULL) return ASSAY_E_MEMORY;
    for (size_t i = 0; i < FORMATS; i++) {
        const enum assay_status status = cli_authority_encode(
            p, (enum cli_authority_format)i, trust->bytes + i * CLI_AUTHORITY_BUNDLE_MAX,
            CLI_AUTHORITY_BUNDLE_MAX, out[i]);
        if (i == CLI_AUTHORITY_CROSS && status == ASSAY_E_NOT_FOUND) continue; /* no rollover */
        ASSAY_TRY(status);
    }
    (void)snprintf(trust->issuer, sizeof trust->issuer, "%s", p->plan.identity.issuer);
    return ASSAY_OK;
}

/* CA certificates of the folder, which a proof gets that leaves them out: a node decides nothing by
 * that (docs/identity.md 11.3). */
struct placed {
    uint8_t der[ASSAY_AUTHORITY_NUMBERS_MAX][ASSAY_CREDENTIAL_CERTIFICATE_MAX];
};

static void add_placed(const struct cli_identity_fetch *f, struct assay_authority_proven *proven,
                       struct placed *placed)
{
    char path[PATH_MAX];
    uint8_t *bytes = NULL;
    size_t len = 0, der_len = 0;
    struct assay_slice label;
    const int path_len = snprintf(path, sizeof path, "%s/current/ca.pem", f->dir);
    if (path_len <= 0 || path_len >= PATH_MAX ||
        assay_file_read(path, CLI_IDENTITY_CA_FILE_MAX, &bytes, &len) != ASSAY_OK)
        return;
    struct assay_slice text = assay_slice_over(bytes, len);
    for (size_t i = 0; i < ASSAY_AUTHORITY_NUMBERS_MAX; i++) {
        if (assay_pem_next(&text, &label, placed->der[i], sizeof placed->der[i], &der_len) !=
            ASSAY_OK)
            break;
        assay_keyholder_authority_add(proven, assay_slice_over(placed->der[i], der_len));
    }
    assay_keyholder_authority_expire(proven, (int64_t)(assay_unix_ms() / 1000));
    free(bytes);
}

int cli_identity_trust_prove(const struct cli_identity_fetch *f, struct cli_identity_trust *trust)
{
    /* A node that hides what operators retired does so for this long at most. */
    char why[CLI_AUTHORITY_WHY_LEN] = "it has no proof";
    struct cli_authority_query q = {
        .command = command, .node = f->node, .why = why, .time = { .max_age = "1h" }
    };
    struct cli_authority a = { .bytes = NULL };
    struct placed placed;
    *trust = (struct cli_identity_trust){ .from = f->checkpoint };
    int exit = load_checkpoint(f, &q.checkpoint);
    if (exit == ASSAY_EXIT_OK) {
        exit = cli_authority_prove(&q, &a);
        if (exit != ASSAY_EXIT_OK) (void)cli_identity_fail_node(f, exit, "CA proof: %s", why);
    }
    if (exit == ASSAY_EXIT_OK) add_placed(f, a.proven, &placed);
    if (exit == ASSAY_EXIT_OK && cli_authority_lacking(a.proven) != NULL)
        exit = cli_identity_fail_node(
            f, ASSAY_EXIT_NOT_FOUND,
            "its CA proof lacks a certificate in date of CA number %" PRIu32
            ", which is published: request another node (--http), or again in some epochs if the "
            "number is new",
            cli_authority_lacking(a.proven)->ca.number);
    if (exit == ASSAY_EXIT_OK) exit = store_checkpoint(f, &a.proven->network.next);
    if (exit == ASSAY_EXIT_OK) {
        const enum assay_status status = encode_all(a.proven, trust);
        if (status != ASSAY_OK)
            exit = cli_identity_fail(f, ASSAY_EXIT_INTERNAL,
                                     "the proven CA certificates cannot be written (%s)",
                                     assay_status_text(status));
    }
    cli_authority_free(&a);
    return exit;
}
