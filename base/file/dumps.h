/*
 * base/file/dumps.h - secrets of a process stay out of core files and of debuggers.
 */
#ifndef ASSAY_BASE_FILE_DUMPS_H
#define ASSAY_BASE_FILE_DUMPS_H

#include <stdbool.h>

/*
 * assay_dumps_forbid - no core file of this process, and no debugger of another process of the same
 * user. Programs with keys or PINs call it first. A child inherits the limit of core files; what it
 * executes is open to debuggers again.
 * Returns: whether both are in force
 */
bool assay_dumps_forbid(void);

#endif
