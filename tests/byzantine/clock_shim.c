/*
 * tests/byzantine/clock_shim.c - LD_PRELOAD: a date that a test, or a story of the demo, sets while
 * a program runs.
 *
 * Adds to CLOCK_REALTIME the seconds that stand in the file $ASSAY_TEST_CLOCK, in SHOWN characters
 * of decimal text, read at each call. Every other clock is left alone: dates may be wrong, what a
 * machine measures is not.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SHOWN = 20 };

static const volatile char *shown;

/* Before any thread exists. */
__attribute__((constructor)) static void open_file(void)
{
    const char *path = getenv("ASSAY_TEST_CLOCK");
    const int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *bytes = mmap(NULL, SHOWN, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes != MAP_FAILED) shown = bytes;
    (void)close(fd);
}

static long seconds(void)
{
    long value = 0;
    bool negative = false;
    for (int i = 0; shown != NULL && i < SHOWN; i++) {
        const char c = shown[i];
        if (c == '-') negative = true;
        if (c >= '0' && c <= '9') value = 10 * value + (c - '0');
    }
    return negative ? -value : value;
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t id, struct timespec *at)
{
    const long result = syscall(SYS_clock_gettime, id, at);
    if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        at->tv_sec += seconds();
    return (int)result;
}
