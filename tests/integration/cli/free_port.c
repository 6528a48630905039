/*
 * tests/integration/cli/free_port.c - prints ports of the loopback that nobody uses.
 *
 * usage: free_port COUNT        COUNT different ports, one a line
 *        free_port hold         listens on one, prints it, and holds it until its input ends
 *
 * They are free when they are printed; the daemon that gets one binds it at once.
 */
#include "apps/demo/loopback.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COUNT_MAX = 64 };

int main(int argc, char **argv)
{
    unsigned port = 0;
    if (argc != 2) return 2;
    const bool hold = strcmp(argv[1], "hold") == 0;
    const unsigned long count = hold ? 1 : strtoul(argv[1], NULL, 10);
    if (count == 0 || count > COUNT_MAX) return 2;
    for (unsigned long i = 0; i < count; i++) { /* all stay bound until the end: no two are alike */
        const int fd = demo_loopback_bind(&port);
        if (fd < 0 || (hold && listen(fd, 1) != 0)) return 1;
        (void)printf("%u\n", port);
    }
    if (fflush(stdout) != 0) return 1;
    while (hold && getchar() != EOF)
        ;
    return 0;
}
