/*
 * apps/assay/core/input_files.h - input folder whose files are recognised by content
 * (quote/pieces/recognise.h, as in the library), with a report of every file that was not used.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_INPUT_FILES_H
#define ASSAY_APPS_ASSAY_CORE_INPUT_FILES_H

#include "apps/assay/core/folder.h"
#include "quote/pieces/recognise.h"
#include "quote/verify.h"

struct assay_json;

/* A file that holds nothing that could be recognised. */
struct assay_input_files_skipped {
    const char *name;
    enum assay_status status;
};

/* Large: on the heap. All zero to begin with. */
struct assay_input_files {
    struct assay_folder folder;
    size_t buffer_count;
    uint8_t *buffers[2 * ASSAY_RECOGNISED_FILES_MAX]; /* each file, and what is decoded of it */
    const char *names[ASSAY_RECOGNISED_FILES_MAX];    /* as the recogniser counts the files */
    size_t skipped_count;
    struct assay_input_files_skipped skipped[ASSAY_FOLDER_FILES_MAX];
    struct assay_recognition found;
    struct assay_recognise_scratch scratch;
    bool leads[ASSAY_RECOGNISED_MAX];    /* of the pieces: certificates to a root that counts */
    bool is_taken[ASSAY_RECOGNISED_MAX]; /* into evidence or collateral */
};

/*
 * cli_input_files_read - read and recognise every plain file.
 * Out: *out, whatever the status: cli_input_files_close frees it; *where: file that exceeded a
 * limit, NULL for the folder itself
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such folder) | ASSAY_E_IO | ASSAY_E_FULL (too many
 *          files or pieces) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status cli_input_files_read(const char *dir, struct assay_input_files *out,
                                                     const char **where);
/* What leads to a root, and was taken, is noted. */
void cli_input_files_set_used(struct assay_input_files *given,
                              const bool leads[static ASSAY_RECOGNISED_MAX],
                              const bool is_taken[static ASSAY_RECOGNISED_MAX]);
/* Prints a line on stderr for each unused piece: file, kind, reason, remedy. evidence: the
 * appraised bytes, which may be in the folder as well, as may the key of a SOFT vendor; empty: no
 * evidence is at hand. */
void cli_input_files_print(const struct assay_input_files *given, const char *dir,
                           struct assay_slice evidence);
/* The same for each document of Intel's form that no signer under the trusted root signed. root: as
 * it is called in the note. */
void cli_input_files_print_strangers(const struct assay_input_files *given, const char *dir,
                                     const bool is_of_stranger[static ASSAY_RECOGNISED_MAX],
                                     const char *root);
/* The same documents as objects with `file` and `what`. Returns: an array, to be freed or appended.
 */
struct assay_json *cli_input_files_strangers_json(
    const struct assay_input_files *given, const bool is_of_stranger[static ASSAY_RECOGNISED_MAX]);
void cli_input_files_close(struct assay_input_files *given);

#endif
