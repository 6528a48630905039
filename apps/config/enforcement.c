/*
 * apps/config/enforcement.c - section enforcement of assayd.yaml. Each driver has its own keys; a
 * key of another driver is an error, because it would have no effect.
 */
#include "apps/config/enforcement.h"

#include "enforce/agent.h"
#include "enforce/container.h"
#include "enforce/spool.h"
#include "enforce/systemd.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum {
    ACTION_MS_MIN = 100,
    ACTION_MS_MAX = 600000,
    POLL_MS_MIN = 100,
    POLL_MS_MAX = 3600000,
    WINDOW_S_MAX = 604800,
    SPOOL_MAX_USUAL = 1000,
};

static const cyaml_schema_value_t argument_value = { CYAML_VALUE_STRING(
    CYAML_FLAG_POINTER, char, 0, ASSAY_CONFIG_ARGUMENT_MAX) };

#define KEY(key) ASSAY_CONFIG_FIELD_OPTIONAL(#key, struct assay_yaml_target, key)
static const cyaml_schema_field_t target_fields[] = {
    ASSAY_CONFIG_FIELD("name", struct assay_yaml_target, name),
    ASSAY_CONFIG_FIELD("driver", struct assay_yaml_target, driver),
    KEY(severity),
    KEY(restricted),
    KEY(suspended),
    KEY(dry_run),
    KEY(action_ms),
    KEY(poll_ms),
    KEY(restarts_max),
    KEY(restarts_window_s),
    KEY(path),
    KEY(socket),
    KEY(container),
    KEY(unit),
    KEY(bus),
    KEY(url),
    KEY(secret),
    KEY(spool),
    KEY(spool_max),
    KEY(ca_file),
    CYAML_FIELD_SEQUENCE("arguments", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct assay_yaml_target, arguments, &argument_value, 0,
                         ASSAY_HOOK_ARGUMENTS_MAX),
    CYAML_FIELD_END
};
#undef KEY
static const cyaml_schema_value_t target_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct assay_yaml_target, target_fields) };
const cyaml_schema_field_t assay_config_enforcement_fields[] = {
    ASSAY_CONFIG_FIELD_OPTIONAL("journal", struct assay_yaml_enforcement, journal),
    ASSAY_CONFIG_FIELD_OPTIONAL("restarts_max", struct assay_yaml_enforcement, restarts_max),
    ASSAY_CONFIG_FIELD_OPTIONAL("restarts_window_s", struct assay_yaml_enforcement,
                                restarts_window_s),
    CYAML_FIELD_SEQUENCE("targets", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct assay_yaml_enforcement, targets, &target_value, 0,
                         ASSAY_CONFIG_TARGETS_MAX),
    CYAML_FIELD_END
};

/* --------------------------------------------------------------- words */

static const char *const driver_names[] = { "hook", "cgroup", "container", "systemd", "webhook" };

const char *assay_config_driver_text(enum assay_config_driver driver)
{
    return driver_names[driver];
}

/* One of a list of words. Returns: ASSAY_OK and *index | ASSAY_E_SYNTAX */
static enum assay_status take_word(const struct assay_config_file *file, const char *key,
                                   const char *text, const char *const *words, size_t count,
                                   size_t *index)
{
    char all[160] = "";
    for (size_t i = 0, len = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) {
            *index = i;
            return ASSAY_OK;
        }
        len += (size_t)snprintf(all + len, sizeof all - len, "%s%s",
                                i == 0 ? "" : (i + 1 == count ? " or " : ", "), words[i]);
    }
    return assay_config_fail(file, ASSAY_E_SYNTAX, key, "expected %s, found \"%.40s\"", all, text);
}

/* A key of this one target. */
struct at {
    const struct assay_config_file *file;
    const struct assay_yaml_target *yaml;
    unsigned index;
    char key[ASSAY_CONFIG_KEY_MAX];
};

static const char *key_of(struct at *at, const char *name)
{
    (void)snprintf(at->key, sizeof at->key, "enforcement.targets[%u].%s", at->index, name);
    return at->key;
}

static enum assay_status take_choice(struct at *at, const char *name, const char *text,
                                     const char *usual, const char *other, bool *is_other)
{
    const char *const words[] = { usual, other };
    size_t index = 0;
    if (text != NULL) ASSAY_TRY(take_word(at->file, key_of(at, name), text, words, 2, &index));
    *is_other = index == 1;
    return ASSAY_OK;
}

