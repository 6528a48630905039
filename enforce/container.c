/*
 * enforce/container.c - container enforcement target.
 */
#include "enforce/container.h"

#include "base/assert.h"
#include "enforce/exchange.h"
#include "net/json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOCKET_PATH_MAX = 107 };

/* STOP of a paused container: engines differ in whether they take it. One that does not is thawed
 * and stopped at once. */
enum stage { ONLY, THAW_FIRST, THEN_STOP };

struct container {
    struct assay_target base; /* first: a pointer to it is a pointer to this */
    char socket[SOCKET_PATH_MAX + 1], name[ASSAY_CONTAINER_NAME_MAX + 1];
    enum assay_target_verb verb;
    enum stage stage;
    struct assay_exchange exchange;
};

static struct container *self_of(struct assay_target *target)
{
    return (struct container *)target;
}

bool assay_container_name_is_valid(const char *name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    const size_t len = strlen(name);
    return len >= 1 && len <= ASSAY_CONTAINER_NAME_MAX && strchr(first, name[0]) != NULL &&
           strspn(name, rest) == len;
}

static enum assay_status send_request(struct container *self, const char *method, const char *what,
                                      char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    char target[ASSAY_CONTAINER_NAME_MAX + 64], why[ASSAY_EXCHANGE_MESSAGE_LEN] = "";
    (void)snprintf(target, sizeof target, "/containers/%s/%s", self->name, what);
    const enum assay_status status =
        assay_exchange_start(&self->exchange, self->socket, method, target, why);
    if (status != ASSAY_OK)
        (void)snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "%s: %.120s", self->socket, why);
    return status;
}

static const char *format_path(enum assay_target_verb verb)
{
    switch (verb) {
    case ASSAY_TARGET_INSPECT: return "json";
    case ASSAY_TARGET_START: return "start";
    case ASSAY_TARGET_STOP: return "stop?t=5";
    case ASSAY_TARGET_SUSPEND: return "pause";
    case ASSAY_TARGET_RESTRICT: /* can_restrict is false */
    case ASSAY_TARGET_RUN: return "unpause";
    }
    ASSAY_UNREACHABLE("a verb outside the list");
}

static enum assay_status container_begin(struct assay_target *target,
                                         const struct assay_target_act *act, uint64_t now_ms,
                                         char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct container *self = self_of(target);
    (void)now_ms;
    self->verb = act->verb;
    self->stage = ONLY;
    return send_request(self, act->verb == ASSAY_TARGET_INSPECT ? "GET" : "POST",
                        format_path(act->verb), message);
}

/* --------------------------------------------------------------- answers */

static enum assay_status read_state(struct assay_slice body, enum assay_target_state *state,
                                    char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct assay_json *document = NULL;
    enum assay_status status = assay_json_parse((const char *)body.bytes, body.len, &document);
    const struct assay_json *const said = assay_json_get(document, "State");
    const char *const word = assay_json_text(said, "Status", "");
    if (assay_json_kind_of(said) != ASSAY_JSON_OBJECT ||
        assay_json_kind_of(assay_json_get(said, "Running")) != ASSAY_JSON_BOOL)
        status = ASSAY_E_SYNTAX;
    else if (assay_json_bool(said, "Paused", false) || strcmp(word, "paused") == 0)
        *state = ASSAY_TARGET_FROZEN;
    /* "restarting": its engine is about to start it again */
    else if (assay_json_bool(said, "Running", false) || strcmp(word, "restarting") == 0)
        *state = ASSAY_TARGET_RUNS;
    else *state = ASSAY_TARGET_DOWN;
    assay_json_free(&document);
    if (status != ASSAY_OK)
        (void)snprintf(message, ASSAY_DRIVER_MESSAGE_LEN,
                       "the engine's answer has no State.Running");
    return status;
}

