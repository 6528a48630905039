/*
 * enforce/cgroup.c - cgroup v2 enforcement target. Files of the kernel: each write and read is one
 * call.
 */
#include "enforce/cgroup.h"

#include "base/assert.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_LEN_MAX = 32, GROUPS_MAX = 1024, PROCESSES_MAX = 64 * 1024 };

/* Processes of a group and of all below it, sorted. */
struct processes {
    pid_t *ids; /* [capacity] */
    size_t count, capacity;
    bool cut; /* there are more than are listed */
};

struct cgroup {
    struct assay_target base; /* first: a pointer to it is a pointer to this */
    char path[PATH_MAX - NAME_LEN_MAX];
    enum assay_target_verb verb;
    struct processes killed; /* that were left after the kill */
    bool seen;               /* it was there: the path is right */
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

/* Only an empty group can be removed: no process is left in it. A group that is there and lacks a
 * file shows nothing. */
static bool is_removed(const struct cgroup *self)
{
    struct stat about;
    return stat(self->path, &about) != 0 && errno == ENOENT;
}

/* --------------------------------------------------------------- processes below a group */

/* Paths of the group and of groups below it, each with its NUL. What does not fit is left out, and
 * the list is cut. */
struct groups {
    char *text; /* [capacity] */
    size_t len, capacity, count;
};

static bool has_room(struct groups *groups, size_t len)
{
    if (groups->count >= GROUPS_MAX) return false;
    if (len <= groups->capacity - groups->len) return true;
    const size_t capacity = groups->capacity * 2 + PATH_MAX; /* one path fits in any case */
    char *const text = realloc(groups->text, capacity);
    if (text == NULL) return false;
    groups->text = text;
    groups->capacity = capacity;
    return true;
}

static void add_group(struct groups *groups, const char *parent, const char *name,
                      struct processes *list)
{
    char path[PATH_MAX];
    const int len = snprintf(path, sizeof path, "%s%s%s", parent, name[0] != '\0' ? "/" : "", name);
    if (len < 0 || len >= PATH_MAX - NAME_LEN_MAX || !has_room(groups, (size_t)len + 1)) {
        list->cut = true;
        return;
    }
    (void)snprintf(groups->text + groups->len, groups->capacity - groups->len, "%s", path);
    groups->len += (size_t)len + 1;
    groups->count++;
}

static void add_process(struct processes *list, pid_t id)
{
    if (list->count == list->capacity && list->capacity < PROCESSES_MAX) {
        const size_t capacity = list->capacity > 0 ? list->capacity * 2 : 64;
        pid_t *const ids = reallocarray(list->ids, capacity, sizeof *ids);
        if (ids != NULL) {
            list->ids = ids;
            list->capacity = capacity;
        }
    }
    if (list->count < list->capacity) list->ids[list->count++] = id;
    else list->cut = true;
}

static void clear_processes(struct processes *list)
{
    free(list->ids);
    *list = (struct processes){ 0 };
}

/* One number a line; reads end anywhere in it. Returns: 0 | errno */
static int read_processes(int fd, struct processes *list)
{
    char text[4096];
    long id = -1; /* of the line that was begun; -1: none */
    ssize_t n = 0;
    while ((n = read(fd, text, sizeof text)) > 0)
        for (const char *at = text; at < text + n; at++) {
            const bool digit = *at >= '0' && *at <= '9';
            if (digit) id = (id < 0 ? 0 : id * 10) + (*at - '0');
            if (id < 0 || id > INT_MAX || (!digit && *at != '\n')) return EBADMSG;
            if (digit) continue;
            add_process(list, (pid_t)id);
            id = -1;
        }
    if (n < 0) return errno;
    return id < 0 ? 0 : EBADMSG;
}

static int list_group(const char *path, struct processes *list)
{
    char file[PATH_MAX];
    (void)snprintf(file, sizeof file, "%s/cgroup.procs", path);
    const int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return errno;
    const int error = read_processes(fd, list);
    (void)close(fd);
    return error;
}

static int find_below(struct groups *groups, const char *path, struct processes *list)
{
    DIR *const folder = opendir(path);
    if (folder == NULL) return errno;
    const struct dirent *entry = NULL;
    while (errno = 0, (entry = readdir(folder)) != NULL)
        if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0)
            add_group(groups, path, entry->d_name, list);
    const int error = errno;
    (void)closedir(folder);
    return error;
}

/* A group below that is removed meanwhile has no processes; those of a threaded one are listed in a
 * group above it. */
