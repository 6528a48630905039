/*
 * tests/unit/enforce/scripted_driver.c - scripted driver.
 */
#include "tests/unit/enforce/scripted_driver.h"

#include "base/assert.h"

#include <stdio.h>

static void watch(const struct scripted *scripted, const char *act)
{
    if (scripted->watch != NULL) scripted->watch(act);
}

static void push(struct scripted *scripted, enum assay_driver_event_kind kind,
                 enum assay_driver_cause cause)
{
    ASSAY_ASSERT(scripted->event_count < SCRIPTED_EVENTS_MAX);
    scripted->events[scripted->event_count++] =
        (struct assay_driver_event){ .kind = kind, .pid = scripted->pid, .cause = cause };
}

static enum assay_status scripted_start(struct assay_driver *driver, uint64_t now_ms,
                                        char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct scripted *scripted = (struct scripted *)driver;
    (void)now_ms;
    ASSAY_ASSERT(!scripted->runs);
    watch(scripted, "before start");
    snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "the puppet says so");
    if (scripted->start_says != ASSAY_OK) return scripted->start_says;
    scripted->runs = true;
    scripted->ready = false;
    scripted->starts++;
    scripted->pid++;
    push(scripted, ASSAY_DRIVER_STARTED, ASSAY_CAUSE_ITSELF);
    watch(scripted, "start");
    return ASSAY_OK;
}

static void scripted_stop(struct assay_driver *driver, uint64_t now_ms)
{
    struct scripted *scripted = (struct scripted *)driver;
    (void)now_ms;
    if (!scripted->runs) return;
    watch(scripted, "before stop");
    scripted->stops++;
    scripted->stopping = true;
    watch(scripted, "stop");
}

static enum assay_status scripted_restore(struct assay_driver *driver,
                                          char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct scripted *scripted = (struct scripted *)driver;
    ASSAY_ASSERT(!scripted->runs);
    watch(scripted, "before restore");
    snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "no pristine copy");
    if (scripted->restore_says != ASSAY_OK) return scripted->restore_says;
    scripted->restores++;
    watch(scripted, "restore");
    return ASSAY_OK;
}

static enum assay_status scripted_set_work(struct assay_driver *driver, enum assay_work work)
{
    struct scripted *scripted = (struct scripted *)driver;
    ASSAY_ASSERT(scripted->ready);
    watch(scripted, "before work");
    if (scripted->work_says != ASSAY_OK) return scripted->work_says;
    scripted->works++;
    scripted->work = work;
    watch(scripted, "work");
    return ASSAY_OK;
}

static size_t scripted_poll_set(struct assay_driver *driver, struct pollfd *fds, size_t capacity)
{
    (void)driver;
    (void)fds;
    (void)capacity;
    return 0;
}

static uint64_t scripted_wake_at(struct assay_driver *driver)
{
    return ((struct scripted *)driver)->event_count > 0 ? 0 : UINT64_MAX;
}

void scripted_end(struct scripted *scripted, enum assay_driver_cause cause)
{
    ASSAY_ASSERT(scripted->runs);
    scripted->runs = scripted->ready = scripted->stopping = false;
    push(scripted, ASSAY_DRIVER_ENDED, cause);
}

static void scripted_step(struct assay_driver *driver, uint64_t now_ms)
{
    struct scripted *scripted = (struct scripted *)driver;
    (void)now_ms;
    if (scripted->stopping && !scripted->slow_to_stop) scripted_end(scripted, ASSAY_CAUSE_STOPPED);
    if (!scripted->runs || scripted->ready || scripted->never_ready || scripted->stopping) return;
    scripted->ready = true;
    push(scripted, ASSAY_DRIVER_READY, ASSAY_CAUSE_ITSELF);
}

static bool scripted_next(struct assay_driver *driver, struct assay_driver_event *event)
{
    struct scripted *scripted = (struct scripted *)driver;
    if (scripted->event_count == 0) return false;
    *event = scripted->events[0];
    scripted->event_count--;
    for (size_t i = 0; i < scripted->event_count; i++)
        scripted->events[i] = scripted->events[i + 1];
    return true;
}

static const struct assay_driver_ops scripted_ops = {
    .start = scripted_start,
    .stop = scripted_stop,
    .restore = scripted_restore,
    .set_work = scripted_set_work,
    .poll_set = scripted_poll_set,
    .wake_at = scripted_wake_at,
    .step = scripted_step,
    .next = scripted_next,
};

void scripted_init(struct scripted *scripted)
{
    *scripted = (struct scripted){ .base = { .ops = &scripted_ops }, .pid = 100 };
}
