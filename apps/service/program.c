/*
 * apps/service/program.c - options, configuration and status lines of service programs.
 */
#include "apps/service/program.h"

#include "apps/config/yaml.h"
#include "apps/flags.h"
#include "apps/service/confine.h"
#include "apps/service/signals.h"
#include "base/file/file.h"
#include "base/file/trust.h"
#include "base/system_clock.h"
#include "services/continuity/entry.h"
#include "services/tasks/task.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- the file */

struct yaml_service {
    char *service_version, *daemon, *listen, *host, *client_listen, *store, *key, *group,
        *instances, *cluster, *code, *price, *hold, *account, *evm, *metrics, *era, *enclave,
        *checkpoint, *publish, *shares_at_rest;
};

#define FIELD(key) ASSAY_CONFIG_FIELD_OPTIONAL(#key, struct yaml_service, key)
static const cyaml_schema_field_t fields[] = { FIELD(service_version),
                                               FIELD(daemon),
                                               FIELD(listen),
                                               FIELD(host),
                                               FIELD(client_listen),
                                               FIELD(store),
                                               FIELD(key),
                                               FIELD(group),
                                               FIELD(instances),
                                               FIELD(cluster),
                                               FIELD(code),
                                               FIELD(price),
                                               FIELD(hold),
                                               FIELD(account),
                                               FIELD(evm),
                                               FIELD(metrics),
                                               FIELD(era),
                                               FIELD(enclave),
                                               FIELD(checkpoint),
                                               FIELD(publish),
                                               FIELD(shares_at_rest),
                                               CYAML_FIELD_END };
static const cyaml_schema_value_t schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER,
                                                                 struct yaml_service, fields) };

struct key {
    const char *name;
    const char *text; /* NULL: not there */
    unsigned of;      /* programs that have it; 0: all */
    bool optional;
};

/* Required keys exist, and others do not. */
static enum assay_status check_keys(const struct assay_config_file *file,
                                    const struct service_program *p, const struct yaml_service *y)
{
    const struct key keys[] = {
        { "service_version", y->service_version, 0, false },
        { "daemon", y->daemon, 0, false },
        { "listen", y->listen, 0, false },
        { "host", y->host, 0, true },
        { "client_listen", y->client_listen, SERVICE_KEY_CLIENT_LISTEN, false },
        { "store", y->store, SERVICE_KEY_STORE, false },
        { "key", y->key, SERVICE_KEY_STORE, false },
        { "group", y->group, SERVICE_KEY_GROUP, false },
        { "instances", y->instances, SERVICE_KEY_GROUP, true },
        { "cluster", y->cluster, SERVICE_KEY_CLUSTER, false },
        { "code", y->code, SERVICE_KEY_PROGRAM, false },
        { "price", y->price, SERVICE_KEY_PROGRAM, false },
        { "hold", y->hold, SERVICE_KEY_PROGRAM, true },
        { "account", y->account, SERVICE_KEY_PROGRAM, false },
        { "evm", y->evm, SERVICE_KEY_PROGRAM, true },
        { "metrics", y->metrics, 0, true },
        { "era", y->era, SERVICE_KEY_CLUSTER | SERVICE_KEY_SIGNER, true },
        { "enclave", y->enclave, SERVICE_KEY_SIGNER, false },
        { "checkpoint", y->checkpoint, SERVICE_KEY_SIGNER, false },
        { "publish", y->publish, SERVICE_KEY_SIGNER, true },
        { "shares_at_rest", y->shares_at_rest, SERVICE_KEY_SIGNER, true },
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const bool has = keys[i].of == 0 || (p->keys & keys[i].of) != 0;
        if (!has && keys[i].text != NULL)
            return assay_config_fail(file, ASSAY_E_SYNTAX, keys[i].name, "%s has no such key",
                                     p->name);
        if (has && keys[i].text == NULL && !keys[i].optional)
            return assay_config_fail(file, ASSAY_E_SYNTAX, keys[i].name, "is missing");
    }
    return ASSAY_OK;
}

