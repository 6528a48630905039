/*
 * enforce/hook.c - hook enforcement target. The process leads a group of its own, known by its
 * pidfd: a run that takes too long is killed with everything it started.
 */
#include "enforce/hook.h"

#include "base/assert.h"
#include "enforce/program.h"
#include "enforce/words.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SENT_MAX = 1024, SAID_MAX = 4096, CLOSE_MS = 100 };

struct hook {
    struct assay_target base; /* first: a pointer to it is a pointer to this */
    char name[ASSAY_HOOK_NAME_MAX + 1], path[PATH_MAX];
    char *arguments[ASSAY_HOOK_ARGUMENTS_MAX];
    size_t argument_count;
    struct assay_hook_runs *runs;
    struct assay_hook_run *run; /* under way; NULL: none */
    int pidfd;                  /* of its leader */
    int in, out;                /* our ends */
    char sent[SENT_MAX];
    size_t sent_len, sent_done;
    char said[SAID_MAX];
    size_t said_len;
};

static struct hook *self_of(struct assay_target *target)
{
    return (struct hook *)target;
}

static void close_pipes(int *fd)
{
    if (*fd >= 0) (void)close(*fd);
    *fd = -1;
}

/* --------------------------------------------------------------- the child */

/* While the leader is a child, ended or not, its number is its own. Where something else reaped it,
 * the number may be another group's. */
static void send_kill(const struct hook *self)
{
    siginfo_t info = { 0 };
    const id_t leader = (id_t)self->run->pid;
    if (waitid(P_PID, leader, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
        (void)kill(-self->run->pid, SIGKILL);
}

static void kill_group(struct hook *self)
{
    send_kill(self);
    assay_hook_runs_leave(self->runs, &self->run);
}

/* Returns: whether the child runs; its ends are in our hands. */
static bool spawn_hook(struct hook *self, int in, int out)
{
    char *argv[ASSAY_HOOK_ARGUMENTS_MAX + 2] = { self->path };
    for (size_t i = 0; i < self->argument_count; i++)
        argv[i + 1] = self->arguments[i];
    static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    const pid_t pid = fork();
    if (pid == 0) assay_program_become(self->path, argv, path, (const int[3]){ in, out, out });
    if (pid < 0) return false;
    self->run->pid = pid;
    (void)setpgid(pid, pid); /* by both: the first one counts */
    self->pidfd = (int)syscall(SYS_pidfd_open, pid, 0U);
    if (self->pidfd >= 0) return true;
    const int error = errno;
    kill_group(self);
    errno = error;
    return false;
}

static bool write_order(struct hook *self, const struct assay_target_act *act)
{
    char id[ASSAY_WORDS_ID_LEN];
    struct assay_json *document = assay_json_object(),
                      *words = assay_enforce_order_words(self->name, act);
    assay_enforce_order_event_id(self->name, act, id);
    assay_json_set_text(document, "schema", "assay.hook");
    assay_json_set_uint(document, "schema_version", 1);
    assay_json_set_text(document, "id", id);
    /* One flat object: the words are its other members. */
    char *const text = assay_json_print(document, 0), *const inner = assay_json_print(words, 0);
    int len = -1;
    if (text != NULL && inner != NULL)
        len = snprintf(self->sent, sizeof self->sent, "%.*s,%s\n", (int)strlen(text) - 1, text,
                       inner + 1);
    free(text);
    free(inner);
    assay_json_free(&document);
    assay_json_free(&words);
    self->sent_len = len > 0 && (size_t)len < sizeof self->sent ? (size_t)len : 0;
    self->sent_done = 0;
    return self->sent_len > 0;
}

static enum assay_status hook_begin(struct assay_target *target, const struct assay_target_act *act,
                                    uint64_t now_ms, char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct hook *self = self_of(target);
    int in[2] = { -1, -1 }, out[2] = { -1, -1 };
    (void)now_ms;
    ASSAY_ASSERT(self->pidfd < 0 && self->run == NULL);
    const pid_t before = assay_hook_runs_find(self->runs, self->name);
    if (before != 0) {
        (void)snprintf(message, ASSAY_DRIVER_MESSAGE_LEN,
                       "%.160s: process %ld was killed and has not ended", self->path,
                       (long)before);
        return ASSAY_E_TIMEOUT; /* two hooks never run at once */
    }
    ASSAY_TRY(assay_hook_runs_add(self->runs, self->name, &self->run));
    self->said_len = 0;
    bool runs = write_order(self, act) && pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
                fcntl(in[1], F_SETFL, O_NONBLOCK) == 0 && fcntl(out[0], F_SETFL, O_NONBLOCK) == 0;
    runs = runs && spawn_hook(self, in[0], out[1]);
    const int error = errno;
    close_pipes(&in[0]);
    close_pipes(&out[1]);
    if (runs) {
        self->in = in[1];
        self->out = out[0];
        return ASSAY_OK;
    }
    close_pipes(&in[1]);
    close_pipes(&out[0]);
    if (self->run != NULL) assay_hook_runs_leave(self->runs, &self->run);
    (void)snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "%.160s: %s", self->path, strerror(error));
    return ASSAY_E_IO;
}

/* --------------------------------------------------------------- while it runs */

static void feed_stdin(struct hook *self)
{
    while (self->in >= 0 && self->sent_done < self->sent_len) {
        const ssize_t n =
            write(self->in, self->sent + self->sent_done, self->sent_len - self->sent_done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) break; /* it does not listen: its own affair */
        self->sent_done += (size_t)n;
    }
    close_pipes(&self->in);
}

/* More than fits is read and dropped, so that it does not wait for us; but not for ever in one go.
 */
static void read_output(struct hook *self)
{
    char rest[1024];
    for (int turn = 0; turn < 64 && self->out >= 0; turn++) {
        const size_t room = sizeof self->said - self->said_len;
        const ssize_t n = read(self->out, room > 0 ? self->said + self->said_len : rest,
                               room > 0 ? room : sizeof rest);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) close_pipes(&self->out);
        else if (room > 0) self->said_len += (size_t)n;
    }
}