static enum assay_status take_count(struct at *at, const char *name, const char *text, uint32_t min,
                                    uint32_t max, uint32_t *out)
{
    if (text == NULL) return ASSAY_OK;
    return assay_config_take_number(at->file, key_of(at, name), text, min, max, out);
}

static enum assay_status report_missing(struct at *at, const char *name, const char *what)
{
    return assay_config_fail(at->file, ASSAY_E_SYNTAX, key_of(at, name),
                             "driver %.20s needs it: %s", at->yaml->driver, what);
}

/* --------------------------------------------------------------- which keys a driver has */

enum {
    HOOK = 1 << ASSAY_CONFIG_HOOK,
    CGROUP = 1 << ASSAY_CONFIG_CGROUP,
    CONTAINER = 1 << ASSAY_CONFIG_CONTAINER,
    SYSTEMD = 1 << ASSAY_CONFIG_SYSTEMD,
    WEBHOOK = 1 << ASSAY_CONFIG_WEBHOOK
};

static const struct {
    const char *name;
    size_t at;
    unsigned drivers;
} owned[] = {
    { "restricted", offsetof(struct assay_yaml_target, restricted), CGROUP | CONTAINER | SYSTEMD },
    { "suspended", offsetof(struct assay_yaml_target, suspended), CONTAINER | SYSTEMD },
    { "poll_ms", offsetof(struct assay_yaml_target, poll_ms), CGROUP | CONTAINER | SYSTEMD },
    { "restarts_max", offsetof(struct assay_yaml_target, restarts_max), CONTAINER | SYSTEMD },
    { "restarts_window_s", offsetof(struct assay_yaml_target, restarts_window_s),
      CONTAINER | SYSTEMD },
    { "path", offsetof(struct assay_yaml_target, path), HOOK | CGROUP },
    { "socket", offsetof(struct assay_yaml_target, socket), CONTAINER },
    { "container", offsetof(struct assay_yaml_target, container), CONTAINER },
    { "unit", offsetof(struct assay_yaml_target, unit), SYSTEMD },
    { "bus", offsetof(struct assay_yaml_target, bus), SYSTEMD },
    { "url", offsetof(struct assay_yaml_target, url), WEBHOOK },
    { "secret", offsetof(struct assay_yaml_target, secret), WEBHOOK },
    { "spool", offsetof(struct assay_yaml_target, spool), WEBHOOK },
    { "spool_max", offsetof(struct assay_yaml_target, spool_max), WEBHOOK },
    { "ca_file", offsetof(struct assay_yaml_target, ca_file), WEBHOOK },
};

static enum assay_status check_owned(struct at *at, enum assay_config_driver driver)
{
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) {
        const char *const *const text =
            (const char *const *)(const void *)((const char *)at->yaml + owned[i].at);
        if (*text != NULL && (owned[i].drivers & 1U << driver) == 0)
            return assay_config_fail(at->file, ASSAY_E_SYNTAX, key_of(at, owned[i].name),
                                     "driver %s has no such key", driver_names[driver]);
    }
    if (at->yaml->arguments_count > 0 && driver != ASSAY_CONFIG_HOOK)
        return assay_config_fail(at->file, ASSAY_E_SYNTAX, key_of(at, "arguments"),
                                 "driver %s has no such key", driver_names[driver]);
    return ASSAY_OK;
}

/* --------------------------------------------------------------- drivers */

static enum assay_status take_hook(struct at *at, struct assay_config_target *out)
{
    const struct assay_yaml_target *const yaml = at->yaml;
    if (yaml->path == NULL) return report_missing(at, "path", "the executable");
    ASSAY_TRY(assay_config_take_path(at->file, key_of(at, "path"), yaml->path, out->path));
    for (unsigned i = 0; i < yaml->arguments_count; i++)
        (void)snprintf(out->arguments[i], sizeof out->arguments[i], "%s", yaml->arguments[i]);
    out->argument_count = yaml->arguments_count;
    if (out->path[0] == '/') return ASSAY_OK;
    return assay_config_fail(at->file, ASSAY_E_SYNTAX, key_of(at, "path"),
                             "expected a path from the root, found \"%.60s\"", yaml->path);
}

static enum assay_status take_cgroup(struct at *at, struct assay_config_target *out)
{
    const char *const path = at->yaml->path;
    if (path == NULL) return report_missing(at, "path", "the folder of the group");
    ASSAY_TRY(assay_config_take_path(at->file, key_of(at, "path"), path, out->path));
    if (path[0] == '/') return ASSAY_OK;
    return assay_config_fail(at->file, ASSAY_E_SYNTAX, key_of(at, "path"),
                             "expected a path from the root, found \"%.60s\"", path);
}

