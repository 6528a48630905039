/*
 * apps/demo/hand/main.c - entry point of `assay-demo-hand`: selection of the action, and shared
 * setup.
 */
#include "apps/demo/hand/hand.h"

#include "base/file/file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "usage: assay-demo-hand ACTION ...\n"
    "\n"
    "One action of the story of services of assay-demo, INSECURE; only assay-demo runs it.\n"
    "\n"
    "  observer SOCKET DIR [ACCOUNT ..]       print the state of all services in the ledger\n"
    "  put SOCKET DIR CLUSTER                 deal DIR/secret\n"
    "  read SOCKET DIR                        read it back\n"
    "  task SOCKET DIR CODE PRICE STEPS       have DIR/input counted\n"
    "  forge SOCKET FILE                      hand in a claim with a changed receipt\n";

void hand_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    (void)putchar('\n');
    (void)fflush(stdout);
}

int hand_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("failed ", stdout);
    (void)vprintf(format, args);
    va_end(args);
    (void)putchar('\n');
    (void)fflush(stdout);
    return HAND_WORLD;
}

const char *hand_in(const char *dir, const char *name)
{
    static char buffers[4][PATH_MAX];
    static unsigned turn;
    char *path = buffers[turn++ % 4];
    (void)snprintf(path, sizeof buffers[0], "%s/%s", dir, name);
    return path;
}

bool hand_key(const char *dir, const char *name, struct assay_secret32 *key)
{
    uint8_t bytes[33];
    size_t len = 0;
    if (assay_file_read_secret(hand_in(dir, name), bytes, sizeof bytes, &len) != ASSAY_OK)
        return false;
    if (len == 32) assay_bytes_copy(key->bytes, 32, bytes, 32);
    assay_secret_wipe(bytes, sizeof bytes);
    return len == 32;
}

struct action {
    const char *word;
    int least, most; /* words behind it */
    int (*run)(int argc, char **argv);
};

int main(int argc, char **argv)
{
    static const struct action actions[] = {
        { "observer", 2, 10, hand_observer }, { "put", 3, 3, hand_put },
        { "read", 2, 2, hand_read },          { "task", 5, 5, hand_task },
        { "forge", 2, 2, hand_forge },
    };
    for (size_t i = 0; argc > 1 && i < sizeof actions / sizeof actions[0]; i++) {
        const struct action *d = &actions[i];
        if (strcmp(argv[1], d->word) != 0 || argc - 2 < d->least || argc - 2 > d->most) continue;
        service_take_signals();
        return d->run(argc - 2, argv + 2);
    }
    (void)fputs(usage, stderr);
    return HAND_USAGE;
}
