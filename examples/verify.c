/*
 * examples/verify.c - verification of one file of evidence with a folder of collateral.
 *
 *     cc verify.c $(pkg-config --cflags --libs assay) -o verify
 */
#define _POSIX_C_SOURCE 200809L /* opendir */
#include <assay/assay.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint8_t memory[ASSAY_FILES_MAX + 1][ASSAY_FILE_LEN_MAX];

static struct assay_bytes read_file(const char *path, uint8_t *into)
{
    struct assay_bytes out = { into, 0 };
    FILE *const file = fopen(path, "rb");
    if (file != NULL) out.len = fread(into, 1, ASSAY_FILE_LEN_MAX, file);
    if (file != NULL) (void)fclose(file);
    return out;
}

int main(int argc, char **argv)
{
    struct assay_trust *trust = NULL;
    struct assay_verdict *verdict = NULL;
    struct assay_bytes files[ASSAY_FILES_MAX];
    struct assay_finding why = { .size = sizeof why };
    enum assay_tier tier = ASSAY_TIER_NONE;
    struct timespec now = { 0 };
    char path[4096];
    size_t count = 0;
    DIR *const dir = argc < 3 ? NULL : opendir(argv[2]);
    if (dir == NULL) return fprintf(stderr, "usage: verify EVIDENCE FOLDER [UNIX_TIME]\n"), 2;
    for (struct dirent *e; count < ASSAY_FILES_MAX && (e = readdir(dir)) != NULL;)
        if (snprintf(path, sizeof path, "%s/%s", argv[2], e->d_name) < (int)sizeof path)
            files[count] = read_file(path, memory[count]), count++;
    (void)closedir(dir);

    if (assay_trust_create(&trust) != ASSAY_OK || assay_verdict_create(&verdict) != ASSAY_OK ||
        assay_trust_add_pinned(trust) != ASSAY_OK)
        return fprintf(stderr, "verify: no memory\n"), 1;
    enum assay_status status = assay_trust_add_collateral(trust, files, count);
    if (status != ASSAY_OK) (void)fprintf(stderr, "verify: %s\n", assay_describe_status(status));
    (void)timespec_get(&now, TIME_UTC);
    struct assay_verify_request request = { .size = sizeof request, .trust = trust };
    request.evidence = read_file(argv[1], memory[ASSAY_FILES_MAX]);
    request.at_unix_s = argc > 3 ? strtoll(argv[3], NULL, 10) : (int64_t)now.tv_sec;
    status = assay_verify(&request, verdict, &tier);
    (void)printf("%s\n",
                 status == ASSAY_OK ? assay_name_of_tier(tier) : assay_name_of_status(status));
    for (size_t i = 0; assay_verdict_get_finding(verdict, i, &why); i++)
        (void)printf("%s (%s; %s)\n  %s\n", why.text, why.expected, why.observed, why.fix);
    assay_verdict_destroy(&verdict);
    assay_trust_destroy(&trust);
    return tier == ASSAY_TIER_AFFIRMING ? 0 : 1;
}
