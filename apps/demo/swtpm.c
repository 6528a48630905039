/*
 * apps/demo/swtpm.c - software TPMs as child processes (swtpm.h).
 */
#include "apps/demo/swtpm.h"

#include "apps/demo/spawn.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_TRIES = 300, START_PAUSE_MS = 10, STOP_TRIES = 200 };

static const char program[] = "/usr/bin/swtpm";
static const char setup[] = "/usr/bin/swtpm_setup";
static const char localca[] = "/usr/bin/swtpm_localca";

bool swtpm_installed(void)
{
    return access(program, X_OK) == 0 && access(setup, X_OK) == 0 && access(localca, X_OK) == 0;
}

/* Returns: true when the text fits. */
__attribute__((format(printf, 3, 4))) static bool put(char *out, size_t room, const char *format,
                                                      ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int len = vsnprintf(out, room, format, arguments);
    va_end(arguments);
    return len > 0 && (size_t)len < room;
}

static bool make_dir(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static void pause_ms(long ms)
{
    const struct timespec pause = { 0, ms * 1000000 };
    (void)nanosleep(&pause, NULL);
}

/* ------------------------------------------------------------ manufacture */

bool swtpm_maker_files(const char *maker_dir, char root[static SWTPM_PATH_MAX],
                       char issuer[static SWTPM_PATH_MAX])
{
    return put(root, SWTPM_PATH_MAX, "%s/swtpm-localca-rootca-cert.pem", maker_dir) &&
           put(issuer, SWTPM_PATH_MAX, "%s/issuercert.pem", maker_dir);
}

__attribute__((format(printf, 2, 3))) static bool write_file(const char *path, const char *format,
                                                             ...)
{
    FILE *const out = fopen(path, "we");
    if (out == NULL) return false;
    va_list arguments;
    va_start(arguments, format);
    const bool ok = vfprintf(out, format, arguments) >= 0;
    va_end(arguments);
    return fclose(out) == 0 && ok;
}

/* The vendor's configuration, next to the TPM: all files of swtpm are in the demo's folders. */
static bool write_config(const char *maker_dir, const struct swtpm *tpm)
{
    char path[SWTPM_PATH_MAX + 32];
    if (!make_dir(maker_dir) || !make_dir(tpm->dir)) return false;
    return put(path, sizeof path, "%s/localca.conf", tpm->dir) &&
           write_file(path,
                      "statedir = %s\nsigningkey = %s/signkey.pem\n"
                      "issuercert = %s/issuercert.pem\ncertserial = %s/certserial\n",
                      maker_dir, maker_dir, maker_dir, maker_dir) &&
           put(path, sizeof path, "%s/options", tpm->dir) && write_file(path, "%s", "") &&
           put(path, sizeof path, "%s/setup.conf", tpm->dir) &&
           write_file(path,
                      "create_certs_tool = %s\ncreate_certs_tool_config = %s/localca.conf\n"
                      "create_certs_tool_options = %s/options\n",
                      localca, tpm->dir, tpm->dir);
}

static bool run_setup(const struct swtpm *tpm)
{
    char state[SWTPM_PATH_MAX + 16], config[SWTPM_PATH_MAX + 16], log[SWTPM_PATH_MAX + 16];
    char words[8][32] = { "--tpm2", "--tpmstate",  "--config",  "--create-ek-cert",
                          "--ecc",  "--overwrite", "--logfile", "" };
    char path[sizeof setup];
    int status = 0;
    if (!put(path, sizeof path, "%s", setup) || !put(state, sizeof state, "%s/state", tpm->dir) ||
        !put(config, sizeof config, "%s/setup.conf", tpm->dir) ||
        !put(log, sizeof log, "%s/setup.log", tpm->dir) || !make_dir(state))
        return false;
    char *argv[] = { path,     words[0], words[1], state,    words[2], config,
                     words[3], words[4], words[5], words[6], log,      NULL };
    const pid_t pid = demo_spawn(log, argv);
    if (pid == 0) return false;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool swtpm_make(const char *maker_dir, const char *dir, struct swtpm *tpm)
{
    *tpm = (struct swtpm){ .pid = 0 };
    return maker_dir[0] == '/' && dir[0] == '/' && put(tpm->dir, sizeof tpm->dir, "%s", dir) &&
           put(tpm->socket, SWTPM_SOCKET_MAX, "%s/tpm.sock", dir) &&
           put(tpm->tcti, sizeof tpm->tcti, "swtpm:path=%s", tpm->socket) &&
           write_config(maker_dir, tpm) && run_setup(tpm);
}

/* ------------------------------------------------------------ the process */

static bool is_listening(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (!put(address.sun_path, sizeof address.sun_path, "%s", path)) return false;
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    const bool ok = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    (void)close(fd);
    return ok;
}

/* Of a line of the kernel's table: the flags are its fourth field, in hexadecimal. */
static bool is_accepting(const char *line)
{
    enum { BEFORE = 3, ACCEPTS = 0x10000 };
    for (int i = 0; i < BEFORE; i++) {
        line += strcspn(line, " ");
        line += strspn(line, " ");
    }
    return (strtoul(line, NULL, 16) & ACCEPTS) != 0;
}

/* A socket's path exists before a process listens on it; the kernel's table (proc(5)) has its
 * state: 10000 is
 * __SO_ACCEPTCON. Where there is no table, the path has to do. */
static bool has_listener(const char *path)
{
    char line[SWTPM_PATH_MAX + 128];
    bool found = false;
    FILE *const table = fopen("/proc/net/unix", "re");
    if (table == NULL) return access(path, F_OK) == 0;
    const size_t path_len = strlen(path);
    while (!found && fgets(line, sizeof line, table) != NULL) {
        const size_t len = strcspn(line, "\n");
        if (len <= path_len || strncmp(line + len - path_len, path, path_len) != 0) continue;
        found = line[len - path_len - 1] == ' ' && is_accepting(line);
    }
    (void)fclose(table);
    return found;
}

static bool reap_process(struct swtpm *tpm)
{
    const pid_t done = waitpid(tpm->pid, NULL, WNOHANG);
    if (done == 0 || (done < 0 && errno == EINTR)) return false;
    tpm->pid = 0;
    return true;
}

bool swtpm_start(struct swtpm *tpm)
{
    char state[SWTPM_PATH_MAX + 32], server[SWTPM_PATH_MAX + 32], control[SWTPM_PATH_MAX + 40];
    char log[SWTPM_PATH_MAX + 16], control_path[SWTPM_PATH_MAX + 16];
    char words[8][24] = { "socket", "--tpm2",  "--tpmstate",    "--server",
                          "--ctrl", "--flags", "startup-clear", "" };
    char path[sizeof program];
    if (!put(path, sizeof path, "%s", program) ||
        !put(state, sizeof state, "dir=%s/state", tpm->dir) ||
        !put(server, sizeof server, "type=unixio,path=%s", tpm->socket) ||
        !put(control_path, sizeof control_path, "%s.ctrl", tpm->socket) ||
        !put(control, sizeof control, "type=unixio,path=%s", control_path) ||
        !put(log, sizeof log, "%s/swtpm.log", tpm->dir))
        return false;
    (void)unlink(tpm->socket); /* of an earlier life */
    (void)unlink(control_path);
    char *argv[] = { path,   words[0], words[1], words[2], state,    words[3],
                     server, words[4], control,  words[5], words[6], NULL };
    tpm->pid = demo_spawn(log, argv);
    for (int i = 0; tpm->pid != 0 && i < START_TRIES; i++) {
        /* It serves one client at a time: looking at the socket must not be one. */
        if (has_listener(tpm->socket) && is_listening(control_path)) return true;
        if (reap_process(tpm)) return false;
        pause_ms(START_PAUSE_MS);
    }
    swtpm_stop(tpm);
    return false;
}

void swtpm_stop(struct swtpm *tpm)
{
    if (tpm->pid == 0) return;
    (void)kill(tpm->pid, SIGTERM);
    for (int i = 0; i < STOP_TRIES; i++) {
        if (reap_process(tpm)) return;
        pause_ms(START_PAUSE_MS);
    }
    (void)kill(tpm->pid, SIGKILL);
    while (waitpid(tpm->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    tpm->pid = 0;
}
