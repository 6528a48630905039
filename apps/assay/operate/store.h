/*
 * apps/assay/operate/store.h - options and helpers shared by the verbs of `assay store`
 * (engine/audit/archive.h).
 */
#ifndef ASSAY_APPS_ASSAY_OPERATE_STORE_H
#define ASSAY_APPS_ASSAY_OPERATE_STORE_H

#include "engine/audit/archive.h"

struct assay_store_options {
    const char *file; /* the one positional argument: an archive; of save a store, or NULL */
    const char *socket, *genesis, *checkpoint, *out, *into;
    bool json;
};

/* An archive in memory. */
struct assay_store_file {
    uint8_t *bytes;
    struct assay_archive archive;
};

/* Says on stderr what is wrong with `what`. Returns: an enum assay_exit. */
int cli_store_report_error(const char *verb, const char *what, enum assay_status status);
/* Out: *file, freed by the caller whatever the answer. Returns: an enum assay_exit; errors are
 * printed. */
int cli_store_load(const char *verb, const char *path, struct assay_store_file *file);
/* As proven as can be: against the checkpoint, without one against the genesis. Returns: an enum
 * assay_exit: 0 proven, 11 false, 12 nothing that is trusted leads to it; printed. */
int cli_store_prove(const char *verb, const struct assay_store_options *options,
                    const struct assay_archive *archive, struct assay_genesis *genesis,
                    struct assay_archive_report *report);
/* A genesis file. Returns: an enum assay_exit; *bytes is of malloc, *genesis points into it. */
int cli_store_genesis(const char *verb, const char *path, uint8_t **bytes,
                      struct assay_genesis *genesis);

int cli_store_save(const struct assay_store_options *options);    /* store_save.c */
int cli_store_restore(const struct assay_store_options *options); /* store_restore.c */

#endif
