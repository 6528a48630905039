/*
 * apps/assay/core/file_fault.h - error messages about input files that cannot be read, identical in
 * every command.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_FILE_FAULT_H
#define ASSAY_APPS_ASSAY_CORE_FILE_FAULT_H

#include "base/file/file.h"

/*
 * cli_file_fault - why a file that the user named could not be read or used, for a message
 * "PATH: WHY": "no such file", "is a directory, expected a regular file", "Permission denied".
 * In:      status: of assay_file_read, assay_file_read_secret or of the decoder behind them
 * Returns: text in one static buffer, for use at once; for a status not related to the file, its
 * text and symbol
 */
const char *cli_file_fault(const char *path, enum assay_status status);
/*
 * cli_file_fault_of - the same of a document: where a decoder refused it, what it is instead.
 * In:      expected: as kinds are named (base/file/kind.h): "a genesis"
 * Returns: text as above: "is a checkpoint, expected a genesis (ASSAY_E_TYPE)"
 */
const char *cli_file_fault_of(const char *path, enum assay_status status, const char *expected);
/* Reason why a file could not be written, from errno, which the caller must not have changed.
 * Returns: text as cli_file_fault */
const char *cli_output_fault(const char *path, enum assay_status status);
/*
 * cli_print_file_fault - "OPTION PATH: WHY" as an error of the command.
 * In:      option: "--policy ", "" for a file that is no option's
 * Returns: ASSAY_EXIT_NOT_FOUND | ASSAY_EXIT_INTERNAL (no memory) | ASSAY_EXIT_USAGE
 */
int cli_print_file_fault(bool json, const char *option, const char *path, enum assay_status status);
/* The same of an input folder (input_files.h). where: its file that is meant; NULL: the folder */
int cli_print_folder_fault(bool json, const char *option, const char *dir, const char *where,
                           enum assay_status status);
/* Exit status for an operator key that cannot be loaded: another file in its place is one that is
 * malformed, also where its permissions are what is found first. Returns: an enum assay_exit. */
int cli_operator_key_exit(const char *path, enum assay_status status);

#endif
