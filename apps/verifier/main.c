/*
 * apps/verifier/main.c - assay-verifier: verifier process of assayd
 * (net/verifier/verifier_process.h).
 *
 * A program of its own, so that a process that parses untrusted evidence has no HTTP client, no
 * sockets library and no database in its memory.
 */
#include "apps/build.h"
#include "net/verifier/verifier_process.h"

int main(int argc, char **argv)
{
    assay_build_require(argc, argv);
    assay_verifier_process_run(assay_evidence_verify);
}
