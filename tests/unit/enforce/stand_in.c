/*
 * tests/unit/enforce/stand_in.c - fake container engine. One connection at a time, as each has one
 * request.
 */
#include "tests/unit/enforce/stand_in.h"

#include "base/assert.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void put(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0) return;
        bytes += n;
        len -= (size_t)n;
    }
}

static void answer(const struct stand_in *self, int fd, int code, const char *body)
{
    char text[2048];
    int len = 0;
    if (code == 204 || code == 304)
        len = snprintf(text, sizeof text, "HTTP/1.1 %d Whatever\r\nServer: stand-in\r\n\r\n", code);
    else if (atomic_load(&self->chunked))
        len = snprintf(text, sizeof text,
                       "HTTP/1.1 %d OK\r\nContent-Type: application/json\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n5;x=y\r\n%.5s\r\n%zX\r\n%s\r\n0\r\n\r\n",
                       code, body, strlen(body) - 5, body + 5);
    else
        len = snprintf(text, sizeof text, "HTTP/1.1 %d OK\r\nContent-Length: %zu\r\n\r\n%s", code,
                       strlen(body), body);
    if (atomic_load(&self->mood) == STAND_IN_HALF) len /= 2;
    if (atomic_load(&self->mood) != STAND_IN_DRIP) {
        put(fd, text, (size_t)len);
        return;
    }
    for (int i = 0; i < len && !atomic_load(&self->stop); i++) {
        put(fd, text + i, 1);
        nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
    }
}

static const char *state_of(const struct stand_in *self)
{
    switch (atomic_load(&self->state)) {
    case STAND_IN_RUNNING: return "{\"Status\":\"running\",\"Running\":true,\"Paused\":false}";
    case STAND_IN_PAUSED: return "{\"Status\":\"paused\",\"Running\":true,\"Paused\":true}";
    default: return "{\"Status\":\"exited\",\"Running\":false,\"Paused\":false}";
    }
}

static void refuse(const struct stand_in *self, int fd, const char *why)
{
    char body[256];
    snprintf(body, sizeof body, "{\"cause\":\"x\",\"message\":\"%s\",\"response\":500}", why);
    answer(self, fd, 500, body);
}

/* The states of Docker's API; each verb from the states in which engines take it. */
static void act(struct stand_in *self, int fd, const char *verb)
{
    const int state = atomic_load(&self->state);
    if (strncmp(verb, "start ", 6) == 0) {
        atomic_fetch_add(&self->starts, state == STAND_IN_EXITED);
        if (state == STAND_IN_EXITED) atomic_store(&self->state, STAND_IN_RUNNING);
        answer(self, fd, state == STAND_IN_EXITED ? 204 : 304, "");
    } else if (strncmp(verb, "stop?", 5) == 0) {
        if (state == STAND_IN_PAUSED && atomic_load(&self->refuses_paused)) {
            refuse(self, fd, "is running or paused, refusing to clean up");
            return;
        }
        atomic_fetch_add(&self->stops, state != STAND_IN_EXITED);
        atomic_store(&self->state, STAND_IN_EXITED);
        answer(self, fd, state == STAND_IN_EXITED ? 304 : 204, "");
    } else if (strncmp(verb, "pause ", 6) == 0 && state == STAND_IN_RUNNING) {
        atomic_fetch_add(&self->pauses, 1);
        atomic_store(&self->state, STAND_IN_PAUSED);
        answer(self, fd, 204, "");
    } else if (strncmp(verb, "unpause ", 8) == 0 && state == STAND_IN_PAUSED) {
        atomic_fetch_add(&self->unpauses, 1);
        atomic_store(&self->state, STAND_IN_RUNNING);
        answer(self, fd, 204, "");
    } else refuse(self, fd, "container state improper");
}

static void serve(struct stand_in *self, int fd, const char *request)
{
    char body[512];
    if (strncmp(request, "GET /containers/web/json HTTP/1.1\r\n", 34) == 0) {
        atomic_fetch_add(&self->looks, 1);
        snprintf(body, sizeof body,
                 "{\"Id\":\"f0\",\"Created\":\"2026\",\"Sizes\":[1.5,2],\"State\":%s}",
                 atomic_load(&self->mood) == STAND_IN_WRONG ? "[]" : state_of(self));
        answer(self, fd, 200, body);
    } else if (strncmp(request, "POST /containers/web/", 21) == 0) {
        act(self, fd, request + 21);
    } else answer(self, fd, 404, "{\"message\":\"no container with name \\\"nope\\\" found\"}");
}

static void meet(struct stand_in *self, int fd)
{
    static const char endless[] = "HTTP/1.1 200 OK\r\n\r\n{\"a\":\"";
    char request[2048] = "";
    size_t len = 0;
    while (strstr(request, "\r\n\r\n") == NULL && len + 1 < sizeof request) {
        const ssize_t n = recv(fd, request + len, sizeof request - 1 - len, 0);
        if (n <= 0) return;
        len += (size_t)n;
        request[len] = '\0';
    }
    switch (atomic_load(&self->mood)) {
    case STAND_IN_HANGS_UP: return;
    case STAND_IN_BROKEN: refuse(self, fd, "the disk is \\u001b[2J full"); return;
    case STAND_IN_GARBAGE: put(fd, "\x16\x03\x01\x02 not HTTP at all\n\n", 23); return;
    case STAND_IN_ENDLESS:
        put(fd, endless, sizeof endless - 1);
        for (int i = 0; i < 100000 && !atomic_load(&self->stop); i++) {
            if (send(fd, request, sizeof request, MSG_NOSIGNAL) <= 0) return;
        }
        return;
    case STAND_IN_SILENT:
        while (!atomic_load(&self->stop) && atomic_load(&self->mood) == STAND_IN_SILENT) {
            struct pollfd end = { .fd = fd, .events = POLLIN };
            if (poll(&end, 1, 20) == 1) return;
        }
        return;
    default: serve(self, fd, request);
    }
}

static void *run(void *context)
{
    struct stand_in *self = context;
    while (!atomic_load(&self->stop)) {
        struct pollfd fd = { .fd = self->fd, .events = POLLIN };
        if (poll(&fd, 1, 20) != 1) continue;
        const int client = accept(self->fd, NULL, NULL);
        if (client < 0) continue;
        meet(self, client);
        close(client);
    }
    return NULL;
}

void stand_in_open(struct stand_in *stand_in, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    *stand_in = (struct stand_in){ .fd = socket(AF_UNIX, SOCK_STREAM, 0) };
    snprintf(stand_in->path, sizeof stand_in->path, "%s", path);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    ASSAY_ASSERT(bind(stand_in->fd, (struct sockaddr *)&address, sizeof address) == 0);
    ASSAY_ASSERT(listen(stand_in->fd, 8) == 0);
    pthread_t *thread = malloc(sizeof *thread);
    ASSAY_ASSERT(thread != NULL && pthread_create(thread, NULL, run, stand_in) == 0);
    stand_in->thread = thread;
}

void stand_in_close(struct stand_in *stand_in)
{
    pthread_t *thread = stand_in->thread;
    atomic_store(&stand_in->stop, true);
    pthread_join(*thread, NULL);
    free(thread);
    close(stand_in->fd);
    unlink(stand_in->path);
}