static bool is_no_group(int error)
{
    return error == ENOENT || error == ENODEV || error == EOPNOTSUPP;
}

static int compare_ids(const void *a, const void *b)
{
    const pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;
    return (left > right) - (left < right);
}

static int list_all(const struct cgroup *self, struct groups *groups, struct processes *list)
{
    char path[PATH_MAX - NAME_LEN_MAX];
    add_group(groups, self->path, "", list);
    for (size_t at = 0; at < groups->len; at += strlen(path) + 1) {
        (void)snprintf(path, sizeof path, "%s", groups->text + at); /* the text moves as it grows */
        int error = list_group(path, list);
        if (error == 0) error = find_below(groups, path, list);
        if (error != 0 && (at == 0 || !is_no_group(error))) return error;
    }
    return 0;
}

static enum assay_status list_processes(const struct cgroup *self, struct processes *list,
                                        char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct groups groups = { 0 };
    clear_processes(list);
    const int error = list_all(self, &groups, list);
    free(groups.text);
    if (list->count > 0) qsort(list->ids, list->count, sizeof list->ids[0], compare_ids);
    if (error == 0) return ASSAY_OK;
    (void)set_error(self, "cgroup.procs",
                    error == EBADMSG ? "no list of processes" : strerror(error), message);
    return error == EBADMSG ? ASSAY_E_SYNTAX : ASSAY_E_IO;
}

static bool have_common(const struct processes *a, const struct processes *b)
{
    for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
        if (a->ids[i] == b->ids[j]) return true;
        if (a->ids[i] < b->ids[j]) i++;
        else j++;
    }
    return false;
}

/* --------------------------------------------------------------- acts */

/* Of the processes that were killed, some may sleep on in the kernel, and the group's manager may
 * start others at once, which stay frozen: "populated" does not distinguish them. After the first
 * kill no process that was there can start another one, so the list has all of them that are left;
 * those that the manager started before it was read are killed with them. */
static enum assay_status kill_processes(struct cgroup *self,
                                        char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    /* Frozen first, so that no process in it can start another one, or run when it starts. */
    ASSAY_TRY(write_file(self, "cgroup.freeze", '1', message));
    ASSAY_TRY(write_file(self, "cgroup.kill", '1', message));
    ASSAY_TRY(list_processes(self, &self->killed, message));
    return write_file(self, "cgroup.kill", '1', message);
}

static enum assay_status begin_stop(struct cgroup *self,
                                    char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    clear_processes(&self->killed); /* of a stop before, perhaps of a group that was removed */
    const enum assay_status status = kill_processes(self, message);
    return status != ASSAY_OK && is_removed(self) ? ASSAY_OK : status;
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

/* Done when none of those that were killed is left in the group or below. When some are not listed,
 * only an empty group shows that. */
static enum assay_status step_stop(const struct cgroup *self, bool populated,
                                   char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct processes left = { 0 };
    if (!populated) return ASSAY_OK;
    if (self->killed.cut) return ASSAY_E_AGAIN;
    enum assay_status status = list_processes(self, &left, message);
    if (status == ASSAY_OK && (left.cut || have_common(&self->killed, &left)))
        status = ASSAY_E_AGAIN;
    clear_processes(&left);
    return status;
}

static enum assay_status step_act(struct cgroup *self, enum assay_target_state *state,
                                  char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    bool populated = false, frozen = false;
    ASSAY_TRY(read_events(self, &populated, &frozen, message));
    self->seen = true;
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

/* A manager may remove a group when it is empty. A path at which no group was ever seen may be
 * wrong: a look reports it. */
static bool is_answered_by_removal(const struct cgroup *self)
{
    const bool looks = self->verb == ASSAY_TARGET_INSPECT && self->seen;
    return (self->verb == ASSAY_TARGET_STOP || looks) && is_removed(self);
}

static enum assay_status cgroup_step(struct assay_target *target, uint64_t now_ms,
                                     enum assay_target_state *state,
                                     char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct cgroup *self = self_of(target);
    const enum assay_status status = step_act(self, state, message);
    (void)now_ms;
    if (status == ASSAY_OK || status == ASSAY_E_AGAIN || !is_answered_by_removal(self))
        return status;
    *state = ASSAY_TARGET_DOWN;
    return ASSAY_OK;
}

static void cgroup_abandon(struct assay_target *target)
{
    (void)target; /* nothing of ours waits */
}

static void cgroup_close(struct assay_target *target)
{
    clear_processes(&self_of(target)->killed);
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
