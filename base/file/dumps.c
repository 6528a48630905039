/*
 * base/file/dumps.c - limit of core files, and the flag of the kernel that forbids debuggers.
 */
#include "base/file/dumps.h"

#include <sys/prctl.h>
#include <sys/resource.h>

bool assay_dumps_forbid(void)
{
    const struct rlimit none = { 0, 0 };
    const bool is_limited = setrlimit(RLIMIT_CORE, &none) == 0;
    /* The limit alone does not hold for a core file that a program of the kernel's setting takes.
     */
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && is_limited;
}
