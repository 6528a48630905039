/*
 * tests/fuzz/net/fuzz_verifier_wire.c - fuzz target: messages between the daemon and its verifier
 * process. The first byte chooses the decoder. What is decoded is in its range, and encodes to
 * the same bytes.
 */
#include "base/assert.h"
#include "net/verifier/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static uint8_t again[ASSAY_VERIFIER_PROCESS_JOB_LEN_MAX];

static void expect_same(const struct assay_writer *w, struct assay_slice in)
{
    struct assay_slice out;
    const enum assay_status status = assay_writer_finish(w, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    ASSAY_ASSERT(out.len == in.len && assay_bytes_equal(out.bytes, in.bytes, in.len));
}

static void read_answer(struct assay_slice in)
{
    static struct assay_verdict verdict;
    struct assay_verifier_process_answer answer;
    struct assay_writer w = assay_writer_over(again, sizeof again);
    if (assay_verifier_process_answer_decode(in, &answer, &verdict) != ASSAY_OK) return;
    if (answer.kind == ASSAY_VERIFIER_PROCESS_READY)
        assay_verifier_process_ready_encode(answer.walls, answer.landlock, &w);
    else assay_verifier_process_verdict_encode(answer.number, &verdict, &w);
    expect_same(&w, in);
    /* What becomes of any verdict may be asked. */
    ASSAY_ASSERT((unsigned)assay_verdict_outcome(&verdict) < ASSAY_OUTCOME_COUNT);
}

static void read_job(struct assay_slice in)
{
    struct assay_verifier_process_job job;
    struct assay_writer w = assay_writer_over(again, sizeof again);
    if (assay_verifier_process_job_decode(in, &job) != ASSAY_OK) return;
    ASSAY_ASSERT(job.bytes.len <= ASSAY_EVIDENCE_LEN_MAX &&
                 job.set < ASSAY_VERIFIER_PROCESS_SETS_MAX);
    assay_verifier_process_job_encode(&job, &w);
    expect_same(&w, in);
}

static void read_brief(struct assay_slice in)
{
    struct assay_verifier_process_brief brief;
    struct assay_writer w = assay_writer_over(again, sizeof again);
    if (assay_verifier_process_brief_decode(in, &brief) != ASSAY_OK) return;
    if (in.len > sizeof again) return;
    assay_verifier_process_brief_encode(&brief, &w);
    expect_same(&w, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0) return 0;
    const struct assay_slice in = assay_slice_over(bytes + 1, len - 1);
    if (bytes[0] % 3 == 0) read_answer(in);
    else if (bytes[0] % 3 == 1) read_job(in);
    else read_brief(in);
    return 0;
}
