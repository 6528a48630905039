/*
 * enforce/process.c - process driver.
 */
#include "enforce/process.h"

#include "base/assert.h"
#include "enforce/restore.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GRACE_MS = 2000, READY_MS_MAX = 10000, SILENT_MS_MAX = 10000, EVENTS_MAX = 4 };

enum phase { DOWN, STARTING, RUNNING, STOPPING, KILLED };

struct process_driver {
    struct assay_driver base; /* first: a pointer to it is a pointer to this */
    struct assay_process_config config;
    char path[PATH_MAX], restore_path[PATH_MAX];
    enum phase phase;
    struct assay_process_child child; /* while not DOWN */
    uint64_t since_ms;                /* of the phase */
    enum assay_driver_cause cause;
    struct assay_driver_event events[EVENTS_MAX]; /* STARTED, READY, ENDED: one life fits */
    size_t event_count;
};

static struct process_driver *self_of(struct assay_driver *driver)
{
    return (struct process_driver *)driver;
}

static void enter_enclave(struct process_driver *self, enum phase phase, uint64_t now_ms)
{
    self->phase = phase;
    self->since_ms = now_ms;
}

static struct assay_driver_event *push_event(struct process_driver *self,
                                             enum assay_driver_event_kind kind)
{
    ASSAY_ASSERT(self->event_count < EVENTS_MAX);
    struct assay_driver_event *event = &self->events[self->event_count++];
    *event = (struct assay_driver_event){ .kind = kind, .pid = self->child.pid };
    return event;
}

static enum assay_status process_start(struct assay_driver *driver, uint64_t now_ms,
                                       char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct process_driver *self = self_of(driver);
    ASSAY_ASSERT(self->phase == DOWN && self->event_count == 0);
    const struct assay_process_source *source = &self->config.source;
    message[0] = '\0';
    ASSAY_TRY(source->start(source->context, self->path, now_ms, &self->child, message));
    ASSAY_ASSERT(self->child.pid > 1 && self->child.pidfd >= 0);
    enter_enclave(self, STARTING, now_ms);
    push_event(self, ASSAY_DRIVER_STARTED);
    return ASSAY_OK;
}

/* While the leader is a child, ended or not, its number is its own. Where something else reaped it,
 * the number may be another group's. */
