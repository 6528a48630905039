/*
 * tests/support/ports.h - ports of the loopback that no other test is given meanwhile.
 */
#ifndef ASSAY_TESTS_SUPPORT_PORTS_H
#define ASSAY_TESTS_SUPPORT_PORTS_H

#include <stdbool.h>

/*
 * test_ports_bind - bind consecutive free ports.
 *
 * A daemon that a test stops must find its port free when the test starts it again, so a port is
 * not assigned twice: a counter that all tests of a user share covers 4000 to 11999, below the
 * ports that the kernel assigns to connections and those that programs choose themselves
 * (apps/loopback.h).
 * In: count, 1 to 256. Returns: true, *first and count bound sockets in fds, the caller's to
 * close; false and errors on stderr.
 */
bool test_ports_bind(unsigned count, unsigned *first, int *fds);

#endif
