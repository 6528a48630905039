/*
 * apps/assay/operate/store.h - options and helpers shared by the verbs of `assay store`
 * (engine/audit/archive.h).
 */
#ifndef ASSAY_APPS_ASSAY_OPERATE_STORE_H
#define ASSAY_APPS_ASSAY_OPERATE_STORE_H

#include "engine/audit/archive.h"

#include <limits.h>

struct assay_store_options {
    const char *file; /* the one positional argument: an archive; of save a store, or NULL */
    const char *socket, *genesis, *checkpoint, *out, *into;
    bool json;
};

/* An archive in memory. */
struct assay_store_file {
    uint8_t *bytes;
    size_t len;
    struct assay_archive archive;
};

/* Says on stderr what is wrong with `what`. Returns: an enum assay_exit. */
int cli_store_report_error(const char *command, const char *what, enum assay_status status);
/* Out: *file, freed by the caller whatever the answer. Returns: an enum assay_exit; errors are
 * printed. */
int cli_store_load(const char *command, const char *path, struct assay_store_file *file);
/* As proven as can be: against the checkpoint, without one against the genesis. Returns: an enum
 * assay_exit: 0 proven, 11 false, 12 nothing that is trusted leads to it; printed. */
int cli_store_prove(const char *command, const struct assay_store_options *options,
                    const struct assay_archive *archive, struct assay_genesis *genesis,
                    struct assay_archive_report *report);
/* A genesis file. Returns: an enum assay_exit; *bytes is of malloc, *genesis points into it. */
int cli_store_genesis(const char *command, const char *path, uint8_t **bytes,
                      struct assay_genesis *genesis);

/*
 * cli_store_collect - the archive of a running daemon or of a stopped one's store.
 * In:      command: "assay store save"; socket: NULL: of the store at path
 * Out:     *file, freed by the caller whatever the answer
 * Returns: an enum assay_exit; ASSAY_EXIT_NOT_FOUND alone is not printed: no epoch was closed
 */
int cli_store_collect(const char *command, const char *socket, const char *path,
                      struct assay_store_file *file);
/* Is a file of a store, complete or left over, in a state folder? Out: path: of the first. Returns:
 * whether. */
bool cli_store_is_there(const char *dir, char path[static PATH_MAX]);
/* A state folder without a store gets this one, unbound. Out: place: of the store. Reports errors.
 * Returns: an enum assay_exit. */
int cli_store_unpack(const char *command, const char *into, const struct assay_archive *archive,
                     const struct assay_archive_report *report, const struct assay_genesis *genesis,
                     char place[static PATH_MAX]);

int cli_store_save(const struct assay_store_options *options);    /* store_save.c */
int cli_store_restore(const struct assay_store_options *options); /* store_restore.c */

#endif
