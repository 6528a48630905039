/*
 * net/verifier/verifier_process.h - verifier process: parses quotes of other members (second role
 * of assayd).
 *
 * The daemon starts its own program again, with the word "judge" for its argument and three things
 * open: a pipe for last words (2), a socket to the core (3), the brief (4). It has no key, no
 * configuration and no environment. It puts up its sandbox layers (net/sandbox/sandbox.h), reads
 * the rules that it judges by behind them, and then answers job after job until the core closes the
 * socket. Time is in the job. Nothing of it is durable: whoever made it fall made nothing else
 * fall.
 */
#ifndef ASSAY_NET_VERIFIER_VERIFIER_PROCESS_H
#define ASSAY_NET_VERIFIER_VERIFIER_PROCESS_H

#include "quote/verify.h"

#include <stdbool.h>

/* The argument that makes a verifier process of the program. */
#define ASSAY_VERIFIER_PROCESS_ROLE "judge"

/* Appraisal of a job: assay_evidence_verify; tests inject one that fails. */
typedef enum assay_status assay_verifier_process_function(
    struct assay_verifier *verifier, const struct assay_evidence_request *request,
    struct assay_verdict *verdict);

/* Returns: whether the program arguments select the verifier role: the role, and at most one more.
 */
bool assay_verifier_process_is(int argc, char *const *argv);
/* Main function of the process. Returns: never. */
__attribute__((noreturn)) void assay_verifier_process_run(assay_verifier_process_function *verify);
/* One verdict, as of a pool: a failure of the runtime appraises nothing (docs/protocol.md 3.1). */
void assay_verifier_process_one(assay_verifier_process_function *verify,
                                struct assay_verifier *verifier,
                                const struct assay_evidence_request *request,
                                struct assay_verdict *verdict);

#endif
