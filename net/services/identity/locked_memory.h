/*
 * net/services/identity/locked_memory.h - memory of secrets: never swapped, in no core dump, zeros
 * in a forked process.
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_LOCKED_MEMORY_H
#define ASSAY_NET_SERVICES_IDENTITY_LOCKED_MEMORY_H

#include <stddef.h>

/* Returns: zeros, aligned for any object; NULL: the kernel refused (RLIMIT_MEMLOCK) */
void *assay_locked_memory_new(size_t len);
/* Wipes it. In: as _new returned it, or NULL; len: the same */
void assay_locked_memory_free(void *memory, size_t len);

#endif
