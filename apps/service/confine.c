/*
 * apps/service/confine.c - limits and Landlock of a program of services.
 */
#include "apps/service/confine.h"

#include "base/file/dumps.h"
#include "net/sandbox/sandbox.h"

#include <string.h>
#include <sys/prctl.h>

/* The folder of a file. Returns: folder, or NULL: there is no such file. */
static const char *folder_of(const char *path, char folder[static PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    if (path[0] == '\0') return NULL;
    const size_t len = slash != NULL ? (size_t)(slash - path) : 0;
    if (slash == NULL) return ".";
    if (len == 0) return "/";
    assay_bytes_copy(folder, PATH_MAX, path, len);
    folder[len] = '\0';
    return folder;
}

bool service_confine(const struct service_config *config)
{
    char store[PATH_MAX], metrics[PATH_MAX];
    const char *folders[3];
    size_t count = 0;
    const char *const of_store = folder_of(config->store, store);
    const char *const of_metrics = folder_of(config->metrics, metrics);
    if (of_store != NULL) folders[count++] = of_store;
    if (of_metrics != NULL) folders[count++] = of_metrics;
    if (config->publish[0] != '\0') folders[count++] = config->publish;
    const bool quiet = assay_dumps_forbid() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    return assay_sandbox_restrict_writes(folders, count) && quiet;
}
