/*
 * net/verifier/wire.h - message format between the core and a verifier process, over a socket pair.
 *
 * Both are of the same build, so there is one version and no negotiation; yet each validates the
 * messages of the other, since a compromised verifier process may send anything: lengths, numbers
 * of enums and texts are checked, and one meaning has one encoding. A packet is a message.
 */
#ifndef ASSAY_NET_VERIFIER_WIRE_H
#define ASSAY_NET_VERIFIER_WIRE_H

#include "base/writer.h"
#include "quote/verify.h"

/* Argument 0, and name, of a verifier process. */
#define ASSAY_VERIFIER_PROCESS_ROLE "assay-verifier"

enum {
    ASSAY_VERIFIER_PROCESS_THREADS_MAX = 16,
    /* In force, of ASSAY_RETAINED_EPOCHS, and the one before that on trial. */
    ASSAY_VERIFIER_PROCESS_SETS_MAX = 10,
    ASSAY_VERIFIER_PROCESS_BRIEF_LEN_MAX =
        16 * 1024 * 1024, /* two documents of 512 KiB a set, and room */
    ASSAY_VERIFIER_PROCESS_JOB_LEN_MAX = ASSAY_EVIDENCE_LEN_MAX + 64,
    /* Of a verdict with every list full, and room. */
    ASSAY_VERIFIER_PROCESS_ANSWER_LEN_MAX = 16 * 1024,
};

/* The documents of one policy with one set of endorsements. */
struct assay_verifier_process_documents {
    struct assay_slice policy, endorsements;
};

/* Rule documents, encoded and decoded: jobs refer to the decoded ones. */
struct assay_verifier_process_set {
    const struct assay_endorsements *endorsements;
    const struct assay_policy *policy;
    struct assay_verifier_process_documents documents;
};

/* Start configuration of a verifier process, in a sealed file: number of threads, and rules. */
struct assay_verifier_process_brief {
    uint32_t threads;
    /* Not 0: each job is appraised by a fork of the process, with this limit of CPU seconds
     * (net/verifier/fork.h); threads is 1. */
    uint32_t fork_cpu_s;
    size_t set_count;
    struct assay_verifier_process_documents sets[ASSAY_VERIFIER_PROCESS_SETS_MAX];
};

/* Core to verifier process. */
struct assay_verifier_process_job {
    uint64_t number;
    enum assay_evidence_kind kind; /* NONE: the process finds it (appraise_one.h) */
    uint32_t set;                  /* of the brief */
    int64_t at_unix_s;
    bool at_end; /* quote/verify.h */
    struct assay_slice bytes;
};

/* Returns: whether a verdict is about this job: of its kind, which of a job without one the process
 * found, and time. */
static inline bool assay_verifier_process_is_of_job(const struct assay_verifier_process_job *job,
                                                    const struct assay_verdict *verdict)
{
    return (job->kind == ASSAY_KIND_NONE || job->kind == verdict->kind) &&
           job->at_unix_s == verdict->at_unix_s;
}

enum assay_verifier_process_answer_kind {
    ASSAY_VERIFIER_PROCESS_READY = 1,   /* the sandbox is active and the rules are read */
    ASSAY_VERIFIER_PROCESS_VERDICT = 2, /* of a job */
};

/* Verifier process to core; verdict is next to it. */
struct assay_verifier_process_answer {
    enum assay_verifier_process_answer_kind kind;
    uint64_t number;
    uint32_t walls, landlock; /* of READY: net/sandbox/sandbox.h */
};

/* Out: w->full when it does not fit. */
void assay_verifier_process_brief_encode(const struct assay_verifier_process_brief *brief,
                                         struct assay_writer *w);
void assay_verifier_process_job_encode(const struct assay_verifier_process_job *job,
                                       struct assay_writer *w);
void assay_verifier_process_ready_encode(uint32_t walls, uint32_t landlock, struct assay_writer *w);
/* verdict: as assay_evidence_verify leaves it. */
void assay_verifier_process_verdict_encode(uint64_t number, const struct assay_verdict *verdict,
                                           struct assay_writer *w);

/* The mirrors; slices borrow. Outputs are untouched unless ASSAY_OK, but for *verdict.
 * Each Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_RANGE | ASSAY_E_TYPE |
 * ASSAY_E_ENCODING (a text with a NUL within) */
ASSAY_CHECKED enum assay_status assay_verifier_process_brief_decode(
    struct assay_slice bytes, struct assay_verifier_process_brief *brief);
ASSAY_CHECKED enum assay_status assay_verifier_process_job_decode(
    struct assay_slice bytes, struct assay_verifier_process_job *job);
ASSAY_CHECKED enum assay_status assay_verifier_process_answer_decode(
    struct assay_slice bytes, struct assay_verifier_process_answer *answer,
    struct assay_verdict *verdict);

#endif
