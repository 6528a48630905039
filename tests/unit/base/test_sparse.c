/*
 * tests/unit/base/test_sparse.c - tests of sparse writes: equal results, and no unnecessary page.
 */
#include "base/bytes.h"
#include "base/sparse.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

Test(base_sparse, writes_sparsely_what_it_would_write_else)
{
    enum { LEN = 5 * 4096 };
    static uint8_t bytes[LEN], from[LEN];
    for (size_t at = 0; at < LEN; at += 1777) {
        for (size_t i = 0; i < LEN; i++) {
            bytes[i] = (uint8_t)(i % 3 == 0 ? 7 : 0);
            from[i] = (uint8_t)(i % 3 == 0 ? 7 : i / 4096 % 2 * 9);
        }
        assay_bytes_copy_sparse(bytes + at, LEN - at, from, LEN - at);
        cr_assert_arr_eq(bytes + at, from, LEN - at);
        assay_bytes_zero_sparse(bytes + at, LEN - at);
        cr_assert(assay_bytes_all_zero(bytes + at, LEN - at));
        for (size_t i = 0; i < at; i++)
            cr_assert_eq(bytes[i], i % 3 == 0 ? 7 : 0, "nothing before it");
    }
    assay_bytes_zero_sparse(NULL, 0);
    assay_bytes_copy_sparse(NULL, 0, NULL, 0);
}

/* A write to a page that holds already what it is to hold would end the process. */
Test(base_sparse, writes_no_page_that_holds_it_already)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), len = 8 * page;
    const int how = MAP_PRIVATE | MAP_ANONYMOUS;
    uint8_t *const to = mmap(NULL, len, PROT_READ, how, -1, 0);
    uint8_t *const from = mmap(NULL, len, PROT_READ | PROT_WRITE, how, -1, 0);
    cr_assert(to != MAP_FAILED && from != MAP_FAILED);
    from[3 * page + 5] = 1;
    assay_bytes_zero_sparse(to, len);
    cr_assert_eq(mprotect(to + 3 * page, page, PROT_READ | PROT_WRITE), 0);
    assay_bytes_copy_sparse(to, len, from, len);
    cr_assert_eq(to[3 * page + 5], 1);
    (void)munmap(to, len);
    (void)munmap(from, len);
}

/* The test above sees a write. */
Test(base_sparse, a_write_of_such_a_page_is_seen, .signal = SIGSEGV)
{
    volatile uint8_t *const to = mmap(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert(to != MAP_FAILED);
    to[0] = 0;
}
