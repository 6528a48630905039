/*
 * examples/counter.c - counter whose value survives restarts and cannot be rolled back or cloned.
 *
 * usage: counter create|open SOCKETS CHECKPOINT KEY FOLDER
 *
 * KEY has 32 secret bytes: in a TEE its sealing key. Prints each value after it is certified, once
 * a second, until the library refuses one.
 */
#include <assay/continuity.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static size_t read_file(const char *path, uint8_t *bytes, size_t capacity)
{
    FILE *const file = fopen(path, "rb");
    const size_t len = file != NULL ? fread(bytes, 1, capacity, file) : 0;
    if (file != NULL) (void)fclose(file);
    return len;
}

int main(int argc, char **argv)
{
    uint8_t checkpoint[256], key[ASSAY_CONTINUITY_KEY_LEN + 1];
    struct assay_continuity_options options = { .size = sizeof options };
    struct assay_continuity *handle = NULL;
    uint64_t count = 0;
    size_t len = 0;
    const bool is_new = argc == 6 && strcmp(argv[1], "create") == 0;
    if (argc == 6) options.checkpoint_len = read_file(argv[3], checkpoint, sizeof checkpoint);
    if (argc != 6 || (!is_new && strcmp(argv[1], "open") != 0) || options.checkpoint_len == 0 ||
        read_file(argv[4], key, sizeof key) != ASSAY_CONTINUITY_KEY_LEN) {
        (void)fputs("usage: counter create|open SOCKETS CHECKPOINT KEY FOLDER\n"
                    "CHECKPOINT: of `assay checkpoint`; KEY: a file of 32 bytes\n",
                    stderr);
        return 2;
    }
    options.daemon = argv[2];
    options.folder = argv[5];
    options.checkpoint = checkpoint;
    options.key = key;
    enum assay_continuity_result result = is_new ? assay_continuity_create(&options, &handle)
                                                 : assay_continuity_open(&options, &handle);
    if (result == ASSAY_CONTINUITY_OK) result = assay_continuity_start(handle, 60000);
    const uint64_t *const state = assay_continuity_state(handle, &len, NULL);
    if (len == sizeof count) count = *state;
    while (result == ASSAY_CONTINUITY_OK) {
        count++;
        result = assay_continuity_save(handle, &count, sizeof count, 60000);
        if (result != ASSAY_CONTINUITY_OK) break;
        (void)printf("%llu\n", (unsigned long long)count);
        (void)fflush(stdout);
        (void)sleep(1);
    }
    (void)fprintf(stderr, "%s: %s (%s)\n", assay_continuity_name(result),
                  assay_continuity_reason(handle), assay_continuity_describe(result));
    assay_continuity_close(&handle);
    return 1;
}
