/*
 * apps/assay/operate/debug.c - `assay debug bundle`: support bundle in one tar file.
 *
 * It contains no secrets, by an allow-list: documents that the daemon serves to every client,
 * results of doctor, names and permissions of files, limits of the process, and the configuration
 * without comments and with addresses reduced to the host.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/result_json.h"
#include "apps/assay/setup/setup.h"
#include "apps/config.h"
#include "base/assert.h"
#include "base/system_clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 512, PART_LEN_MAX = 32 * 1024 * 1024 };

struct bundle {
    FILE *out;
    const char *socket, *config_path;
    time_t at;
    unsigned parts;
    bool sound;
};

/* ------------------------------------------------------------ tar (POSIX.1-1988, ustar) */

static void put_octal(char *field, size_t size, unsigned long long value)
{
    (void)snprintf(field, size, "%0*llo", (int)size - 1, value);
}

static void put_part(struct bundle *b, const char *name, const void *bytes, size_t len)
{
    static const char zeros[BLOCK];
    char head[BLOCK] = { 0 };
    unsigned sum = 0;
    (void)snprintf(head, 100, "assay-debug/%s", name);
    put_octal(head + 100, 8, 0600);
    put_octal(head + 108, 8, 0);
    put_octal(head + 116, 8, 0);
    put_octal(head + 124, 12, len);
    put_octal(head + 136, 12, (unsigned long long)b->at);
    memset(head + 148, ' ', 8);
    head[156] = '0';
    (void)snprintf(head + 257, 8, "ustar");
    head[263] = head[264] = '0';
    for (size_t i = 0; i < sizeof head; i++)
        sum += (unsigned char)head[i];
    (void)snprintf(head + 148, 8, "%06o", sum);
    const size_t rest = (BLOCK - len % BLOCK) % BLOCK;
    b->sound = b->sound && fwrite(head, 1, sizeof head, b->out) == sizeof head &&
               fwrite(bytes, 1, len, b->out) == len && fwrite(zeros, 1, rest, b->out) == rest;
    b->parts++;
}

static void put_text(struct bundle *b, const char *name, const char *text)
{
    put_part(b, name, text, strlen(text));
}

static void put_end(struct bundle *b)
{
    static const char zeros[2 * BLOCK];
    b->sound = b->sound && fwrite(zeros, 1, sizeof zeros, b->out) == sizeof zeros;
}

/* ------------------------------------------------------------ daemon */

/* A daemon that does not answer is a finding, too. */
static void put_document(struct bundle *b, const char *name, const char *request)
{
    struct assay_json *document = NULL;
    const enum assay_status status =
        assay_client_request(b->socket, request, ASSAY_CLIENT_TIMEOUT_MS, &document);
    char *const text = status == ASSAY_OK ? assay_json_print(document, 2) : NULL;
    put_text(b, name, text != NULL ? text : assay_status_text(status));
    free(text);
    assay_json_free(&document);
}

/* What another verb prints. Statuses other than 0 are findings as well. */
static void put_verb(struct bundle *b, const char *name, const char *const *words)
{
    char path[] = "/tmp/assay-debug.XXXXXX", *text = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    const int fd = mkstemp(path);
    if (fd < 0) return;
    (void)close(fd);
    const int status = cli_setup_run(path, words);
    if (assay_file_read(path, PART_LEN_MAX, &bytes, &len) == ASSAY_OK && len > 0)
        put_part(b, name, bytes, len);
    else if (asprintf(&text, "exit status %d, and nothing printed\n", status) > 0)
        put_text(b, name, text);
    free(text);
    free(bytes);
    (void)unlink(path);
}

/* ------------------------------------------------------------ the machine and the files */

static void put_version(struct bundle *b)
{
    char text[1024];
    struct utsname machine = { 0 };
    (void)uname(&machine);
    (void)snprintf(text, sizeof text, "assay %s\n%s %s %s %s\nuser %u\n", ASSAY_VERSION,
                   machine.sysname, machine.release, machine.version, machine.machine,
                   (unsigned)geteuid());
    put_text(b, "version.txt", text);
}

