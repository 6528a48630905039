/*
 * tests/bench/quote/counting.c - counting allocator of benchmarks, under glibc or a sanitizer.
 *
 * The functions of glibc's allocator have internal names of their own, so a program may define the
 * public ones. A sanitizer replaces them by its own allocator, whose malloc_usable_size does not
 * accept glibc's memory: the program would abort when the loader allocates before the sanitizer is
 * initialised. So the hooks of the sanitizer are counted instead.
 */
#include "tests/bench/quote/counting.h"

#include "base/assert.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>

#include <openssl/crypto.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static atomic_uint_fast64_t calls;
static atomic_uint_fast64_t openssl_calls;
static atomic_uint_fast64_t live_bytes;

#ifdef SANITIZED

/* As <sanitizer/allocator_interface.h> has them, which not every compiler brings along. */
int __sanitizer_install_malloc_and_free_hooks(void (*made)(const volatile void *, size_t),
                                              void (*freed)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *memory);

static void made(const volatile void *memory, size_t size)
{
    (void)memory;
    atomic_fetch_add(&calls, 1);
    atomic_fetch_add(&live_bytes, size);
}

static void freed(const volatile void *memory)
{
    if (memory != NULL) atomic_fetch_sub(&live_bytes, __sanitizer_get_allocated_size(memory));
}

static void allocator_start(void)
{
    ASSAY_ASSERT(__sanitizer_install_malloc_and_free_hooks(made, freed) > 0);
}

#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static void *count(void *memory)
{
    atomic_fetch_add(&calls, 1);
    if (memory != NULL) atomic_fetch_add(&live_bytes, malloc_usable_size(memory));
    return memory;
}

static void uncount(void *memory)
{
    if (memory != NULL) atomic_fetch_sub(&live_bytes, malloc_usable_size(memory));
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
    return count(__libc_malloc(size));
}

__attribute__((visibility("default"))) void *calloc(size_t members, size_t size)
{
    return count(__libc_calloc(members, size));
}

__attribute__((visibility("default"))) void *realloc(void *memory, size_t size)
{
    const size_t before = memory == NULL ? 0 : malloc_usable_size(memory);
    void *const moved = __libc_realloc(memory, size);
    if (moved != NULL || size == 0) atomic_fetch_sub(&live_bytes, before);
    return count(moved);
}

__attribute__((visibility("default"))) void *aligned_alloc(size_t alignment, size_t size)
{
    return count(__libc_memalign(alignment, size));
}

__attribute__((visibility("default"))) int posix_memalign(void **memory, size_t alignment,
                                                          size_t size)
{
    *memory = count(__libc_memalign(alignment, size));
    return *memory == NULL ? ENOMEM : 0;
}

__attribute__((visibility("default"))) void free(void *memory)
{
    uncount(memory);
    __libc_free(memory);
}

static void allocator_start(void)
{
}

#endif

static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    atomic_fetch_add(&openssl_calls, 1);
    return malloc(size);
}

static void *openssl_realloc(void *memory, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    atomic_fetch_add(&openssl_calls, 1);
    return realloc(memory, size);
}

static void openssl_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

void counting_start(void)
{
    allocator_start();
    ASSAY_ASSERT(CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) == 1);
}

struct counting counting_now(void)
{
    return (struct counting){ .calls = atomic_load(&calls),
                              .openssl_calls = atomic_load(&openssl_calls),
                              .live_bytes = atomic_load(&live_bytes) };
}
