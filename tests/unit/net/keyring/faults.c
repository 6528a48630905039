/*
 * tests/unit/net/keyring/faults.c - injected failures of file system calls.
 *
 * See faults.h. The linker prefers these definitions to those of the C library.
 */
#include "tests/unit/net/keyring/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static enum fault_kind fault;
static unsigned fault_call, calls;

void faults_set(enum fault_kind kind, unsigned call)
{
    fault = kind;
    fault_call = call;
    calls = 0;
}

unsigned faults_calls(void)
{
    return calls;
}

/* Returns: true when the call is to fail. */
static bool before(void)
{
    calls++;
    if (calls != fault_call) return false;
    if (fault == FAULT_STOP_BEFORE) _exit(FAULT_EXIT);
    return fault == FAULT_FAIL;
}

static int after(long result)
{
    if (calls == fault_call && fault == FAULT_STOP_AFTER) _exit(FAULT_EXIT);
    return (int)result;
}

static int refuse(void)
{
    errno = EIO;
    return -1;
}

int fsync(int fd)
{
    return before() ? refuse() : after(syscall(SYS_fsync, fd));
}

int rename(const char *from, const char *to)
{
    return before() ? refuse() : after(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int unlink(const char *path)
{
    return before() ? refuse() : after(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}
