/*
 * apps/assay/identity/identity_token.c - tokens of `assay identity fetch` (docs/identity.md 11.7).
 */
#include "apps/assay/identity/identity_fetch.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "base/file/file.h"
#include "base/system_clock.h"
#include "quote/result/jwt.h"
#include "scoring/trust.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum assay_status verify_text(const struct cli_identity_fetch *f,
                                     const struct cli_identity_trust *trust,
                                     struct assay_slice text, struct assay_svid *svid)
{
    const struct assay_svid_terms terms = { .chain_id = f->chain_id,
                                            .node_id = f->node_id,
                                            .issuer = trust->issuer,
                                            .audience = f->audience,
                                            .standing_worst = ASSAY_STANDING_WARNING,
                                            .accepts_insecure = f->accepts_insecure,
                                            .skew_s = CLI_IDENTITY_SKEW_S,
                                            .at_unix_s = (int64_t)(assay_unix_ms() / 1000) };
    return assay_svid_verify_token(&terms, trust->jwks, text, svid);
}

/* Is cnf.jkt the thumbprint of the key in the folder? With --member the folder may have none. */
static bool is_of_key(const struct cli_identity_fetch *f, const struct assay_svid *svid)
{
    char thumbprint[ASSAY_JWK_THUMBPRINT_LEN + 1];
    if (!f->has_key) return true;
    assay_jwk_thumbprint(f->key.spki + (CLI_IDENTITY_SPKI_LEN - ASSAY_P256_PUBLIC_LEN), thumbprint);
    return strcmp(svid->thumbprint, thumbprint) == 0;
}

/* By a proven key of tokens, for this member, name, audience and key. */
static int verify_token(struct cli_identity_fetch *f, const struct cli_identity_trust *trust)
{
    const enum assay_status status =
        verify_text(f, trust, assay_slice_over(f->issued.pem, f->issued.len), f->svid);
    if (status != ASSAY_OK)
        return cli_identity_fail(f, ASSAY_EXIT_CONTRAINDICATED, "%s (%s)",
                                 f->svid->why[0] != '\0' ? f->svid->why
                                                         : "no keys of tokens can be read",
                                 assay_status_text(status));
    if (f->svid->answer != ASSAY_IDENTITY_VALID)
        return cli_identity_fail_node(f, ASSAY_EXIT_CONTRAINDICATED,
                                      "the token does not verify: %s%s", f->svid->why,
                                      f->svid->answer == ASSAY_IDENTITY_INSECURE
                                          ? "; for trials, --accept-insecure accepts it"
                                          : "");
    if (strcmp(f->svid->name, f->name) != 0)
        return cli_identity_fail_node(f, ASSAY_EXIT_CONTRAINDICATED,
                                      "the token is of the key \"%s\", expected \"%s\"",
                                      f->svid->name, f->name);
    if (!is_of_key(f, f->svid))
        return cli_identity_fail_node(
            f, ASSAY_EXIT_CONTRAINDICATED,
            "the token is of another key (cnf.jkt): another program has the name \"%s\"", f->name);
    return cli_identity_check_expiry(f, "token");
}

/* A valid token of this key in place that is as new as that of the node stays. Out: f->svid: of the
 * one in place, if it stays */
static bool prefer_placed(struct cli_identity_fetch *f, const struct cli_identity_trust *trust,
                          const char *path)
{
    struct assay_svid *svid = calloc(1, sizeof *svid);
    uint8_t *bytes = NULL;
    size_t len = 0;
    const bool stays =
        svid != NULL && assay_file_read(path, CLI_IDENTITY_PEM_LEN_MAX, &bytes, &len) == ASSAY_OK &&
        verify_text(f, trust, assay_slice_over(bytes, len), svid) == ASSAY_OK &&
        svid->answer == ASSAY_IDENTITY_VALID && strcmp(svid->name, f->name) == 0 &&
        is_of_key(f, svid) && svid->not_after_s > (int64_t)(assay_unix_ms() / 1000) &&
        cli_identity_stays(svid, f->svid);
    if (stays) {
        struct assay_svid *const issued = f->svid;
        f->svid = svid;
        svid = issued;
    }
    free(bytes);
    free(svid);
    return stays;
}

int cli_identity_use_token(struct cli_identity_fetch *f, const struct cli_identity_trust *trust,
                           bool *is_new)
{
    char path[PATH_MAX];
    const struct assay_slice text = assay_slice_over(f->issued.pem, f->issued.len);
    const int exit = verify_token(f, trust);
    const int len = snprintf(path, sizeof path, "%s/token", f->dir);
    *is_new = false;
    if (exit != ASSAY_EXIT_OK) return exit;
    if (len <= 0 || (size_t)len >= sizeof path)
        return cli_identity_fail(f, ASSAY_EXIT_INTERNAL, "%s: the path is too long", f->dir);
    *is_new = !prefer_placed(f, trust, path);
    if (!*is_new) return ASSAY_EXIT_OK;
    const enum assay_status status = assay_file_replace(path, ASSAY_FILE_SECRET, text);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_identity_fail(f, ASSAY_EXIT_INTERNAL, "%s: the token cannot be written (%s)", path,
                             cli_output_fault(path, status));
}
