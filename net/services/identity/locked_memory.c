/*
 * net/services/identity/locked_memory.c - anonymous pages, locked and advised.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MADV_WIPEONFORK */

#include "net/services/identity/locked_memory.h"

#include "base/secret.h"

#include <sys/mman.h>

void *assay_locked_memory_new(size_t len)
{
    void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    if (mlock(memory, len) == 0 && madvise(memory, len, MADV_DONTDUMP) == 0 &&
        madvise(memory, len, MADV_WIPEONFORK) == 0)
        return memory;
    (void)munmap(memory, len);
    return NULL;
}

void assay_locked_memory_free(void *memory, size_t len)
{
    if (memory == NULL) return;
    assay_secret_wipe(memory, len);
    (void)munmap(memory, len);
}
