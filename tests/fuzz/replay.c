/*
 * tests/fuzz/replay.c - run a fuzz target over its corpus, without libFuzzer.
 *
 * Every regular file of the folders (or files) named on the command line is given to the target:
 * whole, and when it is small at every shorter length too. Each input is copied to a block of
 * exactly its size, so that AddressSanitizer sees a read of one byte too far. The empty input is
 * always tried. A corpus that is missing or empty fails: a replay of nothing proves nothing.
 */
#include "tests/support/depth.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    FILE_LEN_MAX = 1 << 20,      /* larger than any frame or object that a decoder accepts */
    TRUNCATE_LEN_MAX = 8 * 1024, /* below it every prefix is tried: a genuine quote fits */
    PATH_LEN_MAX = 4096,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct replayed {
    unsigned long file_count;
    unsigned long input_count;
};

static void fail(const char *path, const char *why)
{
    fprintf(stderr, "replay: %s: %s\n", path, why);
    exit(1);
}

static void give(const uint8_t *bytes, size_t len, struct replayed *done)
{
    uint8_t *exact = malloc(len == 0 ? 1 : len);
    if (exact == NULL) fail("input", "no memory");
    for (size_t i = 0; i < len; i++)
        exact[i] = bytes[i];
    (void)LLVMFuzzerTestOneInput(exact, len);
    free(exact);
    done->input_count++;
}

static void replay_file(const char *path, struct replayed *done)
{
    static uint8_t bytes[FILE_LEN_MAX + 1];
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail(path, strerror(errno));
    const size_t len = fread(bytes, 1, sizeof bytes, file);
    if (ferror(file) != 0) fail(path, "cannot be read");
    fclose(file);
    if (len > FILE_LEN_MAX) fail(path, "longer than 1 MiB");

    give(bytes, len, done);
    if (len <= TRUNCATE_LEN_MAX)
        for (size_t prefix = 0; prefix < len; prefix += len > 512 ? test_every(7) : 1)
            give(bytes, prefix, done);
    done->file_count++;
}

static void replay(const char *path, struct replayed *done)
{
    struct stat what;
    if (stat(path, &what) != 0) fail(path, strerror(errno));
    if (!S_ISDIR(what.st_mode)) {
        replay_file(path, done);
        return;
    }

    struct dirent **names = NULL;
    const int count = scandir(path, &names, NULL, alphasort);
    if (count < 0) fail(path, strerror(errno));
    for (int i = 0; i < count; i++) {
        char inside[PATH_LEN_MAX];
        const int len = snprintf(inside, sizeof inside, "%s/%s", path, names[i]->d_name);
        if (len < 0 || (size_t)len >= sizeof inside) fail(path, "a path is too long");
        if (stat(inside, &what) == 0 && S_ISREG(what.st_mode)) replay_file(inside, done);
        free(names[i]);
    }
    free(names);
}

int main(int argc, char **argv)
{
    struct replayed done = { 0 };
    const uint8_t nothing = 0;

    if (argc < 2) fail("usage", "replay FOLDER-OR-FILE...");
    give(&nothing, 0, &done);
    for (int i = 1; i < argc; i++)
        replay(argv[i], &done);
    if (done.file_count == 0) fail(argv[1], "holds no file: the corpus is missing");

    printf("replayed %lu files as %lu inputs\n", done.file_count, done.input_count);
    return 0;
}
