/*
 * enforce/cgroup.c - cgroup v2 enforcement target. Files of the kernel: each write and read is one
 * call.
 */
#include "enforce/cgroup.h"

#include "base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_LEN_MAX = 64 * 1024, NAME_LEN_MAX = 32 };

struct cgroup {
    struct assay_target base; /* first: a pointer to it is a pointer to this */
    char path[PATH_MAX - NAME_LEN_MAX];
    enum assay_target_verb verb;
    char killed[FILE_LEN_MAX]; /* cgroup.procs when they were */
};

static struct cgroup *self_of(struct assay_target *target)
{
    return (struct cgroup *)target;
}

static enum assay_status set_error(const struct cgroup *self, const char *name, const char *why,
                                   char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    (void)snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "%.150s/%s: %s", self->path, name, why);
    return ASSAY_E_IO;
}

static enum assay_status write_file(const struct cgroup *self, const char *name, char value,
                                    char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", self->path, name);
    const int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return set_error(self, name, strerror(errno), message);
    const bool done = write(fd, &value, 1) == 1;
    const int error = errno;
    (void)close(fd);
    return done ? ASSAY_OK : set_error(self, name, strerror(error), message);
}

/* Out: text, NUL-terminated, cut at its capacity. */
static enum assay_status read_file(const struct cgroup *self, const char *name, char *text,
                                   size_t capacity, char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    char path[PATH_MAX];
    size_t len = 0;
    (void)snprintf(path, sizeof path, "%s/%s", self->path, name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return set_error(self, name, strerror(errno), message);
    ssize_t n = 0;
    while (len + 1 < capacity && (n = read(fd, text + len, capacity - 1 - len)) > 0)
        len += (size_t)n;
    const int error = errno;
    (void)close(fd);
    text[len] = '\0';
    return n >= 0 ? ASSAY_OK : set_error(self, name, strerror(error), message);
}

/* "populated 1\nfrozen 0\n". Returns: false when the key is not there. */
static bool parse_flag(const char *events, const char *key, bool *value)
{
    const size_t key_len = strlen(key);
    for (const char *line = events; *line != '\0';) {
        const char *const end = strchrnul(line, '\n');
        if (strncmp(line, key, key_len) == 0 && line[key_len] == ' ' && end == line + key_len + 2 &&
            (line[key_len + 1] == '0' || line[key_len + 1] == '1')) {
            *value = line[key_len + 1] == '1';
            return true;
        }
        line = *end != '\0' ? end + 1 : end;
    }
    return false;
}

/* cgroup.events reports the state; cgroup.freeze only the request. */
static enum assay_status read_events(const struct cgroup *self, bool *populated, bool *frozen,
                                     char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    char events[256];
    ASSAY_TRY(read_file(self, "cgroup.events", events, sizeof events, message));
    if (parse_flag(events, "populated", populated) && parse_flag(events, "frozen", frozen))
        return ASSAY_OK;
    (void)set_error(self, "cgroup.events", "neither populated nor frozen: version 2 has both",
                    message);
    return ASSAY_E_SYNTAX;
}

/* Complete lines of `before` that are still in `after`. */
static bool has_processes(const char *before, const char *after)
{
    for (const char *line = before; *line != '\0';) {
        const char *const end = strchrnul(line, '\n');
        const size_t len = (size_t)(end - line);
        for (const char *at = after; len > 0 && *at != '\0';) {
            const char *const at_end = strchrnul(at, '\n');
            if ((size_t)(at_end - at) == len && strncmp(at, line, len) == 0) return true;
            at = *at_end != '\0' ? at_end + 1 : at_end;
        }
        line = *end != '\0' ? end + 1 : end;
    }
    return false;
}

static enum assay_status begin_stop(struct cgroup *self,
                                    char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    /* Frozen first, so that no process in it can start another one, or run when it starts. */
    ASSAY_TRY(write_file(self, "cgroup.freeze", '1', message));
    ASSAY_TRY(read_file(self, "cgroup.procs", self->killed, sizeof self->killed, message));
    return write_file(self, "cgroup.kill", '1', message);
}

static enum assay_status cgroup_begin(struct assay_target *target,
                                      const struct assay_target_act *act, uint64_t now_ms,
                                      char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct cgroup *self = self_of(target);
    (void)now_ms;
    self->verb = act->verb;
    switch (act->verb) {
    case ASSAY_TARGET_INSPECT: return ASSAY_OK;
    case ASSAY_TARGET_STOP: return begin_stop(self, message);
    case ASSAY_TARGET_SUSPEND: return write_file(self, "cgroup.freeze", '1', message);
    case ASSAY_TARGET_START:
    case ASSAY_TARGET_RESTRICT:
    case ASSAY_TARGET_RUN: return write_file(self, "cgroup.freeze", '0', message);
    }
    ASSAY_UNREACHABLE("a verb outside the list");
}

static enum assay_status step_stop(const struct cgroup *self, bool populated,
                                   char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    char left[FILE_LEN_MAX];
    if (!populated) return ASSAY_OK;
    if (self->killed[0] == '\0') return ASSAY_E_AGAIN; /* they are in groups below */
    ASSAY_TRY(read_file(self, "cgroup.procs", left, sizeof left, message));
    return has_processes(self->killed, left) ? ASSAY_E_AGAIN : ASSAY_OK;
}

static enum assay_status cgroup_step(struct assay_target *target, uint64_t now_ms,
                                     enum assay_target_state *state,
                                     char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct cgroup *self = self_of(target);
    bool populated = false, frozen = false;
    (void)now_ms;
    ASSAY_TRY(read_events(self, &populated, &frozen, message));
    switch (self->verb) {
    case ASSAY_TARGET_INSPECT:
        *state = frozen ? ASSAY_TARGET_FROZEN : ASSAY_TARGET_RUNS;
        return ASSAY_OK;
    case ASSAY_TARGET_STOP: return step_stop(self, populated, message);
    case ASSAY_TARGET_SUSPEND: return frozen ? ASSAY_OK : ASSAY_E_AGAIN;
    case ASSAY_TARGET_START:
    case ASSAY_TARGET_RESTRICT:
    case ASSAY_TARGET_RUN: return frozen ? ASSAY_E_AGAIN : ASSAY_OK;
    }
    ASSAY_UNREACHABLE("a verb outside the list");
}

static void cgroup_abandon(struct assay_target *target)
{
    (void)target; /* nothing of ours waits */
}

static void cgroup_close(struct assay_target *target)
{
    free(target);
}

static const struct assay_target_ops cgroup_ops = {
    .name = "cgroup",
    .can_look = true,
    .begin = cgroup_begin,
    .step = cgroup_step,
    .abandon = cgroup_abandon,
    .close = cgroup_close,
};

enum assay_status assay_cgroup_open(const char *path, struct assay_target **out)
{
    struct cgroup *self = calloc(1, sizeof *self);
    if (self == NULL) return ASSAY_E_MEMORY;
    self->base.ops = &cgroup_ops;
    const int len = snprintf(self->path, sizeof self->path, "%s", path);
    if (path[0] != '/' || (size_t)len >= sizeof self->path) {
        free(self);
        return ASSAY_E_RANGE;
    }
    *out = &self->base;
    return ASSAY_OK;
}