/* {"message":"No such container: web"} of Docker; Podman adds "cause". Any bytes. */
static void append_json_quoted(struct assay_slice body, char *text, size_t text_len)
{
    struct assay_json *document = NULL;
    size_t len = 0;
    if (assay_json_parse((const char *)body.bytes, body.len, &document) == ASSAY_OK) {
        const char *const said = assay_json_text(document, "message", "");
        for (; said[len] != '\0' && len + 1 < text_len; len++)
            text[len] = (char)(said[len] >= 0x20 && said[len] < 0x7f ? said[len] : '?');
    }
    text[len] = '\0';
    assay_json_free(&document);
}

static enum assay_status set_refused(const struct container *self, unsigned code,
                                     struct assay_slice body,
                                     char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    char said[120];
    append_json_quoted(body, said, sizeof said);
    (void)snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "%.40s: the engine answered %u%s%s",
                   self->name, code, said[0] != '\0' ? ": " : "", said);
    return code == 404 ? ASSAY_E_NOT_FOUND : ASSAY_E_INVALID;
}

/* What an answer means for the act. Returns: ASSAY_E_AGAIN: another request went out. */
static enum assay_status judge_response(struct container *self, unsigned code,
                                        struct assay_slice body, enum assay_target_state *state,
                                        char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    const bool good = code >= 200 && code < 300;
    if (self->verb == ASSAY_TARGET_INSPECT)
        return good ? read_state(body, state, message) : set_refused(self, code, body, message);
    if (self->stage == THAW_FIRST) {
        assay_exchange_close(&self->exchange);
        self->stage = THEN_STOP; /* whatever it said: it may not be paused any more */
        ASSAY_TRY(send_request(self, "POST", "stop?t=0", message));
        return ASSAY_E_AGAIN;
    }
    if (good || code == 304) return ASSAY_OK; /* 304: it is so already */
    if (self->verb == ASSAY_TARGET_STOP && self->stage == ONLY && code != 404) {
        assay_exchange_close(&self->exchange);
        self->stage = THAW_FIRST;
        ASSAY_TRY(send_request(self, "POST", "unpause", message));
        return ASSAY_E_AGAIN;
    }
    return set_refused(self, code, body, message);
}

static enum assay_status container_step(struct assay_target *target, uint64_t now_ms,
                                        enum assay_target_state *state,
                                        char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct container *self = self_of(target);
    char why[ASSAY_EXCHANGE_MESSAGE_LEN] = "";
    struct assay_slice body = { 0 };
    unsigned code = 0;
    (void)now_ms;
    enum assay_status status = assay_exchange_step(&self->exchange, &code, &body, why);
    if (status == ASSAY_E_AGAIN) return status;
    if (status == ASSAY_OK) status = judge_response(self, code, body, state, message);
    else (void)snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "%s: %.120s", self->socket, why);
    if (status != ASSAY_E_AGAIN) assay_exchange_close(&self->exchange);
    return status;
}

static void container_abandon(struct assay_target *target)
{
    assay_exchange_close(&self_of(target)->exchange);
}

static void container_close(struct assay_target *target)
{
    container_abandon(target);
    free(target);
}

static const struct assay_target_ops container_ops = {
    .name = "container",
    .can_look = true,
    .begin = container_begin,
    .step = container_step,
    .abandon = container_abandon,
    .close = container_close,
};

enum assay_status assay_container_open(const char *socket, const char *name,
                                       struct assay_target **out)
{
    if (strlen(socket) > SOCKET_PATH_MAX || socket[0] != '/') return ASSAY_E_RANGE;
    if (!assay_container_name_is_valid(name)) return ASSAY_E_SYNTAX;
    struct container *self = calloc(1, sizeof *self);
    if (self == NULL) return ASSAY_E_MEMORY;
    self->base.ops = &container_ops;
    assay_exchange_init(&self->exchange);
    (void)snprintf(self->socket, sizeof self->socket, "%s", socket);
    (void)snprintf(self->name, sizeof self->name, "%s", name);
    *out = &self->base;
    return ASSAY_OK;
}
