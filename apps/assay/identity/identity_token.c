/*
 * apps/assay/identity/identity_token.c - tokens of `assay identity fetch` (docs/identity.md 11.7).
 */
#include "apps/assay/identity/identity_fetch.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "base/file/file.h"
#include "base/system_clock.h"
#include "scoring/trust.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By a proven key of tokens, for this member, name and audience. */
static int verify_token(struct cli_identity_fetch *f, const struct cli_identity_trust *trust)
{
    const struct assay_svid_terms terms = { .chain_id = f->chain_id,
                                            .node_id = f->node_id,
                                            .issuer = trust->issuer,
                                            .audience = f->audience,
                                            .standing_worst = ASSAY_STANDING_WARNING,
                                            .accepts_insecure = f->accepts_insecure,
                                            .skew_s = CLI_IDENTITY_SKEW_S,
                                            .at_unix_s = (int64_t)(assay_unix_ms() / 1000) };
    const struct assay_slice text = assay_slice_over(f->issued.pem, f->issued.len);
    const enum assay_status status = assay_svid_verify_token(&terms, trust->jwks, text, f->svid);
    if (status != ASSAY_OK)
        return cli_identity_fail(f, ASSAY_EXIT_CONTRAINDICATED, "%s (%s)",
                                 f->svid->why[0] != '\0' ? f->svid->why
                                                         : "no keys of tokens can be read",
                                 assay_status_text(status));
    if (f->svid->answer != ASSAY_IDENTITY_VALID)
        return cli_identity_fail(f, ASSAY_EXIT_CONTRAINDICATED, "the token does not verify: %s%s",
                                 f->svid->why,
                                 f->svid->answer == ASSAY_IDENTITY_INSECURE
                                     ? "; for trials, --accept-insecure accepts it"
                                     : "");
    if (strcmp(f->svid->name, f->name) == 0) return cli_identity_check_expiry(f, "token");
    return cli_identity_fail(f, ASSAY_EXIT_CONTRAINDICATED,
                             "the token is of the key \"%s\", expected \"%s\"", f->svid->name,
                             f->name);
}

/* Returns: whether the file has this text. */
static bool has_text(const char *path, struct assay_slice text)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    const bool is_same =
        assay_file_read(path, CLI_IDENTITY_PEM_LEN_MAX, &bytes, &len) == ASSAY_OK &&
        assay_slice_equal(assay_slice_over(bytes, len), text);
    free(bytes);
    return is_same;
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
    *is_new = !has_text(path, text);
    if (!*is_new) return ASSAY_EXIT_OK;
    const enum assay_status status = assay_file_replace(path, ASSAY_FILE_SECRET, text);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_identity_fail(f, ASSAY_EXIT_INTERNAL, "%s: the token cannot be written (%s)", path,
                             cli_output_fault(path, status));
}
