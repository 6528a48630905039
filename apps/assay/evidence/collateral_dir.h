/*
 * apps/assay/evidence/collateral_dir.h - folder of Intel's collateral, its files assigned to
 * parts by content.
 *
 * Contents decide, not names: quote/pieces/choose.h has the rule, shared with the library.
 * Unused files are reported (apps/assay/core/input_files.h).
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_COLLATERAL_DIR_H
#define ASSAY_APPS_ASSAY_EVIDENCE_COLLATERAL_DIR_H

#include "apps/assay/core/input_files.h"
#include "quote/pieces/choose.h"

struct assay_collateral_dir {
    struct assay_collateral_files files; /* borrows from the two below */
    struct assay_input_files *given;
    struct assay_choice *choice;
};

/* Returns: true for the kinds that these parts serve: quotes of SGX, TDX and SOFT. */
bool cli_collateral_dir_serves(enum assay_evidence_kind kind);
/*
 * cli_collateral_dir_read - find the parts; missing ones stay empty.
 * Out:     *out, whatever the status: cli_collateral_dir_close frees it; *where: name of the file
 * that exceeded a limit, NULL for the folder itself
 * Returns: as cli_input_files_read and assay_choose
 */
ASSAY_CHECKED enum assay_status cli_collateral_dir_read(
    const char *dir, const struct assay_collateral_wanted *wanted, struct assay_collateral_dir *out,
    const char **where);
/* The same of pieces that were read; they stay the caller's. Returns: as assay_choose */
ASSAY_CHECKED enum assay_status cli_collateral_dir_choose(
    struct assay_input_files *given, const struct assay_collateral_wanted *wanted,
    struct assay_collateral_dir *out);
/* */
void cli_collateral_dir_close(struct assay_collateral_dir *dir);

#endif
