/*
 * apps/sim/report/files.c - files and folders named by the user.
 */
#include "apps/sim/report/files.h"
#include "base/file/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum assay_status sim_input_read(const char *path, size_t len_max, uint8_t **bytes, size_t *len,
                                 char message[static ASSAY_SIM_MESSAGE_MAX])
{
    const enum assay_status status = assay_file_read(path, len_max, bytes, len);
    if (status == ASSAY_OK) return ASSAY_OK;
    if (status == ASSAY_E_RANGE)
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.300s: is larger than %zu bytes", path,
                       len_max);
    else
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.300s: %.100s", path,
                       status == ASSAY_E_IO          ? strerror(errno)
                       : status == ASSAY_E_NOT_FOUND ? "No such file"
                                                     : assay_status_text(status));
    return status;
}

enum assay_status sim_output_folder(const char *dir, char message[static ASSAY_SIM_MESSAGE_MAX])
{
    struct stat info;
    if (dir[0] == '\0') {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "expected a folder, found an empty name");
        return ASSAY_E_IO;
    }
    if (mkdir(dir, 0777) == 0) return ASSAY_OK;
    if (errno == EEXIST && stat(dir, &info) == 0) {
        if (S_ISDIR(info.st_mode) && access(dir, W_OK | X_OK) == 0) return ASSAY_OK;
        if (!S_ISDIR(info.st_mode)) errno = ENOTDIR;
    }
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.350s: %.120s", dir, strerror(errno));
    return ASSAY_E_IO;
}

static bool is_writable_folder_of(const char *path)
{
    char dir[PATH_MAX];
    const char *const stroke = strrchr(path, '/');
    const int len = stroke == NULL ? snprintf(dir, sizeof dir, ".")
                    : stroke == path
                        ? snprintf(dir, sizeof dir, "/")
                        : snprintf(dir, sizeof dir, "%.*s", (int)(stroke - path), path);
    if (len > 0 && (size_t)len < sizeof dir) return access(dir, W_OK | X_OK) == 0;
    errno = ENAMETOOLONG;
    return false;
}

enum assay_status sim_output_file(const char *path, char message[static ASSAY_SIM_MESSAGE_MAX])
{
    struct stat info;
    const char *why = NULL;
    if (path[0] == '\0') {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "expected a file, found an empty name");
        return ASSAY_E_IO;
    }
    if (lstat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode)) why = strerror(EISDIR);
        else if (!S_ISREG(info.st_mode))
            why =
                "expected a plain file, found a device, a pipe or a link, which would be replaced";
    } else if (errno != ENOENT) {
        why = strerror(errno);
    }
    if (why == NULL && !is_writable_folder_of(path)) why = strerror(errno);
    if (why == NULL) return ASSAY_OK;
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.350s: %.120s", path, why);
    return ASSAY_E_IO;
}
