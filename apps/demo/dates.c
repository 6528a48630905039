/*
 * apps/demo/dates.c - shared calendar of the demo network: every process reads its date through
 * tests/byzantine/clock_shim.c, which adds the seconds stored in one file. Monotonic clocks are not
 * affected: epochs take as long as ever.
 */
#include "apps/demo/platforms.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN = 20, DAY_S = 86400 };

static int file = -1;
static unsigned days_ahead;

/* One write: all processes map the same page. */
static bool publish_date(void)
{
    char text[SHOWN + 1];
    (void)snprintf(text, sizeof text, "%-20llu", (unsigned long long)days_ahead * DAY_S);
    return pwrite(file, text, SHOWN, 0) == SHOWN;
}

bool demo_dates_begin(struct demo *demo)
{
    char shim[sizeof demo->cast + 32], path[PATH_MAX + 16];
    (void)snprintf(shim, sizeof shim, "%s/libclock_shim.so", demo->cast);
    (void)snprintf(path, sizeof path, "%s/calendar", demo->dir);
    file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (access(shim, R_OK) != 0 || file < 0 || !publish_date()) {
        (void)fprintf(stderr, "assay-demo: %s or %s is missing: dates cannot be set\n", shim, path);
        return false;
    }
    return setenv("LD_PRELOAD", shim, 1) == 0 && setenv("ASSAY_TEST_CLOCK", path, 1) == 0;
}

void demo_dates_forward(unsigned days)
{
    days_ahead += days;
    if (!publish_date())
        days_ahead -= days; /* the code that waits for the date reports a timeout */
}
