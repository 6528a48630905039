/*
 * tests/unit/enforce/scripted_driver.h - scripted driver without a process.
 */
#ifndef ASSAY_TESTS_UNIT_ENFORCE_SCRIPTED_DRIVER_H
#define ASSAY_TESTS_UNIT_ENFORCE_SCRIPTED_DRIVER_H

#include "enforce/driver.h"

enum { SCRIPTED_EVENTS_MAX = 8 };

struct scripted {
    struct assay_driver base;
    bool runs, ready, stopping;
    bool never_ready;  /* a start does not become ready by itself */
    bool slow_to_stop; /* a stop is asked for and does not happen by itself */
    enum assay_status start_says, restore_says, work_says;
    unsigned starts, stops, restores, works;
    enum assay_work work; /* told last */
    int64_t pid;
    struct assay_driver_event events[SCRIPTED_EVENTS_MAX];
    size_t event_count;
    void (*watch)(const char *act); /* told before and after each act; may be NULL */
};

void scripted_init(struct scripted *scripted);
/* The process ends by itself, or for what the driver noticed. */
void scripted_end(struct scripted *scripted, enum assay_driver_cause cause);

#endif
