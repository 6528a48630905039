/*
 * net/verifier/verifier_process.h - verifier process: parses quotes of other members (program
 * assay-verifier).
 *
 * The daemon starts it with three things open: a pipe for last words (2), a socket to the core
 * (3), the brief (4). It has no key, no configuration and no environment. It puts up its sandbox
 * layers (net/sandbox/sandbox.h), reads the rules that it judges by behind them, and then answers
 * job after job until the core closes the socket. Time is in the job. It has no durable state: its
 * failure affects nothing else.
 */
#ifndef ASSAY_NET_VERIFIER_VERIFIER_PROCESS_H
#define ASSAY_NET_VERIFIER_VERIFIER_PROCESS_H

#include "net/verifier/appraise_one.h"

#include <stdbool.h>

/* Returns: whether the arguments of a program with several roles select this one: argument 0 is the
 * role, and there is at most one more. */
bool assay_verifier_process_is(int argc, char *const *argv);
/* Main function of the process. Returns: never. */
__attribute__((noreturn)) void assay_verifier_process_run(assay_verifier_process_function *verify);

#endif
