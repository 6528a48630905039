/*
 * tests/golden/test_opened.c - golden data of every release (tests/golden/VERSION), read by the
 * commands of this build as its file `commands` has it from the build that wrote them.
 *
 * Encodings, digests and rules of scores are compared by bytes that another build wrote: a change
 * that both the encoder and the decoder of this build make is found here.
 */
#include "engine/store/store_sqlite.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* main of apps/assay/core/main.c. */
int assay_command_main(int argc, char **argv);

enum { WORDS_MAX = 24, LINE_MAX_LEN = 1024, SAID_MAX = 1 << 20, COMMANDS_MIN = 60 };

/* The unpacked data of one release. */
struct golden {
    char from[PATH_MAX]; /* tests/golden/VERSION */
    char folder[64];
    char words[LINE_MAX_LEN]; /* of the last command, its exit status, and what it printed */
    int status;
    char said[SAID_MAX];
    unsigned ran, wrong; /* lines */
};

static struct golden golden;

static void run_shell(const char *line)
{
    const int status = system(line);
    cr_assert_eq(status, 0, "%s: status %d", line, status);
}

static void unpack(const char *from)
{
    (void)snprintf(golden.from, sizeof golden.from, "%s", from);
    (void)snprintf(golden.folder, sizeof golden.folder, "/tmp/assay-golden.XXXXXX");
    cr_assert_not_null(mkdtemp(golden.folder));
    char line[2 * PATH_MAX];
    (void)snprintf(line, sizeof line, "tar -xJf '%s/network.tar.xz' -C '%s'", from, golden.folder);
    run_shell(line);
    cr_assert_eq(chdir(golden.folder), 0);
    golden.ran = golden.wrong = 0;
    golden.words[0] = '\0';
}

static void remove_unpacked(void)
{
    cr_assert_eq(chdir("/"), 0);
    char line[128];
    (void)snprintf(line, sizeof line, "rm -rf '%s'", golden.folder);
    run_shell(line);
}

/* In a process of its own, as an operator runs it. Out: golden.said. Returns: its exit status. */
static int run_command(char *words)
{
    static char assay[] = "assay";
    char *argv[WORDS_MAX + 2] = { assay };
    int argc = 1;
    while (*words != '\0' && argc <= WORDS_MAX) {
        char *const end = words + strcspn(words, " ");
        argv[argc++] = words;
        words = *end == '\0' ? end : end + 1;
        *end = '\0';
    }
    FILE *const out = tmpfile();
    cr_assert_not_null(out);
    (void)fflush(NULL);
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        (void)dup2(fileno(out), STDOUT_FILENO);
        (void)dup2(fileno(out), STDERR_FILENO);
        const int result = assay_command_main(argc, argv);
        (void)fflush(NULL);
        _exit(result); /* without the handlers of the test program */
    }
    int status = -1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    rewind(out);
    golden.said[fread(golden.said, 1, sizeof golden.said - 1, out)] = '\0';
    (void)fclose(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void note_wrong(const char *line, const char *found)
{
    golden.wrong++;
    (void)fprintf(stderr, "%s: expected %s\n  found: %s\n", golden.from, line, found);
}

/* "STATUS | TEXT | WORDS" */
static void check_line(const char *line)
{
    char copy[LINE_MAX_LEN];
    (void)snprintf(copy, sizeof copy, "%s", line);
    char *const text_at = strstr(copy, " | ");
    char *const words_at = text_at != NULL ? strstr(text_at + 3, " | ") : NULL;
    cr_assert_not_null(words_at, "%s/commands: \"%s\" has no three parts", golden.from, line);
    *text_at = *words_at = '\0';
    const char *const text = text_at + 3;
    golden.ran++;
    if (strcmp(golden.words, words_at + 3) != 0) { /* several lines are of one command */
        (void)snprintf(golden.words, sizeof golden.words, "%s", words_at + 3);
        golden.status = run_command(words_at + 3);
    }
    char status[16];
    (void)snprintf(status, sizeof status, "%d", golden.status);
    if (strcmp(copy, status) != 0 || strstr(golden.said, text) == NULL) {
        char found[400];
        (void)snprintf(found, sizeof found, "status %s, %.360s", status, golden.said);
        note_wrong(line, found);
    }
}

static void check_release(void)
{
    char path[PATH_MAX + 16], line[LINE_MAX_LEN];
    (void)snprintf(path, sizeof path, "%s/commands", golden.from);
    FILE *const commands = fopen(path, "r");
    cr_assert_not_null(commands, "%s", path);
    while (fgets(line, sizeof line, commands) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#' && line[0] != '\0') check_line(line);
    }
    (void)fclose(commands);
    cr_assert_geq(golden.ran, COMMANDS_MIN, "%s: %u commands alone", path, golden.ran);
    cr_assert_eq(golden.wrong, 0, "%s: %u of %u commands", path, golden.wrong, golden.ran);
}

static void for_each_release(void (*check)(void))
{
    glob_t found;
    cr_assert_eq(glob(ASSAY_SOURCE_DIR "/tests/golden/[0-9]*", 0, NULL, &found), 0,
                 "no golden data of any release");
    for (size_t i = 0; i < found.gl_pathc; i++) {
        unpack(found.gl_pathv[i]);
        check();
        remove_unpacked();
    }
    globfree(&found);
}

Test(golden, every_file_of_a_release_is_read_as_its_build_read_it)
{
    for_each_release(check_release);
}

/* The newer schema, in the header of the database (SQLite: user_version, big endian). */
static void check_newer_schema(void)
{
    enum { USER_VERSION_AT = 60, NEWER = 200 };
    FILE *const store = fopen("node-1/state/store.sqlite", "r+b");
    cr_assert_not_null(store);
    cr_assert_eq(fseek(store, USER_VERSION_AT + 3, SEEK_SET), 0);
    cr_assert_eq(fputc(NEWER, store), NEWER);
    cr_assert_eq(fclose(store), 0);
    char expected[96];
    (void)snprintf(expected, sizeof expected, "schema version %d, this program reads version %d",
                   NEWER, ASSAY_STORE_SCHEMA_VERSION);
    char words[] = "audit verify node-1/state --genesis genesis";
    const int status = run_command(words);
    cr_assert_neq(status, 0);
    cr_assert_not_null(strstr(golden.said, expected), "expected \"%s\", found: %s", expected,
                       golden.said);
}

Test(golden, a_store_of_a_newer_schema_is_refused_and_both_are_named)
{
    for_each_release(check_newer_schema);
}

/* What the tree says of itself: the present schema has data of a release that wrote it. */
static unsigned schemas;

static void note_schema(void)
{
    FILE *const store = fopen("node-1/state/store.sqlite", "rb");
    cr_assert_not_null(store);
    cr_assert_eq(fseek(store, 63, SEEK_SET), 0);
    const int version = fgetc(store);
    (void)fclose(store);
    cr_assert(version >= ASSAY_STORE_SCHEMA_BEFORE && version <= ASSAY_STORE_SCHEMA_VERSION,
              "%s: schema %d", golden.from, version);
    schemas++;
}

Test(golden, of_the_schemas_that_are_read_one_has_data)
{
    for_each_release(note_schema);
    cr_assert_gt(schemas, 0);
}
