/*
 * apps/assay/evidence/collateral_dir.c - assignment of the files of a folder to the parts of
 * Intel's collateral.
 */
#include "apps/assay/evidence/collateral_dir.h"

#include "base/assert.h"

#include <stdlib.h>

bool cli_collateral_dir_serves(enum assay_evidence_kind kind)
{
    return (ASSAY_KINDS_DCAP & ASSAY_KIND_BIT(kind)) != 0;
}

enum assay_status cli_collateral_dir_choose(struct assay_input_files *given,
                                            const struct assay_collateral_wanted *wanted,
                                            struct assay_collateral_dir *out)
{
    static const bool none[ASSAY_RECOGNISED_MAX];
    ASSAY_ASSERT(out->choice == NULL);
    out->choice = calloc(1, sizeof *out->choice);
    if (out->choice == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(assay_choose(&given->found, wanted, out->choice));
    cli_input_files_set_used(given, none, out->choice->is_taken);
    out->files = out->choice->files;
    return ASSAY_OK;
}

enum assay_status cli_collateral_dir_read(const char *dir,
                                          const struct assay_collateral_wanted *wanted,
                                          struct assay_collateral_dir *out, const char **where)
{
    *out = (struct assay_collateral_dir){ 0 };
    *where = NULL;
    out->given = calloc(1, sizeof *out->given);
    if (out->given == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(cli_input_files_read(dir, out->given, where));
    return cli_collateral_dir_choose(out->given, wanted, out);
}

void cli_collateral_dir_close(struct assay_collateral_dir *dir)
{
    if (dir->given != NULL) cli_input_files_close(dir->given);
    free(dir->given);
    free(dir->choice);
    *dir = (struct assay_collateral_dir){ 0 };
}
