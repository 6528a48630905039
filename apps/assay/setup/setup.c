/*
 * apps/assay/setup/setup.c - command group `assay setup`: configuration and keys for one node, or
 * for a local network.
 *
 * Nothing is made that the other verbs could not make: they are run as an operator would type them.
 * Nothing is overwritten.
 */
#include "apps/assay/setup/setup.h"

#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 24, SMALL_FILE_MAX = 64 * 1024 };

/* ------------------------------------------------------------ other programs */

static const struct passwd *as;

void cli_setup_set_user(const struct passwd *user)
{
    as = user;
}

static bool switch_user(void)
{
    return as == NULL || (initgroups(as->pw_name, as->pw_gid) == 0 && setgid(as->pw_gid) == 0 &&
                          setuid(as->pw_uid) == 0);
}

static int run_program(const char *program, const char *out, const char *const *words)
{
    char *argv[WORDS_MAX + 1] = { NULL };
    size_t count = 0;
    int wait_status = 0;
    (void)fflush(NULL);
    while (words[count] != NULL && count < WORDS_MAX)
        count++;
    /* Without their const: execv does not write to them. */
    assay_bytes_copy(argv, sizeof argv, words, count * sizeof argv[0]);
    const pid_t pid = fork();
    if (pid == 0) {
        const int fd = open(out != NULL ? out : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || !switch_user()) _exit(ASSAY_EXIT_INTERNAL);
        (void)execv(program, argv);
        _exit(ASSAY_EXIT_INTERNAL);
    }
    while (pid > 0 && waitpid(pid, &wait_status, 0) < 0)
        if (errno != EINTR) return ASSAY_EXIT_INTERNAL;
    return pid > 0 && WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : ASSAY_EXIT_INTERNAL;
}

int cli_setup_run(const char *out, const char *const *words)
{
    const char *line[WORDS_MAX] = { "assay" };
    size_t count = 1;
    for (; words[count - 1] != NULL && count + 1 < WORDS_MAX; count++)
        line[count] = words[count - 1];
    line[count] = NULL;
    return run_program("/proc/self/exe", out, line);
}

bool cli_setup_find_program(const char *name, char path[static PATH_MAX])
{
    char self[PATH_MAX];
    const ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0) return false;
    self[len] = '\0';
    char *const slash = strrchr(self, '/');
    if (slash == NULL) return false;
    *slash = '\0';
    return snprintf(path, PATH_MAX, "%s/%s", self, name) < PATH_MAX && access(path, X_OK) == 0;
}

int cli_setup_check(const char *config)
{
    char daemon[PATH_MAX];
    const char *const words[] = { "assayd", "--config", config, "--check-config", NULL };
    if (!cli_setup_find_program("assayd", daemon)) return ASSAY_EXIT_OK;
    return run_program(daemon, NULL, words);
}

int cli_setup_enclave(struct assay_setup *s)
{
    const bool found = s->enclave != NULL
                           ? realpath(s->enclave, s->enclave_path) != NULL
                           : cli_setup_find_program("assay-enclave", s->enclave_path) ||
                                 realpath("/usr/bin/assay-enclave", s->enclave_path) != NULL;
    if (found && access(s->enclave_path, X_OK) == 0) return ASSAY_EXIT_OK;
    if (s->enclave == NULL)
        (void)fprintf(stderr, "assay setup: assay-enclave: no program that may be run is next to "
                              "this one or in PATH; give --enclave FILE\n");
    else
        (void)fprintf(stderr, "assay setup: --enclave %s: no program that may be run: %s\n",
                      s->enclave, found ? "it has no execute permission" : strerror(errno));
    return ASSAY_EXIT_NOT_FOUND;
}

int cli_setup_copy(const struct assay_setup *s, const char *dir)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    const char *const path = cli_setup_path(dir, "enclave");
    enum assay_status status = assay_file_read(s->enclave_path, (size_t)1 << 30, &bytes, &len);
    if (status == ASSAY_OK)
        status = assay_file_create(path, ASSAY_FILE_PROGRAM, assay_slice_over(bytes, len));
    free(bytes);
    if (status == ASSAY_OK || status == ASSAY_E_DUPLICATE) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "assay setup: %s: %s\n", path, assay_status_text(status));
    return ASSAY_EXIT_INTERNAL;
}

/* ------------------------------------------------------------ files */

