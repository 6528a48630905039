/*
 * enforce/systemd.c - systemd enforcement target. The one file that includes <systemd/sd-bus.h>.
 */
#include "enforce/systemd.h"

#include "base/assert.h"
#include "base/file/library.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

static const char service[] = "org.freedesktop.systemd1";
static const char manager_path[] = "/org/freedesktop/systemd1";
static const char manager[] = "org.freedesktop.systemd1.Manager";
static const char unit_interface[] = "org.freedesktop.systemd1.Unit";
static const char properties[] = "org.freedesktop.DBus.Properties";

enum { STATE_LEN = 24, PROCESS_PER_STEP = 64 };

/* An act: perhaps a call of the manager, then the unit's properties until they say what was asked.
 */
enum stage { CALLING, LOADING, READING, SEEN, FAILED };

struct systemd {
    struct assay_target base; /* first: a pointer to it is a pointer to this */
    char address[ASSAY_SYSTEMD_ADDRESS_MAX + 1], unit[ASSAY_SYSTEMD_UNIT_MAX + 1];
    sd_bus *bus;
    sd_bus_slot *slot; /* of the call that is under way */
    enum assay_target_verb verb;
    enum stage stage;
    char path[512]; /* of the unit */
    char active[STATE_LEN], freezer[STATE_LEN];
    char why[ASSAY_DRIVER_MESSAGE_LEN]; /* of FAILED */
    uint64_t read_ms;                   /* not before */
    bool was_active;                    /* START: it was seen on its way up */
};

/* libsystemd is loaded when a target is opened: with it come libraries of compression and ciphers,
 * which a daemon without such a target has no use for. */
#define FUNCTIONS(ROW)                                                                             \
    ROW(bus_call_method_async)                                                                     \
    ROW(bus_close)                                                                                 \
    ROW(bus_error_has_name)                                                                        \
    ROW(bus_is_open)                                                                               \
    ROW(bus_message_enter_container)                                                               \
    ROW(bus_message_exit_container)                                                                \
    ROW(bus_message_get_error)                                                                     \
    ROW(bus_message_is_method_error)                                                               \
    ROW(bus_message_read)                                                                          \
    ROW(bus_message_skip)                                                                          \
    ROW(bus_new)                                                                                   \
    ROW(bus_process)                                                                               \
    ROW(bus_set_address)                                                                           \
    ROW(bus_set_bus_client)                                                                        \
    ROW(bus_slot_unref)                                                                            \
    ROW(bus_start)                                                                                 \
    ROW(bus_unref)
#define FIELD(name) __typeof__(sd_##name) *name;
#define ROW(name)   { "sd_" #name, &sd.name },
static struct {
    FUNCTIONS(FIELD)
} sd;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_loaded;

static void load_library(void)
{
    static const struct assay_library_function functions[] = { FUNCTIONS(ROW) };
    char fault[ASSAY_FILE_MESSAGE_LEN];
    is_loaded = assay_library_load("libsystemd.so.0", functions,
                                   sizeof functions / sizeof functions[0], fault);
}

static struct systemd *self_of(struct assay_target *target)
{
    return (struct systemd *)target;
}

bool assay_systemd_unit_is_valid(const char *unit)
{
    static const char fit[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@";
    static const char *const kinds[] = { ".service", ".scope",  ".slice",
                                         ".socket",  ".target", ".timer" };
    const size_t len = strlen(unit);
    if (len == 0 || len > ASSAY_SYSTEMD_UNIT_MAX || strspn(unit, fit) != len) return false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const size_t kind_len = strlen(kinds[i]);
        if (len > kind_len && strcmp(unit + len - kind_len, kinds[i]) == 0) return true;
    }
    return false;
}

/* --------------------------------------------------------------- the bus */

static void drop_bus(struct systemd *self)
{
    self->slot = sd.bus_slot_unref(self->slot);
    if (self->bus != NULL) sd.bus_close(self->bus);
    self->bus = sd.bus_unref(self->bus);
}

static int open_bus(struct systemd *self)
{
    if (self->bus != NULL && sd.bus_is_open(self->bus) > 0) return 0;
    drop_bus(self);
    int r = sd.bus_new(&self->bus);
    if (r >= 0)
        r = sd.bus_set_address(self->bus, self->address[0] != '\0'
                                              ? self->address
                                              : "unix:path=/run/dbus/system_bus_socket");
    if (r >= 0) r = sd.bus_set_bus_client(self->bus, 1);
    if (r >= 0) r = sd.bus_start(self->bus);
    if (r < 0) drop_bus(self);
    return r;
}

static void set_error(struct systemd *self, const char *what, const char *why)
{
    size_t len = 0;
    char fit[160];
    for (; why[len] != '\0' && len + 1 < sizeof fit; len++)
        fit[len] = (char)(why[len] >= 0x20 && why[len] < 0x7f ? why[len] : '?');
    fit[len] = '\0';
    (void)snprintf(self->why, sizeof self->why, "%.40s: %s: %s", self->unit, what, fit);
    self->stage = FAILED;
}