static enum assay_status parse_host(const struct assay_config_file *file, const char *text,
                                    char host[static ASSAY_ADDRESS_MAX])
{
    if (text == NULL) return ASSAY_OK;
    const size_t len = strlen(text);
    if (len >= ASSAY_ADDRESS_MAX || strpbrk(text, " /,") != NULL)
        return assay_config_fail(file, ASSAY_E_SYNTAX, "host",
                                 "expected a name or an address without a port, found \"%.40s\"",
                                 text);
    assay_bytes_copy(host, ASSAY_ADDRESS_MAX, text, len + 1);
    return ASSAY_OK;
}

static enum assay_status parse_key(const struct assay_config_file *file, const char *text,
                                   struct assay_secret32 *key)
{
    char path[PATH_MAX], fault[ASSAY_FILE_MESSAGE_LEN] = "";
    uint8_t bytes[33];
    size_t len = 0;
    ASSAY_TRY(assay_config_take_path(file, "key", text, path));
    const enum assay_status status = assay_file_read_secret(path, bytes, sizeof bytes, &len);
    if (status == ASSAY_OK && len == 32) {
        assay_bytes_copy(key->bytes, 32, bytes, 32);
        assay_secret_wipe(bytes, sizeof bytes);
        return ASSAY_OK;
    }
    assay_secret_wipe(bytes, sizeof bytes);
    if (status == ASSAY_E_INVALID && assay_file_secret_fault(path, fault))
        return assay_config_fail(file, status, "key", "%.300s", fault);
    if (status == ASSAY_E_NOT_FOUND)
        return assay_config_fail(file, status, "key",
                                 "%.200s: no such file: restore that of the store, or make one "
                                 "for a new store with 'head -c 32 /dev/urandom > FILE; chmod 600 "
                                 "FILE'",
                                 path);
    if (status == ASSAY_OK)
        return assay_config_fail(file, ASSAY_E_RANGE, "key", "%.200s: found %zu bytes, expected 32",
                                 path, len);
    return assay_config_fail(file, ASSAY_E_RANGE, "key",
                             "%.200s: expected a file of 32 bytes that its owner alone may read%s",
                             path, status == ASSAY_E_RANGE ? ", found a longer one" : "");
}

static enum assay_status parse_signer(const struct assay_config_file *file,
                                      const struct yaml_service *y, struct service_config *c)
{
    const char *const at_rest = y->shares_at_rest;
    if (y->enclave != NULL)
        ASSAY_TRY(assay_config_take_path(file, "enclave", y->enclave, c->enclave));
    if (y->checkpoint != NULL)
        ASSAY_TRY(assay_config_take_path(file, "checkpoint", y->checkpoint, c->checkpoint));
    if (y->publish != NULL)
        ASSAY_TRY(assay_config_take_path(file, "publish", y->publish, c->publish));
    c->is_memory_only = at_rest != NULL && strcmp(at_rest, "memory") == 0;
    if (at_rest == NULL || c->is_memory_only || strcmp(at_rest, "disk") == 0) return ASSAY_OK;
    return assay_config_fail(file, ASSAY_E_SYNTAX, "shares_at_rest",
                             "expected disk or memory, found \"%.40s\"", at_rest);
}