const char *cli_setup_path(const char *dir, const char *name)
{
    static char buffers[8][PATH_MAX];
    static unsigned turn;
    char *const out = buffers[turn++ % 8];
    if (snprintf(out, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX) out[0] = '\0';
    return out;
}

/* Bytes that two paths have in common, up to the end of a part of both. */
static size_t common_len(const char *a, const char *b)
{
    size_t common = 0, at = 0;
    for (;; at++) {
        const bool a_ends = a[at] == '/' || a[at] == '\0', b_ends = b[at] == '/' || b[at] == '\0';
        if (a_ends && b_ends) common = at;
        if (a[at] != b[at] || a[at] == '\0') return common;
    }
}

const char *cli_setup_shown(const char *path)
{
    static char buffers[4][PATH_MAX];
    static unsigned turn;
    char *const out = buffers[turn++ % 4];
    char here[PATH_MAX];
    size_t at = 0;
    (void)snprintf(out, PATH_MAX, "%s", path);
    if (getcwd(here, sizeof here) == NULL || here[0] != '/') return out;
    if (strcmp(here, "/") == 0) here[0] = '\0';
    const size_t common = common_len(path, here);
    char relative[PATH_MAX] = "";
    for (const char *c = here + common; *c != '\0'; c++)
        if (*c == '/' && at + 4 < sizeof relative)
            at += (size_t)snprintf(relative + at, sizeof relative - at, "../");
    const char *const rest = path + common + (path[common] == '/');
    if (at == 0 && rest[0] == '-') at = (size_t)snprintf(relative, sizeof relative, "./");
    if (rest[0] == '\0' && at > 0) relative[--at] = '\0';
    else if (rest[0] == '\0') at = (size_t)snprintf(relative, sizeof relative, ".");
    if (at + strlen(rest) < strlen(path)) (void)snprintf(out, PATH_MAX, "%s%s", relative, rest);
    return out;
}

int cli_setup_write(const char *path, const char *text)
{
    const enum assay_status status =
        assay_file_create(path, ASSAY_FILE_PUBLIC, assay_slice_over(text, strlen(text)));
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "assay setup: %s: %s\n", path,
                  status == ASSAY_E_DUPLICATE ? "it is there already, and is not overwritten"
                                              : assay_status_text(status));
    return status == ASSAY_E_DUPLICATE ? ASSAY_EXIT_CONFLICT : ASSAY_EXIT_INTERNAL;
}

bool cli_setup_value(const char *path, const char *key, char *value, size_t size)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    bool found = false;
    if (assay_file_read(path, SMALL_FILE_MAX, &bytes, &len) != ASSAY_OK) return false;
    const size_t key_len = strlen(key);
    for (size_t at = 0; at < len && !found;) {
        const uint8_t *const line = bytes + at;
        const uint8_t *const newline = memchr(line, '\n', len - at);
        const size_t line_len = newline != NULL ? (size_t)(newline - line) : len - at;
        if (line_len > key_len + 2 && assay_bytes_equal(line, key, key_len) &&
            line[key_len] == ':') {
            size_t from = key_len + 2, to = line_len;
            if (line[from] == '"') from++;
            if (to > from && line[to - 1] == '"') to--;
            found = snprintf(value, size, "%.*s", (int)(to - from), (const char *)line + from) <
                    (int)size;
        }
        at += line_len + 1;
    }
    free(bytes);
    return found;
}

/* ------------------------------------------------------------ what is given, what is asked */

bool cli_setup_prompt(const char *question, const char *preset, const char **value)
{
    static char answers[16][PATH_MAX];
    static unsigned count;
    if (*value != NULL) return true;
    *value = preset;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO) || count == 16) return *value != NULL;
    (void)fprintf(stderr, "%s%s%s%s: ", question, preset != NULL ? " [" : "",
                  preset != NULL ? preset : "", preset != NULL ? "]" : "");
    char *const answer = answers[count++];
    if (fgets(answer, PATH_MAX, stdin) == NULL) return *value != NULL;
    answer[strcspn(answer, "\n")] = '\0';
    if (answer[0] != '\0') *value = answer;
    return *value != NULL;
}

int cli_command_setup(int argc, char **argv)
{
    static struct assay_setup s; /* large */
    const struct cli_option_target targets[] = {
        { "dir", .text = &s.dir },
        { "name", .text = &s.name },
        { "genesis", .text = &s.genesis },
        { "gossip", .text = &s.gossip },
        { "kind", .text = &s.kind },
        { "credential", .text = &s.credential },
        { "vendor", .text = &s.vendor },
        { "admin", .text = &s.admin },
        { "http", .text = &s.http },
        { "enclave", .text = &s.enclave },
        { "peer", .text = s.peers, .count = &s.peer_count,
          .most = sizeof s.peers / sizeof s.peers[0] },
        { "nodes", .text = &s.nodes },
        { "operators", .text = &s.operators },
        { "vendors", .text = &s.vendors },
        { "epoch-ms", .text = &s.epoch_ms },
        { "port", .text = &s.port },
        { "http-port", .text = &s.http_port },
        { "services", .flag = &s.services },
        { "identity", .flag = &s.identity },
        { "unit", .flag = &s.unit },
        { "start", .flag = &s.start },
        { "stop", .flag = &s.stop },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    if (strcmp(argv[1], "local") != 0) return cli_setup_node(&s);
    if (argv[2] != NULL && s.dir != NULL) return cli_misuse("DIR or --dir DIR, not both");
    if (argv[2] != NULL) s.dir = argv[2];
    return cli_setup_local(&s);
}