/* Names, rights, owners, sizes and dates: never contents. */
static void put_folder(struct bundle *b, const char *name, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    DIR *const dir = opendir(path);
    FILE *const out = open_memstream(&text, &len);
    const struct dirent *entry = NULL;
    if (out == NULL) return;
    if (dir == NULL) (void)fprintf(out, "%s: %s\n", path, strerror(errno));
    else (void)fprintf(out, "%s\n", path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct stat info;
        if (fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
        (void)fprintf(out, "%06o %5u %5u %12lld %lld %s\n", (unsigned)info.st_mode,
                      (unsigned)info.st_uid, (unsigned)info.st_gid, (long long)info.st_size,
                      (long long)info.st_mtime, cli_text_sanitized(entry->d_name));
    }
    if (dir != NULL) (void)closedir(dir);
    (void)fclose(out);
    put_part(b, name, text, len);
    free(text);
}

static void put_configured(struct bundle *b)
{
    static struct assay_config config; /* large */
    char message[ASSAY_CONFIG_MESSAGE_MAX] = "";
    const char *const show[] = { "config",           "show", b->config_path, "--origin",
                                 "--no-environment", NULL };
    put_verb(b, "config.txt", show);
    if (assay_config_load_here(b->config_path, &config, message) != ASSAY_OK) {
        put_text(b, "config-error.txt", message);
        return;
    }
    const char *const genesis[] = { "genesis", "show", config.genesis, NULL };
    put_folder(b, "state-folder.txt", config.state_dir);
    put_folder(b, "keys-folder.txt", config.keys_dir);
    put_verb(b, "genesis.txt", genesis);
}

/* ------------------------------------------------------------ the whole */

static void put_all(struct bundle *b)
{
    static const struct {
        const char *name, *request;
    } documents[] = {
        { "status.json", "status" },         { "nodes.json", "nodes" },
        { "counters.json", "counters" },     { "changes.json", "changes" },
        { "collateral.json", "collateral" }, { "enforcement.json", "enforcement" },
        { "epochs.json", "export" },
    };
    const char *const doctor[] = {
        "doctor",       "--json", "--socket", b->socket, b->config_path != NULL ? "--config" : NULL,
        b->config_path, NULL
    };
    const char *const timeline[] = { "timeline", "--json", "--socket", b->socket, NULL };
    put_version(b);
    put_verb(b, "timeline.json", timeline); /* in parts */
    put_verb(b, "doctor.json", doctor);
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++)
        put_document(b, documents[i].name, documents[i].request);
    if (b->config_path != NULL) put_configured(b);
    put_end(b);
}

static int write_bundle(struct bundle *b, const char *path)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    b->out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (b->out == NULL) {
        (void)fprintf(stderr, "assay debug bundle: %s: %s\n", path, strerror(errno));
        return errno == EEXIST ? ASSAY_EXIT_CONFLICT : ASSAY_EXIT_INTERNAL;
    }
    b->at = assay_unix_s();
    b->sound = true;
    put_all(b);
    b->sound = fclose(b->out) == 0 && b->sound;
    if (!b->sound) {
        (void)fprintf(stderr, "assay debug bundle: %s: could not be written\n", path);
        return ASSAY_EXIT_INTERNAL;
    }
    struct assay_json *const data =
        cli_result_json("debug bundle", (const char *const[]){ path, NULL });
    assay_json_set_uint(data, "parts", b->parts);
    return cli_result_print(data,
                            "{files.0}: {parts} files, nothing secret; look: tar tvf {files.0}\n");
}

/* A configuration with errors belongs into the bundle; one that cannot be read is a wrong name. */
static int check_config_file(const char *path)
{
    int fd = -1;
    const enum assay_status status = path != NULL ? assay_file_open(path, &fd) : ASSAY_OK;
    if (fd >= 0) (void)close(fd);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "assay debug bundle: --config %s: %s\n", path,
                  cli_file_fault(path, status));
    return ASSAY_EXIT_USAGE;
}

int cli_command_debug(int argc, char **argv)
{
    struct bundle b = { .socket = cli_daemon_default_socket() };
    const char *out = NULL;
    const struct cli_option_target targets[] = {
        { "out", .text = &out },
        { "config", .text = &b.config_path },
        { "socket", .text = &b.socket },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    ASSAY_ASSERT(out != NULL); /* by the table */
    const int readable = check_config_file(b.config_path);
    return readable == ASSAY_EXIT_OK ? write_bundle(&b, out) : readable;
}
