/*
 * apps/transport/main.c - assay-transport: transport process of assayd
 * (net/transport/transport_process.h).
 *
 * A program of its own, so that a process that owns the network sockets has no HTTP client, no
 * database and no verifier in its memory.
 */
#include "apps/build.h"
#include "net/transport/transport_process.h"

int main(int argc, char **argv)
{
    assay_build_require(argc, argv);
    assay_transport_run(NULL);
}