/* The first line that says something, fit for a log. */
static void append_quoted(const struct hook *self, char *text, size_t text_len)
{
    size_t len = 0;
    for (size_t i = 0; i < self->said_len && len + 1 < text_len; i++) {
        const char c = self->said[i];
        if (c == '\n' && len > 0) break;
        if (c == '\n') continue;
        text[len++] = (char)(c >= 0x20 && c < 0x7f ? c : '?');
    }
    text[len] = '\0';
}

static void close_ends(struct hook *self)
{
    close_pipes(&self->in);
    close_pipes(&self->out);
    close_pipes(&self->pidfd);
}

static enum assay_status hook_step(struct assay_target *target, uint64_t now_ms,
                                   enum assay_target_state *state,
                                   char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct hook *self = self_of(target);
    struct pollfd fd = { .fd = self->pidfd, .events = POLLIN };
    char said[160];
    (void)now_ms;
    (void)state;
    feed_stdin(self);
    read_output(self);
    if (poll(&fd, 1, 0) != 1) return ASSAY_E_AGAIN;
    read_output(self);
    send_kill(self); /* whatever it left behind in its group */
    siginfo_t info = { 0 };
    const bool is_reaped = waitid(P_PIDFD, (id_t)self->pidfd, &info, WEXITED | WNOHANG) == 0;
    if (!is_reaped && errno != ECHILD) return ASSAY_E_AGAIN;
    self->run->reaped = true;
    assay_hook_runs_leave(self->runs, &self->run);
    close_ends(self);
    if (info.si_code == CLD_EXITED && info.si_status == 0) return ASSAY_OK;
    if (!is_reaped) {
        (void)snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "exit status unknown");
        return ASSAY_E_INVALID;
    }
    append_quoted(self, said, sizeof said);
    (void)snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "%s %d%s%s",
                   info.si_code == CLD_EXITED ? "exit status" : "killed by signal", info.si_status,
                   said[0] != '\0' ? ": " : "", said);
    return ASSAY_E_INVALID;
}

static void hook_abandon(struct assay_target *target)
{
    struct hook *self = self_of(target);
    if (self->pidfd < 0) return;
    kill_group(self);
    close_ends(self);
}

static void hook_close(struct assay_target *target)
{
    struct hook *self = self_of(target);
    struct pollfd fd = { .fd = self->pidfd, .events = POLLIN };
    if (self->pidfd >= 0) {
        send_kill(self);
        (void)poll(&fd, 1, CLOSE_MS); /* later than that: the list of runs has it */
    }
    hook_abandon(target);
    for (size_t i = 0; i < self->argument_count; i++)
        free(self->arguments[i]);
    free(self);
}

static const struct assay_target_ops hook_ops = {
    .name = "hook",
    .can_restrict = true,
    .begin = hook_begin,
    .step = hook_step,
    .abandon = hook_abandon,
    .close = hook_close,
};

enum assay_status assay_hook_open(const struct assay_hook_config *config, struct assay_target **out)
{
    ASSAY_ASSERT(config->runs != NULL);
    struct hook *self = calloc(1, sizeof *self);
    if (self == NULL) return ASSAY_E_MEMORY;
    (void)signal(SIGPIPE, SIG_IGN); /* a hook need not listen */
    self->base.ops = &hook_ops;
    self->runs = config->runs;
    self->pidfd = self->in = self->out = -1;
    const int name_len = snprintf(self->name, sizeof self->name, "%s", config->name);
    const int path_len = snprintf(self->path, sizeof self->path, "%s", config->path);
    enum assay_status status = ASSAY_OK;
    if (name_len < 1 || (size_t)name_len >= sizeof self->name || self->path[0] != '/' ||
        (size_t)path_len >= sizeof self->path || config->argument_count > ASSAY_HOOK_ARGUMENTS_MAX)
        status = ASSAY_E_RANGE;
    for (size_t i = 0; status == ASSAY_OK && i < config->argument_count; i++) {
        self->arguments[i] = strdup(config->arguments[i]);
        if (self->arguments[i] == NULL) status = ASSAY_E_MEMORY;
        else self->argument_count++;
    }
    if (status == ASSAY_OK) *out = &self->base;
    else hook_close(&self->base);
    return status;
}
