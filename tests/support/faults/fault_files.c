/*
 * tests/support/faults/fault_files.c - injected failures of reading and writing complete files,
 * when fault.h requests it.
 *
 * The names are the linker's: programs that link this file wrap every function in it (--wrap).
 */
#include "base/file/file.h"
#include "tests/support/faults/fault.h"

enum assay_status __real_assay_file_replace(const char *path, enum assay_file_mode mode,
                                            struct assay_slice bytes);
enum assay_status __wrap_assay_file_replace(const char *path, enum assay_file_mode mode,
                                            struct assay_slice bytes);
enum assay_status __real_assay_file_create(const char *path, enum assay_file_mode mode,
                                           struct assay_slice bytes);
enum assay_status __wrap_assay_file_create(const char *path, enum assay_file_mode mode,
                                           struct assay_slice bytes);

enum assay_status __wrap_assay_file_replace(const char *path, enum assay_file_mode mode,
                                            struct assay_slice bytes)
{
    return fault_now() ? ASSAY_E_IO : __real_assay_file_replace(path, mode, bytes);
}

enum assay_status __wrap_assay_file_create(const char *path, enum assay_file_mode mode,
                                           struct assay_slice bytes)
{
    return fault_now() ? ASSAY_E_IO : __real_assay_file_create(path, mode, bytes);
}
