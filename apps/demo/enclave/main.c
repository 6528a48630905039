/*
 * apps/demo/enclave/main.c - entry point of `assay-demo-enclave`: selection of the action, and what
 * the actions share.
 */
#include "apps/demo/enclave/enclave.h"

#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHECKPOINT_MAX = 512 };

static const char usage[] =
    "usage: assay-demo-enclave ACTION ...\n"
    "\n"
    "An enclave of the story of services of assay-demo, INSECURE; only assay-demo runs it.\n"
    "\n"
    "  counter SOCKET GROUP DIR INDEX CHECKPOINT [hold]\n"
    "                                         certify states up to that one\n"
    "  load SOCKET GROUP DIR RATE CHECKPOINT  so many requests a second, until SIGTERM\n"
    "  database SOCKET GROUP DIR ROWS CHECKPOINT [hold]\n"
    "                                         commit rows to DIR/rows.db up to that number\n";

static const uint8_t sealing_key[ASSAY_CONTINUITY_KEY_LEN] = "assay-demo-enclave: INSECURE";

static volatile sig_atomic_t is_stopped;

static void on_signal(int number)
{
    (void)number;
    is_stopped = 1;
}

bool enclave_is_stopped(void)
{
    return is_stopped != 0;
}

void enclave_print(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    (void)putchar('\n');
    (void)fflush(stdout);
}

int enclave_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("failed ", stdout);
    (void)vprintf(format, args);
    va_end(args);
    (void)putchar('\n');
    (void)fflush(stdout);
    return ENCLAVE_ERROR;
}

double enclave_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

uint64_t enclave_now_ms(void)
{
    return (uint64_t)(enclave_now_us() / 1e3);
}

bool enclave_is_pending(enum assay_continuity_result result, uint64_t until_ms)
{
    if (result != ASSAY_CONTINUITY_IN_DOUBT && result != ASSAY_CONTINUITY_CLONES) return false;
    /* The ledger is requested again; not at once. */
    if (result == ASSAY_CONTINUITY_CLONES) (void)usleep(ENCLAVE_WAIT_MS * 1000 / 4);
    return !enclave_is_stopped() && enclave_now_ms() < until_ms;
}

const char *enclave_format_hex(const uint8_t digest[static 32])
{
    static char text[4][65];
    static unsigned turn;
    char *const out = text[turn++ % 4];
    for (size_t i = 0; i < 32; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", (unsigned)digest[i]);
    return out;
}

bool enclave_read_options(const char *socket, const char *group, const char *checkpoint,
                          struct assay_continuity_options *options)
{
    static uint8_t bytes[CHECKPOINT_MAX];
    FILE *const file = fopen(checkpoint, "rbe");
    const size_t len = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file != NULL) (void)fclose(file);
    *options = (struct assay_continuity_options){ .size = sizeof *options,
                                                  .daemon = socket,
                                                  .group = (uint32_t)strtoul(group, NULL, 10),
                                                  .checkpoint = bytes,
                                                  .checkpoint_len = len,
                                                  .key = sealing_key };
    if (len == 0) (void)enclave_fail("%s cannot be read", checkpoint);
    return len > 0;
}

bool enclave_has_instance(const char *folder)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/identity", folder);
    return access(path, F_OK) == 0;
}

static void install_handlers(void)
{
    struct sigaction action = { .sa_handler = on_signal }; /* waits are interrupted */
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

struct action {
    const char *word;
    int most; /* words behind it: five at least */
    int (*run)(int argc, char **argv);
};

int main(int argc, char **argv)
{
    static const struct action actions[] = { { "counter", 6, enclave_run_counter },
                                             { "load", 5, enclave_run_load },
                                             { "database", 6, enclave_run_database } };
    for (size_t i = 0; argc > 1 && i < sizeof actions / sizeof actions[0]; i++) {
        const struct action *const action = &actions[i];
        if (strcmp(argv[1], action->word) != 0 || argc - 2 < 5 || argc - 2 > action->most) continue;
        install_handlers();
        return action->run(argc - 2, argv + 2);
    }
    (void)fputs(usage, stderr);
    return ENCLAVE_USAGE;
}