/* Refusals come in words that help nobody: polkit asks for a password, the bus counts its rules. */
static const char *error_status(sd_bus_message *answer)
{
    static const char bus_words[] = "Rejected send message";
    const sd_bus_error *const error = sd.bus_message_get_error(answer);
    if (error == NULL) return "refused";
    const char *const text = error->message != NULL ? error->message : error->name;
    const bool denied = sd.bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED) > 0;
    if (denied && strncmp(text, bus_words, sizeof bus_words - 1) == 0)
        return "the bus does not permit this user to request that; docs/enforcement.md 3 has the "
               "file that "
               "does";
    if (denied || sd.bus_error_has_name(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED) > 0)
        return "polkit does not allow it to this user; docs/enforcement.md 3 has the rule that "
               "does";
    return text;
}

/* --------------------------------------------------------------- answers */

static int on_called(sd_bus_message *answer, void *context, sd_bus_error *error)
{
    struct systemd *self = context;
    (void)error;
    self->slot = sd.bus_slot_unref(self->slot);
    if (sd.bus_message_is_method_error(answer, NULL) > 0)
        set_error(self, assay_target_verb_name(self->verb), error_status(answer));
    else self->stage = LOADING;
    return 0;
}

static int on_loaded(sd_bus_message *answer, void *context, sd_bus_error *error)
{
    struct systemd *self = context;
    const char *path = NULL;
    (void)error;
    self->slot = sd.bus_slot_unref(self->slot);
    if (sd.bus_message_is_method_error(answer, NULL) > 0)
        set_error(self, "LoadUnit", error_status(answer));
    else if (sd.bus_message_read(answer, "o", &path) < 0 || strlen(path) >= sizeof self->path)
        set_error(self, "LoadUnit", "an answer without a path");
    else {
        (void)snprintf(self->path, sizeof self->path, "%s", path);
        self->stage = READING;
    }
    return 0;
}

/* Of all properties the two that are requested; texts of any length, cut. */
static int read_states(struct systemd *self, sd_bus_message *answer)
{
    int r = sd.bus_message_enter_container(answer, SD_BUS_TYPE_ARRAY, "{sv}");
    while (r >= 0 &&
           (r = sd.bus_message_enter_container(answer, SD_BUS_TYPE_DICT_ENTRY, "sv")) > 0) {
        const char *key = NULL, *value = NULL;
        r = sd.bus_message_read(answer, "s", &key);
        char *to = NULL;
        if (r >= 0 && strcmp(key, "ActiveState") == 0) to = self->active;
        if (r >= 0 && strcmp(key, "FreezerState") == 0) to = self->freezer;
        if (r >= 0 && to != NULL) r = sd.bus_message_read(answer, "v", "s", &value);
        else if (r >= 0) r = sd.bus_message_skip(answer, "v");
        if (r >= 0 && value != NULL) (void)snprintf(to, STATE_LEN, "%s", value);
        if (r >= 0) r = sd.bus_message_exit_container(answer);
    }
    return r;
}

static int on_read(sd_bus_message *answer, void *context, sd_bus_error *error)
{
    struct systemd *self = context;
    (void)error;
    self->slot = sd.bus_slot_unref(self->slot);
    self->active[0] = self->freezer[0] = '\0';
    if (sd.bus_message_is_method_error(answer, NULL) > 0)
        set_error(self, "its properties", error_status(answer));
    else if (read_states(self, answer) < 0 || self->active[0] == '\0')
        set_error(self, "its properties", "an answer without ActiveState");
    else self->stage = SEEN;
    return 0;
}

/* --------------------------------------------------------------- acts */

static int call_manager(struct systemd *self)
{
    switch (self->verb) {
    case ASSAY_TARGET_INSPECT: self->stage = LOADING; return 0;
    case ASSAY_TARGET_START:
    case ASSAY_TARGET_STOP:
        return sd.bus_call_method_async(self->bus, &self->slot, service, manager_path, manager,
                                        self->verb == ASSAY_TARGET_START ? "StartUnit" : "StopUnit",
                                        on_called, self, "ss", self->unit, "replace");
    case ASSAY_TARGET_SUSPEND:
    case ASSAY_TARGET_RESTRICT: /* can_restrict is false */
    case ASSAY_TARGET_RUN:
        return sd.bus_call_method_async(self->bus, &self->slot, service, manager_path, manager,
                                        self->verb == ASSAY_TARGET_SUSPEND ? "FreezeUnit"
                                                                           : "ThawUnit",
                                        on_called, self, "s", self->unit);
    }
    ASSAY_UNREACHABLE("a verb outside the list");
}

static enum assay_status on_bus_lost(struct systemd *self, int error,
                                     char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    (void)snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "bus of systemd: %s", strerror(-error));
    drop_bus(self);
    return ASSAY_E_IO;
}