static void signal_group(const struct process_driver *self, int number)
{
    siginfo_t info = { 0 };
    const id_t leader = (id_t)self->child.pidfd;
    if (waitid(P_PIDFD, leader, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
        kill((pid_t)-self->child.pid, number);
}

static void kill_group(struct process_driver *self, enum assay_driver_cause cause, uint64_t now_ms)
{
    if (self->phase != STOPPING) self->cause = cause;
    signal_group(self, SIGKILL);
    enter_enclave(self, KILLED, now_ms);
}

static void process_stop(struct assay_driver *driver, uint64_t now_ms)
{
    struct process_driver *self = self_of(driver);
    if (self->phase != STARTING && self->phase != RUNNING) return;
    self->cause = ASSAY_CAUSE_STOPPED;
    signal_group(self, SIGTERM);
    enter_enclave(self, STOPPING, now_ms);
}

static enum assay_status process_restore(struct assay_driver *driver,
                                         char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct process_driver *self = self_of(driver);
    ASSAY_ASSERT(self->phase == DOWN);
    message[0] = '\0';
    if (self->restore_path[0] == '\0') return ASSAY_OK;
    return assay_enforce_restore_file(self->restore_path, self->path, message);
}

static enum assay_status process_set_work(struct assay_driver *driver, enum assay_work work)
{
    struct process_driver *self = self_of(driver);
    if (self->phase != RUNNING) return ASSAY_E_AGAIN;
    return self->config.source.set_work(self->config.source.context, work);
}

static size_t process_poll_set(struct assay_driver *driver, struct pollfd *fds, size_t capacity)
{
    const struct process_driver *self = self_of(driver);
    if (self->phase == DOWN || capacity == 0) return 0;
    fds[0] = (struct pollfd){ .fd = self->child.pidfd, .events = POLLIN };
    return 1;
}

static uint64_t silence_deadline(const struct process_driver *self)
{
    const uint64_t received_ms = self->config.source.received_ms(self->config.source.context);
    return received_ms == UINT64_MAX ? UINT64_MAX : received_ms + self->config.silent_ms_max;
}

static uint64_t process_wake_at(struct assay_driver *driver)
{
    const struct process_driver *self = self_of(driver);
    if (self->event_count > 0) return 0;
    switch (self->phase) {
    case DOWN: return UINT64_MAX;
    case STARTING: return self->since_ms + self->config.ready_ms_max;
    case RUNNING: return silence_deadline(self);
    case STOPPING: return self->since_ms + self->config.grace_ms;
    case KILLED: return UINT64_MAX; /* the pidfd tells */
    }
    ASSAY_UNREACHABLE("a phase outside the list");
}

static void describe_end(struct assay_driver_event *event, int exec_error)
{
    if (exec_error != 0)
        snprintf(event->message, sizeof event->message, "cannot be executed: %s",
                 strerror(exec_error));
    else if (event->wait_status < 0)
        snprintf(event->message, sizeof event->message, "exit status unknown");
    else
        snprintf(event->message, sizeof event->message, "%s %d",
                 event->killed ? "killed by signal" : "exit status", event->wait_status);
}

/* Returns: false while it lives. */
static bool reap_child(struct process_driver *self, uint64_t now_ms)
{
    struct pollfd fd = { .fd = self->child.pidfd, .events = POLLIN };
    if (poll(&fd, 1, 0) != 1) return false;
    signal_group(self, SIGKILL); /* whatever it started goes with it */
    siginfo_t info = { 0 };
    const bool is_reaped = waitid(P_PIDFD, (id_t)self->child.pidfd, &info, WEXITED | WNOHANG) == 0;
    if (!is_reaped && errno != ECHILD) return false;
    struct assay_driver_event *event = push_event(self, ASSAY_DRIVER_ENDED);
    event->wait_status = is_reaped ? info.si_status : -1;
    event->killed = is_reaped && info.si_code != CLD_EXITED;
    event->cause = self->phase == STARTING ? ASSAY_CAUSE_NO_START : self->cause;
    describe_end(event, self->config.source.ended(self->config.source.context));
    close(self->child.pidfd);
    self->child = (struct assay_process_child){ .pidfd = -1 };
    self->cause = ASSAY_CAUSE_ITSELF;
    enter_enclave(self, DOWN, now_ms);
    return true;
}

static void process_step(struct assay_driver *driver, uint64_t now_ms)
{
    struct process_driver *self = self_of(driver);
    if (self->phase == DOWN || reap_child(self, now_ms)) return;
    const struct assay_process_source *source = &self->config.source;
    switch (self->phase) {
    case DOWN: return;
    case STARTING:
        if (source->ready(source->context)) {
            push_event(self, ASSAY_DRIVER_READY);
            enter_enclave(self, RUNNING, now_ms);
        } else if (now_ms >= self->since_ms + self->config.ready_ms_max) {
            kill_group(self, ASSAY_CAUSE_NO_START, now_ms);
        }
        return;
    case RUNNING:
        if (now_ms >= silence_deadline(self)) kill_group(self, ASSAY_CAUSE_SILENT, now_ms);
        return;
    case STOPPING:
        if (now_ms >= self->since_ms + self->config.grace_ms)
            kill_group(self, ASSAY_CAUSE_STOPPED, now_ms);
        return;
    case KILLED: return;
    }
    ASSAY_UNREACHABLE("a phase outside the list");
}

static bool process_next(struct assay_driver *driver, struct assay_driver_event *event)
{
    struct process_driver *self = self_of(driver);
    if (self->event_count == 0) return false;
    *event = self->events[0];
    self->event_count--;
    for (size_t i = 0; i < self->event_count; i++)
        self->events[i] = self->events[i + 1];
    return true;
}

static const struct assay_driver_ops process_ops = {
    .start = process_start,
    .stop = process_stop,
    .restore = process_restore,
    .set_work = process_set_work,
    .poll_set = process_poll_set,
    .wake_at = process_wake_at,
    .step = process_step,
    .next = process_next,
};

static bool copy_path(char *to, const char *from)
{
    const int len = snprintf(to, PATH_MAX, "%s", from != NULL ? from : "");
    return len >= 0 && len < PATH_MAX;
}

enum assay_status assay_process_open(const struct assay_process_config *config,
                                     struct assay_driver **out)
{
    struct process_driver *self = calloc(1, sizeof *self);
    if (self == NULL) return ASSAY_E_MEMORY;
    self->base.ops = &process_ops;
    self->config = *config;
    self->config.path = self->config.restore_path = NULL; /* the copies are used */
    if (self->config.grace_ms == 0) self->config.grace_ms = GRACE_MS;
    if (self->config.ready_ms_max == 0) self->config.ready_ms_max = READY_MS_MAX;
    if (self->config.silent_ms_max == 0) self->config.silent_ms_max = SILENT_MS_MAX;
    self->child.pidfd = -1;
    if (!copy_path(self->path, config->path) || self->path[0] == '\0' ||
        !copy_path(self->restore_path, config->restore_path)) {
        free(self);
        return ASSAY_E_RANGE;
    }
    *out = &self->base;
    return ASSAY_OK;
}

void assay_process_close(struct assay_driver **driver)
{
    struct process_driver *self = self_of(*driver);
    if (self == NULL) return;
    if (self->phase != DOWN) {
        signal_group(self, SIGKILL);
        siginfo_t info;
        while (waitid(P_PIDFD, (id_t)self->child.pidfd, &info, WEXITED) != 0 && errno == EINTR)
            continue;
        close(self->child.pidfd);
    }
    free(self);
    *driver = NULL;
}

int64_t assay_process_pid(const struct assay_driver *driver)
{
    const struct process_driver *self = (const struct process_driver *)driver;
    return self->phase == DOWN ? 0 : self->child.pid;
}
