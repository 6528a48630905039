/*
 * apps/config/rights.c - permissions of every file and folder that a configuration names.
 */
#include "apps/config/rights.h"

#include "base/file/trust.h"
#include "net/services/role.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* "": nothing was named. */
static bool is_loose(const char *path, char message[static ASSAY_FILE_MESSAGE_LEN])
{
    return path != NULL && path[0] != '\0' && assay_file_trust_fault(path, message);
}

/* The folder of a socket, behind links: a user with write access can replace the socket. The
 * permissions of the socket are set by its creator. */
static bool is_loose_socket(const char *socket, char message[static ASSAY_FILE_MESSAGE_LEN])
{
    char folder[PATH_MAX + 4]; /* with "/." behind it, as a folder on the way: /tmp will do */
    const char *const slash = strrchr(socket, '/');
    if (socket[0] == '\0') return false;
    (void)snprintf(folder, sizeof folder, "%.*s./.", slash != NULL ? (int)(slash + 1 - socket) : 0,
                   socket);
    return assay_file_trust_fault(folder, message);
}

static bool report_bus(const char *address, char *message)
{
    (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                   "enforcement.targets[].bus: found %.255s, expected unix:path=/PATH, one path "
                   "without \";\" and \"%%\": the permissions of other addresses cannot be checked",
                   address);
    return true;
}

/* Cuts the name of a socket off. */
static bool is_loose_folder_of(char *socket, char message[static ASSAY_FILE_MESSAGE_LEN])
{
    *(strrchr(socket, '/') + 1) = '\0';
    return is_loose(socket, message);
}

/* The socket of a bus, which the daemon does not create: a user who may create names in its folder,
 * also in a sticky one, answers in its place while the bus is down. "": the system's. */
static bool is_loose_bus(const char *address, char message[static ASSAY_FILE_MESSAGE_LEN])
{
    static const char start[] = "unix:path=";
    char path[ASSAY_SYSTEMD_ADDRESS_MAX + 1], whole[PATH_MAX];
    if (address[0] == '\0') return false;
    if (strncmp(address, start, sizeof start - 1) != 0 || address[sizeof start - 1] != '/' ||
        strpbrk(address, ";%") != NULL)
        return report_bus(address, message);
    (void)snprintf(path, sizeof path, "%s", address + sizeof start - 1);
    path[strcspn(path, ",")] = '\0'; /* other keys of the same address */
    const bool is_there = realpath(path, whole) != NULL;
    return is_loose_folder_of(path, message) || (is_there && is_loose_folder_of(whole, message));
}

/* A key that is a file behind links: these are held to what a file of configuration is, and it to
 * what keys are. */
static bool is_loose_key(const char *path, char message[static ASSAY_FILE_MESSAGE_LEN])
{
    char whole[PATH_MAX];
    if (path[0] == '\0' || realpath(path, whole) == NULL) return false; /* reported elsewhere */
    return assay_file_trust_fault(path, message) || assay_file_secret_fault(whole, message);
}

/* Where programs of services find the daemon: a user who can replace the socket can impersonate
 * it. */
static bool has_loose_sockets(const char *folder, char message[static ASSAY_FILE_MESSAGE_LEN])
{
    char path[ASSAY_SERVICE_SOCKET_PATH];
    struct stat info;
    if (folder[0] == '\0') return false;
    if (is_loose(folder, message)) return true;
    if (stat(folder, &info) == 0 && !S_ISDIR(info.st_mode)) {
        (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                       "%.300s: expected the folder of listen.services, found a file: remove it, "
                       "or name another path",
                       folder);
        return true;
    }
    for (uint32_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++) {
        if (assay_service_socket_path(folder, assay_service_socket_at(i), path) != ASSAY_OK)
            return false; /* reported on opening */
        *strrchr(path, '/') = '\0';
        if (is_loose(path, message)) return true;
    }
    return false;
}

static bool has_loose_targets(const struct assay_config_enforcement *e,
                              char message[static ASSAY_FILE_MESSAGE_LEN])
{
    for (size_t i = 0; i < e->target_count; i++) {
        const struct assay_config_target *const t = &e->targets[i];
        /* hook, cgroup: the executable; the folder of the group. webhook: events in its spool are
         * signed and sent. */
        if (is_loose(t->path, message) || is_loose(t->ca_file, message)) return true;
        if (is_loose(t->spool, message) || is_loose_bus(t->bus, message)) return true;
        if (t->driver == ASSAY_CONFIG_CONTAINER && is_loose_socket(t->socket, message)) return true;
    }
    return false;
}

/* Each configuration file, and its drop-in folder: assayd.d of assayd.yaml, as
 * apps/config/layers_read.c names it. Other sources, variables and flags, are not files. */
static bool has_loose_layers(const char *path, const struct assay_config_layers *layers,
                             char message[static ASSAY_FILE_MESSAGE_LEN])
{
    static const char yaml[] = ".yaml";
    char folder[PATH_MAX + 4];
    const size_t len = strlen(path), tail = sizeof yaml - 1;
    const bool named = len > tail && strcmp(path + len - tail, yaml) == 0;
    (void)snprintf(folder, sizeof folder, "%.*s.d", (int)(named ? len - tail : len), path);
    for (size_t i = 0; i < layers->name_count; i++)
        if (assay_file_trust_fault(layers->names[i], message)) return true;
    return is_loose(folder, message);
}

bool assay_config_rights_fault(const char *path, const struct assay_config_layers *layers,
                               const struct assay_config *config,
                               char message[static ASSAY_FILE_MESSAGE_LEN])
{
    const struct assay_config *const c = config;
    const char *const paths[] = { c->genesis,
                                  c->state_dir,
                                  c->checkpoint,
                                  c->enclave_path,
                                  c->enclave_restore_path,
                                  c->http.certificate,
                                  c->http.clients,
                                  c->collateral.ca_file };
    const char *const sockets[] = { c->admin, c->http.socket_path, c->enclave_service };
    if (has_loose_layers(path, layers, message)) return true;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (is_loose(paths[i], message)) return true;
    for (uint32_t i = 0; i < c->recover_count; i++)
        if (is_loose(c->recovers[i], message)) return true;
    for (size_t i = 0; i < sizeof sockets / sizeof sockets[0]; i++)
        if (is_loose_socket(sockets[i], message)) return true;
    return is_loose_key(c->http.key, message) || is_loose(c->enforcement.journal, message) ||
           has_loose_targets(&c->enforcement, message) || has_loose_sockets(c->services, message);
}
