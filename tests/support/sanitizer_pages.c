/*
 * tests/support/sanitizer_pages.c - large pages for the zeroed data of sanitized programs.
 *
 * The leak check of AddressSanitizer reads all global data of a process at its end, most of it
 * tables of the sanitizers that nothing has written: thousands of page faults per process, more
 * than most of our tests cause themselves. In large pages they are a few.
 */
#define _GNU_SOURCE
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

enum { LARGE = 2 << 20 };

static int advise_zeroed(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *const part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || part->p_memsz < part->p_filesz + LARGE) continue;
        const uintptr_t end = info->dlpi_addr + part->p_vaddr + part->p_memsz;
        const uintptr_t first =
            (info->dlpi_addr + part->p_vaddr + part->p_filesz + LARGE - 1) / LARGE * LARGE;
        /* Without support of the kernel everything works as before. */
        if (first < end) (void)madvise((void *)first, (end - first) / LARGE * LARGE, MADV_HUGEPAGE);
    }
    return 0;
}

__attribute__((constructor)) static void advise_all(void)
{
    (void)dl_iterate_phdr(advise_zeroed, NULL);
}