static enum assay_status parse_config(const struct assay_config_file *file,
                                      struct service_program *p, const struct yaml_service *y)
{
    struct service_config *c = &p->config;
    ASSAY_TRY(check_keys(file, p, y));
    ASSAY_TRY(assay_config_take_version(file, "service_version", y->service_version));
    ASSAY_TRY(assay_config_take_socket(file, "daemon", y->daemon, c->daemon));
    ASSAY_TRY(assay_config_take_address(file, "listen", y->listen, c->listen));
    ASSAY_TRY(parse_host(file, y->host, c->host));
    if (y->client_listen != NULL)
        ASSAY_TRY(
            assay_config_take_address(file, "client_listen", y->client_listen, c->client_listen));
    if (y->store != NULL) ASSAY_TRY(assay_config_take_path(file, "store", y->store, c->store));
    if (y->group != NULL)
        ASSAY_TRY(assay_config_take_number(file, "group", y->group, 0, 7, &c->group));
    c->instances = 1024;
    if (y->instances != NULL)
        ASSAY_TRY(assay_config_take_number(file, "instances", y->instances, 1,
                                           ASSAY_CONT_INSTANCES_MAX, &c->instances));
    if (y->cluster != NULL)
        ASSAY_TRY(assay_config_take_number(file, "cluster", y->cluster, 0, 7, &c->cluster));
    if (y->era != NULL)
        ASSAY_TRY(assay_config_take_number(file, "era", y->era, 1, UINT32_MAX, &c->era));
    if (y->code != NULL) ASSAY_TRY(assay_config_take_hex(file, "code", y->code, c->code, 32));
    if (y->account != NULL)
        ASSAY_TRY(assay_config_take_hex(file, "account", y->account, c->account, 32));
    if (y->evm != NULL) ASSAY_TRY(assay_config_take_path(file, "evm", y->evm, c->evm));
    if (y->metrics != NULL)
        ASSAY_TRY(assay_config_take_path(file, "metrics", y->metrics, c->metrics));
    if (y->price != NULL)
        ASSAY_TRY(assay_config_take_number(file, "price", y->price, 1, UINT32_MAX, &c->price));
    if (y->hold != NULL)
        ASSAY_TRY(assay_config_take_number(
            file, "hold", y->hold, (uint32_t)assay_task_hold_least(c->price), c->price, &c->hold));
    ASSAY_TRY(parse_signer(file, y, c));
    return y->key == NULL ? ASSAY_OK : parse_key(file, y->key, &c->key);
}

static enum assay_status read_config(struct service_program *p, const char *path,
                                     char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    struct assay_config_file file = { .path = path, .schema = &schema, .message = message };
    /* The file decides what the program does, so it needs the same trust as a key file. */
    if (assay_file_trust_fault(path, message)) return ASSAY_E_INVALID;
    enum assay_status status = assay_config_open(&file);
    if (status == ASSAY_OK) status = parse_config(&file, p, file.data);
    assay_config_close(&file);
    return status;
}

/* --- a run */

void service_say(const struct service_program *program, const char *format, ...)
{
    va_list args;
    (void)fprintf(stderr, "%s: ", program->name);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
}

static const struct option options[] = { { "config", required_argument, NULL, 'c' },
                                         { "check-config", no_argument, NULL, 'k' },
                                         { "help", no_argument, NULL, 'h' },
                                         { "version", no_argument, NULL, 'v' },
                                         { NULL, 0, NULL, 0 } };

/* Returns: false, for service_begin. */
static bool print_usage_error(const struct service_program *program, const char *wrong)
{
    assay_flags_misuse(program->name, program->usage, wrong);
    return false;
}

bool service_begin(struct service_program *program, int argc, char **argv, int *status)
{
    char message[ASSAY_CONFIG_MESSAGE_MAX] = "", wrong[ASSAY_FLAGS_MESSAGE_MAX];
    const char *path = NULL;
    bool only_check = false;
    *status = SERVICE_USAGE;
    for (int option; (option = assay_flags_next(argc, argv, ":", options, NULL)) != -1;) {
        if (option == 'c') path = optarg;
        else if (option == 'k') only_check = true;
        else if (option == 'h' || option == 'v') {
            *status = SERVICE_OK;
            if (option == 'h') (void)fputs(program->usage, stdout);
            else (void)printf("%s %s\n", program->name, ASSAY_VERSION);
            return false;
        } else {
            assay_flags_wrong(argc, argv, option, options, wrong);
            return print_usage_error(program, wrong);
        }
    }
    if (optind != argc) {
        (void)snprintf(wrong, sizeof wrong, "expected options alone, found \"%.100s\"",
                       argv[optind]);
        return print_usage_error(program, wrong);
    }
    if (path == NULL) return print_usage_error(program, "expected --config FILE, found none");
    if (read_config(program, path, message) != ASSAY_OK) {
        service_say(program, "%s", message);
        return false;
    }
    *status = SERVICE_OK;
    if (only_check) assay_secret_wipe(&program->config.key, sizeof program->config.key);
    if (only_check && program->check != NULL &&
        program->check(&program->config, message) != ASSAY_OK) {
        service_say(program, "%s", message);
        *status = SERVICE_USAGE;
    }
    if (only_check && *status == SERVICE_OK) (void)printf("%s: fit to run\n", path);
    if (only_check) return false;
    if (!service_confine(&program->config))
        service_say(program, "not confined: a folder of the configuration cannot be opened, or the "
                             "kernel refuses Landlock");
    service_take_signals();
    program->started_unix_ms = assay_unix_ms();
    daemon_notify_open(&program->notify);
    return true;
}