static enum assay_status systemd_begin(struct assay_target *target,
                                       const struct assay_target_act *act, uint64_t now_ms,
                                       char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct systemd *self = self_of(target);
    self->verb = act->verb;
    self->stage = CALLING;
    self->read_ms = now_ms;
    self->was_active = false;
    int r = open_bus(self);
    if (r >= 0) r = call_manager(self);
    return r >= 0 ? ASSAY_OK : on_bus_lost(self, r, message);
}

static bool text_equals(const char *state, const char *word)
{
    return strcmp(state, word) == 0;
}

static enum assay_target_state state_of(const struct systemd *self)
{
    if (text_equals(self->active, "inactive") || text_equals(self->active, "failed"))
        return ASSAY_TARGET_DOWN;
    if (text_equals(self->freezer, "frozen") || text_equals(self->freezer, "freezing"))
        return ASSAY_TARGET_FROZEN;
    return ASSAY_TARGET_RUNS;
}

/* What the unit says, for what was asked. Returns: as step. */
static enum assay_status judge_state(struct systemd *self, enum assay_target_state *state)
{
    switch (self->verb) {
    case ASSAY_TARGET_INSPECT: *state = state_of(self); return ASSAY_OK;
    case ASSAY_TARGET_STOP: return state_of(self) == ASSAY_TARGET_DOWN ? ASSAY_OK : ASSAY_E_AGAIN;
    case ASSAY_TARGET_START:
        if (text_equals(self->active, "active") || text_equals(self->active, "reloading"))
            return ASSAY_OK;
        if (text_equals(self->active, "activating")) self->was_active = true;
        if (!text_equals(self->active, "failed") &&
            !(self->was_active && text_equals(self->active, "inactive")))
            return ASSAY_E_AGAIN;
        set_error(self, "start", self->active);
        return ASSAY_E_INVALID;
    case ASSAY_TARGET_SUSPEND:
        return text_equals(self->freezer, "frozen") ? ASSAY_OK : ASSAY_E_AGAIN;
    case ASSAY_TARGET_RESTRICT:
    case ASSAY_TARGET_RUN: return text_equals(self->freezer, "running") ? ASSAY_OK : ASSAY_E_AGAIN;
    }
    ASSAY_UNREACHABLE("a verb outside the list");
}

static int call_next(struct systemd *self)
{
    if (self->slot != NULL) return 0;
    if (self->stage == LOADING)
        return sd.bus_call_method_async(self->bus, &self->slot, service, manager_path, manager,
                                        "LoadUnit", on_loaded, self, "s", self->unit);
    if (self->stage == READING)
        return sd.bus_call_method_async(self->bus, &self->slot, service, self->path, properties,
                                        "GetAll", on_read, self, "s", unit_interface);
    return 0;
}

static enum assay_status systemd_step(struct assay_target *target, uint64_t now_ms,
                                      enum assay_target_state *state,
                                      char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct systemd *self = self_of(target);
    enum { AGAIN_MS = 50 };
    if (self->bus == NULL) return on_bus_lost(self, -ENOTCONN, message);
    for (int i = 0; i < PROCESS_PER_STEP; i++) {
        int r = now_ms >= self->read_ms ? call_next(self) : 0;
        if (r >= 0) r = sd.bus_process(self->bus, NULL);
        if (r < 0) return on_bus_lost(self, r, message);
        if (self->stage == SEEN || self->stage == FAILED) break;
        if (r == 0) return ASSAY_E_AGAIN;
    }
    enum assay_status status = ASSAY_E_AGAIN;
    if (self->stage == FAILED) status = ASSAY_E_INVALID;
    else if (self->stage == SEEN) status = judge_state(self, state);
    if (status == ASSAY_E_AGAIN && self->stage == SEEN) {
        self->stage = READING;
        self->read_ms = now_ms + AGAIN_MS;
    }
    if (status == ASSAY_E_INVALID)
        (void)snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "%s", self->why);
    return status;
}

static void systemd_abandon(struct assay_target *target)
{
    drop_bus(self_of(target)); /* an answer that comes late must meet nobody */
}

static void systemd_close(struct assay_target *target)
{
    drop_bus(self_of(target));
    free(target);
}

static const struct assay_target_ops systemd_ops = {
    .name = "systemd",
    .can_look = true,
    .begin = systemd_begin,
    .step = systemd_step,
    .abandon = systemd_abandon,
    .close = systemd_close,
};

enum assay_status assay_systemd_open(const char *address, const char *unit,
                                     struct assay_target **out)
{
    if (!assay_systemd_unit_is_valid(unit)) return ASSAY_E_SYNTAX;
    if (strlen(address) > ASSAY_SYSTEMD_ADDRESS_MAX) return ASSAY_E_RANGE;
    (void)pthread_once(&once, load_library);
    if (!is_loaded) return ASSAY_E_IO;
    struct systemd *self = calloc(1, sizeof *self);
    if (self == NULL) return ASSAY_E_MEMORY;
    self->base.ops = &systemd_ops;
    (void)snprintf(self->address, sizeof self->address, "%s", address);
    (void)snprintf(self->unit, sizeof self->unit, "%s", unit);
    *out = &self->base;
    return ASSAY_OK;
}
