/*
 * tests/integration/cli/free_port.c - prints ports of the loopback that nobody uses.
 *
 * usage: free_port COUNT        COUNT different ports, one a line
 *        free_port hold         listens on one, prints it, and holds it until its input ends
 *
 * They are free when they are printed, one behind the other, and no other test is given them soon.
 */
#include "tests/support/ports.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COUNT_MAX = 64 };

int main(int argc, char **argv)
{
    unsigned first = 0;
    int fds[COUNT_MAX];
    if (argc != 2) return 2;
    const bool hold = strcmp(argv[1], "hold") == 0;
    const unsigned long count = hold ? 1 : strtoul(argv[1], NULL, 10);
    if (count == 0 || count > COUNT_MAX) return 2;
    if (!test_ports_bind((unsigned)count, &first, fds)) return 1;
    if (hold && listen(fds[0], 1) != 0) return 1;
    for (unsigned i = 0; i < count; i++) (void)printf("%u\n", first + i);
    if (fflush(stdout) != 0) return 1;
    while (hold && getchar() != EOF)
        ;
    return 0;
}