void service_ready(struct service_program *program)
{
    service_say(program, "ready");
    daemon_notify_ready(&program->notify);
}

/* A write error is logged once, and its end too. */
static void write_metrics(struct service_program *program, bool changed, const void *node)
{
    const struct service_config *const c = &program->config;
    const uint64_t now = assay_monotonic_ms();
    if (c->metrics[0] == '\0' || (!changed && now < program->metrics_at_ms)) return;
    program->metrics_at_ms = now + SERVICE_METRICS_MS;
    const struct service_metrics_of of = { .program = program->name,
                                           .listen = c->listen,
                                           .started_unix_ms = program->started_unix_ms,
                                           .now_unix_ms = assay_unix_ms() };
    const bool failed = service_metrics_write(c->metrics, &of, program->metrics, node) != ASSAY_OK;
    if (failed && !program->metrics_failed)
        service_say(program, "%s: metrics cannot be written: %s%s", c->metrics, strerror(errno),
                    errno == EACCES || errno == EPERM
                        ? "; a folder that was made after this program started is closed to it: "
                          "restart the program, or correct the folder's owner"
                        : "");
    program->metrics_failed = failed;
}

bool service_goes_on(struct service_program *program, const char *line, const void *node)
{
    const bool changed = strcmp(line, program->said) != 0;
    write_metrics(program, changed, node);
    if (changed) {
        service_say(program, "%s", line);
        daemon_notify_status(&program->notify, line);
        (void)snprintf(program->said, sizeof program->said, "%s", line);
    }
    return !service_asked_to_end;
}

const char *service_ledger_words(enum assay_status status)
{
    if (status == ASSAY_OK) return "followed";
    if (status == ASSAY_E_NOT_FOUND)
        return "no process listens at the daemon's socket: it does not run, or its network has no "
               "services yet";
    if (status == ASSAY_E_STRANGER)
        return "this user may not connect to the daemon's socket of this role: its folder needs "
               "the setgid bit and a group of this user's";
    if (status == ASSAY_E_RANGE) return "the path of the daemon's folder of sockets is too long";
    if (status == ASSAY_E_UNSUPPORTED) return "the network has no such service yet";
    if (status == ASSAY_E_FULL)
        return "all places of the daemon's socket of this role are taken: end other programs that "
               "are connected to it (services_full in the daemon's log names their users)";
    if (status == ASSAY_E_CHAIN)
        return "the daemon shows another chain, or less of it than was seen: it has to catch up";
    return assay_status_text(status);
}

int service_end(struct service_program *program, enum assay_status status)
{
    daemon_notify_stopping(&program->notify);
    daemon_notify_close(&program->notify);
    if (program->config.metrics[0] != '\0') (void)unlink(program->config.metrics);
    if (status == ASSAY_OK) {
        service_say(program, "stopped on request");
        return SERVICE_OK;
    }
    if (status == ASSAY_E_STALE) {
        service_say(program, "ended: its member has put another process in its place");
        return SERVICE_SUPERSEDED;
    }
    service_say(program, "ended: %s", assay_status_text(status));
    return SERVICE_WORLD;
}
