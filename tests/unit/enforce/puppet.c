/*
 * tests/unit/enforce/puppet.c - scripted driver.
 */
#include "tests/unit/enforce/puppet.h"

#include "base/assert.h"

#include <stdio.h>

static void watch(const struct puppet *puppet, const char *act)
{
    if (puppet->watch != NULL) puppet->watch(act);
}

static void push(struct puppet *puppet, enum assay_driver_event_kind kind,
                 enum assay_driver_cause cause)
{
    ASSAY_ASSERT(puppet->event_count < PUPPET_EVENTS_MAX);
    puppet->events[puppet->event_count++] =
        (struct assay_driver_event){ .kind = kind, .pid = puppet->pid, .cause = cause };
}

static enum assay_status puppet_start(struct assay_driver *driver, uint64_t now_ms,
                                      char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct puppet *puppet = (struct puppet *)driver;
    (void)now_ms;
    ASSAY_ASSERT(!puppet->runs);
    watch(puppet, "before start");
    snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "the puppet says so");
    if (puppet->start_says != ASSAY_OK) return puppet->start_says;
    puppet->runs = true;
    puppet->ready = false;
    puppet->starts++;
    puppet->pid++;
    push(puppet, ASSAY_DRIVER_STARTED, ASSAY_CAUSE_ITSELF);
    watch(puppet, "start");
    return ASSAY_OK;
}

static void puppet_stop(struct assay_driver *driver, uint64_t now_ms)
{
    struct puppet *puppet = (struct puppet *)driver;
    (void)now_ms;
    if (!puppet->runs) return;
    watch(puppet, "before stop");
    puppet->stops++;
    puppet->stopping = true;
    watch(puppet, "stop");
}

static enum assay_status puppet_restore(struct assay_driver *driver,
                                        char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct puppet *puppet = (struct puppet *)driver;
    ASSAY_ASSERT(!puppet->runs);
    watch(puppet, "before restore");
    snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "no pristine copy");
    if (puppet->restore_says != ASSAY_OK) return puppet->restore_says;
    puppet->restores++;
    watch(puppet, "restore");
    return ASSAY_OK;
}

static enum assay_status puppet_set_work(struct assay_driver *driver, enum assay_work work)
{
    struct puppet *puppet = (struct puppet *)driver;
    ASSAY_ASSERT(puppet->ready);
    watch(puppet, "before work");
    if (puppet->work_says != ASSAY_OK) return puppet->work_says;
    puppet->works++;
    puppet->work = work;
    watch(puppet, "work");
    return ASSAY_OK;
}

static size_t puppet_poll_set(struct assay_driver *driver, struct pollfd *fds, size_t capacity)
{
    (void)driver;
    (void)fds;
    (void)capacity;
    return 0;
}

static uint64_t puppet_wake_at(struct assay_driver *driver)
{
    return ((struct puppet *)driver)->event_count > 0 ? 0 : UINT64_MAX;
}

void puppet_end(struct puppet *puppet, enum assay_driver_cause cause)
{
    ASSAY_ASSERT(puppet->runs);
    puppet->runs = puppet->ready = puppet->stopping = false;
    push(puppet, ASSAY_DRIVER_ENDED, cause);
}

static void puppet_step(struct assay_driver *driver, uint64_t now_ms)
{
    struct puppet *puppet = (struct puppet *)driver;
    (void)now_ms;
    if (puppet->stopping && !puppet->slow_to_stop) puppet_end(puppet, ASSAY_CAUSE_STOPPED);
    if (!puppet->runs || puppet->ready || puppet->never_ready || puppet->stopping) return;
    puppet->ready = true;
    push(puppet, ASSAY_DRIVER_READY, ASSAY_CAUSE_ITSELF);
}

static bool puppet_next(struct assay_driver *driver, struct assay_driver_event *event)
{
    struct puppet *puppet = (struct puppet *)driver;
    if (puppet->event_count == 0) return false;
    *event = puppet->events[0];
    puppet->event_count--;
    for (size_t i = 0; i < puppet->event_count; i++)
        puppet->events[i] = puppet->events[i + 1];
    return true;
}

static const struct assay_driver_ops puppet_ops = {
    .start = puppet_start,
    .stop = puppet_stop,
    .restore = puppet_restore,
    .set_work = puppet_set_work,
    .poll_set = puppet_poll_set,
    .wake_at = puppet_wake_at,
    .step = puppet_step,
    .next = puppet_next,
};

void puppet_init(struct puppet *puppet)
{
    *puppet = (struct puppet){ .base = { .ops = &puppet_ops }, .pid = 100 };
}