static enum assay_status take_container(struct at *at, struct assay_config_target *out)
{
    const struct assay_yaml_target *const yaml = at->yaml;
    if (yaml->socket == NULL) return report_missing(at, "socket", "the engine's UNIX socket");
    if (yaml->container == NULL) return report_missing(at, "container", "its name or id");
    ASSAY_TRY(assay_config_take_socket(at->file, key_of(at, "socket"), yaml->socket, out->socket));
    if (!assay_container_name_is_valid(yaml->container))
        return assay_config_fail(at->file, ASSAY_E_SYNTAX, key_of(at, "container"),
                                 "expected a name or id of [A-Za-z0-9_.-], found \"%.60s\"",
                                 yaml->container);
    (void)snprintf(out->container, sizeof out->container, "%s", yaml->container);
    return ASSAY_OK;
}

static enum assay_status take_systemd(struct at *at, struct assay_config_target *out)
{
    const struct assay_yaml_target *const yaml = at->yaml;
    if (yaml->unit == NULL) return report_missing(at, "unit", "such as nginx.service");
    if (!assay_systemd_unit_is_valid(yaml->unit))
        return assay_config_fail(at->file, ASSAY_E_SYNTAX, key_of(at, "unit"),
                                 "expected a unit such as nginx.service, found \"%.60s\"",
                                 yaml->unit);
    (void)snprintf(out->unit, sizeof out->unit, "%s", yaml->unit);
    if (yaml->bus == NULL) return ASSAY_OK;
    if (strncmp(yaml->bus, "unix:", 5) != 0 || strlen(yaml->bus) > ASSAY_SYSTEMD_ADDRESS_MAX)
        return assay_config_fail(at->file, ASSAY_E_SYNTAX, key_of(at, "bus"),
                                 "expected unix:path=PATH, found \"%.60s\"", yaml->bus);
    (void)snprintf(out->bus, sizeof out->bus, "%s", yaml->bus);
    return ASSAY_OK;
}

static enum assay_status take_webhook(struct at *at, const char *state_dir,
                                      struct assay_config_target *out)
{
    const struct assay_yaml_target *const yaml = at->yaml;
    if (yaml->url == NULL) return report_missing(at, "url", "https:// of the receiver");
    if (yaml->secret == NULL)
        return report_missing(at, "secret", "the file that the signature's key is in");
    ASSAY_TRY(
        assay_config_take_url(at->file, key_of(at, "url"), yaml->url, out->url, sizeof out->url));
    ASSAY_TRY(assay_config_take_path(at->file, key_of(at, "secret"), yaml->secret, out->secret));
    if (yaml->ca_file != NULL)
        ASSAY_TRY(
            assay_config_take_path(at->file, key_of(at, "ca_file"), yaml->ca_file, out->ca_file));
    out->spool_max = SPOOL_MAX_USUAL;
    ASSAY_TRY(
        take_count(at, "spool_max", yaml->spool_max, 1, ASSAY_SPOOL_COUNT_MAX, &out->spool_max));
    if (yaml->spool != NULL)
        return assay_config_take_path(at->file, key_of(at, "spool"), yaml->spool, out->spool);
    const int len =
        snprintf(out->spool, sizeof out->spool, "%s/spool-%s", state_dir, at->yaml->name);
    if (len > 0 && (size_t)len < sizeof out->spool) return ASSAY_OK;
    return assay_config_fail(at->file, ASSAY_E_RANGE, key_of(at, "spool"), "the path is too long");
}

static enum assay_status take_driver(struct at *at, const char *state_dir,
                                     struct assay_config_target *out)
{
    switch (out->driver) {
    case ASSAY_CONFIG_HOOK: return take_hook(at, out);
    case ASSAY_CONFIG_CGROUP: return take_cgroup(at, out);
    case ASSAY_CONFIG_CONTAINER: return take_container(at, out);
    case ASSAY_CONFIG_SYSTEMD: return take_systemd(at, out);
    case ASSAY_CONFIG_WEBHOOK: return take_webhook(at, state_dir, out);
    }
    return ASSAY_E_SYNTAX;
}

/* --------------------------------------------------------------- targets */

