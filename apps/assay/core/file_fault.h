/*
 * apps/assay/core/file_fault.h - one text, in every command, for an input file that cannot be read.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_FILE_FAULT_H
#define ASSAY_APPS_ASSAY_CORE_FILE_FAULT_H

#include "base/file/file.h"

/*
 * assay_file_fault - why a file that the user named could not be read or used, for a message
 * "PATH: WHY": "no such file", "is a directory, expected a regular file", "Permission denied".
 * In:      status: of assay_file_read, assay_file_read_secret or of the decoder behind them
 * Returns: text in one static buffer, for use at once; of a status that says nothing of the file,
 *          its text and symbol
 */
const char *assay_file_fault(const char *path, enum assay_status status);
/*
 * assay_file_fault_of - the same of a document: where a decoder refused it, what it is instead.
 * In:      expected: as kinds are named (base/file/kind.h): "a genesis"
 * Returns: text as above: "is a checkpoint, expected a genesis (ASSAY_E_TYPE)"
 */
const char *assay_file_fault_of(const char *path, enum assay_status status, const char *expected);
/* Of a file that could not be written: errno, which the caller has not touched since, says why.
 * Returns: text as assay_file_fault */
const char *assay_output_fault(const char *path, enum assay_status status);
/*
 * assay_print_file_fault - "OPTION PATH: WHY" as an error of the command.
 * In:      option: "--policy ", "" for a file that is no option's
 * Returns: ASSAY_EXIT_NOT_FOUND | ASSAY_EXIT_INTERNAL (no memory) | ASSAY_EXIT_USAGE
 */
int assay_print_file_fault(bool json, const char *option, const char *path,
                           enum assay_status status);

#endif
