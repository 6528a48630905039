/*
 * examples/standing.c - offline verification of a member's standing.
 *
 *     assay checkpoint --out checkpoint; assay proof node-3 --out node-3.proof
 *     cc standing.c $(pkg-config --cflags --libs assay-standing) -o standing
 *     ./standing node-3.proof checkpoint 600        no older than ten minutes; else 24 hours
 *     ./standing node-3.proof checkpoint 600 1767225600    as of that Unix time instead of now
 */
#include <assay/standing.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static size_t read_file(const char *path, uint8_t *into, size_t capacity)
{
    FILE *const file = fopen(path, "rb");
    if (file == NULL) perror(path), exit(2);
    const size_t len = fread(into, 1, capacity, file);
    if (fgetc(file) != EOF || ferror(file) || fclose(file) != 0)
        (void)fprintf(stderr, "%s: cannot be read, or is too long\n", path), exit(2);
    return len;
}

int main(int argc, char **argv)
{
    static uint8_t proof[ASSAY_PROOF_BYTES_MAX];
    uint8_t checkpoint[ASSAY_CHECKPOINT_BYTES_MAX];
    struct assay_standing_report report = { .size = sizeof report };
    struct timespec now = { 0 };
    if (argc < 3)
        return fprintf(stderr, "usage: standing PROOF CHECKPOINT [MAX_AGE_S [AT_S]]\n"), 2;
    const size_t proof_len = read_file(argv[1], proof, sizeof proof);
    const size_t checkpoint_len = read_file(argv[2], checkpoint, sizeof checkpoint);

    const bool has_clock = timespec_get(&now, TIME_UTC) == TIME_UTC;
    if (argc > 4) now.tv_sec = (time_t)strtoll(argv[4], NULL, 10);
    const uint64_t now_ms = has_clock ? (uint64_t)now.tv_sec * 1000 : 0;
    const uint32_t max_age_s = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;

    const enum assay_status status = assay_standing_verify(
        proof, proof_len, checkpoint, checkpoint_len, now_ms, max_age_s, &report);
    if (status != ASSAY_OK) return fprintf(stderr, "%s\n", assay_describe_status(status)), 2;
    if (report.answer != ASSAY_PROVEN)
        return fprintf(stderr, "refused: %s\n", assay_describe_answer(report.answer)), 1;

    (void)printf("%s, score %u bp, %s: weight %llu of %llu passed it, %llu did not\n",
                 assay_name_of_standing(report.standing), (unsigned)report.score_bp,
                 assay_name_of_outcome(report.outcome), (unsigned long long)report.pass_weight,
                 (unsigned long long)report.electorate_weight,
                 (unsigned long long)report.negative_weight);
    return report.standing == ASSAY_STANDING_FULL ? 0 : 1;
}
