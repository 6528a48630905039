/*
 * examples/standing.c - believe what a network says of one of its members, offline.
 *
 *     assay checkpoint --out checkpoint; assay proof node-3 --out node-3.proof
 *     cc standing.c $(pkg-config --cflags --libs assay) -o standing
 *     ./standing node-3.proof checkpoint 600        no older than ten minutes
 */
#include <assay/assay.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static size_t read_file(const char *path, uint8_t *into, size_t capacity)
{
    FILE *const file = fopen(path, "rb");
    const size_t len = file != NULL ? fread(into, 1, capacity, file) : 0;
    if (file != NULL) (void)fclose(file);
    return len;
}

int main(int argc, char **argv)
{
    static uint8_t proof[ASSAY_PROOF_BYTES_MAX];
    uint8_t checkpoint[ASSAY_CHECKPOINT_BYTES_MAX];
    struct assay_standing_report report;
    struct timespec now = { 0 };
    if (argc < 3) return fprintf(stderr, "usage: standing PROOF CHECKPOINT [MAX_AGE_S]\n"), 2;
    const size_t proof_len = read_file(argv[1], proof, sizeof proof);
    const size_t checkpoint_len = read_file(argv[2], checkpoint, sizeof checkpoint);

    const enum assay_status status =
        assay_standing_verify(proof, proof_len, checkpoint, checkpoint_len, &report);
    if (status != ASSAY_OK) return fprintf(stderr, "%s\n", assay_describe_status(status)), 2;
    if (report.answer != ASSAY_PROVEN)
        return fprintf(stderr, "not believed: %s\n", assay_describe_answer(report.answer)), 1;
    (void)timespec_get(&now, TIME_UTC);
    const long long age_s = (long long)now.tv_sec - (long long)(report.time_ms / 1000);
    if (argc > 3 && (double)age_s > strtod(argv[3], NULL))
        return fprintf(stderr, "%lld s old\n", age_s), 1;

    (void)printf("%s, score %u bp, %s: weight %llu of %llu passed it, %llu did not\n",
                 assay_name_of_standing(report.standing), (unsigned)report.score_bp,
                 assay_name_of_outcome(report.outcome), (unsigned long long)report.pass_weight,
                 (unsigned long long)report.electorate_weight,
                 (unsigned long long)report.negative_weight);
    return report.standing == ASSAY_STANDING_FULL ? 0 : 1;
}