static enum assay_status take_severity(struct at *at, struct assay_config_target *out)
{
    static const char *const words[] = { "note", "restrict", "suspend", "restart" };
    static const enum assay_order_kind kinds[] = { ASSAY_ORDER_NOTE, ASSAY_ORDER_RESTRICT,
                                                   ASSAY_ORDER_SUSPEND, ASSAY_ORDER_RESTART };
    size_t index = 0;
    if (at->yaml->severity != NULL)
        ASSAY_TRY(
            take_word(at->file, key_of(at, "severity"), at->yaml->severity, words, 4, &index));
    out->severity = kinds[index];
    return ASSAY_OK;
}

static enum assay_status take_target(const struct assay_config_file *file,
                                     const struct assay_yaml_enforcement *yaml, unsigned index,
                                     const char *state_dir, struct assay_config_enforcement *all)
{
    struct at at = { .file = file, .yaml = &yaml->targets[index], .index = index };
    const struct assay_yaml_target *const said = at.yaml;
    struct assay_config_target *const out = &all->targets[index];
    size_t driver = 0;
    ASSAY_TRY(assay_config_take_name(file, key_of(&at, "name"), said->name, out->name));
    for (unsigned i = 0; i < index; i++)
        if (strcmp(all->targets[i].name, out->name) == 0)
            return assay_config_fail(file, ASSAY_E_DUPLICATE, key_of(&at, "name"),
                                     "%.64s is named twice", out->name);
    if (strcmp(out->name, "enclave") == 0)
        return assay_config_fail(file, ASSAY_E_DUPLICATE, key_of(&at, "name"),
                                 "that is what the node's own enclave is called");
    ASSAY_TRY(take_word(file, key_of(&at, "driver"), said->driver, driver_names,
                        sizeof driver_names / sizeof driver_names[0], &driver));
    out->driver = (enum assay_config_driver)driver;
    ASSAY_TRY(check_owned(&at, out->driver));
    ASSAY_TRY(take_severity(&at, out));
    ASSAY_TRY(take_choice(&at, "restricted", said->restricted, "run", "suspend",
                          &out->restrict_suspends));
    ASSAY_TRY(
        take_choice(&at, "suspended", said->suspended, "freeze", "stop", &out->suspend_stops));
    ASSAY_TRY(take_choice(&at, "dry_run", said->dry_run, "false", "true", &out->dry_run));
    ASSAY_TRY(take_count(&at, "action_ms", said->action_ms, ACTION_MS_MIN, ACTION_MS_MAX,
                         &out->action_ms));
    ASSAY_TRY(take_count(&at, "poll_ms", said->poll_ms, POLL_MS_MIN, POLL_MS_MAX, &out->poll_ms));
    ASSAY_TRY(take_count(&at, "restarts_max", said->restarts_max, 0, ASSAY_AGENT_RESTARTS_MAX,
                         &out->restarts_max));
    ASSAY_TRY(take_count(&at, "restarts_window_s", said->restarts_window_s, 1, WINDOW_S_MAX,
                         &out->restarts_window_s));
    return take_driver(&at, state_dir, out);
}

enum assay_status assay_config_take_enforcement(const struct assay_config_file *file,
                                                const struct assay_yaml_enforcement *yaml,
                                                const char *state_dir,
                                                struct assay_config_enforcement *out)
{
    if (yaml->journal != NULL) {
        ASSAY_TRY(assay_config_take_path(file, "enforcement.journal", yaml->journal, out->journal));
    } else {
        const int len = snprintf(out->journal, sizeof out->journal, "%s/orders.log", state_dir);
        if (len < 0 || (size_t)len >= sizeof out->journal)
            return assay_config_fail(file, ASSAY_E_RANGE, "node.state_dir", "the path is too long");
    }
    if (yaml->restarts_max != NULL)
        ASSAY_TRY(assay_config_take_number(file, "enforcement.restarts_max", yaml->restarts_max, 0,
                                           ASSAY_AGENT_RESTARTS_MAX, &out->restarts_max));
    if (yaml->restarts_window_s != NULL)
        ASSAY_TRY(assay_config_take_number(file, "enforcement.restarts_window_s",
                                           yaml->restarts_window_s, 1, WINDOW_S_MAX,
                                           &out->restarts_window_s));
    for (unsigned i = 0; i < yaml->targets_count; i++)
        ASSAY_TRY(take_target(file, yaml, i, state_dir, out));
    out->target_count = yaml->targets_count;
    return ASSAY_OK;
}
